//! `tenon master export`: every master with its codes, values and the systems' own ids.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};

use tenon_store::{GoldenRow, SharedStore};

use crate::cli::Export;
use crate::engine::open_store;
use crate::exit::Exit;
use crate::output;

/// Masters read at once.
const PAGE: u32 = 500;

/// The values of the golden record, in the order of the columns.
const FIELDS: [&str; 11] = [
    "code",
    "legal_name",
    "short_name",
    "tax_id",
    "kind",
    "stage",
    "industry",
    "source",
    "grade",
    "owner",
    "former_names",
];

pub(super) async fn run(options: Export) -> Result<(), Exit> {
    let configuration = crate::commands::migrate::load(&options.config)?;
    let store = open_store(&configuration.settings).await?;
    let systems: Vec<String> = configuration
        .deployment
        .systems
        .iter()
        .map(|system| system.name.to_string())
        .collect();
    let failed =
        |error: csv::Error| Exit::environment(format!("{}: {error}", options.output.display()));
    let file = File::create(&options.output)
        .map_err(|error| Exit::environment(format!("{}: {error}", options.output.display())))?;
    let mut file = BufWriter::new(file);
    // Spreadsheets take UTF-8 for what it is only when the file says so.
    file.write_all("\u{FEFF}".as_bytes())?;
    let mut writer = csv::Writer::from_writer(file);
    let header = ["master_id", "version"].into_iter().chain(FIELDS);
    let header = header.map(str::to_owned).chain(systems.iter().cloned());
    writer.write_record(header).map_err(failed)?;
    let (mut count, mut after) = (0_u64, None);
    loop {
        let page = store.masters(after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.master_id);
        for row in &page {
            let cells = cells(&store, row, &systems).await?;
            writer.write_record(cells).map_err(failed)?;
            count += 1;
        }
    }
    writer.flush()?;
    output::talk(&format!(
        "{count} masters written to {}",
        options.output.display()
    ));
    Ok(())
}

async fn cells(
    store: &SharedStore,
    row: &GoldenRow,
    systems: &[String],
) -> Result<Vec<String>, Exit> {
    let golden = serde_json::to_value(&row.golden.customer).unwrap_or_default();
    let mut cells = vec![row.master_id.to_string(), row.version.to_string()];
    for field in FIELDS {
        let value = golden.get(field);
        let text = value.and_then(|value| value.as_str().map(str::to_owned));
        let list = value.and_then(|value| value.as_array());
        let list = list.map(|list| {
            list.iter()
                .filter_map(|item| item.as_str())
                .collect::<Vec<_>>()
        });
        cells.push(text.or_else(|| Some(list?.join("; "))).unwrap_or_default());
    }
    let mut ids: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for record in store.records(row.master_id).await? {
        ids.entry(record.system.to_string())
            .or_default()
            .push(record.native_id);
    }
    let of = |system: &String| {
        ids.get(system)
            .map(|ids| ids.join("; "))
            .unwrap_or_default()
    };
    cells.extend(systems.iter().map(of));
    Ok(cells)
}
