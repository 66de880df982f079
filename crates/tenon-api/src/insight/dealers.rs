//! Dealers: how long their stock lasts, and who may run out of what.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use tenon_core::money::Decimal;
use tenon_insight::{Cover, day_of, units};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::problem::Asked;
use crate::{Api, Problem};

/// The most rows of one answer.
const MOST: usize = 200;

/// Which dealers.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct CoverQuery {
    /// Only of this dealer, by its master id.
    dealer: Option<Uuid>,
    /// `true`: only what may run out.
    risk: Option<bool>,
    /// How many to pass over.
    after: Option<usize>,
    /// How many, at most 200.
    limit: Option<usize>,
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
    /// Sold a day, on average over the days that were reported; null where these are too few.
    #[schema(value_type = Option<String>)]
    per_day: Option<Decimal>,
    /// Days that what is available and on the way lasts; null where nothing is sold.
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

/// How long the stock of dealers lasts, by dealer and item. The report `cover` is the same as a file.
#[utoipa::path(get, path = "/api/v1/insight/cover", tag = "insight", params(CoverQuery), responses(
    (status = 200, description = "a page of dealers' stock", body = CoverPage), (status = 400, description = "the query does not fit", body = Problem)))]
pub(crate) async fn cover(
    State(api): State<Api>,
    Asked(query): Asked<CoverQuery>,
) -> Result<Json<CoverPage>, Problem> {
    let reports = api.reports().await?;
    let skip = query.after.unwrap_or(0);
    let limit = query.limit.unwrap_or(50).clamp(1, MOST);
    let only_risk = query.risk.unwrap_or(false);
    let covers = reports.covers(query.dealer).await?.into_iter();
    let mut wanted = covers
        .filter(|cover| !only_risk || cover.standing.is_risk())
        .skip(skip);
    let items = wanted.by_ref().take(limit).map(CoverView::from).collect();
    let next = wanted.next().map(|_| skip + limit);
    Ok(Json(CoverPage { items, next }))
}
