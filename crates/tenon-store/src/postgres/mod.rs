//! The store on PostgreSQL, 14 or later.
//!
//! Batches travel as arrays, one statement a table or less. Two advisory locks keep what no row
//! lock can: *the waiting lock* (shared by all who make links or change masters, exclusive for who
//! parks a message that waits for one) so that no wake-up is lost between the two; and *the lane
//! lock* of a system (exclusive for who parks, ends or drops messages there) so that a lane's next
//! message is never overlooked. The waiting lock is taken before the lane lock, always.

mod access;
mod boms;
mod candidates;
mod claims;
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
mod moment;
mod names;
mod nodes;
mod opening;
mod operations;
mod outbound;
mod parked;
mod partitions;
mod prospects;
mod read;
mod retention;
mod reviews;
mod search;
mod searches;

use std::collections::HashMap;
use std::sync::atomic::AtomicI64;
use std::time::Duration;

use async_trait::async_trait;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPool};
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
type Transaction = sqlx::Transaction<'static, sqlx::Postgres>;

/// Begins a transaction that makes links or changes masters.
const BEGIN_LINKING: &str =
    "begin; select pg_advisory_xact_lock_shared(7601, hashtext(current_schema()))";

/// Begins a transaction that parks messages which wait for links or masters.
const BEGIN_WAITING: &str = "begin; select pg_advisory_xact_lock(7601, hashtext(current_schema()))";

/// Begins a question with a filter of which most parts are absent, or about tables that grow from nothing: planned
/// for what is there.
pub(crate) const BEGIN_FILTERED: &str =
    "begin read only; set local plan_cache_mode = force_custom_plan";

/// Begins questions that are all answered as of one moment.
pub(crate) const BEGIN_SNAPSHOT: &str =
    "begin transaction isolation level repeatable read read only";

/// For the sweeps, undoes the settings of a session until the transaction ends.
pub(crate) const SWEEP: &str = "set local enable_seqscan = on; set local enable_hashjoin = on; \
     set local enable_mergejoin = on; set local enable_material = on; \
     set local enable_bitmapscan = on; set local plan_cache_mode = auto";

/// How to use a PostgreSQL server.
#[derive(Debug, Clone)]
pub struct PostgresOptions {
    /// The most connections that this process opens.
    pub max_connections: u32,
    /// How long a call waits for a connection before it is `Unavailable`.
    pub acquire_timeout: Duration,
}

impl Default for PostgresOptions {
    fn default() -> Self {
        Self {
            max_connections: 10,
            acquire_timeout: Duration::from_secs(10),
        }
    }
}

/// The hub's memory on a PostgreSQL server. Cheap to clone; clones share their connections.
#[derive(Debug, Clone)]
pub struct Postgres {
    pool: PgPool,
    /// The end of the last month that has partitions, in microseconds since 1970.
    partitioned_until: std::sync::Arc<AtomicI64>,
    claims: std::sync::Arc<claims::Claims>,
}

impl Postgres {
    /// Opens a server and tries one connection. `url` is `postgres://user:password@host/database`;
    /// `?options=-csearch_path%3Dhub` puts the tables into the schema `hub`, which must exist.
    /// A server on this machine is reached without TLS unless `?sslmode=require` asks for it.
    ///
    /// # Errors
    /// `Unavailable` when the server cannot be reached within the acquire timeout; `Refused` for
    /// a URL that is none, credentials, permissions, a database that does not exist.
    pub async fn connect(url: &str, options: PostgresOptions) -> Result<Self, StoreError> {
        let server: PgConnectOptions = url.parse().map_err(|error: sqlx::Error| {
            // The URL itself may hold a password, so it is not repeated.
            StoreError::Refused(format!("the database URL cannot be read: {error}"))
        })?;
        let server = match server.get_application_name() {
            Some(_) => server,
            None => server.application_name("tenon"),
        };
        Ok(Self {
            pool: opening::open(server, &options).await?,
            partitioned_until: std::sync::Arc::default(),
            claims: std::sync::Arc::default(),
        })
    }

    /// Closes the connections; calls that are under way finish first.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    pub(crate) async fn connection(&self) -> Result<PoolConnection<sqlx::Postgres>, StoreError> {
        Ok(self.pool.acquire().await?)
    }

    pub(crate) async fn begin(&self, statement: &'static str) -> Result<Transaction, StoreError> {
        Ok(self.pool.begin_with(statement).await?)
    }
}

#[async_trait]
impl Store for Postgres {
    async fn migrate(&self) -> Result<(), StoreError> {
        let mut connection = self.connection().await?;
        if let Err(error) = migrations::postgres()
            .run_direct(None, &mut *connection, false)
            .await
        {
            // The migrator's lock belongs to the session: it must not go back into the pool.
            connection.close_on_drop();
            return Err(error.into());
        }
        drop(connection);
        candidates::fill(self).await?;
        self.ensure_partitions().await
    }

    async fn look_up(&self, lookup: &Lookup) -> Result<Known, StoreError> {
        known::look_up(self, lookup).await
    }

    async fn commit(&self, commit: Commit) -> Result<Vec<SystemName>, StoreError> {
        self.ensure_next_partitions().await;
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
        parked::count(self, filter).await
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
            engine: crate::insight::Engine::Postgres(self.clone()),
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
        Ok(Box::new(candidates::Reader(self.connection().await?)))
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
        deliveries::of_messages(&mut *self.connection().await?, ids).await
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
