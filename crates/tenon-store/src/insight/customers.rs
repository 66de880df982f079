//! Lists of customers: by what is said of them, by what they bought and when, in an order that is asked for.
//!
//! Where something that is asked for fits few customers, these are looked up and set in order. Else an index is gone
//! through in the order of the list, a portion at a time, and for no longer than a moment.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::reports::dimension;
use super::session::{BY_MONTH, Session, given};
use super::{Bought, CustomerList, Insight, Listed, ReportFilter};
use crate::StoreError;

/// So many are few: they are looked up and set in order in tens of milliseconds.
const FEW: i64 = 5_000;

/// The most values by each of which customers are looked up.
const MOST_VALUES: usize = 50;

/// How many entries of an index are gone through at first, and at most, before it is looked how long it has taken.
const PORTION: u32 = 1_000;
const LARGEST: u32 = 4_000;

/// How long an index is gone through for one page.
const PATIENCE: Duration = Duration::from_millis(500);

/// The dimensions of which an index tells who is said to be what.
const INDEXED: [&str; 4] = ["owner", "source", "industry", "grade"];

/// Which customers; merged ones are their survivors.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CustomerFilter {
    /// What is said of them, by the name of the dimension: one of these, or nothing at all where it is `None`.
    pub said: BTreeMap<String, Option<Vec<String>>>,
    /// Only these.
    pub ids: Option<Vec<Uuid>>,
    /// Only those of whom the hub first heard from one day to another.
    pub known: Option<(i32, i32)>,
    /// Only those whose last order is of this day or a later one.
    pub last_from: Option<i32>,
    /// Only those that have ordered, and last on this day or an earlier one.
    pub last_to: Option<i32>,
    /// Only those that first ordered in these months and had figures of the currency in the month in which they did.
    pub begun: Option<ReportFilter>,
    /// Only those that had figures of the currency in these months, or bought the item.
    pub active: Option<ReportFilter>,
    /// Which item, of `active`.
    pub item: Option<Uuid>,
    /// Of figures.
    pub currency: String,
}

/// By what customers are put in order, and which come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CustomerSort {
    /// By what.
    pub by: CustomerKey,
    /// Whether the largest comes first.
    pub falling: bool,
}

/// By what customers are put in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CustomerKey {
    /// What they are called.
    Name,
    /// Their sales of twelve months.
    Sales,
    /// The day of their last order.
    LastOrder,
    /// Their score; those without one are left out.
    Score,
}

impl CustomerKey {
    /// As the indexes have it.
    fn column(self) -> &'static str {
        match self {
            Self::Name => "substr(coalesce(c.name, ''), 1, 100)",
            Self::Sales => "coalesce(c.sales, 0)",
            Self::LastOrder => "coalesce(c.last_order, 0)",
            Self::Score => "c.score",
        }
    }
}

/// Where a customer stands in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerPlace {
    /// By what it is put in order.
    pub place: Place,
    /// The customer.
    pub id: Uuid,
}

/// A value by which customers are put in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
#[allow(missing_docs, reason = "a number or a text")]
pub enum Place {
    Number(i64),
    Text(String),
}

/// What is asked, as SQL: constants only, what was asked for is given beside it.
struct Asked {
    /// One row with all that is asked for once, then a row for each of several values.
    rows: Vec<Value>,
    /// What a customer `c` must be.
    conditions: Vec<String>,
    /// Ways to find all that fit, or some more: each selects their ids.
    ways: Vec<String>,
    /// Between which days they ordered last, which an index by these days begins and ends with.
    ordered: Option<String>,
}

/// A customer's parties, as `own`.
const PARTIES: &str = "from insight_customer own";

