//! From what a database reports to the four kinds of failure.

use sqlx::mysql::MySqlDatabaseError;
use sqlx::sqlite::SqliteError;
use tenon_core::{Failure, FailureKind};

use FailureKind::{Configuration, Invalid, Transient};

/// The failure that an error means, while `doing` something.
pub(super) fn failure(error: &sqlx::Error, doing: &str) -> Failure {
    let detail = |advice: &str| format!("{doing}: {error}{advice}");
    match error {
        sqlx::Error::Database(reported) => {
            let code = reported.code().unwrap_or_default().into_owned();
            let (kind, number) =
                if let Some(mysql) = reported.try_downcast_ref::<MySqlDatabaseError>() {
                    (
                        mysql_kind(mysql.number(), &code),
                        mysql.number().to_string(),
                    )
                } else if reported.try_downcast_ref::<SqliteError>().is_some() {
                    (sqlite_kind(&code, reported.message()), code.clone())
                } else {
                    (postgres_kind(&code), code.clone())
                };
            let said = reported.message();
            let detail = match number.as_str() {
                "" => format!("{doing}: {said}"),
                number => format!("{doing}: {said} ({number})"),
            };
            match kind {
                Transient => Failure::transient("sql.unavailable", detail),
                Invalid => Failure::invalid("sql.rejected", detail),
                _ => Failure::configuration("sql.refused", detail),
            }
        }
        sqlx::Error::Configuration(_) => Failure::configuration(
            "sql.address",
            detail("; check the url in the connector file"),
        ),
        sqlx::Error::Tls(_) => Failure::configuration(
            "sql.tls",
            detail("; check the certificates and the url's sslmode"),
        ),
        sqlx::Error::Encode(_) => Failure::invalid("sql.value", detail("")),
        sqlx::Error::Decode(_)
        | sqlx::Error::ColumnDecode { .. }
        | sqlx::Error::ColumnNotFound(_)
        | sqlx::Error::ColumnIndexOutOfBounds { .. }
        | sqlx::Error::TypeNotFound { .. } => Failure::configuration("sql.column", detail("")),
        _ => Failure::transient("sql.unavailable", detail("")),
    }
}

/// By SQLSTATE class, as the manual's appendix on error codes groups them.
pub(super) fn postgres_kind(code: &str) -> FailureKind {
    match code {
        // Two statements that spoil each other, or a server that goes down or is full.
        "40001" | "40P01" | "55P03" | "57014" => Transient,
        // Too few arguments and the like are defects of a statement, not of a row.
        _ => match code.get(..2).unwrap_or_default() {
            "08" | "25" | "40" | "53" | "55" | "57" | "58" | "XX" => Transient,
            "21" | "22" | "23" | "44" | "P0" | "27" | "09" => Invalid,
            _ => Configuration,
        },
    }
}

/// By error number where the number says more than the SQLSTATE, which is often a general one.
pub(super) fn mysql_kind(number: u16, state: &str) -> FailureKind {
    match number {
        1021
        | 1040
        | 1053
        | 1114
        | 1158..=1161
        | 1203
        | 1205
        | 1213
        | 1226
        | 1317
        | 1927
        | 1969
        | 2006
        | 2013
        | 3024 => Transient,
        1044 | 1045 | 1049 | 1054 | 1064 | 1109 | 1142 | 1143 | 1146 | 1227 | 1290 | 1370
        | 1698 => Configuration,
        _ => match state.get(..2).unwrap_or_default() {
            "08" | "40" => Transient,
            "28" | "3D" | "42" => Configuration,
            // What remains under HY000 and 01000 are values that a column does not take.
            _ => Invalid,
        },
    }
}

/// By the primary result code: the low byte of the extended one.
pub(super) fn sqlite_kind(code: &str, message: &str) -> FailureKind {
    match code.parse::<u32>().unwrap_or(1) & 0xff {
        // Busy, locked, interrupted, out of memory, input or output, full, changed schema.
        5 | 6 | 7 | 9 | 10 | 13 | 15 | 17 => Transient,
        // Too big, constraint, mismatch.
        18..=20 => Invalid,
        // A trigger's RAISE says so by a constraint; `malformed JSON` is a row's own fault.
        1 if message.contains("malformed JSON") => Invalid,
        _ => Configuration,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_mean_kinds() {
        let check = |found: FailureKind, expected: FailureKind, code: &str| {
            assert_eq!(found, expected, "{code}");
        };
        for (code, expected) in [
            ("40P01", Transient),
            ("40001", Transient),
            ("57P03", Transient),
            ("53300", Transient),
            ("08006", Transient),
            ("23505", Invalid),
            ("22P02", Invalid),
            ("P0001", Invalid),
            ("42P01", Configuration),
            ("42501", Configuration),
            ("28P01", Configuration),
            ("3D000", Configuration),
        ] {
            check(postgres_kind(code), expected, code);
        }
        for (number, state, expected) in [
            (1213, "40001", Transient),
            (1205, "HY000", Transient),
            (1062, "23000", Invalid),
            (1366, "22007", Invalid),
            (1048, "23000", Invalid),
            (4025, "23000", Invalid),
            (1644, "45000", Invalid),
            (1146, "42S02", Configuration),
            (1045, "28000", Configuration),
        ] {
            check(mysql_kind(number, state), expected, state);
        }
        for (code, message, expected) in [
            ("5", "database is locked", Transient),
            ("517", "database is locked", Transient),
            ("2067", "UNIQUE constraint failed: a.b", Invalid),
            ("1", "no such table: a", Configuration),
            ("14", "unable to open database file", Configuration),
            ("1", "malformed JSON", Invalid),
        ] {
            check(sqlite_kind(code, message), expected, code);
        }
    }

    #[test]
    fn what_never_reached_the_database_may_work_later() {
        let lost = sqlx::Error::Io(std::io::ErrorKind::ConnectionReset.into());
        assert_eq!(failure(&lost, "reading orders").kind, Transient);
        let slow = failure(&sqlx::Error::PoolTimedOut, "reading orders");
        assert_eq!(slow.kind, Transient);
        assert!(slow.detail.starts_with("reading orders: "), "{slow}");
    }
}
