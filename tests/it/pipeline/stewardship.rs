//! Commands of people: merged customers are one in every system, and two again when it was a mistake.

use std::collections::BTreeMap;

use tenon_core::{Entity, MasterId, MessageId};
use tenon_pipeline::{Act, Command, Outcome, Roles, Steward};
use tenon_store::{DeliveryState, Review, ReviewState};

use super::company::{Erp, customer, order, tax_id};
use super::masters::{golden, master, three_systems};
use super::node::Node;
use super::place::{House, equals, named};

pub(super) fn steward(node: &Node) -> Steward {
    Steward::new(node.accept(), node.store.clone())
}

pub(super) fn command(act: Act) -> Command {
    Command {
        by: "li.wei".to_owned(),
        because: "one company under two tax ids".to_owned(),
        act,
    }
}

pub(super) async fn give(node: &Node, act: Act) -> Outcome {
    let given = steward(node).command(&command(act), None).await;
    given.expect("a command is taken")
}

/// Gives a command that is to be done; its message and the masters that it changed.
pub(super) async fn done(node: &Node, act: Act) -> (MessageId, Vec<MasterId>) {
    match give(node, act).await {
        Outcome::Done {
            message_id,
            masters,
            ..
        } => (message_id, masters),
        other => panic!("{other:?}"),
    }
}

/// What a person would compare of a master: values, who states them, ties.
async fn shown(node: &Node, id: MasterId) -> BTreeMap<String, String> {
    let row = node.store.golden(id).await.unwrap().expect("a master");
    let records = node.store.records(&[id]).await.unwrap();
    let mut shown: BTreeMap<String, String> = records
        .iter()
        .map(|(_, record)| record)
        .filter(|record| record.told)
        .map(|record| {
            (
                format!("{}/{}", record.system, record.native_id),
                format!("{:?}", record.unmerged),
            )
        })
        .collect();
    for statement in &row.sources.statements {
        let record = &statement.record;
        let name = format!("{} says", record.provenance.native_id);
        shown.insert(name, format!("{record:?} of {:?}", statement.of));
    }
    shown.insert("golden".to_owned(), format!("{:?}", row.golden));
    shown.insert(
        "merged".to_owned(),
        format!("{:?} {:?}", row.merged_into, row.sources.merged),
    );
    shown
}

