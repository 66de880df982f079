//! The target that takes files: it collects them as they come, and knows a name that comes again.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::task::JoinHandle;

use super::ledger::Effect;
use super::portal::Given;
use crate::exit::Exit;

/// How often it looks for files.
const LOOK: Duration = Duration::from_millis(20);

/// The running target.
pub(super) struct Archive {
    taken: Arc<Mutex<Taken>>,
    folder: PathBuf,
    collecting: JoinHandle<()>,
}

#[derive(Default)]
struct Taken {
    names: HashSet<String>,
    effects: Vec<Effect>,
    repeated: u64,
    /// Files that were not whole when they appeared.
    torn: Vec<Effect>,
}

impl Archive {
    pub(super) fn start(folder: &Path) -> Result<Self, Exit> {
        std::fs::create_dir_all(folder)?;
        let taken = Arc::new(Mutex::new(Taken::default()));
        let collecting = {
            let (folder, taken) = (folder.to_owned(), taken.clone());
            tokio::spawn(async move {
                loop {
                    let (folder, taken) = (folder.clone(), taken.clone());
                    let collected = tokio::task::spawn_blocking(move || collect(&folder, &taken));
                    if let Ok(Err(error)) = collected.await {
                        tracing::warn!(%error, "the archive cannot look at its folder");
                    }
                    tokio::time::sleep(LOOK).await;
                }
            })
        };
        Ok(Self {
            taken,
            folder: folder.to_owned(),
            collecting,
        })
    }

    /// How many effects there are.
    pub(super) fn count(&self) -> usize {
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.effects.len()
    }

    /// The effects, in their order; how often one came again and was recognised; those whose file
    /// was torn.
    pub(super) fn effects(&self) -> Result<(Vec<Effect>, u64, Vec<Effect>), Exit> {
        collect(&self.folder, &self.taken)?;
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        Ok((taken.effects.clone(), taken.repeated, taken.torn.clone()))
    }
}

impl Drop for Archive {
    fn drop(&mut self) {
        self.collecting.abort();
    }
}

/// Takes what lies in the folder, in the order in which it was written.
fn collect(folder: &Path, taken: &Mutex<Taken>) -> std::io::Result<()> {
    // Held from the beginning: two who collect at once would take a file twice.
    let mut taken = taken.lock().unwrap_or_else(PoisonError::into_inner);
    let mut found: Vec<(SystemTime, Effect, String)> = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') {
            continue;
        }
        // A file that came again may have been put in place of itself just now: the next look takes it.
        let (Ok(metadata), Ok(text)) = (entry.metadata(), std::fs::read(entry.path())) else {
            continue;
        };
        let effect = match serde_json::from_slice::<Given>(&text) {
            Ok(given) => given.effect(),
            Err(_) => {
                let (key, revision) = (name.clone(), 0);
                taken.torn.push(Effect { key, revision });
                Effect {
                    key: name.clone(),
                    revision,
                }
            }
        };
        found.push((metadata.modified()?, effect, name));
    }
    // Files of one tick of the clock are taken for ordered.
    found.sort();
    for (_, effect, name) in found {
        std::fs::remove_file(folder.join(&name))?;
        if taken.names.insert(name) {
            taken.effects.push(effect);
        } else {
            taken.repeated += 1;
        }
    }
    Ok(())
}
