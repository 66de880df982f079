//! Sends batches and waits for the broker's confirms.
//!
//! *Architecture invariant*: a channel belongs to one publish call at a time. lapin hands a message
//! that the server returned to whichever confirm comes next, so that only a channel without
//! strangers tells whose it was; and a call's order is the channel's order.

use std::fmt;
use std::sync::Mutex;
use std::time::Duration;

use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, StreamExt};
use futures::{FutureExt, poll};
use lapin::message::BasicReturnMessage;
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::types::ShortString;
use lapin::{BasicProperties, Channel, Confirmation};
use tokio::sync::Semaphore;
use tracing::warn;

use super::link::Link;
use super::{RabbitMqOptions, headers, refusal, topology};
use crate::{BrokerError, Publication, too_large};

/// How many messages are under way on a channel at once.
const WINDOW: usize = 1024;

/// What became of each message of a batch, as far as it is known.
type Outcomes = Vec<Option<Result<(), BrokerError>>>;

/// The publishing half: a few confirming channels over one connection.
pub(super) struct Publisher {
    link: Link,
    idle: Mutex<Vec<Channel>>,
    free: Semaphore,
    confirm_timeout: Duration,
    max_message_bytes: usize,
}

impl fmt::Debug for Publisher {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Publisher").finish_non_exhaustive()
    }
}

/// A message ready to be sent, and its place in the batch.
struct Prepared<'b> {
    index: usize,
    queue: ShortString,
    properties: BasicProperties,
    body: &'b [u8],
}

/// One message under way: its place in the batch and how the broker answered.
type Flight<'c> = BoxFuture<'c, (usize, lapin::Result<Confirmation>)>;

impl Publisher {
    pub(super) fn new(link: Link, options: &RabbitMqOptions) -> Self {
        Self {
            link,
            idle: Mutex::new(Vec::new()),
            free: Semaphore::new(options.publishing_channels.max(1)),
            confirm_timeout: options.confirm_timeout,
            max_message_bytes: options.max_message_bytes,
        }
    }

    pub(super) async fn publish(&self, batch: &[Publication]) -> Vec<Result<(), BrokerError>> {
        let mut outcomes: Outcomes = vec![None; batch.len()];
        let mut prepared = Vec::with_capacity(batch.len());
        for (index, publication) in batch.iter().enumerate() {
            match self.prepare(index, publication) {
                Ok(message) => prepared.push(message),
                Err(error) => outcomes[index] = Some(Err(error)),
            }
        }
        let ended = match prepared.is_empty() {
            true => Ok(()),
            false => self.send(&prepared, &mut outcomes).await,
        };
        let unknown = ended.err().unwrap_or_else(|| {
            BrokerError::Unavailable("the broker did not confirm the message".to_owned())
        });
        outcomes
            .into_iter()
            .map(|outcome| outcome.unwrap_or_else(|| Err(unknown.clone())))
            .collect()
    }

