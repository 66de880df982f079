//! Alerts: tells another system by a webhook when something does not go on, and when it does again.
//!
//! A connector that is stalled, paused or failed for some time; too many messages parked, or one of them for
//! too long; a queue that holds messages while nobody makes progress; messages that were given up. Each alert is
//! raised once and cleared once. A node tells of its own components; of what all share, the one that holds the
//! claim `alerts`. What is shown stands on any node.
//! What cannot be handed over is tried again, in order, until it is taken: at least once, told apart by `id`.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use hmac::{Hmac, Mac};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use tenon_connector::{Humane, Secret};
use tenon_core::{SystemName, Timestamp};
use tenon_pipeline::{Component, ComponentState, DEAD_QUEUE, Depths, Health};
use tenon_store::{Claim, HubNode, SharedStore};
use tokio_util::sync::CancellationToken;
use utoipa::ToSchema;

use crate::access::Principal;
use crate::nodes::{Pulses, Standing};
use crate::{Api, Problem};

/// `[alerts]` of tenon.toml.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlertSettings {
    /// Where alerts are posted; addresses of chat systems hold a secret, so it may be a reference. Without
    /// it they are only shown.
    #[serde(default)]
    pub url: Option<Secret>,
    /// Signs the body: `X-Tenon-Signature: sha256=…`, an HMAC in hexadecimal.
    #[serde(default)]
    pub secret: Option<Secret>,
    /// How often it is looked.
    #[serde(default = "usual_every")]
    pub every: Humane,
    /// After how long a connector that does not go on is told.
    #[serde(default = "usual_patience")]
    pub stalled_for: Humane,
    /// More parked messages than this for one system are told.
    #[serde(default = "usual_parked")]
    pub parked: u64,
    /// A message that is parked for longer is told.
    #[serde(default = "usual_age")]
    pub parked_for: Humane,
    /// A queue that holds messages for so long without being emptied or worked on is told.
    #[serde(default = "usual_patience")]
    pub queued_for: Humane,
}

impl Default for AlertSettings {
    fn default() -> Self {
        Self {
            url: None,
            secret: None,
            every: usual_every(),
            stalled_for: usual_patience(),
            parked: usual_parked(),
            parked_for: usual_age(),
            queued_for: usual_patience(),
        }
    }
}

fn usual_every() -> Humane {
    Humane(Duration::from_secs(15))
}

fn usual_patience() -> Humane {
    Humane(Duration::from_secs(300))
}

fn usual_parked() -> u64 {
    100
}

fn usual_age() -> Humane {
    Humane(Duration::from_secs(24 * 3600))
}

/// What is looked at.
pub struct Watched {
    /// What the hub knows.
    pub store: SharedStore,
    /// The queues.
    pub depths: Depths,
    /// How this node is getting on.
    pub health: Arc<Health>,
    /// This node, among others; none where it is alone.
    pub node: Option<HubNode>,
}

/// What is wrong, by kind and subject: the name under which it is raised and cleared.
type Name = (&'static str, String);

/// Something wrong: what is to be known of it, and since when it is so.
type Wrong = BTreeMap<Name, (String, Timestamp)>;

/// The alerts of a node, and what they are made by. Cheap to clone; clones share them.
#[derive(Debug, Clone, Default)]
pub struct Alerts {
    settings: Arc<AlertSettings>,
    standing: Arc<Mutex<Wrong>>,
}

impl Alerts {
    /// Alerts as they are configured; `watch` looks for them.
    pub fn new(settings: AlertSettings) -> Self {
        Self {
            settings: Arc::new(settings),
            standing: Arc::default(),
        }
    }

    fn standing(&self) -> std::sync::MutexGuard<'_, Wrong> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps what is wrong now; what was wrong before is so since then.
    fn stand(&self, mut wrong: Wrong) {
        let mut standing = self.standing();
        for (name, (_, since)) in &mut wrong {
            if let Some((_, before)) = standing.get(name) {
                *since = (*since).min(*before);
            }
        }
        *standing = wrong;
    }
}

/// The alerts that stand.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AlertsView {
    /// They, by kind and subject.
    items: Vec<AlertView>,
    /// Whether they are posted anywhere (`[alerts]` in tenon.toml).
    posted: bool,
}

