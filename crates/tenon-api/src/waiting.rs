//! What takes more than one step: corrections, which a second person decides, and redrives that run on.
//! Each is kept with who did it and why. Bodies are shown with their personal values masked.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tenon_core::{Failure, FailureKind, SystemName, Timestamp, schema};
use tenon_pipeline::{
    begin_redrive, decide_correction, difference, propose_correction, turn_redrive,
};
use tenon_store::{
    Act, CorrectionId, CorrectionState, Deed, Direction, EventKind, NewRedrive, Parcel,
    ParkedEvent, ParkedFilter, ParkedId, Redrive, RedriveId, RedriveState,
};
use utoipa::{IntoParams, ToSchema};

use crate::access::{Note, Principal};
use crate::problem::{Asked, Path, Told};
use crate::{Api, Problem};

/// The most records of one answer.
const MOST: u32 = 500;
/// What stands in the place of a personal value.
const MASK: &str = "•••";

/// Why it is done.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Because {
    /// The reason; kept with the message.
    because: String,
}

/// What a refusal of a deed is to its caller.
pub(crate) fn refused(failure: Failure) -> Problem {
    let status = match (failure.kind, &*failure.code) {
        (FailureKind::Invalid, code) if code.ends_with(".unknown") => StatusCode::NOT_FOUND,
        (
            FailureKind::Invalid,
            "correction.open" | "correction.own" | "correction.late" | "correction.decided"
            | "redrive.state" | "resend.state" | "resend.superseded" | "resend.forgotten",
        ) => StatusCode::CONFLICT,
        _ => return failure.into(),
    };
    Problem::new(status, &failure.code, failure.detail)
}

fn unknown(what: &str, id: &str) -> Problem {
    let code = format!("{what}.unknown");
    Problem::new(StatusCode::NOT_FOUND, &code, format!("no {what} `{id}`"))
}

fn number(what: &str, id: &str) -> Result<i64, Problem> {
    id.parse().map_err(|_| unknown(what, id))
}

// ---- What happened to one ---------------------------------------------------------------------

/// One line of what happened to a message that waits or waited.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EventView {
    /// The system it came from (inbound) or was to go to (outbound).
    #[schema(value_type = String, example = "erp")]
    system: SystemName,
    /// `inbound`, `outbound`.
    #[schema(value_type = String, example = "outbound")]
    direction: Direction,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// What happened.
    #[schema(value_type = String, example = "failed")]
    what: EventKind,
    /// The person, where one did it.
    who: Option<String>,
    /// Stable code of the failure.
    code: Option<String>,
    /// The system's answer, the failure, or the person's reason; personal values masked.
    detail: String,
    /// Attempts made by then.
    attempts: u32,
    /// What the system was given in this attempt, in its own form; personal values masked.
    sent: Option<String>,
}

impl EventView {
    pub(crate) fn new(event: ParkedEvent, secrets: &Secrets) -> Self {
        let sent = event.sent.as_deref().map(String::from_utf8_lossy);
        Self {
            system: event.system,
            direction: event.direction,
            at: event.at,
            what: event.what,
            who: event.who,
            code: event.code,
            detail: secrets.hide(&event.detail),
            attempts: event.attempts,
            sent: sent.map(|sent| secrets.hide(&sent)),
        }
    }
}

/// The personal values of a message, which are hidden wherever they stand: a target's own form does
/// not tell which of its fields are personal.
pub(crate) struct Secrets(Vec<String>);

impl Secrets {
    pub(crate) fn of(parcel: &Parcel) -> Self {
        let body = serde_json::from_slice::<Value>(&parcel.body);
        let (Some(schema), Ok(body)) = (schema(parcel.attributes.kind), body) else {
            return Self(Vec::new());
        };
        let mut masked = body.clone();
        schema.mask(&mut masked);
        let mut found = Vec::new();
        collect(&body, &masked, &mut found);
        // As it stands within a JSON text, too.
        let written = |text: &String| json!(text).to_string().trim_matches('"').to_owned();
        found.extend(found.iter().map(written).collect::<Vec<_>>());
        // The longest first, so that none is left in pieces.
        found.sort_by_key(|text| std::cmp::Reverse(text.len()));
        Self(found)
    }

