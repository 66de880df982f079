//! The reconciliation service API, version 0.2, so that a list can be matched against the masters in
//! OpenRefine: <https://www.w3.org/community/reports/reconciliation/CG-FINAL-specs-0.2-20230410/>.

use std::collections::BTreeMap;

use axum::extract::{Form, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::{Json, extract::rejection::FormRejection};
use serde::Deserialize;
use serde_json::{Value, json};
use tenon_core::customer::{Address, Customer};
use tenon_pipeline::{Checked, Known, check};
use utoipa::IntoParams;

use crate::problem::Asked;
use crate::{Api, Problem};

/// The most candidates of one query.
const MOST: usize = 5;

/// The queries of one request.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Batch {
    /// A JSON object of queries by name; absent for the service's description.
    queries: Option<String>,
}

/// One query: a name, and what else its row says.
#[derive(Debug, Deserialize)]
struct Query {
    query: String,
    #[serde(default)]
    limit: Option<usize>,
    #[serde(default)]
    properties: Vec<Property>,
}

/// A cell of the row: `tax_id`, `code`, `phone`, `email`, `city`, `address`; others are passed over.
#[derive(Debug, Deserialize)]
struct Property {
    pid: String,
    v: Value,
}

/// The service's description, or the answers to `queries`.
#[utoipa::path(get, path = "/reconcile", tag = "masters", params(Batch), responses(
    (status = 200, description = "the description, or the candidates by query", body = Object), (status = 400, description = "the queries are no JSON object of queries", body = Problem)))]
pub(crate) async fn describe(
    State(api): State<Api>,
    headers: HeaderMap,
    Asked(batch): Asked<Batch>,
) -> Result<Response, Problem> {
    match batch.queries {
        Some(queries) => answer(&api, &queries).await,
        None => Ok(Json(manifest(&headers)).into_response()),
    }
}

/// The candidates for each of a batch of names, with what else is known of each.
#[utoipa::path(post, path = "/reconcile", tag = "masters",
    request_body(content = String, content_type = "application/x-www-form-urlencoded", description = "`queries`: a JSON object of queries by name"), responses(
    (status = 200, description = "the candidates by query", body = Object), (status = 400, description = "the queries are no JSON object of queries", body = Problem)))]
pub(crate) async fn reconcile(
    State(api): State<Api>,
    headers: HeaderMap,
    batch: Result<Form<Batch>, FormRejection>,
) -> Result<Response, Problem> {
    let Form(batch) = batch.map_err(|error| Problem::bad_request(error.body_text()))?;
    match batch.queries {
        Some(queries) => answer(&api, &queries).await,
        None => Ok(Json(manifest(&headers)).into_response()),
    }
}

fn manifest(headers: &HeaderMap) -> Value {
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let here = format!("http://{}/api/v1/masters/", host.unwrap_or("localhost"));
    json!({
        "versions": ["0.2"],
        "name": "Tenon master records",
        "identifierSpace": here,
        "schemaSpace": "https://tenon.dev/schemas/customer/v1.json",
        "defaultTypes": [{ "id": "customer", "name": "Customer" }],
        "view": { "url": format!("{here}{{{{id}}}}") },
    })
}

async fn answer(api: &Api, queries: &str) -> Result<Response, Problem> {
    let queries: BTreeMap<String, Query> = serde_json::from_str(queries)
        .map_err(|error| Problem::bad_request(format!("`queries`: {error}")))?;
    let mut answers = BTreeMap::new();
    for (name, query) in queries {
        let checked = check(api.store.as_ref(), &api.master.matching, &customer(&query)).await?;
        let limit = query.limit.unwrap_or(MOST).min(MOST);
        answers.insert(name, json!({ "result": candidates(checked, limit) }));
    }
    Ok(Json(answers).into_response())
}

fn customer(query: &Query) -> Customer {
    let mut customer = Customer {
        legal_name: Some(query.query.clone()).filter(|name| !name.trim().is_empty()),
        ..Customer::default()
    };
    let mut address = Address::default();
    for Property { pid, v } in &query.properties {
        let Some(text) = v.as_str().map(str::to_owned) else {
            continue;
        };
        match pid.as_str() {
            "tax_id" => customer.tax_id = Some(text),
            "code" => customer.code = Some(text),
            "phone" => customer.phones.push(text),
            "email" => customer.emails.push(text),
            "city" => address.city = Some(text),
            "address" => address.street = Some(text),
            _ => {}
        }
    }
    if address != Address::default() {
        customer.addresses.push(address);
    }
    customer
}

/// The masters that the machine would think of; the one that it would join by itself is a match.
fn candidates(checked: Checked, limit: usize) -> Vec<Value> {
    let joins = checked.joins();
    let candidate = |(place, known): (usize, Known)| {
        let name = known.legal_name.or(known.short_name);
        json!({
            "id": known.master_id,
            "name": name.or(known.code).unwrap_or_default(),
            "score": (f64::from(known.probability) * 1000.0).round() / 10.0,
            "match": joins && place == 0 && known.forbidden.is_none(),
            "type": [{ "id": "customer", "name": "Customer" }],
        })
    };
    let known = checked.candidates.into_iter().enumerate();
    known.take(limit).map(candidate).collect()
}
