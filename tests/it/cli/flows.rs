//! The flows between all the systems of a factory, each joined by files with its shipped preset.

use rstest::rstest;
use serde_json::{Value, json};

use super::site::{Site, eventually};
use crate::envelope::{RECEIVER, TOKEN, change, enveloped, sealed, written_key};
use crate::servers::{PostgresSchema, TestVhost, amqp_vhost, postgres_schema};
use crate::vendor::{Asked, vendor};

/// What carries the messages and remembers them.
#[derive(Debug, Clone, Copy)]
pub(super) enum Engine {
    Embedded,
    Servers,
}

/// A factory with all its systems. What the servers keep is gone when it is.
pub(super) struct Factory {
    site: Site,
    _servers: Option<(TestVhost, PostgresSchema)>,
}

impl std::ops::Deref for Factory {
    type Target = Site;
    fn deref(&self) -> &Site {
        &self.site
    }
}

/// A design office, an ERP, an OA, a CRM, a DRP and a portal for suppliers.
pub(super) fn factory(engine: Engine) -> Factory {
    let site = Site::bare();
    let servers = match engine {
        Engine::Embedded => None,
        Engine::Servers => Some((amqp_vhost(), postgres_schema())),
    };
    let engine = servers
        .as_ref()
        .map_or_else(String::new, |(vhost, schema)| {
            let prefix = vhost.queue("flow.");
            let broker = without_password(&site, "broker", &vhost.url);
            let store = without_password(&site, "store", &schema.url());
            format!("broker = '{broker}'\nstore = '{store}'\nqueue_prefix = '{prefix}'\n")
        });
    site.write(
        "config/tenon.toml",
        &format!("partitions = 2\n{engine}[http]\nlisten = '127.0.0.1:0'\ntoken = '${{env:TENON_TOKEN}}'\n"),
    );
    let system = |name: &str, receives: &[&str], delivers: &[&str]| {
        let receives = receives.iter().map(|entity| {
            format!("[[receive]]\nentity = '{entity}'\nevery = '200ms'\nsettled = '100ms'\n")
        });
        let delivers = delivers
            .iter()
            .map(|entity| format!("[[deliver]]\nentity = '{entity}'\n"));
        let webhooks = if name == "crm" { "webhook = []\n" } else { "" };
        let head = format!(
            "name = '{name}'\nkind = '{name}'\npreset = 'files'\ndirectory = '../{name}'\n{webhooks}"
        );
        let text: String = std::iter::once(head)
            .chain(receives)
            .chain(delivers)
            .collect();
        site.write(&format!("config/connectors/{name}.toml"), &text);
        for folder in ["in", "out"] {
            let path = site.path(&format!("config/{name}/{folder}"));
            std::fs::create_dir_all(path).expect("a folder of a system");
        }
    };
    system(
        "pdm",
        &["item", "bom", "engineering_change", "document"],
        &["item"],
    );
    system(
        "erp",
        &[
            "customer",
            "item",
            "invoice",
            "shipment",
            "receipt",
            "inventory",
            "approval",
            "purchase_order",
            "supply_plan",
        ],
        &[
            "customer",
            "order",
            "invoice",
            "item",
            "bom",
            "approval",
            "engineering_change",
            "sell_out",
            "purchase_order",
            "supply_plan",
            "requisition",
        ],
    );
    system("invoicing", &["invoice"], &["customer", "invoice"]);
    system(
        "scm",
        &["purchase_order", "supply_plan"],
        &["item", "purchase_order", "supply_plan"],
    );
    system("oa", &["approval"], &["approval", "interaction"]);
    system(
        "crm",
        &["customer", "opportunity", "case"],
        &[
            "customer",
            "shipment",
            "receipt",
            "invoice",
            "case",
            "interaction",
        ],
    );
    system(
        "drp",
        &["customer", "inventory", "order", "sell_out"],
        &["item", "inventory", "shipment", "requisition"],
    );
    Factory {
        site,
        _servers: servers,
    }
}

