//! What a customer is worth: a score from facts, and the grade that it proposes.
//!
//! Nothing here changes a grade. A person approves a proposal or declines it.

use std::collections::HashMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use tenon_core::customer::Grade;
use tenon_core::money::Decimal;
use tenon_store::insight::{ScoreFacts, Scored, ScoredMonth};
use tenon_store::{Insight, StoreError};
use uuid::Uuid;

use crate::days::{day_number, month_number, ten_thousandths};
use crate::policy::{self, Policy};

/// A part of a score, as it is shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// Which: `years`, `sales`, `margin`, `punctual`, `growth`, `cooperation`.
    pub name: String,
    /// The fact; absent where it is not known: the part is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Decimal>,
    /// What gives all of it.
    pub full: Decimal,
    /// Its weight.
    pub weight: u16,
    /// What it gives, from 0 to its weight.
    pub points: Decimal,
}

/// The score of one customer.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// From 0 to 100.
    pub score: i32,
    /// What it is made of.
    pub parts: Vec<Part>,
    /// The grade that it should have.
    pub grade: Grade,
}

/// Scores customers and keeps the scores.
pub(crate) async fn score(
    store: &Insight,
    policy: &Policy,
    generation: i32,
    ids: &[Uuid],
    today: Date,
) -> Result<(), StoreError> {
    let since = month_number(today) - 11;
    let (facts, months) = store
        .score_facts(
            generation,
            ids,
            day_number(today),
            policy.credit_days.into(),
            since,
        )
        .await?;
    let mut by_customer: HashMap<Uuid, Vec<ScoredMonth>> = HashMap::new();
    for month in months {
        by_customer.entry(month.id).or_default().push(month);
    }
    let scores: Vec<Scored> = facts
        .iter()
        .map(|facts| {
            let months = by_customer.remove(&facts.id).unwrap_or_default();
            scored(policy, facts, &months, today)
        })
        .collect();
    store.keep_scores(generation, &scores).await
}

fn scored(policy: &Policy, facts: &ScoreFacts, months: &[ScoredMonth], today: Date) -> Scored {
    let this = month_number(today);
    let ordered = months.iter().filter(|month| month.orders > 0);
    let scored = Scored {
        id: facts.id,
        scored_on: day_number(today),
        score: 0,
        proposed: None,
        parts: "[]".to_owned(),
        sales: ten_thousandths(sales(policy, months, this - 11, this)).unwrap_or(i64::MAX),
        first_order: ordered.map(|month| month.month).min(),
        last_order: facts.last_order,
    };
    // Who has never ordered nor been billed is not ranked.
    let Some(verdict) = judge(policy, facts, months, today) else {
        return scored;
    };
    let grade = serde_json::to_value(verdict.grade).ok();
    let grade = grade.and_then(|grade| grade.as_str().map(str::to_owned));
    let same = grade == facts.grade || grade == facts.declined;
    Scored {
        score: verdict.score,
        proposed: grade.filter(|_| !same),
        parts: serde_json::to_string(&verdict.parts).unwrap_or_default(),
        ..scored
    }
}

/// Sales from one month to another, in the currency of scores.
fn sales(policy: &Policy, months: &[ScoredMonth], from: i32, to: i32) -> Decimal {
    let rules = &policy.score;
    let worth = |month: &ScoredMonth| {
        let rate = match month.currency == rules.currency.as_str() {
            true => Some(Decimal::ONE),
            false => rules.rates.get(&month.currency).copied(),
        };
        month.invoiced * rate.unwrap_or_default()
    };
    let months = months
        .iter()
        .filter(|month| (from..=to).contains(&month.month));
    months.map(worth).sum()
}

/// The score of a customer, from its facts; `None` for one that has never ordered nor been billed.
pub fn judge(
    policy: &Policy,
    facts: &ScoreFacts,
    months: &[ScoredMonth],
    today: Date,
) -> Option<Verdict> {
    let first = months
        .iter()
        .filter(|month| month.orders > 0 || !month.invoiced.is_zero())
        .map(|month| month.month)
        .min()?;
    let rules = &policy.score;
    let this = month_number(today);
    let (now, before) = (
        sales(policy, months, this - 11, this),
        sales(policy, months, this - 23, this - 12),
    );
    let years = Decimal::from((this - first).max(0)) / Decimal::from(12);
    let margin = (!facts.costed.is_zero()).then(|| (facts.costed - facts.cost) / facts.costed);
    let due = facts.settled + facts.overdue;
    let punctual = (due > 0).then(|| Decimal::from(facts.punctual) / Decimal::from(due));
    let growth = (!before.is_zero()).then(|| (now - before) / before);
    let parts = vec![
        part("years", Some(years), &rules.years),
        part("sales", Some(now), &rules.sales),
        part("margin", margin, &rules.margin),
        part("punctual", punctual, &rules.punctual),
        part("growth", growth, &rules.growth),
        part(
            "cooperation",
            facts.cooperation.map(Decimal::from),
            &rules.cooperation,
        ),
    ];
    let known = || parts.iter().filter(|part| part.value.is_some());
    let weights: Decimal = known().map(|part| Decimal::from(part.weight)).sum();
    let points: Decimal = known().map(|part| part.points).sum();
    let share = match weights.is_zero() {
        true => Decimal::ZERO,
        false => points / weights * Decimal::from(100),
    };
    let score = share.round().try_into().unwrap_or_default();
    Some(Verdict {
        score,
        parts,
        grade: grade(policy, facts, score),
    })
}

/// What of its weight a value gives: in proportion to the value that gives all of it.
fn part(name: &str, value: Option<Decimal>, rule: &policy::Part) -> Part {
    let share = value.unwrap_or_default() / rule.full;
    let share = share.clamp(Decimal::ZERO, Decimal::ONE);
    Part {
        name: name.to_owned(),
        value: value.map(|value| value.round_dp(4).normalize()),
        full: rule.full,
        weight: rule.weight,
        points: (share * Decimal::from(rule.weight)).round_dp(2).normalize(),
    }
}

fn grade(policy: &Policy, facts: &ScoreFacts, score: i32) -> Grade {
    let overdue = i64::from(policy.grades.problem_overdue);
    if overdue > 0 && facts.overdue >= overdue {
        return Grade::Problem;
    }
    let grades = policy.grades.all().into_iter();
    let reached = grades
        .filter(|(grade, _)| *grade != Grade::Problem)
        .find(|(_, policy)| score >= i32::from(policy.from));
    reached.map_or(Grade::Ordinary, |(grade, _)| grade)
}
