//! A table as a Parquet file, for what reads columns: DuckDB, pandas, Spark, a lake.

use std::sync::Arc;

use parquet::basic::{LogicalType, Repetition, Type as Physical};
use parquet::data_type::{
    ByteArray, ByteArrayType, DoubleType, FixedLenByteArray, FixedLenByteArrayType, Int32Type,
    Int64Type,
};
use parquet::errors::Result;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::Type;
use tenon_core::money::Decimal;

use super::{Cell, Column, Kind, Table};
use crate::days::day_number;

/// Digits of an amount, and how many of them stand behind the point: as many as figures keep.
const PRECISION: i32 = 38;
const SCALE: u32 = 4;
/// Bytes of an amount: two's complement, the highest byte first.
const WIDTH: i32 = 16;

impl Table {
    /// As a Parquet file. Amounts are decimals with four places behind the point, fractions doubles,
    /// days dates; a cell with nothing in it is null.
    pub(super) fn parquet(&self) -> Result<Vec<u8>> {
        let fields: Result<Vec<_>> = self.columns.iter().map(field).collect();
        let schema = Type::group_type_builder("report")
            .with_fields(fields?)
            .build()?;
        let mut bytes = Vec::new();
        let mut file = SerializedFileWriter::new(&mut bytes, Arc::new(schema), Arc::default())?;
        let mut rows = file.next_row_group()?;
        let mut place = 0;
        while let Some(mut column) = rows.next_column()? {
            let cells: Vec<&Cell> = self.rows.iter().map(|row| &row[place]).collect();
            write(&mut column, self.columns[place].kind, &cells)?;
            column.close()?;
            place += 1;
        }
        rows.close()?;
        file.close()?;
        Ok(bytes)
    }
}

fn field(column: &Column) -> Result<Arc<Type>> {
    let (physical, logical) = match column.kind {
        Kind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        Kind::Whole => (Physical::INT64, None),
        Kind::Amount => (
            Physical::FIXED_LEN_BYTE_ARRAY,
            Some(LogicalType::decimal(SCALE.cast_signed(), PRECISION)),
        ),
        Kind::Share => (Physical::DOUBLE, None),
        Kind::Day => (Physical::INT32, Some(LogicalType::Date)),
    };
    let mut built = Type::primitive_type_builder(&column.key, physical)
        .with_repetition(Repetition::OPTIONAL)
        .with_logical_type(logical);
    if column.kind == Kind::Amount {
        built = built
            .with_length(WIDTH)
            .with_precision(PRECISION)
            .with_scale(SCALE.cast_signed());
    }
    Ok(Arc::new(built.build()?))
}

fn write(column: &mut SerializedColumnWriter<'_>, kind: Kind, cells: &[&Cell]) -> Result<()> {
    /// Writes what `read` finds in the cells; where it finds nothing the column is null.
    fn put<T: parquet::data_type::DataType>(
        column: &mut SerializedColumnWriter<'_>,
        cells: &[&Cell],
        read: impl Fn(&Cell) -> Option<T::T>,
    ) -> Result<()> {
        let read: Vec<Option<T::T>> = cells.iter().map(|cell| read(cell)).collect();
        let present: Vec<i16> = read
            .iter()
            .map(|value| i16::from(value.is_some()))
            .collect();
        let values: Vec<T::T> = read.into_iter().flatten().collect();
        column
            .typed::<T>()
            .write_batch(&values, Some(&present), None)?;
        Ok(())
    }
    match kind {
        Kind::Text => put::<ByteArrayType>(column, cells, |cell| match cell {
            Cell::Nothing => None,
            other => Some(ByteArray::from(other.text().into_bytes())),
        }),
        Kind::Whole => put::<Int64Type>(column, cells, |cell| match cell {
            Cell::Whole(number) => Some(*number),
            _ => None,
        }),
        Kind::Amount => put::<FixedLenByteArrayType>(column, cells, |cell| match cell {
            Cell::Exact(amount) => Some(bytes(*amount)),
            Cell::Whole(number) => Some(bytes(Decimal::from(*number))),
            _ => None,
        }),
        Kind::Share => put::<DoubleType>(column, cells, |cell| match cell {
            Cell::Exact(share) => share.to_string().parse().ok(),
            _ => None,
        }),
        Kind::Day => put::<Int32Type>(column, cells, |cell| match cell {
            Cell::Day(day) => Some(day_number(*day)),
            _ => None,
        }),
    }
}

/// An amount in ten-thousandths, as Parquet keeps it.
fn bytes(amount: Decimal) -> FixedLenByteArray {
    let rounded = amount.round_dp(SCALE);
    let missing = SCALE - rounded.scale();
    let whole = rounded.mantissa() * 10_i128.pow(missing);
    ByteArray::from(whole.to_be_bytes().to_vec()).into()
}

#[cfg(test)]
mod tests {
    use parquet::file::reader::{FileReader, SerializedFileReader};

    use super::*;

    #[test]
    fn a_parquet_file_says_what_the_table_says() {
        let mut table = Table::new(&[
            ("name", Kind::Text),
            ("orders", Kind::Whole),
            ("amount", Kind::Amount),
            ("share", Kind::Share),
            ("since", Kind::Day),
        ]);
        let exact = |text: &str| Cell::Exact(text.parse().unwrap());
        table.rows = vec![
            vec![
                "川可".into(),
                Cell::Whole(3),
                exact("1234567890123456.78"),
                exact("0.25"),
                Cell::Day("2026-03-01".parse().unwrap()),
            ],
            vec![
                "=cmd()".into(),
                Cell::Whole(-1),
                exact("-0.00005"),
                exact("1"),
                Cell::Nothing,
            ],
            vec![
                Cell::Nothing,
                Cell::Nothing,
                exact("-19.9"),
                Cell::Nothing,
                Cell::Nothing,
            ],
        ];
        let file = SerializedFileReader::new(bytes::Bytes::from(table.parquet().unwrap())).unwrap();
        let rows: Vec<String> = file
            .get_row_iter(None)
            .unwrap()
            .map(|row| row.unwrap().to_string())
            .collect();
        assert_eq!(
            rows,
            [
                r#"{name: "川可", orders: 3, amount: 1234567890123456.7800, share: 0.25, since: 2026-03-01}"#,
                r#"{name: "=cmd()", orders: -1, amount: 0.0000, share: 1.0, since: null}"#,
                r#"{name: null, orders: null, amount: -19.9000, share: null, since: null}"#,
            ]
        );
    }

    #[test]
    fn a_table_without_rows_is_a_file_with_its_columns() {
        let table = Table::new(&[("name", Kind::Text)]);
        let file = SerializedFileReader::new(bytes::Bytes::from(table.parquet().unwrap())).unwrap();
        assert_eq!(file.metadata().file_metadata().num_rows(), 0);
        assert_eq!(
            file.metadata().file_metadata().schema().get_fields()[0].name(),
            "name"
        );
    }
}
