//! Signing in, and staying so: passwords, sessions, links, tokens, the trail.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, BodyDataStream};
use axum::http::Request;
use futures::StreamExt;
use serde_json::{Value, json};
use tenon_api::AccessPolicy;
use tenon_api::access::{Actor, NewAccount};
use tenon_connector::Humane;
use tenon_store::Role;
use tower::ServiceExt;

use super::site::{Answer, Site, TOKEN, ask, eventually, get};

const PASSWORD: &str = "correct horse battery";

/// A browser: what it shows, and the headers that browsers and the console's pages add.
#[derive(Clone)]
struct Browser {
    router: Router,
    cookie: Option<String>,
    headers: Vec<(&'static str, &'static str)>,
}

impl Browser {
    fn new(router: &Router) -> Self {
        Self {
            router: router.clone(),
            cookie: None,
            headers: vec![
                ("host", "hub"),
                ("origin", "http://hub"),
                ("sec-fetch-site", "same-origin"),
                ("x-tenon-csrf", "1"),
            ],
        }
    }

    /// Without a header, or with another value of it.
    fn with(&self, name: &'static str, value: Option<&'static str>) -> Self {
        let mut other = self.clone();
        other.headers.retain(|(header, _)| *header != name);
        other.headers.extend(value.map(|value| (name, value)));
        other
    }

    async fn ask(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in &self.headers {
            request = request.header(*name, *value);
        }
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", cookie);
        }
        let body = match body {
            None => Body::empty(),
            Some(body) => {
                request = request.header("content-type", "application/json");
                body.to_string().into()
            }
        };
        ask(&self.router, request.body(body).expect("a request")).await
    }

    /// Signs in, and keeps the cookie.
    async fn sign_in(&mut self, user: &str, password: &str) -> Answer {
        let credentials = json!({ "user": user, "password": password });
        let answer = self.ask("POST", "/api/v1/session", Some(credentials)).await;
        self.keep(&answer);
        answer
    }

    fn keep(&mut self, answer: &Answer) {
        if let Some(cookie) = answer.headers.get("set-cookie") {
            let cookie = cookie.to_str().expect("text");
            self.cookie = cookie.split(';').next().map(str::to_owned);
        }
    }

    async fn is_signed_in(&self) -> bool {
        self.ask("GET", "/api/v1/session", None).await.status == 200
    }
}

async fn add(site: &Site, name: &str, role: Role) {
    let new = NewAccount {
        name: name.to_owned(),
        display_name: None,
        role,
        systems: None,
        language: None,
        password: Some(PASSWORD.to_owned()),
        subject: None,
    };
    let made = site
        .access()
        .add_account(&Actor::on_command_line(), new)
        .await;
    made.expect("an account");
}

/// A site with an administrator `chief` and a `viewer`, and a browser in which the first is signed in.
async fn staffed(policy: AccessPolicy) -> (Site, Browser) {
    let site = Site::new().await;
    add(&site, "chief", Role::Administrator).await;
    add(&site, "viewer", Role::Viewer).await;
    let router = site.router_with(site.access_with(policy), Arc::default());
    let mut browser = Browser::new(&router);
    browser.sign_in("chief", PASSWORD).await.with(200);
    (site, browser)
}

/// The trail's actions with their outcomes, oldest first.
async fn trail(site: &Site) -> Vec<(String, String, String)> {
    let entries = site.store().audit_after(0, 1_000).await.expect("a trail");
    let told = entries
        .into_iter()
        .map(|entry| (entry.who, entry.action, entry.outcome));
    told.collect()
}

fn told(who: &str, action: &str, outcome: &str) -> (String, String, String) {
    (who.to_owned(), action.to_owned(), outcome.to_owned())
}

