//! The shapes that go into and come out of the store.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Deserializer, Serialize};
use tenon_core::{
    Attributes, Entity, FailureKind, MasterId, MessageId, NativeId, OrderingKey, Reference,
    SystemName, Timestamp,
};
use tenon_master::MasterKey;
use tenon_master::likeness::MatchKey;

use crate::{
    Belonging, BelongingWrite, BomLookup, BomWrite, Doubt, GoldenRow, ItemMove, ItemRecord,
    Judgement, KnownBoms, Life, MasterWrite, Move, ProspectClaim, ProspectClaimWrite, RedriveId,
    Review, ReviewId, Tie,
};

// ---- Inbound ----------------------------------------------------------------------------------

/// What a batch of inbound messages asks about.
#[derive(Debug, Clone, Default)]
pub struct Lookup {
    /// Have these been journaled before?
    pub messages: Vec<MessageId>,
    /// To which masters do these native ids belong? Records themselves and their references.
    pub natives: Vec<(Entity, SystemName, NativeId)>,
    /// To which masters do these keys belong?
    pub keys: Vec<MasterKey>,
    /// Masters asked for by id.
    pub masters: Vec<MasterId>,
    /// Which mnemonic codes of these stems are taken? (`CKMY` asks for `CKMY`, `CKMY2` …)
    pub code_stems: Vec<String>,
    /// Reviews asked for.
    pub reviews: Vec<ReviewId>,
    /// Masters whose claims are asked for.
    pub claims: Vec<MasterId>,
    /// Masters of which it is asked to whom they belong, and those in their turn.
    pub parents: Vec<MasterId>,
    /// Whether it is asked how many foundings there were: see [`Founding`].
    pub foundings: bool,
    /// Whether it is asked when the customers found by native id last bought.
    pub lives: bool,
    /// Whether it is asked what is said of the items found by native id, and of those that share a key
    /// with them.
    pub items: bool,
    /// What is asked about released bills of materials; what is said of the items in them with it.
    pub boms: Option<BomLookup>,
}

/// What the store knows about a [`Lookup`].
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// Messages that were journaled before, with what is needed to publish them again.
    pub seen: HashMap<MessageId, Seen>,
    /// Crosswalk: native → master.
    pub natives: HashMap<(Entity, SystemName, NativeId), MasterId>,
    /// Claimed keys.
    pub keys: HashMap<MasterKey, MasterId>,
    /// The golden records of every master found by native id of a mastered entity, key, or id.
    pub golden: HashMap<MasterId, GoldenRow>,
    /// Codes taken, among those asked for.
    pub codes: Vec<String>,
    /// Of the records and keys found that came to their master by a merge: the master to which each
    /// belongs when no merge is counted.
    pub unmerged: HashMap<Tie, MasterId>,
    /// The reviews asked for.
    pub reviews: HashMap<ReviewId, Review>,
    /// The claims asked for, expired ones among them.
    pub claims: HashMap<MasterId, ProspectClaim>,
    /// To whom the masters asked about belong, the nearest first.
    pub parents: HashMap<MasterId, Vec<Belonging>>,
    /// The number of the latest founding, if it was asked for.
    pub founded: Option<i64>,
    /// When customers last bought, if that was asked for.
    pub lives: HashMap<MasterId, Timestamp>,
    /// What systems say of items, if that was asked for.
    pub items: Vec<ItemRecord>,
    /// The number of the latest release of a bill or join of items, before anything else was asked, if items
    /// are concerned.
    pub released: Option<i64>,
    /// What is known of released bills of materials, if that was asked for.
    pub boms: Option<KnownBoms>,
}

/// A message that was journaled before.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// The attributes under which it was routed, the ordering key and master id resolved.
    pub attributes: Attributes,
    /// The systems it was routed to.
    pub targets: Vec<SystemName>,
    /// The canonical body as it was routed, if it was.
    pub canonical: Option<Bytes>,
}

