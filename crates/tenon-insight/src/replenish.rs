//! Replenishment: which dealers will run out of what, and the demand that follows, as messages like any
//! other.
//!
//! How long a dealer's stock lasts follows from facts and a day alone. A demand is sent once for each
//! time that stock becomes scarce: its number is made of dealer, item and which time it is. It is noted with
//! its message before it is sent: after a crash the same message goes out again, and no other has its number.

use std::collections::HashMap;

use bytes::Bytes;
use jiff::civil::Date;
use serde::Serialize;
use tenon_core::money::Decimal;
use tenon_core::requisition::{Requisition, RequisitionLine, RequisitionStatus};
use tenon_core::{Entity, MasterId, Reference, Timestamp};
use tenon_store::insight::{DealerStock, Demand};
use tenon_store::{Insight, StoreError};
use uuid::Uuid;

use crate::care::{Remind, Told};
use crate::days::{day_number, day_of, ten_thousandths, units};
use crate::policy::{Language, Policy, Replenishment};

/// The longest name in a line.
const NAME: usize = 80;

/// How a dealer's stock of an item stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// There is enough.
    Enough,
    /// Nothing is available.
    StockOut,
    /// It lasts no longer than goods take to come, and the days of safety.
    Cover,
    /// It is below the dealer's own reorder point.
    ReorderPoint,
    /// It was not counted for too long.
    Stale,
    /// Too few days were reported, and there is no reorder point; or what it has and sells is counted in
    /// units of which one cannot be told in the other.
    Unknown,
}

impl Standing {
    /// Its name in tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Enough => "enough",
            Self::StockOut => "stock_out",
            Self::Cover => "cover",
            Self::ReorderPoint => "reorder_point",
            Self::Stale => "stale",
            Self::Unknown => "unknown",
        }
    }

    /// Whether the dealer may run out.
    pub fn is_risk(self) -> bool {
        matches!(self, Self::StockOut | Self::Cover | Self::ReorderPoint)
    }
}

/// How long a dealer's stock of an item lasts.
#[derive(Debug, Clone, PartialEq)]
pub struct Cover {
    /// What is known.
    pub facts: DealerStock,
    /// Sold a day, on average over the days that were reported; absent where these are too few, or where
    /// units of which one cannot be told in the other are counted.
    pub per_day: Option<Decimal>,
    /// Days that what is available and on the way lasts, with one decimal, rounded down; absent where
    /// nothing is sold, or no average is known.
    pub days: Option<Decimal>,
    /// How it stands.
    pub standing: Standing,
    /// Whether there is clearly enough: a risk that was told of is over.
    pub over: bool,
    /// What brings it back to where it should be; 0 where there is no risk.
    pub needed: Decimal,
    /// By when that is needed.
    pub needed_on: Option<Date>,
}

/// How long a dealer's stock lasts, on a day: pure, and exact.
pub fn cover(policy: &Replenishment, facts: DealerStock, today: Date) -> Cover {
    let terms = policy.terms(facts.dealer_code.as_deref());
    let (lead, safety) = (i128::from(terms.lead_days), i128::from(terms.safety_days));
    let position = i128::from(facts.available) + i128::from(facts.in_transit);
    let days = i128::from(facts.days);
    let known = !facts.mixed && facts.days >= i32::from(policy.least_days.max(1));
    // More may have come back than was sold.
    let sold = i128::from(facts.sold.max(0));
    let point = facts.reorder_point.map(i128::from);
    let sells = known && sold > 0;
    let lasts = |level: i128| !sells || position * days >= sold * level;
    let above = |margin: i128| point.is_none_or(|point| (position - point) * days.max(1) >= margin);
    let standing = if day_number(today) - facts.counted_on > i32::from(policy.stale_days) {
        Standing::Stale
    } else if facts.mixed {
        Standing::Unknown
    } else if facts.available <= 0 && (sells || point.is_some_and(|point| point > 0)) {
        match lasts(lead + safety) && above(0) {
            true => Standing::Enough,
            false => Standing::StockOut,
        }
    } else if !lasts(lead + safety) {
        Standing::Cover
    } else if !above(0) {
        Standing::ReorderPoint
    } else if !known && point.is_none() {
        Standing::Unknown
    } else {
        Standing::Enough
    };
    // One day's sales more than the threshold, so that what goes up and down a little is one occurrence.
    let over = standing == Standing::Enough && lasts(lead + safety + 1) && above(sold);
    let needed = match standing.is_risk() {
        true => {
            let supply = i128::from(policy.supply_days);
            let target = match sells {
                true => ceil(sold * (lead + safety + supply), days),
                false => 0,
            };
            let reach = point.map_or(0, |point| match sells {
                true => point + ceil(sold * supply, days),
                false => point,
            });
            policy.rounded(target.max(reach) - position)
        }
        false => Decimal::ZERO,
    };
    let needed_on = standing.is_risk().then(|| {
        let left = match sells {
            true => position * days / sold - safety,
            false => lead,
        };
        let left = i32::try_from(left.max(0)).unwrap_or_default();
        day_of(day_number(today) + left)
    });
    Cover {
        per_day: known.then(|| rounded(sold, days, 4)),
        days: sells.then(|| tenths(position * days * 10 / sold)),
        standing,
        over,
        needed,
        needed_on,
        facts,
    }
}

