//! `tenon parked redrive`, and what is done with redrives that were begun.

use indicatif::ProgressBar;
use tenon_pipeline::{Accept, Redriven, Redriver, begin_redrive, turn_redrive};
use tenon_store::{Act, Deed, NewRedrive, Redrive, RedriveId, RedriveState, SharedStore};
use tokio_util::sync::CancellationToken;

use super::{filter, select};
use crate::cli::{Config, Redriving};
use crate::engine::Engine;
use crate::exit::Exit;
use crate::output;

/// How often is looked how far another process has come.
const LOOK: std::time::Duration = std::time::Duration::from_millis(300);

/// Begins a redrive and works it off, or watches a hub do it.
pub(super) async fn begin(options: Redriving) -> Result<(), Exit> {
    let (engine, redriver) = open(&options.selection.config).await?;
    // Numbers that name nothing are told before anything is sent.
    let count = select(&engine.store, &options.selection).await?.len();
    let new = NewRedrive {
        act: Act::Redrive,
        selection: filter(&options.selection)?,
        per_second: options.per_second.map(Into::into),
        force: options.force,
        deed: Deed::new(options.by, options.because),
    };
    // It runs from the moment at which this process has it: no hub is to be faster.
    let id = begin_redrive(&engine.store, &new, RedriveState::Stopped).await?;
    work(engine, redriver, id, count, options.selection.json).await
}

/// Goes on with a redrive that was stopped, or that nobody works on.
pub(super) async fn resume(config: &Config, id: i64, json: bool) -> Result<(), Exit> {
    let (engine, redriver) = open(config).await?;
    let run = one(&engine.store, RedriveId(id)).await?;
    if run.state == RedriveState::Done {
        return Err(Exit::runtime(format!("redrive {id} is done")));
    }
    work(engine, redriver, run.id, 0, json).await
}

async fn work(
    engine: Engine,
    redriver: Redriver,
    id: RedriveId,
    count: usize,
    json: bool,
) -> Result<(), Exit> {
    let bar = match json || count == 0 {
        true => ProgressBar::hidden(),
        false => ProgressBar::new(count as u64),
    };
    let act = one(&engine.store, id).await?.act;
    let mut done = Redriven::default();
    let worked = redriver
        .work(id, true, |_, portion| {
            bar.inc(portion.sent + portion.superseded.len() as u64);
            done.sent += portion.sent;
            done.superseded.extend(portion.superseded.clone());
        })
        .await?;
    if worked.is_none() {
        watch(&engine.store, id, &mut done).await?;
    }
    bar.finish_and_clear();
    engine.broker.close().await;
    if json {
        return output::json(&done);
    }
    let what = match act {
        Act::Redrive => "sent again",
        Act::Drop => "given up",
    };
    output::data(&format!("{} {what}", done.sent));
    for (id, reason) in &done.superseded {
        output::data(&format!(
            "{id}  passed over: {reason}; --force sends it all the same"
        ));
    }
    Ok(())
}

/// Waits while a node of a running hub works on it.
async fn watch(store: &SharedStore, id: RedriveId, done: &mut Redriven) -> Result<(), Exit> {
    loop {
        let run = one(store, id).await?;
        if run.state != RedriveState::Running {
            done.sent = run.sent;
            return Ok(());
        }
        tokio::time::sleep(LOOK).await; // why: another process does it
    }
}

/// Stops a redrive.
pub(super) async fn stop(config: &Config, id: i64) -> Result<(), Exit> {
    let (_, store) = super::open(config).await?;
    let run = turn_redrive(&store, RedriveId(id), RedriveState::Stopped).await?;
    output::data(&tell(&run));
    Ok(())
}

/// Lists redrives.
pub(super) async fn list(config: &Config, limit: u32, json: bool) -> Result<(), Exit> {
    let (_, store) = super::open(config).await?;
    for run in store.redrives(None, None, limit).await? {
        match json {
            true => output::json(&run)?,
            false => output::data(&tell(&run)),
        }
    }
    Ok(())
}

fn tell(run: &Redrive) -> String {
    let Redrive { deed, sent, .. } = run;
    let because = match deed.because.as_str() {
        "" => String::new(),
        because => format!(": {because}"),
    };
    let done = match run.act {
        Act::Redrive => format!("{sent} sent again, {} passed over", run.passed_over),
        Act::Drop => format!("{sent} of {} given up", run.total),
    };
    format!(
        "{}  {}  {} by {}, {done}{because}",
        run.id.0,
        run.state.as_str(),
        run.began_at.strftime("%Y-%m-%d %H:%M:%S"),
        deed.who,
    )
}

async fn one(store: &SharedStore, id: RedriveId) -> Result<Redrive, Exit> {
    let run = store.redrive_of(id).await?;
    run.ok_or_else(|| Exit::runtime(format!("no redrive {}", id.0)))
}

/// The engines with every queue declared, and what works redrives off.
pub(super) async fn open(config: &Config) -> Result<(Engine, Redriver), Exit> {
    let configuration = crate::commands::migrate::load(config)?;
    let engine = Engine::open(&configuration.settings).await?;
    let partitions = configuration.settings.partitions;
    let queues = tenon_pipeline::queues(&configuration.deployment, partitions);
    engine.broker.declare(&queues).await?;
    let redriver = Redriver {
        store: engine.store.clone(),
        accept: Accept::new(engine.broker.clone(), partitions),
        stop: CancellationToken::new(),
    };
    Ok((engine, redriver))
}
