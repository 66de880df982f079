//! The columns of a parked message: why it waits, for what, and what it is. No SQL here.

use std::borrow::Cow;

use bytes::Bytes;
use tenon_core::{Attributes, FailureKind, Reference, SystemName};
use uuid::Uuid;

use crate::error::unreadable;
use crate::rows::{attributes, clean, count, system, timestamp};
use crate::{
    Dependency, Direction, Inbound, InboundState, Parcel, ParkReason, ParkedId, ParkedRecord,
    ParkedState, StoreError,
};

/// How many followers of a parked message are counted; a longer lane is reported as this long.
pub(crate) const BEHIND_CAP: i64 = 1_000;

impl Direction {
    /// The name in tables: `inbound`, `outbound`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::Outbound => "outbound",
        }
    }

    pub(crate) fn read(text: &str) -> Result<Self, StoreError> {
        match text {
            "inbound" => Ok(Self::Inbound),
            "outbound" => Ok(Self::Outbound),
            other => Err(unreadable("a parked message's direction", other)),
        }
    }
}

impl ParkedState {
    /// Every state.
    pub const ALL: [Self; 5] = [
        Self::Failed,
        Self::Retry,
        Self::Waiting,
        Self::Behind,
        Self::Due,
    ];

    /// The name in tables: `failed`, `retry`, `waiting`, `behind`, `due`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Retry => "retry",
            Self::Waiting => "waiting",
            Self::Behind => "behind",
            Self::Due => "due",
        }
    }
}

/// The columns that say why a message waits.
pub(crate) struct Reason<'a> {
    pub(crate) state: &'static str,
    pub(crate) kind: Option<&'static str>,
    pub(crate) code: Cow<'a, str>,
    pub(crate) detail: Cow<'a, str>,
    pub(crate) retry_at: Option<i64>,
    pub(crate) dependency: DependencyColumns<'a>,
}

/// The columns that say what a waiting message waits for; all absent for others.
#[derive(Default)]
pub(crate) struct DependencyColumns<'a> {
    /// `link` or `change`.
    pub(crate) kind: Option<&'static str>,
    pub(crate) entity: Option<&'static str>,
    pub(crate) system: Option<&'a str>,
    pub(crate) native_id: Option<Cow<'a, str>>,
    pub(crate) master_id: Option<Uuid>,
    pub(crate) version: Option<i64>,
}

impl<'a> Reason<'a> {
    pub(crate) fn of(reason: &'a ParkReason) -> Self {
        let plain = |state: ParkedState, kind: Option<FailureKind>, code, detail| Reason {
            state: state.as_str(),
            kind: kind.map(FailureKind::as_str),
            code: clean(code),
            detail: clean(detail),
            retry_at: None,
            dependency: DependencyColumns::default(),
        };
        match reason {
            ParkReason::Failed { kind, code, detail } => {
                plain(ParkedState::Failed, Some(*kind), code, detail)
            }
            ParkReason::Retry { at, code, detail } => Reason {
                retry_at: Some(at.as_microsecond()),
                ..plain(
                    ParkedState::Retry,
                    Some(FailureKind::Transient),
                    code,
                    detail,
                )
            },
            ParkReason::Dependency { on, detail } => {
                let code = match on {
                    Dependency::LinkInTarget(_) => "dependency.link",
                    Dependency::MasterChange { .. } => "dependency.master",
                };
                Reason {
                    dependency: DependencyColumns::of(on),
                    ..plain(ParkedState::Waiting, None, code, detail)
                }
            }
            ParkReason::Behind => plain(
                ParkedState::Behind,
                None,
                "lane.behind",
                "behind an earlier message of its lane",
            ),
        }
    }
}

