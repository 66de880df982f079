//! Shows people the records of items that they are to decide about, beside those that they may be, and
//! what was decided.
//!
//! The queue is what is parked as `item.doubtful`: nothing is kept besides. What speaks for and against is
//! found anew each time it is shown, from what systems say by then.

use std::collections::{BTreeMap, HashSet};

use serde::Serialize;
use tenon_connector::Deployment;
use tenon_core::{Entity, Failure, MasterId, MessageId, NativeId, SystemName, Timestamp};
use tenon_master::{Part, PartComparison, PartDecision, PartDoubt, PartPolicy};
use tenon_store::{
    Direction, ItemRecord, JournalRecord, Known, Lookup, MessageFilter, ParkedFilter, ParkedId,
    ParkedRecord,
};

use super::{Act, Command, RecordName, Steward};
use crate::courier::store_failure;
use crate::master::{DOUBTFUL, ask_about_item, part_of, place_of};
use crate::redrive::canonical;
use crate::resolve::derived_master;

/// A record that waits for a person to tell which item it is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ItemReview {
    /// Its number among what is parked.
    pub id: ParkedId,
    /// Its message.
    pub message_id: MessageId,
    /// The record.
    pub record: RecordName,
    /// Since when it waits.
    pub since: Timestamp,
    /// How many messages stand behind it in its lane.
    pub behind: u64,
    /// What it says; nothing where its mapping does not hold any more.
    pub part: Option<Part>,
    /// Why a person has to tell; nothing where systems say other things by now, and nothing is doubtful any
    /// more: it goes on when it is sent again.
    pub why: Option<PartDoubt>,
    /// The reason as it was parked.
    pub reason: String,
    /// The items that it may be, by the names of their records.
    pub candidates: Vec<ItemCandidate>,
}

/// An item that a record may be.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ItemCandidate {
    /// The item.
    pub master_id: MasterId,
    /// What systems say of it, by their names.
    pub records: Vec<ItemSide>,
}

/// What a system says of an item, beside the record that waits.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ItemSide {
    /// The record.
    pub record: RecordName,
    /// What it says.
    pub part: Part,
    /// How that compares.
    pub compared: PartComparison,
}

/// What a person decided about items.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ItemDecision {
    /// The command's message.
    pub message_id: MessageId,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: String,
    /// Why.
    pub because: String,
    /// What.
    pub act: Act,
    /// The record that becomes an item of its own again when the decision is undone (by `new_item`); nothing
    /// where there is nothing to undo.
    pub undo: Option<RecordName>,
    /// The items that the record may be after all, where it was said to be another and is so still: the decision
    /// is undone by `same_item` with one of them. What speaks for them is found anew, as for what waits.
    pub candidates: Vec<ItemCandidate>,
}

fn record_key(record: &RecordName) -> (Entity, SystemName, NativeId) {
    let RecordName { system, native_id } = record.clone();
    (Entity::Item, system, native_id)
}

impl Steward {
    /// Records that wait for a person to tell which item each is, oldest first, at most `limit` after the
    /// cursor `after`; and the cursor of the next page, where there is one. Without those of which somebody
    /// has told: they go on by themselves.
    ///
    /// # Errors
    /// `Transient` when the store is away.
    pub async fn item_reviews(
        &self,
        deployment: &Deployment,
        policy: &PartPolicy,
        after: Option<ParkedId>,
        limit: u32,
    ) -> Result<(Vec<ItemReview>, Option<ParkedId>), Failure> {
        let filter = ParkedFilter {
            entity: Some(Entity::Item),
            reason: Some(DOUBTFUL.to_owned()),
            direction: Some(Direction::Inbound),
            ..ParkedFilter::default()
        };
        let parked = self.store.parked(&filter, after, limit).await;
        let parked = parked.map_err(|error| store_failure(&error))?;
        let next = parked.last().map(|last| last.id);
        let next = next.filter(|_| parked.len() == limit as usize);
        let mut lookup = Lookup::default();
        let mut waiting = Vec::new();
        for record in parked {
            let (true, Some(native_id)) =
                (record.code == DOUBTFUL, &record.parcel.attributes.native_id)
            else {
                continue;
            };
            let name = RecordName {
                system: record.parcel.attributes.source.clone(),
                native_id: native_id.clone(),
            };
            lookup.natives.push(record_key(&name));
            let said = canonical(deployment, &record).ok().flatten();
            let part = said.and_then(|said| {
                ask_about_item(said.value(), &mut lookup);
                part_of(said.value())
            });
            waiting.push((name, part, record));
        }
        let known = self.store.look_up(&lookup).await;
        let known = known.map_err(|error| store_failure(&error))?;
        // What a system said last of a record holds.
        let mut seen = HashSet::new();
        let untold = waiting.into_iter().rev().filter(|(name, ..)| {
            !known.natives.contains_key(&record_key(name)) && seen.insert(name.clone())
        });
        let reviews = untold.map(|(name, part, record)| review(name, part, record, &known, policy));
        let mut reviews: Vec<ItemReview> = reviews.collect();
        reviews.reverse();
        Ok((reviews, next))
    }

