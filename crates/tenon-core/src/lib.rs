//! The vocabulary of the hub: messages, entities, identifiers, money, kinds of failure, schemas.
//!
//! Everything here is pure. *Architecture invariant*: this crate opens no socket, file or
//! database, reads no clock except to stamp a new identifier, and knows no system by name.

pub mod approval;
pub mod bom;
pub mod case;
pub mod customer;
pub mod document;
pub mod engineering_change;
mod entity;
mod failure;
mod ids;
pub mod interaction;
pub mod inventory;
pub mod invoice;
pub mod item;
mod message;
pub mod money;
pub mod opportunity;
pub mod order;
mod problem;
pub mod purchase_order;
pub mod receipt;
mod reference;
pub mod requisition;
mod schema;
pub mod sell_out;
pub mod shipment;
mod supplier;
pub mod supply_plan;
pub mod text;
mod whole;

pub use entity::{Entity, Fact, MessageKind};
pub use failure::{Failure, FailureKind};
pub use ids::{
    CorrelationId, InvalidName, LONGEST_NATIVE_ID, MasterId, MessageId, NativeId, OrderingKey,
    SystemName,
};
pub use message::{
    Attributes, Canonical, InvalidAttributes, Message, Native, NativeBody, Outbound,
};
pub use problem::{ConfigProblem, Position, nearest};
pub use reference::Reference;
pub use schema::{MASK, Personal, ProposedSchema, Schema, Violation, schema};
pub use supplier::Supplier;

/// A moment in UTC, RFC 3339 on the wire.
pub type Timestamp = jiff::Timestamp;
