//! The sales life cycle: where a customer stands, and what moves it.
//!
//! A stage is moved by what happens, an order or a receipt, under conditions that anybody can read; a
//! system's own word moves it one step at a time and never past a signature. Nothing here looks at a
//! clock.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use tenon_core::Entity;
use tenon_core::customer::Stage;

/// What moves customers from stage to stage.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LifeCycle {
    /// Whether the hub keeps stages; otherwise a stage is a field like others.
    pub kept: bool,
    /// Days without a new order after which a customer who signed is dormant; 0 for never.
    pub dormant_after_days: u16,
    /// What moves them.
    pub moves: Vec<Move>,
}

/// What moves a customer to a stage.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Move {
    /// The stage.
    pub to: Stage,
    /// A record of this entity that names the customer.
    pub on: Entity,
    /// What the record says: by field, the values of which it has one.
    #[serde(default)]
    pub when: BTreeMap<String, Vec<String>>,
    /// The stages from which it leads; all earlier ones, and from dormant and lost, if there are none.
    #[serde(default)]
    pub from: Vec<Stage>,
}

impl Default for LifeCycle {
    fn default() -> Self {
        use Entity::{Opportunity, Order, Receipt, Shipment};
        let says = |field: &str, values: &[&str]| {
            let values = values.iter().map(|value| (*value).to_owned()).collect();
            BTreeMap::from([(field.to_owned(), values)])
        };
        let moves = [
            (
                Stage::Prospect,
                Opportunity,
                says("outcome", &["open", "won"]),
                vec![],
            ),
            (
                Stage::Qualified,
                Opportunity,
                says(
                    "stage",
                    &["need_clear", "quoted", "committed", "accepted", "paid"],
                ),
                vec![],
            ),
            (
                Stage::Lost,
                Opportunity,
                says("outcome", &["lost"]),
                vec![Stage::Lead, Stage::Prospect, Stage::Qualified],
            ),
            (
                Stage::Signed,
                Order,
                says(
                    "status",
                    &[
                        "confirmed",
                        "in_production",
                        "partly_shipped",
                        "shipped",
                        "closed",
                    ],
                ),
                vec![],
            ),
            (
                Stage::InService,
                Shipment,
                says("status", &["shipped", "delivered"]),
                vec![Stage::Signed],
            ),
            (
                Stage::InService,
                Receipt,
                says("status", &["received", "cleared"]),
                vec![Stage::Signed],
            ),
        ];
        let moves = moves
            .into_iter()
            .map(|(to, on, when, from)| Move { to, on, when, from });
        Self {
            kept: true,
            dormant_after_days: 365,
            moves: moves.collect(),
        }
    }
}

/// How far along a stage is; what ends a relation stands aside.
fn rank(stage: Stage) -> u8 {
    match stage {
        Stage::Lost => 0,
        Stage::Lead => 1,
        Stage::Prospect => 2,
        Stage::Qualified => 3,
        Stage::Dormant => 4,
        Stage::Signed => 5,
        Stage::InService => 6,
    }
}

/// The stage of a customer that several records of it put at these: the furthest.
pub fn furthest(stages: impl IntoIterator<Item = Stage>) -> Option<Stage> {
    stages.into_iter().max_by_key(|stage| rank(*stage))
}

impl Move {
    fn leads_from(&self, stage: Option<Stage>) -> bool {
        let Some(stage) = stage else {
            return self.from.is_empty() || self.from.contains(&Stage::Lead);
        };
        let is_earlier = rank(stage) < rank(self.to);
        match self.from.is_empty() {
            // Who only has an opportunity again is no customer again: an order has to come.
            true => is_earlier && stage != self.to,
            false => self.from.contains(&stage),
        }
    }

    fn holds(&self, record: &Value) -> bool {
        self.when.iter().all(|(field, values)| {
            let said = record.get(field).and_then(Value::as_str);
            said.is_some_and(|said| values.iter().any(|value| value == said))
        })
    }
}

impl LifeCycle {
    /// Whether records of an entity may move a customer, so that each has to be looked at.
    pub fn heeds(&self, entity: Entity) -> bool {
        self.kept && self.moves.iter().any(|one| one.on == entity)
    }

    /// The stage to which a record that names a customer in `stage` moves it; `None` if it stays.
    pub fn moved(&self, stage: Option<Stage>, entity: Entity, record: &Value) -> Option<Stage> {
        if !self.kept {
            return None;
        }
        let moves = self.moves.iter().filter(|one| one.on == entity);
        let moves = moves.filter(|one| one.leads_from(stage) && one.holds(record));
        let to = furthest(moves.map(|one| one.to))?;
        (Some(to) != stage).then_some(to)
    }

