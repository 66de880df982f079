//! The rules of the house: what may depend on what, what things are called, what a source file
//! may hold. They read the workspace as it lies on disk and need no server.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Who may depend on whom: a crate of the workspace, and the crates of the workspace that it may name
/// as dependencies. What stands here is the whole of it; a crate that is missing here may not exist.
const ARROWS: &[(&str, &[&str])] = &[
    ("tenon-core", &[]),
    ("tenon-master", &["tenon-core"]),
    ("tenon-connector", &["tenon-core"]),
    ("tenon-broker", &["tenon-core"]),
    ("tenon-store", &["tenon-core", "tenon-master"]),
    (
        "tenon-pipeline",
        &[
            "tenon-core",
            "tenon-master",
            "tenon-connector",
            "tenon-broker",
            "tenon-store",
        ],
    ),
    ("tenon-insight", &["tenon-core", "tenon-store"]),
    (
        "tenon-api",
        &[
            "tenon-core",
            "tenon-connector",
            "tenon-store",
            "tenon-pipeline",
            "tenon-insight",
        ],
    ),
    ("connectors/*", &["tenon-core", "tenon-connector"]),
    ("tenon", EVERYTHING),
    ("tenon-tests", EVERYTHING),
];

/// Stands for any crate of the workspace.
const EVERYTHING: &[&str] = &["*"];

/// Outside crates that only some of ours may name, because knowing them is those crates' whole point.
const CONFINED: &[(&str, &[&str])] = &[
    ("lapin", &["tenon-broker"]),
    (
        "sqlx",
        &["tenon-broker", "tenon-store", "tenon-connector", "tenon"],
    ),
    ("jaq-core", &["tenon-connector"]),
    ("jaq-json", &["tenon-connector"]),
    ("jaq-std", &["tenon-connector"]),
];

/// Names that say nothing about what is inside.
const EMPTY_NAMES: &[&str] = &[
    "common", "utils", "util", "models", "helpers", "helper", "misc",
];

/// Endings of type names that say nothing either.
const EMPTY_ENDINGS: &[&str] = &["Manager", "Helper", "Processor", "Util", "Utils"];

/// Lines of a source file, at most: what can be read in one sitting, with some room.
const LINES_AT_MOST: usize = 600;

/// Files that are still longer, each with the lines that it may have. A file that has become short
/// enough must leave this list.
const LONGER_FOR_NOW: &[(&str, usize)] = &[];

/// Every place that breaks a rule, one a line; an empty report passes.
fn assert_none(rule: &str, offences: &[String]) {
    assert!(offences.is_empty(), "{rule}:\n  {}", offences.join("\n  "));
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the tests lie in the workspace")
        .into()
}

// ------------------------------------------------------------------ dependencies

/// A crate of the workspace and what it names for its own code, tests apart.
struct Package {
    name: String,
    /// Its folder, from the root of the workspace.
    folder: String,
    dependencies: BTreeSet<String>,
}

fn packages() -> Vec<Package> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output = Command::new(&cargo)
        .args(["metadata", "--format-version", "1", "--no-deps"])
        .current_dir(root())
        .output()
        .unwrap_or_else(|error| panic!("cannot run {cargo}: {error}"));
    let talk = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo metadata failed: {talk}");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo prints JSON");
    let packages = metadata["packages"]
        .as_array()
        .expect("cargo lists the packages");
    packages.iter().map(package).collect()
}

fn package(described: &Value) -> Package {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let manifest = PathBuf::from(text(&described["manifest_path"]));
    let folder = manifest
        .parent()
        .and_then(|folder| folder.strip_prefix(root()).ok());
    let dependencies = described["dependencies"].as_array().expect("dependencies");
    Package {
        name: text(&described["name"]),
        folder: folder
            .expect("a member lies in the workspace")
            .display()
            .to_string(),
        dependencies: dependencies
            .iter()
            .filter(|dependency| dependency["kind"] != "dev")
            .map(|dependency| text(&dependency["name"]))
            .collect(),
    }
}

