//! From the inbound queue to the journal: all of a batch or nothing, and each message once.

use bytes::Bytes;
use futures::future::join_all;
use tenon_core::Entity;
use tenon_store::{
    Commit, Direction, Inbound, InboundState, Lookup, OutboundLookup, ParkedState, Payloads, Seen,
    Settlement, StoreError,
};

use super::fixtures::{House, delivered, invalid, link, master, order, order_link, orders, system};

fn is_conflict<T: std::fmt::Debug>(result: Result<T, StoreError>) -> bool {
    matches!(result, Err(StoreError::Conflict(_)))
}

pub(super) async fn a_batch_is_journaled_with_its_payloads(house: &House) {
    house.store.commit(orders(1..=300)).await.unwrap();
    let records = house
        .store
        .messages(&Default::default(), None, 1_000)
        .await
        .unwrap();
    assert_eq!(records.len(), 300);
    let newest = &records[0];
    let expected = order(300);
    assert_eq!(newest.attributes, expected.attributes);
    assert_eq!(newest.business_key, expected.business_key);
    assert_eq!(newest.origin, "orders.csv:300");
    assert_eq!(
        (newest.state.as_str(), newest.detail.as_deref()),
        ("routed", None)
    );
    assert_eq!(newest.targets, [system("erp"), system("invoicing")]);
    assert!(records.is_sorted_by(|later, earlier| later.position > earlier.position));
    let payloads = house.store.payloads(expected.attributes.id).await.unwrap();
    assert_eq!(
        payloads,
        Some(Payloads {
            raw: expected.raw,
            canonical: expected.canonical
        })
    );
    assert_eq!(
        house
            .store
            .payloads(order(301).attributes.id)
            .await
            .unwrap(),
        None
    );
}

pub(super) async fn the_first_message_of_a_record_is_told(house: &House) {
    let of = |number: u32, record: u32| {
        let mut message = order(number);
        message.attributes.master_id = Some(master(record));
        message
    };
    for messages in [vec![of(1, 7), of(2, 8), of(3, 7)], vec![of(4, 8), of(5, 9)]] {
        let commit = Commit {
            messages,
            ..Default::default()
        };
        house.store.commit(commit).await.unwrap();
    }
    let asked = [master(7), master(8), master(10)];
    let first = house.store.first_messages(&asked).await.unwrap();
    assert_eq!(first.len(), 2);
    assert_eq!(first[&master(7)], of(1, 7).attributes);
    assert_eq!(first[&master(8)], of(2, 8).attributes);
}

pub(super) async fn a_message_is_journaled_once(house: &House) {
    house.store.commit(orders(1..=2)).await.unwrap();
    assert!(is_conflict(house.store.commit(orders(2..=3)).await));
    let twice = Commit {
        messages: vec![order(4), order(4)],
        ..Default::default()
    };
    assert!(is_conflict(house.store.commit(twice).await));
    assert_eq!(
        house
            .store
            .messages(&Default::default(), None, 10)
            .await
            .unwrap()
            .len(),
        2
    );
}

pub(super) async fn a_failing_commit_leaves_nothing(house: &House) {
    house.store.commit(orders(1..=1)).await.unwrap();
    let mut failing = orders(2..=9);
    failing.messages.push(invalid(10));
    failing
        .links
        .push(link(Entity::Order, "crm", "SO-1", master(99)));
    assert!(is_conflict(house.store.commit(failing).await));
    let known = house
        .store
        .look_up(&Lookup {
            messages: (1..=10).map(|number| order(number).attributes.id).collect(),
            natives: (1..=9)
                .map(|number| (Entity::Order, system("crm"), format!("SO-{number}")))
                .collect(),
            ..Default::default()
        })
        .await
        .unwrap();
    assert_eq!(known.seen.len(), 1);
    assert_eq!(known.natives.len(), 1);
    assert_eq!(house.parked(order(10).attributes.id).await, None);
    assert_eq!(house.number("select count(*) from payload").await, 1);
    // Nothing of the failure stands in the way of the same batch without its fault.
    house.store.commit(orders(2..=9)).await.unwrap();
}

