//! One record against masters in memory, under the keys that a store would keep.

use std::collections::BTreeMap;

use tenon_core::MasterId;
use tenon_core::customer::{Address, Contact, Customer};

use super::*;

/// Masters under their keys.
#[derive(Default)]
struct Memory {
    masters: BTreeMap<MasterId, Traits>,
    by_key: BTreeMap<MatchKey, Vec<MasterId>>,
    rejected: Rejected,
}

impl Memory {
    fn of(lines: &[String]) -> Self {
        let mut memory = Self::default();
        for (number, line) in lines.iter().enumerate() {
            memory.add(id(number), traits(line));
        }
        for (number, line) in crowd().iter().enumerate() {
            memory.add(id(10_000 + number), traits(line));
        }
        memory
    }

    fn add(&mut self, master: MasterId, traits: Traits) {
        for key in traits.keys() {
            self.by_key.entry(key).or_default().push(master);
        }
        self.masters.insert(master, traits);
    }

    fn postings(&self, keys: &[MatchKey], crowd: usize) -> Postings {
        let counted = MatchKey::counted(crowd);
        let posting = |key: &MatchKey| {
            let masters = self.by_key.get(key)?;
            let leads = masters.len() <= key.crowd(crowd);
            let posting = Posting {
                sharing: masters.len().min(counted + 1) as u32,
                masters: masters.iter().filter(|_| leads).copied().collect(),
            };
            Some((*key, posting))
        };
        Postings {
            masters: self.masters.len() as u64,
            counted: counted as u32,
            by_key: keys.iter().filter_map(posting).collect(),
        }
    }

    fn judge(&self, record: &Traits) -> Judgement {
        let policy = MatchPolicy::default();
        let keys = record.keys();
        let postings = self.postings(&keys, policy.crowd);
        let candidates: Vec<_> = postings
            .shortlist(&keys)
            .into_iter()
            .map(|master| (master, self.masters[&master].clone()))
            .collect();
        judge(record, &candidates, &postings, &self.rejected, &policy)
    }
}

fn id(number: usize) -> MasterId {
    MasterId::derive(&[&number.to_string()])
}

fn traits(line: &str) -> Traits {
    Traits {
        members: vec![profile(line)],
    }
}

#[test]
fn a_record_joins_its_master() {
    for [one, other] in pairs_of_one() {
        for (master, record) in [(&one, &other), (&other, &one)] {
            let judgement = Memory::of(std::slice::from_ref(master)).judge(&traits(record));
            assert_eq!(judgement.outcome, Outcome::Same, "{master}\n{record}");
            assert_eq!(judgement.ranking[0].master_id, id(0));
            assert_eq!(judgement.ranking[0].forbidden, None);
        }
    }
}

#[test]
fn a_record_of_another_company_does_not_join() {
    for [one, other] in pairs_of_two() {
        for (master, record) in [(&one, &other), (&other, &one)] {
            let judgement = Memory::of(std::slice::from_ref(master)).judge(&traits(record));
            assert_ne!(judgement.outcome, Outcome::Same, "{master}\n{record}");
        }
    }
}

#[test]
fn files_and_messages_are_judged_alike() {
    for [one, other] in pairs_of_one().into_iter().chain(pairs_of_two()) {
        let (clusters, asked) = clustered(&[&one, &other]);
        let outcome = Memory::of(std::slice::from_ref(&one))
            .judge(&traits(&other))
            .outcome;
        let in_file = match (clusters[0] == clusters[1], asked.is_empty()) {
            (true, _) => Outcome::Same,
            (false, false) => Outcome::Review,
            (false, true) => Outcome::Different,
        };
        assert_eq!(outcome, in_file, "{one}\n{other}");
    }
}

#[test]
fn what_a_hard_rule_forbids_is_told() {
    let [master, record] = pairs_of_two().swap_remove(0);
    let judgement = Memory::of(&[master]).judge(&traits(&record));
    assert_eq!(judgement.outcome, Outcome::Different);
    let forbidden: Vec<_> = judgement.ranking.iter().map(|it| it.forbidden).collect();
    let tax_ids_differ = crate::Contradiction::TaxIdsDiffer;
    assert_eq!(forbidden, [Some(tax_ids_differ)]);
    assert!(!judgement.ranking[0].score.reasons.is_empty());
}

#[test]
fn between_two_masters_a_steward_decides() {
    let rest = "13916228001||海川大道128号|沈若清|福州";
    let memory = Memory::of(&[
        format!("福州瀚屿轴承有限公司|{TAX}|{rest}"),
        format!("福州瀚屿轴承有限公司|{OTHER_TAX}|{rest}"),
    ]);
    let record = traits(&format!("福州瀚屿轴承有限公司||{rest}"));
    let judgement = memory.judge(&record);
    assert_eq!(judgement.outcome, Outcome::Review);
    let suggested: Vec<_> = judgement.suggested(&MatchPolicy::default()).collect();
    assert_eq!(suggested.len(), 1);
    assert_eq!(judgement.ranking.len(), 2, "the runner-up is told");
}

