//! `tenon master export`: every master with its codes, values and the systems' own ids.

use std::fs::File;
use std::io::{BufWriter, Write};

use tenon_pipeline::Listing;

use crate::cli::Export;
use crate::engine::open_store;
use crate::exit::Exit;
use crate::output;

pub(super) async fn run(options: Export) -> Result<(), Exit> {
    let configuration = crate::commands::migrate::load(&options.config)?;
    let store = open_store(&configuration.settings).await?;
    let systems = configuration.deployment.systems.iter();
    let mut listing = Listing::new(store, systems.map(|system| system.name.clone()).collect());
    let failed =
        |error: std::io::Error| Exit::environment(format!("{}: {error}", options.output.display()));
    let mut file = BufWriter::new(File::create(&options.output).map_err(failed)?);
    while let Some(portion) = listing.next().await? {
        file.write_all(&portion).map_err(failed)?;
    }
    file.flush().map_err(failed)?;
    output::talk(&format!(
        "{} masters written to {}",
        listing.masters(),
        options.output.display()
    ));
    Ok(())
}
