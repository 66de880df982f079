//! The HTTP transport against a server on the loopback interface.

mod calling;
mod reading;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::{Joined, join};

/// What the server holds, and what it was asked.
#[derive(Default)]
struct Api {
    records: Mutex<Vec<String>>,
    asked: Mutex<Vec<(Method, Uri, HeaderMap, Bytes)>>,
    /// What it created, by idempotency key.
    created: Mutex<HashMap<String, String>>,
    /// What it answers instead.
    canned: Mutex<Option<Canned>>,
}

/// Status, headers and body of an answer that was prepared.
type Canned = (u16, Vec<(&'static str, String)>, String);

/// Serves `router` on a free port; the address.
async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

async fn api(records: Vec<String>) -> (Arc<Api>, String) {
    let api = Arc::new(Api {
        records: Mutex::new(records),
        ..Api::default()
    });
    let router = Router::new()
        .route("/v1/page", get(page))
        .route("/v1/offset", get(offset))
        .route("/v1/cursor", get(cursor))
        .route("/v1/link", get(link))
        .route("/v1/since", get(since))
        .route("/v1/stuck", get(|| async { "[{\"no\":\"1\"}]" }))
        .route(
            "/v1/circle",
            get(|| async { "{\"data\":[{\"no\":\"1\"}],\"next\":\"again\"}" }),
        )
        .route(
            "/v1/away",
            get(|| async { ([("link", "<http://127.0.0.2:1/x>; rel=next")], "[]") }),
        )
        .route("/v1/orders", any(take))
        .route("/v1/orders/{id}", any(take_one))
        .with_state(api.clone());
    let url = serve(router).await;
    (api, format!("{url}/v1"))
}

type Parameters = Query<HashMap<String, String>>;

fn number(query: &Parameters, name: &str, standard: usize) -> usize {
    query
        .get(name)
        .and_then(|value| value.parse().ok())
        .unwrap_or(standard)
}

fn slice(api: &Api, from: usize, count: usize) -> String {
    let records = api.records.lock().unwrap();
    let part: Vec<&str> = records
        .iter()
        .skip(from)
        .take(count)
        .map(String::as_str)
        .collect();
    format!("[{}]", part.join(", "))
}

async fn page(State(api): State<Arc<Api>>, query: Parameters) -> String {
    // The server gives fewer than it is asked for, as many do.
    let size = number(&query, "size", 100).min(90);
    slice(&api, (number(&query, "page", 1) - 1) * size, size)
}

async fn offset(State(api): State<Arc<Api>>, query: Parameters) -> String {
    format!(
        "{{\"data\": {{\"rows\": {}}}}}",
        slice(&api, number(&query, "offset", 0), 90)
    )
}

async fn cursor(State(api): State<Arc<Api>>, query: Parameters) -> String {
    let from = number(&query, "cursor", 0);
    let more = from + 90 < api.records.lock().unwrap().len();
    let next = if more {
        format!("\"{}\"", from + 90)
    } else {
        "null".to_owned()
    };
    format!("{{\"data\": {}, \"next\": {next}}}", slice(&api, from, 90))
}

async fn link(State(api): State<Arc<Api>>, query: Parameters) -> Response {
    let from = number(&query, "from", 0);
    let more = from + 90 < api.records.lock().unwrap().len();
    let body = slice(&api, from, 90);
    match more {
        true => (
            [(
                "link",
                format!("</v1/link?from={}>; rel=\"next\"", from + 90),
            )],
            body,
        )
            .into_response(),
        false => body.into_response(),
    }
}

/// Records whose `at` is not before `since`.
async fn since(State(api): State<Arc<Api>>, uri: Uri, query: Parameters) -> String {
    api.asked
        .lock()
        .unwrap()
        .push((Method::GET, uri, HeaderMap::new(), Bytes::new()));
    let since = query.get("since").cloned().unwrap_or_default();
    let records = api.records.lock().unwrap();
    let wanted: Vec<&str> = records
        .iter()
        .filter(|record| {
            record
                .split("\"at\":\"")
                .nth(1)
                .is_some_and(|at| at.split('"').next() >= Some(&since))
        })
        .map(String::as_str)
        .collect();
    format!("[{}]", wanted.join(","))
}

async fn take(
    State(api): State<Arc<Api>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let key = headers
        .get("idempotency-key")
        .and_then(|key| key.to_str().ok())
        .map(str::to_owned);
    api.asked
        .lock()
        .unwrap()
        .push((method, uri, headers, body.clone()));
    if let Some((status, headers, body)) = api.canned.lock().unwrap().clone() {
        let mut response = (StatusCode::from_u16(status).unwrap(), body).into_response();
        for (name, value) in headers {
            response.headers_mut().insert(name, value.parse().unwrap());
        }
        return response;
    }
    let text = String::from_utf8(body.to_vec()).unwrap();
    if text.contains("refuse") {
        return (StatusCode::UNPROCESSABLE_ENTITY, "{\"error\":\"qty\"}").into_response();
    }
    let mut created = api.created.lock().unwrap();
    let number = created.len() + 1;
    let key = key.unwrap_or_else(|| format!("none-{number}"));
    let id = created
        .entry(key)
        .or_insert_with(|| format!("N-{number}"))
        .clone();
    (
        StatusCode::CREATED,
        format!("{{\"data\":{{\"id\":\"{id}\"}}}}"),
    )
        .into_response()
}

async fn take_one(
    state: State<Arc<Api>>,
    Path(_): Path<String>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    take(state, method, uri, headers, body).await
}

fn poll(url: &str, receive: &str) -> Arc<Joined> {
    join(
        "http",
        &format!(
            "url = '{url}'\n[[receive]]\nentity = 'order'\nkey = 'no'\nmapping = 'same.jq'\n{receive}\n"
        ),
    )
}

fn give(url: &str, settings: &str, deliver: &str) -> Arc<Joined> {
    join(
        "http",
        &format!(
            "url = '{url}'\n{settings}\n[[deliver]]\nentity = 'order'\nmapping = 'same.jq'\n{deliver}\n"
        ),
    )
}

fn record(number: usize) -> String {
    format!("{{\"no\": \"SO-{number}\", \"n\": 10000000000000000.01}}")
}

/// A server that speaks bytes: it reads a request and answers with `answer`, or hangs without one.
async fn raw(answer: Option<Vec<u8>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        let mut hanging = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            match &answer {
                Some(answer) => {
                    let _ = stream.write_all(answer).await;
                    let _ = stream.shutdown().await;
                }
                None => hanging.push(stream),
            }
        }
    });
    format!("http://{address}")
}

fn response(headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 200 OK\r\n{headers}content-length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}
