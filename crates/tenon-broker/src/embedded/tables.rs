//! The embedded broker's tables and every statement on them.
//!
//! A message's id is its queue's id in the upper bits and a number that rises within the queue in
//! the lower 40. So a queue is one range of the table's own tree: appending, reading on from an id
//! and deleting a run of ids touch that range alone, and there is no index to keep.

use std::sync::LazyLock;

use bytes::Bytes;
use sqlx::{AssertSqlSafe, Row, SqliteConnection, SqlitePool, sqlite::SqliteRow};

use crate::Queue;

/// The bits of an id that number the messages of a queue: a million million of them.
const NUMBER_BITS: u32 = 40;

/// SQLite's value of `PRAGMA synchronous` from which on every commit is synced.
pub(super) const SYNCHRONOUS_FULL: i64 = 2;

/// How many rows one `INSERT` carries, largest first. A few fixed sizes keep the statements
/// prepared; what is left over goes one by one.
const ROWS_AT_ONCE: [usize; 3] = [128, 16, 1];

static INSERTS: LazyLock<[String; 3]> = LazyLock::new(|| {
    ROWS_AT_ONCE.map(|rows| {
        let values = vec!["(?, ?, ?)"; rows].join(", ");
        format!("INSERT INTO broker_message (id, headers, body) VALUES {values}")
    })
});

/// The smallest id that a message of queue `queue_id` can have, less one.
pub(super) fn first_id(queue_id: i64) -> i64 {
    queue_id << NUMBER_BITS
}

/// The largest id that a message of queue `queue_id` can have.
pub(super) fn last_id(queue_id: i64) -> i64 {
    first_id(queue_id + 1) - 1
}

/// A message as it stands in its table.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    pub(super) id: i64,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Bytes,
}

/// A queue as it stands in its table.
#[derive(Debug, Clone)]
pub(super) struct QueueRow {
    pub(super) id: i64,
    pub(super) definition: Queue,
    pub(super) counters: Counters,
}

/// The numbers of a queue that move with its messages, kept so that nothing ever counts rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counters {
    /// How many messages are in it.
    pub(super) depth: i64,
    /// The last id that was given to a message; never given again.
    pub(super) last_id: i64,
    /// No id above this was handed out before the last commit.
    pub(super) handed_through: i64,
}

/// Makes the tables where they are missing.
pub(super) async fn create(pool: &SqlitePool) -> sqlx::Result<()> {
    sqlx::raw_sql(
        "CREATE TABLE IF NOT EXISTS broker_queue (
             id                     INTEGER PRIMARY KEY,
             name                   TEXT NOT NULL UNIQUE,
             single_active_consumer INTEGER NOT NULL,
             max_length             INTEGER,
             depth                  INTEGER NOT NULL DEFAULT 0,
             last_id                INTEGER NOT NULL,
             handed_through         INTEGER NOT NULL
         ) STRICT;
         CREATE TABLE IF NOT EXISTS broker_message (
             id      INTEGER PRIMARY KEY,
             headers TEXT NOT NULL,  -- JSON, a list of pairs
             body    BLOB NOT NULL
         ) STRICT;",
    )
    .execute(pool)
    .await?;
    Ok(())
}

pub(super) async fn synchronous(pool: &SqlitePool) -> sqlx::Result<i64> {
    sqlx::query_scalar("PRAGMA synchronous")
        .fetch_one(pool)
        .await
}

/// A number that changes when another connection has committed something.
pub(super) async fn data_version(connection: &mut SqliteConnection) -> sqlx::Result<i64> {
    sqlx::query_scalar("PRAGMA data_version")
        .fetch_one(connection)
        .await
}

/// Every queue.
pub(super) async fn queues<'e>(
    executor: impl sqlx::SqliteExecutor<'e>,
) -> sqlx::Result<Vec<QueueRow>> {
    let rows = sqlx::query(
        "SELECT id, name, single_active_consumer, max_length, depth, last_id, handed_through
         FROM broker_queue",
    )
    .fetch_all(executor)
    .await?;
    rows.iter().map(queue_row).collect()
}

fn queue_row(row: &SqliteRow) -> sqlx::Result<QueueRow> {
    let max_length: Option<i64> = row.try_get("max_length")?;
    Ok(QueueRow {
        id: row.try_get("id")?,
        definition: Queue {
            name: row.try_get("name")?,
            single_active_consumer: row.try_get("single_active_consumer")?,
            max_length: max_length.map(i64::unsigned_abs),
        },
        counters: Counters {
            depth: row.try_get("depth")?,
            last_id: row.try_get("last_id")?,
            handed_through: row.try_get("handed_through")?,
        },
    })
}

