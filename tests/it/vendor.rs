//! Servers that answer as vendors document it, and systems that are joined to them.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tenon_connector::{ConnectorKind, Delivered, Sole, System};
use tenon_core::{Attributes, Entity, Failure, Message, Outbound, SystemName};
use tokio::net::TcpListener;

/// What was asked: method, path with query, body, and the header by which the caller proves himself.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) what: String,
    pub(crate) body: Value,
    pub(crate) headers: HeaderMap,
    pub(crate) proof: String,
}

type Answering = fn(&Asked, usize) -> (u16, &'static str, Value);

/// A vendor's server, which keeps what it was asked.
pub(crate) struct Vendor {
    answering: Answering,
    asked: Mutex<Vec<Asked>>,
}

/// A server that answers by `answering`, which is told how many requests of this kind came before.
pub(crate) async fn vendor(answering: Answering) -> (Arc<Vendor>, String) {
    let vendor = Arc::new(Vendor {
        answering,
        asked: Mutex::default(),
    });
    let router = Router::new().fallback(answer).with_state(vendor.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, router).await });
    (vendor, format!("http://{address}"))
}

async fn answer(
    State(vendor): State<Arc<Vendor>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let asked = Asked {
        what: format!("{method} {uri}"),
        body: serde_json::from_slice(&body).unwrap_or(Value::Null),
        proof: header("authorization")
            .or(header("cookie"))
            .or(header("x-acs-dingtalk-access-token"))
            .unwrap_or_default()
            .to_owned(),
        headers: headers.clone(),
    };
    let before = {
        let mut all = vendor.asked.lock().unwrap();
        let same = |other: &&Asked| other.what == asked.what;
        let before = all.iter().filter(same).count();
        all.push(asked.clone());
        before
    };
    let (status, cookie, body) = (vendor.answering)(&asked, before);
    let mut response = (
        StatusCode::from_u16(status).expect("a status"),
        [("content-type", "application/json")],
        body.to_string(),
    )
        .into_response();
    for cookie in cookie.split(';').filter(|cookie| !cookie.is_empty()) {
        let cookie = format!("{cookie}; path=/; HttpOnly")
            .parse()
            .expect("a header");
        response.headers_mut().append("set-cookie", cookie);
    }
    response
}

impl Vendor {
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// What was asked of the addresses that hold `part`.
    pub(crate) fn asked_of(&self, part: &str) -> Vec<Asked> {
        self.asked()
            .into_iter()
            .filter(|asked| asked.what.contains(part))
            .collect()
    }
}

/// A system of this kind and preset at a vendor's server; `more` is the rest of its file.
pub(crate) fn system(kind: ConnectorKind, preset: &str, url: &str, more: &str) -> System {
    let directory = tempfile::tempdir().expect("a directory");
    let (file, name) = (directory.path().join("system.toml"), kind.name);
    let text =
        format!("name = '{name}'\nkind = '{name}'\npreset = '{preset}'\nurl = '{url}'\n{more}\n");
    std::fs::write(&file, text).expect("a file");
    System::load(&file, &[kind]).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

/// The native ids of what an inlet reads.
pub(crate) async fn read(system: &System, inlet: &str) -> Result<Vec<String>, Failure> {
    let inlet = system.inlet(inlet).expect("an inlet");
    let mut source = system.transport.open_source(inlet, None).await?;
    let mut ids = Vec::new();
    while let Some(received) = source.receive().await? {
        let id = |message: &Message<_>| message.attributes.native_id.clone().unwrap_or_default();
        ids.extend(received.messages.iter().map(id));
        source.settle().await?;
    }
    Ok(ids)
}

/// Gives a canonical record to the system, whose id there is `native_id`.
pub(crate) async fn give(
    system: &System,
    entity: Entity,
    record: &Value,
    native_id: Option<&str>,
) -> Result<Delivered, Failure> {
    let outlet = system.outlet(entity).expect("an outlet");
    let about = json!({ "target_id": native_id });
    let payload = outlet
        .mapping
        .apply(record.to_string().as_bytes(), &about)?;
    let source = SystemName::new("hub").expect("a name");
    let message = Message {
        attributes: Attributes::received(source, entity, "test".to_owned(), None, None),
        body: Outbound {
            payload: payload.expect("a record that is wanted"),
            native_id: native_id.map(str::to_owned),
            idempotency_key: "key-1".to_owned(),
        },
    };
    let sink = system.transport.open_sink(outlet).await?;
    sink.deliver(&[message], &Sole).await.remove(0)
}
