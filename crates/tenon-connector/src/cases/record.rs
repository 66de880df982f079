//! Cases from records as they came, with nobody's data in them.
//!
//! What is personal in the canonical form (the schema says it), or by its shape alone, is masked wherever
//! it stands. What the canonical form shows stays. Of the rest everything is masked without which the
//! mapping makes the same: what is left are the codes that it looks up.

use std::collections::HashSet;
use std::fmt;

use bytes::Bytes;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use super::masks::{Masks, is_personal};
use crate::Mapping;

/// The deepest record that is recorded.
const DEEPEST: usize = 64;

/// A record that is to become a case.
pub struct Original<'r> {
    /// As it came, JSON.
    pub raw: &'r [u8],
    /// What the mapping sees as `$message`.
    pub message: Value,
    /// Its mapping.
    pub mapping: &'r Mapping,
    /// Replaces every personal value of a canonical form.
    pub conceal: &'r dyn Fn(&mut Value),
}

/// The case of a record, as it stands in a file of cases.
///
/// # Errors
/// Why it cannot become one: it is no JSON, its mapping refuses it, or masked it would be another.
pub fn record(name: &str, original: &Original<'_>, masks: &Masks) -> Result<String, String> {
    let text = std::str::from_utf8(original.raw).map_err(|error| error.to_string())?;
    let node = Node::parse(text, 0)?;
    let mut leaves = Vec::new();
    node.leaves(&mut leaves);
    let output = original.map(&node, &leaves, &HashSet::new(), masks)?;
    let canonical = output.as_deref().map(parsed).transpose()?;
    let (mut all, mut shown) = (HashSet::new(), HashSet::new());
    if let Some(canonical) = &canonical {
        let mut concealed = canonical.clone();
        (original.conceal)(&mut concealed);
        scalars(canonical, &mut all);
        scalars(&concealed, &mut shown);
    }
    let personal: HashSet<&String> = all.difference(&shown).collect();
    let (mut masked, mut maybe) = (HashSet::new(), Vec::new());
    for (leaf, text) in leaves.iter().enumerate() {
        let text = text.trim();
        let holds_one = || personal.iter().any(|value| text.contains(value.as_str()));
        if long(text) && (is_personal(text) || holds_one()) {
            masked.insert(leaf);
        } else if !text.is_empty() && !shown.contains(text) {
            maybe.push(leaf);
        }
    }
    let hidden: Vec<&str> = masked.iter().map(|leaf| leaves[*leaf].trim()).collect();
    let same = |masked: &HashSet<usize>| {
        let made = original.map(&node, &leaves, masked, masks);
        match (&canonical, made) {
            (None, Ok(None)) => true,
            (Some(canonical), Ok(Some(output))) => {
                parsed(&output).is_ok_and(|found| alike(canonical, &found, &personal, &hidden))
            }
            _ => false,
        }
    };
    let must = masked.clone();
    masked.extend(&maybe);
    if !same(&masked) {
        masked = must;
        for leaf in maybe {
            masked.insert(leaf);
            if !same(&masked) {
                masked.remove(&leaf);
            }
        }
    }
    if !same(&masked) {
        return Err("masked, the mapping would make something else of it".to_owned());
    }
    let output = original.map(&node, &leaves, &masked, masks)?;
    Ok(original.case(name, &node, &leaves, &masked, masks, output.as_deref()))
}

/// Whether a text is more than a flag or a small number, which are nobody's.
fn long(text: &str) -> bool {
    text.trim().chars().count() > 1
}

impl Original<'_> {
    fn map(
        &self,
        node: &Node,
        leaves: &[String],
        masked: &HashSet<usize>,
        masks: &Masks,
    ) -> Result<Option<Bytes>, String> {
        let (input, message) = (
            node.with(masked, masks),
            self.message(leaves, masked, masks),
        );
        let output = self.mapping.apply(input.as_bytes(), &message);
        output.map_err(|failure| failure.detail)
    }

    /// What the mapping sees beside the record, the same values masked in it.
    fn message(&self, leaves: &[String], masked: &HashSet<usize>, masks: &Masks) -> Value {
        let mut message = self.message.clone();
        for value in message
            .as_object_mut()
            .into_iter()
            .flat_map(|members| members.values_mut())
        {
            if let Value::String(text) = value
                && masked.iter().any(|leaf| leaves[*leaf] == *text)
            {
                *text = masks.mask(text);
            }
        }
        message
    }

    fn case(
        &self,
        name: &str,
        node: &Node,
        leaves: &[String],
        masked: &HashSet<usize>,
        masks: &Masks,
        output: Option<&[u8]>,
    ) -> String {
        // JSON texts, so that each number stays as it is written.
        let quoted = |text: &str| format!("'{}'", text.replace('\'', "''"));
        let mut case = format!(
            "- name: {}\n  input_json: {}\n",
            quoted(name),
            quoted(&node.with(masked, masks))
        );
        if self.mapping.reads_message() {
            case += &format!("  message: {}\n", self.message(leaves, masked, masks));
        }
        match output {
            Some(output) => {
                case += &format!(
                    "  expect_json: {}\n",
                    quoted(&String::from_utf8_lossy(output))
                )
            }
            None => case += "  skipped: true\n",
        }
        case
    }
}

