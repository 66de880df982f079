//! What a connector file says about an HTTP API.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use super::signing::Scheme;
use crate::watermark::Overlap;
use crate::{Humane, Secret};

/// The keys at the top of the file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// Where the API begins; paths are appended to it.
    pub(crate) url: String,
    /// How the hub proves itself.
    pub(crate) auth: Option<AuthConfig>,
    /// Headers that every request carries.
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, Secret>,
    /// The longest that one request may take, its answer included.
    #[serde(default = "default_timeout")]
    pub(crate) timeout: Humane,
    /// The longest that connecting may take.
    #[serde(default = "default_connect_timeout")]
    pub(crate) connect_timeout: Humane,
    /// Requests in flight at once.
    #[serde(default = "default_concurrency")]
    pub(crate) concurrency: usize,
    /// The longest answer that is taken, in bytes after decompression.
    #[serde(default = "default_max_body_bytes")]
    pub(crate) max_body_bytes: usize,
    /// Certificates in PEM that are trusted besides the system's own.
    pub(crate) ca_file: Option<PathBuf>,
    /// A path that a GET may ask to learn whether the API is there.
    pub(crate) probe: Option<String>,
    /// What stands for `{name}` in paths, and what programs see as `.values`.
    #[serde(default)]
    pub(crate) values: BTreeMap<String, toml::Value>,
    /// jq: definitions that all programs of the file may use.
    #[serde(default)]
    pub(crate) define: String,
    /// The calls that open a session, in order; `auth` then holds the user that they log in.
    #[serde(default)]
    pub(crate) login: Vec<LoginConfig>,
    /// The description of a SOAP service, WSDL 1.1, relative to the connector file. What is asked and
    /// delivered then names an `operation`.
    pub(crate) wsdl: Option<PathBuf>,
    /// jq: what is wrong with an answer (`.status`, `.body`), for APIs whose status does not say it:
    /// `null`, or `{ kind, message }`, `kind` being `transient`, `invalid`, `configuration` or `session`.
    pub(crate) fault: Option<String>,
}

/// One call of a log-in.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LoginConfig {
    /// The method; POST unless given.
    pub(crate) method: Option<String>,
    /// The path.
    pub(crate) path: String,
    /// jq: the query's parameters, from the same as `body`.
    pub(crate) query: Option<String>,
    /// jq: what is sent, from `.user`, `.password` and `.values`.
    pub(crate) body: Option<String>,
    /// jq: what requests carry from now on, from `.answer`, `.cookies`, `.user` and `.values`:
    /// `{ headers, query, values, expires_in }`, each if need be.
    pub(crate) take: Option<String>,
}

/// How the hub proves itself: `{ user, password }`, `{ bearer }`, `{ header, value }`, or by signing each
/// request, `{ sign, user, app_id, app_secret }`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AuthConfig {
    pub(crate) user: Option<String>,
    pub(crate) password: Option<Secret>,
    pub(crate) bearer: Option<Secret>,
    pub(crate) header: Option<String>,
    pub(crate) value: Option<Secret>,
    /// The scheme; an account, a language and an organisation then stand in `values`.
    pub(crate) sign: Option<Scheme>,
    pub(crate) app_id: Option<Secret>,
    pub(crate) app_secret: Option<Secret>,
}

/// The keys of a `[[receive]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Receive {
    /// What to ask for, with a query if need be; none where there is an `operation`.
    #[serde(default)]
    pub(crate) path: String,
    /// The operation of the WSDL that is called; `body` gives its parameters.
    pub(crate) operation: Option<String>,
    /// The method: GET, or POST where there is a `body`.
    pub(crate) method: Option<String>,
    /// jq: what is sent to ask for a page, from `.since`, `.offset`, `.page`, `.cursor`, `.size`, `.now`
    /// (seconds since 1970) and `.values`; the query then holds none of them.
    pub(crate) body: Option<String>,
    /// jq: the query's parameters, from the same, for APIs that want them in another form than one value
    /// each; those that are null are left out.
    pub(crate) query: Option<String>,
    /// Where more of each new record is asked for; `{name}` stands for a field of the record.
    pub(crate) detail: Option<DetailConfig>,
    /// jq: each record in the form that key, watermark and mapping see; as it came unless given.
    pub(crate) record: Option<String>,
    /// Where the array of records stands in the answer; the whole answer unless given. With a `?` behind
    /// it where an empty list is left out.
    pub(crate) records: Option<String>,
    /// How further pages are asked for; one page unless given.
    pub(crate) paging: Option<PagingConfig>,
    /// How only what changed is asked for; everything unless given.
    pub(crate) watermark: Option<WatermarkConfig>,
    /// The field that tells one event from another; the record's content unless given.
    pub(crate) event_id: Option<String>,
}

/// Where more of a record is asked for.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DetailConfig {
    /// What to GET, or to POST where there is a `body`.
    pub(crate) path: String,
    /// jq: what is sent, from `.record` and `.values`.
    pub(crate) body: Option<String>,
    /// Where the record stands in the answer; the whole answer unless given.
    pub(crate) at: Option<String>,
    /// jq: the record, from `.record` and the `.detail` that was found; the latter alone unless given.
    pub(crate) record: Option<String>,
}

