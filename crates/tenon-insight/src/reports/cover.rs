//! How long the stock of dealers lasts, who may run out of what, and what that was made from.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use tenon_core::Entity;
use tenon_core::money::Decimal;
use tenon_store::StoreError;
use tenon_store::insight::{Demand, Projection};
use uuid::Uuid;

use super::Reports;
use crate::days::{day_number, day_of, units};
use crate::dealers::{Dealings, Stock};
use crate::document::Document;
use crate::replenish::{Cover, covers};
use crate::table::{Cell, Kind, Table};

/// The latest counts of stock, and reports, of a dealer that are looked through.
const COUNTS: u32 = 10_000;
const SOLD: u32 = 1_000;

/// What a dealer's stock of an item and its average were made from.
#[derive(Debug, Clone, PartialEq)]
pub struct Ground {
    /// How long it lasts.
    pub cover: Cover,
    /// What was counted, the latest first.
    pub counts: Vec<Count>,
    /// The days over which the average goes, and what was sold on each; nothing where nobody reported.
    pub days: Vec<(Date, Option<Decimal>)>,
    /// The dealer's reports about these days, the latest first.
    pub reports: Vec<SoldReport>,
    /// What was asked for, to replenish it, the first first.
    pub demands: Vec<Demand>,
}

/// What a record says of stock in one place.
#[derive(Debug, Clone, PartialEq)]
pub struct Count {
    /// The record, as messages name it.
    pub document: Uuid,
    /// Where.
    pub place: String,
    /// When it was counted.
    pub counted_on: Date,
    /// What.
    pub stock: Stock,
    /// Whether it counts: what was counted too long ago does not, where anything was counted since.
    pub counts: bool,
}

/// What a dealer's report says of an item.
#[derive(Debug, Clone, PartialEq)]
pub struct SoldReport {
    /// The report, as messages name it.
    pub document: Uuid,
    /// Its number.
    pub number: String,
    /// Its first day.
    pub from: Date,
    /// Its last.
    pub to: Date,
    /// How many were sold; nothing where the report does not name the item.
    pub quantity: Option<Decimal>,
}

impl Reports {
    /// How long the stock of each dealer lasts, item by item: by the dealers' codes, or of one dealer, by
    /// its master id or that of one that was merged into it. Without a policy of replenishment by its
    /// defaults.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn covers(&self, dealer: Option<Uuid>) -> Result<Vec<Cover>, StoreError> {
        let dealers = match dealer {
            Some(dealer) => {
                let all = self.store.customer(self.generation, dealer).await?;
                all.first().map(|first| first.root).into_iter().collect()
            }
            None => self.store.stocked_dealers(self.generation).await?,
        };
        let policy = self.policy.replenishment.clone().unwrap_or_default();
        covers(&self.store, &policy, self.generation, &dealers, self.today).await
    }

    /// What a dealer's stock of an item was made from; `None` where it has none.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn ground(&self, dealer: Uuid, item: Uuid) -> Result<Option<Ground>, StoreError> {
        let covers = self.covers(Some(dealer)).await?;
        let Some(cover) = covers.into_iter().find(|cover| cover.facts.item == item) else {
            return Ok(None);
        };
        let dealer = cover.facts.dealer;
        let policy = self.policy.replenishment.clone().unwrap_or_default();
        let today = day_number(self.today);
        let counts = self.documents(dealer, Entity::Inventory, COUNTS).await?;
        let fresh = today - i32::from(policy.stale_days);
        let stale = cover.facts.counted_on < fresh;
        let counts = counts.into_iter().filter_map(|document| {
            let counted_on = document.day?;
            Some(Count {
                document: document.id,
                place: document.number,
                counted_on,
                stock: document.facts.stock.filter(|stock| stock.item == item)?,
                counts: stale || day_number(counted_on) >= fresh,
            })
        });
        let counts = counts.collect();
        let reports = self.documents(dealer, Entity::SellOut, SOLD).await?;
        let window = today - i32::from(policy.window_days)..today;
        let (days, reports) = sold(&reports, item, window);
        let demands = self.store.demands(self.generation, &[dealer]).await?;
        let demands = demands.into_iter().filter(|demand| demand.item == item);
        Ok(Some(Ground {
            cover,
            counts,
            days,
            reports,
            demands: demands.collect(),
        }))
    }

    async fn documents(
        &self,
        dealer: Uuid,
        entity: Entity,
        most: u32,
    ) -> Result<Vec<Document>, StoreError> {
        let store = &self.store;
        let rows = store.documents_of_customer(self.generation, dealer, entity.as_str(), most);
        let rows = rows.await?.into_iter();
        Ok(rows
            .filter_map(|row| Document::from_row(row).ok())
            .collect())
    }

    pub(super) async fn cover(&self, dealer: Option<Uuid>) -> Result<Table, StoreError> {
        Ok(cover_table(self.covers(dealer).await?))
    }
}

