//! Lists of customers: by what they are, by what they bought and when; what is behind the numbers of reports.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tenon_core::customer::Grade;
use tenon_core::money::Decimal;
use tenon_insight::{Cell, FileFormat, Kind, Reports, Table, day_number, day_of, units};
use tenon_store::insight::{
    Bought, CustomerFilter, CustomerKey, CustomerPlace, CustomerSort, Listed, Place, ReportFilter,
};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::grades::ProposalView;
use super::reports::{currency, month};
use crate::customers::meant;
use crate::export::file;
use crate::problem::{Asked, Path};
use crate::{Api, Problem};

/// The most customers of one answer, and of one file.
const MOST: u32 = 200;
const MOST_IN_FILE: usize = 100_000;
/// So many are read at a time for a file.
const PORTION: u32 = 1_000;
/// The most customers that a text is looked for among.
const MOST_MEANT: u32 = 1_000;

/// What is said of those of whom nothing is said.
const NONE: &str = "none";

/// Which customers.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListedQuery {
    /// Only those that somebody calls so, by a name or a part of it, a code, or a native id (`erp/K-1`), or nearly
    /// so: at most 1,000.
    text: Option<String>,
    /// Only customers that have this grade; `none` for those without one, here and in what follows.
    grade: Option<String>,
    /// Only customers of this industry: `retail` is also `retail/online`, unless `level` says otherwise.
    industry: Option<String>,
    /// Only customers that came from this source or from one below it, alike.
    source: Option<String>,
    /// How many parts of a path are told apart, 1 or 2: with 2, `retail` is only who is not said to be of a part of it.
    level: Option<u8>,
    /// Only customers whom this one looks after.
    owner: Option<String>,
    /// Only customers at this stage.
    stage: Option<String>,
    /// Only customers of this kind.
    kind: Option<String>,
    /// Only those of whom the hub first heard on this day or later.
    #[param(value_type = Option<String>, format = Date)]
    known_from: Option<Date>,
    /// Only those of whom the hub first heard on this day or earlier.
    #[param(value_type = Option<String>, format = Date)]
    known_to: Option<Date>,
    /// Only those whose last order is of this day or a later one.
    #[param(value_type = Option<String>, format = Date)]
    last_from: Option<Date>,
    /// Only those that have ordered, and last on this day or earlier.
    #[param(value_type = Option<String>, format = Date)]
    last_to: Option<Date>,
    /// Only those that first ordered in this month (`2026-01`) or later, and had figures of the currency in that month.
    first_from: Option<String>,
    /// Only those that first ordered in this month or earlier.
    first_to: Option<String>,
    /// Only those with figures of the currency in this month or later.
    from: Option<String>,
    /// Only those with figures of the currency in this month or earlier.
    to: Option<String>,
    /// Of figures; that of scores, if it is not said.
    currency: Option<String>,
    /// Only those that ordered this item in those months, by its code or its identity.
    item: Option<String>,
    /// By what they are ordered: `name`, `sales`, `last_order`, `score`; the largest first with a `-` before it.
    /// `-sales`, if it is not said; who has no score is not ordered by it.
    sort: Option<String>,
    /// The `next` of the page before.
    after: Option<String>,
    /// How many, at most 200.
    limit: Option<u32>,
    /// For a file: `csv`, `xlsx` or `parquet`.
    #[param(value_type = Option<String>)]
    format: Option<FileFormat>,
}

/// A customer of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ListedCustomer {
    #[serde(flatten)]
    grading: ProposalView,
    kind: Option<String>,
    stage: Option<String>,
    industry: Option<String>,
    source: Option<String>,
    /// When the hub first heard of it.
    known_on: Option<String>,
    /// Sales of the last twelve months, in the currency of scores, as of when it was scored.
    #[schema(value_type = String)]
    sales: Decimal,
    /// The day of its last order, as of then.
    last_order: Option<String>,
    /// What it bought in the months that are asked for; null where none are.
    bought: Option<BoughtView>,
}

