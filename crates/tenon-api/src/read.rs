//! What the hub knows, for reading. Personal values are masked; raw native records are not shown.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tenon_core::{Entity, MessageId, SystemName, Timestamp, schema};
use tenon_insight::FileFormat;
use tenon_store::{
    Direction, JournalRecord, MessageFilter, ParkedFilter, ParkedId, ParkedState, SharedStore,
    Trace,
};
use utoipa::{IntoParams, ToSchema};

use crate::access::{Permission, Principal};
use crate::problem::{Asked, Path};
use crate::views::{ParkedView, Summary, TraceView};
use crate::{Api, Problem};

/// The most records of one answer.
pub(crate) const MOST: u32 = 500;

/// How long a search goes on before it answers with what it has.
pub(crate) const SEARCH: Duration = Duration::from_millis(700);

/// Positions of the journal whose bodies are looked through at a time: at first, and at most.
const SHORTEST_STRETCH: i64 = 2_000;
const LONGEST_STRETCH: i64 = 8_000;

/// A page of records.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Page<T> {
    /// The records.
    pub(crate) items: Vec<T>,
    /// What to give as cursor to go on; null at the end.
    pub(crate) next: Option<i64>,
}

/// Which messages.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct MessageQuery {
    /// Only from this system.
    source: Option<String>,
    /// Only about this entity.
    entity: Option<String>,
    /// Only in this state: `routed`, `unchanged`, `filtered`, `invalid`.
    state: Option<String>,
    /// Only about this record, by its business key.
    key: Option<String>,
    /// Only those journaled at or after this time.
    #[param(value_type = Option<String>)]
    since: Option<Timestamp>,
    /// Only those journaled before this time.
    #[param(value_type = Option<String>)]
    until: Option<Timestamp>,
    /// Only those in whose native or canonical body this text stands, as it is written there.
    text: Option<String>,
    /// The `next` of the page before.
    pub(crate) after: Option<i64>,
    /// How many, at most 500; of a file, at most 10,000.
    pub(crate) limit: Option<u32>,
    /// For a file: `csv`, `xlsx` or `parquet`.
    #[param(value_type = Option<String>)]
    pub(crate) format: Option<FileFormat>,
}

/// Journaled messages with what became of them, newest first. Who may touch only some systems is shown those from them.
///
/// A search through much that finds little answers after a second with what it has: where `next` is
/// not null, there is more to look through, even if the page is not full.
#[utoipa::path(get, path = "/api/v1/messages", tag = "messages", params(MessageQuery), responses(
    (status = 200, description = "a page of records", body = Page<TraceView>), (status = 400, description = "the query does not fit", body = Problem)))]
pub(crate) async fn messages(
    State(api): State<Api>,
    principal: Principal,
    Asked(query): Asked<MessageQuery>,
) -> Result<Json<Page<TraceView>>, Problem> {
    let limit = query.limit.unwrap_or(50).clamp(1, MOST);
    let page = found(&api, &principal, query, limit).await?;
    Ok(Json(Page {
        items: page.items.into_iter().map(TraceView::from).collect(),
        next: page.next,
    }))
}

/// A page of the messages that are asked for, with their deliveries.
pub(crate) async fn found(
    api: &Api,
    principal: &Principal,
    query: MessageQuery,
    limit: u32,
) -> Result<Page<Trace>, Problem> {
    let sources = among(principal, query.source.as_deref())?;
    let text = searched(principal, query.text)?;
    let filter = MessageFilter {
        source: None,
        entity: query.entity.as_deref().map(entity).transpose()?,
        state: query.state,
        business_key: query.key,
        since: query.since,
        until: query.until,
        after: None,
        text,
    };
    let mut records = Vec::new();
    let mut next = None;
    for source in sources {
        let filter = MessageFilter {
            source,
            ..filter.clone()
        };
        let (found, on) = hunt(&api.store, filter, query.after, limit).await?;
        records.extend(found);
        next = next.max(on);
    }
    // Below where the first of the systems breaks off, the others are not all there is.
    records.retain(|record| next.is_none_or(|next| record.position >= next));
    records.sort_by_key(|record| std::cmp::Reverse(record.position));
    if records.len() > limit as usize {
        records.truncate(limit as usize);
        next = records.last().map(|last| last.position);
    }
    let ids: Vec<_> = records.iter().map(|record| record.attributes.id).collect();
    let mut deliveries = api.store.deliveries(&ids).await?;
    let items = records.into_iter().map(|message| Trace {
        deliveries: deliveries
            .remove(&message.attributes.id)
            .unwrap_or_default(),
        message,
    });
    Ok(Page {
        items: items.collect(),
        next,
    })
}

