//! The two check characters of Chinese registration numbers.

use super::TaxIdProblem;

/// The characters of a unified social credit code in the order of their values, GB 32100-2015.
const CREDIT_CODE_ALPHABET: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";

/// Checks 18 characters as a unified social credit code, GB 32100-2015.
pub(super) fn check_credit_code(text: &str) -> Result<(), TaxIdProblem> {
    let mut sum = 0;
    let mut weight = 1;
    for (index, found) in text.chars().enumerate() {
        let problem = TaxIdProblem::Character {
            position: index + 1,
            found,
        };
        let value = CREDIT_CODE_ALPHABET.find(found).ok_or(problem.clone())?;
        // Characters 3 to 8 are the place of registration, in digits that begin at 1.
        let in_place = (2..8).contains(&index);
        if (in_place && value > 9) || (matches!(index, 0 | 2) && value == 0) {
            return Err(problem);
        }
        if index < 17 {
            sum += value * weight;
            weight = weight * 3 % 31;
        } else {
            let expected = (31 - sum % 31) % 31;
            if value != expected {
                let expected = char::from(CREDIT_CODE_ALPHABET.as_bytes()[expected]);
                return Err(TaxIdProblem::CheckCharacter { expected, found });
            }
        }
    }
    check_organisation_code(text.chars().skip(8).take(9))
}

/// Checks 15 characters as a number of the time before credit codes.
pub(super) fn check_legacy(text: &str) -> Result<(), TaxIdProblem> {
    for (index, found) in text.chars().enumerate() {
        let fits = if index < 6 {
            found.is_ascii_digit() && (index, found) != (0, '0')
        } else {
            found.is_ascii_digit() || found.is_ascii_uppercase()
        };
        if !fits {
            return Err(TaxIdProblem::Character {
                position: index + 1,
                found,
            });
        }
    }
    check_organisation_code(text.chars().skip(6))
}

/// Checks the nine characters of an organisation code, GB 11714-1997.
fn check_organisation_code(characters: impl Iterator<Item = char>) -> Result<(), TaxIdProblem> {
    const WEIGHTS: [u32; 8] = [3, 7, 9, 10, 5, 8, 4, 2];
    let mut sum = 0;
    for (index, found) in characters.enumerate() {
        if let Some(weight) = WEIGHTS.get(index) {
            // Digits count as themselves, letters from A = 10; both were admitted before.
            sum += weight * found.to_digit(36).unwrap_or_default();
            continue;
        }
        let expected = match 11 - sum % 11 {
            10 => 'X',
            11 => '0',
            digit => char::from_digit(digit, 10).unwrap_or('0'),
        };
        if found != expected {
            return Err(TaxIdProblem::OrganisationCode { expected, found });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::TaxId;

    /// Completes eight characters of an organisation code and a place to a credit code.
    fn issue(place: u32, organisation: &str) -> String {
        let weights = [3, 7, 9, 10, 5, 8, 4, 2];
        let sum: u32 = organisation
            .chars()
            .zip(weights)
            .map(|(c, w)| c.to_digit(36).unwrap() * w)
            .sum();
        let check = ["0", "X", "9", "8", "7", "6", "5", "4", "3", "2", "1"][(sum % 11) as usize];
        let first = format!("91{place:06}{organisation}{check}");
        let sum: usize = first
            .chars()
            .enumerate()
            .map(|(i, c)| CREDIT_CODE_ALPHABET.find(c).unwrap() * 3_usize.pow(i as u32))
            .sum();
        let last = CREDIT_CODE_ALPHABET
            .chars()
            .nth((31 - sum % 31) % 31)
            .unwrap();
        format!("{first}{last}")
    }

    proptest! {
        #[test]
        fn issued_codes_are_valid_and_their_legacy_form_is_the_same(
            place in 100_000_u32..820_000,
            organisation in "[0-9]{8}|MA[0-9A-HJ-NPQRTUWXY]{6}",
        ) {
            let code = issue(place, &organisation);
            let current = TaxId::parse(&code).unwrap();
            let legacy = TaxId::parse(&code[2..17]).unwrap();
            prop_assert!(current.is_same_number(&legacy));
        }

        #[test]
        fn one_wrong_character_is_always_found(
            organisation in "[0-9]{8}",
            position in 0_usize..18,
            replacement in 0_usize..31,
        ) {
            let code = issue(310_115, &organisation);
            let replacement = &CREDIT_CODE_ALPHABET[replacement..=replacement];
            let mut wrong = code.clone();
            wrong.replace_range(position..=position, replacement);
            prop_assert_eq!(TaxId::parse(&wrong).is_ok(), wrong == code);
        }
    }
}
