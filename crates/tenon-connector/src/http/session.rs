//! Sessions: logging in, carrying what the log-in gave, and logging in again when it has ended.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use reqwest::RequestBuilder;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, SET_COOKIE};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tenon_core::{Failure, FailureKind};

use super::answer::Answer;
use super::client::Client;
use super::plan::{LoginCall, header_value};
use super::program::{of_the_file, written};

/// How long a refused log-in is not tried again: a system that counts wrong passwords locks the
/// account.
const REFUSED: Duration = Duration::from_secs(60);

/// A session ends this long before the system says it does.
const MARGIN: Duration = Duration::from_secs(30);

/// What every request carries.
#[derive(Clone, Default)]
pub(super) struct Session {
    headers: HeaderMap,
    query: Vec<(String, String)>,
    /// What programs see as `.values`.
    pub(super) values: Map<String, Value>,
    until: Option<Instant>,
    /// Which session of this client it is.
    number: u64,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Session({})", self.number)
    }
}

/// What a log-in gives, as its program `take` says it.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Taken {
    headers: BTreeMap<String, String>,
    query: BTreeMap<String, String>,
    values: Map<String, Value>,
    expires_in: Option<u64>,
}

/// The log-in of a client, and the session that it has.
#[derive(Debug, Default)]
pub(super) struct Login {
    pub(super) calls: Vec<LoginCall>,
    pub(super) user: Option<(String, SecretString)>,
    pub(super) values: Map<String, Value>,
    current: tokio::sync::Mutex<Current>,
}

#[derive(Debug, Default)]
struct Current {
    session: Option<Session>,
    opened: u64,
    refused: Option<(Instant, Failure)>,
}

impl Session {
    /// The request with what the session adds to it.
    pub(super) fn upon(&self, request: RequestBuilder) -> RequestBuilder {
        let request = match self.headers.is_empty() {
            true => request,
            false => request.headers(self.headers.clone()),
        };
        match self.query.is_empty() {
            true => request,
            false => request.query(&self.query),
        }
    }

    fn add(&mut self, taken: Taken) -> Result<(), Failure> {
        for (name, value) in taken.headers {
            let header: HeaderName = name
                .parse()
                .map_err(|_| failed(format!("`{name}` is no name of a header")))?;
            let value = header_value(&value)
                .ok_or_else(|| failed(format!("header `{name}` cannot carry what was given")))?;
            self.headers.insert(header, value);
        }
        self.query.extend(taken.query);
        self.values.extend(taken.values);
        if let Some(seconds) = taken.expires_in {
            let lasts = Duration::from_secs(seconds);
            let lasts = lasts.checked_sub(MARGIN).unwrap_or(lasts / 2);
            self.until = Instant::now().checked_add(lasts);
        }
        Ok(())
    }
}

impl Login {
    /// A log-in by these calls; nobody is logged in yet.
    pub(super) fn new(
        calls: Vec<LoginCall>,
        user: Option<(String, SecretString)>,
        values: Map<String, Value>,
    ) -> Self {
        Self {
            calls,
            user,
            values,
            current: tokio::sync::Mutex::default(),
        }
    }

    /// Whether there is anything to log in to.
    pub(super) fn is_needed(&self) -> bool {
        !self.calls.is_empty()
    }

    /// The session, which is opened if there is none. `ended` is one that the system takes no more.
    ///
    /// # Errors
    /// As the log-in's calls; a refusal is remembered for a minute.
    pub(super) async fn session(
        &self,
        client: &Client,
        ended: Option<&Session>,
    ) -> Result<Session, Failure> {
        if !self.is_needed() {
            return Ok(Session {
                values: self.values.clone(),
                ..Session::default()
            });
        }
        let mut current = self.current.lock().await;
        let usable = current.session.as_ref().filter(|session| {
            session.until.is_none_or(|until| until > Instant::now())
                && ended.is_none_or(|ended| ended.number != session.number)
        });
        if let Some(session) = usable {
            return Ok(session.clone());
        }
        if let Some((at, failure)) = &current.refused
            && at.elapsed() < REFUSED
        {
            return Err(failure.clone());
        }
        current.session = None;
        current.opened += 1;
        match self.open(client, current.opened).await {
            Ok(session) => {
                current.refused = None;
                current.session = Some(session.clone());
                Ok(session)
            }
            Err(failure) => {
                if failure.kind == FailureKind::Configuration {
                    current.refused = Some((Instant::now(), failure.clone()));
                }
                Err(failure)
            }
        }
    }

    async fn open(&self, client: &Client, number: u64) -> Result<Session, Failure> {
        let mut session = Session {
            values: self.values.clone(),
            number,
            ..Session::default()
        };
        for call in &self.calls {
            let input = written(&json!({
                "user": self.user.as_ref().map(|(user, _)| user),
                "password": self.user.as_ref().map(|(_, password)| password.expose_secret()),
                "values": session.values,
            }))?;
            let mut address = client.address(&call.path, &session.values)?;
            if let Some(query) = &call.query {
                query.ask(&mut address, &input).map_err(of_the_file)?;
            }
            let mut request = session.upon(client.request(call.method.clone(), address));
            if let Some(body) = &call.body {
                let body = body.text_of(&input).map_err(of_the_file)?;
                request = request.header(CONTENT_TYPE, "application/json").body(body);
            }
            let answer = client.judged(client.send(request).await?)?;
            if let Some(failure) = answer.failure() {
                return Err(match failure.kind {
                    FailureKind::Transient => failure,
                    _ => failed(format!(
                        "{}; check user and password in the connector file",
                        failure.detail
                    )),
                });
            }
            let taken = self.taken(call, &answer, &session)?;
            session.add(taken)?;
        }
        Ok(session)
    }

    fn taken(
        &self,
        call: &LoginCall,
        answer: &Answer,
        session: &Session,
    ) -> Result<Taken, Failure> {
        let Some(take) = &call.take else {
            return Ok(Taken::default());
        };
        if answer.is_html() {
            return Err(answer.html_failure());
        }
        let input = written(&json!({
            "user": self.user.as_ref().map(|(user, _)| user),
            "answer": serde_json::from_slice::<Value>(&answer.body).ok(),
            "cookies": cookies(&answer.headers),
            "values": session.values,
        }))?;
        let taken = take.value(&input).map_err(|failure| {
            // What the answer held may be the very token, so that it is not quoted.
            failed(format!(
                "{} answered {}, which is not what a log-in gives ({}); check user and password in \
                 the connector file",
                answer.asked, answer.status, failure.code
            ))
        })?;
        Ok(taken.unwrap_or_default())
    }
}

fn failed(detail: String) -> Failure {
    Failure::configuration("http.login", detail)
}

/// The cookies that an answer sets, by name.
fn cookies(headers: &HeaderMap) -> BTreeMap<String, String> {
    let set = headers.get_all(SET_COOKIE).iter();
    set.filter_map(|value| {
        let (name, value) = value.to_str().ok()?.split(';').next()?.split_once('=')?;
        Some((name.trim().to_owned(), value.trim().to_owned()))
    })
    .collect()
}
