//! Dead letters: looked at without their bodies, sent again where they came from, given up with a reason.

use serde_json::json;
use tenon_pipeline::{DEAD_QUEUE, inbound_queue};

use super::site::{Site, get, post};

const BEARER: (&str, &str) = ("authorization", "Bearer let-me-in");
const JSON: (&str, &str) = ("content-type", "application/json");
const LETTERS: &str = "/api/v1/dead-letters";

#[tokio::test]
async fn dead_letters_are_looked_at_sent_again_and_given_up() {
    let site = Site::declared().await;
    let router = site.router();
    let none = get(&router, LETTERS).await.with(200).json();
    assert_eq!(none, json!({ "total": 0, "items": [] }));
    let queue = inbound_queue(1);
    let headers = [
        ("cloudEvents_source", "shop"),
        ("tenon-dead-queue", queue.as_str()),
        ("tenon-dead-reason", "it has no id"),
        ("tenon-dead-at", "2026-03-02T08:15:30Z"),
    ];
    site.publish(DEAD_QUEUE, &headers, "call 021-60000001")
        .await;
    site.publish(DEAD_QUEUE, &headers, "another").await;

    let seen = get(&router, LETTERS).await.with(200);
    assert!(!seen.text().contains("021-60000001"), "{seen:?}");
    let seen = seen.json();
    let first = &seen["items"][0];
    assert_eq!(seen["total"], 2);
    assert_eq!(first["queue"], "inbound.1");
    assert_eq!(first["reason"], "it has no id");
    assert_eq!(first["at"], "2026-03-02T08:15:30Z");
    assert_eq!(
        (&first["source"], &first["bytes"]),
        (&json!("shop"), &json!(17))
    );
    assert_eq!(seen, get(&router, LETTERS).await.with(200).json());
    let id = |number: usize| seen["items"][number]["id"].as_str().expect("an id");

    let act = async |path: &str, body: serde_json::Value| {
        let path = format!("{LETTERS}/{path}");
        post(&router, &path, &[BEARER, JSON], body.to_string()).await
    };
    let shown = act(&format!("{}/reveal", id(0)), json!({ "because": "a call" })).await;
    let shown = shown.with(200).json();
    assert_eq!(shown["raw"], "call 021-60000001");
    assert_eq!(shown["headers"], json!([["cloudEvents_source", "shop"]]));
    let strange = act("strange/reveal", json!({})).await.with(404).json();
    assert_eq!(strange["code"], "dead_letter.unknown");

    act("redrive", json!({ "ids": [] })).await.with(400);
    let many: Vec<String> = (0..101).map(|number| number.to_string()).collect();
    act("redrive", json!({ "ids": many })).await.with(400);
    act("drop", json!({ "ids": [id(0)], "because": " " }))
        .await
        .with(400);
    assert_eq!(get(&router, LETTERS).await.with(200).json()["total"], 2);

    let sent = act("redrive", json!({ "ids": [id(1)] })).await.with(200);
    assert_eq!(sent.json(), json!({ "done": 1, "stay": [] }));
    assert_eq!(site.inbound().await, 1);
    let dropped = act("drop", json!({ "ids": [id(0)], "because": "a trial" })).await;
    assert_eq!(dropped.with(200).json(), json!({ "done": 1, "stay": [] }));
    assert_eq!(get(&router, LETTERS).await.with(200).json(), none);

    let trail = get(&router, "/api/v1/audit").await.with(200);
    assert!(!trail.text().contains("021-60000001"));
    let trail = trail.json();
    let noted: Vec<&str> = trail["items"]
        .as_array()
        .expect("entries")
        .iter()
        .filter(|entry| entry["outcome"] == "done")
        .filter_map(|entry| entry["action"].as_str())
        .collect();
    for action in [
        "dead_letter.revealed",
        "dead_letters.redriven",
        "dead_letters.dropped",
    ] {
        assert!(noted.contains(&action), "{action}: {noted:?}");
    }
}
