//! The reports: each asks the tables of the live generation and folds what they say.
//!
//! What every column means is written in `docs/insight.md`.

mod cohorts;
mod costs;
mod cover;
mod reconciled;
mod scorecard;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;
use tenon_core::money::Decimal;
use tenon_store::insight::{MatterFilter, ReportFilter};
use tenon_store::{Insight, StoreError};
use uuid::Uuid;

use crate::days::{day_number, day_of, month_number, month_of};
use crate::policy::Policy;
use crate::table::{Kind, Table};

pub use cover::{Count, Ground, Sold, SoldReport, cover_table};

/// Asks for reports, of one moment.
#[derive(Clone)]
pub struct Reports {
    store: Insight,
    policy: Arc<Policy>,
    generation: i32,
    today: Date,
}

/// Over which time, and how finely.
#[derive(Debug, Clone, PartialEq)]
pub struct Scope {
    /// The months.
    pub months: ReportFilter,
    /// How many parts of a path are told apart: 1 or 2.
    pub level: usize,
    /// By what customers are told apart: `industry`, `source`, `owner`, `grade`.
    pub by: String,
    /// The currency of amounts, where only one can be shown.
    pub currency: String,
    /// Only this customer.
    pub customer: Option<Uuid>,
    /// Periods of cohorts: months in each.
    pub step: i32,
}

/// The stages of an opportunity, the first first.
pub const STAGES: [&str; 8] = [
    "met",
    "found",
    "confirmed",
    "need_clear",
    "quoted",
    "committed",
    "accepted",
    "paid",
];

/// The names of the reports.
pub const REPORTS: [&str; 10] = [
    "months",
    "segments",
    "cohorts",
    "funnel",
    "new_customers",
    "grades",
    "products",
    "hints",
    "scorecard",
    "cover",
];

