//! Masters a batch of customers: finds or makes each one's golden record and states it anew.
//!
//! The rules are `tenon-master`'s; this desk applies them to a batch, where a later record may
//! meet a master that an earlier one has just made. What it decides is committed only if the store
//! still is as it was looked up, so that two nodes never make two masters of one customer.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::Value;
use tenon_core::customer::Customer;
use tenon_core::{Attributes, Entity, MasterId, NativeId, SystemName};
use tenon_master::likeness::MatchPolicy;
use tenon_master::{
    Candidate, CodeRule, Decision, KeyKind, MasterKey, Provenance, SourceRecord, Survivorship,
    decide, keys, mnemonic, mnemonic_base, survive,
};
use tenon_store::{Commit, GoldenRow, Lookup, MasterWrite, Statement};

use crate::echo::own_words;
use crate::resolve::derived_master;

/// How many versions of a golden record are kept with it, to tell what systems repeat.
const RECENT: usize = 12;

/// How customers are mastered.
#[derive(Debug, Clone, Default)]
pub struct MasterPolicy {
    /// Which system's value survives, field by field.
    pub survivorship: Survivorship,
    /// How mnemonic codes are made.
    pub code: CodeRule,
    /// How likeness is weighed.
    pub matching: MatchPolicy,
}

impl MasterPolicy {
    /// Adds what must be known to master `customer` to a look-up.
    pub(crate) fn ask(&self, customer: &Customer, lookup: &mut Lookup) {
        lookup.keys.extend(keys(customer));
        lookup.code_stems.extend(self.stem(customer));
    }

    /// The code that a customer gets if nobody has it yet.
    fn stem(&self, customer: &Customer) -> Option<String> {
        Some(mnemonic_base(name_of(customer)?, &self.code))
    }
}

/// A customer as mastered.
pub(crate) struct Mastered {
    pub(crate) master_id: MasterId,
    /// The golden record as a canonical body.
    pub(crate) body: Value,
    /// Its version.
    pub(crate) version: i64,
    /// Whether the golden record is new or changed by this message.
    pub(crate) changed: bool,
    /// Whether the golden record says anything that the sender did not.
    pub(crate) sender_lacks: bool,
    /// Whether the sender says something else of this record than it did before.
    pub(crate) restated: bool,
}

/// The state of a batch while it is decided.
pub(crate) struct Desk<'p> {
    policy: &'p MasterPolicy,
    natives: HashMap<(Entity, SystemName, NativeId), MasterId>,
    keys: HashMap<MasterKey, MasterId>,
    golden: HashMap<MasterId, GoldenRow>,
    codes: HashSet<String>,
    /// Masters written by this batch, with the version that each had before.
    written: BTreeMap<MasterId, Option<i64>>,
    claimed: Vec<(MasterKey, MasterId)>,
}

impl<'p> Desk<'p> {
    pub(crate) fn new(
        policy: &'p MasterPolicy,
        natives: HashMap<(Entity, SystemName, NativeId), MasterId>,
        keys: HashMap<MasterKey, MasterId>,
        golden: HashMap<MasterId, GoldenRow>,
        codes: Vec<String>,
    ) -> Self {
        let codes = codes.into_iter().collect();
        Self {
            policy,
            natives,
            keys,
            golden,
            codes,
            written: BTreeMap::new(),
            claimed: Vec::new(),
        }
    }

    /// The master that a system's record is known to belong to.
    pub(crate) fn known(
        &self,
        entity: Entity,
        system: &SystemName,
        native_id: &str,
    ) -> Option<MasterId> {
        self.natives
            .get(&(entity, system.clone(), native_id.to_owned()))
            .copied()
    }

    /// Notes that a system's record belongs to a master; false if that was known.
    pub(crate) fn link(
        &mut self,
        entity: Entity,
        system: &SystemName,
        native_id: &str,
        master_id: MasterId,
    ) -> bool {
        let record = (entity, system.clone(), native_id.to_owned());
        self.natives.insert(record, master_id).is_none()
    }

    /// The master of a record whose entity is not mastered: the one it is linked with, or its own.
    pub(crate) fn identify(&self, attributes: &Attributes) -> MasterId {
        let Some(native_id) = &attributes.native_id else {
            return MasterId(attributes.id.0);
        };
        let entity = attributes.entity();
        self.known(entity, &attributes.source, native_id)
            .unwrap_or_else(|| derived_master(entity, &attributes.source, native_id))
    }

