//! Polling an API page by page, so that nothing is missed and nothing is handed over twice.
//!
//! A pass asks for everything from the watermark on. When it ends, the watermark rises to the newest
//! stamp that was met, less the overlap, less the time that the pass took: whatever became visible
//! only after its page was read has a stamp above that, if no change takes longer than the overlap
//! to become visible. What the next pass meets again is known by its fingerprint.
//!
//! Without a watermark every pass reads everything and hands over what it did not meet in the pass
//! before. To remember that, at most [`Seen::KEPT`] records are borne, unless they have event ids of
//! their own.

use std::collections::HashSet;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use jiff::tz::TimeZone;
use reqwest::Url;
use serde_json::{Map, Value, json};
use tenon_core::{Failure, Message, Native, Timestamp};

use super::client::Client;
use super::detail::detailed;
use super::paging::{Place, misled};
use super::plan::Inflow;
use super::program::{of_the_file, written};
use super::state::{Pass, State, Step, Turn, is_credible};
use crate::watermark::{Mark, Seen, fingerprint};
use crate::{Checkpoint, Inlet, Received, Source};

/// Records in one portion; a page may hold more.
const PORTION: usize = 256;

/// A polled list of records.
pub(super) struct Polled {
    client: Arc<Client>,
    inlet: Inlet,
    inflow: Inflow,
    state: State,
    /// The page that is being handed over.
    page: Option<Page>,
    pending: Option<Step>,
    /// Whether a pass has just ended, so that the next one waits for the interval.
    finished: bool,
}

/// A page and what of it is still to be handed over.
#[derive(Debug)]
struct Page {
    fresh: Vec<Record>,
    handed: usize,
    turn: Turn,
}

#[derive(Debug, Clone)]
struct Record {
    json: Bytes,
    mark: Option<Mark>,
    event: Option<String>,
    print: u64,
}

impl Polled {
    /// A source that goes on after `checkpoint`; nothing is asked yet.
    pub(super) fn new(
        client: Arc<Client>,
        inlet: Inlet,
        inflow: Inflow,
        checkpoint: Option<Checkpoint>,
    ) -> Result<Self, Failure> {
        let field = inflow
            .watermark
            .as_ref()
            .map(|watermark| watermark.field.to_string());
        let of = format!("{} {field:?}", client.address(&inflow.path, &Map::new())?);
        let kept = checkpoint.and_then(|checkpoint| {
            let state: State = serde_json::from_value(checkpoint).ok()?;
            (state.of == of).then_some(state)
        });
        let state = kept.unwrap_or_else(|| State::new(of));
        Ok(Self {
            client,
            inlet,
            inflow,
            state,
            page: None,
            pending: None,
            finished: false,
        })
    }

    /// From where this pass asks.
    fn since(&self) -> Option<&str> {
        let watermark = self.inflow.watermark.as_ref()?;
        let since = self.state.since.as_ref().map(|mark| mark.text.as_str());
        since.or(watermark.initial.as_deref())
    }

    /// The address of a page of this pass.
    fn address(&self, pass: &Pass, values: &Map<String, Value>) -> Result<Url, Failure> {
        let mut first = self.client.address(&self.inflow.path, values)?;
        let paging = self.inflow.paging.as_ref();
        if let Some(program) = &self.inflow.query {
            if let Place::Address(_) = &pass.place {
                return pass.place.address(&first, paging, &self.client);
            }
            let asking = written(&self.asking(pass, values))?;
            program.ask(&mut first, &asking).map_err(of_the_file)?;
            return Ok(first);
        }
        if self.inflow.body.is_some() {
            return Ok(first);
        }
        if let (Some(watermark), Some(since)) = (&self.inflow.watermark, self.since()) {
            first
                .query_pairs_mut()
                .append_pair(&watermark.parameter, since);
        }
        pass.place.address(&first, paging, &self.client)
    }

    /// What the programs that ask for a page see.
    fn asking(&self, pass: &Pass, values: &Map<String, Value>) -> Value {
        let paging = self.inflow.paging.as_ref();
        let (number, cursor) = match &pass.place {
            Place::Number(number) => (Some(*number), None),
            Place::Cursor(cursor) | Place::Address(cursor) => (None, Some(cursor)),
            Place::Start => (None, None),
        };
        let first = paging.map_or(1, |paging| paging.first);
        json!({
            "since": self.since(),
            "offset": number.unwrap_or(0),
            "page": number.unwrap_or(first),
            "cursor": cursor,
            "size": paging.map(|paging| paging.size),
            "now": Timestamp::now().as_second(),
            "values": values,
        })
    }

