//! Unions of phones, e-mails, contacts, addresses, labels and former names: each thing once, in
//! the order of belief, at most so many.

use std::collections::BTreeSet;

use tenon_core::customer::{Address, Contact};
use tenon_core::text::to_half_width;
use unicode_normalization::UnicodeNormalization;

use super::{Provenance, SourceRecord, name_key};

/// Elements, each with who stated it first.
pub(super) type Collected<'r, T> = Vec<(T, &'r Provenance)>;

pub(super) fn phones<'r>(
    records: &[&'r SourceRecord],
    max_elements: usize,
) -> Collected<'r, String> {
    union(
        records,
        max_elements,
        |record| &record.customer.phones,
        phone_key,
    )
}

pub(super) fn emails<'r>(
    records: &[&'r SourceRecord],
    max_elements: usize,
) -> Collected<'r, String> {
    union(
        records,
        max_elements,
        |record| &record.customer.emails,
        email_key,
    )
}

pub(super) fn tags<'r>(records: &[&'r SourceRecord], max_elements: usize) -> Collected<'r, String> {
    union(
        records,
        max_elements,
        |record| &record.customer.tags,
        |tag| tag.trim().to_owned(),
    )
}

/// Former names but for spellings of the current one. A legal name that lost to another system's
/// is no former name: only what a system itself gave up is.
pub(super) fn former_names<'r>(
    records: &[&'r SourceRecord],
    current: Option<&str>,
    max_elements: usize,
) -> Collected<'r, String> {
    let mut names = union(
        records,
        usize::MAX,
        |record| &record.customer.former_names,
        name_key,
    );
    names.retain(|(name, _)| current != Some(name_key(name).as_str()));
    names.truncate(max_elements);
    names
}

/// People, each once. A later statement about one person fills gaps and contradicts nothing.
pub(super) fn contacts<'r>(
    records: &[&'r SourceRecord],
    max_elements: usize,
) -> Collected<'r, Contact> {
    let mut people: Collected<'r, Contact> = Vec::new();
    for (contact, provenance) in elements(records, |record| &record.customer.contacts) {
        let known = people
            .iter_mut()
            .find(|(known, _)| is_same_person(known, contact));
        match known {
            Some((known, _)) => {
                fill(&mut known.role, &contact.role);
                fill(&mut known.phone, &contact.phone);
                fill(&mut known.email, &contact.email);
                fill(&mut known.birthday, &contact.birthday);
                fill(&mut known.anniversary, &contact.anniversary);
            }
            None => people.push((contact.clone(), provenance)),
        }
    }
    people.truncate(max_elements);
    people
}

/// Places, each once for every purpose. One of no stated purpose is that of any.
pub(super) fn addresses<'r>(
    records: &[&'r SourceRecord],
    max_elements: usize,
) -> Collected<'r, Address> {
    let mut places: Collected<'r, Address> = Vec::new();
    for (address, provenance) in elements(records, |record| &record.customer.addresses) {
        let key = address_key(address);
        let known = places.iter_mut().find(|(known, _)| {
            let agree = known.purpose.is_none()
                || address.purpose.is_none()
                || known.purpose == address.purpose;
            agree && address_key(known) == key
        });
        match known {
            Some((known, _)) => known.purpose = known.purpose.or(address.purpose),
            None if key.is_empty() => {}
            None => places.push((address.clone(), provenance)),
        }
    }
    places.truncate(max_elements);
    places
}

fn elements<'r, T: 'r>(
    records: &[&'r SourceRecord],
    of: impl Fn(&'r SourceRecord) -> &'r Vec<T>,
) -> impl Iterator<Item = (&'r T, &'r Provenance)> {
    records.iter().flat_map(move |record| {
        of(record)
            .iter()
            .map(|element| (element, &record.provenance))
    })
}

fn union<'r>(
    records: &[&'r SourceRecord],
    max_elements: usize,
    of: impl Fn(&'r SourceRecord) -> &'r Vec<String>,
    key: impl Fn(&str) -> String,
) -> Collected<'r, String> {
    let mut seen = BTreeSet::new();
    elements(records, of)
        .filter(|(text, _)| {
            let key = key(text);
            !key.is_empty() && seen.insert(key)
        })
        .take(max_elements)
        .map(|(text, provenance)| (text.clone(), provenance))
        .collect()
}

/// Digits alone: separators and width do not matter, and neither does China's own prefix.
fn phone_key(phone: &str) -> String {
    let plain = to_half_width(phone);
    let digits: String = plain.chars().filter(char::is_ascii_digit).collect();
    let national = plain
        .trim_start()
        .strip_prefix("+86")
        .or_else(|| plain.strip_prefix("0086"));
    let national = national.map(|rest| rest.chars().filter(char::is_ascii_digit).collect());
    national
        .filter(|national: &String| national.len() >= 7)
        .unwrap_or(digits)
}

fn email_key(email: &str) -> String {
    to_half_width(email).trim().to_lowercase()
}

fn is_same_person(one: &Contact, other: &Contact) -> bool {
    let agree = |one: &Option<String>, other: &Option<String>, key: fn(&str) -> String| match (
        one, other,
    ) {
        (Some(one), Some(other)) => key(one) == key(other),
        _ => true,
    };
    plain(&one.name) == plain(&other.name)
        && agree(&one.phone, &other.phone, phone_key)
        && agree(&one.email, &other.email, email_key)
}

/// Letters and digits alone, in one width and case.
fn plain(text: &str) -> String {
    text.nfkc()
        .filter(|character| character.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

fn fill(gap: &mut Option<String>, value: &Option<String>) {
    if gap.is_none() {
        gap.clone_from(value);
    }
}

fn address_key(address: &Address) -> String {
    let parts = [
        &address.country,
        &address.region,
        &address.city,
        &address.street,
        &address.postal_code,
    ];
    let parts = parts.map(|part| part.as_deref().map(plain).unwrap_or_default());
    if parts.iter().all(String::is_empty) {
        String::new()
    } else {
        parts.join("\u{1f}")
    }
}
