//! Sessions: what they are to browsers, how long they last, and what ends them.

use axum::body::Body;
use axum::body::BodyDataStream;
use axum::http::Request;
use futures::StreamExt;
use serde_json::Value;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tenon_api::AccessPolicy;
use tenon_connector::Humane;
use tower::ServiceExt;

use super::browser::{Browser, PASSWORD, staffed, told, trail};
use super::site::eventually;

#[tokio::test]
async fn a_session_is_a_cookie_that_scripts_and_other_sites_do_not_have() {
    let (_site, mut browser) = staffed(AccessPolicy::default()).await;
    let answer = browser.sign_in("chief", PASSWORD).await.with(200);
    let cookie = answer.headers["set-cookie"].to_str().expect("text");
    assert!(
        cookie.starts_with("tenon=") && !cookie.contains("Secure"),
        "{cookie}"
    );
    for part in [
        "; Path=/",
        "; HttpOnly",
        "; SameSite=Strict",
        "; Max-Age=43200",
    ] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let behind_tls = browser.with("x-forwarded-proto", Some("https"));
    let credentials = json!({ "user": "chief", "password": PASSWORD });
    let answer = behind_tls
        .ask("POST", "/api/v1/session", Some(credentials))
        .await
        .with(200);
    let cookie = answer.headers["set-cookie"].to_str().expect("text");
    assert!(
        cookie.starts_with("__Host-tenon=") && cookie.ends_with("; Secure"),
        "{cookie}"
    );
    assert!(answer.headers.contains_key("strict-transport-security"));
}

#[tokio::test]
async fn a_session_is_new_at_each_sign_in_and_over_at_sign_out() {
    let (_site, chief) = staffed(AccessPolicy::default()).await;
    // What an attacker has planted is neither taken over nor left alive.
    let mut planted = Browser::new(&chief.router);
    planted.cookie = Some("tenon=chosen-by-somebody-else".to_owned());
    planted.sign_in("viewer", PASSWORD).await.with(200);
    assert_ne!(
        planted.cookie.as_deref(),
        Some("tenon=chosen-by-somebody-else")
    );
    let mut victim = Browser {
        cookie: chief.cookie.clone(),
        ..planted.clone()
    };
    victim.sign_in("viewer", PASSWORD).await.with(200);
    assert_ne!(victim.cookie, chief.cookie);
    assert!(!chief.is_signed_in().await, "the session before is over");
    let copy = victim.clone();
    let answer = victim
        .ask("DELETE", "/api/v1/session", None)
        .await
        .with(204);
    let taken_back = answer.headers["set-cookie"].to_str().expect("text");
    assert!(
        taken_back.starts_with("tenon=;") && taken_back.contains("Max-Age=0"),
        "{taken_back}"
    );
    let answer = copy.ask("GET", "/api/v1/session", None).await;
    answer.problem(401, "access.ended");
}

#[tokio::test]
async fn another_sites_page_changes_nothing() {
    let (site, browser) = staffed(AccessPolicy::default()).await;
    let change = || Some(json!({ "user": "mallory", "role": "administrator" }));
    for forged in [
        browser.with("x-tenon-csrf", None),
        browser.with("sec-fetch-site", Some("cross-site")),
        browser.with("sec-fetch-site", Some("same-site")),
        browser.with("origin", Some("http://evil.example")),
        browser.with("origin", Some("null")),
        browser.with("sec-fetch-site", None).with("origin", None),
    ] {
        let answer = forged.ask("POST", "/api/v1/users", change()).await;
        answer.problem(403, "access.forged");
        let answer = forged.ask("DELETE", "/api/v1/session", None).await;
        answer.problem(403, "access.forged");
    }
    assert_eq!(site.store().account("mallory").await.expect("asked"), None);
    // Nor does it sign anybody in.
    let foreign = browser.with("origin", Some("http://evil.example"));
    let credentials = Some(json!({ "user": "viewer", "password": PASSWORD }));
    let answer = foreign.ask("POST", "/api/v1/session", credentials).await;
    answer.problem(403, "access.forged");
    // Reading needs none of it, and our own page changes what it may.
    assert!(browser.with("x-tenon-csrf", None).is_signed_in().await);
    browser
        .ask("POST", "/api/v1/users", change())
        .await
        .with(201);
    let refused = trail(&site)
        .await
        .into_iter()
        .filter(|(_, _, outcome)| outcome == "access.forged");
    assert_eq!(refused.count(), 12);
    // Where a proxy changes the host, the configured address is what counts.
    let policy = AccessPolicy {
        url: Some("https://tenon.example.com".to_owned()),
        ..AccessPolicy::default()
    };
    let router = site.router_with(site.access_with(policy), Arc::default());
    let mut behind = Browser::new(&router).with("origin", Some("https://tenon.example.com"));
    behind.sign_in("chief", PASSWORD).await.with(200);
    behind
        .ask("DELETE", "/api/v1/session", None)
        .await
        .with(204);
}

