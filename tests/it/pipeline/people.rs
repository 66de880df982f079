//! What a person does with messages that wait for one.

use tenon_core::Entity;
use tenon_pipeline::{Preview, Redriver, Roles, begin_redrive, preview, redrive, resend};
use tenon_store::{
    Act, Deed, DeliveryState, Direction, EventKind, NewRedrive, ParkedFilter, ParkedState,
    RedriveState,
};
use tokio_util::sync::CancellationToken;

use super::api::{Answer, Api};
use super::company::{Erp, order};
use super::place::{House, equals, eventually, named};

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
            .drop_parked(
                &[parked.id],
                &Deed::new("li.wei", "cancelled by telephone"),
                None
            )
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

pub(super) async fn a_bulk_drop_that_is_cut_off_goes_on(house: &House) {
    // More than two portions.
    const MANY: u64 = 450;
    house.shop_and_erp(Erp::Orders).await;
    let node = house.node().await;
    let hub = node.start(Roles::ALL).await;
    let raw = |number| format!("no order {number}").into_bytes();
    let bad: Vec<_> = (0..MANY)
        .map(|number| node.undecodable("shop", Entity::Order, &raw(number)))
        .collect();
    node.take(&bad).await;
    let selection = ParkedFilter {
        direction: Some(Direction::Inbound),
        state: Some(ParkedState::Failed),
        ..ParkedFilter::default()
    };
    let waiting = async || node.store.parked_count(&selection).await.unwrap();
    equals(MANY, waiting).await;
    hub.stop().await;

    let new = NewRedrive {
        act: Act::Drop,
        selection: selection.clone(),
        deed: Deed::new("li.wei", "a test of the shop"),
        ..NewRedrive::default()
    };
    let id = begin_redrive(&node.store, &new, RedriveState::Running)
        .await
        .unwrap();
    let run = async || node.store.redrive_of(id).await.unwrap().unwrap();
    // Who works on it dies in the middle of the second portion.
    let redriver = Redriver {
        store: node.store.clone(),
        accept: node.accept(),
        stop: CancellationToken::new(),
    };
    let (tell, told) = tokio::sync::oneshot::channel();
    let mut tell = Some(tell);
    let work = redriver.work(id, false, |_, _| {
        tell.take().map(|tell| tell.send(()));
    });
    tokio::select! {
        biased;
        _ = told => {}
        worked = work => panic!("it was not cut off: {worked:?}"),
    }
    eventually(async || {
        let (run, waits) = (run().await, waiting().await);
        match (run.total, run.sent + waits, run.state) {
            (MANY, MANY, RedriveState::Running) if run.sent > 0 && waits > 0 => Ok(()),
            _ => Err(format!("{waits} wait: {run:?}")),
        }
    })
    .await;

    // Another goes on, and each is given up once.
    let hub = node.start(Roles::ALL).await;
    eventually(async || match run().await {
        run if run.state == RedriveState::Done => Ok(()),
        run => Err(format!("{run:?}")),
    })
    .await;
    assert_eq!((run().await.sent, waiting().await), (MANY, 0));
    for message in [&bad[0], &bad[bad.len() - 1]] {
        let journaled = node.journaled(message.attributes.id, "dropped").await;
        let detail = journaled.detail.unwrap_or_default();
        assert!(detail.ends_with("dropped: a test of the shop"), "{detail}");
    }
    hub.stop().await;
}

pub(super) async fn a_delivered_message_is_delivered_again(house: &House) {
    house.shop_and_erp(Erp::Orders).await;
    let api = Api::start().await;
    api.join(house, "drp", 2);
    let node = house.node().await;
    let hub = node.start(Roles::ALL).await;
    let native = order("O-1", "C-1", 1);
    let first = node.send("shop", Entity::Order, &native).await;
    node.delivery(first, "drp", DeliveryState::Delivered).await;
    let drp = named("drp");
    let deed = Deed::new("li.wei", "the DRP was restored from yesterday");
    let again = async |id, deed: &Deed| {
        let resent = resend(&node.store, id, &drp, deed).await;
        resent.map_err(|failure| failure.code.into_owned())
    };

    again(first, &deed).await.unwrap();
    let taken = |revision: &str| ("O-1".to_owned(), revision.to_owned());
    equals(vec![taken("1"), taken("1")], async || api.taken(None)).await;
    let delivered = node.delivery(first, "drp", DeliveryState::Delivered).await;
    assert_eq!(delivered.attempts, 2);
    let history = node.store.parked_history(first).await.unwrap();
    let history: Vec<_> = history
        .iter()
        .map(|event| (event.what, event.who.as_deref(), event.detail.as_str()))
        .collect();
    let redriven = (EventKind::Redriven, Some("li.wei"), deed.because.as_str());
    assert_eq!((history.len(), history[0]), (2, redriven));
    assert_eq!(history[1].0, EventKind::Settled);

    // A copy that the broker hands out again is known, and an old state is not put over a new one.
    let mut copy = node.message("shop", Entity::Order, &native);
    copy.attributes.id = first;
    node.take(&[copy]).await;
    let second = order("O-1", "C-1", 2);
    let second = node.send("shop", Entity::Order, &second).await;
    node.delivery(second, "drp", DeliveryState::Delivered).await;
    assert_eq!(
        again(first, &deed).await,
        Err("resend.superseded".to_owned())
    );
    let nobody = tenon_core::MessageId::derive(&["nobody"]);
    assert_eq!(
        again(nobody, &deed).await,
        Err("message.unknown".to_owned())
    );
    let silent = Deed::new("li.wei", " ");
    assert_eq!(again(second, &silent).await, Err("deed.reason".to_owned()));
    node.quiet().await;
    assert_eq!(api.taken(None), [taken("1"), taken("1"), taken("2")]);
    hub.stop().await;
}
