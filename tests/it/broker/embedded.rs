//! What only the embedded engine can show: its file, its group commit, its neighbours.

use tenon_broker::{Broker, BrokerError, Embedded};

use super::{numbered, numbers, open, plain, pool, publish, take, within};
use crate::servers::sqlite_file;

/// The file as a killed process leaves it: what was written, nothing tidied up.
fn killed(from: &std::path::Path, to: &std::path::Path) {
    for suffix in ["", "-wal"] {
        let name = |path: &std::path::Path| format!("{}{suffix}", path.display());
        std::fs::copy(name(from), name(to)).expect("the file and its write-ahead log are there");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_confirmed_survives_a_killed_process() {
    let (file, copy) = (sqlite_file(), sqlite_file());
    let broker = open(&file.path()).await;
    broker
        .declare(&[plain("inbound"), plain("deliver.erp")])
        .await
        .unwrap();
    publish(&broker, "inbound", 0..300).await;
    publish(&broker, "deliver.erp", 0..10).await;
    let mut consumer = broker.consume("inbound", 50).await.unwrap();
    let taken = take(&mut *consumer, 50).await;
    within(consumer.ack_through(taken[19].tag)).await.unwrap();
    killed(&file.path(), &copy.path());

    let again = open(&copy.path()).await;
    again
        .declare(&[plain("inbound"), plain("deliver.erp")])
        .await
        .unwrap();
    assert_eq!(again.depth("inbound").await, Ok(280));
    let mut consumer = again.consume("inbound", 300).await.unwrap();
    let deliveries = take(&mut *consumer, 280).await;
    assert_eq!(numbers(&deliveries), (20..300).collect::<Vec<_>>());
    assert!(
        deliveries[..30].iter().all(|delivery| delivery.redelivered),
        "handed out before"
    );
    assert!(
        deliveries[30..]
            .iter()
            .all(|delivery| !delivery.redelivered),
        "never handed out"
    );

    let mut consumer = again.consume("deliver.erp", 20).await.unwrap();
    assert!(
        take(&mut *consumer, 10)
            .await
            .iter()
            .all(|delivery| !delivery.redelivered)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_is_never_given_twice() {
    let file = sqlite_file();
    for round in 0..3 {
        let broker = open(&file.path()).await;
        broker.declare(&[plain("inbound")]).await.unwrap();
        publish(&broker, "inbound", 0..5).await;
        let mut consumer = broker.consume("inbound", 10).await.unwrap();
        let taken = take(&mut *consumer, 5).await;
        // The queue is emptied each time; new messages must not look like old ones.
        assert!(
            taken.iter().all(|delivery| !delivery.redelivered),
            "round {round}"
        );
        within(consumer.ack_through(taken[4].tag)).await.unwrap();
        within(broker.close()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_requests_share_a_commit() {
    const CALLERS: usize = 400;
    let file = sqlite_file();
    let broker = open(&file.path()).await;
    broker.declare(&[plain("inbound")]).await.unwrap();
    let before = broker.commits();
    let calls: Vec<_> = (0..CALLERS)
        .map(|caller| {
            let broker = broker.clone();
            tokio::spawn(async move { broker.publish(vec![numbered("inbound", caller)]).await })
        })
        .collect();
    for call in calls {
        assert_eq!(within(call).await.unwrap(), [Ok(())]);
    }
    let commits = broker.commits() - before;
    assert!(
        commits < CALLERS as u64 / 4,
        "{commits} commits for {CALLERS} callers"
    );
    assert_eq!(broker.depth("inbound").await, Ok(CALLERS as u64));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_process_may_publish_into_the_same_file() {
    let file = sqlite_file();
    let hub = open(&file.path()).await;
    hub.declare(&[plain("inbound")]).await.unwrap();
    let mut consumer = hub.consume("inbound", 50).await.unwrap();
    let command = open(&file.path()).await;
    for round in 0..5 {
        let start = round * 20;
        publish(&command, "inbound", start..start + 10).await;
        publish(&hub, "inbound", start + 10..start + 20).await;
        let taken = take(&mut *consumer, 20).await;
        assert_eq!(numbers(&taken), (start..start + 20).collect::<Vec<_>>());
        within(consumer.ack_through(taken[19].tag)).await.unwrap();
    }
    assert_eq!(command.depth("inbound").await, Ok(0));
    // A queue that the other declared is known here, too.
    command.declare(&[plain("deliver.erp")]).await.unwrap();
    publish(&hub, "deliver.erp", 0..1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn once_a_batch_is_refused_nothing_overtakes() {
    let file = sqlite_file();
    let broker = open(&file.path()).await;
    let mut queue = plain("inbound");
    queue.max_length = Some(3);
    broker
        .declare(&[queue, plain("deliver.erp")])
        .await
        .unwrap();
    let batch = (0..6).map(|number| numbered("inbound", number));
    let batch = batch.chain([numbered("deliver.erp", 6)]).collect();
    let outcomes = within(broker.publish(batch)).await;
    assert_eq!(outcomes[..3], [Ok(()), Ok(()), Ok(())]);
    assert!(
        outcomes[3..6]
            .iter()
            .all(|outcome| matches!(outcome, Err(BrokerError::Full(_))))
    );
    assert_eq!(outcomes[6], Ok(()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_does_not_sync_is_refused() {
    let file = sqlite_file();
    let options = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(file.path())
        .create_if_missing(true)
        .synchronous(sqlx::sqlite::SqliteSynchronous::Normal);
    let writer = sqlx::SqlitePool::connect_with(options).await.unwrap();
    let error = Embedded::open(writer, pool(&file.path(), 1).await)
        .await
        .unwrap_err();
    assert!(matches!(&error, BrokerError::Refused(text) if text.contains("synchronous")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_queue_is_drained_by_short_reads() {
    // Far more than prefetch, so that the consumer reads on many times behind its own deletions.
    const COUNT: usize = 40_000;
    let file = sqlite_file();
    let broker = open(&file.path()).await;
    broker.declare(&[plain("inbound")]).await.unwrap();
    for start in (0..COUNT).step_by(4000) {
        publish(&broker, "inbound", start..start + 4000).await;
    }
    let mut consumer = broker.consume("inbound", 512).await.unwrap();
    let mut next = 0;
    while next < COUNT {
        let batch = within(consumer.next_batch(512)).await.unwrap();
        assert!(batch.len() <= 512);
        assert_eq!(
            numbers(&batch),
            (next..next + batch.len()).collect::<Vec<_>>()
        );
        within(consumer.ack_through(batch[batch.len() - 1].tag))
            .await
            .unwrap();
        next += batch.len();
    }
    assert_eq!(broker.depth("inbound").await, Ok(0));
}
