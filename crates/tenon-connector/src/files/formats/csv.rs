//! CSV as RFC 4180 has it, strict about quotes: what is doubtful is a bad record, never a guess.
//!
//! Lines end with LF, CRLF or CR; empty lines are passed over. A cell may be quoted, a quote within it
//! doubled. A quote that is opened and never closed ends the file there: what follows it cannot be
//! told apart any more.

use std::io::{self, BufRead};

use super::table::Table;
use super::{Item, Records, excerpt, oversize};
use crate::files::encoding::Text;
use crate::files::settings::Columns;

/// Reads rows.
pub(super) struct CsvRecords {
    text: Text,
    row: Row,
    columns: Columns,
    table: Option<Table>,
    max_record_bytes: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before the first character of a cell.
    Start,
    /// In a cell that is not quoted.
    Plain,
    /// Within quotes.
    Quoted,
    /// Behind a quote that closes the cell or begins a doubled one.
    Closing,
}

/// How a row ended.
#[derive(Debug, PartialEq, Eq)]
enum Ending {
    Complete,
    Oversize,
    Unclosed,
    End,
}

/// The row being read, and where in the file it stands.
struct Row {
    delimiter: u8,
    quote: Option<u8>,
    state: State,
    /// As it stands in the file, without its line end.
    raw: Vec<u8>,
    /// The cells' text, one behind the other.
    cells: Vec<u8>,
    /// Where each cell ends in `cells`.
    ends: Vec<usize>,
    stray: bool,
    after_carriage_return: bool,
    line: u64,
    begins: u64,
}

impl CsvRecords {
    pub(super) fn new(
        text: Text,
        (delimiter, quote): (u8, Option<u8>),
        columns: Columns,
        max_record_bytes: usize,
    ) -> Self {
        let table = columns.given.as_deref().map(Table::of);
        Self {
            text,
            row: Row::new(delimiter, quote),
            columns,
            table,
            max_record_bytes,
        }
    }

    fn read_row(&mut self) -> io::Result<Ending> {
        self.row.clear();
        let mut oversize = false;
        loop {
            let buffer = self.text.fill_buf()?;
            if buffer.is_empty() {
                return Ok(match self.row.state {
                    State::Quoted => Ending::Unclosed,
                    _ if oversize => Ending::Oversize,
                    _ if self.row.raw.is_empty() => Ending::End,
                    _ => {
                        self.row.end_cell();
                        Ending::Complete
                    }
                });
            }
            let (used, ended) = self.row.take(buffer);
            self.text.consume(used);
            if self.row.raw.len() > self.max_record_bytes {
                oversize = true;
                // Only the beginning is kept; the cells are of no use any more.
                self.row.raw = excerpt(&self.row.raw);
                self.row.cells.clear();
                self.row.ends.clear();
                if matches!(self.row.state, State::Quoted) {
                    return Ok(Ending::Unclosed);
                }
            }
            if ended {
                return Ok(if oversize {
                    Ending::Oversize
                } else {
                    Ending::Complete
                });
            }
        }
    }

    /// The first row names the columns.
    fn read_header(&mut self) -> io::Result<Option<Item>> {
        loop {
            match self.read_row()? {
                Ending::End => return Ok(None),
                Ending::Complete if self.row.raw.is_empty() => {}
                Ending::Complete if !self.row.stray => break,
                _ => {
                    let reason =
                        "the header cannot be read: a quote in it is not closed, or stands \
                                  within a name; have the system write it again"
                            .to_owned();
                    return Ok(Some(Item::Broken {
                        raw: None,
                        line: self.row.begins,
                        reason,
                    }));
                }
            }
        }
        let header = self.row.texts()?;
        match Table::from_header(&header.collect::<Vec<_>>(), &self.columns) {
            Ok(table) => {
                self.table = Some(table);
                Ok(None)
            }
            Err(reason) => Ok(Some(Item::Broken {
                raw: None,
                line: self.row.begins,
                reason,
            })),
        }
    }
}

impl Records for CsvRecords {
    fn next(&mut self) -> io::Result<Option<Item>> {
        if self.table.is_none()
            && let Some(broken) = self.read_header()?
        {
            return Ok(Some(broken));
        }
        loop {
            let ending = self.read_row()?;
            let line = self.row.begins;
            let reason = match ending {
                Ending::End => return Ok(None),
                Ending::Complete if self.row.raw.is_empty() => continue,
                Ending::Unclosed => {
                    let reason = format!(
                        "a quote that is opened in the row of line {line} is never closed, so nothing \
                         behind it can be read; the file may be cut off: correct it and put it back"
                    );
                    return Ok(Some(Item::Broken {
                        raw: Some(excerpt(&self.row.raw)),
                        line,
                        reason,
                    }));
                }
                Ending::Oversize => oversize(self.max_record_bytes),
                Ending::Complete if self.row.stray => {
                    "text stands behind a closing quote; a quote within a cell must be doubled"
                        .to_owned()
                }
                Ending::Complete => {
                    // Without a table the file is empty, and its end was found above.
                    let Some(table) = &self.table else {
                        return Ok(None);
                    };
                    match table.object(self.row.texts()?) {
                        Ok(json) => return Ok(Some(Item::Record { json, line })),
                        Err(reason) => reason,
                    }
                }
            };
            return Ok(Some(Item::Bad {
                raw: self.row.raw.clone(),
                line,
                reason,
            }));
        }
    }
}

