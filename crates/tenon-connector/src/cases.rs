//! Mapping cases: what a mapping must give, in a YAML file beside it.
//!
//! ```yaml
//! - name: an order with one line
//!   input: { DDBH: SO-1, JE: 19.90 }
//!   message: { source: erp }
//!   expect: { number: SO-1, amount: "19.90" }
//! - name: a long number, read as raw JSON
//!   input_json: '{"DDBH": 12345678901234567890123}'
//!   expect_json: '{"number": "12345678901234567890123"}'
//! - name: without number
//!   input: { JE: 1 }
//!   error: order without number
//! - name: cancelled
//!   input: { DJZT: 作废 }
//!   skipped: true
//! ```
//!
//! A case has a `name`, either `input` or `input_json`, and exactly one of `expect`, `expect_json`,
//! `error` (text that the failure contains) and `skipped: true` (the mapping gives nothing).
//! `message` is what the mapping sees as `$message`; without it, that is an empty object.
//!
//! Numbers are taken as they are written, in YAML too: `19.90` is another number than `19.9`, and
//! no digit is lost. The order of members does not matter, that of items does.

mod difference;
mod document;
mod masks;
mod record;

use std::path::Path;

use tenon_core::{ConfigProblem, Position};

use crate::mapping::{Mapping, read_exactly};
use difference::differences;
use document::Case;
pub use document::Expectation;
pub use masks::{Check, Masks};
pub use record::{Original, record};

/// A case that was run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseResult {
    /// The case's name.
    pub name: String,
    /// Where the case stands in its file.
    pub position: Position,
    /// The record that it gives to the mapping, as JSON text.
    pub input: String,
    /// What the mapping sees as `$message`.
    pub message: serde_json::Value,
    /// What it expects.
    pub expectation: Expectation,
    /// What came of it.
    pub outcome: CaseOutcome,
}

/// Whether a case is fulfilled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CaseOutcome {
    /// The mapping gave what the case expects.
    Passed,
    /// It did not: a sentence for each difference, one a line.
    Failed(String),
}

/// Runs the cases of a file against a mapping.
///
/// `text` is the file's text, `file` is named in problems. `check_output` is asked about every
/// output that a case expects, to hold it against a schema; its error fails the case.
///
/// # Errors
/// Every problem of the file itself, with its position: no YAML, an unknown key, a case without
/// input or expectation. No case is run then.
pub fn run(
    file: &Path,
    text: &str,
    mapping: &Mapping,
    check_output: impl Fn(&[u8]) -> Result<(), String>,
) -> Result<Vec<CaseResult>, Vec<ConfigProblem>> {
    let cases = document::read(file, text)?;
    let results = cases.into_iter().map(|case| {
        let outcome = match run_case(&case, mapping, &check_output) {
            Ok(()) => CaseOutcome::Passed,
            Err(why) => CaseOutcome::Failed(why),
        };
        CaseResult {
            name: case.name,
            position: case.position,
            input: case.input,
            message: case.message,
            expectation: case.expectation,
            outcome,
        }
    });
    Ok(results.collect())
}

/// Tells of each case whether its mapping gives something else once `change` has been made to the
/// input; `change` says what it changed, and a case of which it changes nothing is not affected.
///
/// # Errors
/// As [`run`].
pub fn affected(
    file: &Path,
    text: &str,
    mapping: &Mapping,
    change: impl Fn(&mut serde_json::Value) -> Vec<String>,
) -> Result<Vec<CaseResult>, Vec<ConfigProblem>> {
    let cases = document::read(file, text)?;
    let results = cases.into_iter().map(|case| {
        let outcome = match is_affected(&case, mapping, &change) {
            None => CaseOutcome::Passed,
            Some(why) => CaseOutcome::Failed(why),
        };
        CaseResult {
            name: case.name,
            position: case.position,
            input: case.input,
            message: case.message,
            expectation: case.expectation,
            outcome,
        }
    });
    Ok(results.collect())
}

fn is_affected(
    case: &Case,
    mapping: &Mapping,
    change: &impl Fn(&mut serde_json::Value) -> Vec<String>,
) -> Option<String> {
    let whole: serde_json::Value = serde_json::from_str(&case.input).ok()?;
    let mut input = whole.clone();
    let changed = change(&mut input);
    if changed.is_empty() {
        return None;
    }
    // Both have gone through the same reading, so that no number differs for that alone.
    let before = mapping.apply(whole.to_string().as_bytes(), &case.message);
    let after = mapping.apply(input.to_string().as_bytes(), &case.message);
    let without = changed.join(", ");
    match (before, after) {
        (Ok(before), Ok(after)) if before == after => None,
        // What failed before is no worse off.
        (Err(_), Err(_)) => None,
        (_, Err(failure)) => Some(format!("fails without {without}: {failure}")),
        _ => Some(format!("gives something else without {without}")),
    }
}

fn run_case(
    case: &Case,
    mapping: &Mapping,
    check_output: &impl Fn(&[u8]) -> Result<(), String>,
) -> Result<(), String> {
    let result = mapping.apply(case.input.as_bytes(), &case.message);
    match (&case.expectation, result) {
        (Expectation::Output(expected), Ok(Some(output))) => {
            let found = read_exactly(&output)?;
            let expected = read_exactly(expected.as_bytes())?;
            let differences = differences(&expected, &found);
            if !differences.is_empty() {
                return Err(differences.join("\n"));
            }
            check_output(&output).map_err(|why| format!("the output is not accepted: {why}"))
        }
        (Expectation::Output(_), Ok(None)) => {
            Err("an output was expected, but the mapping gave nothing".into())
        }
        (Expectation::Output(_), Err(failure)) => Err(format!(
            "an output was expected, but the mapping failed: {failure}"
        )),
        (Expectation::Error(expected), Err(failure)) if failure.detail.contains(expected) => Ok(()),
        (Expectation::Error(expected), Err(failure)) => Err(format!(
            "an error with \"{expected}\" was expected, found: {failure}"
        )),
        (Expectation::Error(expected), Ok(output)) => {
            let found = shown(output.as_deref());
            Err(format!(
                "an error with \"{expected}\" was expected, but the mapping gave {found}"
            ))
        }
        (Expectation::Skipped, Ok(None)) => Ok(()),
        (Expectation::Skipped, Ok(output)) => Err(format!(
            "nothing was expected, but the mapping gave {}",
            shown(output.as_deref())
        )),
        (Expectation::Skipped, Err(failure)) => Err(format!(
            "nothing was expected, but the mapping failed: {failure}"
        )),
    }
}

fn shown(output: Option<&[u8]>) -> String {
    match output {
        Some(output) => String::from_utf8_lossy(output).chars().take(500).collect(),
        None => "nothing".to_owned(),
    }
}

#[cfg(test)]
mod tests;
