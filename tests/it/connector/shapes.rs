//! Presets for software that is not here, against servers that answer as its vendors document it. That
//! proves what is asked and how answers are read, and no more.

use serde_json::{Value, json};
use tenon_connector::System;
use tenon_core::{Entity, FailureKind};

use crate::vendor::{give, read, system, vendor};

fn erp(preset: &str, url: &str, more: &str) -> System {
    system(connector_erp::KIND, preset, url, more)
}

fn customer() -> Value {
    json!({ "legal_name": "上海川可贸易有限公司", "code": "CKMY", "tax_id": "91310000MA1FL0000X" })
}

#[tokio::test]
async fn odoo_is_asked_by_names_and_its_refusal_is_the_messages_own() {
    let (odoo, url) = vendor(|asked, before| match asked.what.rsplit('/').next() {
        Some("search_read") if asked.what.contains("res.partner") => {
            let domain = asked.body["domain"].to_string();
            match (domain.contains("customer_rank"), before) {
                (true, 0) => (
                    200,
                    "",
                    json!([{ "id": 7, "name": "A", "write_date": "2026-03-01 08:00:00" }]),
                ),
                _ => (200, "", json!([])),
            }
        }
        Some("create") if asked.body["vals_list"][0]["ref"] == "CKMY" => (200, "", json!([42])),
        _ => (
            422,
            "",
            json!({ "name": "odoo.exceptions.ValidationError", "message": "no" }),
        ),
    })
    .await;
    let erp = erp("odoo", &url, "auth = { bearer = '${env:PATH}' }");
    assert_eq!(read(&erp, "customer").await.unwrap(), ["7"]);
    let pages = odoo.asked_of("search_read");
    assert_eq!(pages[0].what, "POST /json/2/res.partner/search_read");
    assert!(pages[0].proof.starts_with("Bearer "), "{pages:?}");
    assert_eq!(pages[0].body["order"], "id asc");
    assert!(
        pages[1].body["domain"]
            .to_string()
            .contains(r#"["id",">",7]"#),
        "{pages:?}"
    );
    let made = give(&erp, Entity::Customer, &customer(), None)
        .await
        .unwrap();
    assert_eq!(made.native_id.as_deref(), Some("42"));
    let mut other = customer();
    other["code"] = json!("OTHER");
    let refused = give(&erp, Entity::Customer, &other, None)
        .await
        .unwrap_err();
    assert_eq!(refused.kind, FailureKind::Invalid, "{refused}");
    assert!(refused.detail.contains("ValidationError: no"), "{refused}");
}

#[tokio::test]
async fn kingdee_is_logged_in_to_again_and_its_errors_are_read_behind_200() {
    let (kingdee, url) = vendor(|asked, before| {
        let success = json!({ "Result": { "ResponseStatus": { "IsSuccess": true, "SuccessEntitys": [{ "Number": "CKMY" }] } } });
        let failure = |code: i32, said: &str| {
            json!({ "Result": { "ResponseStatus": { "IsSuccess": false, "MsgCode": code, "Errors": [{ "FieldName": "FName", "Message": said }] } } })
        };
        match asked.what.split('.').nth(5) {
            Some("ValidateUser") => (200, "kdservice-sessionid=s1", json!({ "LoginResultType": 1 })),
            // The session is lost once.
            Some("ExecuteBillQuery") if before == 0 => (200, "", json!([[failure(1, "会话信息已丢失")]])),
            Some("ExecuteBillQuery") if asked.body["data"]["FilterString"] == "" => {
                (200, "", json!([["C-1", "川可", null, null, null, null, "2026-03-01T08:00:00"]]))
            }
            Some("ExecuteBillQuery") => (200, "", json!([])),
            Some("Save") if asked.body["data"]["Model"]["FTEL"] == "0" => (200, "", failure(11, "电话不合法")),
            _ => (200, "", success),
        }
    })
    .await;
    let more = "auth = { user = 'hub', password = '${env:PATH}' }\nvalues = { account = 'a1' }";
    let erp = erp("kingdee", &url, more);
    assert_eq!(read(&erp, "customer").await.unwrap(), ["C-1"]);
    let logins = kingdee.asked_of("ValidateUser");
    assert_eq!(
        logins.len(),
        2,
        "a lost session is opened once more: {logins:?}"
    );
    assert_eq!(logins[0].body["acctID"], "a1");
    let queries = kingdee.asked_of("ExecuteBillQuery");
    assert!(
        queries
            .iter()
            .all(|query| query.proof == "kdservice-sessionid=s1"),
        "{queries:?}"
    );
    let made = give(&erp, Entity::Customer, &customer(), None)
        .await
        .unwrap();
    assert_eq!(made.native_id.as_deref(), Some("CKMY"));
    let saved = kingdee.asked_of("DynamicFormService.Save");
    assert_eq!(saved[0].body["formid"], "BD_Customer");
    assert_eq!(
        saved[0].body["data"]["Model"]["FCreateOrgId"]["FNumber"],
        "100"
    );
    assert_eq!(kingdee.asked_of("DynamicFormService.Audit").len(), 1);
    let mut refused = customer();
    refused["phones"] = json!(["0"]);
    let refused = give(&erp, Entity::Customer, &refused, None)
        .await
        .unwrap_err();
    assert_eq!(refused.kind, FailureKind::Invalid, "{refused}");
    assert!(refused.detail.contains("FName: 电话不合法"), "{refused}");
}

#[tokio::test]
async fn kingdee_that_is_signed_to_needs_no_session() {
    let (kingdee, url) = vendor(|asked, before| {
        let query = asked.what.contains("ExecuteBillQuery");
        match (query, before) {
            (true, 0) => (
                200,
                "",
                json!([["C-1", "川可", null, null, null, null, "2026-03-01T08:00:00"]]),
            ),
            _ => (200, "", json!([])),
        }
    })
    .await;
    let directory = tempfile::tempdir().expect("a directory");
    let id = directory.path().join("app");
    std::fs::write(&id, format!("218464_{}", "A".repeat(32))).expect("a file");
    let more = format!(
        "auth = {{ sign = 'kingdee', user = 'hub', app_id = '${{file:{}}}', app_secret = '${{env:PATH}}' }}\n\
         values = {{ account = '5f0000000000aa' }}",
        id.display()
    );
    let erp = erp("kingdee", &format!("{url}/k3cloud"), &more);
    assert_eq!(read(&erp, "customer").await.unwrap(), ["C-1"]);
    let asked = kingdee.asked();
    assert!(
        asked
            .iter()
            .all(|asked| !asked.what.contains("ValidateUser")),
        "{asked:?}"
    );
    let header = |at: usize, name: &str| asked[at].headers[name].to_str().unwrap().to_owned();
    assert_eq!(header(0, "x-api-clientid"), "218464");
    // 5f0000000000aa,hub,2052,100
    assert_eq!(
        header(0, "x-kd-appdata"),
        "NWYwMDAwMDAwMDAwYWEsaHViLDIwNTIsMTAw"
    );
    assert_ne!(
        header(0, "x-api-nonce"),
        header(1, "x-api-nonce"),
        "each request has its own"
    );
    assert_ne!(header(0, "x-api-signature"), header(1, "x-api-signature"));
    assert_eq!(header(0, "x-kd-signature"), header(1, "x-kd-signature"));
}

fn order(item: &str) -> Value {
    json!({
        "number": "SO-1", "customer": { "native_id": "CUST-7" }, "order_date": "2026-03-01",
        "currency": "EUR", "lines": [{ "number": 1, "item": { "native_id": item }, "quantity": "3", "unit_price": "19.90" }],
    })
}

#[tokio::test]
async fn erpnext_is_read_by_names_that_no_deletion_shifts_and_its_orders_are_read_back() {
    let (erpnext, url) = vendor(|asked, before| {
        let refused = |kind: &str, said: &str| {
            let message = json!([json!({ "message": said, "title": "Message" }).to_string()]).to_string();
            json!({ "exc_type": kind, "exception": format!("frappe.exceptions.{kind}: {said}"), "_server_messages": message, "exc": "[\"Traceback\"]" })
        };
        let (method, path) = asked.what.split_once(' ').unwrap();
        let item = asked.body["items"][0]["item_code"].as_str();
        match (method, path.split('?').next().unwrap()) {
            ("GET", "/api/resource/Customer") if path.contains("order_by") => {
                // Between the pages the first record is deleted, so that an offset would pass the third over.
                let rows = [["A", "C"], ["D", "E"]];
                let at = usize::from(path.contains("%22C%22")) + 2 * usize::from(path.contains("%22E%22"));
                let rows = rows.get(at).into_iter().flatten();
                let row = |name: &&str| json!({ "name": name, "customer_name": name, "modified": "2026-03-01 08:00:00.123456" });
                (200, "", json!({ "data": rows.map(row).collect::<Vec<_>>() }))
            }
            ("GET", "/api/resource/Sales%20Order") if before == 0 => (200, "", json!({ "data": [] })),
            ("GET", "/api/resource/Sales%20Order") => (200, "", json!({ "data": [{ "name": "SAL-1", "docstatus": 1 }] })),
            ("POST", "/api/resource/Sales%20Order") if item == Some("NONE") => {
                (417, "", refused("LinkValidationError", "Could not find <b>Row #1: Item Code: NONE</b>"))
            }
            ("POST", "/api/resource/Sales%20Order") => (200, "", json!({ "data": { "name": "SAL-1", "docstatus": 0 } })),
            ("GET", "/api/resource/Sales%20Order/SAL-1") => (200, "", json!({ "data": { "name": "SAL-1", "docstatus": 1, "status": "To Deliver and Bill" } })),
            ("PUT", "/api/resource/Customer/stale") => (417, "", refused("TimestampMismatchError", "Document has been modified")),
            ("PUT", "/api/resource/Customer/foreign") => (403, "", refused("PermissionError", "No permission")),
            ("PUT", "/api/resource/Customer/gone") => (404, "", refused("DoesNotExistError", "Customer gone not found")),
            _ => (200, "", json!({ "data": {} })),
        }
    })
    .await;
    let more = "auth = { header = 'Authorization', value = 'token ${env:PATH}:secret' }\n\
                values = { order = { company = 'Example' } }";
    let erp = erp("erpnext", &url, more);
    assert_eq!(read(&erp, "customer").await.unwrap(), ["A", "C", "D", "E"]);
    let pages = erpnext.asked_of("/Customer?");
    assert!(pages[0].proof.starts_with("token "), "{pages:?}");
    assert!(
        pages.iter().all(|page| !page.what.contains("limit_start")),
        "{pages:?}"
    );
    let missing = give(&erp, Entity::Order, &order("NONE"), None)
        .await
        .unwrap_err();
    assert_eq!(missing.kind, FailureKind::Invalid, "{missing}");
    assert!(
        missing
            .detail
            .ends_with("LinkValidationError: Could not find Row #1: Item Code: NONE"),
        "{missing}"
    );
    // It was not made, and the server now says that it has one: found, it is not made again.
    let made = give(&erp, Entity::Order, &order("SH-300"), None)
        .await
        .unwrap();
    assert_eq!(made.native_id.as_deref(), Some("SAL-1"));
    let posted = erpnext.asked_of("POST /api/resource/Sales%20Order");
    assert_eq!(posted.len(), 1, "{posted:?}");
    assert_eq!(
        (&posted[0].body["company"], &posted[0].body["po_no"]),
        (&json!("Example"), &json!("SO-1"))
    );
    for (id, kind, said) in [
        (
            "stale",
            FailureKind::Transient,
            "Document has been modified",
        ),
        ("foreign", FailureKind::Configuration, "check the API key"),
        ("gone", FailureKind::Invalid, "no such record"),
    ] {
        let refused = give(&erp, Entity::Customer, &customer(), Some(id))
            .await
            .unwrap_err();
        assert_eq!(refused.kind, kind, "{refused}");
        assert!(refused.detail.contains(said), "{refused}");
    }
}

#[tokio::test]
async fn business_one_keeps_both_cookies_and_is_asked_by_odata() {
    let (layer, url) = vendor(|asked, before| match asked.what.as_str() {
        "POST /b1s/v2/Login" => (200, "B1SESSION=b1;ROUTEID=.node2", json!({ "SessionId": "b1", "SessionTimeout": 30 })),
        what if what.starts_with("GET /b1s/v2/Items") && before == 0 && !what.contains("gt") => {
            (200, "", json!({ "value": [{ "ItemCode": "SH-'300", "ItemName": "Shaver", "UpdateDate": "2026-03-01" }] }))
        }
        "POST /b1s/v2/BusinessPartners" => (400, "", json!({ "error": { "code": -10, "message": { "value": "CardCode too long" } } })),
        _ => (200, "", json!({ "value": [] })),
    })
    .await;
    let more = "auth = { user = 'hub', password = '${env:PATH}' }\nvalues = { company = 'SBO' }";
    let erp = erp("business_one", &format!("{url}/b1s/v2"), more);
    assert_eq!(read(&erp, "item").await.unwrap(), ["SH-'300"]);
    let pages = layer.asked_of("/Items");
    assert_eq!(pages[0].proof, "B1SESSION=b1; ROUTEID=.node2");
    // A quote within a text is doubled.
    assert!(
        pages[1].what.contains("ItemCode+gt+%27SH-%27%27300%27"),
        "{pages:?}"
    );
    let refused = give(&erp, Entity::Customer, &customer(), None)
        .await
        .unwrap_err();
    assert_eq!(refused.kind, FailureKind::Invalid, "{refused}");
    assert!(
        refused.detail.contains("-10: CardCode too long"),
        "{refused}"
    );
    let logins = layer.asked_of("/Login");
    assert_eq!(logins[0].body["CompanyDB"], "SBO");
}
