//! Rows that follow each other with one value in a column as one record: a document on many rows.
//!
//! A record is whole or it is refused: a row that cannot be read makes those suspect between which it
//! stands, because nobody knows whose it was.

use std::collections::{HashSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;

use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{Item, Records, excerpt, oversize, push_string};

/// Values that are remembered, to tell of rows that stand apart from others of theirs.
const REMEMBERED: usize = 1 << 20;

/// How rows are put together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::files) struct Grouping {
    /// The column whose equal values make one record.
    pub(in crate::files) by: String,
    /// The field of the record that holds its rows.
    pub(in crate::files) rows_as: String,
}

/// Puts the rows of a file together.
pub(super) struct Grouped {
    rows: Box<dyn Records>,
    grouping: Grouping,
    max_record_bytes: usize,
    group: Option<Group>,
    /// The line of a row that could not be read and may belong to what comes next.
    unread: Option<u64>,
    ready: VecDeque<Item>,
    finished: HashSet<u64>,
    ended: bool,
}

/// Rows of one value so far.
struct Group {
    value: String,
    line: u64,
    /// The first row without its closing brace.
    head: Vec<u8>,
    /// All rows, commas between them.
    rows: Vec<u8>,
    /// Why it is not whole.
    spoilt: Option<String>,
}

impl Grouped {
    pub(super) fn new(rows: Box<dyn Records>, grouping: Grouping, max_record_bytes: usize) -> Self {
        Self {
            rows,
            grouping,
            max_record_bytes,
            group: None,
            unread: None,
            ready: VecDeque::new(),
            finished: HashSet::new(),
            ended: false,
        }
    }

    /// Takes the next item of the file in.
    fn take(&mut self, item: Option<Item>) {
        match item {
            None => {
                self.ended = true;
                self.close();
            }
            Some(Item::Record { json, line }) => match value_of(&json, &self.grouping.by) {
                Ok(value) => self.row(value, json, line),
                Err(reason) => self.unreadable(Item::Bad {
                    raw: json,
                    line,
                    reason,
                }),
            },
            Some(bad @ Item::Bad { .. }) => self.unreadable(bad),
            Some(broken @ Item::Broken { .. }) => {
                self.ended = true;
                if let (Some(group), Item::Broken { line, .. }) = (&mut self.group, &broken) {
                    group.spoil(format!("the file breaks off at line {line}"));
                }
                self.close();
                self.ready.push_back(broken);
            }
        }
    }

    fn unreadable(&mut self, bad: Item) {
        if let Item::Bad { line, .. } = &bad {
            self.unread = Some(*line);
            if let Some(group) = &mut self.group {
                group.spoil(format!("the row on line {line} cannot be read"));
            }
        }
        self.ready.push_back(bad);
    }

    fn row(&mut self, value: String, json: Vec<u8>, line: u64) {
        if self.group.as_ref().is_none_or(|group| group.value != value) {
            self.close();
            let mut group = Group {
                line,
                head: json.strip_suffix(b"}").unwrap_or(&json).to_vec(),
                rows: Vec::new(),
                spoilt: None,
                value,
            };
            if self.finished.contains(&digest(&group.value)) {
                let by = &self.grouping.by;
                group.spoil(format!(
                    "rows with `{}` in `{by}` stand apart from others; sort the file by it",
                    group.value
                ));
            }
            if let Some(unread) = self.unread {
                group.spoil(format!("the row on line {unread} cannot be read"));
            }
            self.group = Some(group);
        }
        self.unread = None;
        let Some(group) = &mut self.group else {
            return;
        };
        if group.head.len() + group.rows.len() + json.len() > self.max_record_bytes {
            group.spoil(oversize(self.max_record_bytes));
            return;
        }
        if !group.rows.is_empty() {
            group.rows.push(b',');
        }
        group.rows.extend(json);
    }

    /// Hands over what was put together.
    fn close(&mut self) {
        let Some(group) = self.group.take() else {
            return;
        };
        if self.finished.len() < REMEMBERED {
            self.finished.insert(digest(&group.value));
        }
        let Group {
            value,
            line,
            mut head,
            rows,
            spoilt,
        } = group;
        self.ready.push_back(match spoilt {
            Some(why) => Item::Bad {
                raw: excerpt(&rows),
                line,
                reason: format!(
                    "the record `{value}` is not taken, as it may not be whole: {why}; put that right and \
                     send it again"
                ),
            },
            None => {
                if !head.ends_with(b"{") {
                    head.push(b',');
                }
                push_string(&mut head, &self.grouping.rows_as);
                head.extend(b":[");
                head.extend(rows);
                head.extend(b"]}");
                Item::Record { json: head, line }
            }
        });
    }
}

impl Group {
    fn spoil(&mut self, why: String) {
        self.spoilt.get_or_insert(why);
    }
}