/// What was sold of an item on each day of a window, and the reports that say so.
fn sold(
    reports: &[Document],
    item: Uuid,
    window: std::ops::Range<i32>,
) -> (Vec<(Date, Option<Decimal>)>, Vec<SoldReport>) {
    let mut dealings = Dealings::default();
    let mut told = Vec::new();
    for report in reports {
        let Some((from, to)) = report.period() else {
            continue;
        };
        if day_number(to) < window.start || day_number(from) >= window.end {
            continue;
        }
        dealings.count(report, 1);
        let lines = report.facts.lines.iter().filter(|line| line.item == item);
        told.push(SoldReport {
            document: report.id,
            number: report.number.clone(),
            from,
            to,
            quantity: lines
                .map(|line| line.quantity)
                .reduce(|sum, more| sum + more),
        });
    }
    let mut projection = Projection::default();
    dealings.enter(&mut projection);
    let mut of_day: BTreeMap<i32, i64> = BTreeMap::new();
    for row in projection.sold.iter().filter(|row| row.item == item) {
        *of_day.entry(row.day).or_default() += row.quantity;
    }
    let reported: BTreeSet<i32> = projection.reported.iter().map(|row| row.day).collect();
    let days = window.map(|day| {
        let quantity = of_day.get(&day).copied().unwrap_or_default();
        (
            day_of(day),
            reported.contains(&day).then(|| units(quantity)),
        )
    });
    (days.collect(), told)
}

/// How long stock lasts, as a table.
pub fn cover_table(covers: Vec<Cover>) -> Table {
    let mut table = Table::new(&[
        ("dealer", Kind::Text),
        ("dealer_name", Kind::Text),
        ("item", Kind::Text),
        ("item_name", Kind::Text),
        ("available", Kind::Amount),
        ("in_transit", Kind::Amount),
        ("reorder_point", Kind::Amount),
        ("unit", Kind::Text),
        ("counted_on", Kind::Day),
        ("per_day", Kind::Amount),
        ("days", Kind::Amount),
        ("standing", Kind::Text),
        ("needed", Kind::Amount),
        ("needed_on", Kind::Day),
    ]);
    let row = |cover: Cover| {
        let facts = cover.facts;
        let named = |code: Option<String>, id: Uuid| code.or(Some(id.to_string()));
        vec![
            named(facts.dealer_code, facts.dealer).into(),
            facts.dealer_name.into(),
            named(facts.item_code, facts.item).into(),
            facts.item_name.into(),
            units(facts.available).into(),
            units(facts.in_transit).into(),
            facts.reorder_point.map(units).into(),
            facts.unit.into(),
            Cell::Day(day_of(facts.counted_on)),
            cover.per_day.into(),
            cover.days.into(),
            cover.standing.as_str().into(),
            cover.needed.into(),
            cover.needed_on.into(),
        ]
    };
    table.rows = covers.into_iter().map(row).collect();
    table
}
