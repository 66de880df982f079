//! What likeness keeps of masters, and which of them share its keys.

use std::collections::HashMap;

use serde_json::json;
use sqlx::SqliteConnection;
use tenon_core::MasterId;
use tenon_master::MasterKey;
use tenon_master::likeness::{MatchKey, Postings, Traits};
use uuid::Uuid;

use super::bulk::Bulk;
use super::known::identifiers;
use super::{Sqlite, Transaction};
use crate::error::unreadable;
use crate::likeness::{self, Entry, FILLED_AT_ONCE, READ_AT_ONCE, VERSION};
use crate::{Founding, GoldenRow, Listed, MasterWrite, StoreError};
use crate::{golden, rows};

pub(super) async fn postings(
    store: &Sqlite,
    keys: &[MatchKey],
    crowd: usize,
) -> Result<Postings, StoreError> {
    let mut connection = store.read().await?;
    let masters: Option<i64> = sqlx::query_scalar("select max(rowid) from golden")
        .fetch_one(&mut *connection)
        .await?;
    // One row a key, the masters as one text: each row is a trip between threads.
    let found: Vec<(i64, String)> = sqlx::query_as(
        "select given.value, (
             select group_concat(hex(k.master_id), '')
             from (select master_id from match_key where key = given.value limit $2) k
         ) as masters
         from json_each($1) given
         where masters is not null",
    )
    .bind(json!(keys.iter().map(|key| key.to_i64()).collect::<Vec<_>>()).to_string())
    .bind(likeness::counted(crowd))
    .fetch_all(&mut *connection)
    .await?;
    let mut postings = likeness::postings(masters.unwrap_or_default(), crowd);
    for (key, masters) in found {
        let sharing = masters.len() / HEX;
        let leads = sharing <= MatchKey::from_i64(key).crowd(crowd);
        let masters = if leads { masters.as_str() } else { "" };
        let masters = masters.as_bytes().chunks(HEX).map(|text| {
            Uuid::try_parse_ascii(text).map_err(|error| unreadable("a master id", error))
        });
        let masters = masters.collect::<Result<Vec<_>, _>>()?;
        likeness::note(&mut postings, key, sharing as i64, masters);
    }
    Ok(postings)
}

/// Characters of an identifier in hexadecimal.
const HEX: usize = 32;

pub(super) async fn traits(
    store: &Sqlite,
    masters: &[MasterId],
) -> Result<Vec<(MasterId, Traits)>, StoreError> {
    let mut connection = store.read().await?;
    let masters = masters.iter().map(|master| master.0);
    let kept = kept(&mut connection, masters).await?.into_iter();
    kept.map(|(master, bytes)| Ok((MasterId(master), likeness::read(&bytes)?)))
        .collect()
}

pub(super) async fn holder(
    store: &Sqlite,
    key: &MasterKey,
) -> Result<Option<MasterId>, StoreError> {
    let mut connection = store.read().await?;
    let holder: Option<Uuid> =
        sqlx::query_scalar("select master_id from master_key where kind = $1 and value = $2")
            .bind(key.kind.as_str())
            .bind(rows::clean(&key.value))
            .fetch_optional(&mut *connection)
            .await?;
    Ok(holder.map(MasterId))
}

pub(super) async fn listed(
    store: &Sqlite,
    masters: &[MasterId],
) -> Result<Vec<Listed>, StoreError> {
    if masters.is_empty() {
        return Ok(Vec::new());
    }
    let mut connection = store.read().await?;
    let found: Vec<golden::ListedRow> = sqlx::query_as(
        "select g.master_id, g.golden, c.owner, c.since, c.until, c.message_id
         from json_each($1) given
         cross join golden g on g.master_id = unhex(given.value)
         left join claim c on c.master_id = g.master_id",
    )
    .bind(identifiers(masters.iter().map(|master| master.0)))
    .fetch_all(&mut *connection)
    .await?;
    found.into_iter().map(golden::listed).collect()
}

async fn kept(
    connection: &mut SqliteConnection,
    masters: impl Iterator<Item = Uuid>,
) -> Result<HashMap<Uuid, Vec<u8>>, StoreError> {
    let found: Vec<(Uuid, Vec<u8>)> = sqlx::query_as(
        "select k.master_id, k.traits
         from json_each($1) given
         cross join match_traits k on k.master_id = unhex(given.value)",
    )
    .bind(identifiers(masters))
    .fetch_all(connection)
    .await?;
    Ok(found.into_iter().collect())
}

/// The number of the latest founding.
pub(super) async fn foundings(connection: &mut SqliteConnection) -> Result<i64, StoreError> {
    let number = sqlx::query_scalar("select number from founding")
        .fetch_one(connection)
        .await?;
    Ok(number)
}

