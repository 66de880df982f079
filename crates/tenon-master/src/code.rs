//! Mnemonic codes: the few letters by which people call a customer.
//!
//! A Chinese name gives the initials of its brand and trade (上海川可贸易有限公司 is `CKMY`), a Latin
//! name the first letters of its brand (`Philips Electronics GmbH` is `PHIL`). A code, once issued,
//! does not change: it follows from the first name that the hub learned, not from the latest.

mod initials;

use serde::{Deserialize, Serialize};
use tenon_core::text::is_cjk;

use crate::name;

/// How long codes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CodeRule {
    /// The least length, in letters and digits. Shorter ones are filled from place and legal form.
    pub min_length: usize,
    /// The greatest length, a serial number included unless that alone is longer.
    pub max_length: usize,
    /// How many letters a Latin name gives.
    pub latin_length: usize,
}

impl Default for CodeRule {
    fn default() -> Self {
        Self {
            min_length: 2,
            max_length: 8,
            latin_length: 4,
        }
    }
}

/// How many serial numbers are tried before a code is derived from the whole name.
const MOST_SERIALS: u32 = 10_000;

/// The code of a company by its name: the first that `is_taken` does not know of `CKMY`, `CKMY2`,
/// `CKMY3`….
///
/// Any text has a code; equal names with equal answers of `is_taken` have equal codes. Two callers
/// may still choose the same code at once, so whoever stores it must hold it unique and ask again.
/// All codes of one name begin with [`mnemonic_base`], apart from letters cut to make room.
pub fn mnemonic(name: &str, rule: &CodeRule, mut is_taken: impl FnMut(&str) -> bool) -> String {
    let base = mnemonic_base(name, rule);
    if !is_taken(&base) {
        return base;
    }
    for serial in 2..=MOST_SERIALS {
        let code = with_serial(&base, &serial.to_string(), rule);
        if !is_taken(&code) {
            return code;
        }
    }
    with_serial(&base, &format!("X{}", digest(name, 12)), rule)
}

/// The code before any serial number.
pub fn mnemonic_base(name: &str, rule: &CodeRule) -> String {
    let parsed = name::parse(name);
    let longest = rule.max_length.max(1);
    let distinctive = if parsed.normalised.chars().any(is_cjk) {
        let trade = parsed.trade.unwrap_or_default();
        let place = parsed.place.unwrap_or_default();
        let form = parsed.legal_form.unwrap_or_default();
        // 医院 or 银行 says what it is, as a trade does; 有限公司 says nothing.
        let is_company = ["公司", "会社", "合伙", "企业"]
            .iter()
            .any(|end| form.ends_with(end));
        let organisation = if is_company { "" } else { form.as_str() };
        let parts = [parsed.brand.as_str(), &trade, organisation].concat();
        let mut letters = initials::of(&parts);
        if parsed.brand.is_empty() || letters.len() < rule.min_length {
            letters = initials::of(&[place.as_str(), &parts].concat());
        }
        if letters.len() < rule.min_length {
            letters.push_str(&initials::of(&form));
        }
        letters
    } else {
        let letters = letters_and_digits(&parsed.brand);
        let first: String = letters.chars().take(rule.latin_length.max(1)).collect();
        if first.chars().count() < rule.min_length.max(2) {
            let all = letters_and_digits(&parsed.normalised);
            all.chars()
                .take(rule.latin_length.max(rule.min_length))
                .collect()
        } else {
            first
        }
    };
    let code: String = distinctive.chars().take(longest).collect();
    let lettered = code.chars().any(|character| character.is_ascii_uppercase());
    if lettered && code.len() >= rule.min_length.min(longest) {
        return code;
    }
    // A name in a script without letters that we know still gets one code that stays.
    let mut derived = format!("X{}", digest(&parsed.normalised, 12));
    derived.truncate(longest.max(rule.min_length).clamp(2, 6));
    derived
}

fn with_serial(base: &str, serial: &str, rule: &CodeRule) -> String {
    let room = rule.max_length.saturating_sub(serial.len()).max(1);
    let kept: String = base.chars().take(room).collect();
    format!("{kept}{serial}")
}

fn letters_and_digits(text: &str) -> String {
    text.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_uppercase())
        .collect()
}

