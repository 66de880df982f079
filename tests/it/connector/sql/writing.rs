//! Upserts: what is written, and what is left alone.

use std::sync::Arc;

use rstest::rstest;
use tenon_connector::conformance::{self, SinkUnderTest};
use tenon_connector::{Guarantee, Sole};
use tenon_core::FailureKind;

use super::{Kind, database, target};
use crate::connector::databases::{mysql_database, sqlite_database};
use crate::connector::{deliver_one, ids, join, json, outbound};

#[rstest]
#[tokio::test]
pub(crate) async fn a_sink_keeps_its_contract(
    #[values(Kind::Postgres, Kind::MySql, Kind::Sqlite)] kind: Kind,
) {
    let fresh = || async move {
        let database = Arc::new(database(kind).await);
        database
            .run("create table orders (no varchar(40) primary key, qty int check (qty > 0))")
            .await;
        let joined = target(&database, "");
        let guarantee = joined.system.outlets[0].guarantee;
        assert_eq!(guarantee, Guarantee::OnceInEffect);
        Ok(SinkUnderTest {
            sink: joined.sink().await,
            guarantee,
            message: Box::new(|number| {
                outbound(number, &format!("{{\"no\":\"SO-{number}\",\"qty\":1}}"))
            }),
            refused: Some(outbound(99, r#"{"no":"SO-99","qty":-1}"#)),
            effects: Box::new(move || {
                let (database, _joined) = (database.clone(), joined.clone());
                Box::pin(async move { Ok(database.texts("select no from orders").await.len()) })
            }),
        })
    };
    conformance::sink(fresh).await.unwrap();
}

#[rstest]
#[tokio::test]
pub(crate) async fn numbers_and_texts_pass_exactly(
    #[values(Kind::Postgres, Kind::MySql, Kind::Sqlite)] kind: Kind,
) {
    let database = database(kind).await;
    let (amount, moment, bytes) = (kind.amount(), kind.moment(), kind.bytes());
    database
        .run(&format!(
            "create table orders (no bigint primary key, changed {moment}, amount {amount}, \
             rate numeric(5,1), name varchar(60), raw {bytes}, paid boolean, due date)"
        ))
        .await;
    let quoted = |number: &str| match kind.is_sqlite() {
        true => format!("\"{number}\""),
        false => number.to_owned(),
    };
    let big = quoted("10000000000000000.01");
    let small = quoted("19.90");
    let joined = target(
        &database,
        "[[receive]]\nentity = 'order'\nkey = 'no'\nmapping = 'same.jq'\ntable = 'orders'\n\
         changed = 'changed'\n",
    );
    let sink = joined.sink().await;
    let payload = |no: &str, amount: &str| {
        format!(
            r#"{{"no":{no},"changed":"2026-03-01T12:00:00Z","amount":{amount},"rate":0.1,
               "name":"客户 \"甲\"\n𠮷","raw":"AP8K","paid":true,"due":"2026-04-01"}}"#
        )
    };
    let batch = [
        outbound(1, &payload("1234567890123456789", &big)),
        outbound(2, &payload("9223372036854775807", &small)),
    ];
    let answers = sink.deliver(&batch, &Sole).await;
    let native: Vec<_> = answers
        .into_iter()
        .map(|answer| answer.unwrap().native_id)
        .collect();
    let expected = ["1234567890123456789", "9223372036854775807"];
    assert_eq!(native, expected.map(|id| Some(id.to_owned())));
    let amounts = format!("select {} from orders order by no", kind.as_text("amount"));
    assert_eq!(
        database.texts(&amounts).await,
        ["10000000000000000.01", "19.90"]
    );

    let mut source = joined.source(None).await;
    let received = source.receive().await.unwrap().unwrap();
    assert_eq!(ids(&received), expected);
    let occurred = received.messages[0].attributes.occurred_at.to_string();
    assert_eq!(occurred, "2026-03-01T12:00:00Z");
    let text = json(&received.messages[0]);
    // MariaDB's booleans are numbers, and its ODBC driver says so.
    let paid = match (kind.itself(), kind.is_direct()) {
        (Kind::MySql, false) => "\"paid\":1",
        _ => "\"paid\":true",
    };
    for part in [
        "\"no\":1234567890123456789,".to_owned(),
        format!("\"amount\":{big},"),
        "\"rate\":0.1,".to_owned(),
        r#""name":"客户 \"甲\"\n𠮷""#.to_owned(),
        "\"raw\":\"AP8K\"".to_owned(),
        paid.to_owned(),
        "\"due\":\"2026-04-01\"".to_owned(),
        "\"changed\":\"2026-03-01T12:00:00".to_owned(),
    ] {
        assert!(text.contains(&part), "{part} is not in {text}");
    }
    // What was read can be written again, and nothing changes.
    let again = received
        .messages
        .iter()
        .map(|message| outbound(7, json(message)));
    for answer in sink.deliver(&again.collect::<Vec<_>>(), &Sole).await {
        answer.unwrap();
    }
    assert_eq!(
        database.texts(&amounts).await,
        ["10000000000000000.01", "19.90"]
    );
}

