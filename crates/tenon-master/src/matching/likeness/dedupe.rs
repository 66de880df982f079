//! All records at once: what the machine would merge, and what it would ask.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::blocks::Blocks;
use super::compare::{self, Comparison, Seen};
use super::component::{Component, Settled};
use super::policy::MatchPolicy;
use super::population::{self, Rarity};
use super::profile::Profile;
use super::score::{Scale, Score};

/// What many records came to.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Clustering {
    /// Of each record, the number of the first record of its cluster.
    pub cluster_of: Vec<u32>,
    /// The pairs that a steward should see, the surest first.
    pub review: Vec<Suggestion>,
}

/// A pair that a steward should see: one record of each of two clusters.
#[derive(Debug, Clone, PartialEq)]
pub struct Suggestion {
    /// The number of a record.
    pub one: u32,
    /// The number of a record of another cluster.
    pub other: u32,
    /// How surely the two clusters are one legal person, and why.
    pub score: Score,
    comparison: Comparison,
}

impl Suggestion {
    /// What was found, for learning from what becomes of it.
    pub(super) fn comparison(&self) -> &Comparison {
        &self.comparison
    }
}

/// Bits below the review's from which a pair is still kept: with what others of its cluster know it
/// may yet rise.
const KEPT_BELOW_REVIEW: f32 = 7.0;

/// Records that one thread takes at a time.
const BATCH: usize = 2048;

/// Clusters records by likeness, on `threads` threads, two at least.
///
/// The result depends on the records and the policy alone: neither the order of the threads nor
/// their number changes it.
pub fn dedupe(profiles: &[Profile], policy: &MatchPolicy, threads: usize) -> Clustering {
    let scale = Scale::of(policy, profiles.len());
    let (rarities, blocks) = std::thread::scope(|scope| {
        let blocks = scope.spawn(|| Blocks::of(profiles, policy));
        let rarities = population::rarities(profiles);
        let blocks = blocks
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        (rarities, blocks)
    });
    let whole = Whole {
        profiles,
        rarities,
        scale,
        policy,
    };
    let pairs = whole.likely_pairs(&blocks, threads);
    drop(blocks);
    let components = components(profiles.len(), &pairs);
    let settled = whole.settle(&components, threads);
    whole.clustering(settled)
}

/// Records that likely pairs connect, directly or through others.
#[derive(Debug, Default)]
struct Connected {
    records: Vec<u32>,
    pairs: Vec<(u32, u32)>,
}

struct Whole<'p> {
    profiles: &'p [Profile],
    rarities: Vec<Rarity>,
    scale: Scale,
    policy: &'p MatchPolicy,
}

impl Whole<'_> {
    fn seen(&self, record: u32) -> Seen<'_> {
        Seen {
            profile: &self.profiles[record as usize],
            rarity: &self.rarities[record as usize],
        }
    }

    /// The pairs worth keeping, in order.
    fn likely_pairs(&self, blocks: &Blocks, threads: usize) -> Vec<(u32, u32)> {
        let floor = self.policy.review_bits - KEPT_BELOW_REVIEW;
        let batches = self.profiles.len().div_ceil(BATCH);
        let found = in_parallel(batches, threads, |batch| {
            let mut candidates = Vec::new();
            let mut likely = Vec::new();
            let last = ((batch + 1) * BATCH).min(self.profiles.len());
            for record in batch * BATCH..last {
                blocks.candidates(record, &mut candidates);
                let one = self.seen(record as u32);
                for other in &candidates {
                    let other_seen = self.seen(*other);
                    if compare::veto(one.profile, other_seen.profile).is_some() {
                        continue;
                    }
                    let comparison = compare::compare(one, other_seen);
                    if self.scale.bits(&comparison) >= floor {
                        likely.push((record as u32, *other));
                    }
                }
            }
            likely
        });
        found.concat()
    }

    fn settle(&self, components: &[Connected], threads: usize) -> Vec<Settled> {
        let batches = components.len().div_ceil(BATCH);
        let settled = in_parallel(batches, threads, |batch| {
            let last = ((batch + 1) * BATCH).min(components.len());
            components[batch * BATCH..last]
                .iter()
                .map(|Connected { records, pairs }| {
                    let seen = |record| self.seen(record);
                    Component::settle(seen, &self.scale, self.policy, records, pairs)
                })
                .collect::<Vec<_>>()
        });
        settled.concat()
    }

    fn clustering(&self, settled: Vec<Settled>) -> Clustering {
        let mut cluster_of: Vec<u32> = (0..self.profiles.len() as u32).collect();
        let mut review = Vec::new();
        for component in settled {
            for cluster in component.clusters {
                for record in &cluster {
                    cluster_of[*record as usize] = cluster[0];
                }
            }
            review.extend(component.proposals.into_iter().map(|proposal| Suggestion {
                one: proposal.one,
                other: proposal.other,
                score: self.scale.explain(&proposal.comparison),
                comparison: proposal.comparison,
            }));
        }
        review.sort_by(|a, b| {
            let by_bits = b.score.bits.total_cmp(&a.score.bits);
            by_bits.then((a.one, a.other).cmp(&(b.one, b.other)))
        });
        Clustering { cluster_of, review }
    }
}

/// Does `work` for each batch and gives the results in their order.
fn in_parallel<R: Send>(
    batches: usize,
    threads: usize,
    work: impl Fn(usize) -> R + Sync,
) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let worker = || {
        let mut done = Vec::new();
        loop {
            let batch = next.fetch_add(1, Ordering::Relaxed);
            if batch >= batches {
                return done;
            }
            done.push((batch, work(batch)));
        }
    };
    let mut results: Vec<(usize, R)> = std::thread::scope(|scope| {
        let running: Vec<_> = (1..threads.max(1)).map(|_| scope.spawn(worker)).collect();
        let mut results = worker();
        for thread in running {
            match thread.join() {
                Ok(done) => results.extend(done),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        results
    });
    results.sort_unstable_by_key(|(batch, _)| *batch);
    results.into_iter().map(|(_, result)| result).collect()
}

/// The connected records and their pairs, both in order.
fn components(records: usize, pairs: &[(u32, u32)]) -> Vec<Connected> {
    let mut parent: Vec<u32> = (0..records as u32).collect();
    for (one, other) in pairs {
        let (one, other) = (root(&mut parent, *one), root(&mut parent, *other));
        parent[one.max(other) as usize] = one.min(other);
    }
    let mut number = vec![u32::MAX; records];
    let mut components: Vec<Connected> = Vec::new();
    for (one, _) in pairs {
        let root = root(&mut parent, *one) as usize;
        if number[root] == u32::MAX {
            number[root] = components.len() as u32;
            components.push(Connected::default());
        }
    }
    for record in 0..records as u32 {
        let root = root(&mut parent, record) as usize;
        if let Some(component) = components.get_mut(number[root] as usize) {
            component.records.push(record);
        }
    }
    for pair in pairs {
        let root = root(&mut parent, pair.0) as usize;
        components[number[root] as usize].pairs.push(*pair);
    }
    components
}

fn root(parent: &mut [u32], record: u32) -> u32 {
    let mut root = record;
    while parent[root as usize] != root {
        let above = parent[parent[root as usize] as usize];
        parent[root as usize] = above;
        root = above;
    }
    root
}
