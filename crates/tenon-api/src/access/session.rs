//! Signing in and out.

use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use governor::clock::{Clock, DefaultClock};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tenon_core::{SystemName, Timestamp};
use tenon_store::{AccessChange, Account, Role};
use utoipa::ToSchema;

use super::guard::{Caller, check_origin};
use super::{Access, AccountChange, Actor, Note, Principal, Via};
use crate::problem::Told;
use crate::{Api, Problem};

/// The most addresses whose attempts are remembered before those at rest are let go.
const ADDRESSES: usize = 10_000;

/// Name and password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "user": "li.wei", "password": "correct horse battery" }))]
pub(crate) struct Credentials {
    /// The account's name; upper and lower case are the same.
    user: String,
    /// The password.
    password: String,
}

/// A one-time link, and what the person who follows it chooses.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "token": "q0Vt…", "user": "li.wei", "password": "correct horse battery" }))]
pub(crate) struct FirstSignIn {
    /// What stands behind `#` in the link.
    token: String,
    /// The account's name; the first administrator chooses it.
    user: String,
    /// The new password: 10 characters at least.
    password: String,
}

/// A change of one's own password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "current": "correct horse battery", "new": "staple correct horse" }))]
pub(crate) struct NewPassword {
    /// The password until now.
    current: String,
    /// The new one: 10 characters at least.
    new: String,
}

/// What a person changes of itself.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "language": "zh" }))]
pub(crate) struct OwnChange {
    /// The language of the console: `zh`, `en`.
    #[serde(default)]
    language: Option<String>,
    /// What others call the person.
    #[serde(default)]
    display_name: Option<String>,
}

/// Who is signed in, and what it may do.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({ "user": "li.wei", "display_name": "李伟", "role": "steward", "systems": null,
    "language": "zh", "permissions": ["see", "decide", "reveal"] }))]
pub(crate) struct SignedIn {
    /// The account's name; of a token `token:NAME`.
    user: String,
    /// What others call the person.
    display_name: String,
    /// `viewer`, `operator`, `steward`, `administrator`.
    #[schema(value_type = String)]
    role: Role,
    /// The only systems that it may touch; null for all.
    #[schema(value_type = Option<Vec<String>>)]
    systems: Option<Vec<SystemName>>,
    /// The only scopes that it has, where it is a token that is narrowed to some.
    #[serde(skip_serializing_if = "Option::is_none")]
    scopes: Option<Vec<String>>,
    /// The language of the console, if the person chose one.
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<String>,
    /// What the role may: `see`, `operate`, `decide`, `reveal`, `administer`.
    permissions: Vec<&'static str>,
}

impl SignedIn {
    fn new(
        user: String,
        display_name: String,
        role: Role,
        systems: Option<Vec<SystemName>>,
        language: Option<String>,
    ) -> Self {
        use super::Permission::{Administer, Decide, Operate, Reveal, See};
        let named = [
            (See, "see"),
            (Operate, "operate"),
            (Decide, "decide"),
            (Reveal, "reveal"),
            (Administer, "administer"),
        ];
        let has = |(permission, name): (super::Permission, &'static str)| {
            permission.of(role).then_some(name)
        };
        Self {
            user,
            display_name,
            role,
            systems,
            scopes: None,
            language,
            permissions: named.into_iter().filter_map(has).collect(),
        }
    }
}

impl From<Account> for SignedIn {
    fn from(account: Account) -> Self {
        Self::new(
            account.name,
            account.display_name,
            account.role,
            account.systems,
            account.language,
        )
    }
}

impl From<Principal> for SignedIn {
    fn from(principal: Principal) -> Self {
        Self {
            scopes: principal.scopes,
            ..Self::new(
                principal.name,
                principal.display_name,
                principal.role,
                principal.systems,
                principal.language,
            )
        }
    }
}

/// What the router knows of a caller that is not signed in.
pub(crate) struct Stranger(Caller);

impl<S: Send + Sync> FromRequestParts<S> for Stranger {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let caller = Extension::<Caller>::from_request_parts(parts, state).await;
        caller
            .map(|Extension(caller)| Self(caller))
            .map_err(|_| Problem::not_signed_in())
    }
}

