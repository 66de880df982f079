//! The scm connector: presets, mappings and their cases.
//!
//! Everything a preset says stands in files under `presets/`, in the words an IT team writes itself;
//! this crate only carries them. A connector file overrides any of it, key by key. The three presets
//! exchange the same records, so that they share their mappings.

use tenon_connector::{ConnectorKind, Preset};

/// Supply chain management: suppliers' stock, confirmations, notices of delivery and answers to plans comes from it, items and bills of materials go to it.
pub const KIND: ConnectorKind = ConnectorKind {
    name: "scm",
    summary: "suppliers' stock, confirmations, notices of delivery and answers to plans comes from it, items and bills of materials go to it",
    presets: &[FILES, SQL, HTTP],
};

/// Names a file of `presets/shared/` and carries its text.
macro_rules! file {
    ($name:literal) => {
        ($name, include_str!(concat!("../presets/shared/", $name)))
    };
}

const SHARED: &[(&str, &str)] = &[
    file!("bom.out.jq"),
    file!("bom.out.test.yaml"),
    file!("inventory.in.jq"),
    file!("inventory.in.test.yaml"),
    file!("item.out.jq"),
    file!("item.out.test.yaml"),
];

/// What the forms of files and HTTP have besides.
const DOCUMENTS: &[(&str, &str)] = &[
    file!("bom.out.jq"),
    file!("bom.out.test.yaml"),
    file!("inventory.in.jq"),
    file!("inventory.in.test.yaml"),
    file!("item.out.jq"),
    file!("item.out.test.yaml"),
    file!("purchase_order.in.jq"),
    file!("purchase_order.in.test.yaml"),
    file!("purchase_order.out.jq"),
    file!("purchase_order.out.test.yaml"),
    file!("supply_plan.in.jq"),
    file!("supply_plan.in.test.yaml"),
    file!("supply_plan.out.jq"),
    file!("supply_plan.out.test.yaml"),
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
