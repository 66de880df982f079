//! Names in Chinese and Japanese characters.

use super::legal_form::{self, Found};
use super::{ParsedName, place, trade};

/// Words by which a part of a company calls itself, longest first where one ends another.
const BRANCH_WORDS: [&str; 17] = [
    "分公司",
    "支公司",
    "分支机构",
    "分店",
    "分厂",
    "分行",
    "支行",
    "分部",
    "分社",
    "分院",
    "分所",
    "分校",
    "分理处",
    "办事处",
    "代表处",
    "联络处",
    "工程处",
];

/// Departments are no legal persons either; they count only behind a company's legal form.
const DEPARTMENT_WORDS: [&str; 8] = [
    "营业部",
    "销售部",
    "采购部",
    "项目部",
    "事业部",
    "门市部",
    "经营部",
    "营销中心",
];

pub(super) fn parse(normalised: &str) -> ParsedName {
    let text = with_plain_places(normalised);
    let (head, form, tail) = match legal_form::first_in_chinese(&text) {
        Some(found) => split_at_form(&text, found),
        None => (text.as_str(), None, ""),
    };
    let (head, form, tail) = match form {
        Some(form) => (head, Some(form), tail),
        None => without_company_form(&text),
    };
    let mut branch = branch(&without_brackets(tail), form.is_some());
    let mut head = head;
    if form.is_none()
        && branch.is_none()
        && let Some((company, place)) = shortened_branch(head)
    {
        let place = place::whole(place).unwrap_or_default();
        branch = Some(format!("{place}分公司"));
        head = company;
    }
    let prefix = place::split(head, |rest| {
        let body = without_bracketed_places(rest).0;
        !trade::split_chinese(&body).0.is_empty()
    });
    let (body, bracketed_place) = without_bracketed_places(prefix.rest);
    let (brand, trade_words) = trade::split_chinese(&body);
    let place = Some(prefix.places.clone())
        .filter(|places| !places.is_empty())
        .or(bracketed_place);

    let says_who = match form {
        Some(found) if is_company(found) => !brand.is_empty() || place.is_some(),
        // 人民医院 stands in every town.
        Some(_) => place.is_some() && brand.chars().count() >= 2,
        None => false,
    };
    let full_key = says_who.then(|| {
        let mut key = prefix.key.clone();
        key.push_str(&without_brackets(prefix.rest));
        key.push_str(form.unwrap_or_default());
        match &branch {
            Some(branch) => {
                key.push('/');
                key.push_str(branch);
            }
            None => key.push_str(&without_brackets(tail)),
        }
        key
    });
    ParsedName {
        full_key,
        place,
        brand: brand.to_owned(),
        trade: Some(trade_words.to_owned()).filter(|words| !words.is_empty()),
        legal_form: form.map(str::to_owned),
        branch,
        ..ParsedName::default()
    }
}

/// Splits at the company's form. A Japanese form may stand before the name.
fn split_at_form(text: &str, found: Found) -> (&str, Option<&'static str>, &str) {
    if found.start == 0 {
        return (&text[found.end..], Some(found.canonical), "");
    }
    (
        &text[..found.start],
        Some(found.canonical),
        &text[found.end..],
    )
}

/// Splits a name without a company's form: 川可杭州分公司, 上海市第一人民医院.
fn without_company_form(text: &str) -> (&str, Option<&'static str>, &str) {
    let flat = text.trim_end_matches(')');
    if let Some(word) = BRANCH_WORDS.into_iter().find(|word| flat.ends_with(word)) {
        let before = &flat[..flat.len() - word.len()];
        let numbered = before
            .trim_end_matches(|c: char| c.is_ascii_digit() || "第一二三四五六七八九十".contains(c));
        let start = match place::trailing_start(before) {
            Some(start) if numbered.len() == before.len() => start,
            _ => numbered.len(),
        };
        // 杭州分公司 alone is the branch of a company that is not named.
        return (text[..start].trim_end_matches('('), None, &text[start..]);
    }
    match legal_form::organisation_in_chinese(text) {
        Some(found) if found.start > 0 => (
            &text[..found.start],
            Some(found.canonical),
            &text[found.end..],
        ),
        _ => (text, None, ""),
    }
}

fn is_company(form: &str) -> bool {
    ["公司", "合伙", "会社", "合伙企业", "合作社"]
        .iter()
        .any(|end| form.ends_with(end))
        && form != "合作社"
}

/// What follows the legal form, if that is a branch: without brackets, 市 and 省, and without what
/// a clerk wrote behind it.
fn branch(tail: &str, behind_a_form: bool) -> Option<String> {
    let departments: &[&str] = if behind_a_form {
        &DEPARTMENT_WORDS
    } else {
        &[]
    };
    let end = BRANCH_WORDS
        .iter()
        .chain(departments)
        .filter_map(|word| tail.find(word).map(|start| start + word.len()))
        .max();
    let Some(end) = end else {
        // 有限公司无锡分 and what else a hurried hand makes of 分公司.
        let (before, _) = tail.split_once('分').filter(|_| behind_a_form)?;
        let place = place::whole(before).unwrap_or_else(|| before.to_owned());
        return Some(format!("{place}分公司"));
    };
    let prefix = place::split(&tail[..end], |_| true);
    Some(format!("{}{}", prefix.key, prefix.rest))
}

/// Splits 川可无锡分 before 无锡: people shorten 无锡分公司 so.
fn shortened_branch(text: &str) -> Option<(&str, &str)> {
    let before = text.strip_suffix('分')?;
    let start = place::trailing_start(before).filter(|start| *start > 0)?;
    Some((&text[..start], &before[start..]))
}

/// Brackets around anything but a place go; a place in brackets loses its suffix.
///
/// 川可（上海市）贸易 and 川可(上海)贸易 are one, 海尔(集团)公司 and 海尔集团公司 too.
fn with_plain_places(text: &str) -> String {
    map_brackets(text, |content| match place::whole(content) {
        Some(place) => format!("({place})"),
        None => content.to_owned(),
    })
}

fn without_brackets(text: &str) -> String {
    text.replace(['(', ')'], "")
}

/// The text without its bracketed parts, and the first of those.
fn without_bracketed_places(text: &str) -> (String, Option<String>) {
    let mut first = None;
    let rest = map_brackets(text, |content| {
        first.get_or_insert_with(|| content.to_owned());
        String::new()
    });
    (without_brackets(&rest), first)
}

/// Replaces each innermost bracketed part by what `replace` makes of its content.
fn map_brackets(text: &str, mut replace: impl FnMut(&str) -> String) -> String {
    let mut mapped = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, content, after)) = rest.find(')').and_then(|close| {
        let open = rest[..close].rfind('(')?;
        Some((&rest[..open], &rest[open + 1..close], &rest[close + 1..]))
    }) {
        mapped.push_str(before);
        mapped.push_str(&replace(content));
        rest = after;
    }
    mapped.push_str(rest);
    mapped
}
