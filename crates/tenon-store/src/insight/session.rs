//! One statement, two databases: what the projections run is written once.
//!
//! Rows go in as one JSON array and come out as JSON objects. Where a statement says
//! `{id uuid, day bigint}` stand the rows that were given. Nothing but constants becomes SQL.

use std::borrow::Cow;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Column, Executor, Row, TypeInfo, ValueRef};
use uuid::Uuid;

use super::Engine;
use crate::StoreError;
use crate::rows::{from_json, to_json};

/// Begins a transaction of which each statement is planned for what the tables hold now: a plan that was made
/// when nothing had been projected, and kept, goes through all of them for each row that is given.
const PLANNED: &str = "begin; set local plan_cache_mode = force_custom_plan";

/// A transaction on either database. Dropped, it undoes itself.
pub(super) enum Session {
    Postgres(sqlx::Transaction<'static, sqlx::Postgres>),
    Sqlite(sqlx::Transaction<'static, sqlx::Sqlite>),
}

impl Session {
    /// Begins to change the tables.
    pub(super) async fn write(engine: &Engine) -> Result<Self, StoreError> {
        Ok(match engine {
            Engine::Postgres(store) => Self::Postgres(store.begin(PLANNED).await?),
            Engine::Sqlite(store) => Self::Sqlite(store.begin().await?),
        })
    }

    /// Begins to look a few rows up by their keys.
    pub(super) async fn look_up(engine: &Engine) -> Result<Self, StoreError> {
        Ok(match engine {
            Engine::Postgres(store) => {
                Self::Postgres(store.begin(crate::postgres::BEGIN_FILTERED).await?)
            }
            Engine::Sqlite(store) => Self::Sqlite(store.begin_reading().await?),
        })
    }

    /// Begins to read much: planned for what the tables hold, unlike the statements of the message path.
    pub(super) async fn read(engine: &Engine) -> Result<Self, StoreError> {
        Ok(match engine {
            Engine::Postgres(store) => {
                let mut transaction = store.begin(crate::postgres::BEGIN_SNAPSHOT).await?;
                transaction.execute(crate::postgres::SWEEP).await?;
                Self::Postgres(transaction)
            }
            Engine::Sqlite(store) => Self::Sqlite(store.begin_reading().await?),
        })
    }

    /// Begins to read what there is of one customer, or of all.
    pub(super) async fn read_of(
        engine: &Engine,
        customer: Option<Uuid>,
    ) -> Result<Self, StoreError> {
        match customer {
            Some(_) => Self::look_up(engine).await,
            None => Self::read(engine).await,
        }
    }

    pub(super) async fn commit(self) -> Result<(), StoreError> {
        match self {
            Self::Postgres(transaction) => transaction.commit().await?,
            Self::Sqlite(transaction) => transaction.commit().await?,
        }
        Ok(())
    }

    /// Runs a statement over rows; returns how many it touched.
    pub(super) async fn run<T: Serialize>(
        &mut self,
        statement: &str,
        rows: &[T],
    ) -> Result<u64, StoreError> {
        let rows = to_json(&rows)?;
        Ok(match self {
            Self::Postgres(transaction) => {
                let statement = expand(statement, postgres_rows);
                let query = sqlx::query(AssertSqlSafe(statement)).bind(rows);
                query.execute(&mut **transaction).await?.rows_affected()
            }
            Self::Sqlite(transaction) => {
                let statement = in_order(&expand(statement, sqlite_rows));
                let query = sqlx::query(AssertSqlSafe(statement)).bind(rows);
                query.execute(&mut **transaction).await?.rows_affected()
            }
        })
    }

    /// Runs a question over rows; its answers are read by the names of their columns.
    pub(super) async fn ask<T: Serialize, A: DeserializeOwned>(
        &mut self,
        question: &str,
        rows: &[T],
    ) -> Result<Vec<A>, StoreError> {
        let rows = to_json(&rows)?;
        match self {
            Self::Postgres(transaction) => {
                let question = expand(question, postgres_rows);
                let question = format!("select row_to_json(answer)::text from ({question}) answer");
                let found: Vec<String> = sqlx::query_scalar(AssertSqlSafe(question))
                    .bind(rows)
                    .fetch_all(&mut **transaction)
                    .await?;
                found.iter().map(|row| from_json("a row", row)).collect()
            }
            Self::Sqlite(transaction) => {
                let question = in_order(&expand(question, sqlite_rows));
                let found: Vec<SqliteRow> = sqlx::query(AssertSqlSafe(question))
                    .bind(rows)
                    .fetch_all(&mut **transaction)
                    .await?;
                found.iter().map(read_row).collect()
            }
        }
    }
}

fn read_row<A: DeserializeOwned>(row: &SqliteRow) -> Result<A, StoreError> {
    let mut object = Map::new();
    for column in row.columns() {
        let index = column.ordinal();
        let raw = row.try_get_raw(index)?;
        let value = if raw.is_null() {
            Value::Null
        } else {
            match raw.type_info().name() {
                "INTEGER" => Value::from(row.try_get_unchecked::<i64, _>(index)?),
                "REAL" => Value::from(row.try_get_unchecked::<f64, _>(index)?),
                _ => Value::from(row.try_get_unchecked::<String, _>(index)?),
            }
        };
        object.insert(column.name().to_owned(), value);
    }
    serde_json::from_value(Value::Object(object))
        .map_err(|error| crate::error::unreadable("a row", error))
}

/// A number of the only row that was given, as a value. From a row that is joined SQLite cannot know that it is
/// the only one, so that it would sort what lies in an index in the order that is asked for.
pub(super) fn given(name: &str) -> String {
    format!("(select g.{name} from {{{name} integer}} g)")
}

/// The customer that was asked for, by its own id or that of one that was merged into it, and all that are one with
/// it, as `own`.
pub(super) const OWN: &str = "{generation integer, customer uuid} g
     join insight_customer asked on asked.generation = g.generation and asked.id = g.customer
     join insight_customer own on own.generation = asked.generation and own.root = asked.root";

/// Whether all products of the generation are kept by month. Where a node of an older release has counted some by
/// quarter, those by month are a part of them, and no figure at all is better than a wrong one.
pub(super) const BY_MONTH: &str = "not exists (select 1 from insight_product q
     where q.generation in (select g.generation from {generation integer} g))";

/// The statement with what is in braces replaced.
fn expand(statement: &str, rows: fn(&str) -> String) -> String {
    let mut expanded = Cow::Borrowed(statement);
    while let Some((before, rest)) = expanded.split_once('{') {
        let Some((columns, after)) = rest.split_once('}') else {
            break;
        };
        expanded = Cow::Owned(format!("{before}{}{after}", rows(columns)));
    }
    expanded.into_owned()
}

/// The statement with its joins made in the order in which they are written, which SQLite does for a
/// cross join alone. Every statement begins with the given rows; SQLite cannot know how few they are, and
/// would go through whole tables with them inside.
fn in_order(statement: &str) -> String {
    let mut parts = statement.split(" join ");
    let mut ordered = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let kind = ordered.split_whitespace().next_back();
        let cross = match kind {
            Some("left" | "cross") => "",
            _ => " cross",
        };
        ordered = format!("{ordered}{cross} join {part}");
    }
    ordered
}

fn postgres_rows(columns: &str) -> String {
    format!("(select * from json_to_recordset($1::json) as given({columns}))")
}

fn sqlite_rows(columns: &str) -> String {
    let columns: Vec<String> = columns
        .split(',')
        .filter_map(|column| column.split_whitespace().next())
        .map(|name| format!("value ->> '{name}' as {name}"))
        .collect();
    format!("(select {} from json_each($1))", columns.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_rows_stand_where_the_braces_were() {
        let statement = "insert into t select g.id from {id uuid, day bigint} g where true";
        assert_eq!(
            expand(statement, postgres_rows),
            "insert into t select g.id from (select * from json_to_recordset($1::json) as \
             given(id uuid, day bigint)) g where true"
        );
        assert_eq!(
            expand(statement, sqlite_rows),
            "insert into t select g.id from (select value ->> 'id' as id, value ->> 'day' as day \
             from json_each($1)) g where true"
        );
        assert_eq!(expand("select 1", sqlite_rows), "select 1");
    }

    #[test]
    fn joins_are_made_as_they_are_written() {
        assert_eq!(
            in_order("select 1 from g\n join a on true left join b on true cross join c"),
            "select 1 from g\n cross join a on true left join b on true cross join c"
        );
    }
}
