//! `tenon master show|merge|unmerge|split|pin|code|claim|review|import|export|quality` and `tenon item list|same|new`:
//! master records, for the people who look after them.

mod export;
mod import;
pub(super) mod item;
mod quality;
mod review;

use serde_json::{Value, json};
use tenon_connector::Deployment;
use tenon_core::customer::Stage;
use tenon_core::{MasterId, SystemName};
use tenon_master::PartPolicy;
use tenon_pipeline::{
    Accept, Act, CauseView, Command, MasterView, Outcome, RecordName, Steward, VersionView, moment,
};

use tenon_store::Affiliation;

use crate::cli::{Config, Giver, Stewardship};
use crate::engine::Engine;
use crate::exit::Exit;
use crate::output;

pub(super) async fn run(command: Stewardship) -> Result<(), Exit> {
    match command {
        Stewardship::Review(command) => review::run(command).await,
        Stewardship::Import(options) => import::run(options).await,
        Stewardship::Export(options) => export::run(options).await,
        Stewardship::Quality(options) => quality::run(options).await,
        Stewardship::Show {
            config,
            master,
            at,
            history,
            json,
        } => {
            let desk = Desk::open(&config).await?;
            match (at, history) {
                (Some(at), _) => desk.show_at(&master, &at, json).await?,
                (None, true) => desk.history(&master, json).await?,
                (None, false) => {
                    let view = desk.show(&master).await?;
                    match json {
                        true => output::json(&view)?,
                        false => show(&view),
                    }
                }
            }
            desk.close().await
        }
        Stewardship::Pin {
            giver,
            master,
            field,
            value,
            ..
        } => {
            let desk = Desk::open(&giver.config).await?;
            let master = desk.find(&master).await?;
            let act = match value {
                None => Act::Release { master, field },
                Some(text) => Act::Pin {
                    master,
                    // A number, a list or an object is JSON; everything else is a text.
                    value: match serde_json::from_str(&text) {
                        Ok(value @ (Value::Array(_) | Value::Object(_))) => value,
                        _ => Value::String(text),
                    },
                    field,
                },
            };
            desk.give(giver, act).await
        }
        Stewardship::Code { giver, code, free } => {
            let desk = Desk::open(&giver.config).await?;
            let act = match free {
                true => Act::FreeCode { code },
                false => Act::ReserveCode { code },
            };
            desk.give(giver, act).await
        }
        Stewardship::Claim {
            giver,
            master,
            owner,
            days,
            to,
            give_up,
        } => {
            let desk = Desk::open(&giver.config).await?;
            let master = desk.find(&master).await?;
            let act = match (to, give_up) {
                (Some(to), _) => Act::HandOver {
                    master,
                    from: owner,
                    to,
                },
                (None, true) => Act::GiveUp { master, owner },
                (None, false) => Act::Claim {
                    master,
                    owner,
                    days,
                },
            };
            desk.give(giver, act).await
        }
        Stewardship::Affiliate {
            giver,
            child,
            parent,
            member,
            ..
        } => {
            let desk = Desk::open(&giver.config).await?;
            let child = desk.find(&child).await?;
            let act = match parent {
                None => Act::Detach { child },
                Some(parent) => Act::Affiliate {
                    child,
                    parent: desk.find(&parent).await?,
                    kind: match member {
                        true => Affiliation::Member,
                        false => Affiliation::Branch,
                    },
                },
            };
            desk.give(giver, act).await
        }
        Stewardship::Merge {
            giver,
            survivor,
            merged,
        } => {
            let desk = Desk::open(&giver.config).await?;
            let act = Act::Merge {
                survivor: desk.find(&survivor).await?,
                merged: desk.find(&merged).await?,
            };
            desk.give(giver, act).await
        }
        Stewardship::Unmerge { giver, merged } => {
            let desk = Desk::open(&giver.config).await?;
            let act = Act::Unmerge {
                merged: desk.find(&merged).await?,
            };
            desk.give(giver, act).await
        }
        Stewardship::Split {
            giver,
            master,
            records,
        } => {
            let records = records
                .iter()
                .map(|text| record(text))
                .collect::<Result<_, _>>()?;
            let desk = Desk::open(&giver.config).await?;
            let act = Act::Split {
                master: desk.find(&master).await?,
                records,
            };
            desk.give(giver, act).await
        }
    }
}

