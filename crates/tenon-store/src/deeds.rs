//! What was tried with messages that wait, and what people do with them: history, corrections,
//! redrives. No SQL here.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tenon_core::{MessageId, SystemName, Timestamp};

use crate::error::unreadable;
use crate::rows::{count, from_json, system, timestamp};
use crate::{Direction, ParkedFilter, ParkedId, StoreError};

/// Who does something to messages that wait, and why.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deed {
    /// The person.
    pub who: String,
    /// The reason; empty where none was asked for.
    pub because: String,
}

impl Deed {
    /// A deed of `who`, because of something.
    pub fn new(who: impl Into<String>, because: impl Into<String>) -> Self {
        Self {
            who: who.into(),
            because: because.into(),
        }
    }
}

// ---- History ----------------------------------------------------------------------------------

/// Something that happened to a message that waits or waited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// An attempt failed, and nothing but a person changes that.
    Failed,
    /// An attempt failed, and another is to follow.
    Retry,
    /// Something else has to become known first.
    Waiting,
    /// It was delivered, or needs no delivery any more.
    Settled,
    /// A person sent it again.
    Redriven,
    /// It was not sent again: a later message of the same record has been accepted.
    PassedOver,
    /// A person proposed another body.
    Proposed,
    /// A second person approved it: from now on that is the body.
    Corrected,
    /// A second person rejected it.
    Rejected,
    /// A person gave it up.
    Dropped,
}

impl EventKind {
    const ALL: [Self; 10] = [
        Self::Failed,
        Self::Retry,
        Self::Waiting,
        Self::Settled,
        Self::Redriven,
        Self::PassedOver,
        Self::Proposed,
        Self::Corrected,
        Self::Rejected,
        Self::Dropped,
    ];

    /// The name in tables: `passed_over`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Retry => "retry",
            Self::Waiting => "waiting",
            Self::Settled => "settled",
            Self::Redriven => "redriven",
            Self::PassedOver => "passed_over",
            Self::Proposed => "proposed",
            Self::Corrected => "corrected",
            Self::Rejected => "rejected",
            Self::Dropped => "dropped",
        }
    }
}

/// One line of the history of a message that waits or waited.
#[derive(Debug, Clone, PartialEq)]
pub struct ParkedEvent {
    /// When.
    pub at: Timestamp,
    /// On its way in or out.
    pub direction: Direction,
    /// The system it came from (inbound) or was to go to (outbound).
    pub system: SystemName,
    /// What happened.
    pub what: EventKind,
    /// The person, where one did it.
    pub who: Option<String>,
    /// Stable code of the failure.
    pub code: Option<String>,
    /// The target's answer, the failure, or the person's reason.
    pub detail: String,
    /// Attempts made by then.
    pub attempts: u32,
    /// What the target was given in this attempt, in its own form.
    pub sent: Option<Bytes>,
}

/// A row of the history as the databases return it: time, direction, system, what, who, code, detail,
/// attempts, sent.
pub(crate) type EventRow = (
    i64,
    String,
    String,
    String,
    Option<String>,
    Option<String>,
    String,
    i32,
    Option<Vec<u8>>,
);

pub(crate) fn event(row: EventRow) -> Result<ParkedEvent, StoreError> {
    let (at, direction, name, what, who, code, detail, attempts, sent) = row;
    Ok(ParkedEvent {
        at: timestamp(at)?,
        direction: Direction::read(&direction)?,
        system: system(&name)?,
        what: EventKind::ALL
            .into_iter()
            .find(|kind| kind.as_str() == what)
            .ok_or_else(|| unreadable("an event", &what))?,
        who,
        code,
        detail,
        attempts: attempts.unsigned_abs(),
        sent: sent.map(crate::body::unpack),
    })
}

// ---- Corrections ------------------------------------------------------------------------------

/// Names a correction; rises with time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CorrectionId(pub i64);

/// How a correction stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CorrectionState {
    /// A second person has to decide it.
    Proposed,
    /// It is the message's body.
    Approved,
    /// It was turned down.
    Rejected,
}

impl CorrectionState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Proposed, Self::Approved, Self::Rejected];

    /// The name in tables: `proposed`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Proposed => "proposed",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
        }
    }
}

impl std::str::FromStr for CorrectionState {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let mut states = Self::ALL.into_iter();
        states.find(|state| state.as_str() == text).ok_or_else(|| {
            format!("`{text}` is no state of a correction: proposed, approved, rejected")
        })
    }
}

/// Another body for a parked message: one person proposes it, another decides. Both bodies are kept;
/// written out, it goes without them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Correction {
    /// Its name.
    pub id: CorrectionId,
    /// The message.
    pub message_id: MessageId,
    /// On its way in or out.
    pub direction: Direction,
    /// The system it came from (inbound) or goes to (outbound).
    pub system: SystemName,
    /// The parked message; `None` when it does not wait any more.
    pub parked: Option<ParkedId>,
    /// How it stands.
    pub state: CorrectionState,
    /// The body as it was when this was proposed.
    #[serde(skip)]
    pub original: Bytes,
    /// The body as it is to be.
    #[serde(skip)]
    pub proposed: Bytes,
    /// Who proposed it, and why.
    pub proposal: Deed,
    /// When.
    pub proposed_at: Timestamp,
    /// Who decided it, and why.
    pub decision: Option<Deed>,
    /// When.
    pub decided_at: Option<Timestamp>,
}

