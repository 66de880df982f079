//! `insight.toml`: tolerances, what scores are made of, what grades bring, what sources cost.

mod costs;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use jiff::{Span, SpanRelativeTo};
use serde::de::Visitor;
use serde::{Deserialize, Deserializer};
use tenon_core::customer::Grade;
use tenon_core::money::{Currency, Decimal};

use crate::calendar::Calendar;
use crate::days::units;

pub use costs::SourceCost;

/// What a company decides about its figures. Every key has a default.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// Where days begin and end.
    pub calendar: Calendar,
    /// Days until a bill must be paid, where the customer has no terms of its own.
    pub credit_days: u16,
    /// When an order and its documents agree.
    pub reconciliation: Reconciliation,
    /// What scores are made of.
    pub score: Score,
    /// What each grade takes, and what it brings.
    pub grades: Grades,
    /// What the sources of customers cost, by path: `exhibition/canton-fair`.
    #[serde(deserialize_with = "costs::by_path")]
    pub sources: BTreeMap<String, SourceCost>,
    /// When somebody is reminded of a customer; without it nobody is.
    pub care: Option<Care>,
    /// When goods are asked for to replenish dealers; without it none are.
    pub replenishment: Option<Replenishment>,
}

/// When somebody is reminded of a customer.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Care {
    /// Whether a customer is to be met again after its grade's `revisit_days`.
    pub revisit: bool,
    /// Days before a contact's birthday or anniversary; never, if it is not said.
    pub days_before: Option<u16>,
    /// So many days with orders make a purchase cycle; 0 for never.
    pub orders: u16,
    /// The share of its cycle that a customer's next order may be late.
    #[serde(deserialize_with = "fraction")]
    pub patience: Decimal,
    /// Who is reminded of a customer that nobody looks after.
    pub owner: String,
    /// In which language.
    pub language: Language,
}

/// The language of what the hub says itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Language {
    En,
    Zh,
}

/// When goods are asked for to replenish dealers.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Replenishment {
    /// Days before today over which sell-out is averaged.
    pub window_days: u16,
    /// On how many of them a dealer must have reported.
    pub least_days: u16,
    /// Days that goods take to a dealer.
    pub lead_days: u16,
    /// Days that stock should last beyond that.
    pub safety_days: u16,
    /// Days that what is asked for should last.
    pub supply_days: u16,
    /// Days after which a count of stock says nothing any more.
    pub stale_days: u16,
    /// Days after which is asked again while stock is as scarce as it was; 0 for never.
    pub again_days: u16,
    /// For how long nothing new must have come of a dealer's stock and sales before anything is asked for:
    /// of an export that comes in parts, the first alone says too little.
    #[serde(deserialize_with = "duration")]
    pub settle: Duration,
    /// What is asked for is a multiple of it: a box.
    #[serde(deserialize_with = "positive")]
    pub multiple: Decimal,
    /// Who asks for a dealer that nobody looks after.
    pub owner: String,
    /// The language of reasons.
    pub language: Language,
    /// What differs for a dealer, by its code.
    pub dealers: BTreeMap<String, DealerTerms>,
}

/// What differs for a dealer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DealerTerms {
    /// Days that goods take to it.
    pub lead_days: Option<u16>,
    /// Days that its stock should last beyond that.
    pub safety_days: Option<u16>,
}

/// The days that hold for a dealer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Terms {
    pub(crate) lead_days: u16,
    pub(crate) safety_days: u16,
}

impl Replenishment {
    /// The days that hold for a dealer of this code.
    pub(crate) fn terms(&self, code: Option<&str>) -> Terms {
        let own = code.and_then(|code| self.dealers.get(code));
        let own = own.copied().unwrap_or_default();
        Terms {
            lead_days: own.lead_days.unwrap_or(self.lead_days),
            safety_days: own.safety_days.unwrap_or(self.safety_days),
        }
    }

