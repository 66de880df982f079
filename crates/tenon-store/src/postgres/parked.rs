//! Parked messages as people and the deliver stage see them.

use sqlx::PgConnection;
use tenon_core::{Entity, SystemName, Timestamp};

use super::lanes::{advance, lock_lanes};
use super::moment::Moment;
use super::{BEGIN_FILTERED, Postgres, deeds};
use crate::parking::{self, ParkedRow};
use crate::rows::clean;
use crate::{
    Deed, Direction, EventKind, ParkedFilter, ParkedId, ParkedRecord, ParkedState, StoreError,
};

// ---- Reading ----------------------------------------------------------------------------------

type Row = (
    i64,
    String,
    String,
    String,
    Option<String>,
    String,
    String,
    i32,
    Option<Moment>,
    Moment,
    i64,
    Option<Moment>,
    String,
    Vec<u8>,
);

fn record(row: Row) -> Result<ParkedRecord, StoreError> {
    let (
        id,
        direction,
        system,
        state,
        kind,
        code,
        detail,
        attempts,
        retry,
        since,
        behind,
        behind_since,
        attributes,
        body,
    ) = row;
    ParkedRow {
        id,
        direction,
        system,
        state,
        kind,
        code,
        detail,
        attempts,
        retry_at: retry.map(|moment| moment.0),
        parked_at: since.0,
        behind,
        behind_since: behind_since.map(|moment| moment.0),
        attributes,
        body,
    }
    .record()
}

pub(super) async fn due(
    store: &Postgres,
    system: &SystemName,
    limit: u32,
) -> Result<Vec<ParkedRecord>, StoreError> {
    let mut connection = store.connection().await?;
    let found: Vec<Row> = sqlx::query_as(
        "with heads as (
             (select p.id from parked p
              where p.system = $1 and p.direction = 'outbound' and p.state = 'due'
                  and not exists (select from parked e where e.system = $1
                      and e.direction = 'outbound' and e.lane = p.lane and e.id < p.id)
              order by p.id limit $3)
             union all
             (select p.id from parked p
              where p.system = $1 and p.direction = 'outbound' and p.state = 'retry'
                  and p.retry_at <= $2
                  and not exists (select from parked e where e.system = $1
                      and e.direction = 'outbound' and e.lane = p.lane and e.id < p.id)
              order by p.retry_at limit $3)
         )
         select p.id, p.direction, p.system, p.state, p.kind, p.code, p.detail, p.attempts,
             p.retry_at, p.parked_at, 0::int8, null::timestamptz, p.attributes::text, p.body
         from (select id from heads order by id limit $3) head
         join parked p on p.id = head.id
         order by p.id",
    )
    .bind(system.as_str())
    .bind(Moment::from(Timestamp::now()))
    .bind(i64::from(limit))
    .fetch_all(&mut *connection)
    .await?;
    found.into_iter().map(record).collect()
}

pub(super) async fn list(
    store: &Postgres,
    filter: &ParkedFilter,
    after: Option<ParkedId>,
    limit: u32,
) -> Result<Vec<ParkedRecord>, StoreError> {
    let mut transaction = store.begin(BEGIN_FILTERED).await?;
    let found: Vec<Row> = sqlx::query_as(
        "select p.id, p.direction, p.system, p.state, p.kind, p.code, p.detail, p.attempts,
             p.retry_at, p.parked_at, behind.number, behind.since, p.attributes::text, p.body
         from parked p
         cross join lateral (
             select count(*) as number, min(followers.parked_at) as since from (
                 select b.parked_at from parked b
                 where p.direction = 'outbound' and b.system = p.system
                     and b.direction = 'outbound' and b.lane = p.lane and b.id > p.id
                 order by b.id limit $8
             ) followers
         ) behind
         where p.id > $1
             and ($2::text is null or p.system = $2)
             and ($3::text is null or strpos(p.code, $3) > 0 or strpos(p.detail, $3) > 0)
             and ($4::timestamptz is null or p.parked_at >= $4)
             and ($5::text is null or p.direction = $5)
             and ($6::text is null or p.state = $6)
             and (cardinality($9::int8[]) = 0 or p.id = any($9))
             and ($10::text is null or p.entity = $10)
             and ($11::text is null or p.attributes ->> 'subject' = $11 or p.lane = $11
                 or p.message_id::text = $11 or p.message_id in (
                     select j.message_id from journal j where j.business_key = $11))
             and ($12::bytea is null or position($12 in p.body) > 0)
             and ($13::timestamptz is null or p.parked_at < $13)
         order by p.id limit $7",
    )
    .bind(after.map_or(i64::MIN, |id| id.0))
    .bind(filter.system.as_ref().map(SystemName::as_str))
    .bind(filter.reason.as_deref().map(clean))
    .bind(filter.since.map(Moment::from))
    .bind(filter.direction.map(Direction::as_str))
    .bind(filter.state.map(ParkedState::as_str))
    .bind(i64::from(limit))
    .bind(parking::BEHIND_CAP)
    .bind(filter.ids.iter().map(|id| id.0).collect::<Vec<_>>())
    .bind(filter.entity.map(Entity::as_str))
    .bind(filter.key.as_deref().map(clean))
    .bind(filter.text.as_deref().map(str::as_bytes))
    .bind(filter.until.map(Moment::from))
    .fetch_all(&mut *transaction)
    .await?;
    transaction.commit().await?;
    found.into_iter().map(record).collect()
}

