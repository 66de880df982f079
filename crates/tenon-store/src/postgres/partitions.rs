//! The months of the journal and of bodies.

use std::sync::atomic::Ordering;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use sqlx::{AssertSqlSafe, Executor};

use super::{Postgres, Transaction};
use crate::StoreError;

/// Months that are made ahead, the current one included.
const MONTHS: u32 = 3;

/// Bodies stay in their rows as long as these fit a page.
const LONG_ROWS: &str = "with (toast_tuple_target = 8160)";

/// When less than this is left, the next months are made: 20 days in microseconds.
const MARGIN: i64 = 20 * 24 * 3_600 * 1_000_000;

impl Postgres {
    /// Makes the partitions of this month and the next two, where they are missing. Runs with
    /// [`migrate`](crate::Store::migrate) and by itself when time has moved on.
    ///
    /// # Errors
    /// `Refused` when the user may not create tables; rows then go to the default partition.
    pub async fn ensure_partitions(&self) -> Result<(), StoreError> {
        let mut month = Timestamp::now()
            .to_zoned(TimeZone::UTC)
            .date()
            .first_of_month();
        let mut transaction = self
            .begin("begin; select pg_advisory_xact_lock(7602, hashtext(current_schema()))")
            .await?;
        for _ in 0..MONTHS {
            let next = month.saturating_add(1.month());
            for (table, time, options) in [
                ("journal", "journaled_at", ""),
                ("payload", "journaled_at", LONG_ROWS),
                ("sent", "at", LONG_ROWS),
            ] {
                let name = partition(table, month);
                if is_settled(&mut transaction, (table, time), &name, month, next).await? {
                    continue;
                }
                // Names and dates only, all made here.
                let statement = format!(
                    "create table if not exists {name} partition of {table} \
                     for values from ('{month} 00:00:00+00') to ('{next} 00:00:00+00') {options}"
                );
                transaction.execute(AssertSqlSafe(statement)).await?;
            }
            month = next;
        }
        transaction.commit().await?;
        if let Ok(end) = month.to_zoned(TimeZone::UTC) {
            self.partitioned_until
                .store(end.timestamp().as_microsecond(), Ordering::Relaxed);
        }
        Ok(())
    }

    /// Keeps the months ahead of the clock; asked before every batch, it costs a comparison.
    ///
    /// A failure does not hold the batch up: its rows go to the default partition.
    pub(super) async fn ensure_next_partitions(&self) {
        let now = Timestamp::now().as_microsecond();
        if self.partitioned_until.load(Ordering::Relaxed) >= now + MARGIN {
            return;
        }
        // Whatever comes of it, the next try is in an hour: not in every batch.
        self.partitioned_until
            .store(now + MARGIN + 3_600_000_000, Ordering::Relaxed);
        if let Err(error) = self.ensure_partitions().await {
            tracing::warn!(%error, "journal partitions could not be made ahead of time");
        }
    }
}

/// Whether a month needs no partition of its own: it has one, or the default partition holds rows
/// of it, and then it keeps them all.
async fn is_settled(
    transaction: &mut Transaction,
    (table, time): (&str, &str),
    name: &str,
    month: Date,
    next: Date,
) -> Result<bool, StoreError> {
    let exists: bool = sqlx::query_scalar("select to_regclass($1) is not null")
        .bind(name)
        .fetch_one(&mut **transaction)
        .await?;
    if exists {
        return Ok(true);
    }
    let statement = format!(
        "select exists (select from {table}_default \
         where {time} >= '{month} 00:00:00+00' and {time} < '{next} 00:00:00+00')"
    );
    let kept: bool = sqlx::query_scalar(AssertSqlSafe(statement))
        .fetch_one(&mut **transaction)
        .await?;
    if kept {
        tracing::warn!(
            partition = name,
            "the default partition holds rows of this month and keeps it"
        );
    }
    Ok(kept)
}

fn partition(table: &str, month: Date) -> String {
    format!("{table}_{:04}_{:02}", month.year(), month.month())
}
