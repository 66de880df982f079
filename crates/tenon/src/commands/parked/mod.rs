//! `tenon parked`: messages that wait, for people.

mod correcting;
mod redriving;

use serde_json::json;
use tenon_core::{Entity, SystemName, Timestamp};
use tenon_pipeline::{Preview, give_up as give_up_parked, preview, since_last_attempt};
use tenon_store::{
    Deed, Direction, EventKind, ParkedEvent, ParkedFilter, ParkedId, ParkedRecord, ParkedState,
    SharedStore,
};

use crate::cli::{Config, Parked, ParkedSelection, Way};
use crate::engine::open_store;
use crate::exit::Exit;
use crate::output;

/// Records read at once.
const PAGE: u32 = 500;

pub(super) async fn run(command: Parked) -> Result<(), Exit> {
    match command {
        Parked::List(selection) => list(&selection).await,
        Parked::Show { config, id, json } => show(&config, ParkedId(id), json).await,
        Parked::Redrive(options) if options.dry_run => dry_run(&options.selection).await,
        Parked::Redrive(options) => redriving::begin(options).await,
        Parked::Redrives {
            config,
            limit,
            json,
        } => redriving::list(&config, limit, json).await,
        Parked::Stop { config, id } => redriving::stop(&config, id).await,
        Parked::Resume { config, id, json } => redriving::resume(&config, id, json).await,
        Parked::Correct { giver, id, file } => correcting::propose(giver, id, &file).await,
        Parked::Corrections(options) => correcting::show(&options).await,
        Parked::Approve { giver, id } => correcting::decide(giver, id, true).await,
        Parked::Reject { giver, id } => correcting::decide(giver, id, false).await,
        Parked::Drop {
            selection,
            by,
            because,
        } => give_up(&selection, by, because).await,
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
                behind(record),
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
    let changed = since_last_attempt(&store, &record, &now).await?;
    let mut history = store.parked_history(record.parcel.attributes.id).await?;
    history.retain(|event| event.system == record.system && event.direction == record.direction);
    let body = String::from_utf8_lossy(&record.parcel.body);
    if as_json_too {
        let mut value = as_json(&record);
        value["body"] = json!(body);
        value["redrive"] = serde_json::to_value(&now).unwrap_or_default();
        value["redrive"]["difference"] = json!(changed);
        value["history"] = history.iter().map(event_json).collect();
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
        "attempts  {}; behind it: {}",
        record.attempts,
        behind(&record)
    ));
    output::data(&format!("message   {}", attributes.id));
    output::data(&format!("body      {body}"));
    for event in &history {
        output::data(&format!("history   {}", tell(event)));
    }
    output::data(&format!("now       {}", describe(&now)));
    show_changed(changed.as_deref());
    Ok(())
}

/// One line of a history.
fn tell(event: &ParkedEvent) -> String {
    let at = event.at.strftime("%Y-%m-%d %H:%M:%S");
    let what = match event.what {
        EventKind::Failed => "failed",
        EventKind::Retry => "failed, to be tried again",
        EventKind::Waiting => "waits",
        EventKind::Settled => "settled",
        EventKind::Redriven => "sent again",
        EventKind::PassedOver => "passed over",
        EventKind::Proposed => "correction proposed",
        EventKind::Corrected => "correction approved",
        EventKind::Rejected => "correction rejected",
        EventKind::Dropped => "given up",
    };
    let who = event.who.as_deref().map(|who| format!(" by {who}"));
    let attempt = match event.what {
        EventKind::Failed | EventKind::Retry => format!(" (attempt {})", event.attempts),
        _ => String::new(),
    };
    let detail = match event.detail.as_str() {
        "" => String::new(),
        detail => format!(": {detail}"),
    };
    format!("{at}  {what}{}{attempt}{detail}", who.unwrap_or_default())
}

