//! Corrections: another body for a message that waits, which one person proposes and another decides.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tenon_core::{MessageId, SystemName, Timestamp};
use tenon_pipeline::{decide_correction, difference, propose_correction};
use tenon_store::{Correction, CorrectionId, CorrectionState, Deed, Direction, ParkedId};
use utoipa::{IntoParams, ToSchema};

use crate::access::{Note, Principal};
use crate::problem::{Asked, Path, Told};
use crate::waiting::{Because, DeedView, MOST, number, refused, unknown};
use crate::{Api, Problem};

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
    (status = 201, description = "the correction's number", body = Proposed), (status = 400, description = "the body does not fit, or the message would fail with it", body = Problem), (status = 404, description = "no such message", body = Problem), (status = 409, description = "another correction is open", body = Problem)))]
pub(crate) async fn propose(
    State(api): State<Api>,
    Path(id): Path<String>,
    principal: Principal,
    note: Note,
    Told(Proposal { body, because }): Told<Proposal>,
) -> Result<(StatusCode, Json<Proposed>), Problem> {
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
    let after = json!({ "correction": proposed.0, "state": CorrectionState::Proposed });
    note.changed(Value::Null, after);
    Ok((StatusCode::CREATED, Json(Proposed { id: proposed.0 })))
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

/// Another body that was proposed for a message that waits.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CorrectionView {
    /// Its number.
    id: i64,
    /// The message.
    #[schema(value_type = String, format = Uuid)]
    message_id: MessageId,
    /// `inbound`, `outbound`.
    #[schema(value_type = String, example = "outbound")]
    direction: Direction,
    /// The system it came from (inbound) or goes to (outbound).
    #[schema(value_type = String, example = "erp")]
    system: SystemName,
    /// The number of the waiting message; null when it does not wait any more.
    #[schema(value_type = Option<i64>)]
    parked: Option<ParkedId>,
    /// `proposed`, `approved`, `rejected`.
    #[schema(value_type = String, example = "proposed")]
    state: CorrectionState,
    /// Who proposed it, and why.
    proposal: DeedView,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    proposed_at: Timestamp,
    /// Who decided it, and why; null until somebody has.
    decision: Option<DeedView>,
    /// When.
    #[schema(value_type = Option<String>, format = DateTime)]
    decided_at: Option<Timestamp>,
}

impl From<Correction> for CorrectionView {
    fn from(correction: Correction) -> Self {
        Self {
            id: correction.id.0,
            message_id: correction.message_id,
            direction: correction.direction,
            system: correction.system,
            parked: correction.parked,
            state: correction.state,
            proposal: correction.proposal.into(),
            proposed_at: correction.proposed_at,
            decision: correction.decision.map(DeedView::from),
            decided_at: correction.decided_at,
        }
    }
}

/// A page.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CorrectionPage {
    /// The corrections.
    items: Vec<CorrectionView>,
    /// What to give to go on; null at the end.
    next: Option<i64>,
}

/// A correction with what it changes.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CorrectionDetail {
    /// The correction.
    #[serde(flatten)]
    correction: CorrectionView,
    /// Line by line: what goes with `-`, what comes with `+`.
    difference: String,
}

/// A correction that was proposed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Proposed {
    /// Its number.
    id: i64,
}

/// A correction that was decided.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Decided {
    /// How many messages were sent again.
    sent: u64,
}

/// Corrections, the eldest first, with what they change.
#[utoipa::path(get, path = "/api/v1/corrections", tag = "parked", params(CorrectionQuery), responses(
    (status = 200, description = "a page of corrections", body = CorrectionPage), (status = 400, description = "the query does not fit", body = Problem)))]
