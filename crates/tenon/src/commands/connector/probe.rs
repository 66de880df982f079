//! `tenon connector probe`: whether a system can be reached as configured, and what it would send.
//!
//! Nothing is accepted, settled or delivered: what a source hands over is looked at and left.

use std::time::Duration;

use serde::Serialize;
use serde_json::json;
use tenon_connector::{Inlet, Intake, Outlet, System};
use tenon_core::{Entity, Failure, MessageKind, NativeBody, SystemName, schema};

use crate::cli::Probe;
use crate::exit::Exit;
use crate::output;

/// The longest that one question may take; a system that is slower is one that does not answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// What was found out about one way in or out.
#[derive(Debug, Serialize)]
struct Finding {
    system: SystemName,
    direction: &'static str,
    entity: Entity,
    reached: bool,
    /// Records that were looked at.
    records: usize,
    /// What is wrong with some of them.
    problems: Vec<String>,
    said: String,
}

pub(super) async fn run(options: &Probe) -> Result<(), Exit> {
    let configuration = crate::commands::migrate::load(&options.config)?;
    let systems: Vec<&System> = configuration
        .deployment
        .systems
        .iter()
        .filter(|system| {
            options
                .system
                .as_ref()
                .is_none_or(|name| system.name.as_str() == name)
        })
        .collect();
    if let (true, Some(name)) = (systems.is_empty(), &options.system) {
        return Err(Exit::runtime(format!("no system `{name}` is configured")));
    }
    let mut findings = Vec::new();
    for system in systems {
        for outlet in &system.outlets {
            findings.push(outlet_of(system, outlet).await);
        }
        for inlet in &system.inlets {
            findings.push(inlet_of(system, inlet, options.records).await);
        }
    }
    show(&findings, options.json)?;
    if findings.iter().any(|finding| !finding.reached) {
        return Err(Exit::environment(
            "not every system answers as configured; see above",
        ));
    }
    match findings.iter().any(|finding| !finding.problems.is_empty()) {
        true => Err(Exit::Problems),
        false => Ok(()),
    }
}

fn show(findings: &[Finding], as_json: bool) -> Result<(), Exit> {
    if as_json {
        return findings.iter().try_for_each(output::json);
    }
    let rows: Vec<Vec<String>> = findings
        .iter()
        .map(|finding| {
            vec![
                finding.system.to_string(),
                finding.direction.to_owned(),
                finding.entity.to_string(),
                match (finding.reached, finding.problems.is_empty()) {
                    (false, _) => "FAIL".to_owned(),
                    (true, false) => "invalid".to_owned(),
                    (true, true) => "ok".to_owned(),
                },
                finding.said.clone(),
            ]
        })
        .collect();
    output::table(&["system", "way", "entity", "", "what was found"], &rows);
    for problem in findings.iter().flat_map(|finding| &finding.problems) {
        output::talk(problem);
    }
    Ok(())
}

async fn outlet_of(system: &System, outlet: &Outlet) -> Finding {
    let outcome = within(system.ask_target(outlet)).await;
    Finding {
        system: system.name.clone(),
        direction: "out",
        entity: outlet.entity,
        reached: outcome.is_ok(),
        records: 0,
        problems: Vec::new(),
        said: match outcome {
            Ok(()) => "would take deliveries".to_owned(),
            Err(failure) => failure.detail,
        },
    }
}

async fn inlet_of(system: &System, inlet: &Inlet, most: usize) -> Finding {
    let mut finding = Finding {
        system: system.name.clone(),
        direction: "in",
        entity: inlet.entity,
        reached: true,
        records: 0,
        problems: Vec::new(),
        said: "waits to be called".to_owned(),
    };
    if matches!(inlet.intake, Intake::Webhook(_)) {
        return finding;
    }
    match within(system.ask_source(inlet)).await {
        Err(failure) => {
            finding.reached = false;
            finding.said = failure.detail;
        }
        Ok(None) => finding.said = "has nothing to send".to_owned(),
        Ok(Some(received)) => {
            let looked_at = received.messages.iter().take(most);
            for message in looked_at {
                finding.records += 1;
                let id = message.attributes.native_id.as_deref().unwrap_or("?");
                let outcome = match &message.body.body {
                    NativeBody::Json(json) => canonical(inlet, id, json),
                    NativeBody::Undecodable { reason, .. } => Err(reason.clone()),
                };
                if let Err(reason) = outcome {
                    let place = format!("{} {} {id}", system.name, inlet.name);
                    finding.problems.push(format!("{place}: {reason}"));
                }
            }
            finding.said = format!(
                "{} records looked at, {} do not fit",
                finding.records,
                finding.problems.len()
            );
        }
    }
    finding
}

/// Whether a native record becomes a canonical one.
fn canonical(inlet: &Inlet, native_id: &str, native: &[u8]) -> Result<(), String> {
    let message = json!({
        "source": inlet.system.as_str(),
        "entity": inlet.entity.as_str(),
        "native_id": native_id,
    });
    let output = inlet
        .mapping
        .apply_to_value(native, &message)
        .map_err(|failure| failure.detail)?;
    let Some(schema) = schema(MessageKind::current(inlet.entity)) else {
        return Ok(());
    };
    match output.map(|output| schema.accept(output)) {
        None | Some(Ok(_)) => Ok(()),
        Some(Err(violations)) => Err(violations
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("; ")),
    }
}

async fn within<T>(asked: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(outcome) => outcome,
        Err(_) => Err(Failure::transient(
            "probe.timeout",
            format!("no answer within {} s", PATIENCE.as_secs()),
        )),
    }
}
