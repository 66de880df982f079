//! Spans of a message's way, for tracing systems: taken in, journaled, delivered to each system.
//!
//! A span is an event of the target [`SPANS`] once it has ended; who listens exports it, and where
//! nobody does it costs nothing. Identifiers are derived: the trace is the caller's, by the `traceparent`
//! that the message carries, or else the message's story (its correlation id); a span is the message's at a
//! stage. So all nodes make one tree without telling each other anything. What names an order goes on in the trace
//! in which that order began: one trace from the CRM's call to the invoice.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;
use tenon_core::{Attributes, Entity, MasterId, MessageId, SystemName, Timestamp, schema};
use tenon_store::{Commit, Inbound, ParkReason, Settlement, SharedStore};

/// The target of the events that are spans.
pub const SPANS: &str = "tenon::spans";

/// How long the store may take to tell where an order began: no message is held up for its trace.
const PATIENCE: Duration = Duration::from_secs(1);

/// Messages whose stage has begun; none where nobody listens.
pub(crate) struct Begun {
    at: Timestamp,
    messages: Vec<Attributes>,
}

impl Begun {
    /// Notes that a stage begins for messages.
    pub(crate) fn now<'a>(messages: impl Iterator<Item = &'a Attributes>) -> Self {
        Self {
            at: Timestamp::now(),
            messages: match is_heard() {
                true => messages.cloned().collect(),
                false => Vec::new(),
            },
        }
    }

    /// The hub has taken responsibility for them.
    pub(crate) fn received(&self) {
        for message in &self.messages {
            let caller = caller(message).map(|(_, span)| span.to_owned());
            self.tell(
                message,
                "receive",
                message.source.as_str(),
                caller,
                "accepted",
            );
        }
    }

    /// They are journaled; of some it was found whom they follow.
    pub(crate) fn journaled(&self, followers: &HashSet<MessageId>) {
        for message in &self.messages {
            let parent = match (message.causation_id, caller(message)) {
                (Some(before), _) => span_id(before, "journal", ""),
                (None, Some((_, order))) if followers.contains(&message.id) => order.to_owned(),
                (None, _) => span_id(message.id, "receive", message.source.as_str()),
            };
            self.tell(message, "journal", "", Some(parent), "journaled");
        }
    }

    /// What an attempt at a system came to.
    pub(crate) fn delivered(&self, system: &SystemName, settlement: &Settlement) {
        for message in &self.messages {
            let ended = settlement.outcomes.iter();
            let ended = ended.filter(|outcome| outcome.message_id == message.id);
            let parked = settlement.parked.iter();
            let parked = parked.filter(|park| park.parcel.attributes.id == message.id);
            let outcome = ended.map(|outcome| outcome.state.as_str()).next();
            let outcome = outcome.or_else(|| parked.map(|park| waits(&park.reason)).next());
            // What the target could not take is still in hand, and is told when it ends.
            let Some(outcome) = outcome else { continue };
            let parent = span_id(message.id, "journal", "");
            self.tell(message, "deliver", system.as_str(), Some(parent), outcome);
        }
    }

    fn tell(
        &self,
        message: &Attributes,
        stage: &'static str,
        system: &str,
        parent: Option<String>,
        outcome: &str,
    ) {
        tracing::trace!(
            target: SPANS,
            trace = trace_id(message),
            span = span_id(message.id, stage, system),
            parent = parent.unwrap_or_default(),
            stage,
            system,
            outcome,
            message.id = %message.id,
            message.correlation_id = %message.correlation_id,
            message.entity = message.entity().as_str(),
            begun = self.at.as_microsecond(),
            ended = Timestamp::now().as_microsecond(),
        );
    }
}

fn is_heard() -> bool {
    tracing::enabled!(target: SPANS, tracing::Level::TRACE)
}

