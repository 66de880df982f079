//! `tenon torture`: breaks a hub on purpose and counts in its targets what became of the messages.
//!
//! The hub runs as processes of this same binary, so that they can be killed for real; sources, targets
//! with their ledgers and the cables between live in this one. Everything is drawn from a seed: the
//! same seed sends the same and breaks the same, though no two runs of a machine meet at the same
//! instant. Nothing leaves this machine but what goes to the broker and the store that are named.

mod archive;
mod books;
mod feed;
mod ground;
mod inject;
mod ledger;
mod node;
mod own;
mod plan;
mod portal;
mod proxy;
mod report;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures::future::join_all;
use indicatif::{ProgressBar, ProgressStyle};
use tokio::sync::watch;

use crate::cli::{Engine, Torture};
use crate::dice::Dice;
use crate::exit::Exit;
use crate::output;
use feed::{Allowed, Feed};
use ground::Ground;
use inject::{Injected, inject, recovery, revive};
use plan::{Fault, Plan, TARGETS};
use report::{Count, Report};

/// Without a new effect for so long, what is missing is not waited for any more.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often the targets are looked at.
const LOOK: Duration = Duration::from_millis(50);
/// The longest wait before a fault, in milliseconds: what was let through is to be under way.
const APPROACH: usize = 400;

pub(crate) async fn run(options: Torture) -> Result<(), Exit> {
    let seed = options.seed.unwrap_or_else(draw_seed);
    if options.messages == 0 || options.messages > 10_000_000 || options.faults > 100_000 {
        return Err(Exit::runtime(
            "take from 1 to 10,000,000 messages and at most 100,000 faults",
        ));
    }
    let temporary = tempfile::Builder::new()
        .prefix("tenon-torture-")
        .tempdir()?;
    let directory = options
        .data
        .clone()
        .unwrap_or_else(|| temporary.path().to_owned());
    let mut ground = Ground::prepare(&options, &directory).await?;
    let means = ground.means();
    let plan = Plan::draw(
        seed,
        options.messages,
        options.faults,
        options.engine,
        means,
    );
    for left_out in &ground.left_out {
        output::talk(&format!("left out: {left_out}"));
    }
    output::talk(&format!(
        "seed {seed}: {} messages, {} faults; again with: {}",
        plan.messages(),
        plan.faults.len(),
        command(&options, seed)
    ));
    let tortured = tokio::select! {
        tortured = torture(&options, seed, &plan, &mut ground) => tortured,
        () = crate::commands::stop_signal() => Err(Exit::runtime("interrupted")),
    };
    let cleared = ground.clear().await;
    let report = tortured?;
    cleared?;
    match options.json {
        true => output::json(&report)?,
        false => report.show(),
    }
    if report.is_clean() {
        return Ok(());
    }
    let kept = match options.data {
        Some(directory) => directory,
        None => temporary.keep(),
    };
    for violation in &report.violations {
        output::talk(violation);
    }
    Err(Exit::runtime(format!(
        "promises were broken; logs and tables are in {}; again with: {}",
        kept.display(),
        report.command
    )))
}

/// The command that tortures in the same way.
fn command(options: &Torture, seed: u64) -> String {
    let engine = engine_name(options.engine);
    let (messages, faults) = (options.messages, options.faults);
    format!("tenon torture --engine {engine} --seed {seed} --messages {messages} --faults {faults}")
}

fn engine_name(engine: Engine) -> &'static str {
    match engine {
        Engine::Embedded => "embedded",
        Engine::Rabbitmq => "rabbitmq",
    }
}

/// A seed that nobody has chosen.
fn draw_seed() -> u64 {
    (uuid::Uuid::now_v7().as_u128() & 0xffff_ffff) as u64 % 1_000_000
}

async fn torture(
    options: &Torture,
    seed: u64,
    plan: &Plan,
    ground: &mut Ground,
) -> Result<Report, Exit> {
    revive(ground)?;
    let parts = Allowed {
        parts: 0,
        of: 2 * plan.faults.len() + 1,
    };
    let (gate, allowed) = watch::channel(parts);
    let sent = Arc::new(AtomicUsize::new(0));
    let feed = Feed {
        directory: ground.directory.clone(),
        tables: ground.tables.clone(),
        nodes: ground.nodes.iter().map(|node| node.listen).collect(),
        token: ground.token.clone(),
        allowed,
        sent: sent.clone(),
    };
    let feeding = async {
        let scripts = plan.scripts.iter().map(|script| feed.run(script));
        join_all(scripts)
            .await
            .into_iter()
            .collect::<Result<(), Exit>>()
    };
    let breaking = async {
        let mut count = Count::default();
        break_all(options, seed, plan, ground, &gate, &mut count).await?;
        wait_for_the_rest(options, plan, ground, &sent).await?;
        Ok::<Count, Exit>(count)
    };
    // The one who breaks also decides when it is enough: a hub that takes no more would else keep
    // the sources for ever.
    let count = {
        tokio::pin!(feeding, breaking);
        tokio::select! {
            fed = &mut feeding => {
                fed?;
                breaking.await?
            }
            count = &mut breaking => count?,
        }
    };
    for node in &mut ground.nodes {
        node.stop().await;
    }
    let elapsed = count.began.elapsed();
    let command = command(options, seed);
    let sent = sent.load(Ordering::Relaxed) as u64;
    let mut report = Report::judge(plan, ground, count, sent).await?;
    report.engine = engine_name(options.engine);
    report.seed = seed;
    report.seconds = elapsed.as_secs_f64();
    report.command = command;
    Ok(report)
}

