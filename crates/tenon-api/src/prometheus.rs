//! The process's metrics, for Prometheus.

use std::sync::OnceLock;
use std::time::Duration;

use axum::http::header;
use axum::response::{IntoResponse, Response};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tenon_core::Failure;

use crate::Problem;

/// Upper bounds of what `_seconds` metrics count, in seconds.
const SECONDS: [f64; 14] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0, 300.0, 3600.0,
];
/// How often recorded values are folded into their counts when nobody scrapes.
const UPKEEP: Duration = Duration::from_secs(5);

/// Counters and histograms of this process in the exposition format of Prometheus.
#[utoipa::path(get, path = "/metrics", tag = "health", responses(
    (status = 200, description = "metrics", body = String, content_type = "text/plain")))]
pub(crate) async fn scrape() -> Result<Response, Problem> {
    let content_type = [(
        header::CONTENT_TYPE,
        "text/plain; version=0.0.4; charset=utf-8",
    )];
    Ok((content_type, recorder()?.render()).into_response())
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
