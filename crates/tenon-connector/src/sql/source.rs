//! Polling a table or query, so that nothing is missed and nothing is handed over twice.
//!
//! Rows are read in the order of (`changed`, key) by keyset, a page at a time, so that a table of any
//! length takes the memory of one page. The rules by which a pass follows another are those of
//! `state`; what they promise rests on `changed` coming from one clock (or sequence) and on no
//! transaction lasting longer than the overlap.
//!
//! A row whose `changed` is NULL is handed over once, whatever is changed in it, until it has a
//! stamp. At most [`Seen::KEPT`] such rows are borne; a query with `coalesce` helps beyond that.
//! A stamp more than a day ahead of our clock is read but does not move the watermark.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;
use jiff::{Timestamp, ToSpan};
use tenon_core::{Failure, Message, Native};

use super::config::Inflow;
use super::database::Database;
use super::rows::{Page, Reader, Row};
use super::state::{Position, State, Step};
use crate::watermark::{Seen, fingerprint};
use crate::{Checkpoint, Inlet, Received, Source};

/// How long the columns of a relation are believed to be what they were.
const COLUMNS_AGE: Duration = Duration::from_secs(60);

/// A polled relation.
pub(super) struct Polled {
    database: Arc<Database>,
    inlet: Inlet,
    inflow: Inflow,
    key_column: String,
    doing: String,
    state: State,
    reader: Option<(Instant, Reader)>,
    /// What becomes true when the last portion is settled.
    pending: Option<Step>,
}

impl Polled {
    /// A source that goes on after `checkpoint`; nothing is asked of the database yet.
    pub(super) fn new(
        database: Arc<Database>,
        inlet: Inlet,
        inflow: Inflow,
        checkpoint: Option<Checkpoint>,
    ) -> Self {
        let key_column = inflow
            .key_column
            .clone()
            .unwrap_or_else(|| inlet.key.to_string());
        let of = format!("{:?} {} {key_column}", inflow.relation, inflow.changed);
        let kept = checkpoint.and_then(|checkpoint| {
            let state: State = serde_json::from_value(checkpoint).ok()?;
            let same = state.of == of;
            if !same {
                tracing::warn!(
                    system.name = %inlet.system,
                    inlet = inlet.name,
                    "what is read was configured anew; reading from the beginning"
                );
            }
            same.then_some(state)
        });
        let doing = format!("reading {} of {}", inflow.relation.shown(), inlet.system);
        let state = kept.unwrap_or_else(|| State::new(of));
        Self {
            database,
            inlet,
            inflow,
            key_column,
            doing,
            state,
            reader: None,
            pending: None,
        }
    }

    async fn reader(&mut self) -> Result<Reader, Failure> {
        // In the middle of a pass the columns stay what they were, so that fingerprints compare.
        if let Some((found, reader)) = &self.reader
            && (found.elapsed() < COLUMNS_AGE || self.state.pass.is_some())
        {
            return Ok(reader.clone());
        }
        let reader = self
            .database
            .bounded(&self.doing, async {
                let mut lease = self.database.lease(&self.doing).await?;
                let found =
                    Reader::discover(&mut lease.session, &self.inflow, &self.key_column).await;
                lease.close(found)
            })
            .await?;
        self.reader = Some((Instant::now(), reader.clone()));
        Ok(reader)
    }

    async fn begin(&mut self, reader: &Reader) -> Result<(), Failure> {
        let now = Timestamp::now();
        // Two days on by the calendar is at least one day ahead in every zone.
        let latest = now
            .to_zoned(jiff::tz::TimeZone::UTC)
            .date()
            .saturating_add(2.days());
        let top = self
            .database
            .bounded(&self.doing, async {
                let mut lease = self.database.lease(&self.doing).await?;
                let top = reader.top(&mut lease.session, &latest.to_string()).await;
                lease.close(top)
            })
            .await?;
        self.state.begin(top, self.inflow.overlap, now).map(|_| ())
    }

    /// Rows without a change or a key that were not handed over yet.
    async fn loose(&mut self, reader: &Reader) -> Result<Option<Received>, Failure> {
        let (mut met, mut count) = (Vec::new(), 0);
        let state = &self.state;
        let page = self
            .database
            .bounded(&self.doing, async {
                let mut lease = self.database.lease(&self.doing).await?;
                let page = reader
                    .loose(&mut lease.session, Seen::KEPT + 1, |row| {
                        count += 1;
                        let known = loose_fingerprint(row);
                        met.push(known);
                        !state.loose.contains(known)
                    })
                    .await;
                lease.close(page)
            })
            .await?;
        if count > Seen::KEPT {
            return Err(Failure::configuration(
                "sql.changed",
                format!(
                    "{}: more than {} rows have no value in `{}` or `{}`; use a query with \
                     coalesce({}, …) instead of the table",
                    self.doing,
                    Seen::KEPT,
                    self.inflow.changed,
                    self.key_column,
                    self.inflow.changed
                ),
            ));
        }
        if page.rows.is_empty() {
            // Those that have a stamp by now, or are gone, need not be remembered.
            self.state.loose = met.into_iter().collect();
            return Ok(None);
        }
        let fingerprints = page.rows.iter().map(loose_fingerprint).collect();
        let messages = page
            .rows
            .into_iter()
            .map(|row| self.message(reader, row))
            .collect();
        Ok(Some(self.hand_over(messages, Step::Loose(fingerprints))))
    }

