//! Dealers: how long their stock lasts, who may run out of what, and what that was made from.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use tenon_core::money::Decimal;
use tenon_insight::{
    Count, Cover, FileFormat, Ground, Sold, SoldReport, cover_table, day_of, units,
};
use tenon_store::insight::Demand;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::export::file;
use crate::problem::{Asked, Path};
use crate::{Api, Problem};

/// The most rows of one answer.
const MOST: usize = 200;

/// How stock stands.
const STANDINGS: [&str; 6] = [
    "enough",
    "stock_out",
    "cover",
    "reorder_point",
    "stale",
    "unknown",
];

/// By what rows are ordered.
const SORTS: [&str; 9] = [
    "dealer",
    "item",
    "available",
    "in_transit",
    "per_day",
    "days",
    "needed",
    "needed_on",
    "counted_on",
];

/// Which dealers and items.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct CoverQuery {
    /// Only of this dealer, by its master id.
    dealer: Option<Uuid>,
    /// Only of this item, by its identity.
    item: Option<Uuid>,
    /// Only those of which each of these words stands in a code or a name, the dealer's or the item's.
    text: Option<String>,
    /// `true`: only what may run out.
    risk: Option<bool>,
    /// Only what stands so: `enough`, `stock_out`, `cover`, `reorder_point`, `stale`, `unknown`.
    standing: Option<String>,
    /// By what they are ordered: `dealer`, `item`, `available`, `in_transit`, `per_day`, `days`, `needed`,
    /// `needed_on`, `counted_on`; the largest first with a `-` before it. By the dealers' codes, if it is not said.
    sort: Option<String>,
    /// How many to pass over.
    after: Option<usize>,
    /// How many, at most 200.
    limit: Option<usize>,
    /// For a file: `csv`, `xlsx` or `parquet`.
    #[param(value_type = Option<String>)]
    format: Option<FileFormat>,
}

/// How long a dealer's stock of an item lasts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CoverView {
    /// The dealer's master id.
    dealer: String,
    dealer_code: Option<String>,
    dealer_name: Option<String>,
    /// The item's identity.
    item: String,
    item_code: Option<String>,
    item_name: Option<String>,
    unit: Option<String>,
    #[schema(value_type = String)]
    available: Decimal,
    #[schema(value_type = String)]
    in_transit: Decimal,
    #[schema(value_type = Option<String>)]
    reorder_point: Option<Decimal>,
    counted_on: String,
    /// Sold a day, on average over the days that were reported; null where these are too few, or where units
    /// of which one cannot be told in the other are counted.
    #[schema(value_type = Option<String>)]
    per_day: Option<Decimal>,
    /// Days that what is available and on the way lasts; null where nothing is sold, or no average is known.
    #[schema(value_type = Option<String>)]
    days: Option<Decimal>,
    /// `enough`, `stock_out`, `cover`, `reorder_point`, `stale`, `unknown`.
    standing: String,
    /// What brings it back to where it should be.
    #[schema(value_type = String)]
    needed: Decimal,
    /// By when that is needed.
    needed_on: Option<String>,
}

/// A page of dealers' stock.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CoverPage {
    items: Vec<CoverView>,
    /// What to give as `after` to go on; absent at the end.
    next: Option<usize>,
    /// How many there are.
    total: usize,
    /// How many stand how, of all that fit but for `risk` and `standing`.
    standings: BTreeMap<String, usize>,
}

/// What a dealer's stock of an item and its average were made from.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GroundView {
    #[serde(flatten)]
    cover: CoverView,
    /// What was counted, the latest first.
    counts: Vec<CountView>,
    /// The days over which the average goes.
    sold: Vec<SoldView>,
    /// The dealer's reports about these days, the latest first.
    reports: Vec<SoldReportView>,
    /// What was asked for, to replenish it, the first first.
    demands: Vec<DemandView>,
}

/// What a record says of stock in one place.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CountView {
    /// The record: its messages are found by it.
    document: String,
    place: String,
    counted_on: String,
    #[schema(value_type = String)]
    quantity: Decimal,
    #[schema(value_type = Option<String>)]
    available: Option<Decimal>,
    #[schema(value_type = Option<String>)]
    in_transit: Option<Decimal>,
    #[schema(value_type = Option<String>)]
    reorder_point: Option<Decimal>,
    unit: Option<String>,
    /// Whether it counts: what was counted too long ago does not, where anything was counted since.
    counts: bool,
}

/// A day.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SoldView {
    day: String,
    /// What was sold, in the unit of the stock; null where nobody reported, or where it is mixed.
    #[schema(value_type = Option<String>)]
    quantity: Option<Decimal>,
    /// Whether it was told in units of which one cannot be told in that of the stock.
    mixed: bool,
}