/// The newest records that pass a filter, and where to go on. All but a text is found by an index; a
/// text is looked for stretch by stretch of the journal, for about a second.
async fn hunt(
    store: &SharedStore,
    mut filter: MessageFilter,
    mut before: Option<i64>,
    limit: u32,
) -> Result<(Vec<JournalRecord>, Option<i64>), Problem> {
    let last = |found: &[JournalRecord]| found.last().map(|last| last.position);
    if filter.text.is_none() || filter.business_key.is_some() {
        let found = store.messages(&filter, before, limit).await?;
        let next = last(&found).filter(|_| found.len() == limit as usize);
        return Ok((found, next));
    }
    let indexed = MessageFilter {
        text: None,
        ..filter.clone()
    };
    let began = Instant::now();
    let mut found = Vec::new();
    let mut stretch = SHORTEST_STRETCH;
    loop {
        // On to the next record that has all but perhaps the text.
        let Some(top) = last(&store.messages(&indexed, before, 1).await?) else {
            return Ok((found, None));
        };
        let floor = (top + 1).saturating_sub(stretch).max(0);
        filter.after = Some(floor - 1);
        let wanted = limit - found.len() as u32;
        found.extend(store.messages(&filter, Some(top + 1), wanted).await?);
        if found.len() == limit as usize {
            let next = last(&found);
            return Ok((found, next));
        }
        if floor == 0 || began.elapsed() > SEARCH {
            return Ok((found, Some(floor).filter(|floor| *floor > 0)));
        }
        before = Some(floor);
        stretch = (stretch * 2).min(LONGEST_STRETCH);
    }
}

/// One message with what is in it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Message {
    /// The message and its deliveries.
    #[serde(flatten)]
    trace: TraceView,
    /// How long the native record is; null when the journal has forgotten it.
    raw_bytes: Option<usize>,
    /// The canonical body as it was routed, personal values masked.
    #[schema(value_type = Option<Object>)]
    canonical: Option<Value>,
}

/// One message with its canonical body and deliveries.
#[utoipa::path(get, path = "/api/v1/messages/{id}", tag = "messages",
    params(("id" = String, Path, description = "the message id")), responses(
    (status = 200, description = "the message", body = Message), (status = 404, description = "no such message", body = Problem)))]
pub(crate) async fn message(
    State(api): State<Api>,
    Path(id): Path<String>,
    principal: Principal,
) -> Result<Json<Message>, Problem> {
    let unknown = || Problem::not_found(format!("no message `{id}`"));
    let message_id: MessageId = id.parse().map_err(|_| unknown())?;
    let trace = api.store.message(message_id).await?.ok_or_else(unknown)?;
    check_trace(&principal, &trace)?;
    let kind = trace.message.attributes.kind;
    let payloads = api.store.payloads(message_id).await?;
    let canonical = payloads
        .as_ref()
        .and_then(|payloads| payloads.canonical.as_deref())
        .and_then(|body| serde_json::from_slice::<Value>(body).ok())
        .map(|mut body| {
            if let Some(schema) = schema(kind) {
                schema.mask(&mut body);
            }
            body
        });
    Ok(Json(Message {
        trace: trace.into(),
        raw_bytes: payloads.map(|payloads| payloads.raw.len()),
        canonical,
    }))
}

