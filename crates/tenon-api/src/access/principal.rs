//! Who asks, and what each role may.

use std::sync::{Arc, Mutex};

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::Serialize;
use serde_json::{Value, json};
use tenon_core::SystemName;
use tenon_store::{Role, SecretDigest};

use super::Actor;
use super::scopes::grants;
use crate::Problem;

/// What a route needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Permission {
    /// Nothing: it is open, or proves its callers by itself.
    Open,
    /// To be signed in, whatever the role.
    SignedIn,
    /// To see what the hub carries, personal values masked.
    See,
    /// To send again, give up, edit, pause.
    Operate,
    /// To decide about master records, grades, reconciliation.
    Decide,
    /// To see personal values and raw records; each time is noted in the trail.
    Reveal,
    /// To say who may what, and to read the trail.
    Administer,
}

impl Permission {
    /// Every permission.
    pub const ALL: [Self; 7] = [
        Self::Open,
        Self::SignedIn,
        Self::See,
        Self::Operate,
        Self::Decide,
        Self::Reveal,
        Self::Administer,
    ];

    /// Whether a role has it. Operators and stewards have different duties; neither includes the other.
    pub fn of(self, role: Role) -> bool {
        match self {
            Self::Open | Self::SignedIn | Self::See => true,
            Self::Operate => matches!(role, Role::Operator | Role::Administrator),
            Self::Decide => matches!(role, Role::Steward | Role::Administrator),
            Self::Reveal => role != Role::Viewer,
            Self::Administer => role == Role::Administrator,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Open | Self::SignedIn => "a sign-in",
            Self::See => "the role viewer",
            Self::Operate => "the role operator or administrator",
            Self::Decide => "the role steward or administrator",
            Self::Reveal => "the role operator, steward or administrator",
            Self::Administer => "the role administrator",
        }
    }
}

/// By what means somebody proved who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Via {
    /// A browser's session.
    Session(SecretDigest),
    /// A token.
    Token(SecretDigest),
}

/// Who asks. The guard makes it; a handler takes it as an argument.
#[derive(Debug, Clone)]
pub struct Principal {
    /// The account's name, or `token:NAME`; no account's name holds a colon.
    pub name: String,
    /// What others call the person.
    pub display_name: String,
    /// What it may do.
    pub role: Role,
    /// The only systems that it may touch; `None` for all.
    pub systems: Option<Vec<SystemName>>,
    /// The only scopes that a token has; `None` for all that its role may.
    pub scopes: Option<Vec<String>>,
    /// The scope that a token needs for what is asked; none where it needs none.
    pub(crate) asks: Option<&'static str>,
    /// The language of the person's console.
    pub language: Option<String>,
    /// By what means.
    pub(crate) via: Via,
    /// From which address.
    pub(crate) origin: String,
}

impl Principal {
    /// Whether it is a person with a session, rather than a program with a token.
    pub fn is_person(&self) -> bool {
        matches!(self.via, Via::Session(_))
    }

    /// Whether it may touch what is of this system.
    pub fn touches(&self, system: &SystemName) -> bool {
        self.systems
            .as_ref()
            .is_none_or(|systems| systems.contains(system))
    }

    /// Refuses what is of a system that it may not touch.
    ///
    /// # Errors
    /// 403 `access.scope`.
    pub fn check_system(&self, system: &SystemName) -> Result<(), Problem> {
        match self.touches(system) {
            true => Ok(()),
            false => Err(self.out_of_scope(&format!("`{system}` is not among them"))),
        }
    }

    /// Refuses what it has not the role for, or, of a token with scopes, not the scope.
    ///
    /// # Errors
    /// 403 `access.role`, `access.area`.
    pub fn check(&self, permission: Permission) -> Result<(), Problem> {
        if !permission.of(self.role) {
            let detail = format!("this needs {}; yours is {}", permission.words(), self.role);
            return Err(Problem::new(StatusCode::FORBIDDEN, "access.role", detail));
        }
        let (Some(scopes), Some(asks)) = (&self.scopes, self.asks) else {
            return Ok(());
        };
        // Where reading shows personal values, it takes what writing takes.
        let needed = match (permission, asks.strip_suffix("read")) {
            (Permission::Reveal, Some(area)) => format!("{area}write"),
            _ => asks.to_owned(),
        };
        if grants(scopes, &needed) {
            return Ok(());
        }
        let has = scopes.join(", ");
        let detail = format!("this needs the scope `{needed}`; the token has {has}");
        Err(Problem::new(StatusCode::FORBIDDEN, "access.area", detail))
    }

    pub(crate) fn out_of_scope(&self, reason: &str) -> Problem {
        let systems: Vec<&str> = self
            .systems
            .iter()
            .flatten()
            .map(SystemName::as_str)
            .collect();
        let detail = format!("you may touch the systems {}: {reason}", systems.join(", "));
        Problem::new(StatusCode::FORBIDDEN, "access.scope", detail)
    }

    /// As whom it gives commands: a person as itself and nobody else, a program as itself or, behind
    /// its own name, as whoever it says it acts for (`token:shop/li.wei`).
    ///
    /// # Errors
    /// 403 `access.by` when a person's command says that somebody else gives it.
    pub fn by(&self, said: Option<&str>) -> Result<String, Problem> {
        match (said, self.is_person()) {
            (None, _) => Ok(self.name.clone()),
            (Some(said), true) if said == self.name => Ok(self.name.clone()),
            (Some(_), true) => {
                let detail = format!("you are `{}`; leave `by` out", self.name);
                Err(Problem::new(StatusCode::FORBIDDEN, "access.by", detail))
            }
            (Some(said), false) => Ok(format!("{}/{said}", self.name)),
        }
    }

    pub(crate) fn actor(&self) -> Actor {
        Actor {
            who: self.name.clone(),
            via: match self.via {
                Via::Session(_) => "session",
                Via::Token(_) => "token",
            },
            origin: self.origin.clone(),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Principal {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or_else(Problem::not_signed_in)
    }
}

/// What a handler adds to the entry that the guard writes about its request. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Note(Arc<Mutex<Noted>>);

/// What was noted.
#[derive(Debug, Default)]
pub(crate) struct Noted {
    /// What the request was about; its path, if nothing is said.
    pub(crate) subject: Option<String>,
    /// What else helps.
    pub(crate) detail: Value,
    /// Whether the handler has written its entry together with its effect.
    pub(crate) written: bool,
}

impl Note {
    /// What the request is about.
    pub(crate) fn subject(&self, subject: impl Into<String>) {
        self.lock().subject = Some(subject.into());
    }

    /// What else helps; no secrets, and no personal values.
    pub(crate) fn detail(&self, detail: Value) {
        self.lock().detail = detail;
    }

    /// What is told beside what is noted already, an object.
    pub(crate) fn also(&self, more: Value) {
        let mut noted = self.lock();
        match (noted.detail.as_object_mut(), more) {
            (Some(detail), Value::Object(more)) => detail.extend(more),
            (_, more) => noted.detail = more,
        }
    }

    /// How what was changed was before, and how it is after; null where there is nothing. No secrets, and no
    /// personal values.
    pub(crate) fn changed(&self, before: impl Serialize, after: impl Serialize) {
        self.also(json!({ "before": before, "after": after }));
    }

    /// The handler has written its entry together with its effect.
    pub(crate) fn written(&self) {
        self.lock().written = true;
    }

    pub(crate) fn take(&self) -> Noted {
        std::mem::take(&mut *self.lock())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Noted> {
        self.0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Note {
    type Rejection = std::convert::Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_default())
    }
}