/// An alert that stands.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AlertView {
    /// `connector.stalled`, `connector.paused`, `connector.failed`, `parked.many`, `parked.old`, `queue.old`,
    /// `queue.dead`.
    #[schema(example = "connector.stalled")]
    kind: String,
    /// The component, system or queue.
    #[schema(example = "erp/deliver")]
    subject: String,
    /// The system, where it is of one.
    #[schema(value_type = Option<String>)]
    system: Option<SystemName>,
    /// What is to be known of it, in words.
    detail: String,
    /// Since when it is so.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
}

/// The system of a subject: `erp/deliver`, `deliver.erp`, `erp`; a queue before the journal is of none.
fn system_of(kind: &str, subject: &str) -> Option<SystemName> {
    let name = match kind.split_once('.').map(|(of, _)| of) {
        Some("queue") => subject.strip_prefix("deliver.")?,
        Some("connector") => subject.split_once('/')?.0,
        _ => subject,
    };
    SystemName::new(name).ok()
}

/// The alerts that stand now: what all nodes share, and the connectors of the node that is asked. Of the
/// systems, those that the caller may touch.
#[utoipa::path(get, path = "/api/v1/alerts", tag = "health", responses(
    (status = 200, description = "the alerts that stand", body = AlertsView)))]
pub(crate) async fn alerts(
    State(api): State<Api>,
    principal: Principal,
) -> Result<Json<AlertsView>, Problem> {
    let standing = api.alerts.standing().clone();
    let items = standing.into_iter();
    let items = items.map(|((kind, subject), (detail, since))| AlertView {
        system: system_of(kind, &subject),
        kind: kind.to_owned(),
        subject,
        detail,
        since,
    });
    let seen = |alert: &AlertView| match &alert.system {
        Some(system) => principal.touches(system),
        None => true,
    };
    Ok(Json(AlertsView {
        items: items.filter(seen).collect(),
        posted: api.alerts.settings.url.is_some(),
    }))
}

/// Posts a trial to where alerts are posted, once, and tells whether it was taken.
#[utoipa::path(post, path = "/api/v1/alerts/test", tag = "health", responses(
    (status = 204, description = "it was taken"),
    (status = 409, description = "alerts are not posted anywhere", body = Problem),
    (status = 502, description = "it was not taken, and why", body = Problem)))]
pub(crate) async fn test_alert(State(api): State<Api>) -> Result<StatusCode, Problem> {
    if api.alerts.settings.url.is_none() {
        let detail = "alerts are not posted anywhere: tenon.toml has no `url` in `[alerts]`";
        return Err(Problem::new(StatusCode::CONFLICT, "alerts.nowhere", detail));
    }
    let alert = Alert::now(
        "test",
        "test",
        "tenon",
        "somebody tries whether alerts arrive",
    );
    let client = client().map_err(|error| Problem::bug(error.to_string()))?;
    match post(&api.alerts.settings, &client, &alert).await {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        Err(reason) => Err(Problem::new(
            StatusCode::BAD_GATEWAY,
            "alerts.untaken",
            reason,
        )),
    }
}

/// What is posted.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Alert {
    /// Names this telling; the same when it is sent again, and in the header `Idempotency-Key`.
    #[schema(value_type = String, format = Uuid)]
    id: uuid::Uuid,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// `raised`, `cleared`, or `test`.
    #[schema(value_type = String, example = "raised")]
    state: &'static str,
    /// `connector.stalled`, `connector.paused`, `connector.failed`, `parked.many`, `parked.old`, `queue.old`,
    /// `queue.dead`, `test`.
    #[schema(value_type = String, example = "connector.stalled")]
    kind: &'static str,
    /// The component, system or queue.
    subject: String,
    /// What is to be known of it, in words; free of personal values.
    detail: String,
    /// In one line, as chat systems show it.
    text: String,
}

impl Alert {
    fn now(state: &'static str, kind: &'static str, subject: &str, detail: &str) -> Self {
        Self {
            id: uuid::Uuid::now_v7(),
            at: Timestamp::now(),
            state,
            kind,
            subject: subject.to_owned(),
            detail: detail.to_owned(),
            text: format!("Tenon: {kind} {state}: {subject}: {detail}"),
        }
    }
}

fn client() -> reqwest::Result<reqwest::Client> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().timeout(PATIENCE).build()
}

