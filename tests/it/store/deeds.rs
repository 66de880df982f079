//! The history of parked messages, corrections by two persons, and redrives that are taken up again.

use bytes::Bytes;
use tenon_core::Timestamp;
use tenon_store::{
    Act, Commit, CorrectionState, Deed, EventKind, NewRedrive, Outcome, Park, ParkReason,
    ParkedFilter, ParkedId, ParkedState, RedriveState,
};

use super::fixtures::{House, ends, failed, in_lane, invalid, order, park, system};

fn deed(who: &str) -> Deed {
    Deed::new(who, "a wrong unit")
}

fn retry(attempts: u32, id: Option<ParkedId>) -> Park {
    Park {
        id,
        attempts,
        sent: Some(Bytes::from(format!("{{\"attempt\":{attempts}}}"))),
        ..park(
            &order(1),
            ParkReason::Retry {
                at: Timestamp::now(),
                code: "http.status".to_owned(),
                detail: "503".to_owned(),
            },
        )
    }
}

pub(super) async fn every_attempt_is_kept(house: &House) {
    let id = order(1).attributes.id;
    house.settle(vec![], vec![retry(1, None)]).await;
    let record = house.parked(id).await.unwrap();
    house.settle(vec![], vec![retry(2, Some(record.id))]).await;
    // A settlement whose answer was lost comes again.
    house.settle(vec![], vec![retry(2, Some(record.id))]).await;
    // Looked at again without an attempt: no line.
    let waits = Park {
        tried: false,
        ..retry(2, Some(record.id))
    };
    house.settle(vec![], vec![waits]).await;
    house
        .store
        .redrive(&[record.id], &deed("li.wei"))
        .await
        .unwrap();
    let record = house.parked(id).await.unwrap();
    let done = Outcome {
        attempts: 3,
        ..ends(&record)
    };
    house.settle(vec![done], vec![]).await;

    let history = house.store.parked_history(id).await.unwrap();
    let found: Vec<_> = history
        .iter()
        .map(|event| (event.what, event.attempts, event.who.as_deref()))
        .collect();
    assert_eq!(
        found,
        [
            (EventKind::Retry, 1, None),
            (EventKind::Retry, 2, None),
            (EventKind::Redriven, 2, Some("li.wei")),
            (EventKind::Settled, 3, None),
        ]
    );
    let sent: Vec<Option<Bytes>> = history.iter().map(|event| event.sent.clone()).collect();
    let given = |attempt: u32| Some(Bytes::from(format!("{{\"attempt\":{attempt}}}")));
    assert_eq!(sent, [given(1), given(2), None, None]);
    assert_eq!(history[0].detail, "503");
    assert_eq!(history[2].detail, "a wrong unit");
}

pub(super) async fn an_inbound_message_has_a_history_too(house: &House) {
    let commit = Commit {
        messages: vec![invalid(1)],
        ..Default::default()
    };
    house.store.commit(commit).await.unwrap();
    let id = order(1).attributes.id;
    let record = house.parked(id).await.unwrap();
    let passed_over = Deed::new("li.wei", "superseded");
    house
        .store
        .passed_over(record.id, &passed_over)
        .await
        .unwrap();
    house
        .store
        .drop_parked(&[record.id], &deed("li.wei"), None)
        .await
        .unwrap();
    let history = house.store.parked_history(id).await.unwrap();
    let found: Vec<EventKind> = history.iter().map(|event| event.what).collect();
    assert_eq!(
        found,
        [EventKind::Failed, EventKind::PassedOver, EventKind::Dropped]
    );
    assert_eq!(history[0].code.as_deref(), Some("schema.violation"));
}

