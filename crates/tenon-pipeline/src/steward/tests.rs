//! Merges and unmerges of every sort, on a store in memory, beside a store that knows of none.

use std::collections::{BTreeMap, HashMap};

use bytes::Bytes;
use proptest::prelude::*;
use serde_json::json;
use tenon_connector::Deployment;
use tenon_core::{
    Attributes, Entity, MasterId, MessageId, NativeId, SystemName, Timestamp, schema,
};
use tenon_master::{KeyKind, MasterKey};
use tenon_store::{Commit, GoldenRow, InboundState, Known, Move, ProspectClaim, Tie};

use super::joining::members;
use super::{Act, Command, RecordName};
use crate::master::MasterPolicy;
use crate::resolve::{decide, deeper, lookup};
use crate::translate::{Content, Envelope, Validated};

/// A master, and the one to which the tie belongs when no merge is counted.
type Tied = (MasterId, Option<MasterId>);

/// What a store holds of masters.
#[derive(Debug, Clone, Default, PartialEq)]
struct Memory {
    golden: HashMap<MasterId, GoldenRow>,
    natives: HashMap<(Entity, SystemName, NativeId), Tied>,
    keys: HashMap<MasterKey, Tied>,
    claims: HashMap<MasterId, ProspectClaim>,
}

impl Memory {
    fn known(&self, lookup: &tenon_store::Lookup) -> Known {
        let mut known = Known::default();
        let mut masters = lookup.masters.clone();
        for native in &lookup.natives {
            if let Some((master, unmerged)) = self.natives.get(native) {
                known.natives.insert(native.clone(), *master);
                masters.push(*master);
                let (entity, system, id) = native.clone();
                let tie = Tie::Record(entity, system, id);
                known
                    .unmerged
                    .extend(unmerged.map(|unmerged| (tie, unmerged)));
            }
        }
        for key in &lookup.keys {
            if let Some((master, unmerged)) = self.keys.get(key) {
                known.keys.insert(key.clone(), *master);
                masters.push(*master);
                let tie = Tie::Key(key.clone());
                known
                    .unmerged
                    .extend(unmerged.map(|unmerged| (tie, unmerged)));
            }
        }
        while let Some(master) = masters.pop() {
            if let Some(row) = self.golden.get(&master) {
                masters.extend(row.merged_into);
                known.golden.insert(master, row.clone());
            }
        }
        let codes = self.keys.keys().filter(|key| key.kind == KeyKind::Code);
        for master in &lookup.claims {
            let claim = self.claims.get(master).cloned();
            known.claims.extend(claim.map(|claim| (*master, claim)));
        }
        known.codes = codes.map(|key| key.value.clone()).collect();
        known
    }

    fn commit(&mut self, commit: Commit) {
        for link in commit.links {
            let record = (link.entity, link.system, link.native_id);
            let before = self.natives.entry(record).or_insert((link.master_id, None));
            assert_eq!(before.0, link.master_id, "a link of another master");
        }
        for write in commit.masters {
            let before = self.golden.get(&write.row.master_id);
            assert_eq!(before.map(|row| row.version), write.replaces);
            self.golden.insert(write.row.master_id, write.row);
        }
        for (key, master) in commit.keys {
            let before = self.keys.entry(key).or_insert((master, None));
            assert_eq!(before.0, master, "a key of another master");
        }
        for (tie, unmerged) in commit.unmerged {
            let tied = match tie {
                Tie::Record(entity, system, id) => self.natives.get_mut(&(entity, system, id)),
                Tie::Key(key) => self.keys.get_mut(&key),
            };
            tied.expect("a tie that is there").1 = Some(unmerged);
        }
        for write in commit.claims {
            let before = self.claims.remove(&write.master_id);
            assert_eq!(before.map(|claim| claim.message_id), write.replaces);
            self.claims
                .extend(write.claim.map(|claim| (write.master_id, claim)));
        }
        for one in commit.moves {
            for tied in self.natives.values_mut().chain(self.keys.values_mut()) {
                moved(&one, tied);
            }
            if let Move::Split {
                to, records, keys, ..
            } = one
            {
                for (system, id) in records {
                    self.natives
                        .insert((Entity::Customer, system, id), (to, None));
                }
                for key in keys {
                    self.keys.insert(key, (to, None));
                }
            }
        }
    }