#[tokio::test]
async fn sessions_end_with_password_role_and_account() {
    let (site, chief) = staffed(AccessPolicy::default()).await;
    let mut viewer = Browser::new(&chief.router);
    let mut elsewhere = Browser::new(&chief.router);
    viewer.sign_in("viewer", PASSWORD).await.with(200);
    elsewhere.sign_in("viewer", PASSWORD).await.with(200);
    let path = "/api/v1/session/password";
    let change = |current: &str, new: &str| Some(json!({ "current": current, "new": new }));
    let wrong = viewer
        .ask("PUT", path, change("wrong", "staple correct horse"))
        .await;
    wrong.problem(401, "access.credentials");
    let weak = viewer.ask("PUT", path, change(PASSWORD, "short")).await;
    weak.problem(400, "password.weak");
    let changed = viewer
        .ask("PUT", path, change(PASSWORD, "staple correct horse"))
        .await
        .with(200);
    viewer.keep(&changed);
    assert!(viewer.is_signed_in().await && !elsewhere.is_signed_in().await);
    elsewhere
        .sign_in("viewer", PASSWORD)
        .await
        .problem(401, "access.credentials");
    let alter = async |change: Value| {
        chief
            .ask("PATCH", "/api/v1/users/viewer", Some(change))
            .await
            .with(200)
    };
    alter(json!({ "display_name": "Vera", "language": "zh" })).await;
    assert!(viewer.is_signed_in().await);
    alter(json!({ "role": "operator" })).await;
    assert!(!viewer.is_signed_in().await);
    viewer
        .sign_in("viewer", "staple correct horse")
        .await
        .with(200);
    let narrowed = alter(json!({ "systems": ["erp"] })).await.json();
    assert_eq!(narrowed["systems"], json!(["erp"]));
    assert!(!viewer.is_signed_in().await);
    let wide = alter(json!({ "systems": null, "disabled": true }))
        .await
        .json();
    assert_eq!(
        (&wide["systems"], &wide["disabled"]),
        (&Value::Null, &json!(true))
    );
    viewer
        .sign_in("viewer", "staple correct horse")
        .await
        .problem(401, "access.credentials");
    // Nobody locks out everybody.
    let last = chief
        .ask(
            "PATCH",
            "/api/v1/users/chief",
            Some(json!({ "disabled": true })),
        )
        .await;
    last.problem(409, "access.conflict");
    assert!(
        trail(&site)
            .await
            .contains(&told("chief", "user.altered", "access.conflict"))
    );
}

