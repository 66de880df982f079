//! Moves the ties of masters that turn out to be one, or two.

use std::collections::{BTreeSet, HashMap};

use sqlx::PgConnection;
use tenon_core::{Entity, MasterId, SystemName};
use tenon_master::MasterKey;
use uuid::Uuid;

use super::known::golden_rows;
use super::{Postgres, Transaction};
use crate::rows::{self, clean};
use crate::{GoldenRow, Move, StoreError, Tie, TiedRecord};

/// The masters into which `rows` were merged, step by step; empty, without a question, if none was.
pub(super) async fn merged_into(
    connection: &mut PgConnection,
    rows: &[GoldenRow],
) -> Result<HashMap<MasterId, MasterId>, StoreError> {
    let mut merged: HashMap<MasterId, MasterId> = HashMap::new();
    let step = |rows: &[GoldenRow]| -> Vec<(MasterId, MasterId)> {
        let into = rows
            .iter()
            .filter_map(|row| Some((row.master_id, row.merged_into?)));
        into.collect()
    };
    let mut steps = step(rows);
    while !steps.is_empty() {
        let next: BTreeSet<Uuid> = steps.iter().map(|(_, into)| into.0).collect();
        merged.extend(steps);
        let unknown = next
            .into_iter()
            .filter(|id| !merged.contains_key(&MasterId(*id)));
        steps = step(&golden_rows(connection, unknown.collect()).await?);
    }
    Ok(merged)
}

/// Notes to which masters ties belong when no merge is counted.
pub(super) async fn note_unmerged(
    transaction: &mut Transaction,
    unmerged: &[(Tie, MasterId)],
) -> Result<(), StoreError> {
    for (tie, master) in unmerged {
        let query = match tie {
            Tie::Record(entity, system, native_id) => sqlx::query(
                "update crosswalk set unmerged_id = $1
                 where native_id = $2 and entity = $3 and system = $4 and master_id <> $1",
            )
            .bind(master.0)
            .bind(clean(native_id).into_owned())
            .bind(entity.as_str())
            .bind(system.as_str().to_owned()),
            Tie::Key(key) => sqlx::query(
                "update master_key set unmerged_id = $1
                 where kind = $2 and value = $3 and master_id <> $1",
            )
            .bind(master.0)
            .bind(key.kind.as_str())
            .bind(clean(&key.value).into_owned()),
        };
        query.execute(&mut **transaction).await?;
    }
    Ok(())
}

/// Moves ties. Returns the systems in which messages became due by it.
pub(super) async fn apply(
    transaction: &mut Transaction,
    moves: &[Move],
) -> Result<BTreeSet<SystemName>, StoreError> {
    let mut due = BTreeSet::new();
    for one in moves {
        match one {
            Move::Merge { survivor, merged } => {
                merge(transaction, *survivor, *merged).await?;
                due.extend(free_lane(transaction, *merged).await?);
            }
            Move::Unmerge {
                survivor,
                merged,
                members,
            } => unmerge(transaction, *survivor, *merged, members).await?,
            Move::Split {
                from,
                to,
                records,
                keys,
            } => {
                for (system, native_id) in records {
                    sqlx::query(
                        "update crosswalk set master_id = $1
                         where native_id = $2 and entity = $3 and system = $4 and master_id = $5",
                    )
                    .bind(to.0)
                    .bind(clean(native_id))
                    .bind(Entity::Customer.as_str())
                    .bind(system.as_str())
                    .bind(from.0)
                    .execute(&mut **transaction)
                    .await?;
                }
                for key in keys {
                    sqlx::query(
                        "update master_key set master_id = $1
                         where kind = $2 and value = $3 and master_id = $4",
                    )
                    .bind(to.0)
                    .bind(key.kind.as_str())
                    .bind(clean(&key.value))
                    .bind(from.0)
                    .execute(&mut **transaction)
                    .await?;
                }
            }
        }
        due.extend(wake(transaction, one.between()).await?);
    }
    Ok(due)
}

async fn merge(
    transaction: &mut Transaction,
    survivor: MasterId,
    merged: MasterId,
) -> Result<(), StoreError> {
    for statement in [
        "update crosswalk set unmerged_id = coalesce(unmerged_id, master_id), master_id = $1
         where master_id = $2 and entity = 'customer'",
        "update master_key set unmerged_id = coalesce(unmerged_id, master_id), master_id = $1
         where master_id = $2",
    ] {
        sqlx::query(statement)
            .bind(survivor.0)
            .bind(merged.0)
            .execute(&mut **transaction)
            .await?;
    }
    Ok(())
}