    /// Takes one message in; the state of its entry.
    fn take(&mut self, message: Validated) -> InboundState {
        let (policy, batch) = (MasterPolicy::default(), [message]);
        let mut known = self.known(&lookup(&batch, &policy));
        if let Some(more) = deeper(&batch, &policy, &known) {
            known.learn(self.known(&more));
        }
        let decided = decide(&Deployment::default(), &policy, &batch, known, None);
        let state = decided.commit.messages[0].state.clone();
        self.commit(decided.commit);
        state
    }

    fn command(&mut self, act: Act, because: &str) -> InboundState {
        self.command_at(act, because, Timestamp::now())
    }

    fn command_at(&mut self, act: Act, because: &str, at: Timestamp) -> InboundState {
        let command = Command {
            by: "li.wei".to_owned(),
            because: because.to_owned(),
            act,
        };
        let mut attributes = command.message(None).unwrap().attributes;
        attributes.accepted_at = at;
        self.take(Validated {
            envelope: envelope(attributes),
            result: Ok(Some(Content::Command(command))),
        })
    }

    fn master(&self, record: usize) -> MasterId {
        let native = (Entity::Customer, system(), native_id(record));
        let (master, unmerged) = self.natives[&native];
        unmerged.unwrap_or(master)
    }

    /// Everything that a person would compare, under names that do not depend on identifiers.
    fn shown(&self, names: &HashMap<MasterId, usize>) -> BTreeMap<String, String> {
        let mut shown = BTreeMap::new();
        for row in self.golden.values() {
            let statements: BTreeMap<&str, _> = row
                .sources
                .statements
                .iter()
                .map(|statement| {
                    (
                        statement.record.provenance.native_id.as_str(),
                        &statement.record,
                    )
                })
                .collect();
            let text = format!("{:?} {:?} {statements:?}", row.golden, row.merged_into);
            shown.insert(format!("master {}", names[&row.master_id]), text);
        }
        for (native, (master, unmerged)) in &self.natives {
            shown.insert(
                format!("{native:?}"),
                format!("{} {unmerged:?}", names[master]),
            );
        }
        for (key, (master, unmerged)) in &self.keys {
            shown.insert(format!("{key}"), format!("{} {unmerged:?}", names[master]));
        }
        shown
    }
}

/// The moves as the databases make them.
fn moved(one: &Move, (master, unmerged): &mut Tied) {
    match one {
        Move::Merge { survivor, merged } if master == merged => {
            *unmerged = Some(unmerged.unwrap_or(*master));
            *master = *survivor;
        }
        Move::Unmerge {
            survivor,
            merged,
            members,
        } if master == survivor && unmerged.is_some_and(|unmerged| members.contains(&unmerged)) => {
            *master = *merged;
            *unmerged = unmerged.filter(|unmerged| unmerged != merged);
        }
        _ => {}
    }
}

fn system() -> SystemName {
    SystemName::new("crm").unwrap()
}

fn native_id(record: usize) -> NativeId {
    format!("C-{record}")
}

fn envelope(attributes: Attributes) -> Envelope {
    Envelope {
        attributes,
        origin: "a test".to_owned(),
        raw: Bytes::new(),
        redrive: false,
    }
}

