//! Which items released bills of materials consist of. No SQL here.
//!
//! Two who release two bills at once do not see each other, and what one closes to a circle the other
//! opened. So releases and joins are numbered, each item knows the last that concerned it, and one that
//! comes second looks again if it decided upon such an item.

use std::collections::{BTreeMap, BTreeSet};

use tenon_core::MasterId;
use uuid::Uuid;

use crate::{Commit, StoreError};

/// A released bill, as far as others are held against it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BomRecord {
    /// The bill's master.
    pub bom_id: MasterId,
    /// What people call it by.
    pub number: String,
    /// What is made.
    pub item_id: MasterId,
    /// What people call that by.
    pub item: String,
    /// What goes in, in order.
    pub uses: Vec<BomUse>,
}

/// An item that goes into another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BomUse {
    /// The item.
    pub component_id: MasterId,
    /// What people call it by.
    pub component: String,
    /// Whether its own components take its place.
    pub phantom: bool,
}

/// What becomes of a bill.
#[derive(Debug, Clone, PartialEq)]
pub struct BomWrite {
    /// The bill's master.
    pub bom_id: MasterId,
    /// The bill with its canonical body; `None` if it is not to be used any more.
    pub released: Option<(BomRecord, String)>,
}

/// What is asked about released bills.
#[derive(Debug, Clone, Default)]
pub struct BomLookup {
    /// The items of which it is asked what they are made of, and those in their turn.
    pub items: Vec<MasterId>,
    /// Phantoms whose bills are asked for, with those of phantoms in them.
    pub phantoms: Vec<MasterId>,
}

/// What is known of released bills.
#[derive(Debug, Clone, Default)]
pub struct KnownBoms {
    /// The bills by which the items are made that were asked about.
    pub records: Vec<BomRecord>,
    /// The canonical bodies of the phantoms' bills.
    pub bodies: Vec<(MasterId, String)>,
}

/// A row of what goes into what: bill, its number, item, its name, component, its name, phantom.
pub(crate) type UseRow = (Uuid, String, Uuid, String, Uuid, String, bool);

/// Rows in the order of their bills and places as records.
pub(crate) fn read(rows: Vec<UseRow>) -> Vec<BomRecord> {
    let mut records: Vec<BomRecord> = Vec::new();
    for (bom, number, item_id, item, component_id, component, phantom) in rows {
        let used = BomUse {
            component_id: MasterId(component_id),
            component,
            phantom,
        };
        match records.last_mut() {
            Some(record) if record.bom_id.0 == bom => record.uses.push(used),
            _ => records.push(BomRecord {
                bom_id: MasterId(bom),
                number,
                item_id: MasterId(item_id),
                item,
                uses: vec![used],
            }),
        }
    }
    records
}

/// Writes in the order of their bills, the last of each.
pub(crate) fn in_order(writes: &[BomWrite]) -> Vec<&BomWrite> {
    let last: BTreeMap<MasterId, &BomWrite> =
        writes.iter().map(|write| (write.bom_id, write)).collect();
    last.into_values().collect()
}

/// The items of which a commit says what they are made of, or which item they are.
pub(crate) fn named(commit: &Commit) -> BTreeSet<Uuid> {
    let bills = commit.boms.iter().filter_map(|it| it.released.as_ref());
    let made = bills.map(|(record, _)| record.item_id);
    let joined = commit.items_joined.iter();
    let joined = joined.flat_map(|(before, after)| [*before, *after]);
    let moved = commit.items_moved.iter();
    let moved = moved.flat_map(|moved| [moved.from, moved.to]);
    made.chain(joined).chain(moved).map(|item| item.0).collect()
}

pub(crate) fn overtaken() -> StoreError {
    StoreError::Conflict("what a bill is made of was changed meanwhile".to_owned())
}
