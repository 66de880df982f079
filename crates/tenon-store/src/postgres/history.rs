//! Golden records: all of them, and as they were.

use tenon_core::{MasterId, Timestamp};
use uuid::Uuid;

use super::Postgres;
use super::moment::Moment;
use crate::golden::version;
use crate::{GoldenRow, StoreError, Version, rows};

/// Version, time, golden record, survivor, message and its attributes.
type Row = (
    i64,
    Moment,
    String,
    Option<Uuid>,
    Option<Uuid>,
    Option<String>,
);

fn read(master_id: MasterId, row: Row) -> Result<Version, StoreError> {
    let (number, at, golden, merged_into, message_id, attributes) = row;
    let row = (number, at.0, golden, merged_into, message_id, attributes);
    version(master_id, row)
}

/// The columns of a version, with those of the message that made it.
macro_rules! select_versions {
    () => {
        "select h.version, h.at, h.golden::text, h.merged_into, h.message_id, j.attributes::text
         from golden_history h
         left join lateral (
             select position, journaled_at from inbox where message_id = h.message_id offset 0) i on true
         left join lateral (
             select attributes from journal
             where position = i.position and journaled_at = i.journaled_at offset 0) j on true"
    };
}

/// The version that held at a moment.
pub(super) async fn at(
    store: &Postgres,
    id: MasterId,
    moment: Timestamp,
) -> Result<Option<Version>, StoreError> {
    let mut connection = store.connection().await?;
    let found: Option<Row> = sqlx::query_as(concat!(
        select_versions!(),
        " where h.master_id = $1 and h.at <= $2 order by h.version desc limit 1"
    ))
    .bind(id.0)
    .bind(Moment::from(moment))
    .fetch_optional(&mut *connection)
    .await?;
    found.map(|row| read(id, row)).transpose()
}

/// The latest versions that are older than one, the newest first.
pub(super) async fn list(
    store: &Postgres,
    id: MasterId,
    after: Option<i64>,
    limit: u32,
) -> Result<Vec<Version>, StoreError> {
    let mut connection = store.connection().await?;
    let found: Vec<Row> = sqlx::query_as(concat!(
        select_versions!(),
        " where h.master_id = $1 and h.version < $2 order by h.version desc limit $3"
    ))
    .bind(id.0)
    .bind(after.unwrap_or(i64::MAX))
    .bind(i64::from(limit))
    .fetch_all(&mut *connection)
    .await?;
    found.into_iter().map(|row| read(id, row)).collect()
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
