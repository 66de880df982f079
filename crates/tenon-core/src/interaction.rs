//! The canonical interaction, `schemas/interaction/v1.json`.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{Reference, Timestamp, whole};

/// A contact with a customer: whoever looks after him next can read what was said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interaction {
    /// The interaction's number.
    pub number: String,
    /// With whom.
    pub customer: Reference,
    /// How they met.
    pub kind: InteractionKind,
    /// Who began it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direction: Option<InteractionDirection>,
    /// It in one line.
    pub subject: String,
    /// What was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// The customer's person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
    /// When it was.
    pub happened_at: Timestamp,
    /// How long it took, in minutes.
    #[serde(
        default,
        deserialize_with = "whole::optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub minutes: Option<u32>,
    /// The opportunity that it was about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opportunity: Option<Reference>,
    /// The order that it was about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<Reference>,
    /// The service case that it was about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<Reference>,
    /// What was agreed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_step: Option<String>,
    /// The day by which.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_on: Option<Date>,
    /// Our person.
    pub owner: String,
}

/// How people met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum InteractionKind {
    Visit,
    Call,
    Message,
    Mail,
    Meeting,
    Exhibition,
    /// What is still to come: the hub reminds somebody of it.
    Reminder,
    Other,
}

/// Who began an interaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum InteractionDirection {
    Inbound,
    Outbound,
}
