//! What every engine must do for those who consume.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rstest::rstest;

use super::{Engine, eventually, idle, numbers, publish, runs, take, within};

#[rstest]
#[case::rabbitmq(Engine::RabbitMq)]
#[case::embedded(Engine::Embedded)]
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_consumers_messages_come_back_in_their_place(#[case] engine: Engine) {
    let stage = engine.stage().await;
    let queue = stage
        .declare("lane", |queue| queue.single_active_consumer = true)
        .await;
    publish(&*stage.broker, &queue, 0..100).await;
    let mut lost = stage.broker.consume(&queue, 40).await.unwrap();
    let taken = take(&mut *lost, 40).await;
    within(lost.ack_through(taken[9].tag)).await.unwrap();
    drop(lost);

    let mut next = stage.broker.consume(&queue, 100).await.unwrap();
    let again = take(&mut *next, 90).await;
    assert_eq!(numbers(&again), (10..100).collect::<Vec<_>>());
    assert!(
        again[..30].iter().all(|delivery| delivery.redelivered),
        "handed out before"
    );
    // Beyond what the first could hold even after its acknowledgement.
    assert!(
        again[40..].iter().all(|delivery| !delivery.redelivered),
        "never handed out"
    );
}

#[rstest]
#[case::rabbitmq(Engine::RabbitMq)]
#[case::embedded(Engine::Embedded)]
#[tokio::test(flavor = "multi_thread")]
async fn what_is_settled_alone_is_gone_and_the_rest_stands_in_its_place(#[case] engine: Engine) {
    let stage = engine.stage().await;
    let queue = stage.declare("dead", |_| {}).await;
    publish(&*stage.broker, &queue, 0..10).await;
    // Looked at and left, all of it is there for the next at once, as often as one likes.
    for _ in 0..30 {
        let mut looking = stage.broker.consume(&queue, 10).await.unwrap();
        let seen = take(&mut *looking, 10).await;
        assert_eq!(numbers(&seen), (0..10).collect::<Vec<_>>());
        within(looking.leave()).await;
        assert_eq!(stage.broker.depth(&queue).await.unwrap(), 10);
    }
    let mut deciding = stage.broker.consume(&queue, 10).await.unwrap();
    let seen = take(&mut *deciding, 10).await;
    for number in [7, 2, 2] {
        within(deciding.ack_one(seen[number].tag)).await.unwrap();
    }
    within(deciding.ack_one(seen[9].tag + 1)).await.unwrap();
    within(deciding.leave()).await;

    assert_eq!(stage.broker.depth(&queue).await.unwrap(), 8);
    let mut next = stage.broker.consume(&queue, 10).await.unwrap();
    let rest = take(&mut *next, 8).await;
    assert_eq!(numbers(&rest), [0, 1, 3, 4, 5, 6, 8, 9]);
}

#[rstest]
#[case::rabbitmq(Engine::RabbitMq)]
#[case::embedded(Engine::Embedded)]
#[tokio::test(flavor = "multi_thread")]
async fn order_holds_over_ten_thousand_messages_under_way(#[case] engine: Engine) {
    const COUNT: usize = 10_000;
    let stage = engine.stage().await;
    let queue = stage
        .declare("inbound", |queue| queue.single_active_consumer = true)
        .await;
    let broker = stage.broker.clone();
    let publishing = async {
        for start in (0..COUNT).step_by(500) {
            publish(&*broker, &queue, start..start + 500).await;
        }
    };
    let consuming = async {
        let mut settled = 0;
        let mut next = None;
        let mut consumer = broker.consume(&queue, 512).await.unwrap();
        while settled < COUNT {
            let batch = within(consumer.next_batch(128)).await.unwrap();
            let [(first, last)] = runs(&numbers(&batch))[..] else {
                panic!("{:?} in one batch", runs(&numbers(&batch)));
            };
            match next {
                Some(next) => assert_eq!(first, next, "within one consumer"),
                // RabbitMQ does not answer an acknowledgement, so that a closing channel may
                // lose it: what was settled may come once more, and nothing may be left out.
                None => match engine {
                    Engine::RabbitMq => assert!(first <= settled, "{first} after {settled}"),
                    Engine::Embedded => assert_eq!(first, settled),
                },
            }
            next = Some(last + 1);
            let half = batch.len().div_ceil(2);
            within(consumer.ack_through(batch[half - 1].tag))
                .await
                .unwrap();
            if (first + half).is_multiple_of(7) {
                // A new consumer goes on with the first that was not settled.
                settled = settled.max(first + half);
                next = None;
                drop(consumer);
                consumer = broker.consume(&queue, 512).await.unwrap();
            } else {
                within(consumer.ack_through(batch[batch.len() - 1].tag))
                    .await
                    .unwrap();
                settled = settled.max(last + 1);
            }
        }
        settled
    };
    let ((), settled) = tokio::join!(publishing, consuming);
    assert_eq!(settled, COUNT);
}

