//! Pairs of masters that may be one customer.

use sqlx::PgConnection;
use uuid::Uuid;

use super::moment::Moment;
use super::{Postgres, Transaction};
use crate::reviews::{ReviewRow, pair};
use crate::rows::{self, clean};
use crate::{Decided, Doubt, Judgement, Known, Lookup, Review, ReviewId, ReviewState, StoreError};

/// The columns of a review.
macro_rules! select_reviews {
    () => {
        "select id, one, other, state, reason, evidence::text, message_id, opened_at, decided_at, decided_by,
             because from review"
    };
}

type Row = (
    i64,
    Uuid,
    Uuid,
    String,
    String,
    String,
    Uuid,
    Moment,
    Option<Moment>,
    Option<String>,
    Option<String>,
);

fn review(row: Row) -> Result<Review, StoreError> {
    let (
        id,
        one,
        other,
        state,
        reason,
        evidence,
        message_id,
        opened_at,
        decided_at,
        decided_by,
        because,
    ) = row;
    ReviewRow {
        id,
        one,
        other,
        state,
        reason,
        evidence,
        message_id,
        opened_at: opened_at.0,
        decided_at: decided_at.map(|moment| moment.0),
        decided_by,
        because,
    }
    .review()
}

/// Enters doubts; a pair that is there already stays as it is.
pub(super) async fn open(
    transaction: &mut Transaction,
    doubts: &[Doubt],
) -> Result<(), StoreError> {
    for doubt in doubts {
        let (one, other) = doubt.pair();
        sqlx::query(
            "insert into review (one, other, state, reason, evidence, message_id, opened_at)
             values ($1, $2, 'open', $3, $4::json, $5, now())
             on conflict (one, other) do nothing",
        )
        .bind(one.0)
        .bind(other.0)
        .bind(clean(&doubt.reason))
        .bind(rows::to_json(&doubt.evidence)?)
        .bind(doubt.message_id.0)
        .execute(&mut **transaction)
        .await?;
    }
    Ok(())
}

/// Enters what people said.
pub(super) async fn judge(
    transaction: &mut Transaction,
    judgements: &[Judgement],
) -> Result<(), StoreError> {
    for judgement in judgements {
        let (one, other) = pair(judgement.one, judgement.other);
        let statement = if judgement.replaces.is_some() {
            "update review set state = $3,
                 decided_by = case when $3 <> 'open' then $4 end,
                 because = case when $3 <> 'open' then $5 end,
                 decided_at = case when $3 <> 'open' then now() end
             where one = $1 and other = $2 and state = $7 and $6::uuid is not null"
        } else {
            "insert into review (one, other, state, reason, evidence, message_id, opened_at,
                 decided_by, because, decided_at)
             values ($1, $2, $3, 'person', '{}'::json, $6, now(), $4, $5, now())
             on conflict (one, other) do update
             set state = excluded.state, decided_by = excluded.decided_by,
                 because = excluded.because, decided_at = excluded.decided_at"
        };
        let mut query = sqlx::query(statement)
            .bind(one.0)
            .bind(other.0)
            .bind(judgement.state.as_str())
            .bind(clean(&judgement.by))
            .bind(clean(&judgement.because))
            .bind(judgement.message_id.0);
        if let Some(replaced) = judgement.replaces {
            query = query.bind(replaced.as_str());
        }
        let judged = query.execute(&mut **transaction).await?;
        if judged.rows_affected() != 1 {
            return Err(StoreError::Conflict(
                "a review was decided meanwhile".to_owned(),
            ));
        }
    }
    Ok(())
}

/// The reviews that a look-up asks for.
pub(super) async fn known(
    connection: &mut PgConnection,
    lookup: &Lookup,
    known: &mut Known,
) -> Result<(), StoreError> {
    for id in &lookup.reviews {
        let found: Option<Row> = sqlx::query_as(concat!(select_reviews!(), " where id = $1"))
            .bind(id.0)
            .fetch_optional(&mut *connection)
            .await?;
        if let Some(row) = found {
            known.reviews.insert(*id, review(row)?);
        }
    }
    Ok(())
}

pub(super) async fn list(
    store: &Postgres,
    state: Option<ReviewState>,
    after: Option<ReviewId>,
    limit: u32,
) -> Result<Vec<Review>, StoreError> {
    let mut connection = store.connection().await?;
    let found: Vec<Row> = sqlx::query_as(concat!(
        select_reviews!(),
        " where id > $1 and ($2::text is null or state = $2) order by id limit $3"
    ))
    .bind(after.map_or(0, |id| id.0))
    .bind(state.map(ReviewState::as_str))
    .bind(i64::from(limit))
    .fetch_all(&mut *connection)
    .await?;
    found.into_iter().map(review).collect()
}

pub(super) async fn decided(
    store: &Postgres,
    state: Option<ReviewState>,
    after: Option<Decided>,
    limit: u32,
) -> Result<Vec<Review>, StoreError> {
    let mut connection = store.connection().await?;
    let found: Vec<Row> = sqlx::query_as(concat!(
        select_reviews!(),
        " where decided_at is not null and ($1::text is null or state = $1)
             and (decided_at, id) < (coalesce($2, 'infinity'::timestamptz), $3)
         order by decided_at desc, id desc limit $4"
    ))
    .bind(state.map(ReviewState::as_str))
    .bind(after.map(|after| Moment::from(after.at)))
    .bind(after.map_or(i64::MAX, |after| after.id.0))
    .bind(i64::from(limit))
    .fetch_all(&mut *connection)
    .await?;
    found.into_iter().map(review).collect()
}

pub(super) async fn one(store: &Postgres, id: ReviewId) -> Result<Option<Review>, StoreError> {
    let mut connection = store.connection().await?;
    let found: Option<Row> = sqlx::query_as(concat!(select_reviews!(), " where id = $1"))
        .bind(id.0)
        .fetch_optional(&mut *connection)
        .await?;
    found.map(review).transpose()
}
