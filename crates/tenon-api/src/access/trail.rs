//! The audit trail: read, checked, exported.

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures::TryStreamExt;
use futures::stream::try_unfold;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tenon_core::Timestamp;
use tenon_core::text::{SPREADSHEET_MARK, inert};
use tenon_store::{AuditEntry, AuditFilter, SharedStore};
use utoipa::{IntoParams, ToSchema};

use super::Note;
use crate::problem::Asked;
use crate::{Api, Problem};

/// The most entries of one answer.
const MOST: u32 = 500;
/// The most entries that one answer checks.
const CHECKED: u32 = 100_000;
/// Entries that are read at once for an export.
const PORTION: u32 = 1_000;

/// Which entries.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct TrailQuery {
    /// Only by this one: an account's name, or `token:NAME`.
    who: Option<String>,
    /// Only this action, or a kind of them with its full stop: `user.altered`, `user.`.
    action: Option<String>,
    /// Only about this.
    subject: Option<String>,
    /// Only at or after this time.
    #[param(value_type = Option<String>, format = DateTime)]
    since: Option<Timestamp>,
    /// Only before this time.
    #[param(value_type = Option<String>, format = DateTime)]
    until: Option<Timestamp>,
    /// The `next` of the page before.
    after: Option<i64>,
    /// How many, at most 500.
    limit: Option<u32>,
}

/// Which entries, and in which form.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExportQuery {
    /// Only by this one: an account's name, or `token:NAME`.
    who: Option<String>,
    /// Only this action, or a kind of them with its full stop: `user.altered`, `user.`.
    action: Option<String>,
    /// Only about this.
    subject: Option<String>,
    /// Only at or after this time.
    #[param(value_type = Option<String>, format = DateTime)]
    since: Option<Timestamp>,
    /// Only before this time.
    #[param(value_type = Option<String>, format = DateTime)]
    until: Option<Timestamp>,
    /// `csv` or `ndjson`.
    format: Option<String>,
}

/// An entry of the trail.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TrailEntry {
    /// Its place, from 1 without a gap.
    position: i64,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Who did it.
    who: String,
    /// By what means: `session`, `token`.
    via: String,
    /// From where.
    origin: String,
    /// What was done.
    action: String,
    /// To what.
    subject: String,
    /// What came of it.
    outcome: String,
    /// What else helps: what was before and after, the reason.
    #[schema(value_type = Value)]
    detail: Value,
    /// The hash of the entry before.
    previous: String,
    /// The hash of this one.
    hash: String,
}

impl From<AuditEntry> for TrailEntry {
    fn from(entry: AuditEntry) -> Self {
        Self {
            position: entry.position,
            at: entry.at,
            who: entry.who,
            via: entry.via,
            origin: entry.origin,
            action: entry.action,
            subject: entry.subject,
            outcome: entry.outcome,
            detail: entry.detail,
            previous: entry.previous,
            hash: entry.hash,
        }
    }
}

/// A page of the trail.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({ "items": [{ "position": 7, "at": "2026-11-26T08:00:00Z", "who": "li.wei",
    "via": "session", "origin": "10.1.2.3", "action": "user.altered", "subject": "wang.fang", "outcome": "done",
    "detail": { "before": { "role": "viewer" }, "after": { "role": "operator" } },
    "previous": "5f70…", "hash": "9c1e…" }], "next": null }))]
pub(crate) struct TrailPage {
    /// The entries, newest first.
    items: Vec<TrailEntry>,
    /// What to give as `after` to go on; absent at the end.
    next: Option<i64>,
}

/// What was ever done.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TrailActions {
    /// Each action by its name, such as `user.altered`.
    items: Vec<String>,
}

/// What is checked.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct CheckQuery {
    /// A head that a check gave before, `POSITION:HASH`: it must still be in the chain.
    head: Option<String>,
    /// The head of a check that left `more`, to go on from there.
    after: Option<String>,
    /// How many entries, at most 100,000: so many are checked in seconds.
    limit: Option<u32>,
}

/// What checking came to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TrailCheckView {
    /// Entries that hold.
    entries: u64,
    /// The last of them, `POSITION:HASH`: to be kept elsewhere, and given the next time.
    head: String,
    /// The first place that does not hold.
    broken: Option<TrailBreak>,
    /// Whether entries follow that were not looked at.
    more: bool,
}

/// A place that does not hold.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TrailBreak {
    /// The entry.
    position: i64,
    /// What is wrong there.
    reason: String,
}

/// The audit trail, newest first: who did what to what, when, from where, and how it was before.
#[utoipa::path(get, path = "/api/v1/audit", tag = "audit", params(TrailQuery), responses(
    (status = 200, description = "a page of entries", body = TrailPage), (status = 400, description = "the query does not fit", body = Problem)))]
pub(crate) async fn trail(
    State(api): State<Api>,
    Asked(query): Asked<TrailQuery>,
) -> Result<Json<TrailPage>, Problem> {
    let limit = query.limit.unwrap_or(50).clamp(1, MOST);
    let filter = AuditFilter {
        who: query.who,
        action: query.action,
        subject: query.subject,
        since: query.since,
        until: query.until,
        oldest_first: false,
    };
    let items = api
        .access
        .store()
        .audit(&filter, query.after, limit)
        .await?;
    let next = (items.len() as u32 == limit).then(|| items.last().map(|last| last.position));
    Ok(Json(TrailPage {
        items: items.into_iter().map(TrailEntry::from).collect(),
        next: next.flatten(),
    }))
}