impl Reports {
    /// Reports as of the live generation; `None` before there is one.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn open(
        store: Insight,
        policy: Arc<Policy>,
        today: Date,
    ) -> Result<Option<Self>, StoreError> {
        let generations = store.generations().await?;
        let live = generations.iter().find(|generation| generation.live == 1);
        Ok(live.map(|live| Self {
            generation: live.generation,
            store,
            policy,
            today,
        }))
    }

    /// The tables behind it.
    pub fn store(&self) -> &Insight {
        &self.store
    }

    /// The generation that is read.
    pub fn generation(&self) -> i32 {
        self.generation
    }

    /// What the company decides about its figures.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The last twelve months.
    pub fn year(&self) -> ReportFilter {
        let to = month_number(self.today);
        ReportFilter { from: to - 11, to }
    }

    /// All orders, as of today and as the company's tolerances have it.
    pub fn matters(&self) -> MatterFilter {
        let rules = &self.policy.reconciliation;
        MatterFilter {
            today: day_number(self.today),
            credit_days: self.policy.credit_days.into(),
            short_days: rules.short_days.into(),
            billing_days: rules.billing_days.into(),
            ..MatterFilter::default()
        }
    }

    /// A report by its name; `None` for a name that is none.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn report(&self, name: &str, scope: &Scope) -> Result<Option<Table>, StoreError> {
        Ok(Some(match name {
            "months" => self.months(scope).await?,
            "segments" => self.segments(scope).await?,
            "cohorts" => self.cohorts(scope).await?,
            "funnel" => self.funnel(scope).await?,
            "new_customers" => self.new_customers(scope).await?,
            "grades" => self.grades().await?,
            "products" => self.products(scope).await?,
            "hints" => self.hints(scope).await?,
            "scorecard" => self.scorecard(scope).await?,
            "cover" => self.cover(scope.customer).await?,
            _ => return Ok(None),
        }))
    }

    async fn months(&self, scope: &Scope) -> Result<Table, StoreError> {
        let mut table = Table::new(&[
            ("month", Kind::Text),
            ("currency", Kind::Text),
            ("customers", Kind::Whole),
            ("orders", Kind::Whole),
            ("ordered", Kind::Amount),
            ("invoiced", Kind::Amount),
            ("billed", Kind::Amount),
            ("received", Kind::Amount),
        ]);
        let found = self
            .store
            .months(self.generation, scope.months, scope.customer);
        table.rows = found
            .await?
            .into_iter()
            .map(|row| {
                vec![
                    label(row.month, 1).as_str().into(),
                    row.currency.as_str().into(),
                    row.customers.into(),
                    row.orders.into(),
                    row.ordered.into(),
                    row.invoiced.into(),
                    row.billed.into(),
                    row.received.into(),
                ]
            })
            .collect();
        Ok(table)
    }

    async fn segments(&self, scope: &Scope) -> Result<Table, StoreError> {
        #[derive(Default)]
        struct Segment {
            customers: i64,
            orders: i64,
            ordered: Decimal,
            invoiced: Decimal,
            billed: Decimal,
            received: Decimal,
            costed: Decimal,
            cost: Decimal,
        }
        let mut segments: BTreeMap<(Option<String>, String), Segment> = BTreeMap::new();
        let figures = self
            .store
            .segments(self.generation, &scope.by, scope.months);
        for row in figures.await? {
            let key = (level(row.segment, scope.level), row.currency);
            let segment = segments.entry(key).or_default();
            segment.customers += row.customers;
            segment.orders += row.orders;
            segment.ordered += row.ordered;
            segment.invoiced += row.invoiced;
            segment.billed += row.billed;
            segment.received += row.received;
        }
        let margins = self.store.margins(self.generation, &scope.by, scope.months);
        for row in margins.await? {
            let key = (level(row.segment, scope.level), row.currency);
            let segment = segments.entry(key).or_default();
            segment.costed += row.costed;
            segment.cost += row.cost;
        }
        let mut table = Table::new(&[
            ("segment", Kind::Text),
            ("currency", Kind::Text),
            ("customers", Kind::Whole),
            ("orders", Kind::Whole),
            ("ordered", Kind::Amount),
            ("invoiced", Kind::Amount),
            ("billed", Kind::Amount),
            ("received", Kind::Amount),
            ("margin", Kind::Amount),
            ("margin_share", Kind::Share),
        ]);
        let mut rows: Vec<_> = segments.into_iter().collect();
        rows.sort_by_key(|(_, row)| std::cmp::Reverse(row.invoiced));
        table.rows = rows
            .into_iter()
            .map(|((segment, currency), row)| {
                let margin = row.costed - row.cost;
                let known = !row.costed.is_zero();
                vec![
                    segment.into(),
                    currency.as_str().into(),
                    row.customers.into(),
                    row.orders.into(),
                    row.ordered.into(),
                    row.invoiced.into(),
                    row.billed.into(),
                    row.received.into(),
                    known.then_some(margin).into(),
                    share(margin, row.costed).into(),
                ]
            })
            .collect();
        Ok(table)
    }

    async fn funnel(&self, scope: &Scope) -> Result<Table, StoreError> {
        let days = days(scope.months);
        let found = self
            .store
            .funnel(self.generation, days, scope.customer)
            .await?;
        let mut table = Table::new(&[
            ("stage", Kind::Text),
            ("standing", Kind::Whole),
            ("reached", Kind::Whole),
            ("conversion", Kind::Share),
            ("open", Kind::Whole),
            ("won", Kind::Whole),
            ("lost", Kind::Whole),
            ("currency", Kind::Text),
            ("amount", Kind::Amount),
        ]);
        let at = |stage: &str| STAGES.iter().position(|known| *known == stage);
        let count = |keep: &dyn Fn(usize, &str) -> bool| -> i64 {
            let rows = found.iter().filter(|row| {
                at(&row.stage).is_some_and(|at| keep(at, row.outcome.as_deref().unwrap_or("open")))
            });
            rows.map(|row| row.opportunities).sum()
        };
        let mut before: Option<i64> = None;
        for (place, stage) in STAGES.iter().enumerate() {
            let reached = count(&|at, _| at >= place);
            let of = |outcome: &'static str| count(&move |at, had| at == place && had == outcome);
            let amounts = found.iter().filter(|row| {
                at(&row.stage).is_some_and(|at| at >= place)
                    && row.currency.as_deref() == Some(scope.currency.as_str())
            });
            table.rows.push(vec![
                (*stage).into(),
                count(&|at, _| at == place).into(),
                reached.into(),
                before
                    .and_then(|before| share(reached.into(), before.into()))
                    .into(),
                of("open").into(),
                of("won").into(),
                of("lost").into(),
                scope.currency.as_str().into(),
                amounts.map(|row| row.amount).sum::<Decimal>().into(),
            ]);
            before = Some(reached);
        }
        Ok(table)
    }

    async fn new_customers(&self, scope: &Scope) -> Result<Table, StoreError> {
        let found = self
            .store
            .new_customers(self.generation, days(scope.months))
            .await?;
        let mut numbers: BTreeMap<(i32, Option<String>, Option<String>), i64> = BTreeMap::new();
        for row in found {
            let month = month_number(day_of(row.day));
            let key = (month, row.owner, level(row.source, scope.level));
            *numbers.entry(key).or_default() += row.customers;
        }
        let mut table = Table::new(&[
            ("month", Kind::Text),
            ("owner", Kind::Text),
            ("source", Kind::Text),
            ("customers", Kind::Whole),
        ]);
        table.rows = numbers
            .into_iter()
            .map(|((month, owner, source), customers)| {
                vec![
                    label(month, 1).as_str().into(),
                    owner.into(),
                    source.into(),
                    customers.into(),
                ]
            })
            .collect();
        Ok(table)
    }

    async fn grades(&self) -> Result<Table, StoreError> {
        let found = self.store.grades(self.generation).await?;
        let total: i64 = found.iter().map(|row| row.customers).sum();
        let known = self.policy.grades.all().map(|(grade, _)| grade);
        let names = known.iter().filter_map(|grade| {
            serde_json::to_value(grade)
                .ok()?
                .as_str()
                .map(str::to_owned)
        });
        let mut table = Table::new(&[
            ("grade", Kind::Text),
            ("customers", Kind::Whole),
            ("share", Kind::Share),
        ]);
        for grade in names.map(Some).chain([None]) {
            let has = found.iter().filter(|row| row.grade == grade);
            let customers: i64 = has.map(|row| row.customers).sum();
            table.rows.push(vec![
                grade.into(),
                customers.into(),
                share(customers.into(), total.into()).into(),
            ]);
        }
        Ok(table)
    }

    /// Items by amount, against as many months before.
    async fn products(&self, scope: &Scope) -> Result<Table, StoreError> {
        const MOST: usize = 500;
        #[derive(Default)]
        struct Product {
            code: Option<String>,
            name: Option<String>,
            quantity: Decimal,
            amount: Decimal,
            before: Decimal,
            costed: Decimal,
            cost: Decimal,
        }
        let mut products: BTreeMap<(Option<Uuid>, String), Product> = BTreeMap::new();
        let mut totals: BTreeMap<String, Decimal> = BTreeMap::new();
        let now = self
            .store
            .products(self.generation, scope.months, scope.customer);
        for row in now.await? {
            *totals.entry(row.currency.clone()).or_default() += row.amount;
            let product = products.entry((row.item, row.currency)).or_default();
            (product.code, product.name) = (row.code, row.name);
            product.quantity += row.quantity;
            product.amount += row.amount;
            product.costed += row.costed;
            product.cost += row.cost;
        }
        let before = self
            .store
            .products(self.generation, earlier(scope.months), scope.customer);
        for row in before.await? {
            let product = products.entry((row.item, row.currency)).or_default();
            (product.code, product.name) = (row.code, row.name);
            product.before += row.amount;
        }
        let mut table = Table::new(&[
            ("item", Kind::Text),
            ("name", Kind::Text),
            ("currency", Kind::Text),
            ("quantity", Kind::Amount),
            ("amount", Kind::Amount),
            ("share", Kind::Share),
            ("before", Kind::Amount),
            ("growth", Kind::Share),
            ("margin_share", Kind::Share),
        ]);
        let mut rows: Vec<_> = products.into_iter().collect();
        rows.sort_by_key(|(_, row)| std::cmp::Reverse(row.amount));
        rows.truncate(MOST);
        table.rows = rows
            .into_iter()
            .map(|((item, currency), row)| {
                let code = row.code.or(item.map(|item| item.to_string()));
                let total = totals.get(&currency).copied().unwrap_or_default();
                vec![
                    code.into(),
                    row.name.into(),
                    currency.as_str().into(),
                    row.quantity.into(),
                    row.amount.into(),
                    share(row.amount, total).into(),
                    row.before.into(),
                    share(row.amount - row.before, row.before).into(),
                    share(row.costed - row.cost, row.costed).into(),
                ]
            })
            .collect();
        Ok(table)
    }

    /// What customers of the same trade buy and this one does not.
    async fn hints(&self, scope: &Scope) -> Result<Table, StoreError> {
        let mut table = Table::new(&[
            ("item", Kind::Text),
            ("name", Kind::Text),
            ("customers", Kind::Whole),
            ("currency", Kind::Text),
            ("amount", Kind::Amount),
        ]);
        let Some(customer) = scope.customer else {
            return Ok(table);
        };
        let found = self
            .store
            .unbought(self.generation, customer, scope.months.from, 20)
            .await?;
        table.rows = found
            .into_iter()
            .map(|row| {
                let code = row.code.or(row.item.map(|item| item.to_string()));
                vec![
                    code.into(),
                    row.name.into(),
                    row.customers.unwrap_or_default().into(),
                    row.currency.as_str().into(),
                    row.amount.into(),
                ]
            })
            .collect();
        Ok(table)
    }
}

