//! Whether records are one person: customers that are people, contacts, members.
//!
//! Simpler than companies: no groups, no branches. Each field that both records give is the same, one
//! slip or two apart, or different, and counts its bits; the sum and what was probable beforehand
//! decide. What is said of persons stays personal: nothing here is kept or told but field names.

use serde::{Deserialize, Serialize};
use tenon_core::text::{fold_latin, to_half_width};

use super::blocks::Blocks;
use super::fingerprint::{self, NONE};
use super::match_keys::MatchKey;

/// What a source system holds about a person, as it wrote it. Any field may be empty.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PersonRecord<'r> {
    /// The given name.
    pub given_name: &'r str,
    /// The family name.
    pub surname: &'r str,
    /// The day of birth, in any order of its parts that all records share.
    pub birth_date: &'r str,
    /// A number that the state gave: of an identity card, a passport, social security.
    pub national_id: &'r str,
    /// A telephone number.
    pub phone: &'r str,
    /// A mail address.
    pub email: &'r str,
    /// House number and street.
    pub street: &'r str,
    /// What else the address says: a house's name, a district.
    pub district: &'r str,
    /// The town.
    pub city: &'r str,
    /// The postal code.
    pub postcode: &'r str,
}

/// What is compared of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum PersonField {
    GivenName,
    Surname,
    BirthDate,
    NationalId,
    Phone,
    Email,
    HouseNumber,
    Street,
    District,
    City,
    Postcode,
}

/// How many fields there are.
const FIELDS: usize = PersonField::Postcode as usize + 1;

/// Field, what people call it; bits if it is the same, nearly the same, different.
const WEIGHTS: [(PersonField, &str, [f32; 3]); FIELDS] = [
    (PersonField::GivenName, "given name", [5.0, 3.0, -3.0]),
    (PersonField::Surname, "family name", [6.0, 4.0, -2.0]),
    (PersonField::BirthDate, "day of birth", [9.0, 4.5, -4.0]),
    (PersonField::NationalId, "national id", [12.0, 8.0, -5.0]),
    (PersonField::Phone, "phone", [9.0, 0.0, -0.5]),
    (PersonField::Email, "mailbox", [10.0, 0.0, -0.5]),
    (PersonField::HouseNumber, "house number", [3.0, 0.0, -1.0]),
    (PersonField::Street, "street", [6.0, 4.0, -1.0]),
    (PersonField::District, "district", [4.0, 3.0, -1.0]),
    (PersonField::City, "town", [4.0, 3.0, -1.0]),
    (PersonField::Postcode, "postal code", [4.0, 2.0, -1.0]),
];

/// The fields of an address, and what they count together at most: they show the household, and
/// families share it.
const ADDRESS: [PersonField; 5] = [
    PersonField::HouseNumber,
    PersonField::Street,
    PersonField::District,
    PersonField::City,
    PersonField::Postcode,
];
const ADDRESS_AT_MOST: f32 = 14.0;

/// Strangers are many, however few of them a file holds.
const STRANGERS_AT_LEAST: f32 = 10_000.0;

/// How a field of two records compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Likeness {
    /// Both give the same.
    Same,
    /// They are a slip or two of the keyboard apart.
    Near,
    /// They differ.
    Different,
}

/// One term of a person's score.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct PersonReason {
    /// The field.
    pub field: PersonField,
    /// How it compares.
    pub likeness: Likeness,
    /// What that counts, in bits.
    pub bits: f32,
}

impl PersonReason {
    /// In words, for a steward.
    pub fn describe(&self) -> String {
        let (_, name, _) = WEIGHTS[self.field as usize];
        match self.likeness {
            Likeness::Same => format!("the {name} is the same"),
            Likeness::Near => format!("the {name} is nearly the same"),
            Likeness::Different => format!("the {name} differs"),
        }
    }
}

/// A person made ready for comparing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonProfile([Box<str>; FIELDS]);

impl PersonProfile {
    /// Reads a record. Any text will do.
    pub fn of(record: &PersonRecord<'_>) -> Self {
        let street = words(record.street);
        let number_end = street
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(street.len());
        let (number, road) = street.split_at(number_end);
        Self(
            [
                words(record.given_name),
                words(record.surname),
                letters(record.birth_date),
                letters(record.national_id),
                letters(record.phone),
                record.email.trim().to_lowercase(),
                number.to_owned(),
                road.trim().to_owned(),
                words(record.district),
                words(record.city),
                letters(record.postcode),
            ]
            .map(String::into_boxed_str),
        )
    }

