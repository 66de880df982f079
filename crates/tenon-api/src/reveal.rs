//! Personal values and raw records, for those who may see them. Each time is noted in the audit trail
//! before anything is shown; the values themselves are not.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tenon_core::customer::Customer;
use tenon_core::{MasterId, MessageId, NativeId, SystemName, Timestamp};
use utoipa::ToSchema;

use crate::access::{Note, Principal};
use crate::journey::{self, Mapped};
use crate::problem::{Path, Told};
use crate::read::check_trace;
use crate::{Api, Problem, parked};

/// Why somebody looks.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "because": "the buyer complains of a wrong address" }))]
pub(crate) struct Reason {
    /// Why; kept in the trail.
    #[serde(default)]
    pub(crate) because: String,
}

/// A message as it is, nothing masked.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct Revealed {
    /// The native record as it came, where it is a text. Null when the journal has forgotten it.
    raw: Option<String>,
    /// The native record where it is no text, in Base64.
    raw_base64: Option<String>,
    /// The canonical body as it was routed.
    #[schema(value_type = Option<Object>)]
    canonical: Option<Value>,
    /// What each system took of it, and what it would be given with the mappings of now.
    mapped: Vec<Mapped>,
}

/// One message as it is at each stage: its raw record, its canonical body, what systems are given; nothing masked.
#[utoipa::path(post, path = "/api/v1/messages/{id}/reveal", tag = "messages", request_body = Reason,
    params(("id" = String, Path, description = "the message id")), responses(
    (status = 200, description = "the message", body = Revealed), (status = 400, description = "the body does not fit", body = Problem), (status = 404, description = "no such message", body = Problem)))]
pub(crate) async fn reveal_message(
    State(api): State<Api>,
    Path(id): Path<String>,
    principal: Principal,
    note: Note,
    Told(reason): Told<Reason>,
) -> Result<Json<Revealed>, Problem> {
    note.subject(id.clone());
    note.detail(json!({ "because": reason.because }));
    let (trace, payloads) = journey::find(&api, &id).await?;
    check_trace(&principal, &trace)?;
    let mapped = journey::given(&api, &trace, payloads.as_ref()).await?;
    let canonical = journey::canonical(payloads.as_ref());
    let Some(payloads) = payloads else {
        return Ok(Json(Revealed::default()));
    };
    let (raw, raw_base64) = text_or_base64(&payloads.raw);
    Ok(Json(Revealed {
        raw,
        raw_base64,
        canonical,
        mapped,
    }))
}

/// The body of a message that waits: native where it is inbound, canonical where it is outbound; as it was corrected.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RevealedParked {
    /// The body, where it is a text.
    body: Option<String>,
    /// The body where it is no text, in Base64.
    body_base64: Option<String>,
}

/// The body of a message that waits, as it would be sent again, nothing masked.
#[utoipa::path(post, path = "/api/v1/parked/{id}/reveal", tag = "parked", request_body = Reason,
    params(("id" = i64, Path, description = "its number")), responses(
    (status = 200, description = "the body", body = RevealedParked), (status = 400, description = "the body does not fit", body = Problem), (status = 404, description = "it does not wait any more", body = Problem)))]
pub(crate) async fn reveal_parked(
    State(api): State<Api>,
    Path(id): Path<String>,
    principal: Principal,
    note: Note,
    Told(reason): Told<Reason>,
) -> Result<Json<RevealedParked>, Problem> {
    note.subject(id.clone());
    let record = parked::found(&api, &id).await?;
    principal.check_system(&record.system)?;
    note.detail(json!({ "message": record.parcel.attributes.id, "because": reason.because }));
    let (body, body_base64) = text_or_base64(&record.parcel.body);
    Ok(Json(RevealedParked { body, body_base64 }))
}

/// A body as a text, or in Base64 where it is none.
pub(crate) fn text_or_base64(body: &[u8]) -> (Option<String>, Option<String>) {
    match std::str::from_utf8(body) {
        Ok(text) => (Some(text.to_owned()), None),
        Err(_) => (None, Some(STANDARD.encode(body))),
    }
}

/// A master's golden record as it is, nothing masked.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RevealedMaster {
    /// The master.
    #[schema(value_type = String)]
    master_id: MasterId,
    /// The values, and who stated each.
    golden: RevealedRecord,
}

/// A golden record with who stated each value.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RevealedRecord {
    /// The values, a canonical customer.
    #[schema(value_type = HashMap<String, Value>)]
    customer: Customer,
    /// Who stated each value: by field, in lists by element (`phones/0`).
    provenance: BTreeMap<String, Origin>,
}

/// Who stated a value, and by which message.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Origin {
    /// The system.
    #[schema(value_type = String)]
    system: SystemName,
    /// The record there.
    #[schema(value_type = String)]
    native_id: NativeId,
    /// The message that brought it.
    #[schema(value_type = String)]
    message_id: MessageId,
    /// When it happened in that system.
    #[schema(value_type = String, format = DateTime)]
    occurred_at: Timestamp,
}

/// One master's golden record as it is, nothing masked.
#[utoipa::path(post, path = "/api/v1/masters/{id}/reveal", tag = "masters", request_body = Reason,
    params(("id" = String, Path, description = "its master id, its code, or a record of it: `erp%2FK-1`")), responses(
    (status = 200, description = "the golden record", body = RevealedMaster), (status = 400, description = "the body does not fit", body = Problem), (status = 404, description = "no such master", body = Problem)))]
pub(crate) async fn reveal_master(
    State(api): State<Api>,
    Path(id): Path<String>,
    note: Note,
    Told(reason): Told<Reason>,
) -> Result<Json<RevealedMaster>, Problem> {
    note.subject(id.clone());
    note.detail(json!({ "because": reason.because }));
    let unknown = || {
        Problem::new(
            StatusCode::NOT_FOUND,
            "master.unknown",
            format!("no master `{id}`"),
        )
    };
    let found = api.steward().find(&id).await?.ok_or_else(unknown)?;
    let row = api.store.golden(found).await?.ok_or_else(unknown)?;
    let provenance = row.golden.provenance.into_iter().map(|(at, from)| {
        let origin = Origin {
            system: from.system,
            native_id: from.native_id,
            message_id: from.message_id,
            occurred_at: from.occurred_at,
        };
        (at, origin)
    });
    Ok(Json(RevealedMaster {
        master_id: found,
        golden: RevealedRecord {
            customer: row.golden.customer,
            provenance: provenance.collect(),
        },
    }))
}
