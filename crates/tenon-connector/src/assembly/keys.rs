//! The keys of a connector file that every transport has; a transport's own are its own matter.

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use tenon_core::{Entity, SystemName};

use crate::limits::LimitsConfig;
use crate::schedule::Window;
use crate::webhook::Form;
use crate::{Humane, RetryPolicy, Schedule, Secret};

/// The keys at the top of every connector file.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Common {
    /// What the system is called: lower-case letters, digits, `-` and `_`. Its ids in the hub are kept
    /// under this name.
    #[schemars(example = &"erp", with = "String")]
    pub(super) name: SystemName,
    /// The kind of system; `tenon connector list` names them.
    #[schemars(example = &"erp")]
    #[allow(dead_code, reason = "read before, to choose the preset")]
    pub(super) kind: String,
    /// What the file builds on; its own keys win, entries of lists meet by entity.
    #[schemars(example = &"sql")]
    #[allow(dead_code, reason = "read before, to choose the preset")]
    pub(super) preset: String,
    /// Code tables for mappings (`lookup("NAME")`): each a CSV file, relative to the connector file.
    #[schemars(example = serde_json::json!({ "source": "crm/source.csv" }))]
    #[serde(default)]
    pub(super) tables: BTreeMap<String, String>,
    /// What the system can bear.
    pub(super) limits: Option<LimitsConfig>,
    /// When it is left alone.
    #[serde(default)]
    pub(super) maintenance: Vec<Window>,
}
pub(crate) const COMMON: &[&str] = &["name", "kind", "preset", "tables", "limits", "maintenance"];
pub(crate) const LISTS: &[&str] = &["receive", "webhook", "deliver"];

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReceiveCommon {
    /// What the records are about.
    #[schemars(example = &"customer", schema_with = "entity")]
    pub(super) entity: Entity,
    /// The inlet's name, where several receive one entity; the entity's unless given.
    #[schemars(example = &"customer-archive")]
    pub(super) name: Option<String>,
    /// The field that holds the record's id in the system; `a.b` for one within another.
    #[schemars(example = &"id")]
    pub(super) key: String,
    /// The jq program that makes the canonical record; relative to the connector file, or `preset:NAME`.
    #[schemars(example = &"erp/customer.in.jq")]
    pub(super) mapping: String,
    /// How often it is asked.
    #[schemars(example = &"10s")]
    #[serde(default = "default_interval")]
    pub(super) every: Humane,
    /// When it is asked at all; at any time unless given.
    pub(super) schedule: Option<Schedule>,
}

impl ReceiveCommon {
    /// The inlet's name: the entity's unless another is given.
    pub(super) fn inlet_name(&self) -> String {
        self.name.clone().unwrap_or_else(|| self.entity.to_string())
    }
}
pub(crate) const RECEIVE: &[&str] = &["entity", "name", "key", "mapping", "every", "schedule"];

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WebhookCommon {
    /// What the records are about.
    #[schemars(example = &"order", schema_with = "entity")]
    pub(super) entity: Entity,
    /// The inlet's name and the last part of its address; the entity's with `-webhook` unless given.
    #[schemars(example = &"orders")]
    pub(super) name: Option<String>,
    /// The field that holds the record's id in the system; `a.b` for one within another.
    #[schemars(example = &"id")]
    pub(super) key: String,
    /// The jq program that makes the canonical record; relative to the connector file, or `preset:NAME`.
    #[schemars(example = &"crm/order.in.jq")]
    pub(super) mapping: String,
    /// How the caller proves itself: by `token`, by `hmac`, or by a platform's `scheme`.
    pub(super) auth: WebhookAuthConfig,
    /// The header that tells one event from another; the record's content unless given.
    #[schemars(example = &"X-Event-Id")]
    pub(super) event_id_header: Option<String>,
    /// jq: which calls are taken; all unless given.
    #[schemars(example = &".event == \"approved\"")]
    #[serde(rename = "where")]
    pub(super) condition: Option<String>,
}
pub(crate) const WEBHOOK: &[&str] = &[
    "entity",
    "name",
    "key",
    "mapping",
    "auth",
    "event_id_header",
    "where",
];

