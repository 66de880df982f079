//! What the configuration of a system of files says, checked as a whole.

use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;
use tenon_core::Entity;

use super::encoding::TextEncoding;
use super::formats::Grouping;
use super::listing::Pattern;
use super::remote::SftpConfig;
use crate::{Guarantee, Humane, KeyPath, KeyProblem};

/// The keys at the top of the connector file.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// Where the files are; relative to the connector file.
    #[schemars(example = &"../crm")]
    pub(super) directory: PathBuf,
    /// The encoding of text files unless an inlet or outlet says otherwise.
    #[serde(default)]
    #[schemars(example = &"gb18030")]
    encoding: TextEncoding,
    /// The largest record that is read, in bytes.
    #[serde(default = "default_record_bytes")]
    #[schemars(example = 1_048_576, extend("unit" = "bytes"))]
    max_record_bytes: usize,
    /// The largest workbook that is read, in bytes.
    #[serde(default = "default_xlsx_bytes")]
    #[schemars(example = 8_388_608, extend("unit" = "bytes"))]
    max_xlsx_bytes: u64,
    /// The server on which the files are; `directory` is then where copies of them are kept while they
    /// are read.
    pub(super) sftp: Option<SftpConfig>,
}

/// The keys of a `[[receive]]`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Receive {
    /// Which files, relative to `directory`: `out/customers*.csv`. `*` and `?` stand for parts of a name.
    #[schemars(example = &"out/customers*.csv")]
    files: String,
    /// What is in them; by the name's extension if absent.
    #[schemars(example = &"csv")]
    format: Option<Format>,
    /// The encoding of these files.
    #[schemars(example = &"gb18030")]
    encoding: Option<TextEncoding>,
    /// CSV: what separates cells; `,` if absent.
    #[schemars(example = &";")]
    delimiter: Option<String>,
    /// CSV: what cells are quoted with; `"` if absent, nothing if empty.
    #[schemars(example = &"'")]
    quote: Option<String>,
    /// CSV and XLSX: whether the first row names the columns.
    #[schemars(example = false)]
    header: Option<bool>,
    /// CSV and XLSX: the columns' names where the file has none.
    #[schemars(example = ["code", "name"])]
    columns: Option<Vec<String>>,
    /// CSV and XLSX: columns without which a file is refused as a whole.
    #[serde(default)]
    #[schemars(example = ["code"])]
    columns_required: Vec<String>,
    /// XLSX: the sheet's name; the first sheet if absent.
    #[schemars(example = &"Customers")]
    sheet: Option<String>,
    /// XML: the element that is one record, by name or by its path from the root (`Data/Customer`).
    /// JSON: the path to the array of records, or to the one record (`data.customers`).
    #[schemars(example = &"Data/Customer")]
    record: Option<String>,
    /// CSV and XLSX: the column in which rows that follow each other have one value, if they are one
    /// record together; it has the columns of its first row.
    #[schemars(example = &"BOM_NO")]
    group_by: Option<String>,
    /// The field of such a record that holds all its rows; `rows` if absent.
    #[schemars(example = &"LINES")]
    rows_as: Option<String>,
    /// How long a file must have been left alone before it is read.
    #[serde(default = "default_settled")]
    #[schemars(example = &"10s")]
    settled: Humane,
    /// Where files that were read are put, relative to `directory`.
    #[serde(default = "default_done")]
    #[schemars(example = &"out/done")]
    done: PathBuf,
    /// Where files that could not be read to their end are put, relative to `directory`.
    #[serde(default = "default_failed")]
    #[schemars(example = &"out/failed")]
    failed: PathBuf,
    /// The field that says when the fact occurred. A time without an offset is taken as UTC.
    #[schemars(example = &"changed")]
    occurred_at: Option<String>,
}

/// The keys of a `[[deliver]]`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Deliver {
    /// The file of one message, relative to `directory`: `in/customer-{id}.json`.
    #[schemars(example = &"in/customer-{id}.csv")]
    file: String,
    /// How it is written; by the name's extension if absent.
    #[schemars(example = &"csv")]
    format: Option<Format>,
    /// The encoding of the file.
    #[schemars(example = &"gbk")]
    encoding: Option<TextEncoding>,
    /// CSV: the columns in order; the payload's own fields if absent.
    #[schemars(example = ["code", "name"])]
    columns: Option<Vec<String>>,
    /// The payload's field that holds the record's id in the target.
    #[schemars(example = &"code")]
    key: Option<String>,
}

/// What is in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Format {
    /// Cells in rows.
    Csv,
    /// A workbook.
    Xlsx,
    /// One JSON text with an array of records, or one record.
    Json,
    /// One JSON record a line.
    Ndjson,
    /// Elements.
    Xml,
}