/// Which page of a trace.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct TraceQuery {
    /// The `next` of the page before.
    after: Option<i64>,
    /// How many, at most 500, and so many without it.
    limit: Option<u32>,
}

/// Where something is: by business key, native id, message id or master id, the newest first.
#[utoipa::path(get, path = "/api/v1/trace/{key}", tag = "messages",
    params(("key" = String, Path, description = "an order's number, a customer's code, a native id …"), TraceQuery), responses(
    (status = 200, description = "a page of records", body = Page<TraceView>), (status = 400, description = "the query does not fit", body = Problem)))]
pub(crate) async fn trace(
    State(api): State<Api>,
    Path(key): Path<String>,
    principal: Principal,
    Asked(query): Asked<TraceQuery>,
) -> Result<Json<Page<TraceView>>, Problem> {
    let limit = query.limit.unwrap_or(MOST).clamp(1, MOST);
    let traces = api.store.trace(&key, query.after, limit).await?;
    let last = traces.last().map(|trace| trace.message.position);
    let next = last.filter(|_| traces.len() == limit as usize);
    let items = traces
        .into_iter()
        .filter(|trace| check_trace(&principal, trace).is_ok())
        .map(TraceView::from)
        .collect();
    Ok(Json(Page { items, next }))
}

/// Refuses a message that neither comes from a system of the caller's nor goes to one.
pub(crate) fn check_trace(principal: &Principal, trace: &Trace) -> Result<(), Problem> {
    let goes = trace.deliveries.iter();
    match goes
        .map(|delivery| &delivery.system)
        .any(|system| principal.touches(system))
    {
        true => Ok(()),
        false => principal.check_system(&trace.message.attributes.source),
    }
}

/// Which parked messages.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ParkedQuery {
    /// Only of this system.
    system: Option<String>,
    /// Only about this entity.
    entity: Option<String>,
    /// Only about this record: its native id, its business key, or the message's id.
    key: Option<String>,
    /// Only with just this code of a reason.
    code: Option<String>,
    /// Only with this text in the reason or its code.
    reason: Option<String>,
    /// Only with this text in the body.
    text: Option<String>,
    /// Only in this state: `failed`, `retry`, `waiting`, `behind`, `due`.
    #[param(value_type = Option<String>)]
    state: Option<ParkedState>,
    /// Only on its way `inbound` or `outbound`.
    #[param(value_type = Option<String>)]
    direction: Option<Direction>,
    /// Only those parked at or after this time.
    #[param(value_type = Option<String>)]
    since: Option<Timestamp>,
    /// Only those parked before this time.
    #[param(value_type = Option<String>)]
    until: Option<Timestamp>,
    /// The `next` of the page before.
    after: Option<i64>,
    /// How many, at most 500.
    limit: Option<u32>,
}

impl ParkedQuery {
    /// One filter a system that the caller may touch.
    fn filters(self, principal: &Principal) -> Result<Vec<ParkedFilter>, Problem> {
        let said = |text: Option<String>| text.filter(|text| !text.is_empty());
        let filter = ParkedFilter {
            system: None,
            entity: self.entity.as_deref().map(entity).transpose()?,
            key: said(self.key),
            code: said(self.code),
            reason: said(self.reason),
            text: searched(principal, self.text)?,
            since: self.since,
            until: self.until,
            direction: self.direction,
            state: self.state,
            ids: Vec::new(),
            chosen_by: None,
        };
        let systems = among(principal, self.system.as_deref())?;
        let of = |system| ParkedFilter {
            system,
            ..filter.clone()
        };
        Ok(systems.into_iter().map(of).collect())
    }
}

