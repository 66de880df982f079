//! Master records for people and programs: shown, and changed by commands.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tenon_core::MasterId;
use tenon_pipeline::{Act, Command, Outcome, Steward, moment};
use utoipa::{IntoParams, ToSchema};

use crate::access::{Note, Principal};
use crate::problem::{Asked, Path, Told};
use crate::views::commands::{CommandAct, CommandOutcome};
use crate::views::masters::{Beside, Change, NowOrThen};
use crate::{Api, Problem};

/// The most versions of one answer.
const MOST_VERSIONS: u32 = 100;

impl Api {
    /// The desk that takes commands and shows masters.
    pub(crate) fn steward(&self) -> Steward {
        Steward::new(self.accept.clone(), self.store.clone()).with_codes(self.master.codes.clone())
    }
}

/// Which state of a master.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct MasterQuery {
    /// The golden record as it stood then: a time (`2026-03-01T08:00:00Z`), or a day (`2026-03-01`, its
    /// end in UTC).
    at: Option<String>,
}

/// One master: its golden record with who stated each value, and the systems' records of it.
///
/// Personal values are masked. A merged master is shown as it stood, with the one it went into.
/// With `at`, the golden record alone, as it stood then.
#[utoipa::path(get, path = "/api/v1/masters/{id}", tag = "masters",
    params(MasterQuery, ("id" = String, Path, description = "its master id, its code, or a record of it: `erp%2FK-1`")), responses(
    (status = 200, description = "the master", body = NowOrThen), (status = 400, description = "the query does not fit", body = Problem), (status = 404, description = "no such master", body = Problem)))]
pub(crate) async fn master(
    State(api): State<Api>,
    Path(id): Path<String>,
    Asked(query): Asked<MasterQuery>,
) -> Result<Json<NowOrThen>, Problem> {
    let at = query.at.as_deref().map(moment).transpose();
    let at = at.map_err(Problem::bad_request)?;
    let steward = api.steward();
    let found = named(&steward, &id).await?;
    Ok(Json(match at {
        None => {
            let view = steward.show(found).await?.ok_or_else(|| unknown(&id))?;
            NowOrThen::Now(Box::new(view.into()))
        }
        Some(at) => {
            let view = steward.show_at(found, at).await?.ok_or_else(|| {
                let detail = format!("master `{id}` was not made yet at {at}");
                Problem::new(StatusCode::NOT_FOUND, "master.unknown", detail)
            })?;
            NowOrThen::Then(Box::new(view.into()))
        }
    }))
}

/// Versions of a golden record.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MasterHistory {
    /// The versions, newest first.
    items: Vec<Change>,
    /// What to give as `after` to go on; null at the end.
    next: Option<i64>,
}

/// Which versions.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct HistoryQuery {
    /// The `next` of the page before.
    after: Option<i64>,
    /// How many, at most 100.
    limit: Option<u32>,
}

/// The versions of a master's golden record, newest first: what it was called, since when, and what made it so.
#[utoipa::path(get, path = "/api/v1/masters/{id}/history", tag = "masters",
    params(HistoryQuery, ("id" = String, Path, description = "its master id, its code, or a record of it: `erp%2FK-1`")), responses(
    (status = 200, description = "a page of versions", body = MasterHistory), (status = 404, description = "no such master", body = Problem)))]
pub(crate) async fn history(
    State(api): State<Api>,
    Path(id): Path<String>,
    Asked(query): Asked<HistoryQuery>,
) -> Result<Json<MasterHistory>, Problem> {
    let steward = api.steward();
    let found = named(&steward, &id).await?;
    let limit = query.limit.unwrap_or(MOST_VERSIONS).clamp(1, MOST_VERSIONS);
    let mut versions = steward.history(found, query.after, limit + 1).await?;
    let more = versions.len() > limit as usize;
    versions.truncate(limit as usize);
    let last = versions.last().filter(|_| more);
    let next = last.map(|last| last.version.version);
    Ok(Json(MasterHistory {
        items: versions.into_iter().map(Change::from).collect(),
        next,
    }))
}

/// Two masters beside each other: where they differ, and what speaks for and against their being one.
///
/// Personal values are masked. Of a master that was merged, the survivor is shown.
#[utoipa::path(get, path = "/api/v1/masters/{id}/compare/{other}", tag = "masters", operation_id = "compare_masters",
    params(("id" = String, Path, description = "its master id, its code, or a record of it: `erp%2FK-1`"),
        ("other" = String, Path, description = "the other, by any of the same")), responses(
    (status = 200, description = "the two", body = Beside), (status = 404, description = "no such master", body = Problem)))]
pub(crate) async fn compare(
    State(api): State<Api>,
    Path((id, other)): Path<(String, String)>,
) -> Result<Json<Beside>, Problem> {
    let steward = api.steward();
    let pair = [named(&steward, &id).await?, named(&steward, &other).await?];
    let comparison = steward.compare(&api.master.matching, pair).await?;
    let comparison = comparison.ok_or_else(|| unknown(&id))?;
    Ok(Json(comparison.into()))
}

