//! The store in one SQLite file.
//!
//! One connection writes, for the whole process: [`open_sqlite`] makes it, and the embedded broker
//! shares it. Every write is one `begin immediate` transaction, so that nothing here needs another
//! lock. Batches of questions travel as one JSON array. Where a limit of a frequent statement is bound,
//! it stands as `+$n`: the planner looks into a bare `$n`, and so makes the statement anew each time.

mod access;
mod boms;
mod bulk;
mod candidates;
mod claims;
mod copy;
mod deeds;
mod deliveries;
mod dependencies;
mod hierarchy;
mod history;
mod inbound;
mod items;
mod known;
mod lanes;
mod life;
mod merging;
mod names;
mod nodes;
mod operations;
mod outbound;
mod parked;
mod prospects;
mod read;
mod retention;
mod reviews;
mod search;
mod searches;
mod statistics;

pub use copy::{check_sqlite, copy_sqlite};

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use sqlx::Connection;
use sqlx::pool::PoolConnection;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use tenon_core::{Attributes, MasterId, MessageId, SystemName, Timestamp};

use crate::migrations;
use crate::{
    Belonging, Claim, Commit, Correction, CorrectionId, CorrectionState, Dashboard, Decided, Deed,
    DeliveryCursor, DeliveryFilter, DeliveryPage, DeliveryRecord, GoldenRow, Insight,
    JournalRecord, Known, Life, Likeness, Lookup, MessageFilter, NewRedrive, OutboundKnown,
    OutboundLookup, Parcel, ParkedEvent, ParkedFilter, ParkedId, ParkedRecord, Payloads,
    ProspectClaim, Redrive, RedriveId, RedriveState, Review, ReviewId, ReviewState, Sent,
    Settlement, Store, StoreError, Stretch, TiedRecord, Trace, Version,
};

/// A transaction of this store.
type Transaction = sqlx::Transaction<'static, sqlx::Sqlite>;

/// How many connections read; each is a thread.
const READERS: u32 = 4;

/// The pages that a connection keeps, in KiB, as SQLite wants it said. The writer goes to random
/// places of every index, and its default of 2 MiB would make it read the file again and again. The
/// readers find what they lack in the system's own cache, and there are several of them.
const WRITER_CACHE: &str = "-8192";
const READER_CACHE: &str = "-2048";

/// How long a statement waits for another process that holds the file.
const BUSY: Duration = Duration::from_secs(30);

/// The hub's memory in a SQLite file. Cheap to clone; clones share their connections.
#[derive(Debug, Clone)]
pub struct Sqlite {
    writer: SqlitePool,
    reader: SqlitePool,
    claims: std::sync::Arc<claims::Claims>,
}

/// Opens the file at `path`, which is made if it is not there: a pool of the one connection that
/// writes, and a pool of those that read. What a transaction commits is on the disk when it
/// returns (WAL, `synchronous = full`).
///
/// # Errors
/// `Refused` when the file cannot be opened or is no database; `Unavailable` on I/O errors.
pub async fn open_sqlite(path: &Path) -> Result<(SqlitePool, SqlitePool), StoreError> {
    let file = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY)
        .foreign_keys(true)
        .optimize_on_close(false, None);
    // One connection, for ever: a new one would forget its statements and its pages.
    let writer = SqlitePoolOptions::new()
        .max_connections(1)
        .min_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .acquire_timeout(BUSY)
        .test_before_acquire(false)
        // When the disk is full, SQLite ends a transaction by itself, and the driver, which cannot end
        // it again, believes ever after that it goes on: such a connection is replaced.
        .before_acquire(|connection, _| {
            Box::pin(async move {
                if !connection.is_in_transaction() {
                    return Ok(true);
                }
                // A transaction that was given up is perhaps only being rolled back.
                connection.ping().await?;
                Ok(!connection.is_in_transaction())
            })
        })
        .connect_with(
            file.clone()
                .pragma("cache_size", WRITER_CACHE)
                .pragma("temp_store", "memory"),
        )
        .await
        .map_err(|error| place(error, path))?;
    let reader = SqlitePoolOptions::new()
        .max_connections(READERS)
        .test_before_acquire(false)
        .connect_with(
            file.pragma("cache_size", READER_CACHE)
                // What a report sorts may be all customers: beyond the cache it goes to a file.
                .pragma("temp_store", "file")
                .pragma("query_only", "on"),
        )
        .await
        .map_err(|error| place(error, path))?;
    Ok((writer, reader))
}

