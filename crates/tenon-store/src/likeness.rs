//! What likeness keeps of masters, the same for both databases. No SQL here.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use async_trait::async_trait;
use tenon_core::MasterId;
use tenon_core::customer::Customer;
use tenon_master::MasterKey;
use tenon_master::likeness::{MatchKey, Posting, Postings, Rejected, Traits};
use uuid::Uuid;

use crate::error::unreadable;
use crate::{Founding, GoldenRow, Listed, MasterWrite, StoreError, names};

/// Which masters a record may be of where no exact key finds one: the questions, one after the
/// other over one connection. What is committed is found at once, by every node.
#[async_trait]
pub trait Likeness: Send {
    /// What is under match keys, and the master with an exact key, if one is given and somebody has
    /// it. More than [`MatchKey::crowd`] masters under a match key are a crowd: they are counted, up
    /// to [`MatchKey::counted`], and not named.
    async fn postings(
        &mut self,
        keys: &[MatchKey],
        crowd: usize,
        exact: Option<&MasterKey>,
    ) -> Result<(Postings, Option<MasterId>), StoreError>;

    /// What is kept of masters, in any order; those that are not known are left out.
    async fn neighbours(&mut self, masters: &[MasterId]) -> Result<Neighbours, StoreError>;

    /// Masters for somebody who looks for one, in any order; those that are not known are left out.
    async fn listed(&mut self, masters: &[MasterId]) -> Result<Vec<Listed>, StoreError>;
}

/// Masters that are made ready at once when all are filled in: their keys are held in memory, about
/// 340 bytes a master, so that they can be written in order.
pub(crate) const FILLED_AT_ONCE: usize = 1_000_000;

/// Golden records that are read at once when all are filled in.
pub(crate) const READ_AT_ONCE: usize = 8_192;

/// The version of all that is made ready of masters, keys, traits and names, as its column has it.
pub(crate) const VERSION: i32 = names::VERSION * 1_000 + Traits::VERSION as i32;

/// What is kept of masters that a record may be of.
#[derive(Debug, Clone, Default)]
pub struct Neighbours {
    /// What each says.
    pub traits: Vec<(MasterId, Traits)>,
    /// The pairs with any of them, on either side, of which a person said that they are two customers:
    /// what no machine may join or ask about again. The other side may be a master that is like the
    /// record only by what is written next.
    pub rejected: Rejected,
}

/// A key and a master that is found by it.
pub(crate) type Entry = (i64, Uuid);

/// What is to be written and deleted, each in the order of its key.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    pub(crate) traits: BTreeMap<Uuid, Vec<u8>>,
    pub(crate) gone: BTreeSet<Entry>,
    pub(crate) new: BTreeSet<Entry>,
}

/// The masters that are written anew, whose traits were kept before: to be read for [`changes`].
pub(crate) fn changed(writes: &[MasterWrite]) -> BTreeSet<Uuid> {
    let changed = writes.iter().filter(|write| write.replaces.is_some());
    changed.map(|write| write.row.master_id.0).collect()
}

/// What `writes` change, in their order; `before` holds what is kept of the masters among them.
pub(crate) fn changes(
    writes: &[MasterWrite],
    before: &HashMap<Uuid, Vec<u8>>,
) -> Result<Changes, StoreError> {
    let last: BTreeMap<Uuid, &GoldenRow> = writes
        .iter()
        .map(|write| (write.row.master_id.0, &write.row))
        .collect();
    let mut changes = Changes::default();
    for (master, row) in last {
        let traits = row.traits();
        let bytes = traits.to_bytes();
        let before = before.get(&master);
        if before == Some(&bytes) {
            continue;
        }
        let keys = entries(master, &traits);
        let kept = match before {
            Some(bytes) => entries(master, &read(bytes)?),
            None => BTreeSet::new(),
        };
        changes.gone.extend(kept.difference(&keys));
        changes.new.extend(keys.difference(&kept));
        changes.traits.insert(master, bytes);
    }
    Ok(changes)
}

