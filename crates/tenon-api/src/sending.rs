//! Records that a person puts in, as their system would: to try a way, or to make up for what a system lost.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::json;
use tenon_core::Entity;
use tenon_pipeline::by_hand;
use utoipa::ToSchema;

use crate::access::{Note, Principal};
use crate::connectors::find;
use crate::problem::{Path, Told};
use crate::webhook::Accepted;
use crate::{Api, Problem};

/// What is put in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sending {
    /// What the records are about.
    #[schema(value_type = String, example = "order")]
    entity: Entity,
    /// The inlet, where the system has several for the entity.
    #[serde(default)]
    inlet: Option<String>,
    /// The records, as JSON text in the system's own form: one after the other, or in an array. Numbers are taken as
    /// they are written.
    records: String,
    /// Why; kept in the trail.
    #[serde(default)]
    because: String,
}

/// Puts native records in, as their system would; they take the way of every record.
#[utoipa::path(post, path = "/api/v1/connectors/{name}/send", tag = "connectors", operation_id = "send", request_body = Sending,
    params(("name" = String, Path, description = "the system that would send them")), responses(
    (status = 202, description = "durable in the hub", body = Accepted),
    (status = 400, description = "they are no JSON", body = Problem),
    (status = 404, description = "no such connector, or no such inlet", body = Problem),
    (status = 503, description = "cannot be taken now; send again", body = Problem)))]
pub(crate) async fn send(
    State(api): State<Api>,
    Path(name): Path<String>,
    principal: Principal,
    note: Note,
    Told(sending): Told<Sending>,
) -> Result<(StatusCode, Json<Accepted>), Problem> {
    note.subject(name.clone());
    let system = find(&api, &name)?;
    let inlet = system.inlet_for(sending.entity, sending.inlet.as_deref());
    let unknown = |reason: String| Problem::new(StatusCode::NOT_FOUND, "inlet.unknown", reason);
    let inlet = inlet.map_err(unknown)?;
    let origin = format!("sent by {}", principal.by(None)?);
    let messages = by_hand(inlet, &sending.records, &origin)
        .map_err(|error| Problem::bad_request(format!("the records are no JSON: {error}")))?;
    api.accept.accept(&messages).await?;
    let accepted = Accepted::of(&messages);
    note.detail(
        json!({ "entity": sending.entity, "inlet": inlet.name, "messages": messages.len(),
        "because": sending.because }),
    );
    Ok((StatusCode::ACCEPTED, Json(accepted)))
}