    /// Masters one customer record.
    pub(crate) fn master(&mut self, attributes: &Attributes, canonical: &Value) -> Mastered {
        // The schema has accepted the value, and the type is in step with the schema.
        let customer: Customer = serde_json::from_value(canonical.clone()).unwrap_or_default();
        let native_id = attributes
            .native_id
            .clone()
            .unwrap_or_else(|| attributes.id.to_string());
        let linked = self.known(Entity::Customer, &attributes.source, &native_id);
        let master_id = linked.unwrap_or_else(|| self.find(attributes, &customer));
        let provenance = Provenance {
            system: attributes.source.clone(),
            native_id,
            message_id: attributes.id,
            occurred_at: attributes.occurred_at,
        };
        // A record that is new to the hub speaks for itself; one that it knows may repeat the hub.
        let spoken = match linked {
            None => Some(customer.clone()),
            Some(_) => self.own_words(master_id, &provenance, canonical),
        };
        let record = spoken.map(|customer| SourceRecord {
            customer,
            provenance,
        });
        self.state(master_id, record, &customer, canonical)
    }

    /// What a known record says of its own accord; `None` when it only repeats what it was given.
    fn own_words(
        &self,
        master_id: MasterId,
        provenance: &Provenance,
        canonical: &Value,
    ) -> Option<Customer> {
        let Some(row) = self.golden.get(&master_id) else {
            return serde_json::from_value(canonical.clone()).ok();
        };
        let before = row.sources.statements.iter().find(|statement| {
            let theirs = &statement.record.provenance;
            theirs.system == provenance.system && theirs.native_id == provenance.native_id
        });
        let recent = &row.sources.recent;
        // From the version that held when it last spoke; a record that never did may repeat any.
        let since = before.map_or(0, |statement| {
            recent
                .iter()
                .rposition(|(version, _)| *version <= statement.version)
                .unwrap_or(0)
        });
        let repeated: Vec<Value> = recent[since..]
            .iter()
            .filter_map(|(_, customer)| serde_json::to_value(customer).ok())
            .collect();
        let before = before.and_then(|before| serde_json::to_value(&before.record.customer).ok());
        let own = own_words(canonical, before.as_ref(), &repeated)?;
        serde_json::from_value(Value::Object(own)).ok()
    }

    /// The master that the rules find for a record which is not linked yet, or a new one.
    fn find(&self, attributes: &Attributes, customer: &Customer) -> MasterId {
        let mut candidates: BTreeMap<MasterId, Candidate> = BTreeMap::new();
        for key in keys(customer) {
            let Some(master_id) = self.keys.get(&key).copied() else {
                continue;
            };
            let Some(row) = self.golden.get(&master_id) else {
                continue;
            };
            let candidate = candidates.entry(master_id).or_insert_with(|| Candidate {
                master_id,
                customer: row.golden.customer.clone(),
                matched: Vec::new(),
            });
            candidate.matched.push(key);
        }
        let candidates: Vec<Candidate> = candidates.into_values().collect();
        match decide(customer, &candidates) {
            Decision::Existing { master_id, .. } => master_id,
            Decision::New => MasterId::generate(),
            Decision::Doubt { reason, .. } => {
                // A wrong merge is worse than a missed one: it stands alone until a person joins it.
                tracing::info!(
                    message.id = %attributes.id, %reason, "a customer may be known already; kept apart"
                );
                MasterId::generate()
            }
        }
    }