/// The masters that are written for the first time.
pub(crate) fn new(writes: &[MasterWrite]) -> BTreeSet<Uuid> {
    let new = writes.iter().filter(|write| write.replaces.is_none());
    new.map(|write| write.row.master_id.0).collect()
}

/// A conflict, if one of the masters that were founded meanwhile shares a key with what is founded
/// now: whoever decided had not seen it.
pub(crate) fn compare_notes(
    founding: &Founding,
    meanwhile: impl IntoIterator<Item = Vec<u8>>,
) -> Result<(), StoreError> {
    for bytes in meanwhile {
        let keys = read(&bytes)?.keys();
        if keys
            .iter()
            .any(|key| founding.keys.binary_search(key).is_ok())
        {
            let what = "a master that may be the same was made".to_owned();
            return Err(StoreError::Conflict(what));
        }
    }
    Ok(())
}

impl GoldenRow {
    /// What likeness keeps of it: all that systems say of it; nothing of one that was merged, whose
    /// sources are with the survivor.
    pub fn traits(&self) -> Traits {
        if self.merged_into.is_some() {
            return Traits::of([&Customer::default()]);
        }
        let statements = &self.sources.statements;
        if statements.is_empty() {
            return Traits::of([&self.golden.customer]);
        }
        Traits::of(statements.iter().map(|it| &it.record.customer))
    }
}

fn entries(master: Uuid, traits: &Traits) -> BTreeSet<Entry> {
    let keys = traits.keys().into_iter();
    keys.map(|key| (key.to_i64(), master)).collect()
}

/// Reads what is kept of a master.
pub(crate) fn read(bytes: &[u8]) -> Result<Traits, StoreError> {
    Traits::from_bytes(bytes).ok_or_else(|| {
        unreadable(
            "what likeness keeps of a master",
            "another release made it; run `tenon migrate` with this one",
        )
    })
}

/// Makes masters ready on every processor: what is kept of each, and its keys, both in order.
pub(crate) fn make_ready(rows: &[GoldenRow]) -> Vec<(Uuid, Vec<u8>, Vec<i64>)> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let ready = |row: &GoldenRow| {
        let traits = row.traits();
        let keys = traits.keys().into_iter().map(MatchKey::to_i64);
        (row.master_id.0, traits.to_bytes(), keys.collect())
    };
    let parts = rows.chunks(rows.len().div_ceil(threads).max(1));
    std::thread::scope(|scope| {
        let running: Vec<_> = parts
            .map(|part| scope.spawn(move || part.iter().map(ready).collect::<Vec<_>>()))
            .collect();
        let joined = running.into_iter().flat_map(|thread| {
            thread
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        joined.collect()
    })
}

/// Nothing found yet, among so many masters.
pub(crate) fn postings(masters: i64, crowd: usize) -> Postings {
    Postings {
        masters: u64::try_from(masters).unwrap_or_default(),
        counted: u32::try_from(MatchKey::counted(crowd)).unwrap_or(u32::MAX),
        by_key: HashMap::new(),
    }
}

/// How many rows under one key are looked at, at most.
pub(crate) fn counted(crowd: usize) -> i64 {
    i64::try_from(MatchKey::counted(crowd)).map_or(i64::MAX, |counted| counted.saturating_add(1))
}

/// Notes what is under a key: nothing, a few masters, or a crowd.
pub(crate) fn note(postings: &mut Postings, key: i64, sharing: i64, masters: Vec<Uuid>) {
    if sharing > 0 {
        let posting = Posting {
            sharing: u32::try_from(sharing).unwrap_or(u32::MAX),
            masters: masters.into_iter().map(tenon_core::MasterId).collect(),
        };
        postings.by_key.insert(MatchKey::from_i64(key), posting);
    }
}