    /// What is missing, in ten-thousandths, as the next multiple.
    pub(crate) fn rounded(&self, missing: i128) -> Decimal {
        let missing = units(i64::try_from(missing.max(0)).unwrap_or(i64::MAX));
        ((missing / self.multiple).ceil() * self.multiple).normalize()
    }
}

impl Default for Replenishment {
    fn default() -> Self {
        Self {
            window_days: 28,
            least_days: 7,
            lead_days: 7,
            safety_days: 7,
            supply_days: 14,
            stale_days: 14,
            again_days: 30,
            settle: Duration::from_mins(10),
            multiple: Decimal::ONE,
            owner: "sales".to_owned(),
            language: Language::En,
            dealers: BTreeMap::new(),
        }
    }
}

impl Default for Care {
    fn default() -> Self {
        Self {
            revisit: true,
            days_before: Some(3),
            orders: 4,
            patience: Decimal::new(2, 1),
            owner: "sales".to_owned(),
            language: Language::En,
        }
    }
}

/// When an order and its documents agree.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Reconciliation {
    /// Differences that do not matter.
    pub tolerance: Tolerance,
    /// Days that goods may be late.
    pub short_days: u16,
    /// Days that a bill may follow its goods.
    pub billing_days: u16,
}

/// Differences that do not matter: the greater of a share and an amount.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tolerance {
    /// As a fraction of the amount: `"0.005"`.
    #[serde(deserialize_with = "fraction")]
    pub share: Decimal,
    /// By currency: `CNY = "1.00"`.
    #[serde(deserialize_with = "amounts")]
    pub amounts: BTreeMap<String, Decimal>,
}

impl Tolerance {
    /// The greatest difference that does not matter, of an amount in a currency.
    pub fn of(&self, amount: Decimal, currency: &str) -> Decimal {
        let absolute = self.amounts.get(currency).copied().unwrap_or_default();
        absolute.max(amount.abs() * self.share)
    }
}

/// What a score is made of. Each part gives a share of its weight; the score is the share of all weights,
/// from 0 to 100.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Score {
    /// The currency in which amounts are compared.
    pub currency: Currency,
    /// What one unit of another currency is worth in it: `USD = "7.1"`. Amounts in currencies without a rate
    /// are not counted.
    #[serde(deserialize_with = "amounts")]
    pub rates: BTreeMap<String, Decimal>,
    /// Years since the first order; full at so many.
    pub years: Part,
    /// Billed without tax within twelve months; full at so much.
    pub sales: Part,
    /// Margin of what was ordered within twelve months, as a fraction; full at so much.
    pub margin: Part,
    /// Orders that were paid in time, as a fraction; full at so much.
    pub punctual: Part,
    /// Growth over the twelve months before, as a fraction; full at so much.
    pub growth: Part,
    /// How well it works with us, by a person's word from 0 to 100; full at so much.
    pub cooperation: Part,
}

/// A part of a score.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// Its weight among the others; 0 leaves it out.
    pub weight: u16,
    /// The value that gives all of it; less gives less, in proportion.
    #[serde(deserialize_with = "positive")]
    pub full: Decimal,
}

/// What each grade takes, and what it brings.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[allow(missing_docs, reason = "the grades")]
pub struct Grades {
    pub diamond: GradePolicy,
    pub strategic: GradePolicy,
    pub potential: GradePolicy,
    pub ordinary: GradePolicy,
    pub problem: GradePolicy,
    /// A customer with so many orders overdue is a problem, whatever its score; 0 for never.
    pub problem_overdue: u16,
}

/// One grade, in whole: what is not said of it, it does not bring.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GradePolicy {
    /// The least score.
    pub from: u16,
    /// Days that a customer of this grade has to pay; its own terms stay, if it is not said.
    #[serde(default)]
    pub credit_days: Option<u16>,
    /// How early it is served: 1 before 2.
    #[serde(default)]
    pub priority: Option<u16>,
    /// Days after which somebody should call again; never, if it is not said.
    #[serde(default)]
    pub revisit_days: Option<u16>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            calendar: Calendar::default(),
            credit_days: 30,
            reconciliation: Reconciliation::default(),
            score: Score::default(),
            grades: Grades::default(),
            sources: BTreeMap::new(),
            care: None,
            replenishment: None,
        }
    }
}

