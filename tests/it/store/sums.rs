//! Sums over customers that are merged and parted again, against the same counted one by one; and sums that are
//! made anew while messages come.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;
use std::sync::Arc;

use serde_json::json;
use tenon_core::money::Decimal;
use tenon_core::{Entity, MasterId};
use tenon_insight::{Policy, Turn};
use tenon_store::Commit;
use tenon_store::insight::{
    Activity, CustomerRow, Insight, ItemRow, MonthRow, ProductRow, Projection, ReportFilter,
};
use uuid::Uuid;

use super::fixtures::{House, write};
use super::insight::{catch_up, claimed, master, stated, to};

const CUSTOMERS: u64 = 9;
const MONTHS: i32 = 8;
const FIRST: i32 = 24_000;
const STEPS: u32 = 60;

/// Gives the same numbers each time.
struct Dice(u64);

impl Dice {
    /// One of the numbers below `of`.
    fn throw(&mut self, of: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % of
    }

    fn span(&mut self) -> ReportFilter {
        let (one, other) = (self.throw(MONTHS as u64), self.throw(MONTHS as u64));
        ReportFilter {
            from: FIRST + one.min(other) as i32,
            to: FIRST + one.max(other) as i32,
        }
    }
}

fn customer(number: u64) -> Uuid {
    Uuid::from_u64_pair(2, number)
}

fn industry(number: u64) -> String {
    format!("trade/{}", number % 3)
}

fn source(number: u64) -> String {
    format!("exhibition/{}", number % 2)
}

fn row(number: u64) -> CustomerRow {
    CustomerRow {
        id: customer(number),
        version: 1,
        code: None,
        name: None,
        kind: None,
        stage: None,
        grade: None,
        industry: Some(industry(number)),
        source: Some(source(number)),
        owner: None,
        credit_days: None,
        known_on: None,
        facts: String::new(),
    }
}

const ITEMS: u64 = 4;
/// What one of any item is sold for, and what it costs where that is known, in ten-thousandths.
const PRICE: i64 = 10;
const COST: i64 = 65_000;

/// In what currency the cost of an item is known.
fn cost_currency(item: u64) -> Option<&'static str> {
    [Some("CNY"), Some("EUR"), None, Some("CNY")][item as usize]
}

fn item(number: u64) -> Uuid {
    Uuid::from_u64_pair(3, number)
}

fn item_row(number: u64) -> ItemRow {
    let currency = cost_currency(number);
    ItemRow {
        id: item(number),
        stamp: String::new(),
        code: number.to_string(),
        name: number.to_string(),
        cost: currency.map(|_| COST),
        currency: currency.map(str::to_owned),
    }
}

/// Orders, their amount, and what was billed.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
struct Told {
    orders: i64,
    ordered: i64,
    invoiced: i64,
}

impl std::ops::AddAssign<&Told> for Told {
    fn add_assign(&mut self, other: &Self) {
        self.orders += other.orders;
        self.ordered += other.ordered;
        self.invoiced += other.invoiced;
    }
}

