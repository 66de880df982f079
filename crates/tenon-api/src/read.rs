//! What the hub knows, for reading. Personal values are masked; raw native records are not shown.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tenon_core::{Entity, MessageId, SystemName, Timestamp, schema};
use tenon_store::{
    Dashboard, DeliveryRecord, Direction, JournalRecord, MessageFilter, ParkedFilter, ParkedId,
    ParkedRecord,
};
use utoipa::{IntoParams, ToSchema};

use crate::problem::Asked;
use crate::{Api, Problem};

/// The most records of one answer.
const MOST: u32 = 500;

/// A page of records.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Page {
    /// The records.
    items: Vec<Value>,
    /// What to give as cursor to go on; absent at the end.
    next: Option<i64>,
}

/// Which messages.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct MessageQuery {
    /// Only from this system.
    source: Option<String>,
    /// Only about this entity.
    entity: Option<String>,
    /// Only in this state: `routed`, `unchanged`, `filtered`, `invalid`.
    state: Option<String>,
    /// Only about this record, by its business key.
    key: Option<String>,
    /// Only those journaled at or after this time.
    #[param(value_type = Option<String>)]
    since: Option<Timestamp>,
    /// The `next` of the page before.
    before: Option<i64>,
    /// How many, at most 500.
    limit: Option<u32>,
}

/// Journaled messages, newest first.
#[utoipa::path(get, path = "/api/v1/messages", tag = "messages", params(MessageQuery), responses(
    (status = 200, description = "a page of records", body = Page), (status = 400, description = "the query does not fit", body = Problem), (status = 401, description = "no token, or another", body = Problem)))]
pub(crate) async fn messages(
    State(api): State<Api>,
    Asked(query): Asked<MessageQuery>,
) -> Result<Json<Page>, Problem> {
    let filter = MessageFilter {
        source: query.source.as_deref().map(system).transpose()?,
        entity: query.entity.as_deref().map(entity).transpose()?,
        state: query.state,
        business_key: query.key,
        since: query.since,
    };
    let limit = query.limit.unwrap_or(50).clamp(1, MOST);
    let records = api.store.messages(&filter, query.before, limit).await?;
    let next = (records.len() as u32 == limit).then(|| records.last().map(|last| last.position));
    Ok(Json(Page {
        items: records.iter().map(message_json).collect(),
        next: next.flatten(),
    }))
}

/// One message with its canonical body and deliveries.
#[utoipa::path(get, path = "/api/v1/messages/{id}", tag = "messages",
    params(("id" = String, Path, description = "the message id")), responses(
    (status = 200, description = "the message"), (status = 404, description = "no such message", body = Problem), (status = 401, description = "no token, or another", body = Problem)))]
pub(crate) async fn message(
    State(api): State<Api>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    let unknown = || Problem::not_found(format!("no message `{id}`"));
    let message_id: MessageId = id.parse().map_err(|_| unknown())?;
    let trace = api
        .store
        .trace(&id, 1)
        .await?
        .into_iter()
        .next()
        .ok_or_else(unknown)?;
    let payloads = api.store.payloads(message_id).await?;
    let mut value = message_json(&trace.message);
    value["deliveries"] = trace.deliveries.iter().map(delivery_json).collect();
    if let Some(payloads) = payloads {
        value["raw_bytes"] = json!(payloads.raw.len());
        value["canonical"] = payloads
            .canonical
            .and_then(|body| serde_json::from_slice::<Value>(&body).ok())
            .map(|mut body| {
                if let Some(schema) = schema(trace.message.attributes.kind) {
                    schema.mask(&mut body);
                }
                body
            })
            .unwrap_or(Value::Null);
    }
    Ok(Json(value))
}

/// Where something is: by business key, native id, message id or master id.
#[utoipa::path(get, path = "/api/v1/trace/{key}", tag = "messages",
    params(("key" = String, Path, description = "an order's number, a customer's code, a native id …")), responses(
    (status = 200, description = "a page of records", body = Page), (status = 401, description = "no token, or another", body = Problem)))]
pub(crate) async fn trace(
    State(api): State<Api>,
    Path(key): Path<String>,
) -> Result<Json<Page>, Problem> {
    let traces = api.store.trace(&key, MOST).await?;
    let items = traces
        .iter()
        .map(|trace| {
            let mut value = message_json(&trace.message);
            value["deliveries"] = trace.deliveries.iter().map(delivery_json).collect();
            value
        })
        .collect();
    Ok(Json(Page { items, next: None }))
}

