//! Several hubs on one virtual host: each with names of its own before its queues' names.

use std::sync::Arc;

use async_trait::async_trait;

use crate::{Broker, BrokerError, Consumer, Publication, Queue};

/// A broker whose queues all carry a prefix that its users do not see.
pub struct Prefixed {
    broker: Arc<dyn Broker>,
    prefix: String,
}

impl Prefixed {
    /// `broker` with `prefix` before the name of each queue.
    pub fn new(broker: Arc<dyn Broker>, prefix: String) -> Self {
        Self { broker, prefix }
    }

    /// The name that the broker knows for `queue`.
    pub fn full_name(&self, queue: &str) -> String {
        format!("{}{queue}", self.prefix)
    }

    /// An error in the words of those who do not know of the prefix.
    fn own(&self, error: BrokerError) -> BrokerError {
        let short = |queue: String| match queue.strip_prefix(&self.prefix) {
            Some(name) => name.to_owned(),
            None => queue,
        };
        match error {
            BrokerError::Unroutable { queue } => BrokerError::Unroutable {
                queue: short(queue),
            },
            BrokerError::TopologyMismatch { queue, difference } => BrokerError::TopologyMismatch {
                queue: short(queue),
                difference,
            },
            other => other,
        }
    }
}

#[async_trait]
impl Broker for Prefixed {
    async fn declare(&self, queues: &[Queue]) -> Result<(), BrokerError> {
        let queues: Vec<Queue> = queues
            .iter()
            .map(|queue| Queue {
                name: self.full_name(&queue.name),
                ..queue.clone()
            })
            .collect();
        self.broker
            .declare(&queues)
            .await
            .map_err(|error| self.own(error))
    }

    async fn publish(&self, mut batch: Vec<Publication>) -> Vec<Result<(), BrokerError>> {
        for publication in &mut batch {
            publication.queue = self.full_name(&publication.queue);
        }
        let results = self.broker.publish(batch).await;
        results
            .into_iter()
            .map(|result| result.map_err(|error| self.own(error)))
            .collect()
    }

    async fn consume(&self, queue: &str, prefetch: u16) -> Result<Box<dyn Consumer>, BrokerError> {
        let consumer = self.broker.consume(&self.full_name(queue), prefetch).await;
        consumer.map_err(|error| self.own(error))
    }

    async fn depth(&self, queue: &str) -> Result<u64, BrokerError> {
        self.broker
            .depth(&self.full_name(queue))
            .await
            .map_err(|error| self.own(error))
    }

    async fn close(&self) {
        self.broker.close().await;
    }
}
