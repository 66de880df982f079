//! What reports ask, as of the generation that the caller names.

use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::session::{BY_MONTH, OWN, Session, given};
use super::{
    Activity, Cohort, Funnel, GradeCount, Insight, MonthFigures, NewCustomers, Owned,
    ProductFigures, ReportFilter, Satisfaction, SegmentFigures, SourceCustomers,
};
use crate::StoreError;

/// The figures of months, summed.
const MONTH_SUMS: &str =
    "cast(sum(m.orders) as bigint) as orders, cast(sum(m.ordered) as text) as ordered,
    cast(sum(m.invoiced) as text) as invoiced, cast(sum(m.billed) as text) as billed,
    cast(sum(m.received) as text) as received";

/// The month in which each customer first ordered.
const BEGUN: &str = "with begun(root, first) as (
        select c.root, min(m.month)
        from {generation integer} g
        join insight_month m on m.generation = g.generation and m.orders > 0
        join insight_customer c on c.generation = m.generation and c.id = m.party
        group by c.root
    )";

/// How many parties of a month are counted already, since they are one customer with another.
#[derive(Deserialize)]
struct Twice {
    month: i32,
    currency: String,
    twice: i64,
}

/// By what customers are told apart.
pub(super) fn dimension(name: &str) -> Option<&'static str> {
    ["industry", "source", "owner", "grade", "stage", "kind"]
        .into_iter()
        .find(|known| *known == name)
}

impl Insight {
    /// Figures by what a dimension says of customers, in full: paths are folded by who asks.
    ///
    /// # Errors
    /// `Bug` for a dimension that is none.
    pub async fn segments(
        &self,
        generation: i32,
        by: &str,
        filter: ReportFilter,
    ) -> Result<Vec<SegmentFigures>, StoreError> {
        let by = dimension(by).ok_or_else(|| StoreError::Bug(format!("no dimension `{by}`")))?;
        // Summed by party first: customers are looked up once each, not once a month.
        let question = format!(
            "select r.{by} as segment, t.currency, count(distinct c.root) as customers,
                 cast(sum(t.orders) as bigint) as orders, cast(sum(t.ordered) as text) as ordered,
                 cast(sum(t.invoiced) as text) as invoiced, cast(sum(t.billed) as text) as billed,
                 cast(sum(t.received) as text) as received
             from (
                 select m.party, m.currency, sum(m.orders) as orders, sum(m.ordered) as ordered,
                     sum(m.invoiced) as invoiced, sum(m.billed) as billed, sum(m.received) as received
                 from insight_month m where m.generation = {generation_of}
                     and m.month >= {first} and m.month <= {last}
                 group by m.party, m.currency
             ) t
             join insight_customer c on c.generation = {generation_of} and c.id = t.party
             join insight_customer r on r.generation = {generation_of} and r.id = c.root
             group by r.{by}, t.currency",
            generation_of = given("generation"),
            first = given("first"),
            last = given("last"),
        );
        let given = json!({ "generation": generation, "first": filter.from, "last": filter.to });
        let mut session = Session::read(&self.engine).await?;
        session.ask(&question, &[given]).await
    }

    /// What was ordered of items with a known cost, and what they cost, by what a dimension says.
    ///
    /// # Errors
    /// `Bug` for a dimension that is none.
    pub async fn margins(
        &self,
        generation: i32,
        by: &str,
        filter: ReportFilter,
    ) -> Result<Vec<ProductFigures>, StoreError> {
        let by = dimension(by).ok_or_else(|| StoreError::Bug(format!("no dimension `{by}`")))?;
        let question = format!(
            "select r.{by} as segment, t.currency, cast(sum(t.amount) as text) as costed,
                 cast(sum(t.amount) as text) as amount, cast(sum(t.quantity) as text) as quantity,
                 cast(sum(t.cost) as text) as cost
             from (
                 select p.generation, p.party, p.currency, sum(p.amount) as amount,
                     sum(p.quantity) as quantity,
                     sum(cast(p.quantity as numeric) * i.cost / 10000) as cost
                 from {{generation integer, first integer, last integer}} g
                 join insight_item i on i.generation = g.generation and i.cost is not null
                 join insight_product_month p on p.generation = g.generation and p.item = i.id
                     and p.currency = i.currency and p.month >= g.first and p.month <= g.last
                 where {BY_MONTH}
                 group by p.generation, p.party, p.currency
             ) t
             join insight_customer c on c.generation = t.generation and c.id = t.party
             join insight_customer r on r.generation = c.generation and r.id = c.root
             group by r.{by}, t.currency"
        );
        let given = json!({ "generation": generation, "first": filter.from, "last": filter.to });
        let mut session = Session::read(&self.engine).await?;
        session.ask(&question, &[given]).await
    }

