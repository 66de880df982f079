//! The invoicing connector: presets, mappings and their cases.
//!
//! Everything a preset says stands in files under `presets/`, in the words an IT team writes itself;
//! this crate only carries them. A connector file overrides any of it, key by key.

use tenon_connector::{ConnectorKind, Preset};

/// Invoicing: registered buyers and issued invoices come from it, golden buyers and invoices under their registered title go to it.
pub const KIND: ConnectorKind = ConnectorKind {
    name: "invoicing",
    summary: "registered buyers and issued invoices come from it, golden buyers and invoices under their registered title go to it",
    presets: &[FILES, SQL, HTTP, EINVOICE, UBL, CII],
};

/// Names a file of `presets/` and carries its text.
macro_rules! file {
    ($folder:literal, $name:literal) => {
        (
            $name,
            include_str!(concat!("../presets/", $folder, "/", $name)),
        )
    };
}

const FILES: Preset = Preset {
    name: "files",
    summary: "a terminal with CSV and JSON files in a directory",
    transport: "files",
    defaults: include_str!("../presets/files/preset.toml"),
    files: &[
        file!("files", "customer.in.jq"),
        file!("files", "customer.in.test.yaml"),
        file!("files", "customer.out.jq"),
        file!("files", "customer.out.test.yaml"),
        file!("files", "invoice.in.jq"),
        file!("files", "invoice.in.test.yaml"),
        file!("files", "invoice.out.jq"),
        file!("files", "invoice.out.test.yaml"),
        file!("files", "invoice_status.csv"),
        file!("files", "invoice_type.csv"),
        file!("files", "invoice_type_in.csv"),
    ],
};

const SQL: Preset = Preset {
    name: "sql",
    summary: "a terminal with intermediate tables",
    transport: "sql",
    defaults: include_str!("../presets/sql/preset.toml"),
    files: &[
        file!("sql", "customer.in.jq"),
        file!("sql", "customer.in.test.yaml"),
        file!("sql", "customer.out.jq"),
        file!("sql", "customer.out.test.yaml"),
        file!("sql", "invoice.out.jq"),
        file!("sql", "invoice.out.test.yaml"),
        file!("sql", "invoice_type.csv"),
    ],
};

const HTTP: Preset = Preset {
    name: "http",
    summary: "a service with a JSON API",
    transport: "http",
    defaults: include_str!("../presets/http/preset.toml"),
    files: &[
        file!("http", "customer.in.jq"),
        file!("http", "customer.in.test.yaml"),
        file!("http", "customer.out.jq"),
        file!("http", "customer.out.test.yaml"),
        file!("http", "invoice.in.jq"),
        file!("http", "invoice.in.test.yaml"),
        file!("http", "invoice.out.jq"),
        file!("http", "invoice.out.test.yaml"),
        file!("http", "invoice_status.csv"),
        file!("http", "invoice_type.csv"),
        file!("http", "invoice_type_in.csv"),
    ],
};

const EINVOICE: Preset = Preset {
    name: "einvoice",
    summary: "fully digital e-invoices of China (数电票), through a service with a JSON API",
    transport: "http",
    defaults: include_str!("../presets/einvoice/preset.toml"),
    files: &[
        file!("http", "customer.in.jq"),
        file!("http", "customer.in.test.yaml"),
        file!("http", "customer.out.jq"),
        file!("http", "customer.out.test.yaml"),
        file!("einvoice", "invoice.in.jq"),
        file!("einvoice", "invoice.in.test.yaml"),
        file!("einvoice", "invoice.out.jq"),
        file!("einvoice", "invoice.out.test.yaml"),
        file!("einvoice", "invoice_kind.csv"),
        file!("einvoice", "invoice_state.csv"),
        file!("einvoice", "special_kind.csv"),
        file!("einvoice", "special_kind_in.csv"),
        file!("einvoice", "correction_reason.csv"),
        file!("einvoice", "correction_reason_in.csv"),
    ],
};

const UBL: Preset = Preset {
    name: "ubl",
    summary: "UBL 2.1 as EN 16931 and Peppol BIS Billing 3 want it, one file an invoice",
    transport: "files",
    defaults: include_str!("../presets/ubl/preset.toml"),
    files: &[
        file!("network", "customer.in.jq"),
        file!("network", "customer.in.test.yaml"),
        file!("ubl", "invoice.out.jq"),
        file!("ubl", "invoice.out.test.yaml"),
        file!("network", "seller.csv"),
    ],
};

const CII: Preset = Preset {
    name: "cii",
    summary: "UN/CEFACT CII, the XML of Factur-X and ZUGFeRD, one file an invoice",
    transport: "files",
    defaults: include_str!("../presets/cii/preset.toml"),
    files: &[
        file!("network", "customer.in.jq"),
        file!("network", "customer.in.test.yaml"),
        file!("cii", "invoice.out.jq"),
        file!("cii", "invoice.out.test.yaml"),
        file!("network", "seller.csv"),
    ],
};
