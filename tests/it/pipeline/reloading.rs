//! Connectors that are served as their changed files say, while messages flow.

use std::sync::atomic::{AtomicBool, Ordering};

use tenon_core::{Entity, Timestamp};
use tenon_pipeline::{Hub, NotReloaded, Roles};
use tenon_store::{DeliveryState, ReloadRequest};

use super::api::Api;
use super::company::{Erp, order};
use super::node::{Node, component};
use super::order::each_revision_once_in_order;
use super::place::{House, Place, equals, named};

async fn reload(hub: &Hub, system: &str) -> Result<(), NotReloaded> {
    hub.reloader().reload(&named(system)).await.map(drop)
}

async fn reloaded(hub: &Hub, system: &str) {
    let outcome = reload(hub, system).await;
    outcome.unwrap_or_else(|reason| panic!("{system} is not reloaded: {reason}"));
}

/// A depot whose orders stand in a table that is polled.
async fn depot(house: &House) {
    let text = house.tables_url()
        + "[[receive]]\nentity = 'order'\nkey = 'no'\nmapping = 'order.in.jq'\nevery = '20ms'\n\
           page = 7\ntable = 'depot_order'\nchanged = 'changed'\n";
    house.system("depot", "sql", &text);
    house
        .run(
            "create table depot_order (no text primary key, buyer text, amount text,
                 revision integer, changed integer)",
        )
        .await;
}

pub(super) async fn traffic_flows_on_while_connectors_are_reloaded(house: &House) {
    const KEYS: usize = 20;
    const REVISIONS: usize = 30;
    const POLLED: usize = 300;
    house.shop_and_erp(Erp::Orders).await;
    depot(house).await;
    let api = Api::start().await;
    api.join(house, "drp", 50);
    let node = house.node().await;
    let hub = node.start(Roles::ALL).await;
    let sent = AtomicBool::new(false);
    let send = async {
        let step = POLLED / REVISIONS;
        for revision in 1..=REVISIONS {
            let orders = (0..KEYS).map(|key| order(&format!("O-{key}"), "C-1", revision));
            let messages = orders.map(|order| node.message("shop", Entity::Order, &order));
            node.take(&messages.collect::<Vec<_>>()).await;
            let rows = (0..step).map(|row| {
                let number = (revision - 1) * step + row + 1;
                format!("('D-{number:03}', 'C-1', '19.90', 1, {number})")
            });
            let rows = rows.collect::<Vec<_>>().join(", ");
            house
                .run(&format!("insert into depot_order values {rows}"))
                .await;
        }
        sent.store(true, Ordering::Relaxed);
    };
    let reload = async {
        let mut rounds = 0;
        while rounds < 3 || !sent.load(Ordering::Relaxed) {
            for system in ["erp", "depot", "drp", "shop"] {
                reloaded(&hub, system).await;
            }
            rounds += 1;
        }
    };
    tokio::join!(send, reload);
    node.journal_has(KEYS * REVISIONS + POLLED).await;
    node.quiet().await;

    each_revision_once_in_order(house, &api, KEYS, REVISIONS).await;
    let polled = "select count(*) from applied where order_no like 'D-%'";
    assert_eq!(house.number(polled).await, POLLED as i64);
    assert_eq!(api.taken(None).len(), KEYS * REVISIONS + POLLED);
    hub.stop().await;
}

/// Sends an order and waits until the erp has it.
async fn arrives(node: &Node, number: &str) {
    let id = node
        .send("shop", Entity::Order, &order(number, "C-1", 1))
        .await;
    node.delivery(id, "erp", DeliveryState::Delivered).await;
}

async fn buyers(house: &House) -> Vec<String> {
    house
        .texts("select buyer from erp_order order by order_no")
        .await
}

