//! The description of the API.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{Content, Ref, RefOr, Response};
use utoipa::{OpenApi, ToSchema};

use crate::access::{Permission, Rule, scope_of};

/// What the OpenAPI document says besides the routes.
#[derive(OpenApi)]
#[openapi(
    components(schemas(crate::alerts::Alert, crate::live::Moment, crate::live::Snapshot)),
    info(
        title = "Tenon",
        description = "Messages between systems: take them in, watch them flow, find where they are.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    tags(
        (name = "intake", description = "Webhooks of the systems"),
        (name = "messages", description = "What the hub carried, and what waits"),
        (name = "parked", description = "Messages that wait for a person: try, send again, correct, give up"),
        (name = "connectors", description = "The systems' connectors and mappings"),
        (name = "masters", description = "The master records of customers, and commands that change them"),
        (name = "insight", description = "Figures: reconciliation, reports, grades, customers in the round"),
        (name = "access", description = "Who may what: sessions, users, tokens"),
        (name = "audit", description = "The audit trail"),
        (name = "health", description = "Whether the hub makes progress"),
        (name = "metrics", description = "Figures of the hub itself, for Prometheus")
    )
)]
pub(crate) struct Document;

/// An event of the live stream.
#[derive(ToSchema)]
#[allow(dead_code, reason = "tells what the stream holds")]
pub(crate) struct LiveEvent {
    /// `past`, then `now` again and again.
    event: String,
    /// JSON: of `past` a list of Moment, of `now` a Snapshot.
    data: String,
}

/// What the hub itself posts to others: OpenAPI's `webhooks`, which the description's library does not know.
pub(crate) fn webhooks() -> Value {
    json!({ "alert": { "post": {
        "operationId": "alert",
        "tags": ["health"],
        "summary": "Posted to the `url` of `[alerts]` when something does not go on, and when it does again.",
        "description": "Each once when it is raised and once when it is cleared, in order, again until it is taken. \
            The same telling has the same `id`.",
        "parameters": [
            { "name": "Idempotency-Key", "in": "header", "required": true,
              "description": "the `id` of the telling", "schema": { "type": "string", "format": "uuid" } },
            { "name": "X-Tenon-Signature", "in": "header", "required": false,
              "description": "where a `secret` is configured: `sha256=`, and the HMAC of the body in hexadecimal",
              "schema": { "type": "string" } },
        ],
        "requestBody": { "required": true, "content": { "application/json": {
            "schema": { "$ref": "#/components/schemas/Alert" },
            "example": {
                "id": "0195f3a2-7c1e-7b60-9d51-2f0e6c1b8a44", "at": "2026-03-02T08:15:30Z", "state": "raised",
                "kind": "connector.stalled", "subject": "erp/deliver", "detail": "connection refused",
                "text": "Tenon: connector.stalled raised: erp/deliver: connection refused",
            },
        } } },
        "responses": { "2XX": { "description": "it was taken; anything else has it sent again" } },
    } } })
}

/// In which form problems are told (RFC 9457).
const PROBLEM: &str = "application/problem+json";

/// The names of the means to prove oneself, within the document.
const TOKEN: &str = "token";
const SESSION: &str = "session";

/// Says of every operation what its rule says: by what means callers prove themselves, what they need, and
/// that others are refused.
pub(crate) fn describe_access(document: &mut utoipa::openapi::OpenApi) {
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some(
            "A token of `/api/v1/tokens`, or the one of `[http]` in tenon.toml. One that is narrowed to scopes needs \
             the one that stands here",
        ))
        .build();
    let cookie = ApiKeyValue::with_description(
        "tenon",
        "A person's session; methods that change something need the header `X-Tenon-CSRF: 1` too",
    );
    let components = document.components.get_or_insert_default();
    components.add_security_scheme(TOKEN, SecurityScheme::Http(bearer));
    components.add_security_scheme(SESSION, SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
    for (path, item) in &mut document.paths.paths {
        let methods = [
            ("GET", &mut item.get),
            ("PUT", &mut item.put),
            ("POST", &mut item.post),
            ("DELETE", &mut item.delete),
            ("PATCH", &mut item.patch),
        ];
        for (method, operation) in methods {
            let rule = Rule::of(method, path);
            let (Some(operation), Some(rule)) = (operation.as_mut(), rule) else {
                continue;
            };
            if rule.needs == Permission::Open {
                continue;
            }
            operation.security = Some(vec![
                SecurityRequirement::new(TOKEN, scope_of(rule)),
                SecurityRequirement::new(SESSION, None::<&str>),
            ]);
            for (status, words) in [
                ("401", "not signed in"),
                (
                    "403",
                    "the role, the systems or the token's scopes do not allow it",
                ),
            ] {
                let refused = Response::builder()
                    .description(words)
                    .content(
                        PROBLEM,
                        Content::new(Some(Ref::from_schema_name("Problem"))),
                    )
                    .build();
                operation
                    .responses
                    .responses
                    .entry(status.to_owned())
                    .or_insert(RefOr::T(refused));
            }
        }
    }
}

