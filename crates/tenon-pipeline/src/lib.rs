//! Runs the stages of a message, in one process or split over several.
//!
//! ```text
//! source ─▶ accept ─▶ inbound.N ─▶ translate ─▶ validate ─▶ resolve ─▶ journal ─▶ route ─▶ deliver.<system>
//! deliver.<system> ─▶ lane ─▶ expand references ─▶ map ─▶ sink ─▶ settle
//! ```
//!
//! Inbound, a stage takes the type that only the stage before returns: `Arrived` → `Translated` →
//! `Canonical` → `Resolved`. Outbound, [`settle`] is the one function that turns what happened into
//! what becomes of a message. *Architecture invariant*: a broker delivery is acknowledged only after the
//! store has the message with all its effects; nothing is acknowledged on the way out of an error.

mod accept;
mod alike;
mod bells;
mod by_hand;
mod check;
mod claim;
mod compute;
mod courier;
mod dead_letter;
mod echo;
mod expand;
mod fail_point;
mod fellows;
mod halt;
mod health;
mod hub;
mod import;
mod inbound;
mod master;
mod pace;
mod poll;
mod redrive;
mod reload;
mod resolve;
mod retry;
mod settle;
mod spans;
mod steward;
mod systems;
mod topology;
mod translate;
mod wire;

pub use accept::Accept;
pub use by_hand::by_hand;
pub use check::{Checked, Known, Reason, check};
pub use dead_letter::{Buried, DEAD_LETTERS_AT_ONCE, DeadLetter, DeadLetters};
pub use fail_point::FailPoint;
pub use fellows::{ReloadedNode, ReloadedThere};
pub use health::{Component, ComponentState, Health, Pulse, Report, Tallies};
pub use hub::{Hub, Roles, Settings};
pub use import::{CustomerList, ListLikeness, Unfit, imported};
pub use master::{Likeness, MasterPolicy};
pub use redrive::{
    Preview, Redriven, Redriver, begin as begin_redrive, decide as decide_correction, difference,
    give_up, mapped, preview, propose as propose_correction, redrive, resend, since_last_attempt,
    turn as turn_redrive,
};
pub use reload::{NotReloaded, Reloader};
pub use spans::{SPANS, trace_id};
pub use steward::{
    Act, AffiliationView, CauseView, ChangeView, Changes, ClaimView, Command, Comparison, Fullness,
    ItemCandidate, ItemDecision, ItemReview, ItemSide, Listing, MasterView, MergeView, NamedMaster,
    Outcome, PinView, RecordName, RecordView, ReviewDecision, ReviewView, StageView, StatedBy,
    Steward, VersionView, fullness, moment,
};
pub use systems::Systems;
pub use topology::{DEAD_QUEUE, Depths, deliver_queue, inbound_queue, queues};
pub use translate::description;
pub use wire::{native_publication, parcel_publication};
