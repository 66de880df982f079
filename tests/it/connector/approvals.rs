//! DingTalk, WeCom and Feishu as OA, against servers that answer as they document it.

use serde_json::{Value, json};
use tenon_connector::System;
use tenon_core::{Entity, FailureKind};

use crate::vendor::{give, read, system, vendor};

const AUTH: &str = "auth = { user = 'app', password = '${env:PATH}' }\n";

fn oa(preset: &str, url: &str, values: &str) -> System {
    let more = format!("{AUTH}[values]\nusers = {{ '周琳' = 'u-zhou' }}\n{values}");
    system(connector_oa::KIND, preset, url, &more)
}

fn request() -> Value {
    json!({
        "number": "AP-1", "kind": "requisition", "document": "PR-7", "subject": "两台机床",
        "currency": "CNY", "amount": "10000000000000000.01", "requested_by": "周琳",
        "requested_at": "2026-03-01T02:00:00Z",
    })
}

fn withdrawn() -> Value {
    let mut request = request();
    request["decision"] =
        json!({ "outcome": "withdrawn", "at": "2026-03-02T02:00:00Z", "comment": "改为租用" });
    request
}

const DINGTALK: &str = "process = 'PROC-1'\napplicant = 'hub'";

#[tokio::test]
async fn dingtalk_is_given_a_form_and_its_token_is_renewed() {
    let (dingtalk, url) = vendor(|asked, before| match asked.what.as_str() {
        "POST /v1.0/oauth2/accessToken" => (200, "", json!({ "accessToken": format!("t{}", before + 1), "expireIn": 7200 })),
        "POST /v1.0/workflow/processes/instanceIds/query" if asked.proof == "t1" => {
            (400, "", json!({ "code": "InvalidAuthentication", "message": "不合法的access_token" }))
        }
        "POST /v1.0/workflow/processes/instanceIds/query" if asked.body["nextToken"] == 0 => {
            (200, "", json!({ "result": { "list": ["P-1"], "nextToken": "1" }, "success": true }))
        }
        // A page may say nothing at all.
        "POST /v1.0/workflow/processes/instanceIds/query" => (200, "", json!({ "result": {}, "success": true })),
        "GET /v1.0/workflow/processInstances?processInstanceId=P-1" => (200, "", json!({ "success": "true", "result": {
            "title": "请购", "status": "COMPLETED", "result": "agree", "formComponentValues": [{ "name": "申请编号", "value": "AP-1" }] } })),
        "POST /v1.0/workflow/processInstances" => match asked.body["originatorUserId"].as_str() {
            Some("u-zhou") => (200, "", json!({ "instanceId": "P-9" })),
            Some("busy") => (403, "", json!({ "code": "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi", "message": "slow down" })),
            Some("strange") => (403, "", json!({ "code": "Forbidden.AccessDenied.AccessTokenPermissionDenied", "message": "no scope" })),
            _ => (400, "", json!({ "code": "user.notExist", "message": "no such user" })),
        },
        _ => (404, "", json!({})),
    })
    .await;
    let system = oa("dingtalk", &url, DINGTALK);
    assert_eq!(read(&system, "approval").await.unwrap(), ["P-1"]);
    assert_eq!(
        dingtalk.asked_of("oauth2").len(),
        2,
        "a token that is refused is asked for anew"
    );
    let asked = dingtalk.asked_of("instanceIds");
    assert_eq!(asked[1].proof, "t2");
    assert_eq!(
        asked[1].body["statuses"],
        json!(["COMPLETED", "TERMINATED"])
    );
    let window = asked[1].body["endTime"]
        .as_i64()
        .zip(asked[1].body["startTime"].as_i64());
    assert_eq!(
        window.map(|(end, start)| end - start),
        Some(30 * 86_400_000)
    );
    let given = give(&system, Entity::Approval, &request(), None)
        .await
        .unwrap();
    assert_eq!(given.native_id.as_deref(), Some("P-9"));
    let made = &dingtalk.asked_of("POST /v1.0/workflow/processInstances")[0].body;
    assert_eq!(made["processCode"], "PROC-1");
    let field = |name: &str| {
        let fields = made["formComponentValues"].as_array().unwrap();
        fields
            .iter()
            .find(|field| field["name"] == name)
            .map(|field| field["value"].clone())
    };
    assert_eq!(field("金额"), Some(json!("10000000000000000.01")));
    assert_eq!(field("申请时间"), Some(json!("2026-03-01 10:00:00")));
    for (applicant, kind, said) in [
        ("busy", FailureKind::Transient, "slow down"),
        (
            "strange",
            FailureKind::Configuration,
            "check the app's permissions",
        ),
        (
            "nobody",
            FailureKind::Invalid,
            "user.notExist: no such user",
        ),
    ] {
        let values = format!("process = 'PROC-1'\napplicant = '{applicant}'");
        let mut request = request();
        request["requested_by"] = json!("李雷");
        let refused = give(
            &oa("dingtalk", &url, &values),
            Entity::Approval,
            &request,
            None,
        )
        .await;
        let refused = refused.unwrap_err();
        assert_eq!(refused.kind, kind, "{refused}");
        assert!(refused.detail.contains(said), "{refused}");
    }
}

