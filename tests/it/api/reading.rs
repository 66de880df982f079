//! What the hub knows: messages, traces, parked messages, queues, metrics.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};
use tenon_store::Role;

use super::roles::token;
use super::site::{
    Site, TOKEN, ask, call, eventually, get, get_openly, items, journaled, order, post,
};

const TAX_ID: &str = "91350100M000100Y43";

#[tokio::test]
async fn messages_are_paged_newest_first() {
    let site = Site::new().await;
    let (hub, router) = site.run().await;
    let mut sent = BTreeSet::new();
    for number in 0..5 {
        let id = call(&router, "orders", &order(&format!("SO-{number}")))
            .await
            .remove(0);
        journaled(&router, &id, "routed").await;
        sent.insert(id);
    }
    hub.stop().await;

    let (mut found, mut sizes) = (Vec::new(), Vec::new());
    let mut path = "/api/v1/messages?limit=2".to_owned();
    loop {
        let answer = get(&router, &path).await.with(200);
        let page = items(&answer);
        sizes.push(page.len());
        found.extend(
            page.iter()
                .map(|item| item["business_key"].as_str().expect("a key").to_owned()),
        );
        let Some(next) = answer.json()["next"].as_i64() else {
            break;
        };
        path = format!("/api/v1/messages?limit=2&after={next}");
    }
    assert_eq!(sizes, [2, 2, 1]);
    assert_eq!(found, ["SO-4", "SO-3", "SO-2", "SO-1", "SO-0"]);

    // Who may touch only some systems, and names none, is shown the messages from those, page by page.
    for (name, systems, expected) in [
        ("both", &["erp", "shop"][..], found.as_slice()),
        ("other", &["erp"], &[]),
    ] {
        let token = token(&site, name, Role::Viewer, systems).await;
        let mut seen = Vec::new();
        let mut after = String::new();
        loop {
            let request = Request::get(format!("/api/v1/messages?limit=2{after}"))
                .header("authorization", format!("Bearer {token}"))
                .body(Body::empty());
            let answer = ask(&router, request.expect("a request")).await.with(200);
            let keys = items(&answer);
            seen.extend(
                keys.iter()
                    .map(|item| item["business_key"].as_str().expect("a key").to_owned()),
            );
            let Some(next) = answer.json()["next"].as_i64() else {
                break;
            };
            after = format!("&after={next}");
        }
        assert_eq!(seen, expected, "{name}");
    }
}

#[tokio::test]
async fn messages_are_filtered() {
    let site = Site::new().await;
    let (hub, router) = site.run().await;
    let good = call(&router, "orders", &order("SO-1")).await.remove(0);
    let bad = call(
        &router,
        "orders",
        r#"{"no":"SO-2","buyer":"B-1","amount":"much"}"#,
    )
    .await
    .remove(0);
    let good = journaled(&router, &good, "routed").await;
    journaled(&router, &bad, "invalid").await;
    hub.stop().await;
    let count = async |query: &str| {
        items(
            &get(&router, &format!("/api/v1/messages?{query}"))
                .await
                .with(200),
        )
        .len()
    };
    assert_eq!(count("").await, 2);
    assert_eq!(count("source=shop&entity=order").await, 2);
    assert_eq!(
        (count("source=erp").await, count("entity=customer").await),
        (0, 0)
    );
    assert_eq!(
        (count("state=routed").await, count("state=invalid").await),
        (1, 1)
    );
    assert_eq!((count("key=SO-1").await, count("key=SO-3").await), (1, 0));
    let since = good["journaled_at"].as_str().expect("a time");
    assert!(count(&format!("since={since}&state=routed")).await == 1);
    assert_eq!(count("since=2999-01-01T00:00:00Z").await, 0);
}

