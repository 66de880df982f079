//! `tenon check`: what can be known of a configuration without reaching anything.

use serde::Serialize;
use tenon_connector::{Deployment, Guarantee, Intake, System};
use tenon_core::{ConfigProblem, Entity};

use crate::cli::{Check, Format};
use crate::exit::Exit;
use crate::output;
use crate::settings::Configuration;

/// A way from one system to another, with what it really guarantees.
#[derive(Debug, Serialize, PartialEq, Eq)]
struct Route {
    entity: Entity,
    from: String,
    inlet: String,
    by: &'static str,
    to: String,
    guarantee: &'static str,
}

#[derive(Debug, Serialize)]
struct Findings {
    problems: Vec<ConfigProblem>,
    notes: Vec<String>,
    routes: Vec<Route>,
}

pub(super) fn run(options: &Check) -> Result<(), Exit> {
    let findings = match Configuration::load(&options.config.config) {
        Ok(configuration) => {
            let mut problems = configuration.unset_secrets.clone();
            problems.extend(failing_cases(&configuration.deployment));
            Findings {
                problems,
                notes: notes(&configuration.deployment),
                routes: routes(&configuration.deployment),
            }
        }
        Err(problems) => Findings {
            problems,
            notes: Vec::new(),
            routes: Vec::new(),
        },
    };
    if options.format == Format::Json {
        output::json(&findings)?;
        return if findings.problems.is_empty() {
            Ok(())
        } else {
            Err(Exit::Problems)
        };
    }
    if !findings.routes.is_empty() {
        let rows: Vec<Vec<String>> = findings
            .routes
            .iter()
            .map(|route| {
                vec![
                    route.entity.to_string(),
                    format!("{}/{}", route.from, route.inlet),
                    route.by.to_owned(),
                    route.to.clone(),
                    route.guarantee.to_owned(),
                ]
            })
            .collect();
        output::table(&["entity", "from", "by", "to", "guarantee"], &rows);
    }
    for note in &findings.notes {
        output::talk(&format!("note: {note}"));
    }
    if findings.problems.is_empty() {
        Ok(())
    } else {
        Err(Exit::problems(&findings.problems))
    }
}

/// Every way that a message can take.
fn routes(deployment: &Deployment) -> Vec<Route> {
    let mut routes = Vec::new();
    for from in &deployment.systems {
        for inlet in &from.inlets {
            for to in &deployment.systems {
                let Some(outlet) = to.outlet(inlet.entity) else {
                    continue;
                };
                // A mastered record goes back to its sender when the golden record says more.
                if to.name == from.name && !inlet.entity.is_mastered() {
                    continue;
                }
                routes.push(Route {
                    entity: inlet.entity,
                    from: from.name.to_string(),
                    inlet: inlet.name.clone(),
                    by: match inlet.intake {
                        Intake::Poll { .. } => "poll",
                        Intake::Webhook(_) => "webhook",
                    },
                    to: to.name.to_string(),
                    guarantee: match outlet.guarantee {
                        Guarantee::OnceInEffect => "once in effect",
                        Guarantee::AtLeastOnce => "at least once",
                    },
                });
            }
        }
    }
    routes.sort_by(|one, other| {
        (one.entity, &one.from, &one.to).cmp(&(other.entity, &other.from, &other.to))
    });
    routes
}

/// What is no mistake but worth knowing.
fn notes(deployment: &Deployment) -> Vec<String> {
    let mut notes = Vec::new();
    let sends =
        |system: &System, entity: Entity| system.inlets.iter().any(|inlet| inlet.entity == entity);
    for system in &deployment.systems {
        for inlet in &system.inlets {
            let subscribed = deployment.systems.iter().any(|other| {
                other.outlet(inlet.entity).is_some()
                    && (other.name != system.name || inlet.entity.is_mastered())
            });
            if !subscribed {
                notes.push(format!(
                    "{}/{}: no system is given any `{}`; they are journaled and go nowhere",
                    system.name, inlet.name, inlet.entity
                ));
            }
        }
        for outlet in &system.outlets {
            let fed = deployment.systems.iter().any(|other| {
                sends(other, outlet.entity)
                    && (other.name != system.name || outlet.entity.is_mastered())
            });
            if !fed {
                notes.push(format!(
                    "{}: is given every `{}`, but no system sends any",
                    system.name, outlet.entity
                ));
            }
            if outlet.guarantee == Guarantee::AtLeastOnce {
                notes.push(format!(
                    "{}: a crash at the wrong moment can deliver a {} twice; set a key or an idempotency header",
                    system.name, outlet.entity
                ));
            }
        }
    }
    for entity in Entity::ALL
        .into_iter()
        .filter(|entity| !entity.is_mastered())
    {
        let both: Vec<String> = deployment
            .systems
            .iter()
            .filter(|system| sends(system, entity) && system.outlet(entity).is_some())
            .map(|system| system.name.to_string())
            .collect();
        if both.len() > 1 {
            notes.push(format!(
                "`{entity}` goes in a circle between {}; what a system sent is not sent back to it",
                both.join(", ")
            ));
        }
    }
    notes
}

/// Cases whose mapping does not give what they say: output against the canonical schema included.
fn failing_cases(deployment: &Deployment) -> Vec<ConfigProblem> {
    let mut problems = Vec::new();
    for system in &deployment.systems {
        for cases in &system.cases {
            match super::test::results(cases) {
                Ok(results) => {
                    problems.extend(results.into_iter().filter_map(|result| result.failure))
                }
                Err(found) => problems.extend(found),
            }
        }
    }
    problems
}
