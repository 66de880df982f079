//! One connection to a server, opened when needed and given up when it breaks.

use std::sync::Arc;
use std::time::Duration;

use russh::client::{self, Handle, Handler};
use russh::keys::{HashAlg, PrivateKeyWithHashAlg, PublicKeyOrCertificate, decode_secret_key};
use russh_sftp::client::SftpSession;
use russh_sftp::client::error::Error;
use russh_sftp::protocol::{FileAttributes, StatusCode};
use secrecy::ExposeSecret;
use tenon_core::Failure;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::Mutex;

use super::{Proof, Remote};
use crate::Secret;

/// How much of a file is read at once.
const CHUNK: usize = 256 * 1024;

/// A server and the connection to it.
#[derive(Debug)]
pub(in crate::files) struct Link {
    remote: Remote,
    open: Mutex<Option<Open>>,
}

/// An open connection. The handle keeps it open.
struct Open {
    sftp: SftpSession,
    _handle: Handle<Gate>,
}

impl std::fmt::Debug for Open {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Open")
    }
}

/// Looks at the server's key before anything is told to it.
struct Gate {
    expected: String,
    shown: Arc<std::sync::Mutex<Option<String>>>,
}

impl Handler for Gate {
    type Error = russh::Error;

    async fn check_server_key(
        &mut self,
        key: &PublicKeyOrCertificate,
    ) -> Result<bool, Self::Error> {
        let shown = key.public_key().fingerprint(HashAlg::Sha256).to_string();
        let fits = shown == self.expected;
        if let Ok(mut place) = self.shown.lock() {
            *place = Some(shown);
        }
        Ok(fits)
    }
}

/// A file there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) is_directory: bool,
    pub(super) state: State,
}

/// What tells one state of a remote file from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct State {
    pub(super) bytes: u64,
    pub(super) modified: u32,
}

impl State {
    fn of(attributes: &FileAttributes) -> Self {
        Self {
            bytes: attributes.size.unwrap_or(0),
            modified: attributes.mtime.unwrap_or(0),
        }
    }
}

impl Link {
    pub(in crate::files) fn new(remote: Remote) -> Self {
        Self {
            remote,
            open: Mutex::new(None),
        }
    }

    /// The files and directories in a folder.
    ///
    /// # Errors
    /// As all of these: `Configuration` when a person must act, `Transient` otherwise.
    pub(super) async fn list(&self, folder: &str) -> Result<Vec<Entry>, Failure> {
        let path = self.remote.path(folder);
        self.with(&format!("listing {path}"), async |sftp| {
            let entries = sftp.read_dir(path.clone()).await?;
            Ok(entries
                .map(|entry| Entry {
                    name: entry.file_name(),
                    is_directory: entry.metadata().is_dir(),
                    state: State::of(&entry.metadata()),
                })
                .collect())
        })
        .await
    }

    /// The bytes of a file, written to `to` as they come; what state the file was in afterwards.
    pub(super) async fn fetch(
        &self,
        name: &str,
        to: &std::path::Path,
    ) -> Result<Option<State>, Failure> {
        let path = self.remote.path(name);
        self.with(&format!("reading {path}"), async |sftp| {
            let mut from = match sftp.open(path.clone()).await {
                Err(error) if is_missing(&error) => return Ok(None),
                opened => opened?,
            };
            let mut file = tokio::fs::File::create(to).await?;
            let mut chunk = vec![0; CHUNK];
            loop {
                let count = from.read(&mut chunk).await?;
                if count == 0 {
                    break;
                }
                file.write_all(&chunk[..count]).await?;
            }
            file.sync_all().await?;
            let after = from.metadata().await?;
            Ok(Some(State::of(&after)))
        })
        .await
    }

    /// Writes a file under a hidden name, and gives it its own when all of it is there.
    pub(super) async fn put(&self, folder: &str, name: &str, bytes: &[u8]) -> Result<(), Failure> {
        let within = |name: &str| match folder {
            "" => self.remote.path(name),
            folder => self.remote.path(&format!("{folder}/{name}")),
        };
        let (path, hidden) = (within(name), within(&format!(".{name}.tmp")));
        self.with(&format!("writing {path}"), async |sftp| {
            let mut file = sftp.create(hidden.clone()).await?;
            file.write_all(bytes).await?;
            file.flush().await?;
            file.sync_all().await?;
            file.close().await?;
            let written = sftp.metadata(hidden.clone()).await?.size;
            if written != Some(bytes.len() as u64) {
                let what = format!("{written:?} bytes of {} arrived", bytes.len());
                return Err(Error::IO(what));
            }
            if sftp.rename(hidden.clone(), path.clone()).await.is_err() {
                // Version 3 of the protocol renames over no other file.
                match sftp.remove_file(path.clone()).await {
                    Err(error) if !is_missing(&error) => return Err(error),
                    _ => sftp.rename(hidden.clone(), path.clone()).await?,
                }
            }
            Ok(())
        })
        .await
    }

    /// Moves a file into a folder, which is made if need be, unless it is another one by now.
    pub(super) async fn put_away(
        &self,
        name: &str,
        state: State,
        folder: &str,
    ) -> Result<(), Failure> {
        let path = self.remote.path(name);
        let folder_path = self.remote.path(folder);
        self.with(&format!("moving {path} to {folder_path}"), async |sftp| {
            match sftp.metadata(path.clone()).await {
                Err(error) if is_missing(&error) => return Ok(()),
                found => {
                    if State::of(&found?) != state {
                        return Ok(());
                    }
                }
            }
            if !sftp.try_exists(folder_path.clone()).await? {
                sftp.create_dir(folder_path.clone()).await?;
            }
            let base = name.rsplit('/').next().unwrap_or(name);
            let mut to = format!("{folder_path}/{base}");
            if sftp.try_exists(to.clone()).await? {
                let moment = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%S%6fZ");
                to = format!("{folder_path}/{moment}-{base}");
            }
            sftp.rename(path.clone(), to).await
        })
        .await
    }

