//! What the factory makes, and what the customers order.

use jiff::civil::{Date, date};
use rust_decimal::{Decimal, RoundingStrategy};

use super::truth::{Company, Sizes};
use super::words::{ARTICLES, SELLERS};
use crate::dice::Dice;

/// An article of the factory.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) code: String,
    pub(super) name: String,
    pub(super) specification: &'static str,
    pub(super) unit: &'static str,
    price: Decimal,
}

/// An order as it was taken.
#[derive(Debug, Clone)]
pub(super) struct Order {
    pub(super) number: String,
    /// The customer, by its place in the list of companies.
    pub(super) company: usize,
    pub(super) day: Date,
    pub(super) currency: &'static str,
    pub(super) seller: &'static str,
    pub(super) lines: Vec<Line>,
    pub(super) net: Decimal,
    pub(super) tax: Decimal,
    pub(super) gross: Decimal,
}

/// A line of an order.
#[derive(Debug, Clone)]
pub(super) struct Line {
    /// The article, by its place in the list of items.
    pub(super) item: usize,
    pub(super) quantity: Decimal,
    pub(super) price: Decimal,
    /// Percent: 13 at home, 0 abroad.
    pub(super) tax_percent: u32,
    pub(super) amount: Decimal,
}

/// The tax on an amount at a rate, to the cent, half a cent up.
pub(super) fn tax_on(amount: Decimal, rate: Decimal) -> Decimal {
    let mut tax = (amount * rate).round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero);
    tax.rescale(2);
    tax
}

/// The factory's articles.
pub(super) fn items(seed: u64, count: usize) -> Vec<Item> {
    (0..count)
        .map(|index| {
            let mut dice = Dice::new(seed, "item", index);
            let (series, name, specification, unit) = ARTICLES[index % ARTICLES.len()];
            let number = 300 + 5 * (index / ARTICLES.len());
            let cents = 990 + 10 * dice.below(2_400);
            Item {
                code: format!("{series}-{number}"),
                name: format!("{name} {series}{number}"),
                specification,
                unit,
                price: Decimal::new(i64::try_from(cents).unwrap_or(990), 2),
            }
        })
        .collect()
}

/// The orders of those companies that the sellers know.
pub(super) fn orders(seed: u64, sizes: Sizes, companies: &[Company], items: &[Item]) -> Vec<Order> {
    let customers: Vec<&Company> = companies
        .iter()
        .filter(|company| company.known_to.crm)
        .collect();
    if customers.is_empty() || items.is_empty() {
        return Vec::new();
    }
    (0..sizes.orders)
        .map(|index| {
            let mut dice = Dice::new(seed, "order", index);
            // Every customer that nobody can bill has an order, so that each is seen to wait.
            let unnamed = customers
                .iter()
                .filter(|company| !company.can_be_billed())
                .nth(index);
            let company = unnamed.copied().unwrap_or_else(|| *dice.pick(&customers));
            order(index, company, items, &mut dice)
        })
        .collect()
}

fn order(index: usize, company: &Company, items: &[Item], dice: &mut Dice) -> Order {
    let tax_percent = if company.is_foreign() { 0 } else { 13 };
    let mut lines = Vec::new();
    for number in 0..dice.below(4) + 1 {
        let item = dice.below(items.len());
        let quantity = Decimal::from(10 * (dice.below(50) + 1));
        let (quantity, price) = match (index % 500, number) {
            // Amounts that no binary number holds, and one that no double tells from its neighbour.
            (11, 0) => (Decimal::ONE, Decimal::new(1, 1)),
            (12, 0) => (Decimal::ONE, Decimal::new(1_000_000_000_000_000_001, 2)),
            (13, 0) => (Decimal::new(1, 1), items[item].price),
            _ => (quantity, items[item].price),
        };
        lines.push(Line {
            item,
            quantity,
            price,
            tax_percent,
            amount: quantity * price,
        });
    }
    let rate = Decimal::new(i64::from(tax_percent), 2);
    let net: Decimal = lines.iter().map(|line| line.amount).sum();
    let tax: Decimal = lines.iter().map(|line| tax_on(line.amount, rate)).sum();
    // Every two hundredth number has nineteen digits: more than a double holds.
    let number = match index % 200 {
        100 => format!("{}", 9_000_000_000_000_000_000 + index as u64),
        _ => format!("SO-2026-{:06}", index + 1),
    };
    let days = i64::try_from(index % 180).unwrap_or_default();
    Order {
        number,
        company: company.index,
        day: date(2026, 1, 5).saturating_add(jiff::Span::new().days(days)),
        currency: company.currency,
        seller: SELLERS[dice.below(SELLERS.len())],
        lines,
        net,
        tax,
        gross: net + tax,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::demo::world::truth::companies;

    #[test]
    fn orders_add_up_and_have_their_own_numbers() {
        let sizes = Sizes {
            companies: 200,
            orders: 1_200,
            items: 60,
            unnamed: 5,
        };
        let companies = companies(42, sizes);
        let items = items(42, sizes.items);
        assert_eq!(
            items
                .iter()
                .map(|item| &item.code)
                .collect::<HashSet<_>>()
                .len(),
            60
        );
        let orders = orders(42, sizes, &companies, &items);
        assert_eq!(
            orders
                .iter()
                .map(|order| &order.number)
                .collect::<HashSet<_>>()
                .len(),
            1_200
        );
        for order in &orders {
            assert!(companies[order.company].known_to.crm);
            assert_eq!(
                order.lines.iter().map(|line| line.amount).sum::<Decimal>(),
                order.net
            );
            assert_eq!(order.net + order.tax, order.gross);
        }
        assert_eq!(orders[11].lines[0].amount.to_string(), "0.1");
        assert_eq!(
            orders[12].lines[0].amount.to_string(),
            "10000000000000000.01"
        );
        assert_eq!(orders[100].number, "9000000000000000100");
        let waiting = |order: &&Order| !companies[order.company].can_be_billed();
        let unnamed: HashSet<usize> = orders
            .iter()
            .filter(waiting)
            .map(|order| order.company)
            .collect();
        assert_eq!(unnamed.len(), 5);
    }

    #[test]
    fn tax_is_rounded_half_up_to_the_cent() {
        let tax = |amount: &str| tax_on(amount.parse().unwrap(), Decimal::new(13, 2)).to_string();
        assert_eq!(tax("0.1"), "0.01");
        assert_eq!(tax("0.5"), "0.07");
        assert_eq!(tax("10000000000000000.01"), "1300000000000000.00");
    }
}