impl Default for Score {
    fn default() -> Self {
        let part = |weight, full| Part { weight, full };
        Self {
            currency: Currency::CNY,
            rates: BTreeMap::new(),
            years: part(10, Decimal::from(10)),
            sales: part(35, Decimal::from(1_000_000)),
            margin: part(15, Decimal::new(30, 2)),
            punctual: part(20, Decimal::ONE),
            growth: part(10, Decimal::new(50, 2)),
            cooperation: part(10, Decimal::from(100)),
        }
    }
}

impl Default for Grades {
    fn default() -> Self {
        let grade = |from, credit_days, priority, revisit_days| GradePolicy {
            from,
            credit_days,
            priority: Some(priority),
            revisit_days,
        };
        Self {
            diamond: grade(80, Some(60), 1, Some(30)),
            strategic: grade(60, Some(45), 2, Some(60)),
            potential: grade(40, Some(30), 3, Some(90)),
            ordinary: grade(0, Some(30), 4, None),
            problem: grade(0, Some(0), 5, None),
            problem_overdue: 3,
        }
    }
}

impl Grades {
    /// The policy of a grade.
    pub fn of(&self, grade: Grade) -> &GradePolicy {
        match grade {
            Grade::Diamond => &self.diamond,
            Grade::Strategic => &self.strategic,
            Grade::Potential => &self.potential,
            Grade::Ordinary => &self.ordinary,
            Grade::Problem => &self.problem,
        }
    }

    /// Every grade with its policy, the best first.
    pub fn all(&self) -> [(Grade, &GradePolicy); 5] {
        [
            Grade::Diamond,
            Grade::Strategic,
            Grade::Potential,
            Grade::Ordinary,
            Grade::Problem,
        ]
        .map(|grade| (grade, self.of(grade)))
    }
}

fn positive<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
    let value = decimal(deserializer)?;
    match value > Decimal::ZERO {
        true => Ok(value),
        false => Err(serde::de::Error::custom(format!(
            "{value} must be more than 0"
        ))),
    }
}

fn fraction<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
    let value = decimal(deserializer)?;
    match (Decimal::ZERO..=Decimal::ONE).contains(&value) {
        true => Ok(value),
        false => Err(serde::de::Error::custom(format!(
            "{value} is no fraction from 0 to 1"
        ))),
    }
}

fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    let span: Result<Span, _> = text.parse();
    span.and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()))
        .and_then(Duration::try_from)
        .map_err(|_| serde::de::Error::custom(format!("`{text}` is no duration such as \"10m\"")))
}

/// An exact amount: text or a whole number, so that it is what was written.
fn decimal<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
    deserializer.deserialize_any(Exact)
}

struct Exact;

impl Visitor<'_> for Exact {
    type Value = Decimal;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an amount such as \"1.50\", or a whole number")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Decimal, E> {
        text.parse()
            .map_err(|_| E::custom(format!("`{text}` is no amount such as \"1.50\"")))
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Decimal, E> {
        Ok(number.into())
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Decimal, E> {
        Ok(number.into())
    }
}

fn amounts<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, Decimal>, D::Error> {
    use serde::de::Error;
    let given = BTreeMap::<String, String>::deserialize(deserializer)?;
    let read = |(currency, amount): (String, String)| {
        currency.parse::<Currency>().map_err(D::Error::custom)?;
        let value: Decimal = amount
            .parse()
            .map_err(|_| D::Error::custom(format!("`{amount}` is no amount such as \"1.50\"")))?;
        match value.is_sign_negative() {
            true => Err(D::Error::custom(format!("{value} must not be less than 0"))),
            false => Ok((currency, value)),
        }
    };
    given.into_iter().map(read).collect()
}