/// A quotient of whole numbers, rounded up.
fn ceil(value: i128, by: i128) -> i128 {
    -(-value).div_euclid(by)
}

/// A quotient of ten-thousandths, with at most so many decimals.
fn rounded(value: i128, by: i128, decimals: u32) -> Decimal {
    let value = i64::try_from(value).unwrap_or(i64::MAX);
    let by = Decimal::from(i64::try_from(by).unwrap_or(1).max(1));
    (units(value) / by).round_dp(decimals).normalize()
}

fn tenths(value: i128) -> Decimal {
    Decimal::new(i64::try_from(value).unwrap_or(i64::MAX), 1).normalize()
}

/// How long the stock of dealers lasts, by dealer and item.
///
/// # Errors
/// When the store cannot be reached.
pub(crate) async fn covers(
    store: &Insight,
    policy: &Replenishment,
    generation: i32,
    dealers: &[Uuid],
    today: Date,
) -> Result<Vec<Cover>, StoreError> {
    let day = day_number(today);
    // Today is not over yet.
    let window = (day - i32::from(policy.window_days), day - 1);
    let fresh = day - i32::from(policy.stale_days);
    let stock = store
        .dealer_stock(generation, dealers, fresh, window)
        .await?;
    let covers = stock.into_iter().map(|facts| cover(policy, facts, today));
    Ok(covers.collect())
}

/// Which of these dealers have nothing new to say for long enough, and from when on the others will not.
pub(crate) async fn settled(
    store: &Insight,
    policy: &Replenishment,
    generation: i32,
    dealers: Vec<Uuid>,
    today: Date,
    now: Timestamp,
) -> Result<(Vec<Uuid>, Vec<(Uuid, Timestamp)>), StoreError> {
    if policy.settle.is_zero() {
        return Ok((dealers, Vec::new()));
    }
    let since = day_number(today) - i32::from(policy.window_days.max(policy.stale_days));
    let told = store.dealers_told_at(generation, &dealers, since).await?;
    let (mut settled, mut waiting) = (Vec::new(), Vec::new());
    for dealer in dealers {
        let told = told.get(&dealer).copied();
        let told = told.and_then(|at| Timestamp::from_microsecond(at).ok());
        let until = told.and_then(|at| at.checked_add(policy.settle).ok());
        match until.filter(|until| *until > now) {
            Some(until) => waiting.push((dealer, until)),
            None => settled.push(dealer),
        }
    }
    Ok((settled, waiting))
}

/// Sends the demand that follows for these dealers, each once, and notes which is over.
pub(crate) async fn replenish(
    store: &Insight,
    policy: &Policy,
    generation: i32,
    ids: &[Uuid],
    today: Date,
    give: &Remind,
) -> Result<(), StoreError> {
    let Some(terms) = &policy.replenishment else {
        return Ok(());
    };
    let begin = policy.calendar.begin_of(today);
    let covers = covers(store, terms, generation, ids, today).await?;
    let mut before: HashMap<(Uuid, Uuid), Vec<Demand>> = HashMap::new();
    let (mut unsent, mut asked, mut ended) = (Vec::new(), Vec::new(), Vec::new());
    for demand in store.demands(generation, ids).await? {
        if let Some(body) = &demand.body {
            unsent.push((demand.number.clone(), body.clone()));
        }
        let key = (demand.dealer, demand.item);
        before.entry(key).or_default().push(demand);
    }
    for cover in &covers {
        let key = (cover.facts.dealer, cover.facts.item);
        let before = before.get(&key).map_or(&[][..], Vec::as_slice);
        if cover.over {
            let open = before.iter().filter(|demand| demand.ended_on.is_none());
            ended.extend(open.map(|demand| demand.number.clone()));
        }
        let Some(mut demand) = demand(terms, cover, before, today) else {
            continue;
        };
        let body = requisition(terms, cover, &demand, begin);
        let body = serde_json::to_string(&body).unwrap_or_default();
        unsent.push((demand.number.clone(), body.clone()));
        demand.body = Some(body);
        asked.push(demand);
    }
    if !asked.is_empty() || !ended.is_empty() {
        store
            .note_demands(&asked, &ended, day_number(today))
            .await?;
    }
    if unsent.is_empty() {
        return Ok(());
    }
    let numbers: Vec<String> = unsent.iter().map(|(number, _)| number.clone()).collect();
    let told = unsent.into_iter().map(|(number, body)| Told {
        entity: Entity::Requisition,
        number,
        body: Bytes::from(body),
    });
    give(told.collect())
        .await
        .map_err(StoreError::Unavailable)?;
    metrics::counter!("tenon_replenishment_demands_total").increment(numbers.len() as u64);
    store.demands_sent(&numbers).await
}

