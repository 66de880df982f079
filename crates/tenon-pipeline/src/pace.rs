//! Gives a system no more than it can bear: a bucket of tokens.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tenon_connector::RateLimit;

/// The tokens of one system. Whoever takes more than there are waits for what is missing.
#[derive(Debug)]
pub(crate) struct Pace {
    limit: RateLimit,
    bucket: Mutex<Bucket>,
}

#[derive(Debug)]
struct Bucket {
    /// Below zero they are owed.
    tokens: f64,
    at: Instant,
}

impl Pace {
    pub(crate) fn new(limit: RateLimit) -> Self {
        let bucket = Bucket {
            tokens: f64::from(limit.burst),
            at: Instant::now(),
        };
        Self {
            limit,
            bucket: Mutex::new(bucket),
        }
    }

    /// The most that may be taken at once, so that nobody waits long with much in hand.
    pub(crate) fn most(&self) -> usize {
        self.limit.burst.max(1) as usize
    }

    /// Takes tokens; how long to wait before they may be used.
    pub(crate) fn take(&self, count: usize) -> Duration {
        self.take_at(count, Instant::now())
    }

    fn take_at(&self, count: usize, now: Instant) -> Duration {
        // Two numbers are sound whatever happened to who changed them last.
        let mut bucket = self.bucket.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = now.saturating_duration_since(bucket.at).as_secs_f64();
        let filled = bucket.tokens + passed * self.limit.per_second;
        bucket.tokens = filled.min(f64::from(self.limit.burst)) - count as f64;
        bucket.at = now;
        Duration::from_secs_f64((-bucket.tokens / self.limit.per_second).max(0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_goes_at_once_and_the_rest_at_the_rate() {
        let pace = Pace::new(RateLimit {
            per_second: 10.0,
            burst: 5,
        });
        let start = Instant::now();
        let at = |tenths: u64| start + Duration::from_millis(100 * tenths);
        assert_eq!(pace.take_at(5, at(0)), Duration::ZERO);
        let wait = pace.take_at(5, at(0)).as_millis();
        assert!((499..=500).contains(&wait), "{wait}");
        // What is owed is paid with time; a long pause saves no more than a burst.
        assert_eq!(pace.take_at(1, at(6)), Duration::ZERO);
        assert_eq!(pace.take_at(5, at(1000)), Duration::ZERO);
        assert!(pace.take_at(1, at(1000)) > Duration::ZERO);
    }
}
