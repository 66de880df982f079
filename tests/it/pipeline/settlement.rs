//! The kind of a failure decides what becomes of a message.

use std::time::Duration;

use tenon_core::{Entity, FailureKind, MessageId};
use tenon_pipeline::{ComponentState, Hub, Roles};
use tenon_store::{DeliveryState, ParkedState};

use super::api::{Answer, Api};
use super::company::{Erp, order};
use super::node::{Node, component};
use super::place::{House, eventually, named};

/// A shop, and a drp that takes orders through an API.
async fn drp(house: &House, attempts: u32) -> (Api, Node, Hub) {
    house.shop_and_erp(Erp::Orders).await;
    let api = Api::start().await;
    api.join(house, "drp", attempts);
    let node = house.node().await;
    let hub = node.start(Roles::ALL).await;
    (api, node, hub)
}

pub(super) async fn a_rejected_message_blocks_its_lane_only(house: &House) {
    let (api, node, hub) = drp(house, 8).await;
    api.order("O-1", &[Answer::Status(400)]);
    let rejected = node
        .send("shop", Entity::Order, &order("O-1", "C-1", 1))
        .await;
    let parked = node.parked(rejected, ParkedState::Failed).await;
    assert_eq!(parked.kind, Some(FailureKind::Invalid));
    assert_eq!(
        (parked.code.as_str(), parked.attempts),
        ("http.rejected", 1)
    );
    let follower = node
        .send("shop", Entity::Order, &order("O-1", "C-1", 2))
        .await;
    node.parked(follower, ParkedState::Behind).await;
    let free = node
        .send("shop", Entity::Order, &order("O-2", "C-1", 1))
        .await;
    node.delivery(free, "drp", DeliveryState::Delivered).await;
    node.delivery(rejected, "drp", DeliveryState::Parked).await;
    // The other system has nothing to do with it.
    node.delivery(rejected, "erp", DeliveryState::Delivered)
        .await;
    node.delivery(follower, "erp", DeliveryState::Delivered)
        .await;
    assert_eq!(api.requests(Some("O-1")).len(), 1);
    assert_eq!(api.taken(None), [("O-2".to_owned(), "1".to_owned())]);
    hub.stop().await;
}

/// One of two targets hangs with a thousand messages in its queue: the other is given each as it comes.
pub(super) async fn a_target_that_hangs_does_not_slow_another(house: &House) {
    const ORDERS: usize = 1_000;
    let (api, node, hub) = drp(house, 8).await;
    api.everything(Some(Answer::Hang));
    let messages = super::durability::orders(&node, ORDERS, 1);
    node.take(&messages).await;
    super::durability::applied_at_least(house, ORDERS as i64).await;
    assert_eq!(api.taken(None), [], "the other stood still all the while");
    api.everything(None);
    node.quiet().await;
    assert_eq!(api.taken(None).len(), ORDERS);
    hub.stop().await;
}

pub(super) async fn a_target_names_the_time_of_the_next_attempt(house: &House) {
    let (api, node, hub) = drp(house, 8).await;
    api.order("O-1", &[Answer::Wait(2), Answer::Status(200)]);
    let id = node
        .send("shop", Entity::Order, &order("O-1", "C-1", 1))
        .await;
    assert_eq!(
        node.delivery(id, "drp", DeliveryState::Delivered)
            .await
            .attempts,
        1,
        "who is asked to wait has not tried in vain"
    );
    let requests = api.requests(Some("O-1"));
    let pause = requests[1].at - requests[0].at;
    assert!(
        pause >= Duration::from_secs(2),
        "tried again after {pause:?}"
    );
    node.quiet().await;
    hub.stop().await;
}

