//! From a source's record to a row, or to where a person sees why not.

use tenon_broker::Publication;
use tenon_core::{Entity, MessageId};
use tenon_pipeline::{
    DEAD_QUEUE, DeadLetters, Hub, Roles, deliver_queue, inbound_queue, native_publication, redrive,
};
use tenon_store::{Deed, DeliveryState, Lookup, ParkedRecord, ParkedState};

use super::company::{Erp, ORDER_IN, order};
use super::node::Node;
use super::place::{House, equals, eventually, named};

pub(super) async fn an_order_goes_from_source_to_row(house: &House) {
    house.shop_and_erp(Erp::Orders).await;
    let node = house.node().await;
    let hub = node.start(Roles::ALL).await;
    for (number, amount) in [
        ("1234567890123456789", "0.1"),
        ("1234567890123456788", "10000000000000000.01"),
        ("1234567890123456787", "19.90"),
    ] {
        let native = format!(r#"{{"no":{number},"buyer":"C-1","amount":{amount},"revision":1}}"#);
        let id = node.send("shop", Entity::Order, &native).await;

        let delivery = node.delivery(id, "erp", DeliveryState::Delivered).await;
        assert_eq!(delivery.native_id.as_deref(), Some(number));
        assert_eq!(delivery.attempts, 1);
        let row = format!("select net from erp_order where order_no = '{number}'");
        assert_eq!(house.texts(&row).await, [amount]);

        let journal = node.journaled(id, "routed").await;
        assert_eq!(journal.targets, [named("erp")]);
        assert_eq!(journal.business_key.as_deref(), Some(number));
        assert_eq!(journal.origin, "the case");
        let payloads = node.store.payloads(id).await.unwrap().expect("payloads");
        assert_eq!(payloads.raw, native);

        let at_shop = (Entity::Order, named("shop"), number.to_owned());
        let at_erp = (Entity::Order, named("erp"), number.to_owned());
        let natives = vec![at_shop.clone(), at_erp.clone()];
        let known = node
            .store
            .look_up(&Lookup {
                natives,
                ..Lookup::default()
            })
            .await
            .unwrap();
        assert_eq!(
            known.natives[&at_shop],
            journal.attributes.master_id.expect("a master")
        );
        assert_eq!(known.natives[&at_erp], known.natives[&at_shop]);
    }
    assert_eq!(house.number("select count(*) from applied").await, 3);
    hub.stop().await;
}

pub(super) async fn a_table_is_read_on_where_it_was_left(house: &House) {
    house.shop_and_erp(Erp::Orders).await;
    let shop = house.tables_url()
        + "[[receive]]\nentity = 'order'\nkey = 'no'\nmapping = 'order.in.jq'\nevery = '50ms'\n\
           table = 'shop_order'\nchanged = 'changed'\n";
    house.system("shop", "sql", &shop);
    house
        .run(
            "create table shop_order (no text primary key, buyer text, amount text,
                 revision integer, changed integer)",
        )
        .await;
    let add = async |numbers: std::ops::Range<usize>| {
        for number in numbers {
            let row = format!("('O-{number:03}', 'C-1', '19.90', 1, {number})");
            house
                .run(&format!("insert into shop_order values {row}"))
                .await;
        }
    };
    let applied = async || house.number("select count(*) from applied").await;
    add(1..301).await;
    let node = house.node().await;
    let hub = node.start(Roles::ALL).await;
    equals(300, applied).await;
    hub.stop().await;

    // What changes while nobody asks is found afterwards, and nothing else is told again.
    add(301..351).await;
    let hub = node.start(Roles::ALL).await;
    equals(350, applied).await;
    // To and fro: a record that returns to what it was is an event of its own.
    for (step, amount) in [(1000, "7"), (1001, "19.90"), (1002, "7")] {
        let set = format!("amount = '{amount}', changed = {step} where no = 'O-001'");
        house.run(&format!("update shop_order set {set}")).await;
        let net = "select net from erp_order where order_no = 'O-001'";
        equals(vec![amount.to_owned()], async || house.texts(net).await).await;
    }
    node.quiet().await;
    node.journal_has(353).await;
    assert_eq!(applied().await, 353);
    hub.stop().await;
}