/// A URL whose password stands in a file of the site, where a configuration may refer to it.
pub(super) fn without_password(site: &Site, name: &str, url: &str) -> String {
    let parts = url.split_once("://").and_then(|(scheme, rest)| {
        let (account, place) = rest.split_once('@')?;
        let (user, password) = account.split_once(':')?;
        Some((scheme, user, password, place))
    });
    let Some((scheme, user, password, place)) = parts else {
        return url.to_owned();
    };
    site.write(&format!("secrets/{name}"), password);
    let file = site.path(&format!("secrets/{name}"));
    format!("{scheme}://{user}:${{file:{}}}@{place}", file.display())
}

/// Puts a file of an export job into a system's folder.
pub(super) fn export(site: &Site, system: &str, name: &str, text: &str) {
    site.write(&format!("config/{system}/out/{name}"), text);
}

/// A knowledge base as `docs/connectors.md` shows it.
const KM: &str = r#"
name      = "km"
kind      = "custom"
preset    = "files"
directory = "../km"

[[deliver]]
entity  = "document"
where   = '.status == "released" and .confidentiality == "public"'
file    = "in/document-{native_id}.json"
key     = "id"
mapping = "km/document.out.jq"

[[deliver]]
entity  = "customer"
file    = "in/customer-{native_id}.json"
key     = "id"
mapping = "km/customer.out.jq"
"#;

pub(super) const ITEMS: &str = "ITEM_NO,ITEM_NAME,SPEC,UOM,REV\nFS-305,Shaver,,pcs,C2\n";

#[rstest]
#[case::embedded(Engine::Embedded)]
#[case::servers(Engine::Servers)]
fn a_released_bill_reaches_the_erp_after_its_parts(#[case] engine: Engine) {
    let site = factory(engine);
    let hub = site.run(&[]);
    let bom = json!({
        "BOM_NO": "BOM-1", "PART_NO": "SH-300", "VIEW": "E", "REV": "C2", "STATE": "R",
        "LINES": [{ "POS": 10, "PART_NO": "PT-1", "QTY": 3, "UNIT": "pcs", "SUBS": "PT-2" }],
        "STEPS": [{ "NO": 10, "NAME": "assemble", "RUN_MIN": 1.25 }],
    });
    // The bill comes first: it waits in the hub until the ERP has what it is made of.
    export(&site, "pdm", "BOM-1.ndjson", &format!("{bom}\n"));
    let parts = "PART_NO,PART_NAME,SPEC,UNIT,REV\nSH-300,Shaver,,pcs,C2\n\
        PT-1,Blade,23 mm,pcs,B\nPT-2,Blade,24 mm,pcs,A\n";
    export(&site, "pdm", "PARTS-1.csv", parts);
    let given = site.given("T_BOM-BOM-1.json");
    assert_eq!(given["ITEM_NO"], "SH-300", "{given}");
    assert_eq!(given["STATUS"], "R", "{given}");
    assert_eq!(given["LINES"][0]["ITEM_NO"], "PT-1", "{given}");
    assert_eq!(given["LINES"][0]["SUBST"], "PT-2", "{given}");
    assert_eq!(given["ROUTING"][0]["RUN_MIN"], "1.25", "{given}");
    assert_eq!(site.given("T_ITEM-PT-1.json")["SPEC"], "23 mm");
    hub.stop();
}

#[rstest]
#[case::embedded(Engine::Embedded)]
#[case::servers(Engine::Servers)]
fn a_request_goes_to_the_oa_and_its_decision_comes_back(#[case] engine: Engine) {
    let site = factory(engine);
    let hub = site.run(&[]);
    let request = json!({
        "REQ_NO": "AP-1", "REQ_TYPE": "R", "DOC_NO": "PR-7", "SUBJECT": "two machines", "CCY": "CNY",
        "AMT": "10000000000000000.01", "REQ_BY": "li.lei", "REQ_AT": "2026-03-01 10:00:00",
    });
    export(&site, "erp", "T_APPROVAL-1.ndjson", &format!("{request}\n"));
    let asked = site.given_to("oa", "REQUEST-AP-1.json");
    assert_eq!(asked["TYPE"], "REQUISITION", "{asked}");
    assert_eq!(asked["AMOUNT"], "10000000000000000.01", "{asked}");
    assert_eq!(asked["APPLIED_AT"], "2026-03-01 10:00:00", "{asked}");
    let decision = json!({
        "REQUEST_NO": "AP-1", "TYPE": "REQUISITION", "DOCUMENT_NO": "PR-7", "TITLE": "two machines",
        "APPLICANT": "li.lei", "APPLIED_AT": "2026-03-01 10:00:00",
        "RESULT": "refuse", "DECIDED_BY": "the director", "DECIDED_AT": "2026-03-02 09:00:00",
    });
    export(&site, "oa", "APPROVAL-1.ndjson", &format!("{decision}\n"));
    let told = site.given("T_APPROVAL-AP-1.json");
    assert_eq!(told["RESULT"], "R", "{told}");
    assert_eq!(told["DECIDED_BY"], "the director", "{told}");
    assert_eq!(told["DOC_NO"], "PR-7", "{told}");
    hub.stop();
}

