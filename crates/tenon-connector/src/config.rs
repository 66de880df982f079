//! Reading a TOML file so that every problem is found at once, each with its place.

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tenon_core::{ConfigProblem, Entity, nearest};
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use crate::{Secret, Transport};

/// A transport as configuration describes it.
pub(crate) trait Configured: Transport + Sized + 'static {
    /// The keys that stand at the top of the file.
    type Settings: DeserializeOwned + JsonSchema;
    /// The keys of a `[[receive]]` besides the common ones.
    type Receive: DeserializeOwned + JsonSchema;
    /// The keys of a `[[webhook]]` besides the common ones.
    type Webhook: DeserializeOwned + JsonSchema;
    /// The keys of a `[[deliver]]` besides the common ones.
    type Deliver: DeserializeOwned + JsonSchema;

    /// Checks the settings as a whole, without touching network, files or environment.
    fn validate(parts: Parts<Self>) -> Result<Self, Vec<KeyProblem>>;
}

/// What a transport is made from. Positions are those of the file: problems of the second
/// `[[receive]]` are reported under the key `receive[1]`.
pub(crate) struct Parts<T: Configured> {
    /// From the top of the file.
    pub(crate) settings: T::Settings,
    /// Each inlet's name and keys.
    pub(crate) receive: Vec<(String, T::Receive)>,
    /// Each webhook's name and keys.
    pub(crate) webhook: Vec<(String, T::Webhook)>,
    /// Each outlet's entity and keys.
    pub(crate) deliver: Vec<(Entity, T::Deliver)>,
    /// Relative paths begin here: the directory of the connector file.
    pub(crate) base: PathBuf,
}

/// A table without keys.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoKeys {}

/// A problem of a value, under its key: `url`, `receive[1].files`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyProblem {
    /// The key's path in the file.
    pub key: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl KeyProblem {
    /// A problem of the value under `key`.
    pub fn new(key: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            message: message.into(),
            help: None,
        }
    }

    /// The same problem, with what to do about it.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// One TOML file: its text, and the problems found in it so far.
#[derive(Debug)]
pub struct Document<'t> {
    file: PathBuf,
    text: &'t str,
    root: DeTable<'t>,
    problems: Vec<ConfigProblem>,
}

impl<'t> Document<'t> {
    /// Parses a file's text; what cannot be parsed is a problem, the rest goes on. Relative paths of
    /// secret files begin in the file's directory.
    pub fn parse(file: &Path, text: &'t str) -> Self {
        let (root, errors) = DeTable::parse_recoverable(text);
        let mut root = root.into_inner();
        if let Some(directory) = file.parent() {
            root.iter_mut()
                .for_each(|(_, value)| place_secrets(value.get_mut(), directory));
        }
        let mut document = Self {
            file: file.to_owned(),
            text,
            root,
            problems: Vec::new(),
        };
        for error in errors {
            document.report(
                error.span().map(|span| span.start),
                error.message().trim(),
                None,
            );
        }
        document
    }

