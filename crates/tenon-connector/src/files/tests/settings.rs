//! Problems of the configuration, each under its key.

use super::*;

fn check(settings: &str, receive: &[&str], deliver: &[&str], expected: &[(&str, &str)]) {
    let problems = match configure(Path::new("."), settings, receive, deliver) {
        Ok(_) => Vec::new(),
        Err(problems) => problems,
    };
    let fits = problems.len() == expected.len()
        && problems
            .iter()
            .zip(expected)
            .all(|(problem, (key, message))| {
                problem.key == *key && problem.message.contains(message)
            });
    assert!(fits, "{receive:?} {deliver:?}: {problems:#?}");
}

#[test]
fn problems_are_found_all_at_once() {
    let fine = "directory = 'erp'";
    check(
        fine,
        &["files = 'out/*.csv'", "files = 'a.xml'\nrecord = 'C'"],
        &["file = 'in/c-{id}.json'"],
        &[],
    );
    check(
        "directory = ''\nmax_record_bytes = 1\nmax_xlsx_bytes = 0",
        &[],
        &[],
        &[
            ("directory", "is empty"),
            ("max_record_bytes", "at least"),
            ("max_xlsx_bytes", "more than 0"),
        ],
    );
    check(
        fine,
        &[
            "files = '../*.csv'\ndone = '/x'",
            "files = '*'",
            "files = '*.csv'\ndone = 'x'\nfailed = 'x'",
        ],
        &[],
        &[
            ("receive[0].files", "does not stay within"),
            ("receive[0].done", "does not stay within"),
            ("receive[1].files", "does not tell what is in the file"),
            ("receive[2].failed", "same directory"),
        ],
    );
    check(
        fine,
        &[
            "files = '*.csv'\ndelimiter = '::'",
            "files = '*.csv'\ndelimiter = ';'\nquote = ';'\nsheet = 'x'",
            "files = '*.xml'",
        ],
        &[],
        &[
            ("receive[0].delimiter", "one ASCII character"),
            ("receive[1].sheet", "`sheet` means nothing for csv files"),
            ("receive[1].quote", "is the delimiter too"),
            ("receive[2].record", "xml files need `record`"),
        ],
    );
    check(
        fine,
        &[
            "files = '*.csv'\nheader = false",
            "files = '*.csv'\ncolumns = ['a', 'a']\nheader = false",
            "files = '*.csv'\ncolumns = ['a']\nheader = true",
            "files = '*.csv'\ncolumns = ['a']\ncolumns_required = ['b']",
        ],
        &[],
        &[
            ("receive[0].header", "without a header"),
            ("receive[1].columns", "stands twice"),
            ("receive[2].columns", "own header"),
            ("receive[3].columns_required", "not among"),
        ],
    );
    check(
        fine,
        &[
            "files = '*.ndjson'\ngroup_by = 'NO'",
            "files = '*.csv'\nrows_as = 'LINES'",
            "files = '*.csv'\nheader = false\ncolumns = ['NO', 'rows']\ngroup_by = 'BOM_NO'",
            "files = '*.csv'\ngroup_by = 'NO'\nrows_as = ''",
        ],
        &[],
        &[
            ("receive[0].group_by", "means nothing for ndjson files"),
            ("receive[1].rows_as", "means nothing without `group_by`"),
            ("receive[2].group_by", "`BOM_NO` is not among `columns`"),
            ("receive[2].rows_as", "a column itself"),
            ("receive[3].rows_as", "is empty"),
        ],
    );
    check(
        fine,
        &[],
        &[
            "file = 'in/{id}/a.json'",
            "file = 'a-{number}.json'\ncolumns = ['a']",
            "file = 'a-{native_id}.json'",
            "file = 'a.xlsx'",
            "file = 'a.dat'",
        ],
        &[
            ("deliver[0].file", "a directory cannot hold"),
            ("deliver[1].file", "unknown placeholder `{number}`"),
            ("deliver[1].columns", "only csv"),
            ("deliver[2].key", "needs `key`"),
            ("deliver[3].format", "not written"),
            ("deliver[4].file", "does not tell"),
        ],
    );
}

#[test]
fn the_guarantee_follows_from_the_name() {
    let guarantee = |file: &str| {
        let keys = format!("file = '{file}'\nkey = 'id'");
        configure(Path::new("."), "directory = '.'", &[], &[&keys])
            .unwrap()
            .guarantee(Entity::Customer)
    };
    assert_eq!(guarantee("a-{id}.json"), Guarantee::OnceInEffect);
    assert_eq!(
        guarantee("{entity}-{native_id}.json"),
        Guarantee::OnceInEffect
    );
    assert_eq!(guarantee("{entity}.json"), Guarantee::AtLeastOnce);
}
