//! When somebody should look after a customer: the facts, and the reminders that were given.

use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::Insight;
use super::session::Session;
use crate::StoreError;

/// What reminders of a customer are made of, all that were merged into it included.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct CareFacts {
    /// The customer.
    pub id: Uuid,
    /// Its code.
    pub code: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// Who looks after it.
    pub owner: Option<String>,
    /// The grade that it has.
    pub grade: Option<String>,
    /// What its golden record says besides, as JSON.
    pub facts: String,
    /// When it was last met, ordered or had a case; where it never did, when the hub first heard of it.
    pub met_on: Option<i32>,
}

/// A reminder that was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GivenReminder {
    /// Names it.
    pub number: String,
    /// The customer.
    pub customer: Uuid,
    /// Of what sort.
    pub kind: String,
    /// The day that it is about.
    pub due: i32,
    /// The day on which it was given.
    pub made_on: i32,
}

impl Insight {
    /// What reminders of these customers are made of, and the days on which each of them ordered, from
    /// `since` to `today`.
    pub async fn care_facts(
        &self,
        generation: i32,
        ids: &[Uuid],
        since: i32,
        today: i32,
    ) -> Result<(Vec<CareFacts>, Vec<(Uuid, i32)>), StoreError> {
        #[derive(Deserialize)]
        struct Ordered {
            id: Uuid,
            day: i32,
        }
        let given: Vec<_> = ids
            .iter()
            .map(|id| json!({ "generation": generation, "id": id, "since": since, "today": today }))
            .collect();
        let mut session = Session::look_up(&self.engine).await?;
        let facts = session
            .ask(
                "select g.id, r.code, r.name, r.owner, r.grade, r.facts,
                     coalesce(m.met_on, r.known_on) as met_on
                 from {generation integer, id uuid} g
                 join insight_customer r on r.generation = g.generation and r.id = g.id
                 left join (
                     select c.root, max(d.day) as met_on
                     from {generation integer, id uuid, today integer} g
                     join insight_customer c on c.generation = g.generation and c.root = g.id
                     join insight_document d on d.generation = c.generation and d.party = c.id
                         and d.day <= g.today
                     where d.entity in ('order', 'case', 'interaction')
                         and (d.outcome is null or d.outcome <> 'reminder')
                     group by c.root
                 ) m on m.root = g.id",
                &given,
            )
            .await?;
        let ordered: Vec<Ordered> = session
            .ask(
                "select distinct c.root as id, d.day
                 from {generation integer, id uuid, since integer, today integer} g
                 join insight_customer c on c.generation = g.generation and c.root = g.id
                 join insight_document d on d.generation = c.generation and d.party = c.id
                     and d.entity = 'order' and d.day >= g.since and d.day <= g.today
                 where d.status not in ('draft', 'cancelled')
                 order by c.root, d.day",
                &given,
            )
            .await?;
        let ordered = ordered.into_iter().map(|row| (row.id, row.day)).collect();
        Ok((facts, ordered))
    }

    /// Those of the reminders, by their numbers, that were given before.
    pub async fn given_reminders(&self, numbers: &[String]) -> Result<Vec<String>, StoreError> {
        #[derive(Deserialize)]
        struct Found {
            number: String,
        }
        let asked: Vec<_> = numbers
            .iter()
            .map(|number| json!({ "number": number }))
            .collect();
        let mut session = Session::look_up(&self.engine).await?;
        let found: Vec<Found> = session
            .ask(
                "select r.number from {number text} g join care_reminder r on r.number = g.number",
                &asked,
            )
            .await?;
        Ok(found.into_iter().map(|found| found.number).collect())
    }

    /// Notes reminders that were given, and forgets those that were given before a day.
    pub async fn note_reminders(
        &self,
        given: &[GivenReminder],
        forget_before: i32,
    ) -> Result<(), StoreError> {
        let mut session = Session::write(&self.engine).await?;
        session
            .run(
                "insert into care_reminder (number, customer, kind, due, made_on)
                 select g.number, g.customer, g.kind, g.due, g.made_on
                 from {number text, customer uuid, kind text, due integer, made_on integer} g where true
                 on conflict (number) do nothing",
                given,
            )
            .await?;
        session
            .run(
                "delete from care_reminder where made_on < (select day from {day integer} g)",
                &[json!({ "day": forget_before })],
            )
            .await?;
        session.commit().await
    }
}