async fn unmerge(
    transaction: &mut Transaction,
    survivor: MasterId,
    merged: MasterId,
    members: &[MasterId],
) -> Result<(), StoreError> {
    let members: Vec<Uuid> = members.iter().map(|member| member.0).collect();
    for statement in [
        "update crosswalk set master_id = $2, unmerged_id = nullif(unmerged_id, $2)
         where master_id = $1 and entity = 'customer' and unmerged_id = any($3)",
        "update master_key set master_id = $2, unmerged_id = nullif(unmerged_id, $2)
         where master_id = $1 and unmerged_id = any($3)",
    ] {
        sqlx::query(statement)
            .bind(survivor.0)
            .bind(merged.0)
            .bind(&members)
            .execute(&mut **transaction)
            .await?;
    }
    Ok(())
}

/// Makes the messages due that wait for a link of one of `masters`: they are planned anew.
async fn wake(
    transaction: &mut Transaction,
    masters: [MasterId; 2],
) -> Result<BTreeSet<SystemName>, StoreError> {
    let woken: Vec<String> = sqlx::query_scalar(
        "update parked set state = 'due'
         where state = 'waiting' and dep_master_id = any($1) returning system",
    )
    .bind(masters.map(|master| master.0).to_vec())
    .fetch_all(&mut **transaction)
    .await?;
    woken.iter().map(|name| rows::system(name)).collect()
}

/// Makes the heads of a merged master's own lanes due: nobody needs its golden record any more,
/// and what is settled frees the lane.
async fn free_lane(
    transaction: &mut Transaction,
    merged: MasterId,
) -> Result<BTreeSet<SystemName>, StoreError> {
    let lane = format!("{}/{merged}", Entity::Customer);
    let freed: Vec<String> = sqlx::query_scalar(
        "update parked p set state = 'due'
         where p.direction = 'outbound' and p.lane = $1 and p.state in ('failed', 'retry', 'waiting')
         returning p.system",
    )
    .bind(lane)
    .fetch_all(&mut **transaction)
    .await?;
    freed.iter().map(|name| rows::system(name)).collect()
}

/// Leads links on that were just made under masters which had been merged meanwhile.
pub(super) async fn lead_on(
    transaction: &mut Transaction,
    system: &SystemName,
    native_ids: &[&str],
) -> Result<(), StoreError> {
    let native_ids: Vec<_> = native_ids.iter().map(|id| clean(id)).collect();
    loop {
        let moved = sqlx::query(
            "update crosswalk c
             set unmerged_id = coalesce(c.unmerged_id, c.master_id), master_id = g.merged_into
             from golden g
             where c.native_id = any($1) and c.entity = 'customer' and c.system = $2
                 and g.master_id = c.master_id and g.merged_into is not null",
        )
        .bind(&native_ids)
        .bind(system.as_str())
        .execute(&mut **transaction)
        .await?;
        if moved.rows_affected() == 0 {
            return Ok(());
        }
    }
}

/// The customer records that are tied to these masters.
pub(super) async fn records(
    store: &Postgres,
    ids: &[MasterId],
) -> Result<Vec<(MasterId, TiedRecord)>, StoreError> {
    let mut connection = store.connection().await?;
    let found: Vec<(Uuid, String, String, bool, Option<Uuid>)> = sqlx::query_as(
        "select master_id, system, native_id, inbound, unmerged_id from crosswalk
         where master_id = any($1) and entity = 'customer' order by system, native_id",
    )
    .bind(ids.iter().map(|id| id.0).collect::<Vec<_>>())
    .fetch_all(&mut *connection)
    .await?;
    let record = |(master, system, native_id, told, unmerged): (
        Uuid,
        String,
        String,
        bool,
        Option<Uuid>,
    )| {
        let record = TiedRecord {
            system: rows::system(&system)?,
            native_id,
            told,
            unmerged: unmerged.map(MasterId),
        };
        Ok((MasterId(master), record))
    };
    found.into_iter().map(record).collect()
}

/// Reserves codes, or gives them free. One that a master has is a conflict.
pub(super) async fn reserve(
    transaction: &mut Transaction,
    reservations: &[(MasterKey, bool)],
) -> Result<(), StoreError> {
    for (key, reserved) in reservations {
        let statement = match reserved {
            true => "insert into master_key (kind, value, master_id) values ($1, $2, $3)",
            false => "delete from master_key where kind = $1 and value = $2 and master_id = $3",
        };
        let written = sqlx::query(statement)
            .bind(key.kind.as_str())
            .bind(clean(&key.value))
            .bind(Uuid::nil())
            .execute(&mut **transaction)
            .await?;
        if written.rows_affected() != 1 {
            return Err(StoreError::Conflict(
                "a code was taken meanwhile".to_owned(),
            ));
        }
    }
    Ok(())
}
