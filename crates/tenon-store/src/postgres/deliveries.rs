//! Deliveries: of messages, and in a row, latest first, in bounded time whatever there is.
//!
//! One index orders them by system, state, entity and time. As in the search of the journal, each of the few
//! groups that fit gives its latest, and the latest of all are the answer.

use std::collections::{HashMap, HashSet};

use sqlx::PgConnection;
use tenon_core::{Entity, MessageId, SystemName, Timestamp};
use uuid::Uuid;

use super::moment::Moment;
use super::search::holding;
use super::{BEGIN_FILTERED, Postgres, read};
use crate::deliveries::{self, Row};
use crate::{
    DeliveryCursor, DeliveryFilter, DeliveryPage, DeliveryRecord, DeliveryState, JournalRecord,
    StoreError, Trace,
};

/// A delivery as this database returns it.
type Found = (
    Uuid,
    String,
    String,
    String,
    String,
    i32,
    Moment,
    Option<String>,
);

fn rows(found: Vec<Found>) -> Vec<Row> {
    let row = |(message, entity, system, state, detail, attempts, at, native_id): Found| {
        (
            message, entity, system, state, detail, attempts, at.0, native_id,
        )
    };
    found.into_iter().map(row).collect()
}

pub(super) async fn of_messages(
    connection: &mut PgConnection,
    ids: &[MessageId],
) -> Result<HashMap<MessageId, Vec<DeliveryRecord>>, StoreError> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let found = sqlx::query_as(
        "select message_id, entity, system, state, detail, attempts, at, native_id from delivery
         where message_id = any($1) order by message_id, system",
    )
    .bind(ids)
    .fetch_all(connection)
    .await?;
    deliveries::by_message(rows(found))
}

const OF_GROUPS: &str = "with recursive groups as (
         (select system, state, entity from delivery order by system, state, entity limit 1)
         union all
         select next.system, next.state, next.entity from groups g
         cross join lateral (
             select d.system, d.state, d.entity from delivery d
             where (d.system, d.state, d.entity) > (g.system, g.state, g.entity)
             order by d.system, d.state, d.entity limit 1) next
     )
     select d.message_id, d.entity, d.system, d.state, d.detail, d.attempts, d.at, d.native_id
     from groups g
     cross join lateral (
         select * from delivery d
         where d.system = g.system and d.state = g.state and d.entity = g.entity
             and ($4::timestamptz is null or d.at >= $4)
             and d.at <= $5 and (d.at, d.message_id, d.system) < ($5, $6, $7)
         order by d.at desc, d.message_id desc limit $8) d
     where ($1::text is null or g.system = $1)
         and ($2::text is null or g.state = $2)
         and ($3::text is null or g.entity = $3)
     order by d.at desc, d.message_id desc, d.system desc limit $8";

pub(super) async fn delivered(
    store: &Postgres,
    filter: &DeliveryFilter,
    before: Option<&DeliveryCursor>,
    limit: u32,
) -> Result<DeliveryPage, StoreError> {
    let mut transaction = store.begin(BEGIN_FILTERED).await?;
    // Before a time alone: nothing is less than the least message and no system at all.
    let until = filter.until.unwrap_or(Timestamp::MAX);
    let (at, message, system) = match before {
        Some(cursor) if cursor.at < until => {
            (cursor.at, cursor.message_id.0, cursor.system.as_str())
        }
        _ => (until, Uuid::nil(), ""),
    };
    let found: Vec<Found> = sqlx::query_as(OF_GROUPS)
        .bind(filter.system.as_ref().map(SystemName::as_str))
        .bind(filter.state.map(DeliveryState::as_str))
        .bind(filter.entity.map(Entity::as_str))
        .bind(filter.since.map(Moment::from))
        .bind(Moment::from(at))
        .bind(message)
        .bind(system)
        .bind(i64::from(filter.portion(limit)))
        .fetch_all(&mut *transaction)
        .await?;
    let found = rows(found);
    let ids = found.iter().map(|row| row.0).collect();
    let messages = journaled(&mut transaction, ids).await?;
    transaction.commit().await?;
    let holding: Option<HashSet<i64>> = match &filter.text {
        Some(text) => Some(holding(store, &messages, text).await?),
        None => None,
    };
    deliveries::page(filter, limit, found, messages, holding.as_ref())
}

pub(super) async fn message(store: &Postgres, id: MessageId) -> Result<Option<Trace>, StoreError> {
    let mut connection = store.connection().await?;
    let found = journaled(&mut connection, HashSet::from([id.0])).await?;
    let Some(message) = found.into_iter().next() else {
        return Ok(None);
    };
    let mut deliveries = of_messages(&mut connection, &[id]).await?;
    let deliveries = deliveries.remove(&id).unwrap_or_default();
    Ok(Some(Trace {
        message,
        deliveries,
    }))
}

/// Messages by their ids, as far as the journal still has them. Each step is fenced (`offset 0`), so
/// that it is taken by its own index and in this order.
async fn journaled(
    connection: &mut PgConnection,
    ids: HashSet<Uuid>,
) -> Result<Vec<JournalRecord>, StoreError> {
    let rows: Vec<read::Row> = sqlx::query_as(
        "select j.position, j.journaled_at, j.attributes::text, j.business_key, j.origin, j.state,
             j.detail, array_to_string(j.targets, ',')
         from unnest($1::uuid[]) given(message_id)
         cross join lateral (
             select position, journaled_at from inbox i
             where i.message_id = given.message_id offset 0) i
         cross join lateral (
             select * from journal j
             where j.position = i.position and j.journaled_at = i.journaled_at offset 0) j",
    )
    .bind(ids.into_iter().collect::<Vec<_>>())
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(read::record).collect()
}
