//! What a connector file says about an HTTP API.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::signing::Scheme;
use crate::watermark::Overlap;
use crate::{Humane, Secret};

/// The keys at the top of the file.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// Where the API begins; paths are appended to it.
    #[schemars(example = &"https://crm.example.com/api")]
    pub(crate) url: String,
    /// How the hub proves itself.
    pub(crate) auth: Option<AuthConfig>,
    /// Headers that every request carries.
    #[serde(default)]
    #[schemars(example = serde_json::json!({ "X-Tenant": "${env:TENANT}" }))]
    pub(crate) headers: BTreeMap<String, Secret>,
    /// The longest that one request may take, its answer included.
    #[serde(default = "default_timeout")]
    #[schemars(example = &"1m")]
    pub(crate) timeout: Humane,
    /// The longest that connecting may take.
    #[serde(default = "default_connect_timeout")]
    #[schemars(example = &"3s")]
    pub(crate) connect_timeout: Humane,
    /// Requests in flight at once.
    #[serde(default = "default_concurrency")]
    #[schemars(example = 2, extend("unit" = "requests"))]
    pub(crate) concurrency: usize,
    /// The longest answer that is taken, in bytes after decompression.
    #[serde(default = "default_max_body_bytes")]
    #[schemars(example = 1_048_576, extend("unit" = "bytes"))]
    pub(crate) max_body_bytes: usize,
    /// Certificates in PEM that are trusted besides the system's own.
    #[schemars(example = &"ca.pem")]
    pub(crate) ca_file: Option<PathBuf>,
    /// A path that a GET may ask to learn whether the API is there.
    #[schemars(example = &"/health")]
    pub(crate) probe: Option<String>,
    /// What stands for `{name}` in paths, and what programs see as `.values`.
    #[serde(default)]
    #[schemars(example = serde_json::json!({ "company": 1 }), with = "BTreeMap<String, serde_json::Value>")]
    pub(crate) values: BTreeMap<String, toml::Value>,
    /// jq: definitions that all programs of the file may use.
    #[serde(default)]
    #[schemars(example = &"def day: .[:10];")]
    pub(crate) define: String,
    /// The calls that open a session, in order; `auth` then holds the user that they log in.
    #[serde(default)]
    pub(crate) login: Vec<LoginConfig>,
    /// The description of a SOAP service, WSDL 1.1, relative to the connector file. What is asked and
    /// delivered then names an `operation`.
    #[schemars(example = &"pdm.wsdl")]
    pub(crate) wsdl: Option<PathBuf>,
    /// jq: what is wrong with an answer (`.status`, `.body`), for APIs whose status does not say it:
    /// `null`, or `{ kind, message }`, `kind` being `transient`, `invalid`, `configuration` or `session`.
    #[schemars(example = &"if .body.error then { kind: \"invalid\", message: .body.error } else null end")]
    pub(crate) fault: Option<String>,
}

/// One call of a log-in.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LoginConfig {
    /// The method; POST unless given.
    #[schemars(example = &"POST")]
    pub(crate) method: Option<String>,
    /// The path.
    #[schemars(example = &"/login")]
    pub(crate) path: String,
    /// jq: the query's parameters, from the same as `body`.
    #[schemars(example = &"{ appkey: .user, appsecret: .password }")]
    pub(crate) query: Option<String>,
    /// jq: what is sent, from `.user`, `.password` and `.values`.
    #[schemars(example = &"{ user: .user, password: .password }")]
    pub(crate) body: Option<String>,
    /// jq: what requests carry from now on, from `.answer`, `.cookies`, `.user` and `.values`:
    /// `{ headers, query, values, expires_in }`, each if need be.
    #[schemars(example = &"{ headers: { authorization: \"Bearer \\(.answer.token)\" } }")]
    pub(crate) take: Option<String>,
}

