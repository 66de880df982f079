//! What likeness keeps of masters, and which of them share its keys.

use std::collections::HashMap;

use async_trait::async_trait;
use serde_json::json;
use sqlx::SqliteConnection;
use sqlx::pool::PoolConnection;
use tenon_core::MasterId;
use tenon_master::MasterKey;
use tenon_master::likeness::{MatchKey, Postings};
use uuid::Uuid;

use super::bulk::Bulk;
use super::known::identifiers;
use super::{Transaction, names};
use crate::error::unreadable;
use crate::likeness::{self, Entry, FILLED_AT_ONCE, READ_AT_ONCE, VERSION};
use crate::{Founding, GoldenRow, Likeness, Listed, MasterWrite, Neighbours, StoreError};
use crate::{golden, rows};

/// One of the connections that read. Each question is answered in one row as far as that goes: a row
/// is a trip between threads.
pub(super) struct Reader(pub(super) PoolConnection<sqlx::Sqlite>);

#[async_trait]
impl Likeness for Reader {
    async fn postings(
        &mut self,
        keys: &[MatchKey],
        crowd: usize,
        exact: Option<&MasterKey>,
    ) -> Result<(Postings, Option<MasterId>), StoreError> {
        let (most, most_of_broad) = MatchKey::crowds(crowd);
        // Counted first: of a crowd no master is named.
        let (masters, found, holder): (Option<i64>, Option<String>, Option<Uuid>) = sqlx::query_as(
            "with given as materialized (
                 select value as key,
                        (select count(*)
                         from (select 1 from match_key k where k.key = value limit +$2)) as sharing
                 from json_each($1)
             )
             select (select max(rowid) from golden),
                    group_concat(key || ' ' || sharing || ' ' || case
                        when sharing <= case when key < 0 then $4 else $3 end
                        then (select group_concat(hex(k.master_id), '') from match_key k where k.key = given.key)
                        else '' end, char(10)),
                    (select master_id from master_key where kind = $5 and value = $6)
             from given where sharing > 0",
        )
        .bind(json!(keys.iter().map(|key| key.to_i64()).collect::<Vec<_>>()).to_string())
        .bind(likeness::counted(crowd))
        .bind(most as i64)
        .bind(most_of_broad as i64)
        .bind(exact.map(|key| key.kind.as_str()))
        .bind(exact.map(|key| rows::clean(&key.value)))
        .fetch_one(&mut *self.0)
        .await?;
        let mut postings = likeness::postings(masters.unwrap_or_default(), crowd);
        for line in found.as_deref().unwrap_or_default().lines() {
            let (key, sharing, masters) = posting(line)
                .ok_or_else(|| unreadable("what is under a match key", "no key, count and ids"))?;
            likeness::note(&mut postings, key, sharing, masters);
        }
        Ok((postings, holder.map(MasterId)))
    }

    async fn neighbours(&mut self, masters: &[MasterId]) -> Result<Neighbours, StoreError> {
        let (kept, rejected): (Option<String>, Option<String>) = sqlx::query_as(
            "select (select group_concat(hex(k.master_id) || hex(k.traits), ' ')
                     from json_each($1) given
                     cross join match_traits k on k.master_id = unhex(given.value)),
                    (select group_concat(hex(r.one) || hex(r.other), ' ')
                     from (select r.one, r.other from json_each($1) given
                           cross join review r on r.one = unhex(given.value) and r.state = 'rejected'
                           union all
                           select r.one, r.other from json_each($1) given
                           cross join review r on r.other = unhex(given.value) and r.state = 'rejected') r)",
        )
        .bind(identifiers(masters.iter().map(|master| master.0)))
        .fetch_one(&mut *self.0)
        .await?;
        let no_pairs = || unreadable("a rejected pair of masters", "no two ids");
        let traits = pieces(kept.as_deref())?.into_iter();
        let traits = traits.map(|(master, bytes)| Ok((MasterId(master), likeness::read(&bytes)?)));
        let rejected = pieces(rejected.as_deref())?.into_iter();
        let rejected = rejected.map(|(one, other)| {
            let other = Uuid::from_slice(&other).map_err(|_| no_pairs())?;
            Ok((MasterId(one), MasterId(other)))
        });
        Ok(Neighbours {
            traits: traits.collect::<Result<_, StoreError>>()?,
            rejected: rejected.collect::<Result<_, StoreError>>()?,
        })
    }

    async fn listed(&mut self, masters: &[MasterId]) -> Result<Vec<Listed>, StoreError> {
        if masters.is_empty() {
            return Ok(Vec::new());
        }
        let found: Vec<golden::ListedRow> = sqlx::query_as(
            "select g.master_id, g.golden, c.owner, c.since, c.until, c.message_id
             from json_each($1) given
             cross join golden g on g.master_id = unhex(given.value)
             left join claim c on c.master_id = g.master_id",
        )
        .bind(identifiers(masters.iter().map(|master| master.0)))
        .fetch_all(&mut *self.0)
        .await?;
        found.into_iter().map(golden::listed).collect()
    }
}

/// Characters of an identifier in hexadecimal.
const HEX: usize = 32;

/// A key, how many share it, and who, as one line says it.
fn posting(line: &str) -> Option<(i64, i64, Vec<Uuid>)> {
    let mut parts = line.split(' ');
    let key = parts.next()?.parse().ok()?;
    let sharing = parts.next()?.parse().ok()?;
    let masters = parts.next()?.as_bytes().chunks(HEX);
    let masters = masters.map(|text| Uuid::try_parse_ascii(text).ok());
    Some((key, sharing, masters.collect::<Option<_>>()?))
}

/// Identifiers, each with the bytes that follow it, as one row has them.
fn pieces(text: Option<&str>) -> Result<Vec<(Uuid, Vec<u8>)>, StoreError> {
    let pieces = text.unwrap_or_default().split_terminator(' ');
    let read = pieces.map(|text| {
        let (master, bytes) = text.split_at_checked(HEX)?;
        Some((Uuid::try_parse(master).ok()?, hex::decode(bytes).ok()?))
    });
    read.collect::<Option<_>>()
        .ok_or_else(|| unreadable("what likeness keeps of masters", "no ids and bytes"))
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
        "delete from master_name",
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
        names::keep(transaction, crate::names::of(&page)).await?;
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
