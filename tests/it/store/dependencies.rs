//! Messages that wait for something to become known are released when it does, whoever learns of it.

use tenon_core::Entity;
use tenon_store::{Commit, Inbound, Park, ParkedState, Settlement};

use super::fixtures::{
    House, delivered, in_lane, link, master, needs_change, needs_master, needs_native,
    new_customer, order, park, system, write,
};

/// A customer message about master `number`, to be delivered to the erp.
fn customer(number: u32) -> Inbound {
    let mut message = order(10_000 + number);
    message.attributes.kind = tenon_core::MessageKind::current(Entity::Customer);
    message.attributes.master_id = Some(master(number));
    message
}

async fn wait(house: &House, parks: Vec<Park>) {
    let due = house.settle(vec![], parks).await;
    assert!(due.is_empty(), "{due:?}");
    assert!(house.due("erp").await.is_empty());
}

pub(super) async fn a_delivery_releases_who_waited_for_its_link(house: &House) {
    house.store.commit(new_customer(1)).await.unwrap();
    wait(
        house,
        vec![
            park(&order(1), needs_native("crm", "C-1")),
            park(&order(2), needs_master(1)),
            park(&order(3), needs_native("crm", "C-2")),
            park(&order(4), needs_master(2)),
        ],
    )
    .await;
    let due = house
        .settle(vec![delivered(&customer(1), "K-1")], vec![])
        .await;
    assert_eq!(due, ["erp"]);
    assert_eq!(
        house.due("erp").await,
        [order(1).attributes.id, order(2).attributes.id]
    );
}

pub(super) async fn a_source_releases_who_waited_for_its_record(house: &House) {
    house.store.commit(new_customer(1)).await.unwrap();
    house
        .settle(vec![delivered(&customer(2), "K-2")], vec![])
        .await;
    wait(
        house,
        vec![
            // Known to the hub, not to the erp; and known to the erp, not under this id.
            park(&order(1), needs_native("crm", "C-1")),
            park(&order(2), needs_native("drp", "D-2")),
        ],
    )
    .await;
    let told = |links| Commit {
        links,
        ..Default::default()
    };
    let from_erp = told(vec![link(Entity::Customer, "erp", "K-1", master(1))]);
    assert_eq!(house.store.commit(from_erp).await.unwrap(), [system("erp")]);
    assert_eq!(house.due("erp").await, [order(1).attributes.id]);
    let from_drp = told(vec![link(Entity::Customer, "drp", "D-2", master(2))]);
    assert_eq!(house.store.commit(from_drp).await.unwrap(), [system("erp")]);
    assert_eq!(
        house.due("erp").await,
        [order(1).attributes.id, order(2).attributes.id]
    );
}

pub(super) async fn a_change_releases_who_waited_for_the_master(house: &House) {
    house.store.commit(new_customer(1)).await.unwrap();
    house.store.commit(new_customer(2)).await.unwrap();
    let parks = vec![
        park(&order(1), needs_change(1, 1)),
        park(&order(2), needs_change(2, 1)),
    ];
    wait(house, parks).await;
    let masters = vec![write(master(1), 2, Some(1))];
    let due = house
        .store
        .commit(Commit {
            masters,
            ..Default::default()
        })
        .await
        .unwrap();
    assert_eq!(due, [system("erp")]);
    assert_eq!(house.due("erp").await, [order(1).attributes.id]);
    // A released message that fails again waits for the version after the one it saw.
    let record = house.parked(order(1).attributes.id).await.unwrap();
    let again = Park {
        id: Some(record.id),
        ..park(&order(1), needs_change(1, 2))
    };
    wait(house, vec![again]).await;
}

pub(super) async fn who_waits_for_what_is_there_is_due(house: &House) {
    house.store.commit(new_customer(1)).await.unwrap();
    house
        .settle(vec![delivered(&customer(1), "K-1")], vec![])
        .await;
    let masters = vec![write(master(1), 2, Some(1))];
    house
        .store
        .commit(Commit {
            masters,
            ..Default::default()
        })
        .await
        .unwrap();
    let parks = vec![
        park(&order(1), needs_native("crm", "C-1")),
        park(&order(2), needs_master(1)),
        park(&order(3), needs_change(1, 1)),
        park(&order(4), needs_change(1, 2)),
    ];
    assert_eq!(house.settle(vec![], parks).await, ["erp"]);
    let expected: Vec<_> = (1..=3).map(|number| order(number).attributes.id).collect();
    assert_eq!(house.due("erp").await, expected);
    // In the very batch that makes the link, too.
    let became_due = house
        .settle(
            vec![delivered(&customer(5), "K-5")],
            vec![park(&order(5), needs_master(5))],
        )
        .await;
    assert_eq!(became_due, ["erp"]);
    assert_eq!(
        house.parked(order(5).attributes.id).await.unwrap().state,
        ParkedState::Due
    );
}

