//! The CRM: exports its customers as GB18030 CSV, posts orders as it takes them, reads golden
//! customers as JSON files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use futures::{TryStreamExt, stream};
use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::value::RawValue;

use super::World;
use super::orders::{Item, Order};
use super::records::Seen;
use super::truth::{Company, Role};
use super::words::{INDUSTRIES, SELLERS, SOURCES};
use crate::dice::Dice;

/// Rows without a customer number, rows that are cut short, and files whose bytes are no GB18030.
const ROWS_WITHOUT_KEY: usize = 4;
const SHORT_ROWS: usize = 2;
const CORRUPT_FILES: usize = 2;
/// Broken records of customers in all.
pub(super) const BROKEN_CUSTOMERS: usize = ROWS_WITHOUT_KEY + SHORT_ROWS + CORRUPT_FILES;
/// Orders with a day or a quantity that is none.
pub(super) const BROKEN_ORDERS: usize = 4;

/// Orders in flight at once.
const AT_ONCE: usize = 32;
/// How long one order is offered again before the CRM gives up.
const PATIENCE: Duration = Duration::from_secs(60);

const COLUMNS: [&str; 18] = [
    "客户编号",
    "客户名称",
    "工商全称",
    "税号",
    "助记码",
    "客户类型",
    "客户等级",
    "行业",
    "客户来源",
    "负责人",
    "联系人",
    "职务",
    "手机",
    "电话",
    "邮箱",
    "省份",
    "城市",
    "地址",
];

/// What the CRM wrote in one export.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Exported {
    /// Files, the duplicate among them.
    pub(crate) files: usize,
    /// Rows that are customers.
    pub(crate) customers: usize,
    /// Rows and files that cannot be read.
    pub(crate) broken: usize,
}

impl World {
    /// Where the CRM leaves and expects files.
    pub(crate) fn crm_directory(&self) -> PathBuf {
        self.directory.join("crm")
    }

