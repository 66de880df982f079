//! What waits, for people: in groups by its reason, one with what a redrive would do, and what can be done.

use std::collections::{BTreeMap, BTreeSet};

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tenon_core::{MASK, Personal, SystemName, Timestamp, schema};
use tenon_pipeline::{
    Preview, give_up as give_up_parked, preview, redrive as send_again, since_last_attempt,
};
use tenon_store::{Deed, Direction, ParkedGroup, ParkedId, ParkedRecord, ParkedState};
use utoipa::ToSchema;

use crate::access::{Note, Principal};
use crate::problem::{Path, Told};
use crate::views::ParkedView;
use crate::waiting::{EventView, refused};
use crate::{Api, Problem, masking};

/// The most messages of one act.
const MOST: usize = 1_000;

/// Messages that wait for the same reason.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GroupView {
    /// The system they came from, or go to.
    #[schema(value_type = String)]
    system: SystemName,
    /// `inbound` or `outbound`.
    #[schema(value_type = String)]
    direction: Direction,
    /// What they wait for.
    #[schema(value_type = String, example = "failed")]
    state: ParkedState,
    /// Stable code of the reason.
    code: String,
    /// How many.
    count: u64,
    /// Since when the first of them waits.
    #[schema(value_type = String, format = DateTime)]
    oldest: Timestamp,
}

impl From<ParkedGroup> for GroupView {
    fn from(group: ParkedGroup) -> Self {
        Self {
            system: group.system,
            direction: group.direction,
            state: group.state,
            code: group.code,
            count: group.count,
            oldest: group.oldest,
        }
    }
}

/// What waits, by system, direction, state and code.
#[utoipa::path(get, path = "/api/v1/parked/groups", tag = "parked", responses(
    (status = 200, description = "every group", body = Vec<GroupView>)))]
pub(crate) async fn groups(
    State(api): State<Api>,
    principal: Principal,
) -> Result<Json<Vec<GroupView>>, Problem> {
    let groups = api.store.parked_groups().await?.into_iter();
    let seen = groups.filter(|group| principal.touches(&group.system));
    Ok(Json(seen.map(GroupView::from).collect()))
}

/// A parked message with what is in it and what would become of it now.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ParkedDetail {
    /// The message.
    #[serde(flatten)]
    message: ParkedView,
    /// The body, personal values masked: native where it is inbound, canonical where it is outbound.
    #[schema(value_type = Object)]
    body: Value,
    /// What a redrive would do with the configuration of now.
    dry_run: DryRun,
    /// What happened to it so far, the eldest first, personal values masked.
    history: Vec<EventView>,
}

/// What a redrive would do.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DryRun {
    /// `sends`, `nothing`, `waits`, `fails`.
    result: String,
    /// What would be sent, personal values masked: canonical where it is inbound, else native.
    #[schema(value_type = Vec<Object>)]
    payloads: Vec<Value>,
    /// Why nothing would be.
    reason: Option<String>,
    /// Line by line, how what would be sent differs from what the target was given in the last attempt;
    /// null where it was given nothing yet.
    difference: Option<String>,
}

/// One parked message, with what a redrive would do.
#[utoipa::path(get, path = "/api/v1/parked/{id}", tag = "parked",
    params(("id" = i64, Path, description = "its number")), responses(
    (status = 200, description = "the message", body = ParkedDetail),
    (status = 404, description = "it does not wait any more", body = Problem)))]
pub(crate) async fn one(
    State(api): State<Api>,
    Path(id): Path<String>,
    principal: Principal,
) -> Result<Json<ParkedDetail>, Problem> {
    let record = found(&api, &id).await?;
    principal.check_system(&record.system)?;
    let previewed = preview(&api.store, &api.deployment(), &record).await?;
    let personal = Personal::of(record.parcel.attributes.kind, &record.parcel.body);
    let changed = since_last_attempt(&api.store, &record, &previewed).await?;
    let events = api
        .store
        .parked_history(record.parcel.attributes.id)
        .await?;
    let history = events
        .into_iter()
        .filter(|event| event.system == record.system && event.direction == record.direction)
        .map(|event| EventView::new(event, &personal))
        .collect();
    let (body, mut dry_run) = masked(&record, previewed);
    dry_run.difference = changed.map(|changed| personal.hide(&changed));
    dry_run.reason = dry_run.reason.map(|reason| personal.hide(&reason));
    let record = ParkedRecord {
        detail: personal.hide(&record.detail),
        ..record
    };
    Ok(Json(ParkedDetail {
        message: record.into(),
        body,
        dry_run,
        history,
    }))
}

/// The message that waits under a number.
pub(crate) async fn found(api: &Api, id: &str) -> Result<ParkedRecord, Problem> {
    let unknown = || {
        let detail = format!("no parked message {id}: it was sent again, given up, or never there");
        Problem::new(StatusCode::NOT_FOUND, "parked.unknown", detail)
    };
    let number = id.parse().map_err(|_| unknown())?;
    let record = api.store.parked_one(ParkedId(number)).await?;
    record.ok_or_else(unknown)
}

