//! The one spelling of a company's name.

use unicode_normalization::UnicodeNormalization;

use super::{fold_latin, half_width, is_cjk, may_be_traditional, to_simplified};

/// Brings a company's name to the one spelling that equal names share.
///
/// Width, letter case, traditional characters, accents, all forms of brackets, punctuation and
/// blanks no longer matter, and clerks' notes (`（停用）`, `-月结`, a trailing `*`) are off. The result
/// is for comparing and looking up, not for printing on an invoice. Applied again it changes
/// nothing. What different words mean the same (`Limited`, `Ltd`) is not judged here.
pub fn normalise_company_name(name: &str) -> String {
    let mut current = normalise_once(name);
    // Taking a note off can lay another one bare; each round but the last shortens the name.
    for _ in 0..8 {
        if is_settled(&current) {
            break;
        }
        let next = normalise_once(&current);
        if next == current {
            break;
        }
        current = next;
    }
    current
}

fn normalise_once(name: &str) -> String {
    let mut text = if name.chars().all(is_common) {
        let plain = name.chars().map(half_width);
        plain
            .map(|character| character.to_ascii_lowercase())
            .collect()
    } else {
        in_one_script(name)
    };
    if !text
        .chars()
        .all(|character| is_letter(character) || matches!(character, '(' | ')' | ' '))
    {
        text = without_dots(&unify_signs(&text));
    }
    if text.contains(['(', ')']) {
        text = without_stray_brackets(&text);
    }
    if text.contains(char::is_whitespace) {
        text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    }
    without_idle_blanks(without_notes(&text))
}

/// Width, script, case and accents, for any text.
fn in_one_script(name: &str) -> String {
    let without_marks: String = name.chars().filter(|c| !is_trade_mark(*c)).collect();
    let one_script = to_simplified(&without_marks.nfkc().collect::<String>());
    fold_latin(&one_script.to_lowercase())
}

/// Characters of which nearly all names consist, and of which [`in_one_script`] changes width and
/// case at most.
fn is_common(character: char) -> bool {
    match character {
        '\0'..='~' | '\u{3000}' | '、' | '。' | '《' | '》' | '「' | '」' | '【' | '】' => {
            true
        }
        '\u{FF01}'..='\u{FF5E}' => true,
        '\u{4E00}'..='\u{9FFF}' => !may_be_traditional(character),
        _ => false,
    }
}

/// A letter or digit of the one spelling.
fn is_letter(character: char) -> bool {
    match character {
        'a'..='z' | '0'..='9' => true,
        '\u{4E00}'..='\u{9FFF}' => !may_be_traditional(character),
        _ => false,
    }
}

/// Whether it is plain to see that another round would change nothing.
fn is_settled(text: &str) -> bool {
    let mut depth = 0_usize;
    let mut before = None;
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        let after = rest.peek().copied();
        let stays = match character {
            '(' => {
                depth += 1;
                after != Some(')')
            }
            ')' => match depth.checked_sub(1) {
                Some(outer) => {
                    depth = outer;
                    true
                }
                None => false,
            },
            ' ' => !is_idle_beside(before) && !is_idle_beside(after) && after != Some(' '),
            '&' => matches!(before, None | Some(' ')) && matches!(after, None | Some(' ')),
            other => is_letter(other),
        };
        if !stays {
            return false;
        }
        before = Some(character);
    }
    depth == 0 && without_notes(text) == text
}

/// Signs that compatibility normalisation would turn into letters of the name.
fn is_trade_mark(character: char) -> bool {
    matches!(character, '™' | '℠' | '®' | '©' | '℗')
}

/// One opening and one closing bracket, blanks for what separates, nothing for what decorates.
fn unify_signs(text: &str) -> String {
    let mut unified = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '(' | '[' | '{' | '<' | '【' | '〔' | '〖' | '〘' | '「' | '『' | '〈' | '⟨' | '﹝' =>
            {
                unified.push('(');
            }
            ')' | ']' | '}' | '>' | '】' | '〕' | '〗' | '〙' | '」' | '』' | '〉' | '⟩' | '﹞' =>
            {
                unified.push(')');
            }
            '&' => unified.push_str(" & "),
            '\'' | '"' | '`' | '´' | '‘' | '’' | '‚' | '‛' | '“' | '”' | '„' | '«' | '»' | '《'
            | '》' | '·' | '•' | '・' | '‧' | '∙' | '゠' => {}
            '\u{00AD}'
            | '\u{200B}'..='\u{200F}'
            | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{2064}'
            | '\u{FEFF}' => {}
            ',' | ';' | ':' | '、' | '。' | '，' | '；' | '：' | '/' | '\\' | '|' | '_' | '-'
            | '‐' | '‑' | '‒' | '–' | '—' | '―' | '−' | '~' | '～' | '!' | '?' | '*' | '★'
            | '☆' | '※' | '●' | '○' | '■' | '□' | '▲' | '△' | '◆' | '◇' | '#' | '^' | '=' | '…' =>
            {
                unified.push(' ');
            }
            other if other.is_control() => unified.push(' '),
            other => unified.push(other),
        }
    }
    unified
}

