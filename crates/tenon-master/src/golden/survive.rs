//! Survivorship: quality first, then the system's rank in the field, then recency.

use std::cmp::Reverse;

use tenon_core::customer::Customer;

use super::collections::{self, Collected};
use super::{GoldenRecord, Provenance, SourceRecord, Survivorship, name_key};
use crate::name;
use crate::tax_id::{TaxId, TaxIdKind};

/// The golden record of a set of source records.
///
/// `issued_code` is the code that the hub gave the master; it never changes and wins over every
/// system's. Without one the code is a field like the others. No records give an empty customer.
pub fn survive(
    records: &[SourceRecord],
    issued_code: Option<&str>,
    policy: &Survivorship,
) -> GoldenRecord {
    let mut choice = Choice {
        records,
        policy,
        golden: GoldenRecord::default(),
    };
    let golden = |choice: &mut Choice<'_>| -> Customer {
        Customer {
            legal_name: choice.legal_name(),
            short_name: choice.text("short_name", |customer| customer.short_name.as_ref()),
            former_names: Vec::new(),
            code: match issued_code {
                Some(code) => Some(code.to_owned()),
                None => choice.text("code", |customer| customer.code.as_ref()),
            },
            tax_id: choice.tax_id(),
            kind: choice
                .best("kind", |customer| Some(customer.kind))
                .unwrap_or_default(),
            stage: choice.best("stage", |customer| customer.stage),
            industry: choice.text("industry", |customer| customer.industry.as_ref()),
            source: choice.text("source", |customer| customer.source.as_ref()),
            grade: choice.best("grade", |customer| customer.grade),
            owner: choice.text("owner", |customer| customer.owner.as_ref()),
            contacts: choice.collect("contacts", collections::contacts),
            addresses: choice.collect("addresses", collections::addresses),
            phones: choice.collect("phones", collections::phones),
            emails: choice.collect("emails", collections::emails),
            bank_account: choice.best("bank_account", |customer| customer.bank_account.clone()),
            credit_terms: choice.best("credit_terms", |customer| customer.credit_terms.clone()),
            priority: choice.best("priority", |customer| customer.priority),
            tags: choice.collect("tags", collections::tags),
        }
    };
    let mut customer = golden(&mut choice);
    let current = customer.legal_name.as_deref().map(name_key);
    customer.former_names = choice.collect("former_names", |records, max_elements| {
        collections::former_names(records, current.as_deref(), max_elements)
    });
    choice.golden.customer = customer;
    choice.golden
}

/// A golden record in the making.
struct Choice<'r> {
    records: &'r [SourceRecord],
    policy: &'r Survivorship,
    golden: GoldenRecord,
}

impl<'r> Choice<'r> {
    /// The records in the order in which they are believed about `field`: a total order, so that
    /// the order in which they were given does not matter.
    fn believed(&self, field: &str) -> Vec<&'r SourceRecord> {
        let mut records: Vec<&SourceRecord> = self.records.iter().collect();
        records.sort_by(|one, other| {
            let key = |record: &'r SourceRecord| {
                let Provenance {
                    system,
                    native_id,
                    message_id,
                    occurred_at,
                } = &record.provenance;
                let rank = self.policy.rank(field, system);
                (rank, Reverse(*occurred_at), system, native_id, *message_id)
            };
            key(one).cmp(&key(other)).then_with(|| {
                // Two statements under one message are told apart by what they say.
                let text = |record: &SourceRecord| serde_json::to_string(&record.customer).ok();
                text(one).cmp(&text(other))
            })
        });
        records
    }

    /// The value of the most believed record that has one.
    fn best<T>(&mut self, field: &str, value: impl Fn(&Customer) -> Option<T>) -> Option<T> {
        self.best_by_quality(field, |customer| Some((0, value(customer)?)))
    }

    fn text(
        &mut self,
        field: &str,
        value: impl Fn(&Customer) -> Option<&String>,
    ) -> Option<String> {
        self.best(field, |customer| {
            value(customer)
                .filter(|text| !text.trim().is_empty())
                .cloned()
        })
    }

    /// The value of least `quality`, 0 being the best; among equals the most believed.
    fn best_by_quality<T>(
        &mut self,
        field: &str,
        value: impl Fn(&Customer) -> Option<(u8, T)>,
    ) -> Option<T> {
        let believed = self.believed(field);
        let candidates = believed
            .into_iter()
            .filter_map(|record| Some((value(&record.customer)?, &record.provenance)));
        // `min_by_key` keeps the first of equals, which is the most believed.
        let ((_, value), provenance) = candidates.min_by_key(|((quality, _), _)| *quality)?;
        self.golden
            .provenance
            .insert(field.to_owned(), provenance.clone());
        Some(value)
    }

    /// A full registered name before any other text, and never what only is a short name.
    fn legal_name(&mut self) -> Option<String> {
        let short_names: Vec<String> = self
            .records
            .iter()
            .filter_map(|record| record.customer.short_name.as_deref())
            .map(name::normalise)
            .collect();
        self.best_by_quality("legal_name", |customer| {
            let legal_name = customer.legal_name.as_deref()?;
            let parsed = name::parse(legal_name);
            let quality = match parsed.full_key {
                Some(_) => 0,
                None if parsed.is_placeholder || short_names.contains(&parsed.normalised) => {
                    return None;
                }
                None => 1,
            };
            Some((quality, legal_name.trim().to_owned()))
        })
    }

    /// A valid tax id before an invalid one, the current form of a number before its legacy form.
    fn tax_id(&mut self) -> Option<String> {
        self.best_by_quality("tax_id", |customer| {
            let text = customer
                .tax_id
                .as_deref()
                .filter(|text| !text.trim().is_empty())?;
            Some(match TaxId::parse(text) {
                Ok(tax_id) if tax_id.kind() == TaxIdKind::LegacyRegistration => {
                    (1, tax_id.to_string())
                }
                Ok(tax_id) => (0, tax_id.to_string()),
                Err(_) => (2, text.to_owned()),
            })
        })
    }

    /// The union of a collection, and who stated each of its elements first.
    fn collect<T>(
        &mut self,
        field: &str,
        union: impl FnOnce(&[&'r SourceRecord], usize) -> Collected<'r, T>,
    ) -> Vec<T> {
        let collected = union(&self.believed(field), self.policy.max_elements);
        let mut values = Vec::with_capacity(collected.len());
        for (index, (value, provenance)) in collected.into_iter().enumerate() {
            self.golden
                .provenance
                .insert(format!("{field}/{index}"), provenance.clone());
            values.push(value);
        }
        values
    }
}
