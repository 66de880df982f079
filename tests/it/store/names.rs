//! Masters are found by any part of what they are called.

use tenon_core::customer::Customer;
use tenon_core::{MasterId, MessageId};
use tenon_store::{Commit, GoldenRow, MasterWrite, SharedStore};

use super::fixtures::{House, golden, master};

fn row(number: u32, version: i64, customer: &Customer) -> GoldenRow {
    let mut row = golden(master(number), version, "");
    row.golden.customer = customer.clone();
    row.sources.statements.clear();
    row
}

async fn commit(store: &SharedStore, masters: Vec<MasterWrite>) {
    let commit = Commit {
        masters,
        ..Default::default()
    };
    store.commit(commit).await.unwrap();
}

async fn found(house: &House, part: &str) -> Vec<MasterId> {
    house.store.named(part, 10).await.unwrap()
}

fn masters(numbers: &[u32]) -> Vec<MasterId> {
    numbers.iter().map(|number| master(*number)).collect()
}

fn customer(legal_name: &str, short_name: &str, former_name: &str, code: &str) -> Customer {
    let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Customer {
        legal_name: given(legal_name),
        short_name: given(short_name),
        former_names: given(former_name).into_iter().collect(),
        code: given(code),
        ..Customer::default()
    }
}

/// Four masters with names in two scripts.
async fn four(house: &House) {
    let named = [
        customer("上海川可国际贸易有限公司", "川可", "上海可瑞贸易行", "CKMY"),
        customer("宁波川可电器有限公司", "", "", "CKDQ-2"),
        customer("Shenzhen Bright Müller Co., Ltd.", "Bright", "", "BRI1"),
        customer("深圳市亮川可照明（集团）有限公司", "", "", "LCKZM"),
    ];
    let writes = named.iter().zip(1..).map(|(customer, number)| MasterWrite {
        row: row(number, 1, customer),
        replaces: None,
        message_id: MessageId::derive(&["names"]),
    });
    commit(&house.store, writes.collect()).await;
}

pub(super) async fn a_master_is_found_by_any_part_of_its_names(house: &House) {
    four(house).await;
    for (part, expected) in [
        // What is called just so, what begins so, what holds it, the shorter first.
        ("川可", &[1, 2, 4][..]),
        ("ck", &[2, 1, 4]),
        ("可瑞", &[1]),
        ("国际贸易有限公司", &[1]),
        ("ckdq-2", &[2]),
        ("Q-", &[2]),
        ("有限公司", &[2, 4, 1]),
        // However it is typed.
        ("ＢＲＩＧＨＴ mueller", &[3]),
        ("muller", &[]),
        ("亮川可照明(集團)", &[4]),
        ("ht　M", &[3]),
        // A name does not go on in the next, and no sign means another.
        ("川可上海", &[]),
        ("可%公司", &[]),
        ("__", &[]),
        (" \u{301} ", &[]),
        ("", &[]),
    ] {
        assert_eq!(found(house, part).await, masters(expected), "{part}");
    }
    assert_eq!(
        house.store.named("川可", 2).await.unwrap(),
        masters(&[1, 2])
    );
}

pub(super) async fn what_is_called_just_so_comes_first_of_however_many(house: &House) {
    four(house).await;
    // Of identifiers of this form SQLite keeps the leading digits, which is as good.
    house
        .sql(
            "with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < 10001)
             insert into master_name (master_id, names)
             select cast((10000000 + n) || '-0000-0000-0000-000000000000' as uuid), '\n亮可\n'
             from numbers
             union all
             select cast((20000000 + n) || '-0000-0000-0000-000000000000' as uuid), '\n可亮\n'
             from numbers",
        )
        .await;
    let called = vec![MasterWrite {
        row: row(5, 1, &customer("可", "", "", "")),
        replaces: None,
        message_id: MessageId::derive(&["names"]),
    }];
    commit(&house.store, called).await;
    assert_eq!(house.store.named("可", 1).await.unwrap(), masters(&[5]));
}

pub(super) async fn names_follow_changes_and_merges(house: &House) {
    four(house).await;
    let renamed = customer("宁波海川电器有限公司", "", "宁波川可电器有限公司", "CKDQ-2");
    let change = |row: GoldenRow| MasterWrite {
        replaces: Some(row.version - 1),
        row,
        message_id: MessageId::derive(&["renamed"]),
    };
    commit(&house.store, vec![change(row(2, 2, &renamed))]).await;
    assert_eq!(found(house, "宁波海川").await, masters(&[2]));
    assert_eq!(found(house, "宁波川可").await, masters(&[2]));

    // The survivor is found by what the systems call the merged one, too.
    let told = golden(master(4), 2, "深圳市亮川可照明（集团）有限公司").sources;
    let gone = GoldenRow {
        merged_into: Some(master(2)),
        ..row(
            4,
            2,
            &customer("深圳市亮川可照明（集团）有限公司", "", "", ""),
        )
    };
    let survivor = GoldenRow {
        sources: told,
        ..row(2, 3, &renamed)
    };
    commit(&house.store, vec![change(survivor), change(gone)]).await;
    assert_eq!(found(house, "照明").await, masters(&[2]));

    let back = row(
        4,
        3,
        &customer("深圳市亮川可照明（集团）有限公司", "", "", ""),
    );
    commit(
        &house.store,
        vec![change(row(2, 4, &renamed)), change(back)],
    )
    .await;
    assert_eq!(found(house, "照明").await, masters(&[4]));

    // A batch that fails leaves the names as they were.
    let torn = Commit {
        masters: vec![
            change(row(3, 2, &customer("Dim", "", "", ""))),
            change(row(1, 9, &customer("x", "", "", ""))),
        ],
        ..Default::default()
    };
    house.store.commit(torn).await.unwrap_err();
    assert_eq!(found(house, "bright").await, masters(&[3]));
}

pub(super) async fn names_of_masters_that_are_there_are_filled_in(house: &House) {
    four(house).await;
    // As a release that knew no names would have left them.
    house
        .sql("delete from master_name; update match_version set version = 1")
        .await;
    assert_eq!(found(house, "川可").await, []);
    house.another_node().await.migrate().await.unwrap();
    assert_eq!(found(house, "川可").await, masters(&[1, 2, 4]));
}
