//! Values on their way through a driver: as text where that keeps every digit, which is nearly always.

use std::num::NonZeroUsize;

use jiff::Timestamp;
use jiff::civil::DateTime;
use odbc_api::parameter::{InputParameter, VarBinaryBox, VarWCharBox, WithDataType};
use odbc_api::{CursorRow, DataType, IntoParameter, Nullable};
use rust_decimal::Decimal;
use tenon_core::Failure;

use super::super::dialect::Argument;
use super::super::payload::{decoded, same_number, unquoted};
use super::super::session::Cell;
use super::super::table::Class;
use super::behind::Product;

/// SQL Server's moment with an offset, which ODBC has no type for.
const MOMENT_WITH_OFFSET: i16 = -155;

/// How values of a column are read and bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sql) struct Binding {
    data_type: DataType,
    product: Product,
}

impl Binding {
    /// How values of a column of that type are read and bound.
    pub(super) fn new(data_type: DataType, product: Product) -> Self {
        Self { data_type, product }
    }

    /// Whether the database turns a text into the column's type better than its driver does.
    fn as_text(self) -> bool {
        match self.product {
            // Compared as texts, so they must come back as they were read.
            Product::Sqlite => matches!(
                self.data_type,
                DataType::Date | DataType::Time { .. } | DataType::Timestamp { .. }
            ),
            // `datetime` holds thirds of a hundredth of a second: what is read as .007 is a little less,
            // and only the same type again is equal to it.
            Product::SqlServer => matches!(self.data_type, DataType::Timestamp { .. }),
            // NUMBER without a precision is described as binary floating point, which it is not.
            Product::Oracle => is_floating(self.data_type),
            _ => false,
        }
    }

    /// What kind of values the column holds.
    pub(in crate::sql) fn class(self) -> Class {
        match self.data_type {
            DataType::Numeric { .. }
            | DataType::Decimal { .. }
            | DataType::Integer
            | DataType::SmallInt
            | DataType::BigInt
            | DataType::TinyInt
            | DataType::Float { .. }
            | DataType::Real
            | DataType::Double => Class::Number,
            DataType::Bit => Class::Boolean,
            DataType::Date => Class::Date,
            DataType::Time { .. } => Class::Clock,
            DataType::Timestamp { .. } => Class::Moment,
            DataType::Binary { .. }
            | DataType::Varbinary { .. }
            | DataType::LongVarbinary { .. } => Class::Bytes,
            DataType::Other { data_type, .. } if data_type.0 == MOMENT_WITH_OFFSET => Class::Moment,
            _ => Class::Text,
        }
    }

    /// A value of the column; columns of a row are read from the first to the last.
    pub(super) fn cell(
        self,
        row: &mut CursorRow<'_>,
        number: u16,
    ) -> Result<Cell, odbc_api::Error> {
        if self.class() == Class::Bytes {
            let mut bytes = Vec::new();
            let there = row.get_binary(number, &mut bytes)?;
            return Ok(if there {
                Cell::Bytes(bytes)
            } else {
                Cell::Null
            });
        }
        if is_floating(self.data_type) && !self.as_text() {
            // A driver's text of it may have too few digits.
            if self.data_type == DataType::Real {
                let mut value = Nullable::<f32>::null();
                row.get_data(number, &mut value)?;
                let text = |value| Cell::Text(format!("{value:?}"));
                return Ok(value.into_opt().map_or(Cell::Null, text));
            }
            let mut value = Nullable::<f64>::null();
            row.get_data(number, &mut value)?;
            return Ok(value.into_opt().map_or(Cell::Null, Cell::Real));
        }
        let mut units = Vec::new();
        if !row.get_wide_text(number, &mut units)? {
            return Ok(Cell::Null);
        }
        let text = String::from_utf16_lossy(&units);
        Ok(Cell::Text(match self.class() {
            Class::Number => with_digits(&text),
            // SQL Server puts a blank before the offset.
            Class::Moment => text.replace(" +", "+").replace(" -", "-"),
            _ => text,
        }))
    }

