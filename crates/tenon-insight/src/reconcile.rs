//! How far an order, its shipments, invoices and receipts agree.
//!
//! Pure: the same documents give the same rows, whatever order they came in. Nothing here depends on
//! today: what is late is decided when it is asked, from the days that stand in a row.

use std::collections::{BTreeMap, HashMap};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use tenon_core::Entity;
use tenon_core::money::Decimal;
use tenon_store::insight::OrderRow;
use uuid::Uuid;

use crate::days::{day_number, ten_thousandths};
use crate::document::{Document, Line};
use crate::policy::Tolerance;

/// Documents that belong together, complete: every document that names an order or invoice in it is in it.
pub struct Matters<'a> {
    documents: &'a HashMap<Uuid, Document>,
    /// The documents that name a subject, in a fixed order.
    naming: HashMap<Uuid, Vec<&'a Document>>,
    tolerance: &'a Tolerance,
}

/// What a document gives to one order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// The document.
    pub id: Uuid,
    /// What it is.
    pub entity: Entity,
    /// What people call it.
    pub number: String,
    /// Its day.
    pub day: Option<Date>,
    /// How far it has come.
    pub status: String,
    /// What of it is for this order; absent for shipments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Decimal>,
    /// Its currency, where that is not the order's: it is not counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub foreign: Option<String>,
}

/// What an order's row says besides its columns.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Account {
    /// The documents that were counted.
    pub parts: Vec<Part>,
    /// Goods, by line.
    pub goods: Vec<Goods>,
}

/// Goods of one line of an order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Goods {
    /// The line's number.
    pub line: Option<u32>,
    /// The item.
    pub item: Uuid,
    /// How many were ordered.
    pub ordered: Decimal,
    /// How many were shipped.
    pub shipped: Decimal,
}

/// The rows of some documents.
#[derive(Debug, Default)]
pub struct Rows {
    /// As they stand.
    pub rows: Vec<OrderRow>,
    /// Documents that have no row of their own.
    pub gone: Vec<Uuid>,
}

impl<'a> Matters<'a> {
    /// Documents that belong together.
    pub fn new(documents: &'a HashMap<Uuid, Document>, tolerance: &'a Tolerance) -> Self {
        let mut naming: HashMap<Uuid, Vec<&Document>> = HashMap::new();
        for document in documents.values() {
            for subject in &document.facts.subjects {
                naming.entry(subject.id).or_default().push(document);
            }
        }
        for documents in naming.values_mut() {
            documents.sort_by_key(|document| (document.day, document.id));
            documents.dedup_by_key(|document| document.id);
        }
        Self {
            documents,
            naming,
            tolerance,
        }
    }

    /// A row for each order, and for each document that leads to none.
    pub fn rows(&self) -> Rows {
        let mut made = Rows::default();
        let mut documents: Vec<&Document> = self.documents.values().collect();
        documents.sort_by_key(|document| document.id);
        for document in documents {
            let row = match document.entity {
                Entity::Order => Some(self.order(document)),
                Entity::Shipment | Entity::Invoice | Entity::Receipt => self.orphan(document),
                _ => continue,
            };
            match row {
                Some(row) => made.rows.push(row),
                None => made.gone.push(document.id),
            }
        }
        made
    }

    fn known_order(&self, id: Uuid) -> Option<&Document> {
        let document = self.documents.get(&id)?;
        (document.entity == Entity::Order).then_some(document)
    }

    /// The orders among which a document is divided, and the weight of each.
    fn weights(&self, document: &Document) -> Vec<(Uuid, Decimal)> {
        let orders = document.facts.subjects.iter();
        orders
            .filter_map(|subject| self.known_order(subject.id))
            .map(|order| (order.id, order.amount.unwrap_or_default().abs()))
            .collect()
    }

    /// What of an amount of a document is for an order: in proportion to the orders' amounts, the last
    /// takes what rounding leaves.
    fn share(&self, document: &Document, amount: Decimal, order: Uuid) -> Decimal {
        let weights = self.weights(document);
        let Some(place) = weights.iter().position(|(id, _)| *id == order) else {
            return Decimal::ZERO;
        };
        let total: Decimal = weights.iter().map(|(_, weight)| *weight).sum();
        let part = |(_, weight): &(Uuid, Decimal)| match total.is_zero() {
            true => (amount / Decimal::from(weights.len())).round_dp(2),
            false => (amount * *weight / total).round_dp(2),
        };
        if place + 1 < weights.len() {
            return part(&weights[place]);
        }
        amount - weights[..place].iter().map(part).sum::<Decimal>()
    }

