//! A stand-in for the hub: the real mappings, sources and sinks of the connectors, with the truth in
//! place of the master record.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde_json::{Value, json};
use tenon_connector::{Deployment, Intake, Sole, System};
use tenon_core::{Entity, Message, MessageKind, Native, NativeBody, Outbound, schema};

use super::super::orders::Order;
use super::super::truth::{self, Company, Sizes};
use super::super::{Invoicing, World, crm};

const KINDS: &[tenon_connector::ConnectorKind] = &[
    connector_crm::KIND,
    connector_erp::KIND,
    connector_invoicing::KIND,
    connector_custom::KIND,
    connector_drp::KIND,
    connector_oa::KIND,
    connector_pdm::KIND,
    connector_scm::KIND,
];
pub(super) const SIZES: Sizes = Sizes {
    companies: 120,
    orders: 300,
    items: 24,
    unnamed: 4,
};

/// The company, its connectors, and where it all lives.
pub(super) struct Stage {
    pub(super) world: World,
    pub(super) invoicing: Invoicing,
    deployment: Deployment,
    _directory: tempfile::TempDir,
}

pub(super) async fn stage() -> Stage {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let directory = tempfile::tempdir().unwrap();
    let world = World::generate(&directory.path().join("company"), 42, SIZES)
        .await
        .unwrap();
    let invoicing = world.start_invoicing().await.unwrap();
    let connectors = directory.path().join("connectors");
    world.write_config(&connectors, &invoicing).unwrap();
    let deployment = load(&connectors);
    Stage {
        world,
        invoicing,
        deployment,
        _directory: directory,
    }
}

fn load(connectors: &Path) -> Deployment {
    Deployment::load(connectors, KINDS).unwrap_or_else(|problems| {
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        panic!("{}", lines.join("\n"))
    })
}

impl Stage {
    fn system(&self, name: &str) -> &System {
        self.deployment.system(&name.parse().unwrap()).unwrap()
    }

    /// Reads an inlet until it has handed over `expected` messages, and until it has nothing more.
    pub(super) async fn receive(
        &self,
        system: &str,
        inlet: &str,
        expected: usize,
    ) -> Vec<Message<Native>> {
        let system = self.system(system);
        let inlet = system.inlet(inlet).unwrap();
        let mut source = system.transport.open_source(inlet, None).await.unwrap();
        let began = Instant::now();
        let mut messages = Vec::new();
        loop {
            match source.receive().await.unwrap() {
                Some(received) => {
                    messages.extend(received.messages);
                    source.settle().await.unwrap();
                }
                None if messages.len() >= expected => return messages,
                None if began.elapsed() > Duration::from_secs(60) => {
                    panic!("{} of {expected} messages after a minute", messages.len())
                }
                None => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    }

    /// Maps native records to canonical ones; the second list holds what is invalid.
    pub(super) fn translate(
        &self,
        system: &str,
        inlet: &str,
        messages: &[Message<Native>],
    ) -> (Vec<Value>, Vec<String>) {
        let inlet = self.system(system).inlet(inlet).unwrap();
        let (mut canonical, mut invalid) = (Vec::new(), Vec::new());
        for message in messages {
            let json = match &message.body.body {
                NativeBody::Json(json) => json,
                NativeBody::Undecodable { reason, .. } => {
                    invalid.push(reason.clone());
                    continue;
                }
            };
            match inlet.mapping.apply(json, &json!({ "source": system })) {
                Ok(Some(output)) => {
                    let value: Value = serde_json::from_slice(&output).unwrap();
                    let schema = schema(MessageKind::current(inlet.entity)).unwrap();
                    let accepted = schema.accept(value);
                    canonical.push(
                        accepted
                            .unwrap_or_else(|violations| panic!("{violations:?}"))
                            .into_value(),
                    );
                }
                Ok(None) => panic!("a record that is not wanted"),
                Err(failure) => invalid.push(failure.detail),
            }
        }
        (canonical, invalid)
    }

    /// Maps canonical bodies for a target and delivers them, again while the target is busy.
    async fn deliver(
        &self,
        system: &str,
        entity: Entity,
        bodies: Vec<(String, Option<String>, Value)>,
    ) {
        let system = self.system(system);
        let outlet = system.outlet(entity).unwrap();
        let sink = system.transport.open_sink(outlet).await.unwrap();
        let mut waiting = Vec::new();
        for (key, native_id, body) in bodies {
            let message = json!({ "source": "erp", "target_id": native_id });
            let body = serde_json::to_vec(&body).unwrap();
            if let Some(condition) = &outlet.condition
                && !condition.holds(&body, &message).unwrap()
            {
                continue;
            }
            let payload = outlet.mapping.apply(&body, &message).unwrap().unwrap();
            let attributes = tenon_core::Attributes::received(
                system.name.clone(),
                entity,
                "hub",
                Some(key.clone()),
                Some(&key),
            );
            waiting.push(Message {
                attributes,
                body: Outbound {
                    payload,
                    native_id,
                    idempotency_key: key,
                },
            });
        }
        for _ in 0..5 {
            let mut again = Vec::new();
            for batch in waiting.chunks(200) {
                for (message, result) in batch.iter().zip(sink.deliver(batch, &Sole).await) {
                    if let Err(failure) = result {
                        assert_eq!(
                            failure.kind,
                            tenon_core::FailureKind::Transient,
                            "{failure}"
                        );
                        again.push(message.clone());
                    }
                }
            }
            if again.is_empty() {
                return;
            }
            waiting = again;
        }
        panic!("{} messages stay undelivered", waiting.len());
    }

    /// Brings every company's golden record to every system, as a perfect master would.
    pub(super) async fn master_customers(&self) {
        for name in ["crm", "erp", "invoicing"] {
            let bodies =
                self.world
                    .companies
                    .iter()
                    .zip(&self.world.records)
                    .map(|(company, records)| {
                        let native_id = match name {
                            "crm" => records.crm.as_ref().map(|seen| seen.id.clone()),
                            "erp" if company.role == truth::Role::Strayed => None,
                            "erp" => records.erp.as_ref().map(|booked| booked.number.clone()),
                            _ => records.invoicing.as_ref().map(|billed| billed.id.clone()),
                        };
                        (
                            format!("{name}-{}", company.index),
                            native_id,
                            golden(company),
                        )
                    });
            self.deliver(name, Entity::Customer, bodies.collect()).await;
        }
    }

    /// A reference as the hub expands it for the ERP.
    fn customer_reference(&self, company: &Company) -> Value {
        let records = &self.world.records[company.index];
        let own = records
            .erp
            .as_ref()
            .filter(|_| company.role != truth::Role::Strayed);
        let erp = own.map_or_else(|| code(company), |booked| booked.number.clone());
        json!({ "native_id": erp, "ids": { "erp": erp }, "golden": golden(company) })
    }
}

fn code(company: &Company) -> String {
    format!("M{}", company.index)
}

fn golden(company: &Company) -> Value {
    let mut customer = json!({
        "short_name": company.short_name, "code": code(company), "kind": "customer",
        "phones": [company.phone],
        "addresses": [{ "purpose": "registered", "region": company.region, "city": company.city, "street": company.street }],
    });
    if company.can_be_billed() {
        customer["legal_name"] = company.legal_name.clone().into();
        customer["tax_id"] = company.tax_id.clone().into();
    }
    customer
}

/// What the stand-in's webhook took.
#[derive(Clone, Default)]
struct Mailbox {
    bodies: Arc<Mutex<Vec<Vec<u8>>>>,
}

/// Takes orders at a port of this machine; every tenth first answer is that it is too busy.
async fn webhook(token: String) -> (String, Mailbox) {
    let mailbox = Mailbox::default();
    let taken = mailbox.clone();
    let calls = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let router =
        axum::Router::new().route(
            "/in/crm/orders",
            post(
                move |State(mailbox): State<Mailbox>,
                      headers: HeaderMap,
                      body: axum::body::Bytes| async move {
                    let call = calls.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    if headers["authorization"] != format!("Bearer {token}") {
                        return StatusCode::UNAUTHORIZED;
                    }
                    if call % 10 == 3 {
                        return StatusCode::SERVICE_UNAVAILABLE;
                    }
                    mailbox.bodies.lock().unwrap().push(body.to_vec());
                    StatusCode::ACCEPTED
                },
            ),
        );
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
        .await
        .unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router.with_state(taken)).await });
    (url, mailbox)
}

