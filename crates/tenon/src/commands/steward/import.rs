//! `tenon master import`: a list of customers, looked at first and brought in when told to.

use std::io::IsTerminal;
use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use tenon_master::likeness::MatchPolicy;
use tenon_pipeline::{Accept, CustomerList, ListLikeness};

use crate::cli::Import;
use crate::engine::Engine;
use crate::exit::Exit;
use crate::output;

/// Records accepted at once.
const PORTION: usize = 256;
/// How many rows that do not fit are shown.
const SHOWN: usize = 20;

pub(super) async fn run(options: Import) -> Result<(), Exit> {
    let configuration = crate::commands::migrate::load(&options.config)?;
    let path: &Path = &options.file;
    let unreadable = |reason: String| Exit::environment(format!("{}: {reason}", path.display()));
    std::fs::metadata(path).map_err(|error| unreadable(error.to_string()))?;
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    let systems = configuration.deployment.systems.iter();
    let systems = systems.map(|system| system.name.clone()).collect();
    let list = CustomerList::read(path, &file, &systems, options.system.as_deref());
    let list = list.map_err(unreadable)?;
    for unfit in list.unfit().iter().take(SHOWN) {
        output::talk(&format!(
            "{}:{}: {}",
            path.display(),
            unfit.line,
            unfit.reason
        ));
    }
    if let Some(more) = list
        .unfit()
        .len()
        .checked_sub(SHOWN)
        .filter(|more| *more > 0)
    {
        output::talk(&format!("… and {more} rows more that do not fit"));
    }
    let engine = Engine::open(&configuration.settings).await?;
    let new = list.unseen(&engine.store).await?;
    let known = list.fit() - new.len();
    if !options.yes {
        engine.broker.close().await;
        return preview(
            &options,
            &list,
            known,
            &configuration.settings.matching.matching,
        );
    }
    let partitions = configuration.settings.partitions;
    let queues = tenon_pipeline::queues(&configuration.deployment, partitions);
    engine.broker.declare(&queues).await?;
    let accept = Accept::new(engine.broker.clone(), partitions);
    let bar = bar(new.len());
    for portion in new.chunks(PORTION) {
        accept.accept(portion).await?;
        bar.inc(portion.len() as u64);
    }
    bar.finish_and_clear();
    engine.broker.close().await;
    let unfit = list.unfit().len();
    if options.json {
        output::json(&json!({ "imported": new.len(), "known": known, "unfit": unfit }))?;
    } else {
        output::data(&format!(
            "{} accepted, {known} were imported before, {unfit} do not fit",
            new.len(),
        ));
    }
    ended(&list)
}

fn preview(
    options: &Import,
    list: &CustomerList,
    known: usize,
    policy: &MatchPolicy,
) -> Result<(), Exit> {
    let ListLikeness { companies, review } = list.likeness(policy);
    let (fit, unfit) = (list.fit(), list.unfit().len());
    if options.json {
        output::json(&json!({
            "rows": fit + unfit,
            "fit": fit,
            "unfit": unfit,
            "known": known,
            "companies": companies,
            "review": review,
        }))?;
    } else {
        output::data(&format!(
            "{fit} rows fit and {unfit} do not; {known} were imported before"
        ));
        output::data(&format!(
            "by likeness they are {companies} companies, with {review} pairs for a person to look at"
        ));
        output::talk("nothing was imported; --yes imports the rows that fit");
    }
    ended(list)
}

fn ended(list: &CustomerList) -> Result<(), Exit> {
    match list.unfit().is_empty() {
        true => Ok(()),
        false => Err(Exit::Problems),
    }
}

fn bar(length: usize) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("  importing {wide_bar} {pos}/{len}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(length as u64).with_style(style)
}