pub(super) async fn one(
    store: &Postgres,
    id: ParkedId,
) -> Result<Option<ParkedRecord>, StoreError> {
    let only = ParkedFilter {
        ids: vec![id],
        ..ParkedFilter::default()
    };
    Ok(list(store, &only, None, 1).await?.pop())
}

// ---- What people do ---------------------------------------------------------------------------

pub(super) async fn redrive(
    store: &Postgres,
    ids: &[ParkedId],
    deed: &Deed,
) -> Result<u64, StoreError> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    let mut transaction = store.begin("begin").await?;
    deeds::note_deed(&mut transaction, &ids, EventKind::Redriven, deed).await?;
    let made_due = sqlx::query(
        "with locked as (
             select id from parked
             where id = any($1) and direction = 'outbound' and state in ('failed', 'retry', 'waiting')
             order by id for update
         )
         update parked set state = 'due', retry_at = null
         where id = any(array(select id from locked))",
    )
    .bind(ids)
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(made_due.rows_affected())
}

pub(super) async fn drop_parked(
    store: &Postgres,
    ids: &[ParkedId],
    deed: &Deed,
) -> Result<u64, StoreError> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    let mut transaction = store.begin("begin").await?;
    let systems: Vec<String> =
        sqlx::query_scalar("select distinct system from parked where id = any($1)")
            .bind(&ids)
            .fetch_all(&mut *transaction)
            .await?;
    let names: Vec<&str> = systems.iter().map(String::as_str).collect();
    lock_lanes(&mut transaction, &names).await?;
    deeds::note_deed(&mut transaction, &ids, EventKind::Dropped, deed).await?;
    let dropped = delete_with_reason(&mut transaction, &ids, &clean(&deed.because)).await?;
    for system in &systems {
        let lanes = dropped
            .iter()
            .filter(|(of, lane)| of == system && lane.is_some());
        let lanes = lanes.filter_map(|(_, lane)| lane.clone()).collect();
        advance(&mut transaction, system, lanes).await?;
    }
    transaction.commit().await?;
    Ok(dropped.len() as u64)
}

/// Takes the messages out and records the reason: outbound with the delivery, inbound in the
/// journal. Returns system and, outbound, lane of each.
async fn delete_with_reason(
    connection: &mut PgConnection,
    ids: &[i64],
    reason: &str,
) -> Result<Vec<(String, Option<String>)>, StoreError> {
    let dropped = sqlx::query_as(
        "with gone as (
             delete from parked where id = any($1)
             returning direction, system, lane, message_id, entity, attempts
         ), undelivered as (
             insert into delivery (message_id, system, entity, state, detail, attempts, at)
             select message_id, system, entity, 'dropped', $2, attempts, now()
             from gone where direction = 'outbound' order by message_id, system
             on conflict (message_id, system) do update
             set state = 'dropped', detail = excluded.detail, attempts = excluded.attempts,
                 at = excluded.at
         ), unjournaled as (
             update journal set state = 'dropped',
                 detail = concat_ws('; ', detail, 'dropped: ' || $2)
             where position = any(array(
                 select i.position from gone
                 cross join lateral (
                     select i.position from inbox i
                     where i.message_id = gone.message_id offset 0) i
                 where gone.direction = 'inbound'
             ))
         )
         select system, case when direction = 'outbound' then lane end from gone",
    )
    .bind(ids)
    .bind(reason)
    .fetch_all(connection)
    .await?;
    Ok(dropped)
}
