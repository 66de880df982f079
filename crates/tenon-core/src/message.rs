//! A message and the forms its body takes on the way.
//!
//! `Message<Native>` comes from a source, `Message<Canonical>` passed its schema, `Message<Outbound>` is
//! mapped for one target. A stage takes the form that only the stage before returns.

use bytes::Bytes;
use serde_json::Value;

use crate::{
    CorrelationId, Entity, MasterId, MessageId, MessageKind, NativeId, OrderingKey, SystemName,
    Timestamp,
};

/// A message in the form `B`.
#[derive(Debug, Clone, PartialEq)]
pub struct Message<B> {
    /// What is known of it without reading the body.
    pub attributes: Attributes,
    /// The body.
    pub body: B,
}

impl<B> Message<B> {
    /// The same message with another body.
    pub fn with_body<C>(self, body: C) -> Message<C> {
        Message {
            attributes: self.attributes,
            body,
        }
    }
}

/// The CloudEvents 1.0 attributes of a message, with the hub's extensions.
#[derive(Debug, Clone, PartialEq)]
pub struct Attributes {
    /// `id`: also the key by which a second arrival is recognised.
    pub id: MessageId,
    /// `type`: which fact of which entity.
    pub kind: MessageKind,
    /// `source`: the system it came from.
    pub source: SystemName,
    /// `subject`: the record's id in that system, where the source can tell.
    pub native_id: Option<NativeId>,
    /// `time`: when it happened in that system, or when it was received if the system does not say.
    pub occurred_at: Timestamp,
    /// `acceptedat`: when the hub took responsibility for it.
    pub accepted_at: Timestamp,
    /// `correlationid`: what belongs together across systems.
    pub correlation_id: CorrelationId,
    /// `causationid`: the message that this one follows from.
    pub causation_id: Option<MessageId>,
    /// `partitionkey`: messages of one key reach one system in order.
    pub ordering_key: OrderingKey,
    /// `traceparent`: W3C trace context, carried unread.
    pub traceparent: Option<String>,
    /// `inlet`: which `[[receive]]` or `[[webhook]]` of the system's configuration took it in.
    pub inlet: String,
    /// `masterid`: the record's identity across systems, once resolved.
    pub master_id: Option<MasterId>,
    /// `sequence`: the version of the golden record that the body states, for mastered entities;
    /// a target that holds a later one has no use for it.
    pub sequence: Option<i64>,
}

/// Headers that do not name a message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("header `{name}`: {reason}")]
pub struct InvalidAttributes {
    /// The header's name.
    pub name: &'static str,
    /// What is wrong with it.
    pub reason: String,
}

impl Attributes {
    /// A new message from `source`, its identity derived from `event_id` where the system has one.
    pub fn received(
        source: SystemName,
        entity: Entity,
        inlet: impl Into<String>,
        native_id: Option<NativeId>,
        event_id: Option<&str>,
    ) -> Self {
        let inlet = inlet.into();
        let accepted_at = Timestamp::now();
        let id = match event_id {
            Some(event_id) => MessageId::derive(&[source.as_str(), &inlet, event_id]),
            None => MessageId::generate(),
        };
        let ordering_key = match &native_id {
            Some(native_id) => format!("{entity}/{source}/{native_id}"),
            // Without the record's id, the whole inlet is one sequence: slow but never wrong.
            None => format!("{entity}/{source}"),
        };
        Self {
            id,
            kind: MessageKind::current(entity),
            source,
            native_id,
            occurred_at: accepted_at,
            accepted_at,
            correlation_id: CorrelationId(id.0),
            causation_id: None,
            ordering_key: OrderingKey(ordering_key),
            traceparent: None,
            inlet,
            master_id: None,
            sequence: None,
        }
    }

    /// What the message is about.
    pub fn entity(&self) -> Entity {
        self.kind.entity
    }

