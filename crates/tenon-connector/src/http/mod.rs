//! HTTP APIs: polled by page and watermark, delivered to with an idempotency key; webhooks verified.
//!
//! ```toml
//! url  = "https://crm.example.com/api"
//! auth = { bearer = "${env:CRM_TOKEN}" }
//!
//! [[receive]]
//! entity    = "customer"
//! path      = "/customers"
//! records   = "data"
//! paging    = { style = "cursor", next = "meta.next" }
//! watermark = { parameter = "updated_since", field = "updated_at" }
//!
//! [[deliver]]
//! entity    = "order"
//! path      = "/orders"
//! update    = { method = "PUT", path = "/orders/{native_id}" }
//! native_id = "id"
//! ```
//!
//! Redirects are not followed, answers are bounded in bytes and time, and nothing is tried twice
//! here: what becomes of a failure is decided by the lane of the message.

mod answer;
mod checks;
mod client;
mod config;
mod detail;
mod paging;
mod plan;
mod program;
mod session;
mod signing;
mod sink;
mod soap;
mod source;
mod state;
mod steps;
pub mod webhook;

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use bytes::Bytes;
use reqwest::Method;
use tenon_core::{Entity, Failure};

use self::client::Client;
use crate::config::{Configured, Parts};
use crate::{Checkpoint, Guarantee, Inlet, KeyProblem, Outlet, Sink, Source, Transport};

/// The transport to HTTP APIs.
#[derive(Debug)]
pub(crate) struct Http {
    plan: Arc<plan::Plan>,
    /// Shared by all sources and sinks, so that connections are; built when first needed.
    client: OnceLock<Arc<Client>>,
}

impl Configured for Http {
    type Settings = config::Settings;
    type Receive = config::Receive;
    type Webhook = config::Webhook;
    type Deliver = config::Deliver;

    fn validate(parts: Parts<Self>) -> Result<Self, Vec<KeyProblem>> {
        let plan = Arc::new(plan::plan(parts)?);
        Ok(Self {
            plan,
            client: OnceLock::new(),
        })
    }
}

impl Http {
    fn client(&self) -> Result<Arc<Client>, Failure> {
        if let Some(client) = self.client.get() {
            return Ok(client.clone());
        }
        let client = Arc::new(Client::new(&self.plan)?);
        // Another task may have been first; then its client is as good as ours.
        Ok(self.client.get_or_init(|| client).clone())
    }
}

#[async_trait]
impl Transport for Http {
    fn guarantee(&self, entity: Entity) -> Guarantee {
        let idempotent = |call: &plan::Call| call.method == Method::PUT;
        match self.plan.outflows.get(&entity) {
            Some(outflow) if outflow.idempotency.is_some() => Guarantee::OnceInEffect,
            Some(outflow) => match &outflow.way {
                plan::Way::Steps(steps) if steps.iter().any(|step| step.finds) => {
                    Guarantee::OnceInEffect
                }
                plan::Way::Call { create, update }
                    if idempotent(create) && update.as_deref().is_none_or(idempotent) =>
                {
                    Guarantee::OnceInEffect
                }
                _ => Guarantee::AtLeastOnce,
            },
            None => Guarantee::AtLeastOnce,
        }
    }

    async fn open_source(
        &self,
        inlet: &Inlet,
        checkpoint: Option<Checkpoint>,
    ) -> Result<Box<dyn Source>, Failure> {
        let inflow = self.plan.inflows.get(&inlet.name).ok_or_else(|| {
            Failure::bug(
                "http.inlet",
                format!("no inlet `{}` was configured", inlet.name),
            )
        })?;
        let source =
            source::Polled::new(self.client()?, inlet.clone(), inflow.clone(), checkpoint)?;
        Ok(Box::new(source))
    }

    async fn open_sink(&self, outlet: &Outlet) -> Result<Arc<dyn Sink>, Failure> {
        let outflow = self.plan.outflows.get(&outlet.entity).ok_or_else(|| {
            Failure::bug(
                "http.outlet",
                format!("no outlet for {} was configured", outlet.entity),
            )
        })?;
        let probe = self.plan.probe.clone();
        let concurrency = self.plan.concurrency;
        Ok(Arc::new(sink::Caller::new(
            self.client()?,
            outflow.clone(),
            probe,
            concurrency,
        )))
    }

    async fn complete(&self, inlet: &Inlet, record: Bytes) -> Result<Bytes, Failure> {
        match self.plan.details.get(&inlet.name) {
            Some(detail) => detail::detailed(&*self.client()?, detail, &record).await,
            None => Ok(record),
        }
    }
}
