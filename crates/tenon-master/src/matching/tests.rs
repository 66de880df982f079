//! The exact rules, case by case, and what holds for all cases.

use proptest::prelude::*;
use tenon_core::customer::Address;

use super::*;

/// Two published credit codes and the legacy form of the first.
const TENCENT: &str = "9144030071526726XG";
const TENCENT_LEGACY: &str = "44030071526726X";
const HUAWEI: &str = "914403001922038216";

fn customer(legal_name: &str, short_name: &str, tax_id: &str, code: &str) -> Customer {
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Customer {
        legal_name: text(legal_name),
        short_name: text(short_name),
        tax_id: text(tax_id),
        code: text(code),
        ..Customer::default()
    }
}

fn id(number: u128) -> MasterId {
    MasterId(uuid::Uuid::from_u128(number))
}

/// The candidates that a store of `masters` would find: the n-th has the id n, from 1.
fn found(record: &Customer, masters: &[Customer]) -> Vec<Candidate> {
    let wanted = keys(record);
    let candidates = masters.iter().zip(1..).map(|(customer, number)| Candidate {
        master_id: id(number),
        customer: customer.clone(),
        matched: keys(customer)
            .into_iter()
            .filter(|key| wanted.contains(key))
            .collect(),
    });
    candidates
        .filter(|candidate| !candidate.matched.is_empty())
        .collect()
}

fn decided(record: &Customer, masters: &[Customer]) -> Decision {
    decide(record, &found(record, masters))
}

#[track_caller]
fn joins(record: &Customer, master: &Customer) {
    let decision = decided(record, std::slice::from_ref(master));
    assert!(
        matches!(decision, Decision::Existing { master_id, .. } if master_id == id(1)),
        "{decision:?}"
    );
}

#[track_caller]
fn founds(record: &Customer, masters: &[Customer]) {
    assert_eq!(decided(record, masters), Decision::New);
}

#[track_caller]
fn doubts(record: &Customer, masters: &[Customer], candidates: &[u128], reason: DoubtReason) {
    let candidates = candidates.iter().copied().map(id).collect();
    assert_eq!(
        decided(record, masters),
        Decision::Doubt { candidates, reason }
    );
}

#[test]
fn keys_are_what_identifies() {
    let check = |record: &Customer, expected: &[&str]| {
        let keys: Vec<String> = keys(record).iter().map(ToString::to_string).collect();
        assert_eq!(keys, expected);
    };
    let full = customer("上海市川可贸易有限责任公司", "川可", TENCENT, " ckmy ");
    check(
        &full,
        &[
            "tax 44030071526726X",
            "name 上海川可贸易有限公司",
            "code CKMY",
        ],
    );
    check(
        &customer("", "川可", TENCENT_LEGACY, ""),
        &["tax 44030071526726X"],
    );
    check(&customer("", "川可", "", ""), &[]);
    check(&customer("测试客户", "川可", "123", ""), &[]);
    check(&customer("aaa", "", "000000000000000000", ""), &[]);
    check(&customer(" ", "", " ", " "), &[]);
    let branch = customer("上海川可贸易有限公司杭州分公司", "", TENCENT, "");
    check(
        &branch,
        &[
            "tax 44030071526726X/杭州分公司",
            "name 上海川可贸易有限公司/杭州分公司",
        ],
    );
    let renamed = Customer {
        former_names: vec!["上海川可商贸有限公司".to_owned(), "川可".to_owned()],
        ..customer("上海川可贸易有限公司", "", "", "")
    };
    check(
        &renamed,
        &["name 上海川可贸易有限公司", "name 上海川可商贸有限公司"],
    );
}

#[test]
fn a_tax_id_joins_whatever_the_names_are() {
    let master = customer("上海川可贸易有限公司", "", TENCENT, "CKMY");
    joins(&customer("", "", TENCENT, ""), &master);
    joins(&customer("", "老王那家", TENCENT_LEGACY, ""), &master);
    joins(
        &customer("上海川可商贸有限公司", "", "９１44 0300 7152 6726 XG", ""),
        &master,
    );
}

