//! Who looks after a prospect for now.

use sqlx::PgConnection;
use tenon_core::MasterId;
use uuid::Uuid;

use super::moment::Moment;
use super::{Postgres, Transaction};
use crate::prospects::{claim, conflict};
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
            .bind(Moment::from(claim.since))
            .bind(Moment::from(claim.until))
            .bind(claim.message_id.0),
            (Some(claim), Some(replaced)) => sqlx::query(
                "update claim set owner = $2, since = $3, until = $4, message_id = $5
                 where master_id = $1 and message_id = $6",
            )
            .bind(write.master_id.0)
            .bind(clean(&claim.owner).into_owned())
            .bind(Moment::from(claim.since))
            .bind(Moment::from(claim.until))
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
    connection: &mut PgConnection,
    masters: &[MasterId],
) -> Result<Vec<ProspectClaim>, StoreError> {
    if masters.is_empty() {
        return Ok(Vec::new());
    }
    let masters: Vec<Uuid> = masters.iter().map(|master| master.0).collect();
    let found: Vec<(Uuid, String, Moment, Moment, Uuid)> = sqlx::query_as(
        "select master_id, owner, since, until, message_id from claim where master_id = any($1)",
    )
    .bind(masters)
    .fetch_all(connection)
    .await?;
    let rows = found.into_iter();
    rows.map(|(master, owner, since, until, message)| {
        claim((master, owner, since.0, until.0, message))
    })
    .collect()
}

pub(super) async fn list(
    store: &Postgres,
    masters: &[MasterId],
) -> Result<Vec<ProspectClaim>, StoreError> {
    let mut connection = store.connection().await?;
    of(&mut connection, masters).await
}
