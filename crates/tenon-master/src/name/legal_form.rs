//! Legal forms: which words say them, and which of them mean the same.

/// Chinese and Japanese forms that begin a company's formal end, each with its one spelling.
///
/// A company limited by shares is another legal person than a limited company of the same name;
/// 有限责任公司 and 有限公司 are two ways to write one form.
const CJK: [(&str, &str); 16] = [
    ("股份有限责任公司", "股份有限公司"),
    ("股份有限公司", "股份有限公司"),
    ("有限责任公司", "有限公司"),
    ("有限公司", "有限公司"),
    ("股份合作公司", "股份合作公司"),
    ("股份公司", "股份公司"),
    ("总公司", "总公司"),
    ("公司", "公司"),
    ("合伙企业有限合伙", "有限合伙"),
    ("合伙企业普通合伙", "普通合伙"),
    ("特殊普通合伙", "特殊普通合伙"),
    ("合伙企业", "合伙企业"),
    ("株式会社", "株式会社"),
    ("有限会社", "有限会社"),
    ("合同会社", "合同会社"),
    ("农民专业合作社", "农民专业合作社"),
];

/// The characters with which they begin.
const FIRST_OF_CJK: &str = "股有总公合特株农";

/// Ends of names of organisations that are no companies. They say too little to stand alone:
/// every town has its 人民医院, so such a name identifies only together with its place.
const CJK_ORGANISATIONS: [&str; 45] = [
    "会计师事务所",
    "律师事务所",
    "事务所",
    "研究院",
    "研究所",
    "设计院",
    "出版社",
    "旅行社",
    "合作社",
    "经营部",
    "营业部",
    "门市部",
    "服务部",
    "销售部",
    "加工厂",
    "制造厂",
    "委员会",
    "管理局",
    "俱乐部",
    "幼儿园",
    "大酒店",
    "购物广场",
    "工作室",
    "专卖店",
    "个体工商户",
    "中心",
    "医院",
    "学校",
    "中学",
    "小学",
    "大学",
    "学院",
    "银行",
    "商行",
    "商场",
    "商店",
    "超市",
    "酒店",
    "宾馆",
    "协会",
    "基金会",
    "集团",
    "厂",
    "店",
    "局",
];