fn parsed(output: &[u8]) -> Result<Value, String> {
    serde_json::from_slice(output).map_err(|error| error.to_string())
}

fn scalars(value: &Value, found: &mut HashSet<String>) {
    match value {
        Value::Object(members) => members.values().for_each(|member| scalars(member, found)),
        Value::Array(items) => items.iter().for_each(|item| scalars(item, found)),
        Value::String(text) if long(text) => drop(found.insert(text.trim().to_owned())),
        Value::Number(number) => drop(found.insert(number.to_string())),
        _ => {}
    }
}

/// Whether two canonical forms say the same but for what was to be masked.
fn alike(one: &Value, other: &Value, personal: &HashSet<&String>, hidden: &[&str]) -> bool {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(key, value)| {
                    other
                        .get(key)
                        .is_some_and(|found| alike(value, found, personal, hidden))
                })
        }
        (Value::Array(one), Value::Array(other)) => {
            let mut pairs = one.iter().zip(other);
            one.len() == other.len()
                && pairs.all(|(one, other)| alike(one, other, personal, hidden))
        }
        (Value::String(one), Value::String(other)) => {
            let own = one.trim();
            one == other
                || personal.iter().any(|value| value.as_str() == own)
                || hidden
                    .iter()
                    .any(|text| own.contains(text) || text.contains(own))
        }
        _ => one == other,
    }
}

/// A JSON value whose scalars keep their text.
enum Node {
    Object(Vec<(String, Node)>),
    List(Vec<Node>),
    Scalar(String),
}

impl Node {
    fn parse(text: &str, depth: usize) -> Result<Self, String> {
        let failed = |error: serde_json::Error| error.to_string();
        let text = text.trim();
        let inner = |value: &RawValue| Self::parse(value.get(), depth + 1);
        if depth > DEEPEST {
            return Err("it is nested too deeply".to_owned());
        }
        Ok(match text.as_bytes().first() {
            Some(b'{') => {
                let members: Members = serde_json::from_str(text).map_err(failed)?;
                let members = members.0.into_iter();
                let members = members.map(|(key, value)| Ok((key, inner(&value)?)));
                Self::Object(members.collect::<Result<_, String>>()?)
            }
            Some(b'[') => {
                let items: Vec<Box<RawValue>> = serde_json::from_str(text).map_err(failed)?;
                let items = items.iter().map(|item| inner(item));
                Self::List(items.collect::<Result<_, String>>()?)
            }
            _ => {
                let _: &RawValue = serde_json::from_str(text).map_err(failed)?;
                Self::Scalar(text.to_owned())
            }
        })
    }

    /// The texts and numbers in it, in order; nothing for what is neither.
    fn leaves(&self, leaves: &mut Vec<String>) {
        match self {
            Self::Object(members) => members.iter().for_each(|(_, member)| member.leaves(leaves)),
            Self::List(items) => items.iter().for_each(|item| item.leaves(leaves)),
            Self::Scalar(text) => leaves.push(match serde_json::from_str(text) {
                Ok(Value::String(text)) => text,
                Ok(Value::Number(_)) => text.clone(),
                _ => String::new(),
            }),
        }
    }

    /// Its text, the leaves of these numbers masked.
    fn with(&self, masked: &HashSet<usize>, masks: &Masks) -> String {
        let mut text = String::new();
        self.write(masked, masks, &mut 0, &mut text);
        text
    }

