//! The canonical requisition, `schemas/requisition/v1.json`.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::money::{Currency, Decimal};
use crate::{Reference, Supplier, Timestamp, whole};

/// A wish that something be bought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requisition {
    /// The requisition's number.
    pub number: String,
    /// How far it has come.
    pub status: RequisitionStatus,
    /// Who wants it.
    pub requested_by: String,
    /// For whom he wants it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub department: Option<String>,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The customer's order that needs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<Reference>,
    /// The dealer whose stock it replenishes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dealer: Option<Reference>,
    /// The currency of the estimates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// What all of it will cost, estimated, without tax.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Decimal>,
    /// What is wanted; at least one line.
    pub lines: Vec<RequisitionLine>,
    /// Words for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
}

/// One thing that is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequisitionLine {
    /// The line's number within the requisition, from 1.
    #[serde(deserialize_with = "whole::required")]
    pub number: u32,
    /// What is wanted; absent for what has no code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<Reference>,
    /// What is wanted, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// How many.
    pub quantity: Decimal,
    /// What the quantity counts: `pcs`, `kg`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// The day by which it is needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub required_on: Option<Date>,
    /// What one will cost, estimated, without tax.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimated_price: Option<Decimal>,
    /// From whom it might be bought.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supplier: Option<Supplier>,
}

/// How far a requisition has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum RequisitionStatus {
    Draft,
    Submitted,
    Approved,
    Rejected,
    Ordered,
    Cancelled,
}
