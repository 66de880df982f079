//! An answer of an API: its body, inflated and bounded, and where things stand in it.

use std::io::Read;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use serde_json::value::RawValue;
use tenon_core::Failure;

use crate::{KeyPath, from_http_status};

/// The longest excerpt of a body that a failure quotes, in characters.
const EXCERPT: usize = 300;

/// The longest wait that a target may ask for.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 3600);

/// An answer whose body has been read.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    /// What was asked, for a person: method and address without query.
    pub(super) asked: String,
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    /// What the configured program found wrong with it.
    pub(super) fault: Option<Failure>,
    /// Whether that is that the session has ended.
    pub(super) of_session: bool,
}

impl Answer {
    /// The failure that the program found or the status means, if there is one.
    pub(super) fn failure(&self) -> Option<Failure> {
        if let Some(fault) = &self.fault {
            return Some(fault.clone());
        }
        let wait = self
            .headers
            .get(RETRY_AFTER)
            .and_then(|value| value.to_str().ok());
        let wait = wait.and_then(|value| retry_after(value, Timestamp::now()));
        from_http_status(self.status, &self.asked, &self.excerpt(), wait)
    }

    /// Whether a new session may help.
    pub(super) fn ends_session(&self) -> bool {
        self.of_session || (self.fault.is_none() && self.status == 401)
    }

    /// What a program sees of it: the status, and the body as JSON or, where it is none, as text.
    pub(super) fn as_input(&self) -> Vec<u8> {
        let mut input = format!("{{\"status\":{},\"body\":", self.status).into_bytes();
        match serde_json::from_slice::<&RawValue>(&self.body) {
            Ok(_) => input.extend_from_slice(&self.body),
            Err(_) => input.extend(
                serde_json::Value::String(self.excerpt())
                    .to_string()
                    .into_bytes(),
            ),
        }
        input.push(b'}');
        input
    }

    /// The failure of a call for one record that the target does not have.
    pub(super) fn record_missing(&self) -> Failure {
        Failure::invalid(
            "http.record_missing",
            format!(
                "{} answered {}{}: the target has no such record, or none that this one names; put it \
                 right there and send this again, or drop this",
                self.asked,
                self.status,
                self.quoted()
            ),
        )
    }

    /// The beginning of the body in one line; what is no text is left out.
    fn excerpt(&self) -> String {
        if self.is_html() {
            return "a page of HTML".to_owned();
        }
        let text = String::from_utf8_lossy(&self.body[..self.body.len().min(4 * EXCERPT)]);
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        words
            .chars()
            .filter(|character| !character.is_control())
            .take(EXCERPT)
            .collect()
    }