    /// Lets the CRM export all its customers: three files, two corrupt ones, and one file twice.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub(crate) fn export_crm(&self) -> Result<Exported> {
        let out = self.crm_directory().join("out");
        std::fs::create_dir_all(&out).with_context(|| out.display().to_string())?;
        let mut rows: Vec<Vec<String>> = Vec::new();
        for (company, records) in self.companies.iter().zip(&self.records) {
            if let Some(seen) = &records.crm {
                rows.push(row(self.seed, company, seen));
            }
        }
        let customers = rows.len();
        add_broken_rows(&mut rows);
        let size = rows.len().div_ceil(3).max(1);
        let mut files = 0;
        for (number, part) in rows.chunks(size).enumerate() {
            files += 1;
            write(
                &out,
                &format!("customers-{}.csv", number + 1),
                &gb18030(part)?,
            )?;
        }
        for number in 1..=CORRUPT_FILES {
            files += 1;
            write(
                &out,
                &format!("customers-corrupt-{number}.csv"),
                &corrupt(number)?,
            )?;
        }
        files += 1;
        let first = gb18030(rows.get(..size.min(rows.len())).unwrap_or_default())?;
        write(&out, "customers-once-more.csv", &first)?;
        self.export_contracts()?;
        Ok(Exported {
            files,
            customers,
            broken: BROKEN_CUSTOMERS,
        })
    }

    /// Posts every order to the hub, and the broken ones among them; `progress` hears how many the
    /// hub has accepted so far.
    ///
    /// # Errors
    /// When the hub refuses an order for good, or does not accept it within a minute.
    pub(crate) async fn post_orders(
        &self,
        hub_url: &str,
        progress: impl Fn(usize) + Send + Sync,
    ) -> Result<usize> {
        let url = format!(
            "{}/in/crm/{}",
            hub_url.trim_end_matches('/'),
            super::configuration::ORDER_INLET
        );
        let client = super::client()?;
        let accepted = std::sync::atomic::AtomicUsize::new(0);
        let mut posts = Vec::with_capacity(self.orders.len() + BROKEN_ORDERS);
        for order in &self.orders {
            posts.push((Some(&order.number), self.order_json(order)?));
        }
        for number in 0..BROKEN_ORDERS {
            // Between the others, where a broken order could hold them up if anything could.
            let place = posts.len() * (number + 1) / (BROKEN_ORDERS + 1);
            posts.insert(place, (None, self.broken_order_json(number)));
        }
        let total = posts.len();
        let (client, url) = (&client, &url);
        stream::iter(posts.into_iter().map(Ok))
            .try_for_each_concurrent(AT_ONCE, |(number, body)| {
                let (accepted, progress) = (&accepted, &progress);
                async move {
                    if let Some(number) = number {
                        self.posted_at().insert(number.clone(), Timestamp::now());
                    }
                    post(client, url, &self.crm_token, body).await?;
                    progress(accepted.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1);
                    anyhow::Ok(())
                }
            })
            .await?;
        Ok(total)
    }

    /// An order as the CRM's webhook sends it, amounts as JSON numbers.
    fn order_json(&self, order: &Order) -> Result<String> {
        let crm = self.records[order.company].crm.as_ref();
        let customer = crm
            .map(|seen| seen.id.as_str())
            .context("an order of a company that the CRM does not know")?;
        let items = order.lines.iter().enumerate().map(|(index, line)| {
            let item = &self.items[line.item];
            Ok(PostedLine {
                line_no: index + 1,
                sku: &item.code,
                name: &item.name,
                qty: raw(line.quantity)?,
                unit: item.unit,
                price: raw(line.price)?,
                tax_percent: line.tax_percent,
                amount: raw(line.amount)?,
            })
        });
        // A number of nineteen digits leaves the CRM as a number, any other as text.
        let number = match order.number.parse::<u64>() {
            Ok(_) => order.number.clone(),
            Err(_) => serde_json::to_string(&order.number)?,
        };
        let posted = Posted {
            order_no: RawValue::from_string(number)?,
            customer_id: customer,
            order_date: order.day.strftime("%Y/%m/%d").to_string(),
            delivery_date: order
                .day
                .saturating_add(jiff::Span::new().days(21))
                .strftime("%Y年%m月%d日")
                .to_string(),
            contract_no: self.contract_of(order),
            currency: if order.currency == "CNY" {
                "RMB"
            } else {
                order.currency
            },
            status: "已确认",
            salesperson: order.seller,
            sent_at: Timestamp::now().to_string(),
            items: items.collect::<Result<_>>()?,
            net_amount: raw(order.net)?,
            tax_amount: raw(order.tax)?,
            total_amount: raw(order.gross)?,
        };
        Ok(serde_json::to_string(&posted)?)
    }

    fn broken_order_json(&self, number: usize) -> String {
        let (day, quantity) = match number % 2 {
            0 => ("2026/13/45", "10"),
            _ => ("2026/03/01", "十来台"),
        };
        let sku = self
            .items
            .first()
            .map_or("", |item: &Item| item.code.as_str());
        serde_json::json!({
            "orderNo": format!("SO-BROKEN-{number}"),
            "customerId": "C000001",
            "orderDate": day,
            "currency": "RMB",
            "status": "已确认",
            "items": [{ "lineNo": 1, "sku": sku, "qty": quantity, "unit": "台", "price": "1", "taxPercent": 13, "amount": "10" }],
            "netAmount": "10", "taxAmount": "1.30", "totalAmount": "11.30"
        })
        .to_string()
    }

    /// What stands in the CRM's import directory: customers by their number there.
    pub(super) fn crm_customers(&self) -> Result<BTreeMap<String, serde_json::Value>> {
        let directory = self.crm_directory().join("in");
        let mut found = BTreeMap::new();
        let entries = match std::fs::read_dir(&directory) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(found),
            Err(error) => return Err(error).with_context(|| directory.display().to_string()),
        };
        for entry in entries {
            let path = entry?.path();
            let name = path
                .file_name()
                .and_then(|name| name.to_str())
                .unwrap_or_default();
            if !name.starts_with("customer-") || !name.ends_with(".json") {
                continue;
            }
            let text = std::fs::read(&path).with_context(|| path.display().to_string())?;
            let record: serde_json::Value =
                serde_json::from_slice(&text).with_context(|| path.display().to_string())?;
            let number = record["客户编号"]
                .as_str()
                .context("a customer without number")?
                .to_owned();
            found.insert(number, record);
        }
        Ok(found)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Posted<'a> {
    order_no: Box<RawValue>,
    customer_id: &'a str,
    order_date: String,
    delivery_date: String,
    contract_no: Option<String>,
    currency: &'a str,
    status: &'a str,
    salesperson: &'a str,
    sent_at: String,
    items: Vec<PostedLine<'a>>,
    net_amount: Box<RawValue>,
    tax_amount: Box<RawValue>,
    total_amount: Box<RawValue>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PostedLine<'a> {
    line_no: usize,
    sku: &'a str,
    name: &'a str,
    qty: Box<RawValue>,
    unit: &'a str,
    price: Box<RawValue>,
    tax_percent: u32,
    amount: Box<RawValue>,
}

/// A decimal as a JSON number, digit by digit.
fn raw(amount: Decimal) -> Result<Box<RawValue>> {
    Ok(RawValue::from_string(amount.to_string())?)
}

