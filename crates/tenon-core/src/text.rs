//! Text as business systems write it, brought to one spelling: width, script, Latin accents,
//! company names. Pure and total: every function takes any Unicode text and never fails.
//!
//! What a name *means* (its place, brand, trade, legal form) does not belong here; that is the
//! master record's knowledge.

mod company_name;

use std::borrow::Cow;
use std::sync::LazyLock;

use ferrous_opencc::OpenCC;
use ferrous_opencc::config::BuiltinConfig;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

pub use company_name::normalise_company_name;

/// How far full-width forms lie from the ASCII characters they repeat.
const WIDTH_OFFSET: u32 = 0xFEE0;

/// Turns full-width letters, digits, signs and blanks into ASCII: `ＡＢＣ（１）` is `ABC(1)`.
///
/// Everything else stays, Chinese punctuation included.
pub fn to_half_width(text: &str) -> String {
    text.chars().map(half_width).collect()
}

fn half_width(character: char) -> char {
    match character {
        '\u{3000}' => ' ',
        '\u{FF01}'..='\u{FF5E}' => {
            char::from_u32(u32::from(character) - WIDTH_OFFSET).unwrap_or(character)
        }
        other => other,
    }
}

/// Turns ASCII letters, digits, signs and blanks into their full-width forms.
pub fn to_full_width(text: &str) -> String {
    text.chars()
        .map(|character| match character {
            ' ' => '\u{3000}',
            '!'..='~' => char::from_u32(u32::from(character) + WIDTH_OFFSET).unwrap_or(character),
            other => other,
        })
        .collect()
}

/// Turns traditional Chinese characters into simplified ones; other text stays as it is.
pub fn to_simplified(text: &str) -> String {
    if text.chars().any(may_be_traditional) {
        CONVERTER.convert(text)
    } else {
        text.to_owned()
    }
}

static CONVERTER: LazyLock<OpenCC> = LazyLock::new(|| {
    // The dictionary is compiled into the program, so there is nothing that could be missing.
    OpenCC::from_config(BuiltinConfig::T2s).expect("the built-in dictionary loads")
});

/// Whether a text with this character may have to be converted: looked up once for each character,
/// because looking each text's phrases up costs more than all else that is done with a name.
fn may_be_traditional(character: char) -> bool {
    /// They stay by themselves and change in phrases that hold no other character which changes.
    const IN_PHRASES: &str = "沈牴瞭藉衹覆";
    const FIRST: u32 = 0x4E00;
    const LAST: u32 = 0x9FFF;
    static CHANGING: LazyLock<Vec<bool>> = LazyLock::new(|| {
        let all: Vec<char> = (FIRST..=LAST).filter_map(char::from_u32).collect();
        let apart: String = all
            .iter()
            .flat_map(|character| [*character, '\n'])
            .collect();
        let converted = CONVERTER.convert(&apart);
        let changes = converted
            .split_terminator('\n')
            .zip(&all)
            .map(|(text, character)| {
                !text.chars().eq([*character]) || IN_PHRASES.contains(*character)
            });
        changes.collect()
    });
    match u32::from(character) {
        // The dictionary has nothing before Extension A.
        ..0x3400 => false,
        code @ FIRST..=LAST => CHANGING
            .get((code - FIRST) as usize)
            .copied()
            .unwrap_or(true),
        _ => true,
    }
}

/// Whether a character is written without blanks between words: Chinese characters and kana.
pub fn is_cjk(character: char) -> bool {
    matches!(character,
        '\u{3005}'..='\u{3007}'
        | '\u{3040}'..='\u{30FA}'
        | '\u{30FC}'..='\u{30FF}'
        | '\u{3400}'..='\u{4DBF}'
        | '\u{4E00}'..='\u{9FFF}'
        | '\u{F900}'..='\u{FAFF}'
        | '\u{20000}'..='\u{323AF}')
}

/// Writes Latin letters with accents, ligatures and umlauts in plain letters: `Müller` is `Mueller`.
///
/// German umlauts become two letters, as people type them; other accents fall away.
pub fn fold_latin(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    // Composed first, so that `u` with a combining diaeresis is the umlaut that it shows.
    for character in text.nfc() {
        let plain = match character {
            'ä' | 'æ' => "ae",
            'Ä' | 'Æ' => "Ae",
            'ö' | 'œ' => "oe",
            'Ö' | 'Œ' => "Oe",
            'ü' => "ue",
            'Ü' => "Ue",
            'ß' => "ss",
            'ẞ' => "SS",
            'ø' => "o",
            'Ø' => "O",
            'ł' => "l",
            'Ł' => "L",
            'đ' | 'ð' => "d",
            'Đ' | 'Ð' => "D",
            'þ' => "th",
            'Þ' => "Th",
            'ħ' => "h",
            'Ħ' => "H",
            'ı' => "i",
            '\u{0300}'..='\u{036F}' => "",
            '\u{00C0}'..='\u{024F}' | '\u{1E00}'..='\u{1EFF}' => {
                folded.extend(
                    std::iter::once(character)
                        .nfd()
                        .filter(|c| !is_combining_mark(*c)),
                );
                continue;
            }
            other => {
                folded.push(other);
                continue;
            }
        };
        folded.push_str(plain);
    }
    folded
}

/// What stands first in a CSV file, so that spreadsheets read it as UTF-8 and not in their country's old encoding.
pub const SPREADSHEET_MARK: &str = "\u{feff}";

/// A cell of a file that spreadsheets open: what one of them would take for a formula has a quote before it
/// (OWASP, CSV Injection).
pub fn inert(cell: &str) -> Cow<'_, str> {
    match cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        true => Cow::Owned(format!("'{cell}")),
        false => Cow::Borrowed(cell),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn width_goes_both_ways() {
        assert_eq!(to_half_width("ＡＢＣ（１）　川可，"), "ABC(1) 川可,");
        assert_eq!(to_full_width("ABC(1) 川可"), "ＡＢＣ（１）　川可");
        assert_eq!(to_half_width(&to_full_width("a~!Z09 ")), "a~!Z09 ");
    }

    #[test]
    fn traditional_becomes_simplified() {
        assert_eq!(
            to_simplified("廣東聯發電器實業有限公司"),
            "广东联发电器实业有限公司"
        );
        assert_eq!(to_simplified("Müller GmbH"), "Müller GmbH");
        assert_eq!(to_simplified("沈船反覆，不明瞭"), "沉船反复，不明了");
        assert_eq!(to_simplified("沈阳乾元"), "沈阳乾元");
    }

    #[test]
    fn latin_is_folded_and_other_scripts_are_not() {
        assert_eq!(
            fold_latin("Müller Straße Ærø Łódź Café"),
            "Mueller Strasse Aero Lodz Cafe"
        );
        assert_eq!(fold_latin("Mu\u{308}ller"), "Mueller");
        assert_eq!(fold_latin("ガス й"), "ガス й");
    }

    proptest! {
        #[test]
        fn what_needs_no_conversion_is_left_alone(text in "[一-龥藉口反覆沈船瞭解乾坤幹a1（）]{0,12}") {
            prop_assert_eq!(to_simplified(&text), CONVERTER.convert(&text));
        }

        #[test]
        fn any_text_can_be_folded(text in "(?s).{0,40}") {
            fold_latin(&text);
            to_simplified(&text);
            prop_assert_eq!(to_half_width(&to_half_width(&text)), to_half_width(&text));
        }
    }
}
