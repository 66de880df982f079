//! Against vectors that other implementations made; `vectors.mjs` beside this says which, and how.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

fn vectors() -> Value {
    serde_json::from_str(include_str!("vectors.json")).unwrap()
}

fn secret(value: &Value) -> Secret {
    Secret::parse(value.as_str().unwrap()).unwrap()
}

/// The platform's seal with the vectors' keys.
fn seal(form: Form, all: &Value) -> Seal {
    let (token, key, receiver) = match form {
        Form::WeCom => (&all["token"], &all["key"], Some(&all["wecom"]["receiver"])),
        Form::DingTalk => (
            &all["token"],
            &all["key"],
            Some(&all["dingtalk"]["receiver"]),
        ),
        Form::Feishu => (&all["feishu"]["token"], &all["feishu"]["key"], None),
    };
    let receiver = receiver.map(secret);
    Seal::new(form, secret(token), Some(secret(key)), receiver, None).unwrap()
}

/// When the vectors were signed.
fn then(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_772_330_400 + seconds).unwrap()
}

type Query = Vec<(String, String)>;

fn query(pairs: &[(&str, &Value)]) -> Query {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), text(value)))
        .collect()
}

fn signed(all: &Value, signature: &Value) -> Query {
    query(&[
        ("msg_signature", signature),
        ("timestamp", &all["timestamp"]),
        ("nonce", &all["nonce"]),
    ])
}

fn open(
    seal: &Seal,
    query: &Query,
    headers: &BTreeMap<&str, String>,
    body: Option<&str>,
    now: Timestamp,
) -> Result<Opened, Failure> {
    let body = body.map(|body| Bytes::copy_from_slice(body.as_bytes()));
    let header = |name: &str| headers.get(name).map(String::as_str);
    let call = Call {
        query,
        header: &header,
        body: body.as_ref(),
    };
    seal.open(&call, now)
}

