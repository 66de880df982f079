//! Signing on at a provider: OpenID Connect, authorization code with PKCE.
//!
//! The provider says who somebody is and in which groups; the table of roles in the configuration says
//! what that may do, anew at each sign-on. State, nonce and verifier wait in a cookie of the browser that
//! began, so that any node may finish.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::{Extension, Json};
use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreAuthenticationFlow, CoreErrorResponseType,
    CoreGenderClaim, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm,
    CoreProviderMetadata, CoreRevocableToken, CoreRevocationErrorResponse,
    CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AdditionalClaims, AuthorizationCode, Client, ClientId, ClientSecret, CsrfToken,
    EmptyExtraTokenFields, EndpointMaybeSet, EndpointNotSet, EndpointSet, HttpRequest,
    HttpResponse, IdTokenFields, IssuerUrl, Nonce, OAuth2TokenResponse, PkceCodeChallenge,
    PkceCodeVerifier, RedirectUrl, Scope, StandardErrorResponse, StandardTokenResponse,
    TokenResponse, UserInfoClaims,
};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tenon_connector::Secret;
use tenon_core::{Failure, SystemName};
use tenon_store::{Account, Role};
use tokio::sync::Mutex;
use utoipa::{IntoParams, ToSchema};

use super::desk::account_name;
use super::guard::{Caller, cookie};
use super::{Access, AccountChange, Actor, NewAccount};
use crate::{Api, Problem};

/// Where the provider sends people back to, behind the hub's address.
const CALLBACK: &str = "/auth/oidc/callback";
/// A page that leads on by its header.
const PAGE: &str =
    "<!doctype html><meta charset=\"utf-8\"><title>Tenon</title><a href=\"/\">Tenon</a>";
/// How long the provider has to answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long what the provider says of itself, its keys among it, is believed.
const FRESH: Duration = Duration::from_secs(3600);
/// How long somebody may take to sign on there, in seconds.
const UNDERWAY: u64 = 600;

/// `[access.oidc]`: a provider of single sign-on.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provider {
    /// Its address; what it says of itself stands under `/.well-known/openid-configuration`.
    pub issuer: String,
    /// As what it knows the hub.
    pub client_id: String,
    /// What it knows the hub by.
    pub client_secret: Option<Secret>,
    /// What is asked for besides `openid`.
    #[serde(default = "usual_scopes")]
    pub scopes: Vec<String>,
    /// The claim that becomes the account's name.
    #[serde(default = "usual_user_claim")]
    pub user_claim: String,
    /// The claim that lists groups; full stops lead into objects: `realm_access.roles`.
    #[serde(default = "usual_groups_claim")]
    pub groups_claim: String,
    /// What groups may do: the first that somebody is in counts. Who is in none may not sign on.
    pub roles: Vec<GroupRole>,
}

/// What the people of a group may do.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupRole {
    /// The group, as the provider names it.
    pub group: String,
    /// What its people may do.
    pub role: Role,
    /// The only systems that they may touch.
    #[serde(default)]
    pub systems: Option<Vec<SystemName>>,
}

fn usual_scopes() -> Vec<String> {
    ["profile", "email"].map(str::to_owned).to_vec()
}

fn usual_user_claim() -> String {
    "preferred_username".to_owned()
}

fn usual_groups_claim() -> String {
    "groups".to_owned()
}

/// Whatever a provider says beyond the standard.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Claims {
    #[serde(flatten)]
    all: HashMap<String, Value>,
}

impl AdditionalClaims for Claims {}

type Tokens = StandardTokenResponse<
    IdTokenFields<
        Claims,
        EmptyExtraTokenFields,
        CoreGenderClaim,
        CoreJweContentEncryptionAlgorithm,
        CoreJwsSigningAlgorithm,
    >,
    CoreTokenType,
>;

type OurClient = Client<
    Claims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    Tokens,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// A provider, and what it last said of itself.
pub(super) struct SingleSignOn {
    provider: Provider,
    redirect: String,
    http: reqwest::Client,
    known: Mutex<Option<(Instant, Arc<CoreProviderMetadata>)>>,
}

