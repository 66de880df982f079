//! The drp connector: presets, mappings and their cases.
//!
//! Everything a preset says stands in files under `presets/`, in the words an IT team writes itself;
//! this crate only carries them. A connector file overrides any of it, key by key. The three presets
//! exchange the same records, so that they share their mappings.

use tenon_connector::{ConnectorKind, Preset};

/// Distribution resource planning: dealers with their stock, orders and sell-out come from it, own stock, items, shipments and what dealers will need go to it.
pub const KIND: ConnectorKind = ConnectorKind {
    name: "drp",
    summary: "dealers with their stock, orders and sell-out come from it, own stock, items, shipments and what dealers will need go to it",
    presets: &[FILES, SQL, HTTP],
};

/// Names a file of `presets/shared/` and carries its text.
macro_rules! file {
    ($name:literal) => {
        ($name, include_str!(concat!("../presets/shared/", $name)))
    };
}

const SHARED: &[(&str, &str)] = &[
    file!("customer.in.jq"),
    file!("customer.in.test.yaml"),
    file!("inventory.in.jq"),
    file!("inventory.in.test.yaml"),
    file!("inventory.out.jq"),
    file!("inventory.out.test.yaml"),
    file!("item.out.jq"),
    file!("item.out.test.yaml"),
    file!("order.in.jq"),
    file!("order.in.test.yaml"),
    file!("order_status.csv"),
    file!("shipment.out.jq"),
    file!("shipment.out.test.yaml"),
    file!("sell_out.in.jq"),
    file!("sell_out.in.test.yaml"),
    file!("sell_out_status.csv"),
    file!("requisition.out.jq"),
    file!("requisition.out.test.yaml"),
];

const FILES: Preset = Preset {
    name: "files",
    summary: "CSV and NDJSON files in a directory",
    transport: "files",
    defaults: include_str!("../presets/files/preset.toml"),
    files: SHARED,
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
    files: SHARED,
};