#[test]
fn a_full_name_joins_unless_two_tax_ids_differ() {
    let with_tax = customer("上海川可贸易有限公司", "", TENCENT, "");
    let without = customer("上海市川可貿易有限责任公司（停用）", "", "", "");
    joins(&without, &with_tax);
    joins(&with_tax, &without);
    joins(&without, &without);
    joins(
        &customer("上海川可贸易有限公司", "", "not known", ""),
        &with_tax,
    );
    let other = customer("上海川可贸易有限公司", "", HUAWEI, "");
    doubts(
        &other,
        &[with_tax],
        &[1],
        DoubtReason::SameNameDifferentTaxIds,
    );
}

#[test]
fn a_former_name_joins() {
    let master = Customer {
        former_names: vec!["上海川可商贸有限公司".to_owned()],
        ..customer("上海川可贸易有限公司", "", TENCENT, "")
    };
    joins(&customer("上海川可商贸有限公司", "", "", ""), &master);
}

#[test]
fn a_short_name_alone_never_joins() {
    founds(
        &customer("", "川可", "", ""),
        &[customer("上海川可贸易有限公司", "川可", TENCENT, "CKMY")],
    );
    founds(
        &customer("", "川可", "", ""),
        &[customer("", "川可", "", "")],
    );
    founds(
        &customer("川可", "", "", ""),
        &[customer("川可", "", "", "")],
    );
}

#[test]
fn test_entries_never_meet() {
    founds(
        &customer("测试客户", "测试", "", ""),
        &[customer("测试客户", "测试", "", "")],
    );
    founds(
        &customer("", "测试", "", "T1"),
        &[customer("", "测试", "", "T1")],
    );
}

#[test]
fn a_branch_is_not_its_head_office() {
    let head = customer("上海川可贸易有限公司", "", TENCENT, "");
    let branch = customer("上海川可贸易有限公司杭州分公司", "", TENCENT, "");
    let sister = customer("上海川可贸易有限公司（宁波分公司）", "", TENCENT, "");
    founds(&branch, std::slice::from_ref(&head));
    founds(&head, std::slice::from_ref(&branch));
    founds(&sister, &[branch.clone(), head.clone()]);
    joins(
        &customer("上海市川可贸易有限公司（杭州市分公司）", "", "", ""),
        &branch,
    );
    joins(&customer("", "川可杭州分公司", TENCENT, ""), &branch);
    // Even if the store says that they share a key.
    for (record, master) in [(&head, &branch), (&branch, &head), (&sister, &branch)] {
        let matched = vec![MasterKey {
            kind: KeyKind::Tax,
            value: TENCENT_LEGACY.to_owned(),
        }];
        let candidate = Candidate {
            master_id: id(1),
            customer: master.clone(),
            matched,
        };
        assert_eq!(decide(record, &[candidate]), Decision::New);
    }
}

#[test]
fn a_record_that_does_not_say_whether_it_means_the_branch_is_doubtful() {
    let matched = vec![MasterKey {
        kind: KeyKind::Tax,
        value: TENCENT_LEGACY.to_owned(),
    }];
    let branch = customer("上海川可贸易有限公司杭州分公司", "", TENCENT, "");
    let candidate = Candidate {
        master_id: id(1),
        customer: branch,
        matched,
    };
    let expected = Decision::Doubt {
        candidates: vec![id(1)],
        reason: DoubtReason::BranchUncertain,
    };
    assert_eq!(
        decide(&customer("", "川可", TENCENT, ""), &[candidate]),
        expected
    );
}

#[test]
fn a_short_name_that_ends_in_another_city_may_be_a_branch() {
    let master = customer("长沙市瑞慧机电设备有限公司", "", TENCENT, "RHJD");
    let elsewhere = customer("", "瑞慧机电（海口）", TENCENT, "");
    doubts(
        &elsewhere,
        std::slice::from_ref(&master),
        &[1],
        DoubtReason::BranchUncertain,
    );
    joins(&customer("", "瑞慧机电（长沙）", TENCENT, ""), &master);
    joins(&customer("", "湖南瑞慧", TENCENT, ""), &master);
    founds(
        &customer("", "瑞慧机电海口分", TENCENT, ""),
        std::slice::from_ref(&master),
    );
    founds(
        &customer(
            "长沙瑞慧机电设备有限公司海口分公司（吴总）",
            "",
            TENCENT,
            "",
        ),
        &[master],
    );
}

