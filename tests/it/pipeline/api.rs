//! A target with an HTTP API whose behaviour the case scripts; it keeps every request.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::place::House;

/// How the API answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// With this status.
    Status(u16),
    /// 429, asking for so many seconds.
    Wait(u64),
    /// Not at all, as long as it stands.
    Hang,
    /// A delivery with a body that breaks off; a probe not at all.
    Close,
}

/// A delivery that it got.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) order: String,
    pub(super) revision: String,
    pub(super) key: String,
    pub(super) answered: Answer,
    pub(super) at: Instant,
}

#[derive(Debug, Default)]
struct Script {
    /// What is answered to everything, probes too.
    everything: Option<Answer>,
    /// What is answered to an order, one answer a request; the last one stays.
    orders: HashMap<String, Vec<Answer>>,
    /// Every so many deliveries is answered 500.
    every: Option<usize>,
    requests: Vec<Request>,
}

/// A running API, or one that is not there.
pub(super) struct Api {
    script: Arc<Mutex<Script>>,
    address: SocketAddr,
    serving: Option<(CancellationToken, JoinHandle<()>)>,
}

impl Api {
    /// Starts it at a port that is free.
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let mut api = Self {
            script: Arc::default(),
            address,
            serving: None,
        };
        api.serve(listener);
        api
    }

    fn serve(&mut self, listener: TcpListener) {
        let router = Router::new()
            .fallback(answer)
            .with_state(self.script.clone());
        let stop = CancellationToken::new();
        let stopped = stop.clone().cancelled_owned();
        let serving = tokio::spawn(async move {
            let server = axum::serve(listener, router).with_graceful_shutdown(stopped);
            server.await.expect("the API serves");
        });
        self.serving = Some((stop, serving));
    }

    /// Goes away: connections are refused.
    pub(super) async fn go(&mut self) {
        if let Some((stop, serving)) = self.serving.take() {
            stop.cancel();
            serving.await.expect("the API ends");
        }
    }

    /// Comes back at the same port.
    pub(super) async fn come_back(&mut self) {
        let listener = TcpListener::bind(self.address)
            .await
            .expect("the same port");
        self.serve(listener);
    }

    /// Answers everything so from now on; `None` for 200.
    pub(super) fn everything(&self, answer: Option<Answer>) {
        self.script.lock().unwrap().everything = answer;
    }

    /// Answers the requests about an order so, the last answer for ever.
    pub(super) fn order(&self, number: &str, answers: &[Answer]) {
        self.script
            .lock()
            .unwrap()
            .orders
            .insert(number.to_owned(), answers.to_vec());
    }

    /// Answers every so many deliveries with 500.
    pub(super) fn stumble(&self, every: usize) {
        self.script.lock().unwrap().every = Some(every);
    }

    /// The deliveries it got, of this order if one is named.
    pub(super) fn requests(&self, order: Option<&str>) -> Vec<Request> {
        let script = self.script.lock().unwrap();
        let wanted = |request: &&Request| order.is_none_or(|order| request.order == order);
        script.requests.iter().filter(wanted).cloned().collect()
    }

    /// The deliveries it took, as order and revision.
    pub(super) fn taken(&self, order: Option<&str>) -> Vec<(String, String)> {
        let taken = self.requests(order).into_iter();
        let taken = taken.filter(|request| request.answered == Answer::Status(200));
        taken
            .map(|request| (request.order, request.revision))
            .collect()
    }

    /// Writes the connector file of a system that is given orders through this API.
    pub(super) fn join(&self, house: &House, name: &str, attempts: u32) {
        self.join_patiently(house, name, attempts, "1s");
    }

    /// As `join`, with another timeout.
    pub(super) fn join_patiently(&self, house: &House, name: &str, attempts: u32, timeout: &str) {
        house.write(
            "order.api.jq",
            "{ order_no: .number, net: .totals.net, revision: .remark }",
        );
        house.system(
            name,
            "http",
            &format!(
                "url = 'http://{}'\ntimeout = '{timeout}'\nconnect_timeout = '1s'\n\
                 [[deliver]]\nentity = 'order'\npath = '/orders'\nnative_id = 'id'\n\
                 mapping = 'order.api.jq'\nidempotency_header = 'idempotency-key'\n\
                 attempts = {attempts}\nbackoff = '20ms'\nbackoff_max = '50ms'\n",
                self.address
            ),
        );
    }
}

async fn answer(
    State(script): State<Arc<Mutex<Script>>>,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let delivery: Option<Value> = match method {
        Method::POST => serde_json::from_slice(&body).ok(),
        _ => None,
    };
    let text = |name: &str| {
        let value = delivery
            .as_ref()
            .and_then(|delivery| delivery[name].as_str());
        value.unwrap_or_default().to_owned()
    };
    let (order, revision) = (text("order_no"), text("revision"));
    let answer = {
        let mut script = script.lock().unwrap();
        let answer = script.choose(&order, delivery.is_some());
        if delivery.is_some() {
            let key = headers
                .get("idempotency-key")
                .and_then(|key| key.to_str().ok());
            let key = key.unwrap_or_default().to_owned();
            let (order, at) = (order.clone(), Instant::now());
            script.requests.push(Request {
                order,
                revision,
                key,
                answered: answer,
                at,
            });
        }
        answer
    };
    match answer {
        Answer::Status(status) => {
            let status = StatusCode::from_u16(status).expect("a status");
            (status, axum::Json(json!({ "id": format!("A-{order}") }))).into_response()
        }
        Answer::Wait(seconds) => {
            let mut response = StatusCode::TOO_MANY_REQUESTS.into_response();
            response
                .headers_mut()
                .insert("retry-after", HeaderValue::from(seconds));
            response
        }
        Answer::Close if delivery.is_some() => {
            let broken = std::io::Error::other("cut");
            Body::from_stream(futures::stream::iter([Err::<Bytes, _>(broken)])).into_response()
        }
        Answer::Hang | Answer::Close => std::future::pending().await,
    }
}

impl Script {
    fn choose(&mut self, order: &str, is_delivery: bool) -> Answer {
        if let Some(answer) = self.everything {
            return answer;
        }
        if !is_delivery {
            return Answer::Status(200);
        }
        if self
            .every
            .is_some_and(|every| (self.requests.len() + 1).is_multiple_of(every))
        {
            return Answer::Status(500);
        }
        match self.orders.get_mut(order) {
            Some(answers) if answers.len() > 1 => answers.remove(0),
            Some(answers) => answers[0],
            None => Answer::Status(200),
        }
    }
}