    /// What of a receipt is for an order: what it says itself, and its part of what is for an invoice.
    fn paid(&self, receipt: &Document, order: Uuid) -> Decimal {
        let amounts = receipt.facts.subjects.iter().map(|subject| {
            let amount = subject.amount.unwrap_or_default();
            match self.documents.get(&subject.id) {
                Some(of) if of.entity == Entity::Invoice => self.share(of, amount, order),
                _ if subject.id == order => amount,
                _ => Decimal::ZERO,
            }
        });
        amounts.sum()
    }

    /// Whether a document leads to an order that is known.
    fn leads(&self, document: &Document) -> bool {
        document
            .facts
            .subjects
            .iter()
            .any(|subject| match self.documents.get(&subject.id) {
                Some(of) if of.entity == Entity::Order => true,
                Some(of) if of.entity == Entity::Invoice => self.leads(of),
                _ => false,
            })
    }

    /// The row of a document, if it or a part of it leads to no order.
    fn orphan(&self, document: &Document) -> Option<OrderRow> {
        if !document.facts.counts {
            return None;
        }
        let whole = document.amount.unwrap_or_default();
        let amount = match (self.leads(document), document.entity) {
            (false, _) => whole,
            (true, Entity::Receipt) => {
                let placed = document.facts.subjects.iter().filter(|subject| {
                    match self.documents.get(&subject.id) {
                        Some(of) if of.entity == Entity::Invoice => self.leads(of),
                        Some(_) => true,
                        None => false,
                    }
                });
                whole - placed.filter_map(|subject| subject.amount).sum::<Decimal>()
            }
            (true, _) => return None,
        };
        let currency = document.currency.clone().unwrap_or_default();
        if self.leads(document) && self.within(amount, whole, &currency) {
            return None;
        }
        let part = Part {
            amount: document.amount,
            ..part(document)
        };
        let amount = ten_thousandths(amount).unwrap_or_default();
        Some(OrderRow {
            invoiced: if document.entity == Entity::Invoice {
                amount
            } else {
                0
            },
            received: if document.entity == Entity::Receipt {
                amount
            } else {
                0
            },
            ..self.blank(
                document,
                "orphan",
                Account {
                    parts: vec![part],
                    goods: Vec::new(),
                },
            )
        })
    }

    fn blank(&self, document: &Document, state: &str, account: Account) -> OrderRow {
        OrderRow {
            id: document.id,
            party: document.party,
            kind: document.entity.as_str().to_owned(),
            number: document.number.clone(),
            contract: document.facts.contract.clone(),
            currency: document.currency.clone().unwrap_or_default(),
            day: document.day.map(day_number),
            status: document.status.clone(),
            state: state.to_owned(),
            ordered: 0,
            shipped: 0,
            invoiced: 0,
            received: 0,
            short: 0,
            unbilled: 0,
            over_billed: 0,
            outstanding: 0,
            mixed: 0,
            short_on: None,
            unbilled_on: None,
            billed_on: None,
            settled_on: None,
            facts: serde_json::to_string(&account).unwrap_or_default(),
        }
    }

    /// Whether a difference is too small to matter, of an amount in a currency.
    fn within(&self, difference: Decimal, of: Decimal, currency: &str) -> bool {
        difference.abs() <= self.tolerance.of(of, currency)
    }

