//! What only RabbitMQ can show: losses of connections, channels and queues, and strangers.

use std::time::{Duration, Instant};

use lapin::BasicProperties;
use lapin::options::{BasicPublishOptions, QueueDeclareOptions, QueueDeleteOptions};
use lapin::types::{AMQPValue, FieldTable};
use tenon_broker::{Broker, BrokerError, Consumer, RabbitMq, RabbitMqOptions};

use super::proxy::Proxy;
use super::{
    connect, consume_stubbornly, eventually, numbered, numbers, plain, publish, publish_stubbornly,
    take, within,
};
use crate::servers::{TestVhost, amqp_url, amqp_vhost, rabbitmqctl};

/// Host and port of the RabbitMQ under test.
fn server() -> String {
    let url = amqp_url();
    let (_, after) = url.split_once('@').expect("user@host");
    after.split('/').next().expect("a host").to_owned()
}

/// What a lost connection or channel must look like to a consumer: everything fails, at once.
async fn is_lost(consumer: &mut dyn Consumer, tag: u64) {
    let error = within(async {
        loop {
            if let Err(error) = consumer.next_batch(100).await {
                return error;
            }
        }
    })
    .await;
    assert!(matches!(error, BrokerError::Unavailable(_)), "{error}");
    let error = within(consumer.ack_through(tag)).await.unwrap_err();
    assert!(matches!(error, BrokerError::Unavailable(_)), "{error}");
}

/// After a loss: what was unsettled comes again in its place, and the work goes on.
async fn goes_on(broker: &RabbitMq, queue: &str) {
    publish_stubbornly(broker, &numbered(queue, 5)).await;
    let mut consumer = consume_stubbornly(broker, queue, 10).await;
    let taken = take(&mut *consumer, 4).await;
    assert_eq!(numbers(&taken), [2, 3, 4, 5]);
    assert!(taken[0].redelivered);
    within(consumer.ack_through(taken[3].tag)).await.unwrap();
    drop(consumer);
    eventually("the queue is empty", async || {
        broker.depth(queue).await == Ok(0)
    })
    .await;
}

/// Five messages, of which the consumer has all and has settled two.
async fn half_done(broker: &RabbitMq, queue: &str) -> (Box<dyn Consumer>, u64) {
    broker.declare(&[plain(queue)]).await.unwrap();
    publish(broker, queue, 0..5).await;
    let mut consumer = broker.consume(queue, 10).await.unwrap();
    let taken = take(&mut *consumer, 5).await;
    within(consumer.ack_through(taken[1].tag)).await.unwrap();
    // An acknowledgement has no answer; what the server shows is the proof that it arrived.
    (consumer, taken[4].tag)
}

