//! An API as it will be used: the connector file's keys, checked.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

use reqwest::header::{HeaderName, HeaderValue};
use reqwest::{Method, Url};
use tenon_core::Entity;

use super::config::{
    AuthConfig, Deliver, PagingConfig, PagingStyle, Receive, UpdateConfig, WatermarkConfig,
};
use crate::config::Parts;
use crate::watermark::Overlap;
use crate::{KeyPath, KeyProblem, Secret};

/// An API as configured and checked.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) url: Url,
    pub(super) auth: Option<Auth>,
    pub(super) headers: Vec<(HeaderName, Secret)>,
    pub(super) timeout: Duration,
    pub(super) connect_timeout: Duration,
    pub(super) concurrency: usize,
    pub(super) max_body_bytes: usize,
    pub(super) ca_file: Option<PathBuf>,
    pub(super) probe: Option<String>,
    pub(super) inflows: HashMap<String, Inflow>,
    pub(super) outflows: HashMap<Entity, Outflow>,
}

/// How the hub proves itself.
#[derive(Debug)]
pub(super) enum Auth {
    Basic { user: String, password: Secret },
    Bearer(Secret),
    Header { name: HeaderName, value: Secret },
}

/// What one inlet asks for.
#[derive(Debug, Clone)]
pub(super) struct Inflow {
    pub(super) path: String,
    pub(super) records: Option<KeyPath>,
    pub(super) paging: Option<Paging>,
    pub(super) watermark: Option<Watermark>,
    pub(super) event_id: Option<KeyPath>,
}

/// How further pages are asked for.
#[derive(Debug, Clone)]
pub(super) struct Paging {
    pub(super) style: PagingStyle,
    pub(super) parameter: String,
    pub(super) first: u64,
    pub(super) size: Option<(String, u64)>,
    pub(super) next: Option<KeyPath>,
    pub(super) max_pages: u64,
}

/// How only what changed is asked for.
#[derive(Debug, Clone)]
pub(super) struct Watermark {
    pub(super) parameter: String,
    pub(super) field: KeyPath,
    pub(super) overlap: Option<Overlap>,
    pub(super) initial: Option<String>,
}

/// What one outlet sends.
#[derive(Debug, Clone)]
pub(super) struct Outflow {
    pub(super) create: Call,
    pub(super) update: Option<Call>,
    pub(super) idempotency: Option<HeaderName>,
    pub(super) native_id: Option<KeyPath>,
    pub(super) accepted_conflict: Vec<u16>,
}

/// A method and a path with places in it.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) method: Method,
    pub(super) path: String,
}

/// Checks everything that can be known without the network.
pub(super) fn plan(parts: Parts<super::Http>) -> Result<Plan, Vec<KeyProblem>> {
    let mut problems = Problems::default();
    let settings = parts.settings;
    let url = problems.url(&settings.url);
    let auth = settings.auth.and_then(|auth| problems.auth(auth));
    let mut headers = Vec::new();
    for (name, value) in settings.headers {
        let key = format!("headers.{name}");
        headers.extend(problems.header(&key, &name).map(|name| (name, value)));
    }
    let zero = [
        ("timeout", settings.timeout),
        ("connect_timeout", settings.connect_timeout),
    ];
    for (key, _) in zero.iter().filter(|(_, humane)| humane.0.is_zero()) {
        problems.add(*key, "a timeout of nothing lets nothing through");
    }
    if !(1..=256).contains(&settings.concurrency) {
        problems.add("concurrency", "takes a number from 1 to 256");
    }
    if settings.max_body_bytes == 0 {
        problems.add("max_body_bytes", "an answer has at least one byte");
    }
    let mut inflows = HashMap::new();
    for (index, (name, receive)) in parts.receive.into_iter().enumerate() {
        inflows.insert(name, problems.inflow(&format!("receive[{index}]"), receive));
    }
    let mut outflows = HashMap::new();
    for (index, (entity, deliver)) in parts.deliver.into_iter().enumerate() {
        let outflow = problems.outflow(&format!("deliver[{index}]"), deliver);
        outflows.extend(outflow.map(|outflow| (entity, outflow)));
    }
    let (Some(url), true) = (url, problems.0.is_empty()) else {
        return Err(problems.0);
    };
    Ok(Plan {
        url,
        auth,
        headers,
        timeout: settings.timeout.0,
        connect_timeout: settings.connect_timeout.0,
        concurrency: settings.concurrency,
        max_body_bytes: settings.max_body_bytes,
        ca_file: settings.ca_file.map(|file| parts.base.join(file)),
        probe: settings.probe,
        inflows,
        outflows,
    })
}

