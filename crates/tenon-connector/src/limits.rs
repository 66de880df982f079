//! What a target can bear, as configuration says it: `limits = { rate = "20/s", burst = 40 }`.

use std::num::NonZeroU32;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::Error;

/// The keys of `limits` in a connector file.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LimitsConfig {
    /// How many deliveries the system is given in a time, over all nodes: `20/s`, `90/m` or `500/h`.
    #[schemars(example = &"20/s", extend("unit" = "deliveries a second, minute or hour"))]
    rate: Rate,
    /// How many may follow each other at once after a pause; what the rate gives a second, unless given.
    #[schemars(example = 40, extend("unit" = "deliveries"))]
    burst: Option<NonZeroU32>,
}

/// How many deliveries a system is given in a time, over all nodes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RateLimit {
    /// Deliveries a second.
    pub per_second: f64,
    /// How many may follow each other at once after a pause; at least one.
    pub burst: u32,
}

impl From<LimitsConfig> for RateLimit {
    fn from(config: LimitsConfig) -> Self {
        // What comes within a second may come at its beginning, unless said otherwise.
        let second = (config.rate.0.ceil() as u32).max(1);
        Self {
            per_second: config.rate.0,
            burst: config.burst.map_or(second, NonZeroU32::get),
        }
    }
}

/// Deliveries a second, written `20/s`, `90/m` or `500/h`.
#[derive(Debug, Clone, Copy, JsonSchema)]
#[schemars(with = "String")]
struct Rate(f64);

impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let read = || {
            let (number, unit) = text.split_once('/')?;
            let number: NonZeroU32 = number.trim().parse().ok()?;
            let seconds = match unit.trim() {
                "s" => 1.0,
                "m" => 60.0,
                "h" => 3600.0,
                _ => return None,
            };
            Some(Self(f64::from(number.get()) / seconds))
        };
        read().ok_or_else(|| {
            D::Error::custom(format!(
                "`{text}` is no rate: write a whole number a second, minute or hour, such as \"20/s\""
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<(f64, u32), &str>) {
        let read = toml::from_str::<LimitsConfig>(text).map(RateLimit::from);
        match (read, expected) {
            (Ok(limit), Ok(expected)) => assert_eq!((limit.per_second, limit.burst), expected),
            (Err(error), Err(said)) => assert!(error.message().contains(said), "{error}"),
            (read, _) => panic!("{text}: {read:?}"),
        }
    }

    #[test]
    fn rates_are_written_by_second_minute_or_hour() {
        check("rate = '20/s'", Ok((20.0, 20)));
        check("rate = '90/m'\nburst = 5", Ok((1.5, 5)));
        check("rate = '36/h'", Ok((0.01, 1)));
        check("rate = '20'", Err("is no rate"));
        check("rate = '0/s'", Err("is no rate"));
        check("rate = '5/d'", Err("is no rate"));
        check("burst = 5", Err("missing field `rate`"));
    }
}
