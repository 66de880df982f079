//! What likeness compares of a name: its parts, short enough to keep for a million records.

use serde::{Deserialize, Serialize};
use tenon_core::text::is_cjk;

use super::fingerprint::{self, NONE};
use crate::name::{self, ParsedName, legal_form, place, sound, trade_likeness};

/// What the legal form says, as far as it tells legal persons apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Form {
    /// None is given, or one that says no more than 公司.
    Unsaid,
    /// 有限公司 and what is the same.
    Limited,
    /// 股份有限公司.
    ByShares,
    /// Any other, by its one spelling.
    Other(u32),
}

/// A name as likeness sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct NameTraits {
    /// Written in Chinese characters; else in words.
    pub(super) is_chinese: bool,
    /// It names nobody: a test entry, nothing.
    pub(super) is_placeholder: bool,
    /// A full registered name, legal form included.
    pub(super) is_full: bool,
    /// The place ends it, so that as a short name it may mean a branch there.
    pub(super) place_ends_it: bool,
    /// The brand. Of Latin names, all words of the name but place and form, umlauts as one letter.
    pub(super) brand: Box<str>,
    /// How many words of `brand` are the brand, the others being trade; Latin names only.
    pub(super) brand_words: u8,
    /// The trade of a Chinese name.
    pub(super) trade: Box<str>,
    /// How the brand sounds.
    pub(super) sound: u64,
    /// How else it may sound; [`NONE`] if there is no other way.
    pub(super) other_sound: u64,
    /// The first word of a Latin name; the sound of a Chinese one.
    pub(super) root: u64,
    /// The city in the name.
    pub(super) city: u64,
    /// The province in the name, or the country.
    pub(super) province: u64,
    /// The legal form.
    pub(super) form: Form,
    /// The full registered name.
    pub(super) whole: u64,
    /// The branch that it is; [`NONE`] for the company itself.
    pub(super) branch: u64,
    /// The city of that branch, if it is one of the dictionary.
    pub(super) branch_city: u64,
}

/// The former names that a text states beside the name: 川可（原名沪达贸易有限公司）.
const FORMERLY: [&str; 9] = [
    "原名称",
    "原名",
    "曾用名",
    "formerly known as",
    "formerly",
    "f/k/a",
    "fka",
    "前身",
    "原",
];

/// The name in a text, and the former name that it states, if it does.
pub(super) fn read(text: &str) -> (NameTraits, Option<NameTraits>) {
    let text = text.get(..floor_boundary(text, LONGEST)).unwrap_or(text);
    let former = former_name(text).map(|former| traits(&former));
    (traits(text), former.filter(|former| former.is_full))
}

/// Bytes of a name that are looked at; no register holds a longer one.
const LONGEST: usize = 600;

fn floor_boundary(text: &str, at_most: usize) -> usize {
    (0..=at_most.min(text.len()))
        .rev()
        .find(|end| text.is_char_boundary(*end))
        .unwrap_or(0)
}

fn former_name(text: &str) -> Option<String> {
    let open = text.rfind(['(', '（'])?;
    let bracketed = text[open..]
        .trim_start_matches(['(', '（'])
        .trim_end()
        .trim_end_matches([')', '）']);
    let lower = bracketed.to_lowercase();
    let mark = FORMERLY.into_iter().find(|mark| lower.starts_with(mark))?;
    let name = lower[mark.len()..].trim_start_matches([':', '：', ' ', '为']);
    (name.chars().count() >= 4).then(|| name.to_owned())
}

fn traits(text: &str) -> NameTraits {
    let mut parsed = name::parse(&without_person(text).replace("公分司", "分公司"));
    if parsed.legal_form.is_none()
        && let Some(right) = legal_form::put_right(&parsed.normalised)
    {
        parsed = name::parse(&right);
    }
    if parsed.normalised.chars().any(is_cjk) {
        chinese(parsed)
    } else {
        latin(parsed)
    }
}

