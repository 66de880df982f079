//! JSON in and out of a mapping, with every number unchanged.
//!
//! Numbers are read by the engine's own parser, which keeps the text of decimals; a parser that
//! goes through floats would lose cents and long identifiers.

mod plain;

use std::io::Write as _;

use jaq_json::{Num, Val};

use super::meter;

/// The deepest nesting that a value may have.
pub(super) const DEEPEST: u32 = 512;
/// The deepest nesting of an input.
const DEEPEST_INPUT: u32 = 128;
/// The most digits a number may have; longer ones are no business data and slow to read.
const LONGEST_NUMBER: usize = 400;

/// Reads exactly one JSON value, and how deeply it is nested.
///
/// # Errors
/// A sentence when the bytes are not JSON, are nested deeper than 128 levels, or hold a number of
/// more than 400 digits.
pub(super) fn read(body: &[u8]) -> Result<(Val, u32), String> {
    let text = utf8(body)?;
    match plain::read(text) {
        Some(read) => Ok(read),
        None => read_carefully(body),
    }
}

fn utf8(body: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(body)
        .map_err(|error| format!("it is not UTF-8 text (byte {})", error.valid_up_to() + 1))
}

fn read_carefully(body: &[u8]) -> Result<(Val, u32), String> {
    let text = utf8(body)?;
    let depth = survey(body)?;
    // The engine's parser accepts more than JSON (comments, NaN, byte strings); this one does not.
    serde_json::from_str::<serde::de::IgnoredAny>(text).map_err(|error| error.to_string())?;
    let value = jaq_json::read::parse_single(body).map_err(|error| error.to_string())?;
    Ok((value, depth))
}

/// How deeply the text is nested, before anything recursive looks at it.
fn survey(body: &[u8]) -> Result<u32, String> {
    let (mut depth, mut deepest, mut digits) = (0_u32, 0_u32, 0_usize);
    let mut bytes = body.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => {
                while let Some(inner) = bytes.next() {
                    match inner {
                        b'\\' => drop(bytes.next()),
                        b'"' => break,
                        _ => {}
                    }
                }
                digits = 0;
            }
            b'[' | b'{' => {
                depth += 1;
                deepest = deepest.max(depth);
                if depth > DEEPEST_INPUT {
                    return Err(format!("it is nested deeper than {DEEPEST_INPUT} levels"));
                }
            }
            b']' | b'}' => {
                depth = depth.saturating_sub(1);
                digits = 0;
            }
            b'0'..=b'9' | b'.' => {
                digits += 1;
                if digits > LONGEST_NUMBER {
                    return Err(format!(
                        "it holds a number of more than {LONGEST_NUMBER} digits"
                    ));
                }
            }
            _ => digits = 0,
        }
    }
    Ok(deepest)
}

/// The same value for those who compute with it no further, and about how long its JSON is.
///
/// # Errors
/// As [`write`].
pub(super) fn convert(value: &Val) -> Result<(serde_json::Value, usize), String> {
    use serde_json::Value;
    meter::step();
    Ok(match value {
        Val::Null => (Value::Null, 4),
        Val::Bool(truth) => (Value::Bool(*truth), 5),
        Val::Num(Num::Int(number)) => (Value::from(*number), 8),
        Val::TStr(text) => {
            let text = text_of(text)?;
            meter::bytes(text.len());
            (Value::from(text), text.len() + 2)
        }
        Val::Arr(items) => {
            let (mut converted, mut length) = (Vec::with_capacity(items.len()), 2);
            for item in items.iter() {
                let (item, more) = convert(item)?;
                converted.push(item);
                length += more + 1;
            }
            (Value::Array(converted), length)
        }
        Val::Obj(members) => {
            let (mut converted, mut length) = (serde_json::Map::new(), 2);
            for (key, member) in members.iter() {
                let Val::TStr(key) = key else {
                    return Err(NO_KEY.into());
                };
                let key = text_of(key)?;
                let (member, more) = convert(member)?;
                converted.insert(key.to_owned(), member);
                length += key.len() + more + 4;
            }
            (Value::Object(converted), length)
        }
        Val::Num(_) | Val::BStr(_) => {
            let text = write(value)?;
            let number = serde_json::from_slice(&text).map_err(|error| error.to_string())?;
            (number, text.len())
        }
    })
}

const NO_KEY: &str = "it holds a key that is no text";

fn text_of(text: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(text).map_err(|_| "it holds text that is not UTF-8".into())
}

/// Writes a value as compact JSON.
///
/// # Errors
/// A sentence when the value has no JSON form: broken text, byte strings, infinite numbers.
pub(super) fn write(value: &Val) -> Result<Vec<u8>, String> {
    let mut out = Vec::with_capacity(1024);
    write_into(value, &mut out)?;
    Ok(out)
}