#[tokio::test]
async fn the_first_administrator_comes_by_a_link_that_is_good_once() {
    let site = Site::new().await;
    let router = site.router();
    let link = site
        .access()
        .invite_first()
        .await
        .expect("asked")
        .expect("a link");
    let token = link.strip_prefix("/first#").expect("the console's route");
    let mut browser = Browser::new(&router);
    let first = |token: &str, user: &str, password: &str| json!({ "token": token, "user": user, "password": password });
    let path = "/api/v1/session/first";
    let guess = browser
        .ask("POST", path, Some(first("guessed", "chief", PASSWORD)))
        .await;
    guess.problem(401, "access.link");
    let weak = browser
        .ask("POST", path, Some(first(token, "chief", "chief")))
        .await;
    weak.problem(400, "password.weak");
    let answer = browser
        .ask("POST", path, Some(first(token, "Chief", PASSWORD)))
        .await
        .with(200);
    browser.keep(&answer);
    assert_eq!(
        answer.json(),
        json!({ "user": "chief", "display_name": "chief", "role": "administrator", "systems": null,
            "permissions": ["see", "operate", "decide", "reveal", "administer"] })
    );
    assert!(browser.is_signed_in().await);
    let again = Browser::new(&router)
        .ask("POST", path, Some(first(token, "other", PASSWORD)))
        .await;
    again.problem(401, "access.link");
    assert_eq!(site.access().invite_first().await.expect("asked"), None);

    // An account without a password has a link of its own.
    let body =
        json!({ "user": "Li.Wei", "role": "steward", "display_name": "李伟", "systems": ["erp"] });
    let made = browser
        .ask("POST", "/api/v1/users", Some(body))
        .await
        .with(201)
        .json();
    assert_eq!(
        (&made["user"], &made["password"]),
        (&json!("li.wei"), &json!(false))
    );
    let token = made["link"]
        .as_str()
        .and_then(|link| link.strip_prefix("/password#"))
        .expect("a link");
    let mut other = Browser::new(&router);
    let stolen = other
        .ask("POST", path, Some(first(token, "chief", PASSWORD)))
        .await;
    stolen.problem(401, "access.link");
    let answer = other
        .ask("POST", path, Some(first(token, "li.wei", PASSWORD)))
        .await
        .with(200);
    assert_eq!(answer.json()["systems"], json!(["erp"]));
    other.cookie = None;
    other.sign_in("LI.WEI", PASSWORD).await.with(200);
}

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

#[tokio::test]
async fn guessing_is_locked_out_and_tells_nothing() {
    let policy = AccessPolicy {
        lock_after: 3,
        ..AccessPolicy::default()
    };
    let (site, chief) = staffed(policy).await;
    let mut guesser = Browser::new(&chief.router);
    let mut details = Vec::new();
    for user in ["viewer", "nobody-of-that-name"] {
        for _ in 0..3 {
            let answer = guesser.sign_in(user, "a wrong password").await;
            details.push(answer.problem(401, "access.credentials"));
        }
        // Not even the right one is taken now, and an unknown name is locked like a known one.
        let answer = guesser.sign_in(user, PASSWORD).await;
        let wait: u64 = answer.headers["retry-after"]
            .to_str()
            .expect("text")
            .parse()
            .expect("seconds");
        assert!((1..=900).contains(&wait), "{wait}");
        answer.problem(429, "access.locked");
    }
    details.dedup();
    assert_eq!(details, ["no such name and password"]);
    assert!(chief.is_signed_in().await);
    let refused = trail(&site).await;
    let refused = refused
        .iter()
        .filter(|entry| **entry == told("viewer", "session.refused", "access.credentials"));
    assert_eq!(refused.count(), 3);

    let policy = AccessPolicy {
        sign_ins_per_minute: 4,
        ..AccessPolicy::default()
    };
    let (_site, hasty) = staffed(policy).await;
    let mut hasty = Browser::new(&hasty.router);
    for user in ["a", "b", "c"] {
        hasty
            .sign_in(user, "x")
            .await
            .problem(401, "access.credentials");
    }
    hasty.sign_in("d", "x").await.problem(429, "access.pace");
}

