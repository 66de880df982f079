//! Items of several systems that a person tells apart: those that wait, and what was decided.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tenon_store::ParkedId;
use utoipa::IntoParams;

use crate::problem::Asked;
use crate::read::Page;
use crate::{Api, Problem};

/// The most items of one answer.
const MOST: u32 = 100;

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct PageQuery {
    /// The `next` of the page before.
    after: Option<i64>,
    /// How many, at most 100.
    limit: Option<u32>,
}

impl PageQuery {
    fn limit(&self) -> u32 {
        self.limit.unwrap_or(50).clamp(1, MOST)
    }
}

fn page<T: Serialize>(found: &[T], next: Option<i64>) -> Json<Page<Value>> {
    let items = found.iter().map(serde_json::to_value);
    Json(Page {
        items: items.filter_map(Result::ok).collect(),
        next,
    })
}

/// Records of items that may be another system's, oldest first, beside those that they may be.
///
/// `why` is `contradiction` (the same code, and name, specification or unit differ), `other_code` (the same
/// description under another code) or `several` (several items have the code); null where nothing is doubtful any
/// more, so that the record goes on when it is sent again. `compared` says of each value whether it is the `same`,
/// the same in another `spelling`, `differs`, or one side `lacks` it. One is decided by the commands `same_item` and
/// `new_item`; it, and what waits for it, goes on by itself then.
#[utoipa::path(get, path = "/api/v1/items/reviews", operation_id = "item_reviews", tag = "masters", params(PageQuery), responses(
    (status = 200, description = "a page of records", body = Page<Value>), (status = 400, description = "the query does not fit", body = Problem)))]
pub(crate) async fn reviews(
    State(api): State<Api>,
    Asked(query): Asked<PageQuery>,
) -> Result<Json<Page<Value>>, Problem> {
    let (deployment, policy) = (api.deployment(), &api.master.items);
    let after = query.after.map(ParkedId);
    let (found, next) = api
        .steward()
        .item_reviews(&deployment, policy, after, query.limit())
        .await?;
    Ok(page(&found, next.map(|next| next.0)))
}

/// What people decided about items, newest first.
///
/// `undo` names the record that becomes an item of its own again when it is given to the command `new_item`; null
/// where there is nothing to undo. `candidates` are the items that a record may be that was said to be another and is
/// so still: it is one of them after all when it is given to the command `same_item`, with a record of that item.
#[utoipa::path(get, path = "/api/v1/items/decisions", operation_id = "item_decisions", tag = "masters", params(PageQuery), responses(
    (status = 200, description = "a page of decisions", body = Page<Value>), (status = 400, description = "the query does not fit", body = Problem)))]
pub(crate) async fn decisions(
    State(api): State<Api>,
    Asked(query): Asked<PageQuery>,
) -> Result<Json<Page<Value>>, Problem> {
    let (steward, policy) = (api.steward(), &api.master.items);
    let (found, next) = steward
        .item_decisions(policy, query.after, query.limit())
        .await?;
    Ok(page(&found, next))
}
