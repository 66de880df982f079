//! The simulated company: a shaver factory with a CRM, an ERP, an invoicing service and their neighbours.
//!
//! Everything is invented, and invented the same way from the same seed. The systems speak
//! their own formats and know nothing of the hub; what became of what they sent is counted in them.
//!
//! The truth (`truth`, `orders`) comes first; `records` says what each system wrote down of it, under
//! which spelling; `crm`, `erp` and `invoicing` are the systems, `neighbours` the others that exchange files;
//! `flows` is what goes on between all of them once orders are billed; `configuration` is what the IT team
//! wrote to join them; `ledger` counts.

mod configuration;
mod contracts;
mod crm;
mod erp;
mod flows;
mod invoicing;
mod ledger;
mod neighbours;
mod orders;
mod records;
pub(crate) mod registration;
mod rehearsal;
mod spelling;
#[cfg(test)]
mod tests;
mod truth;
mod words;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use jiff::Timestamp;

use erp::Erp;
use invoicing::Buyer;
pub(crate) use invoicing::{Invoicing, Issues};
pub(crate) use ledger::{Counts, Standing};
use orders::{Item, Order};
use records::Records;
use truth::Company;
pub(crate) use truth::Sizes;

/// A company that does not exist, in a directory of its own.
#[derive(Debug)]
pub(crate) struct World {
    directory: PathBuf,
    seed: u64,
    companies: Vec<Company>,
    /// What the systems know of each company, in the order of the companies.
    records: Vec<Records>,
    items: Vec<Item>,
    orders: Vec<Order>,
    erp: Erp,
    crm_token: String,
    invoicing_token: String,
    /// When each order was first offered to the hub.
    posted: Mutex<HashMap<String, Timestamp>>,
    /// What was left for the hub once orders were billed, and what must stand in the targets.
    sent: Mutex<Vec<flows::Sent>>,
}

impl World {
    /// Invents the company and sets its ERP up in `directory`, which holds none yet.
    ///
    /// # Errors
    /// When the directory cannot be written or holds a company already.
    pub(crate) async fn generate(directory: &Path, seed: u64, sizes: Sizes) -> Result<Self> {
        // Paths go into connector files, which may stand anywhere.
        std::fs::create_dir_all(directory).with_context(|| directory.display().to_string())?;
        let directory = directory
            .canonicalize()
            .with_context(|| directory.display().to_string())?;
        let database = directory.join("erp.db");
        if database.exists() {
            bail!(
                "{} holds a company already; choose another directory",
                directory.display()
            );
        }
        for folder in ["crm/out", "crm/in", "secrets"] {
            let folder = directory.join(folder);
            std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        }
        let companies = truth::companies(seed, sizes);
        let records = companies
            .iter()
            .map(|company| records::records(seed, company))
            .collect();
        let items = orders::items(seed, sizes.items);
        let orders = orders::orders(seed, sizes, &companies, &items);
        let world = Self {
            seed,
            companies,
            records,
            items,
            orders,
            erp: Erp::create(database).await?,
            crm_token: token(),
            invoicing_token: token(),
            posted: Mutex::default(),
            sent: Mutex::default(),
            directory,
        };
        world.write_secret("crm-token", &world.crm_token)?;
        world.write_secret("invoicing-token", &world.invoicing_token)?;
        world.fill_erp().await?;
        Ok(world)
    }

    /// Starts the invoicing service with the buyers that it knows; it stops when dropped.
    ///
    /// # Errors
    /// When no port is free.
    pub(crate) async fn start_invoicing(&self) -> Result<Invoicing> {
        let register = self
            .companies
            .iter()
            .map(|company| (company.tax_id.clone(), company.legal_name.clone()))
            .collect();
        let known = self.companies.iter().zip(&self.records);
        let buyers = known.filter_map(|(company, records)| {
            let billed = records.invoicing.as_ref()?;
            Some(Buyer {
                buyer_id: billed.id.clone(),
                buyer_name: company.legal_name.clone(),
                tax_no: company.tax_id.clone(),
                address: Some(format!(
                    "{}{}{}",
                    company.region, company.city, company.street
                )),
                phone: Some(company.phone.clone()),
                bank_name: Some(company.bank.clone()),
                bank_account: Some(company.account.clone()),
                ..Buyer::default()
            })
        });
        Invoicing::start(self.invoicing_token.clone(), register, buyers.collect()).await
    }

    fn posted_at(&self) -> MutexGuard<'_, HashMap<String, Timestamp>> {
        // Each change is one insertion, so a panic elsewhere leaves nothing half done.
        self.posted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn secret_file(&self, name: &str) -> PathBuf {
        self.directory.join("secrets").join(name)
    }

    fn write_secret(&self, name: &str, secret: &str) -> Result<()> {
        let path = self.secret_file(name);
        std::fs::write(&path, secret).with_context(|| path.display().to_string())?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
        }
        Ok(())
    }
}

/// A token for one run. It is no part of the invented data, so it need not repeat itself.
fn token() -> String {
    uuid::Uuid::now_v7().simple().to_string()
}

/// The client with which the systems call out.
fn client() -> Result<reqwest::Client> {
    Ok(reqwest::Client::builder()
        .connect_timeout(Duration::from_secs(5))
        .timeout(Duration::from_secs(30))
        .no_proxy()
        .build()?)
}
