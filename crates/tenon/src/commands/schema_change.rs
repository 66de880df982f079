//! `tenon check --schemas DIR`: which routes break when the canonical model changes as proposed.
//!
//! What tells is the mappings' cases. An inbound mapping breaks when the output that a case expects does not
//! fit the changed schema; an outbound one when it gives something else once its input is rid of what the
//! changed schema has no place for.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;
use tenon_connector::cases::{self, CaseOutcome, CaseResult};
use tenon_connector::{CaseFile, Deployment, Mapping};
use tenon_core::{ConfigProblem, Entity, ProposedSchema};

use super::check::{Route, routes};

/// What a change of the canonical model does to a configuration.
#[derive(Debug, Default, Serialize)]
pub(super) struct Impact {
    /// The entities whose schema was given.
    entities: Vec<Entity>,
    /// The routes that break, with the case that tells.
    pub(super) breaks: Vec<Broken>,
    /// What no case can tell.
    pub(super) untold: Vec<String>,
}

/// A route that breaks.
#[derive(Debug, Serialize)]
pub(super) struct Broken {
    #[serde(flatten)]
    pub(super) route: Route,
    /// Why, with the case that shows it.
    pub(super) because: String,
}

/// Compares every mapping with the schemas in a directory laid out as the hub's own: `order/v1.json`.
///
/// # Errors
/// Every schema that cannot be read.
pub(super) fn impact(
    deployment: &Deployment,
    directory: &Path,
) -> Result<Impact, Vec<ConfigProblem>> {
    let schemas = read(directory)?;
    let mut impact = Impact {
        entities: schemas.keys().copied().collect(),
        ..Impact::default()
    };
    let told = tell(deployment, &schemas);
    // By file: a preset's cases run with the preset's own code tables, so it is not the same mapping.
    let of = |entity: Entity, mapping: &Mapping| {
        told.iter()
            .find(|told| told.entity == entity && told.file == mapping.file())
    };
    let mut untold = |who: String, entity: Entity, mapping: &Mapping| match of(entity, mapping) {
        None => {
            let sentence =
                format!("{who}: its mapping has no cases, so nothing tells whether it breaks");
            if !impact.untold.contains(&sentence) {
                impact.untold.push(sentence);
            }
            None
        }
        Some(told) => told.failure.clone(),
    };
    let mut breaks = Vec::new();
    for (route, inlet, outlet) in routes(deployment) {
        if !schemas.contains_key(&route.entity) {
            continue;
        }
        let entity = route.entity;
        let inbound = untold(format!("{}/{}", route.from, route.inlet), entity, &inlet);
        let outbound = untold(format!("{} ({})", route.to, entity), entity, &outlet);
        if let Some(because) = inbound.or(outbound) {
            breaks.push(Broken { route, because });
        }
    }
    impact.breaks = breaks;
    Ok(impact)
}

/// What the cases of a mapping tell.
struct Told {
    file: PathBuf,
    entity: Entity,
    failure: Option<String>,
}

fn tell(deployment: &Deployment, schemas: &BTreeMap<Entity, ProposedSchema>) -> Vec<Told> {
    let files = deployment.systems.iter().flat_map(|system| &system.cases);
    let told = files.filter_map(|file| {
        let schema = schemas.get(&file.entity)?;
        // A file that cannot be read is told by the check of the cases themselves.
        let results = results(file, schema).ok()?;
        let failure = results.into_iter().find_map(|result| match result.outcome {
            CaseOutcome::Passed => None,
            CaseOutcome::Failed(why) => Some(format!(
                "{}: case `{}`: {why}",
                file.file.display(),
                result.name
            )),
        });
        Some(Told {
            file: file.mapping.file().to_owned(),
            entity: file.entity,
            failure,
        })
    });
    told.collect()
}

fn results(
    file: &CaseFile,
    schema: &ProposedSchema,
) -> Result<Vec<CaseResult>, Vec<ConfigProblem>> {
    if !file.inbound {
        return cases::affected(&file.file, &file.text, &file.mapping, |input| {
            schema.prune(input)
        });
    }
    cases::run(&file.file, &file.text, &file.mapping, |output| {
        let value = serde_json::from_slice(output).map_err(|error| error.to_string())?;
        let violations = schema.violations(&value);
        match violations.is_empty() {
            true => Ok(()),
            false => Err(violations
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join("; ")),
        }
    })
}

/// The latest version of each entity's schema in a directory.
fn read(directory: &Path) -> Result<BTreeMap<Entity, ProposedSchema>, Vec<ConfigProblem>> {
    let (mut schemas, mut problems) = (BTreeMap::new(), Vec::new());
    for entity in Entity::ALL {
        let Some(file) = latest(&directory.join(entity.as_str())) else {
            continue;
        };
        let text = std::fs::read_to_string(&file).map_err(|error| error.to_string());
        match text.and_then(|text| ProposedSchema::read(&text)) {
            Ok(schema) => drop(schemas.insert(entity, schema)),
            Err(reason) => problems.push(ConfigProblem::new(&file, reason)),
        }
    }
    if schemas.is_empty() && problems.is_empty() {
        let message = "holds no schema such as `order/v1.json`";
        problems.push(ConfigProblem::new(directory, message));
    }
    match problems.is_empty() {
        true => Ok(schemas),
        false => Err(problems),
    }
}

fn latest(folder: &Path) -> Option<PathBuf> {
    let version = |path: &PathBuf| -> Option<u32> {
        let name = path.file_name()?.to_str()?;
        name.strip_prefix('v')?.strip_suffix(".json")?.parse().ok()
    };
    let files = std::fs::read_dir(folder).ok()?.flatten();
    let versions = files.map(|entry| entry.path());
    versions
        .filter_map(|path| Some((version(&path)?, path)))
        .max()
        .map(|(_, path)| path)
}
