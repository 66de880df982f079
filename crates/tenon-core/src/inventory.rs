//! The canonical inventory, `schemas/inventory/v1.json`.

use serde::{Deserialize, Serialize};

use crate::money::Decimal;
use crate::{Reference, Timestamp};

/// How much of an item is in one place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inventory {
    /// What is counted.
    pub item: Reference,
    /// The dealer in whose hands it is; absent for own stock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder: Option<Reference>,
    /// Where: the code of the warehouse.
    pub warehouse: String,
    /// The lot, where lots are kept apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lot: Option<String>,
    /// How many are there.
    pub quantity: Decimal,
    /// How many of them are not promised to anybody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub available: Option<Decimal>,
    /// How many are on their way there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_transit: Option<Decimal>,
    /// Below how many it should be replenished.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reorder_point: Option<Decimal>,
    /// What the quantities count: `pcs`, `kg`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// The moment for which the quantities hold.
    pub counted_at: Timestamp,
}
