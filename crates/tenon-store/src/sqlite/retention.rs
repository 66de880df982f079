//! Forgets what is old, in portions so small that nobody waits long for the file.

use tenon_core::Timestamp;

use super::Sqlite;
use crate::StoreError;

/// Messages that one transaction takes away.
const PORTION: i64 = 1_000;

/// Histories of messages that do not wait any more, corrections and redrives that are decided and done; and what was
/// sent, by its own time, because what waited long may be sent when the journal has forgotten it.
const DEEDS: [&str; 4] = [
    "delete from sent where rowid in (
        select rowid from (select rowid, at from sent order by rowid limit ?2) where at < ?1)",
    "delete from parked_event where id in (
        select e.id from parked_event e where e.at < ?1 and not exists (
            select 1 from parked p where p.message_id = e.message_id) limit ?2)",
    "delete from correction where id in (
        select c.id from correction c where c.proposed_at < ?1 and not exists (
            select 1 from parked p where p.message_id = c.message_id) limit ?2)",
    "delete from redrive where id in (
        select id from redrive where state = 'done' and ended_at < ?1 limit ?2)",
];

/// The oldest messages of the journal, as far as they are older than a time, and what belongs to them.
/// Positions rise with time, so that nothing else needs to be looked at. What is parked stays known.
const STEPS: [&str; 3] = [
    "delete from delivery where state <> 'parked' and message_id in (
        select message_id from (select message_id, journaled_at from journal order by position limit ?2)
        where journaled_at < ?1)",
    "delete from payload where position in (
        select position from (select position, journaled_at from journal order by position limit ?2)
        where journaled_at < ?1)",
    "delete from journal where position in (
        select position from (select position, journaled_at from journal order by position limit ?2)
        where journaled_at < ?1)",
];

pub(super) async fn forget(store: &Sqlite, before: Timestamp) -> Result<u64, StoreError> {
    let mut forgotten = 0;
    loop {
        let mut transaction = store.begin().await?;
        let mut gone = 0;
        for step in STEPS {
            gone = sqlx::query(step)
                .bind(before.as_microsecond())
                .bind(PORTION)
                .execute(&mut *transaction)
                .await?
                .rows_affected();
        }
        transaction.commit().await?;
        forgotten += gone;
        if gone < PORTION.unsigned_abs() {
            break;
        }
    }
    for deeds in DEEDS {
        let mut gone = PORTION.unsigned_abs();
        while gone >= PORTION.unsigned_abs() {
            let mut transaction = store.begin().await?;
            gone = sqlx::query(deeds)
                .bind(before.as_microsecond())
                .bind(PORTION)
                .execute(&mut *transaction)
                .await?
                .rows_affected();
            transaction.commit().await?;
        }
    }
    Ok(forgotten)
}