/// WeCom's server: takes a request, and tells of it once it is approved.
fn wecom(asked: &Asked, _: usize) -> (u16, &'static str, Value) {
    let field = |label: &str, text: &str| json!({ "title": [{ "text": label, "lang": "zh_CN" }], "value": { "text": text } });
    let form = [
        field("申请编号", "AP-1"),
        field("类型", "请购"),
        field("单据号", "PR-7"),
        field("申请人", "li.lei"),
    ];
    let answer = match asked.what.split(['?', ' ']).nth(1) {
        Some("/cgi-bin/gettoken") => {
            json!({ "errcode": 0, "access_token": "t", "expires_in": 7200 })
        }
        Some("/cgi-bin/oa/applyevent") => json!({ "errcode": 0, "sp_no": "202603010001" }),
        Some("/cgi-bin/oa/getapprovaldetail") => json!({ "errcode": 0, "info": {
            "sp_no": "202603010001", "sp_name": "two machines", "sp_status": 2, "apply_time": 1_772_330_400,
            "sp_record": [{ "details": [{ "approver": { "userid": "director" }, "speech": "yes", "sp_status": 2, "sptime": 1_772_416_800 }] }],
            "apply_data": { "contents": form } } }),
        _ => json!({ "errcode": 0, "sp_no_list": [] }),
    };
    (200, "", answer)
}

#[rstest]
#[case::embedded(Engine::Embedded)]
#[case::servers(Engine::Servers)]
fn a_request_goes_to_wecom_and_its_callback_tells_the_erp(#[case] engine: Engine) {
    let site = factory(engine);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let (server, url) = runtime.block_on(vendor(wecom));
    let secret = |name: &str, value: &str| {
        site.write(&format!("secrets/{name}"), value);
        format!(
            "'${{file:{}}}'",
            site.path(&format!("secrets/{name}")).display()
        )
    };
    let (token, key) = (secret("callback", TOKEN), secret("key", &written_key()));
    let oa = format!(
        "name = 'oa'\nkind = 'oa'\npreset = 'wecom'\nurl = '{url}'\nauth = {{ user = 'ww', password = {token} }}\n\
         [[webhook]]\nentity = 'approval'\n\
         auth = {{ scheme = 'wecom', token = {token}, key = {key}, receiver = '{RECEIVER}' }}\n\
         [values]\ntemplate = 'T'\napplicant = 'hub'\n\
         controls = {{ '申请编号' = 'Text-1', '金额' = 'Money-2' }}\n"
    );
    site.write("config/connectors/oa.toml", &oa);
    let hub = site.run(&[]);
    let request = json!({
        "REQ_NO": "AP-1", "REQ_TYPE": "R", "DOC_NO": "PR-7", "SUBJECT": "two machines", "CCY": "CNY",
        "AMT": "10000000000000000.01", "REQ_BY": "li.lei", "REQ_AT": "2026-03-01 10:00:00",
    });
    export(&site, "erp", "T_APPROVAL-1.ndjson", &format!("{request}\n"));
    let asked = eventually(|| {
        server
            .asked_of("applyevent")
            .pop()
            .ok_or("nobody asked".to_owned())
    });
    let contents = &asked.body["apply_data"]["contents"];
    assert_eq!(
        contents[1]["value"]["new_money"], "10000000000000000.01",
        "{contents}"
    );
    let (query, encrypt) = sealed(&change("202603010001", 2), RECEIVER, 0);
    let what = format!("POST /in/oa/approval-webhook{query}");
    assert_eq!(hub.asked(&what, "", &enveloped(&encrypt)), 200);
    let told = site.given("T_APPROVAL-AP-1.json");
    assert_eq!(told["RESULT"], "A", "{told}");
    assert_eq!(
        (&told["DECIDED_BY"], &told["DOC_NO"]),
        (&json!("director"), &json!("PR-7"))
    );
    assert_eq!(told["DECIDED_AT"], "2026-03-02 10:00:00", "{told}");
    // A platform that did not hear our answer calls again: it hears the same, and the request was made once.
    assert_eq!(hub.asked(&what, "", &enveloped(&encrypt)), 200);
    assert_eq!(server.asked_of("applyevent").len(), 1);
    hub.stop();
}

