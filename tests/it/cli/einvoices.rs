//! Fully digital e-invoices end to end: asked for by the ERP, issued, taken back and red-lettered by the service,
//! told to ERP and CRM.

use std::sync::{Arc, Mutex, MutexGuard};

use axum::extract::{Path, Query, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use rstest::rstest;
use serde::Deserialize;
use serde_json::{Value, json};

use super::flows::{Engine, ITEMS, export, factory, invoice_request};
use super::site::eventually;

/// The service's books: requests in the order in which they came, and how often one was made.
#[derive(Default)]
struct Books {
    requests: Vec<Value>,
    buyers: usize,
    issued: usize,
    /// Changes so far: each has its own second.
    changes: u32,
}

impl Books {
    fn change(&mut self, at: usize, state: &str) {
        self.changes += 1;
        let (minutes, seconds) = (self.changes / 60, self.changes % 60);
        let request = &mut self.requests[at];
        request["zt"] = json!(state);
        request["gxsj"] = json!(format!("2026-03-21 10:{minutes:02}:{seconds:02}"));
    }

    fn place(&self, number: &str) -> Option<usize> {
        self.requests
            .iter()
            .position(|request| request["qqlsh"] == number)
    }
}

#[derive(Clone, Default)]
struct Service(Arc<Mutex<Books>>);

#[derive(Deserialize)]
struct Asked {
    qqlsh: Option<String>,
    after: Option<String>,
}

impl Service {
    fn books(&self) -> MutexGuard<'_, Books> {
        self.0.lock().unwrap()
    }

    /// The tax authority has decided: issued under the next number, or taken back by the clerk before that.
    fn decide(&self, number: &str, state: &str) {
        let mut books = self.books();
        let at = books.place(number).expect("a request under way");
        assert_eq!(books.requests[at]["zt"], "0", "{number} is under way");
        if state == "1" {
            books.issued += 1;
            let fiscal = format!("2631200000001234567{}", books.issued);
            books.requests[at]["fphm"] = json!(fiscal);
            books.requests[at]["kprq"] = json!("2026-03-21");
        }
        books.change(at, state);
    }

    /// Waits until somebody has asked for it; what was asked.
    fn asked(&self, number: &str) -> Value {
        eventually(|| {
            let books = self.books();
            let found = books.place(number).map(|at| books.requests[at].clone());
            found.ok_or_else(|| format!("nobody asked for {number}"))
        })
    }

    async fn start(&self) -> String {
        let router = Router::new()
            .route("/api/status", get(|| async { Json(json!({ "code": 0 })) }))
            .route("/api/buyers", get(nothing).post(buyer))
            .route("/api/buyers/{id}", axum::routing::put(known_buyer))
            .route("/api/einvoices", get(list).post(ask))
            .route("/api/einvoices/{id}", get(one))
            .route("/api/einvoices/{id}/cancel", post(cancel))
            .with_state(self.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async move { axum::serve(listener, router).await });
        format!("http://{address}")
    }
}

async fn nothing() -> Json<Value> {
    Json(json!({ "data": { "list": [] } }))
}

async fn buyer(State(service): State<Service>) -> Json<Value> {
    let mut books = service.books();
    books.buyers += 1;
    Json(json!({ "data": { "buyerId": format!("B{}", books.buyers) } }))
}

async fn known_buyer(Path(id): Path<String>) -> Json<Value> {
    Json(json!({ "data": { "buyerId": id } }))
}

async fn list(State(service): State<Service>, Query(asked): Query<Asked>) -> Json<Value> {
    let books = service.books();
    let wanted = |request: &&Value| {
        asked.after.is_none()
            && asked
                .qqlsh
                .as_ref()
                .is_none_or(|number| request["qqlsh"] == **number)
    };
    let found: Vec<&Value> = books.requests.iter().filter(wanted).collect();
    Json(json!({ "data": { "list": found } }))
}

async fn ask(State(service): State<Service>, Json(mut request): Json<Value>) -> Json<Value> {
    let mut books = service.books();
    let id = books.requests.len() + 1;
    request["id"] = json!(id.to_string());
    books.requests.push(request);
    books.change(id - 1, "0");
    Json(json!({ "data": { "id": id.to_string() } }))
}

async fn one(State(service): State<Service>, Path(id): Path<usize>) -> Json<Value> {
    Json(json!({ "data": service.books().requests[id - 1] }))
}

async fn cancel(State(service): State<Service>, Path(id): Path<usize>) -> Json<Value> {
    service.books().change(id - 1, "3");
    Json(json!({ "data": {} }))
}

