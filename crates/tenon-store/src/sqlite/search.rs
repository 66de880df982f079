//! Searches the journal by filters, of which any may be absent, in bounded time whatever its size.
//!
//! One index orders the journal by entity, source, state and position. There are few such groups, and the
//! index tells which; each that fits gives its newest messages, and the newest of all are the answer. So
//! what is rare is found as fast as what is common.

use std::collections::HashSet;

use sqlx::SqliteConnection;
use tenon_core::{Entity, SystemName, Timestamp};

use super::Sqlite;
use super::read::{Row, record};
use crate::body::{self, Bodies};
use crate::rows::clean;
use crate::{JournalRecord, MessageFilter, StoreError};

macro_rules! select_messages {
    () => {
        "select j.position, j.journaled_at, j.attributes, j.business_key, j.origin, j.state, j.detail,
             j.targets from journal j "
    };
}

/// So many messages at a time are looked through for a text.
const PORTION: u32 = 500;

/// Of one record, or of all: an index of its own serves each.
const OF_RECORD: &str = concat!(
    select_messages!(),
    "where j.business_key = ?1 and j.position < ?2 and j.position >= ?3
         and (?4 is null or j.source = ?4)
         and (?5 is null or j.entity = ?5)
         and (?6 is null or j.state = ?6)
     order by j.position desc limit ?7"
);

const ALL: &str = concat!(
    select_messages!(),
    "where ?1 is null and j.position < ?2 and j.position >= ?3
         and ?4 is null and ?5 is null and ?6 is null
     order by j.position desc limit ?7"
);

const OF_GROUP: &str = concat!(
    select_messages!(),
    "where j.entity = ?1 and j.source = ?2 and j.state = ?3 and j.position < ?4 and j.position >= ?5
     order by j.position desc limit ?6"
);

/// The group after one, in the order of the index. Of a comparison of three columns at once the database would
/// heed the first alone, and walk through all messages of an entity.
const NEXT_GROUP: &str = "select * from (
        select * from (select entity, source, state from journal
            where entity = ?1 and source = ?2 and state > ?3 order by state limit 1)
        union all
        select * from (select entity, source, state from journal
            where entity = ?1 and source > ?2 order by source, state limit 1)
        union all
        select * from (select entity, source, state from journal
            where entity > ?1 order by entity, source, state limit 1))
     order by 1, 2, 3 limit 1";

pub(super) async fn messages(
    store: &Sqlite,
    filter: &MessageFilter,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<JournalRecord>, StoreError> {
    let Some(text) = &filter.text else {
        return listed(store, filter, before, limit).await;
    };
    let (mut found, mut before) = (Vec::new(), before);
    loop {
        let page = listed(store, filter, before, PORTION).await?;
        let last = page.last().map(|record| record.position);
        let ended = page.len() < PORTION as usize;
        let holding = holding(store, &page, text).await?;
        found.extend(
            page.into_iter()
                .filter(|record| holding.contains(&record.position)),
        );
        if ended || found.len() >= limit as usize {
            found.truncate(limit as usize);
            return Ok(found);
        }
        before = last;
    }
}

/// The positions of those messages in whose native or canonical body a text stands. Bodies are compressed,
/// so the database cannot tell.
pub(super) async fn holding(
    store: &Sqlite,
    page: &[JournalRecord],
    text: &str,
) -> Result<HashSet<i64>, StoreError> {
    let positions: Vec<i64> = page.iter().map(|record| record.position).collect();
    let mut connection = store.read().await?;
    let bodies: Vec<Bodies> = sqlx::query_as(
        "select position, raw, canonical from payload
         where position in (select value from json_each(?1))",
    )
    .bind(serde_json::json!(positions).to_string())
    .fetch_all(&mut *connection)
    .await?;
    Ok(body::holding(bodies, text))
}

async fn listed(
    store: &Sqlite,
    filter: &MessageFilter,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<JournalRecord>, StoreError> {
    let mut connection = store.read().await?;
    let mut before = before.unwrap_or(i64::MAX);
    if let Some(until) = filter.until {
        before = before.min(position_of(&mut connection, until).await?);
    }
    let from = match filter.since {
        Some(since) => position_of(&mut connection, since).await?,
        None => i64::MIN,
    };
    let from = from.max(
        filter
            .after
            .map_or(i64::MIN, |after| after.saturating_add(1)),
    );
    let source = filter.source.as_ref().map(SystemName::as_str);
    let entity = filter.entity.map(Entity::as_str);
    let state = filter.state.as_deref();
    let grouped = source.is_some() || entity.is_some() || state.is_some();
    if filter.business_key.is_none() && grouped {
        let fits = |group: &(String, String, String)| {
            entity.is_none_or(|entity| entity == group.0)
                && source.is_none_or(|source| source == group.1)
                && state.is_none_or(|state| state == group.2)
        };
        let mut found: Vec<Row> = Vec::new();
        for group in groups(&mut connection, NEXT_GROUP)
            .await?
            .into_iter()
            .filter(fits)
        {
            let of_group: Vec<Row> = sqlx::query_as(OF_GROUP)
                .bind(group.0)
                .bind(group.1)
                .bind(group.2)
                .bind(before)
                .bind(from)
                .bind(i64::from(limit))
                .fetch_all(&mut *connection)
                .await?;
            found.extend(of_group);
        }
        found.sort_by_key(|row| std::cmp::Reverse(row.0));
        found.truncate(limit as usize);
        return found.into_iter().map(record).collect();
    }
    let statement = match filter.business_key.is_some() {
        true => OF_RECORD,
        false => ALL,
    };
    let found: Vec<Row> = sqlx::query_as(statement)
        .bind(filter.business_key.as_deref().map(clean))
        .bind(before)
        .bind(from)
        .bind(source)
        .bind(entity)
        .bind(state)
        .bind(i64::from(limit))
        .fetch_all(&mut *connection)
        .await?;
    found.into_iter().map(record).collect()
}

/// Every group that a table has; each costs one step down its index.
pub(super) async fn groups(
    connection: &mut SqliteConnection,
    next: &'static str,
) -> Result<Vec<(String, String, String)>, StoreError> {
    let mut groups: Vec<(String, String, String)> = Vec::new();
    loop {
        let last = groups.last().cloned().unwrap_or_default();
        let next: Option<(String, String, String)> = sqlx::query_as(next)
            .bind(last.0)
            .bind(last.1)
            .bind(last.2)
            .fetch_optional(&mut *connection)
            .await?;
        match next {
            Some(next) => groups.push(next),
            None => return Ok(groups),
        }
    }
}

/// The first position that is as young as a time: one writer gives both in their order.
async fn position_of(
    connection: &mut SqliteConnection,
    time: Timestamp,
) -> Result<i64, StoreError> {
    let ends: (Option<i64>, Option<i64>) = sqlx::query_as(
        "select (select min(position) from journal), (select max(position) from journal)",
    )
    .fetch_one(&mut *connection)
    .await?;
    let (Some(mut low), Some(high)) = ends else {
        return Ok(i64::MIN);
    };
    let mut high = high + 1;
    while low < high {
        let middle = low + (high - low) / 2;
        let found: Option<(i64, i64)> = sqlx::query_as(
            "select position, journaled_at from journal where position >= ?1
             order by position limit 1",
        )
        .bind(middle)
        .fetch_optional(&mut *connection)
        .await?;
        match found {
            Some((position, at)) if at < time.as_microsecond() => low = position + 1,
            _ => high = middle,
        }
    }
    Ok(low)
}
