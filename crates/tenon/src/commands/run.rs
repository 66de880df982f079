//! `tenon run`: the hub, until it is told to stop.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tenon_api::alerts::{Alerts, watch};
use tenon_api::{Access, Api, Problem};
use tenon_connector::Deployment;
use tenon_core::{Entity, SystemName};
use tenon_insight::{Remind, Runner, Told};
use tenon_pipeline::{Accept, Depths, FailPoint, Hub, Roles, imported};
use tokio_util::sync::CancellationToken;

use crate::cli::{Role, Run};
use crate::engine::Engine;
use crate::exit::Exit;
use crate::exports;
use crate::output;
use crate::settings::{Configuration, Settings};

pub(super) async fn run(options: Run) -> Result<(), Exit> {
    if options.fail_points {
        take_fail_orders();
    }
    let configuration = super::migrate::load(&options.config)?;
    if !configuration.unset_secrets.is_empty() {
        return Err(Exit::problems(&configuration.unset_secrets));
    }
    crate::spans::export();
    let has = |role: Role| options.role.contains(&role) || options.role.contains(&Role::All);
    let roles = Roles {
        receive: has(Role::Receive),
        route: has(Role::Route),
        deliver: has(Role::Deliver),
    };
    let Configuration {
        settings,
        deployment,
        ..
    } = configuration;
    // Listened for from the beginning, so that a signal during the start ends the hub in order too.
    let mut stopped = tokio::spawn(stop_signal());
    let node = tokio::select! {
        node = Node::start(settings, deployment, roles, has(Role::Api)) => node?,
        _ = &mut stopped => return Ok(()),
    };
    if let Some(address) = node.address {
        output::talk(&format!("tenon is running; http://{address}"));
        match node.first_link().await {
            Ok(None) => {}
            Ok(Some(link)) => output::talk(&format!(
                "nobody can sign in yet; the first administrator follows, once and within a day: {link}"
            )),
            // A store that is away for a moment ends no hub that carries messages.
            Err(problem) => output::talk(&format!(
                "whether anybody can sign in is not known: {}; `tenon user add` makes an administrator",
                problem.detail
            )),
        }
    } else {
        output::talk("tenon is running");
    }
    let reloading = reload_on_hangup(&node.hub);
    // The task only waits, so it does not fail.
    let _ = stopped.await;
    reloading.abort();
    output::talk("stopping: finishing what is in hand");
    let broker = node.engine().broker.clone();
    node.stop().await;
    broker.close().await;
    Ok(())
}

/// Serves every connector as its file says now whenever SIGHUP comes, one after the other.
fn reload_on_hangup(hub: &Hub) -> tokio::task::JoinHandle<()> {
    let (reloader, systems) = (hub.reloader(), hub.systems().clone());
    let signal = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup());
    tokio::spawn(async move {
        let Ok(mut signal) = signal else { return };
        while signal.recv().await.is_some() {
            for system in &systems.now().systems {
                match reloader.reload(&system.name).await {
                    Ok(_) => output::talk(&format!("{}: reloaded", system.name)),
                    Err(reason) => {
                        output::talk(&format!("{}: goes on as it was: {reason}", system.name));
                    }
                }
            }
        }
    })
}

/// Arms fail points as standard input says, a line an order: a point's name and how often it is to
/// be reached, or `none`. Ends the process when the input ends, so that no hub outlives its torturer.
fn take_fail_orders() {
    std::thread::spawn(|| {
        for line in std::io::stdin().lines().map_while(Result::ok) {
            let (name, times) = line.split_once(' ').unwrap_or((&line, "1"));
            match (FailPoint::named(name), times.parse()) {
                (Some(point), Ok(times)) => point.arm(times),
                _ => FailPoint::disarm(),
            }
        }
        std::process::exit(1);
    });
}

/// How long callers of the HTTP side may take to end when the node stops.
const GRACE: Duration = Duration::from_secs(10);

/// A running node: the hub's stages and, if it has that role, the HTTP side.
pub(crate) struct Node {
    hub: Hub,
    engine: Engine,
    http: Option<tokio::task::JoinHandle<()>>,
    /// Brings the projections on.
    insight: Option<tokio::task::JoinHandle<()>>,
    stop: CancellationToken,
    access: Access,
    /// Where people reach the hub.
    url: Option<String>,
    /// Where the HTTP side listens.
    pub(crate) address: Option<SocketAddr>,
}

impl Node {
    /// Opens the engines and starts what the roles name.
    pub(crate) async fn start(
        settings: Settings,
        deployment: Deployment,
        roles: Roles,
        api: bool,
    ) -> Result<Self, Exit> {
        let engine = Engine::open(&settings).await?;
        serve(settings, deployment, roles, api, engine).await
    }

    /// What the node knows.
    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The stages.
    pub(crate) fn hub(&self) -> &Hub {
        &self.hub
    }

    /// A one-time link for the first administrator, as long as there is nobody who may sign in.
    pub(crate) async fn first_link(&self) -> Result<Option<String>, Problem> {
        let Some(address) = self.address else {
            return Ok(None);
        };
        let url = self
            .url
            .clone()
            .unwrap_or_else(|| format!("http://{address}"));
        let link = self.access.invite_first().await?;
        Ok(link.map(|link| format!("{}{link}", url.trim_end_matches('/'))))
    }

