//! How contracts stand: lists by pages, and sums beside them, over many orders.

use std::collections::BTreeMap;

use tenon_store::insight::{
    Contract, ContractFilter, ContractMatter, ContractPlace, ContractRow, Insight, OrderRow,
    Projection,
};

use super::fixtures::House;
use super::insight::catch_up;
use super::matters::{CUSTOMERS, customer, order, owner};

/// What is told of some of the contracts that orders name, and of one that none does.
fn told() -> Vec<ContractRow> {
    let contract = |number: &str, party: Option<u64>, amount: Option<i64>| ContractRow {
        number: number.to_owned(),
        document: Some(customer(900)),
        party: party.map(customer),
        title: Some(format!("框架 {number}")),
        status: Some("released".to_owned()),
        currency: amount.map(|_| "CNY".to_owned()),
        amount,
        valid_from: Some(110),
        valid_until: Some(160),
        most: amount.map(|amount| amount + 5_000),
    };
    vec![
        contract("HT-0", Some(1), Some(10_000)),
        contract("HT-1", Some(4), Some(90_000_000)),
        contract("HT-2", None, None),
        contract("HT-3", Some(4), Some(20_000)),
        contract("HT-9", Some(2), None),
        ContractRow {
            number: "HT-4".to_owned(),
            ..ContractRow::default()
        },
    ]
}

/// Number, currency, whether told, amount, orders, ordered, invoiced, received, exceeded, outside.
type Row = (String, String, bool, Option<i64>, i64, [i64; 3], i64, i64);

fn row(contract: &Contract) -> Row {
    (
        contract.number.clone(),
        contract.currency.clone(),
        contract.document.is_some(),
        contract.amount,
        contract.orders,
        [contract.ordered, contract.invoiced, contract.received],
        contract.exceeded,
        contract.outside,
    )
}

/// The same by the rule in words.
fn expected(orders: &[OrderRow]) -> Vec<Row> {
    let mut rows: BTreeMap<(String, String), Row> = BTreeMap::new();
    for contract in told() {
        let number = &contract.number;
        let of = orders.iter().filter(|order| {
            let counts = order.kind == "order" && order.state != "cancelled";
            counts && order.contract.as_ref() == Some(number)
        });
        let of: Vec<&OrderRow> = of.collect();
        let told = contract.document.is_some();
        let mut currencies: Vec<&str> = of.iter().map(|order| order.currency.as_str()).collect();
        currencies.extend(contract.currency.as_deref());
        if told && currencies.is_empty() {
            currencies.push("");
        }
        for currency in currencies {
            let those: Vec<&&OrderRow> = of
                .iter()
                .filter(|order| order.currency == currency)
                .collect();
            let sum = |amount: fn(&OrderRow) -> i64| those.iter().map(|order| amount(order)).sum();
            let ordered: i64 = sum(|order| order.ordered);
            let amount = contract.amount.filter(|_| currency == "CNY");
            let beyond = amount.filter(|amount| ordered > amount + 5_000);
            let outside = |order: &&&&OrderRow| {
                told && order.day.is_some_and(|day| !(110..=160).contains(&day))
            };
            rows.insert(
                (number.clone(), currency.to_owned()),
                (
                    number.clone(),
                    currency.to_owned(),
                    told,
                    amount,
                    those.len() as i64,
                    [
                        ordered,
                        sum(|order| order.invoiced),
                        sum(|order| order.received),
                    ],
                    beyond.map_or(0, |amount| ordered - amount),
                    those.iter().filter(outside).count() as i64,
                ),
            );
        }
    }
    rows.into_values().collect()
}

async fn listed(insight: &Insight, generation: i32, filter: &ContractFilter) -> Vec<Contract> {
    let mut all: Vec<Contract> = Vec::new();
    loop {
        let after = all.last().map(|last| ContractPlace {
            exceeded: last.exceeded,
            number: last.number.clone(),
            currency: last.currency.clone(),
        });
        let page = insight.contracts(generation, filter, after.as_ref(), 2);
        let page = page.await.unwrap();
        let ended = page.len() < 2;
        all.extend(page);
        if ended {
            return all;
        }
    }
}

