//! An API as it will be used: the connector file's keys, checked.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

use reqwest::header::{HeaderName, HeaderValue};
use reqwest::{Method, Url};
use serde_json::{Map, Value};
use tenon_core::Entity;

use super::checks::Problems;
use super::config::PagingStyle;
use super::program::Program;
use super::soap::Operation;
use crate::config::Parts;
use crate::watermark::Overlap;
use crate::{KeyPath, KeyProblem, Secret};

/// An API as configured and checked.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) url: Url,
    pub(super) auth: Option<Auth>,
    pub(super) login: Vec<LoginCall>,
    pub(super) values: Map<String, Value>,
    pub(super) fault: Option<Program>,
    pub(super) soap: bool,
    pub(super) headers: Vec<(HeaderName, Secret)>,
    pub(super) timeout: Duration,
    pub(super) connect_timeout: Duration,
    pub(super) concurrency: usize,
    pub(super) max_body_bytes: usize,
    pub(super) ca_file: Option<PathBuf>,
    pub(super) probe: Option<String>,
    pub(super) inflows: HashMap<String, Inflow>,
    /// Those of webhooks, by the inlet's name.
    pub(super) details: HashMap<String, Detail>,
    pub(super) outflows: HashMap<Entity, Outflow>,
}

/// How the hub proves itself.
#[derive(Debug)]
pub(super) enum Auth {
    Basic {
        user: String,
        password: Secret,
    },
    Bearer(Secret),
    Header {
        name: HeaderName,
        value: Secret,
    },
    /// Each request is signed, so that there is no session to open.
    Signed {
        app_id: Secret,
        app_secret: Secret,
        /// Whose records are meant.
        about: String,
    },
}

/// What one inlet asks for.
#[derive(Debug, Clone)]
pub(super) struct Inflow {
    pub(super) path: String,
    pub(super) method: Method,
    pub(super) operation: Option<Operation>,
    pub(super) query: Option<Program>,
    pub(super) body: Option<Program>,
    pub(super) detail: Option<Detail>,
    pub(super) record: Option<Program>,
    pub(super) records: Option<KeyPath>,
    /// Whether an empty list is left out of the answer.
    pub(super) may_lack: bool,
    pub(super) paging: Option<Paging>,
    pub(super) watermark: Option<Watermark>,
    pub(super) event_id: Option<KeyPath>,
}

/// Where more of a record is asked for.
#[derive(Debug, Clone)]
pub(super) struct Detail {
    pub(super) path: String,
    /// The fields of the record that stand in the path.
    pub(super) fields: Vec<KeyPath>,
    pub(super) body: Option<Program>,
    pub(super) at: Option<KeyPath>,
    pub(super) record: Option<Program>,
}

/// How further pages are asked for.
#[derive(Debug, Clone)]
pub(super) struct Paging {
    pub(super) style: PagingStyle,
    pub(super) parameter: String,
    pub(super) first: u64,
    pub(super) size: u64,
    pub(super) size_parameter: Option<String>,
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
    pub(super) way: Way,
    pub(super) idempotency: Option<HeaderName>,
    pub(super) native_id: Option<KeyPath>,
    pub(super) accepted_conflict: Vec<u16>,
}

/// How a record gets into the target.
#[derive(Debug, Clone)]
pub(super) enum Way {
    /// By one call; another where the target has it already.
    Call {
        create: Box<Call>,
        update: Option<Box<Call>>,
    },
    /// By several.
    Steps(Vec<Step>),
}

/// One call of a delivery.
#[derive(Debug, Clone)]
pub(super) struct Step {
    pub(super) name: String,
    pub(super) when: Option<Program>,
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) operation: Option<Operation>,
    pub(super) query: Option<Program>,
    pub(super) body: Option<Program>,
    pub(super) native_id: Option<Program>,
    pub(super) finds: bool,
    pub(super) accepted: Vec<u16>,
    pub(super) check: Option<Program>,
}

/// One call of a log-in.
#[derive(Debug, Clone)]
pub(super) struct LoginCall {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) query: Option<Program>,
    pub(super) body: Option<Program>,
    pub(super) take: Option<Program>,
}

/// A method and a path with places in it.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) operation: Option<Operation>,
}

/// Checks everything that can be known without the network.
pub(super) fn plan(parts: Parts<super::Http>) -> Result<Plan, Vec<KeyProblem>> {
    let settings = parts.settings;
    let values = json_table(&settings.values);
    let mut problems = Problems {
        found: Vec::new(),
        define: settings.define,
        values: values.keys().cloned().collect(),
        operations: None,
    };
    problems.operations = settings
        .wsdl
        .map(|file| problems.wsdl(&parts.base.join(file)));
    let login = settings.login.into_iter().enumerate();
    let login: Vec<_> = login
        .filter_map(|(index, call)| problems.login(&format!("login[{index}]"), call))
        .collect();
    let fault = problems.program("fault".to_owned(), settings.fault);
    problems.known_path("probe", settings.probe.as_deref());
    let url = problems.url(&settings.url);
    let auth = settings.auth.and_then(|auth| problems.auth(auth, &values));
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
    let mut details = HashMap::new();
    for (index, (name, webhook)) in parts.webhook.into_iter().enumerate() {
        let at = format!("webhook[{index}].detail");
        let detail = webhook
            .detail
            .and_then(|detail| problems.detail(&at, detail));
        details.extend(detail.map(|detail| (name, detail)));
    }
    let mut outflows = HashMap::new();
    for (index, (entity, deliver)) in parts.deliver.into_iter().enumerate() {
        let outflow = problems.outflow(&format!("deliver[{index}]"), deliver);
        outflows.extend(outflow.map(|outflow| (entity, outflow)));
    }
    let (Some(url), true) = (url, problems.found.is_empty()) else {
        return Err(problems.found);
    };
    Ok(Plan {
        url,
        login: match auth {
            Some(Auth::Signed { .. }) => Vec::new(),
            _ => login,
        },
        auth,
        values,
        fault,
        soap: problems.operations.is_some(),
        headers,
        timeout: settings.timeout.0,
        connect_timeout: settings.connect_timeout.0,
        concurrency: settings.concurrency,
        max_body_bytes: settings.max_body_bytes,
        ca_file: settings.ca_file.map(|file| parts.base.join(file)),
        probe: settings.probe,
        inflows,
        details,
        outflows,
    })
}

/// A header's value from a secret, never shown.
pub(super) fn header_value(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// A table of the file as programs see it.
fn json_table(table: &std::collections::BTreeMap<String, toml::Value>) -> Map<String, Value> {
    let entries = table.iter().filter_map(|(name, value)| {
        // Every value of TOML has a form in JSON, a date being text.
        Some((name.clone(), serde_json::to_value(value).ok()?))
    });
    entries.collect()
}