#[tokio::test]
async fn tokens_are_made_shown_once_and_revoked() {
    let (site, chief) = staffed(AccessPolicy::default()).await;
    let body = json!({ "name": "report", "role": "viewer", "systems": ["shop"], "days": 7 });
    let made = chief
        .ask("POST", "/api/v1/tokens", Some(body.clone()))
        .await
        .with(201)
        .json();
    let secret = made["token"].as_str().expect("a token").to_owned();
    assert!(
        secret.starts_with("tenon_") && secret.len() > 40,
        "{secret}"
    );
    let taken = chief.ask("POST", "/api/v1/tokens", Some(body)).await;
    taken.problem(409, "access.conflict");
    let bearer = |path: &str, token: &str| {
        let request = Request::get(path).header("authorization", format!("Bearer {token}"));
        request.body(Body::empty()).expect("a request")
    };
    let router = &chief.router;
    let who = ask(router, bearer("/api/v1/session", &secret))
        .await
        .with(200)
        .json();
    assert_eq!(
        (&who["user"], &who["systems"]),
        (&json!("token:report"), &json!(["shop"]))
    );
    for path in ["/api/v1/messages", "/api/v1/parked"] {
        ask(router, bearer(path, &secret)).await.with(200);
    }
    ask(router, bearer("/api/v1/messages?source=shop", &secret))
        .await
        .with(200);
    ask(router, bearer("/api/v1/messages?source=erp", &secret))
        .await
        .problem(403, "access.scope");
    let listed = chief.ask("GET", "/api/v1/tokens", None).await.with(200);
    assert!(!listed.text().contains(&secret));
    assert!(listed.json()["items"][0]["used_at"].is_string());
    let path = format!("/api/v1/tokens/{}", made["id"]);
    chief.ask("DELETE", &path, None).await.with(204);
    ask(router, bearer("/api/v1/session", &secret))
        .await
        .problem(401, "access.token");
    ask(router, bearer("/api/v1/session", "tenon_guess"))
        .await
        .problem(401, "access.token");
    chief
        .ask("DELETE", "/api/v1/tokens/999", None)
        .await
        .problem(404, "token.unknown");
    let everything = format!(
        "{:?}",
        site.store().audit_after(0, 100).await.expect("a trail")
    );
    assert!(!everything.contains(&secret) && !everything.contains(PASSWORD));
}

