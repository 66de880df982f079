//! What the resolve stage asks before it decides.

use std::collections::BTreeSet;

use serde_json::json;
use sqlx::SqliteConnection;
use tenon_core::{MasterId, MessageId};
use uuid::Uuid;

use super::{Sqlite, boms, candidates, hierarchy, items, life, prospects, reviews};
use crate::body::unpack;
use crate::rows::{self, clean};
use crate::{GoldenRow, Known, Lookup, Seen, StoreError, Tie, stewardship};

pub(super) async fn look_up(store: &Sqlite, lookup: &Lookup) -> Result<Known, StoreError> {
    // As of one moment: whose a key is and what its master says are of the same merges.
    let mut transaction = store.begin_reading().await?;
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
        let rows = golden_rows(&mut *connection, &asked).await?;
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
    connection: &mut SqliteConnection,
    lookup: &Lookup,
    known: &mut Known,
) -> Result<(), StoreError> {
    if lookup.messages.is_empty() {
        return Ok(());
    }
    let found: Vec<(Uuid, String, String, Option<Vec<u8>>)> = sqlx::query_as(
        "select i.message_id, j.attributes, j.targets, p.canonical
         from json_each($1) given
         cross join inbox i on i.message_id = unhex(given.value)
         cross join journal j on j.position = i.position
         cross join payload p on p.position = i.position",
    )
    .bind(identifiers(lookup.messages.iter().map(|id| id.0)))
    .fetch_all(connection)
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
    connection: &mut SqliteConnection,
    lookup: &Lookup,
    known: &mut Known,
    masters: &mut BTreeSet<Uuid>,
) -> Result<(), StoreError> {
    if lookup.natives.is_empty() {
        return Ok(());
    }
    let asked: Vec<_> = lookup
        .natives
        .iter()
        .map(|(entity, system, native_id)| (entity.as_str(), system.as_str(), clean(native_id)))
        .collect();
    let found: Vec<(i64, Uuid, Option<Uuid>)> = sqlx::query_as(
        "select given.key, c.master_id, c.unmerged_id
         from json_each($1) given
         cross join crosswalk c on c.entity = given.value ->> 0 and c.system = given.value ->> 1
             and c.native_id = given.value ->> 2",
    )
    .bind(rows::to_json(&asked)?)
    .fetch_all(connection)
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
    connection: &mut SqliteConnection,
    lookup: &Lookup,
    known: &mut Known,
    masters: &mut BTreeSet<Uuid>,
) -> Result<(), StoreError> {
    if lookup.keys.is_empty() {
        return Ok(());
    }
    let asked: Vec<_> = lookup
        .keys
        .iter()
        .map(|key| (key.kind.as_str(), clean(&key.value)))
        .collect();
    let found: Vec<(i64, Uuid, Option<Uuid>)> = sqlx::query_as(
        "select given.key, k.master_id, k.unmerged_id
         from json_each($1) given
         cross join master_key k on k.kind = given.value ->> 0 and k.value = given.value ->> 1",
    )
    .bind(rows::to_json(&asked)?)
    .fetch_all(connection)
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
    connection: &mut SqliteConnection,
    lookup: &Lookup,
    known: &mut Known,
) -> Result<(), StoreError> {
    let mut codes = BTreeSet::new();
    for stem in &lookup.code_stems {
        let stem = clean(stem);
        // Between `CKMY0` and `CKMY:` stands everything that goes on with a digit.
        let found: Vec<String> = sqlx::query_scalar(
            "select value from master_key where kind = 'code' and value = $1
             union all
             select value from master_key
             where kind = 'code' and value >= $1 || '0' and value < $1 || ':'",
        )
        .bind(stem.as_ref())
        .fetch_all(&mut *connection)
        .await?;
        codes.extend(
            found
                .into_iter()
                .filter(|code| rows::is_code_of(&stem, code)),
        );
    }
    known.codes = codes.into_iter().collect();
    Ok(())
}

pub(super) async fn golden_rows(
    connection: &mut SqliteConnection,
    masters: &[Uuid],
) -> Result<Vec<GoldenRow>, StoreError> {
    if masters.is_empty() {
        return Ok(Vec::new());
    }
    type Row = (Uuid, i64, String, String, Option<Uuid>);
    let found: Vec<Row> = sqlx::query_as(
        "select g.master_id, g.version, g.golden, g.sources, g.merged_into
         from json_each($1) given
         cross join golden g on g.master_id = unhex(given.value)",
    )
    .bind(identifiers(masters.iter().copied()))
    .fetch_all(connection)
    .await?;
    found
        .into_iter()
        .map(|(master, version, golden, sources, merged_into)| {
            rows::golden_row(master, version, &golden, &sources, merged_into)
        })
        .collect()
}

/// Identifiers as a JSON array of hexadecimal texts.
pub(super) fn identifiers(ids: impl Iterator<Item = Uuid>) -> String {
    json!(ids.map(|id| id.simple().to_string()).collect::<Vec<_>>()).to_string()
}

/// The index of the JSON array's element `key`.
pub(super) fn index(key: i64) -> usize {
    usize::try_from(key).unwrap_or_default()
}
