//! Where a record's own id stands in it.

use std::fmt;
use std::str::FromStr;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use tenon_core::{LONGEST_NATIVE_ID, NativeId};

/// A path of field names to a scalar: `ORDER_NO`, `header.id`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyPath(Vec<String>);

impl KeyPath {
    /// The scalar as the record's own id.
    ///
    /// # Errors
    /// As [`KeyPath::extract`]; also when the text is longer than any id.
    pub fn id(&self, json: &[u8]) -> Result<NativeId, String> {
        let key = self.extract(json)?;
        match key.chars().count() {
            0..=LONGEST_NATIVE_ID => Ok(key),
            count => Err(format!(
                "`{self}`, the record's key, has {count} characters; an id has at most \
                 {LONGEST_NATIVE_ID}"
            )),
        }
    }

    /// The scalar's text in a JSON object: strings unquoted, numbers digit for digit.
    ///
    /// # Errors
    /// What is wrong with the record, in words: not an object, no such field, an empty value.
    pub fn extract(&self, json: &[u8]) -> Result<String, String> {
        let mut text: &str = std::str::from_utf8(json)
            .map_err(|error| format!("the record is no UTF-8: {error}"))?;
        for (depth, name) in self.0.iter().enumerate() {
            let found = field(text, name).map_err(|error| match depth {
                0 => format!("the record is no JSON object: {error}"),
                _ => format!("`{self}` leads through something that is no object"),
            })?;
            text = found
                .ok_or_else(|| format!("the record has no field `{self}`, which is its key"))?
                .get();
        }
        let key = match text.trim() {
            "null" | "true" | "false" => String::new(),
            quoted if quoted.starts_with('"') => {
                serde_json::from_str::<String>(quoted).map_err(|error| error.to_string())?
            }
            compound if compound.starts_with(['{', '[']) => {
                return Err(format!("`{self}`, the record's key, is no text or number"));
            }
            number => number.to_owned(),
        };
        let key = key.trim();
        if key.is_empty() {
            Err(format!("`{self}`, the record's key, is empty"))
        } else {
            Ok(key.to_owned())
        }
    }
}

/// The value of one field of an object, the last where there are several; the others are passed over.
fn field<'t>(text: &'t str, name: &str) -> serde_json::Result<Option<&'t RawValue>> {
    /// Compares a name without keeping it.
    struct Wanted<'n>(&'n str);

    impl<'de> DeserializeSeed<'de> for Wanted<'_> {
        type Value = bool;

        fn deserialize<D: Deserializer<'de>>(self, name: D) -> Result<bool, D::Error> {
            name.deserialize_str(self)
        }
    }

    impl Visitor<'_> for Wanted<'_> {
        type Value = bool;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("a name")
        }

        fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<bool, E> {
            Ok(name == self.0)
        }
    }

    struct Object<'n>(&'n str);

    impl<'de> Visitor<'de> for Object<'_> {
        type Value = Option<&'de RawValue>;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Self::Value, A::Error> {
            let mut found = None;
            while let Some(is_wanted) = fields.next_key_seed(Wanted(self.0))? {
                if is_wanted {
                    found = Some(fields.next_value()?);
                } else {
                    fields.next_value::<IgnoredAny>()?;
                }
            }
            Ok(found)
        }
    }

    let mut reader = serde_json::Deserializer::from_str(text);
    let found = reader.deserialize_map(Object(name))?;
    reader.end()?;
    Ok(found)
}

impl fmt::Display for KeyPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.join("."))
    }
}

impl FromStr for KeyPath {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let names: Vec<String> = text
            .trim_start_matches('.')
            .split('.')
            .map(str::to_owned)
            .collect();
        if names.iter().any(String::is_empty) {
            return Err(format!(
                "`{text}` is no path of field names such as `ORDER_NO` or `header.id`"
            ));
        }
        Ok(Self(names))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_not_longer_than_a_reference_may_be() {
        let path: KeyPath = "id".parse().unwrap();
        let record = |count: usize| format!(r#"{{"id":"{}"}}"#, "客".repeat(count));
        assert_eq!(path.id(record(200).as_bytes()), Ok("客".repeat(200)));
        let reason = path.id(record(201).as_bytes()).unwrap_err();
        assert!(reason.contains("201 characters"), "{reason}");
        assert!(path.extract(record(201).as_bytes()).is_ok());
    }

    #[test]
    fn extracts_scalars_exactly() {
        let check = |path: &str, json: &str, expected: Result<&str, &str>| {
            let path: KeyPath = path.parse().unwrap();
            match (path.extract(json.as_bytes()), expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found, expected),
                (Err(found), Err(expected)) => assert!(found.contains(expected), "{found}"),
                (found, _) => panic!("{json}: {found:?}"),
            }
        };
        check(
            "id",
            r#"{"id": 9223372036854775808123}"#,
            Ok("9223372036854775808123"),
        );
        check("单号", r#"{"单号":" SO-1 "}"#, Ok("SO-1"));
        check("head.id", r#"{"head":{"id":"\u5ba2"}}"#, Ok("客"));
        check("id", r#"{"no":1}"#, Err("no field `id`"));
        check("id", r#"{"id":null}"#, Err("empty"));
        check("id", r#"{"id":{}}"#, Err("no text or number"));
        check("id.x", r#"{"id":1}"#, Err("no object"));
        check("id", "[1]", Err("no JSON object"));
    }
}
