//! Tryton 8.0 as ERP and CRM, over JSON-RPC.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tenon_connector::ConnectorKind;
use tenon_core::{Entity, FailureKind};
use tokio::net::TcpListener;
use tokio::sync::Mutex;

use super::{Joined, setting, unique};

/// A user of Tryton who is no hub: what the tests arrange and look at.
struct Person {
    http: reqwest::Client,
    url: String,
    session: String,
}

impl Person {
    async fn new() -> Self {
        // Whoever comes first installs it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (url, password) = (
            setting("TENON_TEST_TRYTON_URL"),
            setting("TENON_TEST_TRYTON_PASSWORD"),
        );
        let http = reqwest::Client::new();
        let body = json!({ "id": 0, "method": "common.db.login",
            "params": ["admin", { "password": password }, "en"] });
        let answer: Value = asked(&http, &url, None, &body).await;
        let (user, token) = (&answer["result"][0], &answer["result"][1]);
        let session = format!("admin:{user}:{}", token.as_str().expect("a token"));
        Self { http, url, session }
    }

    /// Calls a method of Tryton; what it answers, or what it refuses.
    async fn asks(&self, method: &str, parameters: Value) -> Value {
        let mut parameters = parameters.as_array().expect("parameters").clone();
        parameters.push(json!({ "company": 1, "language": "en" }));
        let body = json!({ "id": 1, "method": method, "params": parameters });
        let answer = asked(&self.http, &self.url, Some(&self.session), &body).await;
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].clone()
    }

    /// The fields of the records that a domain finds.
    async fn sees(&self, model: &str, domain: Value, fields: Value) -> Vec<Value> {
        let method = format!("model.{model}.search_read");
        let found = self
            .asks(&method, json!([domain, 0, null, [["id", "ASC"]], fields]))
            .await;
        found.as_array().expect("records").clone()
    }

    async fn makes(&self, model: &str, values: Value) -> i64 {
        let made = self
            .asks(&format!("model.{model}.create"), json!([[values]]))
            .await;
        made[0].as_i64().expect("an id")
    }
}

async fn asked(http: &reqwest::Client, url: &str, session: Option<&str>, body: &Value) -> Value {
    use base64::Engine;
    let mut request = http
        .post(format!("{url}/hub/rpc/"))
        .header("content-type", "application/json")
        .header("accept-encoding", "gzip")
        .body(body.to_string());
    if let Some(session) = session {
        let session = base64::engine::general_purpose::STANDARD.encode(session);
        request = request.header("authorization", format!("Session {session}"));
    }
    let answer = request.send().await.expect("Tryton answers");
    answer.json().await.expect("JSON")
}

/// The connector file of a system that is Tryton at `url`.
fn tryton_as(kind: ConnectorKind, url: &str, more: &str) -> Joined {
    // The tests' environment has the password under this name.
    let text = format!(
        "name = '{0}'\nkind = '{0}'\npreset = 'tryton'\nurl = '{url}'\n\
         auth = {{ user = 'admin', password = '${{env:TENON_TEST_TRYTON_PASSWORD}}' }}\n\
         values = {{ database = 'hub' }}\n{more}",
        kind.name
    );
    Joined::new(kind, &text)
}

fn erp_at(url: &str, more: &str) -> Joined {
    tryton_as(connector_erp::KIND, url, more)
}

fn erp() -> Joined {
    erp_at(&setting("TENON_TEST_TRYTON_URL"), "")
}

fn crm() -> Joined {
    tryton_as(connector_crm::KIND, &setting("TENON_TEST_TRYTON_URL"), "")
}

fn find<'v>(records: &'v [Value], key: &str, value: &str) -> Vec<&'v Value> {
    records
        .iter()
        .filter(|record| record[key] == value)
        .collect()
}

