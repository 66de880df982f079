//! What the company decides about its figures, as `insight.toml` says it: shown, and changed there alone.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use tenon_core::money::Decimal;
use tenon_insight::Policy;
use utoipa::ToSchema;

use super::grades::GradePolicyView;
use crate::Api;

/// What the company decides about its figures.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PolicyView {
    /// Where days begin and end, by the name of the IANA database.
    time_zone: String,
    /// Days until a bill must be paid, where the customer has no terms of its own.
    credit_days: u16,
    /// When an order and its documents agree.
    reconciliation: ReconciliationView,
    /// The currency in which scores compare amounts.
    score_currency: String,
    /// What a score is made of.
    score: Vec<ScorePartView>,
    /// What each grade takes and brings, the best first.
    grades: Vec<GradePolicyView>,
    /// A customer with so many orders overdue is a problem, whatever its score; 0 for never.
    problem_overdue: u16,
}

/// When an order and its documents agree.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReconciliationView {
    /// The share of an amount that does not matter: a fraction.
    #[schema(value_type = String)]
    tolerance_share: Decimal,
    /// The amount that does not matter, by currency; of the two the greater counts.
    #[schema(value_type = BTreeMap<String, String>)]
    tolerance_amounts: BTreeMap<String, Decimal>,
    /// Days that goods may be late.
    short_days: u16,
    /// Days that a bill may follow its goods.
    billing_days: u16,
}

/// A part of a score.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ScorePartView {
    /// `years`, `sales`, `margin`, `punctual`, `growth`, `cooperation`.
    name: &'static str,
    /// Its weight among the others; 0 leaves it out.
    weight: u16,
    /// The value that gives all of it.
    #[schema(value_type = String)]
    full: Decimal,
}

impl From<&Policy> for PolicyView {
    fn from(policy: &Policy) -> Self {
        let rules = &policy.reconciliation;
        let score = &policy.score;
        let parts = [
            ("years", &score.years),
            ("sales", &score.sales),
            ("margin", &score.margin),
            ("punctual", &score.punctual),
            ("growth", &score.growth),
            ("cooperation", &score.cooperation),
        ];
        Self {
            time_zone: policy.calendar.time_zone().to_owned(),
            credit_days: policy.credit_days,
            reconciliation: ReconciliationView {
                tolerance_share: rules.tolerance.share,
                tolerance_amounts: rules.tolerance.amounts.clone(),
                short_days: rules.short_days,
                billing_days: rules.billing_days,
            },
            score_currency: score.currency.as_str().to_owned(),
            score: parts
                .map(|(name, part)| ScorePartView {
                    name,
                    weight: part.weight,
                    full: part.full,
                })
                .into(),
            grades: GradePolicyView::all(policy),
            problem_overdue: policy.grades.problem_overdue,
        }
    }
}

/// What the company decides about its figures: tolerances, what scores are made of, what grades bring.
#[utoipa::path(get, path = "/api/v1/insight/policy", tag = "insight", operation_id = "insight_policy", responses(
    (status = 200, description = "as `insight.toml` says it, or by default", body = PolicyView)))]
pub(crate) async fn policy(State(api): State<Api>) -> Json<PolicyView> {
    Json(api.insight.as_ref().into())
}
