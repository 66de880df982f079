//! What goes on right now, as server-sent events: one sampler for all who watch.
//!
//! The sampler looks once a second while somebody watches, and goes on for a minute after the last
//! has left, so that whoever comes back sees the minutes before. All of it is the whole hub's.

use std::collections::{BTreeMap, VecDeque};
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures::Stream;
use serde::Serialize;
use tenon_connector::{Inlet, Intake, System};
use tenon_core::{SystemName, Timestamp};
use tenon_pipeline::{Component, ComponentState, DEAD_QUEUE, Report, deliver_queue};
use tenon_store::{Direction, ParkedGroup, ParkedState, StoreError};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use utoipa::ToSchema;

use crate::Api;
use crate::access::Principal;
use crate::nodes::{Pulses, Rates, Standing};

/// How often is looked.
const EVERY: Duration = Duration::from_secs(1);
/// Over how many looks a rate is taken: one number a second jumps too much to be read.
const SMOOTH: usize = 5;
/// How many looks are kept for those who come.
const KEPT: usize = 180;
/// How many looks the sampler goes on without anybody.
const LINGER: usize = 60;

/// The live view of one HTTP side. Cheap to clone; clones share their sampler.
#[derive(Clone, Default)]
pub struct Live {
    sampler: Arc<Mutex<Option<watch::Receiver<Arc<Watched>>>>>,
    stop: CancellationToken,
}

impl Live {
    /// A live view whose streams end when `stop` is cancelled.
    pub fn until(stop: CancellationToken) -> Self {
        Self {
            stop,
            ..Self::default()
        }
    }

    /// How fast all is. Asking makes the sampler look for a while.
    pub(crate) fn rates(&self, api: &Api) -> Rates {
        self.join(api).borrow().rates.clone()
    }

    /// Joins the sampler, which is started if it does not run.
    fn join(&self, api: &Api) -> watch::Receiver<Arc<Watched>> {
        let mut sampler = self.sampler.lock().unwrap_or_else(PoisonError::into_inner);
        match sampler
            .as_ref()
            .filter(|running| running.has_changed().is_ok())
        {
            Some(running) => running.clone(),
            None => {
                let (send, receive) = watch::channel(Arc::default());
                tokio::spawn(sample(api.clone(), send, self.stop.clone()));
                *sampler = Some(receive.clone());
                receive
            }
        }
    }
}

/// The newest look, and the moments before it.
#[derive(Debug, Default)]
struct Watched {
    now: Option<Snapshot>,
    past: Vec<Moment>,
    rates: Rates,
}

/// The hub at one moment.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Snapshot {
    /// When it was looked.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Whether the hub accepts and moves messages.
    ready: bool,
    /// Messages journaled a second.
    received_per_second: f64,
    /// Deliveries that reached an outcome a second.
    delivered_per_second: f64,
    /// Messages before the journal; null where the broker cannot tell.
    inbound_queued: Option<u64>,
    /// Messages that carry no readable attributes.
    dead: Option<u64>,
    /// How the hub's own lanes stand.
    lanes: Vec<Half>,
    /// Every system.
    systems: Vec<SystemNow>,
}

/// A system at one moment.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct SystemNow {
    /// Its name.
    #[schema(value_type = String)]
    name: SystemName,
    /// Its kind: `crm`.
    kind: String,
    /// What comes from it, if anything does.
    receive: Option<Half>,
    /// What goes to it, if anything does.
    deliver: Option<Half>,
    /// Messages in its queue; null where the broker cannot tell.
    queued: Option<u64>,
    /// How long deliveries of the last seconds took since their message was accepted.
    lag_ms: Option<f64>,
    /// What waits, on the way to it or from it, by what for: `failed`, `retry`, `waiting`, `behind`, `due`.
    parked: BTreeMap<String, u64>,
    /// How many of those that came from it are invalid.
    invalid: u64,
}

