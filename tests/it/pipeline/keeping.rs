//! What people set on a master: pins, codes, claims.

use futures::future::join_all;
use serde_json::json;
use tenon_core::Entity;
use tenon_core::customer::Grade;
use tenon_pipeline::{Act, Outcome, Roles};
use tenon_store::{Affiliation, DeliveryState};

use super::company::{Erp, customer, tax_id};
use super::masters::{golden, master};
use super::place::House;
use super::stewardship::{command, done, give, steward};

fn refusal(outcome: &Outcome) -> &str {
    match outcome {
        Outcome::Refused { code, .. } => code,
        other => panic!("{other:?}"),
    }
}

pub(super) async fn a_pin_wins_until_it_is_released(house: &House) {
    house.shop_and_erp(Erp::OrdersAndCustomers).await;
    house.customer_system("crm").await;
    let node = house.node().await;
    let hub = node.start(Roles::ALL).await;
    let told = |owner: &str| customer("C-1", "上海川可贸易有限公司", Some(&tax_id(1)), owner);
    let first = node.send("crm", Entity::Customer, &told("王敏")).await;
    node.delivery(first, "erp", DeliveryState::Delivered).await;
    let (id, first_told) = (master(&node, "crm", "C-1").await, first);
    let pin = |field: &str, value| Act::Pin {
        master: id,
        field: field.to_owned(),
        value,
    };
    let (_, masters) = done(&node, pin("owner", json!("韩梅梅"))).await;
    assert_eq!(masters, [id]);
    node.quiet().await;
    for table in ["crm_customer", "erp_customer"] {
        assert_eq!(
            house.texts(&format!("select owner from {table}")).await,
            ["韩梅梅"],
            "{table}"
        );
    }
    // Whatever the system says, and though another pin comes beside it.
    let second = node.send("crm", Entity::Customer, &told("李雷")).await;
    node.journaled(second, "routed").await;
    done(&node, pin("short_name", json!("川可"))).await;
    let row = golden(&node, "crm", "C-1").await;
    assert_eq!(row.golden.customer.owner.as_deref(), Some("韩梅梅"));
    assert_eq!(row.golden.provenance["owner"].native_id, "li.wei");
    assert_eq!(row.golden.customer.short_name.as_deref(), Some("川可"));
    let view = steward(&node).show(id).await.unwrap().expect("a master");
    assert_eq!(view.pins["owner"].by, "li.wei");

    for (act, code) in [
        (pin("code", json!("X")), "pin.field"),
        (pin("colour", json!("red")), "pin.field"),
        (pin("kind", json!("friend")), "pin.value"),
        (pin("owner", json!("")), "pin.value"),
        (
            Act::Release {
                master: id,
                field: "tags".to_owned(),
            },
            "pin.none",
        ),
    ] {
        assert_eq!(refusal(&give(&node, act.clone()).await), code, "{act:?}");
    }
    let field = "owner".to_owned();
    done(&node, Act::Release { master: id, field }).await;
    node.quiet().await;
    assert_eq!(
        house.texts("select owner from erp_customer").await,
        ["李雷"]
    );
    // A pinned name finds its master.
    done(&node, pin("legal_name", json!("上海川可实业有限公司"))).await;
    let named = r#"{"id":"S-9","name":"上海川可实业有限公司"}"#;
    let joined = node.send("shop", Entity::Customer, named).await;
    node.journaled(joined, "routed").await;
    assert_eq!(master(&node, "shop", "S-9").await, id);

    // History tells what it was called, and since when.
    let versions = steward(&node).history(id, None, 100).await.unwrap();
    let first = &versions.last().expect("a first version").version;
    assert_eq!((first.version, &first.golden["owner"]), (1, &json!("王敏")));
    // And what made it so: a system's record, or a person's command.
    let causes: Vec<_> = versions
        .iter()
        .map(|it| it.version.cause.as_ref())
        .collect();
    let [renamed, .., made] = causes[..] else {
        panic!("{versions:?}")
    };
    let (renamed, made) = (renamed.expect("a cause"), made.expect("a cause"));
    let told = (
        made.system.as_ref().map(|it| it.as_str()),
        made.native_id.as_deref(),
    );
    assert_eq!(told, (Some("crm"), Some("C-1")));
    assert_eq!((made.act.as_deref(), made.by.as_deref()), (None, None));
    assert_eq!(made.message_id, first_told);
    let shop = (
        renamed.system.as_ref().map(|it| it.as_str()),
        renamed.native_id.as_deref(),
    );
    assert_eq!(shop, (Some("shop"), Some("S-9")));
    let pinned = versions.iter().filter_map(|it| it.version.cause.as_ref());
    let pinned: Vec<_> = pinned
        .filter(|it| it.act.as_deref() == Some("pin"))
        .collect();
    assert_eq!(pinned.len(), 3);
    let short_name = versions.iter().find(|it| it.changed == ["short_name"]);
    assert!(short_name.is_some(), "{versions:?}");
    assert!(pinned.iter().all(|it| it.by.as_deref() == Some("li.wei")));
    let then = steward(&node)
        .show_at(id, first.at)
        .await
        .unwrap()
        .expect("a version");
    assert_eq!(then, *first);
    let before = first.at - jiff::SignedDuration::from_secs(1);
    assert_eq!(steward(&node).show_at(id, before).await.unwrap(), None);
    assert_eq!(
        versions[0].version.golden["legal_name"],
        "上海川可实业有限公司"
    );
    hub.stop().await;
}

