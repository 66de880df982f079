//! The check at entry, for a form in which somebody types a new customer.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use serde_json::{Map, Value};
use tenon_core::customer::Customer;
use tenon_pipeline::{Checked, check};

use crate::{Api, Problem};

/// Whether a customer is known already: the masters that it may be, with reasons.
///
/// The body holds what has been typed so far, as fields of the canonical customer; the name alone
/// will do. Nothing is stored. `outcome` is what the machine would do with such a record: `same` joins
/// it to the first candidate, `review` asks a steward, `different` makes a master of its own.
#[utoipa::path(post, path = "/api/v1/masters/check", tag = "masters",
    request_body(content = Value, content_type = "application/json",
        description = "fields of a canonical customer: `{\"legal_name\": …, \"tax_id\": …, \"phones\": […]}`"),
    responses(
        (status = 200, description = "`outcome`, and at most five `candidates`, the likeliest first, each with master_id, code, legal_name, short_name, owner, claim, stage, probability, reasons, and forbidden: the hard rule, if one says that they are two"),
        (status = 400, description = "no such customer", body = Problem),
        (status = 503, description = "the store cannot be reached", body = Problem)))]
pub(crate) async fn masters(
    State(api): State<Api>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Checked>, Problem> {
    let no_customer = |error: serde_json::Error| {
        Problem::bad_request(format!(
            "the body is no customer: {error}; schemas/customer/v1.json tells the fields"
        ))
    };
    let body = body?;
    // An object first: a list of values would pass for a customer's fields in their order.
    serde_json::from_slice::<Map<String, Value>>(&body).map_err(no_customer)?;
    let customer: Customer = serde_json::from_slice(&body).map_err(no_customer)?;
    let checked = check(api.store.as_ref(), &api.master.matching, &customer).await?;
    Ok(Json(checked))
}
