//! Which items of several systems are one part: by code, and by name, specification and unit.
//!
//! Two numbers for one part cost stock; one number for two parts costs a production run. So the
//! machine joins only what nothing speaks against, and asks a person about the rest.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use tenon_core::MasterId;
use tenon_core::item::Item;
use tenon_core::text::{fold_latin, to_half_width, to_simplified};

use crate::unit::Unit;
use crate::{KeyKind, MasterKey};

/// What an item is recognised by.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Part {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Size, material, type.
    pub specification: Option<String>,
    /// What it is counted in.
    pub unit: Option<String>,
}

impl From<&Item> for Part {
    fn from(item: &Item) -> Self {
        Self {
            code: item.code.clone(),
            name: item.name.clone(),
            specification: item.specification.clone(),
            unit: item.unit.clone(),
        }
    }
}

/// A part that another system told of, and its master.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownPart {
    /// The master.
    pub master_id: MasterId,
    /// What the system says of it.
    pub part: Part,
}

/// What the machine does where name, specification and unit are those of another system's item and the
/// codes differ.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ByDescription {
    /// It asks.
    #[default]
    Ask,
    /// It joins the two, if there is one such item alone.
    Join,
}

/// How items are matched.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PartPolicy {
    /// Whether an item that a system tells of for the first time is held against those of others.
    pub matched: bool,
    /// What becomes of one that has another item's name, specification and unit under another code.
    pub by_description: ByDescription,
}

impl Default for PartPolicy {
    fn default() -> Self {
        Self {
            matched: true,
            by_description: ByDescription::Ask,
        }
    }
}

/// Where an item belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PartDecision {
    /// To a master that is there.
    Same(MasterId),
    /// To none that is known.
    New,
    /// A person has to tell: the masters in question, and why.
    Doubt(Vec<MasterId>, PartDoubt),
}

/// Why a person has to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PartDoubt {
    /// The code is the same, and name, specification or unit is another.
    Contradiction,
    /// Name, specification and unit are the same, and the code is another.
    OtherCode,
    /// Several items have the code.
    Several,
}

/// How what two systems say of one thing compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Agreement {
    /// They say the same.
    Same,
    /// They say the same in another spelling.
    Spelling,
    /// They say different things.
    Differs,
    /// One of them says nothing.
    Lacks,
}

/// How what two systems say of a part compares, value by value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct PartComparison {
    /// The codes.
    pub code: Agreement,
    /// The names; a spelling where name and specification together say the same.
    pub name: Agreement,
    /// The specifications; likewise.
    pub specification: Agreement,
    /// The units.
    pub unit: Agreement,
}

impl PartDoubt {
    /// For a person.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Contradiction => "has the same code and another name, specification or unit as",
            Self::OtherCode => "has the same name, specification and unit under another code as",
            Self::Several => "has the same code as",
        }
    }
}

impl Part {
    /// Its code in one spelling: width, case, blanks and dashes do not count.
    pub fn code_key(&self) -> String {
        let plain = to_half_width(&self.code);
        let spelt = plain
            .chars()
            .filter(|character| !character.is_whitespace() && !character.is_control());
        let spelt = spelt.map(|character| match is_dash(character) {
            true => '-',
            false => character,
        });
        spelt.flat_map(char::to_uppercase).collect()
    }

    /// Name and specification in one spelling, wherever the line between them is drawn.
    fn description(&self) -> String {
        let mut text = plain(&self.name);
        let specification = plain(self.specification.as_deref().unwrap_or_default());
        let is_figure = |end: Option<char>| end.is_some_and(|it| it.is_ascii_digit());
        if is_figure(text.chars().last()) && is_figure(specification.chars().next()) {
            text.push(' ');
        }
        text.push_str(&specification);
        text
    }