/// Sends one order of each way to be invalid, and waits until each is parked.
async fn send_invalid(node: &Node) -> [(MessageId, ParkedRecord); 4] {
    let raw = [0xff, 0xfe, 0x00, b'{'];
    let undecodable = node.undecodable("shop", Entity::Order, &raw);
    let unmapped = r#"{"no":"O-2","buyer":"C-1","amount":"a lot","revision":1}"#;
    let violating = r#"{"no":"O-3","buyer":"C-1","amount":"1","revision":1,"currency":"yuan"}"#;
    let keyless = r#"{"id":"O-4","buyer":"C-1","amount":"1","revision":1}"#;
    let messages = [
        undecodable,
        node.message("shop", Entity::Order, unmapped),
        node.message("shop", Entity::Order, violating),
        node.message("shop", Entity::Order, keyless),
    ];
    node.take(&messages).await;
    let [first, second, third, fourth] = messages.map(|message| message.attributes.id);
    [
        (
            first,
            expect_invalid(node, first, "record.undecodable", &raw).await,
        ),
        (
            second,
            expect_invalid(node, second, "mapping.failed", unmapped.as_bytes()).await,
        ),
        (
            third,
            expect_invalid(node, third, "schema.violation", violating.as_bytes()).await,
        ),
        (
            fourth,
            expect_invalid(node, fourth, "record.undecodable", keyless.as_bytes()).await,
        ),
    ]
}

async fn expect_invalid(node: &Node, id: MessageId, code: &str, raw: &[u8]) -> ParkedRecord {
    let parked = node.parked(id, ParkedState::Failed).await;
    assert_eq!(parked.code, code);
    assert_eq!(parked.system, named("shop"));
    assert_eq!(parked.parcel.body, raw);
    let journal = node.journaled(id, "invalid").await;
    assert!(journal.detail.is_some() && journal.targets.is_empty());
    assert_eq!(
        node.store
            .payloads(id)
            .await
            .unwrap()
            .expect("payloads")
            .raw,
        raw
    );
    parked
}

pub(super) async fn what_is_invalid_is_parked_and_the_rest_flows(house: &House) {
    house.shop_and_erp(Erp::Orders).await;
    let node = house.node().await;
    let hub = node.start(Roles::ALL).await;
    send_invalid(&node).await;
    let good = node
        .send("shop", Entity::Order, &order("O-5", "C-1", 1))
        .await;
    node.delivery(good, "erp", DeliveryState::Delivered).await;
    node.quiet().await;
    assert_eq!(house.texts("select order_no from erp_order").await, ["O-5"]);
    assert_eq!(node.all_parked().await.len(), 4);
    hub.stop().await;
}