pub(super) async fn a_seen_message_can_be_published_again(house: &House) {
    let mut filtered = order(2);
    filtered.state = InboundState::Filtered;
    filtered.canonical = None;
    let commit = Commit {
        messages: vec![order(1), filtered.clone()],
        ..Default::default()
    };
    house.store.commit(commit).await.unwrap();
    let messages = (1..=3).map(|number| order(number).attributes.id).collect();
    let known = house
        .store
        .look_up(&Lookup {
            messages,
            ..Default::default()
        })
        .await
        .unwrap();
    assert_eq!(known.seen.len(), 2);
    let seen = |message: &Inbound, targets| Seen {
        attributes: message.attributes.clone(),
        targets,
        canonical: message.canonical.clone(),
    };
    let routed = order(1);
    assert_eq!(
        known.seen[&routed.attributes.id],
        seen(&routed, vec![system("erp"), system("invoicing")])
    );
    assert_eq!(known.seen[&filtered.attributes.id], seen(&filtered, vec![]));
}

pub(super) async fn a_link_joins_a_record_to_one_master(house: &House) {
    house.store.commit(orders(1..=1)).await.unwrap();
    let again = Commit {
        links: vec![order_link(1), order_link(1)],
        ..Default::default()
    };
    house.store.commit(again).await.unwrap();
    let other = link(Entity::Order, "crm", "SO-1", master(2));
    let stolen = Commit {
        links: vec![other.clone()],
        ..Default::default()
    };
    assert!(is_conflict(house.store.commit(stolen).await));
    let torn = Commit {
        links: vec![
            link(Entity::Order, "crm", "SO-7", master(7)),
            link(Entity::Order, "crm", "SO-7", master(8)),
        ],
        ..Default::default()
    };
    assert!(is_conflict(house.store.commit(torn).await));
    // The same id of another entity or system is another record.
    let others = Commit {
        links: vec![
            link(Entity::Invoice, "crm", "SO-1", master(2)),
            link(Entity::Order, "erp", "SO-1", master(3)),
        ],
        ..Default::default()
    };
    house.store.commit(others).await.unwrap();
    let asked = |entity, name: &str| (entity, system(name), "SO-1".to_owned());
    let natives = vec![
        asked(Entity::Order, "crm"),
        asked(Entity::Invoice, "crm"),
        asked(Entity::Order, "erp"),
        asked(Entity::Item, "erp"),
    ];
    let known = house
        .store
        .look_up(&Lookup {
            natives,
            ..Default::default()
        })
        .await
        .unwrap();
    assert_eq!(known.natives.len(), 3);
    assert_eq!(known.natives[&asked(Entity::Order, "crm")], master(1));
    assert_eq!(known.natives[&asked(Entity::Invoice, "crm")], master(2));
    assert_eq!(known.natives[&asked(Entity::Order, "erp")], master(3));
}

pub(super) async fn an_invalid_message_is_parked_with_its_raw_record(house: &House) {
    let message = invalid(1);
    let commit = Commit {
        messages: vec![order(2), message.clone()],
        ..Default::default()
    };
    house.store.commit(commit).await.unwrap();
    let record = house.parked(message.attributes.id).await.unwrap();
    assert_eq!(record.direction, Direction::Inbound);
    assert_eq!(record.system, system("crm"));
    assert_eq!(record.state, ParkedState::Failed);
    assert_eq!(record.code, "schema.violation");
    assert_eq!(record.detail, "lines: too short");
    assert_eq!(record.parcel.attributes, message.attributes);
    assert_eq!(record.parcel.body, message.raw);
    let journaled = house
        .store
        .messages(&Default::default(), None, 1)
        .await
        .unwrap();
    assert_eq!(journaled[0].state, "invalid");
    assert_eq!(journaled[0].detail.as_deref(), Some("lines: too short"));
    // It stands in no lane and is never delivered.
    assert!(house.due("crm").await.is_empty());
}

