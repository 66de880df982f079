//! Contracts: listed, summed, as files, and what orders say of theirs.

use jiff::civil::date;
use serde_json::{Value, json};
use tenon_insight::day_number;
use tenon_store::insight::{ContractRow, CustomerRow, OrderRow, Projection};
use uuid::Uuid;

use super::insight::enter;
use super::site::{Site, get, items};

fn customer(number: u64) -> CustomerRow {
    CustomerRow {
        id: Uuid::from_u64_pair(7, number),
        version: 1,
        code: Some(format!("K{number}")),
        name: Some(format!("公司 {number}")),
        kind: None,
        stage: None,
        grade: None,
        industry: None,
        source: None,
        owner: None,
        credit_days: None,
        known_on: None,
        facts: String::new(),
    }
}

fn order(number: u64, contract: &str, ordered: i64) -> OrderRow {
    OrderRow {
        id: Uuid::from_u64_pair(8, number),
        party: customer(1).id,
        kind: "order".to_owned(),
        number: format!("SO-{number}"),
        contract: Some(contract.to_owned()),
        currency: "CNY".to_owned(),
        day: Some(day_number(date(2026, 3, number as i8))),
        status: "confirmed".to_owned(),
        state: "open".to_owned(),
        ordered,
        shipped: 0,
        invoiced: ordered / 2,
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

fn contract(number: &str, party: u64) -> ContractRow {
    ContractRow {
        number: number.to_owned(),
        document: Some(Uuid::from_u64_pair(9, party)),
        party: Some(customer(party).id),
        title: Some("=框架合同".to_owned()),
        status: Some("released".to_owned()),
        currency: Some("CNY".to_owned()),
        amount: Some(1_000_000),
        valid_from: Some(day_number(date(2026, 3, 2))),
        valid_until: Some(day_number(date(2026, 3, 31))),
        most: Some(1_000_000),
    }
}

#[tokio::test]
async fn contracts_are_shown_with_their_orders() {
    let site = Site::new().await;
    let (hub, router) = site.run().await;
    hub.stop().await;
    enter(site.store()).await;
    let insight = site.store().insight();
    let live = insight.generations().await.expect("asked").remove(0);
    let (ours, theirs, unknown) = ("HT/2026/1", "HT-2", "HT-3");
    let projection = Projection {
        customers: (1..=2).map(customer).collect(),
        orders: vec![
            order(1, ours, 700_000),
            order(2, ours, 400_000),
            order(3, theirs, 5_000),
            order(4, unknown, 5_000),
        ],
        contracts: vec![
            contract(ours, 1),
            contract(theirs, 2),
            ContractRow {
                number: unknown.to_owned(),
                ..ContractRow::default()
            },
        ],
        ..Projection::default()
    };
    insight
        .project(live.generation, live.position, live.position, &projection)
        .await
        .expect("entered");

    let all = get(&router, "/api/v1/insight/contracts").await.with(200);
    let numbers: Vec<Value> = items(&all)
        .iter()
        .map(|one| one["number"].clone())
        .collect();
    assert_eq!(numbers, [theirs, unknown, ours]);
    let one = &items(&all)[2];
    for (name, expected) in [
        ("customer_code", json!("K1")),
        ("amount", json!("100")),
        ("ordered", json!("110")),
        ("invoiced", json!("55")),
        ("left", json!("-10")),
        ("exceeded", json!("10")),
        ("outside", json!(1)),
        ("orders", json!(2)),
        ("valid_from", json!("2026-03-02")),
    ] {
        assert_eq!(one[name], expected, "{name} of {one}");
    }
    // Page by page, over a number with slashes in it.
    let mut seen = Vec::new();
    let mut path = "/api/v1/insight/contracts?limit=1".to_owned();
    loop {
        let page = get(&router, &path).await.with(200);
        seen.extend(items(&page).iter().map(|one| one["number"].clone()));
        let Some(next) = page.json()["next"].as_str().map(str::to_owned) else {
            break;
        };
        path = format!("/api/v1/insight/contracts?limit=1&after={next}");
    }
    assert_eq!(seen, numbers);
    for (query, expected) in [
        ("matter=exceeded", &[ours][..]),
        ("matter=outside", &[ours]),
        ("matter=unknown", &[unknown]),
        ("text=HT-2", &[theirs]),
        ("currency=EUR", &[]),
        (&format!("customer={}", customer(1).id), &[ours]),
    ] {
        let found = get(&router, &format!("/api/v1/insight/contracts?{query}")).await;
        let found = items(&found.with(200));
        let found: Vec<&str> = found
            .iter()
            .filter_map(|one| one["number"].as_str())
            .collect();
        assert_eq!(found, expected, "{query}");
    }
    let sums = get(&router, "/api/v1/insight/contracts/sums")
        .await
        .with(200);
    assert_eq!(
        sums.json(),
        json!([{ "currency": "CNY", "contracts": 2, "amount": "200", "ordered": "110.5", "invoiced": "55.25",
            "received": "0", "matters": [
                { "matter": "exceeded", "contracts": 1, "amount": "10" },
                { "matter": "outside", "contracts": 1, "amount": null },
                { "matter": "unknown", "contracts": 1, "amount": "0.5" }] }])
    );
    // What begins as a formula does in a spreadsheet is text there.
    let file = get(&router, "/api/v1/insight/contracts/export?matter=exceeded");
    let file = file.await.with(200);
    let lines: Vec<&str> = file.text().lines().collect();
    assert_eq!(lines.len(), 2, "{}", file.text());
    assert!(lines[1].contains("'=框架合同"), "{}", lines[1]);

    let orders = get(&router, "/api/v1/insight/orders").await.with(200);
    let matters: Vec<(String, Value)> = items(&orders)
        .iter()
        .map(|one| {
            let number = one["number"].as_str().expect("text").to_owned();
            (number, one["contract_matters"].clone())
        })
        .collect();
    let expected = [
        ("SO-4", json!(["unknown"])),
        ("SO-3", json!(["other_customer"])),
        ("SO-2", json!(["exceeded"])),
        ("SO-1", json!(["exceeded", "outside"])),
    ];
    let expected = expected.map(|(number, matters)| (number.to_owned(), matters));
    assert_eq!(matters, expected);
    for path in [
        "contracts?matter=odd",
        "contracts?after=x",
        "contracts?customer=x",
        "contracts/export?format=pdf",
    ] {
        let path = format!("/api/v1/insight/{path}");
        get(&router, &path).await.with(400);
    }
}