#[track_caller]
fn said(opened: Result<Opened, Failure>) -> Said {
    match opened {
        Ok(Opened::Said(said)) => said,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn tried(opened: Result<Opened, Failure>) -> Reply {
    match opened {
        Ok(Opened::Tried(reply)) => reply,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn refused_for(opened: Result<Opened, Failure>, why: &str) {
    match opened {
        Err(failure) => {
            assert_eq!(failure.code, "webhook.refused", "{failure}");
            assert!(failure.detail.contains(why), "{failure}");
        }
        Ok(opened) => panic!("{opened:?}"),
    }
}

fn xml(encrypt: &Value) -> String {
    let encrypt = encrypt.as_str().unwrap();
    format!(
        "<xml><ToUserName><![CDATA[ww1]]></ToUserName><Encrypt><![CDATA[{encrypt}]]></Encrypt><AgentID>3</AgentID></xml>"
    )
}

#[test]
fn an_event_of_wecom_is_the_same_however_often_it_is_told() {
    let all = vectors();
    let (wecom, none) = (seal(Form::WeCom, &all), BTreeMap::new());
    let sealed = &all["wecom"]["sealed"];
    let (query, body) = (signed(&all, &sealed["signature"]), xml(&sealed["encrypt"]));
    let first = said(open(&wecom, &query, &none, Some(&body), then(10)));
    let record: Value = serde_json::from_slice(&first.body).unwrap();
    assert_eq!(record["Event"], "sys_approval_change");
    assert_eq!(record["ApprovalInfo"]["SpNo"], "202603010001");
    assert_eq!(record["ApprovalInfo"]["SpName"], "请购");
    assert_eq!(first.reply.as_ref().unwrap().body, "");
    // It may come again, in another spelling too: as the same event.
    let mut respelt = query.clone();
    respelt[0].1 = respelt[0].1.to_uppercase();
    for query in [query, respelt] {
        let again = said(open(&wecom, &query, &none, Some(&body), then(30)));
        assert_eq!(
            (again.event_id, again.body),
            (first.event_id.clone(), first.body.clone())
        );
    }
}

#[test]
fn what_is_not_wecoms_or_not_of_now_is_refused() {
    let all = vectors();
    let (wecom, none) = (seal(Form::WeCom, &all), BTreeMap::new());
    let sealed = &all["wecom"]["sealed"];
    let (query, body) = (signed(&all, &sealed["signature"]), xml(&sealed["encrypt"]));
    let at = |query: &Query, body: &str, now| open(&wecom, query, &none, Some(body), now);
    refused_for(at(&query, &body, then(301)), "301 s off");
    refused_for(at(&query, &body, then(-301)), "301 s off");
    said(at(&query, &body, then(-299)));
    refused_for(
        at(
            &signed(&all, &all["wecom"]["echo"]["signature"]),
            &body,
            then(0),
        ),
        "does not sign",
    );
    refused_for(
        at(&Vec::new(), &body, then(0)),
        "`msg_signature` is missing",
    );
    let mut later = query.clone();
    later[1].1 = "1772330401".to_owned();
    refused_for(at(&later, &body, then(0)), "does not sign");
    refused_for(at(&query, "no XML", then(0)), "is no XML");
    refused_for(
        at(&query, "<xml><MsgType>event</MsgType></xml>", then(0)),
        "turn encryption on",
    );
    refused_for(
        at(
            &query,
            "<!DOCTYPE x [<!ENTITY a 'b'>]><xml>&a;</xml>",
            then(0),
        ),
        "is no XML",
    );
    // Signed with our token, but meant for another company.
    let stranger = &all["wecom"]["stranger"];
    let query = signed(&all, &stranger["signature"]);
    refused_for(
        at(&query, &xml(&stranger["encrypt"]), then(0)),
        "addressed to `ww2`",
    );
}

#[test]
fn an_address_that_wecom_tries_says_what_was_encrypted() {
    let all = vectors();
    let wecom = seal(Form::WeCom, &all);
    let echo = &all["wecom"]["echo"];
    let mut query = signed(&all, &echo["signature"]);
    query.push((
        "echostr".to_owned(),
        echo["encrypt"].as_str().unwrap().to_owned(),
    ));
    let reply = tried(open(&wecom, &query, &BTreeMap::new(), None, then(5)));
    assert_eq!(
        (reply.content_type, reply.body.as_str()),
        ("text/plain", "7486298402093718")
    );
    query[0].1 = "0".repeat(40);
    refused_for(
        open(&wecom, &query, &BTreeMap::new(), None, then(5)),
        "does not sign",
    );
}

#[test]
fn dingtalk_hears_success_in_its_own_envelope() {
    let all = vectors();
    let (dingtalk, none) = (seal(Form::DingTalk, &all), BTreeMap::new());
    let call = |which: &str| {
        let sealed = &all["dingtalk"][which];
        let mut query = signed(&all, &sealed["signature"]);
        // Both names are in use.
        query[0].0 = "signature".to_owned();
        let body = json!({ "encrypt": sealed["encrypt"] }).to_string();
        open(&dingtalk, &query, &none, Some(&body), then(0))
    };
    let event = said(call("sealed"));
    assert_eq!(event.body, all["dingtalk"]["event"].as_str().unwrap());
    assert_eq!(event.event_id.as_deref(), Some("e-1"));
    let replies = [event.reply.unwrap(), tried(call("check"))];
    for reply in replies {
        let answer: Value = serde_json::from_str(&reply.body).unwrap();
        let text = |name: &str| answer[name].as_str().unwrap();
        let signature = dingtalk.signature(text("timeStamp"), text("nonce"), text("encrypt"));
        assert_eq!(text("msg_signature"), signature.unwrap());
        assert_eq!(text("timeStamp"), "1772330400000");
        assert_eq!(dingtalk.decrypted(text("encrypt")).unwrap(), "success");
    }
}

#[test]
fn feishu_signs_its_events_and_tries_an_address_by_a_challenge() {
    let all = vectors();
    let (feishu, vector) = (seal(Form::Feishu, &all), &all["feishu"]);
    let text = |name: &str| vector[name].as_str().unwrap().to_owned();
    let mut headers = BTreeMap::from([
        ("x-lark-signature", text("signature")),
        ("x-lark-request-timestamp", text("timestamp")),
        ("x-lark-request-nonce", text("nonce")),
    ]);
    let query = Query::new();
    let event = said(open(
        &feishu,
        &query,
        &headers,
        Some(&text("body")),
        then(0),
    ));
    let record: Value = serde_json::from_slice(&event.body).unwrap();
    assert_eq!(record["event"]["instance_code"], "I-1");
    assert_eq!(event.event_id.as_deref(), Some("u-1"));
    let again = said(open(
        &feishu,
        &query,
        &headers,
        Some(&text("body")),
        then(9),
    ));
    assert_eq!(again.event_id, event.event_id);
    let late = open(&feishu, &query, &headers, Some(&text("body")), then(3600));
    refused_for(late, "3600 s off");
    headers.insert("x-lark-request-nonce", "other".to_owned());
    let forged = open(&feishu, &query, &headers, Some(&text("body")), then(0));
    refused_for(forged, "does not sign");
    let none = BTreeMap::new();
    let reply = tried(open(
        &feishu,
        &query,
        &none,
        Some(&text("challenge")),
        then(0),
    ));
    assert_eq!(reply.body, text("answer"));
    // Unsigned, only that trial is answered; the rest is refused with one word.
    for body in [
        text("body"),
        "{\"encrypt\":\"AAAA\"}".to_owned(),
        "{}".to_owned(),
    ] {
        let unsigned = open(&feishu, &query, &none, Some(&body), then(0));
        refused_for(unsigned, "`X-Lark-Signature` is missing");
    }
    let mut other = all.clone();
    other["feishu"]["token"] = json!("another");
    let stranger = open(
        &seal(Form::Feishu, &other),
        &query,
        &none,
        Some(&text("challenge")),
        then(0),
    );
    refused_for(stranger, "another Verification Token");
}

#[test]
fn keys_are_checked_before_anything_starts() {
    let check = |form, key: Option<&str>, receiver: Option<&str>, seconds, expected: &str| {
        let parse = |text: &str| Secret::parse(text).unwrap();
        let (key, receiver) = (key.map(parse), receiver.map(parse));
        let token = Secret::parse("t").unwrap();
        let tolerance = Some(Duration::from_secs(seconds));
        let made = Seal::new(form, token, key, receiver, tolerance);
        assert!(
            made.is_err_and(|message| message.contains(expected)),
            "{expected}"
        );
    };
    check(Form::WeCom, None, Some("ww1"), 1, "EncodingAESKey");
    check(Form::Feishu, None, None, 1, "Encrypt Key");
    check(Form::WeCom, Some("k"), None, 1, "CorpID");
    check(Form::DingTalk, Some("k"), Some(""), 1, "AppKey");
    check(Form::Feishu, Some("k"), Some("x"), 1, "no place");
    check(Form::WeCom, Some("k"), Some("ww1"), 0, "tolerance");
    check(Form::WeCom, Some("k"), Some("ww1"), 86_401, "24h");
}

proptest! {
    /// Whoever knows the token but not the key, or whose bytes were torn, is refused in words.
    #[test]
    fn whatever_is_encrypted_is_opened_or_refused(sealed in proptest::collection::vec(any::<u8>(), 0..200), whole in any::<bool>()) {
        let all = vectors();
        let wecom = seal(Form::WeCom, &all);
        let kept = if whole { sealed.len() / 16 * 16 } else { sealed.len() };
        let encrypt = STANDARD.encode(&sealed[..kept]);
        let signature = wecom.signature("1772330400", "n", &encrypt).unwrap();
        let query = [("msg_signature", signature), ("timestamp", "1772330400".to_owned()), ("nonce", "n".to_owned())];
        let query = query.map(|(name, value)| (name.to_owned(), value)).to_vec();
        let opened = open(&wecom, &query, &BTreeMap::new(), Some(&xml(&encrypt.into())), then(0));
        prop_assert!(opened.is_err_and(|failure| failure.code == "webhook.refused"));
    }
}
