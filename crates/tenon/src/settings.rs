//! `tenon.toml`: what a node is told besides its systems.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use secrecy::ExposeSecret;
use serde::Deserialize;
use tenon_api::AccessPolicy;
use tenon_api::alerts::AlertSettings;
use tenon_connector::{Deployment, Document, Humane, KeyProblem, Secret};
use tenon_core::{ConfigProblem, SystemName, nearest};
use tenon_insight::{Policy, REPORTS};
use tenon_master::{CodeRule, Survivorship};
use tenon_pipeline::MasterPolicy;
use toml::Spanned;
use toml::de::DeTable;

use crate::exports::Export;
use crate::figures;
use crate::matching::{self, MasterFile};
use crate::registry::KINDS;

/// The file's name within the configuration directory.
const FILE: &str = "tenon.toml";
/// Where connector files are within it.
const CONNECTORS: &str = "connectors";

/// `tenon.toml`. Every key has a default; without the file the hub runs embedded.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Settings {
    /// Where the embedded engine keeps its file; relative to the configuration directory.
    pub(crate) data: PathBuf,
    /// `embedded`, or amqp:// and amqps:// addresses, comma-separated.
    pub(crate) broker: Secret,
    /// `embedded`, or a postgres:// address.
    pub(crate) store: Secret,
    /// Stands before the names of this hub's queues, so that several hubs may share a virtual host.
    pub(crate) queue_prefix: String,
    /// Partitions of the inbound queue; the same on every node.
    pub(crate) partitions: u32,
    /// The HTTP side.
    pub(crate) http: Http,
    /// Who may what.
    pub(crate) access: AccessPolicy,
    /// Whom to tell when something does not go on.
    pub(crate) alerts: Option<AlertSettings>,
    /// What is remembered of messages.
    pub(crate) journal: Journal,
    /// Reports that are written as files by the clock.
    pub(crate) exports: Vec<Export>,
    /// The master customer record.
    pub(crate) master: Master,
    /// How customers are matched: `master.toml` beside this file, if there is one.
    #[serde(skip)]
    pub(crate) matching: MasterFile,
    /// What the company decides about its figures: `insight.toml` beside this file, if there is one.
    #[serde(skip)]
    pub(crate) insight: Policy,
}

/// What is remembered of messages.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Journal {
    /// How long they are kept: `"90d"`; for ever if absent.
    pub(crate) keep: Option<Humane>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Http {
    /// The address to listen on.
    pub(crate) listen: SocketAddr,
    /// A token that is an administrator's, for scripts; people have accounts.
    pub(crate) token: Option<Secret>,
}

/// The master customer record.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Master {
    /// Whose word counts most, first first; systems not named come last, by name.
    pub(crate) priority: Vec<SystemName>,
    /// The same for single fields: `legal_name = ["invoicing", "erp"]`.
    pub(crate) fields: BTreeMap<String, Vec<SystemName>>,
    /// How mnemonic codes are made.
    pub(crate) code: CodeRule,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            data: PathBuf::from("data"),
            broker: embedded(),
            store: embedded(),
            queue_prefix: String::new(),
            partitions: 4,
            http: Http::default(),
            access: AccessPolicy::default(),
            alerts: None,
            journal: Journal::default(),
            exports: Vec::new(),
            master: Master::default(),
            matching: MasterFile::default(),
            insight: Policy::default(),
        }
    }
}

impl Default for Http {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8383)),
            token: None,
        }
    }
}

/// The value of `broker` and `store` that needs no server.
pub(crate) const EMBEDDED: &str = "embedded";

fn embedded() -> Secret {
    // A text without a reference always parses.
    Secret::parse(EMBEDDED).unwrap_or_else(|_| unreachable!("a plain word is a plain secret"))
}

/// A whole configuration directory.
#[derive(Debug)]
pub(crate) struct Configuration {
    pub(crate) settings: Settings,
    pub(crate) deployment: Deployment,
    /// Secrets that are referred to and cannot be read here and now.
    pub(crate) unset_secrets: Vec<ConfigProblem>,
}

