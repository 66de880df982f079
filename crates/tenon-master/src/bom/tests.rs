//! Design bills and what becomes of them.

use std::collections::HashMap;

use serde_json::json;

use super::*;

/// Bills by what they make, and the units that stocks are kept in.
#[derive(Default)]
struct House {
    bills: HashMap<String, Bom>,
    units: HashMap<String, String>,
}

impl Released for House {
    fn bill_of(&self, phantom: &Component) -> Result<&Bom, String> {
        let bill = self.bills.get(&called(&phantom.item));
        bill.ok_or_else(|| "no bill".to_owned())
    }

    fn stocks_of(&self, component: &Component) -> Vec<Stock> {
        let code = called(&component.item);
        let unit = self.units.get(&code).cloned();
        let stock = unit.map(|unit| Stock {
            system: "erp".to_owned(),
            code,
            unit,
        });
        stock.into_iter().collect()
    }
}

/// Lines as `quantity unit item`, a phantom with `!`, what is lost behind `%`.
fn bom(item: &str, base: &str, lines: &[&str]) -> Bom {
    let components = (1..).zip(lines).map(|(number, line)| {
        let (line, scrap) = line.split_once('%').unwrap_or((line, ""));
        let words: Vec<&str> = line.split_whitespace().collect();
        let mut component = json!({
            "position": number, "quantity": words[0], "unit": words[1],
            "item": { "system": "pdm", "native_id": words[2].trim_end_matches('!') },
            "phantom": words[2].ends_with('!'),
        });
        if !scrap.is_empty() {
            component["scrap_rate"] = json!(scrap);
        }
        component
    });
    let bom = json!({
        "number": format!("B-{item}"), "item": { "system": "pdm", "native_id": item },
        "kind": "design", "status": "released", "quantity": base,
        "components": components.collect::<Vec<_>>(),
    });
    serde_json::from_value(bom).unwrap()
}

fn shown(bom: &Bom) -> Vec<String> {
    let lines = bom.components.iter().map(|line| {
        let scrap = line.scrap_rate.map(|rate| format!(" %{rate}"));
        format!(
            "{} {} {} {}{}",
            line.position,
            line.quantity,
            line.unit.as_deref().unwrap_or_default(),
            called(&line.item),
            scrap.unwrap_or_default()
        )
    });
    lines.collect()
}

fn policy(text: serde_json::Value) -> BomPolicy {
    serde_json::from_value(text).unwrap()
}

fn rules() -> BomPolicy {
    policy(json!({ "manufacturing": true }))
}

#[test]
fn phantoms_give_way_to_what_they_are_made_of() {
    let mut house = House::default();
    let head = bom(
        "HEAD",
        "2",
        &["3 pcs BLADE%0.1", "0.5 m WIRE", "1 pcs CAP!"],
    );
    house.bills.insert("HEAD".to_owned(), head);
    house
        .bills
        .insert("CAP".to_owned(), bom("CAP", "1", &["0.004 kg PA66"]));
    let design = bom("SH", "1", &["1 pcs BODY", "3 pcs HEAD!%0.2", "2 pcs SCREW"]);
    let made = manufacture(&design, &rules(), &house).unwrap();
    assert_eq!(made.kind, BomKind::Manufacturing);
    assert_eq!(made.quantity, Decimal::ONE);
    assert_eq!(
        shown(&made),
        [
            "10 1 pcs BODY",
            "20 4.5 pcs BLADE %0.28",
            "30 0.75 m WIRE %0.2",
            "40 0.006 kg PA66 %0.2",
            "50 2 pcs SCREW",
        ]
    );
    let kept = policy(json!({ "manufacturing": true, "phantoms": "keep" }));
    let made = manufacture(&design, &kept, &house).unwrap();
    assert_eq!(made.components, design.components);
}

#[test]
fn an_endless_fraction_is_told_for_more_pieces() {
    let mut house = House::default();
    house.bills.insert(
        "HEAD".to_owned(),
        bom("HEAD", "3", &["1 pcs BLADE", "7 pcs PIN"]),
    );
    let design = bom("SH", "1", &["2 pcs HEAD!", "1 pcs BODY"]);
    let made = manufacture(&design, &rules(), &house).unwrap();
    assert_eq!(made.quantity, Decimal::from(3));
    assert_eq!(
        shown(&made),
        ["10 2 pcs BLADE", "20 14 pcs PIN", "30 3 pcs BODY"]
    );
}

#[test]
fn a_phantom_without_a_bill_or_without_an_end_is_refused() {
    let mut house = House::default();
    let design = bom("SH", "1", &["2 pcs HEAD!"]);
    let problem = manufacture(&design, &rules(), &house).unwrap_err();
    assert_eq!(problem.code(), "bom.phantom");
    assert_eq!(problem.to_string(), "line 1: no bill");
    house
        .bills
        .insert("HEAD".to_owned(), bom("HEAD", "1", &["1 pcs HEAD!"]));
    let problem = manufacture(&design, &rules(), &house).unwrap_err();
    assert!(problem.to_string().contains("32 deep"), "{problem}");
}

#[test]
fn a_cut_length_is_told_in_bars() {
    let house = House {
        units: [("AL-6".to_owned(), "根".to_owned())].into(),
        ..House::default()
    };
    let rules = policy(json!({
        "manufacturing": true,
        "cuts": [
            { "unit": "根", "length": "4 m", "code": "ST-" },
            { "unit": "根", "length": "6m", "scrap_rate": "0.02" },
        ],
    }));
    let check = |line: &str, expected: &str| {
        let design = bom("SH", "1", &[line]);
        check_units(&design, &rules, &house).unwrap();
        let made = manufacture(&design, &rules, &house).unwrap();
        assert_eq!(shown(&made), [expected], "{line}");
    };
    check("1500 mm AL-6", "1 0.25 根 AL-6 %0.02");
    check("1 m AL-6%0.1", "1 0.166667 根 AL-6 %0.1");
    check("2 根 AL-6", "1 2 根 AL-6");
    let problem = |line: &str, rules: &BomPolicy| {
        let design = bom("SH", "1", &[line]);
        check_units(&design, rules, &house).unwrap_err()
    };
    assert_eq!(problem("1 kg AL-6", &rules).code(), "bom.unit");
    let told = problem("1 m AL-6", &BomPolicy::default()).to_string();
    let expected = "line 1 counts AL-6 in m, and erp counts it in 根";
    assert!(told.starts_with(expected), "{told}");
    let kept = policy(json!({ "units": "keep" }));
    let design = bom("SH", "1", &["1 kg AL-6"]);
    assert_eq!(check_units(&design, &kept, &house), Ok(()));
}

#[test]
fn substitutes_are_kept_or_dropped() {
    let mut design = bom("SH", "1", &["1 pcs A"]);
    let other = design.item.clone();
    design.components[0].substitutes.push(other);
    let kept = manufacture(&design, &rules(), &House::default()).unwrap();
    assert_eq!(kept.components, design.components);
    let drop = policy(json!({ "manufacturing": true, "substitutes": "drop" }));
    let dropped = manufacture(&design, &drop, &House::default()).unwrap();
    assert!(dropped.components[0].substitutes.is_empty());
}

#[test]
fn what_is_no_length_is_said() {
    for text in ["6", "m", "0 m", "6 kg", "-1 m", "six m"] {
        assert!(text.parse::<Length>().is_err(), "{text}");
    }
    assert!("6.5毫米".parse::<Length>().is_ok());
}
