//! Stopping, with and without notice, and hearing the same thing twice.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use tenon_core::{Entity, Message, Native, Timestamp};
use tenon_pipeline::{Hub, Roles};
use tenon_store::{DeliveryState, Parcel, Park, ParkReason, Settlement};

use super::api::{Answer, Api};
use super::company::{Erp, order};
use super::node::Node;
use super::place::{House, eventually, named, settings};

/// Orders of so many keys, one revision of all of them after the other.
pub(super) fn orders(node: &Node, keys: usize, revisions: usize) -> Vec<Message<Native>> {
    let mut messages = Vec::with_capacity(keys * revisions);
    for revision in 1..=revisions {
        for key in 0..keys {
            let order = order(&format!("O-{key}"), "C-1", revision);
            messages.push(node.message("shop", Entity::Order, &order));
        }
    }
    messages
}

/// How often the erp's orders were changed.
pub(super) async fn applied(house: &House) -> i64 {
    house.number("select count(*) from applied").await
}

/// Waits until the erp has been told of so many changes.
pub(super) async fn applied_at_least(house: &House, least: i64) {
    eventually(async || match applied(house).await {
        enough if enough >= least => Ok(()),
        found => Err(format!("{found} of {least} changes")),
    })
    .await;
}

/// Every order stands at its last revision, was told every revision, and never an older one after
/// a newer one; and the hub knows of each message once, as delivered.
pub(super) async fn all_there_in_order(house: &House, node: &Node, keys: usize, revisions: usize) {
    node.journal_has(keys * revisions).await;
    node.quiet().await;
    let lagging = format!("select count(*) from erp_order where revision <> '{revisions}'");
    assert_eq!(house.number(&lagging).await, 0);
    assert_eq!(
        house.number("select count(*) from erp_order").await,
        keys as i64
    );
    let distinct = "select count(*) from (select distinct order_no, revision from applied)";
    assert_eq!(house.number(distinct).await, (keys * revisions) as i64);
    let backward = "select count(*) from applied one join applied other \
        on other.order_no = one.order_no and other.step > one.step \
        and other.revision < one.revision";
    assert_eq!(house.number(backward).await, 0);

    let mut states = BTreeMap::new();
    for states_of_system in node
        .store
        .dashboard()
        .await
        .unwrap()
        .deliveries
        .into_values()
    {
        for (state, count) in states_of_system {
            *states.entry(state).or_insert(0) += count;
        }
    }
    assert_eq!(
        states,
        BTreeMap::from([("delivered".to_owned(), (keys * revisions) as u64)])
    );
}

pub(super) async fn a_message_accepted_twice_takes_effect_once(house: &House) {
    house.shop_and_erp(Erp::Orders).await;
    let node = house.node().await;
    let hub = node.start(Roles::ALL).await;
    let first = node.message("shop", Entity::Order, &order("O-1", "C-1", 1));
    let second = node.message("shop", Entity::Order, &order("O-1", "C-1", 2));
    // Twice in one breath, again when it is settled, and again after a later revision.
    node.take(&[first.clone(), first.clone()]).await;
    let id = first.attributes.id;
    node.delivery(id, "erp", DeliveryState::Delivered).await;
    node.take(std::slice::from_ref(&first)).await;
    node.take(&[second.clone(), first, second.clone()]).await;
    node.delivery(second.attributes.id, "erp", DeliveryState::Delivered)
        .await;
    all_there_in_order(house, &node, 1, 2).await;
    assert_eq!(applied(house).await, 2);
    hub.stop().await;
}

/// A hub in a runtime of its own, which can be ended as a process is.
struct Doomed {
    runtime: Option<tokio::runtime::Runtime>,
    _hub: Hub,
}

impl Doomed {
    async fn start(house: &House) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("a runtime");
        let (opening, deployment) = (house.place().opener(), house.deployment());
        let starting = runtime.spawn(async move {
            let (broker, store) = opening.await;
            Hub::start(settings(Roles::ALL), deployment, broker, store).await
        });
        let hub = starting
            .await
            .expect("the runtime lives")
            .expect("the hub starts");
        Self {
            runtime: Some(runtime),
            _hub: hub,
        }
    }
}