/// Adds an empty queue.
pub(super) async fn insert_queue(
    connection: &mut SqliteConnection,
    definition: &Queue,
) -> sqlx::Result<QueueRow> {
    let length = definition
        .max_length
        .map(|length| i64::try_from(length).unwrap_or(i64::MAX));
    let id: i64 = sqlx::query_scalar(
        "INSERT INTO broker_queue (name, single_active_consumer, max_length, last_id, handed_through)
         VALUES (?, ?, ?, 0, 0) RETURNING id",
    )
    .bind(definition.name.clone())
    .bind(definition.single_active_consumer)
    .bind(length)
    .fetch_one(&mut *connection)
    .await?;
    let first = first_id(id);
    let counters = Counters {
        depth: 0,
        last_id: first,
        handed_through: first,
    };
    update_counters(connection, id, counters).await?;
    Ok(QueueRow {
        id,
        definition: definition.clone(),
        counters,
    })
}

pub(super) async fn update_counters(
    connection: &mut SqliteConnection,
    queue_id: i64,
    counters: Counters,
) -> sqlx::Result<()> {
    sqlx::query("UPDATE broker_queue SET depth = ?, last_id = ?, handed_through = ? WHERE id = ?")
        .bind(counters.depth)
        .bind(counters.last_id)
        .bind(counters.handed_through)
        .bind(queue_id)
        .execute(connection)
        .await?;
    Ok(())
}

/// Adds messages, many rows to a statement.
pub(super) async fn insert_messages(
    connection: &mut SqliteConnection,
    messages: &[Stored],
) -> sqlx::Result<()> {
    let mut rest = messages;
    for (rows, statement) in ROWS_AT_ONCE.iter().zip(INSERTS.iter()) {
        while let Some((chunk, after)) = rest.split_at_checked(*rows) {
            // The text is made of constants above, nothing of it comes from outside.
            let mut query = sqlx::query(AssertSqlSafe(statement.as_str()));
            for message in chunk {
                let headers = serde_json::to_string(&message.headers)
                    .map_err(|error| sqlx::Error::Encode(error.into()))?;
                query = query.bind(message.id).bind(headers).bind(&*message.body);
            }
            query.execute(&mut *connection).await?;
            rest = after;
        }
    }
    Ok(())
}

/// Deletes the messages with ids from `first` to `last`, and says how many there were.
pub(super) async fn delete_run(
    connection: &mut SqliteConnection,
    first: i64,
    last: i64,
) -> sqlx::Result<i64> {
    let done = sqlx::query("DELETE FROM broker_message WHERE id BETWEEN ? AND ?")
        .bind(first)
        .bind(last)
        .execute(connection)
        .await?;
    Ok(i64::try_from(done.rows_affected()).unwrap_or(i64::MAX))
}

/// The next messages of queue `queue_id` after the id `after`, in order, at most `count`.
pub(super) async fn read_on(
    pool: &SqlitePool,
    queue_id: i64,
    after: i64,
    count: usize,
) -> sqlx::Result<Vec<Stored>> {
    let rows = sqlx::query(
        "SELECT id, headers, body FROM broker_message WHERE id > ? AND id <= ? ORDER BY id LIMIT ?",
    )
    .bind(after)
    .bind(last_id(queue_id))
    .bind(i64::try_from(count).unwrap_or(i64::MAX))
    .fetch_all(pool)
    .await?;
    rows.iter()
        .map(|row| {
            let headers = serde_json::from_str(row.try_get(1)?)
                .map_err(|error| sqlx::Error::Decode(error.into()))?;
            let body: Vec<u8> = row.try_get(2)?;
            Ok(Stored {
                id: row.try_get(0)?,
                headers,
                body: Bytes::from(body),
            })
        })
        .collect()
}

/// How many messages are in the queue; `None` if there is no such queue.
pub(super) async fn depth(pool: &SqlitePool, name: &str) -> sqlx::Result<Option<u64>> {
    let depth: Option<i64> = sqlx::query_scalar("SELECT depth FROM broker_queue WHERE name = ?")
        .bind(name)
        .fetch_optional(pool)
        .await?;
    Ok(depth.map(|depth| u64::try_from(depth).unwrap_or(0)))
}
