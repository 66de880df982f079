//! Health is open to everybody, and tells no reasons.

use std::sync::Arc;

use serde_json::{Value, json};
use tenon_core::Failure;
use tenon_pipeline::{Component, ComponentState, Health};

use super::site::{Site, eventually, get, get_openly};

#[tokio::test]
async fn the_process_lives_before_the_hub_is_ready() {
    let site = Site::new().await;
    let router = site.router();
    assert_eq!(
        get_openly(&router, "/health/live").await.with(200).json(),
        json!({ "status": "alive" })
    );
    let ready = get_openly(&router, "/health/ready").await.with(503).json();
    assert_eq!(ready, json!({ "ready": false, "components": {} }));
}

#[tokio::test]
async fn a_running_hub_is_ready_and_tells_each_component() {
    let site = Site::new().await;
    let (hub, router) = site.run().await;
    let ready = eventually(async || match get_openly(&router, "/health/ready").await {
        answer if answer.status == 200 => Ok(answer.json()),
        answer => Err(format!("{answer:?}")),
    })
    .await;
    assert_eq!(ready["ready"], true);
    for component in ["inbound.0", "inbound.1"] {
        let state = ready["components"][component]["state"].as_str();
        assert!(
            matches!(state, Some("idle" | "flowing")),
            "{component}: {ready:#}"
        );
    }
    hub.stop().await;
}

#[tokio::test]
async fn reasons_are_not_told_to_everybody() {
    let site = Site::new().await;
    let health = Arc::new(Health::default());
    health.report(&Component("inbound.0".to_owned()), ComponentState::Idle, 3);
    let failure = Failure::transient("connect", "no answer from erp.example.com:5432");
    health.report_failure(&Component("erp/deliver".to_owned()), &failure);
    let answer = get_openly(&site.router_with(site.access(), health), "/health/ready")
        .await
        .with(200);
    let told = answer.json();
    assert_eq!(told["components"]["erp/deliver"]["state"], "stalled");
    assert_eq!(told["components"]["inbound.0"]["messages"], 3);
    assert!(!answer.text().contains("example.com"), "{told:#}");
}

#[tokio::test]
async fn the_hub_tells_its_nodes_and_how_long_it_keeps_what() {
    let site = Site::new().await;
    let (hub, router) = site.run().await;
    let told = get(&router, "/api/v1/hub").await.with(200).json();
    assert_eq!(told["version"], env!("CARGO_PKG_VERSION"));
    let nodes = told["nodes"].as_array().expect("nodes");
    assert_eq!(nodes.len(), 1, "{told}");
    let node = &nodes[0];
    assert_eq!(
        (&node["own"], &node["present"], &node["version"]),
        (&json!(true), &json!(true), &told["version"])
    );
    assert_eq!(node["roles"], json!(["receive", "route", "deliver"]));
    let kept = &told["retention"];
    assert_eq!(kept["journal_seconds"], 90 * 86_400);
    assert_eq!(
        (&kept["oldest_message"], &kept["session_idle_seconds"]),
        (&Value::Null, &json!(7_200))
    );
    hub.stop().await;
    let told = get(&router, "/api/v1/hub").await.with(200).json();
    assert_eq!(told["nodes"], json!([]));
}
