//! Connectors as they are configured and as they stand; pausing and trying them.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use futures::future::join_all;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tenon_connector::{Guarantee, Intake, Schedule, System, Window};
use tenon_core::{Failure, SystemName, Timestamp};
use tenon_pipeline::{Component, NotReloaded, ReloadedNode};
use tenon_store::{Half, Pause};
use utoipa::ToSchema;

use crate::access::{Note, Principal};
use crate::live;
use crate::mappings::{MappingView, file, mappings};
use crate::masking::without_secrets;
use crate::nodes::{Rates, Standing};
use crate::problem::{Path, Told};
use crate::{Api, Problem};

/// How long a system has to answer a probe.
const PATIENCE: Duration = Duration::from_secs(15);

/// A connector.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConnectorView {
    /// The system's name.
    #[schema(value_type = String)]
    name: SystemName,
    /// Its kind: `crm`.
    kind: String,
    /// The preset it builds on: `files`.
    preset: String,
    /// Its file.
    file: String,
    /// Deliveries a second that it bears; null for as many as it takes.
    limit_per_second: Option<f64>,
    /// What comes from it.
    receives: Vec<InletView>,
    /// What goes to it.
    delivers: Vec<OutletView>,
    /// How deliveries stand, where there are any.
    deliver: Option<live::Half>,
    /// The halves that a person has paused.
    pauses: Vec<PauseView>,
    /// When it is left alone.
    windows: Vec<WindowView>,
}

/// A maintenance window: nothing is asked and nothing given while it is open.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WindowView {
    /// When it begins.
    begins: ScheduleView,
    /// For how long, in milliseconds.
    lasts_ms: u64,
    /// For how much longer it is open, where it is.
    left_ms: Option<u64>,
}

/// Times that come again, by the clock of a zone.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ScheduleView {
    /// Minute, hour, day of month, month, day of week.
    #[schema(example = "30 2 * * *")]
    cron: String,
    /// The zone.
    #[schema(example = "Asia/Shanghai")]
    zone: String,
    /// The next time; null for a pattern that never comes.
    #[schema(value_type = Option<String>, format = DateTime)]
    next: Option<Timestamp>,
}

impl From<&Schedule> for ScheduleView {
    fn from(schedule: &Schedule) -> Self {
        Self {
            cron: schedule.cron().to_owned(),
            zone: schedule.zone().to_owned(),
            next: schedule.after(Timestamp::now()),
        }
    }
}

impl From<&Window> for WindowView {
    fn from(window: &Window) -> Self {
        let left = window.left(Timestamp::now());
        Self {
            begins: (&window.begins).into(),
            lasts_ms: window.lasts.as_millis() as u64,
            left_ms: left.map(|left| left.as_millis() as u64),
        }
    }
}

/// What comes from a system.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InletView {
    /// Its name.
    name: String,
    /// What it is about.
    #[schema(value_type = String)]
    entity: tenon_core::Entity,
    /// `poll` or `webhook`.
    how: String,
    /// How often is asked, in milliseconds, where it is polled.
    every_ms: Option<u64>,
    /// When it is asked at all, where that is not at any time.
    schedule: Option<ScheduleView>,
    /// Where the system calls.
    address: Option<String>,
    /// The mapping's file.
    mapping: String,
    /// How it stands.
    now: live::Half,
}

/// What goes to a system.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OutletView {
    /// What it is about.
    #[schema(value_type = String)]
    entity: tenon_core::Entity,
    /// The mapping's file.
    mapping: String,
    /// Paths that must have a value before delivery.
    require: Vec<String>,
    /// Whether only some records are given.
    conditional: bool,
    /// Attempts before a message is parked.
    attempts: u32,
    /// `once_in_effect`, or `at_least_once` where a crash can repeat an effect.
    guarantee: String,
}

/// A pause.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PauseView {
    /// `receive` or `deliver`.
    half: String,
    /// Who.
    by: String,
    /// Why.
    because: String,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
}

impl From<Pause> for PauseView {
    fn from(pause: Pause) -> Self {
        Self {
            half: pause.half.as_str().to_owned(),
            by: pause.by,
            because: pause.because,
            at: pause.at,
        }
    }
}

/// A connector with its file and mapping cases.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConnectorDetail {
    /// The connector.
    #[serde(flatten)]
    connector: ConnectorView,
    /// The text of its file, every secret masked; null when it cannot be read here.
    text: Option<String>,
    /// Its mappings.
    mappings: Vec<MappingView>,
}

