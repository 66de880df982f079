//! What `docs/mapping-functions.md` says: every function of ours, with examples that are run.

/// A part of the page.
struct Group {
    title: &'static str,
    text: &'static str,
    functions: &'static [Function],
}

/// One function, or one family of forms of it.
struct Function {
    forms: &'static [&'static str],
    meaning: &'static str,
    /// Mapping, input, and output; or, behind an exclamation mark, what the failure says.
    examples: &'static [(&'static str, &'static str, &'static str)],
}

const GROUPS: &[Group] = &[
    Group {
        title: "Dates and times",
        text: "Canonical dates are `2026-03-01`, canonical times are RFC 3339 in UTC. Formats are those of \
               strftime: `%Y` year, `%m` month, `%d` day, `%H` `%M` `%S` time, `%z` offset. Digits may be full-width. \
               Null and blank text give null.",
        functions: &[
            Function {
                forms: &["date"],
                meaning: "A date whose year stands first, in any of the usual forms; a time behind it is left out.",
                examples: &[
                    ("date", r#""2026-03-01""#, r#""2026-03-01""#),
                    ("date", r#""2026/3/1 08:30""#, r#""2026-03-01""#),
                    ("date", "20260301", r#""2026-03-01""#),
                    ("date", r#""2026年3月1日""#, r#""2026-03-01""#),
                    ("date", r#""２０２６．０３．０１""#, r#""2026-03-01""#),
                    ("date", r#""""#, "null"),
                    ("date", r#""01/03/2026""#, "!no date with the year first"),
                    ("date", r#""2026-02-30""#, "!no date with the year first"),
                ],
            },
            Function {
                forms: &["date_in(format)"],
                meaning: "A date in a native form.",
                examples: &[
                    (
                        r#"date_in("%d.%m.%Y")"#,
                        r#""01.03.2026""#,
                        r#""2026-03-01""#,
                    ),
                    (r#"date_in("%Y%m%d")"#, "20260301", r#""2026-03-01""#),
                    (r#"date_in("%d.%m.%Y")"#, "null", "null"),
                    (
                        r#"date_in("%d.%m.%Y")"#,
                        r#""2026-03-01""#,
                        "!is no date of the form",
                    ),
                ],
            },
            Function {
                forms: &["date_out(format)"],
                meaning: "A date in the form that a system wants.",
                examples: &[
                    (r#"date_out("%Y%m%d")"#, r#""2026-03-01""#, r#""20260301""#),
                    (
                        r#"date_out("%Y年%-m月%-d日")"#,
                        r#""2026-03-01""#,
                        r#""2026年3月1日""#,
                    ),
                ],
            },
            Function {
                forms: &["datetime"],
                meaning: "A time that carries its zone, in UTC.",
                examples: &[
                    (
                        "datetime",
                        r#""2026-03-01T08:00:00+08:00""#,
                        r#""2026-03-01T00:00:00Z""#,
                    ),
                    (
                        "datetime",
                        r#""2026-03-01T08:00:00""#,
                        "!is no time with a zone",
                    ),
                ],
            },
            Function {
                forms: &["datetime_in(format)", "datetime_in(format; zone)"],
                meaning: "A time in a native form, in UTC. The zone stands in the text (`%z`), or it is named. A form \
                          without hours means midnight.",
                examples: &[
                    (
                        r#"datetime_in("%Y-%m-%d %H:%M:%S"; "Asia/Shanghai")"#,
                        r#""2026-03-01 08:30:00""#,
                        r#""2026-03-01T00:30:00Z""#,
                    ),
                    (
                        r#"datetime_in("%Y%m%d"; "Asia/Shanghai")"#,
                        r#""20260301""#,
                        r#""2026-02-28T16:00:00Z""#,
                    ),
                    (
                        r#"datetime_in("%d/%m/%Y %H:%M %z")"#,
                        r#""01/03/2026 08:30 +0800""#,
                        r#""2026-03-01T00:30:00Z""#,
                    ),
                    (
                        r#"datetime_in("%Y%m%d"; "Shanghai")"#,
                        r#""20260301""#,
                        "!time zone",
                    ),
                ],
            },
            Function {
                forms: &["datetime_out(format; zone)"],
                meaning: "A time in the form and the zone that a system wants.",
                examples: &[(
                    r#"datetime_out("%Y-%m-%d %H:%M:%S"; "Asia/Shanghai")"#,
                    r#""2026-03-01T00:30:00Z""#,
                    r#""2026-03-01 08:30:00""#,
                )],
            },
            Function {
                forms: &["excel_date", "excel_datetime(zone)"],
                meaning: "The serial number of a spreadsheet's date; the time of day is behind the point.",
                examples: &[
                    ("excel_date", "46082", r#""2026-03-01""#),
                    ("excel_date", r#""46082.5""#, r#""2026-03-01""#),
                    (
                        r#"excel_datetime("Asia/Shanghai")"#,
                        "46082.5",
                        r#""2026-03-01T04:00:00Z""#,
                    ),
                    ("excel_date", r#""2026-03-01""#, "!serial number"),
                ],
            },
        ],
    },
    Group {
        title: "Exact decimals",
        text: "Amounts are decimal text. jq's own `+ - * /` compute with floats and lose cents; these do not. Each takes \
               numbers and text alike: `￥1,234.50`, full-width digits, brackets around negative amounts. What is no \
               number is an error. A scale is the number of decimals; rounding is half away from zero.",
        functions: &[
            Function {
                forms: &["decimal"],
                meaning: "The canonical decimal text; decimals that stand there are kept.",
                examples: &[
                    ("decimal", "19.90", r#""19.90""#),
                    ("decimal", r#""￥1,234.50""#, r#""1234.50""#),
                    ("decimal", r#""１２３．４５""#, r#""123.45""#),
                    ("decimal", r#""(1,000.00)""#, r#""-1000.00""#),
                    (
                        "decimal",
                        "10000000000000000.01",
                        r#""10000000000000000.01""#,
                    ),
                    ("decimal", r#""1,23""#, "!as decimal number"),
                    ("decimal", "null", "!as decimal number"),
                ],
            },
            Function {
                forms: &["decimal_add(x)", "decimal_sub(x)"],
                meaning: "The exact sum or difference of the input and `x`.",
                examples: &[
                    (r#"decimal_add("0.2")"#, "0.1", r#""0.3""#),
                    (
                        r#".total | decimal_sub("0.10")"#,
                        r#"{"total":"19.90"}"#,
                        r#""19.80""#,
                    ),
                ],
            },
            Function {
                forms: &["decimal_mul(x; scale)", "decimal_div(x; scale)"],
                meaning: "The product or quotient, rounded.",
                examples: &[
                    ("decimal_mul(3; 2)", "19.90", r#""59.70""#),
                    (
                        r#".price | decimal_mul("1.13"; 2)"#,
                        r#"{"price":"19.90"}"#,
                        r#""22.49""#,
                    ),
                    ("decimal_div(3; 4)", r#""10""#, r#""3.3333""#),
                    ("decimal_div(0; 2)", r#""10""#, "!cannot divide by zero"),
                ],
            },
            Function {
                forms: &["decimal_round(scale)"],
                meaning: "Rounded to so many decimals, which are all written.",
                examples: &[
                    ("decimal_round(2)", r#""0.125""#, r#""0.13""#),
                    ("decimal_round(2)", r#""-0.125""#, r#""-0.13""#),
                    ("decimal_round(2)", "7", r#""7.00""#),
                ],
            },
            Function {
                forms: &["decimal_sum"],
                meaning: "The exact sum of an array; null adds nothing.",
                examples: &[
                    (
                        "[.lines[].amount] | decimal_sum",
                        r#"{"lines":[{"amount":"0.10"},{"amount":0.2}]}"#,
                        r#""0.30""#,
                    ),
                    ("decimal_sum", "[]", r#""0""#),
                ],
            },
            Function {
                forms: &["decimal_compare(x)"],
                meaning: "-1, 0 or 1: the input is smaller than `x`, equal or larger.",
                examples: &[
                    (r#"decimal_compare("10.0")"#, r#""9.99""#, "-1"),
                    (r#"decimal_compare("10.0")"#, "10", "0"),
                ],
            },
            Function {
                forms: &["number"],
                meaning: "The JSON number of an amount, with the same digits, for systems that want numbers.",
                examples: &[
                    ("number", r#""19.90""#, "19.90"),
                    ("number", r#""10,000.00""#, "10000.00"),
                    ("number", "1234567890123456789", "1234567890123456789"),
                ],
            },
        ],
    },
    Group {
        title: "Code tables and references",
        text: "A code table is a CSV file beside the mappings: a header, then code and value. Here `unit` holds \
               `PCS` → `piece` and `箱` → `carton`.",
        functions: &[
            Function {
                forms: &["lookup(table)", "lookup(table; default)"],
                meaning: "The value of a code. A code that is not in the table is an error, unless there is a default. \
                          Null and blank text give the default, or null.",
                examples: &[
                    (r#"lookup("unit")"#, r#""箱""#, r#""carton""#),
                    (r#"lookup("unit")"#, r#"" PCS ""#, r#""piece""#),
                    (r#"lookup("unit"; "piece")"#, r#""KG""#, r#""piece""#),
                    (r#"lookup("unit"; .)"#, r#""KG""#, r#""KG""#),
                    (r#"lookup("unit")"#, r#""KG""#, r#"!has no code "KG""#),
                    (r#"lookup("unit")"#, "null", "null"),
                ],
            },
            Function {
                forms: &["ref(system)", "ref(system; id)"],
                meaning: "A reference to a record by its id in a system; null when the id is null or blank.",
                examples: &[
                    (
                        r#".CustNo | ref("erp")"#,
                        r#"{"CustNo":1001}"#,
                        r#"{"system":"erp","native_id":"1001"}"#,
                    ),
                    (
                        r#"ref("crm"; .ID)"#,
                        r#"{"ID":"A-7 "}"#,
                        r#"{"system":"crm","native_id":"A-7"}"#,
                    ),
                    (r#"ref("crm"; .ID)"#, r#"{"ID":""}"#, "null"),
                ],
            },
            Function {
                forms: &["crosswalk(system)"],
                meaning: "A resolved reference's id in a system; null when it has none there.",
                examples: &[
                    (
                        r#".customer | crosswalk("crm")"#,
                        r#"{"customer":{"master_id":"m1","ids":{"crm":"A-7","erp":"1001"}}}"#,
                        r#""A-7""#,
                    ),
                    (
                        r#".customer | crosswalk("drp")"#,
                        r#"{"customer":{"ids":{"crm":"A-7"}}}"#,
                        "null",
                    ),
                    (r#".channel | crosswalk("crm")"#, "{}", "null"),
                ],
            },
        ],
    },
    Group {
        title: "Text",
        text: "Null stays null, so that optional fields need no condition.",
        functions: &[
            Function {
                forms: &["blank"],
                meaning: "Text without blanks around it; null when nothing is left. Other values pass.",
                examples: &[
                    ("blank", r#""  a b ""#, r#""a b""#),
                    ("blank", r#"" 　""#, "null"),
                    (
                        r#".phone | blank // "unknown""#,
                        r#"{"phone":""}"#,
                        r#""unknown""#,
                    ),
                    ("blank", "7", "7"),
                ],
            },
            Function {
                forms: &["squeeze"],
                meaning: "Text with single blanks between its words.",
                examples: &[(
                    "squeeze",
                    r#"" Shanghai   Chuanke\n Ltd ""#,
                    r#""Shanghai Chuanke Ltd""#,
                )],
            },
            Function {
                forms: &["half_width", "full_width"],
                meaning: "Letters, digits and signs in the width of ASCII, or in the width of Chinese characters.",
                examples: &[
                    ("half_width", r#""ＡＢＣ（１２３）""#, r#""ABC(123)""#),
                    ("full_width", r#""ABC(123)""#, r#""ＡＢＣ（１２３）""#),
                    ("half_width", "null", "null"),
                ],
            },
            Function {
                forms: &["company_name"],
                meaning: "A company's name in the spelling that is compared: width, script, blanks and brackets do not \
                          tell two names apart.",
                examples: &[(
                    r#"company_name == ("上海川可（贸易）有限公司" | company_name)"#,
                    r#""上海川可(贸易)有限公司 ""#,
                    "true",
                )],
            },
            Function {
                forms: &["digits"],
                meaning: "The digits of a text, such as a phone number.",
                examples: &[("digits", r#""+86 (21) 5555-０１２""#, r#""86215555012""#)],
            },
            Function {
                forms: &["split_lines"],
                meaning: "The lines of a text that say something.",
                examples: &[(
                    "split_lines",
                    r#""Room 1\r\n\r\n 2 Nanjing Rd\n""#,
                    r#"["Room 1","2 Nanjing Rd"]"#,
                )],
            },
            Function {
                forms: &["compact"],
                meaning: "A record without members that say nothing (null, empty text, empty arrays and objects), from \
                          the inside out. Items of arrays are dropped only when they are null.",
                examples: &[
                    (
                        "compact",
                        r#"{"a":null,"b":"","c":{"d":[]},"e":0,"f":false}"#,
                        r#"{"e":0,"f":false}"#,
                    ),
                    ("compact", r#"[null,"",{"a":null}]"#, r#"["",{}]"#),
                ],
            },
        ],
    },
];

const HEAD: &str = "\
# Functions for mappings

A mapping is a [jq](https://jqlang.org/manual/) program: it gets one record as `.` and gives one record back, or nothing
(`empty`) when the record is not wanted. Around the record stands `$message` with `id`, `source`, `native_id`,
`occurred_at`, `entity`, `fact`, `master_id`, `ids`, `target_id` and `target_ids`. Numbers that a mapping passes on
keep every digit.

Beside jq's own functions there are those below. What may run for ever or reaches outside of the record does not exist:
recursion, `repeat`, `while`, `until`, `recurse(f)`, `input`, `env`, `now`, `debug`, `halt`, `import`. A mapping that does
too much work, or builds too large a value, is stopped.

This page is made from the functions' catalogue, and its examples are run as tests.
";

fn page() -> String {
    let mut page = HEAD.to_owned();
    for group in GROUPS {
        page += &format!("\n## {}\n\n{}\n", group.title, group.text);
        for function in group.functions {
            page += &format!(
                "\n### `{}`\n\n{}\n\n",
                function.forms.join("`, `"),
                function.meaning
            );
            page += "| mapping | input | output |\n|---|---|---|\n";
            for (mapping, input, output) in function.examples {
                let output = match output.strip_prefix('!') {
                    Some(failure) => format!("error: …{failure}…"),
                    None => format!("`{output}`"),
                };
                // A bar inside of a cell would end it.
                let mapping = mapping.replace('|', "\\|");
                page += &format!("| `{mapping}` | `{input}` | {output} |\n");
            }
        }
    }
    page
}

#[test]
fn examples_do_what_the_page_says() {
    use crate::mapping::tests::{check, check_fails};
    for function in GROUPS.iter().flat_map(|group| group.functions) {
        for (mapping, input, output) in function.examples {
            match output.strip_prefix('!') {
                Some(failure) => check_fails(mapping, input, failure),
                None => check(mapping, input, output),
            }
        }
    }
}

#[test]
fn every_function_of_ours_is_on_the_page() {
    let forms: Vec<&str> = GROUPS
        .iter()
        .flat_map(|group| group.functions)
        .flat_map(|function| function.forms)
        .copied()
        .collect();
    let described = |name: &str, arguments: usize| {
        forms.iter().any(|form| {
            let (form, list) = form.split_once('(').unwrap_or((form, ""));
            let count = if list.is_empty() {
                0
            } else {
                list.split(';').count()
            };
            form == name && count == arguments
        })
    };
    let of_jq = [
        "length",
        "tojson",
        "fromjson",
        "has",
        "contains",
        "indices",
        "pay_for_pattern",
    ];
    for super::Function {
        name, arguments, ..
    } in super::all()
    {
        assert!(
            of_jq.contains(&name) || described(name, arguments),
            "{name}/{arguments} is not on the page"
        );
    }
    assert_eq!(forms.len(), super::all().count() - of_jq.len());
}

/// Set `TENON_WRITE_DOCS=1` to write the page instead of comparing it.
#[test]
fn the_page_is_up_to_date() {
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../docs/mapping-functions.md"
    );
    if std::env::var_os("TENON_WRITE_DOCS").is_some() {
        std::fs::write(file, page()).unwrap();
    }
    let found = std::fs::read_to_string(file).unwrap_or_default();
    assert!(
        found == page(),
        "docs/mapping-functions.md is out of date: run the test with TENON_WRITE_DOCS=1"
    );
}
