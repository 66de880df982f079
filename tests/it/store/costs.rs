//! What sources cost, in reports over spans of any length: they agree with each other and with the whole.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::{Date, date};
use serde_json::json;
use tenon_core::money::Decimal;
use tenon_insight::{Cell, Policy, Reports, Scope, Table, day_number, month_number};
use tenon_store::insight::{CustomerRow, MonthRow, Projection, ReportFilter};
use uuid::Uuid;

use super::fixtures::House;
use super::insight::catch_up;

/// Who came: source, month in which the hub heard of it and in which it ordered, currency.
const CAME: [(Option<&str>, Date, &str); 11] = [
    (Some("platform/alibaba"), date(2025, 12, 1), "CNY"),
    (Some("platform/alibaba"), date(2026, 1, 1), "CNY"),
    (Some("platform/alibaba/shop"), date(2026, 1, 1), "CNY"),
    (Some("exhibition/canton-fair"), date(2026, 4, 1), "CNY"),
    (Some("exhibition/canton-fair"), date(2026, 4, 1), "CNY"),
    (Some("exhibition/canton-fair"), date(2026, 4, 1), "CNY"),
    (Some("exhibition/canton-fair"), date(2026, 5, 1), "EUR"),
    (Some("exhibition/vietnam"), date(2026, 5, 1), "CNY"),
    (Some("exhibition/vietnam"), date(2026, 5, 1), "CNY"),
    (None, date(2026, 6, 1), "CNY"),
    (Some("exhibition/canton-fair"), date(2026, 10, 1), "CNY"),
];

fn policy() -> Policy {
    let sources = json!({
        "exhibition/canton-fair": { "cost": "800", "currency": "CNY",
            "months": { "2026-04": "60000", "2026-10": "55000", "2026-12": "1000" } },
        "exhibition/vietnam": { "months": { "2026-05": "9000" }, "currency": "CNY" },
        "exhibition/paris": { "months": { "2026-05": "70" }, "currency": "USD" },
        "platform/alibaba": { "cost": "6000", "currency": "CNY" },
    });
    serde_json::from_value(json!({ "sources": sources })).unwrap()
}

async fn reports(house: &House) -> Reports {
    let generation = catch_up(&house.store).await;
    let insight = house.store.insight();
    let mut told = Projection::default();
    for (number, (source, day, currency)) in CAME.into_iter().enumerate() {
        let id = Uuid::from_u64_pair(3, number as u64);
        told.customers.push(CustomerRow {
            id,
            version: 1,
            code: None,
            name: None,
            kind: None,
            stage: None,
            grade: None,
            industry: None,
            source: source.map(str::to_owned),
            owner: Some(format!("owner {}", number % 2)),
            credit_days: None,
            known_on: Some(day_number(day) + 6),
            facts: String::new(),
        });
        // Who comes back is no new customer.
        for month in [month_number(day), month_number(day) + 1] {
            told.months.push(MonthRow {
                party: id,
                month,
                currency: currency.to_owned(),
                orders: 1,
                ordered: 10_000,
                invoiced: 10_000,
                ..MonthRow::default()
            });
        }
    }
    insight.project(generation, 0, 0, &told).await.unwrap();
    let opened = Reports::open(insight, Arc::new(policy()), date(2026, 12, 31));
    opened.await.unwrap().unwrap()
}

/// The months from one to another, as text.
fn scope(from: &str, to: &str, step: i32, level: usize) -> Scope {
    let month = |text: &str| month_number(format!("{text}-01").parse().unwrap());
    Scope {
        months: ReportFilter {
            from: month(from),
            to: month(to),
        },
        level,
        by: "source".to_owned(),
        currency: "CNY".to_owned(),
        customer: None,
        step,
    }
}

fn amount(cell: &Cell) -> Option<Decimal> {
    match cell {
        Cell::Exact(amount) => Some(*amount),
        _ => None,
    }
}

fn text(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => text.clone(),
        _ => String::new(),
    }
}

/// A measure's value and that of the span before, and how it changed.
fn measure(table: &Table, name: &str) -> (Option<Decimal>, Option<Decimal>, Option<Decimal>) {
    let row = table.rows.iter().find(|row| text(&row[0]) == name).unwrap();
    (amount(&row[2]), amount(&row[3]), amount(&row[4]))
}

/// Customers and cost by source, cohort and currency.
fn cohorts(table: &Table) -> BTreeMap<String, (i64, Option<Decimal>)> {
    let row = |row: &Vec<Cell>| {
        let Cell::Whole(customers) = row[3] else {
            panic!("{row:?}");
        };
        let name = format!("{} {} {}", text(&row[0]), text(&row[1]), text(&row[2]));
        (name, (customers, amount(&row[4])))
    };
    table.rows.iter().map(row).collect()
}

