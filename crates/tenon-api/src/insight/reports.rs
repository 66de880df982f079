//! Reports: each is a table, shown or as a file.

use axum::extract::State;
use axum::response::Response;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tenon_core::Timestamp;
use tenon_insight::{FileFormat, REPORTS, Reports, Scope, Table, month_number};
use tenon_store::insight::ReportFilter;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::export::file;
use crate::problem::{Asked, Path};
use crate::{Api, Problem};

/// Over what.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReportQuery {
    /// The first month: `2026-01`; eleven months before the last, if it is not said.
    from: Option<String>,
    /// The last month; this one, if it is not said.
    to: Option<String>,
    /// How many parts of a path are told apart: 1 or 2.
    level: Option<u8>,
    /// By what customers are told apart: `industry`, `source`, `owner`, `grade`, `stage`, `kind`.
    by: Option<String>,
    /// The currency, where amounts of only one can be shown; that of scores, if it is not said.
    currency: Option<String>,
    /// Only this customer, by its master id.
    customer: Option<Uuid>,
    /// The periods of cohorts: `month`, `quarter`, `year`.
    unit: Option<String>,
    /// For a file: `csv`, `xlsx` or `parquet`.
    #[param(value_type = Option<String>)]
    format: Option<FileFormat>,
}

/// A report.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TableView {
    /// What the cells of each row are, in order.
    columns: Vec<ColumnView>,
    /// The rows: amounts and shares as decimal text, whole numbers as numbers, nothing as null.
    #[schema(value_type = Vec<Vec<Value>>)]
    rows: Value,
    /// When it was made.
    made_at: Timestamp,
}

/// What the cells of a column are.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ColumnView {
    /// Its name.
    #[schema(example = "invoiced")]
    key: String,
    /// `text`, `whole`, `amount`, `share`, `day`.
    #[schema(example = "amount")]
    kind: String,
}

impl From<Table> for TableView {
    fn from(table: Table) -> Self {
        let kind = |kind| serde_json::to_value(kind).ok();
        let columns = table.columns.into_iter().map(|column| ColumnView {
            kind: kind(column.kind)
                .and_then(|kind| kind.as_str().map(str::to_owned))
                .unwrap_or_default(),
            key: column.key,
        });
        Self {
            columns: columns.collect(),
            rows: serde_json::to_value(table.rows).unwrap_or_default(),
            made_at: Timestamp::now(),
        }
    }
}

/// A month by its name.
pub(super) fn month(text: &str) -> Result<i32, Problem> {
    let day: Result<Date, _> = format!("{text}-01").parse();
    day.map(month_number)
        .map_err(|_| Problem::bad_request(format!("`{text}` is no month such as 2026-01")))
}

pub(super) fn scope(reports: &Reports, query: &ReportQuery) -> Result<Scope, Problem> {
    let year = reports.year();
    let to = query
        .to
        .as_deref()
        .map(month)
        .transpose()?
        .unwrap_or(year.to);
    let from = query
        .from
        .as_deref()
        .map(month)
        .transpose()?
        .unwrap_or(to - 11);
    if from > to || to - from >= 240 {
        return Err(Problem::bad_request(
            "the first month must not be after the last, nor 20 years before it",
        ));
    }
    let by = query.by.as_deref().unwrap_or("source");
    if !["industry", "source", "owner", "grade", "stage", "kind"].contains(&by) {
        return Err(Problem::bad_request(format!(
            "customers are not told apart by `{by}`, but by industry, source, owner, grade, stage or kind"
        )));
    }
    let step = match query.unit.as_deref() {
        None | Some("month") => 1,
        Some("quarter") => 3,
        Some("year") => 12,
        Some(other) => {
            return Err(Problem::bad_request(format!(
                "`{other}` is no unit: month, quarter or year"
            )));
        }
    };
    let currency = currency(reports, query.currency.as_deref())?;
    Ok(Scope {
        months: ReportFilter { from, to },
        level: usize::from(query.level.unwrap_or(1).clamp(1, 2)),
        by: by.to_owned(),
        currency,
        customer: query.customer,
        step,
    })
}

/// The currency that is asked for; that of scores, if none is.
pub(super) fn currency(reports: &Reports, asked: Option<&str>) -> Result<String, Problem> {
    let Some(asked) = asked else {
        return Ok(reports.policy().score.currency.to_string());
    };
    let currency = asked.parse::<tenon_core::money::Currency>();
    Ok(currency.map_err(Problem::bad_request)?.to_string())
}

async fn table(reports: Reports, name: &str, scope: &Scope) -> Result<Table, Problem> {
    let table = reports.report(name, scope).await?;
    table.ok_or_else(|| {
        let known = REPORTS.join(", ");
        Problem::not_found(format!("no report `{name}`; there are {known}"))
    })
}

/// A report: `months`, `segments`, `cohorts`, `funnel`, `new_customers`, `grades`, `products`, `hints`,
/// `scorecard`, `cover`.
///
/// One that took long to make is given to whoever asks for the same, and made anew meanwhile when it has become
/// old: `made_at` says when it was made.
#[utoipa::path(get, path = "/api/v1/insight/reports/{name}", tag = "insight",
    params(ReportQuery, ("name" = String, Path, description = "the report")), responses(
    (status = 200, description = "the report", body = TableView), (status = 400, description = "the query does not fit", body = Problem), (status = 404, description = "no such report", body = Problem)))]
pub(crate) async fn report(
    State(api): State<Api>,
    Path(name): Path<String>,
    Asked(query): Asked<ReportQuery>,
) -> Result<Response, Problem> {
    let reports = api.reports().await?;
    let scope = scope(&reports, &query)?;
    api.kept_report(reports, name, scope).await
}

impl Api {
    /// A report as it is kept, or made.
    pub(super) async fn kept_report(
        &self,
        reports: Reports,
        name: String,
        scope: Scope,
    ) -> Result<Response, Problem> {
        let question = question(&reports, &name, &scope);
        let make = async move { Ok(TableView::from(table(reports, &name, &scope).await?)) };
        self.kept.answer(question, make).await
    }
}

/// What is asked, as answers are kept by it.
pub(super) fn question(reports: &Reports, name: &str, scope: &Scope) -> String {
    format!("{name} {} {scope:?}", reports.generation())
}

/// The same report as a file.
#[utoipa::path(get, path = "/api/v1/insight/reports/{name}/export", operation_id = "export_report", tag = "insight",
    params(ReportQuery, ("name" = String, Path, description = "the report")), responses(
    (status = 200, description = "the file", content((String = "text/csv"), (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"), (Vec<u8> = "application/vnd.apache.parquet"))), (status = 400, description = "the query does not fit", body = Problem), (status = 404, description = "no such report", body = Problem)))]
pub(crate) async fn export(
    State(api): State<Api>,
    Path(name): Path<String>,
    Asked(query): Asked<ReportQuery>,
) -> Result<Response, Problem> {
    let reports = api.reports().await?;
    let scope = scope(&reports, &query)?;
    let table = table(reports, &name, &scope).await?;
    file(&name, query.format.unwrap_or(FileFormat::Csv), &table)
}
