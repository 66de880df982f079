//! What is sent and what is broken, drawn from a seed. Pure.

use std::collections::HashSet;
use std::time::Duration;

use serde::Serialize;
use tenon_pipeline::FailPoint;

use super::feed::Allowed;
use super::ledger::Expected;
use super::proxy::Cable;
use crate::cli::Engine;
use crate::demo::world::registration::credit_code;
use crate::dice::Dice;

/// Revisions of an order.
const REVISIONS: usize = 6;
/// Revisions of a customer.
const CUSTOMER_REVISIONS: usize = 3;
/// Orders of one customer of one source.
const ORDERS_OF_A_CUSTOMER: usize = 4;
/// Orders that are open at once in a source.
const OPEN_ORDERS: usize = 24;
/// One of so many records of a source is followed by a poisoned one.
const POISON: usize = 97;
/// Longer than a record may be that comes in a file.
const OVERSIZE: usize = 40_000;

/// Targets that are given every revision of every order.
pub(super) const TARGETS: usize = 3;

/// How the records of a source come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// By webhook.
    Web,
    /// In files.
    Spool,
    /// As rows of a table.
    Table,
}

impl Way {
    pub(super) const ALL: [Self; 3] = [Self::Web, Self::Spool, Self::Table];

    /// The source's name, which is its connector file's too.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Spool => "spool",
            Self::Table => "table",
        }
    }
}

/// A native record, the same in every source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Record {
    Customer {
        id: String,
        name: String,
        tax: String,
        owner: String,
    },
    Order {
        no: String,
        buyer: String,
        /// None makes it poison: it breaks the schema.
        currency: Option<&'static str>,
        revision: usize,
        amount: String,
        /// Makes it longer than a record may be.
        padding: usize,
    },
    /// A line that is no JSON, in files only.
    Noise(String),
}

#[derive(Serialize)]
struct CustomerRecord<'r> {
    id: &'r str,
    name: &'r str,
    tax: &'r str,
    owner: &'r str,
}

#[derive(Serialize)]
struct OrderRecord<'r> {
    no: &'r str,
    buyer: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<&'r str>,
    revision: usize,
    amount: &'r str,
    #[serde(skip_serializing_if = "str::is_empty")]
    padding: &'r str,
}

impl Record {
    /// The record as JSON, or the noise as it is.
    pub(super) fn text(&self) -> String {
        let written = match self {
            Self::Customer {
                id,
                name,
                tax,
                owner,
            } => serde_json::to_string(&CustomerRecord {
                id,
                name,
                tax,
                owner,
            }),
            Self::Order {
                no,
                buyer,
                currency,
                revision,
                amount,
                padding,
            } => serde_json::to_string(&OrderRecord {
                no,
                buyer,
                currency: *currency,
                revision: *revision,
                amount,
                padding: &"x".repeat(*padding),
            }),
            Self::Noise(text) => Ok(text.clone()),
        };
        // Texts and numbers only: writing them cannot fail.
        written.unwrap_or_default()
    }

    /// What it is about, in the words of the webhooks.
    pub(super) fn entity(&self) -> &'static str {
        match self {
            Self::Customer { .. } => "customer",
            Self::Order { .. } | Self::Noise(_) => "order",
        }
    }

    /// Records with the same lane are sent one after the other.
    pub(super) fn lane(&self) -> &str {
        match self {
            Self::Customer { id, .. } => id,
            Self::Order { no, .. } => no,
            Self::Noise(text) => text,
        }
    }
}

/// A service of the HTTP target that has gone wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mood {
    /// It does what it should.
    Well,
    /// It answers 500 and does nothing.
    Failing,
    /// It does nothing and answers nothing, probes included.
    Hanging,
    /// It does what it should, and the answer breaks off.
    Dropping,
    /// It answers 429 and asks for a second.
    Busy,
}

