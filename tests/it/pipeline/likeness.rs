//! Customers that no exact key joins: what likeness joins, what it asks about, and that it is the
//! same for who comes first, at once, or again.

use tenon_core::{Entity, MasterId, Message, MessageId, Native};
use tenon_pipeline::{Act, Hub, Likeness, MasterPolicy, Roles, Settings};
use tenon_store::{Lookup, Review, ReviewState};

use super::masters::master;
use super::node::Node;
use super::place::{House, named, settings};
use super::stewardship::done;

/// A customer in canonical form, with all that likeness reads.
const FULL_IN: &str = "{ kind: \"customer\", legal_name: .name, short_name: .short, tax_id: .tax,
    phones: [.phone // empty], contacts: [.contact // empty | { name: . }],
    addresses: [{ city: .city, street: .street } | compact | select(length > 0)] } | compact";

/// A crm and an oa that only send.
pub(super) async fn two_senders(house: &House) -> Node {
    house.write("full.in.jq", FULL_IN);
    for name in ["crm", "oa"] {
        let hook = house.webhook("customer", "id", "full.in.jq");
        house.system(
            name,
            "http",
            &("url = 'http://127.0.0.1:9'\n".to_owned() + &hook),
        );
    }
    house.node().await
}

async fn start(node: &Node, likeness: Likeness) -> Hub {
    let settings = Settings {
        master: MasterPolicy {
            likeness,
            ..MasterPolicy::default()
        },
        ..settings(Roles::ALL)
    };
    let (broker, store) = (node.broker.clone(), node.store.clone());
    let hub = Hub::start(settings, node.deployment.clone(), broker, store).await;
    hub.expect("the hub starts")
}

/// A registered company, as the crm writes it.
fn registered(id: &str, brand: &str, number: u32) -> String {
    let phone = 13_916_228_000_u64 + u64::from(number);
    format!(
        r#"{{"id":"{id}","name":"福州{brand}轴承有限公司","phone":"{phone}","city":"福州","street":"海川大道{number}号","contact":"沈若清"}}"#
    )
}

/// The same, as somebody typed it into the oa.
fn typed(id: &str, brand: &str, number: u32) -> String {
    let phone = 13_916_228_000_u64 + u64::from(number);
    format!(
        r#"{{"id":"{id}","short":"{brand}轴承","phone":"+86 {phone}","city":"福州市","contact":"沈若清"}}"#
    )
}

async fn sent(node: &Node, system: &str, record: &str) -> MessageId {
    let id = node.send(system, Entity::Customer, record).await;
    node.journaled(id, "routed").await;
    id
}

async fn masters(node: &Node) -> u64 {
    node.store.dashboard().await.unwrap().masters
}

async fn open(node: &Node) -> Vec<Review> {
    let state = Some(ReviewState::Open);
    node.store.reviews(state, None, 100).await.unwrap()
}

pub(super) async fn a_like_record_joins_and_comes_again(house: &House) {
    let node = two_senders(house).await;
    let hub = start(&node, Likeness::Join).await;
    sent(&node, "crm", &registered("C-1", "瀚屿", 1)).await;
    let record = node.message("oa", Entity::Customer, &typed("K-1", "瀚屿", 1));
    for _ in 0..2 {
        node.take(std::slice::from_ref(&record)).await;
        node.journaled(record.attributes.id, "routed").await;
    }
    assert_eq!(
        master(&node, "crm", "C-1").await,
        master(&node, "oa", "K-1").await
    );
    // A sister by its name alone is another, and nobody is asked in vain twice.
    let sister = r#"{"id":"K-2","name":"福州瀚屿轴承制造有限公司"}"#;
    sent(&node, "oa", sister).await;
    assert_ne!(
        master(&node, "crm", "C-1").await,
        master(&node, "oa", "K-2").await
    );
    assert_eq!(masters(&node).await, 2);
    hub.stop().await;
}

pub(super) async fn what_is_doubtful_is_asked_once_and_heeded(house: &House) {
    let node = two_senders(house).await;
    let hub = start(&node, Likeness::Ask).await;
    sent(&node, "crm", &registered("C-1", "瀚屿", 1)).await;
    sent(&node, "oa", &typed("K-1", "瀚屿", 1)).await;
    let (one, other) = (
        master(&node, "crm", "C-1").await,
        master(&node, "oa", "K-1").await,
    );
    assert_ne!(one, other, "the machine was told to ask");
    let asked = open(&node).await;
    let [review] = asked.as_slice() else {
        panic!("one question: {asked:?}")
    };
    assert_eq!((review.one, review.other), (one.min(other), one.max(other)));
    assert_eq!(review.reason, "alike");
    assert_eq!(review.evidence["record"]["native_id"], "K-1");
    assert!(
        review.evidence["probability"].as_f64().unwrap() > 0.5,
        "{review:?}"
    );
    let reasons = review.evidence["reasons"].as_array().unwrap();
    assert!(
        reasons
            .iter()
            .any(|reason| reason["finding"] == "mobile_same"),
        "{reasons:?}"
    );
    done(&node, Act::Reject { review: review.id }).await;
    hub.stop().await;

    // They are two, says a person. A third that is like both joins neither, however sure.
    let hub = start(&node, Likeness::Join).await;
    sent(&node, "crm", &typed("C-3", "瀚屿", 1)).await;
    let third = master(&node, "crm", "C-3").await;
    assert!(![one, other].contains(&third));
    let asked = open(&node).await;
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert!([asked[0].one, asked[0].other].contains(&third));
    hub.stop().await;
}

