//! Where customers stand and to whom they belong: what happens moves them, nobody's word does.

use std::collections::BTreeMap;

use tenon_core::customer::Stage;
use tenon_core::{Entity, MasterId, Timestamp};
use tenon_master::{CodeList, Codes, Unknown};
use tenon_pipeline::{Act, Hub, MasterPolicy, Outcome, Roles, Settings};
use tenon_store::ParkedState;

use super::masters::{golden, master, three_systems};
use super::node::Node;
use super::place::{House, eventually, named, settings};
use super::stewardship::{done, give, steward};

/// A customer with its place in the life cycle, and a receipt.
const STAGED_IN: &str =
    "{ kind: \"customer\", legal_name: .name, stage: .stage, industry: .industry } | compact";
const RECEIPT_IN: &str = r#"{ number: .no, customer: ref("crm"; .payer), received_on: "2026-03-05",
    currency: "CNY", amount: "19.90", status: "received" }"#;

/// The three systems, and a bank that tells of receipts.
async fn company(house: &House) -> Node {
    three_systems(house).await;
    house.write("staged.in.jq", STAGED_IN);
    let hook = house.webhook("customer", "id", "staged.in.jq");
    house.system(
        "web",
        "http",
        &("url = 'http://127.0.0.1:9'\n".to_owned() + &hook),
    );
    house.write("receipt.in.jq", RECEIPT_IN);
    house.sender("bank", &[Entity::Receipt]);
    house.node().await
}

async fn started(node: &Node, change: impl FnOnce(&mut MasterPolicy)) -> Hub {
    let mut settings = Settings {
        master: MasterPolicy::default(),
        ..settings(Roles::ALL)
    };
    change(&mut settings.master);
    let (broker, store) = (node.broker.clone(), node.store.clone());
    let hub = Hub::start(settings, node.deployment.clone(), broker, store).await;
    hub.expect("the hub starts")
}

async fn stage(node: &Node, system: &str, id: &str) -> Option<Stage> {
    golden(node, system, id).await.golden.customer.stage
}

async fn customer(node: &Node, system: &str, json: &str) {
    let told = node.send(system, Entity::Customer, json).await;
    node.journaled(told, "routed").await;
}

