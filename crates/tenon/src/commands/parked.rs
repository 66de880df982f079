//! `tenon parked`: messages that wait, for people.

use std::num::NonZeroU32;
use std::time::Duration;

use indicatif::ProgressBar;
use serde_json::json;
use tenon_core::{SystemName, Timestamp};
use tenon_pipeline::{Accept, Preview, Redriven, preview, redrive};
use tenon_store::{Direction, ParkedFilter, ParkedId, ParkedRecord, ParkedState, SharedStore};

use crate::cli::{Config, Parked, ParkedSelection};
use crate::engine::{Engine, open_store};
use crate::exit::Exit;
use crate::output;

/// Records read at once.
const PAGE: u32 = 500;

pub(super) async fn run(command: Parked) -> Result<(), Exit> {
    match command {
        Parked::List(selection) => list(&selection).await,
        Parked::Show { config, id, json } => show(&config, ParkedId(id), json).await,
        Parked::Redrive {
            selection,
            dry_run: true,
            ..
        } => dry_run(&selection).await,
        Parked::Redrive {
            selection,
            force,
            per_second,
            ..
        } => send_again(&selection, force, per_second).await,
        Parked::Drop { selection, because } => give_up(&selection, &because).await,
    }
}

async fn list(selection: &ParkedSelection) -> Result<(), Exit> {
    let (_, store) = open(&selection.config).await?;
    let records = select(&store, selection).await?;
    if selection.json {
        return records
            .iter()
            .try_for_each(|record| output::json(&as_json(record)));
    }
    let rows: Vec<Vec<String>> = records
        .iter()
        .map(|record| {
            let attributes = &record.parcel.attributes;
            vec![
                record.id.0.to_string(),
                direction(record).to_owned(),
                record.system.to_string(),
                attributes.entity().to_string(),
                attributes.native_id.clone().unwrap_or_default(),
                state(record.state).to_owned(),
                record.behind.to_string(),
                record.parked_at.strftime("%Y-%m-%d %H:%M:%S").to_string(),
                record.detail.chars().take(80).collect(),
            ]
        })
        .collect();
    output::table(
        &[
            "id",
            "way",
            "system",
            "entity",
            "record",
            "waits for",
            "behind",
            "since (UTC)",
            "reason",
        ],
        &rows,
    );
    Ok(())
}

async fn show(config: &Config, id: ParkedId, as_json_too: bool) -> Result<(), Exit> {
    let (configuration, store) = open(config).await?;
    let record = store.parked_one(id).await?;
    let record = record.ok_or_else(|| Exit::runtime(format!("no parked message {}", id.0)))?;
    let now = preview(&store, &configuration.deployment, &record).await?;
    let body = String::from_utf8_lossy(&record.parcel.body);
    if as_json_too {
        let mut value = as_json(&record);
        value["body"] = json!(body);
        value["redrive"] = serde_json::to_value(&now).unwrap_or_default();
        return output::json(&value);
    }
    let attributes = &record.parcel.attributes;
    output::data(&format!(
        "{} {} of {}",
        record.id.0,
        attributes.entity(),
        attributes.source
    ));
    output::data(&format!(
        "way       {} {}",
        direction(&record),
        record.system
    ));
    output::data(&format!(
        "waits for {} since {}",
        state(record.state),
        record.parked_at
    ));
    output::data(&format!("reason    {} ({})", record.detail, record.code));
    output::data(&format!(
        "attempts  {}, {} behind it",
        record.attempts, record.behind
    ));
    output::data(&format!("message   {}", attributes.id));
    output::data(&format!("body      {body}"));
    output::data(&format!("now       {}", describe(&now)));
    Ok(())
}

async fn dry_run(selection: &ParkedSelection) -> Result<(), Exit> {
    let (configuration, store) = open(&selection.config).await?;
    for record in select(&store, selection).await? {
        let now = preview(&store, &configuration.deployment, &record).await?;
        if selection.json {
            let mut value = as_json(&record);
            value["redrive"] = serde_json::to_value(&now).unwrap_or_default();
            output::json(&value)?;
        } else {
            let was = if record.detail.is_empty() {
                state(record.state)
            } else {
                &record.detail
            };
            output::data(&format!("{}  - {was}", record.id.0));
            output::data(&format!(
                "{}  + {}",
                " ".repeat(record.id.0.to_string().len()),
                describe(&now)
            ));
        }
    }
    Ok(())
}

