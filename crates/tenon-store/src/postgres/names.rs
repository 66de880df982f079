//! What masters are called, for who looks for them by a part of it.

use std::collections::BTreeMap;

use sqlx::Executor;
use tenon_core::MasterId;
use uuid::Uuid;

use super::{Postgres, SWEEP, Transaction};
use crate::{StoreError, names};

pub(super) async fn keep(
    transaction: &mut Transaction,
    names: BTreeMap<Uuid, Option<String>>,
) -> Result<(), StoreError> {
    if names.is_empty() {
        return Ok(());
    }
    let (mut called, mut lines, mut gone) = (Vec::new(), Vec::new(), Vec::new());
    for (master, names) in names {
        match names {
            Some(names) => {
                called.push(master);
                lines.push(names);
            }
            None => gone.push(master),
        }
    }
    sqlx::query(
        "with gone as (
             delete from master_name where master_id = any($3)
         )
         insert into master_name (master_id, names)
         select * from unnest($1::uuid[], $2::text[])
         on conflict (master_id) do update set names = excluded.names
         where master_name.names <> excluded.names",
    )
    .bind(called)
    .bind(lines)
    .bind(gone)
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

pub(super) async fn find(
    store: &Postgres,
    part: &str,
    limit: u32,
) -> Result<Vec<MasterId>, StoreError> {
    let part = names::spelt(part);
    if part.is_empty() {
        return Ok(Vec::new());
    }
    let mut transaction = store.begin("begin read only").await?;
    transaction.execute(SWEEP).await?;
    let found: Vec<Uuid> = sqlx::query_scalar(
        "with holding as materialized (
             select master_id, names from master_name where strpos(names, $1) > 0 limit $3
         ), beginning as materialized (
             select master_id, names from master_name
             where strpos(names, chr(10) || $1) > 0 and (select count(*) from holding) = $3
             limit $3
         ), being as materialized (
             select master_id, names from master_name
             where strpos(names, chr(10) || $1 || chr(10)) > 0
                 and (select count(*) from beginning) = $3
             limit $3
         )
         select master_id from (
             select * from holding union select * from beginning union select * from being
         ) found
         order by strpos(names, chr(10) || $1 || chr(10)) = 0, strpos(names, chr(10) || $1) = 0,
             octet_length(names), master_id limit $2",
    )
    .bind(part)
    .bind(i64::from(limit))
    .bind(names::RANKED)
    .fetch_all(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(found.into_iter().map(MasterId).collect())
}
