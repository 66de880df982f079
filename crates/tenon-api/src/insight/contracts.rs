//! Contracts: what was agreed, and how far the orders that name them have come.

use std::collections::{HashMap, HashSet};

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use tenon_core::money::Decimal;
use tenon_insight::{FileFormat, Reports, contract_matters, day_of, units};
use tenon_store::insight::{
    Contract, ContractFilter, ContractMatter, ContractPlace, ContractSums, OrderPage,
};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::export::file;
use crate::problem::Asked;
use crate::{Api, Problem};

/// The most contracts of one answer, and of one file.
const MOST: u32 = 200;
const MOST_IN_FILE: u32 = 100_000;

/// Which contracts.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ContractsQuery {
    /// What is the matter with them: `exceeded`, more was ordered than it allows; `outside`, orders are of a day on
    /// which it did not hold; `unknown`, orders name it and nobody told of it.
    matter: Option<String>,
    /// Only of this customer, by its master id.
    customer: Option<Uuid>,
    /// Only this number.
    text: Option<String>,
    /// Only in this currency: `CNY`.
    currency: Option<String>,
    /// The `next` of the page before.
    after: Option<String>,
    /// How many, at most 200.
    limit: Option<u32>,
    /// For a file: `csv`, `xlsx` or `parquet`.
    #[param(value_type = Option<String>)]
    format: Option<FileFormat>,
}

/// A contract, and its orders of one currency; amounts with tax.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ContractView {
    number: String,
    /// Empty where it has no amount, and no orders.
    currency: String,
    /// The document by which it was told; null where nobody told of it.
    document: Option<Uuid>,
    title: Option<String>,
    /// `draft`, `released`, `obsolete`.
    status: Option<String>,
    /// The customer's master id.
    customer: Option<Uuid>,
    customer_name: Option<String>,
    customer_code: Option<String>,
    valid_from: Option<String>,
    valid_until: Option<String>,
    /// What may be ordered under it; null where it is silent, or speaks of another currency.
    #[schema(value_type = Option<String>)]
    amount: Option<Decimal>,
    /// Of the amount, what was not ordered yet.
    #[schema(value_type = Option<String>)]
    left: Option<Decimal>,
    /// Orders that name it, without drafts and cancelled ones.
    orders: i64,
    #[schema(value_type = String)]
    ordered: Decimal,
    #[schema(value_type = String)]
    shipped: Decimal,
    #[schema(value_type = String)]
    invoiced: Decimal,
    #[schema(value_type = String)]
    received: Decimal,
    /// What was ordered beyond the amount, where that matters.
    #[schema(value_type = String)]
    exceeded: Decimal,
    /// Of the orders, those of a day on which it did not hold.
    outside: i64,
}

/// A page of contracts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ContractsPage {
    items: Vec<ContractView>,
    /// What to give as `after` to go on; null at the end.
    next: Option<String>,
}

/// How all contracts of a currency stand.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ContractSumsView {
    /// Empty for those without an amount and orders.
    currency: String,
    /// Contracts that somebody told of.
    contracts: i64,
    #[schema(value_type = String)]
    amount: Decimal,
    #[schema(value_type = String)]
    ordered: Decimal,
    #[schema(value_type = String)]
    invoiced: Decimal,
    #[schema(value_type = String)]
    received: Decimal,
    /// By what is the matter.
    matters: Vec<ContractMatterView>,
}

/// With how many contracts something is the matter, and what is at stake.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ContractMatterView {
    matter: &'static str,
    contracts: i64,
    #[schema(value_type = Option<String>)]
    amount: Option<Decimal>,
}

impl From<Contract> for ContractView {
    fn from(row: Contract) -> Self {
        let day = |day: Option<i32>| day.map(|day| day_of(day).to_string());
        Self {
            left: row.amount.map(|amount| units(amount - row.ordered)),
            number: row.number,
            currency: row.currency,
            document: row.document,
            title: row.title,
            status: row.status,
            customer: row.customer,
            customer_name: row.customer_name,
            customer_code: row.customer_code,
            valid_from: day(row.valid_from),
            valid_until: day(row.valid_until),
            amount: row.amount.map(units),
            orders: row.orders,
            ordered: units(row.ordered),
            shipped: units(row.shipped),
            invoiced: units(row.invoiced),
            received: units(row.received),
            exceeded: units(row.exceeded),
            outside: row.outside,
        }
    }
}

impl From<ContractSums> for ContractSumsView {
    fn from(row: ContractSums) -> Self {
        let matter = |matter, contracts, amount| ContractMatterView {
            matter,
            contracts,
            amount,
        };
        Self {
            matters: vec![
                matter("exceeded", row.exceeded, Some(row.exceeded_amount)),
                matter("outside", row.outside, None),
                matter("unknown", row.unknown, Some(row.unknown_amount)),
            ],
            currency: row.currency,
            contracts: row.contracts,
            amount: row.amount,
            ordered: row.ordered,
            invoiced: row.invoiced,
            received: row.received,
        }
    }
}

