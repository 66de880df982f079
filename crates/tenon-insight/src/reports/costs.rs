//! What sources cost, divided among those whom they brought: what has a month falls on that month, what has no
//! known time on all customers that the source ever brought, each alike.

use std::collections::{BTreeMap, HashMap};

use tenon_core::money::Decimal;
use tenon_store::StoreError;
use tenon_store::insight::{NewCustomers, ReportFilter};

use super::Reports;
use crate::policy::SourceCost;

/// How many customers came of each source, by its whole path.
pub(super) type Brought = BTreeMap<String, i64>;

/// What a source cost in months that lie in a span.
pub(super) fn dated(cost: &SourceCost, span: ReportFilter) -> Decimal {
    let months = cost.months.iter();
    let within = months.filter(|(month, _)| (span.from..=span.to).contains(*month));
    within.map(|(_, cost)| *cost).sum()
}

/// What falls on those who came, of what a source cost at no known time: their part of all that it ever brought.
pub(super) fn undated(path: &str, cost: &SourceCost, came: &Brought, ever: &Brought) -> Decimal {
    let (came, ever) = (of(came, path), of(ever, path));
    match cost.cost {
        Some(cost) if came > 0 && ever > 0 => cost * Decimal::from(came) / Decimal::from(ever),
        _ => Decimal::ZERO,
    }
}

/// How many came of a path or of one below it.
fn of(brought: &Brought, path: &str) -> i64 {
    let below = brought.iter().filter(|(source, _)| {
        let rest = source.strip_prefix(path);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    });
    below.map(|(_, customers)| customers).sum()
}

impl Reports {
    /// What the sources cost in a span, for those of whom the hub first heard in it.
    pub(super) fn cost_of(
        &self,
        span: ReportFilter,
        currency: &str,
        new: Vec<NewCustomers>,
        ever: &Brought,
    ) -> Decimal {
        let mut came = Brought::new();
        for row in new {
            if let Some(source) = row.source {
                *came.entry(source).or_default() += row.customers;
            }
        }
        let sources = self.policy.sources.iter();
        let same = sources.filter(|(_, cost)| cost.currency.as_str() == currency);
        same.map(|(path, cost)| dated(cost, span) + undated(path, cost, &came, ever))
            .sum()
    }

    /// All customers that sources ever brought, as new customers are counted; nobody, where no cost in this
    /// currency is without a time.
    pub(super) async fn ever_known(&self, currency: &str) -> Result<Brought, StoreError> {
        let mut costs = self.policy.sources.values();
        if !costs.any(|cost| cost.cost.is_some() && cost.currency.as_str() == currency) {
            return Ok(Brought::new());
        }
        let found = self.store.known_by_source(self.generation).await?;
        Ok(found
            .into_iter()
            .map(|row| (row.source, row.customers))
            .collect())
    }

    /// All customers that sources ever brought, as cohorts count them, by currency; nobody, where no cost is
    /// without a time.
    pub(super) async fn ever_ordered(&self) -> Result<HashMap<String, Brought>, StoreError> {
        let mut ever: HashMap<String, Brought> = HashMap::new();
        if self.policy.sources.values().any(|cost| cost.cost.is_some()) {
            for row in self.store.ordered_by_source(self.generation).await? {
                let brought = ever.entry(row.currency.unwrap_or_default()).or_default();
                brought.insert(row.source, row.customers);
            }
        }
        Ok(ever)
    }
}

#[cfg(test)]
mod tests {
    use tenon_core::money::Currency;

    use super::*;

    #[test]
    fn costs_fall_on_months_and_on_customers() {
        let brought = |rows: &[(&str, i64)]| -> Brought {
            rows.iter()
                .map(|(path, customers)| ((*path).to_owned(), *customers))
                .collect()
        };
        let cost = SourceCost {
            cost: Some(Decimal::from(800)),
            months: [(10, Decimal::from(60)), (16, Decimal::from(55))].into(),
            currency: Currency::CNY,
        };
        let check = |from, to, expected: i64| {
            let span = ReportFilter { from, to };
            assert_eq!(dated(&cost, span), expected.into(), "{from} to {to}");
        };
        check(0, 9, 0);
        check(10, 10, 60);
        check(10, 16, 115);
        let ever = brought(&[("fair", 3), ("fair/spring", 5), ("fairs", 9)]);
        let check = |came: &[(&str, i64)], expected: i64| {
            let part = undated("fair", &cost, &brought(came), &ever);
            assert_eq!(part, expected.into(), "{came:?}");
        };
        check(&[("fair", 1), ("fair/spring", 1), ("fairs", 4)], 200);
        check(&[("fair", 3), ("fair/spring", 5)], 800);
        check(&[("fairs", 9)], 0);
        check(&[], 0);
    }
}
