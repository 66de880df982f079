//! Meets items that a system tells of for the first time with those that other systems have told of.
//!
//! A record that is linked is known, whatever it says: a system may rename its part. One that is not is
//! decided by the rules of `tenon-master`; in doubt it is refused and waits for a steward, whose word is a
//! link: sent again, it is known.

use std::collections::{HashMap, HashSet};

use serde_json::Value;
use tenon_core::item::Item;
use tenon_core::{Attributes, Entity, Failure, MasterId, NativeId, SystemName};
use tenon_master::{KnownPart, Part, PartDecision, PartDoubt, PartPolicy, match_part};
use tenon_store::{ItemRecord, Lookup};

use super::Desk;
use crate::resolve::derived_master;

/// The code of what waits for a person to tell which item it is.
pub(crate) const DOUBTFUL: &str = "item.doubtful";
/// Candidates that are named to a person.
const NAMED: usize = 3;

/// Adds what must be known to meet an item to a look-up.
pub(crate) fn ask_about_item(canonical: &Value, lookup: &mut Lookup) {
    if let Some(part) = part_of(canonical) {
        lookup.keys.extend(part.keys());
        lookup.items = true;
    }
}

/// What an item is recognised by.
pub(crate) fn part_of(canonical: &Value) -> Option<Part> {
    let item: Item = serde_json::from_value(canonical.clone()).ok()?;
    Some(Part::from(&item))
}

type RecordKey = (SystemName, NativeId);

/// What systems say of items, as far as the batch is concerned.
pub(super) struct Items {
    records: HashMap<RecordKey, ItemRecord>,
    written: HashSet<RecordKey>,
    /// Records that were found to be another system's item.
    joined: HashMap<RecordKey, MasterId>,
}

impl Items {
    pub(super) fn of(known: Vec<ItemRecord>) -> Self {
        let records = known.into_iter().map(|record| {
            let key = (record.system.clone(), record.native_id.clone());
            (key, record)
        });
        Self {
            records: records.collect(),
            written: HashSet::new(),
            joined: HashMap::new(),
        }
    }

    /// What the batch has systems say.
    pub(super) fn written(mut self) -> Vec<ItemRecord> {
        let written = self.written.iter();
        written.filter_map(|key| self.records.remove(key)).collect()
    }

    /// The records that were found to be another's, by the ids that they would have had.
    pub(super) fn moved(&self) -> Vec<(MasterId, MasterId)> {
        let joined = self.joined.iter();
        let moved = joined.map(|((system, native_id), master_id)| {
            let own = derived_master(Entity::Item, system, native_id);
            (own, *master_id)
        });
        moved.collect()
    }

    /// What is said of an item.
    pub(super) fn said_of(&self, master_id: MasterId) -> impl Iterator<Item = &ItemRecord> {
        let records = self.records.values();
        records.filter(move |record| record.master_id == master_id)
    }

    fn note(&mut self, record: ItemRecord) {
        let key = (record.system.clone(), record.native_id.clone());
        if self.records.get(&key) != Some(&record) {
            self.written.insert(key.clone());
            self.records.insert(key, record);
        }
    }
}

/// Where a part belongs that its system tells of for the first time, among what systems say of items. Without
/// the items that the system has under another id already: it knows its own parts apart.
pub(crate) fn place_of<'r>(
    system: &SystemName,
    part: &Part,
    records: impl Iterator<Item = &'r ItemRecord>,
    natives: &HashMap<(Entity, SystemName, NativeId), MasterId>,
    policy: &PartPolicy,
) -> PartDecision {
    let linked = natives.iter();
    let own = linked.filter(|((entity, of, _), _)| *entity == Entity::Item && of == system);
    let own: HashSet<MasterId> = own.map(|(_, master_id)| *master_id).collect();
    let others = records.filter(|record| !own.contains(&record.master_id));
    let others: Vec<KnownPart> = others
        .map(|record| KnownPart {
            master_id: record.master_id,
            part: record.part.clone(),
        })
        .collect();
    match_part(part, &others, policy)
}

impl Desk<'_> {
    /// Takes note of what a record says that others are recognised by.
    ///
    /// # Errors
    /// `Invalid` when a person has to tell which item it is.
    pub(crate) fn meet(
        &mut self,
        attributes: &Attributes,
        canonical: &Value,
    ) -> Result<(), Failure> {
        let (Entity::Item, Some(native_id)) = (attributes.entity(), &attributes.native_id) else {
            return Ok(());
        };
        let Some(part) = part_of(canonical) else {
            return Ok(());
        };
        let system = &attributes.source;
        if self.known(Entity::Item, system, native_id).is_none() && self.policy.items.matched {
            let records = self.items.records.values();
            match place_of(system, &part, records, &self.natives, &self.policy.items) {
                PartDecision::New => {}
                PartDecision::Same(master_id) => {
                    let key = (system.clone(), native_id.clone());
                    self.items.joined.insert(key, master_id);
                }
                PartDecision::Doubt(candidates, why) => {
                    return Err(self.doubtful(system, native_id, &part, &candidates, why));
                }
            }
        }
        let master_id = self.identify(attributes);
        for key in part.keys() {
            self.claim(master_id, None, key);
        }
        self.items.note(ItemRecord {
            master_id,
            system: system.clone(),
            native_id: native_id.clone(),
            part,
        });
        Ok(())
    }

    /// The master of an item that was found to be another system's.
    pub(super) fn joined_item(&self, attributes: &Attributes) -> Option<MasterId> {
        if self.items.joined.is_empty() {
            return None;
        }
        let key = (attributes.source.clone(), attributes.native_id.clone()?);
        self.items.joined.get(&key).copied()
    }

    fn doubtful(
        &self,
        system: &SystemName,
        native_id: &str,
        part: &Part,
        candidates: &[MasterId],
        why: PartDoubt,
    ) -> Failure {
        let mut theirs: Vec<&ItemRecord> = self
            .items
            .records
            .values()
            .filter(|record| candidates.contains(&record.master_id))
            .collect();
        theirs.sort_by_key(|record| (&record.system, &record.native_id));
        let named: Vec<String> = theirs.iter().take(NAMED).map(|it| named(it)).collect();
        let more = match theirs.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let one = theirs.first().map_or_else(String::new, |record| {
            format!("{}/{}", record.system, record.native_id)
        });
        let other_code = match why {
            PartDoubt::OtherCode => "",
            PartDoubt::Contradiction | PartDoubt::Several => {
                ", or correct what one of the two systems says and send that again"
            }
        };
        Failure::invalid(
            DOUBTFUL,
            format!(
                "{} {} {}{more}; if they are one: tenon item same {system}/{native_id} {one}; if it is \
                 another part: tenon item new {system}/{native_id}{other_code}",
                described(system, native_id, part),
                why.describe(),
                named.join(", "),
            ),
        )
    }
}

fn named(record: &ItemRecord) -> String {
    described(&record.system, &record.native_id, &record.part)
}

/// `erp/100-200 (100-200, screw, M3x10, pcs)`.
fn described(system: &SystemName, native_id: &str, part: &Part) -> String {
    let said = [Some(&part.code), Some(&part.name)].into_iter();
    let said = said.chain([part.specification.as_ref(), part.unit.as_ref()]);
    let said: Vec<&str> = said.flatten().map(String::as_str).collect();
    format!("{system}/{native_id} ({})", said.join(", "))
}
