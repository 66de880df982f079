//! The canonical bill of materials, `schemas/bom/v1.json`.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::Reference;
use crate::money::Decimal;

/// What an item is made of, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bom {
    /// Its number.
    pub number: String,
    /// What is made.
    pub item: Reference,
    /// Whose view of the product it gives.
    pub kind: BomKind,
    /// Its revision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// Whether it is to be used.
    pub status: BomStatus,
    /// The engineering change that made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change_number: Option<String>,
    /// The first day on which it holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_from: Option<Date>,
    /// The last day on which it holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_to: Option<Date>,
    /// How many of the item the components make.
    pub quantity: Decimal,
    /// What the quantity counts: `pcs`, `kg`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// What goes in; at least one component.
    pub components: Vec<Component>,
    /// How it is made, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub operations: Vec<Operation>,
}

/// What goes into it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Component {
    /// Its place in the bill, from 1.
    #[serde(deserialize_with = "crate::whole::required")]
    pub position: u32,
    /// What goes in.
    pub item: Reference,
    /// How many go in.
    pub quantity: Decimal,
    /// What the quantity counts: `pcs`, `mm`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// The part of it that is lost, as a fraction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scrap_rate: Option<Decimal>,
    /// Whether it is never stocked: its own components take its place.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub phantom: bool,
    /// What may be taken in its place, the best first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub substitutes: Vec<Reference>,
    /// Words for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
}

/// One step of the routing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Operation {
    /// The step's number, from 1.
    #[serde(deserialize_with = "crate::whole::required")]
    pub number: u32,
    /// What is done.
    pub name: String,
    /// Where it is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub work_center: Option<String>,
    /// What it takes once, in minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub setup_minutes: Option<Decimal>,
    /// What it takes each time, in minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_minutes: Option<Decimal>,
}

/// Whose view of the product a bill gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum BomKind {
    Design,
    Manufacturing,
}

/// Whether a bill is to be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum BomStatus {
    Draft,
    Released,
    Obsolete,
}
