//! What the gate lets pass, and what it refuses where.

use std::path::Path;

use super::{CodeTables, Mapping, tables};

/// Compiles; the problems as `line:column: message`.
fn problems(source: &str) -> Vec<String> {
    match Mapping::compile(Path::new("test.jq"), source, &tables()) {
        Ok(_) => Vec::new(),
        Err(problems) => problems
            .iter()
            .map(|problem| {
                problem
                    .to_string()
                    .trim_start_matches("test.jq:")
                    .to_owned()
            })
            .collect(),
    }
}

#[track_caller]
fn refused(source: &str, expected: &str) {
    let problems = problems(source);
    assert_eq!(problems.len(), 1, "{source}: {problems:?}");
    assert!(problems[0].starts_with(expected), "{source}: {problems:?}");
}

#[test]
fn what_follows_the_data_passes() {
    for source in [
        ".",
        "..",
        "recurse",
        "[.[] | .a]",
        "walk(.)",
        "def f(g): g; f(f(.))",
        "def f: 1; def g: f; g",
        "def f: def g: 1; g; f",
        "def f: 1; def h: def f: 2; f; h",
        "def f(g): def h: g; h; f(1)",
        "range(10)",
        "range(.a)",
        "range(0; 10; 2)",
        "\"ab\" * 10",
        "3 * \"ab\"",
        ".a * .b",
        "[limit(3; .[])]",
        "first(.[])",
        "reduce .[] as [$a, {b: $c}] (0; . + $a + $c)",
        "test(\"a+\")",
        "ltrimstr(\"a\")",
        "getpath([\"a\"])",
        ".a |= . + 1",
        "lookup(\"unit\")",
        "$message.occurred_at",
        "label $x | break $x",
        "# only a remark\n.",
    ] {
        assert_eq!(problems(source), Vec::<String>::new(), "{source}");
    }
}

#[test]
fn recursion_is_refused() {
    refused("def f: f; f", "1:8: f calls itself");
    refused("def f: 1; def f: f + 1; f", "1:18: f calls itself");
    refused("def f(g): f(g); f(.)", "1:11: f calls itself");
    refused("def f:\n  def g: f;\n  g;\nf", "2:10: f calls itself");
    refused("def f: def f: 1; def g: g; 1; f", "1:25: g calls itself");
    refused(
        "def f($x): if $x > 0 then f($x - 1) else 0 end; f(3)",
        "1:27: f calls itself",
    );
    refused("[.[] | def f: [f]; f]", "1:16: f calls itself");
}

#[test]
fn endless_generators_are_refused() {
    refused("repeat(.)", "1:1: repeat may run for ever");
    refused("[.a | until(. > 3; . + 1)]", "1:7: until may run for ever");
    refused("while(true; .)", "1:1: while may run for ever");
    refused("recurse(. + 1)", "1:1: recurse may run for ever");
    refused("recurse(.a; . != null)", "1:1: recurse may run for ever");
    refused("first(repeat(1))", "1:7: repeat may run for ever");
    refused("range(0; 1; 0)", "1:1: a range with the step 0");
    refused("[range(1000000000)]", "1:8: a range goes to 100000");
    refused("[range(0; 1e9)]", "1:11: a range goes to 100000");
    refused("combinations(5)", "1:1: combinations multiplies");
}

#[test]
fn repetition_of_text_is_refused_when_computed() {
    refused("\"ab\" * .n", "1:2: a text is repeated by a computed count");
    refused(".n * \"ab\"", "1:7: a text is repeated by a computed count");
    refused(
        "\"ab\" * (1 + 1)",
        "1:2: a text is repeated by a computed count",
    );
    refused("\"ab\" * 3e9", "1:8: a text is repeated 10000 times");
    refused(
        ".n *= \"ab\"",
        "1:8: a text is repeated by a computed count",
    );
}

#[test]
fn the_outside_is_refused() {
    for name in [
        "input",
        "inputs",
        "input_filename",
        "env",
        "debug",
        "stderr",
        "halt",
        "halt_error",
        "now",
        "localtime",
        "infinite",
        "nan",
    ] {
        refused(&format!(". | {name}"), &format!("1:5: {name} "));
    }
    refused("debug(\"x\")", "1:1: debug writes");
    refused("halt_error(1)", "1:1: halt_error would end");
    refused("$ENV.HOME", "1:1: $ENV reaches outside");
    refused("{a: $__loc__}", "1:5: $__loc__ reaches outside");
    refused("import \"x\" as x; .", "1:1: import is not available");
    refused("include \"x\"; .", "1:1: include is not available");
    refused("x::f", "1:1: x::f is of a module");
}

