//! Parked messages as people and the deliver stage see them.

use std::collections::BTreeSet;

use tenon_core::{Entity, SystemName, Timestamp};

use super::lanes::advance;
use super::{Sqlite, deeds, now};
use crate::parking::{self, ParkedRow};
use crate::rows::{self, clean};
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
    Option<i64>,
    i64,
    i64,
    Option<i64>,
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
        retry_at,
        parked_at,
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
        retry_at,
        parked_at,
        behind,
        behind_since,
        attributes,
        body,
    }
    .record()
}

pub(super) async fn due(
    store: &Sqlite,
    system: &SystemName,
    limit: u32,
) -> Result<Vec<ParkedRecord>, StoreError> {
    let mut connection = store.read().await?;
    let found: Vec<Row> = sqlx::query_as(
        "select p.id, p.direction, p.system, p.state, p.kind, p.code, p.detail, p.attempts,
             p.retry_at, p.parked_at, 0, null, p.attributes, p.body
         from parked p
         where p.id in (
             select id from (
                 select p.id from parked p
                 where p.system = $1 and p.direction = 'outbound' and p.state = 'due'
                     and not exists (select 1 from parked e where e.system = $1
                         and e.direction = 'outbound' and e.lane = p.lane and e.id < p.id)
                 order by p.id limit +$3)
             union all
             select id from (
                 select p.id from parked p
                 where p.system = $1 and p.direction = 'outbound' and p.state = 'retry'
                     and p.retry_at <= $2
                     and not exists (select 1 from parked e where e.system = $1
                         and e.direction = 'outbound' and e.lane = p.lane and e.id < p.id)
                 order by p.retry_at limit +$3)
             order by id limit +$3)
         order by p.id",
    )
    .bind(system.as_str())
    .bind(Timestamp::now().as_microsecond())
    .bind(i64::from(limit))
    .fetch_all(&mut *connection)
    .await?;
    found.into_iter().map(record).collect()
}

pub(super) async fn list(
    store: &Sqlite,
    filter: &ParkedFilter,
    after: Option<ParkedId>,
    limit: u32,
) -> Result<Vec<ParkedRecord>, StoreError> {
    let mut connection = store.read().await?;
    let found: Vec<Row> = sqlx::query_as(
        "select p.id, p.direction, p.system, p.state, p.kind, p.code, p.detail, p.attempts,
             p.retry_at, p.parked_at,
             (select count(*) from (
                 select 1 from parked b
                 where p.direction = 'outbound' and b.system = p.system
                     and b.direction = 'outbound' and b.lane = p.lane and b.id > p.id
                 limit $8)),
             (select b.parked_at from parked b
                 where p.direction = 'outbound' and b.system = p.system
                     and b.direction = 'outbound' and b.lane = p.lane and b.id > p.id
                 order by b.id limit 1),
             p.attributes, p.body
         from parked p
         where p.id > $1
             and ($2 is null or p.system = $2)
             and ($3 is null or instr(p.code, $3) > 0 or instr(p.detail, $3) > 0)
             and ($4 is null or p.parked_at >= $4)
             and ($5 is null or p.direction = $5)
             and ($6 is null or p.state = $6)
             and ($9 = '[]' or p.id in (select value from json_each($9)))
             and ($10 is null or p.entity = $10)
             and ($11 is null or p.attributes ->> 'subject' = $11 or p.lane = $11
                 or p.message_id = $14 or p.message_id in (
                     select j.message_id from journal j where j.business_key = $11))
             and ($12 is null or instr(p.body, $12) > 0)
             and ($13 is null or p.parked_at < $13)
         order by p.id limit $7",
    )
    .bind(after.map_or(i64::MIN, |id| id.0))
    .bind(filter.system.as_ref().map(SystemName::as_str))
    .bind(filter.reason.as_deref().map(clean))
    .bind(filter.since.map(|since| since.as_microsecond()))
    .bind(filter.direction.map(Direction::as_str))
    .bind(filter.state.map(ParkedState::as_str))
    .bind(i64::from(limit))
    .bind(parking::BEHIND_CAP)
    .bind(rows::to_json(&filter.ids)?)
    .bind(filter.entity.map(Entity::as_str))
    .bind(filter.key.as_deref().map(clean))
    .bind(filter.text.as_deref().map(str::as_bytes))
    .bind(filter.until.map(|until| until.as_microsecond()))
    .bind(
        filter
            .key
            .as_deref()
            .and_then(|key| key.parse::<uuid::Uuid>().ok()),
    )
    .fetch_all(&mut *connection)
    .await?;
    found.into_iter().map(record).collect()
}

pub(super) async fn one(store: &Sqlite, id: ParkedId) -> Result<Option<ParkedRecord>, StoreError> {
    let only = ParkedFilter {
        ids: vec![id],
        ..ParkedFilter::default()
    };
    Ok(list(store, &only, None, 1).await?.pop())
}

// ---- What people do ---------------------------------------------------------------------------

pub(super) async fn redrive(
    store: &Sqlite,
    ids: &[ParkedId],
    deed: &Deed,
) -> Result<u64, StoreError> {
    let mut transaction = store.begin().await?;
    let mut made_due = 0;
    for id in ids {
        deeds::note_deed(&mut transaction, id.0, EventKind::Redriven, deed).await?;
        let updated = sqlx::query(
            "update parked set state = 'due', retry_at = null
             where id = $1 and direction = 'outbound' and state in ('failed', 'retry', 'waiting')",
        )
        .bind(id.0)
        .execute(&mut *transaction)
        .await?;
        made_due += updated.rows_affected();
    }
    transaction.commit().await?;
    Ok(made_due)
}

pub(super) async fn drop_parked(
    store: &Sqlite,
    ids: &[ParkedId],
    deed: &Deed,
) -> Result<u64, StoreError> {
    let reason = clean(&deed.because);
    let mut transaction = store.begin().await?;
    let mut dropped = 0;
    let mut lanes = BTreeSet::new();
    for id in ids {
        deeds::note_deed(&mut transaction, id.0, EventKind::Dropped, deed).await?;
        let gone: Option<(String, String, String, uuid::Uuid, String, i32)> = sqlx::query_as(
            "delete from parked where id = $1
             returning direction, system, lane, message_id, entity, attempts",
        )
        .bind(id.0)
        .fetch_optional(&mut *transaction)
        .await?;
        let Some((direction, system, lane, message, entity, attempts)) = gone else {
            continue;
        };
        dropped += 1;
        if direction == "inbound" {
            sqlx::query(
                "update journal set state = 'dropped',
                     detail = coalesce(detail || '; ', '') || 'dropped: ' || $2
                 where position = (select position from inbox where message_id = $1)",
            )
            .bind(message)
            .bind(reason.as_ref())
            .execute(&mut *transaction)
            .await?;
            continue;
        }
        sqlx::query(
            "insert into delivery (message_id, system, entity, state, detail, attempts, at)
             values ($1, $2, $3, 'dropped', $4, $5, $6)
             on conflict (message_id, system) do update
             set state = 'dropped', detail = excluded.detail, attempts = excluded.attempts,
                 at = excluded.at",
        )
        .bind(message)
        .bind(&system)
        .bind(entity)
        .bind(reason.as_ref())
        .bind(attempts)
        .bind(now())
        .execute(&mut *transaction)
        .await?;
        lanes.insert((system, lane));
    }
    for (system, lane) in &lanes {
        advance(&mut transaction, system, lane).await?;
    }
    transaction.commit().await?;
    Ok(dropped)
}
