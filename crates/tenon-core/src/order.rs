//! The canonical order, `schemas/order/v1.json`.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::Reference;
use crate::money::{Currency, Decimal};

/// A customer's order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// The order's number, as people say it.
    pub number: String,
    /// Who buys.
    pub customer: Reference,
    /// The dealer or agent through whom it came; its margin is shared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Reference>,
    /// The contract it was made under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contract_number: Option<String>,
    /// The day it was placed.
    pub order_date: Date,
    /// The day the customer wants it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested_date: Option<Date>,
    /// Of every amount in it.
    pub currency: Currency,
    /// What is bought; at least one line.
    pub lines: Vec<OrderLine>,
    /// Sums over the lines.
    pub totals: Totals,
    /// How far it has come.
    pub status: OrderStatus,
    /// Who sold it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Words for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
}

/// One line of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderLine {
    /// The line's number within the order.
    #[serde(deserialize_with = "crate::whole::required")]
    pub number: u32,
    /// What is bought.
    pub item: Reference,
    /// The item's description as ordered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// How many.
    pub quantity: Decimal,
    /// Of what: `pcs`, `kg`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Price of one unit without tax.
    pub unit_price: Decimal,
    /// A fraction: `0.13`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_rate: Option<Decimal>,
    /// The line's amount without tax.
    pub amount: Decimal,
}

/// Sums over the lines of an order or invoice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Totals {
    /// Without tax.
    pub net: Decimal,
    /// The tax.
    pub tax: Decimal,
    /// With tax.
    pub gross: Decimal,
}

/// How far an order has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum OrderStatus {
    Draft,
    Confirmed,
    InProduction,
    PartlyShipped,
    Shipped,
    Closed,
    Cancelled,
}
