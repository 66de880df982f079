//! What passes the gate and still multiplies is ended by the meter.

use super::{check, check_fails, mapping};

/// Work that grows beyond any bound: ended, and soon.
#[test]
fn too_much_work_is_ended() {
    let hundred: Vec<u32> = (0..200).collect();
    let input = serde_json::to_string(&hundred).unwrap();
    for source in [
        "[.[] as $a | .[] as $b | .[] as $c | .[] as $d | 1] | length",
        "[.[] + .[] + .[] + .[]] | length",
        "reduce range(100000) as $i (0; reduce range(100000) as $j (.; . + 1))",
        "[range(100000) | range(100000)] | length",
        "first(range(100000) | range(100000) | select(. < 0))",
        "[combinations] | length",
        "[limit(1000000000; range(100000) | range(100000))]",
        "range(0; 1; .[0]) | empty",
        "try (range(100000) | range(100000) | empty) catch 1",
        "[(range(100000) | range(100000) | empty)?] // 1",
        "label $x | range(100000) | range(100000) | if . < 0 then break $x else empty end",
        "isempty(range(100000) | range(100000) | empty)",
        ". as [$a] | [range(100000)] | sort_by(range(1000))",
        "[range(100000)] as $x | $x | map(select($x == $x)) | length",
        "[range(10000)] as $x | $x | map($x | index(-1)) | length",
        "[range(5000) | tostring] | contains(reverse)",
        "last(range(100000) | range(100000))",
        "reduce range(100000) as $i ([range(1000)]; .[0] = . )",
        "def a: .,.; def b: a|a|a|a; def c: b|b|b|b; def d: c|c|c|c; [d]",
        "[paths(..)] | [.[] as $a | .[] as $b | .[] as $c | $a, $b, $c] | length",
    ] {
        let input = if source == "[combinations] | length" {
            format!("[{}]", vec!["[1,2,3,4,5,6,7,8,9]"; 20].join(","))
        } else {
            input.clone()
        };
        let failure = mapping(source)
            .apply(input.as_bytes(), &super::message())
            .unwrap_err();
        assert!(
            failure.code == "mapping.deadline" || failure.detail.contains("was stopped"),
            "{source}: {failure}"
        );
    }
}

#[test]
fn too_much_memory_is_ended() {
    for source in [
        "reduce range(60) as $i (\"a\"; . + .)",
        "reduce range(60) as $i ([1]; . + .)",
        "reduce range(60) as $i ({}; . + {(\"k\\($i)\"): .}) | tojson",
        "reduce range(60) as $i (1; [., .])",
        "reduce range(60) as $i (1; [., .]) | length",
        "reduce range(60) as $i (1; {a: ., b: .}) | . == .",
        "reduce range(60) as $i (1; [., .]) | sort",
        "reduce range(60) as $i (1; [., .]) | error",
        "reduce range(60) as $i (1; [., .]) | [..] | length",
        "reduce range(60) as $i (1; [., .]) | flatten",
        "[range(100) as $i | \"ab\" * 10000 * 100]",
        "\"ab\" * 10000 * 10000",
        "[range(100000) as $i | \"abcdefghijklmnopqrstuvwxyz\" * 100]",
        "reduce range(1000) as $i (\"ab\" * 10000; . + \"x\" | @base64)",
        "\"a\" * 10000 * 100 | [range(100000) as $i | ascii_upcase] | length",
        "[range(100000)] | [range(100) as $i | . + [$i]]",
        "\"a\" * 10000 * 100 | [match(\"a\"; \"g\")] | length",
        "\"a\" * 10000 | test(\"(a{100}){100}b\")",
        "\"a\" * 10000 * 100 | explode | implode | [range(1000) as $i | explode] | length",
    ] {
        let outcome = super::outcome(source, "0");
        // A value that is shared with itself is small in memory: what never walks it may succeed.
        if source.ends_with("| length") && outcome.parse::<u64>().is_ok() {
            assert_eq!(outcome, "2", "{source}");
            continue;
        }
        if source.ends_with("| error") {
            assert!(outcome.len() < 300, "{source}: {outcome}");
            continue;
        }
        assert!(outcome.contains("was stopped"), "{source}: {outcome}");
    }
}