/// What is decided: message, system, direction, the body as it was and as it is to be.
pub(crate) type DecidedRow = (uuid::Uuid, String, String, Vec<u8>, Vec<u8>);

/// A row of the corrections as the databases return it.
pub(crate) type CorrectionRow = (
    i64,
    uuid::Uuid,
    String,
    String,
    Option<i64>,
    String,
    Vec<u8>,
    Vec<u8>,
    String,
    String,
    i64,
    Option<String>,
    Option<String>,
    Option<i64>,
);

pub(crate) fn correction(row: CorrectionRow) -> Result<Correction, StoreError> {
    let (
        id,
        message,
        direction,
        name,
        parked,
        state,
        original,
        proposed,
        by,
        because,
        at,
        decider,
        decision,
        decided,
    ) = row;
    let state = state.parse();
    Ok(Correction {
        id: CorrectionId(id),
        message_id: MessageId(message),
        direction: Direction::read(&direction)?,
        system: system(&name)?,
        parked: parked.map(ParkedId),
        state: state.map_err(|error: String| unreadable("a correction's state", error))?,
        original: crate::body::unpack(original),
        proposed: crate::body::unpack(proposed),
        proposal: Deed::new(by, because),
        proposed_at: timestamp(at)?,
        decision: decider.map(|who| Deed::new(who, decision.unwrap_or_default())),
        decided_at: decided.map(timestamp).transpose()?,
    })
}

// ---- Redrives ---------------------------------------------------------------------------------

/// Names a redrive; rises with time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RedriveId(pub i64);

/// How a redrive stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RedriveState {
    /// Some node is at it, or takes it up.
    Running,
    /// A person stopped it; it can go on.
    Stopped,
    /// Everything selected has been sent again or passed over.
    Done,
}

impl RedriveState {
    const ALL: [Self; 3] = [Self::Running, Self::Stopped, Self::Done];

    /// The name in tables: `running`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Stopped => "stopped",
            Self::Done => "done",
        }
    }
}

/// What is done with everything that was selected.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// It is sent again.
    #[default]
    Redrive,
    /// It is given up.
    Drop,
}

impl Act {
    const ALL: [Self; 2] = [Self::Redrive, Self::Drop];

    /// The name in tables: `redrive`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Redrive => "redrive",
            Self::Drop => "drop",
        }
    }
}

/// A redrive that is to begin, or a drop: what was selected is sent again once, in its order, or given up.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NewRedrive {
    /// What is done.
    pub act: Act,
    /// Which parked messages; those that are parked later do not belong to it.
    pub selection: ParkedFilter,
    /// At most so many a second.
    pub per_second: Option<u32>,
    /// Also what a later message of the same record has overtaken.
    pub force: bool,
    /// Who, and why.
    pub deed: Deed,
}

/// A redrive, and how far it has come. Any node can take it up where another has left it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Redrive {
    /// Its name.
    pub id: RedriveId,
    /// What is done.
    pub act: Act,
    /// Which parked messages.
    pub selection: ParkedFilter,
    /// The last message that was parked when it began.
    pub until: ParkedId,
    /// The last one that was taken.
    pub cursor: ParkedId,
    /// At most so many a second.
    pub per_second: Option<u32>,
    /// Also what a later message of the same record has overtaken.
    pub force: bool,
    /// How it stands.
    pub state: RedriveState,
    /// Who began it, and why.
    #[serde(flatten)]
    pub deed: Deed,
    /// When.
    pub began_at: Timestamp,
    /// When it was done or stopped.
    pub ended_at: Option<Timestamp>,
    /// How many were selected when it began.
    pub total: u64,
    /// Messages sent again, or given up.
    pub sent: u64,
    /// Messages passed over; their history says why.
    pub passed_over: u64,
}

/// A row of the redrives as the databases return it, with the moments of either.
pub(crate) type RedriveRow<M> = (
    i64,
    String,
    String,
    i64,
    i64,
    Option<i32>,
    bool,
    String,
    String,
    String,
    M,
    Option<M>,
    i64,
    i64,
    i64,
);

pub(crate) fn redrive<M>(
    row: RedriveRow<M>,
    micros: impl Fn(M) -> i64,
) -> Result<Redrive, StoreError> {
    let (
        id,
        act,
        selection,
        until,
        cursor,
        per_second,
        force,
        state,
        who,
        because,
        began,
        ended,
        total,
        sent,
        passed_over,
    ) = row;
    Ok(Redrive {
        id: RedriveId(id),
        act: Act::ALL
            .into_iter()
            .find(|found| found.as_str() == act)
            .ok_or_else(|| unreadable("what a redrive does", &act))?,
        selection: from_json("a redrive's selection", &selection)?,
        until: ParkedId(until),
        cursor: ParkedId(cursor),
        per_second: per_second.map(i32::unsigned_abs),
        force,
        state: RedriveState::ALL
            .into_iter()
            .find(|found| found.as_str() == state)
            .ok_or_else(|| unreadable("a redrive's state", &state))?,
        deed: Deed::new(who, because),
        began_at: timestamp(micros(began))?,
        ended_at: ended.map(micros).map(timestamp).transpose()?,
        total: count(total),
        sent: count(sent),
        passed_over: count(passed_over),
    })
}