    fn get(&self, field: PersonField) -> &str {
        &self.0[field as usize]
    }
}

/// Letters and digits in lower case without accents, one blank between words.
fn words(text: &str) -> String {
    let kept: String = fold_latin(&to_half_width(text).to_lowercase())
        .chars()
        .take(200)
        .map(|c| if c.is_alphanumeric() { c } else { ' ' })
        .collect();
    kept.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn letters(text: &str) -> String {
    words(text).replace(' ', "")
}

/// How two values compare; nothing if one is not given.
fn compare(field: PersonField, one: &str, other: &str) -> Option<Likeness> {
    if one.is_empty() || other.is_empty() {
        return None;
    }
    if one == other {
        return Some(Likeness::Same);
    }
    let length = one.chars().count().max(other.chars().count());
    let slips = match field {
        // One figure more is another house, another phone.
        PersonField::HouseNumber | PersonField::Phone | PersonField::Email => 0,
        PersonField::BirthDate | PersonField::NationalId | PersonField::Postcode => 1,
        _ if length < 5 => 1,
        _ if length < 9 => 2,
        _ => 3,
    };
    let near = slips > 0 && strsim::osa_distance(one, other) <= slips
        || field == PersonField::BirthDate && is_turned(one, other);
    Some(if near {
        Likeness::Near
    } else {
        Likeness::Different
    })
}

/// Whether two days of birth have the same figures: day and month were exchanged.
fn is_turned(one: &str, other: &str) -> bool {
    let sorted = |text: &str| {
        let mut bytes = text.as_bytes().to_vec();
        bytes.sort_unstable();
        bytes
    };
    sorted(one) == sorted(other)
}

/// The reasons for and against two records being one person.
fn reasons(one: &PersonProfile, other: &PersonProfile) -> Vec<PersonReason> {
    use PersonField::{District, GivenName, Street, Surname};
    let straight = |field: PersonField| (field, one.get(field), other.get(field));
    let mut found: Vec<PersonReason> = Vec::with_capacity(FIELDS);
    let mut add = |pairs: &[(PersonField, &str, &str)]| {
        found.extend(pairs.iter().filter_map(|(field, one, other)| {
            let likeness = compare(*field, one, other)?;
            let bits = WEIGHTS[*field as usize].2[likeness as usize];
            Some(PersonReason {
                field: *field,
                likeness,
                bits,
            })
        }));
    };
    // Names and lines of an address are typed into each other's fields.
    for [first, second] in [[GivenName, Surname], [Street, District]] {
        let pairs = [straight(first), straight(second)];
        let turned = [
            (first, one.get(first), other.get(second)),
            (second, one.get(second), other.get(first)),
        ];
        if worth(&turned) > worth(&pairs) + TURNED_BITS {
            add(&turned);
        } else {
            add(&pairs);
        }
    }
    for (field, ..) in WEIGHTS {
        if ![GivenName, Surname, Street, District].contains(&field) {
            add(&[straight(field)]);
        }
    }
    found.sort_by(|one, other| other.bits.abs().total_cmp(&one.bits.abs()));
    found
}

/// The bits of all reasons, the address as one.
fn sum(reasons: &[PersonReason]) -> f32 {
    let of_address = |reason: &&PersonReason| ADDRESS.contains(&reason.field);
    let (address, rest): (Vec<&PersonReason>, Vec<&PersonReason>) =
        reasons.iter().partition(of_address);
    let bits = |reasons: Vec<&PersonReason>| reasons.iter().map(|it| it.bits).sum::<f32>();
    bits(address).min(ADDRESS_AT_MOST) + bits(rest)
}

/// By so many bits fields must fit better in each other's places to be taken as exchanged.
const TURNED_BITS: f32 = 1.0;

fn worth(pairs: &[(PersonField, &str, &str)]) -> f32 {
    let bits = |(field, one, other): &(PersonField, &str, &str)| {
        compare(*field, one, other).map_or(0.0, |likeness| {
            WEIGHTS[*field as usize].2[likeness as usize]
        })
    };
    pairs.iter().map(bits).sum()
}

/// From when on persons are one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PersonPolicy {
    /// Bits from which records are merged by machine.
    pub same_bits: f32,
    /// Bits from which a pair is put before a steward.
    pub review_bits: f32,
    /// Records under one key beyond which the key leads nowhere.
    pub crowd: usize,
}

impl Default for PersonPolicy {
    fn default() -> Self {
        Self {
            same_bits: 2.0,
            review_bits: 0.0,
            crowd: 80,
        }
    }
}