/// Every connector.
#[utoipa::path(get, path = "/api/v1/connectors", tag = "connectors", responses(
    (status = 200, description = "every connector", body = Vec<ConnectorView>)))]
pub(crate) async fn connectors(
    State(api): State<Api>,
    principal: Principal,
) -> Result<Json<Vec<ConnectorView>>, Problem> {
    let now = Now::of(&api).await?;
    let deployment = api.deployment();
    let systems = deployment.systems.iter();
    let systems = systems.filter(|system| principal.touches(&system.name));
    Ok(Json(systems.map(|system| view(system, &now)).collect()))
}

/// One connector with its file, secrets masked, and its mappings with their cases.
#[utoipa::path(get, path = "/api/v1/connectors/{name}", tag = "connectors",
    params(("name" = String, Path, description = "the system")), responses(
    (status = 200, description = "the connector", body = ConnectorDetail),
    (status = 404, description = "no such connector", body = Problem)))]
pub(crate) async fn connector(
    State(api): State<Api>,
    Path(name): Path<String>,
) -> Result<Json<ConnectorDetail>, Problem> {
    let system = find(&api, &name)?;
    let connector = view(&system, &Now::of(&api).await?);
    // Cases run mappings, and the file is read: neither belongs on a thread that serves requests.
    let (text, mappings) = tokio::task::spawn_blocking(move || {
        let text = std::fs::read_to_string(&system.file).ok();
        (text.map(|text| without_secrets(&text)), mappings(&system))
    })
    .await
    .map_err(|error| Problem::bug(error.to_string()))?;
    Ok(Json(ConnectorDetail {
        connector,
        text,
        mappings,
    }))
}

/// What is to be paused or resumed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Halt {
    /// `receive` or `deliver`; both, if it is not said.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    half: Option<Half>,
    /// Why.
    #[serde(default)]
    because: String,
    /// Who, where the caller is a program that acts for somebody.
    #[serde(default)]
    by: Option<String>,
}

/// Pauses a connector on every node, until it is resumed. What the system has stays there, what is for it
/// stays in its queue; webhooks are still accepted.
#[utoipa::path(post, path = "/api/v1/connectors/{name}/pause", tag = "connectors",
    params(("name" = String, Path, description = "the system")), request_body = Halt, responses(
    (status = 204, description = "it pauses within about a second"),
    (status = 400, description = "it cannot be read", body = Problem),
    (status = 404, description = "no such connector", body = Problem)))]
pub(crate) async fn pause(
    State(api): State<Api>,
    Path(name): Path<String>,
    principal: Principal,
    note: Note,
    Told(halt): Told<Halt>,
) -> Result<StatusCode, Problem> {
    note.subject(name.clone());
    note.detail(json!({ "half": halt.half, "because": halt.because }));
    let by = principal.by(halt.by.as_deref())?;
    if halt.because.chars().count() > 500 {
        return Err(Problem::bad_request("a reason may have 500 characters"));
    }
    let system = find(&api, &name)?;
    let (mut before, mut after) = (BTreeMap::new(), BTreeMap::new());
    for half in halves(halt.half) {
        let pause = Pause {
            system: system.name.clone(),
            half,
            by: by.clone(),
            because: halt.because.clone(),
            at: Timestamp::now(),
        };
        before.insert(
            half.as_str(),
            api.store.pause(&pause).await?.map(PauseView::from),
        );
        after.insert(half.as_str(), PauseView::from(pause));
        note.changed(&before, &after);
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Ends a pause.
#[utoipa::path(post, path = "/api/v1/connectors/{name}/resume", tag = "connectors",
    params(("name" = String, Path, description = "the system")), request_body = Halt, responses(
    (status = 204, description = "it goes on within about a second"),
    (status = 400, description = "it cannot be read", body = Problem),
    (status = 404, description = "no such connector", body = Problem)))]
pub(crate) async fn resume(
    State(api): State<Api>,
    Path(name): Path<String>,
    note: Note,
    Told(halt): Told<Halt>,
) -> Result<StatusCode, Problem> {
    note.subject(name.clone());
    note.detail(json!({ "half": halt.half, "because": halt.because }));
    let system = find(&api, &name)?;
    let mut before = BTreeMap::new();
    for half in halves(halt.half) {
        let ended = api.store.resume(&system.name, half).await?;
        before.extend(ended.map(|pause| (half.as_str(), PauseView::from(pause))));
        note.changed(&before, Value::Null);
    }
    Ok(StatusCode::NO_CONTENT)
}