impl Configuration {
    /// Reads a directory: `tenon.toml`, the environment over it, and the connector files.
    ///
    /// # Errors
    /// Every problem of every file, with its place.
    pub(crate) fn load(directory: &Path) -> Result<Self, Vec<ConfigProblem>> {
        let mut problems = Vec::new();
        let read = read(directory).map_err(|found| problems.extend(found)).ok();
        let matching = matching::beside(directory)
            .map_err(|found| problems.extend(found))
            .ok();
        let insight = figures::beside(directory)
            .map_err(|found| problems.push(found))
            .ok();
        let deployment = Deployment::load(&directory.join(CONNECTORS), KINDS)
            .map_err(|found| problems.extend(found))
            .ok();
        if let (Some(read), Some(deployment)) = (&read, &deployment) {
            problems.extend(read.strangers(deployment));
        }
        let mut unset_secrets = read.as_ref().map(Read::unset_secrets).unwrap_or_default();
        let systems = deployment.iter().flat_map(|deployment| &deployment.systems);
        unset_secrets.extend(systems.flat_map(|system| system.unset_secrets.clone()));
        match (read, deployment, matching, insight) {
            (Some(read), Some(deployment), Some(matching), Some(insight))
                if problems.is_empty() =>
            {
                Ok(Self {
                    settings: Settings {
                        matching,
                        insight,
                        ..read.settings
                    },
                    deployment,
                    unset_secrets,
                })
            }
            _ => {
                problems.extend(unset_secrets);
                Err(problems)
            }
        }
    }
}

/// `tenon.toml` as it was read, with its text for the places of later findings.
struct Read {
    file: PathBuf,
    text: String,
    settings: Settings,
}

/// The settings of a directory: the file first by itself, for the places of its problems, then with
/// the environment over it (`TENON__BROKER`, `TENON__HTTP__LISTEN`).
fn read(directory: &Path) -> Result<Read, Vec<ConfigProblem>> {
    let file = directory.join(FILE);
    let text = match std::fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => {
            return Err(vec![ConfigProblem::new(
                file,
                format!("cannot be read: {error}"),
            )]);
        }
    };
    let mut document = Document::parse(&file, &text);
    let table = Spanned::new(0..0, document.root().clone());
    let alone: Option<Settings> = document.read(table, &[]);
    refuse_plain_secrets(&mut document);
    // From the text too, so that another key's problem does not hide these.
    let master = document
        .root()
        .get("master")
        .and_then(|master| master.get_ref().as_table());
    let fields = master.and_then(|master| master.get("fields")?.get_ref().as_table());
    let fields: Vec<String> = fields
        .into_iter()
        .flatten()
        .map(|(field, _)| field.get_ref().to_string())
        .collect();
    refuse_unknown_fields(fields.iter(), &mut document);
    if alone.is_none() || !document.is_clean() {
        return Err(document.into_problems());
    }
    let merged = config::Config::builder()
        .add_source(config::File::from_str(&text, config::FileFormat::Toml))
        // Values stay text until a field wants another type: a token of digits keeps its zeros.
        .add_source(
            config::Environment::with_prefix("TENON")
                .prefix_separator("__")
                .separator("__"),
        )
        .build()
        .and_then(config::Config::try_deserialize::<Settings>);
    let mut settings = merged.map_err(|error| {
        vec![ConfigProblem::new(
            "environment",
            format!("a TENON__ variable does not fit: {error}"),
        )]
    })?;
    settings.data = directory.join(&settings.data);
    for export in &mut settings.exports {
        export.directory = directory.join(&export.directory);
    }
    settings.broker = settings.broker.beside(directory);
    settings.store = settings.store.beside(directory);
    settings.http.token = settings.http.token.map(|token| token.beside(directory));
    settings.judge(&mut document);
    if !document.is_clean() {
        return Err(document.into_problems());
    }
    Ok(Read {
        settings,
        file,
        text,
    })
}