impl Format {
    fn of(name: &str) -> Option<Self> {
        let (_, extension) = name.rsplit_once('.')?;
        match extension.to_ascii_lowercase().as_str() {
            "csv" | "tsv" | "txt" => Some(Self::Csv),
            "xlsx" => Some(Self::Xlsx),
            "json" => Some(Self::Json),
            "ndjson" | "jsonl" => Some(Self::Ndjson),
            "xml" => Some(Self::Xml),
            _ => None,
        }
    }
}

/// How the columns of a table are named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Columns {
    /// The names where the file has no header.
    pub(super) given: Option<Vec<String>>,
    /// The names that must be there.
    pub(super) required: Vec<String>,
}

/// What is in the files, with what reading it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Content {
    /// Cells in rows.
    Csv {
        delimiter: u8,
        quote: Option<u8>,
        columns: Columns,
    },
    /// A workbook.
    Xlsx {
        sheet: Option<String>,
        columns: Columns,
        max_bytes: u64,
    },
    /// One JSON text; the path to its records.
    Json { path: Vec<String> },
    /// One JSON record a line.
    Ndjson,
    /// Elements; the name of the record's, or its path from the root.
    Xml { record: Vec<String> },
}

/// A validated `[[receive]]`.
#[derive(Debug)]
pub(super) struct ReceivePlan {
    pub(super) pattern: Pattern,
    pub(super) content: Content,
    /// How rows are put together to records, if they are.
    pub(super) grouping: Option<Grouping>,
    pub(super) encoding: TextEncoding,
    pub(super) max_record_bytes: usize,
    pub(super) settled: Duration,
    pub(super) done: PathBuf,
    pub(super) failed: PathBuf,
    pub(super) occurred_at: Option<KeyPath>,
}

/// A validated `[[deliver]]`.
#[derive(Debug)]
pub(super) struct DeliverPlan {
    pub(super) entity: Entity,
    /// The directory within `directory`, without placeholders.
    pub(super) folder: PathBuf,
    /// The name, with placeholders.
    pub(super) name: String,
    pub(super) format: Format,
    pub(super) encoding: TextEncoding,
    pub(super) columns: Option<Vec<String>>,
    pub(super) key: Option<KeyPath>,
}

fn default_record_bytes() -> usize {
    4 << 20
}

fn default_xlsx_bytes() -> u64 {
    32 << 20
}

fn default_settled() -> Humane {
    Humane(Duration::from_secs(2))
}

fn default_done() -> PathBuf {
    PathBuf::from("done")
}

fn default_failed() -> PathBuf {
    PathBuf::from("failed")
}

impl Settings {
    pub(super) fn check(&self, problems: &mut Vec<KeyProblem>) {
        if self.directory.as_os_str().is_empty() {
            problems.push(
                KeyProblem::new("directory", "is empty")
                    .help("name the directory in which the system leaves and expects its files"),
            );
        }
        if self.max_record_bytes < 1024 {
            problems.push(KeyProblem::new(
                "max_record_bytes",
                "must be at least 1024 bytes",
            ));
        }
        if self.max_xlsx_bytes == 0 {
            problems.push(KeyProblem::new(
                "max_xlsx_bytes",
                "must be more than 0 bytes",
            ));
        }
    }
}

/// Collects the problems of one entry of a list under its position.
struct Entry<'a> {
    at: &'a str,
    problems: &'a mut Vec<KeyProblem>,
}

impl Entry<'_> {
    fn report(&mut self, key: &str, message: impl Into<String>, help: &str) {
        self.problems
            .push(KeyProblem::new(format!("{}.{key}", self.at), message).help(help));
    }

    /// A path of names within the directory, without steps out of it.
    fn within(&mut self, key: &str, path: &str) -> bool {
        let plain = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
        let inside = !path.is_empty() && Path::new(path).components().all(plain);
        if !inside {
            let message = format!("`{path}` does not stay within `directory`");
            self.report(
                key,
                message,
                "write a path relative to `directory`, without `..`",
            );
        }
        inside
    }

    fn format(&mut self, key: &str, name: &str, format: Option<Format>) -> Option<Format> {
        let found = format.or_else(|| Format::of(name));
        if found.is_none() {
            let message = format!("the extension of `{name}` does not tell what is in the file");
            self.report(key, message, "add `format`: csv, xlsx, json, ndjson or xml");
        }
        found
    }

    /// A single ASCII character that may separate or quote cells.
    fn mark(&mut self, key: &str, text: &str) -> Option<u8> {
        match text.as_bytes() {
            [mark] if mark.is_ascii() && !matches!(mark, b'\r' | b'\n' | 0) => Some(*mark),
            _ => {
                let message = format!("{text:?} is not one ASCII character");
                self.report(
                    key,
                    message,
                    "write one character such as \",\", \";\" or \"\\t\"",
                );
                None
            }
        }
    }

    fn key_path(&mut self, key: &str, text: Option<&str>) -> Option<KeyPath> {
        match text?.parse() {
            Ok(path) => Some(path),
            Err(reason) => {
                self.report(key, reason, "write the name of a field");
                None
            }
        }
    }
}

