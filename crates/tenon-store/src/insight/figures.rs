//! The shapes of what the pages are answered with.

use serde::{Deserialize, Deserializer, Serialize};
use tenon_core::money::Decimal;
use uuid::Uuid;

use super::{CustomerPlace, GradeProposal, OrderRow};

/// An amount from ten-thousandths, which databases hand out as a number or as text.
pub(super) fn amount<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Given {
        Number(i64),
        Fraction(f64),
        Text(String),
    }
    let invalid = |text: &str| serde::de::Error::custom(format!("`{text}` is no amount"));
    let mut decimal = match Option::<Given>::deserialize(deserializer)? {
        None => return Ok(Decimal::ZERO),
        Some(Given::Number(number)) => Decimal::from(number),
        Some(Given::Fraction(number)) => {
            let text = number.round().to_string();
            text.parse().map_err(|_| invalid(&text))?
        }
        Some(Given::Text(text)) => text
            .parse::<Decimal>()
            .or_else(|_| Decimal::from_scientific(&text))
            .map_err(|_| invalid(&text))?
            .round(),
    };
    decimal
        .set_scale(decimal.scale() + 4)
        .map_err(serde::de::Error::custom)?;
    Ok(decimal.normalize())
}

/// Which orders: how they stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Matter {
    /// Shipped, billed and paid, and nothing left.
    Matched,
    /// On its way.
    Open,
    /// Goods are missing.
    Short,
    /// Shipped and not billed.
    Unbilled,
    /// Billed beyond the order.
    OverBilled,
    /// Billed and not paid in time.
    Overdue,
    /// A document that leads to no order.
    Orphan,
    /// Documents in several currencies.
    Mixed,
}

impl Matter {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Matched => "matched",
            Self::Open => "open",
            Self::Short => "short",
            Self::Unbilled => "unbilled",
            Self::OverBilled => "over_billed",
            Self::Overdue => "overdue",
            Self::Orphan => "orphan",
            Self::Mixed => "mixed",
        }
    }

    /// The column of what is at stake, where orders lie in its order.
    pub fn at_stake(self) -> Option<&'static str> {
        match self {
            Self::Short => Some("o.short"),
            Self::Unbilled => Some("o.unbilled"),
            Self::OverBilled => Some("o.over_billed"),
            Self::Overdue => Some("o.outstanding"),
            Self::Matched | Self::Open | Self::Orphan | Self::Mixed => None,
        }
    }
}

/// Which orders come first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum First {
    /// The oldest where it is asked how they stand, else the youngest.
    #[default]
    Usual,
    /// Those that stand so for longest.
    Oldest,
    /// Those that stand so since lately.
    Youngest,
    /// Those of which most is at stake: of matters that have an amount ([`Matter::at_stake`]).
    Most,
}

/// Which orders, and as of when.
#[derive(Debug, Clone, Default)]
pub struct MatterFilter {
    /// How they stand; all of them, if it is not said.
    pub matter: Option<Matter>,
    /// Only of this customer and those merged into it.
    pub customer: Option<Uuid>,
    /// Only this number or this contract.
    pub text: Option<String>,
    /// Only in this currency.
    pub currency: Option<String>,
    /// Only those that stand so since this day or a later one; where it is not asked how they stand, of this day
    /// or a later one.
    pub from: Option<i32>,
    /// Only those that stand so since this day or an earlier one, or of such a day.
    pub to: Option<i32>,
    /// Which come first.
    pub first: First,
    /// As of which day.
    pub today: i32,
    /// Days until a bill must be paid, where the customer has none of its own.
    pub credit_days: i32,
    /// Days that goods may be late.
    pub short_days: i32,
    /// Days that a bill may be late.
    pub billing_days: i32,
}

/// A page of orders.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[allow(
    missing_docs,
    reason = "the columns of insight_order, its customer and its age"
)]
pub struct OrderPage {
    #[serde(flatten)]
    pub row: OrderRow,
    pub customer: Option<Uuid>,
    pub customer_name: Option<String>,
    pub customer_code: Option<String>,
    pub due_on: Option<i32>,
    pub age_from: Option<i32>,
    /// Where it stands among the others.
    pub place: i64,
}

/// Exceptions of one currency.
#[derive(Debug, Clone, Default, PartialEq)]
#[allow(missing_docs, reason = "counts and amounts by how orders stand")]
pub struct Exceptions {
    pub currency: String,
    pub orders: i64,
    pub matched: i64,
    pub open: i64,
    pub cancelled: i64,
    pub short: i64,
    pub unbilled: i64,
    pub over_billed: i64,
    pub overdue: i64,
    pub orphan: i64,
    pub mixed: i64,
    pub ordered: Decimal,
    pub shipped: Decimal,
    pub invoiced: Decimal,
    pub received: Decimal,
    pub short_amount: Decimal,
    pub unbilled_amount: Decimal,
    pub over_billed_amount: Decimal,
    pub overdue_amount: Decimal,
    pub orphan_amount: Decimal,
}

/// Over which months.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReportFilter {
    /// The first month.
    pub from: i32,
    /// The last month.
    pub to: i32,
}

