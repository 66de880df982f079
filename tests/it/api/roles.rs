//! Who may call what: every route of the OpenAPI document, as every role, with a table that shows it.
//!
//! The table is kept in `roles.txt`: a new route appears in it, and whoever adds it reads there who may call it.
//! A route without a rule does not get that far: the router refuses to be made.

use std::collections::{BTreeMap, BTreeSet};

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use tenon_api::access::{Actor, NewToken};
use tenon_core::SystemName;
use tenon_store::Role;

use super::description::{document, operations};
use super::site::{Site, ask};

/// The table.
const KEPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/it/api/roles.txt");

/// A request of an operation, with something in each place of its path, and the query that names a system.
fn request(path: &str, method: &str, query: &str, token: Option<&str>) -> Request<Body> {
    let path = path.replace(['{', '}'], "");
    let mut request = Request::builder()
        .method(method.to_uppercase().as_str())
        .uri(format!("{path}{query}"));
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    request.body(Body::empty()).expect("a request")
}

/// A token of a role, perhaps for some systems alone.
pub(super) async fn token(site: &Site, name: &str, role: Role, systems: &[&str]) -> String {
    narrowed(site, name, role, systems, None).await
}

/// A token of a role, perhaps for some systems alone, or with some scopes alone.
pub(super) async fn narrowed(
    site: &Site,
    name: &str,
    role: Role,
    systems: &[&str],
    scopes: Option<&[&str]>,
) -> String {
    let systems = systems
        .iter()
        .map(|name| SystemName::new(name).expect("a name"));
    let systems: Vec<SystemName> = systems.collect();
    let new = NewToken {
        name: name.to_owned(),
        role,
        systems: (!systems.is_empty()).then_some(systems),
        scopes: scopes.map(|scopes| scopes.iter().map(|&scope| scope.to_owned()).collect()),
        expires_at: None,
    };
    let made = site
        .access()
        .create_token(&Actor::on_command_line(), new)
        .await;
    made.expect("a token").1
}

/// How a request was taken: what it was refused for, or that it was let pass.
async fn taken(router: &Router, request: Request<Body>) -> &'static str {
    let answer = ask(router, request).await;
    assert_ne!(answer.status, 405, "{answer:?}");
    match answer.status {
        401 | 403 => match answer.json()["code"].as_str() {
            Some("access.required") => "401",
            // Open routes that check their callers themselves.
            Some("webhook.refused" | "access.credentials" | "access.link") => "may",
            Some("access.role") => "role",
            Some("access.scope") => "scope",
            Some("access.area") => "area",
            other => panic!("{other:?}: {answer:?}"),
        },
        _ => "may",
    }
}

#[tokio::test]
async fn every_route_heeds_the_roles_and_the_systems() {
    let (site, document) = document().await;
    let router = site.router();
    let mut callers = vec![("nobody", None)];
    for role in Role::ALL {
        let token = token(&site, role.as_str(), role, &[]).await;
        callers.push((role.as_str(), Some(token)));
    }
    let scoped = token(&site, "only-erp", Role::Administrator, &["erp"]).await;
    let mut lines = Vec::new();
    for (path, method, operation) in operations(&document) {
        let mut line = format!("{:6} {path}\n      ", method.to_uppercase());
        for (name, token) in &callers {
            let taken = taken(&router, request(path, method, "", token.as_deref())).await;
            let open = operation.get("security").is_none();
            assert!(
                token.is_some() || (taken == "may") == open,
                "{method} {path} is described otherwise than it is"
            );
            line.push_str(&format!(" {name}={taken}"));
        }
        for (name, query) in [
            ("erp", ""),
            ("erp?erp", "?source=erp&system=erp"),
            ("erp?shop", "?source=shop&system=shop"),
            ("erp?both", "?source=erp&system=erp&source=shop&system=shop"),
        ] {
            let taken = taken(&router, request(path, method, query, Some(&scoped))).await;
            line.push_str(&format!(" {name}={taken}"));
        }
        let needed = operation["security"][0]["token"][0].as_str();
        line.push_str(&format!("\n       token={}", needed.unwrap_or("any")));
        lines.push(line);
    }
    let table = lines.join("\n") + "\n";
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(KEPT, &table).expect("written");
    }
    let kept = std::fs::read_to_string(KEPT).expect("the table");
    assert!(
        kept == table,
        "who may call what has changed; `UPDATE=1` writes the table anew, to be read:\n{table}"
    );
}

/// Of all scopes there is just one that lets each route be called, and who may write in its area may read there.
#[tokio::test]
async fn every_route_heeds_the_scopes_of_a_token() {
    let (site, document) = document().await;
    let router = site.router();
    let all = tenon_api::access::scopes();
    let mut needed: BTreeSet<&str> = BTreeSet::new();
    let mut tokens = BTreeMap::new();
    for &scope in &all {
        let name = scope.replace(':', ".");
        let with = narrowed(&site, &name, Role::Administrator, &[], Some(&[scope])).await;
        let others: Vec<&str> = all
            .iter()
            .copied()
            .filter(|other| !includes(other, scope))
            .collect();
        let name = format!("no.{name}");
        let without = narrowed(&site, &name, Role::Administrator, &[], Some(&others)).await;
        tokens.insert(scope, (with, without));
    }
    for (path, method, operation) in operations(&document) {
        let needs = operation["security"][0]["token"][0].as_str();
        let Some(needs) = needs else {
            // Open, or about the caller alone.
            let (any, _) = &tokens["metrics:read"];
            let taken = taken(&router, request(path, method, "", Some(any))).await;
            assert_eq!(taken, "may", "{method} {path}");
            continue;
        };
        needed.insert(needs);
        for (scope, (with, _)) in &tokens {
            let taken = taken(&router, request(path, method, "", Some(with))).await;
            let expected = if includes(scope, needs) {
                "may"
            } else {
                "area"
            };
            assert_eq!(taken, expected, "{method} {path} with {scope}");
        }
        let refused = ask(&router, request(path, method, "", Some(&tokens[needs].1))).await;
        let detail = refused.problem(403, "access.area");
        assert!(detail.contains(&format!("`{needs}`")), "{detail}");
    }
    assert_eq!(needed.into_iter().collect::<Vec<_>>(), all);
}

/// Whether a scope lets do what another lets do.
fn includes(scope: &str, other: &str) -> bool {
    let (area, how) = scope.split_once(':').expect("a scope");
    let (of, to) = other.split_once(':').expect("a scope");
    area == of && (how == to || how == "write")
}
