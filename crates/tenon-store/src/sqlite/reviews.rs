//! Pairs of masters that may be one customer.

use sqlx::SqliteConnection;
use uuid::Uuid;

use super::{Sqlite, Transaction};
use crate::reviews::{ReviewRow, pair};
use crate::rows::{self, clean};
use crate::{Decided, Doubt, Judgement, Known, Lookup, Review, ReviewId, ReviewState, StoreError};

/// The columns of a review.
macro_rules! select_reviews {
    () => {
        "select id, one, other, state, reason, evidence, message_id, opened_at, decided_at, decided_by,
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
    i64,
    Option<i64>,
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
        opened_at,
        decided_at,
        decided_by,
        because,
    }
    .review()
}

/// Enters doubts; a pair that is there already stays as it is.
pub(super) async fn open(
    transaction: &mut Transaction,
    doubts: &[Doubt],
    now: i64,
) -> Result<(), StoreError> {
    for doubt in doubts {
        let (one, other) = doubt.pair();
        sqlx::query(
            "insert into review (one, other, state, reason, evidence, message_id, opened_at)
             values ($1, $2, 'open', $3, $4, $5, $6)
             on conflict (one, other) do nothing",
        )
        .bind(one.0)
        .bind(other.0)
        .bind(clean(&doubt.reason))
        .bind(rows::to_json(&doubt.evidence)?)
        .bind(doubt.message_id.0)
        .bind(now)
        .execute(&mut **transaction)
        .await?;
    }
    Ok(())
}

/// Enters what people said.
pub(super) async fn judge(
    transaction: &mut Transaction,
    judgements: &[Judgement],
    now: i64,
) -> Result<(), StoreError> {
    for judgement in judgements {
        let (one, other) = pair(judgement.one, judgement.other);
        let statement = if judgement.replaces.is_some() {
            "update review set state = $3,
                 decided_by = case when $3 <> 'open' then $4 end,
                 because = case when $3 <> 'open' then $5 end,
                 decided_at = case when $3 <> 'open' then $7 end
             where one = $1 and other = $2 and state = $8 and $6 is not null"
        } else {
            "insert into review (one, other, state, reason, evidence, message_id, opened_at,
                 decided_by, because, decided_at)
             values ($1, $2, $3, 'person', '{}', $6, $7, $4, $5, $7)
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
            .bind(judgement.message_id.0)
            .bind(now);
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
    connection: &mut SqliteConnection,
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
    store: &Sqlite,
    state: Option<ReviewState>,
    after: Option<ReviewId>,
    limit: u32,
) -> Result<Vec<Review>, StoreError> {
    let mut connection = store.read().await?;
    let found: Vec<Row> = sqlx::query_as(concat!(
        select_reviews!(),
        " where id > $1 and ($2 is null or state = $2) order by id limit $3"
    ))
    .bind(after.map_or(0, |id| id.0))
    .bind(state.map(ReviewState::as_str))
    .bind(i64::from(limit))
    .fetch_all(&mut *connection)
    .await?;
    found.into_iter().map(review).collect()
}

pub(super) async fn decided(
    store: &Sqlite,
    state: Option<ReviewState>,
    after: Option<Decided>,
    limit: u32,
) -> Result<Vec<Review>, StoreError> {
    let mut connection = store.read().await?;
    let found: Vec<Row> = sqlx::query_as(concat!(
        select_reviews!(),
        " where decided_at is not null and ($1 is null or state = $1)
             and (decided_at, id) < ($2, $3)
         order by decided_at desc, id desc limit $4"
    ))
    .bind(state.map(ReviewState::as_str))
    .bind(after.map_or(i64::MAX, |after| after.at.as_microsecond()))
    .bind(after.map_or(i64::MAX, |after| after.id.0))
    .bind(i64::from(limit))
    .fetch_all(&mut *connection)
    .await?;
    found.into_iter().map(review).collect()
}

pub(super) async fn one(store: &Sqlite, id: ReviewId) -> Result<Option<Review>, StoreError> {
    let mut connection = store.read().await?;
    let found: Option<Row> = sqlx::query_as(concat!(select_reviews!(), " where id = $1"))
        .bind(id.0)
        .fetch_optional(&mut *connection)
        .await?;
    found.map(review).transpose()
}
