//! What operators see and decide: what waits, in groups, and what is paused. No SQL here.

use std::str::FromStr;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tenon_core::{SystemName, Timestamp};

use crate::error::unreadable;
use crate::rows::{count, system, timestamp};
use crate::{Direction, ParkedState, StoreError};

/// Half of a connector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Half {
    /// What comes from the system.
    Receive,
    /// What goes to it.
    Deliver,
}

impl Half {
    /// Both halves.
    pub const ALL: [Self; 2] = [Self::Receive, Self::Deliver];

    /// The name in tables: `receive`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Receive => "receive",
            Self::Deliver => "deliver",
        }
    }
}

impl FromStr for Half {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let mut halves = Self::ALL.into_iter();
        halves
            .find(|half| half.as_str() == text)
            .ok_or_else(|| format!("`{text}` is no half of a connector: receive, deliver"))
    }
}

/// A half of a connector that a person has paused. Nothing is lost by it: what the system has stays
/// there, what is for it stays in its queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pause {
    /// The system.
    pub system: SystemName,
    /// Which half.
    pub half: Half,
    /// Who paused it.
    pub by: String,
    /// Why.
    pub because: String,
    /// Since when.
    pub at: Timestamp,
}

/// Parked messages that wait for the same reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParkedGroup {
    /// The system they came from (inbound) or go to (outbound).
    pub system: SystemName,
    /// On their way in or out.
    pub direction: Direction,
    /// What they wait for.
    pub state: ParkedState,
    /// Stable code of the reason.
    pub code: String,
    /// How many.
    pub count: u64,
    /// Since when the first of them waits.
    pub oldest: Timestamp,
}

/// What operators see and decide.
#[async_trait]
pub trait Operations: Send + Sync + 'static {
    /// What waits, by system, direction, state and code; asked every second, so without counting it.
    async fn parked_groups(&self) -> Result<Vec<ParkedGroup>, StoreError>;

    /// What is paused.
    async fn pauses(&self) -> Result<Vec<Pause>, StoreError>;

    /// Pauses a half of a connector on every node, or says anew why it is; the pause that there was before.
    async fn pause(&self, pause: &Pause) -> Result<Option<Pause>, StoreError>;

    /// Ends a pause; the one that there was.
    async fn resume(&self, system: &SystemName, half: Half) -> Result<Option<Pause>, StoreError>;
}

pub(crate) type PauseRow = (String, String, String, String, i64);

pub(crate) fn pause(row: PauseRow) -> Result<Pause, StoreError> {
    let (name, half, by, because, at) = row;
    Ok(Pause {
        system: system(&name)?,
        half: half
            .parse()
            .map_err(|error: String| unreadable("a pause", error))?,
        by,
        because,
        at: timestamp(at)?,
    })
}

pub(crate) type GroupRow = (String, String, String, String, i64, i64);

pub(crate) fn group(row: GroupRow) -> Result<ParkedGroup, StoreError> {
    let (name, direction, state, code, number, oldest) = row;
    let known = |state: &str| {
        ParkedState::ALL
            .into_iter()
            .find(|one| one.as_str() == state)
    };
    Ok(ParkedGroup {
        system: system(&name)?,
        direction: match direction.as_str() {
            "inbound" => Direction::Inbound,
            _ => Direction::Outbound,
        },
        state: known(&state).ok_or_else(|| unreadable("a parked message's state", &state))?,
        code,
        count: count(number),
        oldest: timestamp(oldest)?,
    })
}
