//! `master.toml`: how likeness is weighed, for the hub and for `tenon master dedupe` alike.

use std::io::ErrorKind;
use std::path::Path;

use serde::Deserialize;
use tenon_core::ConfigProblem;
use tenon_master::likeness::MatchPolicy;

use crate::exit::Exit;

/// The file's name within the configuration directory.
const FILE: &str = "master.toml";

/// What the file holds.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct MasterFile {
    matching: MatchPolicy,
}

/// Reads a file that must be there.
pub(crate) fn read(path: &Path) -> Result<MatchPolicy, Exit> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Exit::environment(format!("{}: {error}", path.display())))?;
    parse(path, &text).map_err(|problem| Exit::problems(&[problem]))
}

/// Reads the file of a configuration directory; without one the defaults hold.
pub(crate) fn beside(directory: &Path) -> Result<MatchPolicy, ConfigProblem> {
    let path = directory.join(FILE);
    match std::fs::read_to_string(&path) {
        Ok(text) => parse(&path, &text),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(MatchPolicy::default()),
        Err(error) => Err(ConfigProblem::new(path, format!("cannot be read: {error}"))),
    }
}

fn parse(path: &Path, text: &str) -> Result<MatchPolicy, ConfigProblem> {
    let file: MasterFile = toml::from_str(text).map_err(|error| {
        let offset = error.span().map_or(0, |span| span.start);
        ConfigProblem::new(path, error.message()).at(text, offset)
    })?;
    Ok(file.matching)
}
