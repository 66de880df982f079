//! Lists of customers and of documents: whole, in order, and the same that reports count.

use std::collections::{BTreeMap, BTreeSet};

use tenon_core::MasterId;
use tenon_core::money::Decimal;
use tenon_store::Commit;
use tenon_store::insight::{
    CustomerFilter, CustomerKey, CustomerRow, CustomerSort, DocumentRow, Insight, ItemRow, Listed,
    MonthRow, PaperFilter, ProductRow, Projection, ReportFilter, Scored,
};
use uuid::Uuid;

use super::fixtures::{House, write};
use super::insight::catch_up;

/// So many that most of them are not few.
const CUSTOMERS: u64 = 5_600;
const FIRST: i32 = 24_000;

fn id(number: u64) -> Uuid {
    Uuid::from_u64_pair(number.wrapping_mul(0x9e37_79b9_7f4a_7c15), number)
}

fn one_of(number: u64, among: &[Option<&str>]) -> Option<String> {
    among[(number % among.len() as u64) as usize].map(str::to_owned)
}

/// Of them nearly all have one owner; few are of the others, or of nobody.
fn customer(number: u64) -> CustomerRow {
    CustomerRow {
        id: id(number),
        version: 1,
        code: Some(format!("K{number}")),
        name: (!number.is_multiple_of(11)).then(|| format!("公司 {}/{}", number % 40, number % 3)),
        kind: one_of(number, &[Some("customer"), Some("prospect")]),
        stage: None,
        grade: one_of(number, &[None, Some("ordinary"), Some("diamond")]),
        industry: one_of(number, &[Some("retail"), Some("retail/online"), None]),
        source: one_of(
            number / 7,
            &[Some("exhibition"), Some("exhibition/canton-fair")],
        ),
        owner: match number % 100 {
            0 => None,
            1 => Some("li".to_owned()),
            _ => Some("wang".to_owned()),
        },
        credit_days: None,
        known_on: Some(20_000 + (number % 50) as i32),
        facts: String::new(),
    }
}

fn scored(number: u64) -> Scored {
    Scored {
        id: id(number),
        scored_on: 20_100,
        score: (number % 101) as i32,
        proposed: None,
        parts: "[]".to_owned(),
        sales: if number.is_multiple_of(5) {
            0
        } else {
            (number % 17) as i64 * 10_000
        },
        first_order: (!number.is_multiple_of(4)).then_some(FIRST + (number % 3) as i32),
        last_order: (!number.is_multiple_of(4)).then_some(20_000 + (number % 200) as i32),
    }
}

/// What it bought in a month: one in seven bought nothing, one in ten in another currency too.
fn months(number: u64) -> Vec<MonthRow> {
    let month = |month: i32, currency: &str| MonthRow {
        party: id(number),
        month,
        currency: currency.to_owned(),
        orders: 1,
        ordered: 10_000 + number as i64,
        invoiced: 20_000 + number as i64,
        ..MonthRow::default()
    };
    let mut months = Vec::new();
    if !number.is_multiple_of(7) {
        months.push(month(FIRST + (number % 3) as i32, "CNY"));
        months.push(month(FIRST + 6, "CNY"));
    }
    if number.is_multiple_of(10) {
        months.push(month(FIRST, "EUR"));
    }
    months
}

fn bought(number: u64) -> Option<ProductRow> {
    number.is_multiple_of(3).then(|| ProductRow {
        party: id(number),
        item: id(u64::MAX),
        month: FIRST + (number % 6) as i32,
        currency: "CNY".to_owned(),
        quantity: 10_000,
        amount: 30_000,
    })
}

async fn company(house: &House) -> (Insight, i32) {
    let generation = catch_up(&house.store).await;
    let insight = house.store.insight();
    let projection = Projection {
        customers: (0..CUSTOMERS).map(customer).collect(),
        months: (0..CUSTOMERS).flat_map(months).collect(),
        products: (0..CUSTOMERS).filter_map(bought).collect(),
        items: vec![ItemRow {
            id: id(u64::MAX),
            stamp: String::new(),
            code: "SH-1".to_owned(),
            name: "a shaver".to_owned(),
            cost: None,
            currency: None,
        }],
        ..Projection::default()
    };
    insight
        .project(generation, 0, 0, &projection)
        .await
        .unwrap();
    let scores: Vec<Scored> = (0..CUSTOMERS).map(scored).collect();
    insight.keep_scores(generation, &scores).await.unwrap();
    (insight, generation)
}

