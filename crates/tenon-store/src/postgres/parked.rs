//! Parked messages as people and the deliver stage see them.

use sqlx::PgConnection;
use tenon_core::{Entity, MessageId, SystemName, Timestamp};
use uuid::Uuid;

use super::lanes::{self, advance, lock_lanes};
use super::moment::Moment;
use super::{BEGIN_FILTERED, Postgres, Transaction, deeds};
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
    Option<Moment>,
    Moment,
    i64,
    Option<Moment>,
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
        retry,
        since,
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
        retry_at: retry.map(|moment| moment.0),
        parked_at: since.0,
        behind,
        behind_since: behind_since.map(|moment| moment.0),
        attributes,
        body,
    }
    .record()
}

pub(super) async fn due(
    store: &Postgres,
    system: &SystemName,
    limit: u32,
) -> Result<Vec<ParkedRecord>, StoreError> {
    let mut connection = store.connection().await?;
    let found: Vec<Row> = sqlx::query_as(
        "with heads as (
             (select p.id from parked p
              where p.system = $1 and p.direction = 'outbound' and p.state = 'due'
                  and not exists (select from parked e where e.system = $1
                      and e.direction = 'outbound' and e.lane = p.lane and e.id < p.id)
              order by p.id limit $3)
             union all
             (select p.id from parked p
              where p.system = $1 and p.direction = 'outbound' and p.state = 'retry'
                  and p.retry_at <= $2
                  and not exists (select from parked e where e.system = $1
                      and e.direction = 'outbound' and e.lane = p.lane and e.id < p.id)
              order by p.retry_at limit $3)
         )
         select p.id, p.direction, p.system, p.state, p.kind, p.code, p.detail, p.attempts,
             p.retry_at, p.parked_at, 0::int8, null::timestamptz, p.attributes::text, p.body
         from (select id from heads order by id limit $3) head
         join parked p on p.id = head.id
         order by p.id",
    )
    .bind(system.as_str())
    .bind(Moment::from(Timestamp::now()))
    .bind(i64::from(limit))
    .fetch_all(&mut *connection)
    .await?;
    found.into_iter().map(record).collect()
}

/// What a filter asks of a parked message `p`. A key is looked up by the index of each thing that it can be.
macro_rules! fits {
    () => {
        "($1::text is null or p.system = $1)
             and ($2::text is null or strpos(p.code, $2) > 0 or strpos(p.detail, $2) > 0)
             and ($3::timestamptz is null or p.parked_at >= $3)
             and ($4::text is null or p.direction = $4)
             and ($5::text is null or p.state = $5)
             and (cardinality($6::int8[]) = 0 or p.id = any($6))
             and ($7::text is null or p.entity = $7)
             and ($8::text is null or p.id = any(array(
                 select k.id from parked k where k.attributes ->> 'subject' = $8
                 union
                 select k.id from parked k where k.lane = $8
                 union
                 select k.id from parked k where k.message_id = $9
                 union
                 select k.id from journal j
                 cross join lateral (
                     select k.id from parked k where k.message_id = j.message_id offset 0) k
                 where j.business_key = $8)))
             and ($10::bytea is null or position($10 in p.body) > 0)
             and ($11::timestamptz is null or p.parked_at < $11)
             and ($12::text is null or p.code = $12)
             and ($13::int8 is null or exists (
                 select from redrive_chosen c where c.redrive = $13 and c.parked = p.id))"
    };
}

/// Binds a filter to what asks by [`fits`].
macro_rules! by_filter {
    ($query:expr, $filter:expr) => {{
        let filter: &ParkedFilter = $filter;
        let key = filter.key.as_deref();
        $query
            .bind(filter.system.as_ref().map(SystemName::as_str))
            .bind(filter.reason.as_deref().map(clean))
            .bind(filter.since.map(Moment::from))
            .bind(filter.direction.map(Direction::as_str))
            .bind(filter.state.map(ParkedState::as_str))
            .bind(filter.ids.iter().map(|id| id.0).collect::<Vec<_>>())
            .bind(filter.entity.map(Entity::as_str))
            .bind(key.map(clean))
            .bind(key.and_then(|key| key.parse::<Uuid>().ok()))
            .bind(filter.text.as_deref().map(str::as_bytes))
            .bind(filter.until.map(Moment::from))
            .bind(filter.code.as_deref().map(clean))
            .bind(filter.chosen_by.map(|of| of.0))
    }};
}

