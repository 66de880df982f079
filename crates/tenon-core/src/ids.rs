//! Identifiers. Each is its own type, so that one cannot stand where another is meant.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The namespace of every identifier that the hub derives from a name (RFC 9562, version 5).
const NAMESPACE: Uuid = Uuid::from_u128(0x7e60_0a11_5c1e_5d0b_9a3e_7e40_4e1f_00d5);

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new identifier, ordered by time (UUID version 7).
            pub fn generate() -> Self {
                Self(Uuid::now_v7())
            }

            /// The identifier that `parts` always give: the same parts, the same identifier.
            pub fn derive(parts: &[&str]) -> Self {
                let mut name = String::with_capacity(parts.iter().map(|part| part.len() + 1).sum());
                for part in parts {
                    name.push_str(part);
                    // The unit separator keeps ("ab", "c") apart from ("a", "bc").
                    name.push('\u{1f}');
                }
                Self(Uuid::new_v5(&NAMESPACE, name.as_bytes()))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(formatter)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(formatter)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                text.parse().map(Self)
            }
        }
    };
}

uuid_id! {
    /// One message. Derived from the source system and its own event id where it has one; that
    /// makes it the key by which a second arrival is recognised.
    MessageId
}
uuid_id! {
    /// What belongs to one business transaction across systems.
    CorrelationId
}
uuid_id! {
    /// One thing of the real world, whatever the systems call it.
    MasterId
}

/// A name that is not `[a-z][a-z0-9_-]{0,62}`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a name: use 1 to 63 of a-z, 0-9, `-` and `_`, beginning with a letter")]
pub struct InvalidName(pub String);

/// The name of an existing application that is joined to the hub: `erp`, `crm-north`.
///
/// It becomes part of queue names, so it is restricted to `[a-z][a-z0-9_-]{0,62}`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct SystemName(std::sync::Arc<str>);

impl SystemName {
    /// Checks and takes a name.
    ///
    /// # Errors
    /// [`InvalidName`] when it holds other characters or is too long.
    pub fn new(name: &str) -> Result<Self, InvalidName> {
        let valid = name.len() <= 63
            && name.starts_with(|first: char| first.is_ascii_lowercase())
            && name.chars().all(|character| {
                character.is_ascii_lowercase()
                    || character.is_ascii_digit()
                    || character == '-'
                    || character == '_'
            });
        if valid {
            Ok(Self(name.into()))
        } else {
            Err(InvalidName(name.to_owned()))
        }
    }

    /// The hub itself, as the source of what it says of its own accord: `tenon`. No system that is
    /// joined may be called so.
    pub fn hub() -> Self {
        Self("tenon".into())
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SystemName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl FromStr for SystemName {
    type Err = InvalidName;
    fn from_str(text: &str) -> Result<Self, InvalidName> {
        Self::new(text)
    }
}

impl<'de> Deserialize<'de> for SystemName {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::new(&text).map_err(serde::de::Error::custom)
    }
}

/// The identifier that a system itself uses for a record, kept as the system writes it.
pub type NativeId = String;

/// The most characters that a [`NativeId`] may have: what the schemas admit where one record
/// refers to another. A longer text is no identifier, and no index or header would take it.
pub const LONGEST_NATIVE_ID: usize = 200;

/// Messages with equal ordering keys reach one system in the order in which they were accepted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OrderingKey(pub String);

impl OrderingKey {
    /// Which of `count` partitions carries this key: the same on every node and in every release.
    pub fn partition(&self, count: u32) -> u32 {
        // FNV-1a, 64 bits: stable by definition, unlike the standard library's hasher.
        let hash = self
            .0
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
            });
        (hash % u64::from(count.max(1))) as u32
    }
}

impl fmt::Display for OrderingKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derived_ids_repeat_and_keep_parts_apart() {
        assert_eq!(
            MessageId::derive(&["erp", "1"]),
            MessageId::derive(&["erp", "1"])
        );
        assert_ne!(
            MessageId::derive(&["erp1", ""]),
            MessageId::derive(&["erp", "1"])
        );
    }

    #[test]
    fn system_names_are_safe_in_queue_names() {
        assert!(SystemName::new("crm-north_2").is_ok());
        for bad in ["", "Crm", "2crm", "a b", "a.b", "客户"] {
            assert_eq!(SystemName::new(bad), Err(InvalidName(bad.to_owned())));
        }
        assert!(SystemName::new(&"a".repeat(64)).is_err());
    }

    #[test]
    fn partitions_are_stable_across_releases() {
        let key = OrderingKey("order/crm/SO-1".to_owned());
        assert_eq!(key.partition(1), 0);
        assert_eq!(key.partition(16), 1);
    }
}