/// What was found so far.
#[derive(Default)]
struct Problems(Vec<KeyProblem>);

impl Problems {
    fn add(&mut self, key: impl Into<String>, message: impl Into<String>) {
        self.0.push(KeyProblem::new(key, message));
    }

    fn url(&mut self, text: &str) -> Option<Url> {
        let mut url = match Url::parse(text) {
            Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => url,
            _ => {
                self.0.push(
                    KeyProblem::new("url", format!("`{text}` is no address of an HTTP API"))
                        .help("write https://host/path"),
                );
                return None;
            }
        };
        if url.password().is_some() {
            self.0.push(
                KeyProblem::new("url", "the password stands in plain sight")
                    .help("write auth = { user = \"…\", password = \"${env:NAME}\" }"),
            );
        }
        if url.query().is_some() || url.fragment().is_some() {
            self.add(
                "url",
                "has a query; it belongs to the path of a [[receive]] or [[deliver]]",
            );
        }
        // Paths are appended, so that `https://host/api` and `/orders` make `https://host/api/orders`.
        let path = url.path().trim_end_matches('/').to_owned();
        url.set_path(&path);
        Some(url)
    }

    fn auth(&mut self, auth: AuthConfig) -> Option<Auth> {
        let secret = |problems: &mut Self, key: &str, secret: &Secret| {
            if !secret.is_reference() {
                problems.0.push(
                    KeyProblem::new(format!("auth.{key}"), "the secret stands in plain sight")
                        .help("write ${env:NAME} or ${file:PATH}"),
                );
            }
        };
        match auth {
            AuthConfig {
                user: Some(user),
                password: Some(password),
                bearer: None,
                header: None,
                value: None,
            } => {
                secret(self, "password", &password);
                Some(Auth::Basic { user, password })
            }
            AuthConfig {
                bearer: Some(bearer),
                user: None,
                password: None,
                header: None,
                value: None,
            } => {
                secret(self, "bearer", &bearer);
                Some(Auth::Bearer(bearer))
            }
            AuthConfig {
                header: Some(header),
                value: Some(value),
                user: None,
                password: None,
                bearer: None,
            } => {
                secret(self, "value", &value);
                let name = self.header("auth.header", &header)?;
                Some(Auth::Header { name, value })
            }
            _ => {
                self.0.push(
                    KeyProblem::new("auth", "is not one way of proving oneself")
                        .help("write { user, password }, { bearer } or { header, value }"),
                );
                None
            }
        }
    }

    fn header(&mut self, key: &str, name: &str) -> Option<HeaderName> {
        let header = name.parse().ok();
        if header.is_none() {
            self.add(key, format!("`{name}` is no name of a header"));
        }
        header
    }

    fn key_path(&mut self, key: String, path: Option<&str>) -> Option<KeyPath> {
        match path?.parse() {
            Ok(path) => Some(path),
            Err(reason) => {
                self.add(key, reason);
                None
            }
        }
    }