pub(super) async fn list(
    store: &Postgres,
    filter: &ParkedFilter,
    after: Option<ParkedId>,
    limit: u32,
) -> Result<Vec<ParkedRecord>, StoreError> {
    let mut transaction = store.begin(BEGIN_FILTERED).await?;
    let asked = sqlx::query_as(concat!(
        "select p.id, p.direction, p.system, p.state, p.kind, p.code, p.detail, p.attempts,
             p.retry_at, p.parked_at, behind.number, behind.since, p.attributes::text, p.body
         from parked p
         cross join lateral (
             select count(*) as number, min(followers.parked_at) as since from (
                 select b.parked_at from parked b
                 where p.direction = 'outbound' and b.system = p.system
                     and b.direction = 'outbound' and b.lane = p.lane and b.id > p.id
                 order by b.id limit $16
             ) followers
         ) behind
         where p.id > $14 and ",
        fits!(),
        " order by p.id limit $15",
    ));
    let found: Vec<Row> = by_filter!(asked, filter)
        .bind(after.map_or(i64::MIN, |id| id.0))
        .bind(i64::from(limit))
        .bind(parking::BEHIND_CAP)
        .fetch_all(&mut *transaction)
        .await?;
    transaction.commit().await?;
    found.into_iter().map(record).collect()
}

pub(super) async fn count(store: &Postgres, filter: &ParkedFilter) -> Result<u64, StoreError> {
    let mut transaction = store.begin(BEGIN_FILTERED).await?;
    let number = count_within(&mut transaction, filter).await?;
    transaction.commit().await?;
    Ok(number)
}

pub(super) async fn count_within(
    transaction: &mut Transaction,
    filter: &ParkedFilter,
) -> Result<u64, StoreError> {
    let asked = sqlx::query_scalar(concat!("select count(*) from parked p where ", fits!()));
    let number: i64 = by_filter!(asked, filter)
        .fetch_one(&mut **transaction)
        .await?;
    Ok(rows::count(number))
}

/// Notes what a bulk drop is of, and tells how many that are.
pub(super) async fn choose(
    transaction: &mut Transaction,
    of: RedriveId,
    filter: &ParkedFilter,
) -> Result<u64, StoreError> {
    let chosen = sqlx::query(concat!(
        "insert into redrive_chosen (redrive, parked) select $14, p.id from parked p where ",
        fits!()
    ));
    let chosen = by_filter!(chosen, filter)
        .bind(of.0)
        .execute(&mut **transaction)
        .await?;
    Ok(chosen.rows_affected())
}

pub(super) async fn one(
    store: &Postgres,
    id: ParkedId,
) -> Result<Option<ParkedRecord>, StoreError> {
    let only = ParkedFilter {
        ids: vec![id],
        ..ParkedFilter::default()
    };
    Ok(list(store, &only, None, 1).await?.pop())
}

// ---- What people do ---------------------------------------------------------------------------

pub(super) async fn redrive(
    store: &Postgres,
    ids: &[ParkedId],
    deed: &Deed,
) -> Result<u64, StoreError> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    let mut transaction = store.begin("begin").await?;
    deeds::note_deed(&mut transaction, &ids, EventKind::Redriven, deed).await?;
    let made_due = sqlx::query(
        "with locked as (
             select id from parked
             where id = any($1) and direction = 'outbound' and state in ('failed', 'retry', 'waiting')
             order by id for update
         )
         update parked set state = 'due', retry_at = null
         where id = any(array(select id from locked))",
    )
    .bind(ids)
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(made_due.rows_affected())
}

pub(super) async fn hold_place(
    store: &Postgres,
    system: &SystemName,
    parcel: &Parcel,
    deed: &Deed,
) -> Result<Option<ParkedId>, StoreError> {
    let mut transaction = store.begin("begin").await?;
    lock_lanes(&mut transaction, &[system.as_str()]).await?;
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
    let held = lanes::insert(&mut transaction, &[newcomer]).await?;
    transaction.commit().await?;
    Ok(held.first().map(|(id, _, _)| ParkedId(*id)))
}

