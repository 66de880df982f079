//! The scorecard of customer work: acquisition, retention and churn, profitability, satisfaction, share of
//! wallet, cross- and up-selling, each against as many months before.

use tenon_core::money::Decimal;
use tenon_store::StoreError;
use tenon_store::insight::ReportFilter;

use super::costs::Brought;
use super::{Reports, Scope, days, earlier, share};
use crate::table::{Kind, Table};

/// The measures of one span.
#[derive(Debug, Default)]
struct Measures {
    new_customers: Decimal,
    cost_each: Option<Decimal>,
    active: Decimal,
    retention: Option<Decimal>,
    invoiced: Decimal,
    received: Decimal,
    margin: Option<Decimal>,
    satisfaction: Option<Decimal>,
    content: Option<Decimal>,
    cases: Decimal,
    wallet: Option<Decimal>,
    items: Option<Decimal>,
    order: Option<Decimal>,
}

impl Reports {
    pub(super) async fn scorecard(&self, scope: &Scope) -> Result<Table, StoreError> {
        let ever = self.ever_known(&scope.currency).await?;
        let (now, before) = tokio::try_join!(
            self.measures(scope, scope.months, &ever),
            self.measures(scope, earlier(scope.months), &ever),
        )?;
        let mut table = Table::new(&[
            ("measure", Kind::Text),
            ("unit", Kind::Text),
            ("value", Kind::Amount),
            ("before", Kind::Amount),
            ("change", Kind::Share),
        ]);
        let churn = |measures: &Measures| measures.retention.map(|kept| Decimal::ONE - kept);
        let amount = scope.currency.as_str();
        let rows: Vec<(&str, &str, Option<Decimal>, Option<Decimal>)> = vec![
            (
                "new_customers",
                "number",
                Some(now.new_customers),
                Some(before.new_customers),
            ),
            (
                "cost_per_new_customer",
                amount,
                now.cost_each,
                before.cost_each,
            ),
            (
                "active_customers",
                "number",
                Some(now.active),
                Some(before.active),
            ),
            ("retention", "share", now.retention, before.retention),
            ("churn", "share", churn(&now), churn(&before)),
            ("sales", amount, Some(now.invoiced), Some(before.invoiced)),
            (
                "receipts",
                amount,
                Some(now.received),
                Some(before.received),
            ),
            ("margin", "share", now.margin, before.margin),
            (
                "satisfaction",
                "points",
                now.satisfaction,
                before.satisfaction,
            ),
            ("content", "share", now.content, before.content),
            ("cases", "number", Some(now.cases), Some(before.cases)),
            ("share_of_wallet", "share", now.wallet, before.wallet),
            ("items_per_customer", "number", now.items, before.items),
            ("amount_per_order", amount, now.order, before.order),
        ];
        for (measure, unit, value, before) in rows {
            let change = value.zip(before);
            let change = change.and_then(|(value, before)| share(value - before, before));
            table.rows.push(vec![
                measure.into(),
                unit.into(),
                value.into(),
                before.into(),
                change.into(),
            ]);
        }
        Ok(table)
    }

    async fn measures(
        &self,
        scope: &Scope,
        months: ReportFilter,
        ever: &Brought,
    ) -> Result<Measures, StoreError> {
        let (store, generation) = (&self.store, self.generation);
        let span = days(months);
        let mut measures = Measures::default();
        let new = store.new_customers(generation, span).await?;
        measures.new_customers = new.iter().map(|row| Decimal::from(row.customers)).sum();
        let currency = scope.currency.as_str();
        let cost = self.cost_of(months, currency, new, ever);
        measures.cost_each = share(cost, measures.new_customers).filter(|_| !cost.is_zero());
        let activity = store.activity(generation, earlier(months), months, currency);
        let activity = activity.await?;
        measures.retention = share(activity.kept.into(), activity.before.into());
        measures.active = activity.active.into();
        let (mut orders, mut ordered) = (Decimal::ZERO, Decimal::ZERO);
        for row in store.months(generation, months, None).await? {
            if row.currency == currency {
                measures.invoiced += row.invoiced;
                measures.received += row.received;
                orders += Decimal::from(row.orders);
                ordered += row.ordered;
            }
        }
        measures.order = (!orders.is_zero()).then(|| (ordered / orders).round_dp(2));
        let (mut rated, mut total, mut content) = (0, 0, 0);
        for row in store.satisfaction(generation, span).await? {
            // A survey is no trouble, but its verdict counts.
            if row.kind.as_deref() != Some("survey") {
                measures.cases += Decimal::from(row.cases);
            }
            rated += row.rated;
            total += row.total;
            content += row.content;
        }
        measures.satisfaction = share(total.into(), rated.into());
        measures.content = share(content.into(), rated.into());
        let (mut won, mut lost) = (Decimal::ZERO, Decimal::ZERO);
        for row in store.funnel(generation, span, None).await? {
            if row.currency.as_deref() == Some(currency) {
                match row.outcome.as_deref() {
                    Some("won") => won += row.amount,
                    Some("lost") => lost += row.amount,
                    _ => {}
                }
            }
        }
        measures.wallet = share(won, won + lost);
        let products = store.products(generation, months, None).await?;
        let costed: Decimal = products
            .iter()
            .filter(|row| row.currency == currency)
            .map(|row| row.costed)
            .sum();
        let cost: Decimal = products
            .iter()
            .filter(|row| row.currency == currency)
            .map(|row| row.cost)
            .sum();
        measures.margin = share(costed - cost, costed);
        // In how many items a customer is met, on average over three months each.
        let variety = store.variety(generation, months, currency).await?;
        let active = measures.active * Decimal::from(variety.len().max(1));
        measures.items = share(variety.iter().sum::<i64>().into(), active);
        Ok(measures)
    }
}