    fn inflow(&mut self, at: &str, receive: Receive) -> Inflow {
        self.path(&format!("{at}.path"), &receive.path, &[]);
        let records = self.key_path(format!("{at}.records"), receive.records.as_deref());
        let event_id = self.key_path(format!("{at}.event_id"), receive.event_id.as_deref());
        let paging = receive
            .paging
            .map(|paging| self.paging(&format!("{at}.paging"), paging));
        let watermark = receive.watermark.and_then(|watermark| {
            let at = format!("{at}.watermark");
            if watermark.parameter.is_empty() {
                self.add(format!("{at}.parameter"), "is empty");
            }
            let field = self.key_path(format!("{at}.field"), Some(&watermark.field))?;
            let WatermarkConfig {
                parameter,
                overlap,
                initial,
                ..
            } = watermark;
            Some(Watermark {
                parameter,
                field,
                overlap,
                initial,
            })
        });
        Inflow {
            path: receive.path,
            records,
            paging,
            watermark,
            event_id,
        }
    }

    fn paging(&mut self, at: &str, paging: PagingConfig) -> Paging {
        let next = self.key_path(format!("{at}.next"), paging.next.as_deref());
        if paging.style == PagingStyle::Cursor && paging.next.is_none() {
            self.add(
                format!("{at}.next"),
                "missing: where the next cursor stands in the answer",
            );
        }
        if paging.size == 0 {
            self.add(format!("{at}.size"), "a page has at least one record");
        }
        if paging.max_pages == 0 {
            self.add(format!("{at}.max_pages"), "a pass has at least one page");
        }
        let standard = match paging.style {
            PagingStyle::Page => "page",
            PagingStyle::Offset => "offset",
            PagingStyle::Cursor => "cursor",
            PagingStyle::Link => "",
        };
        Paging {
            style: paging.style,
            parameter: paging.parameter.unwrap_or_else(|| standard.to_owned()),
            first: paging.first,
            size: paging
                .size_parameter
                .map(|parameter| (parameter, paging.size)),
            next,
            max_pages: paging.max_pages,
        }
    }

    fn outflow(&mut self, at: &str, deliver: Deliver) -> Option<Outflow> {
        let create = self.call(at, deliver.method.as_deref(), "POST", deliver.path);
        let update = match deliver.update {
            None => None,
            Some(UpdateConfig { method, path }) => {
                Some(self.call(&format!("{at}.update"), method.as_deref(), "PUT", path)?)
            }
        };
        let idempotency = match deliver.idempotency_header.as_deref() {
            Some("") => None,
            name => {
                let name = name.unwrap_or("Idempotency-Key");
                Some(self.header(&format!("{at}.idempotency_header"), name)?)
            }
        };
        let native_id = self.key_path(format!("{at}.native_id"), deliver.native_id.as_deref());
        for status in &deliver.accepted_conflict {
            if !(400..=499).contains(status) {
                let message = format!("{status} is no status from 400 to 499");
                self.add(format!("{at}.accepted_conflict"), message);
            }
        }
        let accepted_conflict = deliver.accepted_conflict;
        Some(Outflow {
            create: create?,
            update,
            idempotency,
            native_id,
            accepted_conflict,
        })
    }

    fn call(
        &mut self,
        at: &str,
        method: Option<&str>,
        standard: &str,
        path: String,
    ) -> Option<Call> {
        self.path(&format!("{at}.path"), &path, &["native_id", "key"]);
        let method = method.unwrap_or(standard);
        if !matches!(method, "POST" | "PUT" | "PATCH") {
            self.add(
                format!("{at}.method"),
                format!("`{method}` is none of POST, PUT, PATCH"),
            );
            return None;
        }
        Some(Call {
            method: method.parse().ok()?,
            path,
        })
    }

    fn path(&mut self, key: &str, path: &str, places: &[&str]) {
        if !path.is_empty() && !path.starts_with(['/', '?']) {
            self.add(key, format!("`{path}` is no path; it begins with `/`"));
        }
        for place in path.split('{').skip(1) {
            let name = place.split('}').next().unwrap_or_default();
            if !places.contains(&name) {
                self.add(key, format!("`{{{name}}}` stands for nothing here"));
            }
        }
    }
}

/// A header's value from a secret, never shown.
pub(super) fn header_value(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}
