//! Where stages compute: on threads beside those that talk, as many at once as there are processors.
//!
//! More at once would finish no sooner, and each would hold a batch and keep a thread's memory warm.

use std::sync::LazyLock;

use tenon_core::Failure;
use tokio::sync::Semaphore;

/// One long computation must never hold up all others.
const FEWEST: usize = 2;

static ROOM: LazyLock<Semaphore> = LazyLock::new(|| {
    let processors = std::thread::available_parallelism().map_or(FEWEST, usize::from);
    Semaphore::new(processors.max(FEWEST))
});

/// Runs computation on a blocking thread, which has a deep stack and may take its time.
///
/// # Errors
/// `Bug` when it panics.
pub(crate) async fn compute<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Failure> {
    // The semaphore is never closed, so that this waits for a permit and nothing else.
    let _permit = ROOM.acquire().await;
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Failure::bug("stage.panicked", format!("a stage panicked: {error}")))
}
