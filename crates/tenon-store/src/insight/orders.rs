//! How orders stand, as of the generation that the caller names.

use serde_json::json;

use super::session::Session;
use super::{Exceptions, Insight, Matter, MatterFilter, OrderPage};
use crate::StoreError;

/// Which orders stand so, and since when. The names are those of [`Matter`].
fn standing(matter: Matter) -> (&'static str, &'static str) {
    match matter {
        Matter::Matched => ("o.state = 'matched'", "o.day"),
        Matter::Open => ("o.state = 'open'", "o.day"),
        Matter::Short => (
            "o.short > 0 and o.short_on + g.short_days < g.today",
            "o.short_on",
        ),
        Matter::Unbilled => (
            "o.unbilled > 0 and o.unbilled_on + g.billing_days < g.today",
            "o.unbilled_on",
        ),
        Matter::OverBilled => ("o.over_billed > 0", "o.day"),
        Matter::Overdue => (
            "o.outstanding > 0 and o.billed_on + coalesce(r.credit_days, g.credit_days) < g.today",
            "o.billed_on",
        ),
        Matter::Orphan => ("o.state = 'orphan'", "o.day"),
        Matter::Mixed => ("o.state = 'mixed'", "o.day"),
    }
}

impl MatterFilter {
    fn given(&self, generation: i32) -> serde_json::Value {
        json!({ "generation": generation, "today": self.today, "credit_days": self.credit_days,
            "short_days": self.short_days, "billing_days": self.billing_days,
            "customer": self.customer, "number": self.text })
    }
}

impl Insight {
    /// Orders, by age where it is asked how they stand, else the youngest first; after the first
    /// `skip`, at most `limit`.
    pub async fn orders(
        &self,
        generation: i32,
        filter: &MatterFilter,
        skip: u32,
        limit: u32,
    ) -> Result<Vec<OrderPage>, StoreError> {
        let (condition, age) = filter.matter.map_or(("true", "o.day"), standing);
        let (customer, of) = match filter.customer {
            Some(_) => (
                "join insight_customer m on m.generation = g.generation and m.root = g.customer",
                "and o.party = m.id",
            ),
            None => ("", ""),
        };
        let text = match filter.text {
            Some(_) => "and (o.number = g.number or o.contract = g.number)",
            None => "",
        };
        let order = match filter.matter {
            Some(_) => format!("{age}, o.id"),
            None => "o.day desc, o.id desc".to_owned(),
        };
        // Constants only; what was asked for is given.
        let question = format!(
            "select o.id, o.party, o.kind, o.number, o.contract, o.currency, o.day, o.status, o.state,
                 o.ordered, o.shipped, o.invoiced, o.received, o.short, o.unbilled, o.over_billed,
                 o.outstanding, o.mixed, o.short_on, o.unbilled_on, o.billed_on, o.settled_on, o.facts,
                 r.id as customer, r.name as customer_name, r.code as customer_code,
                 case when o.outstanding > 0
                     then o.billed_on + coalesce(r.credit_days, g.credit_days) end as due_on,
                 {age} as age_from
             from {{generation integer, today integer, credit_days integer, short_days integer,
                 billing_days integer, customer uuid, number text}} g
             {customer}
             join insight_order o on o.generation = g.generation {of}
             left join insight_customer c on c.generation = o.generation and c.id = o.party
             left join insight_customer r on r.generation = c.generation and r.id = c.root
             where {condition} {text}
             order by {order} limit {limit} offset {skip}"
        );
        let mut session = Session::read(&self.engine).await?;
        session.ask(&question, &[filter.given(generation)]).await
    }

    /// How all orders stand, by currency.
    pub async fn exceptions(
        &self,
        generation: i32,
        filter: &MatterFilter,
    ) -> Result<Vec<Exceptions>, StoreError> {
        let count = |condition: &str| format!("sum(case when {condition} then 1 else 0 end)");
        let sum = |condition: &str, amount: &str| {
            format!("cast(sum(case when {condition} then {amount} else 0 end) as text)")
        };
        let [short, unbilled, over, overdue, orphan, mixed] = [
            Matter::Short,
            Matter::Unbilled,
            Matter::OverBilled,
            Matter::Overdue,
            Matter::Orphan,
            Matter::Mixed,
        ]
        .map(|matter| standing(matter).0);
        let real = "o.kind = 'order' and o.state <> 'cancelled'";
        let question = format!(
            "select o.currency, {} as orders, {} as matched, {} as open, {} as cancelled, {} as short,
                 {} as unbilled, {} as over_billed, {} as overdue, {} as orphan, {} as mixed,
                 {} as ordered, {} as shipped, {} as invoiced, {} as received, {} as short_amount,
                 {} as unbilled_amount, {} as over_billed_amount, {} as overdue_amount,
                 {} as orphan_amount
             from {{generation integer, today integer, credit_days integer, short_days integer,
                 billing_days integer}} g
             join insight_order o on o.generation = g.generation
             left join insight_customer c on c.generation = o.generation and c.id = o.party
             left join insight_customer r on r.generation = c.generation and r.id = c.root
             group by o.currency order by o.currency",
            count("o.kind = 'order'"),
            count("o.state = 'matched'"),
            count("o.state = 'open'"),
            count("o.state = 'cancelled'"),
            count(short),
            count(unbilled),
            count(over),
            count(overdue),
            count(orphan),
            count(mixed),
            sum(real, "o.ordered"),
            sum(real, "o.shipped"),
            sum(real, "o.invoiced"),
            sum(real, "o.received"),
            sum(short, "o.short"),
            sum(unbilled, "o.unbilled"),
            sum(over, "o.over_billed"),
            sum(overdue, "o.outstanding"),
            sum(
                orphan,
                "(case when o.invoiced <> 0 then o.invoiced else o.received end)"
            ),
        );
        let mut session = Session::read(&self.engine).await?;
        session.ask(&question, &[filter.given(generation)]).await
    }
}