/// A report of what was sold.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SoldReportView {
    /// The report: its messages are found by it.
    document: String,
    number: String,
    from: String,
    to: String,
    /// Of the item, in the unit of the stock; null where the report does not name it, or where it is mixed.
    #[schema(value_type = Option<String>)]
    quantity: Option<Decimal>,
    /// Whether it is told in units of which one cannot be told in that of the stock.
    mixed: bool,
}

/// What was asked for.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DemandView {
    /// The number of the requisition: its messages are found by it.
    number: String,
    #[schema(value_type = String)]
    quantity: Decimal,
    made_on: String,
    /// When the dealer had enough again.
    ended_on: Option<String>,
}

impl From<Cover> for CoverView {
    fn from(cover: Cover) -> Self {
        let facts = cover.facts;
        Self {
            dealer: facts.dealer.to_string(),
            dealer_code: facts.dealer_code,
            dealer_name: facts.dealer_name,
            item: facts.item.to_string(),
            item_code: facts.item_code,
            item_name: facts.item_name,
            unit: facts.unit,
            available: units(facts.available),
            in_transit: units(facts.in_transit),
            reorder_point: facts.reorder_point.map(units),
            counted_on: day_of(facts.counted_on).to_string(),
            per_day: cover.per_day,
            days: cover.days,
            standing: cover.standing.as_str().to_owned(),
            needed: cover.needed,
            needed_on: cover.needed_on.map(|on| on.to_string()),
        }
    }
}

/// How many, where that is known.
fn told(sold: Sold) -> Option<Decimal> {
    match sold {
        Sold::Told(quantity) => Some(quantity),
        Sold::Untold | Sold::Mixed => None,
    }
}

impl From<Count> for CountView {
    fn from(count: Count) -> Self {
        let stock = count.stock;
        Self {
            document: count.document.to_string(),
            place: count.place,
            counted_on: count.counted_on.to_string(),
            quantity: stock.quantity,
            available: stock.available,
            in_transit: stock.in_transit,
            reorder_point: stock.reorder_point,
            unit: stock.unit,
            counts: count.counts,
        }
    }
}

impl From<SoldReport> for SoldReportView {
    fn from(report: SoldReport) -> Self {
        Self {
            document: report.document.to_string(),
            number: report.number,
            from: report.from.to_string(),
            to: report.to.to_string(),
            quantity: told(report.sold),
            mixed: report.sold == Sold::Mixed,
        }
    }
}

impl From<Demand> for DemandView {
    fn from(demand: Demand) -> Self {
        Self {
            number: demand.number,
            quantity: units(demand.quantity),
            made_on: day_of(demand.made_on).to_string(),
            ended_on: demand.ended_on.map(|day| day_of(day).to_string()),
        }
    }
}

impl From<Ground> for GroundView {
    fn from(ground: Ground) -> Self {
        let sold = ground.days.into_iter().map(|(day, sold)| SoldView {
            day: day.to_string(),
            quantity: told(sold),
            mixed: sold == Sold::Mixed,
        });
        Self {
            cover: ground.cover.into(),
            counts: ground.counts.into_iter().map(CountView::from).collect(),
            sold: sold.collect(),
            reports: ground
                .reports
                .into_iter()
                .map(SoldReportView::from)
                .collect(),
            demands: ground.demands.into_iter().map(DemandView::from).collect(),
        }
    }
}

/// What a query asks for, in its order, and how many of those stand how that fit but for that.
async fn found(
    api: &Api,
    query: &CoverQuery,
) -> Result<(Vec<Cover>, BTreeMap<String, usize>), Problem> {
    let text = query.text.as_deref().unwrap_or_default().to_lowercase();
    let words: Vec<&str> = text.split_whitespace().collect();
    let fits = |cover: &Cover| {
        let facts = &cover.facts;
        let named = [
            &facts.dealer_code,
            &facts.dealer_name,
            &facts.item_code,
            &facts.item_name,
        ];
        let named: Vec<String> = named
            .iter()
            .filter_map(|name| Some(name.as_ref()?.to_lowercase()))
            .collect();
        query.item.is_none_or(|item| facts.item == item)
            && words
                .iter()
                .all(|word| named.iter().any(|name| name.contains(word)))
    };
    let mut covers = api.reports().await?.covers(query.dealer).await?;
    covers.retain(fits);
    let mut standings = BTreeMap::new();
    for cover in &covers {
        *standings
            .entry(cover.standing.as_str().to_owned())
            .or_default() += 1;
    }
    if query.risk == Some(true) {
        covers.retain(|cover| cover.standing.is_risk());
    }
    if let Some(standing) = &query.standing {
        if !STANDINGS.contains(&standing.as_str()) {
            let known = STANDINGS.join(", ");
            return Err(Problem::bad_request(format!(
                "`{standing}` is not how stock stands: {known}"
            )));
        }
        covers.retain(|cover| cover.standing.as_str() == standing);
    }
    if let Some(sort) = &query.sort {
        order(&mut covers, sort)?;
    }
    Ok((covers, standings))
}

