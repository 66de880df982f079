//! Places in Chinese company names, by a dictionary of administrative divisions.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::sound;
use super::words::{ByWord, Words, section};

const LIST: &str = include_str!("../../data/places.txt");

/// How surely a word at the beginning of a name is a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Certainty {
    /// A province, a city, or a county that is hardly a brand.
    Certain,
    /// A place by its suffix, or behind another place; else more probably a brand.
    WithSuffix,
}

static PLACES: LazyLock<ByWord<Certainty>> = LazyLock::new(|| {
    let certain = ["country", "province", "city", "county"]
        .into_iter()
        .flat_map(|name| section(LIST, name))
        .map(|place| (place, Certainty::Certain));
    let ambiguous = section(LIST, "ambiguous").map(|place| (place, Certainty::WithSuffix));
    // A place that stands in both lists is the less certain one.
    certain.chain(ambiguous).collect()
});

/// Divisions' suffixes, longest first. Only 市 and 省 are dropped from a name's key.
const SUFFIXES: [&str; 12] = [
    "维吾尔自治区",
    "壮族自治区",
    "回族自治区",
    "特别行政区",
    "自治区",
    "自治州",
    "地区",
    "新区",
    "省",
    "市",
    "县",
    "区",
];

/// Words that begin with 市 or 省, so that the letter is no suffix before them.
const NO_SUFFIX: [&str; 15] = [
    "市政", "市场", "市民", "市区", "市郊", "市容", "市立", "市属", "市直", "市井", "市值", "市售",
    "省心", "省属", "省直",
];

/// The longest name in the dictionary, in characters.
const LONGEST: usize = 4;

/// A place at the beginning of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Leading<'t> {
    /// The place without its suffix.
    name: &'t str,
    /// The suffix that follows, or nothing.
    suffix: &'static str,
    /// What follows both.
    rest: &'t str,
}

fn leading(text: &str, behind_a_place: bool) -> Option<Leading<'_>> {
    let ends: Vec<usize> = text
        .char_indices()
        .map(|(start, c)| start + c.len_utf8())
        .collect();
    ends.iter().take(LONGEST).rev().find_map(|end| {
        let (name, rest) = text.split_at(*end);
        let certainty = PLACES.get(name)?;
        let suffix = if NO_SUFFIX.iter().any(|word| rest.starts_with(word)) {
            ""
        } else {
            SUFFIXES
                .into_iter()
                .find(|suffix| rest.starts_with(suffix))
                .unwrap_or_default()
        };
        let counts = *certainty == Certainty::Certain || behind_a_place || !suffix.is_empty();
        counts.then(|| Leading {
            name,
            suffix,
            rest: &rest[suffix.len()..],
        })
    })
}

/// The places that a text begins with, from the widest, and what is left.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Prefix<'t> {
    /// The places without suffixes: `浙江宁波`.
    pub(super) places: String,
    /// The places as a key has them: without 市 and 省, other suffixes kept.
    pub(super) key: String,
    /// What follows.
    pub(super) rest: &'t str,
}

/// Splits off at most three places. A second or third one is a place only if `leaves_a_name` says
/// that what follows it can still be a name: 浙江泰兴电器 has the brand 泰兴, a place elsewhere.
pub(super) fn split<'t>(text: &'t str, leaves_a_name: impl Fn(&str) -> bool) -> Prefix<'t> {
    let mut prefix = Prefix {
        rest: text,
        ..Prefix::default()
    };
    for level in 0..3 {
        let Some(found) = leading(prefix.rest, level > 0) else {
            break;
        };
        if level > 0 && !leaves_a_name(found.rest) {
            break;
        }
        prefix.places.push_str(found.name);
        prefix.key.push_str(found.name);
        if !matches!(found.suffix, "市" | "省") {
            prefix.key.push_str(found.suffix);
        }
        prefix.rest = found.rest;
    }
    prefix
}

/// The places without suffixes if the whole text is places: `上海市` is `上海`.
pub(crate) fn whole(text: &str) -> Option<String> {
    let prefix = split(text, |_| true);
    if prefix.rest.is_empty() && !prefix.places.is_empty() {
        return Some(prefix.places);
    }
    // In brackets an ambiguous name needs no suffix: 川可（东方）… leaves no doubt.
    PLACES.contains_key(text).then(|| text.to_owned())
}

