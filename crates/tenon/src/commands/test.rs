//! `tenon test`: runs the cases that stand beside the mappings.

use serde::Serialize;
use tenon_connector::CaseFile;
use tenon_connector::cases::{self, CaseOutcome};
use tenon_core::{ConfigProblem, MessageKind, schema};

use crate::cli::Test;
use crate::exit::Exit;
use crate::output;

/// How one case went.
#[derive(Debug, Serialize)]
pub(super) struct CaseReport {
    pub(super) file: String,
    pub(super) name: String,
    pub(super) passed: bool,
    pub(super) failure: Option<ConfigProblem>,
}

pub(super) fn run(options: &Test) -> Result<(), Exit> {
    let configuration = super::migrate::load(&options.config)?;
    let wanted = |report: &CaseReport| match &options.filter {
        None => true,
        Some(filter) => {
            report.file.contains(filter.as_str()) || report.name.contains(filter.as_str())
        }
    };
    let (mut passed, mut problems) = (0_usize, Vec::new());
    for file in configuration
        .deployment
        .systems
        .iter()
        .flat_map(|system| &system.cases)
    {
        let reports = match results(file) {
            Ok(reports) => reports,
            Err(found) => {
                problems.extend(found);
                continue;
            }
        };
        for report in reports.into_iter().filter(wanted) {
            if options.json {
                output::json(&report)?;
            } else {
                let mark = if report.passed { "ok  " } else { "FAIL" };
                output::data(&format!("{mark}  {}  {}", report.file, report.name));
            }
            match report.failure {
                None => passed += 1,
                Some(failure) => problems.push(failure),
            }
        }
    }
    if !problems.is_empty() {
        return Err(Exit::problems(&problems));
    }
    if let (0, Some(filter)) = (passed, &options.filter) {
        return Err(Exit::runtime(format!(
            "no case has `{filter}` in its file or name"
        )));
    }
    output::talk(&format!("{passed} cases passed"));
    Ok(())
}

/// Runs one file of cases; canonical output must fit its schema too.
pub(super) fn results(file: &CaseFile) -> Result<Vec<CaseReport>, Vec<ConfigProblem>> {
    let check = |output: &[u8]| {
        if !file.inbound {
            return Ok(());
        }
        let value = serde_json::from_slice(output).map_err(|error| error.to_string())?;
        let Some(schema) = schema(MessageKind::current(file.entity)) else {
            return Ok(());
        };
        schema.accept(value).map(|_| ()).map_err(|violations| {
            violations
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join("; ")
        })
    };
    let results = cases::run(&file.file, &file.text, &file.mapping, check)?;
    Ok(results
        .into_iter()
        .map(|result| {
            let failure = match result.outcome {
                CaseOutcome::Passed => None,
                CaseOutcome::Failed(reason) => Some(ConfigProblem {
                    file: file.file.clone(),
                    position: Some(result.position),
                    message: format!("case `{}`: {reason}", result.name),
                    help: None,
                }),
            };
            CaseReport {
                file: file.file.display().to_string(),
                name: result.name,
                passed: failure.is_none(),
                failure,
            }
        })
        .collect())
}
