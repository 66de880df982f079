//! The delivering half: each message becomes a file of its own, complete or not there at all.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use sha2::{Digest, Sha256};
use tenon_core::{Failure, Message, Outbound};

use super::settings::DeliverPlan;
use super::writing;
use crate::{Delivered, Guarantee, Permit, Sink, from_io, superseded};

/// Within this time a batch must be written.
const TIMEOUT: Duration = Duration::from_secs(60);
/// An id that makes a longer name than this is shortened by its digest.
const ID_BYTES: usize = 120;

/// Writes the files of one outlet.
pub(super) struct FilesSink {
    writer: Arc<Writer>,
}

/// Makes the files of one outlet.
pub(super) struct Writer {
    directory: PathBuf,
    plan: Arc<DeliverPlan>,
}

/// A message as a file.
pub(super) struct Composed {
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
    pub(super) native_id: Option<String>,
}

impl FilesSink {
    pub(super) fn new(writer: Writer) -> Self {
        Self {
            writer: Arc::new(writer),
        }
    }

    async fn blocking<T: Send + 'static>(
        &self,
        step: impl FnOnce(&Writer) -> T + Send + 'static,
    ) -> Result<T, Failure> {
        let writer = self.writer.clone();
        let work = tokio::task::spawn_blocking(move || step(&writer));
        match tokio::time::timeout(TIMEOUT, work).await {
            Ok(Ok(outcome)) => Ok(outcome),
            Ok(Err(error)) => Err(Failure::bug(
                "files.sink",
                format!("writing files failed: {error}"),
            )),
            Err(_) => {
                let folder = self.writer.folder();
                let detail = format!("{} did not answer within {TIMEOUT:?}", folder.display());
                Err(Failure::transient("files.timeout", detail))
            }
        }
    }
}

#[async_trait]
impl Sink for FilesSink {
    async fn probe(&self) -> Result<(), Failure> {
        self.blocking(Writer::probe).await?
    }

    async fn deliver(
        &self,
        batch: &[Message<Outbound>],
        permit: &dyn Permit,
    ) -> Vec<Result<Delivered, Failure>> {
        let mut answers = Vec::with_capacity(batch.len());
        for message in batch {
            if !permit.holds().await {
                answers.push(Err(superseded()));
                continue;
            }
            let body = message.body.clone();
            let written = self.blocking(move |writer| writer.deliver(&body)).await;
            answers.push(written.unwrap_or_else(Err));
        }
        answers
    }
}

impl Writer {
    pub(super) fn new(directory: PathBuf, plan: Arc<DeliverPlan>) -> Self {
        Self { directory, plan }
    }

    /// The folder below the directory, as it is configured.
    pub(super) fn place(&self) -> String {
        self.plan.folder.to_string_lossy().into_owned()
    }

    fn folder(&self) -> PathBuf {
        self.directory.join(&self.plan.folder)
    }

    fn probe(&self) -> Result<(), Failure> {
        let folder = self.folder();
        let metadata = std::fs::metadata(&folder).map_err(|error| missing(&error, &folder))?;
        if !metadata.is_dir() || metadata.permissions().readonly() {
            let detail = format!(
                "{} is no directory that may be written to",
                folder.display()
            );
            return Err(Failure::configuration("files.directory", detail));
        }
        Ok(())
    }

    fn deliver(&self, body: &Outbound) -> Result<Delivered, Failure> {
        let file = self.compose(body)?;
        let shown = self.plan.folder.join(&file.name);
        self.write(&file.name, &file.bytes)?;
        Ok(Delivered {
            native_id: file.native_id,
            answer: format!("wrote {}", shown.display()),
        })
    }

    /// A message as the file that it becomes.
    pub(super) fn compose(&self, body: &Outbound) -> Result<Composed, Failure> {
        let plan = &self.plan;
        let invalid = |reason: String| Failure::invalid("files.payload", reason);
        let key = match &plan.key {
            Some(key) => Some(key.extract(&body.payload).map_err(invalid)?),
            None => None,
        };
        let native_id = key.or_else(|| body.native_id.clone());
        let text = writing::text(plan, &body.payload).map_err(invalid)?;
        let bytes = plan.encoding.encode(&text).map_err(|character| {
            invalid(format!(
                "the character {character:?} (U+{:04X}) cannot be written in {}; \
                 correct the record, or set `encoding` to gb18030 or utf-8",
                u32::from(character),
                plan.encoding.name()
            ))
        })?;
        let name = self.name(body, native_id.as_deref());
        Ok(Composed {
            name,
            bytes,
            native_id,
        })
    }

    /// The name of the message's file. A pattern without an id would give every message the same one,
    /// and a file that the system has not taken yet would be lost; so such names are made unique.
    fn name(&self, body: &Outbound, native_id: Option<&str>) -> String {
        let plan = &self.plan;
        let name = plan
            .name
            .replace("{entity}", plan.entity.as_str())
            .replace(
                "{native_id}",
                &file_name_part(native_id.unwrap_or_default()),
            )
            .replace("{id}", &file_name_part(&body.idempotency_key));
        if plan.guarantee() == Guarantee::OnceInEffect {
            return name;
        }
        let unique = uuid_like(&body.idempotency_key);
        match name.rsplit_once('.') {
            Some((stem, extension)) => format!("{stem}-{unique}.{extension}"),
            None => format!("{name}-{unique}"),
        }
    }

    /// Writes under a hidden name first; the file appears under its own name when it is durable.
    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), Failure> {
        let folder = self.folder();
        let path = folder.join(name);
        let hidden = folder.join(format!(".{name}.tmp"));
        let put = || -> io::Result<()> {
            let mut file = OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(true)
                .open(&hidden)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            std::fs::rename(&hidden, &path)?;
            File::open(&folder)?.sync_all()
        };
        put().map_err(|error| missing(&error, &folder))
    }
}

fn missing(error: &io::Error, folder: &Path) -> Failure {
    if error.kind() == io::ErrorKind::NotFound {
        let detail = format!(
            "there is no directory {}; create it, or correct `directory` and `file`",
            folder.display()
        );
        return Failure::configuration("files.directory", detail);
    }
    from_io(error, &format!("writing into {}", folder.display()))
}

/// An id as part of a file's name: different ids give different parts on every file system.
fn file_name_part(id: &str) -> String {
    let mut part = String::new();
    for character in id.chars() {
        if character.is_alphanumeric() || matches!(character, '-' | '_') {
            part.push(character);
        } else {
            let mut bytes = [0; 4];
            for byte in character.encode_utf8(&mut bytes).bytes() {
                part.push_str(&format!("%{byte:02X}"));
            }
        }
    }
    if part.len() <= ID_BYTES {
        return part;
    }
    let mut end = 40;
    while !part.is_char_boundary(end) {
        end -= 1;
    }
    format!(
        "{}%{}",
        &part[..end],
        hex::encode(Sha256::digest(id.as_bytes()))
    )
}

/// A short text that differs from delivery to delivery.
fn uuid_like(key: &str) -> String {
    let moment = jiff::Timestamp::now().as_nanosecond();
    hex::encode(&Sha256::digest(format!("{key}\n{moment}").as_bytes())[..8])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_become_parts_of_names() {
        let check = |id: &str, expected: &str| assert_eq!(file_name_part(id), expected);
        check("SO-1_客户", "SO-1_客户");
        check("../a b%", "%2E%2E%2Fa%20b%25");
        let long = file_name_part(&"客/".repeat(500));
        assert!(long.len() < 120, "{long}");
        assert_ne!(long, file_name_part(&"客/".repeat(501)));
    }
}
