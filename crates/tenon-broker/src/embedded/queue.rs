//! One queue in memory: what was read from it, by how many, and what came back.
//!
//! The counters (depth, last id) belong to the writer and the table; here is only what a crash
//! may forget.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Semaphore, watch};

use super::tables::{self, QueueRow, Stored};
use crate::Queue;

/// A queue as its consumers share it.
#[derive(Debug)]
pub(super) struct Channel {
    pub(super) id: i64,
    pub(super) definition: Queue,
    /// Rises whenever a consumer that found nothing should look again.
    pub(super) changes: watch::Sender<u64>,
    /// Whose turn it is, for a queue with a single active consumer.
    pub(super) turn: Arc<Semaphore>,
    /// Held while messages are read, so that two consumers never claim the same.
    pub(super) reading: tokio::sync::Mutex<()>,
    claims: Mutex<Claims>,
}

/// Who has claimed what. Every id up to `cursor` is deleted, claimed by a consumer, or `returned`.
#[derive(Debug)]
pub(super) struct Claims {
    /// The last id that a consumer has read.
    pub(super) cursor: i64,
    /// Messages that a consumer gave back while others were there to take them.
    pub(super) returned: BTreeMap<i64, Stored>,
    /// Ids up to this one may have been handed out before.
    pub(super) redelivered_through: i64,
    /// The table's `handed_through`.
    pub(super) marked_through: i64,
    /// How many consumers there are, those that wait for their turn included.
    pub(super) consumers: usize,
}

impl From<QueueRow> for Channel {
    fn from(row: QueueRow) -> Self {
        Self {
            id: row.id,
            definition: row.definition,
            changes: watch::Sender::new(0),
            turn: Arc::new(Semaphore::new(1)),
            reading: tokio::sync::Mutex::new(()),
            claims: Mutex::new(Claims {
                cursor: tables::first_id(row.id),
                returned: BTreeMap::new(),
                redelivered_through: row.counters.handed_through,
                marked_through: row.counters.handed_through,
                consumers: 0,
            }),
        }
    }
}

impl Channel {
    /// The claims, for a moment: nothing waits while it holds them.
    pub(super) fn claims(&self) -> MutexGuard<'_, Claims> {
        self.claims.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes waiting consumers look again.
    pub(super) fn wake(&self) {
        self.changes
            .send_modify(|version| *version = version.wrapping_add(1));
    }

    /// Takes back what a leaving consumer had claimed: `handed` reached its caller, `buffered` did
    /// not. The last consumer to leave frees the memory; whoever comes next reads from the table.
    pub(super) fn give_back(&self, handed: Vec<Stored>, buffered: Vec<Stored>) {
        {
            let mut claims = self.claims();
            if let Some(last) = handed.iter().map(|message| message.id).max() {
                claims.redelivered_through = claims.redelivered_through.max(last);
            }
            claims.consumers -= 1;
            if claims.consumers == 0 {
                claims.returned.clear();
                claims.cursor = tables::first_id(self.id);
            } else {
                let messages = handed.into_iter().chain(buffered);
                claims
                    .returned
                    .extend(messages.map(|message| (message.id, message)));
            }
        }
        self.wake();
    }
}

impl Claims {
    /// Takes up to `count` of the messages that came back, lowest first.
    pub(super) fn take_returned(&mut self, count: usize) -> Vec<Stored> {
        let mut taken = Vec::new();
        while taken.len() < count
            && let Some((_, message)) = self.returned.pop_first()
        {
            taken.push(message);
        }
        taken
    }
}
