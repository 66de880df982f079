//! Personal values and raw records, for those who may see them. Each time is noted in the audit trail
//! before anything is shown; the values themselves are not.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use base64::Engine;
use serde::Deserialize;
use serde_json::{Value, json};
use tenon_core::MessageId;
use utoipa::ToSchema;

use crate::access::{Note, Principal};
use crate::problem::Told;
use crate::{Api, Problem};

/// Why somebody looks.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "because": "the buyer complains of a wrong address" }))]
pub(crate) struct Reason {
    /// Why; kept in the trail.
    #[serde(default)]
    because: String,
}

/// One message as it is: its raw record and its canonical body, nothing masked.
#[utoipa::path(post, path = "/api/v1/messages/{id}/reveal", tag = "messages", request_body = Reason,
    params(("id" = String, Path, description = "the message id")), responses(
    (status = 200, description = "`raw` (a text), or `raw_base64` where it is none, and `canonical`; null where the journal has forgotten it", body = Object), (status = 400, description = "the body does not fit", body = Problem), (status = 404, description = "no such message", body = Problem)))]
pub(crate) async fn reveal_message(
    State(api): State<Api>,
    Path(id): Path<String>,
    principal: Principal,
    note: Note,
    Told(reason): Told<Reason>,
) -> Result<Json<Value>, Problem> {
    note.subject(id.clone());
    note.detail(json!({ "because": reason.because }));
    let unknown = || Problem::not_found(format!("no message `{id}`"));
    let message_id: MessageId = id.parse().map_err(|_| unknown())?;
    let mut traces = api.store.trace(&id, 1).await?.into_iter();
    let trace = traces.next().ok_or_else(unknown)?;
    crate::read::check_trace(&principal, &trace)?;
    let Some(payloads) = api.store.payloads(message_id).await? else {
        return Ok(Json(json!({ "raw": null, "canonical": null })));
    };
    let canonical = payloads
        .canonical
        .and_then(|body| serde_json::from_slice::<Value>(&body).ok());
    Ok(Json(match std::str::from_utf8(&payloads.raw) {
        Ok(raw) => json!({ "raw": raw, "canonical": canonical }),
        Err(_) => {
            let raw = base64::engine::general_purpose::STANDARD.encode(&payloads.raw);
            json!({ "raw": null, "raw_base64": raw, "canonical": canonical })
        }
    }))
}

/// One master's golden record as it is, nothing masked.
#[utoipa::path(post, path = "/api/v1/masters/{id}/reveal", tag = "masters", request_body = Reason,
    params(("id" = String, Path, description = "its master id, its code, or a record of it: `erp%2FK-1`")), responses(
    (status = 200, description = "`master_id` and `golden`", body = Object), (status = 400, description = "the body does not fit", body = Problem), (status = 404, description = "no such master", body = Problem)))]
pub(crate) async fn reveal_master(
    State(api): State<Api>,
    Path(id): Path<String>,
    note: Note,
    Told(reason): Told<Reason>,
) -> Result<Json<Value>, Problem> {
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
    let golden = serde_json::to_value(&row.golden).unwrap_or_default();
    Ok(Json(json!({ "master_id": found, "golden": golden })))
}
