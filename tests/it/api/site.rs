//! Engines, systems and a router of one test, and how they are asked.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderMap, Request};
use serde_json::Value;
use tempfile::TempDir;
use tenon_api::alerts::Alerts;
use tenon_api::{Access, AccessPolicy, Api, router};
use tenon_broker::{Embedded, Publication, SharedBroker};
use tenon_connector::{ConnectorKind, Deployment, Preset, Secret};
use tenon_pipeline::{
    Accept, Depths, Health, Hub, MasterPolicy, Reloader, Roles, Settings, Systems, inbound_queue,
    queues,
};
use tenon_store::{SharedStore, Sqlite, open_sqlite};
use tower::ServiceExt;

const PARTITIONS: u32 = 2;
const PATIENCE: Duration = Duration::from_secs(100);
/// The most of an answer that is read, in bytes.
const MOST: usize = 64 * 1024 * 1024;

/// The token of the API, and of the webhooks.
pub(super) const TOKEN: &str = "let-me-in";
/// What the caller of the webhook `events` signs with.
pub(super) const SIGNING: &str = "a-shared-secret";

/// A kind of system whose connector files say everything themselves.
const BARE: ConnectorKind = ConnectorKind {
    name: "bare",
    summary: "a system without defaults",
    presets: &[bare("http"), bare("files")],
};

const fn bare(transport: &'static str) -> Preset {
    Preset {
        name: transport,
        summary: "nothing preset",
        transport,
        defaults: "",
        files: &[],
    }
}

/// A shop that calls, and an erp that is given files.
pub(super) struct Site {
    directory: TempDir,
    broker: SharedBroker,
    store: SharedStore,
    deployment: Arc<Deployment>,
    alerts: Alerts,
}

const ORDER_IN: &str = r#"{
  number: .no, customer: ref($message.source; .buyer), order_date: "2026-03-01", currency: "CNY",
  status: "confirmed",
  lines: [{ number: 1, item: ref($message.source; "I-1"), quantity: "1",
            unit_price: (.amount | decimal), amount: (.amount | decimal) }],
  totals: { net: (.amount | decimal), tax: "0", gross: (.amount | decimal) }
}"#;
const CUSTOMER_IN: &str = "{ legal_name: .firm, tax_id: .tax, phones: [.call] }";

