//! Calling an API for each message: what is sent, and what an answer means.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::any;
use rstest::rstest;
use tenon_connector::conformance::{self, SinkUnderTest};
use tenon_connector::{Guarantee, Sole};
use tenon_core::FailureKind;
use tokio::net::TcpListener;

use super::{api, give, raw, serve};
use crate::connector::{deliver_one, join, outbound, refused_without_permit, try_join};

#[tokio::test]
async fn a_sink_keeps_its_contract() {
    let fresh = || async {
        let (api, url) = api(Vec::new()).await;
        let joined = give(&url, "", "path = '/orders'\nnative_id = 'data.id'");
        let guarantee = joined.system.outlets[0].guarantee;
        assert_eq!(guarantee, Guarantee::OnceInEffect);
        Ok(SinkUnderTest {
            sink: joined.sink().await,
            guarantee,
            message: Box::new(|number| outbound(number, "{\"qty\":1}")),
            refused: Some(outbound(99, "{\"refuse\":1}")),
            effects: Box::new(move || {
                let (api, _joined) = (api.clone(), joined.clone());
                Box::pin(async move { Ok(api.created.lock().unwrap().len()) })
            }),
        })
    };
    conformance::sink(fresh).await.unwrap();
}

#[tokio::test]
async fn requests_carry_what_was_configured() {
    let (api, url) = api(Vec::new()).await;
    let secret = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(secret.path(), "sesame\n").unwrap();
    let joined = give(
        &url,
        &format!(
            "auth = {{ user = 'hub', password = '${{file:{}}}' }}\nheaders = {{ x-site = 'A' }}",
            secret.path().display()
        ),
        "path = '/orders'\nupdate = { path = '/orders/{native_id}' }\nnative_id = 'data.id'",
    );
    let sink = joined.sink().await;
    let delivered = deliver_one(&*sink, "{\"n\":10000000000000000.01}")
        .await
        .unwrap();
    assert_eq!(delivered.native_id.as_deref(), Some("N-1"));
    let mut known = outbound(2, "{}");
    known.body.native_id = Some("客/1".to_owned());
    sink.deliver(&[known], &Sole).await.remove(0).unwrap();
    let asked = api.asked.lock().unwrap();
    let (method, uri, headers, body) = &asked[0];
    assert_eq!((method.as_str(), uri.path()), ("POST", "/v1/orders"));
    assert_eq!(body.as_ref(), b"{\"n\":10000000000000000.01}");
    for (name, value) in [
        ("authorization", "Basic aHViOnNlc2FtZQ=="),
        ("x-site", "A"),
        ("idempotency-key", "key-1"),
        ("content-type", "application/json"),
        ("accept-encoding", "gzip"),
    ] {
        assert_eq!(
            headers.get(name).map(|value| value.to_str().unwrap()),
            Some(value),
            "{name}"
        );
    }
    assert!(
        headers["user-agent"]
            .to_str()
            .unwrap()
            .starts_with("tenon/")
    );
    let (method, uri, ..) = &asked[1];
    assert_eq!(
        (method.as_str(), uri.path()),
        ("PUT", "/v1/orders/%E5%AE%A2%2F1")
    );
}