/// The divisions that a text of places is made of, from the widest: `浙江宁波` is 浙江 and 宁波.
///
/// What follows the last place that the dictionary has is passed over: 宁波北仑 is 宁波.
pub(crate) fn divisions(text: &str) -> Vec<&'static str> {
    let mut divisions = Vec::new();
    let mut rest = text;
    while let Some(found) = leading(rest, true) {
        let Some((name, _)) = PLACES.get_key_value(found.name) else {
            break;
        };
        divisions.push(*name);
        rest = found.rest;
    }
    divisions
}

/// Whether a division is a province or a country, so that a city may lie in it.
pub(crate) fn is_wide(division: &str) -> bool {
    static WIDE: LazyLock<Words> = LazyLock::new(|| {
        let cities = ["北京", "天津", "上海", "重庆", "香港", "澳门"];
        ["country", "province"]
            .into_iter()
            .flat_map(|name| section(LIST, name))
            .filter(|place| !cities.contains(place))
            .collect()
    });
    WIDE.contains(division)
}

/// The city or province whose name is spelt so in Latin letters: `shanghai` is 上海.
///
/// Where two are spelt alike, the one that stands first in the list of divisions.
pub(crate) fn spelt_in_latin(word: &str) -> Option<&'static str> {
    static SPELLINGS: LazyLock<HashMap<String, &'static str>> = LazyLock::new(|| {
        let mut spellings = HashMap::new();
        for list in ["province", "city", "county"] {
            for place in section(LIST, list) {
                spellings.entry(sound::of(place)).or_insert(place);
            }
        }
        spellings
    });
    SPELLINGS.get(word).copied()
}

/// Where the place begins that a text ends with, if it ends with one.
pub(crate) fn trailing_start(text: &str) -> Option<usize> {
    let starts: Vec<usize> = text.char_indices().map(|(start, _)| start).collect();
    let from = starts.len().saturating_sub(LONGEST + 1);
    starts[from..]
        .iter()
        .copied()
        .find(|start| whole(&text[*start..]).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, places: &str, key: &str, rest: &str) {
        let prefix = split(text, |rest| !rest.is_empty());
        assert_eq!(
            (prefix.places.as_str(), prefix.key.as_str(), prefix.rest),
            (places, key, rest)
        );
    }

    #[test]
    fn places_lead_a_name() {
        check("上海川可", "上海", "上海", "川可");
        check("上海市川可", "上海", "上海", "川可");
        check("浙江省宁波市川可", "浙江宁波", "浙江宁波", "川可");
        check(
            "浙江省宁波市慈溪市川可",
            "浙江宁波慈溪",
            "浙江宁波慈溪",
            "川可",
        );
        check(
            "广西壮族自治区南宁川可",
            "广西南宁",
            "广西壮族自治区南宁",
            "川可",
        );
        check("上海市浦东新区川可", "上海浦东", "上海浦东新区", "川可");
        check("上海市政川可", "上海", "上海", "市政川可");
        check("川可", "", "", "川可");
        check("", "", "", "");
    }

    #[test]
    fn an_ambiguous_place_needs_a_suffix_or_a_place_before_it() {
        check("东方明珠", "", "", "东方明珠");
        check("东方市明珠", "东方", "东方", "明珠");
        check("海南东方明珠", "海南东方", "海南东方", "明珠");
        check("浙江泰兴", "浙江", "浙江", "泰兴");
    }

    #[test]
    fn a_bracket_may_be_a_place() {
        assert_eq!(whole("上海").as_deref(), Some("上海"));
        assert_eq!(whole("上海市").as_deref(), Some("上海"));
        assert_eq!(whole("中国").as_deref(), Some("中国"));
        assert_eq!(whole("集团"), None);
        assert_eq!(whole(""), None);
        assert_eq!(trailing_start("川可杭州市"), Some("川可".len()));
        assert_eq!(trailing_start("川可"), None);
    }

    #[test]
    fn the_dictionary_is_whole() {
        assert_eq!(section(LIST, "province").count(), 34);
        assert!(section(LIST, "city").count() > 330);
        assert!(
            PLACES
                .keys()
                .all(|place| (2..=LONGEST).contains(&place.chars().count()))
        );
    }
}
