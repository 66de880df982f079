//! One JSON text with an array of records, read element by element, or with a single record.
//!
//! Records pass byte for byte. Only the brackets and strings around them are followed here; whether a
//! record is well-formed JSON is checked on the record itself.

use std::io::{self, BufRead};

use super::{EXCERPT, Item, Records, excerpt, json_object_problem, oversize};
use crate::files::encoding::Text;

/// Reads the elements of the array under a path, or the one record there.
pub(super) struct JsonRecords {
    bytes: Bytes,
    path: Vec<String>,
    position: Position,
    max_record_bytes: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Position {
    /// At the beginning of the file.
    Outside,
    /// In the array, behind its opening bracket or behind an element.
    Inside { first: bool },
    /// Behind the array, within the objects that the path led through.
    Behind,
}

/// Why reading ends early.
enum Stop {
    Io(io::Error),
    Reason(String),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

fn stop<T>(reason: impl Into<String>) -> Result<T, Stop> {
    Err(Stop::Reason(reason.into()))
}

impl JsonRecords {
    pub(super) fn new(text: Text, path: Vec<String>, max_record_bytes: usize) -> Self {
        let bytes = Bytes {
            text,
            line: 1,
            kept: None,
            recent: Vec::new(),
        };
        Self {
            bytes,
            path,
            position: Position::Outside,
            max_record_bytes,
        }
    }

    fn step(&mut self) -> Result<Option<Item>, Stop> {
        match self.position {
            Position::Outside => {
                if self.bytes.peek_text()?.is_none() {
                    return Ok(None);
                }
                self.descend()?;
                if self.bytes.peek_text()? == Some(b'[') {
                    self.bytes.next()?;
                    self.position = Position::Inside { first: true };
                    self.step()
                } else {
                    self.position = Position::Behind;
                    self.record().map(Some)
                }
            }
            Position::Inside { first } => match self.bytes.peek_text()? {
                Some(b']') => {
                    self.bytes.next()?;
                    self.position = Position::Behind;
                    self.step()
                }
                Some(b',') if !first => {
                    self.bytes.next()?;
                    self.record().map(Some)
                }
                Some(_) if first => {
                    self.position = Position::Inside { first: false };
                    self.record().map(Some)
                }
                Some(_) => stop("a comma is missing between two records"),
                None => stop("the file ends within the array of records; it may be cut off"),
            },
            Position::Behind => {
                for _ in 0..self.path.len() {
                    self.leave_object()?;
                }
                match self.bytes.peek_text()? {
                    None => Ok(None),
                    Some(_) => stop(
                        "text stands behind the end of the JSON; \
                         if each line is a record of its own, set format = \"ndjson\"",
                    ),
                }
            }
        }
    }

    /// Follows the path to the records.
    fn descend(&mut self) -> Result<(), Stop> {
        for name in self.path.clone() {
            let missing = || format!("the file has no `{name}`, which `record` names");
            if self.bytes.peek_text()? != Some(b'{') {
                return stop(missing());
            }
            self.bytes.next()?;
            loop {
                match self.bytes.peek_text()? {
                    Some(b',') => {
                        self.bytes.next()?;
                    }
                    Some(b'"') => {
                        let found = self.key()?;
                        if found == name {
                            break;
                        }
                        self.bytes.value()?;
                    }
                    Some(b'}') => return stop(missing()),
                    _ => return stop("the JSON around the records is malformed"),
                }
            }
        }
        Ok(())
    }

    /// A member's name and the colon behind it.
    fn key(&mut self) -> Result<String, Stop> {
        let (text, long) = self.bytes.capture(self.max_record_bytes)?;
        if long {
            return stop("the name of a member is too long");
        }
        if self.bytes.peek_text()? != Some(b':') {
            return stop("the JSON around the records is malformed");
        }
        self.bytes.next()?;
        serde_json::from_slice(&text)
            .or_else(|error| stop(format!("the name of a member is no JSON: {error}")))
    }

    /// Passes over the remaining members of an object, up to its end.
    fn leave_object(&mut self) -> Result<(), Stop> {
        loop {
            match self.bytes.peek_text()? {
                Some(b',') => {
                    self.bytes.next()?;
                    if self.bytes.peek_text()? != Some(b'"') {
                        return stop("the JSON around the records is malformed");
                    }
                    self.key()?;
                    self.bytes.value()?;
                }
                Some(b'}') => {
                    self.bytes.next()?;
                    return Ok(());
                }
                None => return stop("the file ends too early; it may be cut off"),
                Some(_) => return stop("the JSON around the records is malformed"),
            }
        }
    }

