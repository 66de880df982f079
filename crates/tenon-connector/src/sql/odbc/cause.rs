//! From what a driver reports to the four kinds of failure.

use odbc_api::Error;
use tenon_core::{Failure, FailureKind};

use super::super::cause::{mysql_kind, postgres_kind, sqlite_kind};
use super::behind::Product;

use FailureKind::{Configuration, Invalid, Transient};

/// The failure that an error means, while `doing` something.
pub(super) fn failure(error: &Error, product: Product, doing: &str) -> Failure {
    let Error::Diagnostics { record, .. } = error else {
        return Failure::transient("sql.unavailable", format!("{doing}: {error}"));
    };
    let (state, message) = (record.state.as_str(), told(&record.message));
    let detail = format!("{doing}: {message} ({state})");
    match kind(product, state, record.native_error, &message) {
        Transient => Failure::transient("sql.unavailable", detail),
        Invalid => Failure::invalid("sql.rejected", detail),
        _ => Failure::configuration("sql.refused", detail),
    }
}

/// The failure to connect.
pub(super) fn unconnected(error: &Error, doing: &str) -> Failure {
    let Error::Diagnostics { record, .. } = error else {
        return Failure::configuration("sql.address", format!("{doing}: {error}"));
    };
    let (state, message) = (record.state.as_str(), told(&record.message));
    let detail = format!("{doing}: cannot connect by ODBC: {message} ({state})");
    match state.get(..2).unwrap_or_default() {
        // No such data source or driver, or one that cannot be loaded.
        "IM" | "01" => Failure::configuration(
            "sql.address",
            format!("{detail}; `odbcinst -q -d` and `odbcinst -q -s` list what this machine has"),
        ),
        "28" | "3D" | "37" | "42" => Failure::configuration("sql.refused", detail),
        _ => Failure::transient("sql.unavailable", detail),
    }
}

/// What is told of a message: its first line. Behind it PostgreSQL's driver writes the values of the row.
fn told(message: &[u16]) -> String {
    let message = String::from_utf16_lossy(message);
    let line = message.lines().next().unwrap_or_default();
    line.trim_end_matches([';', ' ']).to_owned()
}

/// By the product's own number where it says more than the SQLSTATE, which is often a general one.
fn kind(product: Product, state: &str, native: i32, message: &str) -> FailureKind {
    match (product, native) {
        // The client's own: the server is away.
        (Product::MySql, 2000..3000) => Transient,
        (Product::MySql, 1..) => mysql_kind(u16::try_from(native).unwrap_or(0), state),
        (Product::Sqlite, 1..) => sqlite_kind(&native.to_string(), message),
        // A deadlock, and a lock that was waited for too long.
        (Product::SqlServer, 1205 | 1222) => Transient,
        // What a trigger or procedure raises by itself.
        (Product::SqlServer, 50_000..) | (Product::Oracle, 20_000..21_000) => Invalid,
        // Numbers and dates that cannot be read, values that are too large.
        (Product::Oracle, 1438 | 1722 | 1830..1900 | 12_899) => Invalid,
        (Product::Oracle, 942 | 904 | 1031) => Configuration,
        _ => match state.get(..2).unwrap_or_default() {
            // A limit of time, and what the driver has no better word for.
            "HY" if matches!(state, "HYT00" | "HYT01" | "HY000" | "HY008") => Transient,
            "45" | "75" => Invalid,
            _ => postgres_kind(state),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_values_of_a_row_are_not_told() {
        let said = "ERROR: duplicate key value;\nDETAIL: Key (no)=(7) already exists.;\nError while executing";
        let said: Vec<u16> = said.encode_utf16().collect();
        assert_eq!(told(&said), "ERROR: duplicate key value");
    }

    #[test]
    fn codes_mean_kinds() {
        for (product, state, native, expected) in [
            (Product::Postgres, "23505", 1, Invalid),
            (Product::Postgres, "42P01", 1, Configuration),
            (Product::Postgres, "57014", 1, Transient),
            (Product::MySql, "HY000", 1205, Transient),
            (Product::MySql, "23000", 1062, Invalid),
            (Product::MySql, "HY000", 2013, Transient),
            (Product::Sqlite, "HY000", 19, Invalid),
            (Product::Sqlite, "HY000", 5, Transient),
            (Product::SqlServer, "40001", 1205, Transient),
            (Product::SqlServer, "23000", 2627, Invalid),
            (Product::SqlServer, "42S02", 208, Configuration),
            (Product::SqlServer, "42000", 50_000, Invalid),
            (Product::Oracle, "HY000", 12_899, Invalid),
            (Product::Oracle, "HY000", 60, Transient),
            (Product::Oracle, "HY000", 942, Configuration),
            (Product::Other, "08S01", 0, Transient),
            (Product::Other, "HYT00", 0, Transient),
            (Product::Other, "HYC00", 0, Configuration),
            (Product::Other, "22003", 0, Invalid),
        ] {
            let found = kind(product, state, native, "");
            assert_eq!(found, expected, "{product:?} {state} {native}");
        }
    }
}