async fn all(
    insight: &Insight,
    generation: i32,
    filter: &CustomerFilter,
    sort: CustomerSort,
    limit: u32,
) -> Vec<Listed> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = insight.customers(generation, filter, sort, after, limit);
        let page = page.await.unwrap();
        assert!(page.customers.len() <= limit as usize);
        found.extend(page.customers);
        after = page.next;
        if after.is_none() {
            return found;
        }
    }
}

fn said(by: &str, values: Option<&[&str]>) -> CustomerFilter {
    let values = values.map(|values| values.iter().map(|value| (*value).to_owned()).collect());
    CustomerFilter {
        said: [(by.to_owned(), values)].into(),
        currency: "CNY".to_owned(),
        ..CustomerFilter::default()
    }
}

pub(super) async fn customers_are_listed_whole_and_in_order(house: &House) {
    let (insight, generation) = company(house).await;
    let some: Vec<Uuid> = (0..CUSTOMERS).step_by(91).map(id).collect();
    let span = |from: i32, to: i32| {
        Some(ReportFilter {
            from: FIRST + from,
            to: FIRST + to,
        })
    };
    type Fits = fn(u64) -> bool;
    let cases: Vec<(CustomerFilter, Fits)> = vec![
        (CustomerFilter::default(), |_| true),
        (said("owner", Some(&["li"])), |number| number % 100 == 1),
        (said("owner", Some(&["wang"])), |number| number % 100 > 1),
        (said("owner", None), |number| number.is_multiple_of(100)),
        (said("owner", Some(&[])), |_| false),
        (said("kind", Some(&["prospect"])), |number| number % 2 == 1),
        (
            said("industry", Some(&["retail", "retail/online"])),
            |number| number % 3 < 2,
        ),
        (
            CustomerFilter {
                known: Some((20_010, 20_011)),
                ..said("grade", Some(&["diamond"]))
            },
            |number| number % 3 == 2 && (10..=11).contains(&(number % 50)),
        ),
        (
            CustomerFilter {
                last_to: Some(20_020),
                ..said("owner", Some(&["wang"]))
            },
            |number| number % 100 > 1 && number % 4 > 0 && number % 200 <= 20,
        ),
        (
            CustomerFilter {
                last_from: Some(20_150),
                ..CustomerFilter::default()
            },
            |number| number % 4 > 0 && number % 200 >= 150,
        ),
        (
            CustomerFilter {
                active: span(0, 2),
                ..said("owner", Some(&["wang"]))
            },
            |number| number % 100 > 1 && number % 7 > 0,
        ),
        (
            CustomerFilter {
                active: span(0, 0),
                currency: "EUR".to_owned(),
                ..CustomerFilter::default()
            },
            |number| number.is_multiple_of(10),
        ),
        (
            CustomerFilter {
                begun: span(1, 1),
                currency: "CNY".to_owned(),
                ..CustomerFilter::default()
            },
            |number| number % 4 > 0 && number % 3 == 1 && number % 7 > 0,
        ),
        (
            CustomerFilter {
                active: span(0, 2),
                item: Some(id(u64::MAX)),
                currency: "CNY".to_owned(),
                ..CustomerFilter::default()
            },
            |number| number.is_multiple_of(6),
        ),
        (
            CustomerFilter {
                ids: Some(some.clone()),
                ..said("owner", Some(&["wang"]))
            },
            |number| number % 100 > 1 && number.is_multiple_of(91),
        ),
    ];
    for (filter, fits) in cases {
        let expected: BTreeSet<Uuid> = (0..CUSTOMERS).filter(|it| fits(*it)).map(id).collect();
        for (by, falling) in [
            (CustomerKey::Name, false),
            (CustomerKey::Sales, true),
            (CustomerKey::LastOrder, false),
            (CustomerKey::Score, true),
        ] {
            let sort = CustomerSort { by, falling };
            let found = all(&insight, generation, &filter, sort, 600).await;
            let ids: BTreeSet<Uuid> = found.iter().map(|found| found.grading.id).collect();
            assert_eq!(ids.len(), found.len(), "twice: {filter:?} {sort:?}");
            let (listed, fit) = (ids.len(), expected.len());
            assert!(ids == expected, "{listed} of {fit}: {filter:?} {sort:?}");
            let number = |listed: &Listed| match by {
                // How texts are put in order is the database's business.
                CustomerKey::Name => None,
                CustomerKey::Sales => listed.sales,
                CustomerKey::LastOrder => Some(listed.last_order.unwrap_or_default().into()),
                CustomerKey::Score => listed.grading.score.map(i64::from),
            };
            let numbers = found.iter().filter_map(number);
            assert!(
                match falling {
                    true => numbers.is_sorted_by(|one, next| one >= next),
                    false => numbers.is_sorted(),
                },
                "{filter:?} {sort:?}"
            );
        }
    }
    let values = insight.said(generation, "industry").await.unwrap();
    assert_eq!(values, ["retail", "retail/online"]);
    let items = insight.items_called(generation, "SH-1").await.unwrap();
    assert_eq!(items, [id(u64::MAX)]);
    insight.said(generation, "colour").await.unwrap_err();
}

