//! What else goes on in the factory once orders are billed: goods leave, money comes, invoices are told of,
//! red-lettered and made void, cases are shared, drawings are released, requests decided.
//!
//! Each document that a system leaves for the hub is noted with what must stand in its target; at the end it
//! is looked for there.

use std::collections::{BTreeMap, HashMap};
use std::sync::PoisonError;

use anyhow::{Context, Result};
use serde::Serialize;
use serde_json::{Value, json};
use sqlx::Row;

use super::World;
use super::crm::is_key_customer;
use super::invoicing::Invoicing;
use super::orders::Order;
use super::truth::Role;

/// Orders of which it is told what became of them.
const FOLLOWED: usize = 40;
/// Of these, invoices that are taken back by a red letter, and that are made void.
const RED_LETTERS: usize = 5;
const VOID: usize = 3;
/// Of these, orders that are paid.
const PAID: usize = 20;
/// Cases, requests for approval, plans, articles on stock.
const CASES: usize = 6;
const REQUESTS: usize = 5;
const PLANS: usize = 4;
const STOCKED: usize = 10;
const BILLS: usize = 4;

/// How far one flow has come: documents for a target, and those that stand there as they should.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Flow {
    /// Left for the hub.
    pub(crate) sent: usize,
    /// Found in the target.
    pub(crate) arrived: usize,
}

/// By its name.
pub(crate) type Flows = BTreeMap<&'static str, Flow>;

/// Where a document must be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Place {
    /// Among the files that a system was given.
    Folder(&'static str, &'static str),
    /// In the ERP's table of invoices.
    Invoices,
}

/// A document that was sent, and what must stand in its target.
#[derive(Debug, Clone)]
pub(super) struct Sent {
    flow: &'static str,
    place: Place,
    record: Value,
}

impl World {
    fn expect(&self, flow: &'static str, place: Place, record: Value) {
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        sent.push(Sent {
            flow,
            place,
            record,
        });
    }

    /// The orders of which it is told what became of them: billed, and not waiting.
    fn followed(&self) -> Vec<&Order> {
        let billed = |order: &&Order| self.companies[order.company].can_be_billed();
        self.orders.iter().filter(billed).take(FOLLOWED).collect()
    }

    fn crm_number(&self, order: &Order) -> &str {
        let seen = self.records[order.company].crm.as_ref();
        seen.map_or("", |seen| seen.id.as_str())
    }

    /// The first day after billing: goods leave, the invoicing service closes its day, the other systems
    /// export what they have.
    ///
    /// # Errors
    /// When a system cannot be read or written.
    pub(crate) async fn begin_flows(&self, invoicing: &Invoicing) -> Result<()> {
        self.ship().await?;
        self.count_stock().await?;
        self.close_day(invoicing)?;
        self.open_cases()?;
        self.release_designs()?;
        self.ask_for_approval()?;
        self.plan()?;
        for (company, records) in self.companies.iter().zip(&self.records) {
            let key = records.crm.is_some() && is_key_customer(self.seed, company);
            if key && company.role == Role::Ordinary {
                let record = json!({ "title": company.legal_name, "kind": "customer" });
                self.expect("customers_to_km", Place::Folder("km", "customer-"), record);
            }
        }
        Ok(())
    }

    /// The second: money comes, invoices are red-lettered and made void, sales promises, the director decides.
    ///
    /// # Errors
    /// When a system cannot be read or written.
    pub(crate) async fn end_flows(&self, invoicing: &Invoicing) -> Result<()> {
        self.take_back(invoicing).await?;
        self.receive_money().await?;
        self.promise()?;
        self.decide()
    }

