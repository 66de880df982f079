//! How orders stand: lists by pages, and sums beside them, over many orders.

use tenon_core::MasterId;
use tenon_core::money::Decimal;
use tenon_store::Commit;
use tenon_store::insight::{
    Activity, CustomerRow, First, Insight, Matter, MatterFilter, MonthRow, OrderPage, OrderRow,
    Projection, ReportFilter,
};
use uuid::Uuid;

use super::fixtures::{House, write};
use super::insight::catch_up;

const MATTERS: [Matter; 8] = [
    Matter::Matched,
    Matter::Open,
    Matter::Short,
    Matter::Unbilled,
    Matter::OverBilled,
    Matter::Overdue,
    Matter::Orphan,
    Matter::Mixed,
];

pub(super) const CUSTOMERS: u64 = 7;

pub(super) fn customer(number: u64) -> Uuid {
    Uuid::from_u64_pair(1, number)
}

/// One of the customers, who take so many days to pay or none of their own.
pub(super) fn owner(number: u64) -> CustomerRow {
    CustomerRow {
        id: customer(number),
        version: 1,
        code: Some(format!("K{number}")),
        name: None,
        kind: None,
        stage: None,
        grade: None,
        industry: Some(format!("trade/{}", number % 3)),
        source: None,
        owner: None,
        credit_days: (!number.is_multiple_of(3)).then_some(10 * number as i32),
        known_on: Some(number as i32),
        facts: String::new(),
    }
}

/// Orders of all kinds: days that nobody told and days that several share, whatever can be the matter.
pub(super) fn order(number: u64) -> OrderRow {
    let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
    let one_of = |shift: u32, of: u64| (mixed >> shift) % of;
    let day = |shift: u32| (one_of(shift, 5) > 0).then(|| 100 + one_of(shift + 3, 9) as i32 * 10);
    let amount = |shift: u32| one_of(shift, 3) as i64 * 10_000;
    let state = ["matched", "open", "cancelled", "orphan", "mixed"][one_of(0, 5) as usize];
    OrderRow {
        id: Uuid::from_u64_pair(mixed, number),
        party: customer(one_of(3, CUSTOMERS)),
        kind: ["order", "invoice"][usize::from(state == "orphan")].to_owned(),
        number: format!("SO-{}", number / 2),
        contract: (one_of(5, 2) == 0).then(|| format!("HT-{}", one_of(6, 5))),
        currency: ["CNY", "EUR"][one_of(9, 2) as usize].to_owned(),
        day: day(11),
        status: "confirmed".to_owned(),
        state: state.to_owned(),
        ordered: amount(15),
        shipped: amount(16),
        invoiced: amount(17),
        received: amount(18),
        short: amount(19),
        unbilled: amount(20),
        over_billed: amount(21),
        outstanding: amount(22),
        mixed: i32::from(state == "mixed"),
        short_on: day(23),
        unbilled_on: day(26),
        billed_on: day(29),
        settled_on: None,
        facts: "{}".to_owned(),
    }
}

/// All of a list, by pages of so many.
async fn listed(
    insight: &Insight,
    generation: i32,
    filter: &MatterFilter,
    limit: u32,
) -> Vec<OrderPage> {
    let mut all: Vec<OrderPage> = Vec::new();
    loop {
        let after = all.last().map(|last| (last.place, last.row.id));
        let page = insight.orders(generation, filter, after, limit).await;
        let page = page.unwrap();
        let ended = page.len() < limit as usize;
        all.extend(page);
        if ended {
            return all;
        }
    }
}

/// Whether an order stands so, by the rule in words.
fn stands(row: &OrderRow, matter: Matter, filter: &MatterFilter) -> bool {
    let late = |since: Option<i32>, days| since.is_some_and(|since| since + days < filter.today);
    let number = (0..CUSTOMERS).find(|number| customer(*number) == row.party);
    let own = number.and_then(|number| owner(number).credit_days);
    match matter {
        Matter::Matched => row.state == "matched",
        Matter::Open => row.state == "open",
        Matter::Orphan => row.state == "orphan",
        Matter::Mixed => row.state == "mixed",
        Matter::Short => row.short > 0 && late(row.short_on, filter.short_days),
        Matter::Unbilled => row.unbilled > 0 && late(row.unbilled_on, filter.billing_days),
        Matter::OverBilled => row.over_billed > 0,
        Matter::Overdue => {
            row.outstanding > 0 && late(row.billed_on, own.unwrap_or(filter.credit_days))
        }
    }
}

