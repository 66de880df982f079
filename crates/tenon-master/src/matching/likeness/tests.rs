//! Likeness as a whole: pairs, clusters, bad input. Every company is made up.

mod learn;
mod online;
mod person;

use proptest::prelude::*;

use super::*;

/// `name, tax id, phone, mail, address, contact, city`, parted by `|`.
fn profile(line: &str) -> Profile {
    let fields: Vec<&str> = line.split('|').map(str::trim).collect();
    let field = |index: usize| fields.get(index).copied().unwrap_or_default();
    Profile::of(&CompanyRecord {
        name: field(0),
        tax_id: field(1),
        phone: field(2),
        email: field(3),
        address: field(4),
        contact: field(5),
        city: field(6),
        ..CompanyRecord::default()
    })
}

/// Companies that have nothing to do with those of a test.
fn crowd() -> Vec<String> {
    const BRANDS: [&str; 12] = [
        "棠溪", "砚北", "麦澜", "柏舟", "沐野", "简禾", "屿声", "竹里", "蔚岚", "鹿鸣", "梧桐",
        "槐序",
    ];
    const TRADES: [&str; 6] = ["阀门", "电缆", "轴承", "印染", "箱包", "锅炉"];
    const CITIES: [&str; 8] = [
        "常德", "赣州", "咸宁", "乐山", "曲靖", "衡水", "丹东", "梅州",
    ];
    let mut lines = Vec::new();
    for (index, brand) in BRANDS.iter().enumerate() {
        for (place, city) in CITIES.iter().enumerate() {
            let trade = TRADES[(index + place) % TRADES.len()];
            lines.push(format!("{city}{brand}{trade}有限公司||||||{city}"));
        }
    }
    lines
}

/// Clusters the lines among a crowd of companies that have nothing to do with them.
fn clustered(lines: &[&str]) -> (Vec<u32>, Vec<(u32, u32)>) {
    let mut profiles: Vec<Profile> = lines.iter().map(|line| profile(line)).collect();
    profiles.extend(crowd().iter().map(|line| profile(line)));
    let clustering = dedupe(&profiles, &MatchPolicy::default(), 2);
    let pairs = clustering.review.iter().map(|pair| (pair.one, pair.other));
    let known = lines.len() as u32;
    (
        clustering.cluster_of[..lines.len()].to_vec(),
        pairs
            .filter(|(one, other)| *one < known && *other < known)
            .collect(),
    )
}

const TAX: &str = "91350100M000100Y43";
const OTHER_TAX: &str = "91110000600037341L";

/// Pairs that are one company.
fn pairs_of_one() -> Vec<[String; 2]> {
    let pair = |one: &str, other: &str| [one.to_owned(), other.to_owned()];
    vec![
        pair(
            &format!("福州瀚屿轴承有限公司|{TAX}||||沈若清|福州"),
            &format!("瀚屿轴承|{TAX}||||沈总|"),
        ),
        // One slip in the tax id, and the rest agrees.
        pair(
            &format!("福州瀚屿轴承有限公司|{TAX}|||海川大道128号|沈若清|福州"),
            "福州市瀚屿轴承有限责任公司|91350100M0O0100Y43|||福州市海川大道128号||福州市",
        ),
        // No tax id: the registered name, the mobile, the person.
        pair(
            "瀚屿轴承（福州）有限公司||13916228001|||沈若清|福州",
            "福州瀚嶼軸承||+86 139 1622 8001|||沈若清|",
        ),
        // In two scripts.
        pair(
            "厦门瀚屿轴承有限公司||0592-6128801|sales@hanyu-bearing.cn|厦门市海川大道128号|沈若清|厦门",
            "Xiamen Hanyu Bearing Co., Ltd.||+86 592 6128801|sales@hanyu-bearing.cn|厦门市海川大道128号|沈若清|厦门",
        ),
        pair(
            "Krämer Sensorik GmbH||+49 89 44001234|info@kraemer-sensorik.de|Lindenstraße 12, München|Jürgen Krämer|München",
            "KRAEMER SENSORIK G.m.b.H.||0049 89 44001234|einkauf@kraemer-sensorik.de|Lindenstr. 12, Muenchen||Muenchen",
        ),
    ]
}

/// Pairs that agree in nearly everything and are two companies.
fn pairs_of_two() -> Vec<[String; 2]> {
    let pair = |one: &str, other: &str| [one.to_owned(), other.to_owned()];
    let rest = "13916228001|shen@163.com|海川大道128号|沈若清|福州";
    vec![
        // Everything agrees but the tax id.
        pair(
            &format!("福州瀚屿轴承有限公司|{TAX}|{rest}"),
            &format!("福州瀚屿轴承有限公司|{OTHER_TAX}|{rest}"),
        ),
        // A branch bills under its head office's number.
        pair(
            &format!("福州瀚屿轴承有限公司|{TAX}|{rest}"),
            &format!("福州瀚屿轴承有限公司泉州分公司|{TAX}|{rest}"),
        ),
        pair(
            &format!("福州瀚屿轴承有限公司漳州分公司|{TAX}|{rest}"),
            &format!("福州瀚屿轴承有限公司泉州分公司|{TAX}|{rest}"),
        ),
        // Sisters share name, domain and site, and that is no proof.
        pair(
            "福州瀚屿轴承有限公司|||info@hanyu.cn|海川大道128号||福州",
            "福州瀚屿电缆有限公司|||info@hanyu.cn|海川大道128号||福州",
        ),
        pair(
            "福州瀚屿轴承有限公司|||info@hanyu.cn|||福州",
            "泉州瀚屿轴承有限公司|||info@hanyu.cn|||泉州",
        ),
    ]
}

