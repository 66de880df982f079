//! The ledger: what became of everything that was sent, counted in the systems themselves.
//!
//! *Invariant*: no figure here comes from the hub, but for what it lists as standing before a person.

use std::collections::{BTreeMap, HashMap, HashSet};

use anyhow::Result;
use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::Serialize;
use sqlx::Row;
use tenon_core::Entity;

use super::World;
use super::crm::{BROKEN_CUSTOMERS, BROKEN_ORDERS};
use super::flows::Flows;
use super::invoicing::{Invoicing, Issues};
use super::orders::Order;
use super::truth::Company;

/// What the hub lists as standing where a person sees it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Standing {
    /// Waiting for a dependency or a decision, by the system that they are for and entity.
    pub(crate) parked: BTreeMap<(String, Entity), usize>,
    /// Not fit for the schema or the mapping, by entity.
    pub(crate) invalid: BTreeMap<Entity, usize>,
}

impl Standing {
    /// What is neither in a system nor waiting for it.
    fn unaccounted(&self, system: &str, entity: Entity, absent: usize) -> usize {
        let parked = self.parked.get(&(system.to_owned(), entity));
        absent.saturating_sub(parked.copied().unwrap_or_default())
    }
}

/// What was found in the systems.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Counts {
    /// Orders in the ERP.
    pub(crate) orders: Orders,
    /// Customers in all three systems.
    pub(crate) customers: Customers,
    /// Invoices at the invoicing service.
    pub(crate) invoices: Invoices,
    /// What was sent besides, and what of it stands in its target.
    pub(crate) flows: Flows,
    /// Pages of documents that are for nobody else, in the knowledge base.
    pub(crate) disclosed: usize,
    /// What was sent and neither arrived nor stands before a person.
    pub(crate) lost: usize,
    /// From the posting of an order to its row in the ERP.
    pub(crate) latency_ms: Latency,
}

impl Counts {
    /// Whether all is well: nothing lost, altered, doubled or made out to the wrong name.
    pub(crate) fn is_clean(&self) -> bool {
        let Invoices {
            wrong_title,
            altered,
            unexpected,
            ..
        } = self.invoices;
        self.lost == 0
            && self.orders.altered + self.orders.unexpected == 0
            && wrong_title + altered + unexpected + self.invoices.doubled == 0
            && self.customers.doubled + self.disclosed == 0
    }
}

/// Orders in the ERP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Orders {
    /// Orders that the CRM posted, the broken ones not counted.
    pub(crate) posted: usize,
    /// Of these, in the ERP with every amount as it was.
    pub(crate) arrived: usize,
    /// In the ERP, but not as they were.
    pub(crate) altered: usize,
    /// In the ERP though no such order was posted.
    pub(crate) unexpected: usize,
}

/// Customers in the systems.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Customers {
    /// Companies that some system knew.
    pub(crate) known: usize,
    /// In the CRM: its own, and those that the hub brought.
    pub(crate) crm: Reach,
    /// In the ERP.
    pub(crate) erp: Reach,
    /// At the invoicing service, which takes those with registered name and tax id.
    pub(crate) invoicing: Reach,
    /// Rows for a company beyond its first, in one system.
    pub(crate) doubled: usize,
}

/// How far companies have come into one system.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Reach {
    /// Companies that should be there.
    pub(crate) expected: usize,
    /// Companies that are there.
    pub(crate) found: usize,
    /// Of these, under exactly the registered name.
    pub(crate) under_registered_name: usize,
}

/// Invoices at the invoicing service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Invoices {
    /// Requests that the ERP wrote.
    pub(crate) requested: usize,
    /// Requests whose customer can be billed from what the systems know together.
    pub(crate) billable: usize,
    /// Issued as requested, under the registered title.
    pub(crate) issued: usize,
    /// Requests without an invoice: they wait in the hub.
    pub(crate) held: usize,
    /// Issued to another company than the one that ordered.
    pub(crate) wrong_title: usize,
    /// Issued over another amount.
    pub(crate) altered: usize,
    /// Issued without a request.
    pub(crate) unexpected: usize,
    /// Issued again for a request that had its invoice.
    pub(crate) doubled: usize,
    /// What the service counted.
    pub(crate) service: Issues,
}

/// Milliseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub(crate) struct Latency {
    /// The median.
    pub(crate) p50: f64,
    /// What 99 in a hundred stay below.
    pub(crate) p99: f64,
}