    /// The file's path.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The file's text.
    pub fn text(&self) -> &'t str {
        self.text
    }

    /// The whole file as a table.
    pub fn root(&self) -> &DeTable<'t> {
        &self.root
    }

    /// Notes a problem at a byte offset of the file.
    pub fn report(&mut self, offset: Option<usize>, message: &str, help: Option<String>) {
        let mut problem = ConfigProblem::new(&self.file, message);
        if let Some(offset) = offset {
            problem = problem.at(self.text, offset);
        }
        problem.help = help;
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    /// Notes a problem under a key; where the key is not in this file, at its nearest ancestor.
    pub fn report_key(&mut self, problem: KeyProblem) {
        let offset = locate(&self.root, &problem.key);
        self.report(offset, &problem.message, problem.help);
    }

    /// Takes over problems found elsewhere.
    pub fn extend(&mut self, problems: impl IntoIterator<Item = ConfigProblem>) {
        self.problems.extend(problems);
    }

    /// Every problem found, by place.
    pub fn into_problems(mut self) -> Vec<ConfigProblem> {
        self.problems.sort();
        self.problems
    }

    /// Whether nothing was found so far.
    pub fn is_clean(&self) -> bool {
        self.problems.is_empty()
    }

    /// Reads `table` as a `T`, going on after each problem to find the others.
    ///
    /// `also` are keys that are valid at the table's top but read elsewhere; they are named when
    /// a misspelt key is near to one.
    pub fn read<T: DeserializeOwned>(
        &mut self,
        mut table: Spanned<DeTable<'t>>,
        also: &[&str],
    ) -> Option<T> {
        let mut removed: Vec<String> = Vec::new();
        // Each round removes one key, so the loop ends.
        loop {
            let error = match T::deserialize(toml::Deserializer::from(table.clone())) {
                Ok(value) => return removed.is_empty().then_some(value),
                Err(error) => error,
            };
            let message = error.message().trim().to_owned();
            let span = error.span();
            let follows = removed
                .iter()
                .any(|key| message == format!("missing field `{key}`"));
            if !follows {
                let help = help_for(&message, also);
                let message = message
                    .split(", expected one of")
                    .next()
                    .unwrap_or(&message);
                let message = message.split(", expected `").next().unwrap_or(message);
                self.report(span.as_ref().map(|span| span.start), message, help);
            }
            match span.and_then(|span| remove(table.get_mut(), &span)) {
                Some(key) => removed.push(key),
                None => return None,
            }
        }
    }
}

/// Lets the paths of secret files begin in `directory`, wherever in a value they stand.
fn place_secrets(value: &mut DeValue<'_>, directory: &Path) {
    match value {
        DeValue::String(text) if text.contains("${file:") => {
            // What is malformed is refused where it is read.
            if let Ok(secret) = Secret::parse(text) {
                *text = secret.beside(directory).template().to_owned().into();
            }
        }
        DeValue::Array(elements) => elements
            .iter_mut()
            .for_each(|element| place_secrets(element.get_mut(), directory)),
        DeValue::Table(table) => table
            .iter_mut()
            .for_each(|(_, value)| place_secrets(value.get_mut(), directory)),
        _ => {}
    }
}

/// What serde's message lets us suggest: the nearest valid key.
fn help_for(message: &str, also: &[&str]) -> Option<String> {
    let rest = message
        .strip_prefix("unknown field `")
        .or_else(|| message.strip_prefix("unknown variant `"))?;
    let (word, rest) = rest.split_once('`')?;
    let mut candidates: Vec<&str> = rest.split('`').skip(1).step_by(2).collect();
    candidates.extend(also);
    match nearest(word, candidates.iter().copied()) {
        Some(key) => Some(format!("did you mean `{key}`?")),
        None => Some(format!("valid here: {}", candidates.join(", "))),
    }
}

/// Removes the innermost entry whose key or value lies at `span`; its key, if there was one.
fn remove(table: &mut DeTable<'_>, span: &std::ops::Range<usize>) -> Option<String> {
    for (_, value) in table.iter_mut() {
        let within = match value.get_mut() {
            DeValue::Table(inner) => remove(inner, span),
            DeValue::Array(elements) => {
                elements
                    .iter_mut()
                    .find_map(|element| match element.get_mut() {
                        DeValue::Table(inner) => remove(inner, span),
                        _ => None,
                    })
            }
            _ => None,
        };
        if within.is_some() {
            return within;
        }
    }
    let key = table.iter().find_map(|(key, value)| {
        let inside = value.span().start <= span.start && span.end <= value.span().end;
        let is_table = value.get_ref().is_table();
        (key.span() == *span || value.span() == *span || (inside && !is_table && !span.is_empty()))
            .then(|| key.clone())
    })?;
    table.remove(&key);
    Some(key.into_inner().into_owned())
}

/// The byte offset of a key such as `receive[1].mapping`, or of its nearest ancestor.
fn locate(root: &DeTable<'_>, path: &str) -> Option<usize> {
    let mut offset = None;
    let mut table = root;
    for step in path.split('.') {
        let (name, index) = match step.split_once('[') {
            Some((name, index)) => (name, index.trim_end_matches(']').parse::<usize>().ok()),
            None => (step, None),
        };
        let Some((key, value)) = table.iter().find(|(key, _)| key.get_ref() == name) else {
            break;
        };
        offset = Some(key.span().start);
        let value = match (index, value.get_ref().as_array()) {
            (Some(index), Some(elements)) => match elements.get(index) {
                Some(element) => {
                    offset = Some(element.span().start);
                    element
                }
                None => break,
            },
            _ => value,
        };
        match value.get_ref().as_table() {
            Some(inner) => table = inner,
            None => break,
        }
    }
    offset
}

