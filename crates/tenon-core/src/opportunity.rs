//! The canonical opportunity, `schemas/opportunity/v1.json`.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::Reference;
use crate::money::{Currency, Decimal};

/// A sale that may come about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opportunity {
    /// The opportunity's number.
    pub number: String,
    /// What it is called.
    pub name: String,
    /// Who may buy.
    pub customer: Reference,
    /// The dealer or agent through whom it may come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Reference>,
    /// How far it has come, from the first meeting to the money.
    pub stage: OpportunityStage,
    /// How it ended, or that it is open.
    pub outcome: OpportunityOutcome,
    /// The currency of every amount in it.
    pub currency: Currency,
    /// What it is expected to bring, without tax.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Decimal>,
    /// How likely it is, as a fraction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probability: Option<Decimal>,
    /// The day it is expected to be decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_on: Option<Date>,
    /// Where it came from, as a path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Who pursues it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Why it was lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lost_reason: Option<String>,
    /// What may be bought.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<OpportunityLine>,
    /// Words for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
}

/// One line of the opportunity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpportunityLine {
    /// The line's number within the opportunity, from 1.
    #[serde(deserialize_with = "crate::whole::required")]
    pub number: u32,
    /// What may be bought.
    pub item: Reference,
    /// How many.
    pub quantity: Decimal,
    /// What the quantity counts: `pcs`, `kg`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Price of one unit without tax.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_price: Option<Decimal>,
}

/// The eight steps from the first meeting to the money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum OpportunityStage {
    Met,
    Found,
    Confirmed,
    NeedClear,
    Quoted,
    Committed,
    Accepted,
    Paid,
}

/// How an opportunity ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum OpportunityOutcome {
    Open,
    Won,
    Lost,
}
