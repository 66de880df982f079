//! An ERP that lets itself be read through the preset's views, as `config/connectors/erp.toml` joins one.

use rstest::rstest;
use serde_json::{Value, json};
use tenon_connector::System;
use tenon_core::{MessageKind, NativeBody, schema};

use super::databases::TestDatabase;
use super::sql::{Kind, database};

/// The tables behind the views: their columns, `#` an amount, `@` a moment, `!` a number, `%` a day.
const TABLES: [(&str, &str); 10] = [
    (
        "T_CUST",
        "CUST_NO CUST_NAME CUST_ABBR TAX_NO MNEMONIC CUST_TYPE LINKMAN MOBILE TEL EMAIL PROVINCE CITY ADDR \
         BANK_NAME BANK_ACCT !CREDIT_DAYS #CREDIT_AMT @UPDATED_AT",
    ),
    ("T_ITEM", "ITEM_NO ITEM_NAME SPEC UOM REV @UPDATED_AT"),
    (
        "T_ORD",
        "ORD_NO CUST_NO CHANNEL_NO CONTRACT_NO %ORD_DATE %REQ_DATE CCY #NET_AMT #TAX_AMT #GROSS_AMT STATUS \
         SALESMAN REMARK @UPDATED_AT",
    ),
    (
        "T_ORD_LINE",
        "ORD_NO !LINE_NO ITEM_NO ITEM_DESC #QTY UOM #PRICE #TAX_RATE #AMT",
    ),
    (
        "T_INV_REQ",
        "REQ_NO ORD_NO CUST_NO INV_TYPE CCY #NET_AMT #TAX_AMT #GROSS_AMT REMARK @CREATED_AT",
    ),
    (
        "T_INV_REQ_LINE",
        "REQ_NO !LINE_NO ITEM_NO ITEM_DESC #QTY UOM #PRICE #TAX_RATE #AMT #TAX",
    ),
    (
        "T_SHIP",
        "SHIP_NO CUST_NO ORD_NO STATUS %SHIP_DATE %ETA %POD_DATE WHS CARRIER TRACK_NO SHIP_TO REMARK @UPDATED_AT",
    ),
    (
        "T_SHIP_LINE",
        "SHIP_NO !LINE_NO !ORD_LINE ITEM_NO #QTY UOM LOT",
    ),
    (
        "T_RECEIPT",
        "RCPT_NO CUST_NO PAYER %RCPT_DATE METHOD BANK_REF CCY #AMT STATUS REMARK @UPDATED_AT",
    ),
    ("T_RECEIPT_LINE", "RCPT_NO !LINE_NO ORD_NO INV_NO #AMT"),
];