#[rstest]
#[case::embedded(Engine::Embedded)]
#[case::servers(Engine::Servers)]
fn an_e_invoice_is_issued_taken_back_and_red_lettered(#[case] engine: Engine) {
    let site = factory(engine);
    let service = Service::default();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let url = runtime.block_on(service.start());
    site.write(
        "config/connectors/invoicing.toml",
        &format!(
            "name = 'invoicing'\nkind = 'invoicing'\npreset = 'einvoice'\nurl = '{url}'\n\
             [[receive]]\nentity = 'invoice'\nevery = '200ms'\n\
             [[deliver]]\nentity = 'customer'\n[[deliver]]\nentity = 'invoice'\n"
        ),
    );
    let hub = site.run(&[]);
    let customers = "\u{feff}客户编号,客户名称,工商全称,税号\n\
        C000042,川可,上海川可贸易有限公司,91350100M000100Y43\n";
    export(&site, "crm", "customers-1.csv", customers);
    let customer = site.given("T_CUST-CKMY.json");
    let customer = customer["CUST_NO"].as_str().expect("a number");
    export(&site, "erp", "T_ITEM-1.csv", ITEMS);
    let coded = |quantity: i32, amount: &str, tax: &str| {
        json!([{ "LINE_NO": 1, "ITEM_NO": "FS-305", "ITEM_DESC": "Shaver", "QTY": quantity, "UOM": "pcs",
            "PRICE": "1152.00", "TAX_RATE": "0.13", "AMT": amount, "TAX": tax,
            "TAX_CODE": "1090419010000000000" }])
    };
    let plain = json!({ "LINES": coded(3, "3456.00", "449.28") });
    let request = |file: &str, number: &str, more: &Value| {
        export(&site, "erp", file, &invoice_request(number, customer, more));
    };

    // Asked for under the title that the master record has; nobody is told until the authority has decided.
    request("T_INV_REQ-1.ndjson", "IR-1", &plain);
    let asked = service.asked("IR-1");
    assert_eq!(asked["gmfmc"], "上海川可贸易有限公司", "{asked}");
    assert_eq!(asked["gmfnsrsbh"], "91350100M000100Y43", "{asked}");
    assert_eq!(
        asked["mxzb"][0]["spfwssflhbbm"], "1090419010000000000",
        "{asked}"
    );
    assert_eq!(
        [&asked["fppz"], &asked["jshj"]],
        ["01", "3905.28"],
        "{asked}"
    );
    service.decide("IR-1", "1");
    let told = site.given("T_INV-IR-1.json");
    assert_eq!(told["FISCAL_NO"], "26312000000012345671", "{told}");
    assert_eq!(
        [&told["STATUS"], &told["GROSS_AMT"]],
        ["I", "3905.28"],
        "{told}"
    );
    let seen = site.given_to("crm", "invoice-IR-1.json");
    assert_eq!(seen["客户编号"], "C000042", "{seen}");
    assert_eq!(seen["状态"], "已开具", "{seen}");

    // A red letter under the confirmation that the authority gave.
    let back = json!({
        "INV_TYPE": "R", "CORRECTS_NO": "26312000000012345671", "RED_CONFIRM_NO": "44030026030000000001",
        "LINES": coded(-1, "-1152.00", "-149.76"),
        "NET_AMT": "-1152.00", "TAX_AMT": "-149.76", "GROSS_AMT": "-1301.76",
    });
    request("T_INV_REQ-2.ndjson", "IR-2", &back);
    let asked = service.asked("IR-2");
    assert_eq!(
        [&asked["lzfpbz"], &asked["hzqrxxdbh"], &asked["yfphm"]],
        ["1", "44030026030000000001", "26312000000012345671"],
        "{asked}"
    );
    service.decide("IR-2", "1");
    let told = site.given("T_INV-IR-2.json");
    assert_eq!(
        [&told["INV_TYPE"], &told["CORRECTS_NO"], &told["GROSS_AMT"]],
        ["R", "26312000000012345671", "-1301.76"],
        "{told}"
    );
    assert_eq!(
        site.given_to("crm", "invoice-IR-2.json")["类型"],
        "红字发票"
    );

    // Taken back before it was issued.
    request("T_INV_REQ-3.ndjson", "IR-3", &plain);
    service.asked("IR-3");
    service.decide("IR-3", "3");
    assert_eq!(site.given("T_INV-IR-3.json")["STATUS"], "V");
    assert_eq!(site.given_to("crm", "invoice-IR-3.json")["状态"], "已作废");

    // Each was asked for once, and what is told of it goes back to nobody as a request.
    let numbers: Vec<Value> = {
        let books = service.books();
        let numbers = books.requests.iter().map(|asked| asked["qqlsh"].clone());
        numbers.collect()
    };
    assert_eq!(numbers, ["IR-1", "IR-2", "IR-3"]);
    hub.stop();
}