    /// Fetches the page where the pass stands.
    async fn fetch(&self, pass: &Pass) -> Result<Page, Failure> {
        let paging = self.inflow.paging.as_ref();
        if let Some(paging) = paging.filter(|paging| pass.pages >= paging.max_pages) {
            return Err(misled(format!(
                "{} has more than {} pages; raise max_pages, or configure a watermark",
                self.inflow.path, paging.max_pages
            )));
        }
        let place = fingerprint(&[format!("{:?}", pass.place).as_bytes()]);
        if pass.trail.contains(&place) {
            return Err(misled(format!(
                "{} leads back to a page that was read before ({:?}); check `paging`",
                self.inflow.path, pass.place
            )));
        }
        let make = |values: &Map<String, Value>| {
            let address = self.address(pass, values)?;
            let request = self.client.request(self.inflow.method.clone(), address);
            let operation = self.inflow.operation.as_ref();
            let content = match &self.inflow.body {
                Some(program) => program
                    .text(&self.asking(pass, values))
                    .map_err(of_the_file)?,
                None if operation.is_some() => Bytes::from_static(b"{}"),
                None => return Ok(request),
            };
            self.client
                .filled(request, operation, content)
                .map_err(of_the_file)
        };
        let answer = self.client.call(&make).await?;
        let here = self.address(pass, &self.client.session().await?.values)?;
        if let Some(failure) = answer.failure() {
            return Err(of_the_file(failure));
        }
        let path = self.inflow.records.as_ref();
        let mut records = match &self.inflow.operation {
            // In XML one record is no list, and of none there is no trace.
            Some(_) => answer.records_or_one(path)?,
            None if self.inflow.may_lack => answer.records_or_none(path)?,
            None => answer.records(path)?,
        };
        if let Some(program) = &self.inflow.record {
            // What the program cannot read stays as it came, and is kept as invalid further on.
            let shaped = |json: Bytes| program.text_of(&json).unwrap_or(json);
            records = records.into_iter().map(shaped).collect();
        }
        let parts: Vec<&[u8]> = records.iter().map(Bytes::as_ref).collect();
        let print = fingerprint(&parts);
        if !records.is_empty() && pass.last_page == Some(print) {
            return Err(misled(format!(
                "two pages of {} are the same; the server seems not to know the parameter, check \
                 `paging`",
                self.inflow.path
            )));
        }
        let next = match paging {
            Some(paging) => pass.place.next(paging, &answer, &records, &here)?,
            None => None,
        };
        let records = records
            .into_iter()
            .map(|json| self.record(json))
            .collect::<Result<Vec<_>, _>>()?;
        self.check_memory(pass, records.len())?;
        let marks = records
            .iter()
            .filter_map(|record| record.mark.clone())
            .filter(is_credible);
        let newest = marks.chain(pass.newest.clone()).reduce(|left, right| {
            if right.compare(&left).is_gt() {
                right
            } else {
                left
            }
        });
        let (mut known, mut fresh) = (Vec::new(), Vec::new());
        let mut met = HashSet::new();
        for record in records {
            if self.state.seen.contains(record.print) {
                known.push(record.print);
            } else if !pass.seen.contains(record.print) && met.insert(record.print) {
                // Paging that shifts while it is read shows a record twice; once is enough.
                fresh.push(record);
            }
        }
        if let Some(detail) = &self.inflow.detail {
            for record in &mut fresh {
                record.json = detailed(&self.client, detail, &record.json).await?;
            }
        }
        let turn = Turn {
            next,
            newest,
            known,
            print,
            place,
        };
        Ok(Page {
            fresh,
            handed: 0,
            turn,
        })
    }

