//! The pdm connector: presets, mappings and their cases.
//!
//! Everything a preset says stands in files under `presets/`, in the words an IT team writes itself;
//! this crate only carries them. A connector file overrides any of it, key by key. The three presets
//! exchange the same records, so that they share their mappings.

use tenon_connector::{ConnectorKind, Preset};

/// Product data management: parts, bills of materials and documents come from it, items of the ERP go to it.
pub const KIND: ConnectorKind = ConnectorKind {
    name: "pdm",
    summary: "parts, bills of materials and documents come from it, items of the ERP go to it",
    presets: &[FILES, SQL, HTTP],
};

/// Names a file of `presets/shared/` and carries its text.
macro_rules! file {
    ($name:literal) => {
        ($name, include_str!(concat!("../presets/shared/", $name)))
    };
}

const SHARED: &[(&str, &str)] = &[
    file!("bom.in.jq"),
    file!("bom.in.test.yaml"),
    file!("bom_state.csv"),
    file!("bom_view.csv"),
    file!("item.in.jq"),
    file!("item.in.test.yaml"),
    file!("item.out.jq"),
    file!("item.out.test.yaml"),
];

/// What the forms of files and HTTP have besides.
const DOCUMENTS: &[(&str, &str)] = &[
    file!("bom.in.jq"),
    file!("bom.in.test.yaml"),
    file!("bom_state.csv"),
    file!("bom_view.csv"),
    file!("item.in.jq"),
    file!("item.in.test.yaml"),
    file!("item.out.jq"),
    file!("item.out.test.yaml"),
    file!("engineering_change.in.jq"),
    file!("engineering_change.in.test.yaml"),
    file!("change_state.csv"),
    file!("disposition.csv"),
    file!("document.in.jq"),
    file!("document.in.test.yaml"),
    file!("document_class.csv"),
    file!("document_kind.csv"),
    file!("document_state.csv"),
];

const FILES: Preset = Preset {
    name: "files",
    summary: "CSV and NDJSON files in a directory",
    transport: "files",
    defaults: include_str!("../presets/files/preset.toml"),
    files: DOCUMENTS,
};

const SQL: Preset = Preset {
    name: "sql",
    summary: "views and tables in its database",
    transport: "sql",
    defaults: include_str!("../presets/sql/preset.toml"),
    files: SHARED,
};

const HTTP: Preset = Preset {
    name: "http",
    summary: "a JSON API of records",
    transport: "http",
    defaults: include_str!("../presets/http/preset.toml"),
    files: DOCUMENTS,
};
