//! One customer, many systems: one master, told to all who want to know and to nobody twice.

use bytes::Bytes;
use jiff::SignedDuration;
use tenon_core::{Attributes, Entity, MasterId, MessageId, OrderingKey};
use tenon_pipeline::{Roles, parcel_publication, redrive};
use tenon_store::{Commit, Deed, DeliveryState, GoldenRow, Link, Lookup, ParkedState};

use super::company::{Erp, customer, tax_id};
use super::node::Node;
use super::place::{House, equals, named};

/// A crm and an oa that send and take customers, and an erp that takes them.
pub(super) async fn three_systems(house: &House) {
    house.shop_and_erp(Erp::OrdersAndCustomers).await;
    house.customer_system("crm").await;
    house.customer_system("oa").await;
}

/// The master of a system's customer.
pub(super) async fn master(node: &Node, system: &str, native_id: &str) -> MasterId {
    let record = (Entity::Customer, named(system), native_id.to_owned());
    let natives = vec![record.clone()];
    let known = node
        .store
        .look_up(&Lookup {
            natives,
            ..Lookup::default()
        })
        .await
        .unwrap();
    *known
        .natives
        .get(&record)
        .unwrap_or_else(|| panic!("{record:?} has no master"))
}

pub(super) async fn golden(node: &Node, system: &str, native_id: &str) -> GoldenRow {
    let master = master(node, system, native_id).await;
    node.store
        .golden(master)
        .await
        .unwrap()
        .expect("a golden record")
}

