//! Programs that nobody wrote: whatever passes the gate comes to an end, in order.

use std::path::Path;

use proptest::prelude::*;

use super::{CodeTables, Mapping, tables};

/// Forms with one place and with two, filled with programs.
fn filled(
    one: impl Strategy<Value = &'static str>,
    two: impl Strategy<Value = &'static str>,
    inner: impl Strategy<Value = String> + Clone,
) -> impl Strategy<Value = String> {
    prop_oneof![
        (one, inner.clone()).prop_map(|(form, part)| form.replacen("{}", &part, 1)),
        (two, inner.clone(), inner).prop_map(|(form, left, right)| {
            let form = form.replacen("{}", "\u{1}", 1).replacen("{}", "\u{2}", 1);
            form.replacen('\u{1}', &left, 1)
                .replacen('\u{2}', &right, 1)
        }),
    ]
}

/// A program of the grammar's parts, nested at random.
fn program() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        ".",
        "..",
        ".[]?",
        ".a",
        ".a?",
        ".[0]?",
        "1",
        "0",
        "-3",
        "19.90",
        "1e300",
        "null",
        "true",
        "\"text\"",
        "[]",
        "{}",
        "empty",
        "error",
        "length?",
        "keys?",
        "$message",
        "$message.ids",
        "range(50)",
        "range(100000)",
        "tojson",
        "type",
        "to_entries?",
        "add?",
        "sort?",
        "paths",
        "reverse?",
        "unique?",
        "flatten?",
        "tostring",
        "explode?",
        "ascii_upcase?",
        "compact",
        "decimal?",
        "number?",
        "date?",
        "blank",
        "split_lines?",
        "transpose?",
        "combinations?",
        "@base64",
        "@csv?",
        "now",
        "env",
        "input",
        "recurse",
        "first",
        "last",
        "min?",
        "any?",
    ]);
    leaf.prop_map(str::to_owned)
        .prop_recursive(6, 60, 4, |inner| {
            let one = prop::sample::select(vec![
                "[{}]",
                "({})",
                "{a: {}}",
                "{({} | tostring): 1}",
                "-({})",
                "map({})?",
                "walk({})",
                "[limit(5; {})]",
                "first({})",
                "last({})",
                "isempty({})",
                "select({})",
                "path({})?",
                "del({})?",
                "any({})?",
                "group_by({})?",
                "sort_by({})?",
                "with_entries({})?",
                "(try {} catch .)",
                "({})?",
                "label $x | ({} | break $x)",
                "recurse({})",
                "repeat({})",
                "def f: {}; [f, f]",
                "def f(g): g | g | g; f({})",
                "def f: {} | f; f",
                "\"a\\({})b\"",
                ".[{}]?",
                ".[{}:]?",
                "(.a |= {})?",
                "(.. |= {})?",
                "(.[]? += {})",
                "range({})?",
                "test({})?",
                "gsub(\"a*\"; {} | tostring)?",
                "lookup(\"unit\"; {})?",
                "to_entries? | map({})?",
                "decimal_mul({}; 2)?",
                "getpath({})?",
                "indices({})?",
                "while({}; .)",
                "has({})?",
                "contains({})?",
                "splits({})?",
                "tojson | fromjson | {}",
            ]);
            let two = prop::sample::select(vec![
                "{} | {}",
                "{}, {}",
                "({}) + ({})",
                "({}) * ({})",
                "({}) - ({})",
                "({}) / ({})",
                "({}) % ({})",
                "({}) == ({})",
                "({}) < ({})",
                "({}) // ({})",
                "({}) and ({})",
                "({}) as $v | [$v, {}]",
                "reduce ({}) as $v (.; {})",
                "foreach ({}) as $v (0; {})",
                "if {} then {} else . end",
                "reduce range(40) as $i ({}; [., {}])",
                "reduce range(40) as $i ({}; . + {})",
                "limit(3; {} | {})",
                "({} |= {})?",
                "({} = {})?",
                "[{}] | combinations | {}",
                "({}) as [$v] | $v | {}",
            ]);
            filled(one, two, inner)
        })
}

