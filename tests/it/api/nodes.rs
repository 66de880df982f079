//! Several nodes: each shows how all of them are getting on.

use serde_json::{Value, json};
use tenon_api::alerts::{AlertSettings, Alerts, Watched, watch};
use tenon_core::Failure;
use tenon_pipeline::Component;
use tokio_util::sync::CancellationToken;

use super::site::{Site, call, eventually, get, order};

#[tokio::test]
async fn what_another_node_does_and_cannot_do_is_shown() {
    let alerts = Alerts::new(AlertSettings::default());
    let site = Site::new().await.with_alerts(alerts.clone());
    let (one, here) = site.run().await;
    let (other, there) = site.run().await;
    let (one_node, other_node) = (one.reloader(), other.reloader());
    let inlet = async || -> Value {
        let connectors = get(&here, "/api/v1/connectors").await.with(200).json();
        let connectors = connectors.as_array().cloned().unwrap_or_default();
        let inlets = connectors.into_iter().filter(|one| one["name"] == "shop");
        let inlets = inlets.flat_map(|one| one["receives"].as_array().cloned().unwrap_or_default());
        let mut orders = inlets.filter(|inlet| inlet["name"] == "orders");
        orders.next().expect("the inlet")["now"].clone()
    };
    assert_eq!(inlet().await["messages"], 0);
    for number in 0..2 {
        call(&there, "orders", &order(&format!("SO-{number}"))).await;
    }
    call(&here, "orders", &order("SO-2")).await;
    let now = eventually(async || match inlet().await {
        now if now["messages"] == 3 => Ok(now),
        now => Err(now.to_string()),
    })
    .await;
    assert!(now["last_success"].is_string(), "{now}");
    assert!(now["node"].is_string(), "{now}");

    let broken = Component("till/receive/orders".to_owned());
    let failure = Failure::bug("x", "broken");
    other.health().report_failure(&broken, &failure);
    let stop = CancellationToken::new();
    let watched = Watched {
        store: site.store().clone(),
        depths: site.depths(),
        health: one.health().clone(),
        node: Some(one_node.node().clone()),
    };
    let watching = tokio::spawn(watch(alerts, watched, stop.clone()));
    let detail = format!("broken ({})", other_node.node().name);
    let alert = eventually(async || {
        let found = get(&here, "/api/v1/alerts").await.with(200).json();
        match found["items"].as_array().and_then(|items| items.first()) {
            Some(alert) => Ok(alert.clone()),
            None => Err(found.to_string()),
        }
    })
    .await;
    assert_eq!(
        (&alert["kind"], &alert["subject"], &alert["detail"]),
        (
            &json!("connector.failed"),
            &json!("till/receive/orders"),
            &json!(detail)
        )
    );
    stop.cancel();
    watching.await.expect("it ends");
    // Who has gone tells nothing any more.
    other.stop().await;
    eventually(async || match inlet().await {
        now if now["messages"] == 1 => Ok(()),
        now => Err(now.to_string()),
    })
    .await;
    one.stop().await;
}
