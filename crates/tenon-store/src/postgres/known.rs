//! What the resolve stage asks before it decides.

use std::borrow::Cow;
use std::collections::BTreeSet;

use sqlx::PgConnection;
use tenon_core::{MasterId, MessageId};
use uuid::Uuid;

use super::{
    BEGIN_SNAPSHOT, Postgres, boms, candidates, hierarchy, items, life, prospects, reviews,
};
use crate::body::unpack;
use crate::rows::{self, clean};
use crate::{GoldenRow, Known, Lookup, Seen, StoreError, Tie, stewardship};

pub(super) async fn look_up(store: &Postgres, lookup: &Lookup) -> Result<Known, StoreError> {
    // As of one moment: whose a key is and what its master says are of the same merges.
    let mut transaction = store.begin(BEGIN_SNAPSHOT).await?;
    let connection = &mut *transaction;
    let mut known = Known::default();
    if lookup.items {
        known.released = Some(boms::released(&mut *connection).await?);
    }
    if lookup.foundings {
        known.founded = Some(candidates::foundings(&mut *connection).await?);
    }
    seen(&mut *connection, lookup, &mut known).await?;
    let mut masters: BTreeSet<Uuid> = lookup.masters.iter().map(|master| master.0).collect();
    natives(&mut *connection, lookup, &mut known, &mut masters).await?;
    keys(&mut *connection, lookup, &mut known, &mut masters).await?;
    codes(&mut *connection, lookup, &mut known).await?;
    if lookup.lives {
        let lives = life::of(&mut *connection, masters.iter().copied()).await?;
        known.lives.extend(lives);
    }
    let mut asked: Vec<Uuid> = masters.into_iter().collect();
    while !asked.is_empty() {
        let rows = golden_rows(&mut *connection, asked).await?;
        let merged_into: BTreeSet<MasterId> =
            rows.iter().filter_map(|row| row.merged_into).collect();
        known
            .golden
            .extend(rows.into_iter().map(|row| (row.master_id, row)));
        let unknown = merged_into
            .into_iter()
            .filter(|id| !known.golden.contains_key(id));
        asked = unknown.map(|id| id.0).collect();
    }
    if let Some(asked) = &lookup.boms {
        known.boms = Some(boms::known(&mut *connection, asked).await?);
    }
    items::known(&mut *connection, lookup, &mut known).await?;
    reviews::known(&mut *connection, lookup, &mut known).await?;
    for master in &lookup.parents {
        let above = hierarchy::above(&mut *connection, *master).await?;
        known.parents.insert(*master, above);
    }
    for claim in prospects::of(&mut *connection, &lookup.claims).await? {
        known.claims.insert(claim.master_id, claim);
    }
    transaction.commit().await?;
    stewardship::follow(&mut known);
    Ok(known)
}

async fn seen(
    connection: &mut PgConnection,
    lookup: &Lookup,
    known: &mut Known,
) -> Result<(), StoreError> {
    let ids: Vec<Uuid> = lookup.messages.iter().map(|id| id.0).collect();
    if ids.is_empty() {
        return Ok(());
    }
    // Mostly none was seen before, and then this is all.
    let boxed: Vec<Uuid> =
        sqlx::query_scalar("select message_id from inbox where message_id = any($1)")
            .bind(ids)
            .fetch_all(&mut *connection)
            .await?;
    if boxed.is_empty() {
        return Ok(());
    }
    type Row = (Uuid, String, String, Option<Vec<u8>>);
    let found: Vec<Row> = sqlx::query_as(
        "select j.message_id, j.attributes::text, array_to_string(j.targets, ','), p.canonical
         from unnest($1::uuid[]) as given(message_id)
         cross join lateral (
             select i.position, i.journaled_at from inbox i
             where i.message_id = given.message_id offset 0) i
         cross join lateral (
             select j.message_id, j.attributes, j.targets from journal j
             where j.position = i.position and j.journaled_at = i.journaled_at offset 0) j
         cross join lateral (
             select p.canonical from payload p
             where p.position = i.position and p.journaled_at = i.journaled_at offset 0) p",
    )
    .bind(boxed)
    .fetch_all(&mut *connection)
    .await?;
    for (id, attributes, targets, canonical) in found {
        let seen = Seen {
            attributes: rows::attributes(&attributes)?,
            targets: rows::targets(&targets)?,
            canonical: canonical.map(unpack),
        };
        known.seen.insert(MessageId(id), seen);
    }
    Ok(())
}

