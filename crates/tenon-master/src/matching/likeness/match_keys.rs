//! Under which keys a record is looked up: those that meet where two records may be one company.

use super::fingerprint::{self, NONE};
use super::name_traits::NameTraits;
use super::profile::Profile;
use super::tax_evidence::TaxEvidence;

/// A key under which a record is looked up by likeness. No claim: any number of masters have it.
///
/// The same in every release with the same [`Traits::VERSION`](super::Traits::VERSION).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MatchKey(u64);

/// Marks keys that lead to many different companies; only few records under one are worth a look.
const BROAD: u64 = 1 << 63;

/// A broad key's part of the crowd that is allowed.
const BROAD_SHARE: usize = 4;

impl MatchKey {
    /// The key of a value, such as a phone number, that few companies share.
    pub(super) fn narrow(value: u64) -> Option<Self> {
        (value != NONE).then_some(Self(value & !BROAD))
    }

    /// The key of a value, such as a brand, that many companies share.
    pub(super) fn broad(value: u64) -> Option<Self> {
        (value != NONE).then_some(Self(value | BROAD))
    }

    /// The key as a database keeps it: of broad keys it is negative.
    pub fn to_i64(self) -> i64 {
        self.0.cast_signed()
    }

    /// The key that a database keeps so.
    pub fn from_i64(value: i64) -> Self {
        Self(value.cast_unsigned())
    }

    pub(super) fn bits(self) -> u64 {
        self.0
    }

    /// The key that begins with these bits; the lower ones may be another number.
    pub(super) fn of_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// The most records to which it may lead where `crowd` is the most for any key: beyond that it
    /// leads nowhere.
    pub fn crowd(self, crowd: usize) -> usize {
        let (most, most_of_broad) = Self::crowds(crowd);
        if self.0 & BROAD == 0 {
            most
        } else {
            most_of_broad
        }
    }

    /// The same for all keys: of those that a database keeps as positive and as negative numbers.
    pub fn crowds(crowd: usize) -> (usize, usize) {
        (crowd, crowd / BROAD_SHARE)
    }

    /// How far records under one key are counted, where `crowd` is the most for any key.
    pub fn counted(crowd: usize) -> usize {
        crowd * 2
    }
}

fn tagged(tag: &str, value: u64) -> u64 {
    if value == NONE {
        NONE
    } else {
        fingerprint::both(fingerprint::of(tag), value)
    }
}

/// The key of a brand, whatever it trades in and wherever it is.
pub(super) fn of_root(root: u64) -> Option<MatchKey> {
    MatchKey::broad(tagged("root", root))
}

/// The key of the contact person, who is known in one city.
pub(super) fn of_person(profile: &Profile) -> Option<MatchKey> {
    MatchKey::narrow(fingerprint::both(profile.person.name, city(profile)))
}

fn city(profile: &Profile) -> u64 {
    profile.cities().next().unwrap_or(NONE)
}

/// Adds a record's keys; some may come twice.
pub(super) fn add(profile: &Profile, keys: &mut Vec<MatchKey>) {
    if let TaxEvidence::Valid { key, .. } = &profile.tax {
        keys.extend(MatchKey::narrow(*key));
    }
    keys.extend(
        profile
            .tax
            .pieces()
            .into_iter()
            .filter_map(MatchKey::narrow),
    );
    keys.extend(MatchKey::narrow(profile.phone.number));
    keys.extend(MatchKey::narrow(profile.mail.mailbox));
    keys.extend(MatchKey::narrow(profile.mail.domain));
    keys.extend(MatchKey::narrow(profile.site()));
    keys.extend(of_person(profile));
    keys.extend(MatchKey::narrow(fingerprint::both(
        profile.code,
        city(profile),
    )));
    for name in profile.names().filter(|name| !name.is_placeholder) {
        let trade = trade(name);
        for root in roots(name) {
            keys.extend(of_root(root));
            keys.extend(MatchKey::broad(fingerprint::both(root, trade)));
            let mut last = NONE;
            for city in profile.cities() {
                if city != last {
                    let root_there = fingerprint::both(root, city);
                    keys.extend(MatchKey::narrow(root_there));
                    keys.extend(MatchKey::narrow(fingerprint::both(root_there, trade)));
                }
                last = city;
            }
        }
        add_slips(&name.brand, name.is_chinese, keys);
    }
}

/// The first letter of the trade.
fn trade(name: &NameTraits) -> u64 {
    let mut letter = [0; 4];
    let first = |text: &str| text.chars().next();
    let trade = if name.is_chinese {
        first(&name.trade)
    } else {
        name.brand.split(' ').nth(1).and_then(first)
    };
    trade.map_or(NONE, |trade| {
        tagged("trade", fingerprint::of(trade.encode_utf8(&mut letter)))
    })
}

/// By what a name is looked up: its first word, how it sounds, how else it may sound.
fn roots(name: &NameTraits) -> impl Iterator<Item = u64> {
    let sound = Some(name.sound).filter(|sound| *sound != name.root);
    [Some(name.root), sound, Some(name.other_sound)]
        .into_iter()
        .flatten()
        .filter(|root| *root != NONE)
}

/// The longest brand, in characters, whose slips are looked up.
const LONGEST_SLIP: usize = 14;

/// Adds keys that meet when a character of the brand was lost, changed or exchanged.
fn add_slips(brand: &str, is_chinese: bool, keys: &mut Vec<MatchKey>) {
    let word = if is_chinese {
        brand
    } else {
        brand.split(' ').next().unwrap_or_default()
    };
    let mut slip = |text: &str| {
        keys.extend(MatchKey::broad(fingerprint::of_parts(&["slip", text])));
    };
    let length = word.chars().count();
    if is_chinese && length == 2 {
        let mut characters: Vec<char> = word.chars().collect();
        characters.sort_unstable();
        slip(&characters.into_iter().collect::<String>());
    }
    let least = if is_chinese { 3 } else { 5 };
    if !(least..=LONGEST_SLIP).contains(&length) {
        return;
    }
    slip(word);
    let mut rest = String::with_capacity(word.len());
    for (lost, character) in word.char_indices() {
        rest.clear();
        rest.push_str(&word[..lost]);
        rest.push_str(&word[lost + character.len_utf8()..]);
        slip(&rest);
    }
}
