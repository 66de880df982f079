//! What operators see and decide.

use async_trait::async_trait;
use tenon_core::SystemName;

use super::Postgres;
use super::moment::Moment;
use crate::StoreError;
use crate::operations::{self, Half, Operations, ParkedGroup, Pause};
use crate::rows::clean;

#[async_trait]
impl Operations for Postgres {
    async fn parked_groups(&self) -> Result<Vec<ParkedGroup>, StoreError> {
        let mut connection = self.connection().await?;
        type Row = (String, String, String, String, i64, Moment);
        let found: Vec<Row> = sqlx::query_as(
            "select t.system, t.what, t.state, t.part, t.count, eldest.parked_at
             from (select system, what, state, part, sum(count)::int8 as count from tally
                   where what in ('inbound', 'outbound')
                   group by 1, 2, 3, 4 having sum(count) > 0) t
             cross join lateral (
                 select p.parked_at from parked p
                 where p.system = t.system and p.direction = t.what and p.state = t.state
                     and p.code = t.part
                 order by p.parked_at limit 1) eldest
             order by 1, 2, 3, 4",
        )
        .fetch_all(&mut *connection)
        .await?;
        let rows = found.into_iter();
        rows.map(|(system, direction, state, code, count, oldest)| {
            operations::group((system, direction, state, code, count, oldest.0))
        })
        .collect()
    }

    async fn pauses(&self) -> Result<Vec<Pause>, StoreError> {
        let mut connection = self.connection().await?;
        let found: Vec<PauseMoment> =
            sqlx::query_as("select system, half, by, because, at from pause order by 1, 2")
                .fetch_all(&mut *connection)
                .await?;
        found.into_iter().map(paused).collect()
    }

    async fn pause(&self, pause: &Pause) -> Result<Option<Pause>, StoreError> {
        let mut connection = self.connection().await?;
        let before: Option<PauseMoment> = sqlx::query_as(
            "with now as (
                 insert into pause (system, half, by, because, at) values ($1, $2, $3, $4, $5)
                 on conflict (system, half) do update
                 set by = excluded.by, because = excluded.because, at = excluded.at)
             select system, half, by, because, at from pause where system = $1 and half = $2",
        )
        .bind(pause.system.as_str())
        .bind(pause.half.as_str())
        .bind(clean(&pause.by))
        .bind(clean(&pause.because))
        .bind(Moment::from(pause.at))
        .fetch_optional(&mut *connection)
        .await?;
        before.map(paused).transpose()
    }

    async fn resume(&self, system: &SystemName, half: Half) -> Result<Option<Pause>, StoreError> {
        let mut connection = self.connection().await?;
        let ended: Option<PauseMoment> = sqlx::query_as(
            "delete from pause where system = $1 and half = $2
             returning system, half, by, because, at",
        )
        .bind(system.as_str())
        .bind(half.as_str())
        .fetch_optional(&mut *connection)
        .await?;
        ended.map(paused).transpose()
    }
}

/// system, half, by, because, at.
type PauseMoment = (String, String, String, String, Moment);

fn paused((system, half, by, because, at): PauseMoment) -> Result<Pause, StoreError> {
    operations::pause((system, half, by, because, at.0))
}
