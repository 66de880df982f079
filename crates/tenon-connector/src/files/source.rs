//! The receiving half: file after file, portion after portion.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use tenon_core::{Failure, Message, Native, Timestamp};

use super::encoding::Survey;
use super::formats::{self, EXCERPT, Item, Records};
use super::listing::{Candidate, Listing, Stamp, changed_at};
use super::moving::put_away;
use super::progress::{Decision, Leaving, Progress, Reading};
use super::settings::{Content, ReceivePlan};
use crate::{Checkpoint, Inlet, Received, Source, from_io};

/// A portion is handed over when it holds this many messages,
const PORTION_MESSAGES: usize = 256;
/// or bodies of this many bytes together.
const PORTION_BYTES: usize = 1 << 20;

/// Reads the files of one inlet. All file access happens on threads for blocking work.
///
/// A portion that was not settled is handed over again by the next call, so that a call may be
/// abandoned at any time.
pub(super) struct FilesSource {
    work: Arc<Mutex<Work>>,
}

impl FilesSource {
    /// Goes on after `checkpoint`, without touching any file.
    ///
    /// # Errors
    /// `Configuration` when the checkpoint is none of ours.
    pub(super) fn open(
        directory: PathBuf,
        plan: Arc<ReceivePlan>,
        inlet: Inlet,
        checkpoint: Option<Checkpoint>,
    ) -> Result<Self, Failure> {
        let kept: Progress = match checkpoint {
            None => Progress::default(),
            Some(checkpoint) => serde_json::from_value(checkpoint).map_err(|error| {
                let inlet = &inlet.name;
                let detail =
                    format!("the checkpoint of inlet `{inlet}` is not one of files: {error}");
                Failure::configuration("files.checkpoint", detail)
            })?,
        };
        let away = kept
            .leaving
            .iter()
            .map(|leaving| (leaving.clone(), None))
            .collect();
        let excluded = vec![plan.done.clone(), plan.failed.clone()];
        let listing = Listing::new(
            directory.clone(),
            plan.pattern.clone(),
            plan.settled,
            excluded,
        );
        let work = Work {
            directory,
            plan,
            inlet,
            listing,
            kept,
            away,
            portion: None,
            open: None,
        };
        Ok(Self {
            work: Arc::new(Mutex::new(work)),
        })
    }

    async fn blocking<T: Send + 'static>(
        &self,
        step: fn(&mut Work) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let work = self.work.clone();
        let outcome = tokio::task::spawn_blocking(move || match work.lock() {
            Ok(mut work) => step(&mut work),
            Err(_) => Err(Failure::bug("files.source", "reading files failed before")),
        });
        outcome.await.unwrap_or_else(|error| {
            Err(Failure::bug(
                "files.source",
                format!("reading files failed: {error}"),
            ))
        })
    }
}

#[async_trait]
impl Source for FilesSource {
    async fn receive(&mut self) -> Result<Option<Received>, Failure> {
        self.blocking(Work::receive).await
    }

    async fn settle(&mut self) -> Result<(), Failure> {
        self.blocking(Work::settle).await
    }
}

/// What reading is made of; used by one thread at a time.
struct Work {
    directory: PathBuf,
    plan: Arc<ReceivePlan>,
    inlet: Inlet,
    listing: Listing,
    /// As of the last settled portion.
    kept: Progress,
    /// Settled files that were not put away yet, with what they looked like when they were read.
    away: Vec<(Leaving, Option<Stamp>)>,
    /// Handed over, but not settled.
    portion: Option<Portion>,
    open: Option<OpenFile>,
}

/// One portion, and what is true once it is settled.
struct Portion {
    received: Received,
    progress: Progress,
    away: Vec<(Leaving, Option<Stamp>)>,
}

/// A file being read.
struct OpenFile {
    reading: Reading,
    stamp: Stamp,
    /// For looking at the file's state; the reader has its own.
    handle: File,
    head: Bytes,
    records: Box<dyn Records>,
}

