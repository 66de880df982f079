//! The contracts between a connector and the hub: sources, sinks, and what surrounds them.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use serde_json::Value;
use tenon_core::{
    Attributes, Entity, Failure, Message, Native, NativeBody, NativeId, Outbound, SystemName,
    Timestamp,
};

use crate::webhook::Seal;
use crate::{KeyPath, Mapping, Schedule, Secret};

/// How far a source has read, in its own terms. Kept by the hub, opaque to it.
pub type Checkpoint = Value;

/// One way in: an entity that a system sends.
#[derive(Debug, Clone)]
pub struct Inlet {
    /// The system.
    pub system: SystemName,
    /// Unique within the system; the entity's name unless configured otherwise.
    pub name: String,
    /// What it takes in.
    pub entity: Entity,
    /// Where the record's own id stands in the native record.
    pub key: KeyPath,
    /// Native → canonical.
    pub mapping: Arc<Mapping>,
    /// How records come.
    pub intake: Intake,
}

/// How records come in.
#[derive(Debug, Clone)]
pub enum Intake {
    /// The hub asks: a directory, a table, a page of an API.
    Poll {
        /// How long to wait after finding nothing.
        every: Duration,
        /// When it is asked at all; at any time without one.
        schedule: Option<Schedule>,
    },
    /// The system calls.
    Webhook(Webhook),
}

/// What a webhook demands of its callers.
#[derive(Debug, Clone)]
pub struct Webhook {
    /// How a caller proves itself.
    pub auth: WebhookAuth,
    /// The header that carries the system's own event id, if it has one.
    pub event_id_header: Option<String>,
    /// Only records for which this holds are taken; what else the system tells is answered and left.
    pub condition: Option<Arc<Mapping>>,
}

/// How a webhook's caller proves itself.
#[derive(Debug, Clone)]
pub enum WebhookAuth {
    /// A shared token in `Authorization: Bearer` or the named header.
    Token {
        /// The header; `authorization` takes a `Bearer` token.
        header: String,
        /// The token.
        token: Secret,
    },
    /// HMAC-SHA256 of the body in hexadecimal, in the named header, with or without `sha256=`.
    Hmac {
        /// The header.
        header: String,
        /// The shared secret.
        secret: Secret,
    },
    /// A signature and an encrypted body, as one of the platforms for approvals has them.
    Sealed(Seal),
}

impl Inlet {
    /// A message of this inlet from one decoded record.
    ///
    /// `event_id` is what makes a second reading of the same event recognisable; without one each
    /// call is an event of its own. `origin` tells a person where the record stood.
    pub fn message(
        &self,
        json: Bytes,
        event_id: Option<&str>,
        occurred_at: Option<Timestamp>,
        origin: String,
    ) -> Message<Native> {
        let (native_id, body) = match self.key.id(&json) {
            Ok(native_id) => (Some(native_id), NativeBody::Json(json)),
            Err(reason) => (None, NativeBody::Undecodable { raw: json, reason }),
        };
        self.assemble(native_id, event_id, occurred_at, Native { body, origin })
    }

    /// A message that records bytes which could not be decoded, so that nothing is lost.
    pub fn undecodable(
        &self,
        raw: Bytes,
        reason: String,
        event_id: Option<&str>,
        origin: String,
    ) -> Message<Native> {
        let native = Native {
            body: NativeBody::Undecodable { raw, reason },
            origin,
        };
        self.assemble(None, event_id, None, native)
    }

    fn assemble(
        &self,
        native_id: Option<NativeId>,
        event_id: Option<&str>,
        occurred_at: Option<Timestamp>,
        native: Native,
    ) -> Message<Native> {
        let mut attributes = Attributes::received(
            self.system.clone(),
            self.entity,
            self.name.clone(),
            native_id,
            event_id,
        );
        if let Some(occurred_at) = occurred_at {
            attributes.occurred_at = occurred_at;
        }
        Message {
            attributes,
            body: native,
        }
    }
}

/// What a source handed over in one go.
#[derive(Debug, Clone, Default)]
pub struct Received {
    /// The messages, in the system's order; at most a few hundred, a few MiB.
    pub messages: Vec<Message<Native>>,
    /// How far the source has read once these are durable.
    pub checkpoint: Option<Checkpoint>,
}

/// The receiving half of a connector. One task owns it.
#[async_trait]
pub trait Source: Send {
    /// Takes what the system has ready, in bounded portions, without waiting for more.
    ///
    /// Called again at once after a portion, and after the inlet's interval when there was none.
    /// Cancel safe. Nothing is marked as read in the system before [`Source::settle`].
    ///
    /// # Errors
    /// `Transient` when the system cannot be reached now; `Configuration` when a person must act
    /// (credentials, a missing table or directory). A record that cannot be decoded is no error:
    /// it comes as an undecodable message.
    async fn receive(&mut self) -> Result<Option<Received>, Failure>;

