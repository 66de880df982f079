//! What `tenon parked` offers for messages that wait.

use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::{Config, Giver};

/// Messages that wait: see, try, send again, correct, give up.
#[derive(Debug, Subcommand)]
pub(crate) enum Parked {
    /// List them, oldest first.
    List(ParkedSelection),
    /// Show one: why it waits, its body, what was tried, and what a redrive would send now.
    Show {
        #[command(flatten)]
        config: Config,
        /// Its number, from `list`.
        id: i64,
        /// Write JSON.
        #[arg(long)]
        json: bool,
    },
    /// Send them again, in order.
    Redrive(Redriving),
    /// List redrives, the latest first: who began them, why, and how far they have come.
    Redrives {
        #[command(flatten)]
        config: Config,
        /// At most so many.
        #[arg(long, default_value_t = 20)]
        limit: u32,
        /// Write JSON.
        #[arg(long)]
        json: bool,
    },
    /// Stop a redrive after the portion in hand.
    Stop {
        #[command(flatten)]
        config: Config,
        /// Its number, from `redrives`.
        id: i64,
    },
    /// Let a redrive go on that was stopped or interrupted, from where it was left.
    Resume {
        #[command(flatten)]
        config: Config,
        /// Its number, from `redrives`.
        id: i64,
        /// Write JSON.
        #[arg(long)]
        json: bool,
    },
    /// Propose another body for one; it is used when a second person approves it.
    Correct {
        #[command(flatten)]
        giver: Giver,
        /// Its number, from `list`.
        id: i64,
        /// The body: the native record of a message on its way in, the canonical body of one on its way
        /// out; `-` for standard input.
        file: PathBuf,
    },
    /// List corrections, or show one with what it changes.
    Corrections(Corrections),
    /// Approve a correction that another person proposed; the message is sent again with it.
    Approve {
        #[command(flatten)]
        giver: Giver,
        /// The correction's number, from `corrections`.
        id: i64,
    },
    /// Reject a correction that another person proposed.
    Reject {
        #[command(flatten)]
        giver: Giver,
        /// The correction's number, from `corrections`.
        id: i64,
    },
    /// Give them up: those that are named by number or by an option.
    Drop {
        #[command(flatten)]
        selection: ParkedSelection,
        /// Who gives them up; kept with each message.
        #[arg(long, env = "USER", hide_env_values = true, default_value = "operator")]
        by: String,
        /// Why; kept in the journal.
        #[arg(long)]
        because: String,
    },
}

/// What is sent again, and how.
#[derive(Debug, Args)]
pub(crate) struct Redriving {
    #[command(flatten)]
    pub(crate) selection: ParkedSelection,
    /// Only show what would be sent, and how that differs from what the target was given before.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Send even what a later message of the same record has overtaken.
    #[arg(long)]
    pub(crate) force: bool,
    /// Send at most so many a second. When it is interrupted, a running hub goes on with it; so does
    /// `tenon parked resume`.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) per_second: Option<NonZeroU32>,
    /// Who sends them again; kept with each message.
    #[arg(long, env = "USER", hide_env_values = true, default_value = "operator")]
    pub(crate) by: String,
    /// Why; kept with each message.
    #[arg(long, default_value = "")]
    pub(crate) because: String,
}

/// Which corrections.
#[derive(Debug, Args)]
pub(crate) struct Corrections {
    #[command(flatten)]
    pub(crate) config: Config,
    /// Show this one.
    pub(crate) id: Option<i64>,
    /// Only in this state.
    #[arg(long, value_parser = ["proposed", "approved", "rejected"])]
    pub(crate) state: Option<String>,
    /// Write JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// A direction of the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Way {
    /// From a system: not translated or validated.
    In,
    /// To a system: not delivered.
    Out,
}

/// Which parked messages: those of which everything holds that is given.
#[derive(Debug, Args)]
pub(crate) struct ParkedSelection {
    #[command(flatten)]
    pub(crate) config: Config,
    /// Numbers from `list`; without any, all that the options select.
    pub(crate) ids: Vec<i64>,
    /// Only of this system.
    #[arg(long)]
    pub(crate) system: Option<String>,
    /// Only about this entity.
    #[arg(long)]
    pub(crate) entity: Option<String>,
    /// Only about this record: its native id, its business key, or the message's id.
    #[arg(long, value_parser = naming)]
    pub(crate) key: Option<String>,
    /// Only with this text in the reason.
    #[arg(long, value_parser = naming)]
    pub(crate) reason: Option<String>,
    /// Only with this text in the body.
    #[arg(long, value_parser = naming)]
    pub(crate) text: Option<String>,
    /// Only those on this way.
    #[arg(long, value_enum)]
    pub(crate) way: Option<Way>,
    /// Only those parked since: a time, or a duration ago such as `2h`.
    #[arg(long)]
    pub(crate) since: Option<String>,
    /// Only those parked before: a time, or a duration ago.
    #[arg(long)]
    pub(crate) until: Option<String>,
    /// Write JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// A text that names some messages: an empty one would name them all.
fn naming(text: &str) -> Result<String, String> {
    match text.trim().is_empty() {
        true => Err("an empty text names every message; leave the option out".to_owned()),
        false => Ok(text.to_owned()),
    }
}
