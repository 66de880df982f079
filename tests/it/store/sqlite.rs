//! What only a file can do: find the disk full.

use std::time::Duration;

use bytes::Bytes;
use sqlx::{AssertSqlSafe, SqlitePool};
use tenon_core::Timestamp;
use tenon_store::{Outcome, Sqlite, Store, open_sqlite};

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
    let took = |number: u32| Outcome {
        sent: Some(Bytes::from_static(b"{}")),
        ..delivered(&order(number), &number.to_string())
    };
    house.settle(vec![took(1), took(2500)], Vec::new()).await;
    house
        .sql("update journal set journaled_at = 1 where position <= 2100")
        .await;
    // What was sent goes by its own time.
    let forgotten = order(1).attributes.id;
    house.sql("update sent set at = 1 where rowid = 1").await;
    assert_eq!(house.store.sent(forgotten).await.unwrap().len(), 1);
    let before = Timestamp::from_microsecond(1_000_000).unwrap();
    assert_eq!(house.store.forget(before).await.unwrap(), 2100);
    for table in [
        "select count(*) from journal",
        "select count(*) from payload",
    ] {
        assert_eq!(house.number(table).await, 400, "{table}");
    }
    assert_eq!(house.number("select count(*) from delivery").await, 1);
    assert_eq!(house.number("select count(*) from sent").await, 1);
    assert_eq!(house.store.sent(forgotten).await.unwrap(), []);
    assert_eq!(house.store.forget(before).await.unwrap(), 0);
    assert!(house.store.commit(orders([1])).await.is_err());
    assert_counted(&house).await;
}

#[tokio::test]
async fn the_planner_knows_every_index_of_the_figures() {
    let file = sqlite_file();
    let (writer, reader) = open_sqlite(&file.path()).await.unwrap();
    let store = Sqlite::open(writer.clone(), reader.clone());
    store.migrate().await.unwrap();
    // What somebody counted does not stand against what is told.
    sqlx::raw_sql(
        "analyze; insert into sqlite_stat1 values ('insight_month', 'insight_month_sums', '1 1')",
    )
    .execute(&writer)
    .await
    .unwrap();
    store.migrate().await.unwrap();
    let mut watching = reader.acquire().await.unwrap();
    let mut written = async || -> i64 {
        let version = sqlx::query_scalar("pragma data_version");
        version.fetch_one(&mut *watching).await.unwrap()
    };
    let before = written().await;
    store.migrate().await.unwrap();
    assert_eq!(
        written().await,
        before,
        "what is known is not written again"
    );
    drop(watching);
    let indexes: Vec<String> = sqlx::query_scalar(
        "select name from sqlite_master where type = 'index' and tbl_name like 'insight%' order by name",
    )
    .fetch_all(&reader)
    .await
    .unwrap();
    let known: Vec<String> =
        sqlx::query_scalar("select idx from sqlite_stat1 where tbl like 'insight%' order by idx")
            .fetch_all(&reader)
            .await
            .unwrap();
    assert_eq!(known, indexes);
    for table in ["insight_month", "insight_product_month"] {
        let question = format!(
            "explain query plan select sum(t.currency) from {table} t where t.generation = 1 and t.party = 'x'"
        );
        let plan: Vec<(i64, i64, i64, String)> = sqlx::query_as(AssertSqlSafe(question))
            .fetch_all(&reader)
            .await
            .unwrap();
        assert!(plan[0].3.contains("party=?"), "{plan:?}");
    }
}
