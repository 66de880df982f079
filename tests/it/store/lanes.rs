//! Lanes: one waits, all behind it wait, in order, and none is forgotten.

use std::time::Duration;

use tenon_core::{Entity, MessageId, Timestamp};
use tenon_store::{
    Commit, Deed, DeliveryState, Direction, Inbound, OutboundLookup, Park, ParkReason, ParkedState,
    StoreError,
};

use super::fixtures::{
    House, delivered, ends, failed, in_lane, master, needs_master, order, orders, park, system,
};

fn id(message: &Inbound) -> MessageId {
    message.attributes.id
}

/// Orders `1..=count` in one lane; the first failed, the others stand behind it.
async fn one_lane(house: &House, count: u32) -> Vec<Inbound> {
    let messages: Vec<Inbound> = (1..=count)
        .map(|number| in_lane(order(number), "lane"))
        .collect();
    let mut parks = vec![park(&messages[0], failed())];
    parks.extend(
        messages[1..]
            .iter()
            .map(|message| park(message, ParkReason::Behind)),
    );
    assert!(house.settle(vec![], parks).await.is_empty());
    messages
}

pub(super) async fn followers_stand_behind(house: &House) {
    let messages = one_lane(house, 3).await;
    assert!(house.due("erp").await.is_empty());
    let head = house.parked(id(&messages[0])).await.unwrap();
    assert_eq!(
        (head.state, head.behind, head.attempts),
        (ParkedState::Failed, 2, 1)
    );
    assert_eq!(
        (head.code.as_str(), head.detail.as_str()),
        ("http.status", "422 from the erp")
    );
    assert_eq!(head.direction, Direction::Outbound);
    assert_eq!(head.parcel, park(&messages[0], failed()).parcel);
    let last = house.parked(id(&messages[2])).await.unwrap();
    assert_eq!((last.state, last.behind), (ParkedState::Behind, 0));
    let delivery = &house.deliveries(id(&messages[2])).await[0];
    assert_eq!(delivery.state, DeliveryState::Parked);
}

pub(super) async fn an_outcome_advances_its_lane(house: &House) {
    let messages = one_lane(house, 3).await;
    house
        .store
        .redrive(
            &[house.parked(id(&messages[0])).await.unwrap().id],
            &Deed::default(),
        )
        .await
        .unwrap();
    for message in &messages {
        let due = house.due_records("erp").await;
        assert_eq!(due.len(), 1);
        assert_eq!(due[0].parcel.attributes.id, id(message));
        let became_due = house.settle(vec![ends(&due[0])], vec![]).await;
        let is_last = id(message) == id(&messages[2]);
        assert_eq!(became_due, if is_last { vec![] } else { vec!["erp"] });
    }
    assert!(house.due("erp").await.is_empty());
    let lookup = OutboundLookup {
        system: system("erp"),
        translated: vec![],
        messages: vec![(
            id(&order(9)),
            tenon_core::Entity::Order,
            master(9),
            messages[0].attributes.ordering_key.clone(),
        )],
        references: vec![],
    };
    assert!(
        house
            .store
            .look_up_outbound(&lookup)
            .await
            .unwrap()
            .blocked
            .is_empty()
    );
    let delivery = &house.deliveries(id(&messages[0])).await[0];
    assert_eq!(
        (delivery.state, delivery.attempts),
        (DeliveryState::Delivered, 2)
    );
}

pub(super) async fn a_follower_of_nobody_is_due(house: &House) {
    // Between the look-up and the park, the lane became empty.
    let message = order(1);
    let became_due = house
        .settle(vec![], vec![park(&message, ParkReason::Behind)])
        .await;
    assert_eq!(became_due, ["erp"]);
    assert_eq!(house.due("erp").await, [id(&message)]);
    // In the very batch that ends the head, too.
    let follower = in_lane(order(2), &message.attributes.ordering_key.0);
    let head = house.parked(id(&message)).await.unwrap();
    let became_due = house
        .settle(vec![ends(&head)], vec![park(&follower, ParkReason::Behind)])
        .await;
    assert_eq!(became_due, ["erp"]);
    assert_eq!(house.due("erp").await, [id(&follower)]);
}

