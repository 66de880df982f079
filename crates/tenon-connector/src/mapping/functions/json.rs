//! jq's own functions that depend on how values are made: length, has, contains, indices, JSON text.

use bytes::Bytes;
use jaq_core::ValT as _;
use jaq_json::{Num, Val};
use jaq_std::ValT as _;

use super::{Function, of_input, of_one};
use crate::mapping::json;
use crate::mapping::meter;
use crate::mapping::value::{Error, Value, ValueR, weigh};

pub(super) fn functions() -> Vec<Function> {
    vec![
        of_input!("length", length),
        of_input!("tojson", to_json),
        of_input!("fromjson", from_json),
        of_one!("has", has),
        of_one!("contains", |whole, part| {
            // Each item of the part is looked for among all items of the whole.
            weigh(&whole.json);
            weigh(&part.json);
            Ok(Value::from(contains(&whole.json, &part.json)))
        }),
        of_one!("indices", indices),
        of_one!("pay_for_pattern", pay_for_pattern),
    ]
}

fn length(input: Value) -> ValueR {
    match &input.json {
        Val::Null => Ok(Value::from(0_usize)),
        Val::Arr(items) => Ok(Value::from(items.len())),
        Val::Obj(members) => Ok(Value::from(members.len())),
        Val::TStr(text) => {
            meter::read_text(text.len());
            Ok(Value::from(String::from_utf8_lossy(text).chars().count()))
        }
        Val::Num(number) if *number < Num::Int(0) => -input,
        Val::Num(_) => Ok(input),
        _ => Err(input.refused("something that has a length")),
    }
}

fn to_json(input: Value) -> ValueR {
    let text = json::write(&input.json).map_err(Error::str)?;
    Ok(Value::scalar(Val::utf8_str(Bytes::from(text))))
}

fn from_json(input: Value) -> ValueR {
    let Some(text) = input.as_bytes() else {
        return Err(input.refused("text"));
    };
    // Reading JSON makes members out of bytes.
    meter::steps(text.len());
    meter::bytes(8 * text.len());
    let (json, depth) = json::read(text)
        .map_err(|error| Error::str(format_args!("{input} is no JSON: {error}")))?;
    Ok(Value::nested(json, depth))
}

fn has(input: Value, key: Value) -> ValueR {
    match (&input.json, &key.json) {
        (Val::Obj(members), Val::TStr(_)) => Ok(Value::from(members.contains_key(&key.json))),
        (Val::Arr(items), Val::Num(_)) => {
            let place = key.as_isize().and_then(|place| usize::try_from(place).ok());
            Ok(Value::from(place.is_some_and(|place| place < items.len())))
        }
        _ => Err(Error::index(input, key)),
    }
}

/// Whether the whole contains the part, as jq means it: text in text, each item in some item,
/// each member in the member of the same name, anything else when it is equal.
fn contains(whole: &Val, part: &Val) -> bool {
    meter::step();
    match (whole, part) {
        (Val::TStr(whole), Val::TStr(part)) => {
            meter::read_text(whole.len() + part.len());
            match (std::str::from_utf8(whole), std::str::from_utf8(part)) {
                (Ok(whole), Ok(part)) => whole.contains(part),
                _ => false,
            }
        }
        (Val::Arr(whole), Val::Arr(part)) => part
            .iter()
            .all(|part| whole.iter().any(|item| contains(item, part))),
        (Val::Obj(whole), Val::Obj(part)) => part
            .iter()
            .all(|(key, part)| whole.get(key).is_some_and(|member| contains(member, part))),
        _ => whole == part,
    }
}

fn indices(input: Value, wanted: Value) -> ValueR {
    match (&input.json, &wanted.json) {
        (Val::Null, _) => Ok(Value::default()),
        (Val::TStr(text), Val::TStr(part)) => {
            meter::read_text(text.len() + part.len());
            let (Ok(text), Ok(part)) = (std::str::from_utf8(text), std::str::from_utf8(part))
            else {
                return Err(Error::index(input, wanted));
            };
            if part.is_empty() {
                return Ok(Value::from_iter([]));
            }
            // Places are counted in characters, and occurrences may overlap.
            meter::steps(text.len());
            let starts = text.char_indices().enumerate();
            let places = starts.filter(|(_, (byte, _))| {
                meter::read_text(part.len());
                text[*byte..].starts_with(part)
            });
            Ok(places.map(|(place, _)| Value::from(place)).collect())
        }
        (Val::Arr(items), Val::Arr(part)) if !part.is_empty() => {
            meter::steps(items.len().saturating_mul(part.len()));
            weigh(&input.json);
            weigh(&wanted.json);
            let windows = items.windows(part.len()).enumerate();
            let places = windows.filter(|(_, window)| *window == part.as_slice());
            Ok(places.map(|(place, _)| Value::from(place)).collect())
        }
        (Val::Arr(_), Val::Arr(_)) => Ok(Value::from_iter([])),
        (Val::Arr(_), _) => {
            let items = input.clone().values().enumerate();
            let places = items.filter_map(|(place, item)| Some((place, item.ok()?)));
            let places = places.filter(|(_, item)| *item == wanted);
            Ok(places.map(|(place, _)| Value::from(place)).collect())
        }
        _ => Err(Error::index(input, wanted)),
    }
}

/// Pays for a search whose time is the product of text and pattern.
fn pay_for_pattern(input: Value, pattern: Value) -> ValueR {
    const LONGEST_PATTERN: usize = 1000;
    let (Some(text), Some(pattern)) = (input.as_bytes(), pattern.as_text()) else {
        return Err(input.refused("text to search with a regular expression"));
    };
    if pattern.len() > LONGEST_PATTERN {
        return Err(Error::str(
            "a regular expression has at most 1000 characters",
        ));
    }
    let weight = repeated_length(pattern);
    meter::steps(weight + text.len().saturating_mul(weight) / 16);
    // Each match becomes an object.
    meter::bytes(text.len().saturating_mul(8));
    Ok(input)
}

/// How long a pattern is after its counted repetitions are written out, at the most.
fn repeated_length(pattern: &str) -> usize {
    let mut length = pattern.len() + 1;
    for (at, _) in pattern.match_indices('{') {
        let counts = pattern[at + 1..].split('}').next().unwrap_or_default();
        let largest = counts
            .split(',')
            .filter_map(|count| count.trim().parse::<usize>().ok())
            .max();
        length = length.saturating_mul(largest.unwrap_or(1).max(1));
    }
    length
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_pattern_weighs_what_it_becomes() {
        assert_eq!(repeated_length("abc"), 4);
        assert_eq!(repeated_length("(a{10}){20}"), 12 * 200);
        assert_eq!(repeated_length("a{2,5}"), 7 * 5);
        assert_eq!(repeated_length("\\p{Han}"), 8);
    }
}
