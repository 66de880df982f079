//! Lists of documents: of one customer, and the opportunities and cases of all.

use axum::Json;
use axum::extract::State;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use tenon_core::money::Decimal;
use tenon_insight::{DOCUMENTS, Document, STAGES, day_number, day_of};
use tenon_store::insight::{Insight, Paper, PaperFilter};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::place;
use crate::problem::Asked;
use crate::{Api, Problem};

/// The most documents of one answer.
const MOST: u32 = 200;

/// Which documents.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct PapersQuery {
    /// What they are: `order`, `shipment`, `invoice`, `receipt`, `opportunity`, `case`, `interaction`.
    entity: String,
    /// Only of this customer, by its master id or that of one that was merged into it; without it, opportunities and
    /// cases alone are listed.
    customer: Option<Uuid>,
    /// Only those that have come just so far: `quoted`.
    status: Option<String>,
    /// Only opportunities that have reached this stage: at it, or beyond.
    reached: Option<String>,
    /// Only those of which this became: an opportunity's outcome (`open`, `won`, `lost`), a case's kind.
    outcome: Option<String>,
    /// Only those of this day or a later one.
    #[param(value_type = Option<String>, format = Date)]
    from: Option<Date>,
    /// Only those of this day or an earlier one.
    #[param(value_type = Option<String>, format = Date)]
    to: Option<Date>,
    /// The `next` of the page before.
    after: Option<String>,
    /// How many, at most 200.
    limit: Option<u32>,
}

/// A document in a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PaperView {
    id: Uuid,
    number: String,
    status: String,
    #[schema(value_type = Option<String>, format = Date)]
    day: Option<String>,
    /// A decimal.
    #[schema(value_type = Option<String>)]
    amount: Option<Decimal>,
    currency: Option<String>,
    /// What a case or an interaction is about.
    subject: Option<String>,
    /// What became of an opportunity.
    outcome: Option<String>,
    /// The customer's master id.
    customer: Option<Uuid>,
    customer_name: Option<String>,
    customer_code: Option<String>,
}

impl From<Paper> for PaperView {
    fn from(paper: Paper) -> Self {
        let row = paper.row;
        let day = row.day.map(|day| day_of(day).to_string());
        let (id, number, status) = (row.id, row.number.clone(), row.status.clone());
        let read = Document::from_row(row).ok();
        let (amount, currency, subject, outcome) = read.map_or((None, None, None, None), |read| {
            (read.amount, read.currency, read.facts.subject, read.outcome)
        });
        Self {
            id,
            number,
            status,
            day,
            amount,
            currency,
            subject,
            outcome,
            customer: paper.customer,
            customer_name: paper.customer_name,
            customer_code: paper.customer_code,
        }
    }
}

/// A page of documents.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PapersPage {
    /// The youngest first.
    items: Vec<PaperView>,
    /// What to give as `after` to go on; null at the end.
    next: Option<String>,
}

/// The documents that fit, after a day and an id.
pub(super) async fn page(
    store: &Insight,
    generation: i32,
    filter: &PaperFilter,
    after: Option<(i32, Uuid)>,
    limit: u32,
) -> Result<PapersPage, Problem> {
    let mut found = store
        .papers(generation, filter, after, limit.saturating_add(1))
        .await?;
    let more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let last = found.last().filter(|_| more);
    let next = last.map(|last| format!("{}/{}", last.row.day.unwrap_or(0), last.row.id));
    Ok(PapersPage {
        items: found.into_iter().map(PaperView::from).collect(),
        next,
    })
}

/// Documents, the youngest first: of a customer, or the opportunities and cases of all.
#[utoipa::path(get, path = "/api/v1/insight/documents", operation_id = "documents", tag = "insight", params(PapersQuery), responses(
    (status = 200, description = "a page of documents", body = PapersPage), (status = 400, description = "the query does not fit", body = Problem)))]
pub(crate) async fn papers(
    State(api): State<Api>,
    Asked(query): Asked<PapersQuery>,
) -> Result<Json<PapersPage>, Problem> {
    let reports = api.reports().await?;
    let entity = query.entity.as_str();
    if !DOCUMENTS.iter().any(|known| known.as_str() == entity) {
        let known = DOCUMENTS.map(|entity| entity.as_str()).join(", ");
        return Err(Problem::bad_request(format!(
            "`{entity}` is no document: {known}"
        )));
    }
    if query.customer.is_none() && !["opportunity", "case"].contains(&entity) {
        return Err(Problem::bad_request(
            "other documents than opportunities and cases are listed of one customer: name it as `customer`",
        ));
    }
    let mut statuses: Vec<String> = query.status.into_iter().collect();
    if let Some(reached) = &query.reached {
        let at = STAGES.iter().position(|stage| stage == reached);
        let at = at.ok_or_else(|| {
            let known = STAGES.join(", ");
            Problem::bad_request(format!("`{reached}` is no stage: {known}"))
        })?;
        statuses.extend(STAGES[at..].iter().map(|stage| (*stage).to_owned()));
    }
    let filter = PaperFilter {
        entity: query.entity,
        customer: query.customer,
        statuses,
        outcome: query.outcome,
        from: query.from.map(day_number),
        to: query.to.map(day_number),
    };
    let limit = query.limit.unwrap_or(50).clamp(1, MOST);
    let after = place(query.after.as_deref())?;
    let (store, generation) = (reports.store(), reports.generation());
    Ok(Json(page(store, generation, &filter, after, limit).await?))
}
