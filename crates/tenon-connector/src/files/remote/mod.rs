//! Files on another machine, over SFTP: fetched into a folder of our own and read there as any others,
//! or put there under a hidden name and renamed.
//!
//! A remote file stays where it is until all that it holds is durable in the hub; then it is moved to
//! `done/` or `failed/` beside it. The copies here are no state: they are made again.

mod link;
mod sink;
mod source;

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

pub(super) use self::link::Link;
pub(super) use self::sink::RemoteSink;
pub(super) use self::source::RemoteSource;
use crate::{Humane, KeyProblem, Secret};

/// The table `[sftp]` of the connector file.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SftpConfig {
    /// Where the files are: `sftp://user@host:22/exchange`; without a path, the user's own directory.
    #[schemars(example = &"sftp://tenon@files.example.com/exchange")]
    url: String,
    /// The server's key, as `ssh-keyscan HOST | ssh-keygen -lf -` shows it: `SHA256:…`.
    #[schemars(example = &"SHA256:nThbg6kXUpJWGl7E1IGOCspRomTxdCARLviKw6E5SY8")]
    host_key: String,
    /// The user's private key, in the form of OpenSSH or PuTTY: `${file:/etc/tenon/id_ed25519}`.
    #[schemars(example = &"${file:/etc/tenon/id_ed25519}")]
    key: Option<Secret>,
    /// What opens the private key, if something does.
    #[schemars(example = &"${env:PASSPHRASE}")]
    passphrase: Option<Secret>,
    /// The user's password, where there is no key.
    #[schemars(example = &"${env:PASSWORD}")]
    password: Option<Secret>,
    /// The longest that connecting, or one request, may take.
    #[serde(default = "default_timeout")]
    #[schemars(example = &"10s")]
    timeout: Humane,
}

/// Where files are, and how we prove ourselves there; checked.
#[derive(Debug, Clone)]
pub(super) struct Remote {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) user: String,
    /// Without a slash at its end; empty for the user's own directory.
    pub(super) directory: String,
    pub(super) host_key: String,
    pub(super) proof: Proof,
    pub(super) timeout: Duration,
}

/// How the hub proves itself.
#[derive(Debug, Clone)]
pub(super) enum Proof {
    Password(Secret),
    Key {
        key: Secret,
        passphrase: Option<Secret>,
    },
}

impl Remote {
    /// A place below the directory, for a person and for the server.
    pub(super) fn path(&self, name: &str) -> String {
        match (self.directory.as_str(), name) {
            ("", "") => ".".to_owned(),
            ("", name) => name.to_owned(),
            (directory, "") => directory.to_owned(),
            (directory, name) => format!("{}/{name}", directory.trim_end_matches('/')),
        }
    }
}

impl SftpConfig {
    /// Checks everything that can be known without the network.
    pub(super) fn check(self, problems: &mut Vec<KeyProblem>) -> Option<Remote> {
        let before = problems.len();
        let mut report = |key: &str, message: &str, help: &str| {
            problems.push(KeyProblem::new(format!("sftp.{key}"), message).help(help));
        };
        let url = reqwest::Url::parse(&self.url).ok();
        let url = url.filter(|url| url.scheme() == "sftp" && url.has_host());
        match &url {
            None => report(
                "url",
                "is no address of an SFTP server",
                "write sftp://user@host/path",
            ),
            Some(url) if url.username().is_empty() => {
                report("url", "names no user", "write sftp://user@host/path");
            }
            Some(url) if url.password().is_some() => report(
                "url",
                "the password stands in plain sight",
                "write password = \"${env:NAME}\" in [sftp]",
            ),
            Some(_) => {}
        }
        if !self.host_key.starts_with("SHA256:") || self.host_key.len() < 50 {
            report(
                "host_key",
                "is no fingerprint such as SHA256:…",
                "ask the server's administrator for it, or see `ssh-keyscan HOST | ssh-keygen -lf -`",
            );
        }
        for (key, secret) in [
            ("key", &self.key),
            ("password", &self.password),
            ("passphrase", &self.passphrase),
        ] {
            if secret.as_ref().is_some_and(|secret| !secret.is_reference()) {
                let help = "write ${env:NAME} or ${file:PATH}";
                report(key, "the secret stands in plain sight", help);
            }
        }
        let proof = match (self.key, self.password) {
            (Some(key), None) => Some(Proof::Key {
                key,
                passphrase: self.passphrase,
            }),
            (None, Some(password)) => Some(Proof::Password(password)),
            _ => {
                let help = "write key = \"${file:PATH}\" or password = \"${env:NAME}\"";
                report("key", "a key or a password is needed, and only one", help);
                None
            }
        };
        if self.timeout.0.is_zero() {
            report(
                "timeout",
                "a timeout of nothing lets nothing through",
                "write \"30s\"",
            );
        }
        let (Some(url), Some(proof), true) = (url, proof, problems.len() == before) else {
            return None;
        };
        Some(Remote {
            host: url.host_str()?.to_owned(),
            port: url.port().unwrap_or(22),
            user: url.username().to_owned(),
            directory: url.path().trim_end_matches('/').to_owned(),
            host_key: self.host_key,
            proof,
            timeout: self.timeout.0,
        })
    }
}

fn default_timeout() -> Humane {
    Humane(Duration::from_secs(30))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let config: SftpConfig = toml::from_str(text).unwrap();
        let mut problems = Vec::new();
        let remote = config.check(&mut problems);
        let found: Vec<String> = problems
            .iter()
            .map(|problem| format!("{}: {}", problem.key, problem.message))
            .collect();
        assert_eq!(found, expected, "{text}");
        assert_eq!(remote.is_some(), expected.is_empty());
    }

    #[test]
    fn what_is_missing_or_in_plain_sight_is_told() {
        let host_key = "host_key = 'SHA256:mVPwvezndPv/ARoIadVY98vAC0g+P/5633yTC4d/wXE'";
        check(
            &format!("url = 'sftp://edi@host/x'\n{host_key}\nkey = '${{env:PATH}}'"),
            &[],
        );
        check(
            &format!("url = 'sftp://host'\n{host_key}\npassword = 'sesame'"),
            &[
                "sftp.url: names no user",
                "sftp.password: the secret stands in plain sight",
            ],
        );
        check(
            "url = 'https://edi@host'\nhost_key = 'any'",
            &[
                "sftp.url: is no address of an SFTP server",
                "sftp.host_key: is no fingerprint such as SHA256:…",
                "sftp.key: a key or a password is needed, and only one",
            ],
        );
    }
}
