//! Which master a record belongs to.
//!
//! A record is looked up under its [`keys`]; what is found are its candidates, and [`decide`] says
//! whether one of them is the same legal person. A wrong merge is worse than a missed one.
//!
//! *Architecture invariant*: [`decide`] knows exact rules only. [`likeness`] weighs what they leave
//! open: it may be asked only where they say [`Decision::New`], and the hard rules bind it too.

mod exact;
mod keys;
pub mod likeness;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use tenon_core::MasterId;
use tenon_core::customer::Customer;

pub use exact::{contradiction, decide};
pub use keys::{head_office_key, keys};

/// What sort of key leads to a master.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyKind {
    /// The number behind a valid tax id.
    Tax,
    /// The full registered name.
    Name,
    /// The customer's code.
    Code,
    /// An item's code: see [`Part`](crate::Part).
    ItemCode,
    /// An item's name and specification.
    ItemDescription,
}

impl KeyKind {
    /// Every kind, the strongest first.
    pub const ALL: [Self; 5] = [
        Self::Tax,
        Self::Name,
        Self::Code,
        Self::ItemCode,
        Self::ItemDescription,
    ];

    /// The name in storage: `tax`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tax => "tax",
            Self::Name => "name",
            Self::Code => "code",
            Self::ItemCode => "item_code",
            Self::ItemDescription => "item_description",
        }
    }
}

impl fmt::Display for KeyKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

impl FromStr for KeyKind {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| format!("unknown kind of key `{text}`; known: tax, name, code, item_code, item_description"))
    }
}

/// A key under which a master is claimed and looked up.
///
/// At most one master holds a key at a time; who claims it in storage first is the master.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct MasterKey {
    /// What sort of key it is.
    pub kind: KeyKind,
    /// Its value, normalised: equal text, equal key.
    pub value: String,
}

impl fmt::Display for MasterKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.kind, self.value)
    }
}

/// A master that was found under one or more of a record's keys.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The master.
    pub master_id: MasterId,
    /// Its golden record.
    pub customer: Customer,
    /// The record's keys that led to it. A master may be listed once, or once for each key.
    pub matched: Vec<MasterKey>,
}

/// Where a record belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// To a master that is there.
    Existing {
        /// The master.
        master_id: MasterId,
        /// The keys that say so, the strongest first.
        evidence: Vec<MasterKey>,
        /// Other masters that it might also be. They are never merged here: a steward is asked.
        rivals: Vec<Rival>,
    },
    /// To none that is known: it founds a master of its own.
    New,
    /// It cannot be told. The record founds a master of its own for now, claims no key that is
    /// taken, and a steward is asked whether it is one of the candidates.
    Doubt {
        /// The masters in question, in the order of their ids; at least one.
        candidates: Vec<MasterId>,
        /// Why it cannot be told.
        reason: DoubtReason,
    },
}

/// A master beside the one that was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rival {
    /// The master.
    pub master_id: MasterId,
    /// The record's keys that led to it.
    pub keys: Vec<MasterKey>,
    /// What makes it worth a look.
    pub reason: DoubtReason,
}

/// Why a person has to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DoubtReason {
    /// Several masters share a key with the record and nothing decides between them.
    SeveralMasters,
    /// The registered name is the same and the valid tax ids are two different ones.
    SameNameDifferentTaxIds,
    /// The registered name is the same and the countries are not.
    SameNameDifferentCountries,
    /// The code and the brand are the same and the registered names are not.
    SameCodeDifferentNames,
    /// The code and the brand are the same and the cities are not.
    SameCodeDifferentCities,
    /// One may be a branch of the other: it does not say, or names another city in brackets.
    BranchUncertain,
}

impl DoubtReason {
    /// The name in storage: `several_masters`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SeveralMasters => "several_masters",
            Self::SameNameDifferentTaxIds => "same_name_different_tax_ids",
            Self::SameNameDifferentCountries => "same_name_different_countries",
            Self::SameCodeDifferentNames => "same_code_different_names",
            Self::SameCodeDifferentCities => "same_code_different_cities",
            Self::BranchUncertain => "branch_uncertain",
        }
    }
}

impl fmt::Display for DoubtReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::SeveralMasters => "several masters share a key with it",
            Self::SameNameDifferentTaxIds => "the same name with two different valid tax ids",
            Self::SameNameDifferentCountries => "the same name in different countries",
            Self::SameCodeDifferentNames => "the same code and brand with different legal names",
            Self::SameCodeDifferentCities => "the same code and brand in different cities",
            Self::BranchUncertain => "one may be a branch of the other",
        })
    }
}

/// Why two records cannot be one legal person, whatever else they share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Contradiction {
    /// Two different valid tax ids.
    TaxIdsDiffer,
    /// One is a branch, the other a head office.
    BranchAndHeadOffice,
    /// They are different branches.
    BranchesDiffer,
}

impl fmt::Display for Contradiction {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::TaxIdsDiffer => "their valid tax ids differ",
            Self::BranchAndHeadOffice => "one is a branch and the other a head office",
            Self::BranchesDiffer => "they are different branches",
        })
    }
}

#[cfg(test)]
mod tests;
