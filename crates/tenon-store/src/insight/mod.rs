//! Read models of the journal: reading it forward, and keeping what projections make of it.
//!
//! What the figures mean is `tenon-insight`'s business; here is how they are kept and found. Rows go
//! both ways as they are in the tables; amounts in ten-thousandths of the currency's unit, days since
//! 1970-01-01.

mod books;
mod care;
mod contracts;
mod customers;
mod dealers;
mod figures;
mod generations;
mod journal;
mod orders;
mod papers;
mod reports;
mod scoring;
mod session;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use care::{CareFacts, GivenReminder};
pub use contracts::{
    Contract, ContractFilter, ContractMatter, ContractPlace, ContractRow, ContractSums,
};
pub use customers::{CustomerFilter, CustomerKey, CustomerPlace, CustomerSort, Place};
pub use dealers::{Counted, DealerStock, Demand, ReportedRow, SoldRow, SoldUnitRow, StockRow};
pub use figures::{
    Activity, Bought, Cohort, CustomerList, Exceptions, First, Funnel, GradeCount, Listed, Matter,
    MatterFilter, MonthFigures, NewCustomers, OrderPage, Owned, ProductFigures, ReportFilter,
    Satisfaction, SegmentFigures, SourceCustomers,
};
pub use journal::{JournalEntry, JournalPage};
pub use papers::{Paper, PaperFilter};
pub use scoring::{GradeProposal, ScoreFacts, Scored, ScoredMonth};

use crate::{Postgres, Sqlite};

/// The database behind it.
#[derive(Debug, Clone)]
pub(crate) enum Engine {
    Postgres(Postgres),
    Sqlite(Sqlite),
}

/// The tables of the projections. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Insight {
    pub(crate) engine: Engine,
}

/// One making of the projections: the live one, or the one that is built beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Generation {
    /// Its number.
    pub generation: i32,
    /// The last journal position that is in it.
    pub position: i64,
    /// Whether readers see it: 1, or 0.
    pub live: i32,
    /// By the days of which time zone it counts, by its name in the IANA database.
    pub time_zone: String,
}

/// What a document says, as it stands in its table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the columns of insight_document")]
pub struct DocumentRow {
    pub id: Uuid,
    pub entity: String,
    pub stamp: String,
    pub position: i64,
    pub party: Uuid,
    pub number: String,
    pub day: Option<i32>,
    pub status: String,
    pub outcome: Option<String>,
    pub owner: Option<String>,
    pub source: Option<String>,
    pub currency: Option<String>,
    pub amount: Option<i64>,
    pub score: Option<i32>,
    pub facts: String,
}

/// A reference of a document to what nobody has told of yet.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the columns of insight_pending")]
pub struct PendingRow {
    pub document: Uuid,
    pub entity: String,
    pub system: String,
    pub native_id: String,
}

/// A reference that the crosswalk knows by now.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct FoundReference {
    /// The document that has it.
    pub document: Uuid,
    /// What it points at.
    pub entity: String,
    /// In whose terms.
    pub system: String,
    /// As it is called there.
    pub native_id: String,
    /// The master, when no merge is counted.
    pub master_id: Uuid,
}

/// How far an order and its documents agree, as it stands in its table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the columns of insight_order")]
pub struct OrderRow {
    pub id: Uuid,
    pub party: Uuid,
    pub kind: String,
    pub number: String,
    pub contract: Option<String>,
    pub currency: String,
    pub day: Option<i32>,
    pub status: String,
    pub state: String,
    pub ordered: i64,
    pub shipped: i64,
    pub invoiced: i64,
    pub received: i64,
    pub short: i64,
    pub unbilled: i64,
    pub over_billed: i64,
    pub outstanding: i64,
    pub mixed: i32,
    pub short_on: Option<i32>,
    pub unbilled_on: Option<i32>,
    pub billed_on: Option<i32>,
    pub settled_on: Option<i32>,
    pub facts: String,
}

/// What is added to a month of a customer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the columns of insight_month")]
pub struct MonthRow {
    pub party: Uuid,
    pub month: i32,
    pub currency: String,
    pub orders: i64,
    pub ordered: i64,
    pub invoiced: i64,
    pub billed: i64,
    pub received: i64,
}

/// What is added to a customer's month in an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the columns of insight_product_month")]
pub struct ProductRow {
    pub party: Uuid,
    pub item: Uuid,
    pub month: i32,
    pub currency: String,
    pub quantity: i64,
    pub amount: i64,
}

/// An item, as far as figures need it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the columns of insight_item")]
pub struct ItemRow {
    pub id: Uuid,
    pub stamp: String,
    pub code: String,
    pub name: String,
    pub cost: Option<i64>,
    pub currency: Option<String>,
}

/// What a golden record says, as far as figures need it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the columns of insight_customer")]
pub struct CustomerRow {
    pub id: Uuid,
    pub version: i64,
    pub code: Option<String>,
    pub name: Option<String>,
    pub kind: Option<String>,
    pub stage: Option<String>,
    pub grade: Option<String>,
    pub industry: Option<String>,
    pub source: Option<String>,
    pub owner: Option<String>,
    pub credit_days: Option<i32>,
    pub known_on: Option<i32>,
    pub facts: String,
}

/// What a person said of a customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Word {
    /// The customer.
    pub id: Uuid,
    /// How well it works with us, from 0 to 100.
    pub cooperation: Option<i32>,
    /// The grade that it is not to have.
    pub declined: Option<String>,
    /// The latest word counts.
    pub stamp: String,
}

/// What a portion of the journal changes in a generation, as one transaction.
#[derive(Debug, Clone, Default)]
pub struct Projection {
    /// Documents whose statement is newer than the one that is kept.
    pub documents: Vec<DocumentRow>,
    /// Subject and document: the links of those documents, in place of the ones they had.
    pub links: Vec<(Uuid, Uuid)>,
    /// What those documents name and nobody has told of, in place of what they had.
    pub pending: Vec<PendingRow>,
    /// Orders as they stand now.
    pub orders: Vec<OrderRow>,
    /// Rows of orders that are none any more.
    pub gone: Vec<Uuid>,
    /// Contracts of which something changed, each once: their orders are added up anew.
    pub contracts: Vec<ContractRow>,
    /// To be added.
    pub months: Vec<MonthRow>,
    /// To be added.
    pub products: Vec<ProductRow>,
    /// What dealers have, in place of what they had by the same record.
    pub stock: Vec<StockRow>,
    /// To be added.
    pub sold: Vec<SoldRow>,
    /// To be added: what of that was told in a unit.
    pub sold_units: Vec<SoldUnitRow>,
    /// To be added.
    pub reported: Vec<ReportedRow>,
    /// Items, the newest statement of each.
    pub items: Vec<ItemRow>,
    /// Golden records, the newest version of each.
    pub customers: Vec<CustomerRow>,
    /// What people said.
    pub words: Vec<Word>,
    /// Customers of which facts have changed.
    pub touched: Vec<Uuid>,
    /// Whether masters were merged or parted.
    pub merged: bool,
}
