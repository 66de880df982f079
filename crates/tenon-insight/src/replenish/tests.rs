//! How long stock lasts, and what follows.

use super::*;

fn today() -> Date {
    "2026-04-10".parse().unwrap()
}

/// A dealer that sold `sold` on `days` days, and has `available`, `coming` and a reorder point.
fn facts(sold: &str, days: i32, available: &str, coming: &str, point: Option<&str>) -> DealerStock {
    let number = |text: &str| ten_thousandths(text.parse().unwrap()).unwrap();
    DealerStock {
        dealer: Uuid::from_u128(7),
        dealer_code: Some("CKMY".to_owned()),
        dealer_name: Some("川可".to_owned()),
        item: Uuid::from_u128(8),
        item_code: Some("SH-300".to_owned()),
        available: number(available),
        in_transit: number(coming),
        reorder_point: point.map(number),
        counted_on: day_number(today()) - 1,
        sold: number(sold),
        days,
        ..DealerStock::default()
    }
}

/// How it stands with the defaults (7 days of delivery, 7 of safety, 14 of supply): average, days,
/// what is needed, and by which day of April.
fn check(facts: &DealerStock, standing: Standing, expected: &str) {
    let cover = cover(&Replenishment::default(), facts.clone(), today());
    assert_eq!(cover.standing, standing, "{cover:?}");
    let or_none = |value: Option<Decimal>| value.map_or("-".to_owned(), |value| value.to_string());
    let by = cover
        .needed_on
        .map_or("-".to_owned(), |on| on.to_string()[5..].to_owned());
    let told = format!(
        "{} {} {} {by}",
        or_none(cover.per_day),
        or_none(cover.days),
        cover.needed
    );
    assert_eq!(told, expected, "{cover:?}");
}

#[test]
fn stock_lasts_as_long_as_what_is_sold_says() {
    // Ten a day: 140 are the threshold of 14 days, 280 what should be there.
    check(
        &facts("280", 28, "140", "0", None),
        Standing::Enough,
        "10 14 0 -",
    );
    check(
        &facts("280", 28, "139.9999", "0", None),
        Standing::Cover,
        "10 13.9 141 04-16",
    );
    check(
        &facts("280", 28, "100", "40", None),
        Standing::Enough,
        "10 14 0 -",
    );
    check(
        &facts("280", 28, "60", "30", None),
        Standing::Cover,
        "10 9 190 04-12",
    );
    check(
        &facts("280", 28, "20", "0", None),
        Standing::Cover,
        "10 2 260 04-10",
    );
    // Days that were not reported do not make the average smaller.
    check(
        &facts("100", 10, "139", "0", None),
        Standing::Cover,
        "10 13.9 141 04-16",
    );
    // A third of a day is no third in decimals: what is needed is still exact, rounded up.
    check(
        &facts("10", 30, "4.6", "0", None),
        Standing::Cover,
        "0.3333 13.8 5 04-16",
    );
    check(
        &facts("10", 30, "4.6667", "0", None),
        Standing::Enough,
        "0.3333 14 0 -",
    );
    // Nothing sold: it lasts.
    check(&facts("0", 28, "5", "0", None), Standing::Enough, "0 - 0 -");
    check(
        &facts("-3", 28, "5", "0", None),
        Standing::Enough,
        "0 - 0 -",
    );
}

#[test]
fn a_reorder_point_is_heeded_with_and_without_sales() {
    check(
        &facts("28", 28, "40", "0", Some("50")),
        Standing::ReorderPoint,
        "1 40 24 05-13",
    );
    check(
        &facts("28", 28, "40", "10", Some("50")),
        Standing::Enough,
        "1 50 0 -",
    );
    // Too few days for an average: the reorder point alone.
    check(
        &facts("90", 3, "40", "0", Some("50")),
        Standing::ReorderPoint,
        "- - 10 04-17",
    );
    check(
        &facts("90", 3, "40", "0", None),
        Standing::Unknown,
        "- - 0 -",
    );
    check(
        &facts("280", 28, "0", "30", None),
        Standing::StockOut,
        "10 3 250 04-10",
    );
    // Nothing there, and enough on its way.
    check(
        &facts("280", 28, "0", "150", None),
        Standing::Enough,
        "10 15 0 -",
    );
    check(
        &facts("280", 28, "-5", "0", None),
        Standing::StockOut,
        "10 -0.5 285 04-10",
    );
}

#[test]
fn a_count_grows_old() {
    let old = |days: i32| DealerStock {
        counted_on: day_number(today()) - days,
        ..facts("280", 28, "20", "0", None)
    };
    check(&old(14), Standing::Cover, "10 2 260 04-10");
    check(&old(15), Standing::Stale, "10 2 0 -");
}

#[test]
fn different_units_are_not_added_up() {
    let mixed = DealerStock {
        mixed: true,
        ..facts("280", 28, "20", "0", Some("50"))
    };
    check(&mixed, Standing::Unknown, "- - 0 -");
}

#[test]
fn a_dealer_may_have_terms_of_its_own() {
    let policy: Replenishment = Replenishment {
        multiple: Decimal::from(24),
        dealers: [(
            "CKMY".to_owned(),
            crate::policy::DealerTerms {
                lead_days: Some(30),
                safety_days: None,
            },
        )]
        .into(),
        ..Replenishment::default()
    };
    let found = cover(&policy, facts("280", 28, "300", "0", None), today());
    assert_eq!(found.standing, Standing::Cover);
    // 37 + 14 days are 510; 210 are 9 boxes of 24.
    assert_eq!(found.needed, Decimal::from(216));
}

#[test]
fn a_demand_is_sent_once_for_each_time() {
    let policy = Replenishment::default();
    let scarce = cover(&policy, facts("280", 28, "20", "0", None), today());
    let first = demand(&policy, &scarce, &[], today()).unwrap();
    assert_eq!((first.occurrence, units(first.quantity)), (1, 260.into()));
    let later = |day: &str, before: &[Demand]| {
        demand(&policy, &scarce, before, day.parse().unwrap()).map(|demand| demand.occurrence)
    };
    assert_eq!(later("2026-04-11", std::slice::from_ref(&first)), None);
    assert_eq!(later("2026-05-09", std::slice::from_ref(&first)), None);
    // It still stands so when goods should have come long ago.
    assert_eq!(later("2026-05-10", std::slice::from_ref(&first)), Some(2));
    let ended = Demand {
        ended_on: Some(day_number(today())),
        ..first
    };
    assert_eq!(later("2026-04-11", &[ended]), Some(2));
    let unknown = DealerStock {
        item_code: None,
        ..facts("280", 28, "20", "0", None)
    };
    let unknown = cover(&policy, unknown, today());
    assert_eq!(demand(&policy, &unknown, &[], today()), None);
    // A little more than the threshold does not end it.
    let over =
        |available: &str| cover(&policy, facts("280", 28, available, "0", None), today()).over;
    assert!(!over("149.9") && over("150"));
}

#[test]
fn a_demand_says_why() {
    let policy = Replenishment::default();
    let scarce = cover(&policy, facts("280", 28, "60", "30", Some("100")), today());
    let demand = demand(&policy, &scarce, &[], today()).unwrap();
    let told = requisition(&policy, &scarce, &demand, Timestamp::UNIX_EPOCH);
    assert_eq!(
        told.reason.as_deref(),
        Some(
            "川可 has 60 of SH-300, and 30 on the way; it sells 10 a day: enough for 9 days; \
             its reorder point is 100"
        )
    );
    assert_eq!(told.lines[0].quantity.to_string(), "190");
}
