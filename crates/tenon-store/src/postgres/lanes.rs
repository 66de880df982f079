//! Lanes of parked messages: who stands in them, and who is next.

use std::collections::BTreeSet;

use tenon_core::SystemName;

use super::Transaction;
use super::moment::Moment;
use crate::parking::{Newcomer, Reason};
use crate::rows::{self, clean};
use crate::writes;
use crate::{Settlement, StoreError};

/// Takes the lane locks of `systems` until the transaction ends, in the order of the locks.
pub(super) async fn lock_lanes(
    transaction: &mut Transaction,
    systems: &[&str],
) -> Result<(), StoreError> {
    sqlx::query(
        "select pg_advisory_xact_lock(7603, key)
         from (select distinct hashtext(current_schema() || '/' || system) as key
               from unnest($1::text[]) as given(system) order by 1) keys",
    )
    .bind(systems)
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

/// Ends parked messages of a system; returns the lanes they stood in.
pub(super) async fn end(
    transaction: &mut Transaction,
    system: &SystemName,
    ids: &[i64],
) -> Result<BTreeSet<String>, StoreError> {
    if ids.is_empty() {
        return Ok(BTreeSet::new());
    }
    let lanes: Vec<String> = sqlx::query_scalar(
        "delete from parked where id = any($2) and system = $1 and direction = 'outbound'
         returning lane",
    )
    .bind(system.as_str())
    .bind(ids)
    .fetch_all(&mut **transaction)
    .await?;
    Ok(lanes.into_iter().collect())
}

/// Makes the heads of `lanes` due that only waited for the one before them.
pub(super) async fn advance(
    transaction: &mut Transaction,
    system: &str,
    lanes: BTreeSet<String>,
) -> Result<bool, StoreError> {
    if lanes.is_empty() {
        return Ok(false);
    }
    let advanced = sqlx::query(
        "update parked set state = 'due'
         where state = 'behind' and id = any(array(
             select head.id from unnest($2::text[]) as given(lane)
             cross join lateral (
                 select p.id from parked p
                 where p.system = $1 and p.direction = 'outbound' and p.lane = given.lane
                 order by p.id limit 1
             ) head
         ))",
    )
    .bind(system)
    .bind(lanes.into_iter().collect::<Vec<_>>())
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
    fn add(&mut self, rows: Vec<(i64, String, String)>) {
        for (id, lane, state) in rows {
            self.lanes.insert(lane);
            if state == "waiting" {
                self.waiting.push(id);
            }
        }
    }
}

/// Parks messages, brings parked ones up to date, and notes both with the deliveries.
pub(super) async fn park(
    transaction: &mut Transaction,
    settlement: &Settlement,
) -> Result<Newly, StoreError> {
    let mut newly = Newly::default();
    if settlement.parked.is_empty() {
        return Ok(newly);
    }
    newly.add(update(transaction, settlement).await?);
    newly.add(insert(transaction, &writes::newcomers(settlement)).await?);
    note_deliveries(transaction, settlement).await?;
    Ok(newly)
}

/// The columns of reasons, one array each.
struct Reasons<'a>(Vec<&'a Reason<'a>>);

impl<'a> Reasons<'a> {
    fn column<T>(&self, take: impl Fn(&'a Reason<'a>) -> T) -> Vec<T> {
        self.0.iter().map(|reason| take(reason)).collect()
    }
}

async fn update(
    transaction: &mut Transaction,
    settlement: &Settlement,
) -> Result<Vec<(i64, String, String)>, StoreError> {
    let again = writes::again(&settlement.parked);
    if again.is_empty() {
        return Ok(Vec::new());
    }
    let reasons: Vec<Reason<'_>> = again
        .iter()
        .map(|(_, park)| Reason::of(&park.reason))
        .collect();
    let columns = Reasons(reasons.iter().collect());
    let rows = sqlx::query_as(
        "update parked p set state = given.state, kind = given.kind, code = given.code,
             detail = given.detail, attempts = given.attempts, retry_at = given.retry_at,
             dep_kind = given.dep_kind, dep_entity = given.dep_entity,
             dep_system = given.dep_system, dep_native_id = given.dep_native_id,
             dep_master_id = given.dep_master_id, dep_version = given.dep_version
         from unnest($2::int8[], $3::int4[], $4::text[], $5::text[], $6::text[], $7::text[],
             $8::timestamptz[], $9::text[], $10::text[], $11::text[], $12::text[], $13::uuid[],
             $14::int8[]
         ) as given(id, attempts, state, kind, code, detail, retry_at, dep_kind, dep_entity,
             dep_system, dep_native_id, dep_master_id, dep_version)
         where p.id = given.id and p.id = any($2) and p.system = $1 and p.direction = 'outbound'
         returning p.id, p.lane, p.state",
    )
    .bind(settlement.system.as_str())
    .bind(again.iter().map(|(id, _)| id.0).collect::<Vec<_>>())
    .bind(
        again
            .iter()
            .map(|(_, park)| rows::attempts(park.attempts))
            .collect::<Vec<_>>(),
    )
    .bind(columns.column(|reason| reason.state))
    .bind(columns.column(|reason| reason.kind))
    .bind(columns.column(|reason| reason.code.as_ref()))
    .bind(columns.column(|reason| reason.detail.as_ref()))
    .bind(columns.column(|reason| reason.retry_at.map(Moment)))
    .bind(columns.column(|reason| reason.dependency.kind))
    .bind(columns.column(|reason| reason.dependency.entity))
    .bind(columns.column(|reason| reason.dependency.system))
    .bind(columns.column(|reason| reason.dependency.native_id.as_deref()))
    .bind(columns.column(|reason| reason.dependency.master_id))
    .bind(columns.column(|reason| reason.dependency.version))
    .fetch_all(&mut **transaction)
    .await?;
    Ok(rows)
}

/// Parks newcomers in their order; one that is parked already keeps its place and its reason.
/// Returns id, lane and state of those that were not.
pub(super) async fn insert(
    transaction: &mut Transaction,
    newcomers: &[Newcomer<'_>],
) -> Result<Vec<(i64, String, String)>, StoreError> {
    if newcomers.is_empty() {
        return Ok(Vec::new());
    }
    let attributes = newcomers
        .iter()
        .map(|newcomer| rows::attributes_text(newcomer.attributes))
        .collect::<Result<Vec<_>, _>>()?;
    let columns = Reasons(newcomers.iter().map(|newcomer| &newcomer.reason).collect());
    let rows = sqlx::query_as(
        "insert into parked (direction, system, lane, message_id, entity, attempts, attributes,
             body, state, kind, code, detail, retry_at, dep_kind, dep_entity, dep_system,
             dep_native_id, dep_master_id, dep_version, parked_at)
         select direction, system, lane, message_id, entity, attempts, attributes::json,
             body, state, kind, code, detail, retry_at, dep_kind, dep_entity, dep_system,
             dep_native_id, dep_master_id, dep_version, now()
         from unnest($1::text[], $2::text[], $3::text[], $4::uuid[], $5::text[], $6::int4[],
             $7::text[], $8::bytea[], $9::text[], $10::text[], $11::text[], $12::text[],
             $13::timestamptz[], $14::text[], $15::text[], $16::text[], $17::text[], $18::uuid[],
             $19::int8[]
         ) as given(direction, system, lane, message_id, entity, attempts, attributes,
             body, state, kind, code, detail, retry_at, dep_kind, dep_entity, dep_system,
             dep_native_id, dep_master_id, dep_version)
         on conflict (system, message_id, direction) do nothing
         returning id, lane, state",
    )
    .bind(
        newcomers
            .iter()
            .map(|newcomer| newcomer.direction.as_str())
            .collect::<Vec<_>>(),
    )
    .bind(
        newcomers
            .iter()
            .map(|newcomer| newcomer.system.as_str())
            .collect::<Vec<_>>(),
    )
    .bind(
        newcomers
            .iter()
            .map(|new| clean(&new.attributes.ordering_key.0))
            .collect::<Vec<_>>(),
    )
    .bind(
        newcomers
            .iter()
            .map(|newcomer| newcomer.attributes.id.0)
            .collect::<Vec<_>>(),
    )
    .bind(
        newcomers
            .iter()
            .map(|new| new.attributes.entity().as_str())
            .collect::<Vec<_>>(),
    )
    .bind(
        newcomers
            .iter()
            .map(|newcomer| rows::attempts(newcomer.attempts))
            .collect::<Vec<_>>(),
    )
    .bind(attributes)
    .bind(
        newcomers
            .iter()
            .map(|newcomer| newcomer.body)
            .collect::<Vec<_>>(),
    )
    .bind(columns.column(|reason| reason.state))
    .bind(columns.column(|reason| reason.kind))
    .bind(columns.column(|reason| reason.code.as_ref()))
    .bind(columns.column(|reason| reason.detail.as_ref()))
    .bind(columns.column(|reason| reason.retry_at.map(Moment)))
    .bind(columns.column(|reason| reason.dependency.kind))
    .bind(columns.column(|reason| reason.dependency.entity))
    .bind(columns.column(|reason| reason.dependency.system))
    .bind(columns.column(|reason| reason.dependency.native_id.as_deref()))
    .bind(columns.column(|reason| reason.dependency.master_id))
    .bind(columns.column(|reason| reason.dependency.version))
    .fetch_all(&mut **transaction)
    .await?;
    Ok(rows)
}

/// Notes with the deliveries that they wait. A final outcome stays what it is.
async fn note_deliveries(
    transaction: &mut Transaction,
    settlement: &Settlement,
) -> Result<(), StoreError> {
    let parks = writes::last_parks(&settlement.parked);
    let reasons: Vec<Reason<'_>> = parks
        .iter()
        .map(|(_, park)| Reason::of(&park.reason))
        .collect();
    let attributes = |index: usize| &parks[index].1.parcel.attributes;
    let every = 0..parks.len();
    sqlx::query(
        "insert into delivery (message_id, system, entity, master_id, state, detail, attempts, at)
         select message_id, $1, entity, master_id, 'parked', detail, attempts, now()
         from unnest($2::uuid[], $3::text[], $4::uuid[], $5::text[], $6::int4[])
             as given(message_id, entity, master_id, detail, attempts)
         on conflict (message_id, system) do update
         set detail = excluded.detail, attempts = excluded.attempts, at = excluded.at
         where delivery.state = 'parked'",
    )
    .bind(settlement.system.as_str())
    .bind(parks.iter().map(|(id, _)| id.0).collect::<Vec<_>>())
    .bind(
        every
            .clone()
            .map(|index| attributes(index).entity().as_str())
            .collect::<Vec<_>>(),
    )
    .bind(
        every
            .map(|index| attributes(index).master_id.map(|id| id.0))
            .collect::<Vec<_>>(),
    )
    .bind(
        reasons
            .iter()
            .map(|reason| reason.detail.as_ref())
            .collect::<Vec<_>>(),
    )
    .bind(
        parks
            .iter()
            .map(|(_, park)| rows::attempts(park.attempts))
            .collect::<Vec<_>>(),
    )
    .execute(&mut **transaction)
    .await?;
    Ok(())
}
