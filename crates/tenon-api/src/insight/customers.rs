//! A customer in the round: what it ordered, was sent, billed and paid, what it asked of service, what may
//! come, and what it is worth; those that were merged into it included.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::{Value, json};
use tenon_insight::{DOCUMENTS, Document, Scope, day_of};
use tenon_store::insight::{DocumentRow, ReportFilter};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::problem::Path;
use crate::{Api, Problem};

/// Documents of each entity that are shown.
const MOST: u32 = 20;

/// A customer in the round.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CustomerView {
    /// Its master id.
    id: String,
    code: Option<String>,
    name: Option<String>,
    kind: Option<String>,
    stage: Option<String>,
    grade: Option<String>,
    industry: Option<String>,
    source: Option<String>,
    owner: Option<String>,
    credit_days: Option<i32>,
    /// When the hub first heard of it.
    known_on: Option<String>,
    /// The masters that were merged into it.
    merged: Vec<String>,
    /// Sums over all time, by currency: orders, ordered, invoiced, billed, received, open.
    #[schema(value_type = Vec<Object>)]
    totals: Value,
    /// The latest documents by entity.
    #[schema(value_type = Object)]
    documents: Value,
    /// The score and the grade that it proposes.
    #[schema(value_type = Object)]
    grading: Value,
    /// What customers of the same trade buy and this one does not.
    #[schema(value_type = Object)]
    hints: Value,
}

/// A document in a list.
fn document(row: DocumentRow) -> Value {
    let day = row.day.map(|day| day_of(day).to_string());
    let (id, number, status) = (row.id, row.number.clone(), row.status.clone());
    let read = Document::from_row(row).ok();
    let (amount, currency, subject, outcome) = read.map_or((None, None, None, None), |read| {
        (read.amount, read.currency, read.facts.subject, read.outcome)
    });
    json!({ "id": id, "number": number, "status": status, "day": day, "amount": amount,
        "currency": currency, "subject": subject, "outcome": outcome })
}

/// A customer in the round.
#[utoipa::path(get, path = "/api/v1/insight/customers/{id}", tag = "insight",
    params(("id" = Uuid, Path, description = "its master id, or that of one that was merged into it")), responses(
    (status = 200, description = "the customer", body = CustomerView), (status = 404, description = "no such customer", body = Problem)))]
pub(crate) async fn customer(
    State(api): State<Api>,
    Path(id): Path<Uuid>,
) -> Result<Json<CustomerView>, Problem> {
    let reports = api.reports().await?;
    let (store, generation) = (reports.store(), reports.generation());
    let all = store.customer(generation, id).await?;
    let Some(root) = all.first() else {
        return Err(Problem::not_found(format!(
            "no customer `{id}` in the figures"
        )));
    };
    let ever = ReportFilter {
        from: 0,
        to: reports.year().to + 1200,
    };
    let mut totals: BTreeMap<String, [tenon_core::money::Decimal; 5]> = BTreeMap::new();
    for row in store.months(generation, ever, Some(root.root)).await? {
        let sums = totals.entry(row.currency).or_default();
        sums[0] += tenon_core::money::Decimal::from(row.orders);
        sums[1] += row.ordered;
        sums[2] += row.invoiced;
        sums[3] += row.billed;
        sums[4] += row.received;
    }
    let totals: Vec<Value> = totals
        .into_iter()
        .map(|(currency, [orders, ordered, invoiced, billed, received])| {
            json!({ "currency": currency, "orders": orders, "ordered": ordered, "invoiced": invoiced,
                "billed": billed, "received": received, "open": billed - received })
        })
        .collect();
    let mut documents = BTreeMap::new();
    for entity in DOCUMENTS {
        let rows = store
            .documents_of_customer(generation, root.root, entity.as_str(), MOST)
            .await?;
        let rows: Vec<Value> = rows.into_iter().map(document).collect();
        documents.insert(entity.as_str(), rows);
    }
    let grading = store.grading(generation, root.root).await?;
    let grading = grading.map(super::grades::ProposalView::from);
    let scope = Scope {
        months: reports.year(),
        level: 1,
        by: "source".to_owned(),
        currency: reports.policy().score.currency.to_string(),
        customer: Some(root.root),
        step: 1,
    };
    let hints = reports.report("hints", &scope).await?;
    Ok(Json(CustomerView {
        id: root.root.to_string(),
        code: root.code.clone(),
        name: root.name.clone(),
        kind: root.kind.clone(),
        stage: root.stage.clone(),
        grade: root.grade.clone(),
        industry: root.industry.clone(),
        source: root.source.clone(),
        owner: root.owner.clone(),
        credit_days: root.credit_days,
        known_on: root.known_on.map(|day| day_of(day).to_string()),
        merged: all
            .iter()
            .skip(1)
            .map(|merged| merged.id.to_string())
            .collect(),
        totals: Value::from(totals),
        documents: json!(documents),
        grading: json!(grading),
        hints: json!(hints),
    }))
}
