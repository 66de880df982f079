//! Values in the place of others, of the same shape: what checks the one accepts the other.

use hmac::{Hmac, Mac};
use sha2::Sha256;

/// Characters that stand for characters of Chinese writing.
const HAN: [char; 16] = [
    '甲', '乙', '丙', '丁', '戊', '己', '庚', '辛', '壬', '癸', '子', '丑', '寅', '卯', '辰', '巳',
];

/// Whether a value fulfils a rule that its place may ask for.
pub type Check = fn(&str) -> bool;

/// Masks values: one always by the same, and none to be found again without the key.
pub struct Masks {
    key: [u8; 32],
    checks: Vec<Check>,
}

impl Masks {
    /// Masks under a key that nobody keeps. A value that fulfils one of `checks`, such as that of a tax
    /// id's last characters, is masked by one that fulfils it too.
    pub fn new(key: [u8; 32], checks: Vec<Check>) -> Self {
        Self { key, checks }
    }

    /// A value of the same shape.
    pub(super) fn mask(&self, text: &str) -> String {
        if let Some((local, _)) = address_of_mail(text) {
            return format!("{}@example.com", self.letters(local, 0));
        }
        if is_identity_number(text) {
            return self.identity_number(text);
        }
        let masked = self.letters(text, kept(text));
        if is_card_number(text) {
            return ending(&masked, &["0123456789"], is_card_number).unwrap_or(masked);
        }
        let ends = ["0123456789ABCDEFGHJKLMNPQRTUWXY"; 2];
        let checks = self
            .checks
            .iter()
            .filter(|check| check(text) && !check(&masked));
        let mended = checks
            .filter_map(|check| ending(&masked, &ends, check))
            .next();
        mended.unwrap_or(masked)
    }

    /// Letters by letters and digits by digits, from the `kept`-th of them on. Written with other marks
    /// between them, the same letters and digits are masked by the same.
    fn letters(&self, text: &str, kept: usize) -> String {
        let significant: String = text.chars().filter(|c| c.is_alphanumeric()).collect();
        let mut noise = self.noise(&significant);
        let mut index = 0;
        text.chars()
            .map(|character| {
                if !character.is_alphanumeric() {
                    return character;
                }
                let noise = noise.next().unwrap_or_default();
                index += 1;
                match character {
                    _ if index <= kept => character,
                    // A number keeps its length.
                    '0' if index == 1 => '0',
                    '1'..='9' if index == 1 => char::from(b'1' + noise % 9),
                    '0'..='9' => char::from(b'0' + noise % 10),
                    'a'..='z' => char::from(b'a' + noise % 26),
                    'A'..='Z' => char::from(b'A' + noise % 26),
                    '０'..='９' => {
                        char::from_u32('０' as u32 + u32::from(noise % 10)).unwrap_or('０')
                    }
                    _ => HAN[usize::from(noise) % HAN.len()],
                }
            })
            .collect()
    }

    /// A number of an identity card: another person of the same province, with a date and its check.
    fn identity_number(&self, text: &str) -> String {
        let mut noise = self.noise(text);
        let mut two =
            |from: u8, many: u8| format!("{:02}", from + noise.next().unwrap_or_default() % many);
        let mut number = format!("{}{}{}19", &text[..2], two(1, 20), two(1, 20));
        number += &(two(50, 49) + &two(1, 12) + &two(1, 28) + &two(0, 99));
        number.push_str(&two(0, 99)[1..]);
        let check = check_of_identity(&number);
        number.push(check);
        number
    }

    fn noise(&self, text: &str) -> impl Iterator<Item = u8> + use<> {
        // Any length is a key to HMAC.
        let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(&self.key)
            .unwrap_or_else(|_| unreachable!("HMAC takes a key of any length"));
        mac.update(text.as_bytes());
        (0_u32..).flat_map(move |block| {
            let mut mac = mac.clone();
            mac.update(&block.to_be_bytes());
            mac.finalize().into_bytes()
        })
    }
}

/// How many letters and digits say what kind of number it is: a mobile's first two, what is before them,
/// and a trunk prefix.
fn kept(text: &str) -> usize {
    let digits: Vec<char> = text.chars().filter(|c| c.is_alphanumeric()).collect();
    match is_mobile(text) {
        true => digits.len() - 9,
        false => usize::from(digits.first() == Some(&'0')),
    }
}

/// Whether a text is somebody's by its shape alone.
pub(super) fn is_personal(text: &str) -> bool {
    address_of_mail(text).is_some() || is_mobile(text) || is_identity_number(text)
}

fn address_of_mail(text: &str) -> Option<(&str, &str)> {
    let (local, domain) = text.trim().split_once('@')?;
    let plain = |part: &str| !part.is_empty() && !part.contains(char::is_whitespace);
    (plain(local) && plain(domain) && domain.contains('.')).then_some((local, domain))
}

