//! Starts the stages that a node is to run, and stops them without losing anything.

use std::sync::Arc;
use std::time::Duration;

use tenon_broker::SharedBroker;
use tenon_core::{Failure, SystemName, Timestamp};
use tenon_master::LifeCycle;
use tenon_store::SharedStore;
use tokio::task::JoinSet;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::accept::failure;
use crate::bells::Bells;
use crate::compute::alone;
use crate::courier::store_failure;
use crate::fellows::Fellows;
use crate::halt::Halts;
use crate::inbound::Lane;
use crate::master::{MasterPolicy, idle_before};
use crate::reload::{Parts, Serving};
use crate::retry::pause_for;
use crate::steward::{Act, Command};
use crate::topology::queues;
use crate::{Accept, Health, Redriver, Reloader, Systems};

/// How often waiting messages are looked through for dependencies met unnoticed.
const SWEEP: Duration = Duration::from_secs(5);

/// How often the journal forgets what is old.
const ROUND: Duration = Duration::from_secs(3600);

/// Which halves of the way a node runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Roles {
    /// Asks systems for what is new.
    pub receive: bool,
    /// Takes messages from the inbound queue to the targets' queues.
    pub route: bool,
    /// Carries messages from the targets' queues to the targets.
    pub deliver: bool,
}

impl Roles {
    /// Everything.
    pub const ALL: Self = Self {
        receive: true,
        route: true,
        deliver: true,
    };

    /// What they are called.
    pub(crate) fn names(self) -> Vec<String> {
        let named = [
            (self.receive, "receive"),
            (self.route, "route"),
            (self.deliver, "deliver"),
        ];
        let taken = named.into_iter().filter(|(taken, _)| *taken);
        taken.map(|(_, name)| name.to_owned()).collect()
    }
}

/// What a node is told besides its systems.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Which halves of the way it runs.
    pub roles: Roles,
    /// Partitions of the inbound queue; the same on every node.
    pub partitions: u32,
    /// How customers are mastered.
    pub master: MasterPolicy,
    /// How long the journal keeps messages; `None` for ever.
    pub keep: Option<Duration>,
}

/// A running node.
pub struct Hub {
    accept: Accept,
    health: Arc<Health>,
    systems: Systems,
    serving: Arc<Serving>,
    stop: CancellationToken,
    tasks: JoinSet<()>,
    /// Gives up the lanes of a hub that is dropped, which the set of its tasks cannot.
    _lanes: DropGuard,
}

impl Hub {
    /// Declares the queues and starts the node's tasks. Systems may be down.
    ///
    /// # Errors
    /// What the broker says to the declaration.
    pub async fn start(
        settings: Settings,
        systems: impl Into<Systems>,
        broker: SharedBroker,
        store: SharedStore,
    ) -> Result<Self, Failure> {
        let systems = systems.into();
        let declared = broker
            .declare(&queues(&systems.now(), settings.partitions))
            .await;
        declared.map_err(|error| failure(&error))?;
        let accept = Accept::new(broker.clone(), settings.partitions);
        let health = Arc::new(Health::default());
        let stop = CancellationToken::new();
        let bells = Arc::new(Bells::default());
        let halts = Arc::new(Halts::default());
        // Before anything moves: what was paused stays so over a restart.
        halts.look(&store).await;
        let fellows = Fellows::new(store.clone(), health.clone(), settings.roles);
        fellows.join().await;
        let serving = Serving::start(Parts {
            roles: settings.roles,
            partitions: settings.partitions,
            systems: systems.clone(),
            accept: accept.clone(),
            broker: broker.clone(),
            store: store.clone(),
            health: health.clone(),
            bells: bells.clone(),
            halts: halts.clone(),
            fellows: fellows.clone(),
            stop: stop.clone(),
        });
        let forsaken = CancellationToken::new();
        let mut hub = Self {
            accept,
            health,
            systems,
            serving,
            stop,
            tasks: JoinSet::new(),
            _lanes: forsaken.clone().drop_guard(),
        };
        let watch = halts.watch(store.clone(), hub.stop.clone());
        hub.tasks.spawn(watch);
        hub.tasks.spawn(fellows.clone().stay(hub.stop.clone()));
        let reloader = hub.reloader();
        hub.tasks.spawn(fellows.follow(reloader, hub.stop.clone()));
        if settings.roles.route {
            let policy = Arc::new(settings.master);
            if policy.life_cycle.kept && policy.life_cycle.dormant_after_days > 0 {
                let (cycle, accept) = (policy.life_cycle.clone(), hub.accept.clone());
                let stop = hub.stop.clone();
                hub.tasks.spawn(lull(cycle, accept, store.clone(), stop));
            }
            for partition in 0..settings.partitions {
                let lane = Lane {
                    partition,
                    systems: hub.systems.clone(),
                    policy: policy.clone(),
                    broker: broker.clone(),
                    store: store.clone(),
                    health: hub.health.clone(),
                    bells: bells.clone(),
                    stop: hub.stop.clone(),
                };
                alone(&mut hub.tasks, forsaken.clone(), || lane.run());
            }
        }
        if settings.roles.deliver {
            hub.tasks
                .spawn(sweep(store.clone(), bells, hub.stop.clone()));
        }
        if let Some(keep) = settings.keep.filter(|_| settings.roles.route) {
            hub.tasks
                .spawn(forget(store.clone(), keep, hub.stop.clone()));
        }
        if settings.roles.route {
            let redriver = Redriver {
                store: store.clone(),
                accept: hub.accept.clone(),
                stop: hub.stop.clone(),
            };
            hub.tasks.spawn(redriver.run());
        }
        Ok(hub)
    }

