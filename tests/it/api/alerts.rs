//! Alerts: raised once, cleared once, signed, sent again until they are taken.

use std::sync::Arc;
use std::time::Duration;

use hmac::{Hmac, Mac};
use serde_json::Value;
use sha2::Sha256;
use tenon_api::alerts::{AlertSettings, Alerts, Watched, watch};
use tenon_connector::{Humane, Secret};
use tenon_core::Failure;
use tenon_pipeline::{Component, ComponentState, DEAD_QUEUE, Health};
use tokio_util::sync::CancellationToken;
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::site::{Site, call, eventually, get, order, post};

const SECRET: &str = "shared with the receiver";

fn settings(url: &str) -> AlertSettings {
    let soon = Humane(Duration::from_millis(50));
    AlertSettings {
        url: Some(Secret::parse(url).expect("plain")),
        secret: Some(Secret::parse(SECRET).expect("plain")),
        every: soon,
        stalled_for: soon,
        parked: 1,
        parked_for: Humane(Duration::from_secs(3600)),
        queued_for: soon,
    }
}

/// What the receiver was told so far: state, kind, subject. Each is signed.
async fn told(receiver: &MockServer) -> Vec<(String, String, String)> {
    let mut told = Vec::new();
    for request in receiver.received_requests().await.expect("recorded") {
        let mut hmac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("a key");
        hmac.update(&request.body);
        let expected = format!("sha256={}", hex::encode(hmac.finalize().into_bytes()));
        assert_eq!(request.headers["x-tenon-signature"], expected.as_str());
        let alert: Value = serde_json::from_slice(&request.body).expect("JSON");
        assert_eq!(
            request.headers["idempotency-key"],
            alert["id"].as_str().expect("an id")
        );
        assert!(
            alert["text"]
                .as_str()
                .is_some_and(|text| text.starts_with("Tenon: "))
        );
        let part = |name: &str| alert[name].as_str().expect("text").to_owned();
        told.push((part("state"), part("kind"), part("subject")));
    }
    told
}

fn entry(state: &str, kind: &str, subject: &str) -> (String, String, String) {
    (state.to_owned(), kind.to_owned(), subject.to_owned())
}

async fn until(receiver: &MockServer, expected: &[(String, String, String)]) {
    eventually(async || match told(receiver).await {
        told if told == expected => Ok(()),
        told => Err(format!("{told:?}, not {expected:?}")),
    })
    .await;
}

#[tokio::test]
async fn what_does_not_go_on_is_told_once_and_so_is_that_it_does_again() {
    let site = Site::declared().await;
    let receiver = MockServer::start().await;
    // Down for the first two attempts: the same alert is sent again, and then not any more.
    let down = Mock::given(method("POST")).respond_with(ResponseTemplate::new(503));
    down.up_to_n_times(2).mount(&receiver).await;
    let up = Mock::given(method("POST")).respond_with(ResponseTemplate::new(204));
    up.mount(&receiver).await;
    let health = Arc::new(Health::default());
    let stop = CancellationToken::new();
    let watched = Watched {
        store: site.store().clone(),
        depths: site.depths(),
        health: health.clone(),
        node: None,
    };
    let watching = tokio::spawn(watch(
        Alerts::new(settings(&receiver.uri())),
        watched,
        stop.clone(),
    ));
    let erp = Component("erp/deliver".to_owned());
    health.report_failure(&erp, &Failure::transient("x", "connection refused"));
    let raised = entry("raised", "connector.stalled", "erp/deliver");
    until(&receiver, &[raised.clone(), raised.clone(), raised.clone()]).await;
    health.report(&erp, ComponentState::Idle, 0);
    let cleared = entry("cleared", "connector.stalled", "erp/deliver");
    let mut expected = vec![raised.clone(), raised.clone(), raised, cleared];
    until(&receiver, &expected).await;
    health.report_failure(&erp, &Failure::bug("x", "broken"));
    expected.push(entry("raised", "connector.failed", "erp/deliver"));
    until(&receiver, &expected).await;
    // A queue that nobody works on.
    call(&site.router(), "orders", &order("SO-1")).await;
    eventually(async || match told(&receiver).await.last() {
        Some((state, kind, subject))
            if state == "raised" && kind == "queue.old" && subject.starts_with("inbound.") =>
        {
            Ok(())
        }
        other => Err(format!("{other:?}")),
    })
    .await;
    site.publish(DEAD_QUEUE, &[], "nobody knows what").await;
    eventually(async || match told(&receiver).await {
        told if told.contains(&entry("raised", "queue.dead", DEAD_QUEUE)) => Ok(()),
        told => Err(format!("{told:?}")),
    })
    .await;
    stop.cancel();
    watching.await.expect("it ends");
    let told = told(&receiver).await;
    assert!(
        !told.contains(&entry("raised", "queue.old", DEAD_QUEUE)),
        "{told:?}"
    );
}

