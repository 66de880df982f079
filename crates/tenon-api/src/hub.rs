//! The hub itself: its nodes, and how long it keeps what.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use tenon_core::Timestamp;
use tenon_store::{AuditFilter, KnownNode};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{Api, Problem};

/// The hub.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HubView {
    /// The version that answers.
    version: &'static str,
    /// Its nodes, by name.
    nodes: Vec<HubNodeView>,
    /// How long it keeps what.
    retention: RetentionView,
}

/// A node of the hub.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HubNodeView {
    /// Its own for as long as it runs.
    id: String,
    /// The machine and the process.
    name: String,
    /// Whether it is the one that answers.
    own: bool,
    /// The version that it runs; null of one that does not say it.
    version: Option<String>,
    /// What it does: `receive`, `route`, `deliver`.
    roles: Vec<String>,
    /// Since when it runs.
    #[schema(value_type = Option<String>, format = DateTime)]
    started_at: Option<Timestamp>,
    /// What it alone serves; of each claim one node has it at a time.
    claims: Vec<String>,
    /// For how many seconds it has said nothing; each says something every five seconds.
    silent_seconds: i64,
    /// Whether it counts as there.
    present: bool,
}

impl HubNodeView {
    fn new(known: KnownNode, own: Option<Uuid>) -> Self {
        let (version, roles, started_at) = match known.facts {
            Some(facts) => (Some(facts.version), facts.roles, Some(facts.started_at)),
            None => (None, Vec::new(), None),
        };
        Self {
            own: own == Some(known.node.id),
            id: known.node.id.to_string(),
            name: known.node.name,
            version,
            roles,
            started_at,
            claims: known.claims,
            present: known.silent_seconds <= 15,
            silent_seconds: known.silent_seconds,
        }
    }
}

/// How long the hub keeps what, and what it has forgotten.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RetentionView {
    /// For how many seconds messages are kept, with their bodies, deliveries and histories: `keep` of `[journal]`; null
    /// for ever.
    journal_seconds: Option<u64>,
    /// The place of the oldest message that is kept: those before it are forgotten.
    journal_begins: i64,
    /// When that one was journaled; null where there is none.
    #[schema(value_type = Option<String>, format = DateTime)]
    oldest_message: Option<Timestamp>,
    /// When the first entry of the audit trail was written, of which nothing is ever forgotten.
    #[schema(value_type = Option<String>, format = DateTime)]
    oldest_entry: Option<Timestamp>,
    /// How many entries the audit trail has.
    entries: i64,
    /// After how many seconds without use a session ends: `idle` of `[access]`.
    session_idle_seconds: u64,
    /// After how many seconds a session ends at the latest: `longest` of `[access]`.
    session_longest_seconds: u64,
}

/// The hub's nodes, and how long it keeps what.
#[utoipa::path(get, path = "/api/v1/hub", tag = "health", operation_id = "hub", responses(
    (status = 200, description = "the hub", body = HubView)))]
pub(crate) async fn hub(State(api): State<Api>) -> Result<Json<HubView>, Problem> {
    let own = api.reloader.as_ref().map(|reloader| reloader.node().id);
    let nodes = api.store.known_nodes().await?.into_iter();
    let insight = api.store.insight();
    let (_, oldest_message) = insight.behind(0).await?;
    let access = api.access.store();
    let entry = async |oldest_first| {
        let filter = AuditFilter {
            oldest_first,
            ..AuditFilter::default()
        };
        let found = access.audit(&filter, None, 1).await?;
        Ok::<_, Problem>(found.into_iter().next())
    };
    let (oldest, newest) = (entry(true).await?, entry(false).await?);
    let policy = api.access.policy();
    Ok(Json(HubView {
        version: env!("CARGO_PKG_VERSION"),
        nodes: nodes.map(|known| HubNodeView::new(known, own)).collect(),
        retention: RetentionView {
            journal_seconds: api.keep.as_ref().map(Duration::as_secs),
            journal_begins: insight.journal_begins().await?,
            oldest_message,
            oldest_entry: oldest.map(|entry| entry.at),
            entries: newest.map_or(0, |entry| entry.position),
            session_idle_seconds: policy.idle.0.as_secs(),
            session_longest_seconds: policy.longest.0.as_secs(),
        },
    }))
}