/// Half of a connector, or a lane of the hub, at one moment.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Half {
    /// Its name: `erp/deliver`.
    name: String,
    /// `starting`, `flowing`, `idle`, `stalled`, `paused`, `failed`; `unknown` where no node has told of it.
    state: String,
    /// The node where it stands so, of several the one where it stands worst; null where there is one node.
    node: Option<String>,
    /// What stands in the way.
    reason: Option<String>,
    /// Since when it stands so.
    #[schema(value_type = Option<String>, format = DateTime)]
    since: Option<Timestamp>,
    /// Whether something stands in its way that nobody wanted: it is stalled, has failed, or is paused
    /// because of its configuration, and not by a person.
    failing: bool,
    /// When it last moved a message, or found that there was none.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_progress: Option<Timestamp>,
    /// When the hub last took a message by it, or the system last one of the hub's, since its node started.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_success: Option<Timestamp>,
    /// What last went wrong since its node started, though it may have passed.
    last_error: Option<Mishap>,
    /// Messages a second, on all nodes; null until it was looked twice.
    per_second: Option<f64>,
    /// Messages since the nodes started that are there.
    messages: u64,
}

/// Something that went wrong.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Mishap {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Stable, for programs: `http.status`.
    #[schema(example = "http.status")]
    code: String,
    /// What, for a person.
    reason: String,
}

/// What is kept of a moment.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Moment {
    /// When it was looked.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Messages journaled a second.
    received_per_second: f64,
    /// Deliveries that reached an outcome a second.
    delivered_per_second: f64,
    /// Messages a second from and to each system.
    #[schema(value_type = BTreeMap<String, Vec<f64>>)]
    systems: BTreeMap<SystemName, [f64; 2]>,
}

/// What goes on, as events: first `past` with the moments before (a list of Moment), then `now` every
/// second (a Snapshot). Of the systems, those that the caller may touch. The stream ends with the caller's
/// session or token.
#[utoipa::path(get, path = "/api/v1/live", operation_id = "live_events", tag = "health", responses(
    (status = 200, description = "a stream of events that does not end", body = crate::docs::LiveEvent, content_type = "text/event-stream")))]
pub(crate) async fn live(
    State(api): State<Api>,
    principal: Principal,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let watching = api.live.join(&api);
    let stop = api.live.stop.clone();
    let state = (watching, stop, api, principal, true);
    let events = futures::stream::unfold(state, |state| async move {
        let (mut watching, stop, api, mut principal, first) = state;
        if first {
            let mut past = watching.borrow_and_update().past.clone();
            for moment in &mut past {
                moment.systems.retain(|name, _| principal.touches(name));
            }
            let event = Event::default().event("past").json_data(past);
            let state = (watching, stop, api, principal, false);
            return Some((event.unwrap_or_default(), state));
        }
        tokio::select! {
            () = stop.cancelled() => return None,
            changed = watching.changed() => changed.ok()?,
        }
        // Who may do less by now, or nothing, sees less, or nothing.
        match api.access.again(&principal).await {
            Ok(now) => principal = now,
            Err(problem) if problem.status == 401 => return None,
            Err(problem) => tracing::debug!(code = problem.code, "who watches cannot be asked for"),
        }
        let mut now = watching.borrow_and_update().now.clone();
        if let Some(now) = &mut now {
            now.systems.retain(|system| principal.touches(&system.name));
        }
        let event = Event::default().event("now").json_data(now);
        let state = (watching, stop, api, principal, false);
        Some((event.unwrap_or_default(), state))
    });
    Sse::new(futures::StreamExt::map(events, Ok)).keep_alive(KeepAlive::default())
}