#[tokio::test]
async fn sqlite_refuses_to_round() {
    let database = sqlite_database().await;
    database
        .run("create table orders (no text primary key, amount numeric)")
        .await;
    let joined = target(&database, "");
    let sink = joined.sink().await;
    let failure = deliver_one(&*sink, r#"{"no":"1","amount":10000000000000000.01}"#)
        .await
        .unwrap_err();
    assert_eq!(failure.kind, FailureKind::Invalid);
    assert!(
        failure.detail.contains("declare the column TEXT"),
        "{failure}"
    );
    deliver_one(&*sink, r#"{"no":"1","amount":0.1}"#)
        .await
        .unwrap();
    assert_eq!(
        database
            .texts("select cast(amount as text) from orders")
            .await,
        ["0.1"]
    );
}

#[rstest]
#[tokio::test]
pub(crate) async fn only_the_bad_message_fails(
    #[values(Kind::Postgres, Kind::MySql, Kind::Sqlite)] kind: Kind,
) {
    let database = database(kind).await;
    database
        .run("create table orders (no varchar(40) primary key, qty int not null check (qty > 0))")
        .await;
    let joined = target(&database, "");
    let sink = joined.sink().await;
    let payloads = [
        r#"{"no":"1","qty":1}"#,
        r#"{"no":"2","qty":0}"#,
        r#"{"no":"3","qty":null}"#,
        r#"{"qty":1}"#,
        r#"{"no":"5","qty":5}"#,
        "no JSON",
        r#"{"no":"7","qty":7,"qty":8}"#,
    ];
    let batch: Vec<_> = payloads
        .iter()
        .enumerate()
        .map(|(number, text)| outbound(number, text))
        .collect();
    let answers = sink.deliver(&batch, &Sole).await;
    let kinds: Vec<_> = answers
        .iter()
        .map(|answer| answer.as_ref().err().map(|failure| failure.kind))
        .collect();
    let bad = Some(FailureKind::Invalid);
    assert_eq!(kinds, [None, bad, bad, bad, None, bad, bad]);
    assert_eq!(
        database.texts("select no from orders order by no").await,
        ["1", "5"]
    );
}

#[rstest]
#[tokio::test]
pub(crate) async fn an_upsert_changes_what_it_names_and_nothing_else(
    #[values(Kind::Postgres, Kind::MySql, Kind::Sqlite)] kind: Kind,
) {
    let database = database(kind).await;
    database
        .run("create table orders (no varchar(40) primary key, qty int, note varchar(40) default 'own')")
        .await;
    let joined = target(&database, "");
    let sink = joined.sink().await;
    // The same key twice in one batch, and different fields: the later one wins, field by field.
    let batch = [
        outbound(1, r#"{"no":"1","qty":1}"#),
        outbound(2, r#"{"no":"2","qty":2,"note":"theirs"}"#),
        outbound(3, r#"{"no":"1","qty":3}"#),
    ];
    for answer in sink.deliver(&batch, &Sole).await {
        answer.unwrap();
    }
    let rows = format!(
        "select concat_ws('|', no, {}, note) from orders order by no",
        kind.as_text("qty")
    );
    let rows = if kind.is_sqlite() {
        "select no || '|' || qty || '|' || note from orders order by no".to_owned()
    } else {
        rows
    };
    assert_eq!(database.texts(&rows).await, ["1|3|own", "2|2|theirs"]);
    deliver_one(&*sink, r#"{"no":"2","qty":5}"#).await.unwrap();
    assert_eq!(database.texts(&rows).await, ["1|3|own", "2|5|theirs"]);
    // A column that is added while the hub runs is found without a restart.
    database
        .run("alter table orders add column extra int")
        .await;
    deliver_one(&*sink, r#"{"no":"2","extra":1}"#)
        .await
        .unwrap();
}

#[rstest]
#[tokio::test]
pub(crate) async fn lines_follow_their_record(
    #[values(Kind::Postgres, Kind::MySql, Kind::Sqlite)] kind: Kind,
) {
    let database = database(kind).await;
    database
        .run(
            "create table orders (no int primary key, qty int); \
             create table line (order_no int references orders(no), pos int, item varchar(20), \
             shipped int default 0, primary key (order_no, pos))",
        )
        .await;
    let joined = join(
        "sql",
        &format!(
            "url = '{}'\n[[deliver]]\nentity = 'order'\nmapping = 'same.jq'\ntable = 'orders'\n\
             key = ['no']\nlines = {{ field = 'lines', table = 'line', key = 'pos', parent = 'order_no' }}\n",
            database.url()
        ),
    );
    let sink = joined.sink().await;
    let batch = [
        outbound(
            1,
            r#"{"no":1,"lines":[{"pos":1,"item":"a"},{"pos":2,"item":"b"}]}"#,
        ),
        outbound(2, r#"{"no":2,"qty":9,"lines":[{"pos":1,"item":"c"}]}"#),
    ];
    for answer in sink.deliver(&batch, &Sole).await {
        answer.unwrap();
    }
    database
        .run("update line set shipped = 7 where order_no = 1 and pos = 2")
        .await;
    let part = |column: &str| kind.as_text(column);
    let rows = format!(
        "select {} from line order by order_no, pos",
        match kind.is_sqlite() {
            true => "order_no || '/' || pos || ' ' || item || ' ' || shipped".to_owned(),
            false => format!(
                "concat({}, '/', {}, ' ', item, ' ', {})",
                part("order_no"),
                part("pos"),
                part("shipped")
            ),
        }
    );
    assert_eq!(
        database.texts(&rows).await,
        ["1/1 a 0", "1/2 b 7", "2/1 c 0"]
    );
    let changed = r#"{"no":1,"lines":[{"pos":2,"item":"B"},{"pos":3,"item":"d"}]}"#;
    for _ in 0..2 {
        deliver_one(&*sink, changed).await.unwrap();
        assert_eq!(
            database.texts(&rows).await,
            ["1/2 B 7", "1/3 d 0", "2/1 c 0"]
        );
    }
    deliver_one(&*sink, r#"{"no":1,"qty":1}"#).await.unwrap();
    assert_eq!(
        database.texts(&rows).await.len(),
        3,
        "a payload without lines leaves them alone"
    );
    // A bad line takes its record back, but not the others.
    let batch = [
        outbound(
            1,
            r#"{"no":3,"lines":[{"pos":1,"item":"x"},{"pos":"one","item":"y"}]}"#,
        ),
        outbound(2, r#"{"no":4,"lines":[{"pos":1,"item":"z"}]}"#),
    ];
    if !kind.is_sqlite() {
        let answers = sink.deliver(&batch, &Sole).await;
        assert_eq!(answers[0].as_ref().unwrap_err().kind, FailureKind::Invalid);
        assert!(answers[1].is_ok());
        let numbers = format!("select {} from orders order by no", part("no"));
        assert_eq!(database.texts(&numbers).await, ["1", "2", "4"]);
    }
    deliver_one(&*sink, r#"{"no":1,"lines":[]}"#).await.unwrap();
    let left = database.texts(&rows).await;
    assert!(left.iter().all(|row| !row.starts_with("1/")), "{left:?}");
}

#[rstest]
#[tokio::test]
pub(crate) async fn insert_only_inserts_once(
    #[values(Kind::Postgres, Kind::MySql, Kind::Sqlite)] kind: Kind,
) {
    let database = database(kind).await;
    database
        .run("create table orders (no varchar(40) primary key, qty int)")
        .await;
    let joined = join(
        "sql",
        &format!(
            "url = '{}'\n[[deliver]]\nentity = 'order'\nmapping = 'same.jq'\ntable = 'orders'\n\
             key = 'no'\ninsert_only = true\n",
            database.url()
        ),
    );
    assert_eq!(joined.system.outlets[0].guarantee, Guarantee::OnceInEffect);
    let sink = joined.sink().await;
    for quantity in [1, 2] {
        deliver_one(&*sink, &format!(r#"{{"no":"1","qty":{quantity}}}"#))
            .await
            .unwrap();
    }
    let rows = format!("select {} from orders", kind.as_text("qty"));
    assert_eq!(database.texts(&rows).await, ["1"]);
}

/// MySQL resolves a conflict on any unique key; ours must not overwrite another record by it.
#[tokio::test]
async fn another_unique_key_is_no_reason_to_overwrite() {
    let database = mysql_database().await;
    database
        .run("create table orders (no varchar(40) primary key, code varchar(40) not null unique, qty int)")
        .await;
    let joined = target(&database, "");
    let sink = joined.sink().await;
    deliver_one(&*sink, r#"{"no":"1","code":"A","qty":1}"#)
        .await
        .unwrap();
    let failure = deliver_one(&*sink, r#"{"no":"2","code":"A","qty":2}"#)
        .await
        .unwrap_err();
    assert_eq!(failure.kind, FailureKind::Invalid, "{failure}");
    let rows = "select concat_ws('|', no, code, cast(qty as char)) from orders";
    assert_eq!(database.texts(rows).await, ["1|A|1"]);
}
