//! Which records are compared at all: those that share a key with few others.
//!
//! A key that leads to a crowd leads nowhere, so one phone on five thousand records costs nothing;
//! narrower keys, such as the phone's owner's brand in its city, still lead to them.

use super::match_keys::{self, MatchKey};
use super::policy::MatchPolicy;
use super::profile::Profile;

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

impl Blocks {
    pub(super) fn of(profiles: &[Profile], policy: &MatchPolicy) -> Self {
        let add_keys = |record: usize, keys: &mut Vec<MatchKey>| {
            match_keys::add(&profiles[record], keys);
        };
        Self::of_keys(profiles.len(), add_keys, policy.crowd)
    }

    /// Blocks of so many records; `add_keys` adds the keys of one.
    pub(super) fn of_keys(
        records: usize,
        add_keys: impl Fn(usize, &mut Vec<MatchKey>),
        crowd: usize,
    ) -> Self {
        let record_bits = usize::BITS - records.leading_zeros();
        let mask = (1_u64 << record_bits) - 1;
        let mut entries = Vec::with_capacity(records * 14);
        let mut keys = Vec::new();
        for record in 0..records {
            add_keys(record, &mut keys);
            let numbered = keys.drain(..).map(|key: MatchKey| key.bits() & !mask);
            entries.extend(numbered.map(|key| key | record as u64));
        }
        entries.sort_unstable();
        entries.dedup();
        let mut blocks = Self {
            entries,
            starts: Vec::new(),
            offsets: Vec::new(),
            record_bits,
            crowd,
        };
        blocks.index(records);
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
            let most = MatchKey::of_bits(block[0]).crowd(self.crowd);
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
