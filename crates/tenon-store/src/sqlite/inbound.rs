//! From the inbound queue to the journal.

use tenon_core::SystemName;
use uuid::Uuid;

use super::bulk::{Bulk, Statement};
use super::{
    Sqlite, Transaction, boms, candidates, deeds, dependencies, hierarchy, items, lanes, life,
    merging, names, now, prospects, reviews,
};
use crate::body::{pack, pack_option};
use crate::parking::{self, Newcomer, Reason};
use crate::rows::{self, clean, clean_option};
use crate::writes;
use crate::{Commit, Direction, Inbound, Link, MasterWrite, StoreError};

pub(super) async fn commit(store: &Sqlite, commit: &Commit) -> Result<Vec<SystemName>, StoreError> {
    let links = writes::links_in_order(&commit.links)?;
    let mut transaction = store.begin().await?;
    for id in &commit.redriven {
        forget(&mut transaction, id.0).await?;
    }
    let now = now();
    journal(&mut transaction, &commit.messages, now).await?;
    make_links(&mut transaction, &links, now).await?;
    for (entity, system, native_id) in writes::in_order(&commit.restated) {
        sqlx::query(
            "update crosswalk set hash = null
             where entity = $1 and system = $2 and native_id = $3 and hash is not null",
        )
        .bind(entity)
        .bind(system)
        .bind(clean(native_id))
        .execute(&mut *transaction)
        .await?;
    }
    for write in writes::waves(&commit.masters).into_iter().flatten() {
        write_master(&mut transaction, write, now).await?;
    }
    let founded = candidates::found(&mut transaction, commit.founding.as_ref()).await?;
    candidates::keep(&mut transaction, &commit.masters, founded).await?;
    names::keep(&mut transaction, crate::names::written(&commit.masters)).await?;
    merging::reserve(&mut transaction, &commit.reservations).await?;
    claim_keys(&mut transaction, commit).await?;
    park_invalid(&mut transaction, &commit.messages, now).await?;
    deeds::note(&mut transaction, &writes::invalid_notes(&commit.messages)).await?;
    merging::note_unmerged(&mut transaction, &commit.unmerged).await?;
    let mut due = merging::apply(&mut transaction, &commit.moves).await?;
    reviews::open(&mut transaction, &commit.doubts, now).await?;
    reviews::judge(&mut transaction, &commit.judgements, now).await?;
    prospects::write(&mut transaction, &commit.claims).await?;
    hierarchy::write(&mut transaction, &commit.belongings).await?;
    life::write(&mut transaction, &commit.lives).await?;
    items::write(&mut transaction, &commit.items).await?;
    items::give(&mut transaction, &commit.items_moved, now).await?;
    boms::write(&mut transaction, commit).await?;
    if dependencies::someone_waits(&mut transaction).await? {
        let touched = writes::linked(&links, &commit.moves);
        due.extend(dependencies::release(&mut transaction, &touched, &commit.masters).await?);
    }
    transaction.commit().await?;
    Ok(due.into_iter().collect())
}

/// Takes a message out of the journal that is journaled anew, and ends it as parked.
async fn forget(transaction: &mut Transaction, id: Uuid) -> Result<(), StoreError> {
    let position: Option<i64> =
        sqlx::query_scalar("delete from inbox where message_id = $1 returning position")
            .bind(id)
            .fetch_optional(&mut **transaction)
            .await?;
    if let Some(position) = position {
        for statement in [
            "delete from journal where position = $1",
            "delete from payload where position = $1",
        ] {
            sqlx::query(statement)
                .bind(position)
                .execute(&mut **transaction)
                .await?;
        }
    }
    sqlx::query("delete from parked where direction = 'inbound' and message_id = $1")
        .bind(id)
        .execute(&mut **transaction)
        .await?;
    Ok(())
}

/// A message with the columns that have to be made first.
struct Row<'a> {
    message: &'a Inbound,
    position: i64,
    attributes: String,
}

/// Journal, inbox and payloads.
async fn journal(
    transaction: &mut Transaction,
    messages: &[Inbound],
    now: i64,
) -> Result<(), StoreError> {
    if messages.is_empty() {
        return Ok(());
    }
    // Nobody else writes while this transaction does, so the next positions are known.
    let last: Option<i64> =
        sqlx::query_scalar("select seq from sqlite_sequence where name = 'journal'")
            .fetch_optional(&mut **transaction)
            .await?;
    let rows = (last.unwrap_or_default() + 1..)
        .zip(messages)
        .map(|(position, message)| {
            let attributes = rows::attributes_text(&message.attributes)?;
            Ok(Row {
                message,
                position,
                attributes,
            })
        })
        .collect::<Result<Vec<_>, StoreError>>()?;
    INBOX
        .insert(transaction, &rows, |statement, row| {
            statement
                .bind(row.message.attributes.id.0)
                .bind(row.position)
                .bind(now)
        })
        .await?;
    JOURNAL
        .insert(transaction, &rows, |statement, row| {
            row.journal(statement, now)
        })
        .await?;
    PAYLOAD
        .insert(transaction, &rows, |statement, row| {
            statement
                .bind(row.position)
                .bind(pack(&row.message.raw))
                .bind(pack_option(row.message.canonical.as_deref()))
        })
        .await?;
    Ok(())
}

