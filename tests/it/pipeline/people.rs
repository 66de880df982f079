//! What a person does with messages that wait for one.

use tenon_core::Entity;
use tenon_pipeline::{Preview, Roles, preview, redrive};
use tenon_store::{Deed, DeliveryState, ParkedState};

use super::api::{Answer, Api};
use super::company::{Erp, order};
use super::place::House;

pub(super) async fn a_redriven_message_goes_before_its_followers(house: &House) {
    house.shop_and_erp(Erp::Orders).await;
    let api = Api::start().await;
    api.join(house, "drp", 2);
    api.order("O-1", &[Answer::Status(422), Answer::Status(200)]);
    let node = house.node().await;
    let hub = node.start(Roles::ALL).await;
    let first = node
        .send("shop", Entity::Order, &order("O-1", "C-1", 1))
        .await;
    let parked = node.parked(first, ParkedState::Failed).await;
    let second = node
        .send("shop", Entity::Order, &order("O-1", "C-1", 2))
        .await;
    let behind = node.parked(second, ParkedState::Behind).await;

    let would = preview(&node.store, &node.deployment, &parked)
        .await
        .unwrap();
    let payload = r#"{"order_no":"O-1","net":"19.90","revision":"1"}"#.to_owned();
    assert_eq!(
        would,
        Preview::Sends {
            payloads: vec![payload]
        }
    );
    assert_eq!(
        node.parked(first, ParkedState::Failed).await.attempts,
        1,
        "looking changes nothing"
    );

    let done = redrive(
        &node.store,
        &node.accept(),
        vec![parked, behind],
        false,
        &Deed::default(),
    )
    .await
    .unwrap();
    assert_eq!(done.sent, 1, "the follower goes in its turn");
    assert_eq!(
        node.delivery(first, "drp", DeliveryState::Delivered)
            .await
            .attempts,
        2
    );
    node.delivery(second, "drp", DeliveryState::Delivered).await;
    let taken = ["1", "2"].map(|revision| ("O-1".to_owned(), revision.to_owned()));
    assert_eq!(api.taken(None), taken);
    node.quiet().await;
    hub.stop().await;
}

pub(super) async fn a_dropped_message_frees_its_lane(house: &House) {
    house.shop_and_erp(Erp::Orders).await;
    let api = Api::start().await;
    api.join(house, "drp", 2);
    api.order("O-1", &[Answer::Status(422), Answer::Status(200)]);
    let node = house.node().await;
    let hub = node.start(Roles::ALL).await;
    let first = node
        .send("shop", Entity::Order, &order("O-1", "C-1", 1))
        .await;
    let parked = node.parked(first, ParkedState::Failed).await;
    let second = node
        .send("shop", Entity::Order, &order("O-1", "C-1", 2))
        .await;
    node.parked(second, ParkedState::Behind).await;

    assert_eq!(
        node.store
            .drop_parked(&[parked.id], &Deed::new("li.wei", "cancelled by telephone"))
            .await
            .unwrap(),
        1
    );
    node.delivery(second, "drp", DeliveryState::Delivered).await;
    let dropped = node.delivery(first, "drp", DeliveryState::Dropped).await;
    assert_eq!(dropped.detail, "cancelled by telephone");
    assert_eq!(api.taken(None), [("O-1".to_owned(), "2".to_owned())]);

    // A copy that the broker hands out again is known to be dropped.
    let native = order("O-1", "C-1", 1);
    let mut copy = node.message("shop", Entity::Order, &native);
    copy.attributes.id = first;
    node.take(&[copy]).await;
    node.quiet().await;
    node.delivery(first, "drp", DeliveryState::Dropped).await;
    assert_eq!(api.taken(None).len(), 1);
    hub.stop().await;
}
