//! One record against the masters that a store holds: as `dedupe` would judge them as clusters.
//!
//! The store keeps each master's [`Traits`] and answers which masters share which [`MatchKey`]; that
//! also tells how rare a value is, without the whole of the records at hand.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Serialize;
use tenon_core::MasterId;

use super::compare::{self, Comparison, Seen};
use super::component::APART_BITS;
use super::match_keys::{self, MatchKey};
use super::policy::MatchPolicy;
use super::population::{self, Rarity};
use super::profile::Profile;
use super::score::{Scale, Score};
use super::traits::Traits;
use crate::matching::Contradiction;

/// What a store holds under the keys that it was asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Postings {
    /// How many masters there are, about.
    pub masters: u64,
    /// How far masters under one key were counted: [`MatchKey::counted`].
    pub counted: u32,
    /// Of each key that was asked for, what is under it; without an entry, nothing is.
    pub by_key: HashMap<MatchKey, Posting>,
}

/// What is under one key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Posting {
    /// How many masters share it; more than [`Postings::counted`] means that nobody counted further.
    pub sharing: u32,
    /// The masters, in any order; none if they are more than [`MatchKey::crowd`].
    pub masters: Vec<MasterId>,
}

/// Masters that one record is compared with, at most: those that share most with it.
const COMPARED: usize = 24;

/// Masters that are explained, at most.
const EXPLAINED: usize = 8;

/// How many masters are taken to share a value of which only is known that a crowd does: so many
/// times those that were counted.
const CROWD_IS: u32 = 8;

/// How rare a trade and a city are taken to be, in bits: neither is a key, so nobody counts them.
const TRADE_BITS: f32 = 6.0;
const CITY_BITS: f32 = 5.0;

/// A person is known in more cities than the one that the key names, by so many bits.
const PERSON_ELSEWHERE_BITS: f32 = 3.0;

/// Pairs of masters of which a person said that they are two, the lesser id first.
pub type Rejected = BTreeSet<(MasterId, MasterId)>;

impl Postings {
    /// Notes a master that is about to be in the store, or is about to have more keys there.
    pub fn note(&mut self, master: MasterId, keys: &[MatchKey], crowd: usize, is_new: bool) {
        self.masters += u64::from(is_new);
        for key in keys {
            let posting = self.by_key.entry(*key).or_default();
            if posting.masters.contains(&master) {
                continue;
            }
            posting.sharing = posting.sharing.saturating_add(1);
            if posting.sharing as usize > key.crowd(crowd) {
                posting.masters.clear();
            } else {
                posting.masters.push(master);
            }
        }
    }

    /// The masters to compare a record with that has these keys, those that share most first.
    pub fn shortlist(&self, keys: &[MatchKey]) -> Vec<MasterId> {
        let mut shared: BTreeMap<MasterId, f32> = BTreeMap::new();
        for posting in keys.iter().filter_map(|key| self.by_key.get(key)) {
            let bits = f32::from(self.quarter_bits(posting)) / 4.0;
            for master in &posting.masters {
                *shared.entry(*master).or_default() += bits;
            }
        }
        let mut masters: Vec<(MasterId, f32)> = shared.into_iter().collect();
        masters.sort_by(|one, other| other.1.total_cmp(&one.1));
        masters.truncate(COMPARED);
        masters.into_iter().map(|(master, _)| master).collect()
    }

    fn quarter_bits(&self, posting: &Posting) -> u8 {
        let is_uncounted = posting.sharing > self.counted;
        let sharing = posting.sharing * if is_uncounted { CROWD_IS } else { 1 };
        // The record itself is one more.
        population::quarter_bits(self.masters as usize + 1, sharing.saturating_add(1))
    }

