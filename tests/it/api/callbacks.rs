//! Callbacks of DingTalk, Feishu and WeCom: opened, completed by asking back, durable, and answered as
//! each wants it.

use aes::cipher::block_padding::NoPadding;
use aes::cipher::{BlockDecryptMut, KeyIvInit};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tenon_core::Timestamp;

use super::site::{Answer, Site, eventually, get, post};
use crate::envelope::{KEY, RECEIVER, TOKEN, aes, change, enveloped, sealed, written_key};
use crate::vendor::{Asked, vendor};

async fn oa(preset: &str, url: &str, auth: &str, values: &str) -> Site {
    let text = format!(
        "name = 'oa'\nkind = 'oa'\npreset = '{preset}'\nurl = '{url}'\n\
         auth = {{ user = 'app', password = '${{file:callback}}' }}\n\
         [[webhook]]\nentity = 'approval'\n\
         auth = {{ scheme = '{preset}', token = '${{file:callback}}', key = '${{file:key}}'{auth} }}\n\
         [values]\n{values}\n"
    );
    Site::of_oa(&text, &[("callback", TOKEN), ("key", &written_key())]).await
}

const PATH: &str = "/in/oa/approval-webhook";

/// WeCom's server, as far as a callback needs it.
fn wecom(asked: &Asked, before: usize) -> (u16, &'static str, Value) {
    let contents = json!([{ "control": "Text", "id": "Text-1", "title": [{ "text": "申请编号", "lang": "zh_CN" }], "value": { "text": "AP-1" } }]);
    match asked.body["sp_no"].as_str() {
        None => (
            200,
            "",
            json!({ "errcode": 0, "access_token": "t", "expires_in": 7200 }),
        ),
        Some("busy") if before == 0 => (200, "", json!({ "errcode": -1, "errmsg": "system busy" })),
        Some(number) => (
            200,
            "",
            json!({ "errcode": 0, "info": {
            "sp_no": number, "sp_name": "请购", "sp_status": 2, "apply_time": 1_772_330_400, "applyer": { "userid": "zhou" },
            "sp_record": [{ "details": [{ "approver": { "userid": "boss" }, "speech": "同意", "sp_status": 2, "sptime": 1_772_416_800 }] }],
            "apply_data": { "contents": contents } } }),
        ),
    }
}

#[tokio::test]
async fn a_decision_of_wecom_is_asked_for_kept_and_answered_with_nothing() {
    let (server, url) = vendor(wecom).await;
    let site = oa("wecom", &url, ", receiver = 'ww-factory'", "template = 'T'").await;
    let (hub, router) = site.run().await;
    let (query, echo) = sealed("7486298402093718", RECEIVER, 0);
    let echo = echo
        .replace('+', "%2B")
        .replace('/', "%2F")
        .replace('=', "%3D");
    let tried = get(&router, &format!("{PATH}{query}&echostr={echo}"))
        .await
        .with(200);
    assert_eq!(tried.text(), "7486298402093718");
    let (query, encrypt) = sealed(&change("202603010001", 2), RECEIVER, 0);
    let path = format!("{PATH}{query}");
    let answer = post(&router, &path, &[], enveloped(&encrypt))
        .await
        .with(200);
    assert_eq!(answer.text(), "");
    // Told once more, since our answer was lost: heard, and taken once.
    post(&router, &path, &[], enveloped(&encrypt))
        .await
        .with(200);
    let found = eventually(async || {
        let found = get(&router, "/api/v1/messages?key=AP-1")
            .await
            .with(200)
            .json();
        match found["items"].as_array().map(Vec::len) {
            Some(1) => Ok(found),
            _ => Err(format!("{found:#}")),
        }
    })
    .await;
    let id = found["items"][0]["id"].as_str().expect("an id").to_owned();
    let message = get(&router, &format!("/api/v1/messages/{id}"))
        .await
        .with(200);
    assert!(
        message.text().contains("\"approved\""),
        "{}",
        message.text()
    );
    // The token was asked for once, the request once for each call.
    assert_eq!(server.asked_of("gettoken").len(), 1);
    hub.stop().await;
}