/// Body and dry run with personal values masked: the canonical one of the two says what is personal.
fn masked(record: &ParkedRecord, previewed: Preview) -> (Value, DryRun) {
    let (result, texts, reason) = match previewed {
        Preview::Sends { payloads } => ("sends", payloads, None),
        Preview::Nothing { reason } => ("nothing", Vec::new(), Some(reason)),
        Preview::Waits { reason } => ("waits", Vec::new(), Some(reason)),
        Preview::Fails { code, detail } => ("fails", Vec::new(), Some(format!("{code}: {detail}"))),
    };
    let schema = schema(record.parcel.attributes.kind);
    let canonical = |bytes: &[u8]| {
        let mut value = serde_json::from_slice::<Value>(bytes).ok()?;
        schema?.mask(&mut value);
        Some(value)
    };
    let (body, payloads) = match record.direction {
        Direction::Inbound => {
            let payloads: Vec<Value> = texts
                .iter()
                .filter_map(|text| canonical(text.as_bytes()))
                .collect();
            let body = masking::native(&record.parcel.body, payloads.first());
            (body, payloads)
        }
        Direction::Outbound => {
            let body = canonical(&record.parcel.body);
            let payloads = texts.iter();
            let payloads = payloads.map(|text| masking::native(text.as_bytes(), body.as_ref()));
            let payloads = payloads.collect();
            (body.unwrap_or_else(|| MASK.into()), payloads)
        }
    };
    let dry_run = DryRun {
        result: result.to_owned(),
        payloads,
        reason,
        difference: None,
    };
    (body, dry_run)
}

/// Which messages are to be sent again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Redrive {
    /// Their numbers, at most 1,000.
    #[schema(value_type = Vec<i64>)]
    ids: Vec<ParkedId>,
    /// Send an inbound message although a later one of the same record was accepted meanwhile.
    #[serde(default)]
    force: bool,
}

/// What became of a redrive.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RedriveResult {
    /// Messages sent again.
    sent: u64,
    /// Messages passed over, with the reason.
    #[schema(value_type = Vec<Vec<Value>>)]
    superseded: Vec<(i64, String)>,
}

/// Sends parked messages again: outbound ones in their lanes, inbound ones through every stage.
#[utoipa::path(post, path = "/api/v1/parked/redrive", tag = "parked", request_body = Redrive, responses(
    (status = 200, description = "what became of it", body = RedriveResult),
    (status = 400, description = "it cannot be read, or names too many", body = Problem),
    (status = 503, description = "the broker or the store is away; what was sent until then stays sent", body = Problem)))]
pub(crate) async fn redrive(
    State(api): State<Api>,
    principal: Principal,
    note: Note,
    Told(asked): Told<Redrive>,
) -> Result<Json<RedriveResult>, Problem> {
    let said = json!({ "ids": asked.ids, "force": asked.force });
    note.detail(said.clone());
    let records = records(&api, &principal, &asked.ids).await?;
    name_messages(&note, said, &records);
    let deed = Deed::new(principal.by(None)?, "");
    let before = states(&records);
    let redriven = send_again(&api.store, &api.accept, records, asked.force, &deed).await?;
    let passed_over = redriven.superseded.len();
    note.changed(
        before,
        json!({ "sent": redriven.sent, "passed_over": passed_over }),
    );
    Ok(Json(RedriveResult {
        sent: redriven.sent,
        superseded: redriven.superseded,
    }))
}

/// Which messages are to be given up.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Drop {
    /// Their numbers, at most 1,000.
    #[schema(value_type = Vec<i64>)]
    ids: Vec<ParkedId>,
    /// For whom a token acts.
    #[serde(default)]
    by: Option<String>,
    /// Why: it stays in the journal.
    because: String,
}

/// What became of messages that were to be given up.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Dropped {
    /// How many were.
    dropped: u64,
}

/// Gives parked messages up, with a reason that stays in the journal; their lanes go on.
#[utoipa::path(post, path = "/api/v1/parked/drop", tag = "parked", request_body = Drop, responses(
    (status = 200, description = "how many were given up", body = Dropped),
    (status = 400, description = "it cannot be read, names too many, or has no reason", body = Problem)))]
pub(crate) async fn give_up(
    State(api): State<Api>,
    principal: Principal,
    note: Note,
    Told(asked): Told<Drop>,
) -> Result<Json<Dropped>, Problem> {
    let said = json!({ "ids": asked.ids, "because": asked.because });
    note.detail(said.clone());
    let records = records(&api, &principal, &asked.ids).await?;
    name_messages(&note, said, &records);
    let ids: Vec<ParkedId> = records.iter().map(|record| record.id).collect();
    let deed = Deed::new(principal.by(asked.by.as_deref())?, asked.because);
    let dropped = give_up_parked(&api.store, &ids, &deed).await;
    let dropped = dropped.map_err(refused)?;
    note.changed(states(&records), json!({ "dropped": dropped }));
    Ok(Json(Dropped { dropped }))
}

/// Notes which messages it is about: their numbers mean nothing once they wait no more.
fn name_messages(note: &Note, mut detail: Value, records: &[ParkedRecord]) {
    let messages: Vec<_> = records
        .iter()
        .map(|record| record.parcel.attributes.id)
        .collect();
    if let [only] = messages.as_slice() {
        note.subject(only.to_string());
    }
    detail["messages"] = json!(messages);
    note.detail(detail);
}

/// How many of the messages stand how.
fn states(records: &[ParkedRecord]) -> BTreeMap<&'static str, usize> {
    let mut states = BTreeMap::new();
    for record in records {
        *states.entry(record.state.as_str()).or_default() += 1;
    }
    states
}

/// Those of the messages that still wait, all of them the caller's to touch.
async fn records(
    api: &Api,
    principal: &Principal,
    ids: &[ParkedId],
) -> Result<Vec<ParkedRecord>, Problem> {
    if !(1..=MOST).contains(&ids.len()) {
        let number = ids.len();
        let detail = format!("from 1 to {MOST} messages at once, not {number}");
        return Err(Problem::bad_request(detail));
    }
    let mut records = Vec::new();
    for id in ids.iter().collect::<BTreeSet<_>>() {
        if let Some(record) = api.store.parked_one(*id).await? {
            principal.check_system(&record.system)?;
            records.push(record);
        }
    }
    Ok(records)
}
