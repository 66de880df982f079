//! What only a server can do: refuse, go away and come back; and its partitions.

use std::time::Duration;

use bytes::Bytes;
use sqlx::{Connection, PgConnection};
use tenon_core::MessageId;
use tenon_store::{Outcome, Postgres, PostgresOptions, Store, StoreError};

use super::fixtures::{House, delivered, order, orders};
use super::reading::assert_counted;
use crate::servers::{postgres_schema, postgres_url};

async fn refusal(url: &str) -> StoreError {
    let options = PostgresOptions {
        acquire_timeout: Duration::from_millis(500),
        ..PostgresOptions::default()
    };
    match Postgres::connect(url, options).await {
        Ok(_) => panic!("{url} connects"),
        Err(error) => error,
    }
}

#[tokio::test]
async fn who_cannot_connect_is_told_why() {
    // A port on which nobody listens.
    let silent = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let error = refusal(&format!("postgres://hub@{silent}/hub")).await;
    assert!(matches!(error, StoreError::Unavailable(_)), "{error}");

    let url = postgres_url();
    let (server, _) = url.rsplit_once('/').unwrap();
    let error = refusal(&format!("{server}/no_such_database")).await;
    assert!(
        matches!(&error, StoreError::Refused(words) if words.contains("no_such_database")),
        "{error}"
    );

    let error = refusal("not a url").await;
    assert!(matches!(error, StoreError::Refused(_)), "{error}");
}

#[tokio::test]
async fn months_are_partitioned_ahead_of_time() {
    let house = House::postgres().await;
    let months = "select count(*) from pg_inherits
        where inhparent = 'journal'::regclass and inhrelid::regclass::text ~ '^journal_[0-9]{4}_[0-9]{2}$'";
    assert_eq!(house.number(months).await, 3);
    house.store.commit(orders(1..=10)).await.unwrap();
    assert_eq!(
        house
            .number("select count(*) from only journal_default")
            .await,
        0
    );
    assert_eq!(
        house
            .number("select count(*) from only payload_default")
            .await,
        0
    );
    // What no month covers is caught, and found like the rest.
    let now = jiff::Timestamp::now().strftime("%Y_%m").to_string();
    for table in ["journal", "payload"] {
        let statement: &'static str = format!("drop table {table}_{now}").leak();
        house.sql(statement).await;
    }
    house.store.commit(orders(11..=12)).await.unwrap();
    assert_eq!(
        house
            .number("select count(*) from only journal_default")
            .await,
        2
    );
    // The month stays there: a partition cannot take over rows that stand elsewhere.
    house.another_node().await.migrate().await.unwrap();
    house.store.commit(orders(13..=13)).await.unwrap();
    assert_eq!(
        house
            .number("select count(*) from only journal_default")
            .await,
        3
    );
    assert_eq!(
        house
            .store
            .messages(&Default::default(), None, 10)
            .await
            .unwrap()
            .len(),
        3
    );
}

#[tokio::test]
async fn a_cut_connection_is_made_anew() {
    let schema = postgres_schema();
    let session = format!("tenon-{}", MessageId::generate());
    let url = format!("{}&application_name={session}", schema.url());
    let options = PostgresOptions {
        max_connections: 3,
        ..PostgresOptions::default()
    };
    let store = Postgres::connect(&url, options).await.unwrap();
    store.migrate().await.unwrap();
    store.commit(orders(1..=1)).await.unwrap();
    // As a server does that restarts: it ends every session of this store.
    let mut other = PgConnection::connect(&postgres_url()).await.unwrap();
    let ended: i64 = sqlx::query_scalar(
        "select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = $1",
    )
    .bind(&session)
    .fetch_one(&mut other)
    .await
    .unwrap();
    assert!(ended >= 1);
    // Each of the connections that were cut may cost one call; then there are new ones.
    let mut refused = 0;
    while let Err(error) = store.commit(orders(2..=2)).await {
        assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
        refused += 1;
        assert!(refused <= 3, "{error}");
    }
    assert_eq!(
        store
            .messages(&Default::default(), None, 10)
            .await
            .unwrap()
            .len(),
        2
    );
}