/// What a customer bought in the months and the currency that are asked for, amounts as decimal text.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BoughtView {
    /// How many orders; 0 of an item.
    orders: i64,
    /// Ordered, without tax.
    #[schema(value_type = String)]
    ordered: Decimal,
    /// Sales; 0 of an item.
    #[schema(value_type = String)]
    invoiced: Decimal,
    /// Received; 0 of an item.
    #[schema(value_type = String)]
    received: Decimal,
    /// Of the item; 0 without one.
    #[schema(value_type = String)]
    quantity: Decimal,
}

impl From<Bought> for BoughtView {
    fn from(bought: Bought) -> Self {
        Self {
            orders: bought.orders,
            ordered: bought.ordered,
            invoiced: bought.invoiced,
            received: bought.received,
            quantity: bought.quantity,
        }
    }
}

impl From<Listed> for ListedCustomer {
    fn from(listed: Listed) -> Self {
        let day = |day: Option<i32>| day.map(|day| day_of(day).to_string());
        Self {
            grading: listed.grading.into(),
            kind: listed.kind,
            stage: listed.stage,
            industry: listed.industry,
            source: listed.source,
            known_on: day(listed.known_on),
            sales: units(listed.sales.unwrap_or_default()),
            last_order: day(listed.last_order),
            bought: listed.bought.map(BoughtView::from),
        }
    }
}

/// A page of customers.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ListedCustomers {
    /// Some of them; where many must be passed over, none, and there are more.
    items: Vec<ListedCustomer>,
    /// What to give as `after` to go on; null at the end.
    next: Option<String>,
    /// Of `sales`.
    #[schema(example = "CNY")]
    currency: String,
}

/// What is asked for, as the store has it.
struct Wanted {
    reports: Reports,
    filter: CustomerFilter,
    sort: CustomerSort,
}

impl Wanted {
    async fn new(api: &Api, query: &ListedQuery) -> Result<Self, Problem> {
        let reports = api.reports().await?;
        let mut filter = CustomerFilter {
            known: span(query.known_from, query.known_to),
            last_from: query.last_from.map(day_number),
            last_to: query.last_to.map(day_number),
            begun: months(query.first_from.as_deref(), query.first_to.as_deref())?,
            active: months(query.from.as_deref(), query.to.as_deref())?,
            currency: currency(&reports, query.currency.as_deref())?,
            ..CustomerFilter::default()
        };
        let text = query.text.as_deref().map(str::trim).unwrap_or_default();
        if !text.is_empty() {
            let meant = meant(api, text, MOST_MEANT).await?.into_iter();
            filter.ids = Some(meant.map(|(id, _)| id.0).collect());
        }
        if let Some(item) = &query.item {
            if filter.active.is_none() {
                let detail = "`item` is asked for of months: name them as `from` and `to`";
                return Err(Problem::bad_request(detail));
            }
            filter.item = Some(named_item(&reports, item).await?);
        }
        say(&reports, query, &mut filter).await?;
        let sort = sort(query.sort.as_deref())?;
        Ok(Self {
            reports,
            filter,
            sort,
        })
    }

    async fn page(
        &self,
        after: Option<CustomerPlace>,
        limit: u32,
    ) -> Result<(Vec<Listed>, Option<CustomerPlace>), Problem> {
        let (store, generation) = (self.reports.store(), self.reports.generation());
        let list = store.customers(generation, &self.filter, self.sort, after, limit);
        let list = list.await?;
        Ok((list.customers, list.next))
    }
}

/// From one day to another, where either is named.
fn span(from: Option<Date>, to: Option<Date>) -> Option<(i32, i32)> {
    let (from, to) = (from.map(day_number), to.map(day_number));
    (from.is_some() || to.is_some()).then(|| (from.unwrap_or(i32::MIN), to.unwrap_or(i32::MAX)))
}

/// The months from one to another: of one that is named alone, it.
fn months(from: Option<&str>, to: Option<&str>) -> Result<Option<ReportFilter>, Problem> {
    let (Some(first), Some(last)) = (from.or(to), to.or(from)) else {
        return Ok(None);
    };
    let (from, to) = (month(first)?, month(last)?);
    if from > to || to - from >= 240 {
        return Err(Problem::bad_request(
            "the first month must not be after the last, nor 20 years before it",
        ));
    }
    Ok(Some(ReportFilter { from, to }))
}

