//! From a target's queue to the target: outcomes, holdings, references.

use std::collections::{HashMap, HashSet};

use bytes::Bytes;
use tenon_core::{Entity, Reference};
use tenon_store::{
    Commit, DeliveryState, Holding, OutboundLookup, Outcome, OutcomeState, ReferenceLookup,
    ResolvedReference, Sent, Settlement,
};

use super::fixtures::{
    House, delivered, failed, golden, holding, link, master, new_customer, order, order_link,
    orders, park, system,
};

/// What the erp is asked about orders `numbers`.
fn about(numbers: impl IntoIterator<Item = u32>) -> OutboundLookup {
    OutboundLookup {
        system: system("erp"),
        translated: vec![Entity::Customer, Entity::Item],
        messages: numbers
            .into_iter()
            .map(|number| {
                let attributes = order(number).attributes;
                (
                    attributes.id,
                    Entity::Order,
                    master(number),
                    attributes.ordering_key,
                )
            })
            .collect(),
        references: vec![],
    }
}

pub(super) async fn an_outcome_is_final(house: &House) {
    let states = [
        (OutcomeState::Delivered, DeliveryState::Delivered),
        (OutcomeState::Unchanged, DeliveryState::Unchanged),
        (OutcomeState::Superseded, DeliveryState::Superseded),
        (OutcomeState::Filtered, DeliveryState::Filtered),
    ];
    let outcomes = states
        .iter()
        .zip(1..)
        .map(|((state, _), number)| {
            let mut outcome = delivered(&order(number), &format!("E-{number}"));
            outcome.state = *state;
            outcome
        })
        .collect();
    house
        .settle(outcomes, vec![park(&order(5), failed())])
        .await;
    let known = house.store.look_up_outbound(&about(1..=6)).await.unwrap();
    let settled = states
        .iter()
        .zip(1..)
        .map(|((_, state), number)| (order(number).attributes.id, *state));
    assert_eq!(known.settled, settled.collect::<HashMap<_, _>>());
    assert_eq!(
        known.blocked,
        HashSet::from([order(5).attributes.ordering_key])
    );
    // Another system knows nothing of it.
    let elsewhere = OutboundLookup {
        system: system("invoicing"),
        ..about(1..=6)
    };
    let known = house.store.look_up_outbound(&elsewhere).await.unwrap();
    assert!(known.settled.is_empty() && known.blocked.is_empty() && known.holdings.is_empty());

    let delivery = &house.deliveries(order(1).attributes.id).await[0];
    assert_eq!(delivery.system, system("erp"));
    assert_eq!(
        (delivery.state, delivery.attempts),
        (DeliveryState::Delivered, 1)
    );
    assert_eq!(delivery.detail, "201 created");
    assert_eq!(delivery.native_id.as_deref(), Some("E-1"));
}

pub(super) async fn what_was_taken_is_kept_as_it_was(house: &House) {
    let took = |number: u32, body: &str| Outcome {
        sent: Some(Bytes::copy_from_slice(body.as_bytes())),
        ..delivered(&order(number), &format!("E-{number}"))
    };
    let id = order(1).attributes.id;
    let kept = async || {
        let sent = house.store.sent(id).await.unwrap().into_iter();
        let read = |sent: Sent| (sent.system, String::from_utf8(sent.body.to_vec()).unwrap());
        sent.map(read).collect::<Vec<_>>()
    };
    assert_eq!(kept().await, []);
    let long = format!("{{\"note\":\"{}\"}}", "客".repeat(5_000));
    let spared = delivered(&order(3), "E-3");
    let settled = vec![took(1, "{\"n\":1}\n{\"n\":2}"), took(2, "{}"), spared];
    house.settle(settled, Vec::new()).await;
    assert_eq!(
        kept().await,
        [(system("erp"), "{\"n\":1}\n{\"n\":2}".to_owned())]
    );
    let spared = house.store.sent(order(3).attributes.id).await.unwrap();
    assert_eq!(spared, []);
    // Given once more, it is what was taken last that counts; each system has its own.
    house.settle(vec![took(1, &long)], Vec::new()).await;
    let elsewhere = Settlement {
        system: system("archive"),
        outcomes: vec![took(1, "\"as a text\"")],
        parked: Vec::new(),
    };
    house.store.settle(elsewhere).await.unwrap();
    let expected = [
        (system("archive"), "\"as a text\"".to_owned()),
        (system("erp"), long),
    ];
    assert_eq!(kept().await, expected);
    let at = house.store.sent(id).await.unwrap()[1].at;
    let delivered = house.deliveries(id).await;
    let delivery = delivered.iter().find(|one| one.system == system("erp"));
    assert_eq!(delivery.unwrap().at, at);
}