    /// A value as a payload writes it, in JSON.
    ///
    /// # Errors
    /// `Invalid` when the column could not hold it.
    pub(in crate::sql) fn argument(self, name: &str, raw: &str) -> Result<Argument, Failure> {
        let text = match raw.chars().next() {
            Some('n') => return Ok(Argument::Typed(self, None)),
            Some('t') => "1".to_owned(),
            Some('f') => "0".to_owned(),
            Some('"') => unquoted(raw)?,
            _ => raw.to_owned(),
        };
        Ok(match self.class() {
            Class::Bytes => Argument::Bytes(decoded(&text, name)?),
            Class::Number => Argument::Typed(self, Some(self.number(name, plain(text))?)),
            Class::Moment => Argument::Typed(self, Some(self.moment(text))),
            _ => Argument::Typed(self, Some(text)),
        })
    }

    /// A value as it was read, to be compared with others.
    pub(in crate::sql) fn mark(self, text: &str) -> Argument {
        let text = match self.class() {
            // A day alone is no moment.
            Class::Moment if text.len() == 10 => self.moment(text.to_owned()),
            Class::Moment => text.replacen(' ', self.separator(), 1),
            _ => text.to_owned(),
        };
        Argument::Typed(self, Some(text))
    }

    /// A number that the column gives back as it was written.
    fn number(self, name: &str, text: String) -> Result<String, Failure> {
        let floating = is_floating(self.data_type) && !self.as_text();
        match text.parse::<f64>() {
            Ok(real) if floating && !same_number(&text, real) => {
                let detail = format!(
                    "`{name}` would hold {text} as {}; declare the column as a decimal, in SQLite as \
                     TEXT, to keep every digit",
                    super::super::record::real(real)
                );
                Err(Failure::invalid("sql.value", detail))
            }
            _ => Ok(text),
        }
    }

    /// What stands between day and time of day; SQL Server reads a blank by the session's language.
    fn separator(self) -> &'static str {
        match self.product {
            Product::SqlServer => "T",
            _ => " ",
        }
    }

    /// `2026-03-01 12:00:00.5`, in UTC and with no more digits than the column takes.
    fn moment(self, text: String) -> String {
        if let DataType::Other { .. } = self.data_type {
            // A column with an offset understands one.
            return text;
        }
        let moment = match text.parse::<Timestamp>() {
            Ok(moment) => moment.to_zoned(jiff::tz::TimeZone::UTC).datetime(),
            Err(_) => match text.parse::<DateTime>() {
                Ok(moment) => moment,
                Err(_) => return text,
            },
        };
        let digits = match self.data_type {
            DataType::Timestamp { precision } if self.product != Product::Sqlite => {
                usize::try_from(precision).unwrap_or(0).min(9)
            }
            _ => 9,
        };
        let fraction = format!("{:09}", moment.subsec_nanosecond());
        let fraction = fraction[..digits].trim_end_matches('0');
        let (day, clock) = (moment.date(), moment.strftime("%H:%M:%S"));
        let seconds = format!("{day}{}{clock}", self.separator());
        match fraction {
            "" => seconds,
            fraction => format!("{seconds}.{fraction}"),
        }
    }

    fn sql_type(self, units: usize) -> DataType {
        match self.data_type {
            DataType::Char { .. } | DataType::Varchar { .. } | DataType::LongVarchar { .. } => {
                narrow_text(units)
            }
            _ if self.as_text() => narrow_text(units),
            DataType::WChar { .. }
            | DataType::WVarchar { .. }
            | DataType::WLongVarchar { .. }
            | DataType::Unknown
            | DataType::Other { .. } => wide_text(units),
            kept => kept,
        }
    }
}

fn is_floating(data_type: DataType) -> bool {
    matches!(
        data_type,
        DataType::Float { .. } | DataType::Real | DataType::Double
    )
}

/// The type of a text of so many units of UTF-16, whatever the column's own length: what is too long
/// is for the database to refuse.
fn wide_text(units: usize) -> DataType {
    let length = NonZeroUsize::new(units.max(1));
    match units {
        0..=4_000 => DataType::WVarchar { length },
        _ => DataType::WLongVarchar { length },
    }
}

