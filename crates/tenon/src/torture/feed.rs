//! The sources: they send what the plan says, each in its own way, and never lose a record of theirs.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::future::join_all;
use sqlx::SqlitePool;
use tokio::sync::watch;

use super::plan::{Record, Script, Way};
use crate::exit::Exit;
use crate::scratch::unreachable;

/// Callers that post at once.
const CALLERS: usize = 6;
/// Records in one file, at most.
const FILE_RECORDS: usize = 16;
/// Rows written at once, at most.
const ROWS: usize = 32;
/// How long a caller waits for an answer before it asks the next node.
const TIMEOUT: Duration = Duration::from_secs(5);
/// How long a caller waits before it asks again.
const PAUSE: Duration = Duration::from_millis(20);

/// How far the sources may go: so many parts of a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Allowed {
    pub(super) parts: usize,
    pub(super) of: usize,
}

impl Allowed {
    /// How many of a script's records may be sent.
    pub(super) fn of(self, records: usize) -> usize {
        match self.parts >= self.of {
            true => records,
            false => records * self.parts / self.of.max(1),
        }
    }
}

/// What a feeder works with.
pub(super) struct Feed {
    pub(super) directory: PathBuf,
    /// The tables that one of the sources is.
    pub(super) tables: SqlitePool,
    /// Where the nodes listen.
    pub(super) nodes: Vec<SocketAddr>,
    pub(super) token: String,
    pub(super) allowed: watch::Receiver<Allowed>,
    /// Records that the sources have given away.
    pub(super) sent: Arc<AtomicUsize>,
}

impl Feed {
    /// Sends a whole script, as far as it is allowed at each time.
    pub(super) async fn run(&self, script: &Script) -> Result<(), Exit> {
        match script.way {
            Way::Web => self.call(&script.records).await,
            Way::Spool => self.leave_files(&script.records).await,
            Way::Table => self.insert(&script.records).await,
        }
    }

    /// Waits until the record at `place` of so many may be sent; how many may be by then.
    async fn allowed(&self, place: usize, records: usize) -> usize {
        let mut allowed = self.allowed.clone();
        let now = allowed
            .wait_for(|allowed| allowed.of(records) > place)
            .await
            .map(|allowed| *allowed);
        // The torture has ended if nobody allows anything any more: then it does not matter.
        now.map_or(records, |allowed| allowed.of(records))
    }

    /// Several callers; the records of one lane are one caller's, who sends the next when the one
    /// before was accepted.
    async fn call(&self, records: &[Record]) -> Result<(), Exit> {
        let client = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .no_proxy()
            .build()
            .map_err(|error| Exit::runtime(error.to_string()))?;
        let callers = (0..CALLERS).map(|caller| {
            let client = &client;
            async move {
                for (place, record) in records.iter().enumerate() {
                    if caller_of(record.lane()) == caller {
                        self.allowed(place, records.len()).await;
                        self.post(client, place, record).await?;
                    }
                }
                Ok(())
            }
        });
        join_all(callers).await.into_iter().collect()
    }

    /// Posts a record to one node after the other until one has accepted it.
    async fn post(
        &self,
        client: &reqwest::Client,
        place: usize,
        record: &Record,
    ) -> Result<(), Exit> {
        let path = format!("in/{}/{}", Way::Web.name(), record.entity());
        for attempt in 0.. {
            let node = self.nodes[(place + attempt) % self.nodes.len()];
            let answer = client
                .post(format!("http://{node}/{path}"))
                .bearer_auth(&self.token)
                .header("content-type", "application/json")
                .header("x-event-id", place.to_string())
                .body(record.text())
                .send()
                .await;
            match answer.map(|answer| answer.status().as_u16()) {
                Ok(202) => break,
                // It could not be taken, or nobody was there: the record is still the source's.
                Ok(500..) | Err(_) => tokio::time::sleep(PAUSE).await,
                Ok(status) => {
                    let text = record.text();
                    return Err(Exit::runtime(format!("{text} was answered {status}")));
                }
            }
        }
        self.sent.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// Files of a few records, which appear complete.
    async fn leave_files(&self, records: &[Record]) -> Result<(), Exit> {
        let folder = self.directory.join("spool/out");
        let mut place = 0;
        while place < records.len() {
            let until = self.allowed(place, records.len()).await;
            let until = until.min(place + FILE_RECORDS);
            for entity in ["customer", "order"] {
                let of_entity = |record: &&Record| record.entity() == entity;
                let portion = records[place..until].iter().filter(of_entity);
                let text: String = portion.map(|record| record.text() + "\n").collect();
                if !text.is_empty() {
                    leave(&folder, &format!("{entity}s-{place:09}.ndjson"), &text)?;
                }
            }
            self.sent.fetch_add(until - place, Ordering::Relaxed);
            place = until;
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    }

    /// Rows of the tables.
    async fn insert(&self, records: &[Record]) -> Result<(), Exit> {
        let mut place = 0;
        while place < records.len() {
            let until = self.allowed(place, records.len()).await;
            let until = until.min(place + ROWS);
            let mut transaction = self.tables.begin().await.map_err(unreachable)?;
            for record in &records[place..until] {
                let statement = match record {
                    Record::Customer {
                        id,
                        name,
                        tax,
                        owner,
                    } => sqlx::query(
                        "insert into source_customer (id, name, tax, owner) values (?, ?, ?, ?)",
                    )
                    .bind(id)
                    .bind(name)
                    .bind(tax)
                    .bind(owner),
                    Record::Order {
                        no,
                        buyer,
                        currency,
                        revision,
                        amount,
                        ..
                    } => sqlx::query(
                        "insert into source_order (no, buyer, currency, revision, amount) values (?, ?, ?, ?, ?)",
                    )
                    .bind(no)
                    .bind(buyer)
                    .bind(*currency)
                    .bind(i64::try_from(*revision).unwrap_or_default())
                    .bind(amount),
                    // Only files can hold what is no record.
                    Record::Noise(_) => continue,
                };
                statement
                    .execute(&mut *transaction)
                    .await
                    .map_err(unreachable)?;
            }
            transaction.commit().await.map_err(unreachable)?;
            self.sent.fetch_add(until - place, Ordering::Relaxed);
            place = until;
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    }
}

/// Which caller sends the records of a lane.
fn caller_of(lane: &str) -> usize {
    let mut hasher = DefaultHasher::new();
    lane.hash(&mut hasher);
    (hasher.finish() % CALLERS as u64) as usize
}

/// Puts a file in place that is complete when it can be seen.
fn leave(folder: &Path, name: &str, text: &str) -> Result<(), Exit> {
    let hidden = folder.join(format!(".{name}"));
    let mut file = std::fs::File::create(&hidden)?;
    file.write_all(text.as_bytes())?;
    std::fs::rename(&hidden, folder.join(name))?;
    Ok(())
}
