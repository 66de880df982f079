//! What the hub knows: journal, inbox, crosswalk, golden records, deliveries, lanes, checkpoints.
//!
//! Two implementations of one contract, [`Store`]: PostgreSQL for companies, SQLite for laptops. Both pass
//! one suite (`tests/it/store/`). *Architecture invariant*: only this crate writes SQL against the
//! hub's own tables, and every method is one transaction: it happened as a whole or not at all.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use tenon_core::{Attributes, MasterId, MessageId, SystemName, Timestamp};

mod access;
mod body;
mod boms;
mod claim;
mod deeds;
mod deliveries;
mod error;
mod golden;
mod hierarchy;
pub mod insight;
mod items;
mod likeness;
mod migrations;
mod names;
mod nodes;
mod operations;
mod parking;
mod postgres;
mod prospects;
mod reading;
mod records;
mod references;
mod reviews;
mod rows;
mod searches;
mod sqlite;
mod stewardship;
mod writes;

pub use access::{
    AccessChange, AccessStore, Account, ApiToken, AuditDraft, AuditEntry, AuditFilter, ChainBreak,
    Invitation, Role, SecretDigest, Session, SignInFailures, first_break,
};
pub use boms::{BomLookup, BomRecord, BomUse, BomWrite, KnownBoms};
pub use claim::Claim;
pub use deeds::{
    Act, Correction, CorrectionId, CorrectionState, Deed, EventKind, NewRedrive, ParkedEvent,
    Redrive, RedriveId, RedriveState,
};
pub use deliveries::{Delivered, DeliveryCursor, DeliveryFilter, DeliveryPage};
pub use golden::{
    GoldenRow, Life, Listed, MasterWrite, MergedMaster, OwnedPin, Sources, StageChange, Statement,
    Version,
};
pub use hierarchy::{Affiliation, Belonging, BelongingWrite};
pub use insight::Insight;
pub use items::{ItemMove, ItemRecord};
pub use likeness::{Likeness, Neighbours};
pub use nodes::{HubNode, KnownNode, NodeFacts, Nodes, ReloadOutcome, ReloadRequest};
pub use operations::{Half, Operations, ParkedGroup, Pause};
pub use postgres::{Postgres, PostgresOptions};
pub use prospects::{ProspectClaim, ProspectClaimWrite};
pub use sqlite::{Sqlite, check_sqlite, copy_sqlite, open_sqlite};

pub use reading::{
    Dashboard, DeliveryRecord, JournalRecord, MessageFilter, Payloads, Sent, Stretch, Trace,
};
pub use records::{
    Commit, DeliveryState, Dependency, Direction, Founding, Holding, Inbound, InboundState, Known,
    Link, Lookup, OutboundKnown, OutboundLookup, Outcome, OutcomeState, Parcel, Park, ParkReason,
    ParkedFilter, ParkedId, ParkedRecord, ParkedState, ReferenceLookup, ResolvedReference, Seen,
    Settlement,
};
pub use reviews::{Decided, Doubt, Judgement, Review, ReviewId, ReviewState};
pub use searches::{SavedSearch, SavedSearches};
pub use stewardship::{Move, Tie, TiedRecord};

/// Why the store did not do what was asked. Nothing of the call took effect.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Another writer got there first (a key, a link, a golden version, a message id): look up
    /// again, decide again, commit again.
    #[error("changed meanwhile: {0}")]
    Conflict(String),
    /// The database cannot be reached or is busy; later it may work.
    #[error("database unavailable: {0}")]
    Unavailable(String),
    /// The database refuses: credentials, permissions, a schema that is newer than this program.
    #[error("database refused: {0}")]
    Refused(String),
    /// The database is well and cannot hold what the batch says: a value out of its type's range,
    /// a text too long for an index. It will not hold it the next time either.
    #[error("the database cannot hold it: {0}")]
    Unfit(String),
    /// A broken invariant of ours: an SQL error that has no other reading.
    #[error("database error: {0}")]
    Bug(String),
}

