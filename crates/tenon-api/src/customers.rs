//! Finds customers: by what they are called, by any id that anybody gives them, by likeness; and all of them at once,
//! as a list and by how much their records say.

use std::collections::{BTreeMap, HashSet};

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use tenon_core::customer::Customer;
use tenon_core::{MasterId, SystemName};
use tenon_pipeline::{Fullness, Listing, check, fullness};
use tenon_store::{GoldenRow, StoreError};
use utoipa::{IntoParams, ToSchema};

use crate::problem::Asked;
use crate::{Api, Problem};

/// The most customers of one answer.
const MOST: u32 = 200;

/// Which customers.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct CustomerQuery {
    /// A name or a part of it, a code, a tax id, a master id, a record `erp/K-1`, or a native id.
    q: Option<String>,
    /// The `next` of the page before.
    after: Option<String>,
    /// How many, at most 200.
    limit: Option<u32>,
}

/// A customer in a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CustomerLine {
    /// The master.
    #[schema(value_type = String)]
    master_id: MasterId,
    /// Its code.
    code: Option<String>,
    /// Its registered name.
    legal_name: Option<String>,
    /// What people call it.
    short_name: Option<String>,
    /// Its tax id.
    tax_id: Option<String>,
    /// Where it is.
    city: Option<String>,
    /// Who looks after it.
    owner: Option<String>,
    /// How many records of systems it was made from.
    statements: usize,
    /// The version of its golden record.
    version: i64,
    /// How probable it is that this is meant, from 0 to 1; null where it is so called, or a part of what it is
    /// called was given.
    likeness: Option<f32>,
}

/// A page of customers.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CustomerPage {
    /// The customers; those that were named exactly first, then those whose names begin with what was given, then
    /// those that hold it, then the likeliest.
    items: Vec<CustomerLine>,
    /// What to give as `after` to go on; null at the end.
    next: Option<String>,
}

/// Customers: those that a text names or resembles, or all in the order in which they were mastered.
#[utoipa::path(get, path = "/api/v1/masters", tag = "masters", params(CustomerQuery), responses(
    (status = 200, description = "a page of customers", body = CustomerPage),
    (status = 400, description = "the query does not fit", body = Problem)))]
pub(crate) async fn customers(
    State(api): State<Api>,
    Asked(query): Asked<CustomerQuery>,
) -> Result<Json<CustomerPage>, Problem> {
    let limit = query.limit.unwrap_or(50).clamp(1, MOST);
    let wanted = query.q.as_deref().map(str::trim).unwrap_or_default();
    if !wanted.is_empty() {
        return Ok(Json(
            search(&api, wanted, query.after.as_deref(), limit).await?,
        ));
    }
    let after = match &query.after {
        Some(after) => {
            let unreadable = |_| Problem::bad_request(format!("`{after}` is no master id"));
            Some(after.parse::<MasterId>().map_err(unreadable)?)
        }
        None => None,
    };
    let rows = api.store.masters(after, limit).await?;
    let full = rows.len() as u32 == limit;
    let last = rows.last().map(|row| row.master_id.to_string());
    Ok(Json(CustomerPage {
        items: rows.into_iter().map(|row| line(row, None)).collect(),
        next: last.filter(|_| full),
    }))
}

/// Every master with its values and the systems' own ids, as a CSV file; what the systems do not say is empty.
#[utoipa::path(get, path = "/api/v1/masters/export", operation_id = "export_masters", tag = "masters", responses(
    (status = 200, description = "the file", body = String, content_type = "text/csv")))]
pub(crate) async fn export(State(api): State<Api>) -> Response {
    let systems = api.deployment();
    let systems = systems.systems.iter().map(|system| system.name.clone());
    let listing = Listing::new(api.store.clone(), systems.collect());
    let portions = futures::stream::try_unfold(listing, |mut listing| async move {
        let portion = listing.next().await?;
        Ok::<_, StoreError>(portion.map(|portion| (portion, listing)))
    });
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"customers.csv\"",
        ),
    ];
    (headers, Body::from_stream(portions)).into_response()
}

/// How much the records of customers say.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct QualityView {
    /// The golden records.
    golden: FullnessView,
    /// The records of each system of which they are made.
    #[schema(value_type = BTreeMap<String, FullnessView>)]
    systems: BTreeMap<SystemName, FullnessView>,
}

/// How much some records say.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FullnessView {
    /// How many records.
    records: u64,
    /// The mean of their scores, from 0 to 100.
    score: u64,
    /// How many of them lack a field, by field.
    lacking: BTreeMap<String, u64>,
}

