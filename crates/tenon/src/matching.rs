//! `master.toml`: how likeness is weighed, for the hub and for `tenon master dedupe` alike.

use std::io::ErrorKind;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;
use tenon_connector::{Document, KeyProblem};
use tenon_core::{ConfigProblem, MessageKind, nearest, schema};
use tenon_master::likeness::MatchPolicy;
use tenon_master::{BomPolicy, Codes, LifeCycle, PartPolicy};
use tenon_pipeline::Likeness;

use crate::exit::Exit;

/// The file's name within the configuration directory.
const FILE: &str = "master.toml";

/// What the file holds.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct MasterFile {
    /// How likeness is weighed.
    pub(crate) matching: MatchPolicy,
    /// What becomes of customers that arrive in messages.
    pub(crate) messages: Messages,
    /// What moves customers from stage to stage.
    pub(crate) life_cycle: LifeCycle,
    /// Which industries, sources and tags there are.
    pub(crate) codes: Codes,
    /// How items are matched.
    pub(crate) items: PartPolicy,
    /// How bills of materials are checked and made the shop's.
    pub(crate) bom: BomPolicy,
}

/// What becomes of customers that arrive in messages.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Messages {
    /// What the machine does by likeness, where no exact key leads to a master.
    pub(crate) likeness: Likeness,
}

/// Reads a file that must be there.
pub(crate) fn read(path: &Path) -> Result<MatchPolicy, Exit> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Exit::environment(format!("{}: {error}", path.display())))?;
    let file = parse(path, &text).map_err(|found| Exit::problems(&found))?;
    Ok(file.matching)
}

/// Reads the file of a configuration directory; without one the defaults hold.
pub(crate) fn beside(directory: &Path) -> Result<MasterFile, Vec<ConfigProblem>> {
    let path = directory.join(FILE);
    match std::fs::read_to_string(&path) {
        Ok(text) => parse(&path, &text),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(MasterFile::default()),
        Err(error) => Err(vec![ConfigProblem::new(
            path,
            format!("cannot be read: {error}"),
        )]),
    }
}

fn parse(path: &Path, text: &str) -> Result<MasterFile, Vec<ConfigProblem>> {
    let file: MasterFile = toml::from_str(text).map_err(|error| {
        let offset = error.span().map_or(0, |span| span.start);
        vec![ConfigProblem::new(path, error.message()).at(text, offset)]
    })?;
    let mut document = Document::parse(path, text);
    file.judge(&mut document);
    match document.is_clean() {
        true => Ok(file),
        false => Err(document.into_problems()),
    }
}

impl MasterFile {
    /// Notes values that fit their type and are wrong all the same.
    fn judge(&self, document: &mut Document<'_>) {
        for (field, list) in self.codes.lists() {
            for code in list.orphans() {
                let key = format!("codes.{field}.codes.{code}");
                let wider = code.rsplit_once('/').map_or(code, |(wider, _)| wider);
                let problem = KeyProblem::new(
                    key,
                    format!("`{code}` stands under `{wider}`, which is not listed"),
                );
                document
                    .report_key(problem.help(format!("add `{wider}` with what people call it")));
            }
        }
        for (index, one) in self.life_cycle.moves.iter().enumerate() {
            let schema = schema(MessageKind::current(one.on));
            let properties = schema.and_then(|schema| {
                let text: Value = serde_json::from_str(schema.text()).ok()?;
                Some(text.get("properties")?.as_object()?.clone())
            });
            let properties = properties.unwrap_or_default();
            if !properties.contains_key("customer") {
                let key = format!("life_cycle.moves[{index}].on");
                let message = format!(
                    "a record of `{}` names no customer that it could move",
                    one.on
                );
                document.report_key(KeyProblem::new(key, message));
            }
            for field in one
                .when
                .keys()
                .filter(|field| !properties.contains_key(*field))
            {
                let key = format!("life_cycle.moves[{index}].when.{field}");
                let mut problem =
                    KeyProblem::new(key, format!("`{}` has no field `{field}`", one.on));
                let near = nearest(field, properties.keys().map(String::as_str));
                problem.help = near.map(|near| format!("did you mean `{near}`?"));
                document.report_key(problem);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> String {
        let found = parse(Path::new("master.toml"), text).expect_err("a problem");
        let found: Vec<String> = found.iter().map(ToString::to_string).collect();
        found.join("\n")
    }

    #[test]
    fn the_example_shows_the_defaults() {
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/master.toml");
        let text = std::fs::read_to_string(&example).unwrap();
        assert_eq!(parse(&example, &text).unwrap(), MasterFile::default());
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let text = "[life_cycle]\n[[life_cycle.moves]]\nto = 'signed'\non = 'order'\nwhen = { state = ['confirmed'] }\n";
        let told = problem(text);
        assert!(
            told.contains("master.toml:5:") && told.contains("no field `state`"),
            "{told}"
        );
        let told = problem("[[life_cycle.moves]]\nto = 'signed'\non = 'item'\n");
        assert!(
            told.contains("master.toml:3:") && told.contains("names no customer"),
            "{told}"
        );
        let told = problem("[[life_cycle.moves]]\nto = 'sold'\non = 'order'\n");
        assert!(
            told.contains("master.toml:2:") && told.contains("sold"),
            "{told}"
        );
        let told = problem("[codes.industry.codes]\n'retail/shops' = 'Shops'\n");
        assert!(
            told.contains("master.toml:2:") && told.contains("`retail`"),
            "{told}"
        );
        let told = problem("[messages]\nlikeness = 'perhaps'\n");
        assert!(
            told.contains("master.toml:2:") && told.contains("perhaps"),
            "{told}"
        );
    }
}
