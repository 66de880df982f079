//! Waits for the sole right to serve something, of which several nodes could.

use std::time::Duration;

use tenon_core::Failure;
use tenon_store::{Claim, SharedStore};
use tokio_util::sync::CancellationToken;

use crate::courier::store_failure;
use crate::retry::pause_for;

/// How often a claim that another node has is asked for.
const STANDBY: Duration = Duration::from_millis(500);

/// Waits until the claim is this node's; `None` when the hub is stopping before that. `on_standby` is
/// called while another node has it.
///
/// # Errors
/// When the store cannot be asked.
pub(crate) async fn claimed(
    store: &SharedStore,
    name: &str,
    stop: &CancellationToken,
    mut on_standby: impl FnMut(),
) -> Result<Option<Box<dyn Claim>>, Failure> {
    loop {
        let asked = store.claim(name).await;
        if let Some(claim) = asked.map_err(|error| store_failure(&error))? {
            return Ok(Some(claim));
        }
        on_standby();
        if !pause_for(stop, STANDBY).await {
            return Ok(None);
        }
    }
}

/// What a node does that finds out that it is not the one any more.
pub(crate) fn taken_over(name: &str) -> Failure {
    Failure::transient(
        "claim.lost",
        format!("`{name}` may be served by another node now"),
    )
}
