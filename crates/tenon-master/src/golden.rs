//! The golden record: which system's statement survives in each field, and who made it.
//!
//! A golden record follows from the set of source records alone: whatever order they came in, the
//! same set gives the same golden record. Nothing is averaged or composed; every value is one that
//! some system stated.

mod collections;
mod pins;
mod quality;
mod survive;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tenon_core::customer::Customer;
use tenon_core::{MessageId, NativeId, SystemName, Timestamp};

pub use pins::Pin;
pub use quality::{Quality, quality};
pub use survive::survive;

use crate::name;

/// Who stated a value, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// The system.
    pub system: SystemName,
    /// The record's id there.
    pub native_id: NativeId,
    /// The message that brought it.
    pub message_id: MessageId,
    /// When it happened in that system.
    pub occurred_at: Timestamp,
}

/// What one system says of a customer: its latest statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceRecord {
    /// The statement. Its `former_names` also hold the legal names that this system gave before.
    pub customer: Customer,
    /// Whose it is.
    pub provenance: Provenance,
}

impl SourceRecord {
    /// The later of two statements of one record, with the legal name of the earlier kept as a
    /// former name if it was another.
    ///
    /// A statement that arrives late does no harm; of two of the same moment the one that is `heard`
    /// now is the later one.
    pub fn latest(heard: Self, before: Self) -> Self {
        let (mut latest, earlier) = if heard.provenance.occurred_at >= before.provenance.occurred_at
        {
            (heard, before)
        } else {
            (before, heard)
        };
        if latest.provenance.message_id == earlier.provenance.message_id {
            return latest;
        }
        let mut names: BTreeMap<String, String> = BTreeMap::new();
        let former = latest
            .customer
            .former_names
            .drain(..)
            .chain(earlier.customer.former_names);
        for former in former.chain(earlier.customer.legal_name) {
            names.entry(name_key(&former)).or_insert(former);
        }
        if let Some(current) = &latest.customer.legal_name {
            names.remove(&name_key(current));
        }
        latest.customer.former_names = names.into_values().collect();
        latest
    }
}

/// Equal for spellings of one name, full or not.
fn name_key(text: &str) -> String {
    let parsed = name::parse(text);
    parsed.full_key.unwrap_or(parsed.normalised)
}

/// A customer with the surviving value of each field.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GoldenRecord {
    /// The surviving values.
    pub customer: Customer,
    /// Who stated each: by field (`legal_name`), in collections by element (`phones/0`). A code
    /// that the hub issued has no provenance.
    pub provenance: BTreeMap<String, Provenance>,
}

/// Which system is believed in which field.
///
/// Systems that a field's list does not name come after those it names, in the default order; those
/// that no list names come last. Among equals the most recent statement wins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Survivorship {
    /// The order of belief where a field has no list of its own.
    pub default_order: Vec<SystemName>,
    /// The order of belief by field; the fields are those of [`Survivorship::FIELDS`].
    pub fields: BTreeMap<String, Vec<SystemName>>,
    /// The most elements that a collection keeps.
    pub max_elements: usize,
}

impl Default for Survivorship {
    fn default() -> Self {
        Self {
            default_order: Vec::new(),
            fields: BTreeMap::new(),
            max_elements: 20,
        }
    }
}

impl Survivorship {
    /// The fields that may have an order of their own.
    pub const FIELDS: [&'static str; 19] = [
        "legal_name",
        "short_name",
        "former_names",
        "code",
        "tax_id",
        "kind",
        "stage",
        "industry",
        "source",
        "grade",
        "owner",
        "contacts",
        "addresses",
        "phones",
        "emails",
        "bank_account",
        "credit_terms",
        "priority",
        "tags",
    ];

    /// The configured fields that no customer has, for a configuration check to report.
    pub fn unknown_fields(&self) -> impl Iterator<Item = &str> {
        self.fields
            .keys()
            .map(String::as_str)
            .filter(|field| !Self::FIELDS.contains(field))
    }

    /// How far down `system` stands for `field`: the less, the more it is believed.
    fn rank(&self, field: &str, system: &SystemName) -> (usize, usize) {
        let position = |order: &[SystemName]| {
            order
                .iter()
                .position(|listed| listed == system)
                .unwrap_or(usize::MAX)
        };
        let own = self
            .fields
            .get(field)
            .map_or(usize::MAX, |order| position(order));
        (own, position(&self.default_order))
    }
}

#[cfg(test)]
mod tests;
