//! Figures: as JSON and as files, and what is asked wrongly.

use std::sync::Arc;

use tenon_insight::{Policy, REPORTS, Turn};
use tenon_store::SharedStore;

use super::site::{Site, call, eventually, get, order};

/// Enters everything that is journaled.
async fn enter(store: &SharedStore) {
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
    assert_eq!(state[0]["live"], true, "{state}");

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
        ("grades/00000000-0000-0000-0000-000000000001", 404),
        ("customers/00000000-0000-0000-0000-000000000001", 404),
    ] {
        get(&router, &format!("/api/v1/insight/{path}"))
            .await
            .with(status);
    }
}
