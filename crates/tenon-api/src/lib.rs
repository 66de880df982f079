//! The HTTP side of a node: webhook intake, health, metrics, messages, deliveries and traces as JSON,
//! master records and the commands that change them.
//!
//! Everything but health, webhooks and the description of the API itself asks for the API's token;
//! a webhook proves itself as its connector file says. Errors are problem documents (RFC 9457) with
//! a stable `code`. *Architecture invariant*: nothing here decides what becomes of a message.

mod check;
mod console;
mod docs;
mod health;
mod masters;
mod problem;
mod prometheus;
mod read;
mod reconcile;
mod reviews;
mod views;
mod webhook;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use tenon_connector::{Deployment, Secret, WebhookAuth, verify_webhook};
use tenon_core::Failure;
use tenon_pipeline::{Accept, Depths, Health, MasterPolicy};
use tenon_store::SharedStore;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::timeout::TimeoutLayer;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use problem::Problem;

/// The largest body that a webhook may send, in bytes.
pub const MAX_WEBHOOK_BODY: usize = 16 * 1024 * 1024;

/// How long a request may take, its body included: a caller that stops in the middle holds nothing.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the HTTP side works with.
#[derive(Clone)]
pub struct Api {
    /// The systems.
    pub deployment: Arc<Deployment>,
    /// What the hub knows.
    pub store: SharedStore,
    /// The queues, for their depths.
    pub depths: Depths,
    /// The front door.
    pub accept: Accept,
    /// How the node is getting on.
    pub health: Arc<Health>,
    /// How customers are matched.
    pub master: Arc<MasterPolicy>,
    /// The token that callers must show; without one, the protected part answers nobody.
    pub token: Option<Secret>,
}

/// The OpenAPI document of the HTTP side, as `/openapi.json` serves it.
///
/// # Errors
/// `Bug` when it cannot be written.
pub fn description() -> Result<String, Failure> {
    text(&described().0)
}

fn text(document: &utoipa::openapi::OpenApi) -> Result<String, Failure> {
    document
        .to_pretty_json()
        .map_err(|error| Failure::bug("openapi.unwritable", error.to_string()))
}

/// The document, the routes that ask for the token, and those that do not.
fn described() -> (utoipa::openapi::OpenApi, Router<Api>, Router<Api>) {
    let (protected, mut document) = OpenApiRouter::with_openapi(docs::Document::openapi())
        .routes(routes!(read::messages))
        .routes(routes!(read::message))
        .routes(routes!(read::trace))
        .routes(routes!(read::parked))
        .routes(routes!(read::summary))
        .routes(routes!(read::queues))
        .routes(routes!(check::masters))
        .routes(routes!(masters::master))
        .routes(routes!(masters::history))
        .routes(routes!(masters::command))
        .routes(routes!(reconcile::describe, reconcile::reconcile))
        .routes(routes!(reviews::reviews))
        .routes(routes!(reviews::review))
        .routes(routes!(prometheus::scrape))
        .split_for_parts();
    docs::demand_token(&mut document);
    let (open, opened) = OpenApiRouter::new()
        .routes(routes!(health::live))
        .routes(routes!(health::ready))
        .routes(routes!(webhook::receive))
        .split_for_parts();
    document.merge(opened);
    (document, protected, open)
}

/// The routes of the HTTP side.
///
/// # Errors
/// `Configuration` when the token cannot be read.
pub fn router(api: Api) -> Result<Router, Failure> {
    if let Some(token) = &api.token {
        token
            .reveal()
            .map_err(|problem| Failure::configuration("secret.unset", problem.to_string()))?;
    }
    prometheus::recorder()?;
    let (document, protected, open) = described();
    let json = text(&document)?;
    let protected = protected
        .with_state(api.clone())
        .layer(from_fn_with_state(api.clone(), require_token));
    let open = open.with_state(api);
    let content_type = [(axum::http::header::CONTENT_TYPE, "application/json")];
    Ok(Router::new()
        .merge(protected)
        .merge(open)
        .route(
            "/openapi.json",
            axum::routing::get(move || async move { (content_type, json) }),
        )
        .fallback(console::serve)
        .method_not_allowed_fallback(problem::not_allowed)
        .layer(TimeoutLayer::with_status_code(
            StatusCode::REQUEST_TIMEOUT,
            PATIENCE,
        ))
        .layer(DefaultBodyLimit::max(MAX_WEBHOOK_BODY))
        .layer(CompressionLayer::new())
        .layer(CatchPanicLayer::new()))
}

/// Lets a request pass that shows the API's token.
async fn require_token(
    State(api): State<Api>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let Some(token) = api.token.clone() else {
        return Err(Problem::no_token());
    };
    let auth = WebhookAuth::Token {
        header: "authorization".to_owned(),
        token,
    };
    let shown = |name: &str| {
        request
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    verify_webhook(&auth, shown, &[]).map_err(|failure| Problem::unauthorised(&failure))?;
    Ok(next.run(request).await)
}
