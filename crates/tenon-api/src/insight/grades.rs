//! Grades: what is proposed, and what a person decides.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tenon_core::MasterId;
use tenon_core::customer::Grade;
use tenon_insight::{GradePolicy, Policy};
use tenon_pipeline::{Act, Command};
use tenon_store::insight::GradeProposal;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::place;
use crate::access::{Note, Principal};
use crate::masters;
use crate::problem::{Asked, Path, Told};
use crate::views::commands::CommandOutcome;
use crate::{Api, Problem};

/// The most proposals of one answer.
const MOST: u32 = 200;

/// Which proposals.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct GradesQuery {
    /// The `next` of the page before.
    after: Option<String>,
    /// How many, at most 200.
    limit: Option<u32>,
}

/// A part of a score.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
pub(crate) struct ScorePart {
    /// Which: `years`, `sales`, `margin`, `punctual`, `growth`, `cooperation`.
    #[schema(example = "sales")]
    name: String,
    /// The fact, a decimal; absent where it is not known: the part is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    value: Option<String>,
    /// What gives all of it, a decimal.
    full: String,
    /// Its weight.
    weight: u16,
    /// What it gives, a decimal from 0 to its weight.
    points: String,
}

/// A customer's score and grade.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProposalView {
    /// The customer's master id.
    id: String,
    code: Option<String>,
    name: Option<String>,
    owner: Option<String>,
    /// The grade that it has.
    grade: Option<String>,
    /// The grade that it should have; absent where it has it, or a person declined it.
    proposed: Option<String>,
    /// From 0 to 100.
    score: Option<i32>,
    /// What the score is made of.
    parts: Vec<ScorePart>,
    /// How well it works with us, by a person's word, from 0 to 100.
    cooperation: Option<i32>,
    /// The grade that a person declined.
    declined: Option<String>,
}

impl From<GradeProposal> for ProposalView {
    fn from(found: GradeProposal) -> Self {
        let parts = found.parts.as_deref().map(serde_json::from_str);
        Self {
            id: found.id.to_string(),
            code: found.code,
            name: found.name,
            owner: found.owner,
            grade: found.grade,
            proposed: found.proposed,
            score: found.score,
            parts: parts.and_then(Result::ok).unwrap_or_default(),
            cooperation: found.cooperation,
            declined: found.declined,
        }
    }
}

/// A page of proposals.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProposalsPage {
    items: Vec<ProposalView>,
    /// What to give as `after` to go on; absent at the end.
    next: Option<String>,
    /// What each grade takes and brings, the best first.
    policy: Vec<GradePolicyView>,
}

/// What a grade takes and brings.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GradePolicyView {
    grade: String,
    /// The least score.
    from: u16,
    credit_days: Option<u16>,
    /// How early it is served: 1 before 2.
    priority: Option<u16>,
    /// Days after which somebody should call again.
    revisit_days: Option<u16>,
}

/// What a person decides of a proposal.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GradeDecision {
    /// `approve`: it has the grade from now on, with what the grade brings. `decline`: it is not proposed again.
    decision: DecisionKind,
    /// The grade that was proposed when it was decided: another one meanwhile is a conflict.
    grade: String,
    /// Why.
    because: String,
    /// For whom a token acts.
    by: Option<String>,
}

/// Yes or no.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DecisionKind {
    Approve,
    Decline,
}

impl GradePolicyView {
    /// Every grade, the best first.
    pub(super) fn all(policy: &Policy) -> Vec<Self> {
        let view = |(grade, policy): (Grade, &GradePolicy)| Self {
            grade: word(grade),
            from: policy.from,
            credit_days: policy.credit_days,
            priority: policy.priority,
            revisit_days: policy.revisit_days,
        };
        policy.grades.all().map(view).into()
    }
}

fn word(grade: Grade) -> String {
    let word = serde_json::to_value(grade).ok();
    word.and_then(|word| word.as_str().map(str::to_owned))
        .unwrap_or_default()
}

