//! How long the stock of dealers lasts, who may run out of what, and what that was made from.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use tenon_core::Entity;
use tenon_core::money::Decimal;
use tenon_store::StoreError;
use tenon_store::insight::{Counted, DealerStock, Demand, PaperFilter, Projection};
use uuid::Uuid;

use super::Reports;
use crate::days::{day_number, day_of, ten_thousandths, units};
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
    /// The days over which the average goes, and what was sold on each.
    pub days: Vec<(Date, Sold)>,
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

/// How many were sold, in the unit of the stock.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Sold {
    /// Nobody told.
    Untold,
    /// In units of which one cannot be told in that of the stock.
    Mixed,
    /// So many.
    Told(Decimal),
}

impl Sold {
    /// What was told, as [`DealerStock::told`] takes it.
    fn of(stock: &DealerStock, told: &[Counted]) -> Self {
        let sold = stock.told(told);
        sold.map_or(Self::Mixed, |sold| Self::Told(units(sold)))
    }
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
    /// How many were sold; untold where the report does not name the item.
    pub sold: Sold,
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
        let (days, reports) = sold(&reports, &cover.facts, window);
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
        let filter = PaperFilter {
            entity: entity.as_str().to_owned(),
            customer: Some(dealer),
            ..PaperFilter::default()
        };
        let papers = self.store.papers(self.generation, &filter, None, most);
        let papers = papers.await?.into_iter();
        Ok(papers
            .filter_map(|paper| Document::from_row(paper.row).ok())
            .collect())
    }

    pub(super) async fn cover(&self, dealer: Option<Uuid>) -> Result<Table, StoreError> {
        Ok(cover_table(self.covers(dealer).await?))
    }
}

/// What was sold of what is in stock on each day of a window, and the reports that say so.
fn sold(
    reports: &[Document],
    stock: &DealerStock,
    window: std::ops::Range<i32>,
) -> (Vec<(Date, Sold)>, Vec<SoldReport>) {
    let item = stock.item;
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
        let told_of: Vec<Counted> = lines
            .flat_map(|line| {
                let quantity = ten_thousandths(line.quantity).unwrap_or_default();
                let unit = line.unit.clone().map(|unit| (Some(unit), quantity));
                [(None, quantity)].into_iter().chain(unit)
            })
            .collect();
        told.push(SoldReport {
            document: report.id,
            number: report.number.clone(),
            from,
            to,
            sold: match told_of.is_empty() {
                true => Sold::Untold,
                false => Sold::of(stock, &told_of),
            },
        });
    }
    let mut projection = Projection::default();
    dealings.enter(&mut projection);
    let mut of_day: BTreeMap<i32, Vec<Counted>> = BTreeMap::new();
    for row in projection.sold.iter().filter(|row| row.item == item) {
        let all = (None, row.quantity);
        of_day.entry(row.day).or_default().push(all);
    }
    let sold_units = projection.sold_units.into_iter();
    for row in sold_units.filter(|row| row.item == item) {
        let part = (Some(row.unit), row.quantity);
        of_day.entry(row.day).or_default().push(part);
    }
    let reported: BTreeSet<i32> = projection.reported.iter().map(|row| row.day).collect();
    let days = window.map(|day| {
        let told = of_day.remove(&day).unwrap_or_default();
        let sold = match reported.contains(&day) {
            true => Sold::of(stock, &told),
            false => Sold::Untold,
        };
        (day_of(day), sold)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{Facts, Line};

    const ITEM: Uuid = Uuid::from_u128(8);

    /// A report of the days from one of April to another: quantities, each in a unit.
    fn report(number: &str, (from, to): (i8, i8), lines: &[(i64, &str)]) -> Document {
        let april = |day| jiff::civil::date(2026, 4, day);
        let line = |(quantity, unit): &(i64, &str)| Line {
            item: ITEM,
            quantity: Decimal::from(*quantity),
            unit: (!unit.is_empty()).then(|| (*unit).to_owned()),
            ..Line::default()
        };
        Document {
            id: Uuid::nil(),
            entity: Entity::SellOut,
            stamp: String::new(),
            position: 1,
            party: Uuid::from_u128(7),
            number: number.to_owned(),
            day: Some(april(to)),
            status: "final".to_owned(),
            outcome: None,
            owner: None,
            source: None,
            currency: None,
            amount: None,
            score: None,
            facts: Facts {
                lines: lines.iter().map(line).collect(),
                begins_on: Some(april(from)),
                ..Facts::default()
            },
        }
    }

    #[test]
    fn sales_are_told_in_the_unit_of_the_stock() {
        let first = day_number(jiff::civil::date(2026, 4, 1));
        let reports = [
            report("R-1", (1, 2), &[(4, "kg"), (600, "g"), (2, "")]),
            report("R-2", (2, 3), &[(500, "g")]),
            report("R-3", (3, 3), &[(1, "箱")]),
            report("R-4", (4, 4), &[]),
        ];
        let check = |unit: Option<&str>, of_days: [&str; 5], of_reports: [&str; 4]| {
            let stock = DealerStock {
                item: ITEM,
                unit: unit.map(str::to_owned),
                ..DealerStock::default()
            };
            let (days, told) = sold(&reports, &stock, first..first + 5);
            let shown = |sold: &Sold| match sold {
                Sold::Untold => "-".to_owned(),
                Sold::Mixed => "?".to_owned(),
                Sold::Told(sold) => sold.to_string(),
            };
            let days: Vec<String> = days.iter().map(|(_, sold)| shown(sold)).collect();
            assert_eq!(days, of_days, "{unit:?}");
            let told: Vec<String> = told.iter().map(|report| shown(&report.sold)).collect();
            assert_eq!(told, of_reports, "{unit:?}");
        };
        check(
            Some("kg"),
            ["3.3", "3.55", "?", "0", "-"],
            ["6.6", "0.5", "?", "-"],
        );
        check(
            Some("克"),
            ["2301", "2551", "?", "0", "-"],
            ["4602", "500", "?", "-"],
        );
        check(Some("箱"), ["?", "?", "?", "0", "-"], ["?", "?", "1", "-"]);
    }
}
