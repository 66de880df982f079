//! Reading what was kept: journal, deliveries, golden records, counts; and the sources' checkpoints.

use std::collections::HashMap;

use tenon_core::{Attributes, MasterId, MessageId, SystemName, Timestamp};
use uuid::Uuid;

use super::known::golden_rows;
use super::moment::Moment;
use super::{BEGIN_SNAPSHOT, Postgres, deliveries};
use crate::body::unpack;
use crate::reading;
use crate::rows::{self, JournalRow, clean};
use crate::{Dashboard, GoldenRow, JournalRecord, Payloads, Sent, StoreError, Stretch, Trace};

// ---- Sources ----------------------------------------------------------------------------------

pub(super) async fn checkpoint(
    store: &Postgres,
    system: &SystemName,
    inlet: &str,
) -> Result<Option<serde_json::Value>, StoreError> {
    let mut connection = store.connection().await?;
    let kept: Option<String> =
        sqlx::query_scalar("select value::text from checkpoint where system = $1 and inlet = $2")
            .bind(system.as_str())
            .bind(inlet)
            .fetch_optional(&mut *connection)
            .await?;
    kept.map(|text| rows::from_json("a checkpoint", &text))
        .transpose()
}

pub(super) async fn keep_checkpoint(
    store: &Postgres,
    system: &SystemName,
    inlet: &str,
    from: Option<&serde_json::Value>,
    to: &serde_json::Value,
) -> Result<(), StoreError> {
    let statement = match from {
        None => {
            "insert into checkpoint (system, inlet, value, at) values ($1, $2, $3::text::json, now())
             on conflict (system, inlet) do nothing"
        }
        Some(_) => {
            "update checkpoint set value = $3::text::json, at = now()
             where system = $1 and inlet = $2 and value::text = $4"
        }
    };
    let mut connection = store.connection().await?;
    let mut query = sqlx::query(statement)
        .bind(system.as_str())
        .bind(inlet)
        .bind(rows::to_json(to)?);
    if let Some(from) = from {
        query = query.bind(rows::to_json(from)?);
    }
    rows::moved_on(query.execute(&mut *connection).await?.rows_affected())
}

// ---- Records ----------------------------------------------------------------------------------

pub(super) async fn golden(
    store: &Postgres,
    id: MasterId,
) -> Result<Option<GoldenRow>, StoreError> {
    let mut connection = store.connection().await?;
    Ok(golden_rows(&mut connection, vec![id.0]).await?.pop())
}

pub(super) async fn payloads(
    store: &Postgres,
    id: MessageId,
) -> Result<Option<Payloads>, StoreError> {
    let mut connection = store.connection().await?;
    let found: Option<(Vec<u8>, Option<Vec<u8>>)> = sqlx::query_as(
        "select p.raw, p.canonical
         from (select position, journaled_at from inbox where message_id = $1 offset 0) i
         cross join lateral (
             select p.raw, p.canonical from payload p
             where p.position = i.position and p.journaled_at = i.journaled_at offset 0) p",
    )
    .bind(id.0)
    .fetch_optional(&mut *connection)
    .await?;
    Ok(found.map(|(raw, canonical)| Payloads {
        raw: unpack(raw),
        canonical: canonical.map(unpack),
    }))
}

pub(super) async fn sent(store: &Postgres, id: MessageId) -> Result<Vec<Sent>, StoreError> {
    let mut connection = store.connection().await?;
    let found: Vec<(String, Moment, Vec<u8>)> = sqlx::query_as(
        "select distinct on (system) system, at, body from sent where message_id = $1
         order by system, at desc",
    )
    .bind(id.0)
    .fetch_all(&mut *connection)
    .await?;
    let sent = found.into_iter().map(|(system, at, body)| {
        Ok(Sent {
            system: rows::system(&system)?,
            at: rows::timestamp(at.0)?,
            body: unpack(body),
        })
    });
    sent.collect()
}

pub(super) async fn first_messages(
    store: &Postgres,
    masters: &[MasterId],
) -> Result<HashMap<MasterId, Attributes>, StoreError> {
    let mut connection = store.connection().await?;
    let found: Vec<(Uuid, String)> = sqlx::query_as(
        "select m.id, j.attributes::text from unnest($1::uuid[]) m(id)
         cross join lateral (
             select j.attributes from journal j where j.master_id = m.id
             order by j.position limit 1) j",
    )
    .bind(masters.iter().map(|id| id.0).collect::<Vec<_>>())
    .fetch_all(&mut *connection)
    .await?;
    let found = found.into_iter();
    found
        .map(|(id, text)| Ok((MasterId(id), rows::attributes(&text)?)))
        .collect()
}

