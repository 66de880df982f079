//! What was ordered of items over any span of months, against a count by hand; figures of an older release; and
//! the ids of customers that were merged.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;
use serde_json::json;
use tenon_core::money::Decimal;
use tenon_core::{Entity, Fact};
use tenon_insight::{Cell, Policy, Reports, Scope, Table, month_of};
use tenon_store::insight::{Insight, MatterFilter, ReportFilter};
use tenon_store::{Commit, Inbound, Move};
use uuid::Uuid;

use super::fixtures::{House, write};
use super::insight::{catch_up, event, master, papers, stated, to};

/// In the middle of a quarter.
const FIRST: i32 = 2024 * 12 + 4;
const MONTHS: i32 = 30;

/// How many of an item are ordered in a month. An item costs 6.50 and is sold at 10.00, or at 8.00 in some months.
fn ordered(item: &str, month: i32) -> (i64, i64) {
    let place = i64::from(month - FIRST);
    let price = if place % 4 == 0 { 8 } else { 10 };
    match item {
        "A" => (3 + place * place % 11, price),
        _ => (1 + place * 7 % 5, 10),
    }
}

fn order(number: String, customer: &str, item: &str, day: Date, sold: (i64, i64)) -> Inbound {
    let (quantity, price) = sold;
    let amount = format!("{}.00", quantity * price);
    let body = json!({ "number": number, "customer": to(Entity::Customer, customer),
        "order_date": day.to_string(), "currency": "CNY", "status": "closed",
        "totals": { "net": amount, "tax": "0.00", "gross": amount },
        "lines": [{ "number": 1, "item": to(Entity::Item, item), "quantity": quantity.to_string(),
            "unit_price": format!("{price}.00"), "tax_rate": "0", "amount": amount }] });
    stated(Entity::Order, &number, body)
}

fn customer(id: &str) -> Inbound {
    stated(
        Entity::Customer,
        id,
        json!({ "legal_name": id, "kind": "customer", "industry": "retail/online" }),
    )
}

fn item(code: &str) -> Inbound {
    let body =
        json!({ "code": code, "name": code, "standard_cost": "6.50", "cost_currency": "CNY" });
    stated(Entity::Item, code, body)
}

/// One customer that orders both items every month.
async fn years(house: &House) {
    let mut messages = vec![customer("K-1"), item("A"), item("B")];
    for month in FIRST..FIRST + MONTHS {
        for code in ["A", "B"] {
            let number = format!("O-{month}-{code}");
            let sold = ordered(code, month);
            messages.push(order(number, "K-1", code, month_of(month), sold));
        }
    }
    let commit = Commit {
        messages,
        ..Commit::default()
    };
    house.store.commit(commit).await.unwrap();
}

/// Quantity, amount and cost of an item in months.
fn counted(item: &str, months: ReportFilter) -> (Decimal, Decimal, Decimal) {
    let span = (months.from..=months.to).filter(|month| (FIRST..FIRST + MONTHS).contains(month));
    let (mut quantity, mut amount) = (0, 0);
    for month in span {
        let (many, price) = ordered(item, month);
        quantity += many;
        amount += many * price;
    }
    let cost = Decimal::new(quantity * 65, 1);
    (quantity.into(), amount.into(), cost)
}

fn share(part: Decimal, whole: Decimal) -> Cell {
    match whole.is_zero() {
        true => Cell::Nothing,
        false => Cell::Exact((part / whole).round_dp(4).normalize()),
    }
}

/// The rows of a report by their first cells, each by the names of its columns.
fn rows(table: Table) -> BTreeMap<String, BTreeMap<String, Cell>> {
    let keys: Vec<String> = table.columns.into_iter().map(|column| column.key).collect();
    let name = |row: &[Cell]| match &row[0] {
        Cell::Text(name) => name.clone(),
        other => panic!("{other:?} is no name"),
    };
    let rows = table.rows.into_iter();
    rows.map(|row| (name(&row), keys.iter().cloned().zip(row).collect()))
        .collect()
}

fn number(cell: &Cell) -> Decimal {
    match cell {
        Cell::Exact(number) => number.normalize(),
        other => panic!("{other:?} is no amount"),
    }
}

