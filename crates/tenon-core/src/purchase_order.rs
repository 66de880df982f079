//! The canonical purchase order, `schemas/purchase_order/v1.json`.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::money::{Currency, Decimal};
use crate::order::Totals;
use crate::{Reference, Supplier, whole};

/// An order to a supplier, what he confirms, and what he sends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PurchaseOrder {
    /// The order's number.
    pub number: String,
    /// From whom is bought.
    pub supplier: Supplier,
    /// How far it has come.
    pub status: PurchaseOrderStatus,
    /// The day of the order.
    pub order_date: Date,
    /// The contract that it calls off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contract_number: Option<String>,
    /// Who buys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buyer: Option<String>,
    /// The requisitions that it serves.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requisitions: Vec<Reference>,
    /// Where it is to be delivered: the code of the warehouse.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warehouse: Option<String>,
    /// The currency of every amount in it.
    pub currency: Currency,
    /// What is bought; at least one line.
    pub lines: Vec<PurchaseOrderLine>,
    /// Sums over the lines.
    pub totals: Totals,
    /// What the supplier has announced.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deliveries: Vec<Delivery>,
    /// Words for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
}

/// One line of the order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PurchaseOrderLine {
    /// The line's number within the order, from 1.
    #[serde(deserialize_with = "whole::required")]
    pub number: u32,
    /// What is bought; absent for what has no code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<Reference>,
    /// What is bought, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// How many; negative for a return.
    pub quantity: Decimal,
    /// What the quantity counts: `pcs`, `kg`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Price of one unit without tax.
    pub unit_price: Decimal,
    /// The line's tax rate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_rate: Option<Decimal>,
    /// The line's amount without tax.
    pub amount: Decimal,
    /// The day on which it is wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub required_on: Option<Date>,
    /// How many the supplier promises.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_quantity: Option<Decimal>,
    /// The day for which he promises them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_on: Option<Date>,
    /// How many have come so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received_quantity: Option<Decimal>,
}

/// One of the supplier's notices of delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delivery {
    /// The notice's number.
    pub number: String,
    /// The day on which the goods left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipped_on: Option<Date>,
    /// The day on which they should come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_on: Option<Date>,
    /// Who carries them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carrier: Option<String>,
    /// The carrier's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracking_number: Option<String>,
    /// What comes; at least one line.
    pub lines: Vec<DeliveryLine>,
}

/// What comes of one line of the order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeliveryLine {
    /// The number of the order's line that it serves.
    #[serde(deserialize_with = "whole::required")]
    pub order_line: u32,
    /// How many come.
    pub quantity: Decimal,
    /// The lot or serial number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lot: Option<String>,
}

/// How far a purchase order has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum PurchaseOrderStatus {
    Draft,
    Placed,
    Confirmed,
    PartlyReceived,
    Received,
    Cancelled,
}