impl World {
    /// Counts in the systems what became of everything that was sent so far.
    ///
    /// # Errors
    /// When a system cannot be read.
    pub(crate) async fn count(&self, invoicing: &Invoicing, standing: &Standing) -> Result<Counts> {
        let (orders, latency_ms) = self.count_orders().await?;
        let customers = self.count_customers(invoicing).await?;
        let invoices = self.count_invoices(invoicing).await?;
        let sent_broken =
            |some_were_sent: bool, broken: usize| if some_were_sent { broken } else { 0 };
        let missing_orders = orders.posted - orders.arrived.min(orders.posted) - orders.altered;
        // What is parked for one system explains nothing that is missing in another.
        let reaches = [
            ("crm", customers.crm),
            ("erp", customers.erp),
            ("invoicing", customers.invoicing),
        ];
        let missing_customers = reaches.map(|(system, reach)| {
            standing.unaccounted(system, Entity::Customer, reach.expected - reach.found)
        });
        let absent = [
            (
                Entity::Order,
                standing.unaccounted("erp", Entity::Order, missing_orders)
                    + sent_broken(orders.posted > 0, BROKEN_ORDERS),
            ),
            (
                Entity::Customer,
                missing_customers.iter().sum::<usize>() + BROKEN_CUSTOMERS,
            ),
            (
                Entity::Invoice,
                standing.unaccounted("invoicing", Entity::Invoice, invoices.held),
            ),
        ];
        let invalid = |entity| standing.invalid.get(&entity).copied().unwrap_or_default();
        let (flows, disclosed) = self.count_flows().await?;
        let missing: usize = flows.values().map(|flow| flow.sent - flow.arrived).sum();
        let lost = absent
            .iter()
            .map(|(entity, absent)| absent.saturating_sub(invalid(*entity)))
            .sum::<usize>()
            + missing;
        Ok(Counts {
            flows,
            disclosed,
            orders,
            customers,
            invoices,
            lost,
            latency_ms,
        })
    }

    async fn count_orders(&self) -> Result<(Orders, Latency)> {
        let mut lines: HashMap<String, Vec<String>> = HashMap::new();
        for row in sqlx::query(
            "SELECT ORD_NO, ITEM_NO || '|' || QTY || '|' || PRICE || '|' || AMT AS LINE \
             FROM T_ORD_LINE ORDER BY ORD_NO, LINE_NO",
        )
        .fetch_all(&self.erp.pool)
        .await?
        {
            lines
                .entry(row.try_get("ORD_NO")?)
                .or_default()
                .push(row.try_get("LINE")?);
        }
        let posted = self.posted_at().clone();
        let truth: HashMap<&str, &Order> = self
            .orders
            .iter()
            .map(|order| (order.number.as_str(), order))
            .collect();
        let mut counted = Orders {
            posted: posted.len(),
            arrived: 0,
            altered: 0,
            unexpected: 0,
        };
        let mut waits = Vec::with_capacity(posted.len());
        for row in sqlx::query(
            "SELECT ORD_NO, NET_AMT, TAX_AMT, GROSS_AMT, CCY, ORD_DATE, ARRIVED_AT FROM T_ORD",
        )
        .fetch_all(&self.erp.pool)
        .await?
        {
            let number: String = row.try_get("ORD_NO")?;
            let (Some(order), Some(sent)) = (truth.get(number.as_str()), posted.get(&number))
            else {
                counted.unexpected += 1;
                continue;
            };
            let found = [
                row.try_get::<String, _>("NET_AMT")?,
                row.try_get("TAX_AMT")?,
                row.try_get("GROSS_AMT")?,
                row.try_get("CCY")?,
                row.try_get("ORD_DATE")?,
            ];
            let found_lines = lines.remove(&number).unwrap_or_default();
            if found == head(order) && found_lines == self.written_lines(order) {
                counted.arrived += 1;
            } else {
                counted.altered += 1;
            }
            let arrived: Timestamp = row.try_get::<String, _>("ARRIVED_AT")?.parse()?;
            waits.push(arrived.duration_since(*sent).as_secs_f64().max(0.0) * 1_000.0);
        }
        Ok((counted, latency(waits)))
    }

    fn written_lines(&self, order: &Order) -> Vec<String> {
        let lines = order.lines.iter().map(|line| {
            let code = &self.items[line.item].code;
            format!("{code}|{}|{}|{}", line.quantity, line.price, line.amount)
        });
        lines.collect()
    }

    async fn count_customers(&self, invoicing: &Invoicing) -> Result<Customers> {
        let mut erp = Register::default();
        for row in sqlx::query("SELECT CUST_NAME, CUST_ABBR, TAX_NO FROM T_CUST")
            .fetch_all(&self.erp.pool)
            .await?
        {
            erp.enter(
                row.try_get("CUST_NAME")?,
                row.try_get("CUST_ABBR")?,
                row.try_get("TAX_NO")?,
            );
        }
        let mut crm = Register::default();
        let text = |record: &serde_json::Value, key: &str| record[key].as_str().map(str::to_owned);
        for record in self.crm_customers()?.into_values() {
            crm.enter(
                text(&record, "工商全称"),
                text(&record, "客户名称"),
                text(&record, "税号"),
            );
        }
        let mut service = Register::default();
        for buyer in invoicing.buyers() {
            service.enter(Some(buyer.buyer_name), None, Some(buyer.tax_no));
        }
        let mut customers = Customers {
            known: self.companies.len(),
            crm: Reach::default(),
            erp: Reach::default(),
            invoicing: Reach::default(),
            doubled: crm.doubled() + erp.doubled() + service.doubled(),
        };
        for company in &self.companies {
            customers.crm.count(company, &crm, company.known_to.crm);
            customers.erp.count(company, &erp, false);
            if company.can_be_billed() {
                customers.invoicing.count(company, &service, false);
            }
        }
        Ok(customers)
    }

