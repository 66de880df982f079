//! Masters a batch of customers: finds or makes each one's golden record and states it anew.
//!
//! The rules are `tenon-master`'s; this desk applies them to a batch, where a later record may
//! meet a master that an earlier one has just made. What it decides is committed only if the store
//! still is as it was looked up, so that two nodes never make two masters of one customer.

mod branches;
mod exact;
mod finding;
mod items;
mod life;
mod newcomers;
mod structure;

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::Value;
use tenon_core::customer::Customer;
use tenon_core::{Attributes, Entity, MasterId, MessageId, NativeId, SystemName, Timestamp};
use tenon_master::likeness::MatchPolicy;
use tenon_master::{
    BomPolicy, CodeRule, Codes, GoldenRecord, KeyKind, LifeCycle, MasterKey, PartPolicy,
    Provenance, SourceRecord, Survivorship, head_office_key, keys, mnemonic, mnemonic_base,
    survive,
};
use tenon_store::{
    BelongingWrite, Commit, Doubt, GoldenRow, Known, Life, Lookup, MasterWrite, Sources, Statement,
    Tie,
};

use crate::echo::own_words;
use crate::resolve::derived_master;
use crate::steward::{remember, repeatable};
use finding::Place;
use items::Items;
use structure::Structure;

pub(crate) use items::{DOUBTFUL, ask_about_item, part_of, place_of};
pub(crate) use life::idle_before;
pub use newcomers::Likeness;
pub(crate) use newcomers::Newcomers;
pub(crate) use structure::ask_about_boms;

/// How customers are mastered.
#[derive(Debug, Clone, Default)]
pub struct MasterPolicy {
    /// Which system's value survives, field by field.
    pub survivorship: Survivorship,
    /// How mnemonic codes are made.
    pub code: CodeRule,
    /// How likeness is weighed.
    pub matching: MatchPolicy,
    /// What the machine does by likeness.
    pub likeness: Likeness,
    /// What moves customers from stage to stage.
    pub life_cycle: LifeCycle,
    /// Which industries, sources and tags there are.
    pub codes: Codes,
    /// How items are matched.
    pub items: PartPolicy,
    /// How bills of materials are checked and made the shop's.
    pub boms: BomPolicy,
}

impl MasterPolicy {
    /// Adds what must be known to master `customer` to a look-up.
    pub(crate) fn ask(&self, customer: &Customer, lookup: &mut Lookup) {
        lookup.keys.extend(keys(customer));
        lookup.keys.extend(head_office_key(customer));
        lookup.code_stems.extend(self.stem(customer));
        lookup.foundings |= self.likeness != Likeness::Off;
    }

    /// The golden record of sources, with what people have pinned, under the code that was issued.
    pub(crate) fn remake(&self, sources: &Sources, issued: Option<&str>) -> GoldenRecord {
        let records: Vec<SourceRecord> = sources
            .statements
            .iter()
            .map(|statement| statement.record.clone())
            .collect();
        let own = sources.pins.iter().filter(|pin| pin.of.is_none());
        let merged = sources.pins.iter().filter(|pin| pin.of.is_some());
        let pins = own.chain(merged).map(|pin| &pin.pin);
        let mut golden = survive(&records, issued, &self.survivorship).pinned(pins);
        if self.life_cycle.kept {
            golden.customer.stage = sources.stage();
            golden.provenance.remove("stage");
        }
        golden
    }

    /// The code that a customer gets if nobody has it yet.
    pub(crate) fn stem(&self, customer: &Customer) -> Option<String> {
        Some(mnemonic_base(name_of(customer)?, &self.code))
    }
}

/// A customer as mastered.
pub(crate) struct Mastered {
    pub(crate) master_id: MasterId,
    /// The master to which the record belongs when no merge is counted, where that is another.
    pub(crate) of: Option<MasterId>,
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
    /// Whose records and keys are when no merge is counted.
    unmerged: HashMap<Tie, MasterId>,
    /// Masters written by this batch, with the version that each had before, and the last message that changed it.
    written: BTreeMap<MasterId, (Option<i64>, MessageId)>,
    claimed: Vec<(MasterKey, MasterId)>,
    /// Keys among the claimed whose master is another when no merge is counted.
    tagged: Vec<(Tie, MasterId)>,
    /// Pairs of masters that may be one customer.
    doubts: Vec<Doubt>,
    /// Reserved codes that are taken.
    released: Vec<(MasterKey, bool)>,
    /// Records that no exact key leads to a master.
    newcomers: Option<Newcomers>,
    /// When customers last bought.
    bought: HashMap<MasterId, Timestamp>,
    lives: Vec<Life>,
    belongings: Vec<BelongingWrite>,
    items: Items,
    structure: Structure,
}

/// Whose key a reserved code is: nobody's.
pub(crate) const RESERVED: MasterId = MasterId(uuid::Uuid::nil());

