//! Several nodes on the same engines.

use sqlx::{Connection, PgConnection};
use tenon_core::Entity;
use tenon_pipeline::{Component, DEAD_QUEUE, Hub, Roles, deliver_queue};
use tenon_store::{DeliveryState, Lookup, ParkedState};

use super::company::{Erp, customer, order, tax_id};
use super::durability::{all_there_in_order, orders};
use super::node::Node;
use super::place::{House, Place, equals, named};

pub(super) async fn roles_may_be_split(house: &House) {
    house.shop_and_erp(Erp::OrdersAndCustomers).await;
    let node = house.node().await;
    // A file serves one process; there the two halves share its connections.
    let other = match house.place() {
        Place::Servers { .. } => house.node().await,
        Place::File(_) => Node {
            broker: node.broker.clone(),
            store: node.store.clone(),
            deployment: node.deployment.clone(),
        },
    };
    let routing = node
        .start(Roles {
            deliver: false,
            ..Roles::ALL
        })
        .await;
    let delivering = other
        .start(Roles {
            receive: false,
            route: false,
            deliver: true,
        })
        .await;

    let waiting = node
        .send("shop", Entity::Order, &order("W-1", "C-1", 1))
        .await;
    node.parked(waiting, ParkedState::Waiting).await;
    let customer = customer("C-1", "上海川可贸易有限公司", Some(&tax_id(1)), "王敏");
    node.send("shop", Entity::Customer, &customer).await;
    node.delivery(waiting, "erp", DeliveryState::Delivered)
        .await;
    node.quiet().await;
    let components = |hub: &Hub| {
        let reports = hub.health().reports();
        reports
            .into_keys()
            .map(|component| component.0)
            .collect::<Vec<_>>()
    };
    assert_eq!(components(&delivering), ["erp/deliver"]);
    assert_eq!(
        components(&routing),
        ["inbound.0", "inbound.1", "inbound.2", "inbound.3"]
    );
    routing.stop().await;
    delivering.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_make_one_master_of_one_customer() {
    const CUSTOMERS: u32 = 40;
    let house = House::rabbitmq().await;
    house.shop_and_erp(Erp::OrdersAndCustomers).await;
    house.customer_system("crm").await;
    house.customer_system("oa").await;
    let (one, other) = (house.node().await, house.node().await);
    let hubs = (one.start(Roles::ALL).await, other.start(Roles::ALL).await);
    let records = |node: &Node, system: &str| {
        let numbers = 1..=CUSTOMERS;
        let records = numbers.map(|number| {
            let name = "上海川可贸易有限公司";
            let text = customer(
                &format!("{system}-{number}"),
                name,
                Some(&tax_id(number)),
                "王敏",
            );
            node.message(system, Entity::Customer, &text)
        });
        records.collect::<Vec<_>>()
    };
    let (at_crm, at_oa) = (records(&one, "crm"), records(&other, "oa"));
    tokio::join!(one.take(&at_crm), other.take(&at_oa));
    for message in at_crm.iter().chain(&at_oa) {
        one.journaled(message.attributes.id, "routed").await;
    }
    one.quiet().await;

    assert_eq!(
        one.store.dashboard().await.unwrap().masters,
        u64::from(CUSTOMERS)
    );
    let record = |system: &str, number| {
        (
            Entity::Customer,
            named(system),
            format!("{system}-{number}"),
        )
    };
    let both = |number| [record("crm", number), record("oa", number)];
    let natives = (1..=CUSTOMERS).flat_map(both).collect();
    let known = one
        .store
        .look_up(&Lookup {
            natives,
            ..Lookup::default()
        })
        .await
        .unwrap();
    for number in 1..=CUSTOMERS {
        let [crm, oa] = both(number);
        assert_eq!(known.natives[&crm], known.natives[&oa], "customer {number}");
    }
    hubs.0.stop().await;
    hubs.1.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_make_one_item_of_one_part() {
    const PARTS: u32 = 40;
    let house = House::rabbitmq().await;
    let mapping = "{ code: .no, name: \"screw\", specification: .spec }";
    house.write("item.in.jq", mapping);
    for system in ["pdm", "erp"] {
        house.sender(system, &[Entity::Item]);
    }
    let (one, other) = (house.node().await, house.node().await);
    let hubs = (one.start(Roles::ALL).await, other.start(Roles::ALL).await);
    let records = |node: &Node, system: &str, specification: &str| {
        let records = (1..=PARTS).map(|number| {
            let text = format!(r#"{{"no":"PT-{number}","spec":"{specification}{number}"}}"#);
            node.message(system, Entity::Item, &text)
        });
        records.collect::<Vec<_>>()
    };
    let (at_pdm, at_erp) = (records(&one, "pdm", "M3 × "), records(&other, "erp", "m3x"));
    tokio::join!(one.take(&at_pdm), other.take(&at_erp));
    for message in at_pdm.iter().chain(&at_erp) {
        one.journaled(message.attributes.id, "routed").await;
    }
    let record = |system: &str, number| (Entity::Item, named(system), format!("PT-{number}"));
    let both = |number| [record("pdm", number), record("erp", number)];
    let lookup = Lookup {
        natives: (1..=PARTS).flat_map(both).collect(),
        ..Lookup::default()
    };
    let known = one.store.look_up(&lookup).await.unwrap();
    for number in 1..=PARTS {
        let [pdm, erp] = both(number);
        assert_eq!(known.natives[&pdm], known.natives[&erp], "part {number}");
    }
    hubs.0.stop().await;
    hubs.1.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_goes_is_replaced_by_the_other() {
    const KEYS: usize = 50;
    const REVISIONS: usize = 20;
    let house = House::rabbitmq().await;
    house.shop_and_erp(Erp::Orders).await;
    let (one, other) = (house.node().await, house.node().await);
    let leaving = one.start(Roles::ALL).await;
    let staying = other.start(Roles::ALL).await;
    let messages = orders(&one, KEYS, REVISIONS);
    one.take(&messages).await;
    super::durability::applied_at_least(&house, 100).await;
    leaving.stop().await;
    one.broker.close().await;
    all_there_in_order(&house, &other, KEYS, REVISIONS).await;
    staying.stop().await;
}

/// Three nodes, of which each in turn is stopped and started again while orders come in.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_are_renewed_one_by_one_lose_nothing() {
    const KEYS: usize = 40;
    const REVISIONS: usize = 24;
    let house = House::rabbitmq().await;
    house.shop_and_erp(Erp::Orders).await;
    let mut nodes = Vec::new();
    for _ in 0..3 {
        let node = house.node().await;
        let hub = node.start(Roles::ALL).await;
        nodes.push((node, hub));
    }
    let sender = house.node().await;
    let messages = orders(&sender, KEYS, REVISIONS);
    let portions: Vec<_> = messages.chunks(messages.len() / 6).collect();
    let mut sent = 0;
    for (round, portion) in portions.iter().enumerate() {
        sender.take(portion).await;
        sent += portion.len();
        let (old, hub) = nodes.remove(0);
        hub.stop().await;
        old.broker.close().await;
        // What came before this round is there, though another node had begun it perhaps.
        let node = house.node().await;
        let hub = node.start(Roles::ALL).await;
        nodes.push((node, hub));
        if round > 0 {
            let before = (sent - portion.len()) as i64;
            super::durability::applied_at_least(&house, before).await;
        }
    }
    all_there_in_order(&house, &sender, KEYS, REVISIONS).await;
    for (_, hub) in nodes {
        hub.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_node_at_a_time_reads_a_source() {
    let house = House::rabbitmq().await;
    house.shop_and_erp(Erp::Orders).await;
    let shop = house.tables_url()
        + "[[receive]]\nentity = 'order'\nkey = 'no'\nmapping = 'order.in.jq'\nevery = '50ms'\n\
           table = 'shop_order'\nchanged = 'changed'\n";
    house.system("shop", "sql", &shop);
    house
        .run(
            "create table shop_order (no text primary key, buyer text, amount text,
                 revision integer, changed integer)",
        )
        .await;
    let add = async |numbers: std::ops::Range<usize>| {
        for number in numbers {
            let row = format!("('O-{number:03}', 'C-1', '19.90', 1, {number})");
            house
                .run(&format!("insert into shop_order values {row}"))
                .await;
        }
    };
    let applied = async || house.number("select count(*) from applied").await;
    let read = |hub: &Hub| {
        let reports = hub.health().reports();
        reports[&Component("shop/receive/order".to_owned())].messages
    };
    let (one, other) = (house.node().await, house.node().await);
    let hubs = (one.start(Roles::ALL).await, other.start(Roles::ALL).await);
    add(1..101).await;
    equals(100, applied).await;
    equals(100, async || read(&hubs.0) + read(&hubs.1)).await;
    let found = (read(&hubs.0), read(&hubs.1));
    assert!(matches!(found, (100, 0) | (0, 100)), "{found:?}");

    // When the reader goes, the other reads on where it was left.
    let (leaving, staying) = match found {
        (100, _) => hubs,
        _ => (hubs.1, hubs.0),
    };
    leaving.stop().await;
    add(101..151).await;
    equals(150, applied).await;
    equals(50, async || read(&staying)).await;
    staying.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_is_ahead_of_a_restored_store_is_served() {
    let house = House::rabbitmq().await;
    house.shop_and_erp(Erp::Orders).await;
    let node = house.node().await;
    let routing = node
        .start(Roles {
            deliver: false,
            ..Roles::ALL
        })
        .await;
    let routed = node
        .send("shop", Entity::Order, &order("O-1", "C-1", 1))
        .await;
    node.journaled(routed, "routed").await;
    let queue = deliver_queue(&named("erp"));
    equals(1, async || node.broker.depth(&queue).await.unwrap()).await;
    routing.stop().await;
    let accepted = node
        .send("shop", Entity::Order, &order("O-2", "C-1", 1))
        .await;

    // The store of an earlier moment knows of neither.
    let Place::Servers { schema, .. } = house.place() else {
        panic!("on servers")
    };
    let mut connection = PgConnection::connect(&schema.url()).await.unwrap();
    sqlx::raw_sql("truncate inbox, journal, payload, crosswalk, delivery, checkpoint")
        .execute(&mut connection)
        .await
        .unwrap();

    let hub = node.start(Roles::ALL).await;
    for id in [routed, accepted] {
        node.delivery(id, "erp", DeliveryState::Delivered).await;
    }
    equals(2, async || {
        house.number("select count(*) from erp_order").await
    })
    .await;
    node.journaled(accepted, "routed").await;
    let trace = node
        .store
        .trace(&routed.to_string(), None, 1)
        .await
        .unwrap();
    assert_eq!(trace, [], "the journal does not know it");
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_database_cannot_hold_is_a_dead_letter() {
    let house = House::rabbitmq().await;
    house.shop_and_erp(Erp::Orders).await;
    let node = house.node().await;
    node.declare().await;
    // The database refuses one message, always, as it does a value that is out of its range.
    let Place::Servers { schema, .. } = house.place() else {
        panic!("on servers")
    };
    let mut connection = PgConnection::connect(&schema.url()).await.unwrap();
    sqlx::raw_sql(
        "create function refuse() returns trigger language plpgsql as $$ begin
             if new.business_key = 'O-7' then
                 raise exception 'out of range' using errcode = '22008';
             end if;
             return new;
         end $$;
         create trigger refuse before insert on journal for each row execute function refuse();",
    )
    .execute(&mut connection)
    .await
    .unwrap();

    let mut messages = Vec::new();
    for number in 0..20 {
        let order = order(&format!("O-{number}"), "C-1", 1);
        messages.push(node.message("shop", Entity::Order, &order));
    }
    node.take(&messages).await;
    let hub = node.start(Roles::ALL).await;
    let refused = messages.remove(7).attributes.id.to_string();
    for message in messages {
        let id = message.attributes.id;
        node.delivery(id, "erp", DeliveryState::Delivered).await;
    }
    equals(1, async || {
        node.broker.depth(DEAD_QUEUE).await.unwrap_or_default()
    })
    .await;
    let mut consumer = node.broker.consume(DEAD_QUEUE, 10).await.unwrap();
    let dead = consumer.next_batch(10).await.unwrap();
    let header = |name: &str| {
        let found = dead[0].headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    };
    assert_eq!((dead.len(), header("cloudEvents_id")), (1, refused));
    let reason = header("tenon-dead-reason");
    assert!(reason.contains("cannot hold it"), "{reason}");
    hub.stop().await;
}
