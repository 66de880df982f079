//! Lanes of parked messages: who stands in them, and who is next.

use std::collections::BTreeSet;

use tenon_core::SystemName;

use super::Transaction;
use crate::parking::{Newcomer, Reason};
use crate::rows::{self, clean};
use crate::writes;
use crate::{ParkedId, Settlement, StoreError};

/// Ends a parked message of a system; returns the lane it stood in.
pub(super) async fn end(
    transaction: &mut Transaction,
    system: &SystemName,
    id: ParkedId,
) -> Result<Option<String>, StoreError> {
    let lane = sqlx::query_scalar(
        "delete from parked where id = $1 and system = $2 and direction = 'outbound'
         returning lane",
    )
    .bind(id.0)
    .bind(system.as_str())
    .fetch_optional(&mut **transaction)
    .await?;
    Ok(lane)
}

/// Makes the head of a lane due if it only waited for the one before it.
pub(super) async fn advance(
    transaction: &mut Transaction,
    system: &str,
    lane: &str,
) -> Result<bool, StoreError> {
    let advanced = sqlx::query(
        "update parked set state = 'due'
         where state = 'behind' and id = (
             select id from parked
             where system = $1 and direction = 'outbound' and lane = $2 order by id limit 1)",
    )
    .bind(system)
    .bind(lane)
    .execute(&mut **transaction)
    .await?;
    Ok(advanced.rows_affected() > 0)
}

/// What parking changed.
#[derive(Default)]
pub(super) struct Newly {
    /// Lanes whose head may have changed.
    pub(super) lanes: BTreeSet<String>,
    /// Messages that now wait for a dependency.
    pub(super) waiting: Vec<i64>,
}

impl Newly {
    fn add(&mut self, row: Option<(i64, String, String)>) {
        let Some((id, lane, state)) = row else { return };
        self.lanes.insert(lane);
        if state == "waiting" {
            self.waiting.push(id);
        }
    }
}

/// Parks messages, brings parked ones up to date, and notes both with the deliveries.
pub(super) async fn park(
    transaction: &mut Transaction,
    settlement: &Settlement,
    now: i64,
) -> Result<Newly, StoreError> {
    let mut newly = Newly::default();
    for (id, park) in writes::again(&settlement.parked) {
        let reason = Reason::of(&park.reason);
        newly.add(update(transaction, settlement, id, &reason, park.attempts).await?);
    }
    for newcomer in writes::newcomers(settlement) {
        newly.add(insert(transaction, &newcomer, now).await?);
    }
    for (id, park) in writes::last_parks(&settlement.parked) {
        let reason = Reason::of(&park.reason);
        let attributes = &park.parcel.attributes;
        // A final outcome stays what it is.
        sqlx::query(
            "insert into delivery
                 (message_id, system, entity, master_id, state, detail, attempts, at)
             values ($1, $2, $3, $4, 'parked', $5, $6, $7)
             on conflict (message_id, system) do update
             set detail = excluded.detail, attempts = excluded.attempts, at = excluded.at
             where delivery.state = 'parked'",
        )
        .bind(id.0)
        .bind(settlement.system.as_str())
        .bind(attributes.entity().as_str())
        .bind(attributes.master_id.map(|master| master.0))
        .bind(reason.detail.as_ref())
        .bind(rows::attempts(park.attempts))
        .bind(now)
        .execute(&mut **transaction)
        .await?;
    }
    Ok(newly)
}

async fn update(
    transaction: &mut Transaction,
    settlement: &Settlement,
    id: ParkedId,
    reason: &Reason<'_>,
    attempts: u32,
) -> Result<Option<(i64, String, String)>, StoreError> {
    let row = sqlx::query_as(
        "update parked set state = $3, kind = $4, code = $5, detail = $6, attempts = $7,
             retry_at = $8, dep_kind = $9, dep_entity = $10, dep_system = $11,
             dep_native_id = $12, dep_master_id = $13, dep_version = $14
         where id = $1 and system = $2 and direction = 'outbound'
         returning id, lane, state",
    )
    .bind(id.0)
    .bind(settlement.system.as_str())
    .bind(reason.state)
    .bind(reason.kind)
    .bind(reason.code.as_ref())
    .bind(reason.detail.as_ref())
    .bind(rows::attempts(attempts))
    .bind(reason.retry_at)
    .bind(reason.dependency.kind)
    .bind(reason.dependency.entity)
    .bind(reason.dependency.system)
    .bind(reason.dependency.native_id.as_deref())
    .bind(reason.dependency.master_id)
    .bind(reason.dependency.version)
    .fetch_optional(&mut **transaction)
    .await?;
    Ok(row)
}

/// Parks a newcomer; one that is parked already keeps its place and its reason. Returns id, lane
/// and state of one that was not.
pub(super) async fn insert(
    transaction: &mut Transaction,
    newcomer: &Newcomer<'_>,
    now: i64,
) -> Result<Option<(i64, String, String)>, StoreError> {
    let Newcomer {
        attributes, reason, ..
    } = newcomer;
    let row = sqlx::query_as(
        "insert into parked (direction, system, lane, message_id, entity, state, kind, code, detail,
             attempts, retry_at, parked_at, attributes, body, dep_kind, dep_entity, dep_system,
             dep_native_id, dep_master_id, dep_version)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,
             $19, $20)
         on conflict (system, message_id, direction) do nothing
         returning id, lane, state",
    )
    .bind(newcomer.direction.as_str())
    .bind(newcomer.system.as_str())
    .bind(clean(&attributes.ordering_key.0))
    .bind(attributes.id.0)
    .bind(attributes.entity().as_str())
    .bind(reason.state)
    .bind(reason.kind)
    .bind(reason.code.as_ref())
    .bind(reason.detail.as_ref())
    .bind(rows::attempts(newcomer.attempts))
    .bind(reason.retry_at)
    .bind(now)
    .bind(rows::attributes_text(attributes)?)
    .bind(newcomer.body)
    .bind(reason.dependency.kind)
    .bind(reason.dependency.entity)
    .bind(reason.dependency.system)
    .bind(reason.dependency.native_id.as_deref())
    .bind(reason.dependency.master_id)
    .bind(reason.dependency.version)
    .fetch_optional(&mut **transaction)
    .await?;
    Ok(row)
}