/// Latin, Cyrillic and Korean forms by their words; the first of a line is the one spelling.
const WORDS: &[&[&str]] = &[
    &["ltd", "limited"],
    &[
        "co ltd",
        "company limited",
        "co limited",
        "company ltd",
        "coltd",
        "주식회사",
        "주",
    ],
    &["pte ltd", "pte limited"],
    &[
        "pvt ltd",
        "private limited",
        "pvt limited",
        "private ltd",
        "p ltd",
    ],
    &["pty ltd", "pty limited", "proprietary limited"],
    &["plc", "public limited company"],
    &["inc", "incorporated"],
    &["corp", "corporation"],
    &["co", "company"],
    &["& co", "& company"],
    &["llc", "l l c", "limited liability company"],
    &["llp", "limited liability partnership"],
    &["lp", "limited partnership"],
    &[
        "gmbh",
        "g m b h",
        "mbh",
        "gesellschaft mbh",
        "gesellschaft mit beschraenkter haftung",
    ],
    &[
        "gmbh & co kg",
        "gmbh co kg",
        "gmbh & cokg",
        "mbh & co kg",
        "gmbh & co",
    ],
    &["gmbh & co kgaa"],
    &["ag", "aktiengesellschaft"],
    &["ag & co kg"],
    &["ag & co kgaa"],
    &["kg", "kommanditgesellschaft"],
    &["kgaa"],
    &["ohg"],
    &["gbr"],
    &["ug", "ug haftungsbeschraenkt"],
    &["ek", "e k", "e kfm"],
    &["ev", "e v"],
    &["eg", "e g"],
    &["se"],
    &[
        "sa",
        "s a",
        "societe anonyme",
        "sociedad anonima",
        "sociedade anonima",
    ],
    &[
        "sarl",
        "s a r l",
        "sa rl",
        "s a rl",
        "societe a responsabilite limitee",
    ],
    &["sas", "s a s", "societe par actions simplifiee"],
    &["sasu"],
    &["eurl"],
    &["snc", "s n c"],
    &[
        "srl",
        "s r l",
        "societa a responsabilita limitata",
        "sociedad de responsabilidad limitada",
    ],
    &["spa", "s p a", "societa per azioni"],
    &["sl", "s l", "sociedad limitada"],
    &["slu", "s l u"],
    &["lda", "limitada", "ltda"],
    &["sa de cv", "s a de c v"],
    &["s de rl de cv", "srl de cv"],
    &["bv", "b v", "besloten vennootschap"],
    &["bvba"],
    &["nv", "n v", "naamloze vennootschap"],
    &["ab", "aktiebolag"],
    &[
        "as",
        "a s",
        "aksjeselskap",
        "aktieselskab",
        "anonim sirketi",
    ],
    &["asa"],
    &["aps", "anpartsselskab"],
    &["oy", "osakeyhtioe", "osakeyhtio"],
    &["oyj"],
    &["ehf"],
    &[
        "sp z oo",
        "sp z o o",
        "sp zoo",
        "spolka z oo",
        "spolka z ograniczona odpowiedzialnoscia",
    ],
    &["sp k", "spolka komandytowa"],
    &["sro", "s r o", "spol s ro", "spol s r o"],
    &["kft", "korlatolt felelossegu tarsasag"],
    &["zrt"],
    &["nyrt"],
    &["doo", "d o o"],
    &["dd", "d d"],
    &["ood"],
    &["eood"],
    &["ou", "oue", "osauehing"],
    &["sia"],
    &["uab"],
    &[
        "ltd sti",
        "limited sirketi",
        "san tic ltd sti",
        "tic ltd sti",
    ],
    &["kk", "k k", "kabushiki kaisha"],
    &["gk", "godo kaisha"],
    &["bhd", "berhad"],
    &["sdn bhd", "sendirian berhad"],
    &["tbk"],
    &["pt", "perseroan terbatas"],
    &["jsc", "joint stock company"],
    &["ojsc"],
    &["cjsc"],
    &["pjsc"],
    &["ooo", "ооо"],
    &["oao", "оао"],
    &["zao", "зао"],
    &["pao", "пао"],
    &["ао"],
    &["fze", "fzco", "fz llc"],
    &["wll", "w l l"],
];

/// Forms that stand before the name.
const LEADING_WORDS: [&str; 11] = [
    "pt",
    "ooo",
    "ооо",
    "оао",
    "зао",
    "пао",
    "ао",
    "zao",
    "oao",
    "주식회사",
    "주",
];

/// A legal form found in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    /// Its one spelling.
    pub(super) canonical: &'static str,
    /// Where it begins, in bytes or words.
    pub(super) start: usize,
    /// Where what follows it begins.
    pub(super) end: usize,
}

/// The first company form in a Chinese name; positions are bytes. What follows it is a branch, a
/// department or a remark.
pub(super) fn first_in_chinese(text: &str) -> Option<Found> {
    let may_begin = |first: char| FIRST_OF_CJK.contains(first);
    let starts = text.char_indices().filter(|(_, first)| may_begin(*first));
    starts.map(|(start, _)| start).find_map(|start| {
        let here = &text[start..];
        let (word, canonical) = CJK.into_iter().find(|(word, _)| here.starts_with(word))?;
        // A 分公司 is no company of its own, and the form of its head office comes before it.
        let of_a_branch = word == "公司" && text[..start].ends_with(['分', '支', '子']);
        (!of_a_branch).then_some(Found {
            canonical,
            start,
            end: start + word.len(),
        })
    })
}

/// Spellings of the end 有限公司 with one character lost or two exchanged, as hurried hands type it,
/// and with one that sounds the same.
const MISSPELT: [&str; 13] = [
    "有公限司",
    "限有公司",
    "有限司公",
    "有限公丝",
    "有限公思",
    "有限公斯",
    "有限工司",
    "有线公司",
    "友限公司",
    "有限公",
    "有限司",
    "有公司",
    "限公司",
];

/// The name with its misspelt end put right; `None` if the end is not a misspelt 有限公司.
pub(crate) fn put_right(text: &str) -> Option<String> {
    let flat = text.trim_end();
    if flat.ends_with("有限公司") {
        return None;
    }
    let wrong = MISSPELT.into_iter().find(|wrong| flat.ends_with(wrong))?;
    let before = flat[..flat.len() - wrong.len()]
        .trim_end_matches("责任")
        .trim_end_matches("有限");
    (before.chars().count() >= 2).then(|| format!("{before}有限公司"))
}

