//! What all acts on waiting messages share: why they are done, how they are refused, and what happened.
//! Values that a message marks as personal are masked wherever they stand.

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use tenon_core::{Failure, FailureKind, Personal, SystemName, Timestamp};
use tenon_store::{Deed, Direction, EventKind, ParkedEvent};
use utoipa::ToSchema;

use crate::Problem;

/// The most records of one answer.
pub(crate) const MOST: u32 = 500;

/// Why it is done.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Because {
    /// The reason; kept with the message.
    pub(crate) because: String,
}

/// Who did it, and why.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeedView {
    /// The person.
    #[schema(example = "li.wei")]
    who: String,
    /// The reason; empty where none was asked for.
    because: String,
}

impl From<Deed> for DeedView {
    fn from(Deed { who, because }: Deed) -> Self {
        Self { who, because }
    }
}

/// What a refusal of a deed is to its caller.
pub(crate) fn refused(failure: Failure) -> Problem {
    let status = match (failure.kind, &*failure.code) {
        (FailureKind::Invalid, code) if code.ends_with(".unknown") => StatusCode::NOT_FOUND,
        (
            FailureKind::Invalid,
            "correction.open" | "correction.own" | "correction.late" | "correction.decided"
            | "redrive.state" | "resend.state" | "resend.superseded" | "resend.forgotten",
        ) => StatusCode::CONFLICT,
        _ => return failure.into(),
    };
    Problem::new(status, &failure.code, failure.detail)
}

pub(crate) fn unknown(what: &str, id: &str) -> Problem {
    let code = format!("{what}.unknown");
    Problem::new(StatusCode::NOT_FOUND, &code, format!("no {what} `{id}`"))
}

pub(crate) fn number(what: &str, id: &str) -> Result<i64, Problem> {
    id.parse().map_err(|_| unknown(what, id))
}

// ---- What happened to one ---------------------------------------------------------------------

/// One line of what happened to a message that waits or waited.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EventView {
    /// The system it came from (inbound) or was to go to (outbound).
    #[schema(value_type = String, example = "erp")]
    system: SystemName,
    /// `inbound`, `outbound`.
    #[schema(value_type = String, example = "outbound")]
    direction: Direction,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// What happened.
    #[schema(value_type = String, example = "failed")]
    what: EventKind,
    /// The person, where one did it.
    who: Option<String>,
    /// Stable code of the failure.
    code: Option<String>,
    /// The system's answer, the failure, or the person's reason; personal values masked.
    detail: String,
    /// Attempts made by then.
    attempts: u32,
    /// What the system was given in this attempt, in its own form; personal values masked.
    sent: Option<String>,
}

impl EventView {
    pub(crate) fn new(event: ParkedEvent, personal: &Personal) -> Self {
        let sent = event.sent.as_deref().map(String::from_utf8_lossy);
        Self {
            system: event.system,
            direction: event.direction,
            at: event.at,
            what: event.what,
            who: event.who,
            code: event.code,
            detail: personal.hide(&event.detail),
            attempts: event.attempts,
            sent: sent.map(|sent| personal.hide(&sent)),
        }
    }
}
