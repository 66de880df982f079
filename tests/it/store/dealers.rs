//! What dealers have and sell, in whatever order they report it, and the demand that follows.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use jiff::civil::Date;
use serde_json::{Value, json};
use tenon_core::requisition::Requisition;
use tenon_core::{Entity, Fact, MessageId, Reference};
use tenon_insight::{Policy, Remind, Replenishment, Reports, Turn};
use tenon_store::{Commit, Inbound, Move};

use super::fixtures::{House, write};
use super::insight::{claimed, event, master, stated, to};

const TODAY: fn() -> Date = || "2026-04-10".parse().unwrap();

/// A statement of a record that was stated before: another message.
fn again(entity: Entity, id: &str, time: &str, body: Value) -> Inbound {
    let mut inbound = stated(entity, id, body);
    inbound.attributes.id = MessageId::derive(&[entity.as_str(), id, time]);
    inbound
}

/// What a dealer sold of the item A from one day to another, reported at an hour of 10 April.
fn report(number: &str, dealer: &str, days: (&str, &str), hour: u8, quantity: &str) -> Inbound {
    let lines = match quantity {
        "" => json!([]),
        _ => json!([{ "number": 1, "item": to(Entity::Item, "A"), "quantity": quantity }]),
    };
    let body = json!({ "number": number, "dealer": to(Entity::Customer, dealer), "from": days.0,
        "to": days.1, "status": "final", "reported_at": format!("2026-04-10T{hour:02}:00:00Z"),
        "lines": lines });
    again(Entity::SellOut, number, &hour.to_string(), body)
}

/// What a dealer has of the item A, counted at an hour of a day.
fn stock(dealer: &str, at: &str, available: &str) -> Inbound {
    let body = json!({ "item": to(Entity::Item, "A"), "holder": to(Entity::Customer, dealer),
        "warehouse": "W", "quantity": "999", "available": available, "unit": "pcs",
        "counted_at": format!("{at}:00:00Z") });
    again(Entity::Inventory, &format!("S-{dealer}"), at, body)
}

/// What a record says of a dealer's stock of the item A in a place, counted on a day.
fn counted(record: &str, place: &str, on: &str, what: Value) -> Inbound {
    let mut body = json!({ "item": to(Entity::Item, "A"), "holder": to(Entity::Customer, "K-1"),
        "warehouse": place, "counted_at": format!("{on}T08:00:00Z") });
    let body = body.as_object_mut().unwrap();
    body.extend(what.as_object().unwrap().clone());
    again(Entity::Inventory, record, on, json!(body))
}

/// What is known of the first dealer's stock on 10 April: available, reorder point, last counted, and how
/// it stands.
async fn stands(house: &House) -> String {
    let insight = house.store.insight();
    let reports = Reports::open(insight, Arc::default(), TODAY())
        .await
        .unwrap();
    let covers = reports.unwrap().covers(None).await.unwrap();
    assert_eq!(covers.len(), 1, "{covers:?}");
    let facts = &covers[0].facts;
    let point = facts.reorder_point.map(|point| point / 10_000);
    format!(
        "{} {point:?} {} {}",
        facts.available / 10_000,
        tenon_insight::day_of(facts.counted_on),
        covers[0].standing.as_str()
    )
}

fn known() -> Vec<Inbound> {
    let dealer = |id: &str, code: &str| {
        let body = json!({ "legal_name": format!("Dealer {id}"), "code": code, "owner": "li" });
        stated(Entity::Customer, id, body)
    };
    let item = json!({ "code": "A", "name": "Shaver" });
    vec![
        dealer("K-1", "CK"),
        dealer("K-2", "DL"),
        stated(Entity::Item, "A", item),
    ]
}

async fn commit(house: &House, messages: Vec<Inbound>) {
    let commit = Commit {
        messages,
        ..Commit::default()
    };
    house.store.commit(commit).await.unwrap();
}

/// Demand as it is sent: dealer, quantity and day.
type Asked = Arc<Mutex<Vec<String>>>;