pub(super) async fn a_correction_takes_two_persons(house: &House) {
    house.settle(vec![], vec![park(&order(1), failed())]).await;
    let id = order(1).attributes.id;
    let record = house.parked(id).await.unwrap();
    let body = b"{\"number\":\"N-1\",\"unit\":\"piece\"}";
    let store = &house.store;
    let proposed = store
        .propose_correction(record.id, body, &deed("li.wei"))
        .await
        .unwrap()
        .unwrap();
    // One at a time, and only for what waits.
    let another = store
        .propose_correction(record.id, body, &deed("wang.fang"))
        .await
        .unwrap();
    assert_eq!(another, None);
    let nothing = store
        .propose_correction(ParkedId(-1), body, &deed("li.wei"))
        .await
        .unwrap();
    assert_eq!(nothing, None);
    // Who proposed it does not decide it, and nothing has changed by then.
    let own = store
        .decide_correction(proposed, true, &deed("li.wei"))
        .await
        .unwrap();
    assert!(!own);
    assert_eq!(house.parked(id).await.unwrap().parcel, record.parcel);

    let by_another = store
        .decide_correction(proposed, true, &deed("wang.fang"))
        .await
        .unwrap();
    assert!(by_another);
    assert_eq!(house.parked(id).await.unwrap().parcel.body, &body[..]);
    let twice = store
        .decide_correction(proposed, false, &deed("wang.fang"))
        .await
        .unwrap();
    assert!(!twice, "it is decided");
    let kept = store.correction(proposed).await.unwrap().unwrap();
    assert_eq!(kept.state, CorrectionState::Approved);
    assert_eq!(
        (kept.original, kept.proposed),
        (record.parcel.body, Bytes::from(&body[..]))
    );
    assert_eq!(kept.proposal, deed("li.wei"));
    assert_eq!(kept.decision, Some(deed("wang.fang")));
    let history = store.parked_history(id).await.unwrap();
    let people: Vec<_> = history
        .iter()
        .map(|event| (event.what, event.who.as_deref()))
        .collect();
    assert_eq!(
        people,
        [
            (EventKind::Failed, None),
            (EventKind::Proposed, Some("li.wei")),
            (EventKind::Corrected, Some("wang.fang")),
        ]
    );
}

pub(super) async fn what_changed_meanwhile_is_not_corrected(house: &House) {
    let store = &house.store;
    house.settle(vec![], vec![park(&order(1), failed())]).await;
    let record = house.parked(order(1).attributes.id).await.unwrap();
    let proposed = store
        .propose_correction(record.id, b"{}", &deed("li.wei"))
        .await
        .unwrap()
        .unwrap();
    house.settle(vec![ends(&record)], vec![]).await;
    let late = store
        .decide_correction(proposed, true, &deed("wang.fang"))
        .await
        .unwrap();
    assert!(!late, "it was delivered meanwhile");
    // But it can be turned down, so that it does not stand open for ever.
    let rejected = store
        .decide_correction(proposed, false, &deed("wang.fang"))
        .await
        .unwrap();
    assert!(rejected);
    let open = Some(CorrectionState::Proposed);
    assert_eq!(store.corrections(open, None, 10).await.unwrap(), []);
    let all = store.corrections(None, None, 10).await.unwrap();
    assert_eq!((all.len(), all[0].parked), (1, None));
}

