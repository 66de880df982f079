//! The Tenon integration hub: one binary, a subcommand for each thing that one does with it.
//!
//! What stands here is putting together: configuration, the list of connectors, the engines. The
//! work is done in the other crates. Exit codes: 0 fine, 1 failure at run time, 2 validation found
//! problems, 3 the environment (cannot reach, cannot open).

mod bench;
mod cli;
mod commands;
mod demo;
mod dice;
mod engine;
mod exit;
mod exports;
mod figures;
mod matching;
mod output;
mod registry;
mod scratch;
mod settings;
mod spans;
mod torture;

use clap::Parser;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Stack of the threads that run mappings, in bytes: deep documents are refused long before it ends.
const STACK: usize = 16 * 1024 * 1024;

fn main() -> std::process::ExitCode {
    let cli = cli::Cli::parse();
    output::log(cli.verbose, matches!(cli.command, cli::Command::Demo(_)));
    // Both databases and HTTP use one provider of cryptography; the first to install it wins.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_stack_size(STACK)
        .build();
    let ended = match runtime {
        Ok(runtime) => {
            let ended = runtime.block_on(commands::run(cli.command));
            runtime.shutdown_timeout(std::time::Duration::from_secs(2));
            ended
        }
        Err(error) => Err(exit::Exit::environment(format!(
            "no threads to run on: {error}"
        ))),
    };
    match ended.and_then(|()| output::written()) {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(exit) => exit.report(),
    }
}
