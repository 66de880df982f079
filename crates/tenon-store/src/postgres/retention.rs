//! Forgets what is old: months of journal and bodies as a whole, the rest in small portions.

use sqlx::{AssertSqlSafe, Executor};
use tenon_core::Timestamp;

use super::{Postgres, SWEEP};
use crate::StoreError;

/// Rows outside of the months that one statement takes away.
const PORTION: i64 = 5_000;

/// Dropping a month needs, for a moment, a lock on the whole table. Whoever waits for it makes all
/// others wait behind him, so nobody waits long: it is tried again with the next round.
const BEGIN_DROP: &str = "begin; set local lock_timeout = '100ms'";

/// Names of months that ended before a time, of every table that has any.
const ENDED: &str = "select inhrelid::regclass::text from pg_inherits
    where inhparent in ('journal'::regclass, 'payload'::regclass, 'sent'::regclass)
        and inhrelid::regclass::text ~ '_[0-9]{4}_[0-9]{2}$'
        and make_date(
                substring(inhrelid::regclass::text from '_([0-9]{4})_[0-9]{2}$')::int,
                substring(inhrelid::regclass::text from '_([0-9]{2})$')::int, 1)
            + interval '1 month' <= to_timestamp($1::double precision / 1000000) at time zone 'UTC'
    order by 1";

/// What is counted of a month that is dropped, which nobody changes any more.
const UNCOUNT: &str = "insert into tally
    select what, system, state, part, -sum(count) from tally where what = 'message' and part = $1
    group by 1, 2, 3, 4 having sum(count) <> 0";

/// What stands outside of the months: rows that came when their month was not there yet.
const OUTSIDE: [&str; 3] = [
    "delete from journal_default where ctid = any (array(
        select ctid from journal_default
        where journaled_at < to_timestamp($1::double precision / 1000000) limit $2))",
    "delete from payload_default where ctid = any (array(
        select ctid from payload_default
        where journaled_at < to_timestamp($1::double precision / 1000000) limit $2))",
    "delete from sent_default where ctid = any (array(
        select ctid from sent_default
        where at < to_timestamp($1::double precision / 1000000) limit $2))",
];

/// Histories of messages that do not wait any more, corrections and redrives that are decided and done.
const DEEDS: [&str; 3] = [
    "delete from parked_event where id = any (array(
        select e.id from parked_event e
        where e.at < to_timestamp($1::double precision / 1000000) and not exists (
            select from parked p where p.message_id = e.message_id) limit $2))",
    "delete from correction where id = any (array(
        select c.id from correction c
        where c.proposed_at < to_timestamp($1::double precision / 1000000) and not exists (
            select from parked p where p.message_id = c.message_id) limit $2))",
    "delete from redrive where id = any (array(
        select id from redrive where state = 'done'
            and ended_at < to_timestamp($1::double precision / 1000000) limit $2))",
];

const OLDEST_DELIVERY: &str = "select (extract(epoch from min(at)) * 1000000)::bigint from delivery
    where at < to_timestamp($1::double precision / 1000000) and state <> 'parked'";

/// Deliveries of a span of time; what is parked stays known.
const DELIVERIES: &str = "delete from delivery where state <> 'parked'
    and at >= to_timestamp($1::double precision / 1000000)
    and at < to_timestamp($2::double precision / 1000000)";

/// An hour, in microseconds: the span of deliveries that one statement takes away.
const HOUR: i64 = 3_600_000_000;

pub(super) async fn forget(store: &Postgres, before: Timestamp) -> Result<u64, StoreError> {
    let before = before.as_microsecond();
    let mut forgotten = 0;
    let months: Vec<String> = sqlx::query_scalar(ENDED)
        .bind(before)
        .fetch_all(&mut *store.connection().await?)
        .await?;
    for month in months {
        match drop_month(store, &month).await {
            Ok(rows) => forgotten += rows,
            Err(StoreError::Conflict(reason)) => {
                tracing::info!(
                    month,
                    reason,
                    "is in use; it is forgotten with the next round"
                );
            }
            Err(error) => return Err(error),
        }
    }
    for statement in OUTSIDE {
        loop {
            let gone = sweep(store, statement, before, PORTION).await?;
            forgotten += gone;
            if gone < PORTION.unsigned_abs() {
                break;
            }
        }
    }
    for deeds in DEEDS {
        while sweep(store, deeds, before, PORTION).await? >= PORTION.unsigned_abs() {}
    }
    let mut connection = store.connection().await?;
    let oldest: Option<i64> = sqlx::query_scalar(OLDEST_DELIVERY)
        .bind(before)
        .fetch_one(&mut *connection)
        .await?;
    drop(connection);
    let mut from = oldest.unwrap_or(before);
    while from < before {
        let until = from.saturating_add(HOUR).min(before);
        sweep(store, DELIVERIES, from, until).await?;
        from = until;
    }
    Ok(forgotten)
}

/// One statement of two numbers, planned for tables of any size; the rows it took away.
async fn sweep(
    store: &Postgres,
    statement: &'static str,
    one: i64,
    other: i64,
) -> Result<u64, StoreError> {
    let mut transaction = store.begin("begin").await?;
    transaction.execute(SWEEP).await?;
    let gone = sqlx::query(statement)
        .bind(one)
        .bind(other)
        .execute(&mut *transaction)
        .await?
        .rows_affected();
    transaction.commit().await?;
    Ok(gone)
}

/// Drops one month; about how many rows it had.
async fn drop_month(store: &Postgres, month: &str) -> Result<u64, StoreError> {
    let mut transaction = store.begin(BEGIN_DROP).await?;
    let rows: f32 = sqlx::query_scalar("select reltuples from pg_class where oid = $1::regclass")
        .bind(month)
        .fetch_one(&mut *transaction)
        .await?;
    // A name that the catalogue gave, quoted as it needs to be.
    transaction
        .execute(AssertSqlSafe(format!("drop table if exists {month}")))
        .await?;
    if let Some((_, counted)) = month.rsplit_once("journal_") {
        sqlx::query(UNCOUNT)
            .bind(counted)
            .execute(&mut *transaction)
            .await?;
    }
    transaction.commit().await?;
    Ok(rows.max(0.0) as u64)
}
