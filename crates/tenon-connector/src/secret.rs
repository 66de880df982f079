//! Secrets are references; they are read when a connection is opened, and never shown.

mod command;

use std::borrow::Cow;
use std::fmt;
use std::path::Path;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use secrecy::{ExposeSecret, SecretString};

/// A text that may hold references to secrets: `postgres://hub:${env:ERP_PASSWORD}@db/erp`.
///
/// `${env:NAME}` is an environment variable, `${file:PATH}` a file's content without its last newline; in
/// configuration a relative path begins in the directory of the file that names it. `${command:COMMAND}`
/// is what a command writes, within ten seconds; it is asked again after five minutes.
/// Showing it shows the references, never the values.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    template: String,
    parts: Vec<Part>,
}

#[derive(Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Environment(String),
    File(String),
    Command(String),
}

/// Why a secret cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretProblem {
    /// The text around a reference is malformed.
    #[error(
        "`{0}` is no reference to a secret; write ${{env:NAME}}, ${{file:PATH}} or ${{command:COMMAND}}"
    )]
    Malformed(String),
    /// The environment variable is not set.
    #[error("environment variable `{0}` is not set")]
    Unset(String),
    /// The file cannot be read.
    #[error("secret file `{path}`: {reason}")]
    Unreadable {
        /// The file.
        path: String,
        /// Why.
        reason: String,
    },
    /// The command gives none.
    #[error("secret command `{command}`: {reason}")]
    Refused {
        /// The command.
        command: String,
        /// Why.
        reason: String,
    },
}

impl JsonSchema for Secret {
    fn schema_name() -> Cow<'static, str> {
        "secret".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "title": "text with ${env:NAME}, ${file:PATH} or ${command:COMMAND} for secrets" })
    }
}

impl Secret {
    /// Takes a text apart, without reading any secret.
    ///
    /// # Errors
    /// [`SecretProblem::Malformed`].
    pub fn parse(template: &str) -> Result<Self, SecretProblem> {
        let mut parts = Vec::new();
        let mut rest = template;
        while let Some(start) = rest.find("${") {
            if start > 0 {
                parts.push(Part::Text(rest[..start].to_owned()));
            }
            let malformed = || SecretProblem::Malformed(rest[start..].chars().take(40).collect());
            let end = rest[start..].find('}').ok_or_else(malformed)? + start;
            let part = match rest[start + 2..end].split_once(':') {
                Some(("env", name)) if !name.is_empty() => Part::Environment(name.to_owned()),
                Some(("file", path)) if !path.is_empty() => Part::File(path.to_owned()),
                Some(("command", command)) if !command.trim().is_empty() => {
                    Part::Command(command.to_owned())
                }
                _ => return Err(SecretProblem::Malformed(rest[start..=end].to_owned())),
            };
            parts.push(part);
            rest = &rest[end + 1..];
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        Ok(Self {
            template: template.to_owned(),
            parts,
        })
    }

    /// The same, with relative paths of files beginning in `directory`.
    pub fn beside(self, directory: &Path) -> Self {
        let placed = |part| match part {
            Part::File(path) => Part::File(directory.join(path).to_string_lossy().into_owned()),
            other => other,
        };
        let parts: Vec<Part> = self.parts.into_iter().map(placed).collect();
        let template = parts.iter().map(ToString::to_string).collect();
        Self { template, parts }
    }

    /// The text as it was taken apart: references, no values.
    pub(crate) fn template(&self) -> &str {
        &self.template
    }

    /// Whether it refers to a secret at all, rather than being one in plain sight.
    pub fn is_reference(&self) -> bool {
        self.parts.iter().any(|part| !matches!(part, Part::Text(_)))
    }

    /// Whether it can be read here and now, as far as that is known without running a command.
    ///
    /// # Errors
    /// As [`reveal`](Self::reveal).
    pub fn look(&self) -> Result<(), SecretProblem> {
        let readable = self
            .parts
            .iter()
            .filter(|part| !matches!(part, Part::Command(_)));
        let parts = readable.cloned().collect();
        let template = String::new();
        Self { template, parts }.reveal().map(drop)
    }

    /// Reads the secrets it refers to.
    ///
    /// # Errors
    /// [`SecretProblem`], naming the reference.
    pub fn reveal(&self) -> Result<SecretString, SecretProblem> {
        let mut revealed = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => revealed.push_str(text),
                Part::Environment(name) => revealed.push_str(
                    &std::env::var(name).map_err(|_| SecretProblem::Unset(name.clone()))?,
                ),
                Part::File(path) => {
                    let text = std::fs::read_to_string(path).map_err(|error| {
                        SecretProblem::Unreadable {
                            path: path.clone(),
                            reason: error.to_string(),
                        }
                    })?;
                    revealed.push_str(text.trim_end_matches(['\n', '\r']));
                }
                Part::Command(command) => {
                    let answer = command::answer(command).map_err(|reason| {
                        let command = command.clone();
                        SecretProblem::Refused { command, reason }
                    })?;
                    revealed.push_str(answer.expose_secret());
                }
            }
        }
        Ok(revealed.into())
    }
}

