//! Opens the broker and the store that the settings name.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use secrecy::ExposeSecret;
use tenon_broker::{Embedded, Prefixed, RabbitMq, RabbitMqOptions, SharedBroker};
use tenon_connector::Secret;
use tenon_store::{Postgres, PostgresOptions, SharedStore, Sqlite, open_sqlite};

use crate::exit::Exit;
use crate::settings::{EMBEDDED, Settings};

/// The file of the embedded engine: queues and store together, so that one copy is a backup.
const FILE: &str = "tenon.db";

/// The engines of a node.
pub(crate) struct Engine {
    pub(crate) broker: SharedBroker,
    pub(crate) store: SharedStore,
}

/// The connections to the embedded engine's file: one that writes, several that read.
type Pools = (sqlx::SqlitePool, sqlx::SqlitePool);

impl Engine {
    /// Opens both, and brings the store's tables up to date.
    pub(crate) async fn open(settings: &Settings) -> Result<Self, Exit> {
        let url = reveal(&settings.broker)?;
        if url != EMBEDDED {
            let store = open_store(settings).await?;
            let broker = RabbitMq::connect(&url, RabbitMqOptions::default()).await?;
            let broker: SharedBroker = Arc::new(broker);
            let prefix = &settings.queue_prefix;
            return Ok(Self {
                broker: match prefix.is_empty() {
                    true => broker,
                    false => Arc::new(Prefixed::new(broker, prefix.clone())),
                },
                store,
            });
        }
        let (writer, reader) = open_file(&settings.data).await?;
        let store = store(settings, Some((writer.clone(), reader.clone()))).await?;
        let broker = Embedded::open(writer, reader).await?;
        Ok(Self {
            broker: Arc::new(broker),
            store,
        })
    }
}

/// Opens the store alone, for what is to work while the broker is away; its tables are brought up
/// to date.
pub(crate) async fn open_store(settings: &Settings) -> Result<SharedStore, Exit> {
    store(settings, None).await
}

async fn store(settings: &Settings, pools: Option<Pools>) -> Result<SharedStore, Exit> {
    let url = reveal(&settings.store)?;
    let store: SharedStore = match (url.as_str(), pools) {
        (EMBEDDED, Some((writer, reader))) => Arc::new(Sqlite::open(writer, reader)),
        (EMBEDDED, None) => {
            let (writer, reader) = open_file(&settings.data).await?;
            Arc::new(Sqlite::open(writer, reader))
        }
        (url, _) => Arc::new(Postgres::connect(url, PostgresOptions::default()).await?),
    };
    store.migrate().await?;
    Ok(store)
}

async fn open_file(directory: &Path) -> Result<Pools, Exit> {
    std::fs::create_dir_all(directory)
        .map_err(|error| Exit::environment(format!("{}: {error}", directory.display())))?;
    Ok(open_sqlite(&file_of(directory)).await?)
}

/// The embedded engine's file in its directory.
pub(crate) fn file_of(directory: &Path) -> PathBuf {
    directory.join(FILE)
}

fn reveal(secret: &Secret) -> Result<String, Exit> {
    match secret.reveal() {
        Ok(secret) => Ok(secret.expose_secret().to_owned()),
        Err(problem) => Err(Exit::environment(problem.to_string())),
    }
}