pub(super) async fn holdings_are_found_by_master(house: &House) {
    house
        .settle(vec![delivered(&order(1), "E-9")], vec![])
        .await;
    // A second id in the same system, later; and the first delivered again with another hash.
    house
        .settle(vec![delivered(&order(1), "E-1")], vec![])
        .await;
    let mut again = delivered(&order(1), "E-9");
    again.holdings[0] = Holding {
        native_id: "E-9".to_owned(),
        hash: Some(vec![9]),
        sequence: Some(7),
        told: false,
    };
    house.settle(vec![again], vec![]).await;
    let known = house.store.look_up_outbound(&about(1..=2)).await.unwrap();
    assert_eq!(known.holdings.len(), 1);
    let held = &known.holdings[&(Entity::Order, master(1))];
    assert_eq!(
        held[0],
        Holding {
            native_id: "E-9".into(),
            hash: Some(vec![9]),
            sequence: Some(7),
            told: false,
        }
    );
    assert_eq!(held[1], holding("E-1"));
    assert_eq!(held.len(), 2);
}

pub(super) async fn a_foreign_link_stays_and_is_noted(house: &House) {
    let links = vec![link(Entity::Order, "erp", "E-1", master(7))];
    house
        .store
        .commit(Commit {
            links,
            ..Default::default()
        })
        .await
        .unwrap();
    house
        .settle(
            vec![delivered(&order(1), "E-1"), delivered(&order(2), "E-2")],
            vec![],
        )
        .await;
    let known = house
        .store
        .look_up_outbound(&about([1, 2, 7]))
        .await
        .unwrap();
    assert!(!known.holdings.contains_key(&(Entity::Order, master(1))));
    assert_eq!(
        known.holdings[&(Entity::Order, master(2))],
        [holding("E-2")]
    );
    assert_eq!(known.holdings[&(Entity::Order, master(7))][0].hash, None);
    let detail = async |number| {
        house.deliveries(order(number).attributes.id).await[0]
            .detail
            .clone()
    };
    assert_eq!(
        detail(1).await,
        "201 created; the id E-1 is linked to another master already and stays there"
    );
    assert_eq!(detail(2).await, "201 created");
}

fn by_master(entity: Entity, number: u32) -> ReferenceLookup {
    ReferenceLookup {
        entity,
        reference: Reference::Master {
            master_id: master(number),
        },
    }
}

fn by_native(entity: Entity, name: &str, native_id: &str) -> ReferenceLookup {
    ReferenceLookup {
        entity,
        reference: Reference::native(system(name), native_id),
    }
}

