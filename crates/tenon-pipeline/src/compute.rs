//! Where stages compute: beside the threads that talk, so that a long computation holds up nobody else.
//!
//! An inbound lane has a thread of its own ([`alone`]). What it takes from its queue is read, decided
//! and let go there: memory that one thread asks for and another gives back costs both of them
//! several times as much. Whoever computes now and then borrows a thread ([`compute`]).

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::LazyLock;

use tenon_core::Failure;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// One long computation must never hold up all others.
const FEWEST: usize = 2;

/// More at once would finish no sooner, and each would keep a thread's memory warm.
static ROOM: LazyLock<Semaphore> = LazyLock::new(|| {
    let processors = std::thread::available_parallelism().map_or(FEWEST, usize::from);
    Semaphore::new(processors.max(FEWEST))
});

/// Runs a task on a thread of its own, where it may compute. It ends by itself, or is given up like any
/// task when `forsaken` is cancelled.
pub(crate) fn alone<F: Future<Output = ()>>(
    tasks: &mut JoinSet<()>,
    forsaken: CancellationToken,
    task: impl FnOnce() -> F + Send + 'static,
) {
    let runtime = Handle::current();
    tasks.spawn_blocking(move || {
        runtime.block_on(async {
            tokio::select! {
                () = forsaken.cancelled() => {}
                () = task() => {}
            }
        });
    });
}

/// Computes on this thread.
///
/// # Errors
/// `Bug` when it panics.
pub(crate) fn compute_here<T>(work: impl FnOnce() -> T) -> Result<T, Failure> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| panicked(said(&*panic)))
}

/// Computes on a borrowed thread, which has a deep stack and may take its time.
///
/// # Errors
/// `Bug` when it panics.
pub(crate) async fn compute<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Failure> {
    // The semaphore is never closed, so that this waits for a permit and nothing else.
    let _permit = ROOM.acquire().await;
    let computed = tokio::task::spawn_blocking(move || compute_here(work)).await;
    // What panics is caught there; only the end of the runtime is left.
    computed.unwrap_or_else(|error| Err(panicked(&error.to_string())))
}

fn panicked(what: &str) -> Failure {
    Failure::bug("stage.panicked", format!("a stage panicked: {what}"))
}

/// What a panic said.
fn said(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("without a word")
}
