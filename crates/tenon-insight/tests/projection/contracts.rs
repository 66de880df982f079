//! How contracts stand, and orders by theirs.

use tenon_insight::contract_matters;
use tenon_store::SharedStore;
use tenon_store::insight::{Contract, ContractFilter, ContractMatter, ContractPlace};

use crate::story::story;
use crate::{catch_up, filter, house, journal, live};

/// Contracts, page by page.
pub(crate) async fn contracts(
    store: &SharedStore,
    matter: Option<ContractMatter>,
) -> Vec<Contract> {
    let generation = live(store).await;
    let filter = ContractFilter {
        matter,
        ..ContractFilter::default()
    };
    let mut all: Vec<Contract> = Vec::new();
    loop {
        let after = all.last().map(|last| ContractPlace {
            exceeded: last.exceeded,
            number: last.number.clone(),
            currency: last.currency.clone(),
        });
        let insight = store.insight();
        let page = insight.contracts(generation, &filter, after.as_ref(), 1);
        match page.await.unwrap().pop() {
            Some(one) => all.push(one),
            None => return all,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn contracts_stand_as_their_orders_say() {
    let house = house().await;
    let story = story();
    journal(&house.store, &story.iter().collect::<Vec<_>>()).await;
    catch_up(&house.store).await;
    let all = contracts(&house.store, None).await;
    let rows: Vec<_> = all
        .iter()
        .map(|row| {
            let sums = (row.orders, row.ordered, row.invoiced, row.received);
            let matters = (row.exceeded, row.outside);
            (
                row.number.as_str(),
                row.currency.as_str(),
                row.amount,
                sums,
                matters,
            )
        })
        .collect();
    // Five orders of 610 in all, and one that was cancelled; two are of a day outside of the contract's.
    let framework = (5, 6_100_000, 5_450_000, 1_350_000);
    assert_eq!(
        rows,
        [
            ("HT-1", "CNY", Some(6_050_000), framework, (50_000, 2)),
            ("HT-3", "CNY", None, (1, 200_000, 0, 0), (0, 0)),
            ("HT-3", "USD", Some(5_000_000), (0, 0, 0, 0), (0, 0)),
        ]
    );
    let numbers = async |matter| -> Vec<String> {
        let found = contracts(&house.store, Some(matter)).await;
        found.into_iter().map(|row| row.number).collect()
    };
    assert_eq!(numbers(ContractMatter::Exceeded).await, ["HT-1"]);
    assert_eq!(numbers(ContractMatter::Outside).await, ["HT-1"]);
    assert!(numbers(ContractMatter::Unknown).await.is_empty());
    let generation = live(&house.store).await;
    let insight = house.store.insight();
    let orders = insight.orders(generation, &filter(), None, 100).await;
    for (number, expected) in [
        ("O-1", &["exceeded", "outside"][..]),
        ("O-2", &["exceeded"]),
        ("O-5", &["exceeded", "outside"]),
        ("O-8", &["other_currency"]),
    ] {
        let orders = orders.as_ref().unwrap();
        let order = orders.iter().find(|order| order.row.number == number);
        let order = order.unwrap_or_else(|| panic!("no {number}"));
        let of = order.row.contract.as_deref();
        let named: Vec<&Contract> = all
            .iter()
            .filter(|row| Some(row.number.as_str()) == of)
            .collect();
        let found = contract_matters(&order.row, order.customer, &named, true);
        assert_eq!(found, expected, "{number}");
        // What no document tells of is unknown, if documents tell of contracts at all.
        let unknown = |told| contract_matters(&order.row, order.customer, &[], told);
        assert_eq!(unknown(true), ["unknown"]);
        assert!(unknown(false).is_empty());
    }
}