/// Brings the figures on as of a day, and sends what follows.
async fn bring_on(house: &House, asked: &Asked, today: fn() -> Date) {
    let claim = claimed(&house.store).await;
    let mut turn = turn(house, asked, today, Duration::ZERO);
    while turn.take(claim.as_ref()).await.unwrap() {}
}

/// What brings the figures on, and sends what follows when nothing new has come for so long.
fn turn(house: &House, asked: &Asked, today: fn() -> Date, settle: Duration) -> Turn {
    let sent = asked.clone();
    let remind: Remind = Arc::new(move |told| {
        let sent = sent.clone();
        Box::pin(async move {
            for told in told {
                assert_eq!(told.entity, Entity::Requisition);
                let demand: Requisition = serde_json::from_slice(&told.body).unwrap();
                assert_eq!(demand.number, told.number);
                let dealer = match demand.dealer {
                    Some(Reference::Master { master_id }) => master_id,
                    other => panic!("{other:?}"),
                };
                let dealer = ["K-1", "K-2"]
                    .into_iter()
                    .find(|id| master(Entity::Customer, id) == dealer);
                let line = &demand.lines[0];
                let by = line.required_on.unwrap();
                let told = format!(
                    "{} {} {by} {}",
                    dealer.unwrap(),
                    line.quantity,
                    demand.requested_by
                );
                sent.lock().unwrap().push(told);
            }
            Ok(())
        })
    });
    let policy = Policy {
        replenishment: Some(Replenishment {
            settle,
            ..Replenishment::default()
        }),
        ..Policy::default()
    };
    let turn = Turn::alone(house.store.insight(), Arc::new(policy));
    turn.reminding(remind, today)
}

fn taken(asked: &Asked) -> Vec<String> {
    let mut taken = std::mem::take(&mut *asked.lock().unwrap());
    taken.sort();
    taken
}

/// How the dealers stand on 10 April: code, sold a day, days that the stock lasts, and how.
async fn standing(house: &House) -> Vec<String> {
    let insight = house.store.insight();
    let reports = Reports::open(insight, Arc::default(), TODAY())
        .await
        .unwrap();
    let covers = reports.unwrap().covers(None).await.unwrap();
    let told = covers.into_iter().map(|cover| {
        let [per_day, days] = [cover.per_day, cover.days]
            .map(|known| known.map_or("-".to_owned(), |known| known.to_string()));
        let code = cover.facts.dealer_code.unwrap();
        format!("{code} {per_day} {days} {}", cover.standing.as_str())
    });
    told.collect()
}

