//! Masters that turn out to be one: their ties move, and who names the merged one is led on.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};

use tenon_core::{Entity, MasterId, MessageId, Reference};
use tenon_master::KeyKind;
use tenon_store::{
    Commit, GoldenRow, Lookup, MasterWrite, Move, OutboundLookup, ReferenceLookup, Settlement, Tie,
    TiedRecord,
};

use super::fixtures::{
    House, delivered, golden, key, link, master, needs_master, new_customer, order, park, system,
};

/// Masters 1 and 2 with a key each; 1 is known in the erp as K-1, 2 as K-2.
async fn two(house: &House) {
    for number in [1, 2] {
        let mut commit = new_customer(number);
        let native_id = format!("K-{number}");
        commit
            .links
            .push(link(Entity::Customer, "erp", &native_id, master(number)));
        commit.keys = vec![(key(KeyKind::Tax, &format!("T-{number}")), master(number))];
        house.store.commit(commit).await.unwrap();
    }
}

fn write(row: GoldenRow, replaces: i64) -> MasterWrite {
    MasterWrite {
        row,
        replaces: Some(replaces),
        message_id: MessageId::derive(&["merge"]),
    }
}

/// Master 2 into master 1, as version 2 of both.
fn merge() -> Commit {
    merge_as(2)
}

fn merge_as(version: u32) -> Commit {
    let (now, before) = (i64::from(version), i64::from(version) - 1);
    let gone = GoldenRow {
        merged_into: Some(master(1)),
        ..golden(master(2), now, "two")
    };
    Commit {
        messages: vec![order(88 + version)],
        masters: vec![
            write(golden(master(1), now, "both"), before),
            write(gone, before),
        ],
        moves: vec![Move::Merge {
            survivor: master(1),
            merged: master(2),
        }],
        ..Default::default()
    }
}

fn unmerge() -> Commit {
    unmerge_as(3)
}

fn unmerge_as(version: u32) -> Commit {
    let (now, before) = (i64::from(version), i64::from(version) - 1);
    Commit {
        messages: vec![order(88 + version)],
        masters: vec![
            write(golden(master(1), now, "one"), before),
            write(golden(master(2), now, "two"), before),
        ],
        moves: vec![Move::Unmerge {
            survivor: master(1),
            merged: master(2),
            members: vec![master(2)],
        }],
        ..Default::default()
    }
}

async fn records(house: &House, number: u32) -> Vec<(String, Option<u32>)> {
    let found = house.store.records(&[master(number)]).await.unwrap();
    let shown = |(of, record): (MasterId, TiedRecord)| {
        assert_eq!(of, master(number));
        let of = record
            .unmerged
            .map(|id| (1..9).find(|number| master(*number) == id).unwrap());
        (format!("{}/{}", record.system, record.native_id), of)
    };
    found.into_iter().map(shown).collect()
}

fn all_of_both() -> Lookup {
    Lookup {
        natives: vec![(Entity::Customer, system("crm"), "C-2".to_owned())],
        keys: vec![key(KeyKind::Tax, "T-1"), key(KeyKind::Tax, "T-2")],
        ..Default::default()
    }
}

pub(super) async fn a_merge_moves_every_tie_and_an_unmerge_moves_it_back(house: &House) {
    two(house).await;
    let before = (records(house, 1).await, records(house, 2).await);
    house.store.commit(merge()).await.unwrap();
    let all = [
        ("crm/C-1", None),
        ("crm/C-2", Some(2)),
        ("erp/K-1", None),
        ("erp/K-2", Some(2)),
    ];
    let all = all.map(|(name, of)| (name.to_owned(), of)).to_vec();
    assert_eq!(records(house, 1).await, all);
    assert_eq!(records(house, 2).await, []);
    let known = house.store.look_up(&all_of_both()).await.unwrap();
    assert!(
        known
            .natives
            .values()
            .chain(known.keys.values())
            .all(|id| *id == master(1))
    );
    let crm = Tie::Record(Entity::Customer, system("crm"), "C-2".to_owned());
    let tax = Tie::Key(key(KeyKind::Tax, "T-2"));
    let unmerged = HashMap::from([(crm, master(2)), (tax, master(2))]);
    assert_eq!(known.unmerged, unmerged);
    assert_eq!(house.store.dashboard().await.unwrap().masters, 1);
    let row = house.store.golden(master(2)).await.unwrap().unwrap();
    assert_eq!((row.version, row.merged_into), (2, Some(master(1))));

    house.store.commit(unmerge()).await.unwrap();
    assert_eq!((records(house, 1).await, records(house, 2).await), before);
    let known = house.store.look_up(&all_of_both()).await.unwrap();
    assert_eq!(known.keys[&key(KeyKind::Tax, "T-1")], master(1));
    assert_eq!(known.keys[&key(KeyKind::Tax, "T-2")], master(2));
    assert!(known.unmerged.is_empty());
    let history = "select count(*) from golden_history where merged_into is not null";
    assert_eq!(house.number(history).await, 1);
}

/// Whose a key is and what its master says are never of two moments, or a record would join whom its key led to before.
pub(super) async fn a_look_up_is_of_one_moment(house: &House) {
    two(house).await;
    let written = AtomicBool::new(false);
    let writing = async {
        for version in (2..202).step_by(2) {
            house.store.commit(merge_as(version)).await.unwrap();
            house.store.commit(unmerge_as(version + 1)).await.unwrap();
        }
        written.store(true, Ordering::Relaxed);
    };
    let reading = async {
        let mut seen = BTreeSet::new();
        while !written.load(Ordering::Relaxed) {
            let known = house.store.look_up(&all_of_both()).await.unwrap();
            let version = known.golden[&master(1)].version;
            let merged = version % 2 == 0;
            let owner = if merged { 1 } else { 2 };
            assert_eq!(
                known.keys[&key(KeyKind::Tax, "T-2")],
                master(owner),
                "{version}"
            );
            assert_eq!(known.unmerged.is_empty(), !merged, "{version}");
            seen.insert(version);
        }
        seen.len()
    };
    let ((), seen) = tokio::join!(writing, reading);
    assert!(seen > 10, "only {seen} moments were looked at");
}

