//! An existing application as its connector file describes it, and the directory of all of them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tenon_core::{ConfigProblem, Entity, Failure, SystemName};

use crate::{
    ConnectorKind, Document, Inlet, KeyProblem, Mapping, Outlet, RateLimit, Received, Transport,
    Window, assembly,
};

/// An existing application and how it is joined to the hub.
#[derive(Debug, Clone)]
pub struct System {
    /// Its name.
    pub name: SystemName,
    /// The kind of connector: `crm`.
    pub kind: &'static str,
    /// The preset it builds on: `files`.
    pub preset: &'static str,
    /// The connector file.
    pub file: PathBuf,
    /// How it is reached.
    pub transport: Arc<dyn Transport>,
    /// When it is left alone.
    pub windows: Arc<[Window]>,
    /// How many deliveries it can bear; `None` for as many as it takes.
    pub limit: Option<RateLimit>,
    /// What it sends.
    pub inlets: Vec<Inlet>,
    /// What it is given; one outlet an entity.
    pub outlets: Vec<Outlet>,
    /// The mapping cases that stand beside its mappings.
    pub cases: Vec<CaseFile>,
    /// References to secrets in the file that cannot be read here and now.
    pub unset_secrets: Vec<ConfigProblem>,
}

/// Cases of one mapping.
#[derive(Debug, Clone)]
pub struct CaseFile {
    /// The file of the cases.
    pub file: PathBuf,
    /// Its text.
    pub text: String,
    /// The mapping they test.
    pub mapping: Arc<Mapping>,
    /// What the mapping's messages are about.
    pub entity: Entity,
    /// Whether its output is canonical (inbound) rather than native.
    pub inbound: bool,
}

impl System {
    /// The way in for records of `entity`: the one of this name, or the first.
    ///
    /// # Errors
    /// Those that there are, for a person.
    pub fn inlet_for(&self, entity: Entity, name: Option<&str>) -> Result<&Inlet, String> {
        let fits = |inlet: &&Inlet| {
            inlet.entity == entity && name.is_none_or(|name| inlet.name.as_str() == name)
        };
        self.inlets.iter().find(fits).ok_or_else(|| {
            let known: Vec<&str> = self
                .inlets
                .iter()
                .map(|inlet| inlet.name.as_str())
                .collect();
            format!(
                "{} has no such inlet for `{entity}`; it has: {}",
                self.name,
                known.join(", ")
            )
        })
    }

    /// Whether the system holds records of `entity` under ids of its own.
    pub fn knows(&self, entity: Entity) -> bool {
        self.inlets.iter().any(|inlet| inlet.entity == entity) || self.outlet(entity).is_some()
    }

    /// Where cases of a mapping stand, beside it; for a preset's mapping, in a folder of the system's name.
    pub fn cases_of(&self, mapping: &Mapping) -> PathBuf {
        let file = mapping.file();
        match file.to_string_lossy().strip_prefix("preset:") {
            None => file.with_extension("test.yaml"),
            Some(_) => {
                let folder = self.file.with_extension("");
                let name = Path::new(file.file_name().unwrap_or_default());
                folder.join(name.with_extension("test.yaml"))
            }
        }
    }

    /// The inlet of this name.
    pub fn inlet(&self, name: &str) -> Option<&Inlet> {
        self.inlets.iter().find(|inlet| inlet.name == name)
    }

    /// The outlet for `entity`.
    pub fn outlet(&self, entity: Entity) -> Option<&Outlet> {
        self.outlets.iter().find(|outlet| outlet.entity == entity)
    }

    /// Asks whether the target of an outlet would take deliveries now; changes nothing in it.
    ///
    /// # Errors
    /// What stands in the way.
    pub async fn ask_target(&self, outlet: &Outlet) -> Result<(), Failure> {
        self.transport.open_sink(outlet).await?.probe().await
    }

    /// Asks the source of a polled inlet what it would hand over first, from its beginning. Nothing is marked as
    /// read: it is looked at and left.
    ///
    /// # Errors
    /// What stands in the way.
    pub async fn ask_source(&self, inlet: &Inlet) -> Result<Option<Received>, Failure> {
        let mut source = self.transport.open_source(inlet, None).await?;
        source.receive().await
    }

