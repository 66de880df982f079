//! Puts a system together: its file over its preset, mappings and code tables from beside it.

pub(crate) mod keys;
mod presets;

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tenon_core::{ConfigProblem, Entity, SystemName, nearest};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::config::{Configured, Parts, split, take_tables};
use crate::files::Files;
use crate::http::Http;
use crate::schedule::{Attended, Window};
use crate::sql::Sql;
use crate::webhook::Seal;
use crate::{
    CaseFile, CodeTables, ConnectorKind, Document, Guarantee, Inlet, Intake, KeyPath, KeyProblem,
    Mapping, Outlet, Preset, RetryPolicy, Secret, System, Transport, Webhook, WebhookAuth,
};
use keys::{
    COMMON, Common, DELIVER, DeliverCommon, LISTS, RECEIVE, ReceiveCommon, WEBHOOK,
    WebhookAuthConfig, WebhookCommon,
};
use presets::{choose, merge, preset_tables};

/// Loads the system that a file describes; `None` when it has problems, which the document then has.
pub(crate) fn load(
    document: &mut Document<'_>,
    file: &Path,
    kinds: &[ConnectorKind],
) -> Option<System> {
    let (kind, preset) = choose(document, kinds)?;
    // The preset's text is part of this program; each is loaded by a test of its crate.
    let defaults = DeTable::parse_recoverable(preset.defaults).0.into_inner();
    let merged = merge(document.root().clone(), defaults);
    let unset_secrets = unset_secrets(document, &merged, preset);
    let system = match preset.transport {
        "files" => assemble::<Files>(document, file, kind, preset, merged),
        "sql" => assemble::<Sql>(document, file, kind, preset, merged),
        "http" => assemble::<Http>(document, file, kind, preset, merged),
        other => {
            let message = format!(
                "preset `{}` names a transport `{other}` that this build lacks",
                preset.name
            );
            document.report_key(KeyProblem::new("preset", message));
            None
        }
    };
    match system {
        Some(system) if document.is_clean() => Some(System {
            unset_secrets,
            ..system
        }),
        _ => {
            document.extend(unset_secrets);
            None
        }
    }
}

/// What one connector file needs while it is put together.
struct Assembly<'a, 't> {
    document: &'a mut Document<'t>,
    base: PathBuf,
    kind: &'static str,
    preset: &'static Preset,
    tables: CodeTables,
    /// The preset's own code tables: its cases hold for these, whatever the file puts in their place.
    preset_tables: CodeTables,
    cases: Vec<CaseFile>,
}

