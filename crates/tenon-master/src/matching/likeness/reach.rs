//! Where and through whom a company is reached: phone, mail, address, person, as likeness compares
//! them.

use std::collections::HashSet;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use tenon_core::text::{fold_latin, is_cjk, to_half_width};

use super::fingerprint::{self, NONE};
use crate::name::place;

/// A telephone number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Phone {
    /// Its digits with area or country, without extension; [`NONE`] if there is none.
    pub(super) number: u64,
    /// A person's, by the Chinese numbering plan; a switchboard's may be a whole group's.
    pub(super) is_mobile: bool,
}

/// Reads a telephone number as people write it; a filler is none.
pub(super) fn phone(text: &str) -> Phone {
    let text = to_half_width(text).to_lowercase();
    let first = text
        .split([',', ';', '/', '、', '，', '；', '|'])
        .find(|part| part.bytes().filter(u8::is_ascii_digit).count() >= 7)
        .unwrap_or_default();
    let main = ["转", "ext", "x", "分机", "#"]
        .iter()
        .filter_map(|mark| first.find(mark))
        .min()
        .map_or(first, |cut| &first[..cut]);
    let digits = without_extension(main);
    let plain = digits
        .strip_prefix("0086")
        .or_else(|| digits.strip_prefix("86").filter(|rest| rest.len() >= 10))
        .unwrap_or(&digits)
        .trim_start_matches("00");
    let number = plain.strip_prefix('0').unwrap_or(plain);
    if !(7..=15).contains(&number.len()) || is_filler(number) {
        return Phone::default();
    }
    Phone {
        number: fingerprint::of_parts(&["phone", number]),
        is_mobile: is_mobile(number),
    }
}

/// Eleven digits that begin with 13 to 19; 010 and eight digits is Beijing.
fn is_mobile(number: &str) -> bool {
    number.len() == 11
        && number.starts_with('1')
        && number[1..].starts_with(|second: char| ('3'..='9').contains(&second))
}

/// The digits without an extension of two to five that follows a hyphen behind a whole number.
fn without_extension(text: &str) -> String {
    let digits = |text: &str| -> String { text.chars().filter(char::is_ascii_digit).collect() };
    if let Some((before, after)) = text.rsplit_once('-') {
        let (before, after) = (digits(before), digits(after));
        if before.len() >= 10 && (2..=5).contains(&after.len()) {
            return before;
        }
    }
    digits(text)
}

/// Digits that a clerk types where none is known: one digit, a staircase, 13800000000.
fn is_filler(number: &str) -> bool {
    let bytes = number.as_bytes();
    let tail = &bytes[bytes.len().min(3)..];
    let same = tail.windows(2).all(|pair| pair[0] == pair[1]);
    let stairs = bytes
        .windows(2)
        .all(|pair| pair[1] == pair[0] + 1 || (pair[0] == b'9' && pair[1] == b'0'));
    same || stairs
}

/// A mail address.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mail {
    /// The whole address.
    pub(super) mailbox: u64,
    /// The company's domain; [`NONE`] if anybody can have a mailbox there.
    pub(super) domain: u64,
}

/// Providers where anybody has a mailbox, by the name before the top level.
const PROVIDERS: &str = "
    163 126 139 189 188 yeah qq foxmail sina sohu tom aliyun 21cn 263 wo china eyou chinaren
    vip.163 vip.126 vip.sina vip.qq vip.sohu
    gmail googlemail outlook hotmail live msn yahoo ymail icloud me mac aol gmx web t-online freenet
    mail yandex proton protonmail zoho orange free laposte wanadoo libero virgilio tiscali hotmail.co
    yahoo.co btinternet comcast verizon rediffmail naver daum hanmail
";

/// Reads a mail address.
pub(super) fn mail(text: &str) -> Mail {
    let text = to_half_width(text).trim().to_lowercase();
    let first = text
        .split([',', ';', ' ', '/', '、'])
        .find(|part| part.contains('@'))
        .unwrap_or_default();
    let Some((local, domain)) = first.rsplit_once('@') else {
        return Mail::default();
    };
    if local.is_empty() || !domain.contains('.') || domain.starts_with("example.") {
        return Mail::default();
    }
    let name = domain.rsplit_once('.').map_or(domain, |(name, _)| name);
    static ANYBODYS: LazyLock<HashSet<&str>> =
        LazyLock::new(|| PROVIDERS.split_whitespace().collect());
    let anybodys = ANYBODYS.contains(name.strip_suffix(".com").unwrap_or(name));
    Mail {
        mailbox: fingerprint::of_parts(&["mail", first]),
        domain: if anybodys {
            NONE
        } else {
            fingerprint::of_parts(&["domain", domain])
        },
    }
}