    /// Goods of the followed orders leave, line by line as they were ordered.
    async fn ship(&self) -> Result<()> {
        let mut transaction = self.erp.pool.begin().await?;
        for order in self.followed() {
            sqlx::query(
                "INSERT INTO T_SHIP (SHIP_NO, CUST_NO, ORD_NO, STATUS, SHIP_DATE, CARRIER) \
                 SELECT 'DN-' || ORD_NO, CUST_NO, ORD_NO, 'S', '2026-05-06', '顺丰速运' FROM T_ORD WHERE ORD_NO = ?",
            )
            .bind(&order.number)
            .execute(&mut *transaction)
            .await?;
            sqlx::query(
                "INSERT INTO T_SHIP_LINE (SHIP_NO, LINE_NO, ORD_LINE, ITEM_NO, QTY, UOM) \
                 SELECT 'DN-' || ORD_NO, LINE_NO, LINE_NO, ITEM_NO, QTY, UOM FROM T_ORD_LINE WHERE ORD_NO = ?",
            )
            .bind(&order.number)
            .execute(&mut *transaction)
            .await?;
            let record = json!({ "发货单号": format!("DN-{}", order.number),
                "客户编号": self.crm_number(order), "订单编号": order.number, "状态": "已发货" });
            let place = Place::Folder("crm", "shipment-");
            self.expect("shipments_to_crm", place, record);
        }
        transaction.commit().await?;
        Ok(())
    }

    /// The warehouse counts some articles; the dealers see what it has.
    async fn count_stock(&self) -> Result<()> {
        for (number, item) in self.items.iter().take(STOCKED).enumerate() {
            let (id, quantity) = (format!("WH-1/{}", item.code), format!("{}", 500 + number));
            sqlx::query(
                "INSERT INTO T_STOCK (STOCK_ID, ITEM_NO, WHS, ON_HAND, AVAILABLE, UOM, AS_OF) \
                 VALUES (?, ?, 'WH-1', ?, ?, ?, '2026-05-06 08:00:00')",
            )
            .bind(&id)
            .bind(&item.code)
            .bind(&quantity)
            .bind(&quantity)
            .bind(item.unit)
            .execute(&self.erp.pool)
            .await?;
            let record = json!({ "SKU": item.code, "AVAILABLE": quantity, "WAREHOUSE": "WH-1" });
            self.expect("stock_to_drp", Place::Folder("drp", "STOCK-"), record);
        }
        Ok(())
    }

    /// The service tells of the followed invoices.
    fn close_day(&self, invoicing: &Invoicing) -> Result<()> {
        let followed = self.followed();
        for (place, order) in followed.iter().enumerate() {
            let request = format!("IR-{}", order.number);
            let fiscal = invoicing
                .tell(&request)
                .with_context(|| format!("{request} was not issued"))?;
            // The last ones will be void.
            let void = place + VOID >= followed.len();
            let (erp, crm) = match void {
                true => ("V", "已作废"),
                false => ("I", "已开具"),
            };
            let gross = order.gross.to_string();
            let record = json!({ "REQ_NO": request, "FISCAL_NO": fiscal, "STATUS": erp, "GROSS_AMT": gross });
            self.expect("invoices_to_erp", Place::Invoices, record);
            let record = json!({ "开票单号": request, "发票号码": fiscal,
                "客户编号": self.crm_number(order), "状态": crm, "价税合计": gross });
            self.expect("invoices_to_crm", Place::Folder("crm", "invoice-"), record);
        }
        Ok(())
    }

    /// Customers of the service desk complain.
    fn open_cases(&self) -> Result<()> {
        let mut cases = Vec::new();
        for (service, crm) in self.served()? {
            let number = format!("SV-{}", cases.len() + 1);
            cases.push(case(&number, &service));
            let record = json!({ "工单编号": number, "客户编号": crm, "主题": "刀头异响" });
            self.expect("cases_to_crm", Place::Folder("crm", "case-"), record);
        }
        for number in cases.len()..self.complaints() {
            // Whoever the service desk was not told of cannot complain: what cannot be sent is lost.
            let record = json!({ "工单编号": format!("SV-{}", number + 1) });
            self.expect("cases_to_crm", Place::Folder("crm", "case-"), record);
        }
        self.leave("service", "cases-1.ndjson", &cases)
    }

    /// How many customers complain, if the service desk was told of all that it should know.
    fn complaints(&self) -> usize {
        let seen = self.companies.iter().zip(&self.records);
        let key = seen.filter(|(company, records)| {
            company.role == Role::Ordinary
                && records.crm.is_some()
                && is_key_customer(self.seed, company)
        });
        key.count().min(CASES)
    }

