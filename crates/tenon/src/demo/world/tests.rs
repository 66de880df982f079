//! The company against a stand-in for the hub. It shows that the ledger finds nothing wrong when
//! nothing is wrong, and finds each thing that is.

mod stage;

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tenon_core::Entity;

use self::stage::{SIZES, carry_invoices, carry_orders, stage};
use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn the_ledger_finds_all_well_when_all_is_well() {
    let stage = stage().await;
    let exported = stage.world.export_crm().unwrap();
    let readable = exported.customers;
    let messages = stage
        .receive("crm", "customer", readable + exported.broken)
        .await;
    let (customers, invalid) = stage.translate("crm", "customer", &messages);
    assert_eq!(
        (customers.len(), invalid.len()),
        (readable, exported.broken),
        "{invalid:#?}"
    );

    let erp = stage
        .world
        .records
        .iter()
        .filter(|records| records.erp.is_some())
        .count();
    let messages = stage.receive("erp", "customer", erp).await;
    let (customers, invalid) = stage.translate("erp", "customer", &messages);
    assert_eq!((customers.len(), invalid), (erp, Vec::new()));
    let messages = stage.receive("erp", "item", SIZES.items).await;
    assert_eq!(
        stage.translate("erp", "item", &messages).0.len(),
        SIZES.items
    );
    let buyers = stage.invoicing.buyers().len();
    let messages = stage.receive("invoicing", "customer", buyers).await;
    assert_eq!(
        stage.translate("invoicing", "customer", &messages).0.len(),
        buyers
    );

    stage.master_customers().await;
    assert_eq!(carry_orders(&stage).await, crm::BROKEN_ORDERS);
    let held = carry_invoices(&stage).await;

    let standing = Standing {
        parked: BTreeMap::from([(("invoicing".to_owned(), Entity::Invoice), held)]),
        invalid: BTreeMap::from([
            (Entity::Customer, crm::BROKEN_CUSTOMERS),
            (Entity::Order, crm::BROKEN_ORDERS),
        ]),
    };
    let counts = stage
        .world
        .count(&stage.invoicing, &standing)
        .await
        .unwrap();
    assert!(counts.is_clean(), "{counts:#?}");
    assert_eq!(
        (counts.orders.posted, counts.orders.arrived),
        (SIZES.orders, SIZES.orders)
    );
    assert_eq!(counts.invoices.requested, SIZES.orders);
    assert_eq!(
        (counts.invoices.issued, counts.invoices.held),
        (SIZES.orders - held, held)
    );
    assert_eq!(counts.invoices.billable, counts.invoices.issued);
    assert!(held >= SIZES.unnamed, "{held}");
    assert!(counts.invoices.service.busy >= 1, "{counts:?}");
    for reach in [
        counts.customers.crm,
        counts.customers.erp,
        counts.customers.invoicing,
    ] {
        assert_eq!(reach.found, reach.expected, "{counts:#?}");
    }
    assert!(counts.latency_ms.p50 <= counts.latency_ms.p99);
    // Billing again bills nothing twice.
    assert_eq!(stage.world.bill_orders().await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ledger_finds_what_is_lost_altered_or_made_out_wrongly() {
    let stage = stage().await;
    stage.world.export_crm().unwrap();
    let nothing_stands = stage
        .world
        .count(&stage.invoicing, &Standing::default())
        .await
        .unwrap();
    assert!(
        nothing_stands.lost >= crm::BROKEN_CUSTOMERS,
        "{nothing_stands:#?}"
    );
    // Who waits for another system is missing in these as before.
    let elsewhere = Standing {
        parked: BTreeMap::from([(("service".to_owned(), Entity::Customer), 10_000)]),
        ..Standing::default()
    };
    let counts = stage.world.count(&stage.invoicing, &elsewhere).await;
    assert_eq!(counts.unwrap().lost, nothing_stands.lost);
    stage.master_customers().await;
    carry_orders(&stage).await;
    let held = carry_invoices(&stage).await;
    let standing = Standing {
        parked: BTreeMap::from([(("invoicing".to_owned(), Entity::Invoice), held)]),
        invalid: BTreeMap::from([
            (Entity::Customer, crm::BROKEN_CUSTOMERS),
            (Entity::Order, crm::BROKEN_ORDERS),
        ]),
    };
    let lost = async || {
        stage
            .world
            .count(&stage.invoicing, &standing)
            .await
            .unwrap()
    };
    assert_eq!(lost().await.lost, 0);

    let pool = &stage.world.erp.pool;
    sqlx::raw_sql("UPDATE T_ORD SET NET_AMT = '10000000000000000.02' WHERE NET_AMT LIKE '%.01'")
        .execute(pool)
        .await
        .unwrap();
    sqlx::raw_sql(
        "PRAGMA foreign_keys = OFF; \
         DELETE FROM T_ORD WHERE ORD_NO = 'SO-2026-000003'; \
         UPDATE T_ORD_LINE SET QTY = QTY || '0' WHERE ORD_NO = 'SO-2026-000001'; \
         INSERT INTO T_ORD (ORD_NO, CUST_NO, ORD_DATE, CCY, NET_AMT, TAX_AMT, GROSS_AMT, STATUS) \
           SELECT 'SO-STRAY', CUST_NO, ORD_DATE, CCY, NET_AMT, TAX_AMT, GROSS_AMT, STATUS FROM T_ORD LIMIT 1; \
         DELETE FROM T_CUST WHERE CUST_NO LIKE 'M%' AND TAX_NO IS NOT NULL AND CUST_NO = \
           (SELECT CUST_NO FROM T_CUST WHERE CUST_NO LIKE 'M%' AND TAX_NO IS NOT NULL LIMIT 1); \
         DELETE FROM T_INV_REQ WHERE ORD_NO = 'SO-2026-000005'; \
         PRAGMA foreign_keys = ON;",
    )
    .execute(pool)
    .await
    .unwrap();
    let counts = lost().await;
    assert!(!counts.is_clean());
    assert_eq!(counts.lost, 2, "one order and one customer: {counts:#?}");
    assert_eq!(counts.orders.unexpected, 1);
    assert!(counts.orders.altered >= 1, "{counts:#?}");
    assert_eq!(counts.invoices.unexpected, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn before_the_hub_many_titles_are_refused_and_nothing_is_left_behind() {
    let stage = stage().await;
    let before = stage
        .world
        .refused_before_mastering(&stage.invoicing)
        .await
        .unwrap();
    assert_eq!(before.issued + before.refused, SIZES.orders);
    assert!(before.refused > SIZES.orders / 10, "{before:?}");
    assert!(before.issued > 0, "{before:?}");
    assert!(before.busy >= 1, "{before:?}");
    assert_eq!(stage.invoicing.issues(), Issues::default());
    assert!(stage.invoicing.invoices().is_empty());
    // The same company is refused the same way again.
    let again = stage
        .world
        .refused_before_mastering(&stage.invoicing)
        .await
        .unwrap();
    assert_eq!(again, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_keeps_its_own_rules() {
    let stage = stage().await;
    let client = client().unwrap();
    let url = stage.invoicing.url();
    let token = &stage.world.invoicing_token;
    let company = stage
        .world
        .companies
        .iter()
        .find(|company| company.can_be_billed())
        .unwrap();
    let send = async |key: &str, token: &str, name: &str, tax_id: &str| {
        let request = json!({
            "requestNo": "IR-1", "buyer": { "name": name, "taxNo": tax_id },
            "amount": "1.00", "tax": "0.13", "total": "1.13"
        });
        let sent = client
            .post(format!("{url}/api/invoices"))
            .bearer_auth(token);
        let sent = if key.is_empty() {
            sent
        } else {
            sent.header("idempotency-key", key)
        };
        let answer = sent.json(&request).send().await.unwrap();
        (
            answer.status().as_u16(),
            answer.json::<Value>().await.unwrap(),
        )
    };
    let (name, tax_id) = (company.legal_name.as_str(), company.tax_id.as_str());
    assert_eq!(send("k1", "wrong", name, tax_id).await.0, 401);
    assert_eq!(send("", token, name, tax_id).await.0, 400);
    let (status, refused) = send("k2", token, &company.short_name, tax_id).await;
    assert_eq!(
        (status, refused["code"].as_u64()),
        (422, Some(4221)),
        "{refused}"
    );
    let (status, refused) = send("k3", token, name, "91310000MA1FL0000X").await;
    assert_eq!(
        (status, refused["code"].as_u64()),
        (422, Some(4222)),
        "{refused}"
    );
    let (status, first) = send("k4", token, name, tax_id).await;
    assert_eq!(status, 201);
    let (status, second) = send("k4", token, name, tax_id).await;
    assert_eq!((status, &second), (200, &first));
    let issues = stage.invoicing.issues();
    assert_eq!((issues.issued, issues.refused, issues.repeated), (1, 2, 1));
    let incomplete = client.post(format!("{url}/api/buyers")).bearer_auth(token);
    let answer = incomplete
        .json(&json!({ "buyerId": "X", "buyerName": "Y" }))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status().as_u16(), 422);
}

#[tokio::test]
async fn a_directory_holds_one_company() {
    let directory = tempfile::tempdir().unwrap();
    let sizes = Sizes {
        companies: 10,
        orders: 2,
        items: 2,
        unnamed: 1,
    };
    World::generate(directory.path(), 1, sizes).await.unwrap();
    let again = World::generate(directory.path(), 1, sizes)
        .await
        .unwrap_err();
    assert!(again.to_string().contains("already"), "{again}");
}