    pub(crate) fn hide(&self, text: &str) -> String {
        let hidden = |text: String, secret: &String| text.replace(secret.as_str(), MASK);
        self.0.iter().fold(text.to_owned(), hidden)
    }
}

/// The texts that masking took away.
fn collect(open: &Value, masked: &Value, found: &mut Vec<String>) {
    match (open, masked) {
        (Value::Object(open), Value::Object(masked)) => {
            for (key, value) in open {
                collect(value, masked.get(key).unwrap_or(&Value::Null), found);
            }
        }
        (Value::Array(open), Value::Array(masked)) => {
            let pairs = open.iter().zip(masked);
            pairs.for_each(|(open, masked)| collect(open, masked, found));
        }
        (open, masked) if open != masked => texts(open, found),
        _ => {}
    }
}

fn texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) if !text.is_empty() => found.push(text.clone()),
        Value::Array(values) => values.iter().for_each(|value| texts(value, found)),
        Value::Object(members) => members.values().for_each(|value| texts(value, found)),
        _ => {}
    }
}

// ---- Corrections ------------------------------------------------------------------------------

/// Another body for a message that waits.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Proposal {
    /// The body: the native record of a message on its way in, the canonical body of one on its way out.
    #[schema(value_type = Object)]
    body: Box<serde_json::value::RawValue>,
    /// The reason; kept with the message.
    because: String,
}

/// Proposes another body for a message that waits. Nothing changes until a second person approves it.
#[utoipa::path(post, path = "/api/v1/parked/{id}/corrections", tag = "parked", request_body = Proposal,
    params(("id" = i64, Path, description = "the message's number")), responses(
    (status = 201, description = "the correction's number", body = Object), (status = 400, description = "the body does not fit, or the message would fail with it", body = Problem), (status = 404, description = "no such message", body = Problem), (status = 409, description = "another correction is open", body = Problem)))]
pub(crate) async fn propose(
    State(api): State<Api>,
    Path(id): Path<String>,
    principal: Principal,
    note: Note,
    Told(Proposal { body, because }): Told<Proposal>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    note.subject(id.clone());
    note.detail(json!({ "because": because }));
    let id = ParkedId(number("parked", &id)?);
    if let Some(record) = api.store.parked_one(id).await? {
        principal.check_system(&record.system)?;
    }
    let body = bytes::Bytes::from(body.get().to_owned());
    let deed = Deed::new(person(&principal), because);
    let proposed = propose_correction(&api.store, &api.deployment(), id, body, &deed).await;
    let proposed = proposed.map_err(refused)?;
    Ok((StatusCode::CREATED, Json(json!({ "id": proposed }))))
}

/// Which corrections.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct CorrectionQuery {
    /// Only in this state: `proposed`, `approved`, `rejected`.
    state: Option<String>,
    /// The `next` of the page before.
    after: Option<i64>,
    /// How many, at most 500.
    limit: Option<u32>,
}

/// A page.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WaitingPage {
    /// The records.
    items: Vec<Value>,
    /// What to give to go on; absent at the end.
    next: Option<i64>,
}

/// Corrections, the eldest first, with what they change.
#[utoipa::path(get, path = "/api/v1/corrections", tag = "parked", params(CorrectionQuery), responses(
    (status = 200, description = "a page of corrections", body = WaitingPage), (status = 400, description = "the query does not fit", body = Problem)))]
