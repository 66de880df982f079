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
    /// A change to designs: what it touches, and from when.
    EngineeringChange,
    /// What a dealer sold on in a period.
    SellOut,
    /// What a supplier is going to be asked for, and what he answers.
    SupplyPlan,
    /// A wish that something be bought.
    Requisition,
    /// An order to a supplier.
    PurchaseOrder,
    /// A contact with a customer.
    Interaction,
    /// A document that is published to those who need it.
    Document,
}

impl Entity {
    /// Every entity.
    pub const ALL: [Self; 18] = [
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
        Self::EngineeringChange,
        Self::SellOut,
        Self::SupplyPlan,
        Self::Requisition,
        Self::PurchaseOrder,
        Self::Interaction,
        Self::Document,
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
            Self::EngineeringChange => "engineering_change",
            Self::SellOut => "sell_out",
            Self::SupplyPlan => "supply_plan",
            Self::Requisition => "requisition",
            Self::PurchaseOrder => "purchase_order",
            Self::Interaction => "interaction",
            Self::Document => "document",
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
    /// What happened.
    pub fact: Fact,
    /// The major version of the entity's schema.
    pub version: u16,
}

/// What happened to the record that a message is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fact {
    /// A system has stated it.
    Changed,
    /// Another master has turned out to be the same: the body is the golden record of both.
    Merged,
    /// Two that were taken for one are two again; the body is the golden record of one of them.
    Unmerged,
    /// A person has commanded something: the body is the command, and no system is given it.
    Commanded,
}

impl Fact {
    /// Every fact.
    pub const ALL: [Self; 4] = [Self::Changed, Self::Merged, Self::Unmerged, Self::Commanded];

    /// The name on the wire: `changed`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Merged => "merged",
            Self::Unmerged => "unmerged",
            Self::Commanded => "commanded",
        }
    }
}

impl MessageKind {
    /// The statement of a record, in the newest schema version that this release knows.
    pub fn current(entity: Entity) -> Self {
        Self::of(entity, Fact::Changed)
    }

    /// A fact in the newest schema version that this release knows.
    pub fn of(entity: Entity, fact: Fact) -> Self {
        Self {
            entity,
            fact,
            version: 1,
        }
    }
}

impl fmt::Display for MessageKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fact = self.fact.as_str();
        write!(formatter, "{}.{fact}.v{}", self.entity, self.version)
    }
}

impl FromStr for MessageKind {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let malformed = || format!("`{text}` is not a message kind such as `order.changed.v1`");
        let mut parts = text.split('.');
        let (Some(entity), Some(fact), Some(version), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(malformed());
        };
        let version = version.strip_prefix('v').ok_or_else(malformed)?;
        let known = |known: &Fact| known.as_str() == fact;
        Ok(Self {
            entity: entity.parse()?,
            fact: Fact::ALL.into_iter().find(known).ok_or_else(malformed)?,
            version: version.parse().map_err(|_| malformed())?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_read_as_they_are_written() {
        for fact in Fact::ALL {
            let kind = MessageKind::of(Entity::Customer, fact);
            assert_eq!(kind.to_string().parse(), Ok(kind));
        }
        let merged = MessageKind::of(Entity::Customer, Fact::Merged);
        assert_eq!(merged.to_string(), "customer.merged.v1");
        for bad in [
            "customer",
            "customer.changed",
            "customer.split.v1",
            "customer.changed.1",
            "a.changed.v1",
        ] {
            assert!(bad.parse::<MessageKind>().is_err(), "{bad}");
        }
    }
}
