//! What `tenon master` offers to the people who look after master records.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Config;

/// What people do with master records. A master is named by its id, its code, or a record SYSTEM/ID.
#[derive(Debug, Subcommand)]
pub(crate) enum Stewardship {
    /// Show a master: its golden record with who stated what, and the systems' records of it.
    Show {
        #[command(flatten)]
        config: Config,
        /// The master.
        master: String,
        /// Show the golden record as it stood then: a time, or a day (its end in UTC).
        #[arg(long, value_name = "TIME")]
        at: Option<String>,
        /// List its versions instead, newest first.
        #[arg(long, conflicts_with = "at")]
        history: bool,
        /// Write JSON.
        #[arg(long)]
        json: bool,
    },
    /// Set a field to a value that wins over every system, or release it.
    Pin {
        #[command(flatten)]
        giver: Giver,
        /// The master.
        master: String,
        /// The field: legal_name, tax_id, owner …
        field: String,
        /// The value: a text, or JSON for what is no text.
        #[arg(required_unless_present = "release")]
        value: Option<String>,
        /// Release the pin: the field has again what survives of the systems' words.
        #[arg(long, conflicts_with = "value")]
        release: bool,
    },
    /// Reserve a code for the system that will bring it, or free it.
    Code {
        #[command(flatten)]
        giver: Giver,
        /// The code.
        code: String,
        /// Free it instead.
        #[arg(long)]
        free: bool,
    },
    /// Claim a prospect, so that nobody else chases it; renew, hand over or give up the claim.
    Claim {
        #[command(flatten)]
        giver: Giver,
        /// The master.
        master: String,
        /// Whose claim it is: a seller, a dealer.
        #[arg(long)]
        owner: String,
        /// For how many days.
        #[arg(long, default_value_t = 30, conflicts_with_all = ["to", "give_up"])]
        days: u16,
        /// Hand it over to this owner.
        #[arg(long, conflicts_with = "give_up")]
        to: Option<String>,
        /// Give it up.
        #[arg(long)]
        give_up: bool,
    },
    /// Say to whom a master belongs: a branch to its head office, a company to its group.
    Affiliate {
        #[command(flatten)]
        giver: Giver,
        /// The branch, or the company of a group.
        child: String,
        /// Its head office, or its group.
        #[arg(required_unless_present = "detach")]
        parent: Option<String>,
        /// It is a company of a group; otherwise a branch.
        #[arg(long)]
        member: bool,
        /// It belongs to nobody any more.
        #[arg(long, conflicts_with_all = ["parent", "member"])]
        detach: bool,
    },
    /// Say that two masters are one customer.
    Merge {
        #[command(flatten)]
        giver: Giver,
        /// Keeps its id and its code.
        survivor: String,
        /// Becomes another name of the survivor.
        merged: String,
    },
    /// Undo a merge: both are again what they would be without it.
    Unmerge {
        #[command(flatten)]
        giver: Giver,
        /// The id of the master that was merged.
        merged: String,
    },
    /// Say that some records of a master are another customer.
    Split {
        #[command(flatten)]
        giver: Giver,
        /// The master.
        master: String,
        /// The records that are the other: SYSTEM/ID.
        #[arg(required = true)]
        records: Vec<String>,
    },
    /// Pairs that may be one customer, for a person to decide.
    #[command(subcommand)]
    Review(Reviews),
    /// Bring a list of customers in, before go-live: shows first what would come of it.
    Import(Import),
    /// Write every master with its values and the systems' own ids.
    Export(Export),
    /// Tell how much the records of each system say, and what they lack.
    Quality(Measured),
}

/// What people say about items. An item is named by a record of it: SYSTEM/ID.
#[derive(Debug, Subcommand)]
pub(crate) enum Items {
    /// List the records that wait for a person to tell which item each is, beside those that they may be.
    List {
        #[command(flatten)]
        config: Config,
        /// What was decided instead, the newest first.
        #[arg(long)]
        decided: bool,
        /// Write one JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Say that a record is another system's item; what waited for that goes on.
    Same {
        #[command(flatten)]
        giver: Giver,
        /// The record that waits: SYSTEM/ID.
        record: String,
        /// The record that it is: SYSTEM/ID.
        other: String,
    },
    /// Say that a record is an item of its own, whatever it is like; what waited for that goes on.
    New {
        #[command(flatten)]
        giver: Giver,
        /// The record that waits: SYSTEM/ID.
        record: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Import {
    #[command(flatten)]
    pub(crate) config: Config,
    /// The list: .csv (UTF-8 or GB18030), .tsv or .xlsx with the columns source_system, source_id, name,
    /// tax_id, code, phone, email, contact, country, region, city, address, legal_name, short_name, kind,
    /// stage, industry, source, owner. Only source_id must be there; others are passed over.
    pub(crate) file: PathBuf,
    /// The system whose records they are, where the column source_system does not say.
    #[arg(long)]
    pub(crate) system: Option<String>,
    /// Import; without it, only tell what would be imported. What was imported before is passed over,
    /// so that an import that broke off is run again.
    #[arg(long)]
    pub(crate) yes: bool,
    /// Write what came of it as one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Measured {
    #[command(flatten)]
    pub(crate) config: Config,
    /// Write one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Export {
    #[command(flatten)]
    pub(crate) config: Config,
    /// Where to write: a CSV file in UTF-8.
    #[arg(long, value_name = "CSV")]
    pub(crate) output: PathBuf,
}

/// What people do with reviews.
#[derive(Debug, Subcommand)]
pub(crate) enum Reviews {
    /// List them, oldest first.
    List {
        #[command(flatten)]
        config: Config,
        /// open, approved, rejected, or all.
        #[arg(long, default_value = "open")]
        state: String,
        /// Write JSON, a line a review.
        #[arg(long)]
        json: bool,
    },
    /// Show one: both masters beside each other, and what speaks for and against it.
    Show {
        #[command(flatten)]
        config: Config,
        /// Its number, from `list`.
        id: i64,
        /// Write JSON.
        #[arg(long)]
        json: bool,
    },
    /// The two are one customer: merge them.
    Approve {
        #[command(flatten)]
        giver: Giver,
        /// Its number, from `list`.
        id: i64,
        /// Who keeps its id and its code; the elder, if it is not said.
        #[arg(long, value_name = "MASTER")]
        survivor: Option<String>,
    },
    /// They are two customers; it is never asked again.
    Reject {
        #[command(flatten)]
        giver: Giver,
        /// Its number, from `list`.
        id: i64,
    },
    /// Take back what was said: it is asked again. A merge is undone before, by `tenon master unmerge`.
    Reopen {
        #[command(flatten)]
        giver: Giver,
        /// Its number, from `list --state all`.
        id: i64,
    },
}

/// Who gives a command, and why.
#[derive(Debug, Args)]
pub(crate) struct Giver {
    #[command(flatten)]
    pub(crate) config: Config,
    /// Who decides it; kept in the journal.
    #[arg(long, env = "USER", hide_env_values = true)]
    pub(crate) by: String,
    /// Why; kept in the journal.
    #[arg(long, default_value = "")]
    pub(crate) because: String,
    /// Write what came of it as one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}
