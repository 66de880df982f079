//! Reading what was kept; and opening, migrating and refusing.

use bytes::Bytes;
use futures::future::join_all;
use jiff::SignedDuration;
use serde_json::json;
use tenon_core::{Entity, MessageId, Timestamp};
use tenon_master::KeyKind;
use tenon_store::{
    Commit, Deed, Direction, Inbound, InboundState, MasterWrite, MessageFilter, Park, ParkReason,
    ParkedGroup, ParkedState, Settlement, StoreError, Stretch,
};

use super::fixtures::{
    House, delivered, ends, failed, golden, in_lane, invalid, key, link, master, needs_master,
    new_customer, order, orders, park, system, write,
};

pub(super) async fn checkpoints_are_kept(house: &House) {
    let erp = system("erp");
    assert_eq!(house.store.checkpoint(&erp, "order").await.unwrap(), None);
    let mut from = None;
    for to in [
        json!({"at": "2026-01-01", "seen": [1, 2]}),
        json!("行\u{0}17"),
    ] {
        let kept = house
            .store
            .keep_checkpoint(&erp, "order", from.as_ref(), &to);
        kept.await.unwrap();
        // Whoever began where this one did, and comes later, does not put it back.
        let elsewhere = json!("elsewhere");
        let later = house
            .store
            .keep_checkpoint(&erp, "order", from.as_ref(), &elsewhere);
        assert!(matches!(later.await, Err(StoreError::Conflict(_))));
        from = house.store.checkpoint(&erp, "order").await.unwrap();
        assert_eq!(from, Some(to));
    }
    assert_eq!(
        house.store.checkpoint(&erp, "customer").await.unwrap(),
        None
    );
    assert_eq!(
        house
            .store
            .checkpoint(&system("crm"), "order")
            .await
            .unwrap(),
        None
    );
}

pub(super) async fn messages_are_paged_newest_first(house: &House) {
    house.store.commit(orders(1..=10)).await.unwrap();
    house.store.commit(orders(11..=25)).await.unwrap();
    let mut seen = Vec::new();
    let mut before = None;
    loop {
        let page = house
            .store
            .messages(&Default::default(), before, 10)
            .await
            .unwrap();
        let Some(last) = page.last() else { break };
        before = Some(last.position);
        seen.extend(page.into_iter().map(|record| record.business_key.unwrap()));
    }
    let expected: Vec<String> = (1..=25).rev().map(|number| format!("N-{number}")).collect();
    assert_eq!(seen, expected);
}

pub(super) async fn messages_are_filtered(house: &House) {
    let mut from_erp = order(2);
    from_erp.attributes.source = system("erp");
    from_erp.state = InboundState::Unchanged;
    let messages = vec![order(1), from_erp, invalid(3)];
    house
        .store
        .commit(Commit {
            messages,
            ..Default::default()
        })
        .await
        .unwrap();
    let hour = std::time::Duration::from_secs(3_600);
    let now = tenon_core::Timestamp::now();
    let filter = MessageFilter::default;
    let cases = [
        (filter(), vec!["N-3", "N-2", "N-1"]),
        (
            MessageFilter {
                source: Some(system("crm")),
                ..filter()
            },
            vec!["N-3", "N-1"],
        ),
        (
            MessageFilter {
                entity: Some(Entity::Order),
                ..filter()
            },
            vec!["N-3", "N-2", "N-1"],
        ),
        (
            MessageFilter {
                entity: Some(Entity::Item),
                ..filter()
            },
            vec![],
        ),
        (
            MessageFilter {
                state: Some("unchanged".into()),
                ..filter()
            },
            vec!["N-2"],
        ),
        (
            MessageFilter {
                business_key: Some("N-1".into()),
                ..filter()
            },
            vec!["N-1"],
        ),
        (
            MessageFilter {
                since: Some(now - hour),
                ..filter()
            },
            vec!["N-3", "N-2", "N-1"],
        ),
        (
            MessageFilter {
                since: Some(now + hour),
                ..filter()
            },
            vec![],
        ),
        (
            MessageFilter {
                until: Some(now + hour),
                ..filter()
            },
            vec!["N-3", "N-2", "N-1"],
        ),
        (
            MessageFilter {
                until: Some(now - hour),
                ..filter()
            },
            vec![],
        ),
        (
            MessageFilter {
                text: Some("written nowhere".into()),
                ..filter()
            },
            vec![],
        ),
    ];
    for (filter, expected) in cases {
        let found = house.store.messages(&filter, None, 10).await.unwrap();
        let found: Vec<&str> = found
            .iter()
            .map(|record| record.business_key.as_deref().unwrap())
            .collect();
        assert_eq!(found, expected, "{filter:?}");
    }
}

