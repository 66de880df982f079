//! The sole right to serve something, over several nodes.

use std::time::Duration;

use super::fixtures::House;

pub(super) async fn one_node_at_a_time_has_a_claim(house: &House) {
    let other = house.another_node().await;
    let claim = house.store.claim("books/deliver").await.unwrap();
    let claim = claim.expect("nobody else wants it");
    assert!(claim.holds().await);
    assert!(other.claim("books/deliver").await.unwrap().is_none());
    assert!(house.store.claim("books/deliver").await.unwrap().is_none());
    // Another name is another matter.
    let beside = other.claim("portal/deliver").await.unwrap();
    assert!(beside.is_some());

    drop(claim);
    let taken = loop {
        match other.claim("books/deliver").await.unwrap() {
            Some(taken) => break taken,
            None => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    };
    assert!(taken.holds().await);
    assert!(house.store.claim("books/deliver").await.unwrap().is_none());
}