impl fmt::Display for Part {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => formatter.write_str(text),
            Self::Environment(name) => write!(formatter, "${{env:{name}}}"),
            Self::File(path) => write!(formatter, "${{file:{path}}}"),
            Self::Command(command) => write!(formatter, "${{command:{command}}}"),
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_reference() {
            write!(formatter, "Secret({})", self.template)
        } else {
            formatter.write_str("Secret(…)")
        }
    }
}

impl<'de> serde::Deserialize<'de> for Secret {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_read_and_never_shown() {
        let secret = Secret::parse("postgres://hub:${env:PATH}@db").unwrap();
        let path = std::env::var("PATH").unwrap();
        assert_eq!(
            secret.reveal().unwrap().expose_secret(),
            format!("postgres://hub:{path}@db")
        );
        assert!(!format!("{secret:?}").contains(&path));
        let plain = Secret::parse("hunter2").unwrap();
        assert!(!plain.is_reference());
        assert!(!format!("{plain:?}").contains("hunter2"));
    }

    #[test]
    fn files_are_looked_for_beside_the_file_that_names_them() {
        let check = |template: &str, expected: &str| {
            let secret = Secret::parse(template).unwrap();
            let placed = secret.beside(Path::new("/etc/tenon"));
            assert_eq!(placed.template(), expected);
        };
        check("a ${file:b} ${env:C}", "a ${file:/etc/tenon/b} ${env:C}");
        check("${file:/run/secrets/b}", "${file:/run/secrets/b}");
        check("plain", "plain");
    }

    #[test]
    fn a_command_is_run_within_bounds_and_not_for_a_look() {
        let reveal = |template: &str| {
            let secret = Secret::parse(template).unwrap();
            assert!(secret.look().is_ok(), "{template}");
            secret.reveal().map(|text| text.expose_secret().to_owned())
        };
        assert_eq!(
            reveal("a:${command:printf 'sesame\\n'}").unwrap(),
            "a:sesame"
        );
        for (command, reason) in [
            ("exit 3", "ended with exit status: 3"),
            ("true", "it wrote nothing"),
        ] {
            let problem = reveal(&format!("${{command:{command}}}")).unwrap_err();
            assert!(problem.to_string().contains(reason), "{problem}");
        }
        assert!(matches!(
            Secret::parse("${command: }"),
            Err(SecretProblem::Malformed(_))
        ));
    }

    #[test]
    fn problems_name_the_reference() {
        let unset = Secret::parse("${env:TENON_NO_SUCH_VARIABLE}")
            .unwrap()
            .reveal()
            .unwrap_err();
        assert_eq!(
            unset,
            SecretProblem::Unset("TENON_NO_SUCH_VARIABLE".to_owned())
        );
        assert!(matches!(
            Secret::parse("${vault:x}"),
            Err(SecretProblem::Malformed(_))
        ));
        assert!(matches!(
            Secret::parse("${env:X"),
            Err(SecretProblem::Malformed(_))
        ));
        let missing = Secret::parse("${file:/no/such/file}")
            .unwrap()
            .reveal()
            .unwrap_err();
        assert!(missing.to_string().contains("/no/such/file"));
    }
}
