//! Reads one queue: a channel of its own, prefetch, cumulative acknowledgements.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;
use futures::{FutureExt, StreamExt};
use lapin::Channel;
use lapin::options::{BasicAckOptions, BasicConsumeOptions, BasicQosOptions};
use lapin::types::FieldTable;

use super::link::Link;
use super::{headers, refusal, topology};
use crate::{BrokerError, Consumer, Delivery};

/// How long a server may take to put back what was handed out; another consumer may have taken it by then.
const PUT_BACK: Duration = Duration::from_secs(2);

/// A reader of one queue. The channel closes when it is dropped, and the server puts what is
/// unsettled back into its place.
///
/// A queue with a single active consumer keeps its order then. On one that consumers share,
/// another may have taken later messages already.
pub(super) struct Reader {
    queue: String,
    link: Link,
    channel: Channel,
    deliveries: lapin::Consumer,
    /// The last tag that was given to the caller.
    handed: u64,
    /// The last tag that was acknowledged.
    settled: u64,
    /// The tags that were acknowledged alone.
    alone: HashSet<u64>,
    /// Why the channel is gone, once it is.
    lost: Option<String>,
}

impl Reader {
    pub(super) async fn begin(
        link: &Link,
        queue: &str,
        prefetch: u16,
    ) -> Result<Self, BrokerError> {
        let name = topology::short(queue)?;
        let channel = link.channel().await?;
        // Zero would mean "no limit" to the server.
        let prefetch = prefetch.max(1);
        link.answer(channel.basic_qos(prefetch, BasicQosOptions::default()))
            .await
            .map_err(|error| refusal::of(&error))?;
        let options = BasicConsumeOptions::default();
        let deliveries = link
            .answer(channel.basic_consume(name, "".into(), options, FieldTable::default()))
            .await
            .map_err(|error| refusal::of_queue(queue, &error))?;
        let queue = queue.to_owned();
        Ok(Self {
            queue,
            link: link.clone(),
            channel,
            deliveries,
            handed: 0,
            settled: 0,
            alone: HashSet::new(),
            lost: None,
        })
    }

    fn accept(&mut self, received: lapin::message::Delivery) -> Delivery {
        self.handed = received.delivery_tag;
        Delivery {
            tag: received.delivery_tag,
            redelivered: received.redelivered,
            headers: headers::of(&received.properties),
            body: Bytes::from(received.data),
        }
    }

    fn lose(&mut self, reason: String) -> BrokerError {
        let reason = self.lost.get_or_insert(reason);
        BrokerError::Unavailable(reason.clone())
    }

    /// What the end of the stream means.
    fn ended(&mut self, error: Option<lapin::Error>) -> BrokerError {
        let reason = match error {
            Some(error) => error.to_string(),
            None => format!(
                "the consumer of `{}` was cancelled; the queue was deleted or has moved",
                self.queue
            ),
        };
        self.lose(reason)
    }
}

#[async_trait]
impl Consumer for Reader {
    async fn next_batch(&mut self, max: usize) -> Result<Vec<Delivery>, BrokerError> {
        if let Some(reason) = &self.lost {
            return Err(BrokerError::Unavailable(reason.clone()));
        }
        // The only wait: whoever cancels it has taken nothing from the stream.
        let first = match self.deliveries.next().await {
            Some(Ok(first)) => self.accept(first),
            Some(Err(error)) => return Err(self.ended(Some(error))),
            None => return Err(self.ended(None)),
        };
        let mut batch = vec![first];
        while batch.len() < max {
            match self.deliveries.next().now_or_never() {
                Some(Some(Ok(next))) => batch.push(self.accept(next)),
                Some(Some(Err(error))) => return Err(self.ended(Some(error))),
                Some(None) => return Err(self.ended(None)),
                None => break,
            }
        }
        Ok(batch)
    }

    async fn ack_through(&mut self, tag: u64) -> Result<(), BrokerError> {
        if let Some(reason) = &self.lost {
            return Err(BrokerError::Unavailable(reason.clone()));
        }
        // The server closes the channel for a tag that it does not know or has settled before.
        let tag = tag.min(self.handed);
        if tag <= self.settled {
            return Ok(());
        }
        let through = BasicAckOptions { multiple: true };
        if let Err(error) = self.channel.basic_ack(tag, through).await {
            return Err(self.lose(error.to_string()));
        }
        self.settled = tag;
        Ok(())
    }

    async fn ack_one(&mut self, tag: u64) -> Result<(), BrokerError> {
        if let Some(reason) = &self.lost {
            return Err(BrokerError::Unavailable(reason.clone()));
        }
        // As above: what the server does not know closes the channel.
        if tag <= self.settled || tag > self.handed || !self.alone.insert(tag) {
            return Ok(());
        }
        let alone = BasicAckOptions { multiple: false };
        match self.channel.basic_ack(tag, alone).await {
            Ok(()) => Ok(()),
            Err(error) => Err(self.lose(error.to_string())),
        }
    }

    async fn leave(self: Box<Self>) {
        // Where the server cannot be asked the connection is gone, and it puts back by itself.
        if !self.channel.status().connected() {
            return;
        }
        let closed = self.channel.close(200, "the consumer leaves".into());
        if closed.await.is_err() {
            return;
        }
        // A replicated queue puts back what it had handed out a moment after the channel has closed, all at once.
        let unsettled = self.handed - self.settled - self.alone.len() as u64;
        let begun = Instant::now();
        while begun.elapsed() < PUT_BACK
            && let Ok(depth) = topology::depth(&self.link, &self.queue).await
            && depth < unsettled
        {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        // Left to itself lapin cancels the consumer first and closes the channel later. In between
        // the next consumer would be served what comes after the unsettled messages. The first poll
        // puts the close into the connection's send queue; nobody needs its answer.
        if self.channel.status().connected() {
            let _ = self
                .channel
                .close(200, "the consumer stops".into())
                .now_or_never();
        }
    }
}
