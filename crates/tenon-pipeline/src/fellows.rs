//! This node among the others: it says that it is there and how it is getting on, and does what all nodes are
//! asked to do.
//!
//! A node that cannot reach the store for a while does it when it can again; one that starts has read its files
//! just now.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tenon_core::{SystemName, Timestamp};
use tenon_store::{HubNode, NodeFacts, ReloadOutcome, ReloadRequest, SharedStore, StoreError};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::courier::store_failure;
use crate::retry::pause_for;
use crate::{Health, NotReloaded, Reloader, Roles};

/// How often a node says that it is there.
const BEAT: Duration = Duration::from_secs(5);

/// How often a node looks for what is asked of all, and tells the others how it is getting on.
const LOOK: Duration = Duration::from_secs(1);

/// How long a node that ends takes to say so.
const PARTING: Duration = Duration::from_secs(1);

/// How long the others are waited for.
const PATIENCE: Duration = Duration::from_secs(40);

/// How often their outcomes are looked at.
const GLANCE: Duration = Duration::from_millis(100);

/// What was asked so shortly before a node started may be later than what it read from its files.
const STARTING: Duration = Duration::from_secs(60);

/// What came of reloading on a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReloadedNode {
    /// What people know the node by.
    pub name: String,
    /// Whether it is the one that was asked.
    pub own: bool,
    /// What came of it; `None` where it has not said anything in 40 seconds.
    pub outcome: Option<ReloadedThere>,
}

/// What a node said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReloadedThere {
    /// Why the connector goes on as it was there; `None` where it is served as its file says now.
    pub because: Option<String>,
    /// How long it took.
    pub took: Duration,
}

/// A node and what it knows of the others.
pub(crate) struct Fellows {
    node: HubNode,
    facts: NodeFacts,
    store: SharedStore,
    health: Arc<Health>,
    /// Whether others were there when it last said that it is.
    accompanied: AtomicBool,
    /// The requests that are done here, or under way.
    heeded: Mutex<HashSet<Uuid>>,
}

impl Fellows {
    /// A node that nobody knows yet.
    pub(crate) fn new(store: SharedStore, health: Arc<Health>, roles: Roles) -> Arc<Self> {
        let machine = std::fs::read_to_string("/proc/sys/kernel/hostname");
        let machine = machine.unwrap_or_else(|_| "node".to_owned());
        let node = HubNode {
            id: Uuid::now_v7(),
            name: format!("{}/{}", machine.trim(), std::process::id()),
        };
        let facts = NodeFacts {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            roles: roles.names(),
            started_at: Timestamp::now(),
        };
        Arc::new(Self {
            node,
            facts,
            store,
            health,
            accompanied: AtomicBool::default(),
            heeded: Mutex::default(),
        })
    }

    /// Says that the node is there, and takes what was asked before it started as done.
    pub(crate) async fn join(&self) {
        self.say_here().await;
        let Ok(asked) = self.store.reloads().await else {
            return;
        };
        let began = Timestamp::now().checked_sub(STARTING).unwrap_or_default();
        for request in asked.iter().filter(|request| request.at < began) {
            self.heed(request.id);
        }
    }

    /// Says again and again that the node is there, and that it has gone when the hub stops.
    pub(crate) async fn stay(self: Arc<Self>, stop: CancellationToken) {
        while pause_for(&stop, BEAT).await {
            self.say_here().await;
        }
        // Where the store is away it says so by its silence, and ends no later for it.
        let left = tokio::time::timeout(PARTING, self.store.node_left(self.node.id)).await;
        if !matches!(left, Ok(Ok(()))) {
            tracing::debug!("the other nodes are not told that this one goes");
        }
    }

    /// This node, as the others know it.
    pub(crate) fn own(&self) -> &HubNode {
        &self.node
    }

    async fn say_here(&self) {
        if let Err(error) = self.store.node_seen(&self.node, &self.facts).await {
            tracing::debug!(%error, "the other nodes are not told that this one is there");
        }
        if let Ok(there) = self.store.nodes().await {
            let accompanied = there.iter().any(|node| node.id != self.node.id);
            self.accompanied.store(accompanied, Ordering::Relaxed);
        }
    }