    /// How rare what a profile holds is; `unknown` for a value that the store has nothing under or
    /// was not asked about.
    pub(super) fn rarity(&self, profile: &Profile, unknown: u8) -> Rarity {
        let rarest = self.quarter_bits(&Posting::default());
        let of = |key: Option<MatchKey>| {
            key.map_or(0, |key| {
                self.by_key
                    .get(&key)
                    .map_or(unknown.min(rarest), |posting| self.quarter_bits(posting))
            })
        };
        let narrow = |value: u64| of(MatchKey::narrow(value));
        let typical = |bits: f32| {
            let most = (self.masters.max(1) as f32).log2();
            (bits.min(most) * 4.0) as u8
        };
        Rarity {
            root: of(match_keys::of_root(profile.name.root)),
            trade: typical(TRADE_BITS),
            city: typical(CITY_BITS),
            phone: narrow(profile.phone.number),
            mailbox: narrow(profile.mail.mailbox),
            domain: narrow(profile.mail.domain),
            street: narrow(profile.site()),
            person: of(match_keys::of_person(profile))
                .saturating_sub((PERSON_ELSEWHERE_BITS * 4.0) as u8),
            shared: 0,
        }
    }
}

/// What a record and a master come to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Ranked {
    /// The master.
    pub master_id: MasterId,
    /// How surely both are one legal person, and why.
    pub score: Score,
    /// The hard rule that forbids it, whatever the score.
    pub forbidden: Option<Contradiction>,
}

/// What the machine makes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The record is of the first master in the ranking.
    Same,
    /// It may be of the first ones in the ranking: those from [`MatchPolicy::review_bits`] on.
    Review,
    /// It is of none that was found.
    Different,
}

/// How a record stands to masters.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Judgement {
    /// What the machine would do.
    pub outcome: Outcome,
    /// The candidates, the likeliest first, at most eight: the first, then the runner-up. Those that
    /// a hard rule forbids come last.
    pub ranking: Vec<Ranked>,
}

impl Judgement {
    /// The masters that a steward should see beside the record.
    pub fn suggested(&self, policy: &MatchPolicy) -> impl Iterator<Item = &Ranked> {
        let likely = |ranked: &&Ranked| {
            ranked.forbidden.is_none() && ranked.score.bits >= policy.review_bits
        };
        self.ranking.iter().filter(likely).take(policy.suggestions)
    }
}

/// A master as the record sees it.
struct View<'t> {
    master_id: MasterId,
    traits: &'t Traits,
    comparison: Comparison,
    bits: f32,
}

/// Judges a record against `candidates`, each once: the masters of [`Postings::shortlist`] for
/// [`Traits::keys`] of the record.
///
/// Pure, and the same as `dedupe` judges a record against clusters: the surest joins only if it leads
/// before the next that is another company, never against a hard rule. Two of `rejected` are two
/// companies, however like each other they are.
pub fn judge(
    record: &Traits,
    candidates: &[(MasterId, Traits)],
    postings: &Postings,
    rejected: &Rejected,
    policy: &MatchPolicy,
) -> Judgement {
    let scale = Scale::of(policy, postings.masters as usize + 1);
    let bench = Bench::of(record, candidates, postings);
    let mut views: Vec<View<'_>> = candidates
        .iter()
        .enumerate()
        .map(|(index, (master_id, traits))| {
            let mut comparison = bench.compare(0, index + 1);
            comparison.veto = forbids(record, traits);
            View {
                master_id: *master_id,
                traits,
                bits: scale.bits(&comparison),
                comparison,
            }
        })
        .collect();
    views.sort_by(|one, other| {
        let forbidden = |view: &View<'_>| view.comparison.veto.is_some();
        forbidden(one)
            .cmp(&forbidden(other))
            .then(other.bits.total_cmp(&one.bits))
            .then(one.master_id.cmp(&other.master_id))
    });
    let outcome = decide(record, &views, postings, rejected, &scale, policy);
    views.truncate(EXPLAINED);
    let ranking = views.iter().map(|view| Ranked {
        master_id: view.master_id,
        score: scale.explain(&view.comparison),
        forbidden: view.comparison.veto,
    });
    Judgement {
        outcome,
        ranking: ranking.collect(),
    }
}

