//! Takes in what systems call about.
//!
//! How a caller proves itself, and in which envelope it speaks, is the connector's matter
//! ([`webhook::open`]); here what it says becomes durable, and it is answered in its own form.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use tenon_connector::webhook::{self, Call, Opened, Reply, Said};
use tenon_connector::{Deployment, Inlet, Intake, System, Webhook, WebhookAuth};
use tenon_core::{
    Failure, FailureKind, Message, MessageId, Native, NativeBody, SystemName, Timestamp,
};
use tenon_pipeline::{Component, ComponentState};
use utoipa::ToSchema;

use crate::problem::{Asked, Path};
use crate::{Api, Problem};

/// The hub has taken responsibility for these.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Accepted {
    /// The message ids, in the order of the records.
    #[schema(value_type = Vec<String>)]
    accepted: Vec<MessageId>,
}

impl Accepted {
    pub(crate) fn of(messages: &[Message<Native>]) -> Self {
        let ids = messages.iter().map(|message| message.attributes.id);
        Self {
            accepted: ids.collect(),
        }
    }
}

/// The parameters of a query, in order; the same name may come more than once.
type Parameters = Asked<Vec<(String, String)>>;

/// Accepts one record, or an array of records, of a webhook's entity.
///
/// Success is answered only when each is durable in the broker: 202, or what the caller's own scheme wants
/// to hear. The caller proves itself as the connector file says: a token, an HMAC-SHA256 signature of the
/// body, or the signed and encrypted envelope of DingTalk, Feishu or WeCom.
#[utoipa::path(post, path = "/in/{system}/{inlet}", tag = "intake",
    params(
        ("system" = String, Path, description = "the system that calls"),
        ("inlet" = String, Path, description = "the name of its `[[webhook]]`"),
    ),
    request_body(content = String, content_type = "application/json", description = "a JSON object or an array of objects, in the system's own form; or its envelope"),
    responses(
        (status = 200, description = "durable in the hub, and answered as the caller's scheme wants it", body = String),
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
    Asked(query): Parameters,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let deployment = api.deployment();
    let (system, inlet, webhook) = find(&deployment, &system, &name)?;
    let body = body?;
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let said = match opened(&webhook.auth, &query, &header, Some(&body))? {
        Opened::Tried(reply) => return Ok(answer(reply)),
        Opened::Said(said) => said,
    };
    let event_id = webhook.event_id_header.as_deref().and_then(header);
    let mut messages = messages(system, inlet, webhook, &said, event_id).await?;
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
    let component = Component(format!("{}/receive/{}", inlet.system, inlet.name));
    let taken = messages.len() as u64;
    api.health.received(&component, ComponentState::Idle, taken);
    if let Some(reply) = said.reply {
        return Ok(answer(reply));
    }
    Ok((StatusCode::ACCEPTED, Json(Accepted::of(&messages))).into_response())
}

/// Answers a system that tries the address of a webhook before it calls it.
///
/// WeCom does: it wants to read what it has encrypted in `echostr`.
#[utoipa::path(get, path = "/in/{system}/{inlet}", tag = "intake",
    params(
        ("system" = String, Path, description = "the system that calls"),
        ("inlet" = String, Path, description = "the name of its `[[webhook]]`"),
    ),
    responses(
        (status = 200, description = "what was encrypted", body = String, content_type = "text/plain"),
        (status = 401, description = "the caller did not prove itself", body = Problem),
        (status = 404, description = "no such webhook", body = Problem),
        (status = 405, description = "the webhook's scheme has no such trial", body = Problem),
    ))]
pub(crate) async fn prove(
    State(api): State<Api>,
    Path((system, name)): Path<(String, String)>,
    Asked(query): Parameters,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let deployment = api.deployment();
    let (_, _, webhook) = find(&deployment, &system, &name)?;
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    match opened(&webhook.auth, &query, &header, None)? {
        Opened::Tried(reply) => Ok(answer(reply)),
        Opened::Said(_) => Err(Problem::bug("a call without a body says something")),
    }
}

fn opened<'c>(
    auth: &WebhookAuth,
    query: &'c [(String, String)],
    header: &'c dyn Fn(&str) -> Option<&'c str>,
    body: Option<&'c Bytes>,
) -> Result<Opened, Problem> {
    let call = Call {
        query,
        header,
        body,
    };
    webhook::open(auth, &call, Timestamp::now()).map_err(|failure| match failure.kind {
        FailureKind::Invalid => {
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method", failure.detail)
        }
        FailureKind::Bug => failure.into(),
        _ => Problem::unauthorised(&failure),
    })
}

fn answer(reply: Reply) -> Response {
    let content_type = [(header::CONTENT_TYPE, reply.content_type)];
    (content_type, reply.body).into_response()
}

/// Whether a header is a trace context as W3C writes it; anything else a caller may say there is not
/// carried on.
fn is_trace_context(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_hexdigit() || byte == b'-';
    (55..=128).contains(&text.len()) && text.bytes().all(plain)
}

fn find<'a>(
    deployment: &'a Deployment,
    system: &str,
    name: &str,
) -> Result<(&'a System, &'a Inlet, &'a Webhook), Problem> {
    let found = || {
        let system = deployment.system(&SystemName::new(system).ok()?)?;
        let inlet = system.inlet(name)?;
        match &inlet.intake {
            Intake::Webhook(webhook) => Some((system, inlet, webhook)),
            Intake::Poll { .. } => None,
        }
    };
    let missing = || Problem::not_found(format!("no webhook `{name}` of a system `{system}`"));
    found().ok_or_else(missing)
}

/// The messages of what was said; raw values keep every digit as it was written.
async fn messages(
    system: &System,
    inlet: &Inlet,
    webhook: &Webhook,
    said: &Said,
    header: Option<&str>,
) -> Result<Vec<Message<Native>>, Problem> {
    let body = &said.body;
    let event_id = header.or(said.event_id.as_deref());
    let origin = format!("POST /in/{}/{}", inlet.system, inlet.name);
    let is_array = body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[');
    let records: Vec<&RawValue> = match is_array {
        true => serde_json::from_slice(body),
        false => serde_json::from_slice(body).map(|record| vec![record]),
    }
    .map_err(|error| Problem::bad_request(format!("the body is no JSON: {error}")))?;
    let mut messages = Vec::with_capacity(records.len());
    for (index, record) in records.into_iter().enumerate() {
        let record = record.get().as_bytes();
        if let Some(condition) = &webhook.condition
            && !condition.holds(record, &Value::Null)?
        {
            continue;
        }
        let event_id = match (event_id, is_array) {
            (Some(event_id), true) => Some(format!("{event_id}/{index}")),
            (event_id, _) => event_id.map(str::to_owned),
        };
        let json = Bytes::copy_from_slice(record);
        let json = system.transport.complete(inlet, json).await;
        let json = json.map_err(|failure| unasked(inlet, failure))?;
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

/// The system that calls did not tell the rest when it was asked: it is to call again later.
fn unasked(inlet: &Inlet, failure: Failure) -> Problem {
    tracing::warn!(
        system.name = %inlet.system, inlet = inlet.name, error = %failure,
        "a call is not taken, since the system did not tell the rest"
    );
    let status = StatusCode::SERVICE_UNAVAILABLE;
    Problem::new(status, &failure.code, failure.detail)
}
