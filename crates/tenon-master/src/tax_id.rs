//! Tax ids: what is a valid one, and when two spellings are the same one.
//!
//! Chinese numbers carry two check characters and both are checked. VAT ids are checked by their
//! country's pattern. A wrong character is never repaired here: guessing would merge strangers.

mod chinese;
mod vat;

use std::fmt;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

/// A valid tax id.
///
/// Equality compares the written form; [`TaxId::key`] says whether two forms are one number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TaxId {
    text: String,
    kind: TaxIdKind,
}

/// Which system of numbers a tax id belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TaxIdKind {
    /// The 18 characters of GB 32100-2015.
    UnifiedSocialCreditCode,
    /// The 15 characters that went before: six digits of the place, nine of the organisation code.
    LegacyRegistration,
    /// A VAT id with its country's prefix.
    Vat,
}

/// Why a text is no tax id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TaxIdProblem {
    /// Nothing is left once blanks and separators are off.
    Empty,
    /// Neither 18 nor 15 characters, nor a VAT id of a known country's pattern.
    UnknownForm {
        /// How many characters there are.
        length: usize,
    },
    /// A character that cannot stand where it stands.
    Character {
        /// The character's place, from 1.
        position: usize,
        /// The character.
        found: char,
    },
    /// The last character does not follow from the others (GB 32100-2015, modulo 31).
    CheckCharacter {
        /// What it would have to be.
        expected: char,
        /// What it is.
        found: char,
    },
    /// The organisation code within does not check (GB 11714-1997, modulo 11).
    OrganisationCode {
        /// What its last character would have to be.
        expected: char,
        /// What it is.
        found: char,
    },
    /// The digits are a filler, such as `000000000`, that clerks type where they know none.
    Filler,
}

impl fmt::Display for TaxIdProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => write!(formatter, "no tax id is given"),
            Self::UnknownForm { length } => write!(
                formatter,
                "{length} characters are neither a unified social credit code (18), nor a legacy \
                 number (15), nor a VAT id of a known country"
            ),
            Self::Character { position, found } => {
                write!(formatter, "`{found}` cannot stand at position {position}")
            }
            Self::CheckCharacter { expected, found } => {
                write!(
                    formatter,
                    "the check character is `{found}` and should be `{expected}`"
                )
            }
            Self::OrganisationCode { expected, found } => write!(
                formatter,
                "the organisation code within ends in `{found}` and should end in `{expected}`"
            ),
            Self::Filler => write!(formatter, "it is a filler and not a number that was issued"),
        }
    }
}

impl std::error::Error for TaxIdProblem {}

impl TaxId {
    /// Reads a tax id as people write it: any width and case; blanks, dots, hyphens are passed over.
    ///
    /// # Errors
    /// [`TaxIdProblem`] names the first thing that is wrong.
    pub fn parse(text: &str) -> Result<Self, TaxIdProblem> {
        let text = Self::normalise(text);
        let kind = match text.chars().count() {
            0 => return Err(TaxIdProblem::Empty),
            18 => {
                chinese::check_credit_code(&text)?;
                TaxIdKind::UnifiedSocialCreditCode
            }
            15 if text.starts_with(|c: char| c.is_ascii_digit()) => {
                chinese::check_legacy(&text)?;
                TaxIdKind::LegacyRegistration
            }
            length => {
                if vat::canonical(&text).is_none() {
                    return Err(TaxIdProblem::UnknownForm { length });
                }
                if vat::is_filler(&text) {
                    return Err(TaxIdProblem::Filler);
                }
                TaxIdKind::Vat
            }
        };
        Ok(Self { text, kind })
    }

    /// The letters and digits of `text` in half width and capitals; no judgement on validity.
    pub fn normalise(text: &str) -> String {
        text.nfkc()
            .filter(|character| {
                !character.is_whitespace()
                    && !character.is_control()
                    && !matches!(
                        character,
                        '-' | '‐'
                            | '‑'
                            | '‒'
                            | '–'
                            | '—'
                            | '−'
                            | '.'
                            | '/'
                            | '_'
                            | '\''
                            | '`'
                            | '\u{200B}'
                            | '\u{FEFF}'
                    )
            })
            .flat_map(char::to_uppercase)
            .collect()
    }

    /// The id in its written form, normalised.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Which system of numbers it belongs to.
    pub fn kind(&self) -> TaxIdKind {
        self.kind
    }

    /// The same for all forms of one number, and different for different numbers.
    ///
    /// A legacy number is characters 3 to 17 of the credit code that replaced it, so those are the
    /// key of both. A VAT id's key has one prefix per country and no suffix.
    pub fn key(&self) -> String {
        match self.kind {
            TaxIdKind::UnifiedSocialCreditCode => self.text.chars().skip(2).take(15).collect(),
            TaxIdKind::LegacyRegistration => self.text.clone(),
            TaxIdKind::Vat => vat::canonical(&self.text).unwrap_or_else(|| self.text.clone()),
        }
    }

    /// Whether both are forms of one number.
    pub fn is_same_number(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl fmt::Display for TaxId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.text)
    }
}

