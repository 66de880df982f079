//! A connection in use: statements in, rows out.
//!
//! This file alone hands dynamic text to the drivers (`AssertSqlSafe`). It takes it only as a
//! [`Statement`], whose parts are this crate's text, quoted names, bound values, and the configured
//! query of an inlet.

use futures::TryStreamExt;
use futures::stream::BoxStream;
use sqlx::mysql::{MySqlArguments, MySqlRow};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{
    AssertSqlSafe, Column as _, Executor, MySql, MySqlConnection, Postgres, Row, SqlSafeStr,
    SqlStr, Sqlite, Statement as _, Type, TypeInfo, ValueRef,
};
use tenon_core::Failure;

use super::cause::failure;
use super::dialect::{Argument, Dialect, Statement};
use super::odbc::{Binding, Leased};

/// A connection of one of the drivers.
pub(super) enum Connection {
    Postgres(PoolConnection<Postgres>),
    MySql(PoolConnection<MySql>),
    Sqlite(PoolConnection<Sqlite>),
    Odbc(Leased),
}

impl Connection {
    fn dialect(&self) -> Dialect {
        match self {
            Self::Postgres(_) => Dialect::Postgres,
            Self::MySql(_) => Dialect::MySql,
            Self::Sqlite(_) => Dialect::Sqlite,
            Self::Odbc(leased) => leased.dialect(),
        }
    }
}

/// A connection in use.
pub(super) struct Session {
    pub(super) dialect: Dialect,
    connection: Option<Connection>,
    doing: String,
}

/// One value of a row.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell {
    Null,
    Integer(i64),
    Real(f64),
    Text(String),
    Bytes(Vec<u8>),
}

impl Cell {
    /// The value as text, where it has one.
    pub(super) fn into_text(self) -> Option<String> {
        match self {
            Self::Null => None,
            Self::Integer(number) => Some(number.to_string()),
            Self::Real(number) => Some(super::record::real(number)),
            Self::Text(text) => Some(text),
            Self::Bytes(bytes) => Some(
                String::from_utf8(bytes).unwrap_or_else(|error| hex::encode(error.into_bytes())),
            ),
        }
    }
}

/// A column of a result, as the driver describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Described {
    pub(super) name: String,
    /// The driver's name of its type.
    pub(super) type_name: String,
    /// PostgreSQL's object id of the type.
    pub(super) oid: Option<u32>,
    /// Whether a MySQL value of it is text rather than bytes.
    pub(super) is_text: bool,
    /// How an ODBC driver is given values of it.
    pub(super) binding: Option<Binding>,
}

impl Session {
    /// A session on `connection`; failures say that they happened while `doing`.
    pub(super) fn new(connection: Connection, doing: &str) -> Self {
        Self {
            dialect: connection.dialect(),
            connection: Some(connection),
            doing: doing.to_owned(),
        }
    }

    /// Detaches the connection from its pool, which closes it where it stands.
    pub(super) fn discard(&mut self) {
        match self.connection.take() {
            Some(Connection::Postgres(connection)) => drop(connection.detach()),
            Some(Connection::MySql(connection)) => drop(connection.detach()),
            Some(Connection::Sqlite(connection)) => drop(connection.detach()),
            Some(Connection::Odbc(leased)) => leased.discard(),
            None => {}
        }
    }

    /// Executes a statement; the number of rows that it touched.
    pub(super) async fn execute(&mut self, statement: &Statement) -> Result<u64, Failure> {
        let outcome = match self.connection.as_mut() {
            Some(Connection::Postgres(connection)) => {
                let done = postgres(statement).execute(&mut **connection).await;
                done.map(|done| done.rows_affected())
            }
            Some(Connection::MySql(connection)) => {
                let done = mysql(statement).execute(&mut **connection).await;
                done.map(|done| done.rows_affected())
            }
            Some(Connection::Sqlite(connection)) => {
                let done = sqlite(statement).execute(&mut **connection).await;
                done.map(|done| done.rows_affected())
            }
            Some(Connection::Odbc(leased)) => return leased.execute(statement, &self.doing).await,
            None => Err(sqlx::Error::PoolClosed),
        };
        outcome.map_err(|error| self.fail(&error))
    }

    /// Begins a transaction.
    pub(super) async fn begin(&mut self) -> Result<(), Failure> {
        match &self.connection {
            Some(Connection::Odbc(leased)) => leased.begin(&self.doing).await,
            // It takes the lock for writing at once, since two readers that both want to write deadlock.
            Some(Connection::Sqlite(_)) => self.control("begin immediate").await,
            _ => self.control("begin").await,
        }
    }

