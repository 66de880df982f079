//! From the inbound queue to the journal.

use std::borrow::Cow;
use tenon_core::{MessageId, SystemName};
use uuid::Uuid;

use super::{
    BEGIN_LINKING, BEGIN_WAITING, Postgres, Transaction, boms, candidates, deeds, dependencies,
    hierarchy, items, lanes, life, merging, names, prospects, reviews,
};
use crate::body::{pack, pack_option};
use crate::hierarchy::may_close_a_circle;
use crate::parking::{self, Newcomer, Reason};
use crate::rows::{self, clean, clean_option};
use crate::writes;
use crate::{Commit, Direction, Inbound, Link, MasterWrite, ParkReason, StoreError};

pub(super) async fn commit(
    store: &Postgres,
    commit: &Commit,
) -> Result<Vec<SystemName>, StoreError> {
    // Moved ties are led on to by those who write later, and a circle of belongings is closed by two
    // who do not see each other: nobody may write beside these.
    let begin = match commit.moves.is_empty() && !may_close_a_circle(commit) {
        true => BEGIN_LINKING,
        false => BEGIN_WAITING,
    };
    let mut transaction = store.begin(begin).await?;
    if !commit.redriven.is_empty() {
        forget(&mut transaction, &commit.redriven).await?;
    }
    let links = writes::links_in_order(&commit.links)?;
    let someone_waits = journal(&mut transaction, &commit.messages, &links).await?;
    forget_hashes(&mut transaction, commit).await?;
    for wave in writes::waves(&commit.masters) {
        write_masters(&mut transaction, &wave).await?;
    }
    let founded = candidates::found(&mut transaction, commit.founding.as_ref()).await?;
    candidates::keep(&mut transaction, &commit.masters, founded).await?;
    names::keep(&mut transaction, crate::names::written(&commit.masters)).await?;
    merging::reserve(&mut transaction, &commit.reservations).await?;
    claim_keys(&mut transaction, commit).await?;
    park_invalid(&mut transaction, &commit.messages).await?;
    deeds::note(&mut transaction, &writes::invalid_notes(&commit.messages)).await?;
    merging::note_unmerged(&mut transaction, &commit.unmerged).await?;
    let mut due = merging::apply(&mut transaction, &commit.moves).await?;
    reviews::open(&mut transaction, &commit.doubts).await?;
    reviews::judge(&mut transaction, &commit.judgements).await?;
    prospects::write(&mut transaction, &commit.claims).await?;
    hierarchy::write(&mut transaction, &commit.belongings).await?;
    life::write(&mut transaction, &commit.lives).await?;
    items::write(&mut transaction, &commit.items).await?;
    items::give(&mut transaction, &commit.items_moved).await?;
    boms::write(&mut transaction, commit).await?;
    if someone_waits {
        let touched = writes::linked(&links, &commit.moves);
        due.extend(dependencies::release(&mut transaction, &touched, &commit.masters).await?);
    }
    transaction.commit().await?;
    Ok(due.into_iter().collect())
}

/// Takes messages out of the journal that are journaled anew, and ends them as parked.
async fn forget(transaction: &mut Transaction, ids: &[MessageId]) -> Result<(), StoreError> {
    let mut ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    ids.sort();
    sqlx::query(
        "with given as (
             select message_id, position, journaled_at from inbox
             where message_id = any($1) order by message_id for update
         ), unjournaled as (
             delete from journal where position = any(array(select position from given))
         ), emptied as (
             delete from payload where position = any(array(select position from given))
         ), unparked as (
             delete from parked where direction = 'inbound' and message_id = any($1)
         )
         delete from inbox where message_id = any(array(select message_id from given))",
    )
    .bind(ids)
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

