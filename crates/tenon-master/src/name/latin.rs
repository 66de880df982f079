//! Names in Latin and other scripts that part their words by blanks.

use super::{ParsedName, legal_form, trade};

/// Words by which a part of a company calls itself.
const BRANCH_WORDS: [&str; 8] = [
    "branch",
    "niederlassung",
    "zweigniederlassung",
    "zweigstelle",
    "succursale",
    "sucursal",
    "filiaal",
    "bijkantoor",
];

/// Offices that are no legal persons; two words each.
const OFFICES: [[&str; 2]; 5] = [
    ["representative", "office"],
    ["rep", "office"],
    ["liaison", "office"],
    ["branch", "office"],
    ["sales", "office"],
];

pub(super) fn parse(normalised: &str) -> ParsedName {
    let bracketed = normalised
        .split_once('(')
        .and_then(|(_, rest)| rest.split_once(')'))
        .map(|(content, _)| content.trim().to_owned())
        .filter(|content| !content.is_empty());
    let spaced = normalised.replace('(', " ( ").replace(')', " ) ");
    let all: Vec<&str> = spaced.split_whitespace().collect();
    let words: Vec<&str> = all
        .iter()
        .filter(|word| !matches!(**word, "(" | ")"))
        .map(|word| {
            if matches!(*word, "and" | "und" | "et" | "u") {
                "&"
            } else {
                word
            }
        })
        .collect();
    let words = match words.split_first() {
        Some((&"the", rest)) if !rest.is_empty() => rest,
        _ => &words[..],
    };

    let form = legal_form::in_words(words);
    let (head, tail) = match form {
        Some(found) if found.start == 0 => (&words[found.end..], &words[..0]),
        Some(found) => (&words[..found.start], &words[found.end..]),
        None => (words, &words[..0]),
    };
    let branch = branch(head, tail);
    let outside = brand_and_trade(head, bracketed.as_deref());
    let brand_length = trade::brand_words(&outside);
    let brand = outside[..brand_length].join(" ");

    let says_who = brand
        .chars()
        .filter(|character| character.is_alphanumeric())
        .count()
        >= 2;
    let full_key = form.filter(|_| says_who).map(|found| {
        let mut key = head.join(" ");
        key.push(' ');
        key.push_str(found.canonical);
        for word in tail {
            key.push(' ');
            key.push_str(word);
        }
        key
    });
    ParsedName {
        full_key,
        place: bracketed,
        brand,
        trade: Some(outside[brand_length..].join(" ")).filter(|words| !words.is_empty()),
        legal_form: form.map(|found| found.canonical.to_owned()),
        branch,
        ..ParsedName::default()
    }
}

/// The words before the form without those in brackets, which are a place.
fn brand_and_trade<'w>(head: &[&'w str], bracketed: Option<&str>) -> Vec<&'w str> {
    let inside: Vec<&str> = bracketed
        .into_iter()
        .flat_map(str::split_whitespace)
        .collect();
    let start = head
        .windows(inside.len().max(1))
        .position(|window| !inside.is_empty() && window == inside.as_slice());
    match start {
        Some(start) if start > 0 => [&head[..start], &head[start + inside.len()..]].concat(),
        _ => head.to_vec(),
    }
}

/// The branch that the name means: `shanghai branch` behind the form, or a last word that says so.
fn branch(head: &[&str], tail: &[&str]) -> Option<String> {
    let says_branch = |words: &[&str]| {
        words.iter().any(|word| BRANCH_WORDS.contains(word))
            || words
                .windows(2)
                .any(|pair| OFFICES.iter().any(|office| pair == office))
    };
    if says_branch(tail) {
        return Some(tail.join(" "));
    }
    // `Branch Technologies Inc` is a company; `Shanghai Branch of Foo Inc` and `Foo Branch` are not.
    if let Some(of) = head
        .windows(2)
        .position(|pair| pair[1] == "of" && says_branch(&pair[..1]))
    {
        return Some(head[..=of].join(" "));
    }
    let last = head.len().saturating_sub(2);
    (head.len() >= 2
        && (says_branch(&head[head.len() - 1..]) || (last > 0 && says_branch(&head[last..]))))
    .then(|| head[last..].join(" "))
}