/// What a record says at some moment: records share the tax id of one of four companies.
fn statement(record: usize, moment: usize) -> Validated {
    let mut attributes = Attributes::received(
        system(),
        Entity::Customer,
        "customer",
        Some(native_id(record)),
        None,
    );
    attributes.id = MessageId::derive(&[&record.to_string(), &moment.to_string()]);
    attributes.occurred_at = Timestamp::from_second(moment as i64).unwrap();
    let tax_ids = ["DE136695976", "DE811569869", "ATU12345675", "FR40303265045"];
    let company = record % COMPANIES;
    let body = json!({
        "legal_name": format!("Werk {company} Maschinenbau GmbH"), "tax_id": tax_ids[company], "kind": "customer",
        "owner": format!("{record} at {moment}"), "tags": [format!("tag {record} {moment}")],
    });
    let canonical = schema(attributes.kind).unwrap().accept(body).unwrap();
    Validated {
        envelope: envelope(attributes),
        result: Ok(Some(Content::Record(canonical))),
    }
}

const COMPANIES: usize = 4;

/// A store that knows each company by one record.
fn company() -> (Memory, Vec<MasterId>) {
    let mut memory = Memory::default();
    for record in 0..COMPANIES {
        memory.take(statement(record, record));
    }
    let masters: Vec<MasterId> = (0..COMPANIES).map(|record| memory.master(record)).collect();
    (memory, masters)
}

