//! What is behind the numbers of reports: lists of customers and of opportunities that come to the same.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::Router;
use jiff::civil::date;
use serde_json::{Value, json};
use tenon_core::money::Decimal;
use tenon_insight::{day_number, month_number};
use tenon_store::insight::{
    CustomerRow, DocumentRow, ItemRow, MonthRow, OrderRow, ProductRow, Projection,
};
use tenon_store::{Postgres, PostgresOptions, SharedStore};
use uuid::Uuid;

use super::insight::enter;
use super::site::{Site, get};
use crate::servers::postgres_schema;

const CUSTOMERS: u64 = 60;
const SPAN: &str = "from=2026-01&to=2026-12";

fn id(number: u64) -> Uuid {
    Uuid::from_u64_pair(number.wrapping_mul(0x9e37_79b9_7f4a_7c15), number)
}

fn one_of(number: u64, among: &[&str]) -> Option<String> {
    let text = among[(number % among.len() as u64) as usize];
    (!text.is_empty()).then(|| text.to_owned())
}

fn customer(number: u64) -> CustomerRow {
    CustomerRow {
        id: id(number),
        version: 1,
        code: Some(format!("K{number}")),
        name: Some(format!("公司 {number}")),
        kind: one_of(number, &["customer", "channel_partner"]),
        stage: one_of(number, &["signed", "in_service", ""]),
        grade: one_of(number, &["ordinary", "diamond", ""]),
        industry: one_of(
            number,
            &[
                "retail",
                "retail/online",
                "retail/online/toys",
                "retail-x",
                "",
            ],
        ),
        source: one_of(
            number,
            &["exhibition/canton-fair", "exhibition", "platform/jd", ""],
        ),
        owner: one_of(number, &["王敏", "li", ""]),
        credit_days: None,
        known_on: Some(day_number(date(2025, 12, 20)) + 9 * number as i32),
        facts: String::new(),
    }
}

fn trade() -> Projection {
    let january = month_number(date(2026, 1, 1));
    let mut told = Projection {
        customers: (0..CUSTOMERS).map(customer).collect(),
        ..Projection::default()
    };
    for number in 0..CUSTOMERS {
        let party = id(number);
        let traded = BTreeSet::from([
            (number % 14, "CNY"),
            (number % 5 + 6, "CNY"),
            (number % 13, "EUR"),
        ]);
        for (month, currency) in traded {
            if number % 6 == 5 || (currency == "EUR" && number % 4 > 0) {
                continue;
            }
            // The first of them came the year before.
            let month = january - 2 + month as i32;
            told.months.push(MonthRow {
                party,
                month,
                currency: currency.to_owned(),
                orders: 1,
                ordered: 10_000 * (number as i64 + 1),
                invoiced: 5_000 * (number as i64 + 1),
                billed: 6_000,
                received: 777 * (number as i64 + 1),
            });
            told.products.push(ProductRow {
                party,
                item: id(1_000 + number % 3),
                month,
                currency: currency.to_owned(),
                quantity: 10_000,
                amount: 10_000 * (number as i64 + 1),
            });
        }
        let stages = ["met", "found", "quoted", "paid"];
        told.documents.push(DocumentRow {
            id: id(2_000 + number),
            entity: "opportunity".to_owned(),
            stamp: "1".to_owned(),
            position: 0,
            party,
            number: format!("OP-{number}"),
            day: Some(day_number(date(2025, 12, 1)) + 8 * number as i32),
            status: stages[(number % 4) as usize].to_owned(),
            outcome: one_of(number, &["open", "won", "lost"]),
            owner: None,
            source: None,
            currency: Some("CNY".to_owned()),
            amount: Some(10_000),
            score: None,
            facts: "{}".to_owned(),
        });
    }
    told.items = (0..3).map(item).collect();
    told.orders.push(order());
    told
}

fn item(number: u64) -> ItemRow {
    ItemRow {
        id: id(1_000 + number),
        stamp: String::new(),
        code: format!("SH-{number}"),
        name: format!("剃须刀 {number}"),
        cost: None,
        currency: None,
    }
}

fn order() -> OrderRow {
    OrderRow {
        id: id(3_000),
        party: id(7),
        kind: "order".to_owned(),
        number: "SO-7".to_owned(),
        contract: None,
        currency: "CNY".to_owned(),
        day: Some(day_number(date(2026, 3, 4))),
        status: "confirmed".to_owned(),
        state: "open".to_owned(),
        ordered: 0,
        shipped: 0,
        invoiced: 0,
        received: 0,
        short: 0,
        unbilled: 0,
        over_billed: 0,
        outstanding: 0,
        mixed: 0,
        short_on: None,
        unbilled_on: None,
        billed_on: None,
        settled_on: None,
        facts: "{}".to_owned(),
    }
}