    /// Tells the others how this node is getting on, where there are any.
    async fn tell(&self) {
        if !self.accompanied.load(Ordering::Relaxed) {
            return;
        }
        let told = match serde_json::to_string(&self.health.pulse()) {
            Ok(pulse) => self.store.tell_pulse(self.node.id, &pulse).await,
            Err(error) => Err(StoreError::Bug(error.to_string())),
        };
        if let Err(error) = told {
            tracing::debug!(%error, "the other nodes are not told how this one is getting on");
        }
    }

    /// Whether a request was not heeded before.
    fn heed(&self, request: Uuid) -> bool {
        // Nothing panics while it is held.
        let mut heeded = self.heeded.lock().unwrap_or_else(PoisonError::into_inner);
        heeded.insert(request)
    }

    /// Does what is asked of all nodes until the hub stops.
    pub(crate) async fn follow(self: Arc<Self>, reloader: Reloader, stop: CancellationToken) {
        while pause_for(&stop, LOOK).await {
            self.tell().await;
            match self.store.reloads().await {
                Ok(asked) => {
                    for request in asked.iter().filter(|request| self.heed(request.id)) {
                        self.obey(&reloader, request).await;
                    }
                }
                Err(error) => tracing::debug!(%error, "what is asked of all nodes cannot be read"),
            }
        }
    }

    async fn obey(&self, reloader: &Reloader, request: &ReloadRequest) {
        let began = Instant::now();
        let outcome = reloader.reload(&request.system).await;
        if let Err(reason) = &outcome {
            tracing::warn!(system.name = %request.system, %reason, "asked to reload, the connector goes on as it was");
        }
        let because = outcome.err().map(|reason| reason.to_string());
        let took_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let outcome = ReloadOutcome {
            request: request.id,
            node: self.node.clone(),
            because,
            took_ms,
        };
        if let Err(error) = self.store.note_reload(&outcome).await {
            tracing::warn!(%error, "what came of reloading is not told to who asked");
        }
    }

    /// Asks the other nodes to do what this one has done in `took`, and waits for what they say; this node
    /// first, then the others by name.
    ///
    /// # Errors
    /// `Untold` when they cannot be asked.
    pub(crate) async fn ask_others(
        &self,
        system: &SystemName,
        took: Duration,
    ) -> Result<Vec<ReloadedNode>, NotReloaded> {
        let request = ReloadRequest {
            id: Uuid::now_v7(),
            system: system.clone(),
            at: Timestamp::now(),
        };
        self.heed(request.id);
        let asked = self.store.ask_reload(&request).await;
        asked.map_err(|error| NotReloaded::Untold(store_failure(&error)))?;
        let began = Instant::now();
        loop {
            let found = self.others(request.id).await;
            let found = found.map_err(|error| NotReloaded::Untold(store_failure(&error)));
            let waits = |nodes: &Vec<ReloadedNode>| nodes.iter().any(|node| node.outcome.is_none());
            let over = began.elapsed() > PATIENCE;
            if over || found.as_ref().is_ok_and(|nodes| !waits(nodes)) {
                let mut nodes = found?;
                let outcome = Some(ReloadedThere {
                    because: None,
                    took,
                });
                let (name, own) = (self.node.name.clone(), true);
                nodes.insert(0, ReloadedNode { name, own, outcome });
                return Ok(nodes);
            }
            tokio::time::sleep(GLANCE).await; // why: the others answer in the store
        }
    }

    /// The other nodes that are there or have answered, with what they said.
    async fn others(&self, request: Uuid) -> Result<Vec<ReloadedNode>, StoreError> {
        let outcomes = self.store.reload_outcomes(request).await?;
        let there = self.store.nodes().await?;
        let silent = there.into_iter().filter(|node| {
            let said = |outcome: &ReloadOutcome| outcome.node.id == node.id;
            node.id != self.node.id && !outcomes.iter().any(said)
        });
        let silent: Vec<HubNode> = silent.collect();
        let silent = silent.into_iter().map(|node| ReloadedNode {
            name: node.name,
            own: false,
            outcome: None,
        });
        let said = outcomes.into_iter().map(|outcome| ReloadedNode {
            name: outcome.node.name,
            own: false,
            outcome: Some(ReloadedThere {
                because: outcome.because,
                took: Duration::from_millis(outcome.took_ms),
            }),
        });
        let mut nodes: Vec<ReloadedNode> = said.chain(silent).collect();
        nodes.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(nodes)
    }
}