pub(super) async fn what_reports_count_is_listed(house: &House) {
    let (insight, generation) = company(house).await;
    // Some are one customer with the next, whatever both were said to be.
    let into = |number: u64| {
        let mut gone = write(MasterId(id(number)), 1, None);
        gone.row.merged_into = Some(MasterId(id(number + 1)));
        gone
    };
    let merges = Commit {
        masters: (0..CUSTOMERS - 1).step_by(50).map(into).collect(),
        ..Commit::default()
    };
    house.store.commit(merges).await.unwrap();
    let merged = Projection {
        merged: true,
        ..Projection::default()
    };
    insight.project(generation, 0, 0, &merged).await.unwrap();
    let year = ReportFilter {
        from: FIRST,
        to: FIRST + 11,
    };
    let sort = CustomerSort {
        by: CustomerKey::Sales,
        falling: true,
    };
    for by in ["industry", "source", "owner", "grade", "stage", "kind"] {
        for row in insight.segments(generation, by, year).await.unwrap() {
            let values = row.segment.as_deref().map(|segment| vec![segment]);
            let filter = CustomerFilter {
                active: Some(year),
                currency: row.currency.clone(),
                ..said(by, values.as_deref())
            };
            let found = all(&insight, generation, &filter, sort, 200).await;
            let sum = |of: fn(&Listed) -> Decimal| found.iter().map(of).sum::<Decimal>();
            assert_eq!(
                (
                    found.len() as i64,
                    sum(|found| found.bought.clone().unwrap().invoiced)
                ),
                (row.customers, row.invoiced),
                "{by} {row:?}"
            );
            assert_eq!(
                sum(|found| found.bought.clone().unwrap().ordered),
                row.ordered
            );
        }
    }
    for row in insight.months(generation, year, None).await.unwrap() {
        let month = ReportFilter {
            from: row.month,
            to: row.month,
        };
        let filter = CustomerFilter {
            active: Some(month),
            currency: row.currency.clone(),
            ..CustomerFilter::default()
        };
        let found = all(&insight, generation, &filter, sort, 200).await;
        assert_eq!(found.len() as i64, row.customers, "{row:?}");
    }
    let products = insight.products(generation, year, None).await.unwrap();
    let filter = CustomerFilter {
        active: Some(year),
        item: products[0].item,
        currency: "CNY".to_owned(),
        ..CustomerFilter::default()
    };
    let found = all(&insight, generation, &filter, sort, 200).await;
    let bought = found.iter().map(|found| found.bought.clone().unwrap());
    let (amount, quantity) = bought.fold((Decimal::ZERO, Decimal::ZERO), |sums, bought| {
        (sums.0 + bought.ordered, sums.1 + bought.quantity)
    });
    assert_eq!(
        (amount, quantity),
        (products[0].amount, products[0].quantity)
    );
    let graded: BTreeMap<Option<String>, i64> = insight
        .grades(generation)
        .await
        .unwrap()
        .into_iter()
        .map(|row| (row.grade, row.customers))
        .collect();
    for (grade, customers) in graded {
        let values = grade.as_deref().map(|grade| vec![grade]);
        let filter = said("grade", values.as_deref());
        let found = all(&insight, generation, &filter, sort, 200).await;
        assert_eq!(found.len() as i64, customers, "{grade:?}");
    }
}

