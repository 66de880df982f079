//! What systems say of items, and how one is found by what it shares with another.

use tenon_core::{Entity, MasterId};
use tenon_master::{KeyKind, Part};
use tenon_store::{Commit, ItemRecord, Lookup, StoreError};

use super::fixtures::{House, link, master, order, system};

fn part(code: &str, specification: &str) -> Part {
    Part {
        code: code.to_owned(),
        name: "螺丝".to_owned(),
        specification: Some(specification.to_owned()),
        unit: None,
    }
}

fn record(of: MasterId, name: &str, native_id: &str, part: Part) -> ItemRecord {
    ItemRecord {
        master_id: of,
        system: system(name),
        native_id: native_id.to_owned(),
        part,
    }
}

/// A commit that takes a record in, with its link and its keys.
fn told(number: u32, record: ItemRecord) -> Commit {
    let ItemRecord {
        master_id,
        system,
        native_id,
        part,
    } = &record;
    Commit {
        messages: vec![order(number)],
        links: vec![link(Entity::Item, system.as_str(), native_id, *master_id)],
        keys: part
            .keys()
            .into_iter()
            .map(|key| (key, *master_id))
            .collect(),
        items: vec![record],
        ..Commit::default()
    }
}

/// The native ids of what is found for `part`, in order.
async fn found(house: &House, part: &Part) -> Vec<String> {
    let lookup = Lookup {
        keys: part.keys(),
        items: true,
        ..Lookup::default()
    };
    let known = house.store.look_up(&lookup).await.unwrap();
    let mut ids: Vec<String> = known.items.into_iter().map(|it| it.native_id).collect();
    ids.sort();
    ids
}

pub(super) async fn an_item_is_found_by_code_and_by_what_it_is(house: &House) {
    let erp = record(master(1), "erp", "100-200", part("100-200", "M3x10"));
    house.store.commit(told(1, erp.clone())).await.unwrap();
    // What another system calls it is found with it.
    let mut pdm = told(2, record(master(1), "pdm", "PT-1", part("PT-1", "M3x10")));
    pdm.keys.retain(|(key, _)| key.kind == KeyKind::ItemCode);
    house.store.commit(pdm).await.unwrap();
    let all = ["100-200", "PT-1"];
    assert_eq!(found(house, &part("pt-1", "M8")).await, all);
    assert_eq!(found(house, &part("X", "M3 × 10")).await, all);
    assert!(found(house, &part("X", "M8")).await.is_empty());
    // By its native id, where it is asked what is said of items.
    let natives = vec![(Entity::Item, system("erp"), "100-200".to_owned())];
    let mut lookup = Lookup {
        natives,
        items: true,
        ..Lookup::default()
    };
    let known = house.store.look_up(&lookup).await.unwrap();
    assert_eq!(known.items.len(), 2);
    assert!(known.items.contains(&erp));
    lookup.items = false;
    let known = house.store.look_up(&lookup).await.unwrap();
    assert!(known.items.is_empty());
}

pub(super) async fn an_item_is_found_by_what_it_says_now(house: &House) {
    let before = record(master(1), "erp", "1", part("A\0B", "M3x10"));
    house.store.commit(told(1, before)).await.unwrap();
    assert_eq!(found(house, &part("AB", "M8")).await, ["1"]);
    let now = record(master(1), "erp", "1", part("C", "M4x10"));
    house.store.commit(told(2, now)).await.unwrap();
    assert!(found(house, &part("AB", "M3x10")).await.is_empty());
    assert_eq!(found(house, &part("C", "M4x10")).await, ["1"]);
}

pub(super) async fn of_two_who_meet_one_item_one_is_told_to_look_again(house: &House) {
    let ours = told(1, record(master(1), "erp", "1", part("A", "M3x10")));
    let theirs = told(2, record(master(2), "pdm", "1", part("a", "M3x11")));
    house.store.commit(ours).await.unwrap();
    let refused = house.store.commit(theirs).await;
    assert!(
        matches!(refused, Err(StoreError::Conflict(_))),
        "{refused:?}"
    );
    assert_eq!(found(house, &part("A", "M8")).await, ["1"]);
}