#[tokio::test]
async fn the_trail_is_read_checked_and_exported() {
    let (site, chief) = staffed(AccessPolicy::default()).await;
    let alter = json!({ "role": "operator", "display_name": "=1+1" });
    chief
        .ask("PATCH", "/api/v1/users/viewer", Some(alter))
        .await
        .with(200);
    let page = chief
        .ask("GET", "/api/v1/audit?action=user.altered", None)
        .await
        .with(200)
        .json();
    let entry = &page["items"][0];
    assert_eq!(
        (&entry["who"], &entry["via"], &entry["subject"]),
        (&json!("chief"), &json!("session"), &json!("viewer"))
    );
    assert_eq!(entry["detail"]["before"]["role"], "viewer");
    assert_eq!(entry["detail"]["after"]["role"], "operator");
    let check = chief
        .ask("GET", "/api/v1/audit/check", None)
        .await
        .with(200)
        .json();
    assert_eq!(check["broken"], Value::Null);
    let head = check["head"].as_str().expect("a head").to_owned();
    assert_eq!(
        head.split(':').next(),
        Some(check["entries"].to_string().as_str())
    );

    for (format, kind) in [("csv", "text/csv"), ("ndjson", "application/x-ndjson")] {
        let answer = chief
            .ask(
                "GET",
                &format!("/api/v1/audit/export?format={format}"),
                None,
            )
            .await
            .with(200);
        assert!(
            answer.headers["content-type"]
                .to_str()
                .expect("text")
                .starts_with(kind)
        );
        assert!(
            answer.headers["content-disposition"]
                .to_str()
                .expect("text")
                .contains("attachment")
        );
        let lines = answer.text().lines().count() as u64;
        assert!(
            lines > check["entries"].as_u64().expect("a count"),
            "{}",
            answer.text()
        );
        assert!(answer.text().contains("user.altered"));
    }
    let asked = "?who=chief&action=user.altered&subject=viewer";
    let lines_of = |answer: Answer| -> Vec<Value> {
        let lines = answer.text().lines().map(serde_json::from_str);
        lines.collect::<Result<_, _>>().expect("lines of JSON")
    };
    let export = |query: &str| format!("/api/v1/audit/export{query}&format=ndjson");
    let some = lines_of(chief.ask("GET", &export(asked), None).await.with(200));
    assert_eq!(some, std::slice::from_ref(entry));
    let none = lines_of(
        chief
            .ask("GET", &export("?who=nobody"), None)
            .await
            .with(200),
    );
    assert_eq!(none, Vec::<Value>::new());
    let early = chief
        .ask("GET", "/api/v1/audit?until=2020-01-01T00:00:00Z", None)
        .await
        .with(200)
        .json();
    assert_eq!(early["items"], json!([]));
    let actions = chief
        .ask("GET", "/api/v1/audit/actions", None)
        .await
        .with(200)
        .json();
    let actions = actions["items"].as_array().expect("actions").clone();
    assert!(actions.contains(&json!("audit.exported")), "{actions:?}");
    // In steps the same is checked.
    let (mut after, mut entries, mut steps) = (String::new(), 0, 0);
    loop {
        let path = format!("/api/v1/audit/check?limit=2{after}");
        let step = chief.ask("GET", &path, None).await.with(200).json();
        assert_eq!(step["broken"], Value::Null);
        entries += step["entries"].as_u64().expect("a count");
        steps += 1;
        if step["more"] == false {
            break;
        }
        assert_eq!(step["entries"], 2);
        after = format!("&after={}", step["head"].as_str().expect("a head"));
    }
    let whole = chief
        .ask("GET", "/api/v1/audit/check", None)
        .await
        .with(200)
        .json();
    assert_eq!(whole["entries"], entries);
    assert_eq!(steps, entries.div_ceil(2));
    assert_eq!(whole["more"], false);
    chief
        .ask("GET", "/api/v1/audit/check?after=x", None)
        .await
        .problem(400, "request.invalid");
    chief
        .ask("GET", "/api/v1/audit/export?format=xml", None)
        .await
        .problem(400, "request.invalid");
    let exported = trail(&site).await;
    assert!(exported.contains(&told("chief", "audit.exported", "done")));
    // With the head that was noted, even a chain that was made anew is found out.
    let still = chief
        .ask("GET", &format!("/api/v1/audit/check?head={head}"), None)
        .await
        .with(200)
        .json();
    assert_eq!(still["broken"], Value::Null);
    let last = if head.ends_with('a') { 'b' } else { 'a' };
    let other = format!("{}{last}", &head[..head.len() - 1]);
    let anew = chief
        .ask("GET", &format!("/api/v1/audit/check?head={other}"), None)
        .await
        .with(200)
        .json();
    assert!(
        anew["broken"]["reason"]
            .as_str()
            .is_some_and(|reason| reason.contains("when that was noted"))
    );
    site.sql("update audit set outcome = 'done', who = 'nobody' where position = 2")
        .await;
    let broken = chief
        .ask("GET", "/api/v1/audit/check", None)
        .await
        .with(200)
        .json();
    assert_eq!(broken["broken"]["position"], 2);
    site.sql("delete from audit where position > 1").await;
    let cut = chief
        .ask("GET", &format!("/api/v1/audit/check?head={head}"), None)
        .await
        .with(200)
        .json();
    assert!(
        cut["broken"]["reason"]
            .as_str()
            .is_some_and(|reason| reason.contains("ends at 1"))
    );
}

