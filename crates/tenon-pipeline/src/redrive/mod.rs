//! Sends parked messages again, and shows beforehand what would come of it; corrects and gives them up.

mod correct;
mod difference;
mod resend;
mod runs;

use bytes::Bytes;
use serde::Serialize;
use tenon_connector::Deployment;
use tenon_core::{Canonical, Entity, Failure, Message, Native, NativeBody, SystemName};
use tenon_store::{
    Deed, Direction, OutboundLookup, Parcel, ParkReason, ParkedId, ParkedRecord, SharedStore,
    StoreError,
};

pub use correct::{decide, give_up, propose};
pub use difference::{difference, since_last_attempt};
pub use resend::resend;
pub use runs::{Redriver, begin, turn};

use crate::Accept;
use crate::courier::{consignment, store_failure};
use crate::expand::{Consignment, Plan, plan};
use crate::translate::{accept as accept_canonical, map};

/// What would become of a parked message with the configuration of now.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "result", rename_all = "snake_case")]
pub enum Preview {
    /// This would be sent: canonical for an inbound message, native for an outbound one.
    Sends {
        /// JSON texts, one a record.
        payloads: Vec<String>,
    },
    /// There would be nothing to send.
    Nothing {
        /// Why.
        reason: String,
    },
    /// It would wait again.
    Waits {
        /// For what.
        reason: String,
    },
    /// It would fail again.
    Fails {
        /// Stable code.
        code: String,
        /// Why.
        detail: String,
    },
}

/// What became of a redrive.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Redriven {
    /// Messages sent again.
    pub sent: u64,
    /// Messages passed over, with the reason: a later message of the same record was accepted.
    pub superseded: Vec<(i64, String)>,
}

/// Shows what a redrive of `record` would do; changes nothing.
///
/// # Errors
/// When the store cannot be asked.
pub async fn preview(
    store: &SharedStore,
    deployment: &Deployment,
    record: &ParkedRecord,
) -> Result<Preview, Failure> {
    if record.direction == Direction::Inbound {
        return Ok(match canonical(deployment, record) {
            Ok(Some(output)) => Preview::Sends {
                payloads: vec![output.value().to_string()],
            },
            Ok(None) => Preview::Nothing {
                reason: "the mapping does not want it".to_owned(),
            },
            Err(failure) => fails(failure),
        });
    }
    outbound(
        store,
        deployment,
        &record.system,
        consignment(record.clone()),
        false,
    )
    .await
}

/// What an inbound parked message says with the mappings of now; `None` where its mapping does not want it.
///
/// # Errors
/// What it would be parked for.
pub(crate) fn canonical(
    deployment: &Deployment,
    record: &ParkedRecord,
) -> Result<Option<Canonical>, Failure> {
    let mut attributes = record.parcel.attributes.clone();
    let output = map(deployment, &mut attributes, &record.parcel.body)?;
    output
        .map(|output| accept_canonical(&attributes, output))
        .transpose()
}

/// Shows what a system is given of a routed message with the configuration of now, whatever became of
/// the message there; changes nothing.
///
/// # Errors
/// When the store cannot be asked.
pub async fn mapped(
    store: &SharedStore,
    deployment: &Deployment,
    system: &SystemName,
    parcel: Parcel,
) -> Result<Preview, Failure> {
    outbound(store, deployment, system, Consignment::new(parcel), true).await
}

