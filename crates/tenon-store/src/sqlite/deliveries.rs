//! Deliveries: of messages, and in a row, latest first, in bounded time whatever there is.
//!
//! One index orders them by system, state, entity and time. As in the search of the journal, each of the few
//! groups that fit gives its latest, and the latest of all are the answer.

use std::collections::{HashMap, HashSet};

use sqlx::SqliteConnection;
use tenon_core::{Entity, MessageId, SystemName};
use uuid::Uuid;

use super::known::identifiers;
use super::search::{groups, holding};
use super::{Sqlite, read};
use crate::deliveries::{self, Row};
use crate::{
    DeliveryCursor, DeliveryFilter, DeliveryPage, DeliveryRecord, DeliveryState, JournalRecord,
    StoreError, Trace,
};

pub(super) async fn of_messages(
    connection: &mut SqliteConnection,
    ids: &[MessageId],
) -> Result<HashMap<MessageId, Vec<DeliveryRecord>>, StoreError> {
    let found = sqlx::query_as(
        "select d.message_id, d.entity, d.system, d.state, d.detail, d.attempts, d.at, d.native_id
         from json_each($1) given
         cross join delivery d on d.message_id = unhex(given.value)
         order by d.message_id, d.system",
    )
    .bind(identifiers(ids.iter().map(|id| id.0)))
    .fetch_all(connection)
    .await?;
    deliveries::by_message(found)
}

/// The group after one, as in the search of the journal.
const NEXT_GROUP: &str = "select * from (
        select * from (select system, state, entity from delivery
            where system = ?1 and state = ?2 and entity > ?3 order by entity limit 1)
        union all
        select * from (select system, state, entity from delivery
            where system = ?1 and state > ?2 order by state, entity limit 1)
        union all
        select * from (select system, state, entity from delivery
            where system > ?1 order by system, state, entity limit 1))
     order by 1, 2, 3 limit 1";

/// Which are the latest of a group: the index alone knows it.
const OF_GROUP: &str = "select at, message_id, system from delivery
     where system = ?1 and state = ?2 and entity = ?3 and at >= ?4
         and (at, message_id, system) < (?5, ?6, ?7)
     order by at desc, message_id desc limit ?8";

pub(super) async fn delivered(
    store: &Sqlite,
    filter: &DeliveryFilter,
    before: Option<&DeliveryCursor>,
    limit: u32,
) -> Result<DeliveryPage, StoreError> {
    let mut connection = store.read().await?;
    let portion = filter.portion(limit);
    let fits = |(system, state, entity): &(String, String, String)| {
        let wanted = |named: Option<&str>, it: &str| named.is_none_or(|named| named == it);
        wanted(filter.system.as_ref().map(SystemName::as_str), system)
            && wanted(filter.state.map(DeliveryState::as_str), state)
            && wanted(filter.entity.map(Entity::as_str), entity)
    };
    let since = filter
        .since
        .map_or(i64::MIN, |since| since.as_microsecond());
    // Before a time alone: nothing is less than no message at all.
    let until = filter
        .until
        .map_or(i64::MAX, |until| until.as_microsecond());
    let (at, message, system) = match before {
        Some(cursor) if cursor.at.as_microsecond() < until => (
            cursor.at.as_microsecond(),
            cursor.message_id.0.as_bytes().to_vec(),
            cursor.system.as_str(),
        ),
        _ => (until, Vec::new(), ""),
    };
    let mut latest: Vec<(i64, Uuid, String)> = Vec::new();
    let all = groups(&mut connection, NEXT_GROUP).await?;
    for group in all.into_iter().filter(fits) {
        let of_group: Vec<_> = sqlx::query_as(OF_GROUP)
            .bind(group.0)
            .bind(group.1)
            .bind(group.2)
            .bind(since)
            .bind(at)
            .bind(&message)
            .bind(system)
            .bind(i64::from(portion))
            .fetch_all(&mut *connection)
            .await?;
        latest.extend(of_group);
    }
    latest.sort_unstable_by(|one, other| other.cmp(one));
    latest.truncate(portion as usize);
    let found = rows(&mut connection, &latest).await?;
    let ids = found.iter().map(|row| row.0).collect();
    let messages = journaled(&mut connection, ids).await?;
    drop(connection);
    let holding: Option<HashSet<i64>> = match &filter.text {
        Some(text) => Some(holding(store, &messages, text).await?),
        None => None,
    };
    deliveries::page(filter, limit, found, messages, holding.as_ref())
}

/// The deliveries that the index named, in its order.
async fn rows(
    connection: &mut SqliteConnection,
    latest: &[(i64, Uuid, String)],
) -> Result<Vec<Row>, StoreError> {
    let names: Vec<_> = latest
        .iter()
        .map(|(_, message, system)| (message.simple().to_string(), system))
        .collect();
    let rows: Vec<Row> = sqlx::query_as(
        "select d.message_id, d.entity, d.system, d.state, d.detail, d.attempts, d.at, d.native_id
         from json_each($1) given
         cross join delivery d on d.message_id = unhex(given.value ->> 0) and d.system = given.value ->> 1
         order by d.at desc, d.message_id desc, d.system desc",
    )
    .bind(serde_json::json!(names).to_string())
    .fetch_all(connection)
    .await?;
    Ok(rows)
}

pub(super) async fn message(store: &Sqlite, id: MessageId) -> Result<Option<Trace>, StoreError> {
    let mut connection = store.read().await?;
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

/// Messages by their ids, as far as the journal still has them.
async fn journaled(
    connection: &mut SqliteConnection,
    ids: HashSet<Uuid>,
) -> Result<Vec<JournalRecord>, StoreError> {
    let rows: Vec<read::Row> = sqlx::query_as(
        "select j.position, j.journaled_at, j.attributes, j.business_key, j.origin, j.state, j.detail,
             j.targets
         from json_each($1) given
         cross join inbox i on i.message_id = unhex(given.value)
         cross join journal j on j.position = i.position",
    )
    .bind(identifiers(ids.into_iter()))
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(read::record).collect()
}