/// The keys of a `[[webhook]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Webhook {
    /// Where the rest is asked for, when a call tells only that something happened.
    pub(crate) detail: Option<DetailConfig>,
}

/// How further pages are asked for.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PagingConfig {
    pub(crate) style: PagingStyle,
    /// The query parameter: `page`, `offset` or `cursor` unless given.
    pub(crate) parameter: Option<String>,
    /// The number of the first page (style `page`).
    #[serde(default = "default_first")]
    pub(crate) first: u64,
    /// The query parameter for the number of records on a page.
    pub(crate) size_parameter: Option<String>,
    /// How many records are asked for on one page.
    #[serde(default = "default_size")]
    pub(crate) size: u64,
    /// Where the next cursor (style `cursor`) or address (style `link`) stands in the answer, or the
    /// ordering key (style `key`) in each record.
    pub(crate) next: Option<String>,
    /// The most pages of one pass.
    #[serde(default = "default_max_pages")]
    pub(crate) max_pages: u64,
}

/// The ways of paging.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PagingStyle {
    /// A page's number, until a page is empty.
    Page,
    /// How many records to pass over, until a page is empty.
    Offset,
    /// A token of the last answer, until there is none.
    Cursor,
    /// What comes after the last record's key, until a page is empty: records that are added or removed
    /// meanwhile shift nothing.
    Key,
    /// An address of the last answer: header `Link` with `rel="next"`, or at `next` in the body.
    Link,
}

/// How only what changed is asked for.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WatermarkConfig {
    /// The query parameter; none where there is a `body` or `query`.
    #[serde(default)]
    pub(crate) parameter: String,
    /// The field that rises with every change of a record.
    pub(crate) field: String,
    /// How far behind the newest change each pass begins: `"60s"` for times, 0 for numbers.
    pub(crate) overlap: Option<Overlap>,
    /// Where the first pass begins; at the beginning unless given.
    pub(crate) initial: Option<String>,
}

/// The keys of a `[[deliver]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Deliver {
    /// The method of a request; POST unless given.
    pub(crate) method: Option<String>,
    /// The path, in which `{native_id}` and `{key}` stand for the record's id and the message's key.
    pub(crate) path: Option<String>,
    /// The operation of the WSDL that is called with what the mapping makes.
    pub(crate) operation: Option<String>,
    /// The calls of which a delivery is made, in order, where one does not do.
    #[serde(default)]
    pub(crate) steps: Vec<StepConfig>,
    /// Used instead when the record's id in the target is known.
    pub(crate) update: Option<UpdateConfig>,
    /// The header that carries the idempotency key; `""` for none.
    pub(crate) idempotency_header: Option<String>,
    /// Where the record's id stands in the answer.
    pub(crate) native_id: Option<String>,
    /// Statuses that mean that the target has the record already.
    #[serde(default)]
    pub(crate) accepted_conflict: Vec<u16>,
}

/// One call of a delivery. Its programs see `.record` (what the mapping made), `.native_id`, `.key`,
/// `.values` and the answers so far under `.answers.NAME`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StepConfig {
    /// Its name.
    pub(crate) name: String,
    /// jq: whether it is made at all; always unless given.
    pub(crate) when: Option<String>,
    /// The method; POST unless given.
    pub(crate) method: Option<String>,
    /// The path, in which `{native_id}` and `{key}` stand for the record's id and the message's key;
    /// none where there is an `operation`.
    #[serde(default)]
    pub(crate) path: String,
    /// The operation of the WSDL that is called; `body` gives its parameters.
    pub(crate) operation: Option<String>,
    /// jq: the query's parameters; those that are null are left out.
    pub(crate) query: Option<String>,
    /// jq: what is sent; the record unless given, nothing with GET and DELETE.
    pub(crate) body: Option<String>,
    /// jq: the record's id in the target, from the answer.
    pub(crate) native_id: Option<String>,
    /// Whether it tells a record that the target has from one that it has not, so that a repeated
    /// delivery does no harm.
    #[serde(default)]
    pub(crate) finds: bool,
    /// Statuses above 399 that are answers and no failures: 404 where nothing was found.
    #[serde(default)]
    pub(crate) accepted: Vec<u16>,
    /// jq: what is wrong with what became of it, as `fault` says it.
    pub(crate) check: Option<String>,
}

/// The request for a record that the target has.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpdateConfig {
    pub(crate) method: Option<String>,
    pub(crate) path: String,
}

fn default_timeout() -> Humane {
    Humane(Duration::from_secs(30))
}

fn default_connect_timeout() -> Humane {
    Humane(Duration::from_secs(5))
}

fn default_concurrency() -> usize {
    8
}

fn default_max_body_bytes() -> usize {
    16 << 20
}

fn default_first() -> u64 {
    1
}

fn default_size() -> u64 {
    100
}

fn default_max_pages() -> u64 {
    10_000
}
