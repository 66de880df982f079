//! The connector files of the company: what its IT team would have written, on the presets.

use std::path::Path;

use anyhow::{Context, Result};

use super::World;
use super::invoicing::Invoicing;

/// The inlet at which the CRM posts its orders.
pub(super) const ORDER_INLET: &str = "orders";

impl World {
    /// Writes the connector files of all systems into `directory`.
    ///
    /// They name secrets by reference; the secrets stand in files of the world's own directory.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub(crate) fn write_config(&self, directory: &Path, invoicing: &Invoicing) -> Result<()> {
        std::fs::create_dir_all(directory).with_context(|| directory.display().to_string())?;
        for (name, text) in [
            ("crm", self.crm_file()),
            ("erp", self.erp_file()),
            ("invoicing", self.invoicing_file(invoicing)),
        ] {
            let path = directory.join(format!("{name}.toml"));
            std::fs::write(&path, text).with_context(|| path.display().to_string())?;
        }
        self.write_neighbours(directory)
    }

    fn crm_file(&self) -> String {
        let directory = quoted(&self.crm_directory().to_string_lossy());
        let token = self.secret("crm-token");
        format!(
            r#"# The sellers' CRM: exports customers as CSV, posts orders as they are taken.
name      = "crm"
kind      = "crm"
preset    = "files"
directory = {directory}

[[receive]]
entity  = "customer"
every   = "200ms"
settled = "500ms"

[[receive]]
entity  = "case"
every   = "500ms"
settled = "200ms"

[[receive]]
entity  = "document"
every   = "500ms"
settled = "200ms"

[[webhook]]
entity = "order"
name   = "{ORDER_INLET}"
auth   = {{ token = {token} }}
"#
        )
    }

    fn erp_file(&self) -> String {
        let url = quoted(&format!("sqlite:{}", self.erp.file.display()));
        format!(
            r#"# The factory's ERP: its database, read and written.
name   = "erp"
kind   = "erp"
preset = "sql"
url    = {url}

[[receive]]
entity  = "customer"
every   = "500ms"
overlap = "10s"

[[receive]]
entity  = "item"
every   = "500ms"
overlap = "10s"

[[receive]]
entity  = "invoice"
every   = "500ms"
overlap = "10s"

[[receive]]
entity  = "shipment"
every   = "500ms"
overlap = "10s"

[[receive]]
entity  = "receipt"
every   = "500ms"
overlap = "10s"

[[receive]]
entity  = "inventory"
every   = "500ms"
overlap = "10s"
"#
        )
    }

    fn invoicing_file(&self, invoicing: &Invoicing) -> String {
        let url = quoted(&invoicing.url());
        let token = self.secret("invoicing-token");
        format!(
            r#"# The invoicing service.
name        = "invoicing"
kind        = "invoicing"
preset      = "http"
url         = {url}
auth        = {{ bearer = {token} }}
concurrency = 16

[[receive]]
entity = "customer"
every  = "2s"

[[receive]]
entity = "invoice"
every  = "1s"

[[deliver]]
entity  = "customer"
backoff = "100ms"

[[deliver]]
entity  = "invoice"
backoff = "100ms"
"#
        )
    }

    fn secret(&self, name: &str) -> String {
        quoted(&format!("${{file:{}}}", self.secret_file(name).display()))
    }
}

/// A text as TOML writes it.
pub(super) fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
