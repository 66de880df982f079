//! What a connector file says about a database.

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

use jiff::tz::TimeZone;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use secrecy::ExposeSecret;
use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use tenon_core::Entity;

use super::dialect::{Dialect, Relation};
use crate::config::Parts;
use crate::watermark::Overlap;
use crate::{Humane, KeyProblem, Secret};

/// The keys at the top of the file.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// `postgres://…`, `mysql://…`, `mariadb://…`, `sqlite:PATH` or `odbc:DSN=…;UID=…;PWD=…`; a relative
    /// path begins at the connector file. PostgreSQL on this machine is reached without TLS unless
    /// `?sslmode=require` asks for it. ODBC is in binaries that are built with the feature `odbc`.
    #[schemars(example = &"postgres://hub:${env:ERP_PASSWORD}@db.example.com/erp")]
    pub(crate) url: Secret,
    /// The longest that one statement may take, waiting for a connection included.
    #[serde(default = "default_timeout")]
    #[schemars(example = &"10s")]
    pub(crate) timeout: Humane,
    /// The most connections at once.
    #[serde(default = "default_connections")]
    #[schemars(example = 2, extend("unit" = "connections"))]
    pub(crate) connections: u32,
}

/// The keys of a `[[receive]]`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Receive {
    /// The table or view to read; `schema.table` is allowed.
    #[schemars(example = &"public.customers")]
    pub(crate) table: Option<String>,
    /// A SELECT instead of a table.
    #[schemars(example = &"select c.*, a.city from customers c join addresses a on a.customer = c.id")]
    pub(crate) query: Option<String>,
    /// The column that rises with every change: a time, or a number.
    #[schemars(example = &"updated_at")]
    pub(crate) changed: String,
    /// The column that, with `changed`, orders the rows; the record's `key` unless given.
    #[schemars(example = &"id")]
    pub(crate) key_column: Option<String>,
    /// How far behind the newest change each pass begins: `"60s"` for times, 0 for numbers.
    #[schemars(example = &"60s")]
    pub(crate) overlap: Option<Overlap>,
    /// Rows in one portion.
    #[serde(default = "default_page")]
    #[schemars(example = 100, extend("unit" = "rows"))]
    pub(crate) page: u32,
    /// The zone of times without an offset; UTC unless given.
    #[schemars(example = &"Asia/Shanghai")]
    pub(crate) time_zone: Option<String>,
}

/// The keys of a `[[deliver]]`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Deliver {
    /// The table to write; `schema.table` is allowed.
    #[schemars(example = &"public.orders")]
    pub(crate) table: String,
    /// The columns of the unique key by which a row is found again.
    #[serde(default)]
    #[schemars(example = ["order_number"])]
    pub(crate) key: Names,
    /// Rows are inserted once and never changed.
    #[serde(default)]
    #[schemars(example = true)]
    pub(crate) insert_only: bool,
    /// Rows of a second table that belong to the record.
    pub(crate) lines: Option<Lines>,
}

/// The rows of a second table that belong to a record, such as an order's lines.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Lines {
    /// The field of the payload that holds them, an array of objects.
    #[schemars(example = &"lines")]
    pub(crate) field: String,
    /// Their table.
    #[schemars(example = &"public.order_lines")]
    pub(crate) table: String,
    /// The columns that tell the lines of one record apart; without them all lines are replaced.
    #[serde(default)]
    #[schemars(example = ["line"])]
    pub(crate) key: Names,
    /// Their columns that hold the record's key, in its order.
    #[schemars(example = ["order_number"])]
    pub(crate) parent: Names,
}

/// One name or several.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Names(pub(crate) Vec<String>);

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMore;
        impl<'de> Visitor<'de> for OneOrMore {
            type Value = Names;
            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("a column's name, or a list of them")
            }
            fn visit_str<E: Error>(self, name: &str) -> Result<Names, E> {
                Ok(Names(vec![name.to_owned()]))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Names, A::Error> {
                let mut names = Vec::new();
                while let Some(name) = elements.next_element()? {
                    names.push(name);
                }
                Ok(Names(names))
            }
        }
        deserializer.deserialize_any(OneOrMore)
    }
}

