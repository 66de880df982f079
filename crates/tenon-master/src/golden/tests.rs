//! Survivorship, field by field, and its independence of order.

use proptest::prelude::*;
use tenon_core::customer::{Address, AddressPurpose, Contact, CustomerKind, Grade};
use tenon_core::{Entity, MessageKind};

use super::*;

fn system(name: &str) -> SystemName {
    SystemName::new(name).unwrap()
}

/// What `system` said at `second`.
fn said(name: &str, second: i64, customer: Customer) -> SourceRecord {
    SourceRecord {
        customer,
        provenance: Provenance {
            system: system(name),
            native_id: format!("{name}-1"),
            message_id: MessageId::derive(&[name, &second.to_string()]),
            occurred_at: Timestamp::from_second(second).unwrap(),
        },
    }
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn named(legal_name: &str) -> Customer {
    Customer {
        legal_name: text(legal_name),
        ..Customer::default()
    }
}

fn policy(order: &[&str]) -> Survivorship {
    Survivorship {
        default_order: order.iter().map(|name| system(name)).collect(),
        ..Survivorship::default()
    }
}

fn golden(records: &[SourceRecord], policy: &Survivorship) -> GoldenRecord {
    survive(records, None, policy)
}

#[test]
fn nothing_gives_nothing() {
    assert_eq!(
        golden(&[], &Survivorship::default()),
        GoldenRecord::default()
    );
}

#[test]
fn the_system_of_higher_rank_is_believed_however_old() {
    let records = [
        said(
            "crm",
            20,
            Customer {
                owner: text("王敏"),
                ..Customer::default()
            },
        ),
        said(
            "erp",
            10,
            Customer {
                owner: text("李雷"),
                ..Customer::default()
            },
        ),
    ];
    let owner = |policy: &Survivorship| golden(&records, policy).customer.owner;
    assert_eq!(owner(&policy(&["erp", "crm"])), text("李雷"));
    assert_eq!(owner(&policy(&["crm", "erp"])), text("王敏"));
    assert_eq!(
        owner(&policy(&["erp"])),
        text("李雷"),
        "an unlisted system comes last"
    );
    assert_eq!(
        owner(&Survivorship::default()),
        text("王敏"),
        "among equals the later"
    );
    let mut by_field = policy(&["erp", "crm"]);
    by_field
        .fields
        .insert("owner".to_owned(), vec![system("crm")]);
    assert_eq!(owner(&by_field), text("王敏"));
}

#[test]
fn every_value_says_whose_it_is() {
    let records = [
        said(
            "crm",
            20,
            Customer {
                short_name: text("川可"),
                phones: vec!["021-1234567".into()],
                ..Customer::default()
            },
        ),
        said("erp", 10, named("上海川可贸易有限公司")),
    ];
    let golden = golden(&records, &policy(&["erp", "crm"]));
    let whose = |field: &str| golden.provenance.get(field).map(|p| p.system.as_str());
    assert_eq!(whose("legal_name"), Some("erp"));
    assert_eq!(whose("short_name"), Some("crm"));
    assert_eq!(whose("phones/0"), Some("crm"));
    assert_eq!(whose("kind"), Some("erp"));
    assert_eq!(whose("tax_id"), None);
    assert_eq!(golden.provenance["legal_name"], records[1].provenance);
}

#[test]
fn a_gap_is_filled_by_the_next_system() {
    let records = [
        said(
            "erp",
            1,
            Customer {
                industry: text("  "),
                grade: None,
                ..Customer::default()
            },
        ),
        said(
            "crm",
            1,
            Customer {
                industry: text("retail"),
                grade: Some(Grade::Diamond),
                ..Customer::default()
            },
        ),
    ];
    let customer = golden(&records, &policy(&["erp", "crm"])).customer;
    assert_eq!(
        (customer.industry, customer.grade),
        (text("retail"), Some(Grade::Diamond))
    );
}

#[test]
fn a_short_name_never_becomes_the_legal_name() {
    let crm = Customer {
        legal_name: text("川可"),
        short_name: text("川可"),
        ..Customer::default()
    };
    let only = golden(&[said("crm", 1, crm.clone())], &policy(&["crm"])).customer;
    assert_eq!((only.legal_name, only.short_name), (None, text("川可")));

    let records = [
        said("crm", 9, named("川可贸易")),
        said("erp", 1, named(" 上海川可贸易有限公司 ")),
        said(
            "oa",
            5,
            Customer {
                short_name: text("川可"),
                ..Customer::default()
            },
        ),
    ];
    let customer = golden(&records, &policy(&["crm", "erp", "oa"])).customer;
    assert_eq!(
        customer.legal_name,
        text("上海川可贸易有限公司"),
        "a full name beats rank"
    );

    let person = golden(&[said("crm", 1, named("张伟"))], &policy(&[])).customer;
    assert_eq!(
        person.legal_name,
        text("张伟"),
        "a person has no legal form"
    );
    assert_eq!(
        golden(&[said("crm", 1, named("测试客户"))], &policy(&[]))
            .customer
            .legal_name,
        None
    );
}

#[test]
fn a_valid_tax_id_beats_an_invalid_one() {
    let taxed = |tax_id: &str| Customer {
        tax_id: text(tax_id),
        ..Customer::default()
    };
    let check = |first: &str, second: &str, expected: &str| {
        let records = [said("erp", 1, taxed(first)), said("crm", 2, taxed(second))];
        let customer = golden(&records, &policy(&["erp", "crm"])).customer;
        assert_eq!(customer.tax_id.as_deref(), Some(expected));
    };
    check(
        "9144030071526726XX",
        "9144030071526726XG",
        "9144030071526726XG",
    );
    check(
        "44030071526726X",
        "9144030071526726XG",
        "9144030071526726XG",
    );
    check("9144030071526726xg", "", "9144030071526726XG");
    check("123", "456", "123");
    check("123", "44030071526726X", "44030071526726X");
}

#[test]
fn an_issued_code_never_changes() {
    let records = [said(
        "erp",
        1,
        Customer {
            code: text("K0001"),
            ..Customer::default()
        },
    )];
    let issued = survive(&records, Some("CKMY"), &policy(&["erp"]));
    assert_eq!(issued.customer.code, text("CKMY"));
    assert!(!issued.provenance.contains_key("code"));
    let unissued = survive(&records, None, &policy(&["erp"]));
    assert_eq!(unissued.customer.code, text("K0001"));
}

#[test]
fn a_changed_legal_name_stays_as_a_former_one() {
    let first = said("erp", 1, named("上海川可商贸有限公司"));
    let second = said("erp", 2, named("上海川可贸易有限公司"));
    let respelt = said("erp", 3, named("上海市川可贸易有限责任公司"));
    let orders = [
        SourceRecord::latest(
            SourceRecord::latest(first.clone(), second.clone()),
            respelt.clone(),
        ),
        SourceRecord::latest(
            respelt.clone(),
            SourceRecord::latest(second.clone(), first.clone()),
        ),
        SourceRecord::latest(SourceRecord::latest(first.clone(), respelt.clone()), second),
    ];
    for latest in orders {
        assert_eq!(latest.provenance, respelt.provenance);
        let customer = golden(&[latest], &policy(&[])).customer;
        assert_eq!(customer.legal_name, text("上海市川可贸易有限责任公司"));
        assert_eq!(customer.former_names, ["上海川可商贸有限公司"]);
    }
    let again = SourceRecord::latest(first.clone(), first.clone());
    assert_eq!(again, first);
}

#[test]
fn a_name_that_lost_to_another_system_is_no_former_name() {
    let records = [
        said("erp", 1, named("上海川可贸易有限公司")),
        said("crm", 2, named("上海川可商贸有限公司")),
    ];
    let customer = golden(&records, &policy(&["erp"])).customer;
    assert!(customer.former_names.is_empty());
}

#[test]
fn collections_hold_each_thing_once() {
    let contact = |name: &str, phone: Option<&str>, email: Option<&str>| Contact {
        name: name.to_owned(),
        phone: phone.map(str::to_owned),
        email: email.map(str::to_owned),
        ..Contact::default()
    };
    let street = |street: &str, purpose| Address {
        street: text(street),
        city: text("上海"),
        purpose,
        ..Address::default()
    };
    let erp = Customer {
        phones: vec!["+86 138-0013-8000".into(), "021 5800 0000".into()],
        emails: vec!["Info@Chuanke.example".into()],
        contacts: vec![
            contact("李雷", Some("13800138000"), None),
            contact("韩梅", Some("1"), None),
        ],
        addresses: vec![street("世纪大道100号", None)],
        tags: vec!["重点".into()],
        ..Customer::default()
    };
    let crm = Customer {
        phones: vec!["13800138000".into(), "021-58000001".into()],
        emails: vec!["info@chuanke.example".into(), "b@chuanke.example".into()],
        contacts: vec![
            contact("李 雷", None, Some("l@x.example")),
            contact("韩梅", Some("2"), None),
        ],
        addresses: vec![
            street("世纪大道１００号", Some(AddressPurpose::Shipping)),
            street("世纪大道100号", Some(AddressPurpose::Billing)),
        ],
        tags: vec!["重点 ".into(), "经销".into()],
        ..Customer::default()
    };
    let records = [said("crm", 5, crm), said("erp", 1, erp)];
    let customer = golden(&records, &policy(&["erp", "crm"])).customer;
    assert_eq!(
        customer.phones,
        ["+86 138-0013-8000", "021 5800 0000", "021-58000001"]
    );
    assert_eq!(
        customer.emails,
        ["Info@Chuanke.example", "b@chuanke.example"]
    );
    assert_eq!(
        customer.contacts,
        [
            contact("李雷", Some("13800138000"), Some("l@x.example")),
            contact("韩梅", Some("1"), None),
            contact("韩梅", Some("2"), None),
        ]
    );
    assert_eq!(
        customer.addresses,
        [
            street("世纪大道100号", Some(AddressPurpose::Shipping)),
            street("世纪大道100号", Some(AddressPurpose::Billing)),
        ]
    );
    assert_eq!(customer.tags, ["重点", "经销"]);
}

#[test]
fn collections_are_bounded() {
    let phones: Vec<String> = (0..100)
        .map(|n| format!("021-{:08}", 58_000_000 + n))
        .collect();
    let records = [said(
        "erp",
        1,
        Customer {
            phones: phones.clone(),
            ..Customer::default()
        },
    )];
    assert_eq!(
        golden(&records, &Survivorship::default()).customer.phones,
        phones[..20]
    );
    let three = Survivorship {
        max_elements: 3,
        ..Survivorship::default()
    };
    let golden = golden(&records, &three);
    assert_eq!(golden.customer.phones, phones[..3]);
    assert_eq!(
        golden
            .provenance
            .keys()
            .filter(|key| key.starts_with("phones/"))
            .count(),
        3
    );
}

#[test]
fn the_fields_are_those_of_the_schema() {
    let schema = tenon_core::schema(MessageKind::current(Entity::Customer)).unwrap();
    let document: serde_json::Value = serde_json::from_str(schema.text()).unwrap();
    let mut expected: Vec<&str> = document["properties"]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let mut fields = Survivorship::FIELDS;
    expected.sort_unstable();
    fields.sort_unstable();
    assert_eq!(fields.as_slice(), expected);
    let mut policy = Survivorship::default();
    policy.fields.insert("owner".to_owned(), vec![]);
    policy.fields.insert("color".to_owned(), vec![]);
    assert_eq!(policy.unknown_fields().collect::<Vec<_>>(), ["color"]);
}

#[test]
fn records_are_stored_as_json() {
    let records = [said(
        "erp",
        1,
        Customer {
            kind: CustomerKind::ChannelPartner,
            phones: vec!["021-1".into()],
            ..named("上海川可贸易有限公司")
        },
    )];
    let golden = golden(&records, &policy(&["erp"]));
    let json = serde_json::to_string(&golden).unwrap();
    assert_eq!(serde_json::from_str::<GoldenRecord>(&json).unwrap(), golden);
    let json = serde_json::to_string(&records[0]).unwrap();
    assert_eq!(
        serde_json::from_str::<SourceRecord>(&json).unwrap(),
        records[0]
    );
    let read: Survivorship = serde_json::from_str(r#"{"default_order":["erp"]}"#).unwrap();
    assert_eq!(read, policy(&["erp"]));
}

fn any_record() -> impl Strategy<Value = SourceRecord> {
    let some = |values: &[&str]| {
        prop::option::of(prop::sample::select(
            values
                .iter()
                .map(|value| (*value).to_owned())
                .collect::<Vec<_>>(),
        ))
    };
    let names = [
        "上海川可贸易有限公司",
        "上海市川可贸易有限责任公司",
        "上海川可商贸有限公司",
        "川可",
        "测试",
    ];
    let tax_ids = ["9144030071526726XG", "44030071526726X", "12345"];
    let fields = (
        (
            some(&names),
            some(&["川可", "CK"]),
            prop::collection::vec(prop::sample::select(names.to_vec()), 0..2),
        ),
        (some(&tax_ids), some(&["CKMY", "K1"])),
        prop::collection::vec("(\\+86 )?021-?5800000[0-3]", 0..3),
        prop::collection::vec(("[李雷韩]{1,2}", prop::option::of("[12]{3}")), 0..3),
        prop::collection::vec(("[街路]{1}", any::<bool>()), 0..2),
    );
    let whose = (
        prop::sample::select(vec!["crm", "erp", "oa"]),
        0_i64..4,
        "[12]",
    );
    (fields, whose).prop_map(|(fields, (name, second, native_id))| {
        let ((legal_name, short_name, former), (tax_id, code), phones, people, streets) = fields;
        let mut record = said(
            name,
            second,
            Customer {
                legal_name,
                short_name,
                former_names: former.into_iter().map(str::to_owned).collect(),
                tax_id,
                code,
                phones,
                contacts: people
                    .into_iter()
                    .map(|(name, phone)| Contact {
                        name,
                        phone,
                        ..Contact::default()
                    })
                    .collect(),
                addresses: streets
                    .into_iter()
                    .map(|(street, shipping)| Address {
                        street: Some(street),
                        purpose: shipping.then_some(AddressPurpose::Shipping),
                        ..Address::default()
                    })
                    .collect(),
                ..Customer::default()
            },
        );
        record.provenance.native_id = native_id;
        record
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn the_order_of_arrival_does_not_matter(
        (records, shuffled) in prop::collection::vec(any_record(), 0..6)
            .prop_flat_map(|records| (Just(records.clone()), Just(records).prop_shuffle())),
        order in prop::sample::subsequence(vec!["crm", "erp", "oa"], 0..=3),
    ) {
        let policy = policy(&order);
        prop_assert_eq!(golden(&records, &policy), golden(&shuffled, &policy));
    }

    #[test]
    fn every_value_was_stated_by_some_system(records in prop::collection::vec(any_record(), 1..6)) {
        let golden = golden(&records, &Survivorship::default());
        if let Some(legal_name) = &golden.customer.legal_name {
            prop_assert!(records.iter().any(|r| r.customer.legal_name.as_ref() == Some(legal_name)));
            let is_short = |r: &SourceRecord| r.customer.short_name.as_ref() == Some(legal_name);
            prop_assert!(!records.iter().any(is_short));
        }
        for provenance in golden.provenance.values() {
            prop_assert!(records.iter().any(|record| &record.provenance == provenance));
        }
        let value = serde_json::to_value(&golden.customer).unwrap();
        let schema = tenon_core::schema(MessageKind::current(Entity::Customer)).unwrap();
        prop_assert!(schema.accept(value).is_ok());
    }

    #[test]
    fn statements_of_one_record_may_arrive_in_any_order(
        (records, shuffled) in prop::collection::vec(any_record(), 1..5)
            .prop_flat_map(|records| (Just(records.clone()), Just(records).prop_shuffle())),
    ) {
        // One record of one system, every statement at its own time.
        let fold = |records: &[SourceRecord], all: &[SourceRecord]| {
            let numbered = records.iter().map(|record| {
                let number = all.iter().position(|other| other == record).unwrap();
                said("erp", number as i64, record.customer.clone())
            });
            numbered.reduce(SourceRecord::latest).unwrap()
        };
        let (one, other) = (fold(&records, &records), fold(&shuffled, &records));
        prop_assert_eq!(&one.provenance, &other.provenance);
        prop_assert_eq!(&one.customer.legal_name, &other.customer.legal_name);
        let keys = |record: &SourceRecord| -> Vec<String> {
            let mut keys: Vec<String> =
                record.customer.former_names.iter().map(|name| name_key(name)).collect();
            keys.sort();
            keys.dedup();
            keys
        };
        if one.customer.legal_name.is_some() {
            prop_assert_eq!(keys(&one), keys(&other));
        }
    }
}
