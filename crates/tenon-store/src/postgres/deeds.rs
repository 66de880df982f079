//! The history of parked messages, corrections of their bodies, and redrives.

use std::borrow::Cow;

use sqlx::PgConnection;
use tenon_core::MessageId;
use uuid::Uuid;

use super::moment::Moment;
use super::{Postgres, Transaction, parked};
use crate::body::{pack, pack_option};
use crate::deeds::{self, CorrectionRow, RedriveRow};
use crate::rows::{self, clean, clean_option};
use crate::{
    Act, Correction, CorrectionId, CorrectionState, Deed, EventKind, NewRedrive, ParkedEvent,
    ParkedId, Redrive, RedriveId, RedriveState, StoreError, writes,
};

// ---- History ----------------------------------------------------------------------------------

/// Adds to the history of messages. A settlement that comes twice is noted once.
pub(super) async fn note(
    transaction: &mut Transaction,
    notes: &[writes::Note<'_>],
) -> Result<(), StoreError> {
    if notes.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "insert into parked_event
             (message_id, system, direction, at, what, code, detail, attempts, sent)
         select message_id, system, direction, now(), what, code, detail, attempts, sent
         from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
             $7::int4[], $8::bytea[])
             as given(message_id, system, direction, what, code, detail, attempts, sent)
         where direction = 'inbound' or not exists (
             select from parked_event e
             where e.message_id = given.message_id and e.system = given.system
                 and e.direction = given.direction and e.what = given.what
                 and e.attempts = given.attempts)",
    )
    .bind(notes.iter().map(|note| note.message.0).collect::<Vec<_>>())
    .bind(notes.iter().map(|note| note.system).collect::<Vec<_>>())
    .bind(
        notes
            .iter()
            .map(|note| note.direction.as_str())
            .collect::<Vec<_>>(),
    )
    .bind(
        notes
            .iter()
            .map(|note| note.what.as_str())
            .collect::<Vec<_>>(),
    )
    .bind(
        notes
            .iter()
            .map(|note| clean_option(note.code))
            .collect::<Vec<_>>(),
    )
    .bind(
        notes
            .iter()
            .map(|note| clean(note.detail))
            .collect::<Vec<_>>(),
    )
    .bind(
        notes
            .iter()
            .map(|note| rows::attempts(note.attempts))
            .collect::<Vec<_>>(),
    )
    .bind(
        notes
            .iter()
            .map(|note| pack_option(note.sent).map(Cow::into_owned))
            .collect::<Vec<_>>(),
    )
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

/// Adds what a person did to the history of those parked messages that are still there.
pub(super) async fn note_deed(
    connection: &mut sqlx::PgConnection,
    ids: &[i64],
    what: EventKind,
    deed: &Deed,
) -> Result<(), StoreError> {
    sqlx::query(
        "insert into parked_event (message_id, system, direction, at, what, who, detail, attempts)
         select message_id, system, direction, now(), $2, $3, $4, attempts
         from parked where id = any($1) order by id",
    )
    .bind(ids)
    .bind(what.as_str())
    .bind(clean(&deed.who))
    .bind(clean(&deed.because))
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn passed_over(
    store: &Postgres,
    id: ParkedId,
    deed: &Deed,
) -> Result<(), StoreError> {
    let mut connection = store.connection().await?;
    note_deed(&mut connection, &[id.0], EventKind::PassedOver, deed).await
}

pub(super) async fn history(
    store: &Postgres,
    id: MessageId,
) -> Result<Vec<ParkedEvent>, StoreError> {
    type Row = (
        Moment,
        String,
        String,
        String,
        Option<String>,
        Option<String>,
        String,
        i32,
        Option<Vec<u8>>,
    );
    let mut connection = store.connection().await?;
    let found: Vec<Row> = sqlx::query_as(
        "select at, direction, system, what, who, code, detail, attempts, sent
         from parked_event where message_id = $1 order by id",
    )
    .bind(id.0)
    .fetch_all(&mut *connection)
    .await?;
    let event = |row: Row| {
        deeds::event((
            row.0.0, row.1, row.2, row.3, row.4, row.5, row.6, row.7, row.8,
        ))
    };
    found.into_iter().map(event).collect()
}

// ---- Corrections ------------------------------------------------------------------------------

pub(super) async fn propose(
    store: &Postgres,
    id: ParkedId,
    body: &[u8],
    deed: &Deed,
) -> Result<Option<CorrectionId>, StoreError> {
    let mut transaction = store.begin("begin").await?;
    let parked: Option<(Uuid, String, String, Vec<u8>)> = sqlx::query_as(
        "select message_id, system, direction, body from parked where id = $1 for update",
    )
    .bind(id.0)
    .fetch_optional(&mut *transaction)
    .await?;
    let Some((message, system, direction, original)) = parked else {
        return Ok(None);
    };
    let correction: Option<i64> = sqlx::query_scalar(
        "insert into correction (message_id, system, direction, state, original, proposed,
             proposed_by, because, proposed_at)
         values ($1, $2, $3, 'proposed', $4, $5, $6, $7, now())
         on conflict (message_id, system, direction) where state = 'proposed' do nothing
         returning id",
    )
    .bind(message)
    .bind(system)
    .bind(direction)
    .bind(pack(&original))
    .bind(pack(body))
    .bind(clean(&deed.who))
    .bind(clean(&deed.because))
    .fetch_optional(&mut *transaction)
    .await?;
    if correction.is_some() {
        note_deed(&mut transaction, &[id.0], EventKind::Proposed, deed).await?;
    }
    transaction.commit().await?;
    Ok(correction.map(CorrectionId))
}

