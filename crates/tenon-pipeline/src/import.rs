//! Records in the hub's own form: what a person brings in by hand before go-live, and what the hub says itself.
//!
//! They take the way of every record; only a mapping they do not need. The same record brought in
//! again is the same message, so that an import that broke off is simply run again.

mod list;

use bytes::Bytes;
use sha2::{Digest, Sha256};
use tenon_core::{Attributes, Entity, Message, Native, NativeBody, NativeId, SystemName};

pub use list::{CustomerList, ListLikeness, Unfit};

/// The inlet that imported records name: no configuration can call one so.
pub(crate) const IMPORT: &str = "(import)";

/// A record of `system` as a message; `canonical` is its body as the entity's schema has it, and
/// `origin` says where it stood: `customers.xlsx:17`.
pub fn imported(
    system: SystemName,
    entity: Entity,
    native_id: NativeId,
    canonical: Bytes,
    origin: String,
) -> Message<Native> {
    let digest = Sha256::digest(&canonical);
    let event = format!("{native_id}/{digest:x}");
    let native_id = Some(native_id);
    Message {
        attributes: Attributes::received(system, entity, IMPORT, native_id, Some(&event)),
        body: Native {
            body: NativeBody::Json(canonical),
            origin,
        },
    }
}