fn since(row: &OrderRow, matter: Option<Matter>) -> i32 {
    let since = match matter {
        Some(Matter::Short) => row.short_on,
        Some(Matter::Unbilled) => row.unbilled_on,
        Some(Matter::Overdue) => row.billed_on,
        _ => row.day,
    };
    since.unwrap_or(0)
}

pub(super) async fn orders_are_listed_by_pages_and_summed(house: &House) {
    let generation = catch_up(&house.store).await;
    let insight = house.store.insight();
    let orders: Vec<OrderRow> = (0..400).map(order).collect();
    let projection = Projection {
        customers: (0..CUSTOMERS).map(owner).collect(),
        orders: orders.clone(),
        ..Projection::default()
    };
    insight
        .project(generation, 0, 0, &projection)
        .await
        .unwrap();
    let today = MatterFilter {
        today: 170,
        credit_days: 20,
        short_days: 5,
        billing_days: 15,
        ..MatterFilter::default()
    };
    let mut compared = 0;
    for matter in MATTERS.map(Some).into_iter().chain([None]) {
        for (customer, text) in [
            (None, None),
            (Some(customer(4)), None),
            (None, Some("HT-1")),
            (None, Some("SO-7")),
            (Some(customer(5)), Some("HT-2")),
        ] {
            let filter = MatterFilter {
                matter,
                customer,
                text: text.map(str::to_owned),
                ..today.clone()
            };
            let fits = |row: &&OrderRow| {
                matter.is_none_or(|matter| stands(row, matter, &filter))
                    && customer.is_none_or(|customer| row.party == customer)
                    && text.is_none_or(|text| {
                        row.number == text || row.contract.as_deref() == Some(text)
                    })
            };
            let mut expected: Vec<&OrderRow> = orders.iter().filter(fits).collect();
            expected.sort_by_key(|row| (since(row, matter), row.id));
            if matter.is_none() {
                expected.reverse();
            }
            assert!(customer.is_some() || text.is_some() || expected.len() > 20);
            let found = listed(&insight, generation, &filter, 7).await;
            let found: Vec<&OrderRow> = found.iter().map(|page| &page.row).collect();
            assert_eq!(found, expected, "{filter:?}");

            // The same of one currency and of some days, by age and by what is at stake.
            let firsts = match matter.and_then(Matter::at_stake) {
                Some(_) => [First::Oldest, First::Youngest, First::Most].as_slice(),
                None => [First::Oldest, First::Youngest].as_slice(),
            };
            for first in firsts {
                let filter = MatterFilter {
                    currency: Some("CNY".to_owned()),
                    from: Some(110),
                    to: Some(150),
                    first: *first,
                    ..filter.clone()
                };
                let mut expected: Vec<&OrderRow> = expected
                    .iter()
                    .copied()
                    .filter(|row| {
                        row.currency == "CNY" && (110..=150).contains(&since(row, matter))
                    })
                    .collect();
                let place = |row: &OrderRow| match (first, matter) {
                    (First::Most, Some(Matter::Short)) => row.short,
                    (First::Most, Some(Matter::Unbilled)) => row.unbilled,
                    (First::Most, Some(Matter::OverBilled)) => row.over_billed,
                    (First::Most, _) => row.outstanding,
                    _ => since(row, matter).into(),
                };
                expected.sort_by_key(|row| (place(row), row.id));
                if *first != First::Oldest {
                    expected.reverse();
                }
                let found = listed(&insight, generation, &filter, 3).await;
                let found: Vec<&OrderRow> = found.iter().map(|page| &page.row).collect();
                assert_eq!(found, expected, "{filter:?}");
                compared += found.len();
            }
        }
    }
    assert!(compared > 300, "{compared}");
    let exceptions = insight.exceptions(generation, &today).await.unwrap();
    assert_eq!(exceptions.len(), 2);
    for sums in exceptions {
        let of = |matter: Matter, amount: fn(&OrderRow) -> i64| {
            let fits =
                |row: &&OrderRow| row.currency == sums.currency && stands(row, matter, &today);
            let rows: Vec<&OrderRow> = orders.iter().filter(fits).collect();
            let amount: i64 = rows.iter().map(|row| amount(row)).sum();
            (rows.len() as i64, Decimal::new(amount, 4).normalize())
        };
        let count = |matter| of(matter, |_| 0).0;
        assert_eq!(sums.matched, count(Matter::Matched));
        assert_eq!(sums.open, count(Matter::Open));
        assert_eq!(sums.mixed, count(Matter::Mixed));
        let short = (sums.short, sums.short_amount);
        assert_eq!(short, of(Matter::Short, |row| row.short));
        let unbilled = (sums.unbilled, sums.unbilled_amount);
        assert_eq!(unbilled, of(Matter::Unbilled, |row| row.unbilled));
        let over = (sums.over_billed, sums.over_billed_amount);
        assert_eq!(over, of(Matter::OverBilled, |row| row.over_billed));
        let overdue = (sums.overdue, sums.overdue_amount);
        assert_eq!(overdue, of(Matter::Overdue, |row| row.outstanding));
        let loose = |row: &OrderRow| match row.invoiced {
            0 => row.received,
            invoiced => invoiced,
        };
        let orphan = (sums.orphan, sums.orphan_amount);
        assert_eq!(orphan, of(Matter::Orphan, loose));
        let real = orders.iter().filter(|row| {
            row.currency == sums.currency && row.kind == "order" && row.state != "cancelled"
        });
        let ordered: i64 = real.map(|row| row.ordered).sum();
        assert_eq!(sums.ordered, Decimal::new(ordered, 4).normalize());
    }
}