/// Checks that no entry was altered, taken out, put in or moved.
///
/// Each entry holds the hash of the one before. Who can write all of the table could make the chain
/// anew: keep the `head` of a check elsewhere, and give it the next time. A long trail is checked in steps: while
/// there is `more`, ask again `after` the head.
#[utoipa::path(get, path = "/api/v1/audit/check", tag = "audit", params(CheckQuery), responses(
    (status = 200, description = "what holds, and the first place that does not", body = TrailCheckView), (status = 400, description = "the query does not fit", body = Problem)))]
pub(crate) async fn check_trail(
    State(api): State<Api>,
    Asked(query): Asked<CheckQuery>,
) -> Result<Json<TrailCheckView>, Problem> {
    let head = |text: Option<&str>| text.map(super::desk::head).transpose();
    let anchor = head(query.head.as_deref())?;
    let from = head(query.after.as_deref())?;
    let most = query.limit.unwrap_or(CHECKED).clamp(1, CHECKED);
    let check = api
        .access
        .check_trail(from, most.into(), anchor.as_ref())
        .await?;
    let (position, hash) = &check.head;
    let broken = check.broken.map(|broken| TrailBreak {
        position: broken.position,
        reason: broken.reason,
    });
    Ok(Json(TrailCheckView {
        entries: check.entries,
        head: format!("{position}:{hash}"),
        broken,
        more: check.more,
    }))
}

/// What was ever done, as the trail calls it: to choose from.
#[utoipa::path(get, path = "/api/v1/audit/actions", tag = "audit", responses(
    (status = 200, description = "the actions", body = TrailActions)))]
pub(crate) async fn trail_actions(State(api): State<Api>) -> Result<Json<TrailActions>, Problem> {
    let items = api.access.store().audit_actions().await?;
    Ok(Json(TrailActions { items }))
}

/// The trail, or the entries that are asked for, oldest first, as a file. The export itself is noted in the trail.
#[utoipa::path(get, path = "/api/v1/audit/export", tag = "audit", params(ExportQuery), responses(
    (status = 200, description = "the trail", content((String = "text/csv"), (String = "application/x-ndjson"))), (status = 400, description = "no such format", body = Problem)))]
pub(crate) async fn export_trail(
    State(api): State<Api>,
    note: Note,
    Asked(query): Asked<ExportQuery>,
) -> Result<Response, Problem> {
    let format = query.format.as_deref().unwrap_or("csv");
    let (content_type, write): (_, Written) = match format {
        "csv" => ("text/csv; charset=utf-8", csv_of),
        "ndjson" => ("application/x-ndjson", ndjson_of),
        other => {
            let detail = format!("`{other}` is no format: csv, ndjson");
            return Err(Problem::bad_request(detail));
        }
    };
    note.detail(json!({ "format": format, "who": query.who, "action": query.action, "subject": query.subject,
        "since": query.since, "until": query.until }));
    let headers = [
        (header::CONTENT_TYPE, content_type.to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"tenon-audit.{format}\""),
        ),
    ];
    let filter = AuditFilter {
        who: query.who,
        action: query.action,
        subject: query.subject,
        since: query.since,
        until: query.until,
        oldest_first: true,
    };
    let portions = portions(api.access.store().clone(), filter)
        .map_ok(move |(entries, first)| Bytes::from(write(&entries, first)));
    Ok((headers, Body::from_stream(portions)).into_response())
}

/// Writes entries in a format; told whether they are the first.
type Written = fn(&[AuditEntry], bool) -> Vec<u8>;

/// The entries in portions, and whether each is the first.
fn portions(
    store: SharedStore,
    filter: AuditFilter,
) -> impl futures::Stream<Item = Result<(Vec<AuditEntry>, bool), tenon_store::StoreError>> {
    try_unfold(None, move |after: Option<i64>| {
        let (store, filter) = (store.clone(), filter.clone());
        async move {
            let entries = store.audit(&filter, after, PORTION).await?;
            let next = entries.last().map(|last| last.position);
            match (next, after) {
                (None, Some(_)) => Ok(None),
                // With no entry at all the file has its head alone.
                _ => Ok(Some(((entries, after.is_none()), next.or(Some(0))))),
            }
        }
    })
}

/// One JSON document a line.
pub fn ndjson_of(entries: &[AuditEntry], _: bool) -> Vec<u8> {
    let mut text = Vec::new();
    for entry in entries {
        text.extend(serde_json::to_vec(entry).unwrap_or_default());
        text.push(b'\n');
    }
    text
}

/// CSV in UTF-8; before the first the mark by which spreadsheets know it, and a header.
pub fn csv_of(entries: &[AuditEntry], first: bool) -> Vec<u8> {
    let mark = if first { SPREADSHEET_MARK } else { "" };
    let mut writer = csv::Writer::from_writer(mark.as_bytes().to_vec());
    let header = [
        "position", "at", "who", "via", "origin", "action", "subject", "outcome", "detail",
        "previous", "hash",
    ];
    // Writing into memory does not fail.
    if first {
        let _ = writer.write_record(header);
    }
    for entry in entries {
        let detail = match &entry.detail {
            Value::Null => String::new(),
            detail => detail.to_string(),
        };
        let cells = [
            &entry.position.to_string(),
            &entry.at.to_string(),
            &entry.who,
            &entry.via,
            &entry.origin,
            &entry.action,
            &entry.subject,
            &entry.outcome,
            &detail,
            &entry.previous,
            &entry.hash,
        ];
        let _ = writer.write_record(cells.map(|cell| inert(cell).into_owned()));
    }
    writer.into_inner().unwrap_or_default()
}
