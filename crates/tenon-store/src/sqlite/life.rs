//! Where customers stand, and when they last bought.

use std::collections::HashMap;

use sqlx::SqliteConnection;
use tenon_core::{MasterId, Timestamp};
use uuid::Uuid;

use super::bulk::Bulk;
use super::known::identifiers;
use super::{Sqlite, Transaction};
use crate::golden::{lives_in_order, stage_name, stage_named};
use crate::rows::timestamp;
use crate::{Life, StoreError};

const LIVES: Bulk = Bulk {
    head: "insert into life (master_id, stage, active_at)",
    columns: 3,
    tail: "on conflict (master_id) do update
           set stage = coalesce(excluded.stage, life.stage),
               active_at = max(excluded.active_at, life.active_at)",
};

/// Writes what is known of customers; an earlier purchase than the one that is known changes nothing.
pub(super) async fn write(transaction: &mut Transaction, lives: &[Life]) -> Result<(), StoreError> {
    let lives: Vec<Life> = lives_in_order(lives).collect();
    LIVES
        .insert(transaction, &lives, |statement, life| {
            statement
                .bind(life.master_id.0)
                .bind(life.stage.map(stage_name))
                .bind(life.active_at.as_microsecond())
        })
        .await?;
    Ok(())
}

/// When customers last bought.
pub(super) async fn of(
    connection: &mut SqliteConnection,
    masters: impl Iterator<Item = Uuid>,
) -> Result<HashMap<MasterId, Timestamp>, StoreError> {
    let found: Vec<(Uuid, i64)> = sqlx::query_as(
        "select l.master_id, l.active_at from json_each($1) given
         cross join life l on l.master_id = unhex(given.value)",
    )
    .bind(identifiers(masters))
    .fetch_all(connection)
    .await?;
    let found = found.into_iter();
    found
        .map(|(master, active)| Ok((MasterId(master), timestamp(active)?)))
        .collect()
}

/// Customers who signed and have not bought since a time, the longest first.
pub(super) async fn idle(
    store: &Sqlite,
    before: Timestamp,
    limit: u32,
) -> Result<Vec<Life>, StoreError> {
    let mut connection = store.read().await?;
    let found: Vec<(Uuid, String, i64)> = sqlx::query_as(
        "select master_id, stage, active_at from life
         where stage in ('signed', 'in_service') and active_at < $1 order by active_at limit $2",
    )
    .bind(before.as_microsecond())
    .bind(i64::from(limit))
    .fetch_all(&mut *connection)
    .await?;
    let found = found.into_iter();
    found
        .map(|(master, stage, active)| {
            Ok(Life {
                master_id: MasterId(master),
                stage: stage_named(&stage),
                active_at: timestamp(active)?,
            })
        })
        .collect()
}
