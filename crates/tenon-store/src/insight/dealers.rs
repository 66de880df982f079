//! What dealers have and sell, and what was asked for to replenish them.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::json;
use tenon_core::money::Decimal;
use tenon_master::Unit;
use uuid::Uuid;

use super::books::{named, within};
use super::session::Session;
use super::{Insight, Projection};
use crate::StoreError;

/// What one record says of a dealer's stock of an item in one place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the columns of insight_stock")]
pub struct StockRow {
    pub document: Uuid,
    pub party: Uuid,
    pub item: Uuid,
    pub quantity: i64,
    pub available: Option<i64>,
    pub in_transit: Option<i64>,
    pub reorder_point: Option<i64>,
    pub unit: Option<String>,
    pub counted_on: i32,
}

/// What is added to a dealer's day in an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the columns of insight_sold")]
pub struct SoldRow {
    pub party: Uuid,
    pub item: Uuid,
    pub day: i32,
    pub quantity: i64,
}

/// What of a dealer's day in an item was told in a unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the columns of insight_sold_unit")]
pub struct SoldUnitRow {
    pub party: Uuid,
    pub item: Uuid,
    pub day: i32,
    pub unit: String,
    pub quantity: i64,
}

/// What is added to a dealer's day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the columns of insight_reported")]
pub struct ReportedRow {
    pub party: Uuid,
    pub day: i32,
    pub reports: i64,
}

/// What a dealer has of an item in all its places, and what it sold of it; all that were merged into the
/// dealer included. Quantities are in ten-thousandths.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct DealerStock {
    /// The dealer.
    pub dealer: Uuid,
    /// Its code.
    pub dealer_code: Option<String>,
    /// Its name.
    pub dealer_name: Option<String>,
    /// Who looks after it.
    pub owner: Option<String>,
    /// The item.
    pub item: Uuid,
    /// Its code; absent while nobody has told of the item.
    pub item_code: Option<String>,
    /// Its name.
    pub item_name: Option<String>,
    /// What the quantities count.
    pub unit: Option<String>,
    /// Whether its records count in units of which one cannot be told in the other.
    #[serde(default)]
    pub mixed: bool,
    /// Not promised to anybody.
    pub available: i64,
    /// On the way to it.
    pub in_transit: i64,
    /// Below how many it should be replenished, where the dealer says so.
    pub reorder_point: Option<i64>,
    /// When it was last counted.
    pub counted_on: i32,
    /// Sold on the days that were asked for.
    #[serde(default)]
    pub sold: i64,
    /// On how many of these days the dealer reported.
    #[serde(default)]
    pub days: i32,
}

/// What was asked for, to replenish a dealer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Demand {
    /// The number of the message.
    pub number: String,
    /// The dealer, merges counted where it is read.
    pub dealer: Uuid,
    /// The item.
    pub item: Uuid,
    /// Which time it was for this dealer and item.
    pub occurrence: i32,
    /// How many were asked for, in ten-thousandths.
    pub quantity: i64,
    /// When.
    pub made_on: i32,
    /// When the dealer had enough again.
    pub ended_on: Option<i32>,
    /// Its message, until it is known to have been sent.
    pub body: Option<String>,
}

/// What a quantity counts, where that was told, and the quantity in ten-thousandths.
pub type Counted = (Option<String>, i64);

/// What is counted of a dealer's item in one place and unit.
#[derive(Deserialize)]
struct Count {
    #[serde(flatten)]
    stock: DealerStock,
    /// Whether it was counted lately: 1 or 0.
    fresh: i32,
    place: String,
}

/// The places of each dealer and item added up, in one unit. What was counted long ago counts where nothing
/// was counted since.
fn added_up(counts: Vec<Count>) -> Vec<DealerStock> {
    let mut stock: Vec<DealerStock> = Vec::new();
    // The reorder point of the place that was looked at last, and whether it was counted lately.
    let mut last = (String::new(), None, 0);
    for mut count in counts {
        let known = stock.last_mut();
        let known =
            known.filter(|it| (it.dealer, it.item) == (count.stock.dealer, count.stock.item));
        let Some(known) = known else {
            last = (count.place, count.stock.reorder_point, count.fresh);
            stock.push(count.stock);
            continue;
        };
        if count.fresh != last.2 {
            continue;
        }
        count.stock.tell_in(known);
        known.available = known.available.saturating_add(count.stock.available);
        known.in_transit = known.in_transit.saturating_add(count.stock.in_transit);
        known.counted_on = known.counted_on.max(count.stock.counted_on);
        let point = count.stock.reorder_point;
        if count.place != last.0 {
            last = (count.place, None, count.fresh);
        }
        // Of each place once, however many lots or units are there.
        let more = point.unwrap_or_default() - last.1.unwrap_or_default();
        if point > last.1 {
            known.reorder_point = Some(known.reorder_point.unwrap_or_default() + more);
            last.1 = point;
        }
    }
    stock
}

