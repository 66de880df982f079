//! Customers who have not bought for long.

use std::collections::BTreeMap;

use tenon_core::customer::Stage;
use tenon_core::{Fact, MasterId};
use tenon_store::{Commit, GoldenRow, Life, StageChange};

use super::decide::{Desk, Effects, Refusal};
use crate::master::idle_before;

impl Desk<'_> {
    /// Where a customer stands from now on, and that somebody has looked after it.
    pub(super) fn life(&self, row: &GoldenRow) -> Life {
        Life {
            master_id: row.master_id,
            stage: row.sources.stage(),
            active_at: self.at,
        }
    }

    /// Lets a customer fall dormant, if it has signed and not bought for as long as is configured: who
    /// gives the command has no say in that. Otherwise only notes how it stands.
    pub(super) fn rest(&self, id: MasterId) -> Result<Effects, Refusal> {
        let row = self.row(id)?;
        let cycle = &self.policy.life_cycle;
        let bought = self.known.lives.get(&id).copied().unwrap_or(self.at);
        let is_idle = idle_before(cycle, self.at).is_some_and(|limit| bought < limit);
        let falls = is_idle && cycle.may_fall_dormant(row.sources.stage());
        let mut effects = Effects::default();
        let life = |stage| Life {
            master_id: id,
            stage: Some(stage),
            active_at: bought,
        };
        if row.merged_into.is_some() || !falls {
            // One that was merged has no life of its own, and is asked about no more.
            let stage = row.sources.stage().unwrap_or(Stage::Dormant);
            effects.commit.lives.push(life(stage));
            return Ok(effects);
        }
        let mut sources = row.sources.clone();
        let sides: BTreeMap<Option<MasterId>, Stage> = sources
            .stages
            .iter()
            .map(|change| (change.of, change.stage))
            .collect();
        let signed = sides
            .into_iter()
            .filter(|(_, stage)| cycle.may_fall_dormant(Some(*stage)));
        sources.stages.extend(signed.map(|(of, _)| StageChange {
            stage: Stage::Dormant,
            at: self.at,
            why: format!("no order for {} days", cycle.dormant_after_days),
            message_id: self.id,
            of,
        }));
        let code = row.golden.customer.code.as_deref();
        let resting = self.renewed(id, row.version + 1, sources, code);
        effects.commit = Commit {
            masters: vec![self.replaces(&resting, row)],
            lives: vec![life(Stage::Dormant)],
            ..Commit::default()
        };
        effects.events.push((Fact::Changed, resting));
        Ok(effects)
    }
}