/// Why a request to the provider failed.
#[derive(Debug, thiserror::Error)]
enum Unanswered {
    #[error("{0}")]
    Http(#[from] reqwest::Error),
    #[error("{0}")]
    Answer(#[from] axum::http::Error),
}

impl SingleSignOn {
    /// Puts it together; nothing is asked yet.
    pub(super) fn new(provider: Provider, url: &str) -> Result<Self, Failure> {
        // Whoever comes first installs it; a second installation is refused, and that is fine.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            // Followed blindly, a redirect could make the hub ask for what is not its own.
            .redirect(reqwest::redirect::Policy::none())
            .timeout(PATIENCE)
            .build()
            .map_err(|error| Failure::bug("oidc.client", error.to_string()))?;
        Ok(Self {
            provider,
            redirect: format!("{}{CALLBACK}", url.trim_end_matches('/')),
            http,
            known: Mutex::default(),
        })
    }

    /// Sends a request of the library's.
    fn send(
        &self,
    ) -> impl Fn(
        HttpRequest,
    )
        -> std::pin::Pin<Box<dyn Future<Output = Result<HttpResponse, Unanswered>> + Send>>
    + Send
    + Sync
    + 'static {
        let http = self.http.clone();
        move |request| {
            let http = http.clone();
            Box::pin(async move {
                let answer = http.execute(request.try_into()?).await?;
                let mut response = axum::http::Response::builder().status(answer.status());
                if let Some(headers) = response.headers_mut() {
                    *headers = answer.headers().clone();
                }
                Ok(response.body(answer.bytes().await?.to_vec())?)
            })
        }
    }

    async fn client(&self) -> Result<OurClient, Problem> {
        let mut known = self.known.lock().await;
        let metadata = match &*known {
            Some((since, metadata)) if since.elapsed() < FRESH => metadata.clone(),
            _ => {
                let issuer = IssuerUrl::new(self.provider.issuer.clone()).map_err(unreachable)?;
                let found = CoreProviderMetadata::discover_async(issuer, &self.send()).await;
                let found = Arc::new(found.map_err(unreachable)?);
                *known = Some((Instant::now(), found.clone()));
                found
            }
        };
        drop(known);
        let secret = match &self.provider.client_secret {
            None => None,
            Some(secret) => {
                let secret = secret.reveal().map_err(|problem| {
                    Failure::configuration("secret.unset", problem.to_string())
                })?;
                Some(ClientSecret::new(secret.expose_secret().to_owned()))
            }
        };
        let id = ClientId::new(self.provider.client_id.clone());
        let redirect = RedirectUrl::new(self.redirect.clone()).map_err(unreachable)?;
        let client = Client::from_provider_metadata((*metadata).clone(), id, secret);
        Ok(client.set_redirect_uri(redirect))
    }

    /// Where the browser is to go, and what it is to bring back.
    async fn begin(&self) -> Result<(String, Underway), Problem> {
        let client = self.client().await?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let mut request = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                CsrfToken::new_random,
                Nonce::new_random,
            )
            .set_pkce_challenge(challenge);
        for scope in &self.provider.scopes {
            request = request.add_scope(Scope::new(scope.clone()));
        }
        let (url, state, nonce) = request.url();
        let underway = Underway {
            state: state.secret().clone(),
            nonce: nonce.secret().clone(),
            verifier: verifier.secret().clone(),
        };
        Ok((url.to_string(), underway))
    }

    /// What the provider says of who brings this code.
    async fn finish(&self, code: String, underway: Underway) -> Result<Signed, Problem> {
        let client = self.client().await?;
        let send = self.send();
        let tokens = client
            .exchange_code(AuthorizationCode::new(code))
            .map_err(refused)?
            .set_pkce_verifier(PkceCodeVerifier::new(underway.verifier))
            .request_async(&send)
            .await
            .map_err(refused)?;
        let id_token = tokens
            .id_token()
            .ok_or_else(|| refused("it gave no ID token"))?;
        let nonce = Nonce::new(underway.nonce);
        let claims = match id_token.claims(&client.id_token_verifier(), &nonce) {
            Ok(claims) => claims,
            Err(error) => {
                // Its keys may have changed: the next attempt asks for them again.
                *self.known.lock().await = None;
                return Err(refused(error));
            }
        };
        let subject = format!("{}|{}", self.provider.issuer, claims.subject().as_str());
        let mut said = object(claims);
        // Groups and names are often told there alone.
        if let Ok(request) = client.user_info(
            tokens.access_token().clone(),
            Some(claims.subject().clone()),
        ) {
            let more: UserInfoClaims<Claims, CoreGenderClaim> =
                request.request_async(&send).await.map_err(refused)?;
            for (name, value) in object(&more) {
                said.entry(name).or_insert(value);
            }
        }
        Ok(Signed { subject, said })
    }