/// What customers of one path of a dimension ordered, were billed and paid.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[allow(missing_docs, reason = "the columns of insight_month, summed")]
pub struct SegmentFigures {
    pub segment: Option<String>,
    pub currency: String,
    pub customers: i64,
    pub orders: i64,
    #[serde(deserialize_with = "amount")]
    pub ordered: Decimal,
    #[serde(deserialize_with = "amount")]
    pub invoiced: Decimal,
    #[serde(deserialize_with = "amount")]
    pub billed: Decimal,
    #[serde(deserialize_with = "amount")]
    pub received: Decimal,
}

/// What was ordered of items, and what they cost.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[allow(missing_docs, reason = "the columns of insight_product_month, summed")]
pub struct ProductFigures {
    pub segment: Option<String>,
    pub currency: String,
    #[serde(deserialize_with = "amount")]
    pub quantity: Decimal,
    #[serde(deserialize_with = "amount")]
    pub amount: Decimal,
    #[serde(deserialize_with = "amount")]
    pub costed: Decimal,
    #[serde(deserialize_with = "amount")]
    pub cost: Decimal,
    pub customers: Option<i64>,
    pub item: Option<Uuid>,
    pub code: Option<String>,
    pub name: Option<String>,
}

/// How many customers ordered in the span before, how many of them did again in a span, and how many had
/// figures of one currency in it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[allow(missing_docs, reason = "said above")]
pub struct Activity {
    pub before: i64,
    pub kept: i64,
    pub active: i64,
}

/// A month of those who first ordered in another.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[allow(
    missing_docs,
    reason = "a source, the first month, a month, and its figures"
)]
pub struct Cohort {
    pub source: Option<String>,
    pub first: i32,
    pub month: i32,
    pub currency: String,
    pub customers: i64,
    #[serde(deserialize_with = "amount")]
    pub invoiced: Decimal,
    #[serde(deserialize_with = "amount")]
    pub received: Decimal,
}

/// How many customers a source ever brought, in a currency where they are told apart by it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[allow(missing_docs, reason = "a source, a currency and a number")]
pub struct SourceCustomers {
    pub source: String,
    pub currency: Option<String>,
    pub customers: i64,
}

/// Opportunities of one stage, outcome and currency.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[allow(missing_docs, reason = "a stage, an outcome, and their figures")]
pub struct Funnel {
    pub stage: String,
    pub outcome: Option<String>,
    pub currency: Option<String>,
    pub opportunities: i64,
    #[serde(deserialize_with = "amount")]
    pub amount: Decimal,
}

/// Customers first heard of on one day.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[allow(missing_docs, reason = "an owner, a source, a day and a number")]
pub struct NewCustomers {
    pub owner: Option<String>,
    pub source: Option<String>,
    pub day: i32,
    pub customers: i64,
}

/// How many customers have a grade.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[allow(missing_docs, reason = "a grade and a number")]
pub struct GradeCount {
    pub grade: Option<String>,
    pub customers: i64,
}

/// Verdicts on cases.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[allow(missing_docs, reason = "a kind of case, and its figures")]
pub struct Satisfaction {
    pub kind: Option<String>,
    pub cases: i64,
    pub open: i64,
    pub rated: i64,
    pub total: i64,
    pub content: i64,
}

/// A customer as figures know it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[allow(missing_docs, reason = "the columns of insight_customer")]
pub struct Owned {
    pub id: Uuid,
    pub root: Uuid,
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

/// A month over all customers.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[allow(missing_docs, reason = "the columns of insight_month, summed")]
pub struct MonthFigures {
    pub month: i32,
    pub currency: String,
    pub customers: i64,
    pub orders: i64,
    #[serde(deserialize_with = "amount")]
    pub ordered: Decimal,
    #[serde(deserialize_with = "amount")]
    pub invoiced: Decimal,
    #[serde(deserialize_with = "amount")]
    pub billed: Decimal,
    #[serde(deserialize_with = "amount")]
    pub received: Decimal,
}

/// A customer of a list.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[allow(missing_docs, reason = "the columns of insight_customer")]
pub struct Listed {
    #[serde(flatten)]
    pub grading: GradeProposal,
    pub kind: Option<String>,
    pub stage: Option<String>,
    pub industry: Option<String>,
    pub source: Option<String>,
    pub known_on: Option<i32>,
    pub sales: Option<i64>,
    pub last_order: Option<i32>,
    /// What was asked for of the months: nothing, if they were not.
    #[serde(skip)]
    pub bought: Option<Bought>,
}

/// What a customer bought in some months, in one currency; of one item, where that was asked for.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[allow(missing_docs, reason = "the columns of insight_month, summed")]
pub struct Bought {
    #[serde(default)]
    pub orders: i64,
    #[serde(deserialize_with = "amount")]
    pub ordered: Decimal,
    #[serde(default, deserialize_with = "amount")]
    pub invoiced: Decimal,
    #[serde(default, deserialize_with = "amount")]
    pub received: Decimal,
    /// Of the item.
    #[serde(default, deserialize_with = "amount")]
    pub quantity: Decimal,
}

/// A page of customers.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CustomerList {
    /// Some of them; there may be more behind an empty page.
    pub customers: Vec<Listed>,
    /// After which to go on; `None` at the end.
    pub next: Option<CustomerPlace>,
}
