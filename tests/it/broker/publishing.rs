//! What every engine must do with what is published, and with its queues.

use std::collections::HashMap;

use bytes::Bytes;
use rstest::rstest;
use tenon_broker::{BrokerError, Publication, Queue};

use super::{
    Engine, consume_stubbornly, eventually, number, numbered, numbers, plain, publish,
    publish_stubbornly, take, within,
};

#[rstest]
#[case::rabbitmq(Engine::RabbitMq)]
#[case::embedded(Engine::Embedded)]
#[tokio::test(flavor = "multi_thread")]
async fn a_confirmed_batch_arrives_whole_and_in_order(#[case] engine: Engine) {
    let stage = engine.stage().await;
    let queue = stage.declare("inbound", |_| {}).await;
    publish(&*stage.broker, &queue, 0..1500).await;
    eventually("all wait", async || {
        stage.broker.depth(&queue).await == Ok(1500)
    })
    .await;

    let mut consumer = stage.broker.consume(&queue, 512).await.unwrap();
    let mut seen = Vec::new();
    while seen.len() < 1500 {
        let batch = within(consumer.next_batch(128)).await.unwrap();
        assert!(batch.len() <= 128);
        assert!(batch.windows(2).all(|pair| pair[0].tag < pair[1].tag));
        assert!(batch.iter().all(|delivery| !delivery.redelivered));
        for delivery in &batch {
            let mut headers = delivery.headers.clone();
            headers.sort();
            assert_eq!(headers, numbered(&queue, number(delivery)).headers);
        }
        within(consumer.ack_through(batch[batch.len() - 1].tag))
            .await
            .unwrap();
        seen.extend(numbers(&batch));
    }
    assert_eq!(seen, (0..1500).collect::<Vec<_>>());
    drop(consumer);
    eventually("the queue is empty", async || {
        stage.broker.depth(&queue).await == Ok(0)
    })
    .await;
}

#[rstest]
#[case::rabbitmq(Engine::RabbitMq)]
#[case::embedded(Engine::Embedded)]
#[tokio::test(flavor = "multi_thread")]
async fn bodies_may_be_empty_binary_or_large(#[case] engine: Engine) {
    let stage = engine.stage().await;
    let queue = stage.declare("inbound", |_| {}).await;
    let bodies = [
        Bytes::new(),
        Bytes::from_static(b"\x00\xff\xfe"),
        Bytes::from("金额".repeat(200_000)),
    ];
    let publication = |body: &Bytes| Publication {
        queue: queue.clone(),
        headers: Vec::new(),
        body: body.clone(),
    };
    let outcomes = within(
        stage
            .broker
            .publish(bodies.iter().map(publication).collect()),
    )
    .await;
    assert_eq!(outcomes, vec![Ok(()); 3]);
    let mut consumer = stage.broker.consume(&queue, 10).await.unwrap();
    let taken = take(&mut *consumer, 3).await;
    assert!(
        taken
            .iter()
            .zip(&bodies)
            .all(|(delivery, body)| delivery.body == *body)
    );
    assert!(taken.iter().all(|delivery| delivery.headers.is_empty()));
    assert_eq!(stage.broker.publish(Vec::new()).await, Vec::new());
}

#[rstest]
#[case::rabbitmq(Engine::RabbitMq)]
#[case::embedded(Engine::Embedded)]
#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_too_large_is_refused_alone(#[case] engine: Engine) {
    let stage = engine.stage().await;
    let queue = stage.declare("inbound", |_| {}).await;
    let mut batch = vec![
        numbered(&queue, 0),
        numbered(&queue, 1),
        numbered(&queue, 2),
    ];
    batch[1].body = Bytes::from(vec![b'x'; tenon_broker::MAX_MESSAGE_BYTES + 1]);
    let outcomes = within(stage.broker.publish(batch)).await;
    assert_eq!((&outcomes[0], &outcomes[2]), (&Ok(()), &Ok(())));
    assert!(
        matches!(outcomes[1], Err(BrokerError::Refused(_))),
        "{outcomes:?}"
    );
}

