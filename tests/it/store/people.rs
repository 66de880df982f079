//! What people do with parked messages.

use tenon_core::Entity;
use tenon_store::{
    Commit, Deed, DeliveryState, Direction, ParkReason, ParkedFilter, ParkedId, ParkedState,
};

use super::fixtures::{House, failed, in_lane, invalid, needs_master, order, park, system};

fn deed(because: &str) -> Deed {
    Deed::new("li.wei", because)
}

/// Three orders in one lane, the first failed; returns the rows' names.
async fn one_lane(house: &House) -> Vec<ParkedId> {
    let message = |number| in_lane(order(number), "lane");
    let parks = vec![
        park(&message(1), failed()),
        park(&message(2), ParkReason::Behind),
        park(&message(3), ParkReason::Behind),
    ];
    house.settle(vec![], parks).await;
    let all = house
        .store
        .parked(&Default::default(), None, 10)
        .await
        .unwrap();
    all.iter().map(|record| record.id).collect()
}

pub(super) async fn redrive_makes_due_and_keeps_order(house: &House) {
    let ids = one_lane(house).await;
    // Those behind go by themselves when it is their turn: only the head is made due.
    assert_eq!(house.store.redrive(&ids, &deed("")).await.unwrap(), 1);
    assert_eq!(house.due("erp").await, [order(1).attributes.id]);
    assert_eq!(house.store.redrive(&ids, &deed("")).await.unwrap(), 0);
    house
        .settle(vec![], vec![park(&order(9), needs_master(9))])
        .await;
    let waiting = house.parked(order(9).attributes.id).await.unwrap();
    assert_eq!(
        house
            .store
            .redrive(&[waiting.id, ParkedId(-1)], &deed(""))
            .await
            .unwrap(),
        1
    );
    assert_eq!(
        house.due("erp").await,
        [order(1).attributes.id, order(9).attributes.id]
    );
    // An inbound message is published again by its sender, not made due.
    let commit = Commit {
        messages: vec![invalid(20)],
        ..Default::default()
    };
    house.store.commit(commit).await.unwrap();
    let inbound = house.parked(order(20).attributes.id).await.unwrap();
    assert_eq!(
        house.store.redrive(&[inbound.id], &deed("")).await.unwrap(),
        0
    );
}

pub(super) async fn drop_advances_the_lane(house: &House) {
    let ids = one_lane(house).await;
    assert_eq!(
        house
            .store
            .drop_parked(&ids[..1], &deed("ordered twice"), None)
            .await
            .unwrap(),
        1
    );
    assert_eq!(house.due("erp").await, [order(2).attributes.id]);
    let delivery = &house.deliveries(order(1).attributes.id).await[0];
    assert_eq!(delivery.state, DeliveryState::Dropped);
    assert_eq!(delivery.detail, "ordered twice");
    // One in the middle of its lane: those before and behind it stay as they are.
    house
        .store
        .drop_parked(&[ids[2], ParkedId(-1)], &deed("ordered twice"), None)
        .await
        .unwrap();
    assert_eq!(house.due("erp").await, [order(2).attributes.id]);
    assert_eq!(
        house
            .store
            .drop_parked(&ids, &deed("all"), None)
            .await
            .unwrap(),
        1
    );
    assert!(
        house
            .store
            .parked(&Default::default(), None, 10)
            .await
            .unwrap()
            .is_empty()
    );
}

pub(super) async fn a_dropped_inbound_message_is_marked(house: &House) {
    let commit = Commit {
        messages: vec![invalid(1)],
        ..Default::default()
    };
    house.store.commit(commit).await.unwrap();
    let record = house.parked(order(1).attributes.id).await.unwrap();
    assert_eq!(
        house
            .store
            .drop_parked(&[record.id], &deed("a test order"), None)
            .await
            .unwrap(),
        1
    );
    let journaled = house
        .store
        .messages(&Default::default(), None, 1)
        .await
        .unwrap();
    assert_eq!(journaled[0].state, "dropped");
    assert_eq!(
        journaled[0].detail.as_deref(),
        Some("lines: too short; dropped: a test order")
    );
    assert_eq!(house.parked(order(1).attributes.id).await, None);
    assert!(house.deliveries(order(1).attributes.id).await.is_empty());
}