pub(super) async fn a_message_is_parked_once(house: &House) {
    let messages = one_lane(house, 2).await;
    let first = house.parked(id(&messages[0])).await.unwrap();
    // The queue delivers both again: the hub fell before it had acknowledged them.
    let again = vec![
        park(&messages[0], ParkReason::Behind),
        park(&messages[1], ParkReason::Behind),
    ];
    assert!(house.settle(vec![], again).await.is_empty());
    assert_eq!(house.parked(id(&messages[0])).await.unwrap(), first);
    assert_eq!(
        house
            .store
            .parked(&Default::default(), None, 10)
            .await
            .unwrap()
            .len(),
        2
    );
    // For another system it is another message.
    let elsewhere = tenon_store::Settlement {
        system: system("invoicing"),
        outcomes: vec![],
        parked: vec![park(&messages[0], failed())],
    };
    house.store.settle(elsewhere).await.unwrap();
    assert_eq!(
        house
            .store
            .parked(&Default::default(), None, 10)
            .await
            .unwrap()
            .len(),
        3
    );
}

fn retry(at: Timestamp) -> ParkReason {
    ParkReason::Retry {
        at,
        code: "http.status".to_owned(),
        detail: "503 from the erp".to_owned(),
    }
}

pub(super) async fn a_retry_is_due_when_its_time_has_come(house: &House) {
    let hour = Duration::from_secs(3_600);
    let later = Timestamp::now() + hour;
    let earlier = Timestamp::now() - hour;
    let parks = vec![
        park(&order(1), retry(later)),
        park(&order(2), retry(earlier)),
    ];
    house.settle(vec![], parks).await;
    let due = house.due_records("erp").await;
    assert_eq!(due.len(), 1);
    assert_eq!(due[0].parcel.attributes.id, id(&order(2)));
    assert_eq!(due[0].state, ParkedState::Retry);
    assert_eq!(
        due[0].retry_at.unwrap().as_microsecond(),
        earlier.as_microsecond()
    );
    let waiting = house.parked(id(&order(1))).await.unwrap();
    assert_eq!(
        waiting.retry_at.unwrap().as_microsecond(),
        later.as_microsecond()
    );
    assert_eq!(waiting.kind, Some(tenon_core::FailureKind::Transient));
}

pub(super) async fn a_parked_message_keeps_its_place(house: &House) {
    let messages = one_lane(house, 2).await;
    let head = house.parked(id(&messages[0])).await.unwrap();
    let again = Park {
        id: Some(head.id),
        attempts: 7,
        ..park(
            &messages[0],
            retry(Timestamp::now() - Duration::from_secs(1)),
        )
    };
    house.settle(vec![], vec![again]).await;
    let after = house.parked(id(&messages[0])).await.unwrap();
    assert_eq!((after.id, after.attempts, after.behind), (head.id, 7, 1));
    assert_eq!(after.state, ParkedState::Retry);
    assert_eq!(house.due("erp").await, [id(&messages[0])]);
    assert_eq!(house.deliveries(id(&messages[0])).await[0].attempts, 7);
    // One that is gone meanwhile does not come back.
    house
        .store
        .drop_parked(&[head.id], &Deed::new("li.wei", "no longer wanted"), None)
        .await
        .unwrap();
    let gone = Park {
        id: Some(head.id),
        ..park(&messages[0], failed())
    };
    house.settle(vec![], vec![gone]).await;
    assert_eq!(house.parked(id(&messages[0])).await, None);
    let state = house.deliveries(id(&messages[0])).await[0].state;
    assert_eq!(state, DeliveryState::Dropped);
}

pub(super) async fn lanes_are_independent(house: &House) {
    let parks: Vec<Park> = (0..30)
        .map(|number| {
            let message = in_lane(order(number), &format!("lane-{}", number % 10));
            park(&message, ParkReason::Behind)
        })
        .collect();
    house.settle(vec![], parks).await;
    // The head of each lane and no other, the oldest first.
    let expected: Vec<MessageId> = (0..10).map(|number| id(&order(number))).collect();
    assert_eq!(house.due("erp").await, expected);
    let limited = house.store.due(&system("erp"), 3).await.unwrap();
    assert_eq!(limited.len(), 3);
    assert_eq!(limited[2].parcel.attributes.id, expected[2]);
    // A lane whose head waits gives way to the others, not to its own.
    let head = house.due_records("erp").await[0].clone();
    let waits = Park {
        id: Some(head.id),
        ..park(&in_lane(order(0), "lane-0"), needs_master(77))
    };
    house.settle(vec![], vec![waits]).await;
    assert_eq!(house.due("erp").await, expected[1..]);
}