#[tokio::test]
async fn parties_come_in_once_and_again_only_when_they_change() {
    let (erp, person, tag) = (erp(), Person::new().await, unique());
    let party = person
        .makes(
            "party.party",
            json!({
                "name": format!("杭州电器 {tag}"), "code": format!("C-{tag}"),
                "identifiers": [["create", [{ "type": null, "code": "91330100MA2AF00X1Y" }]]],
                "addresses": [["create", [{ "street": "文一西路969号", "city": "杭州", "postal_code": "311121" }]]],
                "contact_mechanisms": [["create", [{ "type": "email", "value": "info@example.com" }]]],
            }),
        )
        .await;
    let code = format!("C-{tag}");
    let (found, checkpoint) = erp.drained("customer", None).await;
    let mine = find(&found, "code", &code);
    assert_eq!(mine.len(), 1, "{found:?}");
    assert_eq!(mine[0]["tax_id"], "91330100MA2AF00X1Y");
    assert_eq!(mine[0]["addresses"][0]["city"], "杭州");
    assert_eq!(mine[0]["emails"][0], "info@example.com");

    let (again, checkpoint) = erp.drained("customer", checkpoint).await;
    assert!(find(&again, "code", &code).is_empty(), "{again:?}");

    // A party that is no longer active is a change too, though Tryton does not show it by itself.
    let values = json!({ "name": format!("杭州电器（改） {tag}"), "active": false });
    person
        .asks("model.party.party.write", json!([[party], values]))
        .await;
    let (changed, _) = erp.drained("customer", checkpoint).await;
    let mine = find(&changed, "code", &code);
    assert_eq!(mine.len(), 1, "{changed:?}");
    assert_eq!(mine[0]["legal_name"], format!("杭州电器（改） {tag}"));
}

#[tokio::test]
async fn pages_that_shift_while_they_are_read_miss_nothing() {
    let (person, tag) = (Person::new().await, unique());
    let url = setting("TENON_TEST_TRYTON_URL");
    let erp = erp_at(
        &url,
        "[[receive]]\nentity = 'customer'\npaging = { size = 3 }\n",
    );
    let mut made = Vec::new();
    for number in 0..8 {
        let values =
            json!({ "name": format!("{tag} {number}"), "code": format!("{tag}-{number}") });
        made.push(person.makes("party.party", values).await);
    }
    let mut source = erp.source("customer", None).await;
    let mut codes = Vec::new();
    let mut removed = false;
    while let Some(received) = source.receive().await.expect("a portion") {
        for message in &received.messages {
            let record = erp.canonical("customer", message);
            codes.push(record["code"].as_str().unwrap_or_default().to_owned());
        }
        source.settle().await.expect("settled");
        // As soon as the first of them was read, it vanishes: by offsets, one would be passed over.
        if !removed && codes.contains(&format!("{tag}-0")) {
            removed = true;
            person
                .asks("model.party.party.delete", json!([[made[0]]]))
                .await;
        }
    }
    for number in 0..8 {
        let code = format!("{tag}-{number}");
        let count = codes.iter().filter(|seen| **seen == code).count();
        assert_eq!(count, 1, "{code} in {codes:?}");
    }
}

fn customer(tag: &str) -> Value {
    json!({
        "legal_name": format!("上海川可 {tag} 有限公司"), "code": format!("K{tag}"), "kind": "customer",
        "phones": ["021-60000000"],
        "addresses": [{ "purpose": "registered", "city": "上海", "street": "一号路" }],
    })
}

#[tokio::test]
async fn a_customer_is_made_once_and_then_kept() {
    let (erp, person, tag) = (erp(), Person::new().await, unique());
    let record = customer(&tag);
    let made = erp.give(Entity::Customer, &record, None).await.unwrap();
    let id = made.native_id.expect("Tryton's id");
    // As after a crash between the effect and our note of it.
    let again = erp.give(Entity::Customer, &record, None).await.unwrap();
    assert_eq!(again.native_id.as_ref(), Some(&id));
    let fields = json!([
        "name",
        "addresses.street",
        "addresses.city",
        "contact_mechanisms.value",
        "identifiers.code"
    ]);
    let domain = json!([["code", "=", format!("K{tag}")]]);
    let found = person
        .sees("party.party", domain.clone(), fields.clone())
        .await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(
        found[0]["addresses."].as_array().unwrap().len(),
        1,
        "{found:?}"
    );
    assert_eq!(
        found[0]["contact_mechanisms."].as_array().unwrap().len(),
        1,
        "{found:?}"
    );

    let mut changed = record.clone();
    changed["tax_id"] = json!("91310115591639060N");
    changed["addresses"][0]["street"] = json!("二号路");
    erp.give(Entity::Customer, &changed, Some(&id))
        .await
        .unwrap();
    let found = person.sees("party.party", domain, fields).await;
    assert_eq!(found[0]["addresses."][0]["street"], "二号路", "{found:?}");
    assert_eq!(
        found[0]["identifiers."][0]["code"], "91310115591639060N",
        "{found:?}"
    );
}

