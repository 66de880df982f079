//! The order of one key, over a target that stumbles now and then.

use tenon_core::Entity;
use tenon_pipeline::Roles;

use super::api::Api;
use super::company::{Erp, order};
use super::place::House;

/// Both targets, the API and the table, took every revision of each order once and in order.
pub(super) async fn each_revision_once_in_order(
    house: &House,
    api: &Api,
    keys: usize,
    revisions: usize,
) {
    let expected: Vec<String> = (1..=revisions)
        .map(|revision| revision.to_string())
        .collect();
    for key in 0..keys {
        let number = format!("O-{key}");
        let taken = api
            .taken(Some(&number))
            .into_iter()
            .map(|(_, revision)| revision);
        assert_eq!(taken.collect::<Vec<_>>(), expected, "{number} at the API");
        let rows = format!(
            "select cast(revision as text) from applied where order_no = '{number}' order by step"
        );
        assert_eq!(house.texts(&rows).await, expected, "{number} in the table");
    }
}

pub(super) async fn revisions_of_a_key_stay_in_order(house: &House) {
    const KEYS: usize = 50;
    const REVISIONS: usize = 40;
    house.shop_and_erp(Erp::Orders).await;
    let api = Api::start().await;
    api.join(house, "drp", 50);
    api.stumble(13);
    let node = house.node().await;
    let hub = node.start(Roles::ALL).await;
    let mut messages = Vec::with_capacity(KEYS * REVISIONS);
    for revision in 1..=REVISIONS {
        for key in 0..KEYS {
            let order = order(&format!("O-{key}"), "C-1", revision);
            messages.push(node.message("shop", Entity::Order, &order));
        }
    }
    node.take(&messages).await;
    node.journal_has(KEYS * REVISIONS).await;
    node.quiet().await;

    each_revision_once_in_order(house, &api, KEYS, REVISIONS).await;
    assert!(
        api.requests(None).len() > KEYS * REVISIONS,
        "the target stumbled"
    );
    hub.stop().await;
}