/// The demand that is to be sent now, given what was sent before.
fn demand(policy: &Replenishment, cover: &Cover, before: &[Demand], today: Date) -> Option<Demand> {
    let facts = &cover.facts;
    // Nobody could deliver what nobody has told of.
    let known = facts.item_code.is_some() && facts.dealer_code.is_some();
    let quantity = ten_thousandths(cover.needed).filter(|quantity| *quantity > 0)?;
    let day = day_number(today);
    let again = i32::from(policy.again_days);
    let stands =
        |demand: &Demand| demand.ended_on.is_none() && (again == 0 || day - demand.made_on < again);
    if !known || !cover.standing.is_risk() || before.iter().any(stands) {
        return None;
    }
    let last = before.iter().map(|demand| demand.occurrence).max();
    let occurrence = last.unwrap_or_default() + 1;
    let about = [facts.dealer, facts.item].map(|id| id.to_string());
    let number = MasterId::derive(&[
        "replenishment",
        &about[0],
        &about[1],
        &occurrence.to_string(),
    ]);
    Some(Demand {
        number: format!("replenish-{}", number.0.simple()),
        dealer: facts.dealer,
        item: facts.item,
        occurrence,
        quantity,
        made_on: day,
        ended_on: None,
        body: None,
    })
}

/// As a message: what is needed, for which dealer, by when, and why.
fn requisition(
    policy: &Replenishment,
    cover: &Cover,
    demand: &Demand,
    begin: Timestamp,
) -> Requisition {
    let facts = &cover.facts;
    let master = |id| Reference::Master {
        master_id: MasterId(id),
    };
    let owner = facts.owner.as_ref().unwrap_or(&policy.owner);
    let item = facts.item_name.clone();
    Requisition {
        number: demand.number.clone(),
        status: RequisitionStatus::Submitted,
        requested_by: owner.clone(),
        department: None,
        requested_at: begin,
        reason: Some(policy.language.scarce(cover)),
        order: None,
        dealer: Some(master(facts.dealer)),
        currency: None,
        amount: None,
        lines: vec![RequisitionLine {
            number: 1,
            item: Some(master(facts.item)),
            description: item.filter(|name| !name.trim().is_empty()),
            quantity: units(demand.quantity),
            unit: facts.unit.clone(),
            required_on: cover.needed_on,
            estimated_price: None,
            supplier: None,
        }],
        remark: None,
    }
}

impl Language {
    /// Why stock is scarce, in a line.
    fn scarce(self, cover: &Cover) -> String {
        let facts = &cover.facts;
        let short =
            |text: Option<&str>| -> String { text.unwrap_or("?").chars().take(NAME).collect() };
        let name = facts
            .dealer_name
            .as_deref()
            .or(facts.dealer_code.as_deref());
        let (dealer, item) = (short(name), short(facts.item_code.as_deref()));
        let (available, coming) = (units(facts.available), units(facts.in_transit));
        let point = facts.reorder_point.map(units);
        let mut told = match self {
            Self::En => format!("{dealer} has {available} of {item}, and {coming} on the way"),
            Self::Zh => format!("{dealer}的{item}可用库存 {available}，在途 {coming}"),
        };
        if let Some((per_day, days)) = cover.per_day.zip(cover.days) {
            told += &match self {
                Self::En => format!("; it sells {per_day} a day: enough for {days} days"),
                Self::Zh => format!("，日均销量 {per_day}，可供 {days} 天"),
            };
        }
        if let Some(point) = point {
            told += &match self {
                Self::En => format!("; its reorder point is {point}"),
                Self::Zh => format!("，补货点 {point}"),
            };
        }
        told
    }
}

#[cfg(test)]
mod tests;
