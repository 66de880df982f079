//! Reading the journal forward.
//!
//! A position is given when a batch is written, not when it is committed; so what is committed up to some
//! position is known only once every transaction has ended that may have drawn a position before. On
//! PostgreSQL whoever draws positions holds the waiting lock until it has committed. So the last position
//! that was drawn is read first, then who holds the lock, and when these have ended, everything up to that
//! position is there or never comes. Nobody is held up by it. SQLite has one writer, whose positions are
//! committed in their order.

use std::time::{Duration, Instant};

use bytes::Bytes;
use tenon_core::Attributes;

use super::{Engine, Insight};
use crate::body::unpack;
use crate::postgres::Postgres;
use crate::{StoreError, rows};

/// How long a transaction that holds the lock is waited for in one call.
const PATIENCE: Duration = Duration::from_secs(2);
/// Between two looks at who holds it.
const PAUSE: Duration = Duration::from_millis(3);

/// A message of the journal, with what it states.
#[derive(Debug, Clone, PartialEq)]
pub struct JournalEntry {
    /// Where it stands.
    pub position: i64,
    /// Its attributes as resolved.
    pub attributes: Attributes,
    /// `routed`, `unchanged`, `done` …
    pub state: String,
    /// The canonical body; of a command, what became of it.
    pub canonical: Bytes,
    /// The command itself; empty for everything else.
    pub raw: Bytes,
}

/// A portion of the journal.
#[derive(Debug, Clone, PartialEq)]
pub struct JournalPage {
    /// The messages that state something, in order.
    pub entries: Vec<JournalEntry>,
    /// Everything up to here has been read: where to go on.
    pub through: i64,
    /// Whether there is more already.
    pub more: bool,
}

type Row = (i64, String, String, Vec<u8>, Option<Vec<u8>>);

impl Insight {
    /// The messages after a position that hold a body, at most `limit`; those that are committed late
    /// among them.
    pub async fn journaled(&self, after: i64, limit: u32) -> Result<JournalPage, StoreError> {
        let (found, horizon) = match &self.engine {
            Engine::Postgres(store) => {
                let horizon = horizon(store).await?.max(after);
                if horizon == after {
                    return Ok(nothing(after));
                }
                let mut connection = store.connection().await?;
                let found: Vec<Row> = sqlx::query_as(POSTGRES)
                    .bind(after)
                    .bind(horizon)
                    .bind(i64::from(limit))
                    .fetch_all(&mut *connection)
                    .await?;
                (found, horizon)
            }
            Engine::Sqlite(store) => {
                let mut transaction = store.begin_reading().await?;
                let horizon: Option<i64> = sqlx::query_scalar("select max(position) from journal")
                    .fetch_one(&mut *transaction)
                    .await?;
                let horizon = horizon.unwrap_or_default().max(after);
                let found: Vec<Row> = sqlx::query_as(SQLITE)
                    .bind(after)
                    .bind(horizon)
                    .bind(i64::from(limit))
                    .fetch_all(&mut *transaction)
                    .await?;
                (found, horizon)
            }
        };
        let more = found.len() == limit as usize;
        let through = match (more, found.last()) {
            (true, Some(last)) => last.0,
            _ => horizon,
        };
        let entries = found.into_iter().map(entry).collect::<Result<_, _>>()?;
        Ok(JournalPage {
            entries,
            through,
            more,
        })
    }

    /// The first position that the journal still holds; what was before is forgotten.
    pub async fn journal_begins(&self) -> Result<i64, StoreError> {
        const FIRST: &str = "select min(position) from journal";
        let first: Option<i64> = match &self.engine {
            Engine::Postgres(store) => {
                let mut connection = store.connection().await?;
                sqlx::query_scalar(FIRST)
                    .fetch_one(&mut *connection)
                    .await?
            }
            Engine::Sqlite(store) => {
                let mut transaction = store.begin_reading().await?;
                sqlx::query_scalar(FIRST)
                    .fetch_one(&mut *transaction)
                    .await?
            }
        };
        Ok(first.unwrap_or(1))
    }
}

fn nothing(after: i64) -> JournalPage {
    JournalPage {
        entries: Vec::new(),
        through: after,
        more: false,
    }
}

fn entry(row: Row) -> Result<JournalEntry, StoreError> {
    let (position, attributes, state, canonical, raw) = row;
    Ok(JournalEntry {
        position,
        attributes: rows::attributes(&attributes)?,
        state,
        canonical: unpack(canonical),
        raw: raw.map(unpack).unwrap_or_default(),
    })
}

const POSTGRES: &str = "
select j.position, j.attributes::text, j.state, p.canonical,
    case when j.state in ('done', 'refused') then p.raw end
from journal j
cross join lateral (
    select p.raw, p.canonical from payload p
    where p.position = j.position and p.journaled_at = j.journaled_at offset 0) p
where j.position > $1 and j.position <= $2 and p.canonical is not null
order by j.position limit $3";

const SQLITE: &str = "
select j.position, j.attributes, j.state, p.canonical,
    case when j.state in ('done', 'refused') then p.raw end
from journal j cross join payload p on p.position = j.position
where j.position > $1 and j.position <= $2 and p.canonical is not null
order by j.position limit $3";

/// A position up to which everything that will ever be there is there.
async fn horizon(store: &Postgres) -> Result<i64, StoreError> {
    let mut connection = store.connection().await?;
    let drawn: i64 = sqlx::query_scalar(
        "select case when is_called then last_value else 0 end from journal_position",
    )
    .fetch_one(&mut *connection)
    .await?;
    let began = Instant::now();
    let mut waited_for: Option<Vec<String>> = None;
    loop {
        let holding: Vec<String> = sqlx::query_scalar(
            "select virtualtransaction from pg_locks
             where locktype = 'advisory' and granted and objsubid = 2 and classid = 7601
                 and objid = (hashtext(current_schema())::bigint & 4294967295)::oid
                 and database = (select oid from pg_database where datname = current_database())",
        )
        .fetch_all(&mut *connection)
        .await?;
        let waiting = match waited_for.take() {
            None => holding,
            Some(before) => before
                .into_iter()
                .filter(|transaction| holding.contains(transaction))
                .collect(),
        };
        if waiting.is_empty() {
            return Ok(drawn);
        }
        if began.elapsed() > PATIENCE {
            return Ok(0);
        }
        waited_for = Some(waiting);
        tokio::time::sleep(PAUSE).await; // why: the end of another's transaction does not call back
    }
}
