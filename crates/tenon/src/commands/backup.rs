//! `tenon backup` and `tenon restore`: the embedded engine's file, copied while the hub runs.
//!
//! Queues, journal, crosswalk and golden records are one file, so that a copy is one moment of all of
//! them. A server's store is backed up with the server's own means; docs/guarantees.md says what
//! holds then.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use secrecy::ExposeSecret;
use serde_json::json;
use tenon_store::{check_sqlite, copy_sqlite};

use crate::cli::{Backup, Config, Restore};
use crate::engine::file_of;
use crate::exit::Exit;
use crate::output;
use crate::settings::EMBEDDED;

pub(super) async fn backup(options: Backup) -> Result<(), Exit> {
    let database = embedded_file(&options.config)?;
    if !database.is_file() {
        return Err(Exit::environment(format!(
            "{} is not there: nothing has run on this configuration yet",
            database.display()
        )));
    }
    refuse_existing(&options.file)?;
    let target = std::path::absolute(&options.file)?;
    // Complete under its own name, or not there at all.
    let unfinished = beside(&target, "unfinished");
    let _ = std::fs::remove_file(&unfinished);
    if let Err(error) = copy_sqlite(&database, &unfinished).await {
        let _ = std::fs::remove_file(&unfinished);
        return Err(error.into());
    }
    let messages = check(&unfinished).await?;
    File::open(&unfinished)?.sync_all()?;
    std::fs::rename(&unfinished, &target)?;
    let bytes = std::fs::metadata(&target)?.len();
    match options.json {
        true => output::json(&json!({ "file": target, "bytes": bytes, "messages": messages })),
        false => {
            output::data(&format!(
                "{}: {bytes} bytes, {messages} messages in the journal",
                target.display()
            ));
            Ok(())
        }
    }
}

pub(super) async fn restore(options: Restore) -> Result<(), Exit> {
    let database = embedded_file(&options.config)?;
    let messages = check(&options.file).await?;
    refuse_running(&database)?;
    let folder = database.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let unfinished = beside(&database, "unfinished");
    std::fs::copy(&options.file, &unfinished)?;
    File::open(&unfinished)?.sync_all()?;
    // What was there is kept: a restore by mistake shall not be the end of it.
    let kept = set_aside(&database)?;
    std::fs::rename(&unfinished, &database)?;
    File::open(folder)?.sync_all()?;
    match options.json {
        true => output::json(&json!({ "file": database, "messages": messages, "kept": kept })),
        false => {
            output::data(&format!(
                "{}: {messages} messages in the journal",
                database.display()
            ));
            if let Some(kept) = kept {
                output::data(&format!("what was there before is {}", kept.display()));
            }
            Ok(())
        }
    }
}

/// The file of a configuration that uses the embedded engine for both halves.
fn embedded_file(config: &Config) -> Result<PathBuf, Exit> {
    let settings = super::migrate::load(config)?.settings;
    let is_embedded = |secret: &tenon_connector::Secret| {
        secret
            .reveal()
            .is_ok_and(|url| url.expose_secret() == EMBEDDED)
    };
    if !is_embedded(&settings.store) || !is_embedded(&settings.broker) {
        return Err(Exit::runtime(
            "broker and store of this configuration are not the embedded engine: use the server's own \
             means (pg_dump, pg_basebackup); docs/guarantees.md says what holds after a restore",
        ));
    }
    Ok(file_of(&settings.data))
}

/// Whether a file is whole and one of ours; how many messages its journal holds.
async fn check(file: &Path) -> Result<u64, Exit> {
    match file.is_file() {
        true => Ok(check_sqlite(file).await?),
        false => Err(Exit::environment(format!(
            "{}: no such file",
            file.display()
        ))),
    }
}

fn refuse_existing(file: &Path) -> Result<(), Exit> {
    match file.exists() {
        false => Ok(()),
        true => Err(Exit::runtime(format!(
            "{} is there already; name another file",
            file.display()
        ))),
    }
}

/// A node that runs holds claims, each a locked file.
fn refuse_running(database: &Path) -> Result<(), Exit> {
    let folder = PathBuf::from(format!("{}.claims", database.display()));
    let Ok(entries) = std::fs::read_dir(&folder) else {
        return Ok(());
    };
    for entry in entries {
        let claim = File::open(entry?.path())?;
        match claim.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Exit::runtime(
                    "a hub runs on this configuration: stop it before its file is replaced",
                ));
            }
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Moves a database with its journal files to names that nobody uses; the database's new name.
fn set_aside(database: &Path) -> Result<Option<PathBuf>, Exit> {
    if !database.exists() {
        return Ok(None);
    }
    let moment = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%S%.3f");
    let kept = beside(database, &format!("before-{moment}"));
    for suffix in ["-wal", "-shm", ""] {
        let from = PathBuf::from(format!("{}{suffix}", database.display()));
        let to = PathBuf::from(format!("{}{suffix}", kept.display()));
        match std::fs::rename(&from, &to) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    Ok(Some(kept))
}

fn beside(file: &Path, suffix: &str) -> PathBuf {
    PathBuf::from(format!("{}.{suffix}", file.display()))
}