#[rstest]
#[case::rabbitmq(Engine::RabbitMq)]
#[case::embedded(Engine::Embedded)]
#[tokio::test(flavor = "multi_thread")]
async fn an_unroutable_message_is_an_error_and_the_others_arrive(#[case] engine: Engine) {
    let stage = engine.stage().await;
    let queue = stage.declare("inbound", |_| {}).await;
    let missing = stage.name("missing");
    // Every third goes nowhere; bodies repeat, so that nothing but the queue tells them apart.
    let target = |index: usize| if index % 3 == 1 { &missing } else { &queue };
    let batch: Vec<_> = (0..600)
        .map(|index| numbered(target(index), index % 10))
        .collect();
    let outcomes = within(stage.broker.publish(batch)).await;
    for (index, outcome) in outcomes.iter().enumerate() {
        let expected = match target(index) == &queue {
            true => Ok(()),
            false => Err(BrokerError::Unroutable {
                queue: missing.clone(),
            }),
        };
        assert_eq!(*outcome, expected, "message {index}");
    }
    let mut consumer = stage.broker.consume(&queue, 500).await.unwrap();
    let expected: Vec<_> = (0..600)
        .filter(|index| index % 3 != 1)
        .map(|i| i % 10)
        .collect();
    assert_eq!(numbers(&take(&mut *consumer, 400).await), expected);
}

#[rstest]
#[case::rabbitmq(Engine::RabbitMq)]
#[case::embedded(Engine::Embedded)]
#[tokio::test(flavor = "multi_thread")]
async fn a_queue_that_does_not_exist_is_named(#[case] engine: Engine) {
    let stage = engine.stage().await;
    let missing = stage.name("missing");
    let expected = BrokerError::Unroutable {
        queue: missing.clone(),
    };
    assert_eq!(
        stage.broker.consume(&missing, 10).await.err(),
        Some(expected.clone())
    );
    assert_eq!(stage.broker.depth(&missing).await, Err(expected));
}

#[rstest]
#[case::rabbitmq(Engine::RabbitMq)]
#[case::embedded(Engine::Embedded)]
#[tokio::test(flavor = "multi_thread")]
async fn one_call_to_many_queues_keeps_the_order_in_each(#[case] engine: Engine) {
    let stage = engine.stage().await;
    let mut queues = Vec::new();
    for name in ["deliver.crm", "deliver.erp", "deliver.invoicing"] {
        queues.push(stage.declare(name, |_| {}).await);
    }
    let batch: Vec<_> = (0..900)
        .map(|index| numbered(&queues[index * 7 % 3], index))
        .collect();
    let mut expected: HashMap<&str, Vec<usize>> = HashMap::new();
    for (index, publication) in batch.iter().enumerate() {
        let queue = queues
            .iter()
            .find(|queue| **queue == publication.queue)
            .unwrap();
        expected.entry(queue.as_str()).or_default().push(index);
    }
    let outcomes = within(stage.broker.publish(batch.clone())).await;
    assert!(outcomes.iter().all(Result::is_ok));
    for queue in &queues {
        let mut consumer = stage.broker.consume(queue, 512).await.unwrap();
        let expected = &expected[queue.as_str()];
        assert_eq!(
            numbers(&take(&mut *consumer, expected.len()).await),
            *expected
        );
    }
}

#[rstest]
#[case::rabbitmq(Engine::RabbitMq)]
#[case::embedded(Engine::Embedded)]
#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_refuses_until_it_is_drained(#[case] engine: Engine) {
    let stage = engine.stage().await;
    let queue = stage
        .declare("inbound", |queue| queue.max_length = Some(50))
        .await;
    // A broker of several nodes may take a few more than the bound before it says no.
    let mut accepted = Vec::new();
    let mut refused = None;
    for number in 0..1000 {
        match within(stage.broker.publish(vec![numbered(&queue, number)]))
            .await
            .remove(0)
        {
            Ok(()) => accepted.push(number),
            Err(error) => {
                refused = Some(error);
                break;
            }
        }
    }
    assert!(matches!(refused, Some(BrokerError::Full(_))), "{refused:?}");
    assert!(
        (50..100).contains(&accepted.len()),
        "{} accepted",
        accepted.len()
    );

    // Nothing that was accepted has been dropped for anything newer.
    let mut consumer = stage.broker.consume(&queue, 200).await.unwrap();
    let taken = take(&mut *consumer, accepted.len()).await;
    assert_eq!(numbers(&taken), accepted);
    within(consumer.ack_through(taken[taken.len() - 1].tag))
        .await
        .unwrap();
    publish_stubbornly(&*stage.broker, &numbered(&queue, 5000)).await;
    assert_eq!(numbers(&take(&mut *consumer, 1).await), [5000]);
}