impl From<Fullness> for FullnessView {
    fn from(records: Fullness) -> Self {
        Self {
            records: records.records,
            score: records.score,
            lacking: records.lacking,
        }
    }
}

/// How much the golden records say, and the records of each system of which they are made; `Age` says how many seconds
/// ago it was counted.
#[utoipa::path(get, path = "/api/v1/masters/quality", tag = "masters", operation_id = "quality", responses(
    (status = 200, description = "how much they say", body = QualityView)))]
pub(crate) async fn quality(State(api): State<Api>) -> Result<Response, Problem> {
    let store = api.store.clone();
    let count = async move {
        let (golden, systems) = fullness(&store).await?;
        let systems = systems.into_iter();
        Ok(QualityView {
            golden: golden.into(),
            systems: systems.map(|(name, of)| (name, of.into())).collect(),
        })
    };
    api.kept.answer("quality".to_owned(), count).await
}

async fn search(
    api: &Api,
    wanted: &str,
    after: Option<&str>,
    limit: u32,
) -> Result<CustomerPage, Problem> {
    let known: Result<usize, _> = after.unwrap_or("0").parse();
    let known = known.map_err(|_| Problem::bad_request("`after` is not the `next` of a page"))?;
    let shown = known.saturating_add(limit as usize);
    let most = u32::try_from(shown).unwrap_or(u32::MAX).saturating_add(1);
    let found = meant(api, wanted, most).await?;
    let next = (found.len() > shown).then(|| shown.to_string());
    let mut items = Vec::new();
    for (id, likeness) in found.into_iter().take(shown).skip(known) {
        if let Some(row) = api.store.golden(id).await? {
            items.push(line(row, likeness));
        }
    }
    Ok(CustomerPage { items, next })
}

/// Whom somebody may mean by a text, the surest first: who is called just so, at most so many whose names hold it,
/// and, where these are all, who is called nearly so, with how probable that is.
pub(crate) async fn meant(
    api: &Api,
    wanted: &str,
    most: u32,
) -> Result<Vec<(MasterId, Option<f32>)>, Problem> {
    let mut found: Vec<(MasterId, Option<f32>)> = Vec::new();
    if let Some(exact) = api.steward().find(wanted).await? {
        found.push((exact, None));
    }
    // A native id leads to the customer's messages, whatever system it is of.
    if found.is_empty() {
        for trace in api.store.trace(wanted, None, 5).await? {
            let attributes = &trace.message.attributes;
            if attributes.entity().is_mastered() {
                found.extend(attributes.master_id.map(|id| (id, None)));
            }
        }
    }
    let named = api.store.named(wanted, most).await?;
    let all = (named.len() as u64) < u64::from(most);
    found.extend(named.into_iter().map(|id| (id, None)));
    if all {
        let mut alike = Vec::new();
        for typed in as_customers(wanted) {
            let checked = check(api.store.as_ref(), &api.master.matching, &typed).await?;
            let candidates = checked.candidates.into_iter();
            alike.extend(candidates.map(|known| (known.master_id, known.probability)));
        }
        alike.sort_by(|(_, one), (_, other)| other.total_cmp(one));
        found.extend(alike.into_iter().map(|(id, likeness)| (id, Some(likeness))));
    }
    let mut seen = HashSet::new();
    found.retain(|(id, _)| seen.insert(*id));
    Ok(found)
}

/// What somebody may mean who types this: a registered name, a short one, a tax id.
fn as_customers(wanted: &str) -> Vec<Customer> {
    let named = |field: &str| {
        let body = serde_json::json!({ field: wanted });
        serde_json::from_value::<Customer>(body).ok()
    };
    ["legal_name", "short_name", "tax_id"]
        .into_iter()
        .filter_map(named)
        .collect()
}

fn line(row: GoldenRow, likeness: Option<f32>) -> CustomerLine {
    let statements = row.sources.statements.len();
    // Read as text, so that every field of the schema has one way to be shown.
    let golden = serde_json::to_value(&row.golden.customer).unwrap_or_default();
    let text = |pointer: &str| {
        let value = golden.pointer(pointer).and_then(serde_json::Value::as_str);
        value.map(str::to_owned)
    };
    CustomerLine {
        master_id: row.master_id,
        code: text("/code"),
        legal_name: text("/legal_name"),
        short_name: text("/short_name"),
        tax_id: text("/tax_id"),
        city: text("/addresses/0/city"),
        owner: text("/owner"),
        statements,
        version: row.version,
        likeness,
    }
}