#[test]
fn records_of_one_company_meet() {
    for [one, other] in pairs_of_one() {
        assert_eq!(clustered(&[&one, &other]).0, [0, 0], "{one}\n{other}");
    }
}

#[test]
fn hard_rules_keep_companies_apart() {
    for [one, other] in pairs_of_two() {
        assert_eq!(clustered(&[&one, &other]).0, [0, 1], "{one}\n{other}");
    }
}

#[test]
fn a_record_between_two_tax_ids_joins_neither() {
    let rest = "||海川大道128号|沈若清|福州";
    let (clusters, review) = clustered(&[
        &format!("福州瀚屿轴承有限公司|{TAX}|13916228001{rest}"),
        &format!("福州瀚屿轴承有限公司|{OTHER_TAX}|13916228001{rest}"),
        &format!("福州瀚屿轴承有限公司||13916228001{rest}"),
    ]);
    assert_eq!(clusters, [0, 1, 2]);
    assert!(review.iter().any(|(_, other)| *other == 2), "{review:?}");
}

#[test]
fn a_former_name_leads_to_the_company() {
    let (clusters, _) = clustered(&[
        "福州沪达轴承有限公司||13916228001|||沈若清|福州",
        "福州瀚屿轴承有限公司（原名：福州沪达轴承有限公司）||13916228001|||沈若清|福州",
    ]);
    assert_eq!(clusters, [0, 0]);
}

#[test]
fn names_that_name_nobody_prove_nothing() {
    let (clusters, _) = clustered(&[
        "测试客户||||||上海",
        "测试客户||||||上海",
        "aaa||021-61288001||||",
        "aaa||021-61288001||||",
        "||||||",
        "||||||",
        "😀😀||||||",
        "😀😀||||||",
    ]);
    assert_eq!(clusters, [0, 1, 2, 3, 4, 5, 6, 7]);
}

#[test]
fn an_agents_phone_does_not_join_its_clients() {
    let lines: Vec<String> = (0..528)
        .map(|index| {
            let (one, two) = (
                "甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉戌亥",
                "澜屿禾舟棠砚麦柏沐简竹蔚鹿梧槐序岚溪野声里北鸣桐",
            );
            let brand: String = [
                one.chars().nth(index % 22).unwrap_or('甲'),
                two.chars().nth(index / 22 % 24).unwrap_or('澜'),
            ]
            .iter()
            .collect();
            format!("福州{brand}轴承有限公司||13916228001||||福州")
        })
        .collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let (clusters, _) = clustered(&lines);
    assert_eq!(clusters, (0..528).collect::<Vec<u32>>());
}

#[test]
fn order_and_threads_change_nothing() {
    let lines = [
        "福州瀚屿轴承有限公司||13916228001|||沈若清|福州",
        "福州瀚屿轴承||13916228001|||沈若清|福州",
        "泉州麦澜电缆有限公司||13816228002|||何以安|泉州",
        "麦澜电缆（泉州）有限公司||13816228002|||何以安|",
    ];
    assert_eq!(clustered(&lines).0, [0, 0, 2, 2]);
    let mut turned = lines;
    turned.reverse();
    assert_eq!(clustered(&turned).0, [0, 0, 2, 2]);
    let profiles: Vec<Profile> = lines.iter().map(|line| profile(line)).collect();
    let policy = MatchPolicy::default();
    assert_eq!(dedupe(&profiles, &policy, 1), dedupe(&profiles, &policy, 4));
}

#[test]
fn reasons_add_up() {
    let profiles = [
        profile("福州瀚屿轴承有限公司||13916228001|||沈若清|福州"),
        profile("福州瀚屿轴承||13916228002|||沈若清|福州"),
    ];
    let policy = MatchPolicy {
        same_bits: 1_000.0,
        review_bits: -1_000.0,
        ..MatchPolicy::default()
    };
    let review = dedupe(&profiles, &policy, 1).review;
    let [suggestion] = review.as_slice() else {
        panic!("{review:?}")
    };
    let levels: Vec<Level> = suggestion.score.reasons.iter().map(|r| r.level).collect();
    for level in [
        Level::BrandSame,
        Level::TradeSame,
        Level::PhoneDiffers,
        Level::PersonSame,
    ] {
        assert!(levels.contains(&level), "{level:?} in {levels:?}");
    }
}

proptest! {
    #[test]
    fn comparing_is_symmetric(
        one in "(?s)[上海福州瀚屿麦澜轴承电缆有限公司分集团（）a-c 0-9😀]{0,20}",
        other in "(?s)[上海福州瀚屿麦澜轴承电缆有限公司分集团（）a-c 0-9😀]{0,20}",
        phones in "(13916228001|021-61288001)?[|](13916228001|021-61288001)?",
    ) {
        let (first, second) = phones.split_once('|').unwrap_or_default();
        let profiles = [
            profile(&format!("{one}||{first}||||")),
            profile(&format!("{other}||{second}||||")),
        ];
        let rarities = population::rarities(&profiles);
        let seen = |index: usize| compare::Seen { profile: &profiles[index], rarity: &rarities[index] };
        prop_assert_eq!(compare::compare(seen(0), seen(1)), compare::compare(seen(1), seen(0)));
    }
}