    /// Some customers, as the service desk and the CRM call them.
    fn served(&self) -> Result<Vec<(String, String)>> {
        let mut known: HashMap<&str, &str> = HashMap::new();
        for (company, records) in self.companies.iter().zip(&self.records) {
            if let Some(seen) = &records.crm
                && company.role == Role::Ordinary
            {
                known.insert(&company.legal_name, &seen.id);
            }
        }
        let given = self.given("service", "customer-")?;
        let mut served: Vec<(String, String)> = given
            .iter()
            .filter_map(|customer| {
                let crm = known.get(customer["工商全称"].as_str()?)?;
                Some((customer["客户编号"].as_str()?.to_owned(), (*crm).to_owned()))
            })
            .collect();
        served.sort();
        served.truncate(CASES);
        Ok(served)
    }

    /// The design office releases bills with their parts, and documents; some of these are for nobody else.
    fn release_designs(&self) -> Result<()> {
        let mut parts = "PART_NO,PART_NAME,SPEC,UNIT,REV\n".to_owned();
        let mut bills = Vec::new();
        for number in 1..=BILLS {
            let (product, blade) = (format!("PD-{number}00"), format!("PD-{number}01"));
            parts += &format!(
                "{product},样机 {number} 号,,台,A\n{blade},刀头 {number} 号,2{number} mm,件,B\n"
            );
            bills.push(json!({ "BOM_NO": format!("BOM-{number}"), "PART_NO": product, "VIEW": "E", "REV": "A",
                "STATE": "R", "LINES": [{ "POS": 10, "PART_NO": blade, "QTY": 3, "UNIT": "件" }] }));
            let record =
                json!({ "BOM_NO": format!("BOM-{number}"), "ITEM_NO": product, "STATUS": "R" });
            self.expect("boms_to_plant", Place::Folder("plant", "T_BOM-"), record);
        }
        self.leave_text("pdm", "PARTS-1.csv", &parts)?;
        self.leave("pdm", "BOM-1.ndjson", &bills)?;
        let mut documents = Vec::new();
        for (number, state, class) in [
            (1, "R", "P"),
            (2, "R", "P"),
            (3, "D", "P"),
            (4, "R", "C"),
            (5, "R", "P"),
        ] {
            let number = format!("DOC-{number}");
            documents.push(json!({ "DOC_NO": number, "TITLE": "用户手册", "TYPE": "MAN", "REV": "B", "STATE": state,
                "CLASS": class, "FILES": [{ "NAME": "manual.pdf", "URL": format!("https://pdm.example.com/{number}.pdf") }] }));
            if (state, class) == ("R", "P") {
                let record = json!({ "id": number, "title": "用户手册", "revision": "B" });
                self.expect("documents_to_km", Place::Folder("km", "document-"), record);
            }
        }
        self.leave("pdm", "DOC-1.ndjson", &documents)
    }

    fn ask_for_approval(&self) -> Result<()> {
        let requests: Vec<Value> = (1..=REQUESTS)
            .map(|number| {
                let record = json!({ "REQUEST_NO": format!("AP-{number}"), "TYPE": "REQUISITION",
                    "AMOUNT": format!("{number}000.01") });
                self.expect("requests_to_oa", Place::Folder("oa", "REQUEST-"), record);
                json!({ "REQ_NO": format!("AP-{number}"), "REQ_TYPE": "R", "DOC_NO": format!("PR-{number}"),
                    "SUBJECT": "两台机床", "CCY": "CNY", "AMT": format!("{number}000.01"), "REQ_BY": "li.lei",
                    "REQ_AT": "2026-05-06 10:00:00" })
            })
            .collect();
        self.leave("plant", "T_APPROVAL-1.ndjson", &requests)
    }

    fn plan(&self) -> Result<()> {
        let mut plans = Vec::new();
        for (number, item) in self.items.iter().take(PLANS).enumerate() {
            let number = format!("SP-{number}");
            let record = json!({ "PLAN_NO": number, "SUPPLIER_NO": "S-31", "BINDING": true });
            self.expect("plans_to_scm", Place::Folder("scm", "PLAN-"), record);
            plans.push(json!({ "PLAN_NO": number, "SUPP_NO": "S-31", "FIRM": "Y", "ISSUED_AT": "2026-05-06 17:00:00",
                "LINES": [{ "LINE_NO": 1, "ITEM_NO": item.code, "FROM_DATE": "2026-06-01", "QTY": 30000 }] }));
        }
        self.leave("plant", "T_PLAN-1.ndjson", &plans)
    }

