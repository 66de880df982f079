//! One client for an API: how requests are made, sent and bounded.

use std::error::Error;

use bytes::{Bytes, BytesMut};
use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue,
};
use reqwest::{Method, RequestBuilder, Url, redirect};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};
use tenon_core::{Failure, Timestamp};

use super::answer::{Answer, inflated};
use super::plan::{Auth, Plan, header_value};
use super::program::{Program, of_the_file};
use super::session::{Login, Session};
use super::signing::Signing;
use super::soap::{self, Operation};
use super::steps::Fault;
use crate::Secret;

/// Makes a request of the session's values.
pub(super) type Make<'m> =
    dyn Fn(&Map<String, Value>) -> Result<RequestBuilder, Failure> + Sync + 'm;

/// A client and what all its requests have in common.
pub(super) struct Client {
    http: reqwest::Client,
    base: Url,
    user: Option<(String, SecretString)>,
    signing: Option<Signing>,
    login: Login,
    fault: Option<Program>,
    soap: bool,
    max_body_bytes: usize,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Client")
            .field("base", &self.base.as_str())
            .finish_non_exhaustive()
    }
}

impl Client {
    /// Reads the secrets and certificates and builds a client; nothing is connected.
    pub(super) fn new(plan: &Plan) -> Result<Self, Failure> {
        // Whoever comes first installs it; a second installation is refused, and that is fine.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        // Always accepted, since some servers mislabel what they send to those who do not. Inflating
        // is done here, where its result is bounded and a false label is seen through.
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
        for (name, secret) in &plan.headers {
            headers.insert(name.clone(), secret_header(name.as_str(), secret, "")?);
        }
        let (mut user, mut signing) = (None, None);
        match &plan.auth {
            None => {}
            Some(Auth::Basic {
                user: name,
                password,
            }) => {
                user = Some((name.clone(), reveal("auth.password", password)?));
            }
            Some(Auth::Bearer(token)) => {
                headers.insert(
                    AUTHORIZATION,
                    secret_header("auth.bearer", token, "Bearer ")?,
                );
            }
            Some(Auth::Header { name, value }) => {
                headers.insert(name.clone(), secret_header("auth.value", value, "")?);
            }
            Some(Auth::Signed {
                app_id,
                app_secret,
                about,
            }) => {
                let app_id = reveal("auth.app_id", app_id)?;
                let app_secret = reveal("auth.app_secret", app_secret)?;
                signing = Some(Signing::new(&app_id, app_secret, about.clone())?);
            }
        }
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("tenon/", env!("CARGO_PKG_VERSION")))
            .default_headers(headers)
            .redirect(redirect::Policy::none())
            .no_gzip()
            .timeout(plan.timeout)
            .connect_timeout(plan.connect_timeout);
        if let Some(file) = &plan.ca_file {
            builder = builder.tls_certs_merge(certificates(file)?);
        }
        let http = builder.build().map_err(|error| {
            Failure::configuration(
                "http.client",
                format!("cannot make an HTTP client: {}", causes(&error)),
            )
        })?;
        let (base, max_body_bytes) = (plan.url.clone(), plan.max_body_bytes);
        // Whoever logs in does not prove himself with each request as well.
        let (user, login_user) = match plan.login.is_empty() {
            true => (user, None),
            false => (None, user),
        };
        Ok(Self {
            http,
            base,
            user,
            signing,
            login: Login::new(plan.login.clone(), login_user, plan.values.clone()),
            fault: plan.fault.clone(),
            soap: plan.soap,
            max_body_bytes,
        })
    }

    /// The request with its body: JSON, or the envelope of an operation.
    pub(super) fn filled(
        &self,
        request: RequestBuilder,
        operation: Option<&Operation>,
        content: Bytes,
    ) -> Result<RequestBuilder, Failure> {
        let Some(operation) = operation else {
            return Ok(request
                .header(CONTENT_TYPE, "application/json")
                .body(content));
        };
        let headers = operation.headers();
        let request = headers.into_iter().fold(request, |request, (name, value)| {
            request.header(name, value)
        });
        Ok(request.body(operation.envelope(&content)?))
    }

    /// The session, opened if need be.
    pub(super) async fn session(&self) -> Result<Session, Failure> {
        self.login.session(self, None).await
    }

    /// Sends what `make` makes of the session's values. When the answer says that the session has
    /// ended, the same is sent once more in a new one.
    ///
    /// # Errors
    /// As [`send`](Self::send) and the log-in. A failure that the answer states is not among them:
    /// [`Answer::failure`] tells it.
    pub(super) async fn call(&self, make: &Make<'_>) -> Result<Answer, Failure> {
        let session = self.session().await?;
        let answer = self.sent(&session, make).await?;
        if !self.login.is_needed() || !answer.ends_session() {
            return Ok(answer);
        }
        let session = self.login.session(self, Some(&session)).await?;
        self.sent(&session, make).await
    }

    async fn sent(&self, session: &Session, make: &Make<'_>) -> Result<Answer, Failure> {
        let request = session.upon(make(&session.values)?);
        self.judged(self.send(request).await?)
    }

    /// An answer with what the configured program finds wrong with it.
    pub(super) fn judged(&self, answer: Answer) -> Result<Answer, Failure> {
        let mut answer = match self.soap {
            true => soap::opened(answer)?,
            false => answer,
        };
        if let Some(program) = &self.fault {
            let fault: Option<Fault> = program.value(&answer.as_input()).map_err(of_the_file)?;
            // A fault that the program has nothing to say about stays what it is.
            answer.of_session = fault.as_ref().is_some_and(Fault::is_of_session);
            if let Some(fault) = fault {
                answer.fault = Some(fault.failure(&answer.asked));
            }
        }
        Ok(answer)
    }

    /// The address of a path below the base.
    pub(super) fn address(&self, path: &str, values: &Map<String, Value>) -> Result<Url, Failure> {
        let base = self.base.as_str().trim_end_matches('/');
        let mut path = path.to_owned();
        for (name, value) in values {
            let place = format!("{{{name}}}");
            if path.contains(&place) {
                let value = value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned);
                path = path.replace(&place, &encoded(&value)?);
            }
        }
        Url::parse(&format!("{base}{path}")).map_err(|error| {
            Failure::configuration(
                "http.address",
                format!("{base}{path} is no address: {error}"),
            )
        })
    }

    /// Whether an address is of the server that the credentials are meant for.
    pub(super) fn is_home(&self, address: &Url) -> bool {
        address.origin() == self.base.origin()
    }

    /// A request that carries the credentials.
    pub(super) fn request(&self, method: Method, address: Url) -> RequestBuilder {
        let request = self.http.request(method, address);
        match &self.user {
            Some((user, password)) => request.basic_auth(user, Some(password.expose_secret())),
            None => request,
        }
    }

    /// Sends a request and reads the whole answer, whatever its status.
    ///
    /// # Errors
    /// `Transient` when the server cannot be reached or breaks off; `Configuration` when its
    /// certificate is not trusted or the answer is longer than is taken.
    pub(super) async fn send(&self, request: RequestBuilder) -> Result<Answer, Failure> {
        let mut request = request.build().map_err(|error| {
            Failure::configuration(
                "http.request",
                format!("cannot make a request: {}", causes(&error)),
            )
        })?;
        if let Some(signing) = &self.signing {
            let mut nonce = [0; 8];
            getrandom::fill(&mut nonce)
                .map_err(|error| Failure::bug("http.sign", error.to_string()))?;
            let (method, url) = (request.method().clone(), request.url().clone());
            let signed = signing.headers(&method, &url, Timestamp::now(), &hex::encode(nonce))?;
            request.headers_mut().extend(signed);
        }
        let asked = asked(request.method(), request.url());
        let mut response = self
            .http
            .execute(request)
            .await
            .map_err(|error| failure(&asked, error))?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let too_long = || {
            Failure::configuration(
                "http.too_long",
                format!(
                    "{asked} answered with more than {} bytes; ask for smaller pages, or raise \
                     max_body_bytes",
                    self.max_body_bytes
                ),
            )
        };
        let mut body = BytesMut::new();
        while let Some(chunk) = response
            .chunk()
            .await
            .map_err(|error| failure(&asked, error))?
        {
            if body.len() + chunk.len() > self.max_body_bytes {
                return Err(too_long());
            }
            body.extend_from_slice(&chunk);
        }
        let encoding = headers
            .get(CONTENT_ENCODING)
            .and_then(|value| value.to_str().ok());
        let body: Bytes = inflated(encoding, body.freeze(), self.max_body_bytes)
            .map_err(|error| {
                Failure::transient(
                    "http.broken_off",
                    format!("{asked}: the answer broke off: {error}"),
                )
            })?
            .ok_or_else(too_long)?;
        Ok(Answer {
            asked,
            status,
            headers,
            body,
            fault: None,
            of_session: false,
        })
    }
}

