//! Many rows in one statement: each statement is a trip to the thread of the connection.

use sqlx::AssertSqlSafe;
use sqlx::query::Query;
use sqlx::sqlite::SqliteArguments;

use super::Transaction;
use crate::StoreError;

/// How many rows a statement takes, the largest first: few sizes, so that few are prepared.
const SIZES: [usize; 3] = [32, 8, 1];

/// A statement whose columns are being bound.
pub(super) type Statement = Query<'static, sqlx::Sqlite, SqliteArguments>;

/// An insert of rows.
pub(super) struct Bulk {
    /// `insert into table (columns)`.
    pub(super) head: &'static str,
    /// How many columns.
    pub(super) columns: usize,
    /// What follows the rows: `on conflict …`.
    pub(super) tail: &'static str,
}

impl Bulk {
    /// Inserts `rows` in their order; `bind` binds the columns of one. Returns how many rows were
    /// inserted or changed.
    pub(super) async fn insert<T: Sync>(
        &self,
        transaction: &mut Transaction,
        rows: &[T],
        bind: impl Fn(Statement, &T) -> Statement + Send,
    ) -> Result<u64, StoreError> {
        let mut written = 0;
        let mut rest = rows;
        for size in SIZES {
            while rest.len() >= size {
                let (now, later) = rest.split_at(size);
                let mut statement = sqlx::query(AssertSqlSafe(self.text(size)));
                for row in now {
                    statement = bind(statement, row);
                }
                written += statement.execute(&mut **transaction).await?.rows_affected();
                rest = later;
            }
        }
        Ok(written)
    }

    /// The statement for `size` rows: our own words and question marks only.
    fn text(&self, size: usize) -> String {
        let row = format!("({})", vec!["?"; self.columns].join(", "));
        format!(
            "{} values {} {}",
            self.head,
            vec![row; size].join(", "),
            self.tail
        )
    }
}