#[rstest]
#[case::rabbitmq(Engine::RabbitMq)]
#[case::embedded(Engine::Embedded)]
#[tokio::test(flavor = "multi_thread")]
async fn an_acknowledgement_settles_all_before_it_and_none_after(#[case] engine: Engine) {
    let stage = engine.stage().await;
    let queue = stage.declare("inbound", |_| {}).await;
    publish(&*stage.broker, &queue, 0..20).await;
    let mut consumer = stage.broker.consume(&queue, 20).await.unwrap();
    let taken = take(&mut *consumer, 20).await;
    within(consumer.ack_through(taken[7].tag)).await.unwrap();
    // Again, and for one before it: settled is settled.
    within(consumer.ack_through(taken[7].tag)).await.unwrap();
    within(consumer.ack_through(taken[3].tag)).await.unwrap();
    drop(consumer);
    let mut consumer = stage.broker.consume(&queue, 20).await.unwrap();
    assert_eq!(
        numbers(&take(&mut *consumer, 12).await),
        (8..20).collect::<Vec<_>>()
    );
}

#[rstest]
#[case::rabbitmq(Engine::RabbitMq)]
#[case::embedded(Engine::Embedded)]
#[tokio::test(flavor = "multi_thread")]
async fn a_paused_consumer_holds_at_most_its_prefetch(#[case] engine: Engine) {
    let stage = engine.stage().await;
    let queue = stage.declare("inbound", |_| {}).await;
    let mut paused = stage.broker.consume(&queue, 10).await.unwrap();
    publish(&*stage.broker, &queue, 0..1).await;
    let first = take(&mut *paused, 1).await;
    within(paused.ack_through(first[0].tag)).await.unwrap();
    // From here on it does not ask.
    publish(&*stage.broker, &queue, 1..101).await;
    let mut other = stage.broker.consume(&queue, 200).await.unwrap();
    let elsewhere = take(&mut *other, 90).await;
    let held = 100 - elsewhere.len();
    assert!(held <= 10, "{held}");

    // It resumes: together they have everything once.
    let mut all = numbers(&elsewhere);
    publish(&*stage.broker, &queue, 101..111).await;
    while all.len() < 110 {
        let batch = tokio::select! {
            batch = paused.next_batch(10) => {
                let batch = batch.unwrap();
                paused.ack_through(batch[batch.len() - 1].tag).await.unwrap();
                batch
            }
            batch = other.next_batch(100) => batch.unwrap(),
            () = tokio::time::sleep(super::PATIENCE) => panic!("only {} arrived", all.len()),
        };
        all.extend(numbers(&batch));
    }
    all.sort_unstable();
    assert_eq!(all, (1..111).collect::<Vec<_>>());
}

#[rstest]
#[case::rabbitmq(Engine::RabbitMq)]
#[case::embedded(Engine::Embedded)]
#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_wait_loses_nothing(#[case] engine: Engine) {
    const COUNT: usize = 2000;
    let stage = engine.stage().await;
    let queue = stage.declare("inbound", |_| {}).await;
    let mut consumer = stage.broker.consume(&queue, 64).await.unwrap();
    let broker = stage.broker.clone();
    let publishing = async {
        for start in (0..COUNT).step_by(20) {
            publish(&*broker, &queue, start..start + 20).await;
        }
    };
    let cancelled = AtomicUsize::new(0);
    let consuming = async {
        let mut seen = Vec::new();
        while seen.len() < COUNT {
            let patience = Duration::from_micros(seen.len() as u64 % 400);
            match tokio::time::timeout(patience, consumer.next_batch(16)).await {
                Ok(batch) => {
                    let batch = batch.unwrap();
                    consumer
                        .ack_through(batch[batch.len() - 1].tag)
                        .await
                        .unwrap();
                    seen.extend(numbers(&batch));
                }
                Err(_) => {
                    cancelled.fetch_add(1, Ordering::Relaxed);
                    if cancelled.load(Ordering::Relaxed).is_multiple_of(50) {
                        let batch = within(consumer.next_batch(16)).await.unwrap();
                        consumer
                            .ack_through(batch[batch.len() - 1].tag)
                            .await
                            .unwrap();
                        seen.extend(numbers(&batch));
                    }
                }
            }
        }
        seen
    };
    let ((), seen) = within(async { tokio::join!(publishing, consuming) }).await;
    assert_eq!(seen, (0..COUNT).collect::<Vec<_>>());
    assert!(cancelled.into_inner() > 0, "no wait was cancelled");
}

