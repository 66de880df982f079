//! Messages as the broker carries them, and back.

use bytes::Bytes;
use tenon_broker::{Delivery, MAX_MESSAGE_BYTES, Publication};
use tenon_core::{Attributes, InvalidAttributes, Message, Native, NativeBody, SystemName};
use tenon_store::Parcel;

use crate::topology::{deliver_queue, inbound_queue};

const ORIGIN: &str = "tenon-origin";
const UNDECODABLE: &str = "tenon-undecodable";
const REDRIVE: &str = "tenon-redrive";
/// What is kept of a record that is too large for a message, in bytes.
const KEPT: usize = 64 * 1024;

/// A native message as it came out of an inbound queue.
#[derive(Debug, Clone)]
pub(crate) struct Arrived {
    pub(crate) message: Message<Native>,
    /// Whether an operator sent it again after it was parked as invalid.
    pub(crate) redrive: bool,
}

/// A native message on its way into its inbound queue.
pub fn native_publication(
    message: &Message<Native>,
    partitions: u32,
    redrive: bool,
) -> Publication {
    let attributes = &message.attributes;
    let mut headers = owned(attributes.to_headers());
    headers.push((ORIGIN.to_owned(), message.body.origin.clone()));
    if redrive {
        headers.push((REDRIVE.to_owned(), "true".to_owned()));
    }
    let (body, reason) = match &message.body.body {
        NativeBody::Json(json) => (json, None),
        NativeBody::Undecodable { raw, reason } => (raw, Some(reason.clone())),
    };
    let (body, reason) = match body.len() {
        0..=MAX_MESSAGE_BYTES => (body.clone(), reason),
        length => (body.slice(..KEPT), Some(too_large(length))),
    };
    if let Some(reason) = reason {
        headers.push((UNDECODABLE.to_owned(), reason));
    }
    let queue = inbound_queue(attributes.ordering_key.partition(partitions));
    Publication {
        queue,
        headers,
        body,
    }
}

/// Why a record is parked that no message can carry: it would come again and again, and hold up all
/// that follow it. Its source still has it.
fn too_large(length: usize) -> String {
    format!(
        "the record has {length} bytes, a message carries {MAX_MESSAGE_BYTES}; its first {KEPT} are \
         kept here, the whole is where it came from"
    )
}

/// Reads what [`native_publication`] wrote.
pub(crate) fn arrived(delivery: &Delivery) -> Result<Arrived, InvalidAttributes> {
    let attributes = attributes(&delivery.headers)?;
    let header = |name: &str| {
        delivery
            .headers
            .iter()
            .find(|(found, _)| found == name)
            .map(|(_, value)| value.clone())
    };
    let body = match header(UNDECODABLE) {
        Some(reason) => NativeBody::Undecodable {
            raw: delivery.body.clone(),
            reason,
        },
        None => NativeBody::Json(delivery.body.clone()),
    };
    let native = Native {
        body,
        origin: header(ORIGIN).unwrap_or_default(),
    };
    Ok(Arrived {
        message: Message {
            attributes,
            body: native,
        },
        redrive: header(REDRIVE).is_some(),
    })
}

/// A routed message on its way to one system.
pub fn parcel_publication(
    system: &SystemName,
    attributes: &Attributes,
    body: &Bytes,
) -> Publication {
    Publication {
        queue: deliver_queue(system),
        headers: owned(attributes.to_headers()),
        body: body.clone(),
    }
}

/// Reads what [`parcel_publication`] wrote.
pub(crate) fn parcel(delivery: &Delivery) -> Result<Parcel, InvalidAttributes> {
    Ok(Parcel {
        attributes: attributes(&delivery.headers)?,
        body: delivery.body.clone(),
    })
}

fn attributes(headers: &[(String, String)]) -> Result<Attributes, InvalidAttributes> {
    Attributes::from_headers(
        headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str())),
    )
}

fn owned(headers: Vec<(&'static str, String)>) -> Vec<(String, String)> {
    headers
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

#[cfg(test)]
mod tests {
    use tenon_core::Entity;

    use super::*;

    fn check(body: NativeBody, redrive: bool) {
        let source = SystemName::new("crm").unwrap();
        let attributes =
            Attributes::received(source, Entity::Order, "order", Some("1".into()), None);
        let native = Native {
            body,
            origin: "orders.csv:2".to_owned(),
        };
        let message = Message {
            attributes,
            body: native,
        };
        let sent = native_publication(&message, 4, redrive);
        let delivery = Delivery {
            tag: 1,
            redelivered: false,
            headers: sent.headers,
            body: sent.body,
        };
        let read = arrived(&delivery).unwrap();
        assert_eq!(read.message, message);
        assert_eq!(read.redrive, redrive);
    }

    #[test]
    fn native_messages_survive_the_wire() {
        check(NativeBody::Json(Bytes::from_static(b"{}")), false);
        let raw = Bytes::from_static(&[0xff, 0xfe, 0x00]);
        check(
            NativeBody::Undecodable {
                raw,
                reason: "no text".to_owned(),
            },
            true,
        );
    }

    /// A message as a release put it into a queue. Such a file is never changed: whoever changes what is
    /// on the wire adds one, and this release still reads all.
    fn golden(text: &str) -> Delivery {
        #[derive(serde::Deserialize)]
        struct Golden {
            headers: std::collections::BTreeMap<String, String>,
            body: String,
        }
        let golden: Golden = serde_json::from_str(text).unwrap();
        let mut headers: Vec<(String, String)> = golden.headers.into_iter().collect();
        // What a later release says besides is passed over.
        headers.push(("cloudEvents_later".to_owned(), "2".to_owned()));
        headers.push(("tenon-later".to_owned(), "yes".to_owned()));
        Delivery {
            tag: 1,
            redelivered: false,
            headers,
            body: Bytes::from(golden.body),
        }
    }

    #[test]
    fn a_native_message_of_an_earlier_release_is_read() {
        let read = arrived(&golden(include_str!("golden/native-v1.json"))).unwrap();
        let attributes = &read.message.attributes;
        assert_eq!(attributes.source.as_str(), "crm");
        assert_eq!(attributes.entity(), Entity::Order);
        assert_eq!(attributes.native_id.as_deref(), Some("SO-42"));
        assert_eq!(attributes.ordering_key.0, "order/crm/SO-42");
        assert_eq!(attributes.accepted_at.to_string(), "2026-03-01T08:00:01Z");
        assert_ne!(attributes.correlation_id.0, attributes.id.0);
        assert!(attributes.causation_id.is_some() && attributes.traceparent.is_some());
        assert_eq!(read.message.body.origin, "orders.csv:17");
        assert!(read.redrive);
        let expected = NativeBody::Undecodable {
            raw: Bytes::from_static(b"{\"no\":\"SO-42\","),
            reason: "line 17 is no JSON".to_owned(),
        };
        assert_eq!(read.message.body.body, expected);
    }

    #[test]
    fn a_routed_message_of_an_earlier_release_is_read() {
        let read = parcel(&golden(include_str!("golden/parcel-v1.json"))).unwrap();
        let attributes = &read.attributes;
        assert_eq!(attributes.sequence, Some(7));
        assert!(attributes.master_id.is_some());
        // What was not said twice is what it was said to be.
        assert_eq!(attributes.accepted_at, attributes.occurred_at);
        assert_eq!(attributes.correlation_id.0, attributes.id.0);
        assert_eq!(attributes.native_id, None);
        assert_eq!(read.body, &b"{\"number\":\"SO-42\"}"[..]);
    }
}
