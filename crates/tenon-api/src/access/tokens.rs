//! Tokens of programs, for who says who may what.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tenon_core::{SystemName, Timestamp};
use tenon_store::{ApiToken, Role};
use utoipa::ToSchema;

use super::{NewToken, Note, Principal};
use crate::problem::{Path, Told};
use crate::{Api, Problem};

/// A token, without what is shown.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({ "id": 3, "name": "nightly-report", "role": "viewer", "systems": null,
    "scopes": ["insight:read"], "created_by": "li.wei", "created_at": "2026-11-26T08:00:00Z", "expires_at": "2027-11-26T08:00:00Z",
    "used_at": null, "revoked_at": null }))]
pub(crate) struct Token {
    /// Its number.
    id: i64,
    /// What it is for.
    name: String,
    /// What it may do.
    #[schema(value_type = String)]
    role: Role,
    /// The only systems that it may touch; null for all.
    #[schema(value_type = Option<Vec<String>>)]
    systems: Option<Vec<SystemName>>,
    /// The only scopes that it has; null for all that its role may.
    scopes: Option<Vec<String>>,
    /// Who made it.
    created_by: String,
    /// When.
    #[schema(value_type = String)]
    created_at: Timestamp,
    /// When it ends by itself.
    #[schema(value_type = Option<String>)]
    expires_at: Option<Timestamp>,
    /// When it was last shown, to the minute.
    #[schema(value_type = Option<String>)]
    used_at: Option<Timestamp>,
    /// When it was taken back.
    #[schema(value_type = Option<String>)]
    revoked_at: Option<Timestamp>,
}

impl From<ApiToken> for Token {
    fn from(token: ApiToken) -> Self {
        Self {
            id: token.id,
            name: token.name,
            role: token.role,
            systems: token.systems,
            scopes: token.scopes,
            created_by: token.created_by,
            created_at: token.created_at,
            expires_at: token.expires_at,
            used_at: token.used_at,
            revoked_at: token.revoked_at,
        }
    }
}

/// All tokens.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Tokens {
    /// The newest first.
    items: Vec<Token>,
    /// The scopes that a token may be given: areas, as the tags of this description name them, each to read or to write.
    scopes: Vec<&'static str>,
}

/// A token that is to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "name": "nightly-report", "role": "viewer", "scopes": ["insight:read"], "days": 365 }))]
pub(crate) struct AddToken {
    /// What it is for: a-z, 0-9 and `._-@+`; never used before.
    name: String,
    /// What it may do: `viewer`, `operator`, `steward`, `administrator`.
    #[schema(value_type = String)]
    role: Role,
    /// The only systems that it may touch.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    systems: Option<Vec<SystemName>>,
    /// The only scopes that it has, each one of those that the list of tokens names: `insight:read`, `masters:write`. Who may
    /// write in an area may read there. All that the role may, if absent.
    #[serde(default)]
    scopes: Option<Vec<String>>,
    /// After how many days it ends by itself; never, if absent.
    #[serde(default)]
    days: Option<u16>,
}

/// A token that was made.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AddedToken {
    /// The token.
    #[serde(flatten)]
    token: Token,
    /// What is to be shown as `Authorization: Bearer …`; told this once, and kept nowhere.
    #[serde(rename = "token")]
    secret: String,
}

/// What the trail tells of a token.
pub(super) fn granted(token: &ApiToken) -> Value {
    json!({
        "role": token.role,
        "systems": token.systems,
        "scopes": token.scopes,
        "expires_at": token.expires_at,
    })
}

/// When something ends that lasts so many days.
pub fn in_days(days: u16) -> Timestamp {
    let span = jiff::SignedDuration::from_hours(24 * i64::from(days));
    Timestamp::now().checked_add(span).unwrap_or(Timestamp::MAX)
}

/// All tokens, the newest first.
#[utoipa::path(get, path = "/api/v1/tokens", tag = "access", responses(
    (status = 200, description = "the tokens", body = Tokens)))]
pub(crate) async fn tokens(State(api): State<Api>) -> Result<Json<Tokens>, Problem> {
    let tokens = api.access.store().api_tokens().await?;
    let items = tokens.into_iter().map(Token::from).collect();
    let scopes = super::scopes();
    Ok(Json(Tokens { items, scopes }))
}

/// Makes a token for a program.
#[utoipa::path(post, path = "/api/v1/tokens", tag = "access", request_body = AddToken, responses(
    (status = 201, description = "made; the token is shown this once", body = AddedToken), (status = 400, description = "something does not fit", body = Problem), (status = 409, description = "the name is or was taken", body = Problem)))]
pub(crate) async fn add_token(
    State(api): State<Api>,
    principal: Principal,
    note: Note,
    Told(new): Told<AddToken>,
) -> Result<(StatusCode, Json<AddedToken>), Problem> {
    note.subject(new.name.clone());
    let new = NewToken {
        name: new.name,
        role: new.role,
        systems: new.systems,
        scopes: new.scopes,
        expires_at: new.days.map(in_days),
    };
    let (token, secret) = api.access.create_token(&principal.actor(), new).await?;
    note.written();
    let token = token.into();
    Ok((StatusCode::CREATED, Json(AddedToken { token, secret })))
}

/// Takes a token back: from now on it is good for nothing.
#[utoipa::path(delete, path = "/api/v1/tokens/{id}", tag = "access",
    params(("id" = i64, Path, description = "the token's number")), responses(
    (status = 204, description = "it is good for nothing any more"), (status = 404, description = "no such token", body = Problem)))]
pub(crate) async fn revoke_token(
    State(api): State<Api>,
    Path(id): Path<String>,
    principal: Principal,
    note: Note,
) -> Result<StatusCode, Problem> {
    note.subject(id.clone());
    let unknown = || {
        Problem::new(
            StatusCode::NOT_FOUND,
            "token.unknown",
            format!("no token {id}"),
        )
    };
    let id: i64 = id.parse().map_err(|_| unknown())?;
    api.access.revoke_token(&principal.actor(), id).await?;
    note.written();
    Ok(StatusCode::NO_CONTENT)
}
