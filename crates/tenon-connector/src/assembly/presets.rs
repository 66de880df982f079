//! Presets: which one a file names, and how the file lies over it.

use tenon_core::nearest;
use toml::de::{DeTable, DeValue};

use super::keys::LISTS;
use crate::{CodeTables, ConnectorKind, Document, KeyProblem, Preset};

/// Finds the kind and the preset that the file names.
pub(super) fn choose(
    document: &mut Document<'_>,
    kinds: &[ConnectorKind],
) -> Option<(&'static str, &'static Preset)> {
    let kind = pick(document, "kind", kinds.iter().map(|kind| kind.name))?;
    let kind = kinds.iter().find(|candidate| candidate.name == kind)?;
    let preset = pick(
        document,
        "preset",
        kind.presets.iter().map(|preset| preset.name),
    )?;
    let preset = kind
        .presets
        .iter()
        .find(|candidate| candidate.name == preset)?;
    Some((kind.name, preset))
}

fn pick<'n>(
    document: &mut Document<'_>,
    key: &str,
    names: impl Iterator<Item = &'n str> + Clone,
) -> Option<&'n str> {
    let value = document
        .root()
        .get(key)
        .and_then(|value| value.get_ref().as_str())
        .map(str::to_owned);
    let list = || names.clone().collect::<Vec<_>>().join(", ");
    let Some(value) = value else {
        let help = format!("write one of: {}", list());
        document.report_key(KeyProblem::new(key, format!("missing field `{key}`")).help(help));
        return None;
    };
    let found = names.clone().find(|name| *name == value);
    if found.is_none() {
        let help = match nearest(&value, names.clone()) {
            Some(name) => format!("did you mean `{name}`?"),
            None => format!("known: {}", list()),
        };
        document.report_key(KeyProblem::new(key, format!("unknown {key} `{value}`")).help(help));
    }
    found
}

/// Lays the user's table over the preset's: his keys win; entries of lists meet by entity.
pub(super) fn merge<'t>(mut user: DeTable<'t>, preset: DeTable<'t>) -> DeTable<'t> {
    for (key, value) in preset {
        let name = key.get_ref().clone();
        let Some(own) = user.get_mut(name.as_ref()) else {
            user.insert(key, value);
            continue;
        };
        match (own.get_mut(), value.into_inner()) {
            // One way of proving oneself replaces another; together they would be neither.
            _ if name == "auth" => {}
            (DeValue::Table(own), DeValue::Table(theirs)) => {
                *own = merge(std::mem::take(own), theirs)
            }
            (DeValue::Array(own), DeValue::Array(theirs)) if LISTS.contains(&name.as_ref()) => {
                for element in own.iter_mut() {
                    let DeValue::Table(table) = element.get_mut() else {
                        continue;
                    };
                    let counterpart = theirs.iter().find_map(|candidate| {
                        let candidate = candidate.get_ref().as_table()?;
                        (entity_of(candidate)? == entity_of(table)?).then(|| candidate.clone())
                    });
                    if let Some(counterpart) = counterpart {
                        *table = merge(std::mem::take(table), counterpart);
                    }
                }
            }
            _ => {}
        }
    }
    user
}

fn entity_of<'a>(table: &'a DeTable<'_>) -> Option<&'a str> {
    table.get("entity")?.get_ref().as_str()
}

/// The code tables of a preset as it ships; each is read by a test of its crate.
pub(super) fn preset_tables(preset: &Preset) -> CodeTables {
    let defaults = DeTable::parse_recoverable(preset.defaults).0.into_inner();
    let mut tables = CodeTables::default();
    let named = defaults
        .get("tables")
        .and_then(|tables| tables.get_ref().as_table());
    for (name, reference) in named.into_iter().flatten() {
        let file = reference
            .get_ref()
            .as_str()
            .and_then(|reference| reference.strip_prefix("preset:"));
        if let Some(text) = file.and_then(|file| preset.file(file)) {
            // A table that could not be read would be missed by the mapping's own cases.
            let _ = tables.insert(name.get_ref(), text);
        }
    }
    // A table that the preset leaves to the user stands beside it for the sake of its own cases.
    for (file, text) in preset.files {
        if let Some(name) = file.strip_suffix(".csv")
            && named.is_none_or(|named| named.get(name).is_none())
        {
            let _ = tables.insert(name, text);
        }
    }
    tables
}
