//! The keys of a connector file that every transport has; a transport's own are its own matter.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use tenon_core::{Entity, SystemName};

use crate::limits::LimitsConfig;
use crate::schedule::Window;
use crate::webhook::Form;
use crate::{Humane, Schedule, Secret};

/// The keys at the top of every connector file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Common {
    pub(super) name: SystemName,
    #[allow(dead_code, reason = "read before, to choose the preset")]
    pub(super) kind: String,
    #[allow(dead_code, reason = "read before, to choose the preset")]
    pub(super) preset: String,
    #[serde(default)]
    pub(super) tables: BTreeMap<String, String>,
    /// What the system can bear.
    pub(super) limits: Option<LimitsConfig>,
    /// When it is left alone.
    #[serde(default)]
    pub(super) maintenance: Vec<Window>,
}
pub(super) const COMMON: &[&str] = &["name", "kind", "preset", "tables", "limits", "maintenance"];
pub(super) const LISTS: &[&str] = &["receive", "webhook", "deliver"];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReceiveCommon {
    pub(super) entity: Entity,
    pub(super) name: Option<String>,
    pub(super) key: String,
    pub(super) mapping: String,
    #[serde(default = "default_interval")]
    pub(super) every: Humane,
    /// When it is asked at all.
    pub(super) schedule: Option<Schedule>,
}

impl ReceiveCommon {
    /// The inlet's name: the entity's unless another is given.
    pub(super) fn inlet_name(&self) -> String {
        self.name.clone().unwrap_or_else(|| self.entity.to_string())
    }
}
pub(super) const RECEIVE: &[&str] = &["entity", "name", "key", "mapping", "every", "schedule"];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WebhookCommon {
    pub(super) entity: Entity,
    pub(super) name: Option<String>,
    pub(super) key: String,
    pub(super) mapping: String,
    pub(super) auth: WebhookAuthConfig,
    pub(super) event_id_header: Option<String>,
    #[serde(rename = "where")]
    pub(super) condition: Option<String>,
}
pub(super) const WEBHOOK: &[&str] = &[
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

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WebhookAuthConfig {
    pub(super) header: Option<String>,
    pub(super) token: Option<Secret>,
    pub(super) hmac: Option<Secret>,
    /// Whose envelopes the calls come in.
    pub(super) scheme: Option<Form>,
    /// What they are encrypted with.
    pub(super) key: Option<Secret>,
    /// To whom they must be addressed.
    pub(super) receiver: Option<Secret>,
    /// How far the caller's clock may be from ours, and how old a call may be.
    pub(super) tolerance: Option<Humane>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DeliverCommon {
    pub(super) entity: Entity,
    #[serde(rename = "where")]
    pub(super) condition: Option<String>,
    pub(super) mapping: String,
    #[serde(default)]
    pub(super) require: Vec<String>,
    pub(super) attempts: Option<u32>,
    pub(super) backoff: Option<Humane>,
    pub(super) backoff_max: Option<Humane>,
}
pub(super) const DELIVER: &[&str] = &[
    "entity",
    "where",
    "mapping",
    "require",
    "attempts",
    "backoff",
    "backoff_max",
];

fn default_interval() -> Humane {
    Humane(Duration::from_secs(5))
}
