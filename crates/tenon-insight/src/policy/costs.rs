//! What sources of customers cost, as `[sources]` says it. How it is divided stands in `reports/costs.rs`.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{DeserializeSeed, Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use tenon_core::money::{Currency, Decimal};

use super::decimal;
use crate::days::{month_named, ten_thousandths};

/// What a source of customers cost: in months, at no known time, or both.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceCost {
    /// At no known time, in all; more than 0.
    pub cost: Option<Decimal>,
    /// By the number of the month, each more than 0. A month that is not named cost nothing.
    pub months: BTreeMap<i32, Decimal>,
    /// Of all these costs.
    pub currency: Currency,
}

/// The same as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    cost: Option<Amount>,
    #[serde(default)]
    months: BTreeMap<String, Amount>,
    currency: Currency,
}

#[derive(Deserialize)]
#[serde(transparent)]
struct Amount(#[serde(deserialize_with = "decimal")] Decimal);

/// Reads `[sources]`: costs by path. What does not fit is told with the source and the key.
pub(super) fn by_path<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, SourceCost>, D::Error> {
    deserializer.deserialize_map(ByPath)
}

struct ByPath;

impl<'de> Visitor<'de> for ByPath {
    type Value = BTreeMap<String, SourceCost>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("what sources cost, by their paths")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut sources = BTreeMap::new();
        while let Some(path) = map.next_key::<String>()? {
            let cost = map.next_value_seed(Of(&path))?;
            sources.insert(path, cost);
        }
        Ok(sources)
    }
}

/// Reads what the source of this path cost.
struct Of<'a>(&'a str);

impl<'de> DeserializeSeed<'de> for Of<'_> {
    type Value = SourceCost;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<SourceCost, D::Error> {
        let written = Written::deserialize(deserializer)?;
        self.read(written).map_err(D::Error::custom)
    }
}

impl Of<'_> {
    fn read(&self, written: Written) -> Result<SourceCost, String> {
        let path = self.0;
        if written.cost.is_none() && written.months.is_empty() {
            return Err(format!(
                "the source `{path}` has neither `cost` nor `months`: one of them must be given"
            ));
        }
        let cost = written.cost.map(|cost| self.amount("cost", &cost));
        let month = |(key, cost): (String, Amount)| {
            let month = month_named(&key).ok_or_else(|| {
                format!(
                    "`{key}` in the months of the source `{path}` is no month such as \"2026-04\""
                )
            })?;
            Ok((month, self.amount(&key, &cost)?))
        };
        Ok(SourceCost {
            cost: cost.transpose()?,
            months: written
                .months
                .into_iter()
                .map(month)
                .collect::<Result<_, String>>()?,
            currency: written.currency,
        })
    }

    fn amount(&self, key: &str, Amount(cost): &Amount) -> Result<Decimal, String> {
        let wrong = |why: &str| Err(format!("`{key}` of the source `{}` {why}: {cost}", self.0));
        match ten_thousandths(*cost) {
            None => wrong("is beyond every amount in trade"),
            Some(_) if *cost <= Decimal::ZERO => wrong("must be more than 0"),
            Some(_) => Ok(*cost),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::policy::Policy;

    fn read(cost: Value) -> Result<SourceCost, String> {
        let text = json!({ "sources": { "exhibition/canton-fair": cost } }).to_string();
        let policy: Policy = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        Ok(policy.sources["exhibition/canton-fair"].clone())
    }

    #[test]
    fn a_cost_has_a_time_or_none_or_both() {
        let april = 2026 * 12 + 3;
        let check = |cost: Value, undated: Option<i64>, months: &[(i32, Decimal)]| {
            let expected = SourceCost {
                cost: undated.map(Decimal::from),
                months: months.iter().copied().collect(),
                currency: Currency::CNY,
            };
            assert_eq!(read(cost).unwrap(), expected);
        };
        let text = json!({ "cost": "120000", "currency": "CNY" });
        check(text, Some(120_000), &[]);
        let months = json!({ "2026-04": 60_000, "2026-10": "55000.50" });
        check(
            json!({ "months": months, "currency": "CNY" }),
            None,
            &[
                (april, Decimal::from(60_000)),
                (april + 6, Decimal::new(5_500_050, 2)),
            ],
        );
        let both = json!({ "cost": 100, "months": { "2026-04": 60 }, "currency": "CNY" });
        check(both, Some(100), &[(april, Decimal::from(60))]);
    }

    #[test]
    fn what_is_wrong_is_told_with_the_source_and_the_key() {
        let check = |cost: Value, key: &str, words: &str| {
            let told = read(cost).unwrap_err();
            let all = ["exhibition/canton-fair", key, words];
            assert!(all.iter().all(|word| told.contains(word)), "{told}");
        };
        for key in ["2026-13", "2026-4", "2026", "April", "2026-04-01", "202604"] {
            let months = json!({ key: 1 });
            let cost = json!({ "months": months, "currency": "CNY" });
            check(cost, &format!("`{key}`"), "is no month such as \"2026-04\"");
        }
        let cost = json!({ "months": { "2026-04": 0 }, "currency": "CNY" });
        check(cost, "`2026-04`", "must be more than 0");
        let cost = json!({ "cost": "-1", "currency": "CNY" });
        check(cost, "`cost`", "must be more than 0");
        let cost = json!({ "cost": "100000000000001", "currency": "CNY" });
        check(cost, "`cost`", "beyond every amount in trade");
        for cost in [
            json!({ "currency": "CNY" }),
            json!({ "months": {}, "currency": "CNY" }),
        ] {
            check(cost, "`cost`", "`months`: one of them must be given");
        }
    }

    #[test]
    fn amounts_are_exact() {
        let told = read(json!({ "cost": 1.5, "currency": "CNY" })).unwrap_err();
        assert!(told.contains("\"1.50\""), "{told}");
    }
}