/// Inbox, journal, payloads and crosswalk in one statement. Returns whether any parked message
/// waits for a link or a master.
///
/// A message that is in the inbox already violates its key; a link that belongs to another master
/// is set to none, which its column forbids. Either ends the transaction, as a conflict.
async fn journal(
    transaction: &mut Transaction,
    messages: &[Inbound],
    links: &[&Link],
) -> Result<bool, StoreError> {
    let attributes = messages
        .iter()
        .map(|message| rows::attributes_text(&message.attributes))
        .collect::<Result<Vec<_>, _>>()?;
    let column = |take: fn(&Inbound) -> Option<&str>| -> Vec<Option<Cow<'_, str>>> {
        messages
            .iter()
            .map(|message| clean_option(take(message)))
            .collect()
    };
    let someone_waits: bool = sqlx::query_scalar(JOURNAL)
        .bind(
            messages
                .iter()
                .map(|message| message.attributes.id.0)
                .collect::<Vec<_>>(),
        )
        .bind(
            messages
                .iter()
                .map(|message| message.attributes.entity().as_str())
                .collect::<Vec<_>>(),
        )
        .bind(
            messages
                .iter()
                .map(|message| message.attributes.source.as_str())
                .collect::<Vec<_>>(),
        )
        .bind(column(|message| message.attributes.native_id.as_deref()))
        .bind(
            messages
                .iter()
                .map(|message| message.attributes.master_id.map(|master| master.0))
                .collect::<Vec<_>>(),
        )
        .bind(column(|message| message.business_key.as_deref()))
        .bind(column(|message| Some(&message.origin)))
        .bind(
            messages
                .iter()
                .map(|message| message.state.as_str())
                .collect::<Vec<_>>(),
        )
        .bind(
            messages
                .iter()
                .map(|message| rows::invalid_detail(&message.state))
                .collect::<Vec<_>>(),
        )
        .bind(
            messages
                .iter()
                .map(|message| rows::targets_text(&message.state))
                .collect::<Vec<_>>(),
        )
        .bind(attributes)
        .bind(
            messages
                .iter()
                .map(|message| pack(&message.raw).into_owned())
                .collect::<Vec<_>>(),
        )
        .bind(
            messages
                .iter()
                .map(|message| pack_option(message.canonical.as_deref()).map(Cow::into_owned))
                .collect::<Vec<_>>(),
        )
        .bind(
            links
                .iter()
                .map(|link| link.entity.as_str())
                .collect::<Vec<_>>(),
        )
        .bind(
            links
                .iter()
                .map(|link| link.system.as_str())
                .collect::<Vec<_>>(),
        )
        .bind(
            links
                .iter()
                .map(|link| clean(&link.native_id))
                .collect::<Vec<_>>(),
        )
        .bind(
            links
                .iter()
                .map(|link| link.master_id.0)
                .collect::<Vec<_>>(),
        )
        .fetch_one(&mut **transaction)
        .await?;
    Ok(someone_waits)
}

const JOURNAL: &str = "
with input as materialized (
    select nextval('journal_position') as position, given.*
    from unnest(
        $1::uuid[], $2::text[], $3::text[], $4::text[], $5::uuid[], $6::text[], $7::text[],
        $8::text[], $9::text[], $10::text[], $11::text[], $12::bytea[], $13::bytea[]
    ) as given(
        message_id, entity, source, native_id, master_id, business_key, origin,
        state, detail, targets, attributes, raw, canonical
    )
), boxed as (
    insert into inbox (message_id, position, journaled_at)
    select message_id, position, now() from input order by message_id
), journaled as (
    insert into journal (
        position, journaled_at, message_id, entity, source, native_id, master_id, business_key,
        origin, state, detail, targets, attributes
    )
    select position, now(), message_id, entity, source, native_id, master_id, business_key,
        origin, state, detail, string_to_array(targets, ','), attributes::json
    from input
), kept as (
    insert into payload (position, journaled_at, raw, canonical)
    select position, now(), raw, canonical from input
), linked as (
    insert into crosswalk (entity, system, native_id, master_id, inbound, linked_at)
    select entity, system, native_id, master_id, true, now()
    from unnest($14::text[], $15::text[], $16::text[], $17::uuid[])
        as given(entity, system, native_id, master_id)
    on conflict (entity, system, native_id) do update
    set master_id = null where crosswalk.master_id <> excluded.master_id
)
select exists (select from parked where state = 'waiting')";