/// A mobile number of the People's Republic, with its country's code or without.
fn is_mobile(text: &str) -> bool {
    if !text
        .chars()
        .all(|c| c.is_ascii_digit() || matches!(c, '+' | '-' | ' ' | '(' | ')'))
    {
        return false;
    }
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let own = digits
        .strip_prefix("0086")
        .or_else(|| digits.strip_prefix("86"));
    let own = own.filter(|own| own.len() == 11).unwrap_or(&digits);
    own.len() == 11 && own.starts_with('1') && matches!(own.as_bytes()[1], b'3'..=b'9')
}

/// GB 11643: seventeen digits and their check.
fn is_identity_number(text: &str) -> bool {
    text.len() == 18
        && text.is_char_boundary(17)
        && text[..17].bytes().all(|digit| digit.is_ascii_digit())
        && text[17..].to_ascii_uppercase() == check_of_identity(&text[..17]).to_string()
}

/// ISO 7064, MOD 11-2, as GB 11643 writes it.
fn check_of_identity(digits: &str) -> char {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let digits = digits.bytes().map(|digit| u32::from(digit - b'0'));
    let sum: u32 = digits
        .zip(WEIGHTS)
        .map(|(digit, weight)| digit * weight)
        .sum();
    ['1', '0', 'X', '9', '8', '7', '6', '5', '4', '3', '2'][(sum % 11) as usize]
}

/// A number of a bank's card: ISO 7812, by Luhn's formula.
fn is_card_number(text: &str) -> bool {
    let digits = || {
        text.bytes()
            .rev()
            .map(|digit| u32::from(digit.wrapping_sub(b'0')))
    };
    let weighed = digits()
        .enumerate()
        .map(|(place, digit)| match (place % 2, digit) {
            (0, digit) => digit,
            (_, digit) if digit > 4 => 2 * digit - 9,
            (_, digit) => 2 * digit,
        });
    (16..=19).contains(&text.len())
        && text.bytes().all(|digit| digit.is_ascii_digit())
        && weighed.sum::<u32>() % 10 == 0
}

/// The text with another ending, a character from each of `alphabets`, that fulfils the check.
fn ending(text: &str, alphabets: &[&str], check: impl Fn(&str) -> bool) -> Option<String> {
    let start: Vec<char> = text.chars().collect();
    let start: String = start[..start.len().checked_sub(alphabets.len())?]
        .iter()
        .collect();
    let mut candidates = vec![start];
    for alphabet in alphabets {
        let longer = |text: &String| {
            let text = text.clone();
            alphabet.chars().map(move |last| format!("{text}{last}"))
        };
        candidates = candidates.iter().flat_map(longer).collect();
    }
    candidates.into_iter().find(|candidate| check(candidate))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masks() -> Masks {
        // Stands for a tax id's rule: the digits add up to a multiple of seven.
        let rule: Check = |text| {
            text.len() == 12 && text.chars().filter_map(|c| c.to_digit(36)).sum::<u32>() % 7 == 0
        };
        Masks::new([7; 32], vec![rule])
    }

    #[test]
    fn a_mask_has_the_shape_of_what_it_stands_for() {
        let masks = masks();
        for (text, holds) in [
            ("13916228001", is_mobile as Check),
            ("+86 139-1622-8001", is_mobile),
            ("11010519491231002X", is_identity_number),
            ("6222021234567890128", is_card_number),
            ("li.ming@kawa.cn", |masked| {
                masked.ends_with("@example.com") && &masked[2..3] == "."
            }),
            ("021-60000000", |masked| {
                masked.starts_with('0') && &masked[3..4] == "-"
            }),
            ("张三", |masked| masked.chars().count() == 2),
            ("Ab 12", |masked| {
                masked.len() == 5 && masked.starts_with(char::is_uppercase)
            }),
            ("91350100M008", masks.checks[0]),
        ] {
            let masked = masks.mask(text);
            assert_ne!(masked, text);
            assert!(holds(&masked), "{text}: {masked}");
        }
        assert!(is_card_number("6222021234567890128") && is_identity_number("11010519491231002X"));
    }

    #[test]
    fn the_same_is_masked_by_the_same_and_under_another_key_by_another() {
        let masks = masks();
        assert_eq!(masks.mask("13916228001"), masks.mask("13916228001"));
        let spaced: String = masks.mask("139 1622 8001").replace(' ', "");
        assert_eq!(masks.mask("13916228001"), spaced);
        assert_ne!(masks.mask("13916228001"), masks.mask("13916228002"));
        let other = Masks::new([8; 32], Vec::new());
        assert_ne!(masks.mask("13916228001"), other.mask("13916228001"));
    }
}