    /// What those brought who first ordered in the same month, by source.
    pub async fn cohorts(
        &self,
        generation: i32,
        filter: ReportFilter,
    ) -> Result<Vec<Cohort>, StoreError> {
        let question = format!(
            "{BEGUN}
             select r.source, b.first, m.month, m.currency, count(distinct c.root) as customers,
                 cast(sum(m.invoiced) as text) as invoiced,
                 cast(sum(m.received) as text) as received
             from {{generation integer, first integer, last integer}} g
             join begun b on b.first >= g.first and b.first <= g.last
             join insight_customer c on c.generation = g.generation and c.root = b.root
             join insight_customer r on r.generation = g.generation and r.id = b.root
             join insight_month m on m.generation = g.generation and m.party = c.id
             group by r.source, b.first, m.month, m.currency"
        );
        let given = json!({ "generation": generation, "first": filter.from, "last": filter.to });
        let mut session = Session::read(&self.engine).await?;
        session.ask(&question, &[given]).await
    }

    /// How many customers of each source ever ordered, by the currencies of the month in which each first did:
    /// those of the cohorts of all time.
    pub async fn ordered_by_source(
        &self,
        generation: i32,
    ) -> Result<Vec<SourceCustomers>, StoreError> {
        let question = format!(
            "{BEGUN}
             select r.source, m.currency, count(distinct c.root) as customers
             from {{generation integer}} g
             join begun b on b.first is not null
             join insight_customer r on r.generation = g.generation and r.id = b.root
                 and r.source is not null
             join insight_customer c on c.generation = g.generation and c.root = b.root
             join insight_month m on m.generation = g.generation and m.party = c.id
                 and m.month = b.first
             group by r.source, m.currency"
        );
        let given = json!({ "generation": generation });
        let mut session = Session::read(&self.engine).await?;
        session.ask(&question, &[given]).await
    }

    /// Opportunities by stage, outcome and currency; stated between two days.
    pub async fn funnel(
        &self,
        generation: i32,
        days: (i32, i32),
        customer: Option<Uuid>,
    ) -> Result<Vec<Funnel>, StoreError> {
        let generation_of = given("generation");
        let from = match customer {
            Some(_) => format!(
                "{OWN} join insight_document d on d.generation = own.generation and d.party = own.id"
            ),
            None => "insight_document d".to_owned(),
        };
        let question = format!(
            "select d.status as stage, d.outcome, d.currency, count(*) as opportunities,
                 cast(sum(coalesce(d.amount, 0)) as text) as amount
             from {from}
             where d.generation = {generation_of} and d.entity = 'opportunity'
                 and d.entity in ('opportunity', 'case') and d.day >= {first} and d.day <= {last}
             group by d.status, d.outcome, d.currency",
            first = given("first"),
            last = given("last"),
        );
        let given = json!({ "generation": generation, "first": days.0, "last": days.1,
            "customer": customer });
        let mut session = Session::read_of(&self.engine, customer).await?;
        session.ask(&question, &[given]).await
    }

    /// Customers by the day on which the hub first heard of them, their owner and their source.
    pub async fn new_customers(
        &self,
        generation: i32,
        days: (i32, i32),
    ) -> Result<Vec<NewCustomers>, StoreError> {
        let given = json!({ "generation": generation, "first": days.0, "last": days.1 });
        let mut session = Session::read(&self.engine).await?;
        session
            .ask(
                "select c.owner, c.source, c.known_on as day, count(*) as customers
                 from {generation integer, first integer, last integer} g
                 join insight_customer c on c.generation = g.generation
                     and c.known_on >= g.first and c.known_on <= g.last
                 where c.root = c.id
                 group by c.owner, c.source, c.known_on",
                &[given],
            )
            .await
    }