impl Records for Grouped {
    fn next(&mut self) -> io::Result<Option<Item>> {
        loop {
            if let Some(item) = self.ready.pop_front() {
                return Ok(Some(item));
            }
            if self.ended {
                return Ok(None);
            }
            let item = self.rows.next()?;
            self.take(item);
        }
    }
}

fn digest(value: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// A row's value in a column, or why it has none.
fn value_of(json: &[u8], column: &str) -> Result<String, String> {
    let mut reader = serde_json::Deserializer::from_slice(json);
    let value = reader
        .deserialize_map(Column(column))
        .map_err(|error| format!("the row is no JSON object: {error}"))?;
    let empty = || {
        format!(
            "the row has nothing in `{column}`, which tells whose row it is; fill it in on every row"
        )
    };
    value.filter(|value| !value.is_empty()).ok_or_else(empty)
}

/// Looks for one field.
struct Column<'c>(&'c str);

impl<'de> Visitor<'de> for Column<'_> {
    type Value = Option<String>;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(key) = map.next_key::<String>()? {
            if key != self.0 {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            let value = map.next_value::<&RawValue>()?.get();
            found = match serde_json::from_str::<Option<String>>(value) {
                Ok(text) => text.map(|text| text.trim().to_owned()),
                // A number is compared as it is written.
                Err(_) => Some(value.to_owned()),
            };
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::show;
    use super::*;

    struct Given(VecDeque<Item>);

    impl Records for Given {
        fn next(&mut self) -> io::Result<Option<Item>> {
            Ok(self.0.pop_front())
        }
    }

    /// Rows as `value:number`, `!` for one that cannot be read, `#` where the file breaks off.
    fn grouped(rows: &str, max_record_bytes: usize) -> Vec<String> {
        let items = (1..)
            .zip(rows.split_whitespace())
            .map(|(line, row)| match row {
                "!" => Item::Bad {
                    raw: b"x".to_vec(),
                    line,
                    reason: "torn".to_owned(),
                },
                "#" => Item::Broken {
                    raw: None,
                    line,
                    reason: "broken".to_owned(),
                },
                row => {
                    let (value, number) = row.split_once(':').expect("value:number");
                    let json = format!(r#"{{"NO":"{value}","N":{number}}}"#);
                    Item::Record {
                        json: json.into_bytes(),
                        line,
                    }
                }
            });
        let grouping = Grouping {
            by: "NO".to_owned(),
            rows_as: "LINES".to_owned(),
        };
        let rows: Box<dyn Records> = Box::new(Given(items.collect()));
        let mut records = Grouped::new(rows, grouping, max_record_bytes);
        let mut items = Vec::new();
        while let Some(item) = records.next().unwrap() {
            items.push(item);
        }
        show(&items)
    }

    fn check(rows: &str, expected: &[&str]) {
        let found = grouped(rows, 4096);
        let fits = found.len() == expected.len()
            && found.iter().zip(expected).all(|(found, expected)| {
                found.starts_with(expected.trim_end_matches('…')) || found.contains(expected)
            });
        assert!(fits, "{rows}: {found:#?}");
    }

    #[test]
    fn rows_of_one_value_are_one_record() {
        check(
            "A:1 A:2.50 B:3",
            &[
                r#"{"NO":"A","N":1,"LINES":[{"NO":"A","N":1},{"NO":"A","N":2.50}]}"#,
                r#"{"NO":"B","N":3,"LINES":[{"NO":"B","N":3}]}"#,
            ],
        );
        check("", &[]);
    }

    #[test]
    fn what_may_not_be_whole_is_refused() {
        let bad = "bad 1: the record `A` is not taken";
        check("A:1 ! A:2 B:1", &["bad 2: torn", bad, r#"{"NO":"B""#]);
        check(
            "A:1 ! B:1 C:1",
            &[
                "bad 2: torn",
                bad,
                "the row on line 2 cannot be read",
                r#"{"NO":"C""#,
            ],
        );
        check(
            "A:1 #",
            &["the file breaks off at line 2", "broken 2: broken"],
        );
        check(
            "A:1 B:1 A:2",
            &[
                r#"{"NO":"A""#,
                r#"{"NO":"B""#,
                "rows with `A` in `NO` stand apart",
            ],
        );
        check(
            "A:1 :2 B:1",
            &[
                "fill it in on every row",
                bad,
                "the row on line 2 cannot be read",
            ],
        );
    }

    #[test]
    fn a_record_without_an_end_is_refused() {
        let rows: String = (0..40).map(|number| format!("A:{number} ")).collect();
        let found = grouped(&(rows + "B:1"), 512);
        assert_eq!(found.len(), 2, "{found:#?}");
        assert!(found[0].contains("larger than 512 bytes"), "{}", found[0]);
        assert!(found[1].starts_with(r#"{"NO":"B""#), "{}", found[1]);
    }
}