impl Asked {
    fn new(generation: i32, filter: &CustomerFilter) -> Result<Self, StoreError> {
        let mut asked = Self {
            rows: vec![json!({ "generation": generation, "currency": filter.currency })],
            conditions: Vec::new(),
            ways: Vec::new(),
            ordered: None,
        };
        if filter.active.is_none() && filter.begun.is_none() {
            // Of whom nobody has told is counted as far as it has figures alone.
            asked.conditions.push("c.version >= 0".to_owned());
        }
        if let Some(ids) = &filter.ids {
            asked.named(ids);
        }
        asked.say(filter)?;
        asked.dates(filter);
        asked.figures(filter);
        Ok(asked)
    }

    fn give(&mut self, name: &str, value: impl Into<Value>) -> String {
        self.rows[0][name] = value.into();
        given(name)
    }

    fn named(&mut self, ids: &[Uuid]) {
        self.rows
            .extend(ids.iter().map(|id| json!({ "named": id })));
        let way = "select g.named as id from {named uuid} g where g.named is not null";
        self.conditions.push(format!("(c.id in ({way})) is true"));
        self.ways.push(way.to_owned());
    }

    fn say(&mut self, filter: &CustomerFilter) -> Result<(), StoreError> {
        let generation = given("generation");
        for (by, said) in &filter.said {
            let by =
                dimension(by).ok_or_else(|| StoreError::Bug(format!("no dimension `{by}`")))?;
            let way = match said {
                None => {
                    self.conditions.push(format!("c.{by} is null"));
                    Some(format!(
                        "select c.id from insight_customer c
                         where c.generation = {generation} and c.{by} is null and c.root = c.id"
                    ))
                }
                Some(values) => {
                    let rows = values.iter().map(|value| json!({ by: value }));
                    self.rows.extend(rows);
                    // Not joined: a list that is joined is read anew for each customer.
                    self.conditions.push(format!(
                        "(c.{by} in (select g.{by} from {{{by} text}} g where g.{by} is not null)) is true"
                    ));
                    self.each(by, "text", values, |value| {
                        format!(
                            "select c.id from insight_customer c
                             where c.generation = {generation} and c.{by} = {value} and c.root = c.id"
                        )
                    })
                }
            };
            self.ways.extend(way.filter(|_| INDEXED.contains(&by)));
        }
        Ok(())
    }

    fn dates(&mut self, filter: &CustomerFilter) {
        let generation = given("generation");
        if let Some((first, last)) = filter.known {
            let known = format!(
                "c.known_on >= {} and c.known_on <= {}",
                self.give("known_first", first),
                self.give("known_last", last)
            );
            self.ways.push(format!(
                "select c.id from insight_customer c
                 where c.generation = {generation} and {known} and c.root = c.id"
            ));
            self.conditions.push(known);
        }
        if filter.last_from.is_some() || filter.last_to.is_some() {
            let day = CustomerKey::LastOrder.column();
            // Who has never ordered stands at 0.
            let first = self.give("last_first", filter.last_from.unwrap_or(1));
            let last = self.give("last_last", filter.last_to.unwrap_or(i32::MAX));
            let ordered = format!("{day} >= {first} and {day} <= {last}");
            self.ways.push(format!(
                "select c.id from insight_customer c
                 where c.generation = {generation} and {ordered} and c.root = c.id"
            ));
            self.conditions.push(ordered.clone());
            self.ordered = Some(ordered);
        }
    }

