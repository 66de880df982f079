//! What a mapping gives for what it gets.

use std::path::Path;

use serde_json::json;

use super::{CodeTables, Mapping};

mod bounds;
mod exactness;
mod generated;
mod refusals;

/// The tables that the tests look codes up in.
pub(super) fn tables() -> CodeTables {
    let mut tables = CodeTables::default();
    tables
        .insert("unit", "code,value\nPCS,piece\n箱,carton\n")
        .unwrap();
    tables
}

/// The mapping of `source`, which must compile.
pub(super) fn mapping(source: &str) -> Mapping {
    Mapping::compile(Path::new("test.jq"), source, &tables()).unwrap_or_else(|problems| {
        let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
        panic!("{source}: {}", problems.join("\n"))
    })
}

/// What `source` makes of `input`: its output, `nothing`, or code and detail of the failure.
pub(super) fn outcome(source: &str, input: &str) -> String {
    match mapping(source).apply(input.as_bytes(), &message()) {
        Ok(Some(output)) => String::from_utf8(output.to_vec()).unwrap(),
        Ok(None) => "nothing".to_owned(),
        Err(failure) => format!("{}: {}", failure.code, failure.detail),
    }
}

fn message() -> serde_json::Value {
    json!({ "id": "m1", "source": "erp", "occurred_at": "2026-03-01T00:00:00Z", "ids": { "crm": "7" } })
}

#[track_caller]
pub(super) fn check(source: &str, input: &str, expected: &str) {
    assert_eq!(outcome(source, input), expected, "{source} on {input}");
}

#[track_caller]
pub(super) fn check_fails(source: &str, input: &str, expected: &str) {
    let outcome = outcome(source, input);
    assert!(
        outcome.starts_with("mapping."),
        "{source} on {input} gave {outcome}"
    );
    assert!(
        outcome.contains(expected),
        "{source} on {input} gave {outcome}"
    );
}