    /// How many customers of each source the hub has ever heard of: the new customers of all time.
    pub async fn known_by_source(
        &self,
        generation: i32,
    ) -> Result<Vec<SourceCustomers>, StoreError> {
        let given = json!({ "generation": generation });
        let mut session = Session::read(&self.engine).await?;
        session
            .ask(
                "select c.source, count(*) as customers
                 from {generation integer} g
                 join insight_customer c on c.generation = g.generation
                     and c.known_on is not null and c.source is not null
                 where c.root = c.id
                 group by c.source",
                &[given],
            )
            .await
    }

    /// How many customers have each grade.
    pub async fn grades(&self, generation: i32) -> Result<Vec<GradeCount>, StoreError> {
        let mut session = Session::read(&self.engine).await?;
        session
            .ask(
                "select c.grade, count(*) as customers from {generation integer} g
                 join insight_customer c on c.generation = g.generation
                 where c.root = c.id and c.version >= 0 group by c.grade",
                &[json!({ "generation": generation })],
            )
            .await
    }

    /// Cases and the verdicts on them, by kind, opened between two days.
    pub async fn satisfaction(
        &self,
        generation: i32,
        days: (i32, i32),
    ) -> Result<Vec<Satisfaction>, StoreError> {
        let given = json!({ "generation": generation, "first": days.0, "last": days.1 });
        let mut session = Session::read(&self.engine).await?;
        session
            .ask(
                "select d.outcome as kind, count(*) as cases,
                     sum(case when d.status in ('open', 'waiting') then 1 else 0 end) as open,
                     count(d.score) as rated, coalesce(sum(d.score), 0) as total,
                     sum(case when d.score >= 4 then 1 else 0 end) as content
                 from {generation integer, first integer, last integer} g
                 join insight_document d on d.generation = g.generation and d.entity = 'case'
                     and d.entity in ('opportunity', 'case')
                     and d.day >= g.first and d.day <= g.last
                 group by d.outcome",
                &[given],
            )
            .await
    }

    /// Figures by month, over all customers or one and those merged into it.
    pub async fn months(
        &self,
        generation: i32,
        filter: ReportFilter,
        customer: Option<Uuid>,
    ) -> Result<Vec<MonthFigures>, StoreError> {
        let asked = json!({ "generation": generation, "first": filter.from, "last": filter.to,
            "customer": customer });
        let mut session = Session::read_of(&self.engine, customer).await?;
        if customer.is_some() {
            let question = format!(
                "select m.month, m.currency, count(distinct own.root) as customers, {MONTH_SUMS}
                 from {OWN}
                 join insight_month m on m.generation = own.generation and m.party = own.id
                     and m.month >= {first} and m.month <= {last}
                 group by m.month, m.currency order by m.month, m.currency",
                first = given("first"),
                last = given("last"),
            );
            return session.ask(&question, &[asked]).await;
        }
        let question = format!(
            "select m.month, m.currency, count(*) as customers, {MONTH_SUMS}
             from insight_month m where m.generation = {}
                 and m.month >= {} and m.month <= {}
             group by m.month, m.currency order by m.month, m.currency",
            given("generation"),
            given("first"),
            given("last"),
        );
        let mut months: Vec<MonthFigures> = session.ask(&question, &[&asked]).await?;
        // Each party has one row a month and currency; those that are one customer count once.
        let twice: Vec<Twice> = session
            .ask(
                "select t.month, t.currency, sum(t.parties - case when h.party is null then 1 else 0 end)
                     as twice
                 from (
                     select g.generation, c.root, m.month, m.currency, count(*) as parties
                     from {generation integer, first integer, last integer} g
                     join insight_customer c on c.generation = g.generation and c.root <> c.id
                     join insight_month m on m.generation = c.generation and m.party = c.id
                         and m.month >= g.first and m.month <= g.last
                     group by g.generation, c.root, m.month, m.currency
                 ) t
                 left join insight_month h on h.generation = t.generation and h.party = t.root
                     and h.month = t.month and h.currency = t.currency
                 group by t.month, t.currency",
                &[asked],
            )
            .await?;
        for twice in twice {
            let same = |row: &&mut MonthFigures| {
                (row.month, &row.currency) == (twice.month, &twice.currency)
            };
            if let Some(row) = months.iter_mut().find(same) {
                row.customers -= twice.twice;
            }
        }
        Ok(months)
    }