pub(super) async fn references_are_resolved(house: &House) {
    house.store.commit(new_customer(1)).await.unwrap();
    house.store.commit(new_customer(2)).await.unwrap();
    let later = vec![
        link(Entity::Customer, "erp", "K-2", master(1)),
        link(Entity::Order, "crm", "SO-3", master(3)),
        link(Entity::Item, "pdm", "P-4", master(4)),
    ];
    house
        .store
        .commit(Commit {
            links: later,
            ..Default::default()
        })
        .await
        .unwrap();
    let duplicate = vec![link(Entity::Customer, "erp", "K-1", master(1))];
    house
        .store
        .commit(Commit {
            links: duplicate,
            ..Default::default()
        })
        .await
        .unwrap();

    let unknown = ResolvedReference {
        master_id: None,
        ids: [].into(),
        golden: None,
    };
    let ids = |pairs: &[(&str, &str)]| {
        pairs
            .iter()
            .map(|(name, native_id)| (system(name), (*native_id).to_owned()))
            .collect()
    };
    let first = ResolvedReference {
        master_id: Some(master(1)),
        // The oldest link of the erp, not the first by name.
        ids: ids(&[("crm", "C-1"), ("erp", "K-2")]),
        golden: Some(golden(master(1), 1, "上海川可 1")),
    };
    let second = ResolvedReference {
        master_id: Some(master(2)),
        ids: ids(&[("crm", "C-2")]),
        golden: Some(golden(master(2), 1, "上海川可 1")),
    };
    let cases = [
        (by_native(Entity::Customer, "crm", "C-1"), first.clone()),
        (by_native(Entity::Customer, "erp", "K-1"), first.clone()),
        (by_master(Entity::Customer, 1), first),
        (by_master(Entity::Customer, 2), second),
        (by_native(Entity::Customer, "crm", "C-9"), unknown.clone()),
        (by_master(Entity::Customer, 9), unknown.clone()),
        // The erp numbers no orders of its own, so only the master is wanted.
        (
            by_native(Entity::Order, "crm", "SO-3"),
            ResolvedReference {
                master_id: Some(master(3)),
                ..unknown.clone()
            },
        ),
        (
            by_master(Entity::Order, 3),
            ResolvedReference {
                master_id: Some(master(3)),
                ..unknown.clone()
            },
        ),
        (by_master(Entity::Order, 1), unknown.clone()),
        (
            by_master(Entity::Item, 4),
            ResolvedReference {
                master_id: Some(master(4)),
                ids: ids(&[("pdm", "P-4")]),
                golden: None,
            },
        ),
        (by_native(Entity::Item, "pdm", "P-5"), unknown),
    ];
    let lookup = OutboundLookup {
        references: cases.iter().map(|(asked, _)| asked.clone()).collect(),
        ..about(1..=1)
    };
    let mut known = house
        .store
        .look_up_outbound(&lookup)
        .await
        .unwrap()
        .references;
    for (asked, expected) in cases {
        assert_eq!(known.remove(&asked), Some(expected), "{asked:?}");
    }
    assert!(known.is_empty());
}

pub(super) async fn both_outcomes_and_links_are_written_or_neither(house: &House) {
    house.store.commit(orders(1..=1)).await.unwrap();
    // The journal's own link is no delivery; what the target holds comes with the outcome.
    let known = house.store.look_up_outbound(&about(1..=1)).await.unwrap();
    assert!(known.settled.is_empty() && known.holdings.is_empty());
    let settlement = Settlement {
        system: system("erp"),
        // The same message twice in a batch: the last word counts.
        outcomes: vec![delivered(&order(1), "E-1"), delivered(&order(1), "E-1")],
        parked: vec![],
    };
    house.store.settle(settlement).await.unwrap();
    let known = house.store.look_up_outbound(&about(1..=1)).await.unwrap();
    assert_eq!(known.settled.len(), 1);
    assert_eq!(
        known.holdings[&(Entity::Order, master(1))],
        [holding("E-1")]
    );
    // An outcome that cannot be written takes its batch with it.
    house.sql("drop table delivery").await;
    let settlement = Settlement {
        system: system("erp"),
        outcomes: vec![delivered(&order(2), "E-2")],
        parked: vec![],
    };
    house.store.settle(settlement).await.unwrap_err();
    assert_eq!(
        house
            .number("select count(*) from crosswalk where native_id = 'E-2'")
            .await,
        0
    );
    assert_eq!(order_link(1).master_id, master(1));
}
