//! One shape for every report: what a page shows, and what a file holds.

mod parquet;

use jiff::civil::Date;
use rust_xlsxwriter::{Format, Workbook, XlsxError};
use serde::{Deserialize, Serialize, Serializer};
use tenon_core::money::Decimal;
use tenon_core::text::{SPREADSHEET_MARK, inert};

/// A report: named columns, and rows of as many cells.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Table {
    /// What the cells of each row are, in order.
    pub columns: Vec<Column>,
    /// The rows.
    pub rows: Vec<Vec<Cell>>,
}

/// What the cells of a column are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Column {
    /// Stable, for programs and translations.
    pub key: String,
    /// How they are to be read.
    pub kind: Kind,
}

/// How cells are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// As it stands.
    Text,
    /// A whole number.
    Whole,
    /// An exact amount.
    Amount,
    /// A fraction: `0.25` is a quarter.
    Share,
    /// A day.
    Day,
}

/// As what a report is written to a file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileFormat {
    /// Text in UTF-8, a line a row.
    #[default]
    Csv,
    /// A workbook.
    Xlsx,
    /// Typed columns, for tools that read many rows.
    Parquet,
}

impl FileFormat {
    /// How names of such files end.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
            Self::Parquet => "parquet",
        }
    }

    /// What such a file is called where content is named.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Parquet => "application/vnd.apache.parquet",
        }
    }
}

/// Why a table cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// As text.
    #[error("as CSV: {0}")]
    Csv(#[from] csv::Error),
    /// As a workbook: it has more rows than a sheet can hold.
    #[error("as XLSX: {0}")]
    Xlsx(#[from] XlsxError),
    /// As typed columns.
    #[error("as Parquet: {0}")]
    Parquet(#[from] ::parquet::errors::ParquetError),
}

/// A cell.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// There is nothing to say.
    Nothing,
    /// As it stands.
    Text(String),
    /// A whole number.
    Whole(i64),
    /// An amount or a fraction.
    Exact(Decimal),
    /// A day.
    Day(Date),
}

impl Serialize for Cell {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Nothing => serializer.serialize_none(),
            Self::Whole(number) => serializer.serialize_i64(*number),
            other => serializer.serialize_str(&other.text()),
        }
    }
}

impl From<Option<String>> for Cell {
    fn from(text: Option<String>) -> Self {
        text.map_or(Self::Nothing, Self::Text)
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<i64> for Cell {
    fn from(number: i64) -> Self {
        Self::Whole(number)
    }
}

impl From<Decimal> for Cell {
    fn from(amount: Decimal) -> Self {
        Self::Exact(amount)
    }
}

impl From<Option<Decimal>> for Cell {
    fn from(amount: Option<Decimal>) -> Self {
        amount.map_or(Self::Nothing, Self::Exact)
    }
}

impl From<Option<Date>> for Cell {
    fn from(day: Option<Date>) -> Self {
        day.map_or(Self::Nothing, Self::Day)
    }
}

impl Cell {
    fn text(&self) -> String {
        match self {
            Self::Nothing => String::new(),
            Self::Text(text) => text.clone(),
            Self::Whole(number) => number.to_string(),
            Self::Exact(amount) => amount.to_string(),
            Self::Day(day) => day.to_string(),
        }
    }
}

impl Table {
    /// A table without rows.
    pub fn new(columns: &[(&str, Kind)]) -> Self {
        let columns = columns.iter().map(|(key, kind)| Column {
            key: (*key).to_owned(),
            kind: *kind,
        });
        Self {
            columns: columns.collect(),
            rows: Vec::new(),
        }
    }

    /// The table as a file.
    ///
    /// # Errors
    /// When it cannot be written so.
    pub fn file(&self, format: FileFormat) -> Result<Vec<u8>, TableError> {
        Ok(match format {
            FileFormat::Csv => self.csv()?,
            FileFormat::Xlsx => self.xlsx()?,
            FileFormat::Parquet => self.parquet()?,
        })
    }

    /// As a CSV file in UTF-8, with the mark by which spreadsheets recognise it. Text that a spreadsheet
    /// would take for a formula is set off with an apostrophe.
    fn csv(&self) -> Result<Vec<u8>, csv::Error> {
        let mut writer = csv::Writer::from_writer(SPREADSHEET_MARK.as_bytes().to_vec());
        writer.write_record(self.columns.iter().map(|column| &column.key))?;
        for row in &self.rows {
            writer.write_record(row.iter().map(|cell| match cell {
                Cell::Text(text) => inert(text).into_owned(),
                other => other.text(),
            }))?;
        }
        writer
            .into_inner()
            .map_err(|error| csv::Error::from(error.into_error()))
    }

    /// As an XLSX file. A spreadsheet holds 15 digits: longer amounts stand in it as text.
    fn xlsx(&self) -> Result<Vec<u8>, XlsxError> {
        let mut workbook = Workbook::new();
        let sheet = workbook.add_worksheet_with_constant_memory()?;
        let head = Format::new().set_bold();
        let amount = Format::new().set_num_format("#,##0.00");
        let share = Format::new().set_num_format("0.0%");
        for (place, column) in (0_u16..).zip(&self.columns) {
            sheet.write_string_with_format(0, place, &column.key, &head)?;
        }
        for (line, row) in (1_u32..).zip(&self.rows) {
            for ((place, cell), column) in (0_u16..).zip(row).zip(&self.columns) {
                match cell {
                    Cell::Nothing => {}
                    Cell::Whole(number) => {
                        sheet.write_number(line, place, *number as f64)?;
                    }
                    Cell::Exact(exact) => match short(exact) {
                        Some(number) if column.kind == Kind::Share => {
                            sheet.write_number_with_format(line, place, number, &share)?;
                        }
                        Some(number) => {
                            sheet.write_number_with_format(line, place, number, &amount)?;
                        }
                        None => {
                            sheet.write_string(line, place, exact.to_string())?;
                        }
                    },
                    other => {
                        sheet.write_string(line, place, other.text())?;
                    }
                }
            }
        }
        workbook.save_to_buffer()
    }
}

/// An amount as a spreadsheet's number, if that is exact to the digit.
fn short(amount: &Decimal) -> Option<f64> {
    let digits = amount.mantissa().unsigned_abs().to_string().len();
    (digits <= 15)
        .then(|| amount.to_string().parse().ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new(&[("name", Kind::Text), ("amount", Kind::Amount)]);
        table.rows = vec![
            vec!["=cmd()".into(), "19.90".parse::<Decimal>().unwrap().into()],
            vec![
                "川可".into(),
                "1234567890123456.78".parse::<Decimal>().unwrap().into(),
            ],
            vec![Cell::Nothing, Cell::Nothing],
        ];
        table
    }

    #[test]
    fn a_csv_file_is_exact_and_inert() {
        let text = String::from_utf8(table().csv().unwrap()).unwrap();
        assert_eq!(
            text,
            "\u{feff}name,amount\n'=cmd(),19.90\n川可,1234567890123456.78\n,\n"
        );
    }

    #[test]
    fn an_xlsx_file_keeps_long_amounts_as_text() {
        let exact: Decimal = "1234567890123456.78".parse().unwrap();
        assert_eq!(short(&exact), None);
        assert_eq!(short(&"19.90".parse().unwrap()), Some(19.9));
        assert!(table().xlsx().unwrap().starts_with(b"PK"));
    }
}