    /// The attributes as headers, in the CloudEvents AMQP binding's names (`cloudEvents_id` …).
    pub fn to_headers(&self) -> Vec<(&'static str, String)> {
        let mut headers = vec![
            ("cloudEvents_specversion", "1.0".to_owned()),
            ("cloudEvents_id", self.id.to_string()),
            ("cloudEvents_type", self.kind.to_string()),
            ("cloudEvents_source", self.source.to_string()),
            ("cloudEvents_time", self.occurred_at.to_string()),
            ("cloudEvents_partitionkey", self.ordering_key.to_string()),
            ("cloudEvents_inlet", self.inlet.clone()),
        ];
        // What a reader takes from another attribute is not said twice.
        let accepted_at = Some(self.accepted_at).filter(|at| *at != self.occurred_at);
        let correlation_id = Some(self.correlation_id).filter(|id| id.0 != self.id.0);
        let optional = [
            ("cloudEvents_subject", self.native_id.clone()),
            (
                "cloudEvents_acceptedat",
                accepted_at.map(|at| at.to_string()),
            ),
            (
                "cloudEvents_correlationid",
                correlation_id.map(|id| id.to_string()),
            ),
            (
                "cloudEvents_causationid",
                self.causation_id.map(|id| id.to_string()),
            ),
            ("cloudEvents_traceparent", self.traceparent.clone()),
            (
                "cloudEvents_masterid",
                self.master_id.map(|id| id.to_string()),
            ),
            (
                "cloudEvents_sequence",
                self.sequence.map(|sequence| sequence.to_string()),
            ),
        ];
        headers.extend(
            optional
                .into_iter()
                .filter_map(|(name, value)| Some((name, value?))),
        );
        headers
    }

    /// Reads what [`Attributes::to_headers`] wrote; unknown headers are passed over.
    ///
    /// # Errors
    /// [`InvalidAttributes`] when a required header is missing or one cannot be read.
    pub fn from_headers<'a>(
        headers: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, InvalidAttributes> {
        let mut found: [Option<&str>; HEADERS.len()] = [None; HEADERS.len()];
        for (name, value) in headers {
            if let Some(index) = HEADERS.iter().position(|known| *known == name) {
                found[index] = Some(value);
            }
        }
        let [
            id,
            kind,
            source,
            time,
            accepted,
            correlation,
            key,
            inlet,
            subject,
            causation,
            trace,
            master,
            sequence,
        ] = found;
        let id: MessageId = parse("cloudEvents_id", require("cloudEvents_id", id)?)?;
        let occurred_at = parse("cloudEvents_time", require("cloudEvents_time", time)?)?;
        Ok(Self {
            id,
            kind: parse("cloudEvents_type", require("cloudEvents_type", kind)?)?,
            source: parse("cloudEvents_source", require("cloudEvents_source", source)?)?,
            occurred_at,
            accepted_at: match accepted {
                Some(text) => parse("cloudEvents_acceptedat", text)?,
                None => occurred_at,
            },
            correlation_id: match correlation {
                Some(text) => parse("cloudEvents_correlationid", text)?,
                None => CorrelationId(id.0),
            },
            ordering_key: OrderingKey(require("cloudEvents_partitionkey", key)?.to_owned()),
            inlet: require("cloudEvents_inlet", inlet)?.to_owned(),
            native_id: subject.map(str::to_owned),
            causation_id: causation
                .map(|text| parse("cloudEvents_causationid", text))
                .transpose()?,
            traceparent: trace.map(str::to_owned),
            master_id: master
                .map(|text| parse("cloudEvents_masterid", text))
                .transpose()?,
            sequence: sequence
                .map(|text| parse("cloudEvents_sequence", text))
                .transpose()?,
        })
    }
}

