//! The erp connector: presets, mappings and their cases.
//!
//! Everything a preset says stands in files under `presets/`, in the words an IT team writes itself;
//! this crate only carries them. A connector file overrides any of it, key by key.

use tenon_connector::{ConnectorKind, Preset};

/// Enterprise resource planning: items, customers and documents come from it, golden customers, orders, bills of materials and decisions go to it.
pub const KIND: ConnectorKind = ConnectorKind {
    name: "erp",
    summary: "items, customers, orders, invoice requests, shipments, receipts, stock, requests for approval, purchase orders and plans come from it, golden customers, orders, issued invoices, bills of materials, changes, decisions, sell-out and suppliers' promises go to it",
    presets: &[
        FILES,
        SQL,
        HTTP,
        TRYTON,
        ODOO,
        ERPNEXT,
        BUSINESS_ONE,
        KINGDEE,
    ],
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
    summary: "CSV and NDJSON files in a directory",
    transport: "files",
    defaults: include_str!("../presets/files/preset.toml"),
    files: &[
        file!("shared", "approval.in.jq"),
        file!("shared", "approval.in.test.yaml"),
        file!("shared", "approval.out.jq"),
        file!("shared", "approval.out.test.yaml"),
        file!("shared", "approval_kind.csv"),
        file!("shared", "approval_outcome_out.csv"),
        file!("shared", "bom.out.jq"),
        file!("shared", "bom.out.test.yaml"),
        file!("shared", "bom_status_out.csv"),
        file!("shared", "customer.in.jq"),
        file!("shared", "customer.in.test.yaml"),
        file!("shared", "customer.out.jq"),
        file!("shared", "customer.out.test.yaml"),
        file!("shared", "customer_type.csv"),
        file!("shared", "customer_type_out.csv"),
        file!("shared", "inventory.in.jq"),
        file!("shared", "inventory.in.test.yaml"),
        file!("shared", "invoice.in.jq"),
        file!("shared", "invoice.in.test.yaml"),
        file!("shared", "invoice.out.jq"),
        file!("shared", "invoice.out.test.yaml"),
        file!("shared", "invoice_kind.csv"),
        file!("shared", "invoice_kind_out.csv"),
        file!("shared", "invoice_status_out.csv"),
        file!("shared", "item.in.jq"),
        file!("shared", "item.in.test.yaml"),
        file!("shared", "item.out.jq"),
        file!("shared", "item.out.test.yaml"),
        file!("shared", "order.in.jq"),
        file!("shared", "order.in.test.yaml"),
        file!("shared", "order.out.jq"),
        file!("shared", "order.out.test.yaml"),
        file!("shared", "order_status.csv"),
        file!("shared", "order_status_out.csv"),
        file!("shared", "payment_method.csv"),
        file!("shared", "receipt.in.jq"),
        file!("shared", "receipt.in.test.yaml"),
        file!("shared", "receipt_status.csv"),
        file!("shared", "shipment.in.jq"),
        file!("shared", "shipment.in.test.yaml"),
        file!("shared", "shipment_status.csv"),
        file!("shared", "engineering_change.out.jq"),
        file!("shared", "engineering_change.out.test.yaml"),
        file!("shared", "purchase_order.in.jq"),
        file!("shared", "purchase_order.in.test.yaml"),
        file!("shared", "purchase_order.out.jq"),
        file!("shared", "purchase_order.out.test.yaml"),
        file!("shared", "sell_out.out.jq"),
        file!("shared", "sell_out.out.test.yaml"),
        file!("shared", "supply_plan.in.jq"),
        file!("shared", "supply_plan.in.test.yaml"),
        file!("shared", "supply_plan.out.jq"),
        file!("shared", "supply_plan.out.test.yaml"),
        file!("shared", "purchase_status.csv"),
    ],
};

const SQL: Preset = Preset {
    name: "sql",
    summary: "tables and two views in its database",
    transport: "sql",
    defaults: include_str!("../presets/sql/preset.toml"),
    files: &[
        file!("shared", "customer.in.jq"),
        file!("shared", "customer.in.test.yaml"),
        file!("shared", "customer.out.jq"),
        file!("shared", "customer.out.test.yaml"),
        file!("shared", "customer_type.csv"),
        file!("shared", "customer_type_out.csv"),
        file!("shared", "invoice.in.jq"),
        file!("shared", "invoice.in.test.yaml"),
        file!("shared", "invoice_kind.csv"),
        file!("shared", "item.in.jq"),
        file!("shared", "item.in.test.yaml"),
        file!("shared", "order.in.jq"),
        file!("shared", "order.in.test.yaml"),
        file!("shared", "order.out.jq"),
        file!("shared", "order.out.test.yaml"),
        file!("shared", "order_status.csv"),
        file!("shared", "order_status_out.csv"),
        file!("sql", "views.mysql.sql"),
        file!("sql", "views.postgres.sql"),
        file!("sql", "views.sqlite.sql"),
    ],
};