/// What stands between the hub and Tryton, and meddles.
struct Between {
    person: Person,
    http: reqwest::Client,
    url: String,
    /// Somebody else writes right before the hub does, this many times.
    overtaken: AtomicUsize,
    /// The session ends right before a call, this many times.
    expired: AtomicUsize,
    logins: AtomicUsize,
    party: Mutex<Option<i64>>,
}

impl Between {
    async fn start(overtaken: usize, expired: usize) -> (Arc<Self>, String) {
        let between = Arc::new(Self {
            person: Person::new().await,
            http: reqwest::Client::builder()
                .no_gzip()
                .build()
                .expect("a client"),
            url: setting("TENON_TEST_TRYTON_URL"),
            overtaken: AtomicUsize::new(overtaken),
            expired: AtomicUsize::new(expired),
            logins: AtomicUsize::new(0),
            party: Mutex::default(),
        });
        let router = Router::new().fallback(pass).with_state(between.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async move { axum::serve(listener, router).await });
        (between, format!("http://{address}"))
    }
}

fn take_one(counter: &AtomicUsize) -> bool {
    let less = |count: usize| count.checked_sub(1);
    counter
        .fetch_update(Ordering::SeqCst, Ordering::SeqCst, less)
        .is_ok()
}

async fn pass(
    State(between): State<Arc<Between>>,
    mut headers: HeaderMap,
    body: Bytes,
) -> Response {
    let text = String::from_utf8_lossy(&body);
    if text.contains("common.db.login") {
        between.logins.fetch_add(1, Ordering::SeqCst);
    } else if take_one(&between.expired) {
        // Tryton answers a session that it does not know as it answers one that has ended.
        headers.insert(
            "authorization",
            "Session YWRtaW46MTpnb25l".parse().expect("a header"),
        );
    }
    if text.contains("model.party.party.write") && take_one(&between.overtaken) {
        let party = between.party.lock().await.expect("a party");
        let values = json!({ "contact_mechanisms": [["create", [{ "type": "phone", "value": "010-1" }]]], "name": "somebody else's" });
        between
            .person
            .asks("model.party.party.write", json!([[party], values]))
            .await;
    }
    let mut request = between
        .http
        .post(format!("{}/hub/rpc/", between.url))
        .body(body.clone());
    for name in ["authorization", "content-type", "accept-encoding"] {
        if let Some(value) = headers.get(name) {
            request = request.header(name, value.as_bytes());
        }
    }
    let answer = request.send().await.expect("Tryton answers");
    let status = StatusCode::from_u16(answer.status().as_u16()).expect("a status");
    let mut response_headers = HeaderMap::new();
    for name in ["content-type", "content-encoding"] {
        if let Some(value) = answer.headers().get(name) {
            let value = value.as_bytes().try_into().expect("a header");
            response_headers.insert(name, value);
        }
    }
    (
        status,
        response_headers,
        answer.bytes().await.expect("a body"),
    )
        .into_response()
}

#[tokio::test]
async fn a_write_upon_what_somebody_has_changed_is_refused_and_begins_again() {
    let tag = unique();
    let (between, url) = Between::start(1, 0).await;
    let erp = erp_at(&url, "");
    let record = customer(&tag);
    let made = erp.give(Entity::Customer, &record, None).await.unwrap();
    let id = made.native_id.expect("Tryton's id");
    *between.party.lock().await = Some(id.parse().expect("a number"));
    let overtaken = erp
        .give(Entity::Customer, &record, Some(&id))
        .await
        .unwrap_err();
    assert_eq!(overtaken.kind, FailureKind::Transient, "{overtaken}");
    assert!(
        overtaken.detail.contains("somebody has changed"),
        "{overtaken}"
    );
    // The lane tries again, from the first step, upon what it is now.
    erp.give(Entity::Customer, &record, Some(&id))
        .await
        .unwrap();
    let domain = json!([["code", "=", format!("K{tag}")]]);
    let found = between
        .person
        .sees(
            "party.party",
            domain,
            json!(["name", "contact_mechanisms.value"]),
        )
        .await;
    assert_eq!(found[0]["name"], record["legal_name"], "{found:?}");
    let phones = found[0]["contact_mechanisms."]
        .as_array()
        .expect("contacts");
    assert_eq!(phones.len(), 2, "what somebody else added stays: {found:?}");
}