    fn role_of(&self, said: &Map<String, Value>) -> Option<&GroupRole> {
        let groups = within(said, &self.provider.groups_claim)?;
        let is_in = |group: &str| match groups {
            Value::Array(groups) => groups.iter().any(|one| one.as_str() == Some(group)),
            Value::String(only) => only == group,
            _ => false,
        };
        self.provider.roles.iter().find(|role| is_in(&role.group))
    }
}

/// What a provider says of somebody.
struct Signed {
    subject: String,
    said: Map<String, Value>,
}

/// A sign-on that has begun, as it waits in a cookie.
#[derive(Serialize, Deserialize)]
struct Underway {
    state: String,
    nonce: String,
    verifier: String,
}

fn object(claims: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(claims) {
        Ok(Value::Object(said)) => said,
        _ => Map::new(),
    }
}

/// A claim by its path.
fn within<'c>(said: &'c Map<String, Value>, path: &str) -> Option<&'c Value> {
    if let Some(found) = said.get(path) {
        return Some(found);
    }
    let (first, rest) = path.split_once('.')?;
    within(said.get(first)?.as_object()?, rest)
}

fn unreachable(error: impl std::fmt::Display) -> Problem {
    let detail = format!("the provider of single sign-on cannot be asked: {error}");
    Problem::new(StatusCode::BAD_GATEWAY, "oidc.unreachable", detail)
}

fn refused(error: impl std::fmt::Display) -> Problem {
    let detail = format!("the provider's answer cannot be taken: {error}");
    Problem::new(StatusCode::UNAUTHORIZED, "oidc.refused", detail)
}

/// By what means people sign in here.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({ "password": true, "single_sign_on": "/auth/oidc" }))]
pub(crate) struct Means {
    /// With name and password.
    password: bool,
    /// Where single sign-on begins; null where there is none.
    single_sign_on: Option<&'static str>,
}

/// By what means people sign in here.
#[utoipa::path(get, path = "/api/v1/session/means", tag = "access", responses(
    (status = 200, description = "the means", body = Means)))]
pub(crate) async fn means(State(api): State<Api>) -> Json<Means> {
    Json(Means {
        password: true,
        single_sign_on: api.access.single_sign_on().map(|_| "/auth/oidc"),
    })
}

/// Leads a browser to the provider of single sign-on.
#[utoipa::path(get, path = "/auth/oidc", tag = "access", responses(
    (status = 303, description = "to the provider"), (status = 404, description = "none is configured", body = Problem), (status = 502, description = "the provider cannot be asked", body = Problem)))]
pub(crate) async fn begin_sign_on(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
) -> Response {
    let answer = begin(&api, &caller).await;
    answer.unwrap_or_else(|problem| back_to_the_door(&headers, problem))
}

async fn begin(api: &Api, caller: &Caller) -> Result<Response, Problem> {
    let single = api.access.single_sign_on().ok_or_else(none_configured)?;
    api.access.check_pace(caller)?;
    let (url, underway) = single.begin().await?;
    let Underway {
        state,
        nonce,
        verifier,
    } = underway;
    // None of the three holds a full stop.
    let cookie = caller.waiting(&format!("{state}.{nonce}.{verifier}"), UNDERWAY);
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to(&url)).into_response())
}

/// What the provider sends back.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Returned {
    /// Good once, for the tokens.
    code: Option<String>,
    /// What was given along.
    state: Option<String>,
    /// Why it refused.
    error: Option<String>,
}

/// Takes a browser back from the provider of single sign-on, and signs in.
#[utoipa::path(get, path = "/auth/oidc/callback", tag = "access", params(Returned), responses(
    (status = 200, description = "signed in: a page that leads on to the console", body = String, content_type = "text/html"), (status = 400, description = "this browser has not begun a sign-on", body = Problem), (status = 401, description = "the provider's answer cannot be taken", body = Problem), (status = 403, description = "in no group that may sign in", body = Problem), (status = 404, description = "none is configured", body = Problem), (status = 502, description = "the provider cannot be asked", body = Problem)))]
pub(crate) async fn finish_sign_on(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    Query(returned): Query<Returned>,
) -> Response {
    let answer = finish(&api, &caller, &headers, returned).await;
    answer.unwrap_or_else(|problem| back_to_the_door(&headers, problem))
}