/// Injects one fault after the other, each into traffic that is under way.
async fn break_all(
    options: &Torture,
    seed: u64,
    plan: &Plan,
    ground: &mut Ground,
    gate: &watch::Sender<Allowed>,
    count: &mut Count,
) -> Result<(), Exit> {
    let mut dice = Dice::new(seed, "approach", 0);
    let bar = bar(options, "faults", plan.faults.len() as u64);
    let allow = || gate.send_modify(|allowed| allowed.parts += 1);
    // The first fault meets a hub that has begun to work.
    allow();
    if more(plan, gate, 0) {
        recovery(ground, Instant::now(), 0).await?;
    }
    for fault in &plan.faults {
        allow();
        let approach = Duration::from_millis(dice.below(APPROACH) as u64);
        tokio::time::sleep(approach).await; // why: the seed says when
        // More comes while it is broken, so that there is work for whoever recovers.
        allow();
        let injected = inject(ground, *fault).await?;
        tracing::info!(?fault, ?injected, "broken and mended");
        let since = Instant::now();
        if injected == Injected::Broken {
            bar.inc(1);
            continue;
        }
        let before = ground.count().await?;
        match (fault, injected) {
            (Fault::Point { point, .. }, Injected::Killed) => count.reached(*point),
            (Fault::Point { point, .. }, _) => count.unreached(*point),
            _ => count.kills += 1,
        }
        // Whoever was killed when all was done shows by new work that it recovered; where none is
        // left, there is nothing to judge by.
        if more(plan, gate, before) {
            count.recovered(*fault, recovery(ground, since, before).await?);
        }
        bar.inc(1);
    }
    gate.send_modify(|allowed| allowed.parts = allowed.of);
    bar.finish_and_clear();
    Ok(())
}

/// Sees to it that more effects are to come than there are; false where the sources have no more.
fn more(plan: &Plan, gate: &watch::Sender<Allowed>, effects: usize) -> bool {
    let enough = plan.enough_for_more(*gate.borrow(), effects);
    if let Some(enough) = enough {
        gate.send_modify(|allowed| *allowed = enough);
    }
    enough.is_some()
}

/// Waits until every effect is there, or nothing moves any more.
async fn wait_for_the_rest(
    options: &Torture,
    plan: &Plan,
    ground: &mut Ground,
    sent: &AtomicUsize,
) -> Result<(), Exit> {
    let revisions: u64 = plan.orders.values().map(|last| u64::from(*last)).sum();
    let expected = TARGETS * revisions as usize;
    let bar = bar(options, "effects", expected as u64);
    let (mut seen, mut moved) = ((0, 0), Instant::now());
    while moved.elapsed() < PATIENCE {
        let now = (ground.count().await?, sent.load(Ordering::Relaxed));
        bar.set_position(now.0 as u64);
        if now != seen {
            (seen, moved) = (now, Instant::now());
        }
        if now.0 >= expected && now.1 as u64 >= plan.messages() && is_settled(plan, ground).await? {
            break;
        }
        revive(ground)?;
        tokio::time::sleep(LOOK).await;
    }
    bar.finish_and_clear();
    Ok(())
}

/// Whether nothing is missing: then only what nobody asked for could still come.
async fn is_settled(plan: &Plan, ground: &Ground) -> Result<bool, Exit> {
    let customers = ledger::judge_last(&plan.customers, &ground.books.customers().await?);
    let (portal, _) = ground.portal.effects();
    let (archive, _, _) = ground.archive.effects()?;
    let books = ground.books.orders().await?;
    Ok(customers.missing.is_empty()
        && [portal, archive, books]
            .iter()
            .all(|effects| ledger::judge(&plan.orders, effects).missing.is_empty()))
}

fn bar(options: &Torture, what: &'static str, length: u64) -> ProgressBar {
    if options.json {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(length).with_message(what);
    if let Ok(style) = ProgressStyle::with_template("{msg} {bar:40} {pos}/{len}") {
        bar.set_style(style);
    }
    bar
}
