//! Takes responsibility for messages: they are accepted once the broker has confirmed them.

use std::time::Duration;

use tenon_broker::{BrokerError, Publication, SharedBroker};
use tenon_core::{Failure, Message, Native};
use tokio_util::sync::CancellationToken;

use crate::FailPoint;
use crate::retry::Pauses;
use crate::spans::Begun;
use crate::wire::native_publication;

/// The hub's front door. Cheap to clone.
#[derive(Clone)]
pub struct Accept {
    broker: SharedBroker,
    partitions: u32,
}

impl Accept {
    /// A door to a broker whose inbound queue has this many partitions.
    pub fn new(broker: SharedBroker, partitions: u32) -> Self {
        Self { broker, partitions }
    }

    /// Accepts messages, all or an error; on `Ok` each is confirmed durable by the broker.
    ///
    /// # Errors
    /// `Transient` when the broker is away or full: the caller still owns every message, and may
    /// send all of them again, since each is recognised by its id.
    pub async fn accept(&self, messages: &[Message<Native>]) -> Result<(), Failure> {
        self.publish(messages, false).await
    }

    /// As `accept`, for a message that was parked as invalid and shall be taken anew.
    pub(crate) async fn publish(
        &self,
        messages: &[Message<Native>],
        redrive: bool,
    ) -> Result<(), Failure> {
        let begun = Begun::now(messages.iter().map(|message| &message.attributes));
        let batch = messages
            .iter()
            .map(|message| native_publication(message, self.partitions, redrive))
            .collect();
        match self
            .broker
            .publish(batch)
            .await
            .into_iter()
            .find_map(Result::err)
        {
            None => {
                FailPoint::AcceptConfirmed.reached();
                begun.received();
                Ok(())
            }
            Some(error) => Err(failure(&error)),
        }
    }
}

/// What a broker's refusal means.
pub(crate) fn failure(error: &BrokerError) -> Failure {
    let detail = error.to_string();
    match error {
        BrokerError::Unavailable(_) => Failure::transient("broker.unavailable", detail),
        BrokerError::Full(_) => Failure::transient("broker.full", detail),
        BrokerError::Unroutable { .. } => Failure::configuration("broker.unroutable", detail),
        BrokerError::TopologyMismatch { .. } => Failure::configuration("broker.topology", detail),
        BrokerError::Refused(_) => Failure::configuration("broker.refused", detail),
    }
}

/// Publishes until every message is confirmed. False when the hub is stopping before that.
pub(crate) async fn publish_all(
    broker: &SharedBroker,
    mut batch: Vec<Publication>,
    stop: &CancellationToken,
    mut on_failure: impl FnMut(&Failure),
) -> bool {
    let mut pauses = Pauses::new(Duration::from_millis(100), Duration::from_secs(5));
    while !batch.is_empty() {
        let results = broker.publish(batch.clone()).await;
        // What follows a refused message in its queue is sent again after it, so that order
        // holds; receivers recognise those that had been taken.
        let Some(first) = results.iter().position(Result::is_err) else {
            return true;
        };
        if let Err(error) = &results[first] {
            on_failure(&failure(error));
        }
        batch.drain(..first);
        if !pauses.wait(stop, None).await {
            return false;
        }
    }
    true
}

impl std::fmt::Debug for Accept {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Accept")
            .field("partitions", &self.partitions)
            .finish()
    }
}
