//! What serves each system on this node, and how a system is replaced when its connector file changed.
//!
//! The tasks of a system end by a token of its own, so that one system can be stopped, asked under its
//! new configuration and started again while the others go on. *Architecture invariant*: a system is
//! never without tasks for longer than it takes to drain the old and try the new; whatever goes wrong,
//! one of the two is running afterwards.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::FutureExt;
use tenon_broker::SharedBroker;
use tenon_connector::System;
use tenon_core::{ConfigProblem, Entity, Failure, SystemName};
use tenon_store::{Half, HubNode, SharedStore};
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::accept::failure;
use crate::bells::Bells;
use crate::claim::claimed;
use crate::compute::compute;
use crate::courier::{Courier, store_failure};
use crate::fellows::Fellows;
use crate::halt::Halts;
use crate::pace::Pace;
use crate::poll::Poll;
use crate::topology::queues;
use crate::{Accept, Component, Health, ReloadedNode, Roles, Systems};

/// How long a system has to answer under its new configuration.
const PATIENCE: Duration = Duration::from_secs(15);

/// How long the right to ask a source is waited for; who else has it is another node, which asks.
const TURN: Duration = Duration::from_secs(2);

/// Why a connector goes on as it was.
#[derive(Debug, thiserror::Error)]
pub enum NotReloaded {
    /// There is none of this name.
    #[error("no system `{0}` is configured")]
    Unknown(SystemName),
    /// Its file does not hold.
    #[error("{}", lines(.0))]
    Problems(Vec<ConfigProblem>),
    /// The file holds, and the system does not do what it says.
    #[error("{way}: {failure}")]
    Unanswered {
        /// Which way in or out.
        way: String,
        /// What it said.
        failure: Failure,
    },
    /// The hub itself could not.
    #[error(transparent)]
    Hub(#[from] Failure),
    /// This node serves it as its file says now, and what the others do is not known.
    #[error("this node serves it as its file says now; whether the others do is not known: {0}")]
    Untold(Failure),
}

fn lines(problems: &[ConfigProblem]) -> String {
    let mut text = String::new();
    for problem in problems {
        let _ = write!(text, "{}{problem}", if text.is_empty() { "" } else { "\n" });
    }
    text
}

/// Replaces systems of a running node by what their files say now. Cheap to clone.
#[derive(Clone)]
pub struct Reloader(Arc<Serving>);

impl Reloader {
    /// Reloads a system on this node, and where that holds asks every other node to do the same with the file
    /// that it has, each by itself: this node first, then the others by name. How long this one took.
    ///
    /// A node that cannot be reached now does it when it can be.
    ///
    /// # Errors
    /// Why the old one goes on here, and then everywhere; `Untold` when the others cannot be asked.
    pub async fn reload_everywhere(
        &self,
        name: &SystemName,
    ) -> Result<(Duration, Vec<ReloadedNode>), NotReloaded> {
        let took = self.reload(name).await?;
        let nodes = self.0.parts.fellows.ask_others(name, took).await?;
        Ok((took, nodes))
    }

    /// The node that it belongs to, as the others know it.
    pub fn node(&self) -> &HubNode {
        self.0.parts.fellows.own()
    }

    /// Reads a system's file again and serves it as it says now: its problems are those that a start
    /// would find, what is in hand is finished, the system is asked, and the new takes the place of
    /// the old. Half of a system that is paused is not asked. How long it took.
    ///
    /// Goes on to its end when the caller does not wait for it.
    ///
    /// # Errors
    /// Why the old one goes on.
    pub async fn reload(&self, name: &SystemName) -> Result<Duration, NotReloaded> {
        let (serving, name) = (self.0.clone(), name.clone());
        let reloaded = tokio::spawn(async move { serving.reload(&name).await }).await;
        reloaded.unwrap_or_else(|error| {
            let detail = format!("reloading broke down: {error}");
            Err(Failure::bug("reload.panicked", detail).into())
        })
    }
}

/// The tasks of one system.
struct Running {
    stop: CancellationToken,
    tasks: JoinSet<()>,
}

impl Running {
    /// Finishes what is in hand.
    async fn drain(mut self) {
        self.stop.cancel();
        while let Some(ended) = self.tasks.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a task of the hub ended badly");
            }
        }
    }
}

/// What the tasks of every system are made from, and those that run.
pub(crate) struct Parts {
    pub(crate) roles: Roles,
    pub(crate) partitions: u32,
    pub(crate) systems: Systems,
    pub(crate) accept: Accept,
    pub(crate) broker: SharedBroker,
    pub(crate) store: SharedStore,
    pub(crate) health: Arc<Health>,
    pub(crate) bells: Arc<Bells>,
    pub(crate) halts: Arc<Halts>,
    pub(crate) fellows: Arc<Fellows>,
    pub(crate) stop: CancellationToken,
}

impl Parts {
    fn serve(&self, system: &System) -> Running {
        let mut running = Running {
            stop: self.stop.child_token(),
            tasks: JoinSet::new(),
        };
        let system = Arc::new(system.clone());
        if self.roles.deliver && !system.outlets.is_empty() {
            let known = |entity: &Entity| system.knows(*entity);
            let courier = Courier {
                translated: Arc::new(Entity::ALL.into_iter().filter(known).collect()),
                broker: self.broker.clone(),
                store: self.store.clone(),
                health: self.health.clone(),
                bells: self.bells.clone(),
                halts: self.halts.clone(),
                stop: running.stop.clone(),
                turn: Mutex::default(),
                pace: system.limit.map(Pace::new),
                claim: Mutex::default(),
                system: system.clone(),
            };
            running.tasks.spawn(courier.run());
        }
        if self.roles.receive {
            for (inlet, every) in Poll::intervals(&system) {
                let poll = Poll {
                    system: system.clone(),
                    inlet: inlet.clone(),
                    every,
                    accept: self.accept.clone(),
                    store: self.store.clone(),
                    health: self.health.clone(),
                    halts: self.halts.clone(),
                    stop: running.stop.clone(),
                };
                running.tasks.spawn(poll.run());
            }
        }
        running
    }
}