impl Drop for Doomed {
    /// Ends everything at the next point where it waits; nothing is finished.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

pub(super) async fn a_crash_loses_nothing_and_repeats_nothing(house: &House) {
    const KEYS: usize = 100;
    const REVISIONS: usize = 20;
    house.shop_and_erp(Erp::Orders).await;
    {
        let node = house.node().await;
        node.declare().await;
        let messages = orders(&node, KEYS, REVISIONS);
        node.take(&messages).await;
        node.broker.close().await;
    }
    for crash in 1..=3 {
        let doomed = Doomed::start(house).await;
        applied_at_least(house, crash * 150).await;
        drop(doomed);
    }
    let before = applied(house).await;
    assert!(
        before < (KEYS * REVISIONS) as i64,
        "the crashes came too late: {before}"
    );
    let node = house.node().await;
    let hub = node.start(Roles::ALL).await;
    all_there_in_order(house, &node, KEYS, REVISIONS).await;
    hub.stop().await;
}

pub(super) async fn a_graceful_stop_is_quick_and_loses_nothing(house: &House) {
    const KEYS: usize = 20;
    const REVISIONS: usize = 50;
    house.shop_and_erp(Erp::Orders).await;
    let node = house.node().await;
    node.declare().await;
    let messages = orders(&node, KEYS, REVISIONS);
    node.take(&messages).await;
    for stop in 1..=3 {
        let hub = node.start(Roles::ALL).await;
        applied_at_least(house, stop * 100).await;
        let began = Instant::now();
        hub.stop().await;
        assert!(
            began.elapsed() < Duration::from_secs(20),
            "it took {:?}",
            began.elapsed()
        );
    }
    let hub = node.start(Roles::ALL).await;
    all_there_in_order(house, &node, KEYS, REVISIONS).await;
    // Whoever stops has noted what the target took, so nothing was repeated.
    assert_eq!(applied(house).await, (KEYS * REVISIONS) as i64);
    hub.stop().await;
}

pub(super) async fn a_stop_does_not_wait_for_a_target_that_hangs(house: &House) {
    house.shop_and_erp(Erp::Orders).await;
    let api = Api::start().await;
    api.join_patiently(house, "drp", 2, "300s");
    api.everything(Some(Answer::Hang));
    let node = house.node().await;
    let hub = node.start(Roles::ALL).await;
    let id = node
        .send("shop", Entity::Order, &order("O-1", "C-1", 1))
        .await;
    eventually(async || match api.requests(None).len() {
        0 => Err("the target was not asked".to_owned()),
        _ => Ok(()),
    })
    .await;
    let began = Instant::now();
    hub.stop().await;
    assert!(
        began.elapsed() < Duration::from_secs(20),
        "it took {:?}",
        began.elapsed()
    );

    api.everything(None);
    let hub = node.start(Roles::ALL).await;
    assert_eq!(
        node.delivery(id, "drp", DeliveryState::Delivered)
            .await
            .attempts,
        1
    );
    assert_eq!(api.taken(None).len(), 1);
    hub.stop().await;
}

pub(super) async fn a_parked_copy_of_a_settled_message_gives_up_its_place(house: &House) {
    house.shop_and_erp(Erp::Orders).await;
    let node = house.node().await;
    let hub = node.start(Roles::ALL).await;
    let first = node
        .send("shop", Entity::Order, &order("O-1", "C-1", 1))
        .await;
    node.delivery(first, "erp", DeliveryState::Delivered).await;
    let attributes = node.journaled(first, "routed").await.attributes;
    hub.stop().await;

    // So it stands when one node parks a copy that another, cut off meanwhile, has delivered.
    let body = node
        .store
        .payloads(first)
        .await
        .unwrap()
        .expect("payloads")
        .canonical;
    let reason = ParkReason::Retry {
        at: Timestamp::now(),
        code: "http.status".to_owned(),
        detail: "answered 503".to_owned(),
    };
    let parcel = Parcel {
        attributes,
        body: body.expect("a canonical body"),
    };
    let copy = Park {
        id: None,
        parcel,
        reason,
        attempts: 1,
        tried: false,
        sent: None,
    };
    let settlement = Settlement {
        system: named("erp"),
        outcomes: Vec::new(),
        parked: vec![copy],
    };
    node.store.settle(settlement).await.unwrap();
    assert_eq!(node.all_parked().await.len(), 1);

    let hub = node.start(Roles::ALL).await;
    let second = node
        .send("shop", Entity::Order, &order("O-1", "C-1", 2))
        .await;
    node.delivery(second, "erp", DeliveryState::Delivered).await;
    node.delivery(first, "erp", DeliveryState::Delivered).await;
    assert_eq!(node.all_parked().await, []);
    assert_eq!(applied(house).await, 2);
    hub.stop().await;
}