    fn order(&self, order: &Document) -> OrderRow {
        let currency = order.currency.clone().unwrap_or_default();
        let mut account = Account::default();
        let mut money = Money::default();
        let mut goods = GoodsSent::of(order);
        let named = self.naming.get(&order.id).into_iter().flatten();
        let mut naming: Vec<&Document> = named.copied().collect();
        // Receipts that name an invoice of the order, and not the order.
        for invoice in naming.clone() {
            if invoice.entity == Entity::Invoice {
                naming.extend(self.naming.get(&invoice.id).into_iter().flatten());
            }
        }
        naming.sort_by_key(|document| (document.day, document.id));
        naming.dedup_by_key(|document| document.id);
        let mut contracts = naming.iter().filter(|document| document.is_contract());
        let contract = contracts.find(|document| document.facts.counts);
        let contract = contract.map(|contract| contract.number.clone());
        for document in naming {
            let foreign = document.currency.clone().filter(|of| *of != currency);
            let amount = match document.entity {
                Entity::Invoice => {
                    Some(self.share(document, document.amount.unwrap_or_default(), order.id))
                }
                Entity::Receipt => Some(self.paid(document, order.id)),
                Entity::Shipment => None,
                _ => continue,
            };
            if document.facts.counts {
                match (document.entity, amount, &foreign) {
                    (Entity::Shipment, ..) => goods.send(document, |item, line| {
                        self.goods_share(document, order, item, line)
                    }),
                    (_, _, Some(_)) => money.mixed = true,
                    (Entity::Invoice, Some(amount), None) => {
                        money.invoices.push((document.day, amount))
                    }
                    (_, Some(amount), None) => money.receipts.push((document.day, amount)),
                    _ => {}
                }
            }
            account.parts.push(Part {
                amount,
                foreign,
                ..part(document)
            });
        }
        let row = self.judge(order, &currency, account, money, goods);
        OrderRow {
            contract: row.contract.clone().or(contract),
            ..row
        }
    }

    /// What fraction of a shipment's line is for an order, where it serves several: by how many of the
    /// item each ordered.
    fn goods_share(
        &self,
        shipment: &Document,
        order: &Document,
        item: Uuid,
        quantity: Decimal,
    ) -> Decimal {
        let orders = shipment.facts.subjects.iter();
        let orders: Vec<&Document> = orders.filter_map(|of| self.known_order(of.id)).collect();
        if orders.len() < 2 {
            return quantity;
        }
        let ordered = |order: &Document| -> Decimal {
            let lines = order.facts.lines.iter().filter(|line| line.item == item);
            lines.map(|line| line.quantity).sum()
        };
        let total: Decimal = orders.iter().map(|order| ordered(order)).sum();
        match total.is_zero() {
            true => Decimal::ZERO,
            false => quantity * ordered(order) / total,
        }
    }

    fn judge(
        &self,
        order: &Document,
        currency: &str,
        mut account: Account,
        money: Money,
        mut goods: GoodsSent,
    ) -> OrderRow {
        let ordered = match order.facts.counts {
            true => order.amount.unwrap_or_default(),
            false => Decimal::ZERO,
        };
        let says_shipped = matches!(order.status.as_str(), "shipped" | "closed");
        if goods.last.is_none() && says_shipped {
            // No delivery note at all: the order's own word counts.
            goods.everything();
        }
        let shipped = goods.value();
        let short = match order.facts.counts {
            true => goods.missing(),
            false => Decimal::ZERO,
        };
        let invoiced: Decimal = money.invoices.iter().map(|(_, amount)| *amount).sum();
        let received: Decimal = money.receipts.iter().map(|(_, amount)| *amount).sum();
        let above = |difference: Decimal, of: Decimal| {
            let counts = difference > Decimal::ZERO && !self.within(difference, of, currency);
            if counts { difference } else { Decimal::ZERO }
        };
        let short = above(short, ordered);
        let unbilled = above(shipped - invoiced, ordered);
        let over_billed = above(invoiced - ordered, ordered);
        let outstanding = above(invoiced - received, invoiced);
        let settled = !invoiced.is_zero() && outstanding.is_zero();
        let matched = settled
            && self.within(invoiced - ordered, ordered, currency)
            && self.within(received - invoiced, ordered, currency)
            && short.is_zero()
            && !self.within(shipped, ordered, currency);
        let state = match (order.status.as_str(), money.mixed) {
            ("cancelled", _) => "cancelled",
            ("draft", _) => "draft",
            (_, true) => "mixed",
            _ if matched => "matched",
            _ => "open",
        };
        let short_on = match says_shipped {
            true => goods.last.or(order.day),
            false => order.facts.wanted_on,
        };
        account.goods = goods.lines;
        let number = |amount| ten_thousandths(amount).unwrap_or_default();
        OrderRow {
            ordered: number(ordered),
            shipped: number(shipped),
            invoiced: number(invoiced),
            received: number(received),
            short: number(short),
            unbilled: number(unbilled),
            over_billed: number(over_billed),
            outstanding: number(outstanding),
            mixed: i32::from(money.mixed),
            short_on: short_on.filter(|_| !short.is_zero()).map(day_number),
            unbilled_on: goods
                .last
                .or(order.day)
                .filter(|_| !unbilled.is_zero())
                .map(day_number),
            billed_on: money.oldest_owed(received, settled).map(day_number),
            settled_on: money.last_received().filter(|_| settled).map(day_number),
            ..self.blank(order, state, account)
        }
    }
}