/// Offers one order until the hub takes responsibility for it.
async fn post(client: &reqwest::Client, url: &str, token: &str, body: String) -> Result<()> {
    let began = std::time::Instant::now();
    let mut pause = Duration::from_millis(50);
    loop {
        let sent = client
            .post(url)
            .bearer_auth(token)
            .header("content-type", "application/json")
            .body(body.clone())
            .send()
            .await;
        let trouble = match sent {
            Ok(answer) if answer.status().is_success() => return Ok(()),
            Ok(answer) if answer.status().is_server_error() || answer.status() == 429 => {
                format!("answered {}", answer.status())
            }
            Ok(answer) => {
                let status = answer.status();
                bail!(
                    "{url} answered {status}: {}",
                    answer.text().await.unwrap_or_default()
                );
            }
            Err(error) => error.to_string(),
        };
        if began.elapsed() > PATIENCE {
            bail!(
                "{url} took no order for {} s: {trouble}",
                PATIENCE.as_secs()
            );
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_secs(2));
    }
}

/// What the sellers think of a company: its kind and its grade.
fn rank(dice: &mut Dice) -> (&'static str, &'static str) {
    const GRADES: [&str; 4] = ["A", "B", "C", "D"];
    let kind = if dice.chance(15) {
        "经销商"
    } else {
        "客户"
    };
    let grade: &&str = dice.pick(&GRADES);
    (kind, *grade)
}

/// Whether the sellers gave a company the best grade.
pub(super) fn is_key_customer(seed: u64, company: &Company) -> bool {
    rank(&mut Dice::new(seed, "crm row", company.index)).1 == "A"
}

fn row(seed: u64, company: &Company, seen: &Seen) -> Vec<String> {
    let mut dice = Dice::new(seed, "crm row", company.index);
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let (kind, grade) = rank(&mut dice);
    // What is unknown stays an empty cell, or the word that a clerk puts there.
    let tax_id = match &seen.tax_id {
        Some(tax_id) => tax_id.clone(),
        None if company.role == Role::Unnamed => "待补".to_owned(),
        None => String::new(),
    };
    let abroad = company.is_foreign();
    vec![
        seen.id.clone(),
        seen.short_name.clone(),
        text(&seen.legal_name),
        tax_id,
        text(&seen.code),
        kind.to_owned(),
        grade.to_owned(),
        if abroad {
            "进出口".to_owned()
        } else {
            (*dice.pick(INDUSTRIES)).to_owned()
        },
        (*dice.pick(SOURCES)).to_owned(),
        (*dice.pick(SELLERS)).to_owned(),
        company.contact.clone(),
        "采购".to_owned(),
        company.mobile.clone(),
        company.phone.clone(),
        company.email.clone(),
        company.region.clone(),
        company.city.clone(),
        company.street.clone(),
    ]
}

fn add_broken_rows(rows: &mut Vec<Vec<String>>) {
    for number in 0..ROWS_WITHOUT_KEY + SHORT_ROWS {
        let mut row = vec![String::new(); COLUMNS.len()];
        row[1] = format!("坏行{number}");
        if number >= ROWS_WITHOUT_KEY {
            row[0] = format!("C9999{number:02}");
            row.truncate(5);
        }
        let place = rows.len() * (number + 1) / (ROWS_WITHOUT_KEY + SHORT_ROWS + 1);
        rows.insert(place, row);
    }
}

/// The rows as a CSV in GB18030, with the header that the CRM writes.
fn gb18030(rows: &[Vec<String>]) -> Result<Vec<u8>> {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .flexible(true)
        .from_writer(Vec::new());
    writer.write_record(COLUMNS)?;
    for row in rows {
        writer.write_record(row)?;
    }
    let text = String::from_utf8(writer.into_inner().map_err(|error| error.into_error())?)?;
    // GB18030 has every character, so nothing can be lost here.
    Ok(encoding_rs::GB18030.encode(&text).0.into_owned())
}

/// A file with bytes in it that no character of GB18030 begins with.
fn corrupt(number: usize) -> Result<Vec<u8>> {
    let mut row = vec![String::new(); COLUMNS.len()];
    row[0] = format!("C99998{number}");
    row[1] = "传输损坏".to_owned();
    let mut bytes = gb18030(&[row])?;
    bytes.truncate(bytes.len() - 2);
    bytes.extend([0xff, 0xff, b'\r', b'\n']);
    Ok(bytes)
}

/// Writes a file as a careful system does: under another name first.
fn write(directory: &Path, name: &str, bytes: &[u8]) -> Result<()> {
    let path = directory.join(name);
    let unfinished = directory.join(format!("{name}.tmp"));
    std::fs::write(&unfinished, bytes).with_context(|| unfinished.display().to_string())?;
    std::fs::rename(&unfinished, &path).with_context(|| path.display().to_string())
}
