//! Why something did not work, and what that means for the message.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The four kinds of failure. The kind alone decides the fate of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// It may work later: connect, timeout, HTTP 408/429/5xx, deadlock. Retried in its lane with
    /// backoff and jitter, then parked.
    Transient,
    /// This message will never work as it is: undecodable, against the schema, mapping failed,
    /// HTTP 400/422. Recorded with its raw body and parked.
    Invalid,
    /// No message will work until a person changes something: HTTP 401/403/404, unroutable,
    /// mapping missing. Refused at start; when running, the connector pauses and messages wait.
    Configuration,
    /// A broken invariant of ours. Dead letter, error log, alert metric.
    Bug,
}

impl FailureKind {
    /// The name on the wire and in tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Transient => "transient",
            Self::Invalid => "invalid",
            Self::Configuration => "configuration",
            Self::Bug => "bug",
        }
    }
}

impl fmt::Display for FailureKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A failure: its kind, a stable code that scripts may rely on, and words for a person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct Failure {
    /// What becomes of the message.
    pub kind: FailureKind,
    /// A stable, greppable code: `http.status`, `mapping.failed`, `schema.violation`.
    pub code: Cow<'static, str>,
    /// What happened, where, and what to do; lower case, no full stop, never a secret.
    pub detail: String,
    /// When the target itself named the time after which to try again.
    pub retry_after: Option<Duration>,
}

impl Failure {
    /// A failure of `kind`.
    pub fn new(
        kind: FailureKind,
        code: impl Into<Cow<'static, str>>,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            kind,
            code: code.into(),
            detail: detail.into(),
            retry_after: None,
        }
    }

    /// It may work later.
    pub fn transient(code: impl Into<Cow<'static, str>>, detail: impl Into<String>) -> Self {
        Self::new(FailureKind::Transient, code, detail)
    }

    /// This message will never work as it is.
    pub fn invalid(code: impl Into<Cow<'static, str>>, detail: impl Into<String>) -> Self {
        Self::new(FailureKind::Invalid, code, detail)
    }

    /// A person has to change something first.
    pub fn configuration(code: impl Into<Cow<'static, str>>, detail: impl Into<String>) -> Self {
        Self::new(FailureKind::Configuration, code, detail)
    }

    /// A broken invariant of ours.
    pub fn bug(code: impl Into<Cow<'static, str>>, detail: impl Into<String>) -> Self {
        Self::new(FailureKind::Bug, code, detail)
    }

    /// The same failure with the target's own waiting time.
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }
}
