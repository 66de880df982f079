//! Which records are compared at all: those that share a key with few others.
//!
//! A key that leads to a crowd leads nowhere, so one phone on five thousand records costs nothing;
//! narrower keys, such as the phone's owner's brand in its city, still lead to them.

use super::fingerprint::{self, NONE};
use super::name_traits::NameTraits;
use super::policy::MatchPolicy;
use super::profile::Profile;
use super::tax_evidence::TaxEvidence;

/// Records by shared keys.
pub(super) struct Blocks {
    /// Keys and records, sorted: the upper bits are the key's, the lower ones the record's number.
    entries: Vec<u64>,
    /// Of each record, where its blocks begin in `entries`.
    starts: Vec<u32>,
    /// Where each record's part of `starts` begins; one more than there are records.
    offsets: Vec<u32>,
    record_bits: u32,
    crowd: usize,
}

/// The longest brand, in characters, whose slips are looked up.
const LONGEST_SLIP: usize = 14;

/// Marks keys that lead to many different companies; only small blocks of them are worth a look.
const BROAD: u64 = 1 << 63;

/// A broad key's part of the crowd that is allowed.
const BROAD_SHARE: usize = 4;

/// The keys of one record.
#[derive(Default)]
struct Keys(Vec<u64>);

impl Keys {
    fn narrow(&mut self, key: u64) {
        if key != NONE {
            self.0.push(key & !BROAD);
        }
    }

    fn broad(&mut self, key: u64) {
        if key != NONE {
            self.0.push(key | BROAD);
        }
    }
}

fn add_keys(profile: &Profile, keys: &mut Keys) {
    let tagged = |tag: &str, value: u64| {
        if value == NONE {
            NONE
        } else {
            fingerprint::both(fingerprint::of(tag), value)
        }
    };
    match &profile.tax {
        TaxEvidence::Valid { key, .. } => keys.narrow(*key),
        TaxEvidence::Missing | TaxEvidence::Doubtful { .. } => {}
    }
    for piece in profile.tax.pieces() {
        keys.narrow(piece);
    }
    keys.narrow(profile.phone.number);
    keys.narrow(profile.mail.mailbox);
    keys.narrow(profile.mail.domain);
    let city = profile.cities().next().unwrap_or(NONE);
    keys.narrow(profile.site());
    keys.narrow(fingerprint::both(profile.person.name, city));
    keys.narrow(fingerprint::both(profile.code, city));
    for name in profile.names().filter(|name| !name.is_placeholder) {
        let trade: String = name.trade.chars().take(1).collect();
        let trade = if name.is_chinese {
            tagged("trade", fingerprint::of(&trade))
        } else {
            let behind = name.brand.split(' ').nth(1).unwrap_or_default();
            tagged("trade", fingerprint::of(behind.get(..1).unwrap_or(behind)))
        };
        for root in roots(name) {
            keys.broad(tagged("root", root));
            keys.broad(fingerprint::both(root, trade));
            let mut last = NONE;
            for city in profile.cities() {
                if city != last {
                    keys.narrow(fingerprint::both(root, city));
                    keys.narrow(fingerprint::both(fingerprint::both(root, city), trade));
                }
                last = city;
            }
        }
        add_slips(&name.brand, name.is_chinese, keys);
    }
}

/// By what a name is looked up: its first word, how it sounds, how else it may sound.
fn roots(name: &NameTraits) -> impl Iterator<Item = u64> {
    let sound = Some(name.sound).filter(|sound| *sound != name.root);
    [Some(name.root), sound, Some(name.other_sound)]
        .into_iter()
        .flatten()
        .filter(|root| *root != NONE)
}

/// Keys that meet when a character of the brand was lost, changed or exchanged.
fn add_slips(brand: &str, is_chinese: bool, keys: &mut Keys) {
    let word = if is_chinese {
        brand
    } else {
        brand.split(' ').next().unwrap_or_default()
    };
    let characters: Vec<char> = word.chars().collect();
    let mut sorted = characters.clone();
    sorted.sort_unstable();
    let sorted: String = sorted.into_iter().collect();
    if is_chinese && characters.len() == 2 {
        keys.broad(fingerprint::of_parts(&["slip", &sorted]));
    }
    let least = if is_chinese { 3 } else { 5 };
    if !(least..=LONGEST_SLIP).contains(&characters.len()) {
        return;
    }
    keys.broad(fingerprint::of_parts(&["slip", word]));
    for lost in 0..characters.len() {
        let rest: String = characters
            .iter()
            .enumerate()
            .filter(|(index, _)| *index != lost)
            .map(|(_, character)| *character)
            .collect();
        keys.broad(fingerprint::of_parts(&["slip", &rest]));
    }
}

impl Blocks {
    pub(super) fn of(profiles: &[Profile], policy: &MatchPolicy) -> Self {
        let record_bits = usize::BITS - profiles.len().leading_zeros();
        let mask = (1_u64 << record_bits) - 1;
        let mut entries = Vec::with_capacity(profiles.len() * 14);
        let mut keys = Keys::default();
        for (record, profile) in profiles.iter().enumerate() {
            add_keys(profile, &mut keys);
            entries.extend(keys.0.drain(..).map(|key| (key & !mask) | record as u64));
        }
        entries.sort_unstable();
        entries.dedup();
        let mut blocks = Self {
            entries,
            starts: Vec::new(),
            offsets: Vec::new(),
            record_bits,
            crowd: policy.crowd,
        };
        blocks.index(profiles.len());
        blocks
    }

    fn index(&mut self, records: usize) {
        let mask = (1_u64 << self.record_bits) - 1;
        let mut offsets = vec![0_u32; records + 1];
        self.each_block(|_, block| {
            for entry in block {
                offsets[(entry & mask) as usize + 1] += 1;
            }
        });
        for record in 0..records {
            offsets[record + 1] += offsets[record];
        }
        let mut next = offsets.clone();
        let mut starts = vec![0_u32; offsets[records] as usize];
        self.each_block(|start, block| {
            for entry in block {
                let slot = &mut next[(entry & mask) as usize];
                starts[*slot as usize] = start as u32;
                *slot += 1;
            }
        });
        self.offsets = offsets;
        self.starts = starts;
    }

    /// Calls for each block of at least two records that is no crowd.
    fn each_block(&self, mut call: impl FnMut(usize, &[u64])) {
        let mut start = 0;
        for block in self
            .entries
            .chunk_by(|one, other| one >> self.record_bits == other >> self.record_bits)
        {
            let most = if block[0] & BROAD == 0 {
                self.crowd
            } else {
                self.crowd / BROAD_SHARE
            };
            if (2..=most).contains(&block.len()) {
                call(start, block);
            }
            start += block.len();
        }
    }

    /// The records behind `record` that share a key with it, each once, in their order.
    pub(super) fn candidates(&self, record: usize, found: &mut Vec<u32>) {
        found.clear();
        let mask = (1_u64 << self.record_bits) - 1;
        let range = self.offsets[record] as usize..self.offsets[record + 1] as usize;
        for start in &self.starts[range] {
            let block = &self.entries[*start as usize..];
            let key = block[0] >> self.record_bits;
            found.extend(
                block
                    .iter()
                    .take_while(|entry| *entry >> self.record_bits == key)
                    .map(|entry| (entry & mask) as u32)
                    .filter(|other| *other as usize > record),
            );
        }
        found.sort_unstable();
        found.dedup();
    }
}
