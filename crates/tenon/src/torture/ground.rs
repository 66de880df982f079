//! Where a torture takes place: a scratch configuration, sources, targets, nodes, engines of its own.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sqlx::SqlitePool;
use tenon_broker::{RabbitMq, RabbitMqOptions};
use tenon_pipeline::queues;
use tenon_store::{ParkedFilter, ParkedId, ParkedRecord, SharedStore};

use super::archive::Archive;
use super::books::{self, Books};
use super::node::{Cables, Node, wrong_clock};
use super::own;
use super::plan::{self, Means};
use super::portal::Portal;
use super::proxy::Proxy;
use crate::cli::{Engine, Torture};
use crate::engine::open_store;
use crate::exit::Exit;
use crate::scratch::{Database, in_schema};
use crate::settings::Configuration;

/// Partitions of the inbound queue.
const PARTITIONS: u32 = 2;
/// Parked messages read at once.
const PAGE: u32 = 500;

/// The connector files and mappings, with places for what differs from run to run.
const FILES: [(&str, &str); 10] = [
    ("web.toml", include_str!("config/web.toml")),
    ("spool.toml", include_str!("config/spool.toml")),
    ("table.toml", include_str!("config/table.toml")),
    ("books.toml", include_str!("config/books.toml")),
    ("portal.toml", include_str!("config/portal.toml")),
    ("archive.toml", include_str!("config/archive.toml")),
    ("order.in.jq", include_str!("config/order.in.jq")),
    ("order.out.jq", include_str!("config/order.out.jq")),
    ("customer.in.jq", include_str!("config/customer.in.jq")),
    ("customer.out.jq", include_str!("config/customer.out.jq")),
];

/// Everything that a torture needs.
pub(super) struct Ground {
    pub(super) directory: PathBuf,
    pub(super) portal: Portal,
    pub(super) archive: Archive,
    pub(super) books: Books,
    pub(super) tables: SqlitePool,
    pub(super) token: String,
    pub(super) nodes: Vec<Node>,
    servers: Option<Servers>,
    /// Servers that were started for this torture.
    pub(super) own: Option<own::Servers>,
    /// What cannot be broken here, and why.
    pub(super) left_out: Vec<String>,
}

/// What was made on the servers.
struct Servers {
    broker_url: String,
    broker_of_hub: String,
    store_of_hub: String,
    prefix: String,
    database: Database,
}

impl Ground {
    /// Makes everything; no node runs yet.
    pub(super) async fn prepare(options: &Torture, directory: &Path) -> Result<Self, Exit> {
        let directory = std::path::absolute(directory)?;
        for folder in ["spool/out", "config/connectors"] {
            std::fs::create_dir_all(directory.join(folder))?;
        }
        let portal = Portal::start().await?;
        let archive = Archive::start(&directory.join("archive/in"))?;
        let books = Books::open(&directory).await?;
        let tables = books::source(&directory).await?;
        let token = uuid::Uuid::now_v7().simple().to_string();
        let (mut own, mut left_out) = (None, Vec::new());
        let servers = match (options.engine, &options.broker, &options.store) {
            (Engine::Embedded, ..) => None,
            (Engine::Rabbitmq, Some(broker), Some(store)) => {
                left_out.push("restarts of broker and store: they are given".to_owned());
                Some(Servers::make(broker, broker, store, store).await?)
            }
            (Engine::Rabbitmq, ..) => {
                own = match own::Servers::start(options.brokers.into(), options.tls).await? {
                    Ok(own) => Some(own),
                    Err(missing) => {
                        return Err(Exit::environment(format!(
                            "{missing}; name servers by --broker and --store"
                        )));
                    }
                };
                match &own {
                    Some(own) => {
                        let list = |url: fn(&own::Server) -> &String| {
                            let urls = own.brokers.iter().map(|broker| url(broker).as_str());
                            urls.collect::<Vec<&str>>().join(",")
                        };
                        let (plain, by_hub) =
                            (list(|broker| &broker.url), list(|broker| &broker.hub_url));
                        let store = &own.store;
                        Some(Servers::make(&plain, &by_hub, &store.url, &store.hub_url).await?)
                    }
                    None => None,
                }
            }
        };
        if wrong_clock().is_none() {
            left_out.push("jumps of the clock: libfaketime is not installed".to_owned());
        }
        let prefix = servers
            .as_ref()
            .map_or("", |servers| servers.prefix.as_str());
        let config = directory.join("config");
        write_configuration(&directory, &config, &token, prefix, portal.address)?;
        let mut nodes = Vec::new();
        for number in 0..plan::nodes(options.engine) {
            let cables = match &servers {
                Some(servers) => Some(servers.cables().await?),
                None => None,
            };
            let authority = own.as_ref().and_then(|own| own.authority.clone());
            let name = format!("node-{number}");
            let listen = free_address()?;
            nodes.push(Node::new(&name, &directory, &config, listen, cables).trusting(authority));
        }
        Ok(Self {
            directory,
            portal,
            archive,
            books,
            tables,
            token,
            nodes,
            servers,
            own,
            left_out,
        })
    }

    /// What can be broken here.
    pub(super) fn means(&self) -> Means {
        Means {
            brokers: self.own.as_ref().map_or(0, |own| own.brokers.len()),
            clock: wrong_clock().is_some(),
        }
    }

