//! What messages are about.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A kind of business record that travels in canonical form.
///
/// The list is explicit: a new entity is a variant here, a schema under `schemas/`, and a type
/// in this crate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Entity {
    /// A company (or person) that buys, may buy, or sells on.
    Customer,
    /// A customer's order.
    Order,
    /// A tax invoice, requested or issued.
    Invoice,
    /// A product or part.
    Item,
    /// What an item is made of, and how.
    Bom,
    /// How much of an item is in one place.
    Inventory,
    /// Goods on their way to a customer.
    Shipment,
    /// Money that came in from a customer.
    Receipt,
    /// A sale that may come about.
    Opportunity,
    /// What a customer asks of service.
    Case,
    /// A request that somebody must decide, and the decision.
    Approval,
}

impl Entity {
    /// Every entity.
    pub const ALL: [Self; 11] = [
        Self::Customer,
        Self::Order,
        Self::Invoice,
        Self::Item,
        Self::Bom,
        Self::Inventory,
        Self::Shipment,
        Self::Receipt,
        Self::Opportunity,
        Self::Case,
        Self::Approval,
    ];

    /// The name on the wire and in configuration: `customer`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Order => "order",
            Self::Invoice => "invoice",
            Self::Item => "item",
            Self::Bom => "bom",
            Self::Inventory => "inventory",
            Self::Shipment => "shipment",
            Self::Receipt => "receipt",
            Self::Opportunity => "opportunity",
            Self::Case => "case",
            Self::Approval => "approval",
        }
    }

    /// Whether the hub keeps a golden record of it. The others pass through as they are.
    pub fn is_mastered(self) -> bool {
        matches!(self, Self::Customer)
    }
}

impl fmt::Display for Entity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

impl FromStr for Entity {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|entity| entity.as_str() == text)
            .ok_or_else(|| {
                let known = Self::ALL.map(Self::as_str).join(", ");
                format!("unknown entity `{text}`; known: {known}")
            })
    }
}

/// What a message states, as a past-tense fact about an entity: the CloudEvents `type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MessageKind {
    /// What it is about.
    pub entity: Entity,
    /// The major version of the entity's schema.
    pub version: u16,
}

impl MessageKind {
    /// The kind whose schema version is the newest that this release knows.
    pub fn current(entity: Entity) -> Self {
        Self { entity, version: 1 }
    }
}

impl fmt::Display for MessageKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.changed.v{}", self.entity, self.version)
    }
}

impl FromStr for MessageKind {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let malformed = || format!("`{text}` is not a message kind such as `order.changed.v1`");
        let (entity, rest) = text.split_once('.').ok_or_else(malformed)?;
        let version = rest.strip_prefix("changed.v").ok_or_else(malformed)?;
        Ok(Self {
            entity: entity.parse()?,
            version: version.parse().map_err(|_| malformed())?,
        })
    }
}
