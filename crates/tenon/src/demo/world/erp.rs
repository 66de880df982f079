//! The ERP: a database with its own tables, and the job that bills what was ordered.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use rust_decimal::Decimal;
use sqlx::Row;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions};

use super::World;
use super::orders::tax_on;

const SCHEMA: &str = include_str!("erp.sql");

/// The ERP's database.
#[derive(Debug)]
pub(super) struct Erp {
    pub(super) file: PathBuf,
    pub(super) pool: SqlitePool,
}

impl Erp {
    /// Creates the database with its tables and the views that the connector's preset reads.
    pub(super) async fn create(file: PathBuf) -> Result<Self> {
        let options = SqliteConnectOptions::new()
            .filename(&file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .busy_timeout(Duration::from_secs(30));
        let pool = SqlitePoolOptions::new()
            .max_connections(2)
            .connect_with(options)
            .await
            .with_context(|| file.display().to_string())?;
        let mut transaction = pool.begin().await?;
        sqlx::raw_sql(SCHEMA)
            .execute(&mut *transaction)
            .await
            .context("the tables of the ERP")?;
        let preset = connector_erp::KIND
            .presets
            .iter()
            .find(|preset| preset.name == "sql");
        let views = preset
            .and_then(|preset| preset.file("views.sqlite.sql"))
            .context("the erp connector brings no views for SQLite")?;
        sqlx::raw_sql(views)
            .execute(&mut *transaction)
            .await
            .context("the views for the hub")?;
        transaction.commit().await?;
        Ok(Self { file, pool })
    }
}

impl World {
    /// Enters the articles and the customers that the bookkeepers know.
    pub(super) async fn fill_erp(&self) -> Result<()> {
        let mut transaction = self.erp.pool.begin().await?;
        for item in &self.items {
            sqlx::query(
                "INSERT INTO T_ITEM (ITEM_NO, ITEM_NAME, SPEC, UOM, REV) VALUES (?, ?, ?, ?, 'A')",
            )
            .bind(&item.code)
            .bind(&item.name)
            .bind(item.specification)
            .bind(item.unit)
            .execute(&mut *transaction)
            .await?;
        }
        for (company, records) in self.companies.iter().zip(&self.records) {
            let Some(booked) = &records.erp else { continue };
            sqlx::query(
                "INSERT INTO T_CUST (CUST_NO, CUST_NAME, CUST_ABBR, TAX_NO, MNEMONIC, CUST_TYPE, LINKMAN, TEL, \
                 PROVINCE, CITY, ADDR, BANK_NAME, BANK_ACCT, CREDIT_DAYS, CREDIT_AMT) \
                 VALUES (?, ?, ?, ?, ?, '1', ?, ?, ?, ?, ?, ?, ?, 30, '50000.00')",
            )
            .bind(&booked.number)
            .bind(&booked.name)
            .bind(&booked.abbreviation)
            .bind(&booked.tax_id)
            .bind(&booked.code)
            .bind(&company.contact)
            .bind(&company.phone)
            .bind(&company.region)
            .bind(&company.city)
            .bind(&company.street)
            .bind(&company.bank)
            .bind(&company.account)
            .execute(&mut *transaction)
            .await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Lets the ERP bill every order that has arrived and is not billed yet, as its month-end job
    /// does. The request carries the customer's name as the ERP has it, and no title.
    ///
    /// # Errors
    /// When the database refuses.
    pub(crate) async fn bill_orders(&self) -> Result<usize> {
        let mut transaction = self.erp.pool.begin().await?;
        let orders = sqlx::query(
            "SELECT o.ORD_NO, o.CUST_NO, c.CUST_NAME, o.CCY, o.NET_AMT, o.TAX_AMT, o.GROSS_AMT \
             FROM T_ORD o LEFT JOIN T_CUST c ON c.CUST_NO = o.CUST_NO \
             WHERE NOT EXISTS (SELECT 1 FROM T_INV_REQ r WHERE r.ORD_NO = o.ORD_NO) ORDER BY o.ORD_NO",
        )
        .fetch_all(&mut *transaction)
        .await?;
        for order in &orders {
            let number: String = order.try_get("ORD_NO")?;
            let request = format!("IR-{number}");
            let currency: String = order.try_get("CCY")?;
            sqlx::query(
                "INSERT INTO T_INV_REQ (REQ_NO, ORD_NO, CUST_NO, CUST_NAME, INV_TYPE, CCY, NET_AMT, TAX_AMT, GROSS_AMT) \
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(&request)
            .bind(&number)
            .bind(order.try_get::<String, _>("CUST_NO")?)
            .bind(order.try_get::<Option<String>, _>("CUST_NAME")?)
            .bind(if currency == "CNY" { "S" } else { "E" })
            .bind(&currency)
            .bind(order.try_get::<String, _>("NET_AMT")?)
            .bind(order.try_get::<String, _>("TAX_AMT")?)
            .bind(order.try_get::<String, _>("GROSS_AMT")?)
            .execute(&mut *transaction)
            .await?;
            bill_lines(&mut transaction, &number, &request).await?;
        }
        transaction.commit().await?;
        Ok(orders.len())
    }
}

async fn bill_lines(
    transaction: &mut sqlx::Transaction<'_, sqlx::Sqlite>,
    order: &str,
    request: &str,
) -> Result<()> {
    let lines = sqlx::query("SELECT * FROM T_ORD_LINE WHERE ORD_NO = ? ORDER BY LINE_NO")
        .bind(order)
        .fetch_all(&mut **transaction)
        .await?;
    for line in lines {
        let rate: Option<String> = line.try_get("TAX_RATE")?;
        let rate: Decimal = rate.as_deref().unwrap_or("0").parse()?;
        let amount: String = line.try_get("AMT")?;
        let tax = tax_on(amount.parse()?, rate);
        sqlx::query(
            "INSERT INTO T_INV_REQ_LINE (REQ_NO, LINE_NO, ITEM_NO, ITEM_DESC, QTY, UOM, PRICE, TAX_RATE, AMT, TAX) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(request)
        .bind(line.try_get::<i64, _>("LINE_NO")?)
        .bind(line.try_get::<String, _>("ITEM_NO")?)
        .bind(line.try_get::<Option<String>, _>("ITEM_DESC")?)
        .bind(line.try_get::<String, _>("QTY")?)
        .bind(line.try_get::<Option<String>, _>("UOM")?)
        .bind(line.try_get::<String, _>("PRICE")?)
        .bind(rate.to_string())
        .bind(&amount)
        .bind(tax.to_string())
        .execute(&mut **transaction)
        .await?;
    }
    Ok(())
}