impl ReceivePlan {
    pub(super) fn new(
        settings: &Settings,
        keys: Receive,
        at: &str,
        problems: &mut Vec<KeyProblem>,
    ) -> Option<Self> {
        let before = problems.len();
        let mut entry = Entry { at, problems };
        entry.within("files", &keys.files);
        for (key, folder) in [("done", &keys.done), ("failed", &keys.failed)] {
            entry.within(key, &folder.to_string_lossy());
        }
        if keys.done == keys.failed {
            entry.report(
                "failed",
                "is the same directory as `done`",
                "give each a directory of its own",
            );
        }
        let format = entry.format("files", &keys.files, keys.format);
        let content = format.and_then(|format| content(&mut entry, settings, &keys, format));
        let grouping = grouping(&mut entry, &keys);
        let occurred_at = entry.key_path("occurred_at", keys.occurred_at.as_deref());
        let plan = Self {
            pattern: Pattern::new(&keys.files),
            content: content?,
            grouping,
            encoding: keys.encoding.unwrap_or(settings.encoding),
            max_record_bytes: settings.max_record_bytes,
            settled: keys.settled.0,
            done: keys.done,
            failed: keys.failed,
            occurred_at,
        };
        (problems.len() == before).then_some(plan)
    }
}

/// What is in the files; keys that belong to another format are problems.
fn content(
    entry: &mut Entry<'_>,
    settings: &Settings,
    keys: &Receive,
    format: Format,
) -> Option<Content> {
    let table = matches!(format, Format::Csv | Format::Xlsx);
    let foreign = [
        (
            "delimiter",
            keys.delimiter.is_some() && format != Format::Csv,
        ),
        ("quote", keys.quote.is_some() && format != Format::Csv),
        ("header", keys.header.is_some() && !table),
        ("columns", keys.columns.is_some() && !table),
        (
            "columns_required",
            !keys.columns_required.is_empty() && !table,
        ),
        ("group_by", keys.group_by.is_some() && !table),
        ("sheet", keys.sheet.is_some() && format != Format::Xlsx),
        (
            "record",
            keys.record.is_some() && !matches!(format, Format::Json | Format::Xml),
        ),
        (
            "encoding",
            keys.encoding.is_some() && format == Format::Xlsx,
        ),
    ];
    for (key, _) in foreign.into_iter().filter(|(_, present)| *present) {
        let message = format!("`{key}` means nothing for {format:?} files").to_lowercase();
        entry.report(key, message, "remove it, or correct `format`");
    }
    Some(match format {
        Format::Csv => {
            let delimiter = entry.mark("delimiter", keys.delimiter.as_deref().unwrap_or(","))?;
            let quote = match keys.quote.as_deref().unwrap_or("\"") {
                "" => None,
                text => Some(entry.mark("quote", text)?),
            };
            if quote == Some(delimiter) {
                entry.report("quote", "is the delimiter too", "choose another character");
            }
            Content::Csv {
                delimiter,
                quote,
                columns: columns(entry, keys)?,
            }
        }
        Format::Xlsx => Content::Xlsx {
            sheet: keys.sheet.clone(),
            columns: columns(entry, keys)?,
            max_bytes: settings.max_xlsx_bytes,
        },
        Format::Json => Content::Json {
            path: match keys.record.as_deref().map(str::trim) {
                None | Some("" | ".") => Vec::new(),
                Some(path) => path
                    .trim_start_matches('.')
                    .split('.')
                    .map(str::to_owned)
                    .collect(),
            },
        },
        Format::Ndjson => Content::Ndjson,
        Format::Xml => {
            let Some(record) = keys.record.as_deref().filter(|record| !record.is_empty()) else {
                let help = "name the element that is one record: record = \"Customer\"";
                entry.report("record", "xml files need `record`", help);
                return None;
            };
            let path = record
                .trim_matches('/')
                .split('/')
                .map(str::to_owned)
                .collect();
            Content::Xml { record: path }
        }
    })
}

