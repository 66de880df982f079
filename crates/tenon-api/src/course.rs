//! How much was carried when: the last hours, stretch by stretch.

use std::collections::HashMap;

use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use tenon_core::Timestamp;
use tenon_store::{SharedStore, StoreError, Stretch};
use utoipa::{IntoParams, ToSchema};

use crate::problem::Asked;
use crate::{Api, Problem};

/// Into how many stretches the time is cut: as many as a chart has room for.
const STRETCHES: i64 = 144;

/// The longest time, in hours: a week.
const LONGEST: u32 = 168;

/// How far back.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct CourseQuery {
    /// Hours until now, at most 168; 24 if it is not said.
    #[serde(default)]
    #[param(maximum = 168, minimum = 1)]
    hours: Option<u32>,
}

/// What was carried, stretch by stretch.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Course {
    /// How long a stretch is, in seconds.
    seconds: u32,
    /// The stretches, the eldest first; the last one goes on still.
    stretches: Vec<StretchView>,
}

/// What was carried in a stretch of time, to and from all systems.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StretchView {
    /// When it begins.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Messages that were accepted and journaled.
    received: u64,
    /// Those of them that were invalid.
    invalid: u64,
    /// Deliveries that came to their end: the target has what was to go to it, or needs it not.
    settled: u64,
}

/// How much was carried in each of 144 stretches of the last hours. Where there is much it takes long to count: then
/// it is given as it was for up to twenty times as long, and `Age` says how many seconds ago it was counted.
#[utoipa::path(get, path = "/api/v1/summary/course", tag = "messages", params(CourseQuery), responses(
    (status = 200, description = "what was carried, stretch by stretch", body = Course),
    (status = 400, description = "the query does not fit", body = Problem)))]
pub(crate) async fn course(
    State(api): State<Api>,
    Asked(query): Asked<CourseQuery>,
) -> Result<Response, Problem> {
    let hours = query.hours.unwrap_or(24);
    if !(1..=LONGEST).contains(&hours) {
        let detail = format!("hours: {hours} is not between 1 and {LONGEST}");
        return Err(Problem::bad_request(detail));
    }
    let store = api.store.clone();
    let count = async move { Ok(counted(&store, hours).await?) };
    api.kept.answer(format!("course/{hours}"), count).await
}

async fn counted(store: &SharedStore, hours: u32) -> Result<Course, StoreError> {
    let length = i64::from(hours) * 3600 / STRETCHES;
    let last = Timestamp::now().as_second() / length;
    let begins = |number: i64| Timestamp::from_second(number * length).unwrap_or(Timestamp::MAX);
    let first = last - STRETCHES + 1;
    let seconds = u32::try_from(length).unwrap_or(u32::MAX);
    let found = store.course(begins(first), seconds).await?;
    let found: HashMap<Timestamp, Stretch> = found.into_iter().map(|one| (one.at, one)).collect();
    let stretches = (first..=last).map(begins).map(|at| match found.get(&at) {
        Some(of) => StretchView {
            at,
            received: of.received,
            invalid: of.invalid,
            settled: of.settled,
        },
        None => StretchView {
            at,
            received: 0,
            invalid: 0,
            settled: 0,
        },
    });
    Ok(Course {
        seconds,
        stretches: stretches.collect(),
    })
}
