//! Polling tables: nothing is missed, nothing comes twice.

use std::sync::Arc;

use rstest::rstest;
use tenon_connector::conformance::{self, SourceUnderTest};
use tenon_core::{FailureKind, NativeBody};

use super::{Kind, at, database, insert, orders, orders_table};
use crate::connector::databases::{TestDatabase, postgres_database, sqlite_database};
use crate::connector::{drain, join};

#[rstest]
#[tokio::test]
pub(crate) async fn a_source_keeps_its_contract(
    #[values(Kind::Postgres, Kind::MySql, Kind::Sqlite)] kind: Kind,
) {
    let fresh = || async move {
        let database = Arc::new(database(kind).await);
        orders_table(kind, &database).await;
        let mut rows = Vec::new();
        let mut expected = Vec::new();
        for number in 0..600_u32 {
            // Several rows share a stamp, so that the key decides.
            rows.push(format!("('SO-{number:04}', {}, {number})", at(number / 50)));
            expected.push(format!("SO-{number:04}"));
        }
        database
            .run(&format!("insert into orders values {}", rows.join(",")))
            .await;
        let joined = orders(&database, "page = 100\n");
        Ok(SourceUnderTest {
            expected,
            open: Box::new(move |checkpoint| {
                let (joined, database) = (joined.clone(), database.clone());
                Box::pin(async move {
                    let _alive = &database;
                    let inlet = &joined.system.inlets[0];
                    joined.system.transport.open_source(inlet, checkpoint).await
                })
            }),
        })
    };
    conformance::source(fresh).await.unwrap();
}

/// A transaction that began earlier and commits later is found, and nothing comes twice.
#[tokio::test]
async fn a_transaction_that_commits_late_is_not_missed() {
    let database = postgres_database().await;
    database
        .run("create table orders (no varchar(40) primary key, changed timestamptz default now(), qty int)")
        .await;
    let joined = orders(&database, "");
    let mut source = joined.source(None).await;
    let TestDatabase::Postgres { pool, .. } = &database else {
        panic!("not PostgreSQL")
    };
    let mut slow = pool.begin().await.unwrap();
    sqlx::raw_sql("insert into orders (no) values ('SLOW')")
        .execute(&mut *slow)
        .await
        .unwrap();
    database
        .run("insert into orders (no) values ('FAST')")
        .await;
    let stamps = "select changed::text from orders";
    assert_eq!(database.texts(stamps).await.len(), 1);

    let (found, checkpoint) = drain(source.as_mut()).await;
    assert_eq!(found, ["FAST"]);
    slow.commit().await.unwrap();
    let order = database
        .texts("select no from orders order by changed")
        .await;
    assert_eq!(
        order,
        ["SLOW", "FAST"],
        "the late one must carry the earlier stamp"
    );

    // As well after a restart as without one.
    let mut restarted = joined.source(checkpoint).await;
    // The pass that was under way is brought to its end first.
    assert_eq!(drain(restarted.as_mut()).await.0, [""; 0]);
    assert_eq!(drain(restarted.as_mut()).await.0, ["SLOW"]);
    assert_eq!(drain(restarted.as_mut()).await.0, [""; 0]);
    assert_eq!(drain(source.as_mut()).await.0, ["SLOW"]);
    assert_eq!(drain(source.as_mut()).await.0, [""; 0]);
}

#[rstest]
#[tokio::test]
pub(crate) async fn a_change_comes_once(
    #[values(Kind::Postgres, Kind::MySql, Kind::Sqlite)] kind: Kind,
) {
    let database = database(kind).await;
    orders_table(kind, &database).await;
    for second in 0..5 {
        insert(&database, &format!("SO-{second}"), &at(second), 1).await;
    }
    let joined = orders(&database, "page = 2\n");
    let mut source = joined.source(None).await;
    let (found, checkpoint) = drain(source.as_mut()).await;
    assert_eq!(found, ["SO-0", "SO-1", "SO-2", "SO-3", "SO-4"]);
    assert_eq!(drain(source.as_mut()).await.0, [""; 0]);
    let changed = at(90);
    database
        .run(&format!(
            "update orders set qty = 2, changed = {changed} where no = 'SO-1'"
        ))
        .await;
    // Within the overlap, and with the stamp of a row that was handed over.
    insert(&database, "SO-5", &at(4), 1).await;
    assert_eq!(drain(source.as_mut()).await.0, ["SO-5", "SO-1"]);
    assert_eq!(drain(source.as_mut()).await.0, [""; 0]);
    let mut restarted = joined.source(checkpoint).await;
    assert_eq!(drain(restarted.as_mut()).await.0, ["SO-5", "SO-1"]);
}

