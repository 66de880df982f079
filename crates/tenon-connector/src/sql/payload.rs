//! From a payload's JSON to the values of a row, exactly.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use tenon_core::Failure;

use super::config::Outflow;
use super::dialect::{Argument, Dialect, Relation};
use super::table::{Affinity, Class, Column, find, unknown};

/// A table that is written, with its columns.
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub(super) dialect: Dialect,
    pub(super) table: Relation,
    pub(super) columns: Vec<Column>,
    /// The columns of the key.
    pub(super) key: Vec<usize>,
}

/// The values of one row by the index of their column, in the order of the columns.
pub(super) type Values<'p> = Vec<(usize, &'p str)>;

/// A payload, read against its target.
#[derive(Debug, Clone)]
pub(super) struct Parsed<'p> {
    pub(super) values: Values<'p>,
    /// Its key's texts.
    pub(super) key: Vec<String>,
    /// The rows of the second table; `None` when the payload does not speak of them.
    pub(super) lines: Option<Vec<Values<'p>>>,
}

impl Parsed<'_> {
    /// The indices of the columns that have values.
    pub(super) fn shape(values: &Values<'_>) -> Vec<usize> {
        values.iter().map(|(column, _)| *column).collect()
    }
}

/// Fields in the order of their text; values untouched.
struct Fields<'p>(Vec<(String, &'p RawValue)>);

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Fields<'de>;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::new();
                while let Some(entry) = entries.next_entry()? {
                    fields.push(entry);
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

/// Reads a payload as a row of `target` and rows of `lines`.
///
/// # Errors
/// `Configuration` when a field has no column; `Invalid` when the payload itself is at fault.
pub(super) fn read<'p>(
    payload: &'p [u8],
    outflow: &Outflow,
    target: &Target,
    lines_target: Option<&Target>,
) -> Result<Parsed<'p>, Failure> {
    let shown = target.table.shown();
    let invalid = |detail: String| Failure::invalid("sql.payload", detail);
    let fields: Fields<'p> = serde_json::from_slice(payload)
        .map_err(|error| invalid(format!("a row of {shown} is a flat JSON object: {error}")))?;
    let mut lines = None;
    let mut values = Values::with_capacity(fields.0.len());
    for (name, raw) in fields.0 {
        match (&outflow.lines, lines_target) {
            (Some(plan), Some(_)) if plan.field == name => lines = Some(raw),
            _ => place(target, &name, raw, &mut values)?,
        }
    }
    values.sort_by_key(|(column, _)| *column);
    let mut key = Vec::with_capacity(target.key.len());
    for column in &target.key {
        key.push(key_text(target, &values, *column)?);
    }
    let lines = match (&outflow.lines, lines_target, lines) {
        (Some(plan), Some(lines_target), Some(raw)) => {
            let parents: Vec<(usize, &str)> = plan
                .parent
                .iter()
                .zip(&target.key)
                .filter_map(|(name, own)| {
                    let column = find(lines_target.dialect, &lines_target.columns, name)?;
                    let (_, raw) = values.iter().find(|(column, _)| column == own)?;
                    Some((column, *raw))
                })
                .collect();
            read_lines(raw, &plan.field, lines_target, &parents)?
        }
        _ => None,
    };
    Ok(Parsed { values, key, lines })
}

fn read_lines<'p>(
    raw: &'p RawValue,
    field: &str,
    target: &Target,
    parents: &[(usize, &'p str)],
) -> Result<Option<Vec<Values<'p>>>, Failure> {
    let invalid = |detail: String| Failure::invalid("sql.payload", detail);
    if raw.get().trim() == "null" {
        return Ok(None);
    }
    let elements: Vec<Fields<'p>> = serde_json::from_str(raw.get())
        .map_err(|error| invalid(format!("`{field}` is a list of flat JSON objects: {error}")))?;
    let mut lines = Vec::with_capacity(elements.len());
    for fields in elements {
        let mut values: Values<'p> = parents.to_vec();
        for (name, raw) in fields.0 {
            let column = find(target.dialect, &target.columns, &name);
            // The record's key is the parent, whatever the line says.
            if !parents.iter().any(|(parent, _)| Some(*parent) == column) {
                place(target, &name, raw, &mut values)?;
            }
        }
        values.sort_by_key(|(column, _)| *column);
        for column in &target.key {
            key_text(target, &values, *column)?;
        }
        lines.push(values);
    }
    Ok(Some(lines))
}

fn place<'p>(
    target: &Target,
    name: &str,
    raw: &'p RawValue,
    values: &mut Values<'p>,
) -> Result<(), Failure> {
    let column = find(target.dialect, &target.columns, name)
        .ok_or_else(|| unknown(&target.columns, &target.table, name))?;
    if values.iter().any(|(other, _)| *other == column) {
        let detail = format!("the payload has field `{name}` twice");
        return Err(Failure::invalid("sql.payload", detail));
    }
    values.push((column, raw.get()));
    Ok(())
}

