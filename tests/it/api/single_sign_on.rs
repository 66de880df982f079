//! Single sign-on against a real provider: the package oidc-provider, started by the test.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request};
use serde_json::json;
use tenon_api::AccessPolicy;
use tenon_api::access::{Actor, GroupRole, NewAccount, Provider};
use tenon_connector::Secret;
use tenon_core::SystemName;
use tenon_store::Role;

use super::site::{Answer, Site, ask};

const URL: &str = "http://hub.test";

/// The provider, which ends with the test.
struct Running {
    child: Child,
    issuer: String,
    /// Held open: the provider says more later, and would end if nobody could hear it.
    _talk: BufReader<ChildStdout>,
}

impl Running {
    /// Starts the provider; its packages are installed the first time.
    fn start() -> Self {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("idp");
        if !folder.join("node_modules").is_dir() {
            let installed = Command::new("npm")
                .args(["ci", "--no-audit", "--no-fund"])
                .current_dir(&folder)
                .output()
                .expect("npm, which comes with Node 20 or later");
            let talk = String::from_utf8_lossy(&installed.stderr);
            assert!(
                installed.status.success(),
                "npm ci in {}: {talk}",
                folder.display()
            );
        }
        let mut child = Command::new("node")
            .args(["provider.mjs", &format!("{URL}/auth/oidc/callback")])
            .current_dir(&folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("node");
        let mut issuer = String::new();
        let mut talk = BufReader::new(child.stdout.take().expect("a pipe"));
        talk.read_line(&mut issuer).expect("an address");
        let issuer = issuer.trim().to_owned();
        assert!(
            issuer.starts_with("http://127.0.0.1:"),
            "the provider says `{issuer}`"
        );
        Self {
            child,
            issuer,
            _talk: talk,
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A browser at the provider: follows it as far as the hub's callback.
struct Visitor {
    client: reqwest::Client,
    cookies: BTreeMap<String, String>,
}

impl Visitor {
    fn new() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
        Self {
            client: client.build().expect("a client"),
            cookies: BTreeMap::new(),
        }
    }

    async fn step(&mut self, request: reqwest::RequestBuilder) -> reqwest::Response {
        let cookies = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"));
        let cookies = cookies.collect::<Vec<_>>().join("; ");
        let answer = request
            .header("cookie", cookies)
            .send()
            .await
            .expect("an answer");
        keep(answer.headers(), &mut self.cookies);
        answer
    }

    /// Signs on and consents; where the provider sends the browser in the end.
    async fn sign_on(&mut self, begin: &str, login: &str) -> String {
        let mut url = begin.to_owned();
        for _ in 0..12 {
            let request = self.client.get(&url);
            let mut answer = self.step(request).await;
            if answer.status() == 200 {
                // One of the provider's forms: who is it, and then whether it consents.
                let page = answer.text().await.expect("a page");
                let prompt = if page.contains("value=\"login\"") {
                    "login"
                } else {
                    "consent"
                };
                let form = [("prompt", prompt), ("login", login), ("password", "any")];
                let request = self.client.post(&url).form(&form);
                answer = self.step(request).await;
            }
            let next = answer.headers().get("location");
            let next = next.unwrap_or_else(|| panic!("{} leads nowhere", answer.status()));
            let next = next.to_str().expect("text").to_owned();
            let base = reqwest::Url::parse(&url).expect("an address");
            url = base.join(&next).expect("an address").to_string();
            if url.starts_with(URL) {
                return url.strip_prefix(URL).expect("the hub's").to_owned();
            }
        }
        panic!("the provider does not come to an end: {url}")
    }
}

fn keep(headers: &HeaderMap, cookies: &mut BTreeMap<String, String>) {
    for cookie in headers.get_all("set-cookie") {
        let cookie = cookie.to_str().expect("text");
        let pair = cookie
            .split(';')
            .next()
            .and_then(|pair| pair.split_once('='));
        let (name, value) = pair.expect("a cookie");
        match value.is_empty() {
            true => cookies.remove(name),
            false => cookies.insert(name.to_owned(), value.to_owned()),
        };
    }
}

async fn visit(router: &Router, path: &str, cookies: &BTreeMap<String, String>) -> Answer {
    let cookies = cookies
        .iter()
        .map(|(name, value)| format!("{name}={value}"));
    let request = Request::get(path).header("cookie", cookies.collect::<Vec<_>>().join("; "));
    ask(router, request.body(Body::empty()).expect("a request")).await
}

/// Begins at the hub, signs on at the provider, and comes back.
async fn sign_on(router: &Router, login: &str) -> (Answer, BTreeMap<String, String>) {
    let mut cookies = BTreeMap::new();
    let begun = visit(router, "/auth/oidc", &cookies).await.with(303);
    keep(&begun.headers, &mut cookies);
    let waiting = begun.headers["set-cookie"].to_str().expect("text");
    assert!(waiting.contains("HttpOnly; SameSite=Lax"), "{waiting}");
    let begin = begun.headers["location"].to_str().expect("text");
    for part in [
        "code_challenge_method=S256",
        "response_type=code",
        "nonce=",
        "state=",
    ] {
        assert!(begin.contains(part), "{begin}");
    }
    let back = Visitor::new().sign_on(begin, login).await;
    let answer = visit(router, &back, &cookies).await;
    keep(&answer.headers, &mut cookies);
    (answer, cookies)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_sign_on_at_a_provider_and_have_the_role_of_their_group() {
    let running = Running::start();
    let role = |group: &str, role: Role, systems: &[&str]| GroupRole {
        group: group.to_owned(),
        role,
        systems: (!systems.is_empty()).then(|| {
            systems
                .iter()
                .map(|name| SystemName::new(name).expect("a name"))
                .collect()
        }),
    };
    let provider = |groups_claim: &str| Provider {
        issuer: running.issuer.clone(),
        client_id: "tenon".to_owned(),
        client_secret: Some(Secret::parse("a-secret-of-the-tests-alone").expect("plain")),
        scopes: vec!["profile".to_owned()],
        user_claim: "preferred_username".to_owned(),
        groups_claim: groups_claim.to_owned(),
        roles: vec![
            role("chiefs", Role::Administrator, &[]),
            role("erp-team", Role::Operator, &["erp"]),
        ],
    };
    let policy = |groups_claim: &str| AccessPolicy {
        url: Some(URL.to_owned()),
        oidc: Some(provider(groups_claim)),
        ..AccessPolicy::default()
    };
    let site = Site::new().await;
    let router = site.router_with(site.access_with(policy("groups")), Arc::default());
    let means = visit(&router, "/api/v1/session/means", &BTreeMap::new())
        .await
        .with(200)
        .json();
    assert_eq!(
        means,
        json!({ "password": true, "single_sign_on": "/auth/oidc" })
    );

    let (answer, cookies) = sign_on(&router, "li.wei+erp-team").await;
    let answer = answer.with(200);
    assert_eq!(answer.headers["refresh"], "0; url=/");
    assert!(!cookies.contains_key("tenon-oidc"), "{cookies:?}");
    let session = visit(&router, "/api/v1/session", &cookies)
        .await
        .with(200)
        .json();
    assert_eq!(
        (&session["user"], &session["role"]),
        (&json!("li.wei"), &json!("operator"))
    );
    assert_eq!(
        (&session["systems"], &session["display_name"]),
        (&json!(["erp"]), &json!("LI.WEI"))
    );

    // Signed on again it is the same account, and the table of roles counts anew.
    let mut other = policy("groups");
    if let Some(provider) = &mut other.oidc {
        provider.roles[1].role = Role::Steward;
    }
    let changed = site.router_with(site.access_with(other), Arc::default());
    let (answer, renewed) = sign_on(&changed, "li.wei+erp-team").await;
    answer.with(200);
    let session = visit(&changed, "/api/v1/session", &renewed)
        .await
        .with(200)
        .json();
    assert_eq!(session["role"], "steward");
    visit(&router, "/api/v1/session", &cookies)
        .await
        .problem(401, "access.ended");
    assert_eq!(site.store().accounts().await.expect("asked").len(), 1);

    // In no group: no account. Of a name that somebody here has: not that account.
    let (answer, _) = sign_on(&router, "guest+visitors").await;
    answer.problem(403, "oidc.no_role");
    let new = NewAccount {
        name: "root".to_owned(),
        display_name: None,
        role: Role::Administrator,
        systems: None,
        language: None,
        password: Some("correct horse battery".to_owned()),
        subject: None,
    };
    site.access()
        .add_account(&Actor::on_command_line(), new)
        .await
        .expect("an account");
    let (answer, cookies) = sign_on(&router, "root+erp-team").await;
    answer.problem(409, "access.conflict");
    assert!(!cookies.contains_key("tenon"), "{cookies:?}");

    // What comes back to a browser that did not begin it, or with another state, is not taken.
    let none = BTreeMap::new();
    let path = "/auth/oidc/callback?code=stolen&state=guessed";
    visit(&router, path, &none).await.problem(400, "oidc.state");
    let waiting = BTreeMap::from([("tenon-oidc".to_owned(), "other.nonce.verifier".to_owned())]);
    visit(&router, path, &waiting)
        .await
        .problem(400, "oidc.state");
    let waiting = BTreeMap::from([("tenon-oidc".to_owned(), "guessed.nonce.verifier".to_owned())]);
    visit(&router, path, &waiting)
        .await
        .problem(401, "oidc.refused");
    let denied = visit(&router, "/auth/oidc/callback?error=access_denied", &none).await;
    denied.problem(401, "oidc.refused");
    // A person is led back to the door, which says what is wrong.
    let request = Request::get("/auth/oidc/callback?error=access_denied")
        .header("accept", "text/html,*/*;q=0.8")
        .body(Body::empty());
    let led = ask(&router, request.expect("a request")).await.with(401);
    assert_eq!(led.headers["refresh"], "0; url=/?sign_on=oidc.refused");
    assert_eq!(led.headers["content-type"], "text/html; charset=utf-8");
    let lost = policy("groups");
    drop(running);
    let gone = site.router_with(site.access_with(lost), Arc::default());
    visit(&gone, "/auth/oidc", &none)
        .await
        .problem(502, "oidc.unreachable");
}

#[tokio::test]
async fn without_a_provider_there_is_no_single_sign_on() {
    let site = Site::new().await;
    let router = site.router();
    let none = BTreeMap::new();
    let means = visit(&router, "/api/v1/session/means", &none)
        .await
        .with(200)
        .json();
    assert_eq!(means["single_sign_on"], json!(null));
    visit(&router, "/auth/oidc", &none)
        .await
        .problem(404, "unknown");
}
