//! Who looks after a prospect for now.

use sqlx::SqliteConnection;
use tenon_core::MasterId;

use super::known::identifiers;
use super::{Sqlite, Transaction};
use crate::prospects::{ClaimRow, claim, conflict};
use crate::rows::clean;
use crate::{ProspectClaim, ProspectClaimWrite, StoreError};

/// Writes claims over those that were seen.
pub(super) async fn write(
    transaction: &mut Transaction,
    writes: &[ProspectClaimWrite],
) -> Result<(), StoreError> {
    for write in writes {
        let replaced = write.replaces.map(|message| message.0);
        let query = match (&write.claim, replaced) {
            // Another one there already violates the key.
            (Some(claim), None) => sqlx::query(
                "insert into claim (master_id, owner, since, until, message_id)
                 values ($1, $2, $3, $4, $5)",
            )
            .bind(write.master_id.0)
            .bind(clean(&claim.owner).into_owned())
            .bind(claim.since.as_microsecond())
            .bind(claim.until.as_microsecond())
            .bind(claim.message_id.0),
            (Some(claim), Some(replaced)) => sqlx::query(
                "update claim set owner = $2, since = $3, until = $4, message_id = $5
                 where master_id = $1 and message_id = $6",
            )
            .bind(write.master_id.0)
            .bind(clean(&claim.owner).into_owned())
            .bind(claim.since.as_microsecond())
            .bind(claim.until.as_microsecond())
            .bind(claim.message_id.0)
            .bind(replaced),
            (None, replaced) => {
                sqlx::query("delete from claim where master_id = $1 and message_id = $2")
                    .bind(write.master_id.0)
                    .bind(replaced)
            }
        };
        if query.execute(&mut **transaction).await?.rows_affected() != 1 {
            return Err(conflict());
        }
    }
    Ok(())
}

/// The claims on masters.
pub(super) async fn of(
    connection: &mut SqliteConnection,
    masters: &[MasterId],
) -> Result<Vec<ProspectClaim>, StoreError> {
    if masters.is_empty() {
        return Ok(Vec::new());
    }
    let found: Vec<ClaimRow> = sqlx::query_as(
        "select c.master_id, c.owner, c.since, c.until, c.message_id
         from json_each($1) given
         cross join claim c on c.master_id = unhex(given.value)",
    )
    .bind(identifiers(masters.iter().map(|master| master.0)))
    .fetch_all(connection)
    .await?;
    found.into_iter().map(claim).collect()
}

pub(super) async fn list(
    store: &Sqlite,
    masters: &[MasterId],
) -> Result<Vec<ProspectClaim>, StoreError> {
    let mut connection = store.read().await?;
    of(&mut connection, masters).await
}