impl DealerStock {
    /// Tells the quantities in the unit of another record of the same stock, where one of the two can be told
    /// in the other; a record without a unit counts as the others do.
    fn tell_in(&mut self, known: &mut Self) {
        let (Some(own), Some(unit)) = (&self.unit, &known.unit) else {
            known.unit = known.unit.take().or(self.unit.take());
            return;
        };
        let told = |quantity: i64| in_unit(quantity, own, unit);
        let point = self.reorder_point.map(told);
        match (told(self.available), told(self.in_transit)) {
            (Some(available), Some(in_transit)) if point != Some(None) => {
                (self.available, self.in_transit) = (available, in_transit);
                self.reorder_point = point.flatten();
            }
            _ => known.mixed = true,
        }
    }

    /// Takes what was sold, told as [`told`](Self::told) takes it. Stock whose unit nobody said counts as what
    /// was sold does.
    fn sell(&mut self, mut told: Vec<Counted>) {
        told.retain(|(_, quantity)| *quantity != 0);
        told.sort();
        let first = told.iter().find_map(|(unit, _)| unit.clone());
        self.unit = self.unit.take().or(first);
        match self.told(&told) {
            Some(sold) => self.sold = sold,
            None => self.mixed = true,
        }
    }

    /// A quantity in the unit of the stock: what of it was told in units, each once, and without a unit all of
    /// it, in whatever units it was told. What nobody said the unit of counts as the stock does. `None` where
    /// one of the units cannot be told in that of the stock.
    pub fn told(&self, told: &[Counted]) -> Option<i64> {
        let mut sum = 0_i64;
        for (unit, quantity) in told.iter().filter(|(_, quantity)| *quantity != 0) {
            let added = match (unit, &self.unit) {
                (Some(own), Some(unit)) => in_unit(*quantity, own, unit)?.saturating_sub(*quantity),
                (Some(_), None) => 0,
                (None, _) => *quantity,
            };
            sum = sum.saturating_add(added);
        }
        Some(sum)
    }
}

/// A quantity in ten-thousandths in another unit, rounded to them; `None` if it cannot be told.
fn in_unit(quantity: i64, from: &str, to: &str) -> Option<i64> {
    let told = Unit::of(from).convert(Decimal::from(quantity), &Unit::of(to))?;
    i64::try_from(told.round()).ok()
}

impl Insight {
    /// The dealers whose stock is known.
    pub async fn stocked_dealers(&self, generation: i32) -> Result<Vec<Uuid>, StoreError> {
        #[derive(Deserialize)]
        struct Found {
            id: Uuid,
        }
        let mut session = Session::read(&self.engine).await?;
        let found: Vec<Found> = session
            .ask(
                "select distinct c.root as id from {generation integer} g
                 join insight_stock s on s.generation = g.generation
                 join insight_customer c on c.generation = s.generation and c.id = s.party",
                &[json!({ "generation": generation })],
            )
            .await?;
        Ok(found.into_iter().map(|found| found.id).collect())
    }