    /// Makes what was done since [`begin`](Self::begin) durable.
    pub(super) async fn commit(&mut self) -> Result<(), Failure> {
        match &self.connection {
            Some(Connection::Odbc(leased)) => leased.end(true, &self.doing).await,
            _ => self.control("commit").await,
        }
    }

    /// Takes back what was done since [`begin`](Self::begin).
    pub(super) async fn rollback(&mut self) -> Result<(), Failure> {
        match &self.connection {
            Some(Connection::Odbc(leased)) => leased.end(false, &self.doing).await,
            _ => self.control("rollback").await,
        }
    }

    /// Executes control text that takes no values and cannot be prepared, such as SAVEPOINT; not over
    /// ODBC, where each database has words of its own for it.
    pub(super) async fn control(&mut self, text: &'static str) -> Result<(), Failure> {
        let outcome = match self.connection.as_mut() {
            Some(Connection::Postgres(connection)) => {
                connection.execute(sqlx::raw_sql(text)).await.map(|_| ())
            }
            Some(Connection::MySql(connection)) => {
                connection.execute(sqlx::raw_sql(text)).await.map(|_| ())
            }
            Some(Connection::Sqlite(connection)) => {
                connection.execute(sqlx::raw_sql(text)).await.map(|_| ())
            }
            Some(Connection::Odbc(_)) => {
                let detail = format!("{}: `{text}` is not for ODBC", self.doing);
                return Err(Failure::bug("sql.control", detail));
            }
            None => Err(sqlx::Error::PoolClosed),
        };
        outcome.map_err(|error| self.fail(&error))
    }

    /// Calls `take` with each row until it answers false.
    ///
    /// PostgreSQL statements must select text, MySQL ones text or bytes: no other type is decoded.
    pub(super) async fn rows(
        &mut self,
        statement: &Statement,
        mut take: impl FnMut(Vec<Cell>) -> bool + Send,
    ) -> Result<(), Failure> {
        let outcome = match self.connection.as_mut() {
            Some(Connection::Postgres(connection)) => {
                drain(
                    postgres(statement).fetch(&mut **connection),
                    postgres_cells,
                    &mut take,
                )
                .await
            }
            Some(Connection::MySql(connection)) => {
                drain(
                    mysql(statement).fetch(&mut **connection),
                    mysql_cells,
                    &mut take,
                )
                .await
            }
            Some(Connection::Sqlite(connection)) => {
                drain(
                    sqlite(statement).fetch(&mut **connection),
                    sqlite_cells,
                    &mut take,
                )
                .await
            }
            Some(Connection::Odbc(leased)) => {
                return leased.rows(statement, &self.doing, &mut take).await;
            }
            None => Err(sqlx::Error::PoolClosed),
        };
        outcome.map_err(|error| self.fail(&error))
    }

    /// All rows of a statement whose result is known to be small.
    pub(super) async fn all(&mut self, statement: &Statement) -> Result<Vec<Vec<Cell>>, Failure> {
        let mut rows = Vec::new();
        self.rows(statement, |row| {
            rows.push(row);
            true
        })
        .await?;
        Ok(rows)
    }

    /// The columns that a statement would give, without executing it; over ODBC it is executed, so it
    /// should give no rows.
    pub(super) async fn describe(
        &mut self,
        statement: &Statement,
    ) -> Result<Vec<Described>, Failure> {
        let text = safe(statement);
        let outcome = match self.connection.as_mut() {
            Some(Connection::Postgres(connection)) => {
                connection.prepare(text).await.map(|prepared| {
                    let describe = |column: &sqlx::postgres::PgColumn| Described {
                        name: column.name().to_owned(),
                        type_name: column.type_info().name().to_owned(),
                        oid: column.type_info().oid().map(|oid| oid.0),
                        is_text: false,
                        binding: None,
                    };
                    prepared.columns().iter().map(describe).collect()
                })
            }
            Some(Connection::MySql(connection)) => connection.prepare(text).await.map(|prepared| {
                let describe = |column: &sqlx::mysql::MySqlColumn| Described {
                    name: column.name().to_owned(),
                    type_name: column.type_info().name().to_owned(),
                    oid: None,
                    is_text: <str as Type<MySql>>::compatible(column.type_info()),
                    binding: None,
                };
                prepared.columns().iter().map(describe).collect()
            }),
            Some(Connection::Sqlite(connection)) => {
                connection.prepare(text).await.map(|prepared| {
                    let describe = |column: &sqlx::sqlite::SqliteColumn| Described {
                        name: column.name().to_owned(),
                        type_name: column.type_info().name().to_owned(),
                        oid: None,
                        is_text: false,
                        binding: None,
                    };
                    prepared.columns().iter().map(describe).collect()
                })
            }
            Some(Connection::Odbc(leased)) => {
                return leased.describe(statement, &self.doing).await;
            }
            None => Err(sqlx::Error::PoolClosed),
        };
        outcome.map_err(|error| self.fail(&error))
    }