#[tokio::test]
async fn a_session_that_has_ended_is_opened_again_and_a_wrong_password_is_tried_once() {
    let (between, url) = Between::start(0, 1).await;
    let erp = erp_at(&url, "");
    for logins in [2, 3] {
        let (found, _) = erp.drained("item", None).await;
        assert!(
            found.iter().any(|item| item["code"] == "PT-0101"),
            "{found:?}"
        );
        assert_eq!(between.logins.load(Ordering::SeqCst), logins);
        between.expired.store(1, Ordering::SeqCst);
    }

    let (between, url) = Between::start(0, 0).await;
    let text = format!(
        "name = 'erp'\nkind = 'erp'\npreset = 'tryton'\nurl = '{url}'\n\
         auth = {{ user = 'admin', password = '${{env:PATH}}' }}\nvalues = {{ database = 'hub' }}\n"
    );
    let erp = Joined::new(connector_erp::KIND, &text);
    for _ in 0..3 {
        let mut source = erp.source("item", None).await;
        let refused = source.receive().await.unwrap_err();
        assert_eq!(refused.kind, FailureKind::Configuration, "{refused}");
        assert!(
            refused.detail.contains("check user and password"),
            "{refused}"
        );
        assert!(
            !refused.detail.contains("/usr/bin"),
            "the password is not shown: {refused}"
        );
    }
    assert_eq!(
        between.logins.load(Ordering::SeqCst),
        1,
        "an account is soon locked"
    );
}

#[tokio::test]
async fn what_tryton_refuses_with_200_is_the_messages_own_fault() {
    let (erp, tag) = (erp(), unique());
    let mut record = customer(&tag);
    erp.give(Entity::Customer, &record, None).await.unwrap();
    let other = unique();
    let made = erp
        .give(Entity::Customer, &customer(&other), None)
        .await
        .unwrap();
    record["code"] = json!(format!("K{tag}"));
    let refused = erp
        .give(Entity::Customer, &record, made.native_id.as_deref())
        .await
        .unwrap_err();
    assert_eq!(refused.kind, FailureKind::Invalid, "{refused}");
    assert!(refused.detail.contains("must be unique"), "{refused}");
    // A party that was deleted there.
    let gone = erp
        .give(Entity::Customer, &customer(&unique()), Some("99999999"))
        .await
        .unwrap_err();
    assert!(gone.detail.contains("no longer in Tryton"), "{gone}");
}

fn order(tag: &str, party: &str, net: &str) -> Value {
    json!({
        "number": format!("SO-{tag}"), "customer": { "native_id": party }, "order_date": "2026-11-20",
        "currency": "CNY", "status": "confirmed",
        "lines": [{ "number": 1, "item": { "native_id": "SH-300" }, "description": "三刀头剃须刀",
            "quantity": "3", "unit_price": "19.90", "amount": net }],
        "totals": { "net": net, "tax": "7.76", "gross": "67.46" },
    })
}