#[tokio::test]
async fn sessions_are_listed_and_ended_by_their_owner_and_by_administrators() {
    let (site, chief) = staffed(AccessPolicy::default()).await;
    let mut viewers = Vec::new();
    for _ in 0..4 {
        let mut viewer = Browser::new(&chief.router);
        viewer.sign_in("viewer", PASSWORD).await.with(200);
        viewers.push(viewer);
    }
    let items = async |browser: &Browser, path: &str| {
        let listed = browser.ask("GET", path, None).await.with(200).json();
        listed["items"].as_array().expect("sessions").clone()
    };
    let own = items(&viewers[0], "/api/v1/sessions").await;
    let current = |items: &[Value]| {
        let current = items.iter().filter(|item| item["current"] == true);
        current
            .map(|item| item["id"].as_str().expect("an id").to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!((own.len(), current(&own).len()), (4, 1), "{own:?}");
    for key in ["created_at", "seen_at", "expires_at", "origin"] {
        assert!(own[0][key].is_string(), "{key}: {own:?}");
    }
    // What the list calls a session is not what a browser shows.
    let cookie = viewers[0].cookie.clone().expect("a cookie");
    assert!(!cookie.contains(&current(&own)[0]));

    let second = current(&items(&viewers[1], "/api/v1/sessions").await).remove(0);
    let path = format!("/api/v1/sessions/{second}");
    viewers[0].ask("DELETE", &path, None).await.with(204);
    assert!(!viewers[1].is_signed_in().await);
    let again = viewers[0].ask("DELETE", &path, None).await;
    again.problem(404, "session.unknown");
    // Nobody ends somebody else's.
    let chiefs = current(&items(&chief, "/api/v1/sessions").await).remove(0);
    let foreign = viewers[0]
        .ask("DELETE", &format!("/api/v1/sessions/{chiefs}"), None)
        .await;
    foreign.problem(404, "session.unknown");
    let refused = viewers[0]
        .ask("GET", "/api/v1/users/chief/sessions", None)
        .await;
    refused.problem(403, "access.role");

    viewers[0]
        .ask("DELETE", "/api/v1/sessions", None)
        .await
        .with(204);
    assert!(viewers[0].is_signed_in().await && chief.is_signed_in().await);
    assert!(!viewers[2].is_signed_in().await && !viewers[3].is_signed_in().await);

    let path = "/api/v1/users/viewer/sessions";
    let seen = items(&chief, path).await;
    assert_eq!((seen.len(), current(&seen).len()), (1, 0), "{seen:?}");
    chief.ask("DELETE", path, None).await.with(204);
    assert!(!viewers[0].is_signed_in().await && chief.is_signed_in().await);
    assert_eq!(items(&chief, path).await, Vec::<Value>::new());
    let nobody = "/api/v1/users/nobody/sessions";
    for method in ["GET", "DELETE"] {
        chief
            .ask(method, nobody, None)
            .await
            .problem(404, "user.unknown");
    }
    let trail = trail(&site).await;
    for who in ["viewer", "chief"] {
        assert!(
            trail.contains(&told(who, "session.ended", "done")),
            "{trail:?}"
        );
    }
}

/// What stands next in a stream of events; `None` at its end.
async fn next_event(events: &mut BodyDataStream) -> Option<String> {
    let waiting = tokio::time::timeout(Duration::from_secs(60), events.next());
    let data = waiting.await.expect("an event or the end")?;
    let data = data.expect("no error").to_vec();
    Some(String::from_utf8(data).expect("text"))
}

#[tokio::test]
async fn who_watches_is_cut_off_when_its_role_systems_or_token_change() {
    let (site, chief) = staffed(AccessPolicy::default()).await;
    let watch = async |name: &'static str, value: String| {
        let request = Request::builder()
            .uri("/api/v1/live")
            .header(name, value)
            .header("host", "hub");
        let request = request.body(Body::empty()).expect("a request");
        let answer = chief.router.clone().oneshot(request).await;
        let answer = answer.expect("an answer");
        assert_eq!(answer.status(), 200);
        let mut events = answer.into_body().into_data_stream();
        assert!(
            next_event(&mut events)
                .await
                .is_some_and(|event| event.contains("past"))
        );
        events
    };
    let ends = async |mut events: BodyDataStream| while next_event(&mut events).await.is_some() {};
    for change in [
        json!({ "systems": ["erp"] }),
        json!({ "role": "operator" }),
        json!({ "disabled": true }),
    ] {
        let mut viewer = Browser::new(&chief.router);
        viewer.sign_in("viewer", PASSWORD).await.with(200);
        let events = watch("cookie", viewer.cookie.clone().expect("a cookie")).await;
        chief
            .ask("PATCH", "/api/v1/users/viewer", Some(change))
            .await
            .with(200);
        assert!(!viewer.is_signed_in().await);
        ends(events).await;
    }
    let made = chief
        .ask(
            "POST",
            "/api/v1/tokens",
            Some(json!({ "name": "wall", "role": "viewer", "systems": ["erp"] })),
        )
        .await
        .with(201)
        .json();
    let token = made["token"].as_str().expect("a token");
    let events = watch("authorization", format!("Bearer {token}")).await;
    let path = format!("/api/v1/tokens/{}", made["id"]);
    chief.ask("DELETE", &path, None).await.with(204);
    ends(events).await;
    drop(site);
}

#[tokio::test]
async fn what_a_page_asks_by_itself_is_no_use_of_a_session() {
    let (site, chief) = staffed(AccessPolicy::default()).await;
    let seen = async || {
        let sessions = site.store().sessions("chief").await.expect("sessions");
        sessions[0].seen_at
    };
    site.sql("update session set seen_at = seen_at - 600000000")
        .await;
    let before = seen().await;
    let idle = chief.with("x-tenon-idle", Some("1"));
    assert!(idle.is_signed_in().await);
    assert_eq!(seen().await, before);
    assert!(chief.is_signed_in().await);
    assert!(seen().await > before);
}

#[tokio::test]
async fn a_session_ends_by_itself() {
    let short = AccessPolicy {
        idle: Humane(Duration::from_millis(300)),
        ..AccessPolicy::default()
    };
    let (_site, browser) = staffed(short).await;
    eventually(async || match browser.is_signed_in().await {
        true => {
            // It is used all the time only to the minute, so that it ends all the same.
            Err("an idle session goes on".to_owned())
        }
        false => Ok(()),
    })
    .await;
    let short = AccessPolicy {
        idle: Humane(Duration::from_millis(300)),
        longest: Humane(Duration::from_millis(300)),
        ..AccessPolicy::default()
    };
    let (_site, browser) = staffed(short).await;
    eventually(async || match browser.is_signed_in().await {
        true => Err("a session goes on for ever".to_owned()),
        false => Ok(()),
    })
    .await;
}
