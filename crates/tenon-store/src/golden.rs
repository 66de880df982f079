//! Golden records with what they were made from, now and before. No SQL here.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tenon_core::customer::{Customer, Stage};
use tenon_core::{Attributes, MasterId, MessageId, Timestamp};
use tenon_master::{GoldenRecord, Pin, SourceRecord};
use uuid::Uuid;

use crate::prospects;
use crate::rows::{self, from_json, timestamp};
use crate::{ProspectClaim, StoreError};

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
    /// How it went through the sales life cycle, the latest last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stages: Vec<StageChange>,
}

/// A master as somebody who looks for it needs it: without what it was made from.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    /// The master.
    pub master_id: MasterId,
    /// The surviving values.
    pub customer: Customer,
    /// Who has claimed it, maybe not any more.
    pub claim: Option<ProspectClaim>,
}

/// A row of a list: master, golden record, and of the claim owner, since, until and message.
pub(crate) type ListedRow = (
    Uuid,
    String,
    Option<String>,
    Option<i64>,
    Option<i64>,
    Option<Uuid>,
);

pub(crate) fn listed(row: ListedRow) -> Result<Listed, StoreError> {
    let (master_id, golden, owner, since, until, message) = row;
    let claim = match (owner, since, until, message) {
        (Some(owner), Some(since), Some(until), Some(message)) => {
            Some(prospects::claim((master_id, owner, since, until, message))?)
        }
        _ => None,
    };
    let golden: GoldenRecord = from_json("a golden record", &golden)?;
    Ok(Listed {
        master_id: MasterId(master_id),
        customer: golden.customer,
        claim,
    })
}

/// A step in the sales life cycle.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StageChange {
    /// The stage that it came to.
    pub stage: Stage,
    /// When.
    pub at: Timestamp,
    /// What moved it, for a person: `order SO-1 of erp`.
    pub why: String,
    /// The message that did.
    pub message_id: MessageId,
    /// The master to which it belongs when no merge is counted; absent where that is its master.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<MasterId>,
}

impl Sources {
    /// Where the customer stands: of those that were merged, the furthest.
    pub fn stage(&self) -> Option<Stage> {
        let sides: BTreeMap<Option<MasterId>, Stage> = self
            .stages
            .iter()
            .map(|change| (change.of, change.stage))
            .collect();
        tenon_master::furthest(sides.into_values())
    }
}

/// Since when a customer bought last, and where it stands: what tells who falls dormant.
#[derive(Debug, Clone, PartialEq)]
pub struct Life {
    /// The customer.
    pub master_id: MasterId,
    /// Where it stands now; `None` leaves it as it is.
    pub stage: Option<Stage>,
    /// When it last bought, or changed its stage.
    pub active_at: Timestamp,
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
    /// The message that made it; of several in one batch, the last.
    pub message_id: MessageId,
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
    /// The message that made it, where that is known.
    pub message_id: Option<MessageId>,
    /// What the journal still knows of that message.
    pub attributes: Option<Attributes>,
}

/// A version as the databases return it: version, time, golden record, survivor, message and its attributes.
pub(crate) type VersionRow = (i64, i64, String, Option<Uuid>, Option<Uuid>, Option<String>);

/// A version from its columns.
pub(crate) fn version(master_id: MasterId, row: VersionRow) -> Result<Version, StoreError> {
    let (version, at, golden, merged_into, message_id, attributes) = row;
    Ok(Version {
        master_id,
        version,
        at: timestamp(at)?,
        golden: from_json("a golden record", &golden)?,
        merged_into: merged_into.map(MasterId),
        message_id: message_id.map(MessageId),
        attributes: attributes.as_deref().map(rows::attributes).transpose()?,
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

/// A stage's name in tables.
pub(crate) fn stage_name(stage: Stage) -> &'static str {
    match stage {
        Stage::Lead => "lead",
        Stage::Prospect => "prospect",
        Stage::Qualified => "qualified",
        Stage::Signed => "signed",
        Stage::InService => "in_service",
        Stage::Dormant => "dormant",
        Stage::Lost => "lost",
    }
}

/// The stage of that name, of those that [`stage_name`] writes.
pub(crate) fn stage_named(name: &str) -> Option<Stage> {
    serde_json::from_value(name.into()).ok()
}

/// Lives in the order in which every writer takes them, each customer once.
pub(crate) fn lives_in_order(lives: &[Life]) -> impl Iterator<Item = Life> {
    let mut last: BTreeMap<MasterId, Life> = BTreeMap::new();
    for life in lives {
        let known = last.entry(life.master_id).or_insert_with(|| life.clone());
        known.stage = life.stage.or(known.stage);
        known.active_at = known.active_at.max(life.active_at);
    }
    last.into_values()
}
