//! Which items released bills of materials consist of.

use sqlx::PgConnection;
use tenon_core::MasterId;
use uuid::Uuid;

use super::Transaction;
use crate::boms::{self, UseRow, overtaken};
use crate::rows::clean;
use crate::{BomLookup, Commit, KnownBoms, StoreError};

pub(super) async fn write(
    transaction: &mut Transaction,
    commit: &Commit,
) -> Result<(), StoreError> {
    if commit.boms.is_empty() && commit.items_joined.is_empty() && commit.items_moved.is_empty() {
        return Ok(());
    }
    let writes = boms::in_order(&commit.boms);
    let bills: Vec<Uuid> = writes.iter().map(|write| write.bom_id.0).collect();
    number(transaction, commit, &bills).await?;
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
    if commit.boms.is_empty() {
        return Ok(());
    }
    for statement in [
        "delete from bom_use where bom_id = any($1)",
        "delete from bom_body where bom_id = any($1)",
    ] {
        sqlx::query(statement)
            .bind(&bills)
            .execute(&mut **transaction)
            .await?;
    }
    let released = writes.iter().filter_map(|write| write.released.as_ref());
    for (record, body) in released {
        let uses = || record.uses.iter();
        sqlx::query(
            "insert into bom_use (bom_id, place, number, item_id, item, component_id, component,
                 phantom)
             select $1, place, $2, $3, $4, component_id, component, phantom
             from unnest($5::uuid[], $6::text[], $7::bool[])
                 with ordinality as given(component_id, component, phantom, place)",
        )
        .bind(record.bom_id.0)
        .bind(clean(&record.number))
        .bind(record.item_id.0)
        .bind(clean(&record.item))
        .bind(uses().map(|it| it.component_id.0).collect::<Vec<_>>())
        .bind(uses().map(|it| clean(&it.component)).collect::<Vec<_>>())
        .bind(uses().map(|it| it.phantom).collect::<Vec<_>>())
        .execute(&mut **transaction)
        .await?;
        sqlx::query("insert into bom_body (bom_id, item_id, body) values ($1, $2, $3)")
            .bind(record.bom_id.0)
            .bind(record.item_id.0)
            .bind(clean(body))
            .execute(&mut **transaction)
            .await?;
    }
    Ok(())
}

/// Numbers the commit among those that release or join, one after the other, and looks whether any since it
/// was decided concerns what it was decided upon.
async fn number(
    transaction: &mut Transaction,
    commit: &Commit,
    bills: &[Uuid],
) -> Result<(), StoreError> {
    let number: i64 =
        sqlx::query_scalar("update bom_release set number = number + 1 returning number")
            .fetch_one(&mut **transaction)
            .await?;
    if let Some(since) = commit.boms_since.filter(|_| !commit.boms.is_empty()) {
        let seen: Vec<Uuid> = commit.boms_seen.iter().map(|item| item.0).collect();
        let changed: bool = sqlx::query_scalar(
            "select exists (select from bom_change where item_id = any($1) and number > $2)",
        )
        .bind(seen)
        .bind(since)
        .fetch_one(&mut **transaction)
        .await?;
        if changed {
            return Err(overtaken());
        }
    }
    let named: Vec<Uuid> = boms::named(commit).into_iter().collect();
    sqlx::query(
        "insert into bom_change (item_id, number)
         select given.item_id, $3 from (
             select item_id from unnest($1::uuid[]) as named(item_id)
             union select item_id from bom_body where bom_id = any($2)
         ) given
         on conflict (item_id) do update set number = excluded.number",
    )
    .bind(named)
    .bind(bills)
    .bind(number)
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

/// The number of the latest release or join. Asked before all else: what comes from there on is a conflict.
pub(super) async fn released(connection: &mut PgConnection) -> Result<i64, StoreError> {
    let number = sqlx::query_scalar("select number from bom_release")
        .fetch_one(connection)
        .await?;
    Ok(number)
}

pub(super) async fn known(
    connection: &mut PgConnection,
    lookup: &BomLookup,
) -> Result<KnownBoms, StoreError> {
    let ids = |items: &[MasterId]| -> Vec<Uuid> { items.iter().map(|item| item.0).collect() };
    let uses: Vec<UseRow> = sqlx::query_as(
        "with recursive below(item_id) as (
             select item_id from unnest($1::uuid[]) as given(item_id)
             union
             select u.component_id from below b
             cross join lateral (
                 select u.component_id from bom_use u where u.item_id = b.item_id offset 0) u
         )
         select u.bom_id, u.number, u.item_id, u.item, u.component_id, u.component, u.phantom
         from below b
         cross join lateral (
             select * from bom_use u where u.item_id = b.item_id offset 0) u
         order by u.bom_id, u.place",
    )
    .bind(ids(&lookup.items))
    .fetch_all(&mut *connection)
    .await?;
    let bodies: Vec<(Uuid, String)> = sqlx::query_as(
        "with recursive opened(item_id) as (
             select item_id from unnest($1::uuid[]) as given(item_id)
             union
             select u.component_id from opened o
             cross join lateral (
                 select u.component_id from bom_use u
                 where u.item_id = o.item_id and u.phantom offset 0) u
         )
         select b.bom_id, b.body from opened o
         cross join lateral (
             select b.bom_id, b.body from bom_body b where b.item_id = o.item_id offset 0) b
         order by b.bom_id",
    )
    .bind(ids(&lookup.phantoms))
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