#[tokio::test]
async fn a_command_is_given_by_who_is_signed_in() {
    let (site, chief) = staffed(AccessPolicy::default()).await;
    add(&site, "steward", Role::Steward).await;
    let mut steward = Browser::new(&chief.router);
    steward.sign_in("steward", PASSWORD).await.with(200);
    let command = |by: Option<&str>| {
        let mut command =
            json!({ "because": "test", "act": { "reserve_code": { "code": "CKMY" } } });
        if let Some(by) = by {
            command["by"] = by.into();
        }
        Some(command)
    };
    let forged = steward
        .ask("POST", "/api/v1/commands", command(Some("chief")))
        .await;
    forged.problem(403, "access.by");
    let entries = site.store().audit_after(0, 100).await.expect("a trail");
    let last = entries.last().expect("an entry");
    assert_eq!(
        (last.who.as_str(), last.action.as_str()),
        ("steward", "master.commanded")
    );
    assert_eq!(last.outcome, "access.by");
    // Without a hub that decides, it is durable, and says who gave it.
    let (hub, router) = site.run().await;
    steward.router = router.clone();
    let done = steward
        .ask("POST", "/api/v1/commands", command(None))
        .await
        .with(200)
        .json();
    let id = done["message_id"]
        .as_str()
        .or(done["id"].as_str())
        .expect("a message")
        .to_owned();
    let message = get(&router, &format!("/api/v1/messages/{id}"))
        .await
        .with(200);
    assert!(message.text().contains("steward"), "{}", message.text());
    hub.stop().await;
    assert!(!TOKEN.is_empty());
}

#[tokio::test]
async fn a_search_is_kept_for_oneself_and_by_administrators_for_all() {
    let (_site, chief) = staffed(AccessPolicy::default()).await;
    let mut viewer = Browser::new(&chief.router);
    viewer.sign_in("viewer", PASSWORD).await.with(200);
    let where_ = "/api/v1/searches";
    let keep = async |browser: &Browser, name: &str, query: &str, shared: bool| {
        let search = json!({ "name": name, "query": query, "shared": shared });
        browser.ask("POST", where_, Some(search)).await
    };
    let own = keep(&viewer, " mine ", "source=crm", false)
        .await
        .with(201)
        .json();
    assert_eq!((&own["name"], &own["own"]), (&json!("mine"), &json!(true)));
    keep(&viewer, "for all", "source=erp", true).await.with(403);
    keep(&viewer, " ", "source=erp", false).await.with(400);
    keep(&viewer, "nothing", "", false).await.with(400);
    let shared = keep(&chief, "for all", "source=erp", true)
        .await
        .with(201)
        .json();
    let seen = viewer.ask("GET", where_, None).await.with(200).json();
    let seen: Vec<&Value> = seen["items"].as_array().expect("a list").iter().collect();
    assert_eq!(
        (&seen[0]["name"], &seen[0]["owner"]),
        (&json!("for all"), &json!("chief"))
    );
    assert_eq!((&seen[1]["name"], seen.len()), (&json!("mine"), 2));
    // Neither is anybody else's to forget, but what is shown to all is an administrator's.
    let of = |search: &Value| format!("{where_}/{}", search["id"]);
    let refused = viewer
        .ask("DELETE", &of(&shared), None)
        .await
        .with(404)
        .json();
    assert_eq!(refused["code"], "search.unknown");
    chief.ask("DELETE", &of(&own), None).await.with(404);
    viewer.ask("DELETE", &of(&own), None).await.with(204);
    chief.ask("DELETE", &of(&shared), None).await.with(204);
    let left = viewer.ask("GET", where_, None).await.with(200).json();
    assert_eq!(left["items"], json!([]));
    let trail = chief
        .ask("GET", "/api/v1/audit?limit=200", None)
        .await
        .with(200)
        .json();
    let kept = |entry: &&Value| entry["action"] == "search.forgotten" && entry["outcome"] == "done";
    let entries = trail["items"].as_array().expect("a trail");
    assert_eq!(entries.iter().filter(kept).count(), 2, "{trail}");
}
