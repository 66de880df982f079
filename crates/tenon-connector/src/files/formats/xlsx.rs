//! Workbooks. Every cell becomes text, as in CSV, so that one mapping serves both.
//!
//! Numbers are written as short as they are exact, dates as ISO 8601 (`2026-01-31`,
//! `2026-01-31T08:00:00`), truth values as `true` and `false`. A number of more than 15 digits makes its
//! row a bad record: a workbook does not keep such numbers exactly.
//!
//! A workbook is not read in portions by its nature, so it is limited in size, and so is what it unpacks
//! to. It is read on a thread of its own that waits whenever a few rows stand ready.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use calamine::{DataRef, ExcelDateTime, Reader as _, Xlsx};

use super::table::Table;
use super::{Item, Records, push_string};
use crate::files::settings::Columns;

/// How many times its size a workbook may unpack to.
const UNPACKED: u64 = 16;
/// How many times the size limit the texts shared between cells may unpack to; they stand in memory.
const SHARED: u64 = 2;

/// Reads rows.
pub(super) struct XlsxRecords {
    items: Receiver<Option<Item>>,
    ended: bool,
}

impl XlsxRecords {
    pub(super) fn new(file: File, sheet: Option<String>, columns: Columns, max_bytes: u64) -> Self {
        let (sender, items) = sync_channel(64);
        std::thread::spawn(move || {
            let last = match rows(file, sheet, &columns, max_bytes, &sender) {
                Ok(()) => None,
                Err(reason) => Some(Item::Broken {
                    raw: None,
                    line: 1,
                    reason,
                }),
            };
            // Nobody listens any more when the reader was dropped, which is no fault.
            let _ = sender.send(last);
        });
        Self {
            items,
            ended: false,
        }
    }
}

impl Records for XlsxRecords {
    fn next(&mut self) -> io::Result<Option<Item>> {
        if self.ended {
            return Ok(None);
        }
        let item = self.items.recv().unwrap_or_else(|_| {
            // The thread ended without a word: the workbook made its reader fail.
            let reason =
                "the workbook cannot be read; open it, save it again as .xlsx and put it back";
            Some(Item::Broken {
                raw: None,
                line: 1,
                reason: reason.to_owned(),
            })
        });
        self.ended = matches!(item, None | Some(Item::Broken { .. }));
        Ok(item)
    }
}

/// Sends every row of the sheet; stops when nobody listens.
fn rows(
    mut file: File,
    sheet: Option<String>,
    columns: &Columns,
    max_bytes: u64,
    sender: &SyncSender<Option<Item>>,
) -> Result<(), String> {
    let unreadable = |error: &dyn std::fmt::Display| {
        format!("the workbook cannot be read: {error}; save it again as .xlsx and put it back")
    };
    check_size(&mut file, max_bytes).map_err(|error| unreadable(&error))??;
    let mut workbook: Xlsx<_> =
        Xlsx::new(BufReader::new(file)).map_err(|error| unreadable(&error))?;
    let sheets = workbook.sheet_names();
    let sheet = match sheet {
        Some(sheet) if sheets.contains(&sheet) => sheet,
        Some(sheet) => {
            let found = sheets.join(", ");
            return Err(format!(
                "the workbook has no sheet `{sheet}` (found: {found}); correct `sheet`"
            ));
        }
        None => sheets
            .into_iter()
            .next()
            .ok_or("the workbook has no sheet")?,
    };
    let mut cells = workbook
        .worksheet_cells_reader(&sheet)
        .map_err(|error| unreadable(&error))?;
    let mut sheet = Sheet {
        table: columns.given.as_deref().map(Table::of),
        columns,
        row: Vec::new(),
        number: 0,
        problem: None,
    };
    while let Some(cell) = cells.next_cell().map_err(|error| unreadable(&error))? {
        let (row, column) = cell.get_position();
        if u64::from(row) != sheet.number {
            if let Some(item) = sheet.finish()?
                && sender.send(Some(item)).is_err()
            {
                return Ok(());
            }
            sheet.number = u64::from(row);
        }
        sheet.put(column as usize, cell.get_value());
    }
    if let Some(item) = sheet.finish()? {
        let _ = sender.send(Some(item));
    }
    Ok(())
}

