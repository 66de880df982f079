//! One JSON object a line, passed on byte for byte.

use std::io::{self, BufRead};

use super::{Item, Records, excerpt, json_object_problem, oversize};
use crate::files::encoding::Text;

/// Reads lines.
pub(super) struct NdjsonRecords {
    text: Text,
    line: u64,
    after_carriage_return: bool,
    max_record_bytes: usize,
}

impl NdjsonRecords {
    pub(super) fn new(text: Text, max_record_bytes: usize) -> Self {
        Self {
            text,
            line: 0,
            after_carriage_return: false,
            max_record_bytes,
        }
    }

    /// One line without its end, and whether it was too long; `None` at the end of the file.
    fn read_line(&mut self) -> io::Result<Option<(Vec<u8>, bool)>> {
        let mut line = Vec::new();
        let mut long = false;
        loop {
            let mut buffer = self.text.fill_buf()?;
            if buffer.is_empty() {
                return Ok((!line.is_empty()).then_some((line, long)));
            }
            let mut used = 0;
            if std::mem::take(&mut self.after_carriage_return) && buffer[0] == b'\n' {
                used = 1;
                buffer = &buffer[1..];
            }
            // A carriage return cannot stand within a JSON text's strings, so it may end a line too.
            let end = buffer.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
            line.extend_from_slice(&buffer[..end.unwrap_or(buffer.len())]);
            used += end.map_or(buffer.len(), |end| end + 1);
            self.after_carriage_return = end.is_some_and(|end| buffer[end] == b'\r');
            self.text.consume(used);
            if line.len() > self.max_record_bytes {
                long = true;
                line = excerpt(&line);
            }
            if end.is_some() {
                return Ok(Some((line, long)));
            }
        }
    }
}

impl Records for NdjsonRecords {
    fn next(&mut self) -> io::Result<Option<Item>> {
        while let Some((line, long)) = self.read_line()? {
            self.line += 1;
            let number = self.line;
            let text = line.trim_ascii();
            if text.is_empty() {
                continue;
            }
            let problem = match long {
                true => Some(oversize(self.max_record_bytes)),
                false => json_object_problem(text),
            };
            return Ok(Some(match problem {
                None => Item::Record {
                    json: text.to_vec(),
                    line: number,
                },
                Some(reason) => Item::Bad {
                    raw: line,
                    line: number,
                    reason,
                },
            }));
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;
    use crate::files::settings::Content;

    #[test]
    fn lines_are_records() {
        check(
            "{\"id\": 12345678901234567890.10}\r\n\n  {\"a\":\"客\"}  \r{\"b\":[1,{}]}".as_bytes(),
            &Content::Ndjson,
            &[
                "{\"id\": 12345678901234567890.10}",
                "{\"a\":\"客\"}",
                "{\"b\":[1,{}]}",
            ],
        );
        check(b"", &Content::Ndjson, &[]);
    }

    #[test]
    fn bad_lines_stand_among_good_ones() {
        let long = format!("{{\"a\":\"{}\"}}", "x".repeat(5000));
        let text = format!(
            "{{\"a\":1}}\n{{\"a\":\n[1]\n\"x\"\n{{}}{{}}\n{long}\n{{\"\0\":1}}\n{{\"z\":1}}"
        );
        check(
            text.as_bytes(),
            &Content::Ndjson,
            &[
                "{\"a\":1}",
                "bad 2: the record is no JSON: EOF",
                "bad 3: the record is no JSON object",
                "bad 4: the record is no JSON object",
                "bad 5: the record is no JSON: trailing characters",
                "bad 6: the record is larger than 4096 bytes",
                "bad 7: the record is no JSON: control character",
                "{\"z\":1}",
            ],
        );
    }
}
