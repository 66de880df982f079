//! The connector SDK: what joins an existing application to the hub.
//!
//! A *system* is described by one TOML file ([`System`]). Its *transport* says how it is reached
//! (files, SQL, HTTP); an [`Inlet`] takes one entity in, an [`Outlet`] gives one out, each through a
//! jq [`Mapping`]. A connector crate adds presets: built-in endpoints and mappings.
//!
//! *Architecture invariant*: nothing here knows the broker, the store or another system. Loading
//! a system is pure but for reading its files; [`Transport`] opens connections only when asked.

mod assembly;
pub mod cases;
mod cause;
mod config;
pub mod conformance;
mod files;
mod http;
mod humane;
mod key;
mod limits;
pub mod mapping;
mod ports;
mod preset;
mod reference;
mod schedule;
mod secret;
mod sql;
mod system;
mod watermark;

pub use cause::{from_http_status, from_io};
pub use config::{Document, KeyProblem};
pub use files::{TableFile, TableRow};
pub use http::webhook;
pub use humane::Humane;
pub use key::KeyPath;
pub use limits::RateLimit;
pub use mapping::{CodeTables, Mapping};
pub use ports::{
    Checkpoint, Delivered, Guarantee, Inlet, Intake, Outlet, Permit, Received, RetryPolicy, Sink,
    Sole, Source, Transport, Webhook, WebhookAuth, superseded,
};
pub use preset::{ConnectorKind, Preset};
pub use reference::{FileKey, keys};
pub use schedule::{Schedule, Window};
pub use secret::{Secret, SecretProblem};
pub use system::{CaseFile, Deployment, System};

/// Log targets that carry values of records. Whoever sets up the log must switch them off.
///
/// What an ODBC driver says of a row that a database refuses names its values; the failure tells it without.
pub const PAYLOAD_LOG_TARGETS: [&str; 1] = ["odbc_api"];