#[rstest]
#[case::rabbitmq(Engine::RabbitMq)]
#[case::embedded(Engine::Embedded)]
#[tokio::test(flavor = "multi_thread")]
async fn a_poison_delivery_stays_in_its_place_and_does_not_loop(#[case] engine: Engine) {
    let stage = engine.stage().await;
    let queue = stage
        .declare("inbound", |queue| queue.single_active_consumer = true)
        .await;
    publish(&*stage.broker, &queue, 0..3).await;
    // More often than the twenty deliveries after which some brokers would drop it.
    for round in 0..25 {
        let mut consumer = stage.broker.consume(&queue, 1).await.unwrap();
        let poison = take(&mut *consumer, 1).await;
        assert_eq!(numbers(&poison), [0], "round {round}");
        assert_eq!(poison[0].redelivered, round > 0, "round {round}");
        // It is handed out once to a consumer, not again and again.
        assert!(round > 0 || idle(&mut *consumer).await);
    }
    let mut consumer = stage.broker.consume(&queue, 10).await.unwrap();
    let taken = take(&mut *consumer, 3).await;
    assert_eq!(numbers(&taken), [0, 1, 2]);
    within(consumer.ack_through(taken[0].tag)).await.unwrap();
    drop(consumer);
    let mut consumer = stage.broker.consume(&queue, 10).await.unwrap();
    assert_eq!(
        numbers(&take(&mut *consumer, 2).await),
        [1, 2],
        "what was settled is gone"
    );
}

#[rstest]
#[case::rabbitmq(Engine::RabbitMq)]
#[case::embedded(Engine::Embedded)]
#[tokio::test(flavor = "multi_thread")]
async fn a_single_active_queue_serves_one_consumer_at_a_time(#[case] engine: Engine) {
    let stage = engine.stage().await;
    let queue = stage
        .declare("lane", |queue| queue.single_active_consumer = true)
        .await;
    let mut first = stage.broker.consume(&queue, 5).await.unwrap();
    let mut second = stage.broker.consume(&queue, 5).await.unwrap();
    publish(&*stage.broker, &queue, 0..20).await;
    let taken = take(&mut *first, 5).await;
    assert_eq!(numbers(&taken), [0, 1, 2, 3, 4]);
    assert!(idle(&mut *second).await, "the second waits its turn");
    within(first.ack_through(taken[1].tag)).await.unwrap();
    drop(first);
    assert_eq!(numbers(&take(&mut *second, 5).await), [2, 3, 4, 5, 6]);
}

#[rstest]
#[case::rabbitmq(Engine::RabbitMq)]
#[case::embedded(Engine::Embedded)]
#[tokio::test(flavor = "multi_thread")]
async fn competing_consumers_share_a_queue(#[case] engine: Engine) {
    const COUNT: usize = 3000;
    let stage = engine.stage().await;
    let queue = stage.declare("inbound", |_| {}).await;
    publish(&*stage.broker, &queue, 0..COUNT).await;
    let seen = Arc::new(std::sync::Mutex::new(Vec::new()));
    let mut workers = Vec::new();
    for worker in 0..4 {
        let (broker, queue, seen) = (stage.broker.clone(), queue.clone(), seen.clone());
        workers.push(tokio::spawn(async move {
            let mut rounds = 0;
            let mut consumer = broker.consume(&queue, 32).await.unwrap();
            loop {
                let batch = consumer.next_batch(16).await.unwrap();
                rounds += 1;
                if worker == 0 && rounds % 5 == 0 {
                    // This one keeps getting lost; the others take over what it had.
                    drop(consumer);
                    consumer = broker.consume(&queue, 32).await.unwrap();
                    continue;
                }
                consumer
                    .ack_through(batch[batch.len() - 1].tag)
                    .await
                    .unwrap();
                seen.lock().unwrap().extend(numbers(&batch));
            }
        }));
    }
    eventually("all were settled", async || {
        let distinct: HashSet<_> = seen.lock().unwrap().iter().copied().collect();
        distinct.len() == COUNT
    })
    .await;
    workers.iter().for_each(tokio::task::JoinHandle::abort);
    let mut all = seen.lock().unwrap().clone();
    all.sort_unstable();
    if matches!(engine, Engine::RabbitMq) {
        // The acknowledgement of a closing channel may get lost, which means redelivery.
        all.dedup();
    }
    assert_eq!(all, (0..COUNT).collect::<Vec<_>>());
}

#[rstest]
#[case::rabbitmq(Engine::RabbitMq)]
#[case::embedded(Engine::Embedded)]
#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_consumer_wakes_for_a_message(#[case] engine: Engine) {
    let stage = engine.stage().await;
    let queue = stage.declare("inbound", |_| {}).await;
    let mut consumer = stage.broker.consume(&queue, 10).await.unwrap();
    assert!(idle(&mut *consumer).await);
    for round in 0..20 {
        let (batch, ()) = tokio::join!(
            take(&mut *consumer, 1),
            publish(&*stage.broker, &queue, round..round + 1)
        );
        assert_eq!(numbers(&batch), [round]);
        within(consumer.ack_through(batch[0].tag)).await.unwrap();
    }
}