#[tokio::test]
async fn a_claim_is_lost_with_its_session() {
    let house = House::postgres().await;
    let other = house.another_node().await;
    let claim = house.store.claim("books/deliver").await.unwrap().unwrap();
    assert!(other.claim("books/deliver").await.unwrap().is_none());
    let ended = "select count(pg_terminate_backend(pid)) from pg_locks \
        where locktype = 'advisory' and granted and mode = 'ExclusiveLock' \
        and (classid::bigint << 32 | objid::bigint) = \
            hashtextextended(current_schema() || '/claim/books/deliver', 7603)";
    assert_eq!(house.number(ended).await, 1);
    let taken = loop {
        match other.claim("books/deliver").await.unwrap() {
            Some(taken) => break taken,
            None => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    };
    // Who had it finds out before the next step, and stands in line like everybody.
    loop {
        match claim.holds().await {
            false => break,
            true => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
    assert!(taken.holds().await);
    assert!(house.store.claim("books/deliver").await.unwrap().is_none());
}

#[tokio::test]
async fn what_is_old_is_forgotten_without_waiting_for_who_reads_it() {
    let house = House::postgres().await;
    house.store.commit(orders(1..=10)).await.unwrap();
    let took = |number: u32| Outcome {
        sent: Some(Bytes::from_static(b"{}")),
        ..delivered(&order(number), &number.to_string())
    };
    house
        .settle(vec![took(1), took(5), took(9)], Vec::new())
        .await;
    // A month that is over, and rows of another that had none.
    for statement in [
        "create table journal_2024_01 partition of journal
            for values from ('2024-01-01 00:00:00+00') to ('2024-02-01 00:00:00+00')",
        "create table payload_2024_01 partition of payload
            for values from ('2024-01-01 00:00:00+00') to ('2024-02-01 00:00:00+00')",
        "create table sent_2024_01 partition of sent
            for values from ('2024-01-01 00:00:00+00') to ('2024-02-01 00:00:00+00')",
        "update journal set journaled_at = '2024-01-15 00:00:00+00'
            where position in (select position from journal order by position limit 4)",
        "update payload set journaled_at = '2024-01-15 00:00:00+00'
            where position in (select position from payload order by position limit 4)",
        "update journal set journaled_at = '2024-03-15 00:00:00+00'
            where position in (select position from journal order by position offset 4 limit 2)",
        "update delivery set at = '2024-01-15 12:34:56+00'
            where message_id in (select message_id from journal_2024_01)",
        "update sent set at = '2024-01-15 12:34:56+00'
            where message_id in (select message_id from journal_2024_01)",
        "update delivery set at = '2024-03-15 12:34:56+00'
            where message_id in (select message_id from journal_default)",
        "update sent set at = '2024-03-15 12:34:56+00'
            where message_id in (select message_id from journal_default)",
    ] {
        house.sql(statement).await;
    }
    let there = "select count(*) from pg_class where relname = 'journal_2024_01'
        and relnamespace = current_schema()::regnamespace";
    let before = "2024-06-01T00:00:00Z".parse().unwrap();

    let store = house.store.clone();
    let mut connection = house.connection().await;
    let mut reading = connection.begin().await.unwrap();
    let count: i64 = sqlx::query_scalar("select count(*) from journal_2024_01")
        .fetch_one(&mut *reading)
        .await
        .unwrap();
    assert_eq!(count, 4);
    store.forget(before).await.unwrap();
    assert_eq!(house.number(there).await, 1, "who reads is not disturbed");
    assert_eq!(
        house.number("select count(*) from journal_default").await,
        0
    );
    reading.rollback().await.unwrap();

    store.forget(before).await.unwrap();
    assert_eq!(house.number(there).await, 0);
    assert_eq!(house.number("select count(*) from journal").await, 4);
    assert_eq!(house.number("select count(*) from payload").await, 6);
    assert_eq!(house.number("select count(*) from sent").await, 1);
    assert_eq!(house.number("select count(*) from delivery").await, 1);
    // The months of now are not touched by a time in the past.
    assert_eq!(store.forget(before).await.unwrap(), 0);
    // What is forgotten is still recognised, and not counted.
    assert!(store.commit(orders([1])).await.is_err());
    assert_counted(&house).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tallies_are_added_up_beside_who_writes() {
    let house = House::postgres().await;
    let writing = async {
        for number in (1..=200).step_by(2) {
            house
                .store
                .commit(orders(number..number + 2))
                .await
                .unwrap();
            let outcome = delivered(&order(number), &number.to_string());
            house.settle(vec![outcome], Vec::new()).await;
        }
    };
    let adding_up = async {
        let mut connection = house.connection().await;
        loop {
            let added = sqlx::query("select add_tallies_up()").execute(&mut connection);
            added.await.unwrap();
        }
    };
    tokio::select! {
        () = writing => {}
        () = adding_up => {}
    }
    assert_counted(&house).await;
    house.sql("select add_tallies_up()").await;
    // Messages, deliveries, links of two systems.
    assert_eq!(house.number("select count(*) from tally").await, 4);
    assert_counted(&house).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_that_commits_late_is_not_passed_by() {
    let house = House::postgres().await;
    let insight = house.store.insight();
    // As a writer does that has drawn its positions and stands still before it commits.
    let mut late = house.connection().await;
    for statement in [
        "begin",
        "select pg_advisory_xact_lock_shared(7601, hashtext(current_schema()))",
        "select nextval('journal_position')",
    ] {
        sqlx::Executor::execute(&mut late, statement).await.unwrap();
    }
    house.store.commit(orders(1..=2)).await.unwrap();
    let page = insight.journaled(0, 10).await.unwrap();
    assert_eq!((page.entries.len(), page.through), (0, 0));
    sqlx::Executor::execute(&mut late, "commit").await.unwrap();
    let page = insight.journaled(0, 10).await.unwrap();
    assert_eq!((page.entries.len(), page.through), (2, 3));
}

/// As docs/insight.md tells an administrator to do it.
#[tokio::test]
async fn a_tool_that_may_read_the_views_may_read_nothing_else() {
    let schema = postgres_schema();
    let store = Postgres::connect(&schema.url(), PostgresOptions::default())
        .await
        .unwrap();
    store.migrate().await.unwrap();
    let mut connection = PgConnection::connect(&schema.url()).await.unwrap();
    let own: String = sqlx::query_scalar("select current_schema()::text")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    let role = format!("bi_{own}");
    let views = "bi_customer, bi_order, bi_document, bi_month, bi_product, bi_stock, bi_sell_out, \
                 bi_sell_out_unit";
    let run = async |connection: &mut PgConnection, statement: String| {
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement))
            .execute(connection)
            .await
    };
    for statement in [
        format!("create role {role}"),
        format!("grant usage on schema {own} to {role}"),
        format!("grant select on {views} to {role}"),
        format!("set role {role}"),
    ] {
        run(&mut connection, statement).await.unwrap();
    }
    let mut answers = Vec::new();
    for what in [
        "bi_order",
        "bi_customer",
        "insight_customer",
        "golden",
        "journal",
    ] {
        let read = run(&mut connection, format!("select * from {what}")).await;
        answers.push((what, read.is_ok()));
    }
    for statement in [
        "reset role".to_owned(),
        format!("drop owned by {role}"),
        format!("drop role {role}"),
    ] {
        run(&mut connection, statement).await.unwrap();
    }
    let expected = [
        ("bi_order", true),
        ("bi_customer", true),
        ("insight_customer", false),
        ("golden", false),
        ("journal", false),
    ];
    assert_eq!(answers, expected);
}
