//! From a target's queue to the target.

use std::collections::{BTreeSet, HashMap};

use sqlx::PgConnection;
use tenon_core::SystemName;
use uuid::Uuid;

use super::known::{golden_rows, index};
use super::moment::Moment;
use super::{
    BEGIN_LINKING, BEGIN_WAITING, Postgres, Transaction, deeds, dependencies, lanes, merging,
};
use crate::references::ReferenceAnswers;
use crate::rows::{self, clean};
use crate::{
    DeliveryState, Holding, OutboundKnown, OutboundLookup, Outcome, Park, ParkReason, Settlement,
    StoreError,
};
use crate::{stewardship, writes};

// ---- Looking up -------------------------------------------------------------------------------

pub(super) async fn look_up(
    store: &Postgres,
    lookup: &OutboundLookup,
) -> Result<OutboundKnown, StoreError> {
    let mut connection = store.connection().await?;
    let mut known = OutboundKnown::default();
    standing(&mut connection, lookup, &mut known).await?;
    references(&mut connection, lookup, &mut known).await?;
    Ok(known)
}

/// Outcomes, blocked lanes and holdings in one statement, told apart by their first column.
async fn standing(
    connection: &mut PgConnection,
    lookup: &OutboundLookup,
    known: &mut OutboundKnown,
) -> Result<(), StoreError> {
    type Row = (
        i16,
        i64,
        Option<String>,
        Option<Vec<u8>>,
        Option<i64>,
        Option<Moment>,
        Option<bool>,
    );
    let messages = &lookup.messages;
    let found: Vec<Row> = sqlx::query_as(
        "select 0::int2, given.place, d.state, null::bytea, null::int8, null::timestamptz, null::bool
         from unnest($2::uuid[]) with ordinality as given(message_id, place)
         cross join lateral (
             select d.state from delivery d
             where d.message_id = given.message_id and d.system = $1 offset 0) d
         where d.state <> 'parked'
         union all
         select 1::int2, given.place, null, null, null, null, null
         from unnest($5::text[]) with ordinality as given(lane, place)
         cross join lateral (
             select from parked p
             where p.system = $1 and p.direction = 'outbound' and p.lane = given.lane
             limit 1) p
         union all
         select 2::int2, given.place, c.native_id, c.hash, c.sequence, c.linked_at, c.inbound
         from unnest($3::text[], $4::uuid[]) with ordinality as given(entity, master_id, place)
         cross join lateral (
             select c.native_id, c.hash, c.sequence, c.linked_at, c.inbound from crosswalk c
             where c.master_id = given.master_id and c.entity = given.entity
                 and c.system = $1 offset 0) c",
    )
    .bind(lookup.system.as_str())
    .bind(
        messages
            .iter()
            .map(|message| message.0.0)
            .collect::<Vec<_>>(),
    )
    .bind(
        messages
            .iter()
            .map(|message| message.1.as_str())
            .collect::<Vec<_>>(),
    )
    .bind(
        messages
            .iter()
            .map(|message| message.2.0)
            .collect::<Vec<_>>(),
    )
    .bind(
        messages
            .iter()
            .map(|message| clean(&message.3.0))
            .collect::<Vec<_>>(),
    )
    .fetch_all(connection)
    .await?;
    let mut holdings: HashMap<_, BTreeSet<_>> = HashMap::new();
    for (what, place, text, hash, sequence, linked_at, told) in found {
        let (message, entity, master, lane) = &messages[index(place)];
        let text = text.unwrap_or_default();
        match what {
            0 => drop(known.settled.insert(*message, DeliveryState::read(&text)?)),
            1 => drop(known.blocked.insert(lane.clone())),
            _ => {
                let since = linked_at.map(|moment| moment.0);
                holdings.entry((*entity, *master)).or_default().insert((
                    since,
                    text,
                    hash,
                    sequence,
                    told.unwrap_or_default(),
                ));
            }
        }
    }
    known.holdings = holdings
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
    connection: &mut PgConnection,
    lookup: &OutboundLookup,
    known: &mut OutboundKnown,
) -> Result<(), StoreError> {
    if lookup.references.is_empty() {
        return Ok(());
    }
    type Row = (
        i64,
        Option<Uuid>,
        Option<String>,
        Option<String>,
        Option<Moment>,
    );
    let mut answers = ReferenceAnswers::new(lookup);
    let asked = answers.asked();
    let found: Vec<Row> = sqlx::query_as(
        "select given.place, n.master_id, c.system, c.native_id, c.linked_at
         from unnest($1::text[], $2::text[], $3::text[], $4::uuid[], $5::bool[])
             with ordinality as given(entity, system, native_id, master_id, links, place)
         left join lateral (
             select n.master_id from crosswalk n
             where n.native_id = given.native_id and n.entity = given.entity
                 and n.system = given.system offset 0) n on true
         left join lateral (
             select c.system, c.native_id, c.linked_at from crosswalk c
             where c.entity = given.entity and c.master_id =
                 case when given.links then coalesce(given.master_id, n.master_id) end
             offset 0) c on true",
    )
    .bind(
        asked
            .iter()
            .map(|reference| reference.entity.as_str())
            .collect::<Vec<_>>(),
    )
    .bind(
        asked
            .iter()
            .map(|reference| reference.system)
            .collect::<Vec<_>>(),
    )
    .bind(
        asked
            .iter()
            .map(|reference| reference.native_id.clone())
            .collect::<Vec<_>>(),
    )
    .bind(
        asked
            .iter()
            .map(|reference| reference.master_id)
            .collect::<Vec<_>>(),
    )
    .bind(
        asked
            .iter()
            .map(|reference| reference.links)
            .collect::<Vec<_>>(),
    )
    .fetch_all(&mut *connection)
    .await?;
    for (place, master, system, native_id, linked_at) in found {
        answers.link(
            index(place),
            master,
            system,
            native_id,
            linked_at.map(|moment| moment.0),
        )?;
    }
    let golden = golden_rows(connection, answers.mastered()).await?;
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
    store: &Postgres,
    settlement: &Settlement,
) -> Result<Vec<SystemName>, StoreError> {
    let waits = |park: &Park| matches!(park.reason, ParkReason::Dependency { .. });
    let begin = if settlement.parked.iter().any(waits) {
        BEGIN_WAITING
    } else {
        BEGIN_LINKING
    };
    let mut transaction = store.begin(begin).await?;
    let ended: Vec<i64> = settlement
        .outcomes
        .iter()
        .filter_map(|outcome| Some(outcome.parked?.0))
        .collect();
    if !ended.is_empty() || !settlement.parked.is_empty() {
        lanes::lock_lanes(&mut transaction, &[settlement.system.as_str()]).await?;
    }

    let someone_waits = record(&mut transaction, settlement).await?;
    let mut due = BTreeSet::new();
    let mut lanes = lanes::end(&mut transaction, &settlement.system, &ended).await?;
    let newly = lanes::park(&mut transaction, settlement).await?;
    deeds::note(&mut transaction, &writes::notes(settlement)).await?;
    lanes.extend(newly.lanes);
    if lanes::advance(&mut transaction, settlement.system.as_str(), lanes).await? {
        due.insert(settlement.system.clone());
    }
    if someone_waits {
        let touched = writes::touched(&settlement.outcomes);
        due.extend(dependencies::release(&mut transaction, &touched, &[]).await?);
    }
    due.extend(dependencies::release_met_among(&mut transaction, newly.waiting).await?);
    transaction.commit().await?;
    Ok(due.into_iter().collect())
}

