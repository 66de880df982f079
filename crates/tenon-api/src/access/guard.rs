//! Lets a request pass, or does not, and writes what was done into the audit trail.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use axum::extract::{ConnectInfo, MatchedPath, RawPathParams, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use axum::{RequestExt, http::Extensions};
use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};
use tenon_core::{Failure, MASK, SystemName, Timestamp};
use tenon_store::{AccessChange, Account, ApiToken, AuditDraft, Role, SecretDigest, Session};

use super::principal::Noted;
use super::rules::{Rule, Scope};
use super::secret::digest;
use super::{Access, Note, Permission, Principal, Via, scope_of};
use tracing::Instrument;

use crate::export::Rows;
use crate::problem::Code;
use crate::{Api, Problem};

/// How exactly the last use of a session or a token is noted.
const TO_THE: Duration = Duration::from_secs(60);

/// The most characters of a parameter that are noted.
const LONGEST: usize = 200;

/// The cookie's name where the browser came by TLS: only this very host can have set it.
const SECURE_COOKIE: &str = "__Host-tenon";
/// The cookie's name elsewhere.
const PLAIN_COOKIE: &str = "tenon";

/// Finds the rule of the route, finds out who asks, and lets the request pass if the one allows the other.
pub(crate) async fn guard(
    State(api): State<Api>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let matched = request.extensions().get::<MatchedPath>();
    let rule = matched.and_then(|path| Rule::of(request.method().as_str(), path.as_str()));
    let Some(rule) = rule else {
        // A method that the route does not take: the router has an answer for it. The start has
        // checked that every route has a rule.
        return Ok(next.run(request).await);
    };
    let caller = Caller::of(&request, &api.access);
    if rule.needs == Permission::Open {
        request.extensions_mut().insert(caller);
        return Ok(next.run(request).await);
    }
    let shown = request.headers().get(header::AUTHORIZATION).cloned();
    let mut principal = api.access.authenticate(shown.as_ref(), &caller).await?;
    principal.asks = scope_of(rule);
    let note = Note::default();
    request.extensions_mut().insert(caller);
    request.extensions_mut().insert(principal.clone());
    request.extensions_mut().insert(note.clone());
    let admitted = admit(&api.access, rule, &principal, &mut request).await;
    let Some(action) = rule.records else {
        admitted?;
        return Ok(next.run(request).await);
    };
    if rule.is_safe() {
        note.detail(asked(&request, rule));
    }
    // What has begun is ended and written down, whether or not who asked still waits for it.
    let recorded = async move {
        let path = request.uri().path().to_owned();
        let answered = match admitted {
            Ok(()) => Ok(next.run(request).await),
            Err(problem) => Err(problem),
        };
        let outcome = match &answered {
            Ok(response) => {
                if let Some(Rows(rows)) = response.extensions().get() {
                    note.also(json!({ "rows": rows }));
                }
                outcome(response.status(), response.extensions())
            }
            Err(problem) => problem.code.clone(),
        };
        api.access
            .note(&principal, action, &path, &outcome, note.take())
            .await?;
        answered
    };
    tokio::spawn(recorded.in_current_span())
        .await
        .map_err(|error| Problem::bug(error.to_string()))?
}

/// What the trail says came of a request.
fn outcome(status: StatusCode, extensions: &Extensions) -> String {
    match extensions.get::<Code>() {
        Some(Code(code)) => code.clone(),
        None if status.is_client_error() || status.is_server_error() => status.as_str().to_owned(),
        None => "done".to_owned(),
    }
}

/// Whether who asks may ask this.
async fn admit(
    access: &Access,
    rule: &Rule,
    principal: &Principal,
    request: &mut Request,
) -> Result<(), Problem> {
    if principal.is_person() && !rule.is_safe() {
        if request.headers().get("x-tenon-csrf").is_none() {
            return Err(Problem::forged("the header `X-Tenon-CSRF: 1` is missing"));
        }
        check_origin(request.headers(), access, true)?;
    }
    principal.check(rule.needs)?;
    if principal.systems.is_none() {
        return Ok(());
    }
    match rule.scope {
        Scope::Company | Scope::OfRecord => Ok(()),
        Scope::Whole => Err(principal.out_of_scope("this concerns all")),
        Scope::Among(name) if !mentions(request, name) => Ok(()),
        Scope::Named(name) | Scope::Among(name) => match named(request, name).await {
            None => Err(principal.out_of_scope(&format!("name one as `{name}`"))),
            Some(text) => match SystemName::new(&text) {
                Ok(system) => principal.check_system(&system),
                Err(_) => Err(principal.out_of_scope(&format!("`{text}` is not among them"))),
            },
        },
    }
}

