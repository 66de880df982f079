//! Which masters a record may be of, where no exact key says so: by likeness.
//!
//! The rules are `tenon-master`'s; this asks the store what they need: two questions, however many
//! records there are.

use std::collections::{BTreeSet, HashMap};

use tenon_core::MasterId;
use tenon_master::MasterKey;
use tenon_master::likeness::{Judgement, MatchKey, MatchPolicy, Postings, Rejected, Traits, judge};
use tenon_store::{Likeness, StoreError};

/// A record whose masters are looked for.
#[derive(Debug, Clone)]
pub(crate) struct Sought {
    /// What it says.
    pub(crate) traits: Traits,
    /// Under what it is looked up.
    pub(crate) keys: Vec<MatchKey>,
}

impl Sought {
    pub(crate) fn of(traits: Traits) -> Self {
        let keys = traits.keys();
        Self { traits, keys }
    }
}

/// The masters among which records stand.
#[derive(Debug, Clone, Default)]
pub(crate) struct Neighbours {
    postings: Postings,
    traits: HashMap<MasterId, Traits>,
    rejected: Rejected,
    /// The master with the exact key that was asked for: judged too, whether it shares a key or not.
    pub(crate) holder: Option<MasterId>,
}

impl Neighbours {
    /// Asks the store who shares a match key with any of the records, and who has the `exact` key.
    ///
    /// # Errors
    /// Those of the store.
    pub(crate) async fn of(
        store: &mut dyn Likeness,
        policy: &MatchPolicy,
        records: &[Sought],
        exact: Option<&MasterKey>,
    ) -> Result<Self, StoreError> {
        let keys = records.iter().flat_map(|record| &record.keys);
        let keys: Vec<MatchKey> = keys.copied().collect::<BTreeSet<_>>().into_iter().collect();
        let (postings, holder) = store.postings(&keys, policy.crowd, exact).await?;
        let near = records
            .iter()
            .flat_map(|record| postings.shortlist(&record.keys));
        let near: BTreeSet<MasterId> = near.chain(holder).collect();
        let found = match near.is_empty() {
            true => tenon_store::Neighbours::default(),
            false => {
                store
                    .neighbours(&near.into_iter().collect::<Vec<_>>())
                    .await?
            }
        };
        Ok(Self {
            postings,
            traits: found.traits.into_iter().collect(),
            rejected: found.rejected,
            holder,
        })
    }

    /// Judges a record against those that share most with it.
    pub(crate) fn judge(&self, record: &Sought, policy: &MatchPolicy) -> Judgement {
        let near = self.postings.shortlist(&record.keys).into_iter();
        let near: BTreeSet<MasterId> = near.chain(self.holder).collect();
        let candidates: Vec<(MasterId, Traits)> = near
            .into_iter()
            .filter_map(|master| Some((master, self.traits.get(&master)?.clone())))
            .collect();
        let (postings, rejected) = (&self.postings, &self.rejected);
        judge(&record.traits, &candidates, postings, rejected, policy)
    }

    /// Notes a master that is about to be in the store, or is about to say more there.
    pub(crate) fn note(
        &mut self,
        master: MasterId,
        traits: Traits,
        keys: &[MatchKey],
        policy: &MatchPolicy,
        is_new: bool,
    ) {
        self.postings.note(master, keys, policy.crowd, is_new);
        self.traits.insert(master, traits);
    }
}
