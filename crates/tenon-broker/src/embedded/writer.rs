//! Group commit: one task that puts what many ask for into one transaction.
//!
//! It takes what is ready and never lingers: while one transaction syncs, the next requests
//! gather. Nothing in memory changes before the commit, so that a failed transaction leaves no
//! trace but its error.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};

use sqlx::{SqliteConnection, SqlitePool};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::error;

use super::queue::Channel;
use super::tables::{self, Counters, Stored};
use super::transaction::{Outcomes, Request, Staged, Task, Transaction};
use super::{Shared, of_transaction};
use crate::{BrokerError, MAX_MESSAGE_BYTES, Publication, Queue, too_large};

/// After so many messages a transaction takes no further request.
const MESSAGES_AT_ONCE: usize = 8192;

/// The one who writes.
pub(super) struct Writer {
    pool: SqlitePool,
    shared: Weak<Shared>,
    closed: CancellationToken,
    finished: CancellationToken,
    /// The committed counters, valid while nobody else writes.
    counters: HashMap<String, Counters>,
    /// The database's version to which `counters` belong.
    version: Option<i64>,
}

impl Writer {
    pub(super) fn new(pool: SqlitePool, shared: &Arc<Shared>) -> Self {
        Self {
            pool,
            shared: Arc::downgrade(shared),
            closed: shared.closed.clone(),
            finished: shared.finished.clone(),
            counters: HashMap::new(),
            version: None,
        }
    }

    /// Serves requests until the broker is closed or forgotten.
    pub(super) async fn run(mut self, mut incoming: mpsc::Receiver<Request>) {
        let _finished = self.finished.clone().drop_guard();
        let closed = self.closed.clone();
        loop {
            let first = tokio::select! {
                biased;
                first = incoming.recv() => first,
                // What was asked for before the end is still served; later requests fail.
                () = closed.cancelled() => {
                    incoming.close();
                    incoming.recv().await
                }
            };
            let Some(first) = first else { return };
            let mut group = vec![first];
            let mut messages = group[0].weight();
            while messages < MESSAGES_AT_ONCE
                && let Ok(request) = incoming.try_recv()
            {
                messages += request.weight();
                group.push(request);
            }
            let Some(shared) = self.shared.upgrade() else {
                return;
            };
            self.commit(&shared, group).await;
        }
    }

    /// Does everything in one transaction, then answers.
    async fn commit(&mut self, shared: &Shared, group: Vec<Request>) {
        let mut transaction = Transaction::default();
        match self.attempt(shared, group, &mut transaction).await {
            Ok(()) => {
                self.publish_state(shared, &mut transaction);
                for answer in transaction.answers {
                    answer.send(None);
                }
            }
            Err(failure) => {
                error!(error = %failure, "the broker's transaction failed and was rolled back");
                self.version = None;
                let failure = of_transaction(&failure);
                for answer in transaction.answers {
                    answer.send(Some(&failure));
                }
            }
        }
    }