    async fn page(&self, reader: &Reader) -> Result<Page, Failure> {
        let pass = self.state.pass.as_ref();
        let position = pass.and_then(|pass| pass.position.as_ref());
        let recent = pass.and_then(|pass| pass.next_floor.as_ref());
        let top = pass.and_then(|pass| pass.top.as_ref());
        let floor = self.state.floor.as_ref();
        self.database
            .bounded(&self.doing, async {
                let mut lease = self.database.lease(&self.doing).await?;
                let page = reader
                    .page(&mut lease.session, floor, position, recent, top)
                    .await;
                lease.close(page)
            })
            .await
    }

    /// What of a page is new, and the step that it means. An empty page means none.
    fn sift(&self, page: Page) -> (Vec<Row>, Option<Step>) {
        let Some((last, changed, key)) = page
            .rows
            .last()
            .and_then(|last| Some((last, last.changed.clone()?, last.key.clone()?)))
        else {
            return (Vec::new(), None);
        };
        let ends = last.past;
        let boundary: Vec<u64> = page.rows.iter().map(Row::fingerprint).collect();
        let (mut recent, mut fresh) = (Vec::new(), Vec::new());
        for (row, fingerprint) in page.rows.into_iter().zip(&boundary) {
            if row.recent {
                recent.push(*fingerprint);
            }
            if !self.state.knows(*fingerprint) {
                fresh.push(row);
            }
        }
        let ends = ends && !fresh.is_empty();
        let position = Position { changed, key };
        (
            fresh,
            Some(Step::Page {
                position,
                boundary,
                recent,
                ends,
            }),
        )
    }

    fn hand_over(&mut self, messages: Vec<Message<Native>>, step: Step) -> Received {
        let checkpoint = Some(self.state.checkpoint(&step));
        self.pending = Some(step);
        Received {
            messages,
            checkpoint,
        }
    }

    fn message(&self, reader: &Reader, row: Row) -> Message<Native> {
        let key = row.key.as_ref().map_or("", |mark| mark.text.as_str());
        let event_id = match (&row.changed, &row.key) {
            (Some(changed), Some(_)) => {
                format!(
                    "{key}\u{1f}{}\u{1f}{:016x}",
                    changed.text,
                    row.fingerprint()
                )
            }
            _ => format!("{key}\u{1f}\u{1f}{:016x}", loose_fingerprint(&row)),
        };
        let occurred_at = row
            .changed
            .as_ref()
            .and_then(|mark| mark.moment(&reader.zone));
        let origin = format!(
            "{}: {} = {key}",
            self.inflow.relation.shown(),
            self.key_column
        );
        self.inlet
            .message(Bytes::from(row.json), Some(&event_id), occurred_at, origin)
    }
}

/// A row without a change is known by its key; without a key, by its content.
fn loose_fingerprint(row: &Row) -> u64 {
    match &row.key {
        Some(key) => fingerprint(&[b"key", key.text.as_bytes()]),
        None => fingerprint(&[b"row", row.json.as_bytes()]),
    }
}

#[async_trait]
impl Source for Polled {
    async fn receive(&mut self) -> Result<Option<Received>, Failure> {
        // A portion that was not settled is read again.
        self.pending = None;
        let reader = self.reader().await?;
        loop {
            if self.state.pass.is_none() {
                self.begin(&reader).await?;
            }
            if self
                .state
                .pass
                .as_ref()
                .is_some_and(|pass| !pass.loose_done)
            {
                if let Some(received) = self.loose(&reader).await? {
                    return Ok(Some(received));
                }
                if let Some(pass) = &mut self.state.pass {
                    pass.loose_done = true;
                }
            }
            let page = self.page(&reader).await?;
            let more = page.more;
            let before = self
                .state
                .pass
                .as_ref()
                .and_then(|pass| pass.position.clone());
            let (fresh, step) = self.sift(page);
            match step {
                Some(step) if !fresh.is_empty() => {
                    let messages = fresh
                        .into_iter()
                        .map(|row| self.message(&reader, row))
                        .collect();
                    return Ok(Some(self.hand_over(messages, step)));
                }
                Some(step) => self.state.take(step),
                None => {}
            }
            let after = self
                .state
                .pass
                .as_ref()
                .and_then(|pass| pass.position.clone());
            if more && before.is_some() && before == after {
                return Err(Failure::configuration(
                    "sql.key",
                    format!(
                        "{}: a whole page of rows has one `{}` and one `{}`; name a unique \
                         column as key_column, or set a larger page",
                        self.doing, self.inflow.changed, self.key_column
                    ),
                ));
            }
            if !more {
                self.state.end();
                return Ok(None);
            }
        }
    }

    async fn settle(&mut self) -> Result<(), Failure> {
        if let Some(step) = self.pending.take() {
            self.state.take(step);
        }
        Ok(())
    }
}
