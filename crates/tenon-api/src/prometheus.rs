//! The process's metrics, for Prometheus.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::http::header;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tenon_core::{Failure, Timestamp};
use tenon_pipeline::ComponentState;
use tenon_store::{ParkedGroup, ParkedState};

use crate::insight::lag;
use crate::{Api, Problem};

/// Upper bounds of what `_seconds` metrics count, in seconds.
const SECONDS: [f64; 14] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0, 300.0, 3600.0,
];
/// How often recorded values are folded into their counts when nobody scrapes.
const UPKEEP: Duration = Duration::from_secs(5);

/// Counters, gauges and histograms of this process in the exposition format of Prometheus.
#[utoipa::path(get, path = "/metrics", tag = "metrics", responses(
    (status = 200, description = "metrics", body = String, content_type = "text/plain")))]
pub(crate) async fn scrape(State(api): State<Api>) -> Result<Response, Problem> {
    let recorder = recorder()?;
    gauge(&api).await;
    let content_type = [(
        header::CONTENT_TYPE,
        "text/plain; version=0.0.4; charset=utf-8",
    )];
    Ok((content_type, recorder.render()).into_response())
}

/// Measures what is not counted as it happens. What cannot be told now is left out: a store that is
/// away must not make the node's own metrics disappear.
async fn gauge(api: &Api) {
    for (queue, depth) in api.depths.read().await {
        if let Some(depth) = depth {
            metrics::gauge!("tenon_queue_messages", "queue" => queue).set(depth as f64);
        }
    }
    let parked = api.store.parked_groups().await;
    metrics::gauge!("tenon_store_up").set(if parked.is_ok() { 1.0 } else { 0.0 });
    if let Ok(parked) = parked {
        for system in &api.deployment().systems {
            for state in ParkedState::ALL {
                let of = |group: &&ParkedGroup| group.system == system.name && group.state == state;
                let found = || parked.iter().filter(of);
                let labels = [
                    ("system", system.name.to_string()),
                    ("state", state.as_str().to_owned()),
                ];
                let number: u64 = found().map(|group| group.count).sum();
                metrics::gauge!("tenon_parked_messages", &labels).set(number as f64);
                let oldest = found().map(|group| group.oldest).min();
                let age = oldest.map_or(0.0, seconds_since);
                metrics::gauge!("tenon_parked_oldest_age_seconds", &labels).set(age);
            }
        }
    }
    if let Ok(Some(lag)) = lag(&api.store.insight()).await {
        metrics::gauge!("tenon_insight_lag_seconds").set(lag.as_secs_f64());
    }
    for (component, report) in api.health.reports() {
        let now = name_of(&report.state);
        for state in STATES {
            let here = if state == now { 1.0 } else { 0.0 };
            metrics::gauge!("tenon_component_state", "component" => component.0.clone(), "state" => state)
                .set(here);
        }
        let idle = report.last_progress.map_or(0.0, seconds_since);
        metrics::gauge!("tenon_component_progress_age_seconds", "component" => component.0)
            .set(idle);
    }
    let ready = if api.health.is_ready() { 1.0 } else { 0.0 };
    metrics::gauge!("tenon_ready").set(ready);
    if let Some(bytes) = resident() {
        metrics::gauge!("process_resident_memory_bytes").set(bytes);
    }
}

/// Every state of a component, as it is named in documents.
const STATES: [&str; 6] = ["starting", "flowing", "idle", "stalled", "paused", "failed"];

fn name_of(state: &ComponentState) -> &'static str {
    match state {
        ComponentState::Starting => STATES[0],
        ComponentState::Flowing => STATES[1],
        ComponentState::Idle => STATES[2],
        ComponentState::Stalled { .. } => STATES[3],
        ComponentState::Paused { .. } => STATES[4],
        ComponentState::Failed { .. } => STATES[5],
    }
}

fn seconds_since(moment: Timestamp) -> f64 {
    Timestamp::now()
        .duration_since(moment)
        .as_secs_f64()
        .max(0.0)
}

/// The memory that this process holds, where the system tells.
fn resident() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: f64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kibibytes * 1024.0)
}