pub(super) async fn a_late_park_does_not_undo_an_outcome(house: &House) {
    house
        .settle(vec![delivered(&order(1), "E-1")], vec![])
        .await;
    house.settle(vec![], vec![park(&order(1), failed())]).await;
    let state = house.deliveries(id(&order(1))).await[0].state;
    assert_eq!(state, DeliveryState::Delivered);
}

pub(super) async fn racing_ends_and_arrivals_leave_no_lane_stuck(house: &House) {
    let node = house.another_node().await;
    for round in 0..25_u32 {
        let lane = format!("lane-{round}");
        let head = in_lane(order(round * 2), &lane);
        let follower = in_lane(order(round * 2 + 1), &lane);
        house.settle(vec![], vec![park(&head, failed())]).await;
        let record = house.parked(id(&head)).await.unwrap();
        let arrival = tenon_store::Settlement {
            system: system("erp"),
            outcomes: vec![],
            parked: vec![park(&follower, ParkReason::Behind)],
        };
        let reason = Deed::new("li.wei", "a test");
        let gone = [record.id];
        let (ended, arrived) = tokio::join!(
            house.store.drop_parked(&gone, &reason, None),
            node.settle(arrival)
        );
        ended.unwrap();
        arrived.unwrap();
        let state = house.parked(id(&follower)).await.unwrap().state;
        assert_eq!(state, ParkedState::Due, "round {round}");
    }
}

pub(super) async fn what_is_resent_holds_its_place_before_later_ones_are_looked_for(house: &House) {
    let (erp, deed) = (system("erp"), Deed::new("li.wei", "it lost the order"));
    let parcel = |message: &Inbound| park(message, failed()).parcel;
    let hold = async |message: &Inbound| {
        let held = house.store.hold_place(&erp, &parcel(message), &deed).await;
        held.unwrap()
    };
    let resend = async |place, message: &Inbound| {
        let sent = house
            .store
            .resend(place, &erp, &parcel(message), &deed)
            .await;
        sent.unwrap()
    };
    let first = order(1);
    house.store.commit(orders(1..=1)).await.unwrap();
    assert_eq!(hold(&first).await, None, "it was not delivered yet");
    house.settle(vec![delivered(&first, "E-1")], vec![]).await;

    let place = hold(&first).await.expect("a place");
    assert_eq!(hold(&first).await, None, "it holds one already");
    assert!(house.due("erp").await.is_empty());
    // What is journaled now is seen, and would wait behind it.
    let mut second = order(1);
    second.attributes.id = MessageId::derive(&["second"]);
    let commit = Commit {
        messages: vec![second.clone()],
        ..Default::default()
    };
    house.store.commit(commit).await.unwrap();
    let lookup = OutboundLookup {
        system: erp.clone(),
        translated: Vec::new(),
        messages: vec![(
            id(&second),
            Entity::Order,
            master(1),
            second.attributes.ordering_key.clone(),
        )],
        references: Vec::new(),
    };
    let known = house.store.look_up_outbound(&lookup).await.unwrap();
    assert!(known.blocked.contains(&second.attributes.ordering_key));
    let behind = park(&second, ParkReason::Behind);
    house.settle(vec![], vec![behind]).await;

    assert_eq!(resend(place, &first).await, Some(id(&second)));
    assert!(house.parked(id(&first)).await.is_none());
    assert_eq!(
        house.deliveries(id(&first)).await[0].state,
        DeliveryState::Delivered
    );
    // Who stood behind it goes on.
    assert_eq!(house.due("erp").await, [id(&second)]);
    let ended = house.due_records("erp").await.iter().map(ends).collect();
    house.settle(ended, vec![]).await;

    let place = hold(&second).await.expect("a place");
    assert_eq!(resend(place, &second).await, None);
    assert_eq!(house.due("erp").await, [id(&second)]);
    assert_eq!(
        house.deliveries(id(&second)).await[0].state,
        DeliveryState::Parked
    );
    // A place that somebody gave up meanwhile is no place.
    let other = order(2);
    house.store.commit(orders(2..=2)).await.unwrap();
    house.settle(vec![delivered(&other, "E-2")], vec![]).await;
    let place = hold(&other).await.expect("a place");
    house
        .store
        .drop_parked(&[place], &deed, None)
        .await
        .unwrap();
    let refused = house
        .store
        .resend(place, &erp, &parcel(&other), &deed)
        .await;
    assert!(
        matches!(refused, Err(StoreError::Conflict(_))),
        "{refused:?}"
    );
}