    /// The front door, for webhooks.
    pub fn accept(&self) -> &Accept {
        &self.accept
    }

    /// How the node is getting on.
    pub fn health(&self) -> &Arc<Health> {
        &self.health
    }

    /// The systems as they are configured now.
    pub fn systems(&self) -> &Systems {
        &self.systems
    }

    /// What serves a system as its file says now.
    pub fn reloader(&self) -> Reloader {
        self.serving.reloader()
    }

    /// Stops: sources first stop asking, every stage finishes the batch in hand, and what is not
    /// acknowledged stays in its queue. Returns when all is quiet.
    pub async fn stop(mut self) {
        self.stop.cancel();
        while let Some(ended) = self.tasks.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a task of the hub ended badly");
            }
        }
        self.serving.end().await;
    }
}

/// Releases messages whose dependency was met while nobody looked: another node, a restart.
async fn sweep(store: SharedStore, bells: Arc<Bells>, stop: CancellationToken) {
    while pause_for(&stop, SWEEP).await {
        match store.release_met_dependencies().await {
            Ok(systems) => bells.ring(&systems),
            Err(error) => tracing::warn!(%error, "dependencies were not looked through"),
        }
    }
}

/// Forgets what is older than `keep`, at once and then every hour.
async fn forget(store: SharedStore, keep: Duration, stop: CancellationToken) {
    loop {
        if let Ok(before) = Timestamp::now().checked_sub(keep) {
            match store.forget(before).await {
                Ok(0) => {}
                Ok(rows) => tracing::info!(rows, %before, "the journal forgot what is old"),
                Err(error) => tracing::warn!(%error, "the journal could not forget what is old"),
            }
        }
        if !pause_for(&stop, ROUND).await {
            return;
        }
    }
}

/// Commands that customers who have not bought for long are dormant, at once and then every hour. The
/// command decides whether it is so; given by several nodes it takes effect once.
async fn lull(cycle: LifeCycle, accept: Accept, store: SharedStore, stop: CancellationToken) {
    loop {
        if let Some(before) = idle_before(&cycle, Timestamp::now())
            && let Err(error) = rest(&accept, &store, before).await
        {
            tracing::warn!(%error, "customers who have not bought for long were not looked for");
        }
        if !pause_for(&stop, ROUND).await {
            return;
        }
    }
}

/// Customers of whom it is commanded at once.
const RESTED_AT_ONCE: u32 = 10_000;

async fn rest(accept: &Accept, store: &SharedStore, before: Timestamp) -> Result<(), Failure> {
    let idle = store.idle(before, RESTED_AT_ONCE).await;
    let idle = idle.map_err(|error| store_failure(&error))?;
    let commands = idle.into_iter().map(|life| {
        let command = Command {
            by: SystemName::hub().to_string(),
            because: String::new(),
            act: Act::Rest {
                master: life.master_id,
            },
        };
        command.message(Some(&format!("rest {} {}", life.master_id, life.active_at)))
    });
    let commands = commands.collect::<Result<Vec<_>, _>>()?;
    accept.accept(&commands).await
}