    /// Whether a page for people came where data was expected: a login page, a proxy's notice.
    pub(super) fn is_html(&self) -> bool {
        let declared = self
            .headers
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok());
        let declared = declared.is_some_and(|value| {
            let kind = value.split(';').next().unwrap_or_default().trim();
            kind.eq_ignore_ascii_case("text/html")
                || kind.eq_ignore_ascii_case("application/xhtml+xml")
        });
        declared || self.body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'<')
    }

    /// Whether the body is a JSON text, whatever it is called.
    pub(super) fn is_json(&self) -> bool {
        !self.is_html() && serde_json::from_slice::<&RawValue>(&self.body).is_ok()
    }

    /// The beginning of the body as it follows upon a status, if there is any.
    pub(super) fn quoted(&self) -> String {
        match self.excerpt() {
            said if said.is_empty() => said,
            said => format!(" ({said})"),
        }
    }

    /// The failure of a success that is a page of HTML.
    pub(super) fn html_failure(&self) -> Failure {
        Failure::configuration(
            "http.html",
            format!(
                "{} answered {} with a page of HTML where JSON was expected; check that the url is \
                 the API's and that no login page or proxy stands before it",
                self.asked, self.status
            ),
        )
    }

    /// The body as one JSON text.
    pub(super) fn json(&self) -> Result<&RawValue, Failure> {
        if self.is_html() {
            return Err(self.html_failure());
        }
        serde_json::from_slice(&self.body).map_err(|error| {
            // A cut connection shows as an error of reading; a complete body that is no JSON
            // will be none the next time either.
            Failure::configuration(
                "http.json",
                format!(
                    "{} answered {} with a body that is no JSON: {error}",
                    self.asked, self.status
                ),
            )
        })
    }

    /// The scalar at `path` in the body.
    pub(super) fn scalar(&self, path: &KeyPath) -> Option<String> {
        path.extract(&self.body).ok()
    }

    /// What stands at `path`, or the body itself, as the API wrote it.
    pub(super) fn record(&self, path: Option<&KeyPath>) -> Result<Bytes, Failure> {
        let raw = self.at(path)?;
        Ok(self.body.slice_ref(raw.get().as_bytes()))
    }

    /// The elements of the array at `path`, or of the body itself, each as the API wrote it.
    pub(super) fn records(&self, path: Option<&KeyPath>) -> Result<Vec<Bytes>, Failure> {
        let raw = self.at(path)?;
        if raw.get() == "null" {
            return Ok(Vec::new());
        }
        let elements: Vec<&RawValue> = serde_json::from_str(raw.get())
            .map_err(|_| self.misplaced(path, "is no list of records"))?;
        Ok(elements
            .into_iter()
            .map(|element| self.body.slice_ref(element.get().as_bytes()))
            .collect())
    }

    /// As [`records`](Self::records), where an empty list is left out of the answer.
    pub(super) fn records_or_none(&self, path: Option<&KeyPath>) -> Result<Vec<Bytes>, Failure> {
        match self.at(path) {
            Err(_) if self.json().is_ok_and(|raw| raw.get().starts_with('{')) => Ok(Vec::new()),
            _ => self.records(path),
        }
    }

    /// As [`records`](Self::records), where a list of one is that one, and an empty one is not there.
    pub(super) fn records_or_one(&self, path: Option<&KeyPath>) -> Result<Vec<Bytes>, Failure> {
        match self.at(path) {
            Ok(raw) if raw.get().starts_with('[') => self.records(path),
            Ok(raw) if raw.get().starts_with('{') => self.record(path).map(|one| vec![one]),
            Ok(_) => Ok(Vec::new()),
            Err(_) if self.json().is_ok() => Ok(Vec::new()),
            Err(failure) => Err(failure),
        }
    }

    fn misplaced(&self, path: Option<&KeyPath>, what: &str) -> Failure {
        let place = path.map_or_else(|| "the answer".to_owned(), |path| format!("`{path}`"));
        Failure::configuration(
            "http.records",
            format!(
                "{}: {place} {what}; check `records` in the connector file",
                self.asked
            ),
        )
    }

    fn at(&self, path: Option<&KeyPath>) -> Result<&RawValue, Failure> {
        let mut raw = self.json()?;
        if let Some(path) = path {
            for name in path.to_string().split('.') {
                let fields: std::collections::HashMap<std::borrow::Cow<'_, str>, &RawValue> =
                    serde_json::from_str(raw.get()).map_err(|_| {
                        self.misplaced(Some(path), "leads through something that is no object")
                    })?;
                raw = fields
                    .get(name)
                    .ok_or_else(|| self.misplaced(Some(path), "is not in the answer"))?;
            }
        }
        Ok(raw)
    }
}

/// Inflates a body if it is what its header says. Some servers declare gzip and send plain text;
/// then it is taken as it is.
///
/// # Errors
/// `None` when it grows beyond `most` bytes; an error's text when it breaks off.
pub(super) fn inflated(
    encoding: Option<&str>,
    body: Bytes,
    most: usize,
) -> Result<Option<Bytes>, String> {
    let gzip = encoding.is_some_and(|value| {
        let value = value.trim();
        value.eq_ignore_ascii_case("gzip") || value.eq_ignore_ascii_case("x-gzip")
    });
    if !gzip || !body.starts_with(&[0x1f, 0x8b]) {
        return Ok(Some(body));
    }
    let mut text = Vec::new();
    let decoder = flate2::read::MultiGzDecoder::new(body.as_ref());
    decoder
        .take(most as u64 + 1)
        .read_to_end(&mut text)
        .map_err(|error| error.to_string())?;
    Ok((text.len() <= most).then(|| Bytes::from(text)))
}

