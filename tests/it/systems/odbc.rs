//! Databases by ODBC: PostgreSQL, MariaDB and SQLite through unixODBC and the drivers of Debian, held to
//! what the transport promises without ODBC.

use std::time::Duration;

use rstest::rstest;
use tenon_core::{Entity, FailureKind};

use super::Joined;
use crate::connector::databases::{TestDatabase, by_odbc, mysql_database, postgres_database};
use crate::connector::sql::{Kind, database, failing, reading, writing};

const POSTGRES: Kind = Kind::Odbc(&Kind::Postgres);
const MARIADB: Kind = Kind::Odbc(&Kind::MySql);
const SQLITE: Kind = Kind::Odbc(&Kind::Sqlite);

/// The tests of the transport, by ODBC.
macro_rules! by_odbc {
    ($($room:ident::$name:ident),* $(,)?) => {$(
        #[rstest]
        #[tokio::test]
        async fn $name(#[values(POSTGRES, MARIADB, SQLITE)] kind: Kind) {
            $room::$name(kind).await;
        }
    )*};
}

by_odbc!(
    reading::a_source_keeps_its_contract,
    reading::a_change_comes_once,
    reading::rows_that_share_stamp_and_key_are_not_lost_between_pages,
    reading::a_row_without_a_stamp_comes_once,
    reading::numbers_and_queries_can_order_too,
    reading::a_wrong_clock_hides_nothing,
    writing::a_sink_keeps_its_contract,
    writing::numbers_and_texts_pass_exactly,
    writing::only_the_bad_message_fails,
    writing::an_upsert_changes_what_it_names_and_nothing_else,
    writing::lines_follow_their_record,
    writing::insert_only_inserts_once,
    failing::what_is_not_there_is_named,
    failing::who_lost_the_right_to_deliver_writes_nothing,
);

fn target(url: &str, more: &str) -> Joined {
    let text = format!(
        "name = 'erp'\nkind = 'custom'\npreset = 'sql'\nurl = '{url}'\n{more}\n[[deliver]]\n\
         entity = 'order'\nmapping = 'same.jq'\ntable = 'orders'\nkey = 'no'\n"
    );
    Joined::with_files(connector_custom::KIND, &text, &[("same.jq", ".")])
}

async fn deliver(joined: &Joined, payload: &str) -> Result<(), tenon_core::Failure> {
    let record = serde_json::from_str(payload).expect("JSON");
    joined.give(Entity::Order, &record, None).await.map(drop)
}

/// A row that another process inserts between our look and our insert is found, not refused.
#[tokio::test]
async fn a_row_from_elsewhere_at_the_same_moment_is_updated() {
    let database = by_odbc(postgres_database().await).await;
    database
        .run("create table orders (no varchar(40) primary key, qty int)")
        .await;
    let joined = target(database.url(), "");
    let TestDatabase::Postgres { pool, .. } = &database else {
        panic!("not PostgreSQL")
    };
    let mut other = pool.begin().await.unwrap();
    sqlx::raw_sql("insert into orders values ('1', 1)")
        .execute(&mut *other)
        .await
        .unwrap();
    let delivering = async { deliver(&joined, r#"{"no":"1","qty":2}"#).await };
    let committing = async {
        // Ours looks, finds nothing, inserts and waits for the other.
        let waiting = "select pid::text from pg_locks where not granted and locktype = 'transactionid' \
                       and pid in (select pid from pg_locks where relation = 'orders'::regclass)";
        while database.texts(waiting).await.is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        other.commit().await.unwrap();
    };
    let (delivered, ()) = tokio::join!(delivering, committing);
    delivered.unwrap();
    assert_eq!(database.texts("select qty::text from orders").await, ["2"]);
}

/// The row is locked by another for longer than we wait: the message may go later, and the place of
/// the connection that waits is not taken twice.
#[rstest]
#[tokio::test]
async fn a_lock_that_is_held_is_transient_and_leaves_no_trace(
    #[values(POSTGRES, MARIADB)] kind: Kind,
) {
    let database = database(kind).await;
    database
        .run("create table orders (no varchar(40) primary key, qty int)")
        .await;
    database.run("insert into orders values ('1', 1)").await;
    let joined = target(database.url(), "timeout = '1s'\nconnections = 1");
    let lock = "update orders set qty = 5 where no = '1'";
    let failure = match &database {
        TestDatabase::Postgres { pool, .. } => {
            let mut other = pool.begin().await.unwrap();
            sqlx::raw_sql(lock).execute(&mut *other).await.unwrap();
            let failure = deliver(&joined, r#"{"no":"1","qty":2}"#).await;
            other.rollback().await.unwrap();
            failure
        }
        TestDatabase::MySql { pool, .. } => {
            let mut other = pool.begin().await.unwrap();
            sqlx::raw_sql(lock).execute(&mut *other).await.unwrap();
            let failure = deliver(&joined, r#"{"no":"1","qty":2}"#).await;
            other.rollback().await.unwrap();
            failure
        }
        TestDatabase::Sqlite { .. } => panic!("not a server"),
    };
    let failure = failure.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Transient, "{failure}");
    let delivered = async {
        while let Err(failure) = deliver(&joined, r#"{"no":"1","qty":3}"#).await {
            assert_eq!(failure.kind, FailureKind::Transient, "{failure}");
        }
    };
    tokio::time::timeout(Duration::from_secs(20), delivered)
        .await
        .expect("the only connection is free again");
    let rows = match kind {
        POSTGRES => "select qty::text from orders",
        _ => "select cast(qty as char) from orders",
    };
    assert_eq!(database.texts(rows).await, ["3"]);
}

#[tokio::test]
async fn a_key_that_is_not_unique_is_a_configuration_failure() {
    let database = by_odbc(mysql_database().await).await;
    database
        .run("create table orders (no varchar(40), qty int)")
        .await;
    database
        .run("insert into orders values ('1', 1), ('1', 2)")
        .await;
    let joined = target(database.url(), "");
    let failure = deliver(&joined, r#"{"no":"1","qty":3}"#).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Configuration, "{failure}");
    assert!(failure.detail.contains("make it unique"), "{failure}");
    let rows = "select cast(qty as char) from orders order by qty";
    assert_eq!(database.texts(rows).await, ["1", "2"]);
}

/// SQL Server's driver is here (FreeTDS), a server is not: what is away is waited for.
#[tokio::test]
async fn a_server_that_is_away_is_waited_for() {
    for url in [
        "odbc:Driver={PostgreSQL Unicode};Server=127.0.0.1;Port=1;Database=x;UID=hub",
        "odbc:Driver={MariaDB Unicode};Server=127.0.0.1;Port=1;Database=x;UID=hub",
        "odbc:Driver={FreeTDS};Server=127.0.0.1;Port=1;TDS_Version=7.4;UID=hub;PWD=${command:echo x}",
    ] {
        let joined = target(url, "timeout = '10s'");
        let failure = deliver(&joined, r#"{"no":"1"}"#).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Transient, "{url}: {failure}");
        assert!(failure.detail.contains("cannot connect"), "{failure}");
    }
}

#[tokio::test]
async fn a_driver_or_source_that_is_not_there_is_a_configuration_failure() {
    for url in ["odbc:Driver={No Such Driver}", "odbc:DSN=no such source"] {
        let failure = deliver(&target(url, ""), r#"{"no":"1"}"#)
            .await
            .unwrap_err();
        assert_eq!(failure.kind, FailureKind::Configuration, "{failure}");
        assert!(failure.detail.contains("odbcinst"), "{failure}");
    }
}
