//! How orders stand, as of the generation that the caller names.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::json;
use tenon_core::money::Decimal;
use uuid::Uuid;

use super::figures::amount;
use super::session::{OWN, Session, given};
use super::{Exceptions, First, Insight, Matter, MatterFilter, OrderPage};
use crate::StoreError;

/// How orders stand that belong to a matter.
struct Standing {
    condition: String,
    /// Since when they stand so.
    since: &'static str,
    /// The same as a key that every order has.
    place: &'static str,
}

/// A day that every order has, as the indexes have it.
const DAY: &str = "coalesce(o.day, 0)";

/// Which orders stand so, and since when. The names are those of [`Matter`].
fn standing(matter: Matter) -> Standing {
    let today = given("today");
    let (condition, since) = match matter {
        Matter::Matched => ("o.state = 'matched'".to_owned(), "o.day"),
        Matter::Open => ("o.state = 'open'".to_owned(), "o.day"),
        Matter::Short => (
            format!(
                "o.short > 0 and o.short_on < {today} - {}",
                given("short_days")
            ),
            "o.short_on",
        ),
        Matter::Unbilled => (
            format!(
                "o.unbilled > 0 and o.unbilled_on < {today} - {}",
                given("billing_days")
            ),
            "o.unbilled_on",
        ),
        Matter::OverBilled => ("o.over_billed > 0".to_owned(), "o.day"),
        Matter::Overdue => (
            format!(
                "o.outstanding > 0 and o.billed_on + coalesce(r.credit_days, {}) < {today}",
                given("credit_days")
            ),
            "o.billed_on",
        ),
        Matter::Orphan => ("o.state = 'orphan'".to_owned(), "o.day"),
        Matter::Mixed => ("o.state = 'mixed'".to_owned(), "o.day"),
    };
    let place = if since == "o.day" { DAY } else { since };
    Standing {
        condition,
        since,
        place,
    }
}

impl MatterFilter {
    fn given(&self, generation: i32) -> serde_json::Value {
        json!({ "generation": generation, "today": self.today, "credit_days": self.credit_days,
            "short_days": self.short_days, "billing_days": self.billing_days,
            "customer": self.customer, "number": self.text, "currency": self.currency,
            "from_day": self.from, "to_day": self.to })
    }
}