/// A text as one segment of a path: everything but the unreserved characters of RFC 3986 encoded.
pub(super) fn encoded(text: &str) -> Result<String, Failure> {
    use std::fmt::Write;
    // Whatever their encoding, these would be taken for a way up the path.
    if text.is_empty() || text == "." || text == ".." {
        let detail = format!("`{text}` cannot be a segment of a path");
        return Err(Failure::invalid("http.native_id", detail));
    }
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte));
            }
            other => {
                // Writing to a string cannot fail.
                let _ = write!(encoded, "%{other:02X}");
            }
        }
    }
    Ok(encoded)
}

/// Method and address for a person, without the query, which may hold a secret.
fn asked(method: &Method, url: &Url) -> String {
    let mut shown = url.clone();
    shown.set_query(None);
    shown.set_fragment(None);
    // Only an address that cannot have a user refuses to lose it.
    let _ = shown.set_username("");
    let _ = shown.set_password(None);
    format!("{method} {shown}")
}

fn failure(asked: &str, error: reqwest::Error) -> Failure {
    let error = error.without_url();
    let said = causes(&error);
    if said.contains("certificate") {
        return Failure::configuration(
            "http.tls",
            format!("{asked}: {said}; check the certificate, or name its authority in ca_file"),
        );
    }
    if error.is_builder() {
        return Failure::configuration("http.request", format!("{asked}: {said}"));
    }
    let code = match (error.is_timeout(), error.is_connect()) {
        (true, _) => "http.timeout",
        (_, true) => "http.connect",
        _ => "http.broken_off",
    };
    Failure::transient(code, format!("{asked}: {said}"))
}

