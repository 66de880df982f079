//! What each system has written down of each company.
//!
//! *Invariant*: any two records of one company that exact rules can join have a key in common with
//! each other (tax id, registered name or code), so that what is joined does not depend on which of
//! them came first. And of the systems in the order invoicing, ERP, CRM the first that has a
//! registered name has it exactly.

use super::spelling;
use super::truth::{Company, Role};
use crate::dice::Dice;

/// A row of the CRM.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) id: String,
    pub(super) short_name: String,
    pub(super) legal_name: Option<String>,
    pub(super) tax_id: Option<String>,
    pub(super) code: Option<String>,
}

/// A row of the ERP.
#[derive(Debug, Clone)]
pub(super) struct Booked {
    pub(super) number: String,
    pub(super) name: Option<String>,
    pub(super) abbreviation: Option<String>,
    pub(super) tax_id: Option<String>,
    pub(super) code: Option<String>,
}

/// A buyer of the invoicing service; name and tax id are the registered ones.
#[derive(Debug, Clone)]
pub(super) struct Billed {
    pub(super) id: String,
}

/// What the systems know of one company.
#[derive(Debug, Clone)]
pub(super) struct Records {
    pub(super) crm: Option<Seen>,
    pub(super) erp: Option<Booked>,
    pub(super) invoicing: Option<Billed>,
}

/// By what the CRM's record can be joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Link {
    TaxId,
    LegalName,
    Code,
}

/// Writes down what the systems know of `company`.
pub(super) fn records(seed: u64, company: &Company) -> Records {
    let mut dice = Dice::new(seed, "records", company.index);
    let known = company.known_to;
    let link = link(company, &mut dice);
    let code = format!("KH{:05}", company.index + 1);
    // The bookkeepers' row lacks the tax id only where all others share the registered name.
    let erp_without_tax_id = company.role == Role::Strayed
        || company.role == Role::Unnamed
        || (known.invoicing && dice.chance(15));
    let erp = known.erp.then(|| {
        let name = match company.role {
            Role::Unnamed => None,
            Role::Strayed => Some(spelling::mistaken(
                &company.legal_name,
                &company.brand,
                &mut dice,
            )),
            _ if known.invoicing => Some(spelling::variant(&company.legal_name, &mut dice)),
            _ => Some(company.legal_name.clone()),
        };
        let coded = link == Link::Code || (company.role == Role::Ordinary && dice.chance(30));
        Booked {
            number: format!("1000{:04}", company.index + 1),
            abbreviation: (name.is_none() || dice.chance(40)).then(|| company.short_name.clone()),
            name,
            tax_id: (!erp_without_tax_id).then(|| company.tax_id.clone()),
            code: coded.then(|| code.clone()),
        }
    });
    let crm = known.crm.then(|| {
        let named = link == Link::LegalName
            || (link == Link::TaxId
                && (dice.chance(30)
                    || (known.erp && erp_without_tax_id)
                    // Under its tax id alone a branch might be its head office.
                    || company.role == Role::Branch));
        let named = named && company.role != Role::Unnamed;
        Seen {
            id: format!("C{:06}", company.index + 1),
            short_name: match (link, company.role) {
                (Link::Code, Role::Unnamed) => company.short_name.clone(),
                // Joined by code alone, the short name must be part of the registered one.
                (Link::Code, _) => company.brand.clone(),
                _ => company.short_name.clone(),
            },
            legal_name: named.then(|| match known.erp || known.invoicing {
                true => spelling::variant(&company.legal_name, &mut dice),
                false => company.legal_name.clone(),
            }),
            tax_id: (link == Link::TaxId).then(|| spelling::tax_id(&company.tax_id, &mut dice)),
            code: (link == Link::Code).then(|| code.clone()),
        }
    });
    let invoicing = known.invoicing.then(|| Billed {
        id: format!("B{:06}", company.index + 1),
    });
    Records {
        crm,
        erp,
        invoicing,
    }
}