#[test]
fn depth_is_ended_before_the_stack() {
    for source in [
        "reduce range(100000) as $i (1; [.])",
        "reduce range(100000) as $i (1; {a: .})",
        "reduce range(1000) as $i ({}; {} | .a = 1 | .b = $i) | reduce range(600) as $i (.; .a = .)",
        "reduce range(100000) as $i ([0]; .[0] |= [.] | [.])",
        "reduce range(600) as $i ([]; [., 1])",
    ] {
        check_fails(source, "0", "nested deeper than 512");
    }
    // The bound of the depth is corrected when it only seems to grow.
    check(
        "reduce range(5000) as $i ({}; .a = [.b]) | .a",
        "0",
        "[null]",
    );
    check(
        "reduce range(5000) as $i ({}; .last = {v: .previous} | .previous = $i) | .last.v",
        "0",
        "4998",
    );
}

#[test]
fn deep_programs_do_not_exhaust_the_stack() {
    // The deepest programs that the gate lets pass, on a stack as small as a worker's.
    let sources = [
        format!("{}1{}", "[".repeat(195), "]".repeat(195)),
        format!("{}1{}", "map(".repeat(60), ")".repeat(60)),
        format!("{}. + 1", "1 as $x | ".repeat(150)),
        format!("{}1", "-".repeat(195)),
        {
            let mut source = String::from("def f0: .;");
            for level in 1..2000 {
                source += &format!("def f{level}: f{};", level - 1);
            }
            source + "f1999"
        },
        {
            let mut source = String::from("def f0(g): g;");
            for level in 1..500 {
                source += &format!("def f{level}(g): [f{}(g)];", level - 1);
            }
            source + "f499(.)"
        },
        format!(
            "reduce range(500) as $i (1; [.]) | {}",
            "walk(.) | ".repeat(20) + "."
        ),
        "reduce range(500) as $i (1; [.]) | [..] | length".to_owned(),
        "reduce range(500) as $i (1; [.]) | .. |= .".to_owned(),
        "reduce range(500) as $i (1; {a: .}) | [paths] | length".to_owned(),
        "reduce range(500) as $i (1; [.]) | tojson | length".to_owned(),
        "reduce range(500) as $i (1; [.]) | . == .".to_owned(),
        "reduce range(500) as $i (1; [.]) | flatten".to_owned(),
    ];
    for source in sources {
        let mapping = mapping(&source);
        let worker = std::thread::Builder::new().stack_size(2 << 20);
        let thread = worker
            .spawn(move || mapping.apply(b"[]", &super::message()))
            .unwrap();
        // A result or an orderly end: both are fine; a dead process is not.
        match thread.join().unwrap() {
            Ok(_) => {}
            Err(failure) => assert_eq!(failure.kind, tenon_core::FailureKind::Invalid),
        }
    }
}

#[test]
fn ordinary_work_is_far_from_the_bounds() {
    let order = format!(
        "[{}]",
        (0..20_000)
            .map(|line| format!("{{\"n\":{line},\"t\":\"x\"}}"))
            .collect::<Vec<_>>()
            .join(",")
    );
    check("map(select(.n >= 0) | .n) | add", &order, "199990000");
    check(
        "reduce .[] as $line (\"\"; . + $line.t) | length",
        &order,
        "20000",
    );
    check("map(.t) | join(\",\") | length", &order, "39999");
    check(
        "reduce .[] as $line ([]; . + [$line.n]) | length",
        &order,
        "20000",
    );
    check(
        "reduce .[] as $line ({}; .[\"k\\($line.n)\"] = $line.n) | length",
        &order,
        "20000",
    );
    check("group_by(.t) | length", &order, "1");
    check("map(.n) | sort | .[-1]", &order, "19999");
    check(
        "[.[] | .t | gsub(\"x\"; \"y\")] | unique",
        &order,
        "[\"y\"]",
    );
}

/// What a program builds little by little is paid once, however it is evaluated.
#[test]
fn what_is_built_in_a_loop_is_within_the_bounds() {
    let items = format!("[{}]", vec!["1"; 5_000].join(","));
    for source in [
        "reduce .[] as $x ([]; if $x > 0 then . + [$x] else . end) | length",
        "reduce .[] as $x ([]; . + [$x]) | length",
        "reduce .[] as $x (\"\"; . + \"\\($x)\") | length",
        "map(select(. > 0)) | length",
    ] {
        check(source, &items, "5000");
    }
}

#[test]
fn an_ended_evaluation_leaves_the_next_one_whole() {
    let endless = mapping("[range(100000) | range(100000)]");
    let mapping = mapping(".a");
    for _ in 0..3 {
        assert!(endless.apply(b"0", &super::message()).is_err());
        let output = mapping
            .apply(br#"{"a":1}"#, &super::message())
            .unwrap()
            .unwrap();
        assert_eq!(output, "1");
    }
}