#[tokio::test]
async fn what_is_not_ours_to_take_is_answered_and_left_or_refused() {
    let (server, url) = vendor(wecom).await;
    let site = oa("wecom", &url, ", receiver = 'ww-factory'", "template = 'T'").await;
    let router = site.router();
    let called = async |message: &str, receiver: &str, age: i64| -> Answer {
        let (query, encrypt) = sealed(message, receiver, age);
        post(&router, &format!("{PATH}{query}"), &[], enveloped(&encrypt)).await
    };
    // Still open, and of another kind: heard, and nothing is asked or kept.
    called(&change("202603010002", 1), RECEIVER, 0)
        .await
        .with(200);
    called("<xml><Event>change_contact</Event></xml>", RECEIVER, 0)
        .await
        .with(200);
    assert!(server.asked().is_empty());
    for (answer, why) in [
        (
            called(&change("1", 2), "ww-other", 0).await,
            "addressed to `ww-other`",
        ),
        (
            called(&change("1", 2), RECEIVER, 3600).await,
            "off this machine's clock",
        ),
        (
            post(&router, PATH, &[], enveloped("AAAA")).await,
            "`msg_signature` is missing",
        ),
        (get(&router, PATH).await, "`echostr` is missing"),
    ] {
        let said = answer.problem(401, "webhook.refused");
        assert!(said.contains(why), "{said}");
    }
    assert_eq!(site.inbound().await, 0);
    // What WeCom cannot tell now is not taken; WeCom calls again, and then it is.
    let (query, encrypt) = sealed(&change("busy", 2), RECEIVER, 0);
    let path = format!("{PATH}{query}");
    let said = post(&router, &path, &[], enveloped(&encrypt))
        .await
        .problem(503, "http.fault");
    assert!(said.contains("system busy"), "{said}");
    assert_eq!(site.inbound().await, 0);
    post(&router, &path, &[], enveloped(&encrypt))
        .await
        .with(200);
    assert_eq!(site.inbound().await, 1);
}

#[tokio::test]
async fn dingtalk_reads_success_and_feishu_its_challenge() {
    let (_, url) = vendor(|asked, _| match asked.what.contains("processInstances") {
        true => (200, "", json!({ "success": "true", "result": { "status": "COMPLETED", "formComponentValues": [] } })),
        false => (200, "", json!({ "accessToken": "t", "expireIn": 7200 })),
    })
    .await;
    let site = oa(
        "dingtalk",
        &url,
        ", receiver = 'ww-factory'",
        "process = 'P'",
    )
    .await;
    let router = site.router();
    let change = json!({ "EventType": "bpms_instance_change", "type": "finish", "processInstanceId": "P-1" });
    for (event, kept) in [(json!({ "EventType": "check_url" }), 0), (change, 1)] {
        let (query, encrypt) = sealed(&event.to_string(), RECEIVER, 0);
        let body = json!({ "encrypt": encrypt }).to_string();
        let answer = post(&router, &format!("{PATH}{query}"), &[], body)
            .await
            .with(200)
            .json();
        let sealed = STANDARD
            .decode(answer["encrypt"].as_str().expect("text"))
            .expect("base64");
        let decryptor =
            cbc::Decryptor::<aes::Aes256>::new_from_slices(KEY, &KEY[..16]).expect("a key");
        let open = decryptor
            .decrypt_padded_vec_mut::<NoPadding>(&sealed)
            .expect("blocks");
        assert_eq!(&open[20..27], b"success");
        assert_eq!(site.inbound().await, kept);
    }
    let (_, url) = vendor(|asked, _| match asked.what.contains("/instances/") {
        true => (200, "", json!({ "code": 0, "data": { "instance_code": "I-1", "status": "APPROVED", "form": "[]" } })),
        false => (200, "", json!({ "code": 0, "tenant_access_token": "t", "expire": 7200 })),
    })
    .await;
    let site = oa("feishu", &url, "", "approval = 'A'").await;
    let router = site.router();
    let key = written_key();
    let seal = |event: Value| {
        let iv = b"0011223344556677";
        let mut sealed = iv.to_vec();
        sealed.extend(aes(
            &Sha256::digest(&key),
            iv,
            event.to_string().into_bytes(),
            16,
        ));
        json!({ "encrypt": STANDARD.encode(sealed) }).to_string()
    };
    let challenge = seal(json!({ "type": "url_verification", "token": TOKEN, "challenge": "c-1" }));
    let answer = post(&router, PATH, &[], challenge).await.with(200);
    assert_eq!(answer.json(), json!({ "challenge": "c-1" }));
    let event = seal(
        json!({ "uuid": "u-1", "token": TOKEN, "type": "event_callback",
        "event": { "type": "approval_instance", "instance_code": "I-1", "status": "APPROVED" } }),
    );
    let stamp = Timestamp::now().as_second().to_string();
    let signature = hex::encode(Sha256::digest(format!("{stamp}n1{key}{event}")));
    let headers = [
        ("x-lark-request-timestamp", stamp.as_str()),
        ("x-lark-request-nonce", "n1"),
        ("x-lark-signature", &signature),
    ];
    post(&router, PATH, &headers, event.clone()).await.with(200);
    assert_eq!(site.inbound().await, 1);
    post(&router, PATH, &headers[..2], event)
        .await
        .problem(401, "webhook.refused");
}