impl Row<'_> {
    fn journal(&self, statement: Statement, now: i64) -> Statement {
        let Inbound {
            attributes, state, ..
        } = self.message;
        statement
            .bind(self.position)
            .bind(now)
            .bind(attributes.id.0)
            .bind(attributes.entity().as_str())
            .bind(attributes.source.as_str())
            .bind(clean_option(attributes.native_id.as_deref()))
            .bind(attributes.master_id.map(|master| master.0))
            .bind(clean_option(self.message.business_key.as_deref()))
            .bind(clean(&self.message.origin))
            .bind(state.as_str())
            .bind(rows::invalid_detail(state))
            .bind(rows::targets_text(state))
            .bind(self.attributes.as_str())
    }
}

const INBOX: Bulk = Bulk {
    head: "insert into inbox (message_id, position, journaled_at)",
    columns: 3,
    tail: "",
};

const JOURNAL: Bulk = Bulk {
    head: "insert into journal (position, journaled_at, message_id, entity, source, native_id,
        master_id, business_key, origin, state, detail, targets, attributes)",
    columns: 13,
    tail: "",
};

const PAYLOAD: Bulk = Bulk {
    head: "insert into payload (position, raw, canonical)",
    columns: 3,
    tail: "",
};

/// A link that belongs to another master is set to none, which its column forbids: a conflict.
const LINKS: Bulk = Bulk {
    head: "insert into crosswalk (entity, system, native_id, master_id, inbound, linked_at)",
    columns: 6,
    tail: "on conflict (entity, system, native_id) do update
        set master_id = null where crosswalk.master_id <> excluded.master_id",
};

async fn make_links(
    transaction: &mut Transaction,
    links: &[&Link],
    now: i64,
) -> Result<(), StoreError> {
    LINKS
        .insert(transaction, links, |statement, link| {
            statement
                .bind(link.entity.as_str())
                .bind(link.system.as_str())
                .bind(clean(&link.native_id))
                .bind(link.master_id.0)
                .bind(true)
                .bind(now)
        })
        .await?;
    Ok(())
}

async fn write_master(
    transaction: &mut Transaction,
    write: &MasterWrite,
    now: i64,
) -> Result<(), StoreError> {
    let golden = rows::to_json(&write.row.golden)?;
    // A row without a version to replace is new: another one there already violates the key.
    let statement = if write.replaces.is_none() {
        "insert into golden (master_id, version, golden, sources, updated_at, merged_into)
         values ($1, $2, $3, $4, $5, $6)"
    } else {
        "update golden set version = $2, golden = $3, sources = $4, updated_at = $5, merged_into = $6
         where master_id = $1 and version = $7"
    };
    let merged_into = write.row.merged_into.map(|into| into.0);
    let mut query = sqlx::query(statement)
        .bind(write.row.master_id.0)
        .bind(write.row.version)
        .bind(&golden)
        .bind(rows::to_json(&write.row.sources)?)
        .bind(now)
        .bind(merged_into);
    if let Some(replaced) = write.replaces {
        query = query.bind(replaced);
    }
    let written = query.execute(&mut **transaction).await?;
    if written.rows_affected() != 1 {
        return Err(StoreError::Conflict(
            "a golden record has another version".to_owned(),
        ));
    }
    sqlx::query(
        "insert into golden_history (master_id, version, golden, at, merged_into, message_id)
         values ($1, $2, $3, $4, $5, $6)",
    )
    .bind(write.row.master_id.0)
    .bind(write.row.version)
    .bind(golden)
    .bind(now)
    .bind(merged_into)
    .bind(write.message_id.0)
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

async fn claim_keys(transaction: &mut Transaction, commit: &Commit) -> Result<(), StoreError> {
    for (kind, value, master) in writes::claims(&commit.keys)? {
        sqlx::query(
            "insert into master_key (kind, value, master_id) values ($1, $2, $3)
             on conflict (kind, value) do update
             set master_id = null where master_key.master_id <> excluded.master_id",
        )
        .bind(kind)
        .bind(value)
        .bind(master)
        .execute(&mut **transaction)
        .await?;
    }
    Ok(())
}

/// Parks what does not fit, with its raw record, for a person.
async fn park_invalid(
    transaction: &mut Transaction,
    messages: &[Inbound],
    now: i64,
) -> Result<(), StoreError> {
    for message in messages {
        let Some(reason) = parking::invalid(message) else {
            continue;
        };
        let newcomer = Newcomer {
            direction: Direction::Inbound,
            system: &message.attributes.source,
            attributes: &message.attributes,
            body: &message.raw,
            reason: Reason::of(&reason),
            attempts: 1,
        };
        lanes::insert(transaction, &newcomer, now).await?;
    }
    Ok(())
}
