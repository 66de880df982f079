//! Messages, deliveries and counts as the API shows them.

pub(crate) mod commands;
pub(crate) mod masters;

use std::collections::BTreeMap;

use serde::Serialize;
use tenon_core::{
    CorrelationId, Entity, FailureKind, MasterId, MessageId, NativeId, SystemName, Timestamp,
};
use tenon_pipeline::trace_id;
use tenon_store::{
    Dashboard, DeliveryRecord, DeliveryState, Direction, JournalRecord, ParkedId, ParkedRecord,
    ParkedState, Trace,
};
use utoipa::ToSchema;

/// A journaled message, without its bodies.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MessageView {
    /// Names the message; the same event always has the same.
    #[schema(value_type = String)]
    id: MessageId,
    /// What happened, with the version of its schema.
    #[serde(rename = "type")]
    #[schema(example = "order.changed.v1")]
    kind: String,
    /// What it is about.
    #[schema(value_type = String, example = "order")]
    entity: Entity,
    /// The system it came from.
    #[schema(value_type = String, example = "crm")]
    source: SystemName,
    /// The inlet it came in by.
    inlet: String,
    /// The record's id in that system.
    #[schema(value_type = Option<String>)]
    native_id: Option<NativeId>,
    /// What people call the record by.
    #[schema(example = "SO-2026-000042")]
    business_key: Option<String>,
    /// The master record that it belongs to.
    #[schema(value_type = Option<String>)]
    master_id: Option<MasterId>,
    /// Names the story of which it is a part.
    #[schema(value_type = String)]
    correlation_id: CorrelationId,
    /// The message that it follows from.
    #[schema(value_type = Option<String>)]
    causation_id: Option<MessageId>,
    /// The trace, as OpenTelemetry names it, of which the spans of the message are.
    #[schema(example = "0af7651916cd43dd8448eb211c80319c")]
    trace_id: String,
    /// When it happened in the system.
    #[schema(value_type = String, format = DateTime)]
    occurred_at: Timestamp,
    /// When the hub took responsibility.
    #[schema(value_type = String, format = DateTime)]
    accepted_at: Timestamp,
    /// When the hub had decided what becomes of it.
    #[schema(value_type = String, format = DateTime)]
    journaled_at: Timestamp,
    /// Where in the source it stood.
    origin: String,
    /// `routed`, `filtered`, `unchanged`, `invalid`, `done`, `refused`, `dropped`.
    #[schema(example = "routed")]
    state: String,
    /// Why it is invalid, refused or dropped.
    detail: Option<String>,
    /// The systems it was routed to.
    #[schema(value_type = Vec<String>)]
    targets: Vec<SystemName>,
}

impl From<JournalRecord> for MessageView {
    fn from(record: JournalRecord) -> Self {
        let attributes = record.attributes;
        Self {
            trace_id: trace_id(&attributes),
            id: attributes.id,
            kind: attributes.kind.to_string(),
            entity: attributes.entity(),
            source: attributes.source,
            inlet: attributes.inlet,
            native_id: attributes.native_id,
            business_key: record.business_key,
            master_id: attributes.master_id,
            correlation_id: attributes.correlation_id,
            causation_id: attributes.causation_id,
            occurred_at: attributes.occurred_at,
            accepted_at: attributes.accepted_at,
            journaled_at: record.journaled_at,
            origin: record.origin,
            state: record.state,
            detail: record.detail,
            targets: record.targets,
        }
    }
}

/// What became of a message at one system.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeliveryView {
    /// The system.
    #[schema(value_type = String)]
    system: SystemName,
    /// `delivered`, `unchanged`, `superseded`, `filtered`, `parked`, `dropped`.
    #[schema(value_type = String, example = "delivered")]
    state: DeliveryState,
    /// The record's id there.
    #[schema(value_type = Option<String>)]
    native_id: Option<NativeId>,
    /// Attempts made.
    attempts: u32,
    /// When it came to stand so.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// The system's answer, or the reason.
    detail: String,
}

impl From<DeliveryRecord> for DeliveryView {
    fn from(record: DeliveryRecord) -> Self {
        Self {
            system: record.system,
            state: record.state,
            native_id: record.native_id,
            attempts: record.attempts,
            at: record.at,
            detail: record.detail,
        }
    }
}