/// Takes off a person that a seller noted behind a name: `（张总）`.
fn without_person(text: &str) -> &str {
    const TITLES: [&str; 7] = ["总", "经理", "先生", "女士", "小姐", "老板", "工"];
    let closed = text.trim_end().strip_suffix([')', '）']);
    closed
        .and_then(|inner| {
            let open = inner.rfind(['(', '（'])?;
            let person = inner[open..].trim_start_matches(['(', '（']);
            let short = person.chars().count() <= 5;
            let titled = TITLES.iter().any(|title| person.ends_with(title));
            (short && titled && open > 0).then(|| &inner[..open])
        })
        .unwrap_or(text)
}

fn chinese(parsed: ParsedName) -> NameTraits {
    let mut brand = parsed.brand.as_str();
    let mut trade = parsed.trade.as_deref().unwrap_or_default();
    let mut places = parsed.place.clone().unwrap_or_default();
    let mut place_ends_it = parsed.place_ends_it;
    // 川可实业西安有限公司, 川可西安实业: the brackets around the place were lost.
    if let Some(start) = place::trailing_start(brand)
        && brand[..start].chars().count() >= 2
        && place::divisions(&places)
            .iter()
            .all(|known| place::is_wide(known))
    {
        place_ends_it |= trade.is_empty() && parsed.legal_form.is_none();
        places = place::whole(&brand[start..]).unwrap_or_default();
        let (inner_brand, inner_trade) = name::brand_and_trade(&brand[..start]);
        brand = inner_brand;
        if trade.is_empty() {
            trade = inner_trade;
        }
    }
    // 川可2: a clerk's second entry.
    let unnumbered = brand.trim_end_matches(|c: char| c.is_ascii_digit());
    if unnumbered.chars().any(is_cjk) {
        brand = unnumbered;
    }
    let divisions = place::divisions(&places);
    let spoken = sound::of(brand);
    let (branch, branch_city) = parsed.branch.as_deref().map_or((NONE, NONE), branch_of);
    let heard = fingerprint::of(&spoken);
    NameTraits {
        is_chinese: true,
        is_placeholder: parsed.is_placeholder,
        is_full: parsed.full_key.is_some() && parsed.legal_form.as_deref() != Some("公司"),
        place_ends_it: place_ends_it && branch == NONE,
        brand_words: 0,
        sound: heard,
        other_sound: sound::otherwise(brand).map_or(NONE, |other| fingerprint::of(&other)),
        root: heard,
        city: narrowest(&divisions),
        province: widest(&divisions),
        form: form(parsed.legal_form.as_deref()),
        whole: parsed.full_key.as_deref().map_or(NONE, fingerprint::of),
        branch,
        branch_city,
        brand: brand.into(),
        trade: trade.into(),
    }
}

fn latin(parsed: ParsedName) -> NameTraits {
    let plain = |word: &str| {
        word.replace("ae", "a")
            .replace("oe", "o")
            .replace("ue", "u")
    };
    let all: Vec<&str> = parsed
        .brand
        .split(' ')
        .chain(parsed.trade.as_deref().unwrap_or_default().split(' '))
        .filter(|word| word.chars().any(char::is_alphanumeric))
        .collect();
    let (place, words) = leading_place(&all);
    let brand_words = words
        .iter()
        .skip(1)
        .position(|word| trade_likeness::is_latin_trade(word))
        .map_or(words.len(), |position| position + 1);
    let in_brackets = parsed
        .place
        .as_deref()
        .and_then(|text| place::spelt_in_latin(&text.replace(' ', "")));
    let divisions: Vec<&str> = place.or(in_brackets).into_iter().collect();
    let (branch, branch_city) = parsed.branch.as_deref().map_or((NONE, NONE), branch_of);
    NameTraits {
        is_chinese: false,
        is_placeholder: parsed.is_placeholder,
        is_full: parsed.full_key.is_some(),
        place_ends_it: false,
        brand_words: u8::try_from(brand_words).unwrap_or(u8::MAX),
        sound: fingerprint::of(&words[..brand_words].concat()),
        other_sound: NONE,
        root: words
            .first()
            .map_or(NONE, |word| fingerprint::of(&plain(word))),
        city: narrowest(&divisions),
        province: widest(&divisions),
        form: form(parsed.legal_form.as_deref()),
        whole: parsed.full_key.as_deref().map_or(NONE, fingerprint::of),
        branch,
        branch_city,
        brand: plain(&words.join(" ")).into(),
        trade: Box::default(),
    }
}