async fn named_item(reports: &Reports, name: &str) -> Result<Uuid, Problem> {
    let found = reports
        .store()
        .items_called(reports.generation(), name)
        .await?;
    match found.as_slice() {
        [one] => Ok(*one),
        [] => Err(Problem::bad_request(format!("no item is called `{name}`"))),
        _ => Err(Problem::bad_request(format!(
            "several items have the code `{name}`; give the identity of one"
        ))),
    }
}

/// What is to be said of them: of a path all that is below it, as far as parts are told apart.
async fn say(
    reports: &Reports,
    query: &ListedQuery,
    filter: &mut CustomerFilter,
) -> Result<(), Problem> {
    let asked = [
        ("grade", &query.grade),
        ("industry", &query.industry),
        ("source", &query.source),
        ("owner", &query.owner),
        ("stage", &query.stage),
        ("kind", &query.kind),
    ];
    for (by, asked) in asked {
        let Some(asked) = asked.as_deref().filter(|asked| !asked.is_empty()) else {
            continue;
        };
        let said = match (by, asked) {
            (_, NONE) => None,
            ("industry" | "source", path) => {
                let known = reports.store().said(reports.generation(), by).await?;
                let parts = query.level.map_or(path.split('/').count(), usize::from);
                let below = |value: &String| value.split('/').take(parts).eq(path.split('/'));
                Some(known.into_iter().filter(below).collect())
            }
            ("grade", name) => match serde_json::from_value::<Grade>(Value::from(name)) {
                Ok(_) => Some(vec![name.to_owned()]),
                Err(_) => {
                    return Err(Problem::bad_request(format!(
                        "`{name}` is no grade: diamond, strategic, potential, ordinary, problem, none"
                    )));
                }
            },
            (_, name) => Some(vec![name.to_owned()]),
        };
        filter.said.insert(by.to_owned(), said);
    }
    Ok(())
}

fn sort(asked: Option<&str>) -> Result<CustomerSort, Problem> {
    let asked = asked.unwrap_or("-sales");
    let name = asked.strip_prefix('-');
    let by = match name.unwrap_or(asked) {
        "name" => CustomerKey::Name,
        "sales" => CustomerKey::Sales,
        "last_order" => CustomerKey::LastOrder,
        "score" => CustomerKey::Score,
        other => {
            return Err(Problem::bad_request(format!(
                "customers are not ordered by `{other}`, but by name, sales, last_order or score"
            )));
        }
    };
    Ok(CustomerSort {
        by,
        falling: name.is_some(),
    })
}

/// Where a page ended: by what it is ordered, and an id.
fn place(by: CustomerKey, after: &str) -> Option<CustomerPlace> {
    let (place, id) = after.rsplit_once('/')?;
    let place = match by {
        CustomerKey::Name => Place::Text(place.to_owned()),
        CustomerKey::Sales | CustomerKey::LastOrder | CustomerKey::Score => {
            Place::Number(place.parse().ok()?)
        }
    };
    let id = id.parse().ok()?;
    Some(CustomerPlace { place, id })
}

fn named_place(place: CustomerPlace) -> String {
    match place.place {
        Place::Number(number) => format!("{number}/{}", place.id),
        Place::Text(text) => format!("{text}/{}", place.id),
    }
}

/// Customers by what they are, what they bought and when, each with its grade and what its score is made of; merged
/// ones are their survivors. What a number of a report counts is found by the same words.
///
/// Where many must be passed over, a page has fewer, or none, and a `next`.
#[utoipa::path(get, path = "/api/v1/insight/customers", operation_id = "listed_customers", tag = "insight", params(ListedQuery), responses(
    (status = 200, description = "a page of customers", body = ListedCustomers), (status = 400, description = "the query does not fit", body = Problem)))]
pub(crate) async fn customers(
    State(api): State<Api>,
    Asked(query): Asked<ListedQuery>,
) -> Result<Json<ListedCustomers>, Problem> {
    let wanted = Wanted::new(&api, &query).await?;
    let after = match query.after.as_deref() {
        None => None,
        Some(after) => {
            let unfit = || Problem::bad_request("`after` is not the `next` of a page");
            Some(place(wanted.sort.by, after).ok_or_else(unfit)?)
        }
    };
    let limit = query.limit.unwrap_or(50).clamp(1, MOST);
    let (found, next) = wanted.page(after, limit).await?;
    Ok(Json(ListedCustomers {
        items: found.into_iter().map(ListedCustomer::from).collect(),
        next: next.map(named_place),
        currency: currency(&wanted.reports, None)?,
    }))
}