/// Everything that one inbound batch changes, as one transaction.
#[derive(Debug, Clone, Default)]
pub struct Commit {
    /// The messages, in order.
    pub messages: Vec<Inbound>,
    /// Crosswalk links found or made. A link that exists with the same master is no conflict.
    pub links: Vec<Link>,
    /// New and changed golden records. A change releases what waited for the master's values.
    pub masters: Vec<MasterWrite>,
    /// Keys by which masters are found from now on. Claimed already by the same master: no conflict.
    pub keys: Vec<(MasterKey, MasterId)>,
    /// Records that their own system has stated anew: what was last delivered to it is no longer
    /// what it holds, so the hash kept with the link is forgotten.
    pub restated: Vec<(Entity, SystemName, NativeId)>,
    /// Parked messages that this batch ends: they were published again and are journaled anew.
    pub redriven: Vec<MessageId>,
    /// Records and keys among the new ones whose master is another when no merge is counted.
    pub unmerged: Vec<(Tie, MasterId)>,
    /// Ties that change their master, in this order, after everything else.
    pub moves: Vec<Move>,
    /// Pairs of masters that a person is to decide.
    pub doubts: Vec<Doubt>,
    /// What a person said of pairs.
    pub judgements: Vec<Judgement>,
    /// Codes that are kept free for now, `true`, or no longer, `false`: a reserved code is the key of
    /// no master.
    pub reservations: Vec<(MasterKey, bool)>,
    /// Claims made, renewed, handed over or given up.
    pub claims: Vec<ProspectClaimWrite>,
    /// Who belongs to whom from now on.
    pub belongings: Vec<BelongingWrite>,
    /// That new masters were made because none was like them: else nobody asks.
    pub founding: Option<Founding>,
    /// Customers who bought, or came to another stage.
    pub lives: Vec<Life>,
    /// What systems say of items from now on.
    pub items: Vec<ItemRecord>,
    /// Items that went by an id of their own before they were found to be another's: both.
    pub items_joined: Vec<(MasterId, MasterId)>,
    /// Bills of materials that are released, or not to be used any more.
    pub boms: Vec<BomWrite>,
    /// Records that a person says are another item than they were.
    pub items_moved: Vec<ItemMove>,
    /// The items that the bills were decided upon.
    pub boms_seen: Vec<MasterId>,
    /// [`Known::released`] before it was looked: a release or join since that concerns one of the items
    /// seen is a conflict.
    pub boms_since: Option<i64>,
}

/// New masters are made because no master was found under their match keys.
///
/// Two who look at once both find none. So foundings are numbered, one after the other: one that
/// comes second, and shares a key with what was founded since it looked, is a conflict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Founding {
    /// [`Known::founded`] before it was looked.
    pub since: i64,
    /// The keys under which nobody was found, in order.
    pub keys: Vec<MatchKey>,
}

/// One message as it enters the journal.
#[derive(Debug, Clone)]
pub struct Inbound {
    /// With master id, ordering key and sequence as resolved.
    pub attributes: Attributes,
    /// What people call the record by.
    pub business_key: Option<String>,
    /// Where in the source it stood.
    pub origin: String,
    /// What became of it.
    pub state: InboundState,
    /// The native record as it came.
    pub raw: Bytes,
    /// The canonical body as routed.
    pub canonical: Option<Bytes>,
}

/// What became of an inbound message.
#[derive(Debug, Clone, PartialEq)]
pub enum InboundState {
    /// Goes to these systems; to none if nobody subscribed or nothing changed.
    Routed {
        /// The systems.
        targets: Vec<SystemName>,
    },
    /// The mapping said that it is not wanted.
    Filtered,
    /// It states nothing that the golden record does not already hold.
    Unchanged,
    /// It does not fit; it is parked as invalid (direction inbound) in the same transaction.
    Invalid {
        /// Stable code: `schema.violation`.
        code: String,
        /// For a person.
        detail: String,
    },
    /// A command, and it was done; the messages that follow from it are journaled with it.
    Done,
    /// A command that was not done; nothing changed.
    Refused {
        /// Why, for the person who gave it.
        detail: String,
    },
}

impl InboundState {
    /// The name in tables: `routed`, `filtered`, `unchanged`, `invalid`, `done`, `refused`.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Routed { .. } => "routed",
            Self::Filtered => "filtered",
            Self::Unchanged => "unchanged",
            Self::Invalid { .. } => "invalid",
            Self::Done => "done",
            Self::Refused { .. } => "refused",
        }
    }
}

/// A row of the crosswalk.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Link {
    /// Of what.
    pub entity: Entity,
    /// Whose id.
    pub system: SystemName,
    /// The id there.
    pub native_id: NativeId,
    /// The master.
    pub master_id: MasterId,
}

// ---- Outbound ---------------------------------------------------------------------------------

