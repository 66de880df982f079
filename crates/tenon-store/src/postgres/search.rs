//! Searches the journal by filters, of which any may be absent, in bounded time whatever its size.
//!
//! One index orders the journal by entity, source, state and position. There are few such groups, and the
//! index tells which; each that fits gives its newest messages, and the newest of all are the answer. So
//! what is rare is found as fast as what is common.

use std::collections::HashSet;

use sqlx::PgConnection;
use tenon_core::{Entity, SystemName, Timestamp};

use super::moment::Moment;
use super::read::{Row, record};
use super::{BEGIN_FILTERED, Postgres};
use crate::body::{self, Bodies};
use crate::rows::clean;
use crate::{JournalRecord, MessageFilter, StoreError};

/// Positions rise with time, though two transactions of the same moment may have theirs the other way
/// round: so many before are looked at too.
const SLACK: i64 = 10_000;
/// So many messages at a time are looked through for a text.
const PORTION: u32 = 500;
/// Within so few positions a time is not searched more closely.
const CLOSE: i64 = 1_000;

macro_rules! select_messages {
    () => {
        "select j.position, j.journaled_at, j.attributes::text, j.business_key, j.origin, j.state,
             j.detail, array_to_string(j.targets, ',') "
    };
}

/// Of one record: its own index is the best.
const OF_RECORD: &str = concat!(
    select_messages!(),
    "from journal j
     where j.business_key = $8 and j.position < $1 and j.position >= $2
         and ($3::text is null or j.source = $3)
         and ($4::text is null or j.entity = $4)
         and ($5::text is null or j.state = $5)
         and ($6::timestamptz is null or j.journaled_at >= $6)
         and ($9::timestamptz is null or j.journaled_at < $9)
     order by j.position desc limit $7"
);

const ALL: &str = concat!(
    select_messages!(),
    "from journal j
     where j.position < $1 and j.position >= $2
         and $3::text is null and $4::text is null and $5::text is null
         and ($6::timestamptz is null or j.journaled_at >= $6)
         and ($9::timestamptz is null or j.journaled_at < $9) and $8::text is null
     order by j.position desc limit $7"
);

const OF_GROUPS: &str = concat!(
    "with recursive groups as (
         (select entity, source, state from journal order by entity, source, state limit 1)
         union all
         select next.entity, next.source, next.state from groups g
         cross join lateral (
             select j.entity, j.source, j.state from journal j
             where (j.entity, j.source, j.state) > (g.entity, g.source, g.state)
             order by j.entity, j.source, j.state limit 1) next
     ) ",
    select_messages!(),
    "from groups g
     cross join lateral (
         select * from journal j
         where j.entity = g.entity and j.source = g.source and j.state = g.state
             and j.position < $1 and j.position >= $2
             and ($6::timestamptz is null or j.journaled_at >= $6)
         and ($9::timestamptz is null or j.journaled_at < $9)
         order by j.position desc limit $7) j
     where ($3::text is null or g.source = $3)
         and ($4::text is null or g.entity = $4)
         and ($5::text is null or g.state = $5)
         and $8::text is null
     order by j.position desc limit $7"
);

pub(super) async fn messages(
    store: &Postgres,
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
    store: &Postgres,
    page: &[JournalRecord],
    text: &str,
) -> Result<HashSet<i64>, StoreError> {
    let times = || page.iter().map(|record| record.journaled_at);
    let (Some(eldest), Some(youngest)) = (times().min(), times().max()) else {
        return Ok(HashSet::new());
    };
    let positions: Vec<i64> = page.iter().map(|record| record.position).collect();
    let mut transaction = store.begin(BEGIN_FILTERED).await?;
    let bodies: Vec<Bodies> = sqlx::query_as(
        "select position, raw, canonical from payload
         where position = any($1) and journaled_at >= $2 and journaled_at <= $3",
    )
    .bind(positions)
    .bind(Moment::from(eldest))
    .bind(Moment::from(youngest))
    .fetch_all(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(body::holding(bodies, text))
}

async fn listed(
    store: &Postgres,
    filter: &MessageFilter,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<JournalRecord>, StoreError> {
    let mut transaction = store.begin(BEGIN_FILTERED).await?;
    let from = match filter.since {
        Some(since) => positions_of(&mut transaction, since).await?.0,
        None => i64::MIN,
    };
    let mut before = before.unwrap_or(i64::MAX);
    if let Some(until) = filter.until {
        before = before.min(positions_of(&mut transaction, until).await?.1);
    }
    let from = from.max(
        filter
            .after
            .map_or(i64::MIN, |after| after.saturating_add(1)),
    );
    let grouped = filter.source.is_some() || filter.entity.is_some() || filter.state.is_some();
    let statement = match (&filter.business_key, grouped) {
        (Some(_), _) => OF_RECORD,
        (None, true) => OF_GROUPS,
        (None, false) => ALL,
    };
    let found: Vec<Row> = sqlx::query_as(statement)
        .bind(before)
        .bind(from)
        .bind(filter.source.as_ref().map(SystemName::as_str))
        .bind(filter.entity.map(Entity::as_str))
        .bind(filter.state.as_deref())
        .bind(filter.since.map(Moment::from))
        .bind(i64::from(limit))
        .bind(filter.business_key.as_deref().map(clean))
        .bind(filter.until.map(Moment::from))
        .fetch_all(&mut *transaction)
        .await?;
    transaction.commit().await?;
    found.into_iter().map(record).collect()
}

/// A position before which nothing is as young as a time, and one from which on nothing is older; there is
/// no index by time, but positions rise with it.
async fn positions_of(
    connection: &mut PgConnection,
    time: Timestamp,
) -> Result<(i64, i64), StoreError> {
    let ends: (Option<i64>, Option<i64>) =
        sqlx::query_as("select min(position), max(position) from journal")
            .fetch_one(&mut *connection)
            .await?;
    let (Some(mut low), Some(high)) = ends else {
        return Ok((i64::MIN, i64::MAX));
    };
    let mut high = high + 1;
    while high - low > CLOSE {
        let middle = low + (high - low) / 2;
        let at: Option<Moment> = sqlx::query_scalar(
            "select journaled_at from journal where position >= $1 order by position limit 1",
        )
        .bind(middle)
        .fetch_optional(&mut *connection)
        .await?;
        match at {
            Some(at) if at.0 < time.as_microsecond() => low = middle,
            _ => high = middle,
        }
    }
    Ok((low.saturating_sub(SLACK), high.saturating_add(SLACK)))
}