/// The arrows between `packages` that the table does not have, each as a sentence.
fn forbidden_arrows(packages: &[Package]) -> Vec<String> {
    let ours: BTreeSet<&str> = packages
        .iter()
        .map(|package| package.name.as_str())
        .collect();
    let mut offences = Vec::new();
    for Package {
        name,
        folder,
        dependencies,
    } in packages
    {
        let row = if folder.starts_with("connectors/") {
            "connectors/*"
        } else {
            name.as_str()
        };
        let Some((_, allowed)) = ARROWS.iter().find(|(from, _)| *from == row) else {
            offences.push(format!("{name} has no row in the table of arrows"));
            continue;
        };
        for to in dependencies.iter().filter(|to| ours.contains(to.as_str())) {
            if !allowed.contains(&to.as_str()) && *allowed != EVERYTHING {
                let may = if allowed.is_empty() {
                    "none".to_owned()
                } else {
                    allowed.join(", ")
                };
                offences.push(format!("{name} -> {to} (allowed from {name}: {may})"));
            }
        }
    }
    offences
}

/// The confined crates that a package names without being meant to know them.
fn trespasses(packages: &[Package]) -> Vec<String> {
    let mut offences = Vec::new();
    for (outside, knowers) in CONFINED {
        for package in packages {
            let knows = knowers.contains(&package.name.as_str());
            if package.dependencies.contains(*outside) && !knows {
                let may = knowers.join(", ");
                offences.push(format!(
                    "{} -> {outside} (allowed from: {may})",
                    package.name
                ));
            }
        }
    }
    offences
}

fn made_up(name: &str, folder: &str, dependencies: &[&str]) -> Package {
    Package {
        name: name.to_owned(),
        folder: folder.to_owned(),
        dependencies: dependencies.iter().map(|&name| name.to_owned()).collect(),
    }
}

#[test]
fn no_arrow_between_crates_is_missing_from_the_table() {
    assert_none(
        "dependencies that the architecture does not have",
        &forbidden_arrows(&packages()),
    );
}

#[test]
fn a_forbidden_arrow_is_named() {
    let packages = [
        made_up("tenon-core", "crates/tenon-core", &["serde", "tenon-store"]),
        made_up("tenon-store", "crates/tenon-store", &["tenon-core"]),
        made_up(
            "connector-crm",
            "connectors/crm",
            &["tenon-core", "tenon-store"],
        ),
        made_up(
            "tenon",
            "crates/tenon",
            &["tenon-core", "tenon-store", "connector-crm"],
        ),
        made_up("tenon-extra", "crates/tenon-extra", &[]),
    ];
    assert_eq!(
        forbidden_arrows(&packages),
        [
            "tenon-core -> tenon-store (allowed from tenon-core: none)",
            "connector-crm -> tenon-store (allowed from connector-crm: tenon-core, tenon-connector)",
            "tenon-extra has no row in the table of arrows",
        ]
    );
}

#[test]
fn drivers_are_named_only_where_they_are_known() {
    assert_none(
        "crates that are not theirs to name",
        &trespasses(&packages()),
    );
    let stranger = made_up("tenon-api", "crates/tenon-api", &["lapin"]);
    assert_eq!(
        trespasses(&[stranger]),
        ["tenon-api -> lapin (allowed from: tenon-broker)"]
    );
}

#[test]
fn every_crate_takes_the_lints_of_the_workspace() {
    let without: Vec<String> = packages()
        .into_iter()
        .filter(|package| {
            let manifest = root().join(&package.folder).join("Cargo.toml");
            let text = fs::read_to_string(&manifest).expect("a manifest");
            !text.replace(' ', "").contains("[lints]\nworkspace=true")
        })
        .map(|package| package.name)
        .collect();
    assert_none("crates without `[lints] workspace = true`", &without);
}

// ------------------------------------------------------------------ sources

/// A Rust source file.
struct Source {
    /// From the root of the workspace.
    path: PathBuf,
    text: String,
}