fn place(error: sqlx::Error, path: &Path) -> StoreError {
    match StoreError::from(error) {
        StoreError::Refused(detail) => StoreError::Refused(format!("{}: {detail}", path.display())),
        StoreError::Unavailable(detail) => {
            StoreError::Unavailable(format!("{}: {detail}", path.display()))
        }
        other => other,
    }
}

impl Sqlite {
    /// A store on the pools that [`open_sqlite`] made.
    pub fn open(writer: SqlitePool, reader: SqlitePool) -> Self {
        Self {
            writer,
            reader,
            claims: std::sync::Arc::default(),
        }
    }

    pub(crate) async fn begin(&self) -> Result<Transaction, StoreError> {
        Ok(self.writer.begin_with("begin immediate").await?)
    }

    /// A transaction that reads: all of it as of one moment.
    pub(crate) async fn begin_reading(&self) -> Result<Transaction, StoreError> {
        Ok(self.reader.begin().await?)
    }

    async fn read(&self) -> Result<PoolConnection<sqlx::Sqlite>, StoreError> {
        Ok(self.reader.acquire().await?)
    }
}

/// Now, in microseconds since 1970.
fn now() -> i64 {
    Timestamp::now().as_microsecond()
}

#[async_trait]
impl Store for Sqlite {
    async fn migrate(&self) -> Result<(), StoreError> {
        // The transaction is the lock that the migrator does not have on SQLite; its own
        // transactions become savepoints in it.
        let mut transaction = self.begin().await?;
        migrations::sqlite()
            .run_direct(None, &mut *transaction, false)
            .await?;
        candidates::fill(&mut transaction).await?;
        statistics::tell(&mut transaction).await?;
        transaction.commit().await?;
        Ok(())
    }

    async fn look_up(&self, lookup: &Lookup) -> Result<Known, StoreError> {
        known::look_up(self, lookup).await
    }

    async fn commit(&self, commit: Commit) -> Result<Vec<SystemName>, StoreError> {
        inbound::commit(self, &commit).await
    }

    async fn look_up_outbound(&self, lookup: &OutboundLookup) -> Result<OutboundKnown, StoreError> {
        outbound::look_up(self, lookup).await
    }

    async fn settle(&self, settlement: Settlement) -> Result<Vec<SystemName>, StoreError> {
        outbound::settle(self, &settlement).await
    }

    async fn due(&self, system: &SystemName, limit: u32) -> Result<Vec<ParkedRecord>, StoreError> {
        parked::due(self, system, limit).await
    }

    async fn release_met_dependencies(&self) -> Result<Vec<SystemName>, StoreError> {
        dependencies::release_met(self).await
    }

    async fn parked(
        &self,
        filter: &ParkedFilter,
        after: Option<ParkedId>,
        limit: u32,
    ) -> Result<Vec<ParkedRecord>, StoreError> {
        parked::list(self, filter, after, limit).await
    }

    async fn parked_count(&self, filter: &ParkedFilter) -> Result<u64, StoreError> {
        parked::count(&mut *self.read().await?, filter).await
    }

    async fn parked_one(&self, id: ParkedId) -> Result<Option<ParkedRecord>, StoreError> {
        parked::one(self, id).await
    }

    async fn redrive(&self, ids: &[ParkedId], deed: &Deed) -> Result<u64, StoreError> {
        parked::redrive(self, ids, deed).await
    }

    async fn passed_over(&self, id: ParkedId, deed: &Deed) -> Result<(), StoreError> {
        deeds::passed_over(self, id, deed).await
    }