async fn named(steward: &Steward, name: &str) -> Result<MasterId, Problem> {
    steward.find(name).await?.ok_or_else(|| unknown(name))
}

fn unknown(name: &str) -> Problem {
    let detail = format!("no master `{name}`");
    Problem::new(StatusCode::NOT_FOUND, "master.unknown", detail)
}

/// What somebody commands, and why. Who is the one that is signed in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CommandGiven)]
pub(crate) struct Given {
    /// For whom a token acts.
    #[serde(default)]
    by: Option<String>,
    /// Why; at most 500 characters.
    #[serde(default)]
    because: String,
    /// What.
    #[schema(value_type = CommandAct)]
    act: Act,
}

/// Commands a change of master records, and waits until it is decided.
///
/// The body says why and what: `{"because": "one company, moved",
/// "act": {"merge": {"survivor": "…", "merged": "…"}}}`. Who gives it is the one that is signed in; a token may
/// say in `by` for whom it acts, and is then named before: `token:shop/li.wei`. A command is journaled and traced as a message; one that is given again with the same `Idempotency-Key` takes effect once.
#[utoipa::path(post, path = "/api/v1/commands", tag = "masters",
    params(("Idempotency-Key" = Option<String>, Header, description = "names the command, where it may be given again")),
    request_body(content = Given, description = "the command"), responses(
    (status = 200, description = "it is done", body = CommandOutcome),
    (status = 202, description = "it is durable, and no node has decided it yet: see its message", body = CommandOutcome),
    (status = 400, description = "it is no command", body = Problem),
    (status = 404, description = "it names something that is not there", body = Problem),
    (status = 409, description = "it was refused, and nothing changed", body = Problem),
    (status = 503, description = "it cannot be taken now; give it again", body = Problem)))]
pub(crate) async fn command(
    State(api): State<Api>,
    principal: Principal,
    note: Note,
    headers: HeaderMap,
    Told(given): Told<Given>,
) -> Result<Response, Problem> {
    if given.by.as_deref().is_some_and(|by| by.trim().is_empty()) {
        return Err(Problem::bad_request("`by` names nobody; leave it out"));
    }
    let command = Command {
        by: principal.by(given.by.as_deref())?,
        because: given.because,
        act: given.act,
    };
    note.subject(command.act.name());
    let mut said = json!({ "by": command.by, "because": command.because, "act": command.act });
    // It may be personal, and stands in the master's own history.
    if let Some(pin) = said.pointer_mut("/act/pin").and_then(Value::as_object_mut) {
        pin.remove("value");
    }
    note.detail(said);
    let key = headers
        .get("idempotency-key")
        .and_then(|key| key.to_str().ok());
    give(&api, &note, &command, key).await
}

/// Gives a command, notes what it changed beside what is noted of it, and answers with what became of it.
pub(crate) async fn give(
    api: &Api,
    note: &Note,
    command: &Command,
    key: Option<&str>,
) -> Result<Response, Problem> {
    let word = word(api, &command.act).await?;
    let outcome = api.steward().command(command, key).await?;
    // What it changed is what one looks for in the trail.
    if let Outcome::Done {
        masters,
        message_id,
        changes,
    } = &outcome
    {
        note.also(json!({ "masters": masters, "message_id": message_id }));
        match word {
            Some((before, after)) => note.changed(before, after),
            None => note.changed(&changes.before, &changes.after),
        }
        if let Some(first) = masters.first() {
            note.subject(first.to_string());
        }
    }
    answer(outcome)
}

/// What a command changes that no golden record holds, before and after: a person's word, which the figures alone know.
async fn word(api: &Api, act: &Act) -> Result<Option<(Value, Value)>, Problem> {
    let master = match act {
        Act::Rate { master, .. } | Act::DeclineGrade { master, .. } => master,
        _ => return Ok(None),
    };
    // Before there are figures nobody said a word.
    let found = match api.reports().await {
        Ok(reports) => {
            reports
                .store()
                .grading(reports.generation(), master.0)
                .await?
        }
        Err(_) => None,
    };
    Ok(match act {
        Act::Rate { cooperation, .. } => Some((
            json!({ "cooperation": found.and_then(|found| found.cooperation) }),
            json!({ "cooperation": cooperation }),
        )),
        Act::DeclineGrade { grade, .. } => Some((
            json!({ "declined": found.and_then(|found| found.declined) }),
            json!({ "declined": grade }),
        )),
        _ => None,
    })
}

/// What became of a command, as an answer.
fn answer(outcome: Outcome) -> Result<Response, Problem> {
    let status = match &outcome {
        Outcome::Done { .. } => StatusCode::OK,
        Outcome::Underway { .. } => StatusCode::ACCEPTED,
        Outcome::Refused { code, detail, .. } => {
            let status = match code.ends_with(".unknown") {
                true => StatusCode::NOT_FOUND,
                false => StatusCode::CONFLICT,
            };
            return Err(Problem::new(status, code, detail.clone()));
        }
    };
    Ok((status, Json(outcome)).into_response())
}
