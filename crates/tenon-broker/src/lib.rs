//! The message channel between the stages: RabbitMQ in production, a table queue when embedded.
//!
//! *Architecture invariant*: only this crate names lapin, and nothing here knows what a message
//! means. Both implementations pass one conformance suite (`tests/it/broker/`).

mod embedded;
mod prefixed;
mod rabbitmq;

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;

pub use embedded::Embedded;
pub use prefixed::Prefixed;
pub use rabbitmq::{RabbitMq, RabbitMqOptions};

/// The largest body that a broker takes unless told otherwise, in bytes: what RabbitMQ 4 accepts
/// in its default configuration. A larger one is [`BrokerError::Refused`].
pub const MAX_MESSAGE_BYTES: usize = 16 * 1024 * 1024;

/// Log targets that carry whole message bodies, personal data included, at levels that are on by
/// default. Whoever sets up the log must switch them off.
///
/// lapin warns of each returned message with all that is in it; the broker reports such a message
/// as [`BrokerError::Unroutable`] anyway.
pub const PAYLOAD_LOG_TARGETS: [&str; 1] = ["lapin::returned_messages"];

/// A queue that the hub needs. Queues are durable and replicated where the broker can.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue {
    /// Its name, which reads as a sentence: `inbound.3`, `deliver.erp`.
    pub name: String,
    /// Whether at most one consumer at a time is served, the others standing by.
    pub single_active_consumer: bool,
    /// How many messages may wait before publishing is refused as [`BrokerError::Full`];
    /// `None` for no bound. A message that was accepted is never dropped for a newer one.
    pub max_length: Option<u64>,
}

/// A message as the broker sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publication {
    /// The queue that shall take it.
    pub queue: String,
    /// The headers, `cloudEvents_*` among them. A name stands once; their order may get lost.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
}

/// A message that the broker handed out and that waits to be settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// What settles it; rises within one consumer.
    pub tag: u64,
    /// Whether it was handed out before, so that its effect may already exist.
    pub redelivered: bool,
    /// The headers that it was published with.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
}

/// Why the broker did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BrokerError {
    /// The connection is gone or cannot be made; whatever was not confirmed must be sent again.
    #[error("broker unavailable: {0}")]
    Unavailable(String),
    /// The broker refused for now (a full queue, a memory alarm, a negative confirm): try again.
    #[error("broker refused for now: {0}")]
    Full(String),
    /// No queue took the message: a configuration error, the message stays with its sender.
    #[error("no queue `{queue}` took the message")]
    Unroutable {
        /// The queue that was named.
        queue: String,
    },
    /// A queue exists with other properties than the hub needs.
    #[error("queue `{queue}` exists with other properties: {difference}")]
    TopologyMismatch {
        /// The queue's name.
        queue: String,
        /// What differs, the broker's value and ours.
        difference: String,
    },
    /// The broker refused the credentials, the virtual host, a permission or what was sent: it
    /// will refuse it again until a person changes something.
    #[error("broker refused access: {0}")]
    Refused(String),
}

/// The channel that carries messages from stage to stage.
///
/// Implementations reconnect by themselves: after the loss of a connection each call fails with
/// [`BrokerError::Unavailable`] until a new one stands, and succeeds afterwards.
#[async_trait]
pub trait Broker: Send + Sync + 'static {
    /// Declares `queues` and verifies that those which exist are as the hub needs them.
    ///
    /// Called at every start; safe to repeat and to run on many nodes at once.
    ///
    /// # Errors
    /// `TopologyMismatch` with the difference; `Unavailable`; `Refused`.
    async fn declare(&self, queues: &[Queue]) -> Result<(), BrokerError>;

    /// Publishes a batch and waits until every message is durably confirmed or refused.
    ///
    /// The result has one entry for each publication, in order. `Ok` means that the broker has
    /// it on disk (on a majority of nodes, where there are several). Messages of one call to one
    /// queue keep their order. Large batches are the way to speed: one round trip, one sync.
    async fn publish(&self, batch: Vec<Publication>) -> Vec<Result<(), BrokerError>>;

    /// Begins to consume `queue`, with at most `prefetch` messages handed out and unsettled.
    ///
    /// # Errors
    /// `Unavailable`; `Unroutable` when there is no such queue.
    async fn consume(&self, queue: &str, prefetch: u16) -> Result<Box<dyn Consumer>, BrokerError>;

    /// How many messages wait in `queue`, those handed out and unsettled included where known.
    async fn depth(&self, queue: &str) -> Result<u64, BrokerError>;

    /// Closes connections; what is unsettled goes back to its queue, in its place.
    async fn close(&self);
}

/// One reader of one queue. Dropping it returns what is unsettled to the queue, in its place.
///
/// Pause is simply not asking: at most `prefetch` messages are held meanwhile.
#[async_trait]
pub trait Consumer: Send {
    /// Waits for at least one message and takes what is ready, up to `max`, in queue order.
    ///
    /// Cancel safe: a message is either in the answer or still to be handed out.
    ///
    /// # Errors
    /// `Unavailable` when the connection or channel was lost: every unsettled tag is dead, its
    /// message will be handed out again; make a new consumer.
    async fn next_batch(&mut self, max: usize) -> Result<Vec<Delivery>, BrokerError>;

    /// Settles every delivery up to and including `tag` as done; durable on return where the
    /// broker can tell. A lost acknowledgement means redelivery, never loss.
    ///
    /// # Errors
    /// `Unavailable`, as above.
    async fn ack_through(&mut self, tag: u64) -> Result<(), BrokerError>;

    /// Settles one delivery alone, those before it stay. A consumer settles in this way or by
    /// `ack_through`, not by both; a tag that it has not handed out, or has settled, is passed over.
    ///
    /// # Errors
    /// `Unavailable`, as above.
    async fn ack_one(&mut self, tag: u64) -> Result<(), BrokerError>;

    /// Ends it, and waits until what is unsettled stands in its queue again, for others to see.
    async fn leave(self: Box<Self>);
}

fn too_large(bytes: usize, most: usize) -> String {
    format!("a message of {bytes} bytes is larger than the {most} that the broker takes")
}

/// A shared broker.
pub type SharedBroker = Arc<dyn Broker>;