impl JsonSchema for Names {
    fn schema_name() -> Cow<'static, str> {
        "names".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "title": "text, or list of text" })
    }
}

fn default_timeout() -> Humane {
    Humane(Duration::from_secs(30))
}

fn default_connections() -> u32 {
    4
}

fn default_page() -> u32 {
    256
}

/// A database as configured and checked.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) url: Secret,
    pub(super) base: PathBuf,
    pub(super) timeout: Duration,
    pub(super) connections: u32,
    pub(super) inflows: HashMap<String, Inflow>,
    pub(super) outflows: HashMap<Entity, Outflow>,
}

/// What one inlet reads.
#[derive(Debug, Clone)]
pub(super) struct Inflow {
    pub(super) relation: Relation,
    pub(super) changed: String,
    pub(super) key_column: Option<String>,
    pub(super) overlap: Option<Overlap>,
    pub(super) page: u32,
    pub(super) zone: TimeZone,
}

/// What one outlet writes.
#[derive(Debug, Clone)]
pub(super) struct Outflow {
    pub(super) table: Relation,
    pub(super) key: Vec<String>,
    pub(super) insert_only: bool,
    pub(super) lines: Option<LinesPlan>,
}

/// Where the lines of a record go.
#[derive(Debug, Clone)]
pub(super) struct LinesPlan {
    pub(super) field: String,
    pub(super) table: Relation,
    pub(super) key: Vec<String>,
    pub(super) parent: Vec<String>,
}