pub(super) async fn every_kind_of_key_traces(house: &House) {
    house.store.commit(orders(1..=30)).await.unwrap();
    // A second message about the same order, one that never got a master, and one of the erp.
    let mut revised = order(1);
    revised.attributes.id = tenon_core::MessageId::derive(&["revised"]);
    revised.attributes.native_id = None;
    revised.business_key = None;
    let commit = Commit {
        messages: vec![revised.clone(), invalid(40)],
        ..Default::default()
    };
    house.store.commit(commit).await.unwrap();
    house
        .settle(vec![delivered(&order(1), "E-0815")], vec![])
        .await;
    let trace = async |key: &str| -> Vec<tenon_core::MessageId> {
        let found = house.store.trace(key, None, 10).await.unwrap();
        found
            .iter()
            .map(|trace| trace.message.attributes.id)
            .collect()
    };
    let (first, second) = (order(1).attributes.id, revised.attributes.id);
    assert_eq!(trace(&first.to_string()).await, [first]);
    assert_eq!(trace(&master(1).to_string()).await, [second, first]);
    assert_eq!(trace("N-1").await, [first]);
    assert_eq!(trace("SO-1").await, [second, first]);
    // The target's own number finds the message that made it.
    assert_eq!(trace("E-0815").await, [second, first]);
    assert_eq!(trace("SO-40").await, [order(40).attributes.id]);
    assert!(trace("SO-99").await.is_empty());
    // Page after page, each begins where the one before ended.
    for key in ["SO-1", "E-0815", &master(1).to_string()] {
        let page = async |before| house.store.trace(key, before, 1).await.unwrap();
        let newest = page(None).await.remove(0).message;
        let older = page(Some(newest.position)).await.remove(0).message;
        assert_eq!((newest.attributes.id, older.attributes.id), (second, first));
        assert_eq!(page(Some(older.position)).await, []);
    }
}

pub(super) async fn a_trace_shows_deliveries(house: &House) {
    house.store.commit(orders(1..=2)).await.unwrap();
    house
        .settle(
            vec![delivered(&order(1), "E-1")],
            vec![park(&order(2), failed())],
        )
        .await;
    let traces = house.store.trace("N-1", None, 10).await.unwrap();
    assert_eq!(
        traces[0].message.targets,
        [system("erp"), system("invoicing")]
    );
    assert_eq!(traces[0].deliveries.len(), 1);
    let deliveries = house.deliveries(order(1).attributes.id).await;
    assert_eq!(traces[0].deliveries, deliveries);
    assert!(house.deliveries(order(3).attributes.id).await.is_empty());
}

