//! `tenon connector`: what can be joined, and whether it is.

use serde_json::json;

use crate::cli::Connector;
use crate::exit::Exit;
use crate::output;
use crate::registry::KINDS;

mod new;
mod probe;

pub(super) async fn run(command: &Connector) -> Result<(), Exit> {
    match command {
        Connector::List { json } => list(*json),
        Connector::New(options) => new::run(options),
        Connector::Probe(options) => probe::run(options).await,
    }
}

fn list(as_json: bool) -> Result<(), Exit> {
    let presets = KINDS
        .iter()
        .flat_map(|kind| kind.presets.iter().map(move |preset| (kind, preset)));
    if as_json {
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
