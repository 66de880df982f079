//! The audit trail: entries that each hold the hash of the one before.
//!
//! An entry that is altered, taken out, put in or moved breaks the chain at its place. Who can write
//! all of the table could make the chain anew from there; therefore the head's hash, which every export
//! and `tenon audit verify` print, is to be kept elsewhere: a chain that does not hold it was tampered with.

use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tenon_core::Timestamp;

/// What stands before the first entry.
pub(crate) const START: [u8; 32] = [0; 32];

/// What is to be written down; the store adds place, time and hash.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditDraft {
    /// Who did it: an account's name, a token's, or the name that was given.
    pub who: String,
    /// By what means: `session`, `token`, `command line`, `hub`, `nobody`.
    pub via: String,
    /// From where: an address, or the machine of a command line.
    pub origin: String,
    /// What was done: `user.altered`.
    pub action: String,
    /// To what.
    pub subject: String,
    /// What came of it: `done`, or the code of the problem.
    pub outcome: String,
    /// `before` and `after`, and what else helps; never a secret.
    pub detail: Value,
}

impl AuditDraft {
    /// As it is written: with texts that both databases can keep.
    pub(crate) fn cleaned(&self) -> Self {
        let clean = |text: &str| crate::rows::clean(text).into_owned();
        Self {
            who: clean(&self.who),
            via: clean(&self.via),
            origin: clean(&self.origin),
            action: clean(&self.action),
            subject: clean(&self.subject),
            outcome: clean(&self.outcome),
            detail: self.detail.clone(),
        }
    }
}

/// An entry of the trail.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AuditEntry {
    /// Its place, from 1 without a gap.
    pub position: i64,
    /// When.
    pub at: Timestamp,
    /// Who did it.
    pub who: String,
    /// By what means.
    pub via: String,
    /// From where.
    pub origin: String,
    /// What was done.
    pub action: String,
    /// To what.
    pub subject: String,
    /// What came of it.
    pub outcome: String,
    /// What else helps.
    pub detail: Value,
    /// The hash of the entry before.
    pub previous: String,
    /// The hash of this one.
    pub hash: String,
    /// The detail as it was hashed.
    #[serde(skip)]
    pub(crate) written: String,
}

/// Which entries.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AuditFilter {
    /// Only by this one.
    pub who: Option<String>,
    /// Only these: an action, or all of a kind (`user.`).
    pub action: Option<String>,
    /// Only about this.
    pub subject: Option<String>,
    /// Only at or after this time.
    pub since: Option<Timestamp>,
    /// Only before this time.
    pub until: Option<Timestamp>,
    /// Whether the oldest come first, instead of the newest.
    pub oldest_first: bool,
}

/// The first place where a chain does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChainBreak {
    /// The place.
    pub position: i64,
    /// What is wrong there.
    pub reason: String,
}

/// The hash of an entry: SHA-256 over a JSON list of its parts in this order, its time in microseconds
/// since 1970, its detail as text, and the hash before it in hexadecimal.
pub(crate) fn seal(
    position: i64,
    at: i64,
    draft: &AuditDraft,
    detail: &str,
    previous: &[u8],
) -> [u8; 32] {
    let AuditDraft {
        who,
        via,
        origin,
        action,
        subject,
        outcome,
        ..
    } = draft;
    let previous = hex::encode(previous);
    let parts = (
        position, at, who, via, origin, action, subject, outcome, detail, previous,
    );
    // Texts and numbers always make JSON.
    Sha256::digest(serde_json::to_vec(&parts).unwrap_or_default()).into()
}

/// Checks entries that follow the one of `position` with `hash`; where nothing precedes, `(0, "")`.
///
/// Returns the first break, or the place and hash of the last entry, to go on with.
///
/// # Errors
/// [`ChainBreak`].
pub fn first_break(
    after: (i64, String),
    entries: &[AuditEntry],
) -> Result<(i64, String), ChainBreak> {
    let (mut position, mut hash) = after;
    if position == 0 {
        hash = hex::encode(START);
    }
    for entry in entries {
        let broken = |reason: String| ChainBreak {
            position: entry.position,
            reason,
        };
        if entry.position != position + 1 {
            let missing = format!("entry {} is missing before it", position + 1);
            return Err(broken(missing));
        }
        if entry.previous != hash {
            return Err(broken("it does not follow the entry before it".to_owned()));
        }
        let draft = AuditDraft {
            who: entry.who.clone(),
            via: entry.via.clone(),
            origin: entry.origin.clone(),
            action: entry.action.clone(),
            subject: entry.subject.clone(),
            outcome: entry.outcome.clone(),
            detail: Value::Null,
        };
        let previous = hex::decode(&hash).unwrap_or_default();
        let at = entry.at.as_microsecond();
        let sealed = seal(entry.position, at, &draft, &entry.written, &previous);
        if hex::encode(sealed) != entry.hash {
            return Err(broken("it was altered after it was written".to_owned()));
        }
        (position, hash) = (entry.position, entry.hash.clone());
    }
    Ok((position, hash))
}