pub(super) async fn months_count_customers_once(house: &House) {
    let generation = catch_up(&house.store).await;
    let insight = house.store.insight();
    let month = |number: u64, month: i32, currency: &str| MonthRow {
        party: customer(number),
        month,
        currency: currency.to_owned(),
        orders: 1,
        ordered: 10_000 * number as i64,
        ..MonthRow::default()
    };
    // Of the seven, 1 and 2 are 3, and 4 is 5; 3 bought nothing by itself in the second month, 5 never did.
    let mut projection = Projection {
        customers: (0..CUSTOMERS).map(owner).collect(),
        ..Projection::default()
    };
    for number in [1, 2, 3, 4, 6] {
        projection.months.push(month(number, 24_001, "CNY"));
    }
    for number in [1, 2, 4] {
        projection.months.push(month(number, 24_002, "CNY"));
    }
    projection.months.push(month(2, 24_002, "EUR"));
    insight
        .project(generation, 0, 0, &projection)
        .await
        .unwrap();
    let span = |from, to| ReportFilter { from, to };
    let count = async |filter| {
        let found = insight.months(generation, filter, None).await.unwrap();
        let shown = found.iter().map(|row| {
            format!(
                "{} {} {} {} {}",
                row.month, row.currency, row.customers, row.orders, row.ordered
            )
        });
        shown.collect::<Vec<_>>()
    };
    let all = span(24_000, 24_011);
    assert_eq!(
        count(all).await,
        ["24001 CNY 5 5 16", "24002 CNY 3 3 7", "24002 EUR 1 1 2"]
    );
    let into = |number: u64, survivor: u64| {
        let mut gone = write(MasterId(customer(number)), 1, None);
        gone.row.merged_into = Some(MasterId(customer(survivor)));
        gone
    };
    let merges = Commit {
        masters: vec![into(1, 2), into(2, 3), into(4, 5)],
        ..Commit::default()
    };
    house.store.commit(merges).await.unwrap();
    let merged = Projection {
        merged: true,
        ..Projection::default()
    };
    insight.project(generation, 0, 0, &merged).await.unwrap();
    assert_eq!(
        count(all).await,
        ["24001 CNY 3 5 16", "24002 CNY 2 3 7", "24002 EUR 1 1 2"]
    );
    assert_eq!(count(span(24_002, 24_002)).await.len(), 2);
    let (first, second) = (span(24_001, 24_001), span(24_002, 24_002));
    for (currency, active) in [("CNY", 2), ("EUR", 1), ("USD", 0)] {
        let activity = insight.activity(generation, first, second, currency);
        let (before, kept) = (3, 2);
        assert_eq!(
            activity.await.unwrap(),
            Activity {
                before,
                kept,
                active
            }
        );
    }
    let segments = insight.segments(generation, "industry", all).await.unwrap();
    let counted = segments.iter().map(|row| {
        let segment = row.segment.as_deref().unwrap_or_default();
        format!(
            "{segment} {} {} {}",
            row.currency, row.customers, row.ordered
        )
    });
    let mut counted: Vec<String> = counted.collect();
    counted.sort();
    assert_eq!(
        counted,
        ["trade/0 CNY 2 15", "trade/0 EUR 1 2", "trade/2 CNY 1 8"]
    );
}
