//! Webhooks: who may call, what is taken, and what is durable when 202 is answered.

use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::site::{SIGNING, Site, TOKEN, call, eventually, get, order, post};

const BEARER: (&str, &str) = ("authorization", "Bearer let-me-in");

#[tokio::test]
async fn what_is_accepted_stands_in_the_inbound_queue() {
    let site = Site::declared().await;
    let router = site.router();
    assert_eq!(site.inbound().await, 0);
    let ids = call(&router, "orders", &order("SO-1")).await;
    assert_eq!((ids.len(), site.inbound().await), (1, 1));
}

#[tokio::test]
async fn a_webhook_tells_what_it_took_and_when() {
    let site = Site::declared().await;
    let router = site.router();
    let orders = async || {
        let shop = get(&router, "/api/v1/connectors/shop")
            .await
            .with(200)
            .json();
        let inlets = shop["receives"].as_array().expect("inlets").clone();
        let found = inlets.into_iter().find(|inlet| inlet["name"] == "orders");
        found.expect("the webhook")["now"].clone()
    };
    let before = orders().await;
    assert_eq!(
        (&before["state"], &before["messages"]),
        (&"idle".into(), &0.into())
    );
    assert!(before["last_success"].is_null() && before["last_progress"].is_null());
    call(&router, "orders", &order("SO-1")).await;
    post(&router, "/in/shop/orders", &[BEARER], "no JSON")
        .await
        .with(400);
    let after = orders().await;
    assert_eq!(after["messages"], 1);
    assert!(after["last_success"].is_string() && after["last_progress"].is_string());
    assert_eq!(after["failing"], false);
    // How fast it is, is known once the node has looked twice.
    eventually(async || match orders().await["per_second"].as_f64() {
        Some(_) => Ok(()),
        None => Err("no rate yet".to_owned()),
    })
    .await;
}

#[tokio::test]
async fn what_is_not_durable_is_not_accepted() {
    // Nobody has declared the queues, so the broker cannot keep anything.
    let site = Site::new().await;
    let answer = post(&site.router(), "/in/shop/orders", &[BEARER], order("SO-1")).await;
    assert!(answer.status >= 500, "{answer:?}");
    assert_eq!(answer.headers["content-type"], "application/problem+json");
}

#[tokio::test]
async fn a_token_proves_the_caller() {
    let site = Site::declared().await;
    let router = site.router();
    for headers in [
        &[][..],
        &[("authorization", "Bearer let-me-out")],
        &[("authorization", "Bearer ")],
        &[("authorization", TOKEN)],
        &[("authorization", "Basic let-me-in")],
        &[("x-api-key", TOKEN)],
    ] {
        let answer = post(&router, "/in/shop/orders", headers, order("SO-1")).await;
        let detail = answer.problem(401, "webhook.refused");
        assert!(!detail.contains(TOKEN), "{detail}");
    }
    post(&router, "/in/shop/keyed", &[BEARER], order("SO-1"))
        .await
        .problem(401, "webhook.refused");
    assert_eq!(site.inbound().await, 0);
    post(
        &router,
        "/in/shop/orders",
        &[("authorization", "bearer let-me-in")],
        order("SO-1"),
    )
    .await
    .with(202);
    post(
        &router,
        "/in/shop/keyed",
        &[("x-api-key", TOKEN)],
        order("SO-2"),
    )
    .await
    .with(202);
    assert_eq!(site.inbound().await, 2);
}

fn signature(body: &str) -> String {
    let mut hmac = Hmac::<Sha256>::new_from_slice(SIGNING.as_bytes()).expect("any key will do");
    hmac.update(body.as_bytes());
    hex::encode(hmac.finalize().into_bytes())
}

#[tokio::test]
async fn a_signature_proves_the_caller_and_the_body() {
    let site = Site::declared().await;
    let router = site.router();
    let (one, two) = (order("SO-1"), order("SO-2"));
    let (signed, prefixed) = (signature(&one), format!("sha256={}", signature(&one)));
    for given in [&signed, &prefixed] {
        post(
            &router,
            "/in/shop/events",
            &[("x-signature", given)],
            one.clone(),
        )
        .await
        .with(202);
    }
    assert_eq!(site.inbound().await, 2);
    for (headers, body) in [
        (&[][..], &one),
        (&[("x-signature", signed.as_str())], &two),
        (&[("x-signature", "sha256=00")], &one),
        (&[("x-signature", "no hexadecimal")], &one),
        (&[BEARER], &one),
    ] {
        post(&router, "/in/shop/events", headers, body.clone())
            .await
            .problem(401, "webhook.refused");
    }
    assert_eq!(site.inbound().await, 2);
}

#[tokio::test]
async fn an_array_is_so_many_records() {
    let site = Site::declared().await;
    let router = site.router();
    let orders = format!(" [{}, {}, {}]", order("SO-1"), order("SO-2"), order("SO-3"));
    let ids = call(&router, "orders", &orders).await;
    assert_eq!((ids.len(), site.inbound().await), (3, 3));
    assert_eq!(call(&router, "orders", "[]").await, [] as [&str; 0]);
}

