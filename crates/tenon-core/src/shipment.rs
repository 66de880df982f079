//! The canonical shipment, `schemas/shipment/v1.json`.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::Reference;
use crate::money::Decimal;

/// Goods on their way to a customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shipment {
    /// The delivery note's number.
    pub number: String,
    /// Who is to receive them.
    pub customer: Reference,
    /// The orders that it serves.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub orders: Vec<Reference>,
    /// How far it has come.
    pub status: ShipmentStatus,
    /// The day the goods left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipped_on: Option<Date>,
    /// The day they are expected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_on: Option<Date>,
    /// The day they were received.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered_on: Option<Date>,
    /// From where: the code of the warehouse.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warehouse: Option<String>,
    /// Who carries them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carrier: Option<String>,
    /// The carrier's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracking_number: Option<String>,
    /// Where to, in one line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ship_to: Option<String>,
    /// What is sent; at least one line.
    pub lines: Vec<ShipmentLine>,
    /// Words for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
}

/// One line of the shipment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShipmentLine {
    /// The line's number within the shipment, from 1.
    #[serde(deserialize_with = "crate::whole::required")]
    pub number: u32,
    /// The number of the order's line that it serves.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "crate::whole::optional"
    )]
    pub order_line: Option<u32>,
    /// What is sent.
    pub item: Reference,
    /// How many; negative for goods that come back.
    pub quantity: Decimal,
    /// What the quantity counts: `pcs`, `kg`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// The lot or serial number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lot: Option<String>,
}

/// How far a shipment has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum ShipmentStatus {
    Planned,
    Shipped,
    Delivered,
    Returned,
    Cancelled,
}