/// Waits until the server has settled the first two of five.
async fn acknowledged(vhost: &TestVhost) {
    let Some(name) = &vhost.name else { return };
    eventually("the acknowledgement arrived", async || {
        let listed = rabbitmqctl(&["-q", "list_queues", "-p", name, "messages"]);
        listed.is_ok_and(|text| text.lines().any(|line| line.trim() == "3"))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn recovers_when_the_server_closes_all_connections() {
    let vhost = amqp_vhost();
    let name = vhost
        .name
        .clone()
        .expect("rabbitmqctl closes the connections; it must be usable");
    let broker = connect(&vhost.url).await;
    let queue = vhost.queue("inbound");
    let (mut consumer, tag) = half_done(&broker, &queue).await;
    acknowledged(&vhost).await;
    rabbitmqctl(&["close_all_connections", "--vhost", &name, "a test"]).unwrap();
    is_lost(&mut *consumer, tag).await;
    goes_on(&broker, &queue).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn recovers_when_the_network_is_cut() {
    let vhost = amqp_vhost();
    let proxy = Proxy::start(server()).await;
    let broker = connect(&proxy.url(&vhost.url)).await;
    let queue = vhost.queue("inbound");
    let (mut consumer, tag) = half_done(&broker, &queue).await;
    acknowledged(&vhost).await;
    proxy.cut();
    is_lost(&mut *consumer, tag).await;
    goes_on(&broker, &queue).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn recovers_when_the_server_closes_the_channels() {
    let vhost = amqp_vhost();
    let proxy = Proxy::start(server()).await;
    let broker = connect(&proxy.url(&vhost.url)).await;
    let queue = vhost.queue("inbound");
    let (mut consumer, tag) = half_done(&broker, &queue).await;
    acknowledged(&vhost).await;
    proxy.close_channels();
    // One that publishes and one that consumes, at least.
    eventually("the channels are closed", async || {
        proxy.closed_channels() >= 2
    })
    .await;
    is_lost(&mut *consumer, tag).await;
    goes_on(&broker, &queue).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_message_of_a_call_is_accounted_for_when_the_network_is_cut() {
    const CALLS: usize = 30;
    let vhost = amqp_vhost();
    let proxy = Proxy::start(server()).await;
    let broker = connect(&proxy.url(&vhost.url)).await;
    let queue = vhost.queue("inbound");
    broker.declare(&[plain(&queue)]).await.unwrap();
    let mut confirmed = Vec::new();
    let mut lost = 0;
    for call in 0..CALLS {
        let batch: Vec<_> = (0..200)
            .map(|index| numbered(&queue, call * 200 + index))
            .collect();
        let (outcomes, ()) = tokio::join!(within(broker.publish(batch)), async {
            if call % 5 == 4 {
                tokio::time::sleep(Duration::from_millis(call as u64 / 5)).await;
                proxy.cut();
            }
        });
        for (index, outcome) in outcomes.into_iter().enumerate() {
            match outcome {
                Ok(()) => confirmed.push(call * 200 + index),
                Err(BrokerError::Unavailable(_)) => lost += 1,
                Err(error) => panic!("{error}"),
            }
        }
    }
    assert_eq!(confirmed.len() + lost, CALLS * 200);
    // A message that was not confirmed may be there all the same; one that was must be.
    let mut consumer = consume_stubbornly(&broker, &queue, 1000).await;
    let mut arrived = std::collections::HashSet::new();
    while !confirmed.iter().all(|number| arrived.contains(number)) {
        match within(consumer.next_batch(500)).await {
            Ok(batch) => {
                arrived.extend(numbers(&batch));
                let _ = consumer.ack_through(batch[batch.len() - 1].tag).await;
            }
            Err(_) => consumer = consume_stubbornly(&broker, &queue, 1000).await,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_fail_in_bounded_time_while_the_server_is_away() {
    let vhost = amqp_vhost();
    let proxy = Proxy::start(server()).await;
    let options = RabbitMqOptions {
        reconnect_wait: Duration::from_millis(500),
        ..RabbitMqOptions::default()
    };
    let broker = RabbitMq::connect(&proxy.url(&vhost.url), options)
        .await
        .unwrap();
    let queue = vhost.queue("inbound");
    let (mut consumer, tag) = half_done(&broker, &queue).await;
    acknowledged(&vhost).await;
    proxy.refuse(true);
    proxy.cut();
    is_lost(&mut *consumer, tag).await;

    let begun = Instant::now();
    let outcomes = within(broker.publish(vec![numbered(&queue, 9)])).await;
    assert!(
        matches!(outcomes[0], Err(BrokerError::Unavailable(_))),
        "{outcomes:?}"
    );
    let error = within(broker.consume(&queue, 1)).await.err();
    assert!(
        matches!(error, Some(BrokerError::Unavailable(_))),
        "{error:?}"
    );
    let error = within(broker.declare(&[plain(&queue)])).await.err();
    assert!(
        matches!(error, Some(BrokerError::Unavailable(_))),
        "{error:?}"
    );
    assert!(
        begun.elapsed() < Duration::from_secs(10),
        "{:?}",
        begun.elapsed()
    );

    proxy.refuse(false);
    goes_on(&broker, &queue).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_fail_in_bounded_time_while_the_server_hangs() {
    let vhost = amqp_vhost();
    let proxy = Proxy::start(server()).await;
    let options = RabbitMqOptions {
        connect_timeout: Duration::from_secs(2),
        ..RabbitMqOptions::default()
    };
    let broker = RabbitMq::connect(&proxy.url(&vhost.url), options)
        .await
        .unwrap();
    let queue = vhost.queue("inbound");
    broker.declare(&[plain(&queue)]).await.unwrap();

    proxy.freeze(true);
    let error = within(broker.consume(&queue, 1)).await.err();
    assert!(
        matches!(error, Some(BrokerError::Unavailable(_))),
        "{error:?}"
    );
    let error = within(broker.declare(&[plain(&queue)])).await.err();
    assert!(
        matches!(error, Some(BrokerError::Unavailable(_))),
        "{error:?}"
    );
    let outcomes = within(broker.publish(vec![numbered(&queue, 9)])).await;
    assert!(
        matches!(outcomes[0], Err(BrokerError::Unavailable(_))),
        "{outcomes:?}"
    );

    proxy.freeze(false);
    publish(&broker, &queue, 0..3).await;
    let mut consumer = consume_stubbornly(&broker, &queue, 10).await;
    take(&mut *consumer, 3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_hears_that_its_queue_is_gone() {
    let vhost = amqp_vhost();
    let broker = connect(&vhost.url).await;
    let queue = vhost.queue("inbound");
    let (mut consumer, tag) = half_done(&broker, &queue).await;
    let stranger = vhost.connect().await.create_channel().await.unwrap();
    stranger
        .queue_delete(queue.as_str().into(), QueueDeleteOptions::default())
        .await
        .unwrap();
    is_lost(&mut *consumer, tag).await;
    let missing = BrokerError::Unroutable {
        queue: queue.clone(),
    };
    assert_eq!(broker.consume(&queue, 1).await.err(), Some(missing.clone()));
    let outcomes = within(broker.publish(vec![numbered(&queue, 9)])).await;
    assert_eq!(outcomes, [Err(missing)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn opens_while_the_server_is_away_and_works_when_it_comes() {
    let vhost = amqp_vhost();
    let proxy = Proxy::start(server()).await;
    proxy.refuse(true);
    let url = proxy.url(&vhost.url);
    let error = RabbitMq::connect(&url, RabbitMqOptions::default())
        .await
        .unwrap_err();
    assert!(matches!(error, BrokerError::Unavailable(_)), "{error}");

    let broker = RabbitMq::open(&url, RabbitMqOptions::default()).unwrap();
    proxy.refuse(false);
    let queue = vhost.queue("inbound");
    eventually("declared", async || {
        broker.declare(&[plain(&queue)]).await.is_ok()
    })
    .await;
    publish(&broker, &queue, 0..3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_node_serves_when_the_first_does_not() {
    let vhost = amqp_vhost();
    let unused = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let urls = format!("amqp://guest:guest@127.0.0.1:{unused}/hub,{}", vhost.url);
    let broker = connect(&urls).await;
    let queue = vhost.queue("inbound");
    broker.declare(&[plain(&queue)]).await.unwrap();
    publish(&broker, &queue, 0..3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_credentials_and_virtual_hosts_are_refused() {
    let url = amqp_url();
    let (_, after) = url.split_once('@').expect("user@host");
    let wrong_password = format!("amqp://guest:not-the-password@{after}");
    let (server, _) = url.rsplit_once('/').expect("a virtual host");
    let no_such_host = format!("{server}/no-such-host");
    for url in [wrong_password, no_such_host] {
        let connecting = RabbitMq::connect(&url, RabbitMqOptions::default());
        let error = within(connecting).await.unwrap_err();
        assert!(matches!(error, BrokerError::Refused(_)), "{error:?}");
        assert!(!error.to_string().contains("not-the-password"), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_classic_queue_is_not_taken_for_a_quorum_queue() {
    let vhost = amqp_vhost();
    let broker = connect(&vhost.url).await;
    let stranger = vhost.connect().await.create_channel().await.unwrap();
    let queue = vhost.queue("inbound");
    let durable = QueueDeclareOptions {
        durable: true,
        ..Default::default()
    };
    stranger
        .queue_declare(queue.as_str().into(), durable, FieldTable::default())
        .await
        .unwrap();
    let error = broker.declare(&[plain(&queue)]).await.unwrap_err();
    let BrokerError::TopologyMismatch {
        queue: named,
        difference,
    } = error
    else {
        panic!("{error:?}");
    };
    assert_eq!(named, queue);
    assert!(difference.starts_with("x-queue-type is "), "{difference}");
    assert!(
        difference.ends_with("the hub needs it `quorum`"),
        "{difference}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_strangers_headers_become_text() {
    let vhost = amqp_vhost();
    let broker = connect(&vhost.url).await;
    let queue = vhost.queue("inbound");
    broker.declare(&[plain(&queue)]).await.unwrap();
    let stranger = vhost.connect().await.create_channel().await.unwrap();
    let mut table = FieldTable::default();
    table.insert("attempt".into(), AMQPValue::LongInt(3));
    table.insert("final".into(), AMQPValue::Boolean(true));
    let properties = BasicProperties::default().with_headers(table);
    let options = BasicPublishOptions::default();
    let published = stranger
        .basic_publish("".into(), queue.as_str().into(), options, b"7", properties)
        .await;
    published.unwrap();
    let mut consumer = broker.consume(&queue, 1).await.unwrap();
    let taken = take(&mut *consumer, 1).await;
    let expected = [("attempt", "3"), ("final", "true")];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(taken[0].headers, expected);
}
