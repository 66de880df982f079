//! What parked messages wait for, and how they are released.

use std::collections::BTreeSet;

use tenon_core::{Entity, MasterId, SystemName};

use super::{Sqlite, Transaction};
use crate::rows;
use crate::writes::Touched;
use crate::{MasterWrite, StoreError};

/// Whether any parked message waits for a link or a master.
pub(super) async fn someone_waits(transaction: &mut Transaction) -> Result<bool, StoreError> {
    // The indexes of those who wait are empty when nobody does.
    let waits = sqlx::query_scalar(
        "select exists (select 1 from parked where state = 'waiting' and dep_master_id is not null)
             or exists (select 1 from parked where state = 'waiting' and dep_native_id is not null)",
    )
    .fetch_one(&mut **transaction)
    .await?;
    Ok(waits)
}

/// Releases the messages that waited for links of `touched` records or for `changed` masters.
/// Returns their systems.
pub(super) async fn release(
    transaction: &mut Transaction,
    touched: &Touched,
    changed: &[MasterWrite],
) -> Result<BTreeSet<SystemName>, StoreError> {
    let mut systems = BTreeSet::new();
    for (entity, master) in touched {
        systems.extend(release_linked(transaction, *entity, *master).await?);
    }
    for write in changed {
        let released: Vec<String> = sqlx::query_scalar(
            "update parked set state = 'due'
             where state = 'waiting' and dep_master_id = $1 and dep_kind = 'change'
                 and dep_version < $2
             returning system",
        )
        .bind(write.row.master_id.0)
        .bind(write.row.version)
        .fetch_all(&mut **transaction)
        .await?;
        systems.extend(released);
    }
    systems.iter().map(|name| rows::system(name)).collect()
}

async fn release_linked(
    transaction: &mut Transaction,
    entity: Entity,
    master: MasterId,
) -> Result<Vec<String>, StoreError> {
    let released = sqlx::query_scalar(
        "update parked set state = 'due'
         where id in (
             select p.id from parked p
             where p.state = 'waiting' and p.dep_master_id = $2 and p.dep_entity = $1
                 and p.dep_kind = 'link'
             union
             select p.id from crosswalk n
             cross join parked p on p.state = 'waiting' and p.dep_native_id = n.native_id
                 and p.dep_system = n.system and p.dep_entity = n.entity
             where n.entity = $1 and n.master_id = $2
         ) and exists (
             select 1 from crosswalk c
             where c.entity = $1 and c.master_id = $2 and c.system = parked.system)
         returning system",
    )
    .bind(entity.as_str())
    .bind(master.0)
    .fetch_all(&mut **transaction)
    .await?;
    Ok(released)
}

/// The condition under which the dependency of the waiting message is met, and the statement
/// around it; who waits for a master that was merged is to look for the survivor; the argument limits which messages are asked.
macro_rules! release_met {
    ($among:literal) => {
        concat!(
            "update parked set state = 'due'
             where state = 'waiting' and ",
            $among,
            " and case
                 when dep_kind = 'change' then exists (
                     select 1 from golden g
                     where g.master_id = parked.dep_master_id and g.version > parked.dep_version)
                 when dep_master_id is not null then exists (
                     select 1 from crosswalk c
                     where c.entity = parked.dep_entity and c.master_id = parked.dep_master_id
                         and c.system = parked.system)
                     or exists (
                     select 1 from golden g
                     where g.master_id = parked.dep_master_id and g.merged_into is not null)
                 else exists (
                     select 1 from crosswalk n
                     cross join crosswalk c on c.entity = n.entity and c.master_id = n.master_id
                     where n.entity = parked.dep_entity and n.system = parked.dep_system
                         and n.native_id = parked.dep_native_id and c.system = parked.system)
             end
             returning system"
        )
    };
}

/// Releases those of `ids` whose dependency is met already.
pub(super) async fn release_met_among(
    transaction: &mut Transaction,
    ids: &[i64],
) -> Result<BTreeSet<SystemName>, StoreError> {
    let mut systems = BTreeSet::new();
    for id in ids {
        let released: Option<String> = sqlx::query_scalar(release_met!("id = $1"))
            .bind(id)
            .fetch_optional(&mut **transaction)
            .await?;
        systems.extend(released);
    }
    systems.iter().map(|name| rows::system(name)).collect()
}

pub(super) async fn release_met(store: &Sqlite) -> Result<Vec<SystemName>, StoreError> {
    let mut transaction = store.begin().await?;
    if !someone_waits(&mut transaction).await? {
        return Ok(Vec::new());
    }
    let systems: Vec<String> = sqlx::query_scalar(release_met!("true"))
        .fetch_all(&mut *transaction)
        .await?;
    transaction.commit().await?;
    let systems: Result<BTreeSet<_>, _> = systems.iter().map(|name| rows::system(name)).collect();
    Ok(systems?.into_iter().collect())
}
