//! From a row's values to JSON text, exactly.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::session::Cell;
use super::table::{Class, Column};

/// Appends one JSON object whose fields are `columns` with the values in `cells`.
pub(super) fn write(columns: &[Column], cells: impl IntoIterator<Item = Cell>, json: &mut String) {
    json.push('{');
    for (index, (column, cell)) in columns.iter().zip(cells).enumerate() {
        if index > 0 {
            json.push(',');
        }
        string(&column.name, json);
        json.push(':');
        value(column.class, cell, json);
    }
    json.push('}');
}

fn value(class: Class, cell: Cell, json: &mut String) {
    match cell {
        Cell::Null => json.push_str("null"),
        Cell::Integer(number @ (0 | 1)) if class == Class::Boolean => {
            json.push_str(if number == 1 { "true" } else { "false" });
        }
        Cell::Integer(number) => json.push_str(&number.to_string()),
        Cell::Real(number) if number.is_finite() => json.push_str(&real(number)),
        Cell::Real(number) => string(&real(number), json),
        Cell::Text(text) => typed(class, &text, json),
        Cell::Bytes(bytes) => match (class, String::from_utf8(bytes)) {
            (Class::Bytes, Ok(text)) => string(&STANDARD.encode(text), json),
            // SQLite says of each value what it is; bytes are bytes, whatever the column is called.
            (Class::Dynamic, Ok(text)) => string(&STANDARD.encode(text), json),
            (class, Ok(text)) => typed(class, &text, json),
            (_, Err(error)) => string(&STANDARD.encode(error.into_bytes()), json),
        },
    }
}

/// A value that a server wrote as text.
fn typed(class: Class, text: &str, json: &mut String) {
    match class {
        Class::Number => match number(text) {
            Some(number) => json.push_str(number),
            None => string(text, json),
        },
        Class::Boolean => match text {
            "0" => json.push_str("false"),
            "1" => json.push_str("true"),
            other => typed(Class::Number, other, json),
        },
        Class::Moment => string(&moment(text), json),
        Class::Json => match serde_json::from_str::<&serde_json::value::RawValue>(text) {
            Ok(raw) => json.push_str(raw.get()),
            Err(_) => string(text, json),
        },
        Class::Text | Class::Bytes | Class::Date | Class::Clock | Class::Dynamic | Class::Other => {
            string(text, json);
        }
    }
}

/// The number as JSON writes it: a column that fills up with zeros says `000123`.
fn number(text: &str) -> Option<&str> {
    let valid = |text: &str| serde_json::from_str::<&serde_json::value::RawValue>(text).is_ok();
    let digits = text.trim_start_matches('0');
    let stripped = match digits.chars().next() {
        Some('0'..='9') => digits,
        // `0`, `0.5` and `000.5` keep one zero.
        _ => &text[(text.len() - digits.len()).saturating_sub(1)..],
    };
    let numeric =
        |text: &str| text.starts_with(['-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
    (numeric(stripped) && valid(stripped)).then_some(stripped)
}

/// A moment in ISO 8601; a fraction that says nothing is left out.
fn moment(text: &str) -> String {
    let text = match text.split_once(' ') {
        Some((day, clock)) => format!("{day}T{clock}"),
        None => text.to_owned(),
    };
    let Some((seconds, fraction)) = text.split_once('.') else {
        return text;
    };
    let rest = fraction.trim_start_matches('0');
    match rest.starts_with(|character: char| character.is_ascii_digit()) {
        true => text,
        false => format!("{seconds}{rest}"),
    }
}

/// A binary floating-point number in the fewest digits that mean it.
pub(super) fn real(number: f64) -> String {
    format!("{number:?}")
}

/// Appends `text` as a JSON string.
pub(super) fn string(text: &str, json: &mut String) {
    // Writing a string as JSON cannot fail.
    json.push_str(&serde_json::to_string(text).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(class: Class, cell: Cell, expected: &str) {
        let mut json = String::new();
        write(&[Column::new("列", class)], [cell], &mut json);
        assert_eq!(json, format!("{{\"列\":{expected}}}"));
    }

    #[test]
    fn values_keep_every_digit() {
        let text = |text: &str| Cell::Bytes(text.as_bytes().to_vec());
        check(
            Class::Number,
            text("10000000000000000.01"),
            "10000000000000000.01",
        );
        check(Class::Number, text("19.90"), "19.90");
        check(
            Class::Number,
            text("18446744073709551615"),
            "18446744073709551615",
        );
        check(Class::Number, text("-0.5"), "-0.5");
        check(Class::Number, text("000123"), "123");
        check(Class::Number, text("0"), "0");
        check(Class::Number, text("000"), "0");
        check(Class::Number, text("0.1"), "0.1");
        check(Class::Number, text("NaN"), "\"NaN\"");
        check(
            Class::Dynamic,
            Cell::Integer(i64::MIN),
            "-9223372036854775808",
        );
        check(Class::Dynamic, Cell::Real(0.1), "0.1");
        check(Class::Dynamic, Cell::Real(f64::INFINITY), "\"inf\"");
    }

    #[test]
    fn values_take_the_form_that_json_has_for_them() {
        let text = |text: &str| Cell::Bytes(text.as_bytes().to_vec());
        check(Class::Boolean, text("1"), "true");
        check(Class::Boolean, Cell::Integer(0), "false");
        check(Class::Boolean, Cell::Integer(7), "7");
        check(Class::Text, text("甲\"乙\n"), "\"甲\\\"乙\\n\"");
        check(
            Class::Moment,
            text("2026-03-01T12:00:00.000000"),
            "\"2026-03-01T12:00:00\"",
        );
        check(
            Class::Moment,
            text("2026-03-01T12:00:00.000000Z"),
            "\"2026-03-01T12:00:00Z\"",
        );
        check(
            Class::Moment,
            text("2026-03-01T12:00:00.120000"),
            "\"2026-03-01T12:00:00.120000\"",
        );
        check(
            Class::Moment,
            text("2026-03-01 12:00:00.0000000+08:00"),
            "\"2026-03-01T12:00:00+08:00\"",
        );
        check(Class::Bytes, Cell::Bytes(vec![0, 255]), "\"AP8=\"");
        check(Class::Dynamic, Cell::Bytes(b"abc".to_vec()), "\"YWJj\"");
        check(Class::Json, text("{\"a\": 1.10}"), "{\"a\": 1.10}");
        check(Class::Text, Cell::Null, "null");
    }
}
