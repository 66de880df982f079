//! Pairs of masters that a person is to decide.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tenon_store::{ReviewId, ReviewState};
use utoipa::{IntoParams, ToSchema};

use crate::problem::Asked;
use crate::{Api, Problem};

/// The most reviews of one answer.
const MOST: u32 = 500;

/// Which reviews.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReviewQuery {
    /// Only in this state: `open`, `approved`, `rejected`.
    state: Option<String>,
    /// The `next` of the page before.
    after: Option<i64>,
    /// How many, at most 500.
    limit: Option<u32>,
}

/// A page of reviews.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReviewPage {
    /// The reviews, without their sides.
    items: Vec<Value>,
    /// What to give as `after` to go on; absent at the end.
    next: Option<i64>,
}

/// Pairs of masters that may be one customer, oldest first, with what speaks for and against it.
#[utoipa::path(get, path = "/api/v1/reviews", tag = "masters", params(ReviewQuery), responses(
    (status = 200, description = "a page of reviews", body = ReviewPage), (status = 400, description = "the query does not fit", body = Problem)))]
pub(crate) async fn reviews(
    State(api): State<Api>,
    Asked(query): Asked<ReviewQuery>,
) -> Result<Json<ReviewPage>, Problem> {
    let state = query.state.as_deref().map(str::parse::<ReviewState>);
    let state = state.transpose().map_err(Problem::bad_request)?;
    let limit = query.limit.unwrap_or(50).clamp(1, MOST);
    let after = query.after.map(ReviewId);
    let found = api.store.reviews(state, after, limit).await?;
    let next = (found.len() as u32 == limit).then(|| found.last().map(|last| last.id.0));
    let items = found
        .iter()
        .map(|review| serde_json::to_value(review).unwrap_or_default());
    Ok(Json(ReviewPage {
        items: items.collect(),
        next: next.flatten(),
    }))
}

/// One review with both masters beside each other. It is decided by the commands `approve` and `reject`.
#[utoipa::path(get, path = "/api/v1/reviews/{id}", tag = "masters",
    params(("id" = i64, Path, description = "the review's number")), responses(
    (status = 200, description = "the review and its two sides", body = Object), (status = 404, description = "no such review", body = Problem)))]
pub(crate) async fn review(
    State(api): State<Api>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    let unknown = || {
        Problem::new(
            StatusCode::NOT_FOUND,
            "review.unknown",
            format!("no review `{id}`"),
        )
    };
    let number = id.parse().map_err(|_| unknown())?;
    let view = api
        .steward()
        .review(ReviewId(number))
        .await?
        .ok_or_else(unknown)?;
    Ok(Json(serde_json::to_value(view).unwrap_or_default()))
}