#[rstest]
#[case::rabbitmq(Engine::RabbitMq)]
#[case::embedded(Engine::Embedded)]
#[tokio::test(flavor = "multi_thread")]
async fn a_different_queue_is_reported_with_the_difference(#[case] engine: Engine) {
    let stage = engine.stage().await;
    let bounded = Queue {
        max_length: Some(10),
        ..plain(&stage.name("bounded"))
    };
    let plain = plain(&stage.name("plain"));
    let queues = [bounded.clone(), plain.clone()];
    stage.broker.declare(&queues).await.unwrap();
    stage
        .broker
        .declare(&queues)
        .await
        .expect("the same again is fine");

    let mismatch = |queue: Queue| {
        let broker = stage.broker.clone();
        async move {
            match broker.declare(&[queue]).await {
                Err(BrokerError::TopologyMismatch { queue, difference }) => (queue, difference),
                other => panic!("{other:?}"),
            }
        }
    };
    let (queue, difference) = mismatch(Queue {
        max_length: Some(20),
        ..bounded.clone()
    })
    .await;
    assert_eq!(queue, bounded.name);
    assert!(difference.contains("length"), "{difference}");
    assert!(
        difference.contains("`10`") && difference.contains("`20`"),
        "{difference}"
    );

    let (queue, difference) = mismatch(Queue {
        single_active_consumer: true,
        ..plain.clone()
    })
    .await;
    assert_eq!(queue, plain.name);
    assert!(
        difference
            .replace('-', "_")
            .contains("single_active_consumer"),
        "{difference}"
    );

    stage
        .broker
        .declare(&queues)
        .await
        .expect("the broker works on after a refusal");
    publish(&*stage.broker, &plain.name, 0..3).await;
}

#[rstest]
#[case::rabbitmq(Engine::RabbitMq)]
#[case::embedded(Engine::Embedded)]
#[tokio::test(flavor = "multi_thread")]
async fn many_publish_at_once(#[case] engine: Engine) {
    let stage = engine.stage().await;
    let queue = stage.declare("inbound", |_| {}).await;
    let missing = stage.name("missing");
    // Unroutable messages of one caller must not be taken for another's.
    let calls = (0..60).map(|caller| {
        let (broker, queue, missing) = (stage.broker.clone(), queue.clone(), missing.clone());
        tokio::spawn(async move {
            let target = if caller % 2 == 0 { &queue } else { &missing };
            let batch = (0..20)
                .map(|index| numbered(target, caller * 20 + index))
                .collect();
            let outcomes = broker.publish(batch).await;
            (caller, outcomes)
        })
    });
    for call in calls.collect::<Vec<_>>() {
        let (caller, outcomes) = within(call).await.unwrap();
        let expected = match caller % 2 {
            0 => Ok(()),
            _ => Err(BrokerError::Unroutable {
                queue: missing.clone(),
            }),
        };
        assert_eq!(outcomes, vec![expected; 20], "caller {caller}");
    }
    let mut consumer = stage.broker.consume(&queue, 1000).await.unwrap();
    let mut all = numbers(&take(&mut *consumer, 600).await);
    all.sort_unstable();
    let expected: Vec<_> = (0..1200).filter(|number| number / 20 % 2 == 0).collect();
    assert_eq!(all, expected);
}

#[rstest]
#[case::rabbitmq(Engine::RabbitMq)]
#[case::embedded(Engine::Embedded)]
#[tokio::test(flavor = "multi_thread")]
async fn a_closed_broker_says_so(#[case] engine: Engine) {
    let stage = engine.stage().await;
    let queue = stage.declare("inbound", |_| {}).await;
    publish(&*stage.broker, &queue, 0..5).await;
    let mut consumer = consume_stubbornly(&*stage.broker, &queue, 2).await;
    let taken = take(&mut *consumer, 2).await;
    within(stage.broker.close()).await;
    let unavailable = |error: Option<BrokerError>| {
        assert!(
            matches!(error, Some(BrokerError::Unavailable(_))),
            "{error:?}"
        );
    };
    unavailable(within(consumer.ack_through(taken[0].tag)).await.err());
    unavailable(within(consumer.next_batch(1)).await.err());
    unavailable(
        within(stage.broker.publish(vec![numbered(&queue, 9)]))
            .await
            .remove(0)
            .err(),
    );
    unavailable(within(stage.broker.consume(&queue, 2)).await.err());
    unavailable(within(stage.broker.declare(&[plain(&queue)])).await.err());
    within(stage.broker.close()).await;
}