impl Row {
    fn new(delimiter: u8, quote: Option<u8>) -> Self {
        Self {
            delimiter,
            quote,
            state: State::Start,
            raw: Vec::new(),
            cells: Vec::new(),
            ends: Vec::new(),
            stray: false,
            after_carriage_return: false,
            line: 1,
            begins: 1,
        }
    }

    fn clear(&mut self) {
        self.state = State::Start;
        self.raw.clear();
        self.cells.clear();
        self.ends.clear();
        self.stray = false;
        self.begins = self.line;
    }

    fn end_cell(&mut self) {
        self.ends.push(self.cells.len());
        self.state = State::Start;
    }

    /// The cells' texts. Marks are ASCII, so cells begin and end between characters.
    fn texts(&self) -> io::Result<impl Iterator<Item = &str>> {
        let text = std::str::from_utf8(&self.cells)
            .map_err(|_| io::Error::other("the file was changed while it was read"))?;
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        Ok(starts
            .zip(&self.ends)
            .map(|(start, end)| &text[start..*end]))
    }

    /// Takes what belongs to this row from `buffer`; how much, and whether the row ended.
    fn take(&mut self, buffer: &[u8]) -> (usize, bool) {
        let mut at = 0;
        if std::mem::take(&mut self.after_carriage_return) && buffer[0] == b'\n' {
            at = 1;
        }
        let begin = at;
        while at < buffer.len() {
            let byte = buffer[at];
            match self.state {
                State::Start if Some(byte) == self.quote => {
                    self.state = State::Quoted;
                    at += 1;
                }
                State::Start | State::Plain => {
                    let rest = &buffer[at..];
                    let run = rest
                        .iter()
                        .position(|byte| self.ends_plain(*byte))
                        .unwrap_or(rest.len());
                    self.cells.extend_from_slice(&rest[..run]);
                    at += run;
                    self.state = State::Plain;
                    let Some(mark) = rest.get(run) else { continue };
                    self.end_cell();
                    at += 1;
                    if *mark != self.delimiter {
                        self.raw.extend_from_slice(&buffer[begin..at - 1]);
                        self.after_carriage_return = *mark == b'\r';
                        self.line += 1;
                        return (at, true);
                    }
                }
                State::Quoted => {
                    let rest = &buffer[at..];
                    let run = rest.iter().position(|byte| Some(*byte) == self.quote);
                    let run = run.unwrap_or(rest.len());
                    self.line += line_ends(&rest[..run]);
                    self.cells.extend_from_slice(&rest[..run]);
                    at += run;
                    if at < buffer.len() {
                        self.state = State::Closing;
                        at += 1;
                    }
                }
                State::Closing if Some(byte) == self.quote => {
                    self.cells.push(byte);
                    self.state = State::Quoted;
                    at += 1;
                }
                State::Closing => {
                    self.stray |= !self.ends_plain(byte);
                    self.state = State::Plain;
                }
            }
        }
        self.raw.extend_from_slice(&buffer[begin..]);
        (at, false)
    }

    fn ends_plain(&self, byte: u8) -> bool {
        byte == self.delimiter || byte == b'\n' || byte == b'\r'
    }
}

