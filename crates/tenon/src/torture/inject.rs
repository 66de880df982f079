//! Breaks what a fault says, mends it, and sees to it that every node runs again.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::ground::Ground;
use super::plan::{Fault, Mood};
use super::proxy::{Cable, Proxy};
use crate::exit::Exit;

/// How long an armed point may stay unreached before the nodes are killed where they are.
const UNREACHED: Duration = Duration::from_secs(4);
/// How long a new effect may take after a kill before recovery counts as failed.
const UNRECOVERED: Duration = Duration::from_secs(60);
/// How often is looked.
const LOOK: Duration = Duration::from_millis(5);

/// What an injected fault came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Injected {
    /// Processes ended.
    Killed,
    /// Nobody came to the armed point; the nodes were killed instead.
    Unreached,
    /// Something else was broken.
    Broken,
}

/// Breaks and mends; every node runs on return.
pub(super) async fn inject(ground: &mut Ground, fault: Fault) -> Result<Injected, Exit> {
    let injected = match fault {
        Fault::Kill { node } => {
            ground.nodes[node].kill();
            Injected::Killed
        }
        Fault::KillAll => {
            kill_all(ground);
            Injected::Killed
        }
        Fault::Point { point, times } => {
            for node in &mut ground.nodes {
                node.arm(Some((point, times)));
            }
            let reached = until_one_ends(ground).await;
            for node in &mut ground.nodes {
                node.arm(None);
            }
            match reached {
                true => Injected::Killed,
                false => {
                    kill_all(ground);
                    Injected::Unreached
                }
            }
        }
        Fault::Pause { node, time } => {
            ground.nodes[node].signal(Signal::STOP);
            last(time).await;
            ground.nodes[node].signal(Signal::CONT);
            Injected::Broken
        }
        Fault::Isolate { node, time } => {
            ground.nodes[node].signal(Signal::STOP);
            cut(ground, node);
            last(time).await;
            ground.nodes[node].signal(Signal::CONT);
            Injected::Broken
        }
        Fault::CutBroker { node } => {
            on_cable(ground, node, |cables| cables.broker.cut());
            Injected::Broken
        }
        Fault::CutStore { node } => {
            on_cable(ground, node, |cables| cables.store.cut());
            Injected::Broken
        }
        Fault::Broker { node, cable, time } => {
            on_cable(ground, node, |cables| spoil(&cables.broker, cable));
            last(time).await;
            on_cable(ground, node, |cables| mend(&cables.broker));
            Injected::Broken
        }
        Fault::Store { node, cable, time } => {
            on_cable(ground, node, |cables| spoil(&cables.store, cable));
            last(time).await;
            on_cable(ground, node, |cables| mend(&cables.store));
            Injected::Broken
        }
        Fault::Portal { mood, time } => {
            ground.portal.set(mood);
            last(time).await;
            ground.portal.set(Mood::Well);
            Injected::Broken
        }
        Fault::LockBooks { time } => {
            ground.books.lock(time).await?;
            Injected::Broken
        }
        Fault::DiskFull { time } => {
            fill_disk(ground);
            last(time).await;
            for node in &ground.nodes {
                node.limit_files(None);
            }
            Injected::Broken
        }
        Fault::SecondHub { time } => {
            let mut second = ground.another_node()?;
            second.start()?;
            last(time).await;
            second.kill();
            ground.nodes[0].died.append(&mut second.died);
            Injected::Broken
        }
        Fault::RestartBroker {
            number,
            without_notice,
            time,
        } => {
            if let Some(own) = &mut ground.own {
                own.brokers[number].restart(without_notice, time).await?;
            }
            Injected::Broken
        }
        Fault::RestartStore {
            without_notice,
            time,
        } => {
            if let Some(own) = &mut ground.own {
                own.store.restart(without_notice, time).await?;
            }
            Injected::Broken
        }
        Fault::Clock {
            node,
            seconds,
            time,
        } => {
            let node = &mut ground.nodes[node];
            node.kill();
            node.start_with_clock(seconds)?;
            last(time).await;
            node.set_clock(0)?;
            last(time).await;
            node.kill();
            Injected::Broken
        }
    };
    revive(ground)?;
    Ok(injected)
}

/// Starts every node that does not run.
pub(super) fn revive(ground: &mut Ground) -> Result<(), Exit> {
    for node in &mut ground.nodes {
        if node.has_ended() {
            node.start()?;
        }
    }
    Ok(())
}

/// From a kill at `since` to the first effect after it, where `before` had been counted.
pub(super) async fn recovery(
    ground: &mut Ground,
    since: Instant,
    before: usize,
) -> Result<Option<Duration>, Exit> {
    while since.elapsed() < UNRECOVERED {
        if ground.count().await? > before {
            return Ok(Some(since.elapsed()));
        }
        revive(ground)?;
        tokio::time::sleep(LOOK).await;
    }
    Ok(None)
}

async fn until_one_ends(ground: &mut Ground) -> bool {
    let began = Instant::now();
    while began.elapsed() < UNREACHED {
        if ground.nodes.iter_mut().any(|node| node.has_ended()) {
            return true;
        }
        tokio::time::sleep(LOOK).await;
    }
    false
}

fn kill_all(ground: &mut Ground) {
    for node in &mut ground.nodes {
        node.kill();
    }
}

fn cut(ground: &Ground, node: usize) {
    on_cable(ground, node, |cables| {
        cables.broker.cut();
        cables.store.cut();
    });
}

fn on_cable(ground: &Ground, node: usize, change: impl Fn(&super::node::Cables)) {
    if let Some(cables) = &ground.nodes[node].cables {
        change(cables);
    }
}

fn spoil(proxy: &Proxy, cable: Cable) {
    proxy.set(cable);
    if cable == Cable::Unplugged {
        proxy.cut();
    }
}

/// Makes a cable whole; connections that were frozen are lost, as after a switch that was gone.
fn mend(proxy: &Proxy) {
    proxy.cut();
    proxy.set(Cable::Whole);
}

/// Lets the engine's file grow by almost nothing.
fn fill_disk(ground: &Ground) {
    let size = |name: &str| {
        let file = ground.directory.join("data").join(name);
        std::fs::metadata(file).map_or(0, |metadata| metadata.len())
    };
    let bytes = size("tenon.db").max(size("tenon.db-wal"));
    for node in &ground.nodes {
        node.limit_files(Some(bytes / 2));
    }
}

/// The fault lasts so long.
async fn last(time: Duration) {
    tokio::time::sleep(time).await; // why: a fault lasts a time
}
