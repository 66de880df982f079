//! Sessions that go on, one's own and those of others: shown, and ended.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use serde_json::json;
use tenon_core::Timestamp;
use tenon_store::{AccessChange, SecretDigest, Session};
use utoipa::ToSchema;

use super::session::must_be_a_person;
use super::{Access, Note, Principal, Via};
use crate::problem::Path;
use crate::{Api, Problem};

/// A browser that is signed in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OpenSession {
    /// Names it, and lets nobody in.
    id: String,
    /// When it began.
    #[schema(value_type = String)]
    created_at: Timestamp,
    /// When it was last used, to the minute.
    #[schema(value_type = String)]
    seen_at: Timestamp,
    /// When it ends, however much it is used.
    #[schema(value_type = String)]
    expires_at: Timestamp,
    /// The address from which it was begun.
    origin: String,
    /// Whether it is the one that asks.
    current: bool,
}

/// Sessions of one account.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OpenSessions {
    /// The one that was last used first.
    items: Vec<OpenSession>,
}

/// What a session is called: of its digest so much that no two are called the same.
fn name_of(digest: &SecretDigest) -> String {
    hex::encode(&digest[..12])
}

impl Access {
    /// The sessions of an account that go on.
    async fn sessions_of(&self, name: &str) -> Result<Vec<Session>, Problem> {
        let account = self.known(name).await?;
        let mut sessions = self.store().sessions(name).await?;
        sessions.retain(|session| self.is_valid(session, &account));
        Ok(sessions)
    }

    async fn shown_sessions(
        &self,
        name: &str,
        asking: &Principal,
    ) -> Result<OpenSessions, Problem> {
        let shown = |session: Session| OpenSession {
            id: name_of(&session.digest),
            current: asking.via == Via::Session(session.digest),
            created_at: session.created_at,
            seen_at: session.seen_at,
            expires_at: session.expires_at,
            origin: session.origin,
        };
        let sessions = self.sessions_of(name).await?.into_iter();
        Ok(OpenSessions {
            items: sessions.map(shown).collect(),
        })
    }
}

/// One's own sessions.
#[utoipa::path(get, path = "/api/v1/sessions", tag = "access", responses(
    (status = 200, description = "the browsers in which one is signed in", body = OpenSessions), (status = 409, description = "a token is no person", body = Problem)))]
pub(crate) async fn sessions(
    State(api): State<Api>,
    principal: Principal,
) -> Result<Json<OpenSessions>, Problem> {
    must_be_a_person(&principal)?;
    let shown = api.access.shown_sessions(&principal.name, &principal).await;
    Ok(Json(shown?))
}

/// Ends all of one's own sessions but the one that asks.
#[utoipa::path(delete, path = "/api/v1/sessions", tag = "access", responses(
    (status = 204, description = "they are over"), (status = 409, description = "a token is no person", body = Problem)))]
pub(crate) async fn end_other_sessions(
    State(api): State<Api>,
    principal: Principal,
    note: Note,
) -> Result<StatusCode, Problem> {
    let Via::Session(own) = principal.via else {
        return Err(super::session::no_person());
    };
    let entry = principal.actor().did(
        "session.ended",
        &principal.name,
        json!({ "sessions": "others" }),
    );
    let change = AccessChange::EndSessions {
        account: principal.name.clone(),
        but: Some(own),
    };
    api.access.change(change, entry).await?;
    note.written();
    Ok(StatusCode::NO_CONTENT)
}

/// Ends one of one's own sessions.
#[utoipa::path(delete, path = "/api/v1/sessions/{id}", tag = "access",
    params(("id" = String, Path, description = "what the list calls it")), responses(
    (status = 204, description = "it is over"), (status = 404, description = "no such session", body = Problem), (status = 409, description = "a token is no person", body = Problem)))]
pub(crate) async fn end_session(
    State(api): State<Api>,
    principal: Principal,
    note: Note,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    must_be_a_person(&principal)?;
    note.subject(principal.name.clone());
    let sessions = api.access.sessions_of(&principal.name).await?;
    let session = sessions
        .into_iter()
        .find(|session| name_of(&session.digest) == id);
    let session = session.ok_or_else(|| {
        let detail = format!("no session `{id}` of yours; it may have ended");
        Problem::new(StatusCode::NOT_FOUND, "session.unknown", detail)
    })?;
    let detail = json!({ "sessions": id, "origin": session.origin });
    let entry = principal
        .actor()
        .did("session.ended", &principal.name, detail);
    let change = AccessChange::SignOut(session.digest);
    api.access.change(change, entry).await?;
    note.written();
    Ok(StatusCode::NO_CONTENT)
}

/// The sessions of an account.
#[utoipa::path(get, path = "/api/v1/users/{user}/sessions", tag = "access",
    params(("user" = String, Path, description = "the account's name")), responses(
    (status = 200, description = "the browsers in which the person is signed in", body = OpenSessions), (status = 404, description = "no such account", body = Problem)))]
pub(crate) async fn user_sessions(
    State(api): State<Api>,
    principal: Principal,
    Path(user): Path<String>,
) -> Result<Json<OpenSessions>, Problem> {
    Ok(Json(api.access.shown_sessions(&user, &principal).await?))
}

/// Ends all sessions of an account; the person may sign in again.
#[utoipa::path(delete, path = "/api/v1/users/{user}/sessions", tag = "access",
    params(("user" = String, Path, description = "the account's name")), responses(
    (status = 204, description = "they are over"), (status = 404, description = "no such account", body = Problem)))]
pub(crate) async fn end_user_sessions(
    State(api): State<Api>,
    principal: Principal,
    note: Note,
    Path(user): Path<String>,
) -> Result<StatusCode, Problem> {
    note.subject(user.clone());
    let account = api.access.known(&user).await?;
    let entry = principal
        .actor()
        .did("session.ended", &account.name, json!({ "sessions": "all" }));
    let change = AccessChange::EndSessions {
        account: account.name,
        but: None,
    };
    api.access.change(change, entry).await?;
    note.written();
    Ok(StatusCode::NO_CONTENT)
}
