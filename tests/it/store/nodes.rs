//! Nodes, and what all of them are asked.

use tenon_core::{SystemName, Timestamp};
use tenon_store::{HubNode, ReloadOutcome, ReloadRequest};
use uuid::Uuid;

use super::fixtures::House;

fn node(number: u128, name: &str) -> HubNode {
    HubNode {
        id: Uuid::from_u128(number),
        name: name.to_owned(),
    }
}

pub(super) async fn a_node_is_there_as_long_as_it_says_so(house: &House) {
    let store = &*house.store;
    let (one, other) = (node(1, "hub-2/1"), node(2, "hub-1/7"));
    for node in [&one, &other, &one] {
        store.node_seen(node).await.unwrap();
    }
    assert_eq!(store.nodes().await.unwrap(), [other.clone(), one.clone()]);
    // One that was not heard of for long, and one whose machine's clock was set back.
    for change in [
        "update hub_node set seen_at = seen_at - 20 where name = 'hub-1/7'",
        "update hub_node set seen_at = seen_at + 60 where name = 'hub-1/7'",
    ] {
        house.sql(change).await;
        assert_eq!(
            store.nodes().await.unwrap(),
            std::slice::from_ref(&one),
            "{change}"
        );
    }
    store.node_seen(&other).await.unwrap();
    store.node_left(one.id).await.unwrap();
    assert_eq!(store.nodes().await.unwrap(), [other]);
}

pub(super) async fn of_what_is_asked_about_a_system_the_latest_holds(house: &House) {
    let store = &*house.store;
    let ask = async |number: u128, system: &str, at: &str| {
        let request = ReloadRequest {
            id: Uuid::from_u128(number),
            system: SystemName::new(system).unwrap(),
            at: at.parse::<Timestamp>().unwrap(),
        };
        store.ask_reload(&request).await.unwrap();
        request
    };
    ask(1, "erp", "2026-04-10T08:00:00Z").await;
    let crm = ask(2, "crm", "2026-04-10T09:00:00Z").await;
    let erp = ask(3, "erp", "2026-04-10T10:00:00Z").await;
    assert_eq!(store.reloads().await.unwrap(), [crm, erp.clone()]);

    let outcome = |number: u128, name: &str, because: Option<&str>| ReloadOutcome {
        request: erp.id,
        node: node(number, name),
        because: because.map(str::to_owned),
        took_ms: 12,
    };
    let said = [
        outcome(2, "hub-1/7", Some("erp.toml:3:1: unknown field")),
        outcome(1, "hub-2/1", None),
    ];
    // What a node says again takes the place of what it said.
    let before = outcome(2, "hub-1/7", None);
    for one in [&before, &said[1], &said[0]] {
        store.note_reload(one).await.unwrap();
    }
    assert_eq!(store.reload_outcomes(erp.id).await.unwrap(), said);
    assert_eq!(store.reload_outcomes(Uuid::from_u128(1)).await.unwrap(), []);
}
