//! What customers' scores are made of, and the scores.

use serde::{Deserialize, Serialize};
use serde_json::json;
use tenon_core::money::Decimal;
use uuid::Uuid;

use super::Insight;
use super::figures::amount;
use super::session::{BY_MONTH, Session};
use crate::StoreError;

/// A month of a customer, all that were merged into it included.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[allow(missing_docs, reason = "the columns of insight_month")]
pub struct ScoredMonth {
    pub id: Uuid,
    pub month: i32,
    pub currency: String,
    #[serde(deserialize_with = "amount")]
    pub invoiced: Decimal,
    #[serde(deserialize_with = "amount")]
    pub received: Decimal,
    pub orders: i64,
}

/// What a customer's score is made of, its months apart.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct ScoreFacts {
    /// The customer.
    pub id: Uuid,
    /// The grade that it has.
    pub grade: Option<String>,
    /// The grade that a person declined to give it.
    pub declined: Option<String>,
    /// How well it works with us, from 0 to 100, by a person's word.
    pub cooperation: Option<i32>,
    /// Orders whose bills are paid.
    pub settled: i64,
    /// Of these, those that were paid in time.
    pub punctual: i64,
    /// Orders whose bills are overdue.
    pub overdue: i64,
    /// What was ordered of items whose cost is known, from a month on, and what they cost.
    #[serde(deserialize_with = "amount")]
    pub costed: Decimal,
    /// See `costed`.
    #[serde(deserialize_with = "amount")]
    pub cost: Decimal,
    /// The day of the last order that counts.
    pub last_order: Option<i32>,
}

/// A score.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Scored {
    /// The customer.
    pub id: Uuid,
    /// As of which day.
    pub scored_on: i32,
    /// From 0 to 100.
    pub score: i32,
    /// The grade that it should have, where it has another.
    pub proposed: Option<String>,
    /// The parts, as JSON.
    pub parts: String,
    /// Sales of twelve months, in the currency of scores, in ten-thousandths.
    pub sales: i64,
    /// The month of the first order.
    pub first_order: Option<i32>,
    /// The day of the last one.
    pub last_order: Option<i32>,
}

/// A customer whose grade should change.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[allow(missing_docs, reason = "the columns of insight_customer")]
pub struct GradeProposal {
    pub id: Uuid,
    pub code: Option<String>,
    pub name: Option<String>,
    pub owner: Option<String>,
    pub grade: Option<String>,
    pub proposed: Option<String>,
    pub score: Option<i32>,
    pub parts: Option<String>,
    pub cooperation: Option<i32>,
    pub declined: Option<String>,
    pub scored_on: Option<i32>,
}

impl Insight {
    /// Customers whose facts have changed since they were scored, or that were scored on another day.
    pub async fn unscored(
        &self,
        generation: i32,
        today: i32,
        limit: u32,
    ) -> Result<Vec<Uuid>, StoreError> {
        #[derive(Deserialize)]
        struct Found {
            id: Uuid,
        }
        let given = [json!({ "generation": generation, "today": today, "most": limit })];
        let mut session = Session::read(&self.engine).await?;
        let mut found: Vec<Found> = session
            .ask(
                "select c.id from {generation integer, most integer} g
                 join insight_customer c on c.generation = g.generation
                 where c.scored_on is null and c.root = c.id
                 limit (select most from {most integer} g)",
                &given,
            )
            .await?;
        if found.is_empty() {
            found = session
                .ask(
                    "select c.id from {generation integer, today integer, most integer} g
                     join insight_customer c on c.generation = g.generation and c.scored_on < g.today
                     where c.root = c.id limit (select most from {most integer} g)",
                    &given,
                )
                .await?;
        }
        Ok(found.into_iter().map(|found| found.id).collect())
    }

