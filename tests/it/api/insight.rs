//! Figures: as JSON and as files, and what is asked wrongly.

use std::sync::Arc;

use serde_json::{Value, json};
use tenon_insight::{Policy, REPORTS, Turn};
use tenon_store::SharedStore;
use tenon_store::insight::{DocumentRow, Projection};
use uuid::Uuid;

use super::site::{Site, TOKEN, call, eventually, get, order, post};

/// Enters everything that is journaled.
pub(super) async fn enter(store: &SharedStore) {
    let claim = store.claim("insight").await.expect("asked").expect("free");
    let mut turn = Turn::alone(store.insight(), Arc::<Policy>::default());
    while turn.take(claim.as_ref()).await.expect("entered") {}
}

#[tokio::test]
async fn figures_are_shown_and_kept_as_files() {
    let site = Site::new().await;
    let (hub, router) = site.run().await;
    let early = get(&router, "/api/v1/insight/orders").await.with(503);
    assert_eq!(early.json()["code"], "insight.starting");
    let id = call(&router, "orders", &order("SO-1")).await.remove(0);
    eventually(
        async || match get(&router, &format!("/api/v1/messages/{id}")).await {
            answer if answer.status == 200 => Ok(()),
            answer => Err(answer.text().to_owned()),
        },
    )
    .await;
    hub.stop().await;
    enter(site.store()).await;

    let orders = get(&router, "/api/v1/insight/orders")
        .await
        .with(200)
        .json();
    assert_eq!(orders["items"][0]["number"], "SO-1", "{orders}");
    assert_eq!(orders["next"], serde_json::Value::Null);
    let exceptions = get(&router, "/api/v1/insight/exceptions")
        .await
        .with(200)
        .json();
    assert_eq!(exceptions[0]["orders"], 1, "{exceptions}");
    let state = get(&router, "/api/v1/insight").await.with(200).json();
    assert_eq!(
        (&state[0]["live"], &state[0]["lag_seconds"]),
        (&json!(true), &json!(0)),
        "{state}"
    );
    assert_eq!(state[0]["end"], state[0]["position"], "{state}");
    let of_days = async |query: &str| {
        let path = format!("/api/v1/insight/orders?currency=CNY&{query}");
        let found = get(&router, &path).await.with(200).json();
        found["items"].as_array().map(Vec::len)
    };
    assert_eq!(of_days("from=2026-03-01&to=2026-03-01").await, Some(1));
    assert_eq!(of_days("from=2026-03-02").await, Some(0));
    assert_eq!(of_days("to=2026-02-28&sort=oldest").await, Some(0));
    assert_eq!(of_days("matter=overdue&sort=most").await, Some(0));
    let policy = get(&router, "/api/v1/insight/policy")
        .await
        .with(200)
        .json();
    assert_eq!(
        (&policy["credit_days"], &policy["reconciliation"]),
        (
            &json!(30),
            &json!({ "tolerance_share": "0", "tolerance_amounts": {}, "short_days": 0, "billing_days": 0 })
        )
    );
    assert_eq!(
        policy["score"][1],
        json!({ "name": "sales", "weight": 35, "full": "1000000" })
    );
    // What is journaled and not yet entered is behind.
    site.sql("update insight_generation set position = 0").await;
    let behind = get(&router, "/api/v1/insight").await.with(200).json();
    assert_eq!(behind[0]["position"], 0);
    assert!(behind[0]["end"].as_i64() > Some(0), "{behind}");

    let file = get(&router, "/api/v1/insight/orders/export")
        .await
        .with(200);
    assert!(file.text().contains("SO-1"), "{}", file.text());
    let kept = file.headers["content-disposition"].to_str().expect("text");
    assert_eq!(kept, "attachment; filename=\"reconciliation.csv\"");
    for name in REPORTS {
        let path = format!("/api/v1/insight/reports/{name}");
        let report = get(&router, &path).await.with(200).json();
        assert!(
            !report["columns"].as_array().expect("columns").is_empty(),
            "{name}"
        );
        for (format, mark) in [("xlsx", b"PK"), ("parquet", b"PA")] {
            let file = get(&router, &format!("{path}/export?format={format}"))
                .await
                .with(200);
            assert!(file.body.starts_with(mark), "{name} as {format}");
        }
    }
    let grades = get(&router, "/api/v1/insight/grades")
        .await
        .with(200)
        .json();
    assert_eq!(grades["policy"].as_array().map(Vec::len), Some(5));

    for (path, status) in [
        ("orders?matter=odd", 400),
        ("reports/months?from=2026-13", 400),
        ("reports/months?from=2026-05&to=2026-01", 400),
        ("reports/segments?by=colour", 400),
        ("reports/none", 404),
        ("grades?after=x", 400),
        ("orders?sort=most&matter=short", 400),
        ("orders?sort=most&currency=CNY", 400),
        ("orders?sort=odd", 400),
        ("orders?from=yesterday", 400),
        ("grades/decisions?customer=x", 400),
        ("grades/00000000-0000-0000-0000-000000000001", 404),
        ("customers/00000000-0000-0000-0000-000000000001", 404),
    ] {
        get(&router, &format!("/api/v1/insight/{path}"))
            .await
            .with(status);
    }
}

