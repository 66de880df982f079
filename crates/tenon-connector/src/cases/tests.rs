//! Cases that hold, cases that do not, and files that are wrong.

use std::path::Path;

use super::{CaseOutcome, run};
use crate::mapping::{CodeTables, Mapping};

const MAPPING: &str = r#"
if .skip then empty
elif .number == null then error("order without number")
else {number, amount, message: $message.source} | with_entries(select(.value != null)) end
"#;

fn mapping() -> Mapping {
    Mapping::compile(Path::new("order.in.jq"), MAPPING, &CodeTables::default()).unwrap()
}

fn outcomes(text: &str) -> Vec<(String, usize, CaseOutcome)> {
    let results = run(
        Path::new("order.in.test.yaml"),
        text,
        &mapping(),
        |_| Ok(()),
    )
    .unwrap();
    results
        .into_iter()
        .map(|case| (case.name, case.position.line, case.outcome))
        .collect()
}

#[track_caller]
fn passes(case: &str) {
    let text = format!("- name: case\n{case}");
    assert_eq!(outcomes(&text)[0].2, CaseOutcome::Passed, "{case}");
}

#[track_caller]
fn fails(case: &str, expected: &str) {
    let text = format!("- name: case\n{case}");
    match &outcomes(&text)[0].2 {
        CaseOutcome::Failed(why) => assert_eq!(why, expected, "{case}"),
        CaseOutcome::Passed => panic!("{case} passed"),
    }
}

#[test]
fn cases_hold() {
    passes("  input: { number: SO-1, amount: 19.90 }\n  expect: { amount: 19.90, number: SO-1 }");
    passes(
        "  input: { number: '1' }\n  message: { source: erp }\n  expect: { number: '1', message: erp }",
    );
    passes(
        "  input_json: '{\"number\":12345678901234567890123}'\n  expect_json: |\n    {\"number\":12345678901234567890123}",
    );
    passes(
        "  input: { number: 12345678901234567890123 }\n  expect_json: '{\"number\":12345678901234567890123}'",
    );
    passes(
        "  input: { number: 1234567890123456789, amount: 10000000000000000.01 }\n  expect_json: '{\"number\":1234567890123456789,\"amount\":10000000000000000.01}'",
    );
    passes(
        "  input:\n    number: -1\n    amount:\n      - 0.10\n      - [1e2, true, null, ~, \"5\"]\n  expect_json: '{\"number\":-1,\"amount\":[0.10,[1e2,true,null,null,\"5\"]]}'",
    );
    passes("  input: {}\n  error: without number");
    passes("  input: { skip: true }\n  skipped: true");
    passes("  input_json: '{'\n  error: the input is no JSON");
    passes("  input: &record { number: 7.50 }\n  expect: *record");
}

#[test]
fn differences_are_told_by_path() {
    fails(
        "  input: { number: 1, amount: { lines: [{ a: 19.90 }, 2] } }\n  expect: { number: 1, amount: { lines: [{ a: 19.9, b: x }] } }",
        ".amount.lines[0].a: expected 19.9, found 19.90\n.amount.lines[0].b: expected \"x\", found nothing\n.amount.lines[1]: expected nothing, found 2",
    );
    fails(
        "  input: { number: '1' }\n  expect: { number: 1 }",
        ".number: expected 1, found \"1\"",
    );
    fails(
        "  input: { number: 1 }\n  expect: [1]",
        ".: expected [1], found {\"number\":1}",
    );
    fails(
        "  input: { number: { \"a b\": 1 } }\n  expect: { number: {} }",
        ".number[\"a b\"]: expected nothing, found 1",
    );
    fails(
        "  input: { number: 9007199254740993 }\n  expect: { number: 9007199254740992 }",
        ".number: expected 9007199254740992, found 9007199254740993",
    );
}