pub(super) async fn decide(
    store: &Postgres,
    id: CorrectionId,
    approve: bool,
    deed: &Deed,
) -> Result<bool, StoreError> {
    let (state, what) = match approve {
        true => (CorrectionState::Approved, EventKind::Corrected),
        false => (CorrectionState::Rejected, EventKind::Rejected),
    };
    let mut transaction = store.begin("begin").await?;
    // Nobody decides what he has proposed himself: the database sees to it as well.
    let decided: Option<deeds::DecidedRow> = sqlx::query_as(
        "update correction set state = $2, decided_by = $3, decision = $4, decided_at = now()
         where id = $1 and state = 'proposed' and proposed_by <> $3
         returning message_id, system, direction, original, proposed",
    )
    .bind(id.0)
    .bind(state.as_str())
    .bind(clean(&deed.who))
    .bind(clean(&deed.because))
    .fetch_optional(&mut *transaction)
    .await?;
    let Some((message, system, direction, original, proposed)) = decided else {
        return Ok(false);
    };
    let parked: Option<(i64, Vec<u8>)> = sqlx::query_as(
        "select id, body from parked
         where message_id = $1 and system = $2 and direction = $3 for update",
    )
    .bind(message)
    .bind(system)
    .bind(direction)
    .fetch_optional(&mut *transaction)
    .await?;
    let Some((parked, body)) = parked else {
        // It does not wait any more: there is nothing to correct, but the proposal may be turned down.
        if !approve {
            transaction.commit().await?;
        }
        return Ok(!approve);
    };
    if approve {
        if body != crate::body::unpack(original) {
            return Ok(false);
        }
        sqlx::query("update parked set body = $2 where id = $1")
            .bind(parked)
            .bind(crate::body::unpack(proposed).as_ref())
            .execute(&mut *transaction)
            .await?;
    }
    note_deed(&mut transaction, &[parked], what, deed).await?;
    transaction.commit().await?;
    Ok(true)
}

pub(super) async fn corrections(
    store: &Postgres,
    only: Option<CorrectionId>,
    state: Option<CorrectionState>,
    after: Option<CorrectionId>,
    limit: u32,
) -> Result<Vec<Correction>, StoreError> {
    type Row = (
        i64,
        Uuid,
        String,
        String,
        Option<i64>,
        String,
        Vec<u8>,
        Vec<u8>,
        String,
        String,
        Moment,
        Option<String>,
        Option<String>,
        Option<Moment>,
    );
    let mut transaction = store.begin(super::BEGIN_FILTERED).await?;
    let found: Vec<Row> = sqlx::query_as(
        "select c.id, c.message_id, c.direction, c.system, p.id, c.state, c.original, c.proposed,
             c.proposed_by, c.because, c.proposed_at, c.decided_by, c.decision, c.decided_at
         from correction c
         left join parked p on p.message_id = c.message_id and p.system = c.system
             and p.direction = c.direction
         where c.id > $1 and ($2::int8 is null or c.id = $2)
             and ($3::text is null or c.state = $3)
         order by c.id limit $4",
    )
    .bind(after.map_or(0, |id| id.0))
    .bind(only.map(|id| id.0))
    .bind(state.map(CorrectionState::as_str))
    .bind(i64::from(limit))
    .fetch_all(&mut *transaction)
    .await?;
    transaction.commit().await?;
    let row = |row: Row| -> CorrectionRow {
        let (proposed, decided) = (row.10.0, row.13.map(|moment| moment.0));
        (
            row.0, row.1, row.2, row.3, row.4, row.5, row.6, row.7, row.8, row.9, proposed, row.11,
            row.12, decided,
        )
    };
    found
        .into_iter()
        .map(|found| deeds::correction(row(found)))
        .collect()
}