/// What a batch for one system asks about.
#[derive(Debug, Clone)]
pub struct OutboundLookup {
    /// The target.
    pub system: SystemName,
    /// Entities that the target holds under ids of its own, so that references to them must be
    /// translated. For others a reference is resolved to its master only.
    pub translated: Vec<Entity>,
    /// The messages: id, entity, master and lane.
    pub messages: Vec<(MessageId, Entity, MasterId, OrderingKey)>,
    /// The references that their bodies hold, each once.
    pub references: Vec<ReferenceLookup>,
}

/// A reference and what it points at.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ReferenceLookup {
    /// What it points at.
    pub entity: Entity,
    /// The pointer.
    pub reference: Reference,
}

/// What the store knows about an [`OutboundLookup`].
#[derive(Debug, Clone, Default)]
pub struct OutboundKnown {
    /// Messages that already have a final outcome in this system.
    pub settled: HashMap<MessageId, DeliveryState>,
    /// Lanes of this system with parked messages: newcomers stand behind.
    pub blocked: std::collections::HashSet<OrderingKey>,
    /// What the system holds of each master: one entry per native id, oldest link first.
    pub holdings: HashMap<(Entity, MasterId), Vec<Holding>>,
    /// The references, as far as they are known.
    pub references: HashMap<ReferenceLookup, ResolvedReference>,
}

/// What a system holds of one master under one native id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holding {
    /// The id there.
    pub native_id: NativeId,
    /// Hash of the native payload that was last delivered; `None` if nothing was yet.
    pub hash: Option<Vec<u8>>,
    /// The golden version last delivered.
    pub sequence: Option<i64>,
    /// Whether the system told of it before it was given it.
    pub told: bool,
}

/// A reference as far as it is known.
#[derive(Debug, Clone, PartialEq)]
pub struct ResolvedReference {
    /// The master; `None` when nobody has told of the record yet.
    pub master_id: Option<MasterId>,
    /// Every system's id of it, the oldest where there are several.
    pub ids: BTreeMap<SystemName, NativeId>,
    /// The golden record, for mastered entities.
    pub golden: Option<GoldenRow>,
}

/// Everything that one batch of deliveries to one system changes, as one transaction.
#[derive(Debug, Clone)]
pub struct Settlement {
    /// The target.
    pub system: SystemName,
    /// Final outcomes.
    pub outcomes: Vec<Outcome>,
    /// Messages that are to wait, from the queue or again.
    pub parked: Vec<Park>,
}

/// A final outcome of one message in one system.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The message.
    pub message_id: MessageId,
    /// What it is about.
    pub entity: Entity,
    /// The master.
    pub master_id: MasterId,
    /// What became of it.
    pub state: OutcomeState,
    /// The target's answer, or the reason, for a person.
    pub detail: String,
    /// Attempts made in all.
    pub attempts: u32,
    /// From acceptance by the hub to the outcome.
    pub latency: Duration,
    /// What the target now holds: crosswalk links with the delivered payload's hash.
    pub holdings: Vec<Holding>,
    /// What the target took, where it was given something: one JSON text a line, one for each record.
    pub sent: Option<Bytes>,
    /// The parked message that it ends; its lane advances.
    pub parked: Option<ParkedId>,
}

/// How a delivery ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeState {
    /// The target took it.
    Delivered,
    /// The target already holds just this.
    Unchanged,
    /// The target already holds a later version.
    Superseded,
    /// The mapping or condition gave nothing to deliver.
    Filtered,
}

/// A final state of a delivery, as stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// The target took it.
    Delivered,
    /// The target already held just this.
    Unchanged,
    /// The target already held a later version.
    Superseded,
    /// There was nothing to deliver.
    Filtered,
    /// It waits; see the parked messages.
    Parked,
    /// A person gave it up, with a reason.
    Dropped,
}

/// A message that is to wait, with what is needed to deliver it later.
#[derive(Debug, Clone)]
pub struct Park {
    /// The parked message, if it was one already: the row is brought up to date and keeps its place.
    pub id: Option<ParkedId>,
    /// The message.
    pub parcel: Parcel,
    /// Why it waits.
    pub reason: ParkReason,
    /// Attempts made in all.
    pub attempts: u32,
    /// Whether an attempt has just failed, which its history then tells.
    pub tried: bool,
    /// What the target was given in that attempt, in its own form.
    pub sent: Option<Bytes>,
}

