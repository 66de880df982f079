//! Commands that people give about master records: merge and unmerge, split, approve and reject, pin,
//! reserve a code, claim, affiliate.
//!
//! A command is a message. It travels the inbound queue, is decided in the resolve stage from what the
//! store knows, and is journaled in one transaction with all its effects and with the events that
//! follow from it; so it is durable, ordered, audited and traced, and two nodes or a crash cannot do it
//! by halves or twice. There is no second way to change a master. Who gave it waits for its entry in
//! the journal.
//!
//! *Architecture invariant*: deciding is pure. A command that is refused changes nothing.

mod changes;
mod claiming;
mod decide;
mod doubts;
mod grading;
mod hierarchy;
mod items;
mod joining;
mod judging;
mod listing;
mod merges;
mod pairs;
mod pinning;
mod reading;
mod resting;

use std::fmt;
use std::time::{Duration, Instant};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tenon_core::customer::Grade;
use tenon_core::{
    Attributes, Entity, Fact, Failure, MasterId, Message, MessageId, MessageKind, Native,
    NativeBody, NativeId, OrderingKey, SystemName,
};
use tenon_master::Codes;
use tenon_store::{Affiliation, ReviewId, SharedStore};

use crate::Accept;
use crate::courier::store_failure;

pub use changes::Changes;
pub(crate) use decide::{decide_command, look_deeper, look_up_command, tell};
pub use doubts::{ItemCandidate, ItemDecision, ItemReview, ItemSide};
pub(crate) use joining::{remember, repeatable};
pub use listing::{Fullness, Listing, fullness};
pub use merges::MergeView;
pub use pairs::{Comparison, NamedMaster, ReviewDecision, ReviewView};
pub use reading::{
    AffiliationView, CauseView, ChangeView, ClaimView, MasterView, PinView, RecordView, StageView,
    StatedBy, VersionView, moment,
};

/// The inlet that a command names: none of a system's.
const INLET: &str = "steward";
/// How long who gave a command waits for it to be decided.
const PATIENCE: Duration = Duration::from_secs(20);
/// The longest pause between two looks into the journal.
const LONGEST_PAUSE: Duration = Duration::from_millis(200);
/// The most characters of a name or a reason.
const MOST: usize = 500;

/// What a person commands, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Command {
    /// Who, as the audit names the person.
    pub by: String,
    /// Why; may be empty where nothing stands against it.
    #[serde(default)]
    pub because: String,
    /// What.
    pub act: Act,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Act {
    /// Two masters are one customer.
    Merge {
        /// Keeps its id and its code.
        survivor: MasterId,
        /// Becomes another name of the survivor.
        merged: MasterId,
    },
    /// A merge was a mistake.
    Unmerge {
        /// The master that was merged.
        merged: MasterId,
    },
    /// Some records of a master are another customer.
    Split {
        /// The master.
        master: MasterId,
        /// The records that are the other.
        records: Vec<RecordName>,
    },
    /// The pair of a review is one customer: the two are merged.
    Approve {
        /// The review.
        review: ReviewId,
        /// Who keeps its id and its code; the elder, if it is not said.
        #[serde(default)]
        survivor: Option<MasterId>,
    },
    /// The pair of a review are two customers. It is never asked about again.
    Reject {
        /// The review.
        review: ReviewId,
    },
    /// What was said of the pair of a review is taken back, and it is asked about again. Two that were merged are parted
    /// before.
    Reopen {
        /// The review.
        review: ReviewId,
    },
    /// A field has this value, whatever systems say, until the pin is released.
    Pin {
        /// The master.
        master: MasterId,
        /// The field: `legal_name`.
        field: String,
        /// Its value, as the customer schema has it.
        value: Value,
    },
    /// A field has again the value that survives of what systems say.
    Release {
        /// The master.
        master: MasterId,
        /// The field.
        field: String,
    },
    /// A code is kept for the system that will bring it: the hub issues it to nobody.
    ReserveCode {
        /// The code.
        code: String,
    },
    /// A reserved code may be issued again.
    FreeCode {
        /// The code.
        code: String,
    },
    /// Somebody looks after a prospect for so many days; renews, if it is the same owner.
    Claim {
        /// The master.
        master: MasterId,
        /// Who: a seller, a dealer.
        owner: String,
        /// For how long.
        days: u16,
    },
    /// The owner of a claim leaves it to another; it expires as it would have.
    HandOver {
        /// The master.
        master: MasterId,
        /// Who has it now.
        from: String,
        /// Who is to have it.
        to: String,
    },
    /// The owner of a claim gives it up.
    GiveUp {
        /// The master.
        master: MasterId,
        /// Who has it now.
        owner: String,
    },
    /// A master belongs to another; what was said before is replaced.
    Affiliate {
        /// The branch, or the company of a group.
        child: MasterId,
        /// Its head office, or its group.
        parent: MasterId,
        /// Which of the two.
        kind: Affiliation,
    },
    /// A master belongs to nobody any more.
    Detach {
        /// The master.
        child: MasterId,
    },
    /// A customer who signed and has not bought for as long as is configured is dormant. The hub gives
    /// this command by itself; it has no effect on anybody else.
    Rest {
        /// The customer.
        master: MasterId,
    },
    /// A customer has this grade from now on, with what the grade brings.
    Grade {
        /// The master.
        master: MasterId,
        /// The grade.
        grade: Grade,
        /// Days that it has to pay; its own stay, if it is not said.
        #[serde(default)]
        credit_days: Option<u32>,
        /// How early it is served: 1 before 2.
        #[serde(default)]
        priority: Option<u32>,
    },
    /// A customer is not to have the grade that its score proposes.
    DeclineGrade {
        /// The master.
        master: MasterId,
        /// The grade.
        grade: Grade,
    },
    /// How well a customer works with us, in a person's judgement.
    Rate {
        /// The master.
        master: MasterId,
        /// From 0 to 100.
        cooperation: u8,
    },
    /// Two systems' records are one item; at least one of them is known.
    SameItem {
        /// The record that waits.
        record: RecordName,
        /// The one that it is.
        other: RecordName,
    },
    /// A record is an item of its own, whatever it is like.
    NewItem {
        /// The record that waits.
        record: RecordName,
    },
}

