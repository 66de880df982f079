//! What dealers say: how much they have, and what they sold on which days.
//!
//! Pure. A report counts on the days that it is about, whenever it comes; of two of one number the one
//! that was reported later holds, of two counts of one stock the later one.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use tenon_core::inventory::Inventory;
use tenon_core::money::Decimal;
use tenon_core::sell_out::SellOut;
use tenon_core::{Entity, Reference};
use tenon_store::insight::{Projection, ReportedRow, SoldRow, SoldUnitRow, StockRow};
use uuid::Uuid;

use crate::calendar::Calendar;
use crate::days::{day_number, ten_thousandths};
use crate::document::{Document, Facts, Line, References, word};

/// Days of the longest period that a report may be about.
const LONGEST: i32 = 400;
/// The largest quantity that a dealer has or sells: the sums of tens of thousands of such still fit.
pub(crate) const MOST: i64 = 10_000_000_000;

/// What a dealer has of an item in one place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stock {
    /// What.
    pub item: Uuid,
    /// How many are there.
    pub quantity: Decimal,
    /// How many of them are not promised to anybody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub available: Option<Decimal>,
    /// How many are on their way there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_transit: Option<Decimal>,
    /// Below how many it should be replenished.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reorder_point: Option<Decimal>,
    /// What the quantities count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
}

impl Stock {
    /// All that it counts.
    pub(crate) fn quantities(&self) -> impl Iterator<Item = Decimal> + use<> {
        let all = [
            Some(self.quantity),
            self.available,
            self.in_transit,
            self.reorder_point,
        ];
        all.into_iter().flatten()
    }
}

/// A count of what a dealer has, as a document of its day.
pub(crate) fn stock(
    blank: Document,
    holder: &Reference,
    counted: &Inventory,
    references: &mut References,
    calendar: &Calendar,
) -> Document {
    Document {
        party: references.id(Entity::Customer, holder),
        number: counted.warehouse.clone(),
        day: Some(calendar.day_of(counted.counted_at)),
        facts: Facts {
            stock: Some(Stock {
                item: references.item(&counted.item),
                quantity: counted.quantity,
                available: counted.available,
                in_transit: counted.in_transit,
                reorder_point: counted.reorder_point,
                unit: counted.unit.clone(),
            }),
            ..Facts::default()
        },
        ..blank
    }
}

/// A dealer's report of what it sold, as a document of its last day.
///
/// # Errors
/// When its period is none, or too long.
pub(crate) fn report(
    blank: Document,
    report: SellOut,
    references: &mut References,
) -> Result<Document, String> {
    let (from, to) = (report.from, report.to);
    let days = day_number(to) - day_number(from) + 1;
    if !(1..=LONGEST).contains(&days) {
        return Err(format!(
            "a report from {from} to {to} is about {days} days; figures take from 1 to {LONGEST}"
        ));
    }
    let lines = report.lines.iter().map(|line| Line {
        item: references.item(&line.item),
        quantity: line.quantity,
        unit: line.unit.clone(),
        ..Line::default()
    });
    let lines = lines.collect();
    Ok(Document {
        party: references.id(Entity::Customer, &report.dealer),
        number: report.number,
        day: Some(to),
        status: word(&report.status),
        facts: Facts {
            lines,
            begins_on: Some(from),
            ..Facts::default()
        },
        ..blank
    })
}

impl Document {
    /// What a dealer has, as its row; `None` for every other document.
    pub(crate) fn stock_row(&self) -> Option<StockRow> {
        let stock = self.facts.stock.as_ref()?;
        Some(StockRow {
            document: self.id,
            party: self.party,
            item: stock.item,
            quantity: ten_thousandths(stock.quantity)?,
            available: stock.available.and_then(ten_thousandths),
            in_transit: stock.in_transit.and_then(ten_thousandths),
            reorder_point: stock.reorder_point.and_then(ten_thousandths),
            unit: stock.unit.clone(),
            counted_on: day_number(self.day?),
        })
    }

    /// The days that a dealer's report is about.
    pub(crate) fn period(&self) -> Option<(Date, Date)> {
        let reported = self.entity == Entity::SellOut;
        self.facts.begins_on.zip(self.day).filter(|_| reported)
    }
}

