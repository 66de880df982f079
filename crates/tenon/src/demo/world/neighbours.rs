//! The other systems of the factory: a service desk, a knowledge base, the design office, the plant, an OA,
//! the dealers' DRP and the portal of suppliers. Each exchanges files in its own form; what the IT team wrote
//! to join them stands here.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

use super::World;
use super::configuration::quoted;

/// Their names, each that of its directory.
pub(super) const NEIGHBOURS: [&str; 7] = ["service", "km", "pdm", "plant", "oa", "drp", "scm"];

/// Customers whom the service desk looks after, and who have a page in the knowledge base.
const KEY_CUSTOMERS: &str = r#"'.grade == "diamond" and .legal_name != null'"#;

const DOCUMENT_PAGE: &str = "{ id: ($message.target_id // .number), title, revision, kind, files: [.files[]? | .url] } | compact\n";
const CUSTOMER_PAGE: &str =
    "{ id: ($message.target_id // .code), title: .legal_name, kind: \"customer\" } | compact\n";

impl World {
    /// Where a neighbour leaves and expects files.
    pub(super) fn neighbour(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// Writes the connector files of the neighbours into `directory`.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub(super) fn write_neighbours(&self, directory: &Path) -> Result<()> {
        for name in NEIGHBOURS {
            for folder in ["in", "out"] {
                let folder = self.neighbour(name).join(folder);
                std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
            }
            let path = directory.join(format!("{name}.toml"));
            std::fs::write(&path, self.neighbour_file(name))
                .with_context(|| path.display().to_string())?;
        }
        let mappings = directory.join("km");
        std::fs::create_dir_all(&mappings)?;
        std::fs::write(mappings.join("document.out.jq"), DOCUMENT_PAGE)?;
        std::fs::write(mappings.join("customer.out.jq"), CUSTOMER_PAGE)?;
        Ok(())
    }

    fn neighbour_file(&self, name: &str) -> String {
        let (kind, about, receives, delivers): (&str, &str, &[&str], String) = match name {
            "service" => (
                "crm",
                "The service desk: it speaks the CRM's forms, and knows customers by the hub alone.",
                &["case"],
                format!(
                    "webhook = []\n{}where = {KEY_CUSTOMERS}\n{}",
                    deliver("customer"),
                    deliver("case")
                ),
            ),
            "km" => (
                "custom",
                "The knowledge base: what is released and public, and a page for each key customer.",
                &[],
                format!(
                    "{}where = '.status == \"released\" and .confidentiality == \"public\"'\n\
                     file = \"in/document-{{native_id}}.json\"\nkey = \"id\"\nmapping = \"km/document.out.jq\"\n\
                     {}where = {KEY_CUSTOMERS}\n\
                     file = \"in/customer-{{native_id}}.json\"\nkey = \"id\"\nmapping = \"km/customer.out.jq\"\n",
                    deliver("document"),
                    deliver("customer")
                ),
            ),
            "pdm" => (
                "pdm",
                "The design office: parts, bills of materials and documents.",
                &["item", "bom", "document"],
                "deliver = []\n".to_owned(),
            ),
            "plant" => (
                "erp",
                "Planning and purchasing of the plant.",
                &["approval", "supply_plan"],
                ["item", "bom", "approval"].map(deliver).concat(),
            ),
            "oa" => (
                "oa",
                "The OA, where the director decides.",
                &["approval"],
                deliver("approval"),
            ),
            "drp" => (
                "drp",
                "The dealers' DRP: it is shown what the factory has.",
                &[],
                ["item", "inventory"].map(deliver).concat(),
            ),
            _ => (
                "scm",
                "The portal of suppliers: it is shown what they are to make.",
                &[],
                ["item", "supply_plan"].map(deliver).concat(),
            ),
        };
        let directory = quoted(&self.neighbour(name).to_string_lossy());
        let receives: String = match receives {
            [] if kind == "custom" => String::new(),
            [] => "receive = []\n".to_owned(),
            some => some.iter().map(|entity| receive(entity)).collect(),
        };
        // Keys of the file come before its tables.
        let (keys, tables) = match delivers.split_once("[[") {
            Some((keys, tables)) => (keys, format!("[[{tables}")),
            None => (delivers.as_str(), String::new()),
        };
        let (more, receives) = match receives.starts_with("[[") {
            true => ("", receives),
            false => (receives.as_str(), String::new()),
        };
        format!(
            "# {about}\nname = \"{name}\"\nkind = \"{kind}\"\npreset = \"files\"\ndirectory = {directory}\n\
             {keys}{more}\n{receives}{tables}"
        )
    }

    /// Lets a neighbour, or the CRM, leave records for the hub, one a line.
    pub(super) fn leave(&self, system: &str, file: &str, records: &[Value]) -> Result<()> {
        let text: String = records.iter().map(|record| format!("{record}\n")).collect();
        self.leave_text(system, file, &text)
    }

    /// The same with a text of its own. A careful system writes under another name first.
    pub(super) fn leave_text(&self, system: &str, file: &str, text: &str) -> Result<()> {
        let out = self.neighbour(system).join("out");
        let unfinished = out.join(format!("{file}.tmp"));
        std::fs::write(&unfinished, text).with_context(|| unfinished.display().to_string())?;
        std::fs::rename(&unfinished, out.join(file)).with_context(|| file.to_owned())
    }

    /// The records that a system was given under names that begin so.
    pub(super) fn given(&self, system: &str, prefix: &str) -> Result<Vec<Value>> {
        let folder = self.neighbour(system).join("in");
        let mut records = Vec::new();
        for entry in std::fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if !name.starts_with(prefix) || !name.ends_with(".json") {
                continue;
            }
            let text = std::fs::read(&path).with_context(|| path.display().to_string())?;
            let record = serde_json::from_slice(&text);
            records.push(record.with_context(|| path.display().to_string())?);
        }
        Ok(records)
    }
}

fn receive(entity: &str) -> String {
    format!("[[receive]]\nentity = \"{entity}\"\nevery = \"500ms\"\nsettled = \"200ms\"\n")
}

fn deliver(entity: &str) -> String {
    format!("[[deliver]]\nentity = \"{entity}\"\n")
}
