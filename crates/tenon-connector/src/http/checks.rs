//! Each key of the connector file, checked by itself: every problem is noted, under its key.

use std::collections::BTreeMap;
use std::path::Path;

use reqwest::header::HeaderName;
use reqwest::{Method, Url};
use serde_json::{Map, Value};

use super::config::{
    AuthConfig, Deliver, DetailConfig, LoginConfig, PagingConfig, PagingStyle, Receive, StepConfig,
    UpdateConfig, WatermarkConfig,
};
use super::plan::{Auth, Call, Detail, Inflow, LoginCall, Outflow, Paging, Step, Watermark, Way};
use super::program::Program;
use super::signing::Scheme;
use super::soap::{self, Operation};
use crate::{KeyPath, KeyProblem, Secret};

/// What was found so far, and what paths and programs may name.
pub(super) struct Problems {
    pub(super) found: Vec<KeyProblem>,
    pub(super) define: String,
    pub(super) values: Vec<String>,
    /// Those of the WSDL, if there is one.
    pub(super) operations: Option<BTreeMap<String, Operation>>,
}

impl Problems {
    pub(super) fn add(&mut self, key: impl Into<String>, message: impl Into<String>) {
        self.found.push(KeyProblem::new(key, message));
    }

    pub(super) fn program(&mut self, key: String, source: Option<String>) -> Option<Program> {
        match Program::compile(&key, &source?, &self.define) {
            Ok(program) => Some(program),
            Err(problems) => {
                self.found.extend(problems);
                None
            }
        }
    }

    /// The operations that a WSDL describes; none when it cannot be read, which is then told.
    pub(super) fn wsdl(&mut self, file: &Path) -> BTreeMap<String, Operation> {
        let read =
            std::fs::read_to_string(file).map_err(|error| format!("cannot be read: {error}"));
        read.and_then(|text| soap::operations(&text))
            .unwrap_or_else(|reason| {
                self.add("wsdl", format!("{} {reason}", file.display()));
                BTreeMap::new()
            })
    }

    fn operation(&mut self, at: &str, name: Option<String>) -> Option<Operation> {
        let found = match (&self.operations, name) {
            (None, None) => return None,
            (None, Some(_)) => Err("belongs to a service with a `wsdl`".to_owned()),
            (Some(_), None) => Err("missing: which operation of the WSDL is called".to_owned()),
            (Some(operations), Some(name)) => soap::operation(operations, &name).cloned(),
        };
        match found {
            Ok(operation) => Some(operation),
            Err(message) => {
                self.add(format!("{at}.operation"), message);
                None
            }
        }
    }

    pub(super) fn known_path(&mut self, key: &str, path: Option<&str>) {
        if let Some(path) = path {
            self.path(key, path, &[]);
        }
    }

    fn method(
        &mut self,
        at: &str,
        method: Option<&str>,
        standard: Method,
        known: &[Method],
    ) -> Option<Method> {
        let Some(text) = method else {
            return Some(standard);
        };
        let found = known.iter().find(|known| known.as_str() == text).cloned();
        if found.is_none() {
            let known: Vec<_> = known.iter().map(Method::as_str).collect();
            let message = format!("`{text}` is none of {}", known.join(", "));
            self.add(format!("{at}.method"), message);
        }
        found
    }

    pub(super) fn login(&mut self, at: &str, call: LoginConfig) -> Option<LoginCall> {
        self.path(&format!("{at}.path"), &call.path, &[]);
        let known = [Method::GET, Method::POST, Method::PUT];
        let query = self.program(format!("{at}.query"), call.query);
        let body = self.program(format!("{at}.body"), call.body);
        let take = self.program(format!("{at}.take"), call.take);
        Some(LoginCall {
            method: self.method(at, call.method.as_deref(), Method::POST, &known)?,
            path: call.path,
            query,
            body,
            take,
        })
    }