/// Forgets the hash of what was last delivered of records that their own system has stated anew.
async fn forget_hashes(transaction: &mut Transaction, commit: &Commit) -> Result<(), StoreError> {
    if commit.restated.is_empty() {
        return Ok(());
    }
    let restated = writes::in_order(&commit.restated);
    sqlx::query(
        "update crosswalk c set hash = null
         from unnest($1::text[], $2::text[], $3::text[]) as given(entity, system, native_id)
         where c.entity = given.entity and c.system = given.system
             and c.native_id = given.native_id and c.native_id = any($3) and c.hash is not null",
    )
    .bind(restated.iter().map(|record| record.0).collect::<Vec<_>>())
    .bind(restated.iter().map(|record| record.1).collect::<Vec<_>>())
    .bind(
        restated
            .iter()
            .map(|record| clean(record.2))
            .collect::<Vec<_>>(),
    )
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

async fn write_masters(
    transaction: &mut Transaction,
    wave: &[&MasterWrite],
) -> Result<(), StoreError> {
    let (mut masters, mut versions, mut replaced) = (Vec::new(), Vec::new(), Vec::new());
    let (mut golden, mut sources, mut merged_into) = (Vec::new(), Vec::new(), Vec::new());
    let mut causes = Vec::new();
    for write in wave {
        masters.push(write.row.master_id.0);
        versions.push(write.row.version);
        replaced.push(write.replaces);
        golden.push(rows::to_json(&write.row.golden)?);
        sources.push(rows::to_json(&write.row.sources)?);
        merged_into.push(write.row.merged_into.map(|into| into.0));
        causes.push(write.message_id.0);
    }
    // A row without a version to replace is new: another one there already violates the key.
    let written: i64 = sqlx::query_scalar(
        "with given as materialized (
             select * from unnest(
                 $1::uuid[], $2::int8[], $3::int8[], $4::text[], $5::text[], $6::uuid[], $7::uuid[]
             ) as given(master_id, version, replaced, golden, sources, merged_into, message_id)
         ), made as (
             insert into golden (master_id, version, golden, sources, merged_into, updated_at)
             select master_id, version, golden::json, sources::json, merged_into, now() from given
             where replaced is null
             returning 1
         ), changed as (
             update golden set version = given.version, golden = given.golden::json,
                 sources = given.sources::json, merged_into = given.merged_into,
                 updated_at = now()
             from given
             where golden.master_id = given.master_id and golden.version = given.replaced
                 and golden.master_id = any($1)
             returning 1
         ), recorded as (
             insert into golden_history (master_id, version, golden, merged_into, at, message_id)
             select master_id, version, golden::json, merged_into, now(), message_id from given
         )
         select (select count(*) from made) + (select count(*) from changed)",
    )
    .bind(masters)
    .bind(versions)
    .bind(replaced)
    .bind(golden)
    .bind(sources)
    .bind(merged_into)
    .bind(causes)
    .fetch_one(&mut **transaction)
    .await?;
    if usize::try_from(written) == Ok(wave.len()) {
        Ok(())
    } else {
        Err(StoreError::Conflict(
            "a golden record has another version".to_owned(),
        ))
    }
}

async fn claim_keys(transaction: &mut Transaction, commit: &Commit) -> Result<(), StoreError> {
    if commit.keys.is_empty() {
        return Ok(());
    }
    let (mut kinds, mut values, mut masters) = (Vec::new(), Vec::new(), Vec::new());
    for (kind, value, master) in writes::claims(&commit.keys)? {
        kinds.push(kind);
        values.push(value);
        masters.push(master);
    }
    // As with links: a key of another master is set to none, which its column forbids.
    sqlx::query(
        "insert into master_key (kind, value, master_id)
         select * from unnest($1::text[], $2::text[], $3::uuid[])
         on conflict (kind, value) do update
         set master_id = null where master_key.master_id <> excluded.master_id",
    )
    .bind(kinds)
    .bind(values)
    .bind(masters)
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

/// Parks what does not fit, with its raw record, for a person.
async fn park_invalid(
    transaction: &mut Transaction,
    messages: &[Inbound],
) -> Result<(), StoreError> {
    let reasons: Vec<(&Inbound, ParkReason)> = messages
        .iter()
        .filter_map(|message| Some((message, parking::invalid(message)?)))
        .collect();
    if reasons.is_empty() {
        return Ok(());
    }
    let newcomers: Vec<Newcomer<'_>> = reasons
        .iter()
        .map(|(message, reason)| Newcomer {
            direction: Direction::Inbound,
            system: &message.attributes.source,
            attributes: &message.attributes,
            body: &message.raw,
            reason: Reason::of(reason),
            attempts: 1,
        })
        .collect();
    lanes::insert(transaction, &newcomers).await?;
    Ok(())
}
