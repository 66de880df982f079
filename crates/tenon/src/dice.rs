//! Chance that can be repeated: the same seed throws the same numbers on every machine.

/// A small generator of numbers (SplitMix64), good enough for invented companies and faults, and nothing else.
#[derive(Debug, Clone)]
pub(crate) struct Dice(u64);

impl Dice {
    /// Dice for one purpose and one record, so that a record does not depend on those before it.
    pub(crate) fn new(seed: u64, purpose: &str, record: usize) -> Self {
        let mut state = seed ^ 0x7e60_0a11_5c1e_5d0b;
        for byte in purpose.bytes() {
            state = (state ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        let mut dice = Self(state ^ (record as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        dice.throw();
        dice
    }

    fn throw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, which is more than 0.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        // The bias of the remainder is far below what anyone could see in a few thousand companies.
        usize::try_from(self.throw() % bound as u64).unwrap_or_default()
    }

    /// True in `percent` of a hundred throws.
    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of `choices`, which are not empty.
    pub(crate) fn pick<'c, T>(&mut self, choices: &'c [T]) -> &'c T {
        &choices[self.below(choices.len())]
    }

    /// `count` decimal digits.
    pub(crate) fn digits(&mut self, count: usize) -> String {
        (0..count)
            .map(|_| char::from(b'0' + self.below(10) as u8))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_throws_the_same() {
        let throws = |seed, purpose, record| {
            let mut dice = Dice::new(seed, purpose, record);
            (0..8).map(|_| dice.below(1000)).collect::<Vec<_>>()
        };
        assert_eq!(throws(1, "order", 7), throws(1, "order", 7));
        assert_ne!(throws(1, "order", 7), throws(2, "order", 7));
        assert_ne!(throws(1, "order", 7), throws(1, "item", 7));
        assert_ne!(throws(1, "order", 7), throws(1, "order", 8));
        let mut dice = Dice::new(1, "digits", 0);
        assert_eq!(dice.digits(12).len(), 12);
        assert!((0..1000).map(|_| dice.below(6)).all(|throw| throw < 6));
    }
}