fn event_json(event: &ParkedEvent) -> serde_json::Value {
    json!({
        "at": event.at,
        "what": event.what,
        "who": event.who,
        "code": event.code,
        "detail": event.detail,
        "attempts": event.attempts,
        "sent": event.sent.as_ref().map(|sent| String::from_utf8_lossy(sent)),
    })
}

/// How many stand behind a message, and since when the eldest of them does.
fn behind(record: &ParkedRecord) -> String {
    match record.behind_since {
        None => record.behind.to_string(),
        Some(since) => {
            let since = since.strftime("%Y-%m-%d %H:%M:%S");
            format!("{} since {since}", record.behind)
        }
    }
}

/// Shows what changed since the last attempt, line by line.
fn show_changed(changed: Option<&str>) {
    match changed {
        None => {}
        Some("") => output::data("          just as it was given in the last attempt"),
        Some(changed) => changed
            .lines()
            .filter(|line| !line.starts_with("@@"))
            .for_each(|line| output::data(&format!("          {line}"))),
    }
}

async fn dry_run(selection: &ParkedSelection) -> Result<(), Exit> {
    let (configuration, store) = open(&selection.config).await?;
    for record in select(&store, selection).await? {
        let now = preview(&store, &configuration.deployment, &record).await?;
        let changed = since_last_attempt(&store, &record, &now).await?;
        if selection.json {
            let mut value = as_json(&record);
            value["redrive"] = serde_json::to_value(&now).unwrap_or_default();
            value["redrive"]["difference"] = json!(changed);
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
            show_changed(changed.as_deref());
        }
    }
    Ok(())
}

async fn give_up(selection: &ParkedSelection, by: String, because: String) -> Result<(), Exit> {
    if because.trim().is_empty() {
        return Err(Exit::runtime("`--because` needs a reason"));
    }
    if filter(selection)? == ParkedFilter::default() {
        // What is given up does not come back, so nobody shall give up everything by forgetting a word.
        return Err(Exit::runtime(
            "name what is given up: numbers from `parked list`, or --system, --reason, --since",
        ));
    }
    let (_, store) = open(&selection.config).await?;
    let records = select(&store, selection).await?;
    let ids: Vec<ParkedId> = records.iter().map(|record| record.id).collect();
    let dropped = give_up_parked(&store, &ids, &Deed::new(by, because)).await?;
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

/// The records that a selection names.
async fn select(
    store: &SharedStore,
    selection: &ParkedSelection,
) -> Result<Vec<ParkedRecord>, Exit> {
    let filter = filter(selection)?;
    let (mut records, mut after) = (Vec::new(), None);
    loop {
        let page = store.parked(&filter, after, PAGE).await?;
        let Some(last) = page.last() else {
            break;
        };
        after = Some(last.id);
        records.extend(page);
    }
    // A number that is mistyped is not passed over in silence.
    let missing = |id: &&ParkedId| !records.iter().any(|record| record.id == **id);
    match filter.ids.iter().find(missing) {
        Some(id) => Err(Exit::runtime(format!("no parked message {}", id.0))),
        None => Ok(records),
    }
}

/// A selection as the store takes it.
fn filter(selection: &ParkedSelection) -> Result<ParkedFilter, Exit> {
    let system = selection.system.as_deref().map(SystemName::new).transpose();
    let entity = selection.entity.as_deref().map(str::parse::<Entity>);
    Ok(ParkedFilter {
        ids: selection.ids.iter().copied().map(ParkedId).collect(),
        system: system.map_err(|error| Exit::runtime(error.to_string()))?,
        entity: entity.transpose().map_err(Exit::runtime)?,
        key: selection.key.clone(),
        code: None,
        reason: selection.reason.clone(),
        text: selection.text.clone(),
        since: selection.since.as_deref().map(since).transpose()?,
        until: selection.until.as_deref().map(since).transpose()?,
        direction: selection.way.map(|way| match way {
            Way::In => Direction::Inbound,
            Way::Out => Direction::Outbound,
        }),
        state: None,
        chosen_by: None,
    })
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
        "behind_since": record.behind_since,
    })
}