pub(super) async fn a_merged_customer_is_one_in_every_system_and_two_again(house: &House) {
    three_systems(house).await;
    let node = house.node().await;
    let hub = node.start(Roles::ALL).await;
    let first = customer("C-1", "上海川可贸易有限公司", Some(&tax_id(1)), "王敏");
    let second = customer("K-2", "上海川可实业有限公司", Some(&tax_id(2)), "李雷");
    let first = node.send("crm", Entity::Customer, &first).await;
    node.journaled(first, "routed").await;
    let second = node.send("oa", Entity::Customer, &second).await;
    node.journaled(second, "routed").await;
    node.quiet().await;
    let (one, other) = (
        master(&node, "crm", "C-1").await,
        master(&node, "oa", "K-2").await,
    );
    assert_ne!(one, other);
    let before = (shown(&node, one).await, shown(&node, other).await);
    let tables = ["crm_customer", "erp_customer", "oa_customer"];
    let rows = async |table: &str| {
        house
            .texts(&format!(
                "select id || ' ' || name || ' ' || owner from {table} order by 1"
            ))
            .await
    };
    let mut held = Vec::new();
    for table in tables {
        held.push(rows(table).await);
    }

    let merge = Act::Merge {
        survivor: one,
        merged: other,
    };
    let (id, masters) = done(&node, merge.clone()).await;
    assert_eq!(masters, [one]);
    node.quiet().await;
    let row = golden(&node, "oa", "K-2").await;
    assert_eq!((row.master_id, row.sources.statements.len()), (one, 2));
    let (name, owner) = (
        row.golden.customer.legal_name.unwrap(),
        row.golden.customer.owner.unwrap(),
    );
    for table in tables {
        let found = rows(table).await;
        assert!(!found.is_empty());
        assert!(
            found
                .iter()
                .all(|row| row.ends_with(&format!(" {name} {owner}"))),
            "{table}: {found:?}"
        );
    }
    let traced = node.store.trace(&one.to_string(), None, 10).await.unwrap();
    let event = traced
        .iter()
        .find(|trace| trace.message.attributes.causation_id == Some(id));
    let event = event.expect("an event that follows from the command");
    assert_eq!(
        event.message.attributes.kind.to_string(),
        "customer.merged.v1"
    );
    assert_eq!(event.message.targets, ["crm", "erp", "oa"].map(named));
    let entry = node.journaled(id, "done").await;
    assert_eq!(
        (entry.attributes.source.as_str(), entry.origin.as_str()),
        ("tenon", "steward li.wei")
    );
    assert!(entry.targets.is_empty());

    // What the merged one's record says now belongs to both, and to it alone afterwards.
    let moved = customer("K-2", "上海川可实业有限公司", Some(&tax_id(2)), "韩梅梅");
    let moved = node.send("oa", Entity::Customer, &moved).await;
    node.journaled(moved, "routed").await;
    assert_eq!(
        golden(&node, "crm", "C-1")
            .await
            .golden
            .customer
            .owner
            .as_deref(),
        Some("韩梅梅")
    );
    let again = give(&node, merge).await;
    assert!(
        matches!(&again, Outcome::Refused { code, .. } if code == "master.merged"),
        "{again:?}"
    );

    let (_, masters) = done(&node, Act::Unmerge { merged: other }).await;
    assert_eq!(masters, [one, other]);
    node.quiet().await;
    assert_eq!(master(&node, "oa", "K-2").await, other);
    let after = golden(&node, "oa", "K-2").await;
    assert_eq!(after.golden.customer.owner.as_deref(), Some("韩梅梅"));
    let back = customer("K-2", "上海川可实业有限公司", Some(&tax_id(2)), "李雷");
    let back = node.send("oa", Entity::Customer, &back).await;
    node.journaled(back, "routed").await;
    node.quiet().await;
    assert_eq!(shown(&node, one).await, before.0);
    let mut restored = shown(&node, other).await;
    // It is the same but for the message that said it last.
    let after = golden(&node, "oa", "K-2").await;
    assert_eq!(after.golden.customer.owner.as_deref(), Some("李雷"));
    for changed in ["golden", "K-2 says"] {
        restored.insert(changed.to_owned(), before.1[changed].clone());
    }
    assert_eq!(restored, before.1);
    for (table, held) in tables.into_iter().zip(held) {
        equals(held, async || rows(table).await).await;
    }
    hub.stop().await;
}

pub(super) async fn an_order_follows_its_customer_through_a_merge(house: &House) {
    house.shop_and_erp(Erp::OrdersAndCustomers).await;
    house.customer_system("crm").await;
    let node = house.node().await;
    // What the route stage decides before the merge is delivered after it.
    let router = node
        .start(Roles {
            deliver: false,
            ..Roles::ALL
        })
        .await;
    let first = customer("C-1", "上海川可贸易有限公司", Some(&tax_id(1)), "王敏");
    let first = node.send("crm", Entity::Customer, &first).await;
    node.journaled(first, "routed").await;
    let second = customer("S-2", "上海川可实业有限公司", Some(&tax_id(2)), "李雷");
    let second = node.send("shop", Entity::Customer, &second).await;
    node.journaled(second, "routed").await;
    let order = node
        .send("shop", Entity::Order, &order("SO-1", "S-2", 1))
        .await;
    node.journaled(order, "routed").await;
    let (survivor, merged) = (
        master(&node, "crm", "C-1").await,
        master(&node, "shop", "S-2").await,
    );
    done(&node, Act::Merge { survivor, merged }).await;
    router.stop().await;

    let node = house.node().await;
    let hub = node.start(Roles::ALL).await;
    node.delivery(second, "erp", DeliveryState::Superseded)
        .await;
    node.delivery(order, "erp", DeliveryState::Delivered).await;
    node.quiet().await;
    let code = golden(&node, "crm", "C-1")
        .await
        .golden
        .customer
        .code
        .expect("a code");
    assert_eq!(
        house.texts("select id from erp_customer").await,
        [code.as_str()]
    );
    assert_eq!(house.texts("select buyer from erp_order").await, [code]);

    // Afterwards the order's customer is the one that it named.
    done(&node, Act::Unmerge { merged }).await;
    let other = golden(&node, "shop", "S-2")
        .await
        .golden
        .customer
        .code
        .expect("a code");
    equals(2, async || {
        house.number("select count(*) from erp_customer").await
    })
    .await;
    let changed = node
        .send(
            "shop",
            Entity::Order,
            &super::company::order("SO-1", "S-2", 2),
        )
        .await;
    node.delivery(changed, "erp", DeliveryState::Delivered)
        .await;
    assert_eq!(house.texts("select buyer from erp_order").await, [other]);
    hub.stop().await;
}