/// The hub's memory. Shared by every stage and every node.
#[async_trait]
pub trait Store: AccessStore + Nodes + Operations + SavedSearches + 'static {
    /// Brings the tables to this release's version, and what is derived in them; safe to run from
    /// many nodes at once.
    async fn migrate(&self) -> Result<(), StoreError>;

    // Inbound: from the inbound queue to the journal.

    /// Everything that the resolve stage needs to know about a batch, in a few statements.
    async fn look_up(&self, lookup: &Lookup) -> Result<Known, StoreError>;

    /// Journals a batch, with every effect of it: inbox keys, payloads, crosswalk links, golden
    /// records, claimed master keys, parked messages.
    ///
    /// Returns the systems in which waiting messages became due by it.
    ///
    /// # Errors
    /// `Conflict` when a message id is already in the inbox, a link or key belongs to another
    /// master, a golden record has another version than expected, or a like master was founded
    /// since it was looked for one.
    async fn commit(&self, commit: Commit) -> Result<Vec<SystemName>, StoreError>;

    // Likeness: which masters a record may be of where no exact key finds one.

    /// A connection for the questions that follow from one another: to take and to give back one for
    /// each would cost as much as the answer. Ask for no other while this one is held.
    async fn likeness(&self) -> Result<Box<dyn Likeness>, StoreError>;

    // Outbound: from a target's queue to the target.

    /// Everything that the deliver stage needs to know about a batch for one system.
    async fn look_up_outbound(&self, lookup: &OutboundLookup) -> Result<OutboundKnown, StoreError>;

    /// Records what became of deliveries: outcomes, crosswalk links with what the target now
    /// holds, lanes parked and advanced. Releases messages that waited for the new links.
    ///
    /// A message that is parked already keeps its place and its reason when it is parked again
    /// without its [`ParkedId`]. A native id that is linked to another master stays with it, and
    /// the delivery's detail says so.
    ///
    /// Returns the systems in which messages became due by it.
    async fn settle(&self, settlement: Settlement) -> Result<Vec<SystemName>, StoreError>;

    /// The heads of up to `limit` lanes of `system` whose message is to be delivered now: released,
    /// or its retry time has come. Oldest first; at most one message a lane.
    async fn due(&self, system: &SystemName, limit: u32) -> Result<Vec<ParkedRecord>, StoreError>;

    /// Releases messages whose dependency has meanwhile been met: the safety net under
    /// [`Store::settle`] and [`Store::commit`]. Returns the systems concerned.
    async fn release_met_dependencies(&self) -> Result<Vec<SystemName>, StoreError>;

    // Parked messages, for people.

    /// Parked messages, oldest first, at most `limit` after the cursor `after`.
    async fn parked(
        &self,
        filter: &ParkedFilter,
        after: Option<ParkedId>,
        limit: u32,
    ) -> Result<Vec<ParkedRecord>, StoreError>;

    /// How many messages wait that a filter names.
    async fn parked_count(&self, filter: &ParkedFilter) -> Result<u64, StoreError>;

    /// One parked message.
    async fn parked_one(&self, id: ParkedId) -> Result<Option<ParkedRecord>, StoreError>;

    /// Makes outbound parked messages due now; the lane's order stays, so one that stands behind
    /// others is delivered after them. Returns how many became due by it: those that only stand
    /// behind another, and those that are due already, are not counted.
    ///
    /// Inbound ones are left as they are: the caller publishes them again. The history of all tells who
    /// did it.
    async fn redrive(&self, ids: &[ParkedId], deed: &Deed) -> Result<u64, StoreError>;

    /// Notes with an inbound parked message that it is not sent again, and why.
    async fn passed_over(&self, id: ParkedId, deed: &Deed) -> Result<(), StoreError>;

    /// Takes a place at the end of its lane for a message that a system was given, or that was given up for it, and
    /// that is to be delivered there once more: what comes later waits behind it. It waits for [`Store::resend`].
    /// None when it has no such outcome there, or waits there already.
    async fn hold_place(
        &self,
        system: &SystemName,
        parcel: &Parcel,
        deed: &Deed,
    ) -> Result<Option<ParkedId>, StoreError>;

    /// Lets the message that holds a place be delivered, and what the system holds of its record is not taken for
    /// known. Where a later message of the record was routed to the system, the place is given up, nothing else is
    /// changed, and that message is named: an old state would be put over it. The history tells who did it.
    ///
    /// In a step of its own: only when the place is there for all to see can no later message be missed, since
    /// what is journaled from then on waits behind it.
    async fn resend(
        &self,
        place: ParkedId,
        system: &SystemName,
        parcel: &Parcel,
        deed: &Deed,
    ) -> Result<Option<MessageId>, StoreError>;

    /// Gives up parked messages with a reason; their lanes advance. Recorded in the journal, and as a
    /// portion of the bulk drop `of` which they are, if of any: both or neither. Returns how many went.
    async fn drop_parked(
        &self,
        ids: &[ParkedId],
        deed: &Deed,
        of: Option<RedriveId>,
    ) -> Result<u64, StoreError>;

    /// What was tried and done with a message that waits or waited, in every system, the eldest first.
    async fn parked_history(&self, id: MessageId) -> Result<Vec<ParkedEvent>, StoreError>;

    /// Proposes another body for a parked message; `None` when it does not wait, or when a proposal
    /// for it is open already.
    async fn propose_correction(
        &self,
        id: ParkedId,
        body: &[u8],
        deed: &Deed,
    ) -> Result<Option<CorrectionId>, StoreError>;

    /// Approves a correction, which replaces the parked message's body, or rejects it. False, and
    /// nothing is changed, when it is not open, when it was proposed by the same person, and when what it
    /// would replace is not there any more.
    async fn decide_correction(
        &self,
        id: CorrectionId,
        approve: bool,
        deed: &Deed,
    ) -> Result<bool, StoreError>;

    /// Corrections, the eldest first, at most `limit` after the cursor `after`.
    async fn corrections(
        &self,
        state: Option<CorrectionState>,
        after: Option<CorrectionId>,
        limit: u32,
    ) -> Result<Vec<Correction>, StoreError>;

    /// One correction.
    async fn correction(&self, id: CorrectionId) -> Result<Option<Correction>, StoreError>;

    /// Begins a redrive, or a drop, of what is parked now. Running, any node takes it up.
    async fn begin_redrive(
        &self,
        new: &NewRedrive,
        state: RedriveState,
    ) -> Result<RedriveId, StoreError>;

    /// Notes how far a redrive has come.
    async fn advance_redrive(
        &self,
        id: RedriveId,
        cursor: ParkedId,
        sent: u64,
        passed_over: u64,
    ) -> Result<(), StoreError>;

    /// Brings a redrive from one state to another; false when it was not in the first.
    async fn turn_redrive(
        &self,
        id: RedriveId,
        from: RedriveState,
        to: RedriveState,
    ) -> Result<bool, StoreError>;

    /// Redrives, the latest first, at most `limit` before the cursor `before`.
    async fn redrives(
        &self,
        state: Option<RedriveState>,
        before: Option<RedriveId>,
        limit: u32,
    ) -> Result<Vec<Redrive>, StoreError>;

    /// One redrive.
    async fn redrive_of(&self, id: RedriveId) -> Result<Option<Redrive>, StoreError>;

    // Nodes.

    /// The sole right, over all nodes, to serve `name`; `None` while it is had already. A node that
    /// dies gives up its claims at once, one that stands still within some ten seconds.
    async fn claim(&self, name: &str) -> Result<Option<Box<dyn Claim>>, StoreError>;

    // Projections.

    /// The journal read forward, and the tables of what projections make of it.
    fn insight(&self) -> Insight;

    // Time.

    /// Forgets journal, payloads and finished deliveries from before a time, without holding anybody
    /// up; whole months on PostgreSQL, so that the youngest of it may stay for a month longer. Returns about
    /// how many journal and payload rows went.
    ///
    /// Golden records, crosswalk, parked messages and the inbox stay: a message that comes again
    /// after years is still recognised.
    async fn forget(&self, before: Timestamp) -> Result<u64, StoreError>;

    // Sources.

    /// How far a source has read.
    async fn checkpoint(
        &self,
        system: &SystemName,
        inlet: &str,
    ) -> Result<Option<serde_json::Value>, StoreError>;

    /// Keeps how far a source has read, which began at `from`.
    ///
    /// A conflict when another one has read on from there meanwhile: a reader that was cut off and
    /// comes back does not put the source back.
    async fn keep_checkpoint(
        &self,
        system: &SystemName,
        inlet: &str,
        from: Option<&serde_json::Value>,
        to: &serde_json::Value,
    ) -> Result<(), StoreError>;

    // Reading.

    /// The golden record of a master.
    async fn golden(&self, id: MasterId) -> Result<Option<GoldenRow>, StoreError>;

    /// The golden records of all masters that are not merged into another, in the order of their ids, at
    /// most `limit` after the cursor `after`.
    async fn masters(
        &self,
        after: Option<MasterId>,
        limit: u32,
    ) -> Result<Vec<GoldenRow>, StoreError>;

    /// Masters of whose names and codes, by whomever they are given, one holds a text; case, width, accents and
    /// blanks do not matter. What is called just so comes first, then what begins with it; the shorter before the
    /// longer, at most `limit`. An empty text finds nobody.
    async fn named(&self, part: &str, limit: u32) -> Result<Vec<MasterId>, StoreError>;

    /// The customer records of systems that are tied to these masters, each with its own, by system and native id.
    async fn records(&self, ids: &[MasterId]) -> Result<Vec<(MasterId, TiedRecord)>, StoreError>;

    /// The golden record of a master as it stood at a moment; `None` before it was made.
    async fn golden_at(&self, id: MasterId, at: Timestamp) -> Result<Option<Version>, StoreError>;

    /// The golden record's versions, newest first, older than the version `after`, at most `limit`.
    async fn history(
        &self,
        id: MasterId,
        after: Option<i64>,
        limit: u32,
    ) -> Result<Vec<Version>, StoreError>;

    /// The claims on prospects, expired ones among them.
    async fn prospect_claims(&self, masters: &[MasterId])
    -> Result<Vec<ProspectClaim>, StoreError>;

    /// To whom a master belongs, and those in their turn, the nearest first.
    async fn parents(&self, id: MasterId) -> Result<Vec<Belonging>, StoreError>;

    /// Who belongs to a master itself.
    async fn children(&self, id: MasterId) -> Result<Vec<Belonging>, StoreError>;

    /// Reviews, oldest first, at most `limit` after the cursor `after`; only those in `state`, if given.
    async fn reviews(
        &self,
        state: Option<ReviewState>,
        after: Option<ReviewId>,
        limit: u32,
    ) -> Result<Vec<Review>, StoreError>;

    /// Reviews that are decided, the latest decision first, at most `limit` after the cursor `after`; only those in
    /// `state`, if given.
    async fn decided_reviews(
        &self,
        state: Option<ReviewState>,
        after: Option<Decided>,
        limit: u32,
    ) -> Result<Vec<Review>, StoreError>;

    /// One review.
    async fn review(&self, id: ReviewId) -> Result<Option<Review>, StoreError>;

    /// Customers who signed and have not bought since a time, the longest first, at most `limit`.
    async fn idle(&self, before: Timestamp, limit: u32) -> Result<Vec<Life>, StoreError>;

    /// Journal records, newest first, at most `limit` before the cursor `before`.
    ///
    /// For paging backwards only. A position is given when a batch is written, not when it is
    /// committed, so a reader that goes forward may pass a batch that commits late.
    async fn messages(
        &self,
        filter: &MessageFilter,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<JournalRecord>, StoreError>;

    /// The message with this id and no other, with its deliveries; `None` if the journal has none.
    async fn message(&self, id: MessageId) -> Result<Option<Trace>, StoreError>;

    /// The bodies of a message.
    async fn payloads(&self, id: MessageId) -> Result<Option<Payloads>, StoreError>;

    /// What each system took of a message, in the order of the systems; nothing of those that took it before this was
    /// kept.
    async fn sent(&self, id: MessageId) -> Result<Vec<Sent>, StoreError>;

    /// The first message of each of these records, as it was journaled; nothing of those that nobody told of.
    async fn first_messages(
        &self,
        masters: &[MasterId],
    ) -> Result<HashMap<MasterId, Attributes>, StoreError>;

    /// Every message that `key` names, with its deliveries: a message id, a master id, a business
    /// key (an order's number, a customer's code) or a native id; newest first, at most `limit` before the
    /// cursor `before`, a position.
    async fn trace(
        &self,
        key: &str,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<Trace>, StoreError>;

    /// Deliveries of messages, by system; a message without any is left out.
    async fn deliveries(
        &self,
        ids: &[MessageId],
    ) -> Result<HashMap<MessageId, Vec<DeliveryRecord>>, StoreError>;

    /// Deliveries that pass `filter`, with their messages, latest first; on from `before`.
    ///
    /// A search for what no index knows looks through a bounded number and may return a short page, or an
    /// empty one, that has a `next` all the same.
    async fn delivered(
        &self,
        filter: &DeliveryFilter,
        before: Option<&DeliveryCursor>,
        limit: u32,
    ) -> Result<DeliveryPage, StoreError>;

    /// Counts over everything, for the summary of a demo or a start page, without counting anything.
    async fn dashboard(&self) -> Result<Dashboard, StoreError>;

    /// What was carried since a time, by stretches of so many seconds, which begin at multiples of it since
    /// 1970; in order of time, those in which something was. It counts, so that it takes the longer the more there is.
    async fn course(&self, since: Timestamp, seconds: u32) -> Result<Vec<Stretch>, StoreError>;
}

/// A shared store.
pub type SharedStore = Arc<dyn Store>;