async fn natives(
    connection: &mut PgConnection,
    lookup: &Lookup,
    known: &mut Known,
    masters: &mut BTreeSet<Uuid>,
) -> Result<(), StoreError> {
    if lookup.natives.is_empty() {
        return Ok(());
    }
    let (mut entities, mut systems, mut ids) = (Vec::new(), Vec::new(), Vec::new());
    for (entity, system, native_id) in &lookup.natives {
        entities.push(entity.as_str());
        systems.push(system.as_str());
        ids.push(clean(native_id));
    }
    let found: Vec<(i64, Uuid, Option<Uuid>)> = sqlx::query_as(
        "select given.place, c.master_id, c.unmerged_id
         from unnest($1::text[], $2::text[], $3::text[])
             with ordinality as given(entity, system, native_id, place)
         cross join lateral (
             select c.master_id, c.unmerged_id from crosswalk c
             where c.native_id = given.native_id and c.entity = given.entity
                 and c.system = given.system offset 0) c",
    )
    .bind(entities)
    .bind(systems)
    .bind(ids)
    .fetch_all(&mut *connection)
    .await?;
    for (place, master, unmerged) in found {
        let asked = &lookup.natives[index(place)];
        if asked.0.is_mastered() {
            masters.insert(master);
        }
        if let Some(unmerged) = unmerged {
            let (entity, system, native_id) = asked.clone();
            let tie = Tie::Record(entity, system, native_id);
            known.unmerged.insert(tie, MasterId(unmerged));
        }
        known.natives.insert(asked.clone(), MasterId(master));
    }
    Ok(())
}

async fn keys(
    connection: &mut PgConnection,
    lookup: &Lookup,
    known: &mut Known,
    masters: &mut BTreeSet<Uuid>,
) -> Result<(), StoreError> {
    if lookup.keys.is_empty() {
        return Ok(());
    }
    let kinds: Vec<&str> = lookup.keys.iter().map(|key| key.kind.as_str()).collect();
    let values: Vec<Cow<'_, str>> = lookup.keys.iter().map(|key| clean(&key.value)).collect();
    let found: Vec<(i64, Uuid, Option<Uuid>)> = sqlx::query_as(
        "select given.place, k.master_id, k.unmerged_id
         from unnest($1::text[], $2::text[]) with ordinality as given(kind, value, place)
         cross join lateral (
             select k.master_id, k.unmerged_id from master_key k
             where k.kind = given.kind and k.value = given.value offset 0) k",
    )
    .bind(kinds)
    .bind(values)
    .fetch_all(&mut *connection)
    .await?;
    for (place, master, unmerged) in found {
        masters.insert(master);
        let key = &lookup.keys[index(place)];
        if let Some(unmerged) = unmerged {
            known
                .unmerged
                .insert(Tie::Key(key.clone()), MasterId(unmerged));
        }
        known.keys.insert(key.clone(), MasterId(master));
    }
    Ok(())
}

async fn codes(
    connection: &mut PgConnection,
    lookup: &Lookup,
    known: &mut Known,
) -> Result<(), StoreError> {
    if lookup.code_stems.is_empty() {
        return Ok(());
    }
    let stems: Vec<Cow<'_, str>> = lookup.code_stems.iter().map(|stem| clean(stem)).collect();
    // Between `CKMY0` and `CKMY:` stands everything that goes on with a digit, by code point.
    let found: Vec<String> = sqlx::query_scalar(
        "select distinct k.value
         from unnest($1::text[]) as given(stem)
         cross join lateral (
             (select value from master_key where kind = 'code' and value = given.stem)
             union all
             (select value from master_key
              where kind = 'code' and value >= given.stem || '0' and value < given.stem || ':')
             offset 0) k",
    )
    .bind(&stems)
    .fetch_all(&mut *connection)
    .await?;
    known.codes = found
        .into_iter()
        .filter(|code| stems.iter().any(|stem| rows::is_code_of(stem, code)))
        .collect();
    Ok(())
}

pub(super) async fn golden_rows(
    connection: &mut PgConnection,
    masters: Vec<Uuid>,
) -> Result<Vec<GoldenRow>, StoreError> {
    if masters.is_empty() {
        return Ok(Vec::new());
    }
    type Row = (Uuid, i64, String, String, Option<Uuid>);
    let found: Vec<Row> = sqlx::query_as(
        "select master_id, version, golden::text, sources::text, merged_into from golden
         where master_id = any($1)",
    )
    .bind(masters)
    .fetch_all(connection)
    .await?;
    found
        .into_iter()
        .map(|(master, version, golden, sources, merged_into)| {
            rows::golden_row(master, version, &golden, &sources, merged_into)
        })
        .collect()
}

/// The index of what `with ordinality` numbered `place`.
pub(super) fn index(place: i64) -> usize {
    usize::try_from(place - 1).unwrap_or_default()
}