pub(super) async fn growth_and_margin_are_of_the_months_that_are_asked_for(house: &House) {
    years(house).await;
    catch_up(&house.store).await;
    let today = month_of(FIRST + MONTHS);
    let reports = Reports::open(house.store.insight(), Arc::<Policy>::default(), today);
    let reports = reports.await.unwrap().unwrap();
    let report = async |name: &str, scope: &Scope| {
        let table = reports.report(name, scope).await.unwrap();
        rows(table.unwrap())
    };
    for length in [1, 3, 12] {
        // Each month of a quarter is a beginning.
        for from in FIRST + 12..FIRST + 18 {
            let months = ReportFilter {
                from,
                to: from + length - 1,
            };
            let before = ReportFilter {
                from: from - length,
                to: from - 1,
            };
            let scope = Scope {
                months,
                level: 1,
                by: "industry".to_owned(),
                currency: "CNY".to_owned(),
                customer: None,
                step: 1,
            };
            let products = report("products", &scope).await;
            let (mut costed, mut cost) = (Decimal::ZERO, Decimal::ZERO);
            for (code, row) in &products {
                let (quantity, amount, spent) = counted(code, months);
                let (_, earlier, _) = counted(code, before);
                assert_eq!(number(&row["quantity"]), quantity, "{code} {months:?}");
                assert_eq!(number(&row["amount"]), amount, "{code} {months:?}");
                assert_eq!(number(&row["before"]), earlier, "{code} {months:?}");
                let growth = share(amount - earlier, earlier);
                assert_eq!(row["growth"], growth, "{code} {months:?}");
                let margin = share(amount - spent, amount);
                assert_eq!(row["margin_share"], margin, "{code} {months:?}");
                costed += amount;
                cost += spent;
            }
            assert_eq!(products.len(), 2, "{months:?}");
            let segments = report("segments", &scope).await;
            let margin = number(&segments["retail"]["margin"]);
            assert_eq!(margin, (costed - cost).normalize(), "{months:?}");
            let measures = report("scorecard", &scope).await;
            let margin = &measures["margin"]["value"];
            assert_eq!(*margin, share(costed - cost, costed), "{months:?}");
            // One customer, and both items in any three months.
            let items = &measures["items_per_customer"];
            let two = Cell::Exact(Decimal::from(2));
            assert_eq!((&items["value"], &items["before"]), (&two, &two));
        }
    }
}

/// What was ordered of all items, by their codes.
async fn amounts(insight: &Insight, generation: i32) -> Vec<(String, Decimal)> {
    let all = ReportFilter {
        from: 0,
        to: 100_000,
    };
    let found = insight.products(generation, all, None).await.unwrap();
    let mut found: Vec<_> = found
        .into_iter()
        .map(|row| (row.code.unwrap(), row.amount))
        .collect();
    found.sort();
    found
}

pub(super) async fn products_by_quarter_are_made_anew_by_month(house: &House) {
    years(house).await;
    let before = catch_up(&house.store).await;
    let insight = house.store.insight();
    let right = amounts(&insight, before).await;
    assert_eq!(right.len(), 2);
    let by_quarter = "select count(*) from insight_product";
    let shown = "select count(*) from bi_product";
    let quarters = house.number(shown).await;
    assert_eq!(house.number(by_quarter).await, 0);
    // As a node of the release before would have left them.
    house
        .sql(
            "insert into insight_product (generation, party, item, quarter, currency, quantity, amount)
             select generation, party, item, month / 3, currency, sum(quantity), sum(amount)
             from insight_product_month group by generation, party, item, month / 3, currency",
        )
        .await;
    house.sql("delete from insight_product_month").await;
    assert_eq!(house.number(shown).await, quarters);
    assert_eq!(amounts(&insight, before).await, []);
    let anew = catch_up(&house.store).await;
    assert_eq!(anew, before + 1);
    assert_eq!(amounts(&insight, anew).await, right);
    assert_eq!(house.number(by_quarter).await, 0);
    assert_eq!(house.number(shown).await, quarters);
    assert_eq!(catch_up(&house.store).await, anew, "once");
    // A node of the release before is still there, and counts on in its way.
    house
        .sql(
            "insert into insight_product (generation, party, item, quarter, currency, quantity, amount)
             select generation, party, item, 1, 'CNY', 10000, 10000 from insight_product_month limit 1",
        )
        .await;
    let mixed = amounts(&insight, anew).await;
    assert_eq!(mixed, [], "nothing rather than a part");
    let last = catch_up(&house.store).await;
    assert_eq!(last, anew + 1);
    assert_eq!(amounts(&insight, last).await, right);
    assert_eq!(insight.generations().await.unwrap().len(), 1);
}

