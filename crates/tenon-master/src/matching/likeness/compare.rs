//! What two records come to, evidence by evidence. Which level is reached is said here, what it
//! counts is not.

use super::fingerprint::NONE;
use super::name_traits::{Form, NameTraits};
use super::policy::Level;
use super::population::{Rarity, Shared};
use super::profile::Profile;
use super::tax_evidence::TaxLikeness;
use crate::matching::Contradiction;
use crate::name::trade_likeness::{self, TradeLikeness};

/// What one piece of evidence came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Finding {
    /// Of two findings of the same kind the one with the higher rank holds for a cluster.
    rank: u8,
    /// How rare the shared value is, in quarters of a bit.
    pub(super) rarity: u8,
    /// The level.
    pub(super) level: Level,
}

fn found(rank: u8, level: Level, rarity: u8) -> Option<Finding> {
    Some(Finding {
        rank,
        rarity,
        level,
    })
}

/// The kinds of evidence, each counted once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
pub(super) enum Kind {
    Brand,
    Family,
    Trade,
    Place,
    Form,
    Whole,
    Branch,
    Tax,
    Phone,
    Mail,
    Address,
    Person,
    Code,
    City,
}

/// How many kinds there are.
pub(super) const KINDS: usize = Kind::City as usize + 1;

/// Those that compare names.
const NAME_KINDS: [Kind; 4] = [Kind::Trade, Kind::Place, Kind::Form, Kind::Whole];

/// All findings of two records, or of two clusters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Comparison {
    pub(super) findings: [Option<Finding>; KINDS],
    /// Why they cannot be one legal person.
    pub(super) veto: Option<Contradiction>,
}

impl Comparison {
    fn set(&mut self, kind: Kind, finding: Option<Finding>) {
        self.findings[kind as usize] = finding;
    }

    fn level(&self, kind: Kind) -> Option<Level> {
        self.findings[kind as usize].map(|finding| finding.level)
    }

    /// Whether what sisters differ in agrees: brand, trade and city are given and the same.
    fn name_parts_agree(&self) -> bool {
        let brand = self.level(Kind::Brand);
        let trade = self.level(Kind::Trade);
        matches!(brand, Some(Level::BrandSame | Level::BrandTranslated))
            && matches!(trade, Some(Level::TradeSame | Level::TradeShortened))
            && self.level(Kind::City) == Some(Level::CitySame)
            && self.level(Kind::Place) != Some(Level::PlaceDiffers)
            && self.level(Kind::Form) != Some(Level::FormDiffers)
    }

    /// The best of both, kind by kind. Names count together: what a name with the nearer brand says
    /// of place, trade and form holds. A veto of any pair holds for all.
    pub(super) fn join(&mut self, other: &Self) {
        self.veto = self.veto.or(other.veto);
        let brand = Kind::Brand as usize;
        let rank = |comparison: &Self| comparison.findings[brand].map(|finding| finding.rank);
        let (mine, theirs) = (rank(self), rank(other));
        for kind in 0..KINDS {
            let is_of_name = NAME_KINDS.iter().any(|name| *name as usize == kind);
            if is_of_name && mine != theirs {
                if theirs > mine {
                    self.findings[kind] = other.findings[kind];
                }
            } else {
                self.findings[kind] = self.findings[kind].max(other.findings[kind]);
            }
        }
    }
}

/// A profile and how rare what it holds is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen<'p> {
    pub(super) profile: &'p Profile,
    pub(super) rarity: &'p Rarity,
}

/// Compares two records.
pub(super) fn compare(one: Seen<'_>, other: Seen<'_>) -> Comparison {
    let mut comparison = Comparison {
        veto: veto(one.profile, other.profile),
        ..Comparison::default()
    };
    let root = one.rarity.root.min(other.rarity.root);
    let trade = one.rarity.trade.min(other.rarity.trade);
    for name in one.profile.names() {
        for candidate in other.profile.names() {
            comparison.join(&names(name, candidate, root, trade));
        }
    }
    comparison.set(Kind::Family, family(one.rarity, other.rarity));
    comparison.set(Kind::Branch, branch(&one.profile.name, &other.profile.name));
    comparison.set(Kind::Tax, tax(one.profile, other.profile));
    comparison.set(Kind::Phone, phone(one, other));
    comparison.set(Kind::Mail, mail(one, other));
    comparison.set(Kind::Address, address(one, other));
    comparison.set(Kind::Person, person(one, other));
    comparison.set(Kind::Code, code(one.profile, other.profile));
    comparison.set(Kind::City, city(one, other));
    if comparison.level(Kind::Whole).is_none() && comparison.name_parts_agree() {
        comparison.set(Kind::Whole, found(1, Level::NamePartsSame, 0));
    }
    comparison
}

