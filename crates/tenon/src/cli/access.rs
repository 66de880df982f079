//! What `tenon user`, `tenon token` and `tenon audit` offer to whoever runs the machine.

use clap::Subcommand;
use tenon_core::SystemName;
use tenon_store::Role;

use super::Config;

/// The people who may sign in.
#[derive(Debug, Subcommand)]
pub(crate) enum User {
    /// Make an account; prints a one-time link by which the person chooses a password.
    Add {
        #[command(flatten)]
        config: Config,
        /// What the person signs in with.
        name: String,
        /// What others call the person; the name unless given.
        #[arg(long, value_name = "NAME")]
        display_name: Option<String>,
        /// viewer, operator, steward or administrator.
        #[arg(long)]
        role: Role,
        /// Only this system may be touched; may be given several times. All, if never.
        #[arg(long, value_parser = system)]
        system: Vec<SystemName>,
        /// Read the password from standard input instead.
        #[arg(long)]
        password_stdin: bool,
        /// Write what was made as JSON.
        #[arg(long)]
        json: bool,
    },
    /// List the accounts.
    List {
        #[command(flatten)]
        config: Config,
        /// Write one JSON object an account.
        #[arg(long)]
        json: bool,
    },
    /// Let nobody sign in with an account any more; its sessions end.
    Disable {
        #[command(flatten)]
        config: Config,
        /// The account.
        name: String,
        /// Let the person sign in again.
        #[arg(long)]
        undo: bool,
    },
    /// Print a one-time link by which the person chooses a new password.
    Password {
        #[command(flatten)]
        config: Config,
        /// The account.
        name: String,
        /// Set the password from standard input instead; its sessions end.
        #[arg(long)]
        password_stdin: bool,
    },
    /// Change what a person may do; its sessions end.
    Role {
        #[command(flatten)]
        config: Config,
        /// The account.
        name: String,
        /// viewer, operator, steward or administrator.
        role: Role,
        /// Only this system may be touched; may be given several times. All, if never.
        #[arg(long, value_parser = system)]
        system: Vec<SystemName>,
    },
}

/// The tokens that programs show.
#[derive(Debug, Subcommand)]
pub(crate) enum Token {
    /// Make a token; it is printed this once.
    Create {
        #[command(flatten)]
        config: Config,
        /// What it is for; never used before.
        name: String,
        /// viewer, operator, steward or administrator.
        #[arg(long, default_value = "viewer")]
        role: Role,
        /// Only this system may be touched; may be given several times. All, if never.
        #[arg(long, value_parser = system)]
        system: Vec<SystemName>,
        /// Only this area may be read or written, `insight:read` say; may be given several times. All that the role may, if
        /// never.
        #[arg(long, value_name = "AREA:read|write")]
        scope: Vec<String>,
        /// After how many days it ends by itself; never unless given.
        #[arg(long)]
        days: Option<u16>,
    },
    /// List the tokens; what they are is kept nowhere.
    List {
        #[command(flatten)]
        config: Config,
        /// Write one JSON object a token.
        #[arg(long)]
        json: bool,
    },
    /// Take a token back.
    Revoke {
        #[command(flatten)]
        config: Config,
        /// Its name.
        name: String,
    },
}

/// The trail of what was done.
#[derive(Debug, Subcommand)]
pub(crate) enum Audit {
    /// Check that no entry was altered, taken out, put in or moved; prints the head, to be kept elsewhere.
    Verify {
        #[command(flatten)]
        config: Config,
        /// A head that was printed before: POSITION:HASH. It must still be in the chain.
        #[arg(long)]
        head: Option<String>,
        /// Write what came of it as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Write the whole trail, oldest first.
    Export {
        #[command(flatten)]
        config: Config,
        /// In which form.
        #[arg(long, value_enum, default_value = "ndjson")]
        format: TrailFormat,
    },
}

/// How the trail is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum TrailFormat {
    /// A table.
    Csv,
    /// One JSON document a line.
    Ndjson,
}

fn system(text: &str) -> Result<SystemName, String> {
    SystemName::new(text).map_err(|error| error.to_string())
}
