//! Golden records, the keys that find them, and writers that race for both.

use std::collections::HashMap;

use futures::future::join_all;
use tenon_core::{Entity, MasterId};
use tenon_master::KeyKind;
use tenon_store::{Commit, Lookup, SharedStore, StoreError};

use super::fixtures::{House, golden, key, link, master, new_customer, order, system, write};

pub(super) async fn a_golden_record_rises_by_versions(house: &House) {
    house.store.commit(new_customer(1)).await.unwrap();
    // Two changes in one batch, in their order.
    let masters = vec![write(master(1), 2, Some(1)), write(master(1), 3, Some(2))];
    house
        .store
        .commit(Commit {
            masters,
            ..Default::default()
        })
        .await
        .unwrap();
    let row = house.store.golden(master(1)).await.unwrap().unwrap();
    assert_eq!(row, golden(master(1), 3, "上海川可 3"));
    assert_eq!(row.golden.provenance["legal_name"].system, system("crm"));
    assert_eq!(house.store.golden(master(2)).await.unwrap(), None);
    assert_eq!(house.number("select count(*) from golden_history").await, 3);
    assert_eq!(
        house
            .number("select max(version) from golden_history")
            .await,
        3
    );
    let versions = async |after: Option<i64>| {
        let found = house.store.history(master(1), after, 2).await.unwrap();
        found.iter().map(|found| found.version).collect::<Vec<_>>()
    };
    assert_eq!(versions(None).await, [3, 2]);
    assert_eq!(versions(Some(2)).await, [1]);
    assert_eq!(versions(Some(1)).await, [0; 0]);
    // What systems call several is asked once.
    house.store.commit(new_customer(2)).await.unwrap();
    let both = [master(1), master(2), master(3)];
    let records = house.store.records(&both).await.unwrap();
    let called = records
        .iter()
        .map(|(of, record)| (*of, record.native_id.as_str()));
    assert_eq!(
        called.collect::<Vec<_>>(),
        [(master(1), "C-1"), (master(2), "C-2")]
    );
}

pub(super) async fn another_version_is_a_conflict(house: &House) {
    house.store.commit(new_customer(1)).await.unwrap();
    for wrong in [
        write(master(1), 2, None),
        write(master(1), 3, Some(2)),
        write(master(9), 2, Some(1)),
    ] {
        let commit = Commit {
            messages: vec![order(5)],
            masters: vec![wrong],
            ..Default::default()
        };
        let result = house.store.commit(commit).await;
        assert!(matches!(result, Err(StoreError::Conflict(_))), "{result:?}");
    }
    assert_eq!(
        house
            .store
            .golden(master(1))
            .await
            .unwrap()
            .unwrap()
            .version,
        1
    );
    assert_eq!(house.number("select count(*) from golden_history").await, 1);
    assert_eq!(house.number("select count(*) from journal").await, 0);
}

pub(super) async fn a_key_belongs_to_one_master(house: &House) {
    let tax = key(KeyKind::Tax, "91310000MA1FL0X00X");
    let name = key(KeyKind::Name, "上海川可贸易有限公司");
    let claim = |pairs: Vec<_>| Commit {
        keys: pairs,
        ..Default::default()
    };
    let both = vec![
        (tax.clone(), master(1)),
        (name.clone(), master(1)),
        (tax.clone(), master(1)),
    ];
    house.store.commit(claim(both.clone())).await.unwrap();
    house.store.commit(claim(both)).await.unwrap();
    let result = house
        .store
        .commit(claim(vec![(name.clone(), master(2))]))
        .await;
    assert!(matches!(result, Err(StoreError::Conflict(_))), "{result:?}");
    let torn = vec![
        (key(KeyKind::Name, "x"), master(1)),
        (key(KeyKind::Name, "x"), master(2)),
    ];
    assert!(matches!(
        house.store.commit(claim(torn)).await,
        Err(StoreError::Conflict(_))
    ));
    let lookup = Lookup {
        keys: vec![
            tax.clone(),
            name.clone(),
            key(KeyKind::Name, "91310000MA1FL0X00X"),
        ],
        ..Default::default()
    };
    let known = house.store.look_up(&lookup).await.unwrap();
    assert_eq!(
        known.keys,
        HashMap::from([(tax.clone(), master(1)), (name, master(1))])
    );
    let mut likeness = house.store.likeness().await.unwrap();
    for (asked, holder) in [(&tax, Some(master(1))), (&key(KeyKind::Name, "x"), None)] {
        let (_, found) = likeness.postings(&[], 8, Some(asked)).await.unwrap();
        assert_eq!(found, holder, "{asked:?}");
    }
}

pub(super) async fn taken_codes_are_those_of_the_stem(house: &House) {
    let codes = ["CKMY", "CKMY2", "CKMY10", "CKMYX", "CKM", "CKMY2B", "ABCD3"];
    let keys = codes
        .iter()
        .zip(1..)
        .map(|(code, number)| (key(KeyKind::Code, code), master(number)));
    let keys = keys
        .chain([(key(KeyKind::Name, "CKMY7"), master(20))])
        .collect();
    house
        .store
        .commit(Commit {
            keys,
            ..Default::default()
        })
        .await
        .unwrap();
    let lookup = Lookup {
        code_stems: vec!["CKMY".to_owned(), "ABCD".to_owned(), "ZZ%".to_owned()],
        ..Default::default()
    };
    let mut taken = house.store.look_up(&lookup).await.unwrap().codes;
    taken.sort();
    assert_eq!(taken, ["ABCD3", "CKMY", "CKMY10", "CKMY2"]);
}

