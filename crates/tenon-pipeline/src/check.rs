//! The check at entry: is the customer that somebody types in known already?

use std::collections::HashMap;

use serde::Serialize;
use tenon_core::customer::{Customer, Stage};
use tenon_core::{MasterId, Timestamp};
use tenon_master::Contradiction;
use tenon_master::likeness::{Level, MatchPolicy, Outcome, Ranked, Traits};
use tenon_store::{Listed, Store, StoreError};

use crate::alike::{Neighbours, Sought};
use crate::master::code_key;
use crate::steward::ClaimView;

/// Candidates that are shown, at most.
const SHOWN: usize = 5;

/// Bits below those of a review from which a candidate is not worth showing: who types has entered
/// but a part yet, so that little speaks for it still.
const SHOWN_BELOW_REVIEW: f32 = 14.0;

/// What a check found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Checked {
    /// What the machine would do with such a record: join it to the first candidate, ask a steward,
    /// or make a master of its own.
    pub outcome: Outcome,
    /// The masters that it may be, the likeliest first, at most five; those that a hard rule
    /// forbids come last.
    pub candidates: Vec<Known>,
}

impl Checked {
    /// Whether the machine would join such a record to the first candidate.
    pub fn joins(&self) -> bool {
        self.outcome == Outcome::Same
    }
}

/// A master that a record may be.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Known {
    /// The master.
    pub master_id: MasterId,
    /// Its code.
    pub code: Option<String>,
    /// Its registered name.
    pub legal_name: Option<String>,
    /// What people call it.
    pub short_name: Option<String>,
    /// Who looks after it.
    pub owner: Option<String>,
    /// Who has claimed it for now, and until when.
    pub claim: Option<ClaimView>,
    /// Where it stands in the sales life cycle.
    pub stage: Option<Stage>,
    /// How probable it is that both are one legal person, from 0 to 1.
    pub probability: f32,
    /// Why, the weightiest first.
    pub reasons: Vec<Reason>,
    /// The hard rule that says that they are two, whatever the probability.
    pub forbidden: Option<Contradiction>,
}

/// One finding.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Reason {
    /// What was found.
    pub finding: Level,
    /// The same in words.
    pub text: &'static str,
    /// What it counts: each bit doubles the odds.
    pub bits: f32,
}

/// Finds the masters that `customer` may be. Any part of it may be given, the name alone as well.
///
/// Nothing is stored. What any node has committed is found at once.
///
/// # Errors
/// Those of the store.
pub async fn check(
    store: &dyn Store,
    policy: &MatchPolicy,
    customer: &Customer,
) -> Result<Checked, StoreError> {
    let mut store = store.likeness().await?;
    let record = Sought::of(Traits::of([customer]));
    // Likeness reads a code's letters only.
    let code = customer.code.as_deref().map(code_key);
    let sought = std::slice::from_ref(&record);
    let neighbours = Neighbours::of(store.as_mut(), policy, sought, code.as_ref()).await?;
    let judgement = neighbours.judge(&record, policy);
    let least = policy.review_bits - SHOWN_BELOW_REVIEW;
    let worth = |ranked: &&Ranked| {
        ranked.score.bits >= least || neighbours.holder == Some(ranked.master_id)
    };
    let ranking: Vec<&Ranked> = judgement.ranking.iter().filter(worth).take(SHOWN).collect();
    let shown: Vec<MasterId> = ranking.iter().map(|ranked| ranked.master_id).collect();
    let listed = store.listed(&shown).await?.into_iter();
    let mut listed: HashMap<MasterId, Listed> = listed.map(|it| (it.master_id, it)).collect();
    let now = Timestamp::now();
    let candidates = ranking.iter().filter_map(|ranked| {
        let Listed {
            customer: known,
            claim,
            ..
        } = listed.remove(&ranked.master_id)?;
        let reasons = ranked.score.reasons.iter().map(|reason| Reason {
            finding: reason.level,
            text: reason.level.describe(),
            bits: reason.bits,
        });
        Some(Known {
            master_id: ranked.master_id,
            code: known.code,
            legal_name: known.legal_name,
            short_name: known.short_name,
            owner: known.owner,
            claim: claim
                .filter(|claim| claim.holds_at(now))
                .map(ClaimView::from),
            stage: known.stage,
            probability: ranked.score.probability(),
            reasons: reasons.collect(),
            forbidden: ranked.forbidden,
        })
    });
    Ok(Checked {
        outcome: judgement.outcome,
        candidates: candidates.collect(),
    })
}