    /// Whether a folder is there.
    pub(super) async fn look(&self, folder: &str) -> Result<(), Failure> {
        let path = self.remote.path(folder);
        let found = self
            .with(&format!("looking at {path}"), async |sftp| {
                sftp.metadata(path.clone()).await
            })
            .await?;
        match found.is_dir() {
            true => Ok(()),
            false => Err(Failure::configuration(
                "sftp.directory",
                format!("{path} on {} is no directory", self.remote.host),
            )),
        }
    }

    /// Does something with the connection, which is opened if need be, and not kept when it broke.
    async fn with<T>(
        &self,
        doing: &str,
        work: impl AsyncFnOnce(&SftpSession) -> Result<T, Error>,
    ) -> Result<T, Failure> {
        let mut place = self.open.lock().await;
        if place.is_none() {
            *place = Some(self.connect().await?);
        }
        let Some(open) = place.as_ref() else {
            return Err(Failure::bug("sftp.connection", "a connection went astray"));
        };
        match work(&open.sftp).await {
            Ok(done) => Ok(done),
            Err(error) => {
                if !matches!(error, Error::Status(_)) {
                    *place = None;
                }
                Err(self.failure(doing, &error))
            }
        }
    }

    async fn connect(&self) -> Result<Open, Failure> {
        let place = format!("{}:{}", self.remote.host, self.remote.port);
        match tokio::time::timeout(self.remote.timeout, self.log_in(&place)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Failure::transient(
                "sftp.timeout",
                format!("{place} did not answer within {:?}", self.remote.timeout),
            )),
        }
    }

    async fn log_in(&self, place: &str) -> Result<Open, Failure> {
        let shown = Arc::default();
        let gate = Gate {
            expected: self.remote.host_key.clone(),
            shown: Arc::clone(&shown),
        };
        let config = client::Config {
            keepalive_interval: Some(Duration::from_secs(30)),
            ..client::Config::default()
        };
        let address = (self.remote.host.as_str(), self.remote.port);
        let lost =
            |error: russh::Error| Failure::transient("sftp.connect", format!("{place}: {error}"));
        let connected = client::connect(Arc::new(config), address, gate).await;
        let mut handle = connected.map_err(|error| {
            let shown = shown.lock().ok().and_then(|shown| shown.clone());
            match shown.filter(|shown| *shown != self.remote.host_key) {
                Some(shown) => Failure::configuration(
                    "sftp.host_key",
                    format!(
                        "{place} shows the key {shown}, which is not the configured one: either \
                         somebody stands in between, or the key was changed, and `host_key` must be"
                    ),
                ),
                None => lost(error),
            }
        })?;
        let user = self.remote.user.clone();
        let proven = match &self.remote.proof {
            Proof::Password(password) => {
                let password = reveal(password)?;
                let secret = password.expose_secret().to_owned();
                handle
                    .authenticate_password(user, secret)
                    .await
                    .map_err(lost)?
            }
            Proof::Key { key, passphrase } => {
                let passphrase = passphrase.as_ref().map(reveal).transpose()?;
                let passphrase = passphrase.as_ref().map(ExposeSecret::expose_secret);
                let key = decode_secret_key(reveal(key)?.expose_secret(), passphrase);
                let key = key.map_err(|error| {
                    Failure::configuration(
                        "sftp.key",
                        format!("`sftp.key` holds no private key that can be read: {error}"),
                    )
                })?;
                let hash = handle.best_supported_rsa_hash().await.map_err(lost)?;
                let key = PrivateKeyWithHashAlg::new(Arc::new(key), hash.flatten());
                handle
                    .authenticate_publickey(user, key)
                    .await
                    .map_err(lost)?
            }
        };
        if !proven.success() {
            let user = &self.remote.user;
            let detail = format!(
                "{place} does not let {user} in; check user, key or password, and whether the key is \
                 among those that the server admits"
            );
            return Err(Failure::configuration("sftp.refused", detail));
        }
        let channel = handle.channel_open_session().await.map_err(lost)?;
        channel
            .request_subsystem(true, "sftp")
            .await
            .map_err(lost)?;
        let sftp = SftpSession::new(channel.into_stream())
            .await
            .map_err(|error| self.failure("opening SFTP", &error))?;
        sftp.set_timeout(self.remote.timeout.as_secs().max(1));
        Ok(Open {
            sftp,
            _handle: handle,
        })
    }

    fn failure(&self, doing: &str, error: &Error) -> Failure {
        let detail = format!("{doing} on {}: {error}", self.remote.host);
        match error {
            Error::Status(status) => match status.status_code {
                StatusCode::NoSuchFile => Failure::configuration(
                    "sftp.directory",
                    format!("{detail}; create the directory, or correct the connector file"),
                ),
                StatusCode::PermissionDenied => Failure::configuration(
                    "sftp.rights",
                    format!("{detail}; give the user the right to do that"),
                ),
                _ => Failure::transient("sftp.failed", detail),
            },
            _ => Failure::transient("sftp.broken_off", detail),
        }
    }
}

fn is_missing(error: &Error) -> bool {
    matches!(error, Error::Status(status) if status.status_code == StatusCode::NoSuchFile)
}

fn reveal(secret: &Secret) -> Result<secrecy::SecretString, Failure> {
    secret
        .reveal()
        .map_err(|problem| Failure::configuration("sftp.secret", problem.to_string()))
}
