//! The description of the channels, as AsyncAPI 3: what systems post, and what the broker's queues carry.

use axum::Json;
use axum::extract::State;
use serde_json::{Map, Value, json};
use tenon_connector::Intake;
use tenon_core::{Entity, MessageKind, schema};

use crate::Api;

/// What every message carries besides its body: CloudEvents 1.0 attributes, in the binary mode of AMQP.
const HEADERS: [(&str, &str, bool); 14] = [
    ("cloudEvents_specversion", "`1.0`", true),
    (
        "cloudEvents_id",
        "the message id: the same event always has the same",
        true,
    ),
    ("cloudEvents_source", "the system it came from", true),
    (
        "cloudEvents_type",
        "what happened, with the version of its schema",
        true,
    ),
    ("cloudEvents_time", "when it happened in the system", true),
    (
        "cloudEvents_subject",
        "the record's id in the system",
        false,
    ),
    (
        "cloudEvents_partitionkey",
        "messages of one key arrive in order",
        true,
    ),
    ("cloudEvents_inlet", "the inlet that it came in by", true),
    (
        "cloudEvents_acceptedat",
        "when the hub took responsibility, if that is another time",
        false,
    ),
    (
        "cloudEvents_correlationid",
        "the story of which it is a part, if it is not the first",
        false,
    ),
    (
        "cloudEvents_causationid",
        "the message from which it follows",
        false,
    ),
    ("cloudEvents_traceparent", "W3C trace context", false),
    (
        "cloudEvents_masterid",
        "the master record that it belongs to",
        false,
    ),
    (
        "cloudEvents_sequence",
        "the version of the golden record that it states",
        false,
    ),
];

/// The channels of this hub: webhooks, and the queues of the broker, described as AsyncAPI 3.
#[utoipa::path(get, path = "/asyncapi.json", tag = "health", responses(
    (status = 200, description = "the AsyncAPI document", body = Object)))]
pub(crate) async fn asyncapi(State(api): State<Api>) -> Json<Value> {
    Json(document(&api))
}

fn document(api: &Api) -> Value {
    let mut channels = Map::new();
    let mut operations = Map::new();
    let mut messages = Map::new();
    let mut schemas = Map::new();
    for entity in Entity::ALL {
        let kind = MessageKind::current(entity);
        let Some(schema) = schema(kind) else { continue };
        let text = serde_json::from_str(schema.text()).unwrap_or_default();
        schemas.insert(entity.as_str().to_owned(), text);
        let message = json!({
            "name": kind.to_string(),
            "contentType": "application/json",
            "headers": { "$ref": "#/components/schemas/headers" },
            "payload": {
                "schemaFormat": "application/schema+json;version=draft-2020-12",
                "schema": { "$ref": format!("#/components/schemas/{}", entity.as_str()) },
            },
        });
        messages.insert(entity.as_str().to_owned(), message);
    }
    let native = json!({
        "name": "native",
        "summary": "A record in its system's own form",
        "headers": { "$ref": "#/components/schemas/headers" },
        "payload": {},
    });
    messages.insert("native".to_owned(), native);
    schemas.insert("headers".to_owned(), headers());
    let deployment = api.deployment();
    for system in &deployment.systems {
        for inlet in &system.inlets {
            if !matches!(inlet.intake, Intake::Webhook(_)) {
                continue;
            }
            let name = format!("in_{}_{}", system.name, inlet.name);
            let described = json!({
                "address": format!("/in/{}/{}", system.name, inlet.name),
                "servers": [{ "$ref": "#/servers/http" }],
                "messages": { "native": { "$ref": "#/components/messages/native" } },
                "description": format!("{} posts records that become messages about {}", system.name, inlet.entity),
            });
            add(&mut channels, &mut operations, &name, "receive", described);
        }
    }
    for queue in api.depths.queues() {
        let delivered = queue.strip_prefix("deliver.");
        let carried: Map<String, Value> = match delivered {
            // What a system is given: the canonical bodies of the entities that it subscribes to.
            Some(system) => {
                let systems = deployment.systems.iter();
                let outlets = systems.filter(|found| found.name.as_str() == system);
                let outlets = outlets.flat_map(|system| &system.outlets);
                let reference = |entity: &str| {
                    let found = json!({ "$ref": format!("#/components/messages/{entity}") });
                    (entity.to_owned(), found)
                };
                outlets
                    .map(|outlet| reference(outlet.entity.as_str()))
                    .collect()
            }
            None => Map::from_iter([(
                "native".to_owned(),
                json!({ "$ref": "#/components/messages/native" }),
            )]),
        };
        let words = match (delivered, queue.as_str()) {
            (Some(system), _) => format!("Messages for {system}, in order of each key"),
            (None, "dead") => "What cannot be read, or what the hub breaks down over; it waits for a person".to_owned(),
            (None, _) => "Accepted records on their way to be translated; a key is always in the same partition".to_owned(),
        };
        let described = json!({
            "address": queue,
            "servers": [{ "$ref": "#/servers/broker" }],
            "messages": carried,
            "description": words,
            "bindings": { "amqp": { "is": "queue", "queue": {
                "name": queue, "durable": true, "exclusive": false, "autoDelete": false } } },
        });
        add(
            &mut channels,
            &mut operations,
            &queue.replace('.', "_"),
            "receive",
            described,
        );
    }
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Tenon",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "What systems post to the hub, and what its queues carry. The queues are the hub's own: \
                others may read what is said here to understand a message, not to take it away.",
            "license": { "name": "Apache-2.0" },
        },
        "defaultContentType": "application/json",
        "servers": {
            "http": { "host": "{host}", "protocol": "http", "variables": { "host": { "default": "127.0.0.1:8383" } } },
            "broker": { "host": "{host}", "protocol": "amqp", "variables": { "host": { "default": "127.0.0.1:5672" } } },
        },
        "channels": channels,
        "operations": operations,
        "components": { "messages": messages, "schemas": schemas },
    })
}

fn add(
    channels: &mut Map<String, Value>,
    operations: &mut Map<String, Value>,
    name: &str,
    action: &str,
    described: Value,
) {
    channels.insert(name.to_owned(), described);
    let operation =
        json!({ "action": action, "channel": { "$ref": format!("#/channels/{name}") } });
    operations.insert(format!("{action}_{name}"), operation);
}

fn headers() -> Value {
    let properties: Map<String, Value> = HEADERS
        .iter()
        .map(|(name, words, _)| {
            (
                (*name).to_owned(),
                json!({ "type": "string", "description": words }),
            )
        })
        .collect();
    let required: Vec<&str> = HEADERS
        .iter()
        .filter(|(_, _, required)| *required)
        .map(|(name, _, _)| *name)
        .collect();
    json!({ "type": "object", "properties": properties, "required": required })
}
