//! As it was before the hub: each invoice request goes straight to the invoicing service, under the
//! name that the system at hand has for the customer.

use anyhow::{Result, bail};
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::json;

use super::World;
use super::invoicing::{Invoicing, Issues};
use super::orders::Order;

/// Requests in flight at once.
const AT_ONCE: usize = 32;
/// How often a request that the service is too busy for is sent.
const ATTEMPTS: usize = 5;

impl World {
    /// Sends every order's invoice request point to point, into books that are thrown away
    /// afterwards: what counts is how many the service refuses.
    ///
    /// # Errors
    /// When the service cannot be reached.
    pub(crate) async fn refused_before_mastering(&self, invoicing: &Invoicing) -> Result<Issues> {
        let client = super::client()?;
        let url = format!("{}/rehearsal/api/invoices", invoicing.url());
        let (client, url) = (&client, &url);
        let sent = self
            .orders
            .iter()
            .map(|order| self.rehearse(client, url, order));
        stream::iter(sent)
            .buffer_unordered(AT_ONCE)
            .try_collect::<Vec<()>>()
            .await?;
        Ok(invoicing.end_rehearsal())
    }

    async fn rehearse(&self, client: &reqwest::Client, url: &str, order: &Order) -> Result<()> {
        let (name, tax_id) = self.title_at_hand(order);
        let request = json!({
            "requestNo": format!("IR-{}", order.number),
            "buyer": { "name": name, "taxNo": tax_id },
            "amount": order.net.to_string(),
            "tax": order.tax.to_string(),
            "total": order.gross.to_string(),
        });
        for _ in 0..ATTEMPTS {
            let answer = client
                .post(url)
                .bearer_auth(&self.invoicing_token)
                .header("idempotency-key", &order.number)
                .json(&request)
                .send()
                .await?;
            match answer.status().as_u16() {
                503 => continue,
                200 | 201 | 422 => return Ok(()),
                status => bail!("{url} answered {status}"),
            }
        }
        bail!("{url} stays too busy")
    }

    /// Name and tax id as the ERP has them, or else the CRM: what a clerk would have copied.
    fn title_at_hand(&self, order: &Order) -> (String, String) {
        let records = &self.records[order.company];
        if let Some(booked) = &records.erp {
            let name = booked.name.as_ref().or(booked.abbreviation.as_ref());
            return (
                name.cloned().unwrap_or_default(),
                booked.tax_id.clone().unwrap_or_default(),
            );
        }
        match &records.crm {
            Some(seen) => (
                seen.legal_name
                    .clone()
                    .unwrap_or_else(|| seen.short_name.clone()),
                seen.tax_id.clone().unwrap_or_default(),
            ),
            None => (String::new(), String::new()),
        }
    }
}