pub(super) async fn resend(
    store: &Postgres,
    place: ParkedId,
    system: &SystemName,
    parcel: &Parcel,
    deed: &Deed,
) -> Result<Option<MessageId>, StoreError> {
    let attributes = &parcel.attributes;
    let master = attributes.master_id.map(|master| master.0);
    let mut transaction = store.begin("begin").await?;
    lock_lanes(&mut transaction, &[system.as_str()]).await?;
    let later: Option<Uuid> = sqlx::query_scalar(
        "select j.message_id from journal j
         where j.master_id = $1 and j.entity = $2
             and j.position > (select position from inbox where message_id = $3)
             and $4 = any(j.targets)
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
            "update delivery set state = 'parked', detail = $3, at = now()
             where message_id = $1 and system = $2",
        )
        .bind(attributes.id.0)
        .bind(system.as_str())
        .bind(clean(&deed.because))
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
        deeds::note_deed(&mut transaction, &[place.0], EventKind::Redriven, deed).await?;
    }
    let lane = clean(&attributes.ordering_key.0).into_owned();
    advance(&mut transaction, system.as_str(), [lane].into()).await?;
    transaction.commit().await?;
    Ok(later.map(MessageId))
}

pub(super) async fn drop_parked(
    store: &Postgres,
    ids: &[ParkedId],
    deed: &Deed,
    of: Option<RedriveId>,
) -> Result<u64, StoreError> {
    let last = ids.iter().max().copied();
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    let mut transaction = store.begin("begin").await?;
    let systems: Vec<String> =
        sqlx::query_scalar("select distinct system from parked where id = any($1)")
            .bind(&ids)
            .fetch_all(&mut *transaction)
            .await?;
    let names: Vec<&str> = systems.iter().map(String::as_str).collect();
    lock_lanes(&mut transaction, &names).await?;
    deeds::note_deed(&mut transaction, &ids, EventKind::Dropped, deed).await?;
    let dropped = delete_with_reason(&mut transaction, &ids, &clean(&deed.because)).await?;
    for system in &systems {
        let lanes = dropped
            .iter()
            .filter(|(of, lane)| of == system && lane.is_some());
        let lanes = lanes.filter_map(|(_, lane)| lane.clone()).collect();
        advance(&mut transaction, system, lanes).await?;
    }
    let dropped = dropped.len() as u64;
    if let Some((of, last)) = of.zip(last) {
        deeds::note_portion(&mut transaction, of, last, dropped, 0).await?;
    }
    transaction.commit().await?;
    Ok(dropped)
}

/// Takes the messages out and records the reason: outbound with the delivery, inbound in the
/// journal. Returns system and, outbound, lane of each.
async fn delete_with_reason(
    connection: &mut PgConnection,
    ids: &[i64],
    reason: &str,
) -> Result<Vec<(String, Option<String>)>, StoreError> {
    let dropped = sqlx::query_as(
        "with gone as (
             delete from parked where id = any($1)
             returning direction, system, lane, message_id, entity, attempts
         ), undelivered as (
             insert into delivery (message_id, system, entity, state, detail, attempts, at)
             select message_id, system, entity, 'dropped', $2, attempts, now()
             from gone where direction = 'outbound' order by message_id, system
             on conflict (message_id, system) do update
             set state = 'dropped', detail = excluded.detail, attempts = excluded.attempts,
                 at = excluded.at
         ), unjournaled as (
             update journal set state = 'dropped',
                 detail = concat_ws('; ', detail, 'dropped: ' || $2)
             where position = any(array(
                 select i.position from gone
                 cross join lateral (
                     select i.position from inbox i
                     where i.message_id = gone.message_id offset 0) i
                 where gone.direction = 'inbound'
             ))
         )
         select system, case when direction = 'outbound' then lane end from gone",
    )
    .bind(ids)
    .bind(reason)
    .fetch_all(connection)
    .await?;
    Ok(dropped)
}
