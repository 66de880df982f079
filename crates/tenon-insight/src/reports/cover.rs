//! How long the stock of dealers lasts, and who may run out of what.

use tenon_store::StoreError;
use uuid::Uuid;

use super::Reports;
use crate::days::{day_of, units};
use crate::replenish::{Cover, covers};
use crate::table::{Cell, Kind, Table};

impl Reports {
    /// How long the stock of each dealer lasts, item by item: by the dealers' codes, or of one dealer, by
    /// its master id or that of one that was merged into it. Without a policy of replenishment by its
    /// defaults.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn covers(&self, dealer: Option<Uuid>) -> Result<Vec<Cover>, StoreError> {
        let dealers = match dealer {
            Some(dealer) => {
                let all = self.store.customer(self.generation, dealer).await?;
                all.first().map(|first| first.root).into_iter().collect()
            }
            None => self.store.stocked_dealers(self.generation).await?,
        };
        let policy = self.policy.replenishment.clone().unwrap_or_default();
        covers(&self.store, &policy, self.generation, &dealers, self.today).await
    }

    pub(super) async fn cover(&self, dealer: Option<Uuid>) -> Result<Table, StoreError> {
        let mut table = Table::new(&[
            ("dealer", Kind::Text),
            ("dealer_name", Kind::Text),
            ("item", Kind::Text),
            ("item_name", Kind::Text),
            ("available", Kind::Amount),
            ("in_transit", Kind::Amount),
            ("reorder_point", Kind::Amount),
            ("unit", Kind::Text),
            ("counted_on", Kind::Day),
            ("per_day", Kind::Amount),
            ("days", Kind::Amount),
            ("standing", Kind::Text),
            ("needed", Kind::Amount),
            ("needed_on", Kind::Day),
        ]);
        let row = |cover: Cover| {
            let facts = cover.facts;
            let named = |code: Option<String>, id: Uuid| code.or(Some(id.to_string()));
            vec![
                named(facts.dealer_code, facts.dealer).into(),
                facts.dealer_name.into(),
                named(facts.item_code, facts.item).into(),
                facts.item_name.into(),
                units(facts.available).into(),
                units(facts.in_transit).into(),
                facts.reorder_point.map(units).into(),
                facts.unit.into(),
                Cell::Day(day_of(facts.counted_on)),
                cover.per_day.into(),
                cover.days.into(),
                cover.standing.as_str().into(),
                cover.needed.into(),
                cover.needed_on.into(),
            ]
        };
        table.rows = self.covers(dealer).await?.into_iter().map(row).collect();
        Ok(table)
    }
}