/// A pair that a steward should see.
#[derive(Debug, Clone, PartialEq)]
pub struct PersonSuggestion {
    /// The number of a record.
    pub one: u32,
    /// The number of a record of another cluster.
    pub other: u32,
    /// The logarithm of the odds to base 2.
    pub bits: f32,
    /// Its terms, the weightiest first; those of the address count fourteen bits at most.
    pub reasons: Vec<PersonReason>,
}

/// What many records of persons came to.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Persons {
    /// Of each record, the number of the first record of its cluster.
    pub cluster_of: Vec<u32>,
    /// The pairs that a steward should see, the surest first.
    pub review: Vec<PersonSuggestion>,
}

/// Clusters records of persons. The surest pair merges first; a cluster takes in only what is unlike
/// none of its members.
pub fn persons(profiles: &[PersonProfile], policy: &PersonPolicy) -> Persons {
    let prior = -0.7 - (profiles.len() as f32).max(STRANGERS_AT_LEAST).log2();
    let bits = |one: u32, other: u32| {
        prior + sum(&reasons(&profiles[one as usize], &profiles[other as usize]))
    };
    let add_keys = |record: usize, keys: &mut Vec<MatchKey>| add_keys(&profiles[record], keys);
    let blocks = Blocks::of_keys(profiles.len(), add_keys, policy.crowd);
    let mut likely: Vec<(f32, u32, u32)> = Vec::new();
    let mut candidates = Vec::new();
    for record in 0..profiles.len() {
        blocks.candidates(record, &mut candidates);
        let of_record = candidates.iter().map(|other| (record as u32, *other));
        let scored = of_record.map(|(one, other)| (bits(one, other), one, other));
        likely.extend(scored.filter(|(bits, ..)| *bits >= policy.review_bits));
    }
    likely.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    let mut cluster_of: Vec<u32> = (0..profiles.len() as u32).collect();
    let mut members: Vec<Vec<u32>> = cluster_of.iter().map(|record| vec![*record]).collect();
    let mut review = Vec::new();
    for (sure, one, other) in likely {
        let (mine, theirs) = (cluster_of[one as usize], cluster_of[other as usize]);
        if mine == theirs {
            continue;
        }
        let fits = members[mine as usize].iter().all(|a| {
            members[theirs as usize]
                .iter()
                .all(|b| bits(*a, *b) >= policy.review_bits)
        });
        if sure < policy.same_bits || !fits {
            review.push(PersonSuggestion {
                one,
                other,
                bits: sure,
                reasons: reasons(&profiles[one as usize], &profiles[other as usize]),
            });
            continue;
        }
        let (kept, gone) = (mine.min(theirs), mine.max(theirs));
        let moved = std::mem::take(&mut members[gone as usize]);
        for record in &moved {
            cluster_of[*record as usize] = kept;
        }
        members[kept as usize].extend(moved);
    }
    review.retain(|pair| cluster_of[pair.one as usize] != cluster_of[pair.other as usize]);
    Persons { cluster_of, review }
}

/// By what a person is looked up: a number, or two fields together.
fn add_keys(profile: &PersonProfile, keys: &mut Vec<MatchKey>) {
    use PersonField::{
        BirthDate, District, Email, GivenName, HouseNumber, NationalId, Phone, Postcode, Street,
        Surname,
    };
    let mut add = |tag: &str, parts: &[&str]| {
        if parts.iter().all(|part| !part.is_empty()) {
            let joined = parts.iter().fold(fingerprint::of(tag), |joined, part| {
                fingerprint::both(joined, fingerprint::of(part))
            });
            debug_assert_ne!(joined, NONE);
            keys.extend(MatchKey::narrow(joined));
        }
    };
    let get = |field| profile.get(field);
    let start = |text: &str| text.chars().take(3).collect::<String>();
    let id = get(NationalId);
    add("national id", &[id]);
    // One slip leaves one half whole.
    let middle = id.char_indices().nth(id.chars().count() / 2);
    let (front, back) = id.split_at(middle.map_or(0, |(middle, _)| middle));
    add("id front", &[front]);
    add("id back", &[back]);
    add("birth date", &[get(BirthDate)]);
    add("phone", &[get(Phone)]);
    add("mailbox", &[get(Email)]);
    let mut names = [get(GivenName), get(Surname)];
    names.sort_unstable();
    add("names", &names);
    for name in names {
        add("name there", &[&start(name), get(Postcode)]);
    }
    add("house", &[get(HouseNumber), get(Street)]);
    add("district", &[get(District), get(Postcode)]);
}