/// Says of every operation how it answers what does not fit: always by a problem document.
pub(crate) fn describe_problems(document: &mut utoipa::openapi::OpenApi) {
    let problem = || Content::new(Some(Ref::from_schema_name("Problem")));
    for item in document.paths.paths.values_mut() {
        let operations = [
            &mut item.get,
            &mut item.put,
            &mut item.post,
            &mut item.delete,
            &mut item.patch,
        ];
        for operation in operations.into_iter().flatten() {
            let answers = &mut operation.responses.responses;
            let mut say = |status: &str, words: &str| {
                let refused = Response::builder().description(words);
                let refused = refused.content(PROBLEM, problem()).build();
                let entry = answers.entry(status.to_owned());
                entry.or_insert(RefOr::T(refused));
            };
            if operation.parameters.is_some() || operation.request_body.is_some() {
                say("400", "the request does not fit");
            }
            if operation.request_body.is_some() {
                say("413", "the body is too large");
                say("415", "the body is of another kind");
            }
            for (status, answer) in answers {
                if let (RefOr::T(answer), true) = (answer, status.starts_with(['4', '5']))
                    && answer.content.shift_remove("application/json").is_some()
                {
                    answer
                        .content
                        .insert(PROBLEM.to_owned(), RefOr::T(problem()));
                }
            }
        }
    }
}

/// Examples of bodies, by the names of operations: what is sent, and what is answered.
const EXAMPLES: &str = include_str!("examples.json");

/// What an operation's bodies look like.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Example {
    request: Option<Value>,
    response: Option<Value>,
}

/// Puts an example beside every body of JSON of which the types themselves give none.
///
/// # Errors
/// `Bug` when the examples cannot be read, or one of them is of no operation.
pub(crate) fn describe_examples(
    document: &mut utoipa::openapi::OpenApi,
) -> Result<(), tenon_core::Failure> {
    let bug = |detail: String| tenon_core::Failure::bug("openapi.examples", detail);
    let read = serde_json::from_str(EXAMPLES).map_err(|error| bug(error.to_string()));
    let mut examples: BTreeMap<String, Example> = read?;
    for item in document.paths.paths.values_mut() {
        let operations = [
            &mut item.get,
            &mut item.put,
            &mut item.post,
            &mut item.delete,
            &mut item.patch,
        ];
        for operation in operations.into_iter().flatten() {
            let name = operation.operation_id.as_deref().unwrap_or_default();
            let Some(Example { request, response }) = examples.remove(name) else {
                continue;
            };
            if let Some(RefOr::T(body)) = &mut operation.request_body {
                give(body.content.iter_mut(), request);
            }
            let answers = operation.responses.responses.iter_mut();
            let answers = answers.filter(|(status, _)| status.starts_with('2'));
            for (_, answer) in answers {
                if let RefOr::T(answer) = answer {
                    give(answer.content.iter_mut(), response.clone());
                }
            }
        }
    }
    match examples.keys().next() {
        Some(name) => Err(bug(format!("no operation is named `{name}`"))),
        None => Ok(()),
    }
}

/// Puts an example beside the body that is JSON.
fn give<'c>(
    contents: impl Iterator<Item = (&'c String, &'c mut RefOr<Content>)>,
    example: Option<Value>,
) {
    for (kind, content) in contents {
        if let (RefOr::T(content), true) = (content, kind == "application/json") {
            content.example.clone_from(&example);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    /// The console's client is made from the file, so it has to say what the routes say.
    #[test]
    fn the_kept_description_is_the_routes_own() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
        let mut document: Value = serde_json::from_str(&crate::description().unwrap()).unwrap();
        // Rises with each release and says nothing about the API.
        document["info"]["version"] = "the release's".into();
        let routes = format!("{document:#}\n");
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(file, &routes).unwrap();
        }
        let kept = std::fs::read_to_string(file).unwrap();
        assert!(
            kept == routes,
            "openapi.json is not what the routes say; `UPDATE=1 cargo test -p tenon-api kept` writes it anew"
        );
    }
}