fn assemble<'t, T: Configured>(
    document: &mut Document<'t>,
    file: &Path,
    kind: &'static str,
    preset: &'static Preset,
    mut merged: DeTable<'t>,
) -> Option<System> {
    let whole = 0..0;
    let receive = take_tables(&mut merged, "receive");
    let webhook = take_tables(&mut merged, "webhook");
    let deliver = take_tables(&mut merged, "deliver");
    let (common, settings) = split(Spanned::new(whole, merged), COMMON);
    let also: Vec<&str> = COMMON.iter().chain(LISTS).copied().collect();
    let common: Option<Common> = document.read(common, &[]);
    let settings: Option<T::Settings> = document.read(settings, &also);

    let receive: Vec<_> = receive
        .into_iter()
        .map(|table| {
            let (common, own) = split(table, RECEIVE);
            (
                document.read::<ReceiveCommon>(common, &[]),
                document.read::<T::Receive>(own, RECEIVE),
            )
        })
        .collect();
    let webhook: Vec<_> = webhook
        .into_iter()
        .map(|table| {
            let (common, own) = split(table, WEBHOOK);
            (
                document.read::<WebhookCommon>(common, &[]),
                document.read::<T::Webhook>(own, WEBHOOK),
            )
        })
        .collect();
    let deliver: Vec<_> = deliver
        .into_iter()
        .map(|table| {
            let (common, own) = split(table, DELIVER);
            (
                document.read::<DeliverCommon>(common, &[]),
                document.read::<T::Deliver>(own, DELIVER),
            )
        })
        .collect();
    let common = common?;
    if common.name == SystemName::hub() {
        let problem = KeyProblem::new("name", "`tenon` is the hub itself");
        document.report_key(problem.help("give the system another name"));
    }

    let base = file.parent().unwrap_or(Path::new(".")).to_owned();
    let mut assembly = Assembly {
        document,
        base: base.clone(),
        kind,
        preset,
        tables: CodeTables::default(),
        preset_tables: preset_tables(preset),
        cases: Vec::new(),
    };
    assembly.load_tables(&common);

    let (receives, delivers) = (receive.len(), deliver.len());
    let mut inlets = Vec::new();
    let mut parts_receive = Vec::new();
    for (index, (common_keys, own)) in receive.into_iter().enumerate() {
        let (Some(keys), Some(own)) = (common_keys, own) else {
            continue;
        };
        parts_receive.push((keys.inlet_name(), own));
        inlets.extend(assembly.inlet(&common.name, index, &keys));
    }
    let webhooks = webhook.len();
    let mut parts_webhook = Vec::new();
    for (index, (common_keys, own)) in webhook.into_iter().enumerate() {
        let (Some(keys), Some(own)) = (common_keys, own) else {
            continue;
        };
        parts_webhook.push((keys.inlet_name(), own));
        inlets.extend(assembly.webhook(&common.name, index, keys));
    }
    assembly.refuse_duplicates(&inlets);

    let mut outlets = Vec::new();
    let mut parts_deliver = Vec::new();
    for (index, (common_keys, own)) in deliver.into_iter().enumerate() {
        let (Some(keys), Some(own)) = (common_keys, own) else {
            continue;
        };
        parts_deliver.push((keys.entity, own));
        if outlets
            .iter()
            .any(|outlet: &Outlet| outlet.entity == keys.entity)
        {
            let problem = format!("a second `[[deliver]]` of entity `{}`", keys.entity);
            assembly
                .document
                .report_key(KeyProblem::new(format!("deliver[{index}].entity"), problem));
            continue;
        }
        outlets.extend(assembly.outlet(&common.name, index, keys));
    }
    let cases = assembly.cases;

    let settings = settings?;
    // The transport tells its problems by index, so it is asked only where no entry is left out.
    let left_out = parts_receive.len() < receives || parts_webhook.len() < webhooks;
    if left_out || parts_deliver.len() < delivers {
        return None;
    }
    let parts = Parts {
        settings,
        receive: parts_receive,
        webhook: parts_webhook,
        deliver: parts_deliver,
        base,
    };
    let transport: Arc<dyn Transport> = match T::validate(parts) {
        Ok(transport) => Arc::new(transport),
        Err(problems) => {
            for problem in problems {
                document.report_key(problem);
            }
            return None;
        }
    };
    if !document.is_clean() {
        return None;
    }
    let scheduled = |inlet: &Inlet| {
        matches!(
            inlet.intake,
            Intake::Poll {
                schedule: Some(_),
                ..
            }
        )
    };
    let windows: Arc<[Window]> = common.maintenance.into();
    let transport: Arc<dyn Transport> = match inlets.iter().any(scheduled) || !windows.is_empty() {
        true => Arc::new(Attended {
            inner: transport,
            windows: windows.clone(),
        }),
        false => transport,
    };
    for outlet in &mut outlets {
        outlet.guarantee = transport.guarantee(outlet.entity);
    }
    Some(System {
        name: common.name,
        kind,
        preset: preset.name,
        file: file.to_owned(),
        transport,
        windows,
        limit: common.limits.map(Into::into),
        inlets,
        outlets,
        cases,
        unset_secrets: Vec::new(),
    })
}

impl Assembly<'_, '_> {
    fn load_tables(&mut self, common: &Common) {
        for (name, reference) in &common.tables {
            let key = format!("tables.{name}");
            if let Some((file, text)) = self.text(&key, reference)
                && let Err(reason) = self.tables.insert(name, &text)
            {
                self.document.extend([ConfigProblem::new(file, reason)]);
            }
        }
    }

    /// The text of a file that the connector file names: built in, or beside it.
    fn text(&mut self, key: &str, reference: &str) -> Option<(PathBuf, String)> {
        if let Some(name) = reference.strip_prefix("preset:") {
            let shown = PathBuf::from(format!("preset:{}/{}/{name}", self.kind, self.preset.name));
            let text = self.preset.file(name).map(str::to_owned);
            if text.is_none() {
                let names = self.preset.files.iter().map(|(file, _)| *file);
                let help =
                    nearest(name, names).map(|near| format!("did you mean `preset:{near}`?"));
                let message = format!("preset `{}` has no file `{name}`", self.preset.name);
                self.document.report_key(KeyProblem {
                    key: key.to_owned(),
                    message,
                    help,
                });
            }
            return text.map(|text| (shown, text));
        }
        let path = self.base.join(reference);
        match std::fs::read_to_string(&path) {
            Ok(text) => Some((path, text)),
            Err(error) => {
                let message = format!("{}: {error}", path.display());
                self.document.report_key(KeyProblem::new(key, message));
                None
            }
        }
    }