#[rstest]
#[case::embedded(Engine::Embedded)]
#[case::servers(Engine::Servers)]
fn the_seller_sees_what_was_sent_and_what_was_paid(#[case] engine: Engine) {
    let site = factory(engine);
    let hub = site.run(&[]);
    let customers = "\u{feff}客户编号,客户名称\nC000042,上海川可贸易有限公司\n";
    export(&site, "crm", "customers-1.csv", customers);
    let customer = site.given("T_CUST-CKMY.json");
    export(&site, "erp", "T_ITEM-1.csv", ITEMS);
    let shipment = json!({
        "SHIP_NO": "DN-42", "CUST_NO": customer["CUST_NO"], "STATUS": "S", "SHIP_DATE": "2026-03-20",
        "LINES": [{ "LINE_NO": 1, "ITEM_NO": "FS-305", "QTY": 3 }],
    });
    let receipt = json!({
        "RCPT_NO": "SK-1", "CUST_NO": customer["CUST_NO"], "RCPT_DATE": "2026-05-04", "METHOD": "T",
        "AMT": "67.46", "STATUS": "C",
    });
    export(&site, "erp", "T_SHIP-1.ndjson", &format!("{shipment}\n"));
    export(&site, "erp", "T_RECEIPT-1.ndjson", &format!("{receipt}\n"));
    let seen = site.given_to("crm", "shipment-DN-42.json");
    assert_eq!(seen["客户编号"], "C000042", "{seen}");
    assert_eq!(seen["状态"], "已发货", "{seen}");
    let paid = site.given_to("crm", "receipt-SK-1.json");
    assert_eq!(paid["客户编号"], "C000042", "{paid}");
    assert_eq!(paid["金额"], "67.46", "{paid}");
    assert_eq!(paid["状态"], "已到账", "{paid}");
    hub.stop();
}

#[rstest]
#[case::embedded(Engine::Embedded)]
#[case::servers(Engine::Servers)]
fn dealers_see_the_stock_that_the_factory_has(#[case] engine: Engine) {
    let site = factory(engine);
    let hub = site.run(&[]);
    export(&site, "erp", "T_ITEM-1.csv", ITEMS);
    let stock = "STOCK_ID,ITEM_NO,WHS,ON_HAND,AVAILABLE,UOM,AS_OF\n\
        WH-1/FS-305,FS-305,WH-1,500,320,pcs,2026-04-01 00:00:00\n";
    export(&site, "erp", "T_STOCK-1.csv", stock);
    assert_eq!(site.given_to("drp", "ITEM-FS-305.json")["NAME"], "Shaver");
    let seen = site.given_to("drp", "STOCK-WH-1%2FFS-305.json");
    assert_eq!(seen["SKU"], "FS-305", "{seen}");
    assert_eq!(seen["AVAILABLE"], "320", "{seen}");
    assert_eq!(seen["COUNTED_AT"], "2026-04-01 00:00:00", "{seen}");
    hub.stop();
}

