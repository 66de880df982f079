//! Cohorts: what those brought who first ordered in the same period, by source, beside what the source cost.

use std::collections::BTreeMap;

use tenon_core::money::Decimal;
use tenon_store::StoreError;
use tenon_store::insight::ReportFilter;

use super::costs::{Brought, dated, undated};
use super::{Reports, Scope, label, level};
use crate::table::{Cell, Kind, Table};

/// The most periods after the first that are shown.
const LATER: i32 = 24;

#[derive(Default)]
struct Group {
    customers: i64,
    /// Those of them whose source is known.
    brought: Brought,
    /// What was billed, by the number of the period after the first.
    billed: BTreeMap<i32, Decimal>,
}

impl Reports {
    /// T+0 is the period of the first order, T+1 the one after it.
    pub(super) async fn cohorts(&self, scope: &Scope) -> Result<Table, StoreError> {
        let step = scope.step.max(1);
        let mut groups: BTreeMap<(Option<String>, i32, String), Group> = BTreeMap::new();
        for row in self.store.cohorts(self.generation, scope.months).await? {
            let first = row.first.div_euclid(step);
            let key = (level(row.source.clone(), scope.level), first, row.currency);
            let group = groups.entry(key).or_default();
            if row.first == row.month {
                group.customers += row.customers;
                if let Some(source) = row.source {
                    *group.brought.entry(source).or_default() += row.customers;
                }
            }
            let after = row.month.div_euclid(step) - first;
            if after <= LATER {
                *group.billed.entry(after.max(0)).or_default() += row.invoiced;
            }
        }
        // Where money was spent and nobody came, there is a row all the same.
        for (path, cost) in &self.policy.sources {
            let spent = cost.months.range(scope.months.from..=scope.months.to);
            for (month, _) in spent {
                let source = level(Some(path.clone()), scope.level);
                let key = (source, month.div_euclid(step), cost.currency.to_string());
                groups.entry(key).or_default();
            }
        }
        let ever = self.ever_ordered().await?;
        let last = groups
            .values()
            .filter_map(|group| group.billed.keys().max())
            .max();
        let last = last.copied().unwrap_or_default();
        let mut columns = vec![
            ("source".to_owned(), Kind::Text),
            ("cohort".to_owned(), Kind::Text),
            ("currency".to_owned(), Kind::Text),
            ("customers".to_owned(), Kind::Whole),
            ("cost".to_owned(), Kind::Amount),
            ("total".to_owned(), Kind::Amount),
        ];
        columns.extend((0..=last).map(|after| (format!("t{after}"), Kind::Amount)));
        let columns: Vec<(&str, Kind)> = columns
            .iter()
            .map(|(key, kind)| (key.as_str(), *kind))
            .collect();
        let mut table = Table::new(&columns);
        let nobody = Brought::new();
        for ((source, first, currency), group) in groups {
            let period = ReportFilter {
                from: scope.months.from.max(first * step),
                to: scope.months.to.min(first * step + step - 1),
            };
            let brought = ever.get(&currency).unwrap_or(&nobody);
            let mut cost = Decimal::ZERO;
            for (path, spent) in &self.policy.sources {
                if spent.currency.as_str() != currency {
                    continue;
                }
                cost += undated(path, spent, &group.brought, brought);
                if level(Some(path.clone()), scope.level) == source {
                    cost += dated(spent, period);
                }
            }
            let cost = (!cost.is_zero()).then(|| cost.round_dp(2));
            let total: Decimal = group.billed.values().sum();
            let mut row: Vec<Cell> = vec![
                source.into(),
                label(first * step, step).as_str().into(),
                currency.as_str().into(),
                group.customers.into(),
                cost.into(),
                total.into(),
            ];
            let billed = |after| group.billed.get(&after).copied();
            row.extend((0..=last).map(|after| Cell::from(billed(after))));
            table.rows.push(row);
        }
        Ok(table)
    }
}