/// Line ends within a quoted cell.
fn line_ends(text: &[u8]) -> u64 {
    let feeds = text.iter().filter(|byte| **byte == b'\n').count();
    let returns = text
        .windows(2)
        .filter(|pair| pair[0] == b'\r' && pair[1] != b'\n')
        .count();
    (feeds + returns) as u64
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, read_all, show};
    use super::*;
    use crate::files::encoding::TextEncoding;
    use crate::files::settings::Content;

    fn csv(required: &[&str]) -> Content {
        let required = required.iter().map(ToString::to_string).collect();
        let columns = Columns {
            given: None,
            required,
        };
        Content::Csv {
            delimiter: b',',
            quote: Some(b'"'),
            columns,
        }
    }

    #[test]
    fn rows_become_objects() {
        let one = &[r#"{"id":"1","name":"x"}"#][..];
        check(b"id,name\n1,x\n", &csv(&[]), one);
        check(b"id,name\n1,x", &csv(&[]), one);
        check(b"id,name\r\n1,x\r\n", &csv(&[]), one);
        check(b"id,name\r1,x\r", &csv(&[]), one);
        check(b"\n\nid,name\n\n\n1,x\n\n", &csv(&[]), one);
        check(b"\xEF\xBB\xBFid,name\n1,x\n", &csv(&["id"]), one);
        check(b" id , name ,,\n1,x,,\n", &csv(&[]), one);
        check(b"id,name\n\"1\",\"x\"\n", &csv(&[]), one);
        check(b"id,name\n1,\n", &csv(&[]), &[r#"{"id":"1","name":""}"#]);
        check(
            b"id,name\n1,\"a\"\"b\nc,d\"\n",
            &csv(&[]),
            &["{\"id\":\"1\",\"name\":\"a\\\"b\\nc,d\"}"],
        );
        check(
            b"id,,name\n1,y,x\n",
            &csv(&[]),
            &[r#"{"id":"1","column_2":"y","name":"x"}"#],
        );
        check(
            "id\n5\" 管\n".as_bytes(),
            &csv(&[]),
            &["{\"id\":\"5\\\" 管\"}"],
        );
        check(b"id\n\"\"\n", &csv(&[]), &[r#"{"id":""}"#]);
    }

    #[test]
    fn empty_files_hold_nothing() {
        check(b"", &csv(&["id"]), &[]);
        check(b"\xEF\xBB\xBF", &csv(&[]), &[]);
        check(b"\r\n\r\n", &csv(&[]), &[]);
        check(b"id,name\n", &csv(&["id"]), &[]);
        check(b"id,name", &csv(&["id"]), &[]);
    }

    #[test]
    fn bad_rows_stand_among_good_ones() {
        check(
            b"a,b\n1,2\n3\n4,5,6\n7,8\n",
            &csv(&[]),
            &[
                r#"{"a":"1","b":"2"}"#,
                "bad 3: the row has 1 cells",
                "bad 4: the row has 3 cells",
                r#"{"a":"7","b":"8"}"#,
            ],
        );
        check(
            b"a,b\n\"1\"x,2\n3,4\n",
            &csv(&[]),
            &[
                "bad 2: text stands behind a closing quote",
                r#"{"a":"3","b":"4"}"#,
            ],
        );
        check(
            b"a,b\n1,\0\n3,4\n",
            &csv(&[]),
            &["bad 2: the record holds a NUL", r#"{"a":"3","b":"4"}"#],
        );
        let long = format!("a,b\n1,{}\n3,4\n", "x".repeat(5000));
        check(
            long.as_bytes(),
            &csv(&[]),
            &[
                "bad 2: the record is larger than 4096",
                r#"{"a":"3","b":"4"}"#,
            ],
        );
        check(
            b"a,b\n1,\"x\ny\"\n2\n",
            &csv(&[]),
            &[
                "{\"a\":\"1\",\"b\":\"x\\ny\"}",
                "bad 4: the row has 1 cells",
            ],
        );
    }

    #[test]
    fn a_quote_left_open_breaks_the_rest() {
        let bytes = b"a,b\n1,2\n3,\"cut";
        check(
            bytes,
            &csv(&[]),
            &[r#"{"a":"1","b":"2"}"#, "broken 3: a quote that is opened"],
        );
        let items = read_all(bytes, &csv(&[]), TextEncoding::Auto, 4096).unwrap();
        assert!(matches!(&items[1], Item::Broken { raw: Some(raw), .. } if raw == b"3,\"cut"));
        let endless = format!("a,b\n1,2\n3,\"{}\n", "x,y\n".repeat(5000));
        check(
            endless.as_bytes(),
            &csv(&[]),
            &[r#"{"a":"1","b":"2"}"#, "broken 3: a quote"],
        );
    }

    #[test]
    fn a_header_without_a_required_column_refuses_the_file() {
        check(
            b"id,name\n1,x\n",
            &csv(&["id", "tax_id"]),
            &["broken 1: required column `tax_id` is missing (found: id, name)"],
        );
        check(
            b"id,id\n1,x\n",
            &csv(&[]),
            &["broken 1: column `id` stands twice"],
        );
        check(
            b"\"id,name\n1,x\n",
            &csv(&[]),
            &["broken 1: the header cannot be read"],
        );
    }

    #[test]
    fn other_marks_and_no_header() {
        let columns = Columns {
            given: Some(vec!["a".into(), "b".into()]),
            required: Vec::new(),
        };
        let content = Content::Csv {
            delimiter: b'\t',
            quote: None,
            columns,
        };
        check(b"1\t\"2\n", &content, &[r#"{"a":"1","b":"\"2"}"#]);
    }

    #[test]
    fn ten_thousand_columns() {
        let names: Vec<String> = (0..10_000).map(|number| format!("c{number}")).collect();
        let text = format!("{}\n{}\n", names.join(","), names.join(","));
        let items = read_all(
            text.as_bytes(),
            &csv(&["c9999"]),
            TextEncoding::Auto,
            1 << 20,
        )
        .unwrap();
        assert_eq!(items.len(), 1);
        assert!(show(&items)[0].ends_with(r#","c9999":"c9999"}"#));
    }
}
