//! ODBC: any database that the driver manager of this machine has a driver for.
//!
//! Drivers block, so every connection has a thread of its own, which does one job after the other. A
//! thread whose driver does not come back keeps its place among the connections until it does, so
//! that a server that hangs holds no more of them than are configured.

mod behind;
mod binding;
mod cause;

use std::sync::mpsc;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use odbc_api::parameter::InputParameter;
use odbc_api::{ColumnDescription, ConnectionOptions, Cursor, ResultSetMetadata, environment};
use secrecy::{ExposeSecret, SecretString};
use tenon_core::Failure;
use tokio::sync::{OwnedSemaphorePermit, oneshot};

pub(super) use self::behind::Behind;
pub(super) use self::binding::Binding;
use super::database::CONNECT;
use super::dialect::{Argument, Dialect, Statement};
use super::session::{Cell, Described};

type Connection = odbc_api::Connection<'static>;
type Job = Box<dyn FnOnce(&Connection) + Send>;

/// How many rows a driver may be ahead of whoever takes them.
const AHEAD: usize = 64;

/// The connections to one database.
#[derive(Debug)]
pub(super) struct Pool {
    /// What the driver manager is told: `DSN=…;UID=…;PWD=…`.
    attributes: SecretString,
    timeout: Duration,
    idle: Idle,
}

type Idle = Arc<Mutex<Vec<Worker>>>;

impl Pool {
    /// A pool; no connection is opened.
    ///
    /// # Errors
    /// Only in a binary that is built without ODBC.
    pub(super) fn new(attributes: &str, timeout: Duration) -> Result<Self, Failure> {
        Ok(Self {
            attributes: attributes.into(),
            timeout,
            idle: Idle::default(),
        })
    }

    /// Takes a connection for work that is called `doing` in failures; it holds the permit.
    ///
    /// # Errors
    /// `Configuration` when there is no such driver or data source, or it refuses us; else `Transient`.
    pub(super) async fn lease(
        &self,
        permit: OwnedSemaphorePermit,
        doing: &str,
    ) -> Result<Leased, Failure> {
        let idle = lock(&self.idle).pop();
        let (worker, permit) = match idle {
            Some(worker) => (worker, permit),
            None => Worker::start(self.attributes.clone(), self.timeout, permit, doing).await?,
        };
        Ok(Leased {
            held: Some((worker, permit)),
            timeout: self.timeout,
            idle: self.idle.clone(),
        })
    }
}

fn lock(idle: &Idle) -> std::sync::MutexGuard<'_, Vec<Worker>> {
    idle.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A connection on loan; dropping it gives it back.
#[derive(Debug)]
pub(super) struct Leased {
    held: Option<(Worker, OwnedSemaphorePermit)>,
    timeout: Duration,
    idle: Idle,
}

impl Leased {
    /// How what stands behind the connection is spoken to.
    pub(super) fn dialect(&self) -> Dialect {
        Dialect::Odbc(self.behind())
    }

    fn behind(&self) -> Behind {
        self.held
            .as_ref()
            .map_or_else(Behind::default, |(worker, _)| worker.behind)
    }

    /// Closes the connection where it stands, and those that are idle: what broke this one may have
    /// broken them. Its place becomes free when the driver has come back.
    pub(super) fn discard(mut self) {
        lock(&self.idle).clear();
        if let Some((worker, permit)) = self.held.take() {
            // The last job, behind one that may still be under way; a thread that is gone drops it.
            let _ = worker.jobs.send(Box::new(move |_| drop(permit)));
        }
    }

    /// Executes a statement; the number of rows that it touched, 0 where the driver does not know.
    pub(super) async fn execute(&self, statement: &Statement, doing: &str) -> Result<u64, Failure> {
        let (text, arguments) = (statement.text().to_owned(), statement.arguments().to_vec());
        let timeout = self.timeout;
        self.ask(doing, move |connection| {
            let mut prepared = connection.preallocate()?;
            // Not every driver can bound a statement; those waiting for it are bounded anyway.
            let _ = prepared.set_query_timeout_sec(seconds(timeout));
            drop(prepared.execute(&text, parameters(arguments).as_slice())?);
            Ok(prepared.row_count()?.unwrap_or(0) as u64)
        })
        .await
    }

    /// Calls `take` with each row until it answers false.
    pub(super) async fn rows(
        &self,
        statement: &Statement,
        doing: &str,
        take: &mut (impl FnMut(Vec<Cell>) -> bool + Send),
    ) -> Result<(), Failure> {
        let (text, arguments) = (statement.text().to_owned(), statement.arguments().to_vec());
        let (timeout, behind) = (self.timeout, self.behind());
        let (give, mut given) = tokio::sync::mpsc::channel(AHEAD);
        let reading = self.ask(doing, move |connection| {
            let mut prepared = connection.preallocate()?;
            let _ = prepared.set_query_timeout_sec(seconds(timeout));
            let parameters = parameters(arguments);
            let Some(mut cursor) = prepared.execute(&text, parameters.as_slice())? else {
                return Ok(());
            };
            let columns = described(&mut cursor, behind)?;
            while let Some(mut row) = cursor.next_row()? {
                let mut cells = Vec::with_capacity(columns.len());
                for (number, (_, binding)) in (1..).zip(&columns) {
                    cells.push(binding.cell(&mut row, number)?);
                }
                if give.blocking_send(cells).is_err() {
                    break;
                }
            }
            Ok(())
        });
        let taking = async {
            while let Some(cells) = given.recv().await {
                if !take(cells) {
                    break;
                }
            }
            // Now the thread learns that no more is wanted.
            drop(given);
        };
        tokio::join!(reading, taking).0
    }

