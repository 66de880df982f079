//! `master.toml`: how likeness is weighed, for the hub and for `tenon master dedupe` alike.

use std::io::ErrorKind;
use std::path::Path;

use serde::Deserialize;
use tenon_core::ConfigProblem;
use tenon_master::likeness::MatchPolicy;
use tenon_pipeline::Likeness;

use crate::exit::Exit;

/// The file's name within the configuration directory.
const FILE: &str = "master.toml";

/// What the file holds.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct MasterFile {
    /// How likeness is weighed.
    pub(crate) matching: MatchPolicy,
    /// What becomes of customers that arrive in messages.
    pub(crate) messages: Messages,
}

/// What becomes of customers that arrive in messages.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Messages {
    /// What the machine does by likeness, where no exact key leads to a master.
    pub(crate) likeness: Likeness,
}

/// Reads a file that must be there.
pub(crate) fn read(path: &Path) -> Result<MatchPolicy, Exit> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Exit::environment(format!("{}: {error}", path.display())))?;
    let file = parse(path, &text).map_err(|problem| Exit::problems(&[problem]))?;
    Ok(file.matching)
}

/// Reads the file of a configuration directory; without one the defaults hold.
pub(crate) fn beside(directory: &Path) -> Result<MasterFile, ConfigProblem> {
    let path = directory.join(FILE);
    match std::fs::read_to_string(&path) {
        Ok(text) => parse(&path, &text),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(MasterFile::default()),
        Err(error) => Err(ConfigProblem::new(path, format!("cannot be read: {error}"))),
    }
}

fn parse(path: &Path, text: &str) -> Result<MasterFile, ConfigProblem> {
    toml::from_str(text).map_err(|error| {
        let offset = error.span().map_or(0, |span| span.start);
        ConfigProblem::new(path, error.message()).at(text, offset)
    })
}