#[tokio::test]
async fn an_order_is_sold_shipped_and_billed() {
    let (erp, person, tag) = (erp(), Person::new().await, unique());
    let party = erp
        .give(Entity::Customer, &customer(&tag), None)
        .await
        .unwrap();
    let party = party.native_id.expect("Tryton's id");
    let record = order(&tag, &party, "59.70");
    let sold = erp.give(Entity::Order, &record, None).await.unwrap();
    let id = sold.native_id.expect("Tryton's id");
    let again = erp.give(Entity::Order, &record, None).await.unwrap();
    assert_eq!(again.native_id.as_ref(), Some(&id));
    let domain = json!([["reference", "=", format!("SO-{tag}")]]);
    let sales = person
        .sees(
            "sale.sale",
            domain,
            json!(["state", "total_amount", "shipments", "invoices"]),
        )
        .await;
    assert_eq!(sales.len(), 1, "{sales:?}");
    assert_eq!(sales[0]["state"], "processing", "{sales:?}");
    assert_eq!(sales[0]["total_amount"]["decimal"], "67.46", "{sales:?}");

    let shipment = &sales[0]["shipments"][0];
    for step in ["assign_try", "pick", "pack", "do"] {
        person
            .asks(
                &format!("model.stock.shipment.out.{step}"),
                json!([[shipment]]),
            )
            .await;
    }
    let invoice = &sales[0]["invoices"][0];
    let today = jiff::Zoned::now().date();
    let day = json!({ "__class__": "date", "year": today.year(), "month": today.month(), "day": today.day() });
    person
        .asks(
            "model.account.invoice.write",
            json!([[invoice], { "invoice_date": day }]),
        )
        .await;
    person
        .asks("model.account.invoice.post", json!([[invoice]]))
        .await;

    let mine = |records: Vec<Value>| -> Vec<Value> {
        let of_party = |record: &Value| record["customer"]["native_id"] == party.as_str();
        records.into_iter().filter(of_party).collect()
    };
    let (shipments, _) = erp.drained("shipment", None).await;
    let shipped = mine(shipments);
    assert_eq!(shipped.len(), 1, "{shipped:?}");
    assert_eq!(shipped[0]["status"], "delivered");
    assert_eq!(
        shipped[0]["orders"],
        json!([{ "system": "erp", "native_id": id }])
    );
    assert_eq!(shipped[0]["lines"][0]["item"]["native_id"], "SH-300");
    let (invoices, _) = erp.drained("invoice", None).await;
    let billed = mine(invoices);
    assert_eq!(billed.len(), 1, "{billed:?}");
    assert_eq!(billed[0]["status"], "requested");
    assert_eq!(
        billed[0]["totals"],
        json!({ "net": "59.70", "tax": "7.76", "gross": "67.46" })
    );
    assert_eq!(billed[0]["lines"][0]["tax"], "7.76");
    let (orders, _) = erp.drained("order", None).await;
    let ordered = mine(orders);
    assert_eq!(ordered[0]["number"], format!("SO-{tag}"));
}

#[tokio::test]
async fn an_order_that_tryton_computes_otherwise_stays_a_quotation() {
    let (erp, person, tag) = (erp(), Person::new().await, unique());
    let party = erp
        .give(Entity::Customer, &customer(&tag), None)
        .await
        .unwrap();
    let record = order(&tag, &party.native_id.expect("Tryton's id"), "50.00");
    let refused = erp.give(Entity::Order, &record, None).await.unwrap_err();
    assert_eq!(refused.kind, FailureKind::Invalid, "{refused}");
    assert!(
        refused
            .detail
            .contains("comes to 59.70 in Tryton and to 50.00 here"),
        "{refused}"
    );
    let domain = json!([["reference", "=", format!("SO-{tag}")]]);
    let sales = person.sees("sale.sale", domain, json!(["state"])).await;
    assert_eq!(sales.len(), 1, "{sales:?}");
    assert_eq!(sales[0]["state"], "quotation", "{sales:?}");

    let mut unknown = record.clone();
    unknown["lines"][0]["item"]["native_id"] = json!("NO-SUCH");
    let refused = erp.give(Entity::Order, &unknown, None).await.unwrap_err();
    assert!(
        refused.detail.contains("sells no product NO-SUCH"),
        "{refused}"
    );
}