#[tokio::test]
async fn what_is_no_record_is_refused_whole() {
    let site = Site::declared().await;
    let router = site.router();
    let refused = async |body: &str| {
        let answer = post(&router, "/in/shop/orders", &[BEARER], body.to_owned()).await;
        answer.problem(400, "request.invalid")
    };
    for body in ["", "no JSON", "{", "{} {}", "[{]"] {
        assert!(refused(body).await.contains("no JSON"), "{body}");
    }
    assert!(refused("7").await.contains("record 1: "));
    assert!(
        refused(r#"{"buyer":"B-1"}"#)
            .await
            .contains("no field `no`")
    );
    let second = refused(&format!("[{}, {{}}]", order("SO-1"))).await;
    assert!(second.starts_with("record 2: "), "{second}");
    assert_eq!(site.inbound().await, 0);
}

#[tokio::test]
async fn only_webhooks_of_known_systems_take_records() {
    let site = Site::declared().await;
    let router = site.router();
    for path in [
        "/in/shop/invoices",
        "/in/store/orders",
        "/in/erp/invoice",
        "/in/NO SUCH/orders",
    ] {
        let answer = post(&router, &path.replace(' ', "%20"), &[BEARER], order("SO-1")).await;
        answer.problem(404, "unknown");
    }
    get(&router, "/in/shop/orders").await.problem(405, "method");
}

#[tokio::test]
async fn a_body_may_have_sixteen_mebibytes() {
    let site = Site::declared().await;
    let router = site.router();
    let head = order("SO-1").replace('}', ",\"remark\":\"");
    let sized = |size: usize| format!("{head}{}\"}}", "x".repeat(size - head.len() - 2));
    let largest = tenon_api::MAX_WEBHOOK_BODY;
    post(&router, "/in/shop/orders", &[BEARER], sized(largest))
        .await
        .with(202);
    let answer = post(&router, "/in/shop/orders", &[BEARER], sized(largest + 1)).await;
    answer.problem(413, "request.too_large");
    assert_eq!(site.inbound().await, 1);
}

#[tokio::test]
async fn an_event_that_comes_again_is_the_same_message() {
    let site = Site::declared().await;
    let router = site.router();
    let posted = async |event: &str, body: String| {
        let headers = [BEARER, ("x-event-id", event)];
        let answer = post(&router, "/in/shop/orders", &headers, body)
            .await
            .with(202);
        answer.json()["accepted"].clone()
    };
    let first = posted("event-1", order("SO-1")).await;
    assert_eq!(posted("event-1", order("SO-1")).await, first);
    assert_ne!(posted("event-2", order("SO-1")).await, first);
    let two = format!("[{}, {}]", order("SO-1"), order("SO-2"));
    let batch = posted("event-3", two.clone()).await;
    assert_ne!(batch[0], batch[1]);
    assert_eq!(posted("event-3", two).await, batch);
    // Without an event id each call is an event of its own.
    assert_ne!(
        call(&router, "orders", &order("SO-1")).await,
        call(&router, "orders", &order("SO-1")).await
    );
}

#[tokio::test]
async fn an_event_that_comes_again_takes_effect_once() {
    let site = Site::new().await;
    let (hub, router) = site.run().await;
    let headers = [BEARER, ("x-event-id", "event-1")];
    for _ in 0..3 {
        post(&router, "/in/shop/orders", &headers, order("SO-1"))
            .await
            .with(202);
    }
    // Behind them in the same lane, so that they have been dealt with when it is journaled.
    let last = call(&router, "orders", &order("SO-1")).await.remove(0);
    super::site::eventually(async || {
        match get(&router, &format!("/api/v1/messages/{last}")).await {
            answer if answer.status == 200 => Ok(()),
            answer => Err(format!("{answer:?}")),
        }
    })
    .await;
    let found = get(&router, "/api/v1/messages?key=SO-1")
        .await
        .with(200)
        .json();
    assert_eq!(
        found["items"].as_array().map(Vec::len),
        Some(2),
        "{found:#}"
    );
    hub.stop().await;
}

#[tokio::test]
async fn records_are_put_in_by_hand_as_their_system_would() {
    let site = Site::declared().await;
    let router = site.router();
    let send = async |name: &str, body: serde_json::Value| {
        let path = format!("/api/v1/connectors/{name}/send");
        let json = ("content-type", "application/json");
        post(&router, &path, &[BEARER, json], body.to_string()).await
    };
    let records = format!("{} [{}]", order("SO-1"), order("SO-2"));
    let sent =
        serde_json::json!({ "entity": "order", "records": records, "because": "lost there" });
    let accepted = send("shop", sent.clone()).await.with(202).json();
    assert_eq!(accepted["accepted"].as_array().map(Vec::len), Some(2));
    assert_eq!(site.inbound().await, 2);
    for (name, change, status, says) in [
        ("nobody", "", 404, "no connector `nobody`"),
        ("shop", r#"{"records":"{\"no\":"}"#, 400, "no JSON"),
        (
            "shop",
            r#"{"entity":"receipt"}"#,
            404,
            "no such inlet for `receipt`; it has: orders",
        ),
        ("shop", r#"{"inlet":"strange"}"#, 404, "no such inlet"),
    ] {
        let mut body = sent.clone();
        let change = serde_json::from_str(change).unwrap_or(serde_json::json!({}));
        for (key, value) in change.as_object().expect("an object") {
            body[key] = value.clone();
        }
        let answer = send(name, body).await.with(status);
        assert!(answer.text().contains(says), "{}", answer.text());
    }
    assert_eq!(site.inbound().await, 2);
    let trail = get(&router, "/api/v1/audit").await.with(200).json();
    let noted = trail["items"].as_array().expect("entries").iter();
    let noted =
        noted.filter(|entry| entry["action"] == "connector.sent" && entry["outcome"] == "done");
    let noted: Vec<_> = noted
        .map(|entry| (&entry["subject"], &entry["detail"]["because"]))
        .collect();
    assert_eq!(
        noted,
        [(&serde_json::json!("shop"), &serde_json::json!("lost there"))]
    );
}