/// The systems that are served.
pub(crate) struct Serving {
    parts: Parts,
    /// Held while one is replaced: one at a time.
    running: Mutex<HashMap<SystemName, Running>>,
}

impl Serving {
    /// Starts the tasks of every system.
    pub(crate) fn start(parts: Parts) -> Arc<Self> {
        let systems = parts.systems.now();
        let systems = systems.systems.iter();
        let running = systems.map(|system| (system.name.clone(), parts.serve(system)));
        let running = Mutex::new(running.collect());
        Arc::new(Self { parts, running })
    }

    /// What replaces systems of this node.
    pub(crate) fn reloader(self: &Arc<Self>) -> Reloader {
        Reloader(self.clone())
    }

    /// Waits until every system's tasks have ended; the hub's own token has told them to.
    pub(crate) async fn end(&self) {
        for (_, running) in self.running.lock().await.drain() {
            running.drain().await;
        }
    }

    async fn reload(&self, name: &SystemName) -> Result<Duration, NotReloaded> {
        let began = Instant::now();
        let mut running = self.running.lock().await;
        let deployment = self.parts.systems.now();
        let kinds = deployment.kinds;
        let old = deployment.system(name).cloned();
        let old = old.ok_or_else(|| NotReloaded::Unknown(name.clone()))?;
        let again = old.clone();
        // Files are read and mappings compiled: not on a thread that carries messages.
        let read = compute(move || again.again(kinds)).await?;
        let new = read.map_err(NotReloaded::Problems)?;
        self.ask_sinks(&new).await?;
        let queues = queues(&self.parts.systems.with(&new), self.parts.partitions);
        let declared = self.parts.broker.declare(&queues).await;
        declared.map_err(|error| failure(&error))?;
        if let Some(running) = running.remove(name) {
            running.drain().await;
        }
        // Asked only now: two who read one source would be in each other's way.
        let asked = AssertUnwindSafe(self.ask_sources(&new))
            .catch_unwind()
            .await;
        let asked = asked.unwrap_or_else(|_| {
            let detail = "asking its sources broke down; please report it";
            Err(Failure::bug("reload.panicked", detail).into())
        });
        let system = match &asked {
            Ok(()) => {
                self.parts.systems.replace(&new);
                self.forget_components(&old, &new);
                &new
            }
            Err(_) => &old,
        };
        running.insert(name.clone(), self.parts.serve(system));
        asked?;
        tracing::info!(system.name = %name, file = %new.file.display(), "connector reloaded");
        Ok(began.elapsed())
    }

    /// Whether the targets take deliveries as the file says now.
    async fn ask_sinks(&self, system: &System) -> Result<(), NotReloaded> {
        if !self.parts.roles.deliver || self.parts.halts.of(&system.name, Half::Deliver).is_some() {
            return Ok(());
        }
        for outlet in &system.outlets {
            self.within(system.ask_target(outlet))
                .await
                .map_err(|failure| NotReloaded::Unanswered {
                    way: format!("{} to {}", outlet.entity, system.name),
                    failure,
                })?;
        }
        Ok(())
    }

    /// Whether the sources can be read on where they were left; what they hand over is left to them.
    async fn ask_sources(&self, system: &System) -> Result<(), NotReloaded> {
        if !self.parts.roles.receive || self.parts.halts.of(&system.name, Half::Receive).is_some() {
            return Ok(());
        }
        for (inlet, _) in Poll::intervals(system) {
            let name = Poll::component(system, inlet).0;
            let claim = claimed(&self.parts.store, &name, &self.parts.stop, || {});
            let Ok(claim) = tokio::time::timeout(TURN, claim).await else {
                continue;
            };
            let _claim = claim?;
            let asked = async {
                let checkpoint = self.parts.store.checkpoint(&system.name, &inlet.name).await;
                let checkpoint = checkpoint.map_err(|error| store_failure(&error))?;
                let mut source = system.transport.open_source(inlet, checkpoint).await?;
                source.receive().await.map(drop)
            };
            self.within(asked)
                .await
                .map_err(|failure| NotReloaded::Unanswered {
                    way: format!("{} from {}", inlet.name, system.name),
                    failure,
                })?;
        }
        Ok(())
    }

    async fn within(
        &self,
        asked: impl Future<Output = Result<(), Failure>>,
    ) -> Result<(), Failure> {
        tokio::select! {
            answer = tokio::time::timeout(PATIENCE, asked) => answer.unwrap_or_else(|_| {
                let detail = format!("no answer within {} seconds", PATIENCE.as_secs());
                Err(Failure::transient("probe.timeout", detail))
            }),
            () = self.parts.stop.cancelled() => {
                Err(Failure::transient("hub.stopping", "the hub is stopping"))
            }
        }
    }

    /// Takes what is served no more out of the reports.
    fn forget_components(&self, old: &System, new: &System) {
        let components = |system: &System| -> BTreeSet<Component> {
            let inlets = system.inlets.iter();
            let inlets = inlets.map(|inlet| Poll::component(system, inlet));
            let outlets = system.outlets.iter().take(1);
            let outlets = outlets.map(|_| Courier::component_of(&system.name));
            inlets.chain(outlets).collect()
        };
        for component in components(old).difference(&components(new)) {
            self.parts.health.forget(component);
        }
    }
}

impl std::fmt::Debug for Reloader {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Reloader")
            .field("roles", &self.0.parts.roles)
            .finish_non_exhaustive()
    }
}
