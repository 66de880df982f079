//! The journal read forward, and the tables of the projections.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use jiff::civil::Date;
use serde_json::{Value, json};
use tenon_core::interaction::{Interaction, InteractionKind};
use tenon_core::money::Decimal;
use tenon_core::{Attributes, Entity, Fact, MasterId, MessageId, OrderingKey, SystemName};
use tenon_insight::{Care, Policy, Remind, Turn, day_number};
use tenon_store::insight::{Insight, Matter, MatterFilter, PaperFilter, ReportFilter};
use tenon_store::{Claim, Commit, Inbound, InboundState, Move, SharedStore, StoreError};
use uuid::Uuid;

use super::fixtures::{House, orders, write};

pub(super) fn master(entity: Entity, id: &str) -> MasterId {
    MasterId::derive(&[entity.as_str(), "erp", id])
}

pub(super) fn to(entity: Entity, id: &str) -> Value {
    json!({ "master_id": master(entity, id).to_string() })
}

pub(super) fn stated(entity: Entity, id: &str, body: Value) -> Inbound {
    let source = SystemName::new("erp").unwrap();
    let mut attributes = Attributes::received(
        source,
        entity,
        entity.as_str(),
        Some(id.to_owned()),
        Some(id),
    );
    attributes.master_id = Some(master(entity, id));
    attributes.ordering_key = OrderingKey(format!("{entity}/{id}"));
    attributes.sequence = (entity == Entity::Customer).then_some(1);
    Inbound {
        attributes,
        business_key: None,
        origin: "test".to_owned(),
        state: InboundState::Routed {
            targets: Vec::new(),
        },
        raw: Bytes::from_static(b"{}"),
        canonical: Some(Bytes::from(body.to_string())),
    }
}

fn totals(net: &str, gross: &str) -> Value {
    json!({ "net": net, "tax": "0.00", "gross": gross })
}

fn company() -> Commit {
    use Entity::{Case, Customer, Invoice, Item, Opportunity, Order, Receipt};
    let customer = |name: &str, source: &str| {
        json!({ "legal_name": name, "kind": "customer", "industry": "retail/online", "source": source,
            "owner": "li", "grade": "ordinary" })
    };
    let order = |number: &str, who: &str, item: &str| {
        json!({ "number": number, "customer": to(Customer, who), "order_date": "2026-03-01",
            "currency": "CNY", "status": "closed", "totals": totals("200.00", "226.00"),
            "lines": [{ "number": 1, "item": to(Item, item), "quantity": "20", "unit_price": "10.00",
                "tax_rate": "0.13", "amount": "200.00" }] })
    };
    let item = |code: &str| json!({ "code": code, "name": code, "standard_cost": "6.50", "cost_currency": "CNY" });
    let messages = vec![
        stated(Customer, "K-1", customer("One", "exhibition/canton-fair")),
        stated(Customer, "K-2", customer("Two", "platform/alibaba")),
        stated(Item, "A", item("A")),
        stated(Item, "B", item("B")),
        stated(Order, "O-1", order("O-1", "K-1", "A")),
        stated(Order, "O-2", order("O-2", "K-2", "B")),
        stated(
            Invoice,
            "I-1",
            json!({ "number": "I-1", "customer": to(Customer, "K-1"),
            "orders": [to(Order, "O-1")], "kind": "special", "status": "issued",
            "issue_date": "2026-03-05", "currency": "CNY", "totals": totals("200.00", "226.00"),
            "lines": [{ "number": 1, "quantity": "1", "unit_price": "200.00", "tax_rate": "0.13",
                "amount": "200.00", "tax": "26.00" }] }),
        ),
        stated(
            Receipt,
            "R-1",
            json!({ "number": "R-1", "customer": to(Customer, "K-1"),
            "received_on": "2026-03-20", "currency": "CNY", "amount": "100.00", "status": "received",
            "allocations": [{ "invoice": to(Invoice, "I-1"), "amount": "100.00" }] }),
        ),
        stated(
            Opportunity,
            "P-1",
            json!({ "number": "P-1", "name": "more", "outcome": "open",
            "customer": to(Customer, "K-1"), "stage": "quoted", "currency": "CNY", "amount": "500.00" }),
        ),
        stated(
            Case,
            "C-1",
            json!({ "number": "C-1", "customer": to(Customer, "K-1"),
            "kind": "complaint", "subject": "noise", "status": "open", "satisfaction": 4,
            "opened_at": "2026-03-02T00:00:00Z" }),
        ),
    ];
    Commit {
        messages,
        ..Commit::default()
    }
}