impl Site {
    pub(super) async fn new() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let path = |name: &str| directory.path().join(name);
        let write = |name: &str, text: &str| std::fs::write(path(name), text).expect("a file");
        write("token", TOKEN);
        write("signing", SIGNING);
        write("order.in.jq", ORDER_IN);
        write("customer.in.jq", CUSTOMER_IN);
        write("order.out.jq", "{ order_no: .number, net: .totals.net }");
        let secret = |name: &str| format!("'${{file:{}}}'", path(name).display());
        write(
            "shop.toml",
            &format!(
                "name = 'shop'\nkind = 'bare'\npreset = 'http'\nurl = 'http://127.0.0.1:9'\n\
                 [[webhook]]\nentity = 'order'\nname = 'orders'\nkey = 'no'\nmapping = 'order.in.jq'\n\
                 auth = {{ token = {token} }}\nevent_id_header = 'x-event-id'\n\
                 [[webhook]]\nentity = 'order'\nname = 'events'\nkey = 'no'\nmapping = 'order.in.jq'\n\
                 auth = {{ hmac = {signing} }}\n\
                 [[webhook]]\nentity = 'order'\nname = 'keyed'\nkey = 'no'\nmapping = 'order.in.jq'\n\
                 auth = {{ token = {token}, header = 'X-Api-Key' }}\n\
                 [[webhook]]\nentity = 'customer'\nname = 'customers'\nkey = 'id'\nmapping = 'customer.in.jq'\n\
                 auth = {{ token = {token} }}\n",
                token = secret("token"),
                signing = secret("signing"),
            ),
        );
        write(
            "erp.toml",
            "name = 'erp'\nkind = 'bare'\npreset = 'files'\ndirectory = '.'\n\
             [[receive]]\nentity = 'invoice'\nkey = 'id'\nfiles = 'invoice*.json'\nmapping = 'customer.in.jq'\n\
             every = '1h'\n\
             [[deliver]]\nentity = 'order'\nfile = 'order-{native_id}.json'\nkey = 'order_no'\n\
             mapping = 'order.out.jq'\n",
        );
        Self::loaded(directory, &[BARE]).await
    }

    /// One OA of a preset, with the queues that a hub would declare; `secrets` are files beside its own.
    pub(super) async fn of_oa(text: &str, secrets: &[(&str, &str)]) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let all = [("token", TOKEN), ("oa.toml", text)];
        for (name, text) in all.iter().chain(secrets) {
            std::fs::write(directory.path().join(name), text).expect("a file");
        }
        let site = Self::loaded(directory, &[connector_oa::KIND]).await;
        let queues = queues(&site.deployment, PARTITIONS);
        site.broker.declare(&queues).await.expect("declared");
        site
    }

    /// One system that nothing is preset for, as its file says.
    pub(super) async fn of_bare(text: &str) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        for (name, text) in [
            ("token", TOKEN),
            ("order.in.jq", ORDER_IN),
            ("one.toml", text),
        ] {
            std::fs::write(directory.path().join(name), text).expect("a file");
        }
        Self::loaded(directory, &[BARE]).await
    }

    async fn loaded(directory: TempDir, kinds: &'static [ConnectorKind]) -> Self {
        let path = |name: &str| directory.path().join(name);
        let deployment = match Deployment::load(directory.path(), kinds) {
            Ok(deployment) => Arc::new(deployment),
            Err(problems) => panic!("{problems:#?}"),
        };
        let (writer, reader) = open_sqlite(&path("tenon.db"))
            .await
            .expect("the file opens");
        let store: SharedStore = Arc::new(Sqlite::open(writer.clone(), reader.clone()));
        store.migrate().await.expect("migrated");
        let broker = Embedded::open(writer, reader)
            .await
            .expect("the broker opens");
        Self {
            directory,
            broker: Arc::new(broker),
            store,
            deployment,
            alerts: Alerts::default(),
        }
    }

    /// As `new`, with the queues that a hub would declare.
    pub(super) async fn declared() -> Self {
        let site = Self::new().await;
        let queues = queues(&site.deployment, PARTITIONS);
        site.broker.declare(&queues).await.expect("declared");
        site
    }

    /// The HTTP side as it is before a hub runs.
    pub(super) fn router(&self) -> Router {
        self.router_with(self.access(), Arc::new(Health::default()))
    }

    pub(super) fn store(&self) -> &SharedStore {
        &self.store
    }

    /// As it is, with another store.
    pub(super) fn with_store(self, store: SharedStore) -> Self {
        Self { store, ..self }
    }

    /// As it is, with these alerts.
    pub(super) fn with_alerts(self, alerts: Alerts) -> Self {
        Self { alerts, ..self }
    }

    pub(super) fn depths(&self) -> Depths {
        Depths::new(self.broker.clone(), self.deployment.clone(), PARTITIONS)
    }

    /// Who may what, as a hub with a configured token begins.
    pub(super) fn access(&self) -> Access {
        self.access_with(AccessPolicy::default())
    }

    pub(super) fn access_with(&self, policy: AccessPolicy) -> Access {
        let path = self.directory.path().join("token");
        let token = Secret::parse(&format!("${{file:{}}}", path.display())).expect("a reference");
        Access::new(self.store.clone(), policy, Some(token))
    }

    /// A file beside the connector files.
    pub(super) fn file(&self, name: &str) -> std::path::PathBuf {
        self.directory.path().join(name)
    }

    /// Runs one statement beside the store.
    pub(super) async fn sql(&self, statement: &'static str) {
        let path = self.directory.path().join("tenon.db");
        let (writer, _) = open_sqlite(&path).await.expect("the file opens");
        sqlx::query(statement).execute(&writer).await.expect("run");
        writer.close().await;
    }

    pub(super) fn router_with(&self, access: Access, health: Arc<Health>) -> Router {
        let systems = self.deployment.clone().into();
        router(self.api(systems, access, health, None)).expect("a router")
    }

    fn api(
        &self,
        systems: Systems,
        access: Access,
        health: Arc<Health>,
        reloader: Option<Reloader>,
    ) -> Api {
        Api {
            systems,
            reloader,
            store: self.store.clone(),
            depths: self.depths(),
            accept: Accept::new(self.broker.clone(), PARTITIONS),
            health,
            master: Arc::default(),
            insight: Arc::default(),
            keep: Some(Duration::from_secs(90 * 86_400)),
            access,
            live: tenon_api::Live::default(),
            kept: tenon_api::Kept::default(),
            alerts: self.alerts.clone(),
        }
    }

    /// A hub that runs, and its HTTP side.
    pub(super) async fn run(&self) -> (Hub, Router) {
        let settings = Settings {
            roles: Roles::ALL,
            partitions: PARTITIONS,
            master: MasterPolicy::default(),
            keep: None,
        };
        let (broker, store) = (self.broker.clone(), self.store.clone());
        let hub = Hub::start(settings, self.deployment.clone(), broker, store).await;
        let hub = hub.expect("the hub starts");
        let (systems, health) = (hub.systems().clone(), hub.health().clone());
        let api = self.api(systems, self.access(), health, Some(hub.reloader()));
        (hub, router(api).expect("a router"))
    }

    /// Puts a message into a queue.
    pub(super) async fn publish(&self, queue: &str, headers: &[(&str, &str)], body: &'static str) {
        let headers = headers.iter();
        let publication = Publication {
            queue: queue.to_owned(),
            headers: headers
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            body: body.into(),
        };
        for outcome in self.broker.publish(vec![publication]).await {
            outcome.expect("published");
        }
    }

    /// How many messages wait in the inbound queues.
    pub(super) async fn inbound(&self) -> u64 {
        let mut waiting = 0;
        for partition in 0..PARTITIONS {
            waiting += self
                .broker
                .depth(&inbound_queue(partition))
                .await
                .expect("a depth");
        }
        waiting
    }
}