/// Something that is broken on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// One node gets SIGKILL.
    Kill { node: usize },
    /// Every node gets SIGKILL.
    KillAll,
    /// Whichever node reaches the point for the so-manieth time ends there.
    Point { point: FailPoint, times: u32 },
    /// A node gets SIGSTOP, and SIGCONT after a while.
    Pause { node: usize, time: Duration },
    /// A node gets SIGSTOP, loses its connections, and gets SIGCONT after a while.
    Isolate { node: usize, time: Duration },
    /// A node's connection to the broker is cut.
    CutBroker { node: usize },
    /// A node's connection to the store is cut.
    CutStore { node: usize },
    /// A node's cable to the broker goes wrong for a while, and is cut when it is whole again.
    Broker {
        node: usize,
        cable: Cable,
        time: Duration,
    },
    /// The same of the cable to the store.
    Store {
        node: usize,
        cable: Cable,
        time: Duration,
    },
    /// The HTTP target goes wrong for a while.
    Portal { mood: Mood, time: Duration },
    /// Somebody holds the lock on the SQL target for a while.
    LockBooks { time: Duration },
    /// The embedded engine's file cannot grow for a while.
    DiskFull { time: Duration },
    /// A second hub runs beside the first on the embedded engine's file, and gets SIGKILL.
    SecondHub { time: Duration },
    /// A node of the broker ends, without notice or in order, and is started again after a while.
    RestartBroker {
        number: usize,
        without_notice: bool,
        time: Duration,
    },
    /// The store does.
    RestartStore {
        without_notice: bool,
        time: Duration,
    },
    /// A node's clock is so many seconds wrong, then right again in the middle of its work.
    Clock {
        node: usize,
        seconds: i64,
        time: Duration,
    },
}

/// What can be broken here besides what always can.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Means {
    /// The servers are the torture's own, and may be restarted: so many nodes of the broker.
    pub(super) brokers: usize,
    /// A process can be given a wrong clock.
    pub(super) clock: bool,
}

/// What one source sends, in its order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Script {
    pub(super) way: Way,
    pub(super) records: Vec<Record>,
}

/// A whole torture.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) scripts: Vec<Script>,
    /// Orders by number, with their last revision.
    pub(super) orders: Expected,
    /// Customers by tax id, with the last revision of the source whose word counts most.
    pub(super) customers: Expected,
    /// Records that are to stand in the hub as invalid.
    pub(super) poisoned: usize,
    pub(super) faults: Vec<Fault>,
}

impl Plan {
    /// Draws a torture of about so many messages and just so many faults.
    pub(super) fn draw(
        seed: u64,
        messages: u64,
        faults: u32,
        engine: Engine,
        means: Means,
    ) -> Self {
        let mut plan = Self {
            scripts: Vec::new(),
            orders: Expected::new(),
            customers: Expected::new(),
            poisoned: 0,
            faults: draw_faults(seed, faults as usize, engine, means),
        };
        let share = (messages as usize).div_ceil(Way::ALL.len());
        let a_customer = CUSTOMER_REVISIONS + ORDERS_OF_A_CUSTOMER * REVISIONS;
        let customers = share.div_ceil(a_customer).max(1);
        for way in Way::ALL {
            let script = plan.script(seed, way, customers);
            plan.scripts.push(script);
        }
        plan
    }

    /// The messages that are sent in all.
    pub(super) fn messages(&self) -> u64 {
        let records = self.scripts.iter().map(|script| script.records.len());
        records.sum::<usize>() as u64
    }

    /// The least that the sources are to be allowed, and no less than they are, for more than so many
    /// effects on orders to be sure; `None` where all that they have makes no more.
    pub(super) fn enough_for_more(&self, allowed: Allowed, effects: usize) -> Option<Allowed> {
        (allowed.parts..=allowed.of.max(allowed.parts))
            .map(|parts| Allowed { parts, ..allowed })
            .find(|allowed| self.sure_effects(*allowed) > effects)
    }

    /// Effects on orders that are sure to come of what may be sent: an order waits for its buyer.
    fn sure_effects(&self, allowed: Allowed) -> usize {
        let sure = |script: &Script| {
            let records = &script.records[..allowed.of(script.records.len())];
            let customers: HashSet<&str> = records
                .iter()
                .filter_map(|record| match record {
                    Record::Customer { id, .. } => Some(id.as_str()),
                    _ => None,
                })
                .collect();
            let is_sure = |record: &&Record| match record {
                Record::Order { no, buyer, .. } => {
                    self.orders.contains_key(no) && customers.contains(buyer.as_str())
                }
                _ => false,
            };
            records.iter().filter(is_sure).count()
        };
        TARGETS * self.scripts.iter().map(sure).sum::<usize>()
    }

    /// How many of the faults are of a kind.
    pub(super) fn count(&self, is: impl Fn(&Fault) -> bool) -> u64 {
        self.faults.iter().filter(|fault| is(fault)).count() as u64
    }