pub(super) async fn documents_are_listed_to_the_end(house: &House) {
    let (insight, generation) = company(house).await;
    let stages = ["met", "quoted", "paid"];
    let document = |number: u64| {
        let entity = ["order", "opportunity", "case"][(number % 3) as usize];
        DocumentRow {
            id: id(100_000 + number),
            entity: entity.to_owned(),
            stamp: "1".to_owned(),
            position: 0,
            party: id(number % 4),
            number: format!("D-{number}"),
            day: (!number.is_multiple_of(20)).then_some(20_000 + (number % 13) as i32),
            status: stages[(number / 3 % 3) as usize].to_owned(),
            outcome: (number % 2 == 1).then(|| "won".to_owned()),
            owner: None,
            source: None,
            currency: Some("CNY".to_owned()),
            amount: Some(10_000),
            score: None,
            facts: "{}".to_owned(),
        }
    };
    let documents: Vec<DocumentRow> = (0..300).map(document).collect();
    let projection = Projection {
        documents: documents.clone(),
        ..Projection::default()
    };
    insight
        .project(generation, 0, 0, &projection)
        .await
        .unwrap();
    let filter = |entity: &str| PaperFilter {
        entity: entity.to_owned(),
        ..PaperFilter::default()
    };
    for filter in [
        PaperFilter {
            customer: Some(id(2)),
            ..filter("order")
        },
        PaperFilter {
            customer: Some(id(1)),
            statuses: vec!["met".to_owned(), "paid".to_owned()],
            ..filter("case")
        },
        PaperFilter {
            from: Some(20_003),
            to: Some(20_009),
            ..filter("opportunity")
        },
        PaperFilter {
            statuses: vec!["quoted".to_owned()],
            from: Some(0),
            ..filter("opportunity")
        },
        PaperFilter {
            outcome: Some("won".to_owned()),
            to: Some(20_009),
            ..filter("case")
        },
    ] {
        let fits = |row: &&DocumentRow| {
            let day = row.day.or(filter.customer.map(|_| 0));
            row.entity == filter.entity
                && filter.customer.is_none_or(|customer| row.party == customer)
                && (filter.statuses.is_empty() || filter.statuses.contains(&row.status))
                && (filter.outcome.is_none() || row.outcome == filter.outcome)
                && day.is_some_and(|day| {
                    filter.from.is_none_or(|from| day >= from)
                        && filter.to.is_none_or(|to| day <= to)
                })
        };
        let mut expected: Vec<&DocumentRow> = documents.iter().filter(fits).collect();
        expected.sort_by_key(|row| std::cmp::Reverse((row.day.unwrap_or(0), row.id)));
        let mut found: Vec<tenon_store::insight::Paper> = Vec::new();
        loop {
            let after = found
                .last()
                .map(|last| (last.row.day.unwrap_or(0), last.row.id));
            let page = insight.papers(generation, &filter, after, 7).await.unwrap();
            let ended = page.len() < 7;
            found.extend(page);
            if ended {
                break;
            }
        }
        let ids: Vec<Uuid> = found.iter().map(|paper| paper.row.id).collect();
        let expected: Vec<Uuid> = expected.iter().map(|row| row.id).collect();
        assert!(expected.len() > 7, "{filter:?}");
        assert_eq!(ids, expected, "{filter:?}");
        assert!(
            found
                .iter()
                .all(|paper| paper.customer == Some(paper.row.party))
        );
    }
}
