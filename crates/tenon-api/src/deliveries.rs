//! What became of messages at the systems that they went to, in a row: what failed at the ERP today.

use std::cmp::Reverse;
use std::time::Instant;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use tenon_core::{Entity, MessageId, Timestamp};
use tenon_insight::FileFormat;
use tenon_store::{
    Delivered, DeliveryCursor, DeliveryFilter, DeliveryPage, DeliveryState, SharedStore,
};
use utoipa::{IntoParams, ToSchema};

use crate::access::Principal;
use crate::problem::Asked;
use crate::read::{MOST, SEARCH, among, entity, searched, system};
use crate::views::{DeliveryView, MessageView};
use crate::{Api, Problem};

/// Which deliveries.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeliveryQuery {
    /// Only to this system.
    system: Option<String>,
    /// Only those that stand so: `delivered`, `unchanged`, `superseded`, `filtered`, `parked`, `dropped`.
    state: Option<String>,
    /// Only of messages about this entity.
    entity: Option<String>,
    /// Only of messages from this system.
    source: Option<String>,
    /// Only of messages in whose native or canonical body this text stands, as it is written there.
    text: Option<String>,
    /// Only those that came to stand so at or after this time.
    #[param(value_type = Option<String>)]
    since: Option<Timestamp>,
    /// Only those that came to stand so before this time.
    #[param(value_type = Option<String>)]
    until: Option<Timestamp>,
    /// The `next` of the page before.
    pub(crate) after: Option<String>,
    /// How many, at most 500; of a file, at most 10,000.
    pub(crate) limit: Option<u32>,
    /// For a file: `csv`, `xlsx` or `parquet`.
    #[param(value_type = Option<String>)]
    pub(crate) format: Option<FileFormat>,
}

/// A delivery and the message that was delivered.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeliveredView {
    /// Names the message.
    #[schema(value_type = String)]
    message_id: MessageId,
    /// What it is about.
    #[schema(value_type = String, example = "order")]
    entity: Entity,
    /// What became of it.
    delivery: DeliveryView,
    /// The message; null when the journal has forgotten it.
    message: Option<MessageView>,
}

impl From<Delivered> for DeliveredView {
    fn from(delivered: Delivered) -> Self {
        Self {
            message_id: delivered.message_id,
            entity: delivered.entity,
            delivery: delivered.delivery.into(),
            message: delivered.message.map(MessageView::from),
        }
    }
}

/// A page of deliveries.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Deliveries {
    /// The deliveries, latest first.
    items: Vec<DeliveredView>,
    /// What to give as `after` to go on; null at the end.
    next: Option<String>,
}

/// Deliveries with their messages, latest first: what became of messages at the systems that they were routed to.
/// Who may touch only some systems is shown those to them. A target that has not answered yet has none.
///
/// A search for a source or a text that finds little answers after a second with what it has: where `next` is
/// not null, there is more to look through, even if the page is not full.
#[utoipa::path(get, path = "/api/v1/deliveries", tag = "messages", params(DeliveryQuery), responses(
    (status = 200, description = "a page of deliveries", body = Deliveries), (status = 400, description = "the query does not fit", body = Problem)))]
pub(crate) async fn deliveries(
    State(api): State<Api>,
    principal: Principal,
    Asked(query): Asked<DeliveryQuery>,
) -> Result<Json<Deliveries>, Problem> {
    let limit = query.limit.unwrap_or(50).clamp(1, MOST);
    let page = found(&api, &principal, query, limit).await?;
    Ok(Json(Deliveries {
        items: page.items.into_iter().map(DeliveredView::from).collect(),
        next: page.next.map(|next| next.to_string()),
    }))
}

/// A page of the deliveries that are asked for.
pub(crate) async fn found(
    api: &Api,
    principal: &Principal,
    query: DeliveryQuery,
    limit: u32,
) -> Result<DeliveryPage, Problem> {
    let systems = among(principal, query.system.as_deref())?;
    let state = query.state.as_deref().map(str::parse::<DeliveryState>);
    let after = query.after.as_deref().map(str::parse::<DeliveryCursor>);
    let after = after.transpose().map_err(Problem::bad_request)?;
    let filter = DeliveryFilter {
        system: None,
        state: state.transpose().map_err(Problem::bad_request)?,
        entity: query.entity.as_deref().map(entity).transpose()?,
        since: query.since,
        until: query.until,
        source: query.source.as_deref().map(system).transpose()?,
        text: searched(principal, query.text)?,
    };
    let (mut items, mut next) = (Vec::new(), None);
    for system in systems {
        let filter = DeliveryFilter {
            system,
            ..filter.clone()
        };
        let found = hunt(&api.store, &filter, after.clone(), limit).await?;
        items.extend(found.items);
        next = next.max(found.next);
    }
    // Below where the first of the systems breaks off, the others are not all there is.
    items.retain(|item| next.as_ref().is_none_or(|next| item.cursor() >= *next));
    items.sort_by_cached_key(|item| Reverse(item.cursor()));
    if items.len() > limit as usize {
        items.truncate(limit as usize);
        next = items.last().map(Delivered::cursor);
    }
    Ok(DeliveryPage { items, next })
}

/// The latest deliveries that pass a filter: found by an index, and for what none knows looked through
/// portion by portion for about a second.
async fn hunt(
    store: &SharedStore,
    filter: &DeliveryFilter,
    after: Option<DeliveryCursor>,
    limit: u32,
) -> Result<DeliveryPage, Problem> {
    let began = Instant::now();
    let mut found = DeliveryPage {
        next: after,
        ..DeliveryPage::default()
    };
    loop {
        let wanted = limit - found.items.len() as u32;
        let page = store.delivered(filter, found.next.as_ref(), wanted).await?;
        found.items.extend(page.items);
        found.next = page.next;
        let full = found.items.len() == limit as usize;
        if full || found.next.is_none() || began.elapsed() > SEARCH {
            return Ok(found);
        }
    }
}