    fn fail(&self, error: &sqlx::Error) -> Failure {
        failure(error, &self.doing)
    }
}

async fn drain<R: Send>(
    mut rows: BoxStream<'_, Result<R, sqlx::Error>>,
    cells: fn(&R) -> Result<Vec<Cell>, sqlx::Error>,
    take: &mut (impl FnMut(Vec<Cell>) -> bool + Send),
) -> Result<(), sqlx::Error> {
    while let Some(row) = rows.try_next().await? {
        if !take(cells(&row)?) {
            break;
        }
    }
    Ok(())
}

/// Makes the server refuse values that do not fit, rather than cut them short without a word, and
/// give up waiting for a lock when we do.
pub(super) async fn strict_mysql(
    connection: &mut MySqlConnection,
    lock_wait_seconds: u64,
) -> Result<(), sqlx::Error> {
    let settings = format!(
        "SET SESSION sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES'), \
         SESSION innodb_lock_wait_timeout = {lock_wait_seconds}"
    );
    connection
        .execute(sqlx::raw_sql(AssertSqlSafe(settings)))
        .await
        .map(|_| ())
}

fn safe(statement: &Statement) -> SqlStr {
    AssertSqlSafe(statement.text().to_owned()).into_sql_str()
}

fn postgres(statement: &Statement) -> Query<'static, Postgres, PgArguments> {
    let query = sqlx::query(safe(statement)).persistent(statement.recurring);
    statement
        .arguments()
        .iter()
        .fold(query, |query, argument| match argument.clone() {
            Argument::Null => query.bind(None::<String>),
            Argument::Text(text) => query.bind(text),
            Argument::Typed(_, text) => query.bind(text),
            // The casts of the statements begin at text, so numbers travel as text too.
            Argument::Integer(number) => query.bind(number.to_string()),
            Argument::Real(number) => query.bind(number.to_string()),
            Argument::Bytes(bytes) => query.bind(bytes),
        })
}

fn mysql(statement: &Statement) -> Query<'static, MySql, MySqlArguments> {
    let query = sqlx::query(safe(statement)).persistent(statement.recurring);
    statement
        .arguments()
        .iter()
        .fold(query, |query, argument| match argument.clone() {
            Argument::Null => query.bind(None::<String>),
            Argument::Text(text) => query.bind(text),
            Argument::Typed(_, text) => query.bind(text),
            Argument::Integer(number) => query.bind(number),
            Argument::Real(number) => query.bind(number),
            Argument::Bytes(bytes) => query.bind(bytes),
        })
}

fn sqlite(statement: &Statement) -> Query<'static, Sqlite, SqliteArguments> {
    let query = sqlx::query(safe(statement)).persistent(statement.recurring);
    statement
        .arguments()
        .iter()
        .fold(query, |query, argument| match argument.clone() {
            Argument::Null => query.bind(None::<String>),
            Argument::Text(text) => query.bind(text),
            Argument::Typed(_, text) => query.bind(text),
            Argument::Integer(number) => query.bind(number),
            Argument::Real(number) => query.bind(number),
            Argument::Bytes(bytes) => query.bind(bytes),
        })
}

fn postgres_cells(row: &PgRow) -> Result<Vec<Cell>, sqlx::Error> {
    (0..row.len())
        .map(|index| {
            Ok(row
                .try_get::<Option<String>, _>(index)?
                .map_or(Cell::Null, Cell::Text))
        })
        .collect()
}

fn mysql_cells(row: &MySqlRow) -> Result<Vec<Cell>, sqlx::Error> {
    (0..row.len())
        .map(|index| {
            let bytes = row.try_get_unchecked::<Option<Vec<u8>>, _>(index)?;
            Ok(bytes.map_or(Cell::Null, Cell::Bytes))
        })
        .collect()
}

fn sqlite_cells(row: &SqliteRow) -> Result<Vec<Cell>, sqlx::Error> {
    (0..row.len())
        .map(|index| {
            let value = row.try_get_raw(index)?;
            if value.is_null() {
                return Ok(Cell::Null);
            }
            // SQLite types values, not columns.
            let name = value.type_info().name().to_owned();
            Ok(match name.as_str() {
                "INTEGER" | "BOOLEAN" => Cell::Integer(row.try_get_unchecked(index)?),
                "REAL" => Cell::Real(row.try_get_unchecked(index)?),
                "BLOB" => Cell::Bytes(row.try_get_unchecked(index)?),
                _ => Cell::Text(row.try_get_unchecked(index)?),
            })
        })
        .collect()
}
