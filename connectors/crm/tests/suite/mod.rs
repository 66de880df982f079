//! What holds for the presets of every connector crate; each crate's tests call it for its own kind.

use std::path::Path;

use tenon_connector::cases::{self, CaseOutcome};
use tenon_connector::{CaseFile, ConnectorKind, Preset, System};
use tenon_core::{ConfigProblem, MessageKind, schema};

/// A connector file as `tenon connector new` writes it.
fn minimal(kind: &ConnectorKind, preset: &Preset) -> String {
    let beginning = preset.beginning("main");
    format!(
        "name = 'main'\nkind = '{}'\npreset = '{}'\n{beginning}",
        kind.name, preset.name
    )
}

fn load(kind: &ConnectorKind, preset: &Preset) -> System {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("main.toml");
    std::fs::write(&file, minimal(kind, preset)).unwrap();
    System::load(&file, &[*kind])
        .unwrap_or_else(|problems| panic!("{}/{}:\n{}", kind.name, preset.name, lines(&problems)))
}

fn lines(problems: &[ConfigProblem]) -> String {
    problems
        .iter()
        .map(|problem| format!("  {problem}\n"))
        .collect()
}

pub(crate) fn every_preset_loads(kind: &ConnectorKind) {
    let names: Vec<_> = kind.presets.iter().map(|preset| preset.name).collect();
    assert_eq!(
        names[..3],
        ["files", "sql", "http"],
        "the own forms come first"
    );
    for preset in kind.presets {
        let system = load(kind, preset);
        assert!(
            !system.inlets.is_empty(),
            "{}/{} receives nothing",
            kind.name,
            preset.name
        );
        assert!(
            !system.outlets.is_empty(),
            "{}/{} is given nothing",
            kind.name,
            preset.name
        );
    }
}

fn canonical(case: &CaseFile, output: &[u8]) -> Result<(), String> {
    if !case.inbound {
        return Ok(());
    }
    let value = serde_json::from_slice(output).map_err(|error| error.to_string())?;
    let schema = schema(MessageKind::current(case.entity)).ok_or("no schema")?;
    schema.accept(value).map(|_| ()).map_err(|violations| {
        violations
            .iter()
            .map(|violation| format!("{violation}\n"))
            .collect()
    })
}

pub(crate) fn every_case_holds(kind: &ConnectorKind) {
    let mut failed = String::new();
    let mut passed = 0;
    for preset in kind.presets {
        for case in &load(kind, preset).cases {
            let results = cases::run(&case.file, &case.text, &case.mapping, |output| {
                canonical(case, output)
            })
            .unwrap_or_else(|problems| panic!("{}", lines(&problems)));
            for result in results {
                match result.outcome {
                    CaseOutcome::Passed => passed += 1,
                    CaseOutcome::Failed(why) => {
                        let place = case.file.display();
                        failed.push_str(&format!("{place}: {}\n{why}\n", result.name));
                    }
                }
            }
        }
    }
    assert!(failed.is_empty(), "{failed}");
    assert!(passed >= 20, "only {passed} cases");
}

pub(crate) fn nothing_is_untested_or_unused(kind: &ConnectorKind) {
    for preset in kind.presets {
        let named = |name: &str| preset.defaults.contains(&format!("\"preset:{name}\""));
        for (name, _) in preset.files {
            let used = match Path::new(name)
                .extension()
                .and_then(|extension| extension.to_str())
            {
                Some("jq") => {
                    let cases = name.replace(".jq", ".test.yaml");
                    assert!(
                        preset.file(&cases).is_some(),
                        "{}: {name} has no cases",
                        preset.name
                    );
                    named(name)
                }
                Some("yaml") => named(&name.replace(".test.yaml", ".jq")),
                // Views are for the administrator of the other system.
                Some("sql") => true,
                // A table that the user brings is only looked up.
                Some("csv") if !named(name) => {
                    let looked_up = format!("lookup(\"{}\"", name.trim_end_matches(".csv"));
                    preset
                        .files
                        .iter()
                        .any(|(_, text)| text.contains(&looked_up))
                }
                _ => named(name),
            };
            assert!(used, "{}/{}: {name} is of no use", kind.name, preset.name);
        }
    }
}

/// The example configuration's file for this kind loads, and its own cases hold.
pub(crate) fn the_example_holds(kind: &ConnectorKind) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../config/connectors")
        .join(format!("{}.toml", kind.name));
    let system =
        System::load(&file, &[*kind]).unwrap_or_else(|problems| panic!("{}", lines(&problems)));
    assert_eq!(system.name.as_str(), kind.name);
    for case in &system.cases {
        let results = cases::run(&case.file, &case.text, &case.mapping, |output| {
            canonical(case, output)
        })
        .unwrap_or_else(|problems| panic!("{}", lines(&problems)));
        for result in results {
            let place = case.file.display();
            assert_eq!(
                result.outcome,
                CaseOutcome::Passed,
                "{place}: {}",
                result.name
            );
        }
    }
}