pub(super) async fn a_command_is_done_once_and_its_events_are_published_again(house: &House) {
    three_systems(house).await;
    let node = house.node().await;
    let hub = node.start(Roles::ALL).await;
    for (id, number) in [("C-1", 1), ("C-2", 2)] {
        let told = customer(
            id,
            &format!("上海川可{id}有限公司"),
            Some(&tax_id(number)),
            "王敏",
        );
        let told = node.send("crm", Entity::Customer, &told).await;
        node.journaled(told, "routed").await;
    }
    node.quiet().await;
    let (survivor, merged) = (
        master(&node, "crm", "C-1").await,
        master(&node, "crm", "C-2").await,
    );
    let act = Act::Merge { survivor, merged };
    let (one, other) = (steward(&node), steward(&node));
    let given = command(act);
    // Two callers, or one that gave up waiting, under one key; and two nodes beside each other.
    let second = house.node().await;
    let beside = second
        .start(Roles {
            receive: false,
            ..Roles::ALL
        })
        .await;
    let (first, again) = tokio::join!(
        one.command(&given, Some("k-1")),
        other.command(&given, Some("k-1"))
    );
    assert_eq!(first, again);
    assert!(matches!(first, Ok(Outcome::Done { .. })), "{first:?}");
    node.quiet().await;
    let version = golden(&node, "crm", "C-1").await.version;
    // As after a crash between journal and publishing: the command comes once more.
    assert_eq!(steward(&node).command(&given, Some("k-1")).await, first);
    node.quiet().await;
    assert_eq!(golden(&node, "crm", "C-1").await.version, version);
    let traced = node
        .store
        .trace(&survivor.to_string(), None, 20)
        .await
        .unwrap();
    let events = traced
        .iter()
        .filter(|trace| trace.message.attributes.causation_id.is_some());
    assert_eq!(events.count(), 1);
    beside.stop().await;
    hub.stop().await;
}

async fn reviews(node: &Node, state: ReviewState) -> Vec<Review> {
    node.store.reviews(Some(state), None, 100).await.unwrap()
}

