//! The oa connector: presets, mappings and their cases.
//!
//! Everything a preset says stands in files under `presets/`, in the words an IT team writes itself;
//! this crate only carries them. A connector file overrides any of it, key by key. The presets for
//! files, SQL and HTTP exchange the same records, so that they share their mappings; those for the
//! platforms write the same form.

use tenon_connector::{ConnectorKind, Preset};

/// Office automation: decisions come from it, requests for approval and reminders go to it.
pub const KIND: ConnectorKind = ConnectorKind {
    name: "oa",
    summary: "decisions come from it, requests for approval and reminders go to it",
    presets: &[FILES, SQL, HTTP, REDMINE, DINGTALK, WECOM, FEISHU],
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

const SHARED: &[(&str, &str)] = &[
    file!("shared", "approval.in.jq"),
    file!("shared", "approval.in.test.yaml"),
    file!("shared", "approval.out.jq"),
    file!("shared", "approval.out.test.yaml"),
    file!("shared", "approval_kind.csv"),
    file!("shared", "approval_kind_out.csv"),
    file!("shared", "approval_result.csv"),
    file!("shared", "task.out.jq"),
    file!("shared", "task.out.test.yaml"),
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

const REDMINE: Preset = Preset {
    name: "redmine",
    summary: "Redmine 5 over its REST API",
    transport: "http",
    defaults: include_str!("../presets/redmine/preset.toml"),
    files: &[
        file!("redmine", "approval.in.jq"),
        file!("redmine", "approval.in.test.yaml"),
        file!("redmine", "approval.out.jq"),
        file!("redmine", "approval.out.test.yaml"),
        file!("shared", "approval_kind.csv"),
        file!("shared", "approval_kind_out.csv"),
    ],
};

const DINGTALK: Preset = Preset {
    name: "dingtalk",
    summary: "DingTalk's approvals, with signed callbacks (documented shapes)",
    transport: "http",
    defaults: include_str!("../presets/dingtalk/preset.toml"),
    files: &[
        file!("dingtalk", "approval.in.jq"),
        file!("dingtalk", "approval.in.test.yaml"),
        file!("shared", "form.out.jq"),
        file!("shared", "form.out.test.yaml"),
        file!("shared", "form_kind.csv"),
        file!("shared", "form_kind_out.csv"),
    ],
};

const WECOM: Preset = Preset {
    name: "wecom",
    summary: "WeCom's approvals, with signed callbacks (documented shapes)",
    transport: "http",
    defaults: include_str!("../presets/wecom/preset.toml"),
    files: &[
        file!("wecom", "approval.in.jq"),
        file!("wecom", "approval.in.test.yaml"),
        file!("shared", "form.out.jq"),
        file!("shared", "form.out.test.yaml"),
        file!("shared", "form_kind.csv"),
        file!("shared", "form_kind_out.csv"),
    ],
};

const FEISHU: Preset = Preset {
    name: "feishu",
    summary: "Feishu's approvals, with signed callbacks (documented shapes)",
    transport: "http",
    defaults: include_str!("../presets/feishu/preset.toml"),
    files: &[
        file!("feishu", "approval.in.jq"),
        file!("feishu", "approval.in.test.yaml"),
        file!("shared", "form.out.jq"),
        file!("shared", "form.out.test.yaml"),
        file!("shared", "form_kind.csv"),
        file!("shared", "form_kind_out.csv"),
    ],
};
