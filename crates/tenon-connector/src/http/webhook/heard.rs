//! The calls that were taken a short while ago, so that a copy of one is told from it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Calls by their signatures, each for as long as its stamp would be believed.
///
/// A node remembers its own. A copy that another node is given is the same message all the same,
/// because its event id is.
#[derive(Debug, Clone)]
pub(super) struct Heard {
    calls: Arc<Mutex<HashMap<String, Instant>>>,
    lasts: Duration,
}

impl Heard {
    /// A memory that keeps a call for so long.
    pub(super) fn new(lasts: Duration) -> Self {
        Self {
            calls: Arc::default(),
            lasts,
        }
    }

    /// Whether this call was taken already.
    pub(super) fn knows(&self, mark: &str) -> bool {
        let calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        calls
            .get(mark)
            .is_some_and(|noted| noted.elapsed() < self.lasts)
    }

    /// Notes a call that was taken.
    pub(super) fn note(&self, mark: &str) {
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        calls.retain(|_, noted| noted.elapsed() < self.lasts);
        calls.insert(mark.to_owned(), Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_known_for_as_long_as_its_stamp_is_believed() {
        let heard = Heard::new(Duration::from_secs(60));
        heard.note("a");
        assert!(heard.knows("a") && !heard.knows("b"));
        let forgetful = Heard::new(Duration::ZERO);
        forgetful.note("a");
        assert!(!forgetful.knows("a"));
        forgetful.note("b");
        assert_eq!(forgetful.calls.lock().unwrap().len(), 1);
    }
}