/// One sheet while it is read; the row in hand, and its number from 0.
struct Sheet<'c> {
    table: Option<Table>,
    columns: &'c Columns,
    row: Vec<String>,
    number: u64,
    problem: Option<String>,
}

impl Sheet<'_> {
    fn put(&mut self, column: usize, value: &DataRef<'_>) {
        let text = match text(value) {
            Ok(text) if text.is_empty() => return,
            Ok(text) => text,
            Err(reason) => {
                let place = format!("{}{}", column_letters(column), self.number + 1);
                self.problem
                    .get_or_insert_with(|| format!("cell {place} {reason}"));
                return;
            }
        };
        if self.row.len() <= column {
            self.row.resize(column + 1, String::new());
        }
        self.row[column] = text;
    }

    /// The row in hand as an item; the first one that is not empty may be the header.
    fn finish(&mut self) -> Result<Option<Item>, String> {
        let mut row = std::mem::take(&mut self.row);
        let problem = self.problem.take();
        if row.is_empty() && problem.is_none() {
            return Ok(None);
        }
        let line = self.number + 1;
        let Some(table) = &self.table else {
            if let Some(problem) = problem {
                return Err(format!("the header cannot be read: {problem}"));
            }
            let names: Vec<&str> = row.iter().map(String::as_str).collect();
            self.table = Some(Table::from_header(&names, self.columns)?);
            return Ok(None);
        };
        // Cells that are empty at the end of a row are not in the file at all.
        let width = row.len().max(table.width());
        row.resize(width, String::new());
        let object = match problem {
            Some(problem) => Err(problem),
            None => table.object(row.iter().map(String::as_str)),
        };
        Ok(Some(match object {
            Ok(json) => Item::Record { json, line },
            Err(reason) => {
                let mut raw = Vec::new();
                for cell in &row {
                    raw.push(if raw.is_empty() { b'[' } else { b',' });
                    push_string(&mut raw, cell);
                }
                raw.push(b']');
                Item::Bad { raw, line, reason }
            }
        }))
    }
}

/// `A`, `Z`, `AA`.
fn column_letters(column: usize) -> String {
    let mut letters = Vec::new();
    let mut rest = column + 1;
    while rest > 0 {
        letters.push(char::from(b'A' + ((rest - 1) % 26) as u8));
        rest = (rest - 1) / 26;
    }
    letters.iter().rev().collect()
}

/// A cell's value as text.
fn text(value: &DataRef<'_>) -> Result<String, String> {
    Ok(match value {
        DataRef::Empty => String::new(),
        DataRef::String(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) if number.abs() >= 1e15 => {
            return Err(
                "holds a number of more than 15 digits, which a workbook does not keep \
                        exactly; format the column as text"
                    .to_owned(),
            );
        }
        // The shortest decimal that is this number: what was typed in, within 15 digits.
        DataRef::Float(number) => format!("{number}"),
        DataRef::Bool(truth) => truth.to_string(),
        DataRef::DateTime(moment) => date(moment),
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::Error(error) => {
            return Err(format!("holds the error {error}; correct the workbook"));
        }
    })
}

fn date(moment: &ExcelDateTime) -> String {
    let days = moment.as_f64();
    if moment.is_duration() {
        let seconds = (days * 86_400.0).round() as i64;
        return format!(
            "PT{}H{}M{}S",
            seconds / 3600,
            seconds / 60 % 60,
            seconds % 60
        );
    }
    let (year, month, day, hour, minute, second, milli) = moment.to_ymd_hms_milli();
    let fraction = if milli == 0 {
        String::new()
    } else {
        format!(".{milli:03}")
    };
    let time = format!("{hour:02}:{minute:02}:{second:02}{fraction}");
    if days < 1.0 {
        time
    } else if days.fract() == 0.0 {
        format!("{year:04}-{month:02}-{day:02}")
    } else {
        format!("{year:04}-{month:02}-{day:02}T{time}")
    }
}