pub(super) async fn late_and_corrected_reports_count_on_their_days(house: &House) {
    let march = ("2026-03-23", "2026-03-29");
    let story = || {
        let mut story = known();
        story.extend([
            stock("K-1", "2026-04-09T08", "150"),
            // Counted earlier, whenever it comes.
            stock("K-1", "2026-04-08T08", "7"),
            // The week was 70, then corrected to 140, then to 105.
            report("R-1", "K-1", march, 8, "70"),
            report("R-1", "K-1", march, 10, "105"),
            report("R-1", "K-1", march, 9, "140"),
            // A day more, told late; a day on which nothing was sold; a day long ago; today, which is not over.
            report("R-2", "K-1", ("2026-04-01", "2026-04-01"), 9, "15"),
            report("R-3", "K-1", ("2026-04-02", "2026-04-02"), 9, ""),
            report("R-4", "K-1", ("2026-03-01", "2026-03-01"), 9, "1000"),
            report("R-5", "K-1", ("2026-04-10", "2026-04-10"), 9, "1000"),
        ]);
        story
    };
    let asked = Asked::default();
    // 120 on nine days that were reported.
    let expected = ["CK 13.3333 11.2 cover"];
    commit(house, story()).await;
    bring_on(house, &asked, TODAY).await;
    assert_eq!(standing(house).await, expected);
    tenon_insight::rebuild(&house.store.insight(), &tenon_insight::Calendar::default())
        .await
        .unwrap();
    bring_on(house, &asked, TODAY).await;
    assert_eq!(standing(house).await, expected);
    for (what, expected) in [
        ("select count(*) from bi_stock where customer_code = 'CK' and item_code = 'A' and warehouse = 'W'
              and cast(available as text) = '150.0000' and in_transit is null
              and cast(counted_on as text) = '2026-04-09'", 1),
        ("select count(*) from bi_sell_out where customer_code = 'CK' and cast(quantity as text) = '15.0000'", 8),
    ] {
        assert_eq!(house.number(what).await, expected, "{what}");
    }

    // The other way round, one message at a time, and what is named before it is known.
    let (_, other) = house.empty().await;
    other.store.migrate().await.unwrap();
    for message in story().into_iter().rev() {
        commit(&other, vec![message]).await;
        bring_on(&other, &asked, TODAY).await;
    }
    assert_eq!(standing(&other).await, expected);
}

pub(super) async fn demand_is_sent_once_for_each_time(house: &House) {
    let asked = Asked::default();
    let weeks = ("2026-03-27", "2026-04-09");
    let mut story = known();
    story.extend([
        report("R-1", "K-1", weeks, 8, "140"),
        stock("K-1", "2026-04-09T08", "90"),
        report("R-2", "K-2", weeks, 8, "28"),
        stock("K-2", "2026-04-09T08", "100"),
    ]);
    commit(house, story).await;
    bring_on(house, &asked, TODAY).await;
    assert_eq!(taken(&asked), ["K-1 190 2026-04-12 li"]);
    // Scarcer still, and figures made anew: it is the same occurrence.
    commit(house, vec![stock("K-1", "2026-04-10T06", "80")]).await;
    bring_on(house, &asked, TODAY).await;
    tenon_insight::rebuild(&house.store.insight(), &tenon_insight::Calendar::default())
        .await
        .unwrap();
    bring_on(house, &asked, TODAY).await;
    assert_eq!(taken(&asked), [] as [&str; 0]);
    // The goods come, and are sold: it is another one.
    commit(house, vec![stock("K-1", "2026-04-10T07", "270")]).await;
    bring_on(house, &asked, TODAY).await;
    commit(house, vec![stock("K-1", "2026-04-10T08", "130")]).await;
    bring_on(house, &asked, TODAY).await;
    assert_eq!(taken(&asked), ["K-1 150 2026-04-16 li"]);

    // Two dealers turn out to be one: 230 for 12 a day, which is enough; 100 are not.
    let (one, two) = (
        master(Entity::Customer, "K-1"),
        master(Entity::Customer, "K-2"),
    );
    let made = Commit {
        masters: vec![write(one, 1, None), write(two, 1, None)],
        ..Commit::default()
    };
    house.store.commit(made).await.unwrap();
    let mut gone = write(two, 2, Some(1));
    gone.row.merged_into = Some(one);
    let mut told = event(Fact::Merged, "K-1", 2);
    let golden = json!({ "legal_name": "Dealer", "code": "CK", "owner": "li" });
    told.canonical = Some(golden.to_string().into());
    let merged = Commit {
        messages: vec![told],
        masters: vec![write(one, 2, Some(1)), gone],
        moves: vec![Move::Merge {
            survivor: one,
            merged: two,
        }],
        ..Commit::default()
    };
    house.store.commit(merged).await.unwrap();
    bring_on(house, &asked, TODAY).await;
    let reports = Reports::open(house.store.insight(), Arc::default(), TODAY());
    let covers = reports
        .await
        .unwrap()
        .unwrap()
        .covers(Some(two.0))
        .await
        .unwrap();
    assert_eq!(covers.len(), 1, "{covers:?}");
    assert_eq!(covers[0].facts.dealer, one.0);
    assert_eq!(covers[0].per_day.unwrap().to_string(), "12");
    assert_eq!(covers[0].days.unwrap().to_string(), "19.1");
    assert_eq!(taken(&asked), [] as [&str; 0]);
    commit(house, vec![stock("K-2", "2026-04-10T09", "1")]).await;
    bring_on(house, &asked, TODAY).await;
    assert_eq!(taken(&asked), ["K-1 205 2026-04-13 li"]);
}

pub(super) async fn what_is_no_longer_reported_is_no_stock(house: &House) {
    let asked = Asked::default();
    let mut story = known();
    let weeks = ("2026-03-27", "2026-04-09");
    story.extend([
        report("R-1", "K-1", weeks, 8, "140"),
        // The dealer tells of this lot once and never again.
        counted("LOT-A", "W", "2026-03-26", json!({ "quantity": "500" })),
        counted("LOT-B", "W", "2026-03-26", json!({ "quantity": "60" })),
    ]);
    commit(house, story).await;
    bring_on(house, &asked, TODAY).await;
    // Nothing was counted lately: what was counted before is told, and not relied upon.
    assert_eq!(stands(house).await, "560 None 2026-03-26 stale");
    assert_eq!(taken(&asked), [] as [&str; 0]);
    for day in ["2026-04-08", "2026-04-09"] {
        let lot = counted("LOT-B", "W", day, json!({ "quantity": "50" }));
        commit(house, vec![lot]).await;
    }
    bring_on(house, &asked, TODAY).await;
    assert_eq!(stands(house).await, "50 None 2026-04-09 cover");
    assert_eq!(taken(&asked), ["K-1 230 2026-04-10 li"]);
}

pub(super) async fn reorder_points_hold_for_places_and_units_are_not_mixed(house: &House) {
    let asked = Asked::default();
    let of = |quantity: &str, point: &str, unit: &str| json!({ "quantity": quantity, "reorder_point": point, "unit": unit });
    let mut story = known();
    story.extend([
        counted("LOT-A", "W-1", "2026-04-08", of("30", "50", "pcs")),
        counted("LOT-B", "W-1", "2026-04-08", of("30", "50", "pcs")),
        counted("LOT-C", "W-2", "2026-04-08", of("30", "20", "pcs")),
    ]);
    commit(house, story).await;
    bring_on(house, &asked, TODAY).await;
    assert_eq!(stands(house).await, "90 Some(70) 2026-04-08 enough");
    let boxes = counted("LOT-C", "W-2", "2026-04-09", of("2", "20", "box"));
    commit(house, vec![boxes]).await;
    bring_on(house, &asked, TODAY).await;
    assert_eq!(stands(house).await, "62 Some(70) 2026-04-09 unknown");
    assert_eq!(taken(&asked), [] as [&str; 0]);
}

pub(super) async fn demand_waits_until_a_dealer_has_told_all(house: &House) {
    let asked = Asked::default();
    let weeks = ("2026-03-27", "2026-04-09");
    let lot = |lot: &str, quantity: &str| {
        counted(lot, "W", "2026-04-09", json!({ "quantity": quantity }))
    };
    let mut story = known();
    story.extend([report("R-1", "K-1", weeks, 8, "140"), lot("LOT-A", "30")]);
    commit(house, story).await;
    let claim = claimed(&house.store).await;
    let mut hasty = turn(house, &asked, TODAY, Duration::from_hours(1));
    while hasty.take(claim.as_ref()).await.unwrap() {}
    assert_eq!(stands(house).await, "30 None 2026-04-09 cover");
    assert_eq!(taken(&asked), [] as [&str; 0]);

    // The other part of the export; whoever goes on knows nothing of who was waited for.
    commit(house, vec![lot("LOT-B", "60")]).await;
    let began = Instant::now();
    let settle = Duration::from_secs(1);
    let mut other = turn(house, &asked, TODAY, settle);
    while asked.lock().unwrap().is_empty() {
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "nothing is asked for"
        );
        if !other.take(claim.as_ref()).await.unwrap() {
            tokio::time::sleep(Duration::from_millis(20)).await; // why: the demand waits for the clock
        }
    }
    assert_eq!(taken(&asked), ["K-1 190 2026-04-12 li"]);
    while other.take(claim.as_ref()).await.unwrap() {}
    assert_eq!(taken(&asked), [] as [&str; 0]);
}