/// What forbids that two records are one legal person, whatever else they share.
pub(super) fn veto(one: &Profile, other: &Profile) -> Option<Contradiction> {
    if one.tax.compare(&other.tax) == TaxLikeness::TwoNumbers {
        return Some(Contradiction::TaxIdsDiffer);
    }
    veto_of_names(&one.name, &other.name)
}

/// What of it the names forbid: other parts of a company are other legal persons.
pub(super) fn veto_of_names(one: &NameTraits, other: &NameTraits) -> Option<Contradiction> {
    match (one.branch != NONE, other.branch != NONE) {
        (true, true) => (one.branch != other.branch).then_some(Contradiction::BranchesDiffer),
        (true, false) => is_another_part(one, other),
        (false, true) => is_another_part(other, one),
        (false, false) => None,
    }
}

/// A branch and a name that does not say branch are two, unless that name may mean the branch:
/// 川可（西安） may be 川可西安分公司.
fn is_another_part(branch: &NameTraits, name: &NameTraits) -> Option<Contradiction> {
    let may_mean_it = name.place_ends_it && !name.is_full && name.city == branch.branch_city;
    (!may_mean_it).then_some(Contradiction::BranchAndHeadOffice)
}

/// Whether other companies of the brand are known where these are: any of them may be meant.
fn family(one: &Rarity, other: &Rarity) -> Option<Finding> {
    if (one.shared | other.shared) & Shared::BRAND != 0 {
        found(2, Level::BrandOfSeveral, 0)
    } else {
        found(1, Level::BrandOfOne, 0)
    }
}

fn branch(one: &NameTraits, other: &NameTraits) -> Option<Finding> {
    match (one.branch != NONE, other.branch != NONE) {
        (true, true) => (one.branch == other.branch)
            .then(|| found(3, Level::BranchSame, 0))
            .flatten(),
        // The short name states that branch's city, or the hard rule keeps them apart.
        (true, false) | (false, true) => None,
        (false, false) => {
            let may_be_branch = |name: &NameTraits| name.place_ends_it && !name.is_full;
            let elsewhere = one.city != NONE && other.city != NONE && one.city != other.city;
            (elsewhere && (may_be_branch(one) || may_be_branch(other)))
                .then(|| found(1, Level::BranchUncertain, 0))
                .flatten()
        }
    }
}

fn names(one: &NameTraits, other: &NameTraits, root: u8, trade: u8) -> Comparison {
    let mut comparison = Comparison::default();
    if one.is_placeholder || other.is_placeholder {
        return comparison;
    }
    let (brand, trades) = match (one.is_chinese, other.is_chinese) {
        (true, true) => match chinese_brand(one, other) {
            Brand::Different => unparted(one, other),
            brand => (
                brand,
                trade_likeness::compare_chinese(&one.trade, &other.trade),
            ),
        },
        (false, false) => latin_brand(one, other),
        (true, false) => translated_brand(one, other),
        (false, true) => translated_brand(other, one),
    };
    comparison.set(
        Kind::Brand,
        match brand {
            Brand::Same => found(5, Level::BrandSame, root),
            Brand::Sound => found(4, Level::BrandSoundsSame, root),
            Brand::Translated => found(4, Level::BrandTranslated, root),
            Brand::Slip => found(3, Level::BrandOneSlip, root),
            Brand::Missing => None,
            Brand::Different => found(1, Level::BrandDiffers, 0),
        },
    );
    comparison.set(
        Kind::Trade,
        match trades {
            TradeLikeness::Same => found(3, Level::TradeSame, trade),
            TradeLikeness::Shortened => found(2, Level::TradeShortened, trade),
            TradeLikeness::Missing => None,
            TradeLikeness::Different => found(1, Level::TradeDiffers, 0),
        },
    );
    comparison.set(Kind::Place, places(one, other));
    comparison.set(Kind::Form, forms(one, other));
    if one.whole != NONE && one.whole == other.whole && one.is_full {
        comparison.set(Kind::Whole, found(2, Level::WholeNameSame, 0));
    }
    comparison
}

enum Brand {
    Same,
    Sound,
    Translated,
    Slip,
    Missing,
    Different,
}

fn chinese_brand(one: &NameTraits, other: &NameTraits) -> Brand {
    if one.brand.is_empty() || other.brand.is_empty() {
        return Brand::Missing;
    }
    if sounds_same(one, other) {
        return if one.brand == other.brand {
            Brand::Same
        } else {
            Brand::Sound
        };
    }
    let long_enough = one.brand.len().max(other.brand.len()) >= 9;
    if long_enough && strsim::osa_distance(&one.brand, &other.brand) <= 1
        || is_exchanged(&one.brand, &other.brand)
    {
        Brand::Slip
    } else {
        Brand::Different
    }
}

