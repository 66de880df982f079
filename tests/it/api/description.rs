//! The OpenAPI document: what it says is so, and what is served it says.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::body::Body;
use axum::http::Request;
use serde_json::Value;
use tenon_pipeline::Health;

use super::site::{Site, ask, get, get_openly};

/// What answers without the API's token. Whoever adds a route here opens it to everybody.
const OPEN: [&str; 3] = ["/health/live", "/health/ready", "/in/{system}/{inlet}"];

async fn document() -> (Site, Value) {
    let site = Site::new().await;
    let answer = get_openly(&site.router(), "/openapi.json").await.with(200);
    assert_eq!(answer.headers["content-type"], "application/json");
    let document = answer.json();
    (site, document)
}

/// Every operation: path, method, description.
fn operations(document: &Value) -> Vec<(&str, &str, &Value)> {
    let paths = document["paths"].as_object().expect("paths");
    let of_path = |(path, item): (&'_ String, &'_ Value)| -> Vec<(String, String)> {
        let methods = item.as_object().expect("an item").keys();
        methods
            .map(|method| (path.clone(), method.clone()))
            .collect()
    };
    let pairs: Vec<(String, String)> = paths.iter().flat_map(of_path).collect();
    pairs
        .into_iter()
        .map(|(path, method)| {
            let (path, item) = paths.get_key_value(&path).expect("a path");
            let (method, operation) = item
                .as_object()
                .and_then(|item| item.get_key_value(&method))
                .expect("an operation");
            (path.as_str(), method.as_str(), operation)
        })
        .collect()
}

/// Every `$ref` within a value.
fn references<'v>(value: &'v Value, found: &mut Vec<&'v str>) {
    match value {
        Value::Object(members) => {
            found.extend(members.get("$ref").and_then(Value::as_str));
            members
                .values()
                .for_each(|member| references(member, found));
        }
        Value::Array(elements) => elements
            .iter()
            .for_each(|element| references(element, found)),
        _ => {}
    }
}

#[tokio::test]
async fn the_document_is_sound() {
    let (_, document) = document().await;
    assert!(
        document["openapi"]
            .as_str()
            .is_some_and(|version| version.starts_with("3.1."))
    );
    for key in ["title", "version"] {
        assert!(
            document["info"][key]
                .as_str()
                .is_some_and(|text| !text.is_empty()),
            "{key}"
        );
    }
    let mut names = BTreeSet::new();
    for (path, method, operation) in operations(&document) {
        let name = operation["operationId"]
            .as_str()
            .unwrap_or_else(|| panic!("{method} {path} has no name"));
        assert!(names.insert(name), "two operations are named {name}");
        let says = operation["summary"]
            .as_str()
            .is_some_and(|summary| !summary.is_empty());
        assert!(says, "{method} {path} says nothing of itself");
        let responses = operation["responses"].as_object().expect("responses");
        assert!(
            responses.keys().any(|status| status.starts_with('2')),
            "{method} {path} never succeeds"
        );
        for (status, response) in responses {
            let described = response.get("description").is_some_and(Value::is_string);
            assert!(described, "{method} {path} {status} has no description");
        }
        let declared: BTreeSet<&str> = operation["parameters"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|parameter| parameter["in"] == "path" && parameter["required"] == true)
            .filter_map(|parameter| parameter["name"].as_str())
            .collect();
        let used: BTreeSet<&str> = path
            .split('/')
            .filter_map(|step| step.strip_prefix('{')?.strip_suffix('}'))
            .collect();
        assert_eq!(declared, used, "{method} {path}");
    }
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(!found.is_empty());
    for reference in found {
        let pointer = reference
            .strip_prefix('#')
            .expect("a reference within the document");
        assert!(
            document.pointer(pointer).is_some(),
            "{reference} leads nowhere"
        );
    }
}

/// A request of an operation, with something in each place of its path.
fn request(path: &str, method: &str, token: Option<&str>) -> Request<Body> {
    let path = path.replace(['{', '}'], "");
    let mut request = Request::builder()
        .method(method.to_uppercase().as_str())
        .uri(path);
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    request.body(Body::empty()).expect("a request")
}

#[tokio::test]
async fn every_route_but_the_open_ones_asks_for_the_token() {
    let (site, document) = document().await;
    let router = site.router();
    let closed = site.router_with(None, Arc::new(Health::default()));
    let mut open = BTreeSet::new();
    for (path, method, operation) in operations(&document) {
        if OPEN.contains(&path) {
            open.insert(path);
            assert!(
                operation.get("security").is_none(),
                "{path} is described as closed"
            );
            continue;
        }
        assert_eq!(
            operation["security"],
            serde_json::json!([{ "token": [] }]),
            "{method} {path}"
        );
        ask(&router, request(path, method, None))
            .await
            .problem(401, "api.token");
        ask(&router, request(path, method, Some("let-me-out")))
            .await
            .problem(401, "api.token");
        ask(&closed, request(path, method, None))
            .await
            .problem(403, "api.closed");
        ask(&closed, request(path, method, Some("let-me-in")))
            .await
            .problem(403, "api.closed");
        let answer = ask(&router, request(path, method, Some("let-me-in"))).await;
        assert!(
            ![401, 403, 405].contains(&answer.status),
            "{method} {path}: {answer:?}"
        );
    }
    assert_eq!(open, BTreeSet::from(OPEN));
    let scheme = &document["components"]["securitySchemes"]["token"];
    assert_eq!(
        (&scheme["type"], &scheme["scheme"]),
        (&"http".into(), &"bearer".into())
    );
}

#[tokio::test]
async fn what_is_not_served_is_told_as_a_problem() {
    let (site, _) = document().await;
    let router = site.router();
    let detail = get(&router, "/api/v1/mesages")
        .await
        .problem(404, "unknown");
    assert!(detail.contains("/api/v1/mesages"));
    ask(&router, request("/health/live", "delete", None))
        .await
        .problem(405, "method");
    let page = get_openly(&router, "/").await.with(200);
    assert!(
        page.headers["content-type"]
            .to_str()
            .is_ok_and(|kind| kind.starts_with("text/html"))
    );
}
