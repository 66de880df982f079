//! The merges that customers went through: they tell why a message was of one customer and not of another.

use std::collections::HashSet;

use jiff::SignedDuration;
use serde::Serialize;
use tenon_core::{Entity, Failure, MasterId, Reference, Timestamp};
use tenon_store::Lookup;

use super::pairs::NamedMaster;
use super::reading::CauseView;
use super::{Steward, store_failure};

/// Customers that are looked at, and versions of each: of one that went through more, the rest is on its own page.
const MOST: usize = 100;

/// A customer became one with another, or its own again.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MergeView {
    /// When.
    pub at: Timestamp,
    /// Which, as it was called then.
    pub merged: NamedMaster,
    /// The one that it went into or came out of, as it was called without it.
    pub survivor: NamedMaster,
    /// Whether it became its own again.
    pub undone: bool,
    /// What made it so, where that is known.
    pub cause: Option<CauseView>,
}

impl Steward {
    /// The merges that the customers which are referred to went through, and those of the customers that were merged
    /// with them, the latest first.
    ///
    /// # Errors
    /// `Transient` when the store is away.
    pub async fn merges(&self, met: &[Reference]) -> Result<Vec<MergeView>, Failure> {
        let customers = self.related(met).await?;
        let mut merges = Vec::new();
        for customer in customers {
            let versions = self.store.history(customer, None, MOST as u32).await;
            let mut versions = versions.map_err(|error| store_failure(&error))?.into_iter();
            let mut next = versions.next();
            while let Some(version) = next {
                next = versions.next();
                let before = next.as_ref().and_then(|before| before.merged_into);
                let (survivor, undone) = match (version.merged_into, before) {
                    (Some(now), before) if before != Some(now) => (now, false),
                    (None, Some(before)) => (before, true),
                    _ => continue,
                };
                // Joined, it may have been called as the other was.
                let apart = match undone {
                    true => version.at,
                    false => version.at - SignedDuration::from_micros(1),
                };
                let survivor = self.store.golden_at(survivor, apart).await;
                let Some(survivor) = survivor.map_err(|error| store_failure(&error))? else {
                    continue;
                };
                let merged = NamedMaster::from(&version);
                let version = self.version(version).await?;
                merges.push(MergeView {
                    at: version.at,
                    merged,
                    survivor: (&survivor).into(),
                    undone,
                    cause: version.cause,
                });
            }
        }
        merges.sort_by(|one, other| {
            (other.at, other.merged.master_id).cmp(&(one.at, one.merged.master_id))
        });
        Ok(merges)
    }

    /// The customers that are referred to, and all that are one with them.
    async fn related(&self, met: &[Reference]) -> Result<HashSet<MasterId>, Failure> {
        let mut lookup = Lookup::default();
        for reference in met.iter().cloned() {
            match reference {
                Reference::Master { master_id } => lookup.masters.push(master_id),
                Reference::Native { system, native_id } => {
                    lookup.natives.push((Entity::Customer, system, native_id));
                }
            }
        }
        let known = self.store.look_up(&lookup).await;
        let known = known.map_err(|error| store_failure(&error))?;
        let mut asked: Vec<MasterId> = lookup.masters;
        asked.extend(known.natives.values().chain(known.unmerged.values()));
        let mut customers = HashSet::new();
        while let Some(id) = asked.pop() {
            if customers.len() == MOST || !customers.insert(id) {
                continue;
            }
            let row = self.store.golden(id).await;
            let Some(row) = row.map_err(|error| store_failure(&error))? else {
                continue;
            };
            asked.extend(row.merged_into);
            asked.extend(row.sources.merged.iter().map(|merged| merged.master_id));
        }
        Ok(customers)
    }
}