#[rstest]
#[case(
    400,
    "",
    "{\"error\":\"qty\"}",
    FailureKind::Invalid,
    "{\"error\":\"qty\"}",
    None
)]
#[case(401, "", "no", FailureKind::Configuration, "credentials", None)]
#[case(429, "7", "slow", FailureKind::Transient, "429", Some(7))]
#[case(503, "", "", FailureKind::Transient, "503", None)]
#[case(500, "", "boom", FailureKind::Transient, "boom", None)]
#[case(302, "", "", FailureKind::Configuration, "302", None)]
#[case(409, "", "there is one", FailureKind::Invalid, "there is one", None)]
#[case(
    200,
    "",
    "<html>log in</html>",
    FailureKind::Configuration,
    "HTML",
    None
)]
#[tokio::test]
async fn an_answer_means_a_kind(
    #[case] status: u16,
    #[case] retry_after: &str,
    #[case] body: &str,
    #[case] kind: FailureKind,
    #[case] said: &str,
    #[case] wait: Option<u64>,
) {
    let (api, url) = api(Vec::new()).await;
    let headers = match retry_after {
        "" => Vec::new(),
        value => vec![("retry-after", value.to_owned())],
    };
    *api.canned.lock().unwrap() = Some((status, headers, body.to_owned()));
    let joined = give(&url, "", "path = '/orders'");
    let failure = deliver_one(&*joined.sink().await, "{}").await.unwrap_err();
    assert_eq!(failure.kind, kind, "{failure}");
    assert!(failure.detail.contains(said), "{failure}");
    assert_eq!(failure.retry_after, wait.map(Duration::from_secs));
    assert_eq!(api.asked.lock().unwrap().len(), 1, "nothing is tried twice");
}

#[tokio::test]
async fn a_record_that_is_gone_concerns_its_message_only() {
    let (api, url) = api(Vec::new()).await;
    let answers = |status: u16, body: &str| {
        *api.canned.lock().unwrap() = Some((status, Vec::new(), body.to_owned()));
    };
    let joined = give(
        &url,
        "",
        "path = '/orders'\nupdate = { path = '/orders/{native_id}' }",
    );
    let sink = joined.sink().await;
    let mut known = outbound(2, "{}");
    known.body.native_id = Some("N-1".to_owned());
    let update = async || {
        let failure = sink.deliver(&[known.clone()], &Sole).await.remove(0);
        failure.unwrap_err()
    };
    for (status, body) in [(404, ""), (410, ""), (404, "{\"error\":\"unknown\"}")] {
        answers(status, body);
        let failure = update().await;
        assert_eq!(
            (failure.kind, failure.code.as_ref()),
            (FailureKind::Invalid, "http.record_missing"),
            "{failure}"
        );
    }
    // A gateway that knows no such path says so by a page.
    for page in ["<html>Not Found</html>", "404 page not found"] {
        answers(404, page);
        assert_eq!(update().await.kind, FailureKind::Configuration);
    }
}

#[tokio::test]
async fn an_address_that_took_others_is_not_wrong_for_one() {
    let (api, url) = api(Vec::new()).await;
    let joined = give(&url, "", "path = '/orders'");
    let sink = joined.sink().await;
    let unknown = || {
        let said = "{\"error\":\"no such buyer\"}".to_owned();
        *api.canned.lock().unwrap() = Some((404, Vec::new(), said));
    };
    let refused = async || deliver_one(&*sink, "{}").await.unwrap_err();
    // Nothing has ever got through: a person has to look at the address.
    unknown();
    assert_eq!(refused().await.kind, FailureKind::Configuration);

    for _ in 0..2 {
        *api.canned.lock().unwrap() = None;
        deliver_one(&*sink, "{}").await.unwrap();
        unknown();
        for _ in 0..3 {
            let failure = refused().await;
            assert_eq!(failure.kind, FailureKind::Invalid, "{failure}");
            assert!(failure.detail.contains("no such buyer"), "{failure}");
        }
        // One after the other is no matter of records any more.
        assert_eq!(refused().await.kind, FailureKind::Configuration);
    }
}

#[tokio::test]
async fn a_target_that_asks_to_be_left_alone_is_left_alone() {
    let (api, url) = api(Vec::new()).await;
    let headers = vec![("retry-after", "3".to_owned())];
    *api.canned.lock().unwrap() = Some((429, headers, String::new()));
    let joined = give(&url, "concurrency = 2", "path = '/orders'");
    let batch: Vec<_> = (0..50).map(|number| outbound(number, "{}")).collect();
    let outcomes = joined.sink().await.deliver(&batch, &Sole).await;
    for outcome in outcomes {
        let failure = outcome.unwrap_err();
        assert_eq!(failure.retry_after, Some(Duration::from_secs(3)));
    }
    let asked = api.asked.lock().unwrap().len();
    assert!(asked <= 2, "{asked} of 50 were sent all the same");
}

