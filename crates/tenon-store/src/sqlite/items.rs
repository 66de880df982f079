//! What systems say of items.

use sqlx::SqliteConnection;
use uuid::Uuid;

use super::Transaction;
use super::bulk::Bulk;
use super::known::identifiers;
use crate::items::{self, CROWD, ItemRow};
use crate::rows::{self, clean, clean_option};
use crate::{ItemMove, ItemRecord, Known, Lookup, StoreError};

const RECORDS: Bulk = Bulk {
    head: "insert into item_record (master_id, system, native_id, code, name, specification, unit,
        code_key, description_key)",
    columns: 9,
    tail: "on conflict (system, native_id) do update
        set master_id = excluded.master_id, code = excluded.code, name = excluded.name,
            specification = excluded.specification, unit = excluded.unit,
            code_key = excluded.code_key, description_key = excluded.description_key",
};

pub(super) async fn write(
    transaction: &mut Transaction,
    records: &[ItemRecord],
) -> Result<(), StoreError> {
    let records = items::in_order(records);
    RECORDS
        .insert(transaction, &records, |statement, record| {
            let part = &record.part;
            statement
                .bind(record.master_id.0)
                .bind(record.system.as_str())
                .bind(clean(&record.native_id))
                .bind(clean(&part.code))
                .bind(clean(&part.name))
                .bind(clean_option(part.specification.as_deref()))
                .bind(clean_option(part.unit.as_deref()))
                .bind(clean(&part.code_key()))
                .bind(part.description_key().map(|key| key.value))
        })
        .await?;
    Ok(())
}

/// Gives records to other items. What was last delivered of them is forgotten: it was another's. The link is
/// the item's youngest from then on, so that a number that the item had before stays its number there.
pub(super) async fn give(
    transaction: &mut Transaction,
    moves: &[ItemMove],
    now: i64,
) -> Result<(), StoreError> {
    for moved in moves {
        let given = sqlx::query(
            "update crosswalk set master_id = $1, hash = null, sequence = null, linked_at = $5
             where native_id = $2 and entity = 'item' and system = $3 and master_id = $4",
        )
        .bind(moved.to.0)
        .bind(clean(&moved.native_id))
        .bind(moved.system.as_str())
        .bind(moved.from.0)
        .bind(now)
        .execute(&mut **transaction)
        .await?;
        if given.rows_affected() != 1 {
            return Err(items::moved_on(moved));
        }
        sqlx::query("update item_record set master_id = $1 where native_id = $2 and system = $3")
            .bind(moved.to.0)
            .bind(clean(&moved.native_id))
            .bind(moved.system.as_str())
            .execute(&mut **transaction)
            .await?;
    }
    Ok(())
}

/// What is said of the items that share a key with those asked about, and of those found by native id.
pub(super) async fn known(
    connection: &mut SqliteConnection,
    lookup: &Lookup,
    known: &mut Known,
) -> Result<(), StoreError> {
    if !lookup.items {
        return Ok(());
    }
    let (codes, descriptions) = items::asked(lookup);
    let found: Vec<ItemRow> = sqlx::query_as(
        "with alike as (
             select unhex(given.value) as master_id from json_each($1) given
             union
             select r.master_id from json_each($2) given
             cross join item_record r on r.code_key = given.value
             union
             select r.master_id from json_each($3) given
             cross join item_record r on r.rowid in (
                 select k.rowid from item_record k where k.description_key = given.value limit $4)
         )
         select r.master_id, r.system, r.native_id, r.code, r.name, r.specification, r.unit
         from alike cross join item_record r on r.master_id = alike.master_id",
    )
    .bind(identifiers(items::linked(lookup, known).into_iter()))
    .bind(rows::to_json(&codes)?)
    .bind(rows::to_json(&descriptions)?)
    .bind(CROWD)
    .fetch_all(&mut *connection)
    .await?;
    let found = found.into_iter().map(items::read);
    known.items = found.collect::<Result<_, _>>()?;
    let links: Vec<(String, String, Uuid)> = sqlx::query_as(
        "select c.system, c.native_id, c.master_id
         from json_each($1) given
         cross join crosswalk c on c.master_id = unhex(given.value) and c.entity = 'item'",
    )
    .bind(identifiers(items::masters(known).into_iter()))
    .fetch_all(connection)
    .await?;
    items::note_links(known, links)?;
    Ok(())
}