pub(super) async fn the_dashboard_counts(house: &House) {
    assert_eq!(house.store.dashboard().await.unwrap(), Default::default());
    house.store.commit(orders(1..=5)).await.unwrap();
    house
        .store
        .commit(Commit {
            messages: vec![invalid(9)],
            ..Default::default()
        })
        .await
        .unwrap();
    house.store.commit(new_customer(100)).await.unwrap();
    let links = vec![link(Entity::Customer, "drp", "D-1", master(100))];
    house
        .store
        .commit(Commit {
            links,
            ..Default::default()
        })
        .await
        .unwrap();
    let mut customer: Inbound = order(50);
    customer.attributes.kind = tenon_core::MessageKind::current(Entity::Customer);
    customer.attributes.master_id = Some(master(100));
    let mut slow = delivered(&order(2), "E-2");
    slow.latency = std::time::Duration::from_millis(140);
    let outcomes = vec![
        delivered(&order(1), "E-1"),
        slow,
        delivered(&customer, "K-1"),
    ];
    let parks = vec![
        park(&order(3), failed()),
        park(&order(4), ParkReason::Behind),
    ];
    house.settle(outcomes, parks).await;

    let now = Timestamp::now();
    let course = async |since| {
        let stretches = house.store.course(since, 25).await.unwrap();
        assert!(
            stretches
                .iter()
                .all(|one| one.at.as_second() % 25 == 0 && one.at <= now)
        );
        let sum = |of: fn(&Stretch) -> u64| stretches.iter().map(of).sum::<u64>();
        (
            sum(|one| one.received),
            sum(|one| one.invalid),
            sum(|one| one.settled),
        )
    };
    assert_eq!(course(now - SignedDuration::from_hours(1)).await, (6, 1, 3));
    assert_eq!(course(now + SignedDuration::from_hours(1)).await, (0, 0, 0));

    let counted = house.store.dashboard().await.unwrap();
    let counts = |pairs: &[(&str, u64)]| {
        pairs
            .iter()
            .map(|(name, number)| ((*name).to_owned(), *number))
            .collect()
    };
    assert_eq!(counted.messages, counts(&[("invalid", 1), ("routed", 5)]));
    assert_eq!(
        counted.deliveries,
        [("erp".to_owned(), counts(&[("delivered", 3), ("parked", 2)]))].into()
    );
    assert_eq!(
        counted.parked,
        [
            ("crm".to_owned(), counts(&[("failed", 1)])),
            ("erp".to_owned(), counts(&[("due", 1), ("failed", 1)])),
        ]
        .into()
    );
    // Two sources told of the one master, and the hub delivered it to a third system.
    assert_eq!((counted.masters, counted.links, counted.joined), (1, 3, 1));
    let (median, slowest) = counted.latency_ms.unwrap();
    assert_eq!(median, 40.0);
    assert!((slowest - 138.0).abs() < 1e-6, "{slowest}");
}

/// What the dashboard and the groups of parked messages say is what there is.
pub(super) async fn assert_counted(house: &House) {
    let counted = house.store.dashboard().await.unwrap();
    let groups = house.store.parked_groups().await.unwrap();
    let message = |state: &str| counted.messages.get(state).copied().unwrap_or_default();
    let delivery = |state: &str| {
        let of_erp = counted.deliveries.get("erp");
        of_erp
            .and_then(|it| it.get(state))
            .copied()
            .unwrap_or_default()
    };
    let waits = |wanted: &dyn Fn(&ParkedGroup) -> bool| -> u64 {
        groups
            .iter()
            .filter(|it| wanted(it))
            .map(|it| it.count)
            .sum()
    };
    let failed = |group: &ParkedGroup| {
        (group.direction, group.state) == (Direction::Outbound, ParkedState::Failed)
    };
    for (there, told) in [
        (
            "select count(*) from journal",
            counted.messages.values().sum(),
        ),
        (
            "select count(*) from journal where state = 'routed'",
            message("routed"),
        ),
        (
            "select count(*) from journal where state = 'invalid'",
            message("invalid"),
        ),
        (
            "select count(*) from journal where state = 'dropped'",
            message("dropped"),
        ),
        (
            "select count(*) from delivery where state = 'delivered'",
            delivery("delivered"),
        ),
        (
            "select count(*) from delivery where state = 'parked'",
            delivery("parked"),
        ),
        (
            "select count(*) from delivery where state = 'dropped'",
            delivery("dropped"),
        ),
        ("select count(*) from parked", waits(&|_| true)),
        (
            "select count(*) from parked where direction = 'outbound' and state = 'failed'",
            waits(&failed),
        ),
        (
            "select count(*) from parked where direction = 'inbound'",
            waits(&|it| it.direction == Direction::Inbound),
        ),
        (
            "select count(*) from parked where code = 'lane.behind'",
            waits(&|it| it.code == "lane.behind"),
        ),
        (
            "select count(*) from golden where merged_into is null",
            counted.masters,
        ),
        (
            "select count(*) from crosswalk where entity = 'customer'",
            counted.links,
        ),
    ] {
        assert_eq!(
            house.number(there).await,
            i64::try_from(told).unwrap(),
            "{there}"
        );
    }
    let parked: u64 = counted
        .parked
        .values()
        .flat_map(|states| states.values())
        .sum();
    assert_eq!(parked, waits(&|_| true));
}

