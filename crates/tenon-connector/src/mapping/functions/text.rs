//! Text: widths, company names, blanks, lines.

use jaq_json::{Map, Val};

use super::{Function, of_input};
use crate::mapping::meter;
use crate::mapping::value::{Value, ValueR};

pub(super) fn functions() -> Vec<Function> {
    vec![
        of_input!("half_width", |input| of_text(
            input,
            tenon_core::text::to_half_width
        )),
        of_input!("full_width", |input| of_text(
            input,
            tenon_core::text::to_full_width
        )),
        of_input!("company_name", |input| of_text(input, |name| {
            tenon_core::text::normalise_company_name(name).to_string()
        })),
        of_input!("squeeze", |input| of_text(input, |text| {
            text.split_whitespace().collect::<Vec<_>>().join(" ")
        })),
        of_input!("digits", |input| of_text(input, |text| {
            let half_width = tenon_core::text::to_half_width(text);
            half_width.chars().filter(char::is_ascii_digit).collect()
        })),
        of_input!("blank", |input| match input.as_text().map(str::trim) {
            Some("") => Ok(Value::default()),
            Some(trimmed) => Ok(Value::text(trimmed)),
            None => Ok(input),
        }),
        of_input!("split_lines", |input| match input.as_text() {
            Some(text) => {
                let lines = text
                    .split(['\n', '\r'])
                    .map(str::trim)
                    .filter(|line| !line.is_empty());
                Ok(lines.map(Value::text).collect())
            }
            None => nothing_or_refused(input),
        }),
        of_input!("compact", |input| {
            let json = compact(&input.json);
            Ok(input.same_depth(json))
        }),
    ]
}

/// A text function; null stays null, so that optional fields need no condition.
fn of_text(input: Value, change: fn(&str) -> String) -> ValueR {
    match input.as_text() {
        Some(text) => {
            // Changing text looks at each character several times.
            meter::steps(text.len());
            Ok(Value::from(change(text)))
        }
        None => nothing_or_refused(input),
    }
}

fn nothing_or_refused(input: Value) -> ValueR {
    match input.json {
        Val::Null => Ok(input),
        _ => Err(input.refused("text")),
    }
}

/// The value without members that say nothing, from the inside out. Items of arrays are only
/// dropped when they are null: the others have a place.
fn compact(json: &Val) -> Val {
    meter::step();
    match json {
        Val::Arr(items) => {
            meter::bytes(16 * items.len());
            items
                .iter()
                .map(compact)
                .filter(|item| !matches!(item, Val::Null))
                .collect()
        }
        Val::Obj(members) => {
            meter::bytes(64 * members.len());
            let members = members
                .iter()
                .map(|(key, member)| (key.clone(), compact(member)));
            Val::obj(
                members
                    .filter(|(_, member)| !says_nothing(member))
                    .collect::<Map>(),
            )
        }
        scalar => scalar.clone(),
    }
}

fn says_nothing(json: &Val) -> bool {
    match json {
        Val::Null => true,
        Val::TStr(text) => text.is_empty(),
        Val::Arr(items) => items.is_empty(),
        Val::Obj(members) => members.is_empty(),
        _ => false,
    }
}