    /// Customers' and orders' revisions of a source, well shuffled, each record's in order.
    fn script(&mut self, seed: u64, way: Way, customers: usize) -> Script {
        let mut dice = Dice::new(seed, way.name(), 0);
        let mut waiting: Vec<Vec<Record>> = Vec::new();
        for number in 0..customers {
            waiting.push(self.customer(way, number));
            for order in 0..ORDERS_OF_A_CUSTOMER {
                waiting.push(self.order(&mut dice, way, number, order));
            }
        }
        // First first: what is still to come of a record is kept in reverse.
        waiting.reverse();
        let (mut open, mut records) = (Vec::new(), Vec::new());
        loop {
            while open.len() < OPEN_ORDERS
                && let Some(mut revisions) = waiting.pop()
            {
                revisions.reverse();
                open.push(revisions);
            }
            if open.is_empty() {
                break;
            }
            let chosen = dice.below(open.len());
            let revisions: &mut Vec<Record> = &mut open[chosen];
            records.extend(revisions.pop());
            if revisions.is_empty() {
                open.swap_remove(chosen);
            }
            if dice.below(POISON) == 0 {
                records.push(self.poison(&mut dice, way, records.len()));
            }
        }
        Script { way, records }
    }

    fn customer(&mut self, way: Way, number: usize) -> Vec<Record> {
        let tax = credit_code("310115", number);
        if way == Way::Web {
            self.customers
                .insert(tax.clone(), CUSTOMER_REVISIONS as u32);
        }
        (1..=CUSTOMER_REVISIONS)
            .map(|revision| Record::Customer {
                id: format!("{}-C{number}", way.name()),
                name: format!("上海第{number}剃须刀有限公司"),
                tax: tax.clone(),
                owner: format!("{}-{revision}", way.name()),
            })
            .collect()
    }

    fn order(&mut self, dice: &mut Dice, way: Way, customer: usize, order: usize) -> Vec<Record> {
        let no = format!("{}-{customer}-{order}", way.name());
        self.orders.insert(no.clone(), REVISIONS as u32);
        (1..=REVISIONS)
            .map(|revision| Record::Order {
                no: no.clone(),
                buyer: format!("{}-C{customer}", way.name()),
                currency: Some("CNY"),
                revision,
                amount: format!("{}.{:02}", 10 + dice.below(9000), dice.below(100)),
                padding: 0,
            })
            .collect()
    }

    fn poison(&mut self, dice: &mut Dice, way: Way, number: usize) -> Record {
        self.poisoned += 1;
        match (way, dice.below(3)) {
            (Way::Spool, 0) => Record::Noise(format!("{{\"no\":\"noise-{number}\",")),
            (Way::Spool, 1) => poisonous(way, number, Some("CNY"), OVERSIZE),
            _ => poisonous(way, number, None, 0),
        }
    }
}

fn poisonous(way: Way, number: usize, currency: Option<&'static str>, padding: usize) -> Record {
    Record::Order {
        no: format!("poison-{}-{number}", way.name()),
        buyer: format!("{}-C0", way.name()),
        currency,
        revision: 1,
        amount: "1.00".to_owned(),
        padding,
    }
}

/// Faults from a deck: each kind comes as often as the others, in an order nobody knows.
fn draw_faults(seed: u64, count: usize, engine: Engine, means: Means) -> Vec<Fault> {
    let mut dice = Dice::new(seed, "faults", 0);
    let mut faults = Vec::with_capacity(count);
    let mut deck = Vec::new();
    while faults.len() < count {
        if deck.is_empty() {
            deck = cards(&mut dice, engine, means);
        }
        let card = dice.below(deck.len());
        faults.push(deck.swap_remove(card));
    }
    faults
}

/// How many nodes share the work on an engine: a file serves one.
pub(super) fn nodes(engine: Engine) -> usize {
    match engine {
        Engine::Embedded => 1,
        Engine::Rabbitmq => 2,
    }
}

