//! Parked messages as people and the deliver stage see them.

use std::collections::BTreeSet;

use sqlx::{AssertSqlSafe, SqliteConnection};
use tenon_core::{Entity, MessageId, SystemName, Timestamp};
use uuid::Uuid;

use super::lanes::{self, advance};
use super::{Sqlite, Transaction, deeds, now};
use crate::parking::{self, Newcomer, ParkedRow};
use crate::rows::{self, clean};
use crate::{
    Deed, Direction, EventKind, Parcel, ParkedFilter, ParkedId, ParkedRecord, ParkedState,
    RedriveId, StoreError,
};

// ---- Reading ----------------------------------------------------------------------------------

type Row = (
    i64,
    String,
    String,
    String,
    Option<String>,
    String,
    String,
    i32,
    Option<i64>,
    i64,
    i64,
    Option<i64>,
    String,
    Vec<u8>,
);

fn record(row: Row) -> Result<ParkedRecord, StoreError> {
    let (
        id,
        direction,
        system,
        state,
        kind,
        code,
        detail,
        attempts,
        retry_at,
        parked_at,
        behind,
        behind_since,
        attributes,
        body,
    ) = row;
    ParkedRow {
        id,
        direction,
        system,
        state,
        kind,
        code,
        detail,
        attempts,
        retry_at,
        parked_at,
        behind,
        behind_since,
        attributes,
        body,
    }
    .record()
}

pub(super) async fn due(
    store: &Sqlite,
    system: &SystemName,
    limit: u32,
) -> Result<Vec<ParkedRecord>, StoreError> {
    let mut connection = store.read().await?;
    let found: Vec<Row> = sqlx::query_as(
        "select p.id, p.direction, p.system, p.state, p.kind, p.code, p.detail, p.attempts,
             p.retry_at, p.parked_at, 0, null, p.attributes, p.body
         from parked p
         where p.id in (
             select id from (
                 select p.id from parked p
                 where p.system = $1 and p.direction = 'outbound' and p.state = 'due'
                     and not exists (select 1 from parked e where e.system = $1
                         and e.direction = 'outbound' and e.lane = p.lane and e.id < p.id)
                 order by p.id limit +$3)
             union all
             select id from (
                 select p.id from parked p
                 where p.system = $1 and p.direction = 'outbound' and p.state = 'retry'
                     and p.retry_at <= $2
                     and not exists (select 1 from parked e where e.system = $1
                         and e.direction = 'outbound' and e.lane = p.lane and e.id < p.id)
                 order by p.retry_at limit +$3)
             order by id limit +$3)
         order by p.id",
    )
    .bind(system.as_str())
    .bind(Timestamp::now().as_microsecond())
    .bind(i64::from(limit))
    .fetch_all(&mut *connection)
    .await?;
    found.into_iter().map(record).collect()
}

/// What asks for the parked messages `p` that a filter names. Numbers and a key are looked up by an index of
/// their own, which the database takes only where nothing says that they may be absent.
fn by(filter: &ParkedFilter, before: &str, after: &str) -> AssertSqlSafe<String> {
    let ids = match filter.ids.is_empty() {
        true => "$6 = '[]'",
        false => "p.id in (select value from json_each($6))",
    };
    let key = match &filter.key {
        None => "$8 is null and $9 is null",
        Some(_) => {
            "p.id in (
                 select id from parked where attributes ->> 'subject' = $8
                 union select id from parked where lane = $8
                 union select id from parked where message_id = $9
                 union select k.id from journal j
                     cross join parked k on k.message_id = j.message_id
                     where j.business_key = $8)"
        }
    };
    let chosen = match filter.chosen_by {
        None => "$13 is null",
        Some(_) => "p.id in (select parked from redrive_chosen where redrive = $13)",
    };
    AssertSqlSafe(format!(
        "{before}
         where ($1 is null or p.system = $1)
             and ($2 is null or instr(p.code, $2) > 0 or instr(p.detail, $2) > 0)
             and ($3 is null or p.parked_at >= $3)
             and ($4 is null or p.direction = $4)
             and ($5 is null or p.state = $5)
             and {ids}
             and ($7 is null or p.entity = $7)
             and {key}
             and ($10 is null or instr(p.body, $10) > 0)
             and ($11 is null or p.parked_at < $11)
             and ($12 is null or p.code = $12)
             and {chosen}
         {after}"
    ))
}

