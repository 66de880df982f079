//! The personal values of a body, for texts that others wrote about it.

use serde_json::Value;

use super::{MASK, schema};
use crate::MessageKind;

/// The personal values of a body, which are hidden wherever they stand: what a target says of it, and its own form of
/// it, do not tell what is personal.
#[derive(Debug, Default)]
pub struct Personal(Vec<String>);

impl Personal {
    /// Those of the canonical body of a message; none of what is no canonical body.
    pub fn of(kind: MessageKind, body: &[u8]) -> Self {
        let (Some(schema), Ok(body)) = (schema(kind), serde_json::from_slice::<Value>(body)) else {
            return Self::default();
        };
        let mut masked = body.clone();
        schema.mask(&mut masked);
        let mut found = Vec::new();
        collect(&body, &masked, &mut found);
        // As it stands within a JSON text, too.
        let written = |text: &String| {
            let text = Value::String(text.clone()).to_string();
            text.trim_matches('"').to_owned()
        };
        found.extend(found.iter().map(written).collect::<Vec<_>>());
        // The longest first, so that none is left in pieces.
        found.sort_by_key(|text| std::cmp::Reverse(text.len()));
        found.dedup();
        Self(found)
    }

    /// A text in which each of them is masked.
    pub fn hide(&self, text: &str) -> String {
        let hidden = |text: String, value: &String| text.replace(value.as_str(), MASK);
        self.0.iter().fold(text.to_owned(), hidden)
    }
}

/// The texts that masking took away.
fn collect(open: &Value, masked: &Value, found: &mut Vec<String>) {
    match (open, masked) {
        (Value::Object(open), Value::Object(masked)) => {
            for (key, value) in open {
                collect(value, masked.get(key).unwrap_or(&Value::Null), found);
            }
        }
        (Value::Array(open), Value::Array(masked)) => {
            let pairs = open.iter().zip(masked);
            pairs.for_each(|(open, masked)| collect(open, masked, found));
        }
        (open, masked) if open != masked => texts(open, found),
        _ => {}
    }
}

fn texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) if !text.is_empty() => found.push(text.clone()),
        Value::Array(values) => values.iter().for_each(|value| texts(value, found)),
        Value::Object(members) => members.values().for_each(|value| texts(value, found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Entity;

    #[test]
    fn what_is_personal_is_hidden_in_what_others_say() {
        let kind = MessageKind::current(Entity::Customer);
        let body = r#"{"kind":"company","legal_name":"上海川可贸易有限公司","phones":["021-60000000","021"],
            "contacts":[{"name":"Li \"Leo\" Wei"}]}"#;
        let personal = Personal::of(kind, body.as_bytes());
        assert_eq!(
            personal.hide(r#"422 {"firm":"上海川可贸易有限公司","tel":"021-60000000 is taken","by":"Li \"Leo\" Wei"} 021"#),
            r#"422 {"firm":"上海川可贸易有限公司","tel":"••• is taken","by":"•••"} •••"#
        );
        assert_eq!(Personal::of(kind, b"no JSON").hide("as it is"), "as it is");
    }
}
