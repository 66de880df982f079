//! A person says which item a record is. The word is a link in the crosswalk: the record that waits is
//! known from then on, and so is what refers to it.

use tenon_core::{Entity, Failure, MasterId, NativeId, SystemName};
use tenon_store::{Deed, Direction, ItemMove, Link, ParkedFilter};

use super::decide::{Desk, Effects, Refusal, refuse};
use super::{Act, Command, RecordName, Steward};
use crate::courier::store_failure;
use crate::master::DOUBTFUL;
use crate::redrive::redrive;
use crate::resolve::derived_master;

/// Messages of one record that go on by themselves when it is decided.
const GO_ON: u32 = 100;

/// The item records that an act names.
pub(super) fn named(act: &Act) -> Vec<(Entity, SystemName, NativeId)> {
    records(act).into_iter().map(key).collect()
}

fn records(act: &Act) -> Vec<&RecordName> {
    match act {
        Act::SameItem { record, other } => vec![record, other],
        Act::NewItem { record } => vec![record],
        _ => Vec::new(),
    }
}

fn key(record: &RecordName) -> (Entity, SystemName, NativeId) {
    (
        Entity::Item,
        record.system.clone(),
        record.native_id.clone(),
    )
}

impl Desk<'_> {
    fn item(&self, record: &RecordName) -> Option<MasterId> {
        self.known.natives.get(&key(record)).copied()
    }

    pub(super) fn same_item(
        &self,
        record: &RecordName,
        other: &RecordName,
    ) -> Result<Effects, Refusal> {
        match (self.item(record), self.item(other)) {
            (None, Some(master_id)) => Ok(linked(record, master_id)),
            (Some(master_id), None) => Ok(linked(other, master_id)),
            (Some(one), Some(two)) if one == two => refuse(
                "item.same",
                format!("{record} and {other} are one item already"),
            ),
            (Some(from), Some(to)) => Ok(given(record, from, to)),
            (None, None) => refuse(
                "item.unknown",
                format!("neither {record} nor {other} is known; name one that has been taken in"),
            ),
        }
    }

    pub(super) fn new_item(&self, record: &RecordName) -> Result<Effects, Refusal> {
        let RecordName { system, native_id } = record;
        let own = derived_master(Entity::Item, system, native_id);
        match self.item(record) {
            None => Ok(linked(record, own)),
            Some(master_id) if master_id == own => refuse(
                "item.linked",
                format!("{record} is known as an item of its own already"),
            ),
            Some(master_id) => Ok(given(record, master_id, own)),
        }
    }
}

fn linked(record: &RecordName, master_id: MasterId) -> Effects {
    let mut effects = Effects::default();
    let (entity, system, native_id) = key(record);
    let own = derived_master(entity, &system, &native_id);
    if own != master_id {
        effects.commit.items_joined.push((own, master_id));
    }
    effects.commit.links.push(Link {
        entity,
        system,
        native_id,
        master_id,
    });
    effects.masters.push(master_id);
    effects
}

/// Gives a record to another item, or to one of its own again. What was sent stays where it is; what is said
/// of the record from now on is said of that item.
fn given(record: &RecordName, from: MasterId, to: MasterId) -> Effects {
    let mut effects = Effects::default();
    effects.commit.items_moved.push(ItemMove {
        system: record.system.clone(),
        native_id: record.native_id.clone(),
        from,
        to,
    });
    effects.masters.extend([to, from]);
    effects
}

impl Steward {
    /// Sends again what waits for the word that was just given. Should the node die before, they wait on,
    /// and any redrive sends them.
    pub(super) async fn go_on(&self, command: &Command) -> Result<(), Failure> {
        let deed = Deed::new(&command.by, &command.because);
        for record in records(&command.act) {
            let filter = ParkedFilter {
                system: Some(record.system.clone()),
                entity: Some(Entity::Item),
                key: Some(record.native_id.clone()),
                reason: Some(DOUBTFUL.to_owned()),
                direction: Some(Direction::Inbound),
                ..ParkedFilter::default()
            };
            let waiting = self.store.parked(&filter, None, GO_ON).await;
            let waiting = waiting.map_err(|error| store_failure(&error))?;
            redrive(&self.store, &self.accept, waiting, false, &deed).await?;
        }
        Ok(())
    }
}