#[test]
fn one_output_or_none() {
    check(".a", r#"{"a":1}"#, "1");
    check("empty", "1", "nothing");
    check("select(.a)", r#"{"a":false}"#, "nothing");
    check_fails("1, 2", "0", "more than one output");
    check_fails("1, error(\"late\")", "0", "late");
}

#[test]
fn the_message_is_seen() {
    check("$message.source", "0", r#""erp""#);
    check("$message.ids.crm", "0", r#""7""#);
    check("$message.ids.erp", "0", "null");
}

#[test]
fn failures_name_the_mapping_and_the_reason() {
    let failure = mapping("error(\"no customer\")")
        .apply(b"0", &message())
        .unwrap_err();
    assert_eq!(failure.code, "mapping.failed");
    assert_eq!(failure.kind, tenon_core::FailureKind::Invalid);
    assert_eq!(failure.detail, "mapping test.jq: no customer");
    check_fails(".a.b", r#"{"a":"x"}"#, "cannot index");
    check_fails("error({a: 1})", "0", r#"{"a":1}"#);
    check_fails(".", "{", "mapping.unreadable");
    check_fails(".", "NaN", "mapping.unreadable");
    let long = mapping("error(\"x\" * 5000)")
        .apply(b"0", &message())
        .unwrap_err();
    assert!(long.detail.len() < 500, "{}", long.detail.len());
}

#[test]
fn a_failure_does_not_show_the_record() {
    let record = format!(
        r#"{{"phone":"13800000000","rest":"{}"}}"#,
        "x".repeat(10_000)
    );
    let failure = mapping(". + 1")
        .apply(record.as_bytes(), &message())
        .unwrap_err();
    assert!(failure.detail.len() < 200, "{}", failure.detail);
}

#[test]
fn conditions_hold_or_not() {
    let holds = |source: &str, input: &str| mapping(source).holds(input.as_bytes(), &message());
    assert_eq!(
        holds(r#".kind != "prospect""#, r#"{"kind":"customer"}"#),
        Ok(true)
    );
    assert_eq!(
        holds(r#".kind != "prospect""#, r#"{"kind":"prospect"}"#),
        Ok(false)
    );
    assert_eq!(holds(".a", r#"{"a":null}"#), Ok(false));
    assert_eq!(holds(".a", r#"{"a":0}"#), Ok(true));
    assert!(
        holds("empty", "0")
            .unwrap_err()
            .detail
            .contains("gave none")
    );
    assert!(
        holds("true, true", "0")
            .unwrap_err()
            .detail
            .contains("gave more")
    );
}

#[test]
fn mappings_are_shared_between_threads() {
    let mapping = mapping(".a + 1");
    let threads: Vec<_> = (0..4)
        .map(|number| {
            let mapping = mapping.clone();
            std::thread::spawn(move || {
                let input = format!("{{\"a\":{number}}}");
                mapping
                    .apply(input.as_bytes(), &json!(null))
                    .unwrap()
                    .unwrap()
            })
        })
        .collect();
    for (number, thread) in threads.into_iter().enumerate() {
        assert_eq!(thread.join().unwrap(), (number + 1).to_string());
    }
}

#[test]
fn jq_as_it_is_known() {
    check("[.[] | select(. > 1)] | length", "[1,2,3]", "2");
    check(
        "group_by(.a) | map(length)",
        r#"[{"a":1},{"a":2},{"a":1}]"#,
        "[2,1]",
    );
    check("to_entries", r#"{"a":1}"#, r#"[{"key":"a","value":1}]"#);
    check("with_entries(.value += 1)", r#"{"a":1}"#, r#"{"a":2}"#);
    check("[paths]", r#"{"a":[1]}"#, r#"[["a"],["a",0]]"#);
    check(
        "walk(if type == \"number\" then . + 1 else . end)",
        "[1,[2]]",
        "[2,[3]]",
    );
    check("reduce .[] as $x (0; . + $x)", "[1,2]", "3");
    check("[foreach .[] as $x (0; . + $x)]", "[1,2]", "[1,3]");
    check("[limit(2; .[])]", "[1,2,3]", "[1,2]");
    check("del(.a)", r#"{"a":1,"b":2,"c":3}"#, r#"{"b":2,"c":3}"#);
    check(".a[1:] = [9]", r#"{"a":[1,2,3]}"#, r#"{"a":[1,9]}"#);
    check(".a.b = 1", r#"{}"#, r#"{"a":{"b":1}}"#);
    check(".[-1] |= . + 1", "[1,2]", "[1,3]");
    check("test(\"^[a-z]+$\"; \"i\")", r#""ABC""#, "true");
    check("[match(\"b\"; \"g\").offset]", r#""abb""#, "[1,2]");
    check("sub(\"(?<x>b)\"; \"<\\(.x)>\")", r#""abc""#, r#""a<b>c""#);
    check("gsub(\"\\\\s+\"; \" \")", r#""a  b   c""#, r#""a b c""#);
    check(
        "capture(\"(?<y>\\\\d+)-(?<m>\\\\d+)\")",
        r#""2026-03""#,
        r#"{"y":"2026","m":"03"}"#,
    );
    check("split(\",\") | join(\"-\")", r#""a,b""#, r#""a-b""#);
    check(
        "index(\"b\"), rindex(\"b\") | select(. == 1)",
        r#""abab""#,
        "1",
    );
    check(
        "ascii_downcase, \"\" | select(. != \"\")",
        r#""ABC""#,
        r#""abc""#,
    );
    check("(.a // \"none\")", r#"{"a":null}"#, r#""none""#);
    check("try error(\"x\") catch .", "0", r#""x""#);
    check("[.[]?]", "1", "[]");
    check(
        "tojson | fromjson",
        r#"{"a":[1,19.90]}"#,
        r#"{"a":[1,19.90]}"#,
    );
    check("@base64", r#""abc""#, r#""YWJj""#);
    check("@csv", r#"["a\"b",1,null]"#, "\"\\\"a\\\"\\\"b\\\",1,\"");
    check("@uri", r#""a b""#, r#""a%20b""#);
    check("[.[] as {a: $x} | $x]", r#"[{"a":1}]"#, "[1]");
    check(
        "label $out | foreach .[] as $x (0; $x; if . > 1 then ., break $out else empty end)",
        "[1,2,3]",
        "2",
    );
    check(
        "\"\\(.a) and \\(.b)\"",
        r#"{"a":1,"b":[2]}"#,
        r#""1 and [2]""#,
    );
    check(
        "strptime(\"%Y-%m-%d\") | mktime | todate",
        r#""2026-03-01""#,
        r#""2026-03-01T00:00:00Z""#,
    );
    check("min_by(.a).a, empty", r#"[{"a":2},{"a":1}]"#, "1");
    check("unique, empty", "[3,1,3]", "[1,3]");
    check("flatten", "[1,[2,[3]]]", "[1,2,3]");
    check("contains([\"b\"])", r#"["abc"]"#, "true");
    check("def twice(f): f | f; twice(. + 1)", "1", "3");
}
