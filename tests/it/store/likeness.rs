//! What likeness keeps of masters: found by what they share, written with them, filled in once.

use std::collections::BTreeSet;

use tenon_core::customer::Customer;
use tenon_core::{MasterId, MessageId};
use tenon_master::likeness::{MatchKey, Traits};
use tenon_store::{Commit, Likeness, MasterWrite, SharedStore};

use super::fixtures::{House, golden, master};

/// The crowd of the tests.
const CROWD: usize = 8;

fn customer(name: &str, phone: &str) -> Customer {
    Customer {
        legal_name: Some(name.to_owned()),
        phones: vec![phone.to_owned()],
        ..Customer::default()
    }
}

/// A master of which these statements were made.
fn write(number: u32, replaces: Option<i64>, statements: &[&Customer]) -> MasterWrite {
    let mut row = golden(master(number), replaces.unwrap_or(0) + 1, "");
    let statement = row.sources.statements.remove(0);
    row.sources.statements = statements
        .iter()
        .map(|customer| {
            let mut statement = statement.clone();
            statement.record.customer = (*customer).clone();
            statement
        })
        .collect();
    MasterWrite {
        row,
        replaces,
        message_id: MessageId::derive(&["likeness"]),
    }
}

async fn commit(store: &SharedStore, masters: Vec<MasterWrite>) {
    let commit = Commit {
        masters,
        ..Default::default()
    };
    store.commit(commit).await.unwrap();
}

async fn likeness(store: &SharedStore) -> Box<dyn Likeness> {
    store.likeness().await.unwrap()
}

/// The masters that share a key with a customer.
async fn sharing(store: &SharedStore, customer: &Customer) -> BTreeSet<MasterId> {
    let keys = Traits::of([customer]).keys();
    let (postings, _) = likeness(store)
        .await
        .postings(&keys, CROWD, None)
        .await
        .unwrap();
    postings.shortlist(&keys).into_iter().collect()
}

pub(super) async fn a_master_is_found_by_what_it_shares(house: &House) {
    let crm = customer("瀚屿轴承", "13916228001");
    let erp = customer("福州瀚屿轴承有限公司", "0591-61288001");
    let masters = vec![
        write(1, None, &[&crm, &erp]),
        write(2, None, &[&customer("常德麦澜电缆有限公司", "13916228002")]),
    ];
    commit(&house.store, masters).await;
    let node = house.another_node().await;
    for asked in [
        &crm,
        &erp,
        &customer("汉屿", "13916228001"),
        &customer("福州翰屿轴承", ""),
    ] {
        assert_eq!(sharing(&node, asked).await, [master(1)].into(), "{asked:?}");
    }
    assert_eq!(sharing(&node, &customer("长沙柏舟", "")).await, [].into());
    let mut node = likeness(&node).await;
    let near = node.neighbours(&[master(1), master(9)]).await.unwrap();
    assert_eq!(near.traits, [(master(1), Traits::of([&crm, &erp]))]);
    assert_eq!(near.rejected, [].into());
    let (nothing, holder) = node.postings(&[], CROWD, None).await.unwrap();
    assert_eq!((nothing.masters, holder), (2, None));
}

pub(super) async fn a_changed_master_is_found_by_what_it_now_says(house: &House) {
    let before = customer("福州瀚屿轴承有限公司", "13916228001");
    let after = customer("泉州鹿梧印染有限公司", "13916228001");
    commit(&house.store, vec![write(1, None, &[&before])]).await;
    // Twice in one batch: the last holds.
    let masters = vec![
        write(1, Some(1), &[&before, &after]),
        write(1, Some(2), &[&after]),
    ];
    commit(&house.store, masters).await;
    let store = &house.store;
    assert_eq!(
        sharing(store, &customer("泉州鹿梧", "")).await,
        [master(1)].into()
    );
    assert_eq!(
        sharing(store, &customer("", "13916228001")).await,
        [master(1)].into()
    );
    assert_eq!(
        sharing(store, &customer("福州瀚屿轴承", "")).await,
        [].into()
    );
    let keys = Traits::of([&after]).keys().len() as i64;
    assert_eq!(house.number("select count(*) from match_key").await, keys);
    // One that no system states any more, and that says nothing, is found by nothing.
    let mut gone = write(1, Some(3), &[]);
    gone.row.golden = Default::default();
    commit(store, vec![gone]).await;
    assert_eq!(house.number("select count(*) from match_key").await, 0);
}

pub(super) async fn a_crowd_is_counted_and_not_named(house: &House) {
    let phone = customer("", "13916228001");
    let key = phone_key(&phone);
    let mut written = 0;
    for (masters, named) in [(8_u32, 8), (9, 0), (16, 0), (40, 0)] {
        let more = (written..masters).map(|number| write(number, None, &[&phone]));
        commit(&house.store, more.collect()).await;
        written = masters;
        let mut store = likeness(&house.store).await;
        let (postings, _) = store.postings(&[key], CROWD, None).await.unwrap();
        let posting = &postings.by_key[&key];
        assert_eq!(posting.masters.len(), named, "{masters}");
        // Sixteen are counted, and one more tells that there are others.
        assert_eq!((postings.counted, posting.sharing), (16, masters.min(17)));
    }
}

fn phone_key(customer: &Customer) -> MatchKey {
    let keys = Traits::of([customer]).keys();
    assert_eq!(keys.len(), 1, "nothing but a phone");
    keys[0]
}

pub(super) async fn a_failing_commit_leaves_no_keys(house: &House) {
    let known = customer("福州瀚屿轴承有限公司", "13916228001");
    let torn = Commit {
        masters: vec![write(1, None, &[&known]), write(2, Some(7), &[&known])],
        ..Default::default()
    };
    house.store.commit(torn).await.unwrap_err();
    assert_eq!(sharing(&house.store, &known).await, [].into());
    assert_eq!(house.number("select count(*) from match_traits").await, 0);
}

pub(super) async fn masters_that_are_there_are_filled_in_once(house: &House) {
    let known = |number: u32| customer("福州瀚屿轴承有限公司", &format!("139162280{number:02}"));
    let masters = (1..=30).map(|number| write(number, None, &[&known(number)]));
    commit(&house.store, masters.collect()).await;
    let keys = house.number("select count(*) from match_key").await;
    // As a release that knew nothing of likeness would have left them, and as an earlier one of it.
    for outdated in [
        "delete from match_version; delete from match_key; delete from match_traits",
        "update match_version set version = 0; update match_key set key = key + 1",
    ] {
        house.sql(outdated).await;
        let nodes = [house.another_node().await, house.another_node().await];
        let (one, other) = tokio::join!(nodes[0].migrate(), nodes[1].migrate());
        one.unwrap();
        other.unwrap();
        assert_eq!(house.number("select count(*) from match_key").await, keys);
        assert_eq!(
            sharing(&house.store, &customer("", "13916228007")).await,
            [master(7)].into()
        );
    }
    // What is filled in already is left alone.
    house.sql("delete from match_key").await;
    house.store.migrate().await.unwrap();
    assert_eq!(house.number("select count(*) from match_key").await, 0);
}
