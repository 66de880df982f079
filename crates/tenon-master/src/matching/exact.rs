//! The exact rules: equal keys, and what forbids to believe them.

use std::collections::{BTreeMap, BTreeSet};

use tenon_core::MasterId;
use tenon_core::customer::Customer;

use super::keys::{Standing, legal_name, valid_tax_id};
use super::{Candidate, Contradiction, Decision, DoubtReason, KeyKind, MasterKey, Rival};
use crate::name::{self, ParsedName};

/// Why `one` and `other` cannot be one legal person; `None` if nothing forbids it.
///
/// Holds whatever leads to the pair: a shared key, a shared native id, a likeness.
pub fn contradiction(one: &Customer, other: &Customer) -> Option<Contradiction> {
    if let (Some(one), Some(other)) = (valid_tax_id(one), valid_tax_id(other))
        && !one.is_same_number(&other)
    {
        return Some(Contradiction::TaxIdsDiffer);
    }
    match (standing(one), standing(other)) {
        (Standing::Branch(one), Standing::Branch(other)) if one != other => {
            Some(Contradiction::BranchesDiffer)
        }
        (Standing::Branch(_), Standing::HeadOffice)
        | (Standing::HeadOffice, Standing::Branch(_)) => Some(Contradiction::BranchAndHeadOffice),
        _ => None,
    }
}

fn standing(customer: &Customer) -> Standing {
    Standing::of(customer, legal_name(customer).as_ref())
}

/// Says which of `candidates` the record belongs to. Their order does not matter.
///
/// A tax id decides before a name, a name before a code; never against a [`Contradiction`]. Called
/// for a record that the crosswalk does not know; a record that it knows stays with its master.
pub fn decide(record: &Customer, candidates: &[Candidate]) -> Decision {
    let views = views(record, candidates);
    let by_kind = |kind: KeyKind| {
        views
            .iter()
            .filter(move |view| view.forbidden.is_none() && view.has(kind))
            .collect::<Vec<_>>()
    };
    let by_tax = by_kind(KeyKind::Tax);
    match by_tax.as_slice() {
        [] => {}
        [view] if view.branch_is_uncertain => {
            return doubt([view.master_id], DoubtReason::BranchUncertain);
        }
        [view] => return existing(view, &views),
        several => return doubt(ids(several), DoubtReason::SeveralMasters),
    }

    // A name that another tax id bears too, or that is borne abroad, does not identify anybody.
    let namesakes: Vec<&View<'_>> = views
        .iter()
        .filter(|view| view.has(KeyKind::Name) && !view.is_another_part())
        .collect();
    if let Some(reason) = namesakes.iter().find_map(|view| view.name_doubt()) {
        return doubt(ids(&namesakes), reason);
    }
    match by_kind(KeyKind::Name).as_slice() {
        [] => {}
        [view] => return existing(view, &views),
        several => return doubt(ids(several), DoubtReason::SeveralMasters),
    }

    let by_code = by_kind(KeyKind::Code);
    let agreeing: Vec<&View<'_>> = by_code
        .iter()
        .filter(|view| view.names_agree)
        .copied()
        .collect();
    match agreeing.as_slice() {
        [] => {}
        [view] if view.branch_is_uncertain => {
            return doubt([view.master_id], DoubtReason::BranchUncertain);
        }
        [view] if view.cities_differ => {
            return doubt([view.master_id], DoubtReason::SameCodeDifferentCities);
        }
        [view] => return existing(view, &views),
        several => return doubt(ids(several), DoubtReason::SeveralMasters),
    }
    let alike: Vec<&View<'_>> = by_code.into_iter().filter(|view| view.same_brand).collect();
    if alike.is_empty() {
        Decision::New
    } else {
        doubt(ids(&alike), DoubtReason::SameCodeDifferentNames)
    }
}

/// One master as the record sees it.
struct View<'c> {
    master_id: MasterId,
    keys: BTreeSet<&'c MasterKey>,
    forbidden: Option<Contradiction>,
    countries_differ: bool,
    cities_differ: bool,
    names_agree: bool,
    same_brand: bool,
    branch_is_uncertain: bool,
}

impl View<'_> {
    fn has(&self, kind: KeyKind) -> bool {
        self.keys.iter().any(|key| key.kind == kind)
    }

    /// Whether it is another part of what may be the same company.
    fn is_another_part(&self) -> bool {
        matches!(
            self.forbidden,
            Some(Contradiction::BranchAndHeadOffice | Contradiction::BranchesDiffer)
        )
    }

    /// Why the shared name does not show that it is the same legal person.
    fn name_doubt(&self) -> Option<DoubtReason> {
        match self.forbidden {
            Some(Contradiction::TaxIdsDiffer) => Some(DoubtReason::SameNameDifferentTaxIds),
            Some(_) => None,
            None if self.countries_differ => Some(DoubtReason::SameNameDifferentCountries),
            None => None,
        }
    }

    /// What makes it worth a look beside the master that was chosen.
    fn rivalry(&self) -> Option<DoubtReason> {
        if self.has(KeyKind::Name) && self.name_doubt().is_some() {
            return self.name_doubt();
        }
        let claims = self.has(KeyKind::Tax) || self.has(KeyKind::Name) || self.names_agree;
        (self.forbidden.is_none() && claims).then_some(DoubtReason::SeveralMasters)
    }
}