/// The same where the column's characters are single bytes or some of them, at most three a unit. It
/// is compared as such, so that the column's index serves.
fn narrow_text(units: usize) -> DataType {
    let bytes = units.saturating_mul(3).max(1);
    let length = NonZeroUsize::new(bytes);
    match bytes {
        0..=8_000 => DataType::Varchar { length },
        _ => DataType::LongVarchar { length },
    }
}

/// A number without an exponent, which not every driver reads.
fn plain(text: String) -> String {
    if !text.contains(['e', 'E']) {
        return text;
    }
    match Decimal::from_scientific(&text) {
        Ok(number) => number.to_string(),
        Err(_) => text,
    }
}

/// Some databases write no zero before the point, and a point behind which nothing stands.
fn with_digits(text: &str) -> String {
    let text = text.trim().trim_end_matches('.');
    match (text.strip_prefix('.'), text.strip_prefix("-.")) {
        (Some(digits), _) => format!("0.{digits}"),
        (None, Some(digits)) => format!("-0.{digits}"),
        (None, None) => text.to_owned(),
    }
}

/// A value as it is bound.
pub(super) fn parameter(argument: Argument) -> Box<dyn InputParameter> {
    let text = |text: &str| {
        let units = text.encode_utf16().count();
        (VarWCharBox::from_str_slice(text), units)
    };
    match argument {
        Argument::Typed(binding, None) if binding.class() == Class::Bytes => {
            Box::new(VarBinaryBox::null())
        }
        Argument::Typed(binding, value) => {
            let (value, units) = value.as_deref().map_or((VarWCharBox::null(), 0), text);
            let data_type = binding.sql_type(units);
            Box::new(WithDataType { value, data_type })
        }
        Argument::Bytes(bytes) => Box::new(VarBinaryBox::from_vec(bytes)),
        Argument::Text(value) => {
            let (value, units) = text(&value);
            let data_type = wide_text(units);
            Box::new(WithDataType { value, data_type })
        }
        Argument::Integer(number) => Box::new(number.into_parameter()),
        Argument::Real(number) => Box::new(number.into_parameter()),
        Argument::Null => Box::new(VarWCharBox::null()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_as_odbc_reads_them() {
        let of = |digits: i16, product| {
            let data_type = DataType::Timestamp { precision: digits };
            Binding::new(data_type, product)
        };
        let check = |digits: i16, text: &str, expected: &str| {
            assert_eq!(of(digits, Product::Other).moment(text.to_owned()), expected);
        };
        check(6, "2026-03-01T20:00:00+08:00", "2026-03-01 12:00:00");
        check(3, "2026-03-01T12:00:00.123456Z", "2026-03-01 12:00:00.123");
        check(0, "2026-03-01T12:00:00.5", "2026-03-01 12:00:00");
        check(6, "2026-03-01", "2026-03-01 00:00:00");
        check(6, "yesterday", "yesterday");
        let binding = of(3, Product::SqlServer);
        let mark = Argument::Typed(binding, Some("2026-03-01T12:00:00.007".to_owned()));
        assert_eq!(binding.mark("2026-03-01 12:00:00.007"), mark);
        assert_eq!(binding.sql_type(23), narrow_text(23));
    }

    #[test]
    fn numbers_have_digits_on_both_sides_of_the_point() {
        for (text, expected) in [
            (".5", "0.5"),
            ("-.50", "-0.50"),
            ("7.", "7"),
            ("19.90", "19.90"),
        ] {
            assert_eq!(with_digits(text), expected);
        }
        assert_eq!(plain("1.50e3".to_owned()), "1500");
        assert_eq!(
            plain("10000000000000000.01".to_owned()),
            "10000000000000000.01"
        );
    }

    #[test]
    fn texts_are_bound_by_their_own_length() {
        let bound = |data_type, units| Binding::new(data_type, Product::Other).sql_type(units);
        let length = NonZeroUsize::new;
        let narrow = DataType::Varchar { length: length(2) };
        assert_eq!(bound(narrow, 5), DataType::Varchar { length: length(15) });
        let wide = DataType::WVarchar { length: length(2) };
        assert_eq!(
            bound(wide, 5_000),
            DataType::WLongVarchar {
                length: length(5_000)
            }
        );
        assert_eq!(bound(DataType::BigInt, 5), DataType::BigInt);
    }
}
