//! Whether the process lives, and whether the hub makes progress.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::Api;

/// The process is alive.
#[utoipa::path(get, path = "/health/live", tag = "health", responses((status = 200, description = "alive")))]
pub(crate) async fn live() -> Json<serde_json::Value> {
    Json(json!({ "status": "alive" }))
}

/// The hub accepts and moves messages; each connector's state beside it.
///
/// A system that is down does not make the hub unready: messages for it are accepted and kept.
#[utoipa::path(get, path = "/health/ready", tag = "health", responses(
    (status = 200, description = "accepts and moves messages"),
    (status = 503, description = "starting, or an own part has failed"),
))]
pub(crate) async fn ready(State(api): State<Api>) -> Response {
    let ready = api.health.is_ready();
    let reports = api.health.reports();
    let components: BTreeMap<&str, serde_json::Value> = reports
        .iter()
        .map(|(component, report)| {
            // Health is open to everybody; reasons can name addresses, so only the state is told.
            let state = serde_json::to_value(&report.state).unwrap_or_default();
            let told = json!({
                "state": state["state"],
                "since": report.since,
                "last_progress": report.last_progress,
                "messages": report.messages,
            });
            (component.0.as_str(), told)
        })
        .collect();
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (
        status,
        Json(json!({ "ready": ready, "components": components })),
    )
        .into_response()
}