#[tokio::test]
async fn too_many_parked_messages_are_told() {
    let site = Site::new().await;
    let receiver = MockServer::start().await;
    let up = Mock::given(method("POST")).respond_with(ResponseTemplate::new(200));
    up.mount(&receiver).await;
    let (hub, router) = site.run().await;
    for number in 0..2 {
        let body = format!(r#"{{"no":"SO-{number}","buyer":"B-1","amount":"much"}}"#);
        call(&router, "orders", &body).await;
    }
    let stop = CancellationToken::new();
    let watched = Watched {
        store: site.store().clone(),
        depths: site.depths(),
        health: Arc::default(),
        node: None,
    };
    let watching = tokio::spawn(watch(
        Alerts::new(settings(&receiver.uri())),
        watched,
        stop.clone(),
    ));
    eventually(async || {
        let told = told(&receiver).await;
        match told.contains(&entry("raised", "parked.many", "shop")) {
            true => Ok(()),
            false => Err(format!("{told:?}")),
        }
    })
    .await;
    stop.cancel();
    watching.await.expect("it ends");
    hub.stop().await;
}

#[tokio::test]
async fn what_stands_is_shown_with_since_when_and_a_trial_is_posted() {
    const BEARER: (&str, &str) = ("authorization", "Bearer let-me-in");
    let receiver = MockServer::start().await;
    let refused = Mock::given(method("POST")).respond_with(ResponseTemplate::new(403));
    refused.up_to_n_times(1).mount(&receiver).await;
    let up = Mock::given(method("POST")).respond_with(ResponseTemplate::new(204));
    up.mount(&receiver).await;
    let nowhere = Site::declared().await;
    let none = get(&nowhere.router(), "/api/v1/alerts").await.with(200);
    assert_eq!(
        none.json(),
        serde_json::json!({ "items": [], "posted": false })
    );
    let answer = post(&nowhere.router(), "/api/v1/alerts/test", &[BEARER], "").await;
    assert_eq!(answer.with(409).json()["code"], "alerts.nowhere");

    let mut quiet = settings(&receiver.uri());
    quiet.stalled_for = Humane(Duration::from_secs(3600));
    quiet.queued_for = Humane(Duration::from_secs(3600));
    let alerts = Alerts::new(quiet);
    let site = Site::declared().await.with_alerts(alerts.clone());
    let router = site.router();
    let answer = post(&router, "/api/v1/alerts/test", &[BEARER], "").await;
    let answer = answer.with(502).json();
    assert_eq!(answer["code"], "alerts.untaken");
    assert!(
        !answer["detail"]
            .as_str()
            .expect("why")
            .contains(&receiver.uri())
    );
    post(&router, "/api/v1/alerts/test", &[BEARER], "")
        .await
        .with(204);
    until(
        &receiver,
        &[
            entry("test", "test", "tenon"),
            entry("test", "test", "tenon"),
        ],
    )
    .await;

    let health = Arc::new(Health::default());
    let erp = Component("erp/deliver".to_owned());
    health.report_failure(&erp, &Failure::bug("x", "broken"));
    let since = health.reports()[&erp].since;
    let watched = Watched {
        store: site.store().clone(),
        depths: site.depths(),
        health: health.clone(),
        node: None,
    };
    let stop = CancellationToken::new();
    let watching = tokio::spawn(watch(alerts, watched, stop.clone()));
    let stands = async || get(&router, "/api/v1/alerts").await.with(200).json();
    let expected = serde_json::json!({ "posted": true, "items": [{ "kind": "connector.failed",
        "subject": "erp/deliver", "system": "erp", "detail": "broken", "since": since }] });
    eventually(async || match stands().await {
        found if found == expected => Ok(()),
        found => Err(format!("{found}")),
    })
    .await;
    health.report(&erp, ComponentState::Idle, 0);
    eventually(async || match stands().await["items"].as_array() {
        Some(items) if items.is_empty() => Ok(()),
        found => Err(format!("{found:?}")),
    })
    .await;
    stop.cancel();
    watching.await.expect("it ends");
}