/// Alerts that could not be handed over; the oldest are let go beyond this.
const KEPT: usize = 1_000;
/// How long the other side has to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Looks, tells, and goes on until `stop`.
pub async fn watch(alerts: Alerts, watched: Watched, stop: CancellationToken) {
    let client = match client() {
        Ok(client) => client,
        Err(error) => {
            tracing::error!(%error, "alerts cannot be sent");
            return;
        }
    };
    let mut watcher = Watcher {
        settings: alerts.settings.clone(),
        alerts,
        watched,
        claim: None,
        raised: BTreeMap::new(),
        filled: BTreeMap::new(),
        waiting: VecDeque::new(),
    };
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(watcher.settings.every.0) => {}
        }
        watcher.look().await;
        tokio::select! {
            () = stop.cancelled() => return,
            () = watcher.hand_over(&client) => {}
        }
    }
}

struct Watcher {
    settings: Arc<AlertSettings>,
    alerts: Alerts,
    watched: Watched,
    claim: Option<Box<dyn Claim>>,
    /// What was raised, with its words.
    raised: BTreeMap<Name, String>,
    /// Since when a queue has held messages.
    filled: BTreeMap<String, Timestamp>,
    waiting: VecDeque<Alert>,
}

impl Watcher {
    /// Compares what is wrong now with what was told.
    async fn look(&mut self) {
        let reports = self.watched.health.reports().into_iter();
        let here = reports.map(|(component, report)| (component, Standing { report, node: None }));
        let own = self.components(here);
        let (others, shared) = match self.elsewhere().await {
            Some(told) => told,
            // What cannot be told now is neither raised nor cleared.
            None => {
                let before = self.alerts.standing().clone();
                let shared = |(name, _): &(Name, _)| !is_own(name);
                (Wrong::new(), before.into_iter().filter(shared).collect())
            }
        };
        let mut stands = others;
        stands.extend(shared.clone());
        stands.extend(own.clone());
        self.alerts.stand(stands);
        if self.settings.url.is_none() {
            return;
        }
        let mut wrong = own;
        match self.has_claim().await {
            true => wrong.extend(shared),
            // Another node tells of what all share.
            false => self.raised.retain(|name, _| is_own(name)),
        }
        let raised: Vec<Name> = self.raised.keys().cloned().collect();
        for name in raised {
            if !wrong.contains_key(&name)
                && let Some(detail) = self.raised.remove(&name)
            {
                self.tell("cleared", name, detail);
            }
        }
        for (name, (detail, _)) in wrong {
            if !self.raised.contains_key(&name) {
                self.raised.insert(name.clone(), detail.clone());
                self.tell("raised", name, detail);
            }
        }
    }

    fn tell(&mut self, state: &'static str, (kind, subject): Name, detail: String) {
        tracing::warn!(
            alert.kind = kind,
            alert.subject = subject,
            alert.state = state,
            "alert"
        );
        self.waiting
            .push_back(Alert::now(state, kind, &subject, &detail));
        if self.waiting.len() > KEPT {
            self.waiting.pop_front();
            tracing::error!("an alert was given up: {KEPT} others wait for the receiver");
        }
    }

    /// Components that do not go on for too long.
    fn components(&self, components: impl IntoIterator<Item = (Component, Standing)>) -> Wrong {
        let mut wrong = BTreeMap::new();
        for (component, Standing { report, node }) in components {
            let (kind, reason) = match report.state {
                ComponentState::Stalled { reason } => ("connector.stalled", reason),
                ComponentState::Paused { reason } => ("connector.paused", reason),
                ComponentState::Failed { reason } => ("connector.failed", reason),
                _ => continue,
            };
            let detail = match node {
                Some(node) => format!("{reason} ({node})"),
                None => reason,
            };
            // What cannot go on by itself is told at once.
            let patience = match kind {
                "connector.failed" => Duration::ZERO,
                _ => self.settings.stalled_for.0,
            };
            if since(report.since) >= patience {
                wrong.insert((kind, component.0), (detail, report.since));
            }
        }
        wrong
    }