/// Binds a filter to what [`by`] asks.
macro_rules! bound {
    ($query:expr, $filter:expr) => {{
        let filter: &ParkedFilter = $filter;
        let key = filter.key.as_deref();
        $query
            .bind(filter.system.as_ref().map(SystemName::as_str))
            .bind(filter.reason.as_deref().map(clean))
            .bind(filter.since.map(|since| since.as_microsecond()))
            .bind(filter.direction.map(Direction::as_str))
            .bind(filter.state.map(ParkedState::as_str))
            .bind(rows::to_json(&filter.ids)?)
            .bind(filter.entity.map(Entity::as_str))
            .bind(key.map(clean))
            .bind(key.and_then(|key| key.parse::<uuid::Uuid>().ok()))
            .bind(filter.text.as_deref().map(str::as_bytes))
            .bind(filter.until.map(|until| until.as_microsecond()))
            .bind(filter.code.as_deref().map(clean))
            .bind(filter.chosen_by.map(|of| of.0))
    }};
}

pub(super) async fn list(
    store: &Sqlite,
    filter: &ParkedFilter,
    after: Option<ParkedId>,
    limit: u32,
) -> Result<Vec<ParkedRecord>, StoreError> {
    let mut connection = store.read().await?;
    let asked = by(
        filter,
        "select p.id, p.direction, p.system, p.state, p.kind, p.code, p.detail, p.attempts,
             p.retry_at, p.parked_at,
             (select count(*) from (
                 select 1 from parked b
                 where p.direction = 'outbound' and b.system = p.system
                     and b.direction = 'outbound' and b.lane = p.lane and b.id > p.id
                 limit $16)),
             (select b.parked_at from parked b
                 where p.direction = 'outbound' and b.system = p.system
                     and b.direction = 'outbound' and b.lane = p.lane and b.id > p.id
                 order by b.id limit 1),
             p.attributes, p.body
         from parked p",
        "and p.id > $14 order by p.id limit $15",
    );
    let found: Vec<Row> = bound!(sqlx::query_as(asked), filter)
        .bind(after.map_or(i64::MIN, |id| id.0))
        .bind(i64::from(limit))
        .bind(parking::BEHIND_CAP)
        .fetch_all(&mut *connection)
        .await?;
    found.into_iter().map(record).collect()
}

pub(super) async fn count(
    connection: &mut SqliteConnection,
    filter: &ParkedFilter,
) -> Result<u64, StoreError> {
    let asked = by(filter, "select count(*) from parked p", "");
    let number: i64 = bound!(sqlx::query_scalar(asked), filter)
        .fetch_one(connection)
        .await?;
    Ok(rows::count(number))
}

/// Notes what a bulk drop is of, and tells how many that are.
pub(super) async fn choose(
    transaction: &mut Transaction,
    of: RedriveId,
    filter: &ParkedFilter,
) -> Result<u64, StoreError> {
    let chosen = by(
        filter,
        "insert into redrive_chosen (redrive, parked) select $14, p.id from parked p",
        "",
    );
    let chosen = bound!(sqlx::query(chosen), filter)
        .bind(of.0)
        .execute(&mut **transaction)
        .await?;
    Ok(chosen.rows_affected())
}

pub(super) async fn one(store: &Sqlite, id: ParkedId) -> Result<Option<ParkedRecord>, StoreError> {
    let only = ParkedFilter {
        ids: vec![id],
        ..ParkedFilter::default()
    };
    Ok(list(store, &only, None, 1).await?.pop())
}

// ---- What people do ---------------------------------------------------------------------------

pub(super) async fn redrive(
    store: &Sqlite,
    ids: &[ParkedId],
    deed: &Deed,
) -> Result<u64, StoreError> {
    let mut transaction = store.begin().await?;
    let mut made_due = 0;
    for id in ids {
        deeds::note_deed(&mut transaction, id.0, EventKind::Redriven, deed).await?;
        let updated = sqlx::query(
            "update parked set state = 'due', retry_at = null
             where id = $1 and direction = 'outbound' and state in ('failed', 'retry', 'waiting')",
        )
        .bind(id.0)
        .execute(&mut *transaction)
        .await?;
        made_due += updated.rows_affected();
    }
    transaction.commit().await?;
    Ok(made_due)
}

pub(super) async fn hold_place(
    store: &Sqlite,
    system: &SystemName,
    parcel: &Parcel,
    deed: &Deed,
) -> Result<Option<ParkedId>, StoreError> {
    let mut transaction = store.begin().await?;
    let attempts: Option<i32> = sqlx::query_scalar(
        "select attempts from delivery
         where message_id = $1 and system = $2 and state in ('delivered', 'dropped')",
    )
    .bind(parcel.attributes.id.0)
    .bind(system.as_str())
    .fetch_optional(&mut *transaction)
    .await?;
    let Some(attempts) = attempts else {
        return Ok(None);
    };
    let newcomer = Newcomer::resent(parcel, system, attempts.unsigned_abs(), &deed.because);
    let held = lanes::insert(&mut transaction, &newcomer, now()).await?;
    transaction.commit().await?;
    Ok(held.map(|(id, _, _)| ParkedId(id)))
}