pub(super) async fn a_grade_is_given_by_a_person_and_told_with_what_it_brings(house: &House) {
    house.shop_and_erp(Erp::OrdersAndCustomers).await;
    house.customer_system("crm").await;
    let node = house.node().await;
    let hub = node.start(Roles::ALL).await;
    let told = customer("C-1", "上海川可贸易有限公司", Some(&tax_id(1)), "王敏");
    let first = node.send("crm", Entity::Customer, &told).await;
    node.delivery(first, "erp", DeliveryState::Delivered).await;
    let id = master(&node, "crm", "C-1").await;
    let grade = |priority| Act::Grade {
        master: id,
        grade: Grade::Diamond,
        credit_days: Some(60),
        priority: Some(priority),
    };
    assert_eq!(refusal(&give(&node, grade(12)).await), "grade.priority");
    let mut unreasoned = command(grade(1));
    unreasoned.because.clear();
    let outcome = steward(&node).command(&unreasoned, None).await.unwrap();
    assert_eq!(refusal(&outcome), "grade.reason");
    let (message, masters) = done(&node, grade(1)).await;
    assert_eq!(masters, [id]);
    node.journaled(message, "done").await;
    let row = golden(&node, "crm", "C-1").await;
    let customer = &row.golden.customer;
    assert_eq!(customer.grade, Some(Grade::Diamond));
    assert_eq!(customer.priority, Some(1));
    let terms = customer.credit_terms.as_ref().expect("terms");
    assert_eq!(terms.days, Some(60));
    assert_eq!(row.golden.provenance["grade"].native_id, "li.wei");
    // A grade that is declined, and a word on how it works with us, change no golden record.
    let declined = Act::DeclineGrade {
        master: id,
        grade: Grade::Problem,
    };
    let rated = |cooperation| Act::Rate {
        master: id,
        cooperation,
    };
    assert_eq!(done(&node, declined).await.1, []);
    assert_eq!(done(&node, rated(80)).await.1, []);
    assert_eq!(refusal(&give(&node, rated(101)).await), "rate.value");
    assert_eq!(golden(&node, "crm", "C-1").await.version, row.version);
    hub.stop().await;
}