/// Signs in with name and password: sets a cookie that no script can read.
///
/// Methods that change something then need the header `X-Tenon-CSRF: 1` and a request from the hub's own
/// pages. After too many failures in a row nobody signs in under that name for a while.
#[utoipa::path(post, path = "/api/v1/session", tag = "access", request_body = Credentials, responses(
    (status = 200, description = "signed in", body = SignedIn), (status = 400, description = "the body does not fit", body = Problem), (status = 401, description = "no such name and password", body = Problem), (status = 403, description = "another site's page asks", body = Problem), (status = 429, description = "too often, or too many failures", body = Problem), (status = 503, description = "too many at once", body = Problem)))]
pub(crate) async fn sign_in(
    State(api): State<Api>,
    Stranger(caller): Stranger,
    headers: HeaderMap,
    Told(credentials): Told<Credentials>,
) -> Result<Response, Problem> {
    check_origin(&headers, &api.access, false)?;
    api.access.check_pace(&caller)?;
    let name: String = credentials.user.trim().to_lowercase();
    let name: String = name.chars().take(64).collect();
    api.access.check_lock(&name).await?;
    let account = api.access.store().account(&name).await?;
    let fits = api
        .access
        .verify(account.as_ref(), &credentials.password)
        .await?;
    match account.filter(|account| fits && !account.disabled) {
        Some(account) => api.access.welcome(account, &caller, "password").await,
        None => Err(api.access.turn_away(&name, &caller).await?),
    }
}

/// Follows a one-time link: makes the first administrator, or sets the password of whom it is for, and
/// signs in.
#[utoipa::path(post, path = "/api/v1/session/first", tag = "access", request_body = FirstSignIn, responses(
    (status = 200, description = "signed in", body = SignedIn), (status = 400, description = "the name or the password will not do", body = Problem), (status = 401, description = "the link is good for nothing", body = Problem), (status = 403, description = "another site's page asks", body = Problem), (status = 409, description = "somebody else was first", body = Problem), (status = 429, description = "too often", body = Problem)))]
pub(crate) async fn first(
    State(api): State<Api>,
    Stranger(caller): Stranger,
    headers: HeaderMap,
    Told(first): Told<FirstSignIn>,
) -> Result<Response, Problem> {
    check_origin(&headers, &api.access, false)?;
    api.access.check_pace(&caller)?;
    let origin = caller.address.to_string();
    let account = api
        .access
        .use_link(&origin, &first.token, &first.user, &first.password)
        .await?;
    api.access.welcome(account, &caller, "link").await
}

/// Who is signed in.
#[utoipa::path(get, path = "/api/v1/session", tag = "access", responses(
    (status = 200, description = "who is signed in", body = SignedIn)))]
pub(crate) async fn session(principal: Principal) -> Json<SignedIn> {
    Json(principal.into())
}

/// Changes what a person may change of itself: the language of its console, its display name.
#[utoipa::path(patch, path = "/api/v1/session", tag = "access", request_body = OwnChange, responses(
    (status = 200, description = "as it is now", body = SignedIn), (status = 400, description = "the body does not fit", body = Problem), (status = 409, description = "a token is no person", body = Problem)))]
pub(crate) async fn alter_self(
    State(api): State<Api>,
    principal: Principal,
    note: Note,
    Told(change): Told<OwnChange>,
) -> Result<Json<SignedIn>, Problem> {
    must_be_a_person(&principal)?;
    let change = AccountChange {
        display_name: change.display_name,
        language: change.language.map(Some),
        ..AccountChange::default()
    };
    let actor = principal.actor();
    let account = api
        .access
        .alter_account(&actor, &principal.name, change)
        .await?;
    note.written();
    Ok(Json(account.into()))
}

/// Signs out: the session ends, whoever may have copied the cookie.
#[utoipa::path(delete, path = "/api/v1/session", tag = "access", responses(
    (status = 204, description = "signed out"), (status = 409, description = "a token is no person", body = Problem)))]
pub(crate) async fn sign_out(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    principal: Principal,
    note: Note,
) -> Result<Response, Problem> {
    let Via::Session(session) = principal.via else {
        return Err(no_person());
    };
    let actor = principal.actor();
    let entry = actor.did("session.ended", &principal.name, json!({}));
    api.access
        .change(AccessChange::SignOut(session), entry)
        .await?;
    note.written();
    let cookie = caller.cookie("", 0);
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response())
}

/// Changes one's own password. All sessions of the person end, this one is begun anew.
#[utoipa::path(put, path = "/api/v1/session/password", tag = "access", request_body = NewPassword, responses(
    (status = 200, description = "changed", body = SignedIn), (status = 400, description = "the new password will not do", body = Problem), (status = 401, description = "the current password is another", body = Problem), (status = 409, description = "a token is no person", body = Problem), (status = 429, description = "too often, or too many failures", body = Problem)))]
