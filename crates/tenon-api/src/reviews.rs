//! Pairs of masters that a person is to decide.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use tenon_core::Timestamp;
use tenon_store::{Decided, ReviewId, ReviewState};
use utoipa::{IntoParams, ToSchema};

use crate::problem::{Asked, Path};
use crate::views::masters::{Asked as Review, Decision, Pair};
use crate::{Api, Problem};

/// The most reviews of one answer.
const MOST: u32 = 500;

/// The most decisions of one answer: each is shown with the names of its two.
const MOST_DECISIONS: u32 = 200;

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
    items: Vec<Review>,
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
    Ok(Json(ReviewPage {
        next: next.flatten(),
        items: found.into_iter().map(Review::from).collect(),
    }))
}

/// Which decisions.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct DecisionQuery {
    /// Only these: `approved`, `rejected`.
    state: Option<String>,
    /// The `next` of the page before.
    after: Option<String>,
    /// How many, at most 200.
    limit: Option<u32>,
}

/// A page of decisions.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DecisionPage {
    /// The decisions.
    items: Vec<Decision>,
    /// What to give as `after` to go on; null at the end.
    next: Option<String>,
}

/// A place among decisions as it is given out: `1772439330000000.9`, microseconds since 1970 and the review's number.
fn cursor(place: Decided) -> String {
    format!("{}.{}", place.at.as_microsecond(), place.id.0)
}

fn place(cursor: &str) -> Option<Decided> {
    let (at, id) = cursor.split_once('.')?;
    Some(Decided {
        at: Timestamp::from_microsecond(at.parse().ok()?).ok()?,
        id: ReviewId(id.parse().ok()?),
    })
}

/// What people decided about pairs, the latest decision first, and how each is taken back.
#[utoipa::path(get, path = "/api/v1/reviews/decisions", tag = "masters", operation_id = "review_decisions",
    params(DecisionQuery), responses(
    (status = 200, description = "a page of decisions", body = DecisionPage), (status = 400, description = "the query does not fit", body = Problem)))]
pub(crate) async fn decisions(
    State(api): State<Api>,
    Asked(query): Asked<DecisionQuery>,
) -> Result<Json<DecisionPage>, Problem> {
    let state = query.state.as_deref().map(str::parse::<ReviewState>);
    let state = state.transpose().map_err(Problem::bad_request)?;
    let after = match &query.after {
        Some(after) => Some(place(after).ok_or_else(|| {
            Problem::bad_request(format!("`{after}` is no `next` of a page before"))
        })?),
        None => None,
    };
    let limit = query.limit.unwrap_or(50).clamp(1, MOST_DECISIONS);
    let (found, next) = api.steward().decisions(state, after, limit).await?;
    Ok(Json(DecisionPage {
        items: found.into_iter().map(Decision::from).collect(),
        next: next.map(cursor),
    }))
}

/// One review with both masters beside each other, and where they differ.
///
/// It is decided by the commands `approve` and `reject`; `reopen` takes a decision back.
#[utoipa::path(get, path = "/api/v1/reviews/{id}", tag = "masters",
    params(("id" = i64, Path, description = "the review's number")), responses(
    (status = 200, description = "the review and its two sides", body = Pair), (status = 404, description = "no such review", body = Problem)))]
pub(crate) async fn review(
    State(api): State<Api>,
    Path(id): Path<String>,
) -> Result<Json<Pair>, Problem> {
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
    Ok(Json(view.into()))
}