/// Tables and keys whose values are secrets as a whole.
const SECRETS: [(&str, &str); 3] = [
    ("http", "token"),
    ("access.oidc", "client_secret"),
    ("alerts", "secret"),
];

/// Notes secrets that stand in the file instead of being referred to.
fn refuse_plain_secrets(document: &mut Document<'_>) {
    let text_at =
        |table: &DeTable<'_>, key: &str| Some(table.get(key)?.get_ref().as_str()?.to_owned());
    let root = document.root();
    let mut found = Vec::new();
    for key in ["broker", "store"] {
        let url = text_at(root, key).unwrap_or_default();
        // Several addresses may stand there, separated by commas.
        let with_password = |url: &str| {
            let authority = url.split_once("://").map_or("", |(_, rest)| rest);
            let authority = authority.split(['/', '?']).next().unwrap_or_default();
            let account = authority.rsplit_once('@').map(|(account, _)| account);
            account
                .and_then(|account| account.split_once(':'))
                .is_some_and(|(_, password)| !password.contains("${"))
        };
        if url.split(',').any(with_password) {
            found.push(KeyProblem::new(key, "the password stands in plain sight"));
        }
    }
    for (path, key) in SECRETS {
        let mut table = Some(root);
        for step in path.split('.') {
            table = table.and_then(|table| table.get(step)?.get_ref().as_table());
        }
        let secret = table.and_then(|table| text_at(table, key));
        if secret.is_some_and(|secret| !secret.contains("${")) {
            let place = format!("{path}.{key}");
            found.push(KeyProblem::new(place, "the secret stands in plain sight"));
        }
    }
    for problem in found {
        document.report_key(problem.help("write ${env:NAME} or ${file:PATH} in its place"));
    }
}

impl Settings {
    /// Reads `tenon.toml` alone, the environment over it.
    ///
    /// # Errors
    /// Its problems, with their places.
    pub(crate) fn load(directory: &Path) -> Result<Self, Vec<ConfigProblem>> {
        read(directory).map(|read| read.settings)
    }

    /// Notes values that fit their type and are wrong all the same.
    fn judge(&self, document: &mut Document<'_>) {
        let engines = [
            ("broker", &self.broker, ["amqp://", "amqps://"]),
            ("store", &self.store, ["postgres://", "postgresql://"]),
        ];
        for (key, url, schemes) in engines {
            // One that cannot be read is told as an unset secret.
            let Ok(url) = url.reveal() else { continue };
            let url = url.expose_secret();
            if url != EMBEDDED && !schemes.iter().any(|scheme| url.starts_with(scheme)) {
                let problem =
                    KeyProblem::new(key, format!("`{key}` names no engine that is known here"));
                document
                    .report_key(problem.help(format!("write \"{EMBEDDED}\" or {}…", schemes[0])));
            }
        }
        if self.partitions == 0 || self.partitions > 64 {
            document.report_key(KeyProblem::new(
                "partitions",
                "`partitions` must be from 1 to 64",
            ));
        }
        let day = std::time::Duration::from_secs(24 * 3600);
        if self.journal.keep.is_some_and(|keep| keep.0 < day) {
            document.report_key(
                KeyProblem::new("journal.keep", "forgets messages that are still under way")
                    .help("keep them for a day at least, such as \"90d\""),
            );
        }
        for (number, export) in self.exports.iter().enumerate() {
            for (place, name) in export.reports.iter().enumerate() {
                if !REPORTS.contains(&name.as_str()) {
                    let key = format!("exports[{number}].reports[{place}]");
                    let mut problem = KeyProblem::new(key, format!("no report is named `{name}`"));
                    problem.help = did_you_mean(name, REPORTS);
                    document.report_key(problem);
                }
            }
        }
        for (key, reason) in self.access.problems() {
            document.report_key(KeyProblem::new(format!("access.{key}"), reason));
        }
        let plain = |character: char| {
            character.is_ascii_alphanumeric() || matches!(character, '.' | '-' | '_')
        };
        if self.queue_prefix.len() > 64 || !self.queue_prefix.chars().all(plain) {
            document.report_key(
                KeyProblem::new("queue_prefix", "this prefix cannot begin a queue's name")
                    .help("use at most 64 of a-z, A-Z, 0-9, `.`, `-` and `_`"),
            );
        }
        refuse_unknown_fields(self.master.fields.keys(), document);
    }
}

