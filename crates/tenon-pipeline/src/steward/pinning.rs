//! Pins of values and reservations of codes.

use serde_json::{Value, json};
use tenon_core::customer::Customer;
use tenon_core::{Entity, Fact, MasterId, MessageKind, schema};
use tenon_master::{MasterKey, Pin, keys};
use tenon_store::{Commit, GoldenRow, OwnedPin};

use super::decide::{Desk, Effects, Refusal, code, refuse};
use crate::master::{RESERVED, code_key};

/// The keys under which a pinned value is to find its master.
pub(super) fn keys_of(field: &str, value: &Value) -> Vec<MasterKey> {
    let customer: Option<Customer> = serde_json::from_value(json!({ field: value })).ok();
    customer.map(|customer| keys(&customer)).unwrap_or_default()
}

impl Desk<'_> {
    pub(super) fn pin(&self, id: MasterId, field: &str, value: &Value) -> Result<Effects, Refusal> {
        let row = self.living(id)?;
        if !Pin::fields().any(|known| known == field) {
            let known: Vec<&str> = Pin::fields().collect();
            return refuse(
                "pin.field",
                format!("`{field}` cannot be pinned; what can: {}", known.join(", ")),
            );
        }
        if field == "stage" && self.policy.life_cycle.kept {
            return refuse(
                "pin.field",
                "a stage is moved by what happens, an order or a receipt, and never by hand",
            );
        }
        let schema = schema(MessageKind::current(Entity::Customer));
        if let Some(Err(violations)) = schema.map(|schema| schema.accept(json!({ field: value }))) {
            let violations: Vec<String> = violations.iter().map(ToString::to_string).collect();
            return refuse("pin.value", violations.join("; "));
        }
        let mut pins = row.sources.pins.clone();
        self.set(&mut pins, field, value.clone());
        let mut effects = self.changed(row, pins);
        let vacant = |key: &MasterKey| !self.known.keys.contains_key(key);
        let claimed = keys_of(field, value).into_iter().filter(vacant);
        effects.commit.keys = claimed.map(|key| (key, id)).collect();
        Ok(effects)
    }

    /// Sets a master's own pin of a field, in the place of the one that it had.
    pub(super) fn set(&self, pins: &mut Vec<OwnedPin>, field: &str, value: Value) {
        let pin = Pin {
            field: field.to_owned(),
            value,
            by: self.command.by.clone(),
            because: self.command.because.clone(),
            at: self.at,
            message_id: self.id,
        };
        pins.retain(|known| known.pin.field != field || known.of.is_some());
        pins.push(OwnedPin { pin, of: None });
    }

    pub(super) fn release(&self, id: MasterId, field: &str) -> Result<Effects, Refusal> {
        let row = self.living(id)?;
        let mut pins = row.sources.pins.clone();
        // The master's own first; then those that came with the merged.
        let own = pins
            .iter()
            .any(|known| known.pin.field == field && known.of.is_none());
        pins.retain(|known| known.pin.field != field || (own && known.of.is_some()));
        if pins.len() == row.sources.pins.len() {
            return refuse("pin.none", format!("`{field}` of {id} is not pinned"));
        }
        Ok(self.changed(row, pins))
    }

    pub(super) fn changed(&self, row: &GoldenRow, pins: Vec<OwnedPin>) -> Effects {
        let mut sources = row.sources.clone();
        sources.pins = pins;
        let changed = self.renewed(row.master_id, row.version + 1, sources, code(row));
        Effects {
            commit: Commit {
                masters: vec![self.replaces(&changed, row)],
                ..Commit::default()
            },
            events: vec![(Fact::Changed, changed)],
            ..Effects::default()
        }
    }

    pub(super) fn reserve(&self, text: &str) -> Result<Effects, Refusal> {
        let schema = schema(MessageKind::current(Entity::Customer));
        if let Some(Err(_)) = schema.map(|schema| schema.accept(json!({ "code": text }))) {
            return refuse(
                "code.value",
                format!("`{text}` is no code: 1 to 40 characters without blanks"),
            );
        }
        let key = code_key(text);
        match self.known.keys.get(&key) {
            None => Ok(reservation(key, true)),
            Some(&RESERVED) => refuse("code.reserved", format!("`{text}` is reserved already")),
            Some(master) => refuse("code.taken", format!("`{text}` is the code of {master}")),
        }
    }

    pub(super) fn free(&self, text: &str) -> Result<Effects, Refusal> {
        let key = code_key(text);
        match self.known.keys.get(&key) {
            Some(&RESERVED) => Ok(reservation(key, false)),
            _ => refuse("code.not_reserved", format!("`{text}` is not reserved")),
        }
    }
}

fn reservation(key: MasterKey, reserved: bool) -> Effects {
    let mut effects = Effects::default();
    effects.commit.reservations.push((key, reserved));
    effects
}