/// The cells of each row by the names of their columns; nothing as `none`.
async fn rows(router: &Router, report: &str, query: &str) -> Vec<BTreeMap<String, String>> {
    let path = format!("/api/v1/insight/reports/{report}?{SPAN}&{query}");
    let table = get(router, &path).await.with(200).json();
    let columns = table["columns"].as_array().expect("columns");
    let cell = |value: &Value| match value {
        Value::Null => "none".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let row = |row: &Value| {
        let keys = columns.iter().map(|column| cell(&column["key"]));
        keys.zip(row.as_array().expect("a row").iter().map(cell))
            .collect()
    };
    let rows = table["rows"].as_array().expect("rows");
    assert!(!rows.is_empty(), "{report} {query}");
    rows.iter().map(row).collect()
}

/// All that a list holds, page by page.
async fn list(router: &Router, path: &str) -> Vec<Value> {
    let (mut found, mut after) = (Vec::new(), String::new());
    loop {
        let page = format!("/api/v1/insight/{path}&limit=23{after}");
        let page = get(router, &page).await.with(200).json();
        found.extend(page["items"].as_array().expect("items").iter().cloned());
        let Some(next) = page["next"].as_str() else {
            return found;
        };
        after = format!("&after={}", next.replace('/', "%2F").replace(' ', "%20"));
    }
}

fn escaped(text: &str) -> String {
    let bytes = text.bytes();
    bytes.map(|byte| format!("%{byte:02X}")).collect()
}

fn sum(items: &[Value], what: &str) -> Decimal {
    let amounts = items.iter().map(|item| {
        let amount = &item["bought"][what];
        amount
            .as_str()
            .map_or_else(|| amount.to_string(), str::to_owned)
    });
    amounts
        .map(|amount| amount.parse::<Decimal>().expect("an amount"))
        .sum()
}

fn number(text: &str) -> Decimal {
    text.parse().expect("a number")
}

async fn check(store: SharedStore, site: Site) {
    enter(&store).await;
    let insight = store.insight();
    let generation = insight.generations().await.expect("asked")[0].generation;
    insight
        .project(generation, 0, 0, &trade())
        .await
        .expect("projected");
    // Scored as they are when figures follow the journal.
    enter(&store).await;
    let router = site.router();
    let count = async |query: &str| {
        list(&router, &format!("customers?{query}"))
            .await
            .len()
            .to_string()
    };

    for by in ["industry", "source", "owner", "grade", "stage", "kind"] {
        for level in [1, 2] {
            for row in rows(&router, "segments", &format!("by={by}&level={level}")).await {
                let segment = escaped(&row["segment"]);
                let query = format!(
                    "customers?{by}={segment}&level={level}&{SPAN}&currency={}&sort=name",
                    row["currency"]
                );
                let found = list(&router, &query).await;
                assert_eq!(found.len().to_string(), row["customers"], "{query}");
                for figure in ["orders", "ordered", "invoiced", "received"] {
                    assert_eq!(
                        sum(&found, figure),
                        number(&row[figure]),
                        "{figure} of {query}"
                    );
                }
            }
        }
    }
    for row in rows(&router, "months", "").await {
        let (month, currency) = (&row["month"], &row["currency"]);
        let query = format!("from={month}&to={month}&currency={currency}");
        assert_eq!(count(&query).await, row["customers"], "{query}");
    }
    for level in [1, 2] {
        for row in rows(&router, "new_customers", &format!("level={level}")).await {
            let first: jiff::civil::Date = format!("{}-01", row["month"]).parse().expect("a day");
            let query = format!(
                "known_from={first}&known_to={}&owner={}&source={}&level={level}",
                first.last_of_month(),
                escaped(&row["owner"]),
                escaped(&row["source"])
            );
            assert_eq!(count(&query).await, row["customers"], "{query}");
        }
    }
    for row in rows(&router, "grades", "").await {
        let query = format!("grade={}", row["grade"]);
        assert_eq!(count(&query).await, row["customers"], "{query}");
    }
    for (unit, periods) in [("month", 12), ("quarter", 4), ("year", 1)] {
        for row in rows(&router, "cohorts", &format!("unit={unit}&level=2")).await {
            let place: u32 = match row["cohort"].rsplit_once(['-', 'Q']) {
                Some((_, place)) if periods > 1 => place.parse().expect("a place"),
                _ => 1,
            };
            let months = 12 / periods;
            let (first, last) = ((place - 1) * months + 1, place * months);
            let query = format!(
                "first_from=2026-{first:02}&first_to=2026-{last:02}&source={}&level=2&currency={}",
                escaped(&row["source"]),
                row["currency"]
            );
            assert_eq!(count(&query).await, row["customers"], "{unit} {query}");
        }
    }
    for row in rows(&router, "products", "").await {
        let query = format!(
            "customers?item={}&{SPAN}&currency={}",
            row["item"], row["currency"]
        );
        let found = list(&router, &query).await;
        assert_eq!(sum(&found, "ordered"), number(&row["amount"]), "{query}");
        assert_eq!(sum(&found, "quantity"), number(&row["quantity"]), "{query}");
    }
    let measures: BTreeMap<String, String> = rows(&router, "scorecard", "currency=EUR")
        .await
        .into_iter()
        .map(|row| (row["measure"].clone(), row["value"].clone()))
        .collect();
    let known = count("known_from=2026-01-01&known_to=2026-12-31").await;
    assert_eq!(number(&known), number(&measures["new_customers"]));
    let active = list(&router, &format!("customers?{SPAN}&currency=EUR")).await;
    assert_eq!(
        Decimal::from(active.len()),
        number(&measures["active_customers"])
    );
    assert_eq!(sum(&active, "invoiced"), number(&measures["sales"]));
    assert_eq!(sum(&active, "received"), number(&measures["receipts"]));
    for row in rows(&router, "funnel", "").await {
        let stage = &row["stage"];
        let days = "documents?entity=opportunity&from=2026-01-01&to=2026-12-31";
        let found = async |query: String| list(&router, &query).await.len().to_string();
        assert_eq!(
            found(format!("{days}&status={stage}")).await,
            row["standing"],
            "{row:?}"
        );
        assert_eq!(
            found(format!("{days}&reached={stage}")).await,
            row["reached"],
            "{row:?}"
        );
        let won = found(format!("{days}&status={stage}&outcome=won")).await;
        assert_eq!(won, row["won"], "{row:?}");
    }

    // A customer with an order: what it is, when it ordered last, and what it says of itself.
    let found = list(&router, "customers?last_from=2026-03-04&last_to=2026-03-04").await;
    let one = &found[0];
    assert_eq!(
        (found.len(), &one["code"], &one["last_order"], &one["owner"]),
        (1, &json!("K7"), &json!("2026-03-04"), &json!("li"))
    );
    let file = get(
        &router,
        &format!("/api/v1/insight/customers/export?owner=li&{SPAN}"),
    )
    .await
    .with(200);
    let lines = file.text().lines().count();
    assert_eq!(
        lines - 1,
        list(&router, &format!("customers?owner=li&{SPAN}"))
            .await
            .len()
    );
    let owners = get(&router, "/api/v1/insight/dimensions/owner")
        .await
        .with(200)
        .json();
    assert_eq!(owners.as_array().map(Vec::len), Some(2), "{owners}");
    // What a customer's page goes on with.
    let whole = get(&router, &format!("/api/v1/insight/customers/{}", id(7)))
        .await
        .with(200)
        .json();
    assert_eq!(
        whole["documents"]["opportunity"]["items"][0]["number"],
        "OP-7"
    );
    assert_eq!(whole["documents"]["opportunity"]["next"], Value::Null);
    let papers = list(
        &router,
        &format!("documents?entity=opportunity&customer={}", id(7)),
    )
    .await;
    assert_eq!(
        papers,
        *whole["documents"]["opportunity"]["items"]
            .as_array()
            .expect("papers")
    );

    for query in [
        "customers?sort=odd",
        "customers?after=x",
        "customers?sort=name&after=x",
        "customers?grade=odd",
        "customers?from=2026-13",
        "customers?from=2026-05&to=2026-01",
        "customers?item=SH-0",
        "customers?item=SH-9&from=2026-01",
        "customers?currency=odd",
        "documents?entity=odd",
        "documents?entity=order",
        "documents?entity=opportunity&reached=odd",
        "documents?entity=opportunity&after=x",
    ] {
        get(&router, &format!("/api/v1/insight/{query}"))
            .await
            .problem(400, "request.invalid");
    }
    get(&router, "/api/v1/insight/dimensions/colour")
        .await
        .with(404);
}

#[tokio::test]
async fn a_number_of_a_report_is_what_its_list_comes_to() {
    let site = Site::new().await;
    check(site.store().clone(), site).await;
}

#[tokio::test]
async fn a_number_of_a_report_is_what_its_list_comes_to_on_postgres() {
    let schema = postgres_schema();
    let opened = Postgres::connect(&schema.url(), PostgresOptions::default()).await;
    let store: SharedStore = Arc::new(opened.expect("connected"));
    store.migrate().await.expect("migrated");
    let site = Site::new().await.with_store(store.clone());
    check(store, site).await;
}