pub(super) async fn a_master_is_found_by_native_id_key_and_id(house: &House) {
    for number in 1..=4 {
        house.store.commit(new_customer(number)).await.unwrap();
    }
    let keys = vec![(key(KeyKind::Tax, "T"), master(2))];
    let links = vec![link(Entity::Order, "crm", "SO-4", master(4))];
    house
        .store
        .commit(Commit {
            keys,
            links,
            ..Default::default()
        })
        .await
        .unwrap();
    let lookup = Lookup {
        natives: vec![
            (Entity::Customer, system("crm"), "C-1".to_owned()),
            (Entity::Order, system("crm"), "SO-4".to_owned()),
        ],
        keys: vec![key(KeyKind::Tax, "T")],
        masters: vec![master(3), master(99)],
        ..Default::default()
    };
    let known = house.store.look_up(&lookup).await.unwrap();
    assert_eq!(known.natives.len(), 2);
    let mut found: Vec<MasterId> = known.golden.keys().copied().collect();
    found.sort();
    // An order's master has no golden record, whatever stands under that id.
    let mut expected = vec![master(1), master(2), master(3)];
    expected.sort();
    assert_eq!(found, expected);
    assert_eq!(known.golden[&master(1)], golden(master(1), 1, "上海川可 1"));
}

/// Looks the key up and joins its master, or makes one; again whenever another was faster.
async fn join_or_make(store: SharedStore, number: u32) -> MasterId {
    let name = key(KeyKind::Name, "浙江飞科电器有限公司");
    loop {
        let lookup = Lookup {
            keys: vec![name.clone()],
            ..Default::default()
        };
        let known = store.look_up(&lookup).await.unwrap();
        let master_id = known
            .keys
            .get(&name)
            .copied()
            .unwrap_or_else(MasterId::generate);
        let replaces = known.golden.get(&master_id).map(|row| row.version);
        let commit = Commit {
            messages: vec![order(number)],
            links: vec![link(
                Entity::Customer,
                "crm",
                &format!("C-{number}"),
                master_id,
            )],
            masters: vec![write(master_id, replaces.unwrap_or(0) + 1, replaces)],
            keys: vec![(name.clone(), master_id)],
            ..Default::default()
        };
        match store.commit(commit).await {
            Ok(_) => return master_id,
            Err(StoreError::Conflict(_)) => {}
            Err(other) => panic!("{other}"),
        }
    }
}

pub(super) async fn racing_writers_make_one_master(house: &House) {
    let nodes = join_all((0..2).map(|_| house.another_node())).await;
    let writers = (0..12_u32)
        .map(|number| tokio::spawn(join_or_make(nodes[number as usize % 2].clone(), number)));
    let masters: Vec<MasterId> = join_all(writers)
        .await
        .into_iter()
        .map(|joined| joined.unwrap())
        .collect();
    assert!(
        masters.iter().all(|found| *found == masters[0]),
        "{masters:?}"
    );
    let dashboard = house.store.dashboard().await.unwrap();
    assert_eq!(
        (dashboard.masters, dashboard.links, dashboard.joined),
        (1, 12, 11)
    );
    assert_eq!(
        house
            .store
            .golden(masters[0])
            .await
            .unwrap()
            .unwrap()
            .version,
        12
    );
}

pub(super) async fn racing_writers_lose_no_change(house: &House) {
    house.store.commit(new_customer(1)).await.unwrap();
    house.store.commit(new_customer(2)).await.unwrap();
    // Each writer changes both masters, half of them in the other order.
    let change = async |store: SharedStore, turned: bool| {
        for _ in 0..5 {
            loop {
                let masters = vec![master(1), master(2)];
                let lookup = Lookup {
                    masters: masters.clone(),
                    ..Default::default()
                };
                let known = store.look_up(&lookup).await.unwrap();
                let mut masters: Vec<_> = masters
                    .into_iter()
                    .map(|id| {
                        write(
                            id,
                            known.golden[&id].version + 1,
                            Some(known.golden[&id].version),
                        )
                    })
                    .collect();
                if turned {
                    masters.reverse();
                }
                match store
                    .commit(Commit {
                        masters,
                        ..Default::default()
                    })
                    .await
                {
                    Ok(_) => break,
                    Err(StoreError::Conflict(_)) => {}
                    Err(other) => panic!("{other}"),
                }
            }
        }
    };
    let store = || house.store.clone();
    tokio::join!(
        change(store(), false),
        change(store(), true),
        change(store(), false),
        change(store(), true)
    );
    for number in [1, 2] {
        assert_eq!(
            house
                .store
                .golden(master(number))
                .await
                .unwrap()
                .unwrap()
                .version,
            21
        );
    }
    assert_eq!(
        house.number("select count(*) from golden_history").await,
        42
    );
}