/// What the router said.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Answer {
    pub(super) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("UTF-8")
    }

    #[track_caller]
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    #[track_caller]
    pub(super) fn with(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }

    /// Fails unless it is a problem document with this status and code; what it tells.
    #[track_caller]
    pub(super) fn problem(self, status: u16, code: &str) -> String {
        let answer = self.with(status);
        assert_eq!(
            answer.headers["content-type"], "application/problem+json",
            "{answer:?}"
        );
        let problem = answer.json();
        let mut keys: Vec<&str> = problem
            .as_object()
            .expect("an object")
            .keys()
            .map(String::as_str)
            .collect();
        keys.sort_unstable();
        assert_eq!(keys, ["code", "detail", "status", "title"]);
        assert_eq!(
            (&problem["status"], &problem["code"]),
            (&Value::from(status), &Value::from(code))
        );
        assert!(
            problem["title"]
                .as_str()
                .is_some_and(|title| !title.is_empty())
        );
        problem["detail"].as_str().expect("a detail").to_owned()
    }
}

pub(super) async fn ask(router: &Router, request: Request<Body>) -> Answer {
    let response = router.clone().oneshot(request).await.expect("an answer");
    let (parts, body) = response.into_parts();
    // A stream of events does not end, so that only its head can be looked at.
    let endless = parts.headers.get("content-type");
    let body = match endless.is_some_and(|kind| kind.as_bytes() == b"text/event-stream") {
        true => Bytes::new(),
        false => to_bytes(body, MOST).await.expect("a body"),
    };
    Answer {
        status: parts.status.as_u16(),
        headers: parts.headers,
        body,
    }
}

/// Reads something with the API's token.
pub(super) async fn get(router: &Router, path: &str) -> Answer {
    let request = Request::get(path).header("authorization", format!("Bearer {TOKEN}"));
    ask(router, request.body(Body::empty()).expect("a request")).await
}

/// Reads something without a token.
pub(super) async fn get_openly(router: &Router, path: &str) -> Answer {
    ask(
        router,
        Request::get(path).body(Body::empty()).expect("a request"),
    )
    .await
}

/// Posts a record with these headers.
pub(super) async fn post(
    router: &Router,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<Body>,
) -> Answer {
    let mut request = Request::post(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    ask(router, request.body(body.into()).expect("a request")).await
}

/// Posts a record as the shop would; the ids of its messages.
pub(super) async fn call(router: &Router, inlet: &str, body: &str) -> Vec<String> {
    let bearer = format!("Bearer {TOKEN}");
    let path = format!("/in/shop/{inlet}");
    let answer = post(
        router,
        &path,
        &[("authorization", &bearer)],
        body.to_owned(),
    )
    .await
    .with(202);
    let accepted = answer.json()["accepted"].clone();
    serde_json::from_value(accepted).expect("message ids")
}

/// An order of the shop.
pub(super) fn order(number: &str) -> String {
    format!(r#"{{"no":"{number}","buyer":"B-1","amount":"19.90"}}"#)
}

/// Waits until `condition` is met; what it last said it lacked is what the test fails with.
pub(super) async fn eventually<T>(condition: impl AsyncFn() -> Result<T, String>) -> T {
    let began = Instant::now();
    loop {
        match condition().await {
            Ok(value) => return value,
            Err(lacking) if began.elapsed() > PATIENCE => panic!("never came true: {lacking}"),
            Err(_) => tokio::time::sleep(Duration::from_millis(25)).await,
        }
    }
}

/// What a list holds.
#[track_caller]
pub(super) fn items(answer: &Answer) -> Vec<Value> {
    answer.json()["items"].as_array().expect("items").clone()
}

/// Waits until a message is told in this state.
pub(super) async fn journaled(router: &Router, id: &str, state: &str) -> Value {
    eventually(
        async || match get(router, &format!("/api/v1/messages/{id}")).await {
            answer if answer.status == 200 && answer.json()["state"] == state => Ok(answer.json()),
            answer => Err(format!("{id} is not {state}: {}", answer.text())),
        },
    )
    .await
}