#[test]
fn a_second_entry_of_the_master_is_no_rival() {
    let line = "福州瀚屿轴承有限公司||13916228001||福州市海川大道128号|沈若清|福州";
    let mut memory = Memory::of(&[line.to_owned(), line.to_owned()]);
    assert_eq!(memory.judge(&traits(line)).outcome, Outcome::Same);
    // Unless a person said that they are two: then nobody knows whose the record is.
    let (one, other) = (id(0).min(id(1)), id(0).max(id(1)));
    memory.rejected.insert((one, other));
    assert_eq!(memory.judge(&traits(line)).outcome, Outcome::Review);
}

#[test]
fn what_is_noted_is_as_what_is_stored() {
    let lines: Vec<String> = pairs_of_one().into_iter().map(|[one, _]| one).collect();
    let policy = MatchPolicy::default();
    let stored = Memory::of(&lines);
    let mut noted = Memory::of(&[]);
    let keys: Vec<MatchKey> = lines.iter().flat_map(|line| traits(line).keys()).collect();
    let mut postings = noted.postings(&keys, policy.crowd);
    for (number, line) in lines.iter().enumerate() {
        let traits = traits(line);
        postings.note(id(number), &traits.keys(), policy.crowd, true);
        // Noted twice is noted once.
        postings.note(id(number), &traits.keys(), policy.crowd, false);
        noted.add(id(number), traits);
    }
    let sorted = |mut postings: Postings| {
        let lists = postings.by_key.values_mut();
        lists.for_each(|posting| posting.masters.sort());
        postings
    };
    assert_eq!(
        sorted(postings),
        sorted(stored.postings(&keys, policy.crowd))
    );
}

#[test]
fn a_number_of_thousands_leads_nowhere_and_proves_nothing() {
    let mut memory = Memory::of(&["福州瀚屿轴承有限公司||13916228001||||福州".to_owned()]);
    let phone = profile("||13916228001").phone.number;
    let key = match_keys::MatchKey::narrow(phone).unwrap();
    let before = memory.judge(&traits("漳州鹿梧印染||13916228001||||漳州"));
    assert_eq!(before.ranking.len(), 1);
    for number in 0..5_000 {
        memory
            .by_key
            .get_mut(&key)
            .unwrap()
            .push(id(20_000 + number));
    }
    let policy = MatchPolicy::default();
    let record = traits("漳州鹿梧印染||13916228001||||漳州");
    let postings = memory.postings(&record.keys(), policy.crowd);
    assert_eq!(postings.shortlist(&record.keys()), []);
    assert_eq!(postings.by_key[&key].sharing, 161);
    assert_eq!(postings.rarity(&record.members[0], u8::MAX).phone, 0);
    // By its brand and city it is still found.
    let judgement = memory.judge(&traits("福州瀚屿||13916228001||||福州"));
    assert_eq!(judgement.ranking[0].master_id, id(0));
}

#[test]
fn a_name_that_names_nobody_finds_nobody() {
    let memory = Memory::of(&[
        "测试客户||||||上海".to_owned(),
        "aaa||021-61288001".to_owned(),
    ]);
    for line in ["测试客户||||||上海", "", "😀😀", "无"] {
        let judgement = memory.judge(&traits(line));
        assert_eq!(judgement.outcome, Outcome::Different, "{line}");
    }
}

#[test]
fn a_customer_is_all_that_its_statements_say() {
    let crm = Customer {
        short_name: Some("瀚屿轴承".to_owned()),
        phones: vec!["13916228001".to_owned(), "0591-61288001".to_owned()],
        contacts: vec![Contact {
            name: "沈若清".to_owned(),
            ..Contact::default()
        }],
        ..Customer::default()
    };
    let erp = Customer {
        legal_name: Some("福州瀚屿轴承有限公司".to_owned()),
        former_names: vec!["福州沪达轴承有限公司".to_owned()],
        addresses: vec![Address {
            city: Some("福州".to_owned()),
            street: Some("海川大道128号".to_owned()),
            ..Address::default()
        }],
        ..Customer::default()
    };
    let master = Traits::of([&crm, &erp, &erp]);
    assert_eq!(
        master.members.len(),
        3,
        "two phones, one address, nothing twice"
    );
    assert_eq!(Traits::from_bytes(&master.to_bytes()), Some(master.clone()));
    let mut memory = Memory::of(&[]);
    memory.add(id(0), master);
    for line in [
        "瀚屿||0591-61288001|||沈若清|福州",
        "沪达轴承||13916228001||福州市海川大道128号||福州",
    ] {
        assert_eq!(memory.judge(&traits(line)).outcome, Outcome::Same, "{line}");
    }
}

#[test]
fn only_this_versions_bytes_are_read() {
    let mut bytes = traits("福州瀚屿轴承有限公司").to_bytes();
    assert!(Traits::from_bytes(&bytes).is_some());
    bytes[0] += 1;
    assert_eq!(Traits::from_bytes(&bytes), None);
    assert_eq!(Traits::from_bytes(&[Traits::VERSION, 7]), None);
    assert_eq!(Traits::from_bytes(&[]), None);
}