    pub(super) fn url(&mut self, text: &str) -> Option<Url> {
        let mut url = match Url::parse(text) {
            Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => url,
            _ => {
                self.found.push(
                    KeyProblem::new("url", format!("`{text}` is no address of an HTTP API"))
                        .help("write https://host/path"),
                );
                return None;
            }
        };
        if url.password().is_some() {
            self.found.push(
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

    pub(super) fn auth(&mut self, auth: AuthConfig, values: &Map<String, Value>) -> Option<Auth> {
        let secret = |problems: &mut Self, key: &str, secret: &Secret| {
            if !secret.is_reference() {
                problems.found.push(
                    KeyProblem::new(format!("auth.{key}"), "the secret stands in plain sight")
                        .help("write ${env:NAME} or ${file:PATH}"),
                );
            }
        };
        let AuthConfig {
            user,
            password,
            bearer,
            header,
            value,
            sign,
            app_id,
            app_secret,
        } = auth;
        let secrets = [
            ("password", &password),
            ("bearer", &bearer),
            ("value", &value),
            ("app_secret", &app_secret),
        ];
        for (key, given) in secrets {
            if let Some(given) = given {
                secret(self, key, given);
            }
        }
        let signed = (sign, app_id, app_secret);
        match (user, password, bearer, header, value, signed) {
            (Some(user), Some(password), None, None, None, (None, None, None)) => {
                Some(Auth::Basic { user, password })
            }
            (None, None, Some(bearer), None, None, (None, None, None)) => {
                Some(Auth::Bearer(bearer))
            }
            (None, None, None, Some(header), Some(value), (None, None, None)) => {
                let name = self.header("auth.header", &header)?;
                Some(Auth::Header { name, value })
            }
            (
                Some(user),
                None,
                None,
                None,
                None,
                (Some(Scheme::Kingdee), Some(app_id), Some(app_secret)),
            ) => {
                let value = |name: &str| match values.get(name) {
                    Some(Value::String(text)) => text.clone(),
                    Some(other) => other.to_string(),
                    None => String::new(),
                };
                let (account, language) = (value("account"), value("language"));
                if account.is_empty() {
                    self.add(
                        "values.account",
                        "missing: the data centre's id, which is signed too",
                    );
                }
                let about = format!("{account},{user},{language},{}", value("organization"));
                Some(Auth::Signed {
                    app_id,
                    app_secret,
                    about,
                })
            }
            _ => {
                let help = "write { user, password }, { bearer }, { header, value } or \
                            { sign, user, app_id, app_secret }";
                let message = "is not one way of proving oneself";
                self.found.push(KeyProblem::new("auth", message).help(help));
                None
            }
        }
    }

    pub(super) fn header(&mut self, key: &str, name: &str) -> Option<HeaderName> {
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

    pub(super) fn inflow(&mut self, at: &str, receive: Receive) -> Inflow {
        self.path(&format!("{at}.path"), &receive.path, &[]);
        let operation = self.operation(at, receive.operation);
        if receive.path.is_empty() && self.operations.is_none() {
            self.add(format!("{at}.path"), "missing: what to ask for");
        }
        let standard = match receive.body.is_some() || operation.is_some() {
            true => Method::POST,
            false => Method::GET,
        };
        let known = [Method::GET, Method::POST];
        let method = self.method(at, receive.method.as_deref(), standard.clone(), &known);
        let by_body = receive.body.is_some() || receive.query.is_some();
        let query = self.program(format!("{at}.query"), receive.query);
        let detail = receive
            .detail
            .and_then(|detail| self.detail(&format!("{at}.detail"), detail));
        let body = self.program(format!("{at}.body"), receive.body);
        let record = self.program(format!("{at}.record"), receive.record);
        let whole = receive.records.as_deref();
        let records = whole.map(|path| path.strip_suffix('?').unwrap_or(path));
        let may_lack = records != whole;
        let records = self.key_path(format!("{at}.records"), records);
        let event_id = self.key_path(format!("{at}.event_id"), receive.event_id.as_deref());
        let paging = receive
            .paging
            .map(|paging| self.paging(&format!("{at}.paging"), paging, by_body));
        let watermark = receive.watermark.and_then(|watermark| {
            let at = format!("{at}.watermark");
            if watermark.parameter.is_empty() != by_body {
                let message = match by_body {
                    true => "has no place beside `body` or `query`, which see it as `.since`",
                    false => "missing: the query parameter",
                };
                self.add(format!("{at}.parameter"), message);
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
            method: method.unwrap_or(standard),
            operation,
            query,
            body,
            detail,
            record,
            records,
            may_lack,
            paging,
            watermark,
            event_id,
        }
    }

    pub(super) fn detail(&mut self, at: &str, detail: DetailConfig) -> Option<Detail> {
        let key = format!("{at}.path");
        let places = detail.path.split('{').skip(1);
        let names: Vec<&str> = places.filter_map(|place| place.split('}').next()).collect();
        let mut fields = Vec::new();
        for name in &names {
            if !self.values.iter().any(|known| known == name) {
                fields.extend(self.key_path(key.clone(), Some(name)));
            }
        }
        self.path(&key, &detail.path, &names);
        if fields.is_empty() && detail.body.is_none() {
            self.add(key, "names no field of the record, such as `{id}`");
        }
        let given = detail.at.is_some();
        let within = self.key_path(format!("{at}.at"), detail.at.as_deref());
        let body = self.program(format!("{at}.body"), detail.body);
        let record = self.program(format!("{at}.record"), detail.record);
        (within.is_some() == given).then_some(Detail {
            path: detail.path,
            fields,
            body,
            at: within,
            record,
        })
    }

    fn paging(&mut self, at: &str, paging: PagingConfig, by_body: bool) -> Paging {
        let next = self.key_path(format!("{at}.next"), paging.next.as_deref());
        let needed = match paging.style {
            PagingStyle::Cursor => Some("missing: where the next cursor stands in the answer"),
            PagingStyle::Key => Some("missing: the field by which the records are in order"),
            _ => None,
        };
        if let (Some(message), None) = (needed, &paging.next) {
            self.add(format!("{at}.next"), message);
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
            PagingStyle::Key => "after",
            PagingStyle::Link => "",
        };
        if by_body && (paging.parameter.is_some() || paging.size_parameter.is_some()) {
            let message = "`body` or `query` asks for pages; leave out the names of parameters";
            self.add(at, message);
        }
        Paging {
            style: paging.style,
            parameter: paging.parameter.unwrap_or_else(|| standard.to_owned()),
            first: paging.first,
            size: paging.size,
            size_parameter: paging.size_parameter,
            next,
            max_pages: paging.max_pages,
        }
    }

    pub(super) fn outflow(&mut self, at: &str, deliver: Deliver) -> Option<Outflow> {
        let path = match &self.operations {
            Some(_) if deliver.steps.is_empty() => Some(deliver.path.unwrap_or_default()),
            _ => deliver.path,
        };
        let way = match (path, deliver.steps) {
            (Some(path), steps) if steps.is_empty() => {
                let mut create = self.call(at, deliver.method.as_deref(), Method::POST, path)?;
                create.operation = self.operation(at, deliver.operation);
                let update = match deliver.update {
                    None => None,
                    Some(UpdateConfig { method, path }) => {
                        let at = format!("{at}.update");
                        Some(self.call(&at, method.as_deref(), Method::PUT, path)?)
                    }
                };
                Way::Call {
                    create: Box::new(create),
                    update: update.map(Box::new),
                }
            }
            (None, steps)
                if !steps.is_empty() && deliver.update.is_none() && deliver.method.is_none() =>
            {
                let steps = steps.into_iter().enumerate();
                let steps: Vec<_> = steps
                    .map(|(index, step)| self.step(&format!("{at}.steps[{index}]"), step))
                    .collect();
                Way::Steps(steps.into_iter().collect::<Option<_>>()?)
            }
            _ => {
                self.add(
                    at,
                    "needs a `path`, with `update` if need be, or `steps`, which have paths of their own",
                );
                return None;
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
            way,
            idempotency,
            native_id,
            accepted_conflict,
        })
    }

    fn call(
        &mut self,
        at: &str,
        method: Option<&str>,
        standard: Method,
        path: String,
    ) -> Option<Call> {
        self.path(&format!("{at}.path"), &path, &["native_id", "key"]);
        let known = [Method::POST, Method::PUT, Method::PATCH];
        let method = self.method(at, method, standard, &known)?;
        Some(Call {
            method,
            path,
            operation: None,
        })
    }

    fn step(&mut self, at: &str, step: StepConfig) -> Option<Step> {
        self.path(&format!("{at}.path"), &step.path, &["native_id", "key"]);
        let known = [
            Method::GET,
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
        ];
        let method = self.method(at, step.method.as_deref(), Method::POST, &known);
        let operation = self.operation(at, step.operation);
        let when = self.program(format!("{at}.when"), step.when);
        let query = self.program(format!("{at}.query"), step.query);
        let body = self.program(format!("{at}.body"), step.body);
        let native_id = self.program(format!("{at}.native_id"), step.native_id);
        let check = self.program(format!("{at}.check"), step.check);
        Some(Step {
            name: step.name,
            when,
            method: method?,
            path: step.path,
            operation,
            query,
            body,
            native_id,
            finds: step.finds,
            accepted: step.accepted,
            check,
        })
    }

    fn path(&mut self, key: &str, path: &str, places: &[&str]) {
        if !path.is_empty() && !path.starts_with(['/', '?']) {
            self.add(key, format!("`{path}` is no path; it begins with `/`"));
        }
        for place in path.split('{').skip(1) {
            let name = place.split('}').next().unwrap_or_default();
            let field = name
                .strip_prefix("record.")
                .filter(|_| places.contains(&"key"));
            if let Some(field) = field {
                self.key_path(key.to_owned(), Some(field));
                continue;
            }
            if !places.contains(&name) && !self.values.iter().any(|known| known == name) {
                self.add(key, format!("`{{{name}}}` stands for nothing here"));
            }
        }
    }
}