pub(super) async fn what_likeness_joined_is_parted_exactly(house: &House) {
    let node = two_senders(house).await;
    let hub = start(&node, Likeness::Join).await;
    sent(&node, "crm", &registered("C-1", "瀚屿", 1)).await;
    sent(
        &node,
        "crm",
        r#"{"id":"C-2","name":"福州瀚屿密封件有限公司","phone":"0591-88112233","city":"福州"}"#,
    )
    .await;
    let (one, other) = (
        master(&node, "crm", "C-1").await,
        master(&node, "crm", "C-2").await,
    );
    assert_ne!(one, other);
    done(
        &node,
        Act::Merge {
            survivor: other,
            merged: one,
        },
    )
    .await;
    // It comes to the merged, by the side that it is like.
    sent(&node, "oa", &typed("K-1", "瀚屿", 1)).await;
    let asked = open(&node).await;
    assert_eq!(master(&node, "oa", "K-1").await, other, "{asked:#?}");
    done(&node, Act::Unmerge { merged: one }).await;
    assert_eq!(master(&node, "oa", "K-1").await, one);
    assert_eq!(master(&node, "crm", "C-2").await, other);
    hub.stop().await;
}

pub(super) async fn exact_keys_alone_if_so_told(house: &House) {
    let node = two_senders(house).await;
    let hub = start(&node, Likeness::Off).await;
    sent(&node, "crm", &registered("C-1", "瀚屿", 1)).await;
    sent(&node, "oa", &typed("K-1", "瀚屿", 1)).await;
    assert_eq!((masters(&node).await, open(&node).await.len()), (2, 0));
    hub.stop().await;
}

/// Brands of one company each.
const BRANDS: [&str; 24] = [
    "瀚屿", "澄岳", "鹿梧", "禾骏", "朔风", "沛霖", "璟晟", "翊航", "钧铂", "岚芯", "昀拓", "骐远",
    "沅泰", "煦和", "蔚川", "铭垚", "祺瑞", "弘毅", "曜石", "景澜", "泓博", "绮云", "晟屹", "轩昂",
];

fn everybody(
    node: &Node,
    system: &str,
    spell: fn(&str, &str, u32) -> String,
) -> Vec<Message<Native>> {
    let brands = (1..).zip(BRANDS);
    let records = brands.map(|(number, brand)| {
        let text = spell(&format!("{system}-{number}"), brand, number * 37);
        node.message(system, Entity::Customer, &text)
    });
    records.collect()
}

async fn of(node: &Node, system: &str) -> Vec<Option<MasterId>> {
    let record = |number| {
        (
            Entity::Customer,
            named(system),
            format!("{system}-{number}"),
        )
    };
    let natives: Vec<_> = (1..=BRANDS.len()).map(record).collect();
    let lookup = Lookup {
        natives: natives.clone(),
        ..Lookup::default()
    };
    let known = node.store.look_up(&lookup).await.unwrap();
    natives
        .iter()
        .map(|record| known.natives.get(record).copied())
        .collect()
}

/// Both spellings of everybody, in one go, over all lanes.
pub(super) async fn two_spellings_at_once_are_one_master(house: &House) {
    let node = two_senders(house).await;
    let hub = start(&node, Likeness::Join).await;
    let mut all = everybody(&node, "crm", registered);
    all.extend(everybody(&node, "oa", typed));
    node.take(&all).await;
    for message in &all {
        node.journaled(message.attributes.id, "routed").await;
    }
    assert_eq!(of(&node, "crm").await, of(&node, "oa").await);
    assert_eq!(masters(&node).await, BRANDS.len() as u64);
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_make_one_master_of_two_spellings() {
    let house = House::rabbitmq().await;
    let (one, other) = (two_senders(&house).await, house.node().await);
    let hubs = (one.start(Roles::ALL).await, other.start(Roles::ALL).await);
    let (at_crm, at_oa) = (
        everybody(&one, "crm", registered),
        everybody(&other, "oa", typed),
    );
    tokio::join!(one.take(&at_crm), other.take(&at_oa));
    for message in at_crm.iter().chain(&at_oa) {
        one.journaled(message.attributes.id, "routed").await;
    }
    let asked = open(&one).await;
    assert_eq!(of(&one, "crm").await, of(&other, "oa").await, "{asked:#?}");
    assert_eq!(masters(&one).await, BRANDS.len() as u64);
    hubs.0.stop().await;
    hubs.1.stop().await;
}
