//! The OpenAPI document: what it says is so, and what is served it says.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::Request;
use serde_json::Value;
use tenon_core::{Attributes, Entity, SystemName};

use super::site::{Site, TOKEN, ask, get, get_openly};

pub(super) async fn document() -> (Site, Value) {
    let site = Site::new().await;
    let answer = get_openly(&site.router(), "/openapi.json").await.with(200);
    assert_eq!(answer.headers["content-type"], "application/json");
    let document = answer.json();
    (site, document)
}

/// Every operation: path, method, description.
pub(super) fn operations(document: &Value) -> Vec<(&str, &str, &Value)> {
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
            responses
                .keys()
                .any(|status| status.starts_with(['2', '3'])),
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

#[tokio::test]
async fn what_is_not_served_is_told_as_a_problem() {
    let (site, _) = document().await;
    let router = site.router();
    let detail = get(&router, "/api/v1/mesages")
        .await
        .problem(404, "unknown");
    assert!(detail.contains("/api/v1/mesages"));
    let request = Request::delete("/health/live").body(Body::empty());
    ask(&router, request.expect("a request"))
        .await
        .problem(405, "method");
    let page = get_openly(&router, "/").await.with(200);
    assert!(
        page.headers["content-type"]
            .to_str()
            .is_ok_and(|kind| kind.starts_with("text/html"))
    );
}

#[tokio::test]
async fn the_channels_are_described() {
    let (site, _) = document().await;
    let document = get(&site.router(), "/asyncapi.json").await.with(200).json();
    assert_eq!(document["asyncapi"], "3.0.0");
    let channels = document["channels"].as_object().expect("channels");
    let names: Vec<&str> = channels.keys().map(String::as_str).collect();
    for name in [
        "dead",
        "deliver_erp",
        "in_shop_orders",
        "inbound_0",
        "inbound_1",
    ] {
        assert!(names.contains(&name), "no {name} in {names:?}");
    }
    assert_eq!(channels["in_shop_orders"]["address"], "/in/shop/orders");
    assert_eq!(channels["deliver_erp"]["address"], "deliver.erp");
    assert!(channels["deliver_erp"]["messages"]["order"].is_object());
    let mut found = Vec::new();
    let own = |document: &Value| {
        let mut own = document.clone();
        // The canonical schemas refer within themselves.
        own["components"]["schemas"] = Value::Null;
        own
    };
    let without = own(&document);
    references(&without, &mut found);
    assert!(found.len() > 20, "{found:?}");
    for reference in found {
        let pointer = reference.strip_prefix('#').expect("within the document");
        assert!(
            document.pointer(pointer).is_some(),
            "{reference} leads nowhere"
        );
    }
    // What is said of the headers is what messages carry.
    let described = document["components"]["schemas"]["headers"]["properties"].as_object();
    let described: BTreeSet<&str> = described
        .expect("headers")
        .keys()
        .map(String::as_str)
        .collect();
    let mut attributes = Attributes::received(
        SystemName::new("shop").expect("a name"),
        Entity::Order,
        "orders",
        Some("SO-1".to_owned()),
        None,
    );
    attributes.occurred_at = tenon_core::Timestamp::UNIX_EPOCH;
    attributes.correlation_id = tenon_core::CorrelationId(uuid::Uuid::now_v7());
    attributes.causation_id = Some(attributes.id);
    attributes.traceparent = Some("00-aa-bb-01".to_owned());
    attributes.master_id = Some(tenon_core::MasterId(uuid::Uuid::now_v7()));
    attributes.sequence = Some(1);
    let carried: BTreeSet<&str> = attributes
        .to_headers()
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    assert_eq!(described, carried);
}

/// The schemas that a value has to fit all together.
fn parts<'d>(document: &'d Value, schema: &'d Value) -> Vec<&'d Value> {
    if let Some(to) = schema["$ref"].as_str() {
        return parts(document, document.pointer(&to[1..]).expect("a schema"));
    }
    match schema["allOf"].as_array() {
        Some(all) => all.iter().flat_map(|part| parts(document, part)).collect(),
        None => vec![schema],
    }
}

/// What of an example is not as its schema says: members that are not there, or that nobody knows.
fn misfits(document: &Value, schema: &Value, example: &Value, at: &str, found: &mut Vec<String>) {
    let mut known = BTreeSet::new();
    for part in parts(document, schema) {
        // Of several that it may be, the one that it is nearest to.
        let several = part["oneOf"].as_array().into_iter().flatten();
        let nearest = several.map(|schema| {
            let mut found = Vec::new();
            misfits(document, schema, example, at, &mut found);
            found
        });
        found.extend(nearest.min_by_key(Vec::len).unwrap_or_default());
        for name in part["required"].as_array().into_iter().flatten() {
            let name = name.as_str().expect("a name");
            if example.get(name).is_none() {
                found.push(format!("{at}: {name} is missing"));
            }
        }
        for (name, inner) in part["properties"].as_object().into_iter().flatten() {
            known.insert(name.as_str());
            if let Some(value) = example.get(name).filter(|value| !value.is_null()) {
                misfits(document, inner, value, &format!("{at}/{name}"), found);
            }
        }
        for element in example.as_array().into_iter().flatten() {
            misfits(document, &part["items"], element, at, found);
        }
    }
    if !known.is_empty() {
        for name in example.as_object().into_iter().flat_map(|all| all.keys()) {
            if !known.contains(name.as_str()) {
                found.push(format!("{at}: nobody knows {name}"));
            }
        }
    }
}

#[tokio::test]
async fn every_body_has_an_example_that_fits() {
    let (_, document) = document().await;
    let mut found = Vec::new();
    for (path, method, operation) in operations(&document) {
        let sent = [("request", &operation["requestBody"])];
        let answers = operation["responses"].as_object().expect("responses");
        let answers = answers
            .iter()
            .filter(|(status, _)| status.starts_with('2'))
            .map(|(status, answer)| (status.as_str(), answer));
        for (which, body) in sent.into_iter().chain(answers) {
            let at = format!("{method} {path} {which}");
            let Some(content) = body["content"].get("application/json") else {
                continue;
            };
            let schema = &content["schema"];
            let of_type = schema["$ref"]
                .as_str()
                .and_then(|to| document.pointer(&to[1..]))
                .and_then(|schema| schema.get("example"));
            match content.get("example").or(of_type) {
                None => found.push(format!("{at}: there is none")),
                Some(example) => misfits(&document, schema, example, &at, &mut found),
            }
        }
    }
    assert_eq!(found, [] as [&str; 0]);
}

/// What is shown as an example can be sent: it is understood, whatever then becomes of it.
#[tokio::test]
async fn examples_can_be_sent() {
    let (site, document) = document().await;
    let router = site.router();
    let mut sent = 0;
    for (path, method, operation) in operations(&document) {
        let content = &operation["requestBody"]["content"]["application/json"];
        let Some(example) = content.get("example") else {
            continue;
        };
        let path = path
            .replace("{system}/{inlet}", "shop/orders")
            .replace("{name}", "erp")
            .replace(
                "/grades/{id}",
                "/grades/00000000-0000-0000-0000-000000000001",
            )
            .replace("{id}", "999");
        let request = Request::builder()
            .method(method.to_uppercase().as_str())
            .uri(&path)
            .header("authorization", format!("Bearer {TOKEN}"))
            .header("content-type", "application/json")
            .body(Body::from(example.to_string()));
        let answer = ask(&router, request.expect("a request")).await;
        let told = String::from_utf8_lossy(&answer.body);
        assert!(
            !told.contains("request.invalid") && answer.status != 415,
            "{method} {path}: {told}"
        );
        sent += 1;
    }
    assert!(sent > 10, "{sent}");
}

#[tokio::test]
async fn every_list_is_paged_in_one_way() {
    let (_, document) = document().await;
    let mut lists = 0;
    for (path, method, operation) in operations(&document) {
        let names: BTreeSet<&str> = operation["parameters"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|parameter| parameter["in"] == "query")
            .filter_map(|parameter| parameter["name"].as_str())
            .collect();
        for odd in ["before", "skip", "offset", "cursor", "page", "size"] {
            assert!(!names.contains(odd), "{method} {path} takes `{odd}`");
        }
        let answer = &operation["responses"]["200"]["content"]["application/json"];
        let paged = answer["schema"]["$ref"]
            .as_str()
            .and_then(|to| document.pointer(&to[1..]))
            .is_some_and(|page| page["properties"].get("next").is_some());
        // What stands under a key is never more than one page.
        if paged && path != "/api/v1/trace/{key}" {
            assert!(names.contains("after"), "{method} {path} cannot go on");
            assert!(names.contains("limit"), "{method} {path} has no limit");
            lists += 1;
        }
    }
    assert!(lists > 7, "{lists}");
}

/// The codes of problems stand in docs/api.md, and no other does.
#[test]
fn every_code_is_documented() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../");
    let page = std::fs::read_to_string(format!("{root}docs/api.md")).expect("the page");
    let mut folders = vec![std::path::PathBuf::from(format!(
        "{root}crates/tenon-api/src"
    ))];
    let mut codes = BTreeSet::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = std::fs::read_to_string(&path).expect("a file");
                for made in ["Problem::new(", "Self::new("] {
                    codes.extend(text.split(made).skip(1).filter_map(code));
                }
            }
        }
    }
    assert!(codes.len() > 25, "{codes:?}");
    for code in codes {
        assert!(
            page.contains(&format!("`{code}`")),
            "no {code} in docs/api.md"
        );
    }
}

/// The code of a problem, from what it is made of: the status, then the code in quotes.
fn code(made: &str) -> Option<String> {
    let (status, rest) = made.split_once(',')?;
    if !status.contains("StatusCode::") {
        return None;
    }
    let code = rest.trim_start().strip_prefix('"')?.split('"').next()?;
    Some(code.to_owned())
}