#[tokio::test]
async fn who_lost_the_right_to_deliver_gives_nothing() {
    let (api, url) = api(Vec::new()).await;
    let joined = give(&url, "", "path = '/orders'");
    refused_without_permit(&*joined.sink().await).await;
    assert_eq!(api.asked.lock().unwrap().len(), 0);
}

#[tokio::test]
async fn a_conflict_may_mean_that_it_is_there() {
    let (api, url) = api(Vec::new()).await;
    *api.canned.lock().unwrap() = Some((409, Vec::new(), "{\"id\":\"N-7\"}".to_owned()));
    let joined = give(
        &url,
        "",
        "path = '/orders'\nnative_id = 'id'\naccepted_conflict = [409]",
    );
    let delivered = deliver_one(&*joined.sink().await, "{}").await.unwrap();
    assert_eq!(delivered.native_id.as_deref(), Some("N-7"));
}

#[tokio::test]
async fn guarantees_follow_from_the_configuration() {
    let check = |deliver: &str, expected| {
        let joined = give("http://127.0.0.1:1", "", deliver);
        assert_eq!(joined.system.outlets[0].guarantee, expected, "{deliver}");
    };
    check("path = '/a'", Guarantee::OnceInEffect);
    check(
        "path = '/a'\nidempotency_header = ''",
        Guarantee::AtLeastOnce,
    );
    check(
        "path = '/a/{key}'\nmethod = 'PUT'\nidempotency_header = ''",
        Guarantee::OnceInEffect,
    );
    check(
        "path = '/a'\nmethod = 'PUT'\nidempotency_header = ''\nupdate = { method = 'POST', path = '/b' }",
        Guarantee::AtLeastOnce,
    );
}

#[tokio::test]
async fn a_server_that_hangs_closes_or_is_away_is_waited_for() {
    let cut = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n[".to_vec();
    let away = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    for (url, code) in [
        (raw(None).await, "http.timeout"),
        (raw(Some(Vec::new())).await, "http.broken_off"),
        (raw(Some(cut)).await, "http.broken_off"),
        (away, "http.connect"),
    ] {
        let joined = give(&url, "timeout = '300ms'", "path = '/orders'");
        let sink = joined.sink().await;
        let failure = deliver_one(&*sink, "{}").await.unwrap_err();
        assert_eq!(
            (failure.kind, failure.code.as_ref()),
            (FailureKind::Transient, code),
            "{failure}"
        );
        let joined = join(
            "http",
            &format!(
                "url = '{url}'\ntimeout = '300ms'\n[[receive]]\nentity = 'order'\nkey = 'no'\n\
                 mapping = 'same.jq'\npath = '/orders'\n"
            ),
        );
        let failure = joined.source(None).await.receive().await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Transient, "{failure}");
    }
}