/// A system's record by its name there.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordName {
    /// The system.
    pub system: SystemName,
    /// The record's id there.
    pub native_id: NativeId,
}

impl fmt::Display for RecordName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.system, self.native_id)
    }
}

impl Act {
    /// The masters that it names, the one whose lane it belongs to first.
    fn masters(&self) -> Vec<MasterId> {
        match self {
            Self::Merge { survivor, merged } => vec![*survivor, *merged],
            Self::Unmerge { merged } => vec![*merged],
            Self::Rest { master } => vec![*master],
            Self::Split { master, .. } => vec![*master],
            Self::Approve { survivor, .. } => survivor.iter().copied().collect(),
            Self::Pin { master, .. }
            | Self::Release { master, .. }
            | Self::Claim { master, .. }
            | Self::HandOver { master, .. }
            | Self::GiveUp { master, .. }
            | Self::Grade { master, .. }
            | Self::DeclineGrade { master, .. }
            | Self::Rate { master, .. } => vec![*master],
            Self::Affiliate { child, parent, .. } => vec![*child, *parent],
            Self::Detach { child } => vec![*child],
            Self::Reject { .. }
            | Self::Reopen { .. }
            | Self::ReserveCode { .. }
            | Self::FreeCode { .. }
            | Self::SameItem { .. }
            | Self::NewItem { .. } => Vec::new(),
        }
    }

    /// Its name in its document: `merge`.
    pub fn name(&self) -> String {
        let document = serde_json::to_value(self).unwrap_or_default();
        let name = document.as_object().and_then(|act| act.keys().next());
        name.cloned().unwrap_or_default()
    }

    /// What it is about.
    fn entity(&self) -> Entity {
        match self {
            Self::SameItem { .. } | Self::NewItem { .. } => Entity::Item,
            _ => Entity::Customer,
        }
    }
}

impl Command {
    /// Reads the body of a commanding message.
    pub(crate) fn read(json: &[u8]) -> Result<Self, Failure> {
        serde_json::from_slice(json)
            .map_err(|error| Failure::invalid("command.malformed", error.to_string()))
    }

    fn check(&self) -> Result<(), Failure> {
        let invalid = |detail: &str| Err(Failure::invalid("command.invalid", detail.to_owned()));
        if self.by.trim().is_empty() {
            return invalid("a command needs the name of who gives it");
        }
        if self.by.chars().count() > MOST || self.because.chars().count() > MOST {
            return invalid("name and reason may have 500 characters each");
        }
        Ok(())
    }

    /// The command as a message. The same `key` is the same command: it takes effect once.
    pub(crate) fn message(&self, key: Option<&str>) -> Result<Message<Native>, Failure> {
        let body = serde_json::to_vec(self)
            .map_err(|error| Failure::bug("command.unwritable", error.to_string()))?;
        let entity = self.act.entity();
        let mut attributes = Attributes::received(SystemName::hub(), entity, INLET, None, key);
        attributes.kind = MessageKind::of(entity, Fact::Commanded);
        if let Some(master) = self.act.masters().first() {
            attributes.ordering_key = lane(*master);
        }
        Ok(Message {
            attributes,
            body: Native {
                body: NativeBody::Json(Bytes::from(body)),
                origin: format!("steward {}", self.by),
            },
        })
    }
}

