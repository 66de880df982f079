//! Pairs of masters for a person to decide: asked about once, and what was said stays.

use std::collections::HashMap;

use serde_json::json;
use tenon_core::MessageId;
use tenon_store::{Commit, Doubt, Judgement, Lookup, Review, ReviewId, ReviewState, StoreError};

use super::fixtures::{House, master};

fn doubt(one: u32, other: u32) -> Doubt {
    Doubt {
        one: master(one),
        other: master(other),
        reason: "several_masters".to_owned(),
        evidence: json!({ "why": "they share a key" }),
        message_id: MessageId::derive(&["doubt"]),
    }
}

fn judgement(one: u32, other: u32, state: ReviewState, only_open: bool) -> Judgement {
    Judgement {
        one: master(one),
        other: master(other),
        state,
        by: "li.wei".to_owned(),
        because: "two sisters".to_owned(),
        message_id: MessageId::derive(&["judgement"]),
        only_open,
    }
}

async fn ask(house: &House, doubts: Vec<Doubt>) {
    let commit = Commit {
        doubts,
        ..Default::default()
    };
    house.store.commit(commit).await.unwrap();
}

async fn say(house: &House, judgement: Judgement) -> Result<(), StoreError> {
    let commit = Commit {
        judgements: vec![judgement],
        ..Default::default()
    };
    house.store.commit(commit).await.map(drop)
}

async fn all(house: &House, state: Option<ReviewState>) -> Vec<Review> {
    house.store.reviews(state, None, 100).await.unwrap()
}

pub(super) async fn a_pair_is_asked_about_once(house: &House) {
    ask(house, vec![doubt(1, 2), doubt(2, 1), doubt(1, 3)]).await;
    ask(house, vec![doubt(2, 1)]).await;
    let open = all(house, Some(ReviewState::Open)).await;
    assert_eq!(open.len(), 2);
    let first = &open[0];
    assert!(first.one < first.other);
    assert_eq!(
        (first.state, first.reason.as_str()),
        (ReviewState::Open, "several_masters")
    );
    assert_eq!(first.evidence, json!({ "why": "they share a key" }));
    assert_eq!(
        house.store.review(first.id).await.unwrap().as_ref(),
        Some(first)
    );
    let page = house.store.reviews(None, Some(first.id), 1).await.unwrap();
    assert_eq!(page, [open[1].clone()]);
    let lookup = Lookup {
        reviews: vec![first.id, ReviewId(999)],
        ..Default::default()
    };
    let known = house.store.look_up(&lookup).await.unwrap();
    assert_eq!(known.reviews, HashMap::from([(first.id, first.clone())]));

    say(house, judgement(2, 1, ReviewState::Rejected, true))
        .await
        .unwrap();
    ask(house, vec![doubt(1, 2)]).await;
    let rejected = all(house, Some(ReviewState::Rejected)).await;
    assert_eq!(rejected.len(), 1);
    assert_eq!(rejected[0].decided_by.as_deref(), Some("li.wei"));
    assert_eq!(rejected[0].because.as_deref(), Some("two sisters"));
    assert!(rejected[0].decided_at.is_some());
    let mut likeness = house.store.likeness().await.unwrap();
    let pair = (first.one, first.other);
    // From either side, and once from both.
    for asked in [
        vec![first.one],
        vec![first.other],
        vec![first.one, first.other],
    ] {
        let near = likeness.neighbours(&asked).await.unwrap();
        assert_eq!(near.rejected, [pair].into(), "{asked:?}");
    }
    let near = likeness.neighbours(&[master(3)]).await.unwrap();
    assert_eq!(near.rejected, [].into());
}

pub(super) async fn a_review_is_decided_by_one_person(house: &House) {
    ask(house, vec![doubt(1, 2)]).await;
    let (approves, rejects) = tokio::join!(
        say(house, judgement(1, 2, ReviewState::Approved, true)),
        say(house, judgement(1, 2, ReviewState::Rejected, true)),
    );
    assert!(
        approves.is_ok() != rejects.is_ok(),
        "{approves:?} {rejects:?}"
    );
    let lost = approves.and(rejects);
    assert!(matches!(lost, Err(StoreError::Conflict(_))), "{lost:?}");
    // A merge or its undoing says the same without a review, and has the last word.
    say(house, judgement(1, 2, ReviewState::Rejected, false))
        .await
        .unwrap();
    say(house, judgement(5, 4, ReviewState::Rejected, false))
        .await
        .unwrap();
    let rejected = all(house, Some(ReviewState::Rejected)).await;
    assert_eq!(rejected.len(), 2);
    assert_eq!(all(house, None).await, rejected);
}
