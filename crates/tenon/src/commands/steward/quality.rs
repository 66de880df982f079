//! `tenon master quality`: how much the records of each system say.

use std::collections::BTreeMap;

use serde::Serialize;
use tenon_master::quality;

use crate::cli::Measured;
use crate::engine::open_store;
use crate::exit::Exit;
use crate::output;

/// Masters read at once.
const PAGE: u32 = 500;

/// The records of one system, or the golden records.
#[derive(Debug, Default, Serialize)]
struct Tally {
    records: u64,
    /// The mean of the records' scores.
    score: u64,
    /// How many records lack a field.
    lacking: BTreeMap<String, u64>,
    #[serde(skip)]
    sum: u64,
}

impl Tally {
    fn take(&mut self, customer: &tenon_core::customer::Customer) {
        let quality = quality(customer);
        self.records += 1;
        self.sum += u64::from(quality.score);
        self.score = self.sum / self.records;
        for field in quality.lacks {
            *self.lacking.entry(field).or_default() += 1;
        }
    }
}

pub(super) async fn run(options: Measured) -> Result<(), Exit> {
    let configuration = crate::commands::migrate::load(&options.config)?;
    let store = open_store(&configuration.settings).await?;
    let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
    let mut golden = Tally::default();
    let mut after = None;
    loop {
        let page = store.masters(after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.master_id);
        for row in &page {
            golden.take(&row.golden.customer);
            for statement in &row.sources.statements {
                let system = statement.record.provenance.system.to_string();
                let tally = tallies.entry(system).or_default();
                tally.take(&statement.record.customer);
            }
        }
    }
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