fn sources() -> Vec<Source> {
    let mut sources = Vec::new();
    for folder in ["crates", "connectors", "tests"] {
        collect(&root().join(folder), &mut sources);
    }
    assert!(
        sources.len() > 20,
        "the sources were not found under {}",
        root().display()
    );
    sources
}

fn collect(folder: &Path, sources: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("a readable entry").path();
        if path.is_dir() {
            collect(&path, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).expect("a readable source");
            let path = path
                .strip_prefix(root())
                .expect("a source of the workspace")
                .to_owned();
            sources.push(Source { path, text });
        }
    }
}

/// The lines of all sources of which `judge` says why they offend.
fn offending_lines(judge: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let mut offences = Vec::new();
    for Source { path, text } in sources() {
        for (index, line) in text.lines().enumerate() {
            if let Some(reason) = judge(line) {
                offences.push(format!("{}:{}: {reason}", path.display(), index + 1));
            }
        }
    }
    offences
}

/// The word after `keyword` where a line declares one: `pub(crate) struct Lane<T> {` gives `Lane`.
fn declared<'line>(line: &'line str, keyword: &str) -> Option<&'line str> {
    let mut words = line
        .split_whitespace()
        .skip_while(|word| word.starts_with("pub"));
    if words.next()? != keyword {
        return None;
    }
    let name = words.next()?;
    let end = name.find(|letter: char| !letter.is_alphanumeric() && letter != '_');
    Some(&name[..end.unwrap_or(name.len())])
}

#[test]
fn a_declaration_is_read() {
    let check = |line: &str, keyword: &str, expected: Option<&str>| {
        assert_eq!(declared(line, keyword), expected, "{keyword} in {line}");
    };
    check("pub(crate) struct Lane<T> {", "struct", Some("Lane"));
    check("    mod common;", "mod", Some("common"));
    check("pub mod order {", "mod", Some("order"));
    check("trait Sink: Send {", "trait", Some("Sink"));
    check("// struct Lane", "struct", None);
    check("", "mod", None);
}

#[test]
fn crates_and_modules_are_named_for_what_they_hold() {
    let empty = |name: &str| EMPTY_NAMES.contains(&name);
    let mut offences = offending_lines(|line| {
        declared(line, "mod")
            .filter(|name| empty(name))
            .map(|name| format!("module {name}"))
    });
    for Source { path, .. } in sources() {
        let mut parts = path
            .iter()
            .filter_map(|part| Path::new(part).file_stem()?.to_str());
        if parts.any(empty) {
            offences.push(path.display().to_string());
        }
    }
    let tails = packages().into_iter().map(|package| package.name);
    offences.extend(tails.filter(|name| name.split('-').any(empty)));
    assert_none("names that say nothing", &offences);
}

#[test]
fn types_are_named_for_what_they_are() {
    let offences = offending_lines(|line| {
        ["struct", "enum", "trait", "type"]
            .iter()
            .find_map(|keyword| {
                let name = declared(line, keyword)?;
                EMPTY_ENDINGS
                    .iter()
                    .any(|end| name.ends_with(end))
                    .then(|| name.to_owned())
            })
    });
    assert_none("types whose names say nothing", &offences);
}

#[test]
fn nothing_is_left_undone_or_ignored() {
    // Put together here, so that this file does not hold what it looks for.
    let unwanted: Vec<String> = [("todo", "!("), ("unimplemented", "!("), ("#[ig", "nore")]
        .map(|(head, tail)| format!("{head}{tail}"))
        .into();
    let offences = offending_lines(|line| {
        unwanted
            .iter()
            .find(|unwanted| line.contains(unwanted.as_str()))
            .cloned()
    });
    assert_none("unfinished code or ignored tests", &offences);
}

#[test]
fn every_source_says_what_room_it_is() {
    let offences: Vec<String> = sources()
        .into_iter()
        .filter(|source| !source.text.starts_with("//! "))
        .map(|source| source.path.display().to_string())
        .collect();
    assert_none("files that do not open with `//! `", &offences);
}

