//! What attackers try: injection, oversize, markup in payloads, secrets in logs.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use super::site::{Site, TOKEN, ask, call, eventually, get, order, post};

/// Texts that would do harm if they were taken for anything but text.
const NASTY: [&str; 8] = [
    "' or '1'='1",
    "'; drop table journal; --",
    "%27%20union%20select%20password%20from%20account--",
    "../../../../etc/passwd",
    "<script>alert(1)</script>",
    "${jndi:ldap://127.0.0.1/x}",
    "\u{202e}\u{0}\u{feff}",
    "{{7*7}}",
];

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[tokio::test]
async fn text_in_searches_stays_text() {
    let site = Site::new().await;
    let (hub, router) = site.run().await;
    call(&router, "orders", &order("SO-1")).await;
    eventually(
        async || match get(&router, "/api/v1/messages").await.json()["items"] {
            Value::Array(ref items) if items.len() == 1 => Ok(()),
            ref other => Err(other.to_string()),
        },
    )
    .await;
    for text in NASTY {
        let text = encoded(text);
        for path in [
            format!("/api/v1/messages?key={text}"),
            format!("/api/v1/messages?state={text}"),
            format!("/api/v1/messages?source={text}"),
            format!("/api/v1/messages?text={text}"),
            format!("/api/v1/messages?entity={text}"),
            format!("/api/v1/deliveries?text={text}"),
            format!("/api/v1/deliveries?system={text}&source={text}"),
            format!("/api/v1/deliveries?after={text}"),
            format!("/api/v1/parked?reason={text}"),
            format!("/api/v1/parked?key={text}"),
            format!("/api/v1/parked?code={text}&text={text}"),
            format!("/api/v1/masters?q={text}"),
            format!("/api/v1/trace/{text}"),
            format!("/api/v1/messages/{text}"),
            format!("/api/v1/masters/{text}"),
            format!("/api/v1/reviews/{text}"),
            format!("/api/v1/audit?who={text}&subject={text}&action={text}"),
        ] {
            let answer = get(&router, &path).await;
            assert!(
                [200, 400, 404].contains(&answer.status),
                "{path}: {answer:?}"
            );
            // Nothing is found by it, and everything is still there.
            if answer.status == 200 {
                assert_eq!(answer.json()["items"], json!([]), "{path}");
            }
            assert_eq!(answer.headers["x-content-type-options"], "nosniff");
        }
    }
    let kept = get(&router, "/api/v1/messages").await.with(200).json();
    assert_eq!(kept["items"].as_array().map(Vec::len), Some(1));
    hub.stop().await;
}

#[tokio::test]
async fn bodies_have_an_end() {
    let site = Site::declared().await;
    let router = site.router();
    let bearer = format!("Bearer {TOKEN}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
    ];
    let large = format!("{{\"legal_name\":\"{}\"}}", "x".repeat(tenon_api::MAX_BODY));
    for path in [
        "/api/v1/masters/check",
        "/api/v1/users",
        "/api/v1/commands",
        "/api/v1/session",
    ] {
        let answer = post(&router, path, &headers, large.clone()).await;
        answer.problem(413, "request.too_large");
    }
    let larger = format!("{{\"no\":\"{}\"}}", "x".repeat(tenon_api::MAX_WEBHOOK_BODY));
    let answer = post(&router, "/in/shop/orders", &headers, larger).await;
    answer.problem(413, "request.too_large");
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for path in ["/api/v1/masters/check", "/api/v1/users", "/in/shop/orders"] {
        post(&router, path, &headers, deep.clone())
            .await
            .problem(400, "request.invalid");
    }
    let text = post(
        &router,
        "/api/v1/users",
        &[("authorization", bearer.as_str())],
        "x",
    )
    .await;
    text.problem(415, "request.media_type");
    let long = format!("/api/v1/trace/{}", "x".repeat(8_000));
    assert_eq!(
        get(&router, &long).await.with(200).json()["items"],
        json!([])
    );
}

#[tokio::test]
async fn markup_in_a_payload_is_data_that_no_browser_runs() {
    let site = Site::new().await;
    let (hub, router) = site.run().await;
    let markup = "<img src=x onerror=alert(1)>";
    let customer =
        json!({ "id": "C1", "firm": markup, "tax": "91350100M000100Y43", "call": "021-60000000" });
    let id = call(&router, "customers", &customer.to_string())
        .await
        .remove(0);
    let answer = eventually(
        async || match get(&router, &format!("/api/v1/messages/{id}")).await {
            answer if answer.status == 200 => Ok(answer),
            answer => Err(answer.text().to_owned()),
        },
    )
    .await;
    hub.stop().await;
    assert!(answer.text().contains("onerror"), "{}", answer.text());
    assert_eq!(answer.headers["content-type"], "application/json");
    assert_eq!(answer.headers["x-content-type-options"], "nosniff");
    let policy = answer.headers["content-security-policy"]
        .to_str()
        .expect("text");
    assert!(policy.contains("default-src 'none'"), "{policy}");
    // An address that is not served is not repeated as a page either.
    let missing = get(&router, &format!("/api/v1/{}", encoded(markup))).await;
    assert_eq!(missing.headers["content-type"], "application/problem+json");
    let page = Request::get("/")
        .header("accept", "text/html")
        .body(Body::empty());
    let page = ask(&router, page.expect("a request")).await.with(200);
    let policy = page.headers["content-security-policy"]
        .to_str()
        .expect("text");
    assert!(
        policy.contains("script-src 'self'") && !policy.contains("script-src 'self' 'unsafe"),
        "{policy}"
    );
    assert_eq!(page.headers["x-frame-options"], "DENY");
    assert_eq!(page.headers["referrer-policy"], "no-referrer");
}
