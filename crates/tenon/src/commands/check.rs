//! `tenon check`: what can be known of a configuration without reaching anything.

use std::sync::Arc;

use serde::Serialize;
use tenon_connector::{Deployment, Guarantee, Intake, Mapping, System};
use tenon_core::{ConfigProblem, Entity};
use tenon_insight::Policy;

use super::schema_change::{Broken, Impact, impact};
use crate::cli::{Check, Format};
use crate::exit::Exit;
use crate::output;
use crate::settings::Configuration;

/// A way from one system to another, with what it really guarantees.
#[derive(Debug, Serialize, PartialEq, Eq)]
pub(super) struct Route {
    pub(super) entity: Entity,
    pub(super) from: String,
    pub(super) inlet: String,
    by: &'static str,
    pub(super) to: String,
    guarantee: &'static str,
}

#[derive(Debug, Serialize)]
struct Findings {
    problems: Vec<ConfigProblem>,
    notes: Vec<String>,
    routes: Vec<Route>,
    /// What a change of the canonical model would do.
    #[serde(skip_serializing_if = "Option::is_none")]
    change: Option<Impact>,
}

pub(super) fn run(options: &Check) -> Result<(), Exit> {
    let findings = match Configuration::load(&options.config.config) {
        Ok(configuration) => {
            let mut problems = configuration.unset_secrets.clone();
            problems.extend(failing_cases(&configuration.deployment));
            let change = options.schemas.as_deref();
            let change = change.map(|schemas| impact(&configuration.deployment, schemas));
            let change = match change.transpose() {
                Ok(change) => change,
                Err(found) => {
                    problems.extend(found);
                    None
                }
            };
            let found = routes(&configuration.deployment).into_iter();
            Findings {
                problems,
                notes: notes(&configuration.deployment, &configuration.settings.insight),
                routes: found.map(|(route, ..)| route).collect(),
                change,
            }
        }
        Err(problems) => Findings {
            problems,
            notes: Vec::new(),
            routes: Vec::new(),
            change: None,
        },
    };
    if options.format == Format::Json {
        output::json(&findings)?;
        return if findings.problems.is_empty() && !findings.breaks() {
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
    if let Some(change) = &findings.change {
        show_change(change);
    }
    if !findings.problems.is_empty() {
        return Err(Exit::problems(&findings.problems));
    }
    match findings.breaks() {
        true => Err(Exit::Problems),
        false => Ok(()),
    }
}

impl Findings {
    /// Whether a change of the canonical model would break a route.
    fn breaks(&self) -> bool {
        self.change
            .as_ref()
            .is_some_and(|change| !change.breaks.is_empty())
    }
}

fn show_change(change: &Impact) {
    for sentence in &change.untold {
        output::talk(&format!("note: {sentence}"));
    }
    match change.breaks.len() {
        0 => output::talk("with these schemas no route breaks"),
        1 => output::talk("with these schemas one route breaks:"),
        count => output::talk(&format!("with these schemas {count} routes break:")),
    }
    for Broken { route, because } in &change.breaks {
        output::talk(&format!(
            "  {} {}/{} → {}: {because}",
            route.entity, route.from, route.inlet, route.to
        ));
    }
}

/// Every way that a message can take, with the mappings at its ends.
pub(super) fn routes(deployment: &Deployment) -> Vec<(Route, Arc<Mapping>, Arc<Mapping>)> {
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
                let route = Route {
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
                };
                routes.push((route, inlet.mapping.clone(), outlet.mapping.clone()));
            }
        }
    }
    routes.sort_by(|(one, ..), (other, ..)| {
        (one.entity, &one.from, &one.to).cmp(&(other.entity, &other.from, &other.to))
    });
    routes
}

/// What is no mistake but worth knowing.
fn notes(deployment: &Deployment, insight: &Policy) -> Vec<String> {
    let mut notes = Vec::new();
    // What the hub says of its own accord.
    let own = |entity: Entity| match entity {
        Entity::Interaction => insight.care.is_some(),
        Entity::Requisition => insight.replenishment.is_some(),
        _ => false,
    };
    let sends =
        |system: &System, entity: Entity| system.inlets.iter().any(|inlet| inlet.entity == entity);
    for system in &deployment.systems {
        for inlet in &system.inlets {
            let subscribed = deployment.systems.iter().any(|other| {
                other.outlet(inlet.entity).is_some()
                    && (other.name != system.name || inlet.entity.is_mastered())
            });
            // Dealers' sales become figures, whoever else is given them; of stock, only that of dealers.
            let but = match inlet.entity {
                Entity::SellOut => continue,
                Entity::Inventory => ", counted only where they name a dealer,",
                _ => "",
            };
            if !subscribed {
                notes.push(format!(
                    "{}/{}: no system is given any `{}`; they are journaled{but} and go nowhere",
                    system.name, inlet.name, inlet.entity
                ));
            }
        }
        for outlet in &system.outlets {
            let fed = deployment.systems.iter().any(|other| {
                sends(other, outlet.entity)
                    && (other.name != system.name || outlet.entity.is_mastered())
            });
            if !fed && !own(outlet.entity) {
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
