//! A browser before a site, the people who use it, and what the trail says of them.

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use serde_json::Value;
use serde_json::json;
use std::sync::Arc;
use tenon_api::AccessPolicy;
use tenon_api::access::Actor;
use tenon_api::access::NewAccount;
use tenon_store::Role;

use super::site::{Answer, Site, ask};

pub(super) const PASSWORD: &str = "correct horse battery";

/// A browser: what it shows, and the headers that browsers and the console's pages add.
#[derive(Clone)]
pub(super) struct Browser {
    pub(super) router: Router,
    pub(super) cookie: Option<String>,
    pub(super) headers: Vec<(&'static str, &'static str)>,
}

impl Browser {
    pub(super) fn new(router: &Router) -> Self {
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
    pub(super) fn with(&self, name: &'static str, value: Option<&'static str>) -> Self {
        let mut other = self.clone();
        other.headers.retain(|(header, _)| *header != name);
        other.headers.extend(value.map(|value| (name, value)));
        other
    }

    pub(super) async fn ask(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
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
    pub(super) async fn sign_in(&mut self, user: &str, password: &str) -> Answer {
        let credentials = json!({ "user": user, "password": password });
        let answer = self.ask("POST", "/api/v1/session", Some(credentials)).await;
        self.keep(&answer);
        answer
    }

    pub(super) fn keep(&mut self, answer: &Answer) {
        if let Some(cookie) = answer.headers.get("set-cookie") {
            let cookie = cookie.to_str().expect("text");
            self.cookie = cookie.split(';').next().map(str::to_owned);
        }
    }

    pub(super) async fn is_signed_in(&self) -> bool {
        self.ask("GET", "/api/v1/session", None).await.status == 200
    }
}

pub(super) async fn add(site: &Site, name: &str, role: Role) {
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
pub(super) async fn staffed(policy: AccessPolicy) -> (Site, Browser) {
    let site = Site::new().await;
    add(&site, "chief", Role::Administrator).await;
    add(&site, "viewer", Role::Viewer).await;
    let router = site.router_with(site.access_with(policy), Arc::default());
    let mut browser = Browser::new(&router);
    browser.sign_in("chief", PASSWORD).await.with(200);
    (site, browser)
}

/// The trail's actions with their outcomes, oldest first.
pub(super) async fn trail(site: &Site) -> Vec<(String, String, String)> {
    let entries = site.store().audit_after(0, 1_000).await.expect("a trail");
    let told = entries
        .into_iter()
        .map(|entry| (entry.who, entry.action, entry.outcome));
    told.collect()
}

pub(super) fn told(who: &str, action: &str, outcome: &str) -> (String, String, String) {
    (who.to_owned(), action.to_owned(), outcome.to_owned())
}
