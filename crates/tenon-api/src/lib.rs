//! The HTTP side of a node: webhook intake, health, metrics, messages, deliveries and traces as JSON,
//! master records and the commands that change them.
//!
//! Every route has a rule of who may call it, in one table ([`access`]); a webhook proves itself as its
//! connector file says. Errors are problem documents (RFC 9457) with
//! a stable `code`. *Architecture invariant*: nothing here decides what becomes of a message.

pub mod access;
pub mod alerts;
mod channels;
mod check;
mod connectors;
mod console;
mod corrections;
mod course;
mod customers;
mod dead_letters;
mod deliveries;
mod docs;
mod export;
mod headers;
mod health;
mod hub;
mod imports;
mod insight;
mod items;
mod journey;
mod live;
mod mappings;
mod masking;
mod masters;
mod merges;
mod nodes;
mod parked;
mod playground;
mod problem;
mod prometheus;
mod read;
mod reconcile;
mod redrives;
mod reveal;
mod reviews;
mod searches;
mod sending;
mod views;
mod waiting;
mod webhook;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::middleware::{from_fn, from_fn_with_state};
use tenon_connector::Deployment;
use tenon_core::Failure;
use tenon_pipeline::{Accept, Depths, Health, MasterPolicy, Reloader, Systems};
use tenon_store::{SharedStore, StoreError};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, Predicate, SizeAbove};
use tower_http::timeout::TimeoutLayer;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use access::{session, sessions, single_sign_on, tokens, trail, users};

use nodes::Pulses;

pub use access::{Access, AccessPolicy};
pub use insight::ahead::make_ahead;
pub use insight::kept::Kept;
pub use live::Live;
pub use problem::Problem;

/// The largest body that a webhook may send, in bytes.
pub const MAX_WEBHOOK_BODY: usize = 16 * 1024 * 1024;

/// The largest body of any other request, in bytes.
pub const MAX_BODY: usize = 1024 * 1024;

/// How long a request may take, its body included: a caller that stops in the middle holds nothing.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the HTTP side works with.
#[derive(Clone)]
pub struct Api {
    /// The systems.
    pub systems: Systems,
    /// What serves a system as its file says now; none before a hub runs.
    pub reloader: Option<Reloader>,
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
    /// What the company decides about its figures.
    pub insight: Arc<tenon_insight::Policy>,
    /// How long messages are kept; for ever, if it is not said.
    pub keep: Option<Duration>,
    /// Who may what.
    pub access: Access,
    /// What goes on right now, for those who watch.
    pub live: Live,
    /// Figures that took long to make.
    pub kept: Kept,
    /// What stands in the way of the hub's work.
    pub alerts: alerts::Alerts,
}

impl Api {
    /// The systems as they are configured now.
    pub(crate) fn deployment(&self) -> Arc<Deployment> {
        self.systems.now()
    }

    /// How the nodes are getting on.
    pub(crate) async fn pulses(&self) -> Result<Pulses, StoreError> {
        let own = self.reloader.as_ref().map(Reloader::node);
        Pulses::feel(&self.store, &self.health, own).await
    }
}

/// The OpenAPI document of the HTTP side, as `/openapi.json` serves it.
///
/// # Errors
/// `Bug` when it cannot be written.
pub fn description() -> Result<String, Failure> {
    text(&described()?.0)
}

fn text(document: &utoipa::openapi::OpenApi) -> Result<String, Failure> {
    let unwritable =
        |error: serde_json::Error| Failure::bug("openapi.unwritable", error.to_string());
    let mut whole = serde_json::to_value(document).map_err(unwritable)?;
    whole["webhooks"] = docs::webhooks();
    serde_json::to_string_pretty(&whole).map_err(unwritable)
}

/// The document with all that is told of access, problems and examples, and the routes.
fn described() -> Result<(utoipa::openapi::OpenApi, Router<Api>), Failure> {
    let (mut document, routes) = assembled();
    docs::describe_access(&mut document);
    docs::describe_problems(&mut document);
    docs::describe_examples(&mut document)?;
    Ok((document, routes))
}

