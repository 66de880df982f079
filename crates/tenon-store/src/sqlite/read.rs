//! Reading what was kept: journal, deliveries, golden records, counts; and the sources' checkpoints.

use std::collections::HashMap;

use tenon_core::{Attributes, MasterId, MessageId, SystemName, Timestamp};
use uuid::Uuid;

use super::known::golden_rows;
use super::{Sqlite, deliveries, now};
use crate::body::unpack;
use crate::reading;
use crate::rows::{self, JournalRow, clean};
use crate::{Dashboard, GoldenRow, JournalRecord, Payloads, Sent, StoreError, Stretch, Trace};

// ---- Sources ----------------------------------------------------------------------------------

pub(super) async fn checkpoint(
    store: &Sqlite,
    system: &SystemName,
    inlet: &str,
) -> Result<Option<serde_json::Value>, StoreError> {
    let mut connection = store.read().await?;
    let kept: Option<String> =
        sqlx::query_scalar("select value from checkpoint where system = $1 and inlet = $2")
            .bind(system.as_str())
            .bind(inlet)
            .fetch_optional(&mut *connection)
            .await?;
    kept.map(|text| rows::from_json("a checkpoint", &text))
        .transpose()
}

pub(super) async fn keep_checkpoint(
    store: &Sqlite,
    system: &SystemName,
    inlet: &str,
    from: Option<&serde_json::Value>,
    to: &serde_json::Value,
) -> Result<(), StoreError> {
    let statement = match from {
        None => {
            "insert into checkpoint (system, inlet, value, at) values ($1, $2, $3, $4)
             on conflict (system, inlet) do nothing"
        }
        Some(_) => {
            "update checkpoint set value = $3, at = $4
             where system = $1 and inlet = $2 and value = $5"
        }
    };
    let mut transaction = store.begin().await?;
    let mut query = sqlx::query(statement)
        .bind(system.as_str())
        .bind(inlet)
        .bind(rows::to_json(to)?)
        .bind(now());
    if let Some(from) = from {
        query = query.bind(rows::to_json(from)?);
    }
    let rows = query.execute(&mut *transaction).await?.rows_affected();
    transaction.commit().await?;
    rows::moved_on(rows)
}

// ---- Records ----------------------------------------------------------------------------------

pub(super) async fn golden(store: &Sqlite, id: MasterId) -> Result<Option<GoldenRow>, StoreError> {
    let mut connection = store.read().await?;
    Ok(golden_rows(&mut connection, &[id.0]).await?.pop())
}

pub(super) async fn payloads(
    store: &Sqlite,
    id: MessageId,
) -> Result<Option<Payloads>, StoreError> {
    let mut connection = store.read().await?;
    let found: Option<(Vec<u8>, Option<Vec<u8>>)> = sqlx::query_as(
        "select p.raw, p.canonical from inbox i join payload p on p.position = i.position
         where i.message_id = $1",
    )
    .bind(id.0)
    .fetch_optional(&mut *connection)
    .await?;
    Ok(found.map(|(raw, canonical)| Payloads {
        raw: unpack(raw),
        canonical: canonical.map(unpack),
    }))
}

pub(super) async fn sent(store: &Sqlite, id: MessageId) -> Result<Vec<Sent>, StoreError> {
    let mut connection = store.read().await?;
    let found: Vec<(String, i64, Vec<u8>)> = sqlx::query_as(
        "select system, max(at), body from sent where message_id = $1 group by system order by system",
    )
    .bind(id.0)
    .fetch_all(&mut *connection)
    .await?;
    let sent = found.into_iter().map(|(system, at, body)| {
        Ok(Sent {
            system: rows::system(&system)?,
            at: rows::timestamp(at)?,
            body: unpack(body),
        })
    });
    sent.collect()
}

pub(super) async fn first_messages(
    store: &Sqlite,
    masters: &[MasterId],
) -> Result<HashMap<MasterId, Attributes>, StoreError> {
    let mut connection = store.read().await?;
    let mut first = HashMap::new();
    for id in masters {
        let found: Option<String> = sqlx::query_scalar(
            "select attributes from journal where master_id = $1 order by position limit 1",
        )
        .bind(id.0)
        .fetch_optional(&mut *connection)
        .await?;
        if let Some(text) = found {
            first.insert(*id, rows::attributes(&text)?);
        }
    }
    Ok(first)
}

/// A row of the journal.
pub(super) type Row = (
    i64,
    i64,
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
        journaled_at,
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
/// that it had before a merge.
const TRACE: &str = "
with masters(master_id) as (
    select master_id from crosswalk where native_id = $1
    union
    select unmerged_id from crosswalk where native_id = $1 and unmerged_id is not null
    union
    select $2 where $2 is not null
), found(position) as (
    select position from inbox where message_id = $2 and position < $4
    union
    select * from (select position from journal where business_key = $1 and position < $4
        order by position desc limit $3)
    union
    select * from (select position from journal
        where native_id = $1 and master_id is null and position < $4
        order by position desc limit $3)
    union
    select * from (select j.position from masters m
        cross join journal j on j.master_id = m.master_id and j.position < $4
        order by j.position desc limit $3)
)
select j.position, j.journaled_at, j.attributes, j.business_key, j.origin, j.state, j.detail,
    j.targets
from found f cross join journal j on j.position = f.position
order by j.position desc limit $3";

pub(super) async fn trace(
    store: &Sqlite,
    key: &str,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<Trace>, StoreError> {
    let mut connection = store.read().await?;
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

pub(super) async fn dashboard(store: &Sqlite) -> Result<Dashboard, StoreError> {
    // One read transaction: all counts are of the same moment.
    let mut transaction = store.begin_reading().await?;
    let tallies = sqlx::query_as(reading::TALLIES)
        .fetch_all(&mut *transaction)
        .await?;
    let mut latencies: Vec<f64> = sqlx::query_scalar(
        "select latency_ms from delivery where at >= $1 and latency_ms is not null
         order by at desc limit 100000",
    )
    .bind(now() - 3_600_000_000)
    .fetch_all(&mut *transaction)
    .await?;
    transaction.commit().await?;
    latencies.sort_by(f64::total_cmp);
    let latency = rows::percentile(&latencies, 0.5).zip(rows::percentile(&latencies, 0.99));
    Ok(Dashboard::of(tallies, latency))
}

pub(super) async fn course(
    store: &Sqlite,
    since: Timestamp,
    seconds: u32,
) -> Result<Vec<Stretch>, StoreError> {
    let mut transaction = store.begin_reading().await?;
    let counted = sqlx::query_as(
        "select stretch, sum(received), sum(invalid), sum(settled) from (
             select journaled_at / ?2 as stretch, count(*) as received, sum(state = 'invalid') as invalid, 0 as settled
             from journal where journaled_at >= ?1 group by 1
             union all
             select at / ?2, 0, 0, count(*) from delivery where at >= ?1 and latency_ms is not null group by 1)
         group by 1 order by 1",
    )
    .bind(since.as_microsecond())
    .bind(i64::from(seconds) * 1_000_000)
    .fetch_all(&mut *transaction)
    .await?;
    transaction.commit().await?;
    let counted = counted.into_iter();
    Ok(counted.map(|row| Stretch::of(row, seconds)).collect())
}