/// A postal address.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Address {
    /// Road and number.
    pub(super) street: u64,
    /// What stands behind: building, floor, room.
    pub(super) detail: u64,
    /// The city it names.
    pub(super) city: u64,
}

/// Reads an address.
pub(super) fn address(text: &str) -> Address {
    let text: String = to_half_width(text)
        .chars()
        .take(200)
        .filter(|c| !c.is_control())
        .collect();
    if text.chars().any(is_cjk) {
        chinese_address(&text)
    } else {
        latin_address(&text)
    }
}

fn chinese_address(text: &str) -> Address {
    let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let places = place::divisions(&text);
    let city = places
        .iter()
        .rfind(|division| !place::is_wide(division))
        .map_or(NONE, |city| fingerprint::of(city));
    let Some((road_end, _)) = text
        .char_indices()
        .filter(|(_, c)| matches!(c, '路' | '街' | '道' | '巷' | '弄' | '村'))
        .map(|(start, c)| (start + c.len_utf8(), c))
        .find(|(end, _)| text[*end..].starts_with(|c: char| c.is_ascii_digit()))
    else {
        return Address {
            street: NONE,
            detail: NONE,
            city,
        };
    };
    let road = last_characters(&text[..road_end], 4);
    let rest = &text[road_end..];
    let number_end = rest
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(rest.len());
    let behind = rest[number_end..].trim_start_matches('号');
    Address {
        street: fingerprint::of_parts(&["street", road, &rest[..number_end]]),
        detail: fingerprint::of_parts(&["detail", behind]),
        city,
    }
}

fn last_characters(text: &str, count: usize) -> &str {
    let starts: Vec<usize> = text.char_indices().map(|(start, _)| start).collect();
    &text[starts
        .len()
        .checked_sub(count)
        .map_or(0, |index| starts[index])..]
}

fn latin_address(text: &str) -> Address {
    let (street, city) = match text.rsplit_once(',') {
        Some((street, city)) => (street, latin_place(city)),
        None => (text, NONE),
    };
    let folded = letters_and_digits(street)
        .replace("strasse", "str")
        .replace("street", "str")
        .replace("avenue", "ave")
        .replace("road", "rd");
    let has_number = folded.bytes().any(|byte| byte.is_ascii_digit());
    Address {
        street: if has_number {
            fingerprint::of_parts(&["street", &folded])
        } else {
            NONE
        },
        detail: NONE,
        city,
    }
}

/// Letters and digits in lower case without accents, umlauts as one letter.
fn letters_and_digits(text: &str) -> String {
    let folded: String = fold_latin(&text.to_lowercase())
        .chars()
        .filter(|c| c.is_alphanumeric())
        .collect();
    folded
        .replace("ae", "a")
        .replace("oe", "o")
        .replace("ue", "u")
}

fn latin_place(text: &str) -> u64 {
    let word = letters_and_digits(text);
    match place::spelt_in_latin(&word) {
        Some(place) => fingerprint::of(place),
        None => fingerprint::of(&word),
    }
}

/// The narrowest place in a text that names a city, with or without its province.
pub(super) fn city(text: &str) -> u64 {
    let text = to_half_width(text);
    let text = text.trim();
    if !text.chars().any(is_cjk) {
        return latin_place(text);
    }
    let divisions = place::divisions(text);
    match divisions.last() {
        Some(division) if place::is_wide(division) => NONE,
        Some(division) => fingerprint::of(division),
        None => fingerprint::of(text.trim_end_matches('市')),
    }
}

/// A person.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Person {
    /// The full name; [`NONE`] if only a surname and a title are given.
    pub(super) name: u64,
    /// The Chinese surname, or the first word of a Latin name.
    pub(super) called: u64,
}

/// Reads a contact person.
pub(super) fn person(text: &str) -> Person {
    const TITLES: [&str; 16] = [
        "总经理",
        "董事长",
        "经理",
        "主任",
        "老师",
        "先生",
        "女士",
        "小姐",
        "会计",
        "老板",
        "师傅",
        "厂长",
        "部长",
        "总",
        "工",
        "姐",
    ];
    let text = to_half_width(text).trim().to_lowercase();
    if text.chars().any(is_cjk) {
        let name: String = text.chars().filter(|c| is_cjk(*c)).take(8).collect();
        let plain = TITLES
            .iter()
            .find_map(|title| name.strip_suffix(title))
            .filter(|rest| !rest.is_empty())
            .unwrap_or(&name);
        let surname: String = plain.chars().take(1).collect();
        return Person {
            name: if plain.chars().count() >= 2 {
                fingerprint::of_parts(&["person", plain])
            } else {
                NONE
            },
            called: fingerprint::of_parts(&["called", &surname]),
        };
    }
    let folded = letters_and_blanks(&text);
    let mut words = folded.split_whitespace();
    let called = words.next().unwrap_or_default();
    Person {
        name: if words.next().is_some() {
            fingerprint::of_parts(&["person", &folded])
        } else {
            NONE
        },
        called: fingerprint::of_parts(&["called", called]),
    }
}