    /// Stops accepting, and finishes what is in hand; the engines stay open.
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        if let Some(http) = self.http
            && tokio::time::timeout(GRACE, http).await.is_err()
        {
            tracing::warn!("a caller of the HTTP side does not end; the hub stops without it");
        }
        self.hub.stop().await;
        if let Some(insight) = self.insight {
            // It ends by itself after the portion in hand.
            let _ = insight.await;
        }
    }
}

/// Starts a node on engines that are open already.
pub(crate) async fn serve(
    settings: Settings,
    deployment: Deployment,
    roles: Roles,
    api: bool,
    engine: Engine,
) -> Result<Node, Exit> {
    // Before anything moves: an address that is taken is told at once.
    let listener = match api {
        true => Some(
            tokio::net::TcpListener::bind(settings.http.listen)
                .await
                .map_err(|error| {
                    Exit::environment(format!(
                        "cannot listen on {}: {error}",
                        settings.http.listen
                    ))
                })?,
        ),
        false => None,
    };
    let pipeline = tenon_pipeline::Settings {
        roles,
        partitions: settings.partitions,
        master: settings.master_policy(),
        keep: settings.journal.keep.map(|keep| keep.0),
    };
    let hub = Hub::start(
        pipeline,
        Arc::new(deployment),
        engine.broker.clone(),
        engine.store.clone(),
    )
    .await?;
    let depths = Depths::new(
        engine.broker.clone(),
        hub.systems().clone(),
        settings.partitions,
    );
    let access = Access::new(
        engine.store.clone(),
        settings.access.clone(),
        settings.http.token.clone(),
    );
    let stop = CancellationToken::new();
    let alerts = Alerts::new(settings.alerts.clone().unwrap_or_default());
    let watched = tenon_api::alerts::Watched {
        store: engine.store.clone(),
        depths: depths.clone(),
        health: hub.health().clone(),
        node: Some(hub.reloader().node().clone()),
    };
    tokio::spawn(watch(alerts.clone(), watched, stop.clone()));
    for export in settings.exports.iter().filter(|_| roles.route) {
        let policy = Arc::new(settings.insight.clone());
        let writing = exports::run(export.clone(), engine.store.clone(), policy, stop.clone());
        tokio::spawn(writing);
    }
    let insight = roles.route.then(|| {
        let runner = Runner {
            store: engine.store.clone(),
            policy: Arc::new(settings.insight.clone()),
            remind: reminders(hub.accept().clone()),
            stop: stop.clone(),
        };
        tokio::spawn(runner.run())
    });
    let (mut http, mut address) = (None, None);
    if let Some(listener) = listener {
        address = listener.local_addr().ok();
        let api = Api {
            systems: hub.systems().clone(),
            reloader: Some(hub.reloader()),
            store: engine.store.clone(),
            depths,
            accept: hub.accept().clone(),
            health: hub.health().clone(),
            master: Arc::new(settings.master_policy()),
            insight: Arc::new(settings.insight.clone()),
            keep: settings.journal.keep.map(|keep| keep.0),
            access: access.clone(),
            live: tenon_api::Live::until(stop.clone()),
            kept: tenon_api::Kept::default(),
            alerts,
        };
        tokio::spawn(tenon_api::make_ahead(api.clone(), stop.clone()));
        let router = tenon_api::router(api)?;
        let stopped = stop.clone().cancelled_owned();
        http = Some(tokio::spawn(async move {
            let service = router.into_make_service_with_connect_info::<SocketAddr>();
            let served = axum::serve(listener, service)
                .with_graceful_shutdown(stopped)
                .await;
            if let Err(error) = served {
                tracing::error!(%error, "the HTTP side ended");
            }
        }));
    }
    Ok(Node {
        hub,
        engine,
        http,
        insight,
        stop,
        access,
        url: settings.access.url,
        address,
    })
}

/// Waits for SIGTERM or Ctrl-C, which are heeded from the call on.
pub(crate) fn stop_signal() -> impl Future<Output = ()> {
    use tokio::signal::unix::{SignalKind, signal};
    let heeded = |kind| {
        let heeded = signal(kind).ok();
        async move {
            match heeded {
                Some(mut heeded) => {
                    heeded.recv().await;
                }
                None => std::future::pending().await,
            }
        }
    };
    let (terminate, interrupt) = (
        heeded(SignalKind::terminate()),
        heeded(SignalKind::interrupt()),
    );
    async move {
        tokio::select! {
            () = terminate => {}
            () = interrupt => {}
        }
    }
}

/// Takes the reminders and the demand of `tenon-insight` over, as messages of the hub's own.
fn reminders(accept: Accept) -> Remind {
    Arc::new(move |told| {
        let accept = accept.clone();
        Box::pin(async move {
            let message = |told: Told| {
                let origin = match told.entity {
                    Entity::Requisition => "replenishment",
                    _ => "care",
                };
                imported(
                    SystemName::hub(),
                    told.entity,
                    told.number,
                    told.body,
                    origin.to_owned(),
                )
            };
            let messages: Vec<_> = told.into_iter().map(message).collect();
            let accepted = accept.accept(&messages).await;
            accepted.map_err(|failure| failure.to_string())
        })
    })
}
