//! Records of persons: slips, exchanged fields, the labelled extract.

use super::*;

/// Persons made up for regression tests of record linkage, each twice.
const EXTRACT: &str = include_str!("../../../../data/febrl4_extract.csv");

/// `given name, family name, day of birth, national id, street, town, postal code`.
fn person(line: &str) -> PersonProfile {
    let fields: Vec<&str> = line.split('|').map(str::trim).collect();
    let field = |index: usize| fields.get(index).copied().unwrap_or_default();
    PersonProfile::of(&PersonRecord {
        given_name: field(0),
        surname: field(1),
        birth_date: field(2),
        national_id: field(3),
        street: field(4),
        city: field(5),
        postcode: field(6),
        ..PersonRecord::default()
    })
}

fn clusters(lines: &[&str]) -> Vec<u32> {
    let profiles: Vec<PersonProfile> = lines.iter().map(|line| person(line)).collect();
    persons(&profiles, &PersonPolicy::default()).cluster_of
}

#[test]
fn slips_do_not_part_a_person() {
    let check =
        |one: &str, other: &str| assert_eq!(clusters(&[one, other]), [0, 0], "{one}\n{other}");
    check(
        "Elton|Carver|1965-10-13|1551941|3 Light Street|Windermere|3212",
        "elton|carvr|19651013|1551941|||",
    );
    // Day and month, given and family name exchanged.
    check(
        "Elton|Carver|1965-10-12|1551941|||",
        "Carver|Elton|1965-12-10|1551941|||",
    );
    check(
        "Jürgen|Krämer|1965-10-13||3 Light Street|Windermere|3212",
        "Juergen|Kraemer|1965-10-13||3 light setreet|windermere|3221",
    );
}

#[test]
fn relatives_are_two_persons() {
    let family = "3 Light Street|Windermere|3212";
    let one = format!("Elton|Carver|1965-10-13|1551941|{family}");
    let other = format!("Marian|Carver|1967-02-27|8859902|{family}");
    assert_eq!(clusters(&[&one, &other]), [0, 1]);
    assert_eq!(clusters(&["|||||||", "|||||||"]), [0, 1]);
}

#[test]
fn reasons_are_told_without_what_is_personal() {
    let lines = ["Elton|Carver|1965-10-13||||", "Elton|Carver|1965-10-31||||"];
    let profiles: Vec<PersonProfile> = lines.iter().map(|line| person(line)).collect();
    let policy = PersonPolicy {
        same_bits: 1_000.0,
        ..PersonPolicy::default()
    };
    let review = persons(&profiles, &policy).review;
    let told: Vec<String> = review[0]
        .reasons
        .iter()
        .map(PersonReason::describe)
        .collect();
    let expected = [
        "the family name is the same",
        "the given name is the same",
        "the day of birth is nearly the same",
    ];
    assert_eq!(told, expected);
}

#[test]
fn the_extract_is_linked() {
    let lines: Vec<&str> = EXTRACT
        .lines()
        .filter(|line| !line.starts_with('#'))
        .collect();
    let mut truth = Vec::new();
    let profiles: Vec<PersonProfile> = lines
        .iter()
        .map(|line| {
            let fields: Vec<&str> = line.split(',').collect();
            let &[
                person,
                given,
                surname,
                number,
                street,
                district,
                town,
                postcode,
                _,
                birth,
                id,
            ] = fields.as_slice()
            else {
                panic!("eleven fields: {line}")
            };
            truth.push(person);
            PersonProfile::of(&PersonRecord {
                given_name: given,
                surname,
                birth_date: birth,
                national_id: id,
                street: &format!("{number} {street}"),
                district,
                city: town,
                postcode,
                ..PersonRecord::default()
            })
        })
        .collect();
    let found = persons(&profiles, &PersonPolicy::default()).cluster_of;
    let pairs = |together: &dyn Fn(usize, usize) -> bool| {
        let all =
            (0..truth.len()).flat_map(|one| (one + 1..truth.len()).map(move |other| (one, other)));
        all.filter(|(one, other)| together(*one, *other)).count() as f64
    };
    let true_pairs = pairs(&|one, other| truth[one] == truth[other]);
    let found_pairs = pairs(&|one, other| found[one] == found[other]);
    let right = pairs(&|one, other| truth[one] == truth[other] && found[one] == found[other]);
    assert_eq!(true_pairs, 150.0);
    let f1 = 2.0 * right / (true_pairs + found_pairs);
    assert!(f1 >= 0.999, "{f1}");
}