pub(super) async fn a_new_customer_costs_the_same_by_month_and_by_year(house: &House) {
    let reports = reports(house).await;
    let card = async |from: &str, to: &str| {
        let scope = scope(from, to, 1, 1);
        reports.report("scorecard", &scope).await.unwrap().unwrap()
    };
    // What was spent in the year, and two thirds of what the platform cost: two of its three customers came.
    let spent = Decimal::from(800 + 116_000 + 9_000 + 4_000);
    let year = card("2026-01", "2026-12").await;
    assert_eq!(
        measure(&year, "new_customers").0,
        Some(Decimal::from(CAME.len() - 1))
    );
    let (each, before, change) = measure(&year, "cost_per_new_customer");
    assert_eq!(each, Some(spent / Decimal::from(10)));
    assert_eq!(before, Some(Decimal::from(2_000)));
    assert_eq!(change, Some(Decimal::new(549, 2)));
    // What quarters and months cost comes to what the year did, but for a month in which nobody came.
    for (months, nobody) in [(3, 0), (1, 1_000)] {
        let mut sum = Decimal::ZERO;
        for first in (1..=12).step_by(months) {
            let last = first + months - 1;
            let part = card(&format!("2026-{first:02}"), &format!("2026-{last:02}")).await;
            let came = measure(&part, "new_customers").0.unwrap();
            let each = measure(&part, "cost_per_new_customer").0;
            sum += each.unwrap_or_default() * came;
        }
        let missing = spent - sum - Decimal::from(nobody);
        assert!(missing.abs() < Decimal::new(1, 2), "{months}: {missing}");
    }
    let april = measure(&card("2026-04", "2026-04").await, "cost_per_new_customer");
    assert_eq!(april, (Some(Decimal::from(20_160)), None, None));
    let may = measure(&card("2026-05", "2026-05").await, "cost_per_new_customer");
    assert_eq!(may.0, Some(Decimal::new(30_533_333, 4)));
    assert_eq!(may.1, Some(Decimal::from(20_160)));
    // Another currency is another matter.
    let mut dollars = scope("2026-01", "2026-12", 1, 1);
    dollars.currency = "USD".to_owned();
    let dollars = reports.report("scorecard", &dollars).await;
    let dollars = measure(&dollars.unwrap().unwrap(), "cost_per_new_customer");
    assert_eq!(dollars.0, Some(Decimal::from(7)));
}

pub(super) async fn costs_of_cohorts_come_to_what_sources_cost(house: &House) {
    let reports = reports(house).await;
    let ask = async |from: &str, to: &str, step: i32, level: usize| {
        let scope = scope(from, to, step, level);
        cohorts(&reports.report("cohorts", &scope).await.unwrap().unwrap())
    };
    let all = Decimal::from(800 + 116_000 + 9_000 + 6_000);
    for level in [1, 2] {
        for step in [1, 3, 12] {
            let found = ask("2025-01", "2026-12", step, level).await;
            let cny = found.iter().filter(|(name, _)| name.ends_with("CNY"));
            let sum: Decimal = cny.clone().filter_map(|(_, (_, cost))| *cost).sum();
            assert_eq!(sum, all, "{found:#?}");
            let customers: i64 = cny.map(|(_, (customers, _))| customers).sum();
            assert_eq!(customers, 10, "{found:#?}");
        }
    }
    let check = |found: &BTreeMap<_, _>, name: &str, customers: i64, cost: Option<i64>| {
        let expected = (customers, cost.map(Decimal::from));
        assert_eq!(found.get(name), Some(&expected), "{name}: {found:#?}");
    };
    let months = ask("2026-01", "2026-12", 1, 2).await;
    let fair = "exhibition/canton-fair";
    check(&months, &format!("{fair} 2026-04 CNY"), 3, Some(60_600));
    check(&months, &format!("{fair} 2026-05 EUR"), 1, None);
    check(&months, &format!("{fair} 2026-10 CNY"), 1, Some(55_200));
    check(&months, &format!("{fair} 2026-12 CNY"), 0, Some(1_000));
    check(&months, "exhibition/paris 2026-05 USD", 0, Some(70));
    check(&months, "platform/alibaba 2026-01 CNY", 2, Some(4_000));
    check(&months, " 2026-06 CNY", 1, None);
    let quarters = ask("2026-01", "2026-12", 3, 1).await;
    check(&quarters, "exhibition 2026-Q2 CNY", 5, Some(69_600));
    check(&quarters, "exhibition 2026-Q4 CNY", 1, Some(56_200));
    check(&quarters, "platform 2026-Q1 CNY", 2, Some(4_000));
    let years = ask("2025-01", "2026-12", 12, 2).await;
    check(&years, &format!("{fair} 2026 CNY"), 4, Some(116_800));
    // A cohort costs the same, whichever span is looked at.
    for (name, found) in ask("2026-04", "2026-10", 1, 2).await {
        assert_eq!(months.get(&name), Some(&found), "{name}");
    }
}
