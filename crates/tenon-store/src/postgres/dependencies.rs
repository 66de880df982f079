//! What parked messages wait for, and how they are released.

use std::collections::BTreeSet;

use tenon_core::SystemName;

use super::{BEGIN_LINKING, Postgres, Transaction};
use crate::rows;
use crate::writes::Touched;
use crate::{MasterWrite, StoreError};

/// Releases the messages that waited for links of `touched` records or for `changed` masters.
/// Returns their systems.
pub(super) async fn release(
    transaction: &mut Transaction,
    touched: &Touched,
    changed: &[MasterWrite],
) -> Result<BTreeSet<SystemName>, StoreError> {
    if touched.is_empty() && changed.is_empty() {
        return Ok(BTreeSet::new());
    }
    let systems: Vec<String> = sqlx::query_scalar(
        "with touched as (
             select * from unnest($1::text[], $2::uuid[]) as given(entity, master_id)
         ), met as (
             select p.id from touched t
             cross join lateral (
                 select p.id, p.system from parked p
                 where p.state = 'waiting' and p.dep_master_id = t.master_id
                     and p.dep_entity = t.entity and p.dep_kind = 'link' offset 0) p
             where exists (select from crosswalk c where c.master_id = t.master_id
                 and c.entity = t.entity and c.system = p.system)
             union
             select p.id from touched t
             cross join lateral (
                 select n.system, n.native_id from crosswalk n
                 where n.master_id = t.master_id and n.entity = t.entity offset 0) n
             cross join lateral (
                 select p.id, p.system from parked p
                 where p.state = 'waiting' and p.dep_native_id = n.native_id
                     and p.dep_system = n.system and p.dep_entity = t.entity offset 0) p
             where exists (select from crosswalk c where c.master_id = t.master_id
                 and c.entity = t.entity and c.system = p.system)
             union
             select p.id from unnest($3::uuid[], $4::int8[]) as given(master_id, version)
             cross join lateral (
                 select p.id from parked p
                 where p.state = 'waiting' and p.dep_master_id = given.master_id
                     and p.dep_kind = 'change' and p.dep_version < given.version offset 0) p
         ), locked as (
             select id from parked
             where id = any(array(select id from met)) and state = 'waiting'
             order by id for update
         )
         update parked p set state = 'due'
         where p.id = any(array(select id from locked))
         returning p.system",
    )
    .bind(
        touched
            .iter()
            .map(|(entity, _)| entity.as_str())
            .collect::<Vec<_>>(),
    )
    .bind(
        touched
            .iter()
            .map(|(_, master)| master.0)
            .collect::<Vec<_>>(),
    )
    .bind(
        changed
            .iter()
            .map(|write| write.row.master_id.0)
            .collect::<Vec<_>>(),
    )
    .bind(
        changed
            .iter()
            .map(|write| write.row.version)
            .collect::<Vec<_>>(),
    )
    .fetch_all(&mut **transaction)
    .await?;
    systems.iter().map(|name| rows::system(name)).collect()
}

/// The condition under which the dependency of the waiting message `p` is met, and the statement
/// around it; who waits for a master that was merged is to look for the survivor; the argument limits which messages are asked.
macro_rules! release_met {
    ($among:literal) => {
        concat!(
            "with locked as (
                 select p.id from parked p
                 where p.state = 'waiting' and ",
            $among,
            " and case
                     when p.dep_kind = 'change' then exists (
                         select from golden g
                         where g.master_id = p.dep_master_id and g.version > p.dep_version)
                     when p.dep_master_id is not null then exists (
                         select from crosswalk c
                         where c.entity = p.dep_entity and c.master_id = p.dep_master_id
                             and c.system = p.system)
                         or exists (
                         select from golden g
                         where g.master_id = p.dep_master_id and g.merged_into is not null)
                     else exists (
                         select from crosswalk n
                         join crosswalk c on c.entity = n.entity and c.master_id = n.master_id
                         where n.entity = p.dep_entity and n.system = p.dep_system
                             and n.native_id = p.dep_native_id and c.system = p.system)
                 end
                 order by p.id for update of p
             )
             update parked p set state = 'due'
             where p.id = any(array(select id from locked))
             returning p.system"
        )
    };
}

/// Releases those of `ids` whose dependency is met already.
pub(super) async fn release_met_among(
    transaction: &mut Transaction,
    ids: Vec<i64>,
) -> Result<BTreeSet<SystemName>, StoreError> {
    if ids.is_empty() {
        return Ok(BTreeSet::new());
    }
    let systems: Vec<String> = sqlx::query_scalar(release_met!("p.id = any($1)"))
        .bind(ids)
        .fetch_all(&mut **transaction)
        .await?;
    systems.iter().map(|name| rows::system(name)).collect()
}

pub(super) async fn release_met(store: &Postgres) -> Result<Vec<SystemName>, StoreError> {
    let mut connection = store.connection().await?;
    let someone_waits: bool =
        sqlx::query_scalar("select exists (select from parked where state = 'waiting')")
            .fetch_one(&mut *connection)
            .await?;
    drop(connection);
    if !someone_waits {
        return Ok(Vec::new());
    }
    let mut transaction = store.begin(BEGIN_LINKING).await?;
    let systems: Vec<String> = sqlx::query_scalar(release_met!("true"))
        .fetch_all(&mut *transaction)
        .await?;
    transaction.commit().await?;
    let systems: Result<BTreeSet<_>, _> = systems.iter().map(|name| rows::system(name)).collect();
    Ok(systems?.into_iter().collect())
}
