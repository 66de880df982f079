//! A customer in the round: what it ordered, was sent, billed and paid, what it asked of service, what may
//! come, and what it is worth; those that were merged into it included.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use tenon_core::money::Decimal;
use tenon_insight::{DOCUMENTS, Scope, day_of};
use tenon_store::insight::{PaperFilter, ReportFilter};
use utoipa::ToSchema;
use uuid::Uuid;

use super::grades::ProposalView;
use super::papers::{self, PapersPage};
use super::reports::TableView;
use crate::problem::Path;
use crate::{Api, Problem};

/// Documents of each entity that are shown at first.
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
    /// Sums over all time, by currency.
    totals: Vec<TotalsView>,
    /// The latest documents by entity: `order`, `shipment`, `invoice`, `receipt`, `opportunity`, `case`, `interaction`; `next` is of
    /// `GET /api/v1/insight/documents`.
    documents: BTreeMap<String, PapersPage>,
    /// The score and the grade that it proposes; null where there is none yet.
    grading: Option<ProposalView>,
    /// What customers of the same trade buy and this one does not.
    hints: Option<TableView>,
}

/// A customer's sums in one currency, amounts as decimal text.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TotalsView {
    #[schema(example = "CNY")]
    currency: String,
    /// How many orders.
    #[schema(value_type = String)]
    orders: Decimal,
    #[schema(value_type = String)]
    ordered: Decimal,
    #[schema(value_type = String)]
    invoiced: Decimal,
    /// What was invoiced, less what was taken back.
    #[schema(value_type = String)]
    billed: Decimal,
    #[schema(value_type = String)]
    received: Decimal,
    /// What was billed and not received.
    #[schema(value_type = String)]
    open: Decimal,
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
    let mut totals: BTreeMap<String, [Decimal; 5]> = BTreeMap::new();
    for row in store.months(generation, ever, Some(root.root)).await? {
        let sums = totals.entry(row.currency).or_default();
        sums[0] += Decimal::from(row.orders);
        sums[1] += row.ordered;
        sums[2] += row.invoiced;
        sums[3] += row.billed;
        sums[4] += row.received;
    }
    let totals = totals.into_iter().map(|(currency, sums)| {
        let [orders, ordered, invoiced, billed, received] = sums;
        TotalsView {
            currency,
            orders,
            ordered,
            invoiced,
            billed,
            received,
            open: billed - received,
        }
    });
    let mut documents = BTreeMap::new();
    for entity in DOCUMENTS {
        let filter = PaperFilter {
            entity: entity.as_str().to_owned(),
            customer: Some(root.root),
            ..PaperFilter::default()
        };
        let page = papers::page(store, generation, &filter, None, MOST).await?;
        documents.insert(filter.entity, page);
    }
    let grading = store.grading(generation, root.root).await?;
    let grading = grading.map(ProposalView::from);
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
        totals: totals.collect(),
        documents,
        grading,
        hints: hints.map(TableView::from),
    }))
}