/// Compares Chinese names of which one ends in a trade that no dictionary has, so that it was taken
/// for a part of the brand: 川可钣喷 and 川可钣喷加工.
fn unparted(one: &NameTraits, other: &NameTraits) -> (Brand, TradeLikeness) {
    let different = (Brand::Different, TradeLikeness::Missing);
    if !one.trade.is_empty() && !other.trade.is_empty() {
        return different;
    }
    let (long, short) = if one.brand.len() >= other.brand.len() {
        (one, other)
    } else {
        (other, one)
    };
    let characters =
        |name: &NameTraits| -> Vec<char> { name.brand.chars().chain(name.trade.chars()).collect() };
    let (long_text, short_text) = (characters(long), characters(short));
    let common = long_text
        .iter()
        .zip(&short_text)
        .take_while(|(one, other)| one == other)
        .count();
    // Two characters make a brand; a single one behind it, 川可二, is another company's mark.
    let known = if short.trade.is_empty() {
        2
    } else {
        short.brand.chars().count()
    };
    if common < known.max(2) || long_text.len() == common + 1 {
        return different;
    }
    let rest = |text: &[char]| text[common.min(text.len())..].iter().collect::<String>();
    let behind_brand = |text: &[char]| {
        text[known.max(2).min(text.len())..]
            .iter()
            .collect::<String>()
    };
    let (long_trade, short_trade) = (behind_brand(&long_text), behind_brand(&short_text));
    match trade_likeness::compare_chinese(&long_trade, &short_trade) {
        TradeLikeness::Different if rest(&short_text).is_empty() => {
            (Brand::Same, TradeLikeness::Missing)
        }
        TradeLikeness::Different => different,
        likeness => (Brand::Same, likeness),
    }
}

fn is_exchanged(one: &str, other: &str) -> bool {
    one.len() == other.len() && one.chars().eq(other.chars().rev()) && one.chars().count() == 2
}

fn sounds_same(one: &NameTraits, other: &NameTraits) -> bool {
    let sounds = |name: &NameTraits| [name.sound, name.other_sound];
    sounds(one)
        .into_iter()
        .any(|sound| sound != NONE && sounds(other).contains(&sound))
}

fn latin_brand(one: &NameTraits, other: &NameTraits) -> (Brand, TradeLikeness) {
    let (first, second): (Vec<&str>, Vec<&str>) = (
        one.brand.split(' ').collect(),
        other.brand.split(' ').collect(),
    );
    if first[0].is_empty() || second[0].is_empty() {
        return (Brand::Missing, TradeLikeness::Missing);
    }
    let mut slips = 0_usize;
    let mut common = 0_usize;
    for (word, candidate) in first.iter().zip(&second) {
        if word != candidate {
            let near =
                word.len().min(candidate.len()) >= 4 && strsim::osa_distance(word, candidate) <= 1;
            if !near || slips > 0 {
                break;
            }
            slips += 1;
        }
        common += 1;
    }
    let wanted = one.brand_words.min(other.brand_words).max(1);
    if common < usize::from(wanted) {
        // One word in one, two in the other: Kota Werk, Kotawerk.
        if one.sound == other.sound {
            return (Brand::Same, TradeLikeness::Missing);
        }
        return (Brand::Different, TradeLikeness::Missing);
    }
    let brand = if slips > 0 { Brand::Slip } else { Brand::Same };
    (
        brand,
        trade_likeness::compare_latin(&first[common..], &second[common..]),
    )
}

fn translated_brand(chinese: &NameTraits, latin: &NameTraits) -> (Brand, TradeLikeness) {
    let words: Vec<&str> = latin.brand.split(' ').collect();
    if !sounds_same(chinese, latin) {
        // A Chinese name may hold the Latin brand itself: ABB电气.
        if chinese.brand.is_empty() || *chinese.brand != *words[0] {
            return (Brand::Missing, TradeLikeness::Missing);
        }
    }
    let behind = words
        .get(usize::from(latin.brand_words)..)
        .unwrap_or_default();
    (
        Brand::Translated,
        match trade_likeness::compare_translated(&chinese.trade, behind) {
            TradeLikeness::Same => TradeLikeness::Shortened,
            likeness => likeness,
        },
    )
}

fn places(one: &NameTraits, other: &NameTraits) -> Option<Finding> {
    if one.city != NONE && other.city != NONE {
        return if one.city == other.city {
            found(3, Level::PlaceSame, 0)
        } else {
            found(1, Level::PlaceDiffers, 0)
        };
    }
    let provinces_differ =
        one.province != NONE && other.province != NONE && one.province != other.province;
    if provinces_differ {
        found(1, Level::PlaceDiffers, 0)
    } else {
        None
    }
}

fn forms(one: &NameTraits, other: &NameTraits) -> Option<Finding> {
    if one.form == Form::Unsaid || other.form == Form::Unsaid || one.is_chinese != other.is_chinese
    {
        return None;
    }
    if one.form == other.form {
        found(2, Level::FormSame, 0)
    } else {
        found(1, Level::FormDiffers, 0)
    }
}

