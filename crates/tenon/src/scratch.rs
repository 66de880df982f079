//! Engines for a while: queues, schema or file that nobody else uses and that are cleared away.

use std::path::Path;
use std::sync::Arc;

use sqlx::{AssertSqlSafe, PgPool};
use tenon_broker::{Embedded, Prefixed, RabbitMq, RabbitMqOptions, SharedBroker};
use tenon_store::{Postgres, PostgresOptions, SharedStore, Sqlite, open_sqlite};

use crate::engine::Engine;
use crate::exit::Exit;

/// A broker and a store of one's own.
pub(crate) struct Scratch {
    pub(crate) broker: SharedBroker,
    pub(crate) store: SharedStore,
    name: String,
    rabbitmq: Option<Arc<RabbitMq>>,
    database: Option<Database>,
}

/// A schema in a PostgreSQL database.
pub(crate) struct Database {
    administration: PgPool,
    schema: String,
    /// The address that leads into the schema.
    pub(crate) url: String,
}

impl Scratch {
    /// Opens engines on servers where addresses are given, else on a file in `directory`.
    pub(crate) async fn open(
        purpose: &str,
        directory: &Path,
        broker_url: Option<&str>,
        store_url: Option<&str>,
    ) -> Result<Self, Exit> {
        let name = format!("{purpose}_{}", uuid::Uuid::now_v7().simple());
        let pools = match (broker_url, store_url) {
            (Some(_), Some(_)) => None,
            _ => Some(open_sqlite(&directory.join("tenon.db")).await?),
        };
        let database = match store_url {
            Some(url) => Some(Database::create(url, name.clone()).await?),
            None => None,
        };
        let store: SharedStore = match (&database, &pools) {
            (Some(database), _) => {
                Arc::new(Postgres::connect(&database.url, PostgresOptions::default()).await?)
            }
            (None, Some((writer, reader))) => {
                Arc::new(Sqlite::open(writer.clone(), reader.clone()))
            }
            (None, None) => return Err(Exit::runtime("no store was opened")),
        };
        store.migrate().await?;
        let mut rabbitmq = None;
        let broker: SharedBroker = match (broker_url, &pools) {
            (Some(url), _) => {
                let broker = Arc::new(RabbitMq::connect(url, RabbitMqOptions::default()).await?);
                rabbitmq = Some(broker.clone());
                Arc::new(Prefixed::new(broker, format!("{name}.")))
            }
            (None, Some((writer, reader))) => {
                Arc::new(Embedded::open(writer.clone(), reader.clone()).await?)
            }
            (None, None) => return Err(Exit::runtime("no broker was opened")),
        };
        Ok(Self {
            broker,
            store,
            name,
            rabbitmq,
            database,
        })
    }

    /// The schema in PostgreSQL, if there is one.
    pub(crate) fn database(&self) -> Option<&Database> {
        self.database.as_ref()
    }

    /// The engines as a node takes them.
    pub(crate) fn engine(&self) -> Engine {
        Engine {
            broker: self.broker.clone(),
            store: self.store.clone(),
        }
    }

    /// Removes `queues` and the schema.
    pub(crate) async fn clear(self, queues: &[String]) -> Result<(), Exit> {
        if let Some(rabbitmq) = &self.rabbitmq {
            let names: Vec<String> = queues
                .iter()
                .map(|queue| format!("{}.{queue}", self.name))
                .collect();
            rabbitmq.delete(&names).await?;
        }
        self.broker.close().await;
        match self.database {
            Some(database) => database.drop().await,
            None => Ok(()),
        }
    }
}

impl Database {
    /// Makes a schema in the database that `url` leads to.
    pub(crate) async fn create(url: &str, schema: String) -> Result<Self, Exit> {
        let administration = PgPool::connect(url).await.map_err(unreachable)?;
        execute(&administration, format!("CREATE SCHEMA {schema}")).await?;
        let url = in_schema(url, &schema);
        Ok(Self {
            administration,
            schema,
            url,
        })
    }

    /// Removes the schema with all that is in it.
    pub(crate) async fn drop(self) -> Result<(), Exit> {
        let schema = &self.schema;
        execute(
            &self.administration,
            format!("DROP SCHEMA {schema} CASCADE"),
        )
        .await
    }
}

/// The address that leads into a schema of the database at `url`.
pub(crate) fn in_schema(url: &str, schema: &str) -> String {
    let joint = if url.contains('?') { '&' } else { '?' };
    format!("{url}{joint}options=-c%20search_path%3D{schema}")
}

async fn execute(pool: &PgPool, statement: String) -> Result<(), Exit> {
    // The only variable part is a name made here of a word and hexadecimal digits.
    sqlx::query(AssertSqlSafe(statement))
        .execute(pool)
        .await
        .map_err(unreachable)?;
    Ok(())
}

/// What a database says that cannot be used.
pub(crate) fn unreachable(error: sqlx::Error) -> Exit {
    Exit::environment(format!("the database: {error}"))
}
