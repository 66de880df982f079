//! Golden records with what they were made from, now and before. No SQL here.

use serde::{Deserialize, Serialize};
use tenon_core::customer::Customer;
use tenon_core::{MasterId, Timestamp};
use tenon_master::{GoldenRecord, Pin, SourceRecord};
use uuid::Uuid;

use crate::StoreError;
use crate::rows::{from_json, timestamp};

/// The golden record of one master with all that it was made from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GoldenRow {
    /// The master.
    pub master_id: MasterId,
    /// Rises by one with each change; the `sequence` of messages that state it.
    pub version: i64,
    /// The surviving values, each with its provenance.
    pub golden: GoldenRecord,
    /// What it was made from.
    pub sources: Sources,
    /// The master into which it was merged: its golden record stands still, and its sources are there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<MasterId>,
}

/// What a golden record was made from, and what it said of late.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Sources {
    /// What each system last said of its own accord, one entry a native id.
    pub statements: Vec<Statement>,
    /// The golden record's latest versions, oldest first: what systems that repeat it may have got.
    pub recent: Vec<(i64, Customer)>,
    /// The masters that were merged into it, directly or through each other.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub merged: Vec<MergedMaster>,
    /// What people have set, the master's own before those of the merged.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pins: Vec<OwnedPin>,
}

/// What a system said of its own accord.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Statement {
    /// The statement.
    pub record: SourceRecord,
    /// The version of the golden record that followed from it.
    pub version: i64,
    /// The master to which it belongs when no merge is counted; absent where that is its master.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<MasterId>,
}

/// A new or changed golden record.
#[derive(Debug, Clone)]
pub struct MasterWrite {
    /// As it shall stand; `row.version` is the new version.
    pub row: GoldenRow,
    /// The version it replaces; `None` for a new master. Another version is a conflict.
    pub replaces: Option<i64>,
}

/// A pin, and whose it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnedPin {
    /// What was set.
    pub pin: Pin,
    /// The master to which it belongs when no merge is counted; absent where that is its master.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<MasterId>,
}

/// A golden record as it stood from some moment on.
#[derive(Debug, Clone, PartialEq)]
pub struct Version {
    /// The master.
    pub master_id: MasterId,
    /// The version.
    pub version: i64,
    /// Since when.
    pub at: Timestamp,
    /// The surviving values.
    pub golden: GoldenRecord,
    /// The master into which it was merged at that time.
    pub merged_into: Option<MasterId>,
}

/// A version from its columns.
pub(crate) fn version(
    master_id: MasterId,
    row: (i64, i64, String, Option<Uuid>),
) -> Result<Version, StoreError> {
    let (version, at, golden, merged_into) = row;
    Ok(Version {
        master_id,
        version,
        at: timestamp(at)?,
        golden: from_json("a golden record", &golden)?,
        merged_into: merged_into.map(MasterId),
    })
}

/// A master that was merged into the one whose sources name it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MergedMaster {
    /// Which.
    pub master_id: MasterId,
    /// Into which it was merged; not the present one, if that one was merged in its turn.
    pub into: MasterId,
    /// The version of the golden record that followed from the merge; of the latest, if there were several.
    pub version: i64,
    /// What its golden record, and those above it, said before that version, oldest first.
    pub recent: Vec<(i64, Customer)>,
}
