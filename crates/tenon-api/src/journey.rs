//! What was in a message at each stage: as it came, in canonical form, and as each system is given it; and giving it once
//! more.

use std::collections::HashMap;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tenon_core::{MessageId, MessageKind, Personal, SystemName, Timestamp, schema};
use tenon_pipeline::{Preview, mapped, resend as resend_message};
use tenon_store::{Deed, Parcel, ParkedEvent, Payloads, Sent, Trace};
use utoipa::ToSchema;

use crate::access::{Note, Principal};
use crate::problem::{Path, Told};
use crate::read::check_trace;
use crate::waiting::{EventView, refused};
use crate::{Api, Problem, masking};

/// The bodies of a message.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Bodies {
    /// The native record as it came; a text where it is no JSON. Null when the journal has forgotten it.
    #[schema(value_type = Option<Object>)]
    raw: Option<Value>,
    /// The canonical body as it was routed.
    #[schema(value_type = Option<Object>)]
    canonical: Option<Value>,
    /// What each system took of it, and what it would be given with the mappings of now.
    mapped: Vec<Mapped>,
}

/// What a system took of a message, and what it would be given of it now.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Mapped {
    /// The system.
    #[schema(value_type = String)]
    system: SystemName,
    /// The records that would go out with the mappings of now; none where there is nothing to send.
    #[schema(value_type = Vec<Object>)]
    payloads: Vec<Value>,
    /// Why there is nothing to send.
    reason: Option<String>,
    /// What it took; null where it took nothing, or before what is sent was kept.
    sent: Option<Taken>,
}

/// What a system took when it was given a message last.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Taken {
    /// When it had taken it.
    #[schema(value_type = String)]
    at: Timestamp,
    /// The records.
    #[schema(value_type = Vec<Object>)]
    payloads: Vec<Value>,
    /// Whether the mappings of now would give just the same.
    as_now: bool,
}

impl Taken {
    fn new(sent: Sent, now: &[Value]) -> Self {
        let payloads: Vec<Value> = sent.body.split(|byte| *byte == b'\n').map(record).collect();
        Self {
            at: sent.at,
            as_now: payloads == now,
            payloads,
        }
    }
}

/// A record as JSON, or as the text that it is.
fn record(text: &[u8]) -> Value {
    let as_text = || Value::String(String::from_utf8_lossy(text).into_owned());
    serde_json::from_slice(text).unwrap_or_else(|_| as_text())
}

/// The bodies of a message at each stage, personal values masked.
///
/// Of the native record and of what systems are given, those values are shown that the canonical form
/// shows: its schema says what is personal.
#[utoipa::path(get, path = "/api/v1/messages/{id}/bodies", tag = "messages",
    params(("id" = String, Path, description = "the message id")), responses(
    (status = 200, description = "the bodies", body = Bodies),
    (status = 404, description = "no such message", body = Problem)))]
pub(crate) async fn bodies(
    State(api): State<Api>,
    Path(id): Path<String>,
    principal: Principal,
) -> Result<Json<Bodies>, Problem> {
    let (trace, payloads) = find(&api, &id).await?;
    check_trace(&principal, &trace)?;
    let attributes = &trace.message.attributes;
    let kind = attributes.kind;
    let mut canonical = canonical(payloads.as_ref());
    mask(kind, &mut canonical);
    let mut mapped = Vec::new();
    for given in given(&api, &trace, payloads.as_ref()).await? {
        let masked = |payloads: Vec<Value>| -> Vec<Value> {
            let shown = |payload: Value| {
                masking::native(payload.to_string().as_bytes(), canonical.as_ref())
            };
            payloads.into_iter().map(shown).collect()
        };
        mapped.push(Mapped {
            payloads: masked(given.payloads),
            sent: given.sent.map(|sent| Taken {
                payloads: masked(sent.payloads),
                ..sent
            }),
            ..given
        });
    }
    let raw = payloads.map(|payloads| masking::native(&payloads.raw, canonical.as_ref()));
    Ok(Json(Bodies {
        raw,
        canonical,
        mapped,
    }))
}

/// What was tried with a message that waits or waited, and what people did about it: the eldest first, personal values
/// masked. Nothing where it went through at once.
///
/// What a system was given is left out: a correction may have put other personal values into it than the message
/// has, which nothing here could hide. It is shown with the message while that waits.
#[utoipa::path(get, path = "/api/v1/messages/{id}/attempts", tag = "messages",
    params(("id" = String, Path, description = "the message id")), responses(
    (status = 200, description = "every attempt that failed, and every deed", body = [EventView]),
    (status = 404, description = "no such message", body = Problem)))]