pub(super) async fn resend(
    store: &Sqlite,
    place: ParkedId,
    system: &SystemName,
    parcel: &Parcel,
    deed: &Deed,
) -> Result<Option<MessageId>, StoreError> {
    let attributes = &parcel.attributes;
    let (master, lane) = (
        attributes.master_id.map(|master| master.0),
        clean(&attributes.ordering_key.0),
    );
    let mut transaction = store.begin().await?;
    let later: Option<Uuid> = sqlx::query_scalar(
        "select j.message_id from journal j
         where j.master_id = $1 and j.entity = $2
             and j.position > (select position from inbox where message_id = $3)
             and instr(',' || j.targets || ',', ',' || $4 || ',') > 0
         order by j.position desc limit 1",
    )
    .bind(master)
    .bind(attributes.entity().as_str())
    .bind(attributes.id.0)
    .bind(system.as_str())
    .fetch_optional(&mut *transaction)
    .await?;
    if later.is_some() {
        sqlx::query("delete from parked where id = $1")
            .bind(place.0)
            .execute(&mut *transaction)
            .await?;
    } else {
        let holds = sqlx::query("update parked set state = 'behind' where id = $1")
            .bind(place.0)
            .execute(&mut *transaction)
            .await?;
        if holds.rows_affected() == 0 {
            let gone = "somebody else sent the message again or gave it up meanwhile";
            return Err(StoreError::Conflict(gone.to_owned()));
        }
        sqlx::query(
            "update delivery set state = 'parked', detail = $3, at = $4
             where message_id = $1 and system = $2",
        )
        .bind(attributes.id.0)
        .bind(system.as_str())
        .bind(clean(&deed.because))
        .bind(now())
        .execute(&mut *transaction)
        .await?;
        // What the system holds is no longer taken for known: else it would be left as unchanged.
        sqlx::query(
            "update crosswalk set hash = null where master_id = $1 and entity = $2 and system = $3",
        )
        .bind(master)
        .bind(attributes.entity().as_str())
        .bind(system.as_str())
        .execute(&mut *transaction)
        .await?;
        deeds::note_deed(&mut transaction, place.0, EventKind::Redriven, deed).await?;
    }
    advance(&mut transaction, system.as_str(), &lane).await?;
    transaction.commit().await?;
    Ok(later.map(MessageId))
}

pub(super) async fn drop_parked(
    store: &Sqlite,
    ids: &[ParkedId],
    deed: &Deed,
    of: Option<RedriveId>,
) -> Result<u64, StoreError> {
    let reason = clean(&deed.because);
    let mut transaction = store.begin().await?;
    let mut dropped = 0;
    let mut lanes = BTreeSet::new();
    for id in ids {
        deeds::note_deed(&mut transaction, id.0, EventKind::Dropped, deed).await?;
        let gone: Option<(String, String, String, uuid::Uuid, String, i32)> = sqlx::query_as(
            "delete from parked where id = $1
             returning direction, system, lane, message_id, entity, attempts",
        )
        .bind(id.0)
        .fetch_optional(&mut *transaction)
        .await?;
        let Some((direction, system, lane, message, entity, attempts)) = gone else {
            continue;
        };
        dropped += 1;
        if direction == "inbound" {
            sqlx::query(
                "update journal set state = 'dropped',
                     detail = coalesce(detail || '; ', '') || 'dropped: ' || $2
                 where position = (select position from inbox where message_id = $1)",
            )
            .bind(message)
            .bind(reason.as_ref())
            .execute(&mut *transaction)
            .await?;
            continue;
        }
        sqlx::query(
            "insert into delivery (message_id, system, entity, state, detail, attempts, at)
             values ($1, $2, $3, 'dropped', $4, $5, $6)
             on conflict (message_id, system) do update
             set state = 'dropped', detail = excluded.detail, attempts = excluded.attempts,
                 at = excluded.at",
        )
        .bind(message)
        .bind(&system)
        .bind(entity)
        .bind(reason.as_ref())
        .bind(attempts)
        .bind(now())
        .execute(&mut *transaction)
        .await?;
        lanes.insert((system, lane));
    }
    for (system, lane) in &lanes {
        advance(&mut transaction, system, lane).await?;
    }
    if let Some((of, last)) = of.zip(ids.iter().max()) {
        deeds::note_portion(&mut transaction, of, *last, dropped, 0).await?;
    }
    transaction.commit().await?;
    Ok(dropped)
}
