//! What names mean, by example and by property.

use proptest::prelude::*;

use super::*;

fn same(names: &[&str]) {
    let keys: Vec<Option<String>> = names.iter().map(|name| parse(name).full_key).collect();
    assert!(keys[0].is_some(), "{names:?} have a key");
    assert!(
        keys.windows(2).all(|pair| pair[0] == pair[1]),
        "{names:?}: {keys:?}"
    );
}

fn different(left: &str, right: &str) {
    let (left_key, right_key) = (parse(left).full_key, parse(right).full_key);
    assert!(
        left_key.is_some() && left_key != right_key,
        "{left} / {right}: {left_key:?}"
    );
}

fn check(name: &str, place: &str, brand: &str, trade: &str, form: &str, branch: &str) {
    let parsed = parse(name);
    let text = |part: &Option<String>| part.clone().unwrap_or_default();
    assert_eq!(
        [
            text(&parsed.place),
            parsed.brand.clone(),
            text(&parsed.trade),
            text(&parsed.legal_form),
            text(&parsed.branch)
        ],
        [place, brand, trade, form, branch],
        "{name}"
    );
}

#[test]
fn chinese_names_come_apart() {
    check(
        "上海川可贸易有限公司",
        "上海",
        "川可",
        "贸易",
        "有限公司",
        "",
    );
    check(
        "上海市川可贸易有限责任公司",
        "上海",
        "川可",
        "贸易",
        "有限公司",
        "",
    );
    check(
        "川可（上海）国际贸易有限公司",
        "上海",
        "川可",
        "国际贸易",
        "有限公司",
        "",
    );
    check(
        "川可贸易（上海）有限公司",
        "上海",
        "川可",
        "贸易",
        "有限公司",
        "",
    );
    check(
        "浙江省宁波市海达电器股份有限公司",
        "浙江宁波",
        "海达",
        "电器",
        "股份有限公司",
        "",
    );
    check("ABB（中国）有限公司", "中国", "abb", "", "有限公司", "");
    check("3M中国有限公司", "", "3m中国", "", "有限公司", "");
    check("海尔(集团)公司", "", "海尔", "集团", "公司", "");
    check("上海贸易有限公司", "上海", "", "贸易", "有限公司", "");
    check(
        "上海市政工程有限公司",
        "上海",
        "",
        "市政工程",
        "有限公司",
        "",
    );
    check("新科技有限公司", "", "新科技", "", "有限公司", "");
    check("株式会社川可", "", "川可", "", "株式会社", "");
    check("川可", "", "川可", "", "", "");
    check("", "", "", "", "", "");
}

#[test]
fn branches_are_seen() {
    check(
        "上海川可贸易有限公司杭州分公司",
        "上海",
        "川可",
        "贸易",
        "有限公司",
        "杭州分公司",
    );
    check(
        "上海川可贸易有限公司（杭州市分公司）",
        "上海",
        "川可",
        "贸易",
        "有限公司",
        "杭州分公司",
    );
    check(
        "上海川可贸易有限公司第二分公司",
        "上海",
        "川可",
        "贸易",
        "有限公司",
        "第二分公司",
    );
    check(
        "上海川可贸易有限公司采购部",
        "上海",
        "川可",
        "贸易",
        "有限公司",
        "采购部",
    );
    for hurried in [
        "上海川可贸易有限公司杭州分",
        "上海川可贸易有限公司杭州市分公丝",
    ] {
        check(hurried, "上海", "川可", "贸易", "有限公司", "杭州分公司");
    }
    check("川可杭州分公司", "", "川可", "", "", "杭州分公司");
    check("川可第一分厂", "", "川可", "", "", "第一分厂");
    check("川可北京办事处", "", "川可", "", "", "北京办事处");
    check(
        "Philips GmbH, Shanghai Branch",
        "",
        "philips",
        "",
        "gmbh",
        "shanghai branch",
    );
    check(
        "Foo Ltd (Beijing Representative Office)",
        "beijing representative office",
        "foo",
        "",
        "ltd",
        "beijing representative office",
    );
    for company in [
        "Branch Technologies Inc",
        "上海川可分析仪器有限公司",
        "Rep Office Supplies Ltd",
    ] {
        assert_eq!(parse(company).branch, None, "{company}");
    }
}

#[test]
fn a_place_in_brackets_may_end_a_name() {
    for (name, ends) in [
        ("瑞慧机电（海口市）", true),
        ("瑞慧（海口）机电", false),
        ("海口瑞慧机电", false),
        ("瑞慧机电（李总）", false),
        ("（海口）", false),
    ] {
        assert_eq!(parse(name).place_ends_it, ends, "{name}");
    }
    check("福永亚无锡分", "", "福永亚", "", "", "无锡分公司");
}

#[test]
fn latin_names_come_apart() {
    check(
        "Philips Electronics GmbH",
        "",
        "philips",
        "electronics",
        "gmbh",
        "",
    );
    check(
        "Müller Elektrogeräte GmbH & Co. KG",
        "",
        "mueller",
        "elektrogeraete",
        "gmbh & co kg",
        "",
    );
    check(
        "Siemens (China) Co., Ltd.",
        "china",
        "siemens",
        "",
        "co ltd",
        "",
    );
    check(
        "Kota Import and Export S.r.l.",
        "",
        "kota",
        "import & export",
        "srl",
        "",
    );
    check("Philips", "", "philips", "", "", "");
}