pub(super) async fn a_merged_customer_is_asked_for_by_any_of_its_ids(house: &House) {
    let (one, two) = (
        master(Entity::Customer, "K-1"),
        master(Entity::Customer, "K-2"),
    );
    let day = month_of(FIRST);
    let opportunity = json!({ "number": "P-2", "name": "more", "outcome": "open",
        "customer": to(Entity::Customer, "K-2"), "stage": "quoted", "currency": "CNY", "amount": "500.00" });
    let commit = Commit {
        messages: vec![
            customer("K-1"),
            customer("K-2"),
            customer("K-3"),
            item("A"),
            item("B"),
            item("C"),
            order("O-1".to_owned(), "K-1", "A", day, (2, 10)),
            order("O-2".to_owned(), "K-2", "B", day, (3, 10)),
            order("O-3".to_owned(), "K-3", "C", day, (4, 10)),
            stated(Entity::Opportunity, "P-2", opportunity),
        ],
        masters: vec![write(one, 1, None), write(two, 1, None)],
        ..Commit::default()
    };
    house.store.commit(commit).await.unwrap();
    let mut gone = write(two, 2, Some(1));
    gone.row.merged_into = Some(one);
    let merged = Commit {
        messages: vec![
            event(Fact::Merged, "K-1", 2),
            stated_again("K-1", 3),
            stated_again("K-3", 3),
        ],
        masters: vec![write(one, 2, Some(1)), gone],
        moves: vec![Move::Merge {
            survivor: one,
            merged: two,
        }],
        ..Commit::default()
    };
    house.store.commit(merged).await.unwrap();
    let generation = catch_up(&house.store).await;
    let insight = house.store.insight();
    for id in [one.0, two.0] {
        let asked = of(&insight, generation, id).await;
        let expected = "O-1 O-2; months 2; products A B; quoted 1; hints C; papers 2";
        assert_eq!(asked, expected, "{id}");
    }
    let other = master(Entity::Customer, "K-3").0;
    let asked = of(&insight, generation, other).await;
    let expected = "O-3; months 1; products C; ; hints A B; papers 1";
    assert_eq!(asked, expected);
}

/// The customer told again, after whatever was told of it before.
fn stated_again(id: &str, version: i64) -> Inbound {
    let mut message = customer(id);
    message.attributes.sequence = Some(version);
    message.attributes.id = tenon_core::MessageId::derive(&["again", id, &version.to_string()]);
    message
}

/// Everything that figures tell of a customer.
async fn of(insight: &Insight, generation: i32, id: Uuid) -> String {
    let all = ReportFilter {
        from: 0,
        to: 100_000,
    };
    let sorted = |mut words: Vec<String>| {
        words.sort();
        words.join(" ")
    };
    let filter = MatterFilter {
        customer: Some(id),
        ..MatterFilter::default()
    };
    let orders = insight.orders(generation, &filter, None, 10).await;
    let orders = orders.unwrap().into_iter().map(|page| page.row.number);
    let months = insight.months(generation, all, Some(id)).await.unwrap();
    let months: i64 = months.iter().map(|month| month.orders).sum();
    let products = insight.products(generation, all, Some(id)).await.unwrap();
    let products = products.into_iter().map(|row| row.code.unwrap());
    let funnel = insight.funnel(generation, (0, 100_000), Some(id)).await;
    let funnel = funnel.unwrap().into_iter();
    let funnel = funnel.map(|row| format!("{} {}", row.stage, row.opportunities));
    let hints = insight.unbought(generation, id, 0, 10).await.unwrap();
    let hints = hints.into_iter().map(|row| row.code.unwrap());
    let papers = papers(insight, generation, id, "order").await;
    format!(
        "{}; months {months}; products {}; {}; hints {}; papers {}",
        sorted(orders.collect()),
        sorted(products.collect()),
        sorted(funnel.collect()),
        sorted(hints.collect()),
        papers.len()
    )
}
