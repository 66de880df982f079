//! Reconciliation: how orders, shipments, invoices and receipts agree.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use tenon_core::money::Decimal;
use tenon_insight::{Account, FileFormat, Reports, day_number, day_of, units};
use tenon_store::insight::{Exceptions, First, Matter, MatterFilter, OrderPage};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{contracts, place};
use crate::export::file;
use crate::problem::Asked;
use crate::{Api, Problem};

/// The most orders of one answer, and of one file.
const MOST: u32 = 200;
const MOST_IN_FILE: u32 = 100_000;

/// Which orders.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct OrdersQuery {
    /// How they stand: `matched`, `open`, `short`, `unbilled`, `over_billed`, `overdue`, `orphan`, `mixed`.
    matter: Option<String>,
    /// Only of this customer, by its master id.
    customer: Option<Uuid>,
    /// Only this number, or this contract.
    text: Option<String>,
    /// Only in this currency: `CNY`.
    currency: Option<String>,
    /// Only those that stand so since this day or a later one; without a matter, orders of such days.
    #[param(value_type = Option<String>, format = Date)]
    from: Option<Date>,
    /// Only those that stand so since this day or an earlier one; without a matter, orders of such days.
    #[param(value_type = Option<String>, format = Date)]
    to: Option<Date>,
    /// Which come first: `oldest`, `youngest`, or `most`: of one currency those of which most is at stake, where
    /// they are `short`, `unbilled`, `over_billed` or `overdue`.
    sort: Option<String>,
    /// The `next` of the page before.
    after: Option<String>,
    /// How many, at most 200.
    limit: Option<u32>,
    /// For a file: `csv`, `xlsx` or `parquet`.
    #[param(value_type = Option<String>)]
    format: Option<FileFormat>,
}

/// An order and how it stands; amounts with tax.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OrderView {
    id: String,
    /// `order`, or what leads to none: `shipment`, `invoice`, `receipt`.
    kind: String,
    number: String,
    contract: Option<String>,
    /// What is the matter with it by its contract: `exceeded`, more was ordered than that allows; `outside`, it is of a
    /// day on which that did not hold; `unknown`, nobody told of it; `other_customer`, `other_currency`.
    contract_matters: Vec<&'static str>,
    /// The customer's master id.
    customer: Option<String>,
    customer_name: Option<String>,
    customer_code: Option<String>,
    day: Option<String>,
    status: String,
    /// `matched`, `open`, `cancelled`, `draft`, `mixed`, `orphan`.
    state: String,
    currency: String,
    #[schema(value_type = String)]
    ordered: Decimal,
    #[schema(value_type = String)]
    shipped: Decimal,
    #[schema(value_type = String)]
    invoiced: Decimal,
    #[schema(value_type = String)]
    received: Decimal,
    #[schema(value_type = String)]
    short: Decimal,
    #[schema(value_type = String)]
    unbilled: Decimal,
    #[schema(value_type = String)]
    over_billed: Decimal,
    #[schema(value_type = String)]
    outstanding: Decimal,
    /// When the oldest bill that is not paid had to be paid.
    due_on: Option<String>,
    /// Since how many days it stands so.
    age_days: Option<i32>,
    /// The documents that were counted.
    parts: Vec<PartView>,
}

/// A document of an order.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PartView {
    id: String,
    entity: String,
    number: String,
    day: Option<String>,
    status: String,
    /// What of it is for this order.
    #[schema(value_type = Option<String>)]
    amount: Option<Decimal>,
    /// Its currency, where that is another: it is not counted.
    foreign: Option<String>,
}

/// A page of orders.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OrdersPage {
    items: Vec<OrderView>,
    /// What to give as `after` to go on; absent at the end.
    next: Option<String>,
}

/// How all orders of a currency stand.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExceptionsView {
    currency: String,
    orders: i64,
    #[schema(value_type = String)]
    ordered: Decimal,
    #[schema(value_type = String)]
    shipped: Decimal,
    #[schema(value_type = String)]
    invoiced: Decimal,
    #[schema(value_type = String)]
    received: Decimal,
    /// By how they stand.
    matters: Vec<MatterView>,
}

/// How many orders stand so, and what is at stake.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MatterView {
    matter: String,
    orders: i64,
    #[schema(value_type = Option<String>)]
    amount: Option<Decimal>,
}

fn filter(reports: &Reports, query: &OrdersQuery) -> Result<MatterFilter, Problem> {
    let matter = query.matter.as_deref().map(|name| {
        serde_json::from_value::<Matter>(serde_json::Value::from(name)).map_err(|_| {
            Problem::bad_request(format!(
                "`{name}` is not how orders stand: matched, open, short, unbilled, over_billed, overdue, \
                 orphan, mixed"
            ))
        })
    });
    let matter = matter.transpose()?;
    let first = match query.sort.as_deref() {
        None => First::Usual,
        Some("oldest") => First::Oldest,
        Some("youngest") => First::Youngest,
        Some("most") if query.currency.is_none() => {
            let detail = "amounts of one currency alone are compared: name it as `currency`";
            return Err(Problem::bad_request(detail));
        }
        Some("most") if matter.and_then(Matter::at_stake).is_some() => First::Most,
        Some("most") => {
            let detail =
                "nothing is at stake but of the matters short, unbilled, over_billed, overdue";
            return Err(Problem::bad_request(detail));
        }
        Some(other) => {
            let detail = format!("`{other}` is no order: oldest, youngest, most");
            return Err(Problem::bad_request(detail));
        }
    };
    Ok(MatterFilter {
        matter,
        customer: query.customer,
        text: query.text.clone().filter(|text| !text.trim().is_empty()),
        currency: query.currency.clone(),
        from: query.from.map(day_number),
        to: query.to.map(day_number),
        first,
        ..reports.matters()
    })
}