/// `erp/K-1`.
fn record(text: &str) -> Result<RecordName, Exit> {
    let (system, native_id) = text
        .split_once('/')
        .ok_or_else(|| Exit::runtime(format!("`{text}` names no record: write SYSTEM/ID")))?;
    Ok(RecordName {
        system: SystemName::new(system).map_err(|error| Exit::runtime(error.to_string()))?,
        native_id: native_id.to_owned(),
    })
}

/// The engines, and a steward at them.
struct Desk {
    engine: Engine,
    steward: Steward,
    deployment: Deployment,
    /// How items are matched.
    items: PartPolicy,
}

impl Desk {
    async fn open(config: &Config) -> Result<Self, Exit> {
        let configuration = crate::commands::migrate::load(config)?;
        let partitions = configuration.settings.partitions;
        let engine = Engine::open(&configuration.settings).await?;
        let queues = tenon_pipeline::queues(&configuration.deployment, partitions);
        engine.broker.declare(&queues).await?;
        let accept = Accept::new(engine.broker.clone(), partitions);
        let matching = configuration.settings.matching;
        let steward = Steward::new(accept, engine.store.clone()).with_codes(matching.codes);
        Ok(Self {
            engine,
            steward,
            deployment: configuration.deployment,
            items: matching.items,
        })
    }

    async fn close(self) -> Result<(), Exit> {
        self.engine.broker.close().await;
        Ok(())
    }

    async fn find(&self, name: &str) -> Result<MasterId, Exit> {
        let found = self.steward.find(name).await?;
        found.ok_or_else(|| {
            Exit::runtime(format!(
                "there is no master `{name}`; name it by its id, its code, or a record SYSTEM/ID"
            ))
        })
    }

    async fn show(&self, name: &str) -> Result<MasterView, Exit> {
        let id = self.find(name).await?;
        let view = self.steward.show(id).await?;
        view.ok_or_else(|| Exit::runtime(format!("there is no master {id}")))
    }

    async fn show_at(&self, name: &str, at: &str, as_json: bool) -> Result<(), Exit> {
        let id = self.find(name).await?;
        let moment = moment(at).map_err(Exit::runtime)?;
        let version = self.steward.show_at(id, moment).await?;
        let version =
            version.ok_or_else(|| Exit::runtime(format!("{id} was not made yet at {moment}")))?;
        match as_json {
            true => output::json(&version)?,
            false => show_version(&version),
        }
        Ok(())
    }

    async fn history(&self, name: &str, as_json: bool) -> Result<(), Exit> {
        let id = self.find(name).await?;
        for change in self.steward.history(id, None, 100).await? {
            match as_json {
                true => output::json(&change)?,
                false => show_version(&change.version),
            }
        }
        Ok(())
    }

    /// Gives a command, and tells what became of it.
    async fn give(self, giver: Giver, act: Act) -> Result<(), Exit> {
        let named = match &act {
            Act::Affiliate { child, .. } | Act::Detach { child } => Some(*child),
            Act::Claim { master, .. }
            | Act::HandOver { master, .. }
            | Act::GiveUp { master, .. } => Some(*master),
            _ => None,
        };
        let command = Command {
            by: giver.by,
            because: giver.because,
            act,
        };
        let outcome = self.steward.command(&command, None).await?;
        if giver.json {
            output::json(&outcome)?;
        }
        let ended = match outcome {
            Outcome::Done { masters, .. } => {
                for master in masters.into_iter().chain(named).filter(|_| !giver.json) {
                    match self.steward.show(master).await? {
                        Some(view) => show(&view),
                        // An item has no golden record.
                        None => output::data(&master.to_string()),
                    }
                }
                Ok(())
            }
            Outcome::Refused { code, detail, .. } => {
                Err(Exit::runtime(format!("{detail} ({code})")))
            }
            Outcome::Underway { message_id } => Err(Exit::runtime(format!(
                "no hub has decided it yet; it is queued and will be decided when one runs: \
                 tenon trace {message_id}"
            ))),
        };
        self.close().await?;
        ended
    }
}