    /// Who was there in a span, and who came back from the one before it.
    pub async fn activity(
        &self,
        generation: i32,
        before: ReportFilter,
        span: ReportFilter,
        currency: &str,
    ) -> Result<Activity, StoreError> {
        let sum = |what: &str, first: &str, last: &str| {
            let (first, last) = (given(first), given(last));
            format!(
                "sum(case when m.month >= {first} and m.month <= {last} then {what} else 0 end)"
            )
        };
        let question = format!(
            "select count(case when b.earlier > 0 then 1 end) as before,
                 count(case when b.earlier > 0 and b.later > 0 then 1 end) as kept,
                 count(case when b.figures > 0 then 1 end) as active
             from (
                 select c.root, sum(t.earlier) as earlier, sum(t.later) as later,
                     sum(t.figures) as figures
                 from (
                     select m.party, {earlier} as earlier, {later} as later, {figures} as figures
                     from insight_month m where m.generation = {generation_of}
                         and m.month >= {first} and m.month <= {last}
                     group by m.party
                 ) t
                 join insight_customer c on c.generation = {generation_of} and c.id = t.party
                 group by c.root
             ) b",
            earlier = sum("m.orders", "before_first", "before_last"),
            later = sum("m.orders", "first", "last"),
            figures = sum(
                "(case when m.currency = (select g.currency from {currency text} g) then 1 else 0 end)",
                "first",
                "last"
            ),
            generation_of = given("generation"),
            first = given("before_first"),
            last = given("last"),
        );
        let given = json!({ "generation": generation, "before_first": before.from,
            "before_last": before.to, "first": span.from, "last": span.to, "currency": currency });
        let mut session = Session::read(&self.engine).await?;
        let found: Vec<Activity> = session.ask(&question, &[given]).await?;
        Ok(found.into_iter().next().unwrap_or_default())
    }

    /// What was ordered of each item; of one customer and those merged into it, or of all.
    pub async fn products(
        &self,
        generation: i32,
        filter: ReportFilter,
        customer: Option<Uuid>,
    ) -> Result<Vec<ProductFigures>, StoreError> {
        let from = match customer {
            Some(_) => format!(
                "{OWN} join insight_product_month p on p.generation = own.generation
                     and p.party = own.id"
            ),
            None => "insight_product_month p".to_owned(),
        };
        let generation_of = given("generation");
        // Summed by month first, in the order of the index: nothing is sorted but these sums.
        let question = format!(
            "select t.item, i.code, i.name, t.currency,
                 cast(t.quantity as text) as quantity, cast(t.amount as text) as amount,
                 case when i.cost is not null and i.currency = t.currency
                     then cast(t.amount as text) end as costed,
                 case when i.currency = t.currency
                     then cast(cast(t.quantity as numeric) * i.cost / 10000 as text) end as cost
             from (
                 select m.item, m.currency, sum(m.quantity) as quantity, sum(m.amount) as amount
                 from (
                     select p.item, p.month, p.currency, sum(p.quantity) as quantity,
                         sum(p.amount) as amount
                     from {from}
                     where p.generation = {generation_of}
                         and p.month >= {first} and p.month <= {last} and {BY_MONTH}
                     group by p.item, p.month, p.currency
                 ) m
                 group by m.item, m.currency
             ) t
             left join insight_item i on i.generation = {generation_of} and i.id = t.item",
            first = given("first"),
            last = given("last"),
        );
        let given = json!({ "generation": generation, "first": filter.from, "last": filter.to,
            "customer": customer });
        let mut session = Session::read_of(&self.engine, customer).await?;
        session.ask(&question, &[given]).await
    }

    /// The items that have this code, or this identity.
    pub async fn items_called(&self, generation: i32, name: &str) -> Result<Vec<Uuid>, StoreError> {
        #[derive(Deserialize)]
        struct Found {
            id: Uuid,
        }
        let id = name.parse::<Uuid>().ok();
        let given = json!({ "generation": generation, "code": name, "id": id });
        let mut session = Session::look_up(&self.engine).await?;
        let found: Vec<Found> = session
            .ask(
                "select i.id from {generation integer, code text, id uuid} g
                 join insight_item i on i.generation = g.generation
                 where i.code = g.code or i.id = g.id",
                &[given],
            )
            .await?;
        Ok(found.into_iter().map(|found| found.id).collect())
    }

