//! `tenon connector`: what can be joined, and whether it is.

use serde_json::json;
use tenon_connector::{ConnectorKind, Preset};
use tenon_core::nearest;

use crate::cli::Connector;
use crate::exit::Exit;
use crate::output;
use crate::registry::KINDS;

mod docs;
mod new;
mod probe;
mod record;
mod reload;
mod running;

pub(super) async fn run(command: &Connector) -> Result<(), Exit> {
    match command {
        Connector::List { json } => list(*json),
        Connector::Docs(options) => docs::run(options),
        Connector::New(options) => new::run(options),
        Connector::Record(options) => record::run(options).await,
        Connector::Reload(options) => reload::run(options).await,
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

/// The kind and the preset of these names; the kind's first preset where none is named.
fn chosen(
    kind: &str,
    preset: Option<&str>,
) -> Result<(&'static ConnectorKind, &'static Preset), Exit> {
    let kind = named(kind, KINDS, |kind| kind.name, "kind")?;
    let preset = preset.unwrap_or(kind.presets[0].name);
    let preset = named(preset, kind.presets, |preset| preset.name, "preset")?;
    Ok((kind, preset))
}

/// The candidate of that name.
fn named<'c, T>(
    name: &str,
    candidates: &'c [T],
    of: impl Fn(&T) -> &'static str,
    what: &str,
) -> Result<&'c T, Exit> {
    let found = candidates.iter().find(|candidate| of(candidate) == name);
    found.ok_or_else(|| {
        let names = candidates.iter().map(&of);
        let known = names.clone().collect::<Vec<_>>().join(", ");
        let near = nearest(name, names);
        let hint = near.map_or_else(
            || format!("known: {known}"),
            |near| format!("did you mean `{near}`? Known: {known}"),
        );
        Exit::runtime(format!("no {what} `{name}`; {hint}"))
    })
}