pub(super) async fn parked_messages_are_listed_and_filtered(house: &House) {
    let before = tenon_core::Timestamp::now() - std::time::Duration::from_secs(60);
    let ids = one_lane(house).await;
    let commit = Commit {
        messages: vec![invalid(7)],
        ..Default::default()
    };
    house.store.commit(commit).await.unwrap();
    let list = async |filter: ParkedFilter| {
        let found = house.store.parked(&filter, None, 10).await.unwrap();
        found
            .iter()
            .map(|record| record.parcel.attributes.id)
            .collect::<Vec<_>>()
    };
    let order_id = |number| order(number).attributes.id;
    let filter = ParkedFilter::default;
    let outbound = vec![order_id(1), order_id(2), order_id(3)];
    let cases = [
        (
            ParkedFilter {
                system: Some(system("erp")),
                ..filter()
            },
            outbound.clone(),
        ),
        (
            ParkedFilter {
                direction: Some(Direction::Inbound),
                ..filter()
            },
            vec![order_id(7)],
        ),
        (
            ParkedFilter {
                direction: Some(Direction::Outbound),
                ..filter()
            },
            outbound,
        ),
        (
            ParkedFilter {
                reason: Some("422".into()),
                ..filter()
            },
            vec![order_id(1)],
        ),
        (
            ParkedFilter {
                code: Some("schema.violation".into()),
                ..filter()
            },
            vec![order_id(7)],
        ),
        (
            ParkedFilter {
                code: Some("schema.".into()),
                ..filter()
            },
            vec![],
        ),
        (
            ParkedFilter {
                reason: Some("schema.".into()),
                ..filter()
            },
            vec![order_id(7)],
        ),
        (
            ParkedFilter {
                reason: Some("%".into()),
                ..filter()
            },
            vec![],
        ),
        (
            ParkedFilter {
                state: Some(ParkedState::Behind),
                ..filter()
            },
            vec![order_id(2), order_id(3)],
        ),
        (
            ParkedFilter {
                since: Some(before),
                state: Some(ParkedState::Failed),
                ..filter()
            },
            vec![order_id(1), order_id(7)],
        ),
        (
            ParkedFilter {
                since: Some(before + std::time::Duration::from_secs(3_600)),
                ..filter()
            },
            vec![],
        ),
        (
            ParkedFilter {
                ids: vec![ids[1], ParkedId(-1)],
                ..filter()
            },
            vec![order_id(2)],
        ),
        (
            ParkedFilter {
                entity: Some(Entity::Order),
                direction: Some(Direction::Inbound),
                ..filter()
            },
            vec![order_id(7)],
        ),
        (
            ParkedFilter {
                entity: Some(Entity::Item),
                ..filter()
            },
            vec![],
        ),
        (
            ParkedFilter {
                key: Some("SO-2".into()),
                ..filter()
            },
            vec![order_id(2)],
        ),
        (
            // Its business key, by the journal.
            ParkedFilter {
                key: Some("N-7".into()),
                ..filter()
            },
            vec![order_id(7)],
        ),
        (
            ParkedFilter {
                key: Some(order_id(3).to_string()),
                ..filter()
            },
            vec![order_id(3)],
        ),
        (
            ParkedFilter {
                text: Some("\"N-3\"".into()),
                ..filter()
            },
            vec![order_id(3)],
        ),
        (
            ParkedFilter {
                until: Some(before),
                ..filter()
            },
            vec![],
        ),
    ];
    for (filter, expected) in cases {
        assert_eq!(list(filter.clone()).await, expected, "{filter:?}");
        let count = house.store.parked_count(&filter).await.unwrap();
        assert_eq!(count, expected.len() as u64, "{filter:?}");
    }
    let page = house
        .store
        .parked(&filter(), Some(ids[0]), 2)
        .await
        .unwrap();
    let page: Vec<ParkedId> = page.iter().map(|record| record.id).collect();
    assert_eq!(page, ids[1..]);
    let one = house.store.parked_one(ids[1]).await.unwrap().unwrap();
    assert_eq!((one.id, one.behind), (ids[1], 1));
    assert!(
        one.behind_since.is_some_and(|since| since >= one.parked_at),
        "{one:?}"
    );
    assert_eq!(one.parcel.attributes.entity(), Entity::Order);
    assert_eq!(house.store.parked_one(ParkedId(0)).await.unwrap(), None);
}
