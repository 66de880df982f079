//! What differs between two bodies, line by line, for a person.

use serde_json::Value;
use similar::TextDiff;
use tenon_core::Failure;
use tenon_store::{ParkedRecord, SharedStore};

use super::Preview;
use crate::courier::store_failure;

/// Lines around a change that are shown with it.
const AROUND: usize = 2;

/// How one body becomes another: lines that go with `-`, lines that come with `+`. JSON is compared by
/// its members, each on a line of its own; empty where nothing differs.
pub fn difference(from: &[u8], to: &[u8]) -> String {
    let (from, to) = (readable(from), readable(to));
    TextDiff::from_lines(&from, &to)
        .unified_diff()
        .context_radius(AROUND)
        .to_string()
}

fn readable(body: &[u8]) -> String {
    let pretty = serde_json::from_slice::<Value>(body)
        .and_then(|value| serde_json::to_string_pretty(&value))
        .unwrap_or_else(|_| String::from_utf8_lossy(body).into_owned());
    pretty + "\n"
}

/// How what would be sent now differs from what the target was given in the last attempt; `None` when
/// it never was given anything, or would not be now.
///
/// # Errors
/// When the store cannot be asked.
pub async fn since_last_attempt(
    store: &SharedStore,
    record: &ParkedRecord,
    now: &Preview,
) -> Result<Option<String>, Failure> {
    let Preview::Sends { payloads } = now else {
        return Ok(None);
    };
    let history = store.parked_history(record.parcel.attributes.id).await;
    let history = history.map_err(|error| store_failure(&error))?;
    let last = history
        .into_iter()
        .rev()
        .filter(|event| event.system == record.system && event.direction == record.direction)
        .find_map(|event| event.sent);
    let first = payloads.first().map(String::as_bytes).unwrap_or_default();
    Ok(last.map(|sent| difference(&sent, first)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_shown_line_by_line() {
        let check = |from: &str, to: &str, expected: &[&str]| {
            let found = difference(from.as_bytes(), to.as_bytes());
            let changed: Vec<&str> = found
                .lines()
                .filter(|line| line.starts_with(['-', '+']))
                .collect();
            assert_eq!(changed, expected);
        };
        check(r#"{"a":1,"b":2}"#, r#"{"b":2, "a":1}"#, &[]);
        check(
            r#"{"a":1,"b":2}"#,
            r#"{"a":1,"b":3}"#,
            &["-  \"b\": 2", "+  \"b\": 3"],
        );
        check("no json", "{}", &["-no json", "+{}"]);
    }
}