/// Looks until nobody has watched for a while.
async fn sample(api: Api, send: watch::Sender<Arc<Watched>>, stop: CancellationToken) {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut looks: VecDeque<Pulses> = VecDeque::new();
    let mut past: VecDeque<Moment> = VecDeque::new();
    let mut alone = 0;
    // The receiver that is kept for those who come is one.
    while alone < LINGER {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => {}
        }
        alone = if send.receiver_count() > 1 {
            0
        } else {
            alone + 1
        };
        let (now, rates) = match look(&api, &mut looks).await {
            Ok(seen) => seen,
            Err(error) => {
                tracing::debug!(%error, "the live view cannot look");
                continue;
            }
        };
        past.push_back(now.moment());
        if past.len() > KEPT {
            past.pop_front();
        }
        send.send_replace(Arc::new(Watched {
            now: Some(now),
            past: past.iter().cloned().collect(),
            rates,
        }));
    }
}

async fn look(api: &Api, looks: &mut VecDeque<Pulses>) -> Result<(Snapshot, Rates), StoreError> {
    let pulses = api.pulses().await?;
    let components = pulses.components();
    looks.push_back(pulses);
    if looks.len() > SMOOTH + 1 {
        looks.pop_front();
    }
    let rates = Rates::between(looks);
    let groups = api.store.parked_groups().await?;
    let depths = api.depths.read().await;
    let depth = |queue: &str| depths.get(queue).copied().flatten();
    let inbound = depths
        .iter()
        .filter(|(queue, _)| queue.starts_with("inbound."));
    let lanes = components
        .iter()
        .filter(|(component, _)| component.0.starts_with("inbound."))
        .map(|(component, there)| half(&component.0, Some(there), rates.moved(component)));
    let deployment = api.deployment();
    let systems = deployment.systems.iter().map(|system| {
        let of = |group: &&ParkedGroup| group.system == system.name;
        let mut parked = BTreeMap::new();
        for group in groups.iter().filter(of) {
            let state = group.state.as_str().to_owned();
            *parked.entry(state).or_default() += group.count;
        }
        let invalid = |group: &&ParkedGroup| {
            group.direction == Direction::Inbound && group.state == ParkedState::Failed
        };
        SystemNow {
            name: system.name.clone(),
            kind: system.kind.to_owned(),
            receive: (!system.inlets.is_empty()).then(|| receiving(system, &components, &rates)),
            deliver: (!system.outlets.is_empty()).then(|| {
                let name = format!("{}/deliver", system.name);
                let there = components.get(&Component(name.clone()));
                half(&name, there, rates.delivered(&system.name))
            }),
            queued: depth(&deliver_queue(&system.name)),
            lag_ms: rates.lag_ms(&system.name),
            parked,
            invalid: groups
                .iter()
                .filter(of)
                .filter(invalid)
                .map(|group| group.count)
                .sum(),
        }
    });
    let now = Snapshot {
        at: Timestamp::now(),
        ready: api.health.is_ready(),
        received_per_second: rates.all_received(),
        delivered_per_second: rates.all_delivered(),
        inbound_queued: inbound.map(|(_, depth)| *depth).sum(),
        dead: depth(DEAD_QUEUE),
        lanes: lanes.collect(),
        systems: systems.collect(),
    };
    Ok((now, rates))
}

/// The inlets of a system as one half: it stands as the worst of them.
fn receiving(system: &System, components: &BTreeMap<Component, Standing>, rates: &Rates) -> Half {
    let name = format!("{}/receive", system.name);
    let halves = system.inlets.iter().map(|inlet| {
        let component = Component(format!("{name}/{}", inlet.name));
        inlet_half(
            inlet,
            &component,
            components.get(&component),
            rates.moved(&component),
        )
    });
    let order = [
        "idle", "unknown", "flowing", "starting", "paused", "stalled", "failed",
    ];
    let rank = |half: &Half| {
        let rank = order.iter().position(|state| *state == half.state);
        (half.failing, rank)
    };
    let all = halves.reduce(|worst, next| {
        let messages = worst.messages + next.messages;
        let last_progress = worst.last_progress.max(next.last_progress);
        let last_success = worst.last_success.max(next.last_success);
        let errors = [worst.last_error.clone(), next.last_error.clone()];
        let errors = errors.into_iter().flatten();
        let last_error = errors.max_by_key(|error| error.at);
        let worst = match rank(&next) > rank(&worst) {
            true => next,
            false => worst,
        };
        Half {
            messages,
            last_progress,
            last_success,
            last_error,
            ..worst
        }
    });
    let mut all = all.unwrap_or_else(|| half(&name, None, None));
    all.name = name;
    // What is journaled, by whichever way it came: `tenon send` and a redrive tell of it too.
    all.per_second = rates.received(&system.name);
    if all.state == "idle" && all.per_second.unwrap_or_default() > 0.0 {
        all.state = "flowing".to_owned();
    }
    all
}