/// Takes dots out: those of `S.r.l.` vanish, those of `Co.Ltd` part two words, `3.5` keeps its own.
fn without_dots(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let mut plain = String::with_capacity(text.len());
    let mut segment = 0;
    for (index, character) in characters.iter().enumerate() {
        if *character != '.' {
            segment = if character.is_alphanumeric() {
                segment + 1
            } else {
                0
            };
            plain.push(*character);
            continue;
        }
        let before = index.checked_sub(1).map(|before| characters[before]);
        let after = characters.get(index + 1);
        if before.is_some_and(|c| c.is_ascii_digit()) && after.is_some_and(char::is_ascii_digit) {
            plain.push('.');
        } else if segment != 1 {
            plain.push(' ');
        }
        segment = 0;
    }
    plain
}

/// Blanks for brackets that do not pair up, and for empty pairs.
fn without_stray_brackets(text: &str) -> String {
    let mut depth = 0_usize;
    let closes_only_what_is_open = text.chars().all(|character| match character {
        '(' => {
            depth += 1;
            true
        }
        ')' if depth == 0 => false,
        ')' => {
            depth -= 1;
            true
        }
        _ => true,
    });
    let paired = closes_only_what_is_open && depth == 0;
    if paired {
        text.replace("()", " ")
    } else {
        text.replace(['(', ')'], " ")
    }
}

/// Blanks matter between words only: none beside a Chinese character or inside a bracket's edge.
fn without_idle_blanks(text: &str) -> String {
    let text = text.trim();
    if !text.contains(' ') {
        return text.to_owned();
    }
    let characters: Vec<char> = text.chars().collect();
    let idle = |neighbour: Option<&char>| is_idle_beside(neighbour.copied());
    let kept = characters.iter().enumerate().filter(|(index, character)| {
        **character != ' '
            || !(idle(characters.get(index.wrapping_sub(1))) || idle(characters.get(index + 1)))
    });
    kept.map(|(_, character)| *character).collect()
}

fn is_idle_beside(neighbour: Option<char>) -> bool {
    neighbour.is_none_or(|neighbour| is_cjk(neighbour) || matches!(neighbour, '(' | ')'))
}

/// What clerks write beside a name and what is no part of it, after normalising, apart by blanks.
const CHINESE_NOTES: &str = "
    停用 已停用 禁用 已禁用 作废 已作废 废弃 已废弃 注销 已注销 吊销 已吊销 暂停 冻结
    已冻结 删除 已删除 黑名单 勿删 勿用 勿动 请勿使用 不用 重复 重复客户 新 新客户 新增
    老 老客户 旧 重点 重点客户 大客户 月结 现金 现结 现款 预付 账期 临时 待审核 已审核
    已改名 已更名 一般纳税人 小规模 个体户
";
const LATIN_NOTES: &[&str] = &[
    "vip",
    "svip",
    "old",
    "new",
    "closed",
    "inactive",
    "duplicate",
    "do not use",
    "dup",
    "blocked",
    "deleted",
];

fn is_note(text: &str) -> bool {
    let text = text.trim();
    let serial = !text.is_empty() && text.len() <= 2 && text.bytes().all(|b| b.is_ascii_digit());
    // "(formerly …)" states another name, not this one.
    let formerly = ["原名", "曾用名", "formerly ", "f k a "]
        .iter()
        .any(|p| text.starts_with(p))
        || (text.starts_with('原') && (text.ends_with("公司") || text.ends_with('厂')));
    text.is_empty()
        || serial
        || formerly
        || LATIN_NOTES.contains(&text)
        || CHINESE_NOTES.split_whitespace().any(|note| note == text)
}

/// Takes notes off both ends: in brackets, after a separator, or a lone figure after 公司.
fn without_notes(text: &str) -> &str {
    let mut rest = text.trim();
    loop {
        let shorter = without_last_note(without_first_note(rest)).trim();
        if shorter.is_empty() || shorter == rest {
            return rest;
        }
        rest = shorter;
    }
}

