//! The mapping playground: runs a mapping that somebody writes, behind the same gate as all others.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tenon_connector::{CodeTables, Mapping};
use tenon_core::{Entity, MessageKind};
use utoipa::ToSchema;

use crate::access::Principal;
use crate::connectors::find;
use crate::mappings::fits;
use crate::problem::Told;
use crate::{Api, Problem};

/// The largest program or record that is taken, in bytes.
const MOST: usize = 256 * 1024;

/// What is to be tried.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Trial {
    /// The mapping, in jq.
    source: String,
    /// One record, as JSON text: numbers are taken as they are written.
    input: String,
    /// What the mapping sees as `$message`.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    message: Option<Value>,
    /// The system and the mapping's file whose code tables `lookup` reads.
    #[serde(default)]
    system: Option<String>,
    /// The file of that mapping.
    #[serde(default)]
    file: Option<String>,
    /// Hold the output against the canonical schema of this entity.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    canonical: Option<Entity>,
}

/// What came of a trial.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Tried {
    /// What the mapping gave, as JSON text; null when it gave nothing or failed.
    output: Option<String>,
    /// Whether it gave nothing: the record is not wanted.
    skipped: bool,
    /// What is wrong with the program, each with its place.
    problems: Vec<Flaw>,
    /// Why the evaluation failed.
    failure: Option<String>,
    /// Where the output does not fit the canonical schema, one a line.
    violations: Option<String>,
    /// How long it took, in microseconds.
    took_us: u64,
}

/// Something wrong with a program.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Flaw {
    /// The line, from 1.
    line: Option<usize>,
    /// The column, from 1.
    column: Option<usize>,
    /// What is wrong.
    message: String,
    /// What to do about it.
    help: Option<String>,
}

/// Runs a mapping over one record. Nothing is stored, nothing is sent.
#[utoipa::path(post, path = "/api/v1/mappings/try", tag = "connectors", request_body = Trial, responses(
    (status = 200, description = "what came of it", body = Tried),
    (status = 400, description = "it cannot be read", body = Problem),
    (status = 404, description = "no such connector", body = Problem)))]
pub(crate) async fn trial(
    State(api): State<Api>,
    principal: Principal,
    Told(trial): Told<Trial>,
) -> Result<Json<Tried>, Problem> {
    if trial.source.len() > MOST || trial.input.len() > MOST {
        return Err(Problem::bad_request(format!(
            "mapping and record may have {} KiB each",
            MOST / 1024
        )));
    }
    let model = match &trial.system {
        Some(name) => {
            let system = find(&api, name)?;
            principal.check_system(&system.name)?;
            let ways_in = system.inlets.iter().map(|inlet| &inlet.mapping);
            let mappings = ways_in.chain(system.outlets.iter().map(|outlet| &outlet.mapping));
            let named = |mapping: &&std::sync::Arc<Mapping>| {
                let file = mapping.file().display().to_string();
                trial.file.as_ref().is_none_or(|wanted| *wanted == file)
            };
            mappings
                .into_iter()
                .find(named)
                .map(|mapping| mapping.as_ref().clone())
        }
        None => None,
    };
    let tried = tokio::task::spawn_blocking(move || run(&trial, model.as_ref())).await;
    tried
        .map(Json)
        .map_err(|error| Problem::bug(error.to_string()))
}

fn run(trial: &Trial, model: Option<&Mapping>) -> Tried {
    let began = std::time::Instant::now();
    let mut tried = Tried {
        output: None,
        skipped: false,
        problems: Vec::new(),
        failure: None,
        violations: None,
        took_us: 0,
    };
    let compiled = match model {
        Some(model) => model.rewritten(&trial.source),
        None => {
            let file = std::path::Path::new("playground.jq");
            Mapping::compile(file, &trial.source, &CodeTables::default())
        }
    };
    match compiled {
        Err(problems) => {
            tried.problems = problems
                .into_iter()
                .map(|problem| Flaw {
                    line: problem.position.map(|position| position.line),
                    column: problem.position.map(|position| position.column),
                    message: problem.message,
                    help: problem.help,
                })
                .collect();
        }
        Ok(mapping) => {
            let message = trial.message.clone().unwrap_or_else(|| json!({}));
            match mapping.apply(trial.input.as_bytes(), &message) {
                Ok(None) => tried.skipped = true,
                Ok(Some(output)) => {
                    let kind = trial.canonical.map(MessageKind::current);
                    tried.violations = kind.and_then(|kind| fits(kind, &output).err());
                    tried.output = Some(String::from_utf8_lossy(&output).into_owned());
                }
                Err(failure) => tried.failure = Some(failure.detail),
            }
        }
    }
    tried.took_us = began.elapsed().as_micros() as u64;
    tried
}