fn letters_and_blanks(text: &str) -> String {
    let kept: String = text
        .chars()
        .take(80)
        .map(|c| if c.is_alphabetic() { c } else { ' ' })
        .collect();
    fold_latin(&kept)
        .split_whitespace()
        .map(|word| {
            word.replace("ae", "a")
                .replace("oe", "o")
                .replace("ue", "u")
        })
        .collect::<Vec<_>>()
        .join(" ")
}

/// A mnemonic code's letters, without the serial behind them; [`NONE`] for a running number.
pub(super) fn code(text: &str) -> u64 {
    let plain: String = to_half_width(text)
        .to_uppercase()
        .chars()
        .take(40)
        .filter(|c| c.is_alphanumeric())
        .collect();
    let letters = plain.trim_end_matches(|c: char| c.is_ascii_digit());
    if letters.chars().count() < 2 || plain.len() - letters.len() > 3 {
        return NONE;
    }
    fingerprint::of_parts(&["code", letters])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_number_is_written_in_many_ways() {
        for text in [
            "021-6128 8001",
            "+86 21 61288001",
            "02161288001-802",
            "０２１６１２８８００１转12",
            "021-61288001 ext 3",
        ] {
            assert_eq!(phone(text), phone("021-61288001"), "{text}");
        }
        for text in [
            "+86 139 1622 8001",
            "139-1622-8001",
            "013916228001",
            "13916228001 / 021-61288001",
        ] {
            assert_eq!(phone(text), phone("13916228001"), "{text}");
        }
        assert!(phone("13916228001").is_mobile && !phone("010-61288001").is_mobile);
        assert_eq!(phone("+49 (89) 4400 1234"), phone("0049 89 44001234"));
        for filler in ["", "无", "13800000000", "00000000", "12345678", "110"] {
            assert_eq!(phone(filler), Phone::default(), "{filler}");
        }
    }

    #[test]
    fn a_free_mailbox_says_nothing_of_the_company() {
        assert_eq!(
            mail("Einkauf@Kota-Werk.DE").domain,
            mail("info@kota-werk.de").domain
        );
        assert_ne!(mail("info@kota-werk.de").domain, NONE);
        for text in [
            "chuanke@163.com",
            "a@vip.qq.com",
            "b@yahoo.co.uk",
            "c@hotmail.com",
        ] {
            assert!(
                mail(text).domain == NONE && mail(text).mailbox != NONE,
                "{text}"
            );
        }
        for text in ["", "@", "a@", "无", "a@b", "@kota.de"] {
            assert_eq!(mail(text), Mail::default(), "{text}");
        }
    }

    #[test]
    fn addresses_meet_by_road_and_number() {
        let long = address("浙江省宁波市江北区海川大道128号3幢502室");
        let short = address("宁波江北区海川大道128号");
        assert_eq!((long.street, long.city), (short.street, short.city));
        assert_ne!(long.detail, short.detail);
        assert_ne!(long.street, address("宁波市海川大道129号").street);
        assert_eq!(
            address("Müllerstraße 12, München").street,
            address("Muellerstr. 12, Muenchen").street
        );
        assert_eq!(address("高新区软件园").street, NONE);
    }

    #[test]
    fn persons_and_codes_are_read() {
        assert_eq!(person("沈总").called, person("沈若清").called);
        assert_eq!(person("沈总").name, NONE);
        assert_eq!(person("沈若清 经理"), person("沈若清"));
        assert_eq!(person("Jürgen Krämer").name, person("Juergen Kraemer").name);
        assert_eq!(code("ckmy-02"), code("CKMY"));
        assert_eq!((code("C00218"), code("7"), code("")), (NONE, NONE, NONE));
        assert_eq!(city("江苏省昆山市"), city("昆山"));
        assert_eq!(city("Shanghai"), city("上海市"));
        assert_eq!(city("江苏省"), NONE);
    }

    proptest! {
        #[test]
        fn any_text_can_be_read(text in "(?s)(\\PC|[0-9+转路号@.市总\\-, ]){0,60}") {
            phone(&text);
            mail(&text);
            address(&text);
            person(&text);
            code(&text);
            city(&text);
        }
    }
}