/// A message and what became of it at each system that it was routed to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TraceView {
    /// The message.
    #[serde(flatten)]
    message: MessageView,
    /// One entry a system; a target without one is still on the way.
    deliveries: Vec<DeliveryView>,
}

impl From<Trace> for TraceView {
    fn from(trace: Trace) -> Self {
        Self {
            message: trace.message.into(),
            deliveries: trace
                .deliveries
                .into_iter()
                .map(DeliveryView::from)
                .collect(),
        }
    }
}

/// A message that waits.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ParkedView {
    /// Its number.
    #[schema(value_type = i64)]
    id: ParkedId,
    /// `inbound` or `outbound`.
    #[schema(value_type = String, example = "outbound")]
    direction: Direction,
    /// The system it came from, or goes to.
    #[schema(value_type = String)]
    system: SystemName,
    /// What it is about.
    #[schema(value_type = String)]
    entity: Entity,
    /// The message.
    #[schema(value_type = String)]
    message_id: MessageId,
    /// The system it came from.
    #[schema(value_type = String)]
    source: SystemName,
    /// The record's id there.
    #[schema(value_type = Option<String>)]
    native_id: Option<NativeId>,
    /// What it waits for: `failed` (a person), `retry`, `waiting` (a dependency), `behind`, `due`.
    #[schema(value_type = String, example = "waiting")]
    state: ParkedState,
    /// Kind of the failure, where one was the reason.
    #[schema(value_type = Option<String>)]
    kind: Option<FailureKind>,
    /// Stable code of the reason.
    code: String,
    /// The reason, for a person.
    reason: String,
    /// Attempts made in all.
    attempts: u32,
    /// When the next attempt is due.
    #[schema(value_type = Option<String>, format = DateTime)]
    retry_at: Option<Timestamp>,
    /// Since when it waits.
    #[schema(value_type = String, format = DateTime)]
    parked_at: Timestamp,
    /// How many messages stand behind it in its lane; counted up to 1,000.
    behind: u64,
    /// Since when the eldest of them does.
    #[schema(value_type = Option<String>, format = DateTime)]
    behind_since: Option<Timestamp>,
}

impl From<ParkedRecord> for ParkedView {
    fn from(record: ParkedRecord) -> Self {
        let attributes = record.parcel.attributes;
        Self {
            id: record.id,
            direction: record.direction,
            system: record.system,
            entity: attributes.entity(),
            message_id: attributes.id,
            source: attributes.source,
            native_id: attributes.native_id,
            state: record.state,
            kind: record.kind,
            code: record.code,
            reason: record.detail,
            attempts: record.attempts,
            retry_at: record.retry_at,
            parked_at: record.parked_at,
            behind: record.behind,
            behind_since: record.behind_since,
        }
    }
}

/// Counts by system and state.
pub(crate) type BySystem = BTreeMap<String, BTreeMap<String, u64>>;

/// Counts over everything.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Summary {
    /// Messages by state: `routed`, `unchanged`, `invalid` …
    messages: BTreeMap<String, u64>,
    /// Deliveries by system and state, of the systems that the caller may touch.
    deliveries: BySystem,
    /// Parked messages by system and state, of the same systems.
    parked: BySystem,
    /// Master records.
    masters: u64,
    /// Records of customers in the systems, those that the hub delivered included.
    links: u64,
    /// Records of customers that joined a master which another record had made.
    joined: u64,
    /// Median and 99th percentile from acceptance to outcome, in milliseconds, over the latest
    /// hundred thousand deliveries of the last hour.
    #[schema(value_type = Option<Vec<f64>>)]
    latency_ms: Option<(f64, f64)>,
}

impl Summary {
    /// Leaves out what is counted of other systems.
    pub(crate) fn keep_systems(&mut self, keep: impl Fn(&SystemName) -> bool) {
        for counts in [&mut self.deliveries, &mut self.parked] {
            counts.retain(|system, _| SystemName::new(system).is_ok_and(|system| keep(&system)));
        }
    }
}

impl From<Dashboard> for Summary {
    fn from(counts: Dashboard) -> Self {
        Self {
            messages: counts.messages,
            deliveries: counts.deliveries,
            parked: counts.parked,
            masters: counts.masters,
            links: counts.links,
            joined: counts.joined,
            latency_ms: counts.latency_ms,
        }
    }
}