pub(super) async fn contracts_are_listed_by_pages_and_summed(house: &House) {
    let generation = catch_up(&house.store).await;
    let insight = house.store.insight();
    let mut orders: Vec<OrderRow> = (0..400).map(order).collect();
    let entered = async |orders: &[OrderRow]| {
        let projection = Projection {
            customers: (0..CUSTOMERS).map(owner).collect(),
            orders: orders.to_vec(),
            contracts: told(),
            ..Projection::default()
        };
        let project = insight.project(generation, 0, 0, &projection);
        project.await.unwrap();
    };
    assert!(!insight.has_contracts(generation).await.unwrap());
    entered(&orders).await;
    assert!(insight.has_contracts(generation).await.unwrap());
    // And once more, as some of the orders have changed.
    for order in orders.iter_mut().step_by(3) {
        order.contract = order.contract.as_ref().map(|_| "HT-1".to_owned());
        order.day = order.day.map(|day| day + 5);
    }
    entered(&orders).await;

    let expected = expected(&orders);
    let all = ContractFilter::default();
    let found = listed(&insight, generation, &all).await;
    assert_eq!(found.iter().map(row).collect::<Vec<_>>(), expected);
    assert!(expected.len() > 9, "{expected:?}");
    let first = found.first().unwrap();
    assert_eq!(
        (first.customer, first.customer_code.as_deref()),
        (Some(customer(1)), Some("K1"))
    );
    for (matter, fits) in [
        (
            ContractMatter::Exceeded,
            (|row| row.6 > 0) as fn(&Row) -> bool,
        ),
        (ContractMatter::Outside, |row| row.7 > 0),
        (ContractMatter::Unknown, |row| !row.2),
    ] {
        for currency in [None, Some("CNY")] {
            let filter = ContractFilter {
                matter: Some(matter),
                currency: currency.map(str::to_owned),
                ..all.clone()
            };
            let of = |row: &&Row| fits(row) && currency.is_none_or(|currency| row.1 == currency);
            let mut expected: Vec<Row> = expected.iter().filter(of).cloned().collect();
            expected.sort_by_key(|row| std::cmp::Reverse(row.6));
            if matter != ContractMatter::Exceeded {
                expected.sort_by(|one, other| (&one.0, &one.1).cmp(&(&other.0, &other.1)));
            }
            let found = listed(&insight, generation, &filter).await;
            let found: Vec<Row> = found.iter().map(row).collect();
            assert_eq!(found, expected, "{filter:?}");
            assert!(!found.is_empty(), "{filter:?}");
        }
    }
    let one = |filter: ContractFilter| {
        let insight = insight.clone();
        async move {
            let found = listed(&insight, generation, &filter).await;
            let numbers = found.into_iter().map(|row| row.number);
            numbers.collect::<std::collections::BTreeSet<_>>()
        }
    };
    let of_customer = ContractFilter {
        customer: Some(customer(4)),
        ..all.clone()
    };
    assert_eq!(
        one(of_customer).await.into_iter().collect::<Vec<_>>(),
        ["HT-1", "HT-3"]
    );
    let named = ContractFilter {
        number: Some("HT-2".to_owned()),
        ..all
    };
    assert_eq!(one(named).await.into_iter().collect::<Vec<_>>(), ["HT-2"]);
    let named = insight
        .contracts_named(generation, &["HT-0", "HT-9", "HT-77"])
        .await
        .unwrap();
    assert_eq!(named.iter().filter(|row| row.number == "HT-9").count(), 1);

    for sums in insight.contract_sums(generation).await.unwrap() {
        let of = expected.iter().filter(|row| row.1 == sums.currency);
        let of: Vec<&Row> = of.collect();
        let count = |fits: fn(&Row) -> bool| of.iter().filter(|row| fits(row)).count() as i64;
        assert_eq!(
            (sums.contracts, sums.exceeded, sums.outside, sums.unknown),
            (
                count(|row| row.2),
                count(|row| row.6 > 0),
                count(|row| row.7 > 0),
                count(|row| !row.2)
            )
        );
        let ordered: i64 = of.iter().filter(|row| row.2).map(|row| row.5[0]).sum();
        let exceeded: i64 = of.iter().map(|row| row.6).sum();
        assert_eq!(
            (sums.ordered, sums.exceeded_amount),
            (
                tenon_insight::units(ordered),
                tenon_insight::units(exceeded)
            )
        );
    }
}
