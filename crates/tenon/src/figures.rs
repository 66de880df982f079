//! `insight.toml`: what a company decides about its figures.

use std::io::ErrorKind;
use std::path::Path;

use tenon_core::ConfigProblem;
use tenon_insight::Policy;

/// The file's name within the configuration directory.
const FILE: &str = "insight.toml";

/// Reads the file of a configuration directory; without one the defaults hold.
pub(crate) fn beside(directory: &Path) -> Result<Policy, ConfigProblem> {
    let path = directory.join(FILE);
    match std::fs::read_to_string(&path) {
        Ok(text) => parse(&path, &text),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Policy::default()),
        Err(error) => Err(ConfigProblem::new(path, format!("cannot be read: {error}"))),
    }
}

fn parse(path: &Path, text: &str) -> Result<Policy, ConfigProblem> {
    toml::from_str(text).map_err(|error| {
        let offset = error.span().map_or(0, |span| span.start);
        ConfigProblem::new(path, error.message()).at(text, offset)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_file_shows_the_defaults() {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/insight.md");
        let page = std::fs::read_to_string(page).unwrap();
        let (_, text) = page.split_once("```toml\n").unwrap();
        let (text, _) = text.split_once("```").unwrap();
        assert_eq!(
            parse(Path::new("insight.toml"), text).unwrap(),
            Policy::default()
        );
    }

    #[test]
    fn the_documented_reminders_are_the_defaults() {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/insight.md");
        let page = std::fs::read_to_string(page).unwrap();
        let at = page.find("[care]\nrevisit").unwrap();
        let (text, _) = page[at..].split_once("```").unwrap();
        let read = parse(Path::new("insight.toml"), text).unwrap();
        assert_eq!(read.care, Some(tenon_insight::Care::default()));
    }

    #[test]
    fn the_documented_replenishment_is_the_default() {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/insight.md");
        let page = std::fs::read_to_string(page).unwrap();
        let at = page.find("[replenishment]\nwindow_days").unwrap();
        let (text, _) = page[at..].split_once("```").unwrap();
        let read = parse(Path::new("insight.toml"), text).unwrap();
        let default = tenon_insight::Replenishment::default();
        assert_eq!(read.replenishment, Some(default));
    }

    #[test]
    fn the_documented_costs_are_read() {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/insight.md");
        let page = std::fs::read_to_string(page).unwrap();
        let at = page.find("[sources]\n\"").unwrap();
        let (text, _) = page[at..].split_once("```").unwrap();
        let read = parse(Path::new("insight.toml"), text).unwrap();
        let fair = &read.sources["exhibition/canton-fair"];
        let months: Vec<i32> = fair.months.keys().copied().collect();
        assert_eq!(months, [2026 * 12 + 3, 2026 * 12 + 9]);
        assert!(fair.cost.is_some());
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let check = |text: &str, place: &str, words: &str| {
            let told = parse(Path::new("insight.toml"), text)
                .unwrap_err()
                .to_string();
            assert!(told.contains(place) && told.contains(words), "{told}");
        };
        check("credit_day = 3\n", "insight.toml:1:1", "credit_day");
        let text = "[reconciliation]\ntolerance = { share = \"2\" }\n";
        check(text, "insight.toml:2:", "no fraction");
        let text = "[sources]\n\"fair\" = { cost = \"0\", currency = \"CNY\" }\n";
        check(text, "insight.toml:2:", "more than 0");
        let text = "[sources]\n\"hall\" = { cost = 1, currency = \"CNY\" }\n\
            \"fair\" = { months = { \"2026-13\" = 1 }, currency = \"CNY\" }\n";
        let words = "`2026-13` in the months of the source `fair` is no month such as \"2026-04\"";
        check(text, "insight.toml:3:", words);
        let text = "[sources.fair]\ncurrency = \"CNY\"\n";
        check(
            text,
            "insight.toml:1:",
            "`fair` has neither `cost` nor `months`",
        );
        let text = "[score.rates]\nusd = \"7.1\"\n";
        check(text, "insight.toml:", "ISO 4217");
    }
}