pub(crate) async fn attempts(
    State(api): State<Api>,
    Path(id): Path<String>,
    principal: Principal,
) -> Result<Json<Vec<EventView>>, Problem> {
    let (trace, payloads) = find(&api, &id).await?;
    check_trace(&principal, &trace)?;
    let attributes = trace.message.attributes;
    let events = api.store.parked_history(attributes.id).await?;
    let body = payloads.map(|payloads| payloads.canonical.unwrap_or(payloads.raw));
    let body = body.unwrap_or_default();
    let personal = Personal::of(attributes.kind, &body);
    let seen = events
        .into_iter()
        .filter(|event| principal.touches(&event.system))
        .map(|event| {
            EventView::new(
                ParkedEvent {
                    sent: None,
                    ..event
                },
                &personal,
            )
        });
    Ok(Json(seen.collect()))
}

/// To which system a message is to go once more.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Resend {
    /// The system: one that was given it, or for which it was given up.
    #[schema(value_type = String)]
    system: SystemName,
    /// For whom a token acts.
    #[serde(default)]
    by: Option<String>,
    /// Why: it stays with the message.
    because: String,
}

/// Delivers a message once more to a system that had it: its canonical body, in its lane, with the mapping of now.
///
/// It is refused where a later message of the same record was routed to that system: an old state is not put over
/// a new one.
#[utoipa::path(post, path = "/api/v1/messages/{id}/resend", tag = "messages", request_body = Resend,
    params(("id" = String, Path, description = "the message id")), responses(
    (status = 202, description = "it waits for its turn in its lane"),
    (status = 400, description = "the body does not fit, or there is no reason", body = Problem),
    (status = 404, description = "no such message", body = Problem),
    (status = 409, description = "the system was not given it, it is on its way there, a later one is, or its body is forgotten", body = Problem)))]
pub(crate) async fn resend(
    State(api): State<Api>,
    Path(id): Path<String>,
    principal: Principal,
    note: Note,
    Told(Resend {
        system,
        by,
        because,
    }): Told<Resend>,
) -> Result<StatusCode, Problem> {
    note.subject(id.clone());
    note.detail(json!({ "system": system, "because": because }));
    principal.check_system(&system)?;
    let unknown = || Problem::not_found(format!("no message `{id}`"));
    let id: MessageId = id.parse().map_err(|_| unknown())?;
    let deed = Deed::new(principal.by(by.as_deref())?, because);
    let resent = resend_message(&api.store, id, &system, &deed).await;
    resent.map_err(refused)?;
    Ok(StatusCode::ACCEPTED)
}

/// A message and its bodies.
pub(crate) async fn find(api: &Api, id: &str) -> Result<(Trace, Option<Payloads>), Problem> {
    let unknown = || Problem::not_found(format!("no message `{id}`"));
    let message_id: MessageId = id.parse().map_err(|_| unknown())?;
    let trace = api.store.message(message_id).await?.ok_or_else(unknown)?;
    let payloads = api.store.payloads(message_id).await?;
    Ok((trace, payloads))
}

/// The canonical body, nothing masked.
pub(crate) fn canonical(payloads: Option<&Payloads>) -> Option<Value> {
    serde_json::from_slice(payloads?.canonical.as_deref()?).ok()
}

fn mask(kind: MessageKind, body: &mut Option<Value>) {
    if let (Some(schema), Some(body)) = (schema(kind), body) {
        schema.mask(body);
    }
}

/// What the systems that it was routed to took and would be given, nothing masked.
pub(crate) async fn given(
    api: &Api,
    trace: &Trace,
    payloads: Option<&Payloads>,
) -> Result<Vec<Mapped>, Problem> {
    let attributes = &trace.message.attributes;
    let Some(body) = payloads.and_then(|payloads| payloads.canonical.clone()) else {
        return Ok(Vec::new());
    };
    if schema(attributes.kind).is_none() {
        return Ok(Vec::new());
    }
    let sent = api.store.sent(attributes.id).await?.into_iter();
    let mut sent: HashMap<SystemName, Sent> =
        sent.map(|sent| (sent.system.clone(), sent)).collect();
    let mut given = Vec::new();
    for system in trace.message.targets.clone() {
        let parcel = Parcel {
            attributes: attributes.clone(),
            body: body.clone(),
        };
        let preview = mapped(&api.store, &api.deployment(), &system, parcel).await?;
        let (texts, reason) = match preview {
            Preview::Sends { payloads } => (payloads, None),
            Preview::Nothing { reason } | Preview::Waits { reason } => (Vec::new(), Some(reason)),
            Preview::Fails { code, detail } => (Vec::new(), Some(format!("{code}: {detail}"))),
        };
        let payloads: Vec<Value> = texts.iter().map(|text| record(text.as_bytes())).collect();
        given.push(Mapped {
            sent: sent.remove(&system).map(|sent| Taken::new(sent, &payloads)),
            system,
            payloads,
            reason,
        });
    }
    Ok(given)
}
