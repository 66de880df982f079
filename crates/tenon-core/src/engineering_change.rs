//! The canonical engineering change, `schemas/engineering_change/v1.json`.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{Reference, Timestamp};

/// A change to designs: what it touches, from when, and what becomes of the stock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EngineeringChange {
    /// The change's number.
    pub number: String,
    /// It in one line.
    pub title: String,
    /// Why it is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// How far it has come.
    pub status: ChangeStatus,
    /// How soon it has to be in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub urgency: Option<ChangeUrgency>,
    /// The first day on which the new design holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_from: Option<Date>,
    /// Who asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested_by: Option<String>,
    /// When it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested_at: Option<Timestamp>,
    /// When it was released.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub released_at: Option<Timestamp>,
    /// The customer for whom it is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<Reference>,
    /// The items that it changes; at least one.
    pub affected: Vec<AffectedItem>,
    /// Words for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
}

/// One item that it changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AffectedItem {
    /// What is changed.
    pub item: Reference,
    /// The bill of materials that is revised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bom: Option<Reference>,
    /// The revision before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_revision: Option<String>,
    /// The revision after; absent where the item is withdrawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_revision: Option<String>,
    /// The item that takes its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced_by: Option<Reference>,
    /// What becomes of what is in stock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disposition: Option<StockDisposition>,
    /// Words for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
}

/// How far a change has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum ChangeStatus {
    Proposed,
    Approved,
    Released,
    Cancelled,
}

/// How soon a change has to be in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum ChangeUrgency {
    Routine,
    Urgent,
    StopProduction,
}

/// What becomes of stock of the old revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum StockDisposition {
    UseUp,
    Rework,
    Scrap,
    ReturnToSupplier,
}
