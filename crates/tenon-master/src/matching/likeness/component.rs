//! Clusters within one component: records that comparisons connect.
//!
//! The surest pair merges first, and what is known of a cluster counts as a whole from then on. A
//! cluster never holds two different valid tax ids, nor a branch and its head office: the hard
//! rules are asked for clusters, not only for pairs.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::compare::{self, Comparison, Seen};
use super::fingerprint::NONE;
use super::policy::MatchPolicy;
use super::profile::Profile;
use super::score::Scale;

/// Members of a cluster that are compared one by one with those of another.
const COMPARED: usize = 8;

/// Below so many bits two clusters count as different companies where a third is like both.
pub(super) const APART_BITS: f32 = -1.0;

/// A pair that a steward should see: members of two clusters, and how the clusters compare.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Proposal {
    pub(super) one: u32,
    pub(super) other: u32,
    pub(super) bits: f32,
    pub(super) comparison: Comparison,
}

/// What a component came to.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Settled {
    /// The clusters of two or more records, each in order.
    pub(super) clusters: Vec<Vec<u32>>,
    pub(super) proposals: Vec<Proposal>,
}

/// What the hard rules need to know of a cluster.
#[derive(Debug, Clone, Copy, Default)]
struct Facts {
    tax: u64,
    branch: u64,
    /// A member says without doubt that it is the company itself.
    is_head: bool,
}

impl Facts {
    fn of(profile: &Profile) -> Self {
        let name = &profile.name;
        Self {
            tax: profile.tax.valid_key().unwrap_or(NONE),
            branch: name.branch,
            is_head: name.branch == NONE && !name.place_ends_it,
        }
    }

    /// The facts of both; `None` if a hard rule keeps them apart.
    fn join(self, other: Self) -> Option<Self> {
        let one_of = |mine: u64, theirs: u64| match (mine, theirs) {
            (NONE, value) | (value, NONE) => Some(value),
            (mine, theirs) => (mine == theirs).then_some(mine),
        };
        let joined = Self {
            tax: one_of(self.tax, other.tax)?,
            branch: one_of(self.branch, other.branch)?,
            is_head: self.is_head || other.is_head,
        };
        (joined.branch == NONE || !joined.is_head).then_some(joined)
    }
}

#[derive(Debug, Clone)]
struct Edge {
    to: usize,
    bits: f32,
    comparison: Comparison,
}

#[derive(Debug, Clone)]
struct Cluster {
    members: Vec<u32>,
    facts: Facts,
    edges: Vec<Edge>,
}

/// An edge that waits to be looked at, the surest first; ties go by number.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Waiting {
    bits: f32,
    one: usize,
    other: usize,
}

impl Eq for Waiting {}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> Ordering {
        self.bits
            .total_cmp(&other.bits)
            .then_with(|| (other.one, other.other).cmp(&(self.one, self.other)))
    }
}

/// The records of one component on their way to clusters.
pub(super) struct Component<'a, S> {
    seen: S,
    scale: &'a Scale,
    policy: &'a MatchPolicy,
    clusters: Vec<Option<Cluster>>,
}

impl<'a, 's, S: Fn(u32) -> Seen<'s>> Component<'a, S> {
    /// `records` in their order; `pairs` of them that were found likely enough to matter.
    pub(super) fn settle(
        seen: S,
        scale: &'a Scale,
        policy: &'a MatchPolicy,
        records: &[u32],
        pairs: &[(u32, u32)],
    ) -> Settled {
        let clusters = records
            .iter()
            .map(|record| {
                Some(Cluster {
                    members: vec![*record],
                    facts: Facts::of(seen(*record).profile),
                    edges: Vec::new(),
                })
            })
            .collect();
        let mut component = Self {
            seen,
            scale,
            policy,
            clusters,
        };
        for (one, other) in pairs {
            let comparison = compare::compare((component.seen)(*one), (component.seen)(*other));
            let position = |record: &u32| records.binary_search(record).unwrap_or_default();
            component.connect(position(one), position(other), comparison);
        }
        component.merge_all();
        component.into_settled()
    }

