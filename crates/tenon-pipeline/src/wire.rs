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
}