#[derive(Debug, Clone)]
enum Step {
    Merge(usize, usize),
    Unmerge(usize),
    State(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let company = 0..COMPANIES;
    prop_oneof![
        3 => (company.clone(), company.clone()).prop_map(|(one, other)| Step::Merge(one, other)),
        2 => company.prop_map(Step::Unmerge),
        // Later records of the same companies join by their tax ids.
        3 => (0..3 * COMPANIES).prop_map(Step::State),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn unmerging_restores_what_would_be_without_merges(steps in prop::collection::vec(step(), 1..40)) {
        let (mut merging, masters) = company();
        let mut plain = merging.clone();
        for (moment, step) in steps.into_iter().enumerate() {
            match step {
                Step::Merge(one, other) => {
                    let (survivor, merged) = (masters[one], masters[other]);
                    let before = merging.clone();
                    let living = |id: &MasterId| before.golden[id].merged_into.is_none();
                    let allowed = one != other && living(&survivor) && living(&merged);
                    let state = merging.command(Act::Merge { survivor, merged }, "one company");
                    prop_assert_eq!(state == InboundState::Done, allowed);
                    prop_assert!(allowed || before == merging);
                }
                Step::Unmerge(company) => {
                    let before = merging.clone();
                    let merged = masters[company];
                    let into = before.golden[&merged].merged_into;
                    let allowed = into.is_some_and(|into| before.golden[&into].merged_into.is_none());
                    let state = merging.command(Act::Unmerge { merged }, "");
                    prop_assert_eq!(state == InboundState::Done, allowed);
                    prop_assert!(allowed || before == merging);
                }
                Step::State(record) => {
                    merging.take(statement(record, COMPANIES + moment));
                    plain.take(statement(record, COMPANIES + moment));
                }
            }
        }
        // The roots first: what was merged into a merged one comes back with it.
        while let Some(merged) = masters.iter().find(|id| {
            let into = merging.golden[id].merged_into;
            into.is_some_and(|into| merging.golden[&into].merged_into.is_none())
        }) {
            let state = merging.command(Act::Unmerge { merged: *merged }, "");
            prop_assert_eq!(state, InboundState::Done);
        }
        let names = masters.iter().enumerate().map(|(name, id)| (*id, name)).collect();
        prop_assert_eq!(merging.shown(&names), plain.shown(&names));
    }
}

fn refused(memory: &mut Memory, act: Act, expected: &str) {
    let before = memory.clone();
    match memory.command(act.clone(), "") {
        InboundState::Refused { detail } => assert!(detail.contains(expected), "{detail}"),
        other => panic!("{act:?} came to {other:?}"),
    }
    assert_eq!(*memory, before);
}

#[test]
fn what_cannot_be_is_refused_and_changes_nothing() {
    let (mut memory, masters) = company();
    let [one, two, three, _] = masters[..] else {
        panic!("four companies")
    };
    let merge = |survivor, merged| Act::Merge { survivor, merged };
    refused(&mut memory, merge(one, one), "cannot be merged with itself");
    refused(
        &mut memory,
        merge(one, MasterId::derive(&["nobody"])),
        "there is no master",
    );
    refused(&mut memory, merge(one, two), "their valid tax ids differ");
    refused(
        &mut memory,
        Act::Unmerge { merged: one },
        "not merged into another",
    );
    assert_eq!(memory.command(merge(one, two), "moved"), InboundState::Done);
    refused(&mut memory, merge(three, two), "has been merged into");
    refused(&mut memory, merge(two, three), "has been merged into");
    assert_eq!(
        memory.command(merge(three, one), "bought"),
        InboundState::Done
    );
    refused(
        &mut memory,
        Act::Unmerge { merged: two },
        "undo that merge first",
    );
    let records = |ids: &[usize]| {
        let record = |id: &usize| RecordName {
            system: system(),
            native_id: native_id(*id),
        };
        ids.iter().map(record).collect()
    };
    let split = |ids: &[usize]| Act::Split {
        master: three,
        records: records(ids),
    };
    refused(
        &mut memory,
        split(&[7]),
        "has no record C-7 that crm told of",
    );
    refused(&mut memory, split(&[1]), "undo that merge");
    refused(&mut memory, split(&[]), "some of its records");
}

#[test]
fn a_split_record_is_a_customer_of_its_own() {
    let (mut memory, masters) = company();
    memory.take(statement(COMPANIES, 9));
    assert_eq!(memory.master(COMPANIES), masters[0]);
    let record = RecordName {
        system: system(),
        native_id: native_id(COMPANIES),
    };
    let act = Act::Split {
        master: masters[0],
        records: vec![record],
    };
    assert_eq!(memory.command(act, "another one"), InboundState::Done);
    let split = memory.master(COMPANIES);
    assert_ne!(split, masters[0]);
    let (left, new) = (&memory.golden[&masters[0]], &memory.golden[&split]);
    assert_eq!(left.golden.customer.owner.as_deref(), Some("0 at 0"));
    assert_eq!(new.golden.customer.owner.as_deref(), Some("4 at 9"));
    assert_eq!(left.golden.customer.code.as_deref(), Some("WERK"));
    assert!(
        new.golden
            .customer
            .code
            .as_ref()
            .is_some_and(|code| code.starts_with("WERK"))
    );
    assert_ne!(left.golden.customer.code, new.golden.customer.code);
    // What it says from now on stays with it.
    memory.take(statement(COMPANIES, 10));
    assert_eq!(
        memory.golden[&split].golden.customer.owner.as_deref(),
        Some("4 at 10")
    );
    assert_eq!(
        memory.golden[&masters[0]].golden.customer.owner.as_deref(),
        Some("0 at 0")
    );
}

#[test]
fn a_survivor_without_a_code_gives_the_others_back() {
    let (mut memory, masters) = company();
    let nameless = masters[1];
    let row = memory.golden.get_mut(&nameless).unwrap();
    let code = row.golden.customer.code.take().unwrap();
    memory.keys.retain(|key, _| key.value != code);
    let act = Act::Merge {
        survivor: nameless,
        merged: masters[0],
    };
    assert_eq!(memory.command(act, "one"), InboundState::Done);
    assert_eq!(
        memory.golden[&nameless].golden.customer.code.as_deref(),
        Some("WERK")
    );
    let act = Act::Unmerge { merged: masters[0] };
    assert_eq!(memory.command(act, ""), InboundState::Done);
    assert_eq!(memory.golden[&nameless].golden.customer.code, None);
    assert_eq!(
        memory.golden[&masters[0]].golden.customer.code.as_deref(),
        Some("WERK")
    );
}

#[test]
fn members_are_found_to_any_depth() {
    let (mut memory, masters) = company();
    for (survivor, merged) in [(1, 0), (2, 1), (3, 2)] {
        let act = Act::Merge {
            survivor: masters[survivor],
            merged: masters[merged],
        };
        assert_eq!(memory.command(act, "one"), InboundState::Done);
    }
    let sources = &memory.golden[&masters[3]].sources;
    assert_eq!(members(sources, masters[1]), [masters[1], masters[0]]);
    assert_eq!(members(sources, masters[0]), [masters[0]]);
}

#[test]
fn a_claim_holds_until_it_expires_and_outlives_a_merge() {
    let (mut memory, masters) = company();
    let [one, two, ..] = masters[..] else {
        panic!("four companies")
    };
    let day = |day: i64| Timestamp::from_second(day * 86_400).unwrap();
    let claim = |master, owner: &str| Act::Claim {
        master,
        owner: owner.to_owned(),
        days: 10,
    };
    let is_refused = |state| matches!(state, InboundState::Refused { .. });
    assert_eq!(
        memory.command_at(claim(one, "seller"), "", day(0)),
        InboundState::Done
    );
    assert!(is_refused(memory.command_at(
        claim(one, "dealer"),
        "",
        day(9)
    )));
    assert_eq!(
        memory.command_at(claim(one, "seller"), "", day(9)),
        InboundState::Done
    );
    assert_eq!(
        (memory.claims[&one].since, memory.claims[&one].until),
        (day(0), day(19))
    );
    // The claim comes along with its master, and goes back with it.
    let merge = Act::Merge {
        survivor: two,
        merged: one,
    };
    assert_eq!(memory.command_at(merge, "one", day(10)), InboundState::Done);
    assert!(is_refused(memory.command_at(
        claim(two, "dealer"),
        "",
        day(11)
    )));
    assert_eq!(
        memory.command_at(Act::Unmerge { merged: one }, "", day(12)),
        InboundState::Done
    );
    assert_eq!(
        memory.command_at(claim(two, "dealer"), "", day(12)),
        InboundState::Done
    );
    assert!(is_refused(memory.command_at(
        claim(one, "dealer"),
        "",
        day(18)
    )));
    assert_eq!(
        memory.command_at(claim(one, "dealer"), "", day(19)),
        InboundState::Done
    );
    assert_eq!(memory.claims[&one].since, day(19));
}

#[test]
fn pins_come_along_with_a_merge_and_go_back() {
    let (mut memory, masters) = company();
    let [one, two, ..] = masters[..] else {
        panic!("four companies")
    };
    let pin = |master, field: &str, value: &str| Act::Pin {
        master,
        field: field.to_owned(),
        value: json!(value),
    };
    let owner = |memory: &Memory, id| memory.golden[&id].golden.customer.owner.clone().unwrap();
    let short = |memory: &Memory, id| memory.golden[&id].golden.customer.short_name.clone();
    for act in [
        pin(one, "owner", "one's"),
        pin(two, "owner", "two's"),
        pin(two, "short_name", "two"),
        Act::Merge {
            survivor: one,
            merged: two,
        },
    ] {
        assert_eq!(memory.command(act, "so"), InboundState::Done);
    }
    assert_eq!(
        (owner(&memory, one), short(&memory, one)),
        ("one's".to_owned(), Some("two".to_owned()))
    );
    assert_eq!(
        memory.command(pin(one, "short_name", "both"), ""),
        InboundState::Done
    );
    assert_eq!(short(&memory, one).as_deref(), Some("both"));
    assert_eq!(
        memory.command(Act::Unmerge { merged: two }, ""),
        InboundState::Done
    );
    assert_eq!(
        (owner(&memory, one), short(&memory, one)),
        ("one's".to_owned(), Some("both".to_owned()))
    );
    assert_eq!(
        (owner(&memory, two), short(&memory, two)),
        ("two's".to_owned(), Some("two".to_owned()))
    );
}
