//! What is told of contracts, and how orders stand by theirs.

use std::collections::{BTreeSet, HashMap};

use tenon_core::Entity;
use tenon_store::insight::{Contract, ContractRow, OrderRow};
use uuid::Uuid;

use crate::days::{day_number, ten_thousandths};
use crate::document::Document;
use crate::policy::Tolerance;

/// Of several documents under one number the one that says what the contract is: no draft, if there is another,
/// and the newest.
fn governing<'a>(documents: impl Iterator<Item = &'a Document>) -> Option<&'a Document> {
    documents.max_by_key(|document| (document.facts.counts, &document.stamp))
}

/// The contracts of these numbers, as documents tell them.
pub(crate) fn contracts(
    numbers: &BTreeSet<String>,
    documents: &HashMap<Uuid, Document>,
    tolerance: &Tolerance,
) -> Vec<ContractRow> {
    let mut told: HashMap<&str, Vec<&Document>> = HashMap::new();
    for document in documents.values().filter(|document| document.is_contract()) {
        told.entry(&document.number).or_default().push(document);
    }
    let row = |number: &String| {
        let documents = told.get(number.as_str()).into_iter().flatten().copied();
        let Some(document) = governing(documents) else {
            return ContractRow {
                number: number.clone(),
                ..ContractRow::default()
            };
        };
        let (facts, currency) = (&document.facts, &document.currency);
        let most = document.amount.zip(currency.as_deref());
        let most = most.map(|(amount, currency)| amount + tolerance.of(amount, currency));
        ContractRow {
            number: number.clone(),
            document: Some(document.id),
            party: (!document.party.is_nil()).then_some(document.party),
            title: facts.subject.clone(),
            status: Some(document.status.clone()),
            currency: currency.clone(),
            amount: document.amount.and_then(ten_thousandths),
            valid_from: facts.begins_on.map(day_number),
            valid_until: facts.ends_on.map(day_number),
            most: most.and_then(ten_thousandths),
        }
    };
    numbers.iter().map(row).collect()
}

/// What is the matter with an order by its contract, of which `rows` are all; `told` says whether anybody tells of
/// contracts at all.
pub fn contract_matters(
    order: &OrderRow,
    customer: Option<Uuid>,
    rows: &[&Contract],
    told: bool,
) -> Vec<&'static str> {
    let mut matters = Vec::new();
    let Some(contract) = rows.iter().find(|row| row.document.is_some()) else {
        if told && order.contract.is_some() && order.kind == Entity::Order.as_str() {
            matters.push("unknown");
        }
        return matters;
    };
    let own = rows.iter().find(|row| row.currency == order.currency);
    if own.is_some_and(|row| row.exceeded > 0) {
        matters.push("exceeded");
    }
    let outside = |day| {
        contract.valid_from.is_some_and(|from| day < from)
            || contract.valid_until.is_some_and(|until| day > until)
    };
    if order.day.is_some_and(outside) {
        matters.push("outside");
    }
    let whose = contract.customer.zip(customer);
    if whose.is_some_and(|(contracted, customer)| contracted != customer) {
        matters.push("other_customer");
    }
    let has_amount = |row: &&&Contract| row.amount.is_some();
    let amounts: Vec<_> = rows.iter().filter(has_amount).collect();
    if !amounts.is_empty() && amounts.iter().all(|row| row.currency != order.currency) {
        matters.push("other_currency");
    }
    matters
}
