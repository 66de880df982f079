//! The canonical sell out, `schemas/sell_out/v1.json`.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::money::{Currency, Decimal};
use crate::{Reference, Timestamp, whole};

/// What a dealer sold on in a period. A later report of the same number corrects the earlier one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SellOut {
    /// The report's number: the same for its corrections.
    pub number: String,
    /// Who sold.
    pub dealer: Reference,
    /// The first day of the period.
    pub from: Date,
    /// The last day of the period.
    pub to: Date,
    /// Whether the dealer stands by it.
    pub status: SellOutStatus,
    /// When the dealer reported it: of two reports of one number the later holds.
    pub reported_at: Timestamp,
    /// The currency of the prices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// What was sold; an empty report says that nothing was.
    pub lines: Vec<SellOutLine>,
    /// Words for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
}

/// One line of the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SellOutLine {
    /// The line's number within the report, from 1.
    #[serde(deserialize_with = "whole::required")]
    pub number: u32,
    /// What was sold.
    pub item: Reference,
    /// The dealer's shop or platform that sold it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outlet: Option<String>,
    /// How many; negative for goods that came back.
    pub quantity: Decimal,
    /// What the quantity counts: `pcs`, `kg`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// What the buyer paid for one, with tax.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_price: Option<Decimal>,
}

/// Whether the dealer stands by a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum SellOutStatus {
    Provisional,
    Final,
}
