//! The mappings of a connector, with their cases as they are fulfilled now.

use serde::Serialize;
use serde_json::{Value, json};
use tenon_connector::cases::{self, CaseOutcome, Expectation};
use tenon_connector::{Mapping, System};
use tenon_core::{MessageKind, schema};
use utoipa::ToSchema;

/// A mapping and its cases.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MappingView {
    /// Its file.
    file: String,
    /// `in` (native to canonical) or `out`.
    direction: String,
    /// What it is about.
    #[schema(value_type = String)]
    entity: tenon_core::Entity,
    /// The program.
    source: String,
    /// Its cases, run just now.
    cases: Vec<CaseView>,
}

/// A mapping case.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CaseView {
    /// Its name.
    name: String,
    /// What differs; null when it is fulfilled.
    failure: Option<String>,
    /// The record that it gives to the mapping, as JSON text; null where its file cannot be read.
    input: Option<String>,
    /// What the mapping sees as `$message`.
    #[schema(value_type = Object)]
    message: Value,
    /// What the mapping must give, as JSON text.
    expect: Option<String>,
    /// A text that the mapping's failure must contain.
    error: Option<String>,
    /// Whether the mapping must give nothing.
    skipped: bool,
}

/// Where a mapping stands.
pub(crate) fn file(mapping: &Mapping) -> String {
    mapping.file().display().to_string()
}

/// Every mapping of a system, those of what comes in first.
pub(crate) fn mappings(system: &System) -> Vec<MappingView> {
    let ways_in = system
        .inlets
        .iter()
        .map(|inlet| ("in", inlet.entity, &inlet.mapping));
    let ways_out = system
        .outlets
        .iter()
        .map(|outlet| ("out", outlet.entity, &outlet.mapping));
    ways_in
        .chain(ways_out)
        .map(|(direction, entity, mapping)| MappingView {
            file: file(mapping),
            direction: direction.to_owned(),
            entity,
            source: mapping.source().to_owned(),
            cases: run_cases(system, mapping),
        })
        .collect()
}

fn run_cases(system: &System, mapping: &Mapping) -> Vec<CaseView> {
    let of_mapping = |case: &&tenon_connector::CaseFile| case.mapping.file() == mapping.file();
    let mut views = Vec::new();
    for file in system.cases.iter().filter(of_mapping) {
        let accepted = |output: &[u8]| match file.inbound {
            true => fits(MessageKind::current(file.entity), output),
            false => Ok(()),
        };
        match cases::run(&file.file, &file.text, &file.mapping, accepted) {
            Ok(results) => views.extend(results.into_iter().map(|result| {
                let (expect, error, skipped) = match result.expectation {
                    Expectation::Output(output) => (Some(output), None, false),
                    Expectation::Error(text) => (None, Some(text), false),
                    Expectation::Skipped => (None, None, true),
                };
                CaseView {
                    name: result.name,
                    failure: match result.outcome {
                        CaseOutcome::Passed => None,
                        CaseOutcome::Failed(why) => Some(why),
                    },
                    input: Some(result.input),
                    message: result.message,
                    expect,
                    error,
                    skipped,
                }
            })),
            Err(problems) => views.extend(problems.into_iter().map(|problem| CaseView {
                name: file.file.display().to_string(),
                failure: Some(problem.to_string()),
                input: None,
                message: json!({}),
                expect: None,
                error: None,
                skipped: false,
            })),
        }
    }
    views
}

/// Whether a canonical body fits its schema; if not, every violation.
pub(crate) fn fits(kind: MessageKind, body: &[u8]) -> Result<(), String> {
    let value = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    let Some(schema) = schema(kind) else {
        return Ok(());
    };
    schema.accept(value).map(drop).map_err(|violations| {
        let lines: Vec<String> = violations.iter().map(ToString::to_string).collect();
        lines.join("\n")
    })
}