pub(super) async fn what_the_machine_doubts_a_person_decides(house: &House) {
    three_systems(house).await;
    let node = house.node().await;
    let hub = node.start(Roles::ALL).await;
    // Three companies of one name, by their tax ids.
    let name = "上海川可贸易有限公司";
    for (id, number) in [("C-1", 1), ("C-2", 2)] {
        let told = node
            .send(
                "crm",
                Entity::Customer,
                &customer(id, name, Some(&tax_id(number)), "王敏"),
            )
            .await;
        node.journaled(told, "routed").await;
    }
    let open = reviews(&node, ReviewState::Open).await;
    assert_eq!(open.len(), 1, "{open:?}");
    let asked = &open[0];
    assert_eq!(asked.reason, "same_name_different_tax_ids");
    let (one, two) = (
        master(&node, "crm", "C-1").await,
        master(&node, "crm", "C-2").await,
    );
    assert_eq!([asked.one, asked.other], [one.min(two), one.max(two)]);
    assert_eq!(asked.evidence["record"]["native_id"], "C-2");
    let view = steward(&node)
        .review(asked.id)
        .await
        .unwrap()
        .expect("a review");
    let sides: Vec<MasterId> = view.sides.iter().map(|side| side.master_id).collect();
    assert_eq!(sides, [asked.one, asked.other]);

    done(&node, Act::Reject { review: asked.id }).await;
    // Said by mistake: it is asked again.
    let reopen = Act::Reopen { review: asked.id };
    done(&node, reopen.clone()).await;
    assert_eq!(reviews(&node, ReviewState::Open).await, open);
    let twice = give(&node, reopen.clone()).await;
    assert!(
        matches!(&twice, Outcome::Refused { code, .. } if code == "review.open"),
        "{twice:?}"
    );
    done(&node, Act::Reject { review: asked.id }).await;
    let (decisions, next) = steward(&node).decisions(None, None, 10).await.unwrap();
    assert_eq!((decisions.len(), next), (1, None));
    assert_eq!(
        decisions[0].review.because.as_deref(),
        Some(command(reopen.clone()).because.as_str())
    );
    assert_eq!(decisions[0].sides[0].name.as_deref(), Some(name));
    assert_eq!(decisions[0].undo, Some(reopen));
    let again = give(
        &node,
        Act::Approve {
            review: asked.id,
            survivor: None,
        },
    )
    .await;
    assert!(
        matches!(&again, Outcome::Refused { code, .. } if code == "review.decided"),
        "{again:?}"
    );
    let unknown = give(
        &node,
        Act::Reject {
            review: tenon_store::ReviewId(999),
        },
    )
    .await;
    assert!(
        matches!(&unknown, Outcome::Refused { code, .. } if code == "review.unknown"),
        "{unknown:?}"
    );
    let mut likeness = node.store.likeness().await.unwrap();
    let near = likeness.neighbours(&[one]).await.unwrap();
    assert_eq!(near.rejected, [(asked.one, asked.other)].into());
    drop(likeness);

    // A third is asked about, and is said to be the first's.
    let third = node
        .send(
            "oa",
            Entity::Customer,
            &customer("K-3", name, Some(&tax_id(3)), "李雷"),
        )
        .await;
    node.journaled(third, "routed").await;
    let open = reviews(&node, ReviewState::Open).await;
    let three = master(&node, "oa", "K-3").await;
    let asked = open
        .iter()
        .find(|review| [review.one, review.other].contains(&one));
    let asked = asked.expect("a question about the third and the first");
    assert!([asked.one, asked.other].contains(&three));
    done(
        &node,
        Act::Approve {
            review: asked.id,
            survivor: Some(one),
        },
    )
    .await;
    assert_eq!(master(&node, "oa", "K-3").await, one);
    assert_eq!(reviews(&node, ReviewState::Approved).await.len(), 1);
    let merged = give(&node, Act::Reopen { review: asked.id }).await;
    assert!(
        matches!(&merged, Outcome::Refused { code, .. } if code == "review.merged"),
        "{merged:?}"
    );
    let (decisions, _) = steward(&node).decisions(None, None, 10).await.unwrap();
    assert_eq!(decisions[0].undo, Some(Act::Unmerge { merged: three }));
    // Undoing it is an answer too.
    done(&node, Act::Unmerge { merged: three }).await;
    assert_eq!(reviews(&node, ReviewState::Approved).await, []);
    assert_eq!(reviews(&node, ReviewState::Rejected).await.len(), 2);
    let (decisions, _) = steward(&node).decisions(None, None, 10).await.unwrap();
    assert_eq!(decisions[0].undo, Some(Act::Reopen { review: asked.id }));
    node.quiet().await;
    hub.stop().await;
}

/// How many customers the traffic is about.
const CUSTOMERS: usize = 5;

