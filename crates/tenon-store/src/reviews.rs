//! Pairs of masters that may be one customer: what is asked, and what a person said. No SQL here.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tenon_core::{MasterId, MessageId, Timestamp};

use crate::StoreError;
use crate::error::unreadable;
use crate::rows::{from_json, timestamp};

/// Names a review; rises with time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ReviewId(pub i64);

/// How a review stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReviewState {
    /// Nobody has decided it.
    Open,
    /// They are one customer.
    Approved,
    /// They are two, and are never asked about again.
    Rejected,
}

impl ReviewState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Open, Self::Approved, Self::Rejected];

    /// The name in tables: `open`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
        }
    }
}

impl std::str::FromStr for ReviewState {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let mut states = Self::ALL.into_iter();
        states
            .find(|state| state.as_str() == text)
            .ok_or_else(|| format!("`{text}` is no state of a review: open, approved, rejected"))
    }
}

/// A pair that a person is to decide. The order of the two does not matter, and a pair that was
/// asked about before, whatever became of it, is not asked about again.
#[derive(Debug, Clone, PartialEq)]
pub struct Doubt {
    /// One master.
    pub one: MasterId,
    /// The other.
    pub other: MasterId,
    /// Stable name of the reason: `several_masters`.
    pub reason: String,
    /// What speaks for and against it, for a person.
    pub evidence: Value,
    /// The message that raised it.
    pub message_id: MessageId,
}

impl Doubt {
    /// The pair in the order in which it is kept: the elder first.
    pub(crate) fn pair(&self) -> (MasterId, MasterId) {
        pair(self.one, self.other)
    }
}

/// Two masters in the order in which they are kept.
pub(crate) fn pair(one: MasterId, other: MasterId) -> (MasterId, MasterId) {
    (one.min(other), one.max(other))
}

/// What a person said of a pair.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// One master.
    pub one: MasterId,
    /// The other.
    pub other: MasterId,
    /// Whether they are one; open, where what was said is taken back.
    pub state: ReviewState,
    /// Who said so.
    pub by: String,
    /// Why.
    pub because: String,
    /// The command.
    pub message_id: MessageId,
    /// How the pair must stand: else another decision is a conflict. Without it the judgement replaces
    /// whatever was said, and a pair that was never asked about is entered.
    pub replaces: Option<ReviewState>,
}

/// A place among decided reviews: when one was decided, and which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decided {
    /// When.
    pub at: Timestamp,
    /// Which.
    pub id: ReviewId,
}

impl Review {
    /// Its place among decided reviews; `None` while it is open.
    pub fn decided(&self) -> Option<Decided> {
        let at = self.decided_at?;
        Some(Decided { at, id: self.id })
    }
}

/// A review as it stands.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Review {
    /// Its name.
    pub id: ReviewId,
    /// The elder master.
    pub one: MasterId,
    /// The other.
    pub other: MasterId,
    /// How it stands.
    pub state: ReviewState,
    /// Stable name of the reason.
    pub reason: String,
    /// What speaks for and against it.
    pub evidence: Value,
    /// The message that raised it.
    pub message_id: MessageId,
    /// When it was raised.
    pub opened_at: Timestamp,
    /// When it was decided.
    pub decided_at: Option<Timestamp>,
    /// Who decided it.
    pub decided_by: Option<String>,
    /// Why.
    pub because: Option<String>,
}

/// A row of the reviews as the databases return it.
pub(crate) struct ReviewRow {
    pub(crate) id: i64,
    pub(crate) one: uuid::Uuid,
    pub(crate) other: uuid::Uuid,
    pub(crate) state: String,
    pub(crate) reason: String,
    pub(crate) evidence: String,
    pub(crate) message_id: uuid::Uuid,
    pub(crate) opened_at: i64,
    pub(crate) decided_at: Option<i64>,
    pub(crate) decided_by: Option<String>,
    pub(crate) because: Option<String>,
}

impl ReviewRow {
    pub(crate) fn review(self) -> Result<Review, StoreError> {
        let state = self.state.parse();
        Ok(Review {
            id: ReviewId(self.id),
            one: MasterId(self.one),
            other: MasterId(self.other),
            state: state.map_err(|error: String| unreadable("a review's state", error))?,
            reason: self.reason,
            evidence: from_json("a review's evidence", &self.evidence)?,
            message_id: MessageId(self.message_id),
            opened_at: timestamp(self.opened_at)?,
            decided_at: self.decided_at.map(timestamp).transpose()?,
            decided_by: self.decided_by,
            because: self.because,
        })
    }
}
