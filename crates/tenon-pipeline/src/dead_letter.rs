//! Where a message goes of which nothing can be known, or over which the hub itself breaks down.

use tenon_broker::{Delivery, Publication, SharedBroker};
use tenon_core::Failure;
use tokio_util::sync::CancellationToken;

use crate::accept::publish_all;
use crate::topology::DEAD_QUEUE;

/// Moves a message that nothing can be done with to the dead letter queue, confirmed.
pub(crate) async fn bury(
    broker: &SharedBroker,
    from: &str,
    delivery: &Delivery,
    reason: &str,
    stop: &CancellationToken,
) -> Result<(), Failure> {
    tracing::error!(
        queue = from,
        reason,
        "a message that the hub can do nothing with is a dead letter"
    );
    metrics::counter!("tenon_dead_letters_total").increment(1);
    let mut headers = delivery.headers.clone();
    headers.push(("tenon-dead-reason".to_owned(), reason.to_owned()));
    headers.push(("tenon-dead-queue".to_owned(), from.to_owned()));
    let queue = DEAD_QUEUE.to_owned();
    let publication = Publication {
        queue,
        headers,
        body: delivery.body.clone(),
    };
    let published = publish_all(broker, vec![publication], stop, |_| {}).await;
    if published {
        Ok(())
    } else {
        Err(Failure::transient("hub.stopping", "the hub is stopping"))
    }
}
