//! A table that a person brings by hand: CSV or XLSX, read once from its beginning.

use std::fs::File;
use std::io::{Seek, SeekFrom};
use std::path::Path;

use super::encoding::{Survey, TextEncoding};
use super::formats::{self, Item, Records};
use super::settings::{Columns, Content};

/// The largest row that is read, in bytes.
const LARGEST_ROW: usize = 1 << 20;
/// The largest workbook that is read, in bytes: it is held in memory as a whole.
const LARGEST_WORKBOOK: u64 = 256 << 20;

/// The rows of a CSV file (UTF-8, GB18030 or UTF-16) or of a workbook's first sheet, as JSON
/// objects of texts by the names of their columns.
pub struct TableFile {
    records: Box<dyn Records>,
    ended: bool,
}

/// A row of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableRow {
    /// The line, or the workbook's row, on which it begins, from 1.
    pub line: u64,
    /// Its cells as one JSON object, or why it cannot be read.
    pub cells: Result<Vec<u8>, String>,
}

impl TableFile {
    /// Opens a file whose header names at least the columns `required`.
    ///
    /// # Errors
    /// Why it cannot be read, for a person. A missing column is told by the first row.
    pub fn open(path: &Path, required: &[&str]) -> Result<Self, String> {
        let columns = Columns {
            given: None,
            required: required.iter().map(|name| (*name).to_owned()).collect(),
        };
        let extension = path.extension().and_then(|extension| extension.to_str());
        let content = match extension.map(str::to_ascii_lowercase).as_deref() {
            Some("xlsx") => Content::Xlsx {
                sheet: None,
                columns,
                max_bytes: LARGEST_WORKBOOK,
            },
            Some("csv" | "txt") => Content::Csv {
                delimiter: b',',
                quote: Some(b'"'),
                columns,
            },
            Some("tsv") => Content::Csv {
                delimiter: b'\t',
                quote: Some(b'"'),
                columns,
            },
            _ => return Err("it is neither .csv nor .tsv nor .xlsx".to_owned()),
        };
        let open = || -> std::io::Result<Result<Self, String>> {
            let mut file = File::open(path)?;
            let survey = match &content {
                Content::Xlsx { .. } => Survey::of_bytes(&mut file)?,
                _ => Survey::of_text(&mut file, TextEncoding::Auto, false)?,
            };
            file.seek(SeekFrom::Start(0))?;
            Ok(match survey.text {
                Err(reason) => Err(reason),
                Ok(decoding) => Ok(Self {
                    records: formats::open(file, decoding, &content, LARGEST_ROW)?,
                    ended: false,
                }),
            })
        };
        open().map_err(|error| error.to_string())?
    }
}

impl Iterator for TableFile {
    type Item = TableRow;

    fn next(&mut self) -> Option<TableRow> {
        if self.ended {
            return None;
        }
        let broken = |line, reason| TableRow {
            line,
            cells: Err(reason),
        };
        match self.records.next() {
            Ok(None) => None,
            Ok(Some(Item::Record { json, line })) => Some(TableRow {
                line,
                cells: Ok(json),
            }),
            Ok(Some(Item::Bad { line, reason, .. })) => Some(broken(line, reason)),
            Ok(Some(Item::Broken { line, reason, .. })) => {
                self.ended = true;
                Some(broken(line, reason))
            }
            Err(error) => {
                self.ended = true;
                Some(broken(0, error.to_string()))
            }
        }
    }
}

impl std::fmt::Debug for TableFile {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("TableFile")
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use rust_xlsxwriter::Workbook;

    use super::*;

    fn check(name: &str, bytes: &[u8], expected: &[&str]) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let shown: Vec<String> = match TableFile::open(&path, &["id"]) {
            Err(reason) => vec![reason],
            Ok(rows) => rows
                .map(|row| match row.cells {
                    Ok(cells) => format!("{} {}", row.line, String::from_utf8(cells).unwrap()),
                    Err(reason) => format!("{} {reason}", row.line),
                })
                .collect(),
        };
        assert_eq!(shown.len(), expected.len(), "{shown:?}");
        for (shown, expected) in shown.iter().zip(expected) {
            assert!(shown.starts_with(expected), "{shown} is not {expected}");
        }
    }

    #[test]
    fn tables_of_every_sort_are_read() {
        let rows = [
            "2 {\"id\":\"1\",\"name\":\"川可\"}",
            "3 {\"id\":\"2\",\"name\":\"海达\"}",
        ];
        let text = "id,name\n1,川可\n2,海达\n";
        check("utf8.csv", text.as_bytes(), &rows);
        check("gb.csv", &encoding_rs::GB18030.encode(text).0, &rows);
        check("tabs.tsv", text.replace(',', "\t").as_bytes(), &rows);
        let mut book = Workbook::new();
        let sheet = book.add_worksheet();
        for (row, cells) in [["id", "name"], ["1", "川可"], ["2", "海达"]]
            .iter()
            .enumerate()
        {
            for (column, cell) in cells.iter().enumerate() {
                sheet
                    .write_string(row as u32, column as u16, *cell)
                    .unwrap();
            }
        }
        check("book.xlsx", &book.save_to_buffer().unwrap(), &rows);
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        check("list.doc", b"", &["it is neither .csv nor .tsv nor .xlsx"]);
        check(
            "list.csv",
            b"name\nA\n",
            &["1 required column `id` is missing"],
        );
        check("book.xlsx", b"no workbook", &["1 "]);
    }
}