    fn mapping(
        &mut self,
        key: &str,
        reference: &str,
        entity: Entity,
        inbound: bool,
    ) -> Option<Arc<Mapping>> {
        let (file, source) = self.text(key, reference)?;
        let mapping = match Mapping::compile(&file, &source, &self.tables) {
            Ok(mapping) => Arc::new(mapping),
            Err(problems) => {
                self.document.extend(problems);
                return None;
            }
        };
        if let Some((file, text)) = self.cases_beside(reference)
            // Two inlets may share a mapping; its cases are run once.
            && !self.cases.iter().any(|cases| cases.file == file && cases.entity == entity)
        {
            let mapping = match reference.starts_with("preset:") {
                true => self
                    .preset_mapping(mapping.file(), &source)
                    .unwrap_or_else(|| mapping.clone()),
                false => mapping.clone(),
            };
            self.cases.push(CaseFile {
                file,
                text,
                mapping,
                entity,
                inbound,
            });
        }
        // Cases of one's own for a preset's mapping stand where a mapping of one's own would.
        if let Some(name) = reference.strip_prefix("preset:")
            && let Some(folder) = self.document.file().file_stem()
            && let Some((file, text)) =
                self.cases_beside(&format!("{}/{name}", folder.to_string_lossy()))
            && !self.cases.iter().any(|cases| cases.file == file)
        {
            self.cases.push(CaseFile {
                file,
                text,
                mapping: mapping.clone(),
                entity,
                inbound,
            });
        }
        Some(mapping)
    }

    /// A mapping of the preset with the preset's own tables.
    fn preset_mapping(&self, file: &Path, source: &str) -> Option<Arc<Mapping>> {
        Mapping::compile(file, source, &self.preset_tables)
            .ok()
            .map(Arc::new)
    }

