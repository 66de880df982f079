//! Finds the master of a record that is not linked yet: by exact keys, and where they say nothing by
//! likeness. A wrong merge is worse than a missed one: in doubt a record stands alone, and a person is
//! asked about each pair once.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tenon_core::customer::Customer;
use tenon_core::{Attributes, MasterId};
use tenon_master::likeness::{Judgement, Outcome, Postings, Ranked, Rejected, Traits, judge};
use tenon_master::{Decision, DoubtReason, MasterKey, contradiction};
use tenon_store::{Doubt, GoldenRow};

use super::Desk;
use super::exact::{Found, Ground};

/// The master of a record, and the one to which it belongs when no merge is counted, where that is
/// another.
pub(super) type Place = (MasterId, Option<MasterId>);

/// Stable name of the reason why likeness asks.
const ALIKE: &str = "alike";

impl Desk<'_> {
    fn ground(&self) -> Ground<'_> {
        Ground {
            policy: self.policy,
            keys: &self.keys,
            golden: &self.golden,
            unmerged: &self.unmerged,
        }
    }

    /// The master that the rules find for a record which is not linked yet, or a new one.
    pub(super) fn find(&mut self, attributes: &Attributes, customer: &Customer) -> Place {
        let found = self.ground().find(customer);
        // The strongest key of those found comes first.
        let joins = |candidates: &[MasterId]| {
            let mut among = found.roots.iter();
            let (master_id, root) = among.find(|(id, _)| candidates.contains(id))?;
            let one = found
                .roots
                .iter()
                .all(|(id, other)| !candidates.contains(id) || other == root);
            one.then(|| (*root, Some(*master_id).filter(|id| id != root)))
        };
        let (joined, in_question) = match &found.decision {
            Decision::Existing {
                master_id, rivals, ..
            } => {
                let rivals = rivals.iter().map(|rival| (rival.master_id, rival.reason));
                (joins(&[*master_id]), rivals.collect())
            }
            Decision::Doubt { candidates, reason } => {
                // Several may have been merged since: then it belongs to them all.
                let joined = match reason {
                    DoubtReason::SeveralMasters => joins(candidates),
                    _ => None,
                };
                let open = candidates.iter().filter(|_| joined.is_none());
                (joined, open.map(|id| (*id, *reason)).collect())
            }
            Decision::New => return self.find_alike(attributes, customer),
        };
        let place = joined.unwrap_or_else(|| self.found_new(attributes));
        self.ask_about(attributes, place.0, &found, in_question);
        place
    }

    /// Asks about the masters that a linked record's keys lead to beside its own: it may have come to
    /// say what another master says.
    pub(super) fn question(&mut self, attributes: &Attributes, own: MasterId, customer: &Customer) {
        let mut found = self.ground().find(customer);
        let (_, others): (Vec<_>, Vec<_>) = std::mem::take(&mut found.candidates)
            .into_iter()
            .partition(|candidate| found.root(candidate.master_id) == Some(own));
        found.candidates = others;
        if found.candidates.is_empty() {
            return;
        }
        let in_question = match tenon_master::decide(customer, &found.candidates) {
            Decision::Existing { master_id, .. } => vec![(master_id, DoubtReason::SeveralMasters)],
            Decision::Doubt { candidates, reason } => {
                candidates.into_iter().map(|id| (id, reason)).collect()
            }
            Decision::New => Vec::new(),
        };
        self.ask_about(attributes, own, &found, in_question);
    }

    fn ask_about(
        &mut self,
        attributes: &Attributes,
        master_id: MasterId,
        found: &Found,
        in_question: Vec<(MasterId, DoubtReason)>,
    ) {
        for (other, reason) in in_question {
            let Some(other) = found.root(other).filter(|other| *other != master_id) else {
                continue;
            };
            let matched = found.candidates.iter();
            let matched = matched.filter(|it| found.root(it.master_id) == Some(other));
            let matched: Vec<String> = matched
                .flat_map(|candidate| candidate.matched.iter().map(MasterKey::to_string))
                .collect();
            let evidence = json!({
                "why": reason.to_string(),
                "shared": matched,
                "record": record(attributes),
            });
            self.doubt(attributes, master_id, other, reason.as_str(), evidence);
        }
    }

    fn doubt(
        &mut self,
        attributes: &Attributes,
        one: MasterId,
        other: MasterId,
        reason: &str,
        evidence: Value,
    ) {
        self.doubts.push(Doubt {
            one,
            other,
            reason: reason.to_owned(),
            evidence,
            message_id: attributes.id,
        });
    }

    /// A new master for a record.
    fn found_new(&mut self, attributes: &Attributes) -> Place {
        if let Some(newcomers) = &mut self.newcomers {
            newcomers.founds(attributes.id);
        }
        (MasterId::generate(), None)
    }

    /// The master that a record is most like, if that is sure, or a new one.
    fn find_alike(&mut self, attributes: &Attributes, customer: &Customer) -> Place {
        let judgement = self.newcomers.as_ref();
        let judgement = judgement.and_then(|it| it.judgement(attributes.id, self.policy));
        let Some(judgement) = judgement else {
            return self.found_new(attributes);
        };
        if judgement.outcome == Outcome::Same
            && let Some(place) = self.joined(attributes, customer, &judgement)
        {
            return place;
        }
        let place = self.found_new(attributes);
        self.adopt(place.0, customer, &judgement, attributes.id);
        let policy = &self.policy.matching;
        let suggested: Vec<Ranked> = judgement.suggested(policy).cloned().collect();
        for ranked in suggested {
            let evidence = evidence(attributes, &ranked);
            self.doubt(attributes, place.0, ranked.master_id, ALIKE, evidence);
        }
        place
    }

    /// Where a record belongs that is surely the first of a ranking; `None` if a hard rule forbids it
    /// after all: these are asked of the golden record too.
    fn joined(
        &self,
        attributes: &Attributes,
        customer: &Customer,
        judgement: &Judgement,
    ) -> Option<Place> {
        let first = judgement.ranking.first()?;
        let row = self.golden.get(&first.master_id)?;
        if row.merged_into.is_some() || contradiction(customer, &row.golden.customer).is_some() {
            return None;
        }
        if row.sources.merged.is_empty() {
            return Some((row.master_id, None));
        }
        let record = self.newcomers.as_ref()?.traits(attributes.id)?;
        Some((row.master_id, self.side(row, record)?))
    }

    /// Which of several masters that a person merged a record is of, when no merge is counted; `None`
    /// if it is of none of them.
    fn side(&self, row: &GoldenRow, record: &Traits) -> Option<Option<MasterId>> {
        let statements = &row.sources.statements;
        let sides: BTreeSet<Option<MasterId>> = statements.iter().map(|it| it.of).collect();
        let stated = |side: Option<MasterId>| {
            let own = statements.iter().filter(move |it| it.of == side);
            Traits::of(own.map(|it| &it.record.customer))
        };
        let sides: Vec<(MasterId, Traits)> = sides
            .into_iter()
            .map(|side| (side.unwrap_or(row.master_id), stated(side)))
            .collect();
        let (postings, rejected) = (Postings::default(), Rejected::new());
        let judged = judge(record, &sides, &postings, &rejected, &self.policy.matching);
        let side = judged.ranking.first().filter(|it| it.forbidden.is_none())?;
        Some(Some(side.master_id).filter(|side| *side != row.master_id))
    }
}

fn record(attributes: &Attributes) -> Value {
    json!({ "system": attributes.source, "native_id": attributes.native_id })
}

/// What speaks for and against a pair, for a person.
fn evidence(attributes: &Attributes, ranked: &Ranked) -> Value {
    let reasons = ranked.score.reasons.iter().map(|reason| {
        json!({ "finding": reason.level, "text": reason.level.describe(), "bits": reason.bits })
    });
    json!({
        "why": "they are alike, and it is not sure enough to join them",
        "probability": ranked.score.probability(),
        "bits": ranked.score.bits,
        "reasons": reasons.collect::<Vec<_>>(),
        "record": record(attributes),
    })
}