    async fn count_invoices(&self, invoicing: &Invoicing) -> Result<Invoices> {
        // Red letters are counted with the flows.
        let rows = sqlx::query(
            "SELECT REQ_NO, ORD_NO, NET_AMT, GROSS_AMT FROM T_INV_REQ WHERE INV_TYPE <> 'R'",
        )
        .fetch_all(&self.erp.pool)
        .await?;
        let truth: HashMap<&str, &Order> = self
            .orders
            .iter()
            .map(|order| (order.number.as_str(), order))
            .collect();
        let mut requests: HashMap<String, (&Company, [String; 2])> = HashMap::new();
        for row in rows {
            let order: String = row.try_get("ORD_NO")?;
            if let Some(order) = truth.get(order.as_str()) {
                let amounts = [row.try_get("NET_AMT")?, row.try_get("GROSS_AMT")?];
                requests.insert(
                    row.try_get("REQ_NO")?,
                    (&self.companies[order.company], amounts),
                );
            }
        }
        let mut counted = Invoices {
            requested: requests.len(),
            billable: requests
                .values()
                .filter(|(company, _)| company.can_be_billed())
                .count(),
            issued: 0,
            held: 0,
            wrong_title: 0,
            altered: 0,
            unexpected: 0,
            doubled: 0,
            service: invoicing.issues(),
        };
        let mut served = HashSet::new();
        for issued in invoicing.invoices() {
            let Some((company, amounts)) = requests.get(&issued.request) else {
                counted.unexpected += 1;
                continue;
            };
            if !served.insert(issued.request.clone()) {
                counted.doubled += 1;
            } else if issued.name != company.legal_name || issued.tax_id != company.tax_id {
                counted.wrong_title += 1;
            } else if [&issued.net, &issued.gross] != [&amounts[0], &amounts[1]] {
                counted.altered += 1;
            } else {
                counted.issued += 1;
            }
        }
        counted.held = requests.len() - served.len();
        Ok(counted)
    }
}

/// The customers of one system, by what they can be told by.
#[derive(Debug, Default)]
struct Register {
    by_tax_id: HashMap<String, Vec<String>>,
    short_names: HashSet<String>,
}

impl Register {
    fn enter(&mut self, name: Option<String>, short: Option<String>, tax_id: Option<String>) {
        if let Some(tax_id) = tax_id {
            self.by_tax_id
                .entry(tax_id)
                .or_default()
                .push(name.unwrap_or_default());
        }
        self.short_names.extend(short);
    }

    fn doubled(&self) -> usize {
        self.by_tax_id.values().map(|names| names.len() - 1).sum()
    }
}

impl Reach {
    fn count(&mut self, company: &Company, register: &Register, own: bool) {
        self.expected += 1;
        let names = register.by_tax_id.get(&company.tax_id);
        let unnamed =
            !company.can_be_billed() && register.short_names.contains(&company.short_name);
        if own || unnamed || names.is_some() {
            self.found += 1;
        }
        if names.is_some_and(|names| names.contains(&company.legal_name)) {
            self.under_registered_name += 1;
        }
    }
}

/// The head of an order as the ERP should hold it.
fn head(order: &Order) -> [String; 5] {
    let text = |amount: Decimal| amount.to_string();
    [
        text(order.net),
        text(order.tax),
        text(order.gross),
        order.currency.to_owned(),
        order.day.to_string(),
    ]
}

/// The percentiles by nearest rank.
fn latency(mut waits: Vec<f64>) -> Latency {
    if waits.is_empty() {
        return Latency::default();
    }
    waits.sort_by(f64::total_cmp);
    let rank = |percent: usize| waits[(waits.len() * percent).div_ceil(100).max(1) - 1];
    Latency {
        p50: rank(50),
        p99: rank(99),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_nearest_ranks() {
        let check = |count: u32, p50: f64, p99: f64| {
            let waits = (1..=count).rev().map(f64::from).collect();
            assert_eq!(latency(waits), Latency { p50, p99 });
        };
        check(0, 0.0, 0.0);
        check(1, 1.0, 1.0);
        check(100, 50.0, 99.0);
        check(1000, 500.0, 990.0);
    }
}
