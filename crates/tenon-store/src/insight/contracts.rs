//! Contracts, and how far the orders that name them have come.

use serde::{Deserialize, Serialize};
use serde_json::json;
use tenon_core::money::Decimal;
use uuid::Uuid;

use super::books::within;
use super::figures::amount;
use super::session::{OWN, Session, given};
use super::{DocumentRow, Insight};
use crate::StoreError;

/// What is told of a contract; nothing but its number where orders alone name it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the columns of insight_contract")]
pub struct ContractRow {
    pub number: String,
    pub document: Option<Uuid>,
    pub party: Option<Uuid>,
    pub title: Option<String>,
    pub status: Option<String>,
    pub currency: Option<String>,
    pub amount: Option<i64>,
    pub valid_from: Option<i32>,
    pub valid_until: Option<i32>,
    /// What may be ordered under it before it is exceeded: the amount, and what does not matter beyond it.
    pub most: Option<i64>,
}

/// What is the matter with a contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContractMatter {
    /// More was ordered than it allows.
    Exceeded,
    /// Orders are of a day on which it did not hold.
    Outside,
    /// Orders name it, and nobody told of it.
    Unknown,
}

/// Which contracts.
#[derive(Debug, Clone, Default)]
pub struct ContractFilter {
    /// What is the matter with them; all of them, if it is not said.
    pub matter: Option<ContractMatter>,
    /// Only of this customer and those merged into it.
    pub customer: Option<Uuid>,
    /// Only this number.
    pub number: Option<String>,
    /// Only in this currency.
    pub currency: Option<String>,
}

/// Where a page of contracts ended: what it is exceeded by, where that is asked, its number and currency.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "see above")]
pub struct ContractPlace {
    pub exceeded: i64,
    pub number: String,
    pub currency: String,
}

/// A contract and its orders of one currency.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[allow(
    missing_docs,
    reason = "the columns of insight_contract, and its customer"
)]
pub struct Contract {
    pub number: String,
    pub currency: String,
    pub document: Option<Uuid>,
    pub title: Option<String>,
    pub status: Option<String>,
    pub amount: Option<i64>,
    pub valid_from: Option<i32>,
    pub valid_until: Option<i32>,
    pub orders: i64,
    pub ordered: i64,
    pub shipped: i64,
    pub invoiced: i64,
    pub received: i64,
    pub exceeded: i64,
    pub outside: i64,
    pub customer: Option<Uuid>,
    pub customer_name: Option<String>,
    pub customer_code: Option<String>,
}

/// How all contracts of a currency stand.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[allow(missing_docs, reason = "counts and amounts by what is the matter")]
pub struct ContractSums {
    pub currency: String,
    /// Of which somebody told.
    pub contracts: i64,
    #[serde(deserialize_with = "amount")]
    pub amount: Decimal,
    #[serde(deserialize_with = "amount")]
    pub ordered: Decimal,
    #[serde(deserialize_with = "amount")]
    pub invoiced: Decimal,
    #[serde(deserialize_with = "amount")]
    pub received: Decimal,
    pub exceeded: i64,
    #[serde(deserialize_with = "amount")]
    pub exceeded_amount: Decimal,
    pub outside: i64,
    pub unknown: i64,
    #[serde(deserialize_with = "amount")]
    pub unknown_amount: Decimal,
}

/// A contract with its customer; whoever was merged is counted as the survivor.
const WITH_CUSTOMER: &str = "select k.number, k.currency, k.document, k.title, k.status, k.amount, k.valid_from,
         k.valid_until, k.orders, k.ordered, k.shipped, k.invoiced, k.received, k.exceeded, k.outside,
         r.id as customer, r.name as customer_name, r.code as customer_code";
const CUSTOMER: &str =
    "left join insight_customer c on c.generation = k.generation and c.id = k.party
     left join insight_customer r on r.generation = c.generation and r.id = c.root";