#[test]
fn a_code_does_not_join_across_cities() {
    let in_city = |customer: Customer, city: &str| Customer {
        addresses: vec![Address {
            city: Some(city.to_owned()),
            ..Address::default()
        }],
        ..customer
    };
    let master = in_city(
        customer("湖北天新科技有限公司", "", TENCENT, "TXKJ"),
        "湖北省武汉市",
    );
    joins(&in_city(customer("", "天新", "", "TXKJ"), "武汉"), &master);
    joins(&customer("", "天新", "", "TXKJ"), &master);
    let elsewhere = in_city(customer("", "天新", "", "TXKJ"), "大连市");
    doubts(
        &elsewhere,
        &[master],
        &[1],
        DoubtReason::SameCodeDifferentCities,
    );
}

#[test]
fn a_code_joins_only_if_a_short_name_agrees() {
    let master = customer("上海川可贸易有限公司", "", TENCENT, "CKMY");
    joins(&customer("", "川可", "", "ckmy"), &master);
    joins(&customer("", "川可贸易", "", "CKMY"), &master);
    joins(&master, &customer("", "上海川可", "", "CKMY"));
    joins(
        &customer("", "川可", "", "CKMY"),
        &customer("", "川可", "", "CKMY"),
    );
    founds(&customer("", "", "", "CKMY"), std::slice::from_ref(&master));
    founds(
        &customer("", "海达", "", "CKMY"),
        std::slice::from_ref(&master),
    );
    founds(
        &customer("", "川", "", "CKMY"),
        std::slice::from_ref(&master),
    );
    founds(
        &customer("", "川可", HUAWEI, "CKMY"),
        std::slice::from_ref(&master),
    );
    founds(
        &customer("宁波海达电器有限公司", "川可", "", "CKMY"),
        std::slice::from_ref(&master),
    );
    founds(
        &customer("", "ark", "", "M1"),
        &[customer("Market Tools Ltd", "", "", "M1")],
    );
    joins(
        &customer("", "Market", "", "M1"),
        &customer("Market Tools Ltd", "", "", "M1"),
    );
    let similar = customer("上海川可商贸有限公司", "", "", "CKMY");
    doubts(
        &similar,
        &[master],
        &[1],
        DoubtReason::SameCodeDifferentNames,
    );
}

#[test]
fn the_same_name_in_another_country_is_doubtful() {
    let in_country = |country: &str| Customer {
        addresses: vec![Address {
            country: Some(country.to_owned()),
            ..Address::default()
        }],
        ..customer("Acme Tools Ltd", "", "", "")
    };
    joins(&in_country("GB"), &in_country("GB"));
    joins(
        &in_country("GB"),
        &customer("ACME Tools Limited", "", "", ""),
    );
    doubts(
        &in_country("HK"),
        &[in_country("GB")],
        &[1],
        DoubtReason::SameNameDifferentCountries,
    );
}

#[test]
fn several_masters_are_never_merged() {
    let by_tax = customer("宁波海达电器有限公司", "", TENCENT, "");
    let by_name = customer("上海川可贸易有限公司", "", "", "");
    let by_code = customer("", "川可", "", "CKMY");
    let record = customer("上海川可贸易有限公司", "", TENCENT, "CKMY");
    let decision = decided(&record, &[by_name.clone(), by_code.clone(), by_tax]);
    let Decision::Existing {
        master_id,
        evidence,
        rivals,
    } = decision
    else {
        panic!("{decision:?}")
    };
    assert_eq!(
        (master_id, evidence.len(), evidence[0].kind),
        (id(3), 1, KeyKind::Tax)
    );
    let rivals: Vec<_> = rivals
        .iter()
        .map(|rival| (rival.master_id, rival.reason))
        .collect();
    assert_eq!(
        rivals,
        [
            (id(1), DoubtReason::SeveralMasters),
            (id(2), DoubtReason::SeveralMasters)
        ]
    );

    let without_tax = customer("上海川可贸易有限公司", "", "", "CKMY");
    let decision = decided(&without_tax, &[by_name.clone(), by_code]);
    assert!(matches!(decision, Decision::Existing { master_id, .. } if master_id == id(1)));

    // A name that two masters bear identifies neither.
    let namesake = customer("上海川可贸易有限公司", "", HUAWEI, "");
    let taxed = customer("上海川可贸易有限公司", "", TENCENT, "");
    doubts(
        &by_name,
        &[taxed.clone(), namesake.clone()],
        &[1, 2],
        DoubtReason::SeveralMasters,
    );
    doubts(
        &namesake,
        &[taxed.clone(), by_name],
        &[1, 2],
        DoubtReason::SameNameDifferentTaxIds,
    );
    let decision = decided(&namesake, &[taxed, namesake.clone()]);
    let Decision::Existing {
        master_id, rivals, ..
    } = decision
    else {
        panic!("{decision:?}")
    };
    assert_eq!(master_id, id(2));
    assert_eq!(rivals[0].reason, DoubtReason::SameNameDifferentTaxIds);
}

