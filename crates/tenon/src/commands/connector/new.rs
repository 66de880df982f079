//! `tenon connector new`: a connector file to begin with, which passes `check` and `test` at once.

use std::path::Path;

use tenon_connector::{ConnectorKind, Preset, System};
use tenon_core::SystemName;

use super::chosen;
use crate::cli::NewConnector;
use crate::exit::Exit;
use crate::output;
use crate::registry::KINDS;

/// What a configuration begins with.
const SETTINGS: &str = "# The hub itself. Everything has a default; `tenon check` tells what does not fit.\n\
    partitions = 8\n";

pub(super) fn run(options: &NewConnector) -> Result<(), Exit> {
    let name = SystemName::new(&options.name).map_err(|error| Exit::runtime(error.to_string()))?;
    let (kind, preset) = chosen(&options.kind, options.preset.as_deref())?;
    let directory = &options.config.config;
    let file = directory.join("connectors").join(format!("{name}.toml"));
    if file.exists() {
        return Err(Exit::runtime(format!(
            "{} is there already",
            file.display()
        )));
    }
    let settings = directory.join("tenon.toml");
    if !settings.exists() {
        write(&settings, SETTINGS)?;
    }
    write(&file, &text(&name, kind, preset))?;
    // What was written is read as the hub would read it: a preset that does not load is our mistake.
    if let Err(problems) = System::load(&file, KINDS) {
        return Err(Exit::problems(&problems));
    }
    output::data(&file.display().to_string());
    output::talk(&format!(
        "next: correct {}, then tenon check, tenon connector probe {name}, tenon run",
        file.display()
    ));
    Ok(())
}

fn text(name: &SystemName, kind: &ConnectorKind, preset: &Preset) -> String {
    // Above what the preset begins with, which may end in a table.
    let webhooks = match preset.defaults.contains("[[webhook]]") {
        true => {
            "# The preset's webhooks need secrets; take this line away once they are set in the environment.\n\
             webhook = []\n\n"
        }
        false => "",
    };
    format!(
        "# {name}: {}\n# {}\n\
         name   = \"{name}\"\nkind   = \"{}\"\npreset = \"{}\"\n\n{webhooks}{}",
        preset.summary,
        kind.summary,
        kind.name,
        preset.name,
        preset.beginning(name.as_str()),
    )
}

fn write(path: &Path, text: &str) -> Result<(), Exit> {
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(path, text))
        .map_err(|error| Exit::environment(format!("{}: {error}", path.display())))
}