/// The same customers as a file: at most 100,000.
#[utoipa::path(get, path = "/api/v1/insight/customers/export", operation_id = "export_listed_customers", tag = "insight", params(ListedQuery), responses(
    (status = 200, description = "the file", content((String = "text/csv"), (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"), (Vec<u8> = "application/vnd.apache.parquet"))), (status = 400, description = "the query does not fit", body = Problem)))]
pub(crate) async fn export(
    State(api): State<Api>,
    Asked(query): Asked<ListedQuery>,
) -> Result<Response, Problem> {
    let wanted = Wanted::new(&api, &query).await?;
    let mut columns = vec![
        ("code", Kind::Text),
        ("name", Kind::Text),
        ("kind", Kind::Text),
        ("stage", Kind::Text),
        ("grade", Kind::Text),
        ("industry", Kind::Text),
        ("source", Kind::Text),
        ("owner", Kind::Text),
        ("known_on", Kind::Day),
        ("score", Kind::Whole),
        ("sales", Kind::Amount),
        ("last_order", Kind::Day),
    ];
    let of_item = wanted.filter.item.is_some();
    if wanted.filter.active.is_some() || wanted.filter.begun.is_some() {
        columns.extend(match of_item {
            true => vec![("ordered", Kind::Amount), ("quantity", Kind::Amount)],
            false => vec![
                ("orders", Kind::Whole),
                ("ordered", Kind::Amount),
                ("invoiced", Kind::Amount),
                ("received", Kind::Amount),
            ],
        });
    }
    let mut table = Table::new(&columns);
    let mut after = None;
    loop {
        let left = MOST_IN_FILE - table.rows.len();
        let portion = PORTION.min(u32::try_from(left).unwrap_or(PORTION));
        let (found, next) = wanted.page(after, portion).await?;
        let rows = found.into_iter();
        table.rows.extend(rows.map(|listed| cells(listed, of_item)));
        after = next;
        if after.is_none() || table.rows.len() >= MOST_IN_FILE {
            break;
        }
    }
    file("customers", query.format.unwrap_or_default(), &table)
}

fn cells(listed: Listed, of_item: bool) -> Vec<Cell> {
    let grading = listed.grading;
    let mut cells: Vec<Cell> = vec![
        grading.code.into(),
        grading.name.into(),
        listed.kind.into(),
        listed.stage.into(),
        grading.grade.into(),
        listed.industry.into(),
        listed.source.into(),
        grading.owner.into(),
        listed.known_on.map(day_of).into(),
        grading
            .score
            .map_or(Cell::Nothing, |score| Cell::Whole(score.into())),
        units(listed.sales.unwrap_or_default()).into(),
        listed.last_order.map(day_of).into(),
    ];
    match listed.bought {
        None => {}
        Some(bought) if of_item => cells.extend([bought.ordered.into(), bought.quantity.into()]),
        Some(bought) => cells.extend([
            bought.orders.into(),
            bought.ordered.into(),
            bought.invoiced.into(),
            bought.received.into(),
        ]),
    }
    cells
}

/// What is said of any customer: every `industry`, `source`, `owner` or `grade`, as `GET /api/v1/insight/customers`
/// takes it.
#[utoipa::path(get, path = "/api/v1/insight/dimensions/{name}", tag = "insight",
    params(("name" = String, Path, description = "`industry`, `source`, `owner` or `grade`")), responses(
    (status = 200, description = "the values", body = [String]), (status = 404, description = "no such dimension", body = Problem)))]
pub(crate) async fn dimension(
    State(api): State<Api>,
    Path(name): Path<String>,
) -> Result<Json<Vec<String>>, Problem> {
    if !["industry", "source", "owner", "grade"].contains(&name.as_str()) {
        return Err(Problem::not_found(format!(
            "no dimension `{name}`; there are industry, source, owner, grade"
        )));
    }
    let reports = api.reports().await?;
    let said = reports.store().said(reports.generation(), &name).await?;
    Ok(Json(said))
}
