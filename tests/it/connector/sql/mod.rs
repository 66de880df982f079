//! The SQL transport against PostgreSQL, MariaDB and SQLite.

mod failing;
mod reading;
mod writing;

use std::sync::Arc;

use super::databases::{TestDatabase, mysql_database, postgres_database, sqlite_database};
use super::{Joined, join};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Postgres,
    MySql,
    Sqlite,
}

async fn database(kind: Kind) -> TestDatabase {
    match kind {
        Kind::Postgres => postgres_database().await,
        Kind::MySql => mysql_database().await,
        Kind::Sqlite => sqlite_database().await,
    }
}

impl Kind {
    /// The type of a column that keeps 28 digits.
    fn amount(self) -> &'static str {
        match self {
            Self::Postgres | Self::MySql => "numeric(30,2)",
            Self::Sqlite => "text",
        }
    }

    fn moment(self) -> &'static str {
        match self {
            Self::Postgres => "timestamptz",
            Self::MySql => "datetime(6)",
            Self::Sqlite => "text",
        }
    }

    fn bytes(self) -> &'static str {
        if self == Self::Postgres {
            "bytea"
        } else {
            "blob"
        }
    }

    fn as_text(self, column: &str) -> String {
        format!(
            "cast({column} as {})",
            if self == Self::MySql { "char" } else { "text" }
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
