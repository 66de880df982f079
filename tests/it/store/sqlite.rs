//! What only a file can do: find the disk full.

use std::time::Duration;

use sqlx::{AssertSqlSafe, SqlitePool};
use tenon_core::Timestamp;
use tenon_store::{Sqlite, Store, open_sqlite};

use super::fixtures::{House, delivered, order, orders};
use super::reading::assert_counted;
use crate::servers::sqlite_file;

/// Lets the file of the writing connection grow by so many pages at most.
async fn leave_room(writer: &SqlitePool, pages: i64) {
    let used: i64 = sqlx::query_scalar("pragma page_count")
        .fetch_one(writer)
        .await
        .unwrap();
    let limit = format!("pragma max_page_count = {}", used + pages);
    sqlx::query(AssertSqlSafe(limit))
        .execute(writer)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_full_disk_is_no_end() {
    let file = sqlite_file();
    let (writer, reader) = open_sqlite(&file.path()).await.unwrap();
    let store = Sqlite::open(writer.clone(), reader);
    store.migrate().await.unwrap();
    leave_room(&writer, 4).await;
    store.commit(orders(1..=500)).await.unwrap_err();
    // Room again: a person made some, or the connection that was told of the limit is gone.
    let begun = tokio::time::timeout(Duration::from_secs(30), leave_room(&writer, 1_000_000));
    begun.await.expect("the file can be written to");
    store.commit(orders(1..=500)).await.unwrap();
    assert_eq!(store.dashboard().await.unwrap().messages["routed"], 500);
}

#[tokio::test]
async fn what_is_old_is_forgotten_in_portions() {
    let house = House::sqlite().await;
    house.store.commit(orders(1..=2500)).await.unwrap();
    house
        .settle(
            vec![delivered(&order(1), "1"), delivered(&order(2500), "2500")],
            Vec::new(),
        )
        .await;
    house
        .sql("update journal set journaled_at = 1 where position <= 2100")
        .await;
    let before = Timestamp::from_microsecond(1_000_000).unwrap();
    assert_eq!(house.store.forget(before).await.unwrap(), 2100);
    for table in [
        "select count(*) from journal",
        "select count(*) from payload",
    ] {
        assert_eq!(house.number(table).await, 400, "{table}");
    }
    assert_eq!(house.number("select count(*) from delivery").await, 1);
    assert_eq!(house.store.forget(before).await.unwrap(), 0);
    assert!(house.store.commit(orders([1])).await.is_err());
    assert_counted(&house).await;
}
