//! `tenon send`: puts native records in, as their system would.

use std::io::Read;

use serde_json::json;
use tenon_connector::Inlet;
use tenon_core::{Entity, SystemName};
use tenon_pipeline::{Accept, by_hand};

use crate::cli::Send;
use crate::engine::Engine;
use crate::exit::Exit;
use crate::output;
use crate::settings::Configuration;

/// Records accepted at once.
const PORTION: usize = 256;

pub(super) async fn run(options: Send) -> Result<(), Exit> {
    let configuration = super::migrate::load(&options.config)?;
    let inlet = inlet(&configuration, &options)?.clone();
    let text = read(&options)?;
    let origin = format!("tenon send {}", options.file.display());
    let messages = by_hand(&inlet, &text, &origin).map_err(|error| {
        Exit::runtime(format!("{} is no JSON: {error}", options.file.display()))
    })?;
    let engine = Engine::open(&configuration.settings).await?;
    let queues =
        tenon_pipeline::queues(&configuration.deployment, configuration.settings.partitions);
    engine.broker.declare(&queues).await?;
    let accept = Accept::new(engine.broker.clone(), configuration.settings.partitions);
    for portion in messages.chunks(PORTION) {
        accept.accept(portion).await?;
        for message in portion {
            let id = message.attributes.id;
            if options.json {
                output::json(&json!({ "id": id, "native_id": message.attributes.native_id }))?;
            } else {
                output::data(&id.to_string());
            }
        }
    }
    engine.broker.close().await;
    output::talk(&format!("{} accepted", messages.len()));
    Ok(())
}

fn inlet<'c>(configuration: &'c Configuration, options: &Send) -> Result<&'c Inlet, Exit> {
    let systems = &configuration.deployment.systems;
    let name =
        SystemName::new(&options.system).map_err(|error| Exit::runtime(error.to_string()))?;
    let system = configuration.deployment.system(&name).ok_or_else(|| {
        let known: Vec<&str> = systems.iter().map(|system| system.name.as_str()).collect();
        Exit::runtime(format!(
            "no system `{name}`; configured: {}",
            known.join(", ")
        ))
    })?;
    let entity: Entity = options.entity.parse().map_err(Exit::runtime)?;
    let inlet = system.inlet_for(entity, options.inlet.as_deref());
    inlet.map_err(Exit::runtime)
}

fn read(options: &Send) -> Result<String, Exit> {
    let mut bytes = Vec::new();
    if options.file.as_os_str() == "-" {
        std::io::stdin().lock().read_to_end(&mut bytes)?;
    } else {
        bytes = std::fs::read(&options.file)
            .map_err(|error| Exit::environment(format!("{}: {error}", options.file.display())))?;
    }
    String::from_utf8(bytes)
        .map_err(|error| Exit::runtime(format!("{} is no UTF-8: {error}", options.file.display())))
}
