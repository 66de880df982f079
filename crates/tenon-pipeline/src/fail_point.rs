//! Named moments between two steps of a message's way, at which a torturer may end the process.
//!
//! Nothing outside the process can arm one: the binary does it when it was started for that, and
//! `tenon torture` starts it so. What a hub pays that nobody tortures is one relaxed read of a number
//! a batch.

use std::sync::atomic::{AtomicU64, Ordering};

/// A moment at which what was done last is durable, and what comes next is not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FailPoint {
    /// The broker confirmed a source's messages; the source was not told.
    AcceptConfirmed,
    /// A source's checkpoint is kept; the source did not put away what was read.
    ReceiveCheckpointed,
    /// A batch is decided; nothing of it is journaled.
    RouteDecided,
    /// A batch is journaled; nothing of it is published to the targets' queues.
    RouteJournaled,
    /// A batch is published to the targets' queues; it is not acknowledged in the inbound queue.
    RoutePublished,
    /// A batch is acknowledged in the inbound queue.
    RouteAcknowledged,
    /// Lanes have something due; it was not tried.
    DeliverDue,
    /// A portion is planned; the target was not asked.
    DeliverPlanned,
    /// The target took a portion; that is not noted.
    DeliverTaken,
    /// A portion's outcomes are noted; it is not acknowledged in the target's queue.
    DeliverSettled,
    /// A batch is acknowledged in the target's queue.
    DeliverAcknowledged,
}

/// The armed point's number and how often it is still to be passed; 0 when none is armed.
static ARMED: AtomicU64 = AtomicU64::new(0);

impl FailPoint {
    /// Every point, in the order of a message's way.
    pub const ALL: [Self; 11] = [
        Self::AcceptConfirmed,
        Self::ReceiveCheckpointed,
        Self::RouteDecided,
        Self::RouteJournaled,
        Self::RoutePublished,
        Self::RouteAcknowledged,
        Self::DeliverDue,
        Self::DeliverPlanned,
        Self::DeliverTaken,
        Self::DeliverSettled,
        Self::DeliverAcknowledged,
    ];

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AcceptConfirmed => "accept.confirmed",
            Self::ReceiveCheckpointed => "receive.checkpointed",
            Self::RouteDecided => "route.decided",
            Self::RouteJournaled => "route.journaled",
            Self::RoutePublished => "route.published",
            Self::RouteAcknowledged => "route.acknowledged",
            Self::DeliverDue => "deliver.due",
            Self::DeliverPlanned => "deliver.planned",
            Self::DeliverTaken => "deliver.taken",
            Self::DeliverSettled => "deliver.settled",
            Self::DeliverAcknowledged => "deliver.acknowledged",
        }
    }

    /// The point of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|point| point.as_str() == name)
    }

    fn number(self) -> u64 {
        self as u64 + 1
    }

    /// Arms this point, and no other: the process ends without notice when it is reached for the
    /// `times`-th time from now.
    pub fn arm(self, times: u32) {
        let times = u64::from(times.max(1));
        ARMED.store(self.number() << 32 | times, Ordering::Relaxed);
    }

    /// Arms nothing any more.
    pub fn disarm() {
        ARMED.store(0, Ordering::Relaxed);
    }

    /// Called where the point is.
    pub(crate) fn reached(self) {
        if ARMED.load(Ordering::Relaxed) != 0 && self.counts_down() {
            // As SIGKILL would: nothing is flushed, closed or finished.
            std::process::abort();
        }
    }

    /// Counts an armed point down; true when this was the last time.
    #[cold]
    fn counts_down(self) -> bool {
        let down = |armed: u64| (armed >> 32 == self.number()).then(|| armed - 1);
        let before = ARMED.fetch_update(Ordering::Relaxed, Ordering::Relaxed, down);
        matches!(before, Ok(armed) if armed & u64::from(u32::MAX) == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_armed_point_counts_down_and_the_others_do_not() {
        FailPoint::RouteJournaled.arm(3);
        assert!(!FailPoint::DeliverTaken.counts_down());
        let ends: Vec<bool> = (0..3)
            .map(|_| FailPoint::RouteJournaled.counts_down())
            .collect();
        assert_eq!(ends, [false, false, true]);
        FailPoint::disarm();
        assert!(!FailPoint::RouteJournaled.counts_down());
        for point in FailPoint::ALL {
            assert_eq!(FailPoint::named(point.as_str()), Some(point));
        }
    }
}
