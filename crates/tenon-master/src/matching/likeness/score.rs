//! From findings to bits: the sum that decides, and its terms as reasons.

use serde::Serialize;

use super::compare::{Comparison, Finding};
use super::policy::{Level, MatchPolicy, Weights};
use super::population::reckoned;

/// One term of a score.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Reason {
    /// What was found.
    pub level: Level,
    /// What it counts, in bits, against the alternative that is nearer.
    pub bits: f32,
}

/// How surely two records, or two clusters, are one legal person.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Score {
    /// The logarithm of the odds to base 2: 0 is one to one, 10 a thousand to one.
    pub bits: f32,
    /// Its terms, the weightiest first. With what was probable beforehand they add up to `bits`
    /// or little more.
    pub reasons: Vec<Reason>,
}

impl Score {
    /// The probability that the bits stand for, from 0 to 1.
    pub fn probability(&self) -> f32 {
        probability(self.bits)
    }
}

/// The probability that so many bits stand for, from 0 to 1.
pub fn probability(bits: f32) -> f32 {
    1.0 / (1.0 + (-bits).exp2())
}

/// Weighs comparisons against a population of a certain size.
#[derive(Debug, Clone)]
pub(super) struct Scale {
    weights: Weights,
    group_prior: f32,
    stranger_prior: f32,
}

impl Scale {
    pub(super) fn of(policy: &MatchPolicy, records: usize) -> Self {
        Self {
            weights: Weights::of(policy),
            group_prior: policy.group_prior_bits,
            stranger_prior: policy.stranger_prior_bits - (reckoned(records) as f32).log2(),
        }
    }

    /// Bits against the group's other companies, and against strangers.
    pub(super) fn against(&self, comparison: &Comparison) -> (f32, f32) {
        let mut against_group = self.group_prior;
        let mut against_strangers = self.stranger_prior;
        for finding in comparison.findings.iter().flatten() {
            let (group, stranger) = self.terms(finding);
            against_group += group;
            against_strangers += stranger;
        }
        (against_group, against_strangers)
    }

    fn terms(&self, finding: &Finding) -> (f32, f32) {
        let weight = self.weights.get(finding.level);
        let rare = f32::from(finding.rarity) / 4.0;
        (weight.group, weight.stranger + weight.rarity * rare)
    }

    /// The odds in bits: against both alternatives together.
    pub(super) fn bits(&self, comparison: &Comparison) -> f32 {
        let (group, stranger) = self.against(comparison);
        let (near, far) = if group < stranger {
            (group, stranger)
        } else {
            (stranger, group)
        };
        // -log2(2^-near + 2^-far), without leaving the range of numbers.
        near - (1.0 + (near - far).exp2()).log2()
    }

    /// The same with its reasons.
    pub(super) fn explain(&self, comparison: &Comparison) -> Score {
        let (group, stranger) = self.against(comparison);
        let mut reasons: Vec<Reason> = comparison
            .findings
            .iter()
            .flatten()
            .map(|finding| {
                let (against_group, against_strangers) = self.terms(finding);
                Reason {
                    level: finding.level,
                    bits: if group < stranger {
                        against_group
                    } else {
                        against_strangers
                    },
                }
            })
            .collect();
        reasons.sort_by(|one, other| other.bits.abs().total_cmp(&one.bits.abs()));
        Score {
            bits: self.bits(comparison),
            reasons,
        }
    }
}