/// The organisation's word that a Chinese name ends with.
pub(super) fn organisation_in_chinese(text: &str) -> Option<Found> {
    CJK_ORGANISATIONS
        .into_iter()
        .filter(|word| text.ends_with(word))
        .max_by_key(|word| word.len())
        .map(|word| Found {
            canonical: word,
            start: text.len() - word.len(),
            end: text.len(),
        })
}

/// The legal form in the words of a name; positions are words.
///
/// The last form counts: `Co` in `Foo Co Trading Ltd` is part of the name.
pub(super) fn in_words(words: &[&str]) -> Option<Found> {
    let at = |start: usize| {
        let first = *words.get(start)?;
        WORDS
            .iter()
            .flat_map(|line| line.iter().map(move |spelling| (line[0], *spelling)))
            .filter(|(_, spelling)| spelling.starts_with(first))
            .filter_map(|(canonical, spelling)| {
                let length = spelling.split(' ').count();
                let here = words.get(start..start + length)?;
                let same = here.iter().copied().eq(spelling.split(' '));
                same.then_some(Found {
                    canonical,
                    start,
                    end: start + length,
                })
            })
            .max_by_key(|found| found.end)
    };
    let leading = words
        .first()
        .is_some_and(|first| LEADING_WORDS.contains(first))
        && words.len() > 1;
    // From the left, each start with its longest spelling; of those that do not overlap, the last.
    let mut last = None;
    let mut start = 1;
    while start < words.len() {
        match at(start) {
            Some(found) => {
                start = found.end;
                last = Some(found);
            }
            None => start += 1,
        }
    }
    last.or_else(|| if leading { at(0) } else { None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_begins_where_it_is_looked_for() {
        let begins = |word: &str| word.starts_with(|first| FIRST_OF_CJK.contains(first));
        assert!(CJK.iter().all(|(word, _)| begins(word)));
    }

    #[test]
    fn chinese_forms_have_one_spelling() {
        let check = |text: &str, canonical: &str, after: &str| {
            let found = first_in_chinese(text).unwrap();
            assert_eq!(
                (found.canonical, &text[found.end..]),
                (canonical, after),
                "{text}"
            );
        };
        check("川可贸易有限公司", "有限公司", "");
        check("川可贸易有限责任公司", "有限公司", "");
        check("川可贸易股份有限公司", "股份有限公司", "");
        check("川可贸易有限公司杭州分公司", "有限公司", "杭州分公司");
        check("川可总公司", "总公司", "");
        assert_eq!(first_in_chinese("川可杭州分公司"), None);
        assert_eq!(first_in_chinese("川可"), None);
    }

    #[test]
    fn a_misspelt_form_is_put_right() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(put_right(text).as_deref(), expected, "{text}");
        };
        check("川可贸易有公限司", Some("川可贸易有限公司"));
        check("川可贸易有限公", Some("川可贸易有限公司"));
        check("川可贸易有限公司", None);
        check("川可贸易股份有限公司", None);
        check("川可公司", None);
        check("有限公", None);
    }

    #[test]
    fn words_have_one_spelling() {
        let check = |name: &str, canonical: &str, start: usize| {
            let words: Vec<&str> = name.split(' ').collect();
            let found = in_words(&words).unwrap();
            assert_eq!((found.canonical, found.start), (canonical, start), "{name}");
        };
        check("foo limited", "ltd", 1);
        check("foo trading company limited", "co ltd", 2);
        check("mueller gmbh & co kg", "gmbh & co kg", 1);
        check("foo co trading ltd", "ltd", 3);
        check("foo private limited", "pvt ltd", 1);
        check("kowalski sp z o o", "sp z oo", 1);
        check("foo ltd china", "ltd", 1);
        check("pt maju", "pt", 0);
        check("pt maju tbk", "tbk", 2);
        assert_eq!(in_words(&["philips"]), None);
        assert_eq!(in_words(&["limited"]), None);
        assert_eq!(in_words(&[]), None);
    }
}
