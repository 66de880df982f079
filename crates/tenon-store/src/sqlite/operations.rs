//! What operators see and decide.

use async_trait::async_trait;
use tenon_core::SystemName;

use super::Sqlite;
use crate::StoreError;
use crate::operations::{self, GroupRow, Half, Operations, ParkedGroup, Pause, PauseRow};
use crate::rows::clean;

#[async_trait]
impl Operations for Sqlite {
    async fn parked_groups(&self) -> Result<Vec<ParkedGroup>, StoreError> {
        let mut connection = self.read().await?;
        let found: Vec<GroupRow> = sqlx::query_as(
            "select t.system, t.what, t.state, t.part, t.count,
                 (select min(p.parked_at) from parked p where p.system = t.system
                      and p.direction = t.what and p.state = t.state and p.code = t.part)
             from tally t where t.what in ('inbound', 'outbound') and t.count > 0
             order by 1, 2, 3, 4",
        )
        .fetch_all(&mut *connection)
        .await?;
        found.into_iter().map(operations::group).collect()
    }

    async fn pauses(&self) -> Result<Vec<Pause>, StoreError> {
        let mut connection = self.read().await?;
        let found: Vec<PauseRow> =
            sqlx::query_as("select system, half, by, because, at from pause order by 1, 2")
                .fetch_all(&mut *connection)
                .await?;
        found.into_iter().map(operations::pause).collect()
    }

    async fn pause(&self, pause: &Pause) -> Result<Option<Pause>, StoreError> {
        let mut transaction = self.begin().await?;
        let before: Option<PauseRow> = sqlx::query_as(
            "select system, half, by, because, at from pause where system = $1 and half = $2",
        )
        .bind(pause.system.as_str())
        .bind(pause.half.as_str())
        .fetch_optional(&mut *transaction)
        .await?;
        sqlx::query(
            "insert into pause (system, half, by, because, at) values ($1, $2, $3, $4, $5)
             on conflict (system, half) do update
             set by = excluded.by, because = excluded.because, at = excluded.at",
        )
        .bind(pause.system.as_str())
        .bind(pause.half.as_str())
        .bind(clean(&pause.by))
        .bind(clean(&pause.because))
        .bind(pause.at.as_microsecond())
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        before.map(operations::pause).transpose()
    }

    async fn resume(&self, system: &SystemName, half: Half) -> Result<Option<Pause>, StoreError> {
        let mut transaction = self.begin().await?;
        let ended: Option<PauseRow> = sqlx::query_as(
            "delete from pause where system = $1 and half = $2
             returning system, half, by, because, at",
        )
        .bind(system.as_str())
        .bind(half.as_str())
        .fetch_optional(&mut *transaction)
        .await?;
        transaction.commit().await?;
        ended.map(operations::pause).transpose()
    }
}
