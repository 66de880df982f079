//! Programs of a connector file: what requests carry and what answers mean, in jq.
//!
//! They are mappings of another kind: behind the same gate, on the same meter. What they see is said
//! where each is configured.

use std::path::Path;

use bytes::Bytes;
use reqwest::Url;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use tenon_core::{Failure, FailureKind};

use crate::{CodeTables, KeyProblem, Mapping};

/// A program and the key under which it stands.
#[derive(Debug, Clone)]
pub(super) struct Program {
    key: String,
    mapping: Mapping,
}

impl Program {
    /// Compiles a program behind the definitions that all programs of the file share.
    ///
    /// # Errors
    /// Every problem in it, under its key.
    pub(super) fn compile(
        key: &str,
        source: &str,
        definitions: &str,
    ) -> Result<Self, Vec<KeyProblem>> {
        let source = format!("{definitions}\n{source}");
        let compiled = Mapping::compile(Path::new(key), &source, &CodeTables::default());
        match compiled {
            Ok(mapping) => Ok(Self {
                key: key.to_owned(),
                mapping,
            }),
            Err(problems) => Err(problems
                .into_iter()
                .map(|problem| KeyProblem {
                    key: key.to_owned(),
                    message: problem.message,
                    help: problem.help,
                })
                .collect()),
        }
    }

    /// What it makes of `input`, as JSON text; every number as it was read.
    ///
    /// # Errors
    /// `Invalid` when it fails or gives nothing.
    pub(super) fn text(&self, input: &impl Serialize) -> Result<Bytes, Failure> {
        self.text_of(&written(input)?)
    }

    /// As [`text`](Self::text), of JSON text.
    pub(super) fn text_of(&self, input: &[u8]) -> Result<Bytes, Failure> {
        self.mapping
            .apply(input, &Value::Null)?
            .ok_or_else(|| self.failed("it gave nothing"))
    }

    /// What it makes of `input`, read as a `T`; null and nothing are `None`.
    ///
    /// # Errors
    /// `Invalid` when it fails or gives something else.
    pub(super) fn value<T: DeserializeOwned>(&self, input: &[u8]) -> Result<Option<T>, Failure> {
        let value = self.mapping.apply_to_value(input, &Value::Null)?;
        match value {
            None | Some(Value::Null) => Ok(None),
            Some(value) => serde_json::from_value(value)
                .map(Some)
                .map_err(|error| self.failed(&error.to_string())),
        }
    }

    /// Adds what it makes of `input` to the query of an address.
    pub(super) fn ask(&self, address: &mut Url, input: &[u8]) -> Result<(), Failure> {
        let parameters: Map<String, Value> = self.value(input)?.unwrap_or_default();
        let mut query = address.query_pairs_mut();
        for (name, value) in &parameters {
            match value {
                Value::Null => {}
                Value::String(text) => drop(query.append_pair(name, text)),
                other => drop(query.append_pair(name, &other.to_string())),
            }
        }
        drop(query);
        // A question mark without anything behind it means another address to some servers.
        if address.query() == Some("") {
            address.set_query(None);
        }
        Ok(())
    }

    /// Whether it holds for `input`.
    pub(super) fn holds(&self, input: &[u8]) -> Result<bool, Failure> {
        self.mapping.holds(input, &Value::Null)
    }

    fn failed(&self, why: &str) -> Failure {
        Failure::invalid("http.program", format!("`{}`: {why}", self.key))
    }
}

/// The same failure as one that no message is to blame for.
pub(super) fn of_the_file(failure: Failure) -> Failure {
    match failure.kind {
        FailureKind::Invalid => Failure {
            kind: FailureKind::Configuration,
            ..failure
        },
        _ => failure,
    }
}

/// The JSON text of a program's input.
pub(super) fn written(input: &impl Serialize) -> Result<Vec<u8>, Failure> {
    serde_json::to_vec(input)
        .map_err(|error| Failure::bug("http.program", format!("the input is no JSON: {error}")))
}