    /// How many items each customer ordered in each three months of a span, from its beginning on, all of them
    /// together: of each three months in which anything was ordered in a currency, one number.
    pub async fn variety(
        &self,
        generation: i32,
        filter: ReportFilter,
        currency: &str,
    ) -> Result<Vec<i64>, StoreError> {
        #[derive(Deserialize)]
        struct Found {
            items: i64,
        }
        // By item, in the order of the index: all of it at once would be sorted by customers.
        let question = format!(
            "select cast(sum(t.customers) as bigint) as items
             from (
                 select p.item, (p.month - {first}) / 3 as period, count(distinct p.party) as customers
                 from insight_product_month p
                 where p.generation = {generation_of} and p.month >= {first} and p.month <= {last}
                     and p.currency = (select g.currency from {{currency text}} g) and {BY_MONTH}
                 group by p.item, period
             ) t
             group by t.period",
            generation_of = given("generation"),
            first = given("first"),
            last = given("last"),
        );
        let given = json!({ "generation": generation, "first": filter.from, "last": filter.to,
            "currency": currency });
        let mut session = Session::read(&self.engine).await?;
        let found: Vec<Found> = session.ask(&question, &[given]).await?;
        Ok(found.into_iter().map(|found| found.items).collect())
    }

    /// Items that customers of the same industry buy and this one does not, those that most of them buy
    /// first; what others bought counts from a month on. At most 200 of the others are looked at.
    pub async fn unbought(
        &self,
        generation: i32,
        customer: Uuid,
        since: i32,
        limit: u32,
    ) -> Result<Vec<ProductFigures>, StoreError> {
        let question = format!(
            "with alike(root) as (
                 select o.id
                 from {{generation integer, customer uuid}} g
                 join insight_customer asked on asked.generation = g.generation and asked.id = g.customer
                 join insight_customer r on r.generation = g.generation and r.id = asked.root
                 join insight_customer o on o.generation = g.generation and o.industry = r.industry
                     and o.root = o.id and o.id <> r.id
                 limit 200
             ), bought(item) as (
                 select p.item from {OWN}
                 join insight_product_month p on p.generation = own.generation and p.party = own.id
             )
             select p.item, i.code, i.name, p.currency, cast(sum(p.quantity) as text) as quantity,
                 cast(sum(p.amount) as text) as amount, count(distinct c.root) as customers,
                 null as costed, null as cost, null as segment
             from {{generation integer, since integer}} g
             join alike a on a.root is not null
             join insight_customer c on c.generation = g.generation and c.root = a.root
             join insight_product_month p on p.generation = g.generation and p.party = c.id
                 and p.month >= g.since and p.amount > 0
             left join insight_item i on i.generation = g.generation and i.id = p.item
             where p.item not in (select item from bought) and {BY_MONTH}
             group by p.item, i.code, i.name, p.currency
             order by count(distinct c.root) desc, sum(p.amount) desc limit {limit}"
        );
        let given = json!({ "generation": generation, "customer": customer, "since": since });
        let mut session = Session::look_up(&self.engine).await?;
        session.ask(&question, &[given]).await
    }

    /// The customer of this id and all that were merged into it, itself first.
    pub async fn customer(&self, generation: i32, id: Uuid) -> Result<Vec<Owned>, StoreError> {
        let mut session = Session::look_up(&self.engine).await?;
        session
            .ask(
                "select r.id, r.root, r.code, r.name, r.kind, r.stage, r.grade, r.industry, r.source,
                     r.owner, r.credit_days, r.known_on, r.facts
                 from {generation integer, id uuid} g
                 join insight_customer c on c.generation = g.generation and c.id = g.id
                 join insight_customer r on r.generation = c.generation and r.root = c.root
                 order by case when r.id = r.root then 0 else 1 end, r.id",
                &[json!({ "generation": generation, "id": id })],
            )
            .await
    }
}