impl<'a> DependencyColumns<'a> {
    fn of(dependency: &'a Dependency) -> Self {
        match dependency {
            Dependency::LinkInTarget(lookup) => {
                let entity = Some(lookup.entity.as_str());
                match &lookup.reference {
                    Reference::Master { master_id } => Self {
                        kind: Some("link"),
                        entity,
                        master_id: Some(master_id.0),
                        ..Self::default()
                    },
                    Reference::Native { system, native_id } => Self {
                        kind: Some("link"),
                        entity,
                        system: Some(system.as_str()),
                        native_id: Some(clean(native_id)),
                        ..Self::default()
                    },
                }
            }
            Dependency::MasterChange { master_id, version } => Self {
                kind: Some("change"),
                master_id: Some(master_id.0),
                version: Some(*version),
                ..Self::default()
            },
        }
    }
}

/// Why an inbound message is parked, if its state says so.
pub(crate) fn invalid(message: &Inbound) -> Option<ParkReason> {
    match &message.state {
        InboundState::Invalid { code, detail } => Some(ParkReason::Failed {
            kind: FailureKind::Invalid,
            code: code.clone(),
            detail: detail.clone(),
        }),
        _ => None,
    }
}

/// A message that is about to be parked.
pub(crate) struct Newcomer<'a> {
    pub(crate) direction: Direction,
    pub(crate) system: &'a SystemName,
    pub(crate) attributes: &'a Attributes,
    pub(crate) body: &'a [u8],
    pub(crate) reason: Reason<'a>,
    pub(crate) attempts: u32,
}

impl<'a> Newcomer<'a> {
    /// A message that a person sends once more to a system that had it: it takes its place at the end of its lane,
    /// and nothing but that person moves it on.
    pub(crate) fn resent(
        parcel: &'a Parcel,
        system: &'a SystemName,
        attempts: u32,
        because: &'a str,
    ) -> Self {
        Self {
            direction: Direction::Outbound,
            system,
            attributes: &parcel.attributes,
            body: &parcel.body,
            reason: Reason {
                state: ParkedState::Failed.as_str(),
                kind: None,
                code: Cow::Borrowed("message.resent"),
                detail: clean(because),
                retry_at: None,
                dependency: DependencyColumns::default(),
            },
            attempts,
        }
    }
}

/// A row of the parked messages as the databases return it.
pub(crate) struct ParkedRow {
    pub(crate) id: i64,
    pub(crate) direction: String,
    pub(crate) system: String,
    pub(crate) state: String,
    pub(crate) kind: Option<String>,
    pub(crate) code: String,
    pub(crate) detail: String,
    pub(crate) attempts: i32,
    pub(crate) retry_at: Option<i64>,
    pub(crate) parked_at: i64,
    pub(crate) behind: i64,
    pub(crate) behind_since: Option<i64>,
    pub(crate) attributes: String,
    pub(crate) body: Vec<u8>,
}

impl ParkedRow {
    pub(crate) fn record(self) -> Result<ParkedRecord, StoreError> {
        Ok(ParkedRecord {
            id: ParkedId(self.id),
            direction: Direction::read(&self.direction)?,
            system: system(&self.system)?,
            state: ParkedState::ALL
                .into_iter()
                .find(|state| state.as_str() == self.state)
                .ok_or_else(|| unreadable("a parked message's state", &self.state))?,
            kind: self.kind.as_deref().map(failure_kind).transpose()?,
            code: self.code,
            detail: self.detail,
            attempts: self.attempts.unsigned_abs(),
            retry_at: self.retry_at.map(timestamp).transpose()?,
            parked_at: timestamp(self.parked_at)?,
            behind: count(self.behind),
            behind_since: self.behind_since.map(timestamp).transpose()?,
            parcel: Parcel {
                attributes: attributes(&self.attributes)?,
                body: Bytes::from(self.body),
            },
        })
    }
}

fn failure_kind(text: &str) -> Result<FailureKind, StoreError> {
    [
        FailureKind::Transient,
        FailureKind::Invalid,
        FailureKind::Configuration,
        FailureKind::Bug,
    ]
    .into_iter()
    .find(|kind| kind.as_str() == text)
    .ok_or_else(|| unreadable("a failure's kind", text))
}
