//! What the writer is asked for, and a group of it under way to its commit.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::oneshot;

use super::queue::Channel;
use super::tables::{Counters, QueueRow, Stored};
use crate::{BrokerError, Publication, Queue};

/// A publish moves the mark of what was handed out along, if consumers are at most this far
/// behind: they will take the message at once and need no transaction of their own to say so.
const NEAR: i64 = 1024;

pub(super) type Outcomes = Vec<Result<(), BrokerError>>;

/// Messages with ids from `first` to `last`, all of one consumer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    pub(super) first: i64,
    pub(super) last: i64,
}

/// What the writer is asked for. Each is answered after its transaction.
#[derive(Debug)]
pub(super) enum Request {
    Declare {
        queues: Vec<Queue>,
        answer: oneshot::Sender<Result<(), BrokerError>>,
    },
    Publish {
        batch: Vec<Publication>,
        answer: oneshot::Sender<Outcomes>,
    },
    Settle {
        queue: Arc<Channel>,
        runs: Vec<Run>,
        answer: oneshot::Sender<Result<(), BrokerError>>,
    },
    Mark {
        queue: Arc<Channel>,
        through: i64,
        answer: oneshot::Sender<Result<(), BrokerError>>,
    },
}

/// An answer that waits for the commit.
pub(super) enum Answer {
    One(
        oneshot::Sender<Result<(), BrokerError>>,
        Result<(), BrokerError>,
    ),
    Many(oneshot::Sender<Outcomes>, Outcomes),
}

/// A queue as the running transaction sees it.
pub(super) struct Staged {
    pub(super) channel: Arc<Channel>,
    pub(super) counters: Counters,
    pub(super) changed: bool,
    pub(super) grown: bool,
}

/// The running transaction: what it has changed and whom it must answer.
#[derive(Default)]
pub(super) struct Transaction {
    pub(super) queues: HashMap<String, Staged>,
    pub(super) declared: Vec<QueueRow>,
    pub(super) messages: Vec<Stored>,
    pub(super) answers: Vec<Answer>,
}

/// A request without its answer.
pub(super) enum Task {
    Declare(Vec<Queue>),
    Publish(Vec<Publication>),
    Settle(Arc<Channel>, Vec<Run>),
    Mark(Arc<Channel>, i64),
}

impl Request {
    /// How many messages a request concerns.
    pub(super) fn weight(&self) -> usize {
        match self {
            Self::Publish { batch, .. } => batch.len(),
            Self::Declare { .. } | Self::Settle { .. } | Self::Mark { .. } => 1,
        }
    }
}

impl Transaction {
    /// Notes whom to answer; the place of the answer is the task's place in the group.
    pub(super) fn receive(&mut self, request: Request) -> Task {
        match request {
            Request::Declare { queues, answer } => {
                self.answers.push(Answer::One(answer, Ok(())));
                Task::Declare(queues)
            }
            Request::Publish { batch, answer } => {
                self.answers
                    .push(Answer::Many(answer, vec![Ok(()); batch.len()]));
                Task::Publish(batch)
            }
            Request::Settle {
                queue,
                runs,
                answer,
            } => {
                self.answers.push(Answer::One(answer, Ok(())));
                Task::Settle(queue, runs)
            }
            Request::Mark {
                queue,
                through,
                answer,
            } => {
                self.answers.push(Answer::One(answer, Ok(())));
                Task::Mark(queue, through)
            }
        }
    }
}

impl Staged {
    pub(super) fn new(channel: Arc<Channel>, counters: Counters) -> Self {
        Self {
            channel,
            counters,
            changed: false,
            grown: false,
        }
    }

    /// The next message's id.
    pub(super) fn append(&mut self) -> i64 {
        self.counters.last_id += 1;
        self.counters.depth += 1;
        self.changed = true;
        self.grown = true;
        let claims = self.channel.claims();
        let near = claims.consumers > 0 && self.counters.last_id - claims.cursor <= NEAR;
        drop(claims);
        if near {
            self.mark(self.counters.last_id);
        }
        self.counters.last_id
    }

    /// Moves the mark of what was handed out.
    pub(super) fn mark(&mut self, through: i64) {
        if through > self.counters.handed_through {
            self.counters.handed_through = through;
            self.changed = true;
        }
    }
}

impl Answer {
    pub(super) fn set_one(&mut self, outcome: Result<(), BrokerError>) {
        if let Self::One(_, stands) = self {
            *stands = outcome;
        }
    }

    pub(super) fn set_many(&mut self, outcomes: Outcomes) {
        if let Self::Many(_, stand) = self {
            *stand = outcomes;
        }
    }

    /// Answers; a failed transaction overrules what was decided in it. Whoever has stopped
    /// waiting does not hear it.
    pub(super) fn send(self, failure: Option<&BrokerError>) {
        match (self, failure) {
            (Self::One(sender, outcome), None) => drop(sender.send(outcome)),
            (Self::Many(sender, outcomes), None) => drop(sender.send(outcomes)),
            (Self::One(sender, _), Some(failure)) => drop(sender.send(Err(failure.clone()))),
            (Self::Many(sender, outcomes), Some(failure)) => {
                drop(sender.send(vec![Err(failure.clone()); outcomes.len()]));
            }
        }
    }
}