pub(crate) async fn corrections(
    State(api): State<Api>,
    principal: Principal,
    Asked(query): Asked<CorrectionQuery>,
) -> Result<Json<WaitingPage>, Problem> {
    let state = query.state.as_deref().map(str::parse::<CorrectionState>);
    let state = state.transpose().map_err(Problem::bad_request)?;
    let limit = query.limit.unwrap_or(50).clamp(1, MOST);
    let after = query.after.map(CorrectionId);
    let found = api.store.corrections(state, after, limit).await?;
    let next = (found.len() as u32 == limit).then(|| found.last().map(|last| last.id.0));
    Ok(Json(WaitingPage {
        items: found
            .iter()
            .filter(|correction| principal.touches(&correction.system))
            .map(|correction| serde_json::to_value(correction).unwrap_or_default())
            .collect(),
        next: next.flatten(),
    }))
}

/// One correction, with what it changes line by line: whoever decides has to see the values.
#[utoipa::path(get, path = "/api/v1/corrections/{id}", tag = "parked",
    params(("id" = i64, Path, description = "its number")), responses(
    (status = 200, description = "the correction", body = Object), (status = 404, description = "no such correction", body = Problem)))]
pub(crate) async fn correction(
    State(api): State<Api>,
    Path(id): Path<String>,
    principal: Principal,
    note: Note,
) -> Result<Json<Value>, Problem> {
    note.subject(id.clone());
    let found = api
        .store
        .correction(CorrectionId(number("correction", &id)?))
        .await?
        .ok_or_else(|| unknown("correction", &id))?;
    principal.check_system(&found.system)?;
    let mut value = serde_json::to_value(&found).unwrap_or_default();
    value["difference"] = json!(difference(&found.original, &found.proposed));
    Ok(Json(value))
}

/// Approves a correction that another person proposed: it becomes the message's body, and the message
/// is sent again. The body as it was is kept with the correction.
#[utoipa::path(post, path = "/api/v1/corrections/{id}/approve", tag = "parked", request_body = Because,
    params(("id" = i64, Path, description = "its number")), responses(
    (status = 200, description = "how many messages were sent again", body = Object), (status = 404, description = "no such correction", body = Problem), (status = 409, description = "the same person proposed it, or it is decided", body = Problem)))]
pub(crate) async fn approve(
    State(api): State<Api>,
    Path(id): Path<String>,
    principal: Principal,
    note: Note,
    Told(Because { because }): Told<Because>,
) -> Result<Json<Value>, Problem> {
    note.subject(id.clone());
    note.detail(json!({ "because": because }));
    decide(&api, &id, true, &principal, because).await
}

/// Rejects a correction that another person proposed.
#[utoipa::path(post, path = "/api/v1/corrections/{id}/reject", tag = "parked", request_body = Because,
    params(("id" = i64, Path, description = "its number")), responses(
    (status = 200, description = "it is rejected", body = Object), (status = 404, description = "no such correction", body = Problem), (status = 409, description = "the same person proposed it, or it is decided", body = Problem)))]
pub(crate) async fn reject(
    State(api): State<Api>,
    Path(id): Path<String>,
    principal: Principal,
    note: Note,
    Told(Because { because }): Told<Because>,
) -> Result<Json<Value>, Problem> {
    note.subject(id.clone());
    note.detail(json!({ "because": because }));
    decide(&api, &id, false, &principal, because).await
}

/// Who proposes or decides a correction: a token stands for one person, whomever it acts for, else one
/// token could be two.
fn person(principal: &Principal) -> &str {
    &principal.name
}

async fn decide(
    api: &Api,
    id: &str,
    approve: bool,
    principal: &Principal,
    because: String,
) -> Result<Json<Value>, Problem> {
    let id = CorrectionId(number("correction", id)?);
    if let Some(correction) = api.store.correction(id).await? {
        principal.check_system(&correction.system)?;
    }
    let deed = Deed::new(person(principal), because);
    let decided = decide_correction(&api.store, &api.accept, id, approve, &deed).await;
    Ok(Json(json!({ "sent": decided.map_err(refused)?.sent })))
}

// ---- Redrives ---------------------------------------------------------------------------------