impl OpenFile {
    fn metadata(&self) -> Result<std::fs::Metadata, Failure> {
        self.handle
            .metadata()
            .map_err(|error| unreadable(&self.reading.file, &error))
    }
}

fn unreadable(name: &str, error: &io::Error) -> Failure {
    from_io(error, &format!("reading {name}"))
}

/// What was gathered so far.
#[derive(Default)]
struct Gathered {
    messages: Vec<Message<Native>>,
    bytes: usize,
    away: Vec<(Leaving, Option<Stamp>)>,
}

impl Gathered {
    fn is_full(&self) -> bool {
        self.messages.len() >= PORTION_MESSAGES || self.bytes >= PORTION_BYTES
    }
}

impl Work {
    fn receive(&mut self) -> Result<Option<Received>, Failure> {
        if let Some(portion) = &self.portion {
            return Ok(Some(portion.received.clone()));
        }
        self.put_settled_away()?;
        let mut progress = self.kept.clone();
        let mut gathered = Gathered::default();
        if let Err(failure) = self.gather(&mut progress, &mut gathered) {
            // The next call begins again behind what was settled.
            self.open = None;
            return Err(failure);
        }
        if gathered.messages.is_empty() && gathered.away.is_empty() {
            return Ok(None);
        }
        let checkpoint = serde_json::to_value(&progress)
            .map_err(|error| Failure::bug("files.checkpoint", error.to_string()))?;
        let received = Received {
            messages: gathered.messages,
            checkpoint: Some(checkpoint),
        };
        self.portion = Some(Portion {
            received: received.clone(),
            progress,
            away: gathered.away,
        });
        Ok(Some(received))
    }

    fn settle(&mut self) -> Result<(), Failure> {
        if let Some(portion) = self.portion.take() {
            self.kept = portion.progress;
            self.away.extend(portion.away);
        }
        self.put_settled_away()
    }

    /// Moves the files whose last portion is settled. Those of an earlier run are looked at first.
    fn put_settled_away(&mut self) -> Result<(), Failure> {
        while let Some((leaving, stamp)) = self.away.first().cloned() {
            let stamp = match stamp {
                Some(stamp) => Some(stamp),
                None => self.stamp_of_same(&leaving)?,
            };
            if let Some(stamp) = stamp {
                let folder = if leaving.failed {
                    &self.plan.failed
                } else {
                    &self.plan.done
                };
                put_away(&self.directory, &leaving.file, stamp, folder, "")?;
            }
            self.away.remove(0);
        }
        self.kept.leaving.clear();
        Ok(())
    }

