//! From the text of a file to records, one at a time and with bounded memory.
//!
//! A reader hands over items in the file's order. A record that cannot be read is an item like any
//! other; only what makes the rest unreadable ends a file early.

mod csv;
mod grouped;
mod json;
mod ndjson;
mod table;
mod xlsx;
mod xml;

use std::fs::File;
use std::io;

pub(super) use grouped::Grouping;

use super::encoding::{Decoding, Text};
use super::settings::Content;

/// As much of a broken file's text is shown at most.
pub(super) const EXCERPT: usize = 64 << 10;

/// What stands next in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Item {
    /// A record as one JSON text.
    Record {
        /// UTF-8.
        json: Vec<u8>,
        /// The line (of a workbook: the row) on which it begins, from 1.
        line: u64,
    },
    /// A record that cannot be read; the ones behind it can.
    Bad {
        /// Its text in UTF-8, as the file has it; of an oversize record the beginning.
        raw: Vec<u8>,
        /// The line on which it begins.
        line: u64,
        /// Why, and what to do about it.
        reason: String,
    },
    /// Nothing from here on can be read.
    Broken {
        /// The text from the last readable place on; `None` where the whole file is meant.
        raw: Option<Vec<u8>>,
        /// The line.
        line: u64,
        /// Why, and what to do about it.
        reason: String,
    },
}

/// Reads items from one file. Not called again after `None` or [`Item::Broken`].
pub(super) trait Records: Send {
    /// The next item, `None` at the end.
    ///
    /// # Errors
    /// When the file itself cannot be read on.
    fn next(&mut self) -> io::Result<Option<Item>>;
}

/// Puts rows together to records.
pub(super) fn grouped(
    rows: Box<dyn Records>,
    grouping: &Grouping,
    max_record_bytes: usize,
) -> Box<dyn Records> {
    Box::new(grouped::Grouped::new(
        rows,
        grouping.clone(),
        max_record_bytes,
    ))
}

/// Opens a surveyed file.
///
/// # Errors
/// When the file cannot be read.
pub(super) fn open(
    file: File,
    decoding: Decoding,
    content: &Content,
    max_record_bytes: usize,
) -> io::Result<Box<dyn Records>> {
    Ok(match content {
        Content::Csv {
            delimiter,
            quote,
            columns,
        } => {
            let text = Text::new(file, decoding)?;
            let marks = (*delimiter, *quote);
            Box::new(csv::CsvRecords::new(
                text,
                marks,
                columns.clone(),
                max_record_bytes,
            ))
        }
        Content::Ndjson => Box::new(ndjson::NdjsonRecords::new(
            Text::new(file, decoding)?,
            max_record_bytes,
        )),
        Content::Json { path } => {
            let text = Text::new(file, decoding)?;
            Box::new(json::JsonRecords::new(text, path.clone(), max_record_bytes))
        }
        Content::Xml { record } => {
            let text = Text::new(file, decoding)?;
            Box::new(xml::XmlRecords::new(text, record.clone(), max_record_bytes))
        }
        Content::Xlsx {
            sheet,
            columns,
            max_bytes,
        } => Box::new(xlsx::XlsxRecords::new(
            file,
            sheet.clone(),
            columns.clone(),
            *max_bytes,
        )),
    })
}

/// The beginning of `text`, as much as is shown, cut between characters.
fn excerpt(text: &[u8]) -> Vec<u8> {
    let mut end = text.len().min(EXCERPT);
    while end > 0 && text.get(end).is_some_and(|byte| byte & 0xC0 == 0x80) {
        end -= 1;
    }
    text[..end].to_vec()
}

/// Appends a JSON string.
fn push_string(json: &mut Vec<u8>, text: &str) {
    // Writing text into memory cannot fail.
    let _ = serde_json::to_writer(json, text);
}

/// Why a text is no JSON object; `None` if it is one.
fn json_object_problem(text: &[u8]) -> Option<String> {
    match serde_json::from_slice::<&serde_json::value::RawValue>(text) {
        Ok(value) if value.get().starts_with('{') => None,
        Ok(_) => Some("the record is no JSON object".to_owned()),
        Err(error) => Some(format!("the record is no JSON: {error}")),
    }
}

fn oversize(max_record_bytes: usize) -> String {
    format!(
        "the record is larger than {max_record_bytes} bytes; \
         raise `max_record_bytes` or have the system split it"
    )
}

#[cfg(test)]
pub(super) mod testing {
    //! Reading whole files of given bytes.

    use std::io::Write;

    use super::*;
    use crate::files::encoding::{Survey, TextEncoding};

    /// Everything that is read from `bytes`, or the refusal of their encoding.
    pub(in crate::files) fn read_all(
        bytes: &[u8],
        content: &Content,
        encoding: TextEncoding,
        max_record_bytes: usize,
    ) -> Result<Vec<Item>, String> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        let survey = match content {
            Content::Xlsx { .. } => Survey::of_bytes(&mut file).unwrap(),
            Content::Xml { .. } => Survey::of_text(&mut file, encoding, true).unwrap(),
            _ => Survey::of_text(&mut file, encoding, false).unwrap(),
        };
        let mut records = open(file, survey.text?, content, max_record_bytes).unwrap();
        let mut items = Vec::new();
        while let Some(item) = records.next().unwrap() {
            let broken = matches!(item, Item::Broken { .. });
            items.push(item);
            if broken {
                break;
            }
        }
        Ok(items)
    }

    /// Items as short lines: the JSON of a record, `bad LINE: reason`, `broken LINE: reason`.
    pub(in crate::files) fn show(items: &[Item]) -> Vec<String> {
        items
            .iter()
            .map(|item| match item {
                Item::Record { json, .. } => String::from_utf8(json.clone()).unwrap(),
                Item::Bad { line, reason, .. } => format!("bad {line}: {reason}"),
                Item::Broken { line, reason, .. } => format!("broken {line}: {reason}"),
            })
            .collect()
    }

    /// Reads `bytes` and compares what begins each shown line.
    pub(in crate::files) fn check(bytes: &[u8], content: &Content, expected: &[&str]) {
        let items = read_all(bytes, content, TextEncoding::Auto, 4096).unwrap();
        let shown = show(&items);
        let fits = shown.len() == expected.len()
            && shown
                .iter()
                .zip(expected)
                .all(|(found, expected)| found.starts_with(expected));
        assert!(
            fits,
            "{:?}\nexpected {expected:#?}\nfound {shown:#?}",
            String::from_utf8_lossy(bytes)
        );
    }
}