/// The Chinese city that a Latin name begins with, and the words behind it, at least one.
fn leading_place<'w>(words: &'w [&'w str]) -> (Option<&'static str>, &'w [&'w str]) {
    for length in [2, 1] {
        if words.len() > length
            && let Some(place) = place::spelt_in_latin(&words[..length].concat())
        {
            return (Some(place), &words[length..]);
        }
    }
    (None, words)
}

/// A branch by its place where it has one, so that 上海分公司 and `Shanghai Branch` are one; and
/// that place.
fn branch_of(branch: &str) -> (u64, u64) {
    let in_words = branch
        .split(' ')
        .find_map(place::spelt_in_latin)
        .or_else(|| place::divisions(branch).last().copied());
    (
        fingerprint::of_parts(&["branch", in_words.unwrap_or(branch)]),
        in_words.map_or(NONE, fingerprint::of),
    )
}

fn narrowest(divisions: &[&str]) -> u64 {
    let city = divisions.iter().rfind(|division| !place::is_wide(division));
    city.map_or(NONE, |city| fingerprint::of(city))
}

fn widest(divisions: &[&str]) -> u64 {
    let wide = divisions.iter().find(|division| place::is_wide(division));
    wide.map_or(NONE, |province| fingerprint::of(province))
}

fn form(form: Option<&str>) -> Form {
    match form {
        None | Some("公司" | "集团") => Form::Unsaid,
        Some("有限公司") => Form::Limited,
        Some("股份有限公司" | "股份公司") => Form::ByShares,
        Some(other) => Form::Other((fingerprint::of(other) >> 32) as u32),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(text: &str) -> NameTraits {
        read(text).0
    }

    #[test]
    fn parts_are_found_without_brackets_too() {
        for text in [
            "川可实业（西安）有限公司",
            "川可实业西安有限公司",
            "川可西安实业有限公司",
            "西安川可实业有限公司",
            "西安市川可实业有公限司",
        ] {
            let traits = of(text);
            assert_eq!((&*traits.brand, &*traits.trade), ("川可", "实业"), "{text}");
            assert_eq!(traits.city, fingerprint::of("西安"), "{text}");
            assert_eq!(traits.form, Form::Limited, "{text}");
            assert!(traits.is_full && traits.branch == NONE, "{text}");
        }
    }

    #[test]
    fn an_english_name_sounds_like_the_chinese_one() {
        let (chinese, english) = (
            of("上海川可贸易有限公司杭州分公司"),
            of("Shanghai Chuan Ke Trading Co., Ltd. Hangzhou Branch"),
        );
        assert_eq!(chinese.sound, english.sound);
        assert_eq!(chinese.city, english.city);
        assert_eq!(chinese.branch, english.branch);
        assert_ne!(chinese.branch, NONE);
    }

    #[test]
    fn notes_and_former_names_are_apart() {
        assert_eq!(of("川可贸易（张总）").brand, of("川可贸易").brand);
        let (now, former) = read("上海川可贸易有限公司（原名：上海沪达贸易有限公司）");
        assert_eq!((&*now.brand, &*former.unwrap().brand), ("川可", "沪达"));
        assert_eq!(read("上海川可贸易有限公司").1, None);
        assert!(of("测试客户").is_placeholder && of("aaa").is_placeholder && of("").is_placeholder);
    }

    proptest! {
        #[test]
        fn any_text_has_traits(text in "(?s)(\\PC|[上海川可贸易有限公司分(（原名总)）2😀a ]){0,40}") {
            read(&text);
        }
    }

    #[test]
    fn endless_names_are_cut() {
        for text in [
            "川可".repeat(5_000),
            "😀".repeat(10_000),
            "a b ".repeat(5_000),
        ] {
            assert!(of(&text).brand.len() <= 2 * LONGEST);
        }
    }
}