/// An inlet. A webhook that nobody has called yet stands ready.
pub(crate) fn inlet_half(
    inlet: &Inlet,
    component: &Component,
    there: Option<&Standing>,
    per_second: Option<f64>,
) -> Half {
    let mut half = half(&component.0, there, per_second);
    if there.is_none() && matches!(inlet.intake, Intake::Webhook(_)) {
        half.state = "idle".to_owned();
    }
    half
}

pub(crate) fn half(name: &str, there: Option<&Standing>, per_second: Option<f64>) -> Half {
    let report = there.map(|there| &there.report);
    let moves = per_second.is_some_and(|rate| rate > 0.0);
    let (state, reason) = match report.map(|report| &report.state) {
        None => ("unknown", None),
        Some(ComponentState::Starting) => ("starting", None),
        Some(ComponentState::Flowing) if name.starts_with("inbound.") => ("flowing", None),
        // A component stays as it was while there is nothing for it, and looks idle between two batches.
        Some(ComponentState::Flowing | ComponentState::Idle) => {
            (if moves { "flowing" } else { "idle" }, None)
        }
        Some(ComponentState::Stalled { reason }) => ("stalled", Some(reason.clone())),
        Some(ComponentState::Paused { reason }) => ("paused", Some(reason.clone())),
        Some(ComponentState::Failed { reason }) => ("failed", Some(reason.clone())),
    };
    let error = report.and_then(|report| report.last_error.as_ref());
    Half {
        name: name.to_owned(),
        state: state.to_owned(),
        reason,
        since: report.map(|report| report.since),
        node: there.and_then(|there| there.node.clone()),
        failing: report.is_some_and(Report::is_failing),
        last_progress: report.and_then(|report| report.last_progress),
        last_success: report.and_then(|report| report.last_success),
        last_error: error.map(|error| Mishap {
            at: error.at,
            code: error.code.clone(),
            reason: error.reason.clone(),
        }),
        per_second,
        messages: report.map_or(0, |report| report.messages),
    }
}

impl Snapshot {
    fn moment(&self) -> Moment {
        let rate = |half: &Option<Half>| {
            let rate = half.as_ref().and_then(|half| half.per_second);
            rate.unwrap_or_default()
        };
        let systems = self.systems.iter().map(|system| {
            let rates = [rate(&system.receive), rate(&system.deliver)];
            (system.name.clone(), rates)
        });
        Moment {
            at: self.at,
            received_per_second: self.received_per_second,
            delivered_per_second: self.delivered_per_second,
            systems: systems.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use tenon_core::Failure;
    use tenon_pipeline::Health;

    use super::*;

    #[test]
    fn a_half_flows_while_it_moves_messages_whatever_its_last_step_found() {
        let health = Health::default();
        let erp = Component("erp/deliver".to_owned());
        let state = |rate: f64| {
            let report = health.reports().remove(&erp);
            let there = report.map(|report| Standing { report, node: None });
            half(&erp.0, there.as_ref(), Some(rate)).state
        };
        assert_eq!(state(0.0), "unknown");
        health.report(&erp, ComponentState::Idle, 0);
        assert_eq!([state(40.0), state(0.0)], ["flowing", "idle"]);
        health.report(&erp, ComponentState::Flowing, 3);
        assert_eq!([state(40.0), state(0.0)], ["flowing", "idle"]);
        health.report_failure(&erp, &Failure::transient("x", "connection refused"));
        assert_eq!(state(40.0), "stalled");
    }
}