/// What a system answered to a probe.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Probed {
    /// For each inlet that is polled: null when it would hand over what it has, else what stands in the way. Who
    /// calls by itself is not asked.
    receives: BTreeMap<String, Option<String>>,
    /// For each entity that it is given: null when it would take it now, else what stands in the way.
    delivers: BTreeMap<String, Option<String>>,
    /// How long it took.
    took_ms: u64,
}

/// Asks a system whether it would hand over what it has and take deliveries now; changes nothing in it, and marks
/// nothing as read.
#[utoipa::path(post, path = "/api/v1/connectors/{name}/probe", tag = "connectors",
    params(("name" = String, Path, description = "the system")), responses(
    (status = 200, description = "what it answered", body = Probed),
    (status = 404, description = "no such connector", body = Problem)))]
pub(crate) async fn probe(
    State(api): State<Api>,
    Path(name): Path<String>,
) -> Result<Json<Probed>, Problem> {
    let system = find(&api, &name)?;
    let began = std::time::Instant::now();
    let polled = system
        .inlets
        .iter()
        .filter(|inlet| !matches!(inlet.intake, Intake::Webhook(_)));
    let receives = polled.map(async |inlet| {
        let answer = answered(system.ask_source(inlet)).await;
        (inlet.name.clone(), answer)
    });
    let delivers = system.outlets.iter().map(async |outlet| {
        let answer = answered(system.ask_target(outlet)).await;
        (outlet.entity.to_string(), answer)
    });
    let (receives, delivers) = tokio::join!(join_all(receives), join_all(delivers));
    Ok(Json(Probed {
        receives: receives.into_iter().collect(),
        delivers: delivers.into_iter().collect(),
        took_ms: began.elapsed().as_millis() as u64,
    }))
}

/// What stands in the way, where something does.
async fn answered<T>(asked: impl Future<Output = Result<T, Failure>>) -> Option<String> {
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(Ok(_)) => None,
        Ok(Err(failure)) => Some(failure.to_string()),
        Err(_) => Some(format!("no answer within {} seconds", PATIENCE.as_secs())),
    }
}

/// What came of reloading.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Reloaded {
    /// How long it took on the node that was asked.
    took_ms: u64,
    /// What came of it on each node, the one that was asked first.
    nodes: Vec<NodeView>,
}

/// What came of reloading on a node.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NodeView {
    /// The node: its machine and process.
    #[schema(example = "hub-1/4711")]
    node: String,
    /// Whether it is the one that was asked.
    own: bool,
    /// `reloaded`: it serves the connector as its file says now; `unchanged`: as it was; `silent`: it has not said
    /// anything in 40 seconds, and does it when it can.
    outcome: String,
    /// Why it is unchanged.
    detail: Option<String>,
    /// How long it took.
    took_ms: Option<u64>,
}

impl From<ReloadedNode> for NodeView {
    fn from(node: ReloadedNode) -> Self {
        let there = node.outcome.as_ref();
        let outcome = match there.map(|there| there.because.is_none()) {
            Some(true) => "reloaded",
            Some(false) => "unchanged",
            None => "silent",
        };
        Self {
            node: node.name,
            own: node.own,
            outcome: outcome.to_owned(),
            took_ms: there.map(|there| there.took.as_millis() as u64),
            detail: node.outcome.and_then(|there| there.because),
        }
    }
}

/// Serves a connector as its file says now: the file and its mappings are read and checked as at a start, what
/// is in hand is finished, the system is asked whether it answers so, and the new takes the place of the old.
/// When it cannot, the old one goes on. Half of a connector that is paused is not asked. Name and kind cannot
/// change.
///
/// The node that is asked goes first; where that holds, every other node does the same with the file on its own
/// disk, and `nodes` says what came of it on each: one that cannot goes on as it was.
#[utoipa::path(post, path = "/api/v1/connectors/{name}/reload", tag = "connectors",
    params(("name" = String, Path, description = "the system")), responses(
    (status = 200, description = "the node that was asked serves it as its file says now; `nodes` says which others do", body = Reloaded),
    (status = 404, description = "no such connector", body = Problem),
    (status = 409, description = "the system does not answer as its file says now; the connector goes on as it was on every node", body = Problem),
    (status = 422, description = "the file's problems, a line each with file, line and column; the connector goes on as it was on every node", body = Problem),
    (status = 503, description = "the hub cannot now, or what the other nodes do is not known; ask again", body = Problem)))]