/// The headers that are read, in the order in which `from_headers` takes them apart.
const HEADERS: [&str; 13] = [
    "cloudEvents_id",
    "cloudEvents_type",
    "cloudEvents_source",
    "cloudEvents_time",
    "cloudEvents_acceptedat",
    "cloudEvents_correlationid",
    "cloudEvents_partitionkey",
    "cloudEvents_inlet",
    "cloudEvents_subject",
    "cloudEvents_causationid",
    "cloudEvents_traceparent",
    "cloudEvents_masterid",
    "cloudEvents_sequence",
];

fn require<'a>(name: &'static str, value: Option<&'a str>) -> Result<&'a str, InvalidAttributes> {
    value.ok_or(InvalidAttributes {
        name,
        reason: "missing".to_owned(),
    })
}

fn parse<T: std::str::FromStr>(name: &'static str, text: &str) -> Result<T, InvalidAttributes>
where
    T::Err: std::fmt::Display,
{
    text.parse().map_err(|error: T::Err| InvalidAttributes {
        name,
        reason: format!("`{text}`: {error}"),
    })
}

/// What a source received, before any mapping.
#[derive(Debug, Clone, PartialEq)]
pub struct Native {
    /// The record, or the bytes that could not be made one.
    pub body: NativeBody,
    /// Where in the source it stood, for a person: `orders.csv:17`, `POST /in/crm/order`.
    pub origin: String,
}

/// A native record as one JSON text, or what could not be decoded.
#[derive(Debug, Clone, PartialEq)]
pub enum NativeBody {
    /// One JSON text in UTF-8, numbers exactly as the system wrote them.
    Json(Bytes),
    /// The bytes as they came, and why they are no record. They are recorded and parked as invalid.
    Undecodable {
        /// The bytes as they came.
        raw: Bytes,
        /// Why they could not be decoded.
        reason: String,
    },
}

/// A body in the hub's own schema. Only [`Schema::accept`](crate::Schema::accept) makes one.
#[derive(Debug, Clone, PartialEq)]
pub struct Canonical {
    value: Value,
}

impl Canonical {
    pub(crate) fn accepted(value: Value) -> Self {
        Self { value }
    }

    /// The body as a JSON value. Amounts in it are decimal text, so reading them here is exact.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// Takes the JSON value out.
    pub fn into_value(self) -> Value {
        self.value
    }
}

/// A body mapped into one target's own form, ready to be delivered.
#[derive(Debug, Clone, PartialEq)]
pub struct Outbound {
    /// One JSON text in UTF-8, numbers exactly as the mapping wrote them.
    pub payload: Bytes,
    /// The record's id in the target, when the crosswalk has it.
    pub native_id: Option<NativeId>,
    /// Stays the same over every attempt and every redelivery: the target's idempotency key.
    pub idempotency_key: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_carry_every_attribute() {
        let source = SystemName::new("crm").unwrap();
        let mut attributes = Attributes::received(
            source,
            Entity::Customer,
            "customer",
            Some("客-1".into()),
            Some("e1"),
        );
        attributes.causation_id = Some(MessageId::generate());
        attributes.traceparent = Some("00-aa-bb-01".to_owned());
        attributes.master_id = Some(MasterId::generate());
        attributes.sequence = Some(7);
        let headers = attributes.to_headers();
        let read =
            Attributes::from_headers(headers.iter().map(|(name, value)| (*name, value.as_str())));
        assert_eq!(read, Ok(attributes));
    }

    #[test]
    fn a_missing_or_malformed_header_is_named() {
        assert_eq!(
            Attributes::from_headers([]).unwrap_err().name,
            "cloudEvents_id"
        );
        let error = Attributes::from_headers([("cloudEvents_id", "x")]).unwrap_err();
        assert!(error.reason.starts_with("`x`:"), "{error}");
    }

    #[test]
    fn the_same_event_is_the_same_message() {
        let received = |event| {
            let source = SystemName::new("crm").unwrap();
            Attributes::received(source, Entity::Order, "order", None, event).id
        };
        assert_eq!(received(Some("1")), received(Some("1")));
        assert_ne!(received(Some("1")), received(Some("2")));
        assert_ne!(received(None), received(None));
    }
}
