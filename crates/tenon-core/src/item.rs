//! The canonical item, `schemas/item/v1.json`.

use serde::{Deserialize, Serialize};

use crate::money::{Currency, Decimal};

/// A product or part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Size, material, type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub specification: Option<String>,
    /// What it is counted in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// The design's revision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// What one unit costs us, for margins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standard_cost: Option<Decimal>,
    /// The currency of the cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_currency: Option<Currency>,
}
