//! `tenon completions`.

use clap::CommandFactory;

use crate::cli::Cli;
use crate::output;

pub(super) fn write(shell: clap_complete::Shell) {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "tenon", &mut script);
    output::data(String::from_utf8_lossy(&script).trim_end());
}