pub(super) async fn a_merge_in_a_merged_master_comes_back_with_it(house: &House) {
    two(house).await;
    house.store.commit(new_customer(3)).await.unwrap();
    house.store.commit(merge()).await.unwrap();
    // Master 1, with 2 in it, into 3; and out of it again.
    let gone = GoldenRow {
        merged_into: Some(master(3)),
        ..golden(master(1), 3, "both")
    };
    let deeper = Commit {
        messages: vec![order(92)],
        masters: vec![write(golden(master(3), 3, "all"), 1), write(gone, 2)],
        moves: vec![Move::Merge {
            survivor: master(3),
            merged: master(1),
        }],
        ..Default::default()
    };
    house.store.commit(deeper).await.unwrap();
    assert_eq!(records(house, 3).await.len(), 5);
    let out = Commit {
        messages: vec![order(93)],
        masters: vec![
            write(golden(master(3), 4, "three"), 3),
            write(golden(master(1), 4, "both"), 3),
        ],
        moves: vec![Move::Unmerge {
            survivor: master(3),
            merged: master(1),
            members: vec![master(1), master(2)],
        }],
        ..Default::default()
    };
    house.store.commit(out).await.unwrap();
    let found = records(house, 1).await;
    let of: Vec<Option<u32>> = found.iter().map(|(_, of)| *of).collect();
    assert_eq!(of, [None, Some(2), None, Some(2)], "{found:?}");
    assert_eq!(records(house, 3).await, [("crm/C-3".to_owned(), None)]);
}

pub(super) async fn what_names_a_merged_master_is_led_to_the_survivor(house: &House) {
    two(house).await;
    house.store.commit(merge()).await.unwrap();
    let by = |number| ReferenceLookup {
        entity: Entity::Customer,
        reference: Reference::Master {
            master_id: master(number),
        },
    };
    let lookup = OutboundLookup {
        system: system("erp"),
        translated: vec![Entity::Customer],
        messages: Vec::new(),
        references: vec![by(1), by(2), by(7)],
    };
    let known = house.store.look_up_outbound(&lookup).await.unwrap();
    let resolved = &known.references[&by(2)];
    assert_eq!(*resolved, known.references[&by(1)]);
    assert_eq!(resolved.master_id, Some(master(1)));
    assert_eq!(resolved.ids.len(), 2);
    assert_eq!(resolved.golden.as_ref().unwrap().version, 2);
    assert_eq!(known.references[&by(7)].master_id, None);
    // A key that another node claimed for the merged master just before the merge.
    let late = Commit {
        keys: vec![(key(KeyKind::Name, "late"), master(2))],
        ..Default::default()
    };
    house.store.commit(late).await.unwrap();
    let lookup = Lookup {
        keys: vec![key(KeyKind::Name, "late")],
        ..Default::default()
    };
    let known = house.store.look_up(&lookup).await.unwrap();
    assert_eq!(known.keys[&key(KeyKind::Name, "late")], master(1));
    assert_eq!(known.golden[&master(1)].version, 2);
    assert_eq!(
        known.unmerged.into_values().collect::<Vec<_>>(),
        [master(2)]
    );
}

pub(super) async fn a_delivery_that_a_merge_overtook_links_the_survivor(house: &House) {
    two(house).await;
    house.store.commit(merge()).await.unwrap();
    let mut message = order(10_002);
    message.attributes.kind = tenon_core::MessageKind::current(Entity::Customer);
    message.attributes.master_id = Some(master(2));
    let mut outcome = delivered(&message, "K-9");
    outcome.holdings.push(super::fixtures::holding("K-2"));
    let settlement = Settlement {
        system: system("erp"),
        outcomes: vec![outcome],
        parked: Vec::new(),
    };
    house.store.settle(settlement).await.unwrap();
    assert!(
        records(house, 1)
            .await
            .contains(&("erp/K-9".to_owned(), Some(2)))
    );
    assert_eq!(records(house, 2).await, []);
    let delivery = &house.deliveries(message.attributes.id).await[0];
    assert_eq!(delivery.detail, "201 created");
    house.store.commit(unmerge()).await.unwrap();
    assert!(
        records(house, 2)
            .await
            .contains(&("erp/K-9".to_owned(), None))
    );
}

pub(super) async fn who_waited_for_a_merged_master_is_looked_at_again(house: &House) {
    two(house).await;
    house.store.commit(new_customer(3)).await.unwrap();
    let waiting = |number, on| Settlement {
        system: system("invoicing"),
        outcomes: Vec::new(),
        parked: vec![park(&order(number), needs_master(on))],
    };
    house.store.settle(waiting(1, 2)).await.unwrap();
    house.store.settle(waiting(2, 3)).await.unwrap();
    assert_eq!(house.due("invoicing").await, []);
    assert_eq!(
        house.store.commit(merge()).await.unwrap(),
        [system("invoicing")]
    );
    assert_eq!(house.due("invoicing").await, [order(1).attributes.id]);
    // One that was on its way into its lane while the masters were merged.
    house.store.settle(waiting(4, 2)).await.unwrap();
    let due = house.due("invoicing").await;
    assert_eq!(due, [order(1).attributes.id, order(4).attributes.id]);
}