/// The masters among the candidates, each once, in the order of their ids.
fn views<'c>(record: &Customer, candidates: &'c [Candidate]) -> Vec<View<'c>> {
    let mut views: BTreeMap<MasterId, View<'c>> = BTreeMap::new();
    for candidate in candidates {
        let golden = &candidate.customer;
        let view = views.entry(candidate.master_id).or_insert_with(|| View {
            master_id: candidate.master_id,
            keys: BTreeSet::new(),
            forbidden: contradiction(record, golden),
            countries_differ: countries_differ(record, golden),
            cities_differ: cities_differ(record, golden),
            names_agree: names_agree(record, golden),
            same_brand: same_brand(record, golden),
            branch_is_uncertain: may_be_a_branch(record, golden) || may_be_a_branch(golden, record),
        });
        view.keys.extend(&candidate.matched);
    }
    views.into_values().collect()
}

fn existing(chosen: &View<'_>, views: &[View<'_>]) -> Decision {
    let rivals = views
        .iter()
        .filter(|view| view.master_id != chosen.master_id);
    Decision::Existing {
        master_id: chosen.master_id,
        evidence: chosen.keys.iter().map(|key| (*key).clone()).collect(),
        rivals: rivals
            .filter_map(|view| {
                let keys = view.keys.iter().map(|key| (*key).clone()).collect();
                Some(Rival {
                    master_id: view.master_id,
                    keys,
                    reason: view.rivalry()?,
                })
            })
            .collect(),
    }
}

fn ids(views: &[&View<'_>]) -> Vec<MasterId> {
    views.iter().map(|view| view.master_id).collect()
}

fn doubt(candidates: impl IntoIterator<Item = MasterId>, reason: DoubtReason) -> Decision {
    Decision::Doubt {
        candidates: candidates.into_iter().collect(),
        reason,
    }
}

fn countries_differ(one: &Customer, other: &Customer) -> bool {
    let countries = |customer: &Customer| -> BTreeSet<String> {
        customer
            .addresses
            .iter()
            .filter_map(|address| address.country.clone())
            .collect()
    };
    let (one, other) = (countries(one), countries(other));
    !one.is_empty() && !other.is_empty() && one.is_disjoint(&other)
}

/// Whether both say a city and none is the same.
fn cities_differ(one: &Customer, other: &Customer) -> bool {
    let cities = |customer: &Customer| -> BTreeSet<String> {
        let stated = customer
            .addresses
            .iter()
            .filter_map(|address| address.city.as_deref());
        let stated: BTreeSet<String> = stated.filter_map(name::place_name).collect();
        if !stated.is_empty() {
            return stated;
        }
        let names = customer.legal_name.iter().chain(&customer.short_name);
        names.filter_map(|text| name::parse(text).place).collect()
    };
    let (one, other) = (cities(one), cities(other));
    // 浙江宁波 and 宁波 are one city; one list may name the province, the other not.
    let meets = |city: &String| other.iter().any(|o| city.ends_with(o) || o.ends_with(city));
    !one.is_empty() && !other.is_empty() && !one.iter().any(meets)
}

/// Whether `part` does not say what it is and may be a branch of `whole`, or the other way round:
/// `whole` is a branch itself, or `part` names in brackets a place that `whole`'s name has not.
fn may_be_a_branch(part: &Customer, whole: &Customer) -> bool {
    if standing(part) != Standing::Unknown {
        return false;
    }
    if matches!(standing(whole), Standing::Branch(_)) {
        return true;
    }
    let called = part
        .legal_name
        .as_deref()
        .or(part.short_name.as_deref())
        .map(name::parse);
    let place = called
        .filter(|called| called.place_ends_it)
        .and_then(|called| called.place);
    match (place, legal_name(whole)) {
        (Some(place), Some(full)) => !full.normalised.contains(&place),
        _ => false,
    }
}

/// Whether names allow to believe a shared code: one side has no legal name, and what people call
/// it has the other's brand.
fn names_agree(one: &Customer, other: &Customer) -> bool {
    let short = |customer: &Customer| customer.short_name.as_deref().map(name::parse);
    match (legal_name(one), legal_name(other)) {
        (Some(_), Some(_)) => false,
        (Some(full), None) => short(other).is_some_and(|short| is_called(&full, &short)),
        (None, Some(full)) => short(one).is_some_and(|short| is_called(&full, &short)),
        (None, None) => match (short(one), short(other)) {
            (Some(one), Some(other)) => {
                one.normalised == other.normalised && is_called(&one, &other)
            }
            _ => false,
        },
    }
}

/// Whether `short` is what people call the company of the name `full`.
///
/// Chinese brands must be equal: 宏刚 is not 宏刚中. Of a Latin one whole words are enough.
fn is_called(full: &ParsedName, short: &ParsedName) -> bool {
    let says_enough = |text: &str| {
        let length = text.chars().count();
        // Two Latin letters stand in half of all names.
        if text.is_ascii() {
            length >= 3
        } else {
            length >= 2
        }
    };
    let has_words = |part: &str| part.is_ascii() && contains_words(&full.normalised, part);
    !short.is_placeholder
        && says_enough(&short.brand)
        && (short.brand == full.brand || has_words(&short.brand))
}

/// Whether `part` stands in `full` between whole words: `ark` is not in `market`.
fn contains_words(full: &str, part: &str) -> bool {
    full.match_indices(part).any(|(start, found)| {
        let before = full[..start].chars().next_back();
        let after = full[start + found.len()..].chars().next();
        let in_word =
            |neighbour: Option<char>| neighbour.is_some_and(|c| c.is_ascii_alphanumeric());
        !in_word(before) && !in_word(after)
    })
}

fn same_brand(one: &Customer, other: &Customer) -> bool {
    match (legal_name(one), legal_name(other)) {
        (Some(one), Some(other)) => {
            one.brand.chars().count() >= 2 && one.brand == other.brand && !one.is_placeholder
        }
        _ => false,
    }
}
