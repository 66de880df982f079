//! What a tax id proves, and what a damaged one makes suspect.

use serde::{Deserialize, Serialize};

use super::fingerprint;
use crate::TaxId;

/// A record's tax id as likeness sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum TaxEvidence {
    /// None is given, or a filler.
    Missing,
    /// A valid one.
    Valid {
        /// The number behind it.
        key: u64,
        /// The number in writing.
        number: Box<str>,
    },
    /// A Chinese number that does not check, or a number of a form that is not known.
    Doubtful {
        /// The number in writing, as the credit code's characters 3 to 17 where it has them.
        number: Box<str>,
    },
}

/// How two tax ids stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TaxLikeness {
    /// One of them is missing.
    Missing,
    /// Valid and the same number.
    Same,
    /// At least one does not check, and they are equal or one slip apart.
    OneSlip,
    /// At least one does not check, and they are further apart.
    FarApart,
    /// Valid and two different numbers.
    TwoNumbers,
}

/// Reads a tax id.
pub(super) fn read(text: &str) -> TaxEvidence {
    match TaxId::parse(text) {
        Ok(id) => {
            let number = id.key();
            TaxEvidence::Valid {
                key: fingerprint::of_parts(&["tax", &number]),
                number: number.into(),
            }
        }
        Err(_) => doubtful(&TaxId::normalise(text)),
    }
}

fn doubtful(text: &str) -> TaxEvidence {
    let characters: Vec<char> = text.chars().filter(|c| c.is_ascii_alphanumeric()).collect();
    if !(8..=20).contains(&characters.len()) || is_filler(&characters) {
        return TaxEvidence::Missing;
    }
    // Of a credit code only characters 3 to 17 are compared; with one lost, it ends one sooner.
    let number: String = match characters.len() {
        18 => characters[2..17].iter().collect(),
        17 if characters[0] == '9' => characters[2..16].iter().collect(),
        _ => characters.iter().collect(),
    };
    TaxEvidence::Doubtful {
        number: number.into(),
    }
}

fn is_filler(characters: &[char]) -> bool {
    let same = characters.windows(2).all(|pair| pair[0] == pair[1]);
    let stairs = characters.windows(2).all(|pair| {
        let (one, next) = (pair[0] as u32, pair[1] as u32);
        next == one + 1 || (pair[0] == '9' && pair[1] == '0')
    });
    let digits = characters.iter().filter(|c| c.is_ascii_digit()).count();
    same || stairs || digits < 4
}

impl TaxEvidence {
    /// The fingerprint of a valid number.
    pub(super) fn valid_key(&self) -> Option<u64> {
        match self {
            Self::Valid { key, .. } => Some(*key),
            _ => None,
        }
    }

    /// The number as it is written.
    pub(super) fn number(&self) -> Option<&str> {
        match self {
            Self::Missing => None,
            Self::Valid { number, .. } | Self::Doubtful { number } => Some(number),
        }
    }

    /// Compares two tax ids.
    pub(super) fn compare(&self, other: &Self) -> TaxLikeness {
        let (Some(one), Some(two)) = (self.number(), other.number()) else {
            return TaxLikeness::Missing;
        };
        if let (Some(one), Some(two)) = (self.valid_key(), other.valid_key()) {
            return if one == two {
                TaxLikeness::Same
            } else {
                TaxLikeness::TwoNumbers
            };
        }
        if is_one_slip(one, two) {
            TaxLikeness::OneSlip
        } else {
            TaxLikeness::FarApart
        }
    }

    /// Pieces that a number one slip away shares, for looking it up: five characters each.
    pub(super) fn pieces(&self) -> [u64; 2] {
        let Some(number) = self.number().filter(|number| number.len() >= 9) else {
            return [fingerprint::NONE; 2];
        };
        // A lost character moves what follows, so one piece is counted from either end.
        [
            number.get(4..9).map_or(fingerprint::NONE, |piece| {
                fingerprint::of_parts(&["tax start", piece])
            }),
            number
                .get(number.len() - 5..)
                .map_or(fingerprint::NONE, |piece| {
                    fingerprint::of_parts(&["tax end", piece])
                }),
        ]
    }
}

/// Whether one substitution, loss, addition or exchange of neighbours makes one text the other.
fn is_one_slip(one: &str, other: &str) -> bool {
    one == other || (one.len().abs_diff(other.len()) <= 1 && strsim::osa_distance(one, other) <= 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Published examples of GB 32100-2015 and of registers open to all.
    const ONE: &str = "91350100M000100Y43";
    const OTHER: &str = "91110000600037341L";

    fn check(one: &str, other: &str, expected: TaxLikeness) {
        assert_eq!(read(one).compare(&read(other)), expected, "{one} {other}");
        assert_eq!(read(other).compare(&read(one)), expected, "{other} {one}");
    }

    #[test]
    fn valid_numbers_decide() {
        assert!(TaxId::parse(ONE).is_ok() && TaxId::parse(OTHER).is_ok());
        check(ONE, "91350100m000100y43", TaxLikeness::Same);
        check("9144030071526726XG", "44030071526726X", TaxLikeness::Same);
        check(ONE, OTHER, TaxLikeness::TwoNumbers);
        check("DE136695976", "DE136695977", TaxLikeness::TwoNumbers);
    }

    #[test]
    fn slips_are_suspected() {
        check(ONE, "91350100M0O0100Y43", TaxLikeness::OneSlip); // O for 0
        check(ONE, "9I350100M000100Y43", TaxLikeness::OneSlip); // I for 1, before the number
        check(ONE, "91350100M00010Y043", TaxLikeness::OneSlip); // exchanged
        check(ONE, "91350100M00100Y43", TaxLikeness::OneSlip); // lost
        check(ONE, "91110000600037341X", TaxLikeness::FarApart);
    }

    #[test]
    fn fillers_are_nothing() {
        for text in [
            "",
            "无",
            "N/A",
            "0",
            "000000000000000000",
            "123456789012345678",
            "XXXXXXXXXXXXXXXXXX",
        ] {
            assert_eq!(read(text), TaxEvidence::Missing, "{text}");
        }
    }
}