#[tokio::test]
async fn parts_and_their_bill_come_from_the_design_office() {
    let (erp, person, tag) = (erp(), Person::new().await, unique());
    let (blade, head) = (format!("PT-{tag}"), format!("HD-{tag}"));
    for (code, name) in [(&blade, "刀头"), (&head, "刀头总成")] {
        let item = json!({ "code": code, "name": name, "specification": "23 mm", "unit": "pcs" });
        let made = erp.give(Entity::Item, &item, None).await.unwrap();
        assert_eq!(made.native_id.as_deref(), Some(code.as_str()));
        let again = erp.give(Entity::Item, &item, None).await.unwrap();
        assert_eq!(again.native_id.as_deref(), Some(code.as_str()));
    }
    let products = person
        .sees(
            "product.product",
            json!([["code", "=", blade]]),
            json!(["name"]),
        )
        .await;
    assert_eq!(products.len(), 1, "only what is new is made: {products:?}");

    let bill = |quantity: &str| {
        json!({
            "number": format!("BOM-{tag}"), "item": { "native_id": head }, "kind": "design", "revision": "A",
            "status": "released", "quantity": "1",
            "components": [{ "position": 10, "item": { "native_id": blade }, "quantity": quantity }],
        })
    };
    let made = erp.give(Entity::Bom, &bill("3"), None).await.unwrap();
    let id = made.native_id.expect("Tryton's id");
    for quantity in ["3", "4"] {
        let again = erp
            .give(Entity::Bom, &bill(quantity), Some(&id))
            .await
            .unwrap();
        assert_eq!(again.native_id.as_ref(), Some(&id));
    }
    let domain = json!([["code", "=", format!("BOM-{tag}")]]);
    let bills = person
        .sees(
            "production.bom",
            domain,
            json!(["inputs.quantity", "outputs.product.code"]),
        )
        .await;
    assert_eq!(bills.len(), 1, "{bills:?}");
    assert_eq!(
        bills[0]["inputs."],
        json!([{ "id": bills[0]["inputs."][0]["id"], "quantity": 4.0 }])
    );
    let made_of = person
        .sees(
            "product.product",
            json!([["code", "=", head]]),
            json!(["boms.bom"]),
        )
        .await;
    assert_eq!(
        made_of[0]["boms."].as_array().map(Vec::len),
        Some(1),
        "linked once: {made_of:?}"
    );

    let missing = json!({
        "number": format!("BOM-X{tag}"), "item": { "native_id": head }, "kind": "design", "status": "released",
        "quantity": "1", "components": [{ "position": 10, "item": { "native_id": "PT-NONE" }, "quantity": "1" }],
    });
    let refused = erp.give(Entity::Bom, &missing, None).await.unwrap_err();
    assert!(refused.detail.contains("no product PT-NONE"), "{refused}");
}

#[tokio::test]
async fn an_opportunity_of_the_crm_becomes_a_sale_and_is_won() {
    let (crm, person, tag) = (crm(), Person::new().await, unique());
    let golden = json!({
        "legal_name": format!("宁波电器 {tag} 有限公司"), "short_name": format!("宁波电器 {tag}"), "code": format!("O{tag}"),
        "addresses": [{ "purpose": "office", "city": "宁波", "street": "中山路1号" }],
    });
    let made = crm.give(Entity::Customer, &golden, None).await.unwrap();
    let party = made.native_id.expect("Tryton's id");
    let id: i64 = party.parse().expect("a number");
    let parties = person
        .sees("party.party", json!([["id", "=", id]]), json!(["name"]))
        .await;
    assert_eq!(parties[0]["name"], golden["short_name"]);
    let (customers, _) = crm.drained("customer", None).await;
    let mine = find(&customers, "code", &format!("O{tag}"));
    assert_eq!(mine[0]["short_name"], golden["short_name"]);

    let seller = json!({ "name": format!("周琳 {tag}"), "code": format!("E{tag}") });
    let seller = person.makes("party.party", seller).await;
    let employee = json!({ "party": seller, "company": 1 });
    let employee = person.makes("company.employee", employee).await;
    let shaver = json!([["code", "=", "SH-300"]]);
    let fields = json!(["default_uom"]);
    let product = person.sees("product.product", shaver, fields).await;
    let line =
        json!({ "product": product[0]["id"], "quantity": 3, "unit": product[0]["default_uom"] });
    let opportunity = person
        .makes(
            "sale.opportunity",
            json!({
                "party": id, "employee": employee, "description": format!("陈列 {tag}"),
                "amount": { "__class__": "Decimal", "decimal": "60.00" }, "lines": [["create", [line]]],
            }),
        )
        .await;
    let told = async |outcome: &str| {
        let (opportunities, _) = crm.drained("opportunity", None).await;
        let mine = find(&opportunities, "name", &format!("陈列 {tag}"));
        assert_eq!(mine.len(), 1, "{opportunities:?}");
        assert_eq!(mine[0]["outcome"], outcome, "{mine:?}");
        mine[0].clone()
    };
    let lead = told("open").await;
    assert_eq!(lead["stage"], "found");
    assert_eq!(lead["amount"], "60.00");
    assert_eq!(lead["probability"], "0.5");
    assert_eq!(lead["owner"], format!("周琳 {tag}"));
    assert_eq!(
        lead["customer"],
        json!({ "system": "crm", "native_id": party })
    );
    assert_eq!(lead["lines"][0]["item"]["native_id"], "SH-300");

    for step in ["opportunity", "convert"] {
        let method = format!("model.sale.opportunity.{step}");
        person.asks(&method, json!([[opportunity]])).await;
    }
    assert_eq!(told("open").await["stage"], "quoted");
    let sales = person
        .sees("sale.sale", json!([["party", "=", id]]), json!(["number"]))
        .await;
    let sale = sales[0]["id"].as_i64().expect("an id");
    for step in ["quote", "confirm"] {
        let method = format!("model.sale.sale.{step}");
        person.asks(&method, json!([[sale]])).await;
    }
    assert_eq!(told("won").await["stage"], "committed");
    let (orders, _) = crm.drained("order", None).await;
    let of_party = |order: &&Value| order["customer"]["native_id"] == party.as_str();
    let order = orders.iter().find(of_party).expect("the sale");
    assert_eq!(order["status"], "confirmed");
    assert_eq!(order["lines"][0]["item"]["native_id"], "SH-300");
}