fn decide(
    record: &Traits,
    views: &[View<'_>],
    postings: &Postings,
    rejected: &Rejected,
    scale: &Scale,
    policy: &MatchPolicy,
) -> Outcome {
    let mut allowed = views.iter().filter(|view| view.comparison.veto.is_none());
    let Some(first) = allowed.next() else {
        return Outcome::Different;
    };
    let has_rival = || {
        let near = allowed
            .clone()
            .take_while(|view| view.bits > first.bits - policy.lead_bits);
        near.into_iter().any(|rival| {
            let (one, other) = (first.master_id, rival.master_id);
            rejected.contains(&(one.min(other), one.max(other)))
                || are_apart(first.traits, rival.traits, postings, scale)
        })
    };
    if first.bits >= policy.same_bits && (share_a_tax_id(record, first.traits) || !has_rival()) {
        Outcome::Same
    } else if first.bits >= policy.review_bits {
        Outcome::Review
    } else {
        Outcome::Different
    }
}

/// Why a record cannot be of a master, whatever they share.
fn forbids(record: &Traits, master: &Traits) -> Option<Contradiction> {
    let (mine, theirs) = (tax_ids(record), tax_ids(master));
    if !mine.is_empty() && !theirs.is_empty() && !mine.iter().any(|tax| theirs.contains(tax)) {
        return Some(Contradiction::TaxIdsDiffer);
    }
    let pairs = record
        .members
        .iter()
        .flat_map(|mine| master.members.iter().map(move |theirs| (mine, theirs)));
    let mut vetoes =
        pairs.filter_map(|(mine, theirs)| compare::veto_of_names(&mine.name, &theirs.name));
    vetoes.next()
}

fn tax_ids(traits: &Traits) -> Vec<u64> {
    traits
        .members
        .iter()
        .filter_map(|member| member.tax.valid_key())
        .collect()
}

/// Whether both hold the same valid tax id: then no third can be more like either.
fn share_a_tax_id(one: &Traits, other: &Traits) -> bool {
    let theirs = tax_ids(other);
    tax_ids(one).iter().any(|tax| theirs.contains(tax))
}

/// Whether two masters are two companies, as far as can be told.
fn are_apart(one: &Traits, other: &Traits, postings: &Postings, scale: &Scale) -> bool {
    if forbids(one, other).is_some() {
        return true;
    }
    // Of values that the record does not share nobody knows how rare they are: taken as common,
    // they prove little.
    let rarity = |traits: &Traits| -> Vec<Rarity> {
        let members = traits.members.iter();
        members.map(|member| postings.rarity(member, 0)).collect()
    };
    let comparison = across(one, &rarity(one), other, &rarity(other));
    scale.bits(&comparison) < APART_BITS
}

/// The record and its candidates, with how rare what each holds is.
struct Bench<'t> {
    traits: Vec<&'t Traits>,
    rarities: Vec<Vec<Rarity>>,
}

impl<'t> Bench<'t> {
    fn of(record: &'t Traits, candidates: &'t [(MasterId, Traits)], postings: &Postings) -> Self {
        let candidates = candidates.iter().map(|(_, traits)| traits);
        let traits: Vec<&Traits> = std::iter::once(record).chain(candidates).collect();
        let members = || traits.iter().flat_map(|traits| &traits.members);
        // What the store has nothing under is as rare as can be; where two values meet, it is the
        // record's rarity that is known.
        let mut flat: Vec<Rarity> = members()
            .map(|member| postings.rarity(member, u8::MAX))
            .collect();
        population::mark_shared(members(), &mut flat);
        let mut rest = flat.into_iter();
        let rarities = traits
            .iter()
            .map(|traits| rest.by_ref().take(traits.members.len()).collect())
            .collect();
        Self { traits, rarities }
    }

    fn compare(&self, one: usize, other: usize) -> Comparison {
        across(
            self.traits[one],
            &self.rarities[one],
            self.traits[other],
            &self.rarities[other],
        )
    }
}

/// The best of each kind of evidence between the members of both.
fn across(one: &Traits, rare: &[Rarity], other: &Traits, others_rare: &[Rarity]) -> Comparison {
    let mut joined: Option<Comparison> = None;
    for (profile, rarity) in one.members.iter().zip(rare) {
        for (candidate, candidates) in other.members.iter().zip(others_rare) {
            let comparison = compare::compare(
                Seen { profile, rarity },
                Seen {
                    profile: candidate,
                    rarity: candidates,
                },
            );
            match &mut joined {
                Some(joined) => joined.join(&comparison),
                None => joined = Some(comparison),
            }
        }
    }
    joined.unwrap_or_default()
}
