//! `tenon connector docs`: every key of a connector file, from the types that read it.

use tenon_connector::{ConnectorKind, FileKey, Preset, keys};

use super::chosen;
use crate::cli::ConnectorDocs;
use crate::exit::Exit;
use crate::output;

pub(super) fn run(options: &ConnectorDocs) -> Result<(), Exit> {
    let (kind, preset) = chosen(&options.kind, options.preset.as_deref())?;
    let keys = keys(preset);
    if options.json {
        return keys.iter().try_for_each(output::json);
    }
    output::data(&heading(kind, preset));
    for key in &keys {
        output::data(&told(key));
    }
    Ok(())
}

fn heading(kind: &ConnectorKind, preset: &Preset) -> String {
    let others = kind.presets.iter().map(|other| other.name);
    let others: Vec<&str> = others.filter(|other| *other != preset.name).collect();
    format!(
        "{}: {}\npreset {}: {}, by transport {}\nother presets: {}\n",
        kind.name,
        kind.summary,
        preset.name,
        preset.summary,
        preset.transport,
        match others.is_empty() {
            true => "none".to_owned(),
            false => others.join(", "),
        },
    )
}

/// A key and what is to be known of it, a paragraph.
fn told(key: &FileKey) -> String {
    let must = if key.required { ", required" } else { "" };
    let mut text = format!("{}  ({}{must})\n    {}\n", key.key, key.holds, key.text);
    for (name, meaning) in &key.choices {
        match meaning.is_empty() {
            true => text.push_str(&format!("      {name}\n")),
            false => text.push_str(&format!("      {name}: {meaning}\n")),
        }
    }
    let name = key.key.rsplit('.').next().unwrap_or(&key.key);
    let example = key
        .example
        .as_ref()
        .map(|example| format!("{name} = {example}"));
    for (what, value) in [
        ("preset", &key.preset),
        ("default", &key.default),
        ("unit", &key.unit),
        ("example", &example),
    ] {
        if let Some(value) = value {
            text.push_str(&format!("    {what}: {value}\n"));
        }
    }
    text
}