pub(super) async fn transient_failures_are_tried_again(house: &House) {
    let (api, node, hub) = drp(house, 3).await;
    api.order(
        "O-1",
        &[
            Answer::Status(500),
            Answer::Status(503),
            Answer::Status(200),
        ],
    );
    api.order("O-2", &[Answer::Status(500)]);
    let passing = node
        .send("shop", Entity::Order, &order("O-1", "C-1", 1))
        .await;
    let lasting = node
        .send("shop", Entity::Order, &order("O-2", "C-1", 1))
        .await;
    assert_eq!(
        node.delivery(passing, "drp", DeliveryState::Delivered)
            .await
            .attempts,
        3
    );
    let keys: Vec<_> = api
        .requests(Some("O-1"))
        .into_iter()
        .map(|request| request.key)
        .collect();
    assert_eq!(
        keys,
        [
            passing.to_string(),
            passing.to_string(),
            passing.to_string()
        ]
    );

    let parked = node.parked(lasting, ParkedState::Failed).await;
    assert_eq!(
        (parked.kind, parked.attempts),
        (Some(FailureKind::Transient), 3)
    );
    assert_eq!(api.requests(Some("O-2")).len(), 3);
    hub.stop().await;
}

pub(super) async fn refused_credentials_pause_the_system(house: &House) {
    let (api, node, hub) = drp(house, 3).await;
    api.everything(Some(Answer::Status(401)));
    let mut ids = Vec::new();
    for number in 0..10 {
        let order = order(&format!("O-{number}"), "C-1", 1);
        ids.push(node.send("shop", Entity::Order, &order).await);
    }
    let paused = |state: &ComponentState| matches!(state, ComponentState::Paused { reason } if reason.contains("answered 401"));
    component(&hub, "drp/deliver", paused).await;
    unsettled(&node, &ids).await;
    assert!(hub.health().is_ready(), "the hub itself works");

    api.everything(None);
    for id in ids {
        assert_eq!(
            node.delivery(id, "drp", DeliveryState::Delivered)
                .await
                .attempts,
            1
        );
    }
    node.quiet().await;
    component(&hub, "drp/deliver", |state| {
        matches!(state, ComponentState::Flowing | ComponentState::Idle)
    })
    .await;
    hub.stop().await;
}

/// While the target is away nothing is tried in vain: no attempts count, and the queue holds.
async fn held(node: &Node, hub: &Hub) -> Vec<MessageId> {
    let mut ids = Vec::new();
    for number in 0..10 {
        let order = order(&format!("O-{number}"), "C-1", 1);
        ids.push(node.send("shop", Entity::Order, &order).await);
    }
    component(hub, "drp/deliver", |state| {
        matches!(state, ComponentState::Stalled { .. })
    })
    .await;
    unsettled(node, &ids).await;
    ids
}

/// Messages that went to the erp and are neither settled nor parked for the drp: its queue has them.
async fn unsettled(node: &Node, ids: &[MessageId]) {
    for id in ids {
        node.delivery(*id, "erp", DeliveryState::Delivered).await;
        let deliveries = node.deliveries(*id).await.expect("the store answers");
        assert!(
            deliveries
                .iter()
                .all(|delivery| delivery.system != named("drp")),
            "{deliveries:?}"
        );
    }
    assert_eq!(node.all_parked().await, []);
}

async fn resumed(node: &Node, api: &Api, ids: Vec<MessageId>) {
    for id in &ids {
        assert_eq!(
            node.delivery(*id, "drp", DeliveryState::Delivered)
                .await
                .attempts,
            1
        );
    }
    node.quiet().await;
    eventually(async || match api.taken(None).len() {
        taken if taken == ids.len() => Ok(()),
        taken => Err(format!("{taken} of {} were taken", ids.len())),
    })
    .await;
}

pub(super) async fn a_target_that_hangs_burns_no_attempts(house: &House) {
    let (api, node, hub) = drp(house, 2).await;
    api.everything(Some(Answer::Hang));
    let ids = held(&node, &hub).await;
    api.everything(None);
    resumed(&node, &api, ids).await;
    hub.stop().await;
}

pub(super) async fn a_target_that_breaks_off_burns_no_attempts(house: &House) {
    let (api, node, hub) = drp(house, 2).await;
    api.everything(Some(Answer::Close));
    let ids = held(&node, &hub).await;
    api.everything(None);
    resumed(&node, &api, ids).await;
    hub.stop().await;
}

pub(super) async fn a_target_that_is_gone_burns_no_attempts(house: &House) {
    let (mut api, node, hub) = drp(house, 2).await;
    api.go().await;
    let ids = held(&node, &hub).await;
    api.come_back().await;
    resumed(&node, &api, ids).await;
    hub.stop().await;
}
