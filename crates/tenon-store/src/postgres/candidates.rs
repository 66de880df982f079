//! What likeness keeps of masters, and which of them share its keys.

use std::collections::HashMap;

use async_trait::async_trait;
use sqlx::PgConnection;
use sqlx::pool::PoolConnection;
use tenon_core::MasterId;
use tenon_master::MasterKey;
use tenon_master::likeness::{MatchKey, Postings};
use uuid::Uuid;

use super::moment::Moment;
use super::{Postgres, SWEEP, Transaction, names};
use crate::likeness::{self, Entry, FILLED_AT_ONCE, READ_AT_ONCE, VERSION};
use crate::{Founding, GoldenRow, Likeness, Listed, MasterWrite, Neighbours, StoreError};
use crate::{golden, rows};

/// Rows that one statement writes when all masters are filled in.
const WRITTEN_AT_ONCE: usize = 65_536;

/// Begins to fill all masters in: whoever comes second waits, and finds it done.
const BEGIN_FILLING: &str = "begin; select pg_advisory_xact_lock(7603, hashtext(current_schema()))";

/// How many masters there are, about, without counting them: as the planner reckons. A table that
/// was never analysed is counted up to a thousand, and reckoned by its size beyond.
const MASTERS: &str = "
    case when c.reltuples >= 1000 then c.reltuples::int8
    else (select case when count(*) < 1000 then count(*)
                 else greatest(1000, pg_relation_size(c.oid) / 2048) end
          from (select from golden limit 1000) g) end";

/// One connection of the pool.
pub(super) struct Reader(pub(super) PoolConnection<sqlx::Postgres>);

#[async_trait]
impl Likeness for Reader {
    async fn postings(
        &mut self,
        keys: &[MatchKey],
        crowd: usize,
        exact: Option<&MasterKey>,
    ) -> Result<(Postings, Option<MasterId>), StoreError> {
        let crowds = keys.iter().map(|key| key.crowd(crowd));
        let crowds: Vec<i64> = crowds.map(|most| most as i64).collect();
        type Row = (i64, Option<i64>, i64, Option<Vec<Uuid>>);
        let found: Vec<Row> = sqlx::query_as(sqlx::AssertSqlSafe(format!(
            "select {MASTERS}, null::int8, 0::int8, array(
                 select k.master_id from master_key k where k.kind = $4 and k.value = $5)
             from pg_class c where c.oid = 'golden'::regclass
             union all
             select 0, given.key, k.sharing, case when k.sharing <= given.crowd then k.masters end
             from unnest($1::int8[], $2::int8[]) as given(key, crowd)
             cross join lateral (
                 select count(*) as sharing, array_agg(k.master_id) as masters
                 from (select k.master_id from match_key k where k.key = given.key limit $3) k
                 offset 0) k
             where k.sharing > 0"
        )))
        .bind(keys.iter().map(|key| key.to_i64()).collect::<Vec<_>>())
        .bind(crowds)
        .bind(likeness::counted(crowd))
        .bind(exact.map(|key| key.kind.as_str()))
        .bind(exact.map(|key| rows::clean(&key.value)))
        .fetch_all(&mut *self.0)
        .await?;
        let mut postings = likeness::postings(found.iter().map(|row| row.0).sum(), crowd);
        let mut holder = None;
        for (_, key, sharing, masters) in found {
            let masters = masters.unwrap_or_default();
            match key {
                Some(key) => likeness::note(&mut postings, key, sharing, masters),
                None => holder = masters.first().copied().map(MasterId),
            }
        }
        Ok((postings, holder))
    }

    async fn neighbours(&mut self, masters: &[MasterId]) -> Result<Neighbours, StoreError> {
        let found: Vec<(Uuid, Option<Vec<u8>>, Option<Uuid>)> = sqlx::query_as(
            "select master_id, traits, null::uuid from match_traits where master_id = any($1)
             union all
             select one, null, other from review where one = any($1) and state = 'rejected'
             union all
             select one, null, other from review where other = any($1) and state = 'rejected'",
        )
        .bind(masters.iter().map(|master| master.0).collect::<Vec<_>>())
        .fetch_all(&mut *self.0)
        .await?;
        let mut neighbours = Neighbours::default();
        for (master, traits, other) in found {
            let master = MasterId(master);
            if let Some(bytes) = traits {
                neighbours.traits.push((master, likeness::read(&bytes)?));
            }
            let rejected = other.map(|other| (master, MasterId(other)));
            neighbours.rejected.extend(rejected);
        }
        Ok(neighbours)
    }

    async fn listed(&mut self, masters: &[MasterId]) -> Result<Vec<Listed>, StoreError> {
        if masters.is_empty() {
            return Ok(Vec::new());
        }
        type Row = (
            Uuid,
            String,
            Option<String>,
            Option<Moment>,
            Option<Moment>,
            Option<Uuid>,
        );
        let found: Vec<Row> = sqlx::query_as(
            "select g.master_id, g.golden::text, c.owner, c.since, c.until, c.message_id
         from golden g left join claim c on c.master_id = g.master_id
         where g.master_id = any($1)",
        )
        .bind(masters.iter().map(|master| master.0).collect::<Vec<_>>())
        .fetch_all(&mut *self.0)
        .await?;
        let rows = found.into_iter();
        rows.map(|(master, golden, owner, since, until, message)| {
            let (since, until) = (since.map(|it| it.0), until.map(|it| it.0));
            golden::listed((master, golden, owner, since, until, message))
        })
        .collect()
    }
}

