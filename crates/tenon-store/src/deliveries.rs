//! Deliveries in a row, latest first, with the messages that were delivered: what failed at the ERP today.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::str::FromStr;

use tenon_core::{Entity, MessageId, SystemName, Timestamp};
use uuid::Uuid;

use crate::error::unreadable;
use crate::rows::DeliveryRow;
use crate::{DeliveryRecord, DeliveryState, JournalRecord, StoreError};

/// So many deliveries are looked through in one search for what no index knows: from a disk that takes a
/// millisecond for each, still well under a second.
const PORTION: u32 = 200;

/// Which deliveries.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DeliveryFilter {
    /// Only to this system.
    pub system: Option<SystemName>,
    /// Only those that stand so.
    pub state: Option<DeliveryState>,
    /// Only of messages about this.
    pub entity: Option<Entity>,
    /// Only those that came to stand so at or after this time.
    pub since: Option<Timestamp>,
    /// Only those that came to stand so before this time.
    pub until: Option<Timestamp>,
    /// Only of messages from this system; no index knows it.
    pub source: Option<SystemName>,
    /// Only of messages in whose native or canonical body this stands; no index knows it.
    pub text: Option<String>,
}

impl DeliveryFilter {
    /// Whether each delivery has to be looked at.
    fn looks(&self) -> bool {
        self.source.is_some() || self.text.is_some()
    }

    /// How many rows to read for a page.
    pub(crate) fn portion(&self, limit: u32) -> u32 {
        if self.looks() { PORTION } else { limit }
    }
}

/// A place between deliveries: the time, the message and the system of the one before it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DeliveryCursor {
    pub(crate) at: Timestamp,
    pub(crate) message_id: MessageId,
    pub(crate) system: SystemName,
}

impl fmt::Display for DeliveryCursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (at, message, system) = (self.at.as_microsecond(), self.message_id, &self.system);
        write!(formatter, "{at}.{message}.{system}")
    }
}

impl FromStr for DeliveryCursor {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = || {
            let (at, rest) = text.split_once('.')?;
            let (message, system) = rest.split_once('.')?;
            Some(Self {
                at: Timestamp::from_microsecond(at.parse().ok()?).ok()?,
                message_id: message.parse().ok()?,
                system: SystemName::new(system).ok()?,
            })
        };
        parts().ok_or_else(|| format!("`{text}` is not the `next` of a page of deliveries"))
    }
}

/// A delivery and what was delivered.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivered {
    /// Names the message.
    pub message_id: MessageId,
    /// What it is about.
    pub entity: Entity,
    /// What became of it.
    pub delivery: DeliveryRecord,
    /// The message; none when the journal has forgotten it.
    pub message: Option<JournalRecord>,
}

impl Delivered {
    /// Where it stands.
    pub fn cursor(&self) -> DeliveryCursor {
        DeliveryCursor {
            at: self.delivery.at,
            message_id: self.message_id,
            system: self.delivery.system.clone(),
        }
    }
}

/// A page of deliveries.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DeliveryPage {
    /// The deliveries, latest first.
    pub items: Vec<Delivered>,
    /// Where to go on; none at the end.
    pub next: Option<DeliveryCursor>,
}

/// A delivery as the databases return it, its message and entity before it.
pub(crate) type Row = (
    Uuid,
    String,
    String,
    String,
    String,
    i32,
    i64,
    Option<String>,
);

/// Deliveries of rows, in their order.
pub(crate) fn records(
    rows: Vec<Row>,
) -> impl Iterator<Item = Result<(MessageId, Entity, DeliveryRecord), StoreError>> {
    rows.into_iter().map(
        |(message, entity, system, state, detail, attempts, at, native_id)| {
            let row = DeliveryRow {
                system,
                state,
                detail,
                attempts,
                at,
                native_id,
            };
            Ok((
                MessageId(message),
                entity
                    .parse()
                    .map_err(|_| unreadable("an entity", &entity))?,
                row.record()?,
            ))
        },
    )
}

/// Deliveries of rows, by their messages.
pub(crate) fn by_message(
    rows: Vec<Row>,
) -> Result<HashMap<MessageId, Vec<DeliveryRecord>>, StoreError> {
    let mut deliveries: HashMap<_, Vec<_>> = HashMap::new();
    for record in records(rows) {
        let (message, _, delivery) = record?;
        deliveries.entry(message).or_default().push(delivery);
    }
    Ok(deliveries)
}

/// The page that deliveries and their messages make. `rows` are what a portion of the index gave; `holding`
/// are those messages in whose bodies the text stands, where one is searched.
pub(crate) fn page(
    filter: &DeliveryFilter,
    limit: u32,
    rows: Vec<Row>,
    messages: Vec<JournalRecord>,
    holding: Option<&HashSet<i64>>,
) -> Result<DeliveryPage, StoreError> {
    let full = rows.len() >= filter.portion(limit) as usize;
    let mut messages: HashMap<_, _> = messages
        .into_iter()
        .map(|message| (message.attributes.id, message))
        .collect();
    let mut looked = None;
    let mut items = Vec::new();
    for record in records(rows) {
        let (message_id, entity, delivery) = record?;
        // One message may be among the deliveries of several systems.
        let message = match filter.system {
            Some(_) => messages.remove(&message_id),
            None => messages.get(&message_id).cloned(),
        };
        let one = Delivered {
            message_id,
            entity,
            delivery,
            message,
        };
        let source = one.message.as_ref().map(|it| &it.attributes.source);
        let position = one.message.as_ref().map(|it| it.position);
        let from = filter.source.is_none() || filter.source.as_ref() == source;
        let holds = holding.is_none_or(|holding| position.is_some_and(|it| holding.contains(&it)));
        let cursor = one.cursor();
        if from && holds {
            if items.len() == limit as usize {
                let next = looked;
                return Ok(DeliveryPage { items, next });
            }
            items.push(one);
        }
        looked = Some(cursor);
    }
    let next = looked.filter(|_| full);
    Ok(DeliveryPage { items, next })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_is_written() {
        let cursor = DeliveryCursor {
            at: Timestamp::from_microsecond(1_764_000_000_000_001).unwrap(),
            message_id: MessageId::derive(&["one"]),
            system: SystemName::new("erp").unwrap(),
        };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        for wrong in [
            "",
            "1",
            "1.2",
            "1.2.erp",
            "x.y.z",
            "9999999999999999999.a.b",
        ] {
            assert!(wrong.parse::<DeliveryCursor>().is_err(), "{wrong}");
        }
    }
}