    async fn hold_place(
        &self,
        system: &SystemName,
        parcel: &Parcel,
        deed: &Deed,
    ) -> Result<Option<ParkedId>, StoreError> {
        parked::hold_place(self, system, parcel, deed).await
    }

    async fn resend(
        &self,
        place: ParkedId,
        system: &SystemName,
        parcel: &Parcel,
        deed: &Deed,
    ) -> Result<Option<MessageId>, StoreError> {
        parked::resend(self, place, system, parcel, deed).await
    }

    async fn drop_parked(
        &self,
        ids: &[ParkedId],
        deed: &Deed,
        of: Option<RedriveId>,
    ) -> Result<u64, StoreError> {
        parked::drop_parked(self, ids, deed, of).await
    }

    async fn parked_history(&self, id: MessageId) -> Result<Vec<ParkedEvent>, StoreError> {
        deeds::history(self, id).await
    }

    async fn propose_correction(
        &self,
        id: ParkedId,
        body: &[u8],
        deed: &Deed,
    ) -> Result<Option<CorrectionId>, StoreError> {
        deeds::propose(self, id, body, deed).await
    }

    async fn decide_correction(
        &self,
        id: CorrectionId,
        approve: bool,
        deed: &Deed,
    ) -> Result<bool, StoreError> {
        deeds::decide(self, id, approve, deed).await
    }

    async fn corrections(
        &self,
        state: Option<CorrectionState>,
        after: Option<CorrectionId>,
        limit: u32,
    ) -> Result<Vec<Correction>, StoreError> {
        deeds::corrections(self, None, state, after, limit).await
    }

    async fn correction(&self, id: CorrectionId) -> Result<Option<Correction>, StoreError> {
        let mut found = deeds::corrections(self, Some(id), None, None, 1).await?;
        Ok(found.pop())
    }

    async fn begin_redrive(
        &self,
        new: &NewRedrive,
        state: RedriveState,
    ) -> Result<RedriveId, StoreError> {
        deeds::begin_redrive(self, new, state).await
    }

    async fn advance_redrive(
        &self,
        id: RedriveId,
        cursor: ParkedId,
        sent: u64,
        passed_over: u64,
    ) -> Result<(), StoreError> {
        deeds::advance_redrive(self, id, cursor, sent, passed_over).await
    }

    async fn turn_redrive(
        &self,
        id: RedriveId,
        from: RedriveState,
        to: RedriveState,
    ) -> Result<bool, StoreError> {
        deeds::turn_redrive(self, id, from, to).await
    }

    async fn redrives(
        &self,
        state: Option<RedriveState>,
        before: Option<RedriveId>,
        limit: u32,
    ) -> Result<Vec<Redrive>, StoreError> {
        deeds::redrives(self, None, state, before, limit).await
    }

    async fn redrive_of(&self, id: RedriveId) -> Result<Option<Redrive>, StoreError> {
        let mut found = deeds::redrives(self, Some(id), None, None, 1).await?;
        Ok(found.pop())
    }

    async fn claim(&self, name: &str) -> Result<Option<Box<dyn Claim>>, StoreError> {
        claims::claim(self, name).await
    }

    fn insight(&self) -> Insight {
        Insight {
            engine: crate::insight::Engine::Sqlite(self.clone()),
        }
    }

    async fn forget(&self, before: Timestamp) -> Result<u64, StoreError> {
        retention::forget(self, before).await
    }

    async fn checkpoint(
        &self,
        system: &SystemName,
        inlet: &str,
    ) -> Result<Option<serde_json::Value>, StoreError> {
        read::checkpoint(self, system, inlet).await
    }

    async fn keep_checkpoint(
        &self,
        system: &SystemName,
        inlet: &str,
        from: Option<&serde_json::Value>,
        to: &serde_json::Value,
    ) -> Result<(), StoreError> {
        read::keep_checkpoint(self, system, inlet, from, to).await
    }

    async fn golden(&self, id: MasterId) -> Result<Option<GoldenRow>, StoreError> {
        read::golden(self, id).await
    }

