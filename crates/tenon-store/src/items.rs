//! What systems say of items, by which one system's item is recognised in another's. No SQL here.

use std::collections::{BTreeMap, BTreeSet};

use tenon_core::{Entity, MasterId, NativeId, SystemName};
use tenon_master::{KeyKind, Part};
use uuid::Uuid;

use crate::rows;
use crate::{Known, Lookup, StoreError};

/// What a system said last of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemRecord {
    /// The item's master.
    pub master_id: MasterId,
    /// The system.
    pub system: SystemName,
    /// The record's id there.
    pub native_id: NativeId,
    /// What it says.
    pub part: Part,
}

/// A record that a person gives to another item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemMove {
    /// Whose record.
    pub system: SystemName,
    /// Its id there.
    pub native_id: NativeId,
    /// Which item it was.
    pub from: MasterId,
    /// Which it is.
    pub to: MasterId,
}

/// What is told when a record is not where it was seen any more.
pub(crate) fn moved_on(moved: &ItemMove) -> StoreError {
    StoreError::Conflict(format!(
        "{}/{} is another item's by now",
        moved.system, moved.native_id
    ))
}

/// Records that are found under one key at most: what so many items share tells nothing of any.
pub(crate) const CROWD: i64 = 32;

/// The columns of a record: master, system, native id, code, name, specification, unit.
pub(crate) type ItemRow = (
    Uuid,
    String,
    String,
    String,
    String,
    Option<String>,
    Option<String>,
);

pub(crate) fn read(row: ItemRow) -> Result<ItemRecord, StoreError> {
    let (master, system, native_id, code, name, specification, unit) = row;
    Ok(ItemRecord {
        master_id: MasterId(master),
        system: rows::system(&system)?,
        native_id,
        part: Part {
            code,
            name,
            specification,
            unit,
        },
    })
}

/// The item keys that are asked for, codes and descriptions apart.
pub(crate) fn asked(lookup: &Lookup) -> (Vec<&str>, Vec<&str>) {
    let of = |kind: KeyKind| -> Vec<&str> {
        let keys = lookup.keys.iter().filter(|key| key.kind == kind);
        keys.map(|key| key.value.as_str()).collect()
    };
    (of(KeyKind::ItemCode), of(KeyKind::ItemDescription))
}

/// The masters of the items that were found by their native ids, and in bills of materials.
pub(crate) fn linked(lookup: &Lookup, known: &Known) -> BTreeSet<Uuid> {
    let natives = known.natives.iter();
    let items = natives.filter(|((entity, ..), _)| *entity == Entity::Item);
    let asked = lookup.boms.iter().flat_map(|asked| asked.items.iter());
    let records = known.boms.iter().flat_map(|known| known.records.iter());
    let used = records.flat_map(|record| record.uses.iter().map(|used| &used.component_id));
    let items = items.map(|(_, master)| master).chain(asked).chain(used);
    items.map(|master| master.0).collect()
}

/// The masters of which something is said.
pub(crate) fn masters(known: &Known) -> Vec<Uuid> {
    let masters: BTreeSet<Uuid> = known.items.iter().map(|it| it.master_id.0).collect();
    masters.into_iter().collect()
}

/// Notes which systems have those items, whether they have said anything of them or not.
pub(crate) fn note_links(
    known: &mut Known,
    links: Vec<(String, String, Uuid)>,
) -> Result<(), StoreError> {
    for (system, native_id, master) in links {
        let record = (Entity::Item, rows::system(&system)?, native_id);
        known.natives.insert(record, MasterId(master));
    }
    Ok(())
}

/// Records in the order in which every writer takes them, the last said of each.
pub(crate) fn in_order(records: &[ItemRecord]) -> Vec<&ItemRecord> {
    let last: BTreeMap<(&str, &str), &ItemRecord> = records
        .iter()
        .map(|record| ((record.native_id.as_str(), record.system.as_str()), record))
        .collect();
    last.into_values().collect()
}
