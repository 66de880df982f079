//! Corrections of parked messages: one person proposes another body, a second decides.

use bytes::Bytes;
use serde_json::Value;
use tenon_connector::Deployment;
use tenon_core::Failure;
use tenon_store::{
    Correction, CorrectionId, CorrectionState, Deed, Direction, ParkedId, ParkedRecord, SharedStore,
};

use super::runs::somebody;
use super::{Preview, Redriven, preview, redrive};
use crate::Accept;
use crate::courier::store_failure;
use crate::translate::accept as accept_canonical;

/// Proposes another body for a parked message. It must be one with which the message would go, so
/// that nobody approves what fails again.
///
/// # Errors
/// `Invalid` when the message does not wait, a proposal is open already, the body does not fit, or it
/// is a master record on its way out: that is changed where it is kept.
pub async fn propose(
    store: &SharedStore,
    deployment: &Deployment,
    id: ParkedId,
    body: Bytes,
    deed: &Deed,
) -> Result<CorrectionId, Failure> {
    somebody(deed)?;
    reason(deed)?;
    let record = store
        .parked_one(id)
        .await
        .map_err(|error| store_failure(&error))?;
    let record = record.ok_or_else(|| not_waiting(id))?;
    if record.parcel.body == body {
        return Err(Failure::invalid("correction.same", "the body is as it was"));
    }
    fits(&record, &body)?;
    let mut corrected = record;
    corrected.parcel.body = body.clone();
    if let Preview::Fails { code, detail } = preview(store, deployment, &corrected).await? {
        let detail = format!("with this body it would fail: {detail} ({code})");
        return Err(Failure::invalid("correction.fails", detail));
    }
    let proposed = store.propose_correction(id, &body, deed).await;
    let proposed = proposed.map_err(|error| store_failure(&error))?;
    proposed.ok_or_else(|| {
        let detail = format!(
            "another correction of message {} waits for a decision",
            id.0
        );
        Failure::invalid("correction.open", detail)
    })
}

/// What can be said of a body without the mappings.
fn fits(record: &ParkedRecord, body: &Bytes) -> Result<(), Failure> {
    let parsed: Value = serde_json::from_slice(body).map_err(|error| {
        Failure::invalid("correction.json", format!("the body is no JSON: {error}"))
    })?;
    if record.direction == Direction::Inbound {
        return Ok(());
    }
    let attributes = &record.parcel.attributes;
    if attributes.entity().is_mastered() {
        return Err(Failure::invalid(
            "correction.master",
            "a master record goes out as it is kept; change it there: `tenon master pin`",
        ));
    }
    accept_canonical(attributes, parsed).map(drop)
}

/// Decides a correction. Approved, the message has the new body from then on and is sent again at once.
///
/// # Errors
/// `Invalid` when there is none such, it is decided already, the same person proposed it, or the
/// message was settled or changed meanwhile. When the broker cannot be reached after the approval, the
/// message waits with its new body, to be redriven.
pub async fn decide(
    store: &SharedStore,
    accept: &Accept,
    id: CorrectionId,
    approve: bool,
    deed: &Deed,
) -> Result<Redriven, Failure> {
    somebody(deed)?;
    reason(deed)?;
    let refused = |error| store_failure(&error);
    let correction = store.correction(id).await.map_err(refused)?;
    let correction = correction
        .ok_or_else(|| Failure::invalid("correction.unknown", format!("no correction {}", id.0)))?;
    open_for(&correction, deed)?;
    if !store
        .decide_correction(id, approve, deed)
        .await
        .map_err(refused)?
    {
        return Err(Failure::invalid(
            "correction.late",
            "the message was settled or changed, or another decided, meanwhile",
        ));
    }
    let Some(parked) = correction.parked.filter(|_| approve) else {
        return Ok(Redriven::default());
    };
    match store.parked_one(parked).await.map_err(refused)? {
        // What two persons have looked at is meant, whatever came later.
        Some(record) => redrive(store, accept, vec![record], true, deed).await,
        None => Ok(Redriven::default()),
    }
}

fn open_for(correction: &Correction, deed: &Deed) -> Result<(), Failure> {
    if correction.state != CorrectionState::Proposed {
        let state = correction.state.as_str();
        let detail = format!("correction {} is {state} already", correction.id.0);
        return Err(Failure::invalid("correction.decided", detail));
    }
    if correction.proposal.who == deed.who {
        let detail = format!("{} proposed it; a second person has to decide", deed.who);
        return Err(Failure::invalid("correction.own", detail));
    }
    Ok(())
}

pub(super) fn reason(deed: &Deed) -> Result<(), Failure> {
    if deed.because.trim().is_empty() {
        return Err(Failure::invalid("deed.reason", "say why"));
    }
    Ok(())
}

/// Gives parked messages up, each with its reason in journal and history.
///
/// # Errors
/// `Invalid` without a person or a reason.
pub async fn give_up(store: &SharedStore, ids: &[ParkedId], deed: &Deed) -> Result<u64, Failure> {
    somebody(deed)?;
    reason(deed)?;
    let dropped = store.drop_parked(ids, deed, None).await;
    dropped.map_err(|error| store_failure(&error))
}

fn not_waiting(id: ParkedId) -> Failure {
    Failure::invalid("parked.unknown", format!("no parked message {}", id.0))
}