async fn kept(
    connection: &mut PgConnection,
    masters: Vec<Uuid>,
) -> Result<HashMap<Uuid, Vec<u8>>, StoreError> {
    let found: Vec<(Uuid, Vec<u8>)> =
        sqlx::query_as("select master_id, traits from match_traits where master_id = any($1)")
            .bind(masters)
            .fetch_all(connection)
            .await?;
    Ok(found.into_iter().collect())
}

/// The number of the latest founding.
pub(super) async fn foundings(connection: &mut PgConnection) -> Result<i64, StoreError> {
    let number = sqlx::query_scalar("select number from founding")
        .fetch_one(connection)
        .await?;
    Ok(number)
}

/// Numbers a founding; others wait from here until this transaction ends.
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
        kept(transaction, changed.into_iter().collect()).await?
    };
    let changes = likeness::changes(writes, &before)?;
    if !changes.gone.is_empty() {
        let (keys, masters): (Vec<i64>, Vec<Uuid>) = changes.gone.into_iter().unzip();
        sqlx::query(
            "delete from match_key k using unnest($1::int8[], $2::uuid[]) as given(key, master_id)
             where k.key = any($1) and k.key = given.key and k.master_id = given.master_id",
        )
        .bind(keys)
        .bind(masters)
        .execute(&mut **transaction)
        .await?;
    }
    if !changes.traits.is_empty() {
        let new = likeness::new(writes);
        let founded = |master: &Uuid| founded.filter(|_| new.contains(master));
        let traits = changes.traits.into_iter();
        let traits = traits.map(|(master, traits)| (master, traits, founded(&master)));
        write(transaction, traits, changes.new).await?;
    }
    Ok(())
}

async fn write(
    transaction: &mut Transaction,
    rows: impl IntoIterator<Item = (Uuid, Vec<u8>, Option<i64>)>,
    entries: impl IntoIterator<Item = Entry>,
) -> Result<(), StoreError> {
    let (mut masters, mut traits, mut founded) = (Vec::new(), Vec::new(), Vec::new());
    for (master, kept, founding) in rows {
        masters.push(master);
        traits.push(kept);
        founded.push(founding);
    }
    let (keys, owners): (Vec<i64>, Vec<Uuid>) = entries.into_iter().unzip();
    sqlx::query(
        "with kept as (
             insert into match_traits (master_id, traits, founded)
             select * from unnest($1::uuid[], $2::bytea[], $3::int8[])
             on conflict (master_id) do update set traits = excluded.traits
         )
         insert into match_key (key, master_id)
         select * from unnest($4::int8[], $5::uuid[])
         on conflict do nothing",
    )
    .bind(masters)
    .bind(traits)
    .bind(founded)
    .bind(keys)
    .bind(owners)
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

/// Makes every master ready if this release's version of it is not there yet; as a whole or not at
/// all.
pub(super) async fn fill(store: &Postgres) -> Result<(), StoreError> {
    if is_filled(&mut *store.connection().await?).await? {
        return Ok(());
    }
    let mut transaction = store.begin(BEGIN_FILLING).await?;
    if is_filled(&mut transaction).await? {
        return Ok(());
    }
    for statement in [
        "truncate match_key, match_traits, master_name",
        "delete from match_version",
        SWEEP,
    ] {
        sqlx::raw_sql(statement).execute(&mut *transaction).await?;
    }
    let mut entries: Vec<Entry> = Vec::new();
    let mut last = Uuid::nil();
    let mut ready = 0;
    loop {
        let page = page(&mut transaction, last).await?;
        let Some(row) = page.last() else { break };
        last = row.master_id.0;
        ready += page.len();
        let mut traits = Vec::with_capacity(page.len());
        for (master, bytes, keys) in likeness::make_ready(&page) {
            entries.extend(keys.into_iter().map(|key| (key, master)));
            traits.push((master, bytes, None));
        }
        write(&mut transaction, traits, []).await?;
        names::keep(&mut transaction, crate::names::of(&page)).await?;
        if ready >= FILLED_AT_ONCE {
            write_entries(&mut transaction, &mut entries).await?;
            ready = 0;
        }
    }
    write_entries(&mut transaction, &mut entries).await?;
    sqlx::query("insert into match_version (version) values ($1)")
        .bind(VERSION)
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(())
}

async fn is_filled(connection: &mut PgConnection) -> Result<bool, StoreError> {
    let filled = sqlx::query_scalar("select exists (select from match_version where version = $1)")
        .bind(VERSION)
        .fetch_one(connection)
        .await?;
    Ok(filled)
}

async fn page(connection: &mut PgConnection, after: Uuid) -> Result<Vec<GoldenRow>, StoreError> {
    let found: Vec<(Uuid, i64, String, String)> = sqlx::query_as(
        "select master_id, version, golden::text, sources::text from golden
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

/// Writes entries in the order of their keys, so that the index grows at its end.
async fn write_entries(
    transaction: &mut Transaction,
    entries: &mut Vec<Entry>,
) -> Result<(), StoreError> {
    entries.sort_unstable();
    for part in entries.chunks(WRITTEN_AT_ONCE) {
        write(transaction, [], part.iter().copied()).await?;
    }
    entries.clear();
    Ok(())
}