/// What is sent again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Begin {
    /// Which: any of `ids`, `system`, `entity`, `key`, `code`, `reason`, `text`, `since`, `until`, `direction`,
    /// `state`; what is parked later does not belong to it.
    #[schema(value_type = Object)]
    selection: ParkedFilter,
    /// At most so many a second.
    per_second: Option<u32>,
    /// Also what a later message of the same record has overtaken.
    #[serde(default)]
    force: bool,
    /// For whom a token acts.
    #[serde(default)]
    by: Option<String>,
    /// The reason; kept with each message.
    because: String,
}

/// Begins to send messages again, in order; a node works it off, and another goes on if that one dies.
#[utoipa::path(post, path = "/api/v1/redrives", tag = "parked", request_body = Begin, responses(
    (status = 202, description = "the redrive as it begins", body = Object), (status = 400, description = "the body does not fit", body = Problem)))]
pub(crate) async fn begin(
    State(api): State<Api>,
    principal: Principal,
    note: Note,
    Told(begin): Told<Begin>,
) -> Result<(StatusCode, Json<Redrive>), Problem> {
    let Begin {
        selection,
        per_second,
        force,
        by,
        because,
    } = begin;
    note.detail(json!({ "selection": selection, "force": force, "because": because }));
    check_selection(&principal, &selection)?;
    if per_second == Some(0) {
        return Err(Problem::bad_request("`per_second` takes a number from 1"));
    }
    let new = NewRedrive {
        act: Act::Redrive,
        selection,
        per_second,
        force,
        deed: Deed::new(principal.by(by.as_deref())?, because),
    };
    begun(&api, &new, &note).await
}

/// What is given up.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BeginDrop {
    /// Which, as with a redrive: at least one of its members. Just what it names now is given up, and of that
    /// what it still names when its turn comes.
    #[schema(value_type = Object)]
    selection: ParkedFilter,
    /// For whom a token acts.
    #[serde(default)]
    by: Option<String>,
    /// The reason; kept with each message.
    because: String,
}

/// Begins to give messages up; a node works it off, and another goes on if that one dies. It is shown,
/// stopped and resumed among the redrives.
#[utoipa::path(post, path = "/api/v1/drops", operation_id = "begin_drop", tag = "parked", request_body = BeginDrop, responses(
    (status = 202, description = "the drop as it begins", body = Object), (status = 400, description = "the body does not fit, selects everything or has no reason", body = Problem)))]
pub(crate) async fn begin_drop(
    State(api): State<Api>,
    principal: Principal,
    note: Note,
    Told(begin): Told<BeginDrop>,
) -> Result<(StatusCode, Json<Redrive>), Problem> {
    let BeginDrop {
        selection,
        by,
        because,
    } = begin;
    note.detail(json!({ "selection": selection, "because": because }));
    check_selection(&principal, &selection)?;
    // What is given up does not come back, so nobody shall give up everything by forgetting a word.
    if selection == ParkedFilter::default() {
        let detail = "`selection` names nothing: say which messages are given up, by `system` say";
        return Err(Problem::bad_request(detail));
    }
    let new = NewRedrive {
        act: Act::Drop,
        selection,
        per_second: None,
        force: false,
        deed: Deed::new(principal.by(by.as_deref())?, because),
    };
    begun(&api, &new, &note).await
}

/// Lets the nodes do it.
async fn begun(
    api: &Api,
    new: &NewRedrive,
    note: &Note,
) -> Result<(StatusCode, Json<Redrive>), Problem> {
    let begun = begin_redrive(&api.store, new, RedriveState::Running).await;
    let id = begun.map_err(refused)?;
    note.subject(id.0.to_string());
    let begun = api.store.redrive_of(id).await?;
    let begun = begun.ok_or_else(|| unknown("redrive", &id.0.to_string()))?;
    Ok((StatusCode::ACCEPTED, Json(begun)))
}

/// Who may touch only some systems selects one of them.
fn check_selection(principal: &Principal, selection: &ParkedFilter) -> Result<(), Problem> {
    match &selection.system {
        Some(system) => principal.check_system(system),
        None if principal.systems.is_none() => Ok(()),
        None => Err(principal.out_of_scope("select one of them by `system`")),
    }
}