/// How rows are put together to records.
fn grouping(entry: &mut Entry<'_>, keys: &Receive) -> Option<Grouping> {
    let rows_as = keys.rows_as.as_deref();
    let Some(by) = keys.group_by.as_deref() else {
        if rows_as.is_some() {
            let help = "add `group_by` with the column that tells whose a row is, or remove it";
            entry.report("rows_as", "means nothing without `group_by`", help);
        }
        return None;
    };
    let given = keys.columns.as_ref();
    if by.is_empty() || given.is_some_and(|columns| !columns.iter().any(|column| column == by)) {
        let message = format!("`{by}` is not among `columns`");
        entry.report(
            "group_by",
            message,
            "name the column that tells whose a row is",
        );
    }
    let rows_as = rows_as.unwrap_or("rows");
    if rows_as.is_empty() || given.is_some_and(|columns| columns.iter().any(|it| it == rows_as)) {
        let message = format!("`{rows_as}` is empty or a column itself");
        entry.report("rows_as", message, "choose another name for the rows");
    }
    Some(Grouping {
        by: by.to_owned(),
        rows_as: rows_as.to_owned(),
    })
}

fn columns(entry: &mut Entry<'_>, keys: &Receive) -> Option<Columns> {
    let given = match (keys.header.unwrap_or(keys.columns.is_none()), &keys.columns) {
        (true, None) => None,
        (false, Some(columns)) => Some(columns.clone()),
        (true, Some(_)) => {
            let help = "add `header = false` if the files have no header, or remove `columns`";
            entry.report("columns", "the files' own header names the columns", help);
            return None;
        }
        (false, None) => {
            let help = "add `columns = [\"…\"]` with a name for each column";
            entry.report("header", "without a header the columns have no names", help);
            return None;
        }
    };
    if let Some(given) = &given {
        let mut names: Vec<&String> = given.iter().collect();
        names.sort();
        names.dedup();
        if names.len() != given.len() || given.iter().any(String::is_empty) {
            entry.report(
                "columns",
                "a name is empty or stands twice",
                "name each column once",
            );
            return None;
        }
        for missing in keys
            .columns_required
            .iter()
            .filter(|name| !given.contains(name))
        {
            let message = format!("`{missing}` is not among `columns`");
            entry.report("columns_required", message, "name it in `columns` too");
        }
    }
    Some(Columns {
        given,
        required: keys.columns_required.clone(),
    })
}

impl DeliverPlan {
    pub(super) fn new(
        settings: &Settings,
        entity: Entity,
        keys: Deliver,
        at: &str,
        problems: &mut Vec<KeyProblem>,
    ) -> Option<Self> {
        let before = problems.len();
        let mut entry = Entry { at, problems };
        entry.within("file", &keys.file);
        let (folder, name) = keys.file.rsplit_once('/').unwrap_or(("", &keys.file));
        if folder.contains(['{', '}']) {
            let help = "put the placeholder into the file's name";
            entry.report("file", "a directory cannot hold a placeholder", help);
        }
        for placeholder in placeholders(name) {
            if !matches!(placeholder, "id" | "native_id" | "entity") {
                let message = format!("unknown placeholder `{{{placeholder}}}`");
                entry.report("file", message, "valid are {id}, {native_id} and {entity}");
            }
        }
        if name.contains("{native_id}") && keys.key.is_none() {
            let help = "name the payload's field that holds the record's id";
            entry.report("key", "`{native_id}` in `file` needs `key`", help);
        }
        let format = entry.format("file", name, keys.format);
        if format == Some(Format::Xlsx) {
            let help = "write csv, ndjson, json or xml";
            entry.report("format", "workbooks are read but not written", help);
        }
        if keys.columns.is_some() && format != Some(Format::Csv) {
            entry.report(
                "columns",
                "only csv files have columns",
                "remove it, or correct `format`",
            );
        }
        if keys.columns.as_ref().is_some_and(Vec::is_empty) {
            entry.report("columns", "is empty", "name each column, or remove it");
        }
        let key = entry.key_path("key", keys.key.as_deref());
        let plan = Self {
            entity,
            folder: PathBuf::from(folder),
            name: name.to_owned(),
            format: format?,
            encoding: keys.encoding.unwrap_or(settings.encoding),
            columns: keys.columns,
            key,
        };
        (problems.len() == before).then_some(plan)
    }

    /// Whether a repeated delivery writes the same file again.
    pub(super) fn guarantee(&self) -> Guarantee {
        let named = placeholders(&self.name).any(|name| matches!(name, "id" | "native_id"));
        if named {
            Guarantee::OnceInEffect
        } else {
            Guarantee::AtLeastOnce
        }
    }
}

/// The names between braces.
fn placeholders(name: &str) -> impl Iterator<Item = &str> {
    name.split('{')
        .skip(1)
        .map(|rest| rest.split('}').next().unwrap_or(rest))
}
