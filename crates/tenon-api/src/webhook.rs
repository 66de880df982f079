//! Takes in what systems call about.

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use serde::Serialize;
use serde_json::value::RawValue;
use tenon_connector::{Inlet, Intake, Webhook, verify_webhook};
use tenon_core::{Message, MessageId, Native, NativeBody, SystemName};
use utoipa::ToSchema;

use crate::{Api, Problem};

/// The hub has taken responsibility for these.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Accepted {
    /// The message ids, in the order of the records.
    #[schema(value_type = Vec<String>)]
    accepted: Vec<MessageId>,
}

/// Accepts one record, or an array of records, of a webhook's entity.
///
/// 202 is answered only when each is durable in the broker. The caller proves itself as the
/// connector file says: a token, or an HMAC-SHA256 signature of the body.
#[utoipa::path(post, path = "/in/{system}/{inlet}", tag = "intake",
    params(
        ("system" = String, Path, description = "the system that calls"),
        ("inlet" = String, Path, description = "the name of its `[[webhook]]`"),
    ),
    request_body(content = String, content_type = "application/json", description = "a JSON object or an array of objects, in the system's own form"),
    responses(
        (status = 202, description = "durable in the hub", body = Accepted),
        (status = 400, description = "no JSON object or array of objects", body = Problem),
        (status = 401, description = "the caller did not prove itself", body = Problem),
        (status = 404, description = "no such webhook", body = Problem),
        (status = 413, description = "larger than 16 MiB", body = Problem),
        (status = 503, description = "cannot be taken now; send again", body = Problem),
    ))]
pub(crate) async fn receive(
    State(api): State<Api>,
    Path((system, name)): Path<(String, String)>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<(StatusCode, Json<Accepted>), Problem> {
    let (inlet, webhook) = find(&api, &system, &name)
        .ok_or_else(|| Problem::not_found(format!("no webhook `{name}` of a system `{system}`")))?;
    let body = body?;
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    verify_webhook(&webhook.auth, header, &body)
        .map_err(|failure| Problem::unauthorised(&failure))?;
    let event_id = webhook.event_id_header.as_deref().and_then(header);
    let mut messages = messages(inlet, &body, event_id)?;
    if let Some(traceparent) = header("traceparent").filter(|text| is_trace_context(text)) {
        for message in &mut messages {
            message.attributes.traceparent = Some(traceparent.to_owned());
        }
    }
    api.accept.accept(&messages).await?;
    metrics::counter!(
        "tenon_messages_received_total",
        "system" => inlet.system.to_string(), "entity" => inlet.entity.as_str()
    )
    .increment(messages.len() as u64);
    let accepted = messages
        .iter()
        .map(|message| message.attributes.id)
        .collect();
    Ok((StatusCode::ACCEPTED, Json(Accepted { accepted })))
}

/// Whether a header is a trace context as W3C writes it; anything else a caller may say there is not
/// carried on.
fn is_trace_context(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_hexdigit() || byte == b'-';
    (55..=128).contains(&text.len()) && text.bytes().all(plain)
}

fn find<'a>(api: &'a Api, system: &str, name: &str) -> Option<(&'a Inlet, &'a Webhook)> {
    let system = SystemName::new(system).ok()?;
    let inlet = api.deployment.system(&system)?.inlet(name)?;
    match &inlet.intake {
        Intake::Webhook(webhook) => Some((inlet, webhook)),
        Intake::Poll { .. } => None,
    }
}

/// The messages of a body; raw values keep every digit as it was written.
fn messages(
    inlet: &Inlet,
    body: &[u8],
    event_id: Option<&str>,
) -> Result<Vec<Message<Native>>, Problem> {
    let origin = format!("POST /in/{}/{}", inlet.system, inlet.name);
    let is_array = body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[');
    let records: Vec<&RawValue> = match is_array {
        true => serde_json::from_slice(body),
        false => serde_json::from_slice(body).map(|record| vec![record]),
    }
    .map_err(|error| Problem::bad_request(format!("the body is no JSON: {error}")))?;
    let mut messages = Vec::with_capacity(records.len());
    for (index, record) in records.into_iter().enumerate() {
        let event_id = match (event_id, is_array) {
            (Some(event_id), true) => Some(format!("{event_id}/{index}")),
            (event_id, _) => event_id.map(str::to_owned),
        };
        let json = Bytes::copy_from_slice(record.get().as_bytes());
        let message = inlet.message(json, event_id.as_deref(), None, origin.clone());
        // The caller is there to be told, so what is not even a record with a key is refused.
        if let NativeBody::Undecodable { reason, .. } = &message.body.body {
            return Err(Problem::bad_request(format!(
                "record {}: {reason}",
                index + 1
            )));
        }
        messages.push(message);
    }
    Ok(messages)
}
