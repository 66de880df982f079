//! A record made ready for comparing.

use serde::{Deserialize, Serialize};

use super::fingerprint::{self, NONE};
use super::name_traits::{self, NameTraits};
use super::reach::{self, Address, Mail, Person, Phone};
use super::tax_evidence::{self, TaxEvidence};

/// What a source system holds about a company, as it wrote it. Any field may be empty.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CompanyRecord<'r> {
    /// The name, full or short.
    pub name: &'r str,
    /// The tax id.
    pub tax_id: &'r str,
    /// The customer code in that system.
    pub code: &'r str,
    /// A telephone number.
    pub phone: &'r str,
    /// A mail address.
    pub email: &'r str,
    /// A postal address.
    pub address: &'r str,
    /// A contact person.
    pub contact: &'r str,
    /// The city.
    pub city: &'r str,
}

/// A record made ready for comparing: normalised once, about 250 bytes.
///
/// Made from a [`CompanyRecord`]; compared by [`dedupe`](super::dedupe) and [`judge`](super::judge).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    pub(super) name: NameTraits,
    /// What else it is or was called: a former name that it states, its short name.
    pub(super) other_names: Box<[NameTraits]>,
    pub(super) tax: TaxEvidence,
    pub(super) phone: Phone,
    pub(super) mail: Mail,
    pub(super) address: Address,
    pub(super) person: Person,
    pub(super) code: u64,
    /// The city column.
    pub(super) city: u64,
}

impl Profile {
    /// Reads a record. Any text will do; what cannot be read is absent.
    pub fn of(record: &CompanyRecord<'_>) -> Self {
        let (name, former) = name_traits::read(record.name);
        Self::called(name, former.into_iter().collect(), record)
    }

    /// The same where the names were read already; the record's own is passed over.
    pub(super) fn called(
        name: NameTraits,
        other_names: Box<[NameTraits]>,
        record: &CompanyRecord<'_>,
    ) -> Self {
        Self {
            name,
            other_names,
            tax: tax_evidence::read(record.tax_id),
            phone: reach::phone(record.phone),
            mail: reach::mail(record.email),
            address: reach::address(record.address),
            person: reach::person(record.contact),
            code: reach::code(record.code),
            city: reach::city(record.city),
        }
    }

    /// Where it is, by every field that says so. A branch is not where its company is registered.
    pub(super) fn cities(&self) -> impl Iterator<Item = u64> {
        let by_name = if self.name.branch == NONE {
            self.name.city
        } else {
            self.name.branch_city
        };
        [by_name, self.city, self.address.city]
            .into_iter()
            .filter(|city| *city != NONE)
    }

    /// Road and number with the city they are in: every city has its first road.
    pub(super) fn site(&self) -> u64 {
        let city = [self.address.city, self.city, self.name.city];
        let city = city.into_iter().find(|city| *city != NONE);
        fingerprint::both(self.address.street, city.unwrap_or(1))
    }

    /// The name, and what else it is or was called.
    pub(super) fn names(&self) -> impl Iterator<Item = &NameTraits> {
        std::iter::once(&self.name).chain(&self.other_names)
    }
}
