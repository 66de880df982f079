//! From a target's queue to the target.

use std::collections::{BTreeSet, HashMap};

use sqlx::SqliteConnection;
use tenon_core::SystemName;
use uuid::Uuid;

use super::bulk::Bulk;
use super::known::{golden_rows, identifiers, index};
use super::{Sqlite, Transaction, deeds, dependencies, lanes, merging, now};
use crate::body::pack;
use crate::references::ReferenceAnswers;
use crate::rows::{self, clean};
use crate::{
    DeliveryState, Holding, OutboundKnown, OutboundLookup, Outcome, Settlement, StoreError,
};
use crate::{stewardship, writes};

// ---- Looking up -------------------------------------------------------------------------------

pub(super) async fn look_up(
    store: &Sqlite,
    lookup: &OutboundLookup,
) -> Result<OutboundKnown, StoreError> {
    let mut connection = store.read().await?;
    let mut known = OutboundKnown::default();
    settled(&mut connection, lookup, &mut known).await?;
    blocked(&mut connection, lookup, &mut known).await?;
    holdings(&mut connection, lookup, &mut known).await?;
    references(&mut connection, lookup, &mut known).await?;
    Ok(known)
}

async fn settled(
    connection: &mut SqliteConnection,
    lookup: &OutboundLookup,
    known: &mut OutboundKnown,
) -> Result<(), StoreError> {
    let found: Vec<(i64, String)> = sqlx::query_as(
        "select given.key, d.state
         from json_each($2) given
         cross join delivery d on d.message_id = unhex(given.value) and d.system = $1
         where d.state <> 'parked'",
    )
    .bind(lookup.system.as_str())
    .bind(identifiers(
        lookup.messages.iter().map(|message| message.0.0),
    ))
    .fetch_all(connection)
    .await?;
    for (place, state) in found {
        known.settled.insert(
            lookup.messages[index(place)].0,
            DeliveryState::read(&state)?,
        );
    }
    Ok(())
}

async fn blocked(
    connection: &mut SqliteConnection,
    lookup: &OutboundLookup,
    known: &mut OutboundKnown,
) -> Result<(), StoreError> {
    let lanes: Vec<_> = lookup
        .messages
        .iter()
        .map(|message| clean(&message.3.0))
        .collect();
    let found: Vec<i64> = sqlx::query_scalar(
        "select given.key from json_each($2) given
         where exists (
             select 1 from parked p
             where p.system = $1 and p.direction = 'outbound' and p.lane = given.value)",
    )
    .bind(lookup.system.as_str())
    .bind(rows::to_json(&lanes)?)
    .fetch_all(connection)
    .await?;
    known.blocked.extend(
        found
            .into_iter()
            .map(|place| lookup.messages[index(place)].3.clone()),
    );
    Ok(())
}

async fn holdings(
    connection: &mut SqliteConnection,
    lookup: &OutboundLookup,
    known: &mut OutboundKnown,
) -> Result<(), StoreError> {
    let records: Vec<_> = lookup
        .messages
        .iter()
        .map(|message| (message.1.as_str(), message.2.0.simple().to_string()))
        .collect();
    type Row = (i64, i64, String, Option<Vec<u8>>, Option<i64>, bool);
    let found: Vec<Row> = sqlx::query_as(
        "select given.key, c.linked_at, c.native_id, c.hash, c.sequence, c.inbound
         from json_each($2) given
         cross join crosswalk c on c.entity = given.value ->> 0
             and c.master_id = unhex(given.value ->> 1) and c.system = $1",
    )
    .bind(lookup.system.as_str())
    .bind(rows::to_json(&records)?)
    .fetch_all(connection)
    .await?;
    let mut held: HashMap<_, BTreeSet<_>> = HashMap::new();
    for (place, linked_at, native_id, hash, sequence, told) in found {
        let message = &lookup.messages[index(place)];
        let record = held.entry((message.1, message.2)).or_default();
        record.insert((linked_at, native_id, hash, sequence, told));
    }
    known.holdings = held
        .into_iter()
        .map(|(record, held)| {
            let held = held
                .into_iter()
                .map(|(_, native_id, hash, sequence, told)| Holding {
                    native_id,
                    hash,
                    sequence,
                    told,
                });
            (record, held.collect())
        })
        .collect();
    Ok(())
}

async fn references(
    connection: &mut SqliteConnection,
    lookup: &OutboundLookup,
    known: &mut OutboundKnown,
) -> Result<(), StoreError> {
    if lookup.references.is_empty() {
        return Ok(());
    }
    let mut answers = ReferenceAnswers::new(lookup);
    let asked: Vec<_> = answers
        .asked()
        .into_iter()
        .map(|asked| {
            let master = asked.master_id.map(|master| master.simple().to_string());
            (
                asked.entity.as_str(),
                asked.system,
                asked.native_id,
                master,
                asked.links,
            )
        })
        .collect();
    type Row = (
        i64,
        Option<Uuid>,
        Option<String>,
        Option<String>,
        Option<i64>,
    );
    let found: Vec<Row> = sqlx::query_as(
        "select given.key, n.master_id, c.system, c.native_id, c.linked_at
         from json_each($1) given
         left join crosswalk n on n.entity = given.value ->> 0 and n.system = given.value ->> 1
             and n.native_id = given.value ->> 2
         left join crosswalk c on c.entity = given.value ->> 0
             and c.master_id = case when given.value ->> 4
                 then coalesce(unhex(given.value ->> 3), n.master_id) end",
    )
    .bind(rows::to_json(&asked)?)
    .fetch_all(&mut *connection)
    .await?;
    for (place, master, system, native_id, linked_at) in found {
        answers.link(index(place), master, system, native_id, linked_at)?;
    }
    let golden = golden_rows(connection, &answers.mastered()).await?;
    let merged_into = merging::merged_into(connection, &golden).await?;
    known.references = answers.resolved(golden);
    let readdressed = stewardship::readdressed(lookup, known, &merged_into);
    if !readdressed.is_empty() {
        let survivors = stewardship::of_survivors(lookup, &readdressed);
        let mut found = OutboundKnown::default();
        Box::pin(references(connection, &survivors, &mut found)).await?;
        stewardship::answer(known, readdressed, &found);
    }
    Ok(())
}

