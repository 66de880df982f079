//! Receiving: fetches what has been left alone, reads the copies, and puts the originals away.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use async_trait::async_trait;
use tenon_core::Failure;

use super::link::{Link, State};
use crate::files::listing::{fits, is_partial};
use crate::files::settings::ReceivePlan;
use crate::files::source::FilesSource;
use crate::{Checkpoint, Inlet, Received, Source, from_io};

/// How many files are fetched before they are read.
const FETCHED: usize = 16;

/// Reads the remote files of one inlet.
pub(in crate::files) struct RemoteSource {
    link: Arc<Link>,
    plan: Arc<ReceivePlan>,
    /// Where copies are read; nothing else stands there.
    spool: PathBuf,
    inner: FilesSource,
    /// The files whose copies are being read, as they were when they were fetched.
    fetched: HashMap<String, State>,
    /// Since when each file has been as it is.
    since: HashMap<String, (State, Instant)>,
}

impl RemoteSource {
    /// Goes on after `checkpoint`. Copies of an earlier run are thrown away; nothing is asked yet.
    pub(in crate::files) fn open(
        link: Arc<Link>,
        directory: &Path,
        plan: Arc<ReceivePlan>,
        inlet: Inlet,
        checkpoint: Option<Checkpoint>,
    ) -> Result<Self, Failure> {
        let spool = directory.join(".sftp").join(&inlet.name);
        if spool.exists() {
            std::fs::remove_dir_all(&spool).map_err(|error| trouble(&spool, &error))?;
        }
        std::fs::create_dir_all(&spool).map_err(|error| trouble(&spool, &error))?;
        let inner = FilesSource::open(spool.clone(), plan.clone(), inlet, checkpoint)?;
        Ok(Self {
            link,
            plan,
            spool,
            inner,
            fetched: HashMap::new(),
            since: HashMap::new(),
        })
    }

    /// Fetches files that have been left alone for long enough, oldest first.
    async fn fetch(&mut self) -> Result<(), Failure> {
        let mut since = HashMap::new();
        let mut ready = Vec::new();
        for (name, state) in self.scan().await? {
            let seen = match self.since.get(&name) {
                Some((before, first)) if *before == state => *first,
                _ => Instant::now(),
            };
            // The server's clock may be another than ours: only what we saw ourselves counts.
            if seen.elapsed() >= self.plan.settled && !self.fetched.contains_key(&name) {
                ready.push((state.modified, name.clone(), state));
            }
            since.insert(name, (state, seen));
        }
        self.since = since;
        ready.sort_by(|one, other| (one.0, &one.1).cmp(&(other.0, &other.1)));
        for (_, name, state) in ready.into_iter().take(FETCHED) {
            let path = self.spool.join(&name);
            let folder = path.parent().unwrap_or(&self.spool);
            std::fs::create_dir_all(folder).map_err(|error| trouble(folder, &error))?;
            let hidden = folder.join(".fetching.tmp");
            match self.link.fetch(&name, &hidden).await? {
                Some(after) if after == state => {}
                // It vanished or is being written still: the next look tells.
                _ => continue,
            }
            let put = || -> std::io::Result<()> {
                let modified =
                    SystemTime::UNIX_EPOCH + Duration::from_secs(u64::from(state.modified));
                let file = std::fs::File::options().write(true).open(&hidden)?;
                file.set_modified(modified)?;
                std::fs::rename(&hidden, &path)
            };
            put().map_err(|error| trouble(&path, &error))?;
            self.fetched.insert(name, state);
        }
        Ok(())
    }

    /// Every file whose name fits, by its path from the directory.
    async fn scan(&self) -> Result<Vec<(String, State)>, Failure> {
        let Some((file_pattern, folder_patterns)) = self.plan.pattern.parts().split_last() else {
            return Ok(Vec::new());
        };
        let mut folders = vec![String::new()];
        for part in folder_patterns {
            let mut deeper = Vec::new();
            for folder in folders {
                if !part.contains(['*', '?']) {
                    deeper.push(joined(&folder, part));
                    continue;
                }
                let found = self.link.list(&folder).await?;
                let fitting = found
                    .into_iter()
                    .filter(|entry| entry.is_directory && fits(part, &entry.name));
                let paths = fitting.map(|entry| joined(&folder, &entry.name));
                deeper.extend(paths.filter(|path| !self.is_put_away(path)));
            }
            folders = deeper;
        }
        let mut found = Vec::new();
        for folder in folders {
            for entry in self.link.list(&folder).await? {
                let wanted = !entry.is_directory
                    && fits(file_pattern, &entry.name)
                    && !is_partial(&entry.name);
                if wanted {
                    found.push((joined(&folder, &entry.name), entry.state));
                }
            }
        }
        Ok(found)
    }

    fn is_put_away(&self, folder: &str) -> bool {
        [&self.plan.done, &self.plan.failed]
            .iter()
            .any(|path| path.to_str() == Some(folder))
    }

    /// Moves the originals of copies that were read to their end.
    async fn put_away(&mut self) -> Result<(), Failure> {
        let gone: Vec<(String, State)> = self
            .fetched
            .iter()
            .filter(|(name, _)| !self.spool.join(name).exists())
            .map(|(name, state)| (name.clone(), *state))
            .collect();
        for (name, state) in gone {
            let base = name.rsplit('/').next().unwrap_or(&name);
            let failed = self.spool.join(&self.plan.failed).join(base);
            let folder = match failed.exists() {
                true => &self.plan.failed,
                false => &self.plan.done,
            };
            let folder = folder.to_string_lossy();
            self.link.put_away(&name, state, &folder).await?;
            for copy in [
                failed,
                self.spool.join(&self.plan.done).join(base),
                self.spool
                    .join(&self.plan.done)
                    .join(format!("{base}.duplicate")),
            ] {
                // A copy that stays behind is only room; the next run throws all of them away.
                let _ = std::fs::remove_file(copy);
            }
            self.fetched.remove(&name);
            self.since.remove(&name);
        }
        Ok(())
    }
}

#[async_trait]
impl Source for RemoteSource {
    async fn receive(&mut self) -> Result<Option<Received>, Failure> {
        self.put_away().await?;
        if self.fetched.is_empty() {
            self.fetch().await?;
        }
        if self.fetched.is_empty() {
            return Ok(None);
        }
        let received = self.inner.receive().await?;
        if received.is_none() {
            // What was read before was put aside without a message.
            self.put_away().await?;
        }
        Ok(received)
    }

    async fn settle(&mut self) -> Result<(), Failure> {
        self.inner.settle().await?;
        self.put_away().await
    }
}

fn joined(folder: &str, name: &str) -> String {
    match folder {
        "" => name.to_owned(),
        folder => format!("{folder}/{name}"),
    }
}

fn trouble(path: &Path, error: &std::io::Error) -> Failure {
    from_io(error, &format!("keeping a copy at {}", path.display()))
}