pub(super) async fn what_a_file_says_now_holds_from_then_on(house: &House) {
    house.shop_and_erp(Erp::Orders).await;
    depot(house).await;
    let node = house.node().await;
    let hub = node.start(Roles::ALL).await;
    arrives(&node, "O-1").await;
    house.write(
        "order.out.jq",
        "{ order_no: .number, buyer: \"anew\", net: .totals.net, revision: .remark }",
    );
    arrives(&node, "O-2").await;
    reloaded(&hub, "erp").await;
    arrives(&node, "O-3").await;
    assert_eq!(buyers(house).await, ["-", "-", "anew"]);

    // A way out that was not there has its queue, one that is there no more its end.
    let text = house.tables_url()
        + "[[deliver]]\nentity = 'order'\ntable = 'depot_copy'\nkey = 'order_no'\nmapping = 'order.out.jq'\n";
    house.system("depot", "sql", &text);
    house
        .run("create table depot_copy (order_no text primary key, buyer text, net text, revision text)")
        .await;
    reloaded(&hub, "depot").await;
    component(&hub, "depot/deliver", |_| true).await;
    let reports = hub.health().reports();
    assert!(
        reports
            .keys()
            .all(|component| component.0 != "depot/receive/order"),
        "{reports:?}"
    );
    arrives(&node, "O-4").await;
    equals(vec!["O-4".to_owned()], async || {
        house.texts("select order_no from depot_copy").await
    })
    .await;
    hub.stop().await;
}

pub(super) async fn a_file_that_does_not_hold_changes_nothing(house: &House) {
    house.shop_and_erp(Erp::Orders).await;
    let node = house.node().await;
    let hub = node.start(Roles::ALL).await;
    let head = "name = 'erp'\nkind = 'bare'\npreset = 'sql'\n";
    let deliver = "[[deliver]]\nentity = 'order'\ntable = 'erp_order'\nkey = 'order_no'\nmapping = 'order.out.jq'\n";
    let url = house.tables_url();
    let text = |head: &str, more: &str| format!("{head}{url}{deliver}{more}");
    for (file, said) in [
        (
            text(head, "atempts = 3\n"),
            "erp.toml:10:1: unknown field `atempts` (did you mean `attempts`?)",
        ),
        (text(head, "where = '.number =='\n"), "erp.toml:"),
        (
            text(&head.replace("'erp'", "'wms'"), ""),
            "erp.toml:1:1: `name` was `erp` until now",
        ),
        (
            text(&head.replace("'bare'", "'crm'"), ""),
            "erp.toml:2:1: unknown kind `crm`",
        ),
        (
            "name = 'erp'\n".to_owned(),
            "erp.toml: missing field `kind`",
        ),
        (
            format!("{head}url = 'sqlite:${{env:TENON_NO_SUCH}}'\n{deliver}"),
            "`TENON_NO_SUCH` is not set",
        ),
    ] {
        house.write("erp.toml", &file);
        match reload(&hub, "erp").await {
            Err(reason @ NotReloaded::Problems(_)) => {
                assert!(reason.to_string().contains(said), "{said}: {reason}");
            }
            other => panic!("{said}: {other:?}"),
        }
    }
    let unknown = reload(&hub, "wms").await;
    assert!(
        matches!(unknown, Err(NotReloaded::Unknown(_))),
        "{unknown:?}"
    );
    arrives(&node, "O-1").await;
    assert_eq!(buyers(house).await, ["-"]);
    hub.stop().await;
}

pub(super) async fn a_system_that_does_not_answer_changes_nothing(house: &House) {
    house.shop_and_erp(Erp::Orders).await;
    depot(house).await;
    let node = house.node().await;
    let hub = node.start(Roles::ALL).await;
    let elsewhere = |name: &str, text: String| house.system(name, "sql", &text);
    let deliver = "[[deliver]]\nentity = 'order'\ntable = 'no_such'\nkey = 'order_no'\nmapping = 'order.out.jq'\n";
    elsewhere("erp", house.tables_url() + deliver);
    let receive = "[[receive]]\nentity = 'order'\nkey = 'no'\nmapping = 'order.in.jq'\nevery = '20ms'\n\
                   table = 'depot_order'\nchanged = 'no_such'\n";
    elsewhere("depot", house.tables_url() + receive);
    for (system, way) in [("erp", "order to erp: "), ("depot", "order from depot: ")] {
        match reload(&hub, system).await {
            Err(reason @ NotReloaded::Unanswered { .. }) => {
                let reason = reason.to_string();
                assert!(
                    reason.starts_with(way) && reason.contains("no_such"),
                    "{reason}"
                );
            }
            other => panic!("{system}: {other:?}"),
        }
    }
    // The old ones go on, the one that had been stopped to ask too.
    house
        .run("insert into depot_order values ('D-1', 'C-1', '19.90', 1, 1)")
        .await;
    arrives(&node, "O-1").await;
    equals(2, async || {
        house.number("select count(*) from applied").await
    })
    .await;
    hub.stop().await;
}