fn cards(dice: &mut Dice, engine: Engine, means: Means) -> Vec<Fault> {
    let nodes = nodes(engine);
    let time = |dice: &mut Dice| Duration::from_millis(200 + dice.below(2300) as u64);
    let mut cards: Vec<Fault> = FailPoint::ALL
        .into_iter()
        .map(|point| Fault::Point {
            point,
            times: 1 + dice.below(4) as u32,
        })
        .collect();
    for mood in [Mood::Failing, Mood::Hanging, Mood::Dropping, Mood::Busy] {
        let time = time(dice);
        cards.push(Fault::Portal { mood, time });
    }
    cards.push(Fault::LockBooks { time: time(dice) });
    for node in 0..nodes {
        cards.push(Fault::Kill { node });
        cards.push(Fault::Pause {
            node,
            time: time(dice),
        });
    }
    if means.clock {
        // Forwards and backwards, by hours.
        for hours in [3, -3] {
            cards.push(Fault::Clock {
                node: dice.below(nodes),
                seconds: hours * 3600 + dice.below(3600) as i64,
                time: time(dice),
            });
        }
    }
    if engine == Engine::Embedded {
        cards.push(Fault::SecondHub { time: time(dice) });
        cards.push(Fault::Kill { node: 0 });
        cards.push(Fault::DiskFull { time: time(dice) });
        return cards;
    }
    cards.push(Fault::KillAll);
    if means.brokers > 0 {
        for without_notice in [true, false] {
            cards.push(Fault::RestartBroker {
                number: dice.below(means.brokers),
                without_notice,
                time: time(dice),
            });
            cards.push(Fault::RestartStore {
                without_notice,
                time: time(dice),
            });
        }
    }
    for node in 0..nodes {
        cards.push(Fault::CutBroker { node });
        cards.push(Fault::CutStore { node });
        cards.push(Fault::Isolate {
            node,
            time: time(dice),
        });
        for cable in [Cable::Frozen, Cable::Unplugged] {
            let broker = time(dice);
            cards.push(Fault::Broker {
                node,
                cable,
                time: broker,
            });
            let store = time(dice);
            cards.push(Fault::Store {
                node,
                cable,
                time: store,
            });
        }
    }
    cards
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_draws_the_same_again_and_another_seed_something_else() {
        for engine in [Engine::Embedded, Engine::Rabbitmq] {
            let means = Means {
                brokers: 3,
                clock: true,
            };
            let draw = |seed| Plan::draw(seed, 900, 40, engine, means);
            assert_eq!(draw(7), draw(7));
            assert_ne!(draw(7), draw(8));
            assert_eq!(draw(7).faults.len(), 40);
            for point in FailPoint::ALL {
                let is = |fault: &Fault| matches!(fault, Fault::Point { point: found, .. } if *found == point);
                assert!(draw(7).faults.iter().any(is), "{}", point.as_str());
            }
        }
    }

    #[test]
    fn so_much_is_allowed_that_more_is_sure_to_come_and_no_more() {
        let plan = Plan::draw(3, 2000, 0, Engine::Embedded, Means::default());
        let at = |parts| Allowed { parts, of: 11 };
        let all = TARGETS * plan.orders.values().sum::<u32>() as usize;
        assert_eq!(plan.sure_effects(at(0)), 0);
        assert_eq!(plan.sure_effects(at(11)), all);
        let now = plan.sure_effects(at(4));
        assert!(0 < now && now < plan.sure_effects(at(5)), "{now}");
        // Something is under way: nobody needs to send more for it.
        assert_eq!(plan.enough_for_more(at(4), now - 1), Some(at(4)));
        assert_eq!(plan.enough_for_more(at(4), now), Some(at(5)));
        assert_eq!(plan.enough_for_more(at(4), all - 1), Some(at(11)));
        assert_eq!(plan.enough_for_more(at(4), all), None);
        assert_eq!(plan.enough_for_more(at(13), all - 1), Some(at(13)));
    }

    #[test]
    fn an_order_whose_buyer_is_not_sent_yet_is_not_sure_to_have_effects() {
        let order = Record::Order {
            no: "web-0-0".to_owned(),
            buyer: "web-C0".to_owned(),
            currency: Some("CNY"),
            revision: 1,
            amount: "1.00".to_owned(),
            padding: 0,
        };
        let buyer = Record::Customer {
            id: "web-C0".to_owned(),
            name: String::new(),
            tax: String::new(),
            owner: String::new(),
        };
        let plan = Plan {
            scripts: vec![Script {
                way: Way::Web,
                records: vec![order, poisonous(Way::Web, 1, None, 0), buyer],
            }],
            orders: Expected::from([("web-0-0".to_owned(), 1)]),
            customers: Expected::new(),
            poisoned: 1,
            faults: Vec::new(),
        };
        let at = |parts| Allowed { parts, of: 3 };
        assert_eq!(plan.sure_effects(at(2)), 0);
        assert_eq!(plan.sure_effects(at(3)), TARGETS);
    }

    #[test]
    fn a_record_comes_in_the_order_of_its_revisions() {
        let plan = Plan::draw(3, 2000, 0, Engine::Embedded, Means::default());
        assert!(
            (2000..2600).contains(&plan.messages()),
            "{}",
            plan.messages()
        );
        assert!(plan.poisoned > 5, "{}", plan.poisoned);
        let mut seen = Expected::new();
        for record in plan.scripts.iter().flat_map(|script| &script.records) {
            if let Record::Order { no, revision, .. } = record
                && plan.orders.contains_key(no)
            {
                let last = seen.entry(no.clone()).or_default();
                *last += 1;
                assert_eq!(*last as usize, *revision);
            }
        }
        assert_eq!(seen, plan.orders);
    }
}