impl<'p> Desk<'p> {
    /// A desk that knows what the store has told.
    pub(crate) fn new(
        policy: &'p MasterPolicy,
        known: Known,
        newcomers: Option<Newcomers>,
    ) -> Self {
        Self {
            policy,
            natives: known.natives,
            keys: known.keys,
            golden: known.golden,
            codes: known.codes.into_iter().collect(),
            unmerged: known.unmerged,
            written: BTreeMap::new(),
            claimed: Vec::new(),
            tagged: Vec::new(),
            doubts: Vec::new(),
            released: Vec::new(),
            newcomers,
            bought: known.lives,
            lives: Vec::new(),
            belongings: Vec::new(),
            items: Items::of(known.items),
            structure: Structure::of(known.boms, known.released),
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

    /// The master that a system's record is known to belong to when no merge is counted: what points
    /// at it then still does after the merge was undone.
    pub(crate) fn known_unmerged(
        &self,
        entity: Entity,
        system: &SystemName,
        native_id: &str,
    ) -> Option<MasterId> {
        let known = self.known(entity, system, native_id)?;
        Some(self.belongs(entity, system, native_id).unwrap_or(known))
    }

    fn belongs(&self, entity: Entity, system: &SystemName, native_id: &str) -> Option<MasterId> {
        if self.unmerged.is_empty() {
            return None;
        }
        let tie = Tie::Record(entity, system.clone(), native_id.to_owned());
        self.unmerged.get(&tie).copied()
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
            .or_else(|| self.joined_item(attributes))
            .unwrap_or_else(|| derived_master(entity, &attributes.source, native_id))
    }

    /// Masters one customer record. One that was parked and is `redriven` comes after others that its
    /// system sent later.
    pub(crate) fn master(
        &mut self,
        attributes: &Attributes,
        canonical: &Value,
        redriven: bool,
    ) -> Mastered {
        // The schema has accepted the value, and the type is in step with the schema.
        let customer: Customer = serde_json::from_value(canonical.clone()).unwrap_or_default();
        let native_id = attributes
            .native_id
            .clone()
            .unwrap_or_else(|| attributes.id.to_string());
        let linked = self.known(Entity::Customer, &attributes.source, &native_id);
        let (master_id, of) = match linked {
            Some(master_id) => {
                let of = self.belongs(Entity::Customer, &attributes.source, &native_id);
                (master_id, of)
            }
            None => self.find(attributes, &customer),
        };
        let mut provenance = Provenance {
            system: attributes.source.clone(),
            native_id,
            message_id: attributes.id,
            occurred_at: attributes.occurred_at,
        };
        // Where its system does not say when, what comes later is later, whatever the clocks of the
        // nodes say that took the two in.
        let untimed = attributes.occurred_at == attributes.accepted_at;
        if let Some(before) = self.said_before(master_id, &provenance)
            && untimed
            && !redriven
        {
            let at = before.record.provenance.occurred_at;
            provenance.occurred_at = provenance.occurred_at.max(at);
        }
        // A record that is new to the hub speaks for itself; one that it knows may repeat the hub.
        let spoken = match linked {
            None => Some(customer.clone()),
            Some(_) => self.own_words(master_id, of, &provenance, canonical),
        };
        let record = spoken.map(|customer| SourceRecord {
            customer,
            provenance,
        });
        let mastered = self.state(attributes, (master_id, of), record, &customer, canonical);
        if mastered.restated {
            self.question(attributes, master_id, &customer);
        }
        mastered
    }

    /// What a record said last.
    fn said_before(&self, master_id: MasterId, ours: &Provenance) -> Option<&Statement> {
        let statements = &self.golden.get(&master_id)?.sources.statements;
        statements
            .iter()
            .find(|statement| of_one_record(&statement.record.provenance, ours))
    }

    /// What a known record says of its own accord; `None` when it only repeats what it was given.
    fn own_words(
        &self,
        master_id: MasterId,
        of: Option<MasterId>,
        provenance: &Provenance,
        canonical: &Value,
    ) -> Option<Customer> {
        let Some(row) = self.golden.get(&master_id) else {
            return serde_json::from_value(canonical.clone()).ok();
        };
        let before = self.said_before(master_id, provenance);
        let recent = repeatable(&row.sources, of);
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

    /// States a record of a master: its golden record is made anew from all that systems say.
    fn state(
        &mut self,
        attributes: &Attributes,
        (master_id, of): Place,
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
            Some(record) => {
                let statement = Statement {
                    record,
                    version: next,
                    of,
                };
                hear(&mut sources.statements, statement)
            }
        };
        if news {
            self.heed_word(attributes, (master_id, of), customer, &mut sources);
        }
        let issued = before
            .as_ref()
            .and_then(|row| row.golden.customer.code.clone());
        let mut golden = self.policy.remake(&sources, issued.as_deref());
        if issued.is_none() {
            let code = self
                .free_code(master_id, golden.customer.code.as_deref())
                .or_else(|| self.issue_code(name.as_deref()));
            if code != golden.customer.code {
                golden = self.policy.remake(&sources, code.as_deref());
            }
        }
        let changed = before
            .as_ref()
            .is_none_or(|row| row.golden.customer != golden.customer);
        // A new statement rises the version even where the surviving values stay: two nodes that
        // each add one would otherwise both replace the same version, and one would be lost.
        let version = next - i64::from(!(news || changed));
        if changed {
            remember(&mut sources, version, &golden.customer);
        }
        if news || changed {
            let replaced = before.as_ref().map(|row| row.version);
            self.note_written(master_id, replaced, attributes.id);
        }
        if issued.is_none()
            && let Some(code) = &golden.customer.code
        {
            self.codes.insert(code.clone());
            let key = code_key(code);
            self.claim(master_id, None, key);
        }
        for key in asked {
            self.claim(master_id, of, key);
        }
        let body = serde_json::to_value(&golden.customer).unwrap_or_default();
        let sender_lacks = lacks(canonical, &body);
        if before.is_none() {
            self.attach(master_id, customer, attributes.id);
        }
        let row = GoldenRow {
            master_id,
            version,
            golden,
            sources,
            merged_into: None,
        };
        if let Some(newcomers) = self.newcomers.as_mut().filter(|_| news) {
            newcomers.note(&row, before.is_none(), &self.policy.matching);
        }
        self.golden.insert(master_id, row);
        Mastered {
            master_id,
            of,
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
            Some(owner) => *owner != master_id && *owner != RESERVED,
            None => self.codes.contains(code),
        };
        (!taken).then(|| code.to_owned())
    }

    fn issue_code(&self, name: Option<&str>) -> Option<String> {
        let taken =
            |code: &str| self.codes.contains(code) || self.keys.contains_key(&code_key(code));
        Some(mnemonic(name?, &self.policy.code, taken))
    }

    /// Claims a key that nobody has; a key of another master stays with it. A code that is reserved
    /// is for the system that brings it.
    fn claim(&mut self, master_id: MasterId, of: Option<MasterId>, key: MasterKey) {
        if self.keys.get(&key) == Some(&RESERVED) {
            self.keys.remove(&key);
            self.released.push((key.clone(), false));
        }
        if let std::collections::hash_map::Entry::Vacant(free) = self.keys.entry(key) {
            if let Some(of) = of {
                self.tagged.push((Tie::Key(free.key().clone()), of));
            }
            self.claimed.push((free.key().clone(), master_id));
            free.insert(master_id);
        }
    }

    /// Notes that a message wrote a master that had a version before.
    fn note_written(&mut self, master_id: MasterId, replaced: Option<i64>, message_id: MessageId) {
        let written = self.written.entry(master_id);
        written.or_insert((replaced, message_id)).1 = message_id;
    }

    /// Puts what the batch did to masters into its commit.
    pub(crate) fn finish(mut self, commit: &mut Commit) {
        for (master_id, (replaces, message_id)) in self.written {
            if let Some(row) = self.golden.remove(&master_id) {
                commit.masters.push(MasterWrite {
                    row,
                    replaces,
                    message_id,
                });
            }
        }
        commit.keys = self.claimed;
        commit.unmerged.extend(self.tagged);
        commit.doubts = self.doubts;
        commit.lives = self.lives;
        commit.belongings = self.belongings;
        commit.items_joined = self.items.moved();
        commit.items = self.items.written();
        self.structure.finish(commit);
        commit.reservations = self.released;
        commit.founding = self.newcomers.map(Newcomers::founding);
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

fn of_one_record(one: &Provenance, other: &Provenance) -> bool {
    one.system == other.system && one.native_id == other.native_id
}

/// Takes a statement in; whether it says anything new, and whether its system said otherwise before.
fn hear(statements: &mut Vec<Statement>, said: Statement) -> (bool, bool) {
    let before = statements
        .iter_mut()
        .find(|statement| of_one_record(&statement.record.provenance, &said.record.provenance));
    match before {
        None => {
            statements.push(said);
            (true, false)
        }
        Some(statement) => {
            let latest = SourceRecord::latest(said.record, statement.record.clone());
            let restated = statement.record.customer != latest.customer;
            if restated {
                statement.record = latest;
                statement.version = said.version;
            }
            (restated, restated)
        }
    }
}

/// The name that a code is made from.
pub(crate) fn name_of(customer: &Customer) -> Option<&str> {
    customer
        .legal_name
        .as_deref()
        .or(customer.short_name.as_deref())
}

/// The key under which a code is held, spelt as the rules spell it.
pub(crate) fn code_key(code: &str) -> MasterKey {
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