/// The lane of a customer's golden record.
fn lane(master: MasterId) -> OrderingKey {
    OrderingKey(format!("{}/{master}", Entity::Customer))
}

/// What became of a command.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// It was done.
    Done {
        /// The command's message.
        message_id: MessageId,
        /// The masters that it changed, in the order of the command.
        masters: Vec<MasterId>,
        /// What it changed.
        #[serde(skip)]
        changes: Changes,
    },
    /// It was not done, and nothing changed.
    Refused {
        /// The command's message.
        message_id: MessageId,
        /// Stable, for programs: `master.unknown`.
        code: String,
        /// Why, and what to do.
        detail: String,
    },
    /// No node has decided it yet. It is durable and will be.
    Underway {
        /// The command's message.
        message_id: MessageId,
    },
}

impl Outcome {
    /// Whether what was asked for is so now, or was so before.
    fn stands(&self) -> bool {
        match self {
            Self::Done { .. } => true,
            Self::Refused { code, .. } => matches!(code.as_str(), "item.same" | "item.linked"),
            Self::Underway { .. } => false,
        }
    }
}

/// Takes commands, and tells what became of them. Cheap to clone.
#[derive(Clone)]
pub struct Steward {
    accept: Accept,
    store: SharedStore,
    codes: Codes,
}

impl Steward {
    /// A steward's desk at a node's front door.
    pub fn new(accept: Accept, store: SharedStore) -> Self {
        let codes = Codes::default();
        Self {
            accept,
            store,
            codes,
        }
    }

    /// The same, for one who knows which codes there are.
    pub fn with_codes(self, codes: Codes) -> Self {
        Self { codes, ..self }
    }

    /// Gives a command and waits until it is decided, 20 seconds at most.
    ///
    /// `key` names the command where the caller may give it again: under one key it takes effect
    /// once, and the second caller is told what became of the first.
    ///
    /// # Errors
    /// `Invalid` for a command that says too little; `Transient` when broker or store are away. If
    /// that is after the broker took it, it is decided all the same.
    pub async fn command(&self, command: &Command, key: Option<&str>) -> Result<Outcome, Failure> {
        command.check()?;
        let message = command.message(key)?;
        self.accept.accept(std::slice::from_ref(&message)).await?;
        let message_id = message.attributes.id;
        let began = Instant::now();
        let mut pause = Duration::from_millis(5);
        loop {
            if let Some(outcome) = self.outcome(message_id).await? {
                if outcome.stands() {
                    self.go_on(command).await?;
                }
                return Ok(outcome);
            }
            if began.elapsed() > PATIENCE {
                return Ok(Outcome::Underway { message_id });
            }
            tokio::time::sleep(pause).await; // why: the journal does not call back
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// What became of a command; `None` while it is not decided.
    async fn outcome(&self, message_id: MessageId) -> Result<Option<Outcome>, Failure> {
        let payloads = self.store.payloads(message_id).await;
        let payloads = payloads.map_err(|error| store_failure(&error))?;
        let Some(canonical) = payloads.and_then(|payloads| payloads.canonical) else {
            return Ok(None);
        };
        let unreadable = |error: serde_json::Error| {
            Failure::bug(
                "command.outcome",
                format!("the outcome is unreadable: {error}"),
            )
        };
        let verdict = serde_json::from_slice(&canonical).map_err(unreadable)?;
        Ok(Some(match verdict {
            Verdict::Done { masters, changes } => Outcome::Done {
                message_id,
                masters,
                changes,
            },
            Verdict::Refused { code, detail } => Outcome::Refused {
                message_id,
                code,
                detail,
            },
        }))
    }
}

/// What is journaled as the canonical body of a command.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    Done {
        masters: Vec<MasterId>,
        // Of an older release's command it is not known.
        #[serde(default)]
        changes: Changes,
    },
    Refused {
        code: String,
        detail: String,
    },
}

impl Verdict {
    fn body(&self) -> Bytes {
        // Texts and identifiers can always be written.
        Bytes::from(serde_json::to_vec(self).unwrap_or_default())
    }
}

/// The message that follows from another, by its number: the same on every node.
pub(crate) fn follower(command: MessageId, number: usize) -> MessageId {
    MessageId::derive(&[&command.to_string(), &number.to_string()])
}

/// The most messages that follow from one command.
const FOLLOWERS: usize = 2;

/// A customer as a canonical body.
fn body(customer: &tenon_core::customer::Customer) -> Value {
    serde_json::to_value(customer).unwrap_or_default()
}

#[cfg(test)]
mod tests;