/// The first parts of a path.
fn level(path: Option<String>, parts: usize) -> Option<String> {
    path.map(|path| path.split('/').take(parts).collect::<Vec<_>>().join("/"))
}

/// A part of a whole, as a fraction; `None` of nothing.
fn share(part: Decimal, whole: Decimal) -> Option<Decimal> {
    (!whole.is_zero()).then(|| (part / whole).round_dp(4).normalize())
}

/// As many months before.
fn earlier(months: ReportFilter) -> ReportFilter {
    let length = months.to - months.from + 1;
    ReportFilter {
        from: months.from - length,
        to: months.to - length,
    }
}

/// The first and the last day of months.
fn days(months: ReportFilter) -> (i32, i32) {
    (
        day_number(month_of(months.from)),
        day_number(month_of(months.to + 1)) - 1,
    )
}

/// What people call a period of so many months: `2026-03`, `2026-Q1`, `2026`.
fn label(month: i32, step: i32) -> String {
    let (year, place) = (month.div_euclid(12), month.rem_euclid(12));
    match step {
        12 => year.to_string(),
        3 => format!("{year}-Q{}", place / 3 + 1),
        _ => format!("{year}-{:02}", place + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_cut_and_periods_named() {
        let cut = |path: &str, parts| level(Some(path.to_owned()), parts).unwrap();
        assert_eq!(cut("exhibition/canton-fair/2026", 1), "exhibition");
        assert_eq!(
            cut("exhibition/canton-fair/2026", 2),
            "exhibition/canton-fair"
        );
        assert_eq!(cut("exhibition", 2), "exhibition");
        let month = 2026 * 12 + 4;
        assert_eq!(label(month, 1), "2026-05");
        assert_eq!(label(month, 3), "2026-Q2");
        assert_eq!(label(month, 12), "2026");
        let may = ReportFilter {
            from: month,
            to: month,
        };
        assert_eq!(
            earlier(may),
            ReportFilter {
                from: month - 1,
                to: month - 1
            }
        );
        assert_eq!(days(may).1 - days(may).0, 30);
    }
}