#[tokio::test]
async fn what_became_of_a_sale_is_noted_where_sellers_look() {
    let (crm, person, tag) = (crm(), Person::new().await, unique());
    let made = crm.give(Entity::Customer, &customer(&tag), None).await;
    let party = made.unwrap().native_id.expect("Tryton's id");
    let id: i64 = party.parse().expect("a number");
    let sale = person
        .makes("sale.sale", json!({ "party": id, "company": 1 }))
        .await
        .to_string();
    let notes = async |resource: String| -> Vec<String> {
        let domain = json!([["resource", "=", resource]]);
        let found = person.sees("ir.note", domain, json!(["message"])).await;
        let texts = found.iter().map(|note| note["message"].as_str());
        texts.flatten().map(str::to_owned).collect()
    };
    // Numbers of which one begins as the other.
    let shipment = |number: &str, status: &str| {
        json!({ "number": format!("{number}-{tag}"), "customer": { "native_id": party },
            "orders": [{ "native_id": sale }], "status": status, "shipped_on": "2026-03-03" })
    };
    let number = format!("SP-1-{tag}");
    let planned = shipment("SP-1", "planned");
    let first = crm.give(Entity::Shipment, &planned, None).await.unwrap();
    let first = first.native_id;
    assert!(first.is_some());
    // As after a crash between the effect and our note of it.
    let again = crm.give(Entity::Shipment, &planned, None).await.unwrap();
    assert_eq!(again.native_id, first);
    let longer = json!({ "number": format!("{number}0"), "customer": { "native_id": party },
        "orders": [{ "native_id": sale }], "status": "planned" });
    let other = crm.give(Entity::Shipment, &longer, None).await.unwrap();
    assert_ne!(other.native_id, first);
    let shipped = shipment("SP-1", "shipped");
    let later = crm.give(Entity::Shipment, &shipped, first.as_deref());
    assert_eq!(later.await.unwrap().native_id, first);
    let order = json!({ "number": format!("SO-{tag}"), "customer": { "native_id": party }, "status": "in_production" });
    for _ in 0..2 {
        let noted = crm.give(Entity::Order, &order, Some(&sale)).await.unwrap();
        assert_eq!(
            noted.native_id.as_ref(),
            Some(&sale),
            "the sale stays the record"
        );
    }
    let mut found = notes(format!("sale.sale,{sale}")).await;
    found.sort();
    let expected = [
        format!("Order SO-{tag}\nin production"),
        format!("Shipment {number}\nshipped\nleft 2026-03-03"),
        format!("Shipment {number}0\nplanned"),
    ];
    assert_eq!(found, expected);

    let receipt = json!({ "number": format!("RC-{tag}"), "customer": { "native_id": party }, "status": "cleared",
        "received_on": "2026-03-05", "currency": "CNY", "amount": "67.46",
        "allocations": [{ "order": { "native_id": sale }, "amount": "67.46" }] });
    let invoice = json!({ "number": format!("IR-{tag}"), "customer": { "native_id": party }, "status": "issued",
        "kind": "special", "fiscal_number": "26317000000000000001", "currency": "CNY", "totals": { "gross": "67.46" } });
    crm.give(Entity::Receipt, &receipt, None).await.unwrap();
    crm.give(Entity::Invoice, &invoice, None).await.unwrap();
    let mut found = notes(format!("party.party,{party}")).await;
    found.sort();
    let expected = [
        format!("Invoice IR-{tag}\nissued 26317000000000000001\n67.46 CNY"),
        format!("Receipt RC-{tag}\ncleared\n2026-03-05\n67.46 CNY\nfor sales {sale}"),
    ];
    assert_eq!(found, expected);
}
