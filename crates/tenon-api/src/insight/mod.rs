//! Figures: reconciliation by order, reports, grades, customers in the round, dealers' stock.

pub(crate) mod ahead;
pub(crate) mod contracts;
pub(crate) mod customers;
pub(crate) mod dealers;
pub(crate) mod documents;
pub(crate) mod grades;
pub(crate) mod kept;
pub(crate) mod listed;
pub(crate) mod orders;
pub(crate) mod papers;
pub(crate) mod policy;
pub(crate) mod reports;
pub(crate) mod scores;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::SignedDuration;
use serde::Serialize;
use serde_json::json;
use tenon_core::Timestamp;
use tenon_insight::Reports;
use tenon_store::{Insight, StoreError};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::access::Note;
use crate::{Api, Problem};

impl Api {
    /// Reports as of now.
    pub(crate) async fn reports(&self) -> Result<Reports, Problem> {
        let today = self.insight.calendar.today();
        let opened = Reports::open(self.store.insight(), self.insight.clone(), today).await?;
        opened.ok_or_else(|| {
            Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "insight.starting",
                "no figures are there yet; a node with the role `route` makes them",
            )
        })
    }
}

/// Where a page ended, as its `next` says it: a number by which it is sorted, and an id.
fn place<N: std::str::FromStr>(after: Option<&str>) -> Result<Option<(N, Uuid)>, Problem> {
    let Some(after) = after else { return Ok(None) };
    let parts = after.split_once('/');
    let read = parts.and_then(|(number, id)| Some((number.parse().ok()?, id.parse().ok()?)));
    read.map(Some)
        .ok_or_else(|| Problem::bad_request("`after` is not the `next` of a page"))
}

/// One making of the figures.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GenerationView {
    /// Its number.
    generation: i32,
    /// The last journal position that is in it.
    position: i64,
    /// The last position of the journal.
    end: i64,
    /// For how many seconds the oldest message waits that is not in it; 0 where all are.
    lag_seconds: i64,
    /// By the days of which time zone it counts, by the name of the IANA database.
    time_zone: String,
    /// Whether it is the one that is shown; the other is made anew beside it.
    live: bool,
}

/// How far the figures have come.
#[utoipa::path(get, path = "/api/v1/insight", tag = "insight", responses(
    (status = 200, description = "the live figures, and those that are made anew beside them", body = [GenerationView])))]
pub(crate) async fn state(State(api): State<Api>) -> Result<Json<Vec<GenerationView>>, Problem> {
    let insight = api.store.insight();
    let mut views = Vec::new();
    for generation in insight.generations().await? {
        let (end, lag) = behind(&insight, generation.position).await?;
        views.push(GenerationView {
            generation: generation.generation,
            position: generation.position,
            end,
            lag_seconds: lag.as_secs(),
            live: generation.live == 1,
            time_zone: generation.time_zone,
        });
    }
    Ok(Json(views))
}

/// The last position of the journal, and for how long the oldest message waits that is not in a generation.
async fn behind(insight: &Insight, position: i64) -> Result<(i64, SignedDuration), StoreError> {
    let (end, waits) = insight.behind(position).await?;
    let lag = waits.map(|since| Timestamp::now().duration_since(since));
    Ok((end, lag.unwrap_or_default().max(SignedDuration::ZERO)))
}

/// How far the figures that are shown are behind the journal; `None` before there are any.
pub(crate) async fn lag(insight: &Insight) -> Result<Option<SignedDuration>, StoreError> {
    let generations = insight.generations().await?;
    let live = generations.into_iter().find(|one| one.live == 1);
    match live {
        Some(live) => Ok(Some(behind(insight, live.position).await?.1)),
        None => Ok(None),
    }
}

/// Makes all figures anew from the journal, beside those that are shown, and swaps them when they are
/// complete. Messages flow on meanwhile.
#[utoipa::path(post, path = "/api/v1/insight/rebuild", tag = "insight", responses(
    (status = 202, description = "it is under way")))]
pub(crate) async fn rebuild(State(api): State<Api>, note: Note) -> Result<StatusCode, Problem> {
    let insight = api.store.insight();
    let numbers = async || -> Result<Vec<i32>, StoreError> {
        let generations = insight.generations().await?;
        Ok(generations.iter().map(|one| one.generation).collect())
    };
    let before = numbers().await?;
    tenon_insight::rebuild(&insight, &api.insight.calendar).await?;
    note.changed(
        json!({ "generations": before }),
        json!({ "generations": numbers().await? }),
    );
    Ok(StatusCode::ACCEPTED)
}
