//! What people do with messages that wait, over HTTP.

use axum::Router;
use serde_json::{Value, json};
use tenon_api::access::{Actor, NewToken};
use tenon_store::Role;

use super::site::{Answer, Site, TOKEN, call, eventually, get, post};

/// Says something with the token that the hub is configured with.
async fn tell(router: &Router, path: &str, body: Value) -> Answer {
    tell_as(TOKEN, router, path, body).await
}

async fn tell_as(token: &str, router: &Router, path: &str, body: Value) -> Answer {
    let bearer = format!("Bearer {token}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
    ];
    post(router, path, &headers, body.to_string()).await
}

/// Orders whose amount is none; the parked messages, in order.
async fn parked(router: &Router, count: usize) -> Vec<Value> {
    for number in 1..=count {
        let body = format!(r#"{{"no":"SO-{number}","buyer":"B-1","amount":"much"}}"#);
        call(router, "orders", &body).await;
    }
    eventually(async || {
        let answer = get(router, "/api/v1/parked").await.with(200).json();
        match answer["items"].as_array() {
            Some(items) if items.len() == count => Ok(items.clone()),
            _ => Err(answer.to_string()),
        }
    })
    .await
}

#[tokio::test]
async fn another_body_is_proposed_and_approved_by_two() {
    let site = Site::new().await;
    let (hub, router) = site.run().await;
    let waiting = parked(&router, 1).await.remove(0);
    let message = waiting["message_id"].as_str().expect("an id").to_owned();
    let path = format!("/api/v1/parked/{}", waiting["id"]);
    let shown = get(&router, &path).await.with(200).json();
    assert_eq!(shown["history"][0]["what"], "failed", "{shown:#}");
    assert_eq!(shown["dry_run"]["result"], "fails");
    let attempts = format!("/api/v1/messages/{message}/attempts");
    let tried = get(&router, &attempts).await.with(200).json();
    assert_eq!(tried, shown["history"]);
    get(&router, "/api/v1/parked/4711")
        .await
        .problem(404, "parked.unknown");

    let corrections = format!("{path}/corrections");
    let proposal = |amount: &str, because: &str| {
        let body = json!({ "no": "SO-1", "buyer": "B-1", "amount": amount });
        json!({ "body": body, "because": because })
    };
    tell(&router, &corrections, proposal("more", "typed wrongly"))
        .await
        .problem(400, "correction.fails");
    tell(&router, &corrections, proposal("19.90", " "))
        .await
        .problem(400, "deed.reason");
    let proposed = tell(&router, &corrections, proposal("19.90", "typed wrongly"))
        .await
        .with(201)
        .json();
    tell(&router, &corrections, proposal("20.00", "typed wrongly"))
        .await
        .problem(409, "correction.open");
    let path = format!("/api/v1/corrections/{}", proposed["id"]);
    let shown = get(&router, &path).await.with(200).json();
    assert_eq!(
        (&shown["state"], &shown["parked"]),
        (&json!("proposed"), &waiting["id"])
    );
    assert!(
        shown["difference"]
            .as_str()
            .is_some_and(|text| text.contains("19.90")),
        "{shown:#}"
    );
    let listed = get(&router, "/api/v1/corrections?state=proposed")
        .await
        .with(200);
    assert_eq!(listed.json()["items"][0]["id"], proposed["id"]);
    let because = || json!({ "because": "looked at it" });
    let new = NewToken {
        name: "second".to_owned(),
        role: Role::Operator,
        scopes: None,
        systems: None,
        expires_at: None,
    };
    let made = site
        .access()
        .create_token(&Actor::on_command_line(), new)
        .await;
    let second = made.expect("a token").1;
    let approve = format!("{path}/approve");
    tell(&router, &approve, because())
        .await
        .problem(409, "correction.own");
    let approved = tell_as(&second, &router, &approve, because())
        .await
        .with(200)
        .json();
    assert_eq!(approved["sent"], 1);
    tell_as(&second, &router, &format!("{path}/reject"), because())
        .await
        .problem(409, "correction.decided");
    eventually(async || {
        let answer = get(&router, &format!("/api/v1/messages/{message}")).await;
        match answer.json()["state"].as_str() {
            Some("routed") => Ok(()),
            _ => Err(answer.text().to_owned()),
        }
    })
    .await;
    // It does not wait any more, and what was tried and decided is still told.
    let waited = format!("/api/v1/parked/{}", waiting["id"]);
    get(&router, &waited).await.problem(404, "parked.unknown");
    let told = get(&router, &attempts).await.with(200).json();
    let told = told.as_array().expect("events").clone();
    assert_eq!(told.first(), tried.as_array().expect("events").first());
    assert!(told.len() > 2, "{told:#?}");
    hub.stop().await;
}

#[tokio::test]
async fn a_redrive_runs_and_says_how_far_it_is() {
    let site = Site::new().await;
    let (hub, router) = site.run().await;
    parked(&router, 2).await;
    let begin = |selection: Value| json!({ "selection": selection, "by": "li.wei", "because": "a better table", "per_second": 100 });
    tell(
        &router,
        "/api/v1/redrives",
        begin(json!({ "sytem": "shop" })),
    )
    .await
    .problem(400, "request.invalid");
    let begun = tell(
        &router,
        "/api/v1/redrives",
        begin(json!({ "system": "shop", "entity": "order" })),
    )
    .await
    .with(202)
    .json();
    assert_eq!(
        (&begun["state"], &begun["who"]),
        (&json!("running"), &begun["who"])
    );
    assert!(
        begun["who"]
            .as_str()
            .is_some_and(|who| who.ends_with("/li.wei")),
        "{begun}"
    );
    let path = format!("/api/v1/redrives/{}", begun["id"]);
    let done = eventually(async || {
        let run = get(&router, &path).await.with(200).json();
        match run["state"] == "done" {
            true => Ok(run),
            false => Err(run.to_string()),
        }
    })
    .await;
    assert_eq!(
        (&done["sent"], &done["passed_over"]),
        (&json!(2), &json!(0))
    );
    tell(&router, &format!("{path}/resume"), Value::Null)
        .await
        .problem(409, "redrive.state");
    get(&router, "/api/v1/redrives/4711")
        .await
        .problem(404, "redrive.unknown");
    let listed = get(&router, "/api/v1/redrives?state=done").await.with(200);
    assert_eq!(listed.json()["items"][0], done);
    // They fail again as before, and their history says who tried.
    let again = eventually(async || {
        let answer = get(&router, "/api/v1/parked?key=SO-1")
            .await
            .with(200)
            .json();
        match answer["items"][0]["id"].as_i64() {
            Some(id) => Ok(id),
            None => Err(answer.to_string()),
        }
    })
    .await;
    eventually(async || {
        let path = format!("/api/v1/parked/{again}");
        let shown = get(&router, &path).await.json();
        let whats: Vec<&str> = shown["history"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|event| event["what"].as_str())
            .collect();
        match whats == ["failed", "redriven", "failed"] {
            true => Ok(()),
            false => Err(shown.to_string()),
        }
    })
    .await;
    hub.stop().await;
}

#[tokio::test]
async fn giving_up_needs_a_person_and_a_reason() {
    let site = Site::new().await;
    let (hub, router) = site.run().await;
    let waiting = parked(&router, 2).await;
    hub.stop().await;
    let drop =
        |because: &str| json!({ "ids": [waiting[0]["id"]], "by": "li.wei", "because": because });
    tell(&router, "/api/v1/parked/drop", drop(" "))
        .await
        .problem(400, "deed.reason");
    let dropped = tell(&router, "/api/v1/parked/drop", drop("ordered twice")).await;
    assert_eq!(dropped.with(200).json(), json!({ "dropped": 1 }));
    // The trail names the message: the number of what waited means nothing any more.
    let entries = site.store().audit_after(0, 100).await.expect("a trail");
    let last = entries.last().expect("an entry");
    assert_eq!(last.action, "parked.dropped");
    assert_eq!(json!(last.subject), waiting[0]["message_id"]);
    assert_eq!(last.detail["messages"], json!([waiting[0]["message_id"]]));
    let left = get(&router, "/api/v1/parked").await.with(200).json();
    assert_eq!(left["items"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn what_waits_is_revealed_as_it_would_be_sent() {
    let site = Site::new().await;
    let (hub, router) = site.run().await;
    let waiting = parked(&router, 1).await.remove(0);
    hub.stop().await;
    let path = format!("/api/v1/parked/{}/reveal", waiting["id"]);
    let shown = tell(&router, &path, json!({ "because": "to correct it" })).await;
    let shown = shown.with(200).json();
    assert_eq!(
        shown["body"],
        r#"{"no":"SO-1","buyer":"B-1","amount":"much"}"#
    );
    let entries = site.store().audit_after(0, 100).await.expect("a trail");
    let last = entries.last().expect("an entry");
    assert_eq!(last.action, "parked.revealed");
    assert_eq!(last.detail["message"], waiting["message_id"]);
    tell(&router, "/api/v1/parked/404/reveal", json!({}))
        .await
        .problem(404, "parked.unknown");
}

#[tokio::test]
async fn what_was_asked_is_written_down_though_nobody_waits_for_it() {
    let site = Site::new().await;
    let (hub, router) = site.run().await;
    let waiting = parked(&router, 1).await.remove(0);
    hub.stop().await;
    let body = json!({ "ids": [waiting["id"]], "by": "li.wei", "because": "ordered twice" });
    let asked = tell(&router, "/api/v1/parked/drop", body);
    // Who asked goes away as soon as the hub has begun.
    let _ = futures::FutureExt::now_or_never(asked);
    eventually(async || {
        let entries = site.store().audit_after(0, 100).await.expect("a trail");
        let noted = entries.iter().any(|entry| entry.action == "parked.dropped");
        let left = get(&router, "/api/v1/parked").await.with(200).json();
        match noted && left["items"] == json!([]) {
            true => Ok(()),
            false => Err(format!("noted: {noted}, left: {left}")),
        }
    })
    .await;
}

#[tokio::test]
async fn what_a_filter_names_is_counted_and_given_up() {
    let site = Site::new().await;
    let (hub, router) = site.run().await;
    parked(&router, 3).await;
    let begin = |selection: Value, because: &str| json!({ "selection": selection, "by": "li.wei", "because": because });
    tell(&router, "/api/v1/drops", begin(json!({}), "all"))
        .await
        .problem(400, "request.invalid");
    // An empty word names everything, and so nothing.
    for word in ["key", "code", "reason", "text"] {
        tell(&router, "/api/v1/drops", begin(json!({ word: "" }), "all"))
            .await
            .problem(400, "request.invalid");
    }
    let some = json!({ "system": "shop", "key": "SO-2" });
    tell(&router, "/api/v1/drops", begin(some, " "))
        .await
        .problem(400, "deed.reason");
    let count = async |query: &str| {
        let path = format!("/api/v1/parked/count?{query}");
        get(&router, &path).await.with(200).json()["count"].clone()
    };
    assert_eq!(count("system=shop").await, 3);
    assert_eq!(count("system=shop&key=SO-2").await, 1);
    assert_eq!(count("code=mapping.failed&reason=nothing+of+it").await, 0);
    let shown = get(&router, "/api/v1/parked?key=SO-2")
        .await
        .with(200)
        .json();
    let code = shown["items"][0]["code"]
        .as_str()
        .expect("a code")
        .to_owned();
    let selection =
        json!({ "system": "shop", "code": code, "direction": "inbound", "state": "failed" });
    let begun = tell(&router, "/api/v1/drops", begin(selection, "ordered twice"))
        .await
        .with(202)
        .json();
    assert_eq!(
        (&begun["act"], &begun["total"]),
        (&json!("drop"), &json!(3))
    );
    let path = format!("/api/v1/redrives/{}", begun["id"]);
    let done = eventually(async || {
        let run = get(&router, &path).await.with(200).json();
        match run["state"] == "done" {
            true => Ok(run),
            false => Err(run.to_string()),
        }
    })
    .await;
    assert_eq!(done["sent"], 3);
    assert_eq!(count("").await, 0);
    let trail = get(&router, "/api/v1/audit?action=drop.begun")
        .await
        .with(200);
    let noted = trail.json()["items"][0].clone();
    assert_eq!(noted["subject"], begun["id"].to_string());
    assert_eq!(noted["detail"]["because"], "ordered twice");
    hub.stop().await;
}