fn link(company: &Company, dice: &mut Dice) -> Link {
    let known = company.known_to;
    match company.role {
        Role::Unnamed => Link::Code,
        Role::Strayed => Link::TaxId,
        // A branch is told from its head office by its tax id.
        Role::Branch | Role::Sister | Role::Foreign => Link::TaxId,
        Role::Ordinary if known.crm && known.erp && !known.invoicing => match dice.below(100) {
            0..45 => Link::TaxId,
            45..70 => Link::LegalName,
            _ => Link::Code,
        },
        Role::Ordinary if dice.chance(65) => Link::TaxId,
        Role::Ordinary => Link::LegalName,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet, HashMap};

    use tenon_core::customer::{Address, Customer};
    use tenon_core::{MasterId, MessageId, Timestamp};
    use tenon_master::{Candidate, Decision, MasterKey, Provenance, SourceRecord, Survivorship};

    use super::*;
    use crate::demo::world::truth::{Sizes, companies};

    /// The keys of a record as an exact rule sees them.
    fn keys(name: Option<&str>, tax_id: Option<&str>, code: Option<&str>) -> BTreeSet<String> {
        let customer = Customer {
            legal_name: name.map(str::to_owned),
            tax_id: tax_id.map(tenon_master::TaxId::normalise),
            code: code.map(str::to_owned),
            ..Customer::default()
        };
        tenon_master::keys(&customer)
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn records_share_keys_unless_they_strayed() {
        let companies = companies(42, Sizes::default());
        let mut joinable = 0;
        let mut strayed = 0;
        for company in &companies {
            let records = records(42, company);
            let mut all = Vec::new();
            if let Some(seen) = &records.crm {
                all.push(keys(
                    seen.legal_name.as_deref(),
                    seen.tax_id.as_deref(),
                    seen.code.as_deref(),
                ));
            }
            if let Some(booked) = &records.erp {
                all.push(keys(
                    booked.name.as_deref(),
                    booked.tax_id.as_deref(),
                    booked.code.as_deref(),
                ));
            }
            if records.invoicing.is_some() {
                all.push(keys(Some(&company.legal_name), Some(&company.tax_id), None));
            }
            let apart = all.iter().enumerate().any(|(index, keys)| {
                all.iter()
                    .skip(index + 1)
                    .any(|other| keys.is_disjoint(other))
            });
            assert_eq!(
                apart,
                company.role == Role::Strayed,
                "{}: {records:?}",
                company.legal_name
            );
            if apart { strayed += 1 } else { joinable += 1 }
        }
        assert_eq!((joinable, strayed), (1_900, 100));
    }

    /// The records of one system, as its mapping would hand them over.
    fn stated(system: &str, company: &Company, records: &Records) -> Option<Customer> {
        let of = |name: Option<&String>,
                  short: Option<&String>,
                  tax_id: Option<&String>,
                  code: Option<&String>| {
            Customer {
                legal_name: name.map(|name| name.trim().to_owned()),
                short_name: short.cloned(),
                tax_id: tax_id.map(|tax_id| tenon_master::TaxId::normalise(tax_id)),
                code: code.cloned(),
                addresses: vec![Address {
                    city: Some(company.city.clone()),
                    street: Some(company.street.clone()),
                    ..Address::default()
                }],
                ..Customer::default()
            }
        };
        match system {
            "crm" => records.crm.as_ref().map(|seen| {
                of(
                    seen.legal_name.as_ref(),
                    Some(&seen.short_name),
                    seen.tax_id.as_ref(),
                    seen.code.as_ref(),
                )
            }),
            "erp" => records.erp.as_ref().map(|booked| {
                of(
                    booked.name.as_ref(),
                    booked.abbreviation.as_ref(),
                    booked.tax_id.as_ref(),
                    booked.code.as_ref(),
                )
            }),
            _ => records
                .invoicing
                .as_ref()
                .map(|_| of(Some(&company.legal_name), None, Some(&company.tax_id), None)),
        }
    }

    /// Joins all records by the exact rules, system by system; the companies of each master.
    fn masters(systems: [&str; 3], companies: &[Company]) -> Vec<BTreeSet<usize>> {
        let mut masters: Vec<(MasterId, Vec<SourceRecord>, BTreeSet<usize>)> = Vec::new();
        let mut claimed: HashMap<MasterKey, usize> = HashMap::new();
        for system in systems {
            for company in companies {
                let Some(customer) = stated(system, company, &records(42, company)) else {
                    continue;
                };
                let keys = tenon_master::keys(&customer);
                let mut found: BTreeMap<usize, Vec<MasterKey>> = BTreeMap::new();
                for key in &keys {
                    if let Some(master) = claimed.get(key) {
                        found.entry(*master).or_default().push(key.clone());
                    }
                }
                let golden = |records: &[SourceRecord]| {
                    tenon_master::survive(records, None, &Survivorship::default()).customer
                };
                let candidates: Vec<Candidate> = found
                    .into_iter()
                    .map(|(master, matched)| Candidate {
                        master_id: masters[master].0,
                        customer: golden(&masters[master].1),
                        matched,
                    })
                    .collect();
                let master = match tenon_master::decide(&customer, &candidates) {
                    Decision::Existing { master_id, .. } => masters
                        .iter()
                        .position(|master| master.0 == master_id)
                        .unwrap(),
                    _ => {
                        let name = masters.len().to_string();
                        masters.push((MasterId::derive(&[&name]), Vec::new(), BTreeSet::new()));
                        masters.len() - 1
                    }
                };
                for key in keys {
                    claimed.entry(key).or_insert(master);
                }
                let provenance = Provenance {
                    system: system.parse().unwrap(),
                    native_id: company.index.to_string(),
                    message_id: MessageId::derive(&[system, &company.index.to_string()]),
                    occurred_at: Timestamp::UNIX_EPOCH,
                };
                masters[master].1.push(SourceRecord {
                    customer,
                    provenance,
                });
                masters[master].2.insert(company.index);
            }
        }
        masters
            .into_iter()
            .map(|(_, _, companies)| companies)
            .collect()
    }

    #[test]
    fn exact_rules_join_95_percent_in_any_order_and_nothing_wrongly() {
        let companies = companies(42, Sizes::default());
        for systems in [
            ["crm", "erp", "invoicing"],
            ["invoicing", "erp", "crm"],
            ["erp", "crm", "invoicing"],
        ] {
            let masters = masters(systems, &companies);
            let mixed: Vec<_> = masters
                .iter()
                .filter(|companies| companies.len() > 1)
                .collect();
            assert!(mixed.is_empty(), "{systems:?}: {mixed:?}");
            // A company beyond its own master has only what strayed.
            let mut seen = BTreeSet::new();
            let split: Vec<_> = masters
                .iter()
                .flatten()
                .filter(|index| !seen.insert(**index))
                .map(|index| &companies[*index])
                .filter(|company| company.role != Role::Strayed)
                .map(|company| (company, records(42, company)))
                .collect();
            assert!(split.is_empty(), "{systems:?}: {split:#?}");
            assert_eq!(masters.len(), 2_100, "{systems:?}");
        }
    }

    #[test]
    fn the_first_registered_name_is_exact() {
        for company in companies(42, Sizes::default()) {
            let records = records(42, &company);
            let tax_id_known = records.invoicing.is_some()
                || records
                    .erp
                    .as_ref()
                    .is_some_and(|booked| booked.tax_id.is_some())
                || records
                    .crm
                    .as_ref()
                    .is_some_and(|seen| seen.tax_id.is_some());
            assert_eq!(
                tax_id_known,
                company.can_be_billed(),
                "{}",
                company.legal_name
            );
            if records.invoicing.is_some() || company.role == Role::Unnamed {
                continue;
            }
            let first = records
                .erp
                .as_ref()
                .and_then(|booked| booked.name.as_deref());
            assert_eq!(first, Some(company.legal_name.as_str()));
        }
    }
}