/// Customers whose grade should change, the highest scores first, and what each grade takes and brings.
#[utoipa::path(get, path = "/api/v1/insight/grades", tag = "insight", params(GradesQuery), responses(
    (status = 200, description = "a page of proposals", body = ProposalsPage), (status = 400, description = "the query does not fit", body = Problem)))]
pub(crate) async fn grades(
    State(api): State<Api>,
    Asked(query): Asked<GradesQuery>,
) -> Result<Json<ProposalsPage>, Problem> {
    let reports = api.reports().await?;
    let limit = query.limit.unwrap_or(50).clamp(1, MOST);
    let after = place(query.after.as_deref())?;
    let found = reports
        .store()
        .proposals(reports.generation(), after, limit)
        .await?;
    let next = found.last().filter(|_| found.len() as u32 == limit);
    let next = next.map(|last| format!("{}/{}", last.score.unwrap_or_default(), last.id));
    Ok(Json(ProposalsPage {
        items: found.into_iter().map(ProposalView::from).collect(),
        next,
        policy: GradePolicyView::all(reports.policy()),
    }))
}

/// The score of one customer, its parts, and the grade that follows.
#[utoipa::path(get, path = "/api/v1/insight/grades/{id}", tag = "insight",
    params(("id" = Uuid, Path, description = "its master id")), responses(
    (status = 200, description = "the score", body = ProposalView), (status = 404, description = "no such customer", body = Problem)))]
pub(crate) async fn grade(
    State(api): State<Api>,
    Path(id): Path<Uuid>,
) -> Result<Json<ProposalView>, Problem> {
    let reports = api.reports().await?;
    let found = reports.store().grading(reports.generation(), id).await?;
    let found =
        found.ok_or_else(|| Problem::not_found(format!("no customer `{id}` in the figures")))?;
    Ok(Json(found.into()))
}

/// Approves the grade that is proposed, or declines it. It is a command: journaled, audited, and when it is
/// approved told to every system with what the grade brings.
#[utoipa::path(post, path = "/api/v1/insight/grades/{id}", tag = "insight",
    params(("id" = Uuid, Path, description = "the customer's master id")), request_body = GradeDecision, responses(
    (status = 200, description = "it is done", body = CommandOutcome),
    (status = 202, description = "it is durable, and no node has decided it yet", body = CommandOutcome),
    (status = 400, description = "it is no decision", body = Problem),
    (status = 404, description = "no such customer", body = Problem),
    (status = 409, description = "another grade is proposed meanwhile, or it was refused", body = Problem)))]
pub(crate) async fn decide(
    State(api): State<Api>,
    principal: Principal,
    note: Note,
    Path(id): Path<Uuid>,
    Told(given): Told<GradeDecision>,
) -> Result<Response, Problem> {
    let reports = api.reports().await?;
    let found = reports.store().grading(reports.generation(), id).await?;
    let found =
        found.ok_or_else(|| Problem::not_found(format!("no customer `{id}` in the figures")))?;
    if found.proposed.as_deref() != Some(given.grade.as_str()) {
        let now = found.proposed.as_deref().unwrap_or("no change");
        return Err(Problem::new(
            StatusCode::CONFLICT,
            "grade.changed",
            format!("`{}` is not proposed any more: {now} is", given.grade),
        ));
    }
    let grade: Grade = serde_json::from_value(Value::from(given.grade.as_str()))
        .map_err(|_| Problem::bad_request(format!("`{}` is no grade", given.grade)))?;
    let master = MasterId(found.id);
    let policy = reports.policy().grades.of(grade);
    let act = match given.decision {
        DecisionKind::Approve => Act::Grade {
            master,
            grade,
            credit_days: policy.credit_days.map(u32::from),
            priority: policy.priority.map(u32::from),
        },
        DecisionKind::Decline => Act::DeclineGrade { master, grade },
    };
    let command = Command {
        by: principal.by(given.by.as_deref())?,
        because: given.because,
        act,
    };
    note.subject(id.to_string());
    note.detail(
        json!({ "decision": given.decision, "by": command.by, "because": command.because,
        "grade": given.grade, "had": found.grade, "score": found.score }),
    );
    masters::give(&api, &note, &command, None).await
}
