//! Reads one queue of the embedded broker, a little ahead of its caller.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{OwnedSemaphorePermit, watch};

use super::queue::Channel;
use super::tables::{self, Stored};
use super::transaction::{Request, Run};
use super::{Shared, unavailable, was_closed};
use crate::{BrokerError, Consumer, Delivery};

/// How often an idle consumer looks for what another process has published.
const LOOK: Duration = Duration::from_secs(1);

/// A message and the read that brought it. All rows between two messages of one read were claimed
/// by it, so that their ids can be deleted as one run.
#[derive(Debug)]
struct Claimed {
    read: u64,
    message: Stored,
}

/// A reader of one queue. Dropping it makes what is unsettled visible again.
pub(super) struct Reader {
    shared: Arc<Shared>,
    channel: Arc<Channel>,
    changes: watch::Receiver<u64>,
    prefetch: usize,
    /// Claimed, and not handed out yet.
    buffer: VecDeque<Claimed>,
    /// Handed out and not settled; the first has the tag `settled + 1`.
    unsettled: VecDeque<Claimed>,
    settled: u64,
    /// Tags after `settled` that are settled too.
    alone: BTreeSet<u64>,
    reads: u64,
    turn: Option<OwnedSemaphorePermit>,
}

impl Reader {
    pub(super) fn begin(shared: Arc<Shared>, channel: Arc<Channel>, prefetch: u16) -> Self {
        channel.claims().consumers += 1;
        Self {
            shared,
            changes: channel.changes.subscribe(),
            channel,
            prefetch: usize::from(prefetch.max(1)),
            buffer: VecDeque::new(),
            unsettled: VecDeque::new(),
            settled: 0,
            alone: BTreeSet::new(),
            reads: 0,
            turn: None,
        }
    }

    /// Waits for the turn, then for a message in the buffer and room to hand it out.
    async fn fill(&mut self) -> Result<(), BrokerError> {
        if self.channel.definition.single_active_consumer && self.turn.is_none() {
            let turn = self.channel.turn.clone().acquire_owned().await;
            self.turn = Some(turn.map_err(|_| was_closed())?);
        }
        if self.unsettled.len() >= self.prefetch {
            // Nothing is handed out until something is settled, which needs this very consumer:
            // as with any broker, a caller that never settles waits.
            std::future::pending::<()>().await;
        }
        while self.buffer.is_empty() {
            self.changes.mark_unchanged();
            self.read().await?;
            if self.buffer.is_empty() {
                // The sender lives in the channel that this reader holds, so that only a change
                // or the time can end the wait.
                let _ = tokio::time::timeout(LOOK, self.changes.changed()).await;
            }
        }
        Ok(())
    }

    /// Claims what is ready, as far as prefetch allows. Nothing is claimed if it is cancelled.
    async fn read(&mut self) -> Result<(), BrokerError> {
        let room = self.prefetch.saturating_sub(self.unsettled.len());
        let _reading = self.channel.reading.lock().await;
        let (mut messages, cursor) = {
            let mut claims = self.channel.claims();
            (claims.take_returned(room), claims.cursor)
        };
        let returned = !messages.is_empty();
        if !returned {
            messages = tables::read_on(&self.shared.reader, self.channel.id, cursor, room)
                .await
                .map_err(unavailable)?;
            if let Some(last) = messages.last() {
                self.channel.claims().cursor = last.id;
            }
        }
        self.reads += 1;
        for message in messages {
            // What came back has gaps that belong to others: each message is a run of its own.
            self.reads += u64::from(returned);
            self.buffer.push_back(Claimed {
                read: self.reads,
                message,
            });
        }
        Ok(())
    }

    /// Sees to it that a restart would know these ids as handed out, before they are.
    async fn mark_through(&self, last: i64) -> Result<(), BrokerError> {
        if self.channel.claims().marked_through >= last {
            return Ok(());
        }
        let through = self.channel.claims().cursor.max(last);
        let queue = self.channel.clone();
        self.shared
            .ask(|answer| Request::Mark {
                queue,
                through,
                answer,
            })
            .await?
    }

    fn hand_out(&mut self, count: usize) -> Vec<Delivery> {
        let redelivered_through = self.channel.claims().redelivered_through;
        let mut batch = Vec::with_capacity(count);
        for claimed in self.buffer.drain(..count) {
            let message = &claimed.message;
            batch.push(Delivery {
                tag: self.settled + self.unsettled.len() as u64 + 1,
                redelivered: message.id <= redelivered_through,
                headers: message.headers.clone(),
                body: message.body.clone(),
            });
            self.unsettled.push_back(claimed);
        }
        batch
    }

    /// The first `count` unsettled messages as runs of ids.
    fn runs(&self, count: usize) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        let mut last_read = None;
        for claimed in self.unsettled.iter().take(count) {
            let id = claimed.message.id;
            match runs.last_mut() {
                Some(run) if last_read == Some(claimed.read) => run.last = id,
                _ => runs.push(Run {
                    first: id,
                    last: id,
                }),
            }
            last_read = Some(claimed.read);
        }
        runs
    }
}

#[async_trait]
impl Consumer for Reader {
    async fn next_batch(&mut self, max: usize) -> Result<Vec<Delivery>, BrokerError> {
        let closed = self.shared.closed.clone();
        let filled = closed.run_until_cancelled(self.fill()).await;
        filled.ok_or_else(was_closed)??;
        let room = self.prefetch - self.unsettled.len();
        let count = self.buffer.len().min(max.max(1)).min(room);
        let last = self
            .buffer
            .iter()
            .take(count)
            .map(|claimed| claimed.message.id)
            .max();
        if let Some(last) = last {
            self.mark_through(last).await?;
        }
        Ok(self.hand_out(count))
    }

    async fn ack_through(&mut self, tag: u64) -> Result<(), BrokerError> {
        let count = usize::try_from(tag.saturating_sub(self.settled)).unwrap_or(usize::MAX);
        let count = count.min(self.unsettled.len());
        if count == 0 {
            return Ok(());
        }
        let runs = self.runs(count);
        let queue = self.channel.clone();
        self.shared
            .ask(|answer| Request::Settle {
                queue,
                runs,
                answer,
            })
            .await??;
        self.unsettled.drain(..count);
        self.settled += count as u64;
        Ok(())
    }

    async fn ack_one(&mut self, tag: u64) -> Result<(), BrokerError> {
        let handed = self.settled + self.unsettled.len() as u64;
        if tag <= self.settled || tag > handed || self.alone.contains(&tag) {
            return Ok(());
        }
        let id = self.unsettled[(tag - self.settled - 1) as usize].message.id;
        let queue = self.channel.clone();
        self.shared
            .ask(|answer| Request::Settle {
                queue,
                runs: vec![Run {
                    first: id,
                    last: id,
                }],
                answer,
            })
            .await??;
        self.alone.insert(tag);
        Ok(())
    }

    async fn leave(self: Box<Self>) {}
}

impl Drop for Reader {
    fn drop(&mut self) {
        let messages = |claimed: &mut VecDeque<Claimed>| {
            claimed.drain(..).map(|claimed| claimed.message).collect()
        };
        // What was settled alone is not given back.
        for tag in std::mem::take(&mut self.alone).into_iter().rev() {
            self.unsettled.remove((tag - self.settled - 1) as usize);
        }
        let handed = messages(&mut self.unsettled);
        let buffered = messages(&mut self.buffer);
        self.channel.give_back(handed, buffered);
        // The turn passes on only now that the messages are back.
        self.turn = None;
    }
}
