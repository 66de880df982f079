//! Projections over a real store: whatever order statements come in, and however often, the figures are the
//! same; merges are followed; what is made anew is what was there.

use std::sync::Arc;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tempfile::TempDir;
use tenon_core::{Attributes, Entity, MasterId, OrderingKey, SystemName};
use tenon_insight::{Policy, Turn, day_number};
use tenon_store::insight::{MatterFilter, ReportFilter};
use tenon_store::{Commit, Inbound, InboundState, SharedStore, Sqlite, Store, open_sqlite};

struct House {
    store: SharedStore,
    _directory: TempDir,
}

async fn house() -> House {
    let directory = TempDir::new().unwrap();
    let (writer, reader) = open_sqlite(&directory.path().join("hub.db")).await.unwrap();
    let store = Sqlite::open(writer, reader);
    store.migrate().await.unwrap();
    House {
        store: Arc::new(store),
        _directory: directory,
    }
}

/// A statement of a document: entity, native id, hour of its occurrence, body.
type Stated = (Entity, &'static str, i64, Value);

fn message(stated: &Stated) -> Inbound {
    let (entity, native_id, hour, body) = stated;
    let source = SystemName::new("erp").unwrap();
    let mut attributes = Attributes::received(
        source,
        *entity,
        entity.as_str(),
        Some((*native_id).to_owned()),
        Some(&format!("{native_id}/{hour}")),
    );
    let noon: Timestamp = "2026-03-01T00:00:00Z".parse().unwrap();
    attributes.occurred_at = noon + SignedDuration::from_hours(*hour);
    attributes.accepted_at = attributes.occurred_at;
    let master = MasterId::derive(&[entity.as_str(), "erp", native_id]);
    attributes.master_id = Some(master);
    attributes.ordering_key = OrderingKey(format!("{entity}/{master}"));
    if *entity == Entity::Customer {
        attributes.sequence = Some(*hour);
    }
    Inbound {
        attributes,
        business_key: None,
        origin: "test".to_owned(),
        state: InboundState::Routed {
            targets: Vec::new(),
        },
        raw: Bytes::from_static(b"{}"),
        canonical: Some(Bytes::from(serde_json::to_vec(body).unwrap())),
    }
}

fn to(entity: &str, id: &str) -> Value {
    json!({ "master_id": MasterId::derive(&[entity, "erp", id]).to_string() })
}

fn totals(gross: &str) -> Value {
    json!({ "net": gross, "tax": "0.00", "gross": gross })
}

fn order(id: &str, customer: &str, day: &str, quantity: &str, gross: &str, status: &str) -> Value {
    json!({ "number": id, "customer": to("customer", customer), "order_date": day, "currency": "CNY",
        "requested_date": "2026-03-20", "contract_number": "HT-1",
        "lines": [{ "number": 1, "item": to("item", "SH-3"), "quantity": quantity, "unit_price": "10.00",
            "tax_rate": "0", "amount": gross }],
        "totals": totals(gross), "status": status })
}

fn shipment(id: &str, orders: &[&str], quantity: &str, day: &str) -> Value {
    let orders: Vec<Value> = orders.iter().map(|id| to("order", id)).collect();
    json!({ "number": id, "customer": to("customer", "K-1"), "orders": orders, "status": "shipped",
        "shipped_on": day,
        "lines": [{ "number": 1, "item": to("item", "SH-3"), "quantity": quantity }] })
}

fn invoice(id: &str, orders: &[&str], gross: &str, day: &str, status: &str) -> Value {
    let orders: Vec<Value> = orders.iter().map(|id| to("order", id)).collect();
    json!({ "number": id, "customer": to("customer", "K-1"), "orders": orders, "kind": "special",
        "status": status, "issue_date": day, "currency": "CNY",
        "lines": [{ "number": 1, "quantity": "1", "unit_price": gross, "tax_rate": "0",
            "amount": gross, "tax": "0.00" }],
        "totals": totals(gross) })
}

fn receipt(id: &str, what: (&str, &str), amount: &str, day: &str) -> Value {
    let allocation = json!({ what.0: to(what.0, what.1), "amount": amount });
    json!({ "number": id, "customer": to("customer", "K-1"), "received_on": day, "currency": "CNY",
        "amount": amount, "status": "received", "allocations": [allocation] })
}

/// A story with everything in it: corrections, documents of several orders, payments of invoices, an order
/// that is cancelled, and what leads nowhere.
fn story() -> Vec<Stated> {
    use Entity::{Customer, Invoice, Item, Order, Receipt, Shipment};
    vec![
        (
            Customer,
            "K-1",
            1,
            json!({ "legal_name": "川可", "kind": "customer", "code": "CK",
            "industry": "retail/appliances", "source": "exhibition/canton-fair", "owner": "li" }),
        ),
        (
            Customer,
            "K-1",
            9,
            json!({ "legal_name": "川可贸易", "kind": "customer", "code": "CK",
            "industry": "retail/online", "source": "exhibition/canton-fair", "owner": "li",
            "credit_terms": { "days": 10 } }),
        ),
        (
            Item,
            "SH-3",
            1,
            json!({ "code": "SH-3", "name": "Shaver", "standard_cost": "6.00",
            "cost_currency": "CNY" }),
        ),
        // Matched, after a correction of the order and of its invoice.
        (
            Order,
            "O-1",
            1,
            order("O-1", "K-1", "2026-03-01", "9", "90.00", "confirmed"),
        ),
        (
            Order,
            "O-1",
            5,
            order("O-1", "K-1", "2026-03-01", "10", "100.00", "closed"),
        ),
        (
            Shipment,
            "S-1",
            6,
            shipment("S-1", &["O-1"], "10", "2026-03-05"),
        ),
        (
            Invoice,
            "I-1",
            7,
            invoice("I-1", &["O-1"], "99.00", "2026-03-06", "requested"),
        ),
        (
            Invoice,
            "I-1",
            8,
            invoice("I-1", &["O-1"], "100.00", "2026-03-06", "issued"),
        ),
        (
            Receipt,
            "R-1",
            9,
            receipt("R-1", ("invoice", "I-1"), "100.00", "2026-03-10"),
        ),
        // Short, and billed for what was shipped; partly paid.
        (
            Order,
            "O-2",
            1,
            order("O-2", "K-1", "2026-03-02", "10", "100.00", "partly_shipped"),
        ),
        (
            Shipment,
            "S-2",
            6,
            shipment("S-2", &["O-2"], "7", "2026-03-07"),
        ),
        (
            Invoice,
            "I-2",
            7,
            invoice("I-2", &["O-2"], "70.00", "2026-03-08", "issued"),
        ),
        (
            Receipt,
            "R-2",
            9,
            receipt("R-2", ("order", "O-2"), "30.00", "2026-03-12"),
        ),
        // Two orders shipped and billed together, one of them unbilled in part.
        (
            Order,
            "O-3",
            1,
            order("O-3", "K-2", "2026-04-02", "10", "100.00", "shipped"),
        ),
        (
            Order,
            "O-4",
            1,
            order("O-4", "K-2", "2026-04-02", "30", "300.00", "shipped"),
        ),
        (
            Shipment,
            "S-3",
            2,
            shipment("S-3", &["O-3", "O-4"], "40", "2026-04-03"),
        ),
        (
            Invoice,
            "I-3",
            3,
            invoice("I-3", &["O-3", "O-4"], "360.00", "2026-04-04", "issued"),
        ),
        // Billed beyond the order; cancelled afterwards.
        (
            Order,
            "O-5",
            1,
            order("O-5", "K-1", "2026-04-03", "1", "10.00", "confirmed"),
        ),
        (
            Invoice,
            "I-5",
            2,
            invoice("I-5", &["O-5"], "15.00", "2026-04-04", "issued"),
        ),
        (
            Order,
            "O-6",
            1,
            order("O-6", "K-1", "2026-04-03", "1", "10.00", "confirmed"),
        ),
        (
            Order,
            "O-6",
            2,
            order("O-6", "K-1", "2026-04-03", "1", "10.00", "cancelled"),
        ),
        // Leads nowhere; and what is moved from one order to another.
        (
            Invoice,
            "I-9",
            2,
            invoice("I-9", &["O-99"], "55.00", "2026-04-05", "issued"),
        ),
        (
            Receipt,
            "R-9",
            1,
            receipt("R-9", ("order", "O-5"), "5.00", "2026-04-06"),
        ),
        (
            Receipt,
            "R-9",
            4,
            receipt("R-9", ("order", "O-3"), "5.00", "2026-04-06"),
        ),
    ]
}

async fn journal(store: &SharedStore, statements: &[&Stated]) {
    for portion in statements.chunks(3) {
        let commit = Commit {
            messages: portion.iter().map(|stated| message(stated)).collect(),
            ..Commit::default()
        };
        store.commit(commit).await.unwrap();
    }
}

/// Enters everything that is journaled, portion by portion as it is found.
async fn catch_up(store: &SharedStore) {
    let claim = store.claim("insight").await.unwrap().unwrap();
    let policy: Arc<Policy> = Arc::default();
    let mut turn = Turn::alone(store.insight(), policy);
    while turn.take(claim.as_ref()).await.unwrap() {}
}

async fn live(store: &SharedStore) -> i32 {
    let generations = store.insight().generations().await.unwrap();
    let live: Vec<_> = generations.iter().filter(|found| found.live == 1).collect();
    assert_eq!(live.len(), 1, "{generations:?}");
    live[0].generation
}

fn filter() -> MatterFilter {
    MatterFilter {
        today: day_number("2026-06-01".parse().unwrap()),
        credit_days: 30,
        ..MatterFilter::default()
    }
}

/// Every figure, as text.
async fn figures(store: &SharedStore) -> String {
    let generation = live(store).await;
    let insight = store.insight();
    let mut lines = Vec::new();
    for mut page in insight
        .orders(generation, &filter(), None, 1000)
        .await
        .unwrap()
    {
        page.row.id = uuid::Uuid::nil();
        lines.push(format!("{page:?}"));
    }
    let all = ReportFilter {
        from: 0,
        to: 100_000,
    };
    for by in ["industry", "source"] {
        for row in insight.segments(generation, by, all).await.unwrap() {
            lines.push(format!("{row:?}"));
        }
    }
    for row in insight.margins(generation, "source", all).await.unwrap() {
        lines.push(format!("{row:?}"));
    }
    for row in insight.exceptions(generation, &filter()).await.unwrap() {
        lines.push(format!("{row:?}"));
    }
    for row in insight.cohorts(generation, all).await.unwrap() {
        lines.push(format!("{row:?}"));
    }
    for row in insight.products(generation, all, None).await.unwrap() {
        lines.push(format!("{row:?}"));
    }
    lines.sort();
    lines.join("\n")
}

/// A generator that gives the same numbers for the same seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % bound
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_order_of_statements_gives_the_same_figures() {
    let story = story();
    let ordered = house().await;
    let statements: Vec<&Stated> = story.iter().collect();
    journal(&ordered.store, &statements).await;
    catch_up(&ordered.store).await;
    let expected = figures(&ordered.store).await;
    for seed in 0..40 {
        let mut dice = Dice(seed);
        let mut statements: Vec<&Stated> = story.iter().collect();
        for place in (1..statements.len()).rev() {
            statements.swap(place, dice.below(place + 1));
        }
        let other = house().await;
        // In portions of any size, each entered before the next is journaled.
        let mut rest = statements.as_slice();
        while !rest.is_empty() {
            let (portion, left) = rest.split_at(1 + dice.below(rest.len()));
            journal(&other.store, portion).await;
            catch_up(&other.store).await;
            rest = left;
        }
        assert_eq!(figures(&other.store).await, expected, "seed {seed}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn orders_stand_as_their_documents_say() {
    let house = house().await;
    let story = story();
    journal(&house.store, &story.iter().collect::<Vec<_>>()).await;
    catch_up(&house.store).await;
    let generation = live(&house.store).await;
    let orders = house
        .store
        .insight()
        .orders(generation, &filter(), None, 100)
        .await
        .unwrap();
    let row = |number: &str| {
        let found = orders.iter().find(|page| page.row.number == number);
        found.unwrap_or_else(|| panic!("no {number}")).row.clone()
    };
    let matched = row("O-1");
    assert_eq!(matched.state, "matched");
    assert_eq!(
        (
            matched.ordered,
            matched.shipped,
            matched.invoiced,
            matched.received
        ),
        (1_000_000, 1_000_000, 1_000_000, 1_000_000)
    );
    assert_eq!(
        matched.settled_on,
        Some(day_number("2026-03-10".parse().unwrap()))
    );
    let short = row("O-2");
    assert_eq!(
        (short.short, short.unbilled, short.outstanding),
        (300_000, 0, 400_000)
    );
    assert_eq!(
        short.short_on,
        Some(day_number("2026-03-20".parse().unwrap()))
    );
    let (third, fourth) = (row("O-3"), row("O-4"));
    assert_eq!((third.invoiced, fourth.invoiced), (900_000, 2_700_000));
    assert_eq!((third.unbilled, fourth.unbilled), (100_000, 300_000));
    assert_eq!((third.received, fourth.received), (50_000, 0));
    assert_eq!(row("O-5").over_billed, 50_000);
    assert_eq!(row("O-6").state, "cancelled");
    let orphan = row("I-9");
    assert_eq!(
        (orphan.state.as_str(), orphan.invoiced),
        ("orphan", 550_000)
    );
    assert_eq!(orders.len(), 7);
    // Overdue after the customer's own ten days, not after the house's thirty.
    let overdue = MatterFilter {
        matter: Some(tenon_store::insight::Matter::Overdue),
        today: day_number("2026-03-19".parse().unwrap()),
        ..filter()
    };
    let overdue = house
        .store
        .insight()
        .orders(generation, &overdue, None, 100)
        .await
        .unwrap();
    let numbers: Vec<&str> = overdue
        .iter()
        .map(|page| page.row.number.as_str())
        .collect();
    assert_eq!(numbers, ["O-2"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_made_anew_is_what_was_there() {
    let house = house().await;
    let story = story();
    let statements: Vec<&Stated> = story.iter().collect();
    let (early, late) = statements.split_at(15);
    journal(&house.store, early).await;
    catch_up(&house.store).await;
    let before = live(&house.store).await;
    tenon_insight::rebuild(&house.store.insight())
        .await
        .unwrap();
    // Traffic goes on meanwhile.
    journal(&house.store, late).await;
    catch_up(&house.store).await;
    assert_eq!(live(&house.store).await, before + 1);
    assert_eq!(house.store.insight().generations().await.unwrap().len(), 1);
    let anew = figures(&house.store).await;
    let other = self::house().await;
    journal(&other.store, &statements).await;
    catch_up(&other.store).await;
    assert_eq!(anew, figures(&other.store).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reference_that_nobody_knew_is_found_later() {
    let house = house().await;
    let crm = SystemName::new("crm").unwrap();
    let mut early = order("O-7", "K-1", "2026-03-01", "1", "10.00", "confirmed");
    early["customer"] = json!({ "system": "crm", "native_id": "C-1" });
    let stated = (Entity::Order, "O-7", 1, early);
    journal(&house.store, &[&stated]).await;
    catch_up(&house.store).await;
    let customer = MasterId::generate();
    let link = tenon_store::Link {
        entity: Entity::Customer,
        system: crm,
        native_id: "C-1".to_owned(),
        master_id: customer,
    };
    let commit = Commit {
        links: vec![link],
        ..Commit::default()
    };
    house.store.commit(commit).await.unwrap();
    catch_up(&house.store).await;
    let generation = live(&house.store).await;
    let all = ReportFilter {
        from: 0,
        to: 100_000,
    };
    let months = house
        .store
        .insight()
        .months(generation, all, Some(customer.0))
        .await
        .unwrap();
    assert_eq!(months.len(), 1);
    assert_eq!(
        (months[0].orders, months[0].ordered.to_string()),
        (1, "10".to_owned())
    );
    let orders = house
        .store
        .insight()
        .orders(generation, &filter(), None, 10)
        .await
        .unwrap();
    assert_eq!(orders[0].row.party, customer.0);
}