/// What stands in them, one row each: columns and values.
const ROWS: [(&str, &str); 14] = [
    (
        "T_CUST",
        "CUST_NO=K-1 CUST_NAME=上海川可贸易有限公司 CUST_TYPE=1 CREDIT_DAYS=30 CREDIT_AMT=50000.00 \
         UPDATED_AT=2026-03-01T08:00:00",
    ),
    (
        "T_ITEM",
        "ITEM_NO=SH-300 ITEM_NAME=剃须刀 UOM=件 UPDATED_AT=2026-03-01T08:00:00",
    ),
    (
        "T_ORD",
        "ORD_NO=SO-1 CUST_NO=K-1 ORD_DATE=2026-03-01 CCY=CNY NET_AMT=10000000000000.01 TAX_AMT=0.19 \
         GROSS_AMT=10000000000000.20 STATUS=C UPDATED_AT=2026-03-01T09:00:00",
    ),
    (
        "T_ORD_LINE",
        "ORD_NO=SO-1 LINE_NO=2 ITEM_NO=SH-300 QTY=3.00 UOM=件 PRICE=0.50 TAX_RATE=0.13 AMT=1.50",
    ),
    (
        "T_ORD_LINE",
        "ORD_NO=SO-1 LINE_NO=1 ITEM_NO=SH-300 QTY=1.00 UOM=件 PRICE=9999999999998.51 TAX_RATE=0.00 \
         AMT=9999999999998.51",
    ),
    (
        "T_INV_REQ",
        "REQ_NO=IR-1 ORD_NO=SO-1 CUST_NO=K-1 INV_TYPE=S CCY=CNY NET_AMT=1.50 TAX_AMT=0.20 GROSS_AMT=1.70 \
         CREATED_AT=2026-03-02T09:00:00",
    ),
    (
        "T_INV_REQ_LINE",
        "REQ_NO=IR-1 LINE_NO=1 ITEM_NO=SH-300 QTY=3.00 UOM=件 PRICE=0.50 TAX_RATE=0.13 AMT=1.50 TAX=0.20",
    ),
    (
        "T_SHIP",
        "SHIP_NO=SP-1 CUST_NO=K-1 ORD_NO=SO-1;SO-2 STATUS=S SHIP_DATE=2026-03-03 WHS=W1 \
         UPDATED_AT=2026-03-03T09:00:00",
    ),
    (
        "T_SHIP_LINE",
        "SHIP_NO=SP-1 LINE_NO=10 ITEM_NO=SH-300 QTY=2.00 UOM=件 LOT=L\"1",
    ),
    (
        "T_SHIP_LINE",
        "SHIP_NO=SP-1 LINE_NO=9 ORD_LINE=1 ITEM_NO=SH-300 QTY=1.00 UOM=件",
    ),
    (
        "T_SHIP",
        "SHIP_NO=SP-2 CUST_NO=K-1 STATUS=P UPDATED_AT=2026-03-03T10:00:00",
    ),
    (
        "T_SHIP_LINE",
        "SHIP_NO=SP-2 LINE_NO=1 ITEM_NO=SH-300 QTY=1.00",
    ),
    (
        "T_RECEIPT",
        "RCPT_NO=RC-1 CUST_NO=K-1 RCPT_DATE=2026-03-04 METHOD=T CCY=CNY AMT=1.70 STATUS=C \
         UPDATED_AT=2026-03-04T09:00:00",
    ),
    (
        "T_RECEIPT_LINE",
        "RCPT_NO=RC-1 LINE_NO=1 ORD_NO=SO-1 AMT=1.70",
    ),
];

/// Gives the database the ERP's tables, the views that the preset brings for it, and rows.
async fn fill(kind: Kind, database: &TestDatabase) {
    let mark = if kind == Kind::MySql { '`' } else { '"' };
    let quoted = |name: &str| format!("{mark}{name}{mark}");
    for (table, columns) in TABLES {
        let columns = columns.split_whitespace().map(|column| {
            let of = |name: &str, of: &str| format!("{} {of}", quoted(name));
            match column.split_at(1) {
                ("#", name) => of(name, kind.amount()),
                ("@", name) => of(name, kind.moment()),
                ("!", name) => of(name, "int"),
                ("%", name) => of(name, "date"),
                _ => of(column, "varchar(80)"),
            }
        });
        let columns: Vec<String> = columns.collect();
        let table = quoted(table);
        let text = format!("create table {table} ({})", columns.join(", "));
        database.run(&text).await;
    }
    let name = match kind {
        Kind::Postgres => "views.postgres.sql",
        Kind::MySql => "views.mysql.sql",
        _ => "views.sqlite.sql",
    };
    let mut presets = connector_erp::KIND.presets.iter();
    let preset = presets.find(|preset| preset.name == "sql").unwrap();
    database.run(preset.file(name).expect(name)).await;
    for (table, row) in ROWS {
        let (names, values): (Vec<_>, Vec<_>) = row
            .split_whitespace()
            .map(|pair| pair.split_once('=').unwrap())
            .map(|(name, value)| (quoted(name), format!("'{value}'")))
            .unzip();
        let text = format!(
            "insert into {} ({}) values ({})",
            quoted(table),
            names.join(", "),
            values.join(", ")
        );
        database.run(&text).await;
    }
}