/// The query, by its parameters; null where nothing is asked.
fn asked(request: &Request, rule: &Rule) -> Value {
    let pairs = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(request.uri());
    let pairs = pairs.map_or_else(|_| Vec::new(), |pairs| pairs.0);
    let told = |(name, value): (String, String)| {
        // What the bodies of messages are searched for may be somebody's telephone number.
        let told = match matches!(rule.scope, Scope::Among(_)) && name == "text" {
            true => MASK.to_owned(),
            false => value.chars().take(LONGEST).collect(),
        };
        (name, Value::String(told))
    };
    let asked: Map<String, Value> = pairs.into_iter().map(told).collect();
    match asked.is_empty() {
        true => Value::Null,
        false => asked.into(),
    }
}

/// Whether the query has the parameter at all; one that cannot be read might.
fn mentions(request: &Request, name: &str) -> bool {
    axum::extract::Query::<Vec<(String, String)>>::try_from_uri(request.uri())
        .map_or(true, |pairs| pairs.0.iter().any(|(key, _)| key == name))
}

/// A parameter of the path, or of the query.
async fn named(request: &mut Request, name: &str) -> Option<String> {
    if let Ok(parameters) = request.extract_parts::<RawPathParams>().await
        && let Some((_, value)) = parameters.iter().find(|(key, _)| *key == name)
    {
        return Some(value.to_owned());
    }
    let pairs = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(request.uri()).ok()?;
    let mut values = pairs.0.into_iter().filter(|(key, _)| key == name);
    let first = values.next()?.1;
    // Of two values the handler might take the other one.
    values.next().is_none().then_some(first)
}

/// Whether a browser says that the request comes from the hub's own pages. `must` tells whether it has
/// to say so; every browser does for a method that is not safe.
pub(super) fn check_origin(
    headers: &HeaderMap,
    access: &Access,
    must: bool,
) -> Result<(), Problem> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text("sec-fetch-site")
        && site != "same-origin"
    {
        return Err(Problem::forged("it comes from another site's page"));
    }
    let Some(origin) = text("origin") else {
        return match must && text("sec-fetch-site").is_none() {
            true => Err(Problem::forged("it says nothing of its origin")),
            false => Ok(()),
        };
    };
    let own = match access.policy().origin() {
        Some(own) => origin.eq_ignore_ascii_case(own),
        None => {
            let host = origin.split_once("://").map(|(_, host)| host);
            host.is_some_and(|host| text("host").is_some_and(|own| own.eq_ignore_ascii_case(host)))
        }
    };
    match own {
        true => Ok(()),
        false => Err(Problem::forged(&format!(
            "it comes from {origin}; if people reach the hub there, set `url` under `[access]`"
        ))),
    }
}

/// What is known of a caller before it has proved anything.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    /// Its address, as far as proxies are believed.
    pub(crate) address: IpAddr,
    /// Whether it came by TLS, as far as we know: a false word of it harms only who says it.
    pub(crate) secure: bool,
    /// The session that its browser shows.
    pub(crate) session: Option<SecretDigest>,
    /// Whether the browser asks by itself, nobody having touched it for a while: that is no use of the session.
    idle: bool,
}

impl Caller {
    fn of(request: &Request, access: &Access) -> Self {
        let headers = request.headers();
        let connected = request.extensions().get::<ConnectInfo<SocketAddr>>();
        let peer = connected.map(|ConnectInfo(peer)| peer.ip().to_canonical());
        let secure = headers
            .get("x-forwarded-proto")
            .and_then(|value| value.to_str().ok())
            .map_or_else(
                || {
                    access
                        .policy()
                        .origin()
                        .is_some_and(|own| own.starts_with("https"))
                },
                |scheme| scheme.eq_ignore_ascii_case("https"),
            );
        Self {
            address: forwarded(
                headers,
                peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
                &access.policy().trusted_proxies,
            ),
            session: cookie(headers, name_of_cookie(secure)).map(digest),
            secure,
            idle: headers.contains_key("x-tenon-idle"),
        }
    }