fn write_into(value: &Val, out: &mut Vec<u8>) -> Result<(), String> {
    meter::step();
    match value {
        Val::Null => out.extend_from_slice(b"null"),
        Val::Bool(true) => out.extend_from_slice(b"true"),
        Val::Bool(false) => out.extend_from_slice(b"false"),
        Val::Num(Num::Float(float)) if !float.is_finite() => {
            return Err("it holds a number without a value (division by zero or overflow)".into());
        }
        // Writing to a vector cannot fail.
        Val::Num(Num::Dec(text)) => out.extend_from_slice(text.as_bytes()),
        Val::Num(number) => {
            let _ = write!(out, "{number}");
        }
        Val::BStr(_) => return Err("it holds bytes that are no text".into()),
        Val::TStr(text) => write_text(text, out)?,
        Val::Arr(items) => {
            out.push(b'[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write_into(item, out)?;
            }
            out.push(b']');
        }
        Val::Obj(members) => {
            out.push(b'{');
            for (index, (key, member)) in members.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                let Val::TStr(key) = key else {
                    return Err(NO_KEY.into());
                };
                write_text(key, out)?;
                out.push(b':');
                write_into(member, out)?;
            }
            out.push(b'}');
        }
    }
    Ok(())
}

fn write_text(text: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
    text_of(text)?;
    meter::bytes(text.len());
    out.push(b'"');
    let mut rest = text;
    while let Some(at) = rest
        .iter()
        .position(|byte| matches!(byte, 0..=0x1f | b'"' | b'\\'))
    {
        out.extend_from_slice(&rest[..at]);
        match rest[at] {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            control => {
                let _ = write!(out, "\\u{control:04x}");
            }
        }
        rest = &rest[at + 1..];
    }
    out.extend_from_slice(rest);
    out.push(b'"');
    Ok(())
}

/// The beginning of a value's JSON, for messages to people: at most about `limit` bytes.
pub(super) fn brief(value: &Val, limit: usize) -> String {
    let mut out = String::new();
    brief_into(value, limit, &mut out);
    if out.len() > limit {
        let mut end = limit;
        while !out.is_char_boundary(end) {
            end -= 1;
        }
        out.truncate(end);
        out.push('…');
    }
    out
}

fn brief_into(value: &Val, limit: usize, out: &mut String) {
    use std::fmt::Write as _;
    if out.len() > limit {
        return;
    }
    match value {
        Val::Null => out.push_str("null"),
        Val::Bool(truth) => out.push_str(if *truth { "true" } else { "false" }),
        // Writing to a string cannot fail.
        Val::Num(number) => {
            let _ = write!(out, "{number}");
        }
        Val::TStr(text) | Val::BStr(text) => {
            let shown = &text[..text.len().min(limit)];
            let _ = write!(out, "\"{}\"", String::from_utf8_lossy(shown));
        }
        Val::Arr(items) => {
            out.push('[');
            for item in items.iter() {
                if out.len() > limit {
                    return;
                }
                if !out.ends_with('[') {
                    out.push(',');
                }
                brief_into(item, limit, out);
            }
            out.push(']');
        }
        Val::Obj(members) => {
            out.push('{');
            for (key, member) in members.iter() {
                if out.len() > limit {
                    return;
                }
                if !out.ends_with('{') {
                    out.push(',');
                }
                brief_into(key, limit, out);
                out.push(':');
                brief_into(member, limit, out);
            }
            out.push('}');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(text: &str) -> String {
        let (value, _) = read(text.as_bytes()).unwrap();
        String::from_utf8(write(&value).unwrap()).unwrap()
    }

    #[test]
    fn what_is_read_is_written_unchanged() {
        for text in [
            "null",
            "true",
            "\"\"",
            "[]",
            "{}",
            "0",
            "-1",
            "0.1",
            "19.90",
            "1.50e3",
            "10000000000000000.01",
            "1234567890123456789",
            "12345678901234567890123",
            "1e400",
            "{\"a\":[1,{\"b\":\"上海\"}],\"c\":\"\\\"\\\\\\n\\t\\r\\u0001\"}",
        ] {
            assert_eq!(round(text), text);
        }
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for text in [
            "", "{", "NaN", "1 2", "# x\n1", "b\"a\"", "[1,]", "{1:2}", "+1", "'a'",
        ] {
            assert!(read(text.as_bytes()).is_err(), "{text}");
        }
        assert!(read(b"\"\xff\"").unwrap_err().contains("UTF-8"));
        assert!(
            read("9".repeat(401).as_bytes())
                .unwrap_err()
                .contains("400 digits")
        );
        assert!(
            read("[".repeat(200_000).as_bytes())
                .unwrap_err()
                .contains("128")
        );
    }

    #[test]
    fn depth_is_measured_outside_of_text() {
        assert_eq!(read(b"[\"[[[[\\\"[\",{\"a\":[]}]").unwrap().1, 3);
        assert_eq!(read(b"7").unwrap().1, 0);
    }

    #[test]
    fn a_brief_form_is_brief() {
        let (value, _) = read(format!("{{\"a\":[\"{}\"]}}", "长".repeat(500)).as_bytes()).unwrap();
        let brief = brief(&value, 40);
        assert!(brief.starts_with("{\"a\":[\"长") && brief.ends_with('…') && brief.len() < 60);
    }
}