impl WebhookCommon {
    /// The inlet's name: the entity's with `-webhook` unless another is given.
    pub(super) fn inlet_name(&self) -> String {
        let standard = || format!("{}-webhook", self.entity);
        self.name.clone().unwrap_or_else(standard)
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WebhookAuthConfig {
    /// The header that carries it; `authorization` with a token and `x-signature` with a signature
    /// unless given.
    #[schemars(example = &"X-Token")]
    pub(super) header: Option<String>,
    /// What the header holds.
    #[schemars(example = &"${env:WEBHOOK_TOKEN}")]
    pub(super) token: Option<Secret>,
    /// The shared key of the HMAC-SHA256 of the body, which the header holds in hexadecimal.
    #[schemars(example = &"${env:WEBHOOK_KEY}")]
    pub(super) hmac: Option<Secret>,
    /// Whose envelopes the calls come in.
    #[schemars(example = &"wecom")]
    pub(super) scheme: Option<Form>,
    /// What they are encrypted with.
    #[schemars(example = &"${env:CALLBACK_KEY}")]
    pub(super) key: Option<Secret>,
    /// To whom they must be addressed.
    #[schemars(example = &"${env:CORP_ID}")]
    pub(super) receiver: Option<Secret>,
    /// How far the caller's clock may be from ours, and how old a call may be.
    #[schemars(example = &"5m")]
    pub(super) tolerance: Option<Humane>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeliverCommon {
    /// What the records are about; one `[[deliver]]` an entity.
    #[schemars(example = &"order", schema_with = "entity")]
    pub(super) entity: Entity,
    /// jq: which records are given to the system; all unless given.
    #[schemars(example = &".status != \"draft\"")]
    #[serde(rename = "where")]
    pub(super) condition: Option<String>,
    /// The jq program that makes the system's record; relative to the connector file, or `preset:NAME`.
    #[schemars(example = &"erp/order.out.jq")]
    pub(super) mapping: String,
    /// Fields that must have a value. A message waits for one that a master lacks; where the record
    /// itself lacks it, it is parked as invalid.
    #[schemars(example = ["buyer.golden.legal_name"])]
    #[serde(default)]
    pub(super) require: Vec<String>,
    /// Whether what the system told of itself, before it was given it, is left as it is there: only new
    /// records are made, and kept up to date from then on.
    #[schemars(example = true)]
    #[serde(default)]
    pub(super) keep_own: bool,
    /// How often a delivery is tried before the message is parked.
    #[schemars(example = 3, extend("unit" = "attempts"))]
    #[serde(default = "default_attempts")]
    pub(super) attempts: u32,
    /// The pause after the first attempt; it doubles with each.
    #[schemars(example = &"1s")]
    #[serde(default = "default_backoff")]
    pub(super) backoff: Humane,
    /// The longest pause between attempts.
    #[schemars(example = &"5m")]
    #[serde(default = "default_backoff_max")]
    pub(super) backoff_max: Humane,
}
pub(crate) const DELIVER: &[&str] = &[
    "entity",
    "where",
    "mapping",
    "require",
    "keep_own",
    "attempts",
    "backoff",
    "backoff_max",
];

fn default_interval() -> Humane {
    Humane(Duration::from_secs(5))
}

fn default_attempts() -> u32 {
    RetryPolicy::default().attempts
}

fn default_backoff() -> Humane {
    Humane(RetryPolicy::default().initial)
}

fn default_backoff_max() -> Humane {
    Humane(RetryPolicy::default().max)
}

/// The entities that there are.
fn entity(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "enum": Entity::ALL.map(Entity::as_str) })
}