    fn record(&mut self) -> Result<Item, Stop> {
        self.bytes.peek_text()?;
        let line = self.bytes.line;
        self.bytes.recent.clear();
        let (text, long) = self.bytes.capture(self.max_record_bytes)?;
        if long {
            let reason = oversize(self.max_record_bytes);
            return Ok(Item::Bad {
                raw: excerpt(&text),
                line,
                reason,
            });
        }
        Ok(match json_object_problem(&text) {
            None => Item::Record { json: text, line },
            Some(reason) => Item::Bad {
                raw: text,
                line,
                reason,
            },
        })
    }
}

impl Records for JsonRecords {
    fn next(&mut self) -> io::Result<Option<Item>> {
        match self.step() {
            Ok(item) => Ok(item),
            Err(Stop::Io(error)) => Err(error),
            Err(Stop::Reason(reason)) => Ok(Some(Item::Broken {
                raw: Some(excerpt(&self.bytes.recent)),
                line: self.bytes.line,
                reason: format!("{reason}; correct the file and put it back"),
            })),
        }
    }
}

/// The text byte by byte, with its line number.
struct Bytes {
    text: Text,
    line: u64,
    /// What is being captured, and its limit.
    kept: Option<(Vec<u8>, usize, bool)>,
    /// The first bytes since the last record began, to show where reading broke.
    recent: Vec<u8>,
}

impl Bytes {
    fn peek(&mut self) -> io::Result<Option<u8>> {
        Ok(self.text.fill_buf()?.first().copied())
    }

    fn next(&mut self) -> io::Result<Option<u8>> {
        let byte = self.peek()?;
        if let Some(byte) = byte {
            self.advance(&[byte]);
        }
        Ok(byte)
    }

    /// Passes over bytes that stand at the front of the buffer.
    fn advance(&mut self, bytes: &[u8]) {
        self.line += bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
        if let Some((kept, limit, long)) = &mut self.kept {
            kept.extend_from_slice(&bytes[..bytes.len().min(*limit + 1 - kept.len().min(*limit))]);
            *long |= kept.len() > *limit;
        }
        if self.recent.len() < EXCERPT {
            self.recent.extend_from_slice(bytes);
        }
        self.text.consume(bytes.len());
    }

    /// The next byte that is no white space, left where it is.
    fn peek_text(&mut self) -> io::Result<Option<u8>> {
        loop {
            match self.peek()? {
                Some(b' ' | b'\t' | b'\r' | b'\n') => self.next()?,
                byte => return Ok(byte),
            };
        }
    }

    /// The next value's text, and whether it was longer than `limit` and therefore cut.
    fn capture(&mut self, limit: usize) -> Result<(Vec<u8>, bool), Stop> {
        self.peek_text()?;
        self.kept = Some((Vec::new(), limit, false));
        let outcome = self.value();
        let (text, _, long) = self.kept.take().unwrap_or_default();
        outcome.map(|()| (text, long))
    }

    /// Passes over one value. A value to be captured that is far over its limit is still followed to
    /// its end, so that the next one can be read.
    fn value(&mut self) -> Result<(), Stop> {
        let cut = "the file ends within a record; it may be cut off";
        let mut depth = 0_usize;
        loop {
            let byte = if depth == 0 {
                self.peek_text()?
            } else {
                self.peek()?
            };
            match byte {
                None => return stop(cut),
                Some(b'"') => self.string()?,
                Some(b'{' | b'[') => {
                    depth += 1;
                    self.next()?;
                }
                Some(b'}' | b']') => {
                    if depth == 0 {
                        return stop("a value is missing");
                    }
                    depth -= 1;
                    self.next()?;
                }
                Some(b',' | b':') if depth == 0 => return stop("a value is missing"),
                Some(_) => self.plain()?,
            }
            if depth == 0 {
                return Ok(());
            }
        }
    }

    /// A run of what is neither string nor bracket; outside brackets a scalar.
    fn plain(&mut self) -> Result<(), Stop> {
        let mut first = true;
        loop {
            let buffer = self.text.fill_buf()?;
            let ends = |byte: &u8| {
                matches!(
                    byte,
                    b'"' | b'{' | b'}' | b'[' | b']' | b',' | b':' | b' ' | b'\t' | b'\r' | b'\n'
                )
            };
            // The first byte is taken in any case: within brackets it may be a comma or white space.
            let skip = usize::from(first && !buffer.is_empty());
            let run = buffer[skip..].iter().position(ends).map(|run| run + skip);
            let count = run.unwrap_or(buffer.len());
            let bytes = buffer[..count].to_vec();
            self.advance(&bytes);
            first = false;
            if run.is_some() || bytes.is_empty() {
                return Ok(());
            }
        }
    }

