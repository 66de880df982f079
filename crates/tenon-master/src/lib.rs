//! The rules of master records: normalise, match, survive, code; which items are one part. Pure: no I/O.
//!
//! A record arrives: [`keys`] says under what to look for its master, [`decide`] which of those
//! found it is, [`survive`] what the master's golden record now holds, and [`mnemonic`] the code of
//! a new one. Who holds which key and code is storage's to keep; nothing here remembers.
//!
//! *Architecture invariant*: no clock, no randomness, no order of arrival. The same inputs give the
//! same answers on every node and in every release that reads the same word lists.

mod bom;
mod code;
mod codes;
mod golden;
mod life_cycle;
mod matching;
pub mod name;
mod part;
mod tax_id;
mod unit;

pub use bom::{
    BomPolicy, BomProblem, Cut, Phantoms, Released, Stock, Substitutes, Units, called, check_units,
    manufacture,
};
pub use code::{CodeRule, mnemonic, mnemonic_base};
pub use codes::{CodeList, Codes, Unknown};
pub use golden::{
    GoldenRecord, Pin, Provenance, Quality, SourceRecord, Survivorship, quality, survive,
};
pub use life_cycle::{LifeCycle, Move, furthest};
pub use matching::likeness;
pub use matching::{
    Candidate, Contradiction, Decision, DoubtReason, KeyKind, MasterKey, Rival, contradiction,
    decide, head_office_key, keys,
};
pub use name::normalise as normalise_company_name;
pub use part::{
    Agreement, ByDescription, KnownPart, Part, PartComparison, PartDecision, PartDoubt, PartPolicy,
    match_part,
};
pub use tax_id::{TaxId, TaxIdKind, TaxIdProblem};
pub use unit::Unit;