impl Insight {
    /// The documents by which contracts of these numbers were told.
    pub async fn contract_documents(
        &self,
        generation: i32,
        numbers: &[&str],
    ) -> Result<Vec<DocumentRow>, StoreError> {
        if numbers.is_empty() {
            return Ok(Vec::new());
        }
        let given = numbers
            .iter()
            .map(|number| json!({ "generation": generation, "number": number }));
        let mut session = Session::look_up(&self.engine).await?;
        session
            .ask(
                "select d.id, d.entity, d.stamp, d.position, d.party, d.number, d.day, d.status, d.outcome,
                     d.owner, d.source, d.currency, d.amount, d.score, d.facts
                 from {generation integer, number text} g
                 join insight_document d on d.generation = g.generation and d.number = g.number
                     and d.entity = 'document'",
                &given.collect::<Vec<_>>(),
            )
            .await
    }

    /// Whether anybody ever told of a contract: where nobody does, orders may name what they like.
    pub async fn has_contracts(&self, generation: i32) -> Result<bool, StoreError> {
        let mut session = Session::look_up(&self.engine).await?;
        let found: Vec<serde_json::Value> = session
            .ask(
                "select k.number from {generation integer} g
                 join insight_contract k on k.generation = g.generation and k.document is not null limit 1",
                &[json!({ "generation": generation })],
            )
            .await?;
        Ok(!found.is_empty())
    }

    /// The contracts of these numbers, in every currency.
    pub async fn contracts_named(
        &self,
        generation: i32,
        numbers: &[&str],
    ) -> Result<Vec<Contract>, StoreError> {
        if numbers.is_empty() {
            return Ok(Vec::new());
        }
        let given = numbers
            .iter()
            .map(|number| json!({ "generation": generation, "number": number }));
        let question = format!(
            "{WITH_CUSTOMER} from {{generation integer, number text}} g
             join insight_contract k on k.generation = g.generation and k.number = g.number {CUSTOMER}"
        );
        let mut session = Session::look_up(&self.engine).await?;
        session.ask(&question, &given.collect::<Vec<_>>()).await
    }

    /// Contracts after the last that is known, at most `limit`: by number, but those that are exceeded by how much.
    pub async fn contracts(
        &self,
        generation: i32,
        filter: &ContractFilter,
        after: Option<&ContractPlace>,
        limit: u32,
    ) -> Result<Vec<Contract>, StoreError> {
        let generation_of = given("generation");
        let from = match filter.customer {
            Some(_) => format!(
                "{OWN} join insight_contract k on k.generation = own.generation and k.party = own.id
                     and k.document is not null"
            ),
            None => "insight_contract k".to_owned(),
        };
        let mut only = String::new();
        if let Some(matter) = filter.matter {
            only += match matter {
                ContractMatter::Exceeded => " and k.exceeded > 0",
                ContractMatter::Outside => " and k.outside > 0",
                ContractMatter::Unknown => " and k.document is null",
            };
        }
        for (name, is_given) in [
            ("number", filter.number.is_some()),
            ("currency", filter.currency.is_some()),
        ] {
            if is_given {
                only += &format!(" and k.{name} = (select g.{name} from {{{name} text}} g)");
            }
        }
        let mut asked = json!({ "generation": generation, "customer": filter.customer,
            "number": filter.number, "currency": filter.currency });
        let by_amount = filter.matter == Some(ContractMatter::Exceeded);
        let key = if by_amount { "k.exceeded desc, " } else { "" };
        if let Some(place) = after {
            asked["last_number"] = place.number.as_str().into();
            asked["last_currency"] = place.currency.as_str().into();
            asked["last_exceeded"] = place.exceeded.into();
            let beyond = "(k.number, k.currency) > (select g.last_number, g.last_currency
                 from {last_number text, last_currency text} g)";
            let exceeded = "(select g.last_exceeded from {last_exceeded bigint} g)";
            only += &match by_amount {
                true => format!(
                    " and k.exceeded <= {exceeded} and (k.exceeded < {exceeded} or {beyond})"
                ),
                false => format!(" and {beyond}"),
            };
        }
        let question = format!(
            "{WITH_CUSTOMER} from {from} {CUSTOMER}
             where k.generation = {generation_of}{only}
             order by {key}k.number, k.currency limit {limit}"
        );
        let mut session = Session::read_of(&self.engine, filter.customer).await?;
        session.ask(&question, &[asked]).await
    }

    /// How all contracts stand, by currency.
    pub async fn contract_sums(&self, generation: i32) -> Result<Vec<ContractSums>, StoreError> {
        let mut session = Session::read(&self.engine).await?;
        session
            .ask(
                "select k.currency, sum(case when k.document is null then 0 else 1 end) as contracts,
                     cast(sum(coalesce(k.amount, 0)) as text) as amount,
                     cast(sum(case when k.document is null then 0 else k.ordered end) as text) as ordered,
                     cast(sum(case when k.document is null then 0 else k.invoiced end) as text) as invoiced,
                     cast(sum(case when k.document is null then 0 else k.received end) as text) as received,
                     sum(case when k.exceeded > 0 then 1 else 0 end) as exceeded,
                     cast(sum(k.exceeded) as text) as exceeded_amount,
                     sum(case when k.outside > 0 then 1 else 0 end) as outside,
                     sum(case when k.document is null then 1 else 0 end) as unknown,
                     cast(sum(case when k.document is null then k.ordered else 0 end) as text) as unknown_amount
                 from {generation integer} g
                 join insight_contract k on k.generation = g.generation
                 group by k.currency order by k.currency",
                &[json!({ "generation": generation })],
            )
            .await
    }
}

