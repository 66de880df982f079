//! What dealers have and sell, and what was asked for to replenish them.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::json;
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
    /// Whether its records count in different units: 1 or 0.
    #[serde(default)]
    pub mixed: i32,
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
        let mut stock: Vec<DealerStock> = session
            .ask(
                "select t.dealer, r.code as dealer_code, r.name as dealer_name, r.owner, t.item,
                     i.code as item_code, i.name as item_name, t.unit, t.mixed, t.available,
                     t.in_transit, t.reorder_point, t.counted_on
                 from (
                     select p.generation, p.dealer, p.item, p.fresh, max(p.unit) as unit,
                         case when min(p.other) <> max(p.unit) then 1 else 0 end as mixed,
                         cast(sum(p.available) as bigint) as available,
                         cast(sum(p.in_transit) as bigint) as in_transit,
                         cast(sum(p.reorder_point) as bigint) as reorder_point,
                         max(p.counted_on) as counted_on
                     from (
                         select c.generation, c.root as dealer, s.item,
                             case when s.counted_on >= g.fresh then 1 else 0 end as fresh,
                             max(s.unit) as unit, min(s.unit) as other,
                             sum(coalesce(s.available, s.quantity)) as available,
                             sum(coalesce(s.in_transit, 0)) as in_transit,
                             max(s.reorder_point) as reorder_point, max(s.counted_on) as counted_on
                         from {generation integer, id uuid, fresh integer} g
                         join insight_customer c on c.generation = g.generation and c.root = g.id
                         join insight_stock s on s.generation = c.generation and s.party = c.id
                         join insight_document d on d.generation = s.generation and d.id = s.document
                         group by c.generation, c.root, s.item, s.party, d.number,
                             case when s.counted_on >= g.fresh then 1 else 0 end
                     ) p
                     group by p.generation, p.dealer, p.item, p.fresh
                 ) t
                 join insight_customer r on r.generation = t.generation and r.id = t.dealer
                 left join insight_item i on i.generation = t.generation and i.id = t.item
                 order by r.code, t.dealer, i.code, t.item, t.fresh desc",
                &given,
            )
            .await?;
        // What was counted lately stands before what was counted long ago.
        stock.dedup_by_key(|row| (row.dealer, row.item));
        if stock.is_empty() {
            return Ok(stock);
        }
        let sold: Vec<Sold> = session
            .ask(
                "select c.root as dealer, s.item, cast(sum(s.quantity) as bigint) as sold
                 from {generation integer, id uuid, first integer, last integer} g
                 join insight_customer c on c.generation = g.generation and c.root = g.id
                 join insight_sold s on s.generation = c.generation and s.party = c.id
                     and s.day >= g.first and s.day <= g.last
                 group by c.root, s.item",
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
        let sold: HashMap<(Uuid, Uuid), i64> = sold
            .into_iter()
            .map(|row| ((row.dealer, row.item), row.sold))
            .collect();
        let reported: HashMap<Uuid, i32> = reported
            .into_iter()
            .map(|row| (row.dealer, row.days))
            .collect();
        for row in &mut stock {
            row.sold = sold
                .get(&(row.dealer, row.item))
                .copied()
                .unwrap_or_default();
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
                "select d.number, c.root as dealer, d.item, d.occurrence, d.quantity, d.made_on, d.ended_on
                 from {generation integer, id uuid} g
                 join insight_customer c on c.generation = g.generation and c.root = g.id
                 join replenishment_demand d on d.dealer = c.id
                 order by d.occurrence, d.number",
                &named(generation, dealers),
            )
            .await
    }

    /// Notes what was asked for, and what has ended.
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
                    "insert into replenishment_demand (number, dealer, item, occurrence, quantity, made_on)
                     select g.number, g.dealer, g.item, g.occurrence, g.quantity, g.made_on
                     from {number text, dealer uuid, item uuid, occurrence integer, quantity bigint,
                         made_on integer} g where true
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
