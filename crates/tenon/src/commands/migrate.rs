//! `tenon migrate`.

use crate::cli::Config;
use crate::engine::open_store;
use crate::exit::Exit;
use crate::output;
use crate::settings::Configuration;

pub(super) async fn run(options: &Config) -> Result<(), Exit> {
    let configuration = load(options)?;
    open_store(&configuration.settings).await?;
    output::talk("the store's tables are up to date");
    Ok(())
}

/// Loads a configuration, or shows every problem.
pub(super) fn load(options: &Config) -> Result<Configuration, Exit> {
    Configuration::load(&options.config).map_err(|problems| Exit::problems(&problems))
}
