//! How one record points at another.

use serde::{Deserialize, Serialize};

use crate::{MasterId, NativeId, SystemName};

/// A pointer to a customer, item, order…: by master id, or by a system's own id.
///
/// One of the two forms and nothing else: a reference with further keys is refused.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum Reference {
    /// The hub's own identity of the record.
    Master {
        /// The master's id.
        master_id: MasterId,
    },
    /// The record as one system calls it.
    Native {
        /// The system whose id it is.
        system: SystemName,
        /// That system's id.
        native_id: NativeId,
    },
}

impl Reference {
    /// A reference in a system's own terms.
    pub fn native(system: SystemName, native_id: impl Into<NativeId>) -> Self {
        Self::Native {
            system,
            native_id: native_id.into(),
        }
    }
}