pub(crate) async fn corrections(
    State(api): State<Api>,
    principal: Principal,
    Asked(query): Asked<CorrectionQuery>,
) -> Result<Json<CorrectionPage>, Problem> {
    let state = query.state.as_deref().map(str::parse::<CorrectionState>);
    let state = state.transpose().map_err(Problem::bad_request)?;
    let limit = query.limit.unwrap_or(50).clamp(1, MOST);
    let after = query.after.map(CorrectionId);
    let found = api.store.corrections(state, after, limit).await?;
    let next = (found.len() as u32 == limit).then(|| found.last().map(|last| last.id.0));
    Ok(Json(CorrectionPage {
        items: found
            .into_iter()
            .filter(|correction| principal.touches(&correction.system))
            .map(CorrectionView::from)
            .collect(),
        next: next.flatten(),
    }))
}

/// One correction, with what it changes line by line: whoever decides has to see the values.
#[utoipa::path(get, path = "/api/v1/corrections/{id}", tag = "parked",
    params(("id" = i64, Path, description = "its number")), responses(
    (status = 200, description = "the correction", body = CorrectionDetail), (status = 404, description = "no such correction", body = Problem)))]
pub(crate) async fn correction(
    State(api): State<Api>,
    Path(id): Path<String>,
    principal: Principal,
    note: Note,
) -> Result<Json<CorrectionDetail>, Problem> {
    note.subject(id.clone());
    let found = api
        .store
        .correction(CorrectionId(number("correction", &id)?))
        .await?
        .ok_or_else(|| unknown("correction", &id))?;
    principal.check_system(&found.system)?;
    Ok(Json(CorrectionDetail {
        difference: difference(&found.original, &found.proposed),
        correction: found.into(),
    }))
}

/// Approves a correction that another person proposed: it becomes the message's body, and the message
/// is sent again. The body as it was is kept with the correction.
#[utoipa::path(post, path = "/api/v1/corrections/{id}/approve", tag = "parked", request_body = Because,
    params(("id" = i64, Path, description = "its number")), responses(
    (status = 200, description = "how many messages were sent again", body = Decided), (status = 404, description = "no such correction", body = Problem), (status = 409, description = "the same person proposed it, or it is decided", body = Problem)))]
pub(crate) async fn approve(
    State(api): State<Api>,
    Path(id): Path<String>,
    principal: Principal,
    note: Note,
    Told(Because { because }): Told<Because>,
) -> Result<Json<Decided>, Problem> {
    note.subject(id.clone());
    note.detail(json!({ "because": because }));
    decide(&api, &note, &id, true, &principal, because).await
}

/// Rejects a correction that another person proposed.
#[utoipa::path(post, path = "/api/v1/corrections/{id}/reject", tag = "parked", request_body = Because,
    params(("id" = i64, Path, description = "its number")), responses(
    (status = 200, description = "it is rejected", body = Decided), (status = 404, description = "no such correction", body = Problem), (status = 409, description = "the same person proposed it, or it is decided", body = Problem)))]
pub(crate) async fn reject(
    State(api): State<Api>,
    Path(id): Path<String>,
    principal: Principal,
    note: Note,
    Told(Because { because }): Told<Because>,
) -> Result<Json<Decided>, Problem> {
    note.subject(id.clone());
    note.detail(json!({ "because": because }));
    decide(&api, &note, &id, false, &principal, because).await
}

/// Who proposes or decides a correction: a token stands for one person, whomever it acts for, else one
/// token could be two.
fn person(principal: &Principal) -> &str {
    &principal.name
}

async fn decide(
    api: &Api,
    note: &Note,
    id: &str,
    approve: bool,
    principal: &Principal,
    because: String,
) -> Result<Json<Decided>, Problem> {
    let id = CorrectionId(number("correction", id)?);
    if let Some(correction) = api.store.correction(id).await? {
        principal.check_system(&correction.system)?;
    }
    let deed = Deed::new(person(principal), because);
    let decided = decide_correction(&api.store, &api.accept, id, approve, &deed).await;
    let sent = decided.map_err(refused)?.sent;
    let after = match approve {
        true => CorrectionState::Approved,
        false => CorrectionState::Rejected,
    };
    // Only one that nobody has decided is.
    note.changed(
        json!({ "state": CorrectionState::Proposed }),
        json!({ "state": after, "sent": sent }),
    );
    Ok(Json(Decided { sent }))
}
