//! The custom connector: a system that no other kind fits. Its file says everything itself.
//!
//! ```toml
//! name   = "portal"
//! kind   = "custom"
//! preset = "http"
//! url    = "https://portal.example.com/api"
//!
//! [[receive]]
//! entity  = "order"
//! path    = "/orders"
//! key     = "id"
//! mapping = "portal/order.in.jq"
//! ```

use tenon_connector::{ConnectorKind, Preset};

/// Any system at all.
pub const KIND: ConnectorKind = ConnectorKind {
    name: "custom",
    summary: "whatever its file says comes from it and goes to it",
    presets: &[
        bare("files", "files in a directory, here or behind SFTP"),
        bare("sql", "tables in a database"),
        bare(
            "http",
            "an API over HTTP: JSON, JSON-RPC, or SOAP by its WSDL",
        ),
    ],
};

const fn bare(transport: &'static str, summary: &'static str) -> Preset {
    Preset {
        name: transport,
        summary,
        transport,
        defaults: "",
        files: &[],
    }
}