/// The wait that `Retry-After` asks for: seconds, or a date of RFC 9110.
fn retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    let wait = match value.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let until = jiff::fmt::rfc2822::parse(value).ok()?.timestamp();
            Duration::try_from(until.duration_since(now)).unwrap_or(Duration::ZERO)
        }
    };
    Some(wait.min(LONGEST_WAIT))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use proptest::prelude::*;

    use super::*;

    fn answer(content_type: &str, body: &str) -> Answer {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, content_type.parse().unwrap());
        let body = Bytes::copy_from_slice(body.as_bytes());
        Answer {
            asked: "GET http://api/x".to_owned(),
            status: 200,
            headers,
            body,
            fault: None,
            of_session: false,
        }
    }

    fn gzip(text: &[u8]) -> Bytes {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap().into()
    }

    #[test]
    fn waits_are_seconds_or_dates() {
        let now: Timestamp = "2026-03-01T12:00:00Z".parse().unwrap();
        let check = |value: &str, expected: Option<u64>| {
            assert_eq!(
                retry_after(value, now),
                expected.map(Duration::from_secs),
                "{value}"
            );
        };
        check("120", Some(120));
        check("Sun, 01 Mar 2026 12:01:00 GMT", Some(60));
        check("Sun, 01 Mar 2026 11:00:00 GMT", Some(0));
        check("99999999", Some(24 * 3600));
        check("soon", None);
    }

    #[test]
    fn records_are_handed_on_byte_for_byte() {
        let check = |path: Option<&str>, body: &str, expected: Result<&[&str], &str>| {
            let path = path.map(|path| path.parse().unwrap());
            match (
                answer("application/json", body).records(path.as_ref()),
                expected,
            ) {
                (Ok(found), Ok(expected)) => assert_eq!(found, expected),
                (Err(failure), Err(expected)) => {
                    assert!(failure.detail.contains(expected), "{failure}");
                }
                (found, _) => panic!("{body}: {found:?}"),
            }
        };
        check(
            None,
            r#"[{"n": 10000000000000000.01}, {"n":0.10}]"#,
            Ok(&[r#"{"n": 10000000000000000.01}"#, r#"{"n":0.10}"#]),
        );
        check(
            Some("a.b"),
            r#"{"a":{"b":[1234567890123456789]}}"#,
            Ok(&["1234567890123456789"]),
        );
        check(Some("data"), r#"{"data":null}"#, Ok(&[]));
        check(
            Some("data"),
            r#"{"rows":[]}"#,
            Err("`data` is not in the answer"),
        );
        check(Some("a.b"), r#"{"a":[]}"#, Err("no object"));
        check(
            None,
            r#"{"data":[]}"#,
            Err("the answer is no list of records"),
        );
        check(None, " <html>", Err("page of HTML"));
        check(None, "[1", Err("no JSON"));
    }

    #[test]
    fn a_false_gzip_header_is_seen_through() {
        let plain = Bytes::from_static(b"[1]");
        assert_eq!(
            inflated(Some("gzip"), plain.clone(), 10),
            Ok(Some(plain.clone()))
        );
        assert_eq!(inflated(None, plain.clone(), 10), Ok(Some(plain.clone())));
        assert_eq!(inflated(Some("GZIP"), gzip(b"[1]"), 10), Ok(Some(plain)));
        assert_eq!(inflated(Some("gzip"), gzip(&[b' '; 1000]), 999), Ok(None));
        let cut = gzip(b"[1, 2, 3]").slice(..12);
        assert!(inflated(Some("gzip"), cut, 99).is_err());
    }

    proptest! {
        #[test]
        fn inflating_undoes_deflating(text in proptest::collection::vec(any::<u8>(), 0..500)) {
            let inflated = inflated(Some("gzip"), gzip(&text), 500).unwrap().unwrap();
            prop_assert_eq!(inflated.as_ref(), text.as_slice());
        }
    }
}