    /// The stamp of a file that a crash left in place; `None` if it is another one, or gone.
    fn stamp_of_same(&self, leaving: &Leaving) -> Result<Option<Stamp>, Failure> {
        let path = self.directory.join(&leaving.file);
        match std::fs::metadata(&path) {
            Ok(metadata) => {
                Ok((changed_at(&metadata) == leaving.changed).then(|| Stamp::of(&metadata)))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(from_io(&error, &format!("looking at {}", path.display()))),
        }
    }

    fn gather(&mut self, progress: &mut Progress, gathered: &mut Gathered) -> Result<(), Failure> {
        while !gathered.is_full() {
            let mut open = match self.open.take() {
                Some(open) => open,
                None => match self.next_file(progress, gathered) {
                    Ok(Some(open)) => open,
                    Ok(None) => return Ok(()),
                    // What was gathered goes first; the failure comes again with the next call.
                    Err(_) if !gathered.messages.is_empty() => return Ok(()),
                    Err(failure) => return Err(failure),
                },
            };
            match self.fill(&mut open, gathered)? {
                None => {
                    progress.reading = Some(open.reading.clone());
                    self.open = Some(open);
                }
                Some(failed) => {
                    let changed = changed_at(&open.metadata()?);
                    progress.finish(&open.reading, failed, changed);
                    gathered.away.extend(
                        progress
                            .leaving
                            .last()
                            .map(|leaving| (leaving.clone(), Some(open.stamp))),
                    );
                }
            }
        }
        Ok(())
    }

    /// Takes records until the portion is full (`None`) or the file ends: whether it failed.
    fn fill(&self, open: &mut OpenFile, gathered: &mut Gathered) -> Result<Option<bool>, Failure> {
        let mut ended = None;
        while ended.is_none() && !gathered.is_full() {
            match open
                .records
                .next()
                .map_err(|error| unreadable(&open.reading.file, &error))?
            {
                None => ended = Some(false),
                Some(item) => {
                    if matches!(item, Item::Broken { .. }) {
                        ended = Some(true);
                    }
                    gathered.bytes += match &item {
                        Item::Record { json, .. } => json.len(),
                        Item::Bad { raw, .. } => raw.len(),
                        Item::Broken { raw, .. } => raw.as_ref().map_or(open.head.len(), Vec::len),
                    };
                    gathered.messages.push(self.message(open, item));
                    open.reading.next += 1;
                }
            }
        }
        if Stamp::of(&open.metadata()?) != open.stamp {
            let name = &open.reading.file;
            let detail = format!(
                "{name} was changed while it was read; it is read again from its beginning"
            );
            return Err(Failure::transient("files.changed", detail));
        }
        Ok(ended)
    }

    fn message(&self, open: &OpenFile, item: Item) -> Message<Native> {
        let Reading {
            file,
            sha256,
            generation,
            next,
        } = &open.reading;
        let event_id = format!("{sha256}:{generation}:{next}");
        let (raw, line, reason) = match item {
            Item::Record { json, line } => {
                let json = Bytes::from(json);
                let origin = format!("{file}:{line}");
                match self.occurred_at(&json) {
                    Ok(moment) => return self.inlet.message(json, Some(&event_id), moment, origin),
                    Err(reason) => (json, line, reason),
                }
            }
            Item::Bad { raw, line, reason } => (raw.into(), line, reason),
            Item::Broken { raw, line, reason } => (
                raw.map_or_else(|| open.head.clone(), Bytes::from),
                line,
                reason,
            ),
        };
        let origin = format!("{file}:{line}");
        let reason = format!("{origin}: {reason}");
        self.inlet.undecodable(raw, reason, Some(&event_id), origin)
    }

    /// When the record's fact occurred, if a field is to say so and does.
    fn occurred_at(&self, json: &[u8]) -> Result<Option<Timestamp>, String> {
        let Some(path) = &self.plan.occurred_at else {
            return Ok(None);
        };
        let Ok(text) = path.extract(json) else {
            return Ok(None);
        };
        if let Ok(moment) = text.parse::<Timestamp>() {
            return Ok(Some(moment));
        }
        let local: Result<DateTime, _> = text.replace('/', "-").parse();
        let moment = local
            .ok()
            .and_then(|local| TimeZone::UTC.to_timestamp(local).ok());
        let unreadable =
            || format!("`{path}` holds {text:?}, which is no time such as 2026-01-31 08:00:00");
        moment.map(Some).ok_or_else(unreadable)
    }

    /// Opens the file that is to be read next. Duplicates of settled files are put away on the way.
    fn next_file(
        &mut self,
        progress: &mut Progress,
        gathered: &Gathered,
    ) -> Result<Option<OpenFile>, Failure> {
        let mut ready = self.listing.ready()?;
        if let Some(reading) = progress.reading.take() {
            self.kept.reading = None;
            match ready
                .iter()
                .position(|candidate| candidate.name == reading.file)
            {
                // A file that was begun is read to its end first.
                Some(place) => {
                    let begun = ready.remove(place);
                    ready.insert(0, begun);
                    progress.reading = Some(reading);
                }
                None => {
                    let Reading { file, next, .. } = reading;
                    let detail = format!(
                        "{file} was taken away after {next} of its records were read; \
                         put it back if the others are wanted"
                    );
                    return Err(Failure::transient("files.vanished", detail));
                }
            }
        }
        for candidate in ready {
            if gathered
                .away
                .iter()
                .any(|(leaving, _)| leaving.file == candidate.name)
            {
                continue;
            }
            // Hashing a large file must not hold back what was gathered.
            if !gathered.messages.is_empty() && candidate.stamp.bytes() > PORTION_BYTES as u64 {
                return Ok(None);
            }
            let Some((file, survey, head)) = self.survey(&candidate)? else {
                continue;
            };
            let modified = candidate.stamp.modified();
            match progress.decide(&candidate.name, &survey.sha256, modified) {
                Decision::Read(reading) => {
                    return self
                        .open_file(candidate, reading, file, survey, head)
                        .map(Some);
                }
                Decision::Duplicate if gathered.away.is_empty() => {
                    self.refuse_duplicate(&candidate)?
                }
                // It may be a duplicate of what is in this portion, which is not settled yet.
                Decision::Duplicate => return Ok(None),
            }
        }
        Ok(None)
    }

    fn refuse_duplicate(&self, candidate: &Candidate) -> Result<(), Failure> {
        let Candidate { name, stamp, .. } = candidate;
        put_away(&self.directory, name, *stamp, &self.plan.done, ".duplicate")?;
        tracing::info!(
            system.name = %self.inlet.system,
            file.name = %name,
            "file holds what was read before and is not read again"
        );
        Ok(())
    }

    /// Reads a file once through; `None` if it vanished or is still being written.
    fn survey(&self, candidate: &Candidate) -> Result<Option<(File, Survey, Bytes)>, Failure> {
        let look = || -> io::Result<Option<(File, Survey, Bytes)>> {
            let mut file = File::open(&candidate.path)?;
            let survey = match &self.plan.content {
                Content::Xlsx { .. } => Survey::of_bytes(&mut file)?,
                content => {
                    let declared = matches!(content, Content::Xml { .. });
                    Survey::of_text(&mut file, self.plan.encoding, declared)?
                }
            };
            file.seek(SeekFrom::Start(0))?;
            let mut head = Vec::new();
            file.by_ref().take(EXCERPT as u64).read_to_end(&mut head)?;
            let unchanged = Stamp::of(&file.metadata()?) == candidate.stamp;
            Ok(unchanged.then(|| (file, survey, Bytes::from(head))))
        };
        match look() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            outcome => outcome
                .map_err(|error| from_io(&error, &format!("reading {}", candidate.path.display()))),
        }
    }