/// Refuses a workbook that is too large, packed or unpacked, before anything of it is unpacked.
fn check_size(file: &mut File, max_bytes: u64) -> io::Result<Result<(), String>> {
    let bytes = file.seek(SeekFrom::End(0))?;
    if bytes > max_bytes {
        return Ok(Err(format!(
            "the workbook has {bytes} bytes, more than {max_bytes}; raise `max_xlsx_bytes`, or have \
             the system export csv, which is read without a limit"
        )));
    }
    let (unpacked, shared) = unpacked_bytes(file, bytes)?;
    file.seek(SeekFrom::Start(0))?;
    if unpacked > max_bytes.saturating_mul(UNPACKED) || shared > max_bytes.saturating_mul(SHARED) {
        return Ok(Err(format!(
            "the workbook unpacks to {unpacked} bytes, far more than its {bytes}; raise \
             `max_xlsx_bytes`, or have the system export csv, which is read without a limit"
        )));
    }
    Ok(Ok(()))
}

/// What the archive's directory says its entries unpack to: all of them, and the shared texts.
fn unpacked_bytes(file: &mut File, bytes: u64) -> io::Result<(u64, u64)> {
    let malformed = || io::Error::other("it is no archive");
    // The end record has 22 bytes and a comment of at most 65,535.
    let tail_bytes = bytes.min(22 + 65_535);
    file.seek(SeekFrom::Start(bytes - tail_bytes))?;
    let mut tail = Vec::new();
    file.by_ref().take(tail_bytes).read_to_end(&mut tail)?;
    let end = tail
        .windows(4)
        .rposition(|mark| mark == b"PK\x05\x06")
        .ok_or_else(malformed)?;
    let number = |from: &[u8], at: usize, width: usize| -> io::Result<u64> {
        let digits = from.get(at..at + width).ok_or_else(malformed)?;
        Ok(digits
            .iter()
            .rev()
            .fold(0, |sum, digit| sum << 8 | u64::from(*digit)))
    };
    let (count, begin) = (number(&tail, end + 10, 2)?, number(&tail, end + 16, 4)?);
    file.seek(SeekFrom::Start(begin))?;
    let mut directory = BufReader::new(file);
    let (mut unpacked, mut shared) = (0, 0);
    for _ in 0..count {
        let mut entry = [0; 46];
        directory.read_exact(&mut entry)?;
        if !entry.starts_with(b"PK\x01\x02") {
            return Err(malformed());
        }
        let size = number(&entry, 24, 4)?;
        let name_bytes = number(&entry, 28, 2)?;
        let further = number(&entry, 30, 2)? + number(&entry, 32, 2)?;
        let mut name = Vec::new();
        directory.by_ref().take(name_bytes).read_to_end(&mut name)?;
        io::copy(&mut directory.by_ref().take(further), &mut io::sink())?;
        unpacked += size;
        if name.to_ascii_lowercase().ends_with(b"sharedstrings.xml") {
            shared += size;
        }
    }
    Ok((unpacked, shared))
}