impl std::str::FromStr for TaxId {
    type Err = TaxIdProblem;
    fn from_str(text: &str) -> Result<Self, TaxIdProblem> {
        Self::parse(text)
    }
}

impl TryFrom<String> for TaxId {
    type Error = TaxIdProblem;
    fn try_from(text: String) -> Result<Self, TaxIdProblem> {
        Self::parse(&text)
    }
}

impl From<TaxId> for String {
    fn from(tax_id: TaxId) -> Self {
        tax_id.text
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expected: Result<(TaxIdKind, &str), TaxIdProblem>) {
        let parsed = TaxId::parse(text).map(|id| (id.kind(), id.key()));
        let expected = expected.map(|(kind, key)| (kind, key.to_owned()));
        assert_eq!(parsed, expected, "{text}");
    }

    #[test]
    fn published_codes_are_valid() {
        use TaxIdKind::UnifiedSocialCreditCode as Code;
        check("91350100M000100Y43", Ok((Code, "350100M000100Y4")));
        check("91110000600037341L", Ok((Code, "110000600037341")));
        check("91110000802100433B", Ok((Code, "110000802100433")));
        check("9144030071526726XG", Ok((Code, "44030071526726X")));
        check("91330100799655058B", Ok((Code, "330100799655058")));
        check("914403001922038216", Ok((Code, "440300192203821")));
        check("91110108551385082Q", Ok((Code, "110108551385082")));
        check("911100007109250324", Ok((Code, "110000710925032")));
    }

    #[test]
    fn spelling_does_not_matter() {
        for text in [
            "91350100m000100y43",
            " 9135 0100 M000 100Y 43 ",
            "９１３５０１００Ｍ０００１００Ｙ４３",
            "91350100-M000100Y-43",
            "\u{FEFF}91350100M000100Y43\t",
        ] {
            assert_eq!(TaxId::parse(text).unwrap().as_str(), "91350100M000100Y43");
        }
    }

    #[test]
    fn a_legacy_number_is_the_same_number() {
        let legacy = TaxId::parse("44030071526726X").unwrap();
        let current = TaxId::parse("9144030071526726XG").unwrap();
        assert_eq!(legacy.kind(), TaxIdKind::LegacyRegistration);
        assert_ne!(legacy, current);
        assert!(legacy.is_same_number(&current));
        assert!(!legacy.is_same_number(&TaxId::parse("914403001922038216").unwrap()));
    }

    #[test]
    fn problems_are_named() {
        let character = |position, found| Err(TaxIdProblem::Character { position, found });
        check("", Err(TaxIdProblem::Empty));
        check(" -　", Err(TaxIdProblem::Empty));
        check("无", Err(TaxIdProblem::UnknownForm { length: 1 }));
        check("9135010", Err(TaxIdProblem::UnknownForm { length: 7 }));
        check(
            "91350100M000100Y44",
            Err(TaxIdProblem::CheckCharacter {
                expected: '3',
                found: '4',
            }),
        );
        check("91350100M0O0100Y43", character(11, 'O'));
        check("9135A100M000100Y43", character(5, 'A'));
        check("000000000000000000", character(1, '0'));
        check("000000000000000", character(1, '0'));
        check(
            "44030071526726１",
            Err(TaxIdProblem::OrganisationCode {
                expected: 'X',
                found: '1',
            }),
        );
        // Right by its last character, wrong within: only the second check finds it.
        check(
            "914403001922038229",
            Err(TaxIdProblem::OrganisationCode {
                expected: '1',
                found: '2',
            }),
        );
    }

    #[test]
    fn vat_ids_go_by_their_countries_patterns() {
        use TaxIdKind::Vat;
        check("DE136695976", Ok((Vat, "DE136695976")));
        check("de 136 695 976", Ok((Vat, "DE136695976")));
        check("ATU13585627", Ok((Vat, "ATU13585627")));
        check("NL004495445B01", Ok((Vat, "NL004495445B01")));
        check("GR094259216", Ok((Vat, "EL094259216")));
        check("CHE-107.787.577 IVA", Ok((Vat, "CHE107787577")));
        check("NO995525828MVA", Ok((Vat, "NO995525828")));
        check("GB980780684", Ok((Vat, "GB980780684")));
        check("DE13669597", Err(TaxIdProblem::UnknownForm { length: 10 }));
        check("DE000000000", Err(TaxIdProblem::Filler));
        check("DE123456789", Err(TaxIdProblem::Filler));
        check("ZZ136695976", Err(TaxIdProblem::UnknownForm { length: 11 }));
    }

    #[test]
    fn it_is_stored_as_its_text() {
        let id = TaxId::parse("91350100M000100Y43").unwrap();
        let json = serde_json::to_string(&id).unwrap();
        assert_eq!(json, "\"91350100M000100Y43\"");
        assert_eq!(serde_json::from_str::<TaxId>(&json).unwrap(), id);
        assert!(serde_json::from_str::<TaxId>("\"91350100M000100Y44\"").is_err());
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in "(?s).{0,24}") {
            if let Ok(id) = TaxId::parse(&text) {
                prop_assert_eq!(TaxId::parse(id.as_str()), Ok(id.clone()));
            }
        }
    }
}