fn filter(query: &ContractsQuery) -> Result<ContractFilter, Problem> {
    let matter = query.matter.as_deref().map(|name| {
        serde_json::from_value::<ContractMatter>(name.into()).map_err(|_| {
            Problem::bad_request(format!(
                "`{name}` is no matter of a contract: exceeded, outside, unknown"
            ))
        })
    });
    Ok(ContractFilter {
        matter: matter.transpose()?,
        customer: query.customer,
        number: query.text.clone().filter(|text| !text.trim().is_empty()),
        currency: query.currency.clone(),
    })
}

/// Where a page ended, as its `next` says it: what it was exceeded by, the currency, and the number, which may hold
/// anything.
fn place(after: &str) -> Result<ContractPlace, Problem> {
    let mut parts = after.splitn(3, '/');
    let mut read = || {
        let exceeded = parts.next()?.parse().ok()?;
        let (currency, number) = (parts.next()?.to_owned(), parts.next()?.to_owned());
        Some(ContractPlace {
            exceeded,
            number,
            currency,
        })
    };
    read().ok_or_else(|| Problem::bad_request("`after` is not the `next` of a page"))
}

/// Contracts with what was ordered, shipped, billed and paid of them, by number; those that are exceeded by how much.
#[utoipa::path(get, path = "/api/v1/insight/contracts", tag = "insight", params(ContractsQuery), responses(
    (status = 200, description = "a page of contracts", body = ContractsPage), (status = 400, description = "the query does not fit", body = Problem)))]
pub(crate) async fn contracts(
    State(api): State<Api>,
    Asked(query): Asked<ContractsQuery>,
) -> Result<Json<ContractsPage>, Problem> {
    let reports = api.reports().await?;
    let filter = filter(&query)?;
    let limit = query.limit.unwrap_or(50).clamp(1, MOST);
    let after = query.after.as_deref().map(place).transpose()?;
    let (store, generation) = (reports.store(), reports.generation());
    let mut found = store
        .contracts(generation, &filter, after.as_ref(), limit + 1)
        .await?;
    let more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let last = found.last().filter(|_| more);
    let next = last.map(|last| format!("{}/{}/{}", last.exceeded, last.currency, last.number));
    Ok(Json(ContractsPage {
        items: found.into_iter().map(ContractView::from).collect(),
        next,
    }))
}

/// The same contracts as a file: at most 100,000.
#[utoipa::path(get, path = "/api/v1/insight/contracts/export", operation_id = "export_contracts", tag = "insight", params(ContractsQuery), responses(
    (status = 200, description = "the file", content((String = "text/csv"), (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"), (Vec<u8> = "application/vnd.apache.parquet"))), (status = 400, description = "the query does not fit", body = Problem)))]
pub(crate) async fn export(
    State(api): State<Api>,
    Asked(query): Asked<ContractsQuery>,
) -> Result<Response, Problem> {
    let reports = api.reports().await?;
    let filter = filter(&query)?;
    let most = query.limit.unwrap_or(MOST_IN_FILE).clamp(1, MOST_IN_FILE);
    let table = reports.contracts(&filter, most).await?;
    file("contracts", query.format.unwrap_or(FileFormat::Csv), &table)
}

/// How all contracts stand, by currency, and what is at stake.
///
/// Where it took long to make, it is given to whoever asks, and made anew meanwhile when it has become old:
/// `Age` says how many seconds old it is.
#[utoipa::path(get, path = "/api/v1/insight/contracts/sums", operation_id = "contract_sums", tag = "insight", responses(
    (status = 200, description = "one entry a currency", body = [ContractSumsView])))]
pub(crate) async fn sums(State(api): State<Api>) -> Result<Response, Problem> {
    let reports = api.reports().await?;
    let question = format!("contracts {}", reports.generation());
    let make = async move {
        let found = reports.store().contract_sums(reports.generation()).await?;
        let views = found.into_iter().map(ContractSumsView::from);
        Ok(views.collect::<Vec<_>>())
    };
    api.kept.answer(question, make).await
}

/// What is the matter with orders by their contracts, in the order of the page.
pub(super) async fn matters_of(
    reports: &Reports,
    page: &[OrderPage],
) -> Result<Vec<Vec<&'static str>>, Problem> {
    let (store, generation) = (reports.store(), reports.generation());
    let numbers = page
        .iter()
        .filter_map(|order| order.row.contract.as_deref());
    let numbers: HashSet<&str> = numbers.collect();
    if numbers.is_empty() {
        return Ok(vec![Vec::new(); page.len()]);
    }
    let told = store.has_contracts(generation).await?;
    let numbers: Vec<&str> = numbers.into_iter().collect();
    let found = store.contracts_named(generation, &numbers).await?;
    let mut named: HashMap<&str, Vec<&Contract>> = HashMap::new();
    for contract in &found {
        named.entry(&contract.number).or_default().push(contract);
    }
    let matters = page.iter().map(|order| {
        let number = order.row.contract.as_deref();
        let rows = number.and_then(|number| named.get(number));
        contract_matters(
            &order.row,
            order.customer,
            rows.map_or(&[], Vec::as_slice),
            told,
        )
    });
    Ok(matters.collect())
}