/// The document as the routes themselves make it, and the routes. Each route has its rule in the table of [`access`].
fn assembled() -> (utoipa::openapi::OpenApi, Router<Api>) {
    let (intake, taken_in) = OpenApiRouter::new()
        .routes(routes!(webhook::receive, webhook::prove))
        .layer(DefaultBodyLimit::max(MAX_WEBHOOK_BODY))
        .split_for_parts();
    let (lists, brought_in) = OpenApiRouter::new()
        .routes(routes!(imports::preview))
        .routes(routes!(imports::import))
        .layer(DefaultBodyLimit::max(imports::LARGEST_LIST))
        .split_for_parts();
    let (routes, mut document) = OpenApiRouter::with_openapi(docs::Document::openapi())
        .routes(routes!(read::messages))
        .routes(routes!(read::message))
        .routes(routes!(read::trace))
        .routes(routes!(merges::merges))
        .routes(routes!(deliveries::deliveries))
        .routes(routes!(export::messages))
        .routes(routes!(export::deliveries))
        .routes(routes!(journey::bodies))
        .routes(routes!(journey::attempts))
        .routes(routes!(journey::resend))
        .routes(routes!(read::parked))
        .routes(routes!(read::parked_count))
        .routes(routes!(parked::groups))
        .routes(routes!(parked::one))
        .routes(routes!(parked::redrive))
        .routes(routes!(parked::give_up))
        .routes(routes!(dead_letters::dead_letters))
        .routes(routes!(dead_letters::reveal_dead_letter))
        .routes(routes!(dead_letters::redrive_dead_letters))
        .routes(routes!(dead_letters::drop_dead_letters))
        .routes(routes!(corrections::propose))
        .routes(routes!(corrections::corrections))
        .routes(routes!(corrections::correction))
        .routes(routes!(corrections::approve))
        .routes(routes!(corrections::reject))
        .routes(routes!(redrives::redrives, redrives::begin))
        .routes(routes!(redrives::begin_drop))
        .routes(routes!(redrives::redrive))
        .routes(routes!(redrives::stop))
        .routes(routes!(redrives::resume))
        .routes(routes!(searches::searches, searches::keep_search))
        .routes(routes!(searches::forget_search))
        .routes(routes!(read::summary))
        .routes(routes!(course::course))
        .routes(routes!(read::queues))
        .routes(routes!(reveal::reveal_message))
        .routes(routes!(reveal::reveal_parked))
        .routes(routes!(reveal::reveal_master))
        .routes(routes!(hub::hub))
        .routes(routes!(live::live))
        .routes(routes!(alerts::alerts))
        .routes(routes!(alerts::test_alert))
        .routes(routes!(connectors::connectors))
        .routes(routes!(connectors::connector))
        .routes(routes!(connectors::pause))
        .routes(routes!(connectors::resume))
        .routes(routes!(connectors::probe))
        .routes(routes!(connectors::reload))
        .routes(routes!(sending::send))
        .routes(routes!(playground::trial))
        .routes(routes!(customers::customers))
        .routes(routes!(customers::export))
        .routes(routes!(customers::quality))
        .routes(routes!(check::masters))
        .routes(routes!(masters::master))
        .routes(routes!(masters::history))
        .routes(routes!(masters::compare))
        .routes(routes!(masters::command))
        .routes(routes!(reconcile::describe, reconcile::reconcile))
        .routes(routes!(reviews::reviews))
        .routes(routes!(reviews::decisions))
        .routes(routes!(reviews::review))
        .routes(routes!(items::reviews))
        .routes(routes!(items::decisions))
        .routes(routes!(
            session::session,
            session::sign_in,
            session::alter_self,
            session::sign_out
        ))
        .routes(routes!(session::first))
        .routes(routes!(session::password))
        .routes(routes!(sessions::sessions, sessions::end_other_sessions))
        .routes(routes!(sessions::end_session))
        .routes(routes!(single_sign_on::means))
        .routes(routes!(single_sign_on::begin_sign_on))
        .routes(routes!(single_sign_on::finish_sign_on))
        .routes(routes!(users::users, users::add_user))
        .routes(routes!(users::alter_user))
        .routes(routes!(users::link))
        .routes(routes!(
            sessions::user_sessions,
            sessions::end_user_sessions
        ))
        .routes(routes!(tokens::tokens, tokens::add_token))
        .routes(routes!(tokens::revoke_token))
        .routes(routes!(trail::trail))
        .routes(routes!(trail::trail_actions))
        .routes(routes!(trail::check_trail))
        .routes(routes!(trail::export_trail))
        .routes(routes!(insight::state))
        .routes(routes!(insight::rebuild))
        .routes(routes!(insight::orders::orders))
        .routes(routes!(insight::orders::export))
        .routes(routes!(insight::orders::exceptions))
        .routes(routes!(insight::contracts::contracts))
        .routes(routes!(insight::contracts::export))
        .routes(routes!(insight::contracts::sums))
        .routes(routes!(insight::reports::report))
        .routes(routes!(insight::reports::export))
        .routes(routes!(insight::grades::grades))
        .routes(routes!(insight::grades::grade, insight::grades::decide))
        .routes(routes!(insight::scores::decisions))
        .routes(routes!(insight::scores::rate))
        .routes(routes!(insight::policy::policy))
        .routes(routes!(insight::listed::customers))
        .routes(routes!(insight::listed::export))
        .routes(routes!(insight::listed::dimension))
        .routes(routes!(insight::customers::customer))
        .routes(routes!(insight::papers::papers))
        .routes(routes!(insight::documents::together))
        .routes(routes!(insight::dealers::cover))
        .routes(routes!(insight::dealers::export))
        .routes(routes!(insight::dealers::ground))
        .routes(routes!(prometheus::scrape))
        .routes(routes!(channels::asyncapi))
        .routes(routes!(health::live))
        .routes(routes!(health::ready))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .split_for_parts();
    document.merge(taken_in);
    document.merge(brought_in);
    (document, routes.merge(intake).merge(lists))
}

/// The routes of the HTTP side.
///
/// # Errors
/// `Bug` when a route has no rule of who may call it.
pub fn router(api: Api) -> Result<Router, Failure> {
    prometheus::recorder()?;
    let (document, routes) = described()?;
    let unruled = access::unruled(&document);
    if !unruled.is_empty() {
        return Err(Failure::bug("api.unruled", unruled.join("; ")));
    }
    let json = text(&document)?;
    let content_type = [(axum::http::header::CONTENT_TYPE, "application/json")];
    Ok(Router::new()
        .merge(routes.with_state(api.clone()))
        .layer(from_fn_with_state(api, access::guard))
        .layer(from_fn(prometheus::count_request))
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
        .layer(from_fn(headers::protect))
        .layer(CompressionLayer::new().compress_when(worth_compressing()))
        .layer(CatchPanicLayer::new()))
}

/// An answer below this, in bytes, goes as it is: to compress it would take longer than to send it.
const COMPRESSED_ABOVE: u64 = 8 * 1024;

fn worth_compressing() -> impl Predicate {
    DefaultPredicate::new().and(SizeAbove::new(COMPRESSED_ABOVE))
}