#[test]
fn one_registered_name_has_one_key() {
    same(&[
        "上海川可贸易有限公司",
        "上海市川可贸易有限公司",
        "上海川可贸易有限责任公司",
        "上海川可貿易有限公司（停用）",
        " 上海 川可 贸易 有限公司*",
        "上海川可贸易有限公司２",
    ]);
    same(&[
        "川可（上海）贸易有限公司",
        "川可(上海市)贸易有限公司",
        "川可【上海】贸易有限公司",
        "川可上海贸易有限公司",
    ]);
    same(&[
        "上海川可贸易有限公司杭州分公司",
        "上海市川可贸易有限责任公司（杭州市分公司）",
    ]);
    same(&["杭州市第一人民医院", "杭州第一人民医院"]);
    same(&["Acme Tools Limited", "ACME TOOLS LTD.", "Acme Tools, Ltd"]);
    same(&[
        "Foo Trading Co.,Ltd.",
        "Foo Trading Company Limited",
        "FOO TRADING CO., LIMITED",
    ]);
    same(&[
        "Müller Elektro GmbH & Co. KG",
        "Mueller Elektro G.m.b.H. u. Co. KG",
        "MÜLLER ELEKTRO GMBH&CO.KG",
    ]);
    same(&[
        "Kowalski Sp. z o.o.",
        "Kowalski sp. z o. o.",
        "Kowalski Spółka z o.o.",
    ]);
    same(&["Bianchi & Rossi S.p.A.", "Bianchi and Rossi SpA"]);
    same(&["Dupont S.à r.l.", "Dupont SARL", "Dupont S.A.R.L."]);
    same(&["Siemens (China) Co., Ltd.", "Siemens China Co., Ltd."]);
}

#[test]
fn different_legal_persons_have_different_keys() {
    different("上海川可贸易有限公司", "上海川可贸易股份有限公司");
    different("上海川可贸易有限公司", "北京川可贸易有限公司");
    different("上海川可贸易有限公司", "上海川可商贸有限公司");
    different("上海川可贸易有限公司", "上海川可贸易有限公司杭州分公司");
    different(
        "上海川可贸易有限公司杭州分公司",
        "上海川可贸易有限公司宁波分公司",
    );
    different("上海川可贸易有限公司", "川可（上海）贸易有限公司");
    different("上海市政工程有限公司", "上海政工程有限公司");
    different("Foo Ltd", "Foo Co Ltd");
    different("Foo GmbH", "Foo AG");
    different("Foo GmbH", "Foo GmbH & Co KG");
    different("Muller GmbH", "Müller GmbH");
    different("Foo Pte Ltd", "Foo Pvt Ltd");
}

#[test]
fn what_does_not_name_a_legal_person_has_no_key() {
    for name in [
        "",
        " ",
        "*",
        "川可",
        "海尔集团",
        "Philips",
        "有限公司",
        "贸易有限公司",
        "人民医院",
        "张伟",
        "测试",
        "测试客户",
        "测试公司3",
        "测试有限公司",
        "aaa",
        "AAA Ltd",
        "111",
        "xxx有限公司",
        "XX贸易有限公司",
        "某某有限公司",
        "test",
        "Test Customer 2",
        "test company ltd",
        "无",
        "n/a",
        "散客",
        "未知客户",
        "????",
        "（停用）",
        "川可杭州分公司",
        "杭州分公司",
    ] {
        assert_eq!(parse(name).full_key, None, "{name}");
    }
    for name in [
        "上海测试技术有限公司",
        "AA Trading Ltd",
        "上海123贸易有限公司",
        "测试仪器（上海）有限公司",
    ] {
        assert!(parse(name).full_key.is_some(), "{name}");
    }
}

proptest! {
    #[test]
    fn any_text_parses_and_so_does_its_normal_form(
        name in "(?s)(\\PC|[上海市浙江宁波川可贸易电器()（）第一二分店厂&. ]|有限公司|分公司|集团|股份|co\\.|ltd| gmbh| branch){0,12}"
    ) {
        let parsed = parse(&name);
        let again = parse(&parsed.normalised);
        prop_assert_eq!(&again, &parsed);
        if let Some(key) = &parsed.full_key {
            prop_assert!(!key.trim().is_empty());
            prop_assert!(!parsed.is_placeholder);
        }
    }

    #[test]
    fn decoration_never_changes_the_key(
        brand in "[川可海达华芯鑫源]{2,3}",
        trade in prop::sample::select(vec!["贸易", "电器", "科技", "机械设备"]),
        place in prop::sample::select(vec!["上海", "宁波", "佛山", "义乌"]),
        note in prop::sample::select(vec!["", "（停用）", "*", "-月结", "(新)", "　"]),
    ) {
        let plain = parse(&format!("{place}{brand}{trade}有限公司")).full_key;
        let decorated = parse(&format!("{place}市{brand} {trade}有限责任公司{note}")).full_key;
        prop_assert!(plain.is_some());
        prop_assert_eq!(plain, decorated);
    }
}
