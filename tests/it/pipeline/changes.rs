//! What a command changed, as it is told with it: how it was, and how it is.

use serde_json::{Value, json};
use tenon_core::Entity;
use tenon_pipeline::{Act, Changes, ClaimView, Outcome, Roles};
use tenon_store::{Affiliation, ReviewState};

use super::company::{customer, tax_id};
use super::masters::{master, three_systems};
use super::node::Node;
use super::place::House;
use super::stewardship::give;

async fn changes(node: &Node, act: Act) -> Changes {
    match give(node, act).await {
        Outcome::Done { changes, .. } => changes,
        other => panic!("{other:?}"),
    }
}

pub(super) async fn a_command_tells_how_it_was_and_how_it_is(house: &House) {
    three_systems(house).await;
    let node = house.node().await;
    let hub = node.start(Roles::ALL).await;
    let name = "上海川可贸易有限公司";
    for (id, number) in [("C-1", 1), ("C-2", 2)] {
        let told = customer(id, name, Some(&tax_id(number)), "王敏");
        let told = node.send("crm", Entity::Customer, &told).await;
        node.journaled(told, "routed").await;
    }
    let (id, other) = (
        master(&node, "crm", "C-1").await,
        master(&node, "crm", "C-2").await,
    );
    let of = |what: &str, name: &dyn ToString, value: Value| json!({ what: { name.to_string(): value } });
    let check = async |act: Act, what: &str, name: &dyn ToString, before: Value, after: Value| {
        let told = changes(&node, act.clone()).await;
        let told = (json!(told.before), json!(told.after));
        assert_eq!(
            told,
            (of(what, name, before), of(what, name, after)),
            "{act:?}"
        );
    };
    let pin = |field: &str, value: Value| Act::Pin {
        master: id,
        field: field.to_owned(),
        value,
    };
    let release = |field: &str| Act::Release {
        master: id,
        field: field.to_owned(),
    };
    let before = json!({ "owner": "王敏", "pinned": {} });
    let after = json!({ "owner": "韩梅梅", "pinned": { "owner": "li.wei" } });
    check(
        pin("owner", json!("韩梅梅")),
        "masters",
        &id,
        before.clone(),
        after.clone(),
    )
    .await;
    check(release("owner"), "masters", &id, after, before).await;
    // That a personal value is another is told, and neither of the two.
    check(
        pin("phones", json!(["021-60000001"])),
        "masters",
        &id,
        json!({ "phones": null, "pinned": {} }),
        json!({ "phones": ["•••"], "pinned": { "phones": "li.wei" } }),
    )
    .await;
    let told = changes(&node, pin("phones", json!(["021-60000002"]))).await;
    let masked = of("masters", &id, json!({ "phones": ["•••"] }));
    assert_eq!(
        (json!(told.before), json!(told.after)),
        (masked.clone(), masked)
    );

    let claim = |owner: &str| Act::Claim {
        master: id,
        owner: owner.to_owned(),
        days: 30,
    };
    // As the store keeps it: of its times microseconds.
    let kept = async || {
        let claims = node.store.prospect_claims(&[id]).await.unwrap();
        json!(claims.into_iter().next().map(ClaimView::from))
    };
    let claimed = changes(&node, claim("li.lei")).await;
    assert_eq!(json!(claimed.before), of("claims", &id, Value::Null));
    assert_eq!(
        claimed.after["claims"][&id.to_string()]["owner"],
        json!("li.lei")
    );
    let had = kept().await;
    let handed = Act::HandOver {
        master: id,
        from: "li.lei".to_owned(),
        to: "han.mei".to_owned(),
    };
    let handed = changes(&node, handed).await;
    assert_eq!(json!(handed.before), of("claims", &id, had.clone()));
    let has = &handed.after["claims"][&id.to_string()];
    assert_eq!(
        (&has["owner"], &has["until"]),
        (&json!("han.mei"), &had["until"])
    );
    let has = kept().await;
    let given_up = Act::GiveUp {
        master: id,
        owner: "han.mei".to_owned(),
    };
    check(given_up, "claims", &id, has, Value::Null).await;

    let belongs = |kind: Affiliation| Act::Affiliate {
        child: id,
        parent: other,
        kind,
    };
    let to = |kind: &str| json!({ "master_id": other, "kind": kind });
    check(
        belongs(Affiliation::Branch),
        "parents",
        &id,
        Value::Null,
        to("branch"),
    )
    .await;
    check(
        belongs(Affiliation::Member),
        "parents",
        &id,
        to("branch"),
        to("member"),
    )
    .await;
    check(
        Act::Detach { child: id },
        "parents",
        &id,
        to("member"),
        Value::Null,
    )
    .await;

    let code = "KEPT1".to_owned();
    let reserve = Act::ReserveCode { code: code.clone() };
    let free = Act::FreeCode { code };
    let told = changes(&node, reserve).await;
    let codes = |side: &serde_json::Map<String, Value>| {
        let codes = side["codes"].as_object().expect("codes");
        codes.values().cloned().collect::<Vec<_>>()
    };
    assert_eq!(
        (codes(&told.before), codes(&told.after)),
        (vec![Value::Null], vec![json!("reserved")])
    );
    let told = changes(&node, free).await;
    assert_eq!(
        (codes(&told.before), codes(&told.after)),
        (vec![json!("reserved")], vec![Value::Null])
    );

    let open = node.store.reviews(Some(ReviewState::Open), None, 10).await;
    let review = open
        .unwrap()
        .into_iter()
        .find(|it| [it.one, it.other].contains(&id));
    let review = review.expect("a doubt about two of one name");
    let pair = format!("{} {}", review.one, review.other);
    let (one, two) = (json!("open"), json!("rejected"));
    check(
        Act::Reject { review: review.id },
        "reviews",
        &pair,
        one,
        two,
    )
    .await;
    let merged = Act::Merge {
        survivor: id,
        merged: other,
    };
    let told = changes(&node, merged).await;
    let gone = |side: &serde_json::Map<String, Value>| {
        side["masters"][&other.to_string()]["merged_into"].clone()
    };
    assert_eq!(
        (gone(&told.before), gone(&told.after)),
        (Value::Null, json!(id))
    );
    hub.stop().await;
}