fn key_text(target: &Target, values: &Values<'_>, column: usize) -> Result<String, Failure> {
    let name = &target.columns[column].name;
    let raw = values
        .iter()
        .find(|(other, _)| *other == column)
        .map_or("null", |(_, raw)| *raw);
    let text = match raw.chars().next() {
        Some('"') => unquoted(raw)?,
        Some('-' | '0'..='9') => raw.to_owned(),
        _ => String::new(),
    };
    if text.is_empty() {
        let detail = format!(
            "the payload has no value for `{name}`, which is of the key of {}",
            target.table.shown()
        );
        return Err(Failure::invalid("sql.payload", detail));
    }
    Ok(text)
}

/// The text that a JSON string means.
pub(super) fn unquoted(raw: &str) -> Result<String, Failure> {
    serde_json::from_str(raw).map_err(|error| {
        Failure::invalid("sql.payload", format!("a string in the payload: {error}"))
    })
}

/// A value as MySQL, SQLite and ODBC take it. PostgreSQL reads the payload's JSON itself.
///
/// # Errors
/// `Invalid` when the column could not hold the value as it is.
pub(super) fn argument(target: &Target, column: usize, raw: &str) -> Result<Argument, Failure> {
    let column = &target.columns[column];
    if let Some(binding) = column.binding {
        return binding.argument(&column.name, raw);
    }
    let invalid = |detail: String| Failure::invalid("sql.value", detail);
    Ok(match raw.chars().next() {
        Some('n') => Argument::Null,
        Some('t') => Argument::Integer(1),
        Some('f') => Argument::Integer(0),
        Some('"') if column.class == Class::Json => Argument::Text(raw.to_owned()),
        Some('"') => {
            let text = unquoted(raw)?;
            let declared_blob =
                target.dialect == Dialect::Sqlite && column.sql_type.contains("BLOB");
            match column.class {
                Class::Bytes => Argument::Bytes(decoded(&text, &column.name)?),
                _ if declared_blob => Argument::Bytes(decoded(&text, &column.name)?),
                Class::Moment if target.dialect == Dialect::MySql => {
                    Argument::Text(mysql_moment(&text))
                }
                Class::Number if column.sql_type == "BIT" => match text.parse() {
                    Ok(bits) => Argument::Integer(bits),
                    Err(_) => return Err(invalid(format!("`{}` takes a number", column.name))),
                },
                _ => Argument::Text(text),
            }
        }
        Some('{' | '[') => Argument::Text(raw.to_owned()),
        _ => match target.dialect {
            Dialect::Sqlite => sqlite_number(column, raw)?,
            _ if column.sql_type == "BIT" => match raw.parse() {
                Ok(bits) => Argument::Integer(bits),
                Err(_) => return Err(invalid(format!("`{}` takes a whole number", column.name))),
            },
            // As text the server reads it digit by digit into the column's own type.
            _ => Argument::Text(raw.to_owned()),
        },
    })
}

/// The bytes that a payload gives in base64.
pub(super) fn decoded(text: &str, name: &str) -> Result<Vec<u8>, Failure> {
    STANDARD.decode(text).map_err(|error| {
        Failure::invalid(
            "sql.value",
            format!("`{name}` holds bytes, given in base64: {error}"),
        )
    })
}

/// MySQL has no notation for `T…Z`; its sessions here are in UTC.
fn mysql_moment(text: &str) -> String {
    match text.parse::<jiff::Timestamp>() {
        Ok(moment) => moment.strftime("%Y-%m-%d %H:%M:%S%.6f").to_string(),
        Err(_) => text.to_owned(),
    }
}

/// SQLite holds numbers as 64-bit integers or binary floating point, text as it is.
fn sqlite_number(column: &Column, raw: &str) -> Result<Argument, Failure> {
    if column.affinity == Affinity::Text {
        return Ok(Argument::Text(raw.to_owned()));
    }
    if let Ok(integer) = raw.parse::<i64>() {
        return Ok(Argument::Integer(integer));
    }
    let real: f64 = raw.parse().unwrap_or(f64::NAN);
    if same_number(raw, real) {
        return Ok(Argument::Real(real));
    }
    Err(Failure::invalid(
        "sql.value",
        format!(
            "`{}` would hold {raw} as {}; declare the column TEXT to keep every digit",
            column.name,
            super::record::real(real)
        ),
    ))
}

