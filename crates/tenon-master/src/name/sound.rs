//! How Chinese text sounds: toneless pinyin, with a second reading where people disagree.

use pinyin::ToPinyin;

/// Words whose reading does not follow from their characters' usual ones. Longest first where one
/// begins with another.
const WORDS: [(&str, &str); 40] = [
    ("重庆", "chongqing"),
    ("长沙", "changsha"),
    ("长春", "changchun"),
    ("厦门", "xiamen"),
    ("成都", "chengdu"),
    ("都江堰", "dujiangyan"),
    ("台州", "taizhou"),
    ("乐山", "leshan"),
    ("乐清", "yueqing"),
    ("六安", "luan"),
    ("蚌埠", "bengbu"),
    ("朝阳", "chaoyang"),
    ("西藏", "xizang"),
    ("陕西", "shaanxi"),
    ("哈尔滨", "harbin"),
    ("呼和浩特", "hohhot"),
    ("乌鲁木齐", "urumqi"),
    ("内蒙古", "innermongolia"),
    ("鄂尔多斯", "ordos"),
    ("拉萨", "lhasa"),
    ("香港", "hongkong"),
    ("澳门", "macau"),
    ("台北", "taipei"),
    ("台中", "taichung"),
    ("台南", "tainan"),
    ("高雄", "kaohsiung"),
    ("台湾", "taiwan"),
    ("中国", "china"),
    ("中华", "china"),
    ("番禺", "panyu"),
    ("莘庄", "xinzhuang"),
    ("大厦", "dasha"),
    ("广厦", "guangsha"),
    ("银行", "yinhang"),
    ("商行", "shanghang"),
    ("音乐", "yinyue"),
    ("乐器", "yueqi"),
    ("成长", "chengzhang"),
    ("弹簧", "tanhuang"),
    ("会计", "kuaiji"),
];

/// Characters with two readings that names use: the usual one, the other.
const TWO_READINGS: [(char, &str, &str); 32] = [
    ('长', "chang", "zhang"),
    ('乐', "le", "yue"),
    ('行', "xing", "hang"),
    ('重', "zhong", "chong"),
    ('盛', "sheng", "cheng"),
    ('晟', "sheng", "cheng"),
    ('都', "du", "dou"),
    ('厦', "xia", "sha"),
    ('单', "dan", "shan"),
    ('曾', "zeng", "ceng"),
    ('朝', "chao", "zhao"),
    ('调', "tiao", "diao"),
    ('藏', "zang", "cang"),
    ('泊', "bo", "po"),
    ('车', "che", "ju"),
    ('参', "can", "shen"),
    ('传', "chuan", "zhuan"),
    ('石', "shi", "dan"),
    ('区', "qu", "ou"),
    ('解', "jie", "xie"),
    ('弹', "dan", "tan"),
    ('奇', "qi", "ji"),
    ('铅', "qian", "yan"),
    ('埔', "pu", "bu"),
    ('莘', "xin", "shen"),
    ('畜', "chu", "xu"),
    ('适', "shi", "kuo"),
    ('折', "zhe", "she"),
    ('率', "lv", "shuai"),
    ('血', "xue", "xie"),
    ('薄', "bo", "bao"),
    ('约', "yue", "yao"),
];

/// The pinyin of a text without tones or blanks. Letters and digits stay as they are, in lower case.
pub(crate) fn of(text: &str) -> String {
    read(text, false)
}

/// The same with the other reading of every character that has one; `None` if none has.
pub(crate) fn otherwise(text: &str) -> Option<String> {
    let has_another = |character| TWO_READINGS.iter().any(|(known, ..)| *known == character);
    text.chars().any(has_another).then(|| read(text, true))
}

fn read(text: &str, other_readings: bool) -> String {
    let mut sound = String::with_capacity(text.len() * 2);
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if !first.is_ascii()
            && let Some((word, reading)) = WORDS.iter().find(|(word, _)| rest.starts_with(word))
        {
            sound.push_str(reading);
            rest = &rest[word.len()..];
            continue;
        }
        rest = &rest[first.len_utf8()..];
        if first.is_ascii_alphanumeric() {
            sound.push(first.to_ascii_lowercase());
        } else if let Some((_, usual, other)) =
            TWO_READINGS.iter().find(|(known, ..)| *known == first)
        {
            sound.push_str(if other_readings { other } else { usual });
        } else if let Some(reading) = first.to_pinyin() {
            sound.extend(reading.plain().chars().map(|letter| match letter {
                'ü' => 'u',
                letter => letter,
            }));
        } else if first.is_alphanumeric() {
            sound.push(first);
        }
    }
    sound
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_read_as_people_read_them() {
        let check = |text: &str, expected: &str| assert_eq!(of(text), expected);
        check("重庆", "chongqing");
        check("长沙", "changsha");
        check("厦门", "xiamen");
        check("西安", "xian");
        check("陕西", "shaanxi");
        check("川可", "chuanke");
        check("ABB电气3", "abbdianqi3");
        check("😀-", "");
    }

    #[test]
    fn a_second_reading_is_known_where_people_disagree() {
        assert_eq!(otherwise("长青").as_deref(), Some("zhangqing"));
        assert_eq!(otherwise("川可"), None);
    }
}