    /// A node beside the others on the embedded engine's file; it does not run yet.
    pub(super) fn another_node(&self) -> Result<Node, Exit> {
        let config = self.directory.join("config");
        let listen = free_address()?;
        Ok(Node::new("second", &self.directory, &config, listen, None))
    }

    /// How many effects the targets show.
    pub(super) async fn count(&self) -> Result<usize, Exit> {
        Ok(self.portal.count() + self.archive.count() + self.books.count().await?)
    }

    /// Everything that is parked; no node may run on the embedded engine.
    pub(super) async fn parked(&self) -> Result<Vec<ParkedRecord>, Exit> {
        let store = self.store().await?;
        let (mut parked, mut after): (Vec<ParkedRecord>, Option<ParkedId>) = (Vec::new(), None);
        loop {
            let page = store.parked(&ParkedFilter::default(), after, PAGE).await?;
            match page.last() {
                Some(last) => after = Some(last.id),
                None => return Ok(parked),
            }
            parked.extend(page);
        }
    }

    /// The hub's store, as the nodes leave it.
    pub(super) async fn store(&self) -> Result<SharedStore, Exit> {
        let mut settings = self.configuration()?.settings;
        if let Some(servers) = &self.servers {
            settings.store = plain(&servers.database.url)?;
        }
        open_store(&settings).await
    }

    fn configuration(&self) -> Result<Configuration, Exit> {
        Configuration::load(&self.directory.join("config"))
            .map_err(|problems| Exit::problems(&problems))
    }

    /// Removes what was made on the servers.
    pub(super) async fn clear(mut self) -> Result<(), Exit> {
        let configuration = self.configuration()?;
        self.nodes.clear();
        let Some(servers) = self.servers.take() else {
            return Ok(());
        };
        let broker = RabbitMq::connect(&servers.broker_url, RabbitMqOptions::default()).await?;
        let names: Vec<String> = queues(&configuration.deployment, PARTITIONS)
            .into_iter()
            .map(|queue| format!("{}{}", servers.prefix, queue.name))
            .collect();
        broker.delete(&names).await?;
        tenon_broker::Broker::close(&broker).await;
        servers.database.drop().await
    }
}

impl Servers {
    /// A schema in the store; the addresses that follow the plain ones are the hub's.
    async fn make(
        broker: &str,
        broker_of_hub: &str,
        store: &str,
        store_of_hub: &str,
    ) -> Result<Self, Exit> {
        let name = format!("torture_{}", uuid::Uuid::now_v7().simple());
        Ok(Self {
            broker_url: broker.to_owned(),
            broker_of_hub: broker_of_hub.to_owned(),
            store_of_hub: in_schema(store_of_hub, &name),
            prefix: format!("{name}."),
            database: Database::create(store, name).await?,
        })
    }

    async fn cables(&self) -> Result<Cables, Exit> {
        // The first node of a cluster has a cable; who loses it goes on with the next.
        let (first, others) = match self.broker_of_hub.split_once(',') {
            Some((first, others)) => (first, format!(",{others}")),
            None => (self.broker_of_hub.as_str(), String::new()),
        };
        let (broker, first) = cable(first, 5672).await?;
        let broker_url = first + &others;
        let (store, store_url) = cable(&self.store_of_hub, 5432).await?;
        Ok(Cables {
            broker: Arc::new(broker),
            store: Arc::new(store),
            broker_url,
            store_url,
        })
    }
}

/// A cable to the server that a URL names, and the URL that leads through it.
async fn cable(url: &str, port: u16) -> Result<(Proxy, String), Exit> {
    let refused =
        || Exit::environment("an address of the form scheme://user@host:port/… is needed");
    let (scheme, rest) = url.split_once("://").ok_or_else(refused)?;
    let (account, rest) = match rest.split_once('@') {
        Some((account, rest)) => (format!("{account}@"), rest),
        None => (String::new(), rest),
    };
    let (host, path) = rest
        .find(['/', '?'])
        .map_or((rest, ""), |place| rest.split_at(place));
    let upstream = match host.contains(':') {
        true => host.to_owned(),
        false => format!("{host}:{port}"),
    };
    let proxy = Proxy::start(upstream).await?;
    let url = format!("{scheme}://{account}{}{path}", proxy.address);
    Ok((proxy, url))
}

fn write_configuration(
    directory: &Path,
    config: &Path,
    token: &str,
    prefix: &str,
    portal: SocketAddr,
) -> Result<(), Exit> {
    std::fs::write(directory.join("token"), token)?;
    let settings = format!(
        "# Each node is told by its environment where to listen and where its engines are.\n\
         partitions   = {PARTITIONS}\nqueue_prefix = \"{prefix}\"\ndata         = \"../data\"\n\n\
         [master]\npriority = [\"web\", \"spool\", \"table\"]\n"
    );
    std::fs::write(config.join("tenon.toml"), settings)?;
    for (name, text) in FILES {
        let text = text
            .replace("@DIR@", &directory.display().to_string())
            .replace("@PORTAL@", &portal.port().to_string());
        std::fs::write(config.join("connectors").join(name), text)?;
    }
    Ok(())
}

fn plain(url: &str) -> Result<tenon_connector::Secret, Exit> {
    tenon_connector::Secret::parse(url).map_err(|problem| Exit::environment(problem.to_string()))
}

/// An address that is free now; the node that gets it takes it soon enough.
fn free_address() -> Result<SocketAddr, Exit> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}
