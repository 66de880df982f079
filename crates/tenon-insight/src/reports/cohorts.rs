//! Cohorts: what those brought who first ordered in the same period, by source, beside what the source cost.

use std::collections::BTreeMap;

use tenon_core::money::Decimal;
use tenon_store::StoreError;

use super::{Reports, Scope, label, level};
use crate::table::{Cell, Kind, Table};

/// The most periods after the first that are shown.
const LATER: i32 = 24;

#[derive(Default)]
struct Group {
    customers: i64,
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
            let key = (level(row.source, scope.level), first, row.currency);
            let group = groups.entry(key).or_default();
            if row.first == row.month {
                group.customers += row.customers;
            }
            let after = row.month.div_euclid(step) - first;
            if after <= LATER {
                *group.billed.entry(after.max(0)).or_default() += row.invoiced;
            }
        }
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
        // A source's cost is divided among its cohorts by how many customers each brought.
        let mut brought: BTreeMap<(Option<String>, String), i64> = BTreeMap::new();
        for ((source, _, currency), group) in &groups {
            *brought
                .entry((source.clone(), currency.clone()))
                .or_default() += group.customers;
        }
        for ((source, first, currency), group) in groups {
            let all = brought.get(&(source.clone(), currency.clone())).copied();
            let cost = self.cost(source.as_deref(), &currency, scope.level);
            let cost = cost.zip(all.filter(|all| *all > 0)).map(|(cost, all)| {
                (cost * Decimal::from(group.customers) / Decimal::from(all)).round_dp(2)
            });
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

    /// What a source cost, all that stand below it at this level included.
    fn cost(&self, source: Option<&str>, currency: &str, parts: usize) -> Option<Decimal> {
        let source = source?;
        let costs = self.policy.sources.iter().filter(|(path, cost)| {
            cost.currency.as_str() == currency
                && level(Some((*path).clone()), parts).as_deref() == Some(source)
        });
        let costs: Vec<Decimal> = costs.map(|(_, cost)| cost.cost).collect();
        (!costs.is_empty()).then(|| costs.into_iter().sum())
    }
}
