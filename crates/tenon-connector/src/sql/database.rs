//! Connections: pools behind one type, every wait bounded.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use secrecy::ExposeSecret;
use sqlx::mysql::{MySqlConnectOptions, MySqlPoolOptions};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgSslMode};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use sqlx::{ConnectOptions, MySqlPool, PgPool, SqlitePool};
use tenon_core::Failure;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::cause::failure;
use super::config::{ODBC, Plan, URL_FORMS};
use super::dialect::Dialect;
use super::odbc;
use super::session::{Connection, Session, strict_mysql};

/// How long the first word of a server may take; a statement may take longer.
pub(super) const CONNECT: Duration = Duration::from_secs(5);

/// One database and its connections, opened when they are first needed.
#[derive(Debug)]
pub(super) struct Database {
    pool: Pool,
    permits: Arc<Semaphore>,
    timeout: Duration,
}

#[derive(Debug)]
enum Pool {
    Postgres(PgPool),
    MySql(MySqlPool),
    Sqlite(SqlitePool),
    Odbc(odbc::Pool),
}

impl Database {
    /// Reads the secrets and prepares the pool; no connection is opened.
    pub(super) fn open(plan: &Plan) -> Result<Self, Failure> {
        let secret = plan.url.reveal().map_err(|problem| {
            Failure::configuration("sql.address", format!("the database's url: {problem}"))
        })?;
        let url = secret.expose_secret();
        // The driver's message may quote the url, which holds the password.
        let unreadable = |_: sqlx::Error| {
            Failure::configuration(
                "sql.address",
                "the database's url cannot be read; check its form",
            )
        };
        let pool = match (url.strip_prefix(ODBC), Dialect::of(url)) {
            (Some(attributes), _) => Pool::Odbc(odbc::Pool::new(attributes, plan.timeout)?),
            (None, Some(Dialect::Postgres)) => {
                Pool::Postgres(postgres(url, plan).map_err(unreadable)?)
            }
            (None, Some(Dialect::MySql)) => Pool::MySql(mysql(url, plan).map_err(unreadable)?),
            (None, Some(Dialect::Sqlite)) => Pool::Sqlite(sqlite(url, plan).map_err(unreadable)?),
            (None, Some(Dialect::Odbc(_)) | None) => {
                let detail = format!("the url names no database that is known here; {URL_FORMS}");
                return Err(Failure::configuration("sql.address", detail));
            }
        };
        let permits = Arc::new(Semaphore::new(plan.connections as usize));
        Ok(Self {
            pool,
            permits,
            timeout: plan.timeout,
        })
    }

    /// Waits for `work`, but no longer than the timeout.
    pub(super) async fn bounded<T>(
        &self,
        doing: &str,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        match tokio::time::timeout(self.timeout, work).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Failure::transient(
                "sql.timeout",
                format!("{doing}: no answer within {:?}", self.timeout),
            )),
        }
    }

    /// Takes a connection for work that is called `doing` in failures.
    pub(super) async fn lease(&self, doing: &str) -> Result<Lease, Failure> {
        // The pool never closes its semaphore, so only the waiting itself can fail, by the timeout.
        let permit = self.permits.clone().acquire_owned().await.map_err(|_| {
            Failure::bug(
                "sql.closed",
                format!("{doing}: the connections' count was closed"),
            )
        })?;
        let acquired = match &self.pool {
            Pool::Postgres(pool) => pool.acquire().await.map(Connection::Postgres),
            Pool::MySql(pool) => pool.acquire().await.map(Connection::MySql),
            Pool::Sqlite(pool) => pool.acquire().await.map(Connection::Sqlite),
            Pool::Odbc(pool) => {
                let leased = pool.lease(permit, doing).await?;
                return Ok(Lease::of(Connection::Odbc(leased), doing, None));
            }
        };
        let connection = acquired.map_err(|error| match error {
            sqlx::Error::PoolTimedOut => Failure::transient(
                "sql.unavailable",
                format!("{doing}: cannot connect to the database within {CONNECT:?}"),
            ),
            error => failure(&error, doing),
        })?;
        Ok(Lease::of(connection, doing, Some(permit)))
    }
}

/// Options and pool for PostgreSQL. The server gives up a statement by itself when we do.
///
/// A server on this machine is reached without TLS unless the url asks for it (`?sslmode=require`):
/// it would protect nothing there, and it cuts a batch into several writes, each of which waits for
/// the other side's delayed acknowledgement, because the driver leaves Nagle's algorithm on.
fn postgres(url: &str, plan: &Plan) -> Result<PgPool, sqlx::Error> {
    let milliseconds = plan.timeout.as_millis().to_string();
    let options = url.parse::<PgConnectOptions>()?;
    let is_here = options.get_socket().is_none()
        && matches!(options.get_host(), "localhost" | "127.0.0.1" | "::1");
    let ssl_mode = match options.get_ssl_mode() {
        PgSslMode::Prefer if is_here => PgSslMode::Disable,
        asked_for => asked_for,
    };
    let options = options
        .ssl_mode(ssl_mode)
        .application_name("tenon")
        .options([("statement_timeout", &milliseconds)])
        .disable_statement_logging();
    Ok(PgPoolOptions::new()
        .max_connections(plan.connections)
        .acquire_timeout(CONNECT)
        .connect_lazy_with(options))
}

/// Options and pool for MySQL and MariaDB. Strictness keeps the server from cutting values short
/// or rounding them into a column's range without a word.
fn mysql(url: &str, plan: &Plan) -> Result<MySqlPool, sqlx::Error> {
    let url = match url.strip_prefix("mariadb:") {
        Some(rest) => format!("mysql:{rest}"),
        None => url.to_owned(),
    };
    let options = url
        .parse::<MySqlConnectOptions>()?
        .disable_statement_logging();
    let lock_wait = plan.timeout.as_secs().max(1);
    Ok(MySqlPoolOptions::new()
        .max_connections(plan.connections)
        .acquire_timeout(CONNECT)
        .after_connect(move |connection, _| Box::pin(strict_mysql(connection, lock_wait)))
        .connect_lazy_with(options))
}

/// Options and pool for SQLite; a relative path begins at the connector file.
fn sqlite(url: &str, plan: &Plan) -> Result<SqlitePool, sqlx::Error> {
    let options = url.parse::<SqliteConnectOptions>()?;
    let file = plan.base.join(Path::new(options.get_filename()));
    let options = match url.contains(":memory:") {
        true => options,
        false => options.filename(file),
    };
    let options = options
        .busy_timeout(plan.timeout)
        .disable_statement_logging();
    Ok(SqlitePoolOptions::new()
        .max_connections(plan.connections)
        .acquire_timeout(CONNECT)
        .connect_lazy_with(options))
}

/// A connection on loan. One whose work failed or was given up is closed instead of given back, so
/// that nothing half done is ever committed and nobody waits for the rest of an answer.
pub(super) struct Lease {
    pub(super) session: Session,
    clean: bool,
    /// Over ODBC the connection holds it.
    _permit: Option<OwnedSemaphorePermit>,
}

impl Lease {
    fn of(connection: Connection, doing: &str, permit: Option<OwnedSemaphorePermit>) -> Self {
        Self {
            session: Session::new(connection, doing),
            clean: false,
            _permit: permit,
        }
    }

    /// Notes how the work ended, and gives the connection back.
    pub(super) fn close<T>(mut self, outcome: Result<T, Failure>) -> Result<T, Failure> {
        self.clean = outcome.is_ok();
        outcome
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if !self.clean {
            self.session.discard();
        }
    }
}