/// A customer as a system exports it that has taken over what the hub told it.
fn complete(id: &str, name: &str, tax: &str, owner: &str, code: &str) -> String {
    format!(r#"{{"id":"{id}","name":"{name}","tax":"{tax}","owner":"{owner}","code":"{code}"}}"#)
}

pub(super) async fn two_records_of_one_customer_are_one_master(house: &House) {
    three_systems(house).await;
    let node = house.node().await;
    let hub = node.start(Roles::ALL).await;
    let tax = tax_id(1);
    let first = customer("C-1", "上海川可贸易有限公司", Some(&tax), "王敏");
    let first = node.send("crm", Entity::Customer, &first).await;
    for system in ["crm", "oa", "erp"] {
        node.delivery(first, system, DeliveryState::Delivered).await;
    }
    let second = customer("K-9", "上海川可貿易有限公司", Some(&tax), "李雷");
    let second = node.send("oa", Entity::Customer, &second).await;
    node.journaled(second, "routed").await;
    node.quiet().await;

    let row = golden(&node, "crm", "C-1").await;
    assert_eq!(master(&node, "oa", "K-9").await, row.master_id);
    let dashboard = node.store.dashboard().await.unwrap();
    assert_eq!((dashboard.masters, dashboard.joined), (1, 1));
    assert_eq!(row.sources.statements.len(), 2);
    let code = row.golden.customer.code.clone().expect("a code");
    assert_eq!(master(&node, "erp", &code).await, row.master_id);

    let owner = row.golden.customer.owner.clone().expect("an owner");
    let name = row.golden.customer.legal_name.clone().expect("a name");
    let golden = |id: &str| format!("{id} {name} {tax} {owner}");
    let rows = async |table: &str| {
        let sql = format!("select id || ' ' || name || ' ' || tax || ' ' || owner from {table}");
        house.texts(&(sql + " order by 1")).await
    };
    assert_eq!(rows("crm_customer").await, [golden("C-1")]);
    assert_eq!(rows("erp_customer").await, [golden(&code)]);
    // Before its own record was known, the oa had been given the customer under the code.
    let mut at_oa = vec![golden("K-9"), golden(&code)];
    at_oa.sort();
    assert_eq!(rows("oa_customer").await, at_oa);
    hub.stop().await;
}

pub(super) async fn nothing_is_echoed_and_every_change_is_delivered(house: &House) {
    house.shop_and_erp(Erp::OrdersAndCustomers).await;
    house.customer_system("crm").await;
    let node = house.node().await;
    let hub = node.start(Roles::ALL).await;
    let (name, tax) = ("上海川可贸易有限公司", tax_id(1));
    let told = customer("C-1", name, Some(&tax), "王敏");
    let id = node.send("crm", Entity::Customer, &told).await;
    node.delivery(id, "crm", DeliveryState::Delivered).await;
    node.delivery(id, "erp", DeliveryState::Delivered).await;
    let changes = async || {
        let erp = house
            .number("select count(*) from erp_customer_change")
            .await;
        (
            erp,
            house
                .number("select count(*) from crm_customer_change")
                .await,
        )
    };
    assert_eq!(changes().await, (1, 1));

    // The same export again says nothing new to anybody.
    let again = node.send("crm", Entity::Customer, &told).await;
    node.journaled(again, "routed").await;
    node.delivery(again, "crm", DeliveryState::Unchanged).await;
    assert_eq!(changes().await, (1, 1));

    // The crm took the code over and exports what it was told: the golden record says the same.
    let code = golden(&node, "crm", "C-1")
        .await
        .golden
        .customer
        .code
        .expect("a code");
    let echo = node
        .send(
            "crm",
            Entity::Customer,
            &complete("C-1", name, &tax, "王敏", &code),
        )
        .await;
    assert!(node.journaled(echo, "unchanged").await.targets.is_empty());
    assert_eq!(changes().await, (1, 1));

    // To and fro: each change goes to the others, none comes back.
    for owner in ["李雷", "王敏", "李雷", "王敏"] {
        let changed = complete("C-1", name, &tax, owner, &code);
        let id = node.send("crm", Entity::Customer, &changed).await;
        assert_eq!(node.journaled(id, "routed").await.targets, [named("erp")]);
        node.delivery(id, "erp", DeliveryState::Delivered).await;
    }
    node.quiet().await;
    let owners = house
        .texts("select owner from erp_customer_change order by step")
        .await;
    assert_eq!(owners, ["王敏", "李雷", "王敏", "李雷", "王敏"]);
    assert_eq!(
        house
            .number("select count(*) from crm_customer_change")
            .await,
        1
    );
    hub.stop().await;
}

pub(super) async fn a_second_source_that_says_the_same_is_kept(house: &House) {
    three_systems(house).await;
    let node = house.node().await;
    let hub = node.start(Roles::ALL).await;
    let (name, tax) = ("上海川可贸易有限公司", tax_id(1));
    let id = node
        .send(
            "crm",
            Entity::Customer,
            &customer("C-1", name, Some(&tax), "王敏"),
        )
        .await;
    node.journaled(id, "routed").await;
    for key in ["K-1", "K-2", "K-3"] {
        let id = node
            .send(
                "oa",
                Entity::Customer,
                &customer(key, name, Some(&tax), "王敏"),
            )
            .await;
        node.journaled(id, "routed").await;
    }
    let row = golden(&node, "oa", "K-3").await;
    assert_eq!(row.sources.statements.len(), 4);
    assert_eq!(row.master_id, master(&node, "crm", "C-1").await);
    node.quiet().await;
    hub.stop().await;
}

pub(super) async fn a_key_of_another_master_stays_there(house: &House) {
    three_systems(house).await;
    let node = house.node().await;
    let hub = node.start(Roles::ALL).await;
    // Two companies whose tax ids say that they are two, though they have one name.
    let name = "上海川可贸易有限公司";
    let one = node
        .send(
            "crm",
            Entity::Customer,
            &customer("C-1", name, Some(&tax_id(1)), "王敏"),
        )
        .await;
    node.journaled(one, "routed").await;
    let two = node
        .send(
            "crm",
            Entity::Customer,
            &customer("C-2", name, Some(&tax_id(2)), "王敏"),
        )
        .await;
    node.journaled(two, "routed").await;
    assert_ne!(
        master(&node, "crm", "C-1").await,
        master(&node, "crm", "C-2").await
    );

    // The second one's other record has neither the name nor the code that the first one holds.
    let tax = tax_id(2);
    let nameless = format!(r#"{{"id":"K-2","tax":"{tax}","owner":"李雷"}}"#);
    let joined = node.send("oa", Entity::Customer, &nameless).await;
    node.journaled(joined, "routed").await;
    assert_eq!(
        master(&node, "oa", "K-2").await,
        master(&node, "crm", "C-2").await
    );
    node.quiet().await;
    hub.stop().await;
}

pub(super) async fn what_comes_later_is_later_whatever_the_clocks_say(house: &House) {
    three_systems(house).await;
    let node = house.node().await;
    let hub = node.start(Roles::ALL).await;
    let said = |owner: &str| {
        let text = customer("C-1", "上海川可贸易有限公司", Some(&tax_id(1)), owner);
        node.message("crm", Entity::Customer, &text)
    };
    // A node whose clock is ahead took in the second; the third comes to one whose clock is right.
    let (first, mut second, third) = (said("one"), said("two"), said("three"));
    let ahead = second.attributes.accepted_at + SignedDuration::from_hours(3);
    (second.attributes.accepted_at, second.attributes.occurred_at) = (ahead, ahead);
    for message in [first, second, third] {
        let id = message.attributes.id;
        node.take(&[message]).await;
        node.journaled(id, "routed").await;
    }
    let row = golden(&node, "crm", "C-1").await;
    assert_eq!(row.golden.customer.owner.as_deref(), Some("three"));
    let owners = async || house.texts("select owner from erp_customer").await;
    equals(vec!["three".to_owned()], owners).await;

    // A system that says itself when it was is believed: this one was only late.
    let mut late = said("late");
    late.attributes.occurred_at = ahead - SignedDuration::from_hours(24);
    let id = late.attributes.id;
    node.take(&[late]).await;
    node.journaled(id, "routed").await;
    let row = golden(&node, "crm", "C-1").await;
    assert_eq!(row.golden.customer.owner.as_deref(), Some("three"));
    hub.stop().await;
}

pub(super) async fn a_late_golden_version_is_superseded(house: &House) {
    house.shop_and_erp(Erp::OrdersAndCustomers).await;
    let node = house.node().await;
    node.declare().await;
    let (erp, master_id) = (named("erp"), MasterId::generate());
    let version = |sequence: i64, owner: &str| {
        let native_id = Some("C-1".to_owned());
        let mut attributes =
            Attributes::received(named("shop"), Entity::Customer, "customer", native_id, None);
        attributes.master_id = Some(master_id);
        attributes.sequence = Some(sequence);
        attributes.ordering_key = OrderingKey(format!("customer/{master_id}"));
        let body = format!(r#"{{"code":"SHCK","kind":"customer","owner":"{owner}"}}"#);
        let publication = parcel_publication(&erp, &attributes, &Bytes::from(body));
        (attributes.id, publication)
    };
    let versions = [
        version(2, "two"),
        version(1, "one"),
        version(3, "three"),
        version(2, "two"),
    ];
    let ids: Vec<MessageId> = versions.iter().map(|(id, _)| *id).collect();
    for outcome in node
        .broker
        .publish(versions.map(|(_, message)| message).into())
        .await
    {
        outcome.expect("published");
    }
    let hub = node.start(Roles::ALL).await;
    node.delivery(ids[0], "erp", DeliveryState::Delivered).await;
    node.delivery(ids[1], "erp", DeliveryState::Superseded)
        .await;
    node.delivery(ids[2], "erp", DeliveryState::Delivered).await;
    node.delivery(ids[3], "erp", DeliveryState::Superseded)
        .await;
    let owners = async || {
        house
            .texts("select owner from erp_customer_change order by step")
            .await
    };
    equals(vec!["two".to_owned(), "three".to_owned()], owners).await;
    hub.stop().await;
}

pub(super) async fn only_the_record_that_lags_is_given_a_version(house: &House) {
    house.shop_and_erp(Erp::Orders).await;
    house.customer_system("oa").await;
    let node = house.node().await;
    node.declare().await;
    let (oa, master_id) = (named("oa"), MasterId::generate());
    let link = async |native_id: &str| {
        let (system, native_id) = (named("oa"), native_id.to_owned());
        let links = vec![Link {
            entity: Entity::Customer,
            system,
            native_id,
            master_id,
        }];
        node.store
            .commit(Commit {
                links,
                ..Commit::default()
            })
            .await
            .unwrap();
    };
    let publish = async |sequence: i64, owner: &str| {
        let mut attributes =
            Attributes::received(named("shop"), Entity::Customer, "customer", None, None);
        attributes.master_id = Some(master_id);
        attributes.sequence = Some(sequence);
        attributes.ordering_key = OrderingKey(format!("customer/{master_id}"));
        let body = format!(r#"{{"code":"SHCK","kind":"customer","owner":"{owner}"}}"#);
        let publication = parcel_publication(&oa, &attributes, &Bytes::from(body));
        node.broker
            .publish(vec![publication])
            .await
            .remove(0)
            .expect("published");
        attributes.id
    };
    let hub = node.start(Roles::ALL).await;
    link("K-1").await;
    let newer = publish(3, "three").await;
    node.delivery(newer, "oa", DeliveryState::Delivered).await;
    link("K-2").await;
    let older = publish(2, "two").await;
    node.delivery(older, "oa", DeliveryState::Delivered).await;
    let changes = "select id || ' ' || owner from oa_customer_change order by step";
    assert_eq!(house.texts(changes).await, ["K-1 three", "K-2 two"]);
    hub.stop().await;
}

pub(super) async fn a_redriven_customer_reaches_every_subscriber(house: &House) {
    house.shop_and_erp(Erp::OrdersAndCustomers).await;
    let outlet = house.tables_url()
        + "[[deliver]]\nentity = 'customer'\ntable = 'erp_customer'\nkey = 'id'\n\
           mapping = 'customer.out.jq'\n";
    house.system(
        "erp",
        "sql",
        &(outlet.clone() + "where = '(.owner | tonumber) > 0'\n"),
    );
    let node = house.node().await;
    let hub = node.start(Roles::ALL).await;
    let told = customer("C-1", "上海川可贸易有限公司", Some(&tax_id(1)), "王敏");
    let id = node.send("shop", Entity::Customer, &told).await;
    let parked = node.parked(id, ParkedState::Failed).await;
    node.journaled(id, "invalid").await;
    hub.stop().await;

    house.system("erp", "sql", &outlet);
    let node = house.node().await;
    let hub = node.start(Roles::ALL).await;
    let done = redrive(
        &node.store,
        &node.accept(),
        vec![parked],
        false,
        &Deed::default(),
    )
    .await
    .unwrap();
    assert_eq!(done.sent, 1);
    node.delivery(id, "erp", DeliveryState::Delivered).await;
    assert_eq!(
        house.texts("select owner from erp_customer").await,
        ["王敏"]
    );
    assert_eq!(node.all_parked().await, []);
    hub.stop().await;
}
