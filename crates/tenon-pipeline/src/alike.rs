//! Which masters a record may be of, where no exact key says so: by likeness.
//!
//! The rules are `tenon-master`'s; this asks the store what they need: two questions, however many
//! records there are.

use std::collections::{BTreeSet, HashMap};

use tenon_core::MasterId;
use tenon_master::likeness::{Judgement, MatchKey, MatchPolicy, Traits, judge};
use tenon_store::{Store, StoreError};

/// A record whose masters are looked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sought {
    /// What it says.
    pub(crate) traits: Traits,
    /// Masters that are to be judged too, whether they share a key or not.
    pub(crate) also: Vec<MasterId>,
    /// Masters that it is known not to be of.
    pub(crate) never: BTreeSet<MasterId>,
}

/// Judges each record against the masters that share most with it.
///
/// # Errors
/// Those of the store.
pub(crate) async fn alike(
    store: &dyn Store,
    policy: &MatchPolicy,
    records: &[Sought],
) -> Result<Vec<Judgement>, StoreError> {
    let keys: Vec<Vec<MatchKey>> = records.iter().map(|record| record.traits.keys()).collect();
    let mut all: Vec<MatchKey> = keys.concat();
    all.sort_unstable();
    all.dedup();
    let postings = store.postings(&all, policy.crowd).await?;
    let wanted: Vec<BTreeSet<MasterId>> = records
        .iter()
        .zip(&keys)
        .map(|(record, keys)| {
            let found = postings.shortlist(keys).into_iter();
            let found = found.chain(record.also.iter().copied());
            found
                .filter(|master| !record.never.contains(master))
                .collect()
        })
        .collect();
    let masters: BTreeSet<MasterId> = wanted.iter().flatten().copied().collect();
    let masters: Vec<MasterId> = masters.into_iter().collect();
    let mut known: HashMap<MasterId, Traits> = HashMap::new();
    if !masters.is_empty() {
        known.extend(store.traits(&masters).await?);
    }
    let judged = records.iter().zip(wanted).map(|(record, wanted)| {
        let candidates: Vec<(MasterId, Traits)> = wanted
            .into_iter()
            .filter_map(|master| Some((master, known.get(&master)?.clone())))
            .collect();
        judge(&record.traits, &candidates, &postings, policy)
    });
    Ok(judged.collect())
}
