//! The SQL transport against PostgreSQL, MariaDB and SQLite; `systems::odbc` runs the same by ODBC.

pub(crate) mod failing;
pub(crate) mod reading;
pub(crate) mod writing;

use std::sync::Arc;

#[cfg(feature = "odbc")]
use super::databases::by_odbc;
use super::databases::{TestDatabase, mysql_database, postgres_database, sqlite_database};
use super::{Joined, join};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Postgres,
    MySql,
    Sqlite,
    /// One of the others, by ODBC.
    #[cfg(feature = "odbc")]
    Odbc(&'static Kind),
}

pub(crate) async fn database(kind: Kind) -> TestDatabase {
    match kind {
        Kind::Postgres => postgres_database().await,
        Kind::MySql => mysql_database().await,
        Kind::Sqlite => sqlite_database().await,
        #[cfg(feature = "odbc")]
        Kind::Odbc(kind) => by_odbc(Box::pin(database(*kind)).await).await,
    }
}

impl Kind {
    /// The database itself, however it is reached.
    fn itself(self) -> Self {
        match self {
            #[cfg(feature = "odbc")]
            Self::Odbc(kind) => *kind,
            kind => kind,
        }
    }

    fn is_direct(self) -> bool {
        self == self.itself()
    }

    fn is_sqlite(self) -> bool {
        self.itself() == Self::Sqlite
    }

    /// The type of a column that keeps 28 digits.
    pub(crate) fn amount(self) -> &'static str {
        if self.is_sqlite() {
            "text"
        } else {
            "numeric(30,2)"
        }
    }

    pub(crate) fn moment(self) -> &'static str {
        match self.itself() {
            Self::Postgres => "timestamptz",
            Self::MySql => "datetime(6)",
            // The driver goes by what is declared, SQLite itself by what is stored.
            _ if self.is_direct() => "text",
            _ => "timestamp",
        }
    }

    fn bytes(self) -> &'static str {
        if self.itself() == Self::Postgres {
            "bytea"
        } else {
            "blob"
        }
    }

    fn as_text(self, column: &str) -> String {
        format!(
            "cast({column} as {})",
            match self.itself() {
                Self::MySql => "char",
                _ => "text",
            }
        )
    }
}

fn orders(database: &TestDatabase, more: &str) -> Arc<Joined> {
    join(
        "sql",
        &format!(
            "url = '{}'\n[[receive]]\nentity = 'order'\nkey = 'no'\nmapping = 'same.jq'\n\
             table = 'orders'\nchanged = 'changed'\n{more}",
            database.url()
        ),
    )
}

fn target(database: &TestDatabase, more: &str) -> Arc<Joined> {
    join(
        "sql",
        &format!(
            "url = '{}'\n{more}\n[[deliver]]\nentity = 'order'\nmapping = 'same.jq'\n\
             table = 'orders'\nkey = 'no'\n",
            database.url()
        ),
    )
}

/// `second` seconds after noon.
fn at(second: u32) -> String {
    format!("'2026-03-01 12:{:02}:{:02}'", second / 60, second % 60)
}

async fn orders_table(kind: Kind, database: &TestDatabase) {
    let moment = kind.moment();
    database
        .run(&format!(
            "create table orders (no varchar(40) primary key, changed {moment}, qty int)"
        ))
        .await;
}

async fn insert(database: &TestDatabase, no: &str, changed: &str, qty: i64) {
    database
        .run(&format!(
            "insert into orders values ('{no}', {changed}, {qty})"
        ))
        .await;
}
