//! Words that say a trade.

use std::sync::LazyLock;

use super::words::{Words, section};

const LIST: &str = include_str!("../../data/trades.txt");

static CHINESE: LazyLock<Words> = LazyLock::new(|| section(LIST, "chinese").collect());
static LATIN: LazyLock<Words> = LazyLock::new(|| section(LIST, "latin").collect());

/// The longest Chinese word in the list, in characters.
const LONGEST: usize = 6;

/// Splits a text into brand and trade: as many trade words from its end as there are.
///
/// A single character is no brand; it keeps the word behind it: 新科技 is one brand.
pub(super) fn split_chinese(text: &str) -> (&str, &str) {
    let mut end = text.len();
    while let Some(start) = word_before(&text[..end]) {
        if text[..start].chars().count() == 1 {
            break;
        }
        end = start;
    }
    text.split_at(end)
}

/// Where the longest trade word begins that `text` ends with.
fn word_before(text: &str) -> Option<usize> {
    let starts: Vec<usize> = text.char_indices().map(|(start, _)| start).collect();
    let from = starts.len().saturating_sub(LONGEST);
    starts[from..]
        .iter()
        .copied()
        .find(|start| CHINESE.contains(&text[*start..]))
}

/// How many of the words are the brand; those behind it are trade words. At least one is brand.
pub(super) fn brand_words(words: &[&str]) -> usize {
    let trades = words
        .iter()
        .rev()
        .take_while(|word| LATIN.contains(*word) || **word == "&");
    words
        .len()
        .saturating_sub(trades.count())
        .max(usize::from(!words.is_empty()))
}

/// Whether a Latin word is in the list.
pub(super) fn is_latin(word: &str) -> bool {
    LATIN.contains(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trades_end_a_chinese_name() {
        let check = |text: &str, brand: &str, trade: &str| {
            assert_eq!(split_chinese(text), (brand, trade));
        };
        check("川可贸易", "川可", "贸易");
        check("川可国际贸易", "川可", "国际贸易");
        check("华芯精密制造", "华芯", "精密制造");
        check("大华电器科技发展集团", "大华", "电器科技发展集团");
        check("新科技", "新科技", "");
        check("电器", "", "电器");
        check("川可", "川可", "");
        check("", "", "");
    }

    #[test]
    fn trades_end_a_latin_name() {
        assert_eq!(brand_words(&["philips", "electronics"]), 1);
        assert_eq!(brand_words(&["import", "&", "export"]), 1);
        assert_eq!(brand_words(&["kota", "import", "&", "export"]), 1);
        assert_eq!(brand_words(&["trading"]), 1);
        assert_eq!(brand_words(&[]), 0);
    }

    #[test]
    fn no_word_is_longer_than_the_search_looks() {
        assert!(
            CHINESE
                .iter()
                .all(|word| (2..=LONGEST).contains(&word.chars().count()))
        );
        assert!(CHINESE.len() > 400 && LATIN.len() > 100);
    }
}