// ---- Settling ---------------------------------------------------------------------------------

pub(super) async fn settle(
    store: &Sqlite,
    settlement: &Settlement,
) -> Result<Vec<SystemName>, StoreError> {
    let mut transaction = store.begin().await?;
    let now = now();
    let system = &settlement.system;
    record(&mut transaction, settlement, now).await?;
    let mut due = BTreeSet::new();
    let mut lanes = BTreeSet::new();
    for id in settlement
        .outcomes
        .iter()
        .filter_map(|outcome| outcome.parked)
    {
        lanes.extend(lanes::end(&mut transaction, system, id).await?);
    }
    let newly = lanes::park(&mut transaction, settlement, now).await?;
    deeds::note(&mut transaction, &writes::notes(settlement)).await?;
    lanes.extend(newly.lanes);
    for lane in &lanes {
        if lanes::advance(&mut transaction, system.as_str(), lane).await? {
            due.insert(system.clone());
        }
    }
    if dependencies::someone_waits(&mut transaction).await? {
        let touched = writes::touched(&settlement.outcomes);
        due.extend(dependencies::release(&mut transaction, &touched, &[]).await?);
        due.extend(dependencies::release_met_among(&mut transaction, &newly.waiting).await?);
    }
    transaction.commit().await?;
    Ok(due.into_iter().collect())
}

/// Outcomes and what the target now holds; a link to a master that was merged meanwhile is led on.
async fn record(
    transaction: &mut Transaction,
    settlement: &Settlement,
    now: i64,
) -> Result<(), StoreError> {
    let system = settlement.system.as_str();
    let outcomes = writes::last_outcomes(&settlement.outcomes);
    let holdings = writes::last_holdings(&settlement.outcomes);
    DELIVERIES
        .insert(transaction, &outcomes, |statement, outcome| {
            statement
                .bind(outcome.message_id.0)
                .bind(system)
                .bind(outcome.entity.as_str())
                .bind(outcome.master_id.0)
                .bind(outcome.state.as_str())
                .bind(clean(&outcome.detail))
                .bind(rows::attempts(outcome.attempts))
                .bind(rows::milliseconds(outcome.latency))
                .bind(writes::first_id(outcome))
                .bind(now)
        })
        .await?;
    let sent = writes::sent(&outcomes);
    SENT.insert(transaction, &sent, |statement, (outcome, body)| {
        statement
            .bind(outcome.message_id.0)
            .bind(system)
            .bind(now)
            .bind(pack(body))
    })
    .await?;
    let held = HOLDINGS
        .insert(transaction, &holdings, |statement, (outcome, holding)| {
            statement
                .bind(outcome.entity.as_str())
                .bind(system)
                .bind(clean(&holding.native_id))
                .bind(outcome.master_id.0)
                .bind(holding.hash.as_deref())
                .bind(holding.sequence)
                .bind(false)
                .bind(now)
        })
        .await?;
    if merging::someone_merged(transaction).await? {
        for (_, holding) in &holdings {
            merging::lead_on(transaction, &settlement.system, &holding.native_id).await?;
        }
    }
    if usize::try_from(held) != Ok(holdings.len()) {
        for (outcome, holding) in holdings {
            note_foreign_link(transaction, system, outcome, holding).await?;
        }
    }
    Ok(())
}

const DELIVERIES: Bulk = Bulk {
    head: "insert into delivery (message_id, system, entity, master_id, state, detail, attempts,
        latency_ms, native_id, at)",
    columns: 10,
    tail: "on conflict (message_id, system) do update
        set state = excluded.state, detail = excluded.detail, attempts = excluded.attempts,
            latency_ms = excluded.latency_ms, native_id = excluded.native_id, at = excluded.at",
};

const SENT: Bulk = Bulk {
    head: "insert into sent (message_id, system, at, body)",
    columns: 4,
    tail: "on conflict do nothing",
};

const HOLDINGS: Bulk = Bulk {
    head: "insert into crosswalk (entity, system, native_id, master_id, hash, sequence, inbound,
        linked_at)",
    columns: 8,
    tail: "on conflict (entity, system, native_id) do update
        set hash = excluded.hash, sequence = excluded.sequence
        where crosswalk.master_id = excluded.master_id",
};

/// A target named an id that is linked to another master: the link stays as it is, and the
/// delivery's detail says so, because only a person can tell which of the two is meant.
async fn note_foreign_link(
    transaction: &mut Transaction,
    system: &str,
    outcome: &Outcome,
    holding: &Holding,
) -> Result<(), StoreError> {
    let native_id = clean(&holding.native_id);
    sqlx::query(
        "update delivery set detail = detail || $3
         where message_id = $1 and system = $2 and exists (
             select 1 from crosswalk
             where entity = $4 and system = $2 and native_id = $5 and master_id <> $6
                 and unmerged_id is not $6)",
    )
    .bind(outcome.message_id.0)
    .bind(system)
    .bind(writes::foreign_link(&native_id))
    .bind(outcome.entity.as_str())
    .bind(native_id)
    .bind(outcome.master_id.0)
    .execute(&mut **transaction)
    .await?;
    Ok(())
}