/// What reports add to the days of dealers.
#[derive(Default)]
pub(crate) struct Dealings {
    sold: BTreeMap<(Uuid, Uuid, i32), i64>,
    units: BTreeMap<(Uuid, Uuid, i32, String), i64>,
    reported: BTreeMap<(Uuid, i32), i64>,
}

impl Dealings {
    /// Counts what a report gives; with `sign` -1 it is taken back.
    pub(crate) fn count(&mut self, document: &Document, sign: i64) {
        let Some((from, to)) = document.period() else {
            return;
        };
        let (from, to) = (day_number(from), day_number(to));
        for day in from..=to {
            *self.reported.entry((document.party, day)).or_default() += sign;
        }
        for line in &document.facts.lines {
            let quantity = ten_thousandths(line.quantity).unwrap_or_default();
            for (day, share) in (from..).zip(spread(quantity, to - from + 1)) {
                let (party, item) = (document.party, line.item);
                let sold = self.sold.entry((party, item, day)).or_default();
                *sold = sold.saturating_add(sign * share);
                if let Some(unit) = &line.unit {
                    let key = (party, item, day, unit.clone());
                    let sold = self.units.entry(key).or_default();
                    *sold = sold.saturating_add(sign * share);
                }
            }
        }
    }

    /// Puts it into a portion's projection.
    pub(crate) fn enter(self, projection: &mut Projection) {
        let sold = self.sold.into_iter();
        let sold = sold.map(|((party, item, day), quantity)| SoldRow {
            party,
            item,
            day,
            quantity,
        });
        let reported = self.reported.into_iter();
        let reported = reported.map(|((party, day), reports)| ReportedRow {
            party,
            day,
            reports,
        });
        let units = self.units.into_iter();
        let units = units.map(|((party, item, day, unit), quantity)| SoldUnitRow {
            party,
            item,
            day,
            unit,
            quantity,
        });
        projection.sold = sold.filter(|row| row.quantity != 0).collect();
        projection.sold_units = units.filter(|row| row.quantity != 0).collect();
        projection.reported = reported.filter(|row| row.reports != 0).collect();
    }
}

/// A quantity spread over days as evenly as whole ten-thousandths allow: the shares add up to it exactly.
fn spread(quantity: i64, days: i32) -> impl Iterator<Item = i64> {
    let (whole, days) = (i128::from(quantity), i128::from(days));
    let until = move |day: i128| whole * day / days;
    (0..days).map(move |day| {
        // A share is never more than the quantity.
        i64::try_from(until(day + 1) - until(day)).unwrap_or_default()
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tenon_core::{Attributes, MasterId, SystemName};

    use super::*;

    #[test]
    fn placeholders_are_refused() {
        let read = |quantity: &str| {
            let drp = SystemName::new("drp").unwrap();
            let mut attributes = Attributes::received(drp, Entity::Inventory, "stock", None, None);
            attributes.master_id = Some(MasterId::derive(&["stock"]));
            let holder = json!({ "system": "drp", "native_id": "D021" });
            let item = json!({ "system": "drp", "native_id": "FS-305" });
            let body = json!({ "item": item, "holder": holder, "warehouse": "W", "quantity": "1",
                "in_transit": quantity, "counted_at": "2026-04-09T08:00:00Z" });
            Document::read(
                &attributes,
                1,
                body.to_string().as_bytes(),
                &Calendar::default(),
            )
            .map(|read| read.is_some())
        };
        assert_eq!(read("10000000000"), Ok(true));
        let refused = read("99999999999999").unwrap_err();
        assert!(refused.contains("at most 10000000000"), "{refused}");
        assert!(read("-10000000000.0001").is_err());
    }

    #[test]
    fn shares_of_a_period_add_up() {
        let check = |quantity: i64, days: i32, expected: &[i64]| {
            let shares: Vec<i64> = spread(quantity, days).collect();
            assert_eq!(shares, expected, "{quantity} over {days}");
            assert_eq!(shares.iter().sum::<i64>(), quantity);
        };
        check(70, 7, &[10; 7]);
        check(100, 3, &[33, 33, 34]);
        check(-100, 3, &[-33, -33, -34]);
        check(0, 2, &[0, 0]);
        check(5, 1, &[5]);
        let largest = 1_000_000_000_000_000_000;
        assert_eq!(spread(largest, LONGEST).sum::<i64>(), largest);
    }
}
