//! Who belongs to whom.

use sqlx::PgConnection;
use tenon_core::MasterId;

use super::{Postgres, Transaction};
use crate::hierarchy::{BelongingRow, belonging, cycle};
use crate::{Belonging, BelongingWrite, StoreError};

/// Writes belongings. One that would close a circle, by what another has written meanwhile, is a conflict.
pub(super) async fn write(
    transaction: &mut Transaction,
    writes: &[BelongingWrite],
) -> Result<(), StoreError> {
    for write in writes {
        let Some((parent, kind)) = write.to else {
            sqlx::query("delete from affiliation where child = $1")
                .bind(write.child.0)
                .execute(&mut **transaction)
                .await?;
            continue;
        };
        let statement = match write.yields {
            true => {
                "insert into affiliation (child, parent, kind, message_id) values ($1, $2, $3, $4)
                 on conflict (child) do nothing"
            }
            false => {
                "insert into affiliation (child, parent, kind, message_id) values ($1, $2, $3, $4)
                 on conflict (child) do update set parent = excluded.parent,
                     kind = excluded.kind, message_id = excluded.message_id"
            }
        };
        sqlx::query(statement)
            .bind(write.child.0)
            .bind(parent.0)
            .bind(kind.as_str())
            .bind(write.message_id.0)
            .execute(&mut **transaction)
            .await?;
        let above = above(transaction, parent).await?;
        if parent == write.child
            || above
                .iter()
                .any(|belonging| belonging.parent == write.child)
        {
            return Err(cycle());
        }
    }
    Ok(())
}

/// To whom a master belongs, and those in their turn, the nearest first.
pub(super) async fn above(
    connection: &mut PgConnection,
    master: MasterId,
) -> Result<Vec<Belonging>, StoreError> {
    // `union` ends a circle, should there ever be one.
    let found: Vec<BelongingRow> = sqlx::query_as(
        "with recursive above(child, parent, kind, message_id) as (
             select child, parent, kind, message_id from affiliation where child = $1
             union
             select a.child, a.parent, a.kind, a.message_id
             from above join affiliation a on a.child = above.parent
         )
         select child, parent, kind, message_id from above",
    )
    .bind(master.0)
    .fetch_all(connection)
    .await?;
    found.into_iter().map(belonging).collect()
}

pub(super) async fn parents(
    store: &Postgres,
    master: MasterId,
) -> Result<Vec<Belonging>, StoreError> {
    let mut connection = store.connection().await?;
    above(&mut connection, master).await
}

pub(super) async fn children(
    store: &Postgres,
    master: MasterId,
) -> Result<Vec<Belonging>, StoreError> {
    let mut connection = store.connection().await?;
    let found: Vec<BelongingRow> = sqlx::query_as(
        "select child, parent, kind, message_id from affiliation where parent = $1 order by child",
    )
    .bind(master.0)
    .fetch_all(&mut *connection)
    .await?;
    found.into_iter().map(belonging).collect()
}
