//! The embedded engine: queues as tables in the SQLite file that also holds the store.
//!
//! Here stands what the rest of the hub sees. The rooms behind it: `writer` commits what many ask
//! for in one transaction, `queue` holds who has claimed what, `consumer` reads ahead, `tables`
//! alone knows the SQL, `transaction` is a group of requests under way.
//!
//! *Architecture invariants*: every write goes through the one writer task; what is handed out and
//! unsettled is known only in memory, so that a crash makes all of it visible again. Another
//! process may publish into the same file, but only one may consume.

mod consumer;
mod queue;
mod tables;
mod transaction;
mod writer;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use sqlx::SqlitePool;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use crate::{Broker, BrokerError, Consumer, Publication, Queue};
use queue::Channel;
use transaction::Request;
use writer::Writer;

/// How many requests may wait for the writer before callers wait for room.
const REQUESTS: usize = 1024;

/// A broker in a SQLite file.
///
/// Cheap to clone; all clones are one broker.
#[derive(Debug, Clone)]
pub struct Embedded {
    shared: Arc<Shared>,
}

/// What the broker, its consumers and its writer have in common.
#[derive(Debug)]
struct Shared {
    reader: SqlitePool,
    requests: mpsc::Sender<Request>,
    queues: RwLock<HashMap<String, Arc<Channel>>>,
    commits: AtomicU64,
    closed: CancellationToken,
    /// Cancelled when the writer has committed its last transaction.
    finished: CancellationToken,
}

impl Embedded {
    /// Opens the broker in a database, and makes its tables (`broker_*`) if they are not there.
    ///
    /// `writer` is the pool with the file's one writing connection, shared with the store;
    /// `reader` serves the consumers' reads and may be the same pool. The connections are to be in
    /// WAL mode with `synchronous = FULL` and a busy timeout. Needs a running tokio runtime.
    ///
    /// # Errors
    /// `Refused` when the writer does not sync its commits, because a message that was accepted
    /// could be lost; `Unavailable` when the database cannot be read or written.
    pub async fn open(writer: SqlitePool, reader: SqlitePool) -> Result<Self, BrokerError> {
        let synchronous = tables::synchronous(&writer).await.map_err(unavailable)?;
        if synchronous < tables::SYNCHRONOUS_FULL {
            return Err(BrokerError::Refused(
                "the database does not sync its commits; open it with `synchronous = FULL`"
                    .to_owned(),
            ));
        }
        tables::create(&writer).await.map_err(unavailable)?;
        let (requests, incoming) = mpsc::channel(REQUESTS);
        let shared = Arc::new(Shared {
            reader,
            requests,
            queues: RwLock::new(HashMap::new()),
            commits: AtomicU64::new(0),
            closed: CancellationToken::new(),
            finished: CancellationToken::new(),
        });
        for row in tables::queues(&writer).await.map_err(unavailable)? {
            shared.insert(Channel::from(row));
        }
        tokio::spawn(Writer::new(writer, &shared).run(incoming));
        Ok(Self { shared })
    }

    /// How many transactions the broker has committed since it was opened, for the metrics.
    pub fn commits(&self) -> u64 {
        self.shared.commits.load(Ordering::Relaxed)
    }
}

impl Shared {
    fn queue(&self, name: &str) -> Option<Arc<Channel>> {
        self.queues
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(name)
            .cloned()
    }

    fn insert(&self, channel: Channel) {
        let mut queues = self.queues.write().unwrap_or_else(PoisonError::into_inner);
        queues
            .entry(channel.definition.name.clone())
            .or_insert_with(|| Arc::new(channel));
    }

    /// Hands a request to the writer and waits for its transaction.
    async fn ask<A>(
        &self,
        request: impl FnOnce(oneshot::Sender<A>) -> Request,
    ) -> Result<A, BrokerError> {
        if self.closed.is_cancelled() {
            return Err(was_closed());
        }
        let (sender, answer) = oneshot::channel();
        self.requests
            .send(request(sender))
            .await
            .map_err(|_| was_closed())?;
        answer.await.map_err(|_| was_closed())
    }
}

#[async_trait]
impl Broker for Embedded {
    async fn declare(&self, queues: &[Queue]) -> Result<(), BrokerError> {
        let queues = queues.to_vec();
        self.shared
            .ask(|answer| Request::Declare { queues, answer })
            .await?
    }

    async fn publish(&self, batch: Vec<Publication>) -> Vec<Result<(), BrokerError>> {
        let count = batch.len();
        if count == 0 {
            return Vec::new();
        }
        match self
            .shared
            .ask(|answer| Request::Publish { batch, answer })
            .await
        {
            Ok(outcomes) => outcomes,
            Err(error) => vec![Err(error); count],
        }
    }

    async fn consume(&self, queue: &str, prefetch: u16) -> Result<Box<dyn Consumer>, BrokerError> {
        if self.shared.closed.is_cancelled() {
            return Err(was_closed());
        }
        let channel = match self.shared.queue(queue) {
            Some(channel) => channel,
            None => {
                return Err(BrokerError::Unroutable {
                    queue: queue.to_owned(),
                });
            }
        };
        Ok(Box::new(consumer::Reader::begin(
            self.shared.clone(),
            channel,
            prefetch,
        )))
    }

    /// All messages in the queue, those that are handed out and unsettled included.
    async fn depth(&self, queue: &str) -> Result<u64, BrokerError> {
        match tables::depth(&self.shared.reader, queue)
            .await
            .map_err(unavailable)?
        {
            Some(depth) => Ok(depth),
            None => Err(BrokerError::Unroutable {
                queue: queue.to_owned(),
            }),
        }
    }

    async fn close(&self) {
        self.shared.closed.cancel();
        self.shared.finished.cancelled().await;
    }
}

fn was_closed() -> BrokerError {
    BrokerError::Unavailable("the embedded broker was closed".to_owned())
}

fn unavailable(error: sqlx::Error) -> BrokerError {
    BrokerError::Unavailable(format!("the broker's database: {error}"))
}

/// What a failed transaction means: no room on the disk is for now, anything else a lost database.
fn of_transaction(error: &sqlx::Error) -> BrokerError {
    /// SQLite's primary result code for a full disk.
    const SQLITE_FULL: &str = "13";
    let code = error.as_database_error().and_then(|error| error.code());
    match code.as_deref() {
        Some(SQLITE_FULL) => BrokerError::Full("there is no room left on the disk".to_owned()),
        _ => BrokerError::Unavailable(format!("the broker's database: {error}")),
    }
}