    /// Whether a record shows that its customer buys: what keeps it from falling dormant.
    pub fn keeps_awake(&self, entity: Entity, record: &Value) -> bool {
        let signs = |one: &&Move| one.on == entity && one.to == Stage::Signed;
        self.kept && self.moves.iter().filter(signs).any(|one| one.holds(record))
    }

    /// The stage to which a system's word moves a customer; `None` if it does not.
    ///
    /// A word may say that somebody is a lead or prospect, take a step to the next stage before a
    /// signature, give up who has not signed, and begin anew with who was given up.
    pub fn told(&self, stage: Option<Stage>, word: Stage) -> Option<Stage> {
        let allowed = matches!(
            (stage, word),
            (None | Some(Stage::Lost), Stage::Lead | Stage::Prospect)
                | (Some(Stage::Lead), Stage::Prospect)
                | (Some(Stage::Prospect), Stage::Qualified)
                | (
                    Some(Stage::Lead | Stage::Prospect | Stage::Qualified),
                    Stage::Lost
                )
        );
        (self.kept && allowed).then_some(word)
    }

    /// Whether a customer in `stage` falls dormant when it has not bought for long.
    pub fn may_fall_dormant(&self, stage: Option<Stage>) -> bool {
        let signed = matches!(stage, Some(Stage::Signed | Stage::InService));
        self.kept && self.dormant_after_days > 0 && signed
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn moved(stage: Option<Stage>, entity: Entity, record: Value) -> Option<Stage> {
        LifeCycle::default().moved(stage, entity, &record)
    }

    #[test]
    fn an_order_signs_and_the_first_receipt_hands_over() {
        let order = |status: &str| json!({ "status": status });
        for stage in [
            None,
            Some(Stage::Lead),
            Some(Stage::Dormant),
            Some(Stage::Lost),
        ] {
            assert_eq!(moved(stage, Entity::Order, order("draft")), None);
            let signed = moved(stage, Entity::Order, order("confirmed"));
            assert_eq!(signed, Some(Stage::Signed), "{stage:?}");
        }
        for stage in [Stage::Signed, Stage::InService] {
            assert_eq!(moved(Some(stage), Entity::Order, order("confirmed")), None);
        }
        let receipt = json!({ "status": "received" });
        let served = moved(Some(Stage::Signed), Entity::Receipt, receipt.clone());
        assert_eq!(served, Some(Stage::InService));
        let shipment = json!({ "status": "shipped" });
        let served = moved(Some(Stage::Signed), Entity::Shipment, shipment);
        assert_eq!(served, Some(Stage::InService));
        // Who never signed is not served.
        assert_eq!(moved(Some(Stage::Prospect), Entity::Receipt, receipt), None);
    }

    #[test]
    fn an_opportunity_qualifies_and_is_lost() {
        let opportunity =
            |stage: &str, outcome: &str| json!({ "stage": stage, "outcome": outcome });
        let of = |stage, record| moved(stage, Entity::Opportunity, record);
        assert_eq!(of(None, opportunity("met", "open")), Some(Stage::Prospect));
        let quoted = opportunity("quoted", "open");
        assert_eq!(
            of(Some(Stage::Lead), quoted.clone()),
            Some(Stage::Qualified)
        );
        assert_eq!(of(Some(Stage::Signed), quoted), None);
        let lost = opportunity("met", "lost");
        assert_eq!(of(Some(Stage::Prospect), lost.clone()), Some(Stage::Lost));
        assert_eq!(of(Some(Stage::InService), lost), None);
    }

    #[test]
    fn a_word_skips_no_stage() {
        let cycle = LifeCycle::default();
        let all = [
            Stage::Lead,
            Stage::Prospect,
            Stage::Qualified,
            Stage::Signed,
            Stage::InService,
            Stage::Dormant,
            Stage::Lost,
        ];
        for stage in [None].into_iter().chain(all.map(Some)) {
            for word in [Stage::Signed, Stage::InService, Stage::Dormant] {
                assert_eq!(cycle.told(stage, word), None, "{stage:?} {word:?}");
            }
        }
        assert_eq!(cycle.told(Some(Stage::Lead), Stage::Qualified), None);
        assert_eq!(
            cycle.told(Some(Stage::Lead), Stage::Prospect),
            Some(Stage::Prospect)
        );
        assert_eq!(cycle.told(Some(Stage::Signed), Stage::Lost), None);
        assert_eq!(
            cycle.told(Some(Stage::Lost), Stage::Lead),
            Some(Stage::Lead)
        );
    }

    #[test]
    fn what_is_not_kept_moves_nobody() {
        let cycle = LifeCycle {
            kept: false,
            ..LifeCycle::default()
        };
        let order = json!({ "status": "confirmed" });
        assert_eq!(cycle.moved(None, Entity::Order, &order), None);
        assert!(!cycle.heeds(Entity::Order) && !cycle.may_fall_dormant(Some(Stage::Signed)));
    }
}