/// An error with all that caused it, each said once.
fn causes(error: &dyn Error) -> String {
    let mut said = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let text = cause.to_string();
        if !said.contains(&text) {
            said.push_str(": ");
            said.push_str(&text);
        }
        source = cause.source();
    }
    said
}

fn reveal(key: &str, secret: &Secret) -> Result<SecretString, Failure> {
    secret
        .reveal()
        .map_err(|problem| Failure::configuration("http.secret", format!("`{key}`: {problem}")))
}

fn secret_header(key: &str, secret: &Secret, prefix: &str) -> Result<HeaderValue, Failure> {
    let value = reveal(key, secret)?;
    header_value(&format!("{prefix}{}", value.expose_secret())).ok_or_else(|| {
        Failure::configuration(
            "http.secret",
            format!("`{key}` holds what a header cannot carry"),
        )
    })
}

fn certificates(file: &std::path::Path) -> Result<Vec<reqwest::Certificate>, Failure> {
    let unusable = |reason: String| {
        Failure::configuration("http.tls", format!("ca_file {}: {reason}", file.display()))
    };
    let text = std::fs::read(file).map_err(|error| unusable(error.to_string()))?;
    let found =
        reqwest::Certificate::from_pem_bundle(&text).map_err(|error| unusable(causes(&error)))?;
    if found.is_empty() {
        return Err(unusable("holds no certificate in PEM".to_owned()));
    }
    Ok(found)
}