/// Counts a request, by its route rather than its path, so that no id becomes a label; logs it.
pub(crate) async fn count_request(request: Request, next: Next) -> Response {
    let began = Instant::now();
    let method = request.method().clone();
    let matched = request.extensions().get::<MatchedPath>();
    let route = matched.map_or_else(|| "other".to_owned(), |path| path.as_str().to_owned());
    let response = next.run(request).await;
    let took = began.elapsed();
    let status = response.status().as_u16();
    let labels = [
        ("method", method.to_string()),
        ("route", route.clone()),
        ("status", status.to_string()),
    ];
    metrics::counter!("tenon_http_requests_total", &labels).increment(1);
    metrics::histogram!("tenon_http_request_duration_seconds", "route" => route.clone())
        .record(took.as_secs_f64());
    // Neither path nor query: both may name customers, and a query may be mistaken for a place for tokens.
    tracing::debug!(
        http.method = %method,
        http.route = route,
        http.status = status,
        duration_ms = took.as_millis() as u64,
        "answered"
    );
    response
}

/// Lets the counters that alerts watch be there before anything is counted: of one that is first seen at 90,
/// Prometheus does not know that it has increased.
fn stand_at_nothing() {
    metrics::counter!("tenon_dead_letters_total").increment(0);
    for outcome in ["done", "refused", "held", "locked"] {
        metrics::counter!("tenon_sign_ins_total", "outcome" => outcome).increment(0);
    }
}

/// What each metric counts, for those who read them in Prometheus.
fn describe() {
    use metrics::{
        describe_counter as counter, describe_gauge as gauge, describe_histogram as histogram,
    };
    counter!(
        "tenon_messages_received_total",
        "Records taken in, by system and entity"
    );
    counter!(
        "tenon_messages_total",
        "Messages journaled, by source, entity and state"
    );
    counter!(
        "tenon_deliveries_total",
        "Deliveries that came to an end, by system and state"
    );
    counter!(
        "tenon_parked_total",
        "Messages parked by the deliver stage, by system"
    );
    counter!(
        "tenon_dead_letters_total",
        "Messages given up because of a broken invariant"
    );
    counter!(
        "tenon_sign_ins_total",
        "Attempts to sign in: done, refused, held, locked"
    );
    counter!("tenon_alerts_total", "Alerts handed over: sent, failed");
    counter!(
        "tenon_http_requests_total",
        "Requests answered, by method, route and status"
    );
    histogram!(
        "tenon_http_request_duration_seconds",
        "Time to an answer, by route"
    );
    histogram!(
        "tenon_delivery_latency_seconds",
        "From acceptance to outcome, by system"
    );
    gauge!("tenon_queue_messages", "Messages in a queue of the broker");
    gauge!(
        "tenon_parked_messages",
        "Messages that wait in the store, by system and state"
    );
    gauge!(
        "tenon_parked_oldest_age_seconds",
        "Age of the first of them"
    );
    gauge!(
        "tenon_component_state",
        "1 for the state in which a component of this node is"
    );
    gauge!(
        "tenon_component_progress_age_seconds",
        "Since a component of this node last made progress"
    );
    gauge!(
        "tenon_ready",
        "1 while this node accepts and moves messages"
    );
    gauge!("tenon_store_up", "1 while this node reaches its store");
    gauge!("tenon_build_info", "1; the version is its label");
    gauge!(
        "process_resident_memory_bytes",
        "Memory that this process holds"
    );
    metrics::gauge!("tenon_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
}

/// The process's metrics: one recorder, however many nodes run in it.
pub(crate) fn recorder() -> Result<PrometheusHandle, Failure> {
    static RECORDER: OnceLock<Result<PrometheusHandle, String>> = OnceLock::new();
    RECORDER
        .get_or_init(install)
        .clone()
        .map_err(|reason| Failure::bug("metrics.recorder", reason))
}

fn install() -> Result<PrometheusHandle, String> {
    let builder = PrometheusBuilder::new()
        .set_buckets(&SECONDS)
        .map_err(|error| error.to_string())?;
    let handle = builder
        .install_recorder()
        .map_err(|error| error.to_string())?;
    describe();
    stand_at_nothing();
    let folding = handle.clone();
    // Single values are kept until they are folded; without this, a hub that nobody scrapes would
    // keep them all. The thread lives as long as the process, as the recorder does.
    std::thread::Builder::new()
        .name("metrics".to_owned())
        .spawn(move || {
            loop {
                std::thread::sleep(UPKEEP);
                folding.run_upkeep();
            }
        })
        .map_err(|error| error.to_string())?;
    Ok(handle)
}
