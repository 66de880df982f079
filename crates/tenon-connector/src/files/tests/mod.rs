//! The transport as the hub uses it, on real directories.

mod delivering;
mod encodings;
mod large;
mod random;
mod receiving;
mod refusing;
mod settings;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use tenon_core::{Entity, Failure, Message, Native, NativeBody, SystemName};

use super::Files;
use crate::config::{Configured, Parts};
use crate::{
    Checkpoint, CodeTables, Guarantee, Inlet, Intake, KeyProblem, Mapping, Outlet, RetryPolicy,
    Source, Transport,
};

/// Validates a transport whose files are in `base`, from the text of its keys.
fn configure(
    base: &Path,
    settings: &str,
    receive: &[&str],
    deliver: &[&str],
) -> Result<Files, Vec<KeyProblem>> {
    Files::validate(Parts {
        settings: toml::from_str(settings).unwrap(),
        receive: receive
            .iter()
            .enumerate()
            .map(|(index, keys)| (format!("inlet{index}"), toml::from_str(keys).unwrap()))
            .collect(),
        webhook: Vec::new(),
        deliver: deliver
            .iter()
            .map(|keys| (Entity::Customer, toml::from_str(keys).unwrap()))
            .collect(),
        base: base.to_owned(),
    })
}

fn mapping() -> Arc<Mapping> {
    let compiled = Mapping::compile(Path::new("identity.jq"), ".", &CodeTables::default());
    Arc::new(compiled.unwrap())
}

fn inlet() -> Inlet {
    Inlet {
        system: SystemName::new("crm").unwrap(),
        name: "inlet0".to_owned(),
        entity: Entity::Customer,
        key: "id".parse().unwrap(),
        mapping: mapping(),
        intake: Intake::Poll {
            every: Duration::from_secs(1),
            schedule: None,
        },
    }
}

fn outlet(guarantee: Guarantee) -> Outlet {
    Outlet {
        system: SystemName::new("crm").unwrap(),
        entity: Entity::Customer,
        condition: None,
        mapping: mapping(),
        require: Vec::new(),
        keep_own: false,
        retry: RetryPolicy::default(),
        guarantee,
    }
}

/// A directory with an inlet that reads it.
struct Place {
    folder: TempDir,
    files: Files,
}

impl Place {
    /// Reads at once what `receive` names; further keys of it may be given.
    fn new(receive: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let receive = format!("settled = '0s'\n{receive}");
        let settings = "directory = '.'\nmax_record_bytes = 65536\nmax_xlsx_bytes = 65536";
        let files = configure(folder.path(), settings, &[&receive], &[]).unwrap();
        Self { folder, files }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), content).unwrap();
    }

    fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The names of the files in a folder, sorted; none if there is no such folder.
    fn names(&self, folder: &str) -> Vec<String> {
        let entries = std::fs::read_dir(self.path(folder))
            .into_iter()
            .flatten()
            .flatten();
        let files = entries.filter(|entry| entry.path().is_file());
        let mut names: Vec<String> = files
            .map(|entry| entry.file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    async fn open(&self, checkpoint: Option<Checkpoint>) -> Box<dyn Source> {
        self.files.open_source(&inlet(), checkpoint).await.unwrap()
    }

    /// Takes and settles everything that is there.
    async fn drain(&self, checkpoint: &mut Option<Checkpoint>) -> Vec<Message<Native>> {
        let mut source = self.open(checkpoint.clone()).await;
        drain(source.as_mut(), checkpoint).await.unwrap()
    }
}

async fn drain(
    source: &mut dyn Source,
    checkpoint: &mut Option<Checkpoint>,
) -> Result<Vec<Message<Native>>, Failure> {
    let mut messages = Vec::new();
    while let Some(received) = source.receive().await? {
        messages.extend(received.messages);
        *checkpoint = received.checkpoint;
        source.settle().await?;
    }
    Ok(messages)
}

/// A message in short: the JSON of a record, or the reason why it is none.
fn show(message: &Message<Native>) -> String {
    match &message.body.body {
        NativeBody::Json(json) => String::from_utf8(json.to_vec()).unwrap(),
        NativeBody::Undecodable { reason, .. } => reason.clone(),
    }
}

fn shown(messages: &[Message<Native>]) -> Vec<String> {
    messages.iter().map(show).collect()
}