/// Enters contracts as they are told now, with their orders added up anew.
pub(super) async fn write_contracts(
    session: &mut Session,
    generation: i32,
    contracts: &[ContractRow],
) -> Result<(), StoreError> {
    if contracts.is_empty() {
        return Ok(());
    }
    let rows = within(generation, contracts);
    session
        .run(
            "delete from insight_contract where (generation, number) in
                 (select g.generation, g.number from {generation integer, number text} g)",
            &rows,
        )
        .await?;
    let sum = |column: &str| format!("cast(sum(o.{column}) as bigint)");
    let statement = format!(
        "insert into insight_contract (generation, number, currency, document, party, title, status, amount,
             valid_from, valid_until, orders, ordered, shipped, invoiced, received, exceeded, outside)
         select g.generation, g.number, o.currency, g.document, g.party, g.title, g.status,
             case when o.currency = g.currency then g.amount end, g.valid_from, g.valid_until,
             count(*), {ordered}, {shipped}, {invoiced}, {received},
             case when o.currency = g.currency and {ordered} > g.most then {ordered} - g.amount else 0 end,
             sum(case when o.day < g.valid_from or o.day > g.valid_until then 1 else 0 end)
         from {{generation integer, number text, document uuid, party uuid, title text, status text,
             currency text, amount bigint, valid_from integer, valid_until integer, most bigint}} g
         join insight_order o on o.generation = g.generation and o.contract = g.number
         where o.kind = 'order' and o.state not in ('draft', 'cancelled')
         group by g.generation, g.number, o.currency, g.document, g.party, g.title, g.status, g.currency,
             g.amount, g.valid_from, g.valid_until, g.most",
        ordered = sum("ordered"),
        shipped = sum("shipped"),
        invoiced = sum("invoiced"),
        received = sum("received"),
    );
    session.run(&statement, &rows).await?;
    // One that has no order in its currency, or none at all, stands there as well.
    session
        .run(
            "insert into insight_contract (generation, number, currency, document, party, title, status,
                 amount, valid_from, valid_until, orders, ordered, shipped, invoiced, received, exceeded,
                 outside)
             select g.generation, g.number, coalesce(g.currency, ''), g.document, g.party, g.title,
                 g.status, g.amount, g.valid_from, g.valid_until, 0, 0, 0, 0, 0, 0, 0
             from {generation integer, number text, document uuid, party uuid, title text, status text,
                 currency text, amount bigint, valid_from integer, valid_until integer} g
             where g.document is not null and (g.currency is not null or not exists
                 (select 1 from insight_contract k where k.generation = g.generation and k.number = g.number))
             on conflict (generation, number, currency) do nothing",
            &rows,
        )
        .await?;
    Ok(())
}