    fn prepare<'b>(
        &self,
        index: usize,
        publication: &'b Publication,
    ) -> Result<Prepared<'b>, BrokerError> {
        if publication.body.len() > self.max_message_bytes {
            let bytes = publication.body.len();
            return Err(BrokerError::Refused(too_large(
                bytes,
                self.max_message_bytes,
            )));
        }
        Ok(Prepared {
            index,
            queue: topology::short(&publication.queue)?,
            properties: headers::properties(&publication.headers)?,
            body: &publication.body,
        })
    }

    /// Sends window by window; the error is that of every message without an outcome.
    async fn send(
        &self,
        prepared: &[Prepared<'_>],
        outcomes: &mut Outcomes,
    ) -> Result<(), BrokerError> {
        // The semaphore is never closed, so that this waits for a permit and nothing else.
        let _permit = self.free.acquire().await;
        let connection = self.link.connection().await?;
        let channel = self.channel().await?;
        for window in prepared.chunks(WINDOW) {
            if connection.status().blocked() {
                self.put_back(channel);
                return Err(blocked());
            }
            let sent = self.send_window(&channel, window, outcomes);
            let Ok(answered) = tokio::time::timeout(self.confirm_timeout, sent).await else {
                // The channel is dropped: its late confirms must not meet another batch.
                return Err(match connection.status().blocked() {
                    true => blocked(),
                    false => BrokerError::Unavailable(format!(
                        "no confirm within {} s",
                        self.confirm_timeout.as_secs()
                    )),
                });
            };
            answered?;
        }
        self.put_back(channel);
        Ok(())
    }

    /// Starts every message of a window in order, then takes the answers as they come.
    async fn send_window(
        &self,
        channel: &Channel,
        window: &[Prepared<'_>],
        outcomes: &mut Outcomes,
    ) -> Result<(), BrokerError> {
        let mut under_way = FuturesUnordered::new();
        let mut answers = Vec::new();
        for message in window {
            // The first poll puts the message into the channel's send queue, so that polling once,
            // one after the other, is what keeps the order. It does not wait for the socket.
            let mut flight = flight(channel, message);
            match poll!(&mut flight) {
                std::task::Poll::Ready(answer) => answers.push(answer),
                std::task::Poll::Pending => under_way.push(flight),
            }
        }
        let mut returned = Vec::new();
        let mut broken = None;
        loop {
            for (index, answer) in answers.drain(..) {
                match answer {
                    Ok(confirmation) => {
                        let queue = &window[position(window, index)].queue;
                        outcomes[index] = Some(match &confirmation {
                            Confirmation::Ack(_) => Ok(()),
                            Confirmation::Nack(_) | Confirmation::NotRequested => {
                                Err(BrokerError::Full(format!(
                                    "queue `{queue}` is full or has no leader"
                                )))
                            }
                        });
                        returned.extend(confirmation.take_message());
                    }
                    Err(error) => broken = Some(refusal::of(&error)),
                }
            }
            match under_way.next().await {
                Some(answer) => answers.push(answer),
                None => break,
            }
        }
        mark_returned(window, &returned, outcomes);
        broken.map_or(Ok(()), Err)
    }

    /// An idle channel that still stands, or a new one.
    async fn channel(&self) -> Result<Channel, BrokerError> {
        while let Some(channel) = self.take() {
            if channel.status().connected() {
                return Ok(channel);
            }
        }
        let channel = self.link.channel().await?;
        self.link
            .answer(channel.confirm_select(ConfirmSelectOptions::default()))
            .await
            .map_err(|error| refusal::of(&error))?;
        Ok(channel)
    }

    fn take(&self) -> Option<Channel> {
        self.idle
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .pop()
    }

    /// Keeps a channel on which nothing is under way for the next call.
    fn put_back(&self, channel: Channel) {
        self.idle
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .push(channel);
    }
}

fn blocked() -> BrokerError {
    BrokerError::Full("it is short of memory or disk and blocks publishers".to_owned())
}

fn flight<'c>(channel: &'c Channel, message: &'c Prepared<'_>) -> Flight<'c> {
    let options = BasicPublishOptions {
        mandatory: true,
        immediate: false,
    };
    async move {
        let published = channel.basic_publish(
            // The default exchange routes to the queue of that name.
            "".into(),
            message.queue.clone(),
            options,
            message.body,
            message.properties.clone(),
        );
        let answer = match published.await {
            Ok(confirm) => confirm.await,
            Err(error) => Err(error),
        };
        (message.index, answer)
    }
    .boxed()
}

/// Where the message with `index` stands in its window; indexes rise within one.
fn position(window: &[Prepared<'_>], index: usize) -> usize {
    window.partition_point(|message| message.index < index)
}

/// Marks the messages that no queue took, although the broker confirms them.
///
/// A returned message is recognised by its queue, headers and body. Two that are alike in all of
/// them are the same to everyone, so that it does not matter which of them is marked.
fn mark_returned(
    window: &[Prepared<'_>],
    returned: &[BasicReturnMessage],
    outcomes: &mut Outcomes,
) {
    for message in returned {
        let unmarked = window.iter().find(|sent| {
            sent.queue == message.routing_key
                && outcomes[sent.index] == Some(Ok(()))
                && sent.body == message.data
                && sent.properties.headers() == message.properties.headers()
        });
        let queue = message.routing_key.to_string();
        match unmarked {
            Some(sent) => outcomes[sent.index] = Some(Err(BrokerError::Unroutable { queue })),
            None => warn!(
                queue,
                "the broker returned a message that was not in the batch"
            ),
        }
    }
}