    /// Loads one connector file.
    ///
    /// # Errors
    /// Every problem in the file, its mappings and code tables, with its place.
    pub fn load(file: &Path, kinds: &[ConnectorKind]) -> Result<Self, Vec<ConfigProblem>> {
        Self::read(file, kinds, |_, _| {})
    }

    /// Loads the system's file once more, to serve it as it says now.
    ///
    /// # Errors
    /// As `load`; also where the file has become that of another system, and for secrets that cannot be
    /// read here and now.
    pub fn again(&self, kinds: &[ConnectorKind]) -> Result<Self, Vec<ConfigProblem>> {
        let same = |system: &Self, document: &mut Document<'_>| {
            for (key, was, is) in [
                ("name", self.name.as_str(), system.name.as_str()),
                ("kind", self.kind, system.kind),
            ] {
                if was != is {
                    let problem = KeyProblem::new(key, format!("`{key}` was `{was}` until now"));
                    let help = "write it as it was, or restart the hub with a file of its own for the other system";
                    document.report_key(problem.help(help));
                }
            }
            document.extend(system.unset_secrets.clone());
        };
        Self::read(&self.file, kinds, same)
    }

    fn read(
        file: &Path,
        kinds: &[ConnectorKind],
        also: impl FnOnce(&Self, &mut Document<'_>),
    ) -> Result<Self, Vec<ConfigProblem>> {
        let text = std::fs::read_to_string(file)
            .map_err(|error| vec![ConfigProblem::new(file, format!("cannot be read: {error}"))])?;
        let mut document = Document::parse(file, &text);
        let Some(system) = assembly::load(&mut document, file, kinds) else {
            return Err(document.into_problems());
        };
        also(&system, &mut document);
        match document.is_clean() {
            true => Ok(system),
            false => Err(document.into_problems()),
        }
    }
}

/// What is wrong with a system whose name `first` has already.
fn second(system: &System, first: &System) -> Vec<ConfigProblem> {
    // Read again only for the place of the name; without it the problem stands at the file.
    let text = std::fs::read_to_string(&system.file).unwrap_or_default();
    let mut document = Document::parse(&system.file, &text);
    let problem = KeyProblem::new("name", format!("a second system named `{}`", system.name));
    document.report_key(problem.help(format!("the first is in {}", first.file.display())));
    document.into_problems()
}

/// The systems of one configuration directory.
#[derive(Debug, Clone, Default)]
pub struct Deployment {
    /// In the order of their names.
    pub systems: Vec<System>,
    /// The kinds that their files may name.
    pub kinds: &'static [ConnectorKind],
}

impl Deployment {
    /// Loads every `*.toml` in `directory`.
    ///
    /// # Errors
    /// Every problem of every file.
    pub fn load(
        directory: &Path,
        kinds: &'static [ConnectorKind],
    ) -> Result<Self, Vec<ConfigProblem>> {
        let unreadable = |error: std::io::Error| {
            vec![
                ConfigProblem::new(directory, format!("cannot be read: {error}"))
                    .help("connector files are expected here, one a system"),
            ]
        };
        let mut files = Vec::new();
        for entry in std::fs::read_dir(directory).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            if path
                .extension()
                .is_some_and(|extension| extension == "toml")
            {
                files.push(path);
            }
        }
        files.sort();
        let (mut systems, mut problems) = (Vec::<System>::new(), Vec::new());
        for file in files {
            match System::load(&file, kinds) {
                Ok(system) => match systems.iter().find(|other| other.name == system.name) {
                    Some(other) => problems.extend(second(&system, other)),
                    None => systems.push(system),
                },
                Err(found) => problems.extend(found),
            }
        }
        if systems.is_empty() && problems.is_empty() {
            problems.push(
                ConfigProblem::new(directory, "holds no connector file")
                    .help("write one, or begin with `tenon connector new`"),
            );
        }
        if problems.is_empty() {
            return Ok(Self { systems, kinds });
        }
        // Whoever corrects the rest shall not learn of these only afterwards.
        problems.extend(systems.into_iter().flat_map(|system| system.unset_secrets));
        problems.sort();
        Err(problems)
    }

    /// The system of this name.
    pub fn system(&self, name: &SystemName) -> Option<&System> {
        self.systems.iter().find(|system| system.name == *name)
    }
}
