//! `tenon trace`: where is it?

use serde_json::json;
use tenon_store::{DeliveryState, Trace as Found};

use crate::cli::Trace;
use crate::engine::open_store;
use crate::exit::Exit;
use crate::output;

pub(super) async fn run(options: Trace) -> Result<(), Exit> {
    let configuration = super::migrate::load(&options.config)?;
    let store = open_store(&configuration.settings).await?;
    let traces = store.trace(&options.key, None, options.limit).await?;
    if traces.is_empty() {
        return Err(Exit::runtime(format!(
            "nothing is known of `{}`; a trace goes by business key, native id, message id or master id",
            options.key
        )));
    }
    for trace in &traces {
        if options.json {
            output::json(&as_json(trace))?;
        } else {
            show(trace);
        }
    }
    Ok(())
}

fn show(trace: &Found) {
    let message = &trace.message;
    let attributes = &message.attributes;
    let key = message
        .business_key
        .as_deref()
        .or(attributes.native_id.as_deref())
        .unwrap_or("-");
    output::data(&format!(
        "{}  {} {key}  from {} ({})  {}",
        message.journaled_at,
        attributes.entity(),
        attributes.source,
        message.origin,
        message.state
    ));
    output::data(&format!("    message {}", attributes.id));
    if let Some(detail) = &message.detail {
        output::data(&format!("    {detail}"));
    }
    for target in &message.targets {
        let delivery = trace
            .deliveries
            .iter()
            .find(|delivery| delivery.system == *target);
        let line = match delivery {
            None => "on its way".to_owned(),
            Some(delivery) => {
                let native_id = delivery.native_id.as_deref().map(|id| format!(" as {id}"));
                let attempts = match delivery.attempts {
                    0 | 1 => String::new(),
                    count => format!(", {count} attempts"),
                };
                format!(
                    "{}{}  {}{attempts}  {}",
                    state(delivery.state),
                    native_id.unwrap_or_default(),
                    delivery.at,
                    delivery.detail
                )
            }
        };
        output::data(&format!("    → {target}  {line}"));
    }
}

fn state(state: DeliveryState) -> &'static str {
    match state {
        DeliveryState::Delivered => "delivered",
        DeliveryState::Unchanged => "unchanged",
        DeliveryState::Superseded => "superseded",
        DeliveryState::Filtered => "filtered",
        DeliveryState::Parked => "parked",
        DeliveryState::Dropped => "dropped",
    }
}

fn as_json(trace: &Found) -> serde_json::Value {
    let message = &trace.message;
    let attributes = &message.attributes;
    json!({
        "id": attributes.id,
        "entity": attributes.entity(),
        "source": attributes.source,
        "native_id": attributes.native_id,
        "business_key": message.business_key,
        "master_id": attributes.master_id,
        "journaled_at": message.journaled_at,
        "occurred_at": attributes.occurred_at,
        "origin": message.origin,
        "state": message.state,
        "detail": message.detail,
        "deliveries": message.targets.iter().map(|target| {
            let delivery = trace.deliveries.iter().find(|delivery| delivery.system == *target);
            json!({
                "system": target,
                "state": delivery.map_or("underway", |delivery| state(delivery.state)),
                "native_id": delivery.and_then(|delivery| delivery.native_id.clone()),
                "attempts": delivery.map_or(0, |delivery| delivery.attempts),
                "at": delivery.map(|delivery| delivery.at),
                "detail": delivery.map(|delivery| delivery.detail.clone()),
            })
        }).collect::<Vec<_>>(),
    })
}
