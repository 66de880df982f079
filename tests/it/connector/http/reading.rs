//! Polling an API: every style of paging, the watermark, and what answers may be.

use std::io::Write;

use rstest::rstest;
use tenon_connector::conformance::{self, SourceUnderTest};
use tenon_core::FailureKind;

use super::{api, poll, raw, record, response};
use crate::connector::{drain, join, json};

#[rstest]
#[case("path = '/page'\npaging = { style = 'page', size_parameter = 'size' }")]
#[case("path = '/offset'\nrecords = 'data.rows'\npaging = { style = 'offset' }")]
#[case("path = '/cursor'\nrecords = 'data'\npaging = { style = 'cursor', next = 'next' }")]
#[case("path = '/link'\npaging = { style = 'link' }")]
#[tokio::test]
async fn a_source_keeps_its_contract(#[case] receive: &str) {
    let fresh = || async {
        let (_, url) = api((0..700).map(record).collect()).await;
        let joined = poll(&url, receive);
        Ok(SourceUnderTest {
            expected: (0..700).map(|number| format!("SO-{number}")).collect(),
            open: Box::new(move |checkpoint| {
                let joined = joined.clone();
                Box::pin(async move {
                    let inlet = &joined.system.inlets[0];
                    joined.system.transport.open_source(inlet, checkpoint).await
                })
            }),
        })
    };
    conformance::source(fresh).await.unwrap();
}

#[tokio::test]
async fn records_pass_byte_for_byte_and_shifting_pages_show_nothing_twice() {
    let (api, url) = api((0..200).map(record).collect()).await;
    let joined = poll(
        &url,
        "path = '/offset'\nrecords = 'data.rows'\npaging = { style = 'offset' }",
    );
    let mut source = joined.source(None).await;
    let first = source.receive().await.unwrap().unwrap();
    assert_eq!(json(&first.messages[0]), record(0));
    source.settle().await.unwrap();
    // A new record comes in at the front, and everything moves on by one.
    api.records.lock().unwrap().insert(0, record(999));
    let (found, _) = drain(source.as_mut()).await;
    assert_eq!(
        found,
        (90..200)
            .map(|number| format!("SO-{number}"))
            .collect::<Vec<_>>()
    );
    assert_eq!(drain(source.as_mut()).await.0, ["SO-999"]);
    assert_eq!(drain(source.as_mut()).await.0, [""; 0]);
}

/// What returns to an earlier content is a change like any other, with a message id of its own.
#[tokio::test]
async fn a_record_that_changes_back_is_a_new_event() {
    let (api, url) = api(vec![record(1)]).await;
    let joined = poll(&url, "path = '/page'");
    let mut source = joined.source(None).await;
    let mut ids = Vec::new();
    for content in [record(1), "{\"no\":\"SO-1\"}".to_owned(), record(1)] {
        *api.records.lock().unwrap() = vec![content];
        let received = source.receive().await.unwrap().unwrap();
        ids.push(received.messages[0].attributes.id);
        source.settle().await.unwrap();
        assert!(source.receive().await.unwrap().is_none());
    }
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 3);
}

#[tokio::test]
async fn a_watermark_asks_for_what_is_new_and_a_little_more() {
    let at = |number: usize, second: usize| {
        format!("{{\"no\":\"SO-{number}\",\"at\":\"2026-03-01T12:00:{second:02}Z\"}}")
    };
    let (api, url) = api(vec![at(1, 10), at(2, 40)]).await;
    let joined = poll(
        &url,
        "path = '/since'\nwatermark = { parameter = 'since', field = 'at', overlap = '20s' }",
    );
    let mut source = joined.source(None).await;
    let (found, checkpoint) = drain(source.as_mut()).await;
    assert_eq!(found, ["SO-1", "SO-2"]);
    // One that began before the newest and became visible after it.
    api.records.lock().unwrap().extend([at(3, 25), at(4, 41)]);
    let mut source = joined.source(checkpoint).await;
    assert_eq!(drain(source.as_mut()).await.0, ["SO-3", "SO-4"]);
    assert_eq!(drain(source.as_mut()).await.0, [""; 0]);
    let asked = api.asked.lock().unwrap();
    assert_eq!(asked[0].1.query(), None);
    let since = asked[1].1.query().unwrap().replace("%3A", ":");
    let since = since.strip_prefix("since=").unwrap();
    assert!(
        ("2026-03-01T12:00:00Z"..="2026-03-01T12:00:20Z").contains(&since),
        "{since}"
    );
}

#[rstest]
#[case("path = '/stuck'\npaging = { style = 'page' }", "are the same")]
#[case(
    "path = '/circle'\nrecords = 'data'\npaging = { style = 'cursor', next = 'next' }",
    "same|read before"
)]
#[case(
    "path = '/page'\npaging = { style = 'page', max_pages = 2 }",
    "more than 2 pages"
)]
#[case("path = '/away'\npaging = { style = 'link' }", "another server")]
#[case("path = '/offset'\nrecords = 'rows'", "`rows` is not in the answer")]
#[case("path = '/nowhere'", "404")]
#[tokio::test]
async fn paging_never_goes_in_circles(#[case] receive: &str, #[case] expected: &str) {
    let (_, url) = api((0..500).map(record).collect()).await;
    let joined = poll(&url, receive);
    let mut source = joined.source(None).await;
    let failure = loop {
        match source.receive().await {
            Ok(Some(_)) => source.settle().await.unwrap(),
            Ok(None) => panic!("no failure"),
            Err(failure) => break failure,
        }
    };
    assert_eq!(failure.kind, FailureKind::Configuration);
    let found = expected
        .split('|')
        .any(|part| failure.detail.contains(part));
    assert!(found, "{failure}");
}

#[tokio::test]
async fn compressed_answers_are_read_whatever_their_label_says() {
    let text = format!("[{}]", (0..100).map(record).collect::<Vec<_>>().join(","));
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    let gzip = encoder.finish().unwrap();
    for body in [text.as_bytes(), &gzip] {
        let url = raw(Some(response("content-encoding: gzip\r\n", body))).await;
        let joined = poll(&url, "path = '/'");
        let (found, _) = drain(joined.source(None).await.as_mut()).await;
        assert_eq!(found.len(), 100);
    }
}

#[tokio::test]
async fn an_answer_that_is_too_long_is_refused() {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(&vec![b' '; 4 << 20]).unwrap();
    let bomb = encoder.finish().unwrap();
    assert!(bomb.len() < 100_000);
    let plain = vec![b' '; 200_000];
    for (headers, body) in [("content-encoding: gzip\r\n", bomb), ("", plain)] {
        let url = raw(Some(response(headers, &body))).await;
        let joined = join(
            "http",
            &format!(
                "url = '{url}'\nmax_body_bytes = 100000\n[[receive]]\nentity = 'order'\n\
                 key = 'no'\nmapping = 'same.jq'\npath = '/'\n"
            ),
        );
        let failure = joined.source(None).await.receive().await.unwrap_err();
        assert_eq!(failure.code, "http.too_long", "{failure}");
    }
}

#[tokio::test]
async fn a_page_of_html_is_a_configuration_failure() {
    let url = raw(Some(response(
        "content-type: text/html\r\n",
        b"<p>Please log in",
    )))
    .await;
    let joined = poll(&url, "path = '/'");
    let failure = joined.source(None).await.receive().await.unwrap_err();
    assert_eq!(
        (failure.kind, failure.code.as_ref()),
        (FailureKind::Configuration, "http.html")
    );
}