    /// What these dealers have, item by item, and what they sold from one day to another. What was counted
    /// before the day `fresh` is left out, unless nothing was counted since.
    pub async fn dealer_stock(
        &self,
        generation: i32,
        dealers: &[Uuid],
        fresh: i32,
        (first, last): (i32, i32),
    ) -> Result<Vec<DealerStock>, StoreError> {
        #[derive(Deserialize)]
        struct Sold {
            dealer: Uuid,
            item: Uuid,
            unit: Option<String>,
            sold: i64,
        }
        #[derive(Deserialize)]
        struct Reported {
            dealer: Uuid,
            days: i32,
        }
        let given: Vec<_> = dealers
            .iter()
            .map(|id| {
                json!({ "generation": generation, "id": id, "fresh": fresh, "first": first,
                    "last": last })
            })
            .collect();
        let mut session = Session::look_up(&self.engine).await?;
        // By place and by unit; what was counted lately stands before what was counted long ago.
        let counts: Vec<Count> = session
            .ask(
                "select t.dealer, r.code as dealer_code, r.name as dealer_name, r.owner, t.item,
                     i.code as item_code, i.name as item_name, t.unit, t.available, t.in_transit,
                     t.reorder_point, t.counted_on, t.fresh, t.place
                 from (
                     select c.generation, c.root as dealer, s.item, s.unit,
                         case when s.counted_on >= g.fresh then 1 else 0 end as fresh,
                         cast(s.party as text) || ' ' || coalesce(d.number, '') as place,
                         cast(sum(coalesce(s.available, s.quantity)) as bigint) as available,
                         cast(sum(coalesce(s.in_transit, 0)) as bigint) as in_transit,
                         max(s.reorder_point) as reorder_point, max(s.counted_on) as counted_on
                     from {generation integer, id uuid, fresh integer} g
                     join insight_customer c on c.generation = g.generation and c.root = g.id
                     join insight_stock s on s.generation = c.generation and s.party = c.id
                     join insight_document d on d.generation = s.generation and d.id = s.document
                     group by c.generation, c.root, s.item, s.party, d.number, s.unit,
                         case when s.counted_on >= g.fresh then 1 else 0 end
                 ) t
                 join insight_customer r on r.generation = t.generation and r.id = t.dealer
                 left join insight_item i on i.generation = t.generation and i.id = t.item
                 order by r.code, t.dealer, i.code, t.item, t.fresh desc, t.place, t.unit",
                &given,
            )
            .await?;
        let mut stock = added_up(counts);
        if stock.is_empty() {
            return Ok(stock);
        }
        let sold: Vec<Sold> = session
            .ask(
                "select c.root as dealer, s.item, null as unit, cast(sum(s.quantity) as bigint) as sold
                 from {generation integer, id uuid, first integer, last integer} g
                 join insight_customer c on c.generation = g.generation and c.root = g.id
                 join insight_sold s on s.generation = c.generation and s.party = c.id
                     and s.day >= g.first and s.day <= g.last
                 group by c.root, s.item
                 union all
                 select c.root as dealer, s.item, s.unit, cast(sum(s.quantity) as bigint) as sold
                 from {generation integer, id uuid, first integer, last integer} g
                 join insight_customer c on c.generation = g.generation and c.root = g.id
                 join insight_sold_unit s on s.generation = c.generation and s.party = c.id
                     and s.day >= g.first and s.day <= g.last
                 group by c.root, s.item, s.unit",
                &given,
            )
            .await?;
        let reported: Vec<Reported> = session
            .ask(
                "select c.root as dealer, count(distinct r.day) as days
                 from {generation integer, id uuid, first integer, last integer} g
                 join insight_customer c on c.generation = g.generation and c.root = g.id
                 join insight_reported r on r.generation = c.generation and r.party = c.id
                     and r.day >= g.first and r.day <= g.last and r.reports > 0
                 group by c.root",
                &given,
            )
            .await?;
        let mut by_unit: HashMap<(Uuid, Uuid), Vec<Counted>> = HashMap::new();
        for row in sold {
            let told = by_unit.entry((row.dealer, row.item)).or_default();
            told.push((row.unit, row.sold));
        }
        let reported: HashMap<Uuid, i32> = reported
            .into_iter()
            .map(|row| (row.dealer, row.days))
            .collect();
        for row in &mut stock {
            let told = by_unit.remove(&(row.dealer, row.item));
            row.sell(told.unwrap_or_default());
            row.days = reported.get(&row.dealer).copied().unwrap_or_default();
        }
        Ok(stock)
    }

