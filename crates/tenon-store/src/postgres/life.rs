//! Where customers stand, and when they last bought.

use std::collections::HashMap;

use sqlx::PgConnection;
use tenon_core::{MasterId, Timestamp};
use uuid::Uuid;

use super::moment::Moment;
use super::{Postgres, Transaction};
use crate::golden::{lives_in_order, stage_name, stage_named};
use crate::rows::timestamp;
use crate::{Life, StoreError};

/// Writes what is known of customers; an earlier purchase than the one that is known changes nothing.
pub(super) async fn write(transaction: &mut Transaction, lives: &[Life]) -> Result<(), StoreError> {
    if lives.is_empty() {
        return Ok(());
    }
    let (mut masters, mut stages, mut active) = (Vec::new(), Vec::new(), Vec::new());
    for life in lives_in_order(lives) {
        masters.push(life.master_id.0);
        stages.push(life.stage.map(stage_name));
        active.push(Moment::from(life.active_at));
    }
    sqlx::query(
        "insert into life (master_id, stage, active_at)
         select * from unnest($1::uuid[], $2::text[], $3::timestamptz[])
         on conflict (master_id) do update
         set stage = coalesce(excluded.stage, life.stage),
             active_at = greatest(excluded.active_at, life.active_at)",
    )
    .bind(masters)
    .bind(stages)
    .bind(active)
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

/// When customers last bought.
pub(super) async fn of(
    connection: &mut PgConnection,
    masters: impl Iterator<Item = Uuid>,
) -> Result<HashMap<MasterId, Timestamp>, StoreError> {
    let found: Vec<(Uuid, Moment)> =
        sqlx::query_as("select master_id, active_at from life where master_id = any($1)")
            .bind(masters.collect::<Vec<_>>())
            .fetch_all(connection)
            .await?;
    let found = found.into_iter();
    found
        .map(|(master, active)| Ok((MasterId(master), timestamp(active.0)?)))
        .collect()
}

/// Customers who signed and have not bought since a time, the longest first.
pub(super) async fn idle(
    store: &Postgres,
    before: Timestamp,
    limit: u32,
) -> Result<Vec<Life>, StoreError> {
    let mut connection = store.connection().await?;
    let found: Vec<(Uuid, String, Moment)> = sqlx::query_as(
        "select master_id, stage, active_at from life
         where stage in ('signed', 'in_service') and active_at < $1 order by active_at limit $2",
    )
    .bind(Moment::from(before))
    .bind(i64::from(limit))
    .fetch_all(&mut *connection)
    .await?;
    let found = found.into_iter();
    found
        .map(|(master, stage, active)| {
            Ok(Life {
                master_id: MasterId(master),
                stage: stage_named(&stage),
                active_at: timestamp(active.0)?,
            })
        })
        .collect()
}
