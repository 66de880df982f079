//! Exact amounts. No amount in the hub is ever a binary floating-point number.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An exact decimal: text on the wire, 28 significant digits, the written scale preserved.
pub type Decimal = rust_decimal::Decimal;

/// A currency by its ISO 4217 code: three capital letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(into = "String")]
pub struct Currency([u8; 3]);

impl Currency {
    /// The renminbi.
    pub const CNY: Self = Self(*b"CNY");

    /// The code as text.
    pub fn as_str(&self) -> &str {
        // The constructor admits ASCII capitals only.
        std::str::from_utf8(&self.0).unwrap_or("XXX")
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.as_str().to_owned()
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl FromStr for Currency {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text.as_bytes() {
            [a, b, c] if [a, b, c].iter().all(|letter| letter.is_ascii_uppercase()) => {
                Ok(Self([*a, *b, *c]))
            }
            _ => Err(format!("`{text}` is not an ISO 4217 code such as CNY")),
        }
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_keep_every_digit_and_their_scale() {
        for text in [
            "0.1",
            "19.90",
            "10000000000000000.01",
            "-0.005",
            "9999999999999999999.99",
        ] {
            let amount: Decimal = text.parse().unwrap();
            let json = serde_json::to_string(&amount).unwrap();
            assert_eq!(json, format!("\"{text}\""));
            assert_eq!(serde_json::from_str::<Decimal>(&json).unwrap(), amount);
        }
    }

    #[test]
    fn currencies_are_three_capitals() {
        assert_eq!("CNY".parse(), Ok(Currency::CNY));
        for bad in ["cny", "RMB1", "", "人民币"] {
            assert!(bad.parse::<Currency>().is_err(), "{bad}");
        }
    }
}