/// Whether binary floating point gives back the number that was written.
pub(super) fn same_number(raw: &str, real: f64) -> bool {
    let decimal = |text: &str| {
        text.parse::<rust_decimal::Decimal>()
            .or_else(|_| rust_decimal::Decimal::from_scientific(text))
    };
    match (decimal(raw), decimal(&super::record::real(real))) {
        (Ok(written), Ok(kept)) => written == kept,
        // Beyond 28 digits nothing is exact but what is written the same.
        _ => raw == super::record::real(real),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tenon_core::FailureKind;

    use super::super::config::LinesPlan;
    use super::*;

    fn target(dialect: Dialect, table: &str, names: &[&str], key: &[usize]) -> Target {
        let columns = names
            .iter()
            .map(|name| Column::new(*name, Class::Other))
            .collect();
        Target {
            dialect,
            table: Relation::Table(vec![table.to_owned()]),
            columns,
            key: key.to_vec(),
        }
    }

    fn outflow() -> Outflow {
        Outflow {
            table: Relation::Table(vec!["orders".to_owned()]),
            key: vec!["no".to_owned()],
            insert_only: false,
            lines: Some(LinesPlan {
                field: "lines".to_owned(),
                table: Relation::Table(vec!["line".to_owned()]),
                key: vec!["pos".to_owned()],
                parent: vec!["order_no".to_owned()],
            }),
        }
    }

    fn check(payload: &str, expected: Result<&str, (FailureKind, &str)>) {
        let orders = target(Dialect::Postgres, "orders", &["no", "total"], &[0]);
        let lines = target(
            Dialect::Postgres,
            "line",
            &["order_no", "pos", "qty"],
            &[0, 1],
        );
        match (
            read(payload.as_bytes(), &outflow(), &orders, Some(&lines)),
            expected,
        ) {
            (Ok(parsed), Ok(expected)) => {
                let found = format!("{:?} {:?} {:?}", parsed.values, parsed.key, parsed.lines);
                assert_eq!(found, expected);
            }
            (Err(failure), Err((kind, expected))) => {
                assert_eq!(failure.kind, kind, "{failure}");
                assert!(failure.detail.contains(expected), "{failure}");
            }
            (found, _) => panic!("{payload}: {found:?}"),
        }
    }

    #[test]
    fn payloads_become_rows() {
        check(
            r#"{"total":10000000000000000.01,"no":"A"}"#,
            Ok(r#"[(0, "\"A\""), (1, "10000000000000000.01")] ["A"] None"#),
        );
        check(
            r#"{"no":7,"lines":[{"pos":1,"order_no":9,"qty":0.10}]}"#,
            Ok(r#"[(0, "7")] ["7"] Some([[(0, "7"), (1, "1"), (2, "0.10")]])"#),
        );
        check(r#"{"no":7,"lines":null}"#, Ok(r#"[(0, "7")] ["7"] None"#));
        check(r#"{"no":7,"lines":[]}"#, Ok(r#"[(0, "7")] ["7"] Some([])"#));
    }

    #[test]
    fn what_does_not_fit_is_named() {
        check("[1]", Err((FailureKind::Invalid, "flat JSON object")));
        check(r#"{"no":1,"no":2}"#, Err((FailureKind::Invalid, "twice")));
        check(
            r#"{"total":1}"#,
            Err((FailureKind::Invalid, "`no`, which is of the key of orders")),
        );
        check(
            r#"{"no":null}"#,
            Err((FailureKind::Invalid, "no value for `no`")),
        );
        check(
            r#"{"no":1,"totl":1}"#,
            Err((FailureKind::Configuration, "did you mean `total`?")),
        );
        check(
            r#"{"no":1,"lines":{}}"#,
            Err((FailureKind::Invalid, "list of flat JSON objects")),
        );
        check(
            r#"{"no":1,"lines":[{"qty":1}]}"#,
            Err((FailureKind::Invalid, "no value for `pos`")),
        );
    }

    #[test]
    fn sqlite_refuses_what_it_would_change() {
        let check = |affinity, raw: &str, expected: Option<Argument>| {
            let column = Column {
                affinity,
                ..Column::new("n", Class::Dynamic)
            };
            assert_eq!(sqlite_number(&column, raw).ok(), expected, "{raw}");
        };
        check(Affinity::Numeric, "19.90", Some(Argument::Real(19.9)));
        check(Affinity::Numeric, "0.1", Some(Argument::Real(0.1)));
        check(
            Affinity::Numeric,
            "9223372036854775807",
            Some(Argument::Integer(i64::MAX)),
        );
        check(Affinity::Numeric, "1e3", Some(Argument::Real(1000.0)));
        check(Affinity::Numeric, "10000000000000000.01", None);
        check(Affinity::Numeric, "12345678901234567890123", None);
        check(
            Affinity::Text,
            "10000000000000000.01",
            Some(Argument::Text("10000000000000000.01".to_owned())),
        );
    }

    #[test]
    fn moments_lose_their_zone_for_mysql_alone() {
        assert_eq!(
            mysql_moment("2026-03-01T20:00:00+08:00"),
            "2026-03-01 12:00:00.000000"
        );
        assert_eq!(mysql_moment("2026-03-01 12:00:00"), "2026-03-01 12:00:00");
        assert_eq!(mysql_moment("2026-03-01"), "2026-03-01");
    }

    proptest! {
        #[test]
        fn any_text_is_a_row_or_a_failure(payload in "\\PC{0,60}") {
            let orders = target(Dialect::Sqlite, "orders", &["no", "total"], &[0]);
            if let Ok(parsed) = read(payload.as_bytes(), &outflow(), &orders, None) {
                prop_assert!(!parsed.key[0].is_empty());
            }
        }
    }
}