/// What went wrong: a program reads the problem; a person is led back to the door, which says it.
fn back_to_the_door(headers: &HeaderMap, problem: Problem) -> Response {
    let accepted = headers.get(header::ACCEPT).map(HeaderValue::as_bytes);
    let person = accepted.is_some_and(|kinds| kinds.windows(9).any(|kind| kind == b"text/html"));
    let way = HeaderValue::try_from(format!("0; url=/?sign_on={}", problem.code));
    let mut response = problem.into_response();
    if let (true, Ok(way)) = (person, way) {
        let html = HeaderValue::from_static("text/html; charset=utf-8");
        response.headers_mut().insert(header::CONTENT_TYPE, html);
        response.headers_mut().insert(header::REFRESH, way);
        *response.body_mut() = PAGE.into();
    }
    response
}

async fn finish(
    api: &Api,
    caller: &Caller,
    headers: &HeaderMap,
    returned: Returned,
) -> Result<Response, Problem> {
    let single = api.access.single_sign_on().ok_or_else(none_configured)?;
    if let Some(error) = returned.error {
        return Err(refused(error.chars().take(100).collect::<String>()));
    }
    let not_begun = || {
        let detail = "this browser has not begun this sign-on, or took too long; begin again";
        Problem::new(StatusCode::BAD_REQUEST, "oidc.state", detail)
    };
    let waiting = cookie(headers, caller.waiting_name()).ok_or_else(not_begun)?;
    let mut parts = waiting.split('.').map(str::to_owned);
    let (Some(state), Some(nonce), Some(verifier)) = (parts.next(), parts.next(), parts.next())
    else {
        return Err(not_begun());
    };
    if returned.state.as_deref() != Some(state.as_str()) {
        return Err(not_begun());
    }
    let code = returned.code.ok_or_else(not_begun)?;
    let underway = Underway {
        state,
        nonce,
        verifier,
    };
    let signed = single.finish(code, underway).await?;
    let origin = caller.address.to_string();
    let account = api.access.signed_on(single, signed, &origin).await?;
    let secret = api
        .access
        .begin_session(&account, &origin, caller.session, "single sign-on")
        .await?;
    let cookie = caller.cookie(&secret, api.access.policy().longest.0.as_secs());
    // Not a redirect: the way here began at another site, and the session's cookie is for our own
    // pages' requests alone. A page of ours leads on.
    let mut response = ([(header::REFRESH, "0; url=/")], Html(PAGE)).into_response();
    for cookie in [cookie, caller.waiting("", 0)] {
        if let Ok(value) = cookie.parse() {
            response.headers_mut().append(header::SET_COOKIE, value);
        }
    }
    Ok(response)
}

fn none_configured() -> Problem {
    Problem::not_found("no provider of single sign-on is configured (`[access.oidc]`)")
}

impl Access {
    /// The account of who signed on, made or brought up to date with what the provider says.
    async fn signed_on(
        &self,
        single: &SingleSignOn,
        signed: Signed,
        origin: &str,
    ) -> Result<Account, Problem> {
        let text = |claim: &str| within(&signed.said, claim).and_then(Value::as_str);
        let wanted = &single.provider.user_claim;
        let user = text(wanted)
            .or_else(|| text("email"))
            .or_else(|| text("sub"));
        let name = account_name(user.unwrap_or_default())?;
        let actor = Actor {
            who: name.clone(),
            via: "single sign-on",
            origin: origin.to_owned(),
        };
        let Some(role) = single.role_of(&signed.said) else {
            let detail = format!("`{name}` is in no group that may sign in here");
            let problem = Problem::new(StatusCode::FORBIDDEN, "oidc.no_role", detail);
            let mut entry = actor.did("session.refused", &name, Value::Null);
            entry.outcome.clone_from(&problem.code);
            self.change(tenon_store::AccessChange::Nothing, entry)
                .await?;
            return Err(problem);
        };
        let display_name = text("name").map(str::to_owned);
        match self.store().account_of(&signed.subject).await? {
            Some(known) if known.disabled => {
                let detail = format!("`{}` may not sign in any more", known.name);
                Err(Problem::new(StatusCode::FORBIDDEN, "oidc.disabled", detail))
            }
            Some(known) if known.role == role.role && known.systems == role.systems => Ok(known),
            Some(known) => {
                let change = AccountChange {
                    role: Some(role.role),
                    systems: Some(role.systems.clone()),
                    ..AccountChange::default()
                };
                self.alter_account(&actor, &known.name, change).await
            }
            // A name that is taken stays with whom it belongs to: `add_account` refuses it.
            None => {
                let new = NewAccount {
                    name,
                    display_name,
                    role: role.role,
                    systems: role.systems.clone(),
                    language: None,
                    password: None,
                    subject: Some(signed.subject),
                };
                self.add_account(&actor, new).await
            }
        }
    }
}