#[rstest]
#[tokio::test]
pub(crate) async fn rows_that_share_stamp_and_key_are_not_lost_between_pages(
    #[values(Kind::Postgres, Kind::MySql, Kind::Sqlite)] kind: Kind,
) {
    let database = database(kind).await;
    let moment = kind.moment();
    database
        .run(&format!(
            "create table orders (no varchar(40), changed {moment}, qty int)"
        ))
        .await;
    for (no, qty) in [("A", 1), ("B", 2), ("B", 3), ("C", 4)] {
        insert(&database, no, &at(1), qty).await;
    }
    let joined = orders(&database, "page = 2\n");
    let mut source = joined.source(None).await;
    assert_eq!(drain(source.as_mut()).await.0, ["A", "B", "B", "C"]);
    // More of one place than a page holds cannot be read in order; that is said, not passed over.
    for qty in 5..9 {
        insert(&database, "D", &at(2), qty).await;
    }
    let failure = loop {
        match source.receive().await {
            Ok(Some(_)) => source.settle().await.unwrap(),
            Ok(None) => panic!("rows were passed over"),
            Err(failure) => break failure,
        }
    };
    assert_eq!(failure.kind, FailureKind::Configuration);
    assert!(failure.detail.contains("key_column"), "{failure}");
}

#[rstest]
#[tokio::test]
pub(crate) async fn a_row_without_a_stamp_comes_once(
    #[values(Kind::Postgres, Kind::MySql, Kind::Sqlite)] kind: Kind,
) {
    let database = database(kind).await;
    orders_table(kind, &database).await;
    insert(&database, "NEVER", "null", 1).await;
    insert(&database, "SO-1", &at(1), 1).await;
    let joined = orders(&database, "");
    let mut source = joined.source(None).await;
    let (found, checkpoint) = drain(source.as_mut()).await;
    assert_eq!(found, ["NEVER", "SO-1"]);
    database
        .run("update orders set qty = 2 where no = 'NEVER'")
        .await;
    assert_eq!(drain(source.as_mut()).await.0, [""; 0]);
    let mut restarted = joined.source(checkpoint).await;
    assert_eq!(drain(restarted.as_mut()).await.0, [""; 0]);
    database
        .run(&format!(
            "update orders set changed = {} where no = 'NEVER'",
            at(2)
        ))
        .await;
    assert_eq!(drain(restarted.as_mut()).await.0, ["NEVER"]);
}

#[rstest]
#[tokio::test]
pub(crate) async fn numbers_and_queries_can_order_too(
    #[values(Kind::Postgres, Kind::MySql, Kind::Sqlite)] kind: Kind,
) {
    let database = database(kind).await;
    database
        .run("create table moves (id bigint primary key, item varchar(20), hidden int)")
        .await;
    database
        .run("insert into moves values (9, 'a', 0), (10, 'b', 0), (11, 'c', 1)")
        .await;
    let joined = join(
        "sql",
        &format!(
            "url = '{}'\n[[receive]]\nentity = 'item'\nkey = 'item'\nkey_column = 'id'\n\
             mapping = 'same.jq'\nchanged = 'id'\n\
             query = \"select id, item from moves where hidden = 0 -- visible;\"\n",
            database.url()
        ),
    );
    let mut source = joined.source(None).await;
    assert_eq!(drain(source.as_mut()).await.0, ["a", "b"]);
    database.run("insert into moves values (100, 'd', 0)").await;
    assert_eq!(drain(source.as_mut()).await.0, ["d"]);
    assert_eq!(drain(source.as_mut()).await.0, [""; 0]);
}

/// A stamp far in the future is handed over, and does not hide what comes after it.
#[rstest]
#[tokio::test]
pub(crate) async fn a_wrong_clock_hides_nothing(
    #[values(Kind::Postgres, Kind::MySql, Kind::Sqlite)] kind: Kind,
) {
    let database = database(kind).await;
    orders_table(kind, &database).await;
    insert(&database, "FUTURE", "'2099-01-01 00:00:00'", 1).await;
    let joined = orders(&database, "");
    let mut source = joined.source(None).await;
    assert_eq!(drain(source.as_mut()).await.0, ["FUTURE"]);
    insert(&database, "SO-1", &at(1), 1).await;
    assert_eq!(drain(source.as_mut()).await.0, ["SO-1"]);
    assert_eq!(drain(source.as_mut()).await.0, [""; 0]);
}

/// What has no key comes as a record that cannot be decoded, so that a person sees it.
#[tokio::test]
async fn a_row_without_a_key_is_not_lost() {
    let database = sqlite_database().await;
    database
        .run("create table orders (no text, changed text)")
        .await;
    database
        .run(&format!(
            "insert into orders values (null, {}), ('1', {})",
            at(1),
            at(1)
        ))
        .await;
    let joined = orders(&database, "");
    let mut source = joined.source(None).await;
    let received = source.receive().await.unwrap().unwrap();
    assert!(matches!(
        received.messages[0].body.body,
        NativeBody::Undecodable { .. }
    ));
    source.settle().await.unwrap();
    assert_eq!(drain(source.as_mut()).await.0, ["1"]);
    assert_eq!(drain(source.as_mut()).await.0, [""; 0]);
}