#[tokio::test]
async fn a_request_of_dingtalk_is_withdrawn_unless_it_was_decided() {
    let (dingtalk, url) = vendor(|asked, before| {
        let instance = |status: &str, amount: &str| {
            json!({ "success": "true", "result": { "status": status, "result": "agree", "formComponentValues": [{ "name": "金额", "value": amount }] } })
        };
        let same = "10000000000000000.01";
        match asked.what.rsplit('=').next() {
            Some("open") if before == 0 => (200, "", instance("RUNNING", same)),
            Some("open") => (200, "", instance("TERMINATED", same)),
            Some("stuck") => (200, "", instance("RUNNING", same)),
            Some("decided") => (200, "", instance("COMPLETED", same)),
            Some("rewritten") => (200, "", instance("RUNNING", "10,000,000,000,000,000.010")),
            Some("other") => (200, "", instance("RUNNING", "1.00")),
            Some(what) if what.ends_with("terminate") => (200, "", json!({ "result": true, "success": true })),
            _ => (200, "", json!({ "accessToken": "t", "expireIn": 7200 })),
        }
    })
    .await;
    let system = oa("dingtalk", &url, DINGTALK);
    give(&system, Entity::Approval, &withdrawn(), Some("open"))
        .await
        .unwrap();
    let ended = dingtalk.asked_of("terminate");
    assert_eq!(ended[0].body["processInstanceId"], "open");
    assert_eq!(ended[0].body["remark"], "改为租用");
    // What never came to DingTalk needs no withdrawal there.
    give(&system, Entity::Approval, &withdrawn(), None)
        .await
        .unwrap();
    let check = async |record: Value, id: &str, said: &str| {
        let refused = give(&system, Entity::Approval, &record, Some(id))
            .await
            .unwrap_err();
        assert_eq!(refused.kind, FailureKind::Invalid, "{refused}");
        assert!(refused.detail.contains(said), "{refused}");
    };
    check(withdrawn(), "decided", "was decided already (agree)").await;
    check(withdrawn(), "stuck", "took the call and left it RUNNING").await;
    check(
        request(),
        "other",
        "stands in DingTalk with another amount (1.00)",
    )
    .await;
    // The same amount in another spelling is the same.
    give(&system, Entity::Approval, &request(), Some("rewritten"))
        .await
        .unwrap();
    assert_eq!(
        dingtalk.asked_of("terminate").len(),
        2,
        "one that was decided is left alone"
    );
}

const WECOM: &str = "template = 'T-1'\napplicant = 'hub'\n\
    controls = { '申请编号' = 'Text-1', '金额' = 'Money-2', '事由' = 'Textarea-3' }";