#[rstest]
#[case::embedded(Engine::Embedded)]
#[case::servers(Engine::Servers)]
fn a_change_of_the_design_follows_its_bill_and_is_made_once(#[case] engine: Engine) {
    let site = factory(engine);
    let hub = site.run(&[]);
    let parts = "PART_NO,PART_NAME,SPEC,UNIT,REV\nSH-300,Shaver,,pcs,C2\nPT-1,Blade,23 mm,pcs,B\nPT-3,Blade,24 mm,pcs,A\n";
    export(&site, "pdm", "PARTS-1.csv", parts);
    let change = json!({
        "ECN_NO": "ECN-15", "TITLE": "PT-3 for PT-1", "STATE": "R", "URGENT": "Y", "EFF_FROM": "2026-04-01",
        "ITEMS": [{ "PART_NO": "PT-1", "OLD_REV": "B", "NEW_PART_NO": "PT-3", "STOCK": "USE" }],
    });
    export(&site, "pdm", "ECN-15.ndjson", &format!("{change}\n"));
    let given = site.given("T_ECN-ECN-15.json");
    assert_eq!(given["LINES"][0]["NEW_ITEM_NO"], "PT-3", "{given}");
    assert_eq!(given["EFF_FROM"], "2026-04-01", "{given}");
    // Released once more, it changes nothing twice.
    let path = site.path("config/erp/in/T_ECN-ECN-15.json");
    std::fs::remove_file(&path).expect("the ERP takes the file");
    export(
        &site,
        "pdm",
        "ECN-15-again.ndjson",
        &format!("{change}\n\n"),
    );
    let next = json!({ "ECN_NO": "ECN-16", "TITLE": "next", "STATE": "R", "ITEMS": [{ "PART_NO": "PT-3", "NEW_REV": "B" }] });
    export(&site, "pdm", "ECN-16.ndjson", &format!("{next}\n"));
    site.given("T_ECN-ECN-16.json");
    assert!(!path.exists(), "the same change was made again");
    hub.stop();
}

#[rstest]
#[case::embedded(Engine::Embedded)]
#[case::servers(Engine::Servers)]
fn suppliers_see_orders_and_plans_and_promise_and_announce(#[case] engine: Engine) {
    let site = factory(engine);
    let hub = site.run(&[]);
    export(&site, "erp", "T_ITEM-1.csv", ITEMS);
    site.given_to("scm", "ITEM-FS-305.json");
    let order = json!({
        "PO_NO": "PO-7", "SUPP_NO": "S-31", "STATUS": "P", "PO_DATE": "2026-03-03",
        "LINES": [{ "LINE_NO": 1, "ITEM_NO": "FS-305", "QTY": 5000, "PRICE": "2.45", "AMT": "12250.00", "REQ_DATE": "2026-03-25" }],
        "NET_AMT": "12250.00", "TAX_AMT": "1592.50", "GROSS_AMT": "13842.50",
    });
    let plan = json!({
        "PLAN_NO": "SP-14", "SUPP_NO": "S-31", "FIRM": "Y", "ISSUED_AT": "2026-03-27 17:00:00",
        "LINES": [{ "LINE_NO": 1, "ITEM_NO": "FS-305", "FROM_DATE": "2026-04-06", "QTY": 30000 }],
    });
    export(&site, "erp", "T_PO-1.ndjson", &format!("{order}\n"));
    export(&site, "erp", "T_PLAN-1.ndjson", &format!("{plan}\n"));
    let seen = site.given_to("scm", "PO-PO-7.json");
    assert_eq!(seen["SUPPLIER_NO"], "S-31", "{seen}");
    let seen = site.given_to("scm", "PLAN-SP-14.json");
    assert_eq!(seen["BINDING"], true, "{seen}");
    let promise = json!({
        "PO_NO": "PO-7", "SUPPLIER_NO": "S-31", "STATE": "CONFIRMED", "ORDERED_ON": "2026-03-03",
        "LINES": [{ "NO": 1, "PART_NO": "FS-305", "QTY": "5000", "PRICE": "2.45", "PROMISED_QTY": 4800, "PROMISED_ON": "2026-03-24" }],
        "NOTICES": [{ "NOTICE_NO": "ASN-88", "SENT_ON": "2026-03-23", "LINES": [{ "NO": 1, "QTY": 4800 }] }],
    });
    let answer = json!({
        "PLAN_NO": "SP-14", "SUPPLIER_NO": "S-31", "BINDING": "Y", "ANSWERED_AT": "2026-03-28 10:00:00",
        "LINES": [{ "NO": 1, "PART_NO": "FS-305", "FROM": "2026-04-06", "QTY": 30000, "PROMISED_QTY": 25000 }],
    });
    export(&site, "scm", "PO-1.ndjson", &format!("{promise}\n"));
    export(&site, "scm", "PLAN-1.ndjson", &format!("{answer}\n"));
    let told = site.given("T_PO-PO-7.json");
    assert_eq!(told["LINES"][0]["PROMISED_QTY"], "4800", "{told}");
    assert_eq!(told["NOTICES"][0]["NOTICE_NO"], "ASN-88", "{told}");
    let told = site.given("T_PLAN-SP-14.json");
    assert_eq!(told["LINES"][0]["PROMISED_QTY"], "25000", "{told}");
    hub.stop();
}