/// Checks everything that can be known without the database.
pub(super) fn plan(parts: Parts<super::Sql>) -> Result<Plan, Vec<KeyProblem>> {
    let mut problems = Vec::new();
    let settings = parts.settings;
    check_url(&settings.url, &mut problems);
    if settings.timeout.0.is_zero() {
        problems.push(KeyProblem::new(
            "timeout",
            "a timeout of nothing lets nothing through",
        ));
    }
    if !(1..=100).contains(&settings.connections) {
        problems.push(KeyProblem::new(
            "connections",
            "takes a number from 1 to 100",
        ));
    }
    let mut inflows = HashMap::new();
    for (index, (name, receive)) in parts.receive.into_iter().enumerate() {
        let at = format!("receive[{index}]");
        inflows.extend(inflow(&at, receive, &mut problems).map(|inflow| (name, inflow)));
    }
    let mut outflows = HashMap::new();
    for (index, (entity, deliver)) in parts.deliver.into_iter().enumerate() {
        let at = format!("deliver[{index}]");
        outflows.extend(outflow(&at, deliver, &mut problems).map(|outflow| (entity, outflow)));
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    Ok(Plan {
        url: settings.url,
        base: parts.base,
        timeout: settings.timeout.0,
        connections: settings.connections,
        inflows,
        outflows,
    })
}

/// How the URL of a database behind an ODBC driver begins; what follows is for the driver manager.
pub(super) const ODBC: &str = "odbc:";

/// The URLs that are understood.
pub(super) const URL_FORMS: &str =
    "write postgres://…, mysql://…, mariadb://…, sqlite:PATH or odbc:DSN=…";

fn check_url(url: &Secret, problems: &mut Vec<KeyProblem>) {
    if cfg!(not(feature = "odbc")) && url.template().starts_with(ODBC) {
        let (message, help) = super::WITHOUT_ODBC;
        problems.push(KeyProblem::new("url", message).help(help));
    }
    if url.is_reference() {
        return;
    }
    // Without references nothing is read here: the text itself is the value.
    let Ok(text) = url.reveal() else { return };
    let text = text.expose_secret();
    let attributes = text.strip_prefix(ODBC);
    if attributes.is_none() && Dialect::of(text).is_none() {
        problems
            .push(KeyProblem::new("url", "names no database that is known here").help(URL_FORMS));
        return;
    }
    let authority = text.split_once("://").map_or("", |(_, rest)| rest);
    let authority = authority.split(['/', '?']).next().unwrap_or_default();
    let is_password = |attribute: &str| {
        let (key, _) = attribute.split_once('=').unwrap_or_default();
        ["pwd", "password"].contains(&key.trim().to_lowercase().as_str())
    };
    let shown = match attributes {
        Some(attributes) => attributes.split(';').any(is_password),
        None => authority
            .rsplit_once('@')
            .is_some_and(|(user, _)| user.contains(':')),
    };
    if shown {
        problems.push(
            KeyProblem::new("url", "the password stands in plain sight")
                .help("write ${env:NAME} or ${file:PATH} in its place"),
        );
    }
}

fn inflow(at: &str, receive: Receive, problems: &mut Vec<KeyProblem>) -> Option<Inflow> {
    let before = problems.len();
    let relation = match (receive.table, receive.query) {
        (Some(table), None) => relation(&format!("{at}.table"), &table, problems),
        (None, Some(query)) => {
            let query = query.trim().trim_end_matches(';').trim_end().to_owned();
            if query.is_empty() {
                problems.push(KeyProblem::new(format!("{at}.query"), "is empty"));
            }
            Some(Relation::Query(query))
        }
        (Some(_), Some(_)) => {
            problems.push(KeyProblem::new(
                format!("{at}.query"),
                "stands beside `table`; one of them is enough",
            ));
            None
        }
        (None, None) => {
            problems.push(KeyProblem::new(at, "names neither a `table` nor a `query`"));
            None
        }
    };
    column(&format!("{at}.changed"), &receive.changed, problems);
    if let Some(key_column) = &receive.key_column {
        column(&format!("{at}.key_column"), key_column, problems);
    }
    if !(1..=1_000).contains(&receive.page) {
        problems.push(KeyProblem::new(
            format!("{at}.page"),
            "takes a number from 1 to 1000",
        ));
    }
    let zone = match receive.time_zone.as_deref().map(TimeZone::get) {
        None => TimeZone::UTC,
        Some(Ok(zone)) => zone,
        Some(Err(_)) => {
            problems.push(
                KeyProblem::new(
                    format!("{at}.time_zone"),
                    "is no time zone that is known here",
                )
                .help("write a name such as Asia/Shanghai"),
            );
            TimeZone::UTC
        }
    };
    let relation = relation.filter(|_| problems.len() == before)?;
    Some(Inflow {
        relation,
        changed: receive.changed,
        key_column: receive.key_column,
        overlap: receive.overlap,
        page: receive.page,
        zone,
    })
}

fn outflow(at: &str, deliver: Deliver, problems: &mut Vec<KeyProblem>) -> Option<Outflow> {
    let before = problems.len();
    let table = relation(&format!("{at}.table"), &deliver.table, problems);
    let key = deliver.key.0;
    key.iter()
        .for_each(|name| column(&format!("{at}.key"), name, problems));
    if key.is_empty() && !deliver.insert_only {
        problems.push(
            KeyProblem::new(
                format!("{at}.key"),
                "missing: without a key a row cannot be found again",
            )
            .help("name the columns of a unique key, or set insert_only = true"),
        );
    }
    let lines = deliver.lines.and_then(|lines| {
        let at = format!("{at}.lines");
        let table = relation(&format!("{at}.table"), &lines.table, problems);
        for name in lines.key.0.iter().chain(&lines.parent.0) {
            column(&at, name, problems);
        }
        if lines.key.0.is_empty() && deliver.insert_only {
            let message = "missing: with insert_only, lines are told apart by a key of their own";
            problems.push(KeyProblem::new(format!("{at}.key"), message));
        }
        if lines.field.is_empty() {
            problems.push(KeyProblem::new(format!("{at}.field"), "is empty"));
        }
        if key.is_empty() || lines.parent.0.len() != key.len() {
            let message = "names as many columns as the record's `key` has";
            problems.push(KeyProblem::new(format!("{at}.parent"), message));
        }
        let (key, parent) = (lines.key.0, lines.parent.0);
        Some(LinesPlan {
            field: lines.field,
            table: table?,
            key,
            parent,
        })
    });
    let table = table.filter(|_| problems.len() == before)?;
    Some(Outflow {
        table,
        key,
        insert_only: deliver.insert_only,
        lines,
    })
}

fn relation(key: &str, name: &str, problems: &mut Vec<KeyProblem>) -> Option<Relation> {
    let path: Vec<String> = name.split('.').map(str::to_owned).collect();
    let before = problems.len();
    path.iter().for_each(|part| column(key, part, problems));
    (problems.len() == before).then_some(Relation::Table(path))
}

fn column(key: &str, name: &str, problems: &mut Vec<KeyProblem>) {
    if name.is_empty() || name.contains('\0') {
        problems.push(KeyProblem::new(
            key,
            format!("`{name}` is no name of a table or column"),
        ));
    }
}

#[cfg(test)]
mod tests {
    use serde::de::DeserializeOwned;

    use super::*;

    fn read<T: DeserializeOwned>(text: &str) -> T {
        toml::from_str(text).unwrap()
    }

    fn check(settings: &str, receive: &str, deliver: &str, expected: &[&str]) {
        let parts = Parts {
            settings: read(settings),
            receive: vec![("order".to_owned(), read(receive))],
            webhook: Vec::new(),
            deliver: vec![(Entity::Order, read(deliver))],
            base: PathBuf::new(),
        };
        let found = match plan(parts) {
            Ok(_) => Vec::new(),
            Err(problems) => problems,
        };
        let found: Vec<String> = found
            .iter()
            .map(|problem| format!("{}: {}", problem.key, problem.message))
            .collect();
        assert_eq!(found.len(), expected.len(), "{found:?}");
        for (found, expected) in found.iter().zip(expected) {
            assert!(found.contains(expected), "{found}");
        }
    }

    const URL: &str = "url = 'postgres://hub@db/erp'";
    const ODBC_URL: &str = "url = 'odbc:DSN=erp;UID=hub";
    const WITHOUT_ODBC: &[&str] = if cfg!(feature = "odbc") {
        &[]
    } else {
        &["url: this binary was built without ODBC"]
    };
    const RECEIVE: &str = "table = 'erp.orders'\nchanged = 'updated_at'";
    const DELIVER: &str = "table = 'orders'\nkey = 'no'";

    #[test]
    fn what_is_complete_is_taken() {
        check(URL, RECEIVE, DELIVER, &[]);
        check(
            "url = '${env:ERP}'\ntimeout = '5s'\nconnections = 2",
            "query = 'select 1;'\nchanged = 'n'\noverlap = 1000\ntime_zone = 'Asia/Shanghai'",
            "table = 'o'\nkey = ['a', 'b']\nlines = { field = 'lines', table = 'l', key = 'no', parent = ['a', 'b'] }",
            &[],
        );
        check(
            "url = 'sqlite:erp.db'",
            RECEIVE,
            "table = 'o'\ninsert_only = true",
            &[],
        );
    }

    #[test]
    fn every_problem_stands_under_its_key() {
        check(
            "url = 'oracle://x'",
            RECEIVE,
            DELIVER,
            &["url: names no database"],
        );
        check(
            "url = 'mysql://hub:pw@db/erp'",
            RECEIVE,
            DELIVER,
            &["url: the password"],
        );
        check(
            &format!("{ODBC_URL};Pwd=secret'"),
            RECEIVE,
            DELIVER,
            &[WITHOUT_ODBC, &["url: the password"]].concat(),
        );
        check(
            &format!("{ODBC_URL};PWD=${{env:ERP_PASSWORD}}'"),
            RECEIVE,
            DELIVER,
            WITHOUT_ODBC,
        );
        check(
            "url = 'sqlite:x'\nconnections = 0\ntimeout = '0s'",
            "changed = ''\npage = 0\ntime_zone = 'Mars/Phobos'",
            "table = 'a..b'",
            &[
                "timeout: ",
                "connections: ",
                "receive[0]: names neither",
                "receive[0].changed: ",
                "receive[0].page: ",
                "receive[0].time_zone: ",
                "deliver[0].table: ",
                "deliver[0].key: missing",
            ],
        );
        check(
            URL,
            "table = 't'\nquery = 'select 1'\nchanged = 'c'",
            "table = 't'\nkey = ['a', 'b']\nlines = { field = 'l', table = 't', parent = 'a' }",
            &[
                "receive[0].query: stands beside",
                "deliver[0].lines.parent: names as many",
            ],
        );
    }
}
