//! Pinyin initials of a text, polyphones read as company names read them.

use pinyin::ToPinyin;

/// Words whose reading differs from that of their characters, with their initials. Longest first
/// where one begins with another.
const WORDS: [(&str, &str); 46] = [
    ("重庆", "CQ"),
    ("重复", "CF"),
    ("重阳", "CY"),
    ("大厦", "DS"),
    ("广厦", "GS"),
    ("华厦", "HS"),
    ("银行", "YH"),
    ("商行", "SH"),
    ("车行", "CH"),
    ("洋行", "YH"),
    ("琴行", "QH"),
    ("行业", "HY"),
    ("行情", "HQ"),
    ("音乐", "YY"),
    ("乐器", "YQ"),
    ("乐团", "YT"),
    ("乐清", "YQ"),
    ("西藏", "XZ"),
    ("藏药", "ZY"),
    ("藏医", "ZY"),
    ("青藏", "QZ"),
    ("宝藏", "BZ"),
    ("畜牧", "XM"),
    ("弹簧", "TH"),
    ("弹性", "TX"),
    ("弹力", "TL"),
    ("调研", "DY"),
    ("调查", "DC"),
    ("调度", "DD"),
    ("单县", "SX"),
    ("会计", "KJ"),
    ("番禺", "PY"),
    ("东阿", "DE"),
    ("铅山", "YS"),
    ("大埔", "DB"),
    ("蚌埠", "BB"),
    ("六安", "LA"),
    ("莘县", "SX"),
    ("莘庄", "XZ"),
    ("蔚县", "YX"),
    ("尉犁", "YL"),
    ("浚县", "XX"),
    ("歙县", "SX"),
    ("家长", "JZ"),
    ("成长", "CZ"),
    ("校正", "JZ"),
];

/// Characters whose usual reading in company names is not the first one of the dictionary.
const CHARACTERS: [(char, char); 9] = [
    ('长', 'C'),
    ('厦', 'X'),
    ('行', 'X'),
    ('调', 'T'),
    ('乐', 'L'),
    ('晟', 'S'),
    ('翟', 'Z'),
    ('曾', 'Z'),
    ('覃', 'Q'),
];

/// One capital for each Chinese character, letters and digits as they are; the rest gives nothing.
pub(super) fn of(text: &str) -> String {
    let mut initials = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if let Some((word, letters)) = WORDS.iter().find(|(word, _)| rest.starts_with(word)) {
            initials.push_str(letters);
            rest = &rest[word.len()..];
            continue;
        }
        initials.extend(initial(first));
        rest = &rest[first.len_utf8()..];
    }
    initials
}

fn initial(character: char) -> Option<char> {
    if character.is_ascii_alphanumeric() {
        return Some(character.to_ascii_uppercase());
    }
    let known = CHARACTERS.iter().find(|(known, _)| *known == character);
    known.map(|(_, letter)| *letter).or_else(|| {
        let letter = character.to_pinyin()?.first_letter().chars().next()?;
        letter
            .is_ascii_alphabetic()
            .then(|| letter.to_ascii_uppercase())
    })
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn each_character_gives_its_initial() {
        assert_eq!(of("川可贸易"), "CKMY");
        assert_eq!(of("abb中国3m-&"), "ABBZG3M");
        assert_eq!(of("安欧额恩"), "AOEE");
        assert_eq!(of("重庆长江银行大厦"), "CQCJYHDS");
        assert_eq!(of("кх"), "");
    }
}
