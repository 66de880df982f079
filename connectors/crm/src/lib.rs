//! The crm connector: presets, mappings and their cases.
//!
//! Everything a preset says stands in files under `presets/`, in the words an IT team writes itself;
//! this crate only carries them. A connector file overrides any of it, key by key.

use tenon_connector::{ConnectorKind, Preset};

/// Customer relationship management: customers, orders and contracts come from it, golden customers and the price list go to it.
pub const KIND: ConnectorKind = ConnectorKind {
    name: "crm",
    summary: "customers, orders and contracts come from it, golden customers and the price list go to it",
    presets: &[FILES, SQL, HTTP, TRYTON],
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
    summary: "CSV and JSON files in a directory, orders also by webhook",
    transport: "files",
    defaults: include_str!("../presets/files/preset.toml"),
    files: &[
        file!("files", "case.in.jq"),
        file!("files", "case.in.test.yaml"),
        file!("files", "case.out.jq"),
        file!("files", "case.out.test.yaml"),
        file!("files", "case_kind.csv"),
        file!("files", "case_kind_out.csv"),
        file!("files", "case_priority.csv"),
        file!("files", "case_priority_out.csv"),
        file!("files", "case_status.csv"),
        file!("files", "contract_status.csv"),
        file!("files", "case_status_out.csv"),
        file!("shared", "currency.csv"),
        file!("files", "customer.in.jq"),
        file!("files", "customer.in.test.yaml"),
        file!("files", "customer.out.jq"),
        file!("files", "customer.out.test.yaml"),
        file!("shared", "customer_type.csv"),
        file!("shared", "customer_type_out.csv"),
        file!("shared", "grade.csv"),
        file!("shared", "grade_out.csv"),
        file!("shared", "industry.csv"),
        file!("files", "document.in.jq"),
        file!("files", "document.in.test.yaml"),
        file!("files", "interaction.out.jq"),
        file!("files", "interaction.out.test.yaml"),
        file!("files", "invoice.out.jq"),
        file!("files", "invoice.out.test.yaml"),
        file!("files", "invoice_kind_out.csv"),
        file!("files", "invoice_status_out.csv"),
        file!("files", "item.out.jq"),
        file!("files", "item.out.test.yaml"),
        file!("files", "opportunity.in.jq"),
        file!("files", "opportunity.in.test.yaml"),
        file!("files", "opportunity_outcome.csv"),
        file!("files", "opportunity_stage.csv"),
        file!("shared", "order.in.jq"),
        file!("shared", "order.in.test.yaml"),
        file!("shared", "order_status.csv"),
        file!("files", "receipt.out.jq"),
        file!("files", "receipt.out.test.yaml"),
        file!("files", "receipt_status_out.csv"),
        file!("files", "shipment.out.jq"),
        file!("files", "shipment.out.test.yaml"),
        file!("files", "shipment_status_out.csv"),
        file!("shared", "source.csv"),
        file!("shared", "tax_rate.csv"),
    ],
};

const SQL: Preset = Preset {
    name: "sql",
    summary: "tables and a view in its database",
    transport: "sql",
    defaults: include_str!("../presets/sql/preset.toml"),
    files: &[
        file!("sql", "customer.in.jq"),
        file!("sql", "customer.in.test.yaml"),
        file!("sql", "customer.out.jq"),
        file!("sql", "customer.out.test.yaml"),
        file!("shared", "customer_type.csv"),
        file!("sql", "item.out.jq"),
        file!("sql", "item.out.test.yaml"),
        file!("sql", "order.in.jq"),
        file!("sql", "order.in.test.yaml"),
        file!("shared", "order_status.csv"),
        file!("sql", "views.sql"),
    ],
};

const HTTP: Preset = Preset {
    name: "http",
    summary: "a JSON API by pages, orders by signed webhook",
    transport: "http",
    defaults: include_str!("../presets/http/preset.toml"),
    files: &[
        file!("shared", "currency.csv"),
        file!("http", "customer.in.jq"),
        file!("http", "customer.in.test.yaml"),
        file!("http", "customer.out.jq"),
        file!("http", "customer.out.test.yaml"),
        file!("shared", "customer_type.csv"),
        file!("http", "item.out.jq"),
        file!("http", "item.out.test.yaml"),
        file!("shared", "order.in.jq"),
        file!("shared", "order.in.test.yaml"),
        file!("shared", "order_status.csv"),
        file!("shared", "tax_rate.csv"),
    ],
};

/// Names a file of Tryton's that the ERP's preset has, because it is the same software.
macro_rules! of_erp {
    ($name:literal) => {
        (
            $name,
            include_str!(concat!("../../erp/presets/tryton/", $name)),
        )
    };
}

const TRYTON: Preset = Preset {
    name: "tryton",
    summary: "Tryton 8.0 over JSON-RPC, its sales and opportunities",
    transport: "http",
    defaults: concat!(
        include_str!("../../erp/presets/tryton/common.toml"),
        include_str!("../presets/tryton/preset.toml"),
    ),
    files: &[
        file!("tryton", "customer.in.jq"),
        file!("tryton", "customer.in.test.yaml"),
        file!("tryton", "customer.out.jq"),
        file!("tryton", "customer.out.test.yaml"),
        file!("tryton", "invoice.out.jq"),
        file!("tryton", "invoice.out.test.yaml"),
        of_erp!("item.out.jq"),
        of_erp!("item.out.test.yaml"),
        file!("tryton", "opportunity.in.jq"),
        file!("tryton", "opportunity.in.test.yaml"),
        file!("tryton", "opportunity_outcome.csv"),
        file!("tryton", "opportunity_stage.csv"),
        of_erp!("order.in.jq"),
        of_erp!("order.in.test.yaml"),
        file!("tryton", "order.out.jq"),
        file!("tryton", "order.out.test.yaml"),
        of_erp!("order_status.csv"),
        file!("tryton", "receipt.out.jq"),
        file!("tryton", "receipt.out.test.yaml"),
        file!("tryton", "shipment.out.jq"),
        file!("tryton", "shipment.out.test.yaml"),
        file!("tryton", "status_out.csv"),
    ],
};