/// An order of the shop by the crm's customer.
async fn order(node: &Node, number: &str, buyer: &str) {
    let json = format!(r#"{{"no":"{number}","buyer":"{buyer}","amount":"19.90","revision":1}}"#);
    let sent = node.send("shop", Entity::Order, &json).await;
    node.journaled(sent, "routed").await;
}

pub(super) async fn an_order_signs_and_a_receipt_hands_over(house: &House) {
    let node = company(house).await;
    let hub = node.start(Roles::ALL).await;
    customer(
        &node,
        "shop",
        r#"{"id":"C-1","name":"上海川可贸易有限公司"}"#,
    )
    .await;
    assert_eq!(stage(&node, "shop", "C-1").await, None);
    order(&node, "SO-1", "C-1").await;
    assert_eq!(stage(&node, "shop", "C-1").await, Some(Stage::Signed));
    let before = golden(&node, "shop", "C-1").await;
    // Another order moves nobody.
    order(&node, "SO-2", "C-1").await;
    assert_eq!(golden(&node, "shop", "C-1").await.version, before.version);
    // The receipt names the customer as the crm does.
    customer(
        &node,
        "crm",
        r#"{"id":"K-1","name":"上海川可贸易有限公司"}"#,
    )
    .await;
    let paid = node
        .send("bank", Entity::Receipt, r#"{"no":"R-1","payer":"K-1"}"#)
        .await;
    node.journaled(paid, "routed").await;
    assert_eq!(stage(&node, "shop", "C-1").await, Some(Stage::InService));

    let id = master(&node, "shop", "C-1").await;
    let view = steward(&node).show(id).await.unwrap().expect("a master");
    let way: Vec<(Stage, &str)> = view
        .stages
        .iter()
        .map(|it| (it.stage, it.why.as_str()))
        .collect();
    let expected = [
        (Stage::Signed, "order SO-1 of shop"),
        (Stage::InService, "receipt R-1 of bank"),
    ];
    assert_eq!(way, expected);
    assert_eq!(view.golden["stage"], "in_service");
    // Every subscriber is told, as a message that follows from the order.
    node.quiet().await;
    let told = node
        .store
        .messages(&Default::default(), None, 100)
        .await
        .unwrap();
    let moved = told.iter().filter(|message| {
        message.attributes.causation_id.is_some() && message.attributes.entity() == Entity::Customer
    });
    let moved: Vec<_> = moved.collect();
    assert_eq!(moved.len(), 2, "{told:#?}");
    for message in moved {
        let deliveries = node.deliveries(message.attributes.id).await.unwrap();
        assert!(
            deliveries.iter().any(|it| it.system == named("oa")),
            "{deliveries:?}"
        );
    }
    hub.stop().await;
}

pub(super) async fn a_word_skips_no_stage(house: &House) {
    let node = company(house).await;
    let hub = node.start(Roles::ALL).await;
    let record =
        |stage: &str| format!(r#"{{"id":"W-1","name":"上海川可贸易有限公司","stage":"{stage}"}}"#);
    for (word, stands) in [
        ("in_service", None),
        ("lead", Some(Stage::Lead)),
        ("qualified", Some(Stage::Lead)),
        ("prospect", Some(Stage::Prospect)),
        ("signed", Some(Stage::Prospect)),
        ("qualified", Some(Stage::Qualified)),
        ("lost", Some(Stage::Lost)),
    ] {
        let told = node.send("web", Entity::Customer, &record(word)).await;
        eventually(async || match node.store.payloads(told).await.unwrap() {
            Some(_) => Ok(()),
            None => Err("not journaled".to_owned()),
        })
        .await;
        assert_eq!(stage(&node, "web", "W-1").await, stands, "{word}");
    }
    let id = master(&node, "web", "W-1").await;
    let pinned = Act::Pin {
        master: id,
        field: "stage".to_owned(),
        value: "in_service".into(),
    };
    let refused = give(&node, pinned).await;
    assert!(
        matches!(&refused, Outcome::Refused { code, .. } if code == "pin.field"),
        "{refused:?}"
    );
    hub.stop().await;
}

pub(super) async fn who_has_not_bought_for_long_is_dormant(house: &House) {
    let node = company(house).await;
    let hub = node.start(Roles::ALL).await;
    customer(
        &node,
        "shop",
        r#"{"id":"C-1","name":"上海川可贸易有限公司"}"#,
    )
    .await;
    order(&node, "SO-1", "C-1").await;
    let id = master(&node, "shop", "C-1").await;
    // Who bought today is left alone, whoever says otherwise.
    done(&node, Act::Rest { master: id }).await;
    assert_eq!(stage(&node, "shop", "C-1").await, Some(Stage::Signed));
    customer(
        &node,
        "shop",
        r#"{"id":"C-2","name":"宁波鹿梧印染有限公司"}"#,
    )
    .await;
    let old = r#"{"no":"SO-0","buyer":"C-2","amount":"19.90","revision":1}"#;
    let mut old = node.message("shop", Entity::Order, old);
    let days = std::time::Duration::from_secs(400 * 24 * 3600);
    old.attributes.occurred_at = Timestamp::now().checked_sub(days).unwrap();
    node.take(std::slice::from_ref(&old)).await;
    node.journaled(old.attributes.id, "routed").await;
    assert_eq!(stage(&node, "shop", "C-2").await, Some(Stage::Signed));
    hub.stop().await;
    let hub = node.start(Roles::ALL).await;
    eventually(async || match stage(&node, "shop", "C-2").await {
        Some(Stage::Dormant) => Ok(()),
        other => Err(format!("{other:?}")),
    })
    .await;
    assert_eq!(stage(&node, "shop", "C-1").await, Some(Stage::Signed));
    order(&node, "SO-3", "C-2").await;
    assert_eq!(stage(&node, "shop", "C-2").await, Some(Stage::Signed));
    hub.stop().await;
}

pub(super) async fn an_unknown_code_waits_for_a_person(house: &House) {
    let node = company(house).await;
    let list = |unknown| {
        let codes = [("retail", "零售"), ("retail/appliances", "家电零售")];
        let codes = codes.map(|(code, name)| (code.to_owned(), name.to_owned()));
        Codes {
            industry: Some(CodeList {
                unknown,
                codes: BTreeMap::from(codes),
            }),
            ..Codes::default()
        }
    };
    let record = r#"{"id":"W-1","name":"上海川可贸易有限公司","industry":"retail/aplliances"}"#;
    let hub = started(&node, |policy| policy.codes = list(Unknown::Refuse)).await;
    let told = node.send("web", Entity::Customer, record).await;
    let parked = node.parked(told, ParkedState::Failed).await;
    assert!(
        parked.detail.contains("did you mean `retail/appliances`?"),
        "{}",
        parked.detail
    );
    hub.stop().await;
    let hub = started(&node, |policy| policy.codes = list(Unknown::Flag)).await;
    let other = r#"{"id":"W-2","name":"上海川可贸易有限公司","industry":"retail/aplliances"}"#;
    customer(&node, "web", other).await;
    let steward = steward(&node).with_codes(list(Unknown::Flag));
    let id = master(&node, "web", "W-2").await;
    let view = steward.show(id).await.unwrap().expect("a master");
    assert_eq!(view.unknown_codes.len(), 1, "{:?}", view.unknown_codes);
    hub.stop().await;
}

async fn belongs(node: &Node, system: &str, id: &str) -> Vec<MasterId> {
    let id = master(node, system, id).await;
    let parents = node.store.parents(id).await.unwrap();
    parents
        .into_iter()
        .map(|belonging| belonging.parent)
        .collect()
}

pub(super) async fn a_branch_belongs_to_its_head_office(house: &House) {
    let node = company(house).await;
    let hub = node.start(Roles::ALL).await;
    customer(
        &node,
        "crm",
        r#"{"id":"B-1","name":"福州瀚屿轴承有限公司泉州分公司"}"#,
    )
    .await;
    assert_eq!(belongs(&node, "crm", "B-1").await, []);
    // The head office comes later and finds it; what comes after finds the head office.
    customer(&node, "crm", r#"{"id":"H","name":"福州瀚屿轴承有限公司"}"#).await;
    customer(
        &node,
        "oa",
        r#"{"id":"B-2","name":"福州瀚屿轴承有限公司漳州分公司"}"#,
    )
    .await;
    let head = master(&node, "crm", "H").await;
    assert_eq!(belongs(&node, "crm", "B-1").await, [head]);
    assert_eq!(belongs(&node, "oa", "B-2").await, [head]);
    assert_eq!(belongs(&node, "crm", "H").await, []);
    assert_ne!(
        master(&node, "crm", "B-1").await,
        master(&node, "oa", "B-2").await
    );
    let asked = node.store.reviews(None, None, 100).await.unwrap();
    assert_eq!(asked, [], "nobody asks whether a branch is its head office");
    hub.stop().await;
}