/// The example's connector file, at this database; it is told of orders too, as the preset would.
fn example(database: &TestDatabase) -> (System, tempfile::TempDir) {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../config/connectors");
    let text = std::fs::read_to_string(format!("{root}/erp.toml")).expect("the example");
    let lines = text.lines().map(|line| match line.starts_with("url ") {
        true => format!("url = '{}'", database.url()),
        false => line.to_owned(),
    });
    let text: Vec<String> = lines.collect();
    let text = text.join("\n") + "\n[[receive]]\nentity = 'order'\n";
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::create_dir(directory.path().join("erp")).expect("a folder");
    for file in ["order.out.jq", "order.out.test.yaml"] {
        let file = format!("erp/{file}");
        std::fs::copy(format!("{root}/{file}"), directory.path().join(&file)).expect(&file);
    }
    let file = directory.path().join("erp.toml");
    std::fs::write(&file, text).expect("a connector file");
    let system = System::load(&file, &[connector_erp::KIND]);
    (
        system.unwrap_or_else(|problems| panic!("{problems:?}")),
        directory,
    )
}

/// What an inlet gives, in the hub's own form.
async fn canonical(system: &System, name: &str) -> Vec<Value> {
    let inlet = system.inlet(name).expect(name);
    let opened = system.transport.open_source(inlet, None).await;
    let (mut source, mut found) = (opened.unwrap(), Vec::new());
    while let Some(received) = source.receive().await.unwrap() {
        for message in &received.messages {
            let NativeBody::Json(json) = &message.body.body else {
                panic!("undecodable: {:?}", message.body);
            };
            let about = json!({ "source": "erp", "native_id": message.attributes.native_id });
            let mapped = inlet.mapping.apply_to_value(json, &about).unwrap().unwrap();
            let schema = schema(MessageKind::current(inlet.entity)).unwrap();
            schema
                .accept(mapped.clone())
                .unwrap_or_else(|violations| panic!("{violations:?}: {mapped}"));
            found.push(mapped);
        }
        source.settle().await.unwrap();
    }
    found
}

#[rstest]
#[tokio::test]
async fn an_erp_is_read_through_its_views(
    #[values(Kind::Postgres, Kind::MySql, Kind::Sqlite)] kind: Kind,
) {
    let database = database(kind).await;
    fill(kind, &database).await;
    let (system, _directory) = example(&database);
    let item = json!({ "system": "erp", "native_id": "SH-300" });

    let customers = canonical(&system, "customer").await;
    assert_eq!(customers[0]["legal_name"], "上海川可贸易有限公司");
    assert_eq!(customers[0]["credit_terms"]["limit"], "50000.00");
    assert_eq!(canonical(&system, "item").await[0]["unit"], "件");

    let orders = canonical(&system, "order").await;
    assert_eq!(orders.len(), 1, "{orders:?}");
    assert_eq!(orders[0]["totals"]["net"], "10000000000000.01");
    let lines = json!([
        { "number": 1, "item": item, "quantity": "1.00", "unit": "件", "unit_price": "9999999999998.51",
          "tax_rate": "0.00", "amount": "9999999999998.51" },
        { "number": 2, "item": item, "quantity": "3.00", "unit": "件", "unit_price": "0.50",
          "tax_rate": "0.13", "amount": "1.50" },
    ]);
    assert_eq!(orders[0]["lines"], lines);

    let requests = canonical(&system, "invoice").await;
    assert_eq!(requests[0]["lines"][0]["tax"], "0.20", "{requests:?}");
    assert_eq!(requests[0]["orders"][0]["native_id"], "SO-1");

    let shipments = canonical(&system, "shipment").await;
    assert_eq!(shipments.len(), 2, "{shipments:?}");
    assert_eq!(shipments[0]["orders"].as_array().unwrap().len(), 2);
    let lines = json!([
        { "number": 9, "order_line": 1, "item": item, "quantity": "1.00", "unit": "件" },
        { "number": 10, "item": item, "quantity": "2.00", "unit": "件", "lot": "L\"1" },
    ]);
    assert_eq!(shipments[0]["lines"], lines);

    let receipts = canonical(&system, "receipt").await;
    assert_eq!(receipts[0]["amount"], "1.70", "{receipts:?}");
    let order = json!({ "system": "erp", "native_id": "SO-1" });
    assert_eq!(
        receipts[0]["allocations"],
        json!([{ "order": order, "amount": "1.70" }])
    );
}