/// A request for an invoice as the ERP exports it.
pub(super) fn invoice_request(number: &str, customer: &str, more: &serde_json::Value) -> String {
    let mut request = json!({
        "REQ_NO": number, "CUST_NO": customer, "INV_TYPE": "S",
        "LINES": [{ "LINE_NO": 1, "ITEM_NO": "FS-305", "ITEM_DESC": "Shaver", "QTY": 3, "UOM": "pcs",
                    "PRICE": "1152.00", "TAX_RATE": "0.13", "AMT": "3456.00", "TAX": "449.28" }],
        "NET_AMT": "3456.00", "TAX_AMT": "449.28", "GROSS_AMT": "3905.28",
    });
    for (key, value) in more.as_object().into_iter().flatten() {
        request[key] = value.clone();
    }
    format!("{request}\n")
}

/// What the terminal made of a request that it was given.
fn issued(request: &serde_json::Value, fiscal_number: &str, status: &str) -> String {
    let mut document = request.clone();
    document["发票号码"] = json!(fiscal_number);
    document["状态"] = json!(status);
    document["开票日期"] = json!("2026-03-21");
    format!("{document}\n")
}

#[rstest]
#[case::embedded(Engine::Embedded)]
#[case::servers(Engine::Servers)]
fn an_invoice_is_issued_taken_back_made_void_and_paid(#[case] engine: Engine) {
    let site = factory(engine);
    let hub = site.run(&[]);
    let customers = "\u{feff}客户编号,客户名称,工商全称,税号\n\
        C000042,川可,上海川可贸易有限公司,91350100M000100Y43\n";
    export(&site, "crm", "customers-1.csv", customers);
    let customer = site.given("T_CUST-CKMY.json");
    let customer = customer["CUST_NO"].as_str().expect("a number");
    export(&site, "erp", "T_ITEM-1.csv", ITEMS);

    // Requested, under the title that the master record has, then issued.
    export(
        &site,
        "erp",
        "T_INV_REQ-1.ndjson",
        &invoice_request("IR-1", customer, &json!({})),
    );
    let request = site.given_to("invoicing", "invoice-IR-1.json");
    assert_eq!(request["购方名称"], "上海川可贸易有限公司", "{request}");
    assert_eq!(request["购方税号"], "91350100M000100Y43", "{request}");
    let document = issued(&request, "26312000000012345678", "已开具");
    export(&site, "invoicing", "发票-1.ndjson", &document);
    let told = site.given("T_INV-IR-1.json");
    assert_eq!(told["FISCAL_NO"], "26312000000012345678", "{told}");
    assert_eq!(
        [&told["STATUS"], &told["GROSS_AMT"]],
        ["I", "3905.28"],
        "{told}"
    );
    let seen = site.given_to("crm", "invoice-IR-1.json");
    assert_eq!(seen["客户编号"], "C000042", "{seen}");
    assert_eq!(seen["状态"], "已开具", "{seen}");

    // Taken back in part.
    let back = json!({
        "INV_TYPE": "R", "CORRECTS_NO": "26312000000012345678",
        "LINES": [{ "LINE_NO": 1, "ITEM_NO": "FS-305", "QTY": -1, "PRICE": "1152.00", "TAX_RATE": "0.13",
                    "AMT": "-1152.00", "TAX": "-149.76" }],
        "NET_AMT": "-1152.00", "TAX_AMT": "-149.76", "GROSS_AMT": "-1301.76",
    });
    export(
        &site,
        "erp",
        "T_INV_REQ-2.ndjson",
        &invoice_request("IR-2", customer, &back),
    );
    let request = site.given_to("invoicing", "invoice-IR-2.json");
    assert_eq!(request["发票类型"], "红字发票", "{request}");
    let document = issued(&request, "26312000000012345679", "已开具");
    export(&site, "invoicing", "发票-2.ndjson", &document);
    let told = site.given("T_INV-IR-2.json");
    assert_eq!(told["CORRECTS_NO"], "26312000000012345678", "{told}");
    assert_eq!(
        [&told["INV_TYPE"], &told["GROSS_AMT"]],
        ["R", "-1301.76"],
        "{told}"
    );

    // Issued, and made void the same day.
    export(
        &site,
        "erp",
        "T_INV_REQ-3.ndjson",
        &invoice_request("IR-3", customer, &json!({})),
    );
    let request = site.given_to("invoicing", "invoice-IR-3.json");
    let document = issued(&request, "26312000000012345680", "已作废");
    export(&site, "invoicing", "发票-3.ndjson", &document);
    assert_eq!(site.given("T_INV-IR-3.json")["STATUS"], "V");
    assert_eq!(site.given_to("crm", "invoice-IR-3.json")["状态"], "已作废");

    // Paid.
    let receipt = json!({
        "RCPT_NO": "SK-1", "CUST_NO": customer, "RCPT_DATE": "2026-05-04", "METHOD": "T", "AMT": "2603.52",
        "STATUS": "C", "LINES": [{ "INV_NO": "IR-1", "AMT": "3905.28" }, { "INV_NO": "IR-2", "AMT": "-1301.76" }],
    });
    export(&site, "erp", "T_RECEIPT-1.ndjson", &format!("{receipt}\n"));
    let paid = site.given_to("crm", "receipt-SK-1.json");
    assert_eq!(paid["核销发票"], "IR-1;IR-2", "{paid}");
    hub.stop();
}

