//! Which masters the exact rules find for a record.

use std::collections::{BTreeMap, HashMap};

use tenon_core::MasterId;
use tenon_core::customer::Customer;
use tenon_master::{Candidate, Decision, KeyKind, MasterKey, decide, keys};
use tenon_store::{GoldenRow, Known, Sources, Tie};

use super::{MasterPolicy, code_key};

/// What is known of masters and their keys.
pub(super) struct Ground<'g> {
    pub(super) policy: &'g MasterPolicy,
    pub(super) keys: &'g HashMap<MasterKey, MasterId>,
    pub(super) golden: &'g HashMap<MasterId, GoldenRow>,
    pub(super) unmerged: &'g HashMap<Tie, MasterId>,
}

/// What the exact rules say.
pub(super) struct Found {
    /// The masters with one of the record's keys. Those that were merged are candidates each by itself,
    /// as if they had not been: a record may say what one of them says and contradict the golden record
    /// of both.
    pub(super) candidates: Vec<Candidate>,
    /// Each candidate and the master that it is now, the strongest key first.
    pub(super) roots: Vec<(MasterId, MasterId)>,
    /// Which it is.
    pub(super) decision: Decision,
}

impl Found {
    /// The master that a candidate is now.
    pub(super) fn root(&self, candidate: MasterId) -> Option<MasterId> {
        let found = self.roots.iter().find(|(one, _)| *one == candidate);
        found.map(|(_, root)| *root)
    }
}

impl<'g> Ground<'g> {
    pub(super) fn of(policy: &'g MasterPolicy, known: &'g Known) -> Self {
        Self {
            policy,
            keys: &known.keys,
            golden: &known.golden,
            unmerged: &known.unmerged,
        }
    }

    /// Looks a record up under its exact keys.
    pub(super) fn find(&self, customer: &Customer) -> Found {
        let mut candidates: BTreeMap<MasterId, Candidate> = BTreeMap::new();
        let mut roots: Vec<(MasterId, MasterId)> = Vec::new();
        for key in keys(customer) {
            let Some(root) = self.keys.get(&key).copied() else {
                continue;
            };
            let Some(row) = self.golden.get(&root) else {
                continue;
            };
            if key.kind == KeyKind::Code && !is_stated(row, &key) {
                continue;
            }
            let of = match row.sources.merged.is_empty() {
                true => None,
                false => self.unmerged.get(&Tie::Key(key.clone())).copied(),
            };
            let master_id = of.unwrap_or(root);
            roots.push((master_id, root));
            let candidate = candidates.entry(master_id).or_insert_with(|| Candidate {
                master_id,
                customer: self.alone(row, of),
                matched: Vec::new(),
            });
            candidate.matched.push(key);
        }
        let candidates: Vec<Candidate> = candidates.into_values().collect();
        Found {
            decision: decide(customer, &candidates),
            candidates,
            roots,
        }
    }

    /// What a master, or one that was merged into it, would be by itself.
    fn alone(&self, row: &GoldenRow, of: Option<MasterId>) -> Customer {
        if row.sources.merged.is_empty() {
            return row.golden.customer.clone();
        }
        let statements = row.sources.statements.iter();
        let pins = row.sources.pins.iter();
        let alone = Sources {
            statements: statements.filter(|it| it.of == of).cloned().collect(),
            pins: pins.filter(|pin| pin.of == of).cloned().collect(),
            ..Sources::default()
        };
        self.policy.remake(&alone, None).customer
    }
}

/// Whether a system has stated a master's code. One that the hub has issued is made from the name, so that
/// another system's, made from a like name, proves nothing by itself; likeness may weigh it.
fn is_stated(row: &GoldenRow, key: &MasterKey) -> bool {
    let mut codes = row
        .sources
        .statements
        .iter()
        .filter_map(|statement| statement.record.customer.code.as_deref());
    codes.any(|code| code_key(code) == *key)
}
