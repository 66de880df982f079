//! One client for an API: how requests are made, sent and bounded.

use std::error::Error;

use bytes::{Bytes, BytesMut};
use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, HeaderMap, HeaderValue,
};
use reqwest::{Method, RequestBuilder, Url, redirect};
use secrecy::{ExposeSecret, SecretString};
use tenon_core::Failure;

use super::answer::{Answer, inflated};
use super::plan::{Auth, Plan, header_value};
use crate::Secret;

/// A client and what all its requests have in common.
pub(super) struct Client {
    http: reqwest::Client,
    base: Url,
    user: Option<(String, SecretString)>,
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
        let mut user = None;
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
        Ok(Self {
            http,
            base,
            user,
            max_body_bytes,
        })
    }

    /// The address of a path below the base.
    pub(super) fn address(&self, path: &str) -> Result<Url, Failure> {
        let base = self.base.as_str().trim_end_matches('/');
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
        let request = request.build().map_err(|error| {
            Failure::configuration(
                "http.request",
                format!("cannot make a request: {}", causes(&error)),
            )
        })?;
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
        })
    }
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