/// Outcomes and what the target now holds, in one statement; a link to a master that was merged
/// meanwhile is led on. Returns whether any parked message
/// waits for a link or a master.
async fn record(
    transaction: &mut Transaction,
    settlement: &Settlement,
) -> Result<bool, StoreError> {
    if settlement.outcomes.is_empty() {
        return Ok(false);
    }
    let outcomes = writes::last_outcomes(&settlement.outcomes);
    let sent = writes::sent(&outcomes);
    let holdings = writes::last_holdings(&settlement.outcomes);
    let (someone_waits, someone_merged, held): (bool, bool, i64) = sqlx::query_as(RECORD)
        .bind(settlement.system.as_str())
        .bind(
            outcomes
                .iter()
                .map(|outcome| outcome.message_id.0)
                .collect::<Vec<_>>(),
        )
        .bind(
            outcomes
                .iter()
                .map(|outcome| outcome.entity.as_str())
                .collect::<Vec<_>>(),
        )
        .bind(
            outcomes
                .iter()
                .map(|outcome| outcome.master_id.0)
                .collect::<Vec<_>>(),
        )
        .bind(
            outcomes
                .iter()
                .map(|outcome| outcome.state.as_str())
                .collect::<Vec<_>>(),
        )
        .bind(
            outcomes
                .iter()
                .map(|outcome| clean(&outcome.detail))
                .collect::<Vec<_>>(),
        )
        .bind(
            outcomes
                .iter()
                .map(|outcome| rows::attempts(outcome.attempts))
                .collect::<Vec<_>>(),
        )
        .bind(
            outcomes
                .iter()
                .map(|outcome| rows::milliseconds(outcome.latency))
                .collect::<Vec<_>>(),
        )
        .bind(
            outcomes
                .iter()
                .map(|outcome| writes::first_id(outcome))
                .collect::<Vec<_>>(),
        )
        .bind(
            holdings
                .iter()
                .map(|(outcome, _)| outcome.entity.as_str())
                .collect::<Vec<_>>(),
        )
        .bind(
            holdings
                .iter()
                .map(|(_, holding)| clean(&holding.native_id))
                .collect::<Vec<_>>(),
        )
        .bind(
            holdings
                .iter()
                .map(|(outcome, _)| outcome.master_id.0)
                .collect::<Vec<_>>(),
        )
        .bind(
            holdings
                .iter()
                .map(|(_, holding)| holding.hash.as_deref())
                .collect::<Vec<_>>(),
        )
        .bind(
            holdings
                .iter()
                .map(|(_, holding)| holding.sequence)
                .collect::<Vec<_>>(),
        )
        .bind(
            sent.iter()
                .map(|(outcome, _)| outcome.message_id.0)
                .collect::<Vec<_>>(),
        )
        .bind(sent.iter().map(|(_, body)| *body).collect::<Vec<_>>())
        .fetch_one(&mut **transaction)
        .await?;
    if someone_merged {
        let native_ids: Vec<&str> = holdings
            .iter()
            .map(|(_, holding)| holding.native_id.as_str())
            .collect();
        merging::lead_on(transaction, &settlement.system, &native_ids).await?;
    }
    if usize::try_from(held) != Ok(holdings.len()) {
        note_foreign_links(transaction, &settlement.system, &holdings).await?;
    }
    Ok(someone_waits)
}