/// Why a file of so many lines offends, if it does.
fn too_long(path: &str, lines: usize) -> Option<String> {
    let longer = LONGER_FOR_NOW.iter().find(|(name, _)| *name == path);
    match longer {
        Some(_) if lines <= LINES_AT_MOST => Some(format!(
            "{path}: {lines} lines; take it from the list of longer files"
        )),
        Some((_, most)) if lines <= *most => None,
        None if lines <= LINES_AT_MOST => None,
        _ => Some(format!("{path}: {lines} lines")),
    }
}

#[test]
fn every_source_can_be_read_in_one_sitting() {
    let offences: Vec<String> = sources()
        .into_iter()
        .filter(|source| source.path.starts_with("crates") || source.path.starts_with("connectors"))
        .filter_map(|Source { path, text }| too_long(path.to_str()?, text.lines().count()))
        .collect();
    assert_none(
        &format!("files of more than {LINES_AT_MOST} lines"),
        &offences,
    );
}

#[test]
fn a_long_file_is_named() {
    assert_eq!(too_long("a.rs", 600), None);
    assert_eq!(too_long("a.rs", 601).as_deref(), Some("a.rs: 601 lines"));
    for &(path, most) in LONGER_FOR_NOW {
        assert_eq!(too_long(path, most), None);
        assert!(too_long(path, most + 1).is_some());
        assert!(too_long(path, 600).is_some_and(|offence| offence.ends_with("longer files")));
    }
}

// ------------------------------------------------------------------ the hub's own tables

/// The migrations of both databases: file and text, the first apart, before which there was nothing.
fn migrations() -> Vec<(String, String)> {
    let folder = root().join("crates/tenon-store/migrations");
    let named = fs::read_to_string(root().join("crates/tenon-store/src/migrations.rs"));
    let named = named.expect("their names");
    let mut found = Vec::new();
    for database in ["postgres", "sqlite"] {
        let entries = fs::read_dir(folder.join(database)).expect("migrations");
        for entry in entries {
            let path = entry.expect("an entry").path();
            let name = path
                .file_name()
                .expect("a name")
                .to_string_lossy()
                .into_owned();
            // A file that nobody names is never brought to a store.
            let stem = name.trim_end_matches(".sql");
            assert!(named.contains(&format!("\"{stem}\"")), "{name}");
            if !name.starts_with("0001_") {
                let text = fs::read_to_string(&path).expect("a migration");
                found.push((format!("{database}/{name}"), text));
            }
        }
    }
    found.sort();
    found
}

/// The statements of a migration, in lower case, without comments; what a function or a trigger does belongs
/// to the statement that makes it.
fn statements(text: &str) -> Vec<String> {
    let without = |line: &str| line.split("--").next().unwrap_or_default().to_owned();
    let code = text.lines().map(without).collect::<Vec<_>>().join(" ");
    let words = |statement: &str| statement.split_whitespace().collect::<Vec<_>>().join(" ");
    let code = words(&code.to_lowercase());
    let (mut found, mut begun) = (Vec::new(), String::new());
    for part in code.split_inclusive(';') {
        begun.push_str(part);
        let statement = words(begun.trim_end_matches(';'));
        if is_whole(&statement) {
            found.push(statement);
            begun.clear();
        }
    }
    found.push(words(&begun));
    found.retain(|statement| !statement.is_empty());
    found
}

/// Whether a statement ends here, or its body goes on: between two equal marks (`$$`, `$name$`) in
/// PostgreSQL, between `begin` and `end` in SQLite.
fn is_whole(statement: &str) -> bool {
    let begins = statement.starts_with("create trigger ") && statement.contains(" begin ");
    if begins && !statement.ends_with(" end") {
        return false;
    }
    let mut rest = statement;
    while let Some(at) = rest.find('$') {
        let behind = &rest[at + 1..];
        let name = behind.find(|one: char| !one.is_ascii_alphabetic() && one != '_');
        let Some(length) = name.filter(|length| behind[*length..].starts_with('$')) else {
            rest = behind;
            continue;
        };
        let (mark, body) = rest[at..].split_at(length + 2);
        let Some(end) = body.find(mark) else {
            return false;
        };
        rest = &body[end + mark.len()..];
    }
    true
}