// ---- Redrives ---------------------------------------------------------------------------------

pub(super) async fn begin_redrive(
    store: &Postgres,
    new: &NewRedrive,
    state: RedriveState,
) -> Result<RedriveId, StoreError> {
    let mut transaction = store
        .begin("begin; set local plan_cache_mode = force_custom_plan")
        .await?;
    let id: i64 = sqlx::query_scalar(
        "insert into redrive (act, selection, until, cursor, per_second, force, state, who,
             because, began_at, sent, passed_over)
         select $7, $1::text::json, coalesce(max(id), 0), 0, $2, $3, $6, $4, $5, now(), 0, 0
         from parked
         returning id",
    )
    .bind(rows::to_json(&new.selection)?)
    .bind(new.per_second.map(rows::attempts))
    .bind(new.force)
    .bind(clean(&new.deed.who))
    .bind(clean(&new.deed.because))
    .bind(state.as_str())
    .bind(new.act.as_str())
    .fetch_one(&mut *transaction)
    .await?;
    let id = RedriveId(id);
    let total = match new.act {
        Act::Redrive => parked::count_within(&mut transaction, &new.selection).await?,
        Act::Drop => parked::choose(&mut transaction, id, &new.selection).await?,
    };
    sqlx::query("update redrive set total = $2 where id = $1")
        .bind(id.0)
        .bind(rows::stored(total))
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(id)
}

pub(super) async fn advance_redrive(
    store: &Postgres,
    id: RedriveId,
    cursor: ParkedId,
    sent: u64,
    passed_over: u64,
) -> Result<(), StoreError> {
    let mut connection = store.connection().await?;
    note_portion(&mut connection, id, cursor, sent, passed_over).await
}

pub(super) async fn note_portion(
    connection: &mut PgConnection,
    id: RedriveId,
    cursor: ParkedId,
    sent: u64,
    passed_over: u64,
) -> Result<(), StoreError> {
    sqlx::query(
        "update redrive set cursor = greatest(cursor, $2), sent = sent + $3,
             passed_over = passed_over + $4
         where id = $1",
    )
    .bind(id.0)
    .bind(cursor.0)
    .bind(rows::stored(sent))
    .bind(rows::stored(passed_over))
    .execute(&mut *connection)
    .await?;
    sqlx::query("delete from redrive_chosen where redrive = $1 and parked <= $2")
        .bind(id.0)
        .bind(cursor.0)
        .execute(connection)
        .await?;
    Ok(())
}

pub(super) async fn turn_redrive(
    store: &Postgres,
    id: RedriveId,
    from: RedriveState,
    to: RedriveState,
) -> Result<bool, StoreError> {
    let mut transaction = store.begin("begin").await?;
    let turned = sqlx::query(
        "update redrive set state = $3, ended_at = case when $3 <> 'running' then now() end
         where id = $1 and state = $2",
    )
    .bind(id.0)
    .bind(from.as_str())
    .bind(to.as_str())
    .execute(&mut *transaction)
    .await?;
    if to == RedriveState::Done {
        sqlx::query("delete from redrive_chosen where redrive = $1")
            .bind(id.0)
            .execute(&mut *transaction)
            .await?;
    }
    transaction.commit().await?;
    Ok(turned.rows_affected() == 1)
}

pub(super) async fn redrives(
    store: &Postgres,
    only: Option<RedriveId>,
    state: Option<RedriveState>,
    before: Option<RedriveId>,
    limit: u32,
) -> Result<Vec<Redrive>, StoreError> {
    let mut transaction = store.begin(super::BEGIN_FILTERED).await?;
    let found: Vec<RedriveRow<Moment>> = sqlx::query_as(
        "select id, act, selection::text, until, cursor, per_second, force, state, who, because,
             began_at, ended_at, total, sent, passed_over
         from redrive
         where id < $1 and ($2::int8 is null or id = $2) and ($3::text is null or state = $3)
         order by id desc limit $4",
    )
    .bind(before.map_or(i64::MAX, |id| id.0))
    .bind(only.map(|id| id.0))
    .bind(state.map(RedriveState::as_str))
    .bind(i64::from(limit))
    .fetch_all(&mut *transaction)
    .await?;
    transaction.commit().await?;
    let rows = found.into_iter();
    rows.map(|row| deeds::redrive(row, |moment| moment.0))
        .collect()
}
