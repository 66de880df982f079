//! Pairs of masters for a person to decide: asked about once, and what was said stays.

use std::collections::HashMap;

use serde_json::json;
use tenon_core::MessageId;
use tenon_store::{Commit, Doubt, Judgement, Lookup, Review, ReviewId, ReviewState, StoreError};

use super::fixtures::{House, master};

/// How a pair stands that is to be decided.
const OPEN: Option<ReviewState> = Some(ReviewState::Open);

fn doubt(one: u32, other: u32) -> Doubt {
    Doubt {
        one: master(one),
        other: master(other),
        reason: "several_masters".to_owned(),
        evidence: json!({ "why": "they share a key" }),
        message_id: MessageId::derive(&["doubt"]),
    }
}

fn judgement(one: u32, other: u32, state: ReviewState, replaces: Option<ReviewState>) -> Judgement {
    Judgement {
        one: master(one),
        other: master(other),
        state,
        by: "li.wei".to_owned(),
        because: "two sisters".to_owned(),
        message_id: MessageId::derive(&["judgement"]),
        replaces,
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

    say(house, judgement(2, 1, ReviewState::Rejected, OPEN))
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
        say(house, judgement(1, 2, ReviewState::Approved, OPEN)),
        say(house, judgement(1, 2, ReviewState::Rejected, OPEN)),
    );
    assert!(
        approves.is_ok() != rejects.is_ok(),
        "{approves:?} {rejects:?}"
    );
    let lost = approves.and(rejects);
    assert!(matches!(lost, Err(StoreError::Conflict(_))), "{lost:?}");
    // A merge or its undoing says the same without a review, and has the last word.
    say(house, judgement(1, 2, ReviewState::Rejected, None))
        .await
        .unwrap();
    say(house, judgement(5, 4, ReviewState::Rejected, None))
        .await
        .unwrap();
    let rejected = all(house, Some(ReviewState::Rejected)).await;
    assert_eq!(rejected.len(), 2);
    assert_eq!(all(house, None).await, rejected);
}

pub(super) async fn what_was_said_of_a_pair_is_taken_back(house: &House) {
    ask(house, vec![doubt(1, 2)]).await;
    let reopen = || judgement(1, 2, ReviewState::Open, Some(ReviewState::Rejected));
    let early = say(house, reopen()).await;
    assert!(matches!(early, Err(StoreError::Conflict(_))), "{early:?}");
    let asked = all(house, OPEN).await;
    say(house, judgement(1, 2, ReviewState::Rejected, OPEN))
        .await
        .unwrap();
    say(house, reopen()).await.unwrap();
    // It is as it was before it was decided, and stands before nobody's merging any more.
    assert_eq!(all(house, OPEN).await, asked);
    let mut likeness = house.store.likeness().await.unwrap();
    let near = likeness.neighbours(&[master(1)]).await.unwrap();
    assert_eq!(near.rejected, [].into());
}

pub(super) async fn decisions_are_read_latest_first(house: &House) {
    ask(
        house,
        vec![doubt(1, 2), doubt(1, 3), doubt(1, 4), doubt(1, 5)],
    )
    .await;
    for (other, state) in [
        (3, ReviewState::Rejected),
        (2, ReviewState::Approved),
        (5, ReviewState::Rejected),
    ] {
        say(house, judgement(1, other, state, OPEN)).await.unwrap();
    }
    let page = async |state, after, limit| {
        let page = house.store.decided_reviews(state, after, limit).await;
        page.unwrap()
    };
    let others = |page: &[Review]| -> Vec<_> {
        let pairs = page.iter().map(|review| (review.one, review.other));
        pairs
            .map(|(one, other)| if one == master(1) { other } else { one })
            .collect()
    };
    let whole = page(None, None, 10).await;
    assert_eq!(others(&whole), [master(5), master(2), master(3)]);
    let first = page(None, None, 2).await;
    assert_eq!(first, whole[..2]);
    let rest = page(None, first[1].decided(), 2).await;
    assert_eq!(rest, whole[2..]);
    let rejected = page(Some(ReviewState::Rejected), None, 10).await;
    assert_eq!(others(&rejected), [master(5), master(3)]);
    // Several that were decided in one transaction have one time: none is passed over.
    let both = Commit {
        judgements: vec![
            judgement(6, 7, ReviewState::Rejected, None),
            judgement(6, 8, ReviewState::Rejected, None),
        ],
        ..Default::default()
    };
    house.store.commit(both).await.unwrap();
    let one = page(None, None, 1).await;
    let other = page(None, one[0].decided(), 1).await;
    assert_eq!(one[0].decided_at, other[0].decided_at);
    assert!(one[0].id > other[0].id);
}
