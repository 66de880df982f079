//! What was agreed with key customers for the year, as the CRM keeps it: most of it is kept to.

use std::collections::BTreeMap;

use anyhow::Result;
use rust_decimal::Decimal;
use serde_json::json;

use super::World;
use super::crm::is_key_customer;
use super::orders::Order;

/// Contracts are about round sums.
const ROUND: i64 = 10_000;
/// Orders that are worth more are of no contract.
const MOST: i64 = 100_000_000;
/// Of so many contracts one is exceeded, and one ended before its last order.
const EXCEEDED: usize = 8;
const ENDED: usize = 13;

impl World {
    /// The contract under which an order was placed.
    pub(super) fn contract_of(&self, order: &Order) -> Option<String> {
        let company = &self.companies[order.company];
        let agreed = self.records[order.company].crm.is_some()
            && is_key_customer(self.seed, company)
            && order.gross < Decimal::from(MOST);
        agreed.then(|| format!("HT-2026-{:05}", company.index + 1))
    }

    /// Lets the CRM export the contracts.
    pub(super) fn export_contracts(&self) -> Result<()> {
        let mut orders: BTreeMap<String, Vec<&Order>> = BTreeMap::new();
        for order in &self.orders {
            if let Some(contract) = self.contract_of(order) {
                orders.entry(contract).or_default().push(order);
            }
        }
        let records = orders.iter().enumerate().map(|(place, (number, orders))| {
            let first = orders[0];
            let ordered: Decimal = orders.iter().map(|order| order.gross).sum();
            let round = Decimal::from(ROUND);
            let rounds = match place % EXCEEDED {
                0 => (ordered / round).floor().max(Decimal::ONE),
                _ => (ordered / round).ceil() + Decimal::ONE,
            };
            let last = orders.iter().map(|order| order.day).max();
            let last = last.unwrap_or(first.day);
            let until = match place % ENDED {
                1 => last.saturating_sub(jiff::Span::new().days(1)),
                _ => last.saturating_add(jiff::Span::new().days(90)),
            };
            let customer = self.records[first.company].crm.as_ref();
            json!({ "合同编号": number, "合同名称": "2026 年度框架合同", "状态": "生效",
                "客户编号": customer.map(|seen| &seen.id), "合同金额": (rounds * round).to_string(),
                "币种": first.currency, "生效日期": "2026-01-01", "终止日期": until.to_string(),
                "负责人": first.seller })
        });
        let records: Vec<_> = records.collect();
        self.leave("crm", "contracts.ndjson", &records)
    }
}
