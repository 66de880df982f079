//! What the planner takes for true of the tables of the figures.
//!
//! Without it SQLite takes the first column of every index for selective, which the generation is not, and reads all
//! of it for each customer. It is written rather than counted, so that the same question takes the same way
//! everywhere and at any time.

use serde_json::json;

use super::Transaction;
use crate::StoreError;

/// Of each index of a table the rows, and the rows of one value of its first column, of the first two and so on, in a
/// company with 100,000 customers.
#[rustfmt::skip]
const STATISTICS: [(&str, &str, &str); 57] = [
    ("insight_contract", "sqlite_autoindex_insight_contract_1", "20000 20000 1 1"),
    ("insight_contract", "insight_contract_exceeded", "200 200 2 1 1"),
    ("insight_contract", "insight_contract_outside", "200 200 1 1"),
    ("insight_contract", "insight_contract_party", "20000 20000 2 1 1"),
    ("insight_contract", "insight_contract_unknown", "1000 1000 1 1"),
    ("insight_customer", "sqlite_autoindex_insight_customer_1", "100000 100000 1"),
    ("insight_customer", "insight_customer_grade", "100000 100000 20000 20000 1 1"),
    ("insight_customer", "insight_customer_industry", "100000 100000 2500 1"),
    ("insight_customer", "insight_customer_known", "100000 100000 5264 198 162 1 1"),
    ("insight_customer", "insight_customer_last_order", "100000 100000 100 1"),
    ("insight_customer", "insight_customer_merged", "1000 1000 1 1"),
    ("insight_customer", "insight_customer_name", "100000 100000 2 1"),
    ("insight_customer", "insight_customer_owner", "100000 100000 2500 1"),
    ("insight_customer", "insight_customer_proposed", "20000 20000 1177 1"),
    ("insight_customer", "insight_customer_root", "100000 100000 1"),
    ("insight_customer", "insight_customer_sales", "100000 100000 2 1"),
    ("insight_customer", "insight_customer_score", "100000 100000 5264 1"),
    ("insight_customer", "insight_customer_scored", "100000 100000 50000"),
    ("insight_customer", "insight_customer_source", "100000 100000 2500 1"),
    ("insight_customer", "insight_customer_unscored", "1000 1000 1"),
    ("insight_document", "sqlite_autoindex_insight_document_1", "500000 500000 1"),
    ("insight_document", "insight_document_contract", "20000 20000 1"),
    ("insight_document", "insight_document_entity", "10000 10000 5000 42 35 35 35 2 2 1"),
    ("insight_document", "insight_document_party", "500000 500000 5 2 1"),
    ("insight_item", "sqlite_autoindex_insight_item_1", "5000 5000 1"),
    ("insight_link", "sqlite_autoindex_insight_link_1", "300000 300000 3 1"),
    ("insight_link", "insight_link_document", "300000 300000 2"),
    ("insight_month", "sqlite_autoindex_insight_month_1", "200000 200000 3 1 1"),
    ("insight_month", "insight_month_sums", "200000 200000 8000 8000 1 1 1 1 1 1"),
    ("insight_order", "sqlite_autoindex_insight_order_1", "200000 200000 1"),
    ("insight_order", "insight_order_contract", "100000 100000 10 10 10 5 2 1 1 1 1"),
    ("insight_order", "insight_order_currency", "200000 200000 100000 500 1"),
    ("insight_order", "insight_order_day", "200000 200000 500 1"),
    ("insight_order", "insight_order_most_over", "500 500 250 2 1"),
    ("insight_order", "insight_order_most_owed", "20000 20000 10000 20 1"),
    ("insight_order", "insight_order_most_short", "5000 5000 2500 20 1"),
    ("insight_order", "insight_order_most_unbilled", "20000 20000 10000 20 1"),
    ("insight_order", "insight_order_number", "200000 200000 1"),
    ("insight_order", "insight_order_over", "500 500 5 1 1 1"),
    ("insight_order", "insight_order_owed", "20000 20000 100 1 1 1 1"),
    ("insight_order", "insight_order_party", "200000 200000 3 2"),
    ("insight_order", "insight_order_short", "5000 5000 20 1 1 1"),
    ("insight_order", "insight_order_state", "200000 200000 50000 300 1"),
    ("insight_order", "insight_order_sums", "200000 200000 100000 100000 25000 30 30 30 30"),
    ("insight_order", "insight_order_unbilled", "20000 20000 100 1 1 1"),
    ("insight_pending", "sqlite_autoindex_insight_pending_1", "1000 1000 2 2 2 1"),
    ("insight_product", "sqlite_autoindex_insight_product_1", "300000 300000 5 2 1 1"),
    ("insight_product", "insight_product_item", "300000 300000 100 20 20 1 1 1"),
    ("insight_product_month", "sqlite_autoindex_insight_product_month_1", "400000 400000 6 3 1 1"),
    ("insight_product_month", "insight_product_month_item", "400000 400000 100 10 10 1 1 1"),
    ("insight_reported", "sqlite_autoindex_insight_reported_1", "50000 50000 100 1"),
    ("insight_sold", "sqlite_autoindex_insight_sold_1", "200000 200000 400 10 1"),
    ("insight_sold", "insight_sold_day", "200000 200000 400 20"),
    ("insight_sold_unit", "sqlite_autoindex_insight_sold_unit_1", "20000 20000 40 5 1 1"),
    ("insight_sold_unit", "insight_sold_unit_day", "20000 20000 40 5"),
    ("insight_stock", "sqlite_autoindex_insight_stock_1", "20000 20000 1"),
    ("insight_stock", "insight_stock_party", "20000 20000 40 1"),
];

/// Tells the planner, unless it knows: a file that nothing is to be written to may be full.
pub(super) async fn tell(transaction: &mut Transaction) -> Result<(), StoreError> {
    // Makes the table where there is none, and writes nothing where there is.
    sqlx::query("analyze sqlite_schema")
        .execute(&mut **transaction)
        .await?;
    let known: Vec<(String, Option<String>, String)> = sqlx::query_as(
        "select tbl, idx, stat from sqlite_stat1 where tbl like 'insight_%' order by tbl, idx",
    )
    .fetch_all(&mut **transaction)
    .await?;
    let known = known.iter();
    let known = known.map(|(table, index, rows)| (&**table, index.as_deref(), &**rows));
    let mut told = STATISTICS.map(|(table, index, rows)| (table, Some(index), rows));
    told.sort_unstable();
    if known.eq(told) {
        return Ok(());
    }
    sqlx::query("delete from sqlite_stat1 where tbl like 'insight_%'")
        .execute(&mut **transaction)
        .await?;
    sqlx::query(
        "insert into sqlite_stat1 (tbl, idx, stat)
         select value ->> 0, value ->> 1, value ->> 2 from json_each($1)",
    )
    .bind(json!(STATISTICS.as_slice()).to_string())
    .execute(&mut **transaction)
    .await?;
    sqlx::query("analyze sqlite_schema")
        .execute(&mut **transaction)
        .await?;
    Ok(())
}