pub(super) async fn a_link_elsewhere_releases_nobody(house: &House) {
    wait(
        house,
        vec![
            park(&order(1), needs_master(1)),
            park(&order(2), needs_native("crm", "K-1")),
        ],
    )
    .await;
    let links = vec![
        link(Entity::Customer, "invoicing", "K-1", master(1)),
        link(Entity::Order, "erp", "K-1", master(1)),
        link(Entity::Customer, "erp", "K-1", master(3)),
    ];
    let due = house
        .store
        .commit(Commit {
            links,
            ..Default::default()
        })
        .await
        .unwrap();
    assert!(due.is_empty(), "{due:?}");
    assert!(house.due("erp").await.is_empty());
}

pub(super) async fn the_sweep_finds_what_was_missed(house: &House) {
    assert!(
        house
            .store
            .release_met_dependencies()
            .await
            .unwrap()
            .is_empty()
    );
    house.store.commit(new_customer(1)).await.unwrap();
    let parks = vec![
        park(&order(1), needs_native("crm", "C-1")),
        park(&order(2), needs_master(1)),
        park(&order(3), needs_change(1, 1)),
        park(&order(4), needs_master(9)),
    ];
    wait(house, parks).await;
    // Behind the store's back, as after a restored backup.
    house
        .sql(
            "insert into crosswalk (entity, system, native_id, master_id, inbound, linked_at)
             select entity, 'erp', 'K-1', master_id, inbound, linked_at from crosswalk",
        )
        .await;
    house.sql("update golden set version = 2").await;
    assert_eq!(
        house.store.release_met_dependencies().await.unwrap(),
        [system("erp")]
    );
    let expected: Vec<_> = (1..=3).map(|number| order(number).attributes.id).collect();
    assert_eq!(house.due("erp").await, expected);
    assert!(
        house
            .store
            .release_met_dependencies()
            .await
            .unwrap()
            .is_empty()
    );
}

pub(super) async fn racing_links_and_parks_lose_no_wake_up(house: &House) {
    let node = house.another_node().await;
    for round in 0..25_u32 {
        let native = format!("C-{round}");
        house.store.commit(new_customer(round)).await.unwrap();
        let parking = Settlement {
            system: system("erp"),
            outcomes: vec![],
            parked: vec![
                park(&order(round * 4), needs_native("crm", &native)),
                park(&order(round * 4 + 1), needs_master(round)),
                park(&order(round * 4 + 2), needs_change(round, 1)),
            ],
        };
        let change = Commit {
            links: vec![link(
                Entity::Customer,
                "crm",
                &format!("{native}-too"),
                master(round),
            )],
            masters: vec![write(master(round), 2, Some(1))],
            ..Default::default()
        };
        let linking = Settlement {
            system: system("erp"),
            outcomes: vec![delivered(&customer(round), &format!("K-{round}"))],
            parked: vec![],
        };
        let (parked, changed, linked) = tokio::join!(
            node.settle(parking),
            house.store.commit(change),
            node.settle(linking)
        );
        parked.unwrap();
        changed.unwrap();
        linked.unwrap();
        for number in round * 4..round * 4 + 3 {
            let state = house
                .parked(order(number).attributes.id)
                .await
                .unwrap()
                .state;
            assert_eq!(state, ParkedState::Due, "round {round}, order {number}");
        }
    }
}

pub(super) async fn a_hundred_thousand_may_wait(house: &House) {
    wait(house, vec![park(&order(1), needs_native("crm", "C-1"))]).await;
    wait(
        house,
        vec![park(
            &in_lane(order(2), "other"),
            needs_native("crm", "C-0"),
        )],
    )
    .await;
    // Copies of one waiting message, each for a record and in a lane of its own.
    house
        .sql(
            "insert into parked (direction, system, lane, message_id, entity, state, kind, code,
                 detail, attempts, parked_at, attributes, body, dep_kind, dep_entity, dep_system,
                 dep_native_id)
             with recursive numbers(number) as (
                 select 1 union all select number + 1 from numbers where number < 99998)
             select direction, system || '-' || number, lane || '/' || number, message_id, entity,
                 state, kind, code, detail, attempts, parked_at, attributes, body, dep_kind,
                 dep_entity, dep_system, 'X-' || number
             from parked, numbers where dep_native_id = 'C-0'",
        )
        .await;
    assert_eq!(house.number("select count(*) from parked").await, 100_000);
    house.store.commit(new_customer(1)).await.unwrap();
    house
        .settle(vec![delivered(&customer(1), "K-1")], vec![])
        .await;
    assert_eq!(house.due("erp").await, [order(1).attributes.id]);
    assert!(
        house
            .store
            .release_met_dependencies()
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(
        house
            .number("select count(*) from parked where state = 'waiting'")
            .await,
        99_999
    );
}