#[rstest]
#[case::embedded(Engine::Embedded)]
#[case::servers(Engine::Servers)]
fn sales_and_service_share_cases_and_promises(#[case] engine: Engine) {
    let site = factory(engine);
    site.write(
        "config/connectors/service.toml",
        "name = 'service'\nkind = 'crm'\npreset = 'files'\ndirectory = '../service'\nwebhook = []\n\
         [[receive]]\nentity = 'case'\nevery = '200ms'\nsettled = '100ms'\n\
         [[deliver]]\nentity = 'customer'\n[[deliver]]\nentity = 'case'\n",
    );
    for folder in ["in", "out"] {
        let path = site.path(&format!("config/service/{folder}"));
        std::fs::create_dir_all(path).expect("a folder of a system");
    }
    let hub = site.run(&[]);
    let customers = "\u{feff}客户编号,客户名称\nC000042,上海川可贸易有限公司\n";
    export(&site, "crm", "customers-1.csv", customers);
    let known = site.given_to("service", "customer-CKMY.json");
    assert_eq!(known["客户编号"], "CKMY", "{known}");
    let case = |customer: &str| {
        json!({
            "工单编号": "SV-99", "客户编号": customer, "类型": "投诉", "主题": "刀头异响", "优先级": "高",
            "状态": "处理中", "提出时间": "2026-04-02 09:30:00",
        })
    };
    export(
        &site,
        "service",
        "cases-1.ndjson",
        &format!("{}\n", case("CKMY")),
    );
    let seen = site.given_to("crm", "case-SV-99.json");
    assert_eq!(seen["客户编号"], "C000042", "{seen}");
    assert_eq!(seen["承诺"], serde_json::Value::Null, "{seen}");

    let mut promised = case("C000042");
    promised["承诺"] = json!("一周内换货");
    promised["承诺日期"] = json!("2026-04-09");
    export(&site, "crm", "cases-1.ndjson", &format!("{promised}\n"));
    let told = site.given_to("service", "case-SV-99.json");
    assert_eq!(told["客户编号"], "CKMY", "{told}");
    assert_eq!(told["承诺"], "一周内换货", "{told}");
    assert_eq!(told["承诺日期"], "2026-04-09", "{told}");
    hub.stop();
}