/// Takes what names an order into the trace in which that order began, unless its caller has one of its own; which
/// messages these are. Nothing where nobody listens, or where the store does not tell.
pub(crate) async fn follow_orders(
    store: &SharedStore,
    commit: &mut Commit,
    parcels: &mut [(SystemName, Attributes, Bytes)],
) -> HashSet<MessageId> {
    if !is_heard() {
        return HashSet::new();
    }
    let free = |message: &&Inbound| {
        let attributes = &message.attributes;
        attributes.traceparent.is_none() && attributes.causation_id.is_none()
    };
    let followers = commit.messages.iter().filter(free);
    let followers =
        followers.filter_map(|message| Some((message.attributes.id, order_of(message)?)));
    let followers: HashMap<MessageId, MasterId> = followers.collect();
    if followers.is_empty() {
        return HashSet::new();
    }
    let orders: Vec<MasterId> = followers.values().copied().collect();
    let told = tokio::time::timeout(PATIENCE, store.first_messages(&orders)).await;
    let mut begun = told.ok().and_then(Result::ok).unwrap_or_default();
    // An order may have come just before, in the same batch.
    for message in &commit.messages {
        if let Some(order) = message.attributes.master_id {
            begun
                .entry(order)
                .or_insert_with(|| message.attributes.clone());
        }
    }
    let said: HashMap<MessageId, String> = followers
        .into_iter()
        .filter_map(|(follower, order)| {
            let first = begun.get(&order)?;
            let span = span_id(first.id, "journal", "");
            Some((follower, format!("00-{}-{span}-01", trace_id(first))))
        })
        .collect();
    let journaled = commit.messages.iter_mut().map(|it| &mut it.attributes);
    for attributes in journaled.chain(parcels.iter_mut().map(|(_, attributes, _)| attributes)) {
        if let Some(said) = said.get(&attributes.id) {
            attributes.traceparent = Some(said.clone());
        }
    }
    said.into_keys().collect()
}

/// The first order that a message names.
fn order_of(message: &Inbound) -> Option<MasterId> {
    let value: Value = serde_json::from_slice(message.canonical.as_ref()?).ok()?;
    let mut order = None;
    schema(message.attributes.kind)?.for_each_reference(&value, |entity, node| {
        let named = node.get("master_id").and_then(Value::as_str);
        if entity == Entity::Order && order.is_none() {
            order = named.and_then(|id| id.parse().ok());
        }
    });
    order
}

fn waits(reason: &ParkReason) -> &'static str {
    match reason {
        ParkReason::Retry { .. } => "retry",
        ParkReason::Failed { .. } => "parked",
        _ => "waiting",
    }
}

/// The trace of which the spans of a message are: that of its caller, or else its story.
pub fn trace_id(message: &Attributes) -> String {
    match caller(message) {
        Some((trace, _)) => trace.to_owned(),
        None => message.correlation_id.0.simple().to_string(),
    }
}

/// Trace and span of a well-formed `traceparent`.
fn caller(message: &Attributes) -> Option<(&str, &str)> {
    let mut parts = message.traceparent.as_deref()?.split('-');
    let (_version, trace, span) = (parts.next()?, parts.next()?, parts.next()?);
    let hexadecimal = |text: &str, length: usize| {
        text.len() == length
            && text.bytes().all(|digit| digit.is_ascii_hexdigit())
            && text.bytes().any(|digit| digit != b'0')
    };
    (hexadecimal(trace, 32) && hexadecimal(span, 16)).then_some((trace, span))
}

/// The span of a message at a stage: FNV-1a, which is the same on every node and in every release.
fn span_id(message: MessageId, stage: &str, system: &str) -> String {
    let parts = [
        message.0.as_bytes().as_slice(),
        stage.as_bytes(),
        system.as_bytes(),
    ];
    let hash = parts
        .into_iter()
        .flatten()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        });
    // All zeros is no span.
    format!("{:016x}", hash.max(1))
}

#[cfg(test)]
mod tests {
    use tenon_core::Entity;

    use super::*;

    #[test]
    fn the_trace_is_the_callers_where_it_is_one() {
        let source = SystemName::new("crm").unwrap();
        let mut message = Attributes::received(source, Entity::Order, "orders", None, Some("1"));
        let check = |message: &mut Attributes, said: &str, expected: Option<(&str, &str)>| {
            message.traceparent = Some(said.to_owned());
            assert_eq!(caller(message), expected, "{said}");
        };
        let (trace, span) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
        check(
            &mut message,
            &format!("00-{trace}-{span}-01"),
            Some((trace, span)),
        );
        check(
            &mut message,
            &format!("00-{trace}-0000000000000000-01"),
            None,
        );
        check(&mut message, &format!("00-{trace}-{span}0-01"), None);
        check(&mut message, "nonsense", None);
        let id = span_id(message.id, "deliver", "erp");
        assert_eq!(id, span_id(message.id, "deliver", "erp"));
        assert_ne!(id, span_id(message.id, "deliver", "crm"));
        assert_eq!(id.len(), 16);
    }
}
