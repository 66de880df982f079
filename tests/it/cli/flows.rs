//! The flows between all the systems of a factory, each joined by files with its shipped preset.

use rstest::rstest;
use serde_json::{Value, json};

use super::site::{Site, eventually};
use crate::envelope::{RECEIVER, TOKEN, change, enveloped, sealed, written_key};
use crate::servers::{PostgresSchema, TestVhost, amqp_vhost, postgres_schema};
use crate::vendor::{Asked, vendor};

/// What carries the messages and remembers them.
#[derive(Debug, Clone, Copy)]
enum Engine {
    Embedded,
    Servers,
}

/// A factory with all its systems. What the servers keep is gone when it is.
struct Factory {
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
fn factory(engine: Engine) -> Factory {
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
    system("pdm", &["item", "bom", "engineering_change"], &["item"]);
    system(
        "erp",
        &[
            "customer",
            "item",
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
            "item",
            "bom",
            "approval",
            "engineering_change",
            "sell_out",
            "purchase_order",
            "supply_plan",
        ],
    );
    system(
        "scm",
        &["purchase_order", "supply_plan"],
        &["item", "purchase_order", "supply_plan"],
    );
    system("oa", &["approval"], &["approval"]);
    system(
        "crm",
        &["customer", "opportunity", "case"],
        &["customer", "shipment", "receipt"],
    );
    system(
        "drp",
        &["inventory", "order", "sell_out"],
        &["item", "inventory", "shipment"],
    );
    Factory {
        site,
        _servers: servers,
    }
}

/// A URL whose password stands in a file of the site, where a configuration may refer to it.
fn without_password(site: &Site, name: &str, url: &str) -> String {
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
fn export(site: &Site, system: &str, name: &str, text: &str) {
    site.write(&format!("config/{system}/out/{name}"), text);
}

const ITEMS: &str = "ITEM_NO,ITEM_NAME,SPEC,UOM,REV\nFS-305,Shaver,,pcs,C2\n";

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
    // A copy of the call is refused, and the request was made once.
    assert_eq!(hub.asked(&what, "", &enveloped(&encrypt)), 401);
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