    fn check_memory(&self, pass: &Pass, count: usize) -> Result<(), Failure> {
        let needed = self.inflow.watermark.is_none() && self.inflow.event_id.is_none();
        if needed && pass.seen.len() + count > Seen::KEPT {
            return Err(Failure::configuration(
                "http.watermark",
                format!(
                    "{} has more than {} records, too many to be compared one by one; configure \
                     `watermark` or `event_id`",
                    self.inflow.path,
                    Seen::KEPT
                ),
            ));
        }
        Ok(())
    }

    fn record(&self, json: Bytes) -> Result<Record, Failure> {
        let text = |path: &crate::KeyPath| path.extract(&json).ok();
        let mut mark = None;
        if let Some(watermark) = &self.inflow.watermark
            && let Some(value) = text(&watermark.field)
        {
            let number = value.parse::<rust_decimal::Decimal>().is_ok();
            let found = Mark {
                text: value,
                number,
            };
            if !number && found.moment(&TimeZone::UTC).is_none() {
                return Err(Failure::configuration(
                    "http.watermark",
                    format!(
                        "field `{}` holds `{}`, which is neither a number nor a time",
                        watermark.field, found.text
                    ),
                ));
            }
            mark = Some(found);
        }
        let event = self.inflow.event_id.as_ref().and_then(text);
        let print = match &event {
            Some(event) => fingerprint(&[b"event", event.as_bytes()]),
            None => fingerprint(&[b"record", &json]),
        };
        Ok(Record {
            json,
            mark,
            event,
            print,
        })
    }

    fn message(&self, record: &Record) -> Message<Native> {
        let key = self.inlet.key.extract(&record.json).unwrap_or_default();
        let event_id = match (&record.event, &record.mark) {
            (Some(event), _) => event.clone(),
            (None, Some(mark)) => format!("{key}\u{1f}{}\u{1f}{:016x}", mark.text, record.print),
            (None, None) => format!(
                "{key}\u{1f}{}\u{1f}{:016x}",
                self.state.passes, record.print
            ),
        };
        let occurred_at = record
            .mark
            .as_ref()
            .and_then(|mark| mark.moment(&TimeZone::UTC));
        let origin = format!("{} {}: {key}", self.inflow.method, self.inflow.path);
        self.inlet
            .message(record.json.clone(), Some(&event_id), occurred_at, origin)
    }

    /// The portion that comes next on the page, and the step that it means.
    fn portion(&self, page: &Page) -> (Vec<Message<Native>>, Step) {
        let rest = &page.fresh[page.handed..];
        let portion = &rest[..rest.len().min(PORTION)];
        let turn = (portion.len() == rest.len()).then(|| page.turn.clone());
        let prints = portion.iter().map(|record| record.print).collect();
        let messages = portion.iter().map(|record| self.message(record)).collect();
        (messages, Step { prints, turn })
    }

    /// Takes a step for done.
    fn take(&mut self, step: Step) -> Result<(), Failure> {
        match (&mut self.page, &step.turn) {
            (Some(page), None) => page.handed += step.prints.len(),
            _ => self.page = None,
        }
        self.state.take(step, self.inflow.watermark.as_ref())?;
        self.finished = self.state.pass.is_none();
        Ok(())
    }
}

#[async_trait]
impl Source for Polled {
    async fn receive(&mut self) -> Result<Option<Received>, Failure> {
        // A portion that was not settled is handed over again.
        self.pending = None;
        loop {
            if std::mem::take(&mut self.finished) {
                return Ok(None);
            }
            let pass = self.state.pass.get_or_insert_with(Pass::begin).clone();
            let page = match self.page.take() {
                Some(page) => page,
                None => self.fetch(&pass).await?,
            };
            let (messages, step) = self.portion(&page);
            self.page = Some(page);
            if messages.is_empty() {
                self.take(step)?;
                continue;
            }
            let mut after = self.state.clone();
            after.take(step.clone(), self.inflow.watermark.as_ref())?;
            let checkpoint = serde_json::to_value(&after).map_err(|error| {
                Failure::bug(
                    "http.checkpoint",
                    format!("the checkpoint is no JSON: {error}"),
                )
            })?;
            self.pending = Some(step);
            return Ok(Some(Received {
                messages,
                checkpoint: Some(checkpoint),
            }));
        }
    }

    async fn settle(&mut self) -> Result<(), Failure> {
        match self.pending.take() {
            Some(step) => self.take(step),
            None => Ok(()),
        }
    }
}
