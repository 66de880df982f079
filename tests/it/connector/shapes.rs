//! Presets for software that is not here, against servers that answer as its vendors document it. That
//! proves what is asked and how answers are read, and no more.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tenon_connector::{ConnectorKind, Delivered, Sole, System};
use tenon_core::{Attributes, Entity, Failure, FailureKind, Message, Outbound, SystemName};
use tokio::net::TcpListener;

/// What was asked: method, path with query, body, and the header by which the caller proves himself.
#[derive(Debug, Clone)]
struct Asked {
    what: String,
    body: Value,
    proof: String,
}

type Answering = fn(&Asked, usize) -> (u16, &'static str, Value);

struct Vendor {
    answering: Answering,
    asked: Mutex<Vec<Asked>>,
}

/// A server that answers by `answering`, which is told how many requests of this kind came before.
async fn vendor(answering: Answering) -> (Arc<Vendor>, String) {
    let vendor = Arc::new(Vendor {
        answering,
        asked: Mutex::default(),
    });
    let router = Router::new().fallback(answer).with_state(vendor.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, router).await });
    (vendor, format!("http://{address}"))
}

async fn answer(
    State(vendor): State<Arc<Vendor>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let asked = Asked {
        what: format!("{method} {uri}"),
        body: serde_json::from_slice(&body).unwrap_or(Value::Null),
        proof: header("authorization")
            .or(header("cookie"))
            .unwrap_or_default()
            .to_owned(),
    };
    let before = {
        let mut all = vendor.asked.lock().unwrap();
        let same = |other: &&Asked| other.what == asked.what;
        let before = all.iter().filter(same).count();
        all.push(asked.clone());
        before
    };
    let (status, cookie, body) = (vendor.answering)(&asked, before);
    let mut response = (
        StatusCode::from_u16(status).expect("a status"),
        [("content-type", "application/json")],
        body.to_string(),
    )
        .into_response();
    for cookie in cookie.split(';').filter(|cookie| !cookie.is_empty()) {
        let cookie = format!("{cookie}; path=/; HttpOnly")
            .parse()
            .expect("a header");
        response.headers_mut().append("set-cookie", cookie);
    }
    response
}

impl Vendor {
    fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// What was asked of the addresses that hold `part`.
    fn asked_of(&self, part: &str) -> Vec<Asked> {
        self.asked()
            .into_iter()
            .filter(|asked| asked.what.contains(part))
            .collect()
    }
}

const KIND: ConnectorKind = connector_erp::KIND;

fn erp(preset: &str, url: &str, more: &str) -> System {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("erp.toml");
    let text = format!("name = 'erp'\nkind = 'erp'\npreset = '{preset}'\nurl = '{url}'\n{more}\n");
    std::fs::write(&file, text).expect("a file");
    System::load(&file, &[KIND]).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

/// The native ids of what an inlet reads.
async fn read(system: &System, inlet: &str) -> Result<Vec<String>, Failure> {
    let inlet = system.inlet(inlet).expect("an inlet");
    let mut source = system.transport.open_source(inlet, None).await?;
    let mut ids = Vec::new();
    while let Some(received) = source.receive().await? {
        let id = |message: &Message<_>| message.attributes.native_id.clone().unwrap_or_default();
        ids.extend(received.messages.iter().map(id));
        source.settle().await?;
    }
    Ok(ids)
}

async fn give(system: &System, entity: Entity, record: &Value) -> Result<Delivered, Failure> {
    let outlet = system.outlet(entity).expect("an outlet");
    let about = json!({ "target_id": null });
    let payload = outlet
        .mapping
        .apply(record.to_string().as_bytes(), &about)?;
    let source = SystemName::new("hub").expect("a name");
    let message = Message {
        attributes: Attributes::received(source, entity, "test".to_owned(), None, None),
        body: Outbound {
            payload: payload.expect("a record that is wanted"),
            native_id: None,
            idempotency_key: "key-1".to_owned(),
        },
    };
    let sink = system.transport.open_sink(outlet).await?;
    sink.deliver(&[message], &Sole).await.remove(0)
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
    let made = give(&erp, Entity::Customer, &customer()).await.unwrap();
    assert_eq!(made.native_id.as_deref(), Some("42"));
    let mut other = customer();
    other["code"] = json!("OTHER");
    let refused = give(&erp, Entity::Customer, &other).await.unwrap_err();
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
    let made = give(&erp, Entity::Customer, &customer()).await.unwrap();
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
    let refused = give(&erp, Entity::Customer, &refused).await.unwrap_err();
    assert_eq!(refused.kind, FailureKind::Invalid, "{refused}");
    assert!(refused.detail.contains("FName: 电话不合法"), "{refused}");
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
    let refused = give(&erp, Entity::Customer, &customer()).await.unwrap_err();
    assert_eq!(refused.kind, FailureKind::Invalid, "{refused}");
    assert!(
        refused.detail.contains("-10: CardCode too long"),
        "{refused}"
    );
    let logins = layer.asked_of("/Login");
    assert_eq!(logins[0].body["CompanyDB"], "SBO");
}
