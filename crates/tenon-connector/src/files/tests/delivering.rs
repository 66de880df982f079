//! Writing one file a message.

use bytes::Bytes;
use tenon_core::{Attributes, FailureKind, MessageId, Outbound};

use super::*;
use crate::conformance::{self, SinkUnderTest};
use crate::{Sink, Sole};

fn message(number: usize, payload: &str) -> Message<Outbound> {
    let source = SystemName::new("hub").unwrap();
    let native_id = Some(number.to_string());
    let mut attributes = Attributes::received(
        source,
        Entity::Customer,
        "customer",
        native_id,
        Some(payload),
    );
    attributes.id = MessageId::derive(&[payload, &number.to_string()]);
    let body = Outbound {
        payload: Bytes::from(payload.to_owned()),
        native_id: None,
        idempotency_key: format!("key/{number}"),
    };
    Message { attributes, body }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

async fn sink(base: &Path, keys: &str) -> Arc<dyn Sink> {
    let files = configure(base, "directory = '.'", &[], &[keys]).unwrap();
    let guarantee = files.guarantee(Entity::Customer);
    files.open_sink(&outlet(guarantee)).await.unwrap()
}

#[tokio::test]
async fn every_format_conforms() {
    for keys in [
        "file = 'in/c-{id}.json'",
        "file = 'in/c-{native_id}.csv'\nkey = 'id'\nencoding = 'gbk'",
        "file = 'in/{entity}.xml'\nencoding = 'gbk'",
        "file = 'in/c-{id}.ndjson'\nencoding = 'gbk'",
    ] {
        conformance::sink(|| async {
            let folder = Arc::new(tempfile::tempdir().unwrap());
            std::fs::create_dir(folder.path().join("in")).unwrap();
            let sink = sink(folder.path(), keys).await;
            let guarantee = match keys.contains("id}") {
                true => Guarantee::OnceInEffect,
                false => Guarantee::AtLeastOnce,
            };
            let encoded = keys.contains("gbk");
            let effects = move || -> futures::future::BoxFuture<'static, _> {
                let count = names(&folder.path().join("in")).len();
                Box::pin(async move { Ok(count) })
            };
            Ok(SinkUnderTest {
                sink,
                guarantee,
                message: Box::new(|number| {
                    message(
                        number,
                        &format!("{{\"id\":\"C-{number}\",\"name\":\"川可\"}}"),
                    )
                }),
                refused: encoded.then(|| message(9, "{\"id\":\"9\",\"name\":\"𠮷\"}")),
                effects: Box::new(effects),
            })
        })
        .await
        .unwrap_or_else(|broken| panic!("{keys}: {broken}"));
    }
}

/// Delivers one payload; the file's name, its text, and the native id.
async fn written(keys: &str, payload: &str) -> Result<(String, Vec<u8>, Option<String>), Failure> {
    let folder = tempfile::tempdir().unwrap();
    let sink = sink(folder.path(), keys).await;
    let delivered = sink
        .deliver(&[message(1, payload)], &Sole)
        .await
        .remove(0)?;
    let names = names(folder.path());
    let [name] = names.as_slice() else {
        panic!("{names:?}")
    };
    Ok((
        name.clone(),
        std::fs::read(folder.path().join(name)).unwrap(),
        delivered.native_id,
    ))
}

async fn check(keys: &str, payload: &str, expected: &str) {
    let (_, bytes, _) = written(keys, payload).await.unwrap();
    assert_eq!(String::from_utf8(bytes).unwrap(), expected, "{keys}");
}

async fn check_refused(keys: &str, payload: &str, expected: &str) {
    let failure = written(keys, payload).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Invalid);
    assert!(failure.detail.contains(expected), "{failure}");
}

