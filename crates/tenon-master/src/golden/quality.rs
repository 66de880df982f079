//! How much a record says, so that people see where to ask.

use serde::{Deserialize, Serialize};
use tenon_core::customer::Customer;

use crate::name;
use crate::tax_id::TaxId;

/// What a record lacks, and how good it is without it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quality {
    /// From 0 for a record that says nothing to 100 for one that says all that an invoice, a delivery and
    /// a seller need.
    pub score: u32,
    /// What it lacks, what weighs most first: `tax_id`.
    pub lacks: Vec<String>,
}

/// A field, its weight, and whether a record says it.
type Part = (&'static str, u32, fn(&Customer) -> bool);

/// What a good record says; the weights are 100 together.
const PARTS: [Part; 10] = [
    ("legal_name", 25, |customer| {
        let name = customer.legal_name.as_deref();
        name.is_some_and(|text| name::parse(text).full_key.is_some())
    }),
    ("tax_id", 25, |customer| {
        let tax_id = customer.tax_id.as_deref();
        tax_id.is_some_and(|text| TaxId::parse(text).is_ok())
    }),
    ("addresses", 10, |customer| {
        let mut addresses = customer.addresses.iter();
        addresses.any(|address| address.city.is_some() || address.street.is_some())
    }),
    ("phones", 10, |customer| {
        !customer.phones.is_empty() || !customer.emails.is_empty()
    }),
    ("contacts", 5, |customer| !customer.contacts.is_empty()),
    ("code", 5, |customer| customer.code.is_some()),
    ("industry", 5, |customer| customer.industry.is_some()),
    ("source", 5, |customer| customer.source.is_some()),
    ("owner", 5, |customer| customer.owner.is_some()),
    ("stage", 5, |customer| customer.stage.is_some()),
];

/// How good a record is: a golden record, or what one system says.
pub fn quality(customer: &Customer) -> Quality {
    let says = |part: &&Part| (part.2)(customer);
    let score = PARTS.iter().filter(says).map(|(_, weight, _)| weight).sum();
    let lacks = PARTS.iter().filter(|part| !says(part));
    Quality {
        score,
        lacks: lacks.map(|(field, _, _)| (*field).to_owned()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use tenon_core::customer::{Address, Stage};

    use super::*;

    #[test]
    fn a_record_is_as_good_as_what_it_says() {
        let nothing = quality(&Customer::default());
        assert_eq!((nothing.score, nothing.lacks.len()), (0, PARTS.len()));
        assert_eq!(nothing.lacks[..2], ["legal_name", "tax_id"]);
        let invoiced = Customer {
            legal_name: Some("上海川可贸易有限公司".to_owned()),
            tax_id: Some("91350100M000100Y43".to_owned()),
            ..Customer::default()
        };
        assert_eq!(quality(&invoiced).score, 50);
        let wrong = Customer {
            legal_name: Some("川可".to_owned()),
            tax_id: Some("91350100M000100Y44".to_owned()),
            phones: vec!["021-60000000".to_owned()],
            ..Customer::default()
        };
        assert_eq!(quality(&wrong).score, 10);
        let whole = Customer {
            code: Some("CKMY".to_owned()),
            stage: Some(Stage::Signed),
            industry: Some("retail".to_owned()),
            source: Some("exhibition".to_owned()),
            owner: Some("王敏".to_owned()),
            contacts: vec![Default::default()],
            emails: vec!["a@b.cn".to_owned()],
            addresses: vec![Address {
                city: Some("上海".to_owned()),
                ..Address::default()
            }],
            ..invoiced
        };
        let whole = quality(&whole);
        assert_eq!((whole.score, whole.lacks), (100, Vec::new()));
    }
}