/// A row of the journal.
pub(super) type Row = (
    i64,
    Moment,
    String,
    Option<String>,
    String,
    String,
    Option<String>,
    String,
);

pub(super) fn record(row: Row) -> Result<JournalRecord, StoreError> {
    let (position, journaled_at, attributes, business_key, origin, state, detail, targets) = row;
    JournalRow {
        position,
        journaled_at: journaled_at.0,
        attributes,
        business_key,
        origin,
        state,
        detail,
        targets,
    }
    .record()
}

// ---- Tracing ----------------------------------------------------------------------------------

/// A native id is looked up in every system; its master names the messages, and so does the master
/// that it had before a merge. Each step is fenced
/// (`offset 0`), so that it is taken by its own index and in this order.
const TRACE: &str = "
with masters as (
    select master_id from crosswalk where native_id = $1
    union
    select unmerged_id from crosswalk where native_id = $1 and unmerged_id is not null
    union
    select $2::uuid where $2 is not null
), found as (
    select position, journaled_at from inbox where message_id = $2
    union
    select position, journaled_at from journal where business_key = $1
    union
    select position, journaled_at from journal where native_id = $1 and master_id is null
    union
    select record.position, record.journaled_at from masters m
    cross join lateral (
        select j.position, j.journaled_at from journal j
        where j.master_id = m.master_id offset 0) record
), latest as (
    select position, journaled_at from found where position < $4 order by position desc limit $3
)
select j.position, j.journaled_at, j.attributes::text, j.business_key, j.origin, j.state, j.detail,
    array_to_string(j.targets, ',')
from latest
cross join lateral (
    select * from journal j
    where j.position = latest.position and j.journaled_at = latest.journaled_at offset 0) j
order by j.position desc";

pub(super) async fn trace(
    store: &Postgres,
    key: &str,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<Trace>, StoreError> {
    let mut connection = store.connection().await?;
    let found: Vec<Row> = sqlx::query_as(TRACE)
        .bind(clean(key))
        .bind(key.parse::<Uuid>().ok())
        .bind(i64::from(limit))
        .bind(before.unwrap_or(i64::MAX))
        .fetch_all(&mut *connection)
        .await?;
    let messages = found
        .into_iter()
        .map(record)
        .collect::<Result<Vec<_>, _>>()?;
    let ids: Vec<_> = messages
        .iter()
        .map(|message| message.attributes.id)
        .collect();
    let mut deliveries = deliveries::of_messages(&mut connection, &ids).await?;
    let traces = messages.into_iter().map(|message| Trace {
        deliveries: deliveries
            .remove(&message.attributes.id)
            .unwrap_or_default(),
        message,
    });
    Ok(traces.collect())
}

// ---- Counting ---------------------------------------------------------------------------------

pub(super) async fn dashboard(store: &Postgres) -> Result<Dashboard, StoreError> {
    let mut transaction = store.begin(BEGIN_SNAPSHOT).await?;
    let tallies = sqlx::query_as(reading::TALLIES)
        .fetch_all(&mut *transaction)
        .await?;
    let latency: Option<Vec<f64>> = sqlx::query_scalar(
        "select percentile_cont(array[0.5, 0.99]) within group (order by latency_ms)
         from (select latency_ms from delivery
               where at >= now() - interval '1 hour' and latency_ms is not null
               order by at desc limit 100000) latest",
    )
    .fetch_one(&mut *transaction)
    .await?;
    transaction.commit().await?;
    let latency = latency.and_then(|both| Some((*both.first()?, *both.get(1)?)));
    Ok(Dashboard::of(tallies, latency))
}

pub(super) async fn course(
    store: &Postgres,
    since: Timestamp,
    seconds: u32,
) -> Result<Vec<Stretch>, StoreError> {
    let mut transaction = store.begin(BEGIN_SNAPSHOT).await?;
    let counted = sqlx::query_as(
        "select (extract(epoch from stretch) / $2)::bigint, sum(received)::bigint, sum(invalid)::bigint,
             sum(settled)::bigint
         from (
             select date_bin(make_interval(secs => $2), journaled_at, 'epoch') as stretch,
                 count(*) as received, count(*) filter (where state = 'invalid') as invalid, 0 as settled
             from journal where journaled_at >= $1 group by 1
             union all
             select date_bin(make_interval(secs => $2), at, 'epoch'), 0, 0, count(*)
             from delivery where at >= $1 and latency_ms is not null group by 1) counted
         group by stretch order by stretch",
    )
    .bind(Moment::from(since))
    .bind(f64::from(seconds))
    .fetch_all(&mut *transaction)
    .await?;
    transaction.commit().await?;
    let counted = counted.into_iter();
    Ok(counted.map(|row| Stretch::of(row, seconds)).collect())
}