pub(super) async fn a_redriven_message_is_journaled_anew(house: &House) {
    let message = invalid(1);
    let commit = Commit {
        messages: vec![message.clone()],
        ..Default::default()
    };
    house.store.commit(commit).await.unwrap();
    let id = message.attributes.id;
    // Still invalid after the mapping was changed: one row, with the new reason.
    let mut worse = message.clone();
    worse.state = InboundState::Invalid {
        code: "mapping.failed".into(),
        detail: "no".into(),
    };
    let again = |message| Commit {
        messages: vec![message],
        redriven: vec![id],
        ..Default::default()
    };
    house.store.commit(again(worse)).await.unwrap();
    assert_eq!(house.parked(id).await.unwrap().code, "mapping.failed");
    // And now it fits.
    house.store.commit(again(order(1))).await.unwrap();
    assert_eq!(house.parked(id).await, None);
    let journaled = house
        .store
        .messages(&Default::default(), None, 10)
        .await
        .unwrap();
    assert_eq!(journaled.len(), 1);
    assert_eq!(journaled[0].state, "routed");
    assert_eq!(
        house.store.payloads(id).await.unwrap().unwrap().canonical,
        order(1).canonical
    );
    assert_eq!(house.number("select count(*) from payload").await, 1);
    // Without the word that it was redriven, it is a second arrival.
    assert!(is_conflict(house.store.commit(orders(1..=1)).await));
}

pub(super) async fn text_with_a_nul_is_kept(house: &House) {
    let mut message = order(1);
    message.attributes.native_id = Some("SO\0-1".to_owned());
    message.business_key = Some("N\0-1".to_owned());
    message.origin = "a\0b".to_owned();
    message.raw = Bytes::from_static(b"\0\xff");
    let native = (Entity::Order, system("crm"), "SO\0-1".to_owned());
    let commit = Commit {
        messages: vec![message.clone()],
        links: vec![link(Entity::Order, "crm", "SO\0-1", master(1))],
        ..Default::default()
    };
    house.store.commit(commit).await.unwrap();
    let lookup = Lookup {
        natives: vec![native.clone()],
        ..Default::default()
    };
    assert_eq!(
        house.store.look_up(&lookup).await.unwrap().natives[&native],
        master(1)
    );
    let journaled = house
        .store
        .messages(&Default::default(), None, 1)
        .await
        .unwrap();
    assert_eq!(journaled[0].attributes, message.attributes);
    let payloads = house
        .store
        .payloads(message.attributes.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(payloads.raw, message.raw);
}

pub(super) async fn of_many_writers_of_one_message_one_wins(house: &House) {
    let nodes = join_all((0..3).map(|_| house.another_node())).await;
    for round in 0..5_u32 {
        // Each writer has the same messages in another order, as after a redelivery.
        let commits = nodes.iter().enumerate().map(|(turn, node)| {
            let mut commit = orders(round * 20..round * 20 + 20);
            commit.messages.rotate_left(turn * 7);
            commit.links.rotate_left(turn * 7);
            node.commit(commit)
        });
        let results = join_all(commits).await;
        assert_eq!(
            results.iter().filter(|result| result.is_ok()).count(),
            1,
            "{results:?}"
        );
        assert!(
            results
                .into_iter()
                .all(|result| result.is_ok() || is_conflict(result))
        );
    }
    assert_eq!(
        house
            .store
            .messages(&Default::default(), None, 1_000)
            .await
            .unwrap()
            .len(),
        100
    );
}

pub(super) async fn a_restated_record_forgets_what_was_delivered(house: &House) {
    let message = order(1);
    house.settle(vec![delivered(&message, "E-1")], vec![]).await;
    let lookup = OutboundLookup {
        system: system("erp"),
        translated: vec![],
        messages: vec![(
            order(2).attributes.id,
            Entity::Order,
            master(1),
            message.attributes.ordering_key.clone(),
        )],
        references: vec![],
    };
    let hash = async || {
        let known = house.store.look_up_outbound(&lookup).await.unwrap();
        known.holdings[&(Entity::Order, master(1))][0].hash.clone()
    };
    assert_eq!(hash().await, Some(vec![1, 2, 3]));
    let restated = Commit {
        links: vec![link(Entity::Order, "erp", "E-1", master(1))],
        restated: vec![(Entity::Order, system("erp"), "E-1".to_owned())],
        ..Default::default()
    };
    house.store.commit(restated).await.unwrap();
    assert_eq!(hash().await, None);
    let settlement = Settlement {
        system: system("erp"),
        outcomes: vec![delivered(&message, "E-1")],
        parked: vec![],
    };
    house.store.settle(settlement).await.unwrap();
    assert_eq!(hash().await, Some(vec![1, 2, 3]));
}
