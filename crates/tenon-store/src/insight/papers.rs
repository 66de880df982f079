//! Lists of documents: of a customer, or opportunities and cases of all.

use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::session::{OWN, Session, given};
use super::{DocumentRow, Insight};
use crate::StoreError;

/// Which documents.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PaperFilter {
    /// What they are. Without a customer, documents other than opportunities and cases are looked for at length.
    pub entity: String,
    /// Only of this customer, by its own id or that of one that was merged into it, and of all that are one with it.
    pub customer: Option<Uuid>,
    /// Only those that have come so far: one of these, where any is named.
    pub statuses: Vec<String>,
    /// Only those of which this became: an opportunity's outcome, a case's kind.
    pub outcome: Option<String>,
    /// Only of this day or a later one.
    pub from: Option<i32>,
    /// Only of this day or an earlier one.
    pub to: Option<i32>,
}

/// A document, and whose it is.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[allow(
    missing_docs,
    reason = "the columns of insight_document, and its customer"
)]
pub struct Paper {
    #[serde(flatten)]
    pub row: DocumentRow,
    pub customer: Option<Uuid>,
    pub customer_name: Option<String>,
    pub customer_code: Option<String>,
}

/// The day by which they are put in order; one that nobody told counts as the first of all.
const DAY: &str = "coalesce(d.day, 0)";

impl Insight {
    /// Documents, the youngest first, after a day and an id, at most `limit`.
    pub async fn papers(
        &self,
        generation: i32,
        filter: &PaperFilter,
        after: Option<(i32, Uuid)>,
        limit: u32,
    ) -> Result<Vec<Paper>, StoreError> {
        let generation_of = given("generation");
        let mut asked = json!({ "generation": generation, "customer": filter.customer,
            "entity": filter.entity });
        let (from, day) = match filter.customer {
            // Of one there are few, which are found by themselves.
            Some(_) => (
                format!(
                    "{OWN} join insight_document d on d.generation = own.generation
                         and d.party = own.id and d.entity = (select g.entity from {{entity text}} g)"
                ),
                DAY,
            ),
            None => ("insight_document d".to_owned(), "d.day"),
        };
        let mut only = match (filter.customer, filter.entity.as_str()) {
            (Some(_), _) => String::new(),
            // As the index has it.
            (None, "opportunity") => {
                " and d.entity = 'opportunity' and d.entity in ('opportunity', 'case')
                 and d.day is not null"
                    .to_owned()
            }
            (None, "case") => " and d.entity = 'case' and d.entity in ('opportunity', 'case')
                 and d.day is not null"
                .to_owned(),
            (None, _) => {
                " and d.entity = (select g.entity from {entity text} g) and d.day is not null"
                    .to_owned()
            }
        };
        if let Some(outcome) = &filter.outcome {
            asked["outcome"] = outcome.as_str().into();
            only += " and d.outcome = (select g.outcome from {outcome text} g)";
        }
        for (name, than, bound) in [("from_day", ">=", filter.from), ("to_day", "<=", filter.to)] {
            if let Some(bound) = bound {
                asked[name] = bound.into();
                only += &format!(" and {day} {than} {}", given(name));
            }
        }
        if let Some((place, id)) = after {
            asked["place"] = place.into();
            asked["after"] = json!(id);
            let place = given("place");
            only += &format!(
                " and {day} <= {place} and ({day} < {place} or d.id < (select g.after from {{after uuid}} g))"
            );
        }
        let mut rows = vec![asked];
        if !filter.statuses.is_empty() {
            let statuses = filter.statuses.iter();
            rows.extend(statuses.map(|status| json!({ "status": status })));
            only += " and (d.status in (select g.status from {status text} g where g.status is not null)) is true";
        }
        let question = format!(
            "select d.id, d.entity, d.stamp, d.position, d.party, d.number, d.day, d.status, d.outcome,
                 d.owner, d.source, d.currency, d.amount, d.score, d.facts,
                 r.id as customer, r.name as customer_name, r.code as customer_code
             from {from}
             left join insight_customer c on c.generation = d.generation and c.id = d.party
             left join insight_customer r on r.generation = c.generation and r.id = c.root
             where d.generation = {generation_of}{only}
             order by {day} desc, d.id desc limit {limit}"
        );
        let question = question.replace("} g)", "} g limit 1)");
        let mut session = Session::read_of(&self.engine, filter.customer).await?;
        session.ask(&question, &rows).await
    }
}