    /// When the newest came of what these dealers say of stock and sales on a day and later, in microseconds
    /// since 1970-01-01; without those who say nothing.
    pub async fn dealers_told_at(
        &self,
        generation: i32,
        dealers: &[Uuid],
        since: i32,
    ) -> Result<HashMap<Uuid, i64>, StoreError> {
        #[derive(Deserialize)]
        struct Told {
            dealer: Uuid,
            at: String,
        }
        let given: Vec<_> = dealers
            .iter()
            .map(|id| json!({ "generation": generation, "id": id, "since": since }))
            .collect();
        let mut session = Session::look_up(&self.engine).await?;
        // The second part of a stamp is when the hub accepted the statement.
        let told: Vec<Told> = session
            .ask(
                "select c.root as dealer, max(substr(d.stamp, 19, 17)) as at
                 from {generation integer, id uuid, since integer} g
                 join insight_customer c on c.generation = g.generation and c.root = g.id
                 join insight_document d on d.generation = c.generation and d.party = c.id
                     and d.entity in ('inventory', 'sell_out') and d.day >= g.since
                 group by c.root",
                &given,
            )
            .await?;
        let told = told.into_iter();
        Ok(told
            .map(|told| (told.dealer, told.at.parse().unwrap_or_default()))
            .collect())
    }

    /// What was asked for to replenish these dealers, the first first.
    pub async fn demands(
        &self,
        generation: i32,
        dealers: &[Uuid],
    ) -> Result<Vec<Demand>, StoreError> {
        let mut session = Session::look_up(&self.engine).await?;
        session
            .ask(
                "select d.number, c.root as dealer, d.item, d.occurrence, d.quantity, d.made_on, d.ended_on,
                     d.body
                 from {generation integer, id uuid} g
                 join insight_customer c on c.generation = g.generation and c.root = g.id
                 join replenishment_demand d on d.dealer = c.id
                 order by d.occurrence, d.number",
                &named(generation, dealers),
            )
            .await
    }

    /// Notes that the messages of demands are durable.
    pub async fn demands_sent(&self, numbers: &[String]) -> Result<(), StoreError> {
        let numbers: Vec<_> = numbers
            .iter()
            .map(|number| json!({ "number": number }))
            .collect();
        let mut session = Session::write(&self.engine).await?;
        session
            .run(
                "update replenishment_demand set body = null from {number text} g
                 where replenishment_demand.number = g.number",
                &numbers,
            )
            .await?;
        session.commit().await
    }

    /// Notes what is to be asked for, with its message, and what has ended.
    pub async fn note_demands(
        &self,
        asked: &[Demand],
        ended: &[String],
        today: i32,
    ) -> Result<(), StoreError> {
        let mut session = Session::write(&self.engine).await?;
        if !ended.is_empty() {
            let ended: Vec<_> = ended
                .iter()
                .map(|number| json!({ "number": number, "today": today }))
                .collect();
            session
                .run(
                    "update replenishment_demand set ended_on = g.today
                     from {number text, today integer} g
                     where replenishment_demand.number = g.number",
                    &ended,
                )
                .await?;
        }
        if !asked.is_empty() {
            session
                .run(
                    "insert into replenishment_demand (number, dealer, item, occurrence, quantity, made_on,
                         body)
                     select g.number, g.dealer, g.item, g.occurrence, g.quantity, g.made_on, g.body
                     from {number text, dealer uuid, item uuid, occurrence integer, quantity bigint,
                         made_on integer, body text} g where true
                     on conflict (number) do nothing",
                    asked,
                )
                .await?;
        }
        session.commit().await
    }
}