    async fn attempt(
        &mut self,
        shared: &Shared,
        group: Vec<Request>,
        transaction: &mut Transaction,
    ) -> sqlx::Result<()> {
        // Answers first, so that whoever asked hears of a transaction that cannot even begin.
        let mut work = Vec::with_capacity(group.len());
        for request in group {
            work.push(transaction.receive(request));
        }
        let mut database = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        self.refresh(shared, &mut database).await?;
        for (place, task) in work.into_iter().enumerate() {
            self.perform(shared, &mut database, transaction, place, task)
                .await?;
        }
        tables::insert_messages(&mut database, &transaction.messages).await?;
        for staged in transaction.queues.values().filter(|staged| staged.changed) {
            tables::update_counters(&mut database, staged.channel.id, staged.counters).await?;
        }
        database.commit().await?;
        shared.commits.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// Reads the counters again if another connection has written since the last transaction.
    async fn refresh(
        &mut self,
        shared: &Shared,
        database: &mut SqliteConnection,
    ) -> sqlx::Result<()> {
        let version = tables::data_version(database).await?;
        if self.version == Some(version) {
            return Ok(());
        }
        self.counters.clear();
        for row in tables::queues(&mut *database).await? {
            self.counters
                .insert(row.definition.name.clone(), row.counters);
            shared.insert(Channel::from(row));
        }
        self.version = Some(version);
        Ok(())
    }

    async fn perform(
        &self,
        shared: &Shared,
        database: &mut SqliteConnection,
        transaction: &mut Transaction,
        place: usize,
        task: Task,
    ) -> sqlx::Result<()> {
        match task {
            Task::Declare(queues) => {
                let outcome = self.declare(shared, database, transaction, &queues).await?;
                transaction.answers[place].set_one(outcome);
            }
            Task::Publish(batch) => {
                let outcomes = self.publish(shared, transaction, batch);
                transaction.answers[place].set_many(outcomes);
            }
            Task::Settle(queue, runs) => {
                let mut settled = 0;
                for run in runs {
                    settled += tables::delete_run(database, run.first, run.last).await?;
                }
                // Ids that were read ahead go with it: they are handed out next.
                let cursor = queue.claims().cursor;
                if let Some(staged) = self.stage(shared, transaction, &queue.definition.name) {
                    staged.counters.depth -= settled;
                    staged.mark(cursor);
                    staged.changed = true;
                }
            }
            Task::Mark(queue, through) => {
                if let Some(staged) = self.stage(shared, transaction, &queue.definition.name) {
                    staged.mark(through);
                }
            }
        }
        Ok(())
    }

    /// Declares all queues or, at the first difference, none.
    async fn declare(
        &self,
        shared: &Shared,
        database: &mut SqliteConnection,
        transaction: &mut Transaction,
        queues: &[Queue],
    ) -> sqlx::Result<Result<(), BrokerError>> {
        let mut missing: Vec<&Queue> = Vec::new();
        for queue in queues {
            let channel = shared.queue(&queue.name);
            let same_call = missing
                .iter()
                .copied()
                .find(|other| other.name == queue.name);
            let same_commit = transaction
                .declared
                .iter()
                .map(|row| &row.definition)
                .find(|other| other.name == queue.name);
            let existing = channel
                .as_deref()
                .map(|channel| &channel.definition)
                .or(same_commit)
                .or(same_call);
            match existing {
                None => missing.push(queue),
                Some(existing) if existing == queue => {}
                Some(existing) => {
                    return Ok(Err(BrokerError::TopologyMismatch {
                        queue: queue.name.clone(),
                        difference: difference(existing, queue),
                    }));
                }
            }
        }
        for queue in missing {
            transaction
                .declared
                .push(tables::insert_queue(database, queue).await?);
        }
        Ok(Ok(()))
    }

    /// Decides about each message of a batch, and stages those that are accepted.
    fn publish(
        &self,
        shared: &Shared,
        transaction: &mut Transaction,
        batch: Vec<Publication>,
    ) -> Outcomes {
        let mut full: HashSet<String> = HashSet::new();
        let mut outcomes = Vec::with_capacity(batch.len());
        for publication in batch {
            let bytes = publication.body.len();
            if bytes > MAX_MESSAGE_BYTES {
                outcomes.push(Err(BrokerError::Refused(too_large(
                    bytes,
                    MAX_MESSAGE_BYTES,
                ))));
                continue;
            }
            let Some(staged) = self.stage(shared, transaction, &publication.queue) else {
                outcomes.push(Err(BrokerError::Unroutable {
                    queue: publication.queue,
                }));
                continue;
            };
            let refused = staged.channel.definition.max_length.filter(|length| {
                u64::try_from(staged.counters.depth).is_ok_and(|depth| depth >= *length)
            });
            // Once one was refused the later ones are, so that none overtakes it.
            if refused.is_some() || full.contains(&publication.queue) {
                let name = &publication.queue;
                outcomes.push(Err(BrokerError::Full(format!("queue `{name}` is full"))));
                full.insert(publication.queue);
                continue;
            }
            let id = staged.append();
            let Publication { headers, body, .. } = publication;
            transaction.messages.push(Stored { id, headers, body });
            outcomes.push(Ok(()));
        }
        outcomes
    }

    /// The queue as the transaction sees it; `None` if there is no such queue.
    fn stage<'t>(
        &self,
        shared: &Shared,
        transaction: &'t mut Transaction,
        name: &str,
    ) -> Option<&'t mut Staged> {
        // Looked up twice, because the borrow checker does not let a miss insert into the map
        // while the hit is returned.
        if !transaction.queues.contains_key(name) {
            let channel = shared.queue(name)?;
            let counters = *self.counters.get(name)?;
            transaction
                .queues
                .insert(name.to_owned(), Staged::new(channel, counters));
        }
        transaction.queues.get_mut(name)
    }

    /// Makes the committed state the common one, and wakes whom it concerns.
    fn publish_state(&mut self, shared: &Shared, transaction: &mut Transaction) {
        for row in transaction.declared.drain(..) {
            self.counters
                .insert(row.definition.name.clone(), row.counters);
            shared.insert(Channel::from(row));
        }
        for (name, staged) in transaction.queues.drain() {
            let mut claims = staged.channel.claims();
            claims.marked_through = claims.marked_through.max(staged.counters.handed_through);
            drop(claims);
            self.counters.insert(name, staged.counters);
            if staged.grown {
                staged.channel.wake();
            }
        }
    }
}

/// In words: what the queue has and what the hub needs.
fn difference(existing: &Queue, needed: &Queue) -> String {
    let mut differences = Vec::new();
    if existing.single_active_consumer != needed.single_active_consumer {
        differences.push(format!(
            "single_active_consumer is `{}`, the hub needs it `{}`",
            existing.single_active_consumer, needed.single_active_consumer
        ));
    }
    if existing.max_length != needed.max_length {
        let words = |length: Option<u64>| match length {
            Some(length) => format!("`{length}`"),
            None => "unset".to_owned(),
        };
        differences.push(format!(
            "max_length is {}, the hub needs it {}",
            words(existing.max_length),
            words(needed.max_length)
        ));
    }
    differences.join("; ")
}