/// `length` letters and digits that follow from the text alone, in every release.
fn digest(text: &str, length: usize) -> String {
    // Without vowels no word can appear by chance, without 0 and 1 no figure looks like a letter.
    const ALPHABET: &[u8; 28] = b"23456789BCDFGHJKLMNPQRSTVWXZ";
    // FNV-1a, 64 bits: stable by definition, unlike the standard library's hasher.
    let mut hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    let size = ALPHABET.len() as u64;
    (0..length)
        .map(|_| {
            let letter = ALPHABET[(hash % size) as usize];
            hash /= size;
            char::from(letter)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn check(name: &str, expected: &str) {
        assert_eq!(
            mnemonic(name, &CodeRule::default(), |_| false),
            expected,
            "{name}"
        );
    }

    #[test]
    fn chinese_names_give_the_initials_of_brand_and_trade() {
        check("上海川可贸易有限公司", "CKMY");
        check("上海川可贸易", "CKMY");
        check("川可（上海）贸易有限责任公司", "CKMY");
        check("上海市川可貿易有限公司（停用）", "CKMY");
        check("宁波海达电器股份有限公司", "HDDQ");
        check("川可国际贸易有限公司", "CKGJMY");
        check("ABB（中国）有限公司", "ABB");
        check("3M中国有限公司", "3MZG");
        check("上海贸易有限公司", "SHMY");
        check("杭州市第一人民医院", "DYRMYY");
        check("川可", "CK");
    }

    #[test]
    fn polyphones_are_read_as_in_company_names() {
        check("重庆有限公司", "CQ");
        check("长沙有限公司", "CS");
        check("厦门有限公司", "XM");
        check("上海长虹电器有限公司", "CHDQ");
        check("中国银行", "ZGYH");
        check("上海川可商行", "CKSH");
        check("广东三和弹簧有限公司", "SHTH");
        check("西藏有限公司", "XZ");
        check("上海乐百氏空调有限公司", "LBSKT");
        check("上海重工机械有限公司", "SHZGJX");
    }

    #[test]
    fn latin_names_give_the_letters_of_their_first_words() {
        check("Philips Electronics GmbH", "PHIL");
        check("BP Trading Ltd", "BP");
        check("Müller Elektrogeräte GmbH & Co. KG", "MUEL");
        check("El Corte Inglés S.A.", "ELCO");
        check("O Ltd", "OLTD");
    }

    #[test]
    fn a_taken_code_gets_a_serial_number() {
        let mut taken = BTreeSet::new();
        for expected in ["CKMY", "CKMY2", "CKMY3"] {
            let rule = CodeRule::default();
            let code = mnemonic("上海川可贸易有限公司", &rule, |code| {
                taken.contains(code)
            });
            assert_eq!(code, expected);
            taken.insert(code);
        }
    }

    #[test]
    fn a_serial_number_keeps_the_greatest_length() {
        let rule = CodeRule {
            max_length: 4,
            ..CodeRule::default()
        };
        let code = mnemonic("上海川可贸易有限公司", &rule, |code| {
            code == "CKMY"
        });
        assert_eq!(code, "CKM2");
    }

    #[test]
    fn an_exhausted_series_ends_in_a_code_of_the_whole_name() {
        let code = mnemonic("上海川可贸易有限公司", &CodeRule::default(), |_| true);
        assert!(code.contains('X') && code.len() > 8, "{code}");
    }

    #[test]
    fn names_without_letters_have_a_code_that_stays() {
        let code = |name| mnemonic(name, &CodeRule::default(), |_| false);
        assert_eq!(code("Ромашка"), code("РОМАШКА "));
        assert_ne!(code("Ромашка"), code("Лютик"));
        assert_eq!(code("Ромашка").len(), 6);
        assert_eq!(code("12345").chars().next(), Some('X'));
        assert_eq!(code(""), code("   "));
    }

    proptest! {
        #[test]
        fn every_name_has_a_code_in_capitals_and_digits(
            name in "(?s)(\\PC|[上海川可贸易长重行aZ9 ]|有限公司){0,16}",
            min_length in 0_usize..6,
            max_length in 0_usize..12,
        ) {
            let rule = CodeRule { min_length, max_length, ..CodeRule::default() };
            let code = mnemonic(&name, &rule, |_| false);
            prop_assert!(!code.is_empty());
            prop_assert!(code.len() <= max_length.max(min_length).max(2));
            prop_assert!(code.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()));
            prop_assert_eq!(&code, &mnemonic(&name, &rule, |_| false));
        }
    }
}