pub(super) async fn a_redrive_is_of_what_was_parked_when_it_began(house: &House) {
    let store = &house.store;
    let lane = |number: u32| in_lane(order(number), &format!("lane-{number}"));
    for number in 1..=2 {
        house
            .settle(vec![], vec![park(&lane(number), failed())])
            .await;
    }
    let new = NewRedrive {
        act: Act::Redrive,
        selection: ParkedFilter {
            system: Some(system("erp")),
            ..Default::default()
        },
        per_second: Some(5),
        force: true,
        deed: deed("li.wei"),
    };
    let id = store
        .begin_redrive(&new, RedriveState::Running)
        .await
        .unwrap();
    house.settle(vec![], vec![park(&lane(3), failed())]).await;
    let last = house.parked(order(2).attributes.id).await.unwrap().id;
    let run = store.redrive_of(id).await.unwrap().unwrap();
    assert_eq!((run.until, run.cursor), (last, ParkedId(0)));
    assert_eq!((run.act, run.total), (Act::Redrive, 2));
    assert_eq!((run.selection, run.per_second), (new.selection, Some(5)));
    assert!(run.force);
    assert_eq!(run.deed, deed("li.wei"));

    store.advance_redrive(id, last, 2, 1).await.unwrap();
    // A portion that is noted twice does not go back.
    store.advance_redrive(id, ParkedId(0), 0, 0).await.unwrap();
    let (running, stopped) = (RedriveState::Running, RedriveState::Stopped);
    assert!(store.turn_redrive(id, running, stopped).await.unwrap());
    assert!(!store.turn_redrive(id, running, stopped).await.unwrap());
    let run = store.redrive_of(id).await.unwrap().unwrap();
    assert_eq!((run.cursor, run.sent, run.passed_over), (last, 2, 1));
    assert_eq!(run.state, stopped);
    assert!(run.ended_at.is_some());
    assert_eq!(store.redrives(Some(running), None, 10).await.unwrap(), []);
    assert_eq!(store.redrives(None, None, 10).await.unwrap(), [run]);
    assert_eq!(store.redrives(None, Some(id), 10).await.unwrap(), []);
}

pub(super) async fn a_drop_is_of_what_was_selected_when_it_began(house: &House) {
    let store = &house.store;
    let in_lane = |number: u32, lane: &str| in_lane(order(number), lane);
    for (number, lane) in [(1, "a"), (2, "b")] {
        let parks = vec![
            park(&in_lane(number, lane), failed()),
            park(&in_lane(number + 10, lane), ParkReason::Behind),
        ];
        house.settle(vec![], parks).await;
    }
    let new = NewRedrive {
        act: Act::Drop,
        selection: ParkedFilter {
            state: Some(ParkedState::Failed),
            ..Default::default()
        },
        deed: deed("li.wei"),
        ..Default::default()
    };
    let begun = store.begin_redrive(&new, RedriveState::Running).await;
    let id = begun.unwrap();
    assert_eq!(store.redrive_of(id).await.unwrap().unwrap().total, 2);
    let left = async || {
        let chosen = ParkedFilter {
            chosen_by: Some(id),
            ..new.selection.clone()
        };
        let found = store.parked(&chosen, None, 10).await.unwrap();
        let numbers = found.iter().map(|record| record.parcel.attributes.id);
        numbers.collect::<Vec<_>>()
    };
    let of = |number| order(number).attributes.id;
    assert_eq!(left().await, [of(1), of(2)]);

    // What stood behind the first is tried, and fails as that did: it is not given up with it.
    let first = house.parked(of(1)).await.unwrap().id;
    let dropped = store.drop_parked(&[first], &new.deed, Some(id)).await;
    assert_eq!(dropped.unwrap(), 1);
    let follower = house.parked(of(11)).await.unwrap();
    let fails = Park {
        id: Some(follower.id),
        ..park(&in_lane(11, "a"), failed())
    };
    house.settle(vec![], vec![fails]).await;
    assert_eq!(
        house.parked(of(11)).await.unwrap().state,
        ParkedState::Failed
    );
    assert_eq!(left().await, [of(2)]);
    // What somebody sent again meanwhile is left, too.
    let second = house.parked(of(2)).await.unwrap().id;
    store.redrive(&[second], &deed("wang.min")).await.unwrap();
    assert_eq!(left().await, []);
    let (running, done) = (RedriveState::Running, RedriveState::Done);
    assert!(store.turn_redrive(id, running, done).await.unwrap());
    let run = store.redrive_of(id).await.unwrap().unwrap();
    assert_eq!((run.act, run.total, run.sent), (Act::Drop, 2, 1));
    assert_eq!(run.cursor, first);
}
