//! Deliveries in a row, latest first.

use std::collections::BTreeSet;
use std::time::Duration;

use tenon_core::{Entity, Timestamp};
use tenon_store::{
    Delivered, DeliveryCursor, DeliveryFilter, DeliveryState, Outcome, OutcomeState, Settlement,
};

use super::fixtures::{House, delivered, failed, order, orders, park, system};

fn unchanged(number: u32) -> Outcome {
    Outcome {
        state: OutcomeState::Unchanged,
        holdings: Vec::new(),
        sent: None,
        ..delivered(&order(number), "")
    }
}

/// What people call a delivery's record by.
fn key(one: &Delivered) -> String {
    let message = one.message.as_ref().expect("the journal has it");
    assert_eq!(message.attributes.id, one.message_id);
    message.business_key.clone().expect("a key")
}

/// Every delivery that passes, by pages of this size; none is on two.
async fn pages(house: &House, filter: &DeliveryFilter, limit: u32) -> Vec<Delivered> {
    let mut all = Vec::new();
    let mut before: Option<DeliveryCursor> = None;
    loop {
        let page = house.store.delivered(filter, before.as_ref(), limit).await;
        let page = page.unwrap();
        assert!(page.items.len() <= limit as usize);
        all.extend(page.items);
        // As it travels through the hands of a caller.
        before = page.next.map(|next| next.to_string().parse().unwrap());
        if before.is_none() {
            break;
        }
    }
    let places: Vec<_> = all.iter().map(Delivered::cursor).collect();
    assert!(places.is_sorted_by(|one, next| one > next), "{places:?}");
    all
}

pub(super) async fn deliveries_are_filtered_and_paged(house: &House) {
    let mut from_drp = order(9);
    from_drp.attributes.source = system("drp");
    let mut commit = orders(1..=8);
    commit.messages.push(from_drp.clone());
    house.store.commit(commit).await.unwrap();
    // Many of one moment, as one batch makes them.
    house
        .settle(
            (1..=4)
                .map(|it| delivered(&order(it), &format!("E-{it}")))
                .collect(),
            vec![],
        )
        .await;
    let between = Timestamp::now();
    house
        .settle(
            vec![unchanged(5), delivered(&from_drp, "E-9")],
            vec![park(&order(6), failed()), park(&order(7), failed())],
        )
        .await;
    let invoicing = Settlement {
        system: system("invoicing"),
        outcomes: vec![unchanged(1), unchanged(8)],
        parked: Vec::new(),
    };
    house.store.settle(invoicing).await.unwrap();

    let filter = DeliveryFilter::default;
    let erp = || DeliveryFilter {
        system: Some(system("erp")),
        ..filter()
    };
    let state = |state| DeliveryFilter {
        state: Some(state),
        ..erp()
    };
    let hour = Duration::from_secs(3_600);
    for (filter, expected) in [
        (
            filter(),
            vec![
                "N-1", "N-1", "N-2", "N-3", "N-4", "N-5", "N-6", "N-7", "N-8", "N-9",
            ],
        ),
        (
            erp(),
            vec!["N-1", "N-2", "N-3", "N-4", "N-5", "N-6", "N-7", "N-9"],
        ),
        (state(DeliveryState::Parked), vec!["N-6", "N-7"]),
        (
            state(DeliveryState::Delivered),
            vec!["N-1", "N-2", "N-3", "N-4", "N-9"],
        ),
        (state(DeliveryState::Dropped), vec![]),
        (
            DeliveryFilter {
                system: None,
                ..state(DeliveryState::Unchanged)
            },
            vec!["N-1", "N-5", "N-8"],
        ),
        (
            DeliveryFilter {
                entity: Some(Entity::Order),
                ..state(DeliveryState::Parked)
            },
            vec!["N-6", "N-7"],
        ),
        (
            DeliveryFilter {
                entity: Some(Entity::Customer),
                ..erp()
            },
            vec![],
        ),
        (
            DeliveryFilter {
                since: Some(between),
                ..erp()
            },
            vec!["N-5", "N-6", "N-7", "N-9"],
        ),
        (
            DeliveryFilter {
                until: Some(between),
                ..erp()
            },
            vec!["N-1", "N-2", "N-3", "N-4"],
        ),
        (
            DeliveryFilter {
                since: Some(between + hour),
                ..filter()
            },
            vec![],
        ),
        (
            DeliveryFilter {
                source: Some(system("drp")),
                ..filter()
            },
            vec!["N-9"],
        ),
        (
            DeliveryFilter {
                text: Some("\"raw\":6".into()),
                ..erp()
            },
            vec!["N-6"],
        ),
        (
            DeliveryFilter {
                text: Some("written nowhere".into()),
                ..filter()
            },
            vec![],
        ),
    ] {
        for limit in [1, 3, 100] {
            let found = pages(house, &filter, limit).await;
            let mut keys: Vec<String> = found.iter().map(key).collect();
            keys.sort();
            assert_eq!(keys, expected, "{filter:?}, {limit} a page");
        }
    }
    let parked = pages(house, &state(DeliveryState::Parked), 10).await;
    assert_eq!(parked[0].delivery.detail, "422 from the erp");
    assert_eq!(parked[0].entity, Entity::Order);
    // Newest first: what was settled last stands before what was settled first.
    let systems: Vec<_> = pages(house, &filter(), 100).await;
    let (late, early) = systems.split_at(2);
    assert!(
        late.iter()
            .all(|it| it.delivery.system == system("invoicing"))
    );
    let early: BTreeSet<_> = early
        .iter()
        .map(|it| it.delivery.system.to_string())
        .collect();
    assert_eq!(early, BTreeSet::from(["erp".to_owned()]));
}

pub(super) async fn what_the_journal_forgot_still_has_its_delivery(house: &House) {
    house.store.commit(orders(1..=1)).await.unwrap();
    house.settle(vec![], vec![park(&order(1), failed())]).await;
    house.sql("delete from journal").await;
    let found = pages(house, &DeliveryFilter::default(), 10).await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].message_id, order(1).attributes.id);
    assert_eq!(found[0].message, None);
}