/// Posts the orders, maps them and brings them into the ERP; how many were invalid.
pub(super) async fn carry_orders(stage: &Stage) -> usize {
    let (url, mailbox) = webhook(stage.world.crm_token.clone()).await;
    let posted = stage.world.post_orders(&url, |_| {}).await.unwrap();
    assert_eq!(posted, SIZES.orders + crm::BROKEN_ORDERS);
    let inlet = stage.system("crm").inlet("orders").unwrap();
    assert!(matches!(inlet.intake, Intake::Webhook(_)));
    let bodies = std::mem::take(&mut *mailbox.bodies.lock().unwrap());
    let messages: Vec<_> = bodies
        .into_iter()
        .map(|body| inlet.message(body.into(), None, None, "webhook".to_owned()))
        .collect();
    let (canonical, invalid) = stage.translate("crm", "orders", &messages);
    let companies: BTreeMap<&str, &Company> = stage
        .world
        .companies
        .iter()
        .zip(&stage.world.records)
        .filter_map(|(company, records)| Some((records.crm.as_ref()?.id.as_str(), company)))
        .collect();
    let mut bodies = Vec::new();
    for mut order in canonical {
        let customer = order["customer"]["native_id"].as_str().unwrap().to_owned();
        order["customer"] = stage.customer_reference(companies[customer.as_str()]);
        for line in order["lines"].as_array_mut().unwrap() {
            line["item"] = json!({ "native_id": line["item"]["native_id"], "ids": {} });
        }
        bodies.push((order["number"].as_str().unwrap().to_owned(), None, order));
    }
    stage.deliver("erp", Entity::Order, bodies).await;
    invalid.len()
}

/// Reads the invoice requests and has those issued whose customer can be billed; the others' number.
pub(super) async fn carry_invoices(stage: &Stage) -> usize {
    let billed = stage.world.bill_orders().await.unwrap();
    let messages = stage.receive("erp", "invoice", billed).await;
    let (canonical, invalid) = stage.translate("erp", "invoice", &messages);
    assert_eq!(invalid, Vec::<String>::new());
    let orders: BTreeMap<&str, &Order> = stage
        .world
        .orders
        .iter()
        .map(|order| (order.number.as_str(), order))
        .collect();
    let (mut bodies, mut held) = (Vec::new(), 0);
    for mut invoice in canonical {
        let number = invoice["orders"][0]["native_id"]
            .as_str()
            .unwrap()
            .to_owned();
        let company = &stage.world.companies[orders[number.as_str()].company];
        if !company.can_be_billed() {
            held += 1;
            continue;
        }
        invoice["customer"] = stage.customer_reference(company);
        invoice["orders"] = json!([{ "ids": { "erp": number } }]);
        bodies.push((
            invoice["number"].as_str().unwrap().to_owned(),
            None,
            invoice,
        ));
    }
    stage.deliver("invoicing", Entity::Invoice, bodies).await;
    held
}