    /// The cookie by which the browser shows a session for so many seconds; 0 takes it back.
    pub(crate) fn cookie(&self, secret: &str, seconds: u64) -> String {
        let name = name_of_cookie(self.secure);
        let secure = if self.secure { "; Secure" } else { "" };
        format!("{name}={secret}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}")
    }

    /// The name of the cookie in which a sign-on at the provider waits.
    pub(crate) fn waiting_name(&self) -> &'static str {
        match self.secure {
            true => "__Host-tenon-oidc",
            false => "tenon-oidc",
        }
    }

    /// The cookie in which a sign-on at the provider waits: the way back comes from there.
    pub(crate) fn waiting(&self, text: &str, seconds: u64) -> String {
        let name = self.waiting_name();
        let secure = if self.secure { "; Secure" } else { "" };
        format!("{name}={text}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}")
    }
}

fn name_of_cookie(secure: bool) -> &'static str {
    if secure { SECURE_COOKIE } else { PLAIN_COOKIE }
}

pub(super) fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}

/// The last address that no proxy of ours has.
fn forwarded(headers: &HeaderMap, peer: IpAddr, proxies: &[IpAddr]) -> IpAddr {
    let mut address = peer;
    let said = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|hop| hop.trim().parse::<IpAddr>());
    for hop in said.collect::<Vec<_>>().into_iter().rev() {
        match hop {
            Ok(hop) if proxies.contains(&address) => address = hop.to_canonical(),
            _ => break,
        }
    }
    address
}

impl Access {
    /// Finds out who asks: by the token it shows, or else by its session.
    async fn authenticate(
        &self,
        authorization: Option<&HeaderValue>,
        caller: &Caller,
    ) -> Result<Principal, Problem> {
        if let Some(value) = authorization {
            let token = value.to_str().ok().and_then(bearer);
            let token =
                token.ok_or_else(|| Problem::bad_token("`Authorization` is no Bearer token"))?;
            let (principal, token) = self.of_token(digest(token), caller.address).await?;
            if let Some(token) = token
                && token.used_at.is_none_or(|used| is_older(used, TO_THE))
            {
                self.store().touch_api_token(token.id).await?;
            }
            return Ok(principal);
        }
        let shown = caller.session.ok_or_else(Problem::not_signed_in)?;
        let (principal, session) = self.of_session(shown, caller.address).await?;
        if !caller.idle && is_older(session.seen_at, TO_THE) {
            self.store().touch_session(&shown).await?;
        }
        Ok(principal)
    }

    /// Whoever was let in before, as it may act now: for answers that go on for long.
    ///
    /// # Errors
    /// 401 when its session or token is good for nothing any more.
    pub(crate) async fn again(&self, principal: &Principal) -> Result<Principal, Problem> {
        Ok(match principal.via {
            Via::Session(shown) => self.of_session(shown, &principal.origin).await?.0,
            Via::Token(shown) => self.of_token(shown, &principal.origin).await?.0,
        })
    }

    async fn of_session(
        &self,
        shown: SecretDigest,
        origin: impl ToString,
    ) -> Result<(Principal, Session), Problem> {
        let found = self.store().session(&shown).await?;
        let (session, account) = found
            .filter(|(session, account)| self.is_valid(session, account))
            .ok_or_else(Problem::session_ended)?;
        let principal = Principal {
            name: account.name,
            display_name: account.display_name,
            role: account.role,
            systems: account.systems,
            scopes: None,
            asks: None,
            language: account.language,
            via: Via::Session(shown),
            origin: origin.to_string(),
        };
        Ok((principal, session))
    }

    /// Whether a session of an account goes on.
    pub(super) fn is_valid(&self, session: &Session, account: &Account) -> bool {
        !account.disabled
            && session.expires_at > Timestamp::now()
            && !is_older(session.seen_at, self.policy().idle.0)
    }

