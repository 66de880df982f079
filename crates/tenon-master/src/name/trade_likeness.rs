//! Whether two trades may be one: the same, one shortened, one translated, or two.

use std::sync::LazyLock;

use super::words::ByWord;

const TRANSLATIONS: &str = include_str!("../../data/trade_translations.txt");

static CHINESE_OF: LazyLock<ByWord<Vec<&'static str>>> = LazyLock::new(|| {
    TRANSLATIONS
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            Some((words.next()?, words.collect()))
        })
        .collect()
});

/// Short forms of trades that do not keep the long form's characters in order, and the long forms.
const SHORT_FORMS: [(&str, &str); 12] = [
    ("汽配", "汽车零部件"),
    ("汽配", "汽车配件"),
    ("外贸", "进出口"),
    ("外贸", "国际贸易"),
    ("商贸", "贸易"),
    ("进出口", "进出口贸易"),
    ("医药", "药业"),
    ("通讯", "通信"),
    ("塑料", "塑胶"),
    ("服饰", "服装"),
    ("电气", "电器"),
    ("饮食", "餐饮"),
];

/// How two trades stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TradeLikeness {
    /// The same words.
    Same,
    /// One is a short form of the other.
    Shortened,
    /// One of them is not given, or both.
    Missing,
    /// Two different ones.
    Different,
}

/// Compares two trades of Chinese names.
pub(crate) fn compare_chinese(one: &str, other: &str) -> TradeLikeness {
    if one.is_empty() || other.is_empty() {
        return TradeLikeness::Missing;
    }
    if one == other {
        return TradeLikeness::Same;
    }
    let (short, long) = if one.len() <= other.len() {
        (one, other)
    } else {
        (other, one)
    };
    let listed = SHORT_FORMS.iter().any(|(brief, full)| {
        (*brief == short && *full == long) || (*full == short && *brief == long)
    });
    if listed || is_within(short, long) {
        TradeLikeness::Shortened
    } else {
        TradeLikeness::Different
    }
}

/// Whether all characters of `short` stand in `long`, in their order: 建工 in 建筑工程.
fn is_within(short: &str, long: &str) -> bool {
    let mut rest = long.chars();
    short
        .chars()
        .all(|wanted| rest.any(|found| found == wanted))
}

/// Compares a Chinese trade with the trade words of a Latin name.
pub(crate) fn compare_translated(chinese: &str, latin: &[&str]) -> TradeLikeness {
    let known: Vec<&Vec<&str>> = latin
        .iter()
        .filter_map(|word| CHINESE_OF.get(*word))
        .collect();
    if chinese.is_empty() || known.is_empty() {
        return TradeLikeness::Missing;
    }
    let fits = |meanings: &&Vec<&str>| {
        meanings
            .iter()
            .any(|meaning| chinese.contains(*meaning) || is_within(chinese, meaning))
    };
    let fitting = known.iter().filter(|meanings| fits(meanings)).count();
    if fitting == known.len() {
        TradeLikeness::Same
    } else if fitting > 0 {
        TradeLikeness::Shortened
    } else {
        TradeLikeness::Different
    }
}

/// Whether a Latin word says a trade, in full.
pub(crate) fn is_latin_trade(word: &str) -> bool {
    CHINESE_OF.contains_key(word) || super::trade::is_latin(word)
}

/// Compares the words behind the brand of two Latin names.
///
/// Words are paired if they are equal or one abbreviates the other; what remains on both sides makes
/// the trades two, what remains on one side is left open.
pub(crate) fn compare_latin(one: &[&str], other: &[&str]) -> TradeLikeness {
    if one.is_empty() || other.is_empty() {
        return TradeLikeness::Missing;
    }
    if one == other {
        return TradeLikeness::Same;
    }
    let mut left: Vec<&str> = other.to_vec();
    let mut unpaired = 0_usize;
    let mut paired = 0_usize;
    for word in one {
        match left
            .iter()
            .position(|candidate| is_one_word(word, candidate))
        {
            Some(found) => {
                left.remove(found);
                paired += 1;
            }
            None => unpaired += 1,
        }
    }
    match (unpaired, left.len()) {
        (0, 0) => TradeLikeness::Shortened,
        (0, _) | (_, 0) if paired > 0 => TradeLikeness::Shortened,
        _ => TradeLikeness::Different,
    }
}

/// Whether two Latin words are one: equal, one the other's abbreviation, or one letter apart.
fn is_one_word(one: &str, other: &str) -> bool {
    if one == other {
        return true;
    }
    let (short, long) = if one.len() <= other.len() {
        (one, other)
    } else {
        (other, one)
    };
    is_abbreviation(short, long) || (short.len() >= 6 && strsim::osa_distance(short, long) <= 1)
}

/// Whether `short` abbreviates `long`: its letters in order, the first first, and shorter by two.
fn is_abbreviation(short: &str, long: &str) -> bool {
    short.len() >= 2
        && short.len() + 2 <= long.len()
        && short.as_bytes().first() == long.as_bytes().first()
        && is_within(short, long)
}

#[cfg(test)]
mod tests {
    use super::TradeLikeness::{Different, Missing, Same, Shortened};
    use super::*;

    #[test]
    fn chinese_trades_are_compared() {
        let check = |one: &str, other: &str, expected: TradeLikeness| {
            assert_eq!(compare_chinese(one, other), expected, "{one} {other}");
            assert_eq!(compare_chinese(other, one), expected, "{other} {one}");
        };
        check("电缆", "电缆", Same);
        check("建工", "建筑工程", Shortened);
        check("汽配", "汽车零部件", Shortened);
        check("阀门", "阀门制造", Shortened);
        check("", "阀门", Missing);
        check("阀门", "电缆", Different);
    }

    #[test]
    fn translations_are_compared() {
        let check = |chinese: &str, latin: &str, expected: TradeLikeness| {
            let words: Vec<&str> = latin.split(' ').collect();
            assert_eq!(compare_translated(chinese, &words), expected, "{latin}");
        };
        check("阀门制造", "valve manufacturing", Same);
        check("电缆", "cable", Same);
        check("电缆科技", "valve technology", Shortened);
        check("电缆", "furniture", Different);
        check("电缆", "frobnication", Missing);
    }

    #[test]
    fn latin_trades_are_compared() {
        let check = |one: &str, other: &str, expected: TradeLikeness| {
            let one: Vec<&str> = one.split_whitespace().collect();
            let other: Vec<&str> = other.split_whitespace().collect();
            assert_eq!(compare_latin(&one, &other), expected, "{one:?} {other:?}");
            assert_eq!(compare_latin(&other, &one), expected, "{other:?} {one:?}");
        };
        check("cable trading", "cable trading", Same);
        check("manufacturing", "mfg", Shortened);
        check("international group", "intl grp", Shortened);
        check("cable trading", "cable", Shortened);
        check("cable", "valves", Different);
        check("", "valves", Missing);
    }
}