#[rstest]
#[case::embedded(Engine::Embedded)]
#[case::servers(Engine::Servers)]
fn what_is_released_and_public_is_published_with_customers_files(#[case] engine: Engine) {
    let site = factory(engine);
    // A knowledge base that the project has no preset for: by configuration alone, as docs/connectors.md has it.
    site.write("config/connectors/km.toml", KM);
    std::fs::create_dir_all(site.path("config/km/in")).expect("a folder of a system");
    site.write(
        "config/connectors/km/document.out.jq",
        "{ id: .number, title, revision, kind, files: [.files[]? | .url] } | compact",
    );
    site.write(
        "config/connectors/km/customer.out.jq",
        "{ id: ($message.target_id // .code), title: .legal_name, kind: \"customer\" } | compact",
    );
    let hub = site.run(&[]);
    export(
        &site,
        "crm",
        "customers-1.csv",
        "\u{feff}客户编号,客户名称,工商全称\nC000042,川可,上海川可贸易有限公司\n",
    );
    assert_eq!(
        site.given_to("km", "customer-CKMY.json")["title"],
        "上海川可贸易有限公司"
    );
    let document = |number: &str, state: &str, class: &str, revision: &str| {
        let document = json!({
            "DOC_NO": number, "TITLE": "SH-300 用户手册", "TYPE": "MAN", "REV": revision, "STATE": state, "CLASS": class,
            "FILES": [{ "NAME": "SH-300.pdf", "URL": "https://pdm.example.com/files/SH-300.pdf" }],
        });
        format!("{document}\n")
    };
    let hidden = document("DOC-1", "D", "P", "A") + &document("DOC-2", "R", "C", "A");
    export(
        &site,
        "pdm",
        "DOC-1.ndjson",
        &(hidden + &document("DOC-3", "R", "P", "A")),
    );
    let published = site.given_to("km", "document-DOC-3.json");
    assert_eq!(
        published["files"][0], "https://pdm.example.com/files/SH-300.pdf",
        "{published}"
    );
    let path = site.path("config/km/in/document-DOC-3.json");
    std::fs::remove_file(&path).expect("the knowledge base takes the file");
    export(
        &site,
        "pdm",
        "DOC-2.ndjson",
        &document("DOC-3", "R", "P", "B"),
    );
    assert_eq!(site.given_to("km", "document-DOC-3.json")["revision"], "B");
    for kept in ["document-DOC-1.json", "document-DOC-2.json"] {
        assert!(
            !site.path("config/km/in").join(kept).exists(),
            "{kept} was published"
        );
    }
    hub.stop();
}

#[test]
fn reports_are_written_by_the_clock() {
    let site = factory(Engine::Embedded);
    let settings = std::fs::read_to_string(site.path("config/tenon.toml")).expect("settings");
    let export = |more: &str| {
        format!(
            "{settings}[[exports]]\nschedule = {{ cron = '* * * * *', zone = 'Asia/Shanghai' }}\ndirectory = '../bi'\n{more}"
        )
    };
    site.write(
        "config/tenon.toml",
        &export("reports = ['months', 'cohort']\n"),
    );
    site.tenon(&["check"])
        .with(2)
        .says("tenon.toml:")
        .says("did you mean `cohorts`?");
    site.write(
        "config/tenon.toml",
        &export(
            "reports = ['months', 'cohorts']\n[[exports]]\nschedule = { cron = '* * * * *', zone = 'UTC' }\n\
             directory = '../lake'\nformat = 'parquet'\nreports = ['months']\n",
        ),
    );
    let hub = site.run(&[]);
    let read = |name: &str| {
        std::fs::read_to_string(site.path("bi").join(name)).map_err(|error| error.to_string())
    };
    let written = eventually(|| read("months.csv"));
    assert!(
        written
            .lines()
            .next()
            .is_some_and(|header| header.contains("month")),
        "{written}"
    );
    eventually(|| read("cohorts.csv"));
    assert!(!site.path("bi/products.csv").exists());
    let lake = eventually(|| {
        std::fs::read(site.path("lake/months.parquet")).map_err(|error| error.to_string())
    });
    assert!(lake.starts_with(b"PAR1") && lake.ends_with(b"PAR1"));
    hub.stop();
}
