//! How well a customer works with us by a person's word, and what was decided of grades.

use std::collections::HashMap;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tenon_core::{MasterId, Timestamp};
use tenon_pipeline::{Act, Command};
use tenon_store::insight::GradeProposal;
use tenon_store::{AuditEntry, AuditFilter};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::access::{Note, Principal};
use crate::masters;
use crate::problem::{Asked, Path, Told};
use crate::views::commands::CommandOutcome;
use crate::{Api, Problem};

/// The most decisions of one answer.
const MOST: u32 = 200;

/// How well a customer works with us.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rating {
    /// From 0 to 100.
    #[schema(minimum = 0, maximum = 100)]
    cooperation: u8,
    /// Why.
    because: String,
    /// For whom a token acts.
    #[serde(default)]
    by: Option<String>,
}

/// Says how well a customer works with us: a part of its score. It is a command, as `rate` of `/api/v1/commands`.
#[utoipa::path(post, path = "/api/v1/insight/grades/{id}/rating", tag = "insight",
    params(("id" = Uuid, Path, description = "the customer's master id")), request_body = Rating, responses(
    (status = 200, description = "it is done", body = CommandOutcome),
    (status = 202, description = "it is durable, and no node has decided it yet", body = CommandOutcome),
    (status = 400, description = "it is no rating", body = Problem),
    (status = 404, description = "no such customer", body = Problem),
    (status = 409, description = "it was refused", body = Problem),
    (status = 503, description = "it cannot be taken now; give it again", body = Problem)))]
pub(crate) async fn rate(
    State(api): State<Api>,
    principal: Principal,
    note: Note,
    Path(id): Path<Uuid>,
    Told(given): Told<Rating>,
) -> Result<Response, Problem> {
    if given.cooperation > 100 {
        return Err(Problem::bad_request(format!(
            "`cooperation` is {}; it goes from 0 to 100",
            given.cooperation
        )));
    }
    let command = Command {
        by: principal.by(given.by.as_deref())?,
        because: given.because,
        act: Act::Rate {
            master: MasterId(id),
            cooperation: given.cooperation,
        },
    };
    note.subject(id.to_string());
    note.detail(
        json!({ "decision": "rate", "by": command.by, "because": command.because,
        "cooperation": given.cooperation }),
    );
    masters::give(&api, &note, &command, None).await
}

/// Which decisions.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct DecisionsQuery {
    /// Only about this customer, by its master id.
    customer: Option<Uuid>,
    /// The `next` of the page before.
    after: Option<i64>,
    /// How many, at most 200.
    limit: Option<u32>,
}

/// What somebody decided of a customer's grade.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GradeDecided {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Who.
    by: String,
    /// Why.
    because: Option<String>,
    /// The customer's master id.
    customer: String,
    code: Option<String>,
    name: Option<String>,
    /// `approve`, `decline` or `rate`; null where it was decided before the hub noted it.
    decision: Option<String>,
    /// The grade that was proposed.
    grade: Option<String>,
    /// The grade that it had.
    before: Option<String>,
    /// The score that it had.
    score: Option<i64>,
    /// How well it works with us, where that was said.
    cooperation: Option<i64>,
    /// `done`, or the code of why it was refused.
    outcome: String,
}

/// A page of decisions.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GradeDecisions {
    /// The latest first.
    items: Vec<GradeDecided>,
    /// What to give as `after` to go on; null at the end.
    next: Option<i64>,
}

impl GradeDecided {
    fn new(entry: AuditEntry, of: Option<&GradeProposal>) -> Self {
        let text = |key: &str| entry.detail[key].as_str().map(str::to_owned);
        Self {
            at: entry.at,
            by: text("by").unwrap_or_else(|| entry.who.clone()),
            because: text("because"),
            code: of.and_then(|of| of.code.clone()),
            name: of.and_then(|of| of.name.clone()),
            decision: text("decision"),
            grade: text("grade"),
            before: text("had").or_else(|| text("before")),
            score: entry.detail["score"].as_i64(),
            cooperation: entry.detail["cooperation"].as_i64(),
            customer: entry.subject,
            outcome: entry.outcome,
        }
    }
}

/// What was decided of grades, and how customers were rated: who, when and why, the latest first.
#[utoipa::path(get, path = "/api/v1/insight/grades/decisions", tag = "insight", operation_id = "grade_decisions",
    params(DecisionsQuery), responses(
    (status = 200, description = "a page of decisions", body = GradeDecisions), (status = 400, description = "the query does not fit", body = Problem)))]
pub(crate) async fn decisions(
    State(api): State<Api>,
    Asked(query): Asked<DecisionsQuery>,
) -> Result<Json<GradeDecisions>, Problem> {
    let limit = query.limit.unwrap_or(50).clamp(1, MOST);
    let filter = AuditFilter {
        action: Some("grade.".to_owned()),
        subject: query.customer.map(|id| id.to_string()),
        ..AuditFilter::default()
    };
    let mut entries = api
        .access
        .store()
        .audit(&filter, query.after, limit)
        .await?;
    let next = entries.last().filter(|_| entries.len() as u32 == limit);
    let next = next.map(|last| last.position);
    // Who was not let decide has decided nothing: of such a request the trail knows the path alone.
    entries.retain(|entry| entry.detail != Value::Null);
    let ids: Vec<Uuid> = entries
        .iter()
        .filter_map(|entry| entry.subject.parse().ok())
        .collect();
    let reports = api.reports().await?;
    let mut named: HashMap<String, GradeProposal> = HashMap::new();
    for id in ids {
        if !named.contains_key(&id.to_string())
            && let Some(found) = reports.store().grading(reports.generation(), id).await?
        {
            named.insert(id.to_string(), found);
        }
    }
    let items = entries.into_iter().map(|entry| {
        let of = named.get(&entry.subject);
        GradeDecided::new(entry, of)
    });
    Ok(Json(GradeDecisions {
        items: items.collect(),
        next,
    }))
}
