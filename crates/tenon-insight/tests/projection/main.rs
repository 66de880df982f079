//! Projections over a real store: whatever order statements come in, and however often, the figures are the
//! same; merges are followed; what is made anew is what was there.

mod contracts;
mod story;

use std::sync::Arc;

use serde_json::json;
use tempfile::TempDir;
use tenon_core::{Entity, MasterId, SystemName};
use tenon_insight::{Calendar, Policy, Turn, day_number};
use tenon_store::insight::{MatterFilter, ReportFilter};
use tenon_store::{Commit, SharedStore, Sqlite, Store, open_sqlite};

use crate::contracts::contracts;
use crate::story::{Stated, message, order, story, to};

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
    for row in contracts(store, None).await {
        lines.push(format!("{row:?}"));
    }
    for row in insight.contract_sums(generation).await.unwrap() {
        lines.push(format!("{row:?}"));
    }
    for row in insight.months(generation, all, None).await.unwrap() {
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
    assert_eq!(orders.len(), 10);
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
    tenon_insight::rebuild(&house.store.insight(), &Calendar::default())
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn figures_are_made_anew_by_the_days_of_another_time_zone() {
    let house = house().await;
    // Opened on the last evening of a month, in UTC; in China it is the next morning.
    let case = json!({ "number": "C-1", "customer": to("customer", "K-1"), "kind": "complaint",
        "status": "open", "subject": "x", "opened_at": "2026-03-31T20:00:00Z" });
    let stated = (Entity::Case, "C-1", 1, case);
    journal(&house.store, &[&stated]).await;
    catch_up(&house.store).await;
    let id = MasterId::derive(&["case", "erp", "C-1"]).0;
    let day = async || {
        let generation = live(&house.store).await;
        let found = house.store.insight().documents(generation, &[id]).await;
        (generation, found.unwrap()[0].day)
    };
    let number = |day: &str| Some(day_number(day.parse().unwrap()));
    assert_eq!(day().await, (1, number("2026-03-31")));
    let policy = json!({ "calendar": { "time_zone": "Asia/Shanghai" } });
    let policy: Policy = serde_json::from_value(policy).unwrap();
    let claim = house.store.claim("insight").await.unwrap().unwrap();
    for _ in 0..2 {
        let mut turn = Turn::alone(house.store.insight(), Arc::new(policy.clone()));
        while turn.take(claim.as_ref()).await.unwrap() {}
        // Once, and not again by who comes after.
        assert_eq!(day().await, (2, number("2026-04-01")));
        let generations = house.store.insight().generations().await.unwrap();
        assert_eq!(generations.len(), 1);
        assert_eq!(generations[0].time_zone, "Asia/Shanghai");
    }
}