#[tokio::test]
async fn a_probe_asks_and_changes_nothing() {
    let check = async |url: &str, settings: &str, expected: Option<FailureKind>| {
        let joined = give(
            url,
            &format!("timeout = '300ms'\n{settings}"),
            "path = '/orders'",
        );
        let found = joined
            .sink()
            .await
            .probe()
            .await
            .err()
            .map(|failure| failure.kind);
        assert_eq!(found, expected, "{url} {settings}");
    };
    let (api, url) = api(Vec::new()).await;
    check(&url, "", None).await;
    check(&url, "probe = '/page'", None).await;
    check(&url, "probe = '/nowhere'", Some(FailureKind::Configuration)).await;
    check(&raw(None).await, "", Some(FailureKind::Transient)).await;
    assert!(api.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_batch_goes_out_several_at_a_time() {
    // Nobody is answered before four have asked.
    let gate = Arc::new(tokio::sync::Barrier::new(4));
    let router = Router::new().route(
        "/orders",
        any(move || {
            let gate = gate.clone();
            async move {
                gate.wait().await;
                StatusCode::NO_CONTENT
            }
        }),
    );
    let url = serve(router).await;
    let joined = give(&url, "concurrency = 4\ntimeout = '20s'", "path = '/orders'");
    let batch: Vec<_> = (0..8).map(|number| outbound(number, "{}")).collect();
    for answer in joined.sink().await.deliver(&batch, &Sole).await {
        answer.unwrap();
    }
}

#[test]
fn secrets_and_addresses_are_checked_in_place() {
    let check = |text: &str, expected: &str| {
        let problems = try_join("http", text).err().unwrap().join("\n");
        assert!(problems.contains(expected), "{problems}");
        assert!(!problems.contains("sesame"), "{problems}");
    };
    check(
        "url = 'ftp://x'\n",
        "bare.toml:4:1: `ftp://x` is no address",
    );
    check(
        "url = 'http://x'\nauth = { bearer = 'sesame' }\n",
        "bare.toml:5:10: the secret stands in plain sight",
    );
    check(
        "url = 'http://x'\nauth = { user = 'a' }\n",
        "bare.toml:5:1: is not one way",
    );
    check(
        "url = 'http://hub:sesame@x'\n",
        "the password stands in plain sight",
    );
    let deliver = "url = 'http://x'\n[[deliver]]\nentity = 'order'\nmapping = 'same.jq'\n";
    check(
        &format!("{deliver}path = 'orders/{{id}}'\n"),
        "begins with `/`",
    );
    check(
        &format!("{deliver}path = '/orders/{{id}}'\n"),
        "`{id}` stands for nothing here",
    );
    check(
        &format!("{deliver}path = '/o'\nmethod = 'GET'\n"),
        "none of POST, PUT, PATCH",
    );
    check(
        "url = 'http://x'\nauth = { sign = 'kingdee', user = 'a', app_id = '1_x', app_secret = 'sesame' }\n",
        "the secret stands in plain sight",
    );
    check(
        "url = 'http://x'\nauth = { sign = 'kingdee', user = 'a', app_id = '1_x', app_secret = '${env:PATH}' }\n",
        "the data centre's id",
    );
}

#[test]
fn who_may_call_is_checked_in_place() {
    let check = |keys: &str, expected: &str| {
        let text = format!(
            "url = 'http://x'\n[[webhook]]\nentity = 'order'\nkey = 'no'\nmapping = 'same.jq'\n{keys}\n"
        );
        let problems = try_join("http", &text).err().unwrap().join("\n");
        assert!(problems.contains(expected), "{problems}");
        assert!(!problems.contains("sesame"), "{problems}");
    };
    let (token, key) = ("token = '${env:PATH}'", "key = '${env:PATH}'");
    check("auth = { token = 'sesame' }", "plain sight");
    check(
        &format!("auth = {{ scheme = 'wecom', {token}, key = 'sesame', receiver = 'w' }}"),
        "plain sight",
    );
    check("auth = { }", "either `token`, `hmac` or a `scheme`");
    check(
        &format!("auth = {{ {token}, {key} }}"),
        "either `token`, `hmac` or a `scheme`",
    );
    check(
        &format!("auth = {{ scheme = 'wecom', {key} }}"),
        "goes with `token` and `key`",
    );
    check(
        &format!("auth = {{ scheme = 'wecom', {token}, {key} }}"),
        "CorpID",
    );
    check(
        &format!("auth = {{ scheme = 'slack', {token}, {key} }}"),
        "slack",
    );
    let sealed = format!("auth = {{ scheme = 'feishu', {token}, {key} }}");
    check(&format!("{sealed}\nwhere = '.a |'"), "expected");
    check(
        &format!("{sealed}\ndetail = {{ path = '/a' }}"),
        "names no field of the record",
    );
    check(
        &format!("{sealed}\ndetail = {{ path = '/{{id}}', at = 'a..b' }}"),
        "a..b",
    );
}
