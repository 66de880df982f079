//! Signing in, tokens, and what is done in whose name.

use axum::body::Body;
use axum::http::Request;
use serde_json::Value;
use serde_json::json;
use tenon_api::AccessPolicy;
use tenon_store::Role;

use super::browser::{Browser, PASSWORD, add, staffed, told, trail};
use super::site::{Site, ask, get};

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
async fn a_token_is_narrowed_to_its_scopes() {
    let (site, chief) = staffed(AccessPolicy::default()).await;
    let make = |name: &str, role: &str, scopes: &[&str]| {
        let body = json!({ "name": name, "role": role, "scopes": scopes });
        chief.ask("POST", "/api/v1/tokens", Some(body))
    };
    let unknown = make("odd", "viewer", &["metrics:read", "figures:read"]).await;
    let detail = unknown.problem(400, "request.invalid");
    assert!(
        detail.contains("`figures:read` is no scope: access:read, "),
        "{detail}"
    );
    make("none", "viewer", &[])
        .await
        .problem(400, "request.invalid");

    let scopes = ["messages:read", "metrics:read"];
    let made = make(
        "bi",
        "operator",
        &["metrics:read", "messages:read", "metrics:read"],
    )
    .await;
    let made = made.with(201).json();
    assert_eq!(made["scopes"], json!(scopes));
    let listed = chief
        .ask("GET", "/api/v1/tokens", None)
        .await
        .with(200)
        .json();
    assert_eq!(listed["items"][0]["scopes"], json!(scopes));
    assert!(
        listed["scopes"]
            .as_array()
            .expect("all")
            .contains(&json!("masters:write"))
    );
    let noted = chief
        .ask("GET", "/api/v1/audit?action=token.created", None)
        .await;
    let noted = noted.with(200).json();
    assert_eq!(
        noted["items"][0]["detail"]["after"]["scopes"],
        json!(scopes)
    );

    let secret = made["token"].as_str().expect("a token");
    let asked = async |method: &str, path: &str| {
        let request = Request::builder().method(method).uri(path);
        let request = request.header("authorization", format!("Bearer {secret}"));
        let request = request.header("content-type", "application/json");
        let body = Body::from(r#"{"because":"a test"}"#);
        ask(&chief.router, request.body(body).expect("a request")).await
    };
    let who = asked("GET", "/api/v1/session").await.with(200).json();
    assert_eq!(who["scopes"], json!(scopes));
    asked("GET", "/metrics").await.with(200);
    asked("GET", "/api/v1/messages").await.with(200);
    let refused = asked("GET", "/api/v1/masters").await;
    let detail = refused.problem(403, "access.area");
    assert_eq!(
        detail,
        "this needs the scope `masters:read`; the token has messages:read, metrics:read"
    );
    // To read shows no personal values, by whatever way, though the role might see them.
    for (method, path) in [
        ("POST", "/api/v1/messages/1/reveal"),
        ("GET", "/api/v1/messages?text=138"),
        ("POST", "/api/v1/messages/1/resend"),
    ] {
        let detail = asked(method, path).await.problem(403, "access.area");
        assert!(detail.contains("`messages:write`"), "{path}: {detail}");
    }
    // What is refused of what would be noted is noted.
    let entries = trail(&site).await;
    assert!(entries.contains(&told("token:bi", "message.revealed", "access.area")));
    // A scope is never more than the role.
    let made = make("viewer.all", "viewer", &["messages:write"])
        .await
        .with(201)
        .json();
    let request = Request::post("/api/v1/messages/1/resend").header(
        "authorization",
        format!("Bearer {}", made["token"].as_str().expect("a token")),
    );
    let refused = ask(
        &chief.router,
        request.body(Body::empty()).expect("a request"),
    )
    .await;
    refused.problem(403, "access.role");
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
    // The trail says what was done, and by which message.
    let entries = site.store().audit_after(0, 100).await.expect("a trail");
    let detail = &entries.last().expect("an entry").detail;
    assert_eq!(detail["act"], json!({ "reserve_code": { "code": "CKMY" } }));
    assert_eq!(detail["message_id"], json!(id));
    hub.stop().await;
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