    /// Called once the portion last received is durable in the hub and its checkpoint kept:
    /// the file may be moved, the cursor advanced.
    ///
    /// # Errors
    /// As `receive`. The portion will not be sent twice: its messages' ids are recognised.
    async fn settle(&mut self) -> Result<(), Failure>;
}

/// One way out: an entity that a system is given.
#[derive(Debug, Clone)]
pub struct Outlet {
    /// The system.
    pub system: SystemName,
    /// What is given.
    pub entity: Entity,
    /// Only records for which this holds are given; `None` for all.
    pub condition: Option<Arc<Mapping>>,
    /// Canonical → native.
    pub mapping: Arc<Mapping>,
    /// Paths that must have a value before delivery (`.customer.golden.tax_id`); until the master
    /// record has them, the message waits.
    pub require: Vec<String>,
    /// Whether records that the system told of itself are left as they are there.
    pub keep_own: bool,
    /// What is done about transient failures.
    pub retry: RetryPolicy,
    /// What the target makes of a repeated delivery.
    pub guarantee: Guarantee,
}

/// What is done about transient failures, in the lane of the message's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Attempts in all before the message is parked.
    pub attempts: u32,
    /// The first pause; each further one doubles, with jitter.
    pub initial: Duration,
    /// The longest pause.
    pub max: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            attempts: 8,
            initial: Duration::from_millis(200),
            max: Duration::from_secs(60),
        }
    }
}

/// What a target makes of a repeated delivery: derived from the configuration, shown by `check`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guarantee {
    /// A repetition changes nothing: upsert by key, or an idempotency header.
    OnceInEffect,
    /// A crash between the target's effect and our note of it can repeat the effect.
    AtLeastOnce,
}

/// What became of a delivery that a target took.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Delivered {
    /// The record's id in the target, for the crosswalk.
    pub native_id: Option<NativeId>,
    /// The target's answer in a few words, for a person.
    pub answer: String,
}

/// The right to deliver, which a caller may lose while a call is under way: another node has it then.
#[async_trait]
pub trait Permit: Send + Sync {
    /// Whether it still holds. Cheap: it may be asked before each effect.
    async fn holds(&self) -> bool;
}

/// The right of a caller beside whom there is nobody.
#[derive(Debug, Clone, Copy)]
pub struct Sole;

#[async_trait]
impl Permit for Sole {
    async fn holds(&self) -> bool {
        true
    }
}

/// What a sink answers for a message that it did not give to the target, because its caller's
/// right to deliver was lost. The message waits for whoever has the right.
pub fn superseded() -> Failure {
    Failure::transient(
        "claim.lost",
        "another node may be delivering to this system now",
    )
    .retry_after(Duration::ZERO)
}

/// The delivering half of a connector. Shared; called by one lane worker at a time per entity.
#[async_trait]
pub trait Sink: Send + Sync {
    /// Whether the target would take deliveries now; changes nothing in it.
    async fn probe(&self) -> Result<(), Failure>;

    /// Delivers a batch in which no two messages share an ordering key.
    ///
    /// The answer has one entry for each message, in order. The whole batch may be one statement
    /// or many requests at once; a message that fails does not keep the others from being taken.
    /// Every call is bounded by the sink's own timeout.
    ///
    /// `permit` is asked as late as can be, right before an effect becomes one; once it does not
    /// hold, what is left is answered with [`superseded`] and not given to the target.
    async fn deliver(
        &self,
        batch: &[Message<Outbound>],
        permit: &dyn Permit,
    ) -> Vec<Result<Delivered, Failure>>;
}

/// How a system is reached: holds validated settings, opens connections only when asked.
#[async_trait]
pub trait Transport: Send + Sync + std::fmt::Debug {
    /// What the target makes of a repeated delivery of this entity, as configured.
    fn guarantee(&self, entity: Entity) -> Guarantee;

    /// Opens the source of a polled inlet, to go on after `checkpoint`.
    ///
    /// # Errors
    /// `Configuration` when it can never work as configured. Succeeds while the system is down.
    async fn open_source(
        &self,
        inlet: &Inlet,
        checkpoint: Option<Checkpoint>,
    ) -> Result<Box<dyn Source>, Failure>;

    /// Opens the sink of an outlet.
    ///
    /// # Errors
    /// As `open_source`.
    async fn open_sink(&self, outlet: &Outlet) -> Result<Arc<dyn Sink>, Failure>;

    /// What a webhook told, with what the system is asked for beside it: some tell only that
    /// something happened. As it came, unless the webhook is configured so.
    ///
    /// # Errors
    /// As the system's answers.
    async fn complete(&self, _inlet: &Inlet, record: Bytes) -> Result<Bytes, Failure> {
        Ok(record)
    }
}
