//! Which masters a record may be of, where no exact key says so: by likeness.
//!
//! The rules are `tenon-master`'s; this asks the store what they need: two questions, however many
//! records there are.

use std::collections::{BTreeSet, HashMap};

use tenon_core::MasterId;
use tenon_master::likeness::{
    Judgement, MatchKey, MatchPolicy, Outcome, Postings, Rejected, Traits, judge,
};
use tenon_store::{Store, StoreError};

/// A record whose masters are looked for.
#[derive(Debug, Clone)]
pub(crate) struct Sought {
    /// What it says.
    pub(crate) traits: Traits,
    /// Under what it is looked up.
    pub(crate) keys: Vec<MatchKey>,
    /// Masters that are to be judged too, whether they share a key or not.
    pub(crate) also: Vec<MasterId>,
}

impl Sought {
    pub(crate) fn of(traits: Traits) -> Self {
        let keys = traits.keys();
        let also = Vec::new();
        Self { traits, keys, also }
    }
}

/// The masters among which records stand.
#[derive(Debug, Clone, Default)]
pub(crate) struct Neighbours {
    postings: Postings,
    traits: HashMap<MasterId, Traits>,
    rejected: Rejected,
}

impl Neighbours {
    /// Asks the store who shares a key with any of the records.
    ///
    /// # Errors
    /// Those of the store.
    pub(crate) async fn of(
        store: &dyn Store,
        policy: &MatchPolicy,
        records: &[Sought],
    ) -> Result<Self, StoreError> {
        let keys = records.iter().flat_map(|record| &record.keys);
        let keys: Vec<MatchKey> = keys.copied().collect::<BTreeSet<_>>().into_iter().collect();
        let postings = store.postings(&keys, policy.crowd).await?;
        let near = records.iter().flat_map(|record| {
            let found = postings.shortlist(&record.keys);
            found.into_iter().chain(record.also.iter().copied())
        });
        let near: Vec<MasterId> = near.collect::<BTreeSet<_>>().into_iter().collect();
        let traits = match near.is_empty() {
            true => HashMap::new(),
            false => store.traits(&near).await?.into_iter().collect(),
        };
        Ok(Self {
            postings,
            traits,
            rejected: Rejected::new(),
        })
    }

    /// Judges a record against those that share most with it.
    pub(crate) fn judge(&self, record: &Sought, policy: &MatchPolicy) -> Judgement {
        let near = self.postings.shortlist(&record.keys).into_iter();
        let near: BTreeSet<MasterId> = near.chain(record.also.iter().copied()).collect();
        let candidates: Vec<(MasterId, Traits)> = near
            .into_iter()
            .filter_map(|master| Some((master, self.traits.get(&master)?.clone())))
            .collect();
        let (postings, rejected) = (&self.postings, &self.rejected);
        judge(&record.traits, &candidates, postings, rejected, policy)
    }

    /// Learns which pairs with one of `masters` a person said to be two.
    ///
    /// # Errors
    /// Those of the store.
    pub(crate) async fn heed_rejections(
        &mut self,
        store: &dyn Store,
        masters: &[MasterId],
    ) -> Result<(), StoreError> {
        self.rejected.extend(store.rejected(masters).await?);
        Ok(())
    }

    /// Whether a person's word is about the first of a ranking and another of it.
    pub(crate) fn is_contested(&self, judgement: &Judgement) -> bool {
        let Some(first) = judgement.ranking.first().map(|ranked| ranked.master_id) else {
            return false;
        };
        let mut rest = judgement.ranking.iter().map(|ranked| ranked.master_id);
        rest.any(|other| {
            self.rejected
                .contains(&(first.min(other), first.max(other)))
        })
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

/// The master that a record would join, where a rival might be one that a person set apart from it.
pub(crate) fn to_be_sure(judgement: &Judgement) -> Option<MasterId> {
    let first = judgement.ranking.first()?;
    (judgement.outcome == Outcome::Same && judgement.ranking.len() > 1).then_some(first.master_id)
}

/// Judges one record.
///
/// # Errors
/// Those of the store.
pub(crate) async fn alike(
    store: &dyn Store,
    policy: &MatchPolicy,
    record: &Sought,
) -> Result<Judgement, StoreError> {
    let mut neighbours = Neighbours::of(store, policy, std::slice::from_ref(record)).await?;
    let judgement = neighbours.judge(record, policy);
    let Some(first) = to_be_sure(&judgement) else {
        return Ok(judgement);
    };
    neighbours.heed_rejections(store, &[first]).await?;
    Ok(match neighbours.is_contested(&judgement) {
        true => neighbours.judge(record, policy),
        false => judgement,
    })
}