fn show_version(version: &VersionView) {
    output::data(&format!("version {} since {}", version.version, version.at));
    if let Some(into) = version.merged_into {
        output::data(&format!("    merged into {into}"));
    }
    if let Some(cause) = &version.cause {
        output::data(&format!("    by {}", caused(cause)));
    }
    for (field, value) in version.golden.as_object().into_iter().flatten() {
        output::data(&format!("    {field}  {}", text(value)));
    }
}

/// What made a version, as a person reads it.
fn caused(cause: &CauseView) -> String {
    let message = || cause.message_id.to_string();
    match (&cause.act, &cause.by, &cause.system) {
        (Some(act), Some(by), _) => {
            let because = cause.because.as_deref().unwrap_or_default();
            format!("{act} of {by}  {because}").trim_end().to_owned()
        }
        (_, _, Some(system)) => {
            let record = cause.native_id.clone().unwrap_or_else(message);
            format!("{system} {record}")
        }
        _ => format!("message {}", message()),
    }
}

/// A value as a person reads it.
fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| json!(value).to_string(), str::to_owned)
}

fn show(view: &MasterView) {
    let code = view.code.as_deref().unwrap_or("without a code");
    output::data(&format!(
        "{code}  {}  version {}",
        view.master_id, view.version
    ));
    if let Some(into) = view.merged_into {
        output::data(&format!("    merged into {into}"));
    }
    for (field, value) in view.golden.as_object().into_iter().flatten() {
        let from = view
            .provenance
            .get(field)
            .or_else(|| view.provenance.get(&format!("{field}/0")));
        let from = from.map(|from| format!("  ({} {})", from.system, from.native_id));
        let value = text(value);
        output::data(&format!("    {field}  {value}{}", from.unwrap_or_default()));
    }
    for (field, pin) in &view.pins {
        output::data(&format!(
            "    {field} is pinned by {} since {}  {}",
            pin.by, pin.at, pin.because
        ));
    }
    if let Some(claim) = &view.claim {
        output::data(&format!(
            "    claimed by {} until {}",
            claim.owner, claim.until
        ));
    }
    for parent in &view.parents {
        output::data(&format!(
            "    {} of {}",
            parent.kind.as_str(),
            parent.master_id
        ));
    }
    for child in &view.children {
        output::data(&format!(
            "    has {} {}",
            child.kind.as_str(),
            child.master_id
        ));
    }
    for change in &view.stages {
        output::data(&format!(
            "    {} since {}  {}",
            stage(change.stage),
            change.at,
            change.why
        ));
    }
    let lacks = match view.quality.lacks.as_slice() {
        [] => String::new(),
        lacks => format!("  lacks {}", lacks.join(", ")),
    };
    output::data(&format!("    quality {}{lacks}", view.quality.score));
    for complaint in &view.unknown_codes {
        output::data(&format!("    {complaint}"));
    }
    for record in &view.records {
        let told = if record.told { "told by" } else { "given to" };
        let of = record.of.map(|of| format!("  came with {of}"));
        output::data(&format!(
            "    {told} {} as {}{}",
            record.system,
            record.native_id,
            of.unwrap_or_default()
        ));
    }
}

/// A stage as it is written.
fn stage(stage: Stage) -> String {
    text(&serde_json::to_value(stage).unwrap_or_default())
}
