//! Redrives and bulk drops: what runs on over many waiting messages, whichever node works it off.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tenon_core::Timestamp;
use tenon_pipeline::{begin_redrive, turn_redrive};
use tenon_store::{Act, Deed, NewRedrive, ParkedFilter, Redrive, RedriveId, RedriveState};
use utoipa::{IntoParams, ToSchema};

use crate::access::{Note, Principal};
use crate::problem::{Asked, Path, Told};
use crate::waiting::{DeedView, MOST, number, refused, unknown};
use crate::{Api, Problem};

/// Which waiting messages: those of which everything holds that is given.
#[derive(ToSchema)]
#[allow(dead_code, reason = "describes the store's filter")]
pub(crate) struct Selection {
    /// Only these.
    #[schema(required = false)]
    ids: Vec<i64>,
    /// Only of this system.
    #[schema(example = "erp")]
    system: Option<String>,
    /// Only about this.
    #[schema(example = "order")]
    entity: Option<String>,
    /// Only about this record: its native id, its business key, its lane, or the message's id.
    key: Option<String>,
    /// Only with just this code.
    #[schema(example = "http.rejected")]
    code: Option<String>,
    /// Only with this text in code or detail.
    reason: Option<String>,
    /// Only with this text in the body, byte for byte.
    text: Option<String>,
    /// Only those parked at or after this time.
    #[schema(format = DateTime)]
    since: Option<String>,
    /// Only those parked before this time.
    #[schema(format = DateTime)]
    until: Option<String>,
    /// `inbound`, `outbound`.
    direction: Option<String>,
    /// `failed`, `retry`, `waiting`, `behind`, `due`.
    state: Option<String>,
}

/// A redrive or a bulk drop, and how far it has come.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RedriveView {
    /// Its number.
    id: i64,
    /// `redrive`, `drop`.
    #[schema(value_type = String, example = "redrive")]
    act: Act,
    /// Which messages.
    #[schema(value_type = Selection)]
    selection: ParkedFilter,
    /// The number of the last message that was parked when it began.
    until: i64,
    /// The number of the last one that was taken.
    cursor: i64,
    /// At most so many a second.
    per_second: Option<u32>,
    /// Also what a later message of the same record has overtaken.
    force: bool,
    /// `running`, `stopped`, `done`.
    #[schema(value_type = String, example = "running")]
    state: RedriveState,
    /// Who began it, and why.
    #[serde(flatten)]
    deed: DeedView,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    began_at: Timestamp,
    /// When it was done or stopped.
    #[schema(value_type = Option<String>, format = DateTime)]
    ended_at: Option<Timestamp>,
    /// How many were selected when it began.
    total: u64,
    /// Messages sent again, or given up.
    sent: u64,
    /// Messages passed over; their history says why.
    passed_over: u64,
}

impl From<Redrive> for RedriveView {
    fn from(redrive: Redrive) -> Self {
        Self {
            id: redrive.id.0,
            act: redrive.act,
            selection: redrive.selection,
            until: redrive.until.0,
            cursor: redrive.cursor.0,
            per_second: redrive.per_second,
            force: redrive.force,
            state: redrive.state,
            deed: redrive.deed.into(),
            began_at: redrive.began_at,
            ended_at: redrive.ended_at,
            total: redrive.total,
            sent: redrive.sent,
            passed_over: redrive.passed_over,
        }
    }
}

/// What is sent again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Begin {
    /// Which; what is parked later does not belong to it.
    #[schema(value_type = Selection)]
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
    (status = 202, description = "the redrive as it begins", body = RedriveView), (status = 400, description = "the body does not fit", body = Problem)))]
pub(crate) async fn begin(
    State(api): State<Api>,
    principal: Principal,
    note: Note,
    Told(begin): Told<Begin>,
) -> Result<(StatusCode, Json<RedriveView>), Problem> {
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
    #[schema(value_type = Selection)]
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
    (status = 202, description = "the drop as it begins", body = RedriveView), (status = 400, description = "the body does not fit, selects everything or has no reason", body = Problem)))]