pub(super) async fn what_is_sold_counts_as_the_stock_does_or_is_unknown(house: &House) {
    let asked = Asked::default();
    let sold = |number: &str, hour: u8, quantity: &str, unit: &str| {
        let body = json!({ "number": number, "dealer": to(Entity::Customer, "K-1"),
            "from": "2026-03-27", "to": "2026-04-09", "status": "final",
            "reported_at": format!("2026-04-10T{hour:02}:00:00Z"),
            "lines": [{ "number": 1, "item": to(Entity::Item, "A"), "quantity": quantity, "unit": unit }] });
        again(Entity::SellOut, number, &hour.to_string(), body)
    };
    let mut story = known();
    let kilos = json!({ "quantity": "9", "unit": "kg" });
    story.extend([
        counted("LOT-A", "W", "2026-04-09", kilos),
        sold("R-1", 8, "7", "公斤"),
        sold("R-2", 8, "7000", "g"),
    ]);
    commit(house, story).await;
    bring_on(house, &asked, TODAY).await;
    assert_eq!(standing(house).await, ["CK 1 9 cover"]);
    assert_eq!(taken(&asked), ["K-1 19 2026-04-12 li"]);
    let told = "select count(*) from bi_sell_out_unit where customer_code = 'CK' and unit = 'g'
                and cast(quantity as text) = '500.0000'";
    assert_eq!(house.number(told).await, 14);
    // Nobody knows how much a box holds; the correction takes its place.
    commit(house, vec![sold("R-2", 9, "7", "box")]).await;
    bring_on(house, &asked, TODAY).await;
    assert_eq!(standing(house).await, ["CK - - unknown"]);
    commit(house, vec![sold("R-2", 10, "14", "千克")]).await;
    bring_on(house, &asked, TODAY).await;
    assert_eq!(standing(house).await, ["CK 1.5 6 cover"]);
}