    fn write(&self, masked: &HashSet<usize>, masks: &Masks, number: &mut usize, text: &mut String) {
        match self {
            Self::Object(members) => {
                text.push('{');
                for (index, (key, member)) in members.iter().enumerate() {
                    let comma = if index == 0 { "" } else { ", " };
                    text.push_str(&format!("{comma}{}: ", Value::from(key.as_str())));
                    member.write(masked, masks, number, text);
                }
                text.push('}');
            }
            Self::List(items) => {
                text.push('[');
                for (index, item) in items.iter().enumerate() {
                    text.push_str(if index == 0 { "" } else { ", " });
                    item.write(masked, masks, number, text);
                }
                text.push(']');
            }
            Self::Scalar(own) => {
                match (masked.contains(number), serde_json::from_str(own)) {
                    (true, Ok(Value::String(value))) => {
                        text.push_str(&Value::from(masks.mask(&value)).to_string());
                    }
                    (true, Ok(Value::Number(_)))
                        if own
                            .bytes()
                            .all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'.')) =>
                    {
                        text.push_str(&masks.mask(own));
                    }
                    _ => text.push_str(own),
                }
                *number += 1;
            }
        }
    }
}

/// An object's members in their order, each as it is written.
struct Members(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Members;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::json;

    use super::*;
    use crate::CodeTables;
    use crate::cases::{CaseOutcome, run};

    const MAPPING: &str = r#"{
        number: .no, kind: (.type | lookup("kind")), remark: .note, amount: (.amount | decimal),
        contact: .person, phone: .mobile, id: $message.native_id, source: $message.source
    } | if .number == "none" then empty else . end"#;

    fn check(raw: &str, keeps: &[&str], hides: &[&str]) -> String {
        let mut tables = CodeTables::default();
        tables
            .insert("kind", "code,kind\n经销商,partner\n")
            .expect("a table");
        let mapping = Mapping::compile(Path::new("a.jq"), MAPPING, &tables).expect("a mapping");
        let conceal = |value: &mut Value| {
            for key in ["contact", "phone"] {
                value[key] = json!("•••");
            }
        };
        let native: Value = serde_json::from_str(raw).expect("JSON");
        let original = Original {
            raw: raw.as_bytes(),
            message: json!({ "source": "crm", "native_id": native["no"] }),
            mapping: &mapping,
            conceal: &conceal,
        };
        let case = record("one", &original, &Masks::new([3; 32], Vec::new())).expect("a case");
        let results = run(Path::new("a.yaml"), &case, &mapping, |_| Ok(())).expect("cases");
        assert_eq!(results[0].outcome, CaseOutcome::Passed, "{case}");
        for text in keeps {
            assert!(case.contains(text), "{text} is not in {case}");
        }
        for text in hides {
            assert!(!case.contains(text), "{text} is in {case}");
        }
        case
    }

    #[test]
    fn persons_are_masked_wherever_they_stand_and_codes_stay() {
        let case = check(
            r#"{"no":"SO-1","type":"经销商","amount":19.90,"note":"call 李明 first","person":"李明",
                "mobile":"13916228001","second":"13916228001","secret":"it's nobody's","mail":"li@kawa.cn","rank":1}"#,
            &["SO-1", "经销商", "19.90", "partner", "@example.com"],
            &["李明", "13916228001", "nobody", "kawa.cn"],
        );
        let second = case
            .split("\"second\": \"")
            .nth(1)
            .and_then(|rest| rest.split('"').next());
        assert_eq!(
            case.matches(second.expect("the second number")).count(),
            3,
            "{case}"
        );
    }

    #[test]
    fn nobody_is_in_what_is_not_wanted_either() {
        check(
            r#"{"no":"none","type":"经销商","amount":1,"person":"李明明","lat":31.2304}"#,
            &["none", "skipped: true"],
            &["李明明", "31.2304"],
        );
    }

    #[test]
    fn what_cannot_be_masked_or_mapped_becomes_no_case() {
        let mapping =
            r#"if .mobile == "13916228001" then { contact: .mobile } else error("another") end"#;
        let mapping = Mapping::compile(Path::new("a.jq"), mapping, &CodeTables::default());
        let mapping = mapping.expect("a mapping");
        for (raw, said) in [
            (r#"{"mobile":"13916228001"}"#, "something else"),
            (r#"{"mobile":"1"}"#, "another"),
            ("{", "EOF"),
        ] {
            let original = Original {
                raw: raw.as_bytes(),
                message: Value::Null,
                mapping: &mapping,
                conceal: &|_| {},
            };
            let why = record("one", &original, &Masks::new([3; 32], Vec::new()));
            let why = why.expect_err("no case");
            assert!(why.contains(said), "{why}");
        }
    }
}
