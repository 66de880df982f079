//! How one registered name is spelt in five offices.
//!
//! *Invariant*: every variant but [`mistaken`] still means the same name to someone who compares
//! names with care; a test holds the master's own normalisation to it.

use super::words::{FORM, LONG_FORM, NOTES, TRADITIONAL};
use crate::dice::Dice;

/// The name as some clerk may have typed it.
pub(super) fn variant(name: &str, dice: &mut Dice) -> String {
    match dice.below(6) {
        0 => other_brackets(name),
        1 => long_form(name),
        2 => traditional(name),
        3 => format!("{name}{}", dice.pick(NOTES)),
        4 => blanks(name),
        _ => name.to_owned(),
    }
}

fn other_brackets(name: &str) -> String {
    if name.contains('（') {
        name.replace('（', "(").replace('）', ")")
    } else {
        name.replace('(', "（").replace(')', "）")
    }
}

fn long_form(name: &str) -> String {
    match name.strip_suffix(FORM) {
        Some(stem) => format!("{stem}{LONG_FORM}"),
        None => name.to_owned(),
    }
}

fn traditional(name: &str) -> String {
    let other = |character: char| TRADITIONAL.iter().find(|(plain, _)| *plain == character);
    name.chars()
        .map(|character| other(character).map_or(character, |(_, other)| *other))
        .collect()
}

fn blanks(name: &str) -> String {
    match name.strip_suffix(FORM) {
        Some(stem) => format!(" {stem} {FORM} "),
        None => format!("{name} "),
    }
}

/// The name with a mistake that no rule repairs: a character too many behind the brand. Names that
/// differ stay different, so a mistake never names another company.
pub(super) fn mistaken(name: &str, brand: &str, dice: &mut Dice) -> String {
    let extra = *dice.pick(&["鑫", "亚", "利", "华"]);
    name.replacen(brand, &format!("{brand}{extra}"), 1)
}

/// A tax id as people copy it from a letter: grouped, in small letters, in full width, or as it is.
pub(super) fn tax_id(number: &str, dice: &mut Dice) -> String {
    match dice.below(5) {
        0 => tenon_core::text::to_full_width(number),
        1 => number.to_lowercase(),
        2 => {
            let characters: Vec<char> = number.chars().collect();
            let groups: Vec<String> = characters
                .chunks(4)
                .map(|group| group.iter().collect())
                .collect();
            groups.join(" ")
        }
        _ => number.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn variants_are_the_same_name_and_mistakes_are_not() {
        let names = [
            ("川可（上海）贸易有限公司", "川可"),
            ("广东锦达电器有限公司", "锦达"),
            ("上海川可贸易有限公司杭州分公司", "川可"),
        ];
        let key = |name: &str| tenon_master::name::parse(name).full_key;
        let mut spellings = HashSet::new();
        for (name, brand) in names {
            for throw in 0..60 {
                let spelt = variant(name, &mut Dice::new(7, "variant", throw));
                assert_eq!(key(&spelt), key(name), "{spelt}");
                spellings.insert(spelt);
                let wrong = mistaken(name, brand, &mut Dice::new(7, "mistaken", throw));
                assert_ne!(key(&wrong), key(name), "{wrong}");
            }
        }
        assert!(spellings.len() >= 12, "{spellings:?}");
    }

    #[test]
    fn a_tax_id_stays_the_same_number() {
        for throw in 0..20 {
            let spelt = tax_id("91310000MA1FL0000X", &mut Dice::new(7, "tax", throw));
            assert_eq!(
                tenon_master::TaxId::normalise(&spelt),
                "91310000MA1FL0000X",
                "{spelt}"
            );
        }
    }
}
