//! The production engine: RabbitMQ, spoken to by lapin.
//!
//! Here stands what the rest of the hub sees: the options and the [`Broker`] implementation. The
//! rooms behind it: `link` keeps a connection, `publisher` sends and confirms, `consumer` reads,
//! `topology` declares and compares, `headers` and `refusal` translate AMQP terms into ours.
//!
//! Publishing and consuming have a connection each: RabbitMQ stops reading from a connection that
//! publishes during a memory or disk alarm, and acknowledgements must pass even then.

mod consumer;
mod headers;
mod link;
mod publisher;
mod refusal;
mod topology;
mod url;

use std::time::Duration;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use crate::{Broker, BrokerError, Consumer, MAX_MESSAGE_BYTES, Publication, Queue};
use link::Link;
use publisher::Publisher;

/// How the hub speaks to RabbitMQ. The defaults are right for almost everyone.
#[derive(Debug, Clone)]
pub struct RabbitMqOptions {
    /// What operators read in the broker's list of connections.
    pub connection_name: String,
    /// Between heartbeats; a peer that is silent for twice as long counts as lost.
    pub heartbeat: Duration,
    /// How long one attempt to connect to one node may take, and one request to it.
    pub connect_timeout: Duration,
    /// How long a call waits for a connection to come back before it fails as unavailable.
    pub reconnect_wait: Duration,
    /// How long a batch waits for its confirms before the unconfirmed fail as unavailable.
    pub confirm_timeout: Duration,
    /// How many publish calls may be under way at once; each has a channel of its own.
    pub publishing_channels: usize,
    /// The largest body that is sent, in bytes; a larger one is refused here, because the server
    /// would close the channel, with all that is under way on it.
    pub max_message_bytes: usize,
}

impl Default for RabbitMqOptions {
    fn default() -> Self {
        Self {
            connection_name: "tenon".to_owned(),
            heartbeat: Duration::from_secs(15),
            connect_timeout: Duration::from_secs(10),
            reconnect_wait: Duration::from_secs(5),
            confirm_timeout: Duration::from_secs(30),
            publishing_channels: 8,
            max_message_bytes: MAX_MESSAGE_BYTES,
        }
    }
}

/// A RabbitMQ node or cluster, 3.10 or newer.
///
/// Queues are quorum queues, messages are persistent, every publish is confirmed and mandatory.
/// Connections come back by themselves after every kind of loss.
///
/// Headers travel as an AMQP table: a name stands once, and their order is not kept.
#[derive(Debug)]
pub struct RabbitMq {
    publishing: Link,
    consuming: Link,
    publisher: Publisher,
    closed: CancellationToken,
}

impl RabbitMq {
    /// Connects to the first of `urls` that answers.
    ///
    /// `urls` is one `amqp://` or `amqps://` URL or several with commas between them, the nodes
    /// of one cluster; the path names the virtual host (`%2f` is `/`).
    ///
    /// # Errors
    /// `Refused` when a URL cannot be read or the broker refuses credentials or virtual host;
    /// `Unavailable` when no node answers.
    pub async fn connect(urls: &str, options: RabbitMqOptions) -> Result<Self, BrokerError> {
        let broker = Self::open(urls, options)?;
        tokio::try_join!(broker.publishing.first(), broker.consuming.first())?;
        Ok(broker)
    }

    /// As [`RabbitMq::connect`], but does not wait for the broker, which may be down: calls fail as
    /// `Unavailable` until it answers. Needs a running tokio runtime.
    ///
    /// # Errors
    /// `Refused` when a URL cannot be read.
    pub fn open(urls: &str, options: RabbitMqOptions) -> Result<Self, BrokerError> {
        let nodes = url::parse(urls, &options)?;
        let closed = CancellationToken::new();
        let publishing = Link::open("publish", nodes.clone(), &options, closed.clone());
        let consuming = Link::open("consume", nodes, &options, closed.clone());
        let publisher = Publisher::new(publishing.clone(), &options);
        Ok(Self {
            publishing,
            consuming,
            publisher,
            closed,
        })
    }
}

impl RabbitMq {
    /// Deletes queues with everything in them; those that do not exist are passed over.
    ///
    /// For what was set up for a while only: nothing of the hub's own work deletes a queue.
    ///
    /// # Errors
    /// `Unavailable`; `Refused` when permissions do not allow it.
    pub async fn delete(&self, queues: &[String]) -> Result<(), BrokerError> {
        topology::delete(&self.consuming, queues).await
    }
}

#[async_trait]
impl Broker for RabbitMq {
    async fn declare(&self, queues: &[Queue]) -> Result<(), BrokerError> {
        topology::declare(&self.consuming, queues).await
    }

    async fn publish(&self, batch: Vec<Publication>) -> Vec<Result<(), BrokerError>> {
        self.publisher.publish(&batch).await
    }

    async fn consume(&self, queue: &str, prefetch: u16) -> Result<Box<dyn Consumer>, BrokerError> {
        let consumer = consumer::Reader::begin(&self.consuming, queue, prefetch).await?;
        Ok(Box::new(consumer))
    }

    /// The messages that wait; RabbitMQ does not tell over AMQP how many are handed out.
    async fn depth(&self, queue: &str) -> Result<u64, BrokerError> {
        topology::depth(&self.consuming, queue).await
    }

    async fn close(&self) {
        self.closed.cancel();
        tokio::join!(self.publishing.closed(), self.consuming.closed());
    }
}

impl Drop for RabbitMq {
    fn drop(&mut self) {
        self.closed.cancel();
    }
}