const HTTP: Preset = Preset {
    name: "http",
    summary: "a JSON API of documents",
    transport: "http",
    defaults: include_str!("../presets/http/preset.toml"),
    files: &[
        file!("http", "customer.in.jq"),
        file!("http", "customer.in.test.yaml"),
        file!("http", "customer.out.jq"),
        file!("http", "customer.out.test.yaml"),
        file!("shared", "customer_type.csv"),
        file!("shared", "customer_type_out.csv"),
        file!("http", "invoice.in.jq"),
        file!("http", "invoice.in.test.yaml"),
        file!("shared", "invoice_kind.csv"),
        file!("http", "item.in.jq"),
        file!("http", "item.in.test.yaml"),
        file!("http", "order.in.jq"),
        file!("http", "order.in.test.yaml"),
        file!("http", "order.out.jq"),
        file!("http", "order.out.test.yaml"),
        file!("shared", "order_status.csv"),
        file!("shared", "order_status_out.csv"),
    ],
};

const TRYTON: Preset = Preset {
    name: "tryton",
    summary: "Tryton 8.0 over JSON-RPC",
    transport: "http",
    defaults: include_str!("../presets/tryton/preset.toml"),
    files: &[
        file!("tryton", "bom.out.jq"),
        file!("tryton", "bom.out.test.yaml"),
        file!("tryton", "customer.in.jq"),
        file!("tryton", "customer.in.test.yaml"),
        file!("tryton", "customer.out.jq"),
        file!("tryton", "customer.out.test.yaml"),
        file!("tryton", "invoice.in.jq"),
        file!("tryton", "invoice.in.test.yaml"),
        file!("tryton", "invoice_status.csv"),
        file!("tryton", "item.in.jq"),
        file!("tryton", "item.in.test.yaml"),
        file!("tryton", "item.out.jq"),
        file!("tryton", "item.out.test.yaml"),
        file!("tryton", "order.in.jq"),
        file!("tryton", "order.in.test.yaml"),
        file!("tryton", "order.out.jq"),
        file!("tryton", "order.out.test.yaml"),
        file!("tryton", "order_status.csv"),
        file!("tryton", "shipment.in.jq"),
        file!("tryton", "shipment.in.test.yaml"),
        file!("tryton", "shipment_status.csv"),
    ],
};

const ODOO: Preset = Preset {
    name: "odoo",
    summary: "Odoo 19 over its JSON-2 API (documented shapes)",
    transport: "http",
    defaults: include_str!("../presets/odoo/preset.toml"),
    files: &[
        file!("odoo", "customer.in.jq"),
        file!("odoo", "customer.in.test.yaml"),
        file!("odoo", "customer.out.jq"),
        file!("odoo", "customer.out.test.yaml"),
        file!("odoo", "item.in.jq"),
        file!("odoo", "item.in.test.yaml"),
        file!("odoo", "order.out.jq"),
        file!("odoo", "order.out.test.yaml"),
    ],
};

const ERPNEXT: Preset = Preset {
    name: "erpnext",
    summary: "ERPNext over its REST API (documented shapes)",
    transport: "http",
    defaults: include_str!("../presets/erpnext/preset.toml"),
    files: &[
        file!("erpnext", "customer.in.jq"),
        file!("erpnext", "customer.in.test.yaml"),
        file!("erpnext", "customer.out.jq"),
        file!("erpnext", "customer.out.test.yaml"),
        file!("erpnext", "item.in.jq"),
        file!("erpnext", "item.in.test.yaml"),
        file!("erpnext", "order.out.jq"),
        file!("erpnext", "order.out.test.yaml"),
    ],
};

const BUSINESS_ONE: Preset = Preset {
    name: "business_one",
    summary: "SAP Business One over its Service Layer (documented shapes)",
    transport: "http",
    defaults: include_str!("../presets/business_one/preset.toml"),
    files: &[
        file!("business_one", "customer.in.jq"),
        file!("business_one", "customer.in.test.yaml"),
        file!("business_one", "customer.out.jq"),
        file!("business_one", "customer.out.test.yaml"),
        file!("business_one", "item.in.jq"),
        file!("business_one", "item.in.test.yaml"),
        file!("business_one", "order.out.jq"),
        file!("business_one", "order.out.test.yaml"),
    ],
};

const KINGDEE: Preset = Preset {
    name: "kingdee",
    summary: "Kingdee K/3 Cloud over its WebAPI (documented shapes)",
    transport: "http",
    defaults: include_str!("../presets/kingdee/preset.toml"),
    files: &[
        file!("kingdee", "customer.in.jq"),
        file!("kingdee", "customer.in.test.yaml"),
        file!("kingdee", "customer.out.jq"),
        file!("kingdee", "customer.out.test.yaml"),
        file!("kingdee", "item.in.jq"),
        file!("kingdee", "item.in.test.yaml"),
    ],
};