fn view(page: OrderPage, contract_matters: Vec<&'static str>, today: i32) -> OrderView {
    let row = page.row;
    let account: Account = serde_json::from_str(&row.facts).unwrap_or_default();
    let parts = account.parts.into_iter().map(|part| PartView {
        id: part.id.to_string(),
        entity: part.entity.as_str().to_owned(),
        number: part.number,
        day: part.day.map(|day| day.to_string()),
        status: part.status,
        amount: part.amount,
        foreign: part.foreign,
    });
    let day = |day: Option<i32>| day.map(|day| day_of(day).to_string());
    OrderView {
        id: row.id.to_string(),
        kind: row.kind,
        number: row.number,
        contract: row.contract,
        contract_matters,
        customer: page.customer.map(|customer| customer.to_string()),
        customer_name: page.customer_name,
        customer_code: page.customer_code,
        day: day(row.day),
        status: row.status,
        state: row.state,
        currency: row.currency,
        ordered: units(row.ordered),
        shipped: units(row.shipped),
        invoiced: units(row.invoiced),
        received: units(row.received),
        short: units(row.short),
        unbilled: units(row.unbilled),
        over_billed: units(row.over_billed),
        outstanding: units(row.outstanding),
        due_on: day(page.due_on),
        age_days: page.age_from.map(|from| today - from),
        parts: parts.collect(),
    }
}

/// Orders with what was shipped, billed and paid of them: the oldest first where it is asked how they stand.
#[utoipa::path(get, path = "/api/v1/insight/orders", tag = "insight", params(OrdersQuery), responses(
    (status = 200, description = "a page of orders", body = OrdersPage), (status = 400, description = "the query does not fit", body = Problem)))]
pub(crate) async fn orders(
    State(api): State<Api>,
    Asked(query): Asked<OrdersQuery>,
) -> Result<Json<OrdersPage>, Problem> {
    let reports = api.reports().await?;
    let filter = filter(&reports, &query)?;
    let limit = query.limit.unwrap_or(50).clamp(1, MOST);
    let after = place(query.after.as_deref())?;
    let store = reports.store();
    let found = store
        .orders(reports.generation(), &filter, after, limit)
        .await?;
    let last = found.last().filter(|_| found.len() as u32 == limit);
    let next = last.map(|last| format!("{}/{}", last.place, last.row.id));
    let matters = contracts::matters_of(&reports, &found).await?;
    let items = found.into_iter().zip(matters);
    let items = items.map(|(page, matters)| view(page, matters, filter.today));
    Ok(Json(OrdersPage {
        items: items.collect(),
        next,
    }))
}

/// The same orders as a file: at most 100,000.
#[utoipa::path(get, path = "/api/v1/insight/orders/export", operation_id = "export_orders", tag = "insight", params(OrdersQuery), responses(
    (status = 200, description = "the file", content((String = "text/csv"), (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"), (Vec<u8> = "application/vnd.apache.parquet"))), (status = 400, description = "the query does not fit", body = Problem)))]
pub(crate) async fn export(
    State(api): State<Api>,
    Asked(query): Asked<OrdersQuery>,
) -> Result<Response, Problem> {
    let reports = api.reports().await?;
    let filter = filter(&reports, &query)?;
    let most = query.limit.unwrap_or(MOST_IN_FILE).clamp(1, MOST_IN_FILE);
    let table = reports.orders(&filter, most).await?;
    file(
        "reconciliation",
        query.format.unwrap_or(FileFormat::Csv),
        &table,
    )
}

/// How all orders stand, by currency, and what is at stake.
///
/// Where it took long to make, it is given to whoever asks, and made anew meanwhile when it has become old:
/// `Age` says how many seconds old it is.
#[utoipa::path(get, path = "/api/v1/insight/exceptions", tag = "insight", responses(
    (status = 200, description = "one entry a currency", body = [ExceptionsView])))]
pub(crate) async fn exceptions(State(api): State<Api>) -> Result<Response, Problem> {
    api.kept_exceptions(api.reports().await?).await
}

impl Api {
    /// How all orders stand, as it is kept, or made.
    pub(super) async fn kept_exceptions(&self, reports: Reports) -> Result<Response, Problem> {
        let question = question(&reports);
        let make = async move {
            let (generation, matters) = (reports.generation(), reports.matters());
            let found = reports.store().exceptions(generation, &matters).await?;
            let views = found.into_iter().map(ExceptionsView::from);
            Ok(views.collect::<Vec<_>>())
        };
        self.kept.answer(question, make).await
    }
}

/// What is asked, as answers are kept by it.
pub(super) fn question(reports: &Reports) -> String {
    format!(
        "exceptions {} {:?}",
        reports.generation(),
        reports.matters()
    )
}

impl From<Exceptions> for ExceptionsView {
    fn from(row: Exceptions) -> Self {
        let matter = |matter: &str, orders, amount| MatterView {
            matter: matter.to_owned(),
            orders,
            amount,
        };
        Self {
            matters: vec![
                matter("matched", row.matched, None),
                matter("open", row.open, None),
                matter("short", row.short, Some(row.short_amount)),
                matter("unbilled", row.unbilled, Some(row.unbilled_amount)),
                matter("over_billed", row.over_billed, Some(row.over_billed_amount)),
                matter("overdue", row.overdue, Some(row.overdue_amount)),
                matter("orphan", row.orphan, Some(row.orphan_amount)),
                matter("mixed", row.mixed, None),
            ],
            currency: row.currency,
            orders: row.orders,
            ordered: row.ordered,
            shipped: row.shipped,
            invoiced: row.invoiced,
            received: row.received,
        }
    }
}