#[test]
fn kinds_have_names() {
    for kind in KeyKind::ALL {
        assert_eq!(kind.as_str().parse(), Ok(kind));
        assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
    }
    assert!("fax".parse::<KeyKind>().is_err());
    for reason in [
        DoubtReason::SeveralMasters,
        DoubtReason::SameNameDifferentTaxIds,
        DoubtReason::SameNameDifferentCountries,
        DoubtReason::SameCodeDifferentNames,
        DoubtReason::SameCodeDifferentCities,
        DoubtReason::BranchUncertain,
    ] {
        assert_eq!(serde_json::to_value(reason).unwrap(), reason.as_str());
    }
}

fn any_customer() -> impl Strategy<Value = Customer> {
    let legal_names = prop::sample::select(vec![
        "",
        "川可",
        "上海川可贸易有限公司",
        "上海市川可贸易有限责任公司",
        "上海川可贸易有限公司杭州分公司",
        "上海川可贸易股份有限公司",
        "Acme Tools Ltd",
        "测试客户",
    ]);
    let short_names = prop::sample::select(vec!["", "川可", "川可杭州分公司", "Acme"]);
    let tax_ids = prop::sample::select(vec![
        "",
        TENCENT,
        TENCENT_LEGACY,
        HUAWEI,
        "DE136695976",
        "x",
    ]);
    let codes = prop::sample::select(vec!["", "CKMY", "ACME"]);
    (legal_names, short_names, tax_ids, codes).prop_map(|(legal_name, short_name, tax_id, code)| {
        customer(legal_name, short_name, tax_id, code)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn what_contradicts_is_never_joined(
        record in any_customer(),
        masters in prop::collection::vec(any_customer(), 0..5),
        forced in any::<bool>(),
    ) {
        let mut candidates = found(&record, &masters);
        if forced {
            // As if the store had found every master under every key.
            candidates = masters.iter().zip(1..).map(|(customer, number)| Candidate {
                master_id: id(number),
                customer: customer.clone(),
                matched: keys(&record),
            }).collect();
        }
        let decision = decide(&record, &candidates);
        if let Decision::Existing { master_id, evidence, rivals } = &decision {
            let master = &masters[(master_id.0.as_u128() - 1) as usize];
            prop_assert_eq!(contradiction(&record, master), None);
            let numbers = [&record, master].map(|c| c.tax_id.as_deref().and_then(|t| crate::TaxId::parse(t).ok()));
            if let [Some(one), Some(other)] = numbers {
                prop_assert!(one.is_same_number(&other));
            }
            prop_assert!(!evidence.is_empty());
            prop_assert!(rivals.iter().all(|rival| rival.master_id != *master_id));
        }
        candidates.reverse();
        prop_assert_eq!(decide(&record, &candidates), decision);
    }

    #[test]
    fn contradictions_hold_both_ways_and_keys_repeat(one in any_customer(), other in any_customer()) {
        prop_assert_eq!(contradiction(&one, &other), contradiction(&other, &one));
        prop_assert_eq!(contradiction(&one, &one), None);
        prop_assert_eq!(keys(&one), keys(&one.clone()));
    }
}

#[test]
fn a_branch_leads_to_its_head_office() {
    let of = |name: &str| Customer {
        legal_name: Some(name.to_owned()),
        ..Customer::default()
    };
    for (branch, head) in [
        ("福州瀚屿轴承有限公司泉州分公司", "福州瀚屿轴承有限公司"),
        (
            "福州瀚屿轴承有限公司（泉州分公司）",
            "福州市瀚屿轴承有限公司",
        ),
        (
            "Hanyu Bearing Co., Ltd. Shanghai Branch",
            "HANYU BEARING CO LTD",
        ),
    ] {
        let key = head_office_key(&of(branch));
        assert!(key.is_some(), "{branch}");
        assert_eq!(key.as_ref(), keys(&of(head)).first(), "{branch}");
    }
    for other in ["福州瀚屿轴承有限公司", "泉州分公司", "瀚屿", ""] {
        assert_eq!(head_office_key(&of(other)), None, "{other}");
    }
}
