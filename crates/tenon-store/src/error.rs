//! What a database error means for the caller. The only place that reads SQLSTATEs and result codes.

use sqlx::error::DatabaseError;
use sqlx::migrate::MigrateError;

use crate::StoreError;

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        use sqlx::Error as Sql;
        match &error {
            Sql::Database(database) => from_database(database.as_ref()),
            Sql::Io(_) | Sql::PoolTimedOut | Sql::PoolClosed | Sql::WorkerCrashed => {
                Self::Unavailable(error.to_string())
            }
            // A connection that broke in the middle of an answer, or in the middle of a beginning.
            Sql::Protocol(_) | Sql::BeginFailed => Self::Unavailable(error.to_string()),
            Sql::Tls(_) | Sql::Configuration(_) => Self::Refused(error.to_string()),
            _ => Self::Bug(error.to_string()),
        }
    }
}

impl From<MigrateError> for StoreError {
    fn from(error: MigrateError) -> Self {
        match error {
            MigrateError::Execute(error) => error.into(),
            MigrateError::ExecuteMigration(error, version) => in_migration(error.into(), version),
            MigrateError::VersionMissing(version) => Self::Refused(format!(
                "the tables have schema version {version}, which is newer than this program; use the \
                 release that made them, or a later one"
            )),
            MigrateError::VersionMismatch(version) => Self::Refused(format!(
                "the tables were made by another edition of schema version {version}; use the release \
                 that made them, or a fresh database"
            )),
            other => Self::Refused(format!("the tables cannot be migrated: {other}")),
        }
    }
}

fn in_migration(error: StoreError, version: i64) -> StoreError {
    let place = |detail| format!("schema version {version}: {detail}");
    match error {
        StoreError::Conflict(detail) => StoreError::Conflict(place(detail)),
        StoreError::Unavailable(detail) => StoreError::Unavailable(place(detail)),
        StoreError::Refused(detail) => StoreError::Refused(place(detail)),
        StoreError::Unfit(detail) => StoreError::Unfit(place(detail)),
        StoreError::Bug(detail) => StoreError::Bug(place(detail)),
    }
}

fn from_database(error: &dyn DatabaseError) -> StoreError {
    let code = error.code().unwrap_or_default();
    if error
        .try_downcast_ref::<sqlx::postgres::PgDatabaseError>()
        .is_some()
    {
        postgres(&code, error)
    } else {
        sqlite(&code, error)
    }
}

/// Reads a SQLSTATE (PostgreSQL documentation, appendix A).
fn postgres(code: &str, error: &dyn DatabaseError) -> StoreError {
    let words = format!("{} ({code})", error.message());
    match code {
        // A unique key, or a link or key that an `on conflict` clause found with another master.
        "23505" | "23502" => StoreError::Conflict(conflict(error.table(), error.message())),
        // Serialisation failure, deadlock, lock not available: the other one went first.
        "40001" | "40P01" | "55P03" => StoreError::Conflict(words),
        "42P01" | "42703" | "3F000" => StoreError::Refused(format!(
            "{words}; the tables are missing or older than this program: run `tenon migrate`"
        )),
        // A standby after a failover; a transaction that stood still for too long; a statement that
        // an administrator ended.
        "25006" | "25P03" | "57014" => StoreError::Unavailable(words),
        "42501" | "3D000" => StoreError::Refused(words),
        _ => match code.get(..2) {
            // A value that its type or an index cannot hold.
            Some("22" | "54") => StoreError::Unfit(words),
            // Connection, resources (disk, memory, connections), operator, system.
            Some("08" | "53" | "57" | "58") => StoreError::Unavailable(words),
            Some("28") => StoreError::Refused(words),
            _ => StoreError::Bug(words),
        },
    }
}

/// Reads an extended result code (SQLite documentation, "Result and Error Codes").
fn sqlite(code: &str, error: &dyn DatabaseError) -> StoreError {
    let number: i32 = code.parse().unwrap_or_default();
    let words = format!("{} ({code})", error.message());
    match number & 0xff {
        // BUSY, LOCKED, NOMEM, IOERR, FULL.
        5 | 6 | 7 | 10 | 13 => StoreError::Unavailable(words),
        // CONSTRAINT by primary key, unique index, not null.
        19 if matches!(number, 1555 | 2067 | 1299) => {
            let column = error.message().rsplit(": ").next();
            let table = column.and_then(|column| column.split('.').next());
            StoreError::Conflict(conflict(table, error.message()))
        }
        // TOOBIG.
        18 => StoreError::Unfit(words),
        // PERM, READONLY, CORRUPT, CANTOPEN, AUTH, NOTADB.
        3 | 8 | 11 | 14 | 23 | 26 => StoreError::Refused(words),
        1 if error.message().starts_with("no such") => StoreError::Refused(format!(
            "{words}; the tables are missing or older than this program: run `tenon migrate`"
        )),
        _ => StoreError::Bug(words),
    }
}

fn conflict(table: Option<&str>, message: &str) -> String {
    let words = match table {
        Some("inbox") => "a message of the batch is in the inbox already",
        Some("crosswalk") => "a native id is linked to another master",
        Some("golden" | "golden_history") => "a golden record has another version",
        Some("claim") => "a claim was changed meanwhile",
        Some("account") => "there is an account of this name already",
        Some("api_token") => "there is or was a token of this name; choose another",
        Some("master_key") => "a key is claimed by another master",
        _ => message,
    };
    words.to_owned()
}

/// Stored text that this program did not write so.
pub(crate) fn unreadable(what: &str, reason: impl std::fmt::Display) -> StoreError {
    StoreError::Bug(format!("{what} in the database cannot be read: {reason}"))
}