    /// The ERP asks for red letters to invoices of which it was told; the service makes others void.
    async fn take_back(&self, invoicing: &Invoicing) -> Result<()> {
        let followed = self.followed();
        let standing = followed.len().saturating_sub(VOID);
        for order in &followed[standing..] {
            invoicing.void(&format!("IR-{}", order.number));
        }
        for order in followed[..standing].iter().take(RED_LETTERS) {
            let (request, red) = (
                format!("IR-{}", order.number),
                format!("RL-{}", order.number),
            );
            let told = sqlx::query("SELECT FISCAL_NO FROM T_INV WHERE REQ_NO = ?")
                .bind(&request)
                .fetch_optional(&self.erp.pool)
                .await?;
            // An invoice of which nobody told is missing at the end as it is.
            let Some(told) = told else { continue };
            let fiscal: String = told.try_get("FISCAL_NO")?;
            let mut transaction = self.erp.pool.begin().await?;
            sqlx::query(
                "INSERT INTO T_INV_REQ (REQ_NO, ORD_NO, CUST_NO, CUST_NAME, INV_TYPE, CORRECTS_NO, CCY, NET_AMT, TAX_AMT, GROSS_AMT) \
                 SELECT ?, ORD_NO, CUST_NO, CUST_NAME, 'R', ?, CCY, '-' || NET_AMT, '-' || TAX_AMT, '-' || GROSS_AMT \
                 FROM T_INV_REQ WHERE REQ_NO = ?",
            )
            .bind(&red)
            .bind(&fiscal)
            .bind(&request)
            .execute(&mut *transaction)
            .await?;
            sqlx::query(
                "INSERT INTO T_INV_REQ_LINE (REQ_NO, LINE_NO, ITEM_NO, ITEM_DESC, QTY, UOM, PRICE, TAX_RATE, AMT, TAX) \
                 SELECT ?, LINE_NO, ITEM_NO, ITEM_DESC, '-' || QTY, UOM, PRICE, TAX_RATE, '-' || AMT, '-' || TAX \
                 FROM T_INV_REQ_LINE WHERE REQ_NO = ?",
            )
            .bind(&red)
            .bind(&request)
            .execute(&mut *transaction)
            .await?;
            transaction.commit().await?;
            let record = json!({ "REQ_NO": red, "INV_TYPE": "R", "CORRECTS_NO": fiscal, "STATUS": "I",
                "GROSS_AMT": format!("-{}", order.gross) });
            self.expect("red_letters_to_erp", Place::Invoices, record);
            let record = json!({ "开票单号": red, "类型": "红字发票", "原发票号码": fiscal,
                "客户编号": self.crm_number(order) });
            self.expect(
                "red_letters_to_crm",
                Place::Folder("crm", "invoice-"),
                record,
            );
        }
        Ok(())
    }

