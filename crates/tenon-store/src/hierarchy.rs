//! Who belongs to whom: head office and branch, group and member. No SQL here.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use tenon_core::{MasterId, MessageId};

use crate::error::unreadable;
use crate::{Commit, StoreError};

/// In what way one master belongs to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Affiliation {
    /// A branch of its head office: one legal person, invoiced apart.
    Branch,
    /// A company of its group: a legal person of its own.
    Member,
}

impl Affiliation {
    /// The name in tables: `branch`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Branch => "branch",
            Self::Member => "member",
        }
    }
}

impl std::str::FromStr for Affiliation {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "branch" => Ok(Self::Branch),
            "member" => Ok(Self::Member),
            other => Err(format!("`{other}` is neither branch nor member")),
        }
    }
}

/// One master belongs to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Belonging {
    /// Who belongs.
    pub child: MasterId,
    /// To whom.
    pub parent: MasterId,
    /// In what way.
    pub kind: Affiliation,
    /// The command that said so.
    pub message_id: MessageId,
}

/// A change of whom a master belongs to; it replaces what was said before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BelongingWrite {
    /// Who belongs.
    pub child: MasterId,
    /// To whom and how; `None` to nobody any more.
    pub to: Option<(MasterId, Affiliation)>,
    /// The command, or the record that says so.
    pub message_id: MessageId,
    /// Whether it gives way to what was said before: the machine's word.
    pub yields: bool,
}

/// Whether belongings may be written beside other writers: a circle needs two masters that are known
/// to others.
pub(crate) fn may_close_a_circle(commit: &Commit) -> bool {
    let masters = commit.masters.iter();
    let new: BTreeSet<MasterId> = masters
        .filter(|write| write.replaces.is_none())
        .map(|write| write.row.master_id)
        .collect();
    commit.belongings.iter().any(|belonging| {
        let parent = belonging.to.map(|(parent, _)| parent);
        !new.contains(&belonging.child) && !parent.is_some_and(|parent| new.contains(&parent))
    })
}

/// A row of the affiliations as the databases return it: child, parent, kind, message.
pub(crate) type BelongingRow = (uuid::Uuid, uuid::Uuid, String, uuid::Uuid);

pub(crate) fn belonging(row: BelongingRow) -> Result<Belonging, StoreError> {
    let (child, parent, kind, message_id) = row;
    Ok(Belonging {
        child: MasterId(child),
        parent: MasterId(parent),
        kind: kind
            .parse()
            .map_err(|error: String| unreadable("an affiliation", error))?,
        message_id: MessageId(message_id),
    })
}

/// Why a belonging was not written: what was looked up is no more so.
pub(crate) fn cycle() -> StoreError {
    StoreError::Conflict("a master would belong to itself".to_owned())
}
