//! Databases: polled without gaps, delivered to by upsert. PostgreSQL, MySQL and MariaDB, SQLite, and
//! whatever has an ODBC driver in a binary that is built with the feature `odbc`.
//!
//! ```toml
//! url = "postgres://hub:${env:ERP_PASSWORD}@db.example.com/erp"
//!
//! [[receive]]
//! entity  = "order"
//! table   = "sales.orders"
//! key     = "order_no"
//! changed = "updated_at"
//!
//! [[deliver]]
//! entity = "customer"
//! table  = "customers"
//! key    = "code"
//! ```
//!
//! A row becomes one JSON object whose fields are its columns: numbers digit for digit, dates and
//! times in ISO 8601, bytes in base64. A payload goes the same way back. No amount passes through
//! binary floating point unless the column itself is such.

mod cause;
mod config;
mod database;
mod dialect;
mod lines;
#[cfg_attr(not(feature = "odbc"), path = "odbc/absent.rs")]
mod odbc;
mod payload;
mod record;
mod rows;
mod session;
mod sink;
mod source;
mod state;
mod table;
mod upsert;

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use tenon_core::{Entity, Failure};

use self::database::Database;
use crate::config::{Configured, NoKeys, Parts};
use crate::{Checkpoint, Guarantee, Inlet, KeyProblem, Outlet, Sink, Source, Transport};

/// What is told to whoever wants ODBC from a binary without it, and what helps.
const WITHOUT_ODBC: (&str, &str) = (
    "this binary was built without ODBC",
    "install the driver manager (Debian: unixodbc-dev) and build with \
     `cargo build --release --package tenon --features odbc`",
);

/// The transport to databases.
#[derive(Debug)]
pub(crate) struct Sql {
    plan: config::Plan,
    /// Shared by all sources and sinks, so that the limit of connections is one.
    database: OnceLock<Arc<Database>>,
}

impl Configured for Sql {
    type Settings = config::Settings;
    type Receive = config::Receive;
    type Webhook = NoKeys;
    type Deliver = config::Deliver;

    fn validate(parts: Parts<Self>) -> Result<Self, Vec<KeyProblem>> {
        Ok(Self {
            plan: config::plan(parts)?,
            database: OnceLock::new(),
        })
    }
}

impl Sql {
    fn database(&self) -> Result<Arc<Database>, Failure> {
        if let Some(database) = self.database.get() {
            return Ok(database.clone());
        }
        let database = Arc::new(Database::open(&self.plan)?);
        // Another task may have been first; a pool that was never used holds no connection.
        Ok(self.database.get_or_init(|| database).clone())
    }
}

#[async_trait]
impl Transport for Sql {
    fn guarantee(&self, entity: Entity) -> Guarantee {
        match self.plan.outflows.get(&entity) {
            Some(outflow) if !outflow.key.is_empty() => Guarantee::OnceInEffect,
            _ => Guarantee::AtLeastOnce,
        }
    }

    async fn open_source(
        &self,
        inlet: &Inlet,
        checkpoint: Option<Checkpoint>,
    ) -> Result<Box<dyn Source>, Failure> {
        let inflow = self.plan.inflows.get(&inlet.name).ok_or_else(|| {
            Failure::bug(
                "sql.inlet",
                format!("no inlet `{}` was configured", inlet.name),
            )
        })?;
        let source =
            source::Polled::new(self.database()?, inlet.clone(), inflow.clone(), checkpoint);
        Ok(Box::new(source))
    }

    async fn open_sink(&self, outlet: &Outlet) -> Result<Arc<dyn Sink>, Failure> {
        let outflow = self.plan.outflows.get(&outlet.entity).ok_or_else(|| {
            Failure::bug(
                "sql.outlet",
                format!("no outlet for {} was configured", outlet.entity),
            )
        })?;
        Ok(Arc::new(sink::Upserting::new(
            self.database()?,
            outflow.clone(),
        )))
    }
}
