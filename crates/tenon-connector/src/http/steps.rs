//! A delivery of several calls: look whether the target has the record, write it, bring it on its way,
//! read back what became of it.
//!
//! Each step sees what the ones before it were answered. One that `finds` makes a repeated delivery
//! harmless, since it tells a record that is there from one that is not. A step that fails ends the
//! delivery; the next attempt begins at the first.

use std::collections::BTreeMap;

use reqwest::Method;
use reqwest::header::HeaderName;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use tenon_core::{Failure, FailureKind, Message, Outbound};

use super::answer::Answer;
use super::client::Client;
use super::plan::Step;
use super::program::written;
use super::sink::path;
use crate::{Delivered, Permit, superseded};

/// What a step's programs see.
#[derive(Serialize)]
struct Seen<'a> {
    record: &'a RawValue,
    native_id: Option<&'a str>,
    key: &'a str,
    values: &'a Map<String, Value>,
    answers: &'a BTreeMap<&'a str, Box<RawValue>>,
}

/// What is wrong with an answer, as a program says it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Fault {
    kind: FaultKind,
    message: String,
    retry_after: Option<u64>,
}

/// What becomes of the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum FaultKind {
    Transient,
    Invalid,
    Configuration,
    /// The session has ended: the same call is made once more in a new one.
    Session,
}

impl Fault {
    /// Whether a new session may help.
    pub(super) fn is_of_session(&self) -> bool {
        self.kind == FaultKind::Session
    }

    /// The failure that it is.
    pub(super) fn failure(self, asked: &str) -> Failure {
        let (kind, code) = match self.kind {
            FaultKind::Transient => (FailureKind::Transient, "http.fault"),
            FaultKind::Invalid => (FailureKind::Invalid, "http.rejected"),
            FaultKind::Configuration => (FailureKind::Configuration, "http.fault"),
            FaultKind::Session => (FailureKind::Configuration, "http.session"),
        };
        let failure = Failure::new(kind, code, format!("{asked}: {}", self.message));
        match self.retry_after {
            Some(seconds) => failure.retry_after(std::time::Duration::from_secs(seconds)),
            None => failure,
        }
    }
}

/// Carries one message through its steps.
pub(super) async fn walk(
    client: &Client,
    steps: &[Step],
    idempotency: Option<&HeaderName>,
    message: &Message<Outbound>,
    permit: &dyn Permit,
) -> Result<Delivered, Failure> {
    let body = &message.body;
    let record: &RawValue = serde_json::from_slice(&body.payload).map_err(|error| {
        Failure::invalid(
            "http.payload",
            format!("the mapping's output is no JSON: {error}"),
        )
    })?;
    let mut native_id = body.native_id.clone();
    let mut answers: BTreeMap<&str, Box<RawValue>> = BTreeMap::new();
    let mut said = Vec::new();
    for step in steps {
        let seen = |values: &Map<String, Value>| {
            written(&Seen {
                record,
                native_id: native_id.as_deref(),
                key: &body.idempotency_key,
                values,
                answers: &answers,
            })
        };
        let session = client.session().await?;
        if let Some(when) = &step.when
            && !when.holds(&seen(&session.values)?)?
        {
            continue;
        }
        if !permit.holds().await {
            return Err(superseded());
        }
        let named = Outbound {
            native_id: native_id.clone(),
            ..body.clone()
        };
        let make = |values: &Map<String, Value>| {
            let mut address = client.address(&path(&step.path, &named)?, values)?;
            if let Some(query) = &step.query {
                query.ask(&mut address, &seen(values)?)?;
            }
            let mut request = client.request(step.method.clone(), address);
            let content = match &step.body {
                Some(program) => Some(program.text_of(&seen(values)?)?),
                None if matches!(step.method, Method::GET | Method::DELETE) => None,
                None => Some(body.payload.clone()),
            };
            if let Some(content) = content {
                request = client.filled(request, step.operation.as_ref(), content)?;
            }
            if let Some(name) = idempotency {
                request = request.header(name, &body.idempotency_key);
            }
            if let Some(traceparent) = &message.attributes.traceparent {
                request = request.header("traceparent", traceparent);
            }
            Ok(request)
        };
        let answer = client.call(&make).await?;
        understood(step, &answer)?;
        if let Some(program) = &step.native_id
            && let Some(found) = program.value::<Value>(&answer.body)?
        {
            native_id = Some(match found {
                Value::String(text) => text,
                other => other.to_string(),
            });
        }
        said.push(format!("{} {}", step.name, answer.status));
        let text: &RawValue = serde_json::from_slice(&answer.body).unwrap_or(RawValue::NULL);
        answers.insert(&step.name, text.to_owned());
        if let Some(check) = &step.check {
            let input = written(&Seen {
                record,
                native_id: native_id.as_deref(),
                key: &body.idempotency_key,
                values: &session.values,
                answers: &answers,
            })?;
            if let Some(fault) = check.value::<Fault>(&input)? {
                return Err(fault.failure(&answer.asked));
            }
        }
    }
    Ok(Delivered {
        native_id,
        answer: said.join(", "),
    })
}

/// Whether the target took a step.
fn understood(step: &Step, answer: &Answer) -> Result<(), Failure> {
    if step.accepted.contains(&answer.status) {
        return Ok(());
    }
    match answer.failure() {
        Some(_) if matches!(answer.status, 404 | 410) && names_record(&step.path) => {
            Err(answer.record_missing())
        }
        Some(failure) => Err(failure),
        None if answer.is_html() => Err(answer.html_failure()),
        None => Ok(()),
    }
}

/// Whether a path is that of one record rather than of all.
fn names_record(path: &str) -> bool {
    path.contains("{native_id}") || path.contains("{key}")
}
