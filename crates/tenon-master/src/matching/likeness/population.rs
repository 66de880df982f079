//! How common values are among the records at hand: what many share identifies nobody.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use super::fingerprint::{self, NONE};
use super::profile::Profile;

/// Passes a fingerprint on as it is: it is mixed already.
#[derive(Default)]
pub(super) struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }
    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }
}

/// A map by fingerprint.
pub(super) type ByFingerprint<V> = HashMap<u64, V, BuildHasherDefault<AsItIs>>;

/// How rare a record's values are, in quarters of a bit: 4 × log2(records / records that have it).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Rarity {
    pub(super) root: u8,
    pub(super) trade: u8,
    pub(super) city: u8,
    pub(super) phone: u8,
    pub(super) mailbox: u8,
    pub(super) domain: u8,
    pub(super) street: u8,
    pub(super) person: u8,
    /// Bits of [`Shared`]: values that several legal persons are known to use.
    pub(super) shared: u8,
}

/// Values that more than one legal person with one brand uses, by their different valid tax ids:
/// a group's switchboard, its site, its buyer. That strangers share a value shows in its rarity.
pub(super) struct Shared;

impl Shared {
    pub(super) const PHONE: u8 = 1;
    pub(super) const MAILBOX: u8 = 2;
    pub(super) const STREET: u8 = 4;
    pub(super) const PERSON: u8 = 8;
    /// The brand in its city.
    pub(super) const BRAND: u8 = 16;
}

/// Of every profile, how rare what it holds is.
pub(super) fn rarities(profiles: &[Profile]) -> Vec<Rarity> {
    let mut rarities = vec![Rarity::default(); profiles.len()];
    type Bits = fn(usize, u32) -> u8;
    let mut fill = |value: fn(&Profile) -> u64, bits: Bits, set: fn(&mut Rarity, u8)| {
        let counts = count(profiles.iter().map(value));
        for (profile, rarity) in profiles.iter().zip(&mut rarities) {
            let sharing = counts.get(&value(profile)).copied().unwrap_or(1);
            set(rarity, bits(profiles.len(), sharing));
        }
    };
    fill(trade, relative_quarter_bits, |r, bits| r.trade = bits);
    fill(city, relative_quarter_bits, |r, bits| r.city = bits);
    let mut fill = |value: fn(&Profile) -> u64, set| fill(value, quarter_bits, set);
    fill(|p| p.name.root, |r, bits| r.root = bits);
    fill(|p| p.phone.number, |r, bits| r.phone = bits);
    fill(|p| p.mail.mailbox, |r, bits| r.mailbox = bits);
    fill(|p| p.mail.domain, |r, bits| r.domain = bits);
    fill(Profile::site, |r, bits| r.street = bits);
    fill(|p| p.person.name, |r, bits| r.person = bits);
    mark_shared(profiles.iter(), &mut rarities);
    rarities
}

/// Marks in the rarities of `profiles`, which are in their order, what several legal persons use.
pub(super) fn mark_shared<'p>(
    profiles: impl Iterator<Item = &'p Profile> + Clone,
    rarities: &mut [Rarity],
) {
    let mut mark = |value: fn(&Profile) -> u64, bit: u8| {
        let shared = used_by_several(profiles.clone(), value);
        for (profile, rarity) in profiles.clone().zip(&mut *rarities) {
            let branded = fingerprint::both(value(profile), profile.name.sound);
            if shared.get(&branded).is_some_and(|(_, several)| *several) {
                rarity.shared |= bit;
            }
        }
    };
    mark(|p| p.phone.number, Shared::PHONE);
    mark(|p| p.mail.mailbox, Shared::MAILBOX);
    mark(Profile::site, Shared::STREET);
    mark(|p| p.person.name, Shared::PERSON);
    mark(city, Shared::BRAND);
}

fn trade(profile: &Profile) -> u64 {
    fingerprint::of(&profile.name.trade)
}

fn city(profile: &Profile) -> u64 {
    profile.cities().next().unwrap_or(NONE)
}

fn count(values: impl Iterator<Item = u64>) -> ByFingerprint<u32> {
    let mut counts = ByFingerprint::default();
    for value in values.filter(|value| *value != NONE) {
        *counts.entry(value).or_default() += 1;
    }
    counts
}

/// For each value with a brand, a valid tax id beside which they stand and whether there is another.
fn used_by_several<'p>(
    profiles: impl Iterator<Item = &'p Profile>,
    value: fn(&Profile) -> u64,
) -> ByFingerprint<(u64, bool)> {
    let mut users: ByFingerprint<(u64, bool)> = ByFingerprint::default();
    for profile in profiles {
        let branded = fingerprint::both(value(profile), profile.name.sound);
        if let (Some(key), true) = (profile.tax.valid_key(), branded != NONE) {
            let (first, several) = users.entry(branded).or_insert((key, false));
            *several |= *first != key;
        }
    }
    users
}

/// So many companies there are at the least, whoever is at hand: that a phone is the same says no
/// less where only few records are.
const COMPANIES: usize = 1_000;

/// How many records are to be reckoned with where so many are at hand.
pub(super) fn reckoned(records: usize) -> usize {
    records.max(COMPANIES)
}

/// How rare a value is that tells companies apart, such as a phone.
///
/// Two or three that share it tell nothing of how common it is elsewhere; ten do.
pub(super) fn quarter_bits(records: usize, sharing: u32) -> u8 {
    let reckoned = reckoned(records) as f32;
    let elsewhere = reckoned / records.max(1) as f32 - 1.0;
    let known = ((sharing as f32 - 3.0) / 7.0).clamp(0.0, 1.0);
    let sharing = sharing.max(1) as f32 * (1.0 + elsewhere * known);
    in_quarters(reckoned / sharing)
}

/// How rare a value is among the records at hand, such as a city.
fn relative_quarter_bits(records: usize, sharing: u32) -> u8 {
    in_quarters(records.max(1) as f32 / sharing.max(1) as f32)
}

fn in_quarters(times: f32) -> u8 {
    (times.log2() * 4.0).clamp(0.0, 255.0) as u8
}

#[cfg(test)]
mod tests {
    use super::super::CompanyRecord;
    use super::*;

    #[test]
    fn what_many_share_is_not_rare() {
        let profiles: Vec<Profile> = (0..64)
            .map(|index| {
                let own = format!("1381622{:04}", 8000 + index);
                Profile::of(&CompanyRecord {
                    name: "川可贸易",
                    phone: if index < 32 { "13916228001" } else { &own },
                    ..CompanyRecord::default()
                })
            })
            .collect();
        let rarities = rarities(&profiles);
        assert_eq!((rarities[0].phone, rarities[63].phone), (4, 39));
        assert_eq!((rarities[0].root, rarities[0].shared), (0, 0));
    }

    #[test]
    fn a_value_of_two_legal_persons_is_shared() {
        let of = |tax_id| {
            Profile::of(&CompanyRecord {
                name: "川可贸易",
                phone: "021-61288001",
                tax_id,
                ..CompanyRecord::default()
            })
        };
        let one = of("91350100M000100Y43");
        let other = of("91110000600037341L");
        let shared = rarities(&[one.clone(), other])[0].shared;
        assert_eq!(shared, Shared::PHONE);
        assert_eq!(rarities(&[one.clone(), one])[0].shared, 0);
    }
}