/// Splits off the entries whose key is in `keys`.
pub(crate) fn split<'t>(
    table: Spanned<DeTable<'t>>,
    keys: &[&str],
) -> (Spanned<DeTable<'t>>, Spanned<DeTable<'t>>) {
    let span = table.span();
    let (mut taken, mut rest) = (DeTable::default(), DeTable::default());
    for (key, value) in table.into_inner() {
        let side = if keys.contains(&key.get_ref().as_ref()) {
            &mut taken
        } else {
            &mut rest
        };
        side.insert(key, value);
    }
    (Spanned::new(span.clone(), taken), Spanned::new(span, rest))
}

/// Takes an array of tables out of `table`; a value of another type is left for the reader to refuse.
pub(crate) fn take_tables<'t>(table: &mut DeTable<'t>, name: &str) -> Vec<Spanned<DeTable<'t>>> {
    let key = table.iter().find_map(|(key, value)| {
        let tables =
            |elements: &DeArray<'_>| elements.iter().all(|element| element.get_ref().is_table());
        (key.get_ref() == name && value.get_ref().as_array().is_some_and(tables))
            .then(|| key.clone())
    });
    let Some(key) = key else { return Vec::new() };
    let Some(DeValue::Array(elements)) = table.remove(&key).map(Spanned::into_inner) else {
        return Vec::new();
    };
    elements
        .into_iter()
        .filter_map(|element| {
            let span = element.span();
            match element.into_inner() {
                DeValue::Table(inner) => Some(Spanned::new(span, inner)),
                _ => None,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Settings {
        url: String,
        #[serde(default)]
        pages: u32,
        #[serde(default)]
        inner: Vec<Inner>,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        entity: Entity,
    }

    fn check(text: &str, expected: &[&str]) {
        let mut document = Document::parse(Path::new("a.toml"), text);
        let table = Spanned::new(0..text.len(), document.root().clone());
        let read = document.read::<Settings>(table, &["mapping"]);
        let found: Vec<String> = document
            .into_problems()
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(found, expected);
        assert_eq!(read.is_some(), expected.is_empty());
    }

    #[test]
    fn every_problem_is_found_with_its_place() {
        check("url = 'x'\n", &[]);
        check(
            "ulr = 'x'\npages = 'three'\nmaping = 1\nzzzzzzzzz = 1\n[[inner]]\nentity = 'ordre'\n",
            &[
                "a.toml:1:1: missing field `url`",
                "a.toml:1:1: unknown field `ulr` (did you mean `url`?)",
                "a.toml:2:9: invalid type: string \"three\", expected u32",
                "a.toml:3:1: unknown field `maping` (did you mean `mapping`?)",
                "a.toml:4:1: unknown field `zzzzzzzzz` (valid here: url, pages, inner, mapping)",
                "a.toml:6:10: unknown variant `ordre` (did you mean `order`?)",
            ],
        );
    }

    #[test]
    fn secret_files_are_beside_the_file_that_names_them() {
        let text = "a = '${file:a}'\nb = { c = ['${env:X} ${file:/b}'] }\n";
        let document = Document::parse(Path::new("/etc/tenon/erp.toml"), text);
        let root = format!("{:?}", document.root());
        assert!(root.contains("${file:/etc/tenon/a}"), "{root}");
        assert!(root.contains("${env:X} ${file:/b}"), "{root}");
    }

    #[test]
    fn keys_are_located() {
        let text = "url = 'x'\n[[inner]]\nentity = 'order'\n[[inner]]\nentity = 'item'\n";
        let document = Document::parse(Path::new("a.toml"), text);
        let check = |key: &str, expected: Option<usize>| {
            assert_eq!(locate(document.root(), key), expected, "{key}");
        };
        check("url", Some(0));
        check("inner[1].entity", text.rfind("entity"));
        check("inner[1].mapping", text.rfind("[[inner]]"));
        check("nothing", None);
    }
}