/// Notes fields of `[master.fields]` that a customer does not have.
fn refuse_unknown_fields<'f>(
    fields: impl Iterator<Item = &'f String>,
    document: &mut Document<'_>,
) {
    for field in fields.filter(|field| !Survivorship::FIELDS.contains(&field.as_str())) {
        let key = format!("master.fields.{field}");
        let mut problem = KeyProblem::new(key, format!("a customer has no field `{field}`"));
        problem.help = did_you_mean(field, Survivorship::FIELDS);
        document.report_key(problem);
    }
}

fn did_you_mean<'n>(word: &str, names: impl IntoIterator<Item = &'n str>) -> Option<String> {
    nearest(word, names).map(|near| format!("did you mean `{near}`?"))
}

impl Read {
    /// Systems that are named in `[master]` and have no connector file.
    fn strangers(&self, deployment: &Deployment) -> Vec<ConfigProblem> {
        let mut document = Document::parse(&self.file, &self.text);
        let known = || deployment.systems.iter().map(|system| system.name.as_str());
        let master = &self.settings.master;
        let fields = master
            .fields
            .iter()
            .map(|(field, order)| (format!("master.fields.{field}"), order));
        for (key, order) in
            std::iter::once(("master.priority".to_owned(), &master.priority)).chain(fields)
        {
            for (index, name) in order.iter().enumerate() {
                if !known().any(|known| known == name.as_str()) {
                    let message = format!("no system is named `{name}`");
                    let mut problem = KeyProblem::new(format!("{key}[{index}]"), message);
                    problem.help = did_you_mean(name.as_str(), known());
                    document.report_key(problem);
                }
            }
        }
        document.into_problems()
    }

    /// References to secrets that cannot be read here and now.
    fn unset_secrets(&self) -> Vec<ConfigProblem> {
        let mut document = Document::parse(&self.file, &self.text);
        let Settings {
            broker,
            store,
            http,
            access,
            alerts,
            ..
        } = &self.settings;
        let oidc = access.oidc.as_ref();
        let secrets = [
            ("broker", Some(broker)),
            ("store", Some(store)),
            ("http.token", http.token.as_ref()),
            (
                "access.oidc.client_secret",
                oidc.and_then(|oidc| oidc.client_secret.as_ref()),
            ),
            (
                "alerts.url",
                alerts.as_ref().and_then(|alerts| alerts.url.as_ref()),
            ),
            (
                "alerts.secret",
                alerts.as_ref().and_then(|alerts| alerts.secret.as_ref()),
            ),
        ];
        for (key, secret) in secrets {
            if let Some(Err(problem)) = secret.map(Secret::reveal) {
                document.report_key(KeyProblem::new(key, problem.to_string()));
            }
        }
        document.into_problems()
    }
}

impl Settings {
    /// How customers are mastered.
    pub(crate) fn master_policy(&self) -> MasterPolicy {
        let survivorship = Survivorship {
            default_order: self.master.priority.clone(),
            fields: self.master.fields.clone(),
            ..Survivorship::default()
        };
        MasterPolicy {
            survivorship,
            code: self.master.code,
            matching: self.matching.matching.clone(),
            likeness: self.matching.messages.likeness,
            life_cycle: self.matching.life_cycle.clone(),
            codes: self.matching.codes.clone(),
            items: self.matching.items.clone(),
            boms: self.matching.bom.clone(),
        }
    }
}
