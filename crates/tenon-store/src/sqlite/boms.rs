//! Which items released bills of materials consist of.

use sqlx::SqliteConnection;
use tenon_core::MasterId;
use uuid::Uuid;

use super::Transaction;
use super::bulk::Bulk;
use super::known::identifiers;
use crate::boms::{self, BomUse, UseRow, overtaken};
use crate::rows::clean;
use crate::{BomLookup, Commit, KnownBoms, StoreError};

const USES: Bulk = Bulk {
    head: "insert into bom_use (bom_id, place, number, item_id, item, component_id, component, phantom)",
    columns: 8,
    tail: "",
};

pub(super) async fn write(
    transaction: &mut Transaction,
    commit: &Commit,
) -> Result<(), StoreError> {
    if commit.boms.is_empty() && commit.items_joined.is_empty() && commit.items_moved.is_empty() {
        return Ok(());
    }
    number(transaction, commit).await?;
    for (before, after) in &commit.items_joined {
        for statement in [
            "update bom_use set item_id = $2 where item_id = $1",
            "update bom_use set component_id = $2 where component_id = $1",
            "update bom_body set item_id = $2 where item_id = $1",
        ] {
            sqlx::query(statement)
                .bind(before.0)
                .bind(after.0)
                .execute(&mut **transaction)
                .await?;
        }
    }
    for write in boms::in_order(&commit.boms) {
        for statement in [
            "delete from bom_use where bom_id = $1",
            "delete from bom_body where bom_id = $1",
        ] {
            sqlx::query(statement)
                .bind(write.bom_id.0)
                .execute(&mut **transaction)
                .await?;
        }
        let Some((record, body)) = &write.released else {
            continue;
        };
        let uses: Vec<(i64, &BomUse)> = (1..).zip(&record.uses).collect();
        USES.insert(transaction, &uses, |statement, (place, used)| {
            statement
                .bind(record.bom_id.0)
                .bind(*place)
                .bind(clean(&record.number))
                .bind(record.item_id.0)
                .bind(clean(&record.item))
                .bind(used.component_id.0)
                .bind(clean(&used.component))
                .bind(used.phantom)
        })
        .await?;
        sqlx::query("insert into bom_body (bom_id, item_id, body) values ($1, $2, $3)")
            .bind(record.bom_id.0)
            .bind(record.item_id.0)
            .bind(body)
            .execute(&mut **transaction)
            .await?;
    }
    Ok(())
}

/// Numbers the commit among those that release or join, and looks whether any since it was decided concerns
/// what it was decided upon.
async fn number(transaction: &mut Transaction, commit: &Commit) -> Result<(), StoreError> {
    let number: i64 =
        sqlx::query_scalar("update bom_release set number = number + 1 returning number")
            .fetch_one(&mut **transaction)
            .await?;
    if let Some(since) = commit.boms_since.filter(|_| !commit.boms.is_empty()) {
        let changed: bool = sqlx::query_scalar(
            "select exists (
                 select 1 from json_each($1) given
                 cross join bom_change c on c.item_id = unhex(given.value)
                 where c.number > $2
             )",
        )
        .bind(identifiers(commit.boms_seen.iter().map(|item| item.0)))
        .bind(since)
        .fetch_one(&mut **transaction)
        .await?;
        if changed {
            return Err(overtaken());
        }
    }
    sqlx::query(
        "insert into bom_change (item_id, number)
         select item_id, $3 from (
             select unhex(value) as item_id from json_each($1)
             union
             select b.item_id from json_each($2) given
             cross join bom_body b on b.bom_id = unhex(given.value)
         ) where true
         on conflict (item_id) do update set number = excluded.number",
    )
    .bind(identifiers(boms::named(commit).into_iter()))
    .bind(identifiers(commit.boms.iter().map(|write| write.bom_id.0)))
    .bind(number)
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

/// The number of the latest release or join. Asked before all else: what comes from there on is a conflict.
pub(super) async fn released(connection: &mut SqliteConnection) -> Result<i64, StoreError> {
    let number = sqlx::query_scalar("select number from bom_release")
        .fetch_one(connection)
        .await?;
    Ok(number)
}

pub(super) async fn known(
    connection: &mut SqliteConnection,
    lookup: &BomLookup,
) -> Result<KnownBoms, StoreError> {
    let uses: Vec<UseRow> = sqlx::query_as(
        "with recursive below(item_id) as (
             select unhex(given.value) from json_each($1) given
             union
             select u.component_id from below b cross join bom_use u on u.item_id = b.item_id
         )
         select u.bom_id, u.number, u.item_id, u.item, u.component_id, u.component, u.phantom
         from below b cross join bom_use u on u.item_id = b.item_id
         order by u.bom_id, u.place",
    )
    .bind(identifiers(lookup.items.iter().map(|item| item.0)))
    .fetch_all(&mut *connection)
    .await?;
    let bodies: Vec<(Uuid, String)> = sqlx::query_as(
        "with recursive opened(item_id) as (
             select unhex(given.value) from json_each($1) given
             union
             select u.component_id
             from opened o cross join bom_use u on u.item_id = o.item_id and u.phantom
         )
         select b.bom_id, b.body from opened o cross join bom_body b on b.item_id = o.item_id
         order by b.bom_id",
    )
    .bind(identifiers(lookup.phantoms.iter().map(|item| item.0)))
    .fetch_all(connection)
    .await?;
    Ok(KnownBoms {
        records: boms::read(uses),
        bodies: bodies
            .into_iter()
            .map(|(bom, body)| (MasterId(bom), body))
            .collect(),
    })
}
