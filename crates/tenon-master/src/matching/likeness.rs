//! Whether records are one legal person, by likeness: where no exact rule decides.
//!
//! A record is read once into a [`Profile`]. Two profiles are compared evidence by evidence; each
//! finding counts some bits against the two alternatives, another company of the same group and a
//! stranger, and the nearer of them decides. [`dedupe`] does that for all records at once, [`judge`]
//! for one record and the masters that a store finds under its [`MatchKey`]s.
//!
//! *Architecture invariant*: a score is a sum of terms that a steward can read. Nothing here merges
//! against a hard rule: two valid tax ids, a branch and its head office.

mod blocks;
mod compare;
mod component;
mod dedupe;
mod fingerprint;
mod learn;
mod match_keys;
mod name_traits;
mod online;
mod person;
mod policy;
mod population;
mod profile;
mod reach;
mod score;
mod tax_evidence;
mod traits;

pub use dedupe::{Clustering, Suggestion, dedupe};
pub use learn::{Learnt, learn};
pub use match_keys::MatchKey;
pub use online::{Judgement, Outcome, Posting, Postings, Ranked, Rejected, judge};
pub use person::{
    Likeness, PersonField, PersonPolicy, PersonProfile, PersonReason, PersonRecord,
    PersonSuggestion, Persons, persons,
};
pub use policy::{Level, MatchPolicy, Weight};
pub use profile::{CompanyRecord, Profile};
pub use score::{Reason, Score, probability};
pub use traits::Traits;

#[cfg(test)]
mod tests;