impl Insight {
    /// Orders, after the place and the id of the last that is known, at most `limit`.
    pub async fn orders(
        &self,
        generation: i32,
        filter: &MatterFilter,
        after: Option<(i64, Uuid)>,
        limit: u32,
    ) -> Result<Vec<OrderPage>, StoreError> {
        let all = || Standing {
            condition: "true".to_owned(),
            since: "o.day",
            place: DAY,
        };
        let Standing {
            condition,
            since,
            place,
        } = filter.matter.map_or_else(all, standing);
        let generation_of = given("generation");
        let own = format!(
            "{OWN} join insight_order o on o.generation = own.generation and o.party = own.id"
        );
        // Two looks into indexes: for either of two columns SQLite would look at every order.
        let number = "(select g.number from {number text} g)";
        let named = format!(
            "(select n.id from insight_order n
                 where n.generation = {generation_of} and n.number = {number}
              union select n.id from insight_order n
                 where n.generation = {generation_of} and n.contract = {number}) f"
        );
        let from = match (filter.customer, &filter.text) {
            (None, None) => "insight_order o".to_owned(),
            (Some(_), None) => own,
            (None, Some(_)) => format!(
                "{named} join insight_order o on o.generation = {generation_of} and o.id = f.id"
            ),
            (Some(_), Some(_)) => format!("{own} join {named} on f.id = o.id"),
        };
        // Of a customer or a number there are few orders, which are found by other indexes than that of the place.
        let few = filter.customer.is_some() || filter.text.is_some();
        let most = filter.matter.and_then(Matter::at_stake);
        let most = most.filter(|_| filter.first == First::Most);
        let sorted = most.unwrap_or(place);
        let key = format!("{sorted}{}", if few { " + 0" } else { "" });
        let rising = match filter.first {
            First::Usual => filter.matter.is_some(),
            First::Oldest => true,
            First::Youngest | First::Most => false,
        };
        let (than, falling) = match rising {
            true => (">", ""),
            false => ("<", " desc"),
        };
        let mut only = String::new();
        if filter.currency.is_some() {
            only += " and o.currency = (select g.currency from {currency text} g)";
        }
        for (day, than) in [(filter.from, ">= "), (filter.to, "<= ")] {
            let name = if than == ">= " { "from_day" } else { "to_day" };
            if day.is_some() {
                only += &format!(" and {place} {than}{}", given(name));
            }
        }
        let beyond = match after {
            None => String::new(),
            Some(_) => {
                let place = "(select g.place from {place bigint} g)";
                format!(
                    "and {key} {than}= {place} and ({key} {than} {place}
                         or o.id {than} (select g.id from {{id uuid}} g))"
                )
            }
        };
        // Constants only; what was asked for is given.
        let question = format!(
            "select o.id, o.party, o.kind, o.number, o.contract, o.currency, o.day, o.status, o.state,
                 o.ordered, o.shipped, o.invoiced, o.received, o.short, o.unbilled, o.over_billed,
                 o.outstanding, o.mixed, o.short_on, o.unbilled_on, o.billed_on, o.settled_on, o.facts,
                 r.id as customer, r.name as customer_name, r.code as customer_code,
                 case when o.outstanding > 0
                     then o.billed_on + coalesce(r.credit_days, {}) end as due_on,
                 {since} as age_from, {sorted} as place
             from {from}
             left join insight_customer c on c.generation = o.generation and c.id = o.party
             left join insight_customer r on r.generation = c.generation and r.id = c.root
             where o.generation = {generation_of} and {condition}{only} {beyond}
             order by {key}{falling}, o.id{falling} limit {limit}",
            given("credit_days"),
        );
        let mut given = filter.given(generation);
        if let Some((place, id)) = after {
            given["place"] = place.into();
            given["id"] = id.to_string().into();
        }
        let mut session = Session::read(&self.engine).await?;
        session.ask(&question, &[given]).await
    }

    /// How all orders stand, by currency.
    pub async fn exceptions(
        &self,
        generation: i32,
        filter: &MatterFilter,
    ) -> Result<Vec<Exceptions>, StoreError> {
        let count = |condition: &str| format!("sum(case when {condition} then 1 else 0 end)");
        let sum = |condition: &str, amount: &str| {
            format!("cast(sum(case when {condition} then {amount} else 0 end) as text)")
        };
        let real = "o.kind = 'order' and o.state <> 'cancelled'";
        let generation_of = given("generation");
        // Every order once, and what is the matter with some: each from the index that has it all.
        let mut parts = vec![format!(
            "select o.currency, 'all' as matter, {} as orders, {} as matched, {} as open,
                 {} as cancelled, {} as orphan, {} as mixed, {} as ordered, {} as shipped,
                 {} as invoiced, {} as received, {} as amount
             from insight_order o where o.generation = {generation_of} group by o.currency",
            count("o.kind = 'order'"),
            count("o.state = 'matched'"),
            count("o.state = 'open'"),
            count("o.state = 'cancelled'"),
            count("o.state = 'orphan'"),
            count("o.state = 'mixed'"),
            sum(real, "o.ordered"),
            sum(real, "o.shipped"),
            sum(real, "o.invoiced"),
            sum(real, "o.received"),
            sum(
                "o.state = 'orphan'",
                "(case when o.invoiced <> 0 then o.invoiced else o.received end)"
            ),
        )];
        for (matter, amount) in [
            (Matter::Short, "o.short"),
            (Matter::Unbilled, "o.unbilled"),
            (Matter::OverBilled, "o.over_billed"),
            (Matter::Overdue, "o.outstanding"),
        ] {
            let customers = match matter {
                Matter::Overdue => {
                    "left join insight_customer c on c.generation = o.generation and c.id = o.party
                     left join insight_customer r on r.generation = c.generation and r.id = c.root"
                }
                _ => "",
            };
            parts.push(format!(
                "select o.currency, '{}' as matter, count(*) as orders, 0 as matched, 0 as open,
                     0 as cancelled, 0 as orphan, 0 as mixed, '0' as ordered, '0' as shipped,
                     '0' as invoiced, '0' as received, cast(sum({amount}) as text) as amount
                 from insight_order o {customers}
                 where o.generation = {generation_of} and {} group by o.currency",
                matter.as_str(),
                standing(matter).condition
            ));
        }
        let question = parts.join(" union all ");
        let mut session = Session::read(&self.engine).await?;
        let found: Vec<MatterSums> = session.ask(&question, &[filter.given(generation)]).await?;
        let mut exceptions: BTreeMap<String, Exceptions> = BTreeMap::new();
        for row in found {
            let of = exceptions.entry(row.currency.clone()).or_default();
            of.count(row);
        }
        Ok(exceptions.into_values().collect())
    }
}

/// What stands about one matter of one currency.
#[derive(Deserialize)]
struct MatterSums {
    currency: String,
    matter: String,
    orders: i64,
    matched: i64,
    open: i64,
    cancelled: i64,
    orphan: i64,
    mixed: i64,
    #[serde(deserialize_with = "amount")]
    ordered: Decimal,
    #[serde(deserialize_with = "amount")]
    shipped: Decimal,
    #[serde(deserialize_with = "amount")]
    invoiced: Decimal,
    #[serde(deserialize_with = "amount")]
    received: Decimal,
    #[serde(deserialize_with = "amount")]
    amount: Decimal,
}

impl Exceptions {
    fn count(&mut self, row: MatterSums) {
        let (orders, amount) = match row.matter.as_str() {
            "short" => (&mut self.short, &mut self.short_amount),
            "unbilled" => (&mut self.unbilled, &mut self.unbilled_amount),
            "over_billed" => (&mut self.over_billed, &mut self.over_billed_amount),
            "overdue" => (&mut self.overdue, &mut self.overdue_amount),
            _ => {
                self.currency = row.currency;
                self.matched = row.matched;
                self.open = row.open;
                self.cancelled = row.cancelled;
                self.orphan = row.orphan;
                self.mixed = row.mixed;
                self.ordered = row.ordered;
                self.shipped = row.shipped;
                self.invoiced = row.invoiced;
                self.received = row.received;
                (&mut self.orders, &mut self.orphan_amount)
            }
        };
        (*orders, *amount) = (row.orders, row.amount);
    }
}