#[tokio::test]
async fn an_order_stands_with_its_shipments_invoices_and_receipts() {
    let site = Site::new().await;
    let router = site.router();
    enter(site.store()).await;
    let id = |number: u64| Uuid::from_u64_pair(1, number);
    // Two orders with a document of each kind; the receipt names the invoice alone.
    let told = [
        (1, "order", "SO-1", vec![]),
        (2, "shipment", "DN-1", vec![1]),
        (3, "invoice", "FP-1", vec![1]),
        (4, "receipt", "SK-1", vec![3]),
        (5, "order", "SO-2", vec![]),
        (6, "invoice", "FP-2", vec![5]),
    ];
    let mut projection = Projection::default();
    for (number, entity, called, names) in &told {
        let subjects: Vec<_> = names
            .iter()
            .map(|named| json!({ "id": id(*named) }))
            .collect();
        projection
            .links
            .extend(names.iter().map(|named| (id(*named), id(*number))));
        projection.documents.push(DocumentRow {
            id: id(*number),
            entity: (*entity).to_owned(),
            stamp: "1".to_owned(),
            position: 0,
            party: id(100),
            number: (*called).to_owned(),
            day: Some(20_000 + *number as i32),
            status: "issued".to_owned(),
            outcome: None,
            owner: None,
            source: None,
            currency: Some("CNY".to_owned()),
            amount: Some(199_000),
            score: None,
            facts: json!({ "amount": "19.9", "facts": { "subjects": subjects } }).to_string(),
        });
    }
    let insight = site.store().insight();
    insight
        .project(1, 0, 0, &projection)
        .await
        .expect("projected");
    let together = async |number: u64| {
        let path = format!("/api/v1/insight/documents/{}", id(number));
        let found = get(&router, &path).await.with(200).json();
        let documents = found.as_array().expect("documents").clone();
        documents
            .iter()
            .map(|document| document["number"].as_str().expect("a number").to_owned())
            .collect::<Vec<_>>()
    };
    for number in [1, 2, 3, 4] {
        assert_eq!(
            together(number).await,
            ["SO-1", "DN-1", "FP-1", "SK-1"],
            "from {number}"
        );
    }
    assert_eq!(together(6).await, ["SO-2", "FP-2"]);
    assert_eq!(together(404).await, [] as [&str; 0]);
    let path = format!("/api/v1/insight/documents/{}", id(3));
    let found = get(&router, &path).await.with(200).json();
    assert_eq!(
        (&found[2]["entity"], &found[2]["amount"], &found[2]["names"]),
        (&json!("invoice"), &json!("19.9"), &json!([id(1)]))
    );
}

#[tokio::test]
async fn scores_are_listed_customers_rated_and_decisions_told() {
    let site = Site::new().await;
    let (hub, router) = site.run().await;
    let customer = json!({ "id": "K-1", "firm": "上海晨光剃须刀贸易有限公司",
        "tax": "91350100M000100Y43", "call": "021-60000000" });
    call(&router, "customers", &customer.to_string()).await;
    let master = eventually(
        async || match get(&router, "/api/v1/masters/shop%2FK-1").await {
            answer if answer.status == 200 => Ok(answer.json()),
            answer => Err(answer.text().to_owned()),
        },
    )
    .await;
    let master = master["master_id"].as_str().expect("an id").to_owned();
    let rate = async |body: Value| {
        let path = format!("/api/v1/insight/grades/{master}/rating");
        let bearer = format!("Bearer {TOKEN}");
        let headers = [
            ("authorization", bearer.as_str()),
            ("content-type", "application/json"),
        ];
        post(&router, &path, &headers, body.to_string()).await
    };
    rate(json!({ "cooperation": 101, "because": "too good" }))
        .await
        .problem(400, "request.invalid");
    rate(json!({ "cooperation": 80, "because": "pays and talks" }))
        .await
        .with(200);
    hub.stop().await;
    enter(site.store()).await;
    let scores = async |query: &str| {
        let path = format!("/api/v1/insight/customers?sort=-score&{query}");
        let found = get(&router, &path).await.with(200).json();
        found["items"].as_array().expect("scores").clone()
    };
    let all = scores("").await;
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!(
        (&all[0]["id"], &all[0]["cooperation"], &all[0]["grade"]),
        (&json!(master), &json!(80), &Value::Null)
    );
    for (query, found) in [
        ("grade=none", 1),
        ("grade=diamond", 0),
        ("owner=nobody", 0),
        ("text=%E6%99%A8%E5%85%89", 1),
        ("text=shop%2FK-1", 1),
        ("text=elsewhere", 0),
        (&format!("after=0/{master}"), 0),
        (&format!("after=1/{master}"), 1),
    ] {
        assert_eq!(scores(query).await.len(), found, "{query}");
    }
    let decisions = async |query: &str| {
        let path = format!("/api/v1/insight/grades/decisions{query}");
        let found = get(&router, &path).await.with(200).json();
        found["items"].as_array().expect("decisions").clone()
    };
    let told = decisions("").await;
    assert_eq!(told.len(), 1, "{told:?}");
    let one = &told[0];
    assert_eq!(
        (&one["decision"], &one["cooperation"], &one["because"]),
        (&json!("rate"), &json!(80), &json!("pays and talks"))
    );
    assert_eq!(
        (&one["customer"], &one["name"], &one["by"], &one["outcome"]),
        (
            &json!(master),
            &json!("上海晨光剃须刀贸易有限公司"),
            &json!("token:configured"),
            &json!("done")
        )
    );
    assert_eq!(decisions(&format!("?customer={master}")).await, told);
    let nobody = "?customer=00000000-0000-0000-0000-000000000001";
    assert_eq!(decisions(nobody).await, Vec::<Value>::new());
}
