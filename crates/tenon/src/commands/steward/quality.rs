//! `tenon master quality`: how much the records of each system say.

use std::collections::BTreeMap;

use tenon_pipeline::{Fullness, fullness};

use crate::cli::Measured;
use crate::engine::open_store;
use crate::exit::Exit;
use crate::output;

pub(super) async fn run(options: Measured) -> Result<(), Exit> {
    let configuration = crate::commands::migrate::load(&options.config)?;
    let store = open_store(&configuration.settings).await?;
    let (golden, systems) = fullness(&store).await?;
    let systems = systems.into_iter();
    let systems = systems.map(|(system, records)| (system.to_string(), records));
    let mut tallies: BTreeMap<String, Fullness> = systems.collect();
    tallies.insert("(golden records)".to_owned(), golden);
    if options.json {
        return output::json(&tallies);
    }
    let rows: Vec<Vec<String>> = tallies
        .iter()
        .map(|(system, tally)| {
            let mut lacking: Vec<_> = tally.lacking.iter().collect();
            lacking.sort_by_key(|(field, count)| (std::cmp::Reverse(**count), (*field).clone()));
            let lacking: Vec<String> = lacking
                .iter()
                .take(4)
                .map(|(field, count)| format!("{field} {}%", **count * 100 / tally.records.max(1)))
                .collect();
            vec![
                system.clone(),
                tally.records.to_string(),
                tally.score.to_string(),
                lacking.join(", "),
            ]
        })
        .collect();
    output::table(&["system", "records", "score", "lacks most"], &rows);
    Ok(())
}