/// A message on its way to one system.
#[derive(Debug, Clone, PartialEq)]
pub struct Parcel {
    /// Its attributes as routed.
    pub attributes: Attributes,
    /// The canonical body as routed.
    pub body: Bytes,
}

/// Why a message waits.
#[derive(Debug, Clone, PartialEq)]
pub enum ParkReason {
    /// For a person: the failure will not pass by itself.
    Failed {
        /// Its kind.
        kind: FailureKind,
        /// Stable code.
        code: String,
        /// For a person.
        detail: String,
    },
    /// For the time of its next attempt after a transient failure.
    Retry {
        /// When.
        at: Timestamp,
        /// Stable code of the failure.
        code: String,
        /// For a person.
        detail: String,
    },
    /// For something else to become known.
    Dependency {
        /// What.
        on: Dependency,
        /// For a person: `customer crm/C-17 is not yet in erp`.
        detail: String,
    },
    /// For the message before it in its lane.
    Behind,
}

impl ParkReason {
    /// What went wrong, if anything did: its code, and what a person is told.
    pub fn failure(&self) -> Option<(&str, &str)> {
        match self {
            Self::Failed { code, detail, .. } | Self::Retry { code, detail, .. } => {
                Some((code, detail))
            }
            Self::Dependency { .. } | Self::Behind => None,
        }
    }
}

/// What a parked message waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dependency {
    /// A record must become known in the target: the reference must get a link there.
    LinkInTarget(ReferenceLookup),
    /// A master's values must change (a required field is missing): it must get a version later
    /// than the one that was seen, so that a change between looking and parking is not missed.
    MasterChange {
        /// The master.
        master_id: MasterId,
        /// The version of its golden record that was seen.
        version: i64,
    },
}

// ---- Parked messages, for people --------------------------------------------------------------

/// Names a parked message; rises with time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ParkedId(pub i64);

/// Whether a parked message was on its way in or out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From a system: it could not be translated or validated.
    Inbound,
    /// To a system.
    Outbound,
}

/// What a parked message waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ParkedState {
    /// A person.
    Failed,
    /// Its next attempt.
    Retry,
    /// A dependency.
    Waiting,
    /// The message before it in its lane.
    Behind,
    /// Nothing: it is to be delivered now.
    Due,
}

/// A parked message.
#[derive(Debug, Clone, PartialEq)]
pub struct ParkedRecord {
    /// Its name.
    pub id: ParkedId,
    /// On its way in or out.
    pub direction: Direction,
    /// The system it came from (inbound) or goes to (outbound).
    pub system: SystemName,
    /// What it waits for.
    pub state: ParkedState,
    /// Kind of the failure, where one was the reason.
    pub kind: Option<FailureKind>,
    /// Stable code of the reason.
    pub code: String,
    /// The reason, for a person.
    pub detail: String,
    /// Attempts made in all.
    pub attempts: u32,
    /// When the next attempt is due.
    pub retry_at: Option<Timestamp>,
    /// Since when it waits.
    pub parked_at: Timestamp,
    /// How many messages stand behind it in its lane: counted up to 1,000, and not counted (0) for
    /// those that `due` returns.
    pub behind: u64,
    /// Since when the eldest of those behind it waits.
    pub behind_since: Option<Timestamp>,
    /// The message; inbound, the body is the raw native record.
    pub parcel: Parcel,
}

/// A text that names something: an empty one would name everything.
fn said<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.filter(|text| !text.is_empty()))
}

/// Which parked messages: those of which everything holds that is given.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ParkedFilter {
    /// Only these; all if none is named.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ids: Vec<ParkedId>,
    /// Only of this system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system: Option<SystemName>,
    /// Only about this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entity: Option<Entity>,
    /// Only about this record: its native id, its business key, its lane, or the message's id.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "said")]
    pub key: Option<String>,
    /// Only with just this code.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "said")]
    pub code: Option<String>,
    /// Only with this text in code or detail.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "said")]
    pub reason: Option<String>,
    /// Only with this text in the body, byte for byte.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "said")]
    pub text: Option<String>,
    /// Only those parked at or after this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Only those parked before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Only in this direction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direction: Option<Direction>,
    /// Only in this state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<ParkedState>,
    /// Only those that were selected when this bulk drop began, and were not taken yet.
    #[serde(skip)]
    pub chosen_by: Option<RedriveId>,
}