/// What a system would be given; `anew` as if it had been given nothing of the record yet.
async fn outbound(
    store: &SharedStore,
    deployment: &Deployment,
    system: &SystemName,
    mut consignment: Consignment,
    anew: bool,
) -> Result<Preview, Failure> {
    let Some(system) = deployment.system(system) else {
        let reason = format!("system {system} is not configured any more");
        return Ok(Preview::Nothing { reason });
    };
    let translated: Vec<Entity> = Entity::ALL
        .into_iter()
        .filter(|entity| system.knows(*entity))
        .collect();
    let lookup = OutboundLookup {
        system: system.name.clone(),
        translated: translated.clone(),
        messages: vec![(
            consignment.parcel.attributes.id,
            consignment.entity(),
            consignment.master_id(),
            consignment.lane().clone(),
        )],
        references: consignment.references(),
    };
    let mut known = store
        .look_up_outbound(&lookup)
        .await
        .map_err(|error| store_failure(&error))?;
    if anew {
        known.settled.clear();
        known.blocked.clear();
        for holding in known.holdings.values_mut().flatten() {
            holding.hash = None;
            holding.sequence = None;
        }
    } else {
        consignment.refresh(&known);
    }
    Ok(match plan(system, &translated, &mut consignment, &known) {
        Plan::Send(packets) => Preview::Sends {
            payloads: packets
                .iter()
                .map(|packet| text(&packet.message.body.payload))
                .collect(),
        },
        Plan::Known => Preview::Nothing {
            reason: "it has been settled meanwhile".to_owned(),
        },
        Plan::Settle(_, reason) => Preview::Nothing { reason },
        Plan::Fail(failure) => fails(failure),
        Plan::Wait(ParkReason::Dependency { detail, .. }) => Preview::Waits { reason: detail },
        Plan::Wait(_) => Preview::Waits {
            reason: "for the message before it in its lane".to_owned(),
        },
    })
}

fn fails(failure: Failure) -> Preview {
    Preview::Fails {
        code: failure.code.into_owned(),
        detail: failure.detail,
    }
}

fn text(payload: &Bytes) -> String {
    String::from_utf8_lossy(payload).into_owned()
}

/// Sends parked messages again: outbound ones in their lanes, inbound ones through every stage. Their
/// history says who did it, and why.
///
/// An inbound message is passed over when a later one of the same record was accepted meanwhile,
/// unless `force`: sending it would put an old state over a new one.
///
/// # Errors
/// When the store or the broker cannot be reached; what was sent until then stays sent.
pub async fn redrive(
    store: &SharedStore,
    accept: &Accept,
    records: Vec<ParkedRecord>,
    force: bool,
    deed: &Deed,
) -> Result<Redriven, Failure> {
    let mut redriven = Redriven::default();
    let (inbound, outbound): (Vec<_>, Vec<_>) = records
        .into_iter()
        .partition(|record| record.direction == Direction::Inbound);
    let ids: Vec<ParkedId> = outbound.iter().map(|record| record.id).collect();
    redriven.sent += store
        .redrive(&ids, deed)
        .await
        .map_err(|error| store_failure(&error))?;
    for record in inbound {
        let newer = match force {
            true => None,
            false => newer(store, &record)
                .await
                .map_err(|error| store_failure(&error))?,
        };
        if let Some(newer) = newer {
            let reason = format!("superseded by message {newer}");
            let noted = Deed::new(&deed.who, &reason);
            let noted = store.passed_over(record.id, &noted).await;
            noted.map_err(|error| store_failure(&error))?;
            redriven.superseded.push((record.id.0, reason));
            continue;
        }
        // Noted first: a publication cannot be taken back, a word in the history can stand.
        let noted = store.redrive(&[record.id], deed).await;
        noted.map_err(|error| store_failure(&error))?;
        let native = Native {
            body: NativeBody::Json(record.parcel.body),
            origin: "redrive".to_owned(),
        };
        let message = Message {
            attributes: record.parcel.attributes,
            body: native,
        };
        accept.publish(&[message], true).await?;
        redriven.sent += 1;
    }
    Ok(redriven)
}

/// A later accepted message of the same record from the same system.
async fn newer(store: &SharedStore, record: &ParkedRecord) -> Result<Option<String>, StoreError> {
    let attributes = &record.parcel.attributes;
    let Some(native_id) = &attributes.native_id else {
        return Ok(None);
    };
    let traces = store.trace(native_id, None, 100).await?;
    let later = traces
        .into_iter()
        .map(|trace| trace.message)
        .find(|message| {
            message.attributes.source == attributes.source
                && message.attributes.entity() == attributes.entity()
                && message.attributes.native_id == attributes.native_id
                && message.attributes.accepted_at > attributes.accepted_at
                && !matches!(message.state.as_str(), "invalid" | "dropped")
        });
    Ok(later.map(|message| message.attributes.id.to_string()))
}
