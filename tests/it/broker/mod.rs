//! The conformance suite of the broker: what is promised to the hub, asked of both engines.
//!
//! `publishing` and `consuming` run on every engine; `rabbitmq` and `embedded` hold what only one of them can show;
//! `exclusive` restarts the server and runs while no other test does.

mod consuming;
mod embedded;
mod exclusive;
mod proxy;
mod publishing;
mod rabbitmq;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use tenon_broker::{
    Broker, BrokerError, Consumer, Delivery, Embedded, Publication, Queue, RabbitMq,
    RabbitMqOptions, SharedBroker,
};

use crate::servers::{SqliteFile, TestVhost, amqp_vhost, sqlite_file};

/// How long a condition may take to come true before the test fails.
const PATIENCE: Duration = Duration::from_secs(60);

/// The engines that must pass the suite.
#[derive(Debug, Clone, Copy)]
enum Engine {
    RabbitMq,
    Embedded,
}

/// One test's broker with its place in a server or file.
struct Stage {
    broker: SharedBroker,
    place: Place,
}

enum Place {
    Vhost(TestVhost),
    File(#[expect(dead_code, reason = "keeps the file until the test ends")] SqliteFile),
}

impl Engine {
    async fn stage(self) -> Stage {
        match self {
            Self::RabbitMq => {
                let vhost = amqp_vhost();
                let broker = connect(&vhost.url).await;
                Stage {
                    broker: Arc::new(broker),
                    place: Place::Vhost(vhost),
                }
            }
            Self::Embedded => {
                let file = sqlite_file();
                let broker = open(&file.path()).await;
                Stage {
                    broker: Arc::new(broker),
                    place: Place::File(file),
                }
            }
        }
    }
}

impl Stage {
    /// Declares a queue that is only this test's.
    async fn declare(&self, name: &str, change: impl FnOnce(&mut Queue)) -> String {
        let mut queue = plain(&self.name(name));
        change(&mut queue);
        self.broker
            .declare(std::slice::from_ref(&queue))
            .await
            .expect("declared");
        queue.name
    }

    fn name(&self, name: &str) -> String {
        match &self.place {
            Place::Vhost(vhost) => vhost.queue(name),
            Place::File(_) => name.to_owned(),
        }
    }
}

async fn connect(url: &str) -> RabbitMq {
    RabbitMq::connect(url, RabbitMqOptions::default())
        .await
        .unwrap_or_else(|error| {
            panic!("RabbitMQ does not serve {url}: {error}; start it or set TENON_TEST_AMQP_URL")
        })
}

/// The embedded broker on the file, its connections as the hub makes them.
async fn open(path: &Path) -> Embedded {
    let (writer, reader) = (pool(path, 1).await, pool(path, 4).await);
    Embedded::open(writer, reader)
        .await
        .expect("the embedded broker opens")
}

async fn pool(path: &Path, connections: u32) -> SqlitePool {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_secs(10));
    let pool = SqlitePoolOptions::new().max_connections(connections);
    pool.connect_with(options).await.expect("the file opens")
}

fn plain(name: &str) -> Queue {
    Queue {
        name: name.to_owned(),
        single_active_consumer: false,
        max_length: None,
    }
}

/// A message whose body is a number.
fn numbered(queue: &str, number: usize) -> Publication {
    Publication {
        queue: queue.to_owned(),
        headers: vec![
            ("cloudEvents_id".to_owned(), format!("event-{number}")),
            ("partitionkey".to_owned(), "客户-7".to_owned()),
        ],
        body: Bytes::from(number.to_string()),
    }
}

fn number(delivery: &Delivery) -> usize {
    std::str::from_utf8(&delivery.body)
        .unwrap()
        .parse()
        .expect("a numbered message")
}

fn numbers(deliveries: &[Delivery]) -> Vec<usize> {
    deliveries.iter().map(number).collect()
}

/// The first and last of each stretch of numbers without a gap, so that a failure shows in a line
/// where the order broke.
fn runs(numbers: &[usize]) -> Vec<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for &number in numbers {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == number => *last = number,
            _ => runs.push((number, number)),
        }
    }
    runs
}

/// Publishes the numbers in one call; all must be confirmed.
async fn publish(broker: &dyn Broker, queue: &str, range: std::ops::Range<usize>) {
    let batch: Vec<_> = range.map(|number| numbered(queue, number)).collect();
    let count = batch.len();
    let outcomes = within(broker.publish(batch)).await;
    assert_eq!(outcomes, vec![Ok(()); count]);
}

/// Publishes one message again and again until the broker has it: what the hub's sources do.
async fn publish_stubbornly(broker: &dyn Broker, publication: &Publication) {
    eventually("the message is confirmed", async || {
        broker
            .publish(vec![publication.clone()])
            .await
            .remove(0)
            .is_ok()
    })
    .await;
}

/// Consumes as soon as the broker allows.
async fn consume_stubbornly(broker: &dyn Broker, queue: &str, prefetch: u16) -> Box<dyn Consumer> {
    within(async {
        loop {
            match broker.consume(queue, prefetch).await {
                Ok(consumer) => return consumer,
                Err(BrokerError::Unavailable(_)) => tokio::task::yield_now().await,
                Err(error) => panic!("{error}"),
            }
        }
    })
    .await
}

/// Takes exactly `count` messages, none of them acknowledged.
async fn take(consumer: &mut dyn Consumer, count: usize) -> Vec<Delivery> {
    within(async {
        let mut taken = Vec::new();
        while taken.len() < count {
            taken.extend(
                consumer
                    .next_batch(count - taken.len())
                    .await
                    .expect("messages"),
            );
        }
        taken
    })
    .await
}

/// Whether the consumer gets nothing for a while, although it could. The absence of a message can
/// only be seen by waiting; the message that proves the presence comes from elsewhere.
async fn idle(consumer: &mut dyn Consumer) -> bool {
    tokio::time::timeout(Duration::from_millis(300), consumer.next_batch(1))
        .await
        .is_err()
}

/// Fails the test if `work` takes longer than anyone has patience for.
async fn within<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, work)
        .await
        .expect("ends in time")
}

/// Waits until the condition holds.
async fn eventually(what: &str, condition: impl AsyncFn() -> bool) {
    let waiting = async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    assert!(
        tokio::time::timeout(PATIENCE, waiting).await.is_ok(),
        "never came true: {what}"
    );
}
