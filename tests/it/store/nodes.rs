//! Nodes, and what all of them are asked.

use tenon_core::{SystemName, Timestamp};
use tenon_store::{HubNode, NodeFacts, ReloadOutcome, ReloadRequest};
use uuid::Uuid;

use super::fixtures::House;

fn node(number: u128, name: &str) -> HubNode {
    HubNode {
        id: Uuid::from_u128(number),
        name: name.to_owned(),
    }
}

fn facts() -> NodeFacts {
    NodeFacts {
        version: "1.2.3".to_owned(),
        roles: vec!["receive".to_owned(), "route".to_owned()],
        started_at: "2026-04-10T08:00:00Z".parse().unwrap(),
    }
}

pub(super) async fn a_node_is_there_as_long_as_it_says_so(house: &House) {
    let store = &*house.store;
    let (one, other) = (node(1, "hub-2/1"), node(2, "hub-1/7"));
    for node in [&one, &other, &one] {
        store.node_seen(node, &facts()).await.unwrap();
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
    // How it is getting on is told by who is there and has said it.
    store.tell_pulse(one.id, "{\"at\":1}").await.unwrap();
    store.tell_pulse(one.id, "{\"at\":2}").await.unwrap();
    store.tell_pulse(other.id, "{}").await.unwrap();
    store.tell_pulse(Uuid::nil(), "{}").await.unwrap();
    let told = (one.clone(), "{\"at\":2}".to_owned());
    assert_eq!(store.pulses().await.unwrap(), [told]);
    store.node_seen(&other, &facts()).await.unwrap();
    store.node_left(one.id).await.unwrap();
    let told = (other.clone(), "{}".to_owned());
    assert_eq!(store.pulses().await.unwrap(), [told]);
    assert_eq!(store.nodes().await.unwrap(), [other]);
}

pub(super) async fn a_node_tells_what_it_is_and_what_it_serves(house: &House) {
    let another = house.another_node().await;
    let (one, other) = (node(1, "hub-1/7"), node(2, "hub-2/1"));
    let insight = house.store.claim("insight").await.unwrap();
    let erp = house.store.claim("erp/deliver").await.unwrap();
    assert!(insight.is_some() && erp.is_some());
    assert!(another.claim("insight").await.unwrap().is_none());
    let alerts = another.claim("alerts").await.unwrap();
    assert!(alerts.is_some());
    house.store.node_seen(&one, &facts()).await.unwrap();
    another.node_seen(&other, &facts()).await.unwrap();
    let known = house.store.known_nodes().await.unwrap();
    let told: Vec<_> = known
        .iter()
        .map(|known| (&known.node, known.facts.as_ref(), &known.claims[..]))
        .collect();
    let claims = ["erp/deliver".to_owned(), "insight".to_owned()];
    let others = ["alerts".to_owned()];
    assert_eq!(
        told,
        [
            (&one, Some(&facts()), claims.as_slice()),
            (&other, Some(&facts()), others.as_slice()),
        ]
    );
    assert!(known.iter().all(|known| known.silent_seconds < 15));
    // What it has let go it does not serve any more; one that has fallen silent is still told of.
    drop(erp);
    let began = std::time::Instant::now();
    loop {
        house.store.node_seen(&one, &facts()).await.unwrap();
        let known = house.store.known_nodes().await.unwrap();
        if known[0].claims == ["insight"] {
            break;
        }
        assert!(began.elapsed().as_secs() < 60, "{known:?}");
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    house
        .sql("update hub_node set seen_at = seen_at - 100 where name = 'hub-2/1'")
        .await;
    assert_eq!(house.store.nodes().await.unwrap(), [one]);
    let known = house.store.known_nodes().await.unwrap();
    assert!(known[1].silent_seconds >= 100, "{known:?}");
    // A node of an older version says nothing of itself.
    house
        .sql("update hub_node set version = null, roles = null, started_at = null, claims = null")
        .await;
    let known = house.store.known_nodes().await.unwrap();
    assert_eq!((known[0].facts.as_ref(), known[0].claims.len()), (None, 0));
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