    fn connect(&mut self, one: usize, other: usize, comparison: Comparison) {
        let bits = self.scale.bits(&comparison);
        for (from, to) in [(one, other), (other, one)] {
            if let Some(cluster) = &mut self.clusters[from] {
                cluster.edges.push(Edge {
                    to,
                    bits,
                    comparison,
                });
            }
        }
    }

    fn edge(&self, one: usize, other: usize) -> Option<&Edge> {
        let cluster = self.clusters[one].as_ref()?;
        cluster.edges.iter().find(|edge| edge.to == other)
    }

    fn joined_facts(&self, one: usize, other: usize) -> Option<Facts> {
        let (one, other) = (self.clusters[one].as_ref()?, self.clusters[other].as_ref()?);
        one.facts.join(other.facts)
    }

    /// Merges until nothing more may merge. A pair that had a rival is looked at again after each
    /// round in which something merged: the rival may be of the same cluster by then.
    fn merge_all(&mut self) {
        let mut merged = true;
        while merged {
            merged = false;
            let mut waiting: BinaryHeap<Waiting> = BinaryHeap::new();
            for one in 0..self.clusters.len() {
                self.wait_for(one, |other| other > one, &mut waiting);
            }
            while let Some(Waiting { bits, one, other }) = waiting.pop() {
                let is_current = self.edge(one, other).is_some_and(|edge| edge.bits == bits);
                if !is_current || !self.may_merge(one, other, bits) {
                    continue;
                }
                self.merge(one, other);
                self.wait_for(one, |_| true, &mut waiting);
                merged = true;
            }
        }
    }

    fn wait_for(
        &self,
        one: usize,
        wanted: impl Fn(usize) -> bool,
        waiting: &mut BinaryHeap<Waiting>,
    ) {
        let Some(cluster) = &self.clusters[one] else {
            return;
        };
        for edge in &cluster.edges {
            if edge.bits >= self.policy.same_bits && wanted(edge.to) {
                waiting.push(Waiting {
                    bits: edge.bits,
                    one,
                    other: edge.to,
                });
            }
        }
    }

    fn may_merge(&self, one: usize, other: usize, bits: f32) -> bool {
        let forbidden = self
            .edge(one, other)
            .is_none_or(|edge| edge.comparison.veto.is_some());
        !forbidden
            && self.joined_facts(one, other).is_some()
            && (self.share_a_tax_id(one, other)
                || !(self.has_rival(one, other, bits) || self.has_rival(other, one, bits)))
    }

    /// Whether both hold the same valid tax id: then no third can be more like either.
    fn share_a_tax_id(&self, one: usize, other: usize) -> bool {
        let tax = |cluster: usize| self.clusters[cluster].as_ref().map(|it| it.facts.tax);
        tax(one) == tax(other) && tax(one).is_some_and(|tax| tax != NONE)
    }

    /// Whether `one` is nearly as surely a third that cannot be the same as `other`.
    fn has_rival(&self, one: usize, other: usize, bits: f32) -> bool {
        let Some(cluster) = &self.clusters[one] else {
            return false;
        };
        cluster.edges.iter().any(|rival| {
            rival.to != other
                && rival.bits > bits - self.policy.lead_bits
                && rival.comparison.veto.is_none()
                && self.joined_facts(one, rival.to).is_some()
                && self.are_apart(other, rival.to)
        })
    }

    fn are_apart(&self, one: usize, other: usize) -> bool {
        self.joined_facts(one, other).is_none()
            || self
                .edge(one, other)
                .is_none_or(|edge| edge.comparison.veto.is_some() || edge.bits < APART_BITS)
    }