/// The node dies when the demand is on its way, before that is noted.
pub(super) async fn a_demand_that_was_cut_short_is_sent_as_it_was(house: &House) {
    type Sent = Arc<Mutex<Vec<(String, Vec<u8>)>>>;
    let sent = Sent::default();
    let turn = |dies: bool| {
        let sent = sent.clone();
        let remind: Remind = Arc::new(move |told| {
            let told = told
                .into_iter()
                .map(|told| (told.number, told.body.to_vec()));
            sent.lock().unwrap().extend(told);
            let outcome = match dies {
                true => Err("the node dies".to_owned()),
                false => Ok(()),
            };
            Box::pin(async move { outcome })
        });
        let policy = Policy {
            replenishment: Some(Replenishment {
                settle: Duration::ZERO,
                ..Replenishment::default()
            }),
            ..Policy::default()
        };
        Turn::alone(house.store.insight(), Arc::new(policy)).reminding(remind, TODAY)
    };
    let mut story = known();
    let weeks = ("2026-03-27", "2026-04-09");
    story.extend([
        report("R-1", "K-1", weeks, 8, "140"),
        stock("K-1", "2026-04-09T08", "90"),
    ]);
    commit(house, story).await;
    let claim = claimed(&house.store).await;
    let mut dying = turn(true);
    let died = loop {
        match dying.take(claim.as_ref()).await {
            Ok(true) => {}
            other => break other,
        }
    };
    assert!(died.is_err(), "{died:?}");

    // The goods have come before another node goes on, which sends what was cut short all the same.
    commit(house, vec![stock("K-1", "2026-04-10T07", "270")]).await;
    let mut other = turn(false);
    while other.take(claim.as_ref()).await.unwrap() {}
    let taken = std::mem::take(&mut *sent.lock().unwrap());
    assert_eq!(taken.len(), 2, "{taken:?}");
    assert_eq!(taken[0], taken[1]);
    // When it is scarce once more, that is another demand; and nothing is sent again.
    commit(house, vec![stock("K-1", "2026-04-10T08", "130")]).await;
    while other.take(claim.as_ref()).await.unwrap() {}
    let next = std::mem::take(&mut *sent.lock().unwrap());
    assert_eq!(next.len(), 1, "{next:?}");
    assert_ne!(next[0].0, taken[0].0);
    let mut later = turn(false);
    while later.take(claim.as_ref()).await.unwrap() {}
    assert_eq!(*sent.lock().unwrap(), []);
}