    /// Opens a surveyed file behind the records that were settled.
    fn open_file(
        &self,
        candidate: Candidate,
        reading: Reading,
        file: File,
        survey: Survey,
        head: Bytes,
    ) -> Result<OpenFile, Failure> {
        let failure = |error: io::Error| from_io(&error, &format!("reading {}", candidate.name));
        let handle = file.try_clone().map_err(failure)?;
        let mut records: Box<dyn Records> = match survey.text {
            Ok(decoding) => formats::open(
                file,
                decoding,
                &self.plan.content,
                self.plan.max_record_bytes,
            )
            .map_err(failure)?,
            Err(reason) => Box::new(Refused(Some(reason))),
        };
        if let Some(grouping) = &self.plan.grouping {
            records = formats::grouped(records, grouping, self.plan.max_record_bytes);
        }
        for _ in 0..reading.next {
            records.next().map_err(failure)?;
        }
        Ok(OpenFile {
            reading,
            stamp: candidate.stamp,
            handle,
            head,
            records,
        })
    }
}

/// A file that cannot be read at all.
struct Refused(Option<String>);

impl Records for Refused {
    fn next(&mut self) -> io::Result<Option<Item>> {
        Ok(self.0.take().map(|reason| Item::Broken {
            raw: None,
            line: 1,
            reason,
        }))
    }
}