pub(super) async fn counts_follow_every_change(house: &House) {
    house.store.commit(orders(1..=6)).await.unwrap();
    let odd = Commit {
        messages: vec![invalid(8), invalid(9)],
        ..Default::default()
    };
    house.store.commit(odd).await.unwrap();
    let parks = vec![
        park(&in_lane(order(2), "lane"), failed()),
        park(&in_lane(order(3), "lane"), ParkReason::Behind),
        park(&order(4), failed()),
    ];
    house.settle(vec![delivered(&order(1), "E-1")], parks).await;
    assert_counted(house).await;

    // One is tried again in vain and for another reason, one arrives, what stood behind is due.
    let parked = async |number| house.parked(order(number).attributes.id).await.unwrap();
    let again = Park {
        id: Some(parked(4).await.id),
        ..park(&order(4), needs_master(7))
    };
    house
        .settle(vec![ends(&parked(2).await)], vec![again])
        .await;
    assert_counted(house).await;

    // Dropped are one on its way in and one on its way out; the other comes again.
    let gone = [parked(8).await.id, parked(3).await.id];
    let deed = Deed::new("li.wei", "a test");
    assert_eq!(
        house.store.drop_parked(&gone, &deed, None).await.unwrap(),
        2
    );
    let anew = Commit {
        messages: vec![order(9)],
        redriven: vec![order(9).attributes.id],
        ..Default::default()
    };
    house.store.commit(anew).await.unwrap();
    assert_counted(house).await;

    // A batch that fails counts nothing.
    house.store.commit(new_customer(20)).await.unwrap();
    house.store.commit(orders(6..=7)).await.unwrap_err();
    let mut merged = golden(master(20), 2, "gone");
    merged.merged_into = Some(master(21));
    let masters = vec![
        write(master(21), 1, None),
        MasterWrite {
            row: merged,
            replaces: Some(1),
            message_id: MessageId::derive(&["merged"]),
        },
    ];
    let commit = Commit {
        masters,
        ..Default::default()
    };
    house.store.commit(commit).await.unwrap();
    assert_counted(house).await;
}

pub(super) async fn racing_writers_are_all_counted(house: &House) {
    let nodes = join_all([(); 4].map(|()| house.another_node())).await;
    let work = nodes.iter().zip(0_u32..).map(async |(node, place)| {
        for number in (0..30).map(|step| 1 + place * 90 + step * 3) {
            node.commit(orders(number..number + 3)).await.unwrap();
            let settlement = Settlement {
                system: system("erp"),
                outcomes: vec![delivered(&order(number), &format!("E-{number}"))],
                parked: vec![park(&order(number + 1), failed())],
            };
            node.settle(settlement).await.unwrap();
        }
    });
    join_all(work).await;
    assert_counted(house).await;
}

pub(super) async fn it_is_all_there_after_reopening(house: &House) {
    house.store.commit(orders(1..=3)).await.unwrap();
    let mut customer = new_customer(4);
    customer.keys = vec![(key(KeyKind::Tax, "T"), master(4))];
    house.store.commit(customer).await.unwrap();
    house
        .settle(
            vec![delivered(&order(1), "E-1")],
            vec![park(&order(2), failed())],
        )
        .await;
    let again = house.another_node().await;
    again.migrate().await.unwrap();
    let messages = again.messages(&Default::default(), None, 10).await.unwrap();
    assert_eq!(
        messages,
        house
            .store
            .messages(&Default::default(), None, 10)
            .await
            .unwrap()
    );
    assert_eq!(messages.len(), 3);
    assert_eq!(
        again.golden(master(4)).await.unwrap(),
        Some(golden(master(4), 1, "上海川可 1"))
    );
    assert_eq!(
        again
            .parked(&Default::default(), None, 10)
            .await
            .unwrap()
            .len(),
        1
    );
    assert_eq!(
        again.dashboard().await.unwrap(),
        house.store.dashboard().await.unwrap()
    );
    assert!(matches!(
        again.commit(orders(3..=3)).await,
        Err(StoreError::Conflict(_))
    ));
}

pub(super) async fn many_nodes_may_migrate_at_once(house: &House) {
    let (first, place) = house.empty().await;
    let (second, third) = (place.another_node().await, place.another_node().await);
    let migrated = join_all([first.migrate(), second.migrate(), third.migrate()]).await;
    assert_eq!(migrated, [Ok(()), Ok(()), Ok(())]);
    second.commit(orders(1..=1)).await.unwrap();
    assert_eq!(first.migrate().await, Ok(()));
    assert_eq!(
        first
            .messages(&Default::default(), None, 10)
            .await
            .unwrap()
            .len(),
        1
    );
}