fn tax(one: &Profile, other: &Profile) -> Option<Finding> {
    match one.tax.compare(&other.tax) {
        TaxLikeness::Missing | TaxLikeness::TwoNumbers => None,
        TaxLikeness::Same => found(3, Level::TaxIdSame, 0),
        TaxLikeness::OneSlip => found(2, Level::TaxIdOneSlip, 0),
        TaxLikeness::FarApart => found(1, Level::TaxIdFarApart, 0),
    }
}

fn phone(one: Seen<'_>, other: Seen<'_>) -> Option<Finding> {
    let (mine, theirs) = (one.profile.phone, other.profile.phone);
    if mine.number == NONE || theirs.number == NONE {
        return None;
    }
    if mine.number != theirs.number {
        return found(1, Level::PhoneDiffers, 0);
    }
    let rarity = one.rarity.phone;
    let shared = one.rarity.shared | other.rarity.shared;
    if shared & Shared::PHONE != 0 {
        found(2, Level::PhoneShared, rarity)
    } else if mine.is_mobile {
        found(4, Level::MobileSame, rarity)
    } else {
        found(3, Level::LandlineSame, rarity)
    }
}

fn mail(one: Seen<'_>, other: Seen<'_>) -> Option<Finding> {
    let (mine, theirs) = (one.profile.mail, other.profile.mail);
    if mine.mailbox == NONE || theirs.mailbox == NONE {
        return None;
    }
    if mine.mailbox == theirs.mailbox && mine.domain == NONE {
        let rarity = one.rarity.mailbox;
        let shared = one.rarity.shared | other.rarity.shared;
        return if shared & Shared::MAILBOX != 0 {
            found(3, Level::MailboxShared, rarity)
        } else {
            found(5, Level::MailboxSame, rarity)
        };
    }
    // A company's mailbox, `info@` say, is the group's as often as its domain is.
    if mine.domain == NONE || theirs.domain == NONE {
        return None;
    }
    if mine.domain == theirs.domain {
        found(4, Level::DomainSame, one.rarity.domain)
    } else {
        found(1, Level::DomainDiffers, 0)
    }
}

fn address(one: Seen<'_>, other: Seen<'_>) -> Option<Finding> {
    let (mine, theirs) = (one.profile.address, other.profile.address);
    if mine.street == NONE || theirs.street == NONE {
        return None;
    }
    if mine.street != theirs.street {
        return found(1, Level::AddressDiffers, 0);
    }
    if mine.city != NONE && theirs.city != NONE && mine.city != theirs.city {
        return found(1, Level::AddressDiffers, 0);
    }
    let rarity = one.rarity.street.min(other.rarity.street);
    let shared = one.rarity.shared | other.rarity.shared;
    if shared & Shared::STREET != 0 {
        found(2, Level::StreetShared, rarity)
    } else if mine.detail == theirs.detail {
        found(4, Level::AddressSame, rarity)
    } else {
        found(3, Level::StreetSame, rarity)
    }
}

fn person(one: Seen<'_>, other: Seen<'_>) -> Option<Finding> {
    let (mine, theirs) = (one.profile.person, other.profile.person);
    if mine.called == NONE || theirs.called == NONE {
        return None;
    }
    if mine.name != NONE && mine.name == theirs.name {
        let rarity = one.rarity.person;
        let shared = one.rarity.shared | other.rarity.shared;
        return if shared & Shared::PERSON != 0 {
            found(2, Level::PersonShared, rarity)
        } else {
            found(4, Level::PersonSame, rarity)
        };
    }
    let one_is_short = mine.name == NONE || theirs.name == NONE;
    if one_is_short && mine.called == theirs.called {
        found(3, Level::PersonFits, 0)
    } else {
        found(1, Level::PersonDiffers, 0)
    }
}

fn code(one: &Profile, other: &Profile) -> Option<Finding> {
    if one.code == NONE || other.code == NONE {
        None
    } else if one.code == other.code {
        found(2, Level::CodeSame, 0)
    } else {
        found(1, Level::CodeDiffers, 0)
    }
}

fn city(one: Seen<'_>, other: Seen<'_>) -> Option<Finding> {
    let theirs: [u64; 3] = {
        let mut all = other.profile.cities();
        std::array::from_fn(|_| all.next().unwrap_or(NONE))
    };
    let mut given = false;
    for city in one.profile.cities() {
        if theirs.contains(&city) {
            return found(2, Level::CitySame, one.rarity.city.min(other.rarity.city));
        }
        given = true;
    }
    (given && theirs[0] != NONE)
        .then(|| found(1, Level::CityDiffers, 0))
        .flatten()
}
