//! The canonical supply plan, `schemas/supply_plan/v1.json`.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::money::Decimal;
use crate::{Reference, Supplier, Timestamp, whole};

/// What a supplier or subcontractor is going to be asked for, and what he answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SupplyPlan {
    /// The plan's number.
    pub number: String,
    /// Who is to supply.
    pub supplier: Supplier,
    /// Whether it informs or binds.
    pub kind: PlanKind,
    /// How far it has come.
    pub status: PlanStatus,
    /// Its revision: each new one replaces the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// When the supplier answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_at: Option<Timestamp>,
    /// What is wanted, and when; at least one line.
    pub lines: Vec<PlanLine>,
    /// Words for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
}

/// What is wanted of one item in one period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanLine {
    /// The line's number within the plan, from 1.
    #[serde(deserialize_with = "whole::required")]
    pub number: u32,
    /// What is wanted.
    pub item: Reference,
    /// The first day of the period.
    pub from: Date,
    /// The last day of the period; absent for a single day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Date>,
    /// How many are wanted.
    pub quantity: Decimal,
    /// How many the supplier promises.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_quantity: Option<Decimal>,
    /// What the quantity counts: `pcs`, `kg`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Words for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
}

/// Whether a plan informs or binds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum PlanKind {
    Forecast,
    Schedule,
}

/// How far a plan has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum PlanStatus {
    Issued,
    Answered,
    Cancelled,
}