    fn figures(&mut self, filter: &CustomerFilter) {
        let generation = given("generation");
        let currency = "(select g.currency from {currency text} g)";
        let of = format!(
            "join insight_month m on m.generation = {generation} and m.party = own.id
                 and m.currency = {currency}"
        );
        let exists = |figures: &str| {
            format!(
                "exists (select 1 {PARTIES} {figures}
                     where own.generation = {generation} and own.root = c.id)"
            )
        };
        if let Some(begun) = filter.begun {
            let (first, last) = (
                self.give("begun_first", begun.from),
                self.give("begun_last", begun.to),
            );
            self.conditions.push(format!(
                "c.first_order >= {first} and c.first_order <= {last} and {}",
                exists(&format!("{of} and m.month = c.first_order"))
            ));
        }
        let Some(active) = filter.active else { return };
        let (first, last) = (
            self.give("first", active.from),
            self.give("last", active.to),
        );
        let within = |table: &str| format!("{table}.month >= {first} and {table}.month <= {last}");
        if let Some(item) = filter.item {
            self.rows[0]["item"] = json!(item);
            let item = "(select g.item from {item uuid} g)";
            let sold = format!(
                "p.item = {item} and p.currency = {currency} and {} and {BY_MONTH}",
                within("p")
            );
            self.conditions.push(exists(&format!(
                "join insight_product_month p on p.generation = {generation} and p.party = own.id
                     and {sold}"
            )));
            self.ways.push(format!(
                "select own.root as id from insight_product_month p
                 join insight_customer own on own.generation = {generation} and own.id = p.party
                 where p.generation = {generation} and {sold}"
            ));
            return;
        }
        self.conditions
            .push(exists(&format!("{of} and {}", within("m"))));
        let months: Vec<i32> = (active.from..=active.to).collect();
        let way = self.each("month", "integer", &months, |month| {
            format!(
                "select own.root as id from insight_month m
                 join insight_customer own on own.generation = {generation} and own.id = m.party
                 where m.generation = {generation} and m.month = {month} and m.currency = {currency}"
            )
        });
        self.ways.extend(way);
    }

    /// A way by each of several values, one look into an index for each: joined to a list of them, all customers
    /// would be gone through. `None` where they are too many.
    fn each<V: Serialize>(
        &mut self,
        name: &str,
        kind: &str,
        values: &[V],
        by: impl Fn(&str) -> String,
    ) -> Option<String> {
        if values.is_empty() || values.len() > MOST_VALUES {
            return None;
        }
        let ways = values.iter().enumerate().map(|(place, value)| {
            let name = format!("{name}_{place}");
            self.rows[0][&name] = json!(value);
            by(&format!("(select g.{name} from {{{name} {kind}}} g)"))
        });
        Some(ways.collect::<Vec<_>>().join(" union all "))
    }

    /// Asks; of what is given once the first row says it.
    async fn ask<A: serde::de::DeserializeOwned>(
        &self,
        session: &mut Session,
        question: &str,
    ) -> Result<Vec<A>, StoreError> {
        let question = question.replace("} g)", "} g limit 1)");
        session.ask(&question, &self.rows).await
    }

    /// The first way by which few are found.
    async fn narrow(&self, session: &mut Session) -> Result<Option<&str>, StoreError> {
        #[derive(Deserialize)]
        struct Counted {
            found: i64,
        }
        for way in &self.ways {
            let question =
                format!("select count(*) as found from (select f.id from ({way}) f limit {FEW}) f");
            let counted: Vec<Counted> = self.ask(session, &question).await?;
            if counted.iter().all(|counted| counted.found < FEW) {
                return Ok(Some(way));
            }
        }
        Ok(None)
    }
}

impl Insight {
    /// Customers, after the place of the last that is known, at most `limit`. Where many must be passed over, a page
    /// has fewer.
    ///
    /// # Errors
    /// `Bug` for a dimension that is none.
    pub async fn customers(
        &self,
        generation: i32,
        filter: &CustomerFilter,
        sort: CustomerSort,
        after: Option<CustomerPlace>,
        limit: u32,
    ) -> Result<CustomerList, StoreError> {
        let mut asked = Asked::new(generation, filter)?;
        let mut session = Session::look_up(&self.engine).await?;
        let mut list = Order { sort, after };
        let (found, more) = match asked.narrow(&mut session).await?.map(str::to_owned) {
            Some(way) => list.of_few(&mut session, &mut asked, &way, limit).await?,
            None => list.of_many(&mut session, &mut asked, limit).await?,
        };
        let customers = listed(&mut session, generation, filter, &found).await?;
        Ok(CustomerList {
            customers,
            next: list.after.filter(|_| more),
        })
    }