    /// Whether both are described in the same characters, width, script and blanks aside: what a machine may
    /// join by. Case, commas and zeros may tell parts apart: `10MΩ` and `10mΩ`, `3098.1` and `3098.10`.
    fn is_described_as(&self, other: &Self) -> bool {
        let exact = |text: &Option<String>| text.as_deref().map(exact);
        self.description_key().is_some()
            && exact(&Some(self.name.clone())) == exact(&Some(other.name.clone()))
            && exact(&self.specification) == exact(&other.specification)
    }

    /// The keys under which it is looked up. A name alone describes nothing: `screw`.
    pub fn keys(&self) -> Vec<MasterKey> {
        let code = MasterKey {
            kind: KeyKind::ItemCode,
            value: self.code_key(),
        };
        [code].into_iter().chain(self.description_key()).collect()
    }

    /// The key of name and specification, as a digest: an index takes no long texts.
    pub fn description_key(&self) -> Option<MasterKey> {
        let description = self.description();
        let says_something = self.specification.is_some() || has_figure(&description);
        let value = || MasterId::derive(&["item", &description]).to_string();
        says_something.then(|| MasterKey {
            kind: KeyKind::ItemDescription,
            value: value(),
        })
    }

    /// How it compares with what another system says, for a person who tells whether they are one.
    pub fn compared_with(&self, other: &Self) -> PartComparison {
        let described = self.description() == other.description();
        let said =
            |own: Option<&str>, theirs: Option<&str>, alike: &dyn Fn(&str, &str) -> bool| match (
                own, theirs,
            ) {
                (Some(own), Some(theirs)) if own == theirs => Agreement::Same,
                (Some(own), Some(theirs)) if alike(own, theirs) => Agreement::Spelling,
                (Some(_), Some(_)) => Agreement::Differs,
                (None, None) => Agreement::Same,
                _ => Agreement::Lacks,
            };
        let plainly = |own: &str, theirs: &str| described || plain(own) == plain(theirs);
        let specifications = (
            self.specification.as_deref(),
            other.specification.as_deref(),
        );
        PartComparison {
            code: said(Some(&self.code), Some(&other.code), &|_, _| {
                self.code_key() == other.code_key()
            }),
            name: said(Some(&self.name), Some(&other.name), &plainly),
            specification: match said(specifications.0, specifications.1, &plainly) {
                // It stands in the name.
                Agreement::Lacks if described => Agreement::Spelling,
                compared => compared,
            },
            unit: said(
                self.unit.as_deref(),
                other.unit.as_deref(),
                &|own, theirs| Unit::of(own) == Unit::of(theirs),
            ),
        }
    }

    /// Whether nothing in the two says that they are different parts, their codes aside.
    fn agrees_with(&self, other: &Self) -> bool {
        let named = match (&self.specification, &other.specification) {
            (Some(own), Some(theirs)) => {
                plain(&self.name) == plain(&other.name) && plain(own) == plain(theirs)
            }
            _ => plain(&self.name) == plain(&other.name),
        };
        (named || self.description() == other.description()) && self.is_counted_as(other)
    }

    fn is_counted_as(&self, other: &Self) -> bool {
        match (&self.unit, &other.unit) {
            (Some(own), Some(theirs)) => Unit::of(own) == Unit::of(theirs),
            _ => true,
        }
    }

    /// Whether both give a unit, and the same.
    fn shares_unit_of(&self, other: &Self) -> bool {
        self.unit.is_some() && other.unit.is_some() && self.is_counted_as(other)
    }
}