pub(super) async fn a_record_that_no_message_can_carry_is_parked(house: &House) {
    house.shop_and_erp(Erp::Orders).await;
    let node = house.node().await;
    let hub = node.start(Roles::ALL).await;
    let remark = "x".repeat(tenon_broker::MAX_MESSAGE_BYTES);
    let large =
        format!(r#"{{"no":"O-1","buyer":"C-1","amount":"1","revision":1,"remark":"{remark}"}}"#);
    let large = node.send("shop", Entity::Order, &large).await;
    let good = node
        .send("shop", Entity::Order, &order("O-2", "C-1", 1))
        .await;
    node.delivery(good, "erp", DeliveryState::Delivered).await;
    let parked = node.parked(large, ParkedState::Failed).await;
    assert_eq!(parked.code, "record.undecodable");
    assert!(
        parked.detail.contains("a message carries"),
        "{}",
        parked.detail
    );
    assert!(parked.parcel.body.starts_with(br#"{"no":"O-1""#));
    hub.stop().await;
}

pub(super) async fn a_key_without_end_is_parked(house: &House) {
    house.shop_and_erp(Erp::Orders).await;
    let node = house.node().await;
    let hub = node.start(Roles::ALL).await;
    // Longer than a header of AMQP or an index of the database would take.
    let endless = order(&"9".repeat(100_000), "C-1", 1);
    let endless = node.send("shop", Entity::Order, &endless).await;
    let good = node
        .send("shop", Entity::Order, &order("O-2", "C-1", 1))
        .await;
    node.delivery(good, "erp", DeliveryState::Delivered).await;
    let parked = node.parked(endless, ParkedState::Failed).await;
    assert_eq!(parked.code, "record.undecodable");
    let said = &parked.detail;
    assert!(
        said.contains("`no`, the record's key, has 100000 characters"),
        "{said}"
    );
    hub.stop().await;
}

pub(super) async fn a_repaired_mapping_takes_what_was_parked_once(house: &House) {
    house.shop_and_erp(Erp::Orders).await;
    let node = house.node().await;
    let hub = node.start(Roles::ALL).await;
    let parked = send_invalid(&node).await;
    hub.stop().await;

    let repaired = ORDER_IN
        .replace(r#"(.currency // "CNY")"#, r#""CNY""#)
        .replace(
            "(.amount | decimal)",
            r#"(.amount | if . == "a lot" then "7" else decimal end)"#,
        )
        .replace("(.no | tostring)", "(.no // .id | tostring)");
    house.write("order.in.jq", &repaired);
    let hook = house.webhook("order", "id", "order.in.jq");
    house.system(
        "shop",
        "http",
        &("url = 'http://127.0.0.1:9'\n".to_owned() + &hook),
    );

    let node = house.node().await;
    let hub = node.start(Roles::ALL).await;
    let records: Vec<_> = parked.iter().map(|(_, record)| record.clone()).collect();
    for _ in 0..2 {
        let done = redrive(
            &node.store,
            &node.accept(),
            records.clone(),
            false,
            &Deed::default(),
        )
        .await
        .unwrap();
        assert_eq!((done.sent, done.superseded.len()), (4, 0));
    }
    for (id, _) in &parked[1..] {
        node.delivery(*id, "erp", DeliveryState::Delivered).await;
        node.journaled(*id, "routed").await;
    }
    node.quiet().await;
    let rows = house
        .texts("select order_no || ' ' || net from erp_order order by 1")
        .await;
    assert_eq!(rows, ["O-2 7", "O-3 1", "O-4 1"]);
    assert_eq!(house.number("select count(*) from applied").await, 3);
    let left = node.all_parked().await;
    assert_eq!(left.len(), 1, "what is no record stays: {left:?}");
    assert_eq!(left[0].parcel.attributes.id, parked[0].0);
    assert_eq!(
        node.journaled(parked[3].0, "routed")
            .await
            .attributes
            .native_id
            .as_deref(),
        Some("O-4")
    );
    hub.stop().await;
}

pub(super) async fn an_old_record_is_not_sent_again_unless_forced(house: &House) {
    house.shop_and_erp(Erp::Orders).await;
    let node = house.node().await;
    let hub = node.start(Roles::ALL).await;
    let wrong = r#"{"no":"O-1","buyer":"C-1","amount":"a lot","revision":1}"#;
    let old = node.send("shop", Entity::Order, wrong).await;
    let parked = node.parked(old, ParkedState::Failed).await;
    let new = node
        .send("shop", Entity::Order, &order("O-1", "C-1", 2))
        .await;
    node.delivery(new, "erp", DeliveryState::Delivered).await;
    hub.stop().await;

    house.write(
        "order.in.jq",
        &ORDER_IN.replace("(.amount | decimal)", "\"7\""),
    );
    let node = house.node().await;
    let hub = node.start(Roles::ALL).await;
    let done = redrive(
        &node.store,
        &node.accept(),
        vec![parked.clone()],
        false,
        &Deed::default(),
    )
    .await
    .unwrap();
    assert_eq!(done.sent, 0);
    assert_eq!(
        done.superseded,
        [(parked.id.0, format!("superseded by message {new}"))]
    );
    node.parked(old, ParkedState::Failed).await;

    let done = redrive(
        &node.store,
        &node.accept(),
        vec![parked],
        true,
        &Deed::default(),
    )
    .await
    .unwrap();
    assert_eq!((done.sent, done.superseded.len()), (1, 0));
    node.delivery(old, "erp", DeliveryState::Delivered).await;
    assert_eq!(
        house
            .texts("select cast(revision as text) from applied order by step")
            .await,
        ["2", "1"]
    );
    hub.stop().await;
}

pub(super) async fn unreadable_messages_are_dead_letters(house: &House) {
    house.shop_and_erp(Erp::Orders).await;
    let node = house.node().await;
    node.declare().await;
    let headers = vec![("cloudEvents_id".to_owned(), "no id".to_owned())];
    let stray = |queue: String| Publication {
        queue,
        headers: headers.clone(),
        body: "stray".into(),
    };
    let strays = [
        inbound_queue(0),
        inbound_queue(1),
        deliver_queue(&named("erp")),
    ];
    for outcome in node
        .broker
        .publish(strays.iter().cloned().map(stray).collect())
        .await
    {
        outcome.expect("published");
    }
    let hub: Hub = node.start(Roles::ALL).await;
    let mut good = Vec::new();
    for number in 0..20 {
        let order = order(&format!("O-{number}"), "C-1", 1);
        good.push(node.send("shop", Entity::Order, &order).await);
    }
    for id in good {
        node.delivery(id, "erp", DeliveryState::Delivered).await;
    }
    node.quiet().await;
    equals(3, async || {
        node.broker.depth(DEAD_QUEUE).await.unwrap_or_default()
    })
    .await;

    let mut consumer = node.broker.consume(DEAD_QUEUE, 10).await.unwrap();
    let mut dead = Vec::new();
    while dead.len() < strays.len() {
        dead.extend(consumer.next_batch(10).await.unwrap());
    }
    let header = |delivery: &tenon_broker::Delivery, name: &str| {
        let found = delivery.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    };
    let mut from: Vec<_> = dead
        .iter()
        .map(|found| header(found, "tenon-dead-queue"))
        .collect();
    from.sort();
    assert_eq!(from, ["deliver.erp", "inbound.0", "inbound.1"]);
    for found in &dead {
        let reason = header(found, "tenon-dead-reason");
        assert!(
            reason.starts_with("header `cloudEvents_id`: `no id`"),
            "{reason}"
        );
        assert_eq!(found.body, "stray");
    }
    eventually(async || match hub.health().is_ready() {
        true => Ok(()),
        false => Err(format!("not ready: {:?}", hub.health().reports())),
    })
    .await;
    hub.stop().await;
}

pub(super) async fn a_dead_letter_is_sent_again_and_has_its_effect_once(house: &House) {
    house.shop_and_erp(Erp::Orders).await;
    let node = house.node().await;
    node.declare().await;
    // A message that the hub broke down over, before somebody repaired what was in its way.
    let good = node.message("shop", Entity::Order, &order("O-1", "C-1", 1));
    let id = good.attributes.id;
    let publication = native_publication(&good, 1, false);
    let buried = |queue: &str, publication: &Publication| {
        let mut letter = publication.clone();
        let own = [
            ("tenon-dead-reason", "out of range"),
            ("tenon-dead-queue", queue),
            ("tenon-dead-at", "2026-03-02T08:15:30Z"),
        ];
        let own = own.map(|(name, value)| (name.to_owned(), value.to_owned()));
        letter.headers.extend(own);
        letter.queue = DEAD_QUEUE.to_owned();
        letter
    };
    let letter = buried(&inbound_queue(0), &publication);
    let homeless = buried("deliver.nobody", &publication);
    let bury = async |letters: Vec<Publication>| {
        for outcome in node.broker.publish(letters).await {
            outcome.expect("published");
        }
    };
    bury(vec![letter.clone(), homeless]).await;
    let letters = async || {
        let letters = DeadLetters::open(node.broker.clone(), &node.store).await;
        letters.expect("nobody else looks")
    };
    for _ in 0..3 {
        let (total, seen) = letters().await.look().await.unwrap();
        assert_eq!((total, seen.len()), (2, 2), "looking takes nothing away");
    }
    let (_, seen) = letters().await.look().await.unwrap();
    assert_eq!(seen[0].queue.as_deref(), Some("inbound.0"));
    assert_eq!(seen[0].reason.as_deref(), Some("out of range"));
    assert_eq!(
        seen[0].header("cloudEvents_id"),
        Some(id.to_string().as_str())
    );
    assert_ne!(seen[0].id, seen[1].id);

    // A hub that dies after the broker has confirmed and before the letter is acknowledged leaves both.
    bury(vec![publication.clone()]).await;
    let hub: Hub = node.start(Roles::ALL).await;
    node.delivery(id, "erp", DeliveryState::Delivered).await;
    let ids: Vec<String> = seen.iter().map(|letter| letter.id.clone()).collect();
    let sent = letters().await.redrive(&ids).await.unwrap();
    assert_eq!((sent.done.len(), sent.stay.len()), (1, 1));
    assert_eq!(sent.done[0].id, ids[0]);
    assert!(sent.stay[0].1.contains("deliver.nobody"), "{:?}", sent.stay);
    node.quiet().await;
    assert_eq!(house.number("select count(*) from erp_order").await, 1);
    assert_eq!(house.number("select count(*) from applied").await, 1);

    // What was passed over stays until somebody gives it up; what nobody names is not touched.
    assert_eq!(
        letters()
            .await
            .give_up(&[ids[0].clone()])
            .await
            .unwrap()
            .done
            .len(),
        0
    );
    let (total, rest) = letters().await.look().await.unwrap();
    assert_eq!((total, rest[0].id.as_str()), (1, ids[1].as_str()));
    let given_up = letters().await.give_up(&ids).await.unwrap();
    assert_eq!((given_up.done.len(), given_up.stay.len()), (1, 0));
    let (total, rest) = letters().await.look().await.unwrap();
    assert_eq!((total, rest.len()), (0, 0));
    hub.stop().await;
}
