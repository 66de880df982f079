//! What masters are called, for who looks for them by a part of it.

use std::collections::BTreeMap;

use tenon_core::MasterId;
use uuid::Uuid;

use super::bulk::{Bulk, Statement};
use super::{Sqlite, Transaction};
use crate::{StoreError, names};

const NAMES: Bulk = Bulk {
    head: "insert into master_name (master_id, names)",
    columns: 2,
    tail: "on conflict (master_id) do update set names = excluded.names where names <> excluded.names",
};

pub(super) async fn keep(
    transaction: &mut Transaction,
    names: BTreeMap<Uuid, Option<String>>,
) -> Result<(), StoreError> {
    let mut called = Vec::with_capacity(names.len());
    for (master, names) in names {
        match names {
            Some(names) => called.push((master, names)),
            None => {
                sqlx::query("delete from master_name where master_id = $1")
                    .bind(master)
                    .execute(&mut **transaction)
                    .await?;
            }
        }
    }
    let bind = |statement: Statement, (master, names): &(Uuid, String)| {
        statement.bind(*master).bind(names.clone())
    };
    NAMES.insert(transaction, &called, bind).await?;
    Ok(())
}

pub(super) async fn find(
    store: &Sqlite,
    part: &str,
    limit: u32,
) -> Result<Vec<MasterId>, StoreError> {
    let part = names::spelt(part);
    if part.is_empty() {
        return Ok(Vec::new());
    }
    let mut connection = store.read().await?;
    let found: Vec<Uuid> = sqlx::query_scalar(
        "with holding as materialized (
             select master_id, names from master_name where instr(names, $1) > 0 limit $3
         ), beginning as materialized (
             select master_id, names
             from (select count(*) as found from holding) cross join master_name
             where found = $3 and instr(names, char(10) || $1) > 0
             limit $3
         ), being as materialized (
             select master_id, names
             from (select count(*) as found from beginning) cross join master_name
             where found = $3 and instr(names, char(10) || $1 || char(10)) > 0
             limit $3
         )
         select master_id from (
             select * from holding union select * from beginning union select * from being
         ) found
         order by instr(names, char(10) || $1 || char(10)) = 0, instr(names, char(10) || $1) = 0,
             length(names), master_id limit $2",
    )
    .bind(part)
    .bind(i64::from(limit))
    .bind(names::RANKED)
    .fetch_all(&mut *connection)
    .await?;
    Ok(found.into_iter().map(MasterId).collect())
}