    /// What people decided about items, newest first, at most `limit` before the cursor `before`; and the
    /// cursor of the next page, where there is one.
    ///
    /// # Errors
    /// `Transient` when the store is away.
    pub async fn item_decisions(
        &self,
        policy: &PartPolicy,
        before: Option<i64>,
        limit: u32,
    ) -> Result<(Vec<ItemDecision>, Option<i64>), Failure> {
        let filter = MessageFilter {
            source: Some(SystemName::hub()),
            entity: Some(Entity::Item),
            state: Some("done".to_owned()),
            ..MessageFilter::default()
        };
        let found = self.store.messages(&filter, before, limit).await;
        let found = found.map_err(|error| store_failure(&error))?;
        let next = found.last().map(|last| last.position);
        let next = next.filter(|_| found.len() == limit as usize);
        let mut given = Vec::new();
        let mut lookup = Lookup::default();
        for message in found {
            let payloads = self.store.payloads(message.attributes.id).await;
            let payloads = payloads.map_err(|error| store_failure(&error))?;
            // Of one whose body is forgotten nothing can be said.
            let Some(command) = payloads.and_then(|it| Command::read(&it.raw).ok()) else {
                continue;
            };
            let named = super::items::named(&command.act);
            lookup.natives.extend(named);
            given.push((message, command));
        }
        lookup.items = true;
        let known = self.store.look_up(&lookup).await;
        let known = known.map_err(|error| store_failure(&error))?;
        // Only the latest word about a record can be taken back.
        let mut undone = HashSet::new();
        let mut apart = HashSet::new();
        let mut alike = Lookup::default();
        let decisions = given.into_iter().map(|(message, command)| {
            let mut decision = decision(message, command, &known);
            decision.undo = decision.undo.filter(|record| undone.insert(record.clone()));
            let told = told_apart(&decision.act, &known);
            let told = told.filter(|(record, _)| apart.insert(record.clone()));
            if let Some((record, part)) = &told {
                alike.natives.push(record_key(record));
                alike.keys.extend(part.keys());
            }
            (decision, told)
        });
        let decisions: Vec<_> = decisions.collect();
        alike.items = true;
        let known = self.store.look_up(&alike).await;
        let known = known.map_err(|error| store_failure(&error))?;
        let decisions = decisions.into_iter().map(|(mut decision, told)| {
            if let Some((record, part)) = told {
                (decision.candidates, _) = candidates(&record.system, &part, &known, policy);
            }
            decision
        });
        Ok((decisions.collect(), next))
    }
}

/// The record that an act made an item of its own, and what it says, where it is one still.
fn told_apart(act: &Act, known: &Known) -> Option<(RecordName, Part)> {
    let Act::NewItem { record } = act else {
        return None;
    };
    let master = known.natives.get(&record_key(record))?;
    let own = derived_master(Entity::Item, &record.system, &record.native_id);
    let said = known.items.iter().find(|said| {
        (&said.system, &said.native_id) == (&record.system, &record.native_id) && *master == own
    });
    Some((record.clone(), said?.part.clone()))
}

/// The items that a system's part may be, by the names of their records, and why a person has to tell.
fn candidates(
    system: &SystemName,
    part: &Part,
    known: &Known,
    policy: &PartPolicy,
) -> (Vec<ItemCandidate>, Option<PartDoubt>) {
    let records = known.items.iter();
    let (masters, why) = match place_of(system, part, records, &known.natives, policy) {
        PartDecision::New => (Vec::new(), None),
        PartDecision::Same(master_id) => (vec![master_id], None),
        PartDecision::Doubt(masters, why) => (masters, Some(why)),
    };
    let mut said: BTreeMap<MasterId, Vec<&ItemRecord>> = BTreeMap::new();
    for record in &known.items {
        said.entry(record.master_id).or_default().push(record);
    }
    let candidates = masters.into_iter().map(|master_id| ItemCandidate {
        master_id,
        records: sides(part, said.get(&master_id).map_or(&[][..], Vec::as_slice)),
    });
    let mut candidates: Vec<ItemCandidate> = candidates.collect();
    candidates.sort_by_key(|candidate| {
        let first = candidate.records.first();
        first.map(|side| side.record.to_string())
    });
    (candidates, why)
}

fn review(
    name: RecordName,
    part: Option<Part>,
    parked: ParkedRecord,
    known: &Known,
    policy: &PartPolicy,
) -> ItemReview {
    let (candidates, why) = match &part {
        None => (Vec::new(), None),
        Some(part) => candidates(&name.system, part, known, policy),
    };
    ItemReview {
        id: parked.id,
        message_id: parked.parcel.attributes.id,
        candidates,
        record: name,
        since: parked.parked_at,
        behind: parked.behind,
        part,
        why,
        reason: parked.detail,
    }
}

fn sides(own: &Part, theirs: &[&ItemRecord]) -> Vec<ItemSide> {
    let mut sides: Vec<ItemSide> = theirs
        .iter()
        .map(|record| ItemSide {
            record: RecordName {
                system: record.system.clone(),
                native_id: record.native_id.clone(),
            },
            part: record.part.clone(),
            compared: own.compared_with(&record.part),
        })
        .collect();
    sides.sort_by_key(|side| side.record.to_string());
    sides
}

fn decision(message: JournalRecord, command: Command, known: &Known) -> ItemDecision {
    // Only what was joined comes apart: the record that is not an item of its own.
    let named = super::items::named(&command.act).into_iter();
    let joined = named.filter(|(entity, system, native_id)| {
        let key = (*entity, system.clone(), native_id.clone());
        let master = known.natives.get(&key);
        master.is_some_and(|master| *master != derived_master(*entity, system, native_id))
    });
    let is_join = matches!(command.act, Act::SameItem { .. });
    let mut joined = joined.map(|(_, system, native_id)| RecordName { system, native_id });
    ItemDecision {
        message_id: message.attributes.id,
        at: message.journaled_at,
        undo: joined.next().filter(|_| is_join),
        candidates: Vec::new(),
        by: command.by,
        because: command.because,
        act: command.act,
    }
}