    /// What the scores of these customers are made of. Bills are late after the customer's own days, or
    /// `credit_days`; costs count from a month on.
    pub async fn score_facts(
        &self,
        generation: i32,
        ids: &[Uuid],
        today: i32,
        credit_days: i32,
        since: i32,
    ) -> Result<(Vec<ScoreFacts>, Vec<ScoredMonth>), StoreError> {
        let given: Vec<_> = ids
            .iter()
            .map(|id| {
                json!({ "generation": generation, "id": id, "today": today, "days": credit_days,
                    "since": since })
            })
            .collect();
        let mut session = Session::look_up(&self.engine).await?;
        let question = format!(
            "select g.id, r.grade, r.declined, r.cooperation,
                 coalesce(o.settled, 0) as settled, coalesce(o.punctual, 0) as punctual,
                 coalesce(o.overdue, 0) as overdue, coalesce(p.costed, '0') as costed,
                 coalesce(p.cost, '0') as cost, o.last_order
             from {{generation integer, id uuid}} g
             join insight_customer r on r.generation = g.generation and r.id = g.id
             left join (
                 select c.root, count(o.settled_on) as settled,
                     sum(case when o.settled_on - o.billed_on <= coalesce(r.credit_days, g.days)
                         then 1 else 0 end) as punctual,
                     sum(case when o.outstanding > 0
                         and o.billed_on + coalesce(r.credit_days, g.days) < g.today
                         then 1 else 0 end) as overdue,
                     max(case when o.kind = 'order' and o.state not in ('cancelled', 'draft')
                         then o.day end) as last_order
                 from {{generation integer, id uuid, today integer, days integer}} g
                 join insight_customer c on c.generation = g.generation and c.root = g.id
                 join insight_customer r on r.generation = c.generation and r.id = c.root
                 join insight_order o on o.generation = c.generation and o.party = c.id
                 group by c.root
             ) o on o.root = g.id
             left join (
                 select c.root, cast(sum(p.amount) as text) as costed,
                     cast(sum(cast(p.quantity as numeric) * i.cost / 10000) as text) as cost
                 from {{generation integer, id uuid, since integer}} g
                 join insight_customer c on c.generation = g.generation and c.root = g.id
                 join insight_product_month p on p.generation = c.generation and p.party = c.id
                     and p.month >= g.since
                 join insight_item i on i.generation = p.generation and i.id = p.item
                     and i.currency = p.currency
                 where i.cost is not null and {BY_MONTH}
                 group by c.root
             ) p on p.root = g.id"
        );
        let facts = session.ask(&question, &given).await?;
        let months = session
            .ask(
                "select c.root as id, m.month, m.currency, cast(sum(m.invoiced) as text) as invoiced,
                     cast(sum(m.received) as text) as received,
                     cast(sum(m.orders) as bigint) as orders
                 from {generation integer, id uuid} g
                 join insight_customer c on c.generation = g.generation and c.root = g.id
                 join insight_month m on m.generation = c.generation and m.party = c.id
                 group by c.root, m.month, m.currency",
                &given,
            )
            .await?;
        Ok((facts, months))
    }

    /// Keeps scores.
    pub async fn keep_scores(&self, generation: i32, scores: &[Scored]) -> Result<(), StoreError> {
        let rows: Vec<_> = scores
            .iter()
            .map(|scored| {
                json!({ "generation": generation, "id": scored.id, "scored_on": scored.scored_on,
                    "score": scored.score, "proposed": scored.proposed, "parts": scored.parts,
                    "sales": scored.sales, "first_order": scored.first_order,
                    "last_order": scored.last_order })
            })
            .collect();
        let mut session = Session::write(&self.engine).await?;
        session
            .run(
                "update insight_customer
                 set scored_on = g.scored_on, score = g.score, proposed = g.proposed, parts = g.parts,
                     sales = g.sales, first_order = g.first_order, last_order = g.last_order
                 from {generation integer, id uuid, scored_on integer, score integer, proposed text,
                     parts text, sales bigint, first_order integer, last_order integer} g
                 where insight_customer.generation = g.generation and insight_customer.id = g.id",
                &rows,
            )
            .await?;
        session.commit().await
    }

    /// Customers whose grade should change, the highest scores first, after a score and an id.
    pub async fn proposals(
        &self,
        generation: i32,
        after: Option<(i32, Uuid)>,
        limit: u32,
    ) -> Result<Vec<GradeProposal>, StoreError> {
        let (score, id) = after.unwrap_or((i32::MAX, Uuid::nil()));
        let given = json!({ "generation": generation, "score": score, "id": id, "most": limit });
        let mut session = Session::read(&self.engine).await?;
        session
            .ask(
                "select c.id, c.code, c.name, c.owner, c.grade, c.proposed, c.score, c.parts,
                     c.cooperation, c.declined, c.scored_on
                 from insight_customer c
                 where c.generation = (select g.generation from {generation integer} g)
                     and c.proposed is not null and c.root = c.id and c.version >= 0
                     and c.score <= (select g.score from {score integer} g)
                     and (c.score < (select g.score from {score integer} g)
                         or c.id > (select g.id from {id uuid} g))
                 order by c.score desc, c.id limit (select most from {most integer} g)",
                &[given],
            )
            .await
    }

    /// The score and grade of one customer.
    pub async fn grading(
        &self,
        generation: i32,
        id: Uuid,
    ) -> Result<Option<GradeProposal>, StoreError> {
        let given = json!({ "generation": generation, "id": id });
        let mut session = Session::look_up(&self.engine).await?;
        let mut found = session
            .ask(
                "select r.id, r.code, r.name, r.owner, r.grade, r.proposed, r.score, r.parts,
                     r.cooperation, r.declined, r.scored_on
                 from {generation integer, id uuid} g
                 join insight_customer c on c.generation = g.generation and c.id = g.id
                 join insight_customer r on r.generation = c.generation and r.id = c.root",
                &[given],
            )
            .await?;
        Ok(found.pop())
    }
}
