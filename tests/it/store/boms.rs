//! Which items released bills of materials consist of, and who notices that another was released.

use tenon_core::MasterId;
use tenon_store::{BomLookup, BomRecord, BomUse, BomWrite, Commit, KnownBoms, Lookup, StoreError};

use super::fixtures::{House, master, order};

/// Bill `number` makes item `item` of `components`; a negative one is a phantom.
fn bill(number: u32, item: u32, components: &[i32]) -> BomWrite {
    let uses = components.iter().map(|component| BomUse {
        component_id: master(component.unsigned_abs()),
        component: format!("PT-{component}"),
        phantom: *component < 0,
    });
    let record = BomRecord {
        bom_id: master(1000 + number),
        number: format!("BOM-{number}"),
        item_id: master(item),
        item: format!("PT-{item}"),
        uses: uses.collect(),
    };
    BomWrite {
        bom_id: record.bom_id,
        released: Some((record, format!("body {number}"))),
    }
}

/// Bills, decided upon what they are made of.
fn release(message: u32, since: i64, boms: Vec<BomWrite>) -> Commit {
    let records = boms.iter().filter_map(|write| write.released.as_ref());
    let seen = records.flat_map(|(record, _)| {
        let uses = record.uses.iter().map(|used| used.component_id);
        uses.chain([record.item_id])
    });
    Commit {
        messages: vec![order(message)],
        boms_seen: seen.collect(),
        boms,
        boms_since: Some(since),
        ..Commit::default()
    }
}

async fn known(house: &House, items: &[u32], phantoms: &[u32]) -> KnownBoms {
    let ids = |numbers: &[u32]| -> Vec<MasterId> { numbers.iter().map(|it| master(*it)).collect() };
    let lookup = Lookup {
        boms: Some(BomLookup {
            items: ids(items),
            phantoms: ids(phantoms),
        }),
        ..Lookup::default()
    };
    let known = house.store.look_up(&lookup).await.unwrap();
    known.boms.unwrap()
}

fn numbers(known: &KnownBoms) -> Vec<&str> {
    let mut numbers: Vec<&str> = known.records.iter().map(|it| it.number.as_str()).collect();
    numbers.sort_unstable();
    numbers
}

pub(super) async fn what_an_item_is_made_of_is_found_to_the_last(house: &House) {
    let bills = vec![
        bill(1, 1, &[2, -3]),
        bill(2, 2, &[4]),
        bill(3, 3, &[-5]),
        bill(5, 5, &[1]),
    ];
    house
        .store
        .commit(release(1, 0, bills.clone()))
        .await
        .unwrap();
    // A circle, should there be one, has an end all the same.
    let all = known(house, &[1], &[3]).await;
    assert_eq!(numbers(&all), ["BOM-1", "BOM-2", "BOM-3", "BOM-5"]);
    let mut bodies: Vec<&str> = all.bodies.iter().map(|(_, body)| body.as_str()).collect();
    bodies.sort_unstable();
    assert_eq!(bodies, ["body 3", "body 5"]);
    let first = all.records.iter().find(|it| it.bom_id == master(1001));
    assert_eq!(first, bills[0].released.as_ref().map(|(record, _)| record));
    assert_eq!(numbers(&known(house, &[2, 4], &[]).await), ["BOM-2"]);

    // A bill that is released again replaces itself; one that is obsolete is gone.
    let gone = BomWrite {
        bom_id: master(1005),
        released: None,
    };
    let again = vec![bill(1, 1, &[6]), gone];
    house.store.commit(release(2, 1, again)).await.unwrap();
    let now = known(house, &[1, 5], &[5]).await;
    assert_eq!(numbers(&now), ["BOM-1"]);
    assert!(now.bodies.is_empty());
    assert_eq!(now.records[0].uses.len(), 1);
}

pub(super) async fn who_did_not_see_a_release_looks_again(house: &House) {
    house
        .store
        .commit(release(1, 0, vec![bill(1, 1, &[2])]))
        .await
        .unwrap();
    let refused = house
        .store
        .commit(release(2, 0, vec![bill(2, 2, &[1])]))
        .await;
    assert!(
        matches!(refused, Err(StoreError::Conflict(_))),
        "{refused:?}"
    );
    assert_eq!(numbers(&known(house, &[2], &[]).await), [""; 0]);
    // What is made of other items is nobody's business.
    let other = release(3, 0, vec![bill(3, 7, &[8])]);
    house.store.commit(other).await.unwrap();
    let gone = BomWrite {
        bom_id: master(1003),
        released: None,
    };
    let obsolete = release(5, 0, vec![gone]);
    house.store.commit(obsolete).await.unwrap();
    let late = release(6, 2, vec![bill(6, 6, &[7])]);
    let late = house.store.commit(late).await;
    assert!(matches!(late, Err(StoreError::Conflict(_))), "{late:?}");
    house
        .store
        .commit(release(2, 1, vec![bill(2, 2, &[3])]))
        .await
        .unwrap();
    // Nor who did not see that two items are one.
    let joined = Commit {
        messages: vec![order(7)],
        items_joined: vec![(master(2), master(9))],
        ..Commit::default()
    };
    house.store.commit(joined).await.unwrap();
    let now = known(house, &[1], &[9]).await;
    assert_eq!(numbers(&now), ["BOM-1", "BOM-2"]);
    assert_eq!(now.bodies.len(), 1);
    let late = house
        .store
        .commit(release(4, 4, vec![bill(4, 4, &[2])]))
        .await;
    assert!(matches!(late, Err(StoreError::Conflict(_))), "{late:?}");
}
