//! What a command changes, for the trail: how it was, and how it is from now on. Personal values are masked.
//!
//! It is told from what the command was decided upon, and journaled in the transaction that makes the change; so
//! nobody's change in between is taken for its doing.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use tenon_store::{GoldenRow, Known, ProspectClaim};

use super::ClaimView;
use super::body;
use super::decide::Effects;
use super::reading::{changed, masked};
use crate::master::RESERVED;

/// How what a command changed was before, and how it is after: by what it is (`masters`, `claims`, `parents`, `codes`,
/// `reviews`, `items`) and its name. Of a master only what is not as it was.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Changes {
    /// How it was; null where there was nothing.
    pub before: Map<String, Value>,
    /// How it is; null where there is nothing any more.
    pub after: Map<String, Value>,
}

impl Changes {
    /// What of what is known the effects of a command change.
    pub(super) fn of(known: &Known, effects: &Effects) -> Self {
        let mut changes = Self::default();
        let commit = &effects.commit;
        for write in &commit.masters {
            let was = known.golden.get(&write.row.master_id);
            let was = was.filter(|_| write.replaces.is_some());
            let (before, after) = of_master(was, &write.row);
            changes.add("masters", write.row.master_id, before, after);
        }
        for write in &commit.claims {
            let claim = |claim: Option<&ProspectClaim>| json!(claim.cloned().map(ClaimView::from));
            let before = claim(known.claims.get(&write.master_id));
            changes.add(
                "claims",
                write.master_id,
                before,
                claim(write.claim.as_ref()),
            );
        }
        for write in &commit.belongings {
            let above = known
                .parents
                .get(&write.child)
                .and_then(|above| above.first());
            let to = |to: Option<_>| {
                json!(to.map(|(id, kind)| json!({ "master_id": id, "kind": kind })))
            };
            let before = to(above.map(|above| (above.parent, above.kind)));
            changes.add("parents", write.child, before, to(write.to));
        }
        for (key, reserved) in &commit.reservations {
            let state = |reserved: bool| json!(reserved.then_some("reserved"));
            let before = state(known.keys.get(key) == Some(&RESERVED));
            changes.add("codes", &key.value, before, state(*reserved));
        }
        for judged in &commit.judgements {
            if let Some(before) = judged.replaces {
                let pair = format!("{} {}", judged.one, judged.other);
                let state = |state: tenon_store::ReviewState| json!(state.as_str());
                changes.add("reviews", pair, state(before), state(judged.state));
            }
        }
        for link in &commit.links {
            let record = format!("{}/{}", link.system, link.native_id);
            changes.add("items", record, Value::Null, json!(link.master_id));
        }
        for moved in &commit.items_moved {
            let record = format!("{}/{}", moved.system, moved.native_id);
            changes.add("items", record, json!(moved.from), json!(moved.to));
        }
        changes
    }

    fn add(&mut self, what: &str, name: impl ToString, before: Value, after: Value) {
        let name = name.to_string();
        for (side, value) in [(&mut self.before, before), (&mut self.after, after)] {
            let all = side.entry(what).or_insert_with(|| json!({}));
            all[&name] = value;
        }
    }
}

/// What is not as it was of a master; all that it says where it is new.
fn of_master(was: Option<&GoldenRow>, is: &GoldenRow) -> (Value, Value) {
    let now = state(is, true);
    let Some(was) = was else {
        return (Value::Null, now);
    };
    let before = state(was, true);
    // Compared as they are: two masks look alike.
    let fields = changed(Some(&state(was, false)), &state(is, false));
    let only = |of: &Value| -> Value {
        let values = fields
            .iter()
            .map(|field| (field.clone(), of[field].clone()));
        Value::Object(values.collect())
    };
    (only(&before), only(&now))
}

/// A master's values with who pinned which, and into which it went.
fn state(row: &GoldenRow, mask: bool) -> Value {
    let customer = &row.golden.customer;
    let mut state = match mask {
        true => masked(customer),
        false => body(customer),
    };
    let own = row.sources.pins.iter().filter(|pin| pin.of.is_none());
    let pins: Map<String, Value> = own
        .map(|pin| (pin.pin.field.clone(), json!(pin.pin.by)))
        .collect();
    state["pinned"] = json!(pins);
    state["merged_into"] = json!(row.merged_into);
    state
}
