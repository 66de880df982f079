//! What happens when RabbitMQ itself goes down and comes back.
//!
//! Every test here has `restart` in its name: `.config/nextest.toml` runs those while no other
//! test runs, because the others use the same server.

use tenon_broker::{Broker, BrokerError};

use super::{
    connect, consume_stubbornly, eventually, number, numbered, plain, publish, publish_stubbornly,
    take, within,
};
use crate::servers::{amqp_vhost, rabbitmqctl};

/// Starts the server again, whatever becomes of the test.
struct Stopped;

impl Stopped {
    fn stop() -> Self {
        rabbitmqctl(&["stop_app"]).expect("rabbitmqctl stops the server");
        Self
    }

    fn start(self) {
        drop(self);
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        rabbitmqctl(&["start_app"]).expect("rabbitmqctl starts the server");
        rabbitmqctl(&["await_startup"]).expect("the server starts");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_confirmed_is_lost_by_a_restart() {
    let vhost = amqp_vhost();
    let broker = connect(&vhost.url).await;
    let queue = vhost.queue("inbound");
    broker.declare(&[plain(&queue)]).await.unwrap();
    publish(&broker, &queue, 0..200).await;
    let mut consumer = broker.consume(&queue, 50).await.unwrap();
    let taken = take(&mut *consumer, 50).await;

    let stopped = Stopped::stop();
    let error = within(async {
        loop {
            if let Err(error) = consumer.next_batch(100).await {
                return error;
            }
        }
    })
    .await;
    assert!(matches!(error, BrokerError::Unavailable(_)), "{error}");
    let lost = within(consumer.ack_through(taken[49].tag)).await;
    assert!(matches!(lost, Err(BrokerError::Unavailable(_))), "{lost:?}");
    let outcomes = within(broker.publish(vec![numbered(&queue, 900)])).await;
    assert!(
        matches!(outcomes[0], Err(BrokerError::Unavailable(_))),
        "{outcomes:?}"
    );
    stopped.start();

    publish_stubbornly(&broker, &numbered(&queue, 200)).await;
    let mut consumer = consume_stubbornly(&broker, &queue, 500).await;
    let mut seen = Vec::new();
    while seen.last() != Some(&200) {
        let batch = match within(consumer.next_batch(500)).await {
            Ok(batch) => batch,
            Err(_) => {
                // The server is up, and its queue's leader may still move.
                consumer = consume_stubbornly(&broker, &queue, 500).await;
                seen.clear();
                continue;
            }
        };
        seen.extend(batch.iter().map(number));
        if seen.last() == Some(&200) {
            within(consumer.ack_through(batch[batch.len() - 1].tag))
                .await
                .unwrap();
        }
    }
    assert_eq!(seen, (0..=200).collect::<Vec<_>>());
    drop(consumer);
    eventually("the queue is empty", async || {
        broker.depth(&queue).await == Ok(0)
    })
    .await;
}
