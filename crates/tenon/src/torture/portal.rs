//! The HTTP target: it knows an idempotency key when it comes again, and has its moods.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::ledger::Effect;
use super::plan::Mood;
use crate::exit::Exit;

/// The running target.
pub(super) struct Portal {
    pub(super) address: SocketAddr,
    state: Arc<Desk>,
    serving: JoinHandle<()>,
}

struct Desk {
    mood: watch::Sender<Mood>,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    keys: HashSet<String>,
    effects: Vec<Effect>,
    repeated: u64,
}

/// An order as every target is given it.
#[derive(Debug, Deserialize)]
pub(super) struct Given {
    order_no: String,
    revision: String,
}

impl Given {
    /// The effect that it has.
    pub(super) fn effect(self) -> Effect {
        Effect {
            key: self.order_no,
            revision: self.revision.parse().unwrap_or(0),
        }
    }
}

impl Portal {
    pub(super) async fn start() -> Result<Self, Exit> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let state = Arc::new(Desk {
            mood: watch::Sender::new(Mood::Well),
            taken: Mutex::default(),
        });
        let router = Router::new().fallback(answer).with_state(state.clone());
        let serving = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(%error, "the HTTP target ended");
            }
        });
        Ok(Self {
            address,
            state,
            serving,
        })
    }

    pub(super) fn set(&self, mood: Mood) {
        self.state.mood.send_replace(mood);
    }

    /// How many effects there are.
    pub(super) fn count(&self) -> usize {
        self.state.lock().effects.len()
    }

    /// The effects, in their order, and how often one came again and was recognised.
    pub(super) fn effects(&self) -> (Vec<Effect>, u64) {
        let taken = self.state.lock();
        (taken.effects.clone(), taken.repeated)
    }
}

impl Drop for Portal {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Desk {
    fn lock(&self) -> MutexGuard<'_, Taken> {
        // A list that was pushed to is whole whatever happened to its writer.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes an order once for each idempotency key.
    fn take(&self, key: &str, given: Given) {
        let mut taken = self.lock();
        if taken.keys.insert(key.to_owned()) {
            taken.effects.push(given.effect());
        } else {
            taken.repeated += 1;
        }
    }
}

async fn answer(
    State(desk): State<Arc<Desk>>,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mood = *desk.mood.borrow();
    if mood == Mood::Hanging {
        // Whoever asks is let go when the mood changes, unanswered.
        let mut moods = desk.mood.subscribe();
        let _ = moods.wait_for(|mood| *mood != Mood::Hanging).await;
        return broken();
    }
    if method != Method::POST {
        return StatusCode::OK.into_response();
    }
    let key = headers
        .get("idempotency-key")
        .and_then(|key| key.to_str().ok());
    let (Some(key), Ok(given)) = (key, serde_json::from_slice::<Given>(&body)) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    match mood {
        Mood::Failing => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Mood::Busy => {
            let mut response = StatusCode::TOO_MANY_REQUESTS.into_response();
            let second = HeaderValue::from(1);
            response.headers_mut().insert("retry-after", second);
            response
        }
        Mood::Dropping => {
            desk.take(key, given);
            broken()
        }
        Mood::Well | Mood::Hanging => {
            let id = format!("P-{}", given.order_no);
            desk.take(key, given);
            axum::Json(serde_json::json!({ "id": id })).into_response()
        }
    }
}

/// An answer that breaks off.
fn broken() -> Response {
    let cut = std::io::Error::other("cut");
    Body::from_stream(futures::stream::iter([Err::<Bytes, _>(cut)])).into_response()
}
