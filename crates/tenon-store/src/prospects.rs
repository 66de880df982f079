//! Who looks after a prospect for now: one at a time, until it expires. No SQL here.

use serde::{Deserialize, Serialize};
use tenon_core::{MasterId, MessageId, Timestamp};

use crate::StoreError;
use crate::rows::timestamp;

/// A claim on a master.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProspectClaim {
    /// The master.
    pub master_id: MasterId,
    /// Who claims it: a seller, a dealer.
    pub owner: String,
    /// Since when this owner has it.
    pub since: Timestamp,
    /// When it expires.
    pub until: Timestamp,
    /// The command that made, renewed or handed it over; each writer replaces the one it has seen.
    pub message_id: MessageId,
}

impl ProspectClaim {
    /// Whether it holds at a moment.
    pub fn holds_at(&self, moment: Timestamp) -> bool {
        moment < self.until
    }
}

/// A change of a claim.
#[derive(Debug, Clone, PartialEq)]
pub struct ProspectClaimWrite {
    /// The master.
    pub master_id: MasterId,
    /// As it shall stand; `None` when it is given up.
    pub claim: Option<ProspectClaim>,
    /// The command of the claim that it replaces; `None` where there was none. Another is a conflict.
    pub replaces: Option<MessageId>,
}

/// A row of the claims as the databases return it: master, owner, since, until, message.
pub(crate) type ClaimRow = (uuid::Uuid, String, i64, i64, uuid::Uuid);

pub(crate) fn claim(row: ClaimRow) -> Result<ProspectClaim, StoreError> {
    let (master_id, owner, since, until, message_id) = row;
    Ok(ProspectClaim {
        master_id: MasterId(master_id),
        owner,
        since: timestamp(since)?,
        until: timestamp(until)?,
        message_id: MessageId(message_id),
    })
}

/// Why a claim was not written.
pub(crate) fn conflict() -> StoreError {
    StoreError::Conflict("a claim was changed meanwhile".to_owned())
}
