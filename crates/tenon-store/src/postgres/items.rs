//! What systems say of items.

use sqlx::PgConnection;
use uuid::Uuid;

use super::Transaction;
use crate::items::{self, CROWD, ItemRow};
use crate::rows::{clean, clean_option};
use crate::{ItemMove, ItemRecord, Known, Lookup, StoreError};

pub(super) async fn write(
    transaction: &mut Transaction,
    records: &[ItemRecord],
) -> Result<(), StoreError> {
    if records.is_empty() {
        return Ok(());
    }
    let (mut masters, mut systems, mut ids) = (Vec::new(), Vec::new(), Vec::new());
    let (mut codes, mut names) = (Vec::new(), Vec::new());
    let (mut specifications, mut units) = (Vec::new(), Vec::new());
    let (mut code_keys, mut description_keys) = (Vec::new(), Vec::new());
    for record in items::in_order(records) {
        let part = &record.part;
        masters.push(record.master_id.0);
        systems.push(record.system.as_str());
        ids.push(clean(&record.native_id));
        codes.push(clean(&part.code));
        names.push(clean(&part.name));
        specifications.push(clean_option(part.specification.as_deref()));
        units.push(clean_option(part.unit.as_deref()));
        code_keys.push(clean(&part.code_key()).into_owned());
        description_keys.push(part.description_key().map(|key| key.value));
    }
    sqlx::query(
        "insert into item_record (master_id, system, native_id, code, name, specification, unit,
             code_key, description_key)
         select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[],
             $6::text[], $7::text[], $8::text[], $9::text[])
         on conflict (system, native_id) do update
         set master_id = excluded.master_id, code = excluded.code, name = excluded.name,
             specification = excluded.specification, unit = excluded.unit,
             code_key = excluded.code_key, description_key = excluded.description_key",
    )
    .bind(masters)
    .bind(systems)
    .bind(ids)
    .bind(codes)
    .bind(names)
    .bind(specifications)
    .bind(units)
    .bind(code_keys)
    .bind(description_keys)
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

/// Gives records to other items. What was last delivered of them is forgotten: it was another's. The link is
/// the item's youngest from then on, so that a number that the item had before stays its number there.
pub(super) async fn give(
    transaction: &mut Transaction,
    moves: &[ItemMove],
) -> Result<(), StoreError> {
    for moved in moves {
        let given = sqlx::query(
            "update crosswalk set master_id = $1, hash = null, sequence = null, linked_at = now()
             where native_id = $2 and entity = 'item' and system = $3 and master_id = $4",
        )
        .bind(moved.to.0)
        .bind(clean(&moved.native_id))
        .bind(moved.system.as_str())
        .bind(moved.from.0)
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
    connection: &mut PgConnection,
    lookup: &Lookup,
    known: &mut Known,
) -> Result<(), StoreError> {
    if !lookup.items {
        return Ok(());
    }
    let (codes, descriptions) = items::asked(lookup);
    let linked: Vec<Uuid> = items::linked(lookup, known).into_iter().collect();
    let found: Vec<ItemRow> = sqlx::query_as(
        "with alike as materialized (
             select given.master_id from unnest($1::uuid[]) as given(master_id)
             union
             select r.master_id from unnest($2::text[]) as given(key)
             cross join lateral (
                 select r.master_id from item_record r where r.code_key = given.key offset 0) r
             union
             select r.master_id from unnest($3::text[]) as given(key)
             cross join lateral (
                 select r.master_id from item_record r
                 where r.description_key = given.key limit $4) r
         )
         select r.master_id, r.system, r.native_id, r.code, r.name, r.specification, r.unit
         from alike
         cross join lateral (
             select * from item_record r where r.master_id = alike.master_id offset 0) r",
    )
    .bind(linked)
    .bind(codes)
    .bind(descriptions)
    .bind(CROWD)
    .fetch_all(&mut *connection)
    .await?;
    let found = found.into_iter().map(items::read);
    known.items = found.collect::<Result<_, _>>()?;
    let links: Vec<(String, String, Uuid)> = sqlx::query_as(
        "select c.system, c.native_id, c.master_id
         from unnest($1::uuid[]) as given(master_id)
         cross join lateral (
             select * from crosswalk c
             where c.master_id = given.master_id and c.entity = 'item' offset 0) c",
    )
    .bind(items::masters(known))
    .fetch_all(connection)
    .await?;
    items::note_links(known, links)?;
    Ok(())
}