pub(super) async fn tables_newer_than_the_program_are_refused(house: &House) {
    house
        .sql(
            "insert into _sqlx_migrations
                 (version, description, installed_on, success, checksum, execution_time)
             select 9999, 'later', installed_on, success, checksum, execution_time
             from _sqlx_migrations where version = 1",
        )
        .await;
    let Err(StoreError::Refused(words)) = house.store.migrate().await else {
        panic!("a newer schema is refused");
    };
    assert!(
        words.contains("schema version 9999, which is newer than this program"),
        "{words}"
    );
    // The refusal holds nothing: the store goes on, and other nodes can ask.
    house.store.commit(orders(1..=1)).await.unwrap();
    assert!(house.another_node().await.migrate().await.is_err());
}

pub(super) async fn missing_tables_are_named(house: &House) {
    let (store, _place) = house.empty().await;
    let Err(StoreError::Refused(words)) = store.commit(orders(1..=1)).await else {
        panic!("missing tables are refused");
    };
    assert!(words.contains("run `tenon migrate`"), "{words}");
}

pub(super) async fn bodies_of_every_length_come_back(house: &House) {
    // Short, long, and one that is compressed already: what is kept is what came.
    let long = "{\"text\":\"电动剃须刀\"}".repeat(2_000);
    let frame = [&[0x28, 0xb5, 0x2f, 0xfd][..], &[0; 600][..]].concat();
    let bodies = [Bytes::from_static(b"{}"), long.into(), frame.into()];
    for (number, body) in (1..).zip(&bodies) {
        let mut message = order(number);
        (message.raw, message.canonical) = (body.clone(), Some(body.clone()));
        let commit = Commit {
            messages: vec![message],
            ..Default::default()
        };
        house.store.commit(commit).await.unwrap();
        let id = order(number).attributes.id;
        let kept = house.store.payloads(id).await.unwrap().unwrap();
        assert_eq!((&kept.raw, kept.canonical.as_ref()), (body, Some(body)));
        // Published again, it is the same too.
        let lookup = tenon_store::Lookup {
            messages: vec![id],
            ..Default::default()
        };
        let known = house.store.look_up(&lookup).await.unwrap();
        assert_eq!(known.seen[&id].canonical.as_ref(), Some(body));
    }
    const LONG: &str = "select cast(max(length(canonical)) as bigint) from payload";
    let stored = house.number(LONG).await;
    assert!(stored < 10_000, "{stored} bytes of {}", bodies[1].len());
    // A row from before there was compression.
    house
        .sql("update payload set canonical = raw where length(raw) = 2")
        .await;
    let kept = house.store.payloads(order(1).attributes.id).await.unwrap();
    assert_eq!(kept.unwrap().canonical.unwrap(), bodies[0]);
}

pub(super) async fn what_is_rare_is_found_among_much(house: &House) {
    house.store.commit(orders(1..=300)).await.unwrap();
    let mut rare = order(301);
    rare.attributes.source = system("oa");
    let messages = vec![rare, invalid(302)];
    let commit = Commit {
        messages,
        ..Default::default()
    };
    house.store.commit(commit).await.unwrap();
    house.store.commit(orders(303..=600)).await.unwrap();
    let keys = async |filter: MessageFilter, before: Option<i64>, limit: u32| {
        let found = house.store.messages(&filter, before, limit).await.unwrap();
        let key = |record: &tenon_store::JournalRecord| record.business_key.clone().unwrap();
        (
            found.iter().map(key).collect::<Vec<_>>(),
            found.last().map(|record| record.position),
        )
    };
    let of = |source: Option<&str>, state: Option<&str>| MessageFilter {
        source: source.map(system),
        state: state.map(str::to_owned),
        ..Default::default()
    };
    assert_eq!(keys(of(Some("oa"), None), None, 10).await.0, ["N-301"]);
    assert_eq!(keys(of(None, Some("invalid")), None, 10).await.0, ["N-302"]);
    let (first, last) = keys(of(Some("crm"), Some("routed")), None, 2).await;
    assert_eq!(first, ["N-600", "N-599"]);
    let (second, _) = keys(of(Some("crm"), Some("routed")), last, 2).await;
    assert_eq!(second, ["N-598", "N-597"]);
    // Groups are merged by position.
    let orders_of_all = MessageFilter {
        entity: Some(Entity::Order),
        ..Default::default()
    };
    let (all, _) = keys(orders_of_all, None, 301).await;
    assert_eq!(all[297..], ["N-303", "N-302", "N-301", "N-300"]);
}
