//! Weights learnt from what stewards decided.
//!
//! What a comparison found is kept with each suggestion; the decisions tell which of them were right.
//! The weights are moved so that the decisions become more probable, and held back by the defaults the
//! more, the fewer decisions there are. No randomness: the same decisions give the same weights.

use std::collections::BTreeMap;

use super::compare::{Comparison, Finding};
use super::dedupe::Suggestion;
use super::policy::{Level, MatchPolicy, Weight, Weights};
use super::score::Scale;

/// What came of learning.
#[derive(Debug, Clone, PartialEq)]
pub struct Learnt {
    /// The policy with the learnt weights in place of its own.
    pub policy: MatchPolicy,
    /// How many decisions were learnt from.
    pub decisions: usize,
    /// How surprising a decision is under the weights, in bits each, before and after.
    pub surprise: (f32, f32),
}

/// How far weights are believed to lie from where they were, in bits: so much the decisions have to
/// outweigh.
const BELIEVED_WITHIN: f64 = 0.5;

/// How far a weight may go at most: a review shows the doubtful part of all pairs, and what it never
/// shows must not be unlearnt.
const FURTHEST: f64 = 1.5;

/// How many steps are taken: more than it takes to come to rest.
const STEPS: usize = 300;

/// No decision bends the sum of a comparison's findings more than this, for each bit squared: a
/// quarter of ln 2 squared, for the fifteen findings and both sides that it may have.
const BEND: f64 = 0.12 * 30.0;

/// Of a level, bits against the group and against strangers.
type Moves = BTreeMap<Level, [f64; 2]>;

/// Learns from suggestions that were decided; `true` where both are one company.
///
/// Levels that no decision shows keep their weights.
pub fn learn(policy: &MatchPolicy, decided: &[(&Suggestion, bool)], records: usize) -> Learnt {
    let scale = Scale::of(policy, records);
    let before = Weights::of(policy);
    let mut moves = Moves::new();
    let surprise_before = surprise(&scale, decided, &moves);
    for _ in 0..STEPS {
        let mut slopes: BTreeMap<Level, ([f64; 2], f64)> = BTreeMap::new();
        for (suggestion, is_same) in decided {
            let comparison = suggestion.comparison();
            let slope = slope(against(&scale, comparison, &moves), *is_same);
            for finding in comparison.findings.iter().flatten() {
                let (of_level, found) = slopes.entry(finding.level).or_default();
                of_level[0] += slope[0];
                of_level[1] += slope[1];
                *found += 1.0;
            }
        }
        let pull = 1.0 / (BELIEVED_WITHIN * BELIEVED_WITHIN);
        for (level, (slope, found)) in slopes {
            let moved = moves.entry(level).or_default();
            for side in 0..2 {
                let rise = std::f64::consts::LN_2 * slope[side] - pull * moved[side];
                let step = rise / (pull + BEND * found);
                moved[side] = (moved[side] + step).clamp(-FURTHEST, FURTHEST);
            }
        }
    }
    let mut learnt = policy.clone();
    for (level, moved) in &moves {
        let weight = before.get(*level);
        learnt.weights.insert(
            *level,
            Weight {
                group: rounded(f64::from(weight.group) + moved[0]),
                stranger: rounded(f64::from(weight.stranger) + moved[1]),
                rarity: weight.rarity,
            },
        );
    }
    Learnt {
        policy: learnt,
        decisions: decided.len(),
        surprise: (surprise_before, surprise(&scale, decided, &moves)),
    }
}

/// Two decimals are more than any number of reviews can tell.
fn rounded(bits: f64) -> f32 {
    ((bits * 100.0).round() / 100.0) as f32
}

/// Bits against the group and against strangers with the weights moved.
fn against(scale: &Scale, comparison: &Comparison, moves: &Moves) -> [f64; 2] {
    let (group, stranger) = scale.against(comparison);
    let moved = |side: usize| -> f64 {
        let of = |finding: &Finding| moves.get(&finding.level).map_or(0.0, |moved| moved[side]);
        comparison.findings.iter().flatten().map(of).sum()
    };
    [f64::from(group) + moved(0), f64::from(stranger) + moved(1)]
}

/// How fast a decision's probability grows with the bits against either alternative.
fn slope(against: [f64; 2], is_same: bool) -> [f64; 2] {
    let odds = against.map(|bits| (-bits).exp2());
    let both = odds[0] + odds[1];
    odds.map(|odds| {
        let share = odds / (1.0 + both);
        if is_same { share } else { share - odds / both }
    })
}

/// Bits of surprise at a decision, on average.
fn surprise(scale: &Scale, decided: &[(&Suggestion, bool)], moves: &Moves) -> f32 {
    let of = |(suggestion, is_same): &(&Suggestion, bool)| {
        let both: f64 = against(scale, suggestion.comparison(), moves)
            .iter()
            .map(|bits| (-bits).exp2())
            .sum();
        let same = 1.0 / (1.0 + both);
        let probability: f64 = if *is_same { same } else { 1.0 - same };
        -probability.max(1e-9).log2()
    };
    let sum: f64 = decided.iter().map(of).sum();
    (sum / decided.len().max(1) as f64) as f32
}
