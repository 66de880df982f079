//! Records that no exact key leads to a master, and the masters that they may be by likeness.
//!
//! All of a batch are looked up at once. What the batch itself adds is noted as it is decided, so
//! that the second of two like records of one batch finds the first.

use std::collections::{BTreeSet, HashMap, HashSet};

use tenon_core::{Entity, MasterId, MessageId};
use tenon_master::likeness::{Judgement, MatchKey, MatchPolicy, Outcome, Traits};
use tenon_master::{Contradiction, Decision};
use tenon_store::{Founding, GoldenRow, Known, Store, StoreError};

use super::MasterPolicy;
use super::exact::Ground;
use crate::alike::{Neighbours, Sought};
use crate::translate::{Content, Validated};

/// What the machine does where likeness says that two are one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Likeness {
    /// It joins the sure ones and asks about the doubtful.
    #[default]
    Join,
    /// It asks about all of them.
    Ask,
    /// Nothing: exact keys alone join.
    Off,
}

/// The newcomers of a batch.
#[derive(Debug)]
pub(crate) struct Newcomers {
    since: i64,
    records: HashMap<MessageId, Newcomer>,
    neighbours: Neighbours,
    /// Keys of masters that the batch has changed.
    stirred: HashSet<MatchKey>,
    /// Keys under which nobody was found.
    unfound: BTreeSet<MatchKey>,
}

#[derive(Debug)]
struct Newcomer {
    sought: Sought,
    /// As the store alone would have it.
    judgement: Option<Judgement>,
}

impl Newcomers {
    /// Reads the records that are new to the hub and whose master no exact key tells; `None` if there are none.
    pub(crate) fn of(batch: &[Validated], policy: &MasterPolicy, known: &Known) -> Option<Self> {
        let since = known.founded?;
        let ground = Ground::of(policy, known);
        let newcomer = |message: &Validated| {
            let attributes = &message.envelope.attributes;
            let Ok(Some(Content::Record(canonical))) = &message.result else {
                return None;
            };
            let native_id = attributes.native_id.as_ref();
            let record = native_id.map(|native_id| {
                let source = attributes.source.clone();
                (Entity::Customer, source, native_id.clone())
            });
            let is_linked = record.is_some_and(|record| known.natives.contains_key(&record));
            let was_seen = known.seen.contains_key(&attributes.id) && !message.envelope.redrive;
            if attributes.entity() != Entity::Customer || is_linked || was_seen {
                return None;
            }
            let customer = serde_json::from_value(canonical.value().clone()).ok()?;
            if ground.find(&customer).decision != Decision::New {
                return None;
            }
            let newcomer = Newcomer {
                sought: Sought::of(Traits::of([&customer])),
                judgement: None,
            };
            Some((attributes.id, newcomer))
        };
        let records: HashMap<MessageId, Newcomer> = batch.iter().filter_map(newcomer).collect();
        (!records.is_empty()).then(|| Self {
            since,
            records,
            neighbours: Neighbours::default(),
            stirred: HashSet::new(),
            unfound: BTreeSet::new(),
        })
    }

    /// Asks the store who is like them.
    ///
    /// # Errors
    /// Those of the store.
    pub(crate) async fn meet(
        &mut self,
        store: &dyn Store,
        policy: &MatchPolicy,
    ) -> Result<(), StoreError> {
        let sought: Vec<Sought> = self.records.values().map(|it| it.sought.clone()).collect();
        let mut store = store.likeness().await?;
        self.neighbours = Neighbours::of(store.as_mut(), policy, &sought, None).await?;
        Ok(())
    }

    /// Judges them; the masters that some may be, whose golden records are wanted.
    pub(crate) fn judge(&mut self, policy: &MatchPolicy) -> Vec<MasterId> {
        let mut likely = BTreeSet::new();
        for newcomer in self.records.values_mut() {
            let judgement = self.neighbours.judge(&newcomer.sought, policy);
            // Those that it may be, and branches that may be its own.
            let wanted = judgement
                .ranking
                .iter()
                .filter(|ranked| match ranked.forbidden {
                    None => ranked.score.bits >= policy.review_bits,
                    Some(why) => why == Contradiction::BranchAndHeadOffice,
                });
            likely.extend(wanted.map(|ranked| ranked.master_id));
            newcomer.judgement = Some(judgement);
        }
        likely.into_iter().collect()
    }

    /// What a record is to the masters that are there by now; `None` if it is no newcomer.
    pub(super) fn judgement(&self, id: MessageId, policy: &MasterPolicy) -> Option<Judgement> {
        let newcomer = self.records.get(&id)?;
        let sought = &newcomer.sought;
        let is_as_it_was = || !sought.keys.iter().any(|key| self.stirred.contains(key));
        let mut judgement = match &newcomer.judgement {
            Some(judgement) if is_as_it_was() => judgement.clone(),
            _ => self.neighbours.judge(sought, &policy.matching),
        };
        if judgement.outcome == Outcome::Same && policy.likeness == Likeness::Ask {
            judgement.outcome = Outcome::Review;
        }
        Some(judgement)
    }

    /// What a newcomer says.
    pub(super) fn traits(&self, id: MessageId) -> Option<&Traits> {
        self.records
            .get(&id)
            .map(|newcomer| &newcomer.sought.traits)
    }

    /// Notes that a newcomer founds a master.
    pub(super) fn founds(&mut self, id: MessageId) {
        if let Some(newcomer) = self.records.get(&id) {
            self.unfound.extend(&newcomer.sought.keys);
        }
    }

    /// Notes what a master says from now on.
    pub(super) fn note(&mut self, row: &GoldenRow, is_new: bool, policy: &MatchPolicy) {
        let traits = row.traits();
        let keys = traits.keys();
        self.stirred.extend(&keys);
        let master = row.master_id;
        self.neighbours.note(master, traits, &keys, policy, is_new);
    }

    /// What the store is to hold against what was founded meanwhile.
    pub(super) fn founding(self) -> Founding {
        Founding {
            since: self.since,
            keys: self.unfound.into_iter().collect(),
        }
    }
}