/// Numbers a founding.
pub(super) async fn found(
    transaction: &mut Transaction,
    founding: Option<&Founding>,
) -> Result<Option<i64>, StoreError> {
    let Some(founding) = founding else {
        return Ok(None);
    };
    let number: i64 =
        sqlx::query_scalar("update founding set number = number + 1 returning number")
            .fetch_one(&mut **transaction)
            .await?;
    if number > founding.since + 1 {
        let meanwhile: Vec<Vec<u8>> =
            sqlx::query_scalar("select traits from match_traits where founded > $1")
                .bind(founding.since)
                .fetch_all(&mut **transaction)
                .await?;
        likeness::compare_notes(founding, meanwhile)?;
    }
    Ok(Some(number))
}

/// Keeps what likeness needs of masters that are written; of new ones, with which founding they came.
pub(super) async fn keep(
    transaction: &mut Transaction,
    writes: &[MasterWrite],
    founded: Option<i64>,
) -> Result<(), StoreError> {
    if writes.is_empty() {
        return Ok(());
    }
    let changed = likeness::changed(writes);
    let before = if changed.is_empty() {
        HashMap::new()
    } else {
        kept(transaction, changed.into_iter()).await?
    };
    let changes = likeness::changes(writes, &before)?;
    for (key, master) in changes.gone {
        sqlx::query("delete from match_key where key = $1 and master_id = $2")
            .bind(key)
            .bind(master)
            .execute(&mut **transaction)
            .await?;
    }
    let new = likeness::new(writes);
    let founded = |master: &Uuid| founded.filter(|_| new.contains(master));
    let traits = changes.traits.into_iter();
    let traits: Vec<_> = traits
        .map(|(master, traits)| (master, traits, founded(&master)))
        .collect();
    let entries: Vec<_> = changes.new.into_iter().collect();
    write(transaction, &traits, &entries).await
}

const TRAITS: Bulk = Bulk {
    head: "insert into match_traits (master_id, traits, founded)",
    columns: 3,
    tail: "on conflict (master_id) do update set traits = excluded.traits",
};

const KEYS: Bulk = Bulk {
    head: "insert into match_key (key, master_id)",
    columns: 2,
    tail: "on conflict do nothing",
};

async fn write(
    transaction: &mut Transaction,
    traits: &[(Uuid, Vec<u8>, Option<i64>)],
    entries: &[Entry],
) -> Result<(), StoreError> {
    TRAITS
        .insert(
            transaction,
            traits,
            |statement, (master, traits, founded)| {
                statement.bind(*master).bind(traits.clone()).bind(*founded)
            },
        )
        .await?;
    KEYS.insert(transaction, entries, |statement, (key, master)| {
        statement.bind(*key).bind(*master)
    })
    .await?;
    Ok(())
}

/// Makes every master ready if this release's version of it is not there yet; as a whole or not at
/// all.
pub(super) async fn fill(transaction: &mut Transaction) -> Result<(), StoreError> {
    let filled: bool =
        sqlx::query_scalar("select exists (select 1 from match_version where version = $1)")
            .bind(VERSION)
            .fetch_one(&mut **transaction)
            .await?;
    if filled {
        return Ok(());
    }
    for statement in [
        "delete from match_key",
        "delete from match_traits",
        "delete from match_version",
    ] {
        sqlx::query(statement).execute(&mut **transaction).await?;
    }
    let mut entries: Vec<Entry> = Vec::new();
    let mut last = Uuid::nil();
    let mut ready = 0;
    loop {
        let page = page(transaction, last).await?;
        let Some(row) = page.last() else { break };
        last = row.master_id.0;
        ready += page.len();
        let mut traits = Vec::with_capacity(page.len());
        for (master, bytes, keys) in likeness::make_ready(&page) {
            entries.extend(keys.into_iter().map(|key| (key, master)));
            traits.push((master, bytes, None));
        }
        write(transaction, &traits, &[]).await?;
        if ready >= FILLED_AT_ONCE {
            write_entries(transaction, &mut entries).await?;
            ready = 0;
        }
    }
    write_entries(transaction, &mut entries).await?;
    sqlx::query("insert into match_version (version) values ($1)")
        .bind(VERSION)
        .execute(&mut **transaction)
        .await?;
    Ok(())
}

async fn page(
    connection: &mut SqliteConnection,
    after: Uuid,
) -> Result<Vec<GoldenRow>, StoreError> {
    let found: Vec<(Uuid, i64, String, String)> = sqlx::query_as(
        "select master_id, version, golden, sources from golden
         where master_id > $1 and merged_into is null order by master_id limit $2",
    )
    .bind(after)
    .bind(READ_AT_ONCE as i64)
    .fetch_all(connection)
    .await?;
    found
        .into_iter()
        .map(|(master, version, golden, sources)| {
            rows::golden_row(master, version, &golden, &sources, None)
        })
        .collect()
}

/// Writes entries in the order of their keys, so that pages are filled one after another.
async fn write_entries(
    transaction: &mut Transaction,
    entries: &mut Vec<Entry>,
) -> Result<(), StoreError> {
    entries.sort_unstable();
    write(transaction, &[], entries).await?;
    entries.clear();
    Ok(())
}