/// Messages that wait, oldest first. Who may touch only some systems is shown theirs.
#[utoipa::path(get, path = "/api/v1/parked", tag = "parked", params(ParkedQuery), responses(
    (status = 200, description = "a page of records", body = Page<ParkedView>), (status = 400, description = "the query does not fit", body = Problem)))]
pub(crate) async fn parked(
    State(api): State<Api>,
    principal: Principal,
    Asked(query): Asked<ParkedQuery>,
) -> Result<Json<Page<ParkedView>>, Problem> {
    let limit = query.limit.unwrap_or(50).clamp(1, MOST);
    let after = query.after.map(ParkedId);
    let mut records = Vec::new();
    for filter in query.filters(&principal)? {
        records.extend(api.store.parked(&filter, after, limit).await?);
    }
    records.sort_by_key(|record| record.id.0);
    records.truncate(limit as usize);
    let next = (records.len() as u32 == limit).then(|| records.last().map(|last| last.id.0));
    Ok(Json(Page {
        items: records.into_iter().map(ParkedView::from).collect(),
        next: next.flatten(),
    }))
}

/// How many messages wait.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ParkedCount {
    /// So many.
    count: u64,
}

/// How many of the messages that wait a query names: as many as a redrive or a drop of the same would be of.
/// `after` and `limit` are of no effect.
#[utoipa::path(get, path = "/api/v1/parked/count", tag = "parked", params(ParkedQuery), responses(
    (status = 200, description = "their number", body = ParkedCount), (status = 400, description = "the query does not fit", body = Problem)))]
pub(crate) async fn parked_count(
    State(api): State<Api>,
    principal: Principal,
    Asked(query): Asked<ParkedQuery>,
) -> Result<Json<ParkedCount>, Problem> {
    let mut count = 0;
    for filter in query.filters(&principal)? {
        count += api.store.parked_count(&filter).await?;
    }
    Ok(Json(ParkedCount { count }))
}

/// Counts over everything.
#[utoipa::path(get, path = "/api/v1/summary", tag = "messages", responses(
    (status = 200, description = "counts by state and system", body = Summary)))]
pub(crate) async fn summary(
    State(api): State<Api>,
    principal: Principal,
) -> Result<Json<Summary>, Problem> {
    let mut summary = Summary::from(api.store.dashboard().await?);
    summary.keep_systems(|system| principal.touches(system));
    Ok(Json(summary))
}

/// How many messages wait in each queue.
#[utoipa::path(get, path = "/api/v1/queues", tag = "messages", responses(
    (status = 200, description = "depth by queue; null where it cannot be told", body = BTreeMap<String, Option<u64>>)))]
pub(crate) async fn queues(State(api): State<Api>) -> Json<BTreeMap<String, Option<u64>>> {
    Json(api.depths.read().await)
}

/// The text that bodies are searched for. Bodies are searched as they are, so that who may not see personal values
/// would find them out by searching.
pub(crate) fn searched(
    principal: &Principal,
    text: Option<String>,
) -> Result<Option<String>, Problem> {
    let text = text.filter(|text| !text.is_empty());
    if text.is_some() {
        principal.check(Permission::Reveal)?;
    }
    Ok(text)
}

/// The systems that a list is of: the one that is named, which the rule of the route has checked, else
/// each that the caller may touch; `None` stands for all.
pub(crate) fn among(
    principal: &Principal,
    named: Option<&str>,
) -> Result<Vec<Option<SystemName>>, Problem> {
    if let Some(named) = named.map(system).transpose()? {
        return Ok(vec![Some(named)]);
    }
    Ok(match &principal.systems {
        None => vec![None],
        Some(systems) => systems.iter().cloned().map(Some).collect(),
    })
}

pub(crate) fn system(text: &str) -> Result<SystemName, Problem> {
    SystemName::new(text).map_err(|error| Problem::bad_request(error.to_string()))
}

pub(crate) fn entity(text: &str) -> Result<Entity, Problem> {
    text.parse().map_err(Problem::bad_request)
}