async fn send_again(
    selection: &ParkedSelection,
    force: bool,
    per_second: Option<NonZeroU32>,
) -> Result<(), Exit> {
    let configuration = super::migrate::load(&selection.config)?;
    let engine = Engine::open(&configuration.settings).await?;
    let records = select(&engine.store, selection).await?;
    let partitions = configuration.settings.partitions;
    engine
        .broker
        .declare(&tenon_pipeline::queues(
            &configuration.deployment,
            partitions,
        ))
        .await?;
    let accept = Accept::new(engine.broker.clone(), partitions);
    let portion = per_second.map_or(usize::MAX, |number| number.get() as usize);
    let bar = match selection.json {
        true => ProgressBar::hidden(),
        false => ProgressBar::new(records.len() as u64),
    };
    let mut redriven = Redriven::default();
    let mut rest = records.into_iter().peekable();
    while rest.peek().is_some() {
        let next: Vec<ParkedRecord> = rest.by_ref().take(portion).collect();
        bar.inc(next.len() as u64);
        let sent = redrive(&engine.store, &accept, next, force).await?;
        redriven.sent += sent.sent;
        redriven.superseded.extend(sent.superseded);
        if rest.peek().is_some() {
            tokio::time::sleep(Duration::from_secs(1)).await; // why: so many a second
        }
    }
    bar.finish_and_clear();
    engine.broker.close().await;
    if selection.json {
        return output::json(&redriven);
    }
    output::data(&format!("{} sent again", redriven.sent));
    for (id, reason) in &redriven.superseded {
        output::data(&format!(
            "{id}  passed over: {reason}; --force sends it all the same"
        ));
    }
    Ok(())
}

async fn give_up(selection: &ParkedSelection, because: &str) -> Result<(), Exit> {
    if because.trim().is_empty() {
        return Err(Exit::runtime("`--because` needs a reason"));
    }
    let ParkedSelection {
        ids,
        system,
        reason,
        since,
        ..
    } = selection;
    if ids.is_empty() && system.is_none() && reason.is_none() && since.is_none() {
        // What is given up does not come back, so nobody shall give up everything by forgetting a word.
        return Err(Exit::runtime(
            "name what is given up: numbers from `parked list`, or --system, --reason, --since",
        ));
    }
    let (_, store) = open(&selection.config).await?;
    let records = select(&store, selection).await?;
    let ids: Vec<ParkedId> = records.iter().map(|record| record.id).collect();
    let dropped = store.drop_parked(&ids, because).await?;
    if selection.json {
        return output::json(&json!({ "dropped": dropped }));
    }
    output::data(&format!("{dropped} given up"));
    Ok(())
}

async fn open(config: &Config) -> Result<(crate::settings::Configuration, SharedStore), Exit> {
    let configuration = super::migrate::load(config)?;
    let store = open_store(&configuration.settings).await?;
    Ok((configuration, store))
}

/// The records that a selection names: by number, else by its filters.
async fn select(
    store: &SharedStore,
    selection: &ParkedSelection,
) -> Result<Vec<ParkedRecord>, Exit> {
    if !selection.ids.is_empty() {
        let mut records = Vec::new();
        for id in &selection.ids {
            let record = store.parked_one(ParkedId(*id)).await?;
            records.push(record.ok_or_else(|| Exit::runtime(format!("no parked message {id}")))?);
        }
        return Ok(records);
    }
    let system = selection.system.as_deref().map(SystemName::new).transpose();
    let filter = ParkedFilter {
        system: system.map_err(|error| Exit::runtime(error.to_string()))?,
        reason: selection.reason.clone(),
        since: selection.since.as_deref().map(since).transpose()?,
        direction: None,
        state: None,
    };
    let (mut records, mut after) = (Vec::new(), None);
    loop {
        let page = store.parked(&filter, after, PAGE).await?;
        let Some(last) = page.last() else {
            return Ok(records);
        };
        after = Some(last.id);
        records.extend(page);
    }
}

/// A time, or a duration ago.
fn since(text: &str) -> Result<Timestamp, Exit> {
    if let Ok(time) = text.parse() {
        return Ok(time);
    }
    let ago: Result<jiff::SignedDuration, _> = text.parse();
    ago.ok()
        .and_then(|ago| Timestamp::now().checked_sub(ago).ok())
        .ok_or_else(|| {
            Exit::runtime(format!(
                "`{text}` is neither a time (2026-03-01T08:00:00Z) nor a duration (2h)"
            ))
        })
}

fn direction(record: &ParkedRecord) -> &'static str {
    match record.direction {
        Direction::Inbound => "from",
        Direction::Outbound => "to",
    }
}

fn state(state: ParkedState) -> &'static str {
    match state {
        ParkedState::Failed => "a person",
        ParkedState::Retry => "its next attempt",
        ParkedState::Waiting => "a dependency",
        ParkedState::Behind => "the one before it",
        ParkedState::Due => "nothing: it goes now",
    }
}

fn describe(preview: &Preview) -> String {
    match preview {
        Preview::Sends { payloads } => format!("would send {}", payloads.join(" and ")),
        Preview::Nothing { reason } => format!("would send nothing: {reason}"),
        Preview::Waits { reason } => format!("would wait: {reason}"),
        Preview::Fails { code, detail } => format!("would fail: {detail} ({code})"),
    }
}

fn as_json(record: &ParkedRecord) -> serde_json::Value {
    let attributes = &record.parcel.attributes;
    json!({
        "id": record.id,
        "direction": record.direction,
        "system": record.system,
        "entity": attributes.entity(),
        "message_id": attributes.id,
        "source": attributes.source,
        "native_id": attributes.native_id,
        "state": record.state,
        "kind": record.kind,
        "code": record.code,
        "reason": record.detail,
        "attempts": record.attempts,
        "retry_at": record.retry_at,
        "parked_at": record.parked_at,
        "behind": record.behind,
    })
}
