//! The target that is a database, and the tables that one of the sources is.

use std::path::Path;
use std::time::Duration;

use sqlx::{AssertSqlSafe, Row, SqlitePool};
use tenon_store::open_sqlite;

use super::ledger::Effect;
use crate::exit::Exit;
use crate::scratch::unreachable;

/// Everything that both have.
const TABLES: &str = include_str!("config/world.sql");

/// The target's tables.
pub(super) struct Books {
    writer: SqlitePool,
    reader: SqlitePool,
}

/// Makes the tables of a source or a target in a file of their own.
async fn make(file: &Path) -> Result<(SqlitePool, SqlitePool), Exit> {
    let (writer, reader) = open_sqlite(file).await?;
    sqlx::raw_sql(TABLES)
        .execute(&writer)
        .await
        .map_err(unreachable)?;
    Ok((writer, reader))
}

/// The tables of the source.
pub(super) async fn source(directory: &Path) -> Result<SqlitePool, Exit> {
    Ok(make(&directory.join("table.db")).await?.0)
}

impl Books {
    pub(super) async fn open(directory: &Path) -> Result<Self, Exit> {
        let (writer, reader) = make(&directory.join("books.db")).await?;
        Ok(Self { writer, reader })
    }

    /// Lets nobody write for a while.
    pub(super) async fn lock(&self, time: Duration) -> Result<(), Exit> {
        let held = self.writer.begin_with("begin immediate").await;
        let held = held.map_err(unreachable)?;
        tokio::time::sleep(time).await; // why: the fault lasts so long
        held.rollback().await.map_err(unreachable)
    }

    /// How many effects there are.
    pub(super) async fn count(&self) -> Result<usize, Exit> {
        let count: i64 = sqlx::query_scalar("select count(*) from order_effect")
            .fetch_one(&self.reader)
            .await
            .map_err(unreachable)?;
        Ok(usize::try_from(count).unwrap_or_default())
    }

    /// The effects on orders, in their order.
    pub(super) async fn orders(&self) -> Result<Vec<Effect>, Exit> {
        self.effects("order_effect", |revision| revision.parse().unwrap_or(0))
            .await
    }

    /// The effects on customers, by tax id; revision 0 is the word of a source that counts less.
    pub(super) async fn customers(&self) -> Result<Vec<Effect>, Exit> {
        self.effects("customer_effect", |owner| {
            let revision = owner.strip_prefix("web-");
            revision
                .and_then(|revision| revision.parse().ok())
                .unwrap_or(0)
        })
        .await
    }

    async fn effects(
        &self,
        table: &'static str,
        revision: impl Fn(&str) -> u32,
    ) -> Result<Vec<Effect>, Exit> {
        // One of two names that stand above.
        let query = format!("select key, revision from {table} order by step");
        let rows = sqlx::query(AssertSqlSafe(query))
            .fetch_all(&self.reader)
            .await
            .map_err(unreachable)?;
        let effects = rows.into_iter().map(|row| Effect {
            key: row.get(0),
            revision: revision(row.get(1)),
        });
        Ok(effects.collect())
    }

    /// Rows of customers: more than one of a tax id is a duplicate in the target.
    pub(super) async fn doubled_customers(&self) -> Result<Vec<String>, Exit> {
        sqlx::query_scalar("select tax from book_customer group by tax having count(*) > 1")
            .fetch_all(&self.reader)
            .await
            .map_err(unreachable)
    }
}