/// Which redrives.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct RedriveQuery {
    /// Only in this state: `running`, `stopped`, `done`.
    #[param(value_type = Option<String>)]
    state: Option<RedriveState>,
    /// The `next` of the page before.
    after: Option<i64>,
    /// How many, at most 500.
    limit: Option<u32>,
}

/// Redrives and bulk drops, the latest first: who began them, why, and how far they have come.
#[utoipa::path(get, path = "/api/v1/redrives", tag = "parked", params(RedriveQuery), responses(
    (status = 200, description = "a page of redrives", body = WaitingPage), (status = 400, description = "the query does not fit", body = Problem)))]
pub(crate) async fn redrives(
    State(api): State<Api>,
    principal: Principal,
    Asked(query): Asked<RedriveQuery>,
) -> Result<Json<WaitingPage>, Problem> {
    let limit = query.limit.unwrap_or(50).clamp(1, MOST);
    let after = query.after.map(RedriveId);
    let found = api.store.redrives(query.state, after, limit).await?;
    let next = (found.len() as u32 == limit).then(|| found.last().map(|last| last.id.0));
    let items = found
        .iter()
        .filter(|redrive| check_selection(&principal, &redrive.selection).is_ok())
        .map(|redrive| serde_json::to_value(redrive).unwrap_or_default());
    Ok(Json(WaitingPage {
        items: items.collect(),
        next: next.flatten(),
    }))
}

/// One redrive.
#[utoipa::path(get, path = "/api/v1/redrives/{id}", operation_id = "redrive_progress", tag = "parked",
    params(("id" = i64, Path, description = "its number")), responses(
    (status = 200, description = "the redrive", body = Object), (status = 404, description = "no such redrive", body = Problem)))]
pub(crate) async fn redrive(
    State(api): State<Api>,
    Path(id): Path<String>,
    principal: Principal,
) -> Result<Json<Redrive>, Problem> {
    Ok(Json(one(&api, &id, &principal).await?))
}

async fn one(api: &Api, id: &str, principal: &Principal) -> Result<Redrive, Problem> {
    let found = api
        .store
        .redrive_of(RedriveId(number("redrive", id)?))
        .await?;
    let found = found.ok_or_else(|| unknown("redrive", id))?;
    check_selection(principal, &found.selection)?;
    Ok(found)
}

/// Stops a redrive after the portion in hand.
#[utoipa::path(post, path = "/api/v1/redrives/{id}/stop", operation_id = "stop_redrive", tag = "parked",
    params(("id" = i64, Path, description = "its number")), responses(
    (status = 200, description = "the redrive as it stands", body = Object), (status = 404, description = "no such redrive", body = Problem), (status = 409, description = "it does not run", body = Problem)))]
pub(crate) async fn stop(
    State(api): State<Api>,
    Path(id): Path<String>,
    principal: Principal,
    note: Note,
) -> Result<Json<Redrive>, Problem> {
    note.subject(id.clone());
    let run = one(&api, &id, &principal).await?;
    let turned = turn_redrive(&api.store, run.id, RedriveState::Stopped).await;
    turned.map(Json).map_err(refused)
}

/// Lets a stopped redrive go on from where it was stopped.
#[utoipa::path(post, path = "/api/v1/redrives/{id}/resume", operation_id = "resume_redrive", tag = "parked",
    params(("id" = i64, Path, description = "its number")), responses(
    (status = 200, description = "the redrive as it stands", body = Object), (status = 404, description = "no such redrive", body = Problem), (status = 409, description = "it is not stopped", body = Problem)))]
pub(crate) async fn resume(
    State(api): State<Api>,
    Path(id): Path<String>,
    principal: Principal,
    note: Note,
) -> Result<Json<Redrive>, Problem> {
    note.subject(id.clone());
    let run = one(&api, &id, &principal).await?;
    let turned = turn_redrive(&api.store, run.id, RedriveState::Running).await;
    turned.map(Json).map_err(refused)
}