pub(crate) async fn begin_drop(
    State(api): State<Api>,
    principal: Principal,
    note: Note,
    Told(begin): Told<BeginDrop>,
) -> Result<(StatusCode, Json<RedriveView>), Problem> {
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
) -> Result<(StatusCode, Json<RedriveView>), Problem> {
    let begun = begin_redrive(&api.store, new, RedriveState::Running).await;
    let id = begun.map_err(refused)?;
    note.subject(id.0.to_string());
    let begun = api.store.redrive_of(id).await?;
    let begun = begun.ok_or_else(|| unknown("redrive", &id.0.to_string()))?;
    let after = json!({ "state": RedriveState::Running, "total": begun.total });
    note.changed(Value::Null, after);
    Ok((StatusCode::ACCEPTED, Json(begun.into())))
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

/// A page.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RedrivePage {
    /// The redrives.
    items: Vec<RedriveView>,
    /// What to give to go on; null at the end.
    next: Option<i64>,
}

/// Redrives and bulk drops, the latest first: who began them, why, and how far they have come.
#[utoipa::path(get, path = "/api/v1/redrives", tag = "parked", params(RedriveQuery), responses(
    (status = 200, description = "a page of redrives", body = RedrivePage), (status = 400, description = "the query does not fit", body = Problem)))]
pub(crate) async fn redrives(
    State(api): State<Api>,
    principal: Principal,
    Asked(query): Asked<RedriveQuery>,
) -> Result<Json<RedrivePage>, Problem> {
    let limit = query.limit.unwrap_or(50).clamp(1, MOST);
    let after = query.after.map(RedriveId);
    let found = api.store.redrives(query.state, after, limit).await?;
    let next = (found.len() as u32 == limit).then(|| found.last().map(|last| last.id.0));
    let items = found
        .into_iter()
        .filter(|redrive| check_selection(&principal, &redrive.selection).is_ok())
        .map(RedriveView::from);
    Ok(Json(RedrivePage {
        items: items.collect(),
        next: next.flatten(),
    }))
}

/// One redrive.
#[utoipa::path(get, path = "/api/v1/redrives/{id}", operation_id = "redrive_progress", tag = "parked",
    params(("id" = i64, Path, description = "its number")), responses(
    (status = 200, description = "the redrive", body = RedriveView), (status = 404, description = "no such redrive", body = Problem)))]
pub(crate) async fn redrive(
    State(api): State<Api>,
    Path(id): Path<String>,
    principal: Principal,
) -> Result<Json<RedriveView>, Problem> {
    Ok(Json(one(&api, &id, &principal).await?.into()))
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
    (status = 200, description = "the redrive as it stands", body = RedriveView), (status = 404, description = "no such redrive", body = Problem), (status = 409, description = "it does not run", body = Problem)))]
pub(crate) async fn stop(
    State(api): State<Api>,
    Path(id): Path<String>,
    principal: Principal,
    note: Note,
) -> Result<Json<RedriveView>, Problem> {
    note.subject(id.clone());
    let run = one(&api, &id, &principal).await?;
    turned(&api, &note, run, RedriveState::Stopped).await
}

/// Lets a stopped redrive go on from where it was stopped.
#[utoipa::path(post, path = "/api/v1/redrives/{id}/resume", operation_id = "resume_redrive", tag = "parked",
    params(("id" = i64, Path, description = "its number")), responses(
    (status = 200, description = "the redrive as it stands", body = RedriveView), (status = 404, description = "no such redrive", body = Problem), (status = 409, description = "it is not stopped", body = Problem)))]
pub(crate) async fn resume(
    State(api): State<Api>,
    Path(id): Path<String>,
    principal: Principal,
    note: Note,
) -> Result<Json<RedriveView>, Problem> {
    note.subject(id.clone());
    let run = one(&api, &id, &principal).await?;
    turned(&api, &note, run, RedriveState::Running).await
}

/// Lets a redrive stand so from now on.
async fn turned(
    api: &Api,
    note: &Note,
    run: Redrive,
    to: RedriveState,
) -> Result<Json<RedriveView>, Problem> {
    let turned = turn_redrive(&api.store, run.id, to).await;
    let turned = turned.map_err(refused)?;
    let standing = |run: &Redrive| json!({ "state": run.state, "sent": run.sent });
    note.changed(standing(&run), standing(&turned));
    Ok(Json(turned.into()))
}