pub(super) async fn merges_among_traffic_restore_exactly(house: &House) {
    house.shop_and_erp(Erp::OrdersAndCustomers).await;
    house.customer_system("crm").await;
    let node = house.node().await;
    let hub = node.start(Roles::ALL).await;
    let told = |index: usize, owner: &str| {
        let (id, name) = (
            format!("C-{index}"),
            format!("宁波海达{index}号电器有限公司"),
        );
        customer(&id, &name, Some(&tax_id(index as u32)), owner)
    };
    for index in 0..CUSTOMERS {
        let id = node
            .send("crm", Entity::Customer, &told(index, "first"))
            .await;
        node.journaled(id, "routed").await;
    }
    let mut masters = Vec::new();
    for index in 0..CUSTOMERS {
        masters.push(master(&node, "crm", &format!("C-{index}")).await);
    }
    let mut codes = Vec::new();
    for id in &masters {
        codes.push(
            node.store
                .golden(*id)
                .await
                .unwrap()
                .unwrap()
                .golden
                .customer
                .code,
        );
    }
    let traffic = async {
        for round in 0..6 {
            let mut ids = Vec::new();
            for index in 0..CUSTOMERS {
                let owner = format!("owner {index} in {round}");
                ids.push(
                    node.send("crm", Entity::Customer, &told(index, &owner))
                        .await,
                );
                // Another record of the same company, found by its tax id whoever holds it now.
                let other = customer(
                    &format!("S-{index}-{round}"),
                    "",
                    Some(&tax_id(index as u32)),
                    &owner,
                );
                let other = other.replace("\"name\":\"\",", "");
                ids.push(node.send("shop", Entity::Customer, &other).await);
                ids.push(
                    node.send(
                        "shop",
                        Entity::Order,
                        &order(&format!("SO-{index}"), &format!("S-{index}-{round}"), round),
                    )
                    .await,
                );
            }
            for id in ids {
                node.journaled(id, "routed").await;
            }
        }
    };
    let merging = async {
        let mut counts = (0, 0);
        // A fixed walk over the pairs, so that a failure can be seen again.
        for step in 0..24_usize {
            let (one, other) = (step * 7 % CUSTOMERS, (step * 3 + 1) % CUSTOMERS);
            let act = match step % 3 {
                2 => Act::Unmerge {
                    merged: masters[other],
                },
                _ => Act::Merge {
                    survivor: masters[one],
                    merged: masters[other],
                },
            };
            match give(&node, act).await {
                Outcome::Done { .. } => counts.0 += 1,
                Outcome::Refused { .. } => counts.1 += 1,
                Outcome::Underway { message_id } => panic!("{message_id} is not decided"),
            }
        }
        counts
    };
    let ((), (merged, refused)) = tokio::join!(traffic, merging);
    assert!(
        merged > 5 && refused > 0,
        "{merged} done, {refused} refused"
    );
    // The roots give back what was merged into them until nobody is merged.
    loop {
        let mut left = 0;
        for id in &masters {
            if node
                .store
                .golden(*id)
                .await
                .unwrap()
                .unwrap()
                .merged_into
                .is_some()
            {
                left += 1;
                give(&node, Act::Unmerge { merged: *id }).await;
            }
        }
        if left == 0 {
            break;
        }
    }
    for (index, id) in masters.iter().enumerate() {
        let row = node.store.golden(*id).await.unwrap().unwrap();
        let customer = &row.golden.customer;
        assert_eq!(customer.code, codes[index]);
        assert_eq!(
            customer.tax_id.as_deref(),
            Some(tax_id(index as u32).as_str())
        );
        assert_eq!(
            customer.legal_name,
            Some(format!("宁波海达{index}号电器有限公司"))
        );
        assert_eq!(customer.owner, Some(format!("owner {index} in 5")));
        assert_eq!(
            row.sources.statements.len(),
            7,
            "{index}: {:?}",
            row.sources.statements
        );
        assert!(
            row.sources
                .statements
                .iter()
                .all(|statement| statement.of.is_none())
        );
        let records = node.store.records(&[*id]).await.unwrap();
        let told: Vec<&str> = records
            .iter()
            .map(|(_, record)| record)
            .filter(|record| record.told)
            .map(|record| record.native_id.as_str())
            .collect();
        let mut expected = vec![format!("C-{index}")];
        expected.extend((0..6).map(|round| format!("S-{index}-{round}")));
        assert_eq!(told, expected);
        assert!(records.iter().all(|(_, record)| record.unmerged.is_none()));
    }
    node.quiet().await;
    hub.stop().await;
}
