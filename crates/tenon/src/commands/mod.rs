//! The subcommands, one file each.

mod access;
mod backup;
mod check;
mod completions;
mod connector;
mod dedupe;
mod master_check;
mod migrate;
mod parked;
mod run;
mod schema_change;
mod send;
mod steward;
mod test;
mod trace;

pub(crate) use run::{Node, serve, stop_signal};

use crate::cli::{Command, Master};
use crate::demo;
use crate::exit::Exit;

/// Does what was asked.
pub(crate) async fn run(command: Command) -> Result<(), Exit> {
    match command {
        Command::Demo(options) => demo::run(options).await,
        Command::Run(options) => run::run(options).await,
        Command::Check(options) => check::run(&options),
        Command::Test(options) => test::run(&options),
        Command::Send(options) => send::run(options).await,
        Command::Trace(options) => trace::run(options).await,
        Command::Parked(options) => parked::run(options).await,
        Command::Master(Master::Dedupe(options)) => dedupe::run(&options),
        Command::Master(Master::Learn(options)) => dedupe::learn::run(&options),
        Command::Master(Master::Check(options)) => master_check::run(options).await,
        Command::Master(Master::Stewardship(command)) => steward::run(command).await,
        Command::Item(command) => steward::item::run(command).await,
        Command::Connector(options) => connector::run(&options).await,
        Command::Bench(options) => crate::bench::run(options).await,
        Command::Backup(options) => backup::backup(options).await,
        Command::Restore(options) => backup::restore(options).await,
        Command::Torture(options) => crate::torture::run(options).await,
        Command::User(command) => access::user(command).await,
        Command::Token(command) => access::token(command).await,
        Command::Audit(command) => access::audit(command).await,
        Command::Migrate(options) => migrate::run(&options).await,
        Command::Completions { shell } => {
            completions::write(shell);
            Ok(())
        }
    }
}
