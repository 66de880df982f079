//! What people and systems send that is no proper customer: each is taken, refused or asked about, and
//! nothing is joined by it.

use std::collections::BTreeSet;

use tenon_core::{Entity, MasterId, MessageId};
use tenon_pipeline::{Act, Outcome, Roles};
use tenon_store::{Lookup, ParkedState};

use super::likeness::two_senders;
use super::masters::master;
use super::node::Node;
use super::place::{House, named};
use super::stewardship::{done, give};

/// Two ids that are one character apart in writing: the first checks, the other is how it is misread.
const TAX: &str = "91350100M000100Y43";
const MISREAD: [&str; 3] = [
    "9135O100M000100Y43",
    "91350I00M000100Y43",
    "9I35OI00MOOOIOOY43",
];

async fn routed(node: &Node, system: &str, record: &str) -> MessageId {
    let id = node.send(system, Entity::Customer, record).await;
    node.journaled(id, "routed").await;
    id
}

async fn masters(node: &Node) -> u64 {
    node.store.dashboard().await.unwrap().masters
}

pub(super) async fn a_name_that_is_too_long_or_empty_names_nobody(house: &House) {
    let node = two_senders(house).await;
    let hub = node.start(Roles::ALL).await;
    let long = format!(r#"{{"id":"C-1","name":"{}"}}"#, "川可".repeat(5_000));
    let sent = node.send("crm", Entity::Customer, &long).await;
    let parked = node.parked(sent, ParkedState::Failed).await;
    assert!(parked.detail.contains("legal_name"), "{}", parked.detail);
    for id in ["C-2", "C-3"] {
        let empty = format!(r#"{{"id":"{id}","name":"","city":"上海"}}"#);
        routed(&node, "crm", &empty).await;
    }
    assert_eq!(masters(&node).await, 2);
    hub.stop().await;
}

pub(super) async fn signs_and_test_entries_join_nobody(house: &House) {
    let node = two_senders(house).await;
    let hub = node.start(Roles::ALL).await;
    let names = ["😀😀", "测试客户", "aaa", "无", "11111", "客户"];
    for (number, name) in names.iter().enumerate() {
        for system in ["crm", "oa"] {
            let record = format!(r#"{{"id":"{system}-{number}","name":"{name}","city":"上海"}}"#);
            routed(&node, system, &record).await;
        }
    }
    assert_eq!(masters(&node).await, 2 * names.len() as u64);
    hub.stop().await;
}

pub(super) async fn a_name_in_mixed_scripts_finds_its_company(house: &House) {
    let node = two_senders(house).await;
    let hub = node.start(Roles::ALL).await;
    let rest = r#""phone":"13916228001","city":"福州","contact":"沈若清""#;
    routed(
        &node,
        "crm",
        &format!(r#"{{"id":"C","name":"福州瀚屿轴承有限公司",{rest}}}"#),
    )
    .await;
    let name = "福州市瀚嶼軸承　有限公司";
    routed(
        &node,
        "oa",
        &format!(r#"{{"id":"K-1","name":"{name}",{rest}}}"#),
    )
    .await;
    assert_eq!(
        master(&node, "crm", "C").await,
        master(&node, "oa", "K-1").await
    );
    // Where it is not sure a person is asked, and shown the right one.
    let name = "福州瀚嶼(HANYU)轴承😀";
    routed(
        &node,
        "oa",
        &format!(r#"{{"id":"K-2","name":"{name}",{rest}}}"#),
    )
    .await;
    let (one, other) = (
        master(&node, "crm", "C").await,
        master(&node, "oa", "K-2").await,
    );
    let asked = node.store.reviews(None, None, 100).await.unwrap();
    let is_asked = || {
        asked
            .iter()
            .any(|it| [it.one, it.other].contains(&one) && [it.one, it.other].contains(&other))
    };
    assert!(one == other || is_asked(), "{asked:?}");
    hub.stop().await;
}

pub(super) async fn a_misread_tax_id_is_suspected_and_not_trusted(house: &House) {
    let node = two_senders(house).await;
    let hub = node.start(Roles::ALL).await;
    let right =
        format!(r#"{{"id":"C","name":"福州瀚屿轴承有限公司","tax":"{TAX}","city":"福州"}}"#);
    routed(&node, "crm", &right).await;
    let one = master(&node, "crm", "C").await;
    for (number, tax) in MISREAD.iter().enumerate() {
        // Alone it joins nothing.
        let stranger = format!(
            r#"{{"id":"S-{number}","name":"宁波鹿梧印染有限公司","tax":"{tax}","city":"宁波"}}"#
        );
        routed(&node, "oa", &stranger).await;
        assert_ne!(
            master(&node, "oa", &format!("S-{number}")).await,
            one,
            "{tax}"
        );
        // Beside the name it does not part what is one, nor does it take the right one's place.
        let same = format!(
            r#"{{"id":"K-{number}","name":"福州瀚屿轴承有限公司","tax":"{tax}","city":"福州"}}"#
        );
        routed(&node, "oa", &same).await;
        assert_eq!(
            master(&node, "oa", &format!("K-{number}")).await,
            one,
            "{tax}"
        );
    }
    let golden = node
        .store
        .golden(one)
        .await
        .unwrap()
        .expect("a golden record");
    assert_eq!(golden.golden.customer.tax_id.as_deref(), Some(TAX));
    hub.stop().await;
}

pub(super) async fn merging_the_merged_and_parting_out_of_order_is_refused(house: &House) {
    let node = two_senders(house).await;
    let hub = node.start(Roles::ALL).await;
    for name in ["棠溪阀门", "砚北电缆", "麦澜箱包"] {
        let record = format!(r#"{{"id":"{name}","name":"福州{name}有限公司"}}"#);
        routed(&node, "crm", &record).await;
    }
    let [one, two, three] = [
        master(&node, "crm", "棠溪阀门").await,
        master(&node, "crm", "砚北电缆").await,
        master(&node, "crm", "麦澜箱包").await,
    ];
    let merge = |survivor, merged| Act::Merge { survivor, merged };
    done(&node, merge(two, three)).await;
    let refused = |outcome: &Outcome| match outcome {
        Outcome::Refused { code, .. } => code.clone(),
        other => format!("{other:?}"),
    };
    for again in [merge(one, three), merge(three, one), merge(two, three)] {
        assert_eq!(refused(&give(&node, again).await), "master.merged");
    }
    assert_eq!(
        refused(&give(&node, merge(one, one)).await),
        "master.itself"
    );
    done(&node, merge(one, two)).await;
    let unmerge = |merged| Act::Unmerge { merged };
    assert_eq!(refused(&give(&node, unmerge(three)).await), "unmerge.order");
    assert_eq!(
        refused(&give(&node, unmerge(one)).await),
        "master.not_merged"
    );
    done(&node, unmerge(two)).await;
    done(&node, unmerge(three)).await;
    let apart = [
        master(&node, "crm", "棠溪阀门").await,
        master(&node, "crm", "砚北电缆").await,
        master(&node, "crm", "麦澜箱包").await,
    ];
    assert_eq!(apart, [one, two, three]);
    hub.stop().await;
}

/// A brand of two characters that no other number has.
fn brand(number: u32) -> String {
    let letter = |at: u32| char::from_u32(0x4E00 + at).unwrap_or('川');
    format!(
        "{}{}",
        letter(400 + number / 80 * 7),
        letter(2_000 + number % 80 * 31)
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_thousand_with_one_phone_are_five_thousand() {
    const RECORDS: u32 = 5_000;
    let house = House::embedded().await;
    let node = two_senders(&house).await;
    let hub = node.start(Roles::ALL).await;
    let records: Vec<_> = (0..RECORDS)
        .map(|number| {
            let brand = brand(number);
            let record =
                format!(r#"{{"id":"C-{number}","name":"{brand}财务","phone":"021-61288001"}}"#);
            node.message("crm", Entity::Customer, &record)
        })
        .collect();
    node.take(&records).await;
    node.journal_has(records.len()).await;
    let natives =
        (0..RECORDS).map(|number| (Entity::Customer, named("crm"), format!("C-{number}")));
    let lookup = Lookup {
        natives: natives.collect(),
        ..Lookup::default()
    };
    let known = node.store.look_up(&lookup).await.unwrap();
    let masters: BTreeSet<MasterId> = known.natives.into_values().collect();
    assert_eq!(masters.len(), RECORDS as usize);
    hub.stop().await;
}