const RECORD: &str = "
with recorded as (
    insert into delivery (
        message_id, system, entity, master_id, state, detail, attempts, latency_ms, native_id, at
    )
    select message_id, $1, entity, master_id, state, detail, attempts, latency_ms, native_id, now()
    from unnest(
        $2::uuid[], $3::text[], $4::uuid[], $5::text[], $6::text[], $7::int4[], $8::float8[], $9::text[]
    ) as given(message_id, entity, master_id, state, detail, attempts, latency_ms, native_id)
    on conflict (message_id, system) do update
    set state = excluded.state, detail = excluded.detail, attempts = excluded.attempts,
        latency_ms = excluded.latency_ms, native_id = excluded.native_id, at = excluded.at
), held as (
    insert into crosswalk (
        entity, system, native_id, master_id, hash, sequence, inbound, linked_at
    )
    select entity, $1, native_id, master_id, hash, sequence, false, now()
    from unnest($10::text[], $11::text[], $12::uuid[], $13::bytea[], $14::int8[])
        as given(entity, native_id, master_id, hash, sequence)
    on conflict (entity, system, native_id) do update
    set hash = excluded.hash, sequence = excluded.sequence
    where crosswalk.master_id = excluded.master_id
    returning 1
), kept as (
    insert into sent (message_id, system, at, body)
    select message_id, $1, now(), body from unnest($15::uuid[], $16::bytea[]) as given(message_id, body)
    on conflict do nothing
)
select exists (select from parked where state = 'waiting'),
    exists (select from golden where merged_into is not null), (select count(*) from held)";

/// A target named an id that is linked to another master: the link stays as it is, and the
/// delivery's detail says so, because only a person can tell which of the two is meant.
async fn note_foreign_links(
    transaction: &mut Transaction,
    system: &SystemName,
    holdings: &[(&Outcome, &Holding)],
) -> Result<(), StoreError> {
    let note =
        |(_, holding): &(&Outcome, &Holding)| writes::foreign_link(&clean(&holding.native_id));
    sqlx::query(
        "update delivery d set detail = d.detail || given.note
         from unnest($2::uuid[], $3::text[], $4::text[], $5::uuid[], $6::text[])
             as given(message_id, entity, native_id, master_id, note)
         join crosswalk c on c.entity = given.entity and c.system = $1
             and c.native_id = given.native_id and c.master_id <> given.master_id
             and c.unmerged_id is distinct from given.master_id
         where d.message_id = given.message_id and d.system = $1 and d.message_id = any($2)",
    )
    .bind(system.as_str())
    .bind(
        holdings
            .iter()
            .map(|(outcome, _)| outcome.message_id.0)
            .collect::<Vec<_>>(),
    )
    .bind(
        holdings
            .iter()
            .map(|(outcome, _)| outcome.entity.as_str())
            .collect::<Vec<_>>(),
    )
    .bind(
        holdings
            .iter()
            .map(|(_, holding)| clean(&holding.native_id))
            .collect::<Vec<_>>(),
    )
    .bind(
        holdings
            .iter()
            .map(|(outcome, _)| outcome.master_id.0)
            .collect::<Vec<_>>(),
    )
    .bind(holdings.iter().map(note).collect::<Vec<_>>())
    .execute(&mut **transaction)
    .await?;
    Ok(())
}