    /// The cases that stand beside a mapping, if there are any.
    fn cases_beside(&mut self, reference: &str) -> Option<(PathBuf, String)> {
        let cases = format!("{}.test.yaml", reference.strip_suffix(".jq")?);
        if let Some(name) = cases.strip_prefix("preset:") {
            let shown = format!("preset:{}/{}/{name}", self.kind, self.preset.name);
            return self
                .preset
                .file(name)
                .map(|text| (PathBuf::from(shown), text.to_owned()));
        }
        let path = self.base.join(&cases);
        match std::fs::read_to_string(&path) {
            Ok(text) => Some((path, text)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => {
                self.document
                    .extend([ConfigProblem::new(path, format!("cannot be read: {error}"))]);
                None
            }
        }
    }

    fn key_path(&mut self, key: &str, text: &str) -> Option<KeyPath> {
        match text.parse() {
            Ok(path) => Some(path),
            Err(reason) => {
                self.document.report_key(KeyProblem::new(key, reason));
                None
            }
        }
    }

    fn inlet(&mut self, system: &SystemName, index: usize, keys: &ReceiveCommon) -> Option<Inlet> {
        let at = format!("receive[{index}]");
        let mapping = self.mapping(&format!("{at}.mapping"), &keys.mapping, keys.entity, true);
        let key = self.key_path(&format!("{at}.key"), &keys.key);
        Some(Inlet {
            system: system.clone(),
            name: keys.inlet_name(),
            entity: keys.entity,
            key: key?,
            mapping: mapping?,
            intake: Intake::Poll {
                every: keys.every.0.max(Duration::from_millis(10)),
                schedule: keys.schedule.clone(),
            },
        })
    }

    fn webhook(&mut self, system: &SystemName, index: usize, keys: WebhookCommon) -> Option<Inlet> {
        let at = format!("webhook[{index}]");
        let mapping = self.mapping(&format!("{at}.mapping"), &keys.mapping, keys.entity, true);
        let key = self.key_path(&format!("{at}.key"), &keys.key);
        let name = keys.inlet_name();
        let condition = match &keys.condition {
            None => None,
            Some(source) => Some(self.condition(&at, source)?),
        };
        let auth = self.webhook_auth(&at, keys.auth);
        Some(Inlet {
            system: system.clone(),
            name,
            entity: keys.entity,
            key: key?,
            mapping: mapping?,
            intake: Intake::Webhook(Webhook {
                auth: auth?,
                event_id_header: keys.event_id_header,
                condition,
            }),
        })
    }

    fn webhook_auth(&mut self, at: &str, keys: WebhookAuthConfig) -> Option<WebhookAuth> {
        let at = format!("{at}.auth");
        let WebhookAuthConfig {
            header,
            token,
            hmac,
            scheme,
            key,
            receiver,
            tolerance,
        } = keys;
        let shared = [&token, &hmac, &key];
        if shared
            .into_iter()
            .flatten()
            .any(|secret| !secret.is_reference())
        {
            let problem = KeyProblem::new(&at, "the secret stands in plain sight")
                .help("write ${env:NAME} or ${file:PATH}");
            self.document.report_key(problem);
        }
        let unsealed = key.is_none() && receiver.is_none() && tolerance.is_none();
        let auth = match (scheme, token, hmac) {
            (None, Some(token), None) if unsealed => {
                let header = header.unwrap_or_else(|| "authorization".to_owned());
                Ok(WebhookAuth::Token { header, token })
            }
            (None, None, Some(secret)) if unsealed => {
                let header = header.unwrap_or_else(|| "x-signature".to_owned());
                Ok(WebhookAuth::Hmac { header, secret })
            }
            (Some(form), Some(token), None) if header.is_none() => {
                let tolerance = tolerance.map(|humane| humane.0);
                Seal::new(form, token, key, receiver, tolerance).map(WebhookAuth::Sealed)
            }
            (Some(_), ..) => Err(
                "a `scheme` goes with `token` and `key`, and with nothing else that proves"
                    .to_owned(),
            ),
            (None, ..) => {
                Err("a webhook needs either `token`, `hmac` or a `scheme` with its keys".to_owned())
            }
        };
        match auth {
            Ok(auth) => Some(auth),
            Err(message) => {
                self.document.report_key(KeyProblem::new(at, message));
                None
            }
        }
    }

    /// Compiles a `where`.
    fn condition(&mut self, at: &str, source: &str) -> Option<Arc<Mapping>> {
        let shown = PathBuf::from(format!("{}:{at}.where", self.document.file().display()));
        match Mapping::compile(&shown, source, &self.tables) {
            Ok(condition) => Some(Arc::new(condition)),
            Err(problems) => {
                for problem in problems {
                    let key = format!("{at}.where");
                    let (message, help) = (problem.message, problem.help);
                    self.document.report_key(KeyProblem { key, message, help });
                }
                None
            }
        }
    }

    fn refuse_duplicates(&mut self, inlets: &[Inlet]) {
        let mut names = HashSet::new();
        for inlet in inlets {
            if !names.insert(&inlet.name) {
                let problem = format!("two inlets are named `{}`", inlet.name);
                let problem =
                    KeyProblem::new("receive", problem).help("give one of them another `name`");
                self.document.report_key(problem);
            }
        }
    }

    fn outlet(&mut self, system: &SystemName, index: usize, keys: DeliverCommon) -> Option<Outlet> {
        let at = format!("deliver[{index}]");
        let mapping = self.mapping(&format!("{at}.mapping"), &keys.mapping, keys.entity, false);
        let condition = match &keys.condition {
            None => None,
            Some(source) => Some(self.condition(&at, source)?),
        };
        let mut require = Vec::new();
        for (number, path) in keys.require.iter().enumerate() {
            let key = format!("{at}.require[{number}]");
            require.extend(self.key_path(&key, path).map(|path| path.to_string()));
        }
        let initial = keys.backoff.0;
        Some(Outlet {
            system: system.clone(),
            entity: keys.entity,
            condition,
            mapping: mapping?,
            require,
            keep_own: keys.keep_own,
            retry: RetryPolicy {
                attempts: keys.attempts.max(1),
                initial,
                max: keys.backoff_max.0.max(initial),
            },
            guarantee: Guarantee::AtLeastOnce,
        })
    }
}

/// Every reference to a secret that cannot be read now: those of the file with their places, then
/// those that come from the preset.
fn unset_secrets(
    document: &Document<'_>,
    merged: &DeTable<'_>,
    preset: &Preset,
) -> Vec<ConfigProblem> {
    fn visit(value: &Spanned<DeValue<'_>>, found: &mut BTreeMap<String, usize>) {
        match value.get_ref() {
            DeValue::String(string) => {
                if let Ok(secret) = Secret::parse(string)
                    && let Err(problem) = secret.look()
                {
                    found
                        .entry(problem.to_string())
                        .or_insert(value.span().start);
                }
            }
            DeValue::Array(elements) => elements.iter().for_each(|element| visit(element, found)),
            DeValue::Table(table) => table.values().for_each(|value| visit(value, found)),
            _ => {}
        }
    }
    let (mut own, mut all) = (BTreeMap::new(), BTreeMap::new());
    document
        .root()
        .values()
        .for_each(|value| visit(value, &mut own));
    merged.values().for_each(|value| visit(value, &mut all));
    all.into_keys()
        .map(|message| match own.get(&message) {
            Some(offset) => {
                ConfigProblem::new(document.file(), &*message).at(document.text(), *offset)
            }
            None => ConfigProblem::new(document.file(), &*message)
                .help(format!("preset `{}` refers to it", preset.name)),
        })
        .collect()
}