#[test]
fn other_failures_are_told() {
    fails(
        "  input: {}\n  expect: {}",
        "an output was expected, but the mapping failed: mapping order.in.jq: order without number",
    );
    fails(
        "  input: { skip: 1 }\n  expect: {}",
        "an output was expected, but the mapping gave nothing",
    );
    fails(
        "  input: { number: 1 }\n  error: without",
        "an error with \"without\" was expected, but the mapping gave {\"number\":1}",
    );
    fails(
        "  input: {}\n  error: price",
        "an error with \"price\" was expected, found: mapping order.in.jq: order without number",
    );
    fails(
        "  input: { number: 1 }\n  skipped: true",
        "nothing was expected, but the mapping gave {\"number\":1}",
    );
}

#[test]
fn outputs_are_checked() {
    let text = "- { name: a, input: { number: 1 }, expect: { number: 1 } }\n- { name: b, input: { skip: 1 }, skipped: true }";
    let results = run(Path::new("t.yaml"), text, &mapping(), |output| {
        Err(format!("{} bytes are too few", output.len()))
    });
    let outcomes: Vec<_> = results
        .unwrap()
        .into_iter()
        .map(|case| case.outcome)
        .collect();
    let refused = "the output is not accepted: 12 bytes are too few".to_owned();
    assert_eq!(
        outcomes,
        [CaseOutcome::Failed(refused), CaseOutcome::Passed]
    );
}

#[test]
fn cases_keep_their_places() {
    let text = "# remark\n- name: one\n  input: 1\n  error: index\n\n-\n  name: two\n  input: {}\n  error: without\n";
    let found: Vec<_> = outcomes(text)
        .into_iter()
        .map(|(name, line, _)| (name, line))
        .collect();
    assert_eq!(found, [("one".to_owned(), 2), ("two".to_owned(), 7)]);
    assert_eq!(outcomes(""), []);
}

#[track_caller]
fn refused(text: &str, expected: &[&str]) {
    let problems = run(Path::new("t.yaml"), text, &mapping(), |_| Ok(())).unwrap_err();
    let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(problems.len(), expected.len(), "{text}: {problems:#?}");
    for (problem, expected) in problems.iter().zip(expected) {
        assert!(
            problem.starts_with(expected),
            "{text}: {problem} is not {expected}"
        );
    }
}

#[test]
fn every_problem_of_a_file_is_told() {
    refused(
        "- name: a\n  inptu: 1\n  skipped: true\n- name: a\n  input: 1\n- 7\n- input: 1\n  expect: 1\n  error: x\n",
        &[
            "t.yaml:2:10: unknown key \"inptu\" (did you mean \"input\"?)",
            "t.yaml:1:3: the case has no input",
            "t.yaml:4:9: another case has the name \"a\"",
            "t.yaml:4:3: the case expects nothing",
            "t.yaml:6:3: a case has a name",
            "t.yaml:7:3: the case has no name",
            "t.yaml:9:10: the case has both expect and error",
        ],
    );
    refused(
        "- { name: a, input: 0x1F, expect: 1 }",
        &["t.yaml:1:21: this number has no form in JSON"],
    );
    refused(
        "- { name: a, input: .inf, expect: 1 }",
        &["t.yaml:1:21: non-finite float"],
    );
    refused(
        "- { name: a, input: 1, expect_json: '{' }",
        &["t.yaml:1:37: expect_json is no JSON"],
    );
    refused(
        "- { name: a, input_json: {}, expect: 1 }",
        &["t.yaml:1:26: input_json is the text"],
    );
    refused(
        "- { name: a, input: 1, skipped: false }",
        &["t.yaml:1:33: skipped is true"],
    );
    refused(
        "- { name: a, input: 1, message: 1, skipped: true }",
        &["t.yaml:1:33: the message is an object"],
    );
    refused(
        "- { name: a, input: 1, error: '' }",
        &["t.yaml:1:31: error is a text"],
    );
    refused(
        "- { name: a, input: 1, input_json: '1', skipped: true }",
        &["t.yaml:1:36: the case has both input"],
    );
    refused("name: a", &["t.yaml:1:1: a file of cases is a list"]);
    refused("- name: [", &["t.yaml:"]);
    refused("- name: a\n  name: b\n", &["t.yaml:2:"]);
}