    /// Who shows a token, and the token where it is not the one of `[http]`.
    async fn of_token(
        &self,
        shown: SecretDigest,
        origin: impl ToString,
    ) -> Result<(Principal, Option<ApiToken>), Problem> {
        let principal = |name: String, role| Principal {
            display_name: name.clone(),
            name: format!("token:{name}"),
            role,
            systems: None,
            scopes: None,
            asks: None,
            language: None,
            via: Via::Token(shown),
            origin: origin.to_string(),
        };
        if let Some(configured) = &self.0.configured {
            let configured = configured
                .reveal()
                .map_err(|problem| Failure::configuration("secret.unset", problem.to_string()))?;
            // Digests are compared, so that the time tells nothing of the token.
            let configured = configured.expose_secret();
            if !configured.is_empty() && digest(configured) == shown {
                let name = "configured".to_owned();
                return Ok((principal(name, Role::Administrator), None));
            }
        }
        let token = self.store().api_token(&shown).await?;
        let token = token.ok_or_else(|| Problem::bad_token("no such token"))?;
        if token.revoked_at.is_some() {
            return Err(Problem::bad_token("the token was revoked"));
        }
        if token.expires_at.is_some_and(|end| end <= Timestamp::now()) {
            return Err(Problem::bad_token("the token has expired"));
        }
        let of = Principal {
            systems: token.systems.clone(),
            scopes: token.scopes.clone(),
            ..principal(token.name.clone(), token.role)
        };
        Ok((of, Some(token)))
    }

    /// Writes the entry of a request, unless its handler has done so with its effect. What cannot be
    /// written down is answered as a failure: nothing is revealed or commanded unseen.
    async fn note(
        &self,
        principal: &Principal,
        action: &str,
        path: &str,
        outcome: &str,
        noted: Noted,
    ) -> Result<(), Problem> {
        if noted.written {
            return Ok(());
        }
        let actor = principal.actor();
        let entry = AuditDraft {
            who: actor.who,
            via: actor.via.to_owned(),
            origin: actor.origin,
            action: action.to_owned(),
            subject: noted.subject.unwrap_or_else(|| path.to_owned()),
            outcome: outcome.to_owned(),
            detail: noted.detail,
        };
        let written = self
            .store()
            .change_access(&AccessChange::Nothing, &entry)
            .await;
        written.map_err(|error| {
            tracing::error!(%error, action, "an entry of the audit trail cannot be written");
            Problem::from(error)
        })
    }
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

fn is_older(moment: Timestamp, than: Duration) -> bool {
    Timestamp::now().duration_since(moment).unsigned_abs() > than
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_trusted_proxies_are_believed() {
        let check = |peer: &str, said: &[&str], expected: &str| {
            let mut headers = HeaderMap::new();
            for said in said {
                headers.append("x-forwarded-for", said.parse().unwrap());
            }
            let proxies = ["10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap()];
            let found = forwarded(&headers, peer.parse().unwrap(), &proxies);
            assert_eq!(found.to_string(), expected, "{peer} {said:?}");
        };
        check("203.0.113.5", &["1.1.1.1"], "203.0.113.5");
        check("10.0.0.1", &[], "10.0.0.1");
        check("10.0.0.1", &["1.1.1.1"], "1.1.1.1");
        check("10.0.0.1", &["6.6.6.6, 1.1.1.1", "10.0.0.2"], "1.1.1.1");
        check("10.0.0.1", &["6.6.6.6, nonsense"], "10.0.0.1");
    }

    #[test]
    fn a_cookie_is_found_by_its_whole_name() {
        let mut headers = HeaderMap::new();
        headers.append(
            "cookie",
            "a=1; xtenon=2; tenon=3; tenonx=4".parse().unwrap(),
        );
        headers.append("cookie", "b=5".parse().unwrap());
        assert_eq!(cookie(&headers, "tenon"), Some("3"));
        assert_eq!(cookie(&headers, "b"), Some("5"));
        assert_eq!(cookie(&headers, "ten"), None);
    }
}
