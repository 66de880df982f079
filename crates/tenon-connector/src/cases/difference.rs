//! How two JSON values differ, member by member.

use jaq_json::Val;

/// The longest value that is shown, in bytes.
const SHOWN: usize = 200;
/// So many differences are told; who has more looks at the whole output anyway.
const MOST: usize = 20;

/// One sentence for each difference, with its path; none when the values are the same.
pub(super) fn differences(expected: &Val, found: &Val) -> Vec<String> {
    let mut comparison = Comparison {
        path: String::new(),
        differences: Vec::new(),
    };
    comparison.compare(expected, found);
    let more = comparison.differences.len().saturating_sub(MOST);
    comparison.differences.truncate(MOST);
    if more > 0 {
        comparison.differences.push(format!("and {more} more"));
    }
    comparison.differences
}

struct Comparison {
    path: String,
    differences: Vec<String>,
}

impl Comparison {
    fn compare(&mut self, expected: &Val, found: &Val) {
        match (expected, found) {
            (Val::Obj(expected), Val::Obj(found)) => {
                for (key, expected) in expected.iter() {
                    self.within(&member(key), |inner| match found.get(key) {
                        Some(found) => inner.compare(expected, found),
                        None => inner.report(Some(expected), None),
                    });
                }
                for (key, found) in found.iter().filter(|(key, _)| !expected.contains_key(*key)) {
                    self.within(&member(key), |inner| inner.report(None, Some(found)));
                }
            }
            (Val::Arr(expected), Val::Arr(found)) => {
                for index in 0..expected.len().max(found.len()) {
                    self.within(&format!("[{index}]"), |inner| {
                        match (expected.get(index), found.get(index)) {
                            (Some(expected), Some(found)) => inner.compare(expected, found),
                            (expected, found) => inner.report(expected, found),
                        }
                    });
                }
            }
            // Numbers are compared as they are written: 19.9 has lost something that 19.90 says.
            (Val::Num(left), Val::Num(right)) if left.to_string() == right.to_string() => {}
            (Val::Num(_), Val::Num(_)) => self.report(Some(expected), Some(found)),
            _ if expected == found => {}
            _ => self.report(Some(expected), Some(found)),
        }
    }

    fn within(&mut self, part: &str, compare: impl FnOnce(&mut Self)) {
        let length = self.path.len();
        self.path.push_str(part);
        compare(self);
        self.path.truncate(length);
    }

    fn report(&mut self, expected: Option<&Val>, found: Option<&Val>) {
        let path = if self.path.is_empty() {
            "."
        } else {
            &self.path
        };
        let shown = |value: Option<&Val>| match value {
            Some(value) => crate::mapping::brief(value, SHOWN),
            None => "nothing".to_owned(),
        };
        let difference = format!(
            "{path}: expected {}, found {}",
            shown(expected),
            shown(found)
        );
        self.differences.push(difference);
    }
}

fn member(key: &Val) -> String {
    let Val::TStr(key) = key else {
        return ".?".to_owned();
    };
    let key = String::from_utf8_lossy(key);
    let plain = key
        .chars()
        .all(|character| character.is_alphanumeric() || character == '_');
    if plain && !key.is_empty() {
        format!(".{key}")
    } else {
        format!("[\"{key}\"]")
    }
}