/// Why a node of the release before could not go on beside a statement; `None` if it can.
fn disturbs(statement: &str) -> Option<&'static str> {
    const HARMLESS: [&str; 12] = [
        "create table ",
        "create view ",
        "create or replace view ",
        "create index ",
        "create unique index ",
        "create sequence ",
        "create function ",
        "create trigger ",
        "drop index ",
        "insert into ",
        // Who writes meanwhile waits.
        "lock table ",
        "select pg_advisory_xact_lock(",
    ];
    const CHANGES: [&str; 5] = ["alter ", "drop ", "truncate ", "update ", "delete from "];
    if statement.starts_with("do $") {
        let changes = CHANGES.iter().any(|change| statement.contains(change));
        return changes.then_some("changes or takes away something in a block");
    }
    if statement.starts_with("alter table ") && statement.contains(" add column ") {
        let demands = statement.contains(" not null") && !statement.contains(" default ");
        return demands.then_some("demands a value that an older node does not give");
    }
    let harmless = HARMLESS.iter().any(|begin| statement.starts_with(begin));
    (!harmless).then_some("changes or takes away what an older node uses")
}

/// Whether a statement takes a view away that the next one makes anew, for a database that cannot replace one.
fn is_made_anew(statement: &str, all: &[String]) -> bool {
    let next = all.iter().skip_while(|one| *one != statement).nth(1);
    let view = statement.strip_prefix("drop view ");
    view.zip(next)
        .is_some_and(|(view, next)| next.starts_with(&format!("create view {view} as ")))
}

/// Nodes are renewed one by one: while the first of the new release has changed the tables, those of
/// the old one still work on them.
#[test]
fn migrations_only_add() {
    let mut offences = Vec::new();
    for (file, text) in migrations() {
        let statements = statements(&text);
        for statement in &statements {
            if let Some(why) = disturbs(statement).filter(|_| !is_made_anew(statement, &statements))
            {
                let begin: String = statement.chars().take(80).collect();
                offences.push(format!("{file}: `{begin}` {why}"));
            }
        }
    }
    assert_none(
        "an older node must be able to go on beside a migration",
        &offences,
    );
}

#[test]
fn a_migration_that_takes_away_is_named() {
    let check = |statement: &str, harmless: bool| {
        assert_eq!(disturbs(statement).is_none(), harmless, "{statement}");
    };
    check("create table t (a text not null)", true);
    check("create view v as select a from t", true);
    check("alter table t add column a text", true);
    check("alter table t add column a text not null default ''", true);
    check("alter table t add column a text not null", false);
    check("alter table t drop column a", false);
    check("alter table t rename column a to b", false);
    check("drop table t", false);
    check("drop view v", false);
    check("create or replace view v as select a from t", true);
    for (text, anew) in [
        ("drop view v;\ncreate view v as select a from t;", true),
        ("drop view v;\ncreate view w as select a from t;", false),
        ("drop view v;", false),
    ] {
        let all = statements(text);
        assert_eq!(is_made_anew(&all[0], &all), anew, "{text}");
    }
    check("update t set a = 'b'", false);
    let read = statements("-- a word;\ncreate table t (\n a text -- what\n);\ndrop index i;");
    assert_eq!(read, ["create table t ( a text )", "drop index i"]);
    check("do $a$ begin execute 'create trigger t'; end $a$", true);
    check("do $a$ begin execute 'drop table t'; end $a$", false);
    for body in [
        "create trigger t after insert on u begin insert into w values (1); update w set a = 2; end",
        "create function f() returns void language sql as $$ delete from w where a = $1; select 1 $$",
        "do $a$ begin execute $$ insert into w values (1); $$; end $a$",
    ] {
        assert_eq!(
            statements(&format!("{body};\nselect 1;")),
            [body, "select 1"]
        );
    }
}