fn part(document: &Document) -> Part {
    Part {
        id: document.id,
        entity: document.entity,
        number: document.number.clone(),
        day: document.day,
        status: document.status.clone(),
        amount: None,
        foreign: None,
    }
}

/// Bills and payments of one order, by their days.
#[derive(Default)]
struct Money {
    invoices: Vec<(Option<Date>, Decimal)>,
    receipts: Vec<(Option<Date>, Decimal)>,
    mixed: bool,
}

impl Money {
    /// The day of the oldest bill that what came in does not cover; of the last bill, if all are paid.
    fn oldest_owed(&self, received: Decimal, settled: bool) -> Option<Date> {
        let credits: Decimal = self
            .invoices
            .iter()
            .map(|(_, amount)| *amount)
            .filter(|amount| amount.is_sign_negative())
            .sum();
        let bills = || {
            self.invoices
                .iter()
                .filter(|(_, amount)| amount.is_sign_positive())
        };
        if settled {
            return bills().filter_map(|(day, _)| *day).max();
        }
        let mut left = received - credits;
        for (day, amount) in bills() {
            left -= *amount;
            if left.is_sign_negative() && !left.is_zero() {
                return *day;
            }
        }
        None
    }

    fn last_received(&self) -> Option<Date> {
        self.receipts.iter().filter_map(|(day, _)| *day).max()
    }
}

/// Goods of one order, sent and not.
struct GoodsSent {
    lines: Vec<Goods>,
    /// What one of each line costs with tax.
    prices: Vec<Decimal>,
    last: Option<Date>,
}

impl GoodsSent {
    fn of(order: &Document) -> Self {
        let lines = &order.facts.lines;
        let price = |line: &Line| match line.quantity.is_zero() {
            true => Decimal::ZERO,
            false => line.gross.unwrap_or_default() / line.quantity,
        };
        Self {
            prices: lines.iter().map(price).collect(),
            lines: lines
                .iter()
                .map(|line| Goods {
                    line: line.order_line,
                    item: line.item,
                    ordered: line.quantity,
                    shipped: Decimal::ZERO,
                })
                .collect(),
            last: None,
        }
    }

    /// Enters a shipment: its lines go to the order's line that they name, if the item is the same, else
    /// to the lines with the item, each up to what was ordered, the last takes the rest.
    fn send(&mut self, shipment: &Document, share: impl Fn(Uuid, Decimal) -> Decimal) {
        self.last = self.last.max(shipment.day);
        let mut sent: BTreeMap<(Option<u32>, Uuid), Decimal> = BTreeMap::new();
        for line in &shipment.facts.lines {
            *sent.entry((line.order_line, line.item)).or_default() +=
                share(line.item, line.quantity);
        }
        for ((number, item), mut quantity) in sent {
            let named = |goods: &Goods| goods.item == item && goods.line == number;
            if let Some(goods) = self.lines.iter_mut().find(|goods| named(goods)) {
                goods.shipped += quantity;
                continue;
            }
            let places: Vec<usize> = (0..self.lines.len())
                .filter(|place| self.lines[*place].item == item)
                .collect();
            for (turn, place) in places.iter().enumerate() {
                let goods = &mut self.lines[*place];
                let room = (goods.ordered - goods.shipped).max(Decimal::ZERO);
                let taken = match turn + 1 == places.len() {
                    true => quantity,
                    false => quantity.min(room),
                };
                goods.shipped += taken;
                quantity -= taken;
            }
        }
    }

    fn everything(&mut self) {
        for goods in &mut self.lines {
            goods.shipped = goods.ordered;
        }
    }

    fn value(&self) -> Decimal {
        let lines = self.lines.iter().zip(&self.prices);
        lines
            .map(|(goods, price)| (goods.shipped * price).round_dp(2))
            .sum()
    }

    fn missing(&self) -> Decimal {
        let lines = self.lines.iter().zip(&self.prices);
        let missing = lines.map(|(goods, price)| {
            ((goods.ordered - goods.shipped).max(Decimal::ZERO) * price).round_dp(2)
        });
        missing.sum()
    }
}
