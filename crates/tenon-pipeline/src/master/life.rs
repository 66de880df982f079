//! Moves customers through the sales life cycle: by what systems tell of them, and by records that name
//! them.

use std::time::Duration;

use serde_json::Value;
use tenon_core::customer::Customer;
use tenon_core::{Attributes, Entity, MasterId, SystemName, Timestamp};
use tenon_master::LifeCycle;
use tenon_store::{GoldenRow, Life, Sources, StageChange};

use super::finding::Place;
use super::{Desk, remember};
use crate::import::IMPORT;

/// A purchase is noted if none was for so long: a customer who orders all day costs one note.
const NOTED_EVERY: Duration = Duration::from_secs(24 * 3600);

/// When a customer must have bought last to fall dormant at a moment; `None` if nobody does.
pub(crate) fn idle_before(cycle: &LifeCycle, at: Timestamp) -> Option<Timestamp> {
    let days = u64::from(cycle.dormant_after_days);
    let idle = Duration::from_secs(days * 24 * 3600);
    (cycle.kept && days > 0).then(|| at.checked_sub(idle).ok())?
}

impl Desk<'_> {
    /// Heeds what a system says of a customer's stage. What a person imports is where it begins.
    pub(super) fn heed_word(
        &mut self,
        attributes: &Attributes,
        (master_id, of): Place,
        customer: &Customer,
        sources: &mut Sources,
    ) {
        let cycle = &self.policy.life_cycle;
        let Some(word) = customer.stage.filter(|_| cycle.kept) else {
            return;
        };
        let now = sources.stage();
        let begins = now.is_none() && attributes.inlet == IMPORT;
        let moved = match begins {
            true => Some(word),
            false => cycle.told(now, word),
        };
        let Some(stage) = moved else {
            return;
        };
        let by = if begins { "imported" } else { "told" };
        sources.stages.push(StageChange {
            stage,
            at: attributes.occurred_at,
            why: format!("{by} by {}", attributes.source),
            message_id: attributes.id,
            of,
        });
        self.note_life(master_id, sources, attributes.occurred_at);
    }

    fn note_life(&mut self, master_id: MasterId, sources: &Sources, at: Timestamp) {
        self.lives.push(Life {
            master_id,
            stage: sources.stage(),
            active_at: at,
        });
    }

    /// Moves the customer that a record names, if it is one that moves; its golden record as it is
    /// then. A customer that nobody has told of yet stays.
    pub(crate) fn event(&mut self, attributes: &Attributes, record: &Value) -> Option<GoldenRow> {
        let entity = attributes.entity();
        let cycle = &self.policy.life_cycle;
        if !cycle.heeds(entity) {
            return None;
        }
        let named = record.get("customer")?;
        let system: SystemName = named.get("system")?.as_str()?.parse().ok()?;
        let native_id = named.get("native_id")?.as_str()?;
        let master_id = self.known(Entity::Customer, &system, native_id)?;
        let of = self.belongs(Entity::Customer, &system, native_id);
        let of = of.filter(|of| *of != master_id);
        let before = self.golden.get(&master_id)?;
        let at = attributes.occurred_at;
        let moved = cycle.moved(before.sources.stage(), entity, record);
        let Some(stage) = moved else {
            if cycle.keeps_awake(entity, record) {
                self.note_purchase(master_id, at);
            }
            return None;
        };
        let mut sources = before.sources.clone();
        let called = record.get("number").and_then(Value::as_str);
        let called = called
            .or(attributes.native_id.as_deref())
            .unwrap_or_default();
        sources.stages.push(StageChange {
            stage,
            at,
            why: format!("{entity} {called} of {}", attributes.source),
            message_id: attributes.id,
            of,
        });
        let version = before.version + 1;
        let code = before.golden.customer.code.clone();
        let golden = self.policy.remake(&sources, code.as_deref());
        let replaced = Some(before.version);
        self.note_written(master_id, replaced, attributes.id);
        self.note_life(master_id, &sources, at);
        self.bought.insert(master_id, at);
        remember(&mut sources, version, &golden.customer);
        let row = GoldenRow {
            master_id,
            version,
            golden,
            sources,
            merged_into: None,
        };
        self.golden.insert(master_id, row.clone());
        Some(row)
    }

    fn note_purchase(&mut self, master_id: MasterId, at: Timestamp) {
        let noted = self.bought.get(&master_id);
        let is_late = noted.is_none_or(|noted| {
            at.duration_since(*noted) > NOTED_EVERY.try_into().unwrap_or_default()
        });
        if is_late {
            self.bought.insert(master_id, at);
            self.lives.push(Life {
                master_id,
                stage: None,
                active_at: at,
            });
        }
    }
}
