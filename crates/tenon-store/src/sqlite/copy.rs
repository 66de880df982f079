//! Copies of the file, made while it is used.

use std::path::Path;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection, SqliteConnection};

use super::place;
use crate::StoreError;

/// Copies a database to a file that is not there yet, as of one moment, while others use it: the
/// store, and the embedded queues that share its file.
///
/// # Errors
/// `Refused` when `from` is no database or `to` is there; `Unavailable` when either cannot be read
/// or written: what stands at `to` is then to be removed.
pub async fn copy_sqlite(from: &Path, to: &Path) -> Result<(), StoreError> {
    let mut connection = open(from).await?;
    let copied = sqlx::query("vacuum into ?")
        .bind(to.display().to_string())
        .execute(&mut connection)
        .await;
    connection
        .close()
        .await
        .map_err(|error| place(error, from))?;
    copied.map(drop).map_err(|error| place(error, to))
}

/// Whether a file is whole and a store's: how many messages its journal holds.
///
/// # Errors
/// `Refused` with what is wrong with it.
pub async fn check_sqlite(file: &Path) -> Result<u64, StoreError> {
    let mut connection = open(file).await?;
    let found: String = sqlx::query_scalar("pragma quick_check(1)")
        .fetch_one(&mut connection)
        .await
        .map_err(|error| place(error, file))?;
    if found != "ok" {
        return Err(StoreError::Refused(format!(
            "{}: is damaged: {found}",
            file.display()
        )));
    }
    let counted = sqlx::query_scalar::<_, i64>("select count(*) from journal")
        .fetch_one(&mut connection)
        .await;
    connection
        .close()
        .await
        .map_err(|error| place(error, file))?;
    counted.map(i64::unsigned_abs).map_err(|error| {
        StoreError::Refused(format!(
            "{}: holds no journal, so it is no copy of a store: {error}",
            file.display()
        ))
    })
}

async fn open(file: &Path) -> Result<SqliteConnection, StoreError> {
    let options = SqliteConnectOptions::new().filename(file).read_only(true);
    SqliteConnection::connect_with(&options)
        .await
        .map_err(|error| place(error, file))
}
