//! Golden records: all of them, and as they were.

use tenon_core::{MasterId, Timestamp};
use uuid::Uuid;

use super::Sqlite;
use crate::golden::{VersionRow, version};
use crate::{GoldenRow, StoreError, Version, rows};

/// The columns of a version, with those of the message that made it.
macro_rules! select_versions {
    () => {
        "select h.version, h.at, h.golden, h.merged_into, h.message_id, j.attributes
         from golden_history h
         left join inbox i on i.message_id = h.message_id
         left join journal j on j.position = i.position"
    };
}

/// The version that held at a moment.
pub(super) async fn at(
    store: &Sqlite,
    id: MasterId,
    moment: Timestamp,
) -> Result<Option<Version>, StoreError> {
    let mut connection = store.read().await?;
    let found: Option<VersionRow> = sqlx::query_as(concat!(
        select_versions!(),
        " where h.master_id = $1 and h.at <= $2 order by h.version desc limit 1"
    ))
    .bind(id.0)
    .bind(moment.as_microsecond())
    .fetch_optional(&mut *connection)
    .await?;
    found.map(|row| version(id, row)).transpose()
}

/// The latest versions that are older than one, the newest first.
pub(super) async fn list(
    store: &Sqlite,
    id: MasterId,
    after: Option<i64>,
    limit: u32,
) -> Result<Vec<Version>, StoreError> {
    let mut connection = store.read().await?;
    let found: Vec<VersionRow> = sqlx::query_as(concat!(
        select_versions!(),
        " where h.master_id = $1 and h.version < $2 order by h.version desc limit $3"
    ))
    .bind(id.0)
    .bind(after.unwrap_or(i64::MAX))
    .bind(i64::from(limit))
    .fetch_all(&mut *connection)
    .await?;
    found.into_iter().map(|row| version(id, row)).collect()
}

/// The masters that are not merged, in the order of their ids.
pub(super) async fn masters(
    store: &Sqlite,
    after: Option<MasterId>,
    limit: u32,
) -> Result<Vec<GoldenRow>, StoreError> {
    let mut connection = store.read().await?;
    let found: Vec<(Uuid, i64, String, String)> = sqlx::query_as(
        "select master_id, version, golden, sources from golden
         where master_id > $1 and merged_into is null order by master_id limit $2",
    )
    .bind(after.map_or(Uuid::nil(), |id| id.0))
    .bind(i64::from(limit))
    .fetch_all(&mut *connection)
    .await?;
    let row = |(id, version, golden, sources): (Uuid, i64, String, String)| {
        rows::golden_row(id, version, &golden, &sources, None)
    };
    found.into_iter().map(row).collect()
}