    /// States a record of a master: its golden record is made anew from all that systems say.
    fn state(
        &mut self,
        master_id: MasterId,
        record: Option<SourceRecord>,
        customer: &Customer,
        canonical: &Value,
    ) -> Mastered {
        let before = self.golden.get(&master_id).cloned();
        let mut sources = before
            .as_ref()
            .map(|row| row.sources.clone())
            .unwrap_or_default();
        // Only what the look-up asked for may be claimed: of other keys this desk does not know
        // whether somebody has them, and would try to take them for ever.
        let asked = match &record {
            Some(_) => keys(customer),
            None => Vec::new(),
        };
        let name = name_of(customer).map(str::to_owned);
        let next = before.as_ref().map_or(0, |row| row.version) + 1;
        let (news, restated) = match record {
            None => (false, false),
            Some(record) => hear(&mut sources.statements, record, next),
        };
        let records: Vec<SourceRecord> = sources
            .statements
            .iter()
            .map(|statement| statement.record.clone())
            .collect();
        let issued = before
            .as_ref()
            .and_then(|row| row.golden.customer.code.clone());
        let mut golden = survive(&records, issued.as_deref(), &self.policy.survivorship);
        if issued.is_none() {
            let code = self
                .free_code(master_id, golden.customer.code.as_deref())
                .or_else(|| self.issue_code(name.as_deref()));
            if code != golden.customer.code {
                golden = survive(&records, code.as_deref(), &self.policy.survivorship);
            }
        }
        let changed = before
            .as_ref()
            .is_none_or(|row| row.golden.customer != golden.customer);
        // A new statement rises the version even where the surviving values stay: two nodes that
        // each add one would otherwise both replace the same version, and one would be lost.
        let version = next - i64::from(!(news || changed));
        if changed {
            sources.recent.push((version, golden.customer.clone()));
            let excess = sources.recent.len().saturating_sub(RECENT);
            sources.recent.drain(..excess);
        }
        if news || changed {
            self.written
                .entry(master_id)
                .or_insert(before.as_ref().map(|row| row.version));
        }
        if issued.is_none()
            && let Some(code) = &golden.customer.code
        {
            self.codes.insert(code.clone());
            self.claim(master_id, code_key(code));
        }
        for key in asked {
            self.claim(master_id, key);
        }
        let body = serde_json::to_value(&golden.customer).unwrap_or_default();
        let sender_lacks = lacks(canonical, &body);
        self.golden.insert(
            master_id,
            GoldenRow {
                master_id,
                version,
                golden,
                sources,
            },
        );
        Mastered {
            master_id,
            body,
            version,
            changed,
            sender_lacks,
            restated,
        }
    }

    /// A code that a system brought along, if no other master has it.
    fn free_code(&self, master_id: MasterId, code: Option<&str>) -> Option<String> {
        let code = code?;
        let owner = self.keys.get(&code_key(code));
        let taken = match owner {
            Some(owner) => *owner != master_id,
            None => self.codes.contains(code),
        };
        (!taken).then(|| code.to_owned())
    }

    fn issue_code(&self, name: Option<&str>) -> Option<String> {
        let taken =
            |code: &str| self.codes.contains(code) || self.keys.contains_key(&code_key(code));
        Some(mnemonic(name?, &self.policy.code, taken))
    }

    /// Claims a key that nobody has; a key of another master stays with it.
    fn claim(&mut self, master_id: MasterId, key: MasterKey) {
        if let std::collections::hash_map::Entry::Vacant(free) = self.keys.entry(key) {
            self.claimed.push((free.key().clone(), master_id));
            free.insert(master_id);
        }
    }

    /// Puts what the batch did to masters into its commit.
    pub(crate) fn finish(mut self, commit: &mut Commit) {
        for (master_id, replaces) in self.written {
            if let Some(row) = self.golden.remove(&master_id) {
                commit.masters.push(MasterWrite { row, replaces });
            }
        }
        commit.keys = self.claimed;
    }
}

/// Whether the golden record says anything that the sender's record did not say just so.
fn lacks(sent: &Value, golden: &Value) -> bool {
    match golden.as_object() {
        Some(fields) => fields
            .iter()
            .any(|(name, value)| sent.get(name) != Some(value)),
        None => sent != golden,
    }
}

/// Takes a statement in; whether it says anything new, and whether its system said otherwise before.
fn hear(statements: &mut Vec<Statement>, record: SourceRecord, version: i64) -> (bool, bool) {
    let same = |statement: &&mut Statement| {
        let theirs = &statement.record.provenance;
        theirs.system == record.provenance.system && theirs.native_id == record.provenance.native_id
    };
    match statements.iter_mut().find(same) {
        None => {
            statements.push(Statement { record, version });
            (true, false)
        }
        Some(statement) => {
            let latest = SourceRecord::latest(record, statement.record.clone());
            let restated = statement.record.customer != latest.customer;
            if restated {
                *statement = Statement {
                    record: latest,
                    version,
                };
            }
            (restated, restated)
        }
    }
}

/// The name that a code is made from.
fn name_of(customer: &Customer) -> Option<&str> {
    customer
        .legal_name
        .as_deref()
        .or(customer.short_name.as_deref())
}

/// The key under which a code is held, spelt as the rules spell it.
fn code_key(code: &str) -> MasterKey {
    let customer = Customer {
        code: Some(code.to_owned()),
        ..Customer::default()
    };
    let value = code.to_owned();
    keys(&customer).pop().unwrap_or(MasterKey {
        kind: KeyKind::Code,
        value,
    })
}
