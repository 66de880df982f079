//! What only a server can do: refuse, go away and come back; and its partitions.

use std::time::Duration;

use sqlx::{Connection, PgConnection};
use tenon_core::MessageId;
use tenon_store::{Postgres, PostgresOptions, Store, StoreError};

use super::fixtures::{House, orders};
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
