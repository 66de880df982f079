//! What likeness keeps of a master, so that it need not be read anew for each comparison.

use serde::{Deserialize, Serialize};
use tenon_core::customer::{Address, Customer};
use tenon_core::text::is_cjk;

use super::match_keys::{self, MatchKey};
use super::name_traits::{self, NameTraits};
use super::profile::{CompanyRecord, Profile};

/// What likeness compares of a record or of a master: all that its statements say, made ready.
///
/// A master is compared as `dedupe` compares a cluster: statement by statement, the best of each kind
/// of evidence counts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Traits {
    pub(super) members: Vec<Profile>,
}

/// Members of one master that are compared, and so are kept, at most.
const MEMBERS: usize = 8;

/// Phones, addresses or persons of one statement that are kept, at most.
const VARIANTS: usize = 4;

impl Traits {
    /// The version of what is kept and of the keys. It rises with every change of either; what an
    /// earlier version made has to be made anew.
    pub const VERSION: u8 = 1;

    /// Reads the statements that make up one record or master; of equal ones the first.
    ///
    /// Any text will do; what cannot be read is absent.
    pub fn of<'c>(statements: impl IntoIterator<Item = &'c Customer>) -> Self {
        let mut members: Vec<Profile> = Vec::new();
        for member in statements.into_iter().flat_map(profiles) {
            if members.len() == MEMBERS {
                break;
            }
            if !members.contains(&member) {
                members.push(member);
            }
        }
        Self { members }
    }

    /// A record as a file holds it.
    pub fn of_record(record: &CompanyRecord<'_>) -> Self {
        Self {
            members: vec![Profile::of(record)],
        }
    }

    /// Under what it is looked up, in order and each once.
    pub fn keys(&self) -> Vec<MatchKey> {
        let mut keys = Vec::with_capacity(16 * self.members.len());
        for member in &self.members {
            match_keys::add(member, &mut keys);
        }
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    /// For keeping: about 200 bytes a member, the version first.
    pub fn to_bytes(&self) -> Vec<u8> {
        // Writing into a growing vector cannot fail, and every part has a known length.
        postcard::to_extend(self, vec![Self::VERSION]).unwrap_or_default()
    }

    /// What [`Self::to_bytes`] of this version made; `None` for anything else.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (version, rest) = bytes.split_first()?;
        (*version == Self::VERSION)
            .then(|| postcard::from_bytes(rest).ok())
            .flatten()
    }
}

/// A statement as records of one phone, address and person each; at least one.
fn profiles(customer: &Customer) -> Vec<Profile> {
    fn text(value: &Option<String>) -> &str {
        value.as_deref().unwrap_or_default()
    }
    let contacts = &customer.contacts;
    let of_contacts = |take: fn(&tenon_core::customer::Contact) -> &Option<String>| {
        contacts
            .iter()
            .map(take)
            .map(text)
            .filter(|text| !text.is_empty())
    };
    let phones = customer.phones.iter().map(String::as_str);
    let phones: Vec<&str> = phones
        .chain(of_contacts(|contact| &contact.phone))
        .collect();
    let emails = customer.emails.iter().map(String::as_str);
    let emails: Vec<&str> = emails
        .chain(of_contacts(|contact| &contact.email))
        .collect();
    let count = [
        phones.len(),
        emails.len(),
        customer.addresses.len(),
        contacts.len(),
    ];
    let count = count.into_iter().max().unwrap_or_default();
    let called = [&customer.legal_name, &customer.short_name];
    let mut called = called.into_iter().flatten().map(String::as_str);
    let own = called.next().unwrap_or_default();
    let others = called.chain(customer.former_names.iter().map(String::as_str));
    let (name, former) = name_traits::read(own);
    let other_names: Box<[NameTraits]> = former
        .into_iter()
        .chain(
            others
                .filter(|other| *other != own)
                .map(|other| name_traits::read(other).0),
        )
        .collect();
    (0..count.clamp(1, VARIANTS))
        .map(|variant| {
            let address = customer.addresses.get(variant);
            let record = CompanyRecord {
                name: own,
                tax_id: text(&customer.tax_id),
                code: text(&customer.code),
                phone: phones.get(variant).copied().unwrap_or_default(),
                email: emails.get(variant).copied().unwrap_or_default(),
                address: &address.map(one_line).unwrap_or_default(),
                contact: contacts.get(variant).map_or("", |contact| &contact.name),
                city: address.map_or("", |address| text(&address.city)),
            };
            Profile::called(name.clone(), other_names.clone(), &record)
        })
        .collect()
}

/// An address as people write it in one line.
fn one_line(address: &Address) -> String {
    let part = |part: &Option<String>| part.clone().unwrap_or_default();
    let (region, city, street) = (
        part(&address.region),
        part(&address.city),
        part(&address.street),
    );
    if street.chars().any(is_cjk) {
        return format!("{region}{city}{street}");
    }
    if street.contains(',') || city.is_empty() {
        return street;
    }
    format!("{street}, {city}")
}