/// Decides where a part belongs that its system tells of for the first time. `known` are the parts of
/// other systems that share a key with it.
pub fn match_part(part: &Part, known: &[KnownPart], policy: &PartPolicy) -> PartDecision {
    let masters = |chosen: &dyn Fn(&Part) -> bool| -> Vec<MasterId> {
        let chosen = known.iter().filter(|known| chosen(&known.part));
        let ids: BTreeSet<MasterId> = chosen.map(|known| known.master_id).collect();
        ids.into_iter().collect()
    };
    let code = part.code_key();
    let of_code = masters(&|other| other.code_key() == code);
    // One system that says another thing is enough for a doubt, whatever the others say.
    let contradicting = masters(&|other| !part.agrees_with(other));
    match of_code.as_slice() {
        [] => {}
        [master_id] if !contradicting.contains(master_id) => {
            return PartDecision::Same(*master_id);
        }
        [_] => return PartDecision::Doubt(of_code, PartDoubt::Contradiction),
        _ => return PartDecision::Doubt(of_code, PartDoubt::Several),
    }
    let key = part.description_key();
    let alike = masters(&|other| {
        key.is_some() && other.description_key() == key && part.is_counted_as(other)
    });
    let sure = masters(&|other| part.is_described_as(other) && part.shares_unit_of(other));
    match (alike.as_slice(), sure.as_slice()) {
        ([], _) => PartDecision::New,
        ([_], [master_id])
            if policy.by_description == ByDescription::Join
                && !contradicting.contains(master_id) =>
        {
            PartDecision::Same(*master_id)
        }
        _ => PartDecision::Doubt(alike, PartDoubt::OtherCode),
    }
}

fn is_dash(character: char) -> bool {
    matches!(
        character,
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '－' | '﹣'
    )
}

fn has_figure(text: &str) -> bool {
    text.chars().any(|character| character.is_ascii_digit())
}

/// A name or specification in one spelling: width, case, script and blanks do not count, nor how a
/// measure is written: `M3×10`, `m3 * 10毫米` and `M3x10.0mm`.
fn plain(text: &str) -> String {
    // A diameter, before the letter that it looks like.
    let text = to_half_width(text).replace(['ø', 'Ø'], "φ");
    let text = fold_latin(&to_simplified(&text));
    let mut spelt = String::with_capacity(text.len());
    for character in text.chars().flat_map(char::to_lowercase) {
        match character {
            '×' | '✕' | '╳' | '*' | '⨯' => spelt.push('x'),
            'φ' | '⌀' | 'ϕ' | '∅' => spelt.push('φ'),
            '㎜' => spelt.push_str("mm"),
            '㎝' => spelt.push_str("cm"),
            '㎏' => spelt.push_str("kg"),
            '㎡' => spelt.push_str("m2"),
            'µ' => spelt.push('μ'),
            ',' | '，' | '、' | ';' | '；' | ':' | '：' | '_' | '(' | ')' | '【' | '】' => {}
            blank if blank.is_whitespace() => {}
            dash if is_dash(dash) => spelt.push('-'),
            other => spelt.push(other),
        }
    }
    shorter_figures(&measures(&spelt))
}

/// A description in the characters in which it is written, but for width, script, signs for `times` and blanks
/// that keep no figures apart.
fn exact(text: &str) -> String {
    let text: Vec<char> = to_simplified(&to_half_width(text)).chars().collect();
    let mut spelt = String::with_capacity(text.len());
    for (at, character) in text.iter().enumerate() {
        let is_figure = |end: Option<char>| end.is_some_and(|it| it.is_ascii_digit());
        match character {
            '×' | '✕' | '╳' | '*' | '⨯' => spelt.push('x'),
            blank if blank.is_whitespace() => {
                let next = text[at..].iter().find(|it| !it.is_whitespace()).copied();
                if is_figure(spelt.chars().last()) && is_figure(next) {
                    spelt.push(' ');
                }
            }
            other => spelt.push(*other),
        }
    }
    spelt
}

/// Chinese words for measures behind a figure as their signs: `10毫米` is `10mm`.
fn measures(text: &str) -> String {
    const WORDS: [(&str, &str); 9] = [
        ("毫米", "mm"),
        ("厘米", "cm"),
        ("微米", "μm"),
        ("米", "m"),
        ("公斤", "kg"),
        ("千克", "kg"),
        ("克", "g"),
        ("毫升", "ml"),
        ("升", "l"),
    ];
    let mut spelt = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let after_figure = spelt.ends_with(|last: char| last.is_ascii_digit());
        let word = WORDS.iter().find(|(word, _)| rest.starts_with(word));
        match word.filter(|_| after_figure) {
            Some((word, sign)) => {
                spelt.push_str(sign);
                rest = &rest[word.len()..];
            }
            None => {
                spelt.push(character);
                rest = &rest[character.len_utf8()..];
            }
        }
    }
    spelt
}