#[tokio::test]
async fn wecom_is_given_controls_and_its_errors_are_read_behind_200() {
    let (wecom, url) = vendor(|asked, before| {
        let path = asked.what.split(['?', ' ']).nth(1);
        let busy = asked.body["creator_userid"] == "busy";
        match path {
            Some("/cgi-bin/gettoken") => (200, "", json!({ "errcode": 0, "errmsg": "ok", "access_token": format!("t{}", before + 1), "expires_in": 7200 })),
            // The token that was given first has expired.
            _ if asked.what.contains("access_token=t1") => (200, "", json!({ "errcode": 42001, "errmsg": "access_token expired" })),
            Some("/cgi-bin/oa/getapprovalinfo") if asked.body["filters"][1]["value"] == "2" && asked.body["new_cursor"] == "" => {
                (200, "", json!({ "errcode": 0, "sp_no_list": ["202603010001"], "new_next_cursor": "c2" }))
            }
            Some("/cgi-bin/oa/getapprovalinfo") => (200, "", json!({ "errcode": 0, "sp_no_list": [], "new_next_cursor": "" })),
            Some("/cgi-bin/oa/getapprovaldetail") => {
                let status = match asked.body["sp_no"].as_str() { Some("open") => 1, Some("withdrawn") => 4, _ => 2 };
                (200, "", json!({ "errcode": 0, "info": { "sp_no": asked.body["sp_no"], "sp_status": status, "apply_data": { "contents": [] } } }))
            }
            Some("/cgi-bin/oa/applyevent") if busy => (200, "", json!({ "errcode": 45009, "errmsg": "api freq out of limit" })),
            Some("/cgi-bin/oa/applyevent") if asked.body["creator_userid"] == "u-zhou" => (200, "", json!({ "errcode": 0, "sp_no": "202603010009" })),
            _ => (200, "", json!({ "errcode": 301025, "errmsg": "get approval param error" })),
        }
    })
    .await;
    let system = oa("wecom", &url, WECOM);
    assert_eq!(read(&system, "approved").await.unwrap(), ["202603010001"]);
    assert!(read(&system, "refused").await.unwrap().is_empty());
    assert_eq!(
        wecom.asked_of("gettoken").len(),
        2,
        "an expired token is renewed, once"
    );
    let logins = wecom.asked_of("gettoken");
    assert!(logins[0].what.contains("corpid=app"), "{logins:?}");
    let given = give(&system, Entity::Approval, &request(), None)
        .await
        .unwrap();
    assert_eq!(given.native_id.as_deref(), Some("202603010009"));
    let made = &wecom.asked_of("applyevent")[0].body;
    assert_eq!(
        made["apply_data"]["contents"],
        json!([
            { "control": "Text", "id": "Text-1", "value": { "text": "AP-1" } },
            { "control": "Textarea", "id": "Textarea-3", "value": { "text": "两台机床" } },
            { "control": "Money", "id": "Money-2", "value": { "new_money": "10000000000000000.01" } },
        ])
    );
    let check = async |system: &System, record: Value, id: Option<&str>, kind, said: &str| {
        let refused = give(system, Entity::Approval, &record, id)
            .await
            .unwrap_err();
        assert_eq!(refused.kind, kind, "{refused}");
        assert!(refused.detail.contains(said), "{refused}");
    };
    let mut other = request();
    other["requested_by"] = json!("李雷");
    check(
        &system,
        other.clone(),
        None,
        FailureKind::Invalid,
        "301025: get approval param",
    )
    .await;
    let busy = oa("wecom", &url, &WECOM.replace("hub", "busy"));
    check(&busy, other, None, FailureKind::Transient, "45009").await;
    check(
        &system,
        withdrawn(),
        Some("open"),
        FailureKind::Invalid,
        "let the applicant withdraw open in WeCom",
    )
    .await;
    check(
        &system,
        withdrawn(),
        Some("decided"),
        FailureKind::Invalid,
        "was decided already",
    )
    .await;
    let nameless = oa("wecom", &url, "template = 'T-1'\napplicant = 'hub'");
    let said = "no control for 申请编号";
    check(&nameless, request(), None, FailureKind::Invalid, said).await;
    give(&system, Entity::Approval, &withdrawn(), Some("withdrawn"))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_wrong_secret_of_wecom_is_told_and_not_tried_again_at_once() {
    let (wecom, url) = vendor(|_, _| {
        (
            200,
            "",
            json!({ "errcode": 40001, "errmsg": "invalid credential" }),
        )
    })
    .await;
    let system = oa("wecom", &url, WECOM);
    for _ in 0..2 {
        let refused = read(&system, "approved").await.unwrap_err();
        assert_eq!(refused.kind, FailureKind::Configuration, "{refused}");
        assert!(
            refused.detail.contains("40001: invalid credential"),
            "{refused}"
        );
    }
    assert_eq!(wecom.asked().len(), 1);
}

#[tokio::test]
async fn feishu_finds_a_request_by_its_number_before_it_makes_another() {
    let (feishu, url) = vendor(|asked, before| {
        let path = asked.what.split(['?', ' ']).nth(1).unwrap_or_default();
        let instance = |code: &str, status: &str| {
            let form = json!([{ "id": "w2", "name": "金额", "type": "input", "value": "10000000000000000.01" }]).to_string();
            (200, "", json!({ "code": 0, "msg": "success", "data": { "instance_code": code, "status": status, "user_id": "u-zhou", "form": form } }))
        };
        match path {
            "/auth/v3/tenant_access_token/internal" => (200, "", json!({ "code": 0, "msg": "ok", "tenant_access_token": format!("t{}", before + 1), "expire": 7200 })),
            _ if asked.proof == "Bearer t1" => (400, "", json!({ "code": 99_991_663, "msg": "Invalid access token" })),
            "/approval/v4/instances/query" => match asked.what.contains("page_token") {
                false => (200, "", json!({ "code": 0, "data": { "has_more": true, "page_token": "p2", "instance_list": [{ "instance": { "code": "I-1", "status": "approved" } }] } })),
                true => (200, "", json!({ "code": 0, "data": { "has_more": false } })),
            },
            "/approval/v4/instances/I-1" => instance("I-1", "APPROVED"),
            "/approval/v4/instances/AP-1" if before == 0 => (400, "", json!({ "code": 1_390_003, "msg": "instance code not found" })),
            "/approval/v4/instances/AP-1" => instance("I-9", "PENDING"),
            "/approval/v4/instances/AP-2" => instance("I-2", "REJECTED"),
            "/approval/v4/instances/AP-3" if before == 0 => instance("I-3", "PENDING"),
            "/approval/v4/instances/AP-3" => instance("I-3", "CANCELED"),
            "/approval/v4/instances/AP-4" => (400, "", json!({ "code": 99_991_400, "msg": "request trigger frequency limit" })),
            "/approval/v4/instances/cancel" => (200, "", json!({ "code": 0, "data": {} })),
            "/approval/v4/instances" => (200, "", json!({ "code": 0, "data": { "instance_code": "I-9" } })),
            _ => (400, "", json!({ "code": 1_390_001, "msg": "param is invalid" })),
        }
    })
    .await;
    let values =
        "approval = 'A-1'\napplicant = 'hub'\nwidgets = { '申请编号' = 'w1', '金额' = 'w2' }";
    let system = oa("feishu", &url, values);
    assert_eq!(read(&system, "approval").await.unwrap(), ["I-1"]);
    assert_eq!(feishu.asked_of("tenant_access_token").len(), 2);
    for _ in 0..2 {
        let given = give(&system, Entity::Approval, &request(), None)
            .await
            .unwrap();
        assert_eq!(given.native_id.as_deref(), Some("I-9"));
    }
    let made = feishu.asked_of("POST /approval/v4/instances");
    let made: Vec<_> = made
        .iter()
        .filter(|asked| asked.what.ends_with("/instances"))
        .collect();
    assert_eq!(made.len(), 1, "one instance, however often it is sent");
    assert_eq!(
        (&made[0].body["uuid"], &made[0].body["user_id"]),
        (&json!("AP-1"), &json!("u-zhou"))
    );
    let form: Value = serde_json::from_str(made[0].body["form"].as_str().unwrap()).unwrap();
    assert_eq!(
        form[1],
        json!({ "id": "w2", "type": "input", "value": "10000000000000000.01" })
    );
    let numbered = |number: &str, mut record: Value| {
        record["number"] = json!(number);
        record
    };
    let decided = give(
        &system,
        Entity::Approval,
        &numbered("AP-2", withdrawn()),
        Some("I-2"),
    )
    .await;
    let decided = decided.unwrap_err();
    assert_eq!(decided.kind, FailureKind::Invalid, "{decided}");
    assert!(
        decided.detail.contains("was decided already (REJECTED)"),
        "{decided}"
    );
    give(
        &system,
        Entity::Approval,
        &numbered("AP-3", withdrawn()),
        Some("I-3"),
    )
    .await
    .unwrap();
    assert_eq!(
        feishu.asked_of("cancel")[0].body,
        json!({ "approval_code": "A-1", "instance_code": "I-3", "user_id": "u-zhou" })
    );
    let busy = give(
        &system,
        Entity::Approval,
        &numbered("AP-4", request()),
        None,
    )
    .await
    .unwrap_err();
    assert_eq!(busy.kind, FailureKind::Transient, "{busy}");
}