fn without_first_note(text: &str) -> &str {
    match text
        .strip_prefix('(')
        .and_then(|inner| inner.split_once(')'))
    {
        Some((note, rest)) if is_note(note) => rest,
        _ => text,
    }
}

fn without_last_note(text: &str) -> &str {
    if let Some((rest, note)) = text
        .strip_suffix(')')
        .and_then(|inner| inner.rsplit_once('('))
        && is_note(note)
    {
        return rest;
    }
    if let Some((rest, note)) = text.rsplit_once(' ') {
        // Outside brackets only a Chinese note is plain: `Old` may well be part of a Latin name.
        if note.starts_with(is_cjk) && is_note(note) {
            return rest;
        }
    }
    let unnumbered = text.trim_end_matches(|c: char| c.is_ascii_digit() || c == ' ');
    if unnumbered.ends_with("公司") {
        unnumbered
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(name: &str, expected: &str) {
        assert_eq!(normalise_company_name(name), expected, "{name}");
    }

    #[test]
    fn equal_names_get_one_spelling() {
        check("上海川可贸易有限公司", "上海川可贸易有限公司");
        check("  上海川可貿易 有限公司 ", "上海川可贸易有限公司");
        check("川可（上海）贸易有限公司", "川可(上海)贸易有限公司");
        check("川可【上海】贸易有限公司", "川可(上海)贸易有限公司");
        check("川可 ( 上海 ) 贸易有限公司", "川可(上海)贸易有限公司");
        check("ＡＢＢ（中国）有限公司", "abb(中国)有限公司");
        check(
            "Müller Elektrogeräte GmbH & Co.KG",
            "mueller elektrogeraete gmbh & co kg",
        );
        check(
            "MUELLER  Elektrogeraete G.m.b.H.&Co. KG",
            "mueller elektrogeraete gmbh & co kg",
        );
        check("Foo Trading Co.,Ltd.", "foo trading co ltd");
        check("Bianchi S.r.l.", "bianchi srl");
        check("Acme™ \"Tools\", Inc.", "acme tools inc");
        check("Xi'an 3.5 Systems", "xian 3.5 systems");
        check("", "");
        check(" * ", "");
    }

    #[test]
    fn clerks_notes_are_off() {
        for noted in [
            "上海川可贸易有限公司（停用）",
            "上海川可贸易有限公司(新)",
            "上海川可贸易有限公司*",
            "上海川可贸易有限公司**（已停用）★",
            "【重点】上海川可贸易有限公司-月结",
            "上海川可贸易有限公司（原上海川可商贸有限公司）",
            "上海川可贸易有限公司(1)",
            "上海川可贸易有限公司2",
            "上海川可贸易有限公司 勿删",
            "（VIP）上海川可贸易有限公司",
            "上海川可贸易有限公司（",
        ] {
            check(noted, "上海川可贸易有限公司");
        }
        // What only looks like a note stays.
        check("新华书店", "新华书店");
        check("上海（新）川可", "上海(新)川可");
        check("停用", "停用");
        check("Acme New", "acme new");
        check(
            "上海川可贸易有限公司杭州分公司",
            "上海川可贸易有限公司杭州分公司",
        );
    }

    /// As the rules are stated, without a short cut.
    fn thoroughly(name: &str) -> String {
        let once = |name: &str| {
            let unified = without_stray_brackets(&without_dots(&unify_signs(&in_one_script(name))));
            let spaced = unified.split_whitespace().collect::<Vec<_>>().join(" ");
            without_idle_blanks(without_notes(&spaced))
        };
        (0..9).fold(name.to_owned(), |name, _| once(&name))
    }

    proptest! {
        #[test]
        fn short_cuts_change_nothing(
            name in "(?s)(\\PC|[上海市川可貿易（【)）】停用*新 .,&a-cA-Z有限公司0-9Ａ－、。「」《》沈船覆]){0,24}"
        ) {
            prop_assert_eq!(normalise_company_name(&name), thoroughly(&name));
        }

        #[test]
        fn normalising_again_changes_nothing(
            name in "(?s)(\\PC|[上海市川可(（【)）】停用*新 .,&éüÀŁ有限公司0-9原\u{308}\u{200B}]){0,24}"
        ) {
            let once = normalise_company_name(&name);
            prop_assert_eq!(normalise_company_name(&once), once);
        }
    }
}
