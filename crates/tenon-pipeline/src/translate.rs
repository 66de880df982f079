//! From native to canonical: `translate` maps, `validate` checks against the schema. Both are pure.

use bytes::Bytes;
use serde_json::{Value, json};
use tenon_connector::Deployment;
use tenon_core::{Attributes, Canonical, Fact, Failure, Native, NativeBody, schema};

use crate::import::IMPORT;
use crate::steward::Command;
use crate::wire::Arrived;

/// A message after its mapping ran.
#[derive(Debug)]
pub(crate) struct Translated {
    envelope: Envelope,
    /// The mapping's output; `None` when it said that the record is not wanted.
    result: Result<Option<Value>, Failure>,
}

/// A message after its schema was checked.
#[derive(Debug)]
pub(crate) struct Validated {
    pub(crate) envelope: Envelope,
    /// The canonical body, or the command; `None` when the record is not wanted.
    pub(crate) result: Result<Option<Content>, Failure>,
}

/// What a message turned out to hold.
#[derive(Debug)]
pub(crate) enum Content {
    /// A record in the hub's own schema.
    Record(Canonical),
    /// A person's command.
    Command(Command),
}

/// What accompanies a body through the inbound stages.
#[derive(Debug)]
pub(crate) struct Envelope {
    pub(crate) attributes: Attributes,
    pub(crate) origin: String,
    pub(crate) raw: Bytes,
    pub(crate) redrive: bool,
}

/// Maps a native record with the mapping of its inlet.
pub(crate) fn translate(deployment: &Deployment, arrived: Arrived) -> Translated {
    let Arrived { message, redrive } = arrived;
    let mut attributes = message.attributes;
    let Native { body, origin } = message.body;
    let (raw, result) = match body {
        NativeBody::Json(json) => {
            let result = match attributes.kind.fact {
                // A command comes from the hub's own front door, in the hub's own form.
                Fact::Commanded => Ok(None),
                _ => map(deployment, &mut attributes, &json),
            };
            (json, result)
        }
        NativeBody::Undecodable { raw, reason } => {
            (raw, Err(Failure::invalid("record.undecodable", reason)))
        }
    };
    Translated {
        envelope: Envelope {
            attributes,
            origin,
            raw,
            redrive,
        },
        result,
    }
}

/// Runs the inlet's mapping over a record.
///
/// A record without an id of its own was parked because its key could not be read, and is sent
/// again: the key is looked for once more, since the connector file may name another place now.
pub(crate) fn map(
    deployment: &Deployment,
    attributes: &mut Attributes,
    json: &[u8],
) -> Result<Option<Value>, Failure> {
    if attributes.inlet == IMPORT {
        let read = serde_json::from_slice(json);
        let failed =
            |error: serde_json::Error| Failure::invalid("record.undecodable", error.to_string());
        return read.map(Some).map_err(failed);
    }
    let inlet = deployment
        .system(&attributes.source)
        .and_then(|system| system.inlet(&attributes.inlet))
        .ok_or_else(|| {
            Failure::invalid(
                "inlet.unknown",
                format!(
                    "system `{}` has no inlet `{}` in this configuration; restore it, then redrive",
                    attributes.source, attributes.inlet
                ),
            )
        })?;
    if attributes.native_id.is_none() {
        let key = inlet.key.id(json);
        attributes.native_id =
            Some(key.map_err(|reason| Failure::invalid("record.undecodable", reason))?);
    }
    let message = match inlet.mapping.reads_message() {
        true => description(attributes),
        false => Value::Null,
    };
    inlet.mapping.apply_to_value(json, &message)
}

/// What a mapping sees as `$message`.
pub fn description(attributes: &Attributes) -> Value {
    json!({
        "id": attributes.id.to_string(),
        "source": attributes.source.as_str(),
        "entity": attributes.entity().as_str(),
        "fact": attributes.kind.fact.as_str(),
        "native_id": attributes.native_id,
        "occurred_at": attributes.occurred_at.to_string(),
        "master_id": attributes.master_id.map(|id| id.to_string()),
        "sequence": attributes.sequence,
    })
}

/// Checks the mapping's output against the canonical schema.
pub(crate) fn validate(translated: Translated) -> Validated {
    let Translated { envelope, result } = translated;
    let result = result.and_then(|output| match output {
        None if envelope.attributes.kind.fact == Fact::Commanded => {
            Command::read(&envelope.raw).map(|command| Some(Content::Command(command)))
        }
        None => Ok(None),
        Some(output) => {
            accept(&envelope.attributes, output).map(|body| Some(Content::Record(body)))
        }
    });
    Validated { envelope, result }
}

/// Takes a mapping's output as canonical.
///
/// It is exact as a JSON value: the schemas admit no number that is not a small integer.
pub(crate) fn accept(attributes: &Attributes, output: Value) -> Result<Canonical, Failure> {
    let schema = schema(attributes.kind).ok_or_else(|| {
        Failure::invalid(
            "schema.unknown",
            format!("no schema for {}", attributes.kind),
        )
    })?;
    schema.accept(output).map_err(|violations| {
        const SHOWN: usize = 5;
        let mut lines: Vec<String> = violations
            .iter()
            .take(SHOWN)
            .map(ToString::to_string)
            .collect();
        if violations.len() > SHOWN {
            lines.push(format!("and {} more", violations.len() - SHOWN));
        }
        Failure::invalid(
            "schema.violation",
            format!(
                "does not fit the {} schema: {}",
                attributes.entity(),
                lines.join("; ")
            ),
        )
    })
}