/// What a portion says of dealers.
pub(super) async fn write_dealers(
    session: &mut Session,
    generation: i32,
    projection: &Projection,
) -> Result<(), StoreError> {
    if !projection.stock.is_empty() {
        session
            .run(
                "insert into insight_stock (generation, document, party, item, quantity, available,
                     in_transit, reorder_point, unit, counted_on)
                 select g.generation, g.document, g.party, g.item, g.quantity, g.available, g.in_transit,
                     g.reorder_point, g.unit, g.counted_on
                 from {generation integer, document uuid, party uuid, item uuid, quantity bigint,
                     available bigint, in_transit bigint, reorder_point bigint, unit text,
                     counted_on integer} g where true
                 on conflict (generation, document) do update
                 set party = excluded.party, item = excluded.item, quantity = excluded.quantity,
                     available = excluded.available, in_transit = excluded.in_transit,
                     reorder_point = excluded.reorder_point, unit = excluded.unit,
                     counted_on = excluded.counted_on",
                &within(generation, &projection.stock),
            )
            .await?;
    }
    if !projection.sold.is_empty() {
        session
            .run(
                "insert into insight_sold (generation, party, item, day, quantity)
                 select g.generation, g.party, g.item, g.day, g.quantity
                 from {generation integer, party uuid, item uuid, day integer, quantity bigint} g
                 where true
                 on conflict (generation, party, item, day) do update
                 set quantity = insight_sold.quantity + excluded.quantity",
                &within(generation, &projection.sold),
            )
            .await?;
    }
    if !projection.sold_units.is_empty() {
        session
            .run(
                "insert into insight_sold_unit (generation, party, item, day, unit, quantity)
                 select g.generation, g.party, g.item, g.day, g.unit, g.quantity
                 from {generation integer, party uuid, item uuid, day integer, unit text,
                     quantity bigint} g
                 where true
                 on conflict (generation, party, item, day, unit) do update
                 set quantity = insight_sold_unit.quantity + excluded.quantity",
                &within(generation, &projection.sold_units),
            )
            .await?;
    }
    if !projection.reported.is_empty() {
        session
            .run(
                "insert into insight_reported (generation, party, day, reports)
                 select g.generation, g.party, g.day, g.reports
                 from {generation integer, party uuid, day integer, reports bigint} g where true
                 on conflict (generation, party, day) do update
                 set reports = insight_reported.reports + excluded.reports",
                &within(generation, &projection.reported),
            )
            .await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A count of one item: place, how many in which unit, reorder point, whether it was counted lately.
    fn count(place: &str, available: i64, unit: &str, point: Option<i64>, fresh: i32) -> Count {
        Count {
            stock: DealerStock {
                available: available * 10_000,
                unit: (!unit.is_empty()).then(|| unit.to_owned()),
                reorder_point: point.map(|point| point * 10_000),
                ..DealerStock::default()
            },
            fresh,
            place: place.to_owned(),
        }
    }

    /// What they add up to: how many, in which unit, reorder point, whether units are mixed.
    fn check(counts: Vec<Count>, expected: (i64, &str, Option<i64>, bool)) {
        let stock = added_up(counts);
        assert_eq!(stock.len(), 1, "{stock:?}");
        let (stock, unit) = (&stock[0], stock[0].unit.as_deref().unwrap_or_default());
        let point = stock.reorder_point.map(|point| point / 10_000);
        let found = (stock.available / 10_000, unit, point, stock.mixed);
        assert_eq!(found, expected);
    }

    #[test]
    fn places_are_added_up_in_one_unit() {
        let lots = vec![
            count("A", 5, "kg", Some(3), 1),
            count("A", 2000, "g", Some(4000), 1),
            count("B", 1, "", Some(2), 1),
        ];
        check(lots, (8, "kg", Some(6), false));
        let spelt = vec![count("A", 5, "pcs", None, 1), count("B", 2, "件", None, 1)];
        check(spelt, (7, "pcs", None, false));
        let told = vec![count("A", 5, "", None, 1), count("B", 2, "箱", None, 1)];
        check(told, (7, "箱", None, false));
        let mixed = vec![count("A", 5, "pcs", None, 1), count("B", 2, "箱", None, 1)];
        check(mixed, (7, "pcs", None, true));
        let old = vec![count("A", 5, "pcs", None, 1), count("B", 2, "箱", None, 0)];
        check(old, (5, "pcs", None, false));
    }

    #[test]
    fn what_is_sold_is_told_as_the_stock_is() {
        let check = |unit: &str, told: &[(&str, i64)], expected: (i64, bool)| {
            let mut stock = count("A", 1, unit, None, 1).stock;
            let told = told.iter().map(|(unit, quantity)| {
                let unit = (!unit.is_empty()).then(|| (*unit).to_owned());
                (unit, quantity * 10_000)
            });
            stock.sell(told.collect());
            assert_eq!((stock.sold / 10_000, stock.mixed), expected, "{unit}");
        };
        check("kg", &[("", 12)], (12, false));
        check("kg", &[("", 5012), ("g", 5000)], (17, false));
        check("件", &[("", 12), ("pcs", 12)], (12, false));
        check("pcs", &[("", 12), ("箱", 12)], (0, true));
        check("pcs", &[("", 12), ("箱", 0)], (12, false));
        check("", &[("", 12), ("箱", 12)], (12, false));
        check("", &[("", 5001), ("kg", 1), ("g", 5000)], (6000, false));
        check("", &[("", 3), ("箱", 1), ("pcs", 2)], (0, true));
        check("pcs", &[], (0, false));
    }
}