/// How the hub proves itself: `{ user, password }`, `{ bearer }`, `{ header, value }`, or by signing each
/// request, `{ sign, user, app_id, app_secret }`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AuthConfig {
    /// The user, with `password`.
    #[schemars(example = &"hub")]
    pub(crate) user: Option<String>,
    /// The password of `user`.
    #[schemars(example = &"${env:PASSWORD}")]
    pub(crate) password: Option<Secret>,
    /// The token of `Authorization: Bearer`.
    #[schemars(example = &"${env:TOKEN}")]
    pub(crate) bearer: Option<Secret>,
    /// The header that carries `value`.
    #[schemars(example = &"X-Api-Key")]
    pub(crate) header: Option<String>,
    /// What the header `header` carries.
    #[schemars(example = &"${env:API_KEY}")]
    pub(crate) value: Option<Secret>,
    /// The scheme of signing; an account, a language and an organisation then stand in `values`.
    #[schemars(example = &"kingdee")]
    pub(crate) sign: Option<Scheme>,
    /// The app that signs.
    #[schemars(example = &"${env:APP_ID}")]
    pub(crate) app_id: Option<Secret>,
    /// What it signs with.
    #[schemars(example = &"${env:APP_SECRET}")]
    pub(crate) app_secret: Option<Secret>,
}

/// The keys of a `[[receive]]`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Receive {
    /// What to ask for, with a query if need be; none where there is an `operation`.
    #[serde(default)]
    #[schemars(example = &"/customers")]
    pub(crate) path: String,
    /// The operation of the WSDL that is called; `body` gives its parameters.
    #[schemars(example = &"GetParts")]
    pub(crate) operation: Option<String>,
    /// The method: GET, or POST where there is a `body`.
    #[schemars(example = &"POST")]
    pub(crate) method: Option<String>,
    /// jq: what is sent to ask for a page, from `.since`, `.offset`, `.page`, `.cursor`, `.size`, `.now`
    /// (seconds since 1970) and `.values`; the query then holds none of them.
    #[schemars(example = &"{ changed_since: .since, page: .page }")]
    pub(crate) body: Option<String>,
    /// jq: the query's parameters, from the same, for APIs that want them in another form than one value
    /// each; those that are null are left out.
    #[schemars(example = &"{ filter: \"changed ge \\(.since)\" }")]
    pub(crate) query: Option<String>,
    /// Where more of each new record is asked for; `{name}` stands for a field of the record.
    pub(crate) detail: Option<DetailConfig>,
    /// jq: each record in the form that key, watermark and mapping see; as it came unless given.
    #[schemars(example = &".fields + { id: .id }")]
    pub(crate) record: Option<String>,
    /// Where the array of records stands in the answer; the whole answer unless given. With a `?` behind
    /// it where an empty list is left out.
    #[schemars(example = &"data.items")]
    pub(crate) records: Option<String>,
    /// How further pages are asked for; one page unless given.
    pub(crate) paging: Option<PagingConfig>,
    /// How only what changed is asked for; everything unless given.
    pub(crate) watermark: Option<WatermarkConfig>,
    /// The field that tells one event from another; the record's content unless given.
    #[schemars(example = &"event.id")]
    pub(crate) event_id: Option<String>,
}

/// Where more of a record is asked for.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DetailConfig {
    /// What to GET, or to POST where there is a `body`.
    #[schemars(example = &"/orders/{id}")]
    pub(crate) path: String,
    /// jq: what is sent, from `.record` and `.values`.
    #[schemars(example = &"{ id: .record.id }")]
    pub(crate) body: Option<String>,
    /// Where the record stands in the answer; the whole answer unless given.
    #[schemars(example = &"order")]
    pub(crate) at: Option<String>,
    /// jq: the record, from `.record` and the `.detail` that was found; the latter alone unless given.
    #[schemars(example = &".record + .detail")]
    pub(crate) record: Option<String>,
}

/// The keys of a `[[webhook]]`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Webhook {
    /// Where the rest is asked for, when a call tells only that something happened.
    pub(crate) detail: Option<DetailConfig>,
}

/// How further pages are asked for.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PagingConfig {
    /// The way.
    #[schemars(example = &"page")]
    pub(crate) style: PagingStyle,
    /// The query parameter: `page`, `offset` or `cursor` unless given.
    #[schemars(example = &"page")]
    pub(crate) parameter: Option<String>,
    /// The number of the first page (style `page`).
    #[serde(default = "default_first")]
    #[schemars(example = 0, extend("unit" = "pages"))]
    pub(crate) first: u64,
    /// The query parameter for the number of records on a page.
    #[schemars(example = &"per_page")]
    pub(crate) size_parameter: Option<String>,
    /// How many records are asked for on one page.
    #[serde(default = "default_size")]
    #[schemars(example = 200, extend("unit" = "records"))]
    pub(crate) size: u64,
    /// Where the next cursor (style `cursor`) or address (style `link`) stands in the answer, or the
    /// ordering key (style `key`) in each record.
    #[schemars(example = &"meta.next")]
    pub(crate) next: Option<String>,
    /// The most pages of one pass.
    #[serde(default = "default_max_pages")]
    #[schemars(example = 100, extend("unit" = "pages"))]
    pub(crate) max_pages: u64,
}