#[test]
fn refusals_are_found_wherever_they_stand() {
    for place in [
        "[{}]",
        "{a: {}}",
        "{({}): 1}",
        "-{}",
        "({} | 1)",
        "(1 as $x | {})",
        "(label $x | {})",
        "reduce {} as $x (0; 1)",
        "reduce 1 as $x ({}; 1)",
        "reduce 1 as $x (0; {})",
        "foreach 1 as $x (0; 1; {})",
        "(try {} catch 1)",
        "(try 1 catch {})",
        "if {} then 1 else 2 end",
        "if 1 then {} else 2 end",
        "if 1 then 2 else {} end",
        "(def f: {}; f)",
        "(def f: 1; {})",
        "map({})",
        ".[{}]",
        ".[{}:1]",
        ".[1:{}]",
        "\"a\\({})\"",
        "({} // 1)",
        "({} and 1)",
        "(1 + {})",
        "(.a |= {})",
        "(. as {({}): $x} | $x)",
        "{}?",
        "(def f(g): g; f({}))",
    ] {
        let source = place.replace("{}", "now");
        let problems = problems(&source);
        assert_eq!(problems.len(), 1, "{source}: {problems:?}");
        assert!(
            problems[0].contains("now gives another result"),
            "{source}: {problems:?}"
        );
    }
}

#[test]
fn all_problems_are_told_at_once() {
    let found = problems("now,\n  env,\n    def f: f; f");
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(
        found[0].starts_with("1:1:")
            && found[1].starts_with("2:3:")
            && found[2].starts_with("3:12:")
    );
}

#[test]
fn what_does_not_exist_is_told_with_its_place() {
    refused(
        ".a | decimall",
        "1:6: there is no function decimall/0 (did you mean decimal?)",
    );
    refused(
        "map(1; 2)",
        "1:1: there is no function map/2 (there is map/1)",
    );
    refused("$x", "1:1: there is no variable $x");
    refused(
        "lookup(\"unt\")",
        "1:9: there is no code table \"unt\" (did you mean \"unit\"?)",
    );
    let none = Mapping::compile(Path::new("t.jq"), "lookup(\"a\")", &CodeTables::default());
    assert!(
        none.unwrap_err()[0]
            .to_string()
            .contains("no code table is configured")
    );
    refused("gamma", "1:1: there is no function gamma/0");
    // What our own definitions call is not there for mappings: they would not pay for it.
    refused(
        "engine_matches(\"a\"; \"\")",
        "1:1: there is no function engine_matches/2",
    );
}

#[test]
fn what_is_no_jq_is_told_with_its_place() {
    refused("{a: }", "1:5: expected term, found \"}\"");
    refused(".a |", "1:5: expected term, found the end");
    refused("(1", "1:3: expected closing parenthesis");
    refused("\n\n  \"abc", "3:7: expected closing quote");
    refused(". )", "1:3: expected");
    refused("", "1:1: expected term, found the end");
}

#[test]
fn long_and_deep_texts_are_refused_and_exhaust_no_stack() {
    assert!(problems(&" ".repeat(70_000))[0].contains("at most 65536 bytes"));
    let codes: Vec<String> = (0..1500).map(|code| format!("\"C{code}\"")).collect();
    assert_eq!(
        problems(&format!("IN([{}][])", codes.join(",")).replace("IN", "first")),
        Vec::<String>::new()
    );
    for (open, inner, close) in [
        ("[", "1", "]"),
        ("(", "1", ")"),
        ("{a:", "1", "}"),
        ("-", "1", ""),
        ("1|", "1", ""),
        ("1,", "1", ""),
        ("1+", "1", ""),
        ("1//", "1", ""),
        ("try ", "1", ""),
        ("if 1 then ", "1", " end"),
        ("1 as $x|", "1", ""),
        ("def f:1;", "1", ""),
        ("def f:", "1", ";1"),
        ("\"\\(", "1", ")\""),
        ("map(", "1", ")"),
        (".[", "1", "]"),
        ("reduce 1 as $x (0;", "1", ")"),
        (".a", "", ""),
        (".a|=", "1", ""),
        ("label $x|", "1", ""),
    ] {
        let count = 65_000 / (open.len() + close.len());
        let source = format!("{}{inner}{}", open.repeat(count), close.repeat(count));
        // A long chain may be fine; whatever the verdict, it is reached.
        let found = problems(&source);
        assert!(found.len() <= 2, "{open}: {} problems", found.len());
        let shallow = format!("{}{inner}{}", open.repeat(20), close.repeat(20));
        assert_eq!(problems(&shallow), Vec::<String>::new(), "{open}");
    }
}