    async fn masters(
        &self,
        after: Option<MasterId>,
        limit: u32,
    ) -> Result<Vec<GoldenRow>, StoreError> {
        history::masters(self, after, limit).await
    }

    async fn named(&self, part: &str, limit: u32) -> Result<Vec<MasterId>, StoreError> {
        names::find(self, part, limit).await
    }

    async fn records(&self, ids: &[MasterId]) -> Result<Vec<(MasterId, TiedRecord)>, StoreError> {
        merging::records(self, ids).await
    }

    async fn golden_at(&self, id: MasterId, at: Timestamp) -> Result<Option<Version>, StoreError> {
        history::at(self, id, at).await
    }

    async fn history(
        &self,
        id: MasterId,
        after: Option<i64>,
        limit: u32,
    ) -> Result<Vec<Version>, StoreError> {
        history::list(self, id, after, limit).await
    }

    async fn prospect_claims(
        &self,
        masters: &[MasterId],
    ) -> Result<Vec<ProspectClaim>, StoreError> {
        prospects::list(self, masters).await
    }

    async fn parents(&self, id: MasterId) -> Result<Vec<Belonging>, StoreError> {
        hierarchy::parents(self, id).await
    }

    async fn children(&self, id: MasterId) -> Result<Vec<Belonging>, StoreError> {
        hierarchy::children(self, id).await
    }

    async fn reviews(
        &self,
        state: Option<ReviewState>,
        after: Option<ReviewId>,
        limit: u32,
    ) -> Result<Vec<Review>, StoreError> {
        reviews::list(self, state, after, limit).await
    }

    async fn decided_reviews(
        &self,
        state: Option<ReviewState>,
        after: Option<Decided>,
        limit: u32,
    ) -> Result<Vec<Review>, StoreError> {
        reviews::decided(self, state, after, limit).await
    }

    async fn review(&self, id: ReviewId) -> Result<Option<Review>, StoreError> {
        reviews::one(self, id).await
    }

    async fn likeness(&self) -> Result<Box<dyn Likeness>, StoreError> {
        Ok(Box::new(candidates::Reader(self.read().await?)))
    }

    async fn idle(&self, before: Timestamp, limit: u32) -> Result<Vec<Life>, StoreError> {
        life::idle(self, before, limit).await
    }

    async fn messages(
        &self,
        filter: &MessageFilter,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<JournalRecord>, StoreError> {
        search::messages(self, filter, before, limit).await
    }

    async fn message(&self, id: MessageId) -> Result<Option<Trace>, StoreError> {
        deliveries::message(self, id).await
    }

    async fn payloads(&self, id: MessageId) -> Result<Option<Payloads>, StoreError> {
        read::payloads(self, id).await
    }

    async fn sent(&self, id: MessageId) -> Result<Vec<Sent>, StoreError> {
        read::sent(self, id).await
    }

    async fn first_messages(
        &self,
        masters: &[MasterId],
    ) -> Result<HashMap<MasterId, Attributes>, StoreError> {
        read::first_messages(self, masters).await
    }

    async fn trace(
        &self,
        key: &str,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<Trace>, StoreError> {
        read::trace(self, key, before, limit).await
    }

    async fn deliveries(
        &self,
        ids: &[MessageId],
    ) -> Result<HashMap<MessageId, Vec<DeliveryRecord>>, StoreError> {
        deliveries::of_messages(&mut *self.read().await?, ids).await
    }

    async fn delivered(
        &self,
        filter: &DeliveryFilter,
        before: Option<&DeliveryCursor>,
        limit: u32,
    ) -> Result<DeliveryPage, StoreError> {
        deliveries::delivered(self, filter, before, limit).await
    }

    async fn dashboard(&self) -> Result<Dashboard, StoreError> {
        read::dashboard(self).await
    }

    async fn course(&self, since: Timestamp, seconds: u32) -> Result<Vec<Stretch>, StoreError> {
        read::course(self, since, seconds).await
    }
}
