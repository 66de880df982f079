//! `tenon connector list`.

use serde_json::json;

use crate::cli::Connector;
use crate::exit::Exit;
use crate::output;
use crate::registry::KINDS;

pub(super) fn run(command: &Connector) -> Result<(), Exit> {
    let Connector::List { json: as_json } = command;
    let presets = KINDS
        .iter()
        .flat_map(|kind| kind.presets.iter().map(move |preset| (kind, preset)));
    if *as_json {
        for (kind, preset) in presets {
            output::json(&json!({
                "kind": kind.name,
                "preset": preset.name,
                "transport": preset.transport,
                "summary": preset.summary,
            }))?;
        }
        return Ok(());
    }
    let rows: Vec<Vec<String>> = presets
        .map(|(kind, preset)| {
            [kind.name, preset.name, preset.transport, preset.summary]
                .map(str::to_owned)
                .to_vec()
        })
        .collect();
    output::table(&["kind", "preset", "transport", "what it joins"], &rows);
    Ok(())
}