/// The claim of the one that brings the figures on, once the one before has let it go.
pub(super) async fn claimed(store: &SharedStore) -> Box<dyn Claim> {
    loop {
        match store.claim("insight").await.unwrap() {
            Some(claim) => return claim,
            None => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

pub(super) async fn catch_up(store: &SharedStore) -> i32 {
    let claim = claimed(store).await;
    let mut turn = Turn::alone(store.insight(), Arc::<Policy>::default());
    while turn.take(claim.as_ref()).await.unwrap() {}
    let generations = store.insight().generations().await.unwrap();
    generations
        .iter()
        .find(|found| found.live == 1)
        .unwrap()
        .generation
}

/// The numbers of a customer's latest documents of an entity.
pub(super) async fn papers(
    insight: &Insight,
    generation: i32,
    customer: Uuid,
    entity: &str,
) -> Vec<String> {
    let filter = PaperFilter {
        entity: entity.to_owned(),
        customer: Some(customer),
        ..PaperFilter::default()
    };
    let found = insight.papers(generation, &filter, None, 10).await.unwrap();
    found.into_iter().map(|paper| paper.row.number).collect()
}

pub(super) async fn the_journal_is_read_forward(house: &House) {
    let insight = house.store.insight();
    let nothing = insight.journaled(0, 10).await.unwrap();
    assert_eq!(
        (nothing.entries.len(), nothing.through, nothing.more),
        (0, 0, false)
    );
    house.store.commit(orders(1..=5)).await.unwrap();
    let first = insight.journaled(0, 3).await.unwrap();
    assert_eq!((first.entries.len(), first.more), (3, true));
    let rest = insight.journaled(first.through, 3).await.unwrap();
    assert_eq!((rest.entries.len(), rest.more), (2, false));
    let end = insight.journaled(rest.through, 3).await.unwrap();
    assert_eq!((end.entries.len(), end.through), (0, rest.through));
}

fn amount(text: &str) -> Decimal {
    text.parse().unwrap()
}

/// The columns of the views are a contract with tools that nobody here knows: they may grow, no more.
pub(super) async fn tools_read_the_figures_through_views(house: &House) {
    house.store.commit(company()).await.unwrap();
    catch_up(&house.store).await;
    for (view, columns) in [
        (
            "bi_customer",
            "customer_id code name kind stage grade industry source owner credit_days known_on score proposed_grade",
        ),
        (
            "bi_order",
            "order_id kind number contract customer_id customer_code customer_name ordered_on status state currency \
             ordered shipped invoiced received short unbilled over_billed outstanding short_since unbilled_since \
             billed_on settled_on",
        ),
        (
            "bi_document",
            "document_id entity number customer_id customer_code customer_name dated status outcome owner source \
             currency amount satisfaction",
        ),
        (
            "bi_month",
            "customer_id customer_code customer_name month currency orders ordered invoiced billed received",
        ),
        (
            "bi_product",
            "customer_id customer_code customer_name item_id item_code item_name quarter currency quantity amount",
        ),
        (
            "bi_stock",
            "customer_id customer_code customer_name item_id item_code item_name warehouse quantity available \
             in_transit reorder_point unit counted_on",
        ),
        (
            "bi_sell_out",
            "customer_id customer_code customer_name item_id item_code item_name sold_on quantity",
        ),
        (
            "bi_sell_out_unit",
            "customer_id customer_code customer_name item_id item_code item_name sold_on quantity unit",
        ),
    ] {
        let found = house.columns(view).await;
        assert_eq!(found, columns.split(' ').collect::<Vec<_>>(), "{view}");
    }
    for (what, expected) in [
        ("select count(*) from bi_customer where kind = 'customer'", 2),
        ("select count(*) from bi_order where number = 'O-1' and customer_name = 'One'
              and cast(ordered_on as text) = '2026-03-01' and cast(outstanding as text) = '126.0000'", 1),
        ("select count(*) from bi_document where entity = 'receipt' and cast(amount as text) = '100.0000'
              and cast(dated as text) = '2026-03-20'", 1),
        ("select count(*) from bi_month where cast(month as text) = '2026-03-01' and orders = 1
              and cast(ordered as text) = '200.0000'", 2),
        ("select count(*) from bi_product where item_code = 'A' and cast(quarter as text) = '2026-01-01'
              and cast(quantity as text) = '20.0000' and cast(amount as text) = '200.0000'", 1),
    ] {
        assert_eq!(house.number(what).await, expected, "{what}");
    }
    let insight = house.store.insight();
    let rebuilt = insight.generations().await.unwrap().len();
    assert_eq!(rebuilt, 1, "one generation is shown, the live one");
    // Another generation that is being built beside it shows nowhere.
    house
        .sql("insert into insight_generation (generation, position, live) values (99, 0, 0)")
        .await;
    house
        .sql("insert into insight_customer (generation, id, root, version, code, name, kind, stage, grade,
                  industry, source, owner, credit_days, known_on, facts, cooperation, declined, stamp, scored_on,
                  score, proposed, parts)
              select 99, id, root, version, code, name, kind, stage, grade, industry,
                  source, owner, credit_days, known_on, facts, cooperation, declined, stamp, scored_on, score,
                  proposed, parts from insight_customer")
        .await;
    let shown = house.number("select count(*) from bi_customer").await;
    assert_eq!(shown, 2);
}

pub(super) async fn figures_follow_from_the_journal(house: &House) {
    house.store.commit(company()).await.unwrap();
    let generation = catch_up(&house.store).await;
    let insight = house.store.insight();
    let one = master(Entity::Customer, "K-1").0;
    let all = ReportFilter {
        from: 0,
        to: 100_000,
    };
    let filter = MatterFilter {
        today: day_number("2026-06-01".parse().unwrap()),
        credit_days: 30,
        ..MatterFilter::default()
    };
    for (matter, expected) in [
        (None, vec!["O-2", "O-1"]),
        (Some(Matter::Overdue), vec!["O-1"]),
        (Some(Matter::Unbilled), vec!["O-2"]),
        (Some(Matter::Orphan), vec![]),
        (Some(Matter::Open), vec!["O-1", "O-2"]),
    ] {
        let filter = MatterFilter {
            matter,
            ..filter.clone()
        };
        let found = insight.orders(generation, &filter, None, 10).await.unwrap();
        let mut numbers: Vec<&str> = found.iter().map(|page| page.row.number.as_str()).collect();
        numbers.sort();
        let mut expected = expected;
        expected.sort();
        assert_eq!(numbers, expected, "{matter:?}");
    }
    let own = MatterFilter {
        customer: Some(one),
        text: Some("O-1".to_owned()),
        ..filter.clone()
    };
    assert_eq!(
        insight
            .orders(generation, &own, None, 10)
            .await
            .unwrap()
            .len(),
        1
    );
    let exceptions = insight.exceptions(generation, &filter).await.unwrap();
    assert_eq!(
        (
            exceptions[0].orders,
            exceptions[0].overdue,
            exceptions[0].unbilled
        ),
        (2, 1, 1)
    );
    assert_eq!(exceptions[0].overdue_amount, amount("126"));
    let segments = insight.segments(generation, "source", all).await.unwrap();
    let fair = segments
        .iter()
        .find(|row| row.segment.as_deref() == Some("exhibition/canton-fair"));
    let fair = fair.unwrap();
    assert_eq!(
        (fair.orders, fair.invoiced, fair.received),
        (1, amount("200"), amount("100"))
    );
    let margins = insight.margins(generation, "industry", all).await.unwrap();
    assert_eq!(
        (margins[0].costed, margins[0].cost),
        (amount("400"), amount("260"))
    );
    let cohorts = insight.cohorts(generation, all).await.unwrap();
    assert_eq!(cohorts.len(), 2);
    assert_eq!(cohorts[0].first, 2026 * 12 + 2);
    let funnel = insight
        .funnel(generation, (0, 100_000), Some(one))
        .await
        .unwrap();
    assert_eq!(
        (funnel[0].stage.as_str(), funnel[0].amount),
        ("quoted", amount("500"))
    );
    let new = insight
        .new_customers(generation, (0, 100_000))
        .await
        .unwrap();
    assert_eq!(new.iter().map(|row| row.customers).sum::<i64>(), 2);
    let known = insight.known_by_source(generation).await.unwrap();
    let known: Vec<i64> = known.iter().map(|row| row.customers).collect();
    assert_eq!(known, [1, 1]);
    assert_eq!(insight.grades(generation).await.unwrap()[0].customers, 2);
    let content = insight
        .satisfaction(generation, (0, 100_000))
        .await
        .unwrap();
    assert_eq!(
        (content[0].cases, content[0].open, content[0].total),
        (1, 1, 4)
    );
    let months = insight.months(generation, all, Some(one)).await.unwrap();
    assert_eq!((months[0].orders, months[0].billed), (1, amount("226")));
    assert_eq!(
        insight.months(generation, all, None).await.unwrap()[0].customers,
        2
    );
    let march = ReportFilter {
        from: 2026 * 12 + 2,
        to: 2026 * 12 + 2,
    };
    let april = ReportFilter {
        from: 2026 * 12 + 3,
        to: 2026 * 12 + 3,
    };
    let activity = insight.activity(generation, march, april, "CNY");
    let activity = activity.await.unwrap();
    assert_eq!((activity.before, activity.kept), (2, 0));
    let products = insight.products(generation, all, None).await.unwrap();
    assert_eq!((products.len(), products[0].quantity), (2, amount("20")));
    assert_eq!(products[0].cost, amount("130"));
    let hints = insight.unbought(generation, one, 0, 5).await.unwrap();
    assert_eq!(
        hints
            .iter()
            .map(|row| row.code.as_deref())
            .collect::<Vec<_>>(),
        [Some("B")]
    );
    let customer = insight.customer(generation, one).await.unwrap();
    assert_eq!(
        (customer.len(), customer[0].name.as_deref()),
        (1, Some("One"))
    );
    let cases = papers(&insight, generation, one, "case").await;
    assert_eq!(cases, ["C-1"]);
    let grading = insight.grading(generation, one).await.unwrap().unwrap();
    assert!(
        grading.score.is_some() && grading.scored_on.is_some(),
        "{grading:?}"
    );
    insight.proposals(generation, None, 10).await.unwrap();
    assert!(
        insight
            .unscored(generation, 0, 10)
            .await
            .unwrap()
            .is_empty()
    );
}

pub(super) async fn a_generation_is_built_beside_and_swapped(house: &House) {
    house.store.commit(company()).await.unwrap();
    let before = catch_up(&house.store).await;
    let insight = house.store.insight();
    // What the journal has forgotten is taken over.
    house.sql("delete from journal where position <= 5").await;
    tenon_insight::rebuild(&insight, &tenon_insight::Calendar::default())
        .await
        .unwrap();
    let after = catch_up(&house.store).await;
    assert_eq!(after, before + 1);
    assert_eq!(insight.generations().await.unwrap().len(), 1);
    let filter = MatterFilter::default();
    let orders = insight.orders(after, &filter, None, 10).await.unwrap();
    let mut numbers: Vec<&str> = orders.iter().map(|page| page.row.number.as_str()).collect();
    numbers.sort();
    assert_eq!(numbers, ["O-1", "O-2"]);
    assert_eq!(insight.documents(before, &[Uuid::nil()]).await.unwrap(), []);
}

/// What the hub says of a customer when masters were merged or parted.
pub(super) fn event(fact: Fact, id: &str, version: i64) -> Inbound {
    let mut message = stated(Entity::Customer, id, json!({ "legal_name": id }));
    message.attributes.kind.fact = fact;
    message.attributes.sequence = Some(version);
    message.attributes.id = MessageId::derive(&[fact.as_str(), id, &version.to_string()]);
    message
}

/// What was billed to each of the customers, as figures have it.
async fn billed(house: &House, generation: i32) -> [Decimal; 2] {
    let all = ReportFilter {
        from: 0,
        to: 100_000,
    };
    let insight = house.store.insight();
    let mut billed = [Decimal::ZERO; 2];
    for (place, id) in ["K-1", "K-2"].into_iter().enumerate() {
        let id = master(Entity::Customer, id).0;
        let months = insight.months(generation, all, Some(id)).await.unwrap();
        billed[place] = months.iter().map(|month| month.ordered).sum();
    }
    billed
}

pub(super) async fn figures_follow_a_merge_and_its_undoing(house: &House) {
    let (one, two) = (
        master(Entity::Customer, "K-1"),
        master(Entity::Customer, "K-2"),
    );
    let mut commit = company();
    commit.masters = vec![write(one, 1, None), write(two, 1, None)];
    house.store.commit(commit).await.unwrap();
    let generation = catch_up(&house.store).await;
    let apart = [amount("200"), amount("200")];
    assert_eq!(billed(house, generation).await, apart);

    let mut gone = write(two, 2, Some(1));
    gone.row.merged_into = Some(one);
    let merged = Commit {
        messages: vec![event(Fact::Merged, "K-1", 2)],
        masters: vec![write(one, 2, Some(1)), gone],
        moves: vec![Move::Merge {
            survivor: one,
            merged: two,
        }],
        ..Commit::default()
    };
    house.store.commit(merged).await.unwrap();
    let generation = catch_up(&house.store).await;
    // Whoever asks for the merged one is told of the survivor.
    let both = [amount("400"), amount("400")];
    assert_eq!(billed(house, generation).await, both);
    let insight = house.store.insight();
    // Whoever asks for the merged one is shown the survivor, with the papers and the score of both.
    let shown = insight.customer(generation, two.0).await.unwrap();
    assert_eq!((shown[0].id, shown.len()), (one.0, 2));
    let orders = papers(&insight, generation, one.0, "order").await;
    assert_eq!(orders.len(), 2);
    let graded = insight.grading(generation, two.0).await.unwrap().unwrap();
    assert_eq!(graded.id, one.0);

    let parted = Commit {
        messages: vec![
            event(Fact::Unmerged, "K-1", 3),
            event(Fact::Unmerged, "K-2", 3),
        ],
        masters: vec![write(one, 3, Some(2)), write(two, 3, Some(2))],
        moves: vec![Move::Unmerge {
            survivor: one,
            merged: two,
            members: vec![two],
        }],
        ..Commit::default()
    };
    house.store.commit(parted).await.unwrap();
    let generation = catch_up(&house.store).await;
    assert_eq!(billed(house, generation).await, apart);
    let shown = insight.customer(generation, two.0).await.unwrap();
    assert_eq!((shown[0].id, shown.len()), (two.0, 1));
    // Made anew, the figures are the same.
    tenon_insight::rebuild(&insight, &tenon_insight::Calendar::default())
        .await
        .unwrap();
    let generation = catch_up(&house.store).await;
    assert_eq!(billed(house, generation).await, apart);
}

/// Reminders as they are given, each by its occasion and day; refused while there is no place for them.
#[derive(Clone, Default)]
struct Desk {
    given: Arc<Mutex<Vec<String>>>,
    closed: Arc<AtomicBool>,
}

impl Desk {
    fn remind(&self) -> Remind {
        let desk = self.clone();
        Arc::new(move |reminders| {
            let desk = desk.clone();
            Box::pin(async move {
                if desk.closed.load(Ordering::Relaxed) {
                    return Err("the broker is away".to_owned());
                }
                let mut given = desk.given.lock().unwrap();
                for reminder in reminders {
                    let told: Interaction = serde_json::from_slice(&reminder.body).unwrap();
                    assert_eq!(told.number, reminder.number);
                    assert_eq!(told.kind, InteractionKind::Reminder);
                    let (what, on) = (told.next_step.unwrap(), told.next_on.unwrap());
                    given.push(format!("{what} {on} {}", told.owner));
                }
                Ok(())
            })
        })
    }

    /// What was given since the last time, in order.
    fn taken(&self) -> Vec<String> {
        let mut taken = std::mem::take(&mut *self.given.lock().unwrap());
        taken.sort();
        taken
    }
}

/// Brings the figures on as of a day.
async fn look_after(house: &House, desk: &Desk, today: fn() -> Date) -> Result<(), StoreError> {
    let claim = claimed(&house.store).await;
    let policy = Policy {
        care: Some(Care::default()),
        ..Policy::default()
    };
    let turn = Turn::alone(house.store.insight(), Arc::new(policy));
    let mut turn = turn.reminding(desk.remind(), today);
    while turn.take(claim.as_ref()).await? {}
    Ok(())
}

/// A diamond customer that ordered every thirty days until the first of March.
fn faithful() -> Commit {
    use Entity::{Customer, Order};
    let order = |number: &str, day: &str| {
        let body = json!({ "number": number, "customer": to(Customer, "K-1"), "order_date": day,
            "currency": "CNY", "status": "closed", "totals": totals("200.00", "226.00"),
            "lines": [{ "number": 1, "item": to(Entity::Item, "A"), "quantity": "20",
                "unit_price": "10.00", "tax_rate": "0.13", "amount": "200.00" }] });
        stated(Order, number, body)
    };
    let customer = json!({ "legal_name": "One", "grade": "diamond", "owner": "li",
        "contacts": [{ "name": "Ann", "birthday": "1980-04-12" }] });
    Commit {
        messages: vec![
            stated(Customer, "K-1", customer),
            order("O-1", "2025-12-01"),
            order("O-2", "2025-12-31"),
            order("O-3", "2026-01-30"),
            order("O-4", "2026-03-01"),
        ],
        ..Commit::default()
    }
}

pub(super) async fn reminders_are_given_once(house: &House) {
    let desk = Desk::default();
    let april = || "2026-04-10".parse().unwrap();
    let may = || "2026-05-01".parse().unwrap();
    house.store.commit(faithful()).await.unwrap();
    look_after(house, &desk, april).await.unwrap();
    let all = [
        "birthday 2026-04-12 li",
        "reorder 2026-03-31 li",
        "revisit 2026-03-31 li",
    ];
    assert_eq!(desk.taken(), all);
    // Facts that change, another day, figures made anew: none is given again.
    let met = |number: &str, kind: &str, at: &str| {
        let body = json!({ "number": number, "customer": to(Entity::Customer, "K-1"), "kind": kind,
            "subject": "spring", "happened_at": at, "owner": "li" });
        Commit {
            messages: vec![stated(Entity::Interaction, number, body)],
            ..Commit::default()
        }
    };
    let own = met("X-1", "reminder", "2026-04-11T00:00:00Z");
    house.store.commit(own).await.unwrap();
    look_after(house, &desk, april).await.unwrap();
    tenon_insight::rebuild(&house.store.insight(), &tenon_insight::Calendar::default())
        .await
        .unwrap();
    look_after(house, &desk, april).await.unwrap();
    assert_eq!(desk.taken(), [] as [&str; 0]);
    // The hub's own reminder is no meeting; when the days have passed again, somebody is reminded again.
    look_after(house, &desk, may).await.unwrap();
    assert_eq!(desk.taken(), ["revisit 2026-04-30 li"]);
    let june = || "2026-06-01".parse().unwrap();
    let visit = met("X-2", "visit", "2026-05-20T00:00:00Z");
    house.store.commit(visit).await.unwrap();
    look_after(house, &desk, june).await.unwrap();
    assert_eq!(desk.taken(), [] as [&str; 0]);
}

pub(super) async fn a_reminder_that_nobody_took_is_given_later(house: &House) {
    let desk = Desk::default();
    let april = || "2026-04-10".parse().unwrap();
    house.store.commit(faithful()).await.unwrap();
    desk.closed.store(true, Ordering::Relaxed);
    let refused = look_after(house, &desk, april).await;
    assert!(
        matches!(refused, Err(StoreError::Unavailable(_))),
        "{refused:?}"
    );
    desk.closed.store(false, Ordering::Relaxed);
    look_after(house, &desk, april).await.unwrap();
    assert_eq!(desk.taken().len(), 3);
}
