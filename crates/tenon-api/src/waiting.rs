//! What all acts on waiting messages share: why they are done, how they are refused, and what happened.
//! Values that a message marks as personal are masked wherever they stand.

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tenon_core::{Failure, FailureKind, SystemName, Timestamp, schema};
use tenon_store::{Deed, Direction, EventKind, Parcel, ParkedEvent};
use utoipa::ToSchema;

use crate::Problem;

/// The most records of one answer.
pub(crate) const MOST: u32 = 500;
/// What stands in the place of a personal value.
const MASK: &str = "•••";

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
    pub(crate) fn new(event: ParkedEvent, secrets: &Secrets) -> Self {
        let sent = event.sent.as_deref().map(String::from_utf8_lossy);
        Self {
            system: event.system,
            direction: event.direction,
            at: event.at,
            what: event.what,
            who: event.who,
            code: event.code,
            detail: secrets.hide(&event.detail),
            attempts: event.attempts,
            sent: sent.map(|sent| secrets.hide(&sent)),
        }
    }
}

/// The personal values of a message, which are hidden wherever they stand: a target's own form does
/// not tell which of its fields are personal.
pub(crate) struct Secrets(Vec<String>);

impl Secrets {
    pub(crate) fn of(parcel: &Parcel) -> Self {
        let body = serde_json::from_slice::<Value>(&parcel.body);
        let (Some(schema), Ok(body)) = (schema(parcel.attributes.kind), body) else {
            return Self(Vec::new());
        };
        let mut masked = body.clone();
        schema.mask(&mut masked);
        let mut found = Vec::new();
        collect(&body, &masked, &mut found);
        // As it stands within a JSON text, too.
        let written = |text: &String| json!(text).to_string().trim_matches('"').to_owned();
        found.extend(found.iter().map(written).collect::<Vec<_>>());
        // The longest first, so that none is left in pieces.
        found.sort_by_key(|text| std::cmp::Reverse(text.len()));
        Self(found)
    }

    pub(crate) fn hide(&self, text: &str) -> String {
        let hidden = |text: String, secret: &String| text.replace(secret.as_str(), MASK);
        self.0.iter().fold(text.to_owned(), hidden)
    }
}

/// The texts that masking took away.
fn collect(open: &Value, masked: &Value, found: &mut Vec<String>) {
    match (open, masked) {
        (Value::Object(open), Value::Object(masked)) => {
            for (key, value) in open {
                collect(value, masked.get(key).unwrap_or(&Value::Null), found);
            }
        }
        (Value::Array(open), Value::Array(masked)) => {
            let pairs = open.iter().zip(masked);
            pairs.for_each(|(open, masked)| collect(open, masked, found));
        }
        (open, masked) if open != masked => texts(open, found),
        _ => {}
    }
}

fn texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) if !text.is_empty() => found.push(text.clone()),
        Value::Array(values) => values.iter().for_each(|value| texts(value, found)),
        Value::Object(members) => members.values().for_each(|value| texts(value, found)),
        _ => {}
    }
}
