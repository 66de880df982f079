//! What must come first is waited for, and what waited goes by itself, in order.

use tenon_core::Entity;
use tenon_pipeline::Roles;
use tenon_store::{DeliveryState, ParkedState};

use super::company::{Erp, customer, order, tax_id};
use super::place::{House, eventually};

pub(super) async fn an_order_waits_for_its_customer_in_the_target(house: &House) {
    house.shop_and_erp(Erp::OrdersAndCustomers).await;
    let erp = house.tables_url()
        + "[[deliver]]\nentity = 'order'\ntable = 'erp_order'\nkey = 'order_no'\n\
           mapping = 'order.out.jq'\n[[deliver]]\nentity = 'customer'\ntable = 'erp_customer'\n\
           key = 'id'\nmapping = 'customer.out.jq'\nwhere = '.tax_id != null'\n";
    house.system("erp", "sql", &erp);
    let node = house.node().await;
    let hub = node.start(Roles::ALL).await;
    let name = "上海川可贸易有限公司";
    let known = node
        .send(
            "shop",
            Entity::Customer,
            &customer("C-1", name, None, "王敏"),
        )
        .await;
    assert!(node.journaled(known, "routed").await.targets.is_empty());

    let first = node
        .send("shop", Entity::Order, &order("O-1", "C-1", 1))
        .await;
    let parked = node.parked(first, ParkedState::Waiting).await;
    assert!(
        parked.detail.ends_with("is not known in erp yet"),
        "{}",
        parked.detail
    );
    let second = node
        .send("shop", Entity::Order, &order("O-1", "C-1", 2))
        .await;
    node.parked(second, ParkedState::Behind).await;
    assert_eq!(house.number("select count(*) from applied").await, 0);

    let tax = tax_id(1);
    node.send(
        "shop",
        Entity::Customer,
        &customer("C-1", name, Some(&tax), "王敏"),
    )
    .await;
    node.delivery(second, "erp", DeliveryState::Delivered).await;
    node.delivery(first, "erp", DeliveryState::Delivered).await;
    node.quiet().await;
    assert_eq!(
        house
            .texts("select cast(revision as text) from applied order by step")
            .await,
        ["1", "2"]
    );
    let linked = "select o.buyer = c.id from erp_order o, erp_customer c";
    assert_eq!(house.number(linked).await, 1);
    hub.stop().await;
}

pub(super) async fn an_order_waits_for_a_customer_that_nobody_knows(house: &House) {
    house.shop_and_erp(Erp::OrdersAndCustomers).await;
    let node = house.node().await;
    let hub = node.start(Roles::ALL).await;
    let first = node
        .send("shop", Entity::Order, &order("O-1", "C-7", 1))
        .await;
    let parked = node.parked(first, ParkedState::Waiting).await;
    assert_eq!(
        parked.detail,
        "customer C-7 of shop is not known in erp yet"
    );
    let second = node
        .send("shop", Entity::Order, &order("O-1", "C-7", 2))
        .await;
    node.parked(second, ParkedState::Behind).await;
    let other = node
        .send("shop", Entity::Order, &order("O-2", "C-8", 1))
        .await;
    node.parked(other, ParkedState::Waiting).await;

    let customer = customer("C-7", "上海川可贸易有限公司", Some(&tax_id(7)), "王敏");
    let customer = node.send("shop", Entity::Customer, &customer).await;
    node.delivery(customer, "erp", DeliveryState::Delivered)
        .await;
    node.delivery(second, "erp", DeliveryState::Delivered).await;
    assert_eq!(
        node.delivery(first, "erp", DeliveryState::Delivered)
            .await
            .attempts,
        1
    );
    assert_eq!(
        house
            .texts("select cast(revision as text) from applied order by step")
            .await,
        ["1", "2"]
    );
    node.parked(other, ParkedState::Waiting).await;
    assert_eq!(node.all_parked().await.len(), 1);
    hub.stop().await;
}

/// A system that takes invoices, and no customers.
async fn fiscal(house: &House) {
    house.shop_and_erp(Erp::Orders).await;
    house.write(
        "invoice.out.jq",
        "{ no: .number, name: .customer.golden.legal_name, tax: .customer.golden.tax_id }",
    );
    let text = house.tables_url()
        + "[[deliver]]\nentity = 'invoice'\ntable = 'fiscal_invoice'\nkey = 'no'\n\
           mapping = 'invoice.out.jq'\nrequire = ['customer.golden.tax_id']\n";
    house.system("fiscal", "sql", &text);
    house
        .run("create table fiscal_invoice (no text primary key, name text, tax text)")
        .await;
}

pub(super) async fn an_invoice_waits_for_the_tax_id(house: &House) {
    fiscal(house).await;
    let node = house.node().await;
    let hub = node.start(Roles::ALL).await;
    let name = "上海川可贸易有限公司";
    let known = node
        .send(
            "shop",
            Entity::Customer,
            &customer("C-1", name, None, "王敏"),
        )
        .await;
    node.journaled(known, "routed").await;
    let invoice = node
        .send("shop", Entity::Invoice, r#"{"no":"F-1","buyer":"C-1"}"#)
        .await;
    let parked = node.parked(invoice, ParkedState::Waiting).await;
    assert!(
        parked
            .detail
            .ends_with("has no tax_id in its master record yet"),
        "{}",
        parked.detail
    );

    // A change that does not bring the tax id leaves it waiting.
    let changed = node
        .send(
            "shop",
            Entity::Customer,
            &customer("C-1", name, None, "李雷"),
        )
        .await;
    node.journaled(changed, "routed").await;
    node.parked(invoice, ParkedState::Waiting).await;

    let tax = tax_id(1);
    node.send(
        "shop",
        Entity::Customer,
        &customer("C-1", name, Some(&tax), "李雷"),
    )
    .await;
    node.delivery(invoice, "fiscal", DeliveryState::Delivered)
        .await;
    let row = house
        .texts("select no || ' ' || name || ' ' || tax from fiscal_invoice")
        .await;
    assert_eq!(row, [format!("F-1 {name} {tax}")]);
    node.quiet().await;
    hub.stop().await;
}

pub(super) async fn an_invoice_waits_for_a_stranger(house: &House) {
    fiscal(house).await;
    let node = house.node().await;
    let hub = node.start(Roles::ALL).await;
    let invoice = node
        .send("shop", Entity::Invoice, r#"{"no":"F-1","buyer":"C-9"}"#)
        .await;
    let parked = node.parked(invoice, ParkedState::Retry).await;
    assert_eq!(parked.code, "reference.unknown");
    assert!(
        parked
            .detail
            .starts_with("customer C-9 of shop is not known"),
        "{}",
        parked.detail
    );
    assert_eq!(parked.attempts, 0, "waiting is no attempt");

    let name = "上海川可贸易有限公司";
    node.send(
        "shop",
        Entity::Customer,
        &customer("C-9", name, Some(&tax_id(9)), "王敏"),
    )
    .await;
    node.delivery(invoice, "fiscal", DeliveryState::Delivered)
        .await;
    eventually(async || {
        let rows = house.texts("select tax from fiscal_invoice").await;
        if rows == [tax_id(9)] {
            Ok(())
        } else {
            Err(format!("{rows:?}"))
        }
    })
    .await;
    node.quiet().await;
    hub.stop().await;
}