/// Puts rows into the order that is asked for; those without the value come last either way.
fn order(covers: &mut [Cover], sort: &str) -> Result<(), Problem> {
    fn by<K: Ord>(down: bool, one: Option<K>, other: Option<K>) -> Ordering {
        match (one, other) {
            (Some(one), Some(other)) if down => other.cmp(&one),
            (Some(one), Some(other)) => one.cmp(&other),
            (one, other) => other.is_some().cmp(&one.is_some()),
        }
    }
    let (name, down) = sort
        .strip_prefix('-')
        .map_or((sort, false), |name| (name, true));
    if !SORTS.contains(&name) {
        let known = SORTS.join(", ");
        return Err(Problem::bad_request(format!(
            "rows are not ordered by `{name}`, but by {known}"
        )));
    }
    covers.sort_by(|one, other| {
        let (a, b) = (&one.facts, &other.facts);
        match name {
            "dealer" => by(down, a.dealer_name.as_ref(), b.dealer_name.as_ref()),
            "item" => by(down, a.item_code.as_ref(), b.item_code.as_ref()),
            "available" => by(down, Some(a.available), Some(b.available)),
            "in_transit" => by(down, Some(a.in_transit), Some(b.in_transit)),
            "per_day" => by(down, one.per_day, other.per_day),
            "days" => by(down, one.days, other.days),
            "needed" => by(down, Some(one.needed), Some(other.needed)),
            "needed_on" => by(down, one.needed_on, other.needed_on),
            _ => by(down, Some(a.counted_on), Some(b.counted_on)),
        }
    });
    Ok(())
}

/// How long the stock of dealers lasts, by dealer and item.
#[utoipa::path(get, path = "/api/v1/insight/cover", tag = "insight", params(CoverQuery), responses(
    (status = 200, description = "a page of dealers' stock", body = CoverPage), (status = 400, description = "the query does not fit", body = Problem)))]
pub(crate) async fn cover(
    State(api): State<Api>,
    Asked(query): Asked<CoverQuery>,
) -> Result<Json<CoverPage>, Problem> {
    let (covers, standings) = found(&api, &query).await?;
    let skip = query.after.unwrap_or(0);
    let limit = query.limit.unwrap_or(50).clamp(1, MOST);
    let total = covers.len();
    let page = covers.into_iter().skip(skip).take(limit);
    Ok(Json(CoverPage {
        items: page.map(CoverView::from).collect(),
        next: (total.saturating_sub(skip) > limit).then_some(skip + limit),
        total,
        standings,
    }))
}

/// The same as a file, all of it: without `after` and `limit`.
#[utoipa::path(get, path = "/api/v1/insight/cover/export", operation_id = "export_cover", tag = "insight", params(CoverQuery), responses(
    (status = 200, description = "the file", content((String = "text/csv"), (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"), (Vec<u8> = "application/vnd.apache.parquet"))), (status = 400, description = "the query does not fit", body = Problem)))]
pub(crate) async fn export(
    State(api): State<Api>,
    Asked(query): Asked<CoverQuery>,
) -> Result<Response, Problem> {
    let (covers, _) = found(&api, &query).await?;
    let format = query.format.unwrap_or(FileFormat::Csv);
    file("cover", format, &cover_table(covers))
}

/// What a dealer's stock of an item was made from: counts, sales by day, reports, and what was asked for.
#[utoipa::path(get, path = "/api/v1/insight/cover/{dealer}/{item}", tag = "insight",
    params(("dealer" = Uuid, Path, description = "the dealer's master id"), ("item" = Uuid, Path, description = "the item's identity")), responses(
    (status = 200, description = "what it was made from", body = GroundView), (status = 404, description = "the dealer has told of no stock of it", body = Problem)))]
pub(crate) async fn ground(
    State(api): State<Api>,
    Path((dealer, item)): Path<(Uuid, Uuid)>,
) -> Result<Json<GroundView>, Problem> {
    let ground = api.reports().await?.ground(dealer, item).await?;
    let ground = ground.ok_or_else(|| {
        Problem::not_found(format!(
            "no stock of the item `{item}` is known of the dealer `{dealer}`"
        ))
    })?;
    Ok(Json(ground.into()))
}
