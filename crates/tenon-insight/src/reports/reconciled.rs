//! Orders and contracts as tables, for files.

use tenon_store::StoreError;
use tenon_store::insight::{ContractFilter, MatterFilter};

use super::Reports;
use crate::days::{day_of, units};
use crate::table::{Cell, Kind, Table};

impl Reports {
    /// Orders as a table, for a file.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn orders(&self, filter: &MatterFilter, most: u32) -> Result<Table, StoreError> {
        let mut table = Table::new(&[
            ("number", Kind::Text),
            ("kind", Kind::Text),
            ("contract", Kind::Text),
            ("customer", Kind::Text),
            ("customer_code", Kind::Text),
            ("day", Kind::Day),
            ("status", Kind::Text),
            ("state", Kind::Text),
            ("currency", Kind::Text),
            ("ordered", Kind::Amount),
            ("shipped", Kind::Amount),
            ("invoiced", Kind::Amount),
            ("received", Kind::Amount),
            ("short", Kind::Amount),
            ("unbilled", Kind::Amount),
            ("over_billed", Kind::Amount),
            ("outstanding", Kind::Amount),
            ("due_on", Kind::Day),
            ("age_days", Kind::Whole),
        ]);
        let found = self
            .store
            .orders(self.generation, filter, None, most)
            .await?;
        table.rows = found
            .into_iter()
            .map(|page| {
                let row = page.row;
                let age = page.age_from.map(|from| i64::from(filter.today - from));
                let mut cells: Vec<Cell> = vec![
                    row.number.as_str().into(),
                    row.kind.as_str().into(),
                    row.contract.into(),
                    page.customer_name.into(),
                    page.customer_code.into(),
                    row.day.map(day_of).into(),
                    row.status.as_str().into(),
                    row.state.as_str().into(),
                    row.currency.as_str().into(),
                ];
                let amounts = [
                    row.ordered,
                    row.shipped,
                    row.invoiced,
                    row.received,
                    row.short,
                    row.unbilled,
                    row.over_billed,
                    row.outstanding,
                ];
                cells.extend(amounts.map(|amount| Cell::from(units(amount))));
                cells.push(page.due_on.map(day_of).into());
                cells.push(age.map_or(Cell::Nothing, Cell::Whole));
                cells
            })
            .collect();
        Ok(table)
    }

    /// Contracts as a table, for a file.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn contracts(&self, filter: &ContractFilter, most: u32) -> Result<Table, StoreError> {
        let mut table = Table::new(&[
            ("number", Kind::Text),
            ("title", Kind::Text),
            ("customer", Kind::Text),
            ("customer_code", Kind::Text),
            ("status", Kind::Text),
            ("valid_from", Kind::Day),
            ("valid_until", Kind::Day),
            ("currency", Kind::Text),
            ("amount", Kind::Amount),
            ("orders", Kind::Whole),
            ("ordered", Kind::Amount),
            ("shipped", Kind::Amount),
            ("invoiced", Kind::Amount),
            ("received", Kind::Amount),
            ("left", Kind::Amount),
            ("exceeded", Kind::Amount),
            ("outside", Kind::Whole),
        ]);
        let found = self
            .store
            .contracts(self.generation, filter, None, most)
            .await?;
        table.rows = found
            .into_iter()
            .map(|row| {
                let amount = |amount: i64| Cell::from(units(amount));
                vec![
                    row.number.as_str().into(),
                    row.title.into(),
                    row.customer_name.into(),
                    row.customer_code.into(),
                    row.status.into(),
                    row.valid_from.map(day_of).into(),
                    row.valid_until.map(day_of).into(),
                    row.currency.as_str().into(),
                    row.amount.map_or(Cell::Nothing, amount),
                    Cell::Whole(row.orders),
                    amount(row.ordered),
                    amount(row.shipped),
                    amount(row.invoiced),
                    amount(row.received),
                    row.amount
                        .map_or(Cell::Nothing, |whole| amount(whole - row.ordered)),
                    amount(row.exceeded),
                    Cell::Whole(row.outside),
                ]
            })
            .collect();
        Ok(table)
    }
}