    fn string(&mut self) -> Result<(), Stop> {
        self.next()?;
        let mut escaped = false;
        loop {
            let buffer = self.text.fill_buf()?;
            if buffer.is_empty() {
                return stop("the file ends within a text; it may be cut off");
            }
            let mut end = None;
            for (at, byte) in buffer.iter().enumerate() {
                match (escaped, *byte) {
                    (true, _) => escaped = false,
                    (false, b'\\') => escaped = true,
                    (false, b'"') => {
                        end = Some(at + 1);
                        break;
                    }
                    _ => {}
                }
            }
            let bytes = buffer[..end.unwrap_or(buffer.len())].to_vec();
            self.advance(&bytes);
            if end.is_some() {
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;
    use crate::files::settings::Content;

    fn json(path: &[&str]) -> Content {
        Content::Json {
            path: path.iter().map(ToString::to_string).collect(),
        }
    }

    #[test]
    fn arrays_and_single_records() {
        check(
            b" [ {\"a\" : 1.10} , {\"b\":[1,{\"c\":\"]}\\\"\"}]} ] ",
            &json(&[]),
            &["{\"a\" : 1.10}", "{\"b\":[1,{\"c\":\"]}\\\"\"}]}"],
        );
        check(b"{\"a\":1}", &json(&[]), &["{\"a\":1}"]);
        check(b"[]", &json(&[]), &[]);
        check(b"", &json(&[]), &[]);
        check(
            "{\"x\":[{\"数据\":1}],\"y\":\"{\",\"数据\":{\"n\":-1.5e3,\"rows\":[{\"a\":1},{\"a\":2}],\"z\":null},\"w\":0}".as_bytes(),
            &json(&["数据", "rows"]),
            &["{\"a\":1}", "{\"a\":2}"],
        );
        check(b"{\"data\":{\"a\":1}}", &json(&["data"]), &["{\"a\":1}"]);
    }

    #[test]
    fn bad_records_stand_among_good_ones() {
        let long = format!("[{{\"a\":\"{}\"}},{{\"b\":1}}]", "x".repeat(5000));
        check(
            long.as_bytes(),
            &json(&[]),
            &["bad 1: the record is larger", "{\"b\":1}"],
        );
        check(
            b"[{\"a\":tru},\n1,\n\"x\",[2],{\"b\":1}]",
            &json(&[]),
            &[
                "bad 1: the record is no JSON",
                "bad 2: the record is no JSON object",
                "bad 3",
                "bad 3",
                "{\"b\":1}",
            ],
        );
    }

    #[test]
    fn what_is_cut_off_or_malformed_breaks_the_rest() {
        check(
            b"[{\"a\":1},{\"b\":",
            &json(&[]),
            &["{\"a\":1}", "broken 1: the file ends within a record"],
        );
        check(
            b"[{\"a\":1}",
            &json(&[]),
            &["{\"a\":1}", "broken 1: the file ends within the array"],
        );
        check(
            b"[{\"a\":1},]",
            &json(&[]),
            &["{\"a\":1}", "broken 1: a value is missing"],
        );
        check(
            b"[{\"a\":1} {\"b\":1}]",
            &json(&[]),
            &["{\"a\":1}", "broken 1: a comma is missing"],
        );
        check(
            b"{\"d\":[{\"a\":1}]",
            &json(&["d"]),
            &["{\"a\":1}", "broken 1: the file ends too early"],
        );
        check(
            b"{\"a\":1}\n{\"a\":2}",
            &json(&[]),
            &["{\"a\":1}", "broken 2: text stands behind"],
        );
        check(
            b"{\"e\":[]}",
            &json(&["d"]),
            &["broken 1: the file has no `d`"],
        );
        check(b"[]", &json(&["d"]), &["broken 1: the file has no `d`"]);
        let deep = "[".repeat(3000);
        check(
            format!("[{deep}").as_bytes(),
            &json(&[]),
            &["broken 1: the file ends within a record"],
        );
        let closed = format!("[{deep}{},{{}}]", "]".repeat(3000));
        check(
            closed.as_bytes(),
            &json(&[]),
            &["bad 1: the record is larger", "{}"],
        );
    }
}