#[tokio::test]
async fn deliveries_are_found_by_where_they_went_and_how_they_stand() {
    let site = Site::new().await;
    let (hub, router) = site.run().await;
    let mut ids = BTreeSet::new();
    for number in 0..5 {
        let id = call(&router, "orders", &order(&format!("SO-{number}")))
            .await
            .remove(0);
        journaled(&router, &id, "routed").await;
        ids.insert(id);
    }
    let listed = async |query: &str| {
        let path = format!("/api/v1/deliveries?{query}");
        items(&get(&router, &path).await.with(200))
    };
    let delivered = eventually(async || match listed("system=erp").await {
        found if found.len() == 5 => Ok(found),
        found => Err(format!("{found:?}")),
    })
    .await;
    hub.stop().await;
    let state = delivered[0]["delivery"]["state"].as_str().expect("a state");
    let found = delivered
        .iter()
        .map(|it| it["message_id"].as_str().expect("an id").to_owned());
    assert_eq!(found.collect::<BTreeSet<_>>(), ids);
    assert_eq!(delivered[0]["message"]["source"], "shop");
    for (query, count) in [
        (format!("state={state}"), 5),
        (
            format!("system=erp&state={state}&entity=order&source=shop"),
            5,
        ),
        ("text=SO-3".to_owned(), 1),
        ("entity=customer".to_owned(), 0),
        ("system=shop".to_owned(), 0),
        ("since=2999-01-01T00:00:00Z".to_owned(), 0),
    ] {
        assert_eq!(listed(&query).await.len(), count, "{query}");
    }
    // The list of messages tells it too.
    let messages = items(&get(&router, "/api/v1/messages").await.with(200));
    assert!(
        messages
            .iter()
            .all(|it| it["deliveries"][0]["system"] == "erp"),
        "{messages:?}"
    );

    // Both as files, a line for each.
    let lines = async |path: &str| {
        let answer = get(&router, path).await.with(200);
        answer
            .text()
            .lines()
            .skip(1)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let written = lines("/api/v1/deliveries/export?system=erp&format=csv").await;
    assert_eq!(written.len(), 5);
    assert!(
        written
            .iter()
            .all(|line| line.contains(",erp,") && line.contains(",shop,SO-"))
    );
    assert_eq!(lines("/api/v1/deliveries/export?limit=2").await.len(), 2);
    let written = lines("/api/v1/messages/export?text=SO-3").await;
    assert!(
        written.len() == 1 && written[0].contains(&format!("erp {state}")),
        "{written:?}"
    );

    // Page by page; and who may touch only some systems is shown those to them.
    for (name, systems, expected) in [
        ("all", &[][..], 5),
        ("erp", &["erp", "shop"], 5),
        ("shop", &["shop"], 0),
    ] {
        let token = token(&site, name, Role::Viewer, systems).await;
        let (mut seen, mut after) = (BTreeSet::new(), String::new());
        loop {
            let request = Request::get(format!("/api/v1/deliveries?limit=2{after}"))
                .header("authorization", format!("Bearer {token}"))
                .body(Body::empty());
            let answer = ask(&router, request.expect("a request")).await.with(200);
            let page = items(&answer);
            seen.extend(
                page.iter()
                    .map(|it| it["message_id"].as_str().expect("an id").to_owned()),
            );
            let Some(next) = answer.json()["next"].as_str().map(str::to_owned) else {
                break;
            };
            after = format!("&after={next}");
        }
        assert_eq!(seen.len(), expected, "{name}");
        let request = Request::get("/api/v1/summary")
            .header("authorization", format!("Bearer {token}"))
            .body(Body::empty());
        let counts = ask(&router, request.expect("a request")).await.with(200);
        let told = counts.json()["deliveries"].get("erp").is_some();
        assert_eq!(told, expected > 0, "{name}: {}", counts.text());
    }
    for wrong in [
        "state=lost",
        "after=17",
        "after=1.x.erp",
        "entity=ordre",
        "systm=erp",
        "system=NO",
    ] {
        let path = format!("/api/v1/deliveries?{wrong}");
        get(&router, &path).await.problem(400, "request.invalid");
    }
}

#[tokio::test]
async fn a_query_that_does_not_fit_is_refused() {
    let site = Site::new().await;
    let router = site.router();
    let refused = async |path: &str| get(&router, path).await.problem(400, "request.invalid");
    assert!(
        refused("/api/v1/messages?soruce=shop")
            .await
            .contains("unknown field `soruce`")
    );
    assert!(
        refused("/api/v1/parked?sytem=shop")
            .await
            .contains("unknown field `sytem`")
    );
    assert!(
        refused("/api/v1/messages?entity=ordre")
            .await
            .contains("ordre")
    );
    refused("/api/v1/messages?limit=many").await;
    refused("/api/v1/messages?since=yesterday").await;
    refused("/api/v1/messages?source=NO%20SUCH").await;
}

#[tokio::test]
async fn personal_values_are_masked_and_native_records_are_not_shown() {
    let site = Site::new().await;
    let (hub, router) = site.run().await;
    let customer = json!({ "id": "C1", "firm": "上海川可贸易有限公司", "tax": TAX_ID,
        "call": "021-60000000", "hidden": "only in the native record" });
    let id = call(&router, "customers", &customer.to_string())
        .await
        .remove(0);
    let told = journaled(&router, &id, "routed").await;
    hub.stop().await;
    assert_eq!(told["canonical"]["legal_name"], "上海川可贸易有限公司");
    assert_eq!(told["raw_bytes"], customer.to_string().len());
    let phones = told["canonical"]["phones"].to_string();
    assert!(phones.len() > 2 && !phones.contains("60000000"), "{phones}");
    for path in [
        format!("/api/v1/messages/{id}"),
        "/api/v1/messages".to_owned(),
        "/api/v1/trace/C1".to_owned(),
    ] {
        let answer = get(&router, &path).await.with(200);
        assert!(
            !answer.text().contains("60000000"),
            "{path}: {}",
            answer.text()
        );
        assert!(
            !answer.text().contains("only in the native record"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_message_is_not_taken_for_another_that_is_called_by_its_id() {
    let site = Site::new().await;
    let (hub, router) = site.run().await;
    let id = call(&router, "orders", &order("SO-1")).await.remove(0);
    journaled(&router, &id, "routed").await;
    let other = call(&router, "orders", &order(&id)).await.remove(0);
    journaled(&router, &other, "routed").await;
    hub.stop().await;
    let shown = get(&router, &format!("/api/v1/messages/{id}")).await;
    let shown = shown.with(200).json();
    assert_eq!(
        (&shown["id"], &shown["business_key"]),
        (&json!(id), &json!("SO-1"))
    );
    let bodies = get(&router, &format!("/api/v1/messages/{id}/bodies")).await;
    assert_eq!(bodies.with(200).json()["canonical"]["number"], "SO-1");
}

#[tokio::test]
async fn who_may_not_see_personal_values_does_not_search_for_them() {
    let site = Site::new().await;
    let router = site.router();
    for (role, status) in [(Role::Viewer, 403), (Role::Operator, 200)] {
        let token = token(&site, &role.to_string(), role, &[]).await;
        for path in [
            "messages",
            "messages/export",
            "deliveries",
            "parked",
            "parked/count",
        ] {
            let request = Request::get(format!("/api/v1/{path}?text=138"))
                .header("authorization", format!("Bearer {token}"));
            let answer = ask(&router, request.body(Body::empty()).expect("a request")).await;
            assert_eq!(answer.status, status, "{role} {path}: {}", answer.text());
        }
    }
}

#[tokio::test]
async fn what_is_masked_is_shown_at_each_stage_to_who_says_why() {
    let site = Site::new().await;
    let (hub, router) = site.run().await;
    let customer = json!({ "id": "C1", "firm": "上海川可贸易有限公司", "tax": TAX_ID,
        "call": "021-60000000", "hidden": "only in the native record" });
    let id = call(&router, "customers", &customer.to_string())
        .await
        .remove(0);
    journaled(&router, &id, "routed").await;
    let order = call(&router, "orders", &order("SO-1")).await.remove(0);
    journaled(&router, &order, "routed").await;
    hub.stop().await;
    let path = format!("/api/v1/messages/{id}");
    let masked = get(&router, &format!("{path}/bodies")).await.with(200);
    assert!(!masked.text().contains("60000000"), "{}", masked.text());
    let bearer = format!("Bearer {TOKEN}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
    ];
    let because = "the buyer complains of a wrong address";
    let body = json!({ "because": because }).to_string();
    let shown = post(&router, &format!("{path}/reveal"), &headers, body).await;
    let shown = shown.with(200).json();
    let raw = shown["raw"].as_str().expect("the native record");
    assert_eq!(serde_json::from_str::<Value>(raw).expect("JSON"), customer);
    assert_eq!(shown["canonical"]["phones"], json!(["021-60000000"]));
    let trail = site.store().audit_after(0, 10).await.expect("a trail");
    let noted = trail.last().expect("an entry");
    assert_eq!(
        (noted.action.as_str(), noted.subject.as_str()),
        ("message.revealed", id.as_str())
    );
    assert_eq!(noted.detail["because"], because);
    assert!(!noted.detail.to_string().contains("60000000"));
    // What a system is given is shown as well.
    let path = format!("/api/v1/messages/{order}/reveal");
    let shown = post(
        &router,
        &path,
        &headers,
        json!({ "because": because }).to_string(),
    )
    .await;
    let shown = shown.with(200).json();
    assert_eq!(shown["mapped"][0]["system"], "erp", "{shown:#}");
    assert!(shown["mapped"][0]["payloads"][0].is_object(), "{shown:#}");
}

#[tokio::test]
async fn what_a_system_took_is_shown_beside_what_it_would_be_given_now() {
    let site = Site::new().await;
    let (hub, router) = site.run().await;
    let id = call(&router, "orders", &order("SO-1")).await.remove(0);
    journaled(&router, &id, "routed").await;
    let path = format!("/api/v1/messages/{id}/bodies");
    let mapped = async || {
        let bodies = get(&router, &path).await.with(200).json();
        bodies["mapped"][0].clone()
    };
    let taken = eventually(async || match mapped().await {
        given if given["sent"].is_object() => Ok(given),
        given => Err(given.to_string()),
    })
    .await;
    let record = json!({ "order_no": "SO-1", "net": "19.90" });
    assert_eq!(taken["sent"]["payloads"], json!([record]));
    assert_eq!(
        (&taken["payloads"], &taken["sent"]["as_now"]),
        (&json!([record]), &json!(true))
    );
    // A mapping that is changed changes what would be given, not what was.
    let mapping = "{ order_no: .number, sum: .totals.net }";
    std::fs::write(site.file("order.out.jq"), mapping).expect("a file");
    let bearer = format!("Bearer {TOKEN}");
    let headers = [("authorization", bearer.as_str())];
    let reload = "/api/v1/connectors/erp/reload";
    let reloaded = post(&router, reload, &headers, String::new()).await;
    reloaded.with(200);
    let now = mapped().await;
    hub.stop().await;
    assert_eq!(now["sent"]["payloads"], json!([record]));
    assert_eq!(
        (&now["payloads"], &now["sent"]["as_now"]),
        (
            &json!([{ "order_no": "SO-1", "sum": "19.90" }]),
            &json!(false)
        )
    );
}

#[tokio::test]
async fn a_trace_shows_the_way_with_its_deliveries() {
    let site = Site::new().await;
    let (hub, router) = site.run().await;
    let id = call(&router, "orders", &order("SO-1")).await.remove(0);
    let delivered = eventually(async || {
        let found = items(&get(&router, "/api/v1/trace/SO-1").await.with(200));
        let state = found
            .first()
            .map(|found| found["deliveries"][0]["state"].clone());
        if state == Some(json!("delivered")) {
            Ok(found)
        } else {
            Err(format!("{found:#?}"))
        }
    })
    .await;
    hub.stop().await;
    let [message] = delivered.as_slice() else {
        panic!("{delivered:#?}")
    };
    assert_eq!(
        (&message["id"], &message["source"]),
        (&json!(id), &json!("shop"))
    );
    assert_eq!(message["deliveries"][0]["system"], "erp");
    assert_eq!(message["deliveries"][0]["native_id"], "SO-1");
    assert_eq!(
        items(&get(&router, &format!("/api/v1/trace/{id}")).await),
        delivered
    );
    assert_eq!(
        items(&get(&router, "/api/v1/trace/SO-404").await.with(200)),
        [] as [Value; 0]
    );
    get(&router, "/api/v1/messages/SO-1")
        .await
        .problem(404, "unknown");
    let unknown = "/api/v1/messages/01900000-0000-7000-8000-000000000000";
    get(&router, unknown).await.problem(404, "unknown");
    let summary = get(&router, "/api/v1/summary").await.with(200).json();
    assert_eq!(summary["messages"]["routed"], 1, "{summary:#}");
    assert_eq!(summary["deliveries"]["erp"]["delivered"], 1, "{summary:#}");
    let course = "/api/v1/summary/course";
    let day = get(&router, course).await.with(200).json();
    let hour = get(&router, &format!("{course}?hours=1")).await.with(200);
    for (course, seconds) in [(day, 600), (hour.json(), 25)] {
        assert_eq!(course["seconds"], seconds);
        let stretches = course["stretches"].as_array().unwrap();
        assert_eq!(stretches.len(), 144);
        let sum = |of: &str| {
            stretches
                .iter()
                .filter_map(|one| one[of].as_u64())
                .sum::<u64>()
        };
        assert_eq!((sum("received"), sum("settled"), sum("invalid")), (1, 1, 0));
    }
    let long = get(&router, &format!("{course}?hours=169")).await;
    long.problem(400, "request.invalid");
}

#[tokio::test]
async fn parked_messages_are_paged_and_filtered() {
    let site = Site::new().await;
    let (hub, router) = site.run().await;
    for number in 0..3 {
        let body = format!(r#"{{"no":"SO-{number}","buyer":"B-1","amount":"much{number}"}}"#);
        let id = call(&router, "orders", &body).await.remove(0);
        journaled(&router, &id, "invalid").await;
    }
    hub.stop().await;
    let first = get(&router, "/api/v1/parked?limit=2").await.with(200);
    let parked = items(&first);
    let numbers: Vec<&Value> = parked.iter().map(|parked| &parked["native_id"]).collect();
    assert_eq!(numbers, ["SO-0", "SO-1"], "oldest first");
    assert_eq!(
        (&parked[0]["direction"], &parked[0]["system"]),
        (&json!("inbound"), &json!("shop"))
    );
    assert_eq!(
        (&parked[0]["kind"], &parked[0]["state"]),
        (&json!("invalid"), &json!("failed"))
    );
    let next = first.json()["next"].as_i64().expect("a further page");
    let last = get(&router, &format!("/api/v1/parked?limit=2&after={next}"))
        .await
        .with(200);
    assert_eq!(
        (items(&last).len(), &last.json()["next"]),
        (1, &Value::Null)
    );
    let count = async |query: &str| {
        items(
            &get(&router, &format!("/api/v1/parked?{query}"))
                .await
                .with(200),
        )
        .len()
    };
    assert_eq!(
        (count("system=shop").await, count("system=erp").await),
        (3, 0)
    );
    assert_eq!(count("reason=much1").await, 1);
    assert_eq!(count("since=2999-01-01T00:00:00Z").await, 0);
}

#[tokio::test]
async fn queues_tell_their_depth() {
    let site = Site::declared().await;
    let router = site.router();
    call(&router, "orders", &order("SO-1")).await;
    let depths = get(&router, "/api/v1/queues").await.with(200).json();
    let names: Vec<&str> = depths
        .as_object()
        .expect("queues")
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(names, ["dead", "deliver.erp", "inbound.0", "inbound.1"]);
    let sum: u64 = depths
        .as_object()
        .expect("queues")
        .values()
        .filter_map(Value::as_u64)
        .sum();
    assert_eq!(sum, 1, "{depths}");
    // A queue that is not there yet has no depth; that is told rather than 0.
    let empty = Site::new().await;
    let depths = get(&empty.router(), "/api/v1/queues")
        .await
        .with(200)
        .json();
    assert!(
        depths
            .as_object()
            .expect("queues")
            .values()
            .all(Value::is_null),
        "{depths}"
    );
}

#[tokio::test]
async fn metrics_count_messages_and_hold_no_ids() {
    let site = Site::new().await;
    let (hub, router) = site.run().await;
    let id = call(&router, "orders", &order("SO-metric")).await.remove(0);
    journaled(&router, &id, "routed").await;
    let metrics = eventually(async || {
        let answer = get(&router, "/metrics").await.with(200);
        let text = answer.text();
        let counted = [
            "tenon_messages_received_total{",
            "tenon_messages_total{",
            "tenon_delivery_latency_seconds_bucket{",
            // What alerts watch is there before anything is counted.
            "tenon_dead_letters_total ",
            "tenon_sign_ins_total{outcome=\"locked\"} ",
        ];
        match counted.iter().find(|name| !text.contains(**name)) {
            None => Ok(answer),
            Some(name) => Err(format!("no {name} in {text}")),
        }
    })
    .await;
    hub.stop().await;
    assert!(
        metrics.headers["content-type"]
            .to_str()
            .is_ok_and(|kind| kind.starts_with("text/plain"))
    );
    assert!(!metrics.text().contains(&id) && !metrics.text().contains("SO-metric"));
    get_openly(&router, "/metrics")
        .await
        .problem(401, "access.required");
}