/// Which parked messages.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ParkedQuery {
    /// Only of this system.
    system: Option<String>,
    /// Only with this text in the reason.
    reason: Option<String>,
    /// Only those parked at or after this time.
    #[param(value_type = Option<String>)]
    since: Option<Timestamp>,
    /// The `next` of the page before.
    after: Option<i64>,
    /// How many, at most 500.
    limit: Option<u32>,
}

/// Messages that wait, oldest first.
#[utoipa::path(get, path = "/api/v1/parked", tag = "messages", params(ParkedQuery), responses(
    (status = 200, description = "a page of records", body = Page), (status = 400, description = "the query does not fit", body = Problem), (status = 401, description = "no token, or another", body = Problem)))]
pub(crate) async fn parked(
    State(api): State<Api>,
    Asked(query): Asked<ParkedQuery>,
) -> Result<Json<Page>, Problem> {
    let filter = ParkedFilter {
        system: query.system.as_deref().map(system).transpose()?,
        reason: query.reason,
        since: query.since,
        direction: None,
        state: None,
    };
    let limit = query.limit.unwrap_or(50).clamp(1, MOST);
    let records = api
        .store
        .parked(&filter, query.after.map(ParkedId), limit)
        .await?;
    let next = (records.len() as u32 == limit).then(|| records.last().map(|last| last.id.0));
    Ok(Json(Page {
        items: records.iter().map(parked_json).collect(),
        next: next.flatten(),
    }))
}

/// Counts over everything.
#[utoipa::path(get, path = "/api/v1/summary", tag = "messages", responses(
    (status = 200, description = "counts by state and system"), (status = 401, description = "no token, or another", body = Problem)))]
pub(crate) async fn summary(State(api): State<Api>) -> Result<Json<Dashboard>, Problem> {
    Ok(Json(api.store.dashboard().await?))
}

/// How many messages wait in each queue.
#[utoipa::path(get, path = "/api/v1/queues", tag = "messages", responses(
    (status = 200, description = "depth by queue; null where it cannot be told"), (status = 401, description = "no token, or another", body = Problem)))]
pub(crate) async fn queues(State(api): State<Api>) -> Json<BTreeMap<String, Option<u64>>> {
    Json(api.depths.read().await)
}

fn system(text: &str) -> Result<SystemName, Problem> {
    SystemName::new(text).map_err(|error| Problem::bad_request(error.to_string()))
}

fn entity(text: &str) -> Result<Entity, Problem> {
    text.parse().map_err(Problem::bad_request)
}

fn message_json(record: &JournalRecord) -> Value {
    let attributes = &record.attributes;
    json!({
        "id": attributes.id,
        "type": attributes.kind.to_string(),
        "entity": attributes.entity(),
        "source": attributes.source,
        "inlet": attributes.inlet,
        "native_id": attributes.native_id,
        "business_key": record.business_key,
        "master_id": attributes.master_id,
        "correlation_id": attributes.correlation_id,
        "occurred_at": attributes.occurred_at,
        "accepted_at": attributes.accepted_at,
        "journaled_at": record.journaled_at,
        "origin": record.origin,
        "state": record.state,
        "detail": record.detail,
        "targets": record.targets,
    })
}

fn delivery_json(record: &DeliveryRecord) -> Value {
    json!({
        "system": record.system,
        "state": record.state,
        "native_id": record.native_id,
        "attempts": record.attempts,
        "at": record.at,
        "detail": record.detail,
    })
}

fn parked_json(record: &ParkedRecord) -> Value {
    let attributes = &record.parcel.attributes;
    json!({
        "id": record.id,
        "direction": match record.direction { Direction::Inbound => "inbound", Direction::Outbound => "outbound" },
        "system": record.system,
        "entity": attributes.entity(),
        "message_id": attributes.id,
        "source": attributes.source,
        "native_id": attributes.native_id,
        "state": record.state,
        "kind": record.kind,
        "code": record.code,
        "reason": record.detail,
        "attempts": record.attempts,
        "retry_at": record.retry_at,
        "parked_at": record.parked_at,
        "behind": record.behind,
    })
}