    /// The columns that a statement gives; it is executed, so it should give no rows.
    pub(super) async fn describe(
        &self,
        statement: &Statement,
        doing: &str,
    ) -> Result<Vec<Described>, Failure> {
        let (text, behind) = (statement.text().to_owned(), self.behind());
        let columns = self
            .ask(doing, move |connection| {
                let mut prepared = connection.preallocate()?;
                match prepared.execute(&text, ())? {
                    Some(mut cursor) => described(&mut cursor, behind),
                    None => Ok(Vec::new()),
                }
            })
            .await?;
        let described = |(name, binding): (String, Binding)| Described {
            name,
            type_name: String::new(),
            oid: None,
            is_text: false,
            binding: Some(binding),
        };
        Ok(columns.into_iter().map(described).collect())
    }

    /// Begins a transaction.
    pub(super) async fn begin(&self, doing: &str) -> Result<(), Failure> {
        self.ask(doing, |connection| connection.set_autocommit(false))
            .await
    }

    /// Ends the transaction, for good or for nothing.
    pub(super) async fn end(&self, for_good: bool, doing: &str) -> Result<(), Failure> {
        self.ask(doing, move |connection| {
            match for_good {
                true => connection.commit()?,
                false => connection.rollback()?,
            }
            connection.set_autocommit(true)
        })
        .await
    }

    async fn ask<T: Send + 'static>(
        &self,
        doing: &str,
        work: impl FnOnce(&Connection) -> Result<T, odbc_api::Error> + Send + 'static,
    ) -> Result<T, Failure> {
        let (reply, answer) = oneshot::channel();
        if let Some((worker, _)) = &self.held {
            // Whoever asked may have given up. A thread that is gone drops the job and with it `reply`.
            let _ = worker.jobs.send(Box::new(move |connection| {
                let _ = reply.send(work(connection));
            }));
        }
        match answer.await {
            Ok(outcome) => {
                outcome.map_err(|error| cause::failure(&error, self.behind().product, doing))
            }
            Err(_) => Err(Failure::transient(
                "sql.unavailable",
                format!("{doing}: the ODBC driver gave up"),
            )),
        }
    }
}

impl Drop for Leased {
    fn drop(&mut self) {
        if let Some((worker, _)) = self.held.take() {
            lock(&self.idle).push(worker);
        }
    }
}

/// A thread with a connection. It ends when nobody can ask it any more.
#[derive(Debug)]
struct Worker {
    jobs: mpsc::Sender<Job>,
    behind: Behind,
}

impl Worker {
    /// Connects. The permit stays with the thread while it does, and comes back with the worker.
    async fn start(
        attributes: SecretString,
        timeout: Duration,
        permit: OwnedSemaphorePermit,
        doing: &str,
    ) -> Result<(Self, OwnedSemaphorePermit), Failure> {
        let (jobs, queue) = mpsc::channel::<Job>();
        let (reply, started) = oneshot::channel();
        let thread = thread::Builder::new().name("odbc".to_owned());
        let spawned = thread.spawn(move || match connect(&attributes, timeout) {
            Ok((connection, behind)) => {
                if reply.send(Ok((behind, permit))).is_ok() {
                    queue.iter().for_each(|job| job(&connection));
                }
                disconnect(connection);
            }
            // Nobody may be waiting any more.
            Err(error) => drop(reply.send(Err(error))),
        });
        let cannot = |reason: &str| {
            Failure::transient(
                "sql.unavailable",
                format!("{doing}: cannot connect by ODBC: {reason}"),
            )
        };
        spawned.map_err(|error| cannot(&error.to_string()))?;
        match started.await {
            Ok(Ok((behind, permit))) => Ok((Self { jobs, behind }, permit)),
            Ok(Err(error)) => Err(cause::unconnected(&error, doing)),
            Err(_) => Err(cannot("the driver gave up")),
        }
    }
}

fn connect(
    attributes: &SecretString,
    timeout: Duration,
) -> Result<(Connection, Behind), odbc_api::Error> {
    let options = ConnectionOptions {
        login_timeout_sec: Some(CONNECT.as_secs() as u32),
        packet_size: None,
    };
    let connection =
        environment()?.connect_with_connection_string(attributes.expose_secret(), options)?;
    let behind = Behind::new(
        &connection.database_management_system_name()?,
        connection.identifier_quote_char()?,
    );
    if let Some(text) = behind.product.welcome(timeout) {
        connection.execute(&text, (), None)?;
    }
    Ok((connection, behind))
}

/// Closes a connection that may be broken, which the driver then says.
fn disconnect(connection: Connection) {
    let mut handle = connection.into_handle();
    let _ = handle.rollback();
    if handle.disconnect().is_err() {
        // It cannot be freed while the driver takes it for connected.
        std::mem::forget(handle);
    }
}

fn seconds(timeout: Duration) -> usize {
    timeout.as_secs().max(1) as usize
}

fn parameters(arguments: Vec<Argument>) -> Vec<Box<dyn InputParameter>> {
    arguments.into_iter().map(binding::parameter).collect()
}

fn described(
    cursor: &mut impl ResultSetMetadata,
    behind: Behind,
) -> Result<Vec<(String, Binding)>, odbc_api::Error> {
    let count = u16::try_from(cursor.num_result_cols()?).unwrap_or(0);
    let mut columns = Vec::with_capacity(usize::from(count));
    let mut description = ColumnDescription::default();
    for number in 1..=count {
        cursor.describe_col(number, &mut description)?;
        let name = cursor.col_name(number)?;
        columns.push((name, Binding::new(description.data_type, behind.product)));
    }
    Ok(columns)
}
