//! Reports as files by the clock, for those who make figures of their own from them.
//!
//! A file is complete or not there at all, and the newest replaces the one before: whoever reads the folder
//! needs to know nothing of the hub.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use tenon_connector::Schedule;
use tenon_core::Timestamp;
use tenon_insight::{FileFormat, Policy, REPORTS, Reports, Scope, Table};
use tenon_store::SharedStore;
use tokio_util::sync::CancellationToken;

/// Which reports are written, when and where.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Export {
    /// When: `{ cron = "0 6 * * *", zone = "Asia/Shanghai" }`.
    pub(crate) schedule: Schedule,
    /// Where; relative to the configuration directory.
    pub(crate) directory: PathBuf,
    /// As what.
    #[serde(default)]
    pub(crate) format: FileFormat,
    /// Their names; all there are unless given.
    #[serde(default)]
    pub(crate) reports: Vec<String>,
}

/// How long the longest sleep is: the clock may be set meanwhile.
const LOOK: Duration = Duration::from_secs(30);

/// Writes an export whenever its time comes, until the hub stops. A time that passed while the hub was
/// down is not made up for.
pub(crate) async fn run(
    export: Export,
    store: SharedStore,
    policy: Arc<Policy>,
    stop: CancellationToken,
) {
    let mut last = Timestamp::now();
    while let Some(next) = export.schedule.after(last) {
        loop {
            let left = Duration::try_from(next.duration_since(Timestamp::now()));
            let Some(left) = left.ok().filter(|left| !left.is_zero()) else {
                break;
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(left.min(LOOK)) => {} // why: a time of the clock is waited for
            }
        }
        match write(&export, &store, &policy).await {
            Ok(Some(files)) => {
                tracing::info!(files, directory = %export.directory.display(), "reports written");
            }
            Ok(None) => {}
            Err(error) => {
                tracing::error!(%error, directory = %export.directory.display(), "reports were not written");
            }
        }
        last = next.max(Timestamp::now());
    }
}

/// Writes the files once; how many, or `None` where another node does it or no figures are there yet.
async fn write(
    export: &Export,
    store: &SharedStore,
    policy: &Arc<Policy>,
) -> anyhow::Result<Option<usize>> {
    let claim = format!("export {}", export.directory.display());
    let Some(_claim) = store.claim(&claim).await? else {
        return Ok(None);
    };
    let today = policy.calendar.today();
    let Some(reports) = Reports::open(store.insight(), policy.clone(), today).await? else {
        return Ok(None);
    };
    let scope = Scope {
        months: reports.year(),
        level: 2,
        by: "source".to_owned(),
        currency: reports.policy().score.currency.to_string(),
        customer: None,
        step: 1,
    };
    std::fs::create_dir_all(&export.directory)?;
    let mut files = 0;
    for name in REPORTS {
        if !export.reports.is_empty() && !export.reports.iter().any(|wanted| wanted == name) {
            continue;
        }
        if let Some(table) = reports.report(name, &scope).await? {
            put(&export.directory, name, export.format, &table)?;
            files += 1;
        }
    }
    Ok(Some(files))
}

fn put(directory: &Path, name: &str, format: FileFormat, table: &Table) -> anyhow::Result<()> {
    let (bytes, ending) = (table.file(format)?, format.ending());
    let hidden = directory.join(format!(".{name}.{ending}"));
    std::fs::write(&hidden, bytes)?;
    std::fs::rename(&hidden, directory.join(format!("{name}.{ending}")))?;
    Ok(())
}