pub(super) async fn a_reserved_code_is_for_who_brings_it(house: &House) {
    house.shop_and_erp(Erp::OrdersAndCustomers).await;
    house.customer_system("crm").await;
    let node = house.node().await;
    let hub = node.start(Roles::ALL).await;
    let reserve = |code: &str| Act::ReserveCode {
        code: code.to_owned(),
    };
    let free = |code: &str| Act::FreeCode {
        code: code.to_owned(),
    };
    done(&node, reserve("CKMY")).await;
    done(&node, reserve("VIP1")).await;
    assert_eq!(
        refusal(&give(&node, reserve("ckmy")).await),
        "code.reserved"
    );
    assert_eq!(refusal(&give(&node, reserve("a b")).await), "code.value");
    let told = customer("C-1", "上海川可贸易有限公司", Some(&tax_id(1)), "王敏");
    let told = node.send("crm", Entity::Customer, &told).await;
    node.journaled(told, "routed").await;
    let code = golden(&node, "crm", "C-1").await.golden.customer.code;
    assert_eq!(code.as_deref(), Some("CKMY2"));
    let tax = tax_id(2);
    let bringing =
        format!(r#"{{"id":"C-2","name":"宁波海达电器有限公司","tax":"{tax}","code":"VIP1"}}"#);
    let brought = node.send("crm", Entity::Customer, &bringing).await;
    node.journaled(brought, "routed").await;
    let code = golden(&node, "crm", "C-2").await.golden.customer.code;
    assert_eq!(code.as_deref(), Some("VIP1"));
    assert_eq!(refusal(&give(&node, reserve("VIP1")).await), "code.taken");
    assert_eq!(
        refusal(&give(&node, free("VIP1")).await),
        "code.not_reserved"
    );
    done(&node, free("CKMY")).await;
    let third = customer("C-3", "苏州川可贸易有限公司", Some(&tax_id(3)), "王敏");
    let third = node.send("crm", Entity::Customer, &third).await;
    node.journaled(third, "routed").await;
    let code = golden(&node, "crm", "C-3").await.golden.customer.code;
    assert_eq!(code.as_deref(), Some("CKMY"));
    hub.stop().await;
}

pub(super) async fn of_many_who_claim_at_once_one_wins(house: &House) {
    house.shop_and_erp(Erp::OrdersAndCustomers).await;
    house.customer_system("crm").await;
    let node = house.node().await;
    let hub = node.start(Roles::ALL).await;
    let told = customer("C-1", "上海川可贸易有限公司", Some(&tax_id(1)), "王敏");
    let told = node.send("crm", Entity::Customer, &told).await;
    node.journaled(told, "routed").await;
    let id = master(&node, "crm", "C-1").await;
    let second = house.node().await;
    let beside = second
        .start(Roles {
            receive: false,
            ..Roles::ALL
        })
        .await;
    let claim = |owner: &str| Act::Claim {
        master: id,
        owner: owner.to_owned(),
        days: 30,
    };
    let owners: Vec<String> = (0..8).map(|number| format!("seller {number}")).collect();
    let claims = owners.iter().enumerate().map(|(number, owner)| {
        let desk = steward(if number % 2 == 0 { &node } else { &second });
        let given = command(claim(owner));
        async move { desk.command(&given, None).await.expect("taken") }
    });
    let outcomes = join_all(claims).await;
    let winners: Vec<&String> = owners
        .iter()
        .zip(&outcomes)
        .filter_map(|(owner, outcome)| matches!(outcome, Outcome::Done { .. }).then_some(owner))
        .collect();
    let [winner] = winners[..] else {
        panic!("{outcomes:?}")
    };
    let refused = outcomes
        .iter()
        .filter(|outcome| !matches!(outcome, Outcome::Done { .. }));
    for outcome in refused {
        let Outcome::Refused { code, detail, .. } = outcome else {
            panic!("{outcome:?}")
        };
        assert_eq!(code, "claim.taken");
        assert!(
            detail.contains(&format!("claimed by {winner} until")),
            "{detail}"
        );
    }
    let held = async || {
        let view = steward(&node).show(id).await.unwrap().expect("a master");
        view.claim.map(|claim| claim.owner)
    };
    assert_eq!(held().await.as_ref(), Some(winner));

    // Who types the customer in is told.
    let typed = tenon_core::customer::Customer {
        legal_name: Some("上海川可贸易有限公司".to_owned()),
        ..Default::default()
    };
    let policy = tenon_master::likeness::MatchPolicy::default();
    let checked = tenon_pipeline::check(node.store.as_ref(), &policy, &typed).await;
    let known = checked.unwrap().candidates.remove(0);
    assert_eq!(known.master_id, id);
    assert_eq!(known.claim.map(|claim| claim.owner).as_ref(), Some(winner));

    done(&node, claim(winner)).await;
    let hand = |from: &str, to: &str| Act::HandOver {
        master: id,
        from: from.to_owned(),
        to: to.to_owned(),
    };
    assert_eq!(
        refusal(&give(&node, hand("dealer", "seller 9")).await),
        "claim.taken"
    );
    done(&node, hand(winner, "dealer")).await;
    assert_eq!(held().await.as_deref(), Some("dealer"));
    let owner = winner.clone();
    assert_eq!(
        refusal(&give(&node, Act::GiveUp { master: id, owner }).await),
        "claim.taken"
    );
    let owner = "dealer".to_owned();
    done(
        &node,
        Act::GiveUp {
            master: id,
            owner: owner.clone(),
        },
    )
    .await;
    assert_eq!(held().await, None);
    assert_eq!(
        refusal(&give(&node, Act::GiveUp { master: id, owner }).await),
        "claim.none"
    );
    let forever = Act::Claim {
        master: id,
        owner: "dealer".to_owned(),
        days: 400,
    };
    assert_eq!(refusal(&give(&node, forever).await), "claim.days");
    beside.stop().await;
    hub.stop().await;
}

pub(super) async fn nobody_belongs_to_himself(house: &House) {
    house.shop_and_erp(Erp::OrdersAndCustomers).await;
    house.customer_system("crm").await;
    let node = house.node().await;
    let hub = node.start(Roles::ALL).await;
    let mut ids = Vec::new();
    for number in 1..=4 {
        let key = format!("C-{number}");
        let told = customer(
            &key,
            &format!("川可{number}号有限公司"),
            Some(&tax_id(number)),
            "王敏",
        );
        let told = node.send("crm", Entity::Customer, &told).await;
        node.journaled(told, "routed").await;
        ids.push(master(&node, "crm", &key).await);
    }
    let affiliate = |child: usize, parent: usize, kind| Act::Affiliate {
        child: ids[child],
        parent: ids[parent],
        kind,
    };
    done(&node, affiliate(0, 1, Affiliation::Branch)).await;
    assert_eq!(
        refusal(&give(&node, affiliate(1, 0, Affiliation::Member)).await),
        "hierarchy.cycle"
    );
    assert_eq!(
        refusal(&give(&node, affiliate(2, 2, Affiliation::Member)).await),
        "hierarchy.cycle"
    );
    assert_eq!(
        refusal(&give(&node, affiliate(2, 0, Affiliation::Branch)).await),
        "hierarchy.branch"
    );
    done(&node, affiliate(1, 2, Affiliation::Member)).await;
    let view = steward(&node)
        .show(ids[0])
        .await
        .unwrap()
        .expect("a master");
    let above: Vec<_> = view
        .parents
        .iter()
        .map(|up| (up.master_id, up.kind))
        .collect();
    assert_eq!(
        above,
        [(ids[1], Affiliation::Branch), (ids[2], Affiliation::Member)]
    );
    let view = steward(&node)
        .show(ids[1])
        .await
        .unwrap()
        .expect("a master");
    assert_eq!(view.children[0].master_id, ids[0]);
    assert_eq!(
        refusal(&give(&node, affiliate(2, 0, Affiliation::Member)).await),
        "hierarchy.cycle"
    );
    done(&node, Act::Detach { child: ids[0] }).await;
    assert_eq!(
        refusal(&give(&node, Act::Detach { child: ids[0] }).await),
        "hierarchy.none"
    );
    done(&node, Act::Detach { child: ids[1] }).await;

    // A circle of four whose sides are said at once on two nodes: one of them is refused.
    let second = house.node().await;
    let beside = second
        .start(Roles {
            receive: false,
            ..Roles::ALL
        })
        .await;
    let sides = (0..4).map(|side| {
        let desk = steward(if side % 2 == 0 { &node } else { &second });
        let given = command(affiliate(side, (side + 1) % 4, Affiliation::Member));
        async move { desk.command(&given, None).await.expect("taken") }
    });
    let outcomes = join_all(sides).await;
    let refused: Vec<&str> = outcomes
        .iter()
        .filter(|outcome| !matches!(outcome, Outcome::Done { .. }))
        .map(refusal)
        .collect();
    assert_eq!(refused, ["hierarchy.cycle"], "{outcomes:?}");
    beside.stop().await;
    hub.stop().await;
}
