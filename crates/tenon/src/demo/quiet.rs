//! When is everything carried that can be carried?

use std::time::{Duration, Instant};

use indicatif::ProgressBar;
use tenon_pipeline::ComponentState;
use tenon_store::{ParkedFilter, ParkedState};

use crate::commands::Node;
use crate::exit::Exit;

/// How often is looked.
const INTERVAL: Duration = Duration::from_millis(250);
/// So many looks in a row must show nothing moving: longer than any source's interval.
const LOOKS: u32 = 12;
/// After so long without quiet, something is wrong.
const PATIENCE: Duration = Duration::from_secs(600);

/// Waits until queues are empty, sources have nothing new and no retry is pending.
pub(super) async fn wait_until_quiet(
    node: &Node,
    queues: &[String],
    spinner: &ProgressBar,
) -> Result<(), Exit> {
    let start = Instant::now();
    let (mut calm, mut progress) = (0, u64::MAX);
    let mut ticks = tokio::time::interval(INTERVAL);
    while calm < LOOKS {
        if start.elapsed() > PATIENCE {
            return Err(Exit::runtime(
                "the hub does not come to rest; see /health/ready",
            ));
        }
        ticks.tick().await;
        let now = node.hub().health().progress();
        let still = now == progress && is_still(node, queues).await?;
        calm = if still { calm + 1 } else { 0 };
        progress = now;
        spinner.set_message(format!("{progress} steps done"));
    }
    spinner.finish_and_clear();
    Ok(())
}

async fn is_still(node: &Node, queues: &[String]) -> Result<bool, Exit> {
    let reports = node.hub().health().reports();
    let working = reports.iter().any(|(component, report)| {
        component.0.contains("/receive/") && report.state == ComponentState::Flowing
    });
    if working {
        return Ok(false);
    }
    for queue in queues {
        if node.engine().broker.depth(queue).await? > 0 {
            return Ok(false);
        }
    }
    for state in [ParkedState::Retry, ParkedState::Due] {
        let filter = ParkedFilter {
            state: Some(state),
            ..ParkedFilter::default()
        };
        if !node
            .engine()
            .store
            .parked(&filter, None, 1)
            .await?
            .is_empty()
        {
            return Ok(false);
        }
    }
    Ok(true)
}