    /// The components of all nodes that do not go on, and what all nodes share; `None` when the store cannot tell.
    async fn elsewhere(&mut self) -> Option<(Wrong, Wrong)> {
        let Watched {
            store,
            health,
            node,
            ..
        } = &self.watched;
        let pulses = Pulses::feel(store, health, node.as_ref()).await.ok()?;
        let components = pulses.components();
        let groups = store.parked_groups().await.ok()?;
        let mut wrong = BTreeMap::new();
        let mut by_system: BTreeMap<String, (u64, Timestamp)> = BTreeMap::new();
        for group in groups {
            let entry = by_system
                .entry(group.system.to_string())
                .or_insert((0, group.oldest));
            entry.0 += group.count;
            entry.1 = entry.1.min(group.oldest);
        }
        for (system, (count, oldest)) in by_system {
            if count > self.settings.parked {
                let most = self.settings.parked;
                let detail = format!("{count} messages are parked, more than {most}");
                let now = Timestamp::now();
                wrong.insert(("parked.many", system.clone()), (detail, now));
            }
            if since(oldest) > self.settings.parked_for.0 {
                let detail = format!("a message is parked since {oldest}");
                wrong.insert(("parked.old", system), (detail, oldest));
            }
        }
        for (queue, depth) in self.watched.depths.read().await {
            let depth = match depth {
                None => continue,
                Some(0) => {
                    self.filled.remove(&queue);
                    continue;
                }
                Some(depth) => depth,
            };
            let filled = self.filled.entry(queue.clone());
            let filled = *filled.or_insert_with(Timestamp::now);
            // What was given up waits for a person, and is told at once.
            if queue == DEAD_QUEUE {
                let detail =
                    format!("{depth} messages were given up; send them again, or let them go");
                wrong.insert(("queue.dead", queue), (detail, filled));
                continue;
            }
            // One that moves is well: what a component of some node has worked on since.
            let name = queue
                .strip_prefix("deliver.")
                .map(|system| format!("{system}/deliver"));
            let name = name.unwrap_or_else(|| queue.clone());
            let there = components.get(&Component(name));
            let moved = there.and_then(|there| there.report.last_progress);
            let stands = moved.map_or(filled, |moved| moved.max(filled));
            if since(stands) >= self.settings.queued_for.0 {
                let detail =
                    format!("{depth} messages wait, and nobody has worked on them since {stands}");
                wrong.insert(("queue.old", queue), (detail, stands));
            }
        }
        Some((self.components(components), wrong))
    }

    async fn has_claim(&mut self) -> bool {
        if let Some(claim) = &self.claim
            && claim.holds().await
        {
            return true;
        }
        self.claim = self.watched.store.claim("alerts").await.ok().flatten();
        self.claim.is_some()
    }

    /// Posts what waits, in order; stops at the first that is not taken.
    async fn hand_over(&mut self, client: &reqwest::Client) {
        while let Some(alert) = self.waiting.front() {
            match post(&self.settings, client, alert).await {
                Ok(()) => {
                    self.waiting.pop_front();
                    metrics::counter!("tenon_alerts_total", "outcome" => "sent").increment(1);
                }
                Err(reason) => {
                    metrics::counter!("tenon_alerts_total", "outcome" => "failed").increment(1);
                    let waiting = self.waiting.len();
                    tracing::warn!(reason, waiting, "an alert is not taken; it is sent again");
                    return;
                }
            }
        }
    }
}

/// Posts one alert. The reason of a failure does not repeat the address, which may hold a secret.
async fn post(
    settings: &AlertSettings,
    client: &reqwest::Client,
    alert: &Alert,
) -> Result<(), String> {
    let Some(url) = &settings.url else {
        return Ok(());
    };
    let url = url.reveal().map_err(|problem| problem.to_string())?;
    let body = serde_json::to_vec(alert).map_err(|error| error.to_string())?;
    let mut request = client
        .post(url.expose_secret())
        .header("content-type", "application/json")
        .header("idempotency-key", alert.id.to_string());
    if let Some(secret) = &settings.secret {
        let secret = secret.reveal().map_err(|problem| problem.to_string())?;
        let mut hmac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes())
            .map_err(|error| error.to_string())?;
        hmac.update(&body);
        let signature = hex::encode(hmac.finalize().into_bytes());
        request = request.header("x-tenon-signature", format!("sha256={signature}"));
    }
    let answer = request.body(body).send().await;
    let answer = answer.map_err(|error| error.without_url().to_string())?;
    match answer.status().is_success() {
        true => Ok(()),
        false => Err(format!("the receiver answers {}", answer.status())),
    }
}

/// Whether it is of this node alone.
fn is_own((kind, _): &Name) -> bool {
    kind.starts_with("connector.")
}

fn since(moment: Timestamp) -> Duration {
    Duration::try_from(Timestamp::now().duration_since(moment)).unwrap_or_default()
}