    /// Merges `other` into `one`; every neighbour's edge then speaks for the whole.
    fn merge(&mut self, one: usize, other: usize) {
        let facts = self.joined_facts(one, other);
        let (Some(mut kept), Some(gone)) = (self.clusters[one].take(), self.clusters[other].take())
        else {
            return;
        };
        let mut neighbours: Vec<usize> =
            kept.edges.iter().chain(&gone.edges).map(|e| e.to).collect();
        neighbours.sort_unstable();
        neighbours.dedup();
        let mut edges = Vec::with_capacity(neighbours.len());
        for to in neighbours {
            let Some(neighbour) = &mut self.clusters[to] else {
                continue;
            };
            let known = |cluster: &Cluster| {
                let edge = cluster.edges.iter().find(|edge| edge.to == to);
                edge.map(|edge| edge.comparison)
            };
            let mut comparison =
                known(&kept).unwrap_or_else(|| across(&self.seen, &kept, neighbour));
            comparison.join(&known(&gone).unwrap_or_else(|| across(&self.seen, &gone, neighbour)));
            let bits = self.scale.bits(&comparison);
            neighbour
                .edges
                .retain(|edge| edge.to != one && edge.to != other);
            neighbour.edges.push(Edge {
                to: one,
                bits,
                comparison,
            });
            edges.push(Edge {
                to,
                bits,
                comparison,
            });
        }
        kept.members.extend(gone.members);
        kept.facts = facts.unwrap_or(kept.facts);
        kept.edges = edges;
        self.clusters[one] = Some(kept);
    }

    fn into_settled(self) -> Settled {
        let mut settled = Settled {
            proposals: self.proposals(),
            ..Settled::default()
        };
        for cluster in self.clusters.into_iter().flatten() {
            if cluster.members.len() > 1 {
                let mut members = cluster.members;
                members.sort_unstable();
                settled.clusters.push(members);
            }
        }
        settled
    }

    /// Each cluster's best pairs that no hard rule forbids.
    fn proposals(&self) -> Vec<Proposal> {
        let mut chosen: Vec<(usize, usize)> = Vec::new();
        for (one, cluster) in self.clusters.iter().enumerate() {
            let Some(cluster) = cluster else { continue };
            let mut likely: Vec<&Edge> = cluster
                .edges
                .iter()
                .filter(|edge| {
                    edge.bits >= self.policy.review_bits
                        && edge.comparison.veto.is_none()
                        && self.joined_facts(one, edge.to).is_some()
                })
                .collect();
            likely.sort_by(|a, b| b.bits.total_cmp(&a.bits).then(a.to.cmp(&b.to)));
            let best = likely.iter().take(self.policy.suggestions);
            chosen.extend(best.map(|edge| (one.min(edge.to), one.max(edge.to))));
        }
        chosen.sort_unstable();
        chosen.dedup();
        chosen
            .into_iter()
            .filter_map(|(one, other)| self.proposal(one, other))
            .collect()
    }

    fn proposal(&self, one: usize, other: usize) -> Option<Proposal> {
        let edge = self.edge(one, other)?;
        let (first, second) = (self.clusters[one].as_ref()?, self.clusters[other].as_ref()?);
        let pairs = first.members.iter().take(COMPARED).flat_map(|member| {
            let others = second.members.iter().take(COMPARED);
            others.map(move |candidate| (*member, *candidate))
        });
        let nearest = pairs.max_by(|a, b| {
            let bits = |pair: &(u32, u32)| {
                self.scale
                    .bits(&compare::compare((self.seen)(pair.0), (self.seen)(pair.1)))
            };
            bits(a).total_cmp(&bits(b)).then_with(|| b.cmp(a))
        })?;
        Some(Proposal {
            one: nearest.0.min(nearest.1),
            other: nearest.0.max(nearest.1),
            bits: edge.bits,
            comparison: edge.comparison,
        })
    }
}

/// How two clusters compare that no pair of members had led to each other.
fn across<'s>(seen: &impl Fn(u32) -> Seen<'s>, one: &Cluster, other: &Cluster) -> Comparison {
    let mut joined: Option<Comparison> = None;
    for member in one.members.iter().take(COMPARED) {
        for candidate in other.members.iter().take(COMPARED) {
            let comparison = compare::compare(seen(*member), seen(*candidate));
            match &mut joined {
                Some(joined) => joined.join(&comparison),
                None => joined = Some(comparison),
            }
        }
    }
    joined.unwrap_or_default()
}