    /// Some of the followed orders are paid, each for its invoice.
    async fn receive_money(&self) -> Result<()> {
        let mut transaction = self.erp.pool.begin().await?;
        for order in self.followed().into_iter().skip(RED_LETTERS).take(PAID) {
            let receipt = format!("SK-{}", order.number);
            sqlx::query(
                "INSERT INTO T_RECEIPT (RCPT_NO, CUST_NO, RCPT_DATE, METHOD, CCY, AMT, STATUS) \
                 SELECT ?, CUST_NO, '2026-06-04', 'T', CCY, GROSS_AMT, 'C' FROM T_ORD WHERE ORD_NO = ?",
            )
            .bind(&receipt)
            .bind(&order.number)
            .execute(&mut *transaction)
            .await?;
            sqlx::query(
                "INSERT INTO T_RECEIPT_LINE (RCPT_NO, LINE_NO, ORD_NO, INV_NO, AMT) VALUES (?, 1, ?, ?, ?)",
            )
            .bind(&receipt)
            .bind(&order.number)
            .bind(format!("IR-{}", order.number))
            .bind(order.gross.to_string())
            .execute(&mut *transaction)
            .await?;
            let record = json!({ "收款单号": receipt, "客户编号": self.crm_number(order),
                "核销发票": format!("IR-{}", order.number), "金额": order.gross.to_string() });
            self.expect("receipts_to_crm", Place::Folder("crm", "receipt-"), record);
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Sales promises something to everybody who complained.
    fn promise(&self) -> Result<()> {
        let mut cases = Vec::new();
        for (service, crm) in self.served()? {
            let number = format!("SV-{}", cases.len() + 1);
            let mut promised = case(&number, &crm);
            promised["承诺"] = json!("一周内换货");
            promised["承诺日期"] = json!("2026-05-14");
            cases.push(promised);
            let record = json!({ "工单编号": number, "客户编号": service, "承诺": "一周内换货" });
            self.expect(
                "promises_to_service",
                Place::Folder("service", "case-"),
                record,
            );
        }
        for number in cases.len()..self.complaints() {
            let record = json!({ "工单编号": format!("SV-{}", number + 1), "承诺": "一周内换货" });
            self.expect(
                "promises_to_service",
                Place::Folder("service", "case-"),
                record,
            );
        }
        self.leave("crm", "cases-1.ndjson", &cases)
    }

    /// The director decides what he was asked.
    fn decide(&self) -> Result<()> {
        let mut decisions = Vec::new();
        for number in 1..=REQUESTS {
            let (word, result) = match number % 2 {
                0 => ("refuse", "R"),
                _ => ("agree", "A"),
            };
            let number = format!("AP-{number}");
            decisions.push(json!({ "REQUEST_NO": number, "TYPE": "REQUISITION", "TITLE": "两台机床", "APPLICANT": "li.lei",
                "APPLIED_AT": "2026-05-06 10:00:00", "RESULT": word, "DECIDED_BY": "director",
                "DECIDED_AT": "2026-05-07 09:00:00" }));
            let record = json!({ "REQ_NO": number, "RESULT": result, "DECIDED_BY": "director" });
            self.expect(
                "decisions_to_plant",
                Place::Folder("plant", "T_APPROVAL-"),
                record,
            );
        }
        self.leave("oa", "APPROVAL-1.ndjson", &decisions)
    }

    /// Looks for everything that was sent in its target; and for pages of documents that are for nobody else.
    pub(super) async fn count_flows(&self) -> Result<(Flows, usize)> {
        let sent = {
            let sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
            sent.clone()
        };
        let mut found: HashMap<Place, Vec<Value>> = HashMap::new();
        for Sent { place, .. } in &sent {
            if !found.contains_key(place) {
                let records = match place {
                    Place::Folder(system, prefix) => self.given(system, prefix)?,
                    Place::Invoices => self.told_invoices().await?,
                };
                found.insert(*place, records);
            }
        }
        let mut flows = Flows::new();
        for Sent {
            flow,
            place,
            record,
        } in &sent
        {
            let flow = flows.entry(flow).or_default();
            flow.sent += 1;
            let there = found.get(place).map_or(&[][..], Vec::as_slice);
            flow.arrived += usize::from(there.iter().any(|found| holds(found, record)));
        }
        let pages = self.given("km", "document-").unwrap_or_default().len();
        let published = flows.get("documents_to_km").map_or(0, |flow| flow.sent);
        Ok((flows, pages.saturating_sub(published)))
    }

    async fn told_invoices(&self) -> Result<Vec<Value>> {
        let rows = sqlx::query_scalar::<_, String>(
            "SELECT json_object('REQ_NO', REQ_NO, 'FISCAL_NO', FISCAL_NO, 'STATUS', STATUS, 'INV_TYPE', INV_TYPE, \
             'CORRECTS_NO', CORRECTS_NO, 'GROSS_AMT', GROSS_AMT) FROM T_INV",
        )
        .fetch_all(&self.erp.pool)
        .await?;
        let read = |row: String| Ok(serde_json::from_str(&row)?);
        rows.into_iter().map(read).collect()
    }
}

/// Whether a record says everything that another says.
fn holds(record: &Value, expected: &Value) -> bool {
    let mut members = expected.as_object().into_iter().flatten();
    members.all(|(key, value)| record.get(key) == Some(value))
}

/// A case as service desk and CRM write it.
fn case(number: &str, customer: &str) -> Value {
    json!({ "工单编号": number, "客户编号": customer, "类型": "投诉", "主题": "刀头异响", "优先级": "高",
        "状态": "处理中", "提出时间": "2026-05-07 09:30:00" })
}