pub(crate) async fn reload(
    State(api): State<Api>,
    Path(name): Path<String>,
    note: Note,
) -> Result<Json<Reloaded>, Problem> {
    note.subject(name.clone());
    let system = find(&api, &name)?;
    let reloader = api.reloader.as_ref().ok_or_else(|| {
        let detail = "no hub runs here yet";
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "hub.absent", detail)
    })?;
    match reloader.reload_everywhere(&system.name).await {
        Ok((took, nodes)) => {
            let nodes: Vec<NodeView> = nodes.into_iter().map(NodeView::from).collect();
            note.detail(json!({ "reloaded": true, "nodes": nodes }));
            let took_ms = took.as_millis() as u64;
            Ok(Json(Reloaded { took_ms, nodes }))
        }
        Err(reason) => {
            let detail = reason.to_string();
            let untold = matches!(reason, NotReloaded::Untold(_));
            note.detail(json!({ "reloaded": untold, "because": detail }));
            let status = match &reason {
                NotReloaded::Unknown(_) => StatusCode::NOT_FOUND,
                NotReloaded::Problems(_) => StatusCode::UNPROCESSABLE_ENTITY,
                NotReloaded::Unanswered { .. } => StatusCode::CONFLICT,
                NotReloaded::Hub(_) | NotReloaded::Untold(_) => StatusCode::SERVICE_UNAVAILABLE,
            };
            let code = match untold {
                true => "connector.untold",
                false => "connector.unchanged",
            };
            Err(Problem::new(status, code, detail))
        }
    }
}

fn halves(half: Option<Half>) -> Vec<Half> {
    half.map_or_else(|| Half::ALL.to_vec(), |half| vec![half])
}

/// The system of this name.
pub(crate) fn find(api: &Api, name: &str) -> Result<System, Problem> {
    SystemName::new(name)
        .ok()
        .and_then(|name| api.deployment().system(&name).cloned())
        .ok_or_else(|| {
            let detail = format!("no connector `{name}`");
            Problem::new(StatusCode::NOT_FOUND, "connector.unknown", detail)
        })
}

/// How the connectors stand at a moment.
struct Now {
    components: BTreeMap<Component, Standing>,
    rates: Rates,
    pauses: Vec<Pause>,
}

impl Now {
    async fn of(api: &Api) -> Result<Self, Problem> {
        Ok(Self {
            components: api.pulses().await?.components(),
            rates: api.live.rates(api),
            pauses: api.store.pauses().await?,
        })
    }
}

fn view(system: &System, now: &Now) -> ConnectorView {
    let receives = system.inlets.iter().map(|inlet| {
        let component = Component(format!("{}/receive/{}", system.name, inlet.name));
        let (how, every_ms, schedule, address) = match &inlet.intake {
            Intake::Poll { every, schedule } => {
                let schedule = schedule.as_ref().map(ScheduleView::from);
                ("poll", Some(every.as_millis() as u64), schedule, None)
            }
            Intake::Webhook(_) => {
                let address = format!("/in/{}/{}", system.name, inlet.name);
                ("webhook", None, None, Some(address))
            }
        };
        InletView {
            name: inlet.name.clone(),
            entity: inlet.entity,
            how: how.to_owned(),
            every_ms,
            schedule,
            address,
            mapping: file(&inlet.mapping),
            now: live::inlet_half(
                inlet,
                &component,
                now.components.get(&component),
                now.rates.moved(&component),
            ),
        }
    });
    let delivers = system.outlets.iter().map(|outlet| OutletView {
        entity: outlet.entity,
        mapping: file(&outlet.mapping),
        require: outlet.require.clone(),
        conditional: outlet.condition.is_some(),
        attempts: outlet.retry.attempts,
        guarantee: match system.transport.guarantee(outlet.entity) {
            Guarantee::OnceInEffect => "once_in_effect",
            Guarantee::AtLeastOnce => "at_least_once",
        }
        .to_owned(),
    });
    let own = now
        .pauses
        .iter()
        .filter(|pause| pause.system == system.name);
    ConnectorView {
        name: system.name.clone(),
        kind: system.kind.to_owned(),
        preset: system.preset.to_owned(),
        file: system.file.display().to_string(),
        limit_per_second: system.limit.map(|limit| limit.per_second),
        receives: receives.collect(),
        delivers: delivers.collect(),
        deliver: (!system.outlets.is_empty()).then(|| {
            let component = Component(format!("{}/deliver", system.name));
            let there = now.components.get(&component);
            live::half(&component.0, there, now.rates.delivered(&system.name))
        }),
        windows: system.windows.iter().map(WindowView::from).collect(),
        pauses: own.cloned().map(PauseView::from).collect(),
    }
}
