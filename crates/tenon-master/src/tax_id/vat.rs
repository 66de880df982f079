//! VAT ids of the European Union and its neighbours, by pattern.

/// What may follow each prefix: `9` is a digit, `a` a letter, `x` either, `+` either or `+`, `*`;
/// capitals stand for themselves.
///
/// The first prefix of a line is the canonical one.
const PATTERNS: &[(&[&str], &[&str])] = &[
    (&["AT"], &["U99999999"]),
    (&["BE"], &["9999999999"]),
    (&["BG"], &["999999999", "9999999999"]),
    (&["CY"], &["99999999a"]),
    (&["CZ"], &["99999999", "999999999", "9999999999"]),
    (&["DE"], &["999999999"]),
    (&["DK"], &["99999999"]),
    (&["EE"], &["999999999"]),
    (&["EL", "GR"], &["999999999"]),
    (&["ES"], &["a99999999", "a9999999a", "99999999a"]),
    (&["FI"], &["99999999"]),
    (&["FR"], &["xx999999999"]),
    (&["GB"], &["999999999", "999999999999", "GD999", "HA999"]),
    (&["HR"], &["99999999999"]),
    (&["HU"], &["99999999"]),
    (&["IE"], &["9999999a", "9999999aa", "9+99999a"]),
    (&["IT"], &["99999999999"]),
    (&["LT"], &["999999999", "999999999999"]),
    (&["LU"], &["99999999"]),
    (&["LV"], &["99999999999"]),
    (&["MT"], &["99999999"]),
    (&["NL"], &["999999999B99", "++++++++++99"]),
    (&["NO"], &["999999999"]),
    (&["PL"], &["9999999999"]),
    (&["PT"], &["999999999"]),
    (
        &["RO"],
        &[
            "99",
            "999",
            "9999",
            "99999",
            "999999",
            "9999999",
            "99999999",
            "999999999",
            "9999999999",
        ],
    ),
    (&["SE"], &["999999999999"]),
    (&["SI"], &["99999999"]),
    (&["SK"], &["9999999999"]),
    (&["XI"], &["999999999", "999999999999", "GD999", "HA999"]),
    (&["CHE"], &["999999999"]),
];

/// What Switzerland and Norway write behind the number.
const SUFFIXES: &[(&str, &[&str])] = &[("CHE", &["MWST", "TVA", "IVA", "VAT"]), ("NO", &["MVA"])];

/// The id with its country's one prefix and without suffix; `None` if no pattern fits.
pub(super) fn canonical(text: &str) -> Option<String> {
    PATTERNS.iter().find_map(|(prefixes, patterns)| {
        let canonical = prefixes.first()?;
        let number = prefixes
            .iter()
            .find_map(|prefix| text.strip_prefix(prefix))?;
        let number = without_suffix(canonical, number);
        let fits = patterns.iter().any(|pattern| matches(pattern, number));
        fits.then(|| format!("{canonical}{number}"))
    })
}

fn without_suffix<'t>(prefix: &str, number: &'t str) -> &'t str {
    SUFFIXES
        .iter()
        .filter(|(country, _)| *country == prefix)
        .flat_map(|(_, suffixes)| suffixes.iter())
        .find_map(|suffix| number.strip_suffix(suffix))
        .unwrap_or(number)
}

fn matches(pattern: &str, number: &str) -> bool {
    pattern.chars().count() == number.chars().count()
        && pattern
            .chars()
            .zip(number.chars())
            .all(|(expected, found)| match expected {
                '9' => found.is_ascii_digit(),
                'a' => found.is_ascii_uppercase(),
                'x' => found.is_ascii_digit() || found.is_ascii_uppercase(),
                '+' => {
                    found.is_ascii_digit()
                        || found.is_ascii_uppercase()
                        || matches!(found, '+' | '*')
                }
                literal => found == literal,
            })
}

/// Whether the digits are one digit over and over, or counted up or down.
pub(super) fn is_filler(text: &str) -> bool {
    let digits: Vec<u32> = text
        .chars()
        .filter_map(|character| character.to_digit(10))
        .collect();
    let steps = |step: u32| {
        digits.len() >= 5
            && digits
                .windows(2)
                .all(|pair| (pair[0] + step) % 10 == pair[1])
    };
    steps(0) || steps(1) || steps(9)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_country_has_an_id_that_fits() {
        for valid in [
            "ATU13585627",
            "BE0403019261",
            "BG175074752",
            "CY10259033P",
            "CZ25123891",
            "DE136695976",
            "DK13585628",
            "EE100931558",
            "EL094259216",
            "ESA28015865",
            "ESX2482300W",
            "ES54362315K",
            "FI20774740",
            "FR40303265045",
            "GB980780684",
            "GBGD001",
            "HR33392005961",
            "HU12892312",
            "IE6433435F",
            "IE6433435OA",
            "IE8D79739I",
            "IT00743110157",
            "LT119511515",
            "LU15027442",
            "LV40003521600",
            "MT11679112",
            "NL004495445B01",
            "NO995525828",
            "PL8567346215",
            "PT501964843",
            "RO18547290",
            "SE123456789701",
            "SI50223054",
            "SK2022749619",
            "XI110305878",
            "CHE107787577",
        ] {
            assert_eq!(canonical(valid).as_deref(), Some(valid));
        }
    }

    #[test]
    fn prefixes_and_suffixes_have_one_form() {
        let check = |text: &str, expected: &str| {
            assert_eq!(canonical(text).as_deref(), Some(expected));
        };
        check("GR094259216", "EL094259216");
        check("CHE107787577MWST", "CHE107787577");
        check("CHE107787577TVA", "CHE107787577");
        check("NO995525828MVA", "NO995525828");
        assert_eq!(canonical("DE136695976MVA"), None);
        assert_eq!(canonical("SE1234567897"), None);
        assert_eq!(canonical("GBHB001"), None);
        assert_eq!(canonical("CHE"), None);
        assert_eq!(canonical(""), None);
    }

    #[test]
    fn fillers_are_seen() {
        for filler in [
            "DE000000000",
            "DE999999999",
            "DE123456789",
            "PL9876543210",
            "SE012345678901",
        ] {
            assert!(is_filler(filler), "{filler}");
        }
        for issued in ["DE136695976", "GBGD001", "RO18", "PT501964843"] {
            assert!(!is_filler(issued), "{issued}");
        }
    }
}
