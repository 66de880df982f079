//! Golden records: all of them, and as they were.

use tenon_core::{MasterId, Timestamp};
use uuid::Uuid;

use super::Postgres;
use super::moment::Moment;
use crate::golden::version;
use crate::{GoldenRow, StoreError, Version, rows};

/// The version that held at a moment.
pub(super) async fn at(
    store: &Postgres,
    id: MasterId,
    moment: Timestamp,
) -> Result<Option<Version>, StoreError> {
    let mut connection = store.connection().await?;
    let found: Option<(i64, Moment, String, Option<Uuid>)> = sqlx::query_as(
        "select version, at, golden::text, merged_into from golden_history
         where master_id = $1 and at <= $2 order by version desc limit 1",
    )
    .bind(id.0)
    .bind(Moment::from(moment))
    .fetch_optional(&mut *connection)
    .await?;
    found
        .map(|row| version(id, (row.0, row.1.0, row.2, row.3)))
        .transpose()
}

/// The latest versions, the newest first.
pub(super) async fn list(
    store: &Postgres,
    id: MasterId,
    limit: u32,
) -> Result<Vec<Version>, StoreError> {
    let mut connection = store.connection().await?;
    let found: Vec<(i64, Moment, String, Option<Uuid>)> = sqlx::query_as(
        "select version, at, golden::text, merged_into from golden_history
         where master_id = $1 order by version desc limit $2",
    )
    .bind(id.0)
    .bind(i64::from(limit))
    .fetch_all(&mut *connection)
    .await?;
    found
        .into_iter()
        .map(|row| version(id, (row.0, row.1.0, row.2, row.3)))
        .collect()
}

/// The masters that are not merged, in the order of their ids.
pub(super) async fn masters(
    store: &Postgres,
    after: Option<MasterId>,
    limit: u32,
) -> Result<Vec<GoldenRow>, StoreError> {
    let mut connection = store.connection().await?;
    let found: Vec<(Uuid, i64, String, String)> = sqlx::query_as(
        "select master_id, version, golden::text, sources::text from golden
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