/// Figures without the zeros that say nothing: `3.50` is `3.5`, `10.0` is `10`.
fn shorter_figures(text: &str) -> String {
    let mut spelt = String::with_capacity(text.len());
    let mut figure = String::new();
    let end = |figure: &mut String, spelt: &mut String| {
        // One point alone makes it a figure; a version, `1.0.0`, stays as it is.
        let short = match figure.matches('.').count() {
            1 => figure.trim_end_matches('0').trim_end_matches('.'),
            _ => figure,
        };
        spelt.push_str(short);
        figure.clear();
    };
    for character in text.chars() {
        if character.is_ascii_digit() || (character == '.' && !figure.is_empty()) {
            figure.push(character);
        } else {
            end(&mut figure, &mut spelt);
            spelt.push(character);
        }
    }
    end(&mut figure, &mut spelt);
    spelt
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(code: &str, name: &str, specification: &str, unit: &str) -> Part {
        let said = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        Part {
            code: code.to_owned(),
            name: name.to_owned(),
            specification: said(specification),
            unit: said(unit),
        }
    }

    fn known(number: &str, part: Part) -> KnownPart {
        KnownPart {
            master_id: MasterId::derive(&[number]),
            part,
        }
    }

    fn matched(part: &Part, known: &[KnownPart]) -> PartDecision {
        match_part(part, known, &PartPolicy::default())
    }

    #[test]
    fn one_description_in_several_spellings_is_one() {
        for (one, other) in [
            ("M3×10", "m3 * 10"),
            ("Ｍ３ｘ１０", "M3X10"),
            ("10毫米", "10 mm"),
            ("φ3.50", "Φ3.5"),
            ("Ø3.5", "φ3.5"),
            ("1.0mm", "1mm"),
            ("螺絲", "螺丝"),
            ("A—B", "A-B"),
            ("PA66, black", "pa66 (black)"),
        ] {
            assert_eq!(plain(one), plain(other), "{one} {other}");
        }
        for (one, other) in [
            ("M3x10", "M3x100"),
            ("10", "100"),
            ("v1.0.0", "v1.0"),
            ("纳米", "纳m"),
            ("A-B", "AB"),
            ("1.5", "15"),
        ] {
            assert_ne!(plain(one), plain(other), "{one} {other}");
        }
    }

    #[test]
    fn the_same_code_joins_where_nothing_speaks_against_it() {
        let erp = || known("a", part("PT-1", "螺丝", "M3x10", "件"));
        let id = MasterId::derive(&["a"]);
        for joins in [
            part("pt－1", "螺絲", "M3×10", "pcs"),
            part("PT- 1", "螺丝", "", ""),
            part("PT-1", "螺丝 M3x10", "", "个"),
        ] {
            let same = PartDecision::Same(id);
            assert_eq!(matched(&joins, &[erp()]), same, "{joins:?}");
        }
        for doubtful in [
            part("PT-1", "刀片", "23 mm", "pcs"),
            part("PT-1", "螺丝", "M3x12", "pcs"),
            part("PT-1", "螺丝", "M3x10", "kg"),
        ] {
            let doubt = PartDecision::Doubt(vec![id], PartDoubt::Contradiction);
            assert_eq!(matched(&doubtful, &[erp()]), doubt, "{doubtful:?}");
        }
        // A system that says less does not outvote one that says another thing.
        let wms = known("a", part("PT-1", "螺丝", "", ""));
        let other = part("PT-1", "螺丝", "M5x20", "件");
        assert_eq!(
            matched(&other, &[wms, erp()]),
            PartDecision::Doubt(vec![id], PartDoubt::Contradiction)
        );
        let two = [erp(), known("b", part("PT-1", "螺丝", "M3x10", "件"))];
        let several = matched(&part("PT-1", "螺丝", "M3x10", "件"), &two);
        assert!(
            matches!(&several, PartDecision::Doubt(ids, PartDoubt::Several) if ids.len() == 2),
            "{several:?}"
        );
    }

    #[test]
    fn the_same_description_under_another_code_is_asked_about() {
        let erp = || known("a", part("100-200", "螺丝", "M3x10", "件"));
        let id = MasterId::derive(&["a"]);
        let ours = part("PT-1", "螺丝", "M3 × 10", "pcs");
        let doubt = PartDecision::Doubt(vec![id], PartDoubt::OtherCode);
        assert_eq!(matched(&ours, &[erp()]), doubt);
        let join = PartPolicy {
            by_description: ByDescription::Join,
            ..PartPolicy::default()
        };
        assert_eq!(match_part(&ours, &[erp()], &join), PartDecision::Same(id));
        let two = [erp(), known("b", part("100-201", "螺丝", "M3x10", "件"))];
        assert!(matches!(
            match_part(&ours, &two, &join),
            PartDecision::Doubt(..)
        ));
        for (one, other) in [
            ("10MΩ", "10mΩ"),
            ("GB/T 3098.10", "GB/T 3098.1"),
            ("M1,5", "M15"),
            ("1 12", "11 2"),
        ] {
            let one = known("a", part("100-200", "电阻", one, "件"));
            let joined = match_part(&part("PT-1", "电阻", other, "件"), &[one], &join);
            assert_ne!(joined, PartDecision::Same(id), "{other}");
        }
        let bearing = known("a", part("100-200", "轴承6204", "2", "件"));
        let other = part("PT-1", "轴承620", "42", "件");
        assert_eq!(matched(&other, &[bearing]), PartDecision::New);
        // Without a unit it is not sure enough to be joined by machine.
        let bare = part("PT-1", "螺丝", "M3x10", "");
        assert_eq!(match_part(&bare, &[erp()], &join), doubt);
        for new in [
            part("PT-1", "螺丝", "M3x12", "件"),
            part("PT-1", "螺丝", "M3x10", "kg"),
            part("PT-1", "螺丝", "", "件"),
        ] {
            assert_eq!(matched(&new, &[erp()]), PartDecision::New, "{new:?}");
        }
    }

    #[test]
    fn two_parts_are_compared_value_by_value() {
        use Agreement::{Differs, Lacks, Same, Spelling};
        let check = |one: Part, other: Part, expected: [Agreement; 4]| {
            let PartComparison {
                code,
                name,
                specification,
                unit,
            } = one.compared_with(&other);
            assert_eq!(
                [code, name, specification, unit],
                expected,
                "{one:?} {other:?}"
            );
        };
        let screw = || part("PT-1", "螺丝", "M3x10", "件");
        check(screw(), screw(), [Same, Same, Same, Same]);
        check(
            screw(),
            part("pt－1", "螺絲", "M3 × 10", "pcs"),
            [Spelling, Spelling, Spelling, Spelling],
        );
        check(
            screw(),
            part("100-200", "螺丝", "M3x12", "kg"),
            [Differs, Same, Differs, Differs],
        );
        check(
            screw(),
            part("PT-1", "螺丝", "", ""),
            [Same, Same, Lacks, Lacks],
        );
        // The line between name and specification is drawn elsewhere.
        check(
            screw(),
            part("PT-1", "螺丝 M3x10", "", "件"),
            [Same, Spelling, Spelling, Same],
        );
    }

    #[test]
    fn a_name_alone_describes_nothing() {
        assert_eq!(part("A", "Shaver", "", "pcs").description_key(), None);
        let one = part("A", "螺丝 M3x10", "", "pcs").description_key();
        assert_eq!(one, part("B", "螺丝", "M3×10", "").description_key());
        assert!(one.is_some());
    }
}