#[tokio::test]
async fn payloads_are_written_exactly() {
    let amounts = r#"{"id":12345678901234567890123,"amount":19.90,"name":"a,\"b\"\n川","none":null,"yes":true}"#;
    check("file = 'a-{id}.json'", amounts, &format!("{amounts}\n")).await;
    check(
        "file = 'a-{id}.ndjson'",
        "[{\"a\":1.10},\n{\"a\":\n2}]",
        "{\"a\":1.10}\n{\"a\":2}\n",
    )
    .await;
    check(
        "file = 'a-{id}.csv'",
        amounts,
        "id,amount,name,none,yes\r\n12345678901234567890123,19.90,\"a,\"\"b\"\"\n川\",,true\r\n",
    )
    .await;
    check(
        "file = 'a-{id}.csv'\ncolumns = ['b', 'a', 'c']",
        "[{\"a\":1,\"b\":2},{\"c\":3}]",
        "b,a,c\r\n2,1,\r\n,,3\r\n",
    )
    .await;
    check(
        "file = 'a-{id}.xml'",
        r##"{"Order":{"@no":"<1>","line":[{"q":1.50},{"q":2}],"note":{"@lang":"zh","#text":"川&可"},"empty":null}}"##,
        "<?xml version=\"1.0\"?>\n<Order no=\"&lt;1&gt;\"><line><q>1.50</q></line><line><q>2</q></line>\
         <note lang=\"zh\">川&amp;可</note><empty></empty></Order>\n",
    )
    .await;
    check(
        "file = 'a-{id}.xml'",
        r#"{"name":"x"}"#,
        "<?xml version=\"1.0\"?>\n<customer><name>x</name></customer>\n",
    )
    .await;
}

#[tokio::test]
async fn payloads_that_do_not_fit_are_refused() {
    check_refused(
        "file = 'a-{id}.csv'",
        r#"{"a":[1]}"#,
        "field `a` is no text or number",
    )
    .await;
    check_refused(
        "file = 'a-{id}.csv'\ncolumns = ['a']",
        r#"{"a":1,"b":2}"#,
        "field `b` has no column",
    )
    .await;
    check_refused(
        "file = 'a-{id}.csv'",
        "[1]",
        "neither an object nor an array of objects",
    )
    .await;
    check_refused("file = 'a-{id}.xml'", r#"{"1a":"x"}"#, "cannot be the name").await;
    check_refused(
        "file = 'a-{id}.xml'",
        r#"{"a":"\u0001"}"#,
        "U+0001 cannot be written",
    )
    .await;
    check_refused(
        "file = 'a-{id}.xml'",
        r#"{"a":[[1]]}"#,
        "array within an array",
    )
    .await;
    check_refused(
        "file = 'a-{id}.json'\nencoding = 'gbk'",
        r#"{"a":"𠮷"}"#,
        "'𠮷' (U+20BB7) cannot be written in gbk",
    )
    .await;
    check_refused(
        "file = 'a-{id}.json'\nkey = 'no'",
        r#"{"a":1}"#,
        "no field `no`",
    )
    .await;
}

#[tokio::test]
async fn names_follow_from_ids() {
    let payload = r#"{"no":"../7 a"}"#;
    let (name, _, native_id) = written("file = 'c-{id}.json'\nkey = 'no'", payload)
        .await
        .unwrap();
    assert_eq!(
        (name.as_str(), native_id.as_deref()),
        ("c-key%2F1.json", Some("../7 a"))
    );
    let (name, _, _) = written("file = 'c-{native_id}.json'\nkey = 'no'", payload)
        .await
        .unwrap();
    assert_eq!(name, "c-%2E%2E%2F7%20a.json");
    let (name, bytes, _) = written("file = '{entity}.json'\nencoding = 'utf-16le'", payload)
        .await
        .unwrap();
    assert!(
        name.starts_with("customer-") && name.ends_with(".json"),
        "{name}"
    );
    assert_eq!(bytes[..4], [0xFF, 0xFE, b'{', 0]);
}

#[tokio::test]
async fn a_missing_directory_is_a_matter_of_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let sink = sink(folder.path(), "file = 'in/{id}.json'").await;
    assert_eq!(
        sink.probe().await.unwrap_err().kind,
        FailureKind::Configuration
    );
    let failure = sink
        .deliver(&[message(1, "{}")], &Sole)
        .await
        .remove(0)
        .unwrap_err();
    assert_eq!(failure.kind, FailureKind::Configuration);
    assert!(
        failure.detail.starts_with("there is no directory"),
        "{failure}"
    );
}