/// How often the erp is tried, as a node serves it.
fn attempts(hub: &Hub) -> u32 {
    let systems = hub.systems().now();
    let erp = systems.system(&named("erp")).expect("the erp");
    erp.outlets[0].retry.attempts
}

pub(super) async fn every_node_serves_what_the_file_on_its_own_disk_says(house: &House) {
    house.shop_and_erp(Erp::Orders).await;
    let url = house.tables_url();
    let text = |more: &str| {
        format!(
            "name = 'erp'\nkind = 'bare'\npreset = 'sql'\n{url}[[deliver]]\nentity = 'order'\n\
             table = 'erp_order'\nkey = 'order_no'\nmapping = 'order.out.jq'\n{more}\n"
        )
    };
    let elsewhere = house.copied();
    let node = house.node().await;
    // A file serves one process; there the two share its connections.
    let (broker, store) = match house.place() {
        Place::Servers { .. } => house.place().open().await,
        Place::File(_) => (node.broker.clone(), node.store.clone()),
    };
    let deployment = elsewhere.deployment();
    let other = Node {
        broker,
        store,
        deployment,
    };
    let hub = node.start(Roles::ALL).await;
    // Asked when the other had read its files, and did not run yet.
    elsewhere.write("erp.toml", &text("attempts = 3"));
    let request = ReloadRequest {
        id: uuid::Uuid::now_v7(),
        system: named("erp"),
        at: Timestamp::now(),
    };
    node.store.ask_reload(&request).await.unwrap();
    let fellow = other.start(Roles::ALL).await;
    equals(3, async || attempts(&fellow)).await;

    let reloads = async || {
        let outcome = hub.reloader().reload_everywhere(&named("erp")).await;
        outcome.map(|(_, nodes)| {
            let nodes = nodes.into_iter().map(|node| {
                let there = node.outcome.expect("it answers");
                (node.own, there.because)
            });
            nodes.collect::<Vec<_>>()
        })
    };
    house.write("erp.toml", &text("attempts = 7"));
    elsewhere.write("erp.toml", &text("attempts = 8"));
    assert_eq!(reloads().await.unwrap(), [(true, None), (false, None)]);
    assert_eq!((attempts(&hub), attempts(&fellow)), (7, 8));

    // What does not hold on one disk holds on the other.
    house.write("erp.toml", &text("attempts = 9"));
    elsewhere.write("erp.toml", &text("atempts = 9"));
    let nodes = reloads().await.unwrap();
    let because = nodes[1].1.as_ref().expect("a reason");
    assert!(because.contains("did you mean `attempts`?"), "{because}");
    assert_eq!(nodes[0], (true, None));
    assert_eq!((attempts(&hub), attempts(&fellow)), (9, 8));
    arrives(&node, "O-1").await;

    // What does not hold here is asked of nobody.
    let asked = node.store.reloads().await.unwrap();
    house.write("erp.toml", &text("atempts = 10"));
    elsewhere.write("erp.toml", &text("attempts = 10"));
    let refused = reloads().await;
    assert!(
        matches!(refused, Err(NotReloaded::Problems(_))),
        "{refused:?}"
    );
    assert_eq!(node.store.reloads().await.unwrap(), asked);

    // Who has gone is not waited for.
    fellow.stop().await;
    house.write("erp.toml", &text("attempts = 11"));
    assert_eq!(reloads().await.unwrap(), [(true, None)]);
    assert_eq!(attempts(&hub), 11);
    hub.stop().await;
    assert_eq!(node.store.nodes().await.unwrap(), []);
}