/// The ways of paging.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
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
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WatermarkConfig {
    /// The query parameter; none where there is a `body` or `query`.
    #[serde(default)]
    #[schemars(example = &"updated_since")]
    pub(crate) parameter: String,
    /// The field that rises with every change of a record.
    #[schemars(example = &"updated_at")]
    pub(crate) field: String,
    /// How far behind the newest change each pass begins: `"60s"` for times, 0 for numbers.
    #[schemars(example = &"60s")]
    pub(crate) overlap: Option<Overlap>,
    /// Where the first pass begins; at the beginning unless given.
    #[schemars(example = &"2026-01-01T00:00:00Z")]
    pub(crate) initial: Option<String>,
}

/// The keys of a `[[deliver]]`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Deliver {
    /// The method of a request; POST unless given.
    #[schemars(example = &"PUT")]
    pub(crate) method: Option<String>,
    /// The path, in which `{native_id}` and `{key}` stand for the record's id and the message's key.
    #[schemars(example = &"/orders")]
    pub(crate) path: Option<String>,
    /// The operation of the WSDL that is called with what the mapping makes.
    #[schemars(example = &"SavePart")]
    pub(crate) operation: Option<String>,
    /// The calls of which a delivery is made, in order, where one does not do.
    #[serde(default)]
    pub(crate) steps: Vec<StepConfig>,
    /// Used instead when the record's id in the target is known.
    pub(crate) update: Option<UpdateConfig>,
    /// The header that carries the idempotency key; `""` for none.
    #[schemars(example = &"Idempotency-Key")]
    pub(crate) idempotency_header: Option<String>,
    /// Where the record's id stands in the answer.
    #[schemars(example = &"id")]
    pub(crate) native_id: Option<String>,
    /// Statuses that mean that the target has the record already.
    #[serde(default)]
    #[schemars(example = [409], extend("unit" = "status"))]
    pub(crate) accepted_conflict: Vec<u16>,
}

/// One call of a delivery. Its programs see `.record` (what the mapping made), `.native_id`, `.key`,
/// `.values` and the answers so far under `.answers.NAME`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StepConfig {
    /// Its name.
    #[schemars(example = &"find")]
    pub(crate) name: String,
    /// jq: whether it is made at all; always unless given.
    #[schemars(example = &".native_id == null")]
    pub(crate) when: Option<String>,
    /// The method; POST unless given.
    #[schemars(example = &"GET")]
    pub(crate) method: Option<String>,
    /// The path, in which `{native_id}` and `{key}` stand for the record's id and the message's key;
    /// none where there is an `operation`.
    #[serde(default)]
    #[schemars(example = &"/orders")]
    pub(crate) path: String,
    /// The operation of the WSDL that is called; `body` gives its parameters.
    #[schemars(example = &"FindOrder")]
    pub(crate) operation: Option<String>,
    /// jq: the query's parameters; those that are null are left out.
    #[schemars(example = &"{ number: .key }")]
    pub(crate) query: Option<String>,
    /// jq: what is sent; the record unless given, nothing with GET and DELETE.
    #[schemars(example = &".record")]
    pub(crate) body: Option<String>,
    /// jq: the record's id in the target, from the answer.
    #[schemars(example = &".answers.find.items[0].id")]
    pub(crate) native_id: Option<String>,
    /// Whether it tells a record that the target has from one that it has not, so that a repeated
    /// delivery does no harm.
    #[serde(default)]
    #[schemars(example = true)]
    pub(crate) finds: bool,
    /// Statuses above 399 that are answers and no failures: 404 where nothing was found.
    #[serde(default)]
    #[schemars(example = [404], extend("unit" = "status"))]
    pub(crate) accepted: Vec<u16>,
    /// jq: what is wrong with what became of it, as `fault` says it.
    #[schemars(example = &"if .answers.read.state == \"open\" then null else { kind: \"invalid\", message: \"it is closed\" } end")]
    pub(crate) check: Option<String>,
}

/// The request for a record that the target has.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpdateConfig {
    /// The method; PUT unless given.
    #[schemars(example = &"PATCH")]
    pub(crate) method: Option<String>,
    /// The path, in which `{native_id}` and `{key}` stand for the record's id and the message's key.
    #[schemars(example = &"/orders/{native_id}")]
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