/// A program of the forms that are planned, more often without errors than not.
fn ordinary_program() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        ".",
        ".a",
        ".b",
        ".c?",
        ".a.b?",
        ".[0]?",
        ".a[1:]?",
        ".[\"d\"]?",
        "1",
        "-3",
        "19.90",
        "007",
        "null",
        "true",
        "false",
        "\"text\"",
        "\"t\\u4e0a\\(.)\"",
        "[]",
        "{}",
        "empty",
        "error",
        "$message",
        "$message.ids.crm",
        "$message.no",
        "length?",
        "keys?",
        "tojson",
        "type",
        "to_entries?",
        "add?",
        "tostring",
        "ascii_upcase?",
        "compact",
        "decimal?",
        "number?",
        "date?",
        "blank",
        "split_lines?",
        "not",
        "first?",
        "last?",
        "min?",
        "max?",
        "unique?",
        "flatten?",
        "any?",
        "all?",
        "isstring",
        "tonumber?",
        "explode?",
        "reverse?",
        "sort?",
        "trim?",
        "half_width?",
        "strings",
        "values",
        "from_entries?",
        ".[]?",
        ".a[]?",
        ".[]?.b?",
        "@base64",
    ]);
    leaf.prop_map(str::to_owned)
        .prop_recursive(5, 40, 4, |inner| {
            let one = prop::sample::select(vec![
                "[{}]",
                "({})",
                "{a: {}}",
                "{({} | tostring): 1}",
                "{a, b: {}}",
                "-({})?",
                "map({})?",
                "first({})",
                "isempty({})",
                "select({})",
                "any({})?",
                "all({})?",
                "(try {} catch .)",
                "(try ({} | error) catch .)",
                "({})?",
                "def f: {}; [f, f]",
                "def f(g): g | g; f({})",
                "def f($x): [$x, .]; f({})",
                "def f(g; $x): [g, $x]; f({}; .a?)",
                "\"a\\({})b\"",
                ".[{}]?",
                ".[{}:]?",
                "test(\"[a-c]\"; \"x\") and {}",
                "gsub(\"[0-9]+\"; {} | tostring)?",
                "(.a? | strings | gsub(\"(?<x>[a-c])\"; .x + \"-\"))?, {}",
                "lookup(\"unit\"; {})?",
                "lookup(\"unit\")?, {}",
                "to_entries? | map({})?",
                "with_entries({})?",
                "decimal_mul({}; 2)?",
                "ref(\"crm\"; {})?",
                "has({})?",
                "contains({})?",
                "tojson | fromjson | {}",
                "join({})?",
                "(.[]? | tostring | ltrimstr({}))",
                "split({})?",
                "startswith({})?",
                "indices({})?",
                ". as [$x, [$y]] | [$x, $y, {}]",
                "if {} then 1 end",
                "map_values({})?",
                "add({})?",
                "pick(.a)?, {}",
            ]);
            let two = prop::sample::select(vec![
                "{} | {}",
                "{}, {}",
                "({}) + ({})",
                "({}) * ({})",
                "({}) - ({})",
                "({}) / ({})",
                "({}) % ({})",
                "({}) == ({})",
                "({}) < ({})",
                "({}) >= ({})",
                "({}) // ({})",
                "({}) and ({})",
                "({}) or ({})",
                "({}) as $v | [$v, {}]",
                "({}) as $v | ({}) as $w | {a: $v, $w}",
                "reduce ({}) as $v (.; {})",
                "reduce (.[]?, {}) as $v (0; . + ({}))",
                "reduce ({}) as $v ([]; . + [$v, {}])",
                "if {} then {} else . end",
                "if . == null then 0 elif {} then {} else \"no\" end",
                "{a: ({}), b: ({})}",
                "[{}, {}]",
                "({}) as [$v] | $v | {}",
                "({}) as [$v, $w] | {$v, $w, c: {}}",
                "def f(g): [.[]? | g]; f({} | {})",
                "\"\\({})-\\({})\"",
                "first({}, {})",
            ]);
            filled(one, two, inner)
        })
}

/// What a mapping makes of an input, with its plan and without; `None` when it has none.
fn both_ways(source: &str, input: &str) -> Option<[Result<Option<bytes::Bytes>, String>; 2]> {
    let mut mapping = Mapping::compile(Path::new("generated.jq"), source, &tables()).ok()?;
    mapping.inner.program.plan.as_ref()?;
    let apply = |mapping: &Mapping| {
        mapping
            .apply(input.as_bytes(), &super::message())
            .map_err(|failure| format!("{}: {}", failure.code, failure.detail))
    };
    let planned = apply(&mapping);
    std::sync::Arc::get_mut(&mut mapping.inner)?.program.plan = None;
    Some([planned, apply(&mapping)])
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        "[a-z0-9 ,.年月日]{0,12}".prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
            prop::collection::btree_map("[a-d]", inner, 0..4)
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    /// Applying returns, and never with a bug; what it gives is JSON.
    #[test]
    fn what_passes_the_gate_ends(source in program(), input in json()) {
        let compiled = Mapping::compile(Path::new("generated.jq"), &source, &tables());
        if let Ok(mapping) = compiled {
            match mapping.apply(input.to_string().as_bytes(), &super::message()) {
                Ok(Some(output)) => {
                    prop_assert!(serde_json::from_slice::<serde::de::IgnoredAny>(&output).is_ok());
                }
                Ok(None) => {}
                Err(failure) => prop_assert_eq!(failure.kind, tenon_core::FailureKind::Invalid),
            }
        }
    }

    /// A plan gives what the engine gives, of programs that nobody would write.
    #[test]
    fn a_plan_is_the_engine(source in program(), input in json()) {
        if let Some([planned, engine]) = both_ways(&source, &input.to_string()) {
            prop_assert_eq!(planned, engine, "{}", source);
        }
    }

    /// The gate and the compiler give a verdict on any text.
    #[test]
    fn any_text_gets_a_verdict(source in "[a-z.$@\\[\\](){}|,:;\"\\\\0-9+*/<>=?#\n -]{0,200}") {
        let _ = Mapping::compile(Path::new("generated.jq"), &source, &CodeTables::default());
    }

    /// Any JSON passes the identity unchanged.
    #[test]
    fn identity_changes_nothing(input in json()) {
        let text = input.to_string();
        let mapping = super::mapping(".");
        let output = mapping.apply(text.as_bytes(), &super::message());
        prop_assert_eq!(output.unwrap().unwrap(), text);
    }

    /// Decimal numbers keep every digit.
    #[test]
    fn numbers_keep_their_digits(number in "-?(0|[1-9][0-9]{0,25})(\\.[0-9]{1,25})?") {
        prop_assume!(number != "-0");
        let mapping = super::mapping("{a: [.[0]]} | .a");
        let output = mapping.apply(format!("[{number}]").as_bytes(), &super::message());
        prop_assert_eq!(output.unwrap().unwrap(), format!("[{number}]"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    /// A plan gives what the engine gives, of programs as people write them.
    #[test]
    fn an_ordinary_plan_is_the_engine(source in ordinary_program(), input in json()) {
        if let Some([planned, engine]) = both_ways(&source, &input.to_string()) {
            prop_assert_eq!(planned, engine, "{}", source);
        }
    }
}