/// What was told, by customer, month and currency, and who was merged into whom.
#[derive(Default)]
struct Ledger {
    told: BTreeMap<(u64, i32, &'static str), Told>,
    /// Quantities by customer, month, currency and item.
    sold: BTreeMap<(u64, i32, &'static str, u64), i64>,
    into: HashMap<u64, u64>,
    versions: HashMap<u64, i64>,
}

type Sums = BTreeMap<(String, String), (BTreeSet<u64>, Told)>;

impl Ledger {
    fn root(&self, number: u64) -> u64 {
        self.into
            .get(&number)
            .map_or(number, |into| self.root(*into))
    }

    /// What was told in a span, by a name that each line of it has, and currency.
    fn sums(&self, span: ReportFilter, name: impl Fn(u64, i32) -> String) -> Sums {
        let mut sums = Sums::new();
        for ((number, month, currency), told) in &self.told {
            if (span.from..=span.to).contains(month) {
                let root = self.root(*number);
                let key = (name(root, *month), (*currency).to_owned());
                let (customers, sum) = sums.entry(key).or_default();
                customers.insert(root);
                *sum += told;
            }
        }
        sums
    }

    /// Who ordered in a span.
    fn ordering(&self, span: ReportFilter) -> BTreeSet<u64> {
        let told = self.told.iter();
        let ordered = told.filter(|((_, month, _), told)| {
            (span.from..=span.to).contains(month) && told.orders > 0
        });
        ordered
            .map(|((number, _, _), _)| self.root(*number))
            .collect()
    }

    fn first_order(&self, root: u64) -> Option<i32> {
        let told = self.told.iter();
        let ordered =
            told.filter(|((number, _, _), told)| self.root(*number) == root && told.orders > 0);
        ordered.map(|((_, month, _), _)| *month).min()
    }

    /// A document, or one that takes back what another said.
    fn tell(&mut self, dice: &mut Dice) -> Projection {
        let currency = ["CNY", "CNY", "EUR"][dice.throw(3) as usize];
        let key = (
            dice.throw(CUSTOMERS),
            FIRST + dice.throw(MONTHS as u64) as i32,
            currency,
        );
        let known = self.told.entry(key).or_default();
        let amount = (1 + dice.throw(50)) as i64 * 10_000;
        let told = match dice.throw(4) {
            0 if known.orders > 0 => Told {
                orders: -1,
                ordered: -amount,
                invoiced: 0,
            },
            1 => Told {
                invoiced: amount,
                ..Told::default()
            },
            2 => Told {
                invoiced: -amount,
                ..Told::default()
            },
            _ => Told {
                orders: 1,
                ordered: amount,
                invoiced: 0,
            },
        };
        *known += &told;
        // What was taken back whole was never told.
        if *known == Told::default() {
            self.told.remove(&key);
        }
        let products = match told.orders {
            0 => Vec::new(),
            sign => self.sell(dice, key, sign).into_iter().collect(),
        };
        Projection {
            products,
            months: vec![MonthRow {
                party: customer(key.0),
                month: key.1,
                currency: currency.to_owned(),
                orders: told.orders,
                ordered: told.ordered,
                invoiced: told.invoiced,
                ..MonthRow::default()
            }],
            ..Projection::default()
        }
    }

    /// An order of an item, or one that takes back a part of another.
    fn sell(
        &mut self,
        dice: &mut Dice,
        (number, month, currency): (u64, i32, &'static str),
        sign: i64,
    ) -> Option<ProductRow> {
        let key = (number, month, currency, dice.throw(ITEMS));
        let known = self.sold.entry(key).or_default();
        let quantity = match sign {
            1 => 10_000 * (1 + dice.throw(20) as i64),
            _ => -10_000 * dice.throw((*known / 10_000 + 1) as u64) as i64,
        };
        *known += quantity;
        if *known == 0 {
            self.sold.remove(&key);
        }
        (quantity != 0).then(|| ProductRow {
            party: customer(number),
            item: item(key.3),
            month,
            currency: currency.to_owned(),
            quantity,
            amount: quantity * PRICE,
        })
    }

    /// What was ordered in a span: customer, month, currency, item and quantity.
    fn lines(
        &self,
        span: ReportFilter,
    ) -> impl Iterator<Item = (u64, i32, &'static str, u64, i64)> + '_ {
        let sold = self.sold.iter();
        let sold = sold.filter(move |((_, month, _, _), _)| (span.from..=span.to).contains(month));
        sold.map(|((number, month, currency, item), quantity)| {
            (*number, *month, *currency, *item, *quantity)
        })
    }

    /// Merges a customer into another, or parts it from the one into which it was merged.
    async fn turn(&mut self, house: &House, dice: &mut Dice) {
        let number = dice.throw(CUSTOMERS);
        if self.into.remove(&number).is_none() {
            let into = self.root(dice.throw(CUSTOMERS));
            if into == number {
                return;
            }
            self.into.insert(number, into);
        }
        let version = self.versions.entry(number).or_default();
        let replaces = (*version > 0).then_some(*version);
        *version += 1;
        let mut master = write(MasterId(customer(number)), *version, replaces);
        master.row.merged_into = self.into.get(&number).map(|into| MasterId(customer(*into)));
        let commit = Commit {
            masters: vec![master],
            ..Commit::default()
        };
        house.store.commit(commit).await.unwrap();
    }
}

fn amount(ten_thousandths: i64) -> Decimal {
    Decimal::new(ten_thousandths, 4).normalize()
}

/// Every report over some span, as the store gives it and as it is counted.
async fn compare(insight: &Insight, generation: i32, ledger: &Ledger, dice: &mut Dice) {
    let span = dice.span();
    let found = insight.months(generation, span, None).await.unwrap();
    let mut expected = ledger.sums(span, |_, month| month.to_string());
    for month in found {
        let key = (month.month.to_string(), month.currency);
        let (customers, sum) = expected.remove(&key).unwrap();
        let told = (month.customers, month.orders, month.ordered, month.invoiced);
        let counted = (
            customers.len() as i64,
            sum.orders,
            amount(sum.ordered),
            amount(sum.invoiced),
        );
        assert_eq!(told, counted, "{key:?}");
    }
    assert!(expected.is_empty(), "{expected:?}");
    let found = insight
        .segments(generation, "industry", span)
        .await
        .unwrap();
    let mut expected = ledger.sums(span, |root, _| industry(root));
    for segment in found {
        let key = (segment.segment.unwrap(), segment.currency);
        let (customers, sum) = expected.remove(&key).unwrap();
        let told = (
            segment.customers,
            segment.orders,
            segment.ordered,
            segment.invoiced,
        );
        let counted = (
            customers.len() as i64,
            sum.orders,
            amount(sum.ordered),
            amount(sum.invoiced),
        );
        assert_eq!(told, counted, "{key:?}");
    }
    assert!(expected.is_empty(), "{expected:?}");
    let found = insight.cohorts(generation, span).await.unwrap();
    let everything = ReportFilter {
        from: FIRST,
        to: FIRST + MONTHS,
    };
    let mut expected = ledger.sums(everything, |root, month| match ledger.first_order(root) {
        Some(first) if (span.from..=span.to).contains(&first) => {
            format!("{} {first} {month}", source(root))
        }
        _ => String::new(),
    });
    expected.retain(|(name, _), _| !name.is_empty());
    for cohort in found {
        let name = format!(
            "{} {} {}",
            cohort.source.unwrap(),
            cohort.first,
            cohort.month
        );
        let key = (name, cohort.currency);
        let (customers, sum) = expected.remove(&key).unwrap();
        let counted = (customers.len() as i64, amount(sum.invoiced));
        assert_eq!((cohort.customers, cohort.invoiced), counted, "{key:?}");
    }
    assert!(expected.is_empty(), "{expected:?}");
    let found = insight.ordered_by_source(generation).await.unwrap();
    let mut expected = ledger.sums(everything, |root, month| {
        match ledger.first_order(root) == Some(month) {
            true => source(root),
            false => String::new(),
        }
    });
    expected.retain(|(name, _), _| !name.is_empty());
    for brought in found {
        let key = (brought.source, brought.currency.unwrap());
        let (customers, _) = expected.remove(&key).unwrap();
        assert_eq!(brought.customers, customers.len() as i64, "{key:?}");
    }
    assert!(expected.is_empty(), "{expected:?}");
    let months = span.to - span.from + 1;
    let before = ReportFilter {
        from: span.from - months,
        to: span.from - 1,
    };
    for currency in ["CNY", "EUR"] {
        let there = ledger.sums(span, |_, _| String::new());
        let there = there.get(&(String::new(), currency.to_owned()));
        let (earlier, later) = (ledger.ordering(before), ledger.ordering(span));
        let expected = Activity {
            before: earlier.len() as i64,
            kept: earlier.intersection(&later).count() as i64,
            active: there.map_or(0, |(customers, _)| customers.len() as i64),
        };
        let found = insight.activity(generation, before, span, currency);
        assert_eq!(found.await.unwrap(), expected);
    }
}

/// Items over a span, of all customers and of one that may have been merged into another; what they cost; and
/// how many of them each customer ordered in three months.
async fn compare_products(
    insight: &Insight,
    generation: i32,
    ledger: &Ledger,
    dice: &mut Dice,
    span: ReportFilter,
) {
    let one = dice.throw(CUSTOMERS);
    for asked in [None, Some(one)] {
        let mut expected: BTreeMap<(Uuid, String), i64> = BTreeMap::new();
        for (number, _, currency, what, quantity) in ledger.lines(span) {
            if asked.is_none_or(|one| ledger.root(one) == ledger.root(number)) {
                *expected
                    .entry((item(what), currency.to_owned()))
                    .or_default() += quantity;
            }
        }
        let found = insight.products(generation, span, asked.map(customer));
        for row in found.await.unwrap() {
            let key = (row.item.unwrap(), row.currency);
            let quantity = expected.remove(&key).unwrap();
            let known = (0..ITEMS).find(|number| item(*number) == key.0);
            let costed = cost_currency(known.unwrap()) == Some(key.1.as_str());
            let (costed, cost) = match costed {
                true => (quantity * PRICE, quantity / 10_000 * COST),
                false => (0, 0),
            };
            assert_eq!(
                (row.quantity, row.amount, row.costed, row.cost),
                (
                    amount(quantity),
                    amount(quantity * PRICE),
                    amount(costed),
                    amount(cost)
                ),
                "{asked:?} {key:?} {span:?}"
            );
        }
        assert!(expected.is_empty(), "{asked:?} {expected:?}");
    }
    let mut expected: BTreeMap<(String, String), i64> = BTreeMap::new();
    for (number, _, currency, what, quantity) in ledger.lines(span) {
        if cost_currency(what) == Some(currency) {
            let key = (industry(ledger.root(number)), currency.to_owned());
            *expected.entry(key).or_default() += quantity;
        }
    }
    let found = insight.margins(generation, "industry", span);
    for row in found.await.unwrap() {
        let key = (row.segment.unwrap(), row.currency);
        let quantity = expected.remove(&key).unwrap();
        assert_eq!(
            (row.costed, row.cost),
            (amount(quantity * PRICE), amount(quantity / 10_000 * COST)),
            "{key:?} {span:?}"
        );
    }
    assert!(expected.is_empty(), "{expected:?}");
    for currency in ["CNY", "EUR"] {
        let mut expected: BTreeMap<i32, BTreeSet<(u64, u64)>> = BTreeMap::new();
        for (number, month, of, what, _) in ledger.lines(span) {
            if of == currency {
                let period = expected.entry((month - span.from) / 3).or_default();
                period.insert((number, what));
            }
        }
        let mut expected: Vec<i64> = expected.values().map(|all| all.len() as i64).collect();
        let mut found = insight.variety(generation, span, currency).await.unwrap();
        expected.sort();
        found.sort();
        assert_eq!(found, expected, "{currency} {span:?}");
    }
}

pub(super) async fn merges_and_corrections_are_counted_as_they_stand(house: &House) {
    let generation = catch_up(&house.store).await;
    let insight = house.store.insight();
    let known = Projection {
        customers: (0..CUSTOMERS).map(row).collect(),
        items: (0..ITEMS).map(item_row).collect(),
        ..Projection::default()
    };
    insight.project(generation, 0, 0, &known).await.unwrap();
    let (mut dice, mut ledger) = (Dice(20_261_127), Ledger::default());
    let mut merges = 0;
    for _ in 0..STEPS {
        let projection = match dice.throw(3) {
            0 => {
                ledger.turn(house, &mut dice).await;
                merges += ledger.into.len();
                Projection {
                    merged: true,
                    ..Projection::default()
                }
            }
            _ => ledger.tell(&mut dice),
        };
        insight
            .project(generation, 0, 0, &projection)
            .await
            .unwrap();
        compare(&insight, generation, &ledger, &mut dice).await;
        let span = dice.span();
        compare_products(&insight, generation, &ledger, &mut dice, span).await;
    }
    for months in [1, 3, 12] {
        for to in FIRST - 1..FIRST + MONTHS + months {
            let from = to + 1 - months;
            let span = ReportFilter { from, to };
            compare_products(&insight, generation, &ledger, &mut dice, span).await;
        }
    }
    assert!(!ledger.sold.is_empty());
    assert!(merges > 10, "nobody was merged");
}

/// Writes orders, each over 200.00.
async fn sell(house: &House, numbers: Range<u32>) {
    let order = |number: u32| {
        let id = format!("O-{number}");
        let body = json!({ "number": id, "customer": to(Entity::Customer, "K-1"),
            "order_date": "2026-03-01", "currency": "CNY", "status": "closed",
            "totals": { "net": "200.00", "tax": "0.00", "gross": "200.00" },
            "lines": [{ "number": 1, "item": to(Entity::Item, "A"), "quantity": "20", "unit_price": "10.00", "tax_rate": "0.13",
                "amount": "200.00" }] });
        stated(Entity::Order, &id, body)
    };
    let messages = numbers.map(order).collect();
    let commit = Commit {
        messages,
        ..Commit::default()
    };
    house.store.commit(commit).await.unwrap();
}

/// How many orders a generation counts, and their sum.
async fn sold(house: &House, generation: i32) -> (i64, Decimal) {
    let all = ReportFilter {
        from: 0,
        to: 100_000,
    };
    let customer = master(Entity::Customer, "K-1").0;
    let insight = house.store.insight();
    let months = insight.months(generation, all, Some(customer)).await;
    let months = months.unwrap();
    (
        months.iter().map(|month| month.orders).sum(),
        months.iter().map(|month| month.ordered).sum(),
    )
}

pub(super) async fn figures_are_made_anew_while_messages_come(house: &House) {
    let customer = json!({ "legal_name": "One", "kind": "customer" });
    let messages = vec![stated(Entity::Customer, "K-1", customer)];
    let commit = Commit {
        messages,
        ..Commit::default()
    };
    house.store.commit(commit).await.unwrap();
    // More than one portion.
    let mut told = 1_200;
    sell(house, 0..told).await;
    let before = catch_up(&house.store).await;
    let insight = house.store.insight();
    tenon_insight::rebuild(&insight, &tenon_insight::Calendar::default())
        .await
        .unwrap();
    let claim = claimed(&house.store).await;
    let mut turn = Turn::alone(insight.clone(), Arc::<Policy>::default());
    let mut seen = 0;
    loop {
        sell(house, told..told + 20).await;
        told += 20;
        turn.take(claim.as_ref()).await.unwrap();
        let generations = insight.generations().await.unwrap();
        let live = generations.iter().find(|generation| generation.live == 1);
        let live = live.expect("figures to look at").generation;
        // Whoever looks meanwhile never sees less than before.
        let (orders, _) = sold(house, live).await;
        assert!(orders >= seen, "{orders} after {seen}");
        seen = orders;
        let score = insight
            .grading(live, master(Entity::Customer, "K-1").0)
            .await;
        let score = score.unwrap().and_then(|found| found.score);
        assert!(score.is_some(), "scored before anybody looks");
        if live != before {
            break;
        }
        assert!(told < 5_000, "the new figures never catch up");
    }
    drop(turn);
    drop(claim);
    let after = catch_up(&house.store).await;
    let sum = Decimal::from(told) * "200.00".parse::<Decimal>().unwrap();
    assert_eq!(sold(house, after).await, (i64::from(told), sum));
    assert!(seen > 0);
}