    /// All that is said of customers in a dimension that has an index, in the order of it.
    ///
    /// # Errors
    /// `Bug` for another dimension.
    pub async fn said(&self, generation: i32, by: &str) -> Result<Vec<String>, StoreError> {
        #[derive(Deserialize)]
        struct Found {
            value: String,
        }
        let by = INDEXED.into_iter().find(|known| *known == by);
        let by = by.ok_or_else(|| StoreError::Bug("no dimension with an index".to_owned()))?;
        // From each value to the next: not through all customers.
        let next = |than: &str| {
            format!(
                "(select c.{by} from insight_customer c
                  where c.generation = {} and c.root = c.id and c.{by} is not null {than}
                  order by c.{by} limit 1)",
                given("generation")
            )
        };
        let question = format!(
            "with recursive said(value) as (
                 select {} union all select {} from said where said.value is not null
             ) select said.value from said where said.value is not null",
            next(""),
            next(&format!("and c.{by} > said.value"))
        );
        let given = json!({ "generation": generation });
        let mut session = Session::look_up(&self.engine).await?;
        let found: Vec<Found> = session.ask(&question, &[given]).await?;
        Ok(found.into_iter().map(|found| found.value).collect())
    }
}

/// The order of a list, and how far it has been gone through.
struct Order {
    sort: CustomerSort,
    after: Option<CustomerPlace>,
}

impl Order {
    /// In which order, and behind what is known, as SQL.
    fn told(&self, asked: &mut Asked) -> (String, String) {
        let key = self.sort.by.column();
        let (than, falling) = match self.sort.falling {
            true => ("<", " desc"),
            false => (">", ""),
        };
        let mut beyond = match (self.sort.by, &asked.ordered) {
            (CustomerKey::Score, _) => " and c.score is not null".to_owned(),
            (CustomerKey::LastOrder, Some(ordered)) => format!(" and {ordered}"),
            _ => String::new(),
        };
        if let Some(after) = &self.after {
            asked.rows[0]["place"] = json!(after.place);
            asked.rows[0]["after"] = json!(after.id);
            let kind = match after.place {
                Place::Number(_) => "bigint",
                Place::Text(_) => "text",
            };
            beyond += &format!(
                " and ({key}, c.id) {than} ((select g.place from {{place {kind}}} g),
                     (select g.after from {{after uuid}} g))"
            );
        }
        (format!("{key}{falling}, c.id{falling}"), beyond)
    }

    /// The next of those that are found by a way, and whether more follow.
    async fn of_few(
        &mut self,
        session: &mut Session,
        asked: &mut Asked,
        way: &str,
        limit: u32,
    ) -> Result<(Vec<Uuid>, bool), StoreError> {
        let (order, beyond) = self.told(asked);
        let question = format!(
            "select c.id, {} as place from (select distinct f.id from ({way}) f) f
             join insight_customer c on c.generation = {} and c.id = f.id
             where c.root = c.id and {}{beyond} order by {order} limit {limit}",
            self.sort.by.column(),
            given("generation"),
            conditions(asked),
        );
        let found: Vec<CustomerPlace> = asked.ask(session, &question).await?;
        self.after = found.last().cloned().or(self.after.take());
        let more = found.len() as u32 == limit;
        Ok((found.into_iter().map(|found| found.id).collect(), more))
    }

    /// The next of all that fit, as far as an index is gone through, and whether more may follow.
    async fn of_many(
        &mut self,
        session: &mut Session,
        asked: &mut Asked,
        limit: u32,
    ) -> Result<(Vec<Uuid>, bool), StoreError> {
        let (began, mut portion) = (Instant::now(), PORTION);
        let mut ids = Vec::new();
        while ids.len() < limit as usize && (began.elapsed() < PATIENCE || portion == PORTION) {
            let (order, beyond) = self.told(asked);
            let entries = |columns: &str, how_many: &str| {
                format!(
                    "select {columns} {} as place from insight_customer c
                     where c.generation = {} and c.root = c.id{beyond} order by {order} {how_many}",
                    self.sort.by.column(),
                    given("generation"),
                )
            };
            let wanted = limit as usize - ids.len();
            let falling = if self.sort.falling { " desc" } else { "" };
            let columns = "c.id, c.version, c.kind, c.stage, c.grade, c.industry, c.source, c.owner, \
                           c.known_on, c.first_order, c.last_order,";
            let question = format!(
                "select c.id, c.place from ({}) c where {}
                 order by c.place{falling}, c.id{falling} limit {wanted}",
                entries(columns, &format!("limit {portion}")),
                conditions(asked),
            );
            let found: Vec<CustomerPlace> = asked.ask(session, &question).await?;
            ids.extend(found.iter().map(|found| found.id));
            let ended = match found.len() == wanted {
                true => found.into_iter().next_back(),
                false => {
                    let last = format!("limit 1 offset {}", portion - 1);
                    let question = entries("c.id,", &last);
                    let last: Vec<CustomerPlace> = asked.ask(session, &question).await?;
                    last.into_iter().next()
                }
            };
            let Some(ended) = ended else {
                return Ok((ids, false));
            };
            self.after = Some(ended);
            portion = LARGEST.min(portion * 4);
        }
        Ok((ids, true))
    }
}

