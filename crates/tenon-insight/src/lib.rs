//! Projections of the journal: reconciliation by order, customers in the round, reports, grades, care,
//! dealers' stock and demand.
//!
//! A projection is a read model: it is made from the journal alone and can be made anew at any time. One
//! node at a time reads the journal forward, by a cursor that misses no late commit, and enters each portion
//! as one transaction together with the position that it brings the projections to. What every figure means
//! is written in `docs/insight.md`. *Architecture invariant*: nothing here changes what the hub knows; a
//! grade is proposed here and decided by a person's command, and a reminder or a demand is a message like any
//! other.

mod calendar;
mod care;
mod contracts;
mod days;
mod dealers;
mod document;
mod policy;
mod project;
mod reconcile;
mod replenish;
mod reports;
mod runner;
mod score;
mod table;

pub use calendar::Calendar;
pub use care::{Occasion, Remind, Reminder, Told};
pub use contracts::contract_matters;
pub use days::{day_number, day_of, month_number, month_of, units};
pub use dealers::Stock;
pub use document::{DOCUMENTS, Document, Facts, Line, Named, Subject};
pub use policy::{
    Care, DealerTerms, GradePolicy, Grades, Language, Part as ScorePart, Policy, Reconciliation,
    Replenishment, Score, SourceCost, Tolerance,
};
pub use reconcile::{Account, Goods, Matters, Part, Rows};
pub use replenish::{Cover, Standing, cover};
pub use reports::{Count, Ground, REPORTS, Reports, STAGES, Scope, Sold, SoldReport, cover_table};
pub use runner::{Runner, Turn, rebuild};
pub use score::{Part as ScoredPart, Verdict, judge};
pub use table::{Cell, Column, FileFormat, Kind, Table, TableError};
