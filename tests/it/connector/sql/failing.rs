//! What goes wrong, and what kind of failure it is.

use rstest::rstest;
use tenon_connector::Sole;
use tenon_core::FailureKind;

use super::{Kind, database, orders, target};
use crate::connector::databases::{TestDatabase, mysql_url, postgres_database};
use crate::connector::{deliver_one, join, outbound, refused_without_permit, try_join};

#[rstest]
#[tokio::test]
async fn a_table_without_the_key_is_a_configuration_failure(
    #[values(Kind::Postgres, Kind::MySql, Kind::Sqlite)] kind: Kind,
) {
    let database = database(kind).await;
    database
        .run("create table orders (no varchar(40), qty int)")
        .await;
    let joined = target(&database, "");
    let failure = deliver_one(&*joined.sink().await, r#"{"no":"1"}"#)
        .await
        .unwrap_err();
    assert_eq!(failure.kind, FailureKind::Configuration, "{failure}");
    assert!(database.texts("select no from orders").await.is_empty());
}

#[rstest]
#[tokio::test]
pub(crate) async fn what_is_not_there_is_named(
    #[values(Kind::Postgres, Kind::MySql, Kind::Sqlite)] kind: Kind,
) {
    let database = database(kind).await;
    let joined = orders(&database, "");
    let failure = joined.source(None).await.receive().await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Configuration, "{failure}");
    assert!(failure.detail.contains("orders"), "{failure}");
    database
        .run("create table orders (no varchar(40) primary key, chnaged int)")
        .await;
    let failure = joined.source(None).await.receive().await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Configuration, "{failure}");
    assert!(
        failure.detail.contains("did you mean `chnaged`?"),
        "{failure}"
    );
    let joined = target(&database, "");
    let failure = deliver_one(&*joined.sink().await, r#"{"no":"1","qty":1}"#)
        .await
        .unwrap_err();
    assert_eq!(failure.kind, FailureKind::Configuration);
    assert!(
        failure.detail.starts_with("orders has no column `qty`"),
        "{failure}"
    );
}

#[tokio::test]
async fn a_server_that_is_away_is_waited_for() {
    for url in ["postgres://hub@127.0.0.1:1/x", "mysql://hub@127.0.0.1:1/x"] {
        let joined = join(
            "sql",
            &format!(
                "url = '{url}'\ntimeout = '1s'\n[[deliver]]\nentity = 'order'\nmapping = 'same.jq'\n\
                 table = 'orders'\nkey = 'no'\n"
            ),
        );
        let sink = joined.sink().await;
        assert_eq!(sink.probe().await.unwrap_err().kind, FailureKind::Transient);
        let failure = deliver_one(&*sink, r#"{"no":"1"}"#).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Transient, "{failure}");
    }
}

#[tokio::test]
async fn a_database_that_does_not_exist_is_a_configuration_failure() {
    let (pg, mysql) = (crate::servers::postgres_url(), mysql_url());
    let elsewhere = |url: &str| format!("{}/no_such_database", url.rsplit_once('/').unwrap().0);
    for url in [
        elsewhere(&pg),
        elsewhere(&mysql),
        "sqlite:no_such_file.db".to_owned(),
    ] {
        let joined = join(
            "sql",
            &format!(
                "url = '{url}'\n[[deliver]]\nentity = 'order'\nmapping = 'same.jq'\n\
                 table = 'orders'\nkey = 'no'\n"
            ),
        );
        let failure = joined.sink().await.probe().await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Configuration, "{url}: {failure}");
    }
}

/// Waits until `sql` gives something.
async fn until(database: &TestDatabase, sql: &str) {
    let waiting = async {
        while database.texts(sql).await.is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), waiting)
        .await
        .expect(sql);
}

/// A sink of ours that waits for a lock, in this test's own schema.
const PG_WAITING: &str = "select pid::text from pg_stat_activity where application_name = 'tenon' \
    and wait_event_type = 'Lock' \
    and pid in (select pid from pg_locks where relation = 'orders'::regclass)";

