//! How long to wait before trying again.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use tenon_connector::RetryPolicy;
use tenon_store::StoreError;
use tokio_util::sync::CancellationToken;

/// Endless growing pauses with jitter, for what must go on until it works or the hub stops.
pub(crate) struct Pauses {
    initial: Duration,
    max: Duration,
    backoff: ExponentialBackoff,
}

impl Pauses {
    pub(crate) fn new(initial: Duration, max: Duration) -> Self {
        Self {
            initial,
            max,
            backoff: build(initial, max),
        }
    }

    /// Begins anew after a success.
    pub(crate) fn reset(&mut self) {
        self.backoff = build(self.initial, self.max);
    }

    /// Waits the next pause, at least `at_least`. False when the hub is stopping.
    pub(crate) async fn wait(
        &mut self,
        stop: &CancellationToken,
        at_least: Option<Duration>,
    ) -> bool {
        let pause = self
            .backoff
            .next()
            .unwrap_or(self.max)
            .max(at_least.unwrap_or_default());
        pause_for(stop, pause).await
    }
}

fn build(initial: Duration, max: Duration) -> ExponentialBackoff {
    ExponentialBuilder::default()
        .with_min_delay(initial)
        .with_max_delay(max)
        .without_max_times()
        .with_jitter()
        .build()
}

/// The longest that the store may take for one call. A connection that says nothing for longer is
/// taken for dead: the network need not tell for a quarter of an hour.
const STORE_PATIENCE: Duration = Duration::from_secs(30);

/// What the store answers to a call. One that was not answered may have been done all the same: every
/// call may be repeated.
pub(crate) async fn answered<T>(
    call: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    match tokio::time::timeout(STORE_PATIENCE, call).await {
        Ok(answer) => answer,
        Err(_) => {
            let seconds = STORE_PATIENCE.as_secs();
            Err(StoreError::Unavailable(format!(
                "no answer within {seconds} s"
            )))
        }
    }
}

/// Waits; false when the hub is stopping.
pub(crate) async fn pause_for(stop: &CancellationToken, pause: Duration) -> bool {
    tokio::select! {
        () = stop.cancelled() => false,
        () = tokio::time::sleep(pause) => true, // why: a back-off is a time
    }
}

/// The pause after `attempts` failed attempts, before jitter: initial × 2^(attempts − 1), bounded.
pub(crate) fn pause_after(policy: &RetryPolicy, attempts: u32) -> Duration {
    let doublings = attempts.saturating_sub(1).min(20);
    policy
        .initial
        .saturating_mul(1 << doublings)
        .min(policy.max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest() {
        let policy = RetryPolicy {
            attempts: 8,
            initial: Duration::from_millis(200),
            max: Duration::from_secs(1),
        };
        let check = |attempts, expected| {
            assert_eq!(
                pause_after(&policy, attempts),
                Duration::from_millis(expected)
            );
        };
        check(1, 200);
        check(2, 400);
        check(3, 800);
        check(4, 1000);
        check(1000, 1000);
    }
}