fn conditions(asked: &Asked) -> String {
    match asked.conditions.is_empty() {
        true => "true".to_owned(),
        false => asked.conditions.join(" and "),
    }
}

/// What is known of these customers, in their order, and what they bought.
async fn listed(
    session: &mut Session,
    generation: i32,
    filter: &CustomerFilter,
    ids: &[Uuid],
) -> Result<Vec<Listed>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    #[derive(Deserialize)]
    struct Sums {
        id: Uuid,
        #[serde(flatten)]
        bought: Bought,
    }
    let span = filter.active.or(filter.begun);
    let last = match filter.active {
        Some(active) => active.to,
        // What they bought since.
        None => i32::MAX,
    };
    let rows = ids.iter().map(|id| {
        json!({ "generation": generation, "id": id, "currency": filter.currency, "item": filter.item,
            "first": span.map(|span| span.from), "last": last })
    });
    let rows: Vec<Value> = rows.collect();
    let found: Vec<Listed> = session
        .ask(
            "select c.id, c.code, c.name, c.owner, c.grade, c.proposed, c.score, c.parts, c.cooperation,
                 c.declined, c.scored_on, c.kind, c.stage, c.industry, c.source, c.known_on, c.sales,
                 c.last_order
             from {generation integer, id uuid} g
             join insight_customer c on c.generation = g.generation and c.id = g.id",
            &rows,
        )
        .await?;
    let mut found: HashMap<Uuid, Listed> = found
        .into_iter()
        .map(|listed| (listed.grading.id, listed))
        .collect();
    if span.is_some() {
        let question = match filter.item {
            None => "select own.root as id, cast(sum(m.orders) as bigint) as orders,
                 cast(sum(m.ordered) as text) as ordered, cast(sum(m.invoiced) as text) as invoiced,
                 cast(sum(m.received) as text) as received
             from {generation integer, id uuid, currency text, first integer, last integer} g
             join insight_customer own on own.generation = g.generation and own.root = g.id
             join insight_month m on m.generation = own.generation and m.party = own.id
                 and m.month >= g.first and m.month <= g.last and m.currency = g.currency
             group by own.root",
            Some(_) => "select own.root as id, cast(sum(p.amount) as text) as ordered,
                 cast(sum(p.quantity) as text) as quantity
             from {generation integer, id uuid, currency text, item uuid, first integer, last integer} g
             join insight_customer own on own.generation = g.generation and own.root = g.id
             join insight_product_month p on p.generation = own.generation and p.party = own.id
                 and p.item = g.item and p.month >= g.first and p.month <= g.last
                 and p.currency = g.currency
             group by own.root",
        };
        let sums: Vec<Sums> = session.ask(question, &rows).await?;
        for sums in sums {
            if let Some(listed) = found.get_mut(&sums.id) {
                listed.bought = Some(sums.bought);
            }
        }
    }
    Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
}