/// The row is locked by another for longer than we wait: the message may go later.
#[tokio::test]
async fn a_lock_that_is_held_is_transient_and_leaves_no_trace() {
    let database = postgres_database().await;
    database
        .run("create table orders (no varchar(40) primary key, qty int)")
        .await;
    database.run("insert into orders values ('1', 1)").await;
    let joined = target(&database, "timeout = '1s'\nconnections = 1");
    let sink = joined.sink().await;
    let TestDatabase::Postgres { pool, .. } = &database else {
        panic!("not PostgreSQL")
    };
    let mut other = pool.begin().await.unwrap();
    sqlx::raw_sql("update orders set qty = 5 where no = '1'")
        .execute(&mut *other)
        .await
        .unwrap();
    let failure = deliver_one(&*sink, r#"{"no":"1","qty":2}"#)
        .await
        .unwrap_err();
    assert_eq!(failure.kind, FailureKind::Transient, "{failure}");
    other.rollback().await.unwrap();
    // The only connection is free again.
    deliver_one(&*sink, r#"{"no":"1","qty":3}"#).await.unwrap();
    assert_eq!(database.texts("select qty::text from orders").await, ["3"]);
}

#[rstest]
#[tokio::test]
pub(crate) async fn who_lost_the_right_to_deliver_writes_nothing(
    #[values(Kind::Postgres, Kind::MySql, Kind::Sqlite)] kind: Kind,
) {
    let database = database(kind).await;
    database
        .run("create table orders (no varchar(40) primary key, qty int)")
        .await;
    let joined = target(&database, "");
    let sink = joined.sink().await;
    refused_without_permit(&*sink).await;
    assert!(database.texts("select no from orders").await.is_empty());
    // Nothing is left under way: whoever has the right writes the same rows.
    deliver_one(&*sink, r#"{"no":"1","qty":3}"#).await.unwrap();
    assert_eq!(database.texts("select no from orders").await, ["1"]);
}

#[tokio::test]
async fn a_deadlock_is_transient() {
    let mut database = postgres_database().await;
    if let TestDatabase::Postgres { url, .. } = &mut database {
        // Ours looks for deadlocks first and so is the victim.
        url.push_str("&options[deadlock_timeout]=3s");
    }
    database
        .run("create table orders (no varchar(40) primary key, qty int)")
        .await;
    database
        .run("insert into orders values ('1', 1), ('2', 2)")
        .await;
    let joined = target(&database, "");
    let sink = joined.sink().await;
    let TestDatabase::Postgres { pool, .. } = &database else {
        panic!("not PostgreSQL")
    };
    let mut other = pool.begin().await.unwrap();
    sqlx::raw_sql("set local deadlock_timeout = '60s'; update orders set qty = 5 where no = '2'")
        .execute(&mut *other)
        .await
        .unwrap();
    let delivering = tokio::spawn(async move {
        let batch = [
            outbound(1, r#"{"no":"1","qty":7}"#),
            outbound(2, r#"{"no":"2","qty":7}"#),
        ];
        sink.deliver(&batch, &Sole).await
    });
    until(&database, PG_WAITING).await;
    sqlx::raw_sql("update orders set qty = 6 where no = '1'")
        .execute(&mut *other)
        .await
        .unwrap();
    let answers = delivering.await.unwrap();
    for answer in answers {
        let failure = answer.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Transient, "{failure}");
        assert!(failure.detail.contains("deadlock"), "{failure}");
    }
    other.commit().await.unwrap();
}

#[test]
fn problems_of_a_connector_file_have_their_place() {
    let problems = try_join(
        "sql",
        "url = 'postgres://hub:secret@db/erp'\nconections = 2\n[[receive]]\nentity = 'order'\n\
         key = 'no'\nmapping = 'same.jq'\ntable = 'orders'\nchange = 'x'\n",
    )
    .err()
    .unwrap();
    let all = problems.join("\n");
    assert!(
        all.contains("bare.toml:5:1: unknown field `conections` (did you mean `connections`?)"),
        "{all}"
    );
    assert!(all.contains("unknown field `change`"), "{all}");
    let plain = try_join("sql", "url = 'postgres://hub:secret@db/erp'\n")
        .err()
        .unwrap()
        .join("\n");
    assert!(
        plain.contains("bare.toml:4:1: the password stands in plain sight"),
        "{plain}"
    );
    assert!(!plain.contains("secret@"), "{plain}");
}