pub(crate) async fn password(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    principal: Principal,
    note: Note,
    Told(change): Told<NewPassword>,
) -> Result<Response, Problem> {
    must_be_a_person(&principal)?;
    // Whoever finds a browser signed in shall not guess at leisure either.
    api.access.check_pace(&caller)?;
    api.access.check_lock(&principal.name).await?;
    let account = api.access.known(&principal.name).await?;
    if !api.access.verify(Some(&account), &change.current).await? {
        return Err(api.access.turn_away(&principal.name, &caller).await?);
    }
    let actor = principal.actor();
    let account = api
        .access
        .set_password(&actor, &principal.name, &change.new)
        .await?;
    note.written();
    api.access.welcome(account, &caller, "password").await
}

pub(super) fn must_be_a_person(principal: &Principal) -> Result<(), Problem> {
    match principal.is_person() {
        true => Ok(()),
        false => Err(no_person()),
    }
}

pub(super) fn no_person() -> Problem {
    let detail = "a token is no person: it has no session, no password and no language";
    Problem::new(StatusCode::CONFLICT, "access.token", detail)
}

impl Access {
    /// Begins a session and answers with its cookie.
    pub(super) async fn welcome(
        &self,
        account: Account,
        caller: &Caller,
        means: &str,
    ) -> Result<Response, Problem> {
        let origin = caller.address.to_string();
        let secret = self
            .begin_session(&account, &origin, caller.session, means)
            .await?;
        metrics::counter!("tenon_sign_ins_total", "outcome" => "done").increment(1);
        let cookie = caller.cookie(&secret, self.policy().longest.0.as_secs());
        Ok((
            [(header::SET_COOKIE, cookie)],
            Json(SignedIn::from(account)),
        )
            .into_response())
    }

    /// Counts a failure, and tells nothing of its reason: whether there is such a name is nobody's business.
    async fn turn_away(&self, name: &str, caller: &Caller) -> Result<Problem, Problem> {
        let wrong = Problem::new(
            StatusCode::UNAUTHORIZED,
            "access.credentials",
            "no such name and password",
        );
        let actor = Actor {
            who: name.to_owned(),
            via: "nobody",
            origin: caller.address.to_string(),
        };
        let mut entry = actor.did("session.refused", name, json!({}));
        entry.outcome.clone_from(&wrong.code);
        let change = AccessChange::FailSignIn {
            name: name.to_owned(),
            forget_before: self.lock_began(),
        };
        self.change(change, entry).await?;
        metrics::counter!("tenon_sign_ins_total", "outcome" => "refused").increment(1);
        Ok(wrong)
    }

    /// Refuses an address that tries too often.
    pub(super) fn check_pace(&self, caller: &Caller) -> Result<(), Problem> {
        if self.0.pace.len() > ADDRESSES {
            self.0.pace.retain_recent();
        }
        self.0.pace.check_key(&caller.address).map_err(|until| {
            let wait = until
                .wait_time_from(DefaultClock::default().now())
                .as_secs()
                + 1;
            metrics::counter!("tenon_sign_ins_total", "outcome" => "held").increment(1);
            let detail = format!("too many attempts from here; try again in {wait} s");
            Problem::new(StatusCode::TOO_MANY_REQUESTS, "access.pace", detail).retry_after(wait)
        })
    }

    /// Refuses a name under which too many attempts failed.
    async fn check_lock(&self, name: &str) -> Result<(), Problem> {
        let Some(found) = self.store().sign_in_failures(name).await? else {
            return Ok(());
        };
        if found.failures < self.policy().lock_after || found.last_at < self.lock_began() {
            return Ok(());
        }
        metrics::counter!("tenon_sign_ins_total", "outcome" => "locked").increment(1);
        let left = found.last_at.duration_since(self.lock_began()).as_secs();
        let left = left.unsigned_abs() + 1;
        let detail = format!("too many failures under this name; try again in {left} s");
        let locked = Problem::new(StatusCode::TOO_MANY_REQUESTS, "access.locked", detail);
        Err(locked.retry_after(left))
    }

    /// A failure before this time locks nothing any more.
    fn lock_began(&self) -> Timestamp {
        let lock = jiff::SignedDuration::try_from(self.policy().lock_for.0).unwrap_or_default();
        Timestamp::now().checked_sub(lock).unwrap_or(Timestamp::MIN)
    }
}
