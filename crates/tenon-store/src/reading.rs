//! What people and programs read of journal, deliveries and parked messages.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::Serialize;
use tenon_core::{Attributes, Entity, NativeId, SystemName, Timestamp};

use crate::DeliveryState;
use crate::rows::count;

/// A journaled message, without its bodies.
#[derive(Debug, Clone, PartialEq)]
pub struct JournalRecord {
    /// Rises with each message; the paging cursor.
    pub position: i64,
    /// When the hub journaled it.
    pub journaled_at: Timestamp,
    /// Its attributes.
    pub attributes: Attributes,
    /// What people call the record by.
    pub business_key: Option<String>,
    /// Where in the source it stood.
    pub origin: String,
    /// `routed`, `filtered`, `unchanged`, `invalid`, `done`, `refused`.
    pub state: String,
    /// Why it is invalid or refused.
    pub detail: Option<String>,
    /// The systems it was routed to.
    pub targets: Vec<SystemName>,
}

/// The bodies of a message.
#[derive(Debug, Clone, PartialEq)]
pub struct Payloads {
    /// The native record as it came.
    pub raw: Bytes,
    /// The canonical body as routed.
    pub canonical: Option<Bytes>,
}

/// What a system took of a message when it was given it last.
#[derive(Debug, Clone, PartialEq)]
pub struct Sent {
    /// The system.
    pub system: SystemName,
    /// When it had taken it.
    pub at: Timestamp,
    /// One JSON text a line, one for each record.
    pub body: Bytes,
}

/// A delivery of a message to a system.
#[derive(Debug, Clone, PartialEq)]
pub struct DeliveryRecord {
    /// The target.
    pub system: SystemName,
    /// How it stands.
    pub state: DeliveryState,
    /// The target's answer or the reason.
    pub detail: String,
    /// Attempts made.
    pub attempts: u32,
    /// When it came to stand so.
    pub at: Timestamp,
    /// The id in the target, when it has one.
    pub native_id: Option<NativeId>,
}

/// A message and where it went.
#[derive(Debug, Clone, PartialEq)]
pub struct Trace {
    /// The message.
    pub message: JournalRecord,
    /// One entry a target it was routed to; a target without one is still on the way.
    pub deliveries: Vec<DeliveryRecord>,
}

/// Which journal records.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MessageFilter {
    /// Only from this system.
    pub source: Option<SystemName>,
    /// Only about this.
    pub entity: Option<Entity>,
    /// Only in this state.
    pub state: Option<String>,
    /// Only about this record.
    pub business_key: Option<String>,
    /// Only those journaled at or after this time.
    pub since: Option<Timestamp>,
    /// Only those journaled before this time.
    pub until: Option<Timestamp>,
    /// Only those after this position, so that a search that finds little ends.
    pub after: Option<i64>,
    /// Only those in whose native or canonical body this stands, as it is written there.
    pub text: Option<String>,
}

/// Counts over everything.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Dashboard {
    /// Messages by state: `routed`, `unchanged`, `invalid` …
    pub messages: BTreeMap<String, u64>,
    /// Deliveries by system and state.
    pub deliveries: BTreeMap<String, BTreeMap<String, u64>>,
    /// Parked messages by system and state.
    pub parked: BTreeMap<String, BTreeMap<String, u64>>,
    /// Master records.
    pub masters: u64,
    /// Native records of mastered entities in the crosswalk, hub deliveries included.
    pub links: u64,
    /// Source records that joined a master which another record had made: records of mastered
    /// entities that a system told of itself, less the masters.
    pub joined: u64,
    /// Median and 99th percentile from acceptance to outcome, in milliseconds, over the latest
    /// hundred thousand deliveries of the last hour.
    pub latency_ms: Option<(f64, f64)>,
}

/// What was carried in a stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// When it begins.
    pub at: Timestamp,
    /// Messages that were journaled.
    pub received: u64,
    /// Those of them that are invalid.
    pub invalid: u64,
    /// Deliveries that came to their end: the target has it, or needs it not.
    pub settled: u64,
}

/// The number of a stretch since 1970, and what is counted in it.
pub(crate) type Counted = (i64, i64, i64, i64);

impl Stretch {
    pub(crate) fn of((number, received, invalid, settled): Counted, seconds: u32) -> Self {
        let at = Timestamp::from_second(number.saturating_mul(i64::from(seconds)));
        Self {
            at: at.unwrap_or(Timestamp::MAX),
            received: count(received),
            invalid: count(invalid),
            settled: count(settled),
        }
    }
}

/// How many there are of what: what, system, state, part.
pub(crate) type Tally = (String, String, String, String, i64);

/// Every tally, on both databases: on one of them several rows make up one.
pub(crate) const TALLIES: &str =
    "select what, system, state, part, cast(sum(count) as bigint) from tally
     group by 1, 2, 3, 4 having sum(count) > 0";

impl Dashboard {
    pub(crate) fn of(tallies: Vec<Tally>, latency_ms: Option<(f64, f64)>) -> Self {
        let mut counts = Self {
            latency_ms,
            ..Self::default()
        };
        let mut told = 0;
        for (what, system, state, part, number) in tallies {
            let number = count(number);
            let mastered = || {
                Entity::ALL
                    .into_iter()
                    .any(|it| it.is_mastered() && it.as_str() == part)
            };
            match what.as_str() {
                "message" => *counts.messages.entry(state).or_default() += number,
                "delivery" => {
                    *counts
                        .deliveries
                        .entry(system)
                        .or_default()
                        .entry(state)
                        .or_default() += number
                }
                "inbound" | "outbound" => {
                    *counts
                        .parked
                        .entry(system)
                        .or_default()
                        .entry(state)
                        .or_default() += number;
                }
                "master" if state == "own" => counts.masters += number,
                "link" if mastered() => {
                    counts.links += number;
                    told += if state == "told" { number } else { 0 };
                }
                _ => {}
            }
        }
        counts.joined = told.saturating_sub(counts.masters);
        counts
    }
}