#[cfg(test)]
mod tests {
    use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};

    use super::super::testing::{check, read_all, show};
    use super::*;
    use crate::files::encoding::TextEncoding;
    use crate::files::settings::Content;

    fn xlsx(sheet: Option<&str>, required: &[&str], max_bytes: u64) -> Content {
        let required = required.iter().map(ToString::to_string).collect();
        let columns = Columns {
            given: None,
            required,
        };
        Content::Xlsx {
            sheet: sheet.map(str::to_owned),
            columns,
            max_bytes,
        }
    }

    fn workbook() -> Vec<u8> {
        let mut workbook = Workbook::new();
        let sheet = workbook.add_worksheet().set_name("客户").unwrap();
        for (column, name) in ["编码", "金额", "日期", "时间", "启用"].iter().enumerate()
        {
            sheet.write(1, column as u16, *name).unwrap();
        }
        let day = Format::new().set_num_format("yyyy-mm-dd");
        let moment = Format::new().set_num_format("yyyy-mm-dd hh:mm:ss");
        sheet.write(2, 0, "0012").unwrap();
        sheet.write(2, 1, 0.1).unwrap();
        sheet
            .write_with_format(2, 2, ExcelDateTime::from_ymd(2026, 1, 31).unwrap(), &day)
            .unwrap();
        let time = ExcelDateTime::from_ymd(2026, 1, 31)
            .unwrap()
            .and_hms(8, 0, 5)
            .unwrap();
        sheet.write_with_format(2, 3, time, &moment).unwrap();
        sheet.write(2, 4, true).unwrap();
        sheet.write(4, 0, "13").unwrap();
        sheet.write(5, 0, 1234567890123456789_f64).unwrap();
        sheet.write(6, 1, 123456789012345_f64).unwrap();
        sheet.write(7, 6, "stray").unwrap();
        workbook.save_to_buffer().unwrap()
    }

    #[test]
    fn cells_become_text() {
        check(
            &workbook(),
            &xlsx(None, &["编码"], 1 << 20),
            &[
                r#"{"编码":"0012","金额":"0.1","日期":"2026-01-31","时间":"2026-01-31T08:00:05","启用":"true"}"#,
                r#"{"编码":"13","金额":"","日期":"","时间":"","启用":""}"#,
                "bad 6: cell A6 holds a number of more than 15 digits",
                r#"{"编码":"","金额":"123456789012345","#,
                "bad 8: the row has 7 cells, the table 5 columns",
            ],
        );
    }

    #[test]
    fn a_workbook_that_cannot_be_taken_is_refused_as_a_whole() {
        check(
            &workbook(),
            &xlsx(Some("订单"), &[], 1 << 20),
            &["broken 1: the workbook has no sheet `订单` (found: 客户)"],
        );
        check(
            &workbook(),
            &xlsx(None, &["税号"], 1 << 20),
            &["broken 1: required column `税号` is missing"],
        );
        check(
            &workbook(),
            &xlsx(None, &[], 1000),
            &["broken 1: the workbook has "],
        );
        check(
            b"no workbook",
            &xlsx(None, &[], 1 << 20),
            &["broken 1: the workbook cannot be read"],
        );
        check(
            b"",
            &xlsx(None, &[], 1 << 20),
            &["broken 1: the workbook cannot be read"],
        );
        let cut = workbook();
        check(
            &cut[..cut.len() / 2],
            &xlsx(None, &[], 1 << 20),
            &["broken 1: the workbook cannot be read"],
        );
    }

    #[test]
    fn a_workbook_that_unpacks_to_far_more_is_refused() {
        let mut workbook = Workbook::new();
        let sheet = workbook.add_worksheet();
        for row in 0..20_000 {
            sheet
                .write(row, 0, "x".repeat(300) + &row.to_string())
                .unwrap();
        }
        let bytes = workbook.save_to_buffer().unwrap();
        let max_bytes = bytes.len() as u64 + 1;
        let items = read_all(
            &bytes,
            &xlsx(None, &[], max_bytes),
            TextEncoding::Auto,
            4096,
        )
        .unwrap();
        assert!(
            show(&items)[0].contains("unpacks to"),
            "{:?}",
            show(&items)[0]
        );
    }

    #[test]
    fn columns_have_letters() {
        assert_eq!(
            [0, 25, 26, 701, 702].map(column_letters),
            ["A", "Z", "AA", "ZZ", "AAA"]
        );
    }
}
